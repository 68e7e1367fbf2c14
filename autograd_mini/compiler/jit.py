"""jit: a function that is traced once for each form of its arguments, and replayed from then on."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from enum import Enum
from functools import partial, update_wrapper
from operator import itemgetter
from types import FunctionType, MethodType
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np

from autograd_mini import modes
from autograd_mini.compiler import native
from autograd_mini.compiler.arguments import form_of, numbers_of, statics_of, with_leaves
from autograd_mini.compiler.cache import Cache
from autograd_mini.compiler.closed_over import guarded
from autograd_mini.compiler.effects import Effects
from autograd_mini.compiler.errors import JitError, refused
from autograd_mini.compiler.fuse import fused
from autograd_mini.compiler.guards import Guards
from autograd_mini.compiler.pack import is_worth_packing, packed
from autograd_mini.compiler.program import Argument, Captured, Constant
from autograd_mini.compiler.reach import ATOMS
from autograd_mini.compiler.replay import compiled
from autograd_mini.compiler.result import Call, Replayed, Result
from autograd_mini.compiler.simplify import simplified
from autograd_mini.compiler.trace import Tape
from autograd_mini.compiler.traced import get_data
from autograd_mini.node import Node
from autograd_mini.scope import current_scope
from autograd_mini.tree import leaves_of, map_leaves
from autograd_mini.value import Value

P = ParamSpec("P")
R = TypeVar("R")


def jit(f: Callable[P, R]) -> Jitted[P, R]:
    """``f``, traced at the first call and replayed from then on: what it computes becomes one flat program.

    ``f`` takes numbers, arrays, Values, and lists, tuples, dicts and dataclasses of them, and returns a Value or a
    container of Values. The results have ``backward()``, which fills ``grad`` of every parameter that ``f`` uses, and
    of the arguments that are Values. Or ``f`` is a whole training step, with ``backward()`` and an optimizer's
    ``step()`` in it: gradients, parameters and what the optimizer remembers change at each call as without jit, and
    what ``f`` returns has no gradient left.

    Parameters are read at each call. A call with other shapes, dtypes or containers traces anew, and so does one after
    a number, a list or a module that ``f`` closes over has changed. Dropout draws anew and running statistics move at
    each call, as without jit; what else ``f`` asks of the world, such as a clock, it asks when it is traced. Under
    ``detect_anomaly``, and where forward mode or a second derivative is taken of it, ``f`` runs as if it were not
    jitted. Where the extra ``fast`` (numba) is installed it runs programs of many short steps;
    ``print(loss.program())`` says who does. JAX: ``jax.jit``; PyTorch: ``torch.compile``.

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
            before, trace = latest, Trace(self._f, args, kwargs, leaves)
            name = getattr(self._f, "__qualname__", repr(self._f))
            self._cache.keep(name, form, trace, lambda: _NEW_FORM if before is None else before.what_changed())
            inputs = trace.inputs(leaves)
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
        """The function itself, where every op must be seen or differentiated. Numbers are Values, as on a tape."""
        leaves: list[Any] = []
        form_of((args, kwargs), leaves)
        floats = [isinstance(x, float) or (isinstance(x, np.ndarray) and x.dtype.kind == "f") for x in leaves]
        values = [Value(x, requires_grad=False) if is_float else x for x, is_float in zip(leaves, floats, strict=True)]
        args, kwargs = with_leaves((args, kwargs), iter(values))
        return self._f(*args, **kwargs)

    def __deepcopy__(self, memo: Any) -> Jitted[P, R]:
        return Jitted(deepcopy(self._f, memo))  # a method goes with its object; each has traces of its own

    def __reduce__(self) -> Any:
        return self._f.__qualname__ if isinstance(self._f, FunctionType) else (Jitted, (self._f,))

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)


