"""The line search against PyTorch's, trial by trial, on curves with many ups and downs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.lbfgs import _strong_wolfe

from optim.line_search import Point, strong_wolfe


@pytest.mark.parametrize("most", [0, 1, 3, 25])
def test_the_trials_are_pytorchs(most: int) -> None:
    for seed in range(200):
        assert_same_trials(seed, most)


def assert_same_trials(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    waves, shifts, heights = rng.uniform(0.1, 30, 4), rng.uniform(0, 6, 4), rng.uniform(0, 2, 4)
    steep, first = rng.uniform(0, 0.2), float(10 ** rng.uniform(-2, 1))

    down = 1.0 if (heights * waves * np.cos(shifts)).sum() < 0 else -1.0  # no search begins where it leads up

    def curve(t: float) -> tuple[float, float]:
        value = down * float((heights * np.sin(waves * t + shifts)).sum()) + steep * t * t - t
        return value, down * float((heights * waves * np.cos(waves * t + shifts)).sum()) + 2 * steep * t - 1

    value, slope = curve(0.0)
    seen: dict[str, list[float]] = {"ours": [], "theirs": []}

    def at(t: float) -> Point:
        seen["ours"].append(t)
        value, slope = curve(t)
        return Point(t, value, None, slope)

    def evaluate(x: Any, t: Any, d: Any) -> Any:
        seen["theirs"].append(float(t))
        value, slope = curve(float(t))
        return value, torch.tensor([slope], dtype=torch.float64)

    one = torch.ones(1, dtype=torch.float64)
    _, _, t, count = _strong_wolfe(evaluate, None, first, one, value, one * slope, one[0] * slope, max_ls=most)
    found, trials = strong_wolfe(at, Point(0.0, value, None, slope), first, 1.0, most, 1e-9)
    np.testing.assert_allclose(seen["ours"], seen["theirs"], rtol=1e-7, atol=1e-12, err_msg=f"seed {seed}")
    assert trials == count
    assert found.t == pytest.approx(float(t), rel=1e-7)
