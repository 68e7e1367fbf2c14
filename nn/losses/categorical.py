"""Losses for one of several classes: cross-entropy of logits, and of log-probabilities.

Scores are ``(N, C)`` for N samples and C classes, or ``(C,)`` for one sample, or ``(N, C, d1, ...)`` with a class
for every place, as in PyTorch; class indices are the same without C.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from autograd_mini import Value, astype, getitem, located, log_softmax, reshape, where
from autograd_mini import sum as add_up
from nn.losses.reduction import Reduction, dtype_of, map_plain, reduce, shape_of, target_like


def cross_entropy(
    logits: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """-log(softmax(logits)) of the true class, averaged over the samples. PyTorch: ``F.cross_entropy``.

    ``target`` is the index of the class, an integer from 0 to C - 1, for each sample; or, as floats in the shape
    of the logits, the probability of each class. ``weight`` (C,) says how much each class counts: the mean is a
    weighted one then. A weight that is a Value gets its gradient (PyTorch refuses to compute it). Samples of the class
    ``ignore_index`` do not count. ``label_smoothing`` is the part of the truth that is spread evenly over all classes.

    >>> from autograd_mini import Value
    >>> cross_entropy(Value([[1000.0, 0.0], [0.0, 1000.0]]), [0, 1]).item()
    0.0

    Raises ``ValueError`` for shapes that do not match and for an index out of range, ``TypeError`` for indices
    that are not integers.
    """
    if not isinstance(label_smoothing, int | float) or not 0 <= label_smoothing <= 1:
        raise ValueError(
            located(f"cross_entropy: label_smoothing is a number between 0 and 1, not {label_smoothing!r}")
        )
    if (target.dtype if isinstance(target, Value) else np.asarray(target).dtype).kind == "f":
        if shape_of(target) == shape_of(logits):
            return _of_probabilities(logits, target, weight, reduction, label_smoothing)
        if shape_of(target) != _without_classes(shape_of(logits)) and shape_of(target) != (0,):
            expected = _without_classes(shape_of(logits))
            how = f"give class indices (integers) of shape {expected}, or probabilities in the shape of the logits"
            if shape_of(logits) == _without_classes(shape_of(target)):
                how = "are they exchanged? The logits come first: cross_entropy(logits, target)"
            raise ValueError(
                located(
                    f"cross_entropy: the logits have shape {shape_of(logits)}, the target {shape_of(target)}; {how}"
                )
            )
    axis = _class_axis("cross_entropy", shape_of(logits))
    log_p = log_softmax(logits, axis)
    return _of_classes(log_p, target, weight, ignore_index, reduction, "cross_entropy", label_smoothing)


def nll_loss(
    log_probabilities: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Any:
    """-log_probabilities of the true class, averaged over the samples. PyTorch: ``F.nll_loss``.

    ``target`` is the index of the class for each sample; of logits take ``cross_entropy``, whose ``weight`` and
    ``ignore_index`` these are.

    >>> from autograd_mini import Value
    >>> nll_loss(Value([[-0.5, -1.0], [-2.0, -3.0]]), [0, 1], reduction="none").data
    array([0.5, 3. ])

    Raises what ``cross_entropy`` raises.
    """
    return _of_classes(log_probabilities, target, weight, ignore_index, reduction, "nll_loss")


def _of_probabilities(logits: Any, target: Any, weight: Any, reduction: str, smoothing: float) -> Any:
    """The cross-entropy with a distribution over the classes for each sample; the mean is over the samples."""
    shape = shape_of(logits)
    axis = _class_axis("cross_entropy", shape)
    target = target_like(logits, target, "cross_entropy")
    if smoothing:
        target = target * (1 - smoothing) + smoothing / shape[axis]
    if weight is not None:
        target = target * _along_classes(_class_weights("cross_entropy", weight, logits), shape)
    return reduce(-add_up(target * log_softmax(logits, axis), axis), reduction)


def _of_classes(
    log_p: Any, target: Any, weight: Any, ignore_index: int, reduction: str, loss: str, smoothing: float = 0.0
) -> Any:
    """The negative log-probability of the class that ``target`` names."""
    if not isinstance(log_p, Value):
        log_p = np.asarray(log_p)
    shape = shape_of(log_p)
    axis = _class_axis(loss, shape)
    classes = _class_indices(log_p, target, ignore_index, loss)
    weight = None if weight is None else _class_weights(loss, weight, log_p)
    all_count_alike = weight is None and not isinstance(classes, Value) and not (classes == ignore_index).any()
    if all_count_alike:
        losses = -_picked(log_p, classes, axis)
        if smoothing:
            losses = (1 - smoothing) * losses - (smoothing / shape[axis]) * add_up(log_p, axis)
        return reduce(losses, reduction)
    in_range = map_plain(partial(_in_range, ignore_index), classes)
    counts = map_plain(partial(_counting, ignore_index, dtype_of(log_p)), classes)
    log_p = where(reshape(counts, (*shape[:axis], 1, *shape[axis + 1 :])), log_p, 0.0)  # 0 * inf would be nan
    share = counts if weight is None else getitem(weight, in_range) * counts
    losses = -_picked(log_p, in_range, axis) * share
    if smoothing:
        spread = log_p if weight is None else log_p * _along_classes(weight, shape)
        losses = (1 - smoothing) * losses - (smoothing / shape[axis]) * add_up(spread, axis)
    if reduction != "mean":
        return reduce(losses, reduction)
    # The mean of those that count; where none does it is nan, but its gradient 0, as in PyTorch
    total = add_up(share)
    return add_up(losses) / where(total == 0, 1.0, total) + where(total == 0, math.nan, 0.0)


def _picked(log_p: Any, classes: Any, axis: int) -> Any:
    """The log-probability of each sample's class."""
    index = list(np.indices(classes.shape, sparse=True))
    index.insert(axis, classes)
    return getitem(log_p, tuple(index))


