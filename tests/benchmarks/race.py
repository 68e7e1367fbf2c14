"""A race: everybody's step, timed in turn, round by round, so that a busy moment of the machine slows all down."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from tests.benchmarks.agreement import check_agreement
from tests.benchmarks.contest import Contestant, Process, contest

Seconds = dict[str, list[float]]  # label -> seconds a step, one for each round


@dataclass(frozen=True)
class Pace:
    """How long a race takes: more rounds and longer slices make steadier numbers."""

    rounds: int = 9
    slice: float = 0.1  # seconds that one contestant has in a round, if a step is not longer
    patience: float = 20.0  # seconds after which no round begins, but for the first three


@dataclass(frozen=True)
class Race:
    """One problem and all who can do it; ours come first, and the first of them is whom the others must agree with."""

    name: str
    title: str
    problem: str
    contestants: list[Contestant]
    settings: dict[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-9  # relative, of the loss and of the largest gradient
    learns: bool = True  # a step changes the parameters

    @property
    def ours(self) -> list[Contestant]:
        """What we do here, each with the design's name for it."""
        return [c for c in self.contestants if c.workload]

    def only(self, wanted: set[str]) -> Race | None:
        """The race without those of ours that are not wanted; None without any of ours."""
        left = [c for c in self.contestants if not c.workload or c.workload in wanted]
        return replace(self, contestants=left) if any(c.workload for c in left) else None


def run(race: Race, pace: Pace) -> Seconds:
    """Agreement first, then the rounds."""
    with contest(race.contestants, race.problem, race.settings) as running:
        if not any(c.label in running for c in race.ours):
            return {}
        agree(race, running)
        steps = {label: steps_in_a_slice(process, pace) for label, process in running.items()}
        seconds: Seconds = {label: [] for label in running}
        start = time.perf_counter()
        for i in range(pace.rounds):
            if i >= 3 and time.perf_counter() - start > pace.patience:
                break
            for label, process in running.items():
                seconds[label].append(process.ask("time", steps[label]))
    return seconds


def agree(race: Race, running: dict[str, Process]) -> None:
    """Everybody's answer at the start, and again after two steps: who has frozen a parameter differs then."""
    check_agreement(race.name, {label: p.ask("answer") for label, p in running.items()}, race.tolerance)
    if race.learns:
        for process in running.values():
            process.ask("time", 2)
        check_agreement(race.name, {label: p.ask("answer") for label, p in running.items()}, race.tolerance)


def steps_in_a_slice(process: Process, pace: Pace) -> int:
    """So many that a slice is full, by the quicker of two tries; the first of them warms up."""
    once: float = process.ask("time", 1)
    if once < pace.slice:
        once = min(once, process.ask("time", 1))
    return max(1, round(pace.slice / once))
