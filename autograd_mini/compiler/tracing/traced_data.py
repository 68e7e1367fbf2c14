"""What stands on a tape for plain numbers and arrays: to the function's ``isinstance`` it is of their class."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from functools import lru_cache, partial, update_wrapper
from typing import Any

import numpy as np

from autograd_mini import modes
from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.program import Plain
from autograd_mini.compiler.tracing.traced import Traced
from autograd_mini.node import Node
from autograd_mini.ops.caller import is_library
from autograd_mini.ops.operation import SMALL_FLOATS


class TracedData(Traced):
    """A parameter's data or gradient, an argument that is no Value, a comparison, and what is computed of these alone.

    Its arithmetic is NumPy's, with whole numbers that stay whole and scalars that have a dtype. Only ``type(x)`` tells
    it from a number or an array, and ``isinstance(x, Value)``.
    """

    __slots__ = ()
    kind: Any = None  # the class that it claims

    def record(self, op: Any, x: Any, y: Any = None) -> Any:
        operands = x if x.__class__ is tuple else (x, y)
        if _beside_values(operands):
            return Traced.record(self, op, x, y)
        kinds = {v.kind if isinstance(v, TracedData) else v.__class__ for v in operands if v is not None}
        if x.__class__ is tuple:
            x = tuple(map(_strong, x))
        node = Traced.record(self, op, _strong(x), _strong(y))
        return as_plain(node, None if node.concrete.__class__ is not float or kinds <= _PYTHONS else np.float64)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """With another dtype; NumPy's arrays take whole numbers and booleans too."""
        return super().astype(dtype, copy) if np.dtype(dtype).kind == "f" else self.map_data(partial(_as_type, dtype))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        node = super().__array_ufunc__(ufunc, method, *operands, **options)
        return node if method != "__call__" or options else _as_numpy_has_it(ufunc, operands, node)

    def __hash__(self) -> int:
        if not _is_library(sys._getframe(1).f_code.co_filename):
            raise refused(
                "a traced number as a key of a dict, or in a set or a Counter",
                "use ops on it, such as where(x == 1, ...) and take, or value.map_data(f)",
            )
        return object.__hash__(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        there = getattr(self.concrete, name)  # or the error that it is without jit
        if name in ("nbytes", "itemsize"):
            return there
        raise refused(f"reading .{name} of data that is traced", "use ops on it, or value.map_data(f)")


def _numpys(name: str, of_python: Callable[..., Any]) -> Any:
    """The operator ``name`` of TracedData."""
    recorded = getattr(Traced, name)

    def method(self: TracedData, *other: Any) -> Any:
        return _as_numpy_has_it(of_python, (self, *other), recorded(self, *other))

    return method


def _reflected(f: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return update_wrapper(lambda x, y: f(y, x), f)


_OF_ONE: list[Callable[..., Any]] = [operator.neg, operator.abs]
_OF_TWO: list[Callable[..., Any]] = [
    *(operator.add, operator.sub, operator.mul, operator.matmul),
    *(operator.truediv, operator.floordiv, operator.mod, operator.pow),
]
for _f in [*_OF_ONE, *_OF_TWO]:
    setattr(TracedData, f"__{_f.__name__}__", _numpys(f"__{_f.__name__}__", _f))
for _f in _OF_TWO:
    setattr(TracedData, f"__r{_f.__name__}__", _numpys(f"__r{_f.__name__}__", _reflected(_f)))


def _as_numpy_has_it(f: Callable[..., Any], operands: tuple[Any, ...], node: Any) -> Any:
    """``node``, which ops made of ``operands``; or a line for ``f`` of them where that is of another dtype.

    Ops compute in floats: NumPy's whole numbers stay whole and wrap around, and its scalars bring a dtype along.
    """
    if not isinstance(node, TracedData) or _beside_values(operands):  # a comparison with a Value is data too
        return node
    kinds = [v.kind if isinstance(v, TracedData) else None for v in operands]
    data = [_of_kind(kind, v.concrete) if kind else v for kind, v in zip(kinds, operands, strict=True)]
    with np.errstate(all="ignore"):
        there = f(*data)
    is_alike = np.asarray(there).dtype == node.dtype and not isinstance(there, np.integer)
    if is_alike or there.__class__ in _PYTHONS:
        return as_plain(node, there.__class__)
    lines = [v for v in operands if isinstance(v, TracedData)]

    def of_their_kinds(*data: Any) -> Any:
        given = iter(data)
        z = f(*[_of_kind(kind, next(given)) if kind else v for kind, v in zip(kinds, operands, strict=True)])
        return float(z) if isinstance(z, np.generic) and z.__class__ not in SMALL_FLOATS else z

    written: TracedData = modes.tape().plain(Plain(f.__name__, of_their_kinds), lines)
    return as_plain(written, there.__class__)


def _beside_values(operands: tuple[Any, ...]) -> bool:
    return any([isinstance(v, Node) and not isinstance(v, TracedData) for v in operands])


def _of_kind(kind: Any, data: Any) -> Any:
    """A number of a program as the function was given it: 3.0 as an int, or as NumPy's int64."""
    return kind(data) if data.__class__ is float and kind is not np.ndarray else data


def as_numbers(operands: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The operands of an op on Values, where scalars of small floats count as numbers; None if there are none.

    So they do without jit, by ``as_operand``: beside a Value a scalar of NumPy's brings no dtype along.
    """
    scalar = [isinstance(v, TracedData) and v.concrete.__class__ in SMALL_FLOATS for v in operands]
    if not any(scalar) or not _beside_values(operands):
        return None
    number = Plain("float", float)
    return tuple([modes.tape().plain(number, [v]) if s else v for v, s in zip(operands, scalar, strict=True)])


def _as_type(dtype: Any, data: Any) -> Any:
    return np.asarray(data).astype(dtype)[()]


def _strong(operand: Any) -> Any:
    """A float64 of NumPy's, which makes float64 of a float32 array, though not of a Value."""
    return np.asarray(operand) if operand.__class__ is np.float64 else operand


def as_plain(node: Traced, kind: Any = None) -> Traced:
    """``node`` as what stands for plain data, of the class ``kind`` if it is another than that of its numbers."""
    _set_class(node, _stand_in(node.concrete.__class__ if kind is None else kind))
    return node


@lru_cache(maxsize=64)
def _stand_in(kind: Any) -> Any:
    """``TracedData`` that claims to be of class ``kind``; not to this library, which knows what it is."""

    def claimed(self: Any) -> Any:
        return Traced if _is_library(sys._getframe(1).f_code.co_filename) else kind

    return type("Traced", (TracedData,), {"__slots__": (), "kind": kind, "__class__": property(claimed)})


_PYTHONS = frozenset({float, int, bool})
_is_library = lru_cache(maxsize=1024)(is_library)
_set_class: Any = vars(object)["__class__"].__set__  # below the property
