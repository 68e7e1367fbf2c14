"""Reads a gradient that a person wrote down, and how exactly it was written: half a unit of the last digit."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.node import Node
from autograd_mini.ops.caller import located

FEWEST = 3  # significant digits that a number without trailing zeros is taken to have: 0.5 is 0.500
PRECISION = {"d": 1e-12, "f": 1e-5, "e": 1e-2}  # of arithmetic in this dtype.char, relative to the terms of a sum
FINEST = 1e-6  # of the number: however many digits there are, a computation differs in the last of them


class Written(NamedTuple):
    """A gradient as it was written down."""

    number: Any  # an array of float64, or one number
    half: Any  # half a unit of the last digit, in the same shape
    precision: float  # of the arithmetic that it was computed in, relative to the terms that it is a sum of


def read(gradient: Any, shape: tuple[int, ...], name: str) -> Written:
    """A number, an array, a string, or nested lists of them, as the gradient of ``name``, whose shape is ``shape``.

    A string means what its digits say: "-0.0027" is right to 0.00005, "2.50" to 0.005, "1e-3" to 0.0005, and a
    fraction as "-4/9" is exact. Trailing zeros of a number are lost, so at least three significant digits are
    assumed, for integers in strings too. The elements of an array were rounded together, to as many significant digits
    or to as many decimals as they all get by with.

    >>> read("-0.0027", (), "a").half
    5e-05
    >>> read(0.5, (), "a").half
    0.0005
    """
    if isinstance(gradient, str):
        number, half = _read_string(gradient, name)
        half = max(half, FINEST * abs(number)) if math.isfinite(number) else 0.0
        written = Written(number, half, PRECISION["d"])
    else:
        written = _read_array(gradient, name)
    if np.shape(written.number) != shape:
        raise ValueError(located(_wrong_shape(np.shape(written.number), shape, name)))
    return written


def near(yours: Any, other: Any, allowed: Any) -> Any:
    """For each element, whether the two differ by no more than ``allowed``; nan is near nan, and inf near inf."""
    yours, other = np.asarray(yours, float), np.asarray(other, float)
    with np.errstate(all="ignore"):
        close = np.abs(yours - other) <= np.where(np.isfinite(allowed), allowed, 0.0) * (1 + 1e-9)
    return np.asarray(close | (yours == other) | (np.isnan(yours) & np.isnan(other)))


def agree(yours: Any, other: Any, allowed: Any) -> bool:
    """True if every element of one is near the other's."""
    return bool(near(yours, other, allowed).all())


def _read_string(text: str, name: str) -> tuple[float, float]:
    plain = text.strip().replace("\N{MINUS SIGN}", "-")
    try:
        if "/" in plain:
            return float(Fraction(plain)), 0.0
        decimal = Decimal(plain)
    except (InvalidOperation, ValueError, ZeroDivisionError):
        pointed = plain.replace(",", ".")
        remedy = f"write {pointed}" if _is_number(pointed) else "write digits, as -0.0027, 2.5e-3 or -4/9"
        raise ValueError(
            located(f"check_by_hand: the gradient of {name} is {text!r}, which is no number; {remedy}")
        ) from None
    number = float(decimal)
    exponent = decimal.as_tuple().exponent
    if not isinstance(exponent, int):  # nan or inf
        return number, 0.0
    if set(plain) <= set("+-0123456789_"):
        return number, float(_half_a_unit(np.asarray(number), np.dtype(float)))
    return number, float(Decimal(5).scaleb(exponent - 1))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_array(gradient: Any, name: str) -> Written:
    if gradient is None or isinstance(gradient, Node):
        remedy = "give its numbers, as value.grad or value.data" if gradient is not None else "leave out what you skip"
        what = "None" if gradient is None else "a Value"
        raise TypeError(located(f"check_by_hand: the gradient of {name} is {what}; {remedy}"))
    try:
        array = np.asarray(gradient)
    except ValueError:  # NumPy's word for nested lists of unequal lengths
        raise ValueError(
            located(
                f"check_by_hand: the gradient of {name} is made of lists that differ in length; make it rectangular"
            )
        ) from None
    if array.dtype.kind in "UO" and all(isinstance(element, str | int | float) for element in array.flat):
        each = [read(element if isinstance(element, str) else float(element), (), name) for element in array.flat]
        numbers, halves = (np.array([w[i] for w in each], float).reshape(array.shape) for i in (0, 1))
        return Written(numbers, halves, PRECISION["d"])
    if array.dtype.kind not in "fiu":
        raise TypeError(
            located(
                f"check_by_hand: the gradient of {name} is of type {type(gradient).__name__} ({array.dtype}); "
                "give a number, an array of numbers, or a string of digits"
            )
        )
    dtype = array.dtype if array.dtype.char in PRECISION else np.dtype(float)
    array = array.astype(float)
    with np.errstate(all="ignore"):
        half = np.maximum(_half_a_unit(array, dtype), FINEST * np.abs(array))
    half = np.where(np.isfinite(half), half, 0.0)
    if not array.shape:
        return Written(array.item(), half.item(), PRECISION[dtype.char])
    return Written(array, half, PRECISION[dtype.char])


def _half_a_unit(x: Any, dtype: np.dtype[Any]) -> Any:
    """Half a unit of the last digit of each element; the fewest digits, at least three, that write them all."""
    sizes = np.abs(x[np.isfinite(x) & (x != 0)])
    if not sizes.size:
        return np.zeros(x.shape)
    slip = 4 * float(np.finfo(dtype).eps)  # a decimal and the nearest float differ by that much
    exponents = np.floor(np.log10(sizes))
    half = np.zeros(x.shape)
    for digits in range(FEWEST, 7):
        if _are_whole(sizes / 10.0 ** (exponents - digits + 1), slip):
            half[np.isfinite(x) & (x != 0)] = 10.0 ** (exponents - digits + 1) / 2
            break
    if x.size > 1:
        # Four different numbers that all end at the third decimal, or later, were rounded there
        enough = int(FEWEST - 1 - exponents.max())  # decimals, for three digits of the largest
        fewest = min(enough, 3) if np.unique(sizes).size > 3 else enough
        for decimals in range(fewest, enough + 5):
            if _are_whole(sizes * 10.0**decimals, slip):
                half = np.maximum(half, 10.0**-decimals / 2)
                break
    return half


def _are_whole(x: Any, slip: float) -> bool:
    return bool(np.all(np.abs(x - np.rint(x)) <= slip * x))


def _wrong_shape(yours: tuple[int, ...], shape: tuple[int, ...], name: str) -> str:
    said = f"check_by_hand: the gradient of {name} has shape {yours}, {name} itself {shape}"
    extra = len(yours) - len(shape)
    repeated = extra >= 0 and all(n in (1, m) for n, m in zip(shape, yours[extra:], strict=True))
    if yours == shape[::-1]:
        return f"{said}; it looks transposed: give its .T"
    if int(np.prod(yours)) == int(np.prod(shape)):
        return f"{said}; give it in the shape of {name}: .reshape({shape})"
    if repeated:
        axes = tuple(range(extra)) + tuple(
            i + extra for i, (n, m) in enumerate(zip(shape, yours[extra:], strict=True)) if n != m
        )
        along = f"axis {axes[0]}" if len(axes) == 1 else f"the axes {axes}"
        return f"{said}; if {name} was broadcast, sum the gradient over {along}"
    if not yours:
        return f"{said}; give one number for each element (np.full({shape}, ...) if they are equal)"
    return f"{said}; the two must be equal"
