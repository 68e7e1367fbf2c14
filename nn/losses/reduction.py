"""What the losses have in common: shapes that must match, and how the losses of a batch become one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from autograd_mini import Value, located, mean
from autograd_mini import sum as add_up

Reduction = Literal["mean", "sum", "none"]


def check_reduction(reduction: str) -> None:
    """Raises ``ValueError`` for anything but the three that there are."""
    if not isinstance(reduction, str) or reduction not in ("mean", "sum", "none"):
        raise ValueError(located(f"reduction is 'mean', 'sum' or 'none', not {reduction!r}"))


def reduce(losses: Any, reduction: str) -> Any:
    """The losses of a batch as their mean, their sum, or as they are ("none")."""
    check_reduction(reduction)
    if reduction == "mean":
        return mean(losses)
    return add_up(losses) if reduction == "sum" else losses


def target_like(prediction: Any, target: Any, loss: str) -> Any:
    """``target`` in the form of ``prediction``; ``ValueError`` unless their shapes are the same.

    Broadcasting ``(N,)`` against ``(N, 1)`` would compare every prediction with every target, and train on
    a wrong number without a word.
    """
    target = target if isinstance(target, Value) else np.asarray(target)
    if target.dtype.kind in "iub":
        target = target.astype(dtype_of(prediction))  # integers beside float32 would make float64
    here, there = shape_of(prediction), shape_of(target)
    if here != there:
        same_size = np.prod(here) == np.prod(there)
        remedy = f"reshape one of them: target.reshape({here})" if same_size else "give one target for each prediction"
        raise ValueError(
            located(f"{loss}: the prediction has shape {here}, the target {there}; they must be equal ({remedy})")
        )
    return target if there or isinstance(target, Value) else float(target)


def map_plain(f: Callable[[Any], Any], x: Any) -> Any:
    """``f`` of a target's numbers; of a Value at each call of a jitted function anew."""
    return x.map_data(f) if isinstance(x, Value) else f(x)


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a Value, an array, a list or a number."""
    return x.shape if isinstance(x, Value) else np.shape(x)


def dtype_of(x: Any) -> np.dtype[Any]:
    """The dtype in which a Value, an array, a list or a number is computed with."""
    dtype = x.dtype if isinstance(x, Value) else np.asarray(x).dtype
    return dtype if dtype.kind == "f" else np.dtype(np.float64)
