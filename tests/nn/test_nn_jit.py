"""Activations and losses under jit: replayed on other numbers, they give what they give without it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import Value, jit

RNG = np.random.default_rng(0)
NUMBERS = [3 * RNG.normal(size=(4, 6)) for _ in range(2)]
SHARES = [RNG.uniform(0.05, 0.95, (4, 6)) for _ in range(2)]
CLASSES = [RNG.integers(0, 6, 4) for _ in range(2)]
WITH_ARGUMENTS = {"Threshold": (0.5, -2.0), "PReLU": (6,)}

ACTIVATIONS = [
    name
    for name in nn.__all__
    if getattr(getattr(nn, name), "__module__", "") in ("nn.activation", "nn.softmax", "nn.threshold")
]
LOSSES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "mse_loss": (NUMBERS[0], NUMBERS, {}),
    "l1_loss": (NUMBERS[0], NUMBERS, {}),
    "huber_loss": (NUMBERS[0], NUMBERS, {}),
    "smooth_l1_loss": (NUMBERS[0], NUMBERS, {"beta": 0.5}),
    "hinge_loss": (NUMBERS[0], [np.sign(x) for x in NUMBERS], {}),
    "binary_cross_entropy": (SHARES[0], SHARES, {"weight": SHARES[1]}),
    "binary_cross_entropy_with_logits": (NUMBERS[0], SHARES, {"pos_weight": np.full(6, 2.0)}),
    "kl_div": (np.log(SHARES[0]), SHARES, {"reduction": "batchmean"}),
    "nll_loss": (np.log(SHARES[0]), CLASSES, {"reduction": "sum"}),
    "cross_entropy": (NUMBERS[0], CLASSES, {"label_smoothing": 0.1}),
}


def assert_replayed(function: Any, parameter: Any, calls: list[Any]) -> None:
    """Value and gradient of each call, the first of which is traced and the others replayed."""
    plain, traced = Value(parameter), Value(parameter)
    jitted = jit(lambda x: function(traced, x))
    for x in calls:
        expected, actual = function(plain, x), jitted(x)
        for loss, value in ((expected, plain), (actual, traced)):
            value.zero_grad()
            loss.backward()
        np.testing.assert_allclose(actual.data, expected.data, rtol=1e-11)
        np.testing.assert_allclose(traced.grad, plain.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_jitted_activation_takes_the_branch_that_each_number_needs(name: str) -> None:
    activation = getattr(nn, name)(*WITH_ARGUMENTS.get(name, ()))
    assert_replayed(lambda w, x: (activation(w * x) ** 2).sum(), np.ones(6), [*NUMBERS, -NUMBERS[0]])


def test_every_loss_is_jitted_below() -> None:
    assert set(LOSSES) == {
        name for name in nn.__all__ if name.islower() and name.endswith(("loss", "entropy", "div"))
    } | {"binary_cross_entropy_with_logits"}


@pytest.mark.parametrize("name", LOSSES)
def test_a_jitted_loss_looks_at_the_targets_of_each_call(name: str) -> None:
    prediction, targets, options = LOSSES[name]
    assert_replayed(lambda p, t: getattr(nn, name)(p * 1.0, t, **options), prediction, [*targets, targets[0]])
