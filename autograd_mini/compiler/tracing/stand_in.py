"""A traced Value that claims to be a number or an array: to the function's ``isinstance`` it is of their class."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.tracing.traced import Traced
from autograd_mini.ops import caller


class StandIn(Traced):
    """What stands for a number or an array. Only ``type(x)`` tells it from one, and ``isinstance(x, Value)``."""

    __slots__ = ()
    kind: Any = None  # the class that it claims

    def __hash__(self) -> int:
        if not is_library(sys._getframe(1).f_code.co_filename):
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


def claim(node: Traced, base: type[StandIn], kind: Any) -> None:
    """Makes a ``base`` of ``node`` that claims to be of class ``kind``."""
    _set_class(node, _claiming(base, kind))  # type: ignore[arg-type]  # a class has a hash of its own


@lru_cache(maxsize=64)
def _claiming(base: type[StandIn], kind: Any) -> Any:
    """A subclass of ``base`` that claims to be ``kind``; not to this library, which knows what it is."""

    def claimed(self: Any) -> Any:
        return Traced if is_library(sys._getframe(1).f_code.co_filename) else kind

    return type("Traced", (base,), {"__slots__": (), "kind": kind, "__class__": property(claimed)})


is_library = lru_cache(maxsize=1024)(caller.is_library)
_set_class: Any = vars(object)["__class__"].__set__  # below the property
