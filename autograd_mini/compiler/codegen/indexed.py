"""Picking elements by index arrays into an array that is given, and adding them back in: ``take`` and ``add.at`` can.

Both count elements in one row, so an index becomes the numbers of the elements that it picks: once and for all, or at
each call where parts of the index are computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.compiler.program import Form, Like
from autograd_mini.compiler.rows import arrays_of

Write = Callable[..., Any]
_NUMBERS = np.dtype(np.intp)


# ---------------------------------------------------------------- an index that stays


def can_getitem(op: Any, like: Any, likes: list[Any]) -> bool:
    """True where elements are picked by arrays; without these the result is a view."""
    return likes[0] is not None and bool(arrays_of(op.params["index"])) and math.prod(like.shape) > 0


def getitem(op: Any, like: Any, likes: list[Any]) -> Write:
    """x[index], for an ``x`` whose elements stand in a row."""
    shape, index = likes[0].shape, op.params["index"]
    parts = index if isinstance(index, tuple) else (index,)
    is_last = len(parts) == 2 and parts[0] is Ellipsis
    axis = len(shape) - 1 if is_last else len(parts) - 1
    whole = is_last or all([isinstance(part, slice) and part == slice(None) for part in parts[:-1]])
    if whole and isinstance(parts[-1], np.ndarray) and parts[-1].dtype != bool:
        at = np.arange(shape[axis])[parts[-1]]
        return lambda out, x: x.take(at, axis, out, "clip")
    at = _numbers(shape, index)
    return lambda out, x: x.take(at, None, out, "clip")


def can_scatter_add(op: Any, like: Any, likes: list[Any]) -> bool:
    """True for elements in an array."""
    return likes[0] is not None and likes[0].shape != () and likes[0].dtype == like.dtype


def scatter_add(op: Any, like: Any, likes: list[Any]) -> Write:
    """Zeros with elements added where an index says."""
    index = op.params["index"]
    if not arrays_of(index):

        def put(out: Any, x: Any) -> Any:
            out.fill(0)
            out[index] = x
            return out

        return put
    at = _numbers(like.shape, index).ravel()
    picks_once = all([part.dtype == bool for part in arrays_of(index)])

    def add(out: Any, x: Any) -> Any:
        out.fill(0)
        if picks_once:
            out.reshape(-1)[at] = x.reshape(-1)
        else:
            np.add.at(out.reshape(-1), at, x.reshape(-1))  # in one row a seventh of the time of rows of a matrix
        return out

    return add


def _numbers(shape: tuple[int, ...], index: Any) -> Any:
    """The numbers of the elements that ``index`` picks of an array of this shape."""
    return np.ascontiguousarray(np.arange(math.prod(shape)).reshape(shape)[index])


# ---------------------------------------------------------------- an index that is computed


def _whole(op: Any, like: Any, likes: list[Any]) -> tuple[int, ...]:
    """The shape of what is indexed."""
    shape: tuple[int, ...] = op.params["shape"] if "shape" in op.params else likes[-1].shape
    return shape


def can_at(op: Any, like: Any, likes: list[Any]) -> bool:
    """True where all parts of the index are whole numbers, and the axes that are left stand behind."""
    of_parts = likes[:-1]
    picked = like if "shape" not in op.params else likes[-1]
    return (
        likes[-1] is not None
        and likes[-1].dtype == like.dtype
        and all([x is not None and x.shape and x.dtype.kind in "iu" for x in of_parts])
        and not any([part is None or part is Ellipsis or isinstance(part, slice) for part in op.params["index"]])
        and not any([isinstance(part, np.ndarray) and part.dtype.kind == "b" for part in op.params["index"]])
        and 0 not in (*_whole(op, like, likes), *picked.shape)
    )


def _places(op: Any, likes: list[Any]) -> tuple[int, ...]:
    """The shape that the parts of the index broadcast to."""
    fixed = [np.shape(part) for part in op.params["index"] if isinstance(part, int | np.ndarray)]
    return np.broadcast_shapes(*fixed, *[x.shape for x in likes[:-1]])


def scratch_at(op: Any, like: Any, likes: list[Any]) -> list[Like]:
    """The numbers that the index comes to, and those of each part of it; then of each element, to add them."""
    places = _places(op, likes)
    arrays: list[Like] = [Form(places, _NUMBERS), *[Form(x.shape, _NUMBERS) for x in likes[:-1]]]
    return [*arrays, Form((*places, _rest(op, like, likes)), _NUMBERS)] if "shape" in op.params else arrays


def _rest(op: Any, like: Any, likes: list[Any]) -> int:
    """How many elements each place has: those of the axes that the index does not name."""
    return math.prod(_whole(op, like, likes)[len(op.params["index"]) :])


def _numbering(op: Any, like: Any, likes: list[Any]) -> Callable[..., Any]:
    """A function that computes the numbers of the places; None if an index is negative or too large."""
    index, shape = op.params["index"], _whole(op, like, likes)[: len(op.params["index"])]
    steps = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    fixed: Any = None
    computed = []
    for part, length, step in zip(index, shape, steps, strict=True):
        if isinstance(part, int | np.ndarray):
            numbers = np.arange(length)[part] * step
            fixed = numbers if fixed is None else fixed + numbers
        else:
            computed.append((length, step))

    def number(numbers: Any, places: list[Any], parts: list[Any]) -> Any:
        total = fixed
        for place, given, (length, step) in zip(places, parts, computed, strict=True):
            part = given
            if part.dtype != _NUMBERS:
                place[...] = part
                part = place
            if np.maximum.reduce(part.view(np.uintp), None) >= length:  # one that is negative is very large there
                return None
            part = part if step == 1 else np.multiply(part, step, place)
            total = part if total is None else np.add(total, part, numbers)
        return total

    return number


def getitem_at(op: Any, like: Any, likes: list[Any]) -> Write:
    """x[index], where parts of the index are operands."""
    number, n, rest = _numbering(op, like, likes), len(likes) - 1, _rest(op, like, likes)

    def write(out: Any, numbers: Any, *others: Any) -> Any:
        places, parts, x = others[:n], others[n:-1], others[-1]
        at = number(numbers, places, parts)
        if at is None:
            out[...] = op.forward(*parts, x)  # counts from the end, or says what is wrong
        else:
            x.reshape(-1, rest).take(at, 0, out.reshape(*at.shape, rest), "clip")
        return out

    return write


def scatter_add_at(op: Any, like: Any, likes: list[Any]) -> Write:
    """Zeros with elements added where an index says, parts of which are operands."""
    number, n, rest = _numbering(op, like, likes), len(likes) - 1, _rest(op, like, likes)
    within = np.arange(rest)

    def write(out: Any, numbers: Any, *others: Any) -> Any:
        places, each, parts, x = others[:n], others[n], others[n + 1 : -1], others[-1]
        at = number(numbers, places, parts)
        if at is None:
            out[...] = op.forward(*parts, x)
            return out
        if rest > 1:
            at = np.add(np.multiply(at, rest, numbers)[..., None], within, each)
        out.fill(0)
        np.add.at(out.reshape(-1), at.reshape(-1), x.reshape(-1))
        return out

    return write
