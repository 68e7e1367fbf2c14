"""Operations on each element by itself, a row each: name, forward, derivatives, the forward for floats.

In a rule ``g`` is the upstream gradient, ``z`` the output, then the operands. The rows follow
PyTorch at kinks and ties and say so where there are any.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Pointwise, as_data, as_floating, dtype_of, quiet, shape_of

# ---------------------------------------------------------------- choosing


_INTEGER = {"e": np.int16, "f": np.int32, "d": np.int64}  # of the same size, by the float's dtype.char


def _where(condition: Any, x: Any, y: Any) -> Any:
    if shape_of(condition) == ():  # a bool, or the float that a recorded one has become
        if x.__class__ is y.__class__ is float or (shape_of(x) == shape_of(y) and dtype_of(x) == dtype_of(y)):
            return x if condition else y
    elif x.__class__ is float and x == 0 and _is_maskable(y, condition):
        return _masked(y, condition.astype(_INTEGER[y.dtype.char]) - 1)
    elif y.__class__ is float and y == 0 and _is_maskable(x, condition):
        return _masked(x, -condition.astype(_INTEGER[x.dtype.char]))
    return np.where(condition, x, y)


def _is_maskable(x: Any, condition: Any) -> bool:
    return x.__class__ is np.ndarray and x.shape == condition.shape and x.dtype.char in _INTEGER


def _masked(x: Any, mask: Any) -> Any:
    """``x`` where ``mask`` is -1, all bits set, and 0.0 where it is 0.

    Every closed gate needs that. np.where takes a branch for each element, and of a random 128x256 mask the
    processor guesses half of them wrong: 197 us, where masking the bits takes 18.
    """
    mask &= x.view(mask.dtype)
    return mask.view(x.dtype)


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
            if condition.dtype == bool:  # of a carrier that records comparisons too
                return _WHERE(condition, x, y)
            condition = condition.data
        condition = np.asarray(condition, dtype=bool)
        if not condition.ndim:
            condition = bool(condition)
    if x.__class__ in _FLOATING and y.__class__ in _FLOATING:
        return as_data(_where(condition, x, y))
    if hasattr(x, "record") or hasattr(y, "record"):
        return _WHERE(condition, x, y)
    return as_data(_where(condition, as_floating(x), as_floating(y)))


_FLOATING = frozenset({float, np.ndarray})


# ---------------------------------------------------------------- arithmetic

add = Pointwise(
    "add",
    operator.add,
    lambda g, z, x, y: g,
    lambda g, z, x, y: g,
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
    lambda g, z, x, y: g,
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
pow: Pointwise = Pointwise(
    "pow",
    quiet(np.power),
    lambda g, z, x, y: g * where(y == 0, 0.0, y * pow(x, y - 1)),
    lambda g, z, x, y: g * where((x == 0) & (y >= 0), 0.0, z * log(x)),
    scalar=math.pow,
    symbol="**",
    doc="""x ** y; a negative number to a fractional power is nan. PyTorch: ``torch.pow``.

    As in PyTorch the derivative by x is 0 where y is 0, and by y is 0 where x is 0 and y >= 0.

    >>> pow(3.0, 2.0), pow(-8.0, 1 / 3)
    (9.0, nan)
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

# ---------------------------------------------------------------- powers, exponentials, circles

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
sin = Pointwise(
    "sin",
    quiet(np.sin),
    lambda g, z, x: g * cos(x),
    scalar=math.sin,
    doc="""The sine of an angle in radians. PyTorch: ``torch.sin``.

    >>> sin(0.0)
    0.0
    """,
)
cos: Pointwise = Pointwise(
    "cos",
    quiet(np.cos),
    lambda g, z, x: -g * sin(x),
    scalar=math.cos,
    doc="""The cosine of an angle in radians. PyTorch: ``torch.cos``.

    >>> cos(0.0)
    1.0
    """,
)
tan = Pointwise(
    "tan",
    quiet(np.tan),
    lambda g, z, x: g * (1 + z * z),
    scalar=math.tan,
    doc="""The tangent of an angle in radians. PyTorch: ``torch.tan``.

    >>> tan(0.0)
    0.0
    """,
)

# ---------------------------------------------------------------- activations


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))  # never overflows
    return np.where(np.signbit(x), e, 1.0).astype(dtype_of(x), copy=False) / (1 + e)


def _sigmoid_scalar(x: float) -> float:
    e = math.exp(-math.fabs(x))
    return (1.0 if x >= 0 else e) / (1.0 + e)


