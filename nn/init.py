"""Where weights start: constants, plain distributions, Kaiming's and Xavier's formulas, as in ``torch.nn.init``.

Each fills a parameter with new numbers of its own dtype, and returns it. Kaiming's and Xavier's need two or more axes,
``(fan_out, fan_in, ...)``.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np

from autograd_mini import Value, erf, located
from nn.randomness import generator

P = TypeVar("P", bound=Value)

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much weights must grow to make up for what the activation takes away.

    ``param`` is the negative slope of "leaky_relu", 0.01 by default.

    >>> calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        known = ", ".join(sorted([*_GAINS, "leaky_relu"]))
        raise ValueError(located(f"calculate_gain: {nonlinearity!r} is unknown; there are {known}"))
    return _GAINS[nonlinearity]


def kaiming_uniform_(
    parameter: P,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator | None = None,
) -> P:
    """Uniform in ±gain * sqrt(3 / fan): the variance of the activations stays what it was (He et al., 2015).

    ``a`` is the negative slope of a leaky relu; ``mode`` is "fan_in" (forward) or "fan_out" (backward).

    >>> bool((abs(kaiming_uniform_(Value(np.zeros((2, 6)))).data) <= 1).all())
    True
    """
    bound = math.sqrt(3) * _kaiming_std("kaiming_uniform_", parameter, a, mode, nonlinearity)
    return uniform_(parameter, -bound, bound, rng=rng)


def kaiming_normal_(
    parameter: P,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator | None = None,
) -> P:
    """Normal with standard deviation gain / sqrt(fan) (He et al., 2015); the arguments are kaiming_uniform_'s.

    >>> kaiming_normal_(Value(np.zeros((2, 6)))).shape
    (2, 6)
    """
    return normal_(parameter, 0.0, _kaiming_std("kaiming_normal_", parameter, a, mode, nonlinearity), rng=rng)


def xavier_uniform_(parameter: P, gain: float = 1.0, *, rng: np.random.Generator | None = None) -> P:
    """Uniform in ±gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> bool((abs(xavier_uniform_(Value(np.zeros((2, 4)))).data) <= 1).all())
    True
    """
    bound = gain * math.sqrt(6 / sum(_fans("xavier_uniform_", parameter)))
    return uniform_(parameter, -bound, bound, rng=rng)


def xavier_normal_(parameter: P, gain: float = 1.0, *, rng: np.random.Generator | None = None) -> P:
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> xavier_normal_(Value(np.zeros((2, 4)))).shape
    (2, 4)
    """
    return normal_(parameter, 0.0, gain * math.sqrt(2 / sum(_fans("xavier_normal_", parameter))), rng=rng)


def uniform_(parameter: P, a: float = 0.0, b: float = 1.0, *, rng: np.random.Generator | None = None) -> P:
    """Uniform between ``a`` and ``b``; ``ValueError`` if b is below a.

    >>> bool((uniform_(Value(np.zeros(3)), 1.0, 2.0).data >= 1).all())
    True
    """
    _check("uniform_", parameter)
    if not a <= b:
        raise ValueError(located(f"uniform_: a is at most b, and {a!r} is not at most {b!r}"))
    return _set(parameter, generator(rng).uniform(a, b, parameter.shape))


def normal_(parameter: P, mean: float = 0.0, std: float = 1.0, *, rng: np.random.Generator | None = None) -> P:
    """Normal around ``mean`` with the standard deviation ``std``; ``ValueError`` if that is negative.

    >>> normal_(Value(np.zeros(3)), std=0.02).shape
    (3,)
    """
    _check("normal_", parameter)
    if not std >= 0:
        raise ValueError(located(f"normal_: std is a number that is not negative, not {std!r}"))
    return _set(parameter, generator(rng).normal(mean, std, parameter.shape))


