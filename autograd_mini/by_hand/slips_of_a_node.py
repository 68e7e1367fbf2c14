"""Mistakes in a gradient as a whole: a use left out or counted twice, a sign, rows for columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograd_mini.by_hand.slip import MOST_USES, Slip, Use


def missing_path(uses: list[Use], right: Any) -> Iterator[Slip]:
    """A use that was left out, or one alone that was kept."""
    if len(uses) < 2:
        return
    x, kind = uses[0].node, "missing path"
    names = [use.consumer for use in uses]
    if len(uses) == 2 and names[0] == names[1]:
        words = f"{x} stands twice in {names[0]}, and one of the two is missing (= for +=)"
        yield from (Slip(kind, words, right - use.amount) for use in uses)
        return
    for use in uses[:MOST_USES]:
        words = f"{x} is used {len(uses)} times, and the use in {use.consumer} is missing"
        yield Slip(kind, f"{words} (= for +=)" if len(uses) == 2 else words, right - use.amount)
    for use in uses[:MOST_USES]:
        yield Slip(
            kind, f"{x} is used {len(uses)} times, and only the use in {use.consumer} counts (= for +=)", use.amount
        )


def wrong_sign(uses: list[Use], right: Any) -> Iterator[Slip]:
    """The whole gradient with the opposite sign."""
    yield Slip("sign", "the numbers are right, and the sign is the opposite", -right)


def counted_twice(uses: list[Use], right: Any) -> Iterator[Slip]:
    """A gradient that was added to one from before."""
    yield Slip("path counted twice", "it is twice what it should be (a gradient from before not zeroed?)", 2 * right)
    if len(uses) > 1:
        for use in uses[:MOST_USES]:
            yield Slip("path counted twice", f"the use in {use.consumer} is in it twice", right + use.amount)


def transposed(uses: list[Use], right: Any) -> Iterator[Slip]:
    """A square gradient with rows for columns."""
    if right.ndim == 2 and right.shape[0] == right.shape[1]:
        yield Slip("transpose", "these are the right numbers with rows and columns exchanged", right.T)


def value_for_gradient(uses: list[Use], right: Any) -> Iterator[Slip]:
    """The number in the node, instead of its gradient."""
    yield Slip("value for gradient", f"this is {uses[0].node} itself, not its gradient", uses[0].x)


OF_A_NODE = [wrong_sign, transposed, counted_twice, value_for_gradient]
