"""Packing: a program of scalars becomes one of vectors, and computes the same."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
from autograd_mini import Value
from autograd_mini.compiler import trace
from autograd_mini.compiler.jit import jit
from autograd_mini.compiler.rows import GATHER, SCATTER
from autograd_mini.compiler.tracing.tape import Tape

TOLERANCE = 1e-12  # what the pass promises


def assert_alike(f: Callable[..., Any], parameters: list[Value], calls: list[tuple[Any, ...]]) -> Any:
    """Eager and jitted give the same loss and gradients at each of the calls; returns the last program."""
    replayed = jit(f)
    for args in calls:
        answers = []
        for function in (f, replayed):
            for p in parameters:
                p.zero_grad()
            loss = function(*args)
            loss.backward()
            answers.append([loss.data, *[p.grad for p in parameters]])
        scale = max(1.0, *[float(np.max(np.abs(x))) for x in answers[0]])
        for expected, actual in zip(*answers, strict=True):
            np.testing.assert_allclose(actual, expected, rtol=TOLERANCE, atol=TOLERANCE * scale)
            assert type(expected) is type(actual)
        for p in parameters:
            p.data = p.data - 0.01 * p.grad
    return loss.program()


def test_a_net_of_scalars_becomes_a_few_hundred_lines() -> None:
    model = nn.scalar.MLP(2, [8, 8, 1], rng=np.random.default_rng(0))
    rng = np.random.default_rng(1)
    parameters = list(model.parameters())

    def loss(xs: Any, ys: Any) -> Any:
        scores = [model(x) for x in xs]
        hinge = sum([(1 + -y * s).relu() for s, y in zip(scores, ys, strict=True)]) * (1.0 / len(scores))
        return hinge + 1e-4 * sum([p * p for p in parameters])

    calls = [(rng.normal(size=(30, 2)).tolist(), rng.choice([-1, 1], 30).tolist()) for _ in range(3)]
    program = assert_alike(loss, parameters, calls)
    computed = [op.name for op in program.ops if op.name not in ("argument", "parameter", "constant", "getitem")]
    assert len(computed) < 100


def several(n: int = 40) -> list[Value]:
    return [Value(x) for x in np.random.default_rng(3).uniform(0.5, 1.5, n).tolist()]


WS = several()
GRAPHS: dict[str, Callable[..., Any]] = {
    "a product with the next": lambda x: sum([a * b * x for a, b in pairwise(WS)]),
    "functions": lambda x: sum([am.tanh(a * x) + am.exp(-a) / (1 + a * a) - am.log(a) ** 2 for a in WS]),
    "a chain": lambda x: chain(x, 100),
    "reuse": lambda x: sum([a * a * a + a for a in WS]) * WS[0] * x,
    "gates": lambda x: sum([am.where(a * x > 1, a * a, 2.0 * a) + am.maximum(a, x) + abs(a - x) for a in WS]),
    "two outputs of one": lambda x: sum([(a - x) * (a + x) for a in WS]) + sum([(a - x) * 2.0 for a in WS]),
    "ragged sums": lambda x: sum([sum([a * b for b in WS[:n]]) * x for n, a in enumerate(WS, 3)]),
    "detached": lambda x: sum([a.detach() * a * x for a in WS]),
    "no_grad": lambda x: sum([without(a) * a * x for a in WS]),
    "scalars and tensors": lambda x: (am.stack([am.tanh(a * x) for a in WS]).reshape(8, 5) @ np.ones((5, 2))).sum(),
    "elements of an array": lambda x: sum([a * (np.arange(40.0) * x)[i] for i, a in enumerate(WS)]),
    "a sum of squares": lambda x: (sum([a * a for a in WS]) * x) ** 0.5,
    "one number many times": lambda x: sum([WS[0] * float(i) * x for i in range(50)]),
    "gradients of what depends": lambda x: sum([am.grad(lambda t: am.sin(t * t))(a * x) for a in WS]),
    "gradients of numbers": lambda x: sum([am.grad(lambda t, a=a: am.sin(t * a))(x) * a for a in WS]),
}


def chain(x: Any, n: int) -> Any:
    for i in range(n):
        x = am.tanh(x * WS[i % len(WS)] + WS[(i + 1) % len(WS)])
    return x


def without(x: Any) -> Any:
    with am.no_grad():
        return x * x + 1.0


@pytest.mark.parametrize("name", GRAPHS)
def test_packed_scalars_agree_with_the_function(name: str) -> None:
    for w, x in zip(WS, several(), strict=True):
        w.data = x.data
    assert_alike(GRAPHS[name], WS, [(0.7,), (1.3,), (-0.4,)])


def test_a_deep_narrow_graph_stays_floats() -> None:
    program = jit(lambda x: chain(x, 100))(0.3).program()
    assert not any(op.name in ("gather", "pack") for op in program.ops)


def test_a_chain_of_additions_is_one_sum() -> None:
    program = jit(lambda x: sum([a * x for a in WS]))(2.0).program()
    names = [op.name for op in program.ops]
    assert names.count("sum") == 1
    assert "add" not in names


def test_parameters_of_numbers_that_nobody_needs_get_no_gradient() -> None:
    def f(x: Any) -> Any:
        return sum([am.tanh(a * x) for a in WS][:30])

    assert_alike(f, WS, [(0.5,), (0.7,)])
    assert [w.has_grad for w in WS] == [True] * 30 + [False] * 10


@pytest.mark.parametrize("name", ["not reached", "infinite slopes", "detached"])
def test_each_output_has_the_gradients_that_it_has_without_jit(name: str) -> None:
    def f(xs: Any) -> list[Any]:
        roots = [am.sqrt(w * x) for w, x in zip(WS, xs, strict=True)]
        weighted = [WS[0] * root for root in roots]
        if name == "detached":
            weighted[20:] = [x.detach() for x in weighted[20:]]
        return [weighted[1] * weighted[2] * sum(weighted[:20]), sum(weighted)]

    xs = [0.0 if name != "not reached" and i >= 20 else 1.0 + i for i in range(len(WS))]
    xs = [math.copysign(x, w.data) for x, w in zip(xs, WS, strict=True)]
    for k in range(2):
        found = []
        for function in (f, jit(f)):
            for w in WS:
                w.zero_grad()
            with np.errstate(all="ignore"):
                function(xs)[k].backward()
            found.append([w.grad if w.has_grad else None for w in WS])
        assert [g is None for g in found[0]] == [g is None for g in found[1]]
        expected, actual = [[g for g in gs if g is not None] for gs in found]
        np.testing.assert_allclose(actual, expected, rtol=TOLERANCE)


def test_of_numbers_that_nobody_needs_no_line_is_left() -> None:
    @jit
    def f(x: Any) -> Any:
        _ = sum([am.tanh(a * x) for a in WS])
        return WS[0] * 1.0

    WS[0].zero_grad()
    loss = f(2.0)
    loss.backward()
    assert (loss.data, WS[0].grad) == (WS[0].data, 1.0)
    assert {op.name for op in loss.program().ops} == {"parameter", "upstream"}


def test_ieee_rules_hold_in_a_vector() -> None:
    def f(xs: Any) -> Any:
        return sum([am.log(x * w) + 1.0 / (x * w) for x, w in zip(xs, WS, strict=True)])

    xs = np.linspace(-1, 1, len(WS)).tolist()
    expected, actual = f(xs), jit(f)(xs)
    assert np.isnan(expected.data)
    assert np.isnan(actual.data)


def test_arrays_beside_packed_scalars_keep_their_dtype() -> None:
    p = Value(np.ones((2, 2), np.float32))

    @jit
    def step(x: Any) -> Any:
        p.zero_grad()
        loss = am.sum(p**2) * x + sum([am.tanh(w * x) for w in WS]) * sum([am.sin(w * x) for w in WS])
        loss.backward()
        p.data = p.data - 0.125 * p.grad
        return loss

    assert step(2.0).data.dtype == p.data.dtype == p.grad.dtype == np.float32
    np.testing.assert_array_equal(p.data, np.full((2, 2), 0.5))


def test_the_indices_of_a_program_go_with_it() -> None:
    model = nn.scalar.MLP(2, [4, 1], rng=np.random.default_rng(0))
    points = np.random.default_rng(1).normal(size=(30, 2)).tolist()
    program = jit(lambda xs: sum([model(x) ** 2 for x in xs]))(points).program()
    names = {op.name for op in program.ops}
    assert {"gather", "scatter"} <= names
    assert not GATHER._bound
    assert not SCATTER._bound


@pytest.mark.parametrize("is_step", [False, True])
def test_what_was_written_while_tracing_goes_with_the_trace(is_step: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[bool] = []

    class Watched(Tape):
        def __del__(self) -> None:
            gone.append(True)

    @jit
    def loss(x: Any) -> Any:
        total = sum([am.tanh(a * x) for a in WS])
        if is_step:
            total.backward()
        return total

    for w in WS:
        w.zero_grad()
    monkeypatch.setattr(trace, "Tape", Watched)
    gc.disable()
    try:
        first, second = loss(0.5), loss(0.7)
    finally:
        gc.enable()
    assert gone == [True]
    assert first.data < second.data
