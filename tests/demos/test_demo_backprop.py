"""Who computes the gradient and who uses it are two parts: each can be exchanged, and the other does not notice."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_mini import grad
from demos import backprop

pytest_plugins = ("tests.browser",)


@pytest.mark.parametrize("who", backprop.ways(backprop.POINTS))
@pytest.mark.parametrize("at", [(1.0, 2.5), (2.0, 1.0), (-3.0, 0.1)])
def test_the_three_ways_give_one_gradient(who, at):
    expected = grad(lambda p: backprop.loss_of(*p, backprop.POINTS))(at)
    assert backprop.ways(backprop.POINTS)[who](*at) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("use", backprop.optimizers(0.05))
def test_whoever_computes_the_gradient_the_way_is_the_same(use):
    make = backprop.optimizers(0.05)[use]
    paths = [
        np.array(backprop.descend(compute, make, (1.0, 2.5), 1e-4, 1000))
        for compute in backprop.ways(backprop.POINTS).values()
    ]
    for path in paths:
        np.testing.assert_allclose(path, paths[0], atol=1e-7)
        np.testing.assert_allclose(path[-1], (2.0, 1.0), atol=1e-4)


def test_whoever_uses_the_gradient_goes_a_way_of_their_own():
    compute = backprop.ways(backprop.POINTS)["backprop"]
    counts = [
        len(backprop.descend(compute, make, (1.0, 2.5), 1e-6, 1000)) for make in backprop.optimizers(0.05).values()
    ]
    assert len(set(counts)) == 3


def test_one_step_on_the_screen_is_backprops_gradient_and_then_the_update(tmp_path, capsys):
    backprop.main(tmp_path)
    printed = capsys.readouterr().out
    assert "the loss of w = 1, b = 2.5 is 6.5\n" in printed
    assert "its gradient is -7 by w and 4 by b; nothing has moved\n" in printed
    assert "w = 1 - 0.05 * -7 = 1.35\n" in printed
    assert "b = 2.5 - 0.05 * 4 = 2.3\n" in printed
    assert "The loss is now 3.8025.\n" in printed


def test_a_learning_rate_too_high_is_no_fault_of_backprops(tmp_path, capsys):
    backprop.main(tmp_path, lr=0.2)
    printed = capsys.readouterr().out
    assert "its gradient is -7 by w and 4 by b" in printed
    assert [line.split()[-3] for line in printed.splitlines()[-3:]] == ["diverged"] * 3


@pytest.mark.parametrize("settings", [{"w": 2.0, "b": 1.0}, {"points": [(0, 0), (1, 2), (2, 2)]}])
def test_a_start_at_the_bottom_and_points_not_on_a_line_are_drawn_as_well(settings, tmp_path):
    (page,) = backprop.main(tmp_path, **settings)
    assert "<svg" in page.read_text(encoding="utf-8")


def test_the_page_has_the_microscope_the_update_and_the_table(open_page, tmp_path):
    (file,) = backprop.main(tmp_path)
    page = open_page(file.read_text(encoding="utf-8"))
    scope = page.frame_locator("iframe")
    scope.locator("#last").click()
    for name, data, gradient in (("w", "1", "-7"), ("b", "2.5", "4")):
        texts = scope.locator(f'g.box[aria-label^="{name},"] text').all_text_contents()
        assert texts[:3] == [name, f"data {data}", f"grad {gradient}"]
    tables = [row.split() for table in page.locator("table").all() for row in table.inner_text().splitlines()]
    assert ["w", "1", "-7", "+0.35", "1.35"] in tables
    assert ["b", "2.5", "4", "-0.2", "2.3"] in tables
    assert [row[-3:] for row in tables[-3:]] == [["84", "44", "266"]] * 3
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
