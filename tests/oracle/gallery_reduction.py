"""Products, running sums, statistics, norms, sorting and what leaves nan out, beside PyTorch's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sample import Sample, call, on_float

from autograd_mini import ops

SHAPES: list[tuple[int, ...]] = [(2, 3, 4), (5,), (1, 3), (0, 3)]
Twin = Callable[..., torch.Tensor]


def _along(op: str, twin: Twin, *shapes: tuple[int, ...], **options: Any) -> Iterator[Sample]:
    """An op that goes along one axis and keeps the shape, over every axis and over all elements in order."""
    ours = getattr(ops, op)
    for shape in shapes or SHAPES:
        for axis in [*range(len(shape)), -1]:
            text = "".join(f", {name}={value}" for name, value in options.items())
            yield call(
                op,
                f"{shape}, axis={axis}{text}",
                lambda x, a=axis: ours(x, axis=a, **options),
                lambda x, a=axis: twin(x, a),
                shape,
                every_layout=shape == (2, 3, 4) and axis == 1,
            )


def _flat(op: str, twin: Twin) -> Iterator[Sample]:
    """The same with ``axis=None``."""
    for shape in [(2, 3), (5,), (), (0,)]:
        yield call(
            op,
            f"{shape}, axis=None",
            lambda x: getattr(ops, op)(x, axis=None),
            lambda x: twin(x.reshape(-1), 0),
            shape,
        )
    yield on_float(
        op, "a number, axis=None", lambda x: getattr(ops, op)(x, axis=None), lambda x: twin(x.reshape(-1), 0)
    )


def running() -> Iterator[Sample]:
    for op, twin in {
        "cumsum": torch.cumsum,
        "cumprod": torch.cumprod,
        "exclusive_cumprod": _exclusive_cumprod,
        "logcumsumexp": lambda x, dim: x.exp().cumsum(dim).log(),  # PyTorch's own has nan for a second derivative
        "cummax": lambda x, dim: torch.cummax(x, dim).values,
        "cummin": lambda x, dim: torch.cummin(x, dim).values,
        "sort": lambda x, dim: torch.sort(x, dim).values,
        "nancumsum": torch.cumsum,
        "nancumprod": torch.cumprod,
    }.items():
        yield from _along(op, twin)
        yield from _flat(op, twin)
    for op, twin, initial in [("cumulative_sum", torch.cumsum, 0.0), ("cumulative_prod", torch.cumprod, 1.0)]:
        yield from _along(op, twin, (2, 3, 4), (0, 3))
        yield from _along(op, _with_initial(twin, initial), (2, 3, 4), (0, 3), include_initial=True)
        yield call(op, "a vector", getattr(ops, op), lambda x, twin=twin: twin(x, 0), (4,))
    zeros = np.array([1.0, 0.0, 1.0, 0.0, 1.0])
    for op, twin in {"prod": torch.prod, "cumprod": torch.cumprod, "exclusive_cumprod": _exclusive_cumprod}.items():
        for mask in (zeros, 1 - zeros, 0 * zeros, zeros[:3], np.array([0.0])):
            yield call(
                op,
                f"zeros at {np.flatnonzero(mask == 0).tolist()} of {len(mask)}",
                lambda x, op=op, mask=mask: getattr(ops, op)(ops.where(mask != 0, x, 0.0), axis=0),
                lambda x, twin=twin, mask=mask: twin(torch.where(torch.tensor(mask != 0), x, 0.0), 0),
                mask.shape,
            )
    for a in range(-2, 2):
        yield call(
            "linear_recurrence",
            f"axis={a}",
            lambda a_, b, axis=a: ops.linear_recurrence(a_, b, axis),
            lambda a_, b, axis=a: _recurrence(a_, b, axis),
            (3, 4),
            (3, 4),
        )
    yield call("linear_recurrence", "one step", ops.linear_recurrence, lambda a, b: _recurrence(a, b, 0), (1,), (1,))
    yield call("linear_recurrence", "none", ops.linear_recurrence, lambda a, b: _recurrence(a, b, 0), (0,), (0,))


def _exclusive_cumprod(x: torch.Tensor, dim: int) -> torch.Tensor:
    ones = torch.ones_like(x.narrow(dim, 0, min(1, x.shape[dim])))
    return torch.cat([ones, x.narrow(dim, 0, max(0, x.shape[dim] - 1)).cumprod(dim)], dim)


def _recurrence(a: torch.Tensor, b: torch.Tensor, dim: int) -> torch.Tensor:
    if not a.shape[dim]:
        return a * b
    z = [torch.zeros_like(a.select(dim, 0)) * a.select(dim, 0) * b.select(dim, 0)]
    for i in range(a.shape[dim] - 1):
        z.append(a.select(dim, i) * z[-1] + b.select(dim, i))
    return torch.stack(z, dim)


def _with_initial(twin: Twin, initial: float) -> Twin:
    def longer(x: torch.Tensor, dim: int) -> torch.Tensor:
        z = twin(x, dim)
        shape = list(z.shape)
        shape[dim] = 1
        return torch.cat([torch.full(shape, initial, dtype=z.dtype), z], dim)

    return longer


def differences() -> Iterator[Sample]:
    for n in (0, 1, 2, 3, 7):
        yield from _along("diff", lambda x, dim, n=n: torch.diff(x, n, dim), (2, 3, 4), n=n)
    yield from _along("diff", lambda x, dim: torch.diff(x, 1, dim), (5,), (1,), (0,), (1, 3))
    yield call(
        "diff",
        "prepend, append",
        lambda x, y, z: ops.diff(x, axis=0, prepend=y, append=z),
        lambda x, y, z: torch.diff(x, dim=0, prepend=y, append=z),
        (3, 2),
        (1, 2),
        (2, 2),
    )
    yield call(
        "diff",
        "prepend a number",
        lambda x, y: ops.diff(x, 2, 0, prepend=y, append=1.5),
        lambda x, y: torch.diff(x, 2, 0, prepend=y.expand(1, 2), append=torch.full((1, 2), 1.5, dtype=x.dtype)),
        (3, 2),
        (),
        every_layout=False,
    )
    yield from _along("trapezoid", lambda x, dim: torch.trapezoid(x, dim=dim), (2, 3, 4), (5,), (1,))
    yield from _along("trapezoid", lambda x, dim: torch.trapezoid(x, dx=0.5, dim=dim), (2, 3, 4), dx=0.5)
    yield call("trapezoid", "y, x", ops.trapezoid, torch.trapezoid, (2, 4), (2, 4))
    yield call("trapezoid", "y, x of a vector", ops.trapezoid, torch.trapezoid, (2, 4), (4,))
    yield call(
        "trapezoid",
        "y, x of a vector, axis=0",
        lambda y, x: ops.trapezoid(y, x, axis=0),
        lambda y, x: torch.trapezoid(y.T, x),
        (4, 2),
        (4,),
    )
    yield call(
        "trapezoid",
        "y, dx of each step",
        lambda y, dx: ops.trapezoid(y, dx=dx),
        lambda y, dx: (dx * (y[..., 1:] + y[..., :-1]) / 2).sum(-1),
        (2, 4),
        (3,),
    )


def gradients() -> Iterator[Sample]:
    at = np.array([0.0, 0.5, 2.0, 2.3])
    for axis in (0, 1, -1):
        for order in (1, 2):
            for step in (1.0, 0.25):
                yield call(
                    "gradient",
                    f"axis={axis}, step={step}, edge_order={order}",
                    lambda x, a=axis, o=order, h=step: ops.gradient(x, h, axis=a, edge_order=o),
                    lambda x, a=axis, o=order, h=step: torch.gradient(x, spacing=h, dim=a, edge_order=o)[0],
                    (3, 4),
                    every_layout=axis == 0,
                )
    for order in (1, 2):
        yield call(
            "gradient",
            f"coordinates, edge_order={order}",
            lambda x, o=order: ops.gradient(x, at, axis=1, edge_order=o),
            lambda x, o=order: torch.gradient(x, spacing=(torch.tensor(at),), dim=1, edge_order=o)[0],
            (2, 4),
        )
    yield call("gradient", "two elements", ops.gradient, lambda x: torch.gradient(x)[0], (2,))
    yield call(
        "gradient",
        "all axes",
        lambda x: ops.stack(ops.gradient(x, 1.0, 2.0)),
        lambda x: torch.stack(torch.gradient(x, spacing=(1.0, 2.0))),
        (3, 2),
    )


# ---------------------------------------------------------------- reductions

AXES: list[Any] = [None, 0, 1, -1, (0, 2), (-1, 0), (2, 0, 1)]


def _gathered(x: torch.Tensor, axis: Any) -> torch.Tensor:
    """The axes that are reduced made into one, the last."""
    axes = range(x.ndim) if axis is None else [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
    others = [i for i in range(x.ndim) if i not in axes]
    return x.permute(*others, *axes).reshape(*[x.shape[i] for i in others], math.prod(x.shape[i] for i in axes))


def _keep(x: torch.Tensor, axis: Any, z: torch.Tensor, first: int = 0) -> torch.Tensor:
    kept = np.sum(np.empty(x.shape), axis=axis, keepdims=True).shape
    return z.reshape(*z.shape[:first], *kept)


def _over_axes(op: str, of: Twin, *, axes: list[Any] = AXES, empty: bool = True, **options: Any) -> Iterator[Sample]:
    """A reduction over each kind of axis; ``of`` reduces the last axis."""
    ours = getattr(ops, op)
    text = "".join(f", {name}={value}" for name, value in options.items())
    first = np.ndim(options.get("q", 0.0))
    for axis in axes:
        for keepdims in (False, True):
            yield call(
                op,
                f"axis={axis}, keepdims={keepdims}{text}",
                lambda x, a=axis, k=keepdims: ours(x, axis=a, keepdims=k, **options),
                lambda x, a=axis, k=keepdims: _keep(x, a, of(_gathered(x, a)), first) if k else of(_gathered(x, a)),
                (2, 3, 4),
                every_layout=not keepdims,
            )
    for shape in [(5,), (1,), ()]:
        yield call(op, f"of {shape}{text}", lambda x: ours(x, **options), lambda x: of(x.reshape(-1)), shape)
    yield on_float(op, f"a number{text}", lambda x: ours(x, **options), lambda x: of(x.reshape(-1)))
    yield call(op, f"(0, 3), axis=1{text}", lambda x: ours(x, axis=1, **options), lambda x: of(x), (0, 3))
    if empty:
        yield call(op, f"(2, 0), axis=1{text}", lambda x: ours(x, axis=1, **options), lambda x: of(x), (2, 0))


def _quantile(q: Any, method: str = "linear") -> Twin:
    def of(x: torch.Tensor) -> torch.Tensor:
        if not x.numel():
            return x.sum(-1).expand(*np.shape(q), *x.shape[:-1])  # PyTorch refuses no rows
        return torch.quantile(x, torch.as_tensor(q, dtype=x.dtype), dim=-1, interpolation=method)

    return of


def reductions() -> Iterator[Sample]:
    yield from _over_axes("prod", lambda x: x.prod(-1))
    yield from _over_axes("ptp", lambda x: x.amax(-1) - x.amin(-1), empty=False)
    yield from _over_axes("average", lambda x: x.mean(-1), empty=False)
    yield from _over_axes("median", _quantile(0.5), empty=False)
    yield from _over_axes("quantile", _quantile(0.3), empty=False, q=0.3)
    several = [0.0, 0.4, 0.9, 1.0]
    for sample in _over_axes("quantile", _quantile(several), empty=False, axes=[None, 1, (0, 2)], q=several):
        yield replace(sample, dtype="float64")  # as NumPy has it
    for method in ("lower", "higher", "midpoint", "nearest"):
        yield from _over_axes(
            "quantile", _quantile(0.3, method), axes=[None, (0, 2)], empty=False, q=0.3, method=method
        )
    yield from _over_axes("percentile", _quantile(0.3), axes=[None, 1, (0, 2)], empty=False, q=30)
    yield from _over_axes("nansum", lambda x: x.nansum(-1))
    yield from _over_axes("nanprod", lambda x: x.prod(-1))
    yield from _over_axes("nanmean", lambda x: x.nanmean(-1), empty=False)
    yield from _over_axes("nanmax", lambda x: x.amax(-1), empty=False)
    yield from _over_axes("nanmin", lambda x: x.amin(-1), empty=False)
    yield from _over_axes("nanmedian", _quantile(0.5), empty=False)
    yield from _over_axes("nanquantile", _quantile(0.3), empty=False, q=0.3)
    yield from _over_axes("nanpercentile", _quantile(0.3), empty=False, axes=[None, 1], q=30)
    for op, of in {"nanvar": torch.var, "nanstd": torch.std}.items():
        for axis in AXES:
            yield call(
                op,
                f"axis={axis}, ddof=1",
                lambda x, op=op, a=axis: getattr(ops, op)(x, axis=a, ddof=1),
                lambda x, of=of, a=axis: of(_gathered(x, a), -1, correction=1),
                (2, 3, 4),
            )
    yield from _of_some_nan()
    for op, of in {"var": torch.var, "std": torch.std}.items():
        yield call(
            op,
            "mean=",
            lambda x, op=op: getattr(ops, op)(x, axis=1, mean=ops.mean(x, 1, True), correction=1),
            lambda x, of=of: of(x, 1),
            (3, 4),
        )
    for shape, weights, axis in [
        ((2, 3), (2, 3), None),
        ((2, 3), (2, 3), 0),
        ((2, 3), (3,), 1),
        ((2, 3), (2,), -2),
        ((2, 3, 4), (4, 2), (2, 0)),
        ((5,), (5,), None),
    ]:
        sample = call(
            "average",
            f"{shape}, weights {weights}, axis={axis}",
            lambda x, w, a=axis: ops.average(x, a, w),
            lambda x, w, a=axis: _average(x, w, a),
            shape,
            weights,
        )
        yield replace(sample, domains=((-2, 2), (0.5, 2)))
    yield call("average", "returned", lambda x: ops.average(x, 0, returned=True)[0], lambda x: x.mean(0), (3, 2))
    for kth in (2, -1, [0, 3]):
        yield call(
            "partition",
            f"kth={kth}",
            lambda x, kth=kth: ops.partition(x, kth, 0)[kth],
            lambda x, kth=kth: x.sort(0).values[kth],
            (5, 2),
        )
    yield call(
        "partition", "axis=None", lambda x: ops.partition(x, 2, None)[2], lambda x: x.flatten().sort()[0][2], (3, 2)
    )


def _of_some_nan() -> Iterator[Sample]:
    """Every second element nan."""
    holes = np.where(np.arange(12).reshape(3, 4) % 2, np.nan, 0.0)
    t = torch.tensor(holes)

    def valid(x: torch.Tensor) -> torch.Tensor:
        return x[:, ::2]

    for op, of in {
        "nansum": lambda x: (x + t).nansum(1),
        "nanprod": lambda x: valid(x).prod(1),
        "nanmean": lambda x: (x + t).nanmean(1),
        "nanmax": lambda x: valid(x).amax(1),
        "nanmin": lambda x: valid(x).amin(1),
        "nanvar": lambda x: valid(x).var(1, correction=0),
        "nanstd": lambda x: valid(x).std(1, correction=0),
        "nanmedian": lambda x: (x + t).nanquantile(0.5, 1),
        "nancumsum": lambda x: torch.where(t.isnan(), 0.0, x).cumsum(1),
        "nancumprod": lambda x: torch.where(t.isnan(), 1.0, x).cumprod(1),
    }.items():
        sample = call(op, "some nan", lambda x, op=op: getattr(ops, op)(x + holes, axis=1), of, (3, 4))
        yield replace(sample, kinds=[kind for kind in sample.kinds if kind[0].dtype == "float64"])


def _average(x: torch.Tensor, w: torch.Tensor, axis: Any) -> torch.Tensor:
    if axis is None:
        return (x * w).sum() / w.sum()
    if w.shape != x.shape:
        axes = [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
        order = np.argsort(axes).tolist()
        w = w.permute(order).reshape([n if i in axes else 1 for i, n in enumerate(x.shape)])
    return (x * w).sum(axis) / w.sum(axis)


# ---------------------------------------------------------------- norms


def norms() -> Iterator[Sample]:
    for order in (2, 1, 0, 3, 0.5, 2.5, -1, -2.5, math.inf, -math.inf):
        for axis in (None, 0, (0, -1)):
            for keepdims in (False, True):
                sample = call(
                    "vector_norm",
                    f"ord={order}, axis={axis}, keepdims={keepdims}",
                    lambda x, o=order, a=axis, k=keepdims: ops.vector_norm(x, a, k, o),
                    lambda x, o=order, a=axis, k=keepdims: torch.linalg.vector_norm(x, o, a, k),
                    (2, 3, 4),
                    every_layout=not keepdims and axis == 0,
                )
                # near 0 a negative power has second derivatives that float32 cannot hold
                yield sample if order > 0 else replace(sample, domains=((0.5, 2),))
        yield call(
            "norm",
            f"a vector, ord={order}",
            lambda x, o=order: ops.norm(x, o),
            lambda x, o=order: torch.linalg.norm(x, o),
            (5,),
        )
    for order in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        for shape in [(3, 4), (4, 3), (2, 3, 3)]:
            yield call(
                "matrix_norm",
                f"{shape}, ord={order}",
                lambda x, o=order: ops.matrix_norm(x, ord=o),
                lambda x, o=order: torch.linalg.matrix_norm(x, o),
                shape,
            )
        yield call(
            "norm",
            f"matrices, ord={order}",
            lambda x, o=order: ops.norm(x, o, (2, 0), True),
            lambda x, o=order: torch.linalg.norm(x, o, (2, 0), True),
            (2, 3, 4),
        )
    for shape, options in [
        ((2, 3), {}),
        ((2, 3, 4), {}),
        ((2, 3), {"ord": 1}),
        ((2, 3), {"ord": "fro"}),
        ((2, 3, 4), {"axis": 1}),
        ((2, 3, 4), {"axis": (0, 1)}),
        ((2, 3, 4), {"axis": -1, "ord": 3, "keepdims": True}),
        ((), {}),
    ]:
        theirs = {
            "dim" if name == "axis" else "keepdim" if name == "keepdims" else name: v for name, v in options.items()
        }
        yield call(
            "norm",
            f"{shape}, {options}",
            lambda x, o=options: ops.norm(x, **o),
            lambda x, o=theirs: torch.linalg.norm(x, **o),
            shape,
        )
    yield on_float("norm", "a number", ops.norm, torch.linalg.norm)


SAMPLES: list[Sample] = [*running(), *differences(), *gradients(), *reductions(), *norms()]
