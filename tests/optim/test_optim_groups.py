"""Parameter groups, state dicts, LBFGS, clipping: what they keep and refuse, and that a refusal changes nothing."""

from __future__ import annotations

import copy
import json
import math
import pickle
from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd_mini import Value
from tests.optim.spoiling import spoilt

MAKES: dict[str, Any] = {
    "SGD": lambda params: optim.SGD(params, lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.1),
    "Adam": lambda params: optim.Adam(params, lr=0.1, amsgrad=True, weight_decay=0.1),
    "AdamW": lambda params: optim.AdamW(params, lr=0.1),
    "NAdam": lambda params: optim.NAdam(params, lr=0.1),
    "RMSprop": lambda params: optim.RMSprop(params, lr=0.1, momentum=0.9, centered=True),
    "Adagrad": lambda params: optim.Adagrad(params, lr=0.1, lr_decay=0.1),
    "Adadelta": lambda params: optim.Adadelta(params, lr=0.1),
    "Lion": lambda params: optim.Lion(params, lr=0.1),
    "LBFGS": lambda params: optim.LBFGS(params, lr=0.1, max_iter=2, history_size=3),
    "LBFGS, strong Wolfe": lambda params: optim.LBFGS(params, max_iter=2, line_search_fn="strong_wolfe"),
}


def parameters(dtype: Any = np.float64) -> list[Value]:
    """Of several shapes; no gradient reaches the last."""
    return [Value(np.linspace(-1, 1, 6, dtype=dtype).reshape(3, 2)), Value(0.5), Value(np.ones((), dtype)), Value(1.0)]


def train(params: list[Value], optimizer: optim.Optimizer, steps: int) -> None:
    def closure() -> Any:
        optimizer.zero_grad()
        loss = ((params[0] - 0.3) ** 2).sum() * params[1] ** 2 + (params[2] - params[1]) ** 2
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)


def numbers(params: list[Value]) -> list[Any]:
    return [np.array(p.data).tolist() for p in params]


# ---------------------------------------------------------------- groups


def test_options_belong_to_groups_and_attributes_to_all_of_them() -> None:
    a, b = Value(1.0), Value(2.0)
    optimizer = optim.SGD([{"params": [a], "lr": 0.5}, {"params": b, "momentum": 0.9}], lr=0.1)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.1]
    assert [group["momentum"] for group in optimizer.param_groups] == [0.0, 0.9]
    with pytest.raises(ValueError, match=r"lr differs between the parameter groups: \[0\.5, 0\.1\]; read optimizer"):
        _ = optimizer.lr
    optimizer.lr = 0.25
    optimizer.momentum = 0.5
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]
    assert (optimizer.lr, optimizer.momentum, optimizer.nesterov) == (0.25, 0.5, False)


def test_the_momentum_of_a_parameter_stays_with_it_when_a_group_joins() -> None:
    a, b = Value(1.0), Value(1.0)
    optimizer = optim.SGD([a], lr=0.1, momentum=0.9)
    a.backward()
    optimizer.step()
    optimizer.add_param_group({"params": [b], "lr": 0.2})
    b.backward()
    optimizer.step()
    assert [state["momentum_buffer"] for state in optimizer.state] == [1.9, 1.0]
    assert b.data == 0.8


BAD_GROUPS: list[Any] = [
    (
        {"params": [Value(1.0)], "learning_rate": 1.0},
        "parameter group 1: SGD has no option 'learning_rate'; it has lr,",
    ),
    ({"params": [Value(1.0)], "lr": -1.0}, "lr is a finite number that is not negative"),
    ({"params": [Value(1.0)], "nesterov": True, "momentum": 0.0}, "nesterov needs a momentum above 0"),
    ({"params": [Value(1.0)], "nesterov": "yes"}, "nesterov is True or False, not 'yes'"),
    ({"params": []}, "the list of parameters is empty"),
    ({"params": nn.Linear(1, 1)}, r"pass model\.parameters\(\), not the Linear itself"),
    ({"lr": 1.0}, "a parameter group is a dict such as"),
    ([Value(1.0)], "a parameter group is a dict such as"),
]


