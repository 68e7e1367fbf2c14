"""Learning rates do what the theory of a parabola says, and each start finds a valley."""

from __future__ import annotations

import numpy as np
import pytest

import optim
from autograd_mini import grad, hessian
from demos import descent

CURVATURE = 4.0  # of the parabola
VALLEYS = {(3.0, 2.0), (-2.8051, 3.1313), (-3.7793, -3.2832), (3.5844, -1.8481)}  # Himmelblau's


@pytest.mark.parametrize("lr", [0.01, 0.2, 0.25, 0.45, 0.55])
def test_each_step_on_a_parabola_multiplies_by_1_minus_lr_times_curvature(lr):
    path = descent.descend(descent.parabola, 2.0, lr=lr, steps=20)
    np.testing.assert_allclose(path, 2.0 * (1 - lr * CURVATURE) ** np.arange(len(path)), atol=1e-12)


def test_the_screen_says_creeps_arrives_overshoots_and_diverges(tmp_path, capsys):
    files = descent.main(tmp_path / "new", starts=3)
    printed = capsys.readouterr().out
    steps = {line.split()[2]: line for line in printed.splitlines() if line.startswith("  lr = ")}
    counts = [int(steps[lr].split("after ")[1].split()[0]) for lr in ("0.01", "0.2", "0.45")]
    assert all("converged" in steps[lr] for lr in ("0.01", "0.2", "0.45"))
    assert counts[1] < counts[2] / 5 < counts[0] / 20
    assert "diverged" in steps["0.55"]
    assert [file.name for file in files] == ["learning_rates.png", "starts.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)


@pytest.mark.parametrize("lr", [0.01, 0.2, 0.45])
def test_the_loop_written_out_takes_the_steps_of_minimize(lr):
    path = descent.descend(descent.parabola, 2.0, lr=lr, steps=2000, tol=1e-6)
    np.testing.assert_array_equal(path, optim.minimize(descent.parabola, 2.0, lr=lr, tol=1e-6).path)


def test_too_large_a_rate_jumps_to_the_other_side_at_every_step_and_still_descends():
    path = descent.descend(descent.parabola, 2.0, lr=0.45, steps=20)
    assert (np.sign(path[1:]) == -np.sign(path[:-1])).all()
    assert (np.diff(descent.parabola(path)) < 0).all()


def test_the_stopping_criterion_is_met_at_the_last_step_and_not_before():
    path = descent.descend(descent.himmelblau, np.array([1.0, 1.0]), lr=0.004, steps=2000, tol=1e-6)
    slopes = [np.abs(grad(descent.himmelblau)(at)).max() for at in path]
    assert slopes[-1] < 1e-6 <= min(slopes[:-1])


@pytest.mark.parametrize("seed", [0, 1])
def test_random_starts_find_the_four_valleys_and_nothing_else(seed):
    starts = np.random.default_rng(seed).uniform(-5, 5, (24, 2))
    paths = [descent.descend(descent.himmelblau, start, lr=0.004, steps=2000, tol=1e-6) for start in starts]
    valleys, found = descent.sort_by_valley(paths, 1e-6)
    assert {tuple(valley.round(4).tolist()) for valley in valleys} == VALLEYS
    for path, valley in zip(paths, found, strict=True):
        np.testing.assert_allclose(path[-1], valleys[valley], atol=1e-4)
        assert descent.kind(descent.himmelblau, path[-1]).startswith("a minimum")


@pytest.mark.parametrize("valley", sorted(VALLEYS))
def test_a_valley_holds_a_descent_while_its_curvature_is_below_2_over_the_rate(valley):
    narrow = np.linalg.eigvalsh(hessian(descent.himmelblau)(np.array(valley))).max()
    for lr, holds in ((1.95 / narrow, True), (2.05 / narrow, False)):
        path = descent.descend(descent.himmelblau, np.array(valley) + 0.001, lr=lr, steps=300, tol=1e-6)
        assert (np.linalg.norm(path[-1] - valley) < 1e-4) == holds


def test_a_rate_at_which_nothing_arrives_is_drawn_as_well(tmp_path, capsys):
    descent.main(tmp_path, rates={"b": 0.5}, starts=2, landscape_lr=0.1)
    printed = capsys.readouterr().out
    assert "not converged: after 2000 steps" in printed
    assert "2 arrive nowhere" in printed
