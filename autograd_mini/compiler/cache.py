"""The traces of one function: a few are kept, and it is said when they come and go too fast to be worth it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from autograd_mini.ops.caller import located

MOST_KEPT = 32  # traces of one function
MOST_OF_ONE_FORM = 4  # for settings that come and go, such as model.train() and model.eval()
MANY_TRACES = 100  # after which it is said


class Cache:
    """Traces by the form of the arguments. The oldest goes when there are too many."""

    # And no __dict__: what changes here is nothing that a function closes over.
    __slots__ = ("_before", "_times_traced", "traces")

    def __init__(self) -> None:
        self.traces: dict[Any, Any] = {}
        self._before: dict[Any, list[Any]] = {}  # by form, those that did not hold any more, the latest first
        self._times_traced = 0

    def one_that_holds(self, form: Any, leaves: list[Any]) -> tuple[Any, Any]:
        """An earlier trace of this form that holds again, and its inputs; twice None if there is none."""
        for trace in self._before.get(form, ()):
            inputs = trace.inputs(leaves)
            if inputs is not None:
                self._put(form, trace)
                return trace, inputs
        return None, None

    def _put(self, form: Any, trace: Any) -> None:
        """The trace becomes the one that is tried first."""
        latest = self.traces.pop(form, None)
        self.traces[form] = trace
        if latest is not None:
            others = [other for other in self._before.get(form, []) if other is not trace]
            self._before[form] = [latest, *others][: MOST_OF_ONE_FORM - 1]

    def keep(self, name: str, form: Any, trace: Any, because: Callable[[], str]) -> None:
        """Keeps the trace of ``name``, which was made ``because`` of something."""
        self._times_traced += 1
        self._put(form, trace)
        if len(self.traces) > MOST_KEPT:
            oldest = next(iter(self.traces))
            del self.traces[oldest]
            self._before.pop(oldest, None)
        if self._times_traced == MANY_TRACES:
            warnings.warn(
                located(
                    f"jit: {name} was traced {MANY_TRACES} times, each time slower than without jit, the last time "
                    f"because {because()}; pass what keeps changing as an argument, and arrays of few shapes"
                ),
                stacklevel=3,
            )
