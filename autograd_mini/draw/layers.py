"""In which layer each box stands, and in which order there: the first half of Sugiyama's method. It knows no sizes.

Layers are columns, from left to right. An edge that spans several is a chain of dummies, one in each layer
between, so that it has a place of its own there and never runs through a box. Edges from one source share them, and
part where they must.
"""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Collection
from itertools import pairwise

SWEEPS = 24
# Of edges, in all sweeps together, long ones counted in each layer: about a second. A larger graph gets fewer sweeps.
MOST_VISITS = 100_000


def layered(boxes: int, edges: list[tuple[int, int]], ordered: Collection[int] = ()) -> Layered:
    """The layers of boxes, sources before targets, in which edges go right and cross little.

    Edges enter the boxes in ``ordered`` from top to bottom in their order in ``edges``, others as they happen to come.
    """
    graphs = [
        Layered(boxes, edges, layer_of, ordered)
        for layer_of in (_as_late_as_possible(boxes, edges), _as_early(boxes, edges))
    ]
    if any([graph.sweeps < SWEEPS // 4 for graph in graphs]):  # a tangle either way: the smaller one, or it takes long
        graphs = [min(graphs, key=lambda graph: len(graph.layer_of))]
    return min(graphs, key=lambda graph: (graph.reduce_crossings(), len(graph.layer_of)))


def passes(boxes: int, edges: list[tuple[int, int]]) -> int:
    """How often a long edge goes by a layer, at the least: what a layout costs beside its boxes and edges."""
    layer = _as_late_as_possible(boxes, edges)
    last = list(layer)  # that an edge from here reaches
    for source, target in edges:
        last[source] = max(last[source], layer[target])
    return sum([max(0, to - at - 1) for at, to in zip(layer, last, strict=True)])


def _as_late_as_possible(n: int, edges: list[tuple[int, int]]) -> list[int]:
    """Each box right before the first that needs it: good for trees, where no edge is long then."""
    from_end = [0] * n
    for source, target in sorted(edges, reverse=True):
        from_end[source] = max(from_end[source], from_end[target] + 1)
    return [max(from_end) - layer for layer in from_end]


def _as_early(n: int, edges: list[tuple[int, int]]) -> list[int]:
    """Each box right after the last that it needs: good for what is shared. Sources stand before their first use."""
    layer = [0] * n
    has_input = {target for _, target in edges}
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        layer[target] = max(layer[target], layer[source] + 1)
    first_use: dict[int, int] = {}
    for source, target in edges:
        first_use[source] = min(first_use.get(source, n), layer[target])
    return [layer[v] if v in has_input else first_use.get(v, 1) - 1 for v in range(n)]


class Layered:
    """Boxes and dummies in layers, each with its neighbours to the left and to the right."""

    def __init__(self, boxes: int, edges: list[tuple[int, int]], layer_of: list[int], ordered: Collection[int]) -> None:
        self.boxes = boxes  # what is numbered from here on is a dummy
        self.layer_of = layer_of
        self.chains: list[list[int]] = []  # for each edge its source, its dummies and its target
        dummies: dict[tuple[int, int], int] = {}  # by source and layer, one for all edges from that source
        for source, target in edges:
            chain = [source]
            for layer in range(layer_of[source] + 1, layer_of[target]):
                if (source, layer) not in dummies:
                    dummies[source, layer] = len(layer_of)
                    layer_of.append(layer)
                chain.append(dummies[source, layer])
            self.chains.append([*chain, target])
        self.left: list[list[int]] = [[] for _ in layer_of]
        self.right: list[list[int]] = [[] for _ in layer_of]
        self.ports: dict[int, list[float]] = {}  # where it enters each to the right: 0 or more, below 1; if not all 0
        for chain in self.chains:
            for u, v in pairwise(chain):
                if v == chain[-1] or not self.left[v]:  # a dummy is reached once, by whatever edge is first
                    if v in ordered and self.left[v]:
                        ports = self.ports.setdefault(u, [])
                        ports += [0.0] * (len(self.right[u]) - len(ports)) + [1 - 1 / (1 + len(self.left[v]))]
                    self.right[u].append(v)
                    self.left[v].append(u)
        self.sweeps = max(2, min(SWEEPS, MOST_VISITS // (1 + sum(map(len, self.right)))))
        self.place = [0] * len(layer_of)  # in its layer
        layers: list[list[int]] = [[] for _ in range(max(layer_of) + 1)]
        for v in self._depth_first():
            layers[layer_of[v]].append(v)
        self.arrange(layers)

    def _depth_first(self) -> list[int]:
        """What feeds the same box side by side, and in operand order: a good order to begin with."""
        order: dict[int, None] = {}
        stack = [v for v in range(len(self.layer_of)) if not self.right[v]]
        while stack:
            v = stack.pop()
            if v not in order:
                order[v] = None
                stack.extend(reversed(self.left[v]))
        return list(order)

    def _ends(self, u: int) -> list[float]:
        """Where its edges to the right end: the places of boxes, and between them those of ports."""
        ends: list[float] = [self.place[v] for v in self.right[u]]
        for i, port in enumerate(self.ports.get(u, ())):
            ends[i] += port
        return ends

    def crossings(self) -> int:
        """How many pairs of edges cross."""
        total = 0
        for layer in self.layers:
            ends: list[float] = []
            for u in layer:
                here = sorted(self._ends(u))
                total += sum([len(ends) - bisect(ends, end) for end in here])
                for end in here:
                    insort(ends, end)
        return total

    def straight_on(self, v: int) -> int | None:
        """The next on a path that should be level: the only neighbour to the right, or the next of a long edge."""
        onward = [u for u in self.right[v] if len(self.left[u]) == 1]
        if v >= self.boxes:
            onward = [u for u in onward if u >= self.boxes] or onward
        return onward[0] if len(onward) == 1 and (v >= self.boxes or len(self.right[v]) == 1) else None

    def arrange(self, layers: list[list[int]]) -> None:
        """Takes over an order of each layer."""
        self.layers = [list(layer) for layer in layers]
        for layer in layers:
            for i, v in enumerate(layer):
                self.place[v] = i

    def reduce_crossings(self) -> int:
        """Sorts each layer by the mean place of its neighbours, there and back, and keeps the best order seen."""
        best, fewest = [list(layer) for layer in self.layers], self.crossings()
        for sweep in range(self.sweeps):
            if not fewest:
                break
            forward = sweep % 2 == 0
            for layer in self.layers if forward else reversed(self.layers):
                self._sort(layer, forward)
            self._swap_neighbours()
            found = self.crossings()
            if found < fewest:
                best, fewest = [list(layer) for layer in self.layers], found
        self.arrange(best)
        return fewest

    def _sort(self, layer: list[int], forward: bool) -> None:
        """By the mean place of the neighbours on one side; what has none there stays where it is."""
        wish: dict[int, float] = {}
        for v in layer:
            ends = [self.place[u] for u in self.left[v]] if forward else self._ends(v)
            if ends:
                wish[v] = sum(ends) / len(ends)
        slots = [i for i, v in enumerate(layer) if v in wish]
        for i, v in zip(slots, sorted(wish, key=wish.__getitem__), strict=True):
            layer[i] = v
            self.place[v] = i

    def _swap_neighbours(self) -> None:
        """Swaps two that stand side by side wherever that undoes a crossing."""
        place = self.place
        for layer in self.layers:
            before = {v: [place[u] for u in self.left[v]] for v in layer}
            after = {v: self._ends(v) for v in layer}
            for i in range(len(layer) - 1):
                u, v = layer[i], layer[i + 1]
                gain = 0
                for ends in (before, after):
                    for a in ends[u]:
                        for b in ends[v]:
                            gain += (a > b) - (a < b)
                if gain > 0:
                    layer[i], layer[i + 1] = v, u
                    place[u], place[v] = i + 1, i
