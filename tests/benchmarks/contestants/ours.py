"""autograd_mini: eager, under ``jit`` with NumPy alone, and under ``jit`` with the extra ``fast``."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_mini as am
import nn
import optim
from autograd_mini.compiler import native
from tests.benchmarks.contestants.scalar_moons import scalar_moons
from tests.benchmarks.problems import L2, Chain, Convolutional, Dense, Recurrent, Scalars
from tests.benchmarks.run import RATE, Answer, Run, Unavailable, trained

F32 = np.dtype(np.float32)


def _wrapped(mode: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What a mode of the catalogue makes of a loss."""
    if mode == "eager":
        return lambda loss: loss
    if mode == "fast":
        if not native.is_installed():
            raise Unavailable("the extra 'fast' is not installed (pip install -e '.[bench]')")
        return am.jit
    sys.modules["numba"] = None  # type: ignore[assignment]  # as if the extra were not installed: NumPy alone
    return am.jit if mode == "jit" else lambda loss: lambda *args: am.jit(loss)(*args)  # "first": traced at each call


def scalars(problem: Scalars, mode: str = "eager") -> Run:
    model = nn.scalar.MLP(problem.sizes[0], problem.sizes[1:])
    if mode == "eager":
        return scalar_moons(problem, am.Value, model, am.Value.zero_grad)
    # the samples are arguments as they are, not Values
    return scalar_moons(problem, lambda number: number, model, am.Value.zero_grad, _wrapped(mode))


def dense(problem: Dense, mode: str = "eager") -> Run:
    model = nn.MLP(problem.sizes[0], problem.sizes[1:], dtype=problem.x.dtype)

    def hinge(x: Any, y: Any) -> Any:
        return am.relu(1 - y * model(x)).mean() + L2 * sum((p * p).sum() for p in parameters)

    def cross_entropy(x: Any, y: Any) -> Any:
        return nn.cross_entropy(model(x), y)

    parameters = _loaded(model, [array for layer in problem.layers for array in layer])
    loss = _wrapped(mode)(hinge if problem.loss == "hinge" else cross_entropy)
    return trained(lambda: loss(problem.x, problem.y), optim.SGD(parameters, lr=RATE), parameters)


def recurrent(problem: Recurrent, mode: str = "eager") -> Run:
    hidden, inputs = problem.weights[0].shape
    cells, head = nn.RNN(inputs, hidden, dtype=F32), nn.Linear(hidden, 1, dtype=F32)
    parameters = _loaded(cells, problem.weights[:4]) + _loaded(head, problem.weights[4:])

    @_wrapped(mode)
    def loss(x: Any, y: Any) -> Any:
        _, last = cells(x)
        return nn.mse_loss(head(last[0]), y)

    return trained(lambda: loss(problem.x, problem.y), optim.SGD(parameters, lr=RATE), parameters)


def convolutional(problem: Convolutional, mode: str = "eager") -> Run:
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, dtype=F32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1, dtype=F32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10, dtype=F32),
    )
    parameters = _loaded(model, problem.weights)

    @_wrapped(mode)
    def loss(x: Any, y: Any) -> Any:
        return nn.cross_entropy(model(x), y)

    return trained(lambda: loss(problem.x, problem.y), optim.SGD(parameters, lr=RATE), parameters)


def chain(problem: Chain, collector: bool = True) -> Run:
    """``collector=False``, Python's garbage collector off, shows how much of the time is the collector's."""
    if not collector:
        gc.disable()
    x = am.Value(1.0)

    def loss() -> Any:
        total = x
        for _ in range(problem.adds):
            total = total + x
        return total

    def answer() -> Answer:
        x.zero_grad()
        total = loss()
        total.backward()
        return total.data, [x.grad]

    return Run(lambda: loss().backward(), answer, loss)


def _loaded(model: Any, arrays: list[Any]) -> list[Any]:
    """The model's parameters, with these numbers."""
    parameters = list(model.parameters())
    for p, array in zip(parameters, arrays, strict=True):
        p.data = array.copy()
    return parameters
