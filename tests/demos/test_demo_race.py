"""The race: momentum crosses the ravine where plain descent does not; nobody leaves a saddle from its ridge."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from demos import race

ROSENBROCK, BEALE, RAVINE, SADDLE = race.surfaces()


def test_every_surface_is_as_low_as_it_says_where_it_says():
    for surface in (ROSENBROCK, BEALE, RAVINE):
        assert surface.f(*surface.minimum) == surface.lowest
    assert SADDLE.f(0.0, 1.0) == SADDLE.f(0.0, -1.0) == SADDLE.lowest


def test_in_the_ravine_all_with_memory_of_the_way_arrive_and_plain_descent_does_not():
    runs = race.race(RAVINE, steps=120, rates=(0.01, 0.3))
    arrived = {name for name, (_, path) in runs.items() if race.arrival(RAVINE, path) <= 120}
    assert arrived == {"momentum", "Nesterov", "Adam"}


def test_plain_descent_in_the_ravine_takes_the_steps_that_one_can_work_out():
    path = race.descend(RAVINE, race.RACERS["gradient descent"][0], 0.01, 30)
    steps = np.arange(31)
    np.testing.assert_allclose(path[:, 0], -4.0 * 0.99**steps, rtol=1e-12)
    np.testing.assert_allclose(path[1:, 1], 0.0, atol=1e-15)  # 1 - 0.01 * 100 = 0: across it is there at once


def test_on_rosenbrock_momentum_arrives_and_plain_descent_does_not():
    runs = race.race(ROSENBROCK, steps=300, rates=(0.003,))
    assert race.arrival(ROSENBROCK, runs["momentum"][1]) <= 300 < race.arrival(ROSENBROCK, runs["gradient descent"][1])


@pytest.mark.parametrize(("offset", "leave"), [(1e-3, True), (0.0, False)])
def test_all_leave_the_saddle_unless_they_are_exactly_on_its_ridge(offset, leave):
    saddle = race.surfaces(offset)[-1]
    for rate, path in race.race(saddle, steps=200, rates=(0.1,)).values():
        assert rate == 0.1
        assert (abs(path[-1, 1]) > 0.8) == leave


def test_an_optimizer_that_runs_off_stays_at_its_last_finite_point():
    path = race.descend(RAVINE, race.RACERS["gradient descent"][0], 0.3, 50)
    assert path.shape == (51, 2)
    assert np.isfinite(path).all()
    assert race.arrival(RAVINE, path) > 50


def test_the_still_and_the_animation_are_written(tmp_path, capsys):
    still, animation = race.main(tmp_path, steps=6, rates=(0.003,), frames=2)
    assert "not yet (0.003)" in capsys.readouterr().out
    assert still.read_bytes().startswith(b"\x89PNG")
    with Image.open(animation) as image:
        assert image.n_frames == 2  # the last one is held by a longer pause
        drawn = {color for _, color in image.convert("RGB").getcolors(256)}
    assert {to_rgb(color) for _, color, _ in race.RACERS.values()} <= {
        tuple(part / 255 for part in color) for color in drawn
    }
