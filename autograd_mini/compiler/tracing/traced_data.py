"""What stands on a tape for plain numbers and arrays: to the function's ``isinstance`` it is of their class."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

import numpy as np

from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.tracing.traced import Traced
from autograd_mini.node import Node
from autograd_mini.ops.caller import is_library


class TracedData(Traced):
    """A parameter's data or gradient, an argument that is no Value, a comparison, and what is computed of these alone.

    Only ``type(x)`` tells it from a number or an array, and ``isinstance(x, Value)``.
    """

    __slots__ = ()

    def record(self, op: Any, x: Any, y: Any = None) -> Any:
        operands = x if x.__class__ is tuple else (x, y)
        if not all([not isinstance(v, Node) or isinstance(v, TracedData) for v in operands]):
            return Traced.record(self, op, x, y)
        if x.__class__ is tuple:
            x = tuple(map(_strong, x))
        return as_plain(Traced.record(self, op, _strong(x), _strong(y)))

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

    return type("Traced", (TracedData,), {"__slots__": (), "__class__": property(claimed)})


_is_library = lru_cache(maxsize=1024)(is_library)
_set_class: Any = vars(object)["__class__"].__set__  # below the property
