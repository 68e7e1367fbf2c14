"""Whole numbers that an optimizer keeps for each parameter: while they are equal they are one number to the program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import optim
from autograd_mini import Value
from autograd_mini.compiler.codegen import replay
from autograd_mini.compiler.jit import jit
from optim.optimizer import Group, State


class InTwos(optim.Optimizer):
    """Counts in ones for a vector and in twos for a matrix, so that counts which are equal at first grow apart."""

    def __init__(self, params: Any) -> None:
        super().__init__(params, lr=0.1)

    def update(self, w: Any, g: Any, state: State, group: Group) -> tuple[Any, State]:
        count = state.get("count", 0) + (1 if len(w.shape) == 1 else 2)
        return w - group["lr"] / (1.0 + count) * g, {"count": count if state else 1}


def training(make: Callable[[Any], Any], jitted: bool) -> tuple[Any, list[Value], Any]:
    """A step without arguments, its parameters and its optimizer."""
    parameters = [Value(np.full(shape, i)) for i, shape in enumerate([(2,), (3,), (2, 2), (3, 2)], 1)]
    optimizer = make(parameters)

    def step() -> Any:
        loss = sum(((p - 0.5) ** 2).sum() for p in parameters)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return (jit(step) if jitted else step), parameters, optimizer


def assert_alike(make: Callable[[Any], Any], between: Callable[[int, Any], None]) -> None:
    """With jit and without, five steps leave the same parameters; ``between`` is called before each."""
    found = []
    for jitted in (False, True):
        step, parameters, optimizer = training(make, jitted)
        for i in range(5):
            between(i, optimizer)
            step()
        found.append([*[p.data for p in parameters], *[x for state in optimizer.state for x in state.values()]])
    for expected, actual in zip(*found, strict=True):
        assert type(expected) is type(actual)
        np.testing.assert_allclose(actual, expected, rtol=1e-14)


def test_a_count_that_is_set_between_two_calls_is_seen() -> None:
    def between(i: int, optimizer: Any) -> None:
        if i == 3:
            optimizer.state[1]["step"] = 100

    assert_alike(lambda ps: optim.Adam(ps, lr=0.1), between)


def test_counts_that_grow_apart_are_seen() -> None:
    assert_alike(InTwos, lambda i, optimizer: None)


def test_counts_that_meet_again_are_seen() -> None:
    def between(i: int, optimizer: Any) -> None:
        if i in (1, 3):
            for state in optimizer.state:
                state["count"] = 7

    assert_alike(InTwos, between)


@pytest.mark.parametrize("apart", [False, True])
def test_what_is_made_of_equal_counts_is_computed_once(apart: bool) -> None:
    step, _, optimizer = training(lambda ps: optim.Adam(ps, lr=0.1), jitted=True)
    step()
    if apart:
        optimizer.state[0]["step"], optimizer.state[2]["step"] = 7, 8
    step()
    source = replay.compiled(step().program()).source
    powers = 3 if apart else 1  # of each of the two betas
    assert source.count("= 1.0 - ") == 2 * (1 + powers)
