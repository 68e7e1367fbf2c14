"""How many digits a line of numbers needs: four, more where they cancel and would not give the result beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.by_hand.notation import Rest
from autograd_mini.by_hand.symbol import Symbol
from autograd_mini.ops.operation import data_of
from autograd_mini.text import FEWEST_DIGITS, MOST_DIGITS, number


def digits_for(terms: Sequence[Any], total: Any) -> int:
    """The fewest digits of the numbers in ``terms`` with which their sum is what is written for ``total``.

    Four, if those give the first three of the result: a product of rounded numbers may be off in the fourth. Else as
    many as make the line true to its last digit, or at least to its third, where the computation itself was rounded.

    >>> b = Symbol("b", 12345.678)
    >>> digits_for([b - 12345], 0.678), digits_for([b * 2], 24691.356)
    (8, 4)
    """
    written = float(number(total))
    if any([_is_shortened(term) for term in terms]) or not math.isfinite(written):
        return FEWEST_DIGITS
    unit = 10.0 ** (math.floor(math.log10(abs(written))) - FEWEST_DIGITS + 1) if written else 0.0
    with np.errstate(all="ignore"):
        off = [
            abs(sum([float(_as_written(term, digits)) for term in terms]) - written)
            for digits in range(FEWEST_DIGITS, MOST_DIGITS + 1)
        ]
    if off[0] <= 10 * unit:
        return FEWEST_DIGITS
    for allowed in (unit, 10 * unit):
        for i, distance in enumerate(off):
            if distance <= allowed:
                return FEWEST_DIGITS + i
    return FEWEST_DIGITS


def _is_shortened(x: Any) -> bool:
    """True for a formula that is not written out: what it comes to cannot be seen."""
    if not isinstance(x, Symbol):
        return False
    return isinstance(x.name, Rest) or any([_is_shortened(operand) for operand in x.operands])


def _as_written(x: Any, digits: int) -> Any:
    """What a formula of numbers comes to if each of them has so many digits."""
    if not isinstance(x, Symbol) or x.op is None:
        data = data_of(x)
        return float(number(data, digits)) if isinstance(data, float | np.floating) else data
    if isinstance(x.op, np.ufunc):  # a condition, which is not computed from what is written
        return x.data
    if x.op_name == "where":
        condition, if_true, if_false = x.operands
        return _as_written(if_true if data_of(condition) else if_false, digits)
    return x.op(*[_as_written(operand, digits) for operand in x.operands])
