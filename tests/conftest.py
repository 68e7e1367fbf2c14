"""What all the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import settings

from autograd_mini import Value
from autograd_mini.ops.operation import TABLE

torch.set_num_threads(1)
settings.register_profile("no clock", deadline=None)  # on a busy machine an example may take long for no fault of ours
settings.load_profile("no clock")


@pytest.fixture
def karpathy() -> Value:
    """The expression of micrograd's lecture: L = (a*b + c) * f."""
    a, b, c, f = (Value(x, label=name) for name, x in zip("abcf", (2.0, -3.0, 10.0, -2.0), strict=True))
    e = a * b
    d = e + c
    loss = d * f
    e.label, d.label, loss.label = "e", "d", "L"
    return loss


@pytest.fixture
def rng() -> np.random.Generator:
    """The same numbers in every run."""
    return np.random.default_rng(0)


@pytest.fixture
def planting() -> Iterator[None]:
    """Rows made in this test leave the op table when it ends."""
    before = dict(TABLE)
    yield
    TABLE.clear()
    TABLE.update(before)
