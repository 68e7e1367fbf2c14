"""What a contestant can do: a training step, and the loss and gradients by which it is checked. It measures nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

RATE = 0.01  # everybody's learning rate
Answer = tuple[float, list[float]]  # the loss and every gradient, in the order of the problem's weights


class Run(NamedTuple):
    """A contestant with a problem before it."""

    step: Callable[[], Any]  # one whole training step: forward, backward, update
    answer: Callable[[], Answer]  # at the parameters as they are
    loss: Callable[[], Any] | None = None  # the forward pass alone, where its graph is weighed


class Unavailable(Exception):
    """A contestant that cannot run here, and why."""


def flat(gradients: Iterable[Any]) -> list[float]:
    """Every gradient in one list."""
    found: list[float] = np.concatenate([np.ravel(np.asarray(g)) for g in gradients]).tolist()
    return found


def trained(loss: Callable[[], Any], optimizer: Any, parameters: list[Any]) -> Run:
    """The loop that PyTorch and we share."""

    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    def answer() -> Answer:
        optimizer.zero_grad()
        total = loss()
        total.backward()
        return total.item(), flat(p.grad for p in parameters)

    return Run(step, answer, loss)


def stepped(step: Callable[[], Any], parameters: list[Any]) -> Run:
    """A whole step that is one function, and returns the loss: its gradients are known by what it changes."""

    def answer() -> Answer:
        before = [p.data for p in parameters]
        loss = step().item()
        gradients = [(old.astype(np.float64) - p.data) / RATE for p, old in zip(parameters, before, strict=True)]
        for p, old in zip(parameters, before, strict=True):
            p.data = old
        return loss, flat(gradients)

    return Run(step, answer)