class Trace:
    """One program, and the memory that it runs in."""

    def __init__(self, f: Callable[..., Any], args: Any, kwargs: Any, leaves: list[Any]) -> None:
        self.guards = guards = Guards([f, *statics_of((args, kwargs))])
        again = partial(run_on_tape, f, args, kwargs, leaves)
        tape = Tape()
        with modes.tracing(tape), modes.recording(), np.errstate(all="ignore"), guarded(guards.values, guards.owners):
            arguments = [tape.argument(i, leaf) for i, leaf in enumerate(leaves)]
            args, kwargs = with_leaves((args, kwargs), iter(arguments))
            try:
                self.returned = f(*args, **kwargs)
            except ValueError as error:
                if isinstance(error.__cause__, JitError):  # array[i] = x, where NumPy writes its words over ours
                    raise error.__cause__.with_traceback(error.__traceback__) from None
                raise
            if tape.refusal is not None:
                raise tape.refusal
            guards.check_untouched(again)
            tape.changes.check_untouched()
            tape.changes.check_found(guards.values)
            _check_returned(self.returned)
            left = numbers_of((args, kwargs))
            if len(left) != len(arguments) or any([x is not y for x, y in zip(left, arguments, strict=True)]):
                raise refused(
                    "the function changes a list or dict that it was given, and a replay would not",
                    "return what it computes instead",
                )
            returned = [leaf for leaf in leaves_of(self.returned) if isinstance(leaf, Node)]
            self._returns = len(returned)
            outputs = tape.outputs(returned)
            self._effects = Effects(tape.changes) if tape.changes else None
            self._forms = [_form_without_axes(get_data(x)) for x in outputs]
            of_arguments = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Node) and leaf.requires_grad]
            wanted = [arguments[i] for i in of_arguments] + [x for x in tape.captured if x.requires_grad]
            if self._effects:  # the gradients were taken inside
                wanted = []
            of_tape = packed if is_worth_packing(tape) else Tape.program
            program = fused(simplified(of_tape(tape, outputs, wanted)))
        self.returned = map_leaves(lambda leaf: OUTPUT if isinstance(leaf, Node) else leaf, self.returned)
        constants = [op.data for op in program.ops if isinstance(op, Constant)]
        guards.watch_contents([data for data in constants if isinstance(data, np.ndarray)])
        replay = native.compiled(program) or compiled(program)
        self.program = replace(program, backend=replay.backend)
        self._make = replay.make
        self._pool: list[Any] = []
        self._arguments = [op.index for op in replay.inputs if isinstance(op, Argument)]
        captured = [(i, op.value) for i, op in enumerate(program.ops) if isinstance(op, Captured)]
        self._captured = [op.value for op in replay.inputs if isinstance(op, Captured)]
        self._flags = [x.requires_grad for x in self._captured]  # which of them want gradients
        data = [x.data for x in self._captured]
        self._kinds = list(map(type, data))
        self._arrays = [(k, x.shape, x.dtype) for k, x in enumerate(data) if isinstance(x, np.ndarray)]
        values = dict(captured)
        self._wanted_arguments = of_arguments
        self._wanted_captured = tuple([values[w] for w in program.wanted if w in values])
        self._single = self.returned is OUTPUT
        self._has_gradient = [any([g is not None for g in gs]) for gs in program.gradients]

    def inputs(self, leaves: list[Any]) -> list[Any] | None:
        """What the program reads: the arguments' numbers and the parameters' as they are now; None if it cannot."""
        if not self.guards.hold():
            return None
        if self._effects is not None:
            more = self._effects.read(leaves)
            if more is None:
                return None
            leaves = more
        inputs = [leaves[i] for i in self._arguments]
        if self._wanted_arguments:
            inputs = [x.data if isinstance(x, Node) else x for x in inputs]
        captured = [value.data for value in self._captured]
        if list(map(type, captured)) != self._kinds or [x.requires_grad for x in self._captured] != self._flags:
            return None
        for k, shape, dtype in self._arrays:
            if captured[k].shape != shape or captured[k].dtype is not dtype:
                return None
        return inputs + captured

    @property
    def takes_steps(self) -> bool:
        """True for a function that takes gradients inside, or changes what outlives the call."""
        return self._effects is not None

    def what_changed(self) -> str:
        """Why this trace does not serve any more."""
        return self.guards.what_changed() or (
            "a parameter has another shape or dtype, or was frozen, or the state of an optimizer has another form"
        )

    def run(self, inputs: Any, leaves: list[Any]) -> Any:
        """The results, ready for their backward."""
        try:
            memory = self._pool.pop()
        except IndexError:
            memory = self._make()
        outputs = memory[0](inputs)
        call = None
        if self._effects is None:
            call = Call(memory, self._pool)
        else:
            self._pool.append(memory)
            self._effects.put(outputs[self._returns :])
        operands, repeats = self._wanted_captured, False
        if self._wanted_arguments:
            operands = (*[leaves[i] for i in self._wanted_arguments], *operands)
            repeats = len(set(map(id, operands))) < len(operands)
        if self._single:
            return self._result(call, 0, outputs[0], operands, repeats)
        numbered = iter(enumerate(outputs))
        return map_leaves(
            lambda leaf: self._result(call, *next(numbered), operands, repeats) if leaf is OUTPUT else leaf,
            self.returned,
        )

    def _result(self, call: Call | None, index: int, data: Any, operands: tuple[Any, ...], repeats: bool) -> Result:
        result = _new(Result)
        form = self._forms[index]
        result.data = data if form is None else form(data)
        result._y = result._grad = None
        result._label = current_scope()
        result._program = self.program
        if call is not None and self._has_gradient[index] and (not modes.open_blocks or modes.is_recording()):
            result.op = Replayed(call, index, repeats)  # type: ignore[assignment]  # it answers like a row of the table
            result._x = operands
            result.requires_grad = True
        else:
            result.op = result._x = None
            result.requires_grad = False
        return result


def _form_without_axes(data: Any) -> Callable[[Any], Any] | None:
    """What makes an array without axes and a NumPy scalar into the one that ``data`` is; None if it is neither."""
    if isinstance(data, np.generic | bool):
        return itemgetter(())
    return np.asarray if isinstance(data, np.ndarray) and not data.ndim else None


def _check_returned(returned: Any) -> None:
    for leaf in leaves_of(returned):
        if not isinstance(leaf, (*ATOMS, np.ndarray, Node, Enum)):
            raise refused(
                f"the function returns a {type(leaf).__name__}, into which a replay cannot put what it computes",
                "return Values, numbers and tuples, lists, dicts or dataclasses of them",
            )


def run_on_tape(f: Callable[..., Any], args: Any, kwargs: Any, leaves: list[Any]) -> None:
    """The function once more, on a tape that nobody reads: there it does nothing besides computing."""
    tape = Tape()
    with modes.tracing(tape), modes.recording(), np.errstate(all="ignore"):
        args, kwargs = with_leaves((args, kwargs), iter([tape.argument(i, leaf) for i, leaf in enumerate(leaves)]))
        f(*args, **kwargs)


_new = object.__new__
_NEW_FORM = "an argument has a shape, dtype or container that was not there before"
OUTPUT = object()  # stands in what the function returned where a Value was
