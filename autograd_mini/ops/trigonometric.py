"""Circular and hyperbolic functions and their inverses, a row each; an angle is in radians."""

from __future__ import annotations

import math

import numpy as np

from autograd_mini.ops.choosing import where
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Pointwise, quiet
from autograd_mini.ops.pointwise import abs, sqrt

# ---------------------------------------------------------------- circular

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
arcsin = Pointwise(
    "arcsin",
    quiet(np.arcsin),
    lambda g, z, x: g / sqrt(1 - x * x),
    scalar=math.asin,
    doc="""The angle in [-pi/2, pi/2] whose sine is x; beyond -1 and 1 it is nan. PyTorch: ``torch.arcsin``.

    Its derivative at -1 and 1 is inf.

    >>> arcsin(0.0)
    0.0
    """,
)
arccos = Pointwise(
    "arccos",
    quiet(np.arccos),
    lambda g, z, x: -g / sqrt(1 - x * x),
    scalar=math.acos,
    doc="""The angle in [0, pi] whose cosine is x; beyond -1 and 1 it is nan. PyTorch: ``torch.arccos``.

    Its derivative at -1 and 1 is -inf.

    >>> arccos(1.0)
    0.0
    """,
)
arctan = Pointwise(
    "arctan",
    np.arctan,
    lambda g, z, x: g / (1 + x * x),
    scalar=math.atan,
    doc="""The angle between -pi/2 and pi/2 whose tangent is x. PyTorch: ``torch.arctan``.

    >>> arctan(0.0)
    0.0
    """,
)
arctan2 = Pointwise(
    "arctan2",
    np.arctan2,
    lambda g, z, y, x: g * where((x == 0) & (y == 0), 0.0, x / (x * x + y * y)),
    lambda g, z, y, x: g * where((x == 0) & (y == 0), 0.0, -y / (x * x + y * y)),
    scalar=math.atan2,
    doc="""The angle in [-pi, pi] of the point (x, y), y being the first operand. PyTorch: ``torch.arctan2``.

    Its derivatives at the origin are 0, as in PyTorch.

    >>> arctan2(0.0, 1.0), arctan2(0.0, -1.0) == np.pi
    (0.0, True)
    """,
)
hypot = Pointwise(
    "hypot",
    quiet(np.hypot),
    lambda g, z, x, y: g * (x / z),
    lambda g, z, x, y: g * (y / z),
    scalar=math.hypot,
    doc="""The distance of (x, y) from the origin, sqrt(x**2 + y**2) without overflow. PyTorch: ``torch.hypot``.

    Its derivatives at the origin are nan, as in PyTorch.

    >>> hypot(3.0, 4.0)
    5.0
    """,
)


def _slope_of_sinc(z: Carrier, x: Carrier) -> Carrier:
    """(cos(pi x) - sinc(x)) / x; near 0, where these two cancel, as a power series in t = (pi x)**2."""
    near = abs(x) < 0.02  # where the terms that are left out are below what a float64 can tell
    angle = math.pi * x
    t = angle * angle
    series = -(math.pi**2) / 3 * x * (1 - t / 10 * (1 - t / 28 * (1 - t / 54)))
    far = where(near, 1.0, x)
    return where(near, series, (cos(math.pi * far) - z) / far)


sinc = Pointwise(
    "sinc",
    quiet(np.sinc),
    lambda g, z, x: g * _slope_of_sinc(z, x),
    doc="""sin(pi x) / (pi x), and 1 at 0. PyTorch: ``torch.sinc``.

    Its derivatives are exact at 0 and near it, those of higher order too (PyTorch's second is nan there).

    >>> sinc(0.0), abs(sinc(1.0)) < 1e-16
    (1.0, True)
    """,
)

# ---------------------------------------------------------------- hyperbolic

sinh = Pointwise(
    "sinh",
    quiet(np.sinh),
    lambda g, z, x: g * cosh(x),
    scalar=math.sinh,
    doc="""The hyperbolic sine, (exp(x) - exp(-x)) / 2. PyTorch: ``torch.sinh``.

    >>> sinh(0.0)
    0.0
    """,
)
cosh: Pointwise = Pointwise(
    "cosh",
    quiet(np.cosh),
    lambda g, z, x: g * sinh(x),
    scalar=math.cosh,
    doc="""The hyperbolic cosine, (exp(x) + exp(-x)) / 2. PyTorch: ``torch.cosh``.

    >>> cosh(0.0)
    1.0
    """,
)
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
arcsinh = Pointwise(
    "arcsinh",
    np.arcsinh,
    lambda g, z, x: g / sqrt(x * x + 1),
    scalar=math.asinh,
    doc="""The number whose hyperbolic sine is x. PyTorch: ``torch.arcsinh``.

    >>> arcsinh(0.0)
    0.0
    """,
)
arccosh = Pointwise(
    "arccosh",
    quiet(np.arccosh),
    lambda g, z, x: g / sqrt(x * x - 1),
    scalar=math.acosh,
    doc="""The positive number whose hyperbolic cosine is x; below 1 it is nan. PyTorch: ``torch.arccosh``.

    Its derivative at 1 is inf.

    >>> arccosh(1.0)
    0.0
    """,
)
arctanh = Pointwise(
    "arctanh",
    quiet(np.arctanh),
    lambda g, z, x: g / (1 - x * x),
    scalar=math.atanh,
    doc="""The number whose hyperbolic tangent is x; beyond -1 and 1 it is nan. PyTorch: ``torch.arctanh``.

    >>> arctanh(0.0), arctanh(1.0)
    (0.0, inf)
    """,
)

# ---------------------------------------------------------------- degrees

deg2rad = Pointwise(
    "deg2rad",
    np.deg2rad,
    lambda g, z, x: g * (math.pi / 180),
    doc="""An angle in degrees as one in radians. PyTorch: ``torch.deg2rad``.

    >>> deg2rad(180.0) == np.pi
    True
    """,
)
rad2deg = Pointwise(
    "rad2deg",
    np.rad2deg,
    lambda g, z, x: g * (180 / math.pi),
    doc="""An angle in radians as one in degrees. PyTorch: ``torch.rad2deg``.

    >>> rad2deg(np.pi)
    180.0
    """,
)


FUNCTIONS.update(
    {
        np.degrees: rad2deg,
        np.radians: deg2rad,
        np.sinc: lambda x: sinc(x),  # a row has no name for its operand
    }
)
