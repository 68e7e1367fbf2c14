"""PyTorch: eager, and compiled by ``torch.compile``, which needs a C++ compiler."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from tests.benchmarks.problems import L2, Chain, Convolutional, Dense, Recurrent
from tests.benchmarks.run import RATE, Answer, Run, Unavailable, trained

torch.set_num_threads(1)


def dense(problem: Dense, compiled: bool = False) -> Run:
    x, y = torch.tensor(problem.x), torch.tensor(problem.y)
    parts: list[torch.nn.Module] = []
    for weight, _ in problem.layers:
        parts += [torch.nn.Linear(*weight.shape[::-1], dtype=x.dtype), torch.nn.ReLU()]
    model = torch.nn.Sequential(*parts[:-1])
    parameters = _loaded(model, [array for layer in problem.layers for array in layer])

    def hinge(x: Any, y: Any) -> Any:
        return torch.relu(1 - y * model(x)).mean() + L2 * sum((p * p).sum() for p in parameters)

    def cross_entropy(x: Any, y: Any) -> Any:
        return functional.cross_entropy(model(x), y)

    return _run(hinge if problem.loss == "hinge" else cross_entropy, x, y, parameters, compiled)


def recurrent(problem: Recurrent, compiled: bool = False) -> Run:
    hidden, inputs = problem.weights[0].shape
    cells, head = torch.nn.RNN(inputs, hidden), torch.nn.Linear(hidden, 1)
    parameters = _loaded(cells, problem.weights[:4]) + _loaded(head, problem.weights[4:])

    def loss(x: Any, y: Any) -> Any:
        _, last = cells(x)
        return functional.mse_loss(head(last[0]), y)

    return _run(loss, torch.tensor(problem.x), torch.tensor(problem.y), parameters, compiled)


def convolutional(problem: Convolutional, compiled: bool = False) -> Run:
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 10),
    )
    parameters = _loaded(model, problem.weights)

    def loss(x: Any, y: Any) -> Any:
        return functional.cross_entropy(model(x), y)

    return _run(loss, torch.tensor(problem.x), torch.tensor(problem.y), parameters, compiled)


def chain(problem: Chain) -> Run:
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)

    def loss() -> Any:
        total = x
        for _ in range(problem.adds):
            total = total + x
        return total

    def answer() -> Answer:
        x.grad = None
        total = loss()
        total.backward()
        assert x.grad is not None
        return total.item(), [x.grad.item()]

    return Run(lambda: loss().backward(), answer, loss)


def _run(loss: Any, x: Any, y: Any, parameters: list[Any], compiled: bool) -> Run:
    if compiled:
        loss = torch.compile(loss)
        try:
            loss(x, y).backward()
        except Exception as error:  # of many classes: no compiler, no headers of Python, a compiler too old
            raise Unavailable(f"torch.compile fails: {type(error).__name__}: {str(error).splitlines()[0]}") from error
    return trained(lambda: loss(x, y), torch.optim.SGD(parameters, lr=RATE), parameters)


def _loaded(model: Any, arrays: list[Any]) -> list[Any]:
    """The model's parameters, with these numbers."""
    parameters = list(model.parameters())
    for p, array in zip(parameters, arrays, strict=True):
        p.data.copy_(torch.tensor(array))
    return parameters
