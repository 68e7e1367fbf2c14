"""The error function, the gamma function, and what belongs to them. All but erf need SciPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import Carrier, Pointwise, dtype_of
from autograd_mini.ops.pointwise import exp


def _scipys(name: str, op: str) -> Callable[..., Any]:
    """SciPy's function of this name, in the dtype of its last operand."""

    def forward(*operands: Any) -> Any:
        try:
            from scipy import special
        except ImportError:
            raise ImportError(
                located(f"{op} is computed by SciPy, which is not installed; pip install scipy")
            ) from None
        result = getattr(special, name)(*operands)
        return result.astype(dtype_of(operands[-1]), copy=False)[()]  # of float16 it is float32

    return forward


def scipys_ufunc(name: str) -> np.ufunc | None:
    """SciPy's function of this name, where SciPy is installed."""
    try:
        from scipy import special
    except ImportError:
        return None
    ufunc: np.ufunc = getattr(special, name)
    return ufunc


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


erfinv = Pointwise(
    "erfinv",
    _scipys("erfinv", "erfinv"),
    lambda g, z, x: g * (math.sqrt(math.pi) / 2) * exp(z * z),
    doc="""The number whose error function is x; beyond -1 and 1 it is nan. PyTorch: ``torch.erfinv``.

    Its derivative at -1 and 1 is inf. Needs SciPy.

    >>> erfinv(0.0), erfinv(1.0)
    (0.0, inf)
    """,
)
lgamma = Pointwise(
    "lgamma",
    _scipys("gammaln", "lgamma"),
    lambda g, z, x: g * digamma(x),
    doc="""log(abs(gamma(x))), which of n + 1 is log(n!). PyTorch: ``torch.lgamma``.

    It is inf where gamma has its poles, 0, -1, -2 and so on. Needs SciPy.

    >>> lgamma(1.0), lgamma(0.0)
    (0.0, inf)
    """,
)
digamma: Pointwise = Pointwise(
    "digamma",
    _scipys("psi", "digamma"),
    lambda g, z, x: g * polygamma(1, x),
    doc="""The derivative of ``lgamma``. PyTorch: ``torch.digamma``.

    Needs SciPy.

    >>> round(digamma(1.0), 4)  # minus Euler's constant
    -0.5772
    """,
)
_POLYGAMMA: Pointwise = Pointwise(
    "polygamma",
    _scipys("polygamma", "polygamma"),
    None,
    lambda g, z, n, x: g * _POLYGAMMA(n + 1, x),
)


def polygamma(n: int, x: Carrier) -> Carrier:
    """The ``n``-th derivative of ``digamma``. PyTorch: ``torch.polygamma``.

    Needs SciPy.

    >>> round(polygamma(1, 1.0), 4)  # pi**2 / 6
    1.6449

    Raises ``ValueError`` if ``n`` is negative, ``TypeError`` if it is no whole number.
    """
    if index(n) < 0:
        raise ValueError(located(f"polygamma: the order of a derivative is 0, 1, 2 and so on, not {n}"))
    return _POLYGAMMA(float(n), x)
