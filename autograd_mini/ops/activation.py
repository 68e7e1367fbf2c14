"""Activation functions: what stands between the layers of a network. Two more, tanh and sigmoid, are mathematics."""

from __future__ import annotations

import math

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.choosing import minimum, where
from autograd_mini.ops.operation import Carrier, Pointwise, dtype_of, quiet
from autograd_mini.ops.pointwise import exp, expm1, mul, sigmoid
from autograd_mini.ops.special import erf
from autograd_mini.ops.trigonometric import tanh

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


def _below_zero(x: Carrier) -> Carrier:
    """``x`` where it is negative or nan, else 0, of which ``exp`` is finite where nobody takes it."""
    return where(x >= 0, 0.0, x)


_ELU = Pointwise(
    "elu",
    lambda x, alpha: np.where(x > 0, x, alpha * expm1(minimum(x, 0.0))),
    lambda g, z, x, alpha: where(x > 0, g, g * (alpha * exp(_below_zero(x)))),  # z + alpha would cancel
    lambda g, z, x, alpha: where(x > 0, 0.0, g * expm1(_below_zero(x))),
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
    """``x`` where it is positive, else ``alpha * (exp(x) - 1)``; its derivative at 0 is ``alpha``. PyTorch: ``F.elu``.

    >>> elu(3.0), elu(-1000.0)
    (3.0, -1.0)
    """
    return _ELU(x, alpha)


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
