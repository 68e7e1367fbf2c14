"""Long trainings and large graphs: memory stays, no step does more than the first, nothing recurses or costs a square.

``make soak`` runs this file with 100,000 steps and 1,000,000 Values, and shows how long each of them took.
"""

from __future__ import annotations

import gc
import math
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd_mini import Value, check_by_hand, detect_anomaly, diagnose, draw, explain, jit, no_grad, stack

SOAK = bool(os.environ.get("SOAK"))
STEPS = 100_000 if SOAK else 2_000
VALUES = 1_000_000 if SOAK else 2_000  # twice as deep as Python's stack
X, T = np.linspace(-1.0, 1.0, 24).reshape(8, 3), np.linspace(0.0, 1.0, 8).reshape(8, 1)


# ------------------------------------------------------------ trainings: each gives a function that takes one step


def scalars() -> Callable[[], Any]:
    """Each weight a Value."""
    net = nn.scalar.MLP(2, [2, 1], rng=np.random.default_rng(0))
    sgd = optim.SGD(net.parameters(), 0.01)

    def step() -> None:
        sgd.zero_grad()
        loss = (net([0.5, -1.0]) - 0.3) ** 2
        loss.backward()
        sgd.step()

    return step


def _model() -> Any:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(0.1), nn.Linear(4, 1))


def tensors() -> Callable[[], Any]:
    """Statistics that move, dropout, clipping, a schedule, a loss kept as a number."""
    model = _model()
    adam = optim.Adam(model.parameters(), 1e-3)
    schedule = optim.lr_scheduler.StepLR(adam, 100)
    kept = [0.0]

    def step() -> None:
        adam.zero_grad()
        loss = nn.mse_loss(model(X), T)
        loss.backward()
        optim.clip_grad_norm(model.parameters(), 1.0)
        adam.step()
        schedule.step()
        with no_grad():
            kept[0] = loss.item() + model(X).mean().item()

    return step


def jitted() -> Callable[[], Any]:
    model = _model()
    adam = optim.Adam(model.parameters(), 1e-3)

    @jit
    def loss_of(x: Any, t: Any) -> Any:
        return nn.mse_loss(model(x), t)

    def step() -> None:
        adam.zero_grad()
        loss_of(X, T).backward()
        adam.step()

    return step


def stepped() -> Callable[[], Any]:
    """The whole step in one program."""
    model = _model()
    adam = optim.Adam(model.parameters(), 1e-3)
    schedule = optim.lr_scheduler.StepLR(adam, 100)

    @jit
    def step(x: Any, t: Any) -> Any:
        adam.zero_grad()
        loss = nn.mse_loss(model(x), t)
        loss.backward()
        adam.step()
        return loss

    def step_and_schedule() -> None:
        step(X, T)
        schedule.step()

    return step_and_schedule


def watched() -> Callable[[], Any]:
    """Someone who looks at every step: the derivation, the picture, a diagnosis, a search for nan, a copy."""
    w, b = Value(0.5, label="w"), Value(0.1, label="b")
    sgd = optim.SGD([w, b], 0.01)

    def step() -> None:
        sgd.zero_grad()
        with detect_anomaly():
            loss = ((w * 0.7 + b).tanh() - 0.2) ** 2
            loss.backward(create_graph=True)
        (w.grad * w.grad).backward()
        assert explain(loss).latex
        assert draw(loss).source
        assert str(check_by_hand(loss, {"w": 1.0}))
        assert str(diagnose(loss, sgd))
        pickle.loads(pickle.dumps(loss))
        sgd.step()

    return step


@contextmanager
def collector(is_on: bool) -> Iterator[None]:
    """With Python's garbage collector on or off."""
    gc.collect()
    (gc.enable if is_on else gc.disable)()
    try:
        yield
    finally:
        gc.enable()


