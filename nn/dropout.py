"""Dropout: while it trains, a network does without some of its numbers, other ones at each call."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini import Value
from nn.checks import as_input, check_inplace, probability
from nn.module import Module
from nn.randomness import generator


class Dropout(Module):
    """Each number becomes 0 with probability ``p``, the others grow by 1 / (1 - p). PyTorch: ``nn.Dropout``.

    Only in training: after ``eval()`` it gives the input itself. Every call draws a new mask, one of a jitted
    function too. The mask comes from ``rng``, or from the generator that ``nn.manual_seed`` starts. PyTorch's
    ``inplace`` changes nothing.

    >>> Dropout(0.5).eval()([1.0, 2.0])
    array([1., 2.])
    >>> sorted(set((Dropout(0.5, rng=np.random.default_rng(0))(np.ones(100))).data.tolist()))
    [0.0, 2.0]

    Raises ``ValueError`` unless ``p`` is between 0 and 1.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False, *, rng: np.random.Generator | None = None) -> None:
        check_inplace("Dropout", inplace)
        self.p = probability("Dropout", "p", p)
        generator(rng)
        self._rng = rng

    @property
    def rng(self) -> np.random.Generator:
        """Where the masks come from."""
        return generator(self._rng)

    def forward(self, x: Any) -> Any:
        x = as_input(x)
        if not self.training or self.p == 0:
            return x
        value = x if isinstance(x, Value) else Value(x, requires_grad=False)
        return x * value.map_data(self._mask, instead=np.ones_like)  # one mask for each call of a jitted function

    def _mask(self, x: Any, out: Any = None) -> Any:
        scale = 1 / (1 - self.p) if self.p < 1 else 0.0
        if not isinstance(x, np.ndarray):
            return float(scale * (self.rng.random() >= self.p))
        mask = np.empty(x.shape, x.dtype) if out is None else out
        row, rng = mask.reshape(-1), self.rng
        for start in range(0, row.size, 8192):  # a part at a time, so that no array of all the numbers is drawn
            part = row[start : start + 8192]
            np.multiply(rng.random(part.size) >= self.p, scale, out=part, casting="same_kind")
        return mask

    def extra_repr(self) -> str:
        return f"p={self.p:g}"
