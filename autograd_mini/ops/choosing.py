"""Choosing between numbers, element by element: by a condition, by size, by what is finite.

In a rule ``g`` is the upstream gradient, ``z`` the output, then the operands. The number that is not taken gets a
gradient of 0; ties follow PyTorch, as each op says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import (
    PLAIN,
    Carrier,
    Pointwise,
    as_array,
    as_carriers,
    as_data,
    as_floating,
    dtype_of,
    is_foreign,
    shape_of,
)
from autograd_mini.ops.shape import astype

# ---------------------------------------------------------------- by a condition


# Integers of the same size as a float.
_INTEGER = {np.dtype("e"): np.dtype(np.int16), np.dtype("f"): np.dtype(np.int32), np.dtype("d"): np.dtype(np.int64)}


def _where(condition: Any, x: Any, y: Any) -> Any:
    if condition.__class__ is np.ndarray and condition.ndim:
        if x.__class__ is float and x == 0 and _is_maskable(y, condition):
            return _masked(y, np.logical_not(condition))
        if y.__class__ is float and y == 0 and _is_maskable(x, condition):
            return _masked(x, condition)
    elif condition.__class__ not in PLAIN and is_foreign(condition):  # a lazy one is not asked what it holds
        return np.where(condition, x, y)
    elif x.__class__ is y.__class__ is float or (shape_of(x) == shape_of(y) and dtype_of(x) == dtype_of(y)):
        return x if condition else y  # a bool, or the float that a recorded one has become
    return np.where(condition, x, y)


def _is_maskable(x: Any, condition: Any) -> bool:
    return x.__class__ is np.ndarray and x.shape == condition.shape and x.dtype in _INTEGER


def _masked(x: Any, gate: Any) -> Any:
    """``x`` where ``gate`` is True, and 0.0 elsewhere: the bits of ``x`` times 1 or 0, so that 0 times inf is 0 too.

    Every closed gate needs that. np.where takes a branch for each element, and of a random 128x256 gate the
    processor guesses half of them wrong: 197 us, where this takes 11.
    """
    bits = gate.astype(_INTEGER[x.dtype])
    bits *= x.view(bits.dtype)
    return bits.view(x.dtype)


_WHERE = Pointwise(
    "where",
    _where,
    None,
    lambda g, z, condition, x, y: where(condition, g, 0.0),
    lambda g, z, condition, x, y: where(condition, 0.0, g),
)


def where(condition: Any, x: Carrier, y: Carrier) -> Carrier:
    """``x`` where ``condition`` holds, else ``y``; the three broadcast. PyTorch: ``torch.where``.

    The branch that is not taken gets a gradient of exactly 0, whatever its value.

    >>> where(True, 1.0, 2.0)
    1.0
    """
    if condition.__class__ is not bool:
        if hasattr(condition, "record"):
            condition = condition if condition.dtype == bool else condition != 0
            if hasattr(condition, "record"):  # of a carrier that records comparisons too
                return _WHERE(condition, x, y)
        if condition.__class__ is not np.ndarray or condition.dtype.char != "?":
            condition = as_array(condition).astype(bool)
        if not condition.ndim and not is_foreign(condition):
            condition = bool(condition)
    if x.__class__ in _FLOATING and y.__class__ in _FLOATING:
        return as_data(_where(condition, x, y))
    if hasattr(x, "record") or hasattr(y, "record"):
        return _WHERE(condition, x, y)
    return as_data(_where(condition, *as_carriers(x, y)))


_FLOATING = frozenset({float, np.ndarray})


def select(condlist: Sequence[Any], choicelist: Sequence[Carrier], default: Carrier = 0.0) -> Carrier:
    """Of the choices the one whose condition is the first to hold, else ``default``. PyTorch has none.

    There are as many conditions, arrays of booleans, as choices; all of them broadcast. A choice that is not taken
    gets a gradient of exactly 0, as in ``where``.

    >>> x = np.array([-1.0, 0.5, 2.0])
    >>> select([x < 0, x < 1], [0.0, x], 1.0)
    array([0. , 0.5, 1. ])

    Raises ``ValueError`` if there are no conditions, or not as many as choices.
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            located(
                f"select: {len(condlist)} conditions for {len(choicelist)} choices; "
                "give one condition for each choice, and at least one"
            )
        )
    for condition in condlist:
        if dtype_of(condition if hasattr(condition, "record") else as_array(condition)).kind != "b":
            raise TypeError(located("select: a condition is a boolean or an array of them; compare, as in x > 0"))
    result, *choices = as_carriers(default, *choicelist)
    for condition, choice in zip(reversed(condlist), reversed(choices), strict=True):
        result = where(condition, choice, result)
    return result


# ---------------------------------------------------------------- by size

