"""Ridge and LASSO: scikit-learn's weights to four digits; LASSO's zeros are zeros, those of plain descent are not."""

from __future__ import annotations

import numpy as np
import pytest

from demos import shrinkage

X, Y, NAMES = shrinkage.load()


@pytest.mark.parametrize("alpha", [0.1, 2.0, 30.0])
def test_the_weights_are_scikit_learns(alpha):
    for ours, theirs in (
        (shrinkage.ridge(X, Y, alpha), shrinkage.ridge_of_scikit_learn(X, Y, alpha)),
        (shrinkage.lasso(X, Y, alpha), shrinkage.lasso_of_scikit_learn(X, Y, alpha)),
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-4 * np.abs(theirs).max())


def test_ridge_is_the_closed_form():
    closed = np.linalg.solve(X.T @ X / len(X) + 2.0 * np.eye(len(NAMES)), X.T @ Y / len(X))
    np.testing.assert_allclose(shrinkage.ridge(X, Y, 2.0), closed, rtol=1e-5)


def test_a_stronger_penalty_leaves_lasso_fewer_weights_and_ridge_all():
    alphas = (0.5, 2.0, 10.0, 60.0)
    assert [shrinkage.zeros(shrinkage.lasso(X, Y, alpha)) for alpha in alphas] == [2, 3, 6, 10]
    assert [shrinkage.zeros(shrinkage.ridge(X, Y, alpha)) for alpha in alphas] == [0, 0, 0, 0]


def test_plain_descent_on_the_absolute_values_hops_over_zero_and_never_lands():
    gone = shrinkage.lasso(X, Y, 2.0) == 0
    path = shrinkage.subgradient_descent(X, Y, 2.0)
    assert shrinkage.zeros(path[-1]) == 0
    hops = np.sign(path[-100:, gone])
    assert (hops.min(axis=0) < hops.max(axis=0)).all()


def test_soft_threshold_moves_by_the_same_amount_and_stops_at_zero():
    w = np.array([-3.0, -0.5, 0.0, 0.2, 1.0, 4.0])
    np.testing.assert_array_equal(shrinkage.soft_threshold(w, 1.0), [-2.0, 0.0, 0.0, 0.0, 0.0, 3.0])


@pytest.mark.parametrize("alpha", [2.0, 0.05])
def test_the_demo_says_what_is_zero_and_draws(alpha, tmp_path, capsys):
    files = shrinkage.main(tmp_path, alpha=alpha, strengths=3)
    zeros = shrinkage.zeros(shrinkage.lasso(X, Y, alpha))
    printed = capsys.readouterr().out
    assert printed.splitlines()[1].split() == ["ridge", "LASSO", "sklearn", "ridge", "sklearn", "LASSO", "descent"]
    assert "-0.0000" not in printed
    assert f"Exactly zero: ridge 0, LASSO {zeros}, descent 0" in printed
    assert [file.name for file in files] == ["shrinkage.png", "hopping.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
