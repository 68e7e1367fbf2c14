"""Which slip of the catalogue explains a wrong gradient; never more than the numbers support."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini.backward import Contribution
from autograd_mini.by_hand.digits import agree, near
from autograd_mini.by_hand.slip import Slip, Use
from autograd_mini.by_hand.slips import slips
from autograd_mini.by_hand.slips_of_a_chain import Uses, mean_further_up, softmax_without_the_others
from autograd_mini.text import FEWEST_DIGITS, MOST_DIGITS, number
from autograd_mini.value import Value

LONGEST_WAY = 12  # nodes that are not given; beyond that, some slip in some node fits whatever is given


def likely_slip(
    node: Value,
    derivations: tuple[Uses, Uses],
    given: Container[Value],
    yours: Any,
    half: Any,
    rounding: Any,
    names: Mapping[Value, str],
) -> Slip | None:
    """The commonest slip that explains ``yours``, a wrong gradient of ``node``; None if none fits.

    It may have been made in two derivations: with the user's own later gradients, or with the true ones. ``half`` is
    how exactly ``yours`` is written, ``rounding`` what the rounding of the later ones can do to the right result.
    """
    own = derivations[0]
    if node not in own:  # the loss, whose gradient is 1
        return None
    with np.errstate(all="ignore"):
        right = _right([Use(step, names) for step in own[node]])
        return (
            _slip_in_the_node([uses[node] for uses in derivations], yours, half, rounding, names)
            or _zero(yours)
            or _slip_on_the_way(node, own, given, yours, half + rounding, names)
            or _that_fits(softmax_without_the_others(node, own, names), yours, right, half, rounding)
            or _that_fits(mean_further_up(node, own, given, right), yours, right, half, rounding)
            or _slip_by_size(yours, right, half, rounding, names)
        )


def _zero(yours: Any) -> Slip | None:
    """A gradient of 0, which is mostly none at all: many slips come to 0, and it tells nothing of which."""
    return None if np.any(yours) else Slip("no gradient", "it is 0, as before any backward()", yours)


def _that_fits(made: Iterable[Slip], yours: Any, right: Any, half: Any, rounding: Any) -> Slip | None:
    """The first slip that comes to ``yours``, and not to what is right."""
    for slip in made:
        if np.shape(slip.result) != right.shape or agree(slip.result, right, half + rounding):
            continue
        if agree(yours, slip.result, half + rounding * _growth(slip.result, right)):
            return slip
    return None


def _growth(result: Any, right: Any) -> float:
    """By how much more than the right result a larger one was rounded."""
    return max(1.0, float(np.nan_to_num(np.max(np.abs(result)) / np.max(np.abs(right)), nan=1.0, posinf=1.0)))


def _right(uses: Sequence[Use]) -> Any:
    return np.asarray(np.sum([use.amount for use in uses], axis=0))


def _slip_in_the_node(
    derivations: Sequence[Sequence[Contribution]], yours: Any, half: Any, rounding: Any, names: Mapping[Value, str]
) -> Slip | None:
    """A slip in the node itself, in all elements or else in those that are wrong."""
    in_some: Slip | None = None
    for steps in derivations:
        uses = [Use(step, names) for step in steps]
        right = _right(uses)
        wrong = ~near(yours, right, half + rounding)
        if not wrong.any():
            continue
        for slip in slips(uses, right):
            if slip.kind != "reversed gate" and not np.any(yours):  # see _zero
                continue
            if np.shape(slip.result) != right.shape or agree(slip.result, right, half + rounding):
                continue
            fits = near(yours, slip.result, half + rounding * _growth(slip.result, right))
            if fits.all():
                return slip
            if in_some is None and fits[wrong].all():
                in_some = slip._replace(words=f"{slip.words} ({wrong.sum()} of {wrong.size} elements)")
    return in_some


def one_slip_for_all(
    wrong: Mapping[Value, tuple[Any, Any]],
    right: Iterable[Value],
    uses: Uses,
    given: Container[Value],
    names: Mapping[Value, str],
) -> Slip | None:
    """The slip in a node that is not given from which all the ``wrong`` gradients follow; None if there is none.

    ``wrong`` has each gradient as it was given, and how far it may be off; those of ``right`` cannot come through the
    node with the slip. ``uses`` are the user's own.
    """
    without_slip = {each for node in right for each in _way_to(node, uses, given)}
    common: dict[tuple[Value, str], Slip] | None = None
    with np.errstate(all="ignore"):
        for node, (yours, allowed) in wrong.items():
            found = _slips_on_the_way(node, uses, given, yours, allowed, names)
            fits = {(at, slip.words): slip for at, slip in found if at not in without_slip}
            common = fits if common is None else {key: slip for key, slip in common.items() if key in fits}
            if not common:
                return None
    return _in_one_place([(at, slip) for (at, _), slip in (common or {}).items()], names)


def _slip_on_the_way(
    node: Value, uses: Uses, given: Container[Value], yours: Any, allowed: Any, names: Mapping[Value, str]
) -> Slip | None:
    """A slip in a node between this one and the later ones that are given."""
    return _in_one_place(list(_slips_on_the_way(node, uses, given, yours, allowed, names)), names)


def _in_one_place(found: Sequence[tuple[Value, Slip]], names: Mapping[Value, str]) -> Slip | None:
    """What is to be said of slips that fit, the first in each node.

    Different slips in different nodes come to about the same number, so one is named only if all of them agree.
    """
    first = dict(reversed(found))
    if len({slip.kind for slip in first.values()}) != 1:
        return None
    places = [names[hidden] for hidden in dict.fromkeys([hidden for hidden, _ in found])]
    slip = found[0][1]
    if len(places) == 1:
        return slip._replace(words=f"in {places[0]}, which is not given: {slip.words}")
    return slip._replace(words=f"in one of {', '.join(places)}, which are not given")


def _slips_on_the_way(
    node: Value, uses: Uses, given: Container[Value], yours: Any, allowed: Any, names: Mapping[Value, str]
) -> Iterator[tuple[Value, Slip]]:
    """Every slip in a node on the way that ``yours`` follows from, with that node."""
    way = _way_to(node, uses, given)
    made = {each: [Use(step, names) for step in uses[each]] for each in way}
    right = {each: _right(made[each]) for each in way}
    for hidden in way[:-1]:
        for slip in slips(made[hidden], right[hidden]):
            if np.shape(slip.result) != hidden.shape:
                continue
            shift = {hidden: np.asarray(slip.result - right[hidden])}  # of the gradients; each rule is linear in it
            for each in way:
                through = [use for use in made[each] if use.step.consumer in shift]
                if through:
                    shift[each] = sum(use.fit(use.raw(g=shift[use.step.consumer])) for use in through)
            result = right[node] + shift.get(node, 0.0)
            if agree(yours, result, allowed) and not agree(result, right[node], allowed):
                yield hidden, slip


def _way_to(node: Value, uses: Uses, given: Container[Value]) -> list[Value]:
    """The nodes that were not given and through which ``node`` gets its gradient, consumers first; with it, the last.

    Only ``node`` itself if there are too many of them.
    """
    taken: dict[Value, bool] = {node: False}  # True once it stands in the order
    queue = [node]
    for each in queue:
        for use in uses[each]:
            if use.consumer in uses and use.consumer not in given and use.consumer not in taken:
                taken[use.consumer] = False
                queue.append(use.consumer)
        if len(taken) > LONGEST_WAY:
            return [node]
    order: list[Value] = []
    while len(order) < len(taken):
        for each in queue:
            if not taken[each] and all(taken.get(use.consumer, True) for use in uses[each]):
                taken[each] = True
                order.append(each)
    return order


def _slip_by_size(yours: Any, right: Any, half: Any, rounding: Any, graph: Iterable[Value]) -> Slip | None:
    """What the size of the error says, where no slip fits."""
    at = np.unravel_index(np.argmax(np.abs(right)), right.shape) if right.size else ()
    ratio = float(np.asarray(yours)[at] / right[at]) if right.size else math.nan
    if not math.isfinite(ratio) or ratio == 0:
        return None
    allowed = half + rounding * max(1.0, abs(ratio))
    # Rounding shifts each element otherwise, up or down
    uniform = np.count_nonzero(right) > 2 and agree(yours, right * ratio, allowed)
    is_close = near(yours, right, 0.1 * np.abs(right)).all()
    if is_close and not uniform:
        words = "it is close to what is expected: rounded too early, or written with fewer digits than are assumed"
        return Slip("rounding", words, yours)
    ten = math.copysign(10.0 ** round(math.log10(abs(ratio))), ratio)
    if abs(ten) != 1 and agree(yours, right * ten, allowed):
        return Slip("decimal point", f"it is {number(ten)} times what is expected", yours)
    if uniform:
        for n in sorted({n for value in graph for n in (*value.shape, value.size) if n > 2}):
            for above, below, words in ((n - 1, n, "n for n - 1"), (n, n - 1, "n - 1 for n")):
                if agree(yours, right * above / below, allowed):
                    words = f"every element is {above}/{below} times what is expected ({words}, where n is {n}?)"
                    return Slip("factor", words, yours)
        digits = next((n for n in range(FEWEST_DIGITS, MOST_DIGITS) if float(number(ratio, n)) != 1), MOST_DIGITS)
        return Slip("factor", f"every element is {number(ratio, digits)} times what is expected", yours)
    return None
