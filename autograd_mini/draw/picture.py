"""What a picture of a graph says: its boxes, the text in each, and its edges. Not where they stand."""

from __future__ import annotations

import os.path
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.draw.modules import Call
from autograd_mini.graph import Graph, is_plain_number
from autograd_mini.ops.operation import Operation, data_of
from autograd_mini.text import NO_GRAD, count, digits, numbers, one_line, op_text, printable
from autograd_mini.value import Value

# Named on hovering, and edges drawn between the same two boxes: a stack of thousands is more than Graphviz reads.
MOST_OPERANDS = 12

COMMUTATIVE = frozenset({"add", "mul", "maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2", "hypot"})


class Group(NamedTuple):
    """Values that share a box. In a picture of everything each Value has one of its own; a stub has none."""

    values: list[int]  # positions in the graph; of calls only what they give to others
    operands: list[int]  # groups, one for each edge, in operand order
    run: tuple[int, int] = (1, 1)  # how many ops in a row stand behind a value here: the fewest and the most
    size: int = 1  # how many Values of the graph it stands for, those inside a run or a call included
    calls: Sequence[Call] = ()  # what it shows, if these are calls of modules


class Box(NamedTuple):
    """A box or, for an op, an ellipse."""

    name: str
    kind: str  # "leaf", "constant", "value" (the result of an op), "op", "module" (a call), or "more" (a stub)
    fields: tuple[str, ...]
    title: str  # shown on hovering
    stacked: bool = False  # fields one above the other: those of a tensor and of many values are long
    ordered: bool = False  # an op that tells its operands apart, so that its arrows have to come in their order


class Picture(NamedTuple):
    """Boxes, sources before targets, and edges between their positions. ``note`` says what was left out."""

    boxes: list[Box]
    edges: list[tuple[int, int]]
    note: str


def has_order(graph: Graph, group: Group) -> bool:
    """True where the order of the operands matters, as for a minus: not of a run, whose operands are those of many."""
    op = graph.values[group.values[-1]].op if group.values and not group.calls and group.run == (1, 1) else None
    return op is not None and op.name not in COMMUTATIVE and len(set(group.operands)) > 1


def each_alone(graph: Graph) -> list[Group]:
    """A group for every Value."""
    return [Group([i], list(operands)) for i, operands in enumerate(graph.operands)]


def own_gradient(value: Value) -> Any:
    """The gradient as a number or array, also if ``create_graph`` made it a Value; None before ``backward()``."""
    return data_of(value.grad) if value.has_grad else None


def picture(
    graph: Graph, groups: Sequence[Group], names: Sequence[str], gradient: Callable[[Value], Any] = own_gradient
) -> Picture:
    """The boxes and edges of ``groups``: for each the box of its values, behind the ellipse of their op.

    ``names`` has one for each Value of the graph; ``gradient`` gives what a box shows, None for a dash.
    """
    boxes: list[Box] = []
    edges: list[tuple[int, int]] = []
    shown_in: list[int] = []  # the box of each group
    for place, group in enumerate(groups):
        target = len(boxes)
        values = [graph.values[i] for i in group.values]
        name = f"v{group.values[-1]}" if values else f"more{place}"
        if not values:
            text = f"… {count(group.size, 'more value')}"
            boxes.append(Box(name, "more", (text,), text))
        elif group.calls:
            fields = (*_said_of(group.calls), *_numbers_of(values, gradient))
            boxes.append(Box(name, "module", fields, _title(values, gradient, calls=group.calls), stacked=True))
        else:
            ops = [value.op for value in values if value.op is not None]
            if ops:
                used = graph.operands[group.values[-1]]
                operands = [one_line(names[i]) for i in used[:MOST_OPERANDS]] + ["…"] * (len(used) > MOST_OPERANDS)
                title = f"{one_line(names[group.values[-1]])} = {ops[-1].name}({', '.join(operands)})"
                text = _op_of_all(ops, group.run)
                title = title if len(ops) == 1 and group.run == (1, 1) else text
                boxes.append(Box(f"{name}_op", "op", (text,), title, ordered=has_order(graph, group)))
                edges.append((target, target + 1))
            stacked = len(values) > 1 or isinstance(values[0].data, np.ndarray)
            called = "" if is_plain_number(values[0]) else names[group.values[0]]
            fields = _fields(values, gradient, called)
            boxes.append(Box(name, _kind(values[0]), fields, _title(values, gradient, called), stacked))
        drawn: Counter[int] = Counter()
        for source in group.operands:
            drawn[source] += 1
            if drawn[source] <= MOST_OPERANDS:
                edges.append((shown_in[source], target))
        shown_in.append(len(boxes) - 1)
    return Picture(boxes, edges, _note(graph, groups))


