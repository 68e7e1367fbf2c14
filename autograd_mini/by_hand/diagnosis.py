"""Which slip of the catalogue explains a wrong gradient; never more than the numbers support."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini.backward import Contribution
from autograd_mini.by_hand.digits import agree, near
from autograd_mini.by_hand.slips import Slip, Use, slips
from autograd_mini.graph import number
from autograd_mini.value import Value


def likely_slip(steps: Sequence[Contribution], yours: Any, allowed: Any, names: Mapping[Value, str]) -> Slip | None:
    """The commonest slip that explains ``yours``, the gradient of the operand of ``steps``, to within ``allowed``."""
    if not steps:
        return None
    uses = [Use(step, names) for step in steps]
    right = np.asarray(np.sum([use.amount for use in uses], axis=0))
    wrong = ~near(yours, right, allowed)
    in_some: Slip | None = None
    with np.errstate(all="ignore"):
        for slip in slips(uses, right):
            if np.shape(slip.result) != right.shape or agree(slip.result, right, allowed):
                continue
            fits = near(yours, slip.result, allowed)
            if fits.all():
                return slip
            if in_some is None and fits[wrong].all():
                in_some = slip._replace(words=f"{slip.words} ({wrong.sum()} of {wrong.size} elements)")
        return in_some or _by_ratio(yours, right, wrong, allowed)


def _by_ratio(yours: Any, right: Any, wrong: Any, allowed: Any) -> Slip | None:
    """What the size of the error says, where no slip fits."""
    at = np.unravel_index(np.argmax(np.abs(right)), right.shape)
    ratio = float(np.asarray(yours)[at] / right[at])
    if not math.isfinite(ratio) or ratio == 0:
        return None
    if all(near(yours, right, 0.1 * np.abs(right)).flat):
        return Slip(
            "rounding", "it is close; rounded too early, or written with fewer digits than are assumed here", yours
        )
    ten = 10.0 ** round(math.log10(abs(ratio)))
    for factor in (ten, -ten):
        if factor not in (1, -1) and agree(yours, right * factor, allowed):
            return Slip("decimal point", f"it is {number(factor)} times what is expected", yours)
    if right.size > 2 and agree(yours, right * ratio, allowed):
        return Slip("factor", f"every element is {number(ratio)} times what is expected", yours)
    return None
