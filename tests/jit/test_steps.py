"""A whole step in one program: backward, the optimizer and what it remembers do as they do without jit."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd_mini import Value, detect_anomaly, no_grad
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=(12, 1))
F32 = np.dtype(np.float32)

OPTIMIZERS: dict[str, Callable[[Any], optim.Optimizer]] = {
    "SGD": lambda ps: optim.SGD(ps, 0.1),
    "momentum": lambda ps: optim.SGD(ps, 0.1, momentum=0.9, dampening=0.1, weight_decay=0.01),
    "nesterov": lambda ps: optim.SGD(ps, 0.1, momentum=0.9, nesterov=True),
    "up": lambda ps: optim.SGD(ps, 0.001, maximize=True),
    "Adam": lambda ps: optim.Adam(ps, 0.01, weight_decay=0.01),
    "amsgrad": lambda ps: optim.Adam(ps, 0.01, amsgrad=True),
    "AdamW": lambda ps: optim.AdamW(ps, 0.01),
    "NAdam": lambda ps: optim.NAdam(ps, 0.01),
    "RMSprop": lambda ps: optim.RMSprop(ps, 0.01, momentum=0.5, centered=True),
    "Adagrad": lambda ps: optim.Adagrad(ps, 0.1),
    "Lion": lambda ps: optim.Lion(ps, 0.01),
}


class Training:
    """A model, its optimizer, and a step that is jitted or not; another one like it stands at the same numbers."""

    def __init__(
        self, jitted: bool, make: Any = OPTIMIZERS["Adam"], dtype: Any = np.float64, model: Any = None
    ) -> None:
        nn.manual_seed(0)
        self.model = model() if model else nn.MLP(3, [5, 1], dtype=dtype)
        self.parameters = list(self.model.parameters())
        self.optimizer = make(self.parameters)
        self.wrap = jit if jitted else lambda f: f
        self.step = self.wrap(self._step)

    def _step(self, x: Any, y: Any) -> Any:
        self.optimizer.zero_grad()
        loss = nn.mse_loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss


def assert_alike(one: Training, other: Training, tolerance: float = 1e-12) -> None:
    """The same parameters, gradients and state of the optimizer, of the same kinds."""
    for p, q in zip(one.parameters, other.parameters, strict=True):
        assert p.has_grad == q.has_grad
        for a, b in ((p.data, q.data), (p.grad, q.grad)):
            assert type(a) is type(b)
            assert np.asarray(a).dtype == np.asarray(b).dtype
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    ours, theirs = one.optimizer.state_dict(), other.optimizer.state_dict()
    assert ours["param_groups"] == theirs["param_groups"]
    for a, b in zip(ours["state"], theirs["state"], strict=True):
        assert {name: type(x) for name, x in a.items()} == {name: type(x) for name, x in b.items()}
        for name, x in a.items():
            if isinstance(x, str):
                assert x == b[name]
            else:
                np.testing.assert_allclose(x, b[name], rtol=tolerance, atol=tolerance)


def both(make: Any = OPTIMIZERS["Adam"], dtype: Any = np.float64, model: Any = None) -> tuple[Training, Training]:
    return Training(False, make, dtype, model), Training(True, make, dtype, model)


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


# ---------------------------------------------------------------- steps that are written out


def written_out(w: Any, x: Any) -> Any:
    """micrograd's loop."""
    loss = ((w * x - 1.0) ** 2).sum()
    w.grad = 0.0 * w.detach()
    loss.backward()
    w.data -= 0.1 * w.grad
    return loss


def clipped(w: Any, x: Any) -> Any:
    w.zero_grad()
    loss = ((w * x - 1.0) ** 2).sum()
    loss.backward()
    w.grad = np.clip(w.grad, -0.5, 0.5)
    w.data = w.data - 0.1 * w.grad
    return loss


def twice(w: Any, x: Any) -> Any:
    """The second step sees what the first has done."""
    for _ in range(2):
        w.zero_grad()
        loss = ((w * x - 1.0) ** 2).sum()
        loss.backward()
        w.data = w.data - 0.1 * w.grad
    return loss


