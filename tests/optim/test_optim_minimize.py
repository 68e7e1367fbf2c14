"""minimize: it goes down, stops where it should, and says why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import optim
from autograd_mini import Value, exp


def rosenbrock(p: Any) -> Any:
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def test_plain_gradient_descent_takes_the_steps_that_one_takes_by_hand() -> None:
    result = optim.minimize(lambda x: 2 * x**2, 1.0, lr=0.1)
    x, path = 1.0, []
    while True:
        path.append(x)
        if abs(4 * x) < 1e-6:
            break
        x = -0.1 * (4 * x) + x
    assert result.path == path
    assert result.values == pytest.approx([2 * x**2 for x in path], rel=1e-15)
    assert result.gradient_norms == [abs(4 * x) for x in path]
    assert (result.x, result.steps, result.converged) == (path[-1], len(path) - 1, True)
    assert result.gradient_norm < 1e-6 <= result.gradient_norms[-2]
    assert result.message.startswith(f"converged: after {result.steps} steps")


def test_it_starts_where_it_is_told_and_stays_there_if_the_slope_is_zero() -> None:
    result = optim.minimize(lambda x: (x - 1.0) ** 2, 1.0)
    assert (result.x, result.steps, result.path, result.converged) == (1.0, 0, [1.0], True)
    assert optim.minimize(lambda x: 3.0, 1.0).steps == 0  # it does not depend on x at all
    assert optim.minimize(lambda x: x * x, 0.1, tol=1.0).steps == 0


class Pair(NamedTuple):
    a: Any
    b: Any


@dataclass
class Line:
    slope: Any
    offset: Any


def test_x_has_the_form_of_x0() -> None:
    start = {"a": (3, [1.0]), "b": np.ones((2, 2), np.float32), "c": Pair(1.0, 2.0), "d": Line(1.0, np.ones(2))}

    def f(x: Any) -> Any:
        parts = [x["a"][0], x["a"][1][0], x["b"], x["c"].a, x["c"].b, x["d"].slope, x["d"].offset]
        assert all(isinstance(part, Value) for part in parts)
        return sum([((part - 0.5) ** 2).sum() for part in parts])

    result = optim.minimize(f, start, lr=0.3)
    assert result.converged
    x = result.x
    assert (type(x["a"]), type(x["a"][1]), type(x["c"]), type(x["d"])) == (tuple, list, Pair, Line)
    assert type(x["a"][0]) is float
    assert x["b"].dtype == np.float32
    np.testing.assert_allclose(x["b"], np.full((2, 2), 0.5), atol=1e-6)
    assert x["d"].slope == pytest.approx(0.5, abs=1e-6)
    assert start["a"] == (3, [1.0])  # what was given stays
    assert result.path[0]["b"].tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_each_point_of_the_path_keeps_its_numbers() -> None:
    x0 = np.array([1.0, -2.0])
    result = optim.minimize(lambda x: (x * x).sum(), x0, lr=0.25, max_steps=3)
    assert [x.tolist() for x in result.path] == [[1.0, -2.0], [0.5, -1.0], [0.25, -0.5], [0.125, -0.25]]
    assert x0.tolist() == [1.0, -2.0]


@pytest.mark.parametrize("lr", [0.6, 0.505, 100.0])
def test_a_learning_rate_too_high_ends_with_words_and_not_with_nan(lr: float) -> None:
    result = optim.minimize(lambda x: 2 * x**2, 1.0, lr=lr)
    assert not result.converged
    assert result.message.startswith("diverged: in ")
    assert result.message.endswith(f"the steps overshoot: try a learning rate of {lr / 10:.3g}")
    assert (result.x, result.value) == (1.0, 2.0)  # the lowest point, not the last
    assert all(math.isfinite(value) for value in result.values)


def test_a_function_without_a_minimum_is_told_from_steps_that_are_too_long() -> None:
    assert optim.minimize(lambda x: -(x**2), 1.0).message.endswith("f seems to have no minimum there")
    assert optim.minimize(lambda x: -exp(x), 1.0).message.endswith("f seems to have no minimum there")


def test_a_start_where_the_function_is_not_finite_is_said_to_be_one() -> None:
    result = optim.minimize(lambda x: x.log(), -1.0)
    assert result.message == "diverged: at x0 f is nan and the gradient has norm 1; start elsewhere"
    assert (result.steps, result.converged) == (0, False)


def test_after_the_last_step_it_gives_up_and_says_what_to_change() -> None:
    slow = optim.minimize(lambda x: 2 * x**2, 1.0, lr=1e-3, max_steps=50)
    assert slow.steps == 50
    assert slow.message.startswith("not converged: after 50 steps the gradient has norm 3.27, above the tolerance")
    assert slow.message.endswith("take more steps, or a higher learning rate")
    bouncing = optim.minimize(lambda x: 2 * x**2, 1.0, lr=0.5, max_steps=50)
    assert bouncing.path[:3] == [1.0, -1.0, 1.0]
    assert bouncing.message.endswith("the value does not fall: try a lower learning rate")
    assert optim.minimize(lambda x: x * x, 1.0, max_steps=0).steps == 0


def test_steps_too_small_to_change_x_are_not_taken_forever() -> None:
    result = optim.minimize(lambda x: 2 * x**2, 1.0, lr=1e-300)
    assert result.steps == 10
    assert result.message.startswith("stuck: the gradient has norm 4, and steps as small as these")


def test_momentum_that_turns_back_is_not_stuck() -> None:
    # at 2 the velocity of 2 - 2 is exactly 0, and the slope is not
    result = optim.minimize(lambda x: x**2 / 2, 4.0, lambda p: optim.SGD(p, lr=1.0, momentum=0.5))
    assert result.converged


MAKES: list[Any] = [
    lambda p: optim.SGD(p, lr=1e-3, momentum=0.9),
    lambda p: optim.SGD(p, lr=1e-3, momentum=0.9, nesterov=True),
    lambda p: optim.Adam(p, lr=0.02),
    lambda p: optim.Adagrad(p, lr=0.5),
]


@pytest.mark.parametrize("make", MAKES)
def test_every_kind_of_descent_finds_the_bottom_of_rosenbrocks_valley(make: Any) -> None:
    result = optim.minimize(rosenbrock, [-1.0, 1.0], make, max_steps=50_000)
    assert result.converged, result.message
    assert result.x == pytest.approx([1.0, 1.0], abs=1e-4)


def test_the_same_search_takes_the_same_path() -> None:
    first, second = [optim.minimize(rosenbrock, [-1.0, 1.0], optim.Adam, lr=0.1) for _ in range(2)]
    assert first.path == second.path


def test_the_learning_rate_goes_to_the_optimizer() -> None:
    assert optim.minimize(lambda x: x * x, 1.0, optim.SGD, lr=0.5, max_steps=1).path == [1.0, 0.0]
    assert optim.minimize(lambda x: x * x, 1.0, max_steps=1).path == [1.0, 0.8]


def test_the_callback_sees_every_step_and_may_stop_the_search() -> None:
    seen: list[Any] = []

    def callback(step: int, x: Any, value: float) -> bool:
        seen.append((step, x, value))
        return step == 2

    result = optim.minimize(lambda x: x * x, 1.0, lr=0.25, callback=callback)
    assert seen == [(0, 1.0, 1.0), (1, 0.5, 0.25), (2, 0.25, 0.0625)]
    assert (result.steps, result.x, result.converged) == (2, 0.25, False)
    assert result.message.startswith("stopped by the callback: after 2 steps")
    assert optim.minimize(lambda x: x * x, 1.0, callback=lambda *_: 1).converged  # True, and nothing else, stops it


BAD: list[Any] = [
    ((3.0, 1.0), {}, TypeError, "the first argument is the function, not a float"),
    ((lambda x: x * x, "1"), {}, TypeError, "x0 holds numbers and arrays, and '1' is neither"),
    ((lambda x: x * x, None), {}, TypeError, "x0 holds numbers and arrays, and None is neither"),
    ((lambda x: x * x, 1j), {}, TypeError, "a Value holds real numbers, not complex"),
    ((lambda x: 0.0, []), {}, ValueError, "the list of parameters is empty"),
    ((lambda x: x * x, np.ones(2)), {}, ValueError, r"the result of f has shape \(2,\), and only a single number"),
    ((lambda x: None, 1.0), {}, ValueError, "the result of f is a NoneType, and only a single number"),
    ((lambda x: (x, x), 1.0), {}, ValueError, "the result of f is a tuple, and only a single number"),
    ((lambda x: x, 1.0), {"tol": -1.0}, ValueError, "tol is a finite number that is not negative"),
    ((lambda x: x, 1.0), {"max_steps": 1.5}, ValueError, r"max_steps is a whole number that is not negative, not 1\.5"),
    ((lambda x: x, 1.0), {"lr": -0.1}, ValueError, "lr is a finite number that is not negative"),
    ((lambda x: x, 1.0), {"optimizer": "adam"}, TypeError, r"give the class \(optim\.Adam\).*, not a str"),
    ((lambda x: x, 1.0), {"optimizer": optim.SGD([Value(1.0)])}, TypeError, "it makes the optimizer itself"),
    ((lambda x: x, 1.0), {"optimizer": lambda p: None}, TypeError, "gave a NoneType, which is no optimizer"),
]


@pytest.mark.parametrize(("args", "options", "kind", "message"), BAD, ids=[message[:50] for *_, message in BAD])
def test_bad_input_is_answered_with_a_sentence(args: Any, options: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        optim.minimize(*args, **options)


def test_an_error_names_the_line_of_the_caller() -> None:
    with pytest.raises(TypeError) as error:
        optim.minimize("f", 1.0)  # type: ignore[arg-type]  # the mistake
    assert str(error.value).splitlines()[1].startswith("  at test_optim_minimize.py:")


def test_a_function_that_changes_the_containers_it_is_given_does_not_drift() -> None:
    def f(p: Any) -> Any:
        p["a"] = p["a"] - 3.0
        return p["a"] ** 2

    assert optim.minimize(f, {"a": 1.0}, max_steps=100).x["a"] == pytest.approx(3.0, abs=1e-3)