def _counting(ignore_index: int, dtype: Any, classes: Any, out: Any = None) -> Any:
    """1 for each sample that counts, 0 if ignored."""
    counting = np.empty(classes.shape, dtype) if out is None else out
    return np.not_equal(classes, ignore_index, out=counting)


def _in_range(ignore_index: int, classes: Any, out: Any = None) -> Any:
    """Some class, the first, in the place of those that are ignored."""
    return np.multiply(np.not_equal(classes, ignore_index, out=out), classes, out=out)


def _class_weights(loss: str, weight: Any, scores: Any) -> Any:
    """``weight`` with a number for each class: an array, or a Value, which has a gradient then."""
    if isinstance(weight, str):
        raise TypeError(located(f"{loss}: weight is a number for each class; write reduction={weight!r}"))
    if not isinstance(weight, Value):
        weight = np.asarray(weight)
    shape = shape_of(scores)
    n = shape[_class_axis(loss, shape)]
    if weight.dtype.kind not in "fiub" or weight.shape != (n,):
        raise ValueError(
            located(
                f"{loss}: weight has a number for each of the {n} classes, shape ({n},); this has shape "
                f"{weight.shape} and dtype {weight.dtype}"
            )
        )
    return astype(weight, dtype_of(scores))


def _along_classes(weight: Any, shape: tuple[int, ...]) -> Any:
    return reshape(weight, tuple([-1 if i == _class_axis("", shape) else 1 for i in range(len(shape))]))


def _class_indices(scores: Any, target: Any, ignore_index: int, loss: str) -> Any:
    """``target`` as integers, one in [0, C) for each sample, or ignored; else an error that says where not."""
    return map_plain(partial(_checked_indices, shape_of(scores), ignore_index, loss), target)


def _checked_indices(shape: tuple[int, ...], ignore_index: int, loss: str, target: Any) -> Any:
    classes = np.asarray(target)
    if classes.dtype.kind not in "iu" and classes.size:
        how = _of_one_hot(loss, shape) if classes.shape == shape else "if they are whole, give target.astype(int)"
        raise TypeError(located(f"{loss}: class indices are integers, not {classes.dtype}; {how}"))
    expected = _without_classes(shape)
    if classes.shape != expected:
        remedy = f"target.reshape({expected})" if classes.size == np.prod(expected) else "one index for each sample"
        if classes.shape == shape:
            remedy = _of_one_hot(loss, shape)
        raise ValueError(
            located(
                f"{loss}: the scores have shape {shape}, the class indices {classes.shape} "
                f"where {expected} is expected ({remedy})"
            )
        )
    n = shape[_class_axis(loss, shape)]
    if classes.size and classes.min() >= 0 and classes.max() < n:
        return classes.astype(np.intp, copy=False)
    outside = ((classes < 0) | (classes >= n)) & (classes != ignore_index)
    if outside.any():
        where = tuple(int(i) for i in np.argwhere(outside)[0])
        raise ValueError(
            located(
                f"{loss}: the class index {classes[where]} at position {where[0] if len(where) == 1 else where} "
                f"is out of range; {n} classes have the indices 0 to {n - 1}"
            )
        )
    return classes.astype(np.intp, copy=False)


def _of_one_hot(loss: str, shape: tuple[int, ...]) -> str:
    return f"for one-hot rows give target.argmax({_class_axis(loss, shape)})"


def _class_axis(loss: str, shape: tuple[int, ...]) -> int:
    ndim = len(shape)
    if not ndim:
        raise ValueError(
            located(f"{loss}: the scores are a single number; there must be one for each class, (N, C) or (C,)")
        )
    return min(ndim - 1, 1)


def _without_classes(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:1] + shape[2:] if len(shape) > 1 else ()
