"""Spelling out, for NumPy alone: a formula becomes its steps, and a copy that NumPy would make on the way a line.

Then each of these lines has an array of the plan to compute into. The results stay the same to the last bit.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from autograd_mini import modes
from autograd_mini.compiler.passes.rewrite import Rewrite
from autograd_mini.compiler.program import DOT, Argument, Program
from autograd_mini.compiler.rows import COPIED, VIEWS, arrays_of, row_of
from autograd_mini.compiler.tracing.tape import Tape


def spelled_out(program: Program) -> Program:
    """Both passes, one after the other."""
    return with_copies_as_lines(with_formulas_as_lines(program))


# ---------------------------------------------------------------- formulas

FORMULAS = ("sigmoid", "leaky_relu", "elu")  # the rows whose forward is made of other ops


def with_formulas_as_lines(program: Program) -> Program:
    """Each formula's forward function, run on a tape, is what the formula becomes."""
    formulas = {i for i, op in enumerate(program.ops) if row_of(op) in FORMULAS and program.shape(i)}
    if not formulas:
        return program
    new = Rewrite(program)
    for i, op in enumerate(program.ops):
        if i in formulas:
            new.becomes[i] = _spelled(new, op, program, i)
        else:
            new.keep(i)
    return new.program()


def _spelled(new: Rewrite, op: Any, program: Program, i: int) -> int:
    tape = Tape()
    forward = getattr(op.forward, "__wrapped__", op.forward)
    with modes.tracing(tape), modes.recording(), np.errstate(all="ignore"):
        likes = [program.likes[x] for x in program.operands[i]]
        result = forward(*[tape.argument(k, 1.0 if x is None else np.ones(*x)) for k, x in enumerate(likes)])
    number: int = result.number
    lines: list[int] = []
    for made_by, operands, like in zip(tape.ops, tape.operands, tape.likes, strict=True):
        if isinstance(made_by, Argument):
            lines.append(new.operands(i)[made_by.index])
        else:
            lines.append(new.line(made_by, [lines[x] for x in operands], like))
    return lines[number]


# ---------------------------------------------------------------- copies

# The operand whose elements must lie in a row; None for the matrices of np.dot, whose rows or columns must.
_IN_A_ROW = {
    **{"getitem": 0, "scatter_add": 0, "getitem_at": -1, "scatter_add_at": -1},
    **{"matmul": None, "linear": None, "sum": None},
}


def with_copies_as_lines(program: Program) -> Program:
    """Where a reshape, a product or an index needs elements in a row that do not lie so, a line puts them there."""
    ops = list(program.ops)
    needed = _copies(program, ops)
    if not needed and ops == program.ops:
        return program
    new = Rewrite(program)
    copied: dict[int, int] = {}  # the line of each copy, by what it is of
    for i, op in enumerate(ops):
        operands = new.operands(i)
        for k in needed.get(i, ()):
            x, like = operands[k], program.likes[program.operands[i][k]]
            if x not in copied:
                copied[x] = new.line(COPIED.bind(program.shape(program.operands[i][k])), [x], like)
            operands[k] = copied[x]
        new.becomes[i] = new.line(op, operands, program.likes[i])
    return new.program()


def _copies(program: Program, ops: list[Any]) -> dict[int, list[int]]:
    """The operands of each line that NumPy would copy; in ``ops``, a reshape that copies becomes a line that says so.

    Each value is followed by an array of its shape and strides, without numbers. Arguments are taken to lie in order.
    """
    sizes = [prod(like.shape) * like.dtype.itemsize for like in program.likes if like is not None]
    memory = np.empty(max(sizes, default=0), "B")  # nobody writes there, so that it costs nothing
    layouts: list[Any] = []
    needed = {}
    for i, op in enumerate(program.ops):
        like, row = program.likes[i], row_of(op)
        layout: Any = None
        if like is not None and like.shape:
            of_first = layouts[program.operands[i][0]] if row in VIEWS else None
            if row == "reshape" and of_first is not None and not _is_view(of_first, like.shape):
                ops[i] = COPIED.bind(like.shape)
            elif of_first is not None and not (row == "getitem" and arrays_of(op.params["index"])):
                layout = op.forward(of_first)
            if layout is None:
                layout = np.ndarray(like.shape, like.dtype, memory)
        layouts.append(layout)
        if row in _IN_A_ROW or op is DOT:
            operands = _needed_in_a_row(op, row, [layouts[x] for x in program.operands[i]])
            if operands:
                needed[i] = operands
    return needed


def _is_view(x: Any, shape: tuple[int, ...]) -> bool:
    """True if ``x.reshape(shape)`` copies nothing."""
    if x.flags.c_contiguous:
        return True
    try:
        np.reshape(x, shape, copy=False)
    except ValueError:
        return False
    except TypeError:  # NumPy 2.0 cannot be asked
        return np.may_share_memory(x.reshape(shape), x)
    return True


def _needed_in_a_row(op: Any, row: str, layouts: list[Any]) -> list[int]:
    """The operands that NumPy would copy."""
    if op is DOT:
        return [k for k, x in enumerate(layouts) if not _is_view(x, (x.size,))]
    which = _IN_A_ROW[row]
    if which is None:
        is_product = row != "sum" or (op.params["axis"] == 0 and not op.params["keepdims"])  # np.dot makes it
        matrices = [k for k, x in enumerate(layouts) if x is not None and x.ndim == 2]
        is_product = is_product and (len(matrices) == len(layouts) or row == "linear")
        return [k for k in matrices if not layouts[k].flags.forc] if is_product else []
    x, is_basic = layouts[which], not row.endswith("_at") and not arrays_of(op.params["index"])
    return [] if x is None or x.flags.c_contiguous or is_basic else [which % len(layouts)]
