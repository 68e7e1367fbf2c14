"""The Values that a function closes over, while it is traced: what is done with them is written down."""

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
from autograd_mini.compiler.tracing.asked import refusing_files
from autograd_mini.compiler.tracing.traced import READERS, check_text, get_data, refused_to, set_data
from autograd_mini.node import Node
from autograd_mini.ops.caller import is_library
from autograd_mini.value import Value


@contextmanager
def guarded(values: list[Any], owners: list[Any]) -> Iterator[None]:
    """For a while what is done with these Values, which a function closes over, is written on the tape.

    Their ``data`` is what stands there for it; their gradients, and what is assigned to them, become changes. What
    ``owners`` carry from call to call is refused to everybody but ``carry``.

    Two threads take turns, since each has to leave the Values as it found them.
    """
    with _one_thread:
        classes: list[tuple[Any, Any]] = [(x, x.__class__) for x in values if isinstance(x, Value)]
        try:
            for x, kind in list(classes):
                x.__class__ = _guarded_kind(kind)
            for owner in owners:
                classes.append((owner, owner.__class__))
                owner.__class__ = _guarded_owner(owner.__class__)
            with refusing_files():
                yield
        finally:
            for x, kind in classes:
                x.__class__ = kind


_one_thread = RLock()


@lru_cache(maxsize=64)
def _guarded_kind(kind: Any) -> Any:
    """A class like ``kind``, which a Value of it may have for a while. In a thread that traces nothing it acts as ever.

    A class of these members as a second base would do for most, but give a kind with a ``__dict__`` another layout.
    """
    members = {**_MEMBERS, **_ops_of(kind), **_gradients_of(kind)}
    return type(kind.__name__, (kind,), {"__slots__": (), **members})


def _ops_of(kind: Any) -> dict[str, Any]:
    """The members that write lines."""

    def record(self: Any, op: Any, x: Any, y: Any = None) -> Any:
        tape = modes.tape()
        if tape and x.__class__ is tuple:
            return tape.standing_for(self).record(op, x)
        number = tape.write_number(op, x, y) if tape else None
        return kind.record(self, op, x, y) if number is None else number

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

    return {"record": record, "__array_ufunc__": array_ufunc, "__array_function__": array_function}


def _gradients_of(kind: Any) -> dict[str, Any]:
    """The members that are about the gradient."""

    def grad(self: Any) -> Any:
        tape = modes.tape()
        if not tape:
            return kind.grad.fget(self)
        gradient = tape.changes.grad(self)
        if gradient is None:
            data = get_data(self)
            return 0.0 if data.__class__ is float else np.zeros_like(data)
        return tape.changes.window(self, ".grad", gradient)

    def set_grad(self: Any, gradient: Any) -> None:
        tape = modes.tape()
        if tape:
            tape.changes.set_grad(self, gradient)
        else:
            kind.grad.fset(self, gradient)

    def has_grad(self: Any) -> bool:
        tape = modes.tape()
        return tape.changes.grad(self) is not None if tape else kind.has_grad.fget(self)

    def zero_grad(self: Any, set_to_none: bool = True) -> None:
        tape = modes.tape()
        if tape is None:
            kind.zero_grad(self, set_to_none)
        elif set_to_none:
            tape.changes.set_grad(self, None)
        else:
            tape.forbid("zero_grad(set_to_none=False) leaves zeros to the next call", "call zero_grad()")

    return {"grad": property(grad, set_grad), "has_grad": property(has_grad), "zero_grad": zero_grad}


def _data(self: Any) -> Any:
    reader = sys._getframe(1)
    tape = modes.tape()
    if tape and reader.f_code.co_filename not in READERS:
        if is_library(reader.f_code.co_filename):
            raise refused_to(reader, "a parameter")
        return tape.changes.window(self, ".data", tape.detached(self))
    return get_data(self)


def _set_data(self: Any, data: Any) -> None:
    tape = modes.tape()
    if tape:
        tape.changes.assign(self, data, sys._getframe(1))
    else:
        set_data(self, data)


def _requires_grad(self: Any) -> bool:
    return bool(_slot.__get__(self))


def _set_requires_grad(self: Any, wanted: bool) -> None:
    if modes.tape():
        raise refused(
            "setting requires_grad of a parameter, which a replay would not",
            "set it before the call, or use value.detach() where no gradient is wanted",
        )
    _slot.__set__(self, wanted)


def _set_label(self: Any, label: str) -> None:
    if modes.tape():
        check_text(str(label))
    _label.fset(self, label)


_label: Any = Value.label
_slot: Any = vars(Node)["requires_grad"]  # below the property of a Value that is guarded
_MEMBERS = {
    "data": property(_data, _set_data),
    "label": property(_label.fget, _set_label),
    "requires_grad": property(_requires_grad, _set_requires_grad),
}


@lru_cache(maxsize=64)
def _guarded_owner(kind: Any) -> Any:
    def check(owner: Any, name: str) -> None:
        tape = modes.tape()
        if (name in kind.carried_by_jit or name == "__dict__") and tape and not tape.changes.is_reading:
            raise refused(
                f"the function reads or changes {kind.__name__}.{name} itself, which may differ at each call",
                "do so outside of the jitted function, and pass what it needs as an argument",
            )

    def get(self: Any, name: str) -> Any:
        check(self, name)
        return kind.__getattribute__(self, name)

    def put(self: Any, name: str, thing: Any) -> None:
        check(self, name)
        kind.__setattr__(self, name, thing)

    return type(kind.__name__, (kind,), {"__slots__": (), "__getattribute__": get, "__setattr__": put})
