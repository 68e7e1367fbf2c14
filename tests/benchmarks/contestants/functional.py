"""The loop of libraries that differentiate functions: a loss of a list of parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.benchmarks.problems import L2
from tests.benchmarks.run import RATE, Answer, Run, flat


def l2(parameters: list[Any]) -> Any:
    """The penalty of the moons."""
    return L2 * sum((p * p).sum() for p in parameters)


def functional(value_and_gradients: Callable[[list[Any]], tuple[Any, list[Any]]], parameters: list[Any]) -> Run:
    """Steps in place, on copies of the parameters."""
    parameters = [p.copy() for p in parameters]

    def step() -> None:
        for p, g in zip(parameters, value_and_gradients(parameters)[1], strict=True):
            p -= RATE * g

    def answer() -> Answer:
        loss, gradients = value_and_gradients(parameters)
        return float(loss), flat(gradients)

    return Run(step, answer)
