"""Which lines of a program are native, and which of those their users compute on the way.

Elements that are picked out of a vector need no memory of their own if all who use them can pick them themselves, and
so do products of them: packed scalars are little else.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.compiler.codegen.writing import is_zero
from autograd_mini.compiler.native.opcodes import COMPARED, POINTWISE
from autograd_mini.compiler.program import DETACH, DOT, SIDE_BY_SIDE, Part, Plain, Program, is_op
from autograd_mini.compiler.rows import row_of

PICK, PRODUCT = "pick", "product"
# Elements of a function that takes 15 ns for each; of more, NumPy's takes less, which computes several at a time.
MOST_CALLS = {**dict.fromkeys(("exp", "log", "tanh", "sin", "cos", "log1p", "expm1"), 64), "sigmoid": 512}
_BOOL = np.dtype(bool)


class Choice:
    """The decisions about one program whose arrays are mostly of ``dtype``."""

    def __init__(self, program: Program, dtype: Any) -> None:
        self.program, self.dtype = program, dtype
        self._roots = set(program.roots)
        self._users: list[list[int]] = [[] for _ in program.ops]
        for i, xs in enumerate(program.operands):
            for x in xs:
                self._users[x].append(i)
        self.is_native = [False] * len(program)
        for i, made_by in enumerate(program.ops):
            self.is_native[i] = is_op(made_by) and self._can(i)
        self._settle_conditions()
        self.lazy: dict[int, str] = {}  # the lines that their users compute: "pick", "product" or "gate"
        self._settle_picks()
        self.lazy.update({i: "gate" for i in range(len(program)) if self._only_closes_gates(i)})

    def kind(self, i: int) -> str:
        """Where value i lies: a "number" or an "array" in the memory, a "condition" there, or an "object" outside."""
        like = self.program.likes[i]
        if like is None:
            return "number"
        if like.dtype == self.dtype:
            return "array" if math.prod(like.shape) else "object"
        return "condition" if like.dtype == _BOOL and self.is_native[i] else "object"

    # ------------------------------------------------------------ native

    def _can(self, i: int) -> bool:
        """True for a line that instructions can compute, its operands being where they are."""
        program = self.program
        made_by, like, xs = program.ops[i], program.likes[i], program.operands[i]
        kinds = [self.kind(x) for x in xs]
        if "object" in kinds or (like is not None and (like.dtype not in (self.dtype, _BOOL) or 0 in like.shape)):
            return False
        numbers = kinds.count("number") == len(kinds)
        if like is None and not numbers and self.dtype != np.float64:
            return False  # a float made of float32 would have to leave their memory
        if isinstance(made_by, Plain):
            if like is None or like.dtype != _BOOL:
                return (
                    made_by in (DETACH, DOT, SIDE_BY_SIDE) or isinstance(made_by, Part)
                ) and "condition" not in kinds
            if made_by.forward in (np.logical_and, np.logical_or) and kinds != ["condition"] * len(kinds):
                return False
            operands = 1 if made_by.forward is np.logical_not else 2 if made_by.forward in COMPARED else 0
            return operands == len(xs) and i not in self._roots
        row = row_of(made_by)
        if row == "where":
            if like is None and self.dtype != np.float64 and not any([is_zero(program, x) for x in xs[1:]]):
                return False
            return kinds[0] == "condition" and "condition" not in kinds[1:] and like != ((), self.dtype)
        if "condition" in kinds or (like is not None and like.dtype == _BOOL):
            return False
        return self._can_row(row, made_by, like, kinds, [program.likes[x] for x in xs])

    def _can_row(self, row: str, made_by: Any, like: Any, kinds: list[str], likes: list[Any]) -> bool:
        """``_can`` for a row of the table whose operands and result are numbers and arrays."""
        if row in POINTWISE or row == "relu":
            return not made_by.params and (like is None or math.prod(like.shape) <= MOST_CALLS.get(row, math.inf))
        if row == "pack":
            return "array" not in kinds and self.dtype == np.float64
        if row == "broadcast_to":
            return like is not None and bool(like.shape)
        if kinds != ["array"] * len(kinds):
            return False
        if row in ("getitem", "scatter_add"):
            return is_basic(made_by.params["index"])
        if row in ("transpose", "reshape"):
            return like is not None and bool(like.shape)
        if row in ("sum", "mean"):
            return bool(likes[0].shape)
        if row == "matmul":
            return len(likes[0].shape) == len(likes[1].shape) == 2
        if row == "linear":
            return len(likes[0].shape) == 2
        return row in ("gather", "scatter", "concatenate")

    def _settle_conditions(self) -> None:
        """A condition lies in the memory only if all who use it are native."""
        changed = True
        while changed:
            changed = False
            for i in range(len(self.program) - 1, -1, -1):
                if self.is_native[i]:
                    mine = self.kind(i) == "condition" and not all([self.is_native[j] for j in self._users[i]])
                    if mine or any([self.kind(x) == "object" for x in self.program.operands[i]]):
                        self.is_native[i] = False
                        changed = True

    # ------------------------------------------------------------ computed by those who use it

    def _settle_picks(self) -> None:
        """First what could be picked, then, from the end, whose users agree."""
        program = self.program
        could: dict[int, str] = {}
        for i in range(len(program)):
            if not self.is_native[i] or i in self._roots or len(program.shape(i)) != 1:
                continue
            row, xs = row_of(program.ops[i]), program.operands[i]
            if row == "gather" or (row == "scatter" and is_permutation(program.ops[i].params)):
                could[i] = could.get(xs[0], PICK)
            elif row == "reshape" and row_of(program.ops[xs[0]]) == "broadcast_to":
                could[i] = PICK
            elif row == "getitem" and xs[0] in could:
                could[i] = could[xs[0]]
            elif row == "mul" and program.likes[xs[0]] == program.likes[xs[1]] and len(self._users[i]) == 1:
                could[i] = PRODUCT
        for i in sorted(could, reverse=True):
            if all([self._would_pick(j, i, could) for j in self._users[i]]):
                self.lazy[i] = could[i]

    def _would_pick(self, user: int, i: int, could: dict[int, str]) -> bool:
        """True if line ``user`` can compute value i itself."""
        if not self.is_native[user]:
            return False
        row, likes = row_of(self.program.ops[user]), self.program.likes
        if row == "mul":
            return could[i] == PICK and all([likes[x] == likes[i] for x in self.program.operands[user]])
        if row == "gather" and could[i] == PRODUCT:
            return len(self.program.ops[user].params["index"].array) <= self.program.shape(i)[0]
        return row in ("gather", "scatter", "concatenate") or (row == "getitem" and user in self.lazy)

    def _only_closes_gates(self, i: int) -> bool:
        """True for x <= 0 that only says where a gradient is 0."""
        program = self.program
        forward = getattr(program.ops[i], "forward", None)
        if not self.is_native[i] or forward is not np.less_equal or not is_zero(program, program.operands[i][1]):
            return False
        x = program.likes[program.operands[i][0]]
        gates = [(program.operands[j], program.likes[j]) for j in self._users[i]]
        return x is not None and all(
            [xs[0] == i and is_zero(program, xs[1]) and xs[2] != i and like == x for xs, like in gates]
        )


def is_basic(index: Any) -> bool:
    """True for an index of integers and slices, which picks a view."""
    parts = index if isinstance(index, tuple) else (index,)
    return all([part is None or part is ... or isinstance(part, int | slice) for part in parts])


def is_permutation(params: dict[str, Any]) -> bool:
    """True for a scatter that only changes the order."""
    index = params["index"].array
    return len(index) == params["length"] and bool((np.bincount(index, minlength=len(index)) == 1).all())
