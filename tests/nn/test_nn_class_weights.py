"""Class weights that are Values: their gradients beside those of PyTorch's arithmetic, which refuses such weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import nn
from autograd_mini import Value, grad, jit

EXACT = {"rtol": 1e-10, "atol": 1e-12}
RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(5, 3, 2))
CLASSES = np.array([[0, 2], [1, 1], [2, -100], [0, 0], [-100, 1]])
PROBABILITIES = np.moveaxis(RNG.dirichlet(np.ones(3), (5, 2)), -1, 1)
WEIGHT = np.array([0.5, 2.0, 3.0])
Loss = Callable[[Any, Any], Any]


def of_classes(log_p: torch.Tensor, weight: torch.Tensor, reduction: str, smoothing: float) -> torch.Tensor:
    """PyTorch's definition, written out: it refuses to differentiate by the weight in its own."""
    counts = torch.tensor((CLASSES != -100) * 1.0)
    target = torch.tensor(np.where(CLASSES == -100, 0, CLASSES))
    share = weight[target] * counts
    losses = -log_p.gather(1, target[:, None])[:, 0] * share * (1 - smoothing)
    losses = losses - smoothing / 3 * (log_p * weight[:, None]).sum(1) * counts
    return losses if reduction == "none" else losses.sum() / (share.sum() if reduction == "mean" else 1)


def of_probabilities(log_p: torch.Tensor, weight: torch.Tensor, reduction: str, smoothing: float) -> torch.Tensor:
    target = torch.tensor(PROBABILITIES) * (1 - smoothing) + smoothing / 3
    losses = -(target * weight[:, None] * log_p).sum(1)
    return losses if reduction == "none" else getattr(losses, reduction)()


CASES: dict[str, tuple[Any, Any]] = {
    "cross_entropy": (
        lambda x, w, **options: nn.cross_entropy(x, CLASSES, w, **options),
        lambda x, *rest: of_classes(torch.log_softmax(x, 1), *rest),
    ),
    "cross_entropy of probabilities": (
        lambda x, w, **options: nn.cross_entropy(x, PROBABILITIES, w, **options),
        lambda x, *rest: of_probabilities(torch.log_softmax(x, 1), *rest),
    ),
    "nll_loss": (
        lambda x, w, label_smoothing, **options: nn.nll_loss(x, CLASSES, w, **options),
        lambda x, w, reduction, smoothing: of_classes(x, w, reduction, 0.0),
    ),
}


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", CASES)
def test_a_weight_that_is_a_value_has_the_gradient_of_the_formula(name: str, reduction: str, smoothing: float) -> None:
    ours, theirs = CASES[name]
    x, w = Value(LOGITS), Value(WEIGHT)
    tx, tw = [torch.tensor(data, requires_grad=True) for data in (LOGITS, WEIGHT)]
    loss = ours(x, w, reduction=reduction, label_smoothing=smoothing)
    expected = theirs(tx, tw, reduction, smoothing)
    upstream = np.random.default_rng(1).normal(size=loss.shape)
    loss.backward(upstream)
    expected.backward(torch.tensor(upstream))
    np.testing.assert_allclose(loss.data, expected.detach().numpy(), **EXACT)
    np.testing.assert_allclose(x.grad, tx.grad.numpy(), **EXACT)
    np.testing.assert_allclose(w.grad, tw.grad.numpy(), **EXACT)
    of_numbers = ours(Value(LOGITS), WEIGHT, reduction=reduction, label_smoothing=smoothing)
    np.testing.assert_allclose(of_numbers.data, loss.data, **EXACT)


def test_a_weight_is_differentiated_in_grad() -> None:
    x = np.array([[1.0, -4.0, 9.0, 0.5]])
    assert grad(lambda p: nn.nll_loss(x, [1], np.ones(4) * p, reduction="sum"))(2.3) == 4.0
    log_p = torch.log_softmax(torch.tensor(x), 1)[0, 1].item()
    of_logits = grad(lambda p: nn.cross_entropy(x, [1], np.ones(4) * p, reduction="sum"))(2.3)
    assert of_logits == pytest.approx(-log_p, rel=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_a_jitted_loss_trains_its_weight_as_an_eager_one(name: str) -> None:
    ours, _ = CASES[name]
    x, w = nn.Parameter(LOGITS), nn.Parameter(WEIGHT)

    def step() -> Any:
        x.zero_grad()
        w.zero_grad()
        loss = ours(x, w * w, reduction="mean", label_smoothing=0.1)
        loss.backward()
        return loss

    fast = jit(step)
    for change in (1.0, 0.5, 2.0):
        w.data = WEIGHT * change
        expected = [step().data, x.grad, w.grad]
        np.testing.assert_allclose(
            np.hstack([np.ravel(a) for a in expected]),
            np.hstack([np.ravel(a) for a in (fast().data, x.grad, w.grad)]),
            **EXACT,
        )


def test_where_all_are_ignored_or_weigh_nothing_the_mean_is_nan_and_sends_no_gradient() -> None:
    for weight, classes in ((WEIGHT, [-100, -100]), (np.zeros(3), [0, 1])):
        x, w = Value(LOGITS[:2, :, 0]), Value(weight)
        loss = nn.cross_entropy(x, np.array(classes), w)
        loss.backward()
        assert np.isnan(loss.data)
        assert not x.grad.any()


def test_a_float32_loss_stays_float32_beside_a_float64_weight() -> None:
    x, w = Value(LOGITS.astype(np.float32)), Value(WEIGHT)
    loss = nn.cross_entropy(x, CLASSES, w)
    loss.backward()
    assert (loss.dtype, x.grad.dtype, w.grad.dtype) == (np.float32, np.float32, np.float64)


def test_a_value_that_is_no_weight_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"weight has a number for each of the 3 classes, shape \(3,\); this has shape"
    ):
        nn.cross_entropy(Value(LOGITS), CLASSES, Value([1.0, 2.0]))
