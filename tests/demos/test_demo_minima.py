"""Momentum escapes where plain descent stays; a saddle holds it on the ridge alone; hops find the lowest hollow."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_mini import grad, hessian
from demos import minima


@pytest.mark.parametrize("start", [2.2, 2.3])
def test_momentum_escapes_the_local_minimum_in_which_plain_descent_stays(start):
    plain, rolling = (minima.descend(minima.two_hollows, start, lr=0.05, momentum=m) for m in (0.0, 0.9))
    assert plain.converged
    assert rolling.converged
    assert plain.x > 1 > -1 > rolling.x
    assert rolling.value < plain.value - 0.5
    for found in (plain, rolling):
        assert grad(grad(minima.two_hollows))(found.x) > 0


def test_less_momentum_or_a_lower_start_does_not_escape():
    for start, momentum in ((2.2, 0.8), (1.0, 0.95)):
        assert minima.descend(minima.two_hollows, start, lr=0.05, momentum=momentum).x > 1


def test_momentum_crosses_a_plateau_in_a_fraction_of_the_steps():
    plain, rolling = (minima.descend(minima.plateau, 5.0, lr=0.2, momentum=m) for m in (0.0, 0.9))
    assert plain.converged
    assert rolling.converged
    assert rolling.steps < plain.steps / 3


def test_from_the_ridge_descent_ends_at_the_saddle_and_from_beside_it_in_a_valley():
    stuck, free = (minima.descend(minima.saddle, np.array([1.5, y]), lr=0.1) for y in (0.0, 1e-3))
    assert stuck.converged
    assert free.converged
    np.testing.assert_allclose(stuck.x, [0, 0], atol=1e-5)
    np.testing.assert_allclose(free.x, [0, 1], atol=1e-5)
    assert np.linalg.eigvalsh(hessian(minima.saddle)(stuck.x)).tolist() == pytest.approx([-1, 1])
    assert (np.linalg.eigvalsh(hessian(minima.saddle)(free.x)) > 0).all()


def test_nearer_to_the_ridge_the_saddle_holds_longer():
    steps = [minima.descend(minima.saddle, np.array([1.5, y]), lr=0.1).steps for y in (1e-3, 1e-6, 1e-9)]
    assert steps[1] - steps[0] == pytest.approx(steps[2] - steps[1], rel=0.1)  # each 1000 times nearer costs the same
    assert steps[1] - steps[0] == pytest.approx(np.log(1000) / np.log(1.1), rel=0.1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_hops_from_the_best_find_the_lowest_point_and_random_starts_do_not(seed):
    hopping, restarts = (minima.search(50, kick=kick, rng=np.random.default_rng(seed)) for kick in (1.0, None))
    assert hopping["lowest"][-1] < 1e-6 < 0.9 < restarts["lowest"][-1]
    assert hopping["lowest"][0] == restarts["lowest"][0]
    assert (np.diff(hopping["lowest"]) <= 0).all()
    np.testing.assert_allclose(hopping["best"][-1], [0, 0], atol=1e-4)


def test_a_kick_too_weak_never_leaves_the_first_hollow():
    ends = minima.search(8, kick=0.1, rng=np.random.default_rng(1))["ends"]
    assert np.abs(ends[0]).max() > 1
    np.testing.assert_allclose(ends, np.tile(ends[0], (8, 1)), atol=1e-4)


def test_the_demo_draws(tmp_path, capsys):
    files = minima.main(tmp_path / "new", hops=3)
    printed = capsys.readouterr().out
    assert "from y = 0 it ends at a saddle point" in printed
    assert "from y = 0.001 it ends at a minimum" in printed
    assert "ends at (x, y) = (0.0000, 1.0000), f = -0.2500" in printed
    assert "-0.0000" not in printed
    assert [file.name for file in files] == ["hollow.png", "saddle.png", "hops.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
