"""What a step does that a program would do wrongly is refused, and what fails on the way changes nothing."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd_mini import Value, no_grad
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit
from tests.jit.training import X, Y, assert_alike, both

W = Value([1.0, 2.0])
BEFORE = W * 2.0
SGD = optim.SGD([W], 0.1)
GROUP = SGD.param_groups[0]
DRAWS, OLD_DRAWS = random.Random(0), np.random.RandomState(0)
SCHEDULED = optim.SGD([Value(1.0)], 0.1)
SCHEDULE = optim.lr_scheduler.StepLR(SCHEDULED, 1)
SCHEDULED.step()
PLATEAU = optim.lr_scheduler.ReduceLROnPlateau(SCHEDULED)
HELD = np.array([5.0, 6.0])
VIEW = Value(0.0)
VIEW.data = np.arange(4.0)[:2]
V = Value([0.0, 0.0])


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


def freezes(x: Any) -> Any:
    W.requires_grad = False
    return x * 2.0


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


def changes_an_old_array(x: Any) -> None:
    a = W.data
    W.data = W.data * x
    a -= 0.1


def changes_an_old_gradient(x: Any) -> None:
    W.zero_grad()
    (W * W * x).sum().backward()
    g = W.grad
    W.grad = g * 2.0
    g *= x


def shares_an_array(x: Any) -> None:
    V.data = W.data


def assigns_a_value(x: Any) -> None:
    W.data = W * x


def shares_what_is_made(x: Any) -> None:
    (W * x).sum().backward()
    SGD.step()
    V.data = W.data


def shares_a_new_array(x: Any) -> None:
    a = W.data * x
    V.data = a
    W.data = a


def takes_an_argument(x: Any) -> None:
    W.data = x


def takes_what_it_closes_over(x: Any) -> None:
    W.data = HELD


def keeps_a_gradient(x: Any) -> None:
    W.zero_grad()
    (W * W * x).sum().backward()
    V.data = W.grad


def exchanges_arrays(x: Any) -> None:
    V.data, W.data = W.data, V.data


def gives_an_array_away(x: Any) -> Any:
    a = W.data
    a -= 0.1
    V.data = a


REFUSED: dict[str, tuple[Any, str]] = {
    "one number of a parameter": (lambda x: W.data.__setitem__(0, 1.0), r"value\[index\] = item of what is traced"),
    "all numbers of an array that is no parameter's": (
        lambda x: (x * 1.0).__setitem__(slice(None), 1.0),
        r"value\[index\] = item of what is traced",
    ),
    "all numbers of an argument": (lambda x: x.__setitem__(..., 1.0), r"value\[index\] = item of what is traced"),
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
    "an array in place that another gets": (gives_an_array_away, "(?s)gets the array of another.*: V.data = a$"),
    "requires_grad": (freezes, "setting requires_grad of a parameter"),
    "an array of before in place": (changes_an_old_array, r"(?s)before that was assigned or changed is.*: a -= 0.1$"),
    "a gradient of before in place": (
        changes_an_old_gradient,
        r"(?s)\.grad of a parameter before that was.*: g \*= x$",
    ),
    "the array of another": (shares_an_array, r"(?s)gets the array of another.*: V.data = W.data$"),
    "one array for two": (shares_a_new_array, r"(?s)gets the array of another.*: W.data = a$"),
    "what an optimizer has made": (shares_what_is_made, r"(?s)gets the array of another.*: V.data = W.data$"),
    "the array that is passed": (takes_an_argument, r"(?s)gets the array of another, .*of an argument.*: W.data = x$"),
    "an array that is closed over": (takes_what_it_closes_over, r"(?s)closes over.*: W.data = HELD$"),
    "the array of a gradient": (keeps_a_gradient, r"(?s)gets the array of another, of a gradient.*: V.data = W.grad$"),
    "a Value as data": (assigns_a_value, r"(?s)data of a Value becomes a Value.*: W.data = W \* x$"),
    "an exchange": (exchanges_arrays, "gets the array of another"),
    "a view in place": (changes_a_view, "is a part of another array"),
    "numbers of before": (in_the_wrong_order, "of before it was changed"),
    "the dict of an optimizer": (reads_a_dict, r"reads or changes SGD\.__dict__ itself"),
    "a Value made inside": (makes_a_value, "a Value that the function has made of numbers"),
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
    assert W.requires_grad
    W.grad = None


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


def test_a_step_under_no_grad_is_refused_as_without_jit() -> None:
    eager, jitted = both()
    jitted.step(X, Y)
    before = [p.data for p in jitted.parameters]
    for training in (eager, jitted):
        with no_grad(), pytest.raises(ValueError, match="does not depend on anything that requires a gradient"):
            training.step(X, Y)
    assert all(p.data is data for p, data in zip(jitted.parameters, before, strict=True))


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
