"""Convolutions, pools, Flatten and Embedding against PyTorch, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from layer import assert_same, load_from, perturbed

import nn

RNG = np.random.default_rng(0)
CONV2D = [
    {"kernel_size": 3},
    {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)},
    {"kernel_size": 2, "dilation": 2, "bias": False},
    {"kernel_size": 3, "padding": "same", "groups": 2},
    {"kernel_size": 1, "padding": "valid", "stride": 3},
]


@pytest.mark.parametrize("options", CONV2D, ids=str)
@pytest.mark.parametrize("shape", [(2, 4, 7, 6), (1, 4, 3, 5), (4, 7, 5)], ids=str)
def test_conv2d_is_pytorchs(options: Any, shape: Any) -> None:
    theirs = perturbed(torch.nn.Conv2d(4, 6, **options))
    ours = nn.Conv2d(4, 6, **options)
    load_from(ours, theirs)
    assert_same(ours, theirs, RNG.normal(size=shape))


@pytest.mark.parametrize("options", [{"kernel_size": 3}, {"kernel_size": 4, "stride": 3, "padding": 2, "groups": 4}])
@pytest.mark.parametrize("shape", [(2, 4, 9), (4, 5)], ids=str)
def test_conv1d_is_pytorchs(options: Any, shape: Any) -> None:
    theirs = perturbed(torch.nn.Conv1d(4, 8, **options))
    ours = nn.Conv1d(4, 8, **options)
    load_from(ours, theirs)
    assert_same(ours, theirs, RNG.normal(size=shape))


CONV_TRANSPOSE = [
    {"kernel_size": 3},
    {"kernel_size": 2, "stride": 2, "groups": 2},
    {"kernel_size": 3, "stride": 3, "padding": 1, "output_padding": 2, "bias": False},
    {"kernel_size": 2, "dilation": 2, "padding": 1},
]


@pytest.mark.parametrize("options", CONV_TRANSPOSE, ids=str)
@pytest.mark.parametrize(("kind", "places"), [("ConvTranspose1d", (5,)), ("ConvTranspose2d", (4, 3))])
def test_a_transposed_convolution_is_pytorchs(options: Any, kind: str, places: Any) -> None:
    theirs = perturbed(getattr(torch.nn, kind)(4, 6, **options))
    ours = getattr(nn, kind)(4, 6, **options)
    load_from(ours, theirs)
    assert_same(ours, theirs, RNG.normal(size=(2, 4, *places)))
    assert_same(ours, theirs, RNG.normal(size=(4, *places)))


def test_a_transposed_convolution_takes_its_options_in_pytorchs_order() -> None:
    options = (4, 6, 3, 2, 1, 1, 2, False, 2)  # of kernel, stride, padding, output_padding, groups, bias and dilation
    theirs = perturbed(torch.nn.ConvTranspose2d(*options))
    ours = nn.ConvTranspose2d(*options)
    load_from(ours, theirs)
    assert_same(ours, theirs, RNG.normal(size=(2, 4, 5, 4)))
    assert "stride=2, padding=1, output_padding=1, dilation=2, groups=2, bias=False" in repr(ours)


POOLS = [
    ({"kernel_size": 2}, {}),
    ({"kernel_size": 3, "stride": 2, "padding": 1}, {}),
    ({"kernel_size": 3, "stride": 2, "ceil_mode": True}, {}),
    ({"kernel_size": 2, "dilation": 2}, {"MaxPool"}),
    ({"kernel_size": 3, "padding": 1, "count_include_pad": False}, {"AvgPool"}),
]
POOL_CASES = [(kind, o) for o, only in POOLS for kind in ("MaxPool", "AvgPool") if not only or kind in only]


@pytest.mark.parametrize(("kind", "options"), POOL_CASES, ids=str)
def test_a_pool_is_pytorchs(kind: str, options: Any) -> None:
    for axes, shape in ((1, (2, 3, 8)), (1, (3, 7)), (2, (2, 3, 8, 5)), (2, (3, 5, 7))):
        ours, theirs = getattr(nn, f"{kind}{axes}d")(**options), getattr(torch.nn, f"{kind}{axes}d")(**options)
        assert_same(ours, theirs, RNG.normal(size=shape))


@pytest.mark.parametrize("dims", [(), (0,), (1, 2), (-2, -1), (2, 2), (0, -1)])
def test_flatten_is_pytorchs(dims: Any) -> None:
    assert_same(nn.Flatten(*dims), torch.nn.Flatten(*dims), RNG.normal(size=(2, 3, 4, 5)))


def test_flatten_of_an_empty_batch_and_of_one_axis() -> None:
    assert_same(nn.Flatten(), torch.nn.Flatten(), RNG.normal(size=(0, 3, 4)))
    assert_same(nn.Flatten(0), torch.nn.Flatten(0), RNG.normal(size=4))


@pytest.mark.parametrize("padding_idx", [None, 0, -1])
@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (0,), (2, 1, 4)], ids=str)
def test_embedding_is_pytorchs_rows_that_are_named_twice_included(padding_idx: int | None, shape: Any) -> None:
    theirs = perturbed(torch.nn.Embedding(4, 3, padding_idx=padding_idx))
    ours = nn.Embedding(4, 3, padding_idx=padding_idx)
    load_from(ours, theirs)
    assert_same(ours, theirs, RNG.integers(0, 4, shape))


def test_embedding_starts_normal_and_padding_at_zero() -> None:
    weight = nn.Embedding(1000, 20, padding_idx=-1, rng=np.random.default_rng(0)).weight.data
    assert weight[:-1].std() == pytest.approx(1, rel=0.05)
    assert (weight[-1] == 0).all()


@pytest.mark.parametrize(
    ("kind", "axes"), [("Conv1d", (5,)), ("Conv2d", (5, 3)), ("ConvTranspose1d", (5,)), ("ConvTranspose2d", (5, 3))]
)
def test_a_convolution_starts_in_pytorchs_range(kind: str, axes: Any) -> None:
    ours = getattr(nn, kind)(8, 400, axes, groups=2, rng=np.random.default_rng(0))
    theirs = getattr(torch.nn, kind)(8, 400, axes, groups=2)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, parameter in ours.named_parameters():
        other = dict(theirs.named_parameters())[name].detach().numpy()
        assert np.abs(parameter.data).max() == pytest.approx(np.abs(other).max(), rel=0.02)
        assert parameter.data.std() == pytest.approx(other.std(), rel=0.1)


def test_a_small_network_for_images_in_float32() -> None:
    def layers(lib: Any, **o: Any) -> list[Any]:
        norm = lib.BatchNorm2d(4, **o)
        return [lib.Conv2d(1, 4, 3, **o), norm, lib.ReLU(), lib.MaxPool2d(2), lib.Flatten(), lib.Linear(36, 2, **o)]

    theirs = torch.nn.Sequential(*layers(torch.nn))
    ours = nn.Sequential(*layers(nn, dtype=np.float32))
    load_from(ours, theirs)
    x = RNG.normal(size=(5, 1, 8, 8)).astype(np.float32)
    z = ours(x)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z.data, theirs(torch.tensor(x)).detach().numpy(), rtol=1e-4, atol=1e-5)
    z.sum().backward()
    assert {p.grad.dtype for p in ours.parameters()} == {np.dtype(np.float32)}
    assert {name: a.dtype for name, a in ours.state_dict().items() if "num" in name} == {
        "1.num_batches_tracked": np.dtype(np.int64)
    }
