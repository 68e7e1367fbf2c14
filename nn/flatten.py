"""Flatten: several axes made into one."""

from __future__ import annotations

from math import prod
from typing import Any

from autograd_mini import located, reshape
from nn.checks import as_input
from nn.module import Module


class Flatten(Module):
    """The axes from ``start_dim`` to ``end_dim`` as one, by default all but that of the batch. PyTorch: ``nn.Flatten``.

    >>> import numpy as np
    >>> Flatten()(np.zeros((5, 2, 3))).shape
    (5, 6)

    Raises ``ValueError`` for an axis that the input does not have.
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, x: Any) -> Any:
        x = as_input(x)
        shape, ndim = x.shape, max(x.ndim, 1)
        if not (-ndim <= self.start_dim < ndim and -ndim <= self.end_dim < ndim):
            raise ValueError(
                located(f"Flatten: an input of shape {shape} does not have axes {self.start_dim} to {self.end_dim}")
            )
        first, last = self.start_dim % ndim, self.end_dim % ndim
        if first > last:
            raise ValueError(
                located(f"Flatten: start_dim {self.start_dim} comes after end_dim {self.end_dim} in shape {shape}")
            )
        return reshape(x, (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :]))

    def extra_repr(self) -> str:
        return "" if (self.start_dim, self.end_dim) == (1, -1) else f"{self.start_dim} to {self.end_dim}"
