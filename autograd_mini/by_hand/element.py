"""One element of a formula about arrays, written out as a formula about numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from math import prod
from typing import Any

import numpy as np

from autograd_mini import ops
from autograd_mini.by_hand.notation import Element, Rest
from autograd_mini.by_hand.symbol import Symbol
from autograd_mini.ops.operation import Pointwise, normalize_axes, shape_of

WRITTEN = 2  # terms of a sum that are written out before "… (98 more)"; one more is written if it is the last
MOVING = frozenset({"reshape", "transpose", "getitem", "broadcast_to", "astype", "roll", "sliding_window_view"})

Index = tuple[int, ...]


def element(x: Any, index: Index) -> Any:
    """``x[index]`` of a Symbol or a plain array, as a Symbol of numbers.

    >>> x, w = Symbol("x", np.array([[1.0, 2.0]])), Symbol("w", np.array([[3.0], [4.0]]))
    >>> from autograd_mini.by_hand.notation import Text
    >>> Text().write(element(x @ w, (0, 0)))
    'x[0, 0] * w[0, 0] + x[0, 1] * w[1, 0]'
    """
    if not isinstance(x, Symbol):
        return float(x[index]) if shape_of(x) else x
    name, operands = x.op_name, x.operands
    if not x.shape and not any([shape_of(operand) for operand in operands]):
        return x  # a number, made of numbers
    if isinstance(x.name, float):  # the 1 that the backward pass of a loss of shape (1, 1) begins with
        return Symbol(x.name, x.name)
    if name in MOVING:
        source = _source(x, index)
        return element(operands[0], source)
    if name == "sum" or name == "mean":
        total = _added((element(operands[0], source) for source in _summed(x, index)), _count(x))
        return total if name == "sum" else total / float(_count(x))
    if name == "matmul":
        return _added(_products(operands[0], operands[1], index), shape_of(operands[0])[-1])
    if name in ("scatter_add", "overlap_add"):
        sources = _scattered(x, index)
        return _added((element(operands[0], source) for source in sources), len(sources))
    if isinstance(x.op, Pointwise | np.ufunc):
        parts = [_of_broadcast(operand, index) for operand in operands]
        if isinstance(x.op, np.ufunc):
            return Symbol(None, bool(x.data[index]), x.op, tuple(parts))
        return Symbol(None, float(x.data[index]), x.op, tuple(parts))
    return Symbol(Element(x.name if x.op is None else x, index), float(x.data[index] if index else x.data))


def _of_broadcast(x: Any, index: Index) -> Any:
    """The element of an operand that goes into element ``index`` of the result."""
    shape = shape_of(x)
    own = index[len(index) - len(shape) :]
    return element(x, tuple(0 if n == 1 else i for i, n in zip(own, shape, strict=True)))


def _source(x: Symbol, index: Index) -> Index:
    """Where an op that only moves elements has found this one: it moves their numbers instead."""
    operand = x.operands[0]
    places = np.arange(prod(shape_of(operand))).reshape(shape_of(operand))
    if x.op_name == "astype":
        return index
    moved = x.op.forward(places)  # type: ignore[union-attr]  # a row: it is in MOVING
    return tuple(int(i) for i in np.unravel_index(int(np.asarray(moved)[index]), shape_of(operand)))


def _summed(x: Symbol, index: Index) -> Iterator[Index]:
    """The elements of the operand that a sum adds up to this one."""
    shape = shape_of(x.operands[0])
    axes = normalize_axes(x.params["axis"], len(shape))
    kept = iter(index)
    if x.params["keepdims"]:
        kept = iter([i for axis, i in enumerate(index) if axis not in axes])
    return product(*[range(n) if axis in axes else [next(kept)] for axis, n in enumerate(shape)])


def _count(x: Symbol) -> int:
    shape = shape_of(x.operands[0])
    return prod(shape[axis] for axis in normalize_axes(x.params["axis"], len(shape)))


def _products(x: Any, y: Any, index: Index) -> Iterator[Symbol]:
    """The products that a matrix product adds up to this element."""
    rows, columns = len(shape_of(x)) > 1, len(shape_of(y)) > 1
    column = index[-1:] if columns else ()
    batch_and_row = index[: len(index) - len(column)]
    batch, row = (batch_and_row[:-1], batch_and_row[-1:]) if rows else (batch_and_row, ())
    for k in range(shape_of(x)[-1]):
        yield _of_batch(x, batch, (*row, k)) * _of_batch(y, batch, (k, *column))


def _of_batch(x: Any, batch: Index, place: Index) -> Any:
    shape = shape_of(x)[: len(shape_of(x)) - len(place)]
    own = batch[len(batch) - len(shape) :] if shape else ()
    return element(x, (*[0 if n == 1 else i for i, n in zip(own, shape, strict=True)], *place))


def _scattered(x: Symbol, index: Index) -> list[Index]:
    """The elements of the operand that a scatter_add or an overlap_add puts here."""
    places = np.arange(prod(x.shape)).reshape(x.shape)
    if x.op_name == "scatter_add":
        moved = places[x.params["index"]]
    else:
        axis, stride, dilation = (x.params[name] for name in ("axis", "stride", "dilation"))
        moved = ops.sliding_window_view(places, shape_of(x.operands[0])[len(x.shape) :], axis, stride, dilation)
    here = np.asarray(moved) == np.ravel_multi_index(index, x.shape)
    return [tuple(int(i) for i in source) for source in np.argwhere(here)]


def _added(terms: Iterator[Any], count: int) -> Any:
    """A sum of numbers, of which the first few are written out; of none it is 0."""
    if not count:
        return 0.0
    if count > WRITTEN + 1:
        terms = islice(terms, WRITTEN)
    total = next(terms)
    for term in terms:
        total = ops.add(total, term)
    if count > WRITTEN + 1:
        total = ops.add(total, Symbol(Rest(count - WRITTEN), 0.0))
    return total
