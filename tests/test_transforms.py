"""Transforms: derivatives of functions, nested, forward and reverse, of containers; the judge is PyTorch."""

import copy
import math
import sys
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import nn
from autograd_mini import Value, exp, no_grad, ops
from autograd_mini.transforms import elementwise_grad, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

sys.path.append(str(Path(__file__).parent / "oracle"))
from compare import tensor  # it lies in another folder of tests
from gallery import CASES, for_each_op

SMOOTH = [
    (sample, kind)
    for sample, kind in CASES
    if all(operand.dtype == "float64" and operand.layout == "C" for operand in kind) and sample.op != "astype"
]


def operands_of(sample, kind, seed=7):
    rng = np.random.default_rng(seed)
    return tuple(operand.draw(domain, rng) for operand, domain in zip(kind, sample.domains, strict=True))


def directions_of(operands, seed=8):
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(size=x.shape) if isinstance(x, np.ndarray) else float(rng.normal()) for x in operands)


# ------------------------------------------------------------ every op


NOT_EMPTY = [(sample, kind) for sample, kind in SMOOTH if all(0 not in (operand.shape or ()) for operand in kind)]


@for_each_op(NOT_EMPTY)
def test_forward_mode_is_the_transpose_of_reverse_mode(case):
    sample, kind = case
    operands = operands_of(sample, kind)
    directions = directions_of(operands)
    with np.errstate(all="ignore"):
        output, tangent = jvp(sample.ours, operands, directions)
        assert np.shape(tangent) == np.shape(output)
        (g,) = directions_of((output,), seed=9)
        _, pullback = vjp(sample.ours, *operands)
        pulled = pullback(g)
    assert [np.shape(p) for p in pulled] == [np.shape(x) for x in operands]
    assert np.sum(g * tangent) == pytest.approx(
        sum(np.sum(p * t) for p, t in zip(pulled, directions, strict=True)), rel=1e-10, abs=1e-12, nan_ok=True
    )


TWICE = [case for case in NOT_EMPTY if case[0].second_order and "output_padding" not in case[0].call]  # PyTorch raises


@for_each_op(TWICE[::5])
def test_the_second_derivative_in_a_direction_is_pytorchs(case):
    sample, kind = case
    operands = operands_of(sample, kind)
    directions = directions_of(operands)
    with np.errstate(all="ignore"):
        ours = hvp(lambda *xs: (sample.ours(*xs) * sample.ours(*xs)).sum(), operands, directions)
    ours = ours if len(operands) > 1 else (ours,)
    tensors = tuple(tensor(x) for x in operands)
    vectors = tuple(tensor(x).detach() for x in directions)
    _, expected = torch.autograd.functional.hvp(lambda *xs: (sample.twin(*xs) ** 2).sum(), tensors, vectors)
    for actual, wanted in zip(ours, expected, strict=True):
        np.testing.assert_allclose(actual, wanted.numpy(), rtol=1e-8, atol=1e-9)


# ------------------------------------------------------------ one function, all transforms


def f(x):
    return (np.tanh(x[:-1] * x[1:]) * np.exp(-(x[1:] ** 2))).sum() + x[0] ** 3


def f_torch(x):
    return (torch.tanh(x[:-1] * x[1:]) * torch.exp(-(x[1:] ** 2))).sum() + x[0] ** 3


X = np.array([0.3, -0.7, 1.1, 0.4])


