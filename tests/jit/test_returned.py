"""What a jitted function returns is what it returns without jit: names, and Values that are there already."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_mini import JitError, Value, jit


def test_a_result_has_the_label_that_the_function_gives_it() -> None:
    w = Value(2.0)

    def f(x: Any, name: str) -> Any:
        loss = (w * x) ** 2
        loss.label = f"loss of {name}"
        return {"loss": loss, "twice": 2.0 * loss}

    replayed = jit(f)
    for name in ("a", "b", "a"):
        result, expected = replayed(3.0, name), f(3.0, name)
        assert {key: x.label for key, x in result.items()} == {key: x.label for key, x in expected.items()}


@pytest.mark.parametrize("text", [lambda x: f"loss at {x}", lambda x: "loss at " + str(x * 2.0)])
def test_a_text_with_a_traced_number_in_it_is_refused_with_the_line(text: Any) -> None:
    w = Value(2.0)

    def names(x: Any) -> Any:
        loss = w * x
        loss.label = text(x)
        return loss

    with pytest.raises(JitError, match=r"a text with a number in it(.|\n)*loss at"):
        jit(names)(1.0)
    with pytest.raises(JitError, match="a text with a number in it"):
        jit(lambda x: (w * x, text(x)))(1.0)


def test_a_label_of_an_argument_or_with_a_traced_number_for_a_parameter_is_refused() -> None:
    w = Value(2.0)

    def names(x: Any, y: Value) -> Any:
        y.label = x
        return w * y

    with pytest.raises(JitError, match=r"setting the label of an argument(.|\n)*y.label = x"):
        jit(names)("a", w)

    def numbers(x: Any) -> Any:
        w.label = f"w beside {x}"
        return w * x

    with pytest.raises(JitError, match=r"a text with a number in it(.|\n)*w.label = f"):
        jit(numbers)(1.0)
    assert w.label == ""


@pytest.mark.parametrize("data", [3.0, np.array(3.0), np.float32(3.0), np.ones(2)])
def test_a_parameter_that_is_returned_is_that_parameter(data: Any) -> None:
    w = Value(data, label="w")

    @jit
    def step(x: Any) -> Any:
        w.zero_grad()
        loss = (w * x).sum()
        loss.backward()
        w.data = w.data - 0.5 * w.grad
        return loss, [w]

    for _ in range(3):
        assert step(2.0)[1][0] is w
    assert jit(lambda: w)() is w


def test_a_value_that_is_given_and_returned_is_that_value() -> None:
    w = Value(2.0)
    f = jit(lambda x, y: {"x": x, "y": y, "product": x * y * w})
    for _ in range(3):
        x, y = Value(3.0), Value(4.0)
        result = f(x, y)
        assert result["x"] is x
        assert result["y"] is y
        (result["product"] + result["x"]).backward()
        assert x.grad == 9.0


def test_a_value_that_the_function_makes_is_a_leaf_as_without_jit() -> None:
    w = Value(2.0)

    def f(x: Any) -> Any:
        return Value([1.0, 2.0]), Value(3.0, requires_grad=False), (w * x).detach(), w * x

    for _ in range(2):
        expected, result = f(2.0), jit(f)(2.0)
        assert [x.requires_grad for x in result] == [x.requires_grad for x in expected]
        assert [x.op is None for x in result] == [x.op is None for x in expected]
        result[0].backward(np.ones(2))
        np.testing.assert_array_equal(result[0].grad, np.ones(2))


@pytest.mark.parametrize("data", [2.0, np.array(2.0), np.float32(2.0), np.array(2.0, np.float32)])
def test_the_gradient_of_a_result_is_of_the_class_that_it_is_of_without_jit(data: Any) -> None:
    w = Value(data)

    def f(x: Any) -> Any:
        return (w * x).sum()

    for x in (1.0, np.float32(3.0), np.ones(2, np.float32)):
        classes = []
        for g in (f, jit(f)):
            result = g(Value(x, requires_grad=False))
            result.backward()
            classes.append((result.data.__class__, result.grad.__class__))
        assert classes[0] == classes[1]
