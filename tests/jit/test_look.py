"""What is looked at before each replay, as compiled code: the same answers as a loop gives, for whatever is held."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value
from autograd_mini.compiler.guards.look import FEW, look_at_gradients, look_at_parameters, look_at_things

A, B = object(), object()


def of_all(container: Any) -> Any:
    return look_at_things([(container, None, tuple(container.values() if isinstance(container, dict) else container))])


@pytest.mark.parametrize("length", [0, 1, 2, FEW, FEW + 1, 3 * FEW])
def test_a_list_is_the_same_while_each_of_its_things_is(length: int) -> None:
    things = [object() for _ in range(length)]
    is_same = of_all(things)
    assert is_same()
    for i in range(length):
        before, things[i] = things[i], object()
        assert not is_same()
        things[i] = before
        assert is_same()


@pytest.mark.parametrize("length", [0, 1, FEW, FEW + 1])
def test_a_list_of_another_length_is_another(length: int) -> None:
    things = [A] * length
    is_same = of_all(things)
    things.append(A)
    try:
        assert not is_same()
    except ValueError:
        assert length <= FEW


def test_attributes_are_the_same_in_the_same_order() -> None:
    holder = SimpleNamespace(a=A, b=B)
    is_same = of_all(vars(holder))
    assert is_same()
    del holder.a
    holder.a = A
    assert not is_same()  # for a function that goes through them


def test_names_are_looked_up_and_a_missing_one_is_an_error() -> None:
    names = {"a": A, "b": B, "else": None}
    is_same = look_at_things([(names, ("a", "b"), (A, B))])
    names["else"] = 1
    assert is_same()
    names["b"] = A
    assert not is_same()
    del names["b"]
    with pytest.raises(KeyError):
        is_same()


def test_cells_are_looked_into() -> None:
    seen = A

    def function() -> object:
        return seen

    is_same = look_at_things([(function.__closure__, ("seen",), (A,))])
    assert is_same()
    seen = B
    assert not is_same()


def test_numbers_and_arrays_of_parameters_are_read_in_their_order() -> None:
    values = [Value(1.0), Value(np.zeros((2, 3))), Value(2.0), Value(3.0), Value(np.ones(2, np.float32))]
    read = look_at_parameters(values)
    for i, x in enumerate(values):
        x.data = x.data + float(i)
    found = read()
    assert found is not None
    assert all([a is x.data for a, x in zip(found, values, strict=True)])


@pytest.mark.parametrize("other", [np.zeros(3), np.zeros((2, 1)), np.zeros(2, np.float32), 0.0])
def test_a_parameter_of_another_form_is_none(other: Any) -> None:
    values = [Value(1.0), Value(np.zeros(2))]
    read = look_at_parameters(values)
    values[1].data = other
    assert read() is None


@pytest.mark.parametrize("data", [1.0, [1.0, 2.0]])
@pytest.mark.parametrize("before", [True, False, np.True_])
def test_a_parameter_that_wants_a_gradient_or_none_by_now_is_another(data: Any, before: Any) -> None:
    value = Value(data, requires_grad=before)
    read = look_at_parameters([value])
    assert read() is not None
    value.requires_grad = not before
    assert read() is None


def test_gradients_are_found() -> None:
    values = [Value(1.0), Value([1.0, 2.0])]
    are_without = look_at_gradients(values)
    assert are_without()
    values[1].grad = [0.0, 0.0]
    assert not are_without()
