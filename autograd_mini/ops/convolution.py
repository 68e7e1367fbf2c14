"""Convolutions: the windows of an image, as columns, times a matrix; compositions without rows of their own."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.linalg import matmul, swap_last
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, as_carriers, as_floating, shape_of
from autograd_mini.ops.pointwise import add
from autograd_mini.ops.shape import expand_dims, reshape, transpose
from autograd_mini.ops.window import (
    Length,
    as_images,
    as_lengths,
    cropped,
    from_columns,
    padded,
    places_of,
    sliding_window_view,
    spans,
    to_columns,
    window_of,
)


def conv1d(
    x: Carrier,
    weight: Carrier,
    bias: Carrier = None,
    stride: Length = 1,
    padding: Length | str = 0,
    dilation: Length = 1,
    groups: int = 1,
) -> Carrier:
    """Kernels slid along a sequence: as ``conv2d``, with one axis. PyTorch: ``F.conv1d``.

    ``x`` is (N, C, L) or (C, L), ``weight`` (out, C / groups, k), ``bias`` (out,); the result (N, out, L') or
    (out, L').

    >>> conv1d(np.array([[1.0, 2.0, 4.0]]), np.array([[[-1.0, 1.0]]]))
    array([[1., 2.]])
    """
    return _conv("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Carrier,
    weight: Carrier,
    bias: Carrier = None,
    stride: Length = 1,
    padding: Length | str = 0,
    dilation: Length = 1,
    groups: int = 1,
) -> Carrier:
    """Kernels slid over an image, each multiplied with what is under it and summed. PyTorch: ``F.conv2d``.

    ``x`` is (N, C, H, W) or (C, H, W), ``weight`` (out, C / groups, kh, kw), ``bias`` (out,); the result
    (N, out, H', W') or (out, H', W') with H' = (H + 2 * padding - dilation * (kh - 1) - 1) // stride + 1.
    ``stride``, ``padding`` and ``dilation`` are a number or one for each axis; padding is "valid" for none, or "same"
    so that H' is H. Each of the ``groups`` of channels has its own part of the kernels. As everywhere in the field it
    is a correlation: the kernel is not flipped.

    >>> conv2d(np.ones((1, 3, 3)), np.ones((1, 1, 2, 2)))
    array([[[4., 4.],
            [4., 4.]]])

    Raises ``ValueError`` where channels, groups, kernel and image do not fit.
    """
    return _conv("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x: Carrier,
    weight: Carrier,
    bias: Carrier = None,
    stride: Length = 1,
    padding: Length = 0,
    output_padding: Length = 0,
    groups: int = 1,
    dilation: Length = 1,
) -> Carrier:
    """The transpose of ``conv1d``: as ``conv_transpose2d``, with one axis. PyTorch: ``F.conv_transpose1d``.

    ``x`` is (N, C, L) or (C, L), ``weight`` (C, out / groups, k), ``bias`` (out,); the result (N, out, L') or
    (out, L').

    >>> conv_transpose1d(np.array([[1.0, 2.0]]), np.array([[[1.0, 10.0]]]))
    array([[ 1., 12., 20.]])
    """
    return _conv_transpose("conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    x: Carrier,
    weight: Carrier,
    bias: Carrier = None,
    stride: Length = 1,
    padding: Length = 0,
    output_padding: Length = 0,
    groups: int = 1,
    dilation: Length = 1,
) -> Carrier:
    """The transpose of ``conv2d``: each number of ``x`` adds its multiple of a kernel. PyTorch: ``F.conv_transpose2d``.

    ``x`` is (N, C, H, W) or (C, H, W), ``weight`` (C, out / groups, kh, kw), ``bias`` (out,); the result
    (N, out, H', W') or (out, H', W') with
    H' = (H - 1) * stride - 2 * padding + dilation * (kh - 1) + output_padding + 1. ``padding`` takes away what
    ``conv2d`` would have put there; ``output_padding`` makes one side longer, since with a stride several sizes of
    image have a convolution of the same size.

    >>> conv_transpose2d(np.array([[[1.0, 2.0]]]), np.ones((1, 1, 1, 2)), stride=2)
    array([[[1., 1., 2., 2.]]])

    Raises ``ValueError`` where channels, groups, kernel and image do not fit.
    """
    return _conv_transpose("conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation)


def _conv(
    op: str,
    n: int,
    x: Carrier,
    weight: Carrier,
    bias: Carrier,
    stride: Length,
    padding: Length | str,
    dilation: Length,
    groups: int,
) -> Carrier:
    x, is_batch = as_images(op, x, n)
    weight = _checked_weight(op, n, weight, bias, outputs=lambda shape: shape[0])
    out, per_group, *lengths = shape_of(weight)
    if groups < 1 or out % groups or shape_of(x)[1] != groups * per_group:
        raise ValueError(
            located(
                f"{op} of {shape_of(x)} with a weight of {shape_of(weight)}, groups={groups}: the input has "
                f"{shape_of(x)[1]} channels, the weight is for {per_group * groups}, and its {out} outputs must divide "
                "by groups; the input has shape (N, channels, *lengths), the weight (out, channels / groups, *kernel)"
            )
        )
    same = padding == "same"
    if isinstance(padding, str) and padding not in ("same", "valid"):
        raise ValueError(located(f"{op}: padding is 'same', 'valid' or whole numbers, not {padding!r}"))
    kernel, strides, dilations, pads = window_of(
        op, n, lengths, stride, dilation, 0 if isinstance(padding, str) else padding
    )
    if same and any(s != 1 for s in strides):
        raise ValueError(located(f"{op}: padding='same' needs stride 1, not {strides}; give the padding in numbers"))
    both = [((span - 1) // 2, span // 2) for span in spans(kernel, dilations)] if same else [(p, p) for p in pads]
    x = padded(x, both)
    places = places_of(op, shape_of(x)[2:], kernel, strides, dilations)
    columns = to_columns(x, kernel, strides, dilations)
    rows, stack = per_group * prod(kernel), () if groups == 1 else (groups,)
    columns = reshape(columns, (*stack, rows, prod(places) * shape_of(x)[0]))
    kernels = reshape(weight, (*stack, out // groups, rows))
    z = reshape(matmul(kernels, columns), (out, *places, shape_of(x)[0]))
    return _with_bias(transpose(z, (1 + n, *range(1 + n))), bias, is_batch)


def _conv_transpose(
    op: str,
    n: int,
    x: Carrier,
    weight: Carrier,
    bias: Carrier,
    stride: Length,
    padding: Length,
    output_padding: Length,
    groups: int,
    dilation: Length,
) -> Carrier:
    x, is_batch = as_images(op, x, n)
    weight = _checked_weight(op, n, weight, bias, outputs=lambda shape: shape[1] * groups)
    channels, per_group, *lengths = shape_of(weight)
    if groups < 1 or channels % groups or shape_of(x)[1] != channels:
        raise ValueError(
            located(
                f"{op} of {shape_of(x)} with a weight of {shape_of(weight)}, groups={groups}: the input has "
                f"{shape_of(x)[1]} channels, the weight is for {channels}, which groups must divide; the weight has "
                "shape (channels, out / groups, *kernel)"
            )
        )
    kernel, strides, dilations, pads = window_of(op, n, lengths, stride, dilation, padding)
    extra = as_lengths(op, "output_padding", output_padding, n, least=0)
    if any(e >= max(s, d) for e, s, d in zip(extra, strides, dilations, strict=True)):
        raise ValueError(
            located(
                f"{op}: output_padding {extra} must be smaller than the stride {strides} or the dilation {dilations}"
            )
        )
    count, places = shape_of(x)[0], shape_of(x)[2:]
    size = tuple((m - 1) * s + span for m, s, span in zip(places, strides, spans(kernel, dilations), strict=True))
    if any(m < 1 or length + e <= 2 * p for m, length, e, p in zip(places, size, extra, pads, strict=True)):
        raise ValueError(
            located(
                f"{op} of {shape_of(x)} with a kernel of {kernel}: padding {pads} leaves nothing of the {size} result"
            )
        )
    stack = () if groups == 1 else (groups,)
    pixels = reshape(transpose(x, (*range(1, 2 + n), 0)), (*stack, channels // groups, prod(places) * count))
    kernels = reshape(weight, (*stack, channels // groups, per_group * prod(kernel)))
    columns = reshape(matmul(swap_last(kernels), pixels), (groups * per_group, *kernel, *places, count))
    image = padded(from_columns(columns, size, strides, dilations), [(0, e) for e in extra])
    return _with_bias(cropped(image, pads), bias, is_batch)


def _checked_weight(op: str, n: int, weight: Carrier, bias: Carrier, outputs: Callable[[Any], int]) -> Carrier:
    weight = as_floating(weight)
    shape = shape_of(weight)
    if len(shape) != n + 2:
        raise ValueError(located(f"{op}: the weight has {n + 2} axes, two of channels and the kernel's, not {shape}"))
    of_bias = () if bias is None else shape_of(as_floating(bias))
    if bias is not None and of_bias != (outputs(shape),):
        raise ValueError(
            located(f"{op} with a weight of {shape}: the bias has shape ({outputs(shape)},), not {of_bias}")
        )
    return weight


def _with_bias(z: Carrier, bias: Carrier, is_batch: bool) -> Carrier:
    z = z if is_batch else reshape(z, shape_of(z)[1:])
    if bias is None:
        return z
    return add(z, reshape(bias, (-1, *[1] * (len(shape_of(z)) - 1 - is_batch))))


# ---------------------------------------------------------------- NumPy's, of two sequences


def convolve(a: Carrier, v: Carrier, mode: str = "full") -> Carrier:
    """The sums of ``a[m] * v[n - m]``: the coefficients of a product of polynomials. PyTorch: ``F.conv1d``, flipped.

    ``mode`` says how far the two may stand apart: ``"full"`` (n + m - 1 results), ``"same"`` (as many as the longer
    one has), ``"valid"`` (only where the shorter one lies within the longer one).

    >>> convolve(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    array([1., 5., 6.])
    """
    a, v = (expand_dims(x, 0) if shape_of(x) == () else x for x in as_carriers(a, v))
    if len(shape_of(a)) == len(shape_of(v)) == 1 and shape_of(v)[0] > shape_of(a)[0]:
        a, v = v, a
    return _correlate("convolve", a, getitem(v, slice(None, None, -1)), mode)


def correlate(a: Carrier, v: Carrier, mode: str = "valid") -> Carrier:
    """The sums of ``a[n + m] * v[m]``: how alike ``v`` is to each stretch of ``a``. PyTorch: ``F.conv1d``.

    The modes are those of ``convolve``.

    >>> correlate(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0]))
    array([2., 3.])
    """
    a, v = as_carriers(a, v)
    if len(shape_of(a)) == len(shape_of(v)) == 1 and shape_of(v)[0] > shape_of(a)[0]:
        return getitem(_correlate("correlate", v, a, mode), slice(None, None, -1))
    return _correlate("correlate", a, v, mode)


def _correlate(op: str, a: Carrier, v: Carrier, mode: str) -> Carrier:
    """``correlate``, where ``v`` is not longer than ``a``."""
    if len(shape_of(a)) != 1 or len(shape_of(v)) != 1 or not shape_of(v)[0]:
        raise ValueError(
            located(f"{op} of {shape_of(a)} and {shape_of(v)}: both are sequences, with one axis and not empty")
        )
    m = shape_of(v)[0]
    margins = {"full": (m - 1, m - 1), "same": (m // 2, m - 1 - m // 2), "valid": (0, 0)}
    if mode not in margins:
        raise ValueError(located(f"{op}: mode is 'full', 'same' or 'valid', not {mode!r}"))
    return matmul(sliding_window_view(padded(a, [margins[mode]]), m), v)


FUNCTIONS.update({np.convolve: convolve, np.correlate: correlate})
