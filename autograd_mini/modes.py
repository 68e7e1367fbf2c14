"""Whether operations are recorded: ``no_grad``."""

from __future__ import annotations

from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from threading import Lock
from types import TracebackType

# How many ``no_grad`` blocks are open in the whole process. Recording an op looks at this plain number; only
# while it is not 0 does it ask the ContextVar, which knows about this thread and this task.
open_blocks = 0
_lock = Lock()
_depth: ContextVar[int] = ContextVar("no_grad depth", default=0)


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

    def __init__(self) -> None:
        self._tokens: list[Token[int]] = []

    def __enter__(self) -> None:
        global open_blocks
        with _lock:
            open_blocks += 1
        self._tokens.append(_depth.set(_depth.get() + 1))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        global open_blocks
        _depth.reset(self._tokens.pop())
        with _lock:
            open_blocks -= 1
