"""Softmax and its kin as modules: what turns scores along an axis into shares of 1."""

from __future__ import annotations

from typing import Any

from autograd_mini import log_softmax, mul, softmax
from nn.module import Module


class _AlongAxis(Module):
    """What works along one axis, ``dim``."""

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_AlongAxis):
    """exp(x) / sum(exp(x)) along the axis ``dim``. PyTorch: ``nn.Softmax``.

    >>> import numpy as np
    >>> Softmax()(np.zeros(2))
    array([0.5, 0.5])
    """

    def forward(self, x: Any) -> Any:
        return softmax(x, self.dim)


class LogSoftmax(_AlongAxis):
    """log(softmax(x)) along the axis ``dim``. PyTorch: ``nn.LogSoftmax``.

    >>> import numpy as np
    >>> LogSoftmax()(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """

    def forward(self, x: Any) -> Any:
        return log_softmax(x, self.dim)


class Softmin(_AlongAxis):
    """softmax(-x) along the axis ``dim``: the smallest has the most. PyTorch: ``nn.Softmin``.

    >>> import numpy as np
    >>> Softmin()(np.array([0.0, 1000.0]))
    array([1., 0.])
    """

    def forward(self, x: Any) -> Any:
        return softmax(mul(x, -1.0), self.dim)
