"""The ratios of a race as a table on the screen: how many times our time each peer takes."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from tests.benchmarks.catalogue import AIMS, Aim
from tests.benchmarks.race import Race, Seconds


@dataclass(frozen=True)
class Ratio:
    """Smallest, median and largest over the rounds; each round gives one ratio."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, theirs: list[float], ours: list[float]) -> Ratio:
        """Their time by ours, round by round."""
        numbers = [their / our for their, our in zip(theirs, ours, strict=True)]
        return cls(min(numbers), statistics.median(numbers), max(numbers))

    def __str__(self) -> str:
        return f"{short(self.median)} ({short(self.least)}-{short(self.most)})"


def short(number: float) -> str:
    """Two or three digits that matter: 0.034, 0.35, 1.62, 12.4, 987."""
    return f"{number:,.0f}" if number >= 99.95 else f"{number:.3g}" if number >= 0.0995 else f"{number:.2g}"


def aims_of(race: Race) -> list[Aim]:
    """What is aimed at in this race."""
    return [aim for aim in AIMS if any(aim.workload == c.workload and aim.ours == c.label for c in race.ours)]


def verdicts(race: Race, seconds: Seconds) -> list[tuple[Aim, Ratio]]:
    """What was aimed at and what came out, where both contestants took part."""
    return [
        (aim, Ratio.of(seconds[aim.peer], seconds[aim.ours]))
        for aim in aims_of(race)
        if aim.peer in seconds and aim.ours in seconds
    ]


def text(race: Race, seconds: Seconds) -> str:
    """A row a peer, a column for each of ours, then the aims."""
    ours = [c for c in race.ours if c.label in seconds]
    peers = [label for label in seconds if all(label != c.label for c in ours)]
    rows = [["", "ms a step", *[f"x {c.label}" for c in ours]]]
    rows += [[label, milliseconds(seconds[label])] for label in [c.label for c in ours]]
    rows += [
        [peer, milliseconds(seconds[peer]), *[str(Ratio.of(seconds[peer], seconds[c.label])) for c in ours]]
        for peer in peers
    ]
    lines = [
        "   " + "".join(f"{cell:24}" if i else f"{cell:20}" for i, cell in enumerate(row)).rstrip() for row in rows
    ]
    for aim, ratio in verdicts(race, seconds):
        verdict = "reached" if ratio.median >= aim.ratio else "MISSED"
        lines.append(
            f"   {aim.workload} {aim.ours}: {short(ratio.median)}x {aim.peer}, aim {short(aim.ratio)}x, {verdict}"
        )
    return "\n".join(lines)


def milliseconds(numbers: list[float]) -> str:
    """Median, smallest and largest."""
    return str(Ratio.of([s * 1e3 for s in numbers], [1.0] * len(numbers)))
