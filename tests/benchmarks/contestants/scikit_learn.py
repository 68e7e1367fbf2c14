"""scikit-learn's MLP: ``partial_fit`` on one batch is one step."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPClassifier

from tests.benchmarks.problems import Dense
from tests.benchmarks.run import RATE, Answer, Run, flat


def dense(problem: Dense) -> Run:
    x, y, classes = problem.x, problem.y, np.arange(problem.sizes[-1])
    model = MLPClassifier(
        problem.sizes[1:-1],
        solver="sgd",
        alpha=0.0,
        momentum=0.0,
        batch_size=len(x),
        learning_rate_init=RATE,
        shuffle=False,
    )
    model.partial_fit(x, y, classes=classes)  # makes the weights

    def arrays() -> list[np.ndarray]:
        return [array for pair in zip(model.coefs_, model.intercepts_, strict=True) for array in pair]

    def put(values: list[np.ndarray]) -> None:
        for array, value in zip(arrays(), values, strict=True):
            array[...] = value

    put([array.T for layer in problem.layers for array in layer])

    def step() -> None:
        model.partial_fit(x, y)

    def answer() -> Answer:
        """The step that it takes is its gradient times the rate; the weights are put back."""
        before = [array.copy() for array in arrays()]
        model.partial_fit(x, y)
        gradients = [((b - a) / RATE).T for b, a in zip(before, arrays(), strict=True)]
        put(before)
        return model.loss_, flat(gradients)

    return Run(step, answer)
