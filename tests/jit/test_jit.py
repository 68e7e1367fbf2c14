"""jit: a replay gives what the function itself gives, to the last bit, or refuses."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
import optim
from autograd_mini import Value, no_grad
from autograd_mini.compiler.errors import JitError
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


# ---------------------------------------------------------------- arguments and results


def test_another_shape_dtype_or_container_is_traced_anew() -> None:
    w = Value(2.0)

    @jit
    def f(x: Any) -> Any:
        return (w * (x["a"] if isinstance(x, dict) else x)).sum()

    for x in (np.ones(3), np.ones(3), np.ones(4), np.ones(3, "float32"), {"a": np.ones(3)}, np.ones(3)):
        assert f(x).item() == 2.0 * (x["a"] if isinstance(x, dict) else x).size
    assert len(f._cache.traces) == 4


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
    assert f(np.float64(2.0), np.True_, False).item() == 4.0  # NumPy's bool is a number: no branch can be on it


def test_a_result_is_a_value_among_others() -> None:
    w = Value([1.0, 2.0])
    f = jit(lambda x: w * x)
    first, second = f(2.0), f(3.0)  # both wait for their backward
    ((first * second).sum() * 2.0).backward()
    assert first.data.tolist() == [2.0, 4.0]
    assert w.grad.tolist() == [2 * 2 * 6.0 * n for n in (1.0, 2.0)]


def test_a_second_backward_adds_the_same_again() -> None:
    w = Value([1.0, 2.0])
    loss = jit(lambda x: (w * x).sum())(2.0)
    loss.backward()
    first = w.grad
    loss.backward()
    assert w.grad.tolist() == [4.0, 4.0]
    assert first.tolist() == [2.0, 2.0]


def test_a_gradient_is_the_users_own() -> None:
    w, v = Value([1.0, 2.0]), Value([1.0, 2.0])
    f = jit(lambda x: (w + v * x).sum())
    f(2.0).backward()
    w.grad[...] = 7.0
    kept = v.grad
    assert v.grad.tolist() == [2.0, 2.0]
    f(5.0).backward()
    assert (w.grad.tolist(), v.grad.tolist(), kept.tolist()) == ([8.0, 8.0], [7.0, 7.0], [2.0, 2.0])


def test_results_outlive_the_next_call() -> None:
    w = Value([1.0, 2.0])
    f = jit(lambda x: w * x)
    kept = [f(float(n)).data for n in range(5)]
    assert [k.tolist() for k in kept] == [[n * 1.0, n * 2.0] for n in range(5)]


def test_no_grad_and_constants_have_no_gradient() -> None:
    w = Value(2.0)
    f = jit(lambda x: w * x)
    with no_grad():
        assert not f(3.0).requires_grad
    assert f(3.0).requires_grad
    assert not jit(lambda x: Value(2.0, requires_grad=False) * x)(3.0).requires_grad


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_gradient_that_is_one_number_everywhere_has_the_shape_of_its_parameter(dtype: Any) -> None:
    p = Value(np.ones((3, 1), dtype))
    jit(lambda x: am.sum(p) * x + am.sum(p))(2.0).backward()
    np.testing.assert_array_equal(p.grad, np.full((3, 1), 3.0, dtype), strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_of_an_array_without_axes_is_one_too(dtype: Any) -> None:
    p, x = [Value(np.array(data, dtype)) for data in (2.0, 3.0)]
    jit(lambda x: am.sin(p) * x)(x).backward()
    for value, gradient in ((p, 3 * np.cos(p.data)), (x, np.sin(p.data))):
        assert value.grad.__class__ is np.ndarray
        np.testing.assert_allclose(value.grad, gradient, rtol=1e-6, strict=True)


def test_an_array_that_is_returned_is_the_callers_own() -> None:
    f = jit(lambda x: (2.0 * x, np.ones(3)))
    f(1.0)[1][0] = 7.0
    np.testing.assert_array_equal(f(1.0)[1], np.ones(3))


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


def test_a_parameter_of_another_shape_is_traced_anew() -> None:
    w = Value([1.0, 2.0])
    f = jit(lambda x: (w * x).sum())
    assert f(2.0).data == 6.0
    w.data = np.ones(5)
    assert f(2.0).data == 10.0
    w.data = 4.0
    assert f(2.0).data == 8.0


def test_few_traces_are_kept_and_many_are_warned_of() -> None:
    w = Value(2.0)
    f = jit(lambda x: (w * x).sum())
    for n in range(1, 100):
        assert f(np.ones(n)).data == 2.0 * n
    with pytest.warns(UserWarning, match="traced 100 times"):
        f(np.ones(100))
    for n in range(101, 140):  # warnings are errors: it is said once
        assert f(np.ones(n)).data == 2.0 * n
    assert len(f._cache.traces) == 32


def test_the_word_about_many_traces_names_what_keeps_changing() -> None:
    settings = {"rate": 0.0}
    f = jit(lambda x: W * x * settings["rate"])
    for n in range(99):
        settings["rate"] = float(n)
        f(np.ones(2))
    settings["rate"] = -1.0
    with pytest.warns(
        UserWarning, match=r"because settings has changed; pass what keeps changing(.|\n)*f\(np.ones\(2\)\)"
    ):
        f(np.ones(2))
    assert len(f._cache.traces) == 1


def test_a_loss_in_float32_is_a_number_that_can_be_formatted() -> None:
    w = Value(np.ones((2, 2), np.float32))

    def f(x: Any) -> Any:
        return {"loss": (w * x).sum(), "last": (w * x)[1:, 1:].reshape(()), "rows": (w * x)[0]}

    replayed = jit(f)
    for x in (np.ones((2, 2), np.float32), np.full((2, 2), 3.0, np.float32)):
        expected, actual = f(x), replayed(x)
        assert type(actual["loss"].data) is np.float32
        assert f"{actual['loss'].data:.2f}" == f"{expected['loss'].data:.2f}"
        assert [type(z.data) for z in actual.values()] == [type(z.data) for z in expected.values()]
    assert type(jit(lambda x: x > 1.0)(3.0).data) is np.bool_


# ---------------------------------------------------------------- refusals

W = Value([1.0, 2.0])
REFUSED: dict[str, Callable[..., Any]] = {
    "an if": lambda x: W * x if x[0] > 0 else W,
    "an if on a parameter": lambda x: W * x if W[0] > 0 else W,
    "float()": lambda x: W * float(x[0]),
    "item()": lambda x: W * x[0].item(),
    "item() of a parameter": lambda x: x * W[0].item(),
    ".data": lambda x: W * x.data,
    "np.asarray": lambda x: W * np.asarray(x),
    "a function that is no op": lambda x: W * np.fft.fft(x),
    "range": lambda x: sum(W * i for i in range(x[0])),
    "an f-string": lambda x: W * len(f"{x[0]:.3f}"),
    "a list of them in Value": lambda x: Value([x[0], x[1]]) * W,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_replayed_is_refused_with_the_line(name: str) -> None:
    f = REFUSED[name]
    with pytest.raises(TypeError, match="lambda x") as error:
        jit(f)(np.array([1.0, 2.0]))
    assert isinstance(error.value, JitError) or "np.fft" in str(error.value)


def test_a_value_that_left_the_function_is_refused() -> None:
    kept: SimpleQueue[Any] = SimpleQueue()  # into which the guards do not look

    def f(x: Any) -> Any:
        kept.put(x * 2.0)
        return W * x

    jit(f)(1.0)
    with pytest.raises(JitError, match="used after its end"):
        kept.get() * 2.0


@pytest.mark.parametrize("shape", [(3,), ()])
@pytest.mark.parametrize("is_jitted", [False, True])
def test_a_parameter_that_a_result_does_not_depend_on_gets_no_gradient(shape: tuple[int, ...], is_jitted: bool) -> None:
    """An optimizer leaves alone what has none; with zeros weight decay would shrink it."""
    of_both, of_first, of_second, unused = (Value(np.ones(shape)) for _ in range(4))

    def f(x: Any, y: Value) -> Any:
        _ = unused * x
        return (of_both * of_first * x).sum(), (of_both * of_second * y).sum()

    argument = Value(2.0)
    first, second = (jit(f) if is_jitted else f)(3.0, argument)
    everything = (of_both, of_first, of_second, unused, argument)
    first.backward()
    assert [p.has_grad for p in everything] == [True, True, False, False, False]
    first.backward()  # which adds to what is there
    assert [p.has_grad for p in everything] == [True, True, False, False, False]
    second.backward(0.5)
    assert [p.has_grad for p in everything] == [True, True, True, False, True]


def test_a_gradient_of_a_gradient_through_a_program_is_refused() -> None:
    loss = jit(lambda x: (W * x).sum())(2.0)
    with pytest.raises(JitError, match="gradient of a gradient"):
        loss.backward(create_graph=True)


def test_a_value_that_is_written_into_an_array_is_refused_in_our_words() -> None:
    def f(x: Any) -> Any:
        array = np.zeros(2)
        array[0] = x
        return array.sum() * x

    with pytest.raises(
        JitError, match=r"array\[i\] = x reads the number of a Value.*\n  at test_jit.py:.*array\[0\] = x"
    ):
        jit(f)(2.0)
