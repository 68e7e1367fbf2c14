"""strong_wolfe: how far to go along a direction, so that the function falls enough and its slope levels off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

_FALL, _LEVEL = 1e-4, 0.9  # the constants c1 and c2 of the Wolfe conditions (Nocedal and Wright, 3.7)


@dataclass(frozen=True)
class Point:
    """A point of the line: ``t`` times the direction away, with the function's value, gradient and slope along it."""

    t: float
    value: float
    gradient: Any
    slope: float


def strong_wolfe(
    at: Callable[[float], Point], start: Point, t: float, longest: float, most: int, tolerance: float
) -> tuple[Point, int]:
    """A point that meets both conditions, or the best one found, and how often ``at`` was called.

    ``t`` is tried first, ``most`` bounds the further trials; ``longest`` is the largest element of the direction, by
    which a bracket becomes a distance: below ``tolerance`` it is small enough. PyTorch's ``_strong_wolfe``, trial by
    trial.
    """
    previous, here, trials = start, at(t), 0
    while True:  # away from the start, until a bracket has such a point inside
        if trials >= most:
            bracket = [start, here]
            break
        risen = _too_high(here, start) or (trials > 1 and here.value >= previous.value)
        if not risen and _level(here, start):
            return here, trials + 1
        if risen or here.slope >= 0:
            bracket = [previous, here]
            break
        t = _cubic(previous, here, here.t + 0.01 * (here.t - previous.t), here.t * 10)
        previous, here = here, at(t)
        trials += 1
    stalled = False
    low = 0 if bracket[0].value <= bracket[1].value else 1
    while trials < most and abs(bracket[1].t - bracket[0].t) * longest >= tolerance:
        left, right = sorted([bracket[0].t, bracket[1].t])
        t = _cubic(bracket[0], bracket[1], left, right)
        margin = 0.1 * (right - left)
        if min(right - t, t - left) >= margin:
            stalled = False
        elif stalled or t >= right or t <= left:  # twice near an end: move away from it
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            stalled = False
        else:
            stalled = True
        here = at(t)
        trials += 1
        if _too_high(here, start) or here.value >= bracket[low].value:
            bracket[1 - low] = here
            low = 0 if bracket[0].value <= bracket[1].value else 1
            continue
        if _level(here, start):
            return here, trials + 1
        if here.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = here
    return bracket[low], trials + 1


def _too_high(here: Point, start: Point) -> bool:
    """Armijo's condition fails: the function fell by less than a part of what the slope at the start promised."""
    return here.value > start.value + _FALL * here.t * start.slope


def _level(here: Point, start: Point) -> bool:
    """The curvature condition: the slope is less steep than at the start."""
    return abs(here.slope) <= -_LEVEL * start.slope


def _cubic(a: Point, b: Point, least: float, greatest: float) -> float:
    """The minimum of the cubic through both points with their slopes, kept between the bounds."""
    if a.t > b.t:
        a, b = b, a
    x1, x2 = np.float64(a.t), np.float64(b.t)  # which divide by zero as IEEE has it
    d1 = a.slope + b.slope - 3 * (a.value - b.value) / (x1 - x2)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (least + greatest) / 2
    d2 = np.sqrt(square)
    return float(min(max(x2 - (x2 - x1) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2)), least), greatest))
