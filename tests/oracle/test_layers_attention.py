"""MultiheadAttention and TransformerBlock against PyTorch, in float64: masks, layouts, weights."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from layer import assert_same, load_from, perturbed

import autograd_mini
import nn

RNG = np.random.default_rng(0)
N, L, S, E, H = 3, 4, 5, 6, 2


def pair(**options: Any) -> tuple[nn.Module, torch.nn.Module]:
    theirs = perturbed(torch.nn.MultiheadAttention(E, H, **options))
    ours = nn.MultiheadAttention(E, H, **options)
    load_from(ours, theirs)
    return ours, theirs


def layout(batch_first: bool, *lengths: int) -> list[Any]:
    shapes = [(N, n, E) if batch_first else (n, N, E) for n in lengths]
    return [RNG.normal(size=shape) for shape in shapes]


OPENED = RNG.random((L, S)) < 0.4
OPENED[:, 0] = False
MASKS = {
    "none": {},
    "boolean": {"attn_mask": OPENED},
    "added": {"attn_mask": RNG.normal(size=(L, S))},
    "minus infinity": {"attn_mask": np.where(OPENED, -math.inf, 0.0)},
    "for each head": {"attn_mask": np.broadcast_to(OPENED, (N * H, L, S)).copy()},
    "padding": {"key_padding_mask": np.arange(S) >= np.array([5, 3, 1])[:, None]},
    "padding added": {"key_padding_mask": RNG.normal(size=(N, S))},
    "both": {"attn_mask": OPENED, "key_padding_mask": np.arange(S) >= np.array([5, 3, 1])[:, None]},
    "weights of each head": {"average_attn_weights": False},
    "no weights": {"need_weights": False},
}


@pytest.mark.parametrize(("mask", "batch_first", "bias"), list(product(MASKS, [True, False], [True, False])))
def test_attention_is_pytorchs(mask: str, batch_first: bool, bias: bool) -> None:
    ours, theirs = pair(batch_first=batch_first, bias=bias)
    assert_same(ours, theirs, *layout(batch_first, L, S, S), **MASKS[mask])


class Self(nn.Module):
    def __init__(self, attention: Any) -> None:
        self.attention = attention

    def forward(self, x: Any, **options: Any) -> Any:
        return self.attention(x, x, x, **options)


class TheirSelf(torch.nn.Module):
    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, x: Any, **options: Any) -> Any:
        return self.attention(x, x, x, **options)


@pytest.mark.parametrize("batch_first", [True, False])
def test_attention_to_itself_is_pytorchs(batch_first: bool) -> None:
    ours, theirs = pair(batch_first=batch_first)
    causal = np.triu(np.ones((L, L), bool), 1)
    (x,) = layout(batch_first, L)
    assert_same(Self(ours), TheirSelf(theirs), x)
    assert_same(Self(ours), TheirSelf(theirs), x, attn_mask=causal)
    masked, _ = ours(x, x, x, attn_mask=causal)
    by_itself, _ = ours(x, x, x, is_causal=True)
    np.testing.assert_array_equal(by_itself.data, masked.data)


def test_attention_without_a_batch_is_pytorchs() -> None:
    ours, theirs = pair()
    assert_same(Self(ours), TheirSelf(theirs), RNG.normal(size=(L, E)))
    assert_same(ours, theirs, *[RNG.normal(size=(n, E)) for n in (L, S, S)], key_padding_mask=np.arange(S) > 2)


def test_it_starts_as_pytorchs() -> None:
    ours, theirs = nn.MultiheadAttention(30, 2, rng=np.random.default_rng(0)), torch.nn.MultiheadAttention(30, 2)
    for name, array in ours.state_dict().items():
        other = theirs.state_dict()[name].numpy()
        assert np.abs(array).max() == pytest.approx(np.abs(other).max(), rel=0.03), name
        assert array.std() == pytest.approx(other.std(), rel=0.1), name


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("training", [True, False])
def test_a_block_is_pytorchs_pre_norm_encoder_layer(batch_first: bool, activation: str, training: bool) -> None:
    theirs = perturbed(
        torch.nn.TransformerEncoderLayer(
            E, H, 7, dropout=0.0, activation=activation, batch_first=batch_first, norm_first=True
        )
    )
    ours = nn.TransformerBlock(E, H, 7, 0.0, getattr(autograd_mini, activation), batch_first=batch_first)
    load_from(ours, theirs)
    ours.train(training)
    theirs.train(training)
    (x,) = layout(batch_first, L)
    causal = np.triu(np.ones((L, L), bool), 1)
    assert_same(ours, theirs, x)
    assert_same(ours, theirs, x, src_mask=causal)
    assert_same(ours, theirs, x, src_key_padding_mask=np.arange(L) >= np.array([4, 3, 1])[:, None])
    np.testing.assert_array_equal(ours(x, is_causal=True).data, ours(x, causal).data)


def test_sines_and_cosines_are_those_of_the_paper() -> None:
    table = nn.SinusoidalEncoding(50, 7)(np.zeros((50, 7)))
    for t, column in product([0, 1, 49], range(7)):
        angle = t / 10000 ** (2 * (column // 2) / 7)
        assert table[t, column] == pytest.approx(math.cos(angle) if column % 2 else math.sin(angle), rel=1e-12)


def test_learned_places_are_an_embedding_of_0_1_2() -> None:
    ours, theirs = nn.PositionalEmbedding(6, E), torch.nn.Embedding(6, E).double()
    load_from(ours, theirs)
    x = RNG.normal(size=(N, L, E))
    expected = torch.tensor(x) + theirs(torch.arange(L))
    z = ours(x)
    np.testing.assert_allclose(z.data, expected.detach().numpy(), rtol=1e-12)
    z.sum().backward()
    expected.sum().backward()
    np.testing.assert_allclose(ours.weight.grad, theirs.weight.grad.numpy(), rtol=1e-12)
