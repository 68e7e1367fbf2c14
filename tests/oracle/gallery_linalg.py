"""Samples of products, einsum, inverses and decompositions: matrices, batches of them, and what is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sample
import torch
from sample import SCALAR, Operand, Sample

from autograd_mini import ops
from autograd_mini.ops.operation import shape_of

Shape = tuple[int, ...]


def call(
    op: str, text: str, ours: Callable[..., Any], twin: Callable[..., Any], *shapes: Shape, every_layout: bool = True
) -> Sample:
    """As ``sample.call``; NumPy has no layouts of what has no axes."""
    return sample.call(op, text, ours, twin, *shapes, every_layout=every_layout and all(shapes))


# ---------------------------------------------------------------- products


DOTS: list[tuple[Shape, Shape]] = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((2, 3, 4), (4,)),
    ((2, 3, 4), (4, 2)),
    ((2, 4), (3, 4, 2)),
    ((4,), (3, 4, 2)),
    ((2, 1, 4), (3, 4, 2)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((), ()),
    ((0,), (0,)),
    ((2, 0), (0, 3)),
]
INNERS: list[tuple[Shape, Shape]] = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 3), (4, 3)),
    ((2, 1, 3), (4, 3)),
    ((3,), (2, 4, 3)),
    ((), (2, 3)),
    ((2,), ()),
    ((0, 3), (2, 3)),
    ((2, 0), (3, 0)),
]
TENSORDOTS: list[tuple[Shape, Shape, Any]] = [
    ((2, 3, 4), (3, 4, 5), 2),
    ((2, 3), (3, 4), 1),
    ((2,), (3,), 0),
    ((2, 3, 4), (4, 3, 2), ([1, 2], [1, 0])),
    ((2, 3, 4), (4, 5, 2), ([0, -1], [-1, 0])),
    ((3, 2), (4, 3), ([0], [1])),
    ((2, 3), (2, 3), 2),
    ((1, 3), (3, 1), 1),
    ((0, 3), (3, 2), 1),
    ((2, 0), (0, 3), 1),
]
VECDOTS: list[tuple[Shape, Shape, int]] = [
    ((3,), (3,), -1),
    ((2, 3), (3,), -1),
    ((2, 1, 3), (4, 3), -1),
    ((3, 2), (3, 2), 0),
    ((2, 3, 4), (2, 3, 4), 1),
    ((0, 3), (3,), -1),
    ((2, 0), (2, 0), -1),
]
KRONS: list[tuple[Shape, Shape]] = [
    ((2,), (3,)),
    ((2, 3), (3, 2)),
    ((2, 3), (2,)),
    ((2,), (2, 3)),
    ((1, 2, 3), (2, 1)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((), ()),
    ((0, 2), (2, 2)),
]


def products() -> Iterator[Sample]:
    for x, y in DOTS:
        yield call("dot", f"{x}, {y}", ops.dot, _dot, x, y)
    for x, y in INNERS:
        yield call("inner", f"{x}, {y}", ops.inner, _inner, x, y)
    for op in ("dot", "inner", "kron", "outer"):
        numbers = [(SCALAR, SCALAR), (SCALAR, Operand((3,))), (Operand((3,)), SCALAR)]
        twin = {"outer": lambda x, y: torch.outer(x.ravel(), y.ravel()), "kron": torch.kron}.get(op, torch.mul)
        yield Sample(op, f"{op}(numbers)", getattr(ops, op), twin, ((-2, 2),) * 2, numbers)
    for x, y in [((2,), (3,)), ((2, 3), (4,)), ((), (2,)), ((), ()), ((0,), (2,)), ((2,), (1, 0))]:
        yield call("outer", f"{x}, {y}", ops.outer, lambda x, y: torch.outer(x.ravel(), y.ravel()), x, y)
    for x, y in [((3,), (3,)), ((2, 3), (3, 2)), ((2, 3), (6,)), ((), (1,)), ((0,), (2, 0))]:
        yield call("vdot", f"{x}, {y}", ops.vdot, lambda x, y: torch.dot(x.ravel(), y.ravel()), x, y)
    for x, y, axes in TENSORDOTS:
        yield call(
            "tensordot",
            f"{x}, {y}, {axes}",
            lambda x, y, axes=axes: ops.tensordot(x, y, axes),
            lambda x, y, axes=axes: torch.tensordot(x, y, axes),
            x,
            y,
        )
    for x, y, axis in VECDOTS:
        yield call(
            "vecdot",
            f"{x}, {y}, {axis}",
            lambda x, y, axis=axis: ops.vecdot(x, y, axis),
            lambda x, y, axis=axis: torch.linalg.vecdot(x, y, dim=axis),
            x,
            y,
        )
    for x, y in [((2, 3), (3,)), ((5, 2, 3), (3,)), ((5, 2, 3), (5, 3)), ((2, 3), (5, 3)), ((1, 2, 3), (4, 3))]:
        matrix, vector = x, y
        yield call("matvec", f"{x}, {y}", ops.matvec, lambda a, v: (a @ v[..., None]).squeeze(-1), matrix, vector)
        turned = (*x[:-2], x[-1], x[-2])
        yield call(
            "vecmat", f"{y}, {turned}", ops.vecmat, lambda v, a: (v[..., None, :] @ a).squeeze(-2), vector, turned
        )
    for x, y in KRONS:
        yield call("kron", f"{x}, {y}", ops.kron, torch.kron, x, y)
    for x, y, axis in [
        ((3,), (3,), -1),
        ((2, 3), (3,), -1),
        ((4, 1, 3), (2, 3), -1),
        ((3, 2), (3, 2), 0),
        ((0, 3), (3,), -1),
    ]:
        yield call(
            "cross",
            f"{x}, {y}, {axis}",
            lambda x, y, axis=axis: ops.cross(x, y, axis=axis),
            lambda x, y, axis=axis: torch.linalg.cross(*torch.broadcast_tensors(x, y), dim=axis),
            x,
            y,
        )
    yield call(
        "cross",
        "axisa=0, axisc=0",
        lambda x, y: ops.cross(x, y, axisa=0, axisc=0),
        lambda x, y: torch.linalg.cross(x.T, y).T,
        (3, 2),
        (2, 3),
    )
    for shape in [(2, 3), (5, 2, 3), (0, 3)]:
        yield call("matrix_transpose", f"{shape}", ops.matrix_transpose, lambda x: x.mT, shape)
    for shape, where in [
        ((3, 3), ()),
        ((2, 3), (1,)),
        ((3, 2), (-1,)),
        ((2, 3, 4), (0, -1, 0)),
        ((2, 2, 3), (1,)),
        ((2, 2), (5,)),
    ]:
        yield call(
            "trace",
            f"{shape}, {where}",
            lambda x, where=where: ops.trace(x, *where),
            lambda x, where=where: torch.diagonal(x, *(where or (0,)), *((0, 1)[len(where[1:]) :])).sum(-1),
            shape,
        )
    for shapes in [
        ((2, 3), (3, 4)),
        ((2, 3), (3, 1), (1, 4)),
        ((3,), (3, 2), (2, 4), (4,)),
        ((3,), (3,)),
        ((4, 1), (1, 4), (4,)),
    ]:
        yield call(
            "multi_dot", f"{shapes}", lambda *xs: ops.multi_dot(xs), lambda *xs: torch.linalg.multi_dot(xs), *shapes
        )


def _dot(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    if not x.ndim or not y.ndim:
        return x * y
    return torch.tensordot(x, y, ([-1], [max(y.ndim - 2, 0)]))


def _inner(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.tensordot(x, y, ([-1], [-1])) if x.ndim and y.ndim else x * y


EINSUMS: list[tuple[str, list[Shape]]] = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ba,ca", [(2, 3), (4, 3)]),
    ("i,i", [(3,), (3,)]),
    ("i,i->i", [(3,), (3,)]),
    ("i,j->ji", [(2,), (3,)]),
    ("i,j->i", [(2,), (3,)]),
    ("ij,ij->", [(2, 3), (2, 3)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 2)]),
    ("bqhd,bkhd->bhqk", [(1, 3, 2, 2), (1, 4, 2, 2)]),
    ("ij,jk,kl->il", [(2, 3), (3, 2), (2, 4)]),
    ("i,i,i", [(3,), (3,), (3,)]),
    ("ij,j,i,->ij", [(2, 3), (3,), (2,), ()]),
    ("ijk,il,jl,kl->l", [(2, 2, 3), (2, 2), (2, 2), (3, 2)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iij->ji", [(2, 2, 3)]),
    ("iji->j", [(2, 3, 2)]),
    ("ij->ji", [(2, 3)]),
    ("ji", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij", [(2, 3)]),
    ("ii,ij->j", [(2, 2), (2, 3)]),
    ("iij,jk", [(2, 2, 3), (3, 2)]),
    ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
    ("...ij,...jk", [(4, 1, 2, 3), (5, 3, 2)]),
    ("...i->...", [(2, 3, 4)]),
    ("...ii->...i", [(4, 3, 3)]),
    ("i...,i...", [(3, 2), (3,)]),
    ("...,...", [(2, 3), (3,)]),
    ("...", [(2, 3)]),
    ("ij,ij->ij", [(1, 3), (2, 3)]),
    ("ij,ij->i", [(2, 1), (2, 3)]),
    ("ij,ij->", [(2, 3), (1, 1)]),
    (",", [(), ()]),
    (",i->i", [(), (3,)]),
    ("i->", [(0,)]),
    ("ij,jk->ik", [(0, 3), (3, 2)]),
    ("ij,jk->ik", [(2, 0), (0, 3)]),
    ("ij,ij->ij", [(1, 3), (0, 3)]),
]


def einsums() -> Iterator[Sample]:
    for subscripts, shapes in EINSUMS:
        for optimize in (False, True):
            if optimize and len(shapes) < 2:
                continue
            yield call(
                "einsum",
                f"{subscripts!r}, {shapes}, optimize={optimize}",
                lambda *xs, s=subscripts, o=optimize: ops.einsum(s, *xs, optimize=o),
                lambda *xs, s=subscripts: torch.einsum(s, *xs),
                *shapes,
                every_layout=not optimize,
            )
    yield call("einsum", "the same twice", lambda x: ops.einsum("ij,kj", x, x), lambda x: x @ x.T, (2, 3))
    yield call("einsum", "lists", lambda x, y: ops.einsum(x, [0, 1], y, [1, 2]), torch.matmul, (2, 3), (3, 4))
    yield call(
        "einsum",
        "lists with ellipses",
        lambda x, y: ops.einsum(x, [..., 30, 1], y, [1, 2], [2, ..., 30]),
        lambda x, y: torch.einsum("...ij,jk->k...i", x, y),
        (4, 2, 3),
        (3, 4),
    )
    mixed = [(Operand((2, 3), "float32"), Operand((3,)))]
    yield Sample(
        "einsum",
        "einsum(mixed dtypes)",
        lambda x, y: ops.einsum("ij,j", x, y),
        lambda x, y: torch.einsum("ij,j", x, y),
        ((-2, 2),) * 2,
        mixed,
    )


# ---------------------------------------------------------------- inverses and decompositions
#
# Each is tried on matrices made regular, symmetric or of low rank from any numbers, in NumPy as in PyTorch. What a
# decomposition leaves open, such as the sign of an eigenvector, is squared away.


def _diagonal(x: Any, *numbers: float) -> Any:
    """A diagonal matrix in the dtype of ``x``, to be added to it."""
    return (
        torch.diag(torch.tensor(numbers, dtype=x.dtype))
        if isinstance(x, torch.Tensor)
        else np.diag(numbers).astype(x.dtype)
    )


def _regular(x: Any) -> Any:
    return x + _diagonal(x, *[5.0] * shape_of(x)[-1])


def _spread(x: Any) -> Any:
    """Square matrices whose eigenvalues and singular values lie apart."""
    return 0.2 * x + _diagonal(x, *[2.0 + 1.5 * i for i in range(shape_of(x)[-1])])


def _symmetric(x: Any) -> Any:
    return _spread(x) + _spread(x).mT


def _tall(x: Any) -> Any:
    """(..., M, N) with independent columns."""
    n = shape_of(x)[-1]
    unit = np.eye(shape_of(x)[-2], n) * np.arange(2.0, n + 2.0)
    return 0.3 * x + (torch.tensor(unit, dtype=x.dtype) if isinstance(x, torch.Tensor) else unit.astype(x.dtype))


def _cond(x: torch.Tensor, p: Any) -> torch.Tensor:
    """``torch.linalg.cond``, which has no second derivative of such a norm."""
    x = _spread(x)
    return torch.linalg.matrix_norm(x, p) * torch.linalg.matrix_norm(torch.linalg.inv(x), p)


def _like(
    op: str, text: str, made: Callable[[Any], Any], parts: Callable[[Any, Any], Any], *shapes: Shape
) -> Iterator[Sample]:
    """The same composition with our functions and PyTorch's, which have the same names."""
    for shape in shapes:
        yield call(
            op,
            f"{shape}: {text}",
            lambda x: parts(ops, made(x)),
            lambda x: parts(torch.linalg, made(x)),
            shape,
            every_layout=shape == shapes[0],
        )


