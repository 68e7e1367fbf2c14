"""A graph with the calls of modules contracted: all that one call computed is one part. How it looks is in ``picture``.

A call computes its Values one after the other and nothing else meanwhile, so what goes out of it never comes in
again, and the parts are without circles like the graph itself. Threads can break that; then nothing is contracted.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from typing import Any, NamedTuple

from autograd_mini.graph import Graph, is_plain_number, module_text
from autograd_mini.scope import named_scope
from autograd_mini.value import Value


class Call(NamedTuple):
    """What a call of a module, or a ``named_scope``, stands for where it is contracted."""

    path: str  # of the module from the outermost one, such as layers.1
    what: str  # its type and what it says of itself, such as Linear 16 -> 1
    size: int  # how many Values: those computed in the call, and the leaves that only the module uses
    parameters: int  # how many numbers the module learns, among them
    outputs: list[int]  # what others use of it, as positions in the graph
    shared: bool = False  # whether another call of the module has parameters of these as well


class Parts(NamedTuple):
    """Values and contracted calls, operands before consumers and the root last."""

    values: Sequence[int]  # of each part its position in the graph, that of the last output for a call
    operands: Sequence[Sequence[int]]  # of each part the parts that go in, for a Value as often as it uses them
    calls: dict[int, Call]  # the parts that are calls


class _Gone:
    """Stands for a module that is gone, of which the type is known and neither path nor numbers."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


class _Scope(NamedTuple):
    """A ``named_scope``, whose module is kept."""

    part: Any
    parent: int  # the enclosing one, -1 outside of all
    depth: int
    root: int  # the one of the outermost module, -1 if there is none
    path: str


