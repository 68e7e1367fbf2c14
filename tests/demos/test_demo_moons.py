"""The moons are parted, and scalars and arrays are two ways to compute the same."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_moons

import nn
from demos import moons


def test_the_moons_are_parted(tmp_path, capsys):
    files = moons.main(tmp_path, samples=50, steps=42)
    printed = capsys.readouterr().out
    assert "On the right side: 50 of 50 points" in printed
    assert [file.name for file in files] == ["moons.png"]
    assert files[0].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("widths", [(1,), (4, 1), (5, 3, 1)])
def test_the_network_of_arrays_has_the_same_scores_loss_and_gradients(widths):
    x, y = make_moons(20, noise=0.2, random_state=1)
    model = nn.scalar.MLP(2, widths, rng=np.random.default_rng(1))
    tensors = moons.as_tensors(model)
    np.testing.assert_allclose(tensors(x).data[:, 0], [model(point).data for point in x.tolist()], rtol=1e-12)
    difference, *_ = moons.compare(model, tensors, x, 2 * y - 1)
    assert difference < 1e-14


def test_a_network_with_other_weights_is_told_apart():
    x, y = make_moons(20, noise=0.2, random_state=1)
    model = nn.scalar.MLP(2, (4, 1), rng=np.random.default_rng(1))
    tensors = moons.as_tensors(model)
    model.parameters()[0].data += 0.01
    difference, *_ = moons.compare(model, tensors, x, 2 * y - 1)
    assert difference > 1e-4
