"""A traced Value that claims to be a number or an array: to the function's ``isinstance`` it is that, and no Value."""

from __future__ import annotations

import inspect
import sys
from functools import lru_cache
from types import FrameType
from typing import Any

import numpy as np

from autograd_mini.compiler.errors import JitError, refused
from autograd_mini.compiler.tracing.traced import (
    READERS,
    Traced,
    current_tape,
    has_traced,
    number_refused,
    refused_to,
    text_refused,
)
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
    asks_itself = isinstance(error, RecursionError)  # the op asks NumPy, which asks the op: the first call counts
    called = user = None  # the last frame of the user's, and that of the library's function which it calls
    is_of_data = False  # an op, or what else has a line, raised it of the numbers themselves, as without jit
    while trace is not None and not (asks_itself and called):
        before, path = path, trace.tb_frame.f_code.co_filename
        if not is_library(path):
            called, user, is_of_data = None, trace, False
        elif not is_library(before) and user is not None:
            called = trace.tb_frame
        is_of_data = is_of_data or _computes_data(trace.tb_frame, trace.tb_next is None)
        trace = trace.tb_next
    if called is None or user is None or not isinstance(error, _ON_A_NUMBER) or (is_of_data and not asks_itself):
        return None
    given = inspect.getargvalues(called)
    names = [*given.args, *[name for name in (given.varargs, given.keywords) if name]]
    leaves = [leaf for name in names for leaf in leaves_of(given.locals.get(name))]
    if not (any([_is_number(leaf, asks_itself) for leaf in leaves]) or has_traced(str(error))):
        return None
    line = line_of_code(user.tb_frame.f_code.co_filename, user.tb_lineno)
    if asks_itself:
        return number_refused(at=line)
    said = str(error).partition("\n")[0]
    return number_refused(f"{said}; it is given a number that is traced", line)


def _computes_data(frame: FrameType, raises: bool) -> bool:
    """Whether a frame is one of those that compute a line from numbers, none of which is a traced axis or shape."""
    name, path = frame.f_code.co_name, frame.f_code.co_filename
    computes = name in ("computed", "plain") or (raises and name in ("record", "with_numpys_dtype"))
    params = getattr(frame.f_locals.get("op"), "params", ())
    return computes and is_library(path) and not any([isinstance(x, StandIn) for x in leaves_of(params)])


def _is_number(leaf: Any, or_whole_ones: bool) -> bool:
    return isinstance(leaf, StandIn) and (not leaf.shape or (or_whole_ones and leaf.dtype.kind in "iu"))


def claim(node: Traced, base: type[StandIn], kind: Any) -> None:
    """Makes a ``base`` of ``node`` that claims to be of class ``kind``."""
    _set_class(node, _claiming(base, kind))


@lru_cache(maxsize=64)
def _claiming(base: type[StandIn], kind: Any) -> Any:
    """A subclass of ``base`` that claims to be ``kind``; not to this library, which knows what it is."""

    def claimed(self: Any) -> Any:
        return Traced if is_library(sys._getframe(1).f_code.co_filename) else kind

    bases: tuple[type, ...] = (base,)
    lacks: frozenset[str] = frozenset()
    if kind in (float, int, bool):
        bases, lacks = (PythonNumber, base), NOT_OF_NUMBERS
    elif issubclass(kind, np.generic):
        bases, lacks = (Scalar, base), NOT_OF_SCALARS
    if issubclass(kind, float | np.floating | np.bool_):
        lacks |= {"__index__"}
    members = {"__slots__": (), "kind": kind, "lacks": lacks, "__class__": property(claimed)}
    return type("Traced", bases, members)


class Scalar:
    """What distinguishes a number from an array in ``hasattr``, ``isinstance(x, Sized)`` and ``x == None``."""

    __slots__ = ()
    __len__ = __iter__ = __contains__ = None
    lacks: frozenset[str] = frozenset()
    no_numbers: tuple[type, ...] = (type(None), str, bytes, dict, set)

    def __getattribute__(self, name: str) -> Any:
        of_self = super().__getattribute__
        if name in ("__class__", "data", "dtype") or name in of_self("lacks"):  # who asks is one frame further away
            path = sys._getframe(1).f_code.co_filename
            if is_library(path):
                if name == "__class__":
                    return Traced
                if path in READERS:
                    name = "concrete" if name == "data" else name
            elif name == "__class__":
                return of_self("kind")
            elif name in of_self("lacks"):
                raise AttributeError(f"{of_self('kind').__name__!r} object has no attribute {name!r}")
            elif name == "data":
                raise refused_to(sys._getframe(1), "what is traced")
            else:
                return np.dtype(of_self("kind"))  # to an op an int64 is a float
        return of_self(name)

    def __eq__(self, other: object) -> Any:
        return False if isinstance(other, self.no_numbers) else super().__eq__(other)

    def __ne__(self, other: object) -> Any:
        return True if isinstance(other, self.no_numbers) else super().__ne__(other)

    __hash__: Any = StandIn.__hash__


class PythonNumber(Scalar):
    """What distinguishes a Python number from a scalar of NumPy's, which compares with each part of a list."""

    __slots__ = ()
    no_numbers = (*Scalar.no_numbers, tuple, list)


NOT_OF_SCALARS = frozenset({*OF_VALUES, "__contains__", "__iter__", "__len__"})
# Of what an array or a Value has and a Python number has not, what one asks for to tell them apart.
NOT_OF_NUMBERS = NOT_OF_SCALARS | {
    *("T", "all", "any", "argmax", "argmin", "astype", "copy", "cumsum", "data", "dtype", "flatten", "item", "max"),
    *("mean", "min", "ndim", "prod", "ravel", "reshape", "shape", "size", "squeeze", "std", "sum", "tolist"),
    *("transpose", "var", "__getitem__"),
}
_ON_A_NUMBER = (TypeError, ValueError, IndexError, RecursionError)
is_library = lru_cache(maxsize=1024)(caller.is_library)
_set_class: Any = vars(object)["__class__"].__set__  # below the property
