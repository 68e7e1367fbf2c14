"""Plain data on a tape, such as an argument or a parameter's ``.data``: its arithmetic is NumPy's."""

from __future__ import annotations

import operator
import os.path
import sys
from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any, Never

import numpy as np

from autograd_mini.compiler.errors import JitError, exact_float, refused
from autograd_mini.compiler.program import Plain
from autograd_mini.compiler.rows import row_of
from autograd_mini.compiler.tracing.stand_in import StandIn, claim, is_library
from autograd_mini.compiler.tracing.traced import (
    BITS,
    SHAPE_ONLY,
    Traced,
    as_floats,
    current_tape,
    get_data,
    number_refused,
)
from autograd_mini.node import Node
from autograd_mini.numpy_protocol import PLAIN_RESULTS, UFUNCS, signature
from autograd_mini.ops.caller import user_line
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import small_floats
from autograd_mini.tree import leaves_of, map_leaves


def _numpys(f: Callable[..., Any], method: str, is_reflected: bool = False) -> Any:
    """The operator ``method`` of TracedData, which is ``f`` in plain Python and NumPy."""
    recorded = getattr(Traced, method)

    def reflected(x: Any, y: Any) -> Any:
        return f(y, x)

    def applied(self: TracedData, *other: Any) -> Any:
        if f is operator.mul and isinstance(other[0], list | tuple) and issubclass(self.kind, int | np.integer):
            raise number_refused()  # how many times Python or NumPy repeats the list
        with current_tape().as_numpy():
            node = recorded(self, *other)
        return with_numpys_dtype(update_wrapper(reflected, f) if is_reflected else f, (self, *other), node)

    return applied


def _moving(f: Callable[..., Any]) -> Any:
    """A method that only moves numbers, and leaves whole ones whole."""

    def method(self: TracedData, *args: Any, **kwargs: Any) -> Any:
        if _is_carried_whole(self):
            self = current_tape().called(np.asarray, (self,), {})
        with current_tape().as_numpy():
            return f(self, *args, **kwargs)

    return method


def _by_function(name: str) -> Any:
    """The method ``name``, which takes what NumPy's function takes."""
    f = getattr(np, name)

    def method(self: TracedData, *args: Any, **kwargs: Any) -> Any:
        return self.__array_function__(f, (), (self, *args), kwargs)

    return method


