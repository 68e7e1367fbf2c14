"""Arrays moved about, turned, joined, cut, padded, picked from: PyTorch's function, or NumPy's on the positions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sample import SCALAR, Operand, Sample, call, on_float

from autograd_mini import ops


def moved(numpy_function: Callable[[Any], Any]) -> Callable[[torch.Tensor], torch.Tensor]:
    """The twin of an op that PyTorch has not: the elements that NumPy's function finds, by their positions."""

    def twin(x: torch.Tensor) -> torch.Tensor:
        positions = numpy_function(np.arange(x.numel()).reshape(x.shape))
        return x.flatten()[torch.tensor(np.array(positions, dtype=int))]

    return twin


def _all_of(pieces: Any) -> Any:
    """Several results as one, in an order and with weights of their own."""
    return ops.concatenate([ops.ravel(piece) * (i + 1.0) for i, piece in enumerate(pieces)][::-1])


def _all_of_torch(pieces: Any) -> torch.Tensor:
    return torch.cat([piece.flatten() * (i + 1.0) for i, piece in enumerate(pieces)][::-1])


def turned() -> Iterator[Sample]:
    """Axes exchanged, elements in another order."""
    for axes in [(0, 1), (-1, 0), (1, 1)]:
        yield call(
            "swapaxes",
            f"{axes}",
            lambda x, a=axes: 2.0 * ops.swapaxes(x, *a),
            lambda x, a=axes: 2.0 * torch.swapaxes(x, *a),
            (2, 3, 4),
        )
    for source, to in [(0, -1), (-1, 0), ((0, 1), (-1, -2)), ([2, 0], [0, 1])]:
        yield call(
            "moveaxis",
            f"{source} to {to}",
            lambda x, s=source, t=to: ops.moveaxis(x, s, t),
            lambda x, s=source, t=to: torch.movedim(x, s, t) if isinstance(s, int) else moved_axes(x, s, t),
            (2, 3, 4),
        )
    for axis, start in [(2, 0), (-1, 1), (0, 3), (1, 1)]:
        yield call(
            "rollaxis",
            f"{axis}, {start}",
            lambda x, a=axis, s=start: ops.rollaxis(x, a, s),
            moved(lambda p, a=axis, s=start: np.rollaxis(p, a, s)),
            (2, 3, 4),
        )
    for n in (1, 2, 3):
        name = f"atleast_{n}d"
        for shape in [(2, 3, 4), (2, 3), (3,), (), (0,)]:
            yield call(name, f"{shape}", getattr(ops, name), getattr(torch, name), shape, every_layout=n == len(shape))
        yield on_float(name, "a number", getattr(ops, name), getattr(torch, name))
    yield call(
        "atleast_2d",
        "several",
        lambda x, y: _all_of(ops.atleast_2d(x, y)),
        lambda x, y: _all_of_torch(torch.atleast_2d(x, y)),
        (3,),
        (),
        every_layout=False,
    )

    for shape, axis in [((2, 3), None), ((2, 3), 0), ((2, 3, 4), (0, -1)), ((2, 3, 4), 1), ((3,), 0), ((0, 2), 0)]:
        dims = tuple(range(len(shape))) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        yield call(
            "flip",
            f"{shape}, axis={axis}",
            lambda x, a=axis: ops.flip(x, a),
            lambda x, d=dims: torch.flip(x, d),
            shape,
        )
    yield on_float("flip", "a number", lambda x: 2.0 * ops.flip(x), lambda x: 2.0 * x)
    yield call("flipud", "a matrix", ops.flipud, torch.flipud, (3, 2))
    yield call("flipud", "a vector", ops.flipud, torch.flipud, (3,), every_layout=False)
    yield call("fliplr", "a matrix", ops.fliplr, torch.fliplr, (3, 2))
    for k in (-1, 0, 1, 2, 3, 5):
        yield call("rot90", f"{k}", lambda x, k=k: ops.rot90(x, k), lambda x, k=k: torch.rot90(x, k), (3, 2))
        yield call(
            "rot90",
            f"{k}, axes",
            lambda x, k=k: ops.rot90(x, k, (2, 0)),
            lambda x, k=k: torch.rot90(x, k, (2, 0)),
            (3, 2, 4),
            every_layout=False,
        )
    for shape, shift, axis in [
        ((5,), 2, None),
        ((5,), -7, 0),
        ((3, 4), 5, None),
        ((3, 4), 1, -1),
        ((3, 4), (1, -2), (0, 1)),
        ((3, 4), (1, 2), (0, 0)),
        ((2, 3, 4), (1, 1), (2, 0)),
        ((0, 3), 1, 0),
        ((3, 4), 0, 1),
        ((), 3, None),
    ]:
        yield call(
            "roll",
            f"{shape} by {shift}, axis={axis}",
            lambda x, s=shift, a=axis: ops.roll(x, s, a),
            moved(lambda p, s=shift, a=axis: np.roll(p, s, a)),
            shape,
        )
    yield call(
        "roll", "by 1, (0, 1)", lambda x: ops.roll(x, 1, (0, 1)), lambda x: torch.roll(x, (1, 1), (0, 1)), (3, 4)
    )
    yield on_float("roll", "a number", lambda x: ops.roll(x, 1), torch.clone)


