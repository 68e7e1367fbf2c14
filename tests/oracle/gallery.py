"""Every op with its PyTorch twin and the operands it is tried on; ``test_ops.py`` runs them.

A new op belongs in ``SAMPLES``: an op of the table without a sample fails the suite.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gallery_arrays
import gallery_awkward
import gallery_linalg
import gallery_pointwise
import gallery_reduction
import gallery_window
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sample import SCALAR, Operand, Sample, call, on_float

from autograd_mini import ops
from autograd_mini.ops.operation import Operation


def reductions() -> Iterator[Sample]:
    """Each reduction over each kind of axis, with and without keepdims."""
    shapes = [(2, 3, 4), (5,), ()]
    for op, of in {
        "sum": lambda x, dim, keep: torch.sum(x, dim, keepdim=keep),
        "mean": lambda x, dim, keep: torch.mean(x, dim, keepdim=keep),
        "var": lambda x, dim, keep: torch.var(x, dim, correction=0, keepdim=keep),
        "std": lambda x, dim, keep: torch.std(x, dim, correction=0, keepdim=keep),
        "max": lambda x, dim, keep: torch.amax(x, dim, keepdim=keep),
        "min": lambda x, dim, keep: torch.amin(x, dim, keepdim=keep),
        "logsumexp": lambda x, dim, keep: torch.logsumexp(x, dim, keepdim=keep),
    }.items():
        for shape in shapes:
            axes: list[Any] = [
                None,
                *[axis for axis in (0, 1, -1, (0, 2), (-1, 0), (1,), (2, 0, 1)) if _fits(axis, shape)],
            ]
            for axis in axes:
                if shape == () and op in ("var", "std"):
                    continue  # of a single number both are 0: see test_kinks.py
                for keepdims in (False, True):
                    dim = tuple(range(len(shape))) if axis is None else axis
                    yield call(
                        op,
                        f"axis={axis}, keepdims={keepdims}",
                        lambda x, op=op, axis=axis, keep=keepdims: getattr(ops, op)(x, axis=axis, keepdims=keep),
                        lambda x, of=of, dim=dim, keep=keepdims: of(x, dim, keep),
                        shape,
                        every_layout=not keepdims and len(shape) == 3,
                    )
        if op not in ("var", "std"):
            yield on_float(op, "a number", getattr(ops, op), lambda x, of=of: of(x, (), False))
        for shape, axis in [((0, 3), 1), ((2, 0), 0), ((0,), None)]:
            if axis is None and op in ("max", "min"):
                continue  # of nothing there is no largest: see test_ops_reduction.py
            dim = 0 if axis is None else axis
            sample = call(
                op,
                f"of {shape} over axis={axis}",
                lambda x, op=op, axis=axis: getattr(ops, op)(x, axis),
                lambda x, of=of, dim=dim: of(x, dim, False),
                shape,
            )
            # log(0) and 1/0 have no slope, and times the nothing below them that is nan to second order
            yield replace(sample, second_order=axis is not None or op not in ("logsumexp", "mean"))
    for op, of in {"var": torch.var, "std": torch.std}.items():
        yield call(op, "ddof=1", lambda x, op=op: getattr(ops, op)(x, ddof=1), lambda x, of=of: of(x), (3, 4))
        yield call(
            op,
            "axis=0, ddof=1",
            lambda x, op=op: getattr(ops, op)(x, 0, 1, True),
            lambda x, of=of: of(x, 0, correction=1, keepdim=True),
            (3, 4),
        )
    for op, of in {"softmax": F.softmax, "log_softmax": F.log_softmax}.items():
        yield on_float(op, "a number", getattr(ops, op), lambda x, of=of: of(x, dim=-1))
        for axis in (-1, 0, 1):
            yield call(
                op,
                f"axis={axis}",
                lambda x, op=op, a=axis: getattr(ops, op)(x, a),
                lambda x, of=of, a=axis: of(x, dim=a),
                (2, 3, 4),
            )
        yield call(op, "a vector", getattr(ops, op), lambda x, of=of: of(x, dim=-1), (5,))
        yield call(op, "no rows", getattr(ops, op), lambda x, of=of: of(x, dim=-1), (0, 5))
        yield call(op, "no columns", getattr(ops, op), lambda x, of=of: of(x, dim=-1), (5, 0))


def _fits(axis: Any, shape: tuple[int, ...]) -> bool:
    axes = axis if isinstance(axis, tuple) else (axis,)
    return all(-len(shape) <= a < len(shape) for a in axes) and len({a % len(shape) for a in axes}) == len(axes)


MATMULS = [
    ((3,), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3,)),
    ((2, 3), (3, 4)),
    ((1, 3), (3, 1)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (6, 3, 4)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (2, 5, 3, 4)),
    ((2, 5, 2, 3), (3,)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
    ((0,), (0,)),
    ((2, 3), (3, 0)),
    ((0, 2, 3), (3, 4)),
]

REPEATED = np.array([0, 2, 2, 0, 2])
INDICES: list[tuple[tuple[int, ...], Any]] = [
    ((5,), 2),
    ((5,), -1),
    ((5,), np.int64(3)),
    ((5,), slice(1, 4)),
    ((5,), slice(None, None, 2)),
    ((5,), slice(None, None, -1)),
    ((5,), slice(4, 0, -2)),
    ((5,), slice(3, 3)),
    ((5,), [0, 0, 2, 0]),
    ((5,), []),
    ((5,), np.array([[0, 1], [1, 4]])),
    ((5,), np.array([True, False, True, True, False])),
    ((5,), np.zeros(5, dtype=bool)),
    ((5,), None),
    ((5,), Ellipsis),
    ((5,), ()),
    ((3, 4), 1),
    ((3, 4), (1, 2)),
    ((3, 4), (slice(None), 1)),
    ((3, 4), (slice(None, None, -1), slice(1, None, 2))),
    ((3, 4), (Ellipsis, 0)),
    ((3, 4), (None, Ellipsis, None)),
    ((3, 4), (0, None, slice(0, 2))),
    ((3, 4), REPEATED),
    ((3, 4), (REPEATED, np.array([0, 1, 1, 0, 3]))),
    ((3, 4), (slice(None), REPEATED)),
    ((3, 4), (REPEATED, slice(1, 3))),
    ((3, 4), (REPEATED[:, None], np.array([0, 0, 3]))),
    ((3, 4), (1, REPEATED)),
    ((3, 4), np.arange(12).reshape(3, 4) % 3 == 0),
    ((3, 4), (np.array([True, False, True]), slice(0, 3))),
    ((3, 4), (np.array([True, False, True]), np.array([1, 1]))),
    ((3, 4), (slice(None), np.array([True, False, False, True]))),
    ((3, 4), [-1, -1, 0]),
    ((2, 3, 4), (Ellipsis, [0, 0])),
    ((2, 3, 4), (0, slice(None), [1, 1, 2])),
    ((2, 3, 4), ([0, 1, 1], slice(None), [1, 1, 1])),
    ((2, 3, 4), (None, [1, 1], Ellipsis, -1)),
    ((0, 3), slice(None)),
    ((0, 3), (slice(None), 1)),
]


def shapes_and_indices() -> Iterator[Sample]:
    """The linear ops: matrix products, moving elements about, picking and putting back."""
    for x, y in MATMULS:
        yield call("matmul", f"{x} @ {y}", ops.matmul, torch.matmul, x, y)
    mixed = [(Operand((2, 3), "float32"), Operand((3, 2))), (Operand((2, 3)), Operand((3,), "float32"))]
    yield Sample("matmul", "mixed dtypes", ops.matmul, torch.matmul, ((-2, 2),) * 2, mixed)

    for x in [(2, 3), (3,), (5, 2, 3), (2, 5, 2, 3), (0, 3), (1, 3)]:
        yield call("linear", f"{x}", ops.linear, F.linear, x, (4, 3), (4,))
        yield call("linear", f"{x}, no bias", ops.linear, F.linear, x, (4, 3))
    yield call("linear", "one output", ops.linear, F.linear, (5, 3), (1, 3), (1,))
    yield call("linear", "no inputs", ops.linear, F.linear, (5, 0), (4, 0), (4,))
    mixed = [(Operand((2, 3), "float32"), Operand((4, 3)), Operand((4,), "float32"))]
    yield Sample("linear", "mixed dtypes", ops.linear, F.linear, ((-2, 2),) * 3, mixed)

    for shape, index in INDICES:
        text = f"x{shape}[{index!r}]".replace("\n", "")
        yield call("getitem", text, lambda x, i=index: ops.getitem(x, i), lambda x, i=index: _pick(x, i), shape)
        picked = np.zeros(shape)[index].shape
        yield call(
            "scatter_add",
            text,
            lambda g, s=shape, i=index: ops.scatter_add(g, s, i),
            lambda g, s=shape, i=index: _put_back(g, s, i),
            picked,
            every_layout=shape == (3, 4) and isinstance(index, tuple),
        )
    for text, index in {"None": None, "...": Ellipsis, "()": (), "None, ..., None": (None, ..., None)}.items():
        yield on_float("getitem", f"number[{text}]", lambda x, i=index: ops.getitem(x, i), lambda x, i=index: x[i])
    yield on_float("scatter_add", "a number", lambda g: ops.scatter_add(g, (3,), 1), lambda g: _put_back(g, (3,), 1))

    for before, after in [
        ((2, 6), (3, 4)),
        ((2, 6), (-1,)),
        ((2, 6), -1),
        ((2, 6), (2, 1, 2, 3)),
        ((1, 1), ()),
        ((), (1, 1)),
        ((0, 3), (3, 0)),
    ]:
        yield call(
            "reshape",
            f"{before} to {after}",
            lambda x, s=after: ops.reshape(x, s),
            lambda x, s=after: x.reshape(s),
            before,
        )
    yield call("ravel", "a matrix", ops.ravel, torch.ravel, (2, 3))
    yield on_float("ravel", "a number", ops.ravel, torch.ravel)
    yield on_float("reshape", "a number", lambda x: ops.reshape(x, (1, 1)), lambda x: x.reshape(1, 1))
    for shape, axes in [
        ((2, 3), None),
        ((2, 3, 4), None),
        ((2, 3, 4), (1, 2, 0)),
        ((2, 3, 4), (-1, 0, 1)),
        ((3,), None),
        ((), None),
        ((0, 2), (1, 0)),
    ]:
        order = tuple(reversed(range(len(shape)))) if axes is None else axes
        yield call(
            "transpose",
            f"{shape} by {axes}",
            lambda x, axes=axes: ops.transpose(x, axes),
            lambda x, order=order: x.permute(order),
            shape,
        )
    yield on_float("transpose", "a number", ops.transpose, lambda x: x.permute(()))
    for axis in (0, 1, -1, (0, 2)):
        yield call(
            "expand_dims",
            f"axis={axis}",
            lambda x, a=axis: ops.expand_dims(x, a),
            lambda x, a=axis: x.reshape(np.expand_dims(np.empty(x.shape), a).shape),
            (3, 4),
        )
    yield on_float("expand_dims", "a number", lambda x: ops.expand_dims(x, 0), lambda x: x[None])
    for shape, axis in [
        ((1, 3, 1), None),
        ((1, 3, 1), 0),
        ((1, 3, 1), -1),
        ((1, 3, 1), (0, 2)),
        ((3,), None),
        ((1, 1), None),
        ((1, 0), 0),
    ]:
        yield call(
            "squeeze",
            f"{shape}, axis={axis}",
            lambda x, a=axis: ops.squeeze(x, a),
            lambda x, a=axis: x.squeeze() if a is None else x.squeeze(a),
            shape,
        )
    yield on_float("squeeze", "a number", ops.squeeze, torch.squeeze)
    for before, to in [
        ((4,), (3, 4)),
        ((3, 1), (3, 4)),
        ((1, 4), (2, 3, 4)),
        ((), (2, 3)),
        ((3, 4), (3, 4)),
        ((1,), (0,)),
        ((0, 1), (0, 3)),
    ]:
        yield call(
            "broadcast_to",
            f"{before} to {to}",
            lambda x, s=to: ops.broadcast_to(x, s),
            lambda x, s=to: torch.broadcast_to(x, s),
            before,
        )
    yield on_float(
        "broadcast_to", "a number", lambda x: ops.broadcast_to(x, (2, 2)), lambda x: torch.broadcast_to(x, (2, 2))
    )

    for axis, shapes in [
        (0, [(2, 3), (1, 3), (4, 3)]),
        (1, [(2, 3), (2, 1)]),
        (-1, [(2, 1, 3), (2, 1, 2)]),
        (0, [(3,)]),
        (0, [(0, 3), (2, 3)]),
    ]:
        yield call(
            "concatenate",
            f"{shapes}, axis={axis}",
            lambda *xs, a=axis: ops.concatenate(xs, a),
            lambda *xs, a=axis: torch.cat(xs, a),
            *shapes,
        )
    yield call("concatenate", "the same twice", lambda x: ops.concatenate([x, x]), lambda x: torch.cat([x, x]), (2, 3))
    mixed = [(Operand((2,), "float32"), Operand((3,)), Operand((1,), "float16"))]
    yield Sample(
        "concatenate", "mixed dtypes", lambda *xs: ops.concatenate(xs), lambda *xs: torch.cat(xs), ((-2, 2),) * 3, mixed
    )
    for axis in (0, 1, -1, -2):
        yield call(
            "stack",
            f"axis={axis}",
            lambda *xs, a=axis: ops.stack(xs, a),
            lambda *xs, a=axis: torch.stack(xs, a),
            (2, 3),
            (2, 3),
            (2, 3),
        )
    yield call("stack", "the same twice", lambda x: ops.stack([x, x]), lambda x: torch.stack([x, x]), (2, 3))
    yield call("stack", "empty", lambda x, y: ops.stack([x, y]), lambda x, y: torch.stack([x, y]), (0, 3), (0, 3))
    numbers = [(SCALAR,) * 3, (SCALAR, Operand(()), SCALAR), (Operand(()),) * 3, (Operand((), "float32"),) * 3]
    yield Sample("stack", "numbers", lambda *xs: ops.stack(xs), lambda *xs: torch.stack(xs), ((-2, 2),) * 3, numbers)

    for dtype in ("float32", "float64"):
        to = getattr(torch, dtype)
        array = call("astype", dtype, lambda x, d=dtype: ops.astype(x, d), lambda x, to=to: x.to(to), (3, 4))
        number = on_float("astype", f"number, {dtype}", lambda x, d=dtype: ops.astype(x, d), lambda x, to=to: x.to(to))
        yield replace(array, dtype=dtype)
        yield replace(number, dtype=dtype)


def _flat(index: Any, shape: tuple[int, ...]) -> torch.Tensor:
    """What NumPy's index picks, as positions: PyTorch has no negative steps and no np.int64."""
    return torch.tensor(np.array(np.arange(math.prod(shape)).reshape(shape)[index]))


