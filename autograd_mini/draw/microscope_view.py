"""Where the boxes of the microscope's page stand, as JSON. What happens in them the page computes itself."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.draw.layout import Point, layout
from autograd_mini.draw.picture import Group, has_order
from autograd_mini.draw.svg import HEIGHT, LINE, PAD, text_width
from autograd_mini.graph import Graph
from autograd_mini.text import count, one_line, op_text

Json = Any

NUMBERS = text_width("data -0.0001234")  # of one number, four significant digits
RANGES = text_width("grad -0.01234 … 0.01234")  # of the smallest and the largest
WIDEST = 24  # characters of a name; longer ones the page cuts, and shows in full beside the graph
MAP = 40.0  # the height of the two heat maps in the box of an array


def view_of(graph: Graph, names: Sequence[str], groups: Sequence[Group]) -> Json:
    """Boxes and edges of ``groups``: for each the box of its values, behind a pill with their op.

    ``item_of`` has for each value the box that shows it, also where it stands inside a run or behind a stub.
    """
    items: list[Json] = []
    edges: list[Json] = []
    shown_in: list[int] = []  # the item of each group
    ordered: set[int] = set()  # the items whose arrows come in the order of the operands
    for group in groups:
        target = len(items)
        op = graph.values[group.values[0]].op if group.values and not group.calls else None
        if op is not None:
            text = op_text(op) if group.run == (1, 1) else f"{op.symbol} × {group.run[1]:,}"
            items.append({"type": "op", "text": text, "size": (max(36.0, text_width(text) + 2 * PAD), HEIGHT - 4)})
            edges.append({"from": target, "to": target + 1, "slot": -1})
            if has_order(graph, group):
                ordered.add(target)
        items.append(_box(graph, names, group))
        edges += [{"from": shown_in[j], "to": target, "slot": slot} for slot, j in enumerate(group.operands)]
        shown_in.append(len(items) - 1)
    edges.sort(key=lambda edge: edge["to"])
    plan = layout([item["size"] for item in items], _pairs(edges), ordered)
    for item, (x, y) in zip(items, plan.centers, strict=True):
        item["center"] = _short((x, y))
    for edge, route in zip(edges, plan.routes, strict=True):
        edge["points"] = [_short(point) for point in route]
    item_of = [shown_in[group] for group in _group_of_each(graph, groups)]
    collapsed = len(groups) < len(graph.values)
    note = f"{count(len(graph.values), 'value')} in {count(len(groups), 'box', 'boxes')}" if collapsed else ""
    return {
        "width": plan.width,
        "height": plan.height,
        "items": items,
        "edges": edges,
        "item_of": item_of,
        "note": note,
    }


def _pairs(edges: Sequence[Json]) -> list[tuple[int, int]]:
    return [(edge["from"], edge["to"]) for edge in edges]


def _short(point: Point) -> tuple[float, float]:
    return round(point[0], 1), round(point[1], 1)


def _box(graph: Graph, names: Sequence[str], group: Group) -> Json:
    """A box with its rows from top to bottom: name, what it is, heat maps, data, gradient."""
    if not group.values:
        text = f"… {count(group.size, 'more value')}"
        return {"type": "more", "text": text, "size": (text_width(text) + 2 * PAD, HEIGHT)}
    first = graph.values[group.values[0]]
    is_array = isinstance(first.data, np.ndarray)
    many = len(group.values) > 1
    name, about = _said_of(graph, names, group)
    rows = ["name"] + ["about"] * bool(about) + ["maps"] * (is_array and not many) + ["data"]
    if first.requires_grad:
        rows.append("grad")
    width = max(RANGES if many or is_array else NUMBERS, text_width(name[:WIDEST]), text_width(about[:WIDEST]))
    height = sum([MAP if row == "maps" else LINE for row in rows])
    return {
        "type": "box",
        "kind": "module" if group.calls else "value" if first.op else "leaf" if first.requires_grad else "constant",
        "rows": rows,
        "name": name,
        "about": about,
        "values": group.values,
        "size": (round(width + 2 * PAD, 1), height + PAD),
    }


def _said_of(graph: Graph, names: Sequence[str], group: Group) -> tuple[str, str]:
    """What a box is called, and what its values are."""
    first = graph.values[group.values[0]]
    shape = f"{first.shape} {first.dtype}" if isinstance(first.data, np.ndarray) else ""
    if group.calls:
        call, calls = group.calls[0], len(group.calls)
        what = " ".join([call.what] + [f"× {calls:,}"] * (calls > 1))
        return one_line(call.path or what), one_line(what if call.path else count(call.size, "value"))
    if len(group.values) == 1:
        return one_line(names[group.values[0]]), shape
    prefix = os.path.commonprefix([one_line(graph.values[i].label) for i in group.values])  # noqa: RUF071  # no paths
    return f"{prefix}* × {len(group.values):,}" if prefix else count(len(group.values), "value"), shape


def _group_of_each(graph: Graph, groups: Sequence[Group]) -> list[int]:
    """The group of each value: its own, else that of the run it is in, else a stub that feeds its consumer."""
    group_of = [-1] * len(graph.values)
    for place, group in enumerate(groups):
        for i in group.values:
            group_of[i] = place
    for i in reversed(range(len(graph.values))):
        for j in graph.operands[i]:
            if group_of[j] < 0:
                group_of[j] = _hidden_in(groups, group_of[i])
    return group_of


def _hidden_in(groups: Sequence[Group], consumer: int) -> int:
    """The group of a value that none shows, from the group of its consumer."""
    stubs = [j for j in groups[consumer].operands if not groups[j].values]
    hides = groups[consumer].run != (1, 1) or groups[consumer].calls
    return stubs[0] if stubs and not hides else consumer
