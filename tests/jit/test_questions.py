"""Questions about numbers that have no gradient are asked anew at each replay; what cannot be is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import Value
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit

W = Value([1.0, -2.0, 3.0])
X, Y = np.array([0.5, -1.0, 3.0]), np.array([3.0, 1.0, -2.0])
ASKED: dict[str, Callable[[Any], Any]] = {
    "argmax": lambda x: W * x.argmax(),
    "argmin": lambda x: W * x.argmin(),
    "argsort": lambda x: W[x.argsort()] * x,
    "argpartition": lambda x: W[x.argpartition(1)[1]] * x,
    "any": lambda x: am.where((x - 2).clip(0.0, 9.0).any(), x * W, 0.0),
    "all": lambda x: am.where((x + 1).all(), x * W, 0.0),
    "count_nonzero": lambda x: W * (x + 1).count_nonzero(),
    "an element picked by argmax": lambda x: W[x.argmax()],
    "np.argmax of a parameter": lambda x: x * np.argmax(W),
    "np.isnan of a parameter": lambda x: am.where(np.isnan(W), 0.0, x * W),
    "np.isnan": lambda x: am.where(~np.isnan(x), x * W, 0.0),
    "np.any": lambda x: am.where(np.any(x < -1.5), x * W, 0.0),
    "np.isclose": lambda x: am.where(np.isclose(x, W), x * x * W, x),
    "np.isclose of a parameter": lambda x: am.where(np.isclose(W, x), x * x * W, x),
    "np.searchsorted": lambda x: W * np.searchsorted(np.array([-0.5, 1.0]), x),
    "np.greater": lambda x: am.where(np.greater(x, W), x, W),
    "np.logical_and": lambda x: am.where(np.logical_and(x > 0, W > 0), x, W),
    "np.count_nonzero": lambda x: W * np.count_nonzero(x > 0.7),
    "np.result_type": lambda x: am.astype(x * W, np.result_type(x, np.float32)),
    "np.zeros_like": lambda x: np.zeros_like(x) + np.ones_like(W) * x,
    "np.sort": lambda x: np.sort(x) * W,
    "np.where": lambda x: np.where(x > 0, x, W),
    "a mask that is no argument": lambda x: (W * x)[np.array([True, False, True])],
}


@pytest.mark.parametrize("name", ASKED)
def test_a_question_is_asked_anew_at_each_call(name: str) -> None:
    f = ASKED[name]
    replayed = jit(f)
    answers = [(f(Value(x)), replayed(x)) for x in (X, Y, X)]
    assert np.any(answers[0][0].data != answers[1][0].data)
    for expected, actual in answers:
        np.testing.assert_array_equal(actual.data, expected.data)
        assert np.asarray(actual.data).dtype == np.asarray(expected.data).dtype


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "tolist": (lambda x: W * sum(x.tolist()), "tolist looks at the numbers"),
    "np.nonzero": (lambda x: x[np.nonzero(x > 0)], "nonzero gives what is neither a number nor an array"),
    "min of Python": (lambda x: min(x) * W, "an if, a while"),
    "a key of a dict": (lambda x: W * {0.5: 5.0}.get(x[0], 0.0), "a traced number as a key"),
    "a comparison as a key": (lambda x: W * {True: 1.0, False: 2.0}[x[0] > 0], "a traced number as a key"),
    "a set": (lambda x: W * len(set(x)), "a traced number as a key"),
    "a Counter": (lambda x: W * Counter(x)[0.5], "a traced number as a key"),
    "hash": (lambda x: W * hash(x[0]), "a traced number as a key"),
    "bits of a number": (lambda x: W * (am.sum(x) & 1), "bitwise_and of a traced number"),
    "the gradient of an argument": (lambda x: W * x.grad, "reading .grad of what is traced"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_a_constant_of_the_first_call_is_refused_with_the_line(name: str) -> None:
    f, message = REFUSED[name]
    with pytest.raises(JitError, match=message) as error:
        jit(f)(X)
    assert "lambda x" in str(error.value) or name == "a Counter"  # whose own line it is
    assert type(W) is Value


def alike_in(f: Callable[[Any], Any], *calls: Any) -> Any:
    """``f`` jitted, which gives what ``f`` gives."""
    replayed = jit(f)
    for y in calls:
        np.testing.assert_array_equal(replayed(y).data, f(y).data)
    return replayed


LENGTHS: dict[str, Callable[[Any], Any]] = {
    "np.unique": lambda y: W * len(np.unique(y)),
    "np.flatnonzero": lambda y: W * np.flatnonzero(y > 2).size,
    "np.setdiff1d": lambda y: W * np.setdiff1d(np.array([3, 9]), y).shape[0],
    "a slice": lambda y: (W * 2.0)[: len(np.unique(y))].sum(),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_a_length_that_hangs_on_the_numbers_is_refused_where_it_is_another(name: str) -> None:
    replayed = alike_in(LENGTHS[name], np.array([1, 2, 2]), np.array([0, 1, 1]))
    with pytest.raises(JitError, match=r"gives had shape .* when it was traced"):
        replayed(np.array([1, 3, 9]))


BITS: dict[str, Callable[[Any], Any]] = {
    "<<": lambda y: W * (y << 1),
    "<< by it": lambda y: W * (2 << y),
    ">>": lambda y: W * (y >> 1),
    "&": lambda y: W * (3 & y),
    "|": lambda y: W * (y | 1),
    "^": lambda y: W * (y ^ 3),
    "^ of comparisons": lambda y: am.where((y > 1) ^ (y < 6), W, 0.0),
}


@pytest.mark.parametrize("name", BITS)
def test_arithmetic_of_bits_is_numpys(name: str) -> None:
    alike_in(BITS[name], np.array([1, 2, 7]), np.array([5, 0, 1]))


def test_choose_picks_anew_by_an_argument() -> None:
    def f(y: Any) -> Any:
        return np.choose(y, [W, 2 * W, 0.5])

    alike_in(f, np.array([0, 1, 2]), np.array([1, 1, 0]))
    with pytest.raises(TypeError, match=r"choose of .*float64"):
        f(Value([0.0, 1.0, 2.0]))


def test_a_refusal_that_the_function_hides_is_a_refusal_still() -> None:
    def careful(x: Any) -> Any:
        try:
            return W * float(x)
        except TypeError:
            return W * 0.0

    with pytest.raises(JitError, match=r"float\(\)(.|\n)*return W \* float\(x\)"):
        jit(careful)(2.0)


class Answer:
    def __init__(self, number: Any) -> None:
        self.number = number


@pytest.mark.parametrize(
    "f", [lambda x: Answer(x * W), lambda x: (W * i for i in range(2)), lambda x: [x * W, {"it": lambda: x}]]
)
def test_a_result_into_which_a_replay_could_put_nothing_is_refused(f: Any) -> None:
    with pytest.raises(JitError, match=r"returns a (Answer|generator|function), into which a replay"):
        jit(f)(X)