def moved_axes(x: torch.Tensor, source: Any, to: Any) -> torch.Tensor:
    return torch.movedim(x, tuple(source), tuple(to))


def repeated() -> Iterator[Sample]:
    """Elements more than once."""
    for shape, counts, axis in [
        ((3,), 2, None),
        ((3,), [2, 0, 3], None),
        ((2, 3), 2, None),
        ((2, 3), 3, 0),
        ((2, 3), 2, -1),
        ((2, 3), [1, 0, 2], 1),
        ((2, 3), np.array([2]), 0),
        ((2, 3), 0, 1),
        ((0, 3), 2, 0),
    ]:
        yield call(
            "repeat",
            f"{shape}, {counts}, axis={axis}",
            lambda x, c=counts, a=axis: ops.repeat(x, c, a),
            lambda x, c=counts, a=axis: torch.repeat_interleave(x, torch.tensor(c), a),
            shape,
            every_layout=axis is not None,
        )
    yield on_float("repeat", "a number", lambda x: ops.repeat(x, 3), lambda x: x.reshape(1).expand(3))
    for shape, reps in [((3,), 2), ((2, 3), 2), ((2, 3), (2, 1)), ((3,), (2, 1, 2)), ((2, 1, 3), (2, 2)), ((3,), (0,))]:
        yield call(
            "tile",
            f"{shape}, {reps}",
            lambda x, r=reps: ops.tile(x, r),
            lambda x, r=reps: torch.tile(x, r if isinstance(r, tuple) else (r,)),
            shape,
        )
    yield on_float("tile", "a number", lambda x: ops.tile(x, (2, 2)), lambda x: torch.tile(x, (2, 2)))
    for shape, to in [((3,), 7), ((2, 3), (2, 2)), ((2, 3), (3, 1, 4)), ((2, 3), (0, 2)), ((2, 3), (2, 3))]:
        yield call(
            "resize",
            f"{shape} to {to}",
            lambda x, s=to: ops.resize(x, s),
            moved(lambda p, s=to: np.resize(p, s)),
            shape,
        )
    yield on_float("resize", "a number", lambda x: ops.resize(x, 3), lambda x: x.reshape(1).expand(3))
    yield call("copy", "a matrix", ops.copy, torch.clone, (2, 3))
    yield on_float("copy", "a number", ops.copy, torch.clone)
    for shapes in [((3, 1), (4,)), ((2, 3), ()), ((3,), (3,)), ((1, 0), (2, 1)), ((3,), None)]:
        yield call(
            "broadcast_arrays",
            f"{shapes}",
            lambda *xs: ops.stack(ops.broadcast_arrays(*xs)),
            lambda *xs: torch.stack(torch.broadcast_tensors(*xs)),
            *shapes,
            every_layout=None not in shapes,
        )
    for indexing in ("xy", "ij"):
        for shapes in [((2,), (3,)), ((2,), (3,), (4,)), ((3,),), ((2,), ())]:
            yield call(
                "meshgrid",
                f"{shapes}, {indexing}",
                lambda *xs, i=indexing: _all_of(ops.meshgrid(*xs, indexing=i)),
                lambda *xs, i=indexing: _all_of_torch(torch.meshgrid(*xs, indexing=i)),
                *shapes,
                every_layout=len(shapes) == 2,
            )
    yield call(
        "meshgrid",
        "sparse",
        lambda x, y: _product(ops.meshgrid(x, y, sparse=True)),
        lambda x, y: _product(torch.meshgrid(x, y, indexing="xy")),
        (2,),
        (3,),
    )


