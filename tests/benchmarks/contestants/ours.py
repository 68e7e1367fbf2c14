"""autograd_mini: eager, and under ``jit`` the loss or the whole step, with NumPy alone or with the extra ``fast``."""

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
from tests.benchmarks.run import RATE, Answer, Run, Unavailable, stepped, trained

F32 = np.dtype(np.float32)


def _wrapped(mode: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What a mode of the catalogue makes of a loss, or of a step."""
    if mode == "eager":
        return lambda loss: loss
    if mode in ("fast", "fast step"):
        if not native.is_installed():
            raise Unavailable("the extra 'fast' is not installed (pip install -e '.[bench]')")
        return am.jit
    sys.modules["numba"] = None  # type: ignore[assignment]  # as if the extra were not installed: NumPy alone
    return am.jit if mode != "first" else lambda loss: lambda *args: am.jit(loss)(*args)  # traced at each call


def _run(mode: str, loss: Callable[..., Any], data: tuple[Any, ...], parameters: list[Any]) -> Run:
    """Training as the mode has it."""
    sgd = optim.SGD(parameters, lr=RATE)
    if not mode.endswith("step"):
        wrapped = _wrapped(mode)(loss)
        return trained(lambda: wrapped(*data), sgd, parameters)

    @_wrapped(mode)
    def step(*data: Any) -> Any:
        total = loss(*data)
        total.backward()
        sgd.step()
        sgd.zero_grad()
        return total

    return stepped(lambda: step(*data), parameters)


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
    return _run(mode, hinge if problem.loss == "hinge" else cross_entropy, (problem.x, problem.y), parameters)


def recurrent(problem: Recurrent, mode: str = "eager") -> Run:
    hidden, inputs = problem.weights[0].shape
    cells, head = nn.RNN(inputs, hidden, dtype=F32), nn.Linear(hidden, 1, dtype=F32)
    parameters = _loaded(cells, problem.weights[:4]) + _loaded(head, problem.weights[4:])

    def loss(x: Any, y: Any) -> Any:
        _, last = cells(x)
        return nn.mse_loss(head(last[0]), y)

    return _run(mode, loss, (problem.x, problem.y), parameters)


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

    def loss(x: Any, y: Any) -> Any:
        return nn.cross_entropy(model(x), y)

    return _run(mode, loss, (problem.x, problem.y), parameters)


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
