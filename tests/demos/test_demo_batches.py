"""Small batches are ahead at first, the whole batch in the end, and the noise falls with the root of the batch."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd_mini import Value
from demos import batches


@pytest.fixture(scope="module")
def data():
    return batches.patients()


def run(data, size, seed, **settings):
    settings = {"lr": 0.03, "epochs": 3, "falling": False} | settings
    result = batches.train(*data, size, rng=np.random.default_rng(seed), **settings)
    result["above"] = batches.above(data[0], np.linalg.lstsq(*data)[0], result["path"])
    return result


@pytest.mark.parametrize("seed", [0, 1])
def test_in_the_second_epoch_small_batches_are_ahead(seed, data):
    whole, some, single = (run(data, size, seed) for size in (442, 32, 1))
    assert batches.early(some) < batches.early(whole) / 5
    assert batches.early(single) < batches.early(whole) / 5


@pytest.mark.parametrize("seed", [0, 1])
def test_in_the_end_the_whole_batch_is_nearest_and_a_single_sample_farthest(seed, data):
    whole, some = (run(data, size, seed, epochs=100) for size in (442, 32))
    single = run(data, 1, seed, epochs=8)  # it is where it stays long before
    assert batches.late(whole) < batches.late(some) / 5 < batches.late(single) / 50


def test_a_falling_learning_rate_takes_the_noise_away(data):
    assert batches.late(run(data, 1, 0, epochs=8, falling=True)) < batches.late(run(data, 1, 0, epochs=8)) / 3


@pytest.mark.parametrize("size", [1, 4, 16])
def test_the_noise_of_the_slope_falls_with_the_root_of_the_batch_and_has_no_bias(size, data):
    x, y = data
    at = np.array([0.5, -0.2])
    (whole,) = batches.slopes_of_batches(x, y, at, len(y), rng=np.random.default_rng(0), draws=1)
    single = np.linalg.norm(batches.slopes_of_batches(x, y, at, 1, rng=np.random.default_rng(0)) - whole, axis=1)
    noise = batches.noise_of_the_slope(x, y, at, size, rng=np.random.default_rng(1))
    left = (len(y) - size) / (len(y) - 1)  # drawn without putting back
    assert noise == pytest.approx(np.sqrt(np.mean(single**2) * left / size), rel=0.1)
    one_epoch = batches.slopes_of_batches(x, y, at, 1, rng=np.random.default_rng(2), draws=442)
    np.testing.assert_allclose(one_epoch.mean(axis=0), whole, rtol=1e-10)


def test_what_is_called_above_the_least_loss_is_so(data):
    x, y = data
    goal = np.linalg.lstsq(x, y)[0]
    path = np.random.default_rng(0).normal(size=(5, 2))
    expected = [nn.mse_loss(Value(x @ w), y).item() - nn.mse_loss(Value(x @ goal), y).item() for w in path]
    np.testing.assert_allclose(batches.above(x, goal, path), expected, rtol=1e-10)


def test_the_demo_draws(tmp_path, capsys):
    files = batches.main(tmp_path / "new", batch_sizes=(442, 100), epochs=6)
    assert "     442              1 " in capsys.readouterr().out
    assert [file.name for file in files] == ["paths.png", "progress.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