def _product(grid: Any) -> Any:
    return grid[0] * grid[1]


def joined() -> Iterator[Sample]:
    """Several arrays as one, one as several."""
    for shapes in [((2, 3), (4, 3)), ((2,), ()), ((0, 3), (1, 3))]:
        yield call(
            "concatenate",
            f"{shapes}, axis=None",
            lambda *xs: ops.concatenate(xs, None),
            lambda *xs: torch.cat([x.flatten() for x in xs]),
            *shapes,
        )
    stacks: dict[str, list[tuple[Any, ...]]] = {
        "hstack": [((2, 3), (2, 1)), ((2,), (3,)), ((), (2,), ()), ((2, 1, 2), (2, 3, 2))],
        "vstack": [((2, 3), (1, 3)), ((3,), (3,)), ((2, 3), (3,)), ((), ()), ((2, 1, 2), (1, 1, 2))],
        "dstack": [((2, 3), (2, 3)), ((3,), (3,)), ((), ()), ((2, 3, 1), (2, 3))],
        "column_stack": [((2,), (2,)), ((2,), (2, 3), (2,)), ((), ()), ((0,), (0, 2))],
    }
    for op, kinds in stacks.items():
        for shapes in kinds:
            yield call(
                op,
                f"{shapes}",
                lambda *xs, op=op: getattr(ops, op)(xs),
                lambda *xs, op=op: getattr(torch, op)(xs),
                *shapes,
                every_layout=shapes is kinds[0],
            )
        numbers = [(SCALAR, SCALAR), (Operand(()), SCALAR)]
        yield Sample(
            op,
            f"{op}(numbers)",
            lambda *xs, op=op: getattr(ops, op)(xs),
            lambda *xs, op=op: getattr(torch, op)(xs),
            ((-2, 2),) * 2,
            numbers,
        )
    for shapes, axis in [(((2, 3), (4,)), None), (((2, 3), (1, 3)), 0), (((2, 3), (2, 1)), -1), (((2,), ()), None)]:
        yield call(
            "append",
            f"{shapes}, axis={axis}",
            lambda x, y, a=axis: ops.append(x, y, a),
            lambda x, y, a=axis: torch.cat([x.flatten(), y.flatten()]) if a is None else torch.cat([x, y], a),
            *shapes,
            every_layout=axis == 0,
        )
    yield call(
        "block",
        "2x2",
        lambda a, b, c, d: ops.block([[a, b], [c, d]]),
        lambda a, b, c, d: torch.cat([torch.cat([a, b], 1), torch.cat([c, d], 1)], 0),
        (2, 2),
        (2, 1),
        (1, 2),
        (1, 1),
    )
    yield call(
        "block",
        "[x, x]",
        lambda x: ops.block([x, x]),
        lambda x: torch.cat([x, x], -1),
        (2, 3),
        every_layout=False,
    )
    yield call(
        "block",
        "vectors on a matrix",
        lambda x, y: ops.block([[x], [y]]),
        lambda x, y: torch.cat([x[None], y]),
        (3,),
        (2, 3),
        every_layout=False,
    )
    yield call("block", "one", ops.block, torch.clone, (2, 3), every_layout=False)
    yield on_float("block", "a number", lambda x: ops.block([x]), lambda x: x.reshape(1))

    cuts: list[tuple[str, tuple[int, ...], tuple[Any, ...]]] = [
        ("split", (4, 3), (2,)),
        ("split", (4, 3), ([1, 3],)),
        ("split", (4, 3), (3, 1)),
        ("split", (4, 3), ([2, 2, 9], -1)),
        ("split", (4, 3), ([-1],)),
        ("array_split", (5, 3), (3,)),
        ("array_split", (2, 3), (3,)),
        ("array_split", (5, 3), ([2], 1)),
        ("hsplit", (2, 4), (2,)),
        ("hsplit", (4,), ([1],)),
        ("vsplit", (4, 3), (2,)),
        ("dsplit", (2, 3, 4), ([1, 2],)),
    ]
    for op, shape, arguments in cuts:
        yield call(
            op,
            f"{shape}, {arguments}",
            lambda x, op=op, a=arguments: _all_of(getattr(ops, op)(x, *a)),
            lambda x, op=op, a=arguments: _all_of_torch(
                moved(lambda p, i=i: getattr(np, op)(p, *a)[i])(x)
                for i in range(len(getattr(np, op)(np.zeros(x.shape), *a)))
            ),
            shape,
            every_layout=len(arguments) == 1,
        )
    for axis in (0, 1, -1):
        yield call(
            "unstack",
            f"axis={axis}",
            lambda x, a=axis: _all_of(ops.unstack(x, a)),
            lambda x, a=axis: _all_of_torch(torch.unbind(x, a)),
            (3, 2),
        )


