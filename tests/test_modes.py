"""no_grad: what is computed inside it is not recorded, in this thread and this task only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, detect_anomaly, modes, no_grad, stack


def recorded() -> bool:
    """Whether an op on a value that requires a gradient joins the graph now."""
    return (Value(2.0) * 3.0).requires_grad


def test_inside_no_grad_nothing_is_recorded() -> None:
    x, y = Value(2.0), Value([1.0, 2.0])
    with no_grad():
        for z in (x * x, x * 3, -x, y.sum(), y @ y, stack([x, x, x]), y[0]):
            assert (z.requires_grad, z.op, z.inputs) == (False, None, ())
    assert recorded()


def test_the_numbers_are_the_same() -> None:
    x = Value(2.0)
    with no_grad():
        quiet = (x * x + 1).data
    assert quiet == (x * x + 1).data == 5.0


def test_a_leaf_made_inside_still_requires_a_gradient() -> None:
    with no_grad():
        x = Value(2.0)
    (x * x).backward()
    assert x.grad == 4.0


def test_a_result_from_inside_is_a_constant_outside() -> None:
    x = Value(2.0)
    with no_grad():
        y = x * x
    (x * y).backward()
    assert (x.grad, y.has_grad) == (4.0, False)


def test_backward_of_a_result_from_inside_is_refused_and_no_grad_named() -> None:
    with no_grad():
        y = Value(2.0) * 3
    with pytest.raises(ValueError, match="no_grad"):
        y.backward()


def test_backward_inside_no_grad_works() -> None:
    x = Value(2.0)
    y = x * x
    with no_grad():
        y.backward()
    assert x.grad == 4.0


def test_it_is_a_decorator() -> None:
    @no_grad()
    def predict(x: Value) -> Value:
        """Its docstring."""
        return x * 2

    x = Value(1.0)
    assert not predict(x).requires_grad
    assert not predict(x).requires_grad
    assert recorded()
    assert (predict.__name__, predict.__doc__) == ("predict", "Its docstring.")


def test_a_decorated_function_may_call_itself() -> None:
    @no_grad()
    def count_down(n: int) -> bool:
        return recorded() or (n > 0 and count_down(n - 1))

    assert count_down(5) is False
    assert recorded()


def test_it_nests() -> None:
    with no_grad():
        with no_grad():
            assert not recorded()
        assert not recorded()
    assert recorded()


def test_one_object_can_be_entered_twice() -> None:
    off = no_grad()
    with off:
        with off:
            assert not recorded()
        assert not recorded()
    assert recorded()


def test_an_error_inside_ends_it() -> None:
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert recorded()
    assert modes.open_blocks == 0


def test_another_thread_records_on() -> None:
    inside, answers = threading.Event(), []

    def other() -> None:
        inside.wait()
        answers.append(recorded())
        with no_grad():
            answers.append(recorded())
        answers.append(recorded())

    thread = threading.Thread(target=other)
    thread.start()
    with no_grad():
        inside.set()
        thread.join()
        assert not recorded()
    assert answers == [True, False, True]
    assert recorded()


def test_another_task_records_on() -> None:
    answers: dict[str, bool] = {}

    async def silent(entered: asyncio.Event, done: asyncio.Event) -> None:
        with no_grad():
            entered.set()
            await done.wait()
            answers["inside"] = recorded()
        answers["after"] = recorded()

    async def both() -> None:
        entered, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(silent(entered, done))
        await entered.wait()
        answers["other"] = recorded()
        done.set()
        await task

    asyncio.run(both())
    assert answers == {"inside": False, "after": True, "other": True}
    assert modes.open_blocks == 0


def test_a_task_that_is_started_inside_inherits_it() -> None:
    async def main() -> bool:
        async def child() -> bool:
            return recorded()

        with no_grad():
            return await asyncio.create_task(child())

    assert asyncio.run(main()) is False
    assert recorded()


def test_numpy_functions_are_not_recorded_either() -> None:
    with no_grad():
        assert not np.exp(Value([1.0])).requires_grad


def test_one_decorated_function_serves_two_threads_at_once() -> None:
    inside, go_on = threading.Barrier(2), threading.Barrier(2)

    @no_grad()
    def double(x: Value) -> Value:
        inside.wait(timeout=10)
        y = x * 2.0
        go_on.wait(timeout=10)
        return y

    with ThreadPoolExecutor(2) as pool:
        assert [y.requires_grad for y in pool.map(double, [Value(1.0), Value(2.0)])] == [False, False]
    assert modes.open_blocks == 0
    assert (Value(1.0) * 2.0).requires_grad


def test_a_generator_is_refused_as_it_would_record_while_it_runs() -> None:
    with pytest.raises(TypeError, match="numbers stops and goes on; write `with no_grad"):

        @no_grad()
        def numbers() -> Iterator[int]:
            yield 1


@pytest.mark.parametrize("mode", [no_grad, detect_anomaly])
def test_a_mode_decorates_with_brackets_and_without(mode: Any) -> None:
    x = Value(3.0)

    def square(y: Value) -> Value:
        """A square."""
        return y * y

    for decorated in (mode(square), mode()(square)):
        assert decorated.__doc__ == "A square."
        assert decorated(x).data == 9.0
        assert decorated(x).requires_grad is (mode is detect_anomaly)
    assert square(x).requires_grad


@pytest.mark.parametrize("mode", [no_grad, detect_anomaly])
@pytest.mark.parametrize(("given", "options"), [((False,), {}), ((3, 4), {}), ((), {"mode": True})], ids=str)
def test_a_mode_takes_no_arguments_and_says_so_with_the_line(mode: Any, given: Any, options: Any) -> None:
    with pytest.raises(TypeError, match=f"{mode.__name__} takes no arguments; write `with .*\n  at test_modes.py"):
        mode(*given, **options)


def test_a_generator_is_not_decorated_and_the_error_names_the_line() -> None:
    with pytest.raises(TypeError, match=r"no_grad: numbers stops and goes on; .*\n  at test_modes.py:\d+: @no_grad"):

        @no_grad()
        def numbers() -> Iterator[int]:
            yield 1
