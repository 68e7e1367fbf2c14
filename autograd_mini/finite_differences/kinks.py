"""Kinks of a function along one element of its input: is it one that makes a difference quotient miss the slope?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini.value import Value

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Line:
    """A function along one element of ``value``: ``at()`` computes it with the data that ``value`` has."""

    at: Callable[[], Any]
    value: Value
    index: tuple[int, ...]  # () in a single number
    middle: Any

    def moved(self, t: float) -> Any:
        """The function with the element raised by ``t``."""
        if not t:
            return self.middle
        value, data = self.value, self.value.data
        if data.__class__ is float:
            value.data = data + t
            result = self.at()
            value.data = data
        else:
            x = data[self.index]
            data[self.index] = x + t
            result = self.at()
            data[self.index] = x
        return result

    def slope(self, start: float, end: float) -> float:
        """The difference quotient. What is summed are differences: elements that do not change add no rounding."""
        return self.change(start, end) / (end - start)

    def change(self, start: float, end: float) -> float:
        """By how much the function changes between two places."""
        with np.errstate(invalid="ignore"):  # inf - inf, outside of the function's domain
            return float(np.sum(self.moved(end) - self.moved(start)))

    def rounding(self, h: float) -> float:
        """About how wrong a slope over ``h`` may be because the function's results and x are rounded."""
        below, above = self.moved(-h), self.moved(h)
        size = float(np.sum(np.abs(above), where=above != below))
        x = float(self.value.data[self.index] if self.index else self.value.data)
        return 4 * _EPS * max(1.0, size, abs(x * self.slope(-h, h))) / h


def has_kink(line: Line, h: float, backprop: float, allowed: float) -> bool:
    """True if a kink, not an error of ``backprop``, is why the difference quotient over ``h`` is not ``backprop``."""
    error = abs(line.slope(-h, h) - backprop)
    settled = _settled(line, h, error, allowed)
    if settled is None:
        return False
    left, right, slack = settled
    slack = min(slack, error / 2)
    is_between = min(left, right) - slack <= backprop <= max(left, right) + slack
    return is_between and _is_continuous(line, h, backprop)


def _settled(line: Line, h: float, error: float, allowed: float) -> tuple[float, float, float] | None:
    """The slopes left and right on which the quotients settle as the step shrinks, and how exact they are.

    They have settled if the next step changes nothing. Where the two are the same, x is no kink, and all others are
    out of the way; if they never are, x is one. At a jump they do not settle. Steps so small that rounding could
    explain ``error`` tell nothing.
    """
    before: tuple[float, float] | None = None
    at_kink: tuple[float, float, float] | None = None
    while (rounding := line.rounding(h := h / 2)) <= error / 3:
        left, right, slack = line.slope(-h, 0.0), line.slope(0.0, h), allowed + rounding
        if before and abs(left - before[0]) <= slack and abs(right - before[1]) <= slack:
            if abs(right - left) <= 2 * slack:
                return left, right, slack
            if rounding <= error / 1000:
                at_kink = left, right, slack
        before = left, right
    return at_kink


def _is_continuous(line: Line, h: float, slope: float) -> bool:
    """True if the function leaves its tangent at x little by little. A jump is all in one part of the way."""
    steps = np.linspace(-2 * h, 2 * h, 33).tolist()  # to 2 h: of a kink just inside h one would see only the end
    away = np.array([line.change(0.0, t) - slope * t for t in steps])
    return bool(np.abs(np.diff(away)).max() <= np.abs(away).max() / 2)
