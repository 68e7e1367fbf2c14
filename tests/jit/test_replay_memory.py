"""What a replay allocates with NumPy alone: no more for a larger batch, whatever op, layer or loss it runs."""

from __future__ import annotations

import inspect
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
from autograd_mini import Value, ops
from autograd_mini.compiler.codegen.into import CANNOT, WRITERS
from autograd_mini.compiler.codegen.writing import LINES, how_it_writes
from autograd_mini.compiler.jit import jit
from autograd_mini.compiler.passes.spell import FORMULAS, VIEWS
from autograd_mini.ops.operation import TABLE
from tests.jit.batches import LAYERS, LOSSES, OF_CLASSES, OPS, numbers, total

FEW, MANY = 200, 1200
PART = 2100  # samples of four numbers that are more than a part of what is done in parts of 8192
TOLERANCE = 900  # bytes; a boolean for each sample is 1000 more
IN_PARTS = {"Dropout", "TransformerBlock", "hinge_loss", "take_along_axis"}
NO_LAYER = {"Module", "Parameter", "Buffer", "scalar"}


@pytest.fixture(autouse=True)
def small_buffers() -> Iterator[None]:
    """NumPy's own, which grow up to a size that is fixed, are full with few samples too."""
    before = np.setbufsize(64)
    yield
    np.setbufsize(before)


def peak(loss: Any, *inputs: Any) -> int:
    """The memory that forward and backward of a replay ask for on top, at most."""

    def step() -> None:
        result = loss(*inputs)
        result.backward()
        for x in result.inputs:
            x.zero_grad()

    step()
    step()
    tracemalloc.start()
    found = []
    for _ in range(3):  # another thread may ask for memory meanwhile
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        step()
        found.append(tracemalloc.get_traced_memory()[1] - before)
    tracemalloc.stop()
    return min(found)


def assert_no_growth(name: str, f: Callable[..., Any], more: Callable[[np.random.Generator, int], list[Any]]) -> None:
    """As much for a batch as for a larger one."""
    sizes = (PART, 2 * PART) if name in IN_PARTS else (FEW, MANY)
    peaks = []
    for n in sizes:
        loss = jit(lambda *inputs: f(*inputs))
        inputs = more(np.random.default_rng(0), n)
        peaks.append(peak(loss, *inputs))
    assert peaks[1] < peaks[0] + TOLERANCE, str(loss(*inputs).program())


@pytest.mark.parametrize("name", OPS)
def test_an_op_allocates_nothing_that_grows(name: str) -> None:
    f, sample, of_w = OPS[name]
    w = Value(np.random.default_rng(1).uniform(0.5, 1.0, of_w))
    assert_no_growth(name, lambda x: total(f(x, w)), lambda rng, n: [numbers(rng, n, sample)])


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_allocates_nothing_that_grows(name: str) -> None:
    make, sample = LAYERS[name]
    nn.manual_seed(1)
    layer, w = make(), Value(np.ones(sample[-1]))
    assert_no_growth(name, lambda x: total(layer(x * w)), lambda rng, n: [numbers(rng, n, sample)])


@pytest.mark.parametrize("name", OF_CLASSES)
def test_what_takes_classes_allocates_nothing_that_grows(name: str) -> None:
    f, w = OF_CLASSES[name], Value(np.ones((4, 3)))
    assert_no_growth(name, lambda x: total(f(x, w)), lambda rng, n: [rng.integers(0, 4, (n, 4))])


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_allocates_nothing_that_grows(name: str) -> None:
    loss, target = LOSSES[name]
    w = Value(np.ones(4))
    assert_no_growth(name, lambda z, y: loss(z * w, y), lambda rng, n: [np.log(numbers(rng, n, (4,))), target(rng, n)])


def test_every_op_layer_and_loss_is_among_them_or_cannot_and_says_why() -> None:
    functions = {name for name in ops.__all__ if callable(getattr(am, name))}
    assert functions - set(OPS) - set(OF_CLASSES) - set(CANNOT) == set()
    public = {name: getattr(nn, name) for name in nn.__all__}
    classes = {name for name, thing in public.items() if inspect.isclass(thing) and not name.endswith("Loss")}
    assert classes - set(LAYERS) - set(OF_CLASSES) - NO_LAYER == set()
    losses = {name for name in public if name.endswith("_loss") or "entropy" in name or name == "kl_div"}
    assert losses - set(LOSSES) == set()
    rows = {name for name, row in TABLE.items() if row.ufunc is None}
    assert rows - set(WRITERS) - set(CANNOT) - set(VIEWS) - set(LINES) - set(FORMULAS) == {"relu"}  # a ufunc and a 0
    assert not set(CANNOT) & set(WRITERS)


def test_what_cannot_makes_a_new_array_each_time() -> None:
    x = Value(np.ones((3, 4, 4)))
    program = jit(lambda x: am.sinc(x).sum())(x).program()
    assert [how_it_writes(program, i) for i, op in enumerate(program.ops) if op.name == "sinc"] == [None]
