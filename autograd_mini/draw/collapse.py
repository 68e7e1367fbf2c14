"""Fewer boxes for a large graph: what a module computed becomes one box, what repeats one box with a count.

Modules come first, at the deepest level that fits. If none does, what is of the same form shares a box, so that a
layer of a scalar network is five or six boxes whatever its width, or one if it is a module. Two of a form are
computed in the same way from operands of the same form, and are used in the same way by consumers of the same
form; a run of one op, such as the sum of a neuron, counts as one. What is still too long, such as a recurrent network
of many steps, is left out in the middle, and what is still too much far from the root.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from functools import cache
from heapq import heappop, heappush
from itertools import chain
from typing import Any

import numpy as np

from autograd_mini.draw.modules import Call, Calls, Parts, uncontracted
from autograd_mini.draw.picture import MOST_OPERANDS, Group
from autograd_mini.graph import Graph
from autograd_mini.value import Value


def collapse(graph: Graph, max_boxes: int, longest: float = math.inf) -> list[Group]:
    """The values of ``graph`` in at most ``max_boxes`` groups, operands before consumers. Linear in the graph.

    Each value has a group of its own if they fit and no more than ``longest`` ops stand in a row. Where it is longer
    with a box for what repeats too, the middle is left out.
    """
    calls = Calls(graph)
    contracted = cache(calls.contracted)
    level = _deepest(calls.depth, lambda level: len(contracted(level).values) <= max_boxes)
    parts = uncontracted(graph) if len(graph.values) <= max_boxes else contracted(level) if level else None
    if parts is None:
        forms_at = cache(lambda level: _Forms(graph, contracted(level)))
        level = _deepest(calls.depth, lambda level: forms_at(level).count <= max_boxes)
        forms = forms_at(level or min(1, calls.depth))
    elif _ops_in_a_row(parts) <= longest:
        return _of_each_part(graph, parts)
    else:
        forms = _Forms(graph, parts)
    depth = forms.depth()
    if depth.max() > longest:
        begin, shown = _both_ends(forms, depth, int(longest) // 4)
        groups = _with_stubs(forms, shown, begin)
        if len(groups) <= max_boxes:
            return groups
    elif forms.count <= max_boxes:
        return _with_stubs(forms, range(forms.count))
    return _with_stubs(forms, sorted(_nearest_the_root(forms, max_boxes // 2, longest / 2)))


def _deepest(levels: int, fits: Callable[[int], bool]) -> int:
    """The last level that fits, 0 if the first does not: the deeper, the more boxes."""
    return bisect_left(range(1, levels + 1), True, key=lambda level: not fits(level))


def _ops_in_a_row(parts: Parts) -> int:
    """The longest way from a leaf to the root."""
    length: list[int] = []
    for operands in parts.operands:
        length.append(max([length[j] + 1 for j in operands], default=0))
    return max(length)


def _of_each_part(graph: Graph, parts: Parts) -> list[Group]:
    """A group for every part, and one for very many constants of a kind that go into one call, such as its steps."""
    consumers: list[set[int]] = [set() for _ in parts.values]
    for part, operands in enumerate(parts.operands):
        for j in operands:
            consumers[j].add(part)
    steps: dict[Any, list[int]] = {}
    for part, i in enumerate(parts.values):
        value = graph.values[i]
        if value.op is None and not value.requires_grad and not value.label and consumers[part] <= parts.calls.keys():
            steps.setdefault((kind_of(value), *consumers[part]), []).append(part)
    together = {part: members for members in steps.values() if len(members) > MOST_OPERANDS for part in members}
    groups: list[Group] = []
    place: dict[int, int] = {}
    for part in range(len(parts.values)):
        if part in place:
            continue
        members = together.get(part, [part])
        place.update(dict.fromkeys(members, len(groups)))
        operands = [place[j] for j in parts.operands[part]]
        call = parts.calls.get(part)
        if call:
            groups.append(Group(call.outputs, list(dict.fromkeys(operands)), size=call.size, calls=[call]))
        else:
            groups.append(Group([parts.values[j] for j in members], operands, size=len(members)))
    return groups


def kind_of(value: Value) -> object:
    """What values must have in common to share a box, apart from how they are connected."""
    array = () if value.data.__class__ is float else (value.shape, value.dtype.str)
    return value.op and value.op.name, value.requires_grad, array


# ------------------------------------------------------------ by repetition


class _Forms:
    """Every form that occurs among parts, numbered so that operands come before consumers and the root last.

    Kept as arrays, since the graph may have a million forms of which a hundred are shown.
    """

    def __init__(self, graph: Graph, parts: Parts) -> None:
        self._values = parts.values
        kind_of_part = [kind_of(graph.values[i]) for i in parts.values]
        for part, call in parts.calls.items():
            kind_of_part[part] = (kind_of_part[part], call.what, call.size, call.parameters, call.shared)
        kinds = _numbered(kind_of_part)
        end = _ends_of_runs(parts, kinds)
        self._lengths = np.bincount(end)  # of the run that ends here
        unordered = [length > 1 for length in self._lengths.tolist()]
        for part in parts.calls:
            unordered[part] = True
        from_root = np.array(_refined_by_use(parts, _computed_alike(parts, kinds, end, unordered), end, unordered))
        self.count = int(from_root.max()) + 1
        form = self.count - 1 - from_root[end]  # of each part, or of the run that it is in

        ends = np.flatnonzero(self._lengths)
        self._members = ends[np.argsort(form[ends], kind="stable")]
        self._first_member = np.searchsorted(form[self._members], range(self.count + 1))
        self._calls: dict[int, list[Call]] = {}
        size = np.ones(len(kinds), np.int64)
        for part, call in sorted(parts.calls.items()):
            self._calls.setdefault(int(form[part]), []).append(call)
            size[part] = call.size
        self.sizes = np.zeros(self.count, np.int64)
        np.add.at(self.sizes, form, size)

        arity = [len(operands) for operands in parts.operands]
        most = max(arity) or 1
        ends_at = np.array(end)
        target = np.repeat(ends_at, arity)
        source = np.fromiter(chain.from_iterable(parts.operands), np.int64)
        position = np.fromiter(chain.from_iterable(map(range, arity)), np.int64)
        position[np.array(unordered)[target]] = 0
        outside = target != ends_at[source]
        edges = (form[target] * most + position) * self.count + form[source]  # one number each, to sort them at once
        edges = _distinct(edges[outside])
        self.targets, self.sources = edges // (most * self.count), edges % self.count
        self.first_edge = np.searchsorted(self.targets, range(self.count + 1))

    def depth(self) -> Any:
        """Of each form the ops on the longest way from it to the root."""
        depth = [0] * self.count
        for source, target in zip(self.sources[::-1].tolist(), self.targets[::-1].tolist(), strict=True):
            depth[source] = max(depth[source], depth[target] + 1)
        return np.array(depth)

    def operands(self, form: int) -> list[int]:
        """The forms that go in: one for each edge to draw, in operand order."""
        begin, end = self.first_edge[form : form + 2]
        result: list[int] = self.sources[begin:end].tolist()
        return result

    def group(self, form: int, operands: list[int]) -> Group:
        """The values of this form; of calls what each of them gives, also within a run."""
        begin, end = self._first_member[form : form + 2]
        members = self._members[begin:end]
        calls = self._calls.get(form, [])
        values = [i for call in calls for i in call.outputs] or [self._values[member] for member in members.tolist()]
        lengths = self._lengths[members]
        return Group(values, operands, (int(lengths.min()), int(lengths.max())), int(self.sizes[form]), calls)


def _numbered(keys: Sequence[object]) -> list[int]:
    """Equal numbers for equal keys."""
    number: dict[object, int] = {}
    return [number.setdefault(key, len(number)) for key in keys]


def _distinct(numbers: Any) -> Any:
    """Each of these natural numbers once, sorted: ``np.unique``, which hashes them and takes several times as long."""
    numbers = np.sort(numbers)
    return numbers[np.diff(numbers, prepend=-1) > 0]


def _ends_of_runs(parts: Parts, kinds: list[int]) -> list[int]:
    """For each value the end of the run it is in: the results of one op that have no other use than in the next."""
    uses = [0] * len(kinds)
    consumer = [0] * len(kinds)
    for i, operands in enumerate(parts.operands):
        for j in operands:
            uses[j] += 1
            consumer[j] = i
    end = list(range(len(kinds)))
    for j in reversed(range(len(kinds) - 1)):
        if uses[j] == 1 and kinds[j] == kinds[consumer[j]]:
            end[j] = end[consumer[j]]
    return end


def _computed_alike(parts: Parts, kinds: list[int], end: list[int], unordered: list[bool]) -> list[int]:
    """For the end of each run a number that says how it is computed: equal numbers, equal formulas.

    Of a run or a call only which forms go in matters, not how many: sums of 3 and of 300 products are of one form.
    """
    number: dict[tuple[int, ...], int] = {}
    forms = [-1] * len(kinds)
    into: dict[int, set[int]] = {}
    for i, operands in enumerate(parts.operands):
        last = end[i]
        if unordered[last]:
            into.setdefault(last, set()).update([forms[j] for j in operands if end[j] != last])
            if i != last:
                continue
            key = (kinds[i], -1, *sorted(into.pop(last)))
        else:
            key = (kinds[i], *[forms[j] for j in operands])
        forms[i] = number.setdefault(key, len(number))
    return forms


def _refined_by_use(parts: Parts, forms: list[int], end: list[int], unordered: list[bool]) -> list[int]:
    """``forms`` told apart by their consumers, numbered from the root: a weight is not a bias."""
    number: dict[tuple[int, ...], int] = {}
    uses: list[Any] = [()] * len(forms)  # of each value: none, one, or a set of them
    most = max([len(operands) for operands in parts.operands]) or 1
    for i in reversed(range(len(forms))):
        last = end[i]
        if i == last:
            key = (forms[i], uses[i]) if uses[i].__class__ is int else (forms[i], *sorted(uses[i]))
            forms[i] = number.setdefault(key, len(number))
            uses[i] = ()
        for position, j in enumerate(parts.operands[i]):
            if end[j] != last:
                use = forms[last] * most + (0 if unordered[last] else position)
                if uses[j] == ():
                    uses[j] = use
                elif uses[j].__class__ is set:
                    uses[j].add(use)
                elif uses[j] != use:
                    uses[j] = {uses[j], use}
    return forms


# ------------------------------------------------------------ by depth


def _both_ends(forms: _Forms, depth: Any, most: int) -> tuple[set[int], list[int]]:
    """The ops in the first ``most`` layers, and all forms in these and in the last ones, with the leaves that they use.

    What is hidden in between uses only the first ones and leaves, and is used only by the last ones.
    """
    is_op = np.diff(forms.first_edge) > 0
    begin = is_op & (depth >= depth.max() - most)
    shown = begin | (is_op & (depth <= most))
    used = forms.sources[shown[forms.targets]]
    shown[used[~is_op[used]]] = True
    return set(np.flatnonzero(begin).tolist()), np.flatnonzero(shown).tolist()


def _nearest_the_root(forms: _Forms, most: int, longest: float) -> set[int]:
    """The first ``most`` forms in order of depth, each after all its consumers, so that nothing hidden uses them.

    A leaf is the exception: it has no operands, so it can be used by what is hidden without making a circle.
    """
    pairs = _distinct(forms.targets * forms.count + forms.sources)
    consumers = np.bincount(pairs % forms.count, minlength=forms.count)
    root = forms.count - 1
    depth = {root: 0}
    ready = [(0, -root)]
    shown: set[int] = set()
    while ready and len(shown) < most and ready[0][0] <= longest:
        at, form = heappop(ready)
        shown.add(-form)
        for j in dict.fromkeys(forms.operands(-form)):
            consumers[j] -= 1
            new = j not in depth
            depth[j] = max(depth.get(j, 0), at + 1)
            if not consumers[j] if forms.operands(j) else new:
                heappush(ready, (depth[j], -j))
    return shown


def _with_stubs(forms: _Forms, shown: Sequence[int], begin: Collection[int] = ()) -> list[Group]:
    """The groups of the forms shown, and for what is hidden behind them stubs that say how many values it has.

    Stubs may use leaves and the forms in ``begin``.
    """
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

    before = [form for form in shown if form in begin or not forms.operands(form)]
    after = [form for form in shown if form not in begin and forms.operands(form)]
    place = {form: i for i, form in enumerate(before)}
    stubs = range(len(before), len(before) + len(size))
    stub_at = dict(zip(size, stubs, strict=True))
    place.update({form: stubs.stop + i for i, form in enumerate(after)})

    def sources(form: int) -> list[int]:
        found = [place[j] if part[j] < 0 else stub_at[feeds[part[j]]] for j in forms.operands(form)]
        return [j for i, j in enumerate(found) if j not in stubs or found.index(j) == i]

    return [
        *[forms.group(form, sources(form)) for form in before],
        *[Group([], sorted([place[form] for form in uses[stub]]), size=size[stub]) for stub in size],
        *[forms.group(form, sources(form)) for form in after],
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
