"""Attention: each place of a sequence takes what it asks for from the others; and the Transformer's block."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini import Value, linear, located, matmul, mean, relu, reshape, softmax, split, transpose, where
from nn import init
from nn.checks import as_input, function, positive
from nn.dropout import Dropout
from nn.linear import Linear
from nn.module import Module, Parameter
from nn.normalization import LayerNorm


class MultiheadAttention(Module):
    """softmax(Q K^T / sqrt(d)) V in ``num_heads`` subspaces at once. PyTorch: ``nn.MultiheadAttention``.

    ``query`` is (L, N, E), ``key`` and ``value`` (S, N, E); with ``batch_first`` (N, L, E) and (N, S, E); without a
    batch (L, E) and (S, E). ``attn_mask`` is (L, S), or (N * num_heads, L, S), ``key_padding_mask`` (N, S): booleans,
    True where nothing may be taken from, or floats that are added to the scores. ``is_causal`` masks what comes later
    (PyTorch's is a hint, and needs the mask too). It returns the output, in the shape of ``query``, and the weights
    (N, L, S), averaged over the heads, or (N, num_heads, L, S), or None without ``need_weights``.

    ``in_proj_weight`` (3E, E) makes queries, keys and values, in this order; ``out_proj`` joins the heads.

    >>> attention = MultiheadAttention(8, num_heads=2, batch_first=True)
    >>> x = np.zeros((4, 5, 8))
    >>> z, weights = attention(x, x, x, is_causal=True)
    >>> z.shape, weights.data[0, 1]
    ((4, 5, 8), array([0.5, 0.5, 0. , 0. , 0. ]))

    Raises ``ValueError`` if ``num_heads`` does not divide ``embed_dim``, or if shapes do not fit.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        batch_first: bool = False,
        dtype: Any = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        e = self.embed_dim = positive("MultiheadAttention", "embed_dim", embed_dim)
        self.num_heads = positive("MultiheadAttention", "num_heads", num_heads)
        if e % self.num_heads:
            raise ValueError(located(f"MultiheadAttention: num_heads={num_heads} must divide embed_dim={embed_dim}"))
        self.batch_first = batch_first
        self.in_proj_weight = init.xavier_uniform_(
            Parameter(np.zeros((3 * e, e), dtype), label="in_proj_weight"), rng=rng
        )
        self.in_proj_bias = Parameter(np.zeros(3 * e, dtype), label="in_proj_bias") if bias else None
        self.out_proj = Linear(e, e, bias, dtype=dtype, rng=rng)
        if self.out_proj.bias is not None:
            self.out_proj.bias.data = np.zeros(e, dtype)
        self.dropout = Dropout(dropout, rng=rng)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        is_self = query is key and key is value
        query = as_input(query)
        key, value = (query, query) if is_self else (as_input(key), as_input(value))
        is_batch = len(query.shape) == 3
        self._check(query.shape, key.shape, value.shape)
        q, k, v = self._projected(query, key, value, is_self)
        q, k, v = [self._heads(x, is_batch) for x in (q, k, v)]  # (N, heads, L or S, E / heads)
        scores = matmul(q, transpose(k, (0, 1, 3, 2))) * (1 / math.sqrt(self.embed_dim // self.num_heads))
        scores = self._masked(scores, attn_mask, key_padding_mask, is_causal)
        weights = self.dropout(softmax(scores, -1))
        n, _, places, _ = weights.shape
        joined = reshape(transpose(matmul(weights, v), (0, 2, 1, 3)), (n, places, self.embed_dim))
        joined = transpose(joined, (1, 0, 2)) if is_batch and not self.batch_first else joined
        output = self.out_proj(joined if is_batch else reshape(joined, joined.shape[1:]))
        if not need_weights:
            return output, None
        weights = mean(weights, 1) if average_attn_weights else weights
        return output, weights if is_batch else reshape(weights, weights.shape[1:])

    def _projected(self, query: Any, key: Any, value: Any, is_self: bool) -> list[Any]:
        """Queries, keys and values: of a sequence that attends to itself with one product of matrices."""
        if is_self:
            return split(linear(query, self.in_proj_weight, self.in_proj_bias), 3, axis=-1)
        weights = split(self.in_proj_weight, 3)
        biases = [None, None, None] if self.in_proj_bias is None else split(self.in_proj_bias, 3)
        return [linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)]

    def _heads(self, x: Any, is_batch: bool) -> Any:
        """(L, N, E), (N, L, E) or (L, E) as (N, heads, L, E / heads)."""
        x = x if is_batch else reshape(x, (1, *x.shape))
        by_place = is_batch and not self.batch_first
        x = reshape(x, (*x.shape[:2], self.num_heads, self.embed_dim // self.num_heads))
        return transpose(x, (1, 2, 0, 3) if by_place else (0, 2, 1, 3))

    def _masked(self, scores: Any, attn_mask: Any, key_padding_mask: Any, is_causal: bool) -> Any:
        n, heads, places, sources = scores.shape
        if is_causal:
            scores = where(np.triu(np.ones((places, sources), bool), 1), -math.inf, scores)
        if attn_mask is not None:
            attn_mask = _as_mask(attn_mask)
            if attn_mask.shape == (n * heads, places, sources):
                attn_mask = attn_mask.reshape(n, heads, places, sources)
            elif attn_mask.shape != (places, sources):
                raise ValueError(
                    located(
                        f"MultiheadAttention: attn_mask has shape {attn_mask.shape}; expected is (L, S) = "
                        f"{(places, sources)}, or (N * num_heads, L, S) = {(n * heads, places, sources)}"
                    )
                )
            scores = _with_mask(scores, attn_mask)
        if key_padding_mask is not None:
            key_padding_mask = _as_mask(key_padding_mask)
            if key_padding_mask.shape not in ((n, sources), (sources,) if n == 1 else (n, sources)):
                raise ValueError(
                    located(
                        f"MultiheadAttention: key_padding_mask has shape {key_padding_mask.shape}; expected is (N, S) "
                        f"= {(n, sources)}"
                    )
                )
            scores = _with_mask(scores, key_padding_mask.reshape(n, 1, 1, sources))
        return scores

    def _check(self, query: tuple[int, ...], key: tuple[int, ...], value: tuple[int, ...]) -> None:
        batch = 0 if self.batch_first else 1
        if (
            len(query) not in (2, 3)
            or len(key) != len(query)
            or any([shape[-1] != self.embed_dim for shape in (query, key, value)])
            or key != value
            or (len(query) == 3 and query[batch] != key[batch])
        ):
            axes = "(N, L, E) and (N, S, E)" if self.batch_first else "(L, N, E) and (S, N, E)"
            raise ValueError(
                located(
                    f"MultiheadAttention: query, key and value have shapes {query}, {key} and {value}; expected are "
                    f"{axes}, or (L, E) and (S, E), with E = {self.embed_dim}, key and value alike"
                )
            )

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, num_heads={self.num_heads}{', batch_first=True' if self.batch_first else ''}"


def _as_mask(mask: Any) -> Any:
    mask = mask if isinstance(mask, Value) else np.asarray(mask)
    if mask.dtype.kind not in "bf":
        raise TypeError(
            located(f"MultiheadAttention: a mask is made of booleans or of floats that are added, not of {mask.dtype}")
        )
    return mask


def _with_mask(scores: Any, mask: Any) -> Any:
    return where(mask, -math.inf, scores) if mask.dtype.kind == "b" else scores + mask


class TransformerBlock(Module):
    """Attention, then two linear layers, each added to its input after a LayerNorm before it: a pre-norm block.

    PyTorch: ``nn.TransformerEncoderLayer(norm_first=True)``, whose names, defaults and weights these are; GPT's block
    is this with ``is_causal=True`` in the call. The input is (L, N, d_model), with ``batch_first`` (N, L, d_model),
    or (L, d_model); ``src_mask`` and ``src_key_padding_mask`` are MultiheadAttention's masks.

    >>> block = TransformerBlock(8, nhead=2, dim_feedforward=32, batch_first=True)
    >>> block(np.zeros((4, 5, 8)), is_causal=True).shape
    (4, 5, 8)

    Raises what ``MultiheadAttention`` raises, ``TypeError`` for an activation that is no function.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Callable[[Any], Any] = relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        *,
        bias: bool = True,
        dtype: Any = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype, rng=rng
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype, rng=rng)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout = Dropout(dropout, rng=rng)
        self.activation = function("TransformerBlock", "activation", activation)

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        x = as_input(src)
        normed = self.norm1(x)
        attended, _ = self.self_attn(normed, normed, normed, src_key_padding_mask, False, src_mask, is_causal=is_causal)
        x = x + self.dropout(attended)
        hidden = self.dropout(self.activation(self.linear1(self.norm2(x))))
        return x + self.dropout(self.linear2(hidden))
