"""Fifty steps of every optimizer with every combination of its options, against PyTorch in float64."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import optim
from autograd_mini import Value

STEPS = 50


def combinations(**choices: list[Any]) -> Iterator[dict[str, Any]]:
    return (dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values()))


ADAM = list(
    combinations(
        lr=[0.05],
        betas=[(0.9, 0.999), (0.5, 0.9), (0.0, 0.0)],
        eps=[1e-8, 0.1],
        weight_decay=[0.0, 0.1],
        amsgrad=[False, True],
    )
)
CASES = [
    *[
        ("SGD", options)
        for options in combinations(
            lr=[0.02], momentum=[0, 0.9], dampening=[0, 0.3], weight_decay=[0, 0.1], nesterov=[False, True]
        )
        if not options["nesterov"] or (options["momentum"] and not options["dampening"])
    ],
    *[(name, options) for name in ("Adam", "AdamW") for options in ADAM],
    *[
        ("RMSprop", options)
        for options in combinations(
            lr=[0.02],
            alpha=[0.99, 0.5],
            eps=[1e-8, 0.1],
            weight_decay=[0, 0.1],
            momentum=[0, 0.9],
            centered=[False, True],
        )
    ],
    *[(name, {}) for name in ("SGD", "Adam", "AdamW", "RMSprop")],  # the defaults are PyTorch's too
]


def loss_of(xs: list[Any], step: int) -> Any:
    """A loss that is no sum over its inputs, with another minimum at every step; at some it leaves out one of them."""
    matrix, vector, number = xs
    loss = ((matrix @ vector - 0.1 * step) ** 2).sum() * 0.1 + (number * vector.sum() - 1) ** 2
    return loss if step % 7 == 3 else loss + (number - 2) ** 4 * 0.01 + (matrix * matrix * matrix).sum() * 0.01


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda case: str(case))
def test_fifty_steps_are_pytorchs(name: str, options: dict[str, Any]) -> None:
    start = np.random.default_rng(0)
    data = [start.normal(size=(3, 2)), start.normal(size=2), 0.5]
    ours = [Value(x) for x in data]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in data]
    optimizer = getattr(optim, name)(ours, **options)
    oracle = getattr(torch.optim, name)(theirs, **options)
    for step in range(STEPS):
        for values, one in ((ours, optimizer), (theirs, oracle)):
            one.zero_grad()
            loss_of(values, step).backward()
            one.step()
        for value, tensor in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(
                value.data, tensor.detach().numpy(), rtol=1e-10, atol=1e-12, err_msg=f"step {step}"
            )


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_a_parameter_that_no_gradient_reaches_waits_as_in_pytorch(name: str) -> None:
    """Neither weight decay nor momentum moves it, and its own count of steps stands still."""
    ours = [Value([1.0, 2.0]), Value(3.0)]
    theirs = [torch.tensor(x.data, dtype=torch.float64, requires_grad=True) for x in ours]
    options = {"lr": 0.1, "weight_decay": 0.1} | ({"momentum": 0.9} if name in ("SGD", "RMSprop") else {})
    optimizer, oracle = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for step in range(9):
        for (vector, number), one in ((ours, optimizer), (theirs, oracle)):
            one.zero_grad()
            loss = (vector * vector).sum()
            (loss * number if step in (2, 3, 7) else loss).backward()
            one.step()
        assert (ours[1].data == 3.0) == (step < 2)
        for value, tensor in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(
                value.data, tensor.detach().numpy(), rtol=1e-10, atol=1e-12, err_msg=f"step {step}"
            )


@pytest.mark.parametrize("name", ["Adam", "AdamW", "RMSprop"])
def test_zero_over_zero_is_nan_for_floats_and_arrays_as_in_pytorch(name: str) -> None:
    ours = [Value(1.0), Value([1.0, 1.0])]
    theirs = [torch.tensor(x.data, dtype=torch.float64, requires_grad=True) for x in ours]
    for xs, one in ((ours, getattr(optim, name)(ours, eps=0)), (theirs, getattr(torch.optim, name)(theirs, eps=0))):
        (xs[0] * 0 + (xs[1] * xs[1].data * 0).sum()).backward()
        one.step()
    assert np.isnan(ours[0].data)
    assert type(ours[0].data) is float
    np.testing.assert_array_equal(ours[1].data, theirs[1].detach().numpy())
