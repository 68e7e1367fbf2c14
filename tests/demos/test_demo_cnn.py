"""The convolutional network reads 98.5 % of the unseen digits; its training digits are moved, and only half of them."""

from __future__ import annotations

import numpy as np
import pytest

from demos import cnn, digits


def test_the_network_reaches_its_goal(capsys):
    train_set, (x, y) = cnn.load(0)
    rng = np.random.default_rng(0)
    model = cnn.network((16, 48), rng)
    cnn.train(model, *train_set, epochs=25, lr=0.01, reach=1, rng=rng)
    assert np.mean(cnn.probabilities(model, x).argmax(axis=1) == y) >= cnn.GOAL


def test_the_digits_are_those_of_the_other_demo_as_pictures():
    for (pictures, labels), (pixels, same) in zip(cnn.load(3), digits.load(3), strict=True):
        np.testing.assert_array_equal(pictures[:, 0].reshape(-1, 64), pixels)  # sixteenths are exact in float32
        np.testing.assert_array_equal(labels, same)


def test_half_of_the_pictures_are_moved_by_a_pixel_and_nothing_else_changes():
    pictures = np.zeros((2000, 1, 8, 8), np.float32)
    pictures[:, 0, 4, 3] = 1.0
    result = cnn.moved(pictures, 1, np.random.default_rng(0))
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result.sum(axis=(1, 2, 3)), 1.0)
    _, _, rows, columns = np.nonzero(result)
    assert set(rows - 4) == set(columns - 3) == {-1, 0, 1}
    still = np.mean((rows == 4) & (columns == 3))
    assert still == pytest.approx(0.5 + 0.5 / 9, abs=0.04)
    np.testing.assert_array_equal(cnn.moved(pictures, 0, np.random.default_rng(0)), pictures)


def test_what_leaves_the_picture_is_gone_and_paper_comes_in():
    pictures = np.ones((200, 1, 8, 8), np.float32)
    assert set(cnn.moved(pictures, 1, np.random.default_rng(0)).sum(axis=(1, 2, 3))) == {64.0, 56.0, 49.0}


def test_a_goal_that_is_missed_ends_the_run_after_the_pictures(tmp_path):
    with pytest.raises(SystemExit, match=r"98\.5%"):
        cnn.main(tmp_path, channels=(2, 2), epochs=1)
    for file in ("cnn.png", "filters.png"):
        assert (tmp_path / file).read_bytes().startswith(b"\x89PNG")


def test_the_demo_says_how_many_are_read(tmp_path, capsys):
    files = cnn.main(tmp_path, channels=(4, 8), epochs=1, goal=0.0)
    assert capsys.readouterr().out.count("of the 360 unseen digits are read correctly") == 2
    assert [file.name for file in files] == ["cnn.png", "filters.png"]
