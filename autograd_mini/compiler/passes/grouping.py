"""What goes together in a scalar program: the terms of a sum, the sums that make a matrix product, and what is alike.

There is a line for each number that the function has computed, so all but two loops over them are NumPy's.
"""

from __future__ import annotations

from itertools import pairwise
from operator import itemgetter
from typing import Any

import numpy as np

from autograd_mini import ops
from autograd_mini.compiler.program import DETACH, Plain, is_op
from autograd_mini.compiler.tracing.tape import Tape
from autograd_mini.ops.operation import Pointwise

_BOOL = ((), np.dtype(bool))
# What a line is. From _ADD on there is a code for each op element by element, below 0 one for each comparison.
_SOURCE, _OTHER, _EFFECT, _ADD, _MUL = range(5)

NARROWEST = 12  # numbers that are worth a vector


class Grouping:
    """The lines of a tape that ``outputs`` need, their operands and their sums as arrays.

    Where gradients will be taken, what goes together has gradients of the same outputs: in a vector the others would
    get a 0, which is not "none", and with a slope of inf would be a nan.
    """

    def __init__(self, tape: Tape, outputs: list[int], wanted: set[int]) -> None:
        n = len(tape.ops)
        self._tape = tape
        self._operands = np.array(tape.operand_row, np.int64)
        self._bounds = np.array(tape.operand_bounds, np.int64)
        self._codes = self._codes_of_ops()
        self._uses = np.bincount(self._operands, minlength=n)
        self._uses[outputs] += 2
        self._inside = np.zeros(n, bool)  # the additions of a sum, but for the last; the products of matrix products
        self._sum_of = np.full(n, -1, np.int64)  # which sum a line is the last addition of
        self._find_sums()
        # Of matrix products by their first line: the lines of the left one and of the right one, and of what is added.
        self.matrices: dict[int, tuple[Any, Any, Any]] = {}
        self._find_needed(outputs, wanted)

    @property
    def sources(self) -> list[int]:
        """What is needed and not computed."""
        found: list[int] = np.flatnonzero(self._needed & (self._codes == _SOURCE)).tolist()
        return found

    def operands(self, lines: list[int]) -> list[Any]:
        """The first operand of each of these lines, which are alike, then the second of each."""
        starts, count = self._bounds[lines], self._bounds[lines[0] + 1] - self._bounds[lines[0]]
        return [self._operands[starts + k] for k in range(count)]

    def terms(self, lines: list[int]) -> Any:
        """The terms of these sums, as many each, in the order in which they are added: (term, sum)."""
        sums = self._sum_of[lines]
        count = self._term_counts[sums[0]]
        return self._terms[self._term_starts[sums] + np.arange(count)[:, None]]

    def groups(self) -> list[tuple[str, list[int]]]:
        """What is computed, operands first: lines that are "alike" and of one depth, "sum"s of as many terms, "other"s.

        A sum stands there as its last addition. Sums that are a "matrix product" need no lines for the products.
        """
        lines = np.flatnonzero(self._needed & (self._codes != _SOURCE) & ~self._inside)
        if not len(lines):
            return []
        depths = np.array(self._depths(lines.tolist()), np.int64)[lines]
        first_sum = max(_MUL, int(self._codes.max(initial=0))) + 1
        sums = self._sum_of[lines]
        keys = np.where(self._codes[lines] == _EFFECT, _OTHER, self._codes[lines])
        keys[sums >= 0] = first_sum + self._term_counts[sums[sums >= 0]]
        order = np.lexsort((self.leads_to[lines], keys, depths))
        lines, depths, keys = lines[order], depths[order], keys[order]
        changes = np.diff(depths) | np.diff(keys) | np.diff(self.leads_to[lines])
        cuts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(lines)]
        in_order, key_of = lines.tolist(), keys.tolist()
        found = []
        for start, end in pairwise(cuts):
            kind = "sum" if key_of[start] >= first_sum else "other" if key_of[start] == _OTHER else "alike"
            if kind == "sum" and self._is_matrix_product(in_order[start:end]):
                kind = "matrix product"
            found.append((kind, in_order[start:end]))
        inside = set(np.flatnonzero(self._inside).tolist())
        return [(kind, [i for i in of_one if i not in inside] if kind == "alike" else of_one) for kind, of_one in found]

    def _is_matrix_product(self, lines: list[int]) -> bool:
        """True for sums like ``b + w0 * x0 + w1 * x1 + ...``, for each row of weights and each row of inputs."""
        if len(lines) < NARROWEST:
            return False
        terms = self.terms(lines)
        is_product = ((self._codes[terms] == _MUL) & (self._uses[terms] == 1)).all(1)
        if 2 * is_product.sum() <= max(2, len(terms)):
            return False
        factors = [self._operands[self._bounds[terms[is_product]] + k] for k in range(2)]
        # Of how many sums the first one shares all of its inputs, if these are the first factors, or the second ones.
        widths = [int(np.append((x != x[:, :1]).any(0), True).argmax()) for x in factors]
        for width, x, w in sorted(zip(widths, factors, factors[::-1], strict=True), key=itemgetter(0)):
            if len(lines) % width:
                continue
            x_rows, w_rows = (by_term.reshape(len(by_term), -1, width) for by_term in (x, w))
            if (x_rows == x_rows[:, :, :1]).all() and (w_rows == w_rows[:, :1]).all():
                self.matrices[lines[0]] = x_rows[:, :, 0].T, w_rows[:, 0], terms[~is_product]
                self._inside[terms[is_product]] = True
                return True
        return False

    def _depths(self, lines: list[int]) -> list[int]:
        """How many of these lines each value is behind, at most."""
        row, bounds = self._tape.operand_row, self._tape.operand_bounds
        depth = [0] * len(self._codes)
        terms, starts = self._terms.tolist(), self._term_starts.tolist()
        sum_of = {i: which for which, i in enumerate(np.flatnonzero(self._sum_of >= 0).tolist())}
        effects = set(np.flatnonzero(self._codes == _EFFECT).tolist())
        last_effect = 0
        for i in lines:
            which = sum_of.get(i)
            d = 0
            for x in row[bounds[i] : bounds[i + 1]] if which is None else terms[starts[which] : starts[which + 1]]:
                if depth[x] > d:
                    d = depth[x]
            if i in effects:  # what does something besides does it in the function's order
                d = last_effect = max(d, last_effect)
            depth[i] = d + 1
        return depth

    def _find_needed(self, outputs: list[int], wanted: set[int]) -> None:
        """Which lines an output is made of; and a number for each, the same where the same outputs have a gradient."""
        ops_, row, bounds = self._tape.ops, self._tape.operand_row, self._tape.operand_bounds
        reached = [0] * len(self._codes)  # 1 for what is needed, and a bit for each output that has a gradient by it
        for k, i in enumerate(outputs, 1):
            reached[i] |= 1 | 1 << k
        for i in range(len(reached) - 1, -1, -1):
            if reached[i]:
                by_operands = 1 if isinstance(ops_[i], Plain) else reached[i]
                for x in row[bounds[i] : bounds[i + 1]]:
                    reached[x] |= by_operands
        numbers = {of_one: k for k, of_one in enumerate(sorted({0, 1, *reached}))}
        self.leads_to = np.fromiter(map(numbers.__getitem__, reached), np.int64, len(reached))
        self._needed = self.leads_to > 0
        self.leads_to[[i for i in self.sources if i not in wanted]] = -1  # not beside one that is and leads nowhere
        if not wanted:
            self.leads_to[:] = 0

    def _codes_of_ops(self) -> Any:
        """A number for each line, the same for those that can be one line on vectors."""
        ops_, likes = self._tape.ops, self._tape.likes
        codes = {id(ops.add): _ADD, id(ops.mul): _MUL}
        compared: dict[Any, int] = {}
        for key, i in {id(op): i for i, op in enumerate(ops_)}.items():  # of a Plain there is this one line
            op = ops_[i]
            if not is_op(op):
                codes[key] = _SOURCE
            elif is_elementwise(op):
                codes.setdefault(key, _ADD + len(codes))
            elif isinstance(op, Plain) and op.instead:
                codes[key] = _EFFECT
            elif isinstance(op, Plain) and isinstance(op.forward, np.ufunc) and likes[i] == _BOOL:
                codes[key] = compared.setdefault(op.forward, -1 - len(compared))
            else:
                codes[key] = _OTHER
        found = np.fromiter(map(codes.__getitem__, map(id, ops_)), np.int64, len(ops_))
        found[(found >= _ADD) & np.array([like is not None for like in likes], bool)] = _OTHER
        return found

    def _find_sums(self) -> None:
        """The sums of three terms or more: additions whose first operand is the one before, and used nowhere else."""
        is_add = self._codes == _ADD
        adds = np.flatnonzero(is_add)
        first, second = (self._operands[self._bounds[adds] + k] for k in range(2))
        goes_on = is_add[first] & (self._uses[first] == 1)
        last = np.arange(len(is_add))  # the last addition that is known of the sum that each is in
        last[first[goes_on]] = adds[goes_on]
        while not np.array_equal(last, last[last]):
            last = last[last]
        order = np.argsort(last[adds], kind="stable")  # sum after sum, each from its first addition on
        adds, first, second, goes_on = adds[order], first[order], second[order], goes_on[order]
        begins = np.flatnonzero(~goes_on)
        lengths = np.diff([*begins.tolist(), len(adds)])
        is_sum = lengths > 1
        adds, second = adds[np.repeat(is_sum, lengths)], second[np.repeat(is_sum, lengths)]
        begins, lengths = begins[is_sum], lengths[is_sum]
        ends = np.cumsum(lengths)
        self._terms = np.insert(second, ends - lengths, first[begins])
        self._term_counts = lengths + 1
        self._term_starts = np.cumsum([0, *self._term_counts])
        self._inside[adds] = True
        self._inside[adds[ends - 1]] = False
        self._sum_of[adds[ends - 1]] = np.arange(len(ends))


def is_elementwise(op: Any) -> bool:
    """True for what does to each number of a vector what it does to one."""
    return op is DETACH or (isinstance(op, Pointwise) and not op.params)
