"""Optimizers: what they take, what they refuse, and that a step that fails has changed nothing."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd_mini import Value

EVERY = [optim.SGD, optim.Adam, optim.AdamW, optim.NAdam, optim.RMSprop, optim.Adagrad, optim.Adadelta, optim.Lion]
# each with everything switched on, so that all of the state is there
LOADED = [
    lambda params: optim.SGD(params, lr=0.1, momentum=0.9, weight_decay=0.1),
    lambda params: optim.Adam(params, lr=0.1, amsgrad=True, weight_decay=0.1),
    lambda params: optim.AdamW(params, lr=0.1, amsgrad=True),
    lambda params: optim.RMSprop(params, lr=0.1, momentum=0.9, centered=True),
    lambda params: optim.NAdam(params, lr=0.1, weight_decay=0.1),
    lambda params: optim.Adagrad(params, lr=0.1, weight_decay=0.1, lr_decay=0.1),
    lambda params: optim.Adadelta(params, lr=0.1, weight_decay=0.1),
    lambda params: optim.Lion(params, lr=0.1, weight_decay=0.1),
]


def trained(make: Any, dtype: Any = np.float64) -> tuple[list[Value], optim.Optimizer]:
    """Three parameters of three shapes, after three steps and with fresh gradients."""
    params = [Value(np.ones((3, 2), dtype)), Value(np.ones(2, dtype)), Value(0.5), Value(np.ones((), dtype))]
    optimizer = make(params)
    for _ in range(3):
        optimizer.step()
        optimizer.zero_grad()
        ((params[0] * params[1]).sum() * params[2] * params[3] * 2.0).backward()
    optimizer.step()
    return params, optimizer


# ---------------------------------------------------------------- what they do


@pytest.mark.parametrize("make", LOADED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_data_keeps_its_kind_and_dtype(make: Any, dtype: Any) -> None:
    params, optimizer = trained(make, dtype)
    assert [p.dtype for p in params] == [dtype, dtype, np.float64, dtype]
    assert [type(p.data) for p in params] == [np.ndarray, np.ndarray, float, np.ndarray]
    for array in optimizer.state[0].values():
        assert getattr(array, "dtype", dtype) == dtype


@pytest.mark.parametrize("make", LOADED)
def test_a_learning_rate_of_numpys_own_float_keeps_float32(make: Any) -> None:
    params, optimizer = trained(make, np.float32)
    optimizer.lr = np.float64(0.1) * np.cos(0.3)
    optimizer.step()
    assert params[0].dtype == np.float32


@pytest.mark.parametrize("make", LOADED)
def test_a_step_leaves_gradients_and_earlier_data_alone(make: Any) -> None:
    params, optimizer = trained(make)
    before, data, grad = params[0].data.copy(), params[0].data, params[0].grad.copy()
    optimizer.step()
    np.testing.assert_array_equal(data, before)  # whoever kept the array keeps its numbers
    np.testing.assert_array_equal(params[0].grad, grad)
    assert not np.array_equal(params[0].data, before)


def test_a_gradient_that_is_clipped_in_place_after_a_step_does_not_reach_the_momentum() -> None:
    w = Value([1.0, 2.0])
    optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
    (w * 3).sum().backward()
    optimizer.step()
    w.grad[...] = 0
    assert optimizer.state[0]["momentum_buffer"].tolist() == [3.0, 3.0]


def test_zero_grad_forgets_and_a_second_step_does_nothing() -> None:
    w = Value(1.0)
    optimizer = optim.SGD([w], lr=0.1)
    (w * w).backward()
    optimizer.zero_grad()
    optimizer.step()
    assert not w.has_grad
    assert w.data == 1.0


def test_the_learning_rate_may_be_changed_between_steps() -> None:
    w = Value(1.0)
    optimizer = optim.SGD([w], lr=0.0)
    w.backward()
    optimizer.step()
    assert w.data == 1.0
    optimizer.lr = 0.25
    optimizer.step()
    assert w.data == 0.75
    with pytest.raises(ValueError, match="lr is a finite number"):
        optimizer.lr = -1.0
    assert optimizer.lr == 0.25


def test_gradients_that_are_values_themselves_are_taken_as_numbers() -> None:
    w, v = Value([1.0, 2.0]), Value(3.0)
    optimizer = optim.Adam([w, v], lr=0.1)
    (w * w * v).sum().backward(create_graph=True)
    optimizer.step()
    assert type(w.data) is np.ndarray
    assert type(v.data) is float
    assert type(optimizer.state[0]["exp_avg"]) is np.ndarray


@pytest.mark.parametrize("scalar", [False, True])
def test_every_optimizer_trains_a_small_net(scalar: bool) -> None:
    rng = np.random.default_rng(0)
    for make in EVERY:
        model = nn.scalar.MLP(2, [4, 1], rng=rng) if scalar else nn.MLP(2, [8, 1], rng=rng)
        optimizer = make(model.parameters(), lr={optim.Adagrad: 0.2, optim.Adadelta: 20.0}.get(make, 0.02))
        x = rng.normal(size=(16, 2))
        y = x[:, 0] - 2 * x[:, 1]
        losses = []
        for _ in range(40):
            if scalar:
                loss: Any = 0.0
                for row, target in zip(x.tolist(), y.tolist(), strict=True):
                    loss = loss + nn.mse_loss(model(row), target) / len(x)
            else:
                loss = nn.mse_loss(model(x), y[:, None])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.7 * losses[0], make.__name__


def test_a_frozen_parameter_stays_where_it_is() -> None:
    model = nn.MLP(2, [3, 1])
    model.layers[0].weight.requires_grad = False
    before = model.layers[0].weight.data
    optimizer = optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1)
    model(np.ones((4, 2))).sum().backward()
    optimizer.step()
    assert model.layers[0].weight.data is before


def test_an_optimizer_of_ones_own_is_one_formula() -> None:
    class SignSGD(optim.Optimizer):
        def update(self, w: Any, g: Any, state: Any, group: Any) -> Any:
            return w - group["lr"] * np.sign(g), state

    w, v = Value([1.0, -3.0]), Value(2.0)
    optimizer = SignSGD([w, v], lr=0.5)
    (w * w * v).sum().backward()
    optimizer.step()
    assert (w.data.tolist(), v.data) == ([0.5, -2.5], 1.5)
    with pytest.raises(
        NotImplementedError, match=r"Optimizer has no update: define update\(self, w, g, state, group\)"
    ):
        optim.Optimizer([v], lr=0.1).step()


# ---------------------------------------------------------------- a step that fails


def snapshot(params: list[Value], optimizer: optim.Optimizer) -> Any:
    return copy.deepcopy(([p.data for p in params], [p._grad for p in params], optimizer.state, optimizer.lr))


BROKEN = [
    ((1, lambda w: setattr(w, "_grad", np.ones(3))), r"parameter 1 has shape \(2,\) and its gradient \(3,\)"),
    ((1, lambda w: setattr(w, "_grad", 1.0)), r"parameter 1 has shape \(2,\) and its gradient \(\)"),
    ((2, lambda w: setattr(w, "_grad", np.ones(3))), r"parameter 2 has shape \(\) and its gradient \(3,\)"),
    ((1, lambda w: setattr(w, "data", np.ones(5))), r"parameter 1 has shape \(5,\) and its gradient \(2,\)"),
    ((1, lambda w: setattr(w, "_grad", np.array(["a", "b"]))), "could not convert string"),
    ((2, lambda w: setattr(w, "_grad", "a")), "could not convert string"),
]


@pytest.mark.parametrize("make", LOADED)
@pytest.mark.parametrize(("breakage", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_a_step_that_fails_changes_no_parameter_and_no_state(make: Any, breakage: Any, message: str) -> None:
    params, optimizer = trained(make)
    i, spoil = breakage
    spoil(params[i])
    before = snapshot(params, optimizer)
    with pytest.raises(ValueError, match=message):
        optimizer.step()
    np.testing.assert_equal(snapshot(params, optimizer), before)


def test_a_formula_that_fails_halfway_changes_nothing_either() -> None:
    class Picky(optim.SGD):
        def update(self, w: Any, g: Any, state: Any, group: Any) -> Any:
            if np.ndim(w) == 1:
                raise RuntimeError("no vectors")
            return super().update(w, g, state, group)

    params, optimizer = trained(lambda params: Picky([params[0], params[2]], lr=0.1, momentum=0.9))
    optimizer.add_param_group({"params": [params[1]]})
    before = snapshot(params, optimizer)
    with pytest.raises(RuntimeError, match="no vectors"):
        optimizer.step()
    np.testing.assert_equal(snapshot(params, optimizer), before)


# ---------------------------------------------------------------- what they refuse

w, v = Value(1.0), Value([1.0, 2.0])
BAD_PARAMS = [
    ([], ValueError, "the list of parameters is empty"),
    (iter([]), ValueError, "the list of parameters is empty"),
    ([w, v, w], ValueError, "parameter 2 is parameter 0 again; list it once"),
    ([w, 1.0], TypeError, "parameter 1 is a float, not a Value"),
    ([w, np.ones(2)], TypeError, "parameter 1 is a ndarray, not a Value"),
    ([w, {"params": [v]}], TypeError, "parameter 1 is a dict, not a Value"),
    ([{"params": [w]}, {"params": [v, w]}], ValueError, "parameter 2 is parameter 0 again; list it once"),
    ([{"params": [w]}, {"params": []}], ValueError, "the list of parameters is empty"),
    ([{"params": 1.0}], TypeError, "pass a list of parameters"),
    ([{"lr": 0.1}], TypeError, r"a parameter group is a dict such as {'params': \[...\], 'lr': 0.1}, not {'lr': 0.1}"),
    (v, TypeError, r"a single Value goes into one: \[value\]"),
    (nn.Linear(2, 1), TypeError, r"pass model\.parameters\(\), not the Linear itself"),
    (nn.Linear(2, 1).state_dict(), TypeError, r"pass a list of parameters \(model\.parameters\(\)\), not dict"),
    (nn.Linear(2, 1).parameters, TypeError, r"pass a list of parameters \(model\.parameters\(\)\), not method"),
    (None, TypeError, "pass a list of parameters"),
    ([w, w * 2], ValueError, "parameter 1 is the result of mul; only a leaf can be optimized"),
    ([Value(1.0, requires_grad=False)], ValueError, "none of the parameters requires a gradient"),
]


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize(("params", "kind", "message"), BAD_PARAMS, ids=[message[:40] for *_, message in BAD_PARAMS])
def test_parameters_that_cannot_be_optimized_are_refused(make: Any, params: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message) as error:
        make(params)
    assert str(error.value).startswith(make.__name__ + ": ")


def test_parameters_may_come_from_an_iterator() -> None:
    assert list(map(id, optim.SGD(x for x in (w, v)).params)) == [id(w), id(v)]


NOT_NUMBERS = [-1.0, -1e-300, math.nan, math.inf, "0.1", None, [0.1], 1j, Value(0.1)]


@pytest.mark.parametrize("number", NOT_NUMBERS, ids=repr)
@pytest.mark.parametrize(
    ("make", "name"),
    [
        *[(make, "lr") for make in EVERY],
        *[(optim.SGD, name) for name in ("momentum", "dampening", "weight_decay")],
        *[(make, name) for make in (optim.Adam, optim.AdamW) for name in ("eps", "weight_decay")],
        *[(optim.NAdam, name) for name in ("eps", "weight_decay", "momentum_decay")],
        *[(optim.Adagrad, name) for name in ("lr_decay", "weight_decay", "initial_accumulator_value", "eps")],
        *[(optim.Adadelta, name) for name in ("eps", "weight_decay")],
        (optim.Lion, "weight_decay"),
        *[(optim.RMSprop, name) for name in ("alpha", "eps", "weight_decay", "momentum")],
    ],
)
def test_numbers_that_are_negative_or_not_finite_or_no_numbers_are_refused(make: Any, name: str, number: Any) -> None:
    with pytest.raises(
        ValueError, match=f"^{name} is a finite number that is not negative, and .* is not one(\n  at |$)"
    ):
        make([w], **{name: number})


@pytest.mark.parametrize("beta", [1.0, 1.5, -0.1, math.nan, "0.9", None])
def test_betas_are_at_least_0_and_below_1(beta: Any) -> None:
    for make in (optim.Adam, optim.AdamW, optim.NAdam, optim.Lion):
        for i, betas in enumerate([(beta, 0.999), (0.9, beta)]):
            with pytest.raises(ValueError, match=rf"^betas\[{i}\] is at least 0 and below 1, and .* is not(\n  at |$)"):
                make([w], betas=betas)


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9, "dampening": 0.1}])
def test_nesterov_needs_momentum_and_no_dampening(options: Any) -> None:
    with pytest.raises(ValueError, match="nesterov needs a momentum above 0 and a dampening of 0"):
        optim.SGD([w], nesterov=True, **options)
