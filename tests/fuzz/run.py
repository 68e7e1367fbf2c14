"""Judges the programs of many seeds, and writes those that fail, shrunk, as Python that runs."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.fuzz.calls import OF_OP
from tests.fuzz.judge import Difference, Undefined, difference
from tests.fuzz.programs import Program, program_of
from tests.fuzz.shrink import shrunk


@dataclass
class Tally:
    """What ran: how often each op, the programs without an answer by why, and the reports of those that fail."""

    programs: int = 0
    ops: Counter[str] = field(default_factory=Counter)
    undefined: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        self.programs += other.programs
        self.ops += other.ops
        self.undefined += other.undefined
        self.failures |= other.failures


def fuzzed(seeds: Iterable[int]) -> Tally:
    """The tally of the programs of these seeds. Every second one is differentiated twice, every eighth run by numba."""
    tally = Tally()
    names = list(OF_OP)
    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):  # PyTorch's, and those of odd numbers
        for seed in seeds:
            tally.programs += 1
            try:
                program = program_of(seed, names[seed % len(names)])
            except (np.linalg.LinAlgError, ZeroDivisionError) as error:
                tally.undefined[_first_line(error)] += 1
                continue
            tally.ops.update(program.ops)
            found = judged(program, seed)
            if isinstance(found, Undefined):
                tally.undefined[_first_line(found)] += 1
            elif found is not None:
                tally.failures[seed] = report(program, seed, found)
    return tally


def judged(program: Program, seed: int) -> Difference | Exception | None:
    """What is wrong with a program: a difference or an error; ``Undefined`` is none."""
    try:
        return difference(program, second=seed % 2 == 0, on_numba=seed % 8 == 0)
    except Exception as error:
        return error


def report(program: Program, seed: int, found: Any) -> str:
    """The shrunk program as Python, and what it shows."""

    def fails_alike(smaller: Program) -> bool:
        other = judged(smaller, seed)
        if isinstance(found, Difference):
            return isinstance(other, Difference) and (other.ways, other.kind) == (found.ways, found.kind)
        return type(other) is type(found)

    small = shrunk(program, fails_alike)
    words = str(judged(small, seed)).replace("\n", "\n# ")
    return f"# seed {seed}, a program of {program.kind} numbers\n# {words}\n{small}\n"


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0][:100]
