"""micrograd: the scalar problem, and chains as long as its recursion allows."""

from __future__ import annotations

from micrograd.engine import Value
from micrograd.nn import MLP

from tests.benchmarks.contestants.scalar_moons import scalar_moons
from tests.benchmarks.problems import Scalars
from tests.benchmarks.run import Run


def scalars(problem: Scalars) -> Run:
    return scalar_moons(problem, Value, MLP(problem.sizes[0], problem.sizes[1:]), _clear)


def _clear(parameter: Value) -> None:
    parameter.grad = 0