def test_gradient_jacobian_and_hessian_are_pytorchs():
    t = torch.tensor(X, requires_grad=True)
    np.testing.assert_allclose(grad(f)(X), torch.autograd.functional.jacobian(f_torch, t), rtol=1e-12)
    np.testing.assert_allclose(jacobian(f)(X), torch.autograd.functional.jacobian(f_torch, t), rtol=1e-12)
    np.testing.assert_allclose(hessian(f)(X), torch.autograd.functional.hessian(f_torch, t), rtol=1e-10)
    v = np.arange(4.0)
    np.testing.assert_allclose(hvp(f, (X,), (v,)), hessian(f)(X) @ v, rtol=1e-10)
    assert value_and_grad(f)(X)[0] == pytest.approx(f(X))


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (1, 4), (4, 1)])
def test_a_jacobian_is_the_same_by_rows_and_by_columns(shape):
    matrix = np.random.default_rng(0).normal(size=shape)
    x = np.random.default_rng(1).normal(size=shape[1])
    expected = matrix * (1 - np.tanh(matrix @ x) ** 2)[:, None]
    np.testing.assert_allclose(jacobian(lambda x: np.tanh(matrix @ x))(x), expected, rtol=1e-12)


def test_third_and_fourth_derivatives():
    d = np.sin
    for sign, wave in [(1, np.cos), (-1, np.sin), (-1, np.cos), (1, np.sin)]:
        d = grad(d)
        assert d(0.7) == pytest.approx(sign * wave(0.7), rel=1e-13)
    by_torch = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    z = torch.tanh(by_torch) * torch.exp(by_torch)
    for _ in range(3):
        (z,) = torch.autograd.grad(z, by_torch, create_graph=True)
    third = grad(grad(grad(lambda x: np.tanh(x) * np.exp(x))))(0.7)
    assert third == pytest.approx(z.item(), rel=1e-10)


def test_forward_over_reverse_over_forward():
    def df(x):
        return jvp(np.sin, (x,), (1.0,))[1]

    assert df(0.7) == pytest.approx(np.cos(0.7))
    assert grad(df)(0.7) == pytest.approx(-np.sin(0.7))
    assert jvp(grad(df), (0.7,), (1.0,))[1] == pytest.approx(-np.cos(0.7))
    assert jvp(lambda x: jvp(df, (x,), (1.0,))[1], (0.7,), (1.0,))[1] == pytest.approx(-np.cos(0.7))


@pytest.mark.parametrize("inner", ["grad", "jvp"])
@pytest.mark.parametrize("outer", ["grad", "jvp"])
def test_perturbations_are_not_confused(inner, outer):
    """d/dx (x * d/dy (x + y)) = 1; who takes the one derivative for the other gets 2 (Siskind and Pearlmutter)."""

    def derivative(how, function, at):
        return grad(function)(at) if how == "grad" else jvp(function, (at,), (1.0,))[1]

    assert derivative(outer, lambda x: x * derivative(inner, lambda y: x + y, 1.0), 1.0) == 1.0
    # and with the inner one used: d/dx (x * d/dy (x * y * y)) at y = 3 is d/dx (6 x x) = 12 x
    assert derivative(outer, lambda x: x * derivative(inner, lambda y: x * y * y, 3.0), 2.0) == 24.0


# ------------------------------------------------------------ arguments


@dataclass
class Weights:
    w: object
    b: object


Pair = namedtuple("Pair", "first second")


def test_containers_keep_their_form():
    tree = {
        "layers": [Weights(np.ones((2, 3)), 1.0), Weights(np.ones(3), 2.0)],
        "scale": (2.0, None),
        "pair": Pair(1.0, 2.0),
    }

    def total(p):
        first, second = p["layers"]
        return (first.w * 2).sum() * first.b + (second.w * second.b).sum() + p["scale"][0] ** 2 + p["pair"].second

    gradient = grad(total)(tree)
    assert list(gradient) == list(tree)
    assert isinstance(gradient["layers"][0], Weights)
    np.testing.assert_array_equal(gradient["layers"][0].w, np.full((2, 3), 2.0))
    assert gradient["layers"][0].b == 12.0
    np.testing.assert_array_equal(gradient["layers"][1].w, np.full(3, 2.0))
    assert gradient["scale"] == (4.0, None)
    assert gradient["pair"] == Pair(0.0, 1.0)