def triangles() -> Iterator[Sample]:
    """Diagonals and triangles."""
    for shape, offset, axes in [
        ((3, 3), 0, (0, 1)),
        ((3, 4), 1, (0, 1)),
        ((3, 4), -1, (1, 0)),
        ((4, 3), -2, (0, 1)),
        ((3, 4), 4, (0, 1)),
        ((3, 4), -3, (0, 1)),
        ((6, 2), -1, (0, 1)),
        ((2, 6), 1, (0, 1)),
        ((2, 3, 4), 0, (0, 1)),
        ((2, 3, 4), 1, (-1, 1)),
        ((2, 3, 4), -1, (1, 2)),
        ((0, 3), 0, (0, 1)),
        ((1, 1), 0, (0, 1)),
    ]:
        yield call(
            "diagonal",
            f"{shape}, {offset}, {axes}",
            lambda x, o=offset, a=axes: ops.diagonal(x, o, *a),
            moved(lambda p, o=offset, a=axes: np.diagonal(p, o, *a)),
            shape,
        )
    for k in (-2, 0, 1, 5):
        yield call("diag", f"a matrix, {k}", lambda x, k=k: ops.diag(x, k), moved(lambda p, k=k: np.diag(p, k)), (3, 4))
        yield call("diag", f"a vector, {k}", lambda x, k=k: ops.diag(x, k), lambda x, k=k: torch.diag(x, k), (3,))
        yield call("diagflat", f"{k}", lambda x, k=k: ops.diagflat(x, k), lambda x, k=k: torch.diagflat(x, k), (2, 2))
        for op in ("triu", "tril"):
            for shape in [(3, 4), (4, 3), (2, 3, 3)]:
                yield call(
                    op,
                    f"{shape}, {k}",
                    lambda x, op=op, k=k: getattr(ops, op)(x, k),
                    lambda x, op=op, k=k: getattr(torch, op)(x, k),
                    shape,
                    every_layout=k == 0,
                )
    yield call("diag", "nothing", ops.diag, torch.diag, (0,), every_layout=False)
    yield on_float("diagflat", "a number", ops.diagflat, torch.diagflat)
    for op in ("triu", "tril"):
        vector = call(op, "a vector", getattr(ops, op), lambda x, op=op: getattr(torch, op)(x.expand(3, 3)), (3,))
        yield vector
    for shape, values in [
        ((3, 3), ()),
        ((3, 4), (3,)),
        ((4, 3), (2,)),
        ((4, 3), (5,)),
        ((3, 3, 3), (3,)),
        ((0, 0), ()),
    ]:
        yield call(
            "fill_diagonal",
            f"{shape}, {values}",
            ops.fill_diagonal,
            lambda x, v: _filled(x, v, np.fill_diagonal),
            shape,
            values,
        )
    yield call(
        "fill_diagonal",
        "wrap",
        lambda x, v: ops.fill_diagonal(x, v, wrap=True),
        lambda x, v: _filled(x, v, lambda a, n: np.fill_diagonal(a, n, wrap=True)),
        (7, 3),
        (4,),
        every_layout=False,
    )


