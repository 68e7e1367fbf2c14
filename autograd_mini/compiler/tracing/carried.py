"""What stands behind ``carry``: the numbers that an object, such as an optimizer, keeps from call to call."""

from __future__ import annotations

from operator import is_
from typing import Any

from autograd_mini.compiler.arguments import form_of, with_leaves
from autograd_mini.compiler.tracing.traced import Traced
from autograd_mini.node import Node


class Carried:
    """What a step makes of them, on a tape."""

    def __init__(self, tape: Any, owner: Any, read: Any) -> None:
        self._tape = tape
        self._owner = owner  # lest its id becomes another's
        self.read = read
        self.leaves: list[Any] = []
        before = read()
        self.form = form_of(before, self.leaves)
        of_settings: list[Any] = []
        form_of(before[0], of_settings)
        self.first = len(of_settings)  # among the leaves, the first number of the state
        self.is_of_numbers = len(self.leaves) == self.first + len(before[1])  # the state, all of it
        self._nodes = [self._tape.carried(leaf) for leaf in self.leaves]
        self.equal = self._equal_counts(before[1]) if self.is_of_numbers else []
        for k, first in self.equal:
            self._nodes[k] = self._nodes[first]
        self._settings, self.becomes = with_leaves(before, iter(self._nodes))
        self.write: Any = None

    def _equal_counts(self, state: list[Any]) -> list[tuple[int, int]]:
        """The whole numbers in the state that are equal to one before, such as steps: one number to the program.

        It is looked at each call whether they still are.
        """
        firsts: dict[int, int] = {}
        counts = [(k, count) for k, count in enumerate(state, self.first) if count.__class__ is int]
        pairs = [(k, firsts.setdefault(count, k)) for k, count in counts]
        return [(k, first) for k, first in pairs if k != first]

    def step(self, step: Any) -> None:
        """One step more: what the numbers become."""
        self._settings, self.becomes, self.write = step(self._settings, self.becomes)

    @property
    def outputs(self) -> list[Traced]:
        """What the program computes."""
        return [self._tape.standing_for(x) for x in self.becomes if isinstance(x, Node)]

    @property
    def truths(self) -> list[tuple[int, bool]]:
        """Which numbers a step has decided on, and whether they were other than 0."""
        decided = self._tape.decided
        return [(k, decided[x.number]) for k, x in enumerate(self._nodes) if x.number in decided]


class Carry:
    """What they are at each call. What was read last, or written since, needs no second look."""

    def __init__(self, carried: Carried) -> None:
        self._read, self._write = carried.read, carried.write
        self._form, self._truths, self._equal = carried.form, carried.truths, carried.equal
        # only numbers that nobody decides on may be other ones without a second look
        self._may_trust = carried.is_of_numbers and all([k < carried.first for k, _ in carried.truths])
        self._becomes = [_COMPUTED if isinstance(x, Node) else x for x in carried.becomes]
        self._settings: Any = None
        self._of_settings: list[Any] = []  # the numbers among them
        self._kept: list[Any] = []
        self._of_kept: list[Any] = []  # the same as the program takes them: no whole numbers

    def read(self) -> list[Any] | None:
        leaves: list[Any] = []
        settings, kept = self._read()
        if (
            self._may_trust
            and settings == self._settings
            and len(kept) == len(self._kept)
            and (not kept or all(map(is_, kept, self._kept)))
        ):
            leaves = self._of_settings + self._of_kept
        elif not self._is_as_it_was(settings, kept, leaves):
            return None
        if self._equal and any([leaves[k] != leaves[first] for k, first in self._equal]):
            return None
        return leaves

    def _is_as_it_was(self, settings: Any, kept: list[Any], leaves: list[Any]) -> bool:
        """The second look, which finds the numbers for ``leaves``."""
        if form_of((settings, kept), leaves) != self._form:
            return False
        if any([bool(leaves[k]) != truth for k, truth in self._truths]):
            return False
        cut = len(leaves) - len(kept)
        self._settings, self._of_settings = settings, leaves[:cut]
        self._kept, self._of_kept = kept, leaves[cut:]
        return True

    def put(self, computed: Any) -> None:
        new = [next(computed) if x is _COMPUTED else x for x in self._becomes]
        self._kept, self._of_kept = self._write(new), new


_COMPUTED = object()  # stands where the program computes a number
