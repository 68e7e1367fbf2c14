"""Lowering: each line of a program becomes instructions of the native interpreter, or stays a step of NumPy's.

Where a value lies is kept as an array that lies in the same way in a stand-in for the memory: what a transpose or a
slice does to strides and offset, NumPy itself then says. A view costs no instruction.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.compiler.emit import is_zero
from autograd_mini.compiler.native import opcodes as op
from autograd_mini.compiler.native.instructions import Instructions, Place, Unsupported
from autograd_mini.compiler.program import DETACH, DOT, Constant, Plain, Program, is_op
from autograd_mini.compiler.rows import row_of
from autograd_mini.ops.operation import normalize_axes

_VIEWS = ("transpose", "reshape", "getitem", "broadcast_to")
_BOOL = np.dtype(bool)


class Lowering:
    """One program on its way to instructions: which lines are native, and where their values lie."""

    def __init__(self, program: Program, dtype: Any) -> None:
        self.program = program
        self.dtype = dtype
        self.roots = set(program.roots)
        self.users: list[list[int]] = [[] for _ in program.ops]
        for i, xs in enumerate(program.operands):
            for x in xs:
                self.users[x].append(i)
        self.is_native = [False] * len(program)
        self.is_lazy = [False] * len(program)  # computed by those who use it
        for i, made_by in enumerate(program.ops):
            self.is_native[i] = is_op(made_by) and self._can(i)
        self._settle_conditions()
        for i in range(len(program)):
            self.is_lazy[i] = self.is_native[i] and i not in self.roots and self._is_better_later(i)
        self.places: dict[int, Place] = {}
        self.code = Instructions(dtype)

    # ------------------------------------------------------------ what can be native

    def kind(self, i: int) -> str:
        """Where value i lies: a "number" or an "array" in the memory, a condition there, or an "object" outside."""
        like = self.program.likes[i]
        if like is None:
            return "number"
        if like[1] == self.dtype:
            return "array" if math.prod(like[0]) else "object"
        return "condition" if like[1] == _BOOL and self.is_native[i] else "object"

    def _can(self, i: int) -> bool:
        program = self.program
        made_by, like, xs = program.ops[i], program.likes[i], program.operands[i]
        kinds = [self.kind(x) for x in xs]
        if "object" in kinds or (like is not None and like[1] not in (self.dtype, _BOOL)) or (like and 0 in like[0]):
            return False
        likes: list[Any] = [program.likes[x] for x in xs]
        numbers = kinds.count("number") == len(kinds)
        if like is None and not numbers and self.dtype != np.float64:
            return False  # a float made of float32 would have to leave their memory
        if isinstance(made_by, Plain):
            if like is not None and like[1] == _BOOL:
                compared = made_by.forward in op.COMPARED or made_by.forward is np.logical_not
                return compared and i not in self.roots and len(xs) == (1 if made_by.forward is np.logical_not else 2)
            return made_by in (DETACH, DOT) and "condition" not in kinds
        row = row_of(made_by)
        if row == "where":
            if like is None and self.dtype != np.float64 and not any([is_zero(program, x) for x in xs[1:]]):
                return False
            return kinds[0] == "condition" and "condition" not in kinds[1:] and like != ((), self.dtype)
        if "condition" in kinds or (like is not None and like[1] == _BOOL):
            return False
        if row in op.BINARY or row in op.UNARY or row == "relu":
            return not made_by.params
        if row == "broadcast_to":
            return like is not None and bool(like[0])
        if row == "getitem":
            return kinds == ["array"] and _is_basic(made_by.params["index"])
        if row in ("transpose", "reshape"):
            return kinds == ["array"] and like is not None and bool(like[0])
        if row in ("sum", "mean"):
            return kinds == ["array"] and bool(likes[0][0])
        if row == "matmul":
            return kinds == ["array", "array"] and len(likes[0][0]) == len(likes[1][0]) == 2
        if row == "linear":
            return kinds == ["array"] * 3 and len(likes[0][0]) == 2
        if row == "pack":
            return numbers and self.dtype == np.float64
        if row == "scatter_add":
            return _is_basic(made_by.params["index"]) and kinds == ["array"]
        return row in ("gather", "scatter", "concatenate") and "number" not in kinds

    def _settle_conditions(self) -> None:
        """A condition lies in the memory only if all who use it are native."""
        changed = True
        while changed:
            changed = False
            for i in range(len(self.program) - 1, -1, -1):
                if self.is_native[i]:
                    mine = self.kind(i) == "condition" and not all([self.is_native[j] for j in self.users[i]])
                    lost = isinstance(self.program.ops[i], Plain) or row_of(self.program.ops[i]) == "where"
                    if mine or (lost and any([self.kind(x) == "object" for x in self.program.operands[i]])):
                        self.is_native[i] = False
                        changed = True

    def _is_better_later(self, i: int) -> bool:
        """Picked elements that are only multiplied or put side by side; x <= 0 that only closes gates."""
        program, users = self.program, self.users[i]
        like = program.likes[i]
        if row_of(program.ops[i]) == "gather":
            rows = [row_of(program.ops[j]) if self.is_native[j] else "" for j in users]
            return all([row == "concatenate" or row == "mul" for row in rows]) and all(
                [
                    program.likes[x] == like
                    for j in users
                    if row_of(program.ops[j]) == "mul"
                    for x in program.operands[j]
                ]
            )
        if getattr(program.ops[i], "forward", None) is np.less_equal and is_zero(program, program.operands[i][1]):
            x = program.likes[program.operands[i][0]]
            return x is not None and all(
                [
                    program.operands[j][0] == i
                    and is_zero(program, program.operands[j][1])
                    and program.operands[j][2] != i
                    and program.likes[j] == x
                    for j in users
                ]
            )
        return False

    # ------------------------------------------------------------ memory, as the plan of it asks

    def writes(self, i: int) -> str | None:
        """How line i treats memory: see ``plan``."""
        like = self.program.likes[i]
        if like is None or not is_op(self.program.ops[i]) or self.kind(i) == "object":
            return None
        if not self.is_native[i]:
            return "whole"
        if self.is_lazy[i] or self._is_view(i):
            return None
        row = row_of(self.program.ops[i])
        pointwise = row in op.BINARY or row in op.UNARY or row == "relu"
        return (
            "elementwise"
            if pointwise and all([self._may_be_overwritten(i, x) for x in self.program.operands[i]])
            else "whole"
        )

    def _is_view(self, i: int) -> bool:
        place = self.places.get(i)
        return place is not None and place.owner != i

    def _may_be_overwritten(self, i: int, x: int) -> bool:
        """False if ``x`` lies crosswise in memory of the size of line i, which could become that of line i."""
        if self.is_lazy[x]:
            return False
        place = self.places[x]
        if place.owner < 0 or place.is_number:
            return True
        like = self.program.likes[i]
        straight = like is not None and place.view.shape == like[0] and place.view.flags.c_contiguous
        return bool(straight) or self.program.likes[place.owner] != like

    # ------------------------------------------------------------ lines

    def lower(self, i: int) -> bool:
        """Writes the instructions of line i; False if it is a step of NumPy's."""
        like, native = self.program.likes[i], self.is_native[i]
        if self.kind(i) == "object":
            return False
        if self.is_lazy[i]:
            return True
        shape = () if like is None else like[0]
        if native:
            written = len(self.code.lines)
            try:
                self._write(i, shape)
                return True
            except Unsupported:
                del self.code.lines[written:]
                if "condition" in [self.kind(i), *[self.kind(x) for x in self.program.operands[i]]]:
                    raise
        self.is_native[i] = False
        self._own(i, shape)
        return False

    def source(self, i: int) -> None:
        """A place for what is not computed."""
        like = self.program.likes[i]
        if self.kind(i) != "object":
            self._own(i, () if like is None else like[0])

    def _own(self, i: int, shape: tuple[int, ...]) -> Any:
        """A place of its own for value i."""
        self.places[i] = place = Place(i, np.empty(shape, self.dtype), self.program.likes[i] is None)
        return place

    def _write(self, i: int, shape: tuple[int, ...]) -> None:
        program, code = self.program, self.code
        made_by, xs = program.ops[i], program.operands[i]
        row = row_of(made_by)
        if made_by is DETACH:
            self.places[i] = self.places[xs[0]]
        elif row in _VIEWS:
            self._view(i, made_by, xs[0], shape)
        elif row == "mul" and any([self.is_lazy[x] for x in xs]):
            z = self._own(i, shape)
            code.product(z, *[self._picked(x) for x in xs])
        elif row == "where":
            self._choose(i, xs, shape)
        elif row == "relu":
            x = self._operand(xs[0], i)
            code.pointwise(op.GATE, self._own(i, shape), [x, x])
        elif row in op.BINARY:
            operands = [self._operand(x, i) for x in xs]
            code.pointwise(op.BINARY[row], self._own(i, shape), operands)
        elif row in op.UNARY:
            x = self._operand(xs[0], i)
            code.pointwise(op.UNARY[row], self._own(i, shape), [x])
        elif isinstance(made_by, Plain) and made_by is not DOT:
            self._compare(i, made_by, xs, shape)
        elif row in ("sum", "mean"):
            self._add_up(i, row, made_by, self.places[xs[0]], shape)
        elif made_by is DOT:
            x, y = [code.side_by_side(self.places[x], which) for which, x in enumerate(xs)]
            code.line(op.VDOT, self._own(i, shape), x, y, (1, 1, x.view.size))
        elif row == "matmul":
            code.matmul(self._own(i, shape), self.places[xs[0]], self.places[xs[1]])
        elif row == "linear":
            x, weight, bias = [self.places[x] for x in xs]
            z = self._own(i, shape)
            code.matmul(z, x, weight.seen(weight.view.T))
            code.pointwise(op.ADD, z, [z, bias])
        elif row == "pack":
            code.pack(self._own(i, shape), [self.places[x] for x in xs])
        elif row == "gather":
            code.gather(self._own(i, shape), self.places[xs[0]], made_by.params["index"].array)
        elif row == "scatter":
            code.scatter(self._own(i, shape), self.places[xs[0]], made_by.params["index"].array)
        elif row == "concatenate":
            self._put_side_by_side(self._own(i, shape), xs, made_by.params)
        elif row == "scatter_add":
            z = self._own(i, shape)
            code.fill_with_zeros(z)
            code.copy(z.seen(_part(z.view, made_by.params["index"])), self.places[xs[0]])

    def _operand(self, x: int, i: int) -> Place:
        """Value ``x`` where the memory of line i has it."""
        place = self.places[x]
        if place.is_number and self.program.likes[i] is not None and self.dtype != np.float64:
            made_by = self.program.ops[x]
            return self.code.cast(place, made_by.data if isinstance(made_by, Constant) else None)
        return place

    def _view(self, i: int, made_by: Any, x: int, shape: tuple[int, ...]) -> None:
        place = self._operand(x, i)
        if row_of(made_by) == "broadcast_to":
            self.places[i] = place.seen(np.broadcast_to(place.view, shape))
            return
        row = row_of(made_by)
        if row == "getitem":
            view = _part(place.view, made_by.params["index"])
        elif row == "transpose":
            axes = made_by.params["axes"]
            view = place.view.T if axes is None else place.view.transpose(axes)
        else:
            view = place.view.reshape(shape)
            if not np.may_share_memory(view, place.view):
                z = self._own(i, shape)
                self.code.copy(z.seen(z.view.reshape(place.view.shape)), place)
                return
        self.places[i] = place.seen(view, is_number=self.program.likes[i] is None)

    def _picked(self, x: int) -> Any:
        """The place that a lazy line picks from, and which elements; all of them of one that is not lazy."""
        if self.is_lazy[x]:
            return self.places[self.program.operands[x][0]], self.program.ops[x].params["index"].array
        return self.places[x], None

    def _choose(self, i: int, xs: tuple[int, ...], shape: tuple[int, ...]) -> None:
        program, code = self.program, self.code
        condition, if_true, if_false = xs
        if self.is_lazy[condition]:
            gate = self._operand(program.operands[condition][0], i)
            y = self._operand(if_false, i)
            code.pointwise(op.GATE, self._own(i, shape), [gate, y])
        elif is_zero(program, if_false):
            operands = [self._operand(condition, i), self._operand(if_true, i)]
            code.pointwise(op.IF, self._own(i, shape), operands)
        elif is_zero(program, if_true):
            operands = [self._operand(condition, i), self._operand(if_false, i)]
            code.pointwise(op.UNLESS, self._own(i, shape), operands)
        else:
            x, y, c = self._operand(if_true, i), self._operand(if_false, i), self._operand(condition, i)
            z = self._own(i, shape)
            code.copy(z, x.seen(np.broadcast_to(x.view, shape)))
            code.pointwise(op.ELSE, z, [c, y])

    def _compare(self, i: int, made_by: Plain, xs: tuple[int, ...], shape: tuple[int, ...]) -> None:
        if self.dtype != np.float64 and all([self.places[x].is_number for x in xs]):
            operands = [self.places[x] for x in xs]
            z = self.places[i] = Place(i, np.empty(shape, self.dtype), True)
        else:
            operands = [self._operand(x, i) for x in xs]
            z = self._own(i, shape)
        if made_by.forward is np.logical_not:
            self.code.pointwise(op.NOT, z, operands)
        else:
            what, swapped = op.COMPARED[made_by.forward]
            self.code.pointwise(what, z, operands[::-1] if swapped else operands)

    def _add_up(self, i: int, row: str, made_by: Any, x: Place, shape: tuple[int, ...]) -> None:
        axes = normalize_axes(made_by.params["axis"], x.view.ndim)
        z = self._own(i, shape)
        self.code.sum(z, x, axes)
        if row == "mean":
            count = math.prod([x.view.shape[a] for a in axes])
            self.code.pointwise(op.DIV, z, [z, self.code.constant(float(count))])

    def _put_side_by_side(self, z: Place, xs: tuple[int, ...], params: dict[str, Any]) -> None:
        axis, starts = params["axis"], params["starts"]
        for x, a, b in zip(xs, starts[:-1], starts[1:], strict=True):
            part = z.seen(z.view[(*[slice(None)] * axis, slice(a, b))])
            if self.is_lazy[x]:
                self.code.gather(part, *self._picked(x))
            else:
                self.code.copy(part, self.places[x])


def _is_basic(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all([part is None or part is ... or isinstance(part, int | slice) for part in parts])


def _part(array: Any, index: Any) -> Any:
    """A view of the part, of a single element too."""
    index = index if isinstance(index, tuple) else (index,)
    return array[index if ... in index else (*index, ...)]
