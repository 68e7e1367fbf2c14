"""Fewer boxes for a large graph: what repeats becomes one box with a count, what is far from the root a stub.

Values of the same form share a box, so that a layer of a scalar network is five or six boxes whatever its
width. Two of them have the same form if they are computed in the same way from operands of the same form, and are
used in the same way by consumers of the same form; a run of one op, such as the sum of a neuron, counts as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import chain
from typing import Any

import numpy as np

from autograd_mini.draw.picture import Group
from autograd_mini.graph import Graph
from autograd_mini.value import Value


def collapse(graph: Graph, max_boxes: int) -> list[Group]:
    """The values of ``graph`` in at most ``max_boxes`` groups, operands before consumers. Linear in the graph."""
    forms = _Forms(graph)
    shown = range(forms.count) if forms.count <= max_boxes else _nearest_the_root(forms, max_boxes // 2)
    return _with_stubs(forms, sorted(shown))


def kind_of(value: Value) -> object:
    """What values must have in common to share a box, apart from how they are connected.

    Collapsing by module belongs here: with the module that made a value in this key, no box is shared by two.
    """
    array = () if value.data.__class__ is float else (value.shape, value.dtype.str)
    return value.op and value.op.name, value.requires_grad, array


# ------------------------------------------------------------ by repetition


class _Forms:
    """Every form that occurs in a graph, numbered so that operands come before consumers and the root last.

    Kept as arrays, since the graph may have a million forms of which a hundred are shown.
    """

    def __init__(self, graph: Graph) -> None:
        kinds = _numbered([kind_of(value) for value in graph.values])
        end = _ends_of_runs(graph, kinds)
        self._lengths = np.bincount(end)  # of the run that ends here
        in_run = [length > 1 for length in self._lengths.tolist()]
        from_root = np.array(_refined_by_use(graph, _computed_alike(graph, kinds, end, in_run), end, in_run))
        self.count = int(from_root.max()) + 1
        form = self.count - 1 - from_root[end]  # of each value, or of the run that it is in

        ends = np.unique(end)
        self._members = ends[np.argsort(form[ends], kind="stable")]
        self._first_member = np.searchsorted(form[self._members], range(self.count + 1))
        self.sizes = np.bincount(form)

        arity = [len(operands) for operands in graph.operands]
        most = max(arity) or 1
        ends_at = np.array(end)
        target = np.repeat(ends_at, arity)
        source = np.fromiter(chain.from_iterable(graph.operands), np.int64)
        position = np.fromiter(chain.from_iterable(map(range, arity)), np.int64)
        position[np.array(in_run)[target]] = 0
        outside = target != ends_at[source]
        edges = (form[target] * most + position) * self.count + form[source]  # one number each, to sort them at once
        edges = np.unique(edges[outside])
        self.targets, self.sources = edges // (most * self.count), edges % self.count
        self._first_edge = np.searchsorted(self.targets, range(self.count + 1))

    def operands(self, form: int) -> list[int]:
        """The forms that go in: one for each edge to draw, in operand order."""
        begin, end = self._first_edge[form : form + 2]
        result: list[int] = self.sources[begin:end].tolist()
        return result

    def group(self, form: int, operands: list[int]) -> Group:
        """The values of this form."""
        begin, end = self._first_member[form : form + 2]
        members = self._members[begin:end]
        lengths = self._lengths[members]
        return Group(members.tolist(), operands, (int(lengths.min()), int(lengths.max())), int(self.sizes[form]))


def _numbered(keys: Sequence[object]) -> list[int]:
    """Equal numbers for equal keys."""
    number: dict[object, int] = {}
    return [number.setdefault(key, len(number)) for key in keys]


def _ends_of_runs(graph: Graph, kinds: list[int]) -> list[int]:
    """For each value the end of the run it is in: the results of one op that have no other use than in the next."""
    uses = [0] * len(kinds)
    consumer = [0] * len(kinds)
    for i, operands in enumerate(graph.operands):
        for j in operands:
            uses[j] += 1
            consumer[j] = i
    end = list(range(len(kinds)))
    for j in reversed(range(len(kinds) - 1)):
        if uses[j] == 1 and kinds[j] == kinds[consumer[j]]:
            end[j] = end[consumer[j]]
    return end


def _computed_alike(graph: Graph, kinds: list[int], end: list[int], in_run: list[bool]) -> list[int]:
    """For the end of each run a number that says how it is computed: equal numbers, equal formulas.

    Of a run only which forms go in matters, not how many: sums of 3 and of 300 products are of one form.
    """
    number: dict[tuple[int, ...], int] = {}
    forms = [-1] * len(kinds)
    into_run: dict[int, set[int]] = {}
    for i, operands in enumerate(graph.operands):
        last = end[i]
        if in_run[last]:
            into_run.setdefault(last, set()).update([forms[j] for j in operands if end[j] != last])
            if i != last:
                continue
            key = (kinds[i], -1, *sorted(into_run.pop(last)))
        else:
            key = (kinds[i], *[forms[j] for j in operands])
        forms[i] = number.setdefault(key, len(number))
    return forms


def _refined_by_use(graph: Graph, forms: list[int], end: list[int], in_run: list[bool]) -> list[int]:
    """``forms`` told apart by their consumers, numbered from the root: a weight is not a bias."""
    number: dict[tuple[int, ...], int] = {}
    uses: list[Any] = [()] * len(forms)  # of each value: none, one, or a set of them
    most = max([len(operands) for operands in graph.operands]) or 1
    for i in reversed(range(len(forms))):
        last = end[i]
        if i == last:
            key = (forms[i], uses[i]) if uses[i].__class__ is int else (forms[i], *sorted(uses[i]))
            forms[i] = number.setdefault(key, len(number))
            uses[i] = ()
        for position, j in enumerate(graph.operands[i]):
            if end[j] != last:
                use = forms[last] * most + (0 if in_run[last] else position)
                if uses[j] == ():
                    uses[j] = use
                elif uses[j].__class__ is set:
                    uses[j].add(use)
                elif uses[j] != use:
                    uses[j] = {uses[j], use}
    return forms


# ------------------------------------------------------------ by depth


def _nearest_the_root(forms: _Forms, most: int) -> set[int]:
    """The first ``most`` forms in order of depth, each after all its consumers, so that nothing hidden uses them.

    A leaf is the exception: it has no operands, so it can be used by what is hidden without making a circle.
    """
    pairs = np.unique(forms.targets * forms.count + forms.sources)
    consumers = np.bincount(pairs % forms.count, minlength=forms.count)
    root = forms.count - 1
    depth = {root: 0}
    ready = [(0, -root)]
    shown: set[int] = set()
    while ready and len(shown) < most:
        at, form = heappop(ready)
        shown.add(-form)
        for j in dict.fromkeys(forms.operands(-form)):
            consumers[j] -= 1
            new = j not in depth
            depth[j] = max(depth.get(j, 0), at + 1)
            if not consumers[j] if forms.operands(j) else new:
                heappush(ready, (depth[j], -j))
    return shown


def _with_stubs(forms: _Forms, shown: list[int]) -> list[Group]:
    """The groups of the forms shown, and for what is hidden behind them stubs that say how many values it has."""
    part, links = _hidden_parts(forms, set(shown))
    feeds: dict[int, int] = {}  # hidden part: the first form shown that it feeds. Parts that share it share a stub
    for source, target in links:
        if part[target] < 0:
            feeds.setdefault(part[source], target)
    size = dict.fromkeys(feeds.values(), 0)
    uses: dict[int, set[int]] = {stub: set() for stub in size}
    for form, its_part in enumerate(part):
        if its_part >= 0:
            size[feeds[its_part]] += int(forms.sizes[form])
    for source, target in links:
        if part[target] >= 0:
            uses[feeds[part[target]]].add(source)

    leaves = [form for form in shown if not forms.operands(form)]
    others = [form for form in shown if forms.operands(form)]
    place = {form: i for i, form in enumerate(leaves)}
    stub_at = {stub: len(leaves) + i for i, stub in enumerate(size)}
    place.update({form: len(leaves) + len(size) + i for i, form in enumerate(others)})

    def sources(form: int) -> list[int]:
        return [place[j] if part[j] < 0 else stub_at[feeds[part[j]]] for j in forms.operands(form)]

    return [
        *[forms.group(form, []) for form in leaves],
        *[Group([], sorted([place[leaf] for leaf in uses[stub]]), size=size[stub]) for stub in size],
        *[forms.group(form, sources(form)) for form in others],
    ]


def _hidden_parts(forms: _Forms, shown: set[int]) -> tuple[list[int], list[tuple[int, int]]]:
    """For each hidden form the connected part it is in (union-find), -1 for one shown; and the edges between both."""
    parent = list(range(forms.count))

    def find(form: int) -> int:
        while parent[form] != form:
            parent[form] = parent[parent[form]]
            form = parent[form]
        return form

    links = []
    for source, target in zip(forms.sources.tolist(), forms.targets.tolist(), strict=True):
        if (source in shown) != (target in shown):
            links.append((source, target))
        elif source not in shown:
            parent[find(source)] = find(target)
    return [-1 if form in shown else find(form) for form in range(forms.count)], links
