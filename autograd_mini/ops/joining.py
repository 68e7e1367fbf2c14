"""Joining arrays along an axis, and cutting one into pieces: what takes or gives several arrays at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_mini.ops.axes import part
from autograd_mini.ops.caller import located
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Linear, as_carriers, as_floating, shape_of
from autograd_mini.ops.shape import along, atleast_1d, atleast_2d, atleast_3d, checked_axes, ravel, reshape, transpose

# ---------------------------------------------------------------- joining

_CONCATENATE = Linear(
    "concatenate",
    lambda *xs, axis, starts: np.concatenate(xs, axis),
    rule_for_each=lambda i, g, z, xs, axis, starts: g[along(axis, slice(starts[i], starts[i + 1]))],
    params=("axis", "starts"),
)
_STACK = Linear(
    "stack",
    lambda *xs, axis: np.stack(xs, axis),
    rule_for_each=lambda i, g, z, xs, axis: g[along(axis, i)],
    params=("axis",),
)


def concatenate(xs: Sequence[Carrier], axis: int | None = 0) -> Carrier:
    """Arrays joined along an axis that they have; ``axis=None`` joins all their elements. PyTorch: ``torch.cat``.

    >>> concatenate([np.array([1.0]), np.array([2.0, 3.0])])
    array([1., 2., 3.])
    """
    if axis is not None:
        _check_axis("concatenate", axis)
    if not len(xs):
        raise ValueError(located("concatenate: there is nothing to join; give at least one array"))
    xs = as_carriers(*xs)
    if axis is None:
        xs, axis = [ravel(x) for x in xs], 0
    first = shape_of(xs[0])
    if not first or not -len(first) <= axis < len(first):
        raise ValueError(located(f"concatenate: shape {first} has no axis {axis}; use stack to join along a new axis"))
    axis %= len(first)
    starts = [0]
    for x in xs:
        if len(shape_of(x)) != len(first):
            raise ValueError(located(f"concatenate: shapes {[shape_of(x) for x in xs]} differ in their number of axes"))
        starts.append(starts[-1] + shape_of(x)[axis])
    return _CONCATENATE.bind(axis, tuple(starts))(*xs)


def stack(xs: Sequence[Carrier], axis: int = 0) -> Carrier:
    """Arrays or numbers of one shape joined along a new axis. PyTorch: ``torch.stack``.

    >>> stack([1.0, 2.0])
    array([1., 2.])
    """
    _check_axis("stack", axis)
    if not len(xs):
        raise ValueError(located("stack: there is nothing to join; give at least one array"))
    xs = as_carriers(*xs)
    ndim = len(shape_of(xs[0])) + 1
    if not -ndim <= axis < ndim:
        raise ValueError(located(f"stack: a stack of shape {shape_of(xs[0])} has no axis {axis}"))
    return _STACK.bind(axis % ndim)(*xs)


def _check_axis(op: str, axis: Any) -> None:
    if not isinstance(axis, int | np.integer):
        kind = type(axis).__name__
        raise TypeError(located(f"{op}: the axis is a whole number, not a {kind}; what is joined is one list: [x, y]"))


def hstack(xs: Sequence[Carrier]) -> Carrier:
    """Arrays side by side: joined along the second axis, vectors along the first. PyTorch: ``torch.hstack``.

    >>> hstack([np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]])])
    array([[1., 3.],
           [2., 4.]])
    """
    parts = [atleast_1d(x) for x in as_carriers(*xs)]
    return concatenate(parts, 0 if parts and len(shape_of(parts[0])) == 1 else 1)


def vstack(xs: Sequence[Carrier]) -> Carrier:
    """Arrays on top of each other, a vector being a row. PyTorch: ``torch.vstack``.

    >>> vstack([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([[1., 2.],
           [3., 4.]])
    """
    return concatenate([atleast_2d(x) for x in as_carriers(*xs)])


def dstack(xs: Sequence[Carrier]) -> Carrier:
    """Arrays behind each other: joined along the third axis, see ``atleast_3d``. PyTorch: ``torch.dstack``.

    >>> dstack([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([[[1., 3.],
            [2., 4.]]])
    """
    return concatenate([atleast_3d(x) for x in as_carriers(*xs)], 2)


def column_stack(xs: Sequence[Carrier]) -> Carrier:
    """Vectors as the columns of a matrix; a matrix brings all of its columns. PyTorch: ``torch.column_stack``.

    >>> column_stack([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([[1., 3.],
           [2., 4.]])
    """
    return concatenate([x if len(shape_of(x)) > 1 else transpose(atleast_2d(x)) for x in as_carriers(*xs)], 1)


def append(x: Carrier, values: Carrier, axis: int | None = None) -> Carrier:
    """``values`` after ``x`` along ``axis``; with None, after all its elements. PyTorch: ``torch.cat``.

    >>> append(np.array([1.0, 2.0]), 3.0)
    array([1., 2., 3.])
    """
    return concatenate([x, values], axis)


def block(arrays: Any) -> Carrier:
    """One array out of nested lists of blocks: the innermost are joined along the last axis, and so on outwards.

    PyTorch has none; it is ``torch.cat`` of ``torch.cat``.

    >>> block([[np.eye(2), np.zeros((2, 1))], [np.ones((1, 3))]])
    array([[1., 0., 0.],
           [0., 1., 0.],
           [1., 1., 1.]])

    Raises ``ValueError`` for lists that are empty or not all nested equally deep.
    """
    depth = _depth(arrays)
    blocks = as_carriers(*_leaves(arrays))
    ndim = max(depth, *[len(shape_of(x)) for x in blocks])
    return _joined(arrays, iter(blocks), ndim, -depth)


def _depth(nested: Any) -> int:
    if not isinstance(nested, list):
        return 0
    depths = {_depth(p) for p in nested}
    if len(depths) != 1:
        raise ValueError(located("block: the lists are empty or not all nested equally deep; wrap a block in [ ]"))
    return 1 + depths.pop()


def _leaves(nested: Any) -> list[Any]:
    return [leaf for p in nested for leaf in _leaves(p)] if isinstance(nested, list) else [nested]


def _joined(nested: Any, blocks: Iterator[Carrier], ndim: int, axis: int) -> Carrier:
    if isinstance(nested, list):
        return concatenate([_joined(p, blocks, ndim, axis + 1) for p in nested], axis)
    x = next(blocks)
    missing = ndim - len(shape_of(x))
    return reshape(x, (1,) * missing + shape_of(x)) if missing else x


# ---------------------------------------------------------------- cutting


def split(x: Carrier, indices_or_sections: Any, axis: int = 0) -> list[Carrier]:
    """``x`` cut along ``axis`` into so many equal pieces, or before each index. PyTorch: ``torch.tensor_split``.

    >>> split(np.array([1.0, 2.0, 3.0, 4.0]), 2)
    [array([1., 2.]), array([3., 4.])]
    >>> split(np.array([1.0, 2.0, 3.0, 4.0]), [1])
    [array([1.]), array([2., 3., 4.])]

    Raises ``ValueError`` if equal pieces are not possible; ``array_split`` makes them nearly equal.
    """
    return _cut(np.split, "split", x, indices_or_sections, axis)


def array_split(x: Carrier, indices_or_sections: Any, axis: int = 0) -> list[Carrier]:
    """``x`` cut along ``axis`` into as many pieces, the first ones longer by one. PyTorch: ``torch.tensor_split``.

    >>> array_split(np.array([1.0, 2.0, 3.0]), 2)
    [array([1., 2.]), array([3.])]
    """
    return _cut(np.array_split, "array_split", x, indices_or_sections, axis)


def vsplit(x: Carrier, indices_or_sections: Any) -> list[Carrier]:
    """``split`` along the first axis, of a matrix or more. PyTorch: ``torch.vsplit``.

    >>> vsplit(np.array([[1.0], [2.0]]), 2)
    [array([[1.]]), array([[2.]])]
    """
    return _cut(np.split, "vsplit", x, indices_or_sections, 0, least=2)


def hsplit(x: Carrier, indices_or_sections: Any) -> list[Carrier]:
    """``split`` along the second axis, or a vector along its only one. PyTorch: ``torch.hsplit``.

    >>> hsplit(np.array([[1.0, 2.0]]), 2)
    [array([[1.]]), array([[2.]])]
    """
    x = as_floating(x)
    return _cut(np.split, "hsplit", x, indices_or_sections, 1 if len(shape_of(x)) > 1 else 0)


def dsplit(x: Carrier, indices_or_sections: Any) -> list[Carrier]:
    """``split`` along the third axis. PyTorch: ``torch.dsplit``.

    >>> [piece.shape for piece in dsplit(np.zeros((2, 3, 4)), 2)]
    [(2, 3, 2), (2, 3, 2)]
    """
    return _cut(np.split, "dsplit", x, indices_or_sections, 2, least=3)


def _cut(numpy_function: Any, op: str, x: Carrier, where: Any, axis: int, least: int = 1) -> list[Carrier]:
    """The pieces in which NumPy's function would leave the positions along ``axis``."""
    x = as_floating(x)
    if len(shape_of(x)) < least:
        raise ValueError(located(f"{op} of {shape_of(x)}: it needs {least} axes or more"))
    (axis,) = checked_axes(op, x, axis)
    try:
        pieces = numpy_function(np.arange(shape_of(x)[axis]), where)
    except (TypeError, ValueError) as cause:
        raise ValueError(located(f"{op} of {shape_of(x)} into {where} along axis {axis}: {cause}")) from None
    slices = [slice(int(at[0]), int(at[-1]) + 1) if len(at) else slice(0, 0) for at in pieces]
    return [part(x, axis, piece) for piece in slices]


def unstack(x: Carrier, axis: int = 0) -> tuple[Carrier, ...]:
    """The arrays that ``stack`` along ``axis`` would join to ``x``. PyTorch: ``torch.unbind``.

    >>> unstack(np.array([[1.0, 2.0], [3.0, 4.0]]))
    (array([1., 2.]), array([3., 4.]))
    """
    x = as_floating(x)
    (axis,) = checked_axes("unstack", x, axis)
    return tuple([part(x, axis, i) for i in range(shape_of(x)[axis])])


FUNCTIONS.update(
    {
        np.concatenate: concatenate,
        np.stack: stack,
        np.hstack: hstack,
        np.vstack: vstack,
        np.dstack: dstack,
        np.column_stack: column_stack,
        np.append: append,
        np.block: block,
        np.split: split,
        np.array_split: array_split,
        np.hsplit: hsplit,
        np.vsplit: vsplit,
        np.dsplit: dsplit,
    }
)
if hasattr(np, "unstack"):  # since NumPy 2.1
    FUNCTIONS[np.unstack] = unstack