def test_argnums_may_be_several_or_negative():
    def g(x, y, z):
        return x * y**2 * z**3

    assert grad(g, argnums=1)(1.0, 2.0, 3.0) == 4.0 * 27
    assert grad(g, argnums=(2, 0))(1.0, 2.0, 3.0) == (4.0 * 27, 4.0 * 27)
    assert grad(g, argnums=-1)(1.0, 2.0, 3.0) == 4.0 * 27
    assert value_and_grad(g, argnums=(0,))(1.0, 2.0, 3.0) == (108.0, (108.0,))


def test_keywords_are_passed_on_and_not_differentiated():
    assert grad(lambda x, power=2: x**power)(3.0, power=3) == 27.0


def test_auxiliary_output_is_passed_on_as_plain_numbers():
    def g(x):
        return (x * x).sum(), {"double": 2 * x, "note": "text"}

    value, gradient = value_and_grad(g, has_aux=True)(np.array([1.0, 2.0]))
    assert value[0] == 5.0
    assert value[1]["note"] == "text"
    assert type(value[1]["double"]) is np.ndarray
    np.testing.assert_array_equal(gradient, [2.0, 4.0])
    gradient, aux = grad(g, has_aux=True)(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(aux["double"], gradient)
    _, pullback, aux = vjp(g, np.array([1.0, 2.0]), has_aux=True)
    np.testing.assert_array_equal(pullback(1.0)[0], gradient)


def test_derivatives_that_are_zero_and_tangents_are_of_the_arguments_dtype_too():
    x, zero = np.arange(1.0, 4.0, dtype=np.float32), np.array(1.0, np.float32)
    w = np.ones((3, 2), np.float32)
    derivatives = [
        grad(lambda p: p["a"].sum())({"a": x, "b": x})["b"],
        grad(lambda x: 5.0)(x),
        grad(lambda x: 5.0)(zero),
        vjp(lambda x, y: x, x, x)[1](x)[1],
        jvp(lambda x: np.ones(3, np.float32), (x,), (x,))[1],
        jvp(lambda x: np.exp(x @ w).sum(), (x,), (x,))[1],
        jvp(lambda x: np.concatenate([x, w[0]]), (x,), (x,))[1],
        jvp(np.exp, (x,), (x.astype(float),))[1],
        jacobian(lambda x: np.outer(x, x))(x),
        jacobian(lambda x: np.stack([x, x]))(zero),
        jacobian(lambda x: x * 2)(x[:0]),
        hessian(np.sum)(x),
        hvp(np.sum, (x,), (x,)),
    ]
    assert [np.asarray(derivative).dtype for derivative in derivatives] == [np.float32] * len(derivatives)


def test_results_are_plain_and_of_the_arguments_dtype():
    assert type(grad(lambda x: x * x)(2)) is float
    gradient = grad(lambda x: (x * x).sum())(np.ones(3, np.float32))
    assert gradient.dtype == np.float32
    assert type(gradient) is np.ndarray


def test_on_a_value_the_result_is_a_value():
    x = Value(2.0)
    slope = grad(lambda y: y**3)(x)
    assert isinstance(slope, Value)
    slope.backward()
    assert x.grad == 12.0


def test_a_model_that_f_closes_over_is_left_alone():
    nn.manual_seed(0)
    model = nn.MLP(2, [3, 1])
    x = np.array([[1.0, 2.0]])
    gradient = grad(lambda x: model(x).sum())(x)
    assert type(gradient) is np.ndarray
    assert not any(parameter.has_grad for parameter in model.parameters())


def test_a_part_of_the_output_that_is_none_has_no_derivative():
    def f(x):
        return {"square": x * x, "nothing": None}

    output, pullback = vjp(f, 3.0)
    assert output == {"square": 9.0, "nothing": None}
    assert pullback({"square": 1.0, "nothing": None}) == (6.0,)
    assert jvp(f, (3.0,), (1.0,))[1] == jacobian(f)(3.0) == {"square": 6.0, "nothing": None}


def test_what_f_does_not_use_has_gradient_zero():
    assert grad(lambda x, y: y * 2, argnums=(0, 1))(3.0, 4.0) == (0.0, 2.0)
    np.testing.assert_array_equal(grad(lambda x: 5.0)(np.ones(2)), [0.0, 0.0])
    assert jvp(lambda x: 5.0, (1.0,), (1.0,)) == (5.0, 0.0)
    np.testing.assert_array_equal(jacobian(lambda x: np.ones(2))(1.0), [0.0, 0.0])


def test_no_grad_outside_does_not_stop_a_transform_and_inside_does():
    with no_grad():
        assert grad(lambda x: x * x)(3.0) == 6.0

    def with_a_constant(x):
        with no_grad():
            factor = x * 1.0
        return factor * x

    assert grad(with_a_constant)(3.0) == 3.0


def test_pullback_may_be_called_again():
    output, pullback = vjp(lambda x: np.exp(x), np.array([0.0, 1.0]))
    np.testing.assert_allclose(pullback(np.array([1.0, 0.0]))[0], [1.0, 0.0])
    np.testing.assert_allclose(pullback(np.array([0.0, 2.0]))[0], [0.0, 2 * np.e])
    np.testing.assert_allclose(output, np.exp([0.0, 1.0]))


def test_output_containers_go_forward_and_back():
    def g(x, y):
        return {"product": x * y, "sums": [x.sum(), y + 0.0]}

    x = np.array([1.0, 2.0])
    output, pullback = vjp(g, x, 3.0)
    np.testing.assert_array_equal(output["product"], [3.0, 6.0])
    by_x, by_y = pullback({"product": np.array([1.0, 1.0]), "sums": [2.0, 5.0]})
    np.testing.assert_array_equal(by_x, [5.0, 5.0])
    assert by_y == 8.0
    _, tangent = jvp(g, (x, 3.0), (np.array([1.0, 0.0]), 1.0))
    np.testing.assert_array_equal(tangent["product"], [4.0, 2.0])
    assert tangent["sums"] == [1.0, 1.0]


def test_elementwise_grad_is_the_derivative_at_each_element():
    x = np.linspace(-2, 2, 9)
    np.testing.assert_allclose(elementwise_grad(np.tanh)(x), 1 - np.tanh(x) ** 2)
    np.testing.assert_allclose(elementwise_grad(elementwise_grad(np.tanh))(x), -2 * np.tanh(x) * (1 - np.tanh(x) ** 2))


def test_a_chain_of_a_hundred_thousand_goes_forward():
    def long(x):
        for _ in range(100_000):
            x = x + 1.0
        return x

    assert jvp(long, (0.0,), (2.0,)) == (100_000.0, 2.0)


def test_hessian_of_containers_is_a_container_of_containers():
    h = hessian(lambda p: (p["a"] ** 2 * p["b"]).sum())({"a": np.array([1.0, 2.0]), "b": 3.0})
    np.testing.assert_allclose(h["a"]["a"], np.diag([6.0, 6.0]))
    np.testing.assert_allclose(h["a"]["b"], [2.0, 4.0])
    np.testing.assert_allclose(h["b"]["a"], [2.0, 4.0])
    assert h["b"]["b"] == 0.0


# ------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: grad(lambda x: x * 2)(np.ones(3)), ValueError, r"the result of f has shape \(3,\), and only a single"),
        (lambda: grad(lambda x: {"a": x})(1.0), ValueError, "the result of f is a dict"),
        (lambda: grad(3.0), TypeError, "the first argument is the function, not a float"),
        (lambda: grad(Value(3.0) ** 2, Value(3.0)), TypeError, r"not a Value; of Values, loss\.backward\(\) fills in"),
        (lambda: elementwise_grad(3.0), TypeError, "elementwise_grad: the first argument is the function, not a float"),
        (lambda: hessian(np.ones(2)), TypeError, "the first argument is the function, not a ndarray"),
        (lambda: grad(lambda x: x, argnums=2)(1.0), ValueError, "argnums names argument 2, and there are 1"),
        (lambda: grad(lambda p: p["w"])({"w": 1.0, "name": "net"}), TypeError, r"argument 0\['name'\] is 'net'; only"),
        (lambda: grad(lambda x: x)(1 + 2j), TypeError, r"is \(1\+2j\); only numbers"),
        (lambda: jvp(np.sin, 1.0, 1.0), TypeError, r"args is a tuple, .* such as \(x,\)"),
        (lambda: jvp(np.sin, (np.ones(2),), (1.0,)), ValueError, r"the arguments\[0\] has shape \(2,\), .* it \(\)"),
        (lambda: jvp(np.sin, (1.0,), (1.0, 2.0)), ValueError, "must have the form of the arguments"),
        (
            lambda: vjp(np.sin, np.ones(2))[1](1.0),
            ValueError,
            r"the output has shape \(2,\), .* for it \(\)",
        ),
        (lambda: grad(lambda x: x, has_aux=True)(1.0), TypeError, "with has_aux, f returns a pair"),
        (lambda: grad(math.sin)(1.0), TypeError, r"a function of math, would cut .* use NumPy's function"),
        (lambda: jvp(lambda x: x * math.exp(x), (1.0,), (1.0,)), TypeError, "a function of math"),
        (lambda: grad(lambda x: copy.copy(x) ** 2)(1.0), TypeError, r"would be cut off .* use np\.copy\(x\)"),
        (lambda: grad(lambda x: copy.deepcopy(x) ** 2)(1.0), TypeError, "would be cut off"),
        (lambda: grad(lambda x: (x * np.ma.masked_array([1.0], [1])).sum())(1.0), TypeError, "MaskedArray computes by"),
        (lambda: grad(lambda x: None)(1.0), ValueError, "f returns None; is its return missing?"),
        (lambda: grad(lambda x: x, argnums="x")(1.0), TypeError, "argnums is the place of an argument"),
        (lambda: grad(lambda x: x)(x=1.0), ValueError, "given by position, not by name"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_an_error_inside_leaves_no_transform_at_work():
    def broken(x):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        grad(broken)(1.0)
    assert type(grad(lambda x: exp(x))(0.0)) is float
    assert type(grad(lambda x: ops.exp(x))(0.0)) is float


# ---------------------------------------------------------------- errors name the transform, and what to do


@pytest.mark.parametrize("transform", [grad, value_and_grad, hessian, elementwise_grad])
def test_an_error_names_the_transform_that_was_called(transform: Any) -> None:
    with pytest.raises(ValueError, match=f"^{transform.__name__}: argnums names argument 3"):
        transform(lambda x: x, argnums=3)(X)
    if transform is not elementwise_grad:
        with pytest.raises(ValueError, match=f"^{transform.__name__}: the result of f has shape"):
            transform(lambda x: x * x)(X)


@pytest.mark.parametrize(
    ("args", "vectors", "words"),
    [
        (X, (X,), "hvp: args is a tuple"),
        ((X,), X, "hvp: vectors is a tuple"),
        ((X,), (X[:1],), "hvp: the arguments"),
        ((X,), (), "hvp: what is given must have the form"),
    ],
)
def test_an_error_of_hvp_names_hvp(args: Any, vectors: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        hvp(lambda x: (x * x).sum(), args, vectors)
    with pytest.raises(ValueError, match=r"^hvp: the result of f has shape"):
        hvp(lambda x: x * x, (X,), (X,))


def written_into(array: Any, index: Any) -> Any:
    def f(x: Any) -> Any:
        array[index] = x
        return array.sum()

    return f


@pytest.mark.parametrize(
    ("array", "index", "x"),
    [(np.zeros(3), 0, 2.0), (np.zeros(3), slice(None, 2), np.ones(2)), (np.zeros((2, 2)), (0, 1), 2.0)],
)
@pytest.mark.parametrize("transform", [grad, jacobian, lambda f: lambda x: jvp(f, (x,), (x,))])
def test_a_value_that_is_written_into_an_array_says_how_to_make_one(
    array: Any, index: Any, x: Any, transform: Any
) -> None:
    with pytest.raises(TypeError, match=r"np\.stack\(\[x, y\]\).*np\.where\(.*\n  at test_transforms.py:.*= x$"):
        transform(written_into(array, index))(x)
    assert not array.any()


def test_another_error_of_the_users_is_left_as_it_is() -> None:
    def f(x: Any) -> Any:
        np.zeros(3)[0] = [1.0, 2.0]
        return x

    with pytest.raises(ValueError, match="setting an array element with a sequence"):
        grad(f)(1.0)


@pytest.mark.parametrize("x", [3.0, [3.0, 1.0]], ids=["number", "array"])
def test_a_value_that_requires_no_gradient_is_differentiated_like_its_data(x: Any) -> None:
    constant, data = Value(x, requires_grad=False), np.asarray(x)[()]

    def f(x: Any) -> Any:
        return (x * x * x).sum() if np.shape(x) else x * x * x

    for derivative in (grad(f)(constant), jvp(f, (constant,), (np.ones_like(data),))[1], vjp(f, constant)[1](1.0)[0]):
        assert not derivative.requires_grad
        assert np.sum(derivative.data) == np.sum(3.0 * data**2)
    assert np.sum(grad(lambda x: grad(f)(x).sum())(constant).data) == np.sum(6.0 * data)
    assert np.sum(grad(lambda y: (grad(f)(constant) * y).sum())(data)) == np.sum(3.0 * data**2)


def test_a_function_that_changes_the_containers_it_is_given_is_differentiated_by_what_it_was_given() -> None:
    def scales(p: Any) -> Any:
        p["w"] = p["w"] * 3.0
        return p["w"] ** 2

    def takes_out(p: Any) -> Any:
        return p.pop("w") ** 2

    given = {"w": 1.0}
    assert grad(scales)(given) == value_and_grad(scales)(given)[1] == {"w": 18.0}
    assert jvp(scales, (given,), (given,)) == (9.0, 18.0)
    assert hvp(scales, (given,), (given,)) == {"w": 18.0}
    assert grad(takes_out)({"w": 3.0}) == {"w": 6.0}
    assert grad(lambda xs: (xs.append(xs[0] * 2.0), xs[-1] ** 2)[1])([3.0]) == [24.0]
    assert grad(lambda xs: (xs.reverse(), xs[0] * 10.0 + xs[1])[1])([1.0, 2.0]) == [1.0, 10.0]
    assert given == {"w": 1.0}


def test_directions_are_found_by_their_keys_in_whatever_order_they_stand() -> None:
    def f(p: Any) -> Any:
        return p["a"] ** 2 * p["b"]

    at, along = {"a": 3.0, "b": 5.0}, {"b": 1.0, "a": 10.0}
    assert jvp(f, (at,), (along,)) == (45.0, 2 * 3.0 * 5.0 * 10.0 + 9.0)
    assert hvp(f, (at,), (along,)) == {"a": 2 * 5.0 * 10.0 + 2 * 3.0 * 1.0, "b": 2 * 3.0 * 10.0}
    output, pullback = vjp(lambda x: {"u": x, "v": 2.0 * x}, 1.0)
    assert output == {"u": 1.0, "v": 2.0}
    assert pullback({"v": 1.0, "u": 10.0}) == (12.0,)


def test_an_argument_that_is_named_twice_has_its_gradient_twice() -> None:
    assert grad(lambda x: x * x, argnums=(0, 0))(3.0) == (6.0, 6.0)
    assert grad(lambda x, y: x * y, argnums=(1, -2, -1))(3.0, 5.0) == (3.0, 5.0, 3.0)
