"""Windows that slide along axes, and their transpose: convolutions, pools and foldings are made of these two rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Linear, as_floating, as_shape, is_foreign, shape_of
from autograd_mini.ops.padding import pad
from autograd_mini.ops.shape import reshape, transpose

Lengths = tuple[int, ...]  # one for each axis that windows slide along
Length = int | Sequence[int]  # as users give them: one for all axes, or one for each

# ---------------------------------------------------------------- the rows


def _slide(x: Any, window_shape: Lengths, axis: Lengths, stride: Lengths, dilation: Lengths) -> Any:
    covered = spans(window_shape, dilation)
    if is_foreign(x):
        every = [slice(None)] * x.ndim + [slice(None, None, d) for d in dilation]
        for a, s in zip(axis, stride, strict=True):
            every[a] = slice(None, None, s)
        return np.lib.stride_tricks.sliding_window_view(x, covered, axis)[tuple(every)]
    shape, steps = list(x.shape), list(x.strides)
    for a, span, s, d in zip(axis, covered, stride, dilation, strict=True):
        shape[a] = (x.shape[a] - span) // s + 1
        steps[a] *= s
        steps.append(x.strides[a] * d)
    # A third of the time of NumPy's sliding_window_view, which matters for small images.
    return np.lib.stride_tricks.as_strided(x, (*shape, *window_shape), steps, writeable=False)


def add_overlapping(x: Any, shape: Lengths, axis: Lengths, stride: Lengths, dilation: Lengths, out: Any = None) -> Any:
    """The forward of ``overlap_add``, into the array ``out`` where there is one."""
    n = len(shape)
    lengths = tuple([x.shape[a] * s for a, s in zip(axis, stride, strict=True)])
    if x.shape[n:] == stride and {*dilation} <= {1} and lengths == tuple([shape[a] for a in axis]):
        tiles = [[a, *[n + k for k, other in enumerate(axis) if a == other]] for a in range(n)]
        x = x.transpose([a for tile in tiles for a in tile])  # nothing overlaps: a copy will do
        if out is None:
            return x.reshape(shape)
        np.copyto(out.reshape(x.shape), x)
        return out
    total: Any = out
    if total is None:
        total = np.zeros_like(x, shape=shape) if is_foreign(x) else np.zeros(shape, x.dtype)
    else:
        total.fill(0)
    to = [slice(None)] * n
    for place in product(*map(range, x.shape[n:])):  # in the window: there are fewer of these than of windows
        for a, i, s, d in zip(axis, place, stride, dilation, strict=True):
            to[a] = slice(i * d, i * d + s * (x.shape[a] - 1) + 1, s)
        total[tuple(to)] += x[(..., *place)]
    return total


_SLIDE = Linear(
    "sliding_window_view",
    _slide,
    lambda g, z, x, window_shape, axis, stride, dilation: overlap_add(g, shape_of(x), axis, stride, dilation),
    params=("window_shape", "axis", "stride", "dilation"),
)
_OVERLAP_ADD = Linear(
    "overlap_add",
    add_overlapping,
    lambda g, z, x, shape, axis, stride, dilation: sliding_window_view(
        g, shape_of(x)[len(shape) :], axis, stride, dilation
    ),
    params=("shape", "axis", "stride", "dilation"),
)


def sliding_window_view(
    x: Carrier, window_shape: Length, axis: Length | None = None, stride: Length = 1, dilation: Length = 1
) -> Carrier:
    """Every window of ``window_shape`` on ``x``, in new last axes. PyTorch: ``torch.Tensor.unfold``, an axis a call.

    ``axis`` says which axes the windows slide along, all by default. An axis of length n leaves
    (n - dilation * (window - 1) - 1) // stride + 1 windows on it. NumPy has no ``stride`` (elements from one window to
    the next) and no ``dilation`` (elements from one place in a window to the next). An element that lies in several
    windows gets the gradients of all.

    >>> sliding_window_view(np.array([1.0, 2.0, 3.0]), 2)
    array([[1., 2.],
           [2., 3.]])

    Raises ``ValueError`` where a window is longer than its axis.
    """
    op = "sliding_window_view"
    x, sizes = as_floating(x), as_shape(window_shape)
    ndim = len(shape_of(x))
    axes = tuple(range(ndim)) if axis is None else as_shape(axis)
    if len(axes) != len(sizes) or any(not -ndim <= a < ndim for a in axes):
        raise ValueError(
            located(f"{op} of {shape_of(x)}, axis={axis}: the window {sizes} must have one length for each of the axes")
        )
    axes = tuple(a % ndim for a in axes)
    strides, dilations = as_lengths(op, "stride", stride, len(axes)), as_lengths(op, "dilation", dilation, len(axes))
    if len(set(axes)) < len(axes):  # along the same axis again: windows of windows
        for size, a, s, d in zip(sizes, axes, strides, dilations, strict=True):
            x = sliding_window_view(x, size, a, s, d)
        return x
    if any(n < 0 for n in sizes):
        raise ValueError(located(f"{op}: a window of {sizes} has a negative length"))
    if any(span > shape_of(x)[a] for span, a in zip(spans(sizes, dilations), axes, strict=True)):
        raise ValueError(located(f"{op} of {shape_of(x)}: {_window_text(sizes, dilations)} is larger than axes {axes}"))
    return _SLIDE.on(x, sizes, axes, strides, dilations)


def overlap_add(x: Carrier, shape: Length, axis: Length, stride: Length = 1, dilation: Length = 1) -> Carrier:
    """Zeros of ``shape`` with windows added where ``sliding_window_view`` would take them: its transpose.

    The windows are the last axes of ``x``, one for each ``axis`` of ``shape`` that they slide along.
    PyTorch: ``F.fold``, for images.

    >>> overlap_add(np.array([[1.0, 2.0], [3.0, 4.0]]), (3,), axis=0)
    array([1., 5., 4.])

    Raises ``ValueError`` where ``x`` does not have the windows that there are in ``shape``.
    """
    op = "overlap_add"
    x, shape = as_floating(x), as_shape(shape)
    axes = tuple(a % len(shape) for a in as_shape(axis))
    strides, dilations = as_lengths(op, "stride", stride, len(axes)), as_lengths(op, "dilation", dilation, len(axes))
    sizes = shape_of(x)[len(shape) :]
    if len(sizes) == len(axes):
        fitting = list(shape)
        for a, span, s in zip(axes, spans(sizes, dilations), strides, strict=True):
            fitting[a] = (shape[a] - span) // s + 1
        if shape_of(x) == (*fitting, *sizes):
            return _OVERLAP_ADD.on(x, shape, axes, strides, dilations)
    raise ValueError(
        located(
            f"{op} of {shape_of(x)} into {shape} along axes {axes}: x must have the shape that "
            f"sliding_window_view of {shape} has, with stride={strides}, dilation={dilations}"
        )
    )


# ---------------------------------------------------------------- images, and their windows as columns


def to_columns(x: Carrier, kernel: Lengths, stride: Lengths, dilation: Lengths) -> Carrier:
    """The windows of (N, C, H, W), or with one axis or more in place of H and W, as (C, *kernel, *places, N).

    The images stand last, so that NumPy moves stretches of all of them at once: their rows are often short.
    """
    n = len(kernel)
    windows = _SLIDE.on(transpose(x, (*range(1, 2 + n), 0)), kernel, tuple(range(1, 1 + n)), stride, dilation)
    return transpose(windows, (0, *range(2 + n, 2 + 2 * n), *range(1, 2 + n)))


def from_columns(columns: Carrier, size: Lengths, stride: Lengths, dilation: Lengths) -> Carrier:
    """The transpose of ``to_columns``: (C, *kernel, *places, N) added up to (N, C, *size)."""
    n = len(size)
    windows = transpose(columns, (0, *range(1 + n, 2 + 2 * n), *range(1, 1 + n)))
    shape = (shape_of(columns)[0], *size, shape_of(columns)[-1])
    return transpose(_OVERLAP_ADD.on(windows, shape, tuple(range(1, 1 + n)), stride, dilation), (1 + n, *range(1 + n)))


def padded(x: Carrier, padding: Sequence[tuple[int, int]]) -> Carrier:
    """``x`` with so many zeros before and after on each of its last axes."""
    if not any(before or after for before, after in padding):
        return x
    others = [(0, 0)] * (len(shape_of(x)) - len(padding))
    return pad(x, [*others, *padding])


def cropped(x: Carrier, padding: Sequence[int]) -> Carrier:
    """``x`` without so many elements on both sides of each of its last axes."""
    if not any(padding):
        return x
    lead = len(shape_of(x)) - len(padding)
    ends = [slice(p, n - p) for n, p in zip(shape_of(x)[lead:], padding, strict=True)]
    return getitem(x, (*[slice(None)] * lead, *ends))


def unfold(x: Carrier, kernel_size: Length, dilation: Length = 1, padding: Length = 0, stride: Length = 1) -> Carrier:
    """The windows of an image as columns (im2col). PyTorch: ``F.unfold``.

    (N, C, H, W) gives (N, C * kh * kw, number of windows), and (C, H, W) the same without N.

    >>> unfold(np.arange(6.0).reshape(1, 2, 3), (2, 2))
    array([[0., 1.],
           [1., 2.],
           [3., 4.],
           [4., 5.]])

    Raises ``ValueError`` where the kernel is larger than the padded image.
    """
    x, is_batch = as_images("unfold", x, 2)
    kernel, strides, dilations, pads = window_of("unfold", 2, kernel_size, stride, dilation, padding)
    x = padded(x, [(p, p) for p in pads])
    places_of("unfold", shape_of(x)[2:], kernel, strides, dilations)
    columns = to_columns(x, kernel, strides, dilations)
    n, c = shape_of(x)[:2]
    columns = transpose(reshape(columns, (c * prod(kernel), prod(shape_of(columns)[3:-1]), n)), (2, 0, 1))
    return columns if is_batch else reshape(columns, shape_of(columns)[1:])


def fold(
    x: Carrier,
    output_size: Length,
    kernel_size: Length,
    dilation: Length = 1,
    padding: Length = 0,
    stride: Length = 1,
) -> Carrier:
    """Columns added up to an image (col2im), the transpose of ``unfold``. PyTorch: ``F.fold``.

    (N, C * kh * kw, number of windows) gives (N, C, *output_size), and the same without N.

    >>> fold(np.ones((4, 2)), (2, 3), (2, 2))
    array([[[1., 2., 1.],
            [1., 2., 1.]]])

    Raises ``ValueError`` where the columns are not those of such an image.
    """
    x, is_batch = as_images("fold", x, 1)
    kernel, strides, dilations, pads = window_of("fold", 2, kernel_size, stride, dilation, padding)
    size = as_lengths("fold", "output_size", output_size, 2)
    wide = tuple(length + 2 * p for length, p in zip(size, pads, strict=True))
    places = places_of("fold", wide, kernel, strides, dilations)
    n, rows, count = shape_of(x)
    if rows % prod(kernel) or count != prod(places):
        raise ValueError(
            located(
                f"fold of {shape_of(x)} to an image of {size}: there must be {prod(places)} windows in the last axis, "
                f"and in the one before a multiple of {prod(kernel)}, the elements of a {kernel} window"
            )
        )
    columns = reshape(transpose(x, (1, 2, 0)), (rows // prod(kernel), *kernel, *places, n))
    image = cropped(from_columns(columns, wide, strides, dilations), pads)
    return image if is_batch else reshape(image, shape_of(image)[1:])


# ---------------------------------------------------------------- what users give


def as_images(op: str, x: Carrier, n: int) -> tuple[Carrier, bool]:
    """``x`` with an axis for the batch in front, and whether it had one: n axes follow that of the channels."""
    x = as_floating(x)
    if len(shape_of(x)) not in (n + 1, n + 2):
        axes = {1: "C, L", 2: "C, H, W"}[n]
        raise ValueError(located(f"{op} of {shape_of(x)}: the input has shape (N, {axes}) or ({axes})"))
    is_batch = len(shape_of(x)) == n + 2
    return (x if is_batch else reshape(x, (1, *shape_of(x)))), is_batch


def as_lengths(op: str, name: str, given: Length, n: int, least: int = 1) -> Lengths:
    """An option as n whole numbers: one for each axis, or one for all."""
    try:
        lengths = as_shape(given)
    except TypeError:
        lengths = ()
    lengths = lengths * n if len(lengths) == 1 else lengths
    if len(lengths) != n or any(length < least for length in lengths):
        raise ValueError(located(f"{op}: {name} is a whole number of at least {least}, or {n} of them, not {given!r}"))
    return lengths


def window_of(
    op: str, n: int, kernel: Length, stride: Length, dilation: Length, padding: Length
) -> tuple[Lengths, Lengths, Lengths, Lengths]:
    """Kernel, stride, dilation and padding, n whole numbers each."""
    return (
        as_lengths(op, "kernel_size", kernel, n),
        as_lengths(op, "stride", stride, n),
        as_lengths(op, "dilation", dilation, n),
        as_lengths(op, "padding", padding, n, least=0),
    )


def spans(kernel: Lengths, dilation: Lengths) -> Lengths:
    """The lengths that a window covers, what it leaves out included."""
    return tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))


def places_of(
    op: str, size: Lengths, kernel: Lengths, stride: Lengths, dilation: Lengths, ceil_mode: bool = False
) -> Lengths:
    """How many windows there are along each axis of an image of ``size``, its padding included.

    With ``ceil_mode`` they may stand out, by less than a stride.
    """
    covered = spans(kernel, dilation)
    more = tuple(s - 1 if ceil_mode else 0 for s in stride)
    if any(span > n + m for span, n, m in zip(covered, size, more, strict=True)):
        raise ValueError(
            located(f"{op}: {_window_text(kernel, dilation)} is larger than the image, with its padding {size}")
        )
    return tuple((n + m - span) // s + 1 for n, m, span, s in zip(size, more, covered, stride, strict=True))


def _window_text(kernel: Lengths, dilation: Lengths) -> str:
    covered = spans(kernel, dilation)
    return f"a window of {kernel}" + (f", by dilation {dilation} of {covered}," if covered != kernel else "")


FUNCTIONS.update({np.lib.stride_tricks.sliding_window_view: sliding_window_view})
