"""Every loss against PyTorch in float64: each reduction, forward, and the gradient of everything that has one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import nn
from autograd_mini import Value

EXACT = {"rtol": 1e-10, "atol": 1e-12}
REDUCTIONS = ["mean", "sum", "none"]
RNG = np.random.default_rng(0)
SHAPES = [(), (4,), (4, 1), (3, 4), (2, 3, 4), (0,)]


def theirs_hinge(scores: torch.Tensor, target: torch.Tensor, reduction: str) -> torch.Tensor:
    losses = torch.relu(1 - target * scores)
    return losses if reduction == "none" else getattr(losses, reduction)()


def gaussian(shape: tuple[int, ...]) -> Any:
    return RNG.normal(size=shape) * 2


def unit(shape: tuple[int, ...]) -> Any:
    return RNG.uniform(size=shape)


def sign(shape: tuple[int, ...]) -> Any:
    return RNG.choice([-1.0, 1.0], size=shape)


# ours, PyTorch's, the predictions, the targets, whether the target may have a gradient, and the same as a module
ELEMENTWISE = [
    (nn.mse_loss, F.mse_loss, gaussian, gaussian, True, nn.MSELoss),
    (nn.l1_loss, F.l1_loss, gaussian, gaussian, True, nn.L1Loss),
    (nn.huber_loss, F.huber_loss, gaussian, gaussian, True, nn.HuberLoss),
    (nn.smooth_l1_loss, F.smooth_l1_loss, gaussian, gaussian, True, nn.SmoothL1Loss),
    (nn.binary_cross_entropy, F.binary_cross_entropy, unit, unit, True, nn.BCELoss),
    (
        nn.binary_cross_entropy_with_logits,
        F.binary_cross_entropy_with_logits,
        gaussian,
        unit,
        True,
        nn.BCEWithLogitsLoss,
    ),
    (nn.hinge_loss, theirs_hinge, gaussian, sign, False, nn.HingeLoss),
]
NAMES = [row[0].__name__ for row in ELEMENTWISE]


def compare(
    ours: Callable[..., Any], theirs: Callable[..., torch.Tensor], prediction: Any, target: Any, **options: Any
) -> None:
    """The loss, and the gradient of the prediction and of a target that is a Value."""
    p, tp = Value(prediction), torch.tensor(prediction, dtype=torch.float64, requires_grad=True)
    if isinstance(target, Value):
        tt = torch.tensor(target.data, dtype=torch.float64, requires_grad=True)
    else:
        tt = torch.tensor(target)
    loss, their_loss = ours(p, target, **options), theirs(tp, tt, **options)
    assert loss.shape == tuple(their_loss.shape)
    np.testing.assert_allclose(loss.data, their_loss.detach().numpy(), **EXACT)
    upstream = np.random.default_rng(1).normal(size=loss.shape)
    loss.backward(upstream)
    their_loss.backward(torch.tensor(upstream))
    np.testing.assert_allclose(p.grad, tp.grad.numpy(), **EXACT)
    if isinstance(target, Value):
        np.testing.assert_allclose(target.grad, tt.grad.numpy(), **EXACT)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=NAMES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_loss_of_quantities_is_pytorchs(row: Any, shape: tuple[int, ...], reduction: str) -> None:
    ours, theirs, predictions, targets, differentiable, _ = row
    prediction, target = predictions(shape), targets(shape)
    compare(ours, theirs, prediction, target, reduction=reduction)
    if differentiable:
        compare(ours, theirs, prediction, Value(target), reduction=reduction)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=NAMES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_module_is_its_function(row: Any, reduction: str) -> None:
    ours, _, predictions, targets, _, module = row
    prediction, target = predictions((4,)), targets((4,))
    expected = ours(prediction, target, reduction=reduction)
    np.testing.assert_array_equal(module(reduction=reduction)(prediction, target), expected)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=NAMES)
@pytest.mark.parametrize("integer", [np.int64, np.uint8, np.bool_])
def test_float32_stays_float32_beside_targets_of_integers(row: Any, integer: type) -> None:
    ours, _, predictions, _, _, _ = row
    prediction = Value(predictions((4,)).astype(np.float32))
    loss = ours(prediction, np.ones(4, integer))
    loss.backward()
    assert (loss.dtype, prediction.grad.dtype) == (np.float32, np.float32)


@pytest.mark.parametrize("delta", [0.1, 1.0, 5.0])
def test_huber_is_pytorchs_for_any_delta_and_on_the_joint(delta: float) -> None:
    error = np.array([-2 * delta, -delta, -delta / 2, 0.0, delta / 2, delta, 2 * delta, 1e200, math.inf])
    for reduction in REDUCTIONS:
        compare(nn.huber_loss, F.huber_loss, error, np.zeros(9), reduction=reduction, delta=delta)


def test_binary_cross_entropy_is_pytorchs_at_0_and_1() -> None:
    p, y = np.array([0.0, 0.0, 1.0, 1.0, 1e-50]), np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    expected = F.binary_cross_entropy(torch.tensor(p), torch.tensor(y), reduction="none").numpy()
    for dtype in (np.float32, np.float64):
        probability = Value(p.astype(dtype))
        losses = nn.binary_cross_entropy(probability, y.astype(dtype), reduction="none")
        losses.sum().backward()
        np.testing.assert_allclose(losses.data, expected, atol=1e-12)
        assert np.isfinite(probability.grad).all()


@given(npst.arrays(np.float64, 4, elements=st.floats(-1e3, 1e3)), npst.arrays(np.float64, 4, elements=st.floats(0, 1)))
def test_with_logits_is_pytorchs_for_every_logit(logits: Any, target: Any) -> None:
    compare(nn.binary_cross_entropy_with_logits, F.binary_cross_entropy_with_logits, logits, target)


@given(
    npst.arrays(np.float64, (3, 4), elements=st.floats(-1e3, 1e3)), npst.arrays(np.int64, 3, elements=st.integers(0, 3))
)
def test_cross_entropy_is_pytorchs_for_every_logit(logits: Any, target: Any) -> None:
    for reduction in REDUCTIONS:
        compare(nn.cross_entropy, F.cross_entropy, logits, target, reduction=reduction)


CLASSES = [(5,), (1, 5), (7, 5), (4, 5, 3), (4, 5, 3, 2), (0, 5), (4, 1)]


@pytest.mark.parametrize("shape", CLASSES, ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_cross_entropy_and_nll_are_pytorchs_of_class_indices(shape: tuple[int, ...], reduction: str) -> None:
    axis = min(len(shape) - 1, 1)
    target = RNG.integers(0, shape[axis], shape[:axis] + shape[axis + 1 :])
    compare(nn.cross_entropy, F.cross_entropy, gaussian(shape), target, reduction=reduction)
    compare(nn.nll_loss, F.nll_loss, gaussian(shape), target, reduction=reduction)
    logits = gaussian(shape)
    for module, function in ((nn.CrossEntropyLoss, nn.cross_entropy), (nn.NLLLoss, nn.nll_loss)):
        np.testing.assert_array_equal(
            module(reduction=reduction)(logits, target), function(logits, target, reduction=reduction)
        )


@pytest.mark.parametrize("shape", CLASSES, ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_cross_entropy_is_pytorchs_of_probabilities(shape: tuple[int, ...], reduction: str) -> None:
    compare(nn.cross_entropy, F.cross_entropy, gaussian(shape), unit(shape), reduction=reduction)
    compare(nn.cross_entropy, F.cross_entropy, gaussian(shape), Value(unit(shape)), reduction=reduction)


def test_a_masked_class_with_a_logit_of_minus_infinity_is_no_problem() -> None:
    logits = np.array([[0.0, -math.inf, 1.0], [2.0, 0.0, -math.inf]])
    compare(nn.cross_entropy, F.cross_entropy, logits, np.array([2, 0]))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_class_indices_may_be_any_integers_or_a_list(dtype: type) -> None:
    logits = gaussian((3, 4))
    expected = F.cross_entropy(torch.tensor(logits), torch.tensor([3, 0, 1])).item()
    assert nn.cross_entropy(Value(logits), np.array([3, 0, 1], dtype)).item() == pytest.approx(expected, rel=1e-12)
    assert nn.cross_entropy(Value(logits), [3, 0, 1]).item() == pytest.approx(expected, rel=1e-12)


def test_binary_cross_entropy_is_as_steep_as_pytorch_s_at_a_wrong_certainty() -> None:
    p, t = [0.0, 1e-20, 1e-12, 0.3, 1.0], [1.0, 1.0, 1.0, 1.0, 0.0]
    ours, theirs = Value(p), torch.tensor(p, dtype=torch.float64, requires_grad=True)
    nn.binary_cross_entropy(ours, t, reduction="sum").backward()
    torch.nn.functional.binary_cross_entropy(theirs, torch.tensor(t, dtype=torch.float64), reduction="sum").backward()
    np.testing.assert_allclose(ours.grad, theirs.grad.numpy(), rtol=1e-8)  # PyTorch's 1e-12 is a float32


@pytest.mark.parametrize("beta", [0.0, 0.1, 1.0, 5.0])
def test_smooth_l1_is_pytorchs_for_any_beta_and_on_the_joint(beta: float) -> None:
    error = np.array([-2 * beta, -beta, -beta / 2, 0.0, beta / 2, beta, 2 * beta, 1e200])
    for reduction in REDUCTIONS:
        compare(nn.smooth_l1_loss, F.smooth_l1_loss, error, np.zeros(8), reduction=reduction, beta=beta)


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
@pytest.mark.parametrize("shape", [(4,), (4, 1), (3, 4), (2, 3, 4)], ids=str)
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
def test_kl_div_is_pytorchs(reduction: str, shape: tuple[int, ...]) -> None:
    log_p = gaussian(shape)
    compare(nn.kl_div, F.kl_div, log_p, Value(unit(shape)), reduction=reduction)
    compare(nn.kl_div, F.kl_div, log_p, Value(gaussian(shape)), reduction=reduction, log_target=True)
    with_zeros = np.where(unit(shape) < 0.5, 0.0, unit(shape))
    compare(nn.kl_div, F.kl_div, log_p, with_zeros, reduction=reduction)
    ours, theirs = nn.KLDivLoss(reduction), torch.nn.KLDivLoss(reduction=reduction)
    np.testing.assert_allclose(
        ours(log_p, with_zeros), theirs(torch.tensor(log_p), torch.tensor(with_zeros)).numpy(), **EXACT
    )


WEIGHTS = np.array([0.5, 2.0, 0.25, 1.0, 3.0])
CLASS_OPTIONS = [
    {"weight": WEIGHTS},
    {"ignore_index": 2},
    {"ignore_index": -1},
    {"weight": WEIGHTS, "ignore_index": 1},
    {"label_smoothing": 0.1},
    {"label_smoothing": 1.0},
    {"label_smoothing": 0.2, "weight": WEIGHTS},
    {"label_smoothing": 0.2, "ignore_index": 1},
    {"label_smoothing": 0.2, "weight": WEIGHTS, "ignore_index": -100},
]


@pytest.mark.parametrize("options", CLASS_OPTIONS, ids=str)
@pytest.mark.parametrize("shape", [(5,), (7, 5), (4, 5, 3), (2, 5, 3, 2)], ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights_ignored_classes_and_smoothing_are_pytorchs(
    options: dict[str, Any], shape: tuple[int, ...], reduction: str
) -> None:
    axis = min(len(shape) - 1, 1)
    target = np.asarray(np.random.default_rng(3).integers(0, 5, shape[:axis] + shape[axis + 1 :]))
    if options.get("ignore_index", 0) < 0:
        target.reshape(-1)[::3] = options["ignore_index"]
    logits = gaussian(shape)
    tensors = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}

    def theirs(p: Any, t: Any, **o: Any) -> Any:
        return F.cross_entropy(p, t, **o, **tensors)

    def ours(p: Any, t: Any, **o: Any) -> Any:
        return nn.cross_entropy(p, t, **o, **options)

    compare(ours, theirs, logits, target, reduction=reduction)
    module = nn.CrossEntropyLoss(reduction=reduction, **options)
    np.testing.assert_array_equal(module(logits, target), ours(logits, target, reduction=reduction))
    if "ignore_index" not in options:
        compare(ours, theirs, logits, Value(unit(shape)), reduction=reduction)
    if "label_smoothing" not in options:
        compare(
            lambda p, t, **o: nn.nll_loss(p, t, **o, **options),
            lambda p, t, **o: F.nll_loss(p, t, **o, **tensors),
            *(logits, target),
            reduction=reduction,
        )
        module = nn.NLLLoss(reduction=reduction, **options)
        np.testing.assert_array_equal(
            module(logits, target), nn.nll_loss(logits, target, reduction=reduction, **options)
        )


def test_where_all_are_ignored_the_mean_is_nan_and_its_gradient_0_as_pytorchs() -> None:
    for reduction in REDUCTIONS:
        compare(nn.cross_entropy, F.cross_entropy, gaussian((2, 3)), np.array([-100, -100]), reduction=reduction)
    assert math.isnan(nn.cross_entropy(Value(gaussian((2, 3))), np.array([-100, -100])).item())


@pytest.mark.parametrize("options", [{}, {"weight": WEIGHTS}, {"label_smoothing": 0.2}], ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_an_ignored_sample_counts_as_little_where_its_scores_are_infinite(
    options: dict[str, Any], reduction: str
) -> None:
    logits = gaussian((3, 5))
    logits[0, 0] = logits[2, 4] = -math.inf
    tensors = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    compare(
        lambda p, t, **o: nn.cross_entropy(p, t, **o, **options),
        lambda p, t, **o: F.cross_entropy(p, t, **o, **tensors),
        *(logits, np.array([-100, 1, -100])),
        reduction=reduction,
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight_shape", [(), (4,), (3, 1), (3, 4)])
def test_weights_of_binary_cross_entropy_are_pytorchs(reduction: str, weight_shape: Any) -> None:
    weight, pos_weight = np.asarray(unit(weight_shape)) + 0.5, np.asarray(unit(weight_shape)) + 2.0
    w, pw = torch.tensor(weight), torch.tensor(pos_weight)
    target = unit((3, 4))
    compare(
        lambda p, t, **o: nn.binary_cross_entropy(p, t, weight=weight, **o),
        lambda p, t, **o: F.binary_cross_entropy(p, t, weight=w, **o),
        *(unit((3, 4)), target),
        reduction=reduction,
    )
    logits = gaussian((3, 4)) * 10
    compare(
        lambda p, t, **o: nn.binary_cross_entropy_with_logits(p, t, weight=weight, pos_weight=pos_weight, **o),
        lambda p, t, **o: F.binary_cross_entropy_with_logits(p, t, weight=w, pos_weight=pw, **o),
        *(logits, target),
        reduction=reduction,
    )
    module = nn.BCEWithLogitsLoss(reduction=reduction, weight=weight, pos_weight=pos_weight)
    expected = F.binary_cross_entropy_with_logits(
        torch.tensor(logits), torch.tensor(target), w, pos_weight=pw, reduction=reduction
    )
    np.testing.assert_allclose(module(logits, target), expected.numpy(), **EXACT)
