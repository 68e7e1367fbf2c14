"""Files and the keyboard, which a function may not ask while it is traced: a replay would not ask them again."""

from __future__ import annotations

import builtins
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Any

from autograd_mini import modes
from autograd_mini.compiler.errors import refused


@contextmanager
def refusing_files() -> Iterator[None]:
    """For a while ``open`` and ``input`` are an error in the thread that traces, whoever calls them there.

    NumPy, ``json`` and ``pathlib`` look them up at each call. An open file descriptor, a pipe, may be wrapped. What a
    module reads while it is imported, as SciPy's do, would not be read again without jit either.
    """
    imports = _imports()
    before = [(owner, name, getattr(owner, name)) for owner, name in _ASKING]
    try:
        for owner, name, function in before:
            setattr(owner, name, _refused_while_traced(name, function, imports))
        yield
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def _refused_while_traced(name: str, function: Callable[..., Any], imports: int) -> Callable[..., Any]:
    @wraps(function)
    def ask(*args: Any, **kwargs: Any) -> Any:
        if modes.tape() and not (args and isinstance(args[0], int)) and _imports() <= imports:
            raise refused(
                "the function opens a file, and a replay would not read or write it again"
                if name == "open"
                else "the function asks at the keyboard, and a replay would not",
                "do so before or after the call, and pass what it computes with as an argument",
            )
        return function(*args, **kwargs)

    return ask


def _imports() -> int:
    """How many imports are under way in this thread: frames of ``importlib``."""
    count = 0
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        count += frame.f_code.co_filename == "<frozen importlib._bootstrap>"
        frame = frame.f_back
    return count


_ASKING = ((builtins, "open"), (io, "open"), (builtins, "input"))
