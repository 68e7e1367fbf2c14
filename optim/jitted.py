"""An optimizer's step in a jitted function: the same formula on Values, and a state that goes from call to call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from autograd_mini import carry


def step(optimizer: Any) -> bool:
    """In a jitted function makes the step a part of its program, and is True; elsewhere False."""
    return carry(partial(_read, optimizer), partial(_step, optimizer))


def _read(optimizer: Any) -> tuple[Any, list[Any]]:
    """The options of each group and the names in each parameter's state; then the numbers of all states."""
    options = tuple([tuple(group.values())[1:] for group in optimizer.param_groups])  # all but the parameters
    if not any(optimizer.state):  # of SGD, or before the first step
        return (options, ()), []
    names = tuple([tuple(state) for state in optimizer.state])
    return (options, names), [x for state in optimizer.state for x in state.values()]


def _step(optimizer: Any, settings: Any, numbers: list[Any]) -> tuple[list[Any], Callable[[list[Any]], None]]:
    """The numbers of the states after the step, and who keeps them."""
    rest, options = iter(numbers), {}
    for group, of_group in zip(optimizer.param_groups, settings[0], strict=True):
        options[id(group)] = dict(zip(group.options, of_group, strict=True))
    states = [{name: next(rest) for name in state} for state in optimizer.state]
    for i, (parameter, group) in enumerate(zip(optimizer.params, optimizer._groups, strict=True)):
        if parameter.has_grad:
            own, g = options[id(group)], parameter.grad
            if own["maximize"]:
                g = -g
            parameter.data, states[i] = optimizer.update(parameter.detach(), g, states[i], own)
    names = [tuple(state) for state in states]
    return [x for state in states for x in state.values()], partial(_keep, optimizer, names)


def _keep(optimizer: Any, names: list[tuple[str, ...]], numbers: list[Any]) -> None:
    """Keeps the states that a program has computed."""
    optimizer._stepped = True
    if numbers:
        rest = iter(numbers)
        optimizer.state[:] = [{name: next(rest) for name in of_one} for of_one in names]