tanh = Pointwise(
    "tanh",
    np.tanh,
    lambda g, z, x: g * (1 - z * z),
    scalar=math.tanh,
    doc="""The hyperbolic tangent, between -1 and 1. PyTorch: ``torch.tanh``.

    >>> tanh(0.0), tanh(1000.0)
    (0.0, 1.0)
    """,
)
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
softplus = Pointwise(
    "softplus",
    quiet(lambda x: np.logaddexp(x, dtype_of(x).type(0))),
    lambda g, z, x: g * sigmoid(x),
    scalar=lambda x: (x if x > 0 else 0.0) + math.log1p(math.exp(-math.fabs(x))),
    doc="""log(1 + exp(x)), a smooth relu, without overflow. PyTorch: ``F.softplus``.

    >>> softplus(1000.0)
    1000.0
    """,
)
relu = Pointwise(
    "relu",
    lambda x: np.maximum(x, 0),
    lambda g, z, x: where(z <= 0, 0.0, g),  # so that a nan does not close the gate
    scalar=lambda x: 0.0 if x <= 0 else x,
    doc="""max(x, 0); its derivative at 0 is 0. PyTorch: ``F.relu``.

    >>> relu(-2.0), relu(3.0)
    (0.0, 3.0)
    """,
)
_LEAKY_RELU = Pointwise(
    "leaky_relu",
    lambda x, slope: np.where(x > 0, x, slope * x),
    lambda g, z, x, slope: where(x > 0, g, g * slope),
    lambda g, z, x, slope: where(x > 0, 0.0, g * x),
    scalar=lambda x, slope: x if x > 0 else slope * x,
)
_ELU = Pointwise(
    "elu",
    lambda x, alpha: np.where(x > 0, x, alpha * expm1(minimum(x, 0.0))),
    lambda g, z, x, alpha: where(x > 0, g, g * (z + alpha)),
    lambda g, z, x, alpha: where(x > 0, 0.0, g * expm1(x)),
    scalar=lambda x, alpha: x if x > 0 else alpha * math.expm1(x),
)


def leaky_relu(x: Carrier, negative_slope: Carrier = 0.01) -> Carrier:
    """``x`` where it is positive, else ``negative_slope * x``. PyTorch: ``F.leaky_relu``.

    The derivative at 0 is ``negative_slope``. A slope that is a Value is learned (``F.prelu``).

    >>> leaky_relu(-2.0)
    -0.02
    """
    return _LEAKY_RELU(x, negative_slope)


def elu(x: Carrier, alpha: Carrier = 1.0) -> Carrier:
    """``x`` where it is positive, else ``alpha * (exp(x) - 1)``. PyTorch: ``F.elu``.

    >>> elu(3.0), elu(-1000.0)
    (3.0, -1.0)
    """
    return _ELU(x, alpha)


def _erf(x: Any) -> Any:
    try:
        from scipy.special import erf as scipy_erf  # the fast one, where SciPy is there
    except ImportError:
        return np.vectorize(math.erf, otypes=[dtype_of(x)])(x)
    return scipy_erf(x).astype(dtype_of(x), copy=False)  # of float16 it is float32


erf = Pointwise(
    "erf",
    _erf,
    lambda g, z, x: g * (2 / math.sqrt(math.pi)) * exp(-x * x),
    scalar=math.erf,
    doc="""The Gauss error function, between -1 and 1. PyTorch: ``torch.erf``.

    >>> erf(0.0)
    0.0
    """,
)


def gelu(x: Carrier, approximate: str = "none") -> Carrier:
    """x times the normal distribution function of x (Hendrycks and Gimpel, 2016). PyTorch: ``F.gelu``.

    ``approximate="tanh"`` is the formula with tanh that GPT-2 uses.

    >>> gelu(0.0)
    0.0
    """
    if approximate == "none":
        return mul(0.5, x) * (1 + erf(mul(x, math.sqrt(0.5))))
    if approximate == "tanh":
        x = mul(1.0, x) if not hasattr(x, "record") else x
        return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    raise ValueError(located(f"gelu: approximate is 'none' or 'tanh', not {approximate!r}"))


def silu(x: Carrier) -> Carrier:
    """x * sigmoid(x), also called swish. PyTorch: ``F.silu``.

    >>> silu(0.0)
    0.0
    """
    return mul(x, sigmoid(x))


# ---------------------------------------------------------------- the larger, the smaller, the clipped

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
_CLIP = Pointwise(
    "clip",
    np.clip,
    lambda g, z, x, low, high: where((x >= low) & (x <= high), g, 0.0),
    lambda g, z, x, low, high: where((x < low) & (low < high), g, 0.0),
    lambda g, z, x, low, high: where((x > high) | (high < low), g, 0.0),
    scalar=lambda x, low, high: minimum.scalar(maximum.scalar(x, low), high),
)


def clip(x: Carrier, low: Carrier = None, high: Carrier = None) -> Carrier:
    """``x`` kept between ``low`` and ``high``; None is no bound. PyTorch: ``torch.clamp``.

    On a bound the whole gradient goes to ``x``, as in PyTorch.

    >>> clip(5.0, 0.0, 1.0)
    1.0
    """
    return _CLIP(x, -math.inf if low is None else low, math.inf if high is None else high)


def _numpys_clip(x: Carrier, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Carrier:
    return clip(x, a_min if min is None else min, a_max if max is None else max)


FUNCTIONS.update(
    {
        np.where: where,
        np.clip: _numpys_clip,
    }
)
