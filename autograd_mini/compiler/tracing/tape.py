"""A tape: a function runs once on Values that write down every op on it, then its gradient by the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini import modes
from autograd_mini.backward import gradients, one_like
from autograd_mini.compiler.errors import JitError, refused
from autograd_mini.compiler.program import DETACH, Argument, Program, Upstream
from autograd_mini.compiler.rows import AFTER
from autograd_mini.compiler.tracing.changes import Changes
from autograd_mini.compiler.tracing.plain import PlainLines
from autograd_mini.compiler.tracing.traced import Traced, set_data
from autograd_mini.compiler.tracing.traced_data import TracedData, as_plain, scalars_as_floats
from autograd_mini.compiler.tracing.whole import WholeNumbers
from autograd_mini.node import Node
from autograd_mini.ops.operation import as_data
from autograd_mini.value import Value


class Tape(PlainLines):
    """What ``modes.tracing`` has Values write on. Of its methods the first ones are called by them."""

    def __init__(self) -> None:
        super().__init__()
        self.changes = Changes(self)
        self.whole = WholeNumbers()
        self.refusal: JitError | None = None  # the first
        self._truths: dict[int, bool] = {}  # of what is carried, on which a step may decide
        self.decided: dict[int, bool] = {}  # and has decided

    def write_number(self, op: Any, x: Any, y: Any) -> Traced | None:
        """``write`` for an op on floats that leads to a gradient; None for all else, and where the op raises.

        Scalar code is little else, and 65,000 times the way over ``Value.record`` took 60 % longer.
        """
        a, b, needs_grad = x, 0.0 if y is None else y, False
        if a.__class__ is not float:
            x = x if x.__class__ is Traced else self.on_tape(x)
            if x.__class__ is Traced:
                a, needs_grad = x.concrete, x.requires_grad
        if b.__class__ is not float:
            y = y if y.__class__ is Traced else self.on_tape(y)
            if y.__class__ is Traced:
                b, needs_grad = y.concrete, needs_grad or y.requires_grad
        if not needs_grad or a.__class__ is not float or b.__class__ is not float or not modes.is_recording():
            return None
        compute = op.scalar
        try:
            z = compute(a) if y is None else compute(a, b)
        except Exception:
            return None
        return self.line(op, self._numbers(x, y), z, x, y, True) if z.__class__ is float else None

    def write(self, op: Any, x: Any, y: Any, z: Any, needs_grad: bool) -> Traced:
        """A line for ``op``, whose result was ``z``."""
        weakened = scalars_as_floats(op, x if x.__class__ is tuple else (x, y))
        if weakened is not None:
            value: Any = next(v for v in weakened if isinstance(v, Node))
            again: Traced = value.record(op, weakened) if x.__class__ is tuple else value.record(op, *weakened)
            return again
        if x.__class__ is tuple:
            x = tuple([v if v.__class__ is Traced else self.on_tape(v) for v in x])
            operands = tuple([v.number if v.__class__ is Traced else self.constant(v) for v in x])
        else:
            if x.__class__ is not Traced:
                x = self.on_tape(x)
            if y is not None and y.__class__ is not Traced:
                y = self.on_tape(y)
            operands = self._numbers(x, y)
        if z.__class__ is np.float64:
            z = float(z)
        elif z.__class__ is not float and needs_grad:
            z = as_data(z)
        node = self.line(op, operands, z, x, y, needs_grad)
        return node if needs_grad or modes.is_recording() else self.line(DETACH, (node.number,), z)

    def _numbers(self, x: Any, y: Any) -> tuple[int, ...]:
        """The lines of the operands."""
        of_x = x.number if x.__class__ is Traced else self.constant(x)
        return (of_x,) if y is None else (of_x, y.number if y.__class__ is Traced else self.constant(y))

    def adopt(self, made: Value, data: Any, requires_grad: bool) -> bool:
        """Value(data) inside of the function: of what is traced it is the same data, cut from the graph."""
        if not isinstance(data, TracedData):  # of a Value it is an error, as without jit
            self._born.add(made)
            return False
        twin = self.detached(data)
        set_data(made, twin.concrete)
        made.op = made._x = made._y = None
        made.requires_grad = twin.requires_grad = requires_grad
        self._of_value[made] = twin
        return True

    def data_of_its_own(self, array: Any) -> Traced:
        """What stands for an array that the function has made."""
        return as_plain(self.constant_node(array))

    def as_data(self, x: Any) -> Traced:
        """What stands for the data of ``x``, outside of the graph."""
        return as_plain(self.detached(x))

    def is_plain(self, x: Value) -> bool:
        """Whether what is traced stands for plain data."""
        return isinstance(x, TracedData)

    def truth(self, x: Traced) -> bool | None:
        """What ``if x`` finds, if ``x`` is carried; None if nobody may ask."""
        truth = self._truths.get(x.number)
        if truth is not None:
            self.decided[x.number] = truth
        return truth

    def forbid(self, what: str, remedy: str) -> None:
        """The error for what a replay would not repeat."""
        raise refused(what, remedy)

    def refuse(self, reader: str, remedy: str) -> None:
        """The error for reading the data of a Value, which would be a constant from then on."""
        raise refused(f"{reader} reads the number of a Value, which the next call may have changed", remedy)

    # ------------------------------------------------------------ what changes

    def carried(self, leaf: Any) -> Traced:
        """The Value that stands for a number that some object carries from call to call: one argument more."""
        node = self.line(Argument(self._arguments, "carried"), (), leaf)
        self._arguments += 1
        if leaf.__class__ is float:
            self._truths[node.number] = bool(leaf)
        return node

    def rebound(self, x: Any, data: Traced) -> Traced:
        """What stands for the parameter from now on, after ``x.data = data``."""
        node = self.detached(data)
        node.requires_grad = x.requires_grad
        self._of_value[x] = node
        self._parameters[node] = x
        return node

    # ------------------------------------------------------------ the end

    def outputs(self, returned: list[Any]) -> list[Traced]:
        """What stands on the tape for the Values returned, then what is changed; the first waits for the effects."""
        outputs = [*[self.standing_for(x) for x in returned], *self.changes.lines()]
        if self.effects and outputs:
            outputs[0] = AFTER(outputs[0], *self.effects)
        return outputs

    def program(self, outputs: list[Any], wanted: list[Traced]) -> Program:
        """What was written, and the gradient of each output by each of ``wanted``: the rules run on this tape."""
        found = [tuple(self._gradient_of(i, x, wanted)) for i, x in enumerate(outputs)]
        lines = tuple([x.number for x in outputs])
        return Program(self.ops, self.operands, self.likes, lines, tuple(found), tuple([w.number for w in wanted]))

    def _gradient_of(self, index: int, output: Traced, wanted: list[Traced]) -> list[int | None]:
        if not (output.requires_grad and wanted):
            return [None for _ in wanted]
        upstream = one_like(output.concrete)
        grads = gradients(output, self.line(Upstream(index), (), upstream), create_graph=True)
        found: list[int | None] = []
        for w in wanted:
            g = grads.get(w)
            found.append(None if g is None else g.number if isinstance(g, Traced) else self.constant(g))
        return found
