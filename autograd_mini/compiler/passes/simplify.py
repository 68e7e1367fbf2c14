"""Passes that make a program shorter and compute the same to the last bit: functions from program to program."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_mini.compiler.codegen.writing import ufunc_of
from autograd_mini.compiler.program import DETACH, Captured, Constant, Plain, Program, is_op
from autograd_mini.compiler.rows import row_of
from autograd_mini.ops.operation import Operation


def simplified(program: Program) -> Program:
    """All of these passes, one after the other."""
    for a_pass in (without_dead_code, with_constants_folded, without_repetitions, with_numbers_unspread):
        program = a_pass(program)
    return without_dead_code(program)


def without_dead_code(program: Program) -> Program:
    """Only what an output or a gradient is made of, arguments and parameters with gradients included."""
    needed = program.needed_for([*program.roots, *program.wanted])
    return program.renumbered([i for i in range(len(program)) if needed[i]])


def with_constants_folded(program: Program) -> Program:
    """What is computed of plain numbers alone is computed now; x * 1, x / 1 and x + (-0.0) are x.

    Arrays are left alone: the user may write other numbers into one that the function closes over.
    """
    ops, operands, likes = list(program.ops), list(program.operands), program.likes
    becomes = list(range(len(ops)))
    number: dict[int, Any] = {i: op.data for i, op in enumerate(ops) if _is_number(op)}
    for i, op in enumerate(ops):
        if not is_op(op):
            continue
        xs = operands[i] = tuple([becomes[x] for x in operands[i]])
        if op is DETACH:
            becomes[i] = xs[0]
            continue
        row = row_of(op)
        if row in _NEUTRAL:
            unchanged = _unchanged(row, xs, number)
            if unchanged is not None and likes[unchanged] == likes[i]:
                becomes[i] = unchanged
                continue
        if row in _NOTHING_TO_A_NUMBER and likes[i] is None and likes[xs[0]] is None:
            becomes[i] = xs[0]
            continue
        if row == "where" and xs[0] in number:
            taken = xs[1] if number[xs[0]] else xs[2]
            if likes[taken] == likes[i]:
                becomes[i] = taken
                continue
        if isinstance(op, Operation) and xs and all([x in number for x in xs]):
            if likes[i] is None:
                number[i] = float(op(*[float(number[x]) for x in xs]))
            elif ufunc_of(op) is not None:
                with np.errstate(all="ignore"):
                    number[i] = op.forward(*[number[x] for x in xs])
            else:
                continue
            ops[i], operands[i] = Constant(number[i]), ()
    folded = replace(program, ops=ops, operands=operands)
    return folded.renumbered(range(len(ops)), becomes)


_NOTHING_TO_A_NUMBER = {"sum", "mean", "max", "min", "broadcast_to", "reshape", "transpose"}
_NEUTRAL = {"mul": (0, 1, 1.0), "div": (1, 1, 1.0), "add": (0, 1, -0.0)}


def _is_number(op: Any) -> bool:
    return isinstance(op, Constant) and isinstance(op.data, float | bool | np.bool_ | np.floating)


def _unchanged(name: str, xs: tuple[int, ...], number: dict[int, Any]) -> int | None:
    """The operand that the op gives back as it is, if the other is 1, or for a sum -0.0."""
    first, last, neutral = _NEUTRAL[name]
    for one in range(first, last + 1):
        n = number.get(xs[one])
        if isinstance(n, float | np.floating) and n == neutral and math.copysign(1.0, n) == math.copysign(1.0, neutral):
            return xs[1 - one]
    return None


def with_numbers_unspread(program: Program) -> Program:
    """A number that is repeated into an array only to be multiplied or added is used as it is: NumPy repeats it."""
    operands, likes = list(program.operands), program.likes
    for i, op in enumerate(program.ops):
        like = likes[i]
        if len(operands[i]) == 2 and row_of(op) in ("add", "sub", "mul", "div") and like:
            operands[i] = tuple(
                [
                    _number_behind(program, x, like.dtype) if likes[other] == like else x
                    for x, other in zip(operands[i], reversed(operands[i]), strict=True)
                ]
            )
            if not any([program.shape(x) for x in operands[i]]):
                operands[i] = program.operands[i]  # both were: one has to stay
    return replace(program, operands=operands)


def _number_behind(program: Program, x: int, dtype: Any) -> int:
    """The number that ``x`` repeats: a Python float, or one without axes of its own ``dtype``; else ``x``.

    A float32 made of a float64 is no such number: beside float64 the float64 would be another.
    """
    behind, like = x, program.likes[x]
    while like and like.dtype == dtype and row_of(program.ops[behind]) in ("broadcast_to", "astype"):
        (behind,) = program.operands[behind]
        like = program.likes[behind]
    return behind if like in (None, ((), dtype)) else x


def without_repetitions(program: Program) -> Program:
    """Each thing computed once: of two lines with the same op and operands, the second is the first."""
    becomes: list[int] = []
    keep: list[int] = []
    seen: dict[Any, int] = {}
    for i, (op, xs) in enumerate(zip(program.ops, program.operands, strict=True)):
        xs = tuple([becomes[x] for x in xs])
        known = seen.setdefault((_identity(op), xs), i)
        becomes.append(known)
        if known == i:
            keep.append(i)
    return program.renumbered(keep, becomes)


def _identity(op: Any) -> Any:
    """What two equal lines have in common."""
    if isinstance(op, Constant):
        data = op.data
        return (data, math.copysign(1.0, data)) if data.__class__ is float and data == data else ("constant", id(data))
    if isinstance(op, Captured):
        return id(op.value)
    if isinstance(op, Plain):
        return op.name, id(op.forward)
    if isinstance(op, Operation):
        return id(op)  # a row with the same parameters is bound once
    return op
