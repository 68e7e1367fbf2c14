"""Makes a failing program smaller, as long as it fails in the same way: fewer steps, plainer leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tests.fuzz.programs import FEW, LONG, Leaf, Program, Step


def shrunk(program: Program, fails: Callable[[Program], bool]) -> Program:
    """The smallest program found that ``fails``; greedy, from the largest cuts to the smallest.

    What can be written down in a few lines is not given up for what cannot.
    """
    found = True
    while found:
        found = False
        for smaller in _smaller(program):
            if fails(smaller):
                if _count_of_long(smaller) > _count_of_long(program):
                    smaller = _with_ones(smaller, fails)
                if _count_of_long(smaller) <= _count_of_long(program):
                    program, found = smaller, True
                    break
    return _with_ones(program, fails)


def _count_of_long(program: Program) -> int:
    """How many leaves cannot be written down: they are neither short nor what the seed made."""
    return sum(not leaf.is_short and not leaf.origin for leaf in program.leaves)


def _with_ones(program: Program, fails: Callable[[Program], bool]) -> Program:
    """The program with ones wherever it still fails: half of the other numbers at once, else a quarter, and so on.

    This is delta debugging (Zeller and Hildebrandt 2002). Leaves that stay long are left as they were.
    """
    for i, leaf in enumerate(program.leaves):
        parts, best = 1, program
        while not isinstance(leaf.numbers, float):
            array = best.leaves[i].numbers
            others = np.flatnonzero(array != 1)
            for part in np.array_split(others, parts):
                ones = array.copy()
                ones.flat[part] = 1
                smaller = _with_leaf(best, i, replace(leaf, numbers=ones, origin=""))
                if len(part) and fails(smaller):
                    best = smaller
                    break
            else:
                if parts >= min(FEW, len(others)):
                    break
                parts *= 2
        if best.leaves[i].is_short:
            program = best
    return program


def _with_leaf(program: Program, i: int, leaf: Leaf) -> Program:
    return replace(program, leaves=[*program.leaves[:i], leaf, *program.leaves[i + 1 :]])


def _smaller(program: Program) -> Iterator[Program]:
    n = len(program.leaves)
    with np.errstate(all="ignore"):
        results = program.run([leaf.data for leaf in program.leaves])
    for i in range(n, n + len(program.steps)):  # what leads to one result alone
        if program.sinks != [i]:
            yield without_unused(replace(program, steps=program.steps[: i - n + 1]), i)
    for i in range(n, n + len(program.steps) - 1):  # a step becomes a leaf
        data = results[i]
        leaf = Leaf(data if isinstance(data, float) else np.array(data))
        yield without_unused(_put(program, i, leaf), len(results))
    for i, leaf in enumerate(program.leaves):
        for plainer in _plainer(leaf):
            yield _with_leaf(program, i, plainer)


def _put(program: Program, i: int, leaf: Leaf) -> Program:
    """The program with one more leaf, which stands wherever result ``i`` stood; the last result keeps its place."""
    n = len(program.leaves)

    def moved(j: int) -> int:
        return n if j == i else j + (j >= n)

    steps = [Step(step.call, tuple(map(moved, step.operands))) for step in program.steps]
    return replace(program, leaves=[*program.leaves, leaf], steps=steps)


def without_unused(program: Program, sink: int) -> Program:
    """The leaves and steps that result ``sink`` is made of, and no others."""
    n = len(program.leaves)
    needed, stack = set(), [sink]
    while stack:
        i = stack.pop()
        if i not in needed:
            needed.add(i)
            stack += program.steps[i - n].operands if i >= n else ()
    kept = sorted(needed)
    place = {i: k for k, i in enumerate(kept)}
    steps = [
        Step(program.steps[i - n].call, tuple(place[j] for j in program.steps[i - n].operands)) for i in kept if i >= n
    ]
    return replace(program, leaves=[program.leaves[i] for i in kept if i < n], steps=steps)


def _plainer(leaf: Leaf) -> Iterator[Leaf]:
    """The leaf with numbers that are shorter to write."""
    if leaf.layout != "C":
        yield replace(leaf, layout="C")
    x: Any = np.asarray(leaf.numbers)
    for numbers in [np.ones_like(x), *([np.asarray(np.round(x, 1))] if x.size <= LONG else [])]:
        if not np.array_equal(numbers, x, equal_nan=True):
            yield replace(leaf, numbers=float(numbers) if isinstance(leaf.numbers, float) else numbers, origin="")
