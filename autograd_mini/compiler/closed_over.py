"""The Values that a function closes over, while it is traced: ops on them are written down, their numbers refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import RLock
from typing import Any

import numpy as np

from autograd_mini import modes, numpy_protocol
from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.traced import NO_GRAD_YET, READERS, get_data, refused_to, set_data
from autograd_mini.node import Node
from autograd_mini.value import Value


@contextmanager
def guarded(values: list[Any]) -> Iterator[None]:
    """For a while it is refused to read the data of these Values, which a function closes over.

    Two threads take turns, since each has to leave the Values as it found them.
    """
    with _one_thread:
        classes: list[tuple[Any, Any]] = [(x, x.__class__) for x in values if isinstance(x, Value)]
        try:
            for x, kind in classes:
                x.__class__ = _guarded_kind(kind)
            yield
        finally:
            for x, kind in classes:
                x.__class__ = kind


_one_thread = RLock()


@lru_cache(maxsize=64)
def _guarded_kind(kind: Any) -> Any:
    def read(self: Any) -> Any:
        reader = sys._getframe(1)
        if modes.tape() and reader.f_code.co_filename not in READERS:
            raise refused_to(reader, "a parameter")
        return get_data(self)

    def write(self: Any, data: Any) -> None:
        if modes.tape():
            raise refused("assigning .data of a parameter", "change parameters after the call")
        set_data(self, data)

    def on_tape(arguments: Any) -> Any:
        tape = modes.tape()
        return [tape.standing_for(x) if tape and isinstance(x, Node) else x for x in arguments]

    def array_ufunc(self: Any, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        if modes.tape() and ufunc in numpy_protocol.PLAIN_RESULTS:
            return getattr(ufunc, method)(*on_tape(operands), **options)
        return kind.__array_ufunc__(self, ufunc, method, *operands, **options)

    def array_function(self: Any, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if modes.tape() and function in numpy_protocol.PLAIN_RESULTS:
            return function(*on_tape(args), **kwargs)
        return kind.__array_function__(self, function, types, args, kwargs)

    def grad(self: Any) -> Any:
        if modes.tape():
            raise refused("reading .grad of a parameter", NO_GRAD_YET)
        return kind.grad.fget(self)

    def set_grad(self: Any, gradient: Any) -> None:
        if modes.tape():
            raise refused("assigning .grad of a parameter", NO_GRAD_YET)
        kind.grad.fset(self, gradient)

    def zero_grad(self: Any) -> None:
        if modes.tape():
            raise refused("zero_grad() of a parameter", "call it outside of the jitted function")
        kind.zero_grad(self)

    members = {
        "grad": property(grad, set_grad),
        "zero_grad": zero_grad,
        "data": property(read, write),
        "__array_ufunc__": array_ufunc,
        "__array_function__": array_function,
    }
    return type(kind.__name__, (kind,), {"__slots__": (), **members})