def _pick(x: torch.Tensor, index: Any) -> torch.Tensor:
    return x.flatten()[_flat(index, tuple(x.shape))]


def _put_back(g: torch.Tensor, shape: tuple[int, ...], index: Any) -> torch.Tensor:
    zeros = torch.zeros(math.prod(shape), dtype=g.dtype)
    return zeros.index_add(0, _flat(index, shape).flatten(), g.flatten()).reshape(shape)


SAMPLES: list[Sample] = [
    *gallery_pointwise.SAMPLES,
    *reductions(),
    *shapes_and_indices(),
    *gallery_arrays.SAMPLES,
    *gallery_linalg.SAMPLES,
    *gallery_reduction.SAMPLES,
    *gallery_window.SAMPLES,
    *gallery_awkward.SAMPLES,
]
CASES = [(sample, kind) for sample in SAMPLES for kind in sample.kinds]


def name_of(case: Any) -> str:
    """The test's name."""
    sample, kind = case
    return f"{sample.call}-{'-'.join(map(str, kind))}"


def for_each_op(cases: list[Any]) -> Callable[[Callable[[Any], None]], Callable[[str], None]]:
    """Makes of the test of a case one test an op, which goes through its cases and says which of them fail.

    A test for each would cost pytest more time than what it tests.
    """
    of_op: dict[str, list[Any]] = defaultdict(list)
    for case in cases:
        of_op[case[0].op].append(case)

    def decorate(test: Callable[[Any], None]) -> Callable[[str], None]:
        @pytest.mark.parametrize("op", of_op)
        def through_all(op: str) -> None:
            failed: dict[str, Exception] = {}
            for case in of_op[op]:
                try:
                    test(case)
                except Exception as error:
                    failed[name_of(case)] = error
            for error in failed.values():
                error.add_note(f"{len(failed)} of {len(of_op[op])} cases fail:\n  " + "\n  ".join(failed))
                raise error

        through_all.__name__, through_all.__doc__ = test.__name__, test.__doc__
        return through_all

    return decorate


def rows_of(op: str) -> list[Operation]:
    """The row of the table under this name, if the op is one by itself."""
    row = getattr(ops, op)
    return [row] if isinstance(row, Operation) else []
