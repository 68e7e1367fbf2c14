"""Gradients against finite differences: is what backprop says the slope that the function has?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_mini import backward, modes
from autograd_mini.ops.caller import located
from autograd_mini.value import Value


@dataclass(frozen=True)
class Entry:
    """One element of one input, and its derivative computed in two ways."""

    input: int
    name: str
    index: tuple[int, ...]
    backprop: float
    difference: float

    @property
    def error(self) -> float:
        """The difference of the two, relative to the larger."""
        larger = max(abs(self.backprop), abs(self.difference))
        return abs(self.backprop - self.difference) / larger if larger else 0.0

    def __str__(self) -> str:
        where = f"{self.name}[{', '.join(map(str, self.index))}]" if self.index else self.name
        return (
            f"{where}: backprop {self.backprop:.10g}, finite differences {self.difference:.10g} "
            f"(relative error {self.error:.1e})"
        )


@dataclass(frozen=True)
class GradcheckReport:
    """What ``gradcheck`` found. It is true, as a condition, if all is well."""

    checked: int
    worst: Entry | None
    wrong: list[Entry] = field(default_factory=list)
    kinks: list[Entry] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if there were derivatives to check and none is wrong. A kink is not an error."""
        return self.checked > 0 and not self.wrong

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = [f"gradcheck: {self.checked - len(self.wrong):,} of {self.checked:,} derivatives agree"]
        if self.worst:
            lines.append(f"  worst    {self.worst}")
        lines += [f"  WRONG    {entry}" for entry in self.wrong[:10]]
        if len(self.wrong) > 10:
            lines.append(f"  ... and {len(self.wrong) - 10:,} more")
        if self.kinks:
            lines.append(f"  {len(self.kinks):,} left out, where the function has a kink, such as {self.kinks[0]}")
        return "\n".join(lines)

    __repr__ = __str__


def gradcheck(
    f: Callable[..., Any], *inputs: Any, h: float = 1e-5, rtol: float = 1e-5, atol: float = 1e-9
) -> GradcheckReport:
    """Compares the gradient of ``f(*inputs)`` with centred differences, (f(x + h) - f(x - h)) / 2h, in float64.

    ``inputs`` are numbers, arrays or Values. Values are passed on as they are, so parameters of a model
    may be given beside a function that uses the model; their data and gradients are as before afterwards. A
    result that is not a single number is first multiplied by fixed random weights and summed.
    PyTorch: ``torch.autograd.gradcheck``.

    An entry is wrong if the two differ by more than ``atol + rtol * |difference|``, where ``atol`` is
    multiplied by the function's size. It is a kink if the slopes left and right of it differ, stay the same at
    half the step (at a jump they would double), and backprop's derivative lies between them.

    >>> gradcheck(lambda x, y: (x * y).tanh(), 0.5, 2.0).ok
    True

    Raises ``ValueError`` if no input requires a gradient, or if ``f`` gives another result each time.
    """
    values = [x if isinstance(x, Value) else Value(x, label=f"input {i}") for i, x in enumerate(inputs)]
    wanted = [(i, value) for i, value in enumerate(values) if value.requires_grad]
    if not wanted:
        raise ValueError(located("gradcheck: none of the inputs requires a gradient, so there is nothing to check"))
    saved = [value.data for value in values]
    try:
        for value in values:
            value.data = value.data if value.data.__class__ is float else value.data.astype(np.float64)
        return _compare(f, values, wanted, h, rtol, atol)
    finally:
        for value, data in zip(values, saved, strict=True):
            value.data = data


def _compare(
    f: Callable[..., Any], values: list[Value], wanted: list[tuple[int, Value]], h: float, rtol: float, atol: float
) -> GradcheckReport:
    output = f(*values)
    if not isinstance(output, Value) or not output.requires_grad:
        raise ValueError(located("gradcheck: the result of f does not depend on an input that requires a gradient"))
    weights = 1.0 if output.size == 1 else np.random.default_rng(0).normal(size=output.shape)
    gradients = backward.gradients((output * weights).sum(), 1.0)

    def at() -> float:
        with modes.no_grad():
            return float(np.sum(f(*values).data * weights))

    middle = at()
    if middle != at() and middle == middle:
        raise ValueError(located("gradcheck: f gives another result each time (is it random?); fix its random numbers"))
    judged: list[tuple[float, Entry]] = []  # with the difference as a part of what is allowed
    kinks: list[Entry] = []
    for i, value in wanted:
        gradient = gradients.get(value, np.zeros(value.shape))
        for index in np.ndindex(value.shape):
            above, below = _at_both_sides(at, value, index, h)
            backprop = float(gradient[index]) if index else float(gradient)
            entry = Entry(i, value.label or f"input {i}", index, backprop, (above - below) / (2 * h))
            allowed = atol * max(1.0, abs(middle)) + rtol * abs(entry.difference)
            excess = abs(entry.backprop - entry.difference) / allowed
            if excess > 1 and _is_kink(at, value, index, h, middle, (below, above), backprop, allowed):
                kinks.append(entry)
            else:
                judged.append((excess, entry))
    judged.sort(key=lambda pair: -pair[0] if pair[0] == pair[0] else -np.inf)  # nan is the worst of all
    wrong = [entry for excess, entry in judged if not excess <= 1]
    return GradcheckReport(len(judged), judged[0][1] if judged else None, wrong, kinks)


def _is_kink(
    at: Callable[[], float],
    value: Value,
    index: tuple[int, ...],
    h: float,
    middle: float,
    ends: tuple[float, float],
    backprop: float,
    allowed: float,
) -> bool:
    """True if the slopes left and right differ, stay what they are at half the step (a jump's would double), and
    have backprop's derivative between them."""
    left, right = (middle - ends[0]) / h, (ends[1] - middle) / h
    above, below = _at_both_sides(at, value, index, h / 2)
    nearer = (middle - below) / (h / 2), (above - middle) / (h / 2)
    steady = all(abs(near - far) <= allowed + 1e-3 * abs(far) for near, far in zip(nearer, (left, right), strict=True))
    between = min(left, right) - allowed <= backprop <= max(left, right) + allowed
    return steady and between and abs(right - left) > 100 * allowed


def _at_both_sides(at: Callable[[], float], value: Value, index: tuple[int, ...], h: float) -> tuple[float, float]:
    """The function with one element of ``value`` raised and lowered by ``h``."""
    if value.data.__class__ is float:
        x = value.data
        value.data = x + h
        above = at()
        value.data = x - h
        below = at()
        value.data = x
    else:
        x = value.data[index]
        value.data[index] = x + h
        above = at()
        value.data[index] = x - h
        below = at()
        value.data[index] = x
    return above, below
