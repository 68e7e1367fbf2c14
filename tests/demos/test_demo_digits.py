"""The digits are learned, whatever the seed; the gradients of that network are right; the pictures are written."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from demos import digits


def test_the_whole_demo_reaches_its_goal_and_says_so(tmp_path, capsys):
    files = digits.main(tmp_path / "new" / "folder")
    printed = capsys.readouterr().out
    assert "gradcheck: 9,610 of 9,610 derivatives agree" in printed
    assert "of the unseen ones" in printed
    assert [file.name for file in files] == ["learning_curve.png", "digits.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_reach_the_goal_too(seed):
    train_set, test_set = digits.load(seed)
    rng = np.random.default_rng(seed)
    model = nn.MLP(64, [128, 10], rng=rng)
    history = digits.train(model, train_set, test_set, epochs=40, lr=0.2, noise=0.2, rng=rng)
    assert history["test accuracy"][-1] >= digits.GOAL
    assert history["test accuracy"][-1] == digits.accuracy(model, *test_set)


def test_a_goal_that_is_missed_ends_the_run_after_the_pictures(tmp_path):
    with pytest.raises(SystemExit, match="97%"):
        digits.main(tmp_path, hidden=(4,), epochs=1, checked_digits=2)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["digits.png", "learning_curve.png"]


def test_a_wrong_gradient_is_noticed():
    (x, y), _ = digits.load(0)

    class Crooked(nn.MLP):
        def forward(self, x):
            last = self.layers[-1]
            scores = super().forward(x)
            return scores + 0.1 * last.bias.detach() if last.bias.requires_grad else scores

    report = digits.check(Crooked(64, [4, 10], rng=np.random.default_rng(0)), x[:4], y[:4])
    assert {entry.name for entry in report.wrong} == {"layers.1.bias"}


def test_training_and_test_digits_are_apart_and_all_there():
    (x_train, y_train), (x_test, y_test) = digits.load(0)
    assert (len(x_train), len(x_test)) == (1437, 360)
    assert set(y_train) == set(y_test) == set(range(10))
    assert (x_train.min(), x_train.max()) == (0, 1)


def test_a_network_that_misreads_nothing_is_drawn_as_well(tmp_path):
    one_hot = np.eye(10)[[0, 1, 2]] @ np.eye(10, 64)
    model = nn.MLP(64, [10], rng=np.random.default_rng(0))
    model.load_state_dict({"layers.0.weight": 9 * np.eye(10, 64), "layers.0.bias": np.zeros(10)})
    digits.draw_digits(model, one_hot, np.array([0, 1, 2]), tmp_path / "digits.png")
    assert (tmp_path / "digits.png").stat().st_size > 1000
