"""The workloads, each written once for every contestant: the same numbers in, the same loss and gradients out.

A contestant is a function that imports its library, builds the model and returns a ``Run``. The runner compares
the answers first, so that it times only what computes the same thing.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np


class Run(NamedTuple):
    """What a contestant can do."""

    loss: Callable[[], Any]  # the forward pass: a graph
    step: Callable[[], Any]  # one whole training step: forward, backward, update
    answer: Callable[[], tuple[float, list[float]]]  # the loss and every gradient, at the parameters as they are


L2 = 1e-4
RATE = 0.01


def moons(n: int = 100) -> tuple[Any, Any]:
    """Two interleaved half circles with a little noise, and labels -1 and 1: micrograd's demo data."""
    rng = np.random.default_rng(1337)
    angle = rng.uniform(0, np.pi, n)
    upper = np.arange(n) % 2 == 0
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    points = np.stack([x, y], axis=1) + rng.normal(0, 0.1, (n, 2))
    return points, np.where(upper, -1, 1)


def weights(sizes: list[int], dtype: Any = np.float64) -> list[tuple[Any, Any]]:
    """A weight (out, in) and a bias for each layer, the same for everybody."""
    rng = np.random.default_rng(42)
    return [
        (rng.uniform(-1, 1, (o, i)).astype(dtype) / np.sqrt(i).astype(dtype), rng.uniform(-0.1, 0.1, o).astype(dtype))
        for i, o in pairwise(sizes)
    ]


# ---------------------------------------------------------------- S1: micrograd's moons, a Value per number


