"""Elements in another order, or repeated: turned, rolled, tiled, spread over a grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.ops.axes import one_axis_or_number, part
from autograd_mini.ops.caller import located
from autograd_mini.ops.indexing import getitem, scatter_add
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Linear, as_floating, as_shape, shape_of
from autograd_mini.ops.pointwise import mul
from autograd_mini.ops.reduction import broadcast_to
from autograd_mini.ops.shape import checked_axes, ravel, reshape, transpose

# ---------------------------------------------------------------- turned and rolled


def flip(x: Carrier, axis: int | Sequence[int] | None = None) -> Carrier:
    """``x`` backwards along ``axis``, along all axes by default. PyTorch: ``torch.flip``.

    >>> flip(np.array([1.0, 2.0, 3.0]))
    array([3., 2., 1.])
    """
    x = as_floating(x)
    axes = range(len(shape_of(x))) if axis is None else checked_axes("flip", x, axis)
    backwards = tuple([slice(None, None, -1 if a in axes else None) for a in range(len(shape_of(x)))])
    return getitem(x, backwards) if axes else x


def flipud(x: Carrier) -> Carrier:
    """``x`` upside down: backwards along the first axis. PyTorch: ``torch.flipud``.

    >>> flipud(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[3., 4.],
           [1., 2.]])
    """
    return flip(x, 0)


def fliplr(x: Carrier) -> Carrier:
    """``x`` with left and right exchanged: backwards along the second axis. PyTorch: ``torch.fliplr``.

    >>> fliplr(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[2., 1.],
           [4., 3.]])
    """
    return flip(x, 1)


def rot90(x: Carrier, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Carrier:
    """``x`` turned ``k`` times by 90 degrees, from the first of ``axes`` towards the second. PyTorch: ``torch.rot90``.

    >>> rot90(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[2., 4.],
           [1., 3.]])
    """
    x = as_floating(x)
    a, b = checked_axes("rot90", x, axes)
    order = list(range(len(shape_of(x))))
    order[a], order[b] = b, a
    if k % 4 == 1:
        return transpose(flip(x, b), order)
    if k % 4 == 3:
        return flip(transpose(x, order), b)
    return flip(x, (a, b)) if k % 4 else x


_ROLL: Linear = Linear(
    "roll",
    lambda x, shift, axis: np.roll(x, shift, axis),
    lambda g, z, x, shift, axis: _ROLL.on(g, tuple([-s for s in shift]), axis),
    params=("shift", "axis"),
)


def roll(x: Carrier, shift: int | tuple[int, ...], axis: int | tuple[int, ...] | None = None) -> Carrier:
    """``x`` moved along by ``shift``; what leaves at the end comes in at the beginning. PyTorch: ``torch.roll``.

    Several axes have a shift each, or all the same one. With ``axis=None`` all elements are one row.

    >>> roll(np.array([1.0, 2.0, 3.0]), 1)
    array([3., 1., 2.])
    """
    x = as_floating(x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), shape_of(x))
    axes = tuple([checked_axes("roll", x, a)[0] for a in as_shape(axis)])  # one may be there twice
    shifts = as_shape(shift)
    if len(shifts) != len(axes):
        if 1 not in (len(shifts), len(axes)):
            raise ValueError(located(f"roll: {len(shifts)} shifts for {len(axes)} axes; give one for each, or one"))
        shifts, axes = shifts * len(axes), axes * len(shifts)
    return _ROLL.on(x, shifts, axes)


# ---------------------------------------------------------------- repeated


def repeat(x: Carrier, repeats: Any, axis: int | None = None) -> Carrier:
    """Each element of ``axis`` repeated, as often as one count for all or one for each says.

    PyTorch: ``torch.repeat_interleave``; its ``Tensor.repeat`` is ``tile``. With ``axis=None`` all elements are
    one row.

    >>> repeat(np.array([1.0, 2.0]), 2)
    array([1., 1., 2., 2.])
    >>> repeat(np.array([1.0, 2.0]), [1, 2])
    array([1., 2., 2.])
    """
    x, axis = one_axis_or_number("repeat", x, axis)
    before, n, after = shape_of(x)[:axis], shape_of(x)[axis], shape_of(x)[axis + 1 :]
    try:
        order = np.repeat(np.arange(n), repeats)
    except (TypeError, ValueError) as cause:
        raise ValueError(located(f"repeat of {shape_of(x)} along axis {axis}, {repeats} times: {cause}")) from None
    if np.size(repeats) != 1:
        return part(x, axis, order)
    apart, copies = (*before, n, 1, *after), (*before, n, int(np.ravel(repeats)[0]), *after)  # a gradient is a sum
    return reshape(broadcast_to(reshape(x, apart), copies), (*before, len(order), *after))


def tile(x: Carrier, reps: int | tuple[int, ...]) -> Carrier:
    """Copies of ``x`` side by side, ``reps`` along each of the last axes. PyTorch: ``torch.tile``.

    >>> tile(np.array([1.0, 2.0]), (2, 2))
    array([[1., 2., 1., 2.],
           [1., 2., 1., 2.]])
    """
    x, times = as_floating(x), as_shape(reps)
    ndim = max(len(times), len(shape_of(x)))
    times = (1,) * (ndim - len(times)) + times
    lengths = (1,) * (ndim - len(shape_of(x))) + shape_of(x)
    apart = tuple([n for length in lengths for n in (1, length)])
    copies = tuple([n for pair in zip(times, lengths, strict=True) for n in pair])
    together = tuple([n * t for n, t in zip(lengths, times, strict=True)])
    return reshape(broadcast_to(reshape(x, apart), copies), together)


def resize(x: Carrier, new_shape: int | tuple[int, ...]) -> Carrier:
    """The elements of ``x`` one after the other, from the first again as often as ``new_shape`` has room.

    PyTorch has none: ``Tensor.resize_`` leaves the rest undefined.

    >>> resize(np.array([1.0, 2.0, 3.0]), (2, 2))
    array([[1., 2.],
           [3., 1.]])
    """
    x, shape = ravel(as_floating(x)), as_shape(new_shape)
    if not shape_of(x)[0]:
        return scatter_add(x, shape, np.zeros(shape, dtype=bool))  # zeros, as NumPy has it
    return getitem(x, np.resize(np.arange(shape_of(x)[0]), shape))


def copy(x: Carrier) -> Carrier:
    """The same elements in an array of their own. PyTorch: ``torch.clone``.

    >>> copy(np.array([1.0, 2.0]))
    array([1., 2.])
    """
    return mul(as_floating(x), 1.0)


# ---------------------------------------------------------------- broadcast together


def broadcast_arrays(*xs: Carrier) -> tuple[Carrier, ...]:
    """Arrays repeated to the shape that all of them broadcast to. PyTorch: ``torch.broadcast_tensors``.

    >>> broadcast_arrays(np.array([1.0, 2.0]), 3.0)
    (array([1., 2.]), array([3., 3.]))
    """
    xs = tuple(map(as_floating, xs))
    try:
        shape = np.broadcast_shapes(*map(shape_of, xs))
    except ValueError:
        raise ValueError(located(f"broadcast_arrays: {[shape_of(x) for x in xs]} do not broadcast")) from None
    return tuple([x if shape_of(x) == shape else broadcast_to(x, shape) for x in xs])


def meshgrid(*xs: Carrier, sparse: bool = False, indexing: str = "xy") -> tuple[Carrier, ...]:
    """Coordinates of a grid: of each vector an array, which varies along an axis of its own.

    PyTorch: ``torch.meshgrid``. With ``indexing="xy"`` the first vector runs along the columns, with ``"ij"``, which is
    PyTorch's default, along the rows. ``sparse=True`` leaves the other axes at length 1, to be broadcast.

    >>> meshgrid(np.array([1.0, 2.0]), np.array([3.0, 4.0]))[0]
    array([[1., 2.],
           [1., 2.]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(located(f"meshgrid: indexing is 'xy' or 'ij', not {indexing!r}"))
    axes = list(range(len(xs)))
    if indexing == "xy" and len(xs) > 1:
        axes[:2] = 1, 0
    shapes = [tuple([-1 if a == axis else 1 for a in range(len(xs))]) for axis in axes]
    grid = tuple([reshape(x, shape) for x, shape in zip(xs, shapes, strict=True)])
    return grid if sparse else broadcast_arrays(*grid)


FUNCTIONS.update(
    {
        np.flip: flip,
        np.flipud: flipud,
        np.fliplr: fliplr,
        np.rot90: rot90,
        np.roll: roll,
        np.repeat: repeat,
        np.tile: tile,
        np.resize: resize,
        np.copy: copy,
        np.broadcast_arrays: broadcast_arrays,
        np.meshgrid: meshgrid,
    }
)