@pytest.mark.parametrize(("group", "message"), BAD_GROUPS, ids=[message[:40] for _, message in BAD_GROUPS])
def test_a_group_that_is_refused_has_not_joined(group: Any, message: str) -> None:
    optimizer = optim.SGD([Value(1.0)], lr=0.1, momentum=0.9)
    with pytest.raises((ValueError, TypeError), match=message):
        optimizer.add_param_group(group)
    assert [len(x) for x in (optimizer.param_groups, optimizer.params, optimizer.state)] == [1, 1, 1]
    optimizer.step()


def test_an_item_of_a_group_is_checked_as_the_argument_is() -> None:
    (group,) = optim.Adam([Value(1.0)]).param_groups
    for name, setting, message in [
        ("lr", -1.0, "lr is a finite number"),
        ("betas", 0.9, "betas is a pair such as"),
        ("betas", (0.9, 1.0), r"betas\[1\] is at least 0 and below 1"),
        ("momentum", 0.9, "Adam has no option 'momentum'; it has lr, betas"),
        ("params", [Value(1.0)], "the parameters of a group stay"),
    ]:
        with pytest.raises(ValueError, match=message):
            group[name] = setting
    assert group["lr"] == 1e-3
    assert group["betas"] == (0.9, 0.999)


def test_a_copy_of_an_optimizer_goes_its_own_way() -> None:
    params = parameters()
    optimizer = MAKES["Adam"](params)
    train(params, optimizer, 2)
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        twin.lr = 0.5
        train(twin.params, twin, 1)
        assert optimizer.lr == 0.1
        assert twin.param_groups[0]["params"][0] is twin.params[0] is not params[0]


def test_the_moving_average_is_the_heavy_ball_at_a_tenth_of_the_learning_rate_after_the_start() -> None:
    ball, average = Value(1.0), Value(1.0)
    heavy = optim.SGD([ball], lr=0.01, momentum=0.9)
    moving = optim.SGD([average], lr=0.1, momentum=0.9, dampening=0.9)
    heavy.state[0], moving.state[0] = {"momentum_buffer": 0.0}, {"momentum_buffer": 0.0}
    for _ in range(20):
        for w, optimizer in ((ball, heavy), (average, moving)):
            optimizer.zero_grad()
            (w**4).backward()
            optimizer.step()
        assert ball.data == pytest.approx(average.data, rel=1e-12)


# ---------------------------------------------------------------- state dicts


