"""The traces of one function: a few are kept, and it is said when they come and go too fast to be worth it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from autograd_mini.ops.caller import located

MOST_KEPT = 32  # traces of one function
MOST_OF_ONE_FORM = 4  # for settings that come and go, such as model.train() and model.eval()
MANY_TRACES = 100  # after which it is said
MANY_CHANGES = 20  # traces that were made because something had changed, after which it is said too


class Cache:
    """Traces by the form of the arguments. The oldest go when there are too many."""

    # And no __dict__: what changes here is nothing that a function closes over.
    __slots__ = ("_before", "_of_objects", "_times_changed", "_times_traced", "traces")

    def __init__(self) -> None:
        self.traces: dict[Any, Any] = {}
        self._before: dict[Any, list[Any]] = {}  # by form, those that did not hold any more, the latest first
        self._times_traced = self._times_changed = 0
        self._of_objects: dict[int, tuple[Any, Any]] = {}  # by id, an object and its own jitted method

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

    def method_of(self, thing: Any, make: Callable[[], Any]) -> Any:
        """The jitted method of ``thing``, made when it is first asked for. The latest are kept, and their things."""
        if id(thing) not in self._of_objects:
            self._of_objects[id(thing)] = thing, make()
            if len(self._of_objects) > MOST_KEPT:
                del self._of_objects[next(iter(self._of_objects))]
        return self._of_objects[id(thing)][1]

    def keep(self, name: str, form: Any, trace: Any, before: Any) -> None:
        """Keeps the trace of ``name``; ``before`` is the one that does not hold any more, if it was made for that."""
        self._times_traced += 1
        self._times_changed += before is not None
        self._put(form, trace)
        if len(self.traces) > MOST_KEPT:
            oldest = next(iter(self.traces))
            del self.traces[oldest]
            self._before.pop(oldest, None)
        if self._times_traced == MANY_TRACES or (before is not None and self._times_changed == MANY_CHANGES):
            warnings.warn(
                located(
                    f"jit: {name} was traced {self._times_traced} times, each time slower than without jit, the last "
                    f"time because {_NEW_FORM if before is None else before.what_changed()}; pass what keeps changing "
                    "as an argument, and arrays of few shapes"
                ),
                stacklevel=3,
            )


_NEW_FORM = "an argument has a shape, dtype or container that was not there before"
