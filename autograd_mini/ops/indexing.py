"""Picking elements out of an array, and its transpose, adding them back in where they came from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import Carrier, Linear, Operation, as_array, dtype_of, is_foreign, shape_of


def _frozen(part: Any) -> Any:
    """One part of an index, safe to keep: what the user does to a list or an array later changes nothing."""
    if part is None or part is Ellipsis or isinstance(part, slice):
        return part
    if isinstance(part, int | np.integer) and not isinstance(part, bool):
        return int(part)
    if hasattr(part, "record"):
        if part.dtype.kind in "iub":  # of a carrier that records whole numbers and conditions too
            return part
        raise TypeError(
            located(
                "getitem: a Value of floats cannot be an index; use integers or booleans, such as "
                "value.data.astype(int), or np.array(i) as an argument of a jitted function"
            )
        )
    array = part.copy() if is_foreign(part) and not hasattr(part, "map_blocks") else np.array(part)
    if array.size == 0 and isinstance(part, list):
        array = array.astype(int)
    if array.dtype.kind not in "iub":
        raise TypeError(located(f"getitem: an index is made of integers, slices or booleans, not {part!r}"))
    return array


def _frozen_index(index: Any) -> Any:
    return tuple(map(_frozen, index)) if isinstance(index, tuple) else _frozen(index)


def _picks_once(index: Any) -> bool:
    """True for ints, slices, None, Ellipsis and masks of booleans, which never pick an element twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(hasattr(part, "dtype") and part.dtype != bool for part in parts)


def _getitem(x: Any, index: Any) -> Any:
    x = as_array(x)
    if x.__class__ is not np.ndarray and hasattr(x, "map_blocks") and not _is_daskable(index):
        return _on_whole(partial(_getitem, index=index), x, np.broadcast_to(False, x.shape)[index].shape)
    return x[index]


def _scatter(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    if g.__class__ is not np.ndarray and hasattr(g, "map_blocks") and (not _is_basic(index) or not g.size):
        return _on_whole(partial(_scatter, shape=shape, index=index), g, shape)
    result: Any = np.zeros_like(g, shape=shape) if is_foreign(g) else np.zeros(shape, dtype_of(g))
    if _picks_once(index):
        result[index] = g
    else:
        np.add.at(result, index, g)
    return result


def _is_basic(index: Any) -> bool:
    """True for what Dask can put at: ints, slices and Ellipsis."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(part is None or isinstance(part, np.ndarray) for part in parts)


def _is_daskable(index: Any) -> bool:
    """True for what Dask picks block by block as NumPy does: basic parts and None, or one list among slices."""
    parts = index if isinstance(index, tuple) else (index,)
    lists = [part for part in parts if isinstance(part, np.ndarray)]
    others = [part for part in parts if part is None or isinstance(part, int)]
    return not lists or (len(lists) == 1 and lists[0].ndim == 1 and not others)


def _on_whole(f: Callable[[Any], Any], x: Any, shape: tuple[int, ...]) -> Any:
    """``f`` of a lazy array of Dask's as one task on all of it, for what Dask cannot do block by block."""
    empty, axes = np.empty((0,) * len(shape), x.dtype), list(range(len(shape)))
    return x.rechunk(-1).map_blocks(
        f, drop_axis=list(range(x.ndim)), new_axis=axes, chunks=shape, dtype=x.dtype, meta=empty
    )


_GETITEM = Linear(
    "getitem",
    _getitem,
    lambda g, z, x, index: scatter_add(g, shape_of(x), index),
    params=("index",),
)
_SCATTER_ADD = Linear(
    "scatter_add",
    _scatter,
    lambda g, z, x, shape, index: getitem(g, index),
    params=("shape", "index"),
)


# The same two where parts of the index are recorded themselves: these stand first among the operands, and the index
# has holes in their places. They have no gradient.
_GETITEM_AT = Operation(
    "getitem_at",
    lambda *operands, index: np.asarray(operands[-1])[_filled(index, operands)],
    rule_for_each=lambda i, g, z, operands, index: _scatter_add_at(g, operands[:-1], shape_of(operands[-1]), index),
    params=("index",),
)
_SCATTER_ADD_AT = Operation(
    "scatter_add_at",
    lambda *operands, shape, index: _scatter(operands[-1], shape, _filled(index, operands)),
    rule_for_each=lambda i, g, z, operands, shape, index: _GETITEM_AT.bind(index)(*operands[:-1], g),
    params=("shape", "index"),
)


class _Hole:
    """Stands in an index where a recorded part belongs."""

    def __repr__(self) -> str:
        return "_"


_HOLE = _Hole()


def _filled(index: tuple[Any, ...], operands: tuple[Any, ...]) -> tuple[Any, ...]:
    given = iter(operands)
    return tuple([next(given) if part is _HOLE else part for part in index])


def _scatter_add_at(g: Carrier, parts: tuple[Any, ...], shape: tuple[int, ...], index: Any) -> Carrier:
    return _SCATTER_ADD_AT.bind(shape, index)(*parts, g)


def getitem(x: Carrier, index: Any) -> Carrier:
    """``x[index]`` with any of NumPy's indices; an element that is picked twice gets both gradients.

    >>> getitem(np.array([1.0, 2.0, 3.0]), [0, 0, 2])
    array([1., 1., 3.])
    """
    index = _frozen_index(index)
    parts = index if isinstance(index, tuple) else (index,)
    recorded = [part for part in parts if hasattr(part, "record")]
    if recorded:
        return _GETITEM_AT.bind(tuple([_HOLE if hasattr(part, "record") else part for part in parts]))(*recorded, x)
    return _GETITEM.on(x, index)


def scatter_add(x: Carrier, shape: tuple[int, ...], index: Any) -> Carrier:
    """Zeros of ``shape`` with ``x`` added at ``index``, repeated indices adding up. PyTorch: ``index_put``.

    >>> scatter_add(np.array([1.0, 2.0]), (3,), [1, 1])
    array([0., 3., 0.])
    """
    return _SCATTER_ADD.on(x, tuple(shape), _frozen_index(index))
