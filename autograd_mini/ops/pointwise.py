"""Arithmetic, powers, exponentials and logarithms of each element by itself, a row each.

A row has a name, the forward function, a derivative for each operand, and the forward function for floats. In a
rule ``g`` is the upstream gradient, ``z`` the output, then the operands. The rows follow PyTorch at kinks and ties
and say so where there are any. The other functions of single elements are in ``choosing``, ``trigonometric``,
``rounding``, ``activation`` and ``special``.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd_mini.ops.choosing import where
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Pointwise, as_floating, dtype_of, passed_on, quiet
from autograd_mini.ops.shape import astype

# ---------------------------------------------------------------- arithmetic

add = Pointwise(
    "add",
    operator.add,
    passed_on,
    passed_on,
    ufunc=np.add,
    symbol="+",
    doc="""x + y. PyTorch: ``torch.add``.

    >>> add(2.0, 3.0)
    5.0
    """,
)
sub = Pointwise(
    "sub",
    operator.sub,
    passed_on,
    lambda g, z, x, y: -g,
    ufunc=np.subtract,
    symbol="-",
    doc="""x - y. PyTorch: ``torch.sub``.

    >>> sub(2.0, 3.0)
    -1.0
    """,
)
mul = Pointwise(
    "mul",
    operator.mul,
    lambda g, z, x, y: g * y,
    lambda g, z, x, y: g * x,
    ufunc=np.multiply,
    symbol="*",
    doc="""x * y, element by element. PyTorch: ``torch.mul``.

    >>> mul(2.0, 3.0)
    6.0
    """,
)
div = Pointwise(
    "div",
    quiet(operator.truediv),
    lambda g, z, x, y: g / y,
    lambda g, z, x, y: -g * z / y,
    scalar=operator.truediv,
    ufunc=np.divide,
    symbol="/",
    doc="""x / y; 1/0 is inf and 0/0 is nan. PyTorch: ``torch.div``.

    >>> div(1.0, 4.0), div(1.0, 0.0)
    (0.25, inf)
    """,
)
neg = Pointwise(
    "neg",
    operator.neg,
    lambda g, z, x: -g,
    ufunc=np.negative,
    symbol="-",
    doc="""-x. PyTorch: ``torch.neg``.

    >>> neg(2.0)
    -2.0
    """,
)
sign = Pointwise(
    "sign",
    np.sign,
    lambda g, z, x: 0.0,
    scalar=lambda x: math.copysign(1.0, x) if x < 0 or x > 0 else x + 0.0,  # not -0.0
    doc="""-1, 0 or 1; its derivative is 0 everywhere. PyTorch: ``torch.sign``.

    >>> sign(-3.0)
    -1.0
    """,
)
abs = Pointwise(
    "abs",
    np.absolute,
    lambda g, z, x: g * sign(x),
    scalar=math.fabs,
    doc="""The absolute value; its derivative at 0 is 0. PyTorch: ``torch.abs``.

    >>> abs(-3.0)
    3.0
    """,
)
copysign = Pointwise(
    "copysign",
    np.copysign,
    lambda g, z, x, y: g * sign(x) * sign(z),
    lambda g, z, x, y: 0.0,
    scalar=math.copysign,
    doc="""The size of x with the sign of y; -0.0 has one too. PyTorch: ``torch.copysign``.

    The derivative by x is 0 where x is 0, and by y it is 0 everywhere.

    >>> copysign(2.0, -0.0)
    -2.0
    """,
)


def reciprocal(x: Carrier) -> Carrier:
    """1 / x; of 0 it is inf. PyTorch: ``torch.reciprocal``.

    >>> reciprocal(4.0)
    0.25
    """
    return div(1.0, x)


def positive(x: Carrier) -> Carrier:
    """x itself, as ``+x`` is. PyTorch: ``torch.positive``.

    >>> positive(-3)
    -3.0
    """
    return as_floating(x)


# ---------------------------------------------------------------- powers

pow: Pointwise = Pointwise(
    "pow",
    quiet(np.power),
    lambda g, z, x, y: g * where(y == 0, 0.0, y * pow(x, where(y == 0, 0.0, y - 1))),  # no 0 * inf at higher orders
    lambda g, z, x, y: g * where((x == 0) & (y >= 0), 0.0, z * log(x)),
    scalar=math.pow,
    symbol="**",
    doc="""x ** y; a negative number to a fractional power is nan. PyTorch: ``torch.pow``.

    As in PyTorch the derivative by x is 0 where y is 0, and by y is 0 where x is 0 and y >= 0.

    >>> pow(3.0, 2.0), pow(-8.0, 1 / 3)
    (9.0, nan)
    """,
)
sqrt = Pointwise(
    "sqrt",
    quiet(np.sqrt),
    lambda g, z, x: g / (2 * z),
    scalar=math.sqrt,
    doc="""The square root; its derivative at 0 is inf, sqrt(-1) is nan. PyTorch: ``torch.sqrt``.

    >>> sqrt(9.0)
    3.0
    """,
)
cbrt = Pointwise(
    "cbrt",
    np.cbrt,
    lambda g, z, x: g / (3 * (z * z)),
    doc="""The cube root, of negative numbers too; its derivative at 0 is inf. PyTorch has none.

    >>> cbrt(-27.0)
    -3.0
    """,
)


def square(x: Carrier) -> Carrier:
    """x * x. PyTorch: ``torch.square``.

    >>> square(-3.0)
    9.0
    """
    return mul(x, x)


def float_power(x: Carrier, y: Carrier) -> Carrier:
    """x ** y in float64, whatever the dtypes of x and y. PyTorch: ``torch.float_power``.

    >>> float_power(np.array([2.0], dtype="float32"), 3.0)
    array([8.])
    """
    return pow(astype(x, np.float64, copy=False), astype(y, np.float64, copy=False))


# ---------------------------------------------------------------- exponentials

exp = Pointwise(
    "exp",
    quiet(np.exp),
    lambda g, z, x: g * z,
    scalar=math.exp,
    doc="""e to the power x; exp(1000) is inf. PyTorch: ``torch.exp``.

    >>> exp(0.0)
    1.0
    """,
)
expm1 = Pointwise(
    "expm1",
    quiet(np.expm1),
    lambda g, z, x: g * (z + 1),
    scalar=math.expm1,
    doc="""exp(x) - 1, accurate near 0. PyTorch: ``torch.expm1``.

    >>> expm1(1e-20)
    1e-20
    """,
)
exp2 = Pointwise(
    "exp2",
    quiet(np.exp2),
    lambda g, z, x: g * z * math.log(2),
    scalar=math.exp2,
    doc="""2 to the power x; exp2(2000) is inf. PyTorch: ``torch.exp2``.

    >>> exp2(3.0)
    8.0
    """,
)


def ldexp(x: Carrier, exponent: Carrier) -> Carrier:
    """x * 2**exponent, for whole exponents as NumPy has them, and for others. PyTorch: ``torch.ldexp``.

    >>> ldexp(3.0, 4)
    48.0
    """
    x = positive(x)
    is_whole = not hasattr(exponent, "record") and getattr(getattr(exponent, "dtype", None), "kind", "i") != "f"
    return mul(x, exp2(astype(exponent, dtype_of(x)) if is_whole else exponent))


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))  # never overflows
    return np.where(np.signbit(x), e, 1.0).astype(dtype_of(x), copy=False) / (1 + e)


def _sigmoid_scalar(x: float) -> float:
    e = math.exp(-math.fabs(x))
    return (1.0 if x >= 0 else e) / (1.0 + e)


sigmoid = Pointwise(
    "sigmoid",
    _sigmoid,
    lambda g, z, x: g * z * (1 - z),
    scalar=_sigmoid_scalar,
    doc="""1 / (1 + exp(-x)), between 0 and 1, without overflow. PyTorch: ``torch.sigmoid``.

    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """,
)

# ---------------------------------------------------------------- logarithms

log: Pointwise = Pointwise(
    "log",
    quiet(np.log),
    lambda g, z, x: g / x,
    scalar=math.log,
    doc="""The natural logarithm; log(0) is -inf, log(-1) is nan. PyTorch: ``torch.log``.

    >>> log(1.0), log(0.0)
    (0.0, -inf)
    """,
)
log1p = Pointwise(
    "log1p",
    quiet(np.log1p),
    lambda g, z, x: g / (1 + x),
    scalar=math.log1p,
    doc="""log(1 + x), accurate near 0. PyTorch: ``torch.log1p``.

    >>> log1p(1e-20)
    1e-20
    """,
)
log2 = Pointwise(
    "log2",
    quiet(np.log2),
    lambda g, z, x: g / (x * math.log(2)),
    scalar=math.log2,
    doc="""The logarithm to base 2; log2(0) is -inf, log2(-1) is nan. PyTorch: ``torch.log2``.

    >>> log2(8.0)
    3.0
    """,
)
log10 = Pointwise(
    "log10",
    quiet(np.log10),
    lambda g, z, x: g / (x * math.log(10)),
    scalar=math.log10,
    doc="""The logarithm to base 10; log10(0) is -inf, log10(-1) is nan. PyTorch: ``torch.log10``.

    >>> log10(1000.0)
    3.0
    """,
)
logaddexp = Pointwise(
    "logaddexp",
    quiet(np.logaddexp),
    lambda g, z, x, y: g * sigmoid(x - y),
    lambda g, z, x, y: g * sigmoid(y - x),
    doc="""log(exp(x) + exp(y)) without overflow. PyTorch: ``torch.logaddexp``.

    The derivatives sum to 1; of two equal infinities they are nan, as in PyTorch.

    >>> round(logaddexp(1000.0, 1000.0), 6)
    1000.693147
    """,
)
logaddexp2 = Pointwise(
    "logaddexp2",
    quiet(np.logaddexp2),
    lambda g, z, x, y: g * sigmoid((x - y) * math.log(2)),
    lambda g, z, x, y: g * sigmoid((y - x) * math.log(2)),
    doc="""log2(2**x + 2**y) without overflow. PyTorch: ``torch.logaddexp2``.

    The derivatives sum to 1; of two equal infinities they are nan, as in PyTorch.

    >>> logaddexp2(2000.0, 2000.0)
    2001.0
    """,
)


FUNCTIONS.update(
    {
        np.fabs: abs,
        np.conjugate: positive,
        np.float_power: float_power,
        np.ldexp: ldexp,
        np.positive: positive,
        np.real: positive,
        np.reciprocal: reciprocal,
        np.square: square,
    }
)
