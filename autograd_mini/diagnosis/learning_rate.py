"""The step that the optimizer is about to take: beside the weights that it changes, and tried on these very data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from autograd_mini import modes
from autograd_mini.diagnosis import source
from autograd_mini.diagnosis.layers import rms
from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step
from autograd_mini.diagnosis.trial import Trial
from autograd_mini.text import number
from autograd_mini.value import Value

KIND = "learning rate too high"

_TOO_FAR = 30.0  # times the weights, or 1 where they are smaller: a first step from 0 is often a large one
_FAR = 2.0  # times the weights, or 0.1, if the loss gets _GROWTH times as high by it
_STEPS = 20
_GROWTH = 10.0
# A batch is steeper than all data by chance, the more so the fewer its samples: then a rate is tried that is lower.
_CAUTION = 2.0  # divided by the samples


def too_high(step: Step, optimizer: Any) -> Iterator[Finding]:
    """A step that leaves nothing of the weights, or begins a path on which the loss of the same data only grows, or
    that raises it many times over by changing the weights by more than they are.

    The optimizer says itself where it goes; nothing is changed.
    """
    if not hasattr(optimizer, "update") or getattr(optimizer, "needs_closure", True):
        return
    trial = Trial(step, optimizer)
    if not trial.now:
        return
    new = trial.after_a_step()
    before = [np.asarray(w, np.float64) for w in trial.now.values()]
    with np.errstate(all="ignore"):
        size, way = rms(before), rms([np.asarray(new[x], np.float64) - x.data for x in new])
    rates = " and ".join(map(number, sorted({float(group["lr"]) for group in trial.groups.values()})))
    if way > _TOO_FAR * max(size, 1.0):
        what = (
            f"changes the parameters by about {number(way)}, and they are about {number(size)}: nothing of them is left"
        )
        advice = "lower the learning rate, by powers of ten, until a step changes them by about a thousandth"
    elif (raised := _raised(step, trial, new)) is not None:
        what = (
            f"raises the loss of these very data from {number(step.loss.item())} to {number(raised)}, and the steps "
            "after it raise it further"
        )
        advice = f"lower the learning rate{_better(step, trial)}"
    elif way > _FAR * max(size, 0.1) and (raised := _leapt(step, trial, new)) is not None:
        what = (
            f"raises the loss of these very data from {number(step.loss.item())} to {number(raised)}: it changes the "
            f"parameters by about {number(way)}, and they are about {number(size)}"
        )
        advice = f"lower the learning rate{_better(step, trial)}"
    else:
        return
    name, x = step.parameters[0]
    line = source.assignment_of(optimizer)
    yield Finding(KIND, name, x, f"with lr={rates} the next step {what}", advice, line)


def _raised(step: Step, trial: Trial, new: dict[Value, Any]) -> float | None:
    """The loss after the next step, if from there on it grows like a power; else None.

    One step that goes up is no fault: near the largest good rate training goes up and down, and an optimizer with a
    memory runs past a minimum. Such losses stay within bounds, or grow like t * t.
    """
    now = step.loss.item()
    if not _goes_on_so(step, trial) or _is_carried(trial, new):
        return None
    first = trial.loss_at(new)
    losses = islice(trial.losses(1 + _CAUTION / _samples(step)), _STEPS)
    growth = _GROWTH**2 if any(trial.states.values()) else _GROWTH  # it may still run on what it remembers
    try:
        return first if first > now and _grows(now, losses, growth) else None
    except (ValueError, ArithmeticError):  # the numbers have left the domain of an op, such as a decomposition
        return None


def _leapt(step: Step, trial: Trial, new: dict[Value, Any]) -> float | None:
    """The loss after the next step, if it is many times what it is now; else None.

    Where it goes from there on may be down again, as units that are shut leave little of the loss. An optimizer that
    remembers steps may run past a minimum.
    """
    if not _goes_on_so(step, trial) or any(trial.states.values()):
        return None
    first = trial.loss_at(new)
    least = min(first, trial.loss_at(trial.after_a_step(1 + _CAUTION / _samples(step))))
    return first if math.isfinite(first) and least > _GROWTH * abs(step.loss.item()) else None


def _grows(now: float, losses: Iterable[float], growth: float) -> bool:
    """Whether the loss rises to ``growth`` times ``now`` in half of the steps, and as much again in the other half."""
    rises: list[float] = []
    for loss in losses:
        if not math.isfinite(loss):
            return len(rises) > 1 and rises[-1] > growth**2 * max(rises[-2], abs(now))
        rises.append(loss - now)
        half = rises[(len(rises) - 1) // 2]
        if rises[-1] <= 0:
            return False
        if len(rises) > 3 and half > growth * abs(now) and rises[-1] > growth * half:
            return True
    return False


def _goes_on_so(step: Step, trial: Trial) -> bool:
    """Whether further steps would be like this one: down this loss, along its gradient and not a clipped one."""
    if modes.watch() is not None or any(group.get("maximize") for group in trial.groups.values()):
        return False
    return all(
        x in step.gradients and np.allclose(trial.grads[x], step.gradients[x], rtol=1e-4, atol=0) for x in trial.now
    )


def _is_carried(trial: Trial, new: dict[Value, Any]) -> bool:
    """Whether most of the step is of the gradients of other batches, as where these samples are learned already."""
    if not any(trial.states.values()):
        return False
    without = trial.remembered()
    with np.errstate(all="ignore"):
        own = rms([new[x] - without[x] for x in new])
        return own < 0.5 * rms([new[x] - trial.now[x] for x in new])


def _samples(step: Step) -> int:
    """Of how many samples the loss was computed, or fewer: how often the parameter is used that is used most."""
    return max(
        sum(max(1, user.size // x.size) for user in step.consumers[step.position[x]])
        for _, x in step.parameters
        if x in step.position and x.size
    )


def _better(step: Step, trial: Trial) -> str:
    """A rate, lower by powers of ten, with which the next step goes down."""
    rates = {float(group["lr"]) for group in trial.groups.values()}
    now = step.loss.item()
    for slower in (10.0, 100.0, 1000.0, 1e4):
        loss = trial.loss_at(trial.after_a_step(slower))
        if loss < now:
            which = f"lr={number(rates.pop() / slower)}" if len(rates) == 1 else f"a rate {slower:,.0f} times lower"
            return f": with {which} the same step takes the loss to {number(loss)}"
    return ", by powers of ten, until a step takes the loss down"
