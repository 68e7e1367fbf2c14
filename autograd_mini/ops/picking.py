"""Elements picked, put, left out or put in by their positions along an axis: compositions of indexing and joining."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_mini.ops.axes import one_axis, one_axis_or_number, part
from autograd_mini.ops.caller import located
from autograd_mini.ops.choosing import where
from autograd_mini.ops.indexing import getitem, scatter_add
from autograd_mini.ops.joining import concatenate, stack
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, as_array, as_carriers, as_floating, dtype_of, shape_of
from autograd_mini.ops.reduction import broadcast_to
from autograd_mini.ops.shape import astype, moveaxis, ravel, reshape


def take(x: Carrier, indices: Any, axis: int | None = None, mode: str = "raise") -> Carrier:
    """The elements at ``indices`` along ``axis``, or of all elements in a row. PyTorch: ``torch.index_select``.

    An index beyond the end is an error; with ``mode="wrap"`` it starts anew, with ``"clip"`` the last one counts.

    >>> take(np.array([[1.0, 2.0], [3.0, 4.0]]), [1, 1, 0], axis=1)
    array([[2., 2., 1.],
           [4., 4., 3.]])
    """
    x, axis = one_axis_or_number("take", x, axis)
    length = shape_of(x)[axis]
    if mode == "raise":
        return part(x, axis, indices)
    if mode not in ("wrap", "clip"):
        raise ValueError(located(f"take: mode is 'raise', 'wrap' or 'clip', not {mode!r}"))
    at = np.asarray(indices)
    return part(x, axis, at % length if mode == "wrap" else at.clip(0, length - 1))


def compress(condition: Any, x: Carrier, axis: int | None = None) -> Carrier:
    """The slices along ``axis`` for which ``condition``, one boolean each, holds. PyTorch: indexing with a mask.

    >>> compress([False, True], np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    array([[2.],
           [4.]])
    """
    if np.ndim(condition) != 1:
        raise ValueError(located(f"compress: the condition has {np.ndim(condition)} axes and not 1; index with it"))
    return take(x, np.flatnonzero(condition), axis)


def extract(condition: Any, x: Carrier) -> Carrier:
    """The elements for which ``condition`` holds, in one axis. PyTorch: ``torch.masked_select``.

    >>> extract([[True, False], [False, True]], np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.])
    """
    return take(x, np.flatnonzero(condition))


def choose(a: Any, choices: Sequence[Carrier], mode: str = "raise") -> Carrier:
    """Each element from the choice that ``a`` numbers; all broadcast. PyTorch: ``torch.gather`` of a stack.

    >>> choose([0, 1, 0], [np.array([1.0, 2.0, 3.0]), -1.0])
    array([ 1., -1.,  3.])
    """
    choices = as_carriers(*choices)
    shape = _by_numpy("choose", choices[0], np.broadcast_shapes, np.shape(a), *map(shape_of, choices))
    places = np.arange(len(choices) * math.prod(shape)).reshape(len(choices), *shape)

    def pick(a: Any) -> Any:
        return _by_numpy("choose", choices[0], np.choose, a, list(places), mode=mode)

    picked = a.map_data(pick) if hasattr(a, "record") else pick(a)
    return getitem(ravel(stack([broadcast_to(x, shape) for x in choices])), picked)


def take_along_axis(x: Carrier, indices: Any, axis: int | None = -1) -> Carrier:
    """For each place of ``indices``, the element that it numbers along ``axis``. PyTorch: ``torch.take_along_dim``.

    ``np.argsort`` and ``np.argmax(keepdims=True)`` give such indices: integers, with as many axes as ``x``; the other
    axes broadcast. An element that is taken twice gets both gradients.

    >>> take_along_axis(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]]), axis=1)
    array([[2.],
           [3.]])
    """
    x, axis = one_axis("take_along_axis", x, axis)
    indices, shape = indices if hasattr(indices, "record") else as_array(indices), shape_of(x)
    if indices.dtype.kind not in "iu":
        raise IndexError(located(f"take_along_axis: indices are integers, as argsort gives them, not {indices.dtype}"))
    if indices.ndim != len(shape):
        raise ValueError(
            located(f"take_along_axis of {shape}: the indices have {indices.ndim} axes; give them as many")
        )
    grid = np.ix_(*map(np.arange, shape))
    return getitem(x, (*grid[:axis], indices, *grid[axis + 1 :]))


def put_along_axis(x: Carrier, indices: Any, values: Carrier, axis: int | None) -> Carrier:
    """``x`` with ``values`` at the places that ``take_along_axis`` would read. PyTorch: ``torch.scatter``.

    Not in place as NumPy's: what is put over gets no gradient. Of several values for one place the last one counts.

    >>> put_along_axis(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]]), 9.0, axis=1)
    array([[1., 9.],
           [9., 4.]])
    """
    x = as_floating(x)
    shape, size = shape_of(x), math.prod(shape_of(x))
    places = _by_numpy(
        "put_along_axis", x, np.take_along_axis, np.arange(size).reshape(shape), np.asarray(indices), axis
    )
    values = _as_part_of(x, as_floating(values), places.shape, "put_along_axis")
    last = np.full(size, -1)
    last[places] = np.arange(places.size).reshape(places.shape)
    put = last.reshape(shape) >= 0
    return where(put, scatter_add(getitem(ravel(values), last[last >= 0]), shape, put), x)


# ---------------------------------------------------------------- leaving out, putting in


def delete(x: Carrier, obj: Any, axis: int | None = None) -> Carrier:
    """``x`` without the slices that ``obj`` (an int, a slice, ints or booleans) numbers along ``axis``.

    With ``axis=None``, without those of its elements. PyTorch has none; it is ``index_select`` of the others.

    >>> delete(np.array([1.0, 2.0, 3.0]), 1)
    array([1., 3.])
    """
    x, axis = one_axis("delete", x, axis)
    kept = _by_numpy("delete", x, np.delete, np.arange(shape_of(x)[axis]), obj)
    return part(x, axis, kept)


def insert(x: Carrier, obj: Any, values: Carrier, axis: int | None = None) -> Carrier:
    """``x`` with ``values`` put in before the positions ``obj`` of ``axis``, or of its elements in a row.

    Before a single int all the values go; an array of ints has a place for each. PyTorch has none.

    >>> insert(np.array([1.0, 2.0, 3.0]), [1, 3], np.array([8.0, 9.0]))
    array([1., 8., 2., 3., 9.])
    """
    x, axis = one_axis("insert", x, axis)
    values, length = as_floating(values), shape_of(x)[axis]
    places = np.arange(length)[obj] if isinstance(obj, slice) else np.asarray(obj)
    places = np.flatnonzero(places) if places.dtype == bool else places if places.size else places.astype(int)
    count = places.size
    if count == 1:
        missing = len(shape_of(x)) - len(shape_of(values))
        values = reshape(values, (1,) * missing + shape_of(values)) if missing > 0 else values
        if not places.ndim:
            values = moveaxis(values, 0, axis)  # as in NumPy: of a single place the first axis counts the values
        count, places = shape_of(values)[axis], places.item()
    room = (*shape_of(x)[:axis], count, *shape_of(x)[axis + 1 :])
    order = _by_numpy("insert", x, np.insert, np.arange(length), places, length + np.arange(count))
    return part(concatenate([x, _as_part_of(x, values, room, "insert")], axis), axis, order)


def _as_part_of(x: Carrier, values: Carrier, shape: tuple[int, ...], op: str) -> Carrier:
    """``values`` in this shape and in the dtype of ``x``, which they become a part of."""
    if shape_of(values) != shape:
        if not _broadcasts(shape_of(values), shape):
            raise ValueError(
                located(f"{op} in {shape_of(x)}: values of {shape_of(values)} do not broadcast to {shape}")
            )
        values = broadcast_to(values, shape)
    return astype(values, dtype_of(x), copy=False)


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    return len(shape) <= len(to) and all(n in (1, m) for n, m in zip(reversed(shape), reversed(to), strict=False))


def _by_numpy(op: str, x: Carrier, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What NumPy's function makes of plain positions; its error names ``op``."""
    try:
        return function(*arguments, **options)
    except (TypeError, ValueError, IndexError) as cause:
        raise type(cause)(located(f"{op} of {shape_of(x)}: {cause}")) from None


FUNCTIONS.update(
    {
        np.take: take,
        np.compress: compress,
        np.extract: extract,
        np.choose: choose,
        np.take_along_axis: take_along_axis,
        np.delete: delete,
        np.insert: insert,
    }
)