def _filled(x: torch.Tensor, values: torch.Tensor, fill: Callable[[Any, Any], Any]) -> torch.Tensor:
    """``x`` with values put in as NumPy does in place: it is run on positions, those of the values coming after."""
    places = np.arange(x.numel()).reshape(x.shape)
    fill(places, np.arange(x.numel(), x.numel() + values.numel()).reshape(values.shape))
    return torch.cat([x.flatten(), values.flatten()])[torch.tensor(places)]


def padded() -> Iterator[Sample]:
    """pad in each of its modes."""
    for shape, width in [((3,), 2), ((3,), (1, 0)), ((2, 3), ((1, 0), (2, 3))), ((2, 3), 0), ((0, 2), 1), ((), 1)]:
        pairs = np.broadcast_to(width, (len(shape), 2)).tolist()
        yield call(
            "pad",
            f"{shape}, {width}",
            lambda x, w=width: ops.pad(x, w),
            lambda x, p=pairs: F.pad(x, [n for pair in reversed(p) for n in pair]),
            shape,
        )
    yield on_float("pad", "a number", lambda x: ops.pad(x, 2), torch.clone)
    yield call(
        "pad",
        "constant_values=3",
        lambda x: ops.pad(x, (1, 2), constant_values=3.0),
        lambda x: F.pad(x, (1, 2, 1, 2), value=3.0),
        (2, 3),
    )
    yield call(
        "pad",
        "constant_values for each",
        lambda x: ops.pad(x, 1, constant_values=((1.0, 2.0), (3.0, 4.0))),
        lambda x: F.pad(x, (1, 1, 1, 1)) + torch.tensor(np.pad(np.zeros((2, 3)), 1, constant_values=((1, 2), (3, 4)))),
        (2, 3),
        every_layout=False,
    )
    yield call(
        "pad",
        "constant_values a Value",
        lambda x, c: ops.pad(x, 1, constant_values=c),
        lambda x, c: F.pad(x, (1, 1, 1, 1)) + c * (1 - F.pad(torch.ones_like(x), (1, 1, 1, 1))),
        (2, 3),
        (),
        every_layout=False,
    )
    for mode in ("edge", "reflect", "symmetric", "wrap"):
        for shape, width in [
            ((3,), 2),
            ((3,), (0, 7)),
            ((2, 3), ((1, 0), (2, 5))),
            ((2, 1, 3), ((1, 1), (0, 0), (2, 1))),
        ]:
            yield call(
                "pad",
                f"{shape}, {width}, {mode}",
                lambda x, w=width, m=mode: ops.pad(x, w, mode=m),
                moved(lambda p, w=width, m=mode: np.pad(p, w, mode=m)),
                shape,
                every_layout=len(shape) == 2,
            )
    linear: list[dict[str, Any]] = [
        {"mode": "linear_ramp"},
        {"mode": "linear_ramp", "end_values": ((1.0, -2.0), (0.5, 3.0))},
        {"mode": "mean"},
        {"mode": "mean", "stat_length": ((1, 2), (2, 9))},
        {"mode": "reflect", "reflect_type": "odd"},
        {"mode": "symmetric", "reflect_type": "odd"},
    ]
    for options in linear:
        for width in [((1, 2), (3, 1)), ((0, 0), (0, 4))]:
            yield call(
                "pad",
                f"{width}, {options}",
                lambda x, w=width, o=options: ops.pad(x, w, **o),
                lambda x, w=width, o=options: _affine(lambda array: np.pad(array, w, **o), x),
                (3, 4),
                every_layout=width[0] == (1, 2),
            )
    for mode, statistic in {"maximum": torch.amax, "minimum": torch.amin}.items():
        yield call(
            "pad",
            mode,
            lambda x, m=mode: ops.pad(x, (2, 1), m, stat_length=2),
            lambda x, s=statistic: torch.cat([s(x[:2], 0, True).expand(2), x, s(x[-2:], 0, True).expand(1)]),
            (4,),
        )


