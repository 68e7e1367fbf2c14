"""Small arrays side by side: what is done to each of several is done once to all of them in a row.

A call of NumPy on a small array takes as long as one on a row of several. It is the end of an optimizer's step that
gains by it, a few lines for each parameter. PyTorch: ``foreach``. Its results are equal to the last bit; squares are
added up in another order, within a relative error of 1e-12 in float64 and 1e-6 in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd_mini import ops as table
from autograd_mini.compiler.passes.rewrite import Rewrite
from autograd_mini.compiler.passes.simplify import without_dead_code, without_repetitions
from autograd_mini.compiler.program import DOT, SIDE_BY_SIDE, Form, Part, Program
from autograd_mini.compiler.rows import row_of

SMALL = 4096  # elements, of which an op takes about twice as long as a call of NumPy
# Of these an element is the same to the last bit wherever it lies.
_EXACT = ("add", "sub", "mul", "div", "neg", "sqrt", "pow", "abs", "maximum", "minimum")


def side_by_side(program: Program) -> Program:
    """Both passes, one after the other."""
    program = with_updates_side_by_side(with_dots_side_by_side(program))
    return without_dead_code(without_repetitions(program))


# ---------------------------------------------------------------- sums of dots


def with_dots_side_by_side(program: Program) -> Program:
    """``vdot(a, a) + vdot(b, b) + ...`` is one vdot of all of them in a row: the penalty of all parameters."""
    sums = _sums_of_dots(program)
    new = Rewrite(program)
    for i in range(len(program)):
        if i not in sums:
            new.keep(i)
            continue
        dots, others = sums[i]
        row = _row_of([program.likes[program.operands[x][0]] for x in dots])
        left, right = [tuple([new.operands(x)[k] for x in dots]) for k in (0, 1)]
        of_left = new.line(SIDE_BY_SIDE, left, row)
        of_right = of_left if left == right else new.line(SIDE_BY_SIDE, right, row)
        total = new.line(DOT, (of_left, of_right), program.likes[i])
        for x in others:
            total = new.line(table.add, (total, new.becomes[x]), program.likes[i])
        new.becomes[i] = total
    return new.program()


def _sums_of_dots(program: Program) -> dict[int, tuple[list[int], list[int]]]:
    """The dots of each sum of several, and what else is added, by its last addition."""
    likes, uses = program.likes, program.uses
    found = {}
    inside: set[int] = set()
    for i in reversed(range(len(program))):
        if program.ops[i] is not table.add or program.shape(i) != () or i in inside:
            continue
        dots, others, todo = list[int](), list[int](), list(program.operands[i])
        while todo:
            x = todo.pop()
            is_part = uses[x] == 1 and likes[x] == likes[i]
            if is_part and program.ops[x] is table.add:
                inside.add(x)
                todo += program.operands[x]
            elif is_part and program.ops[x] is DOT and _is_small(likes[program.operands[x][0]]):
                dots.insert(0, x)
            else:
                others.append(x)
        dtypes = {likes[program.operands[x][0]].dtype for x in dots}  # type: ignore[union-attr]  # an array's
        if len(dots) > 1 and len(dtypes) == 1:
            found[i] = dots, others
    return found


# ---------------------------------------------------------------- updates


def with_updates_side_by_side(program: Program) -> Program:
    """The last lines of a program, if the same ones stand there for several arrays: once for all of them in a row.

    They are the lines that only others of them use, element by element, or the caller: so none is needed before the
    end. Left alone where it takes more copies than it saves calls.
    """
    last = _last_lines(program)
    groups = [members for members in _alike(program, last).values() if len(members) > 1]
    if not _is_worth_its_copies(program, groups, last):
        return program
    new = Rewrite(program)
    for i in range(len(program)):
        if i not in last:
            new.keep(i)
    rows: dict[tuple[int, ...], int] = {}  # the line of each, by the arrays in it
    for members in _operands_first(program, groups, last):
        if len(members) == 1:
            new.keep(members[0])
            continue
        row = _row_of([program.likes[i] for i in members])
        xs = []
        for column in zip(*[program.operands[i] for i in members], strict=True):
            if _is_number(program, column[0]):
                xs.append(new.becomes[column[0]])
                continue
            if column not in rows:
                rows[column] = new.line(SIDE_BY_SIDE, [new.becomes[x] for x in column], row)
            xs.append(rows[column])
        rows[tuple(members)] = whole = new.line(program.ops[members[0]], xs, row)
        start = 0
        for i in members:
            shape = program.shape(i)
            new.becomes[i] = new.line(Part(start, shape), (whole,), program.likes[i])
            start += math.prod(shape)
    return new.program()


def _last_lines(program: Program) -> set[int]:
    """The lines on small arrays, element by element, that nobody uses but others of them."""
    inner = set()
    used_otherwise = bytearray(len(program))
    for i in reversed(range(len(program))):
        xs, like = program.operands[i], program.likes[i]
        arrays = [x for x in xs if not _is_number(program, x)]
        is_pointwise = row_of(program.ops[i]) in _EXACT and _is_small(like)
        if is_pointwise and not used_otherwise[i] and arrays and all([program.likes[x] == like for x in arrays]):
            inner.add(i)
        else:
            for x in xs:
                used_otherwise[x] = 1
    return inner


def _is_worth_its_copies(program: Program, groups: list[list[int]], last: set[int]) -> bool:
    grouped = {i for members in groups for i in members}
    read = {x for i in grouped for x in program.operands[i]} - last
    copies = [x for x in read if not _is_number(program, x)]
    given = grouped & set(program.roots)
    saved = len(grouped) - len(groups)
    return 2 * saved > len(copies) + len(given)  # a copy takes half as long as a call


def _operands_first(program: Program, groups: list[list[int]], last: set[int]) -> list[list[int]]:
    """The groups, and each of the other last lines as a group of one."""
    depth: dict[int, int] = {}
    for i in sorted(last):
        depth[i] = 1 + max([depth.get(x, 0) for x in program.operands[i]])
    alone = last.difference(*groups)
    return sorted([*groups, *[[i] for i in alone]], key=lambda members: (depth[members[0]], members))


def _alike(program: Program, last: set[int]) -> dict[Any, list[int]]:
    """The lines that do the same with other arrays, by what they do."""
    forward = program.needed_for(program.outputs)
    backwards = [program.needed_for([g for g in gradients if g is not None]) for gradients in program.gradients]
    does: dict[int, Any] = {}
    numbered: dict[Any, int] = {}
    alike: dict[Any, list[int]] = {}
    for i in sorted(last):
        when = forward[i] or tuple([needed[i] for needed in backwards])
        xs = [x if _is_number(program, x) else (does.get(x),) for x in program.operands[i]]
        what = (row_of(program.ops[i]), program.likes[i].dtype, when, *xs)  # type: ignore[union-attr]  # an array's
        does[i] = numbered.setdefault(what, len(numbered))
        alike.setdefault(does[i], []).append(i)
    return alike


def _is_small(like: Any) -> bool:
    return like is not None and like.shape != () and like.dtype.char in "fd" and 0 < math.prod(like.shape) <= SMALL


def _is_number(program: Program, x: int) -> bool:
    return program.shape(x) == ()


def _row_of(likes: list[Any]) -> Any:
    """Shape and dtype of these arrays in a row."""
    return Form((sum([math.prod(like.shape) for like in likes]),), likes[0].dtype)


# ---------------------------------------------------------------- memory


def computed_in_place(
    program: Program, parts: list[list[int]], writes: Callable[[int], str | None]
) -> dict[int, tuple[int, Part]]:
    """The lines that can compute right where a row has room for them: that row's line, and which part of it."""
    found = {}
    for part in parts:
        here = set(part)  # where no inputs are
        for i in part:
            start = 0
            for x in program.operands[i] if program.ops[i] is SIDE_BY_SIDE else ():
                shape = program.shape(x)
                if x in here and writes(x) in ("elementwise", "whole"):
                    found[x] = i, Part(start, shape)
                start += math.prod(shape)
    return found
