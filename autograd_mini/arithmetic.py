"""Operators and methods for anything that can ``record`` an operation: Values, and whatever else joins them.

A class that inherits from ``Arithmetic`` and defines ``record`` can be added, multiplied, squashed and
reduced. Nothing here computes: every method names the row of the op table that does. Questions about the data, such as
where the largest element is, have plain answers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, Self, TypeVar

import numpy as np

from autograd_mini import ops
from autograd_mini.ops.axes import Axis, plain
from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import Operation, as_keepdims, map_data

_C = TypeVar("_C", bound="Arithmetic")


def _unary(op: Operation) -> Callable[[_C], _C]:
    """The method that is ``op`` of the carrier."""

    def method(self: _C) -> _C:
        return self.record(op, self)

    return method


def _binary(op: Operation) -> Callable[[_C, Any], _C]:
    """The operator that is ``op`` of the carrier and what stands on its right."""

    def method(self: _C, other: Any) -> _C:
        return self.record(op, self, other)

    return method


def _reflected(op: Operation) -> Callable[[_C, Any], _C]:
    """The operator that Python calls where the carrier is the second operand: ``2 - x``."""

    def method(self: _C, other: Any) -> _C:
        if other.__class__ is tuple:  # which ``record`` takes for all of the operands
            other = list(other)
        return self.record(op, other, self)

    return method


class Arithmetic:
    """Every operator and method, out of one: ``record(op, x, y)``.

    ``record`` takes one operand, two, or (for an op of more) all of them as a tuple in place of ``x``.
    """

    __slots__ = ()

    def record(self, op: Operation, x: Any, y: Any = None) -> Self:
        """A new carrier that stands for ``op`` applied to the operands."""
        raise NotImplementedError  # a carrier defines it

    # ------------------------------------------------------------ operators

    __add__ = _binary(ops.add)
    __radd__ = _reflected(ops.add)
    __sub__ = _binary(ops.sub)
    __rsub__ = _reflected(ops.sub)
    __mul__ = _binary(ops.mul)
    __rmul__ = _reflected(ops.mul)
    __truediv__ = _binary(ops.div)
    __rtruediv__ = _reflected(ops.div)
    __floordiv__ = _binary(ops.floor_divide)
    __rfloordiv__ = _reflected(ops.floor_divide)
    __mod__ = _binary(ops.remainder)
    __rmod__ = _reflected(ops.remainder)

    def __divmod__(self, other: Any) -> tuple[Self, Self]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Self, Self]:
        return other // self, other % self

    def __pow__(self, other: Any, modulus: None = None) -> Self:
        if modulus is not None:
            raise TypeError(located("pow(x, y, modulus) is for whole numbers; write (x ** y) % modulus"))
        return self.record(ops.pow, self, other)

    __rpow__ = _reflected(ops.pow)
    __matmul__ = _binary(ops.matmul)
    __rmatmul__ = _reflected(ops.matmul)
    __neg__ = _unary(ops.neg)

    def __pos__(self) -> Self:
        return self

    __abs__ = _unary(ops.abs)

    def __round__(self, ndigits: int | None = None) -> Self:
        return ops.round(self, ndigits or 0)

    def __getitem__(self, index: Any) -> Self:
        return ops.getitem(self, index)

    # ------------------------------------------------------------ element by element

    neg = _unary(ops.neg)
    abs = _unary(ops.abs)
    sign = _unary(ops.sign)

    def conj(self) -> Self:
        """The complex conjugate, which of real numbers is what they are. PyTorch: ``torch.conj``."""
        return self

    conjugate = conj

    @property
    def real(self) -> Self:
        """The real part, which of real numbers is what they are. PyTorch: ``torch.real``."""
        return self

    exp = _unary(ops.exp)
    expm1 = _unary(ops.expm1)
    exp2 = _unary(ops.exp2)
    log = _unary(ops.log)
    log1p = _unary(ops.log1p)
    log2 = _unary(ops.log2)
    log10 = _unary(ops.log10)
    sqrt = _unary(ops.sqrt)

    def square(self) -> Self:
        return ops.square(self)

    def reciprocal(self) -> Self:
        return ops.reciprocal(self)

    sin = _unary(ops.sin)
    cos = _unary(ops.cos)
    tan = _unary(ops.tan)
    arcsin = _unary(ops.arcsin)
    arccos = _unary(ops.arccos)
    arctan = _unary(ops.arctan)
    sinh = _unary(ops.sinh)
    cosh = _unary(ops.cosh)
    tanh = _unary(ops.tanh)
    arcsinh = _unary(ops.arcsinh)
    arccosh = _unary(ops.arccosh)
    arctanh = _unary(ops.arctanh)
    deg2rad = _unary(ops.deg2rad)
    rad2deg = _unary(ops.rad2deg)
    sinc = _unary(ops.sinc)
    sigmoid = _unary(ops.sigmoid)
    softplus = _unary(ops.softplus)
    relu = _unary(ops.relu)
    erf = _unary(ops.erf)
    erfinv = _unary(ops.erfinv)
    lgamma = _unary(ops.lgamma)
    digamma = _unary(ops.digamma)
    floor = _unary(ops.floor)
    ceil = _unary(ops.ceil)
    trunc = _unary(ops.trunc)

    def round(self, decimals: int = 0) -> Self:
        return ops.round(self, decimals)

    def leaky_relu(self, negative_slope: Any = 0.01) -> Self:
        return ops.leaky_relu(self, negative_slope)

    def elu(self, alpha: Any = 1.0) -> Self:
        return ops.elu(self, alpha)

    def gelu(self, approximate: str = "none") -> Self:
        return ops.gelu(self, approximate)

    def silu(self) -> Self:
        return ops.silu(self)

    def clip(self, min: Any = None, max: Any = None) -> Self:
        return ops.clip(self, min, max)

    def nan_to_num(self, *, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Self:
        return ops.nan_to_num(self, nan=nan, posinf=posinf, neginf=neginf)

    # ------------------------------------------------------------ with another, element by element

    def add(self, other: Any) -> Self:
        return self.record(ops.add, self, other)

    def sub(self, other: Any) -> Self:
        return self.record(ops.sub, self, other)

    def mul(self, other: Any) -> Self:
        return self.record(ops.mul, self, other)

    def div(self, other: Any) -> Self:
        return self.record(ops.div, self, other)

    def pow(self, other: Any) -> Self:
        return self.record(ops.pow, self, other)

    def maximum(self, other: Any) -> Self:
        return self.record(ops.maximum, self, other)

    def minimum(self, other: Any) -> Self:
        return self.record(ops.minimum, self, other)

    def fmax(self, other: Any) -> Self:
        return self.record(ops.fmax, self, other)

    def fmin(self, other: Any) -> Self:
        return self.record(ops.fmin, self, other)

    def heaviside(self, other: Any) -> Self:
        return self.record(ops.heaviside, self, other)

    def copysign(self, other: Any) -> Self:
        return self.record(ops.copysign, self, other)

    def hypot(self, other: Any) -> Self:
        return self.record(ops.hypot, self, other)

    def arctan2(self, other: Any) -> Self:
        return self.record(ops.arctan2, self, other)

    def logaddexp(self, other: Any) -> Self:
        return self.record(ops.logaddexp, self, other)

    def logaddexp2(self, other: Any) -> Self:
        return self.record(ops.logaddexp2, self, other)

    def floor_divide(self, other: Any) -> Self:
        return self.record(ops.floor_divide, self, other)

    def remainder(self, other: Any) -> Self:
        return self.record(ops.remainder, self, other)

    def fmod(self, other: Any) -> Self:
        return self.record(ops.fmod, self, other)

    def ldexp(self, other: Any) -> Self:
        return ops.ldexp(self, other)

    def float_power(self, other: Any) -> Self:
        return ops.float_power(self, other)

    # ------------------------------------------------------------ reductions

    def sum(self, axis: Axis = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Self:
        return ops.sum(self, axis, keepdims, initial=initial, where=where)

    def mean(self, axis: Axis = None, keepdims: bool = False, *, where: Any = None) -> Self:
        return ops.mean(self, axis, keepdims, where=where)

    def var(
        self,
        axis: Axis = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        mean: Any = None,
        correction: float | None = None,
        where: Any = None,
    ) -> Self:
        return ops.var(self, axis, ddof, keepdims, mean=mean, correction=correction, where=where)

    def std(
        self,
        axis: Axis = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        mean: Any = None,
        correction: float | None = None,
        where: Any = None,
    ) -> Self:
        return ops.std(self, axis, ddof, keepdims, mean=mean, correction=correction, where=where)

    def prod(self, axis: Axis = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Self:
        return ops.prod(self, axis, keepdims, initial=initial, where=where)

    def max(self, axis: Axis = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Self:
        return ops.max(self, axis, keepdims, initial=initial, where=where)

    def min(self, axis: Axis = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Self:
        return ops.min(self, axis, keepdims, initial=initial, where=where)

    def median(self, axis: Axis = None, keepdims: bool = False) -> Self:
        return ops.median(self, axis, keepdims)

    def quantile(self, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Self:
        return ops.quantile(self, q, axis, method, keepdims)

    def nansum(self, axis: Axis = None, keepdims: bool = False) -> Self:
        return ops.nansum(self, axis, keepdims)

    def nanmean(self, axis: Axis = None, keepdims: bool = False) -> Self:
        return ops.nanmean(self, axis, keepdims)

    def nanmedian(self, axis: Axis = None, keepdims: bool = False) -> Self:
        return ops.nanmedian(self, axis, keepdims)

    def nanquantile(self, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Self:
        return ops.nanquantile(self, q, axis, method, keepdims)

    def norm(self, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Self:
        return ops.norm(self, ord, axis, keepdims)

    def logsumexp(self, axis: Axis = None, keepdims: bool = False) -> Self:
        return ops.logsumexp(self, axis, keepdims)

    def softmax(self, axis: int = -1) -> Self:
        return ops.softmax(self, axis)

    def log_softmax(self, axis: int = -1) -> Self:
        return ops.log_softmax(self, axis)

    # ------------------------------------------------------------ along an axis

    def cumsum(self, axis: int | None = None) -> Self:
        return ops.cumsum(self, axis)

    def cumprod(self, axis: int | None = None) -> Self:
        return ops.cumprod(self, axis)

    def cummax(self, axis: int | None = None) -> Self:
        return ops.cummax(self, axis)

    def cummin(self, axis: int | None = None) -> Self:
        return ops.cummin(self, axis)

    def logcumsumexp(self, axis: int | None = None) -> Self:
        return ops.logcumsumexp(self, axis)

    def diff(self, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Self:
        return ops.diff(self, n, axis, prepend, append)

    def sort(self, axis: int | None = -1) -> Self:
        """A sorted copy, where NumPy's sorts in place. More in the help of the function, ``autograd_mini.sort``."""
        return ops.sort(self, axis)

    def partition(self, kth: Any, axis: int | None = -1) -> Self:
        """A copy in part sorted, where NumPy's is sorted in place. More in the help of ``autograd_mini.partition``."""
        return ops.partition(self, kth, axis)

    # ------------------------------------------------------------ questions: plain answers, without a gradient

    def tolist(self) -> Any:
        """The data as a float or as nested lists of floats. PyTorch: ``torch.Tensor.tolist``."""
        return plain(self).tolist()

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """Where the largest element is. PyTorch: ``torch.argmax``."""
        return map_data(partial(np.argmax, axis=axis, keepdims=as_keepdims(keepdims)), self)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """Where the smallest element is. PyTorch: ``torch.argmin``."""
        return map_data(partial(np.argmin, axis=axis, keepdims=as_keepdims(keepdims)), self)

    def argsort(self, axis: int | None = -1) -> Any:
        """Where the elements are that ``sort`` puts in order. PyTorch: ``torch.argsort(stable=True)``."""
        return map_data(partial(np.argsort, axis=axis, kind="stable"), self)

    def argpartition(self, kth: Any, axis: int | None = -1) -> Any:
        """Where the elements are that ``partition`` puts in order."""
        return map_data(partial(np.argpartition, kth=kth, axis=axis), self)

    def searchsorted(self, v: Any, side: Literal["left", "right"] = "left", sorter: Any = None) -> Any:
        """Where ``v`` would be put in so that this Value stays sorted. PyTorch: ``torch.searchsorted``."""
        return np.searchsorted(plain(self), plain(v), side=side, sorter=sorter)

    def nonzero(self) -> Any:
        """The indices of the elements that are not 0, an array for each axis. PyTorch: ``torch.nonzero``."""
        return np.nonzero(plain(self))

    def any(self, axis: Axis = None, keepdims: bool = False) -> Any:
        """Whether an element is not 0. PyTorch: ``torch.any``."""
        return map_data(partial(np.any, axis=axis, keepdims=as_keepdims(keepdims)), self)

    def all(self, axis: Axis = None, keepdims: bool = False) -> Any:
        """Whether no element is 0. PyTorch: ``torch.all``."""
        return map_data(partial(np.all, axis=axis, keepdims=as_keepdims(keepdims)), self)

    def count_nonzero(self, axis: Axis = None, keepdims: bool = False) -> Any:
        """How many elements are not 0. PyTorch: ``torch.count_nonzero``."""
        return map_data(partial(np.count_nonzero, axis=axis, keepdims=as_keepdims(keepdims)), self)

    # ------------------------------------------------------------ shapes

    @property
    def T(self) -> Self:
        """The axes reversed; a matrix transposed."""
        return ops.transpose(self)

    def reshape(self, *shape: Any, order: str = "C") -> Self:
        return ops.reshape(self, shape[0] if len(shape) == 1 else shape, order)

    def transpose(self, *axes: Any) -> Self:
        return ops.transpose(self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None)

    def ravel(self, order: str = "C") -> Self:
        return ops.ravel(self, order)

    def flatten(self, order: str = "C") -> Self:
        """All elements in one axis, as ``ravel``."""
        return ops.ravel(self, order)

    def copy(self) -> Self:
        return ops.copy(self)

    def swapaxes(self, axis1: int, axis2: int) -> Self:
        return ops.swapaxes(self, axis1, axis2)

    def moveaxis(self, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Self:
        return ops.moveaxis(self, source, destination)

    def squeeze(self, axis: int | tuple[int, ...] | None = None) -> Self:
        return ops.squeeze(self, axis)

    def expand_dims(self, axis: int | tuple[int, ...]) -> Self:
        return ops.expand_dims(self, axis)

    def broadcast_to(self, shape: tuple[int, ...]) -> Self:
        return ops.broadcast_to(self, shape)

    def astype(self, dtype: Any, copy: bool = True) -> Self:
        return ops.astype(self, dtype, copy)

    # ------------------------------------------------------------ turned, repeated, picked

    def flip(self, axis: Axis = None) -> Self:
        return ops.flip(self, axis)

    def flipud(self) -> Self:
        return ops.flipud(self)

    def fliplr(self) -> Self:
        return ops.fliplr(self)

    def rot90(self, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Self:
        return ops.rot90(self, k, axes)

    def roll(self, shift: int | tuple[int, ...], axis: Axis = None) -> Self:
        return ops.roll(self, shift, axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Self:
        return ops.repeat(self, repeats, axis)

    def tile(self, reps: int | tuple[int, ...]) -> Self:
        return ops.tile(self, reps)

    def hsplit(self, indices_or_sections: Any) -> list[Self]:
        return ops.hsplit(self, indices_or_sections)

    def vsplit(self, indices_or_sections: Any) -> list[Self]:
        return ops.vsplit(self, indices_or_sections)

    def dsplit(self, indices_or_sections: Any) -> list[Self]:
        return ops.dsplit(self, indices_or_sections)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        return ops.diagonal(self, offset, axis1, axis2)

    def diag(self, k: int = 0) -> Self:
        return ops.diag(self, k)

    def diagflat(self, k: int = 0) -> Self:
        return ops.diagflat(self, k)

    def tril(self, k: int = 0) -> Self:
        return ops.tril(self, k)

    def triu(self, k: int = 0) -> Self:
        return ops.triu(self, k)

    def take(self, indices: Any, axis: int | None = None, mode: str = "raise") -> Self:
        return ops.take(self, indices, axis, mode)

    def compress(self, condition: Any, axis: int | None = None) -> Self:
        return ops.compress(condition, self, axis)

    # ------------------------------------------------------------ matrices

    @property
    def mT(self) -> Self:
        """The transpose of each matrix in a batch of them: the last two axes swapped."""
        return ops.matrix_transpose(self)

    def matmul(self, other: Any) -> Self:
        return self.record(ops.matmul, self, other)

    def dot(self, other: Any) -> Self:
        return ops.dot(self, other)

    def inner(self, other: Any) -> Self:
        return ops.inner(self, other)

    def outer(self, other: Any) -> Self:
        return ops.outer(self, other)

    def vdot(self, other: Any) -> Self:
        return ops.vdot(self, other)

    def kron(self, other: Any) -> Self:
        return ops.kron(self, other)

    def cross(self, other: Any, axis: int = -1) -> Self:
        return ops.cross(self, other, axis=axis)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        return ops.trace(self, offset, axis1, axis2)

    def matrix_power(self, n: int) -> Self:
        return ops.matrix_power(self, n)

    def det(self) -> Self:
        return ops.det(self)

    def slogdet(self) -> tuple[Self, Self]:
        return ops.slogdet(self)

    def cholesky(self, upper: bool = False) -> Self:
        return ops.cholesky(self, upper=upper)


for _name, _method in vars(Arithmetic).items():
    if "<locals>" in getattr(_method, "__qualname__", ""):  # a factory's: as if it stood in the class
        _method.__name__, _method.__qualname__ = _name, f"Arithmetic.{_name}"
        _method.__code__ = _method.__code__.replace(co_name=_name, co_qualname=_method.__qualname__)  # for tracebacks
        _method.__annotations__["return"] = "Self"  # for the help
        del _method.__annotations__["self"]
    if callable(_method) and not _method.__doc__ and hasattr(ops, _name):
        _summary = getattr(ops, _name).__doc__.split("\n\n")[0]
        _method.__doc__ = f"{_summary}\n\nMore in the help of the function, ``autograd_mini.{_name}``."