def _note(graph: Graph, groups: Sequence[Group]) -> str:
    """How a graph was collapsed, if it was."""
    if len(groups) == len(graph.values):
        said = []
    else:
        said = [f"{count(len(graph.values), 'value')} shown as {count(len(groups), 'box', 'boxes')}"]
    if any([group.calls for group in groups]):
        said.append("by module")
    if any([len(group.calls) > 1 if group.calls else len(group.values) > 1 or group.run[1] > 1 for group in groups]):
        said.append("alike ones together")
    behind = [j for group in groups if not group.values for j in group.operands]
    if any([groups[j].operands for j in behind]):
        said.append("the middle left out")
    elif not all([group.values for group in groups]):
        said.append("cut off far from the root")
    if any([uses > MOST_OPERANDS for group in groups for uses in Counter(group.operands).values()]):
        said.append(f"at most {MOST_OPERANDS} edges between two boxes")
    return ", ".join(said)


# ------------------------------------------------------------ the text in a box


def _kind(value: Value) -> str:
    if value.op is not None:
        return "value"
    return "leaf" if value.requires_grad else "constant"


def _fields(values: Sequence[Value], gradient: Callable[[Value], Any], called: str) -> tuple[str, ...]:
    """name | how many | shape and dtype | data | grad, without those that say nothing."""
    label = one_line(called) if len(values) == 1 else _label_of_all([one_line(value.label) for value in values])
    fields = [label] if label else []
    if len(values) > 1:
        fields.append(f"× {len(values):,}")
    numbers_of = _numbers_of(values, gradient)
    bare = not fields and len(numbers_of) == 1
    return (numbers_of[0].removeprefix("data "),) if bare else (*fields, *numbers_of)


def _said_of(calls: Sequence[Call]) -> list[str]:
    """The module of calls of one form: path | what it is | how many | what is inside."""
    first, many = calls[0], len(calls) > 1
    fields = [_label_of_all([one_line(call.path) for call in calls]), one_line(first.what)]
    if many:
        fields.append(f"× {len(calls):,}")
    inside = [count(first.parameters, f"{'shared ' * first.shared}parameter")] if first.parameters else []
    if first.size > 1:
        inside.append(f"{count(first.size, 'value')}{' each' if many else ''}")
    return [text for text in (*fields, ", ".join(inside)) if text]


def _numbers_of(values: Sequence[Value], gradient: Callable[[Value], Any]) -> list[str]:
    """Shape and dtype of arrays that have the same | data | grad."""
    kinds = {(value.shape, value.dtype) for value in values}
    fields = [
        f"{shape} {dtype}" for shape, dtype in kinds if len(kinds) == 1 and isinstance(values[0].data, np.ndarray)
    ]
    fields.append(f"data {numbers([value.data for value in values])}")
    if values[0].requires_grad:
        fields.append(f"grad {numbers([g for g in map(gradient, values) if g is not None])}")
    return fields


def _label_of_all(labels: Sequence[str]) -> str:
    """One label for many: theirs if it is the same, else what they begin with, as in ``w*``."""
    prefix = os.path.commonprefix(labels)  # noqa: RUF071  # these are names, not paths
    return prefix if len(set(labels)) == 1 or not prefix else f"{prefix}*"


def _op_of_all(ops: Sequence[Operation], run: tuple[int, int]) -> str:
    texts = {op_text(op) for op in ops}
    text = texts.pop() if len(texts) == 1 else ops[0].symbol
    fewest, most = run
    if most == 1:
        return text
    return f"{text} × {most:,}" if fewest == most else f"{text} × {fewest:,} … {most:,}"


def _title(
    values: Sequence[Value], gradient: Callable[[Value], Any], called: str = "", calls: Sequence[Call] = ()
) -> str:
    """Every digit of one Value; for many, that the numbers are the smallest and the largest."""
    lines = [printable(f"{call.path} {call.what}".strip()) for call in calls] if len(calls) == 1 else []
    if len(calls) > 1:
        lines.append(f"{count(len(calls), 'call')} of the same form; the numbers are the smallest and the largest")
    elif len(values) > 1:
        of = "that it gives to others" if calls else "of the same form"
        lines.append(f"{count(len(values), 'value')} {of}; the numbers are the smallest and the largest")
    else:
        value = values[0]
        if called:
            lines.append(printable(called))
        lines.append(f"data {digits(value.data)}")
        if value.requires_grad:
            g = gradient(value)
            lines.append(f"grad {NO_GRAD if g is None else digits(g)}")
    return "\n".join(lines)
