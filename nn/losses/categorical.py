"""Losses for one of several classes: cross-entropy of logits, and of log-probabilities.

Scores are ``(N, C)`` for N samples and C classes, or ``(C,)`` for one sample, or ``(N, C, d1, ...)`` with a class
for every place, as in PyTorch; class indices are the same without C.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograd_mini import Value, getitem, located, log_softmax
from autograd_mini import sum as add_up
from nn.losses.reduction import Reduction, reduce, shape_of, target_like


def cross_entropy(logits: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """-log(softmax(logits)) of the true class, averaged over the samples. PyTorch: ``F.cross_entropy``.

    ``target`` is the index of the class, an integer from 0 to C - 1, for each sample; or, as floats in the shape
    of the logits, the probability of each class.

    >>> from autograd_mini import Value
    >>> cross_entropy(Value([[1000.0, 0.0], [0.0, 1000.0]]), [0, 1]).item()
    0.0

    Raises ``ValueError`` for shapes that do not match and for an index out of range, ``TypeError`` for indices
    that are not integers.
    """
    if (target.dtype if isinstance(target, Value) else np.asarray(target).dtype).kind == "f":
        if shape_of(target) == shape_of(logits):
            axis = _class_axis("cross_entropy", shape_of(logits))
            target = target_like(logits, target, "cross_entropy")
            return reduce(-add_up(target * log_softmax(logits, axis), axis), reduction)
        if shape_of(target) != _without_classes(shape_of(logits)) and shape_of(target) != (0,):
            expected = _without_classes(shape_of(logits))
            raise ValueError(
                located(
                    f"cross_entropy: the logits have shape {shape_of(logits)}, the target {shape_of(target)}; give "
                    f"class indices (integers) of shape {expected}, or probabilities in the shape of the logits"
                )
            )
    axis = _class_axis("cross_entropy", shape_of(logits))
    return _pick(log_softmax(logits, axis), target, reduction, "cross_entropy")


def nll_loss(log_probabilities: Any, target: Any, reduction: Reduction = "mean") -> Any:
    """-log_probabilities of the true class, averaged over the samples. PyTorch: ``F.nll_loss``.

    ``target`` is the index of the class for each sample; of logits take ``cross_entropy``.

    >>> from autograd_mini import Value
    >>> nll_loss(Value([[-0.5, -1.0], [-2.0, -3.0]]), [0, 1], reduction="none").data
    array([0.5, 3. ])

    Raises what ``cross_entropy`` raises.
    """
    return _pick(log_probabilities, target, reduction, "nll_loss")


def _pick(log_probabilities: Any, target: Any, reduction: Reduction, loss: str) -> Any:
    """The negative log-probability of the class that ``target`` names."""
    if not isinstance(log_probabilities, Value):
        log_probabilities = np.asarray(log_probabilities)
    axis = _class_axis(loss, shape_of(log_probabilities))
    classes = _class_indices(log_probabilities, target, loss)
    index = list(np.indices(classes.shape, sparse=True))
    index.insert(axis, classes)
    return reduce(-getitem(log_probabilities, tuple(index)), reduction)


def _class_indices(scores: Any, target: Any, loss: str) -> Any:
    """``target`` as integers, one in [0, C) for each sample; else an error that says where not."""
    check = partial(_checked_indices, shape_of(scores), loss)
    return target.map_data(check) if isinstance(target, Value) else check(target)


def _checked_indices(shape: tuple[int, ...], loss: str, target: Any) -> Any:
    classes = np.asarray(target)
    if classes.dtype.kind not in "iu" and classes.size:
        raise TypeError(
            located(
                f"{loss}: class indices are integers, not {classes.dtype}; "
                "convert them with target.astype(int), if whole numbers is what they are"
            )
        )
    expected = _without_classes(shape)
    if classes.shape != expected:
        remedy = f"target.reshape({expected})" if classes.size == np.prod(expected) else "one index for each sample"
        if classes.shape == shape:
            remedy = "one-hot rows are probabilities: target.astype(float)"
        raise ValueError(
            located(
                f"{loss}: the scores have shape {shape}, the class indices {classes.shape} "
                f"where {expected} is expected ({remedy})"
            )
        )
    n = shape[_class_axis(loss, shape)]
    outside = (classes < 0) | (classes >= n)
    if outside.any():
        where = tuple(int(i) for i in np.argwhere(outside)[0])
        raise ValueError(
            located(
                f"{loss}: the class index {classes[where]} at position {where[0] if len(where) == 1 else where} "
                f"is out of range; {n} classes have the indices 0 to {n - 1}"
            )
        )
    return classes.astype(np.intp, copy=False)


def _class_axis(loss: str, shape: tuple[int, ...]) -> int:
    ndim = len(shape)
    if not ndim:
        raise ValueError(
            located(f"{loss}: the scores are a single number; there must be one for each class, (N, C) or (C,)")
        )
    return min(ndim - 1, 1)


def _without_classes(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:1] + shape[2:] if len(shape) > 1 else ()
