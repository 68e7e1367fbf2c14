"""A traced Value that claims to be a number or an array: to the function's ``isinstance`` it is that, and no Value."""

from __future__ import annotations

import inspect
import sys
from functools import lru_cache
from types import FrameType
from typing import Any

import numpy as np

from autograd_mini.compiler.errors import JitError, refused
from autograd_mini.compiler.tracing.traced import READERS, Traced, current_tape, number_refused, text_refused
from autograd_mini.ops import caller
from autograd_mini.ops.caller import line_of_code
from autograd_mini.tree import leaves_of


class StandIn(Traced):
    """What stands for a number or an array. Only ``type(x)`` tells it from one."""

    __slots__ = ()
    kind: Any = None  # the class that it claims

    def __hash__(self) -> int:
        if not is_library(sys._getframe(1).f_code.co_filename):
            raise refused(
                "a traced number as a key of a dict, or in a set or a Counter",
                "use ops on it, such as where(x == 1, ...) and take, or value.map_data(f)",
            )
        return object.__hash__(self)

    def __repr__(self) -> str:
        _check_reader(sys._getframe(1))
        return super().__repr__()

    def __str__(self) -> str:
        _check_reader(sys._getframe(1))
        return super().__repr__()

    def __format__(self, form: str) -> str:
        _check_reader(sys._getframe(1))
        return super().__repr__()

    @property
    def dtype(self) -> np.dtype[Any]:
        is_number = self.concrete.__class__ is float and issubclass(self.kind, np.number)
        is_asked = is_number and not is_library(sys._getframe(1).f_code.co_filename)
        dtype: np.dtype[Any] = np.dtype(self.kind) if is_asked else super().dtype  # to an op an int64 is a float
        return dtype

    def __bool__(self) -> bool:
        if not self.shape and is_library(sys._getframe(1).f_code.co_filename) and current_tape().truth(self) is None:
            raise number_refused()  # of np.diff(x, n), not of an if of the user's
        return super().__bool__()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if not self.shape:
            raise number_refused("NumPy takes a traced number for a plain one, as a count or in a list")
        return super().__array__(dtype, copy)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        data = self.concrete
        there = getattr(self.kind(data) if data.__class__ is float else data, name)  # or the error without jit
        if name in ("nbytes", "itemsize"):
            return there
        raise refused(f"reading .{name} of data that is traced", "use ops on it, or value.map_data(f)")


class _OfValues:
    """A member that Values have and plain data has not: only this library finds it."""

    def __init__(self, member: Any) -> None:
        self._member = member

    def __get__(self, instance: Any, owner: Any) -> Any:
        if not is_library(sys._getframe(1).f_code.co_filename):
            raise AttributeError
        return self._member.__get__(instance, owner)

    def __set__(self, instance: Any, thing: Any) -> None:
        self._member.__set__(instance, thing)


OF_VALUES = ("backward", "detach", "has_grad", "inputs", "op", "requires_grad", "zero_grad")
for _name in OF_VALUES:
    setattr(StandIn, _name, _OfValues(getattr(Traced, _name)))


def _check_reader(frame: FrameType) -> None:
    """An error for the user's code: a text, as ``f"layer{k}"``, may decide on what is computed, and is the trace's."""
    if not is_library(frame.f_code.co_filename):
        raise text_refused()


def refusal_of(error: Exception) -> JitError | None:
    """The error for a traced number that the user gave to a function which takes plain ones there, and so failed.

    Such as ``x.sum(axis=k)``: what asks whether ``k`` is whole asks in many ways, so one looks at what was given.
    """
    trace, path = error.__traceback__, ""
    called = user = None  # the last frame of the user's, and that of the library's function which it calls
    while trace is not None:
        before, path = path, trace.tb_frame.f_code.co_filename
        if not is_library(path):
            called, user = None, trace
        elif not is_library(before) and user is not None:
            called = trace.tb_frame
        trace = trace.tb_next
    if called is None or user is None or not isinstance(error, _ON_A_NUMBER):
        return None
    given = inspect.getargvalues(called)
    names = [*given.args, *[name for name in (given.varargs, given.keywords) if name]]
    if not any([_is_number(leaf) for name in names for leaf in leaves_of(given.locals.get(name))]):
        return None
    line = line_of_code(user.tb_frame.f_code.co_filename, user.tb_lineno)
    if isinstance(error, RecursionError):  # the op asks NumPy, which asks the op
        return number_refused(at=line)
    said = str(error).partition("\n")[0]
    return number_refused(f"{said}; it is given a number that is traced", line)


def _is_number(leaf: Any) -> bool:
    return isinstance(leaf, StandIn) and not leaf.shape


def claim(node: Traced, base: type[StandIn], kind: Any) -> None:
    """Makes a ``base`` of ``node`` that claims to be of class ``kind``."""
    _set_class(node, _claiming(base, kind))


@lru_cache(maxsize=64)
def _claiming(base: type[StandIn], kind: Any) -> Any:
    """A subclass of ``base`` that claims to be ``kind``; not to this library, which knows what it is."""

    def claimed(self: Any) -> Any:
        return Traced if is_library(sys._getframe(1).f_code.co_filename) else kind

    bases = (PythonNumber, base) if kind in (float, int, bool) else (base,)
    return type("Traced", bases, {"__slots__": (), "kind": kind, "__class__": property(claimed)})


class PythonNumber:
    """What distinguishes a Python number from an array in ``hasattr``, ``isinstance(x, Sized)`` and ``x == None``."""

    __slots__ = ()
    __len__ = __iter__ = __contains__ = None

    def __getattribute__(self, name: str) -> Any:
        if name in ("__class__", "data") or name in NOT_OF_NUMBERS:  # who asks is one frame further away than usual
            path = sys._getframe(1).f_code.co_filename
            if not is_library(path):
                if name == "__class__":
                    return super().__getattribute__("kind")
                raise AttributeError(f"{super().__getattribute__('kind').__name__!r} object has no attribute {name!r}")
            if name == "__class__":
                return Traced
            if path in READERS:
                name = "concrete" if name == "data" else name
        return super().__getattribute__(name)

    def __eq__(self, other: object) -> Any:
        return False if isinstance(other, _NO_NUMBER) else super().__eq__(other)

    def __ne__(self, other: object) -> Any:
        return True if isinstance(other, _NO_NUMBER) else super().__ne__(other)

    __hash__: Any = StandIn.__hash__


# Of what an array or a Value has and a Python number has not, what one asks for to tell them apart.
NOT_OF_NUMBERS = frozenset(
    {
        *("T", "all", "any", "argmax", "argmin", "astype", "copy", "cumsum", "dtype", "flatten", "item", "max", "mean"),
        *("min", "ndim", "prod", "ravel", "reshape", "shape", "size", "squeeze", "std", "sum", "tolist", "transpose"),
        *("var", *OF_VALUES, "__contains__", "__getitem__", "__iter__", "__len__"),
    }
)
_ON_A_NUMBER = (TypeError, ValueError, IndexError, RecursionError)
_NO_NUMBER = (type(None), str, bytes, tuple, list, dict, set)
is_library = lru_cache(maxsize=1024)(caller.is_library)
_set_class: Any = vars(object)["__class__"].__set__  # below the property
