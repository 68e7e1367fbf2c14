"""The derivation of every gradient, step by step: what a teacher would write on the blackboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.backward import Contribution, contributions, one_like
from autograd_mini.by_hand.blackboard import WRITTEN, Board, Definition, Derivation, Use, as_latex, as_markdown
from autograd_mini.by_hand.formula import definition, term
from autograd_mini.by_hand.lines import as_text
from autograd_mini.by_hand.names import Names
from autograd_mini.by_hand.notation import Derivative
from autograd_mini.by_hand.symbol import Symbol
from autograd_mini.graph import is_plain_number
from autograd_mini.ops import mul
from autograd_mini.ops.caller import user_variables
from autograd_mini.value import Value

MOST = 60  # Values whose gradients are derived; of more, only the first and the last are shown


class Explanation:
    """The derivation of the gradients of a loss, made by ``explain``. Its str is text; a notebook shows it as LaTeX.

    ``definitions`` are the formulas of the forward pass, ``derivations`` those of the backward pass, in order.
    """

    def __init__(self, board: Board) -> None:
        self.definitions = board.definitions
        self.derivations = board.derivations
        self._board = board

    def __str__(self) -> str:
        return as_text(self._board)

    __repr__ = __str__

    @property
    def latex(self) -> str:
        """The derivation as LaTeX: an ``aligned`` environment, without the dollars around it."""
        return as_latex(self._board)

    @property
    def markdown(self) -> str:
        """The derivation as Markdown, with formulas between double dollars."""
        return as_markdown(self._board)

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex}\n$$"


def explain(loss: Value, wrt: Any = None) -> Explanation:
    """Writes down how each gradient follows by the chain rule: the sum over its uses, the formula, the numbers.

    ``wrt`` is a Value or its name, or several, and leaves the way from ``loss`` to them; by default all gradients
    are derived. Names are labels, else the paths of a module's parameters (``layers.0.weight``), else what the caller
    calls them (``a``, ``w[0]``, ``n.b``), else ``v7``. No ``backward()`` is needed.

    >>> a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
    >>> L = a * b + c
    >>> print(explain(L, wrt="a"))
    v2 = a * b = 2 * -3 = -6
    L = v2 + c = -6 + 10 = 4
    <BLANKLINE>
    dL/dL = 1
    <BLANKLINE>
    dL/dv2 = dL/dL * dL/dv2
           = 1 * 1             = 1
    <BLANKLINE>
    dL/da = dL/dv2 * dv2/da
          = dL/dv2 * b
          = 1 * -3             = -3

    Raises ``TypeError`` if ``loss`` is not a Value, ``ValueError`` if it is not a single number, if it depends on
    nothing that requires a gradient, or if ``wrt`` is not in its graph or requires no gradient; ``JitError`` for what
    a jitted function returned, which has no graph inside.
    """
    names = Names(loss, user_variables(), "explain")
    steps, gradients = contributions(loss, one_like(loss.data))
    uses: dict[Value, list[Contribution]] = {}
    for step in steps:
        uses.setdefault(step.operand, []).append(step)
    wanted = names.on_the_way_to(wrt, gradients)
    # In the order in which they become complete: a Value after all Values that it is used for.
    complete = {step.operand: i for i, step in enumerate(steps)}
    order = [loss, *sorted([value for value in uses if value in wanted], key=complete.__getitem__)]
    shown = order if len(order) <= MOST else order[: MOST // 2] + order[-MOST // 2 :]
    writer = _Writer(names)
    last = set(shown[len(shown) - MOST // 2 :])
    needed = set(shown) | {operand for value in shown for operand in value.inputs if not _is_known(operand)}
    forward = [value for value in names.graph.values if value in needed and (value.op or not value.requires_grad)]
    gap = sum([value in last for value in forward]) if len(order) > len(shown) else None
    with np.errstate(all="ignore"):  # nan and inf are answers too
        derivations = [
            Derivation(writer.gradient(value), gradients[value], writer.uses(steps), len(steps))
            for value, steps in [(value, uses.get(value, [])) for value in shown]
        ]
    return Explanation(Board([*map(writer.definition, forward)], derivations, len(order) - len(shown), gap))


class _Writer:
    """Turns Values and steps into Symbols with names."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._operands: dict[Value, list[Any]] = {}  # what stands for those of each consumer, which may have thousands

    def value(self, value: Value) -> Any:
        """A Value by its name; a plain number as it is."""
        return value.data if is_plain_number(value) else Symbol(self._names[value], value.data)

    def gradient(self, by: Value, of: Value | None = None) -> Derivative:
        """The name of a gradient, by default of the loss."""
        return Derivative(self._names[self._names.loss if of is None else of], self._names[by])

    def definition(self, value: Value) -> Definition:
        """How a Value was computed, or that it was given."""
        output = Symbol(self._names[value], value.data)
        if value.op is None:
            return Definition(output, None)
        return Definition(output, definition(value.op, output, [*map(self.value, value.inputs)]))

    def uses(self, steps: Sequence[Contribution]) -> list[Use]:
        """The steps that make up a gradient; of many the first few."""
        return [self._use(step) for step in (steps if len(steps) <= WRITTEN + 1 else steps[:WRITTEN])]

    def _use(self, step: Contribution) -> Use:
        consumer, op = step.consumer, step.consumer.op
        if consumer not in self._operands:
            self._operands[consumer] = [*map(self.value, consumer.inputs)]
        operands = self._operands[consumer]
        to_consumer = self.gradient(consumer)
        upstream = Symbol(1.0 if consumer is self._names.loss else to_consumer, step.upstream)
        amount = term(op, step.operand_index, upstream, self.value(consumer), operands).amount
        slope = Symbol(self.gradient(step.operand, consumer), step.local)
        return Use(Symbol(None, step.amount, mul, (Symbol(to_consumer, step.upstream), slope)), amount)


def _is_known(operand: Value) -> bool:
    """True for what needs no line of its own: what is computed or trained has one, a number says itself."""
    return operand.op is not None or operand.requires_grad or is_plain_number(operand)