def trunc_normal_(
    parameter: P,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    *,
    rng: np.random.Generator | None = None,
) -> P:
    """Normal around ``mean``, of what lies between ``a`` and ``b`` alone; ``ValueError`` unless a < b and std > 0.

    >>> bool((abs(trunc_normal_(Value(np.zeros(99))).data) <= 2).all())
    True
    """
    _check("trunc_normal_", parameter)
    if not a < b or not std > 0:
        raise ValueError(located(f"trunc_normal_: a < b and std > 0 are needed, not a={a!r}, b={b!r}, std={std!r}"))

    def below(x: Any) -> Any:
        return (1 + erf((x - mean) / (std * math.sqrt(2)))) / 2

    share = generator(rng).uniform(below(float(a)), below(float(b)), parameter.shape)
    low, high = [np.full(parameter.shape, float(np.clip(x, mean - 40 * std, mean + 40 * std))) for x in (a, b)]
    for _ in range(60):  # halved until it is exact: the inverse of erf would need SciPy
        middle = (low + high) / 2
        is_low = below(middle) < share
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    return _set(parameter, np.clip(low, a, b))


def constant_(parameter: P, val: float) -> P:
    """``val`` everywhere.

    >>> constant_(Value(np.zeros(2)), 0.5).data
    array([0.5, 0.5])
    """
    _check("constant_", parameter)
    return _set(parameter, np.full(parameter.shape, val))


def zeros_(parameter: P) -> P:
    """0 everywhere.

    >>> zeros_(Value(np.ones(2))).data
    array([0., 0.])
    """
    _check("zeros_", parameter)
    return _set(parameter, np.zeros(parameter.shape))


def ones_(parameter: P) -> P:
    """1 everywhere.

    >>> ones_(Value(np.zeros(2))).data
    array([1., 1.])
    """
    _check("ones_", parameter)
    return _set(parameter, np.ones(parameter.shape))


def eye_(parameter: P) -> P:
    """1 on the diagonal, else 0: a linear layer gives what it is given. ``ValueError`` unless there are two axes.

    >>> eye_(Value(np.zeros((2, 3)))).data
    array([[1., 0., 0.],
           [0., 1., 0.]])
    """
    _check("eye_", parameter)
    if parameter.ndim != 2:
        raise ValueError(located(f"eye_: a matrix is filled, and this one has shape {parameter.shape}"))
    rows, columns = parameter.shape
    return _set(parameter, np.eye(rows, columns))


def orthogonal_(parameter: P, gain: float = 1.0, *, rng: np.random.Generator | None = None) -> P:
    """``gain`` times a random matrix whose rows, or if they are more its columns, are orthonormal (Saxe et al., 2014).

    The axes after the first count as one. ``ValueError`` if there is none after it.

    >>> w = orthogonal_(Value(np.zeros((2, 3)))).data
    >>> bool(np.allclose(w @ w.T, np.eye(2)))
    True
    """
    _check("orthogonal_", parameter)
    if parameter.ndim < 2:
        raise ValueError(located(f"orthogonal_: it takes two or more axes, and this one has shape {parameter.shape}"))
    rows, columns = parameter.shape[0], math.prod(parameter.shape[1:])
    q, r = np.linalg.qr(generator(rng).normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diagonal(r))  # else some matrices would be more likely than others
    return _set(parameter, gain * (q if rows >= columns else q.T).reshape(parameter.shape))


def _check(who: str, parameter: Any) -> None:
    if not isinstance(parameter, Value):
        raise TypeError(located(f"{who}: fill a weight, such as layer.weight, not {type(parameter).__name__}"))


def _fans(who: str, parameter: Value) -> tuple[int, int]:
    """How many inputs an output has, and how many outputs an input; a convolution has them per place of its window."""
    _check(who, parameter)
    if parameter.ndim < 2 or not parameter.size:
        raise ValueError(
            located(
                f"{who}: a fan needs a weight of shape (fan_out, fan_in, ...), none of them 0; "
                f"this one has shape {parameter.shape}"
            )
        )
    fan_out, fan_in, *window = parameter.shape
    return fan_in * math.prod(window), fan_out * math.prod(window)


def _kaiming_std(who: str, parameter: Value, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(located(f"{who}: mode is 'fan_in' or 'fan_out', not {mode!r}"))
    return calculate_gain(nonlinearity, a) / math.sqrt(_fans(who, parameter)[mode == "fan_out"])


def _set(parameter: P, numbers: Any) -> P:
    parameter.data = float(numbers) if parameter.data.__class__ is float else numbers.astype(parameter.dtype)
    return parameter
