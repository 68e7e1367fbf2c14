"""Sums of products of numbers that are a matrix product, and sums that only look like one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, tanh
from autograd_mini.compiler.jit import jit
from tests.jit.test_pack import assert_alike

Neuron = Callable[[list[Value], Value, list[Any], Any], Any]  # weights, bias, the inputs of one sample, something else


def values(*shape: int) -> Any:
    """Parameters, the same at each call, in nested lists."""
    rng = np.random.default_rng(0)
    numbers = iter(rng.uniform(0.5, 1.5, int(np.prod(shape))).tolist())
    return nested(shape, lambda: Value(next(numbers)))


def nested(shape: tuple[int, ...], make: Callable[[], Any]) -> Any:
    return [nested(shape[1:], make) for _ in range(shape[0])] if shape else make()


def flat(tree: Any) -> list[Value]:
    return [x for part in tree for x in flat(part)] if isinstance(tree, list) else [tree]


def layer_of(neuron: Neuron, neurons: int = 5, inputs: int = 4) -> tuple[Callable[..., Any], list[Value]]:
    """The loss of a layer of such neurons and its parameters; it takes a list of samples."""
    weights, biases, others = values(neurons, inputs), values(neurons), values(neurons)

    def loss(samples: Any) -> Any:
        return sum([tanh(neuron(w, b, x, c)) for x in samples for w, b, c in zip(weights, biases, others, strict=True)])

    return loss, flat([weights, biases, others])


def dot(xs: list[Any], ys: list[Any]) -> Any:
    return sum([x * y for x, y in zip(xs, ys, strict=True)])


def from_bias(w: list[Value], b: Value, x: list[Any], c: Value) -> Any:
    z: Any = b
    for wi, xi in zip(w, x, strict=True):
        z = z + wi * xi
    return z


NEURONS: dict[str, Neuron] = {
    "the bias first": from_bias,
    "the bias last": lambda w, b, x, c: dot(w, x) + b,
    "no bias": lambda w, b, x, c: dot(w, x),
    "inputs times weights": lambda w, b, x, c: dot(x, w) + b,
    "two biases": lambda w, b, x, c: c + dot(w, x) + b,
    "a number for all": lambda w, b, x, c: 0.5 + dot(w, x),
    "an input added": lambda w, b, x, c: dot(w, x) + x[0],
    "a product of its own added": lambda w, b, x, c: dot(w, x) + tanh(x[0] * c),
    "one weight in two places": lambda w, b, x, c: dot([w[0], w[0], *w[2:]], x) + b,
}


def samples(count: int = 6, inputs: int = 4) -> Any:
    return np.random.default_rng(1).uniform(-1, 1, (count, inputs)).tolist()


def names_of(f: Callable[..., Any], *args: Any) -> list[str]:
    return [op.name for op in jit(f)(*args).program().ops]


@pytest.mark.parametrize("name", NEURONS)
def test_a_layer_of_written_out_neurons_is_a_matrix_product(name: str) -> None:
    loss, parameters = layer_of(NEURONS[name])
    assert_alike(loss, [p for p in parameters if p in used(loss, parameters)], [(samples(),), (samples(),)])
    assert names_of(loss, samples()).count("matmul") >= 2  # forward, and by the weights


def used(loss: Callable[..., Any], parameters: list[Value]) -> set[Value]:
    loss(samples()).backward()
    return {p for p in parameters if p.has_grad}


@pytest.mark.parametrize(("neurons", "count", "inputs"), [(1, 14, 3), (14, 1, 3), (3, 4, 2), (2, 20, 17)])
def test_any_number_of_neurons_samples_and_inputs_will_do(neurons: int, count: int, inputs: int) -> None:
    loss, parameters = layer_of(from_bias, neurons, inputs)
    weights_and_biases = parameters[: neurons * (inputs + 1)]
    assert_alike(loss, weights_and_biases, [(samples(count, inputs),)])
    assert "matmul" in names_of(loss, samples(count, inputs))


def test_neurons_outside_and_samples_inside_are_one_too() -> None:
    weights = values(4, 3)

    def loss(xs: Any) -> Any:
        return sum([tanh(dot(w, x)) for w in weights for x in xs])

    assert_alike(loss, flat(weights), [(samples(5, 3),)])
    assert "matmul" in names_of(loss, samples(5, 3))


def test_layers_on_layers_of_numbers_are_a_matrix_product_each() -> None:
    first, second = values(5, 3), values(4, 5)

    def loss(xs: Any) -> Any:
        hidden = [[tanh(dot(w, x)) for w in first] for x in xs]
        return sum([tanh(dot(w, h)) for h in hidden for w in second])

    assert_alike(loss, [*flat(first), *flat(second)], [(samples(6, 3),)])
    assert names_of(loss, samples(6, 3)).count("matmul") == 5  # of the first layer nobody asks for the inputs' gradient


LOOKALIKES: dict[str, Callable[[Any, Any], Any]] = {
    "weights for each sample": lambda ws, xs: [dot(w, x) for w, x in zip(ws, xs, strict=True)],
    "one weight that differs": lambda ws, xs: [
        dot(w if (i, j) != (2, 3) else [ws[7][0], *w[1:]], x) for i, x in enumerate(xs) for j, w in enumerate(ws[:4])
    ],
    "one input that differs": lambda ws, xs: [
        dot(w, x if (i, j) != (5, 2) else [*x[:3], xs[0][0]]) for i, x in enumerate(xs) for j, w in enumerate(ws[:4])
    ],
    "a sample without the last neuron": lambda ws, xs: [
        dot(w, x) for i, x in enumerate(xs) for j, w in enumerate(ws[:4]) if (i, j) != (5, 3)
    ],
    "factors that change places": lambda ws, xs: [
        dot(w, x) if j % 2 else dot(x, w) for x in xs for j, w in enumerate(ws[:4])
    ],
    "neighbours, as in a convolution": lambda ws, xs: [
        dot(ws[0][:3], row[i : i + 3]) for row in xs for i in range(len(row) - 2)
    ],
}


@pytest.mark.parametrize("name", LOOKALIKES)
def test_sums_that_only_look_like_a_matrix_product_agree_too(name: str) -> None:
    weights = values(8, 4)

    def loss(xs: Any) -> Any:
        return sum([tanh(z) for z in LOOKALIKES[name](weights, xs)])

    loss(samples(8)).backward()
    assert_alike(loss, [w for w in flat(weights) if w.has_grad], [(samples(8),)])


def test_a_product_that_somebody_else_uses_is_computed() -> None:
    weights = values(4, 3)

    def loss(xs: Any) -> Any:
        products = [[[wi * xi for wi, xi in zip(w, x, strict=True)] for w in weights] for x in xs]
        return sum([tanh(sum(of_one)) for row in products for of_one in row]) + products[1][2][0] ** 2

    assert_alike(loss, flat(weights), [(samples(5, 3),)])


def test_products_that_are_returned_are_computed() -> None:
    weights = values(4, 3)

    @jit
    def both(xs: Any) -> Any:
        products = [[[wi * xi for wi, xi in zip(w, x, strict=True)] for w in weights] for x in xs]
        return [sum(of_one) for row in products for of_one in row], products[1][2][0]

    xs = samples(5, 3)
    sums, product = both(xs)
    assert product.data == weights[2][0].data * xs[1][0]
    expected = [sum([wi.data * xi for wi, xi in zip(w, x, strict=True)]) for x in xs for w in weights]
    np.testing.assert_allclose([z.data for z in sums], expected, rtol=1e-12)


def test_ieee_rules_hold_in_a_matrix_product() -> None:
    weights = values(4, 3)

    @jit
    def loss(xs: Any) -> Any:
        return [dot(w, x) for x in xs for w in weights]

    xs = samples(5, 3)
    xs[1][2], xs[3][0], xs[4][1] = np.inf, -np.inf, np.nan
    answers = np.reshape([z.data for z in loss(xs)], (5, 4))
    assert np.isfinite(answers[[0, 2]]).all()
    assert (answers[1] == np.inf).all()
    assert (answers[3] == -np.inf).all()
    assert np.isnan(answers[4]).all()
