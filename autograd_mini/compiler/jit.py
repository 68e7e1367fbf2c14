"""jit: a function that is traced once for each form of its arguments, and replayed from then on."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import update_wrapper
from types import FunctionType, MethodType
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np

from autograd_mini import modes
from autograd_mini.compiler.arguments import form_of, holds_objects
from autograd_mini.compiler.cache import Cache
from autograd_mini.compiler.errors import JitError, refused
from autograd_mini.compiler.trace import Trace, run_on_tape
from autograd_mini.compiler.tracing.closed_over import guarded
from autograd_mini.tree import map_leaves
from autograd_mini.value import Value

P = ParamSpec("P")
R = TypeVar("R")


def jit(f: Callable[P, R]) -> Jitted[P, R]:
    """``f``, traced at the first call and replayed from then on: what it computes becomes one flat program.

    ``f`` takes numbers, arrays, Values, and lists, tuples, dicts and dataclasses of them, and returns a Value or a
    container of Values. Numbers and arrays that it is given compute inside as NumPy does; ops and layers see them as
    floats; to ``isinstance`` (not to ``type(x) is``) they are what they are without jit. All that it computes and
    returns is a Value, what ``argmax`` finds too; a parameter that it returns is that parameter. The results have
    ``backward()``, which fills ``grad`` of every parameter that ``f`` uses, and of the arguments that are Values.
    Or ``f`` is a whole training step, with ``backward()`` and an optimizer's ``step()`` in it: gradients,
    parameters and what the optimizer remembers change at each call as without jit, or not at all where ``f`` raises
    an error; and what ``f`` returns has no gradient left.

    Parameters are read at each call. A call with other shapes, dtypes or containers traces anew, and so does one after
    a number, a list or a module that ``f`` closes over has changed. Dropout draws anew and running statistics move at
    each call, as without jit; what else ``f`` asks of the world, such as the working directory, it asks when it is
    traced, and what it prints it prints then. Plain floats divide by 0 and overflow as NumPy's do, to inf and nan.

    Change parameters and arguments after ``backward()``, not between the call and it: whether the gradient would then
    be of the old numbers or of the new depends on who runs the program. PyTorch raises an error for that.

    Under ``detect_anomaly``, and where forward mode or a second derivative is taken of it, ``f`` runs op by op, as
    without jit. Where the extra ``fast`` (numba) is installed it runs programs of many short steps;
    ``print(result.program())`` of a ``result`` says who does. JAX: ``jax.jit``; PyTorch: ``torch.compile``.

    >>> from autograd_mini import Value
    >>> w = Value(3.0)
    >>> @jit
    ... def loss(x):
    ...     return (w * x - 1.0) ** 2
    >>> loss(2.0).data
    25.0
    >>> w.data = 1.0
    >>> result = loss(2.0)
    >>> result.backward()
    >>> result.data, w.grad
    (1.0, 4.0)
    >>> @jit
    ... def step(x):
    ...     w.zero_grad()
    ...     loss = (w * x - 1.0) ** 2
    ...     loss.backward()
    ...     w.data = w.data - 0.125 * w.grad
    ...     return loss
    >>> step(2.0).data, w.data
    (1.0, 0.5)

    Raises ``JitError``, with the line, for what cannot be replayed with other numbers: an ``if`` on a Value,
    ``float()`` of it, the ``data`` of one that is computed, a function of NumPy that is no op. ``f`` itself is
    ``loss.__wrapped__``.
    """
    return Jitted(f)


class Jitted(Generic[P, R]):
    """A function with its traces, one for each form of the arguments."""

    def __init__(self, f: Callable[P, R]) -> None:
        if not callable(f):
            raise refused(f"{f!r} is no function", "write @jit above a def")
        update_wrapper(self, f)  # first: it brings along what f has, and of a grad(jit(...)) that is an _f too
        self._f = f
        self._cache = Cache()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if modes.open_blocks and modes.tape():  # a jitted function in another is a part of that
            return self._f(*args, **kwargs)
        if modes.beyond_programs.get() or (modes.open_blocks and modes.watch()):
            return self._eagerly(args, kwargs)
        leaves: list[Any] = []
        form = form_of((args, kwargs) if kwargs else args, leaves)
        trace: Trace | None = self._cache.traces.get(form)
        inputs = None if trace is None else trace.inputs(leaves)
        latest = trace
        if trace is not None and inputs is None:
            trace, inputs = self._cache.one_that_holds(form, leaves)
        if trace is None or inputs is None:
            trace = Trace(self._f, args, kwargs, leaves, replaces_one=latest is not None)
            self._cache.keep(getattr(self._f, "__qualname__", repr(self._f)), form, trace, latest)
            inputs = trace.inputs(leaves)
            if inputs is None:  # another thread has changed something meanwhile
                return self._eagerly(args, kwargs)
        if trace.takes_steps and modes.open_blocks and not modes.is_recording():
            return self._eagerly(args, kwargs)  # and then there is nothing to take gradients of
        try:
            result: R = trace.run(inputs, leaves)
        except JitError:
            raise
        except Exception as error:
            failed = error
        else:
            return result
        with guarded(trace.guards.values, trace.guards.owners):
            run_on_tape(self._f, args, kwargs, leaves)  # fails too, but on the user's line, and can say which
        raise failed

    def _eagerly(self, args: Any, kwargs: Any) -> R:
        """The function itself, where every op must be seen or differentiated. What it computes is a Value, as ever."""
        result: R = map_leaves(_as_value, self._f(*args, **kwargs))
        return result

    def __deepcopy__(self, memo: Any) -> Jitted[P, R]:
        return Jitted(deepcopy(self._f, memo))  # a method goes with its object; each has traces of its own

    def __reduce__(self) -> Any:
        if isinstance(self._f, MethodType):  # of a dataclass: see __get__
            return getattr, (self._f.__self__, self._f.__name__)
        return self._f.__qualname__ if isinstance(self._f, FunctionType) else (Jitted, (self._f,))

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        if holds_objects(instance):  # no argument, then, but what the method closes over
            return self._cache.method_of(instance, lambda: Jitted(MethodType(self._f, instance)))
        return MethodType(self, instance)


def _as_value(leaf: Any) -> Any:
    """What is computed of plain numbers alone."""
    is_float = isinstance(leaf, float | np.floating) or (isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f")
    return Value(leaf, requires_grad=False) if is_float else leaf
