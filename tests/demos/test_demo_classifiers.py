"""Two linear classifiers: scikit-learn's weights to four digits, and a line that rests on its support vectors alone."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import nn
from demos import classifiers

(X, Y), (X_TEST, Y_TEST), COLUMNS = classifiers.load(1)
PAIR = [list(COLUMNS).index(name) for name in classifiers.PAIR]


@pytest.mark.parametrize("C", [0.1, 1.0])
def test_logistic_regression_has_scikit_learns_weights(C):
    ours = classifiers.fit(classifiers.logistic_loss, X, Y, C=C)
    judge = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(X, Y)
    assert classifiers.difference(ours, {"w": judge.coef_[0], "b": judge.intercept_[0]}) < 1e-5
    assert np.mean(np.sign(classifiers.score(ours, X_TEST)) == Y_TEST) > 0.95


@pytest.mark.parametrize("C", [0.1, 1.0])
def test_the_machine_has_scikit_learns_weights(C):
    ours = classifiers.fit_machine(X[:, PAIR], Y, C=C)
    judge = SVC(kernel="linear", C=C, tol=1e-9).fit(X[:, PAIR], Y)
    assert classifiers.difference(ours, {"w": judge.coef_[0], "b": judge.intercept_[0]}) < 1e-4


def test_a_round_kink_is_far_from_the_machine():
    sharp, round_ = (classifiers.fit_machine(X[:, PAIR], Y, C=1.0, sharpest=sharpest) for sharpest in (1e6, 1e1))
    assert classifiers.difference(round_, sharp) > 1e-2


def test_the_tumours_beyond_the_margin_have_no_say_and_the_others_have():
    line = classifiers.fit_machine(X[:, PAIR], Y, C=1.0)
    support = Y * classifiers.score(line, X[:, PAIR]) < 1 + 1e-3
    assert 10 < support.sum() < len(X) / 2
    # the mean is over fewer tumours, and so is the penalty: the same sum
    alone = classifiers.fit_machine(X[support][:, PAIR], Y[support], C=1.0)
    assert classifiers.difference(alone, line) < 1e-6
    fewer = support & (np.arange(len(X)) % 2 == 0)
    assert classifiers.difference(classifiers.fit_machine(X[fewer][:, PAIR], Y[fewer], C=1.0), line) > 1e-2


def test_a_sharp_kink_is_the_hinge_loss_and_a_round_one_the_logistic_loss_moved_by_one():
    scores = np.linspace(-3, 3, 41)
    y = np.where(np.arange(41) % 3, 1, -1)
    assert classifiers.rounded_hinge_loss(scores, y, 1e9) == pytest.approx(nn.hinge_loss(scores, y), rel=1e-8)
    moved = classifiers.logistic_loss((y * scores - 1) * y, y)
    assert classifiers.rounded_hinge_loss(scores, y, 1.0) == pytest.approx(moved, rel=1e-12)


def test_the_demo_says_how_far_it_is_and_draws(tmp_path, capsys):
    files = classifiers.main(tmp_path, sharpest=1e2)
    printed = capsys.readouterr().out
    assert "of the unseen tumours are told right (scikit-learn: 9" in printed
    assert "a machine on two of the measurements, worst radius and worst concave points:" in printed
    assert [file.name for file in files] == ["classifiers.png", "margin.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)


def test_weights_that_are_not_scikit_learns_end_the_demo(tmp_path, monkeypatch):
    monkeypatch.setattr(classifiers, "fit_machine", lambda x, y, **settings: {"w": np.ones(x.shape[1]), "b": 0.0})
    with pytest.raises(SystemExit, match="not scikit-learn's"):
        classifiers.main(tmp_path)
