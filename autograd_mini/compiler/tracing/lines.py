"""The lines of a program while they are written, and which of them stands for a Value, a number or an argument."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.program import Argument, Captured, Constant, Form, Like
from autograd_mini.compiler.tracing.traced import Traced, get_data
from autograd_mini.compiler.tracing.traced_data import as_plain
from autograd_mini.node import Node
from autograd_mini.operands import as_operand
from autograd_mini.scope import current_scope

_new = object.__new__


class Lines:
    """What a tape has written so far."""

    def __init__(self) -> None:
        self.ops: list[Any] = []
        # The operands of all lines in a row, and where those of each begin and end: of a tuple for each, which the
        # garbage collector would have to walk, 65,000 lines took a quarter longer.
        self.operand_row: list[int] = []
        self.operand_bounds = [0]
        self.likes: list[Like] = []
        self.sources: dict[int, Any] = {}  # what each argument, parameter and constant was
        self.captured: list[Traced] = []
        self._of_value: dict[Any, Traced] = {}  # what stands for each Value that the function found or made
        self._born: set[Any] = set()  # the Values that it made out of plain numbers
        self._of_constant: dict[Any, tuple[int, Any]] = {}  # its line; and the array, so that its id stays its own
        self._parameters: dict[Traced, Any] = {}  # the Value that each stands for
        self._arguments = 0

    @property
    def operands(self) -> list[tuple[int, ...]]:
        """The numbers of the operands, line by line."""
        return [tuple(self.operand_row[start:end]) for start, end in pairwise(self.operand_bounds)]

    def line(
        self, op: Any, operands: tuple[int, ...], z: Any, x: Any = None, y: Any = None, needs_grad: bool = False
    ) -> Traced:
        """A new line, and the Value that stands for its result ``z``.

        It joins the graph of ``x`` and ``y`` if it ``needs_grad``. Otherwise it is a constant to gradients.
        """
        node = _new(Traced)
        node.concrete = z
        if needs_grad:
            node.op, node._x, node._y = op, x, y
        else:
            node.op = node._x = node._y = None
        node._grad = None
        node.requires_grad = needs_grad
        node._label = current_scope()
        ops, row = self.ops, self.operand_row
        node.number = len(ops)
        ops.append(op)
        if operands:
            row += operands
        else:
            self.sources[node.number] = z
        self.operand_bounds.append(len(row))
        self.likes.append(None if z.__class__ is float else like_of(z))
        return node

    # ------------------------------------------------------------ what is not computed

    def on_tape(self, x: Any) -> Any:
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

    def standing_for(self, x: Node) -> Traced:
        """What stands on the tape for a Value."""
        traced: Traced = x if isinstance(x, Traced) else self.on_tape(x)
        return traced

    def constant(self, data: Any) -> int:
        """The line of a plain number or array."""
        key: Any = (data, math.copysign(1.0, data)) if data.__class__ is float else id(data)
        known = self._of_constant.get(key)
        if known is None or (known[1] is not data and data.__class__ is not float):
            known = self._of_constant[key] = self.line(Constant(data), (), data).number, data
        return known[0]

    def constant_node(self, data: Any) -> Traced:
        """The Value that stands for a plain number or array."""
        data = as_operand(data)
        return self.line(Constant(data), (), data)

    def argument(self, index: int, leaf: Any, kind: Any = None) -> Traced:
        """The Value that stands for an argument; of a whole number, whose class is ``kind``, ``leaf`` is a float."""
        data = get_data(leaf) if isinstance(leaf, Node) else leaf
        if np.asarray(data).dtype.kind not in "fiub":
            kind = np.asarray(data).dtype
            raise refused(f"an argument is an array of {kind}", "pass real numbers, whole numbers or booleans")
        self._arguments = index + 1
        node = self.line(Argument(index), (), data)
        if not isinstance(leaf, Node):
            return as_plain(node, kind)
        node.requires_grad = leaf.requires_grad
        return node

    @property
    def parameters(self) -> list[Any]:
        """The Values that the function has found."""
        return list(self._parameters.values())

    def parameter(self, node: Traced) -> Any:
        """The Value that ``node`` stands for: found by the function, and not made by it; else None."""
        return self._parameters.get(node)


def _as_scalar(data: Any) -> Any:
    """An array without axes that nobody else has, as the scalar that it holds, of which one knows that it stays."""
    return data[()] if isinstance(data, np.ndarray) and not data.ndim else data


def like_of(data: Any) -> Like:
    """Shape and dtype of an array or a NumPy scalar; None for a Python float."""
    if data.__class__ is float:
        return None
    data = np.asarray(data)
    return Form(data.shape, data.dtype)
