"""The catalogue of likely mistakes in a derivation: what a gradient would come to if this one had been made.

The commoner mistake stands first, since the first that fits is the one that is named. Those in several steps at once
are in ``slips_of_a_chain.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini.by_hand.slip import MOST_USES, Slip, Use
from autograd_mini.by_hand.slips_of_a_node import OF_A_NODE, missing_path
from autograd_mini.by_hand.slips_of_a_use import OF_A_USE


def slips(uses: list[Use], right: Any) -> Iterator[Slip]:
    """Every slip that the catalogue knows for a node with these uses, whose gradient should be ``right``."""
    yield from missing_path(uses, right)
    for sort in OF_A_USE:
        made = [list(_computable(sort(use))) for use in uses[:MOST_USES]]
        for use, of_this in zip(uses, made, strict=False):
            for slip in of_this:
                yield slip._replace(result=right - use.amount + slip.result)
        if 1 < len(uses) <= MOST_USES and len({len(each) for each in made}) == 1:
            for together in zip(*made, strict=True):
                total = np.sum([slip.result for slip in together], axis=0)
                yield together[0]._replace(result=total, words=f"{together[0].words}; the same for each use")
    for sort_of_all in OF_A_NODE:
        yield from sort_of_all(uses, right)


def _computable(made: Iterator[Slip]) -> Iterator[Slip]:
    """The slips up to the first that cannot be made with these shapes."""
    try:
        yield from made
    except (ValueError, IndexError):
        return