class TracedData(StandIn):
    """A parameter's data or gradient, an argument that is no Value, a comparison, and what is computed of these alone.

    Its operators, methods and ufuncs are NumPy's: whole numbers stay whole and wrap around, scalars have a dtype. To an
    op that is called by its own name, ``sigmoid(x)``, and to a layer they are floats.
    """

    __slots__ = ()

    def record(self, op: Any, x: Any, y: Any = None) -> Any:
        operands = x if x.__class__ is tuple else (x, y)
        if _beside_values(operands):
            return Traced.record(self, op, x, y)
        if not current_tape().is_numpys:
            if x.__class__ is not tuple and any([v is not None and not _is_floating(v) for v in operands]):
                beside = small_floats([v for v in operands if v is not None])
                x, y = as_floats(x, beside), None if y is None else as_floats(y, beside)
            return as_plain(Traced.record(self, op, x, y))
        claimed = {v.kind if isinstance(v, TracedData) else v.__class__ for v in operands if v is not None}
        if x.__class__ is tuple:
            x = tuple(map(_strong, x))
        node = Traced.record(self, op, _strong(x), _strong(y))
        return as_plain(node, None if node.concrete.__class__ is not float or claimed <= _PYTHONS else np.float64)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """With another dtype; NumPy's arrays take whole numbers and booleans too."""
        if not copy and np.dtype(dtype) == self.dtype:
            return self  # the array itself, which may be changed in place later
        stays_an_array = isinstance(self.concrete, np.ndarray) and not self.shape
        if np.dtype(dtype).kind == "f" and self.dtype.kind == "f" and not stays_an_array:
            return super().astype(dtype, copy)
        return self.map_data(partial(_as_type, np.dtype(dtype)))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        check_not_written(function, args, kwargs)
        operands = tuple(leaves_of((args, kwargs)))
        caller = sys._getframe(1).f_code.co_filename
        is_called_by_an_op = is_library(caller) and not caller.startswith(_COMPILER)
        if function in _OF_PLACES:
            raise refused(
                f"np.{function.__name__} asks where arrays lie, which a program decides anew",
                "ask it of arrays outside of the function",
            )
        if function in SHAPE_ONLY and not is_called_by_an_op:
            return self.of_shapes(function, args, kwargs, given_as)
        if is_called_by_an_op or _beside_values(operands):
            return super().__array_function__(function, types, args, kwargs)
        data = [given_as(v, v.concrete) if isinstance(v, TracedData) else v for v in operands]
        dtypes = {x.dtype for x in data if isinstance(x, np.ndarray | np.generic)}
        if not any([dtype.kind == "f" for dtype in dtypes]) or not _has_op(function):
            return current_tape().called(function, args, kwargs)
        try:
            with current_tape().as_numpy():
                node = super().__array_function__(function, types, args, kwargs)
        except (TypeError, ValueError, IndexError) as error:
            return _done_by_numpy(function, args, kwargs, error)
        if isinstance(node, TracedData):
            given = iter(data)
            args_now, kwargs_now = map_leaves(lambda _: next(given), (args, kwargs))
            with np.errstate(all="ignore"):
                if np.asarray(function(*args_now, **kwargs_now)).dtype != node.dtype:
                    return current_tape().called(function, args, kwargs)
        return node

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        if method == "at" or "out" in options:
            raise writing_refused(ufunc)
        if not _beside_values(operands):
            if method != "__call__" and (method == "reduceat" or any([_is_whole(v) for v in operands])):
                return current_tape().called(getattr(ufunc, method), operands, options)
            is_numpys = not _has_op(ufunc) or (ufunc in BITS and any([_is_carried_whole(v) for v in operands]))
            if method == "__call__" and getattr(np, ufunc.__name__, None) is ufunc and is_numpys:
                return current_tape().called(ufunc, operands, options)  # such as np.gcd, and np.spacing
        if ufunc is np.divmod and not options:
            return np.floor_divide(*operands), np.remainder(*operands)
        try:
            with current_tape().as_numpy():
                node = super().__array_ufunc__(ufunc, method, *operands, **options)
        except (TypeError, ValueError, IndexError) as error:
            if _beside_values(operands):
                raise
            return _done_by_numpy(getattr(ufunc, method), operands, options, error)
        return node if method != "__call__" or options else with_numpys_dtype(ufunc, operands, node)

    __add__, __radd__ = _numpys(operator.add, "__add__"), _numpys(operator.add, "__radd__", True)
    __sub__, __rsub__ = _numpys(operator.sub, "__sub__"), _numpys(operator.sub, "__rsub__", True)
    __mul__, __rmul__ = _numpys(operator.mul, "__mul__"), _numpys(operator.mul, "__rmul__", True)
    __matmul__, __rmatmul__ = _numpys(operator.matmul, "__matmul__"), _numpys(operator.matmul, "__rmatmul__", True)
    __truediv__, __rtruediv__ = (
        _numpys(operator.truediv, "__truediv__"),
        _numpys(operator.truediv, "__rtruediv__", True),
    )
    __floordiv__ = _numpys(operator.floordiv, "__floordiv__")
    __rfloordiv__ = _numpys(operator.floordiv, "__rfloordiv__", True)
    __mod__, __rmod__ = _numpys(operator.mod, "__mod__"), _numpys(operator.mod, "__rmod__", True)
    __pow__, __rpow__ = _numpys(operator.pow, "__pow__"), _numpys(operator.pow, "__rpow__", True)
    __neg__, __abs__ = _numpys(operator.neg, "__neg__"), _numpys(operator.abs, "__abs__")
    __pos__ = _numpys(operator.pos, "__pos__")

    def cast_in_place(self, into: Traced) -> Traced:
        """In the dtype of the array ``into``, if NumPy casts it so."""
        dtype = into.dtype
        if not isinstance(into, TracedData) or not isinstance(into.concrete, np.ndarray) or self.dtype == dtype:
            return self
        if not np.can_cast(self.dtype, dtype, "same_kind"):
            raise refused(f"an array of {dtype} is changed in place to {self.dtype}", "write x = x + y, not x += y")
        node: Traced = self.astype(dtype)
        return node

    def __getitem__(self, index: Any) -> Any:
        if self._is_all(index):
            return self
        if _is_carried_whole(self):
            return current_tape().called(operator.getitem, (self, index), {})
        with current_tape().as_numpy():
            return super().__getitem__(index)

    def __setitem__(self, index: Any, item: Any) -> None:  # type: ignore[override]  # a Value refuses all
        if not (self._is_all(index) and current_tape().changes.filled(self, item)):
            super().__setitem__(index, item)

    def _is_all(self, index: Any) -> bool:
        """True for ``x[:]`` and ``x[...]`` of an array, which are the array."""
        is_slice = index.__class__ is slice and index.start is index.stop is index.step is None
        return isinstance(self.concrete, np.ndarray) and (index is Ellipsis or (is_slice and self.concrete.ndim > 0))

    def __invert__(self) -> Any:
        if self.kind is bool:
            return as_plain(current_tape().called(_invert_of_python, (self,), {}), int)
        if self.kind is int:
            return _of_their_kinds(operator.invert, (self,), int)
        return current_tape().called(np.invert, (self,), {}) if _is_carried_whole(self) else super().__invert__()

    def _bits(self, whole: np.ufunc, truth: np.ufunc | None, *operands: Any) -> Any:
        are_whole = any([_is_carried_whole(v) for v in operands])
        kinds = {v.kind if isinstance(v, TracedData) else v.__class__ for v in operands}
        if int in kinds <= {int, bool} or (kinds == {bool} and truth is None):
            return _of_their_kinds(_PYTHONS_BITS[whole], operands, int)
        return current_tape().called(whole, operands, {}) if are_whole else super()._bits(whole, truth, *operands)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def flatten(self, order: str = "C") -> Any:
        return self.ravel(order).copy()  # an array of its own, as NumPy's is

    def clip(self, min: Any = None, max: Any = None, *args: Any, **kwargs: Any) -> Any:
        """NumPy's function has no ``min`` and ``max`` by name before 2.1."""
        return self.__array_function__(np.clip, (), (self, min, max, *args), kwargs)

    def sort(self, *args: Any, **kwargs: Any) -> Never:
        raise refused("x.sort() changes an array in place, and a replay would not", "write x = np.sort(x)")

    def partition(self, *args: Any, **kwargs: Any) -> Never:
        raise refused(
            "x.partition(k) changes an array in place, and a replay would not", "write x = np.partition(x, k)"
        )

    reshape, transpose = map(_moving, (Traced.reshape, Traced.transpose))
    T, mT = property(_moving(Traced.transpose)), property(lambda self: self.swapaxes(-2, -1))


