"""The step differentiated by hand, in plain NumPy calls: how much of our time is NumPy's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.contestants.functional import functional, l2
from tests.benchmarks.problems import L2, Dense
from tests.benchmarks.run import Run


def dense(problem: Dense) -> Run:
    x, y = problem.x, problem.y

    def hinge(parameters: list[Any]) -> tuple[Any, list[Any]]:
        w1, b1, w2, b2, w3, b3 = parameters
        h1 = np.maximum(x @ w1.T + b1, 0)
        h2 = np.maximum(h1 @ w2.T + b2, 0)
        slack = np.maximum(1 - y * (h2 @ w3.T + b3), 0)
        loss = np.add.reduce(slack, axis=None) / len(x) + l2(parameters)
        g = -np.where(slack > 0, slack.dtype.type(1 / len(x)), 0) * y
        g2 = np.where(h2 > 0, g @ w3, 0)
        g1 = np.where(h1 > 0, g2 @ w2, 0)
        data = [g1.T @ x, g1.sum(0), g2.T @ h1, g2.sum(0), g.T @ h2, g.sum(0)]
        return loss, [d + 2 * L2 * p for d, p in zip(data, parameters, strict=True)]

    return functional(hinge, [array for layer in problem.layers for array in layer])
