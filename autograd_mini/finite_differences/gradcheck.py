"""Gradients against finite differences: is what backprop says the slope that the function has?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_mini import backward, modes
from autograd_mini.finite_differences.kinks import Line, has_kink
from autograd_mini.graph import names_of, walk
from autograd_mini.ops.caller import located, user_variables
from autograd_mini.text import wrapped
from autograd_mini.tree import leaves_of, map_leaves, named_leaves_of, with_containers_of_its_own
from autograd_mini.value import Value

_LEFT_DOMAIN = "f is nan or inf at x - h, at x or at x + h, outside of its domain: take a smaller h, or another x"


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
            f"(relative error {self.error:.1e})" + (f"; {_LEFT_DOMAIN}" if np.isnan(self.difference) else "")
        )


@dataclass(frozen=True, eq=False)  # two Values have no plain answer to ==
class OpCheck:
    """One op of the graph by itself: its rules at the operands that it had there.

    ``name`` is the Value's that it made, ``shapes`` are the operands'. In an entry, ``input`` is the operand's
    number and ``backprop`` what the rule gives.
    """

    op: str
    name: str
    node: Value
    shapes: tuple[tuple[int, ...], ...]
    checked: int
    worst: Entry | None
    wrong: list[Entry]
    kinks: list[Entry]

    def __str__(self) -> str:
        rule = f"by operand {self.worst.input}, {self.worst}" if self.worst else "nothing to check"
        return f"{self.op} of {' and '.join(map(str, self.shapes))}, which made {self.name}: {rule}"


@dataclass(frozen=True)
class GradcheckReport:
    """What ``gradcheck`` found. It is true, as a condition, if all is well.

    ``ops`` has an entry for each op of the graph, in the order of the backward pass, if ``per_op`` was asked for.
    """

    checked: int
    worst: Entry | None
    wrong: list[Entry] = field(default_factory=list)
    kinks: list[Entry] = field(default_factory=list)
    ops: list[OpCheck] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if there were derivatives to check and none is wrong. A kink is not an error."""
        return self.checked > 0 and not self.wrong and not self.first_wrong_op

    @property
    def first_wrong_op(self) -> OpCheck | None:
        """The first op with a wrong rule that the backward pass meets: up to there every gradient is right."""
        return next((check for check in self.ops if check.wrong), None)

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
            lines.append(
                f"  {len(self.kinks):,} left out, where the function has a kink or a sharp bend within h, such as "
                f"{self.kinks[0]}"
            )
        if self.ops:
            wrong = [check for check in self.ops if check.wrong]
            lines.append(f"  {len(self.ops) - len(wrong):,} of {len(self.ops):,} ops have right rules")
            lines += [f"  WRONG OP {check}" for check in wrong[:10]]
            if len(wrong) > 10:
                lines.append(f"  ... and {len(wrong) - 10:,} more")
            if self.wrong and not wrong and all(np.isfinite(entry.difference) for entry in self.wrong):
                lines.append(
                    "  so a path is missing from the graph: f depends on its input through a .detach(), .data, "
                    "float(), .item() or no_grad() too, which backprop does not see"
                )
        return "\n".join([line for text in lines for line in wrapped(text.split(" "), rest=" " * 6)])

    __repr__ = __str__


def gradcheck(
    f: Callable[..., Any],
    *inputs: Any,
    h: float = 1e-5,
    rtol: float = 1e-5,
    atol: float = 1e-9,
    per_op: bool = False,
) -> GradcheckReport:
    """Compares the gradient of ``f(*inputs)`` with centred differences, (f(x + h) - f(x - h)) / 2h, in float64.

    ``inputs`` are numbers, arrays or Values, or containers of them, such as a dict of weights. Values are passed on
    as they are, so parameters of a model may be given beside a function that uses the model; their data and gradients
    are as before afterwards. A result that is not a single number is first multiplied by fixed random weights and
    summed.
    PyTorch: ``torch.autograd.gradcheck``.

    An entry is wrong if the two differ by more than ``atol + rtol * |difference|``, where ``atol`` is
    multiplied by the function's size. It is left out as a kink if the slope changes at x and backprop's is between the
    two, or if it changes nearer than ``h`` and the difference over smaller steps is backprop's. A jump is no kink.

    With ``per_op`` each op of the graph is checked in the same way by itself too, at the operands that it has there:
    ``report.first_wrong_op`` is the op whose rule is to be mended. Ops that round to a smaller float are not judged,
    and neither are those whose result is not finite.

    >>> gradcheck(lambda x, y: (x * y).tanh(), 0.5, 2.0).ok
    True
    >>> gradcheck(lambda p: p["w"] * 3.0 + p["b"], {"w": 2.0, "b": 1.0}).checked
    2
    >>> print(gradcheck(lambda x, y: (x * y).tanh(), 0.5, 2.0, per_op=True).ops[1].op)
    mul

    Raises ``TypeError`` if ``f`` is no function, ``ValueError`` if ``h`` is not above 0, if no input requires a
    gradient, or if ``f`` gives another result each time.
    """
    if not callable(f):
        raise TypeError(
            located(
                f"gradcheck: the first argument is the function, not its result, and a {type(f).__name__} is none: "
                "gradcheck(np.sin, 2.0), or gradcheck(lambda x: x * x, 2.0)"
            )
        )
    if not 0 < h < np.inf:
        raise ValueError(located(f"gradcheck: the step h is a positive number, not {h}; 1e-5 suits most functions"))
    args = [_as_values(x, f"input {i}") for i, x in enumerate(inputs)]
    wanted = [(i, value) for i, arg in enumerate(args) for value in leaves_of(arg) if value.requires_grad]
    if not wanted:
        raise ValueError(located("gradcheck: none of the inputs requires a gradient, so there is nothing to check"))
    values = leaves_of(args)
    saved = [value.data for value in values]
    try:
        for value in values:
            value.data = value.data if value.data.__class__ is float else value.data.astype(np.float64)
        output = f(*with_containers_of_its_own(args))
        if not isinstance(output, Value) or not output.requires_grad:
            raise ValueError(located("gradcheck: the result of f does not depend on an input that requires a gradient"))
        ops = _check_ops(output, h, rtol, atol) if per_op else []
        return GradcheckReport(*_compare(f, output, args, wanted, h, rtol, atol), ops)
    finally:
        for value, data in zip(values, saved, strict=True):
            value.data = data