for _name in (
    *("copy", "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min", "prod", "ravel", "repeat", "round"),
    *("squeeze", "std", "sum", "swapaxes", "take", "trace", "var"),
    *("argpartition", "argsort", "searchsorted"),
):
    setattr(TracedData, _name, _by_function(_name))


def as_plain(node: Traced, kind: Any = None) -> Traced:
    """``node`` as what stands for plain data, of the class ``kind`` if it is another than that of its numbers."""
    claim(node, TracedData, node.concrete.__class__ if kind is None else kind)
    return node


def with_numpys_dtype(f: Callable[..., Any], operands: tuple[Any, ...], node: Any) -> Any:
    """``node``, which ops made of ``operands``; or a line for ``f`` of them where that is of another dtype.

    Ops compute in floats: NumPy's whole numbers stay whole and wrap around, its scalars bring a dtype along, and
    Python's whole numbers have all their digits.
    """
    if not isinstance(node, TracedData) or _beside_values(operands):  # a comparison with a Value is data too
        return node
    data = [given_as(v, v.concrete) if isinstance(v, TracedData) else v for v in operands]
    with np.errstate(all="ignore"):
        numpys = f(*data)
    is_alike = np.asarray(numpys).dtype == node.dtype and not isinstance(numpys, np.integer)
    is_whole = numpys.__class__ is int and not current_tape().whole.are_exact(f, operands, node.number)
    if is_alike or (numpys.__class__ in _PYTHONS and not is_whole):
        return as_plain(node, numpys.__class__)
    return _of_their_kinds(f, operands, numpys.__class__)


def _of_their_kinds(f: Callable[..., Any], operands: tuple[Any, ...], kind: Any) -> Traced:
    """A line for what ``f`` gives, of class ``kind``, of the operands as the function was given them."""
    written_at = user_line() if kind is int else None

    def of_their_kinds(*data: Any) -> Any:
        given = iter(data)
        z = f(*[given_as(v, next(given)) if isinstance(v, TracedData) else v for v in operands])
        if z.__class__ is int:
            return exact_float(z, written_at)
        return float(z) if z.__class__ is np.float64 else z

    line: Traced = current_tape().plain(Plain(f.__name__, of_their_kinds), [v for v in operands if isinstance(v, Node)])
    return as_plain(line, kind)


