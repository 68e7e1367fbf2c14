"""Which call of which module a Value was computed in."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import ref

import pytest

import nn
from autograd_mini import Value, named_scope, no_grad
from autograd_mini.scope import current_scope


class Function(nn.Module):
    """A module with whatever forward a test needs."""

    def __init__(self, forward: Any) -> None:
        self.forward = forward  # type: ignore[method-assign]  # that is the point


def parts(value: Value) -> list[Any]:
    """The parts that a Value was computed in, from the outermost."""
    found, scope = [], value.scope
    while scope is not None:
        found.append(scope.part)
        scope = scope.parent
    return found[::-1]


@pytest.fixture(autouse=True)
def no_scope_stays_open() -> Iterator[None]:
    yield
    assert current_scope() == ""


# ------------------------------------------------------------ what a Value knows


def test_outside_of_all_there_is_no_scope() -> None:
    assert Value(1.0).scope is None
    assert (Value(1.0) * 2.0).scope is None


def test_a_value_knows_the_name_it_was_computed_under() -> None:
    x = Value(1.0)
    with named_scope("encoder"):
        y = x * 2.0
    z = y * 2.0
    assert (parts(x), parts(y), parts(z)) == ([], ["encoder"], [])


def test_scopes_nest() -> None:
    x = Value(1.0)
    with named_scope("outer"):
        with named_scope("inner"):
            y = x * 2.0
        z = x * 3.0
    assert (parts(y), parts(z)) == (["outer", "inner"], ["outer"])


def test_a_value_knows_the_chain_of_module_calls() -> None:
    inner = Function(lambda x: x * 2.0)
    outer = Function(lambda x: inner(x) + 1.0)
    y = outer(Value(3.0))
    assert parts(y) == [outer]
    assert parts(y.inputs[0]) == [outer, inner]


def test_two_calls_of_one_module_are_two_scopes() -> None:
    double = Function(lambda x: x * 2.0)
    first, second = double(Value(1.0)), double(Value(1.0))
    assert first.scope is not second.scope
    assert first.scope.part is second.scope.part is double


def test_a_leaf_and_a_constant_know_where_they_were_made() -> None:
    with named_scope("data"), no_grad():
        x = Value(1.0)
        assert (parts(x), parts(x * 2.0)) == (["data"], ["data"])


# ------------------------------------------------------------ labels


def test_a_label_set_later_keeps_the_scope() -> None:
    with named_scope("encoder"):
        y = Value(1.0) * 2.0
    y.label = "y"
    assert (y.label, parts(y)) == ("y", ["encoder"])
    y.label = "z"
    assert (y.label, parts(y)) == ("z", ["encoder"])
    y.label = ""
    assert (y.label, parts(y)) == ("", ["encoder"])


def test_a_label_given_at_once_keeps_the_scope() -> None:
    with named_scope("encoder"):
        y = Value(1.0, label="y")
    assert (y.label, parts(y)) == ("y", ["encoder"])


def test_a_label_outside_of_all_is_a_plain_string() -> None:
    y = Value(1.0, label="y")
    y.label += "'"
    assert (y.label, type(y.label), y.scope) == ("y'", str, None)


# ------------------------------------------------------------ errors


def test_an_error_in_forward_leaves_no_scope_open() -> None:
    with pytest.raises(ZeroDivisionError):
        Function(lambda x: Function(lambda x: 1 / 0)(x))(Value(1.0))
    assert (Value(1.0) * 2.0).scope is None


def test_an_error_inside_an_error_handler_returns_to_the_right_scope() -> None:
    def forward(x: Value) -> Value:
        with pytest.raises(ZeroDivisionError), named_scope("fails"):
            1 / 0  # noqa: B018  # it is the error that counts
        return x * 2.0

    careful = Function(forward)
    assert parts(careful(Value(1.0))) == [careful]


def test_a_scope_is_entered_once() -> None:
    scope = named_scope("encoder")
    with scope:
        y = Value(1.0) * 2.0
        with pytest.raises(RuntimeError, match=r"named_scope\('encoder'\) was entered before.*make a new one"), scope:
            pass  # pragma: no cover  # it is not reached
    with pytest.raises(RuntimeError, match=r"entered before.*\n  at test_scope.py:\d+: scope.__enter__"):
        scope.__enter__()
    assert parts(y) == ["encoder"]


# ------------------------------------------------------------ threads


def test_threads_do_not_disturb_each_other() -> None:
    all_inside = threading.Barrier(4, timeout=10)

    def compute(name: str) -> list[Any]:
        with named_scope(name):
            all_inside.wait()
            y = Value(1.0) * 2.0
            all_inside.wait()
        all_inside.wait()
        return [parts(y), parts(y * 2.0)]

    names = ["a", "b", "c", "d"]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(compute, names)) == [[[name], []] for name in names]


def test_a_new_thread_begins_outside_of_all() -> None:
    found = []
    with named_scope("main"):
        thread = threading.Thread(target=lambda: found.append(Value(1.0) * 2.0))
        thread.start()
        thread.join()
    assert found[0].scope is None


# ------------------------------------------------------------ memory and copies


def test_a_module_that_keeps_its_output_is_freed_at_once() -> None:
    class Keeper(nn.Module):
        def forward(self, x: Value) -> Value:
            self.output = x * 2.0
            return self.output

    gc.disable()
    try:
        keeper = Keeper()
        y = keeper(Value(1.0))
        there = ref(keeper)
        del keeper
        assert there() is None
    finally:
        gc.enable()
    assert y.scope is not None
    assert y.scope.part is None


def test_a_graph_keeps_no_module_alive() -> None:
    model = nn.MLP(2, [3, 1])
    there = ref(model)
    loss = model([[1.0, 2.0]]).sum()
    del model
    assert there() is None
    loss.backward()


def test_a_million_values_in_one_scope_are_made_walked_and_freed() -> None:
    x = Value(1.0)
    with named_scope("chain"):
        y = x
        for _ in range(1_000_000):
            y = y + 1.0
    y.backward()
    assert (x.grad, parts(y)) == (1.0, ["chain"])


@pytest.mark.parametrize(
    "twin_of", [copy.deepcopy, lambda y: pickle.loads(pickle.dumps(y))], ids=["deepcopy", "pickle"]
)
@pytest.mark.parametrize("label", ["", "y"])
def test_a_copy_knows_its_scopes_by_name(twin_of: Any, label: str) -> None:
    layer = nn.Linear(2, 1)
    with named_scope("encoder"):
        y = layer([[1.0, 2.0]])
    y.label = label
    twin = twin_of(y)
    assert (twin.label, parts(twin)) == (label, ["encoder", "Linear"])
    assert parts(y) == ["encoder", layer]
    y.backward()
    twin.backward()
    assert (y.inputs[1].grad == twin.inputs[1].grad).all()


def test_a_copy_of_what_a_module_that_is_gone_computed_knows_its_type() -> None:
    y = nn.Linear(2, 1)([[1.0, 2.0]])
    assert parts(copy.deepcopy(y)) == ["Linear"]


def test_a_scope_shows_its_part() -> None:
    assert repr(named_scope("encoder")) == "named_scope('encoder')"
    assert "Linear(2 -> 1)" in repr(named_scope(layer := nn.Linear(2, 1)))
    assert layer.in_features == 2
