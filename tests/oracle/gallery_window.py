"""The samples of windows: sliding and overlap-add, convolutions, pools, foldings and lookups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sample import ALONE, SCALAR, Operand, Sample, call

from autograd_mini import ops

# ---------------------------------------------------------------- twins, where PyTorch has no function of the kind


def _windows(x: torch.Tensor, sizes: Any, axes: Any, stride: int = 1, dilation: int = 1) -> torch.Tensor:
    for size, axis in zip(sizes, axes, strict=True):
        x = x.unfold(axis, (size - 1) * dilation + 1, stride)[..., ::dilation]
    return x


def _added_up(windows: torch.Tensor, shape: Any, axes: Any, stride: int = 1, dilation: int = 1) -> torch.Tensor:
    sizes = windows.shape[len(shape) :]
    places = _windows(torch.arange(int(np.prod(shape))).reshape(shape), sizes, axes, stride, dilation)
    return torch.zeros(int(np.prod(shape)), dtype=windows.dtype).put(places, windows, accumulate=True).reshape(shape)


def _convolved(a: torch.Tensor, v: torch.Tensor, mode: str) -> torch.Tensor:
    if len(v) > len(a):
        a, v = v, a
    n, m = len(a), len(v)
    full = F.conv1d(a[None], v.flip(0)[None, None], padding=m - 1)[0]
    first, count = {"full": (0, n + m - 1), "same": ((m - 1) // 2, n), "valid": (m - 1, n - m + 1)}[mode]
    return full[first : first + count]


def _correlated(a: torch.Tensor, v: torch.Tensor, mode: str) -> torch.Tensor:
    n, m = len(a), len(v)
    full = _convolved(a, v.flip(0), "full")
    if mode == "full":
        return full
    short = min(n, m)
    if mode == "valid":
        return full[short - 1 : max(n, m)]
    first = short - 1 - short // 2 if n >= m else short // 2
    return full[first : first + max(n, m)]


# ---------------------------------------------------------------- samples


def _sliding() -> Iterator[Sample]:
    for shape, sizes, axes, stride, dilation in [
        ((6,), (3,), (0,), 1, 1),
        ((7,), (2,), (0,), 2, 3),
        ((8,), (2,), (0,), 3, 1),  # the last element is in no window
        ((3,), (3,), (0,), 1, 1),
        ((4, 5), (2, 3), (0, 1), 1, 1),
        ((4, 5), (2,), (-1,), 2, 1),
        ((4, 5), (2, 2), (1, 0), 2, 1),
        ((5, 2), (2, 2), (0, 0), 1, 1),  # windows of windows
        ((2, 3, 4), (1, 2), (0, 2), 1, 2),
        ((0, 4), (2,), (1,), 1, 1),
    ]:
        text = f"{shape}, {sizes}, axis={axes}, stride={stride}, dilation={dilation}"
        yield call(
            "sliding_window_view",
            text,
            lambda x, s=sizes, a=axes, st=stride, d=dilation: ops.sliding_window_view(x, s, a, stride=st, dilation=d),
            lambda x, s=sizes, a=axes, st=stride, d=dilation: _windows(x, s, a, st, d),
            shape,
            every_layout=len(shape) == 2,
        )
        if len(set(axes)) < len(axes):
            continue
        windows = ops.sliding_window_view(np.zeros(shape), sizes, axes, stride=stride, dilation=dilation).shape
        yield call(
            "overlap_add",
            text,
            lambda x, s=shape, a=axes, st=stride, d=dilation: ops.overlap_add(x, s, a, stride=st, dilation=d),
            lambda x, s=shape, a=axes, st=stride, d=dilation: _added_up(x, s, a, st, d),
            windows,
            every_layout=len(shape) == 2,
        )
    yield call(
        "sliding_window_view",
        "all axes",
        lambda x: ops.sliding_window_view(x, (2, 2)),
        lambda x: _windows(x, (2, 2), (0, 1)),
        (3, 4),
        every_layout=False,
    )


def _folding() -> Iterator[Sample]:
    for shape, options in [
        ((2, 2, 4, 3), {"kernel_size": 2}),
        ((1, 2, 5, 4), {"kernel_size": (3, 1), "stride": (2, 1), "padding": (1, 0)}),
        ((2, 5, 5), {"kernel_size": 2, "dilation": (2, 3), "padding": 1, "stride": 2}),
        ((0, 1, 3, 3), {"kernel_size": 2}),
    ]:
        yield call(
            "unfold",
            f"{shape}, {options}",
            lambda x, o=options: ops.unfold(x, **o),
            lambda x, o=options: F.unfold(x, **o),
            shape,
            every_layout=len(shape) == 3,
        )
        columns = ops.unfold(np.zeros(shape), **options).shape
        yield call(
            "fold",
            f"{columns} to {shape}, {options}",
            lambda x, s=shape[-2:], o=options: ops.fold(x, s, **o),
            lambda x, s=shape[-2:], o=options: F.fold(x, s, **o),
            columns,
            every_layout=len(shape) == 3,
        )


# The input, the weight, whether there is a bias, and options.
CONVOLUTIONS: dict[str, list[tuple[tuple[int, ...], tuple[int, ...], bool, dict[str, Any]]]] = {
    "conv1d": [
        ((2, 3, 5), (4, 3, 2), True, {}),
        ((3, 5), (2, 3, 3), True, {"stride": 2, "padding": 1}),
        ((2, 4, 6), (4, 2, 2), False, {"groups": 2, "dilation": 2}),
        ((1, 2, 5), (2, 2, 3), False, {"padding": "same"}),
        ((1, 1, 3), (1, 1, 3), True, {"padding": "valid"}),
        ((0, 2, 4), (3, 2, 2), True, {}),
    ],
    "conv2d": [
        ((2, 2, 4, 3), (3, 2, 2, 2), True, {}),
        ((2, 4, 4), (2, 2, 3, 2), True, {"stride": 2, "padding": 1}),
        ((1, 2, 5, 4), (2, 2, 3, 2), False, {"padding": (0, 2), "stride": (1, 3), "dilation": (2, 1)}),
        ((1, 4, 3, 3), (2, 2, 2, 2), True, {"groups": 2}),
        ((2, 3, 3, 3), (3, 1, 2, 2), False, {"groups": 3, "padding": 1}),
        ((1, 1, 4, 5), (2, 1, 3, 2), True, {"padding": "same", "dilation": (1, 2)}),
        ((2, 3, 2, 2), (2, 3, 1, 1), True, {}),
        ((1, 1, 3, 3), (1, 1, 3, 3), False, {}),
        ((0, 2, 3, 3), (2, 2, 2, 2), True, {}),
    ],
    "conv_transpose1d": [
        ((2, 3, 4), (3, 2, 2), True, {}),
        ((3, 4), (3, 2, 3), True, {"stride": 2, "padding": 1, "output_padding": 1}),
        ((1, 4, 3), (4, 2, 2), False, {"groups": 2, "dilation": 3, "output_padding": 2}),
    ],
    "conv_transpose2d": [
        ((2, 2, 3, 2), (2, 3, 2, 2), True, {}),
        ((2, 3, 3), (2, 1, 3, 2), True, {"stride": (2, 3), "padding": 1, "output_padding": (1, 2)}),
        ((1, 4, 2, 2), (4, 1, 2, 3), False, {"groups": 2, "dilation": 2}),
        ((0, 2, 2, 2), (2, 2, 2, 2), True, {}),
    ],
}


def _convolutions() -> Iterator[Sample]:
    for op, cases in CONVOLUTIONS.items():
        ours, twin = getattr(ops, op), getattr(F, op)
        for i, (x, weight, has_bias, options) in enumerate(cases):
            outputs = weight[1] * options.get("groups", 1) if "transpose" in op else weight[0]
            yield call(
                op,
                f"{x}, {weight}, {options}",
                lambda *xs, f=ours, o=options: f(*xs, **o),
                lambda *xs, f=twin, o=options: f(*xs, **o),
                x,
                weight,
                *([(outputs,)] if has_bias else []),
                every_layout=i == 1,
            )
    mixed = [(Operand((1, 2, 3, 3), "float32"), Operand((2, 2, 2, 2)))]
    yield Sample("conv2d", "conv2d(mixed dtypes)", ops.conv2d, F.conv2d, ((-2, 2),) * 2, mixed)
    for op, ours, twin in [("convolve", ops.convolve, _convolved), ("correlate", ops.correlate, _correlated)]:
        for mode in ("full", "same", "valid"):
            for a, v in [(5, 3), (5, 2), (2, 5), (3, 4), (4, 4), (1, 1), (6, 1)]:
                yield call(
                    op,
                    f"{a}, {v}, {mode}",
                    lambda x, y, f=ours, m=mode: f(x, y, m),
                    lambda x, y, f=twin, m=mode: f(x, y, m),
                    (a,),
                    (v,),
                    every_layout=(a, v) == (2, 5) and mode == "same",
                )
    yield Sample(
        "convolve",
        "convolve(of a number)",
        ops.convolve,
        lambda a, v: _convolved(a.reshape(1), v, "full"),
        ((-2, 2),) * 2,
        [(SCALAR, Operand((3,))), (Operand(()), Operand((3,)))],
    )


POOLS: dict[str, list[tuple[tuple[int, ...], dict[str, Any]]]] = {
    "max_pool1d": [
        ((2, 3, 6), {"kernel_size": 2}),
        ((2, 7), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
        ((1, 1, 6), {"kernel_size": 2, "stride": 1, "dilation": 3}),
        ((1, 3), {"kernel_size": 4, "ceil_mode": True}),  # which is longer than the image
    ],
    "max_pool2d": [
        ((2, 2, 4, 4), {"kernel_size": 2}),
        ((2, 5, 4), {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)}),
        ((1, 1, 5, 6), {"kernel_size": 2, "stride": 2, "ceil_mode": True}),
        ((1, 1, 5, 5), {"kernel_size": 2, "dilation": 2, "stride": 1, "padding": 1}),
        ((1, 2, 3, 3), {"kernel_size": 3}),
        ((1, 5, 4), {"kernel_size": 3, "stride": 3, "padding": 1, "ceil_mode": True}),  # a last one would begin outside
        ((0, 1, 2, 2), {"kernel_size": 2}),
    ],
    "avg_pool1d": [
        ((2, 3, 6), {"kernel_size": 2}),
        ((2, 7), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}),
    ],
    "avg_pool2d": [
        ((2, 2, 4, 4), {"kernel_size": 2}),
        ((2, 5, 4), {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)}),
        ((1, 1, 5, 4), {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
        ((1, 1, 5, 6), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
        ((1, 1, 4, 4), {"kernel_size": 2, "stride": 3, "ceil_mode": True}),
        ((1, 1, 6, 3), {"kernel_size": 4, "ceil_mode": True}),
        ((1, 5, 4), {"kernel_size": 3, "stride": 3, "padding": 1, "ceil_mode": True}),
        ((0, 1, 2, 2), {"kernel_size": 2}),
    ],
    "adaptive_avg_pool1d": [((2, 3, 5), {"output_size": 2}), ((2, 3), {"output_size": 4})],
    "adaptive_avg_pool2d": [
        ((2, 1, 4, 6), {"output_size": 2}),
        ((2, 5, 3), {"output_size": (3, 2)}),
        ((1, 1, 3, 4), {"output_size": (None, 1)}),
        ((1, 1, 2, 3), {"output_size": (5, 3)}),
    ],
}


def _pools() -> Iterator[Sample]:
    for op, cases in POOLS.items():
        ours, twin = getattr(ops, op), getattr(F, op)
        for shape, options in cases:
            yield call(
                op,
                f"{shape}, {options}",
                lambda x, f=ours, o=options: f(x, **o),
                lambda x, f=twin, o=options: f(x, **o),
                shape,
                every_layout=len(shape) == 3 and op.endswith("2d"),
            )


def _lookups() -> Iterator[Sample]:
    for indices in ([2, 0, 2, 2], [[1, 1], [3, 0]], 2, np.array([3], dtype=np.uint8), np.zeros((0, 2), dtype=int)):
        yield call(
            "embedding",
            f"{np.asarray(indices).tolist()}",
            lambda w, i=indices: ops.embedding(i, w),
            lambda w, i=indices: w[torch.tensor(np.array(i, int))],  # F.embedding of none fails to second order
            (4, 3),
            every_layout=np.ndim(indices) == 2,
        )
    yield Sample(
        "one_hot",
        "x * one_hot([2, 0])",
        lambda x: x * ops.one_hot([2, 0], 4),
        lambda x: x * F.one_hot(torch.tensor([2, 0]), 4),
        ((-2, 2),),
        [(Operand((2, 4)),)],
    )
    yield Sample(
        "stop_gradient",
        "x * stop_gradient(sign(x))",
        lambda x: x * ops.stop_gradient(ops.sign(x)),
        lambda x: x * torch.sign(x).detach(),
        ((-2, 2),),
        ALONE,
    )


SAMPLES: list[Sample] = [*_sliding(), *_folding(), *_convolutions(), *_pools(), *_lookups()]
