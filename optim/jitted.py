"""An optimizer's step in a jitted function: the same formula on Values, and a state that goes from call to call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from autograd_mini import carry

Names = tuple[tuple[str, ...], ...]  # of the numbers in the state of each parameter; none at all while all are empty


def step(optimizer: Any) -> bool:
    """In a jitted function makes the step a part of its program, and is True; elsewhere False."""
    return carry(optimizer, partial(_read, optimizer), partial(_step, optimizer))


def _read(optimizer: Any) -> tuple[Any, list[Any]]:
    """The options of each group and the names in each parameter's state; then the numbers of all states."""
    options = tuple([tuple(group.values())[1:] for group in optimizer.param_groups])  # all but the parameters
    if not any(optimizer.state):  # of SGD, or before the first step
        return (options, ()), []
    names = tuple([tuple(state) for state in optimizer.state])
    return (options, names), [x for state in optimizer.state for x in state.values()]


def _step(optimizer: Any, settings: Any, numbers: list[Any]) -> tuple[Any, list[Any], Callable[[list[Any]], list[Any]]]:
    """Settings and numbers after the step, and who keeps them."""
    own = object.__getattribute__(optimizer, "__dict__")  # which is refused to others while a function is traced
    all_options, names = settings
    options = {
        id(group): dict(zip(group.options, of_group, strict=True))
        for group, of_group in zip(own["param_groups"], all_options, strict=True)
    }
    rest = iter(numbers)
    states = [{name: next(rest) for name in of_one} for of_one in names or [()] * len(own["params"])]
    for i, (parameter, group) in enumerate(zip(own["params"], own["_groups"], strict=True)):
        if parameter.has_grad:
            w, g = parameter.detach(), parameter.grad
            parameter.data, states[i] = optimizer._signed_update(w, g, states[i], options[id(group)])
    names = tuple([tuple(state) for state in states]) if any(states) else ()
    counts = [
        int in (x.__class__, before.get(name).__class__)  # a program has floats for them
        for state, before in zip(states, own["state"], strict=True)
        for name, x in state.items()
    ]
    return (all_options, names), [x for state in states for x in state.values()], partial(_keep, own, names, counts)


def _keep(own: dict[str, Any], names: Names, counts: list[bool], numbers: list[Any]) -> list[Any]:
    """Keeps the states that a program has computed."""
    own["_stepped"] = True
    if not numbers:
        return numbers
    numbers = [int(x) if is_count else x for x, is_count in zip(numbers, counts, strict=True)]
    rest = iter(numbers)
    own["state"][:] = [{name: next(rest) for name in of_one} for of_one in names]
    return numbers
