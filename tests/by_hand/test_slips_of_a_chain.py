"""Slips that show over several steps, and the gradient of 0 that tells nothing of any."""

import numpy as np
import pytest

import nn
from autograd_mini import Value, exp, exp2, softmax
from autograd_mini.by_hand.check import check_by_hand


def diagnosis(loss, gradients):
    return check_by_hand(loss, gradients).first_wrong.diagnosis


# ------------------------------------------------------------ softmax


@pytest.mark.parametrize("function", [softmax, lambda z: (e := exp(z)) / e.sum(-1, keepdims=True)])
@pytest.mark.parametrize("shape", [(3,), (5, 3)])
def test_the_diagonal_of_softmax_alone_is_said_to_be_that_of_sigmoid(function, shape, rng):
    z, t = Value(rng.normal(size=shape)), rng.normal(size=shape)
    a = function(z)
    a.label = "a"
    loss = (a * t).sum()
    assert "a * (1 - a), which is the rule of sigmoid" in diagnosis(loss, {z: t * a.data * (1 - a.data)})
    assert "rule of sigmoid" not in diagnosis(loss, {z: t * a.data * (1 - a.data) + 0.1})


# ------------------------------------------------------------ a power of a number


@pytest.mark.parametrize("function", [lambda x: 2.0**x, exp2, lambda x: Value(2.0, requires_grad=False) ** x])
def test_the_rule_for_powers_where_the_exponent_varies(function):
    x = Value(3.0, label="x")
    loss = function(x) * 5.0
    assert "which is the rule for x**n" in diagnosis(loss, {x: 5 * 3 * 2**2})
    assert diagnosis(loss, {x: 5 * 8}) == "likely power rule: the factor ln(2) is missing"


# ------------------------------------------------------------ a mean further up


@pytest.mark.parametrize("what", ["z", "W", "b", "shift"])
def test_a_mean_whose_share_was_forgotten_further_up(what, rng):
    X, W, b, shift = rng.normal(size=(5, 2)), Value(rng.normal(size=(2, 3))), Value(rng.normal(size=3)), Value(0.3)
    z = X @ W + b + shift
    node = {"z": z, "W": W, "b": b, "shift": shift}[what]
    for loss in (nn.cross_entropy(z, [0, 1, 2, 0, 1]), ((z - 1) ** 2).mean()):
        n = 5 if loss.inputs[0].size == 5 else 15
        loss.backward()
        if np.abs(node.grad).max() > 1e-9:  # the same shift of all logits changes nothing
            assert f"1/N of a mean: the factor 1/{n} is missing" in diagnosis(loss, {node: node.grad * n})
            if what in "zW":  # of what was broadcast this is the mean of the rows
                assert f"1/N of a mean: the factor 1/{n} is in it twice" in diagnosis(loss, {node: node.grad / n})
        node.zero_grad()


def test_a_mean_before_a_gradient_that_is_given_is_not_blamed(rng):
    X, W = rng.normal(size=(5, 2)), Value(rng.normal(size=(2, 3)))
    z = (X @ W).sigmoid()
    loss = (z**2).mean()
    loss.backward()
    assert check_by_hand(loss, {z: z.grad}).ok
    assert "of a mean" not in diagnosis(loss, {z: z.grad, W: W.grad * 15})


# ------------------------------------------------------------ a gradient of 0


def test_a_gradient_of_0_is_called_one_and_not_a_slip_that_comes_to_0():
    x = Value(1.0)
    loss = x * 2 + (x - 5.0).relu()
    assert diagnosis(loss, {x: 0}) == "likely no gradient: it is 0, as before any backward()"
    w = Value(np.ones(3))
    many = sum(((w * i).relu().sum() for i in range(-3, 4)), Value(0.0))
    assert diagnosis(many, {w: np.zeros(3)}) == "likely no gradient: it is 0, as before any backward()"
