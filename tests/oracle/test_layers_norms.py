"""Normalisations against PyTorch, in float64: training and eval, running statistics, every option."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from layer import assert_same, load_from, perturbed

import nn
from autograd_mini import Value

RNG = np.random.default_rng(0)
OPTIONS = [
    {},
    {"eps": 1e-2, "momentum": 0.3},
    {"momentum": None},
    {"affine": False},
    {"track_running_stats": False},
    {"affine": False, "track_running_stats": False},
]
SHAPES = [
    ("BatchNorm1d", (5, 3)),
    ("BatchNorm1d", (2, 3, 7)),
    ("BatchNorm1d", (1, 3, 2)),
    ("BatchNorm2d", (2, 3, 4, 5)),
]


@pytest.mark.parametrize(("options", "case"), list(product(OPTIONS, SHAPES)), ids=str)
def test_batch_norm_is_pytorchs_while_it_trains_and_afterwards(options: Any, case: Any) -> None:
    kind, shape = case
    ours, theirs = getattr(nn, kind)(3, **options), perturbed(getattr(torch.nn, kind)(3, **options))
    load_from(ours, theirs)
    for _ in range(3):  # the running statistics move with each
        assert_same(ours, theirs, RNG.normal(2.0, 3.0, size=shape))
    ours.eval()
    theirs.eval()
    for _ in range(2):
        assert_same(ours, theirs, RNG.normal(2.0, 3.0, size=shape))
    if not options.get("track_running_stats", True):
        return
    again = getattr(nn, kind)(3, **options).eval()
    again.load_state_dict(theirs.state_dict())
    assert_same(again, theirs, RNG.normal(size=shape))
    back = getattr(torch.nn, kind)(3, **options)
    back.load_state_dict({name: torch.tensor(a) for name, a in ours.state_dict().items()})
    assert back.num_batches_tracked.item() == 3


@pytest.mark.parametrize("options", [{}, {"eps": 0.1}, {"bias": False}, {"elementwise_affine": False}], ids=str)
@pytest.mark.parametrize(
    ("normalized", "shape"),
    [(4, (4,)), (4, (2, 3, 4)), ((3, 4), (2, 3, 4)), ((3, 4), (3, 4)), (1, (3, 1)), (4, (0, 4))],
)
def test_layer_norm_is_pytorchs(options: Any, normalized: Any, shape: Any) -> None:
    ours, theirs = nn.LayerNorm(normalized, **options), perturbed(torch.nn.LayerNorm(normalized, **options))
    load_from(ours, theirs)
    assert_same(ours, theirs, RNG.normal(2.0, 3.0, size=shape))


@pytest.mark.parametrize("options", [{}, {"eps": 0.1}, {"bias": False}, {"affine": False}], ids=str)
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("shape", [(3, 4), (2, 4, 5), (2, 4, 3, 2), (0, 4, 3)], ids=str)
def test_group_norm_is_pytorchs(options: Any, groups: int, shape: Any) -> None:
    ours, theirs = nn.GroupNorm(groups, 4, **options), perturbed(torch.nn.GroupNorm(groups, 4, **options))
    load_from(ours, theirs)
    assert_same(ours, theirs, RNG.normal(2.0, 3.0, size=shape))


@pytest.mark.parametrize("options", [{}, {"eps": 0.1}, {"elementwise_affine": False}], ids=str)
@pytest.mark.parametrize(("normalized", "shape"), [(4, (4,)), (4, (2, 3, 4)), ((3, 4), (2, 3, 4))])
def test_rms_norm_is_pytorchs(options: Any, normalized: Any, shape: Any) -> None:
    ours, theirs = nn.RMSNorm(normalized, **options), perturbed(torch.nn.RMSNorm(normalized, **options))
    load_from(ours, theirs)
    assert_same(ours, theirs, RNG.normal(2.0, 3.0, size=shape))
    assert_same(ours, theirs, np.zeros(shape))  # eps is what is left


@pytest.mark.parametrize(
    ("kind", "args"),
    [("BatchNorm1d", (4, 1e-5, 0.1, True, False)), ("LayerNorm", (4,)), ("RMSNorm", (4,)), ("GroupNorm", (2, 4))],
)
def test_numbers_of_float16_are_normalised_though_their_squares_do_not_fit(kind: str, args: Any) -> None:
    x = (RNG.normal(size=(6, 4)) * 1000).astype(np.float16)  # 256 squared is more than float16 holds
    value, tensor = Value(x), torch.tensor(x, dtype=torch.float64, requires_grad=True)
    z = getattr(nn, kind)(*args, dtype=np.float16)(value)
    expected = getattr(torch.nn, kind)(*args, dtype=torch.float64)(tensor)
    upstream = RNG.normal(size=x.shape).astype(np.float16)
    z.backward(upstream)
    expected.backward(torch.tensor(upstream, dtype=torch.float64))
    assert z.dtype == value.grad.dtype == np.float16
    np.testing.assert_allclose(z.data, expected.detach().numpy(), rtol=1e-3, atol=2e-3)
    np.testing.assert_allclose(value.grad, tensor.grad.numpy(), rtol=1e-2, atol=5e-5)


def test_the_start_is_pytorchs() -> None:
    for ours, theirs in (
        (nn.BatchNorm1d(3), torch.nn.BatchNorm1d(3)),
        (nn.LayerNorm((2, 3)), torch.nn.LayerNorm((2, 3))),
        (nn.RMSNorm(3), torch.nn.RMSNorm(3)),
        (nn.GroupNorm(2, 4), torch.nn.GroupNorm(2, 4)),
    ):
        for name, array in ours.state_dict().items():
            np.testing.assert_array_equal(array, theirs.state_dict()[name].numpy(), err_msg=name)
