"""A hundred epochs of every schedule, against PyTorch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import optim
from autograd_mini import Value

EPOCHS = 100
Make = Callable[[Any, Any], Any]  # from the module and the optimizer


def one(name: str, *args: Any, **options: Any) -> Make:
    return lambda module, optimizer: getattr(module, name)(optimizer, *args, **options)


def sequential(milestones: list[int], *parts: Make) -> Make:
    return lambda module, optimizer: module.SequentialLR(
        optimizer, [part(module, optimizer) for part in parts], milestones
    )


def chained(*parts: Make) -> Make:
    return lambda module, optimizer: module.ChainedScheduler([part(module, optimizer) for part in parts])


WARM_UP = one("LinearLR", start_factor=0.1, total_iters=10)
SCHEDULES: dict[str, Make] = {
    "StepLR": one("StepLR", 7),
    "StepLR with gamma": one("StepLR", 30, gamma=0.5),
    "MultiStepLR": one("MultiStepLR", [3, 50, 50, 80], gamma=0.3),
    "MultiStepLR, default": one("MultiStepLR", [10]),
    "MultiStepLR from the start": one("MultiStepLR", [0, 2, 0], gamma=0.5),
    "ExponentialLR": one("ExponentialLR", 0.97),
    "CosineAnnealingLR": one("CosineAnnealingLR", 100),
    "CosineAnnealingLR, up again": one("CosineAnnealingLR", 13, eta_min=0.01),
    "CosineAnnealingLR, T_max 1": one("CosineAnnealingLR", 1, eta_min=0.01),
    "LinearLR": one("LinearLR"),
    "warm-up": WARM_UP,
    "LinearLR down": one("LinearLR", start_factor=1.0, end_factor=0.0, total_iters=60),
    "LinearLR down to nothing": one("LinearLR", start_factor=1 / 3, end_factor=0.0, total_iters=4),
    "LambdaLR": one("LambdaLR", lambda epoch: 1 / (1 + epoch)),
    "LambdaLR, one for each group": one("LambdaLR", [lambda epoch: 1 / (1 + epoch), lambda epoch: 0.9**epoch]),
    "ConstantLR": one("ConstantLR"),
    "ConstantLR of ten": one("ConstantLR", 0.1, 10),
    "PolynomialLR": one("PolynomialLR"),
    "PolynomialLR of a hundred": one("PolynomialLR", 90, 2.5),
    "CosineAnnealingWarmRestarts": one("CosineAnnealingWarmRestarts", 7),
    "CosineAnnealingWarmRestarts, longer and longer": one("CosineAnnealingWarmRestarts", 3, T_mult=2, eta_min=0.01),
    "OneCycleLR": one("OneCycleLR", 1.0, total_steps=EPOCHS),
    "OneCycleLR, epochs": one("OneCycleLR", [1.0, 2.0], epochs=20, steps_per_epoch=6, anneal_strategy="linear"),
    "OneCycleLR, three phases": one(
        "OneCycleLR",
        1.0,
        total_steps=110,
        three_phase=True,
        pct_start=0.4,
        base_momentum=[0.5, 0.6],
        max_momentum=0.9,
        div_factor=10.0,
        final_div_factor=100.0,
    ),
    "OneCycleLR, no rise": one("OneCycleLR", 1.0, total_steps=EPOCHS, pct_start=0.0, cycle_momentum=False),
    "SequentialLR": sequential([10], WARM_UP, one("CosineAnnealingLR", 90)),
    "SequentialLR of three": sequential([10, 40], WARM_UP, one("StepLR", 10), one("ExponentialLR", 0.9)),
    "SequentialLR, one with a warm-up later": sequential(
        [20, 30], one("ExponentialLR", 0.9), WARM_UP, one("StepLR", 9)
    ),
    "SequentialLR with LambdaLR": sequential(
        [5], one("LambdaLR", lambda n: 1 + n), one("MultiStepLR", [3, 9], gamma=0.5)
    ),
    "SequentialLR with a milestone at its start": sequential(
        [5], one("ExponentialLR", 0.9), one("MultiStepLR", [0, 3], gamma=0.5)
    ),
    "ChainedScheduler with a milestone at its start": chained(
        one("ExponentialLR", 0.9), one("MultiStepLR", [0, 3], gamma=0.5)
    ),
    "SequentialLR of all the rest": sequential(
        *([5, 20], one("ConstantLR", 0.2, 3), one("CosineAnnealingWarmRestarts", 4, 2), one("PolynomialLR", 60))
    ),
    "ChainedScheduler of the rest": chained(one("ConstantLR", 0.2, 30), one("PolynomialLR", 70, 0.5)),
    "ChainedScheduler": chained(WARM_UP, one("ExponentialLR", 0.95)),
    "ChainedScheduler of three": chained(one("StepLR", 9), one("CosineAnnealingLR", 30), one("MultiStepLR", [50])),
}


def both(optimizer: str = "SGD", **options: Any) -> list[tuple[Any, Any]]:
    """Our optimizer with two groups, and PyTorch's, each with its schedules."""
    ours, theirs = [Value(1.0), Value(2.0)], [torch.tensor(1.0), torch.tensor(2.0)]
    return [
        (
            module.lr_scheduler,
            getattr(module, optimizer)([{"params": [a]}, {"params": [b], "lr": 0.3}], lr=0.8, **options),
        )
        for (a, b), module in ((ours, optim), (theirs, torch.optim))
    ]


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_hundred_epochs_are_pytorchs(name: str, optimizer: str) -> None:
    (ours, mine), (theirs, oracle) = both(optimizer)
    with warnings.catch_warnings():  # PyTorch's SequentialLR trips over its own warnings
        warnings.simplefilter("ignore")
        schedule, twin = SCHEDULES[name](ours, mine), SCHEDULES[name](theirs, oracle)
        for epoch in range(EPOCHS):
            for group, other in zip(mine.param_groups, oracle.param_groups, strict=True):
                for option in ("lr", "momentum", "betas"):
                    if option in group:
                        np.testing.assert_allclose(
                            group[option], other[option], rtol=1e-10, atol=1e-13, err_msg=f"{option}, epoch {epoch}"
                        )
            np.testing.assert_allclose(schedule.get_last_lr(), twin.get_last_lr(), rtol=1e-10, atol=1e-13)
            mine.step()
            oracle.step()
            if epoch < EPOCHS - 1:
                schedule.step()
                twin.step()


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize("options", [{}, {"patience": 3, "factor": 0.5}, {"patience": 0, "cooldown": 4}])
@pytest.mark.parametrize("more", [{}, {"min_lr": 0.05, "threshold": 0.05}, {"min_lr": [0.1, 0.2], "eps": 0.3}])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_hundred_epochs_of_a_plateau_are_pytorchs(
    mode: str, threshold_mode: str, options: Any, more: Any, sign: float
) -> None:
    (ours, mine), (theirs, oracle) = both()
    everything = {"mode": mode, "threshold_mode": threshold_mode} | options | more
    schedule = ours.ReduceLROnPlateau(mine, **everything)
    twin = theirs.ReduceLROnPlateau(oracle, **everything)
    noise = np.random.default_rng(0)
    for epoch in range(EPOCHS):
        metric = sign * (1 / (1 + epoch % 40) + 0.1 * noise.random()) if epoch != 33 else float("nan")
        mine.step()
        oracle.step()
        schedule.step(metric)
        twin.step(metric)
        assert schedule.get_last_lr() == pytest.approx(twin.get_last_lr(), rel=1e-12)
        for name in ("best", "num_bad_epochs", "cooldown_counter", "last_epoch"):
            assert getattr(schedule, name) == getattr(twin, name)
