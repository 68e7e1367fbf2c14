"""A tape: a function runs once on Values that write down every op on it, then its gradient by the same rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_mini import modes
from autograd_mini.backward import gradients
from autograd_mini.compiler.changes import Changes
from autograd_mini.compiler.errors import JitError, check_form, refused
from autograd_mini.compiler.program import DETACH, Argument, Captured, Constant, Like, Plain, Program, Upstream
from autograd_mini.compiler.rows import AFTER
from autograd_mini.compiler.traced import Traced, get_data, set_data
from autograd_mini.node import Node
from autograd_mini.operands import as_operand
from autograd_mini.ops.operation import as_data
from autograd_mini.scope import current_scope
from autograd_mini.value import Value

_new = object.__new__


class Tape:
    """The lines of a program while it is written. ``modes.tracing`` has Values call ``write``."""

    def __init__(self) -> None:
        self.ops: list[Any] = []
        # The operands of all lines in a row, and where those of each begin and end: of a tuple for each, which the
        # garbage collector would have to walk, 65,000 lines took a quarter longer.
        self.operand_row: list[int] = []
        self.operand_bounds = [0]
        self.likes: list[Like] = []
        self._of_value: dict[Any, Traced] = {}  # what stands for each Value that the function found or made
        self._born: set[Any] = set()  # the Values that it made out of plain numbers
        self._of_constant: dict[Any, tuple[int, Any]] = {}  # its line; and the array, so that its id stays its own
        self.captured: list[Traced] = []
        self.effects: list[Traced] = []  # lines that a replay runs though nobody may use what they give
        self.refusal: JitError | None = None  # the first
        self.sources: dict[int, Any] = {}  # what each argument, parameter and constant was
        self.changes = Changes(self)
        self._parameters: dict[Traced, Any] = {}  # the Value that each stands for
        self._arguments = 0
        self._truths: dict[int, bool] = {}  # of what is carried, on which a step may decide
        self.decided: dict[int, bool] = {}  # and has decided

    # ------------------------------------------------------------ called by Values

    def write_number(self, op: Any, x: Any, y: Any) -> Traced | None:
        """``write`` for an op on floats that leads to a gradient; None for all else, and where the op raises.

        Scalar code is little else, and 65,000 times the general way took 60 % longer.
        """
        operands: tuple[int, ...]
        if x.__class__ is not Traced and isinstance(x, Node):
            x = self._of_value.get(x)
        if x.__class__ is Traced:
            a, operands, needs_grad = x.concrete, (x.number,), x.requires_grad
        elif x.__class__ is float:
            a, operands, needs_grad = x, (self.constant(x),), False
        else:
            return None
        b = 0.0
        if y is not None:
            if y.__class__ is not Traced and isinstance(y, Node):
                y = self._of_value.get(y)
            if y.__class__ is Traced:
                b, operands, needs_grad = y.concrete, (operands[0], y.number), needs_grad or y.requires_grad
            elif y.__class__ is float:
                b, operands = y, (operands[0], self.constant(y))
            else:
                return None
        if not needs_grad or a.__class__ is not float or b.__class__ is not float or not modes.is_recording():
            return None
        compute = op.scalar
        try:
            z = compute(a) if y is None else compute(a, b)
        except Exception:
            return None  # and there it is known what to do about it
        if z.__class__ is not float:
            return None
        node = self.line(op, operands, z)
        node.op, node._x, node._y = op, x, y
        node.requires_grad = True
        return node

    def write(self, op: Any, x: Any, y: Any, z: Any, needs_grad: bool) -> Traced:
        """A line for ``op``, whose result was ``z``."""
        if x.__class__ is tuple:
            x = tuple([v if v.__class__ is Traced else self._on_tape(v) for v in x])
            operands = tuple([v.number if v.__class__ is Traced else self.constant(v) for v in x])
        else:
            if x.__class__ is not Traced:
                x = self._on_tape(x)
            operands = (x.number if x.__class__ is Traced else self.constant(x),)
            if y is not None:
                if y.__class__ is not Traced:
                    y = self._on_tape(y)
                operands += (y.number if y.__class__ is Traced else self.constant(y),)
        if z.__class__ is np.float64:
            z = float(z)
        elif z.__class__ is not float and needs_grad:
            z = as_data(z)
        node = self.line(op, operands, z)
        if needs_grad:
            node.op, node._x, node._y = op, x, y
            node.requires_grad = True
        elif not modes.is_recording():
            return self.line(DETACH, (node.number,), z)
        return node

    def line(self, op: Any, operands: tuple[int, ...], z: Any) -> Traced:
        """A new line, and the Value that stands for its result: by itself one that is a constant to gradients."""
        node = _new(Traced)
        node.concrete = z
        node.op = node._x = node._y = node._grad = None
        node.requires_grad = False
        node._label = current_scope()
        node.number = len(self.ops)
        if not operands:
            self.sources[node.number] = z
        self.ops.append(op)
        self.operand_row += operands
        self.operand_bounds.append(len(self.operand_row))
        self.likes.append(None if z.__class__ is float else like_of(z))
        return node

    def adopt(self, made: Value, data: Any, requires_grad: bool) -> bool:
        """Value(data) inside of the function: of what is traced it is the same data, cut from the graph."""
        if not isinstance(data, Node):
            self._born.add(made)
            return False
        twin = self.detached(data)
        set_data(made, twin.concrete)
        made.op = made._x = made._y = None
        made.requires_grad = twin.requires_grad = requires_grad
        self._of_value[made] = twin
        return True

    def detached(self, x: Any) -> Traced:
        """The same, as a constant to gradients."""
        x = x if x.__class__ is Traced else self._on_tape(x)
        return self.line(DETACH, (x.number,), x.concrete)

    def mapped(self, f: Callable[[Any], Any], x: Any, instead: Callable[[Any], Any] | None) -> Traced:
        """A line for ``f`` of the data, which nothing is differentiated through."""
        name = getattr(getattr(f, "func", f), "__name__", "f")  # of a partial, the function's
        if isinstance(f, np.ufunc):
            return self.plain(Plain(name, f, instead), [x])
        return self._mapped(name, f, [x], instead)

    def called(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Traced:
        """A line for a function of NumPy without a gradient, such as ``np.isclose(x, y)``."""
        places = [i for i, x in enumerate(args) if isinstance(x, Node)]
        given = [None if isinstance(x, Node) else x for x in args]

        def call(*data: Any) -> Any:
            whole = list(given)
            for i, x in zip(places, data, strict=True):
                whole[i] = x
            return function(*whole, **kwargs)

        return self._mapped(function.__name__, call, [args[i] for i in places], None)

    def _mapped(self, name: str, f: Callable[..., Any], xs: list[Any], instead: Callable[..., Any] | None) -> Traced:
        form: list[Like] = []
        node = self.plain(Plain(name, _of_one_form(name, f, form), instead), xs)
        form.append(self.likes[node.number])
        return node

    def plain(self, op: Plain, xs: list[Any]) -> Traced:
        """A line for what has no gradient, on operands on the tape."""
        known = [x if x.__class__ is Traced else self._on_tape(x) for x in xs]
        operands = tuple([x.number if x.__class__ is Traced else self.constant(x) for x in known])
        z = (op.instead or op.forward)(*[x.concrete if x.__class__ is Traced else x for x in known])
        if z is not None and (z.__class__ is tuple or np.asarray(z).dtype.kind not in "fiub"):
            raise refused(f"{op.name} gives what is neither a number nor an array", "call it outside of the function")
        node = self.line(op, operands, False if z is None else z)
        if z is None or op.instead:
            self.effects.append(node)
        return node

    def compared(self, ufunc: np.ufunc, x: Any, y: Any) -> Traced:
        """A line for a comparison, so that a replay decides anew."""
        operands, plain = [], []
        for operand in (x, y):
            known = operand if operand.__class__ is Traced else self._on_tape(operand)
            traced = known.__class__ is Traced
            plain.append(known.concrete if traced else as_operand(known))
            operands.append(known.number if traced else self.constant(plain[-1]))
        truth = ufunc(*plain)
        return self.line(Plain(ufunc.__name__, ufunc), tuple(operands), truth if np.ndim(truth) else bool(truth))

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

    # ------------------------------------------------------------ what is not computed

    def _on_tape(self, x: Any) -> Any:
        """What stands on the tape for a Value that does not itself; a plain number or array as it is."""
        if not isinstance(x, Node):
            return x
        known = self._of_value.get(x)
        if known is None:
            known = self.line(Constant(_as_scalar(get_data(x))) if x in self._born else Captured(x), (), get_data(x))
            known.requires_grad = x.requires_grad
            self._of_value[x] = known
            if x not in self._born:
                self.captured.append(known)
                self._parameters[known] = x
        return known

    def constant(self, data: Any) -> int:
        """The line of a plain number or array."""
        key: Any = (data, math.copysign(1.0, data)) if data.__class__ is float else id(data)
        known = self._of_constant.get(key)
        if known is None or (known[1] is not data and data.__class__ is not float):
            known = self._of_constant[key] = self.line(Constant(data), (), data).number, data
        return known[0]

    def argument(self, index: int, leaf: Any) -> Traced:
        """The Value that stands for an argument."""
        data = get_data(leaf) if isinstance(leaf, Node) else leaf
        if np.asarray(data).dtype.kind not in "fiub":
            kind = np.asarray(data).dtype
            raise refused(f"an argument is an array of {kind}", "pass real numbers, whole numbers or booleans")
        self._arguments = index + 1
        node = self.line(Argument(index), (), data)
        node.requires_grad = isinstance(leaf, Node) and leaf.requires_grad
        return node

    def carried(self, leaf: Any) -> Traced:
        """The Value that stands for a number that some object carries from call to call: one argument more."""
        node = self.line(Argument(self._arguments, "carried"), (), leaf)
        self._arguments += 1
        if leaf.__class__ is float:
            self._truths[node.number] = bool(leaf)
        return node

    def constant_node(self, data: Any) -> Traced:
        """The Value that stands for a plain number or array."""
        data = as_operand(data)
        return self.line(Constant(data), (), data)

    @property
    def parameters(self) -> list[Any]:
        """The Values that the function has found."""
        return list(self._parameters.values())

    def parameter(self, node: Traced) -> Any:
        """The Value that ``node`` stands for: found by the function, and not made by it; else None."""
        return self._parameters.get(node)

    def rebound(self, x: Any, data: Traced) -> Traced:
        """What stands for the parameter from now on, after ``x.data = data``."""
        node = self.detached(data)
        node.requires_grad = x.requires_grad
        self._of_value[x] = node
        self._parameters[node] = x
        return node

    def standing_for(self, x: Node) -> Traced:
        """What stands on the tape for a Value."""
        traced: Traced = x if isinstance(x, Traced) else self._on_tape(x)
        return traced

    # ------------------------------------------------------------ the end

    @property
    def operands(self) -> list[tuple[int, ...]]:
        """The numbers of the operands, line by line."""
        return [tuple(self.operand_row[start:end]) for start, end in pairwise(self.operand_bounds)]

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
        upstream = 1.0 if output.concrete.__class__ is float else np.ones_like(output.concrete)
        grads = gradients(output, self.line(Upstream(index), (), upstream), create_graph=True)
        found: list[int | None] = []
        for w in wanted:
            g = grads.get(w)
            found.append(None if g is None else g.number if isinstance(g, Traced) else self.constant(g))
        return found


def _of_one_form(name: str, f: Callable[..., Any], form: list[Like]) -> Callable[..., Any]:
    """``f``, which must answer in one form, found while it was traced: the program has memory for no other."""

    def checked(*data: Any) -> Any:
        z = f(*data)
        if form and z is not None:
            check_form(name, like_of(z), form[0])
        return z

    checked.__wrapped__ = f  # type: ignore[attr-defined]  # it may have a parameter out
    return checked


def _as_scalar(data: Any) -> Any:
    """An array without axes that nobody else has, as the scalar that it holds, of which one knows that it stays."""
    return data[()] if isinstance(data, np.ndarray) and not data.ndim else data


def like_of(data: Any) -> Like:
    """Shape and dtype of an array or a NumPy scalar; None for a Python float."""
    if data.__class__ is float:
        return None
    data = np.asarray(data)
    return data.shape, data.dtype