def _affine(f: Callable[[Any], Any], x: torch.Tensor) -> torch.Tensor:
    """What an affine function of NumPy's is in PyTorch: its matrix, column by column, and what it makes of zeros."""
    units = np.eye(x.numel()).reshape(-1, *x.shape)
    zero = f(np.zeros(x.shape))
    matrix = np.stack([f(unit) - zero for unit in units], -1)
    return torch.tensor(matrix) @ x.flatten() + torch.tensor(zero)


def picked() -> Iterator[Sample]:
    """Elements picked, put, left out, put in."""
    for shape, indices, axis, mode in [
        ((5,), [0, 0, 4, -1], None, "raise"),
        ((3, 4), [[1, 7], [1, 0]], None, "raise"),
        ((3, 4), [2, 0, 2], 0, "raise"),
        ((3, 4), 1, -1, "raise"),
        ((3, 4), [[0, 1], [1, 1]], 1, "raise"),
        ((3, 4), [5, -5, 4], 1, "wrap"),
        ((3, 4), [5, -5, 4], 1, "clip"),
        ((3, 4), [], 0, "raise"),
        ((2, 3, 4), [1, 1], -2, "raise"),
    ]:
        yield call(
            "take",
            f"{shape}, {indices}, axis={axis}, {mode}",
            lambda x, i=indices, a=axis, m=mode: ops.take(x, i, a, m),
            moved(lambda p, i=indices, a=axis, m=mode: np.take(p, np.array(i, int), a, mode=m)),
            shape,
        )
    yield on_float("take", "a number", lambda x: ops.take(x, [0, 0]), lambda x: x.reshape(1).expand(2))
    for condition, axis in [([False, True], 0), ([True, False, True], 1), ([0, 1, 1, 0, 1], None), ([False], 0)]:
        yield call(
            "compress",
            f"{condition}, axis={axis}",
            lambda x, c=condition, a=axis: ops.compress(c, x, a),
            moved(lambda p, c=condition, a=axis: np.compress(c, p, a)),
            (2, 3),
        )
    mask = np.array([[True, False, True], [False, False, True]])
    yield call("extract", "a mask", lambda x: ops.extract(mask, x), lambda x: x[torch.tensor(mask)], (2, 3))
    number = np.array([[0, 1, 2], [2, 0, 0]])
    yield call(
        "choose",
        "of three that broadcast",
        lambda *xs: ops.choose(number, xs),
        lambda *xs: torch.stack(torch.broadcast_tensors(*xs)).gather(0, torch.tensor(number)[None])[0],
        (2, 3),
        (3,),
        (2, 1),
    )
    yield call(
        "choose",
        "wrap",
        lambda x, y: ops.choose([-1, 5, 2], [x, y], mode="wrap"),
        lambda x, y: torch.stack([y[0], y[1], x[2]]),
        (3,),
        (3,),
        every_layout=False,
    )
    along = [
        ((3, 4), np.array([[1, 1, 3], [0, 0, 0], [3, 2, -1]]), 1),
        ((3, 4), np.array([[1, 1, 2, 0]]), 0),
        ((3, 4), np.array([[2], [0], [1]]), -1),
        ((6,), np.array([5, 5, 0]), 0),
        ((2, 3), np.array([5, 0, 0]), None),
        ((2, 3, 2), np.zeros((2, 1, 2), int), 1),
        ((2, 3), np.zeros((2, 0), int), 1),
    ]
    for shape, indices, axis in along:
        text = f"{shape}, {indices.tolist()}, axis={axis}"
        yield call(
            "take_along_axis",
            text,
            lambda x, i=indices, a=axis: ops.take_along_axis(x, i, a),
            moved(lambda p, i=indices, a=axis: np.take_along_axis(p, i, a)),
            shape,
        )
        for values in [indices.shape, ()]:
            yield call(
                "put_along_axis",
                f"{text}, values {values}",
                lambda x, v, i=indices, a=axis: ops.put_along_axis(x, i, v, a),
                lambda x, v, i=indices, a=axis: _filled(x, v, lambda p, n: np.put_along_axis(p, i, n, a)),
                shape,
                values,
                every_layout=bool(values),
            )
    for obj, axis in [
        (1, 0),
        (-1, 1),
        ([0, 2], 1),
        ([0, 0], 1),
        (slice(0, 3, 2), 1),
        (np.array([True, False, False, True]), 1),
        (5, None),
        ([], 0),
    ]:
        yield call(
            "delete",
            f"{obj}, axis={axis}",
            lambda x, o=obj, a=axis: ops.delete(x, o, a),
            moved(lambda p, o=obj, a=axis: np.delete(p, o, a)),
            (3, 4),
        )
    for shape, obj, values, axis in [
        ((4,), 1, (), None),
        ((4,), -1, (2,), 0),
        ((4,), [1, 1, 3], (3,), 0),
        ((4,), [3, 0], (2,), 0),
        ((4,), [2], (3,), 0),
        ((4,), slice(0, 4, 2), (2,), 0),
        ((4,), np.array([True, False, True, False]), (2,), 0),
        ((2, 3), 1, (), 1),
        ((2, 3), 1, (2,), 1),
        ((2, 3), [1], (2, 1), 1),
        ((2, 3), 0, (3,), 0),
        ((2, 3), [0, 2], (2, 3), 0),
        ((2, 3), [0, 2], (3,), 0),
        ((2, 3), 4, (), None),
        ((2, 3), [], (), 0),
    ]:
        yield call(
            "insert",
            f"{shape}, {obj}, {values}, axis={axis}",
            lambda x, v, o=obj, a=axis: ops.insert(x, o, v, a),
            lambda x, v, o=obj, a=axis: _inserted(x, v, o, a),
            shape,
            values,
            every_layout=len(shape) == 2,
        )


def _inserted(x: torch.Tensor, values: torch.Tensor, obj: Any, axis: Any) -> torch.Tensor:
    n = x.numel()
    obj = np.flatnonzero(obj) if np.asarray(obj).dtype == bool else obj  # which NumPy 2.0 takes for 0 and 1
    places = np.insert(np.arange(n).reshape(x.shape), obj, np.arange(n, n + values.numel()).reshape(values.shape), axis)
    return torch.cat([x.flatten(), values.flatten()])[torch.tensor(places)]


SAMPLES: list[Sample] = [*turned(), *repeated(), *joined(), *triangles(), *padded(), *picked()]
