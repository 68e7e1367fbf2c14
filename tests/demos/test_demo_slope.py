"""A slope measured is the slope computed, and of all directions the gradient's is the steepest."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_mini import grad
from demos import slope


def test_the_slope_of_the_parabola_at_1_is_4_on_the_screen_and_in_the_pictures(tmp_path, capsys):
    files = slope.main(tmp_path / "new")
    assert "    grad   4.0000000000\n" in capsys.readouterr().out
    assert [file.name for file in files] == ["slope.png", "gradient.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)


@pytest.mark.parametrize("h", [1.0, 0.1, 1e-4])
def test_the_line_through_two_points_of_the_parabola_is_off_by_twice_their_distance(h):
    assert slope.secant(slope.parabola, 1.0, h) - grad(slope.parabola)(1.0) == pytest.approx(2 * h, rel=1e-8)


@pytest.mark.parametrize("hills", [slope.valley, lambda p: np.sin(p[0]) * np.exp(p[1])])
@pytest.mark.parametrize("at", [(1.0, 0.6), (-0.3, 2.0), (0.0, -1.0)])
def test_the_slope_in_any_direction_follows_from_the_gradient_and_is_largest_along_it(hills, at):
    gradient = grad(hills)(np.array(at))
    angles, slopes = slope.all_around(hills, np.array(at))
    towards = np.radians(angles)
    np.testing.assert_allclose(slopes, gradient @ [np.cos(towards), np.sin(towards)], rtol=1e-7, atol=1e-8)
    turn = (angles[slopes.argmax()] - slope.direction(gradient) + 180) % 360 - 180
    assert abs(turn) <= 0.5
    assert slopes.max() == pytest.approx(np.linalg.norm(gradient), rel=1e-4)
    across = [slope.direction(gradient) + 90, slope.direction(gradient) - 90]
    assert abs(np.interp(across, angles, slopes, period=360)).max() < 1e-3 * slopes.max()


def test_other_functions_and_the_bottom_of_a_valley_can_be_looked_at_as_well(tmp_path):
    slope.main(tmp_path, f=abs, x=0.0, hills=lambda p: p[0] ** 2 + p[1] ** 2, at=(0.0, 0.0))
