"""Descent and the closed form agree with each other and with scikit-learn; equal columns get equal weights."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from demos import regression


def textbook(theta=(0.0, 0.0)):
    return regression.descend(*regression.TEXTBOOK, np.array(theta), lr=0.01, steps=1000)


def test_the_textbooks_weights_are_a_half_each_since_they_are_equal_at_every_step():
    path = textbook()
    assert (path[:, 0] == path[:, 1]).all()
    np.testing.assert_allclose(path[-1], [0.5, 0.5], rtol=0, atol=1e-12)
    np.testing.assert_allclose(path[-1], np.linalg.pinv(regression.TEXTBOOK[0]) @ regression.TEXTBOOK[1], atol=1e-12)


def test_the_printed_0999_is_no_solution():
    x, y = regression.TEXTBOOK
    assert regression.loss(x, y, np.full(2, 0.999)) > 2
    np.testing.assert_allclose(x @ np.full(2, 0.999), 2 * y, rtol=0.002)


@pytest.mark.parametrize("theta", [(0.8, -0.4), (-1.0, 3.0)])
def test_another_start_ends_on_the_same_line_and_keeps_the_difference_of_its_weights(theta):
    end = textbook(theta)[-1]
    assert end.sum() == pytest.approx(1)
    assert end[0] - end[1] == pytest.approx(theta[0] - theta[1])


def test_on_real_data_descent_the_formula_and_scikit_learn_agree():
    _, x, y = regression.patients()
    descended = regression.descend(x, y, np.zeros(11), lr=regression.lr_for(x), steps=9000)[-1]
    judge = LinearRegression().fit(x[:, 1:], y)
    expected = np.append(judge.intercept_, judge.coef_)
    np.testing.assert_allclose(regression.closed_form(x, y), expected, rtol=1e-10)
    np.testing.assert_allclose(descended, expected, rtol=0, atol=5e-6)


def test_the_formula_gets_dear_faster_than_descent_and_they_agree():
    few, many = (regression.cost(1024, features, np.random.default_rng(1)) for features in (16, 128))
    assert few["difference"] < 1e-5 > many["difference"]
    assert many["formula products"] / few["formula products"] > 64
    assert many["descent products"] / few["descent products"] < 64
    assert few["steps"] < many["steps"] < 100


def test_the_demo_prints_the_answer_and_draws(tmp_path, capsys):
    files = regression.main(tmp_path / "new", steps=50, features=(4, 8), samples=64)
    assert "theta = (0.500000, 0.500000)" in capsys.readouterr().out
    assert [file.name for file in files] == ["textbook.png", "agreement.png", "cost.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
