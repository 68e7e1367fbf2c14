"""Whether operations are recorded, ``no_grad``; who else writes them down, ``tracing``; and who watches over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from contextvars import ContextVar
from threading import Lock
from types import TracebackType
from typing import Any, TypeVar

from autograd_mini.ops.caller import located

# How many blocks of ``no_grad``, ``tracing`` and ``detect_anomaly`` are open in the whole process. Recording an op
# looks at this plain number; only while it is not 0 does it ask the ContextVars, which know about this thread and task.
open_blocks = 0
_lock = Lock()
_depth: ContextVar[int] = ContextVar("no_grad depth", default=0)
_tape: ContextVar[Any] = ContextVar("tape", default=None)
_watch: ContextVar[Any] = ContextVar("watch", default=None)

# How many transforms (grad, jvp, ...) are at work. Inside of one, what another gives must itself be differentiable.
transforms_at_work: ContextVar[int] = ContextVar("transforms at work", default=0)

# Whether a transform needs more than the gradient that the program of a jitted function has: forward mode, a second
# derivative. Then such a function runs as if it were not jitted.
beyond_programs: ContextVar[bool] = ContextVar("beyond programs", default=False)

_F = TypeVar("_F", bound=Callable[..., Any])
_RESUMABLE = 0x20 | 0x80 | 0x200  # inspect's CO_GENERATOR, CO_COROUTINE and CO_ASYNC_GENERATOR


def is_recording() -> bool:
    """False inside ``no_grad()``."""
    return not _depth.get()


class Mode(ContextDecorator):
    """A context manager and a decorator, of functions that run from their beginning to their end."""

    def __new__(cls, *given: Any, **options: Any) -> Any:
        """Of a function, as where ``@no_grad`` stands without its brackets, the decorated one."""
        if not given and not options:
            return super().__new__(cls)
        if len(given) != 1 or options or not callable(given[0]):
            raise TypeError(located(f"{cls.__name__} takes no arguments; write `with {cls.__name__}():`"))
        return cls()(given[0])

    def __call__(self, f: _F) -> _F:
        if getattr(f, "__code__", None) and f.__code__.co_flags & _RESUMABLE:
            name = type(self).__name__
            raise TypeError(
                located(f"{name}: {f.__name__} stops and goes on; write `with {name}():` inside of it instead")
            )
        return super().__call__(f)


class no_grad(Mode):
    """Computes without recording: the results are leaves that require no gradient. PyTorch: ``torch.no_grad``.

    A context manager and a decorator, with brackets or without. It counts for the thread or task that entered it.

    >>> from autograd_mini import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.requires_grad
    (9.0, False)
    """

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
    outer = _depth.get()
    try:  # from here on Ctrl-C finds its way back
        _depth.set(0)
        yield
    finally:
        _depth.set(outer)


def tape() -> Any:
    """Who writes down every op of this thread or task; None while nobody does."""
    return _tape.get()


@contextmanager
def tracing(tape: Any) -> Iterator[None]:
    """Has ``tape`` write down every op, for a jitted function; None stops it for a while."""
    _open(1)
    outer = _tape.get()
    try:
        _tape.set(tape)
        yield
    finally:
        _tape.set(outer)
        _open(-1)


def watch() -> Any:
    """Who watches over every op of this thread or task, for ``detect_anomaly``; None while nobody does."""
    return _watch.get()


def set_watch(watch: Any, blocks: int = 0) -> None:
    """Puts ``watch`` in charge; ``blocks`` is 1 where a block begins with it, and -1 where one ends."""
    if blocks > 0:  # first, as it is last below: a Ctrl-C in between leaves the number too high, which is harmless
        _open(blocks)
    _watch.set(watch)
    if blocks < 0:
        _open(blocks)


def _open(blocks: int) -> None:
    global open_blocks
    with _lock:
        open_blocks += blocks