SQUARE: list[Shape] = [(3, 3), (1, 1), (2, 3, 3), (2, 1, 2, 2), (0, 2, 2)]


def inverses() -> Iterator[Sample]:
    yield from _like("inv", "regular", _regular, lambda la, x: la.inv(x), *SQUARE, (0, 0))
    yield from _like("det", "regular", _regular, lambda la, x: la.det(x), *SQUARE)
    yield from _like("det", "any", lambda x: x, lambda la, x: la.det(x), (2, 2), (4, 4))
    yield from _like("slogdet", "logabsdet", _regular, lambda la, x: la.slogdet(x)[1], *SQUARE)
    yield from _like("slogdet", "sign", _regular, lambda la, x: la.slogdet(x)[0], (3, 3), (2, 2, 2))
    yield from _like("matrix_power", "3", lambda x: x, lambda la, x: la.matrix_power(x, 3), *SQUARE)
    for n in (0, 1, 2, 5, 8, -1, -3):
        yield from _like("matrix_power", f"{n}", _spread, lambda la, x, n=n: la.matrix_power(x, n), (3, 3), (2, 2, 2))
    for shape in SQUARE:
        yield call(
            "cofactor",
            f"{shape}",
            lambda x: ops.cofactor(_regular(x)),
            lambda x: _cofactor(_regular(x)),
            shape,
        )
    for x, y in [((3, 3), (3, 3)), ((1, 1), (1, 1)), ((2, 3, 3), (3, 3)), ((0, 2, 2), (0, 2, 2))]:
        yield call(
            "cofactor",
            f"{x} along {y}",
            lambda x, y: ops.cofactor(_regular(x), y),
            lambda x, y: _cofactor_along(_regular(x), y),
            x,
            y,
        )
    for x, y in [
        ((3, 3), (3,)),
        ((3, 3), (3, 2)),
        ((2, 3, 3), (3,)),
        ((2, 3, 3), (3, 1)),
        ((3, 3), (2, 3, 2)),
        ((2, 1, 2, 2), (3, 2, 2)),
        ((1, 1), (1,)),
        ((2, 2), (2, 0)),
    ]:
        yield call(
            "solve",
            f"{x}, {y}",
            lambda x, y: ops.solve(_regular(x), y),
            lambda x, y: torch.linalg.inv(_regular(x)) @ y,
            x,
            y,
        )
    yield from _like("pinv", "full rank", _tall, lambda la, x: la.pinv(x), (4, 2), (2, 4), (3, 3), (2, 3, 2), (1, 3))
    yield from _like("pinv", "rank 2", _of_rank_two, lambda la, x: la.pinv(x, rtol=1e-6), (4, 3), (3, 4))
    yield from _like("tensorinv", "ind=1", _regular_rows, lambda la, x: la.tensorinv(x, ind=1), (4, 2, 2))
    yield from _like(
        "tensorinv",
        "ind=2",
        lambda x: _regular_rows(x.reshape(4, 2, 2)).reshape(2, 2, 4),
        lambda la, x: la.tensorinv(x),
        (4, 4),
    )
    for axes, shape in [(None, (4, 2, 2)), ((0,), (2, 4, 2))]:
        yield call(
            "tensorsolve",
            f"axes={axes}",
            lambda x, y, a=axes, s=shape: ops.tensorsolve(_regular_rows(x).reshape(s), y, a),
            lambda x, y, a=axes, s=shape: torch.linalg.tensorsolve(_regular_rows(x).reshape(s), y, dims=a),
            (4, 2, 2),
            (4,),
        )
    for y in [(4,), (4, 2)]:
        yield call(
            "lstsq",
            f"(4, 2), {y}",
            lambda x, y: ops.lstsq(_tall(x), y)[0],
            lambda x, y: torch.linalg.pinv(_tall(x)) @ y,
            (4, 2),
            y,
        )
        yield call(
            "lstsq",
            f"residuals of (4, 2), {y}",
            lambda x, y: ops.lstsq(_tall(x), y)[1],
            lambda x, y: ((_tall(x) @ (torch.linalg.pinv(_tall(x)) @ y) - y) ** 2).sum(0, keepdim=y.ndim == 1),
            (4, 2),
            y,
        )
    yield call(
        "lstsq",
        "wide",
        lambda x, y: ops.lstsq(_tall(x), y)[0],
        lambda x, y: torch.linalg.pinv(_tall(x)) @ y,
        (2, 4),
        (2,),
    )


