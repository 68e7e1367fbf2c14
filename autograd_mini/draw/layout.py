"""Where boxes and edges go: the second half of Sugiyama's method, for machines without Graphviz.

``layers`` has put the boxes into columns and their order; here they get their heights, columns their widths, and edges
their bends.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import NamedTuple

from autograd_mini.draw.layers import Layered, layered

Point = tuple[float, float]

SPACE = 7.0  # above and below a box, and half of that for an edge that passes
GAP = 36.0  # between layers, more where edges are steep
PORT = 9.0  # between the ends of edges that enter the same box


class Layout(NamedTuple):
    """Centres of boxes, and the points of edges: each is level from its 1st to its 2nd, from its 3rd to its 4th ..."""

    centers: list[Point]
    routes: list[list[Point]]
    width: float
    height: float


def layout(sizes: list[Point], edges: list[tuple[int, int]], ordered: Collection[int] = ()) -> Layout:
    """Places boxes of ``sizes`` (width, height), sources before targets, so that edges go right and cross little.

    Edges enter the boxes in ``ordered`` from top to bottom in their order in ``edges``, others as they happen to come.
    """
    graph = layered(len(sizes), edges, ordered)
    dummies = len(graph.layer_of) - graph.boxes
    half = [height / 2 + SPACE for _, height in sizes] + dummies * [SPACE / 2]
    return _measured(graph, half, sizes, _straightened(graph, half, _balanced(graph, half)), ordered)


def _balanced(graph: Layered, half: list[float]) -> list[float]:
    """Heights at which each box is near the mean of its neighbours: first those before it, then all."""
    y = [0.0] * len(half)

    def pull(u: int, v: int) -> float:
        """How much the ends of an edge want to be level. A leaf or a long edge gives way to the line it joins."""
        return 1.0 if graph.left[u] and (u < graph.boxes or v >= graph.boxes) else 0.05

    before = [[(u, pull(u, v)) for u in near] for v, near in enumerate(graph.left)]
    after = [[(v, pull(u, v)) for v in near] for u, near in enumerate(graph.right)]
    for sweep in range(graph.sweeps):
        forward = sweep % 2 == 0
        for layer in graph.layers if forward else reversed(graph.layers):
            wishes, weights = [], []
            for v in layer:
                near = before[v] if forward else after[v]
                if sweep >= graph.sweeps // 2 or not near:
                    near = before[v] + after[v]
                weight = sum([w for _, w in near])
                wishes.append(sum([y[u] * w for u, w in near]) / weight if near else 0.0)
                weights.append(weight or 1.0)
            for v, height in zip(layer, _apart(wishes, weights, [half[v] for v in layer]), strict=True):
                y[v] = height
    return y


def _apart(wishes: list[float], weights: list[float], half: list[float]) -> list[float]:
    """The heights nearest to ``wishes`` (least squares) that keep the order and leave room for each.

    Where wishes collide, a block of boxes that touch takes the mean wish (pool adjacent violators).
    """
    offset = 0.0
    offsets = []
    blocks: list[tuple[float, float, int]] = []  # the sum of weighted wishes, of weights, and the number of boxes
    for i, (wish, weight) in enumerate(zip(wishes, weights, strict=True)):
        offset += half[i - 1] + half[i] if i else 0.0
        offsets.append(offset)
        total, mass, boxes = weight * (wish - offset), weight, 1
        while blocks and blocks[-1][0] * mass >= total * blocks[-1][1]:
            before = blocks.pop()
            total, mass, boxes = total + before[0], mass + before[1], boxes + before[2]
        blocks.append((total, mass, boxes))
    tops = [total / mass for total, mass, boxes in blocks for _ in range(boxes)]
    return [top + offset for top, offset in zip(tops, offsets, strict=True)]


def _straightened(graph: Layered, half: list[float], y: list[float]) -> list[float]:
    """Lays paths level, as far as their neighbours in each layer leave room: long edges, and what has no branches."""
    done = [False] * len(y)

    def measure(v: int) -> tuple[float, float]:
        layer, i = graph.layers[graph.layer_of[v]], graph.place[v]
        low = y[layer[i - 1]] + half[layer[i - 1]] + half[v] if i else float("-inf")
        high = y[layer[i + 1]] - half[layer[i + 1]] - half[v] if i + 1 < len(layer) else float("inf")
        return low, high

    for start in [v for layer in graph.layers for v in layer if not done[v]]:
        path = []
        v: int | None = start
        while v is not None and not done[v]:
            done[v] = True
            path.append(v)
            v = graph.straight_on(v)
        while path:
            low, high = float("-inf"), float("inf")
            level = []
            for v in path:
                above, below = measure(v)
                if max(low, above) > min(high, below) + 1e-9:
                    break
                low, high = max(low, above), min(high, below)
                level.append(v)
            mean = sum([y[v] for v in level]) / len(level)
            for v in level:
                y[v] = min(max(mean, low), high)
            del path[: len(level)]
    return y


def _measured(
    graph: Layered, half: list[float], sizes: list[Point], y: list[float], ordered: Collection[int]
) -> Layout:
    """Columns wide enough for their boxes, with gaps wide enough for the edges between them."""
    chains = graph.chains
    top = min([height - h for height, h in zip(y, half, strict=True)])
    y = [round(height - top, 2) for height in y]
    bottom = max([height + h for height, h in zip(y, half, strict=True)])
    begin, end = [], []  # of each column
    x = 0.0
    for layer in graph.layers:
        width = max([sizes[v][0] for v in layer if v < len(sizes)], default=0.0)
        begin.append(x)
        end.append(x + width)
        steepest = max([abs(y[u] - y[v]) for u in layer for v in graph.right[u]], default=0.0)
        x += width + GAP + min(steepest / 6, 3 * GAP)
    centers = [((begin[i] + end[i]) / 2, y[v]) for v, i in enumerate(graph.layer_of[: len(sizes)])]

    entering: dict[int, list[int]] = {}  # box: its edges, from the highest to the lowest
    for edge, chain in enumerate(chains):
        entering.setdefault(chain[-1], []).append(edge)
    port = [0.0] * len(chains)
    for target, edges in entering.items():
        if target not in ordered:
            edges.sort(key=lambda edge: y[chains[edge][-2]])
        step = min(PORT, 0.7 * sizes[target][1] / len(edges))
        for i, edge in enumerate(edges):
            port[edge] = round((i - (len(edges) - 1) / 2) * step, 2)

    routes = []
    for edge, chain in enumerate(chains):
        source, target = chain[0], chain[-1]
        points = [(centers[source][0] + sizes[source][0] / 2, y[source])]
        for u, v in pairwise(chain):
            height = y[v] + (port[edge] if v == target else 0.0)
            if height != points[-1][1]:  # what stays level is one line, however long
                points.append((end[graph.layer_of[u]], y[u]))
                points.append((begin[graph.layer_of[v]], height))
        points.append((centers[target][0] - sizes[target][0] / 2, points[-1][1]))
        routes.append(points)
    return Layout(centers, routes, end[-1], bottom)
