"""A count, a shape or an axis that is an argument: a JitError on the user's line that says to close over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
from autograd_mini import JitError, Value, jit

X = np.arange(12.0).reshape(3, 4)
W = Value(2.0)
REFUSED: dict[str, Callable[[Any, Any], Any]] = {
    "zeros": lambda x, n: np.zeros(n),
    "ones": lambda x, n: np.ones((n, 3)),
    "full, its numbers": lambda x, n: np.full(3, n),
    "full, its shape": lambda x, n: np.full((n,), 1.0),
    "arange": lambda x, n: np.arange(n),
    "range": lambda x, n: sum([x * i for i in range(n)]),
    "linspace": lambda x, n: np.linspace(0, 1, n),
    "eye": lambda x, n: np.eye(n),
    "tri": lambda x, n: np.tri(n),
    "reshape": lambda x, n: x.reshape(n, -1),
    "np.reshape": lambda x, n: np.reshape(x, (n, -1)),
    "transpose": lambda x, n: x.transpose(n - 1, 0),
    "broadcast_to": lambda x, n: np.broadcast_to(x[0], (n, 4)),
    "sum": lambda x, n: x.sum(axis=n - 1),
    "np.sum": lambda x, n: np.sum(x, axis=n - 1),
    "mean": lambda x, n: x.mean(n - 1),
    "cumsum": lambda x, n: np.cumsum(x, n - 1),
    "argmax": lambda x, n: x.argmax(axis=n - 1),
    "median": lambda x, n: np.median(x, axis=n - 1),
    "sort": lambda x, n: np.sort(x, axis=n - 1),
    "partition": lambda x, n: np.partition(x, n),
    "diff": lambda x, n: np.diff(x, n),
    "matrix_power": lambda x, n: np.linalg.matrix_power(x[:3, :3], n),
    "roll": lambda x, n: np.roll(x, n),
    "tile": lambda x, n: np.tile(x, n),
    "tile of a tuple": lambda x, n: np.tile(x, (n, 1)),
    "repeat": lambda x, n: np.repeat(x, n),
    "the method repeat": lambda x, n: x.repeat(n),
    "split": lambda x, n: np.split(x, n, axis=1)[0],
    "delete": lambda x, n: np.delete(x, n),
    "pad": lambda x, n: np.pad(x, n),
    "round": lambda x, n: np.round(x, n),
    "tril": lambda x, n: np.tril(x, n),
    "diagonal": lambda x, n: np.diagonal(x, n),
    "expand_dims": lambda x, n: np.expand_dims(x, n),
    "swapaxes": lambda x, n: np.swapaxes(x, 0, n - 1),
    "a slice": lambda x, n: x[:n],
    "an index": lambda x, n: x[n],
    "a list's index": lambda x, n: x * [1.0, 2.0, 3.0][n],
    "a text": lambda x, n: x * len("ab" * n),
    "a tuple": lambda x, n: np.stack((x,) * n),
    "a list of numbers": lambda x, n: x * np.sum([1.0, 2.0] * n),
    "a tuple of numbers, from the left": lambda x, n: x * np.sum(n * (1.0, 2.0)),
    "softmax": lambda x, n: am.softmax(x, axis=n - 1),
    "am.sum of a Value": lambda x, n: am.sum(W * x, axis=n - 1),
    "a Value's method": lambda x, n: (W * x).sum(axis=n - 1),
    "split at an array": lambda x, n: np.split(W * x, n * np.ones(1, int), axis=1)[0],
    "delete of an array": lambda x, n: np.delete(W * x, n * np.ones(1, int), axis=1),
    "reshape by an array": lambda x, n: x.reshape(np.array([3, 2]) * np.array([1, 2]) + n - 2),
    "reshape of a Value by an array": lambda x, n: (W * x).reshape(np.array([3, 4]) + n - 2),
    "unfold": lambda x, n: am.unfold(x[None, None], n),
}


@pytest.mark.parametrize("kind", [int, np.int64])
@pytest.mark.parametrize("name", REFUSED)
def test_a_count_that_is_an_argument_is_refused_with_what_to_do(name: str, kind: Any) -> None:
    f = REFUSED[name]
    n = kind(2)
    f(X, n)  # without jit it works
    with pytest.raises(JitError, match="close over it instead of passing it") as raised:
        jit(lambda x, n: W * f(x, n))(X, n)
    assert str(raised.value).endswith(f"at test_counts.py:{f.__code__.co_firstlineno}: {line_of(f)}")


@pytest.mark.parametrize("name", REFUSED)
def test_the_same_count_closed_over_is_taken(name: str) -> None:
    f = REFUSED[name]
    np.testing.assert_allclose(jit(lambda x: W * f(x, 2))(X).data, (W * f(X, 2)).data, rtol=1e-15)


@pytest.mark.parametrize(
    "f",
    [
        *(lambda x, n: x.var(ddof=n), lambda x, n: np.full_like(x, n), lambda x, n: np.percentile(x, 10 * n)),
        *(lambda x, n: np.argmax(x, axis=n), lambda x, n: np.linalg.norm(x, n + 1)),
        *(lambda x, n: np.interp(n, [0, 3], [1.0, 4.0]), lambda x, n: x.var(axis=0, ddof=n, dtype=np.float32)),
    ],
)
def test_a_number_that_a_function_of_data_may_have_anew_at_each_call_is_no_error(f: Any) -> None:
    square = X[:, :3]
    compiled = jit(f)
    for n in (1, 0):
        np.testing.assert_allclose(compiled(square, n).data, f(square, n), rtol=1e-15)


def test_a_replay_whose_result_would_have_another_shape_is_refused() -> None:
    f = jit(lambda x, n: np.concatenate([x, x], n))
    f(X, 0)
    with pytest.raises(JitError, match=r"concatenate gives had shape \(6, 4\) .* has \(3, 8\)"):
        f(X, 1)


M, LAYER = Value(np.ones((3, 4))), nn.Linear(4, 2)
GENUINE: dict[str, tuple[Callable[[Any], Any], Any, str]] = {
    "linear": (LAYER, 2.0, "its last axis must have length 4"),
    "stack": (lambda n: np.stack([M, n]), 2.0, "all input arrays must have the same shape"),
    "matmul": (lambda n: n @ M, 2.0, "a number is no matrix"),
    "a negative power": (lambda n: M * n**-n, np.int64(2), "negative integer powers"),
    "a negative shift": (lambda n: M * (1 << -n), 2, "negative shift count"),
}


@pytest.mark.parametrize("name", GENUINE)
def test_a_number_that_is_an_error_without_jit_too_is_that_error(name: str) -> None:
    f, n, message = GENUINE[name]
    for g in (f, jit(lambda n: f(n))):
        with pytest.raises(ValueError, match=message):
            g(n)


def test_an_error_of_the_users_own_stays_what_it_is() -> None:
    def f(x: Any, n: Any) -> Any:
        if x.shape == (3, 4):
            raise ValueError("my own")
        return x * n

    with pytest.raises(ValueError, match="my own"):
        jit(f)(X, 2)
    with pytest.raises(ValueError, match="reshape of"):
        jit(lambda x, n: n * x.reshape(5))(X, 2)


@pytest.mark.parametrize("data", [X, X.astype(np.float32), X.astype(int)], ids=lambda data: str(data.dtype))
def test_methods_take_what_numpys_take(data: Any) -> None:
    for f in (
        lambda x: x.sum(dtype=np.float32),
        lambda x: x.mean(dtype=np.float64),
        lambda x: x.mean(0, np.float32),
        lambda x: x.sum(1, None, None, True),
        lambda x: x.sum(where=x > 3),
        lambda x: x[1].searchsorted(5),
        lambda x: (x % 2).argsort(),
        lambda x: (x % 2).argsort(kind="stable"),
        lambda x: x.clip(min=3),
        lambda x: np.add(x, 1, dtype=np.float64),
        lambda x: np.median(x, overwrite_input=False),
    ):
        expected, result = f(data), jit(f)(data).data
        assert np.array_equal(expected, result)
        assert np.asarray(expected).dtype == np.asarray(result).dtype


def line_of(f: Any) -> str:
    with open(__file__, encoding="utf-8") as file:
        return file.readlines()[f.__code__.co_firstlineno - 1].strip()
