"""What goes wrong in a replay is said as without jit: the op, its shapes, the module, and the line in the function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
from autograd_mini import Value, detect_anomaly
from autograd_mini.compiler.jit import jit

EYE = np.eye(2)


def message_of(f: Any, *args: Any) -> str:
    with pytest.raises(Exception) as error:  # noqa: PT011  # of whatever kind the function without jit raises
        f(*args)
    return f"{type(error.value).__name__}: {error.value}"


def solves(x: Any) -> Any:
    y = am.exp(x) * 0.0 + x
    return am.solve(y, W).sum()


def picks(x: Any) -> Any:
    return W[x.map_data(lambda data: data.astype(int))].sum()


def looks_up(x: Any) -> Any:
    return am.embedding(x.map_data(lambda data: data.astype(int)), TABLE).sum()


W, TABLE = Value([1.0, 2.0]), Value(np.ones((3, 2)))
SINGULAR = np.ones((2, 2))


@pytest.mark.parametrize(
    ("f", "good", "bad", "named"),
    [
        (solves, EYE, SINGULAR, "return am.solve(y, W).sum()"),
        (picks, np.array([0, 1]), np.array([0, 2]), "return W[x.map_data"),
        (looks_up, np.array([0, 1]), np.array([0, 3]), "return am.embedding("),
    ],
    ids=["a singular matrix", "an index", "a row"],
)
def test_an_error_in_a_replay_is_that_of_the_function(f: Any, good: Any, bad: Any, named: str) -> None:
    replayed = jit(f)
    expected = replayed(good).data
    assert named in message_of(replayed, bad)
    assert replayed(good).data == expected  # and nothing is lost by it


def test_an_error_is_the_same_with_and_without_jit() -> None:
    replayed = jit(solves)
    replayed(EYE)
    assert message_of(replayed, SINGULAR) == message_of(solves, Value(SINGULAR))


def test_a_parameter_that_changed_shape_is_an_error_of_the_op_and_of_the_module() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    f = jit(lambda x: model(x).sum())
    f(np.ones((4, 2)))
    model[1].weight.data = np.ones((1, 5))
    message = message_of(f, np.ones((4, 2)))
    assert "its last axis must have length 5" in message
    assert "f = jit(lambda x: model(x).sum())" in message
    assert message == message_of(lambda x: f.__wrapped__(x), np.ones((4, 2)))


def test_a_parameter_that_changed_dtype_is_traced_anew() -> None:
    w = Value(np.ones(2))
    f = jit(lambda x: (w * x).sum())
    x = np.ones(2, np.float32)
    assert np.asarray(f(x).data).dtype == np.float64
    w.data = np.ones(2, np.float32)
    assert np.asarray(f(x).data).dtype == np.float32


def test_detect_anomaly_names_the_op_and_the_line_in_a_jitted_function() -> None:
    f = jit(lambda x: am.log(x * W).sum())
    f(np.ones(2))
    with detect_anomaly():
        message = message_of(f, np.array([1.0, -1.0]))
    assert message.startswith("FloatingPointError")
    assert "log" in message
    assert "am.log(x * W)" in message


def test_a_failed_replay_changes_nothing() -> None:
    norm = nn.BatchNorm1d(2)

    def f(x: Any) -> Any:
        return am.solve(norm(x) * 0.0 + x, W).sum()

    replayed = jit(f)
    replayed(EYE)
    message_of(replayed, SINGULAR)
    assert norm.num_batches_tracked is not None
    assert norm.num_batches_tracked.data == 1
