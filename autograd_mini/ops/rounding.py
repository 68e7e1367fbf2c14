"""To whole numbers, and what is left over: steps, whose derivative is 0, and the remainders of a division.

At a step, where there is no derivative, it is 0 as well, as in PyTorch.
"""

from __future__ import annotations

import math
import operator

import numpy as np

from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Pointwise, quiet
from autograd_mini.ops.pointwise import div, mul

floor = Pointwise(
    "floor",
    np.floor,
    lambda g, z, x: 0.0,
    doc="""The largest whole number that is not above x; its derivative is 0. PyTorch: ``torch.floor``.

    >>> floor(-1.5)
    -2.0
    """,
)
ceil = Pointwise(
    "ceil",
    np.ceil,
    lambda g, z, x: 0.0,
    doc="""The smallest whole number that is not below x; its derivative is 0. PyTorch: ``torch.ceil``.

    >>> ceil(-1.5)
    -1.0
    """,
)
trunc = Pointwise(
    "trunc",
    np.trunc,
    lambda g, z, x: 0.0,
    doc="""x without what stands behind its point; its derivative is 0. PyTorch: ``torch.trunc``.

    >>> trunc(-1.5)
    -1.0
    """,
)
rint = Pointwise(
    "rint",
    np.rint,
    lambda g, z, x: 0.0,
    doc="""The nearest whole number, of two the even one; its derivative is 0. PyTorch: ``torch.round``.

    >>> rint(1.5), rint(2.5)
    (2.0, 2.0)
    """,
)


def round(x: Carrier, decimals: int = 0) -> Carrier:
    """``x`` to so many digits behind the point, or before it where they are negative. PyTorch: ``torch.round``.

    What lies in the middle goes to the even digit. The derivative is 0.

    >>> round(2.345, 1), round(2345.0, -2)
    (2.3, 2300.0)
    """
    if decimals > 0:
        return div(rint(mul(x, 10.0**decimals)), 10.0**decimals)
    if decimals < 0:
        return mul(rint(div(x, 10.0**-decimals)), 10.0**-decimals)
    return rint(x)


# ---------------------------------------------------------------- division

floor_divide = Pointwise(
    "floor_divide",
    quiet(operator.floordiv),
    lambda g, z, x, y: 0.0,
    lambda g, z, x, y: 0.0,
    scalar=operator.floordiv,
    ufunc=np.floor_divide,
    symbol="//",
    doc="""x // y, the floor of x / y; its derivatives are 0. PyTorch: ``torch.floor_divide``.

    >>> floor_divide(-7.0, 2.0), floor_divide(1.0, 0.0)
    (-4.0, inf)
    """,
)
remainder = Pointwise(
    "remainder",
    quiet(operator.mod),
    lambda g, z, x, y: g,
    lambda g, z, x, y: -g * floor_divide(x, y),
    scalar=operator.mod,
    ufunc=np.remainder,
    symbol="%",
    doc="""x % y, which is x - y * (x // y) and has the sign of y. PyTorch: ``torch.remainder``.

    Its derivatives are those between the steps, where x is a multiple of y too.

    >>> remainder(-7.0, 3.0)
    2.0
    """,
)
fmod = Pointwise(
    "fmod",
    quiet(np.fmod),
    lambda g, z, x, y: g,
    lambda g, z, x, y: -g * trunc(x / y),
    scalar=math.fmod,
    doc="""x - y * trunc(x / y), C's remainder, which has the sign of x. PyTorch: ``torch.fmod``.

    Its derivatives are those between the steps, where x is a multiple of y too.

    >>> fmod(-7.0, 3.0)
    -1.0
    """,
)


def divmod(x: Carrier, y: Carrier) -> tuple[Carrier, Carrier]:
    """``floor_divide(x, y)`` and ``remainder(x, y)``. PyTorch has none.

    >>> divmod(-7.0, 3.0)
    (-3.0, 2.0)
    """
    return floor_divide(x, y), remainder(x, y)


def modf(x: Carrier) -> tuple[Carrier, Carrier]:
    """What stands behind the point of x, and what before, both with its sign. PyTorch: ``torch.frac``, ``torch.trunc``.

    Behind the point of an infinity stands nan, as in PyTorch; in NumPy it is 0.

    >>> modf(-2.5)
    (-0.5, -2.0)
    """
    return fmod(x, 1.0), trunc(x)


FUNCTIONS.update(
    {
        np.around: round,
        np.divmod: divmod,
        np.fix: lambda x: trunc(x),  # a row has no name for its operand
        np.modf: modf,
        np.round: round,
    }
)
