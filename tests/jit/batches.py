"""A sample of every op, layer and loss on batches of any size, for the tests of what a replay computes into."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import autograd_mini as am
import nn

Case = tuple[Callable[[Any, Any], Any], tuple[int, ...], tuple[int, ...]]  # of x and w, x without its batch, and w


def on(f: Callable[[Any, Any], Any], *sample: int, w: tuple[int, ...] = ()) -> Case:
    return f, sample or (4,), w or (sample or (4,))[-1:]


def first(results: Any) -> Any:
    return results[0] if isinstance(results, tuple | list) else results


def last(results: Any) -> Any:
    return results[-1] if isinstance(results, tuple | list) else results


def of_one(name: str) -> Case:
    return on(lambda x, w: last(getattr(am, name)(x * w)))


def of_two(name: str) -> Case:
    """Once with an array for each operand, once with a row for the second."""
    op = getattr(am, name)
    return on(lambda x, w: last(op(x * w, w * 0.3)) + last(op(x * w, x * w * 0.7)))


def along(name: str) -> Case:
    """Along each axis."""
    op = getattr(am, name)
    return on(lambda x, w: op(x * w, axis=0).sum() * op(x * w, axis=1).sum())


def rearranged(name: str) -> Case:
    op = getattr(am, name)
    return on(lambda x, w: first(op(x * w)) * 2)


def joined(name: str) -> Case:
    op = getattr(am, name)
    return on(lambda x, w: op([x * w, 2 * x * w]) * 2)


def cut(name: str) -> Case:
    op = getattr(am, name)
    return on(lambda x, w: op(x * w, 2)[1] * 2, 4, 4)


def product(name: str) -> Case:
    op = getattr(am, name)
    return on(lambda x, w: op(x, w))


def rows(x: Any) -> Any:
    return np.arange(x.shape[0])


ELEMENTWISE = (
    "abs arccos arcsin arcsinh arctan arctanh cbrt ceil cos cosh deg2rad elu erf erfinv exp exp2 expm1 floor gelu "
    "leaky_relu log log10 log1p log2 modf nan_to_num neg positive rad2deg reciprocal relu rint round sigmoid sign silu "
    "sin sinh softplus sqrt square stop_gradient tan tanh trunc copy"
)
OF_TWO = (
    "add arctan2 copysign div divmod float_power floor_divide fmax fmin fmod heaviside hypot ldexp logaddexp "
    "logaddexp2 maximum minimum mul pow remainder sub"
)
ALONG = (
    "cumsum cumprod logcumsumexp exclusive_cumprod cumulative_sum cumulative_prod nancumsum nancumprod diff flip "
    "log_softmax logsumexp max mean min nanmax nanmean nanmin nanprod nanstd nansum nanvar norm prod ptp softmax std "
    "sum trapezoid var vector_norm"
)
# Rearranged without options: what each takes is a batch of vectors.
PLAIN = "atleast_1d atleast_2d atleast_3d ravel flipud fliplr rot90 matrix_transpose transpose broadcast_arrays trace"

OPS: dict[str, Case] = {
    **{name: of_one(name) for name in ELEMENTWISE.split()},
    **{name: of_two(name) for name in OF_TWO.split()},
    **{name: along(name) for name in ALONG.split()},
    **{name: rearranged(name) for name in PLAIN.split()},
    "arccosh": on(lambda x, w: am.arccosh(x * w + 1)),
    "lgamma": on(lambda x, w: am.lgamma(x * w)),
    "digamma": on(lambda x, w: am.digamma(x) * w),  # whose derivative is polygamma
    # by a condition
    "where": on(lambda x, w: am.where(x * w > 0.5, x * w, 3 * w) + am.where(w > 0.5, x * w, 0.0)),
    "select": on(lambda x, w: am.select([x * w > 0.7, x > 0.3], [x * w, 2.0], x)),
    "clip": on(lambda x, w: am.clip(x * w, 0.3, 0.6) + am.clip(x * w, w * 0.9, w * 1.1)),
    "conditions": on(lambda x, w: am.where((x * w > 0.2) & ~(x * w > 0.7) | np.isnan(x), x * w, 0.0)),
    # in another shape, order or dtype
    "astype": on(lambda x, w: am.sigmoid(am.astype(x * w, np.float32)) * am.astype(x * w, np.float16)),
    "reshape": on(lambda x, w: am.reshape((x * w).T, (-1, 4)) * 2 + am.reshape(x * w, (-1, 4))),
    "expand_dims": on(lambda x, w: am.expand_dims((x * w)[:, 1], 1) * x),
    "squeeze": on(lambda x, w: am.squeeze((x * w)[:, 1:2], 1) * 2),
    "swapaxes": on(lambda x, w: am.swapaxes(x * w, 0, 1) * x.T, 4),
    "moveaxis": on(lambda x, w: am.moveaxis(x * w, 0, -1) * 2, 3, 4),
    "rollaxis": on(lambda x, w: am.rollaxis(x * w, 2) * 2, 3, 4),
    "broadcast_to": on(lambda x, w: am.broadcast_to((x * w)[:, None], (x.shape[0], 3, 4))),
    "roll": on(lambda x, w: am.roll(x * w, 1, axis=1) + am.roll(x * w, (3, 2), axis=(0, 1)) + am.roll(x * w, 3)),
    "tile": on(lambda x, w: am.tile(x * w, (1, 2))),
    "repeat": on(lambda x, w: am.repeat(x * w, 2, axis=1) * am.repeat(x * w, [1, 2, 3, 2], axis=1)),
    "resize": on(lambda x, w: am.resize(x * w, (x.shape[0], 6))),
    "pad": on(lambda x, w: am.pad(x * w, ((0, 0), (1, 1))) * am.pad(x * w, ((0, 0), (1, 1)), mode="reflect")),
    "triu": on(lambda x, w: am.triu(x * w), 4, 4),
    "tril": on(lambda x, w: am.tril(x * w, 1), 4, 4),
    "diagonal": on(lambda x, w: am.diagonal(x * w, axis1=1, axis2=2), 4, 4),
    "diag": on(lambda x, w: am.diag(x * w)),
    "diagflat": on(lambda x, w: am.diagflat(x[0] * w) * x[1]),
    "fill_diagonal": on(lambda x, w: am.fill_diagonal(x * w, 0.0)),
    # joined and cut
    "concatenate": on(lambda x, w: am.concatenate([x * w, x * w], axis=1) * am.concatenate([x * w, w * x], axis=1)),
    "stack": on(lambda x, w: am.stack([x * w, 2 * x * w]) * am.stack([x * w, 3 * x * w], axis=0)),
    "append": on(lambda x, w: am.append(x * w, 2 * x * w, axis=1)),
    **{name: joined(name) for name in ("hstack", "vstack", "dstack", "column_stack", "block")},
    **{name: cut(name) for name in ("array_split", "split", "hsplit", "vsplit", "dsplit")},
    "unstack": on(lambda x, w: first(am.unstack(x * w, axis=1)) * 2),
    "meshgrid": on(lambda x, w: first(am.meshgrid((x * w)[:, 0], w)) * 2),
    # picked and put
    "getitem": on(lambda x, w: (x * w)[:, [0, 2, 2]].sum() + (x * w)[1:, ::2].sum() + (x * w)[rows(x) % 2 == 0].sum()),
    "getitem of pairs": on(lambda x, w: (x * w)[rows(x), rows(x) % 4] * (x * w)[rows(x)[::-1], 1]),
    "take": on(lambda x, w: am.take(x * w, [0, 1, 1], axis=1)),
    "take_along_axis": on(lambda x, w: am.take_along_axis(x * w, am.astype(x, float).argmax(1, keepdims=True), axis=1)),
    "put_along_axis": on(lambda x, w: am.put_along_axis(x * w, rows(x)[:, None] % 4, x[:, :1] * w[:1], axis=1)),
    "scatter_add": on(lambda x, w: am.scatter_add(x * w, (4, 4), rows(x) % 4)),
    "compress": on(lambda x, w: am.compress([True, False, True, True], x * w, axis=1)),
    "extract": on(lambda x, w: am.extract(np.arange(x.size).reshape(x.shape) % 3 == 0, x * w)),
    "delete": on(lambda x, w: am.delete(x * w, 1, axis=1)),
    "insert": on(lambda x, w: am.insert(x * w, 1, 3.0, axis=1)),
    "choose": on(lambda x, w: am.choose(np.zeros(x.shape, int), [x * w, x * w * 2])),
    # products
    "matmul": on(lambda x, w: (x @ w) * (w.T @ x.T).T, w=(4, 5)),
    "matmul of batches": on(lambda x, w: (x * w) @ am.transpose(x * w, (0, 2, 1)), 3, 4),
    "matmul of vectors": on(lambda x, w: ((x * w) @ w) @ x),
    "matmul of slices": on(lambda x, w: (x * w)[:, ::2].T @ x),
    "linear": on(lambda x, w: am.linear(x, w, w[:, 0]), w=(5, 4)),
    "linear of batches": on(lambda x, w: am.linear(x, w, w[:, 0]), 3, 4, w=(5, 4)),
    "einsum": on(lambda x, w: am.einsum("ni,ij->nj", x, w), w=(4, 5)),
    "tensordot": on(lambda x, w: am.tensordot(x, w, ([1, 2], [0, 1])), 3, 4, w=(3, 4, 5)),
    "outer": on(lambda x, w: am.outer(x[:, 0], w)),
    "kron": on(lambda x, w: am.kron(x, w), w=(2, 2)),
    "cross": on(lambda x, w: am.cross(x, w), 3),
    "vecmat": on(lambda x, w: am.vecmat(x, w), w=(4, 5)),
    "multi_dot": on(lambda x, w: am.multi_dot([x, w, w]), w=(4, 4)),
    "matrix_power": on(lambda x, w: am.matrix_power(x * w, 3), 4, 4),
    "matrix_norm": on(lambda x, w: am.matrix_norm(x * w), 4, 4),
    **{name: product(name) for name in ("dot", "inner", "matvec", "vecdot")},
    "vdot": on(lambda x, w: am.vdot((x * w)[:, ::-1], x * w)),
    "linear_recurrence": on(lambda x, w: am.linear_recurrence(x * w, x * w, axis=1)),
    "average": on(lambda x, w: am.average(x * w, axis=1, weights=w)),
    "gradient": on(lambda x, w: am.gradient(x * w, axis=1)),
    # windows
    "sliding_window_view": on(lambda x, w: am.sliding_window_view(x * w, 2, axis=1) * 2),
    "overlap_add": on(
        lambda x, w: (
            am.overlap_add(x * w, (x.shape[0], 4), 1).sum() * am.overlap_add(x * w, (x.shape[0], 6), 1, 2).sum()
        ),
        *(3, 2),
    ),
    "conv1d": on(lambda x, w: am.conv1d(x, w, w[:, 0, 0], padding=1), 2, 6, w=(3, 2, 3)),
    "conv2d": on(
        lambda x, w: am.conv2d(am.conv2d(x, w, w[:, 0, 0, 0], padding=1), w, stride=2, dilation=2),
        *(3, 5, 5),
        w=(3, 3, 3, 3),
    ),
    "conv2d of groups": on(lambda x, w: am.conv2d(x * 2, w, groups=2), 4, 4, 4, w=(4, 2, 3, 3)),
    "conv_transpose1d": on(lambda x, w: am.conv_transpose1d(x, w), 2, 6, w=(2, 3, 3)),
    "conv_transpose2d": on(
        lambda x, w: am.conv_transpose2d(am.conv_transpose2d(x, w), w, stride=2, padding=1), 2, 3, 3, w=(2, 2, 3, 3)
    ),
    "convolve": on(lambda x, w: am.convolve((x * w).ravel(), w)),
    "correlate": on(lambda x, w: am.correlate((x * w).ravel(), w)),
    "unfold": on(lambda x, w: am.unfold(x * w, 2), 2, 4, 4),
    "fold": on(lambda x, w: am.fold(am.unfold(x * w, 2), (4, 4), 2), 2, 4, 4),
    "max_pool1d": on(lambda x, w: am.max_pool1d(x * w, 2), 2, 4),
    "max_pool2d": on(lambda x, w: am.max_pool2d(x * w, 3, stride=1, padding=1), 2, 4, 4),
    "max_pool2d of many": on(lambda x, w: am.max_pool2d(x * w, 5, stride=1), 1, 6, 6),
    "avg_pool1d": on(lambda x, w: am.avg_pool1d(x * w, 2, padding=1), 2, 4),
    "avg_pool2d": on(lambda x, w: am.avg_pool2d(x * w, 2), 2, 4, 4),
    "adaptive_avg_pool1d": on(lambda x, w: am.adaptive_avg_pool1d(x * w, 3), 2, 4),
    "adaptive_avg_pool2d": on(lambda x, w: am.adaptive_avg_pool2d(x * w, 3), 2, 4, 4),
}
LAYERS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    **{
        name: (getattr(nn, name), (4,))
        for name in nn.__all__
        if getattr(getattr(nn, name), "__module__", "") in ("nn.activation", "nn.softmax", "nn.threshold")
    },
    "Threshold": (lambda: nn.Threshold(0.2, -1.0), (4,)),
    "Identity": (nn.Identity, (4,)),
    "Linear": (lambda: nn.Linear(4, 3), (3, 4)),
    "MLP": (lambda: nn.MLP(4, [5, 2]), (4,)),
    "Sequential": (lambda: nn.Sequential(nn.Linear(4, 3), nn.Tanh()), (4,)),
    "Flatten": (nn.Flatten, (3, 4)),
    "Dropout": (nn.Dropout, (4,)),
    "AvgPool1d": (lambda: nn.AvgPool1d(2), (3, 4)),
    "AvgPool2d": (lambda: nn.AvgPool2d(2, padding=1), (3, 4, 4)),
    "MaxPool1d": (lambda: nn.MaxPool1d(2), (3, 4)),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), (3, 4, 4)),
    "Conv1d": (lambda: nn.Conv1d(3, 4, 3, padding=1), (3, 4)),
    "Conv2d": (lambda: nn.Conv2d(3, 4, 3, padding=1), (3, 4, 4)),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(3, 4, 3), (3, 4)),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(3, 4, 3, stride=2), (3, 4, 4)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(4), (4,)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(3), (3, 4, 4)),
    "GroupNorm": (lambda: nn.GroupNorm(3, 3), (3, 4, 4)),
    "LayerNorm": (lambda: nn.LayerNorm(4), (4,)),
    "RMSNorm": (lambda: nn.RMSNorm(4), (4,)),
    "PositionalEmbedding": (lambda: nn.PositionalEmbedding(6, 4), (5, 4)),
    "SinusoidalEncoding": (lambda: nn.SinusoidalEncoding(6, 4), (5, 4)),
    "RNN": (lambda: nn.RNN(4, 4, batch_first=True), (3, 4)),
    "LSTM": (lambda: nn.LSTM(4, 4, batch_first=True), (3, 4)),
    "GRU": (lambda: nn.GRU(4, 4, batch_first=True), (3, 4)),
    "MultiheadAttention": (lambda: partial(_to_itself, nn.MultiheadAttention(4, 2, batch_first=True)), (3, 4)),
    "TransformerBlock": (lambda: nn.TransformerBlock(4, 2, 8, batch_first=True), (3, 4)),
}
LOSSES: dict[str, tuple[Callable[..., Any], Callable[[np.random.Generator, int], Any]]] = {
    **{name: (getattr(nn, name), lambda rng, n: rng.normal(size=(n, 4))) for name in ("mse_loss", "l1_loss")},
    **{name: (getattr(nn, name), lambda rng, n: rng.normal(size=(n, 4))) for name in ("huber_loss", "smooth_l1_loss")},
    "cross_entropy": (nn.cross_entropy, lambda rng, n: rng.integers(0, 4, n)),
    "cross_entropy of all": (
        partial(nn.cross_entropy, weight=np.arange(4.0) + 1, ignore_index=2, label_smoothing=0.1),
        lambda rng, n: rng.integers(0, 4, n),
    ),
    "cross_entropy of probabilities": (nn.cross_entropy, lambda rng, n: rng.dirichlet(np.ones(4), n)),
    "nll_loss": (lambda z, y: nn.nll_loss(am.log_softmax(z), y), lambda rng, n: rng.integers(0, 4, n)),
    "binary_cross_entropy": (
        lambda z, y: nn.binary_cross_entropy(am.sigmoid(z), y, weight=np.arange(4.0)),
        lambda rng, n: rng.integers(0, 2, (n, 4)),
    ),
    "binary_cross_entropy_with_logits": (
        partial(nn.binary_cross_entropy_with_logits, pos_weight=2.0),
        lambda rng, n: rng.integers(0, 2, (n, 4)),
    ),
    "hinge_loss": (nn.hinge_loss, lambda rng, n: 2 * rng.integers(0, 2, (n, 4)) - 1),
    "kl_div": (partial(nn.kl_div, reduction="batchmean"), lambda rng, n: rng.dirichlet(np.ones(4), n)),
}
EMBEDDING = nn.Embedding(4, 3)
OF_CLASSES: dict[str, Callable[[Any, Any], Any]] = {
    "Embedding": lambda classes, w: EMBEDDING(classes),
    "embedding": lambda classes, w: am.embedding(classes, w) + am.embedding(classes, w, padding_idx=1),
    "one_hot": lambda classes, w: am.one_hot(classes, 4) @ w,
}


def _to_itself(layer: Any, x: Any) -> Any:
    return layer(x, x, x)


def total(z: Any) -> Any:
    """One number out of all that a layer returns."""
    if isinstance(z, tuple | list):
        return sum([total(part) for part in z if part is not None])
    return (z * z).sum()


def numbers(rng: np.random.Generator, n: int, sample: tuple[int, ...]) -> Any:
    return rng.uniform(0.2, 0.9, (n, *sample))
