"""Samples on axes of length 1 and on nothing at all, of the ops that move, pick, reduce and decompose matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from gallery_arrays import moved
from sample import Sample, call

from autograd_mini import ops

Shape = tuple[int, ...]
Function = Callable[..., Any]

SINGLE: list[Shape] = [(1, 3), (3, 1), (1, 1)]
EMPTY: list[Shape] = [(0, 3), (3, 0), (0, 0)]
BOTH = [*SINGLE, *EMPTY]
SQUARE: list[Shape] = [(1, 1), (3, 1, 1), (0, 2, 2)]
TALL: list[Shape] = [(3, 1), (1, 1), (2, 1, 1)]

# An op, what is tried, its twin, and the shapes of the operand.
ALONE: list[tuple[str, Function, Function, list[Shape]]] = [
    ("sum", lambda x: ops.sum(x, -2), lambda x: x.sum(-2), BOTH),
    ("mean", lambda x: ops.mean(x, 1, True), lambda x: x.mean(1, keepdim=True), SINGLE),
    ("var", lambda x: ops.var(x, -1), lambda x: x.var(-1, correction=0), SINGLE[:1]),
    ("std", lambda x: ops.std(x, (0, 1)), lambda x: x.std((0, 1), correction=0), SINGLE[:2]),
    ("max", lambda x: ops.max(x, -1), lambda x: x.amax(-1), [*SINGLE, (0, 3)]),
    ("min", lambda x: ops.min(x, (1, 0)), lambda x: x.amin((0, 1)), SINGLE),
    ("ptp", lambda x: ops.ptp(x, 1), lambda x: x.amax(1) - x.amin(1), [(1, 3), (3, 1)]),
    ("prod", lambda x: ops.prod(x, -1), lambda x: x.prod(-1), BOTH),
    ("logsumexp", lambda x: ops.logsumexp(x, -1), lambda x: x.logsumexp(-1), SINGLE),
    ("softmax", lambda x: ops.softmax(x, 0), lambda x: x.softmax(0), BOTH),
    ("log_softmax", lambda x: ops.log_softmax(x, -1), lambda x: x.log_softmax(-1), BOTH),
    ("nanvar", lambda x: ops.nanvar(x, 1), lambda x: x.var(1, correction=0), SINGLE[:1]),
    ("nanstd", lambda x: ops.nanstd(x, 1), lambda x: x.std(1, correction=0), SINGLE[:1]),
    ("median", lambda x: ops.median(x, 1), lambda x: torch.quantile(x, 0.5, 1), SINGLE),
    ("partition", lambda x: ops.partition(x, 0, -1), lambda x: x.sort(-1).values, [(3, 1), (1, 1), (0, 2)]),
    ("sort", lambda x: ops.sort(x, 0), lambda x: x.sort(0).values, BOTH),
    ("cumulative_sum", lambda x: ops.cumulative_sum(x, -1), lambda x: x.cumsum(-1), BOTH),
    ("cumulative_prod", lambda x: ops.cumulative_prod(x, -2), lambda x: x.cumprod(-2), BOTH),
    ("logcumsumexp", lambda x: ops.logcumsumexp(x, 1), lambda x: x.logcumsumexp(1), BOTH),
    ("trapezoid", lambda x: ops.trapezoid(x, axis=1), lambda x: torch.trapezoid(x, dim=1), [(1, 3), (3, 1), (0, 3)]),
    ("gradient", lambda x: ops.gradient(x, axis=1), lambda x: torch.gradient(x, dim=1)[0], [(1, 3), (0, 3)]),
    ("vector_norm", lambda x: ops.vector_norm(x, axis=-1), lambda x: torch.linalg.vector_norm(x, dim=-1), SINGLE[:2]),
    ("norm", lambda x: ops.norm(x, axis=1), lambda x: torch.linalg.norm(x, dim=1), [*SINGLE[:2], (0, 3)]),
    ("matrix_norm", ops.matrix_norm, torch.linalg.matrix_norm, [*SINGLE[:2], (0, 2, 3)]),
    ("getitem", lambda x: x[..., :1], lambda x: x[..., :1], BOTH),
    ("ravel", ops.ravel, torch.ravel, BOTH),
    ("transpose", ops.transpose, lambda x: x.T, BOTH),
    ("expand_dims", lambda x: ops.expand_dims(x, -2), lambda x: x.unsqueeze(-2), BOTH),
    ("swapaxes", lambda x: ops.swapaxes(x, 0, -1), lambda x: x.swapaxes(0, -1), BOTH),
    ("moveaxis", lambda x: ops.moveaxis(x, -1, 0), lambda x: x.movedim(-1, 0), BOTH),
    ("rollaxis", lambda x: ops.rollaxis(x, 1), moved(lambda p: np.rollaxis(p, 1)), BOTH),
    ("flip", ops.flip, lambda x: x.flip(0, 1), BOTH),
    ("flipud", ops.flipud, torch.flipud, BOTH),
    ("fliplr", ops.fliplr, torch.fliplr, BOTH),
    ("rot90", ops.rot90, torch.rot90, BOTH),
    ("roll", lambda x: ops.roll(x, 1, -1), lambda x: x.roll(1, -1), BOTH),
    ("repeat", lambda x: ops.repeat(x, 2, -1), lambda x: x.repeat_interleave(2, -1), BOTH),
    ("tile", lambda x: ops.tile(x, (2, 1)), lambda x: x.tile(2, 1), BOTH),
    ("resize", lambda x: ops.resize(x, (2, 2)), moved(lambda p: np.resize(p, (2, 2))), SINGLE),
    ("copy", ops.copy, torch.clone, BOTH),
    ("stop_gradient", lambda x: x * ops.stop_gradient(ops.sign(x)), lambda x: x * x.sign(), BOTH),
    ("stack", lambda x: ops.stack([x, x], -1), lambda x: torch.stack([x, x], -1), BOTH),
    ("hstack", lambda x: ops.hstack([x, 2 * x]), lambda x: torch.hstack([x, 2 * x]), BOTH),
    ("vstack", lambda x: ops.vstack([x, 2 * x]), lambda x: torch.vstack([x, 2 * x]), BOTH),
    ("dstack", lambda x: ops.dstack([x, 2 * x]), lambda x: torch.dstack([x, 2 * x]), BOTH),
    ("column_stack", lambda x: ops.column_stack([x, x]), lambda x: torch.column_stack([x, x]), BOTH),
    ("append", lambda x: ops.append(x, x, 1), lambda x: torch.cat([x, x], 1), BOTH),
    ("block", lambda x: ops.block([[x], [x]]), lambda x: torch.cat([x, x], 0), BOTH),
    ("split", lambda x: ops.split(x, [1], 1)[0], lambda x: x.tensor_split([1], 1)[0], BOTH),
    ("array_split", lambda x: ops.array_split(x, 2)[1], lambda x: x.tensor_split(2)[1], BOTH),
    ("hsplit", lambda x: ops.hsplit(x, [1])[0], lambda x: x.tensor_split([1], 1)[0], BOTH),
    ("vsplit", lambda x: ops.vsplit(x, [1])[0], lambda x: x.tensor_split([1], 0)[0], BOTH),
    ("dsplit", lambda x: ops.dsplit(x, [1])[0], lambda x: x.tensor_split([1], 2)[0], [(2, 3, 1), (2, 0, 3)]),
    ("unstack", lambda x: ops.unstack(x, 1)[0], lambda x: x.unbind(1)[0], [(3, 1), (0, 2)]),
    ("diagonal", ops.diagonal, torch.diagonal, BOTH),
    ("diag", ops.diag, torch.diag, [(1,), (0,), (1, 3), (0, 3)]),
    ("diagflat", ops.diagflat, torch.diagflat, [(1,), (1, 1), (0, 3)]),
    ("triu", ops.triu, torch.triu, BOTH),
    ("tril", lambda x: ops.tril(x, -1), lambda x: x.tril(-1), BOTH),
    ("trace", ops.trace, lambda x: x.diagonal().sum(), BOTH),
    ("matrix_transpose", ops.matrix_transpose, lambda x: x.mT, BOTH),
    ("take", lambda x: ops.take(x, [0, 0], 1), lambda x: x[:, [0, 0]], [*SINGLE, (0, 3)]),
    ("compress", lambda x: ops.compress([True], x, 1), lambda x: x[:, :1], [*SINGLE, (0, 3)]),
    ("extract", lambda x: ops.extract(np.ones(x.shape, bool), x), torch.ravel, BOTH),
    ("delete", lambda x: ops.delete(x, 0, 1), lambda x: x[:, 1:], [*SINGLE, (0, 3)]),
    (
        "take_along_axis",
        lambda x: ops.take_along_axis(x, np.zeros((len(x), 2), int), 1),
        lambda x: x[:, [0, 0]],
        SINGLE,
    ),
    ("sliding_window_view", lambda x: ops.sliding_window_view(x, 1, 1), lambda x: x.unfold(1, 1, 1), SINGLE),
    ("avg_pool1d", lambda x: ops.avg_pool1d(x, 1), lambda x: F.avg_pool1d(x, 1), [(1, 1, 3), (2, 1, 1)]),
    ("max_pool1d", lambda x: ops.max_pool1d(x, 1), lambda x: F.max_pool1d(x, 1), [(1, 1, 3), (2, 1, 1)]),
    (
        "adaptive_avg_pool1d",
        lambda x: ops.adaptive_avg_pool1d(x, 1),
        lambda x: F.adaptive_avg_pool1d(x, 1),
        [(1, 1, 1)],
    ),
    (
        "adaptive_avg_pool2d",
        lambda x: ops.adaptive_avg_pool2d(x, (2, 3)),
        lambda x: F.adaptive_avg_pool2d(x, (2, 3)),
        [(1, 2, 3, 5), (2, 1, 4, 2)],
    ),
    ("embedding", lambda x: ops.embedding([0, 0], x), lambda x: x[[0, 0]], SINGLE),
    (
        "inv",
        lambda x: ops.inv(x + 4 * np.eye(x.shape[-1], dtype=x.dtype)),
        lambda x: torch.linalg.inv(x + _unit(x)),
        SQUARE,
    ),
    ("det", ops.det, torch.linalg.det, SQUARE),
    ("svdvals", ops.svdvals, torch.linalg.svdvals, [(1, 3), (3, 1)]),
    ("pinv", ops.pinv, torch.linalg.pinv, TALL),
    ("qr", lambda x: ops.qr(x).R ** 2, lambda x: torch.linalg.qr(x).R ** 2, TALL),
    ("matrix_power", lambda x: ops.matrix_power(x, 2), lambda x: x @ x, SQUARE),
]
# The same of two operands.
TOGETHER: list[tuple[str, Function, Function, list[tuple[Shape, Shape]]]] = [
    ("matvec", ops.matvec, lambda a, v: (a @ v[..., None])[..., 0], [((1, 3), (3,)), ((0, 3), (3,)), ((2, 0), (0,))]),
    ("vecmat", ops.vecmat, lambda v, a: (v[..., None, :] @ a)[..., 0, :], [((1,), (1, 3)), ((0,), (0, 2))]),
    ("multi_dot", lambda *xs: ops.multi_dot(xs), torch.matmul, [((1, 3), (3, 1)), ((0, 3), (3, 2)), ((2, 0), (0, 2))]),
    ("convolve", ops.convolve, lambda x, y: _convolved(x, y), [((1,), (3,)), ((3,), (1,))]),
    ("fill_diagonal", ops.fill_diagonal, lambda x, y: y.reshape(1, 1) + 0 * x, [((1, 1), ())]),
    (
        "insert",
        lambda x, y: ops.insert(x, 0, y, 0),
        lambda x, y: torch.cat([y[None], x]),
        [((1, 3), (3,)), ((0, 3), (3,))],
    ),
    ("choose", lambda x, y: ops.choose([[1]], [x, y]), lambda x, y: y + 0 * x, [((1, 1), (1, 3)), ((1, 1), (1, 0))]),
    ("meshgrid", lambda x, y: ops.mul(*ops.meshgrid(x, y)), lambda x, y: y[:, None] * x, [((1,), (3,)), ((0,), (2,))]),
    ("cross", ops.cross, lambda x, y: torch.linalg.cross(*torch.broadcast_tensors(x, y)), [((1, 3), (2, 3))]),
    ("conv_transpose1d", ops.conv_transpose1d, F.conv_transpose1d, [((1, 1, 1), (1, 1, 1)), ((2, 1, 3), (1, 2, 1))]),
    (
        "lstsq",
        lambda x, y: ops.lstsq(x, y)[0],
        lambda x, y: torch.linalg.pinv(x) @ y,
        [((3, 1), (3,)), ((3, 1), (3, 1))],
    ),
]


def _unit(x: torch.Tensor) -> torch.Tensor:
    return 4 * torch.eye(x.shape[-1], dtype=x.dtype)


def _convolved(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return F.conv1d(x[None, None], y.flip(0)[None, None], padding=len(y) - 1)[0, 0]


def samples() -> Iterator[Sample]:
    for op, ours, twin, shapes in ALONE:
        for shape in shapes:
            yield call(op, f"awkward {shape}", ours, twin, shape, every_layout=False)
    for op, ours, twin, pairs in TOGETHER:
        for pair in pairs:
            yield call(op, f"awkward {pair}", ours, twin, *pair, every_layout=False)


SAMPLES: list[Sample] = list(samples())
