"""How an op that is more than one ufunc computes into an array that it is given: the same steps, in the same order.

``WRITERS`` has the rows of the op table that can, ``CANNOT`` the others, which make a new array at each call. So do
einsum with ``optimize``, a product of two dtypes, an index computed beside slices, and a function of the data alone
(``map_data``) that does not take ``out``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from inspect import unwrap
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.compiler.codegen import indexed
from autograd_mini.compiler.errors import check_form
from autograd_mini.compiler.program import Form, Like, Plain
from autograd_mini.compiler.rows import row_of
from autograd_mini.compiler.users import takes_out
from autograd_mini.ops.pooling import first_equal_into, largest_of_windows
from autograd_mini.ops.special import scipys_ufunc
from autograd_mini.ops.window import add_overlapping

Write = Callable[..., Any]  # of the array, the scratch arrays and the operands


class Writer(NamedTuple):
    """How a row writes: whether it can with these operands, with what, and which arrays that needs on the way."""

    write: Callable[[Any, Any, list[Any]], Write]  # of the op, and of shape and dtype of the result and the operands
    can: Callable[[Any, Any, list[Any]], bool] = lambda op, like, likes: _are_arrays(like, likes)
    scratch: Callable[[Any, Any, list[Any]], list[Like]] = lambda op, like, likes: []


def writer_of(op: Any, like: Any, likes: list[Any]) -> Writer | None:
    """How the op writes into an array; None if it cannot."""
    if isinstance(op, Plain):
        return (
            _OF_DATA
            if takes_out(op.forward) and like.shape and all([x is not None and x.shape for x in likes])
            else None
        )
    writer = WRITERS.get(row_of(op))
    return writer if writer is not None and writer.can(op, like, likes) else None


def _of_data(op: Any, like: Any, likes: list[Any]) -> Write:
    f = unwrap(op.forward)

    def write(out: Any, *data: Any) -> Any:
        found = f(*data, out=out)
        if found is not out:  # a user's own parameter of that name
            check_form(op.name, Form(found.shape, found.dtype), like)
            out[...] = found
        return out

    return write


_OF_DATA = Writer(_of_data)


def _are_arrays(like: Any, likes: list[Any]) -> bool:
    """True if all of them are arrays with axes and of one dtype."""
    return all([x is not None and x.shape and x.dtype == like.dtype for x in likes])


def _with(f: Callable[..., Any]) -> Callable[..., Write]:
    """``f`` of the array and the operands, with the static parameters of the op."""
    return lambda op, like, likes: lambda out, *operands: f(out, *operands, **op.params)


# ---------------------------------------------------------------- choosing

INTEGERS: dict[str, Any] = {"e": np.int16, "f": np.int32, "d": np.int64}  # of the same size, by a float's dtype.char
_FEW = 1024  # elements, of which np.where takes half as long: 8 KB at most that a call allocates


def _can_choose(op: Any, like: Any, likes: list[Any]) -> bool:
    condition = likes[0]
    return (
        math.prod(like.shape) > _FEW
        and like.dtype.char in INTEGERS
        and condition is not None
        and condition[0] != ()
        and condition[1].kind == "b"
        and all([x is None or x.dtype == like.dtype for x in likes[1:]])
    )


def _choose(op: Any, like: Any, likes: list[Any]) -> Write:
    """where(condition, x, y) by masking bits: a branch for each element takes four times as long, or more."""
    integer, dtype = INTEGERS[like.dtype.char], like.dtype

    def write(out: Any, mask: Any, condition: Any, x: Any, y: Any) -> Any:
        mask[...] = condition  # 1 and 0, which become all of the bits and none
        np.negative(mask, mask)
        x, y = [(v if hasattr(v, "dtype") else np.array(v, dtype)).view(integer) for v in (x, y)]
        bits = out.view(integer)
        np.bitwise_xor(x, y, bits)
        np.bitwise_and(bits, mask, bits)
        np.bitwise_xor(bits, y, bits)
        return out

    return write


def _triangle(name: str) -> Callable[..., Write]:
    def made(op: Any, like: Any, likes: list[Any]) -> Write:
        integer = INTEGERS[like.dtype.char]
        kept = getattr(np, name)(np.full(like.shape[-2:], -1, integer), op.params["k"])  # all of the bits, or none

        def write(out: Any, x: Any) -> Any:
            np.bitwise_and(x.view(integer), kept, out.view(integer))
            return out

        return write

    return made


# ---------------------------------------------------------------- one place after another


def _mean(out: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    np.add.reduce(x, axis, None, out, keepdims=keepdims)
    return np.divide(out, x.size // out.size, out)


def _linear(out: Any, x: Any, weight: Any, bias: Any) -> Any:
    return np.add(np.matmul(x, weight.T, out), bias, out)


def _exclusive_cumprod(out: Any, x: Any, axis: int) -> Any:
    x, moved = np.moveaxis(x, axis, 0), np.moveaxis(out, axis, 0)
    moved[:1] = 1
    np.cumprod(x[:-1], 0, None, moved[1:])
    return out


def _recurrence(out: Any, a: Any, b: Any, axis: int) -> Any:
    a, b, z = (np.moveaxis(x, axis, 0) for x in (a, b, out))
    z[:1] = 0
    for i in range(len(z) - 1):
        after = z[i + 1, ...]  # an array, of a vector too
        np.multiply(a[i], z[i], after)
        np.add(after, b[i], after)
    return out


def _roll(op: Any, like: Any, likes: list[Any]) -> Write:
    """Each part of the array to its place: as many as there are halves of axes."""
    total = dict.fromkeys(range(len(like.shape)), 0)
    for shift, axis in zip(op.params["shift"], op.params["axis"], strict=True):
        total[axis] += shift
    shifts = [total[axis] % n if n else 0 for axis, n in enumerate(like.shape)]
    halves = [[(slice(-s, None), slice(s)), (slice(-s), slice(s, None))] if s else [(slice(None),) * 2] for s in shifts]
    parts: list[Any] = [tuple(zip(*half, strict=True)) for half in product(*halves)]

    def write(out: Any, x: Any) -> Any:
        for source, target in parts:
            out[target] = x[source]
        return out

    return write


def _copy(out: Any, x: Any, shape: Any = None) -> Any:
    np.copyto(out.reshape(x.shape), x)
    return out


def _scatter(out: Any, x: Any, length: int, index: Any) -> Any:
    out.fill(0)
    np.add.at(out, index.array, x)
    return out


def _astype(out: Any, x: Any, dtype: Any) -> Any:
    np.copyto(out, x, "unsafe")
    return out


def _of_scipy(name: str) -> Writer:
    def can(op: Any, like: Any, likes: list[Any]) -> bool:
        return _are_arrays(like, likes) and like.dtype.char in "fd" and scipys_ufunc(name) is not None

    return Writer(lambda op, like, likes: lambda out, x: scipys_ufunc(name)(x, out), can)  # type: ignore[misc]  # is one


# ---------------------------------------------------------------- the table

_BOOL = np.dtype(bool)

WRITERS: dict[str, Writer] = {
    "where": Writer(
        _choose, _can_choose, lambda op, like, likes: [Form(likes[0].shape, np.dtype(INTEGERS[like.dtype.char]))]
    ),
    "clip": Writer(
        _with(lambda out, x, low, high: np.clip(x, low, high, out)), lambda op, like, likes: likes[0] == like
    ),
    "softplus": Writer(lambda op, like, likes: lambda out, x: np.logaddexp(x, like.dtype.type(0), out)),
    **{
        row: _of_scipy(name)
        for row, name in {"erf": "erf", "erfinv": "erfinv", "lgamma": "gammaln", "digamma": "psi"}.items()
    },
    "triu": Writer(_triangle("triu"), lambda op, like, likes: likes[0] == like and len(like.shape) >= 2),
    "tril": Writer(_triangle("tril"), lambda op, like, likes: likes[0] == like and len(like.shape) >= 2),
    "copied": Writer(_with(_copy)),
    "scatter": Writer(_with(_scatter)),
    "astype": Writer(_with(_astype), lambda op, like, likes: bool(likes[0] and likes[0].shape)),
    "roll": Writer(_roll),
    "concatenate": Writer(_with(lambda out, *xs, axis, starts: np.concatenate(xs, axis, out))),
    "stack": Writer(_with(lambda out, *xs, axis: np.stack(xs, axis, out))),
    "mean": Writer(
        _with(_mean),
        lambda op, like, likes: _are_arrays(like, likes) and like.dtype.char in "fd" and 0 not in likes[0].shape,
    ),
    "max": Writer(_with(lambda out, x, axis, keepdims: np.maximum.reduce(x, axis, None, out, keepdims=keepdims))),
    "min": Writer(_with(lambda out, x, axis, keepdims: np.minimum.reduce(x, axis, None, out, keepdims=keepdims))),
    "prod": Writer(_with(lambda out, x, axis: np.multiply.reduce(x, axis, None, out))),
    "cumsum": Writer(_with(lambda out, x, axis: np.cumsum(x, axis, None, out))),
    "cumprod": Writer(_with(lambda out, x, axis: np.cumprod(x, axis, None, out))),
    "logcumsumexp": Writer(_with(lambda out, x, axis: np.logaddexp.accumulate(x, axis, None, out))),
    "exclusive_cumprod": Writer(_with(_exclusive_cumprod)),
    "linear_recurrence": Writer(_with(_recurrence)),
    "matmul": Writer(_with(lambda out, x, y: np.matmul(x, y, out))),
    "linear": Writer(_with(_linear)),
    "einsum": Writer(
        _with(lambda out, *xs, subscripts, optimize: np.einsum(subscripts, *xs, out=out)),
        lambda op, like, likes: not op.params["optimize"],
    ),
    "overlap_add": Writer(_with(lambda out, x, **params: add_overlapping(x, **params, out=out))),
    "max_pool": Writer(_with(lambda out, windows: largest_of_windows(windows, out))),
    "first_equal": Writer(
        _with(first_equal_into),
        scratch=lambda op, like, likes: [Form(like.shape, _BOOL), Form(like.shape, _BOOL), Form(likes[1].shape, _BOOL)],
    ),
    "getitem": Writer(indexed.getitem, indexed.can_getitem),
    "scatter_add": Writer(indexed.scatter_add, indexed.can_scatter_add),
    "getitem_at": Writer(indexed.getitem_at, indexed.can_at, indexed.scratch_at),
    "scatter_add_at": Writer(indexed.scatter_add_at, indexed.can_at, indexed.scratch_at),
}

_LAPACK = (
    "cholesky cofactor cond det eigh eigh.eigenvectors eigvalsh inv lstsq pinv qr qr.Q qr.R slogdet slogdet.inverse "
    "slogdet.logabsdet slogdet.sign solve svd svd.U svd.Vh svdvals tensorinv tensorsolve"
)
_BY_ORDER = "median nanmedian nanpercentile nanquantile partition percentile quantile sort"
CANNOT: dict[str, str] = {  # rows and functions of the table, and why
    **dict.fromkeys(_LAPACK.split(), "what NumPy has of LAPACK takes no out"),
    **dict.fromkeys(_BY_ORDER.split(), "np.argsort and np.argpartition take no out"),
    **dict.fromkeys(("cummax", "cummin"), "where each was found takes several steps, none of them an op"),
    "sinc": "np.sinc takes no out",
    "polygamma": "SciPy's takes no out",
    "pack": "numbers that Python holds become an array: as many as there are packed scalars",
}
