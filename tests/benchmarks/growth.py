"""How a step's time grows with the size of the problem: the numbers behind the pictures."""

from __future__ import annotations

from tests.benchmarks.agreement import check_agreement
from tests.benchmarks.catalogue import Curve
from tests.benchmarks.contest import contest
from tests.benchmarks.race import Pace, steps_in_a_slice

TOLERANCE = 1e-3  # relative, in float32 on as many as 10,000 samples


def grow(curve: Curve, pace: Pace) -> dict[str, dict[str, float]]:
    """The least seconds a step of everybody over the rounds, by label and then by size, each size in turn."""
    found: dict[str, dict[str, float]] = {}
    with contest(curve.contestants, curve.problem, {curve.setting: curve.sizes[0]}) as running:
        for size in curve.sizes:
            for process in running.values():
                process.build(curve.problem, {curve.setting: size})
            answers = {label: process.ask("answer") for label, process in running.items()}
            check_agreement(f"{curve.name} {size}", answers, TOLERANCE)
            for process in running.values():
                process.ask("time", 2)  # the first steps compile, and would make a slice of one cold step
            steps = {label: steps_in_a_slice(process, pace) for label, process in running.items()}
            seconds: dict[str, list[float]] = {label: [] for label in running}
            for _ in range(pace.rounds):
                for label, process in running.items():
                    seconds[label].append(process.ask("time", steps[label]))
            for label, numbers in seconds.items():
                found.setdefault(label, {})[str(size)] = min(numbers)
    return found