def added(w: Any, x: Any) -> Any:
    """To the gradient from before."""
    loss = ((w * x - 1.0) ** 2).sum()
    loss.backward()
    (2.0 * w).sum().backward()
    return loss


def penalized(w: Any, x: Any) -> Any:
    """By the length of the gradient."""
    w.zero_grad()
    loss = ((w * x - 1.0) ** 4).sum()
    loss.backward(create_graph=True)
    g = w.grad
    w.zero_grad()
    (loss + 0.1 * (g * g).sum()).backward()
    w.data = w.data - 0.001 * w.grad
    return loss


def constant(w: Any, x: Any) -> Any:
    """The gradient, and the data, are constants to what comes next."""
    w.zero_grad()
    (w * w * x).sum().backward()
    loss = (w.grad * w * w.data).sum()
    w.zero_grad()
    loss.backward()
    return loss


def with_upstream(w: Any, x: Any) -> Any:
    w.zero_grad()
    y = w * x
    y.backward(x * 2.0)
    return y.sum()


def decided(w: Any, x: Any) -> Any:
    """What has a gradient is known."""
    w.zero_grad()
    assert not w.has_grad
    loss = (w * x).sum()
    loss.backward()
    if w.has_grad:
        w.data = w.data - 0.1 * w.grad
    w.zero_grad()
    return loss


@pytest.mark.parametrize("f", [written_out, clipped, twice, added, penalized, constant, with_upstream, decided])
@pytest.mark.parametrize("start", [2.0, [1.0, -2.0, 3.0]], ids=["scalar", "tensor"])
def test_a_step_that_is_written_out_is_what_it_is_without_jit(f: Any, start: Any) -> None:
    v, w = Value(start), Value(start)
    replayed = jit(lambda x: f(w, x))
    for x in (0.5, 1.5, -0.25):
        x = x * np.ones(3) if isinstance(start, list) else x
        expected, actual = f(v, x), replayed(x)
        np.testing.assert_allclose(actual.data, expected.data, rtol=1e-12)
        np.testing.assert_allclose(w.data, v.data, rtol=1e-12)
        np.testing.assert_allclose(w.grad, v.grad, rtol=1e-12)
        assert w.has_grad == v.has_grad
        assert type(w.data) is type(v.data)


@pytest.mark.parametrize("dtype", [np.float64, F32], ids=["float64", "float32"])
@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, np.inf])
def test_gradients_are_clipped_in_a_step_as_without_jit(norm_type: float, dtype: Any) -> None:
    eager, jitted = both(OPTIMIZERS["SGD"], dtype)

    def stepping(training: Training) -> Any:
        def step(x: Any, y: Any) -> Any:
            training.optimizer.zero_grad()
            nn.mse_loss(training.model(x), y).backward()
            norm = optim.clip_grad_norm(training.parameters, 0.5, norm_type)
            optim.clip_grad_value(training.parameters[0], 0.05)
            training.optimizer.step()
            return norm

        return training.wrap(step)

    steps, tolerance = [stepping(training) for training in (eager, jitted)], 1e-12 if dtype is np.float64 else 2e-5
    for k in range(4):
        expected, actual = [step((1 + k) * X.astype(dtype), Y.astype(dtype)) for step in steps]
        assert actual.item() == pytest.approx(expected, rel=tolerance)
        assert_alike(eager, jitted, tolerance)


def test_a_norm_that_is_not_finite_is_found_at_the_call_and_changes_nothing() -> None:
    w = Value([1.0, 2.0])

    @jit
    def step(x: Any) -> Any:
        w.zero_grad()
        (w * x).sum().backward()
        norm = optim.clip_grad_norm(w, 1.0, error_if_nonfinite=True)
        w.data = w.data - w.grad
        return norm

    assert step(np.array([3.0, 4.0])).data == 5.0
    before = w.data
    with pytest.raises(ValueError, match="the norm of the gradients is inf; nothing was changed"):
        step(np.array([np.inf, 1.0]))
    assert w.data is before


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


