"""Errors name the op, the shapes and the user's own line."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, concatenate, grad, ops, where
from autograd_mini.ops.caller import user_line


def error_of(f: Callable[[], Any], kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught:
        f()
    return str(caught.value)


A, B, V = Value(np.ones((2, 3))), Value(np.ones((4, 5))), Value(np.ones(7))

MISTAKES: dict[str, tuple[type[Exception], Callable[[], Any], list[str]]] = {
    "matmul": (ValueError, lambda: A @ B, ["matmul", "(2, 3)", "(4, 5)", "length 3", "4"]),
    "matmul, vector": (ValueError, lambda: A @ V, ["matmul", "(2, 3)", "(7,)", "length 3", "7"]),
    "matmul, array first": (ValueError, lambda: np.ones((2, 3)) @ B, ["matmul", "(2, 3)", "(4, 5)"]),
    "matmul of a number": (ValueError, lambda: A @ Value(2.0), ["matmul", "(2, 3)", "()", "with *"]),
    "matmul, batches": (
        ValueError,
        lambda: Value(np.ones((2, 3, 4))) @ Value(np.ones((5, 4, 2))),
        ["matmul", "(2, 3, 4)", "(5, 4, 2)"],
    ),
    "add": (ValueError, lambda: A + B, ["add", "(2, 3)", "(4, 5)", "lengths 3 and 5"]),
    "add, array first": (ValueError, lambda: np.ones((2, 3)) + B, ["add", "(2, 3)", "(4, 5)", "broadcast"]),
    "mul": (ValueError, lambda: A * np.ones(2), ["mul", "(2, 3)", "(2,)", "lengths 3 and 2"]),
    "maximum": (ValueError, lambda: ops.maximum(A, B), ["maximum", "(2, 3)", "(4, 5)"]),
    "where": (ValueError, lambda: where(np.ones(3, bool), A, B), ["where", "(3,)", "(2, 3)", "(4, 5)"]),
    "clip": (ValueError, lambda: A.clip(np.zeros(2), 1.0), ["clip", "(2, 3)", "(2,)"]),
    "reshape": (ValueError, lambda: A.reshape(4, 2), ["reshape", "(2, 3)", "(4, 2)"]),
    "transpose": (ValueError, lambda: A.transpose(0, 0), ["transpose", "(2, 3)", "(0, 0)"]),
    "transpose, PyTorch's": (
        ValueError,
        lambda: Value(np.ones((2, 3, 4))).transpose(-2, -1),
        ["(2, 3, 4)", "3 here, and 2 are given", "swapaxes(x, i, j)"],
    ),
    "broadcast_to": (ValueError, lambda: A.broadcast_to((2, 4)), ["broadcast_to", "(2, 3)", "(2, 4)"]),
    "sum": (ValueError, lambda: A.sum(axis=2), ["sum", "(2, 3)", "axis=2"]),
    "mean": (ValueError, lambda: A.mean(axis=(0, 5)), ["mean", "(2, 3)", "axis=(0, 5)"]),
    "max": (ValueError, lambda: Value(np.ones(0)).max(), ["max", "(0,)"]),
    "getitem": (IndexError, lambda: A[5], ["getitem", "(2, 3)", "index=5"]),
    "getitem, too many": (IndexError, lambda: A[0, 0, 0], ["getitem", "(2, 3)"]),
    "getitem of a number": (IndexError, lambda: Value(2.0)[0], ["getitem", "()"]),
    "stack": (ValueError, lambda: ops.stack([A, B]), ["stack", "(2, 3)", "(4, 5)"]),
    "concatenate": (ValueError, lambda: concatenate([A, B]), ["concatenate", "(2, 3)", "(4, 5)"]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_an_error_names_the_op_the_shapes_and_the_line(name: str) -> None:
    kind, mistake, words = MISTAKES[name]
    message = error_of(mistake, kind)
    for word in words:
        assert word in message.split("\n  at ")[0]
    number = inspect.getsourcelines(mistake)[1]
    lines = range(number, number + len(inspect.getsource(mistake).splitlines()))
    assert any(f"\n  at test_errors.py:{line}: " in message for line in lines)


def test_the_line_is_quoted() -> None:
    def train() -> None:
        hidden = A @ B
        hidden.sum()

    message = error_of(train, ValueError)
    assert message.endswith(f"at test_errors.py:{inspect.getsourcelines(train)[1] + 1}: hidden = A @ B")


def test_a_missing_transpose_is_suggested() -> None:
    assert ".T" in error_of(lambda: A @ A, ValueError)


def test_a_composition_names_the_users_line() -> None:
    message = error_of(lambda: Value(np.ones((2, 3))).softmax(axis=4), ValueError)
    assert "axis" in message


def test_user_line_is_the_innermost_line_outside_the_library() -> None:
    line = user_line()
    assert line == f"test_errors.py:{_line_of('line = user_line()')}: line = user_line()"


def _line_of(text: str) -> int:
    """Where the text first stands in this file."""
    source = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(source, 1) if line.strip() == text)


@pytest.mark.parametrize(
    ("mistake", "word"),
    [
        (lambda: Value(1.0) + "1", "float64"),
        (lambda: "1" + Value(1.0), "float64"),
        (lambda: Value(1.0) * 1j, "complex"),
        (lambda: 1j * Value(1.0), "complex"),
        (lambda: Value(1.0) + object(), "object"),
        (lambda: Value(1.0) + None, "object"),
        (lambda: None + Value(1.0), "object"),
        (lambda: Value([1.0, 2.0]) * np.array([1j, 2]), "complex"),
        (lambda: np.array([1j, 2]) * Value([1.0, 2.0]), "complex"),
        (lambda: ["a"] * Value([1.0]), "float64"),
        (lambda: np.array(["a"]) + Value([1.0]), "float64"),
        (lambda: Value([1.0, 2.0])[0.5], "index"),
        (lambda: Value([1.0, 2.0])["a"], "index"),
        (lambda: Value([1.0]).astype(int), "float64"),
        (lambda: Value([1.0]).astype("complex64"), "float64"),
    ],
)
def test_an_operand_that_is_no_real_number_is_a_type_error_that_helps(mistake: Any, word: str) -> None:
    assert word in error_of(mistake, TypeError).split("\n  at ")[0]


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda: ops.stack([]), ["stack", "at least one"]),
        (lambda: ops.concatenate([]), ["concatenate", "at least one"]),
        (lambda: ops.concatenate([Value(1.0), Value(2.0)]), ["concatenate", "stack"]),
        (lambda: ops.concatenate([A, V]), ["concatenate", "(2, 3)", "(7,)"]),
        (lambda: ops.concatenate([A, A], axis=2), ["concatenate", "axis 2"]),
        (lambda: ops.stack([A, A], axis=3), ["stack", "axis 3"]),
        (lambda: A.gelu("fast"), ["gelu", "'fast'"]),
    ],
)
def test_what_an_op_refuses_it_explains(mistake: Any, words: list[str]) -> None:
    message = error_of(mistake, ValueError)
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda: ops.sum(Value(1.0) for _ in range(3)), "not a generator; .*stack.* builtins.sum"),
        (lambda: ops.mean(map(float, "12")), "not a map; .*builtins.sum"),
        (lambda: ops.sum([Value(1.0)], Value(2.0)), "not a Value; .*builtins.sum"),
        (lambda: ops.max(Value(1.0), Value(2.0)), r"an axis is .* not a Value; .* the larger is maximum\(x, y\)"),
        (lambda: ops.min(1.0, 2.0), r"an axis is .* not a float; .* the smaller minimum\(x, y\)"),
    ],
)
def test_an_op_that_is_called_like_pythons_own_function_of_that_name_says_which_is_meant(
    mistake: Any, words: str
) -> None:
    assert re.search(words, error_of(mistake, TypeError))


def test_the_cause_is_kept() -> None:
    with pytest.raises(ValueError, match="matmul") as caught:
        A @ B
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_op_that_fails_changes_nothing() -> None:
    x = Value(np.ones((2, 3)))
    x.sum().backward()
    with pytest.raises(ValueError, match="matmul"):
        x @ x
    assert x.grad.tolist() == [[1.0] * 3] * 2


def test_an_operand_that_is_no_number_is_named_with_the_op_and_the_line() -> None:
    with pytest.raises(TypeError, match=r"add: a Value holds real numbers.*\n  at test_errors.py:\d+: Value"):
        Value(1.0) + "1"


def test_an_axis_that_is_not_there_is_named_with_the_line_in_a_composition_too() -> None:
    with pytest.raises(ValueError, match=r"of \(2, 3\), axis=4.*\n  at test_errors.py:\d+: Value"):
        Value(np.ones((2, 3))).softmax(axis=4)


def test_an_error_inside_of_scikit_learn_shows_the_users_line_and_where_the_numbers_are() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    with pytest.raises(TypeError, match=r"for the numbers alone use .*x\.data or x\.item\(\)\n  at test_errors\.py:"):
        metrics.accuracy_score([1, 0], Value([1.0, 0.0]))


def test_a_gradient_of_another_shape_says_how_there_is_none() -> None:
    x = Value([1.0, 2.0])
    with pytest.raises(ValueError, match=r"shape \(\), the data \(2,\); make them equal, or call zero_grad\(\)"):
        x.grad = 0


def test_an_error_inside_of_scipy_or_copy_shows_the_users_line() -> None:
    special = pytest.importorskip("scipy.special")
    with pytest.raises(TypeError) as caught:
        special.logsumexp(Value([1.0, 2.0]))
    assert str(caught.value).endswith("special.logsumexp(Value([1.0, 2.0]))")
    with pytest.raises(TypeError) as caught:
        grad(lambda x: copy.deepcopy(x) * 2)(1.0)
    assert str(caught.value).endswith("grad(lambda x: copy.deepcopy(x) * 2)(1.0)")
