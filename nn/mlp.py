"""MLP: the multilayer perceptron, a chain of Linear layers with an activation between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_mini import located, relu
from nn.checks import function
from nn.linear import Linear
from nn.module import Module
from nn.randomness import generator_of_weights


class MLP(Module):
    """Linear layers of the given widths; all but the last are followed by ``activation``. Input ``(..., nin)``.

    The call is micrograd's. ``activation`` is a function such as ``autograd_mini.tanh``, or a module.

    >>> model = MLP(2, [16, 16, 1])
    >>> model
    MLP(                            337 parameters
      (layers.0): Linear(2 -> 16)    48
      (layers.1): Linear(16 -> 16)  272
      (layers.2): Linear(16 -> 1)    17
    )
    >>> model([[1.0, 2.0]]).shape
    (1, 1)

    Raises ``ValueError`` for widths that are none, ``TypeError`` for an activation that is no function.
    """

    def __init__(
        self,
        nin: int,
        nouts: Iterable[int],
        *,
        activation: Callable[[Any], Any] = relu,
        dtype: Any = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        rng = generator_of_weights(rng)
        self.layers = [Linear(n, m, dtype=dtype, rng=rng) for n, m in layer_sizes(nin, nouts)]
        self.activation = function("MLP", "activation", activation)

    def forward(self, x: Any) -> Any:
        *hidden, last = self.layers
        for layer in hidden:
            x = self.activation(layer(x))
        return last(x)


def layer_sizes(nin: int, nouts: Iterable[int]) -> list[tuple[int, int]]:
    """The number of inputs and outputs of each layer.

    >>> layer_sizes(2, [16, 16, 1])
    [(2, 16), (16, 16), (16, 1)]
    """
    widths = [nin, *nouts] if isinstance(nouts, Iterable) else []
    if len(widths) < 2:
        raise ValueError(located(f"MLP: nouts lists the width of every layer, such as [16, 16, 1], not {nouts!r}"))
    return list(pairwise(widths))
