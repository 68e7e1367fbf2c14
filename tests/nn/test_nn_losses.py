"""What the losses refuse. What they compute is in oracle/test_losses.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import nn
from autograd_mini import Value, jit

ELEMENTWISE = [
    nn.mse_loss,
    nn.l1_loss,
    nn.huber_loss,
    nn.smooth_l1_loss,
    nn.kl_div,
    nn.binary_cross_entropy,
    nn.binary_cross_entropy_with_logits,
    nn.hinge_loss,
]
EVERY = [*ELEMENTWISE, nn.cross_entropy, nn.nll_loss]
MISMATCHED = [((4,), (4, 1)), ((4, 1), (4,)), ((4,), (3,)), ((4,), ()), ((), (1,)), ((2, 3), (3, 2)), ((2, 3), (3,))]


@pytest.mark.parametrize("loss", ELEMENTWISE)
@pytest.mark.parametrize(("prediction", "target"), MISMATCHED, ids=str)
@pytest.mark.parametrize("carrier", [np.asarray, Value])
def test_shapes_that_broadcast_are_refused_all_the_same(loss: Any, prediction: Any, target: Any, carrier: Any) -> None:
    with pytest.raises(ValueError, match="must be equal") as error:
        loss(Value(np.full(prediction, 0.5)), carrier(np.ones(target)))
    assert f"{loss.__name__}: the prediction has shape {prediction}, the target {target};" in str(error.value)


@pytest.mark.parametrize("loss", ELEMENTWISE)
def test_the_remedy_for_n_against_n_1_is_a_line_that_works(loss: Any) -> None:
    prediction, target = Value(np.full((4, 1), 0.5)), np.ones(4)
    with pytest.raises(ValueError, match=r"target\.reshape\(\(4, 1\)\)"):
        loss(prediction, target)
    loss(prediction, target.reshape((4, 1)))


@pytest.mark.parametrize("loss", EVERY)
def test_an_unknown_reduction_is_refused(loss: Any) -> None:
    target = np.ones(3, int) if loss in (nn.cross_entropy, nn.nll_loss) else np.ones((3, 2))
    with pytest.raises(ValueError, match="reduction is 'mean', 'sum' or 'none', not 'average'"):
        loss(Value(np.full((3, 2), 0.5)), target, reduction="average")


def test_a_module_refuses_it_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="not 'average'"):
        nn.MSELoss("average")  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.nll_loss])
class TestClassIndices:
    scores = Value(np.zeros((4, 3)))

    @pytest.mark.parametrize(
        ("target", "first"), [([0, 1, 3, 5], "3 at position 2"), ([0, -1, 2, -2], "-1 at position 1")]
    )
    def test_the_first_one_out_of_range_is_named_with_its_position(self, loss: Any, target: Any, first: str) -> None:
        with pytest.raises(
            ValueError, match=rf"the class index {first} is out of range; 3 classes have the indices 0 to 2"
        ):
            loss(self.scores, np.array(target))

    def test_a_position_has_as_many_numbers_as_the_target_has_axes(self, loss: Any) -> None:
        with pytest.raises(ValueError, match=r"the class index 9 at position \(1, 0\)"):
            loss(Value(np.zeros((2, 3, 2))), np.array([[0, 1], [9, 0]]))

    @pytest.mark.parametrize("target", [np.zeros(4), np.zeros(4, bool), Value(np.zeros(4)), ["a"] * 4], ids=repr)
    def test_they_must_be_integers(self, loss: Any, target: Any) -> None:
        with pytest.raises(TypeError, match=r"class indices are integers, not .*target\.astype\(int\)"):
            loss(self.scores, target)

    @pytest.mark.parametrize("shape", [(3,), (4, 1), (), (1, 4)])
    def test_there_is_one_for_each_sample(self, loss: Any, shape: Any) -> None:
        with pytest.raises(ValueError, match=r"where \(4,\) is expected") as error:
            loss(self.scores, np.zeros(shape, int))
        assert f"scores have shape (4, 3), the class indices {shape} where" in str(error.value)

    def test_a_column_of_them_gets_the_remedy(self, loss: Any) -> None:
        with pytest.raises(ValueError, match=r"target\.reshape\(\(4,\)\)"):
            loss(self.scores, np.zeros((4, 1), int))

    def test_scores_are_not_a_single_number(self, loss: Any) -> None:
        with pytest.raises(ValueError, match=r"the scores are a single number; there must be one for each class"):
            loss(Value(1.0), 0)

    def test_an_empty_list_of_them_fits_an_empty_batch(self, loss: Any) -> None:
        assert np.isnan(loss(Value(np.zeros((0, 3))), []).data)
        assert loss(Value(np.zeros((0, 3))), [], reduction="sum").data == 0


@pytest.mark.parametrize(
    ("loss", "dtype"),
    [(nn.cross_entropy, int), (nn.cross_entropy, bool), (nn.nll_loss, int), (nn.nll_loss, bool), (nn.nll_loss, float)],
)
def test_one_hot_rows_are_told_to_be_indices(loss: Any, dtype: Any) -> None:
    target = np.eye(3, dtype=dtype)[[2, 0, 1, 1]]
    with pytest.raises((TypeError, ValueError), match=r"for one-hot rows give target\.argmax\(1\)"):
        loss(Value(np.zeros((4, 3))), target)
    assert loss(Value(np.zeros((4, 3))), target.argmax(1)).shape == ()


def test_a_target_before_the_logits_is_told_to_come_second() -> None:
    with pytest.raises(ValueError, match=r"are they exchanged\? .* cross_entropy\(logits, target\)"):
        nn.cross_entropy(np.array([0, 2]), Value(np.zeros((2, 3))))


@pytest.mark.parametrize("shape", [(4, 1), (3, 4), (2,)])
def test_probabilities_of_another_shape_are_refused(shape: Any) -> None:
    with pytest.raises(
        ValueError, match=r"the logits have shape \(4, 3\), the target .*; give class indices \(integers\) of"
    ):
        nn.cross_entropy(Value(np.zeros((4, 3))), np.ones(shape))


@pytest.mark.parametrize("p", [-0.1, 1.1, np.inf])
def test_what_is_no_probability_is_taken_for_a_logit(p: float) -> None:
    with pytest.raises(ValueError, match=rf"{p} is not a probability .*take binary_cross_entropy_with_logits"):
        nn.binary_cross_entropy(Value([0.5, p]), [1.0, 1.0])


@pytest.mark.parametrize("label", [-1, 2, 1.5])
def test_a_target_that_is_no_probability_is_refused_as_by_pytorch(label: float) -> None:
    with pytest.raises(ValueError, match=rf"the target {label}\S* is not a probability .*for labels -1 and 1 give"):
        nn.binary_cross_entropy(Value([0.5, 0.5]), [1, label])
    with pytest.raises(RuntimeError, match="all elements of target should be between 0 and 1"):
        F.binary_cross_entropy(torch.tensor([0.5, 0.5]), torch.tensor([1.0, label]))
    # of logits PyTorch computes it
    ours = nn.binary_cross_entropy_with_logits(Value([0.5, 0.5]), [1, label]).data
    theirs = F.binary_cross_entropy_with_logits(torch.full((2,), 0.5).double(), torch.tensor([1.0, label]).double())
    assert ours == pytest.approx(theirs.item(), rel=1e-14)


def test_under_jit_each_new_target_is_looked_at() -> None:
    loss = jit(lambda p, y: nn.binary_cross_entropy(p, y))
    p = Value([0.5, 0.5])
    assert np.isfinite(loss(p, np.array([1.0, 0.0])).data)
    with pytest.raises(ValueError, match=r"3\.0 is not a probability"):
        loss(p, np.array([1.0, 3.0]))


@pytest.mark.parametrize("label", [0, 2.0, np.nan])
def test_hinge_labels_are_minus_1_and_1(label: float) -> None:
    with pytest.raises(
        ValueError, match=rf"the targets are -1 and 1, and one is {float(label)} \(of 0 and 1, take 2 \* target"
    ):
        nn.hinge_loss(Value([0.5, 0.5]), [1, label])


@pytest.mark.parametrize("delta", [0, -1.0, np.nan])
def test_huber_needs_a_positive_delta(delta: float) -> None:
    with pytest.raises(ValueError, match="delta is a positive number, not"):
        nn.huber_loss(Value([1.0]), [1.0], delta=delta)


def test_nan_in_a_prediction_comes_out_as_nan() -> None:
    for loss in ELEMENTWISE:
        assert np.isnan(loss(Value([np.nan, 0.5]), [1.0, 1.0]).data), loss.__name__
    assert np.isnan(nn.cross_entropy(Value([[np.nan, 0.5]]), [0]).data)


def test_a_list_of_values_is_told_to_be_stacked() -> None:
    with pytest.raises(TypeError, match="stack"):
        nn.mse_loss([Value(1.0), Value(2.0)], [1.0, 2.0])


@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.nll_loss])
def test_weights_are_one_for_each_class(loss: Any) -> None:
    scores, target = Value(np.zeros((4, 3))), np.zeros(4, int)
    for weight in (np.ones(4), np.ones((3, 1)), 1.0, np.ones(3, complex)):
        with pytest.raises(ValueError, match=r"a number for each of the 3 classes, shape \(3,\)"):
            loss(scores, target, weight)
    with pytest.raises(TypeError, match="write reduction='sum'"):
        loss(scores, target, "sum")


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, np.nan, "a"])
def test_label_smoothing_is_between_0_and_1(smoothing: Any) -> None:
    with pytest.raises(ValueError, match="label_smoothing is a number between 0 and 1, not"):
        nn.cross_entropy(Value(np.zeros((4, 3))), np.zeros(4, int), label_smoothing=smoothing)


def test_a_weight_that_would_change_the_shape_of_the_losses_is_refused() -> None:
    for weight in (np.ones((2, 4)), np.ones(3), np.ones((1, 1, 4))):
        with pytest.raises(ValueError, match=r"binary_cross_entropy: weight has shape .* does not broadcast to \(4,\)"):
            nn.binary_cross_entropy(Value(np.full(4, 0.5)), np.ones(4), weight=weight)
    with pytest.raises(ValueError, match="with_logits: pos_weight has shape"):
        nn.binary_cross_entropy_with_logits(Value(np.zeros(4)), np.ones(4), pos_weight=np.ones(3))


def test_beta_is_not_negative() -> None:
    with pytest.raises(ValueError, match="beta is a number of at least 0, not -1"):
        nn.smooth_l1_loss(Value([1.0]), [1.0], beta=-1.0)


def test_weights_stand_in_pytorchs_place_and_a_reduction_there_is_named() -> None:
    w, p, y = np.array([0.5, 2.0, 3.0]), np.array([0.2, 0.7, 0.9]), np.array([0.0, 1.0, 0.0])
    tw, tp, ty = [torch.tensor(x) for x in (w, p, y)]
    for ours, module, theirs, their_module in [
        (nn.binary_cross_entropy, nn.BCELoss, F.binary_cross_entropy, torch.nn.BCELoss),
        (
            nn.binary_cross_entropy_with_logits,
            nn.BCEWithLogitsLoss,
            F.binary_cross_entropy_with_logits,
            torch.nn.BCEWithLogitsLoss,
        ),
    ]:
        assert ours(p, y, w) == pytest.approx(theirs(tp, ty, tw).item(), rel=1e-12)
        assert module(w)(p, y) == pytest.approx(their_module(tw)(tp, ty).item(), rel=1e-12)
        with pytest.raises(TypeError, match=r"weight is a number for each of them; write reduction='sum'"):
            ours(p, y, "sum")
        with pytest.raises(TypeError, match=r"write reduction='sum'"):
            module("sum")(p, y)


@pytest.mark.parametrize("reduction", [np.ones(3), Value([1.0, 2.0]), None, "average"])
def test_what_is_no_reduction_is_named(reduction: Any) -> None:
    for make in (lambda: nn.mse_loss(np.ones(3), np.ones(3), reduction), lambda: nn.MSELoss(reduction)):
        with pytest.raises(ValueError, match=r"reduction is 'mean', 'sum' or 'none', not "):
            make()