def _as_values(x: Any, name: str) -> Any:
    """The input with a Value for each of its leaves; a list of nothing but numbers is one array."""
    if isinstance(x, list | tuple) and all([isinstance(leaf, int | float | np.number) for leaf in leaves_of(x)]):
        return Value(x, label=name)
    values = iter(
        [leaf if isinstance(leaf, Value) else Value(leaf, label=name + path) for path, leaf in named_leaves_of(x)]
    )
    return map_leaves(lambda _: next(values), x)


def _check_ops(output: Value, h: float, rtol: float, atol: float) -> list[OpCheck]:
    """Each op of the graph as a function of its own, the last one first."""
    graph = walk(output)
    names = names_of(graph, user_variables())
    checks: list[OpCheck] = []
    for value, name, operands in reversed(list(zip(graph.values, names, graph.operands, strict=True))):
        if value.op is None:
            continue
        shapes = tuple(operand.shape for operand in value.inputs)
        inputs: list[Any] = [operand.data for operand in value.inputs]
        for i, (operand, position) in enumerate(zip(value.inputs, operands, strict=True)):
            if operand.requires_grad:
                inputs[i] = Value(np.asarray(operand.data, np.float64)[()], label=names[position])
        wanted = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Value)]
        try:
            result = value.op(*inputs)
            if result.dtype == np.float64 and np.isfinite(result.data).all():
                found = _compare(value.op, result, inputs, wanted, h, rtol, atol)
            else:
                found = 0, None, [], []
        except Exception as cause:
            where = f"{value.op} of {' and '.join(map(str, shapes))}, which made {name}"
            raise ValueError(located(f"gradcheck: {where}, cannot be differentiated: {cause}")) from cause
        checks.append(OpCheck(str(value.op), name, value, shapes, *found))
    return checks


def _compare(
    f: Callable[..., Any],
    output: Value,
    args: list[Any],
    wanted: list[tuple[int, Value]],
    h: float,
    rtol: float,
    atol: float,
) -> tuple[int, Entry | None, list[Entry], list[Entry]]:
    """How many derivatives of ``f`` were judged, the worst of them, the wrong ones, and those at a kink."""
    weights = 1.0 if output.size == 1 else np.random.default_rng(0).normal(size=output.shape)
    # not 1.0: the rule of the last op may have forgotten its upstream gradient
    gradients = backward.gradients((output * weights).sum(), _UPSTREAM)

    def at() -> Any:
        with modes.no_grad():
            return (
                f(*with_containers_of_its_own(args)).data * weights
            )  # a new array: what f gives may be a view of its input

    middle = at()
    total = float(np.sum(middle))
    if total != float(np.sum(at())) and total == total:
        raise ValueError(located("gradcheck: f gives another result each time (is it random?); fix its random numbers"))
    names = _names(output, wanted)
    judged: list[tuple[float, Entry]] = []  # with the difference as a part of what is allowed
    kinks: list[Entry] = []
    for i, value in wanted:
        gradient = gradients.get(value, np.zeros(value.shape))
        for index in np.ndindex(value.shape):
            line = Line(at, value, index, middle)
            backprop = (float(gradient[index]) if index else float(gradient)) / _UPSTREAM
            entry = Entry(i, names[value], index, backprop, line.slope(-h, h))
            allowed = atol * max(1.0, abs(total)) + rtol * abs(entry.difference)
            excess = abs(entry.backprop - entry.difference) / allowed
            if 1 < excess < np.inf and has_kink(line, h, backprop, allowed):
                kinks.append(entry)
            else:
                judged.append((excess, entry))
    judged.sort(key=lambda pair: -pair[0] if pair[0] == pair[0] else -np.inf)  # nan is the worst of all
    wrong = [entry for excess, entry in judged if not excess <= 1]
    return len(judged), judged[0][1] if judged else None, wrong, kinks


_UPSTREAM = 2.0


def _names(output: Value, wanted: list[tuple[int, Value]]) -> dict[Value, str]:
    """What the inputs are called: by their labels, or by their paths in the model if several have the same label."""
    names = {value: value.label or f"input {i}" for i, value in wanted}
    if len(set(names.values())) < len(names):
        graph = walk(output)
        names |= {value: name for value, name in zip(graph.values, names_of(graph), strict=True) if value in names}
    return names
