"""Which lines compute into an array that stays: those of NumPy's functions that take one, and what is written out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.compiler.codegen.into import INTEGERS, writer_of
from autograd_mini.compiler.program import DETACH, DOT, SIDE_BY_SIDE, SOURCES, Constant, Part, Plain, Program
from autograd_mini.compiler.rows import row_of


def ufunc_of(op: Any) -> np.ufunc | None:
    """NumPy's function that is all of the op's forward."""
    found = op.forward if isinstance(op, Plain) else op.ufunc
    return found if isinstance(found, np.ufunc) else None


def is_of_library(op: Any) -> bool:
    """True for what runs no code of a user's: a row of the op table, a function of NumPy, what passes put in."""
    return bool(row_of(op)) or ufunc_of(op) is not None or op in (DETACH, DOT, SIDE_BY_SIDE) or isinstance(op, Part)


def how_it_writes(program: Program, i: int) -> str | None:
    """Whether the code of line i computes into an array that it is given: see ``plan``."""
    op, like = program.ops[i], program.likes[i]
    if like is None or not like.shape or isinstance(op, SOURCES):
        return None
    if has_lines(program, i):
        return "whole"
    if is_elementwise(program, i):
        return "elementwise"
    return None if writer_of(op, like, [program.likes[x] for x in program.operands[i]]) is None else "whole"


def has_lines(program: Program, i: int) -> bool:
    """True for more than one ufunc that has lines of code here; what else writes is called, see ``into``."""
    row = row_of(program.ops[i])
    if program.ops[i] is SIDE_BY_SIDE:
        return True
    likes = [program.likes[x] for x in program.operands[i]]
    return _is_gate(program, i) if row == "where" else row in LINES and LINES[row](likes)


LINES: dict[str, Callable[..., bool]] = {
    "linear": lambda likes: likes[0] and len(likes[0].shape) == 2 and len({x.dtype for x in likes}) == 1,
    "matmul": lambda likes: [len(x.shape) for x in likes] == [2, 2] and len({x.dtype for x in likes}) == 1,
    "broadcast_to": lambda likes: True,
    "sum": lambda likes: likes[0].dtype.char in "efd",
    "gather": lambda likes: True,
}


def is_elementwise(program: Program, i: int) -> bool:
    """True for a ufunc, of which each element of the result needs one of each operand."""
    row, ufunc = row_of(program.ops[i]), ufunc_of(program.ops[i])
    is_ufunc = ufunc is not None and ufunc.nin == len(program.operands[i]) and ufunc.nout == 1
    return row == "relu" or (is_ufunc and row != "matmul")


def _is_gate(program: Program, i: int) -> bool:
    """where(condition, 0, y) and where(condition, y, 0) with arrays of one shape."""
    like: Any = program.likes[i]
    condition, x, y = program.operands[i]
    of_condition = program.likes[condition]
    zero, other = (x, y) if program.likes[x] is None else (y, x)
    return (
        is_zero(program, zero)
        and of_condition is not None
        and of_condition.dtype.kind == "b"
        and of_condition.shape == like.shape
        and program.likes[other] == like
        and like.dtype.char in INTEGERS
    )


def is_zero(program: Program, i: int) -> bool:
    """True for the plain number 0, and not for -0.0."""
    op = program.ops[i]
    return isinstance(op, Constant) and op.data.__class__ is float and op.data == 0 and math.copysign(1, op.data) > 0
