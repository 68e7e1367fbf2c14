"""Arrays side by side: the lines of several parameters become one, with equal numbers to the last bit."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
import optim
from autograd_mini import Value
from autograd_mini.compiler import trace
from autograd_mini.compiler.codegen import replay
from autograd_mini.compiler.jit import jit
from autograd_mini.compiler.passes.side_by_side import SMALL

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "SGD": partial(optim.SGD, lr=0.1),
    "SGD with momentum": partial(optim.SGD, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": partial(optim.Adam, lr=0.01, amsgrad=True),
    "RMSprop": partial(optim.RMSprop, lr=0.01),
    "two groups": lambda ps: optim.SGD([{"params": ps[:2], "momentum": 0.5}, {"params": ps[2:], "lr": 0.3}], lr=0.1),
}


def small_net(dtype: Any = np.float64) -> Any:
    model = nn.MLP(3, [4, 4, 1], dtype=dtype)
    rng = np.random.default_rng(5)
    for p in model.parameters():
        p.data = rng.normal(size=p.shape).astype(dtype)
    return model


def trained(make: Callable[[Any], Any], dtype: Any, penalty: float = 0.0) -> tuple[list[Any], Any]:
    """Losses and parameters after three steps; and the last loss."""
    model = small_net(dtype)
    parameters = list(model.parameters())
    optimizer = make(parameters)
    x, y = np.linspace(-1, 1, 15).reshape(5, 3).astype(dtype), np.arange(5.0).reshape(5, 1).astype(dtype)

    @jit
    def step(x: Any, y: Any) -> Any:
        loss = ((model(x) - y) ** 2).mean()
        if penalty:
            loss = loss + penalty * sum((p * p).sum() for p in parameters)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    losses = [step(x, y) for _ in range(3)]
    return [*[loss.data for loss in losses], *[p.data for p in parameters]], losses[-1]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizers_step_is_the_same_to_the_last_bit(name: str, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    actual, _ = trained(OPTIMIZERS[name], dtype)
    monkeypatch.setattr(trace, "side_by_side", lambda program: program)
    expected, _ = trained(OPTIMIZERS[name], dtype)
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_penalty_is_the_same_but_for_the_order_of_its_sum(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    actual, _ = trained(OPTIMIZERS["SGD"], dtype, penalty=0.01)
    monkeypatch.setattr(trace, "side_by_side", lambda program: program)
    expected, _ = trained(OPTIMIZERS["SGD"], dtype, penalty=0.01)
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12 if dtype is np.float64 else 1e-6)


def source_of(loss: Any) -> str:
    return replay.compiled(loss.program()).source


def test_six_parameters_are_updated_at_once_and_penalised_by_one_product(monkeypatch: pytest.MonkeyPatch) -> None:
    together = source_of(trained(OPTIMIZERS["SGD"], np.float64, penalty=0.01)[1])
    monkeypatch.setattr(trace, "side_by_side", lambda program: program)
    apart = source_of(trained(OPTIMIZERS["SGD"], np.float64, penalty=0.01)[1])
    for call, lines in {"= multiply(": 2, "= add(": 2, ".dot(": 1}.items():  # penalty and rate, of each parameter
        dots_of_matrices = 3 if call == ".dot(" else 0  # which are called vdot
        assert apart.count(call) - together.count(call) == lines * (6 - 1) - dots_of_matrices


def test_gradients_are_computed_where_the_row_has_room_for_them() -> None:
    source = source_of(trained(OPTIMIZERS["SGD"], np.float64)[1])
    assert len(re.findall(r" b\d+_[\d_]+\[...\] = ", source)) == 6  # the parameters alone are copied


def test_what_is_given_away_is_nobody_elses() -> None:
    arrays = trained(OPTIMIZERS["Adam"], np.float64)[0][3:]
    assert all([array.base is None and array.flags.owndata for array in arrays])


def test_large_arrays_stay_where_they_are() -> None:
    parameters = [Value(np.ones(SMALL + 1)) for _ in range(8)]

    @jit
    def loss() -> Any:
        return sum((p * p).sum() for p in parameters)

    assert "side_by_side" not in str(loss().program())


def test_one_line_of_each_is_not_worth_the_copies() -> None:
    parameters = [Value(np.ones(3)) for _ in range(8)]

    @jit
    def step() -> Any:
        for p in parameters:
            p.data = 2.0 * p.data
        return parameters[0].detach()

    step()
    assert "side_by_side" not in str(step().program())


def test_lines_of_forward_and_of_backward_stay_apart() -> None:
    parameters = [Value(np.arange(1.0, 4.0) + i) for i in range(6)]

    @jit
    def f() -> Any:
        return [(p * 3.0 + p) * p for p in parameters], sum((0.5 * p * p).sum() for p in parameters)

    arrays, loss = f()
    for array, p in zip(arrays, parameters, strict=True):
        np.testing.assert_array_equal(array.data, (p.data * 3.0 + p.data) * p.data)
    loss.backward()
    for p in parameters:
        np.testing.assert_allclose(p.grad, p.data, rtol=1e-12)


def test_a_line_that_another_waits_for_is_computed_in_time() -> None:
    """The same ops, but the second of each kind needs what the first has given."""
    parameters = [Value(np.array([1.0, 2.0, 3.0]) + i) for i in range(4)]

    @jit
    def f() -> Any:
        found = []
        for p in parameters:
            before = found[-1].sum() if found else 1.0
            found.append((p * before + p) * p)
        return found

    expected, before = [], 1.0
    for p in parameters:
        expected.append((p.data * before + p.data) * p.data)
        before = expected[-1].sum()
    for actual, array in zip(f(), expected, strict=True):
        np.testing.assert_allclose(actual.data, array, rtol=1e-12)


def test_groups_of_unequal_length_and_arrays_in_another_order() -> None:
    a, b, c = (Value(np.array([1.0, 2.0]) + i) for i in range(3))

    @jit
    def f() -> Any:
        halves = [a * 0.5 + b, b * 0.5 + a, c * 0.5 + c]
        return [*[half * c for half in halves[:2]], (halves[2] * a), (halves[0] * c) * halves[1]]

    x, y, z = a.data, b.data, c.data
    u, v, w = x * 0.5 + y, y * 0.5 + x, z * 0.5 + z
    for actual, expected in zip(f(), [u * z, v * z, w * x, (u * z) * v], strict=True):
        np.testing.assert_array_equal(actual.data, expected)


def test_two_dtypes_make_two_rows() -> None:
    parameters = [Value(np.ones(2, dtype)) for dtype in (np.float32, np.float64) * 4]
    optimizer = optim.SGD(parameters, lr=0.5)

    @jit
    def step() -> Any:
        total = sum((p * p).sum().astype(np.float64) for p in parameters)
        total.backward()
        optimizer.step()
        optimizer.zero_grad()
        return total

    step()
    assert [p.data.dtype for p in parameters] == [np.float32, np.float64] * 4
    for p in parameters:
        np.testing.assert_array_equal(p.data, np.zeros(2))


def test_a_sum_of_few_dots_and_others_keeps_all_of_its_terms() -> None:
    parameters = [Value(np.array([1.0, 2.0]) * k) for k in (1.0, 2.0, 3.0)]

    @jit
    def f(x: Any) -> Any:
        first, *others = [(p * p).sum() for p in parameters]
        return first + am.exp(x) + others[0] + (x * parameters[0]).sum() + others[1]

    assert f(0.5).data == pytest.approx(5 + np.exp(0.5) + 20 + 1.5 + 45, rel=1e-14)
    assert str(f(0.5).program()).count("vdot") == 1  # of all squares


def test_a_sum_of_dots_in_a_smaller_float_keeps_its_dtype() -> None:
    def loss(a: Value, b: Value, c: Value) -> Value:
        return sum([(a * 0.75).sum(), (b * b).sum(), (c * c).sum()])  # type: ignore[return-value]  # sum begins with 0

    results = []
    for f in (loss, jit(loss)):
        values = [Value(np.array(2.0, np.float32)), Value([1.0, 2.0]), Value([[3.0]])]
        z = f(*values)
        z.backward()
        results.append([z.data, *[v.grad for v in values]])
    for expected, actual in zip(*results, strict=True):
        assert type(actual) is type(expected)
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)
