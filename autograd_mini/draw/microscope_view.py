"""Where the boxes of the microscope's page stand, as JSON. What happens in them the page computes itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.draw.layout import Point, layout
from autograd_mini.draw.picture import Group, count, one_line, op_text
from autograd_mini.draw.svg import HEIGHT, LINE, PAD, text_width
from autograd_mini.graph import Graph

Json = Any

NUMBERS = text_width("data -0.0001234")  # of one number, four significant digits
RANGES = text_width("grad -0.01234 … 0.01234")  # of the smallest and the largest
WIDEST_NAME = 24  # characters; the page cuts a longer name, and shows it in full beside the graph
MAP = 40.0  # the height of the two heat maps in the box of an array


def view_of(graph: Graph, names: Sequence[str], groups: Sequence[Group]) -> Json:
    """Boxes and edges of ``groups``: for each the box of its values, behind a pill with their op.

    ``item_of`` has for each value the box that shows it, also where it stands inside a run or behind a stub.
    """
    items: list[Json] = []
    edges: list[Json] = []
    shown_in: list[int] = []  # the item of each group
    for group in groups:
        target = len(items)
        op = next((graph.values[i].op for i in group.values if graph.values[i].op), None)
        if op is not None:
            text = op_text(op) if group.run == (1, 1) else f"{op.symbol} × {group.run[1]:,}"
            items.append({"type": "op", "text": text, "size": (max(36.0, text_width(text) + 2 * PAD), HEIGHT - 4)})
            edges.append({"from": target, "to": target + 1, "slot": -1})
        items.append(_box(graph, names, group))
        edges += [{"from": shown_in[j], "to": target, "slot": slot} for slot, j in enumerate(group.operands)]
        shown_in.append(len(items) - 1)
    edges.sort(key=lambda edge: edge["to"])
    plan = layout([item["size"] for item in items], _pairs(edges))
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
    """A box with its rows from top to bottom: name, how many or which shape, heat maps, data, gradient."""
    if not group.values:
        text = f"… {count(group.size, 'more value')}"
        return {"type": "more", "text": text, "size": (text_width(text) + 2 * PAD, HEIGHT)}
    first = graph.values[group.values[0]]
    is_array = isinstance(first.data, np.ndarray)
    many = len(group.values) > 1
    rows = ["name"]
    if many or is_array:
        rows.append("about")
    if is_array and not many:
        rows.append("maps")
    rows.append("data")
    if first.requires_grad:
        rows.append("grad")
    name = one_line(names[group.values[0]])
    about = " ".join([f"× {len(group.values):,}"] * many + [f"{first.shape} {first.dtype}"] * is_array)
    width = max(
        RANGES if many or is_array else NUMBERS,
        text_width(name[:WIDEST_NAME]),
        text_width(about),
    )
    height = sum([MAP if row == "maps" else LINE for row in rows])
    return {
        "type": "box",
        "kind": "value" if first.op else "leaf" if first.requires_grad else "constant",
        "rows": rows,
        "about": about,
        "values": group.values,
        "size": (round(width + 2 * PAD, 1), height + PAD),
    }


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
    return stubs[0] if stubs and groups[consumer].run == (1, 1) else consumer