class Calls:
    """The calls that the Values of a graph were computed in. ``depth`` is how deep they are nested."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._scopes: list[_Scope] = []  # outer ones first
        self._gone: dict[int, _Gone] = {}
        self._paths: dict[int, dict[int, str]] = {}  # of modules by id, for the id of each outermost one
        self._number: dict[named_scope | None, int] = {None: -1}
        scopes = [
            value.scope if value.op is not None else None for value in graph.values
        ]  # where a leaf was made says nothing
        for scope in dict.fromkeys(scopes):
            self._add(scope)
        self._scope_of = [self._number[scope] for scope in scopes]
        self.depth = max([scope.depth for scope in self._scopes], default=0)

    def _add(self, scope: named_scope | None) -> None:
        """Numbers ``scope`` after those around it."""
        entered: list[named_scope] = []
        while scope is not None and scope not in self._number:
            entered.append(scope)
            scope = scope.parent
        at = self._number[scope]
        for inner in reversed(entered):
            part = inner.part
            if part is None:
                part = self._gone.setdefault(inner.key, _Gone(inner.kind))
            self._scopes.append(self._described(part, at))
            at = self._number[inner] = len(self._scopes) - 1

    def _described(self, part: Any, parent: int) -> _Scope:
        """The scope with its path: a module's begins at the outermost module, a name is added to the path around it."""
        around = self._scopes[parent] if parent >= 0 else _Scope(None, -1, 0, -1, "")
        root, before = around.root, around.path
        if isinstance(part, str):
            part = name = sys.intern(str(part))  # so that equal names are one part
        elif root < 0:
            root, name = len(self._scopes), ""
        else:
            outermost, before = self._scopes[root].part, self._scopes[root].path
            if id(outermost) not in self._paths:
                named = outermost.named_modules() if hasattr(outermost, "named_modules") else ()
                self._paths[id(outermost)] = {id(module): path for path, module in named}
            name = self._paths[id(outermost)].get(id(part), "")
        return _Scope(part, parent, around.depth + 1, root, ".".join(filter(None, [before, name])))

    # ------------------------------------------------------------ contracting

    def contracted(self, level: int) -> Parts:
        """The graph with the calls at depth ``level`` contracted, and those above that have no calls inside.

        At level 0 there are none.
        """
        if not level:
            return uncontracted(self._graph)
        drawn_as = self._drawn_as(level)
        call_of = [drawn_as[scope] for scope in self._scope_of]
        inside = self._used_inside_only(call_of)

        part_of = [-1] * len(call_of)  # a leaf inside has none
        part_of_call: dict[int, int] = {}
        members: list[list[int]] = []
        for i, call in enumerate(call_of):
            if i in inside:
                continue
            part_of[i] = part_of_call.setdefault(call, len(members)) if call >= 0 else len(members)
            if part_of[i] == len(members):
                members.append([])
            members[part_of[i]].append(i)

        operands: list[Sequence[int]] = []
        leaves: list[set[int]] = []
        outputs = [{len(call_of) - 1} if i == part_of[-1] else set() for i in range(len(members))]
        for part, values in enumerate(members):
            used = [j for i in reversed(values) for j in self._graph.operands[i]]  # in reading order
            leaves.append({j for j in used if j in inside})
            used = [j for j in used if j not in inside and part_of[j] != part]
            for j in used:
                outputs[part_of[j]].add(j)
            sources = [part_of[j] for j in used]
            operands.append(list(dict.fromkeys(sources)) if call_of[values[0]] >= 0 else sources)

        try:
            order = list(TopologicalSorter(dict(enumerate(operands))).static_order())
        except CycleError:
            return uncontracted(self._graph)
        place = {part: i for i, part in enumerate(order)}
        uses = Counter(chain.from_iterable(leaves))
        shared = {j for j, calls_with_it in uses.items() if calls_with_it > 1}
        calls = {
            place[part]: self._call(self._scopes[call], members[part], leaves[part], shared, sorted(outputs[part]))
            for call, part in part_of_call.items()
        }
        return Parts(
            [max(outputs[part]) for part in order],
            [[place[source] for source in operands[part]] for part in order],
            calls,
        )

    def _drawn_as(self, level: int) -> list[int]:
        """For each scope the one in whose box its Values are, -1 for a box each; and -1 for what is in no scope."""
        has_calls = {scope.parent for scope in self._scopes}
        drawn_as: list[int] = []
        for i, scope in enumerate(self._scopes):
            around = drawn_as[scope.parent] if scope.parent >= 0 else -1
            drawn_as.append(around if around >= 0 else i if scope.depth == level or i not in has_calls else -1)
        return [*drawn_as, -1]

    def _used_inside_only(self, call_of: Sequence[int]) -> set[int]:
        """The leaves that are shown within the boxes of one module: its parameters, the constants in its code."""
        graph = self._graph
        user: dict[int, Any] = {}  # the module; None for several, and for what is used outside of all
        given: set[int] = set()  # constants that may be the module's input
        from_input = [not graph.operands[i] and not _is_of_a_module(value) for i, value in enumerate(graph.values)]
        for i, operands in enumerate(graph.operands):
            part = self._scopes[call_of[i]].part if call_of[i] >= 0 else None
            computed = [j for j in operands if graph.operands[j]]
            outside = any([call_of[j] != call_of[i] for j in computed])
            from_input[i] = from_input[i] or outside or any([from_input[j] for j in operands])
            met = any([call_of[j] == call_of[i] and from_input[j] for j in computed])
            for j in operands:
                if not graph.operands[j]:
                    if user.setdefault(j, part) is not part:
                        user[j] = None
                    if not met or graph.values[i].op.name == "add":  # type: ignore[union-attr]  # it has operands
                        given.add(j)
        return {
            j
            for j, part in user.items()
            if part is not None
            and (_is_of_a_module(graph.values[j]) or (j not in given and _is_unnamed_constant(graph.values[j])))
        }

    def _call(
        self, scope: _Scope, values: Sequence[int], leaves: set[int], shared: set[int], outputs: list[int]
    ) -> Call:
        learned = {j: self._graph.values[j].size for j in leaves if self._graph.values[j].requires_grad}
        size = len(values) + len(leaves)
        return Call(scope.path, _text(scope.part), size, sum(learned.values()), outputs, bool(shared & learned.keys()))


def _text(part: Any) -> str:
    return part.kind if isinstance(part, _Gone) else module_text(part)


def uncontracted(graph: Graph) -> Parts:
    """Each Value as a part of its own."""
    return Parts(range(len(graph.values)), graph.operands, {})


def _is_of_a_module(leaf: Value) -> bool:
    """True for a plain number and for an ``nn.Parameter``, the one kind of Value that has a class of its own."""
    return is_plain_number(leaf) or leaf.__class__ is not Value


def _is_unnamed_constant(leaf: Value) -> bool:
    """True for what may be a mask of dropout or the maximum in a softmax: it meets what the module has computed.

    An input meets the parameters first, or is added at the end of a residual connection.
    """
    return not leaf.requires_grad and not leaf.label