def resident() -> int:
    """The bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def calls_in(f: Callable[[], Any]) -> int:
    """How many functions ``f`` calls, Python's and C's: how much it does, whatever else the machine does."""
    calls = 0

    def count(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        f()
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("is_on", [True, False], ids=["collector on", "collector off"])
@pytest.mark.parametrize("training", [scalars, tensors, jitted, stepped], ids=lambda training: training.__name__)
def test_a_long_training_keeps_its_memory_and_no_step_does_more_than_the_first(training: Any, is_on: bool) -> None:
    nn.manual_seed(0)
    step = training()
    with collector(is_on):
        for _ in range(STEPS // 2):  # caches fill up
            step()
        first, blocks, bytes_held = calls_in(step), sys.getallocatedblocks(), resident()
        for _ in range(STEPS // 2):
            step()
        assert sys.getallocatedblocks() - blocks < STEPS // 20  # one thing a step would be ten times as many
        assert resident() - bytes_held < 32e6
        assert calls_in(step) <= first + 10


def test_a_training_that_is_looked_at_keeps_its_memory() -> None:
    step, steps = watched(), STEPS // 50
    for _ in range(40):  # caches fill up
        step()
    gc.collect()
    blocks, bytes_held = sys.getallocatedblocks(), resident()
    for _ in range(steps):
        step()
    gc.collect()
    assert sys.getallocatedblocks() - blocks < max(300, 4 * steps)  # each makes some thousands
    assert resident() - bytes_held < 32e6


# ------------------------------------------------------------ graphs: each is built out of leaves


def deep(leaves: Sequence[Value], n: int) -> Value:
    """A chain of additions of one number."""
    y = leaves[0]
    for _ in range(n):
        y = y + 0.25
    return y


def recurrence(leaves: Sequence[Value], n: int) -> Value:
    """Deep, and one Value is used all along."""
    (w,), y = leaves, Value(0.1, requires_grad=False)
    for _ in range(n // 3):
        y = (y * w).tanh() + 0.25
    return y


def uses(leaves: Sequence[Value], n: int) -> Value:
    """One Value, used n times."""
    (x,), y = leaves, Value(0.0, requires_grad=False)
    for _ in range(n):
        y = y + x
    return y


def total(leaves: Sequence[Value], n: int) -> Value:
    """As many leaves as ops."""
    return sum(leaves)  # type: ignore[return-value]  # of Values, not the integer 0


def stacked(leaves: Sequence[Value], n: int) -> Value:
    """One op of n operands."""
    return stack(leaves).sum()


def stacked_alike(leaves: Sequence[Value], n: int) -> Value:
    """One op that uses one Value n times."""
    return stack([leaves[0]] * n).sum()


def pairs(leaves: Sequence[Value], n: int) -> Value:
    """A sum in pairs: wide and not deep."""
    level = list(leaves)
    while len(level) > 1:
        level = [a + b for a, b in zip(level[::2], level[1::2], strict=False)] + level[len(level) // 2 * 2 :]
    return level[0]


FORMS = [deep, recurrence, uses, total, stacked, stacked_alike, pairs]
WIDE = (total, stacked, pairs)
of_each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)


def leaves_of(form: Any, n: int) -> list[Value]:
    """What ``form`` is built out of; the first is called x."""
    return [Value(0.5 + i % 7, label="" if i else "x") for i in range(n if form in WIDE else 1)]


def slope(form: Any, n: int) -> float:
    """What the gradients of all leaves come to."""
    if form is not recurrence:
        return 1.0 if form is deep else float(n)
    y, dy, w = 0.1, 0.0, 0.5
    for _ in range(n // 3):
        z = math.tanh(y * w)
        y, dy = z + 0.25, (1 - z * z) * (dy * w + y)
    return dy


@of_each_form
def test_a_large_graph_has_its_gradients_and_is_freed_at_once(form: Any) -> None:
    leaves = leaves_of(form, VALUES)
    with collector(False):
        blocks = sys.getallocatedblocks()
        y = form(leaves, VALUES)
        y.backward()
        assert sum([x.grad for x in leaves]) == pytest.approx(slope(form, VALUES), rel=1e-12)
        for x in leaves:
            x.zero_grad()
        assert sys.getallocatedblocks() - blocks > (5 if form in (stacked, stacked_alike) else VALUES)
        del y
        assert sys.getallocatedblocks() - blocks < 500


@of_each_form
def test_a_large_graph_is_differentiated_twice(form: Any) -> None:
    leaves = leaves_of(form, VALUES)
    y = form(leaves, VALUES)
    y.backward(create_graph=True)
    assert leaves[0].grad.data == pytest.approx(slope(form, VALUES) / len(leaves), rel=1e-12)


@of_each_form
def test_a_large_graph_is_explained_in_a_bounded_text(form: Any) -> None:
    leaves = leaves_of(form, VALUES)
    explanation = explain(form(leaves, VALUES))
    assert "more" in str(explanation)  # how much is left out
    assert max(len(str(explanation)), len(explanation.latex)) < 30_000
    assert len(str(explain(form(leaves, VALUES), wrt="x"))) < 30_000


@of_each_form
def test_a_large_graph_is_drawn_in_boxes_that_fit_a_page(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # no Graphviz: with our own layout
    svg = draw(form(leaves_of(form, VALUES), VALUES)).svg
    assert "shown as" in svg or "at most 12 edges" in svg
    assert len(svg) < 500_000


@of_each_form
def test_a_large_graph_is_diagnosed(form: Any) -> None:
    leaves = leaves_of(form, VALUES)
    assert str(diagnose(form(leaves, VALUES), leaves[:10]))


@pytest.mark.parametrize("form", [deep, recurrence, uses, total, pairs], ids=lambda form: form.__name__)
def test_a_large_graph_is_graded(form: Any) -> None:
    leaves = leaves_of(form, VALUES)
    y = form(leaves, VALUES)
    report = check_by_hand(y, {"x": -slope(form, VALUES) / len(leaves)})
    assert report.first_wrong is not None
    assert report.first_wrong.status == "WRONG"


@of_each_form
def test_a_large_graph_is_pickled(form: Any) -> None:
    leaves = leaves_of(form, VALUES)
    y = form(leaves, VALUES)
    twin = pickle.loads(pickle.dumps(y))
    assert twin.data == y.data
    twin.backward()
    assert not leaves[0].has_grad


@of_each_form
def test_a_large_graph_is_jitted(form: Any) -> None:
    leaves = leaves_of(form, VALUES)
    jitted = jit(lambda leaves: form(leaves, VALUES))
    for _ in range(2):  # traced, and replayed
        for x in leaves:
            x.zero_grad()
        y = jitted(leaves)
        y.backward()
        assert y.data == pytest.approx(form(leaves, VALUES).data, rel=1e-9)
        assert sum([x.grad for x in leaves]) == pytest.approx(slope(form, VALUES), rel=1e-9)


@of_each_form
def test_a_large_graph_is_watched_for_nan(form: Any) -> None:
    leaves = leaves_of(form, VALUES)
    with detect_anomaly():
        form(leaves, VALUES).backward()
    assert sum([x.grad for x in leaves]) == pytest.approx(slope(form, VALUES), rel=1e-12)
