"""Python's whole numbers in a program: floats, where these hold all of their digits; else computed by Python."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from autograd_mini.compiler.arguments import SMALL
from autograd_mini.compiler.errors import LARGEST

# How large the result may be of numbers that are at most so large. Of all others, such as powers, nobody knows.
_BOUNDS: dict[Callable[..., Any], Callable[..., float]] = {
    **dict.fromkeys((operator.add, operator.sub), lambda x, y: x + y),
    operator.mul: lambda x, y: x * y,
    operator.mod: lambda x, y: y,
    **dict.fromkeys((operator.neg, operator.abs, operator.floordiv), lambda x, *y: x),
}


class WholeNumbers:
    """How large each of them on a tape may be in a later call."""

    def __init__(self) -> None:
        self._bounds: dict[int, float] = {}  # by line

    def given(self, line: int, number: float) -> None:
        """An argument: the form of a later call tells small ones from others."""
        self._bounds[line] = SMALL if abs(number) <= SMALL else LARGEST

    def are_exact(self, f: Callable[..., Any], operands: tuple[Any, ...], line: int) -> bool:
        """Whether floats hold these operands and the result at every call; if so, the bound of ``line`` is noted."""
        if f not in _BOUNDS:
            f, operands = getattr(f, "__wrapped__", f), operands[::-1]  # as of 2 - x
        if f in (operator.mod, operator.floordiv) and hasattr(operands[1], "number"):
            return False  # Python has an error for 0
        bounds = [self._bounds.get(x.number, math.inf) if hasattr(x, "number") else abs(x) for x in operands]
        bound = max(_BOUNDS[f](*bounds), *bounds) if f in _BOUNDS else math.inf
        if bound > LARGEST:
            return False
        self._bounds[line] = _BOUNDS[f](*bounds)
        return True
