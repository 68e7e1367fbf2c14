"""Effects: at each call, what a program has computed for parameters, gradients and optimizers is put in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.backward import added_up
from autograd_mini.compiler.guards.look import look_at_gradients
from autograd_mini.compiler.tracing.carried import Carry
from autograd_mini.compiler.tracing.changes import Changes, are_alone
from autograd_mini.compiler.tracing.traced import get_data
from autograd_mini.ops.operation import shape_of


class Effects:
    """The changes of one trace, as each call makes them: all of them, or none where something fails on the way."""

    def __init__(self, changes: Changes) -> None:
        self._are_without = look_at_gradients(list(changes.without))
        assigned = list(enumerate(changes.data))
        self._replaced = [(k, x) for k, x in assigned if x not in changes.overwritten]
        self._overwritten = [(k, x) for k, x in assigned if x in changes.overwritten]
        self._left = list(enumerate(changes.left, len(assigned)))
        found = [x for x, g in changes.grads.items() if g is not None]
        first = len(assigned) + len(self._left)
        self._found = list(enumerate(found, first))
        self._count = first + len(found)
        self._added = [(k, x) for k, x in self._found if x in changes.added]
        # those that were without a gradient before the call are anyway
        self._forgotten = [x for x, g in changes.grads.items() if g is None and x not in changes.without]
        self._carried = [Carry(carried) for carried in changes.carried]
        kinds = [_kind_of_data(get_data(x), changes.kinds.get(x)) for x in changes.data]
        kinds += [None] * len(self._left) + [_kind_of_gradient(get_data(x)) for x in found]
        self._bare = [(k, kind) for k, kind in enumerate(kinds) if kind is not None]

    def read(self, leaves: list[Any]) -> list[Any] | None:
        """``leaves`` and what is carried into the program; None if that is not as it was when it was traced."""
        if not self._are_without():
            return None
        for carry in self._carried:
            more = carry.read()
            if more is None:
                return None
            leaves = leaves + more
        return leaves

    def may_take(self, inputs: list[Any]) -> bool:
        """False where an array that is to be overwritten is read under another name too, and eager is another thing."""
        own = [x.data for _, x in self._overwritten] + [x.data for _, x in self._left]
        return not own or are_alone(own, inputs)

    def put(self, computed: Any) -> None:
        """Puts what the program has computed in place; Ctrl-C comes before all of it or after."""
        if self._bare or self._added:
            computed = list(computed)
            for k, kind in self._bare:
                computed[k] = kind(computed[k])
            for k, x in self._added:
                if x._grad is not None:
                    computed[k] = added_up(x, computed[k])
        left = [(k, x.data) for k, x in self._left]
        try:
            self._put(computed, left)
        except BaseException:
            self._put(computed, left)
            raise

    def _put(self, computed: Any, left: list[Any]) -> None:
        for k, array in left:
            np.copyto(array, computed[k])
        for k, x in self._replaced:
            x.data = computed[k]
        for k, x in self._overwritten:  # whoever else holds the array sees it, as without jit
            np.copyto(x.data, computed[k])
        for k, x in self._found:
            x._grad = computed[k]
        for x in self._forgotten:
            x._grad = None
        if self._carried:
            rest = iter(computed[self._count :])
            for carry in self._carried:
                carry.put(rest)


def _kind_of_data(data: Any, assigned: Any) -> Any:
    """What makes of a number what stands in place of ``data`` from now on; None for an array with axes.

    ``assigned`` is the kind of what the function puts there, if that is known.
    """
    if shape_of(data):
        return None
    if data.__class__ is np.ndarray or assigned is np.asarray:
        return assigned or np.asarray
    return float if data.__class__ is float else assigned or type(data)


def _kind_of_gradient(data: Any) -> Any:
    """What makes of a number the gradient of a parameter with such data; None for one with axes."""
    if shape_of(data):
        return None
    return np.asarray if data.__class__ is np.ndarray else float if isinstance(data, float) else data.dtype.type
