"""Steps without an optimizer, and gradients that are looked at between backward and the step, as without jit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd_mini import Value
from autograd_mini.compiler.jit import jit
from tests.jit.training import F32, OPTIMIZERS, Training, X, Y, assert_alike, both


def written_out(w: Any, x: Any) -> Any:
    """micrograd's loop."""
    loss = ((w * x - 1.0) ** 2).sum()
    w.grad = 0.0 * w.detach()
    loss.backward()
    w.data -= 0.1 * w.grad
    return loss


def clipped(w: Any, x: Any) -> Any:
    w.zero_grad()
    loss = ((w * x - 1.0) ** 2).sum()
    loss.backward()
    w.grad = np.clip(w.grad, -0.5, 0.5)
    w.data = w.data - 0.1 * w.grad
    return loss


def twice(w: Any, x: Any) -> Any:
    """The second step sees what the first has done."""
    for _ in range(2):
        w.zero_grad()
        loss = ((w * x - 1.0) ** 2).sum()
        loss.backward()
        w.data = w.data - 0.1 * w.grad
    return loss


def added(w: Any, x: Any) -> Any:
    """To the gradient from before."""
    loss = ((w * x - 1.0) ** 2).sum()
    loss.backward()
    (2.0 * w).sum().backward()
    return loss


def penalized(w: Any, x: Any) -> Any:
    """By the length of the gradient."""
    w.zero_grad()
    loss = ((w * x - 1.0) ** 4).sum()
    loss.backward(create_graph=True)
    g = w.grad
    w.zero_grad()
    (loss + 0.1 * (g * g).sum()).backward()
    w.data = w.data - 0.001 * w.grad
    return loss


def constant(w: Any, x: Any) -> Any:
    """The gradient, and the data, are constants to what comes next."""
    w.zero_grad()
    (w * w * x).sum().backward()
    loss = (w.grad * w * w.data).sum()
    w.zero_grad()
    loss.backward()
    return loss


def with_upstream(w: Any, x: Any) -> Any:
    w.zero_grad()
    y = w * x
    y.backward(x * 2.0)
    return y.sum()


def decided(w: Any, x: Any) -> Any:
    """What has a gradient is known."""
    w.zero_grad()
    assert not w.has_grad
    loss = (w * x).sum()
    loss.backward()
    if w.has_grad:
        w.data = w.data - 0.1 * w.grad
    w.zero_grad()
    return loss


@pytest.mark.parametrize("f", [written_out, clipped, twice, added, penalized, constant, with_upstream, decided])
@pytest.mark.parametrize("start", [2.0, [1.0, -2.0, 3.0]], ids=["scalar", "tensor"])
def test_a_step_that_is_written_out_is_what_it_is_without_jit(f: Any, start: Any) -> None:
    v, w = Value(start), Value(start)
    replayed = jit(lambda x: f(w, x))
    for x in (0.5, 1.5, -0.25):
        x = x * np.ones(3) if isinstance(start, list) else x
        expected, actual = f(v, x), replayed(x)
        np.testing.assert_allclose(actual.data, expected.data, rtol=1e-12)
        np.testing.assert_allclose(w.data, v.data, rtol=1e-12)
        np.testing.assert_allclose(w.grad, v.grad, rtol=1e-12)
        assert w.has_grad == v.has_grad
        assert type(w.data) is type(v.data)


@pytest.mark.parametrize("dtype", [np.float64, F32], ids=["float64", "float32"])
@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, np.inf])
def test_gradients_are_clipped_in_a_step_as_without_jit(norm_type: float, dtype: Any) -> None:
    eager, jitted = both(OPTIMIZERS["SGD"], dtype)

    def stepping(training: Training) -> Any:
        def step(x: Any, y: Any) -> Any:
            training.optimizer.zero_grad()
            nn.mse_loss(training.model(x), y).backward()
            norm = optim.clip_grad_norm(training.parameters, 0.5, norm_type)
            optim.clip_grad_value(training.parameters[0], 0.05)
            training.optimizer.step()
            return norm

        return training.wrap(step)

    steps, tolerance = [stepping(training) for training in (eager, jitted)], 1e-12 if dtype is np.float64 else 2e-5
    for k in range(4):
        expected, actual = [step((1 + k) * X.astype(dtype), Y.astype(dtype)) for step in steps]
        assert actual.item() == pytest.approx(expected, rel=tolerance)
        assert_alike(eager, jitted, tolerance)


def test_a_norm_that_is_not_finite_is_found_at_the_call_and_changes_nothing() -> None:
    w = Value([1.0, 2.0])

    @jit
    def step(x: Any) -> Any:
        w.zero_grad()
        (w * x).sum().backward()
        norm = optim.clip_grad_norm(w, 1.0, error_if_nonfinite=True)
        w.data = w.data - w.grad
        return norm

    assert step(np.array([3.0, 4.0])).data == 5.0
    before = w.data
    with pytest.raises(ValueError, match="the norm of the gradients is inf; nothing was changed"):
        step(np.array([np.inf, 1.0]))
    assert w.data is before