def test_a_step_under_no_grad_is_refused_as_without_jit() -> None:
    eager, jitted = both()
    jitted.step(X, Y)
    before = [p.data for p in jitted.parameters]
    for training in (eager, jitted):
        with no_grad(), pytest.raises(ValueError, match="does not depend on anything that requires a gradient"):
            training.step(X, Y)
    assert all(p.data is data for p, data in zip(jitted.parameters, before, strict=True))


class Trainer:
    """A user's own class, which keeps a book that its step does not read."""

    rate = 1.0

    def __init__(self) -> None:
        self.w, self.best, self.epoch = Value(1.0), 0.0, 0
        self.history: list[float] = []
        self.scale = 2.0

    @jit
    def step(self, x: Any) -> Any:
        self.w.zero_grad()
        loss = (self.w * x * self.scale - 1.0) ** 2
        loss.backward()
        self.w.data = self.w.data - 0.01 * self.rate * self.w.grad
        return loss

    @jit
    def by_any_name(self, x: Any) -> Any:
        return self.w * x * getattr(self, "sca" + "le")

    @jit
    def sets(self, x: Any) -> Any:
        self.extra = x
        return self.w * x


def test_what_a_step_does_not_name_may_change_and_what_it_names_is_seen() -> None:
    trainer = Trainer()
    for epoch in range(5):
        trainer.history.append(trainer.step(1.5).item())
        trainer.epoch, trainer.best, trainer.other = epoch, min(trainer.history), epoch  # type: ignore[attr-defined]
    assert Trainer.__dict__["step"]._cache._times_traced == 1
    trainer.scale = 4.0
    before = trainer.w.data
    assert trainer.step(1.5).data == pytest.approx((before * 6.0 - 1.0) ** 2, rel=1e-12)
    trainer.rate = 0.0  # now of the object, and no more of the class
    before = trainer.w.data
    trainer.step(1.5)
    assert trainer.w.data == before
    first = trainer.by_any_name(1.0).data
    trainer.scale = 8.0
    assert trainer.by_any_name(1.0).data == 2 * first
    with pytest.raises(JitError, match=r"the function sets \w*\.?extra"):
        trainer.sets(1.0)


def test_settings_that_come_back_find_their_program() -> None:
    eager, jitted = both(model=lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)))
    loss = [training.wrap(training.model) for training in (eager, jitted)]
    for _ in range(6):
        for mode in ("train", "eval"):
            for training in (eager, jitted):
                getattr(training.model, mode)()
            np.testing.assert_allclose(loss[1](X).data, loss[0](X).data, rtol=1e-12)
    assert loss[1]._cache._times_traced == 2


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


# ---------------------------------------------------------------- right or refused


def test_the_gradients_of_before_are_not_taken_for_those_of_the_step() -> None:
    w = Value(3.0)
    sgd = optim.SGD([w], 0.1)

    @jit
    def step() -> Any:
        loss = w * w
        loss.backward()
        sgd.step()
        sgd.zero_grad()
        return loss

    step()
    assert w.data == pytest.approx(2.4)
    w.grad = 100.0
    with pytest.raises(JitError, match=r"reads a gradient that was there before the call; call zero_grad\(\)"):
        step()
    assert (w.data, w.grad) == (pytest.approx(2.4), 100.0)
    w.zero_grad()
    step()
    assert w.data == pytest.approx(1.92)


W = Value([1.0, 2.0])
BEFORE = W * 2.0
SGD = optim.SGD([W], 0.1)
GROUP = SGD.param_groups[0]
DRAWS, OLD_DRAWS = random.Random(0), np.random.RandomState(0)
SCHEDULED = optim.SGD([Value(1.0)], 0.1)
SCHEDULE = optim.lr_scheduler.StepLR(SCHEDULED, 1)
SCHEDULED.step()
PLATEAU = optim.lr_scheduler.ReduceLROnPlateau(SCHEDULED)


def asks_the_scheduler(x: Any) -> Any:
    SCHEDULE.step()
    return W * x


