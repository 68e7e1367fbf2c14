"""Bytes instead of seconds: what a graph holds, and what a replay allocates for a while."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.catalogue import EAGER, FAST, MICROGRAD, NUMPY, ours
from tests.benchmarks.contest import contest
from tests.benchmarks.problems import nodes

BATCHES = [100, 1000, 10_000]


def of_a_node() -> dict[str, list[float]]:
    """M1: bytes a node of the scalar graph, after the forward pass and with gradients, by label."""
    with contest([ours(EAGER, "M1"), MICROGRAD], "scalar_moons", {}) as running:
        return {label: [bytes_ / nodes(100) for bytes_ in process.ask("held")] for label, process in running.items()}


def of_a_step() -> dict[str, dict[str, int]]:
    """M2: bytes that a step of the tensor problem allocates for a while, by label and then by batch size."""
    found: dict[str, dict[str, Any]] = {}
    contestants = [ours(label, "M2") for label in (EAGER, NUMPY, FAST)]
    with contest(contestants, "tensor_moons", {}) as running:
        for label, process in running.items():
            for batch in BATCHES:
                process.build("tensor_moons", {"samples": batch})
                found.setdefault(label, {})[str(batch)] = process.ask("peak")
    return found
