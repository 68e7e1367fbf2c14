"""The traces of one function: a few are kept, and it is said when they come and go too fast to be worth it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from autograd_mini.ops.caller import located

MOST_KEPT = 32  # traces of one function
MANY_TRACES = 100  # after which it is said


class Cache:
    """Traces by the form of the arguments. The oldest goes when there are too many."""

    __slots__ = ("_times_traced", "traces")  # and no __dict__: what changes here is nothing that a function closes over

    def __init__(self) -> None:
        self.traces: dict[Any, Any] = {}
        self._times_traced = 0

    def keep(self, name: str, form: Any, trace: Any, because: Callable[[], str]) -> None:
        """Keeps the trace of ``name``, which was made ``because`` of something."""
        self._times_traced += 1
        self.traces.pop(form, None)
        self.traces[form] = trace
        if len(self.traces) > MOST_KEPT:
            del self.traces[next(iter(self.traces))]
        if self._times_traced == MANY_TRACES:
            warnings.warn(
                located(
                    f"jit: {name} was traced {MANY_TRACES} times, each time slower than without jit, the last time "
                    f"because {because()}; pass what keeps changing as an argument, and arrays of few shapes"
                ),
                stacklevel=4,
            )