def _scalar_moons(value: Any, model: Any) -> Run:
    """micrograd's demo as its notebook has it, for any engine with micrograd's interface."""
    points, labels = moons()
    xs, ys = points.tolist(), labels.tolist()
    parameters = list(model.parameters())
    for layer, (weight, bias) in zip(model.layers, weights([2, 16, 16, 1]), strict=True):
        for neuron, row, b in zip(layer.neurons, weight.tolist(), bias.tolist(), strict=True):
            neuron.b.data = b
            for w, number in zip(neuron.w, row, strict=True):
                w.data = number

    def loss() -> Any:
        inputs = [list(map(value, row)) for row in xs]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(ys, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        return data_loss + L2 * sum(p * p for p in parameters)

    def step() -> None:
        total = loss()
        model.zero_grad()
        total.backward()
        for p in parameters:
            p.data -= RATE * p.grad

    def answer() -> tuple[float, list[float]]:
        total = loss()
        model.zero_grad()
        total.backward()
        return total.data, [p.grad for p in parameters]

    return Run(loss, step, answer)


def s1_autograd_mini() -> Run:
    import nn
    from autograd_mini import Value

    return _scalar_moons(Value, nn.scalar.MLP(2, [16, 16, 1]))


def s1_micrograd() -> Run:
    from micrograd.engine import Value
    from micrograd.nn import MLP

    return _scalar_moons(Value, MLP(2, [16, 16, 1]))


def s2_autograd_mini() -> Run:
    """S1 under jit: the loss is a function of the samples, and nothing else in the loop is another."""
    import nn
    from autograd_mini.compiler.jit import jit

    points, labels = moons()
    xs, ys = points.tolist(), labels.tolist()
    model = nn.scalar.MLP(2, [16, 16, 1])
    parameters = list(model.parameters())
    for layer, (weight, bias) in zip(model.layers, weights([2, 16, 16, 1]), strict=True):
        for neuron, row, b in zip(layer.neurons, weight.tolist(), bias.tolist(), strict=True):
            neuron.b.data = b
            for w, number in zip(neuron.w, row, strict=True):
                w.data = number

    @jit
    def loss(xs: Any, ys: Any) -> Any:
        scores = list(map(model, xs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(ys, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        return data_loss + L2 * sum(p * p for p in parameters)

    def step() -> None:
        total = loss(xs, ys)
        for p in parameters:
            p.zero_grad()
        total.backward()
        for p in parameters:
            p.data -= RATE * p.grad

    def answer() -> tuple[float, list[float]]:
        total = loss(xs, ys)
        for p in parameters:
            p.zero_grad()
        total.backward()
        return total.data, [p.grad for p in parameters]

    return Run(lambda: loss(xs, ys), step, answer)


# ---------------------------------------------------------------- T1: the same net as tensors, batch 100


def t1_autograd_mini(dtype: str, jitted: str = "") -> Run:
    import autograd_mini as am
    import nn
    import optim
    from autograd_mini.compiler.jit import jit

    points, labels = moons()
    x, y = points.astype(dtype), labels.astype(dtype)[:, None]
    model = nn.MLP(2, [16, 16, 1], dtype=np.dtype(dtype))
    parameters = list(model.parameters())
    _load(parameters, weights([2, 16, 16, 1], np.dtype(dtype)), lambda p, data: setattr(p, "data", data.copy()))
    optimizer = optim.SGD(parameters, lr=RATE)

    def loss(x: Any, y: Any) -> Any:
        hinge = am.relu(1 - y * model(x)).mean()
        return hinge + L2 * sum((p * p).sum() for p in parameters)

    loss = jit(loss) if jitted else loss  # type: ignore[assignment]
    return _train(lambda: loss(x, y), optimizer, parameters)


def t1_torch(dtype: str) -> Run:
    import torch

    points, labels = moons()
    x = torch.tensor(points, dtype=getattr(torch, dtype))
    y = torch.tensor(labels[:, None], dtype=getattr(torch, dtype))
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 16), torch.nn.ReLU(), torch.nn.Linear(16, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1)
    ).to(getattr(torch, dtype))
    parameters = list(model.parameters())
    _load(parameters, weights([2, 16, 16, 1], np.dtype(dtype)), lambda p, data: p.data.copy_(torch.tensor(data)))
    optimizer = torch.optim.SGD(parameters, lr=RATE)

    def loss() -> Any:
        hinge = torch.relu(1 - y * model(x)).mean()
        return hinge + L2 * sum((p * p).sum() for p in parameters)

    return _train(loss, optimizer, parameters)


def t1_mygrad(dtype: str) -> Run:
    import mygrad as mg

    points, labels = moons()
    x, y = points.astype(dtype), labels.astype(dtype)[:, None]
    layers = [(mg.tensor(w), mg.tensor(b)) for w, b in weights([2, 16, 16, 1], np.dtype(dtype))]
    parameters = [p for layer in layers for p in layer]

    def loss() -> Any:
        h: Any = x
        for i, (w, b) in enumerate(layers):
            h = mg.matmul(h, w.T) + b
            h = mg.nnet.relu(h) if i < 2 else h
        return mg.mean(mg.nnet.relu(1 - y * h)) + L2 * sum((p * p).sum() for p in parameters)

    def step() -> None:
        loss().backward()
        for p in parameters:
            p.data -= RATE * p.grad

    def answer() -> tuple[float, list[float]]:
        total = loss()
        total.backward()
        return float(total.data), np.concatenate([p.grad.ravel() for p in parameters]).tolist()

    return Run(loss, step, answer)


def t1_numpy(dtype: str) -> Run:
    """The same step differentiated by hand, in plain NumPy calls: what of our time is NumPy's."""
    points, labels = moons()
    x, y = points.astype(dtype), labels.astype(dtype)[:, None]
    parameters = [p.copy() for layer in weights([2, 16, 16, 1], np.dtype(dtype)) for p in layer]

    def forward() -> tuple[Any, ...]:
        w1, b1, w2, b2, w3, b3 = parameters
        h1 = np.maximum(x @ w1.T + b1, 0)
        h2 = np.maximum(h1 @ w2.T + b2, 0)
        slack = np.maximum(1 - y * (h2 @ w3.T + b3), 0)
        return (
            h1,
            h2,
            slack,
            np.add.reduce(slack, axis=None) / 100 + L2 * sum(np.add.reduce(p * p, axis=None) for p in parameters),
        )

    def gradients() -> tuple[float, list[Any]]:
        h1, h2, slack, loss = forward()
        _, _, w2, _, w3, _ = parameters
        g = -np.where(slack > 0, slack.dtype.type(0.01), 0) * y
        g2 = np.where(h2 > 0, g @ w3, 0)
        g1 = np.where(h1 > 0, g2 @ w2, 0)
        data = [g1.T @ x, g1.sum(0), g2.T @ h1, g2.sum(0), g.T @ h2, g.sum(0)]
        return float(loss), [d + 2 * L2 * p for d, p in zip(data, parameters, strict=True)]

    def step() -> None:
        for p, g in zip(parameters, gradients()[1], strict=True):
            p -= RATE * g

    def answer() -> tuple[float, list[float]]:
        loss, grads = gradients()
        return loss, np.concatenate([g.ravel() for g in grads]).tolist()

    return Run(forward, step, answer)


# ---------------------------------------------------------------- T3: 784-256-128-10, batch 128, float32


def _digits() -> tuple[Any, Any]:
    rng = np.random.default_rng(7)
    return rng.uniform(0, 1, (128, 784)).astype(np.float32), rng.integers(0, 10, 128)


def t3_autograd_mini(jitted: str = "") -> Run:
    import nn
    import optim
    from autograd_mini.compiler.jit import jit

    x, y = _digits()
    model = nn.MLP(784, [256, 128, 10], dtype=np.dtype(np.float32))
    parameters = list(model.parameters())
    _load(parameters, weights([784, 256, 128, 10], np.float32), lambda p, data: setattr(p, "data", data.copy()))

    def loss(x: Any, y: Any) -> Any:
        return nn.cross_entropy(model(x), y)

    loss = jit(loss) if jitted else loss  # type: ignore[assignment]
    return _train(lambda: loss(x, y), optim.SGD(parameters, lr=RATE), parameters)


def t3_torch() -> Run:
    import torch

    x, y = map(torch.tensor, _digits())
    model = torch.nn.Sequential(
        torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
    )
    parameters = list(model.parameters())
    _load(parameters, weights([784, 256, 128, 10], np.float32), lambda p, data: p.data.copy_(torch.tensor(data)))
    optimizer = torch.optim.SGD(parameters, lr=RATE)
    return _train(lambda: torch.nn.functional.cross_entropy(model(x), y), optimizer, parameters)


# ---------------------------------------------------------------- G1: a chain of 1,000,000 scalar adds


def _chain(one: Callable[[], Any]) -> Run:
    x = one()

    def loss() -> Any:
        total = x
        for _ in range(1_000_000):
            total = total + x
        return total

    def step() -> None:
        loss().backward()

    def answer() -> tuple[float, list[float]]:
        total = loss()
        total.backward()
        return float(total.data), [float(x.grad)]

    return Run(loss, step, answer)


def g1_autograd_mini() -> Run:
    from autograd_mini import Value

    return _chain(lambda: Value(1.0))


def g1_without_collector() -> Run:
    """Ours with Python's garbage collector off: how much of the time is the collector's."""
    gc.disable()
    return g1_autograd_mini()


def g1_torch() -> Run:
    import torch

    return _chain(lambda: torch.tensor(1.0, dtype=torch.float64, requires_grad=True))


# ---------------------------------------------------------------- what they share


def _load(parameters: list[Any], layers: list[tuple[Any, Any]], put: Callable[[Any, Any], Any]) -> None:
    for p, data in zip(parameters, [array for layer in layers for array in layer], strict=True):
        put(p, data)


def _train(loss: Callable[[], Any], optimizer: Any, parameters: list[Any]) -> Run:
    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    def answer() -> tuple[float, list[float]]:
        optimizer.zero_grad()
        total = loss()
        total.backward()
        return total.item(), np.concatenate([np.ravel(np.asarray(p.grad)) for p in parameters]).tolist()

    return Run(loss, step, answer)
