"""What a function does besides computing, or computes with what is another at each call, is refused with a remedy."""

from __future__ import annotations

import operator
import random
import secrets
import threading
import time
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import Value
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit

W = Value(2.0)
NUMBERS = [1.0, 2.0]
RNG = np.random.default_rng(0)


def changes_a_list(x: Any) -> Any:
    NUMBERS.append(3.0)
    return W * x


def changes_a_global(x: Any) -> Any:
    global COUNT
    COUNT += 1
    return W * x


def changes_a_slot(x: Any) -> Any:
    SLOTTED.rate += 1.0
    return W * x


class Slotted:
    __slots__ = ("rate",)


COUNT = 0
NUMBERS_ONE_BY_ONE = iter([1.0, 2.0])
SLOTTED = Slotted()
SLOTTED.rate = 1.0
REFUSED = {
    "a list that it changes": (changes_a_list, "changes NUMBERS"),
    "a global that it changes": (changes_a_global, "changes"),
    "an argument that it changes": (lambda x: W * (x.append(1.0), x[0])[1], "changes a list or dict"),
    "an array that it changes": (lambda x: (operator.iadd(x, 1.0) * W).sum(), "changes an array that it is given"),
    "an iterator": (lambda x: W * x * next(NUMBERS_ONE_BY_ONE), "closes over an iterator"),
    "an object with slots that it changes": (changes_a_slot, "changes SLOTTED"),
    "an assignment of another shape to a parameter": (
        lambda x: setattr(W, "data", np.ones(2)),
        r"assigning to .data of a parameter of shape \(\) and dtype float64 what has shape \(2,\)",
    ),
    "random numbers of a generator": (lambda x: W * x * RNG.normal(), "draws random numbers"),
    "random numbers of NumPy": (lambda x: W * x * np.random.normal(), "draws random numbers"),
    "random numbers of Python": (lambda x: W * x * random.random(), "draws random numbers"),
    "random numbers of a new generator": (lambda x: W * x * np.random.default_rng().normal(), "another at each call"),
    "an index out of a new generator": (
        lambda x: (W * x).reshape(1)[np.random.default_rng().integers(0, 1, np.random.default_rng().integers(2**20))],
        "another at each call",
    ),
    "the time": (lambda x: W * x * time.perf_counter(), "another at each call"),
    "a secret": (lambda x: W * x * secrets.randbelow(2**60), "another at each call"),
}


def test_a_function_that_looks_at_its_watch_is_not_refused_nor_one_with_a_seed() -> None:
    def timed(x: Any) -> Any:
        begin = time.perf_counter()
        y = W * x * np.random.default_rng(3).normal()
        assert time.perf_counter() >= begin
        return y

    f = jit(timed)
    assert f(3.0).data == timed(3.0).data
    assert f(5.0).data == timed(5.0).data


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_replay_would_not_repeat_is_refused(name: str) -> None:
    f, message = REFUSED[name]
    with pytest.raises(JitError, match=message):
        jit(f)([1.0] if "argument" in name else np.ones(2) if "array" in name else 1.0)
    assert type(W) is Value
    NUMBERS[2:] = []


class Counter:
    def __init__(self) -> None:
        self.calls = 0

    def loss(self, x: Any) -> Any:
        self.calls += 1
        return W * x


def test_an_attribute_that_it_changes_has_the_name_that_it_has_in_the_method() -> None:
    with pytest.raises(JitError, match=r"the function changes self\.calls, and"):
        jit(Counter().loss)(1.0)


def test_another_thread_may_draw_random_numbers_meanwhile() -> None:
    done = threading.Event()

    def draw() -> None:
        while not done.wait(1e-4):
            random.random()

    def slow(x: Any) -> Any:
        time.sleep(0.01)
        return W * x

    def draws(x: Any) -> Any:
        return slow(x) * random.choice(NUMBERS)

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        assert jit(slow)(3.0).data == 6.0
        with pytest.raises(JitError, match="draws random numbers"):
            jit(draws)(3.0)
    finally:
        done.set()
        thread.join()


def test_a_large_list_is_refused() -> None:
    numbers = [float(i) for i in range(50_000)]
    with pytest.raises(JitError, match="pass large lists as arguments"):
        jit(lambda x: W * numbers[0] * x)(1.0)


@pytest.mark.parametrize(
    "given", [lambda: iter([1.0]), lambda: (x for x in [1.0]), lambda: {"it": zip([1.0], [2.0], strict=True)}]
)
def test_an_iterator_that_is_given_is_refused_as_what_it_is(given: Any) -> None:
    with pytest.raises(JitError, match="the function is given an iterator, and a replay would use what it gave"):
        jit(lambda it: W)(given())


@pytest.mark.parametrize(
    "f",
    [
        lambda x, axes: am.prod(x, axes),
        lambda x, axes: am.flip(x, axes),
        lambda x, axes: am.cumsum(x, axes[0]),
    ],
)
def test_what_an_op_says_of_a_traced_number_gives_way_to_what_jit_says(f: Any) -> None:
    with pytest.raises(JitError, match=r"a traced number as an index(.|\n)*lambda x, axes"):
        jit(lambda axes: f(W * np.ones((2, 2)), axes))(np.array([0, 1]))
