"""The activation functions as modules, for Sequential: all but softmax and those of straight pieces with a threshold.

The functions themselves are ops of autograd_mini. PyTorch's ``inplace`` is taken where it has it, and changes nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini import (
    abs,
    elu,
    gelu,
    leaky_relu,
    located,
    mul,
    relu,
    reshape,
    sigmoid,
    silu,
    softplus,
    split,
    sub,
    tanh,
    where,
)
from nn.checks import as_input, as_operand, check_inplace, number, positive
from nn.module import Module, Parameter


class Identity(Module):
    """The input itself. PyTorch: ``nn.Identity``.

    >>> Identity()(3.0)
    3.0
    """

    def forward(self, x: Any) -> Any:
        return x


class _WithoutOptions(Module):
    """An activation that has none but PyTorch's ``inplace``."""

    def __init__(self, inplace: bool = False) -> None:
        check_inplace(type(self).__name__, inplace)


class ReLU(_WithoutOptions):
    """max(x, 0), with derivative 0 at 0. PyTorch: ``nn.ReLU``.

    >>> ReLU()(-2.0)
    0.0
    """

    def forward(self, x: Any) -> Any:
        return relu(x)


class LeakyReLU(Module):
    """``x`` where it is positive, else ``negative_slope * x``. PyTorch: ``nn.LeakyReLU``.

    >>> LeakyReLU(0.1)(-2.0)
    -0.2
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        check_inplace("LeakyReLU", inplace)
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class PReLU(Module):
    """``x`` where it is positive, else ``weight * x`` with a learned weight. PyTorch: ``nn.PReLU``.

    One weight for all, or with ``num_parameters`` one for each channel, the second axis. They start at ``init``.

    >>> PReLU()([-2.0, 1.0]).data
    array([-0.5,  1. ])

    Raises ``ValueError`` if the input has another number of channels.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = np.float64) -> None:
        self.num_parameters = positive("PReLU", "num_parameters", num_parameters)
        self.weight = Parameter(np.full(self.num_parameters, init, dtype), label="weight")

    def forward(self, x: Any) -> Any:
        x, n = as_input(x), self.num_parameters
        if n == 1:
            return leaky_relu(x, self.weight if x.shape else reshape(self.weight, ()))
        if len(x.shape) < 2 or x.shape[1] != n:
            raise ValueError(located(f"PReLU: the input has shape {x.shape}; its second axis must have length {n}"))
        return leaky_relu(x, reshape(self.weight, (n, *[1] * (len(x.shape) - 2))))

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class ELU(Module):
    """``x`` where it is positive, else ``alpha * (exp(x) - 1)``. PyTorch: ``nn.ELU``.

    >>> ELU()(-1000.0)
    -1.0
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        check_inplace("ELU", inplace)
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class Sigmoid(Module):
    """1 / (1 + exp(-x)). PyTorch: ``nn.Sigmoid``.

    >>> Sigmoid()(0.0)
    0.5
    """

    def forward(self, x: Any) -> Any:
        return sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent. PyTorch: ``nn.Tanh``.

    >>> Tanh()(0.0)
    0.0
    """

    def forward(self, x: Any) -> Any:
        return tanh(x)


class Softplus(Module):
    """log(1 + exp(beta * x)) / beta. PyTorch: ``nn.Softplus``.

    Where ``beta * x`` is above ``threshold`` it is ``x`` itself. Without one it is exact everywhere; PyTorch's default
    is 20, and 2e-9 off there.

    >>> Softplus()(1000.0)
    1000.0
    """

    def __init__(self, beta: float = 1.0, threshold: float = math.inf) -> None:
        self.beta = beta
        self.threshold = number("Softplus", "threshold", threshold)

    def forward(self, x: Any) -> Any:
        y = softplus(x) if self.beta == 1 else softplus(mul(x, self.beta)) / self.beta
        if self.threshold == math.inf:
            return y
        x = as_operand(x)
        return where(x * self.beta > self.threshold, x, y)

    def extra_repr(self) -> str:
        options = {"beta": 1, "threshold": math.inf}
        return ", ".join([f"{k}={getattr(self, k)}" for k, default in options.items() if getattr(self, k) != default])


class GELU(Module):
    """x times the normal distribution function of x; ``approximate`` is "none" or "tanh". PyTorch: ``nn.GELU``.

    >>> GELU()(0.0)
    0.0
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        return gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(_WithoutOptions):
    """x * sigmoid(x), also called swish. PyTorch: ``nn.SiLU``.

    >>> SiLU()(0.0)
    0.0
    """

    def forward(self, x: Any) -> Any:
        return silu(x)


class CELU(Module):
    """``x`` where it is positive, else ``alpha * (exp(x / alpha) - 1)``. PyTorch: ``nn.CELU``.

    Raises ``ValueError`` unless ``alpha`` is positive.

    >>> CELU()(-1000.0)
    -1.0
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        check_inplace("CELU", inplace)
        self.alpha = number("CELU", "alpha", alpha)
        if not self.alpha > 0:
            raise ValueError(located(f"CELU: alpha is a positive number, not {alpha!r}"))

    def forward(self, x: Any) -> Any:
        return elu(mul(x, 1 / self.alpha)) * self.alpha

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class SELU(_WithoutOptions):
    """``elu`` scaled so that activations keep mean 0 and variance 1 (Klambauer et al., 2017). PyTorch: ``nn.SELU``.

    >>> SELU()(1.0)
    1.0507009873554805
    """

    def forward(self, x: Any) -> Any:
        return elu(x, 1.6732632423543772) * 1.0507009873554805


class Mish(_WithoutOptions):
    """x * tanh(softplus(x)). PyTorch: ``nn.Mish``.

    >>> Mish()(0.0)
    0.0
    """

    def forward(self, x: Any) -> Any:
        return mul(x, tanh(softplus(x)))


class LogSigmoid(Module):
    """log(sigmoid(x)), without overflow. PyTorch: ``nn.LogSigmoid``.

    >>> LogSigmoid()(-1000.0)
    -1000.0
    """

    def forward(self, x: Any) -> Any:
        return -softplus(mul(x, -1.0))


class Softsign(Module):
    """x / (1 + |x|). PyTorch: ``nn.Softsign``.

    >>> Softsign()(1.0)
    0.5
    """

    def forward(self, x: Any) -> Any:
        return mul(x, 1.0 / (1.0 + abs(x)))


class Tanhshrink(Module):
    """x - tanh(x). PyTorch: ``nn.Tanhshrink``.

    >>> Tanhshrink()(0.0)
    0.0
    """

    def forward(self, x: Any) -> Any:
        return sub(x, tanh(x))


class GLU(Module):
    """The first half along the axis ``dim``, times the sigmoid of the second. PyTorch: ``nn.GLU``.

    >>> GLU()([4.0, 0.0])
    array([2.])

    Raises ``ValueError`` if that axis cannot be halved.
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        values, gates = split(as_input(x), 2, axis=self.dim)
        return values * sigmoid(gates)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
