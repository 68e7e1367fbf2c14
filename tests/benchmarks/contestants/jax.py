"""JAX: the whole training step, loss, gradients and update, as one ``jax.jit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from jax import lax
from jax import numpy as jnp

from tests.benchmarks.contestants.functional import l2
from tests.benchmarks.problems import Convolutional, Dense, Recurrent
from tests.benchmarks.run import RATE, Answer, Run, flat


def dense(problem: Dense) -> Run:
    def loss(parameters: list[Any], x: Any, y: Any) -> Any:
        h = x
        for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            h = jax.nn.relu(h @ w.T + b)
        h = h @ parameters[-2].T + parameters[-1]
        if problem.loss == "hinge":
            return jax.nn.relu(1 - y * h).mean() + l2(parameters)
        return _cross_entropy(h, y)

    return _run(loss, [array for layer in problem.layers for array in layer], problem.x, problem.y)


def recurrent(problem: Recurrent) -> Run:
    def loss(parameters: list[Any], x: Any, y: Any) -> Any:
        w, w_state, b, b_state, w_head, b_head = parameters

        def cell(h: Any, x: Any) -> tuple[Any, None]:
            return jnp.tanh(x @ w.T + b + h @ w_state.T + b_state), None

        h, _ = lax.scan(cell, jnp.zeros((x.shape[1], len(b)), x.dtype), x)
        return ((h @ w_head.T + b_head - y) ** 2).mean()

    return _run(loss, problem.weights, problem.x, problem.y)


def convolutional(problem: Convolutional) -> Run:
    def loss(parameters: list[Any], x: Any, y: Any) -> Any:
        k1, b1, k2, b2, w, b = parameters
        h = x
        for kernels, bias in (k1, b1), (k2, b2):
            h = lax.conv_general_dilated(h, kernels, (1, 1), "SAME") + bias[:, None, None]
            h = lax.reduce_window(jax.nn.relu(h), -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        return _cross_entropy(h.reshape(len(x), -1) @ w.T + b, y)

    return _run(loss, problem.weights, problem.x, problem.y)


def _cross_entropy(logits: Any, y: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1).mean()


def _run(loss: Callable[..., Any], arrays: list[Any], x: Any, y: Any) -> Run:
    if x.dtype == "float64":
        jax.config.update("jax_enable_x64", True)
    x, y, parameters = jnp.asarray(x), jnp.asarray(y), list(map(jnp.asarray, arrays))
    value_and_gradients = jax.value_and_grad(loss)

    @jax.jit
    def trained(parameters: list[Any], x: Any, y: Any) -> tuple[Any, list[Any]]:
        value, gradients = value_and_gradients(parameters, x, y)
        return value, [p - RATE * g for p, g in zip(parameters, gradients, strict=True)]

    def step() -> None:
        value, parameters[:] = trained(parameters, x, y)
        value.block_until_ready()

    def answer() -> Answer:
        value, gradients = value_and_gradients(parameters, x, y)
        return float(value), flat(gradients)

    return Run(step, answer)