@pytest.mark.parametrize("name", MAKES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_loaded_optimizer_goes_on_to_the_same_bits(name: str, dtype: Any) -> None:
    params = parameters(dtype)
    optimizer = MAKES[name](params)
    train(params, optimizer, 3)
    data, state = [np.array(p.data) for p in params], optimizer.state_dict()
    train(params, optimizer, 3)

    again = parameters(dtype)
    twin = MAKES[name](again)
    for p, x in zip(again, data, strict=True):
        p.data = float(x) if isinstance(p.data, float) else x
    state["param_groups"][0]["initial_lr"] = 0.7
    twin.load_state_dict(plain(state))
    assert twin.param_groups[0]["initial_lr"] == 0.7
    train(again, twin, 3)
    for p, q in zip(params, again, strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    np.testing.assert_equal(twin.state_dict()["state"], optimizer.state_dict()["state"])


def plain(tree: Any) -> Any:
    """Through JSON, which has numbers, strings, lists and dicts, and arrays beside it."""
    arrays: list[Any] = []

    def packed(x: Any) -> Any:
        assert isinstance(x, np.ndarray), f"{type(x)} is no plain number or array"
        arrays.append(x)
        return {"array": len(arrays) - 1}

    text = json.dumps(tree, default=packed)
    return json.loads(text, object_hook=lambda x: arrays[x["array"]] if set(x) == {"array"} else x)


def test_a_state_dict_is_a_copy_both_ways() -> None:
    params = parameters()
    optimizer = MAKES["SGD"](params)
    train(params, optimizer, 1)
    state = optimizer.state_dict()
    before = copy.deepcopy(state)
    train(params, optimizer, 1)
    np.testing.assert_equal(state, before)
    buffer = np.array(optimizer.state[0]["momentum_buffer"])
    optimizer.state_dict()["state"][0]["momentum_buffer"][...] = 0
    np.testing.assert_array_equal(optimizer.state[0]["momentum_buffer"], buffer)
    optimizer.load_state_dict(state)
    state["state"][0]["momentum_buffer"][...] = 0
    np.testing.assert_array_equal(optimizer.state[0]["momentum_buffer"], before["state"][0]["momentum_buffer"])


def bad_states() -> list[Any]:
    params = parameters()
    optimizer = MAKES["Adam"](params)
    train(params, optimizer, 2)
    good = optimizer.state_dict()
    other = MAKES["SGD"](parameters()).state_dict()
    fewer = MAKES["Adam"](parameters()[:2]).state_dict()
    group = ("param_groups", 0)
    return [
        (None, "this is no state of an optimizer"),
        ({}, "this is no state of an optimizer"),
        (nn.Linear(1, 1).state_dict(), r"this is no state of an optimizer \(.*\), but \['bias', 'weight'\]"),
        (other, "this is the state of SGD, and this optimizer is Adam"),
        (fewer, r"param_groups\[0\]: the parameters \[0, 1, 2, 3\] are expected"),
        (spoilt(good, "param_groups", to=[]), "param_groups: a list of 1 is expected"),
        (spoilt(good, *group, "eps"), r"param_groups\[0\]: eps is missing"),
        (spoilt(good, *group, "momentum", to=0.9), r"param_groups\[0\]: momentum is unexpected"),
        (spoilt(good, *group, "lr", to=-1.0), r"param_groups\[0\]: lr is a finite number"),
        (spoilt(good, *group, "betas", to=[0.9]), r"param_groups\[0\]: betas is a pair"),
        (spoilt(good, "state", to=[]), "state: a list of 4 is expected"),
        (spoilt(good, "state", 0, to=3.0), r"state\[0\]: a dict is expected, not float"),
        (spoilt(good, "state", 0, "exp_avg"), r"state\[0\]: exp_avg is missing"),
        (spoilt(good, "state", 0, "exp_avg", to=np.ones(3)), r"state\[0\]: exp_avg has shape \(3,\)"),
        (spoilt(good, "state", 1, "exp_avg", to="x"), r"state\[1\]: exp_avg has shape \(\) and dtype <U1"),
        (spoilt(good, "state", 1, "step", to=np.ones(2)), r"state\[1\]: step has shape \(2,\)"),
    ]


@pytest.mark.parametrize(("state", "message"), bad_states(), ids=[message[:50] for _, message in bad_states()])
def test_a_state_that_does_not_fit_is_refused_and_nothing_loaded(state: Any, message: str) -> None:
    params = parameters()
    optimizer = MAKES["Adam"](params)
    train(params, optimizer, 1)
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    np.testing.assert_equal(optimizer.state_dict(), before)


def test_all_that_does_not_fit_is_listed() -> None:
    optimizer = MAKES["Adam"](parameters())
    state = spoilt(spoilt(optimizer.state_dict(), "param_groups", 0, "eps"), "param_groups", 0, "lr", to=-1)
    with pytest.raises(ValueError, match="nothing was loaded") as error:
        optimizer.load_state_dict(state)
    lines = str(error.value).splitlines()
    assert lines[1] == "  param_groups[0]: eps is missing"
    assert lines[2].startswith("  param_groups[0]: lr is a finite number")


# ---------------------------------------------------------------- LBFGS


def test_an_error_in_the_closure_leaves_parameters_and_memory_as_they_were() -> None:
    params = parameters()
    optimizer = MAKES["LBFGS, strong Wolfe"](params)
    train(params, optimizer, 2)
    before = copy.deepcopy((numbers(params), optimizer.state))
    calls = 0

    def closure() -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("no more")
        optimizer.zero_grad()
        loss = (params[0] ** 4).sum() + params[1] ** 2
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match="no more"):
        optimizer.step(closure)
    np.testing.assert_equal((numbers(params), optimizer.state), before)


def test_lbfgs_says_what_it_needs() -> None:
    x = Value(1.0)
    optimizer = optim.LBFGS([x])
    with pytest.raises(TypeError, match="LBFGS: step takes a closure"):
        optimizer.step()
    with pytest.raises(TypeError, match="the closure returns the loss, a single number, not NoneType"):
        optimizer.step(lambda: None)
    with pytest.raises(ValueError, match="LBFGS has one parameter group"):
        optimizer.add_param_group({"params": [Value(1.0)]})
    with pytest.raises(ValueError, match="line_search_fn is \"strong_wolfe\" or None, not 'wolfe'"):
        optim.LBFGS([x], line_search_fn="wolfe")
    with pytest.raises(ValueError, match="max_iter is a positive whole number, not 0"):
        optim.LBFGS([x], max_iter=0)
    state = spoilt(optimizer.state_dict(), "state", 0, to={"n_iter": 1})
    with pytest.raises(ValueError, match=r"state\[0\]: d is missing"):
        optimizer.load_state_dict(state)


def test_lbfgs_finds_the_minimum_of_a_quadratic_of_any_parameters_in_a_few_steps() -> None:
    params = [Value(np.ones((2, 2), np.float32)), Value(3.0), Value(np.ones(()))]
    optimizer = optim.LBFGS(params, line_search_fn="strong_wolfe")
    for _ in range(3):
        train([*params, Value(0.0)], optimizer, 1)
    assert [p.dtype for p in params] == [np.float32, np.float64, np.float64]
    assert type(params[1].data) is float
    assert params[1].data == pytest.approx(float(params[2].data), abs=1e-3)


def test_every_optimizer_takes_a_closure_and_gives_its_loss() -> None:
    x = Value(3.0)
    optimizer = optim.SGD([x], lr=0.1)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = x * x
        loss.backward()
        return loss

    assert optimizer.step(closure).data == 9.0
    assert x.data == pytest.approx(2.4)
    assert optimizer.step() is None


# ---------------------------------------------------------------- clipping


def test_clipping_refuses_before_it_changes_anything() -> None:
    w, v = Value([3.0, 4.0]), Value(1.0)
    (w.sum() * v).backward()
    w.grad[0] = math.inf
    before = w.grad.tolist()
    for action, kind, message in [
        (lambda: optim.clip_grad_norm([w, v], 1.0, error_if_nonfinite=True), ValueError, "gradients is inf; nothing"),
        (lambda: optim.clip_grad_norm([w, v], -1.0), ValueError, "max_norm is a finite number that is not negative"),
        (lambda: optim.clip_grad_norm([w, v], 1.0, norm_type=0), ValueError, "norm_type is a number above 0"),
        (lambda: optim.clip_grad_norm(nn.Linear(1, 1), 1.0), TypeError, r"pass model\.parameters\(\)"),  # type: ignore[arg-type]  # the mistake
        (lambda: optim.clip_grad_norm([w, 2.0], 1.0), TypeError, "parameter 1 is a float, not a Value"),  # type: ignore[list-item]  # the mistake
        (lambda: optim.clip_grad_value([w, v], -0.1), ValueError, "clip_value is a finite number"),
    ]:
        with pytest.raises(kind, match=message):
            action()
        assert w.grad.tolist() == before
    assert optim.clip_grad_norm([Value(1.0)], 1.0) == 0.0


def test_gradients_that_are_values_are_clipped_as_numbers() -> None:
    w = Value([3.0, 4.0])
    (w * w).sum().backward(create_graph=True)
    assert optim.clip_grad_norm(w, 5.0) == 10.0
    np.testing.assert_allclose(w.grad, [3.0, 4.0], rtol=1e-6)
    assert type(w.grad) is np.ndarray


def test_named_parameters_are_optimized_as_those_without_names() -> None:
    model = nn.Linear(2, 1)
    optimizer = optim.SGD(model.named_parameters(), lr=0.1)
    assert [p is q for p, q in zip(optimizer.params, model.parameters(), strict=True)] == [True, True]
    w, b = Value(1.0), Value(2.0)
    groups = optim.SGD([{"params": [("w", w)], "lr": 0.5}, {"params": [("b", b)]}], lr=0.1)
    assert [group["params"] for group in groups.param_groups] == [(w,), (b,)]
    assert groups.state_dict() == optim.SGD([{"params": [w], "lr": 0.5}, {"params": [b]}], lr=0.1).state_dict()
    with pytest.raises(TypeError, match="parameter 0 is a tuple, not a Value"):
        optim.SGD([(w, b)], lr=0.1)
