"""jit: a replay gives what the function itself gives, to the last bit where no sum is added up in another order."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
import optim
from autograd_mini import Value
from autograd_mini.compiler.jit import jit

RNG = np.random.default_rng(5)


def steps_alike(f: Callable[..., Any], parameters: list[Value], batches: list[Any], exactly: bool = True) -> None:
    """Trains with ``f``, and says where a jitted one gives another loss or gradient: to the last bit, or nearly."""
    replayed = jit(f)
    for batch in batches:
        answers = []
        for function in (f, replayed):
            for p in parameters:
                p.zero_grad()
            loss = function(*batch)
            loss.backward()
            answers.append((loss.data, [p.grad for p in parameters]))
        (expected, gradients), (actual, found) = answers
        tolerance = 0.0 if exactly else 1e-12 if np.asarray(expected).dtype == np.float64 else 1e-6
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)
        for e, a in zip(gradients, found, strict=True):
            np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance)
            assert type(e) is type(a)
        for p, g in zip(parameters, gradients, strict=True):
            p.data = p.data - 0.1 * g


LOSSES: dict[str, tuple[Callable[..., Any], Callable[[int], Any]]] = {
    "mse_loss": (nn.mse_loss, lambda n: RNG.normal(size=(n, 3))),
    "l1_loss": (nn.l1_loss, lambda n: RNG.normal(size=(n, 3))),
    "huber_loss": (nn.huber_loss, lambda n: RNG.normal(size=(n, 3))),
    "cross_entropy of indices": (nn.cross_entropy, lambda n: RNG.integers(0, 3, n)),
    "cross_entropy of int8": (nn.cross_entropy, lambda n: RNG.integers(0, 3, n).astype(np.int8)),
    "cross_entropy of probabilities": (nn.cross_entropy, lambda n: RNG.dirichlet(np.ones(3), n)),
    "softmax": (lambda z, y: (z.softmax() * y).sum(), lambda n: RNG.normal(size=(n, 3))),
    "logsumexp": (lambda z, y: (z - y).logsumexp(), lambda n: RNG.normal(size=(n, 3))),
    "std": (lambda z, y: (z - y).std(0).sum(), lambda n: RNG.normal(size=(n, 3))),
    "max": (lambda z, y: (z - y).max(1).sum(), lambda n: RNG.normal(size=(n, 3))),
    "where": (lambda z, y: am.where(z > y, z * z, y).sum(), lambda n: RNG.normal(size=(n, 3))),
    "a mask": (lambda z, y: (z * am.where(y, 2.0, 0.5)).sum(), lambda n: RNG.normal(size=(n, 3)) > 0),
    "powers": (lambda z, y: ((z * z + 1) ** y).sum(), lambda n: RNG.normal(size=(n, 3))),
    "bce": (nn.binary_cross_entropy_with_logits, lambda n: RNG.uniform(size=(n, 3))),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_network_trains_as_without_jit(name: str, dtype: str) -> None:
    loss, target = LOSSES[name]
    model = nn.Sequential(nn.Linear(4, 5, dtype=np.dtype(dtype)), nn.Tanh(), nn.Linear(5, 3, dtype=np.dtype(dtype)))

    def draw() -> Any:
        y = target(6)
        return RNG.normal(size=(6, 4)).astype(dtype), y.astype(dtype) if y.dtype.kind == "f" else y

    # Sums of products become dot products, which add up in another order; which classes count is found at each call.
    fused = name in ("softmax", "a mask", "cross_entropy of indices", "cross_entropy of int8")
    batches = [draw() for _ in range(4)]
    steps_alike(lambda x, y: loss(model(x), y), list(model.parameters()), batches, exactly=not fused)


def test_scalars_stay_floats_and_follow_ieee_rules() -> None:
    w = Value(2.0)
    steps_alike(lambda x: am.exp(w * x) / (w - x) + am.log(x) + (w * x) ** 0.5, [w], [(1.0,), (0.0,), (-1.0,), (1e4,)])


def test_a_matrix_of_a_single_0_times_inf_is_nan() -> None:
    x, weight = Value([[np.inf], [1.0]]), Value([[0.0]])
    for f in (am.matmul, lambda x, weight: am.linear(x, weight, [0.5])):
        replayed = jit(f)
        for _ in range(2):
            assert np.array_equal(replayed(x, weight).data, f(x, weight).data, equal_nan=True)


def test_the_gradient_of_a_vectors_running_product_is_the_one_without_jit() -> None:
    w = Value([0.5, 2.0, -1.5])
    steps_alike(lambda x: am.sum(am.cumprod(w * x) * x), [w], [(np.array([1.0, 0.0, 3.0]),)] * 2)


def test_the_optimizer_updates_what_the_next_call_reads() -> None:
    rng = np.random.default_rng(0)
    model = nn.MLP(2, [8, 1], rng=rng)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    x, y = rng.normal(size=(20, 2)), rng.normal(size=(20, 1))
    loss = jit(lambda x, y: nn.mse_loss(model(x), y))
    seen = []
    for _ in range(50):
        optimizer.zero_grad()
        result = loss(x, y)
        result.backward()
        optimizer.step()
        seen.append(result.item())
    assert seen[-1] < 0.9 * seen[0]


def test_containers_go_in_and_come_out() -> None:
    w = Value(3.0)

    @jit
    def f(batch: Any, scale: float = 1.0, how: str = "sum") -> Any:
        z = [w * x for x in batch["xs"]]
        return {"total": am.stack(z).sum() * scale if how == "sum" else z[0], "first": z[0], "n": len(z)}

    result = f({"xs": [1.0, 2.0]}, scale=2)
    assert (result["total"].data, result["first"].data, result["n"]) == (18.0, 3.0, 2)
    assert f({"xs": [1.0, 2.0]}, how="first")["total"].data == 3.0
    result["total"].backward()
    result["first"].backward()
    assert w.grad == 6.0 + 1.0


def test_an_argument_that_is_a_value_gets_its_gradient() -> None:
    f = jit(lambda x, y: (x * x * y).sum())
    for numbers in ([1.0, 2.0], [3.0, 4.0]):
        x = Value(numbers)
        f(x, 3.0).backward()
        assert x.grad.tolist() == [6.0 * n for n in numbers]


def test_a_module_is_an_argument_too() -> None:
    f = jit(lambda model, x: model(x).sum())
    one, two = nn.Linear(2, 1), nn.Linear(2, 1)
    for model in (one, two, one):
        assert f(model, np.ones((3, 2))).item() == model(np.ones((3, 2))).sum().item()
    f(one, np.ones((3, 2))).backward()
    assert one.bias is not None
    assert one.bias.grad.tolist() == [3.0]


def test_flags_and_enums_are_decided_upon() -> None:
    class Kind(IntEnum):
        SUM = 1
        MEAN = 2

    w = Value([1.0, 3.0])
    f = jit(lambda x, kind, negate: ((w * x).sum() if kind is Kind.SUM else (w * x).mean()) * (-1.0 if negate else 1.0))
    calls = [(Kind.SUM, False), (Kind.MEAN, False), (Kind.MEAN, True), (Kind.SUM, True)]
    assert [f(1.0, *call).item() for call in calls] == [4.0, 2.0, -2.0, -4.0]
    assert type(jit(lambda x: w[0] * x)(np.float32(0.1)).data) is type((w[0] * np.float32(0.1)).data)
    assert [f(np.float64(2.0), Kind.SUM, negate).item() for negate in (np.True_, np.False_)] == [-8.0, 8.0]


def test_an_argument_that_wants_no_gradient_is_read_as_its_numbers() -> None:
    w = Value(np.array([3.0, 4.0]))

    def f(x: Any, row: Any) -> Any:
        return am.tanh(x * x * w) + x * am.sin(row)

    arguments = [Value(data, requires_grad=False) for data in (2.0, np.array([0.5, 0.25]))]
    expected, actual = f(*arguments), jit(f)(*arguments)
    assert actual.data.__class__ is np.ndarray
    np.testing.assert_array_equal(actual.data, expected.data)


def test_value_and_grad_of_a_jitted_function() -> None:
    w = Value(2.0)
    f = jit(lambda x: (w * x * x).sum())
    value, gradient = am.value_and_grad(f)(np.array([1.0, 3.0]))
    assert (value, gradient.tolist()) == (20.0, [4.0, 12.0])


@pytest.mark.parametrize("shape", [(), (1,), (2,)])
def test_what_is_written_into_an_array_that_is_closed_over_is_seen(shape: tuple[int, ...]) -> None:
    scale, w = np.ones(shape), Value([1.0, 2.0])
    f = jit(lambda: (w * scale).sum())
    for number in (1.0, 3.0, 5.0):
        scale[...] = number
        assert f().data == number * 3


def test_a_gradient_taken_inside_is_part_of_the_program() -> None:
    f = jit(lambda x: am.grad(lambda t: (t**3).sum())(x))
    assert f(np.array([1.0, 2.0])).data.tolist() == [3.0, 12.0]
    assert f(np.array([3.0, 4.0])).data.tolist() == [27.0, 48.0]


def test_a_jitted_function_in_another_is_a_part_of_it() -> None:
    w = Value(2.0)
    inner = jit(lambda x: w * x)
    outer = jit(lambda x: inner(x) + w)
    outer(3.0).backward()
    assert w.grad == 4.0
