"""Linear: a matrix product and a shift."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini import Value, linear
from nn.checks import positive
from nn.module import Module, Parameter
from nn.randomness import generator_of_weights


class Linear(Module):
    """``x @ weight.T + bias``: input ``(..., in_features)``, output ``(..., out_features)``. PyTorch: ``nn.Linear``.

    ``weight`` is ``(out_features, in_features)`` and ``bias`` ``(out_features,)``, or None; both start uniform
    in ±1/sqrt(in_features), as in PyTorch. ``dtype`` is float64 unless said otherwise.

    >>> layer = Linear(3, 2)
    >>> layer(np.ones((5, 3))).shape
    (5, 2)

    Raises ``ValueError`` if the last axis of the input is not ``in_features`` long.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.in_features = positive("Linear", "in_features", in_features)
        self.out_features = positive("Linear", "out_features", out_features)
        bound = 1 / math.sqrt(in_features)  # PyTorch's kaiming_uniform_ with a = sqrt(5)
        rng = generator_of_weights(rng)
        weight = rng.uniform(-bound, bound, (self.out_features, self.in_features))
        self.weight = Parameter(weight.astype(dtype), label="weight")
        self.bias = (
            Parameter(rng.uniform(-bound, bound, self.out_features).astype(dtype), label="bias") if bias else None
        )

    def forward(self, x: Any) -> Value:
        result: Value = linear(x, self.weight, self.bias)
        return result

    def extra_repr(self) -> str:
        return f"{self.in_features} -> {self.out_features}{'' if self.bias is not None else ', bias=False'}"
