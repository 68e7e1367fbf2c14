"""What a trace leaves behind: Python's garbage collector as it was, and no memory of what is gone."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import Value
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit
from autograd_mini.compiler.rows import GATHER, SCATTER


@pytest.fixture
def collector() -> Iterator[None]:
    """The collector is on again at the end."""
    yield
    gc.enable()


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_collector_rests_during_a_trace_and_is_as_it_was_after_it(collector: None, is_enabled: bool) -> None:
    seen = []
    w = Value(2.0)

    @jit
    def loss(x: Any) -> Any:
        seen.append(gc.isenabled())
        return w * x

    (gc.enable if is_enabled else gc.disable)()
    with pytest.raises(JitError, match="changes"):
        loss(3.0)  # and after an error too
    assert seen == [False]
    assert gc.isenabled() == is_enabled


def test_the_collector_is_at_work_in_a_replay(collector: None) -> None:
    gc.enable()
    w = Value(2.0)
    loss = jit(lambda x: (w * x).map_data(lambda number: number * (2.0 if gc.isenabled() else 1.0)))
    assert [loss(3.0).data, loss(3.0).data] == [12.0, 12.0]


def test_the_indices_of_a_program_go_with_it() -> None:
    model = nn.scalar.MLP(2, [4, 1], rng=np.random.default_rng(0))
    points = np.random.default_rng(1).normal(size=(30, 2)).tolist()
    program = jit(lambda xs: sum([model(x) ** 2 for x in xs]))(points).program()
    names = {op.name for op in program.ops}
    assert {"gather", "scatter"} <= names
    assert not GATHER._bound
    assert not SCATTER._bound