def sets_the_rate(x: Any) -> Any:
    SGD.zero_grad()
    (W * x).sum().backward()
    SGD.step()
    SGD.param_groups[0]["lr"] = 0.5


def counts_calls(x: Any) -> Any:
    counts_calls.n += 1  # type: ignore[attr-defined]  # it is set below
    return W * x


counts_calls.n = 0  # type: ignore[attr-defined]  # functions have any attribute


def decides_on_the_gradient(x: Any) -> Any:
    W.zero_grad()
    (W * x).sum().backward()
    if W.grad[0] > 0:
        W.data = W.data - W.grad


REFUSED: dict[str, tuple[Any, str]] = {
    "an argument": (lambda x: (W * x).sum().backward(), r"backward\(\) reaches an argument"),
    "a Value of before": (lambda x: (BEFORE * 2.0).sum().backward(), "reaches a Value that was computed before"),
    "the gradient of an argument": (lambda x: W * x.grad, r"reading \.grad of what is traced"),
    "the data of what is computed": (lambda x: W * (W * x).data, r"reading \.data of what is traced"),
    "another dtype": (lambda x: setattr(W, "data", np.ones(2, np.float32)), "assigning to .data of a parameter"),
    "a gradient of another shape": (lambda x: setattr(W, "grad", np.ones(3)), "assigning to .grad of a parameter"),
    "a scheduler": (asks_the_scheduler, "a schedule takes its step in the function; take it after the call"),
    "a plateau": (lambda x: PLATEAU.step(1.0), "a schedule takes its step in the function; take it after the call"),
    "an option": (sets_the_rate, r"reads or changes SGD\.param_groups itself"),
    "an option that is read": (lambda x: W * x * SGD.lr, r"reads or changes SGD\.param_groups itself"),
    "an option that is set": (lambda x: setattr(SGD, "lr", 0.5), r"reads or changes SGD\.param_groups itself"),
    "the state": (lambda x: SGD.state_dict(), r"reads or changes SGD\.\w+ itself"),
    "a group that changes": (lambda x: GROUP.update(lr=0.5), "the function changes GROUP"),
    "a shuffle": (lambda x: sum(W * b for b in optim.minibatches(x, batch_size=1)), "shuffled in the function"),
    "a seed": (lambda x: nn.manual_seed(1), "manual_seed is called in the function"),
    "a generator of Python": (lambda x: W * x * DRAWS.random(), "draws random numbers"),
    "an old generator of NumPy": (lambda x: W * x * OLD_DRAWS.rand(), "draws random numbers"),
    "a function's own attribute": (lambda x: counts_calls(x), "the function changes counts_calls.n"),
    "an if on a gradient": (decides_on_the_gradient, "an if, a while"),
    "clipping gradients of before": (
        lambda x: optim.clip_grad_norm([W], 1.0),
        "reads a gradient that was there before",
    ),
    "LBFGS": (lambda x: optim.LBFGS([W]).step(lambda: (W * x).sum()), "looks at the numbers of a parameter"),
    "a float of a parameter": (lambda x: float(W[0].data) * W, r"reading \.data of what is traced"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_program_would_do_wrongly_is_refused_and_nothing_is_changed(name: str) -> None:
    f, message = REFUSED[name]
    W.grad = None if name != "clipping gradients of before" else np.ones(2)
    SGD.lr = 0.1
    with pytest.raises(JitError, match=message):
        jit(f)(Value([1.0, 3.0]) if "argument" in name else np.array([1.0, 3.0]))
    assert type(W) is Value
    assert W.data.tolist() == [1.0, 2.0]
    W.grad = None


def test_the_loss_that_a_step_returns_has_no_gradient_left_to_take() -> None:
    _, jitted = both()
    loss = jitted.step(X, Y)
    with pytest.raises(ValueError, match="the function took it itself"):
        loss.backward()


def test_an_error_in_a_replay_changes_nothing() -> None:
    w = Value([1.0, 2.0])
    adam = optim.Adam([w], 0.1)

    def positive(data: Any) -> None:
        if data.min() <= 0:
            raise ValueError("not positive")

    @jit
    def step(x: Any) -> Any:
        adam.zero_grad()
        loss = (w * x).sum()
        loss.backward()
        adam.step()
        x.map_data(positive)
        return loss

    for _ in range(3):
        step(np.ones(2))
    data, grad, state = w.data, w.grad, adam.state[0]
    with pytest.raises(ValueError, match="not positive"):
        step(np.array([1.0, -1.0]))
    assert w.data is data
    assert w.grad is grad
    assert adam.state[0] is state


def test_ctrl_c_comes_before_the_step_or_after_it() -> None:
    _, jitted = both()
    eager, _ = both()
    for training in (jitted, eager):
        training.step(X, Y)
        training.step(X, Y)
    calls: list[int] = []
    (trace,) = jitted.step._cache.traces.values()
    eager.step(X, Y)
    for carry in trace._effects._carried:
        write = carry._write

        def once(numbers: Any, write: Any = write) -> None:
            calls.append(1)
            if len(calls) == 1:
                raise KeyboardInterrupt
            write(numbers)

        carry._write = once
    with pytest.raises(KeyboardInterrupt):
        jitted.step(X, Y)
    assert_alike(eager, jitted)


def test_under_detect_anomaly_a_step_is_taken_op_by_op() -> None:
    eager, jitted = both()
    for training in (eager, jitted):
        training.step(X, Y)
        with detect_anomaly():
            training.step(X, Y)
        training.step(X, Y)
    assert_alike(eager, jitted)


# ---------------------------------------------------------------- what a review found


class Config:
    """Read by names that stand in no code."""

    __match_args__ = ("rate",)

    def __init__(self) -> None:
        self.rate, self.inner, self.other = 1.0, None, 7.0


CONFIG, NAME = Config(), "ra" + "te"
BOUND = {"config": CONFIG}.get
READ, FORM = getattr, "{0.rate}"


def matched(x: Any) -> Any:
    match CONFIG:
        case Config(rate=r):
            return W * x * r
    return W


def matched_by_place(x: Any) -> Any:
    match CONFIG:
        case Config(r):
            return W * x * r
    return W


READERS: dict[str, Any] = {
    "getattr": lambda x: W * x * getattr(CONFIG, NAME),
    "getattr by another name": lambda x: W * x * READ(CONFIG, NAME),
    "vars": lambda x: W * x * vars(CONFIG)[NAME],
    "format": lambda x: W * x * float(FORM.format(CONFIG)),
    "attrgetter": lambda x: W * x * operator.attrgetter(NAME)(CONFIG),
    "eval": lambda x: W * x * eval("c." + NAME, {"c": CONFIG}),
    "match": matched,
    "match by place": matched_by_place,
    "a bound get": lambda x: W * x * BOUND("config").rate,
}


@pytest.mark.parametrize("name", READERS)
def test_an_attribute_is_seen_to_change_by_whatever_name_it_is_read(name: str) -> None:
    CONFIG.rate = 1.0
    f = jit(READERS[name])
    x = np.array([1.0, 2.0])
    for CONFIG.rate in (1.0, 5.0, 2.0):
        np.testing.assert_array_equal(f(x).data, W.data * x * CONFIG.rate)


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


def test_an_attribute_of_an_optimizer_may_come_later() -> None:
    class Boosted(optim.SGD):
        def update(self, w: Any, g: Any, state: Any, group: Any) -> Any:
            return w - group["lr"] * getattr(self, "boost", 1.0) * g, state

    eager, jitted = both(lambda ps: Boosted(ps, 0.1))
    for k in range(4):
        for training in (eager, jitted):
            if k == 2:
                training.optimizer.boost = 3.0  # type: ignore[attr-defined]  # it comes later
            training.step(X, Y)
        assert_alike(eager, jitted)


FOUND = {"w": W}.get
VIEW = Value(0.0)
VIEW.data = np.arange(4.0)[:2]


def freezes(x: Any) -> Any:
    W.requires_grad = False
    return x * 2.0


def changes_an_array(x: Any) -> Any:
    a = W.data
    a -= 0.1
    return W * x


def changes_a_view(x: Any) -> Any:
    VIEW.data -= x
    return VIEW * x


def in_the_wrong_order(x: Any) -> Any:
    W.zero_grad()
    loss = (W * W * x).sum()
    W.data = W.data * 2.0
    loss.backward()


def reads_a_dict(x: Any) -> Any:
    SGD.zero_grad()
    (W * x).sum().backward()
    SGD.step()
    return W * vars(SGD)["param_groups"][0]["lr"]


def makes_a_value(x: Any) -> Any:
    n = Value([1.0, 2.0])
    (W * n).sum().backward()


def gives_an_array_away(x: Any) -> Any:
    a = W.data
    a -= 0.1
    V.data = a


def test_whoever_holds_the_array_of_a_parameter_sees_it_change_in_place() -> None:
    def descend(w: Value, x: Any) -> None:
        w.zero_grad()
        (w * w * x).sum().backward()
        w.data -= 0.1 * w.grad

    eager, jitted = Value([1.0, -2.0]), Value([1.0, -2.0])
    held_eager, held_jitted = eager.data, jitted.data
    step = jit(lambda x: descend(jitted, x))
    for k in range(4):
        x = np.array([1.0, 2.0 + k])
        descend(eager, x)
        step(x)
        assert jitted.data is held_jitted
        np.testing.assert_array_equal(held_jitted, held_eager)
        if k == 2:  # as load_state_dict does
            eager.data, jitted.data = held_eager.copy(), held_jitted.copy()
            held_eager, held_jitted = eager.data, jitted.data


def test_a_parameter_that_is_replaced_and_then_changed_in_place_leaves_its_old_array_alone() -> None:
    w = Value([1.0, -2.0])
    old = w.data

    @jit
    def step(x: Any) -> None:
        w.data = w.data * 2.0
        w.data -= x

    for _ in range(3):
        before = w.data.copy()
        step(np.array([1.0, 1.0]))
        np.testing.assert_array_equal(w.data, before * 2 - 1)
    assert old.tolist() == [1.0, -2.0]


@pytest.mark.parametrize("shared_from_the_start", [True, False])
def test_two_parameters_of_one_array_are_refused_where_it_changes_in_place(shared_from_the_start: bool) -> None:
    w, v = Value([1.0, 2.0]), Value([3.0, 4.0])

    @jit
    def step(x: Any) -> Value:
        w.data -= x
        return v * x

    if not shared_from_the_start:
        step(np.array([1.0, 1.0]))
    v.data = w.data
    before = w.data.tolist()
    with pytest.raises(JitError, match="is the array of another Value or argument too"):
        step(np.array([1.0, 1.0]))
    assert w.data.tolist() == before
    v.data = w.data.copy()
    step(np.array([1.0, 1.0]))
    with pytest.raises(JitError, match="is the array of another Value or argument too"):
        step(w.data)


V = Value([0.0, 0.0])
REFUSED_TOO: dict[str, tuple[Any, str]] = {
    "an array in place that another gets": (gives_an_array_away, "is changed in place"),
    "requires_grad": (freezes, "setting requires_grad of a parameter"),
    "an array in place": (changes_an_array, r"\.data or \.grad of a parameter is changed in place"),
    "a view in place": (changes_a_view, "is a part of another array"),
    "numbers of before": (in_the_wrong_order, "of before it was changed"),
    "the dict of an optimizer": (reads_a_dict, r"reads or changes SGD\.__dict__ itself"),
    "a Value made inside": (makes_a_value, "a Value that the function has made of numbers"),
}


@pytest.mark.parametrize("name", REFUSED_TOO)
def test_what_a_program_would_not_repeat_is_refused_too(name: str) -> None:
    f, message = REFUSED_TOO[name]
    W.grad = None
    with pytest.raises(JitError, match=message):
        jit(f)(np.array([1.0, 3.0]))
    assert W.data.tolist() == [1.0, 2.0]
    assert W.requires_grad
