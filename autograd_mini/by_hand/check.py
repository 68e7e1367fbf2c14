"""Grades gradients that were derived by hand, as a good teacher does: with errors carried forward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_mini.backward import Contribution, contributions, one_like
from autograd_mini.by_hand.diagnosis import likely_slip, one_slip_for_all
from autograd_mini.by_hand.digits import PRECISION, Written, agree, read
from autograd_mini.by_hand.names import Names
from autograd_mini.by_hand.report import Report, Row
from autograd_mini.by_hand.slip import Slip, plain
from autograd_mini.ops.caller import located, user_variables
from autograd_mini.ops.operation import Linear
from autograd_mini.ops.reduction import unbroadcast
from autograd_mini.value import Value


def check_by_hand(loss: Value, gradients: Mapping[Value | str, Any]) -> Report:
    """Compares gradients of ``loss`` that you derived yourself with what the chain rule says, and finds the first slip.

    ``gradients`` has d loss / d node for any nodes of the graph: by the Value itself, its label, the name of a variable
    of the function that calls, the path of a parameter, or the name that ``explain`` writes, such as "v7". Nothing
    needs to have been run before, and nothing is changed.

    A gradient is a number, an array of the node's shape, or a string. The digits of a string say how exactly it was
    rounded: "-0.0027" is right to 0.00005, "0.9" to 0.05. A number does not keep its trailing zeros, so it is taken to
    have three significant digits, or as many more as are written: 0.9 means 0.900, and is right to 0.0005. So does a
    whole number in a string, which is mostly meant exactly: "1" is 1.00.

    Each gradient is judged against what follows from your own gradients of the later nodes. So it is ``ok`` if it is
    right, ``carried`` if it follows correctly from an earlier slip, and ``WRONG`` if it is a new slip; then the report
    says which mistake it looks like. ``report.ok`` is True if all of them are right: ``assert report.ok, report``.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> e = a * b
    >>> loss = e * e
    >>> check_by_hand(loss, {"e": -12, "a": 36, "b": "-24.0"}).ok
    True
    >>> report = check_by_hand(loss, {"e": -6, "a": 18, "b": -12})
    >>> [(row.name, row.status) for row in report.rows]
    [('e', 'WRONG'), ('b', 'carried'), ('a', 'carried')]
    >>> report.first_wrong.diagnosis
    'likely missing path: e stands twice in loss, and one of the two is missing (= for +=)'

    Raises ``ValueError`` for a name that no node has or several have, for a node outside the graph, for a gradient of
    another shape or a string that is no number, and if ``loss`` is not a single number or depends on nothing that
    requires a gradient; ``TypeError`` for a gradient that is no number at all, ``JitError`` for what a jitted function
    returned.
    """
    if not isinstance(gradients, Mapping):
        raise TypeError(
            located(f"check_by_hand: the gradients are a dict, such as {{'a': -0.5}}, not a {type(gradients).__name__}")
        )
    names = Names(loss, user_variables(), "check_by_hand")
    true_steps, true = contributions(loss, one_like(loss.data))
    written: dict[Value, Written] = {}
    for key, gradient in gradients.items():
        node = names.differentiable(key, true)
        if node in written:
            raise ValueError(located(f"check_by_hand: {names[node]} is given twice; leave one of the two out"))
        written[node] = read(gradient, node.shape, names[node])
    return _Grading(names, written, true_steps, true).report()


class _Grading:
    """The walk from the loss to the leaves, on which each node finds out what it may be off by."""

    def __init__(
        self,
        names: Names,
        written: Mapping[Value, Written],
        true_steps: list[Contribution],
        true: Mapping[Any, Any],
    ) -> None:
        self.names, self.written, self.true = names, written, true
        given = {node: _like(node, its.number) for node, its in written.items()}
        steps, self.expected = contributions(names.loss, one_like(names.loss.data), given)
        self.uses, self.true_uses = _by_operand(steps), _by_operand(true_steps)
        # Of the gradient that the walk goes on with, for each node: how far the user's own, before it was rounded
        # for writing, may be from it; and how large the terms are that it is a sum of.
        self.rounding: dict[Value, Any] = {}
        self.size: dict[Value, Any] = {}
        self.allowed: dict[Value, Any] = {}  # of what is WRONG: how far it may be from what is expected
        self.operands: dict[Value, list[Any]] = {}  # of consumers that mix elements; a stack has thousands
        self.off: set[Value] = set()  # their gradient in use is not the true one

    def report(self) -> Report:
        with np.errstate(all="ignore"):
            rows = [self._row(node) for node in reversed(self.names.graph.values) if node in self.expected]
        rows = self._explained_together(rows)
        return Report([row for row in rows if row.node is not self.names.loss or row.status != "not given"])

    def _explained_together(self, rows: list[Row]) -> list[Row]:
        """The rows, where one slip in a node that is not given explains everything that is wrong, with that slip."""
        wrong = [row.node for row in rows if row.status == "WRONG"]
        if len(wrong) < 2 or not all([node in self.uses for node in wrong]):  # the loss has no uses
            return rows
        gradients = {node: (self.written[node].number, self.allowed[node]) for node in wrong}
        right = [row.node for row in rows if row.status == "ok" and row.node in self.uses]
        slip = one_slip_for_all(gradients, right, self.uses, self.written, self.names)
        if slip is None:
            return rows
        said = dict.fromkeys(wrong, f"follows from the same slip as the gradient of {self.names[wrong[0]]}")
        said[wrong[0]] = str(slip)
        return [replace(row, kind=slip.kind, diagnosis=said[row.node]) if row.node in said else row for row in rows]

    def _row(self, node: Value) -> Row:
        uses = self.uses.get(node, [])
        rounding = sum((self._magnitude(use, self.rounding[use.consumer]) for use in uses), np.zeros(node.shape))
        size = sum((self._magnitude(use, self.size[use.consumer]) for use in uses), np.zeros(node.shape))
        self.size[node] = size if uses else np.ones(node.shape)
        self.rounding[node] = rounding
        expected, true = self.expected[node], self.true[node]
        floor = PRECISION[node.dtype.char] * self.size[node]
        follows = any(use.consumer in self.off for use in uses)  # from an earlier slip
        if node not in self.written:
            if follows and not agree(expected, true, floor):
                self.off.add(node)
            return Row(node, self.names[node], "not given", None, expected, true)
        yours, half, precision = self.written[node]
        shift = rounding + np.maximum(floor, precision * self.size[node])
        allowed = half + shift
        slip: Slip | None = None
        if agree(yours, true, allowed):
            status = "ok"
            apart = _finite(np.abs(yours - true))
            self.rounding[node] = np.maximum(apart, half) if follows else apart
            if follows and not agree(yours, true, half + floor):  # right as far as the rounding lets one see
                self.off.add(node)
        else:
            self.rounding[node] = half
            self.off.add(node)
            if follows and agree(yours, expected, allowed):
                status = "carried"
            else:
                status = "WRONG"
                self.allowed[node] = allowed
                derivations = (self.uses, self.true_uses)
                slip = likely_slip(node, derivations, self.written, yours, half, shift, self.names)
        return Row(node, self.names[node], status, yours, expected, true, slip.kind if slip else "", str(slip or ""))

    def _magnitude(self, use: Contribution, bound: Any) -> Any:
        """How far this use shifts its operand's gradient if each element of the consumer's is shifted by ``bound``."""
        op: Any = use.consumer.op
        shape = use.operand.shape
        if use.local is not None:  # element by element, in any shape that broadcasts
            return unbroadcast(np.abs(use.local) * bound, shape)
        if use.consumer not in self.operands:
            operands = [plain(operand) for operand in use.consumer.inputs]
            self.operands[use.consumer] = [*map(np.abs, operands)] if isinstance(op, Linear) else operands
        rule, output = op.rule(use.operand_index), plain(use.consumer)
        return unbroadcast(np.abs(rule(bound, output, *self.operands[use.consumer])), shape)


def _finite(x: Any) -> Any:
    return np.where(np.isfinite(x), x, 0.0)


def _like(node: Value, number: Any) -> Any:
    return float(number) if node.data.__class__ is float else np.asarray(number, float)


def _by_operand(steps: list[Contribution]) -> dict[Value, list[Contribution]]:
    uses: dict[Value, list[Contribution]] = {}
    for step in steps:
        uses.setdefault(step.operand, []).append(step)
    return uses