def scalars_as_floats(op: Any, operands: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The operands of an op on Values, where scalars of NumPy's and bools are plain numbers; None if there are none.

    So they are without jit, by ``as_operand``: beside a Value a scalar of NumPy's brings no dtype along.
    """
    scalar = [isinstance(v.concrete if isinstance(v, TracedData) else v, np.generic | bool) for v in operands]
    if row_of(op) == "where":
        scalar[0] = False  # the condition
    if not any(scalar) or not _beside_values(operands) or row_of(op) in ("getitem_at", "scatter_add_at"):
        return None

    def as_float(scalar: Any) -> Any:
        return current_tape().plain(Plain("float", float), [scalar]) if isinstance(scalar, Node) else float(scalar)

    return tuple([as_float(v) if s else v for v, s in zip(operands, scalar, strict=True)])


def _done_by_numpy(function: Callable[..., Any], args: Any, kwargs: Any, error: Exception) -> Any:
    """What NumPy gives where an op raised ``error``, such as for a keyword without a derivative, which nobody needs."""
    if current_tape().refusal is not None:
        raise error
    try:
        return current_tape().called(function, args, kwargs)
    except JitError:
        raise
    except Exception:
        raise error from None  # which says more


def check_not_written(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """An error for a function that is to write into an array, by keyword or by position."""
    try:
        given = signature(function).bind_partial(*args, **kwargs).arguments
    except (ValueError, TypeError):  # NumPy tells no signature of what it wrote in C; or it is called wrongly
        # NumPy 2.0 has none of this one, and writes into read-only arrays
        given = {"out": args[2]} if function is np.concatenate and len(args) > 2 else kwargs
    if given.get("out") is not None or function in _WRITE:
        raise writing_refused(function)


def writing_refused(function: Callable[..., Any]) -> JitError:
    """The error for writing into an array: a replay would write into another."""
    return refused(
        f"np.{function.__name__} writes into an array, and a replay would write into another",
        "assign what it computes: x = np.where(mask, new, x), p.data = np.clip(p.data, low, high)",
    )


def _is_whole(operand: Any) -> bool:
    """True for booleans and whole numbers of NumPy's, of which a scalar may be a float of the program."""
    return isinstance(operand, TracedData) and (
        operand.dtype.kind != "f" or issubclass(operand.kind, np.integer | np.bool_)
    )


def _invert_of_python(truth: bool) -> float:
    """-2 or -1, as ``~(x > 0)`` of a float gives, and as a program has whole numbers."""
    return float(~int(truth))


def _is_carried_whole(operand: Any) -> bool:
    """True for a whole number, which is a float in the program."""
    return (
        isinstance(operand, TracedData)
        and operand.concrete.__class__ is float
        and not issubclass(operand.kind, float | np.floating | np.ndarray)
    )


def _is_floating(operand: Any) -> bool:
    return operand.__class__ is float or np.asarray(getattr(operand, "concrete", operand)).dtype.kind == "f"


def _has_op(function: Any) -> bool:
    """True for a function of NumPy's that is an op here; or gives plain answers, or bits, which is done elsewhere."""
    return any([function in known for known in (FUNCTIONS, UFUNCS, PLAIN_RESULTS, BITS)])


def _beside_values(operands: tuple[Any, ...]) -> bool:
    return any([isinstance(v, Node) and not isinstance(v, TracedData) for v in operands])


def given_as(stand_in: Any, data: Any) -> Any:
    """A number of a program as the function was given it: 3.0 as an int, or as NumPy's int64."""
    kind = stand_in.kind if isinstance(stand_in, TracedData) else float
    if kind in (bool, np.bool_) and not np.ndim(data):
        return kind(data)
    if data.__class__ is not float or kind is np.ndarray:
        return data
    if issubclass(kind, int | np.integer) and not data.is_integer():
        raise refused(f"a whole number when it was traced is {data} now", "pass it as a float")  # 10 ** -1
    return kind(data)


def is_of_python(operand: Any) -> bool:
    """True for a Python number, or what stands for one; also for a Value that holds one."""
    if isinstance(operand, TracedData):
        return operand.kind in _PYTHONS
    return (get_data(operand) if isinstance(operand, Node) else operand).__class__ in _PYTHONS


def differs_by_kind(number: Any, beside: Any) -> bool:
    """True if ``number`` compares otherwise than the float that it is in a program, beside this operand.

    A float64 of NumPy's makes float64 of a float32 array, and whole numbers are compared exactly.
    """
    if isinstance(number, TracedData):
        is_other = number.concrete.__class__ is float and number.kind is not float
    else:
        is_other = isinstance(number, np.number)
    data = get_data(beside) if isinstance(beside, Node) else beside
    return is_other and isinstance(data, np.ndarray | np.generic) and data.dtype not in (np.float64, bool)


def _strong(operand: Any) -> Any:
    """A float64 of NumPy's, which makes float64 of a float32 array, though not of a Value."""
    return np.asarray(operand) if operand.__class__ is np.float64 else operand


def _as_type(dtype: Any, data: Any, out: Any = None) -> Any:
    if out is None:
        return np.asarray(data).astype(dtype)[... if isinstance(data, np.ndarray) else ()]
    np.copyto(out, data, casting="unsafe")
    return out


_COMPILER = os.path.dirname(os.path.dirname(__file__))  # which calls the function, jit(np.diff)
_WRITE = frozenset({np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask})
_OF_PLACES = frozenset({np.shares_memory, np.may_share_memory})
_PYTHONS = frozenset({float, int, bool})
_PYTHONS_BITS: dict[np.ufunc, Callable[[Any, Any], Any]] = {
    **{np.bitwise_and: operator.and_, np.bitwise_or: operator.or_, np.bitwise_xor: operator.xor},
    **{np.left_shift: operator.lshift, np.right_shift: operator.rshift},
}
