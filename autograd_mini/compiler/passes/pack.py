"""Packing: the scalars of a program become vectors, so that a few hundred NumPy calls do what 65,000 floats did.

Numbers of the same depth that are made by the same op are one vector, in the order in which the function made them.
A chain of additions, ``b + w0 * x0 + w1 * x1 + ...``, is one sum, and chains of equal length are summed side by side;
those of each row of weights with each row of inputs are one matrix product, which a layer is if it is not written out.
What is made in small numbers stays a float: a vector of a few is slower than the floats. This pass comes before the
gradient, so that the rules run on vectors. It adds up in another order than the function: results agree within a
relative error of 1e-12, and so do the gradients, but where a part of a sum is beyond the largest float in one order
and not in the other: 1e308 + 1e308 - 1e308 is inf, and 1e308 - 1e308 + 1e308 is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini import modes, ops
from autograd_mini.compiler.passes.grouping import NARROWEST, Grouping, is_elementwise
from autograd_mini.compiler.program import Constant, Plain, Program
from autograd_mini.compiler.rows import PACK, gather, row_of
from autograd_mini.compiler.tracing.tape import Tape
from autograd_mini.compiler.tracing.traced import Traced
from autograd_mini.ops.operation import shape_of

FEWEST_WORTH_PACKING = 64  # scalar lines; a program with fewer is left as it is


def is_worth_packing(tape: Tape) -> bool:
    """True if enough of what was written is arithmetic of single numbers."""
    count = 0
    for i in range(len(tape.ops)):
        if tape.likes[i] is None and is_elementwise(tape.ops[i]):
            count += 1
            if count >= FEWEST_WORTH_PACKING:
                return True
    return False


def packed(before: Tape, outputs: list[Traced], wanted: list[Traced]) -> Program:
    """The program of a tape, and the gradients that are wanted, with its scalars packed."""
    tape = Tape()
    with modes.tracing(tape):
        packing = Packing(before, [x.number for x in outputs], {x.number for x in wanted}, tape)
        return tape.program(packing.run(), [packing.single[x.number] for x in wanted])


class Packing:
    """One run of the pass: reads the lines of ``before``, writes vectors to ``tape``."""

    def __init__(self, before: Tape, outputs: list[int], wanted: set[int], tape: Tape) -> None:
        self.before, self.outputs, self.wanted, self.tape = before, outputs, wanted, tape
        self.grouping = Grouping(before, outputs, self.wanted)
        n = len(before.ops)
        self.vectors: list[Any] = []
        self.vector_of = np.full(n, -1, np.int64)  # which vector each value lies in; -1 for none
        self.position = np.zeros(n, np.int64)  # and where in it
        self.single: dict[int, Any] = {}  # the values that stand for themselves

    def run(self) -> list[Any]:
        """The outputs as Values on the tape."""
        self._put_sources(set(self.grouping.sources))
        for kind, lines in self.grouping.groups():
            if kind == "sum":
                self._put_sums(lines)
            elif kind == "matrix product":
                self._put_matrix_product(lines)
            elif kind == "other" or len(lines) < NARROWEST:
                for i in lines:
                    self._put_single(i)
            else:
                self._put_vector(lines)
        return [self.value(i) for i in self.outputs]

    # ------------------------------------------------------------ onto the tape

    def _put_sources(self, needed: set[int]) -> None:
        floats: dict[int, list[int]] = {}
        for i in sorted(needed | self.wanted):
            op = self.before.ops[i]
            if isinstance(op, Constant) and not isinstance(op.data, np.generic):  # beside a Value a plain number
                self.single[i] = op.data
            else:
                node = self.tape.line(op, (), self.before.sources[i])
                node.requires_grad = i in self.wanted
                self.single[i] = node
            if i in needed and self.before.likes[i] is None:  # in a vector the others would get zeros as gradients
                floats.setdefault(int(self.grouping.leads_to[i]), []).append(i)
        for lines in floats.values():
            if len(lines) >= NARROWEST:
                self._is_vector(lines, PACK(*[self.single[i] for i in lines]))

    def _put_single(self, i: int) -> None:
        start, end = self.before.operand_bounds[i : i + 2]
        xs = [self.value(x) for x in self.before.operand_row[start:end]]
        self.single[i] = again(self.tape, self.before.ops[i], xs)

    def _put_vector(self, lines: list[int]) -> None:
        of_each = self.grouping.operands(lines)
        xs = [self.gathered(of_x, k == 1 and self._may_be_roots(lines[0], of_x)) for k, of_x in enumerate(of_each)]
        result = again(self.tape, self.before.ops[lines[0]], xs)
        if any([shape_of(x) for x in xs]):
            self._is_vector(lines, result)
        else:  # the same number each time
            self.single.update(dict.fromkeys(lines, result))

    def _may_be_roots(self, i: int, exponents: Any) -> bool:
        """True where one exponent must be a vector: to ``vector ** 0.5`` NumPy takes sqrt, to which -inf gives nan."""
        op = self.before.ops[exponents[0]]
        return row_of(self.before.ops[i]) == "pow" and not (isinstance(op, Constant) and op.data % 1.0 == 0)

    def _put_sums(self, lines: list[int]) -> None:
        terms = self.grouping.terms(lines)
        count, width = terms.shape
        if count * width < 2 * NARROWEST:
            for i, (first, *others) in zip(lines, terms.T.tolist(), strict=True):
                total = self.value(first)
                for x in others:
                    total = total + self.value(x)
                self.single[i] = total
        elif width < NARROWEST:
            for i, of_one in zip(lines, terms.T, strict=True):
                self.single[i] = ops.sum(self.gathered(of_one, always=True))
        else:
            self._is_vector(lines, ops.sum(ops.reshape(self.gathered(terms.ravel(), always=True), (count, width)), 0))

    def _put_matrix_product(self, lines: list[int]) -> None:
        left, right, added = self.grouping.matrices[lines[0]]
        x, w = [ops.reshape(self.gathered(of.ravel(), always=True), of.shape) for of in (left, right)]
        total = ops.matmul(x, w)
        for row in added.reshape(-1, *total.shape):
            is_bias = (row == row[0]).all()  # the same for each row of x
            total = total + (
                self.gathered(row[0]) if is_bias else ops.reshape(self.gathered(row.ravel(), True), row.shape)
            )
        self._is_vector(lines, ops.reshape(total, (len(lines),)))

    def _is_vector(self, lines: list[int], vector: Any) -> None:
        self.vector_of[lines] = len(self.vectors)
        self.position[lines] = np.arange(len(lines))
        self.vectors.append(vector)

    # ------------------------------------------------------------ where values are

    def value(self, i: int) -> Any:
        """Value i by itself."""
        if i not in self.single:
            self.single[i] = self.vectors[self.vector_of[i]][int(self.position[i])]
        return self.single[i]

    def gathered(self, wanted: Any, always: bool = False) -> Any:
        """These values as a vector; where all are the same, that one number."""
        if not always and (wanted == wanted[0]).all():
            return self.value(int(wanted[0]))
        vectors = self.vector_of[wanted]
        if (vectors < 0).any():
            loose = np.unique(wanted[vectors < 0])
            leads_to = self.grouping.leads_to[loose]
            for outputs in np.unique(leads_to):
                lines = loose[leads_to == outputs].tolist()
                self._is_vector(lines, PACK(*[self.value(i) for i in lines]))
            vectors = self.vector_of[wanted]
        positions = self.position[wanted]
        cuts = (np.flatnonzero(np.diff(vectors)) + 1).tolist()
        starts, ends = [0, *cuts], [*cuts, len(wanted)]
        if len(starts) == 1:
            return gather(self.vectors[vectors[0]], positions)
        if len(starts) <= 4:
            parts = [gather(self.vectors[vectors[a]], positions[a:b]) for a, b in zip(starts, ends, strict=True)]
            return ops.concatenate(parts)
        used, which = np.unique(vectors, return_inverse=True)
        together = [self.vectors[v] for v in used]
        offsets = np.cumsum([0, *[len(v) for v in together]])[:-1]
        return gather(ops.concatenate(together), positions + offsets[which])


def again(tape: Tape, op: Any, xs: list[Any]) -> Any:
    """The op once more, on other operands."""
    if isinstance(op, Plain):
        if isinstance(op.forward, np.ufunc) and len(xs) == 2:
            return tape.compared(op.forward, *xs)
        return tape.plain(op, xs)
    first = next((x for x in xs if isinstance(x, Traced)), None)
    if first is None:
        return op(*xs)
    return first.record(op, *xs) if len(xs) <= 2 and not op.rule_for_each else first.record(op, tuple(xs))