maximum: Pointwise = Pointwise(
    "maximum",
    np.maximum,
    lambda g, z, x, y: where(x < y, 0.0, where(x == y, g / 2, g)),
    lambda g, z, x, y: where(y < x, 0.0, where(x == y, g / 2, g)),
    scalar=lambda x, y: x if x >= y or x != x else y,
    doc="""The larger of x and y; a tie shares the gradient evenly. PyTorch: ``torch.maximum``.

    >>> maximum(2.0, 3.0)
    3.0
    """,
)
minimum: Pointwise = Pointwise(
    "minimum",
    np.minimum,
    lambda g, z, x, y: where(x > y, 0.0, where(x == y, g / 2, g)),
    lambda g, z, x, y: where(y > x, 0.0, where(x == y, g / 2, g)),
    scalar=lambda x, y: x if x <= y or x != x else y,
    doc="""The smaller of x and y; a tie shares the gradient evenly. PyTorch: ``torch.minimum``.

    >>> minimum(2.0, 3.0)
    2.0
    """,
)
fmax = Pointwise(
    "fmax",
    np.fmax,
    lambda g, z, x, y: where((x >= y) | (y != y), g, 0.0),  # y != y where it is nan
    lambda g, z, x, y: where((x >= y) | (y != y), 0.0, g),
    scalar=lambda x, y: x if x >= y or y != y else y,
    doc="""The larger of x and y, or the one that is no nan. PyTorch: ``torch.fmax``.

    Unlike that of ``maximum``, the gradient of a tie goes to x alone, as in PyTorch.

    >>> fmax(2.0, 3.0), fmax(2.0, np.nan)
    (3.0, 2.0)
    """,
)
fmin = Pointwise(
    "fmin",
    np.fmin,
    lambda g, z, x, y: where((x <= y) | (y != y), g, 0.0),
    lambda g, z, x, y: where((x <= y) | (y != y), 0.0, g),
    scalar=lambda x, y: x if x <= y or y != y else y,
    doc="""The smaller of x and y, or the one that is no nan. PyTorch: ``torch.fmin``.

    Unlike that of ``minimum``, the gradient of a tie goes to x alone, as in PyTorch.

    >>> fmin(2.0, 3.0), fmin(2.0, np.nan)
    (2.0, 2.0)
    """,
)
heaviside = Pointwise(
    "heaviside",
    np.heaviside,
    lambda g, z, x, y: 0.0,
    lambda g, z, x, y: where(x == 0, g, 0.0),
    doc="""0 where x is negative, 1 where it is positive, y where it is 0. PyTorch: ``torch.heaviside``.

    Of nan it is nan, as in NumPy; in PyTorch it is 0. The derivative by x is 0 everywhere, at the step too; PyTorch
    has none.

    >>> heaviside(-2.0, 0.5), heaviside(0.0, 0.5), heaviside(2.0, 0.5)
    (0.0, 0.5, 1.0)
    """,
)
_CLIP = Pointwise(
    "clip",
    np.clip,
    lambda g, z, x, low, high: where((x >= low) & (x <= high), g, 0.0),
    lambda g, z, x, low, high: where((x < low) & (low < high), g, 0.0),
    lambda g, z, x, low, high: where((x > high) | (high < low), g, 0.0),
    scalar=lambda x, low, high: minimum.scalar(maximum.scalar(x, low), high),
)


def clip(x: Carrier, min: Carrier = None, max: Carrier = None) -> Carrier:
    """``x`` kept between ``min`` and ``max``; None is no bound. PyTorch: ``torch.clamp``.

    On a bound the whole gradient goes to ``x``, as in PyTorch.

    >>> clip(5.0, 0.0, 1.0)
    1.0
    """
    return _CLIP(x, -math.inf if min is None else min, math.inf if max is None else max)


def _numpys_clip(x: Carrier, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Carrier:
    return clip(x, a_min if min is None else min, a_max if max is None else max)


# ---------------------------------------------------------------- by what is finite


def nan_to_num(
    x: Carrier, *, nan: Carrier = 0.0, posinf: Carrier | None = None, neginf: Carrier | None = None
) -> Carrier:
    """``x`` with other numbers for nan, inf and -inf. PyTorch: ``torch.nan_to_num``.

    The infinities become the largest and the smallest number of the dtype, unless ``posinf`` and ``neginf`` say
    otherwise. Where something was replaced the derivative by ``x`` is 0.

    >>> nan_to_num(np.array([1.0, np.nan, np.inf]), posinf=9.0)
    array([1., 0., 9.])
    """
    x = as_floating(x)
    largest = float(np.finfo(dtype_of(x)).max)
    result = where(x != x, nan, x)
    result = where(x == math.inf, largest if posinf is None else posinf, result)
    result = where(x == -math.inf, -largest if neginf is None else neginf, result)
    return astype(result, dtype_of(x), copy=False)  # what is put in takes its dtype


FUNCTIONS.update(
    {
        np.where: where,
        np.select: select,
        np.clip: _numpys_clip,
        np.nan_to_num: nan_to_num,
    }
)
