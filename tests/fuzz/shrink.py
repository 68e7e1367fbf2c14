"""Makes a failing program smaller, as long as it fails in the same way: fewer steps, plainer leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tests.fuzz.programs import Leaf, Program, Step


def shrunk(program: Program, fails: Callable[[Program], bool]) -> Program:
    """The smallest program found that ``fails``; greedy, from the largest cuts to the smallest."""
    found = True
    while found:
        found = False
        for smaller in _smaller(program):
            if fails(smaller):
                program, found = smaller, True
                break
    return program


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
            yield replace(program, leaves=[*program.leaves[:i], plainer, *program.leaves[i + 1 :]])


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
        yield Leaf(np.array(leaf.data, order="C"))
    x: Any = np.asarray(leaf.numbers)
    plainer = [np.ones_like(x), np.round(x, 1)]
    if 1 < x.size <= 12:
        for at in np.ndindex(x.shape):
            if x[at] != 1.0:
                plainer.append(x.copy())
                plainer[-1][at] = 1.0
    for numbers in plainer:
        if not np.array_equal(numbers, x, equal_nan=True):
            yield replace(leaf, numbers=float(numbers) if isinstance(leaf.numbers, float) else numbers)
