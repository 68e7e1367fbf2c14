"""micrograd's demo as its notebook has it, for any engine with micrograd's interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.benchmarks.problems import L2, Scalars
from tests.benchmarks.run import RATE, Answer, Run

Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


def scalar_moons(
    problem: Scalars, value: Any, model: Any, clear: Callable[[Any], None], wrapped: Wrapper = lambda loss: loss
) -> Run:
    """``clear`` forgets a parameter's gradient; ``wrapped`` may make another function of the loss, such as ``jit``."""
    parameters = list(model.parameters())
    for layer, (weight, bias) in zip(model.layers, problem.layers, strict=True):
        for neuron, row, b in zip(layer.neurons, weight.tolist(), bias.tolist(), strict=True):
            neuron.b.data = b
            for w, number in zip(neuron.w, row, strict=True):
                w.data = number

    @wrapped
    def loss_of(points: list[list[float]], labels: list[int]) -> Any:
        inputs = [list(map(value, row)) for row in points]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(labels, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        return data_loss + L2 * sum(p * p for p in parameters)

    def loss() -> Any:
        return loss_of(problem.points, problem.labels)

    def with_gradients() -> Any:
        total = loss()
        for p in parameters:
            clear(p)
        total.backward()
        return total

    def step() -> None:
        with_gradients()
        for p in parameters:
            p.data -= RATE * p.grad

    def answer() -> Answer:
        return with_gradients().data, [p.grad for p in parameters]

    return Run(step, answer, loss)
