"""The activation functions as modules, for Sequential. The functions themselves are ops of autograd_mini."""

from __future__ import annotations

from typing import Any

from autograd_mini import elu, gelu, leaky_relu, log_softmax, relu, sigmoid, silu, softmax, softplus, tanh
from nn.module import Module


class Identity(Module):
    """The input itself. PyTorch: ``nn.Identity``.

    >>> Identity()(3.0)
    3.0
    """

    def forward(self, x: Any) -> Any:
        return x


class ReLU(Module):
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

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """``x`` where it is positive, else ``alpha * (exp(x) - 1)``. PyTorch: ``nn.ELU``.

    >>> ELU()(-1000.0)
    -1.0
    """

    def __init__(self, alpha: float = 1.0) -> None:
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
    """log(1 + exp(x)), exact everywhere. PyTorch: ``nn.Softplus``, which returns ``x`` itself above 20.

    >>> Softplus()(1000.0)
    1000.0
    """

    def forward(self, x: Any) -> Any:
        return softplus(x)


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


class SiLU(Module):
    """x * sigmoid(x), also called swish. PyTorch: ``nn.SiLU``.

    >>> SiLU()(0.0)
    0.0
    """

    def forward(self, x: Any) -> Any:
        return silu(x)


class Softmax(Module):
    """exp(x) / sum(exp(x)) along the axis ``dim``. PyTorch: ``nn.Softmax``.

    >>> import numpy as np
    >>> Softmax()(np.zeros(2))
    array([0.5, 0.5])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """log(softmax(x)) along the axis ``dim``. PyTorch: ``nn.LogSoftmax``.

    >>> import numpy as np
    >>> LogSoftmax()(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return log_softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
