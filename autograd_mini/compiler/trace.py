"""A trace: a function specialised to arguments of one form, and to the world as it was: one program, and its calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from autograd_mini import modes
from autograd_mini.compiler import native
from autograd_mini.compiler.arguments import numbers_of, statics_of, with_leaves
from autograd_mini.compiler.codegen.replay import compiled
from autograd_mini.compiler.effects import Effects
from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.guards.guards import Guards, code_run_by
from autograd_mini.compiler.guards.look import look_at_parameters
from autograd_mini.compiler.passes.fuse import fused
from autograd_mini.compiler.passes.pack import is_worth_packing, packed
from autograd_mini.compiler.passes.side_by_side import side_by_side
from autograd_mini.compiler.passes.simplify import simplified
from autograd_mini.compiler.program import Argument, Captured, Program
from autograd_mini.compiler.repeatable import called, check_left_alone, check_repeatable, check_returned
from autograd_mini.compiler.result import Call, Replayed, Result
from autograd_mini.compiler.tracing.closed_over import guarded
from autograd_mini.compiler.tracing.tape import Tape
from autograd_mini.compiler.tracing.traced import Traced, get_data
from autograd_mini.node import Node
from autograd_mini.scope import current_scope
from autograd_mini.tree import leaves_of, map_leaves


class Trace:
    """One program, and the memory that it runs in."""

    def __init__(
        self, f: Callable[..., Any], args: Any, kwargs: Any, leaves: list[Any], replaces_one: bool = False
    ) -> None:
        again = partial(run_on_tape, f, args, kwargs, leaves)
        self.guards = guards = _guards_of([f, *statics_of((args, kwargs))], again if replaces_one else None)
        tape = Tape()
        with modes.tracing(tape), modes.recording(), np.errstate(all="ignore"), guarded(guards.values, guards.owners):
            arguments = _stand_ins(tape, (args, kwargs), leaves)
            given = with_leaves((args, kwargs), iter(arguments))
            returned = called(f, given, tape)
            check_repeatable(tape, guards, again)
            check_returned(returned)
            check_left_alone(given, arguments)
            form = _form_of_result(returned, guards.values, arguments, leaves)
            values = [x for x, part in zip(leaves_of(returned), leaves_of(form), strict=True) if part is OUTPUT]
            outputs = tape.outputs(values)
            if tape.effects and not outputs:  # nobody waits for them
                outputs = tape.outputs([tape.constant_node(0.0)])
            tape.changes.check_gone(outputs)
            self._returns = len(values)
            self._labels = [x.label for x in values]
            self._are_leaves = [x.requires_grad and x.op is None for x in values]
            self._forms = [_form_without_axes(get_data(x)) for x in outputs]
            self._effects = Effects(tape.changes) if tape.changes else None
            self._wanted_arguments = [
                i for i, leaf in enumerate(leaves) if isinstance(leaf, Node) and leaf.requires_grad
            ]
            wanted = [arguments[i] for i in self._wanted_arguments] + [x for x in tape.captured if x.requires_grad]
            self.takes_steps = tape.changes.take_steps  # and the gradients inside
            if self.takes_steps:
                wanted = []
            program = _program_of(tape, outputs, wanted)
        guards.watch_contents()
        self.returned = form
        self._single = self.returned is OUTPUT
        captured = {i: op.value for i, op in enumerate(program.ops) if isinstance(op, Captured)}
        self._wanted_captured = tuple([captured[w] for w in program.wanted if w in captured])
        # Which of those that want gradients each output depends on; the others get none, as without jit.
        self._reached = [[k for k, g in enumerate(gs) if g is not None] for gs in program.gradients]

        replay = native.compiled(program) or compiled(program)
        self.program = replace(program, backend=replay.backend)
        bare = [k for k, x in enumerate(wanted) if isinstance(get_data(x), np.ndarray) and not get_data(x).ndim]
        self._make = partial(_with_arrays, replay.make, bare) if bare else replay.make
        self._pool: list[Any] = []
        self._arguments = [op.index for op in replay.inputs if isinstance(op, Argument)]
        count = len(self._arguments)
        self._first_arguments = count if self._arguments == list(range(count)) else None
        self._takes_values = any([isinstance(leaf, Node) for leaf in leaves])
        read = [op.value for op in replay.inputs if isinstance(op, Captured)]
        self._parameters = look_at_parameters(read)
        guards.watch_values(read)

    def inputs(self, leaves: list[Any]) -> list[Any] | None:
        """What the program reads: the arguments' numbers and the parameters' as they are now; None if it cannot."""
        if not self.guards.hold():
            return None
        if self._effects is not None:
            more = self._effects.read(leaves)
            if more is None:
                return None
            leaves = more
        first = self._first_arguments
        inputs = [leaves[i] for i in self._arguments] if first is None else leaves[:first]
        if self._takes_values:
            inputs = [x.data if isinstance(x, Node) else x for x in inputs]
        parameters = self._parameters()
        if parameters is None:
            return None
        inputs += parameters
        return inputs if self._effects is None or self._effects.may_take(inputs) else None

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
        if self.takes_steps:
            self._pool.append(memory)
        else:
            call = Call(memory, self._pool)
        if self._effects is not None:
            self._effects.put(outputs[self._returns :])
        operands, repeats = self._wanted_captured, False
        if self._wanted_arguments:
            operands = (*[leaves[i] for i in self._wanted_arguments], *operands)
            repeats = len(set(map(id, operands))) < len(operands)
        if self._single:
            return self._result(call, 0, outputs[0], operands, repeats)
        numbered = iter(enumerate(outputs))

        def given_away(leaf: Any) -> Any:
            if leaf is OUTPUT:
                return self._result(call, *next(numbered), operands, repeats)
            if leaf.__class__ is GivenBack:
                return leaves[leaf]
            return leaf.copy() if isinstance(leaf, np.ndarray) else leaf  # the caller may write into it

        return map_leaves(given_away, self.returned)

    def _result(self, call: Call | None, index: int, data: Any, operands: tuple[Any, ...], repeats: bool) -> Result:
        result = _new(Result)
        form = self._forms[index]
        result.data = data if form is None else form(data)
        result._y = result._grad = None
        result._label = current_scope()
        if self._labels[index]:
            result.label = self._labels[index]
        result._program = self.program
        reached = self._reached[index]
        if call is not None and reached and (not modes.open_blocks or modes.is_recording()):
            every = len(reached) == len(operands)
            op: Any = Replayed(call, index, repeats, None if every else reached)
            result.op = op  # which answers like a row of the table
            result._x = operands if every else tuple([operands[k] for k in reached])
            result.requires_grad = True
        else:
            result.op = result._x = None
            result.requires_grad = self._are_leaves[index]
        return result


def _guards_of(seen: list[Any], again: Callable[[], Tape] | None) -> Guards:
    """Guards of all that the function can reach.

    With ``again``, which runs it, only of what the code that runs then reads: an earlier trace did not hold, and the
    rest, such as a count of the steps, may change at each call.
    """
    guards = Guards(seen)
    if any([isinstance(x, Traced) for x in guards.values]):
        raise refused(
            "the function reaches what stood for a number in an earlier trace, which was refused and left it behind",
            "put numbers there again",
        )
    if again is None or guards.has_hidden_code:
        return guards
    with guarded(guards.values, guards.owners):
        has_run = code_run_by(again)
        guards.check_untouched(again)  # before other guards take what it changed for given
    return Guards(seen, has_run)


def _with_arrays(make: Callable[[], Any], bare: list[int]) -> Any:
    """``make()``, where the gradients ``bare`` are arrays without axes, as their Values are: NumPy gives scalars."""
    forward, backwards = make()

    def as_arrays(backward: Callable[[Any], Any], upstream: Any) -> list[Any]:
        found = list(backward(upstream))
        for k in bare:
            found[k] = None if found[k] is None else np.asarray(found[k])
        return found

    return forward, [partial(as_arrays, backward) for backward in backwards]


def _program_of(tape: Tape, outputs: list[Traced], wanted: list[Traced]) -> Program:
    """What was written, and the gradients that are wanted, after all passes."""
    if is_worth_packing(tape):
        return fused(simplified(packed(tape, outputs, wanted)))
    return side_by_side(fused(simplified(tape.program(outputs, wanted))))


def _form_without_axes(data: Any) -> Callable[[Any], Any] | None:
    """What makes an array without axes and a NumPy scalar into the one that ``data`` is; None if it is neither."""
    if isinstance(data, np.generic | bool):
        return itemgetter(())
    return np.asarray if isinstance(data, np.ndarray) and not data.ndim else None


def _form_of_result(returned: Any, found: list[Any], arguments: list[Traced], leaves: list[Any]) -> Any:
    """What the function returns, ``OUTPUT`` for what is computed; a Value that it found or was given is that one."""
    themselves = {id(x): x for x in found}
    pairs = zip(arguments, leaves, strict=True)
    themselves |= {id(x): GivenBack(i) for i, (x, leaf) in enumerate(pairs) if isinstance(leaf, Node)}
    return map_leaves(lambda leaf: themselves.get(id(leaf), OUTPUT) if isinstance(leaf, Node) else leaf, returned)


def run_on_tape(f: Callable[..., Any], args: Any, kwargs: Any, leaves: list[Any]) -> Tape:
    """The function once more, on a tape of its own: there it does nothing besides computing."""
    tape = Tape()
    with modes.tracing(tape), modes.recording(), np.errstate(all="ignore"):
        called(f, with_leaves((args, kwargs), iter(_stand_ins(tape, (args, kwargs), leaves))), tape)
    return tape


def _stand_ins(tape: Tape, given: Any, leaves: list[Any]) -> list[Traced]:
    """What stands on the tape for the numbers among the arguments."""
    kinds = list(map(type, numbers_of(given)))
    stand_ins = [tape.argument(i, leaf, kind) for i, (leaf, kind) in enumerate(zip(leaves, kinds, strict=True))]
    for node, leaf, kind in zip(stand_ins, leaves, kinds, strict=True):
        if kind is int:
            tape.whole.given(node.number, leaf)
    return stand_ins


_new = object.__new__
OUTPUT = object()  # stands in what the function returned where a Value was


class GivenBack(int):
    """Stands there for an argument that is a Value: which of the leaves it is."""