def _cofactor(x: torch.Tensor) -> torch.Tensor:
    return torch.linalg.det(x)[..., None, None] * torch.linalg.inv(x).mT


def _cofactor_along(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    turned = torch.linalg.inv(x).mT
    return _cofactor(x) * (turned * y).sum((-2, -1), keepdim=True) - _cofactor(x) @ y.mT @ turned


def _of_rank_two(x: Any) -> Any:
    return x[..., :, :2] @ x[..., :2, :]


def _regular_rows(x: Any) -> Any:
    return _regular(x.reshape(4, 4)).reshape(4, 2, 2)


def decompositions() -> Iterator[Sample]:
    def vectors(la: Any, x: Any) -> Any:
        return la.eigh(x)[1] ** 2

    def matrix_function(la: Any, x: Any) -> Any:
        values, vectors = la.eigh(x)
        return (vectors * (values * values * values)[..., None, :]) @ vectors.mT

    def triangles(la: Any, x: Any) -> Any:
        q, r = la.qr(x)
        return (q * q) @ (r * r)

    def both_vectors(la: Any, x: Any) -> Any:
        u, s, vh = la.svd(x, full_matrices=False)
        return (u * (s * s)[..., None, :]) @ vh

    yield from _like("cholesky", "x @ x.T + 5", lambda x: _regular(x @ x.mT), lambda la, x: la.cholesky(x), *SQUARE)
    yield from _like(
        "cholesky", "upper", lambda x: _regular(x @ x.mT), lambda la, x: la.cholesky(x, upper=True), (3, 3)
    )
    yield from _like("eigvalsh", "symmetric", _symmetric, lambda la, x: la.eigvalsh(x), *SQUARE)
    yield from _like("eigvalsh", "upper", _symmetric, lambda la, x: la.eigvalsh(x, "U"), (3, 3))
    yield from _like("eigh", "values", _symmetric, lambda la, x: la.eigh(x)[0], (3, 3), (2, 2, 2))
    yield from _like("eigh", "vectors", _symmetric, vectors, *SQUARE)
    yield from _like("eigh", "both", _symmetric, matrix_function, (3, 3), (2, 2, 2))
    yield from _like("eigh", "upper", _symmetric, lambda la, x: la.eigh(x, "U")[1] ** 2, (3, 3))
    for shape, made in [
        ((4, 2), _tall),
        ((3, 3), _spread),
        ((2, 4), _tall),
        ((2, 3, 2), _tall),
        ((2, 2, 3), _tall),
        ((1, 1), _regular),
        ((1, 3), _tall),
        ((3, 1), _tall),
    ]:
        yield from _like("qr", "Q", made, lambda la, x: la.qr(x)[0], shape)
        yield from _like("qr", "R", made, lambda la, x: la.qr(x)[1], shape)
        yield from _like("qr", "both", made, triangles, shape)
        yield from _like("svd", "U", made, lambda la, x: la.svd(x, full_matrices=False)[0] ** 2, shape)
        yield from _like("svd", "S", made, lambda la, x: la.svd(x, full_matrices=False)[1], shape)
        yield from _like("svd", "Vh", made, lambda la, x: la.svd(x, full_matrices=False)[2] ** 2, shape)
        yield from _like("svd", "all", made, both_vectors, shape)
        yield from _like("svdvals", "spread", made, lambda la, x: la.svdvals(x), shape)
        yield from _like("cond", "2", made, lambda la, x: la.cond(x), shape)
        yield from _like("cond", "-2", made, lambda la, x: la.cond(x, -2), shape)
    for p in (1, "fro", "nuc"):
        yield call("cond", f"{p}", lambda x, p=p: ops.cond(_spread(x), p), lambda x, p=p: _cond(x, p), (3, 3))
    yield from _like("qr", "complete", _tall, lambda la, x: la.qr(x, "complete")[0], (2, 4))
    yield call("qr", "r", lambda x: ops.qr(_tall(x), "r"), lambda x: torch.linalg.qr(_tall(x))[1], (4, 2))
    yield call("qr", "r of a wide one", lambda x: ops.qr(_tall(x), "r"), lambda x: torch.linalg.qr(_tall(x))[1], (2, 4))
    yield from _like("svd", "full", _spread, lambda la, x: la.svd(x)[0] ** 2, (3, 3))
    yield call(
        "svd",
        "values alone",
        lambda x: ops.svd(_tall(x), compute_uv=False),
        lambda x: torch.linalg.svdvals(_tall(x)),
        (4, 2),
    )


SAMPLES: list[Sample] = [*products(), *einsums(), *inverses(), *decompositions()]
