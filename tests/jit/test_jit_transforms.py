"""Derivatives of jitted functions, jitted derivatives, and jitted functions inside of others: as without jit."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
import optim
from autograd_mini import Value, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit
from autograd_mini.tree import leaves_of

W = Value(3.0)
X = np.array([0.5, -1.0, 2.0])
ONES = np.ones(3)


def f(x: Any) -> Any:
    return (am.tanh(x) * x * W).sum()


def plain(tree: Any) -> list[Any]:
    return [x.data if isinstance(x, Value) else x for x in leaves_of(tree)]


TRANSFORMS: dict[str, Callable[..., Any]] = {
    "grad": lambda f: grad(f)(X),
    "value_and_grad": lambda f: value_and_grad(f)(X),
    "jvp": lambda f: jvp(f, (X,), (ONES,)),
    "vjp": lambda f: vjp(f, X)[1](2.0),
    "jacobian": lambda f: jacobian(lambda x: f(x) * x)(X),
    "hessian": lambda f: hessian(f)(X),
    "hvp": lambda f: hvp(f, (X,), (ONES,)),
    "a third derivative": lambda f: grad(lambda x: grad(lambda x: grad(f)(x).sum())(x).sum())(X),
    "a gradient by what is closed over": lambda f: grad(lambda y: f(X * y) + f(X + y))(2.0),
    "grad of a pullback": lambda f: grad(lambda g: vjp(f, X)[1](g)[0].sum())(2.0),
    "grad beside a result": lambda f: grad(lambda y: f(X).item() * y)(2.0),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_of_a_jitted_function_gives_what_it_gives_without(name: str) -> None:
    transform = TRANSFORMS[name]
    replayed = jit(f)
    replayed(X)
    for expected, actual in zip(plain(transform(f)), plain(transform(replayed)), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


JITTED: dict[str, Callable[..., Any]] = {
    "grad": grad,
    "value_and_grad": value_and_grad,
    "hessian": hessian,
    "jvp": lambda f: lambda x: jvp(f, (x,), (ONES,)),
    "hvp": lambda f: lambda x: hvp(f, (x,), (x * x,)),
    "nested": lambda f: lambda x: f(x) * f(x + 1.0),
}


@pytest.mark.parametrize("inner", [lambda f: f, jit], ids=["of a function", "of a jitted one"])
@pytest.mark.parametrize("name", JITTED)
def test_a_jitted_transform_replays_what_the_transform_gives(name: str, inner: Any) -> None:
    transform = JITTED[name]
    replayed = jit(transform(inner(f)))
    for x in (X, X + 1.0, X * 2.0):
        for expected, actual in zip(plain(transform(f)(Value(x))), plain(replayed(x)), strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


def test_a_first_derivative_replays_the_program_and_others_run_the_function(capsys: pytest.CaptureFixture[str]) -> None:
    def counted(x: Any) -> Any:
        print("runs")  # into which the guards do not look
        return f(x)

    replayed = jit(counted)
    for transform, more in ((grad, 1), (grad, 0), (value_and_grad, 0), (hessian, 1), (grad, 0)):
        transform(replayed)(X)
        assert capsys.readouterr().out.count("runs") == more


def test_a_whole_step_of_momentum_is_one_program() -> None:
    model = nn.MLP(2, [3, 1])
    parameters = list(model.parameters())
    optimizer = optim.SGD(parameters, lr=0.1, momentum=0.9)
    weights = [p.data for p in parameters]
    velocities = [np.zeros_like(p.data) for p in parameters]

    def loss(weights: Any, x: Any, y: Any) -> Any:
        first, bias, second, last = weights
        return nn.mse_loss(am.linear(am.relu(am.linear(x, first, bias)), second, last), y)

    @jit
    def step(weights: Any, velocities: Any, x: Any, y: Any) -> Any:
        value, gradients = value_and_grad(loss)(weights, x, y)
        velocities = [0.9 * v + g for v, g in zip(velocities, gradients, strict=True)]
        return value, [w - 0.1 * v for w, v in zip(weights, velocities, strict=True)], velocities

    rng = np.random.default_rng(0)
    for _ in range(5):
        x, y = rng.normal(size=(6, 2)), rng.normal(size=(6, 1))
        optimizer.zero_grad()
        nn.mse_loss(model(x), y).backward()
        optimizer.step()
        _, weights, velocities = [plain(part) for part in step(weights, velocities, x, y)]
        for w, p in zip(weights, parameters, strict=True):
            np.testing.assert_allclose(w, p.data, rtol=1e-12, atol=1e-14)


def test_dropout_in_a_derivative_draws_as_without_jit() -> None:
    dropout = nn.Dropout(0.5)
    x = np.ones(20)
    for transform in (grad, hessian):
        answers = []
        for g in (lambda x: (dropout(x) ** 2).sum(), jit(lambda x: (dropout(x) ** 2).sum())):
            nn.manual_seed(2)
            answers.append(transform(g)(x))
        np.testing.assert_array_equal(*answers)


def test_a_gradient_of_a_gradient_through_a_program_is_refused_with_the_line() -> None:
    loss = jit(f)(X)
    with pytest.raises(JitError, match=r"gradient of a gradient(.|\n)*loss.backward\(create_graph=True\)"):
        loss.backward(create_graph=True)


@pytest.mark.parametrize(
    "look", [lambda y: str(am.explain(y)), lambda y: am.diagnose(y, [W])], ids=["explain", "diagnose"]
)
def test_who_wants_to_see_each_step_is_told_to_call_the_function_itself(look: Any) -> None:
    with pytest.raises(JitError, match=r"no graph inside, only its program; call f.__wrapped__") as error:
        look(jit(f)(X))
    assert "test_jit_transforms.py" in str(error.value)


class Model:
    def __init__(self) -> None:
        self.w = Value(2.0)
        self.loss = jit(self._loss)

    def _loss(self, x: Any) -> Any:
        return self.w * x


@jit
def decorated(x: Any) -> Any:
    return W * x


def test_a_copy_of_an_object_with_a_jitted_method_has_parameters_of_its_own() -> None:
    model = Model()
    model.loss(1.0)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        twin.w.data = 5.0
        assert (twin.loss(1.0).data, model.loss(1.0).data) == (5.0, 2.0)


def test_a_decorated_function_is_pickled_by_its_name() -> None:
    assert pickle.loads(pickle.dumps(decorated)) is decorated


def test_a_result_does_not_go_into_a_pickle() -> None:
    with pytest.raises(JitError, match=r"take result.detach\(\)"):
        pickle.dumps(jit(f)(X))
    assert pickle.loads(pickle.dumps(jit(f)(X).detach())).data == f(Value(X)).data
