"""Losses for yes or no: cross-entropy of a probability or of a logit, and the hinge."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograd_mini import Value, located, log, maximum, mul, relu, softplus, where
from nn.checks import as_input
from nn.losses.reduction import Reduction, dtype_of, map_plain, reduce, shape_of, target_like


def binary_cross_entropy(probability: Any, target: Any, weight: Any = None, *, reduction: Reduction = "mean") -> Any:
    """-(target * log(p) + (1 - target) * log(1 - p)), averaged. PyTorch: ``F.binary_cross_entropy``.

    The probabilities are between 0 and 1, the targets 0, 1 or between, both of the same shape; ``ValueError`` if
    not. ``weight``, which broadcasts to that shape, multiplies each loss. As in PyTorch no logarithm is below -100,
    and no slope of one above 1e12, so that both stay finite; ``binary_cross_entropy_with_logits`` has no such limit.
    Where p is exactly the target, 0 or 1, the slope is that of the formula, 1 or -1 (PyTorch's is 0 there).

    >>> from autograd_mini import Value
    >>> binary_cross_entropy(Value([0.0, 0.0]), [0.0, 1.0], reduction="none").data
    array([  0., 100.])
    """
    target = target_like(probability, target, "binary_cross_entropy")
    if not isinstance(probability, Value):
        probability = np.asarray(probability, dtype_of(probability))
    map_plain(partial(_check_probabilities, "", "for logits take binary_cross_entropy_with_logits"), probability)
    remedy = "for labels -1 and 1 give (target + 1) / 2, for one class of several target == label"
    map_plain(partial(_check_probabilities, "the target ", remedy), target)
    losses = (target - 1.0) * _log(1.0 - probability) - target * _log(probability)
    return reduce(_weighted(losses, weight, "binary_cross_entropy"), reduction)


def _check_probabilities(what: str, remedy: str, numbers: Any) -> None:
    plain = np.asarray(numbers)
    if plain.size and plain.min() >= 0 and plain.max() <= 1:
        return
    outside = plain[(plain < 0) | (plain > 1)]
    if outside.size:
        raise ValueError(
            located(f"binary_cross_entropy: {what}{outside[0]} is not a probability between 0 and 1; {remedy}")
        )


def _weighted(losses: Any, weight: Any, loss: str, name: str = "weight") -> Any:
    """The losses times ``weight``, which broadcasts to their shape and does not change it."""
    if weight is None:
        return losses
    if isinstance(weight, str):
        raise TypeError(located(f"{loss}: {name} is a number for each of them; write reduction={weight!r}"))
    weight = as_input(weight)
    shape = shape_of(losses)
    try:
        fits = np.broadcast_shapes(weight.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(located(f"{loss}: {name} has shape {weight.shape}, which does not broadcast to {shape}"))
    is_learned = isinstance(weight, Value) and weight.requires_grad
    return losses * (weight if is_learned else weight.astype(dtype_of(losses)))


def _log(p: Any) -> Any:
    """max(log(p), -100), with the derivative 1 / max(p, 1e-12) that PyTorch gives it."""
    plain = p.detach() if isinstance(p, Value) else p
    smallest = max(1e-12, float(np.finfo(dtype_of(p)).tiny))
    away_from_0 = where(plain < smallest, smallest + (p - plain), p)  # as large as smallest, as steep as p
    logarithm = log(away_from_0)
    capped = maximum(log(plain), -100.0)
    return logarithm + (capped - (logarithm.detach() if isinstance(logarithm, Value) else logarithm))


def binary_cross_entropy_with_logits(
    logits: Any, target: Any, weight: Any = None, *, reduction: Reduction = "mean", pos_weight: Any = None
) -> Any:
    """binary_cross_entropy of sigmoid(logits), exact for any logit. PyTorch: ``F.binary_cross_entropy_with_logits``.

    The targets are 0, 1 or between (with a target of -1 the loss has no minimum), and of the same shape as the
    logits; ``ValueError`` for another shape. ``weight`` multiplies each loss, ``pos_weight`` the part of the true
    ones (of 100 times as many noes as yeses, take 100); both broadcast to that shape.

    >>> from autograd_mini import Value
    >>> binary_cross_entropy_with_logits(Value([1000.0, -1000.0]), [1, 1], reduction="none").data
    array([   0., 1000.])
    """
    target = target_like(logits, target, "binary_cross_entropy_with_logits")
    loss = "binary_cross_entropy_with_logits"
    yes = softplus(mul(-1.0, logits))
    if pos_weight is None:
        losses = mul(1.0 - target, logits) + yes
    else:
        losses = (
            mul(1.0 - target, logits) + _weighted(yes * target, pos_weight, loss, "pos_weight") + yes * (1.0 - target)
        )
    return reduce(_weighted(losses, weight, loss), reduction)


def hinge_loss(scores: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """max(0, 1 - target * score), averaged, for targets -1 and 1: the loss of support vector machines.

    Scores and targets have the same shape. ``ValueError`` if not, or if a target is neither -1 nor 1.

    >>> from autograd_mini import Value
    >>> hinge_loss(Value([2.0, 0.5, -1.0]), [1, 1, 1], reduction="none").data
    array([0. , 0.5, 2. ])
    """
    target = target_like(scores, target, "hinge_loss")
    map_plain(_check_labels, target)
    return reduce(relu(1.0 - mul(target, scores)), reduction)


def _check_labels(target: Any) -> None:
    labels = np.asarray(target).ravel()
    for start in range(0, labels.size, 8192):  # a part at a time, which takes no memory for all of them
        part = labels[start : start + 8192]
        wrong = part[np.abs(part) != 1]
        if not wrong.size:
            continue
        raise ValueError(
            located(f"hinge_loss: the targets are -1 and 1, and one is {wrong[0]} (of 0 and 1, take 2 * target - 1)")
        )
