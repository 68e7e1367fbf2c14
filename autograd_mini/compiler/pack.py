"""Packing: the scalars of a program become vectors, so that a few hundred NumPy calls do what 65,000 floats did.

Numbers of the same depth that are made by the same op are one vector, in the order in which the function made them.
A chain of additions, ``b + w0 * x0 + w1 * x1 + ...``, is one sum, and chains of equal length are summed side by side.
What is made in small numbers stays a float: a vector of a few is slower than the floats. This pass comes before the
gradient, so that the rules run on vectors. It adds up in another order than the function: results agree within a
relative error of 1e-12, and so do the gradients.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from autograd_mini import modes, ops
from autograd_mini.compiler.program import DETACH, Constant, Plain, Program, is_op
from autograd_mini.compiler.rows import PACK, gather
from autograd_mini.compiler.trace import Tape
from autograd_mini.compiler.traced import Traced
from autograd_mini.ops.operation import Pointwise, shape_of

FEWEST_WORTH_PACKING = 64  # scalar lines; a program with fewer is left as it is
NARROWEST = 12  # numbers in a vector

_BOOL = ((), np.dtype(bool))


def is_scalar_line(program: Program | Tape, i: int) -> bool:
    """True for a number that is computed element by element from numbers: what packing is about."""
    op, like = program.ops[i], program.likes[i]
    if isinstance(op, Pointwise) or op is DETACH:
        return like is None and not op.params
    return isinstance(op, Plain) and like == _BOOL and isinstance(op.forward, np.ufunc)


def is_worth_packing(tape: Tape) -> bool:
    """True if enough of what was written is arithmetic of single numbers."""
    count = 0
    for i in range(len(tape.ops)):
        if tape.likes[i] is None and is_scalar_line(tape, i):
            count += 1
            if count >= FEWEST_WORTH_PACKING:
                return True
    return False


def packed(before: Tape, outputs: list[Traced], wanted: list[Traced]) -> Program:
    """The program of a tape, and the gradients that are wanted, with its scalars packed."""
    program = before.program(outputs, [])
    tape = Tape()
    with modes.tracing(tape):
        packing = Packing(program, before.sources, tape)
        again = packing.run({x.number for x in wanted})
        return tape.program(again, [packing.single[x.number] for x in wanted])


class Packing:
    """One run of the pass: reads the lines of ``program``, writes vectors to ``tape``."""

    def __init__(self, program: Program, sources: dict[int, Any], tape: Tape) -> None:
        self.program = program
        self.tape = tape
        self.sources = sources  # what each argument and parameter was, by line
        n = len(program)
        self.chains = chains_of(program)  # the terms of each sum, by the line of the last addition
        self.vectors: list[Any] = []
        self.vector_of = np.full(n, -1, np.int64)  # which vector each value lies in; -1 for none
        self.position = np.zeros(n, np.int64)  # and where in it
        self.single: dict[int, Any] = {}  # the values that stand for themselves

    def run(self, wanted: set[int]) -> list[Any]:
        """The outputs as Values on the tape."""
        program = self.program
        levels, sources = self._levels()
        self._put_sources(sources, wanted)
        for level in levels:
            for (kind, _), lines in level.items():
                if kind == "sum":
                    self._put_sums(lines)
                elif kind == "other" or len(lines) < NARROWEST:
                    for i in lines:
                        self._put_single(i)
                else:
                    self._put_vector(lines)
        return [self.value(i) for i in program.outputs]

    # ------------------------------------------------------------ what goes together

    def _levels(self) -> tuple[list[dict[Any, list[int]]], list[int]]:
        """By depth: the lines that have the same op, or are sums of as many terms; and what is not computed."""
        program = self.program
        depth = [0] * len(program)
        levels: list[dict[Any, list[int]]] = []
        sources: list[int] = []
        inside = {i for last, (_, links) in self.chains.items() for i in links if i != last}
        needed = program.needed_for(program.outputs)
        last_effect = 0
        for i, op in enumerate(program.ops):
            if not needed[i] or i in inside:
                continue
            if not is_op(op):
                sources.append(i)
                continue
            chain = self.chains.get(i)
            xs = program.operands[i] if chain is None else chain[0]
            d = 0
            for x in xs:
                if depth[x] > d:
                    d = depth[x]
            if isinstance(op, Plain) and op.instead:  # what does something besides does it in the function's order
                d = last_effect = max(d, last_effect)
            depth[i] = d + 1
            if chain is not None:
                key = ("sum", len(xs))
            elif is_scalar_line(program, i):
                key = ("alike", id(op.forward) if isinstance(op, Plain) else id(op))
            else:
                key = ("other", 0)
            while len(levels) <= d:
                levels.append(defaultdict(list))
            levels[d][key].append(i)
        return levels, sources

    # ------------------------------------------------------------ onto the tape

    def _put_sources(self, sources: list[int], wanted: set[int]) -> None:
        program = self.program
        floats: dict[bool, list[int]] = {True: [], False: []}
        for i in sources:
            op = program.ops[i]
            if isinstance(op, Constant):
                self.single[i] = op.data
            else:
                node = self.tape.line(op, (), self.sources[i])
                node.requires_grad = i in wanted
                self.single[i] = node
            if program.likes[i] is None:
                floats[i in wanted].append(i)
        for lines in floats.values():
            if len(lines) >= NARROWEST:
                self._is_vector(lines, PACK(*[self.single[i] for i in lines]))

    def _put_single(self, i: int) -> None:
        op, xs = self.program.ops[i], [self.value(x) for x in self.program.operands[i]]
        self.single[i] = again(self.tape, op, xs)

    def _put_vector(self, lines: list[int]) -> None:
        operands = list(zip(*[self.program.operands[i] for i in lines], strict=True))
        xs = [self.gathered(of_each) for of_each in operands]
        result = again(self.tape, self.program.ops[lines[0]], xs)
        if any([shape_of(x) for x in xs]):
            self._is_vector(lines, result)
        else:  # the same number each time
            self.single.update(dict.fromkeys(lines, result))

    def _put_sums(self, lines: list[int]) -> None:
        terms = [self.chains[i][0] for i in lines]
        count, width = len(terms[0]), len(lines)
        if count * width < 2 * NARROWEST:
            for i in lines:
                total = self.value(self.chains[i][0][0])
                for x in self.chains[i][0][1:]:
                    total = total + self.value(x)
                self.single[i] = total
        elif width < NARROWEST:
            for i in lines:
                self.single[i] = ops.sum(self.gathered(self.chains[i][0], always=True))
        else:
            flat = [x for term in zip(*terms, strict=True) for x in term]
            self._is_vector(lines, ops.sum(ops.reshape(self.gathered(flat, always=True), (count, width)), 0))

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

    def gathered(self, lines: Any, always: bool = False) -> Any:
        """These values as a vector; where all are the same, that one number."""
        if not always and lines[0] == lines[-1] and len(set(lines)) == 1:
            return self.value(lines[0])
        wanted = np.array(lines)
        vectors = self.vector_of[wanted]
        if (vectors < 0).any():
            loose = sorted({int(i) for i in wanted[vectors < 0]})
            self._is_vector(loose, PACK(*[self.value(i) for i in loose]))
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


def chains_of(program: Program) -> dict[int, tuple[list[int], list[int]]]:
    """The sums of three terms or more: by the line of the last addition, the terms in order and all of its lines."""
    ops_, operands, likes = program.ops, program.operands, program.likes
    uses = [0] * len(program)
    for xs in operands:
        for x in xs:
            uses[x] += 1
    for i in program.outputs:
        uses[i] += 2
    chains: dict[int, tuple[list[int], list[int]]] = {}
    for i, op in enumerate(ops_):
        if op is ops.add and likes[i] is None:
            x, y = operands[i]
            before = chains.pop(x, None) if uses[x] == 1 else None
            if before is not None:
                before[0].append(y)
                before[1].append(i)
                chains[i] = before
            else:
                chains[i] = ([x, y], [i])
    return {i: chain for i, chain in chains.items() if len(chain[0]) > 2}
