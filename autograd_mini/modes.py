"""Whether operations are recorded, ``no_grad``; and who else writes them down, ``tracing``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from contextvars import ContextVar
from threading import Lock
from types import TracebackType
from typing import Any, TypeVar

# How many blocks of ``no_grad`` and ``tracing`` are open in the whole process. Recording an op looks at this plain
# number; only while it is not 0 does it ask the ContextVars, which know about this thread and this task.
open_blocks = 0
_lock = Lock()
_depth: ContextVar[int] = ContextVar("no_grad depth", default=0)
_tape: ContextVar[Any] = ContextVar("tape", default=None)

# How many transforms (grad, jvp, ...) are at work. Inside of one, what another gives must itself be differentiable.
transforms_at_work: ContextVar[int] = ContextVar("transforms at work", default=0)

_F = TypeVar("_F", bound=Callable[..., Any])
_RESUMABLE = 0x20 | 0x80 | 0x200  # inspect's CO_GENERATOR, CO_COROUTINE and CO_ASYNC_GENERATOR


def is_recording() -> bool:
    """False inside ``no_grad()``."""
    return not _depth.get()


class no_grad(ContextDecorator):
    """Computes without recording: the results are leaves that require no gradient. PyTorch: ``torch.no_grad``.

    A context manager and a decorator. It counts for the thread or task that entered it.

    >>> from autograd_mini import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.requires_grad
    (9.0, False)
    """

    def __call__(self, f: _F) -> _F:
        if getattr(f, "__code__", None) and f.__code__.co_flags & _RESUMABLE:
            raise TypeError(f"no_grad: {f.__name__} stops and goes on; write `with no_grad():` inside of it instead")
        return super().__call__(f)

    def __enter__(self) -> None:
        _open(1)
        _depth.set(_depth.get() + 1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _depth.set(_depth.get() - 1)
        _open(-1)


@contextmanager
def recording() -> Iterator[None]:
    """Records, inside of ``no_grad()`` too: for those whose work it is. PyTorch: ``torch.enable_grad``."""
    token = _depth.set(0)
    try:
        yield
    finally:
        _depth.reset(token)


def tape() -> Any:
    """Who writes down every op of this thread or task; None while nobody does."""
    return _tape.get()


@contextmanager
def tracing(tape: Any) -> Iterator[None]:
    """Has ``tape`` write down every op, for a jitted function; None stops it for a while."""
    token = _tape.set(tape)
    _open(1)
    try:
        yield
    finally:
        _open(-1)
        _tape.reset(token)


def _open(blocks: int) -> None:
    global open_blocks
    with _lock:
        open_blocks += blocks
