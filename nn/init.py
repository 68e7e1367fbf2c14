"""Where weights start: Kaiming's and Xavier's formulas, under the names of ``torch.nn.init``.

Each fills a parameter of two or more axes, ``(fan_out, fan_in, ...)``, with new numbers of its own dtype, and
returns it.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np

from autograd_mini import Value, located
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
    return _uniform(parameter, math.sqrt(3) * _kaiming_std("kaiming_uniform_", parameter, a, mode, nonlinearity), rng)


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
    return _normal(parameter, _kaiming_std("kaiming_normal_", parameter, a, mode, nonlinearity), rng)


def xavier_uniform_(parameter: P, gain: float = 1.0, *, rng: np.random.Generator | None = None) -> P:
    """Uniform in ±gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> bool((abs(xavier_uniform_(Value(np.zeros((2, 4)))).data) <= 1).all())
    True
    """
    return _uniform(parameter, gain * math.sqrt(6 / sum(_fans("xavier_uniform_", parameter))), rng)


def xavier_normal_(parameter: P, gain: float = 1.0, *, rng: np.random.Generator | None = None) -> P:
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> xavier_normal_(Value(np.zeros((2, 4)))).shape
    (2, 4)
    """
    return _normal(parameter, gain * math.sqrt(2 / sum(_fans("xavier_normal_", parameter))), rng)


def _fans(who: str, parameter: Value) -> tuple[int, int]:
    """How many inputs an output has, and how many outputs an input; a convolution has them per place of its window."""
    if not isinstance(parameter, Value):
        raise TypeError(located(f"{who}: fill a weight, such as layer.weight, not {type(parameter).__name__}"))
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


def _uniform(parameter: P, bound: float, rng: np.random.Generator | None) -> P:
    parameter.data = generator(rng).uniform(-bound, bound, parameter.shape).astype(parameter.dtype)
    return parameter


def _normal(parameter: P, std: float, rng: np.random.Generator | None) -> P:
    parameter.data = generator(rng).normal(0.0, std, parameter.shape).astype(parameter.dtype)
    return parameter
