"""Ties in the windows of a pool, and their nan and inf: the convention is PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from compare import assert_same_as_torch

from autograd_mini import Value, ops

INF, NAN = np.inf, np.nan
IMAGES = {
    "all equal": np.ones((1, 4, 4)),
    "zeros of both signs": np.array([[[0.0, -0.0, -0.0, 0.0], [-0.0, 0.0, 0.0, -0.0]] * 2]),
    "few numbers": np.random.default_rng(0).integers(0, 2, (2, 4, 4)).astype(float),
    "inf": np.random.default_rng(1).choice([INF, -INF, 1.0], (2, 4, 4)),
}
POOLS: dict[str, dict[str, Any]] = {
    "apart": {"kernel_size": 2},
    "overlapping": {"kernel_size": 3, "stride": 1},
    "padded": {"kernel_size": 3, "stride": 2, "padding": 1},
}


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("image", IMAGES)
def test_the_first_of_equal_elements_gets_the_gradient_of_its_window(image: str, pool: str) -> None:
    options = POOLS[pool]
    assert_same_as_torch(lambda x: ops.max_pool2d(x, **options), lambda x: F.max_pool2d(x, **options), [IMAGES[image]])


def test_ties_of_a_sequence_go_to_the_first() -> None:
    x = Value([[1.0, 1.0, 1.0, 0.0, 0.0]])
    ops.max_pool1d(x, 3, 1).sum().backward()
    np.testing.assert_array_equal(x.grad, [[1.0, 1.0, 1.0, 0.0, 0.0]])


def test_a_nan_makes_its_window_nan_and_gets_the_gradient() -> None:
    image = np.arange(16.0).reshape(1, 4, 4)
    image[0, 0, 1] = NAN
    assert_same_as_torch(lambda x: ops.max_pool2d(x, 2), lambda x: F.max_pool2d(x, 2), [image], second_order=False)
    x = Value([[NAN, 1.0, NAN]])
    ops.max_pool1d(x, 3).sum().backward()
    np.testing.assert_array_equal(x.grad, [[1.0, 0.0, 0.0]])  # the first; PyTorch: the last


def test_padding_is_never_the_largest() -> None:
    image = np.full((1, 2, 2), -5.0)
    np.testing.assert_array_equal(ops.max_pool2d(image, 2, padding=1), np.full((1, 2, 2), -5.0))


def test_a_padded_window_of_nothing_but_minus_inf_sends_its_gradient_to_the_padding() -> None:
    x = Value([[-INF, -INF, -INF, 1.0]])
    ops.max_pool1d(x, 2, padding=1).sum().backward()
    np.testing.assert_array_equal(x.grad, [[0.0, 1.0, 0.0, 1.0]])  # PyTorch: 1 to the first as well


def test_the_gradient_of_what_is_infinite_stays_what_it_was() -> None:
    x = Value([[INF, 1.0, -INF, 2.0]])
    ops.max_pool1d(x, 2).backward([[3.0, 4.0]])
    np.testing.assert_array_equal(x.grad, [[3.0, 0.0, 0.0, 4.0]])


def test_a_row_that_is_padding_gets_no_gradient() -> None:
    indices = [[1, 0, 1], [2, 1, 0]]
    for padding in (0, 1, -1):
        table, theirs = Value(np.arange(6.0).reshape(3, 2)), torch.arange(6.0).reshape(3, 2).requires_grad_()
        z = ops.embedding(indices, table, padding_idx=padding)
        expected = F.embedding(torch.tensor(indices), theirs, padding_idx=padding)
        np.testing.assert_array_equal(z.data, expected.detach().numpy())
        (z * z).sum().backward()
        (expected * expected).sum().backward()
        np.testing.assert_array_equal(table.grad, theirs.grad.numpy())


@pytest.mark.parametrize("number", [NAN, INF])
@pytest.mark.parametrize("size", [1, 2, 4, (3, 7)])
def test_a_nan_or_an_inf_stays_in_the_windows_of_an_adaptive_mean_that_it_is_in(size: Any, number: float) -> None:
    image = np.random.default_rng(2).normal(size=(2, 6, 5))
    image[0, 1, 3] = number
    assert_same_as_torch(
        lambda x: ops.adaptive_avg_pool2d(x, size),
        lambda x: F.adaptive_avg_pool2d(x, size),
        [image],
        second_order=False,
    )
