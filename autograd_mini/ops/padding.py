"""pad: an array with a margin, filled in each of NumPy's ways that have a derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.ops.axes import part
from autograd_mini.ops.caller import located
from autograd_mini.ops.choosing import where
from autograd_mini.ops.indexing import getitem, scatter_add
from autograd_mini.ops.joining import concatenate
from autograd_mini.ops.linalg import matmul
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, as_floating, dtype_of, shape_of
from autograd_mini.ops.reduction import broadcast_to, max, mean, min
from autograd_mini.ops.shape import astype, moveaxis, ravel

Pairs = list[tuple[Any, Any]]  # before and after, for each axis

_STATISTICS: dict[str, Callable[..., Carrier]] = {"mean": mean, "maximum": max, "minimum": min}
_COPIES = ("edge", "reflect", "symmetric", "wrap")


def pad(
    x: Carrier,
    pad_width: Any,
    mode: str = "constant",
    *,
    stat_length: Any = None,
    constant_values: Any = 0.0,
    end_values: Any = 0.0,
    reflect_type: str = "even",
) -> Carrier:
    """``x`` with a margin of ``pad_width`` elements: a number, a pair, or a pair for each axis. PyTorch: ``F.pad``.

    ``mode`` says what stands there: ``"constant"`` (``constant_values``, which may be a Value), ``"edge"`` (PyTorch:
    ``replicate``), ``"reflect"``, ``"symmetric"``, ``"wrap"`` (``circular``), ``"linear_ramp"`` (to ``end_values``),
    ``"mean"``, ``"maximum"`` or ``"minimum"`` (of ``stat_length`` elements; ties share the gradient evenly).

    >>> pad(np.array([1.0, 2.0]), (1, 2))
    array([0., 1., 2., 0., 0.])
    >>> pad(np.array([1.0, 2.0, 3.0]), 2, mode="reflect")
    array([3., 2., 1., 2., 3., 2., 1.])

    Raises ``ValueError`` for another mode, ``"median"``, ``"empty"`` and functions included.
    """
    x = as_floating(x)
    widths = _pairs("pad_width", pad_width, len(shape_of(x)))
    if any(n < 0 or n != int(n) for pair in widths for n in pair):
        raise ValueError(located(f"pad: pad_width counts elements and is not negative, but it is {pad_width}"))
    widths = [(int(before), int(after)) for before, after in widths]
    if mode == "constant":
        return _constant(x, widths, constant_values)
    if not widths:
        return x  # a number has no sides
    if mode in _COPIES and (reflect_type == "even" or mode in ("edge", "wrap")):
        places = np.arange(math.prod(shape_of(x))).reshape(shape_of(x))
        return getitem(ravel(x), _by_numpy(x, places, widths, mode))
    ends = _pairs("end_values", end_values, len(widths))
    lengths = _pairs("stat_length", stat_length, len(widths))
    for axis, pair in enumerate(widths):
        if mode in _STATISTICS:
            x = _statistic(x, axis, pair, lengths[axis], mode)
        elif mode == "linear_ramp":
            x = _linear(x, axis, pair, mode, end_values=ends[axis])
        elif mode in _COPIES:
            x = _linear(x, axis, pair, mode, reflect_type=reflect_type)
        else:
            known = ", ".join(map(repr, ("constant", *_COPIES, "linear_ramp", *_STATISTICS)))
            raise ValueError(located(f"pad: mode {mode!r} has no derivative here; there are {known}"))
    return x


def _pairs(name: str, given: Any, ndim: int) -> Pairs:
    """What is given for all axes, or for each, as a pair for each axis; a dict has the axes that are not 0."""
    if isinstance(given, dict):
        pairs: Pairs = [(0, 0)] * ndim
        for axis, each in given.items():
            pairs[axis] = tuple(np.broadcast_to(each, 2).tolist())
        return pairs
    try:
        return [tuple(pair) for pair in np.broadcast_to(np.asarray(given), (ndim, 2)).tolist()]
    except ValueError:
        raise ValueError(
            located(f"pad: {name} is a number, a pair, or a pair for each of {ndim} axes, not {given}")
        ) from None


def _by_numpy(x: Carrier, array: Any, widths: Pairs, mode: Any, **options: Any) -> Any:
    try:
        return np.pad(array, widths, mode, **options)
    except (TypeError, ValueError) as cause:
        raise ValueError(located(f"pad of {shape_of(x)} by {widths}, mode={mode!r}: {cause}")) from None


def _constant(x: Carrier, widths: Pairs, constant_values: Any) -> Carrier:
    inside = tuple([slice(before, before + n) for (before, _), n in zip(widths, shape_of(x), strict=True)])
    shape = tuple([before + n + after for (before, after), n in zip(widths, shape_of(x), strict=True)])
    padded = scatter_add(x, shape, inside)
    if not hasattr(constant_values, "record"):
        if not np.any(constant_values):
            return padded
        constant_values = _by_numpy(x, np.zeros(shape_of(x)), widths, "constant", constant_values=constant_values)
    elif shape_of(constant_values):
        raise ValueError(
            located(f"pad: constant_values is a Value of {shape_of(constant_values)}; give a single number")
        )
    within = np.zeros(shape, dtype=bool)
    within[inside] = True
    return where(within, padded, astype(constant_values, dtype_of(x), copy=False))


def _statistic(x: Carrier, axis: int, widths: Any, lengths: Any, mode: str) -> Carrier:
    """The mean or the like of the first elements of ``axis`` before it, and of the last ones after it."""
    n = shape_of(x)[axis]
    parts = [x]
    for at_end in (False, True):
        length = n if lengths[at_end] is None else np.clip(int(lengths[at_end]), 0, n)
        slices = slice(n - int(length), n) if at_end else slice(0, int(length))
        if widths[at_end]:
            edge = _STATISTICS[mode](part(x, axis, slices), axis, keepdims=True)
            margin = broadcast_to(edge, (*shape_of(x)[:axis], widths[at_end], *shape_of(x)[axis + 1 :]))
            parts = [*parts, margin] if at_end else [margin, *parts]
    return concatenate(parts, axis) if len(parts) > 1 else x


def _linear(x: Carrier, axis: int, widths: Any, mode: str, end_values: Any = (0.0, 0.0), **options: Any) -> Carrier:
    """A margin that is linear in the elements along ``axis``: what NumPy makes of a unit matrix says how.

    What it makes of zeros is added, for there the end values are.
    """
    (before, after), n = widths, shape_of(x)[axis]
    if not before + after:
        return x
    map_of_all = _by_numpy(x, np.eye(n), [widths, (0, 0)], mode, **options)
    if mode == "linear_ramp":
        options["end_values"] = [end_values]
    added = _by_numpy(x, np.zeros(n), [widths], mode, **options)
    parts = [x]
    for margin in (slice(0, before), slice(before + n, None)):
        matrix = map_of_all[margin].T.astype(dtype_of(x))
        filled = matmul(moveaxis(x, axis, -1), matrix)
        if added[margin].any():
            filled = filled + added[margin].astype(dtype_of(x))
        parts.append(moveaxis(filled, -1, axis))
    return concatenate([parts[1], parts[0], parts[2]], axis)


FUNCTIONS[np.pad] = pad
