"""Graphs to draw."""

import random
from itertools import pairwise

import numpy as np
import pytest

import nn
from autograd_mini import Value


@pytest.fixture
def scalar_mlp():
    """A function: the loss of a scalar MLP of the given widths over some samples, as micrograd builds it."""

    def build(widths, samples=1):
        rng = random.Random(0)
        layers = [
            [([Value(rng.uniform(-1, 1)) for _ in range(n)], Value(0.1)) for _ in range(m)] for n, m in pairwise(widths)
        ]
        loss = 0.0
        for _ in range(samples):
            x = [Value(rng.uniform(-1, 1)) for _ in range(widths[0])]
            for layer in layers:
                x = [sum((w * v for w, v in zip(weights, x, strict=True)), bias).tanh() for weights, bias in layer]
            loss = loss + (x[0] - 1.0) ** 2
        return loss

    return build


@pytest.fixture
def mlp():
    """A tensor network with a cross-entropy, every leaf labelled."""
    nn.manual_seed(1)
    model = nn.MLP(2, [4, 3])
    points = Value(np.random.default_rng(1).normal(size=(5, 2)), label="points", requires_grad=False)
    for i, parameter in enumerate(model.parameters()):
        parameter.label = f"p{i}"
    return nn.cross_entropy(model(points), np.array([0, 1, 2, 1, 0]))


@pytest.fixture
def without_dot(monkeypatch, tmp_path):
    """No program is on the PATH, Graphviz's ``dot`` least of all."""
    monkeypatch.setenv("PATH", str(tmp_path))
