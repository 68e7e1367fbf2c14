"""A whole step in one program: backward, the optimizer and what it remembers do as they do without jit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
import optim
from autograd_mini import Value, detect_anomaly
from autograd_mini.compiler.jit import jit
from tests.jit.training import F32, OPTIMIZERS, Training, X, Y, assert_alike, both


@pytest.mark.parametrize("dtype", [np.float64, F32], ids=["float64", "float32"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_of_every_optimizer_is_what_it_is_without_jit(name: str, dtype: Any) -> None:
    eager, jitted = both(OPTIMIZERS[name], dtype)
    tolerance = 1e-12 if dtype is np.float64 else 2e-5
    for _ in range(6):
        losses = [training.step(X.astype(dtype), Y.astype(dtype)) for training in (eager, jitted)]
        np.testing.assert_allclose(losses[1].data, losses[0].data, rtol=tolerance)
        assert_alike(eager, jitted, tolerance)
    assert len(jitted.step._cache.traces) == 1


def test_a_step_is_traced_when_the_state_begins_and_never_again() -> None:
    _, jitted = both()
    for _ in range(5):
        jitted.step(X, Y)
    assert jitted.step._cache._times_traced == 2


def test_options_are_read_at_each_call_and_what_a_step_decides_on_is_decided_anew() -> None:
    eager, jitted = both(OPTIMIZERS["momentum"])
    for lr, momentum, nesterov in [(0.1, 0.9, False), (0.05, 0.5, False), (0.05, 0.0, False), (0.02, 0.8, True)]:
        for training in (eager, jitted):
            training.optimizer.param_groups[0].update(lr=lr, momentum=momentum, dampening=0.0, nesterov=nesterov)
            training.step(X, Y)
        assert_alike(eager, jitted)
    before = jitted.step._cache._times_traced
    schedule = optim.lr_scheduler.CosineAnnealingLR(jitted.optimizer, 10)
    for _ in range(10):
        jitted.step(X, Y)
        schedule.step()
    assert jitted.step._cache._times_traced <= before + 1


def test_groups_have_options_of_their_own_and_may_come_later() -> None:
    eager, jitted = both(lambda ps: optim.SGD([{"params": ps[:1], "lr": 0.3}, {"params": ps[1:3]}], 0.01, momentum=0.9))
    for k in range(4):
        for training in (eager, jitted):
            if k == 2:
                training.optimizer.add_param_group({"params": training.parameters[3:], "lr": 0.2})
            training.step(X, Y)
        assert_alike(eager, jitted)


def test_a_state_that_was_loaded_is_the_one_that_is_used() -> None:
    eager, jitted = both()
    for training in (eager, jitted):
        for _ in range(3):
            training.step(X, Y)
        kept = training.optimizer.state_dict()
        training.step(X, Y)
        training.optimizer.load_state_dict(kept)
        training.step(X, Y)
    assert_alike(eager, jitted)


def test_eager_and_jitted_steps_may_take_turns() -> None:
    eager, jitted = both()
    for k in range(6):
        eager.step(X, Y)
        (jitted.step if k % 2 else jitted._step)(X, Y)
    assert_alike(eager, jitted)


def test_dropout_and_statistics_move_in_a_step_as_without_jit() -> None:
    def model() -> Any:
        return nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Dropout(0.3), nn.Linear(6, 1))

    eager, jitted = both(model=model)
    for training in (eager, jitted):
        nn.manual_seed(9)
        for _ in range(4):
            training.step(X, Y)
    assert_alike(eager, jitted)
    np.testing.assert_allclose(jitted.model[1].running_mean.data, eager.model[1].running_mean.data, rtol=1e-12)


def test_a_net_of_scalars_steps_in_one_program() -> None:
    nets = [nn.scalar.MLP(3, [8, 1], rng=np.random.default_rng(1)) for _ in range(2)]
    points = X.tolist()

    def stepping(net: Any) -> Any:
        sgd = optim.SGD(net.parameters(), 0.01, momentum=0.9)

        def step(points: Any) -> Any:
            sgd.zero_grad()
            loss = sum((net(point) - 0.3) ** 2 for point in points) * (1 / len(points))
            loss.backward()
            sgd.step()
            return loss

        return step

    eager, jitted = stepping(nets[0]), jit(stepping(nets[1]))
    for _ in range(4):
        assert jitted(points).data == pytest.approx(eager(points).data, rel=1e-12)
    for p, q in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert type(q.data) is float
        assert q.data == pytest.approx(p.data, rel=1e-12)
        assert q.grad == pytest.approx(p.grad, rel=1e-10, abs=1e-14)


def test_a_closure_is_a_part_of_the_step() -> None:
    w, v = Value(3.0), Value(3.0)
    sgds = [optim.SGD([p], 0.1) for p in (w, v)]

    def stepping(p: Any, sgd: Any) -> Any:
        def closure() -> Any:
            sgd.zero_grad()
            loss = p * p
            loss.backward()
            return loss

        return lambda: sgd.step(closure)

    eager, jitted = stepping(w, sgds[0]), jit(stepping(v, sgds[1]))
    for _ in range(3):
        assert jitted().data == eager().data
    assert w.data == v.data


def test_a_step_may_return_nothing() -> None:
    w = Value(3.0)
    sgd = optim.SGD([w], 0.25)

    @jit
    def step() -> None:
        sgd.zero_grad()
        (w * w).backward()
        sgd.step()

    step()
    step()
    assert (w.data, w.grad) == (0.75, 3.0)


def test_a_parameter_that_the_loss_does_not_reach_is_left_alone() -> None:
    w, idle, frozen = Value(3.0), Value(1.0), Value(2.0, requires_grad=False)
    adam = optim.Adam([w, idle, frozen], 0.1)

    @jit
    def step() -> Any:
        adam.zero_grad()
        loss = w * w * frozen
        loss.backward()
        adam.step()
        return loss

    step()
    step()
    assert (idle.data, frozen.data, adam.state[1], adam.state[2]) == (1.0, 2.0, {}, {})
    assert adam.state[0]["step"] == 2


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_second_step_in_a_program_begins_where_the_first_has_ended(name: str) -> None:
    eager, jitted = both(OPTIMIZERS[name])

    def stepping(training: Training) -> Any:
        def steps(x: Any, y: Any) -> Any:
            training._step(x, y)
            return training._step(x[::-1], y)

        return training.wrap(steps)

    one, other = stepping(eager), stepping(jitted)
    for _ in range(3):
        np.testing.assert_allclose(other(X, Y).data, one(X, Y).data, rtol=1e-10)
        assert_alike(eager, jitted, 1e-10)


def test_counts_are_whole_numbers_for_parameters_that_join_later() -> None:
    w, late = Value(1.0), Value(2.0)
    adam = optim.Adam([w, late], 0.1)

    @jit
    def step(both: bool) -> Any:
        adam.zero_grad()
        loss = w * w * late if both else w * w
        loss.backward()
        adam.step()
        return loss

    for is_both in (False, False, True, True, False):
        step(is_both)
    assert [type(state["step"]) for state in adam.state] == [int, int]
    assert [state["step"] for state in adam.state] == [5, 2]


def test_an_optimizer_of_one_s_own_needs_nothing_but_its_formula() -> None:
    class Signs(optim.Optimizer):
        def update(self, w: Any, g: Any, state: Any, group: Any) -> Any:
            seen = state.get("seen", 0) + 1
            return w - group["lr"] * np.sign(g) / seen, {"seen": seen}

    eager, jitted = both(lambda ps: Signs(ps, lr=0.1))
    for _ in range(4):
        eager.step(X, Y)
        jitted.step(X, Y)
    assert_alike(eager, jitted)
    assert jitted.optimizer.state[0] == {"seen": 4}


def test_under_detect_anomaly_a_step_is_taken_op_by_op() -> None:
    eager, jitted = both()
    for training in (eager, jitted):
        training.step(X, Y)
        with detect_anomaly():
            training.step(X, Y)
        training.step(X, Y)
    assert_alike(eager, jitted)


def test_a_state_that_is_decided_on_is_decided_anew() -> None:
    class Turns(optim.Optimizer):
        """Up and down in turns, by a flag, a word and a number."""

        def update(self, w: Any, g: Any, state: Any, group: Any) -> Any:
            word, up, number = state.get("word", "first"), state.get("up", False), state.get("number", 0.0)
            step = 0.1 if up else -0.1
            step = step * (2.0 if word == "third" else 1.0) + (0.5 if number else 0.0)
            following = {"first": "second", "second": "third", "third": "first"}[word]
            return w + step * g, {"up": not up, "word": following, "number": 0.0 if number else 1.0}

    eager, jitted = both(lambda ps: Turns(ps, lr=0.1))
    for _ in range(8):
        eager.step(X, Y)
        jitted.step(X, Y)
        assert_alike(eager, jitted)


@pytest.mark.parametrize("name", ["stop_gradient", "floor", "sign"])
def test_a_parameter_that_gets_no_gradient_but_0_is_a_part_of_a_step(name: str) -> None:
    f: Any = getattr(am, name)
    b, w = Value([1.5, -2.5]), Value([1.0, 2.0])

    def step(x: Any) -> Any:
        for p in (b, w):
            p.zero_grad()
        loss = (f(b) * w * x).sum()
        loss.backward()
        return loss

    for run in (step, jit(step)):
        assert run(2.0).item() == float((f(b.data) * w.data).sum() * 2)
        np.testing.assert_array_equal(b.grad, [0.0, 0.0], strict=True)
        np.testing.assert_array_equal(w.grad, 2 * f(b.data))
