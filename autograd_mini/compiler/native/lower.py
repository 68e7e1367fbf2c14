"""Lowering: each line of a program becomes instructions of the native interpreter, or stays a step of NumPy's.

Where a value lies is kept as an array that lies in the same way in a stand-in for the memory: what a transpose or a
slice does to strides and offset, NumPy itself then says. A view costs no instruction.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.compiler.codegen.writing import is_zero
from autograd_mini.compiler.native import interpreter as op
from autograd_mini.compiler.native.choice import Choice, is_permutation
from autograd_mini.compiler.native.instructions import Instructions, Pick, Place, Unsupported
from autograd_mini.compiler.native.opcodes import COMPARED, POINTWISE
from autograd_mini.compiler.program import DETACH, DOT, SIDE_BY_SIDE, Constant, Part, Plain, Program, is_op
from autograd_mini.compiler.rows import row_of
from autograd_mini.ops.operation import normalize_axes


class Lowering:
    """One program on its way to instructions."""

    def __init__(self, program: Program, dtype: Any) -> None:
        self.program, self.dtype = program, dtype
        self.choice = Choice(program, dtype)
        self.kind, self.lazy = self.choice.kind, self.choice.lazy
        self.code = Instructions(dtype)
        self.places: dict[int, Place] = {}
        self._picks: dict[int, list[Pick]] = {}  # of the lazy lines: one factor, or two

    def source(self, i: int) -> None:
        """A place for what is not computed."""
        if self.kind(i) != "object":
            self._own(i)

    def lower(self, i: int) -> bool:
        """Writes the instructions of line i; False if it is a step of NumPy's."""
        if self.kind(i) == "object":
            return False
        if not self.choice.is_native[i]:
            self._own(i)
            return False
        written = len(self.code.lines)
        try:
            self._write(i)
        except Unsupported:
            if "condition" in [self.kind(i), *[self.kind(x) for x in self.program.operands[i]]]:
                raise
            del self.code.lines[written:]
            self.code.begin()  # a cast may have gone with them
            self.choice.is_native[i] = False
            self._own(i)
            return False
        return True

    # ------------------------------------------------------------ memory, as the plan of it asks

    def writes(self, i: int) -> str | None:
        """How line i treats memory: see ``plan``."""
        if self.program.likes[i] is None or not is_op(self.program.ops[i]) or self.kind(i) == "object":
            return None
        if not self.choice.is_native[i]:
            return "whole"
        if i in self.lazy or self.places[i].owner != i or self.places[i].is_number:  # which lies among the numbers
            return None
        return "whole"  # never over its operands: a loop that reads what it writes takes one element at a time

    # ------------------------------------------------------------ places

    def _own(self, i: int) -> Place:
        """A place of its own for value i."""
        like = self.program.likes[i]
        place = self.places[i] = Place(i, np.empty(() if like is None else like.shape, self.dtype), like is None)
        return place

    def _operand(self, x: int, i: int) -> Place:
        """Value ``x`` where the memory of line i has it."""
        place = self.places[x]
        if place.is_number and self.program.likes[i] is not None and self.dtype != np.float64:
            made_by = self.program.ops[x]
            return self.code.cast(place, made_by.data if isinstance(made_by, Constant) else None)
        return place

    def _factors(self, x: int) -> list[Pick]:
        """The elements that a lazy line stands for; all of them in order of one that is not."""
        return self._picks[x] if x in self._picks else [self.places[x].as_pick()]

    # ------------------------------------------------------------ lines

    def _write(self, i: int) -> None:
        program, code = self.program, self.code
        made_by, xs = program.ops[i], program.operands[i]
        row = row_of(made_by)
        if i in self.lazy:
            if self.lazy[i] != "gate":
                self._picks[i] = self._picked(row, made_by, xs)
        elif made_by is DETACH:
            self.places[i] = self.places[xs[0]]
        elif row in ("gather", "scatter", "mul") and any([x in self._picks for x in xs]):
            if row != "scatter" or is_permutation(made_by.params):
                code.pick(self._own(i), self._picked(row, made_by, xs))
            else:
                code.scatter_picked(self._own(i), self._picks[xs[0]], made_by.params["index"].array)
        elif row in ("transpose", "reshape", "getitem"):
            self._view(i, row, made_by.params, self.places[xs[0]])
        elif row == "broadcast_to":
            place = self._operand(xs[0], i)
            self.places[i] = place.seen(np.broadcast_to(place.view, made_by.params["shape"]))
        elif row == "where":
            self._choose(i, xs)
        elif row == "relu":
            x = self._operand(xs[0], i)
            code.pointwise(op.GATE, self._own(i), [x, x])
        elif row in POINTWISE:
            if row == "pow" and self._may_be_a_root(i, *xs):
                raise Unsupported
            operands = [self._operand(x, i) for x in xs]
            code.pointwise(POINTWISE[row], self._own(i), operands)
        elif made_by is SIDE_BY_SIDE:
            self._put_in_a_row(self._own(i), xs)
        elif isinstance(made_by, Part):
            self.places[i] = self.places[xs[0]].seen(made_by.forward(self.places[xs[0]].view))
        elif isinstance(made_by, Plain) and made_by is not DOT:
            self._compare(i, made_by, xs)
        elif row in ("sum", "mean"):
            self._add_up(i, row, made_by, self.places[xs[0]])
        elif made_by is DOT:
            code.vdot(self._own(i), self.places[xs[0]], self.places[xs[1]])
        elif row == "matmul":
            code.matmul(self._own(i), self.places[xs[0]], self.places[xs[1]])
        elif row == "linear":
            x, weight, bias = [self.places[x] for x in xs]
            z = self._own(i)
            product = code.room(2, z.view.shape)
            code.matmul(product, x, weight.seen(weight.view.T))
            code.pointwise(op.ADD, z, [product, bias])
        elif row == "pack":
            code.pack(self._own(i), [self.places[x] for x in xs])
        elif row == "gather":
            code.pick(self._own(i), self._picked(row, made_by, xs))
        elif row == "scatter":
            code.scatter(self._own(i), self.places[xs[0]], made_by.params["index"].array)
        elif row == "concatenate":
            self._put_side_by_side(self._own(i), xs, made_by.params)
        elif row == "scatter_add":
            z = self._own(i)
            code.fill_with_zeros(z)
            code.copy(z.seen(_part(z.view, made_by.params["index"])), self.places[xs[0]])

    def _may_be_a_root(self, i: int, base: int, exponent: int) -> bool:
        """True where an array may have 0.5 as its one exponent: NumPy takes sqrt then, which gives nan of -inf."""
        program = self.program
        if program.likes[base] is None and program.likes[exponent] is None:
            return False
        made_by = program.ops[exponent]
        if program.likes[exponent] is None and isinstance(made_by, Constant):
            return bool(made_by.data == 0.5)
        return program.shape(exponent) != program.shape(i) or not program.shape(i) or row_of(made_by) == "broadcast_to"

    def _picked(self, row: str, made_by: Any, xs: tuple[int, ...]) -> list[Pick]:
        """The factors of a line, each as elements of a vector."""
        factors = [factor for x in xs for factor in self._factors(x)]
        if row == "mul":
            return factors
        if row == "gather":
            order = made_by.params["index"].array
        elif row == "scatter":
            order = np.argsort(made_by.params["index"].array)
        elif row == "getitem":
            order = _part(np.arange(len(factors[0].elements)), made_by.params["index"])
        else:
            return factors  # of a reshape
        return [Pick(place, elements[order]) for place, elements in factors]

    def _view(self, i: int, row: str, params: dict[str, Any], place: Place) -> None:
        if row == "getitem":
            view = _part(place.view, params["index"])
        elif row == "transpose":
            view = place.view.transpose(params["axes"])
        else:
            view = place.view.reshape(params["shape"])
            if not np.may_share_memory(view, place.view):
                z = self._own(i)
                self.code.copy(z.seen(z.view.reshape(place.view.shape)), place)
                return
        self.places[i] = place.seen(view, is_number=self.program.likes[i] is None)

    def _choose(self, i: int, xs: tuple[int, ...]) -> None:
        program, code = self.program, self.code
        condition, if_true, if_false = xs
        if condition in self.lazy:
            what, operands = op.GATE, (program.operands[condition][0], if_false)
        elif is_zero(program, if_false):
            what, operands = op.IF, (condition, if_true)
        elif is_zero(program, if_true):
            what, operands = op.UNLESS, (condition, if_false)
        else:
            what, operands = op.ELSE, (condition, if_false)
        places = [self._operand(x, i) for x in operands]
        taken = self._operand(if_true, i) if what == op.ELSE else None
        z = self._own(i)
        if taken is not None:
            code.copy(z, taken.seen(np.broadcast_to(taken.view, z.view.shape)))
        code.pointwise(what, z, places)

    def _compare(self, i: int, made_by: Plain, xs: tuple[int, ...]) -> None:
        if self.dtype != np.float64 and all([self.places[x].is_number for x in xs]):
            operands = [self.places[x] for x in xs]
            z = self.places[i] = Place(i, np.empty((), self.dtype), True)
        else:
            operands = [self._operand(x, i) for x in xs]
            z = self._own(i)
        what, swapped = COMPARED.get(made_by.forward, (op.NOT, False))
        self.code.pointwise(what, z, operands[::-1] if swapped else operands)

    def _add_up(self, i: int, row: str, made_by: Any, x: Place) -> None:
        axes = normalize_axes(made_by.params["axis"], x.view.ndim)
        z = self._own(i)
        self.code.sum(z, x, axes)
        if row == "mean":
            count = math.prod([x.view.shape[a] for a in axes])
            self.code.pointwise(op.DIV, z, [z, self.code.constant(float(count))])

    def _put_in_a_row(self, z: Place, xs: tuple[int, ...]) -> None:
        start = 0
        for x in xs:
            shape = self.program.shape(x)
            self.code.copy(z.seen(Part(start, shape).forward(z.view)), self.places[x])
            start += math.prod(shape)

    def _put_side_by_side(self, z: Place, xs: tuple[int, ...], params: dict[str, Any]) -> None:
        axis, starts = params["axis"], params["starts"]
        for x, a, b in zip(xs, starts[:-1], starts[1:], strict=True):
            part = z.seen(z.view[(*[slice(None)] * axis, slice(a, b))])
            if x in self._picks:
                self.code.pick(part, self._picks[x])
            else:
                self.code.copy(part, self.places[x])


def _part(array: Any, index: Any) -> Any:
    """A view of the part, of a single element too."""
    index = index if isinstance(index, tuple) else (index,)
    return array[index if ... in index else (*index, ...)]
