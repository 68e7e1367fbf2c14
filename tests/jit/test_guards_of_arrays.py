"""A replay computes with the numbers that an array holds now, also where plain NumPy has computed with them."""

from __future__ import annotations

import types
from array import array
from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import Value
from autograd_mini.compiler.jit import jit

W = Value(2.0)
ARRAY = np.array([1.0, 2.0])
LABELS = np.array([0, 1])


def test_what_is_written_into_an_array_is_seen() -> None:
    f = jit(lambda x: (W * ARRAY * x).sum())
    g = jit(lambda x: (W * (ARRAY * 2.0) * x).sum())
    h = jit(lambda x: nn.cross_entropy(W * x, LABELS))
    logits = np.array([[1.0, 2.0], [5.0, 3.0]])
    assert (f(1.0).item(), g(1.0).item()) == (6.0, 12.0)
    before = h(logits).item()
    ARRAY[0] = 10.0
    LABELS[...] = [1, 0]
    assert (f(1.0).item(), g(1.0).item()) == (24.0, 48.0)
    assert h(logits).item() != before
    ARRAY[0] = 1.0
    LABELS[...] = [0, 1]


def test_what_is_computed_in_plain_numpy_is_computed_anew_when_its_array_changes() -> None:
    def f(x: Any) -> Any:
        rate = 0.1 if ARRAY.max() < 5 else 1.0
        return (W * ARRAY * x).sum() + (ARRAY * ARRAY).sum() * rate

    jitted = jit(f)
    assert jitted(1.0).item() == f(1.0).item()
    ARRAY[0] = 10.0
    assert jitted(1.0).item() == f(1.0).item()
    ARRAY[0] = 1.0
    assert jitted(1.0).item() == f(1.0).item()


def test_what_stands_in_a_read_only_mapping_or_in_a_buffer_is_seen_to_change() -> None:
    config, factors, counts = {"rate": 2.0}, array("d", [1.0, 2.0]), bytearray([1, 2])
    view = types.MappingProxyType(config)

    def f(x: Any) -> Any:
        return W * x * view["rate"] * factors[0] * counts[0]

    jitted = jit(f)
    assert jitted(3.0).data == f(3.0).data
    for container, key in ((config, "rate"), (factors, 0), (counts, 0)):
        container[key] = 7  # type: ignore[index]  # each by its own kind of key
        assert jitted(3.0).data == f(3.0).data


def test_a_number_stays_a_float_beside_an_array_without_axes() -> None:
    rate = np.array(3.0)
    f = jit(lambda x: W * x * rate)
    assert type(f(1.0).data) is float
    rate[...] = 5.0
    assert f(1.0).data == 10.0


def test_large_arrays_that_are_compared_at_each_call_are_warned_of() -> None:
    class Training:
        def __init__(self) -> None:
            self.images = np.zeros((2**21 + 1,))
            self.w = Value(2.0)

        def loss(self, x: Any) -> Any:
            return self.w * x * len(self.images) * 0.0 + self.w * x

    training = Training()
    with pytest.warns(UserWarning, match=r"can reach 16 MB of arrays, and they are compared at each call"):
        assert jit(training.loss)(3.0).data == 6.0
