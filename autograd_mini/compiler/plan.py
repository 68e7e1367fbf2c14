"""The plan of memory: which lines compute into an array that stays, and which of them share one.

An array is free again after the last line that reads it, or reads a view of it. Element by element an op may then
write over its own operand; not where it reads a view of it, perhaps in another order. What forward leaves for backward
is never written over, since backward may run twice. A line that several backwards compute has an array to itself: it
cannot suit the free ones of each.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import numpy as np

from autograd_mini.compiler.program import Program

LINE = 64  # bytes that a cache takes at once

Plan = dict[int, str]  # the name of the array that a line computes into


def planned(
    program: Program,
    parts: list[list[int]],
    kept: Iterable[int],
    writes: Callable[[int], str | None],
) -> tuple[Plan, dict[str, Any]]:
    """The plan, and shape and dtype of each array in it.

    ``parts`` has the lines of forward and those of each backward. ``kept`` live to the end. ``writes(i)`` says how line
    i treats memory: "elementwise" or "whole" if it can compute into an array, "own" if it makes a new one, None if its
    result may be a view.
    """
    owners = _owners(program, parts, writes)
    forever = {owner for i in kept for owner in owners[i]}
    forever |= {i for i, uses in Counter(chain(*parts)).items() if uses > 1}
    plan: Plan = {}
    arrays: dict[str, Any] = {}
    for part in parts:
        last: dict[int, int] = {}
        for place, i in enumerate(part):
            for x in (*program.operands[i], i):
                for owner in owners[x]:
                    last[owner] = place
        mine = set(part) - forever
        free: dict[Any, list[str]] = defaultdict(list)
        ends: dict[int, list[int]] = defaultdict(list)
        for owner, place in last.items():
            if owner in mine:
                ends[place].append(owner)
        for place, i in enumerate(part):
            how = writes(i)
            released = [owner for owner in ends[place] if owner in plan and owner != i]
            if how == "elementwise":
                in_place = [owner for owner in released if _is_itself(owner, program.operands[i], owners)]
                released = [owner for owner in released if owner not in in_place]
                _release(free, arrays, [plan[owner] for owner in in_place])
            if how in ("elementwise", "whole"):
                like = program.likes[i]
                available = free[like] if i in mine else []
                plan[i] = available.pop() if available else f"b{i}"
                arrays[plan[i]] = like
            _release(free, arrays, [plan[owner] for owner in released])
            if i in ends[place] and i in plan and last[i] == place:
                _release(free, arrays, [plan[i]])
    return plan, arrays


def _is_itself(owner: int, operands: tuple[int, ...], owners: dict[int, frozenset[int]]) -> bool:
    """True for an operand of which no other is a view: NumPy would copy a view before it writes over its array."""
    return owner in operands and not any([owner in owners[x] for x in operands if x != owner])


def _release(free: dict[Any, list[str]], arrays: dict[str, Any], names: list[str]) -> None:
    for name in names:
        free[arrays[name]].append(name)


def _owners(program: Program, parts: list[list[int]], writes: Callable[[int], str | None]) -> dict[int, frozenset[int]]:
    """The lines whose memory each value may lie in: itself, or for a possible view those of its operands."""
    owners: dict[int, frozenset[int]] = {i: frozenset() for i in range(len(program))}
    for part in parts:
        for i in part:
            if writes(i) is not None:
                owners[i] = frozenset([i])
            elif program.likes[i] is not None:
                owners[i] = frozenset().union(*[owners[x] for x in program.operands[i]])
    return owners


def aligned(shape: tuple[int, ...], dtype: Any) -> Any:
    """An array that begins with a line of the cache, which is read and written faster than from one line to the next.

    Its numbers are whatever was there, as of ``np.empty``.
    """
    size = math.prod(shape) * dtype.itemsize
    room = np.empty(size + LINE, "B")
    start = -room.ctypes.data % LINE
    return room[start : start + size].view(dtype).reshape(shape)
