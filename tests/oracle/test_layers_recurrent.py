"""RNN, LSTM and GRU against PyTorch, in float64: every option, with and without a state given."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from layer import assert_same, load_from, perturbed

import nn

RNG = np.random.default_rng(0)
KINDS = ["RNN", "LSTM", "GRU"]
OPTIONS = [
    {},
    {"num_layers": 3},
    {"bias": False, "batch_first": True},
    {"bidirectional": True, "num_layers": 2},
    {"bidirectional": True, "batch_first": True},
]
CASES = [*product(KINDS, OPTIONS), ("RNN", {"nonlinearity": "relu", "num_layers": 2})]


class Given(torch.nn.Module):
    """PyTorch's layer with the state as arguments of its own, so that each has a gradient to compare."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Any, *states: Any) -> Any:
        return self.layer(x, states if len(states) > 1 else states[0])


class GivenOurs(nn.Module):
    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def forward(self, x: Any, *states: Any) -> Any:
        return self.layer(x, states if len(states) > 1 else states[0])


@pytest.mark.parametrize(("kind", "options"), CASES, ids=str)
@pytest.mark.parametrize("shape", [(4, 2, 3), (1, 1, 3), (5, 3)], ids=str)
def test_a_recurrent_network_is_pytorchs(kind: str, options: Any, shape: Any) -> None:
    theirs = perturbed(getattr(torch.nn, kind)(3, 5, **options))
    ours = getattr(nn, kind)(3, 5, **options)
    load_from(ours, theirs)
    x = RNG.normal(size=shape)
    assert_same(ours, theirs, x)
    count = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
    batch = () if len(shape) == 2 else (shape[0] if options.get("batch_first") else shape[1],)
    states = [RNG.normal(size=(count, *batch, 5)) for _ in range(1 + (kind == "LSTM"))]
    assert_same(GivenOurs(ours), Given(theirs), x, *states)


@pytest.mark.parametrize("kind", KINDS)
def test_it_starts_in_pytorchs_range(kind: str) -> None:
    ours = getattr(nn, kind)(3, 100, rng=np.random.default_rng(0))
    for name, parameter in ours.named_parameters():
        assert 0.08 < np.abs(parameter.data).max() <= 0.1, name  # 1 / sqrt(100)
        assert parameter.data.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.15), name


@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_in_two_halves_is_the_sequence(kind: str) -> None:
    layer, x = getattr(nn, kind)(3, 5, num_layers=2), RNG.normal(size=(6, 2, 3))
    whole, _ = layer(x)
    first, state = layer(x[:4])
    second, _ = layer(x[4:], state)
    np.testing.assert_allclose(np.concatenate([first.data, second.data]), whole.data, rtol=1e-12, atol=1e-14)


def test_dropout_is_between_the_layers_only_and_only_in_training() -> None:
    x = RNG.normal(size=(4, 2, 3))
    one = nn.GRU(3, 5, dropout=0.9)
    np.testing.assert_array_equal(one(x)[0].data, one(x)[0].data)
    two = nn.GRU(3, 5, num_layers=2, dropout=0.9)
    assert not np.array_equal(two(x)[0].data, two(x)[0].data)
    two.eval()
    np.testing.assert_array_equal(two(x)[0].data, two(x)[0].data)
