"""The spirals: hidden neurons part them, a line does not; behind the last hidden layer a line is enough."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd_mini import tanh
from demos import spirals


def trained(widths, seed, steps=600):
    rng = np.random.default_rng(seed)
    x, y = spirals.spirals(200, 1.5, 0.03, rng)
    unseen = spirals.spirals(200, 1.5, 0.03, rng)
    model = nn.MLP(2, [*widths, 1], activation=tanh, rng=rng)
    spirals.train(model, x, y, steps=steps)
    return spirals.accuracy(model, *unseen)


@pytest.mark.parametrize("seed", [0, 1])
def test_hidden_neurons_part_the_spirals_and_a_line_does_not(seed):
    assert trained((32, 32), seed) >= 0.99
    assert trained((), seed) < 0.75


def test_the_arms_are_each_other_turned_by_half_a_turn():
    x, y = spirals.spirals(4000, 1.5, 0.0, np.random.default_rng(0))
    assert (y == 0).sum() == (y == 1).sum() == 2000
    radius, angle = np.hypot(*x.T), np.arctan2(x[:, 1], x[:, 0])
    turned = np.angle(np.exp(1j * (angle - 2 * np.pi * 1.5 * radius)))
    np.testing.assert_allclose(np.abs(turned), np.pi * y, atol=1e-9)


def test_accuracy_counts_the_points_on_the_right_side():
    model = nn.MLP(2, [1])
    model.load_state_dict({"layers.0.weight": [[1.0, 0.0]], "layers.0.bias": [0.0]})
    assert spirals.accuracy(model, np.array([[1.0, 5.0], [-1.0, 5.0], [2.0, 0.0]]), np.array([1, 0, 0])) == 2 / 3


@pytest.mark.parametrize("hidden", [spirals.HIDDEN, ((4,),)])
def test_the_demo_draws_the_boundaries_and_the_unwound_plane(hidden, tmp_path, capsys):
    files = spirals.main(tmp_path, hidden=hidden, steps=3)
    printed = capsys.readouterr().out
    assert printed.count("of the unseen points are on the right side") == len(hidden)
    assert ("no hidden neuron " in printed) == (() in hidden)
    assert [file.name for file in files] == ["spirals.png", "unwound.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
