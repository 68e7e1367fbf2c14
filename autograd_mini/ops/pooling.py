"""Pools: what the windows of an image come to, the largest element of each or their mean."""

from __future__ import annotations

from functools import reduce
from itertools import accumulate
from math import inf, prod
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.choosing import where
from autograd_mini.ops.operation import Carrier, Operation, dtype_of, is_foreign, shape_of
from autograd_mini.ops.picking import take
from autograd_mini.ops.pointwise import add, div
from autograd_mini.ops.reduction import broadcast_to, mean, sum
from autograd_mini.ops.shape import reshape, transpose
from autograd_mini.ops.window import (
    Length,
    Lengths,
    as_images,
    as_lengths,
    padded,
    places_of,
    spans,
    to_columns,
    window_of,
)

# ---------------------------------------------------------------- the largest


def largest_of_windows(windows: Any, out: Any = None) -> Any:
    """The forward of ``max_pool``, into the array ``out`` where there is one."""
    if is_foreign(windows) or windows.shape[1] > 16:
        return np.max(windows, axis=1, keepdims=True, out=out)
    return reduce(lambda x, y: np.maximum(x, y, out=out), _elements(windows))  # of so few a third of the time


def _first_equal(windows: Any, z: Any) -> Any:
    found = _elements((windows == z) | (windows != windows))
    seen = list(accumulate(found, np.logical_or))  # of windows of few elements: a quarter of logical_or.accumulate
    return np.concatenate([*found[:1], *map(np.greater, found[1:], seen)], axis=1).astype(windows.dtype)


def first_equal_into(out: Any, found: Any, first: Any, seen: Any, windows: Any, z: Any) -> Any:
    """The forward of ``first_equal``, into the array ``out``; the arrays of booleans are for what comes on the way."""
    np.equal(windows, z, found)
    np.not_equal(windows, windows, first)
    np.logical_or(found, first, found)
    seen.fill(False)
    for of_found, of_first in zip(_elements(found), _elements(first), strict=True):
        np.greater(of_found, seen, of_first)
        np.logical_or(seen, of_found, seen)
    out[...] = first
    return out


def _elements(windows: Any) -> list[Any]:
    return [windows[:, i : i + 1] for i in range(windows.shape[1])]


def _to_the_first_largest(g: Carrier, z: Carrier, windows: Carrier) -> Carrier:
    """The gradient of each window to its first largest element; a nan counts as the largest."""
    return where(_FIRST_EQUAL(windows, z) != 0, broadcast_to(g, shape_of(windows)), 0.0)


# Of windows (C, elements, windows) the largest elements (C, 1, windows), and 1 where those stand first, else 0.
_MAX_POOL = Operation("max_pool", largest_of_windows, _to_the_first_largest)
_FIRST_EQUAL = Operation("first_equal", _first_equal, lambda g, z, windows, x: 0.0, lambda g, z, windows, x: 0.0)


