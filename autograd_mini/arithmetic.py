"""Operators and methods for anything that can ``record`` an operation: Values, and whatever else joins them.

A class that inherits from ``Arithmetic`` and defines ``record`` can be added, multiplied, squashed and
reduced. Nothing here computes: every method names the row of the op table that does. Questions about the data, such as
where the largest element is, have plain answers.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, Self

import numpy as np

from autograd_mini import ops
from autograd_mini.ops.axes import plain
from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import Operation, as_keepdims, map_data
from autograd_mini.ops.reduction import Axis


class Arithmetic:
    """Every operator and method, out of one: ``record(op, x, y)``.

    ``record`` takes one operand, two, or (for an op of more) all of them as a tuple in place of ``x``.
    """

    __slots__ = ()

    def record(self, op: Operation, x: Any, y: Any = None) -> Self:
        """A new carrier that stands for ``op`` applied to the operands."""
        raise NotImplementedError  # a carrier defines it

    # ------------------------------------------------------------ operators

    def __add__(self, other: Any) -> Self:
        return self.record(ops.add, self, other)

    def __radd__(self, other: Any) -> Self:
        return self.record(ops.add, other, self)

    def __sub__(self, other: Any) -> Self:
        return self.record(ops.sub, self, other)

    def __rsub__(self, other: Any) -> Self:
        return self.record(ops.sub, other, self)

    def __mul__(self, other: Any) -> Self:
        return self.record(ops.mul, self, other)

    def __rmul__(self, other: Any) -> Self:
        return self.record(ops.mul, other, self)

    def __truediv__(self, other: Any) -> Self:
        return self.record(ops.div, self, other)

    def __rtruediv__(self, other: Any) -> Self:
        return self.record(ops.div, other, self)

    def __floordiv__(self, other: Any) -> Self:
        return self.record(ops.floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Self:
        return self.record(ops.floor_divide, other, self)

    def __mod__(self, other: Any) -> Self:
        return self.record(ops.remainder, self, other)

    def __rmod__(self, other: Any) -> Self:
        return self.record(ops.remainder, other, self)

    def __divmod__(self, other: Any) -> tuple[Self, Self]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Self, Self]:
        return other // self, other % self

    def __pow__(self, other: Any, modulus: None = None) -> Self:
        if modulus is not None:
            raise TypeError(located("pow(x, y, modulus) is for whole numbers; write (x ** y) % modulus"))
        return self.record(ops.pow, self, other)

    def __rpow__(self, other: Any) -> Self:
        return self.record(ops.pow, other, self)

    def __matmul__(self, other: Any) -> Self:
        return self.record(ops.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Self:
        return self.record(ops.matmul, other, self)

    def __neg__(self) -> Self:
        return self.record(ops.neg, self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self.record(ops.abs, self)

    def __round__(self, ndigits: int | None = None) -> Self:
        return ops.round(self, ndigits or 0)

    def __getitem__(self, index: Any) -> Self:
        return ops.getitem(self, index)

    # ------------------------------------------------------------ element by element

    def neg(self) -> Self:
        return self.record(ops.neg, self)

    def abs(self) -> Self:
        return self.record(ops.abs, self)

    def sign(self) -> Self:
        return self.record(ops.sign, self)

    def conj(self) -> Self:
        """The complex conjugate, which of real numbers is what they are. PyTorch: ``torch.conj``."""
        return self

    conjugate = conj

    @property
    def real(self) -> Self:
        """The real part, which of real numbers is what they are. PyTorch: ``torch.real``."""
        return self

    def exp(self) -> Self:
        return self.record(ops.exp, self)

    def expm1(self) -> Self:
        return self.record(ops.expm1, self)

    def exp2(self) -> Self:
        return self.record(ops.exp2, self)

    def log(self) -> Self:
        return self.record(ops.log, self)

    def log1p(self) -> Self:
        return self.record(ops.log1p, self)

    def log2(self) -> Self:
        return self.record(ops.log2, self)

    def log10(self) -> Self:
        return self.record(ops.log10, self)

    def sqrt(self) -> Self:
        return self.record(ops.sqrt, self)

    def square(self) -> Self:
        return ops.square(self)

    def reciprocal(self) -> Self:
        return ops.reciprocal(self)

    def sin(self) -> Self:
        return self.record(ops.sin, self)

    def cos(self) -> Self:
        return self.record(ops.cos, self)

    def tan(self) -> Self:
        return self.record(ops.tan, self)

    def arcsin(self) -> Self:
        return self.record(ops.arcsin, self)

    def arccos(self) -> Self:
        return self.record(ops.arccos, self)

    def arctan(self) -> Self:
        return self.record(ops.arctan, self)

    def sinh(self) -> Self:
        return self.record(ops.sinh, self)

    def cosh(self) -> Self:
        return self.record(ops.cosh, self)

    def tanh(self) -> Self:
        return self.record(ops.tanh, self)

    def arcsinh(self) -> Self:
        return self.record(ops.arcsinh, self)

    def arccosh(self) -> Self:
        return self.record(ops.arccosh, self)

    def arctanh(self) -> Self:
        return self.record(ops.arctanh, self)

    def deg2rad(self) -> Self:
        return self.record(ops.deg2rad, self)

    def rad2deg(self) -> Self:
        return self.record(ops.rad2deg, self)

    def sinc(self) -> Self:
        return self.record(ops.sinc, self)

    def sigmoid(self) -> Self:
        return self.record(ops.sigmoid, self)

    def softplus(self) -> Self:
        return self.record(ops.softplus, self)

    def relu(self) -> Self:
        return self.record(ops.relu, self)

    def erf(self) -> Self:
        return self.record(ops.erf, self)

    def erfinv(self) -> Self:
        return self.record(ops.erfinv, self)

    def lgamma(self) -> Self:
        return self.record(ops.lgamma, self)

    def digamma(self) -> Self:
        return self.record(ops.digamma, self)

    def floor(self) -> Self:
        return self.record(ops.floor, self)

    def ceil(self) -> Self:
        return self.record(ops.ceil, self)

    def trunc(self) -> Self:
        return self.record(ops.trunc, self)

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
    if callable(_method) and not _method.__doc__ and hasattr(ops, _name):
        _summary = getattr(ops, _name).__doc__.split("\n\n")[0]
        _method.__doc__ = f"{_summary}\n\nMore in the help of the function, ``autograd_mini.{_name}``."
