"""MyGrad: tensors that work with NumPy's functions, first derivatives only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mygrad as mg

from tests.benchmarks.contestants.functional import l2
from tests.benchmarks.problems import Dense, Recurrent
from tests.benchmarks.run import RATE, Answer, Run, flat


def dense(problem: Dense) -> Run:
    layers = [(mg.tensor(w), mg.tensor(b)) for w, b in problem.layers]
    parameters = [p for layer in layers for p in layer]

    def loss() -> Any:
        h: Any = problem.x
        for w, b in layers[:-1]:
            h = mg.nnet.relu(mg.matmul(h, w.T) + b)
        w, b = layers[-1]
        h = mg.matmul(h, w.T) + b
        if problem.loss == "hinge":
            return mg.mean(mg.nnet.relu(1 - problem.y * h)) + l2(parameters)
        return mg.nnet.softmax_crossentropy(h, problem.y)

    return _run(loss, parameters)


def recurrent(problem: Recurrent) -> Run:
    parameters = list(map(mg.tensor, problem.weights))
    w, w_state, b, b_state, w_head, b_head = parameters

    def loss() -> Any:
        h: Any = mg.zeros((problem.x.shape[1], len(b.data)), dtype=problem.x.dtype)
        for x in problem.x:
            h = mg.tanh(mg.matmul(x, w.T) + b + mg.matmul(h, w_state.T) + b_state)
        return mg.mean((mg.matmul(h, w_head.T) + b_head - problem.y) ** 2)

    return _run(loss, parameters)


def _run(loss: Callable[[], Any], parameters: list[Any]) -> Run:
    def step() -> None:
        loss().backward()
        for p in parameters:
            p.data -= RATE * p.grad

    def answer() -> Answer:
        total = loss()
        total.backward()
        return float(total.data), flat(p.grad for p in parameters)

    return Run(step, answer)
