"""A user's function of the data in a program: it is called as without jit, and an error says where it stands."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from inspect import unwrap
from typing import Any

import numpy as np

from autograd_mini.ops.caller import user_line


def as_users(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f`` under the caller's ``np.errstate``, not that of the program, and with arrays that it may keep.

    What it raises in a replay gets the line that it stands on in the traced function.
    """
    return partial(_called_into if takes_out(f) else _called, f, user_line())


def takes_out(f: Any) -> bool:
    """True for a function of the data that has a parameter ``out=None``, as NumPy's have."""
    f = unwrap(f)
    while isinstance(f, partial):
        f = f.func
    f = unwrap(f)
    code = getattr(f, "__code__", None)
    if code is None:
        return False
    names = code.co_varnames[: code.co_argcount]  # a hundredth of the time of inspect.signature
    defaults = dict(zip(reversed(names), reversed(f.__defaults__ or ()), strict=False)) | (f.__kwdefaults__ or {})
    return "out" in defaults and defaults["out"] is None


def _called(f: Callable[..., Any], line: str, *data: Any, **options: Any) -> Any:
    errstate = _of_caller.get()
    own = [np.array(x) if x.__class__ is np.ndarray else x for x in data]
    if errstate is None:  # it is traced, and the program gives its warnings, which computes it again at once
        with warnings.catch_warnings(action="ignore"):
            return f(*own, **options)
    try:
        with np.errstate(**errstate):
            return f(*own, **options)
    except Exception as error:
        error.add_note(f"  at {line}")
        raise


def _called_into(f: Callable[..., Any], line: str, *data: Any, out: Any = None) -> Any:
    return _called(f, line, *data) if out is None else _called(f, line, *data, out=out)


def among_users(forward: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A program's ``forward``, whose functions of a user's are told what the caller wants to be warned of."""

    def run(inputs: Any) -> Any:
        before = _of_caller.set(np.geterr())
        try:
            return forward(inputs)
        finally:
            _of_caller.reset(before)

    return run


_of_caller: ContextVar[Any] = ContextVar("np.errstate of the caller", default=None)