def max_pool1d(
    x: Carrier,
    kernel_size: Length,
    stride: Length | None = None,
    padding: Length = 0,
    dilation: Length = 1,
    ceil_mode: bool = False,
) -> Carrier:
    """The largest element of each window of a sequence: as ``max_pool2d``, with one axis. PyTorch: ``F.max_pool1d``.

    >>> max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[3., 2.]])
    """
    return _max_pool("max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    x: Carrier,
    kernel_size: Length,
    stride: Length | None = None,
    padding: Length = 0,
    dilation: Length = 1,
    ceil_mode: bool = False,
) -> Carrier:
    """The largest element of each window of an image, (N, C, H, W) or (C, H, W). PyTorch: ``F.max_pool2d``.

    ``stride`` is ``kernel_size`` by default. The padding is never the largest. With ``ceil_mode`` there is a last
    window where only a part of it fits. Of equal elements the first gets the whole gradient, as in PyTorch; a window
    with a nan comes to nan, and the first nan gets it (PyTorch: the last).

    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 5.,  7.],
            [13., 15.]]])
    """
    return _max_pool("max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode)


def _max_pool(
    op: str,
    n: int,
    x: Carrier,
    kernel_size: Length,
    stride: Length | None,
    padding: Length,
    dilation: Length,
    ceil_mode: bool,
) -> Carrier:
    x, is_batch = as_images(op, x, n)
    stride = kernel_size if stride is None else stride
    kernel, strides, dilations, pads = window_of(op, n, kernel_size, stride, dilation, padding)
    size = shape_of(x)[2:]
    margins = _margins(op, size, kernel, strides, dilations, pads, ceil_mode)
    x = padded(x, margins)
    if shape_of(x)[2:] != size:
        x = add(x, np.pad(np.zeros(size, dtype_of(x)), margins, constant_values=-inf))
    windows, places = _windows(x, kernel, strides, dilations)
    return _as_image(_MAX_POOL.on(windows), places, is_batch)


# ---------------------------------------------------------------- the mean


def avg_pool1d(
    x: Carrier,
    kernel_size: Length,
    stride: Length | None = None,
    padding: Length = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Carrier:
    """The mean of each window of a sequence: as ``avg_pool2d``, with one axis. PyTorch: ``F.avg_pool1d``.

    >>> avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[2., 1.]])
    """
    return _avg_pool("avg_pool1d", 1, x, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    x: Carrier,
    kernel_size: Length,
    stride: Length | None = None,
    padding: Length = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Carrier:
    """The mean of each window of an image, (N, C, H, W) or (C, H, W). PyTorch: ``F.avg_pool2d``.

    ``stride`` is ``kernel_size`` by default. The padding counts as zeros, or not at all without ``count_include_pad``.
    With ``ceil_mode`` there is a last window where only a part of it fits, and it is the mean of that part.

    >>> avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 2.5,  4.5],
            [10.5, 12.5]]])
    """
    return _avg_pool("avg_pool2d", 2, x, kernel_size, stride, padding, ceil_mode, count_include_pad)


def _avg_pool(
    op: str,
    n: int,
    x: Carrier,
    kernel_size: Length,
    stride: Length | None,
    padding: Length,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Carrier:
    x, is_batch = as_images(op, x, n)
    stride = kernel_size if stride is None else stride
    kernel, strides, ones, pads = window_of(op, n, kernel_size, stride, 1, padding)
    size = shape_of(x)[2:]
    margins = _margins(op, size, kernel, strides, ones, pads, ceil_mode)
    windows, places = _windows(padded(x, margins), kernel, strides, ones)
    counts = np.ones(())
    for length, k, s, p, m in zip(size, kernel, strides, pads, places, strict=True):
        starts = np.arange(m) * s - p
        low, high = (-p, length + p) if count_include_pad else (0, length)
        counts = np.multiply.outer(counts, np.minimum(starts + k, high) - np.maximum(starts, low))
    means = div(sum(windows, 1), np.repeat(counts.ravel(), shape_of(x)[0]).astype(dtype_of(x)))
    return _as_image(means, places, is_batch)


def adaptive_avg_pool1d(x: Carrier, output_size: Length) -> Carrier:
    """Means of so many stretches of a sequence: as ``adaptive_avg_pool2d``. PyTorch: ``F.adaptive_avg_pool1d``.

    >>> adaptive_avg_pool1d(np.array([[1.0, 2.0, 3.0]]), 2)
    array([[1.5, 2.5]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, x, output_size)


def adaptive_avg_pool2d(x: Carrier, output_size: Any) -> Carrier:
    """Means of windows that cover an image, as many as ``output_size`` says. PyTorch: ``F.adaptive_avg_pool2d``.

    (N, C, H, W) or (C, H, W) gives (..., *output_size), where None keeps the length of an axis. Of H elements,
    window i of h has those from i * H / h rounded down up to (i + 1) * H / h rounded up, so that some overlap where h
    does not divide H.

    >>> adaptive_avg_pool2d(np.arange(6.0).reshape(1, 2, 3), (1, 2))
    array([[[2., 3.]]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, x, output_size)


def _adaptive_avg_pool(op: str, n: int, x: Carrier, output_size: Any) -> Carrier:
    x, is_batch = as_images(op, x, n)
    given = tuple(output_size) if isinstance(output_size, tuple | list) else (output_size,) * n
    if None in given and len(given) == n:
        given = tuple(length if m is None else m for m, length in zip(given, shape_of(x)[2:], strict=True))
    size = as_lengths(op, "output_size", given, n)
    for axis, count in enumerate(size, 2):
        x = _means_along(x, axis, count)
    return x if is_batch else reshape(x, shape_of(x)[1:])


def _means_along(x: Carrier, axis: int, count: int) -> Carrier:
    """The means of ``count`` windows that cover an axis, in place of it. A nan or an inf stays in its own windows."""
    before, length, after = shape_of(x)[:axis], shape_of(x)[axis], shape_of(x)[axis + 1 :]
    if length % count == 0:
        return mean(reshape(x, (*before, count, length // count, *after)), axis + 1)
    starts = np.arange(count) * length // count
    stops = -(-(np.arange(count) + 1) * length // count)
    places = starts[:, None] + np.arange(np.max(stops - starts))
    inside, across = places < stops[:, None], (1,) * len(after)
    windows = take(x, np.minimum(places, length - 1), axis)
    windows = where(inside.reshape(*inside.shape, *across), windows, 0.0)
    return div(sum(windows, axis + 1), (stops - starts).astype(dtype_of(x)).reshape(count, *across))


# ---------------------------------------------------------------- both


def _windows(x: Carrier, kernel: Lengths, stride: Lengths, dilation: Lengths) -> tuple[Carrier, Lengths]:
    """The windows of images as (C, elements of a window, windows of all images), and their number along each axis."""
    columns = to_columns(x, kernel, stride, dilation)
    c, *_, n = shape_of(columns)
    places = shape_of(columns)[1 + len(kernel) : -1]
    return reshape(columns, (c, prod(kernel), prod(places) * n)), places


def _as_image(z: Carrier, places: Lengths, is_batch: bool) -> Carrier:
    """What the windows came to as (N, C, *places), or without N."""
    c, m = shape_of(z)[0], prod(places)
    images = transpose(reshape(z, (c, *places, prod(shape_of(z)[1:]) // m)), (1 + len(places), *range(1 + len(places))))
    return images if is_batch else reshape(images, (c, *places))


def _margins(
    op: str, size: Lengths, kernel: Lengths, stride: Lengths, dilation: Lengths, pads: Lengths, ceil_mode: bool
) -> list[tuple[int, int]]:
    """The padding before and after on each axis, with what a last window needs that only begins within."""
    if any(2 * p > span for p, span in zip(pads, spans(kernel, dilation), strict=True)):
        raise ValueError(
            located(f"{op}: a padding of {pads} is more than half of the window {kernel}, so that some would be empty")
        )
    wide = tuple(length + 2 * p for length, p in zip(size, pads, strict=True))
    places = places_of(op, wide, kernel, stride, dilation, ceil_mode)
    margins = []
    for length, n, span, s, p, m in zip(size, wide, spans(kernel, dilation), stride, pads, places, strict=True):
        begins_outside = ceil_mode and (m - 1) * s >= length + p
        margins.append((p, p + max((m - 1 - begins_outside) * s + span - n, 0)))
    return margins
