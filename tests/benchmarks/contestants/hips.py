"""HIPS autograd: functions written in its copy of NumPy."""

from __future__ import annotations

from typing import Any

from autograd import numpy as anp
from autograd import value_and_grad
from autograd.scipy.special import logsumexp

from tests.benchmarks.contestants.functional import functional, l2
from tests.benchmarks.problems import Dense, Recurrent
from tests.benchmarks.run import Run


def dense(problem: Dense) -> Run:
    x, y = problem.x, problem.y

    def loss(parameters: list[Any]) -> Any:
        h = x
        for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            h = anp.maximum(h @ w.T + b, 0)
        h = h @ parameters[-2].T + parameters[-1]
        if problem.loss == "hinge":
            return anp.mean(anp.maximum(1 - y * h, 0)) + l2(parameters)
        return anp.mean(logsumexp(h, axis=1) - h[anp.arange(len(y)), y])

    return functional(value_and_grad(loss), [array for layer in problem.layers for array in layer])


def recurrent(problem: Recurrent) -> Run:
    def loss(parameters: list[Any]) -> Any:
        w, w_state, b, b_state, w_head, b_head = parameters
        h = anp.zeros((problem.x.shape[1], len(b)), problem.x.dtype)
        for x in problem.x:
            h = anp.tanh(x @ w.T + b + h @ w_state.T + b_state)
        return anp.mean((h @ w_head.T + b_head - problem.y) ** 2)

    return functional(value_and_grad(loss), problem.weights)
