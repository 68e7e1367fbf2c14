"""Embeddings: what stands for a symbol, and what tells its place in a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini import embedding, located
from nn.checks import as_input, positive
from nn.module import Module, Parameter
from nn.randomness import generator_of_weights


class Embedding(Module):
    """A learned vector for each of ``num_embeddings`` symbols, looked up by number. PyTorch: ``nn.Embedding``.

    Indices of any shape give (*shape, embedding_dim). ``weight`` is (num_embeddings, embedding_dim), normal at the
    start; the row ``padding_idx`` starts at 0 and is not trained.

    >>> Embedding(27, 10)([[0, 5, 26]]).shape
    (1, 3, 10)

    Raises ``IndexError`` for a number that has no row, ``TypeError`` for numbers that are not whole.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        dtype: Any = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        n = self.num_embeddings = positive("Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = positive("Embedding", "embedding_dim", embedding_dim)
        if padding_idx is not None and not -n <= padding_idx < n:
            raise ValueError(located(f"Embedding: padding_idx {padding_idx} is none of the {n} rows"))
        self.padding_idx = None if padding_idx is None else padding_idx % n
        weight = generator_of_weights(rng).normal(size=(n, self.embedding_dim)).astype(dtype)
        if self.padding_idx is not None:
            weight[self.padding_idx] = 0
        self.weight = Parameter(weight, label="weight")

    def forward(self, indices: Any) -> Any:
        return embedding(indices, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings} -> {self.embedding_dim}{padding}"


class PositionalEmbedding(Module):
    """Adds a learned vector for each place of a sequence: (..., L, embedding_dim), L up to ``max_len``.

    ``weight`` is (max_len, embedding_dim), normal with standard deviation 0.02 at the start, as in GPT-2, where it is
    called wpe.

    >>> PositionalEmbedding(64, 8)(np.zeros((2, 10, 8))).shape
    (2, 10, 8)

    Raises ``ValueError`` for a sequence that is longer or has vectors of another length.
    """

    def __init__(
        self, max_len: int, embedding_dim: int, *, dtype: Any = np.float64, rng: np.random.Generator | None = None
    ) -> None:
        shape = (
            positive("PositionalEmbedding", "max_len", max_len),
            positive("PositionalEmbedding", "embedding_dim", embedding_dim),
        )
        self.max_len, self.embedding_dim = shape
        self.weight = Parameter(generator_of_weights(rng).normal(0.0, 0.02, shape).astype(dtype), label="weight")

    def forward(self, x: Any) -> Any:
        x = as_input(x)
        return x + self.weight[: _checked_length(self, x.shape)]

    def extra_repr(self) -> str:
        return f"{self.max_len} -> {self.embedding_dim}"


class SinusoidalEncoding(Module):
    """Adds sines and cosines of the place, of many wavelengths: (..., L, embedding_dim), L up to ``max_len``.

    Place t has sin(t / 10000 ** (2i / embedding_dim)) in column 2i and the cosine of the same in column 2i + 1
    (Vaswani et al., 2017). Nothing is learned.

    >>> SinusoidalEncoding(64, 4)(np.zeros((2, 4))).round(2)
    array([[0.  , 1.  , 0.  , 1.  ],
           [0.84, 0.54, 0.01, 1.  ]])

    Raises ``ValueError`` for a sequence that is longer or has vectors of another length.
    """

    def __init__(self, max_len: int, embedding_dim: int, *, dtype: Any = np.float64) -> None:
        self.max_len = positive("SinusoidalEncoding", "max_len", max_len)
        self.embedding_dim = positive("SinusoidalEncoding", "embedding_dim", embedding_dim)
        columns = np.arange(self.embedding_dim)
        angles = np.arange(self.max_len)[:, None] / 10000.0 ** ((columns - columns % 2) / self.embedding_dim)
        self._table = np.where(columns % 2, np.cos(angles), np.sin(angles)).astype(dtype)

    def forward(self, x: Any) -> Any:
        x = as_input(x)
        return x + self._table[: _checked_length(self, x.shape)]

    def extra_repr(self) -> str:
        return f"{self.max_len} -> {self.embedding_dim}"


def _checked_length(layer: PositionalEmbedding | SinusoidalEncoding, shape: tuple[int, ...]) -> int:
    """How long the sequence is, if the layer has places enough and vectors of that length."""
    if len(shape) < 2 or shape[-1] != layer.embedding_dim or shape[-2] > layer.max_len:
        raise ValueError(
            located(
                f"{type(layer).__name__}: the input has shape {shape}; expected is (..., L, {layer.embedding_dim}) "
                f"with L up to max_len = {layer.max_len}"
            )
        )
    return shape[-2]
