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


def likely_slip(
    derivations: Sequence[Sequence[Contribution]],
    yours: Any,
    half: Any,
    rounding: Any,
    names: Mapping[Value, str],
) -> Slip | None:
    """The commonest slip that explains ``yours``, the gradient of the operand of the steps.

    There are two derivations that it may have been made in: with the user's own later gradients, and with the true
    ones. ``half`` is how exactly ``yours`` is written, ``rounding`` what the rounding of the later ones can do to the
    right result; to a wrong one that is larger, it does more.
    """
    partial: Slip | None = None
    with np.errstate(all="ignore"):
        for steps in derivations:
            uses = [Use(step, names) for step in steps]
            right = np.asarray(np.sum([use.amount for use in uses], axis=0))
            wrong = ~near(yours, right, half + rounding)
            if not wrong.any():
                continue
            for slip in slips(uses, right):
                if np.shape(slip.result) != right.shape or agree(slip.result, right, half + rounding):
                    continue
                growth = np.nan_to_num(np.max(np.abs(slip.result)) / np.max(np.abs(right)), nan=1.0, posinf=1.0)
                fits = near(yours, slip.result, half + rounding * max(1.0, float(growth)))
                if fits.all():
                    return slip
                if partial is None and fits[wrong].all():
                    partial = slip._replace(words=f"{slip.words} ({wrong.sum()} of {wrong.size} elements)")
        return partial or _by_ratio(yours, right, half, rounding)


def _by_ratio(yours: Any, right: Any, half: Any, rounding: Any) -> Slip | None:
    """What the size of the error says, where no slip fits."""
    at = np.unravel_index(np.argmax(np.abs(right)), right.shape)
    ratio = float(np.asarray(yours)[at] / right[at])
    if not math.isfinite(ratio) or ratio == 0:
        return None
    if near(yours, right, 0.1 * np.abs(right)).all():
        words = "it is close to what is expected: rounded too early, or written with fewer digits than are assumed"
        return Slip("rounding", words, yours)
    ten = math.copysign(10.0 ** round(math.log10(abs(ratio))), ratio)
    allowed = half + rounding * max(1.0, abs(ratio))
    if abs(ten) != 1 and agree(yours, right * ten, allowed):
        return Slip("decimal point", f"it is {number(ten)} times what is expected", yours)
    if right.size > 2 and agree(yours, right * ratio, allowed):
        return Slip("factor", f"every element is {number(ratio)} times what is expected", yours)
    return None
