"""Scaling lowers the condition number and the steps, and the steps are those that the curvatures foretell."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from demos import scaling


@pytest.fixture(scope="module")
def data():
    return load_diabetes(return_X_y=True, scaled=False)


@pytest.fixture(scope="module")
def forms(data):
    return {name: scaling.with_ones(x) for name, x in scaling.versions(data[0]).items()}


def test_each_form_is_better_conditioned_than_the_one_before(data, forms):
    curvatures = [scaling.curvatures_of(a, data[1])[0] for a in forms.values()]
    conditions = [each.max() / each.min() for each in curvatures]
    np.testing.assert_allclose(conditions, [np.linalg.cond(a) ** 2 for a in forms.values()], rtol=1e-6)
    assert conditions[0] > 100 * conditions[1] > 10_000 * conditions[2]
    assert conditions[3] == pytest.approx(1)


def test_no_form_loses_anything_the_best_predictions_are_the_same(data, forms):
    best = [a @ scaling.least_squares(a, data[1]) for a in forms.values()]
    for each in best[1:]:
        np.testing.assert_allclose(each, best[0], rtol=1e-8)


@pytest.mark.parametrize(("name", "tol"), [("standardised", 0.01), ("standardised", 0.001), ("whitened", 1e-6)])
def test_the_steps_counted_are_the_steps_foreseen(name, tol, data, forms):
    a, y = forms[name], data[1]
    least = scaling.loss_of(a, y)(scaling.least_squares(a, y))
    _, foreseen = scaling.steps_foreseen(a, y, tol)
    losses = scaling.descend(a, y, max_steps=2000, until=(1 + tol) * least)
    assert len(losses) - 1 == foreseen
    assert (np.diff(losses) < 0).all()


def test_data_as_measured_take_millions_of_steps_and_standardised_a_few(data, forms):
    steps = [scaling.steps_foreseen(a, data[1], 0.01)[1] for a in forms.values()]
    assert steps[0] > 10_000_000
    assert steps[1] > 10_000
    assert steps[2] < 100
    assert steps[3] == 1


def test_the_curvatures_foretell_the_loss_of_the_data_as_measured_as_well(data, forms):
    a, y = forms["as measured"], data[1]
    losses = scaling.descend(a, y, max_steps=300)
    least = scaling.loss_of(a, y)(scaling.least_squares(a, y))
    _, foreseen = scaling.steps_foreseen(a, y, losses[-1] / least - 1 + 1e-9)
    assert abs(foreseen - 300) <= 1


def test_the_demo_prints_the_steps_and_draws(tmp_path, capsys):
    files = scaling.main(tmp_path / "new", max_steps=50)
    printed = capsys.readouterr().out
    rows = {line.split("  ")[1].strip(): line.split() for line in printed.splitlines()[2:]}
    assert rows["as measured"][-2] == "50"
    assert rows["standardised"][-2] == rows["standardised"][-1]
    assert [file.name for file in files] == ["bowls.png", "scaling.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
