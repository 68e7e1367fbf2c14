"""Pickling, copy and deepcopy of Values: graphs of any depth, what they share, their gradients, models and rows."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any
from weakref import ref

import numpy as np
import pytest

import nn
from autograd_mini import Value, einsum, no_grad, ops
from autograd_mini.graph import walk


def through_a_pickle(x: Any) -> Any:
    return pickle.loads(pickle.dumps(x))


def through_a_pickle_in_python(x: Any) -> Any:
    return pickle.loads(pickle._dumps(x))  # type: ignore[attr-defined]  # the pickler that has no typing, nor speed


both = pytest.mark.parametrize(
    "twin_of", [copy.deepcopy, through_a_pickle, through_a_pickle_in_python], ids=["deepcopy", "pickle", "in python"]
)


class Weight(Value):
    """A Value of a user's own, with attributes."""


# ------------------------------------------------------------ graphs


@both
def test_a_copy_is_a_graph_of_its_own(twin_of: Any) -> None:
    x = Value([1.0, 2.0], label="x")
    y = (x * x).sum()
    twin = twin_of(y)
    twin.backward()
    assert not {id(value) for value in walk(twin).values} & {id(value) for value in walk(y).values}
    assert [value.label for value in walk(twin).values] == [value.label for value in walk(y).values]
    assert not x.has_grad
    assert twin.inputs[0].inputs[0].grad.tolist() == [2.0, 4.0]
    assert twin.inputs[0].inputs[0].data is not x.data


@both
def test_a_value_that_is_used_twice_is_one_value_in_the_copy(twin_of: Any) -> None:
    x = Value(3.0)
    squared = x * x
    twin = twin_of(squared * squared)
    assert twin.inputs[0] is twin.inputs[1]
    assert twin.inputs[0].inputs[0] is twin.inputs[0].inputs[1]
    twin.backward()
    assert twin.inputs[0].inputs[0].grad == 108.0  # 4 x**3


@both
def test_what_several_values_of_a_list_share_they_share_in_the_copy(twin_of: Any) -> None:
    x = Value(2.0)
    middle = x.exp()
    first, second, middle_twin, x_twin = twin_of([middle * 3.0, middle.tanh(), middle, x])
    assert first.inputs[0] is second.inputs[0] is middle_twin
    assert middle_twin.inputs == (x_twin,)
    (first + second).backward()
    assert x_twin.grad == pytest.approx(float(np.exp(2) * (3 + 1 / np.cosh(np.exp(2)) ** 2)))


@both
def test_a_leaf_before_its_graph_is_the_leaf_of_the_graph(twin_of: Any) -> None:
    x = Value(2.0)
    twin = twin_of({"x": x, "loss": x * x})
    twin["loss"].backward()
    assert twin["x"].grad == 4.0


@both
def test_a_plain_array_that_is_an_operand_twice_is_one_array(twin_of: Any) -> None:
    weights = np.array([1.0, 2.0])
    twin = twin_of(Value([3.0, 4.0]) * weights * weights)
    assert twin._y is twin._x._y
    assert twin._y is not weights


@both
def test_a_chain_of_a_million_values_is_copied_without_recursion(twin_of: Any) -> None:
    n = 1_000_000 if twin_of is through_a_pickle else 20_000  # what is written in Python takes its time
    x = Value(1.0)
    y = x
    for _ in range(n):
        y = y + 1.0
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        y_twin, x_twin = twin_of((y, x))
    finally:
        sys.setrecursionlimit(before)
    y_twin.backward()
    assert (y_twin.data, x_twin.grad, x.grad) == (n + 1.0, 1.0, 0.0)


@both
def test_a_wide_graph_is_copied_with_its_ops_of_many_operands(twin_of: Any) -> None:
    x = Value([1.0, 2.0])
    y = einsum("i,i,i->", x, ops.stack([x[0], x[1], x[0]])[:2], np.ones(2))
    twin = twin_of(y)
    y.backward()
    twin.backward()
    (leaf,) = {value for value in walk(twin).values if value.op is None and value.requires_grad}
    assert leaf.grad.tolist() == x.grad.tolist()


@both
def test_a_copy_keeps_what_a_value_is(twin_of: Any) -> None:
    x = Value(np.array([1.0], "float32"), requires_grad=False, label="x")
    with no_grad():
        constant = x * 2.0
    for value in (x, constant, Value(2.0), Value(np.float16(2.0))):
        twin = twin_of(value)
        assert (twin.requires_grad, twin.label, twin.dtype) == (value.requires_grad, value.label, value.dtype)
        assert type(twin.data) is type(value.data)
        assert (twin.op, twin.has_grad) == (None, False)


@both
def test_a_class_of_the_users_own_stays_with_its_attributes(twin_of: Any) -> None:
    w = Weight([1.0])
    w.note = ["decay"]  # type: ignore[attr-defined]  # that is the point
    (w * 2.0).backward()
    twin = twin_of(w)
    assert (type(twin), twin.note, twin.grad.tolist()) == (Weight, ["decay"], [2.0])
    assert twin.note is not w.note  # type: ignore[attr-defined]


# ------------------------------------------------------------ gradients


@both
def test_a_copy_has_the_gradients(twin_of: Any) -> None:
    x = Value([1.0, 2.0])
    y = (x**3).sum()
    y.backward()
    twin, leaf = twin_of([y, x])
    assert leaf.grad.tolist() == [3.0, 12.0]
    twin.backward()
    assert (leaf.grad.tolist(), x.grad.tolist()) == ([6.0, 24.0], [3.0, 12.0])


@both
def test_gradients_that_are_graphs_themselves_are_copied_and_differentiated_again(twin_of: Any) -> None:
    x = Value(2.0)
    y = x**3
    y.backward(create_graph=True)
    for i, several in enumerate(([x, y], [y, x], [x.grad, x])):
        twins = twin_of(several)
        leaf = twins[0] if i == 0 else twins[1]
        gradient = leaf.grad
        leaf.zero_grad()
        gradient.backward()
        assert (gradient.data, leaf.grad) == (12.0, 12.0)


def test_copying_gradients_that_are_graphs_takes_time_in_proportion_to_the_graph() -> None:
    x = Value(0.5)
    y = x
    for _ in range(3000):
        y = y.tanh()
    y.backward(create_graph=True)  # each of 3,000 gradients is a graph itself
    for several in ([y, x], [x, y]):
        y_twin, x_twin = through_a_pickle(several)[:: 1 if several[0] is y else -1]
        assert (y_twin.data, x_twin.grad.data) == (y.data, x.grad.data)
        assert len(pickle.dumps(several)) < 1_000_000


@both
def test_a_copy_that_fails_leaves_the_next_one_whole(twin_of: Any) -> None:
    x = Weight(1.0)
    y = x * 2.0
    x.note = open  # type: ignore[attr-defined]
    x.stream = sys.stdout  # type: ignore[attr-defined]  # which has no copies
    z = Value(1.0)
    for _ in range(5000):
        z = z + 1.0
    try:
        twin_of(y)
    except TypeError:
        assert twin_of(z).data == 5001.0
        del x.stream  # type: ignore[attr-defined]
        assert twin_of(y).inputs[0].note is open
        return
    raise AssertionError("a stream was copied")


def test_a_graph_inside_of_a_graph_leaves_the_outer_one_a_list() -> None:
    x = Weight(1.0)
    x.note = Value(2.0) * 3.0  # type: ignore[attr-defined]
    y: Value = x
    for _ in range(2000):
        y = y + 1.0
    assert through_a_pickle(y).data == 2001.0
    assert len(pickle.dumps(y)) < 200_000


def test_a_pickle_that_fails_keeps_nothing_alive() -> None:
    x = Weight(1.0)
    x.stream = sys.stdout  # type: ignore[attr-defined]
    there, y = ref(x), x * 2.0
    with pytest.raises(TypeError):
        pickle.dumps(y)
    del x, y
    assert there() is None


# ------------------------------------------------------------ copy.copy


def test_a_shallow_copy_stands_in_the_same_graph() -> None:
    x = Value([1.0, 2.0], label="x")
    y = x * 3.0
    y.backward([1.0, 1.0])
    twin = copy.copy(y)
    assert twin is not y
    assert (twin.data is y.data, twin.inputs[0] is x, twin.op) == (True, True, y.op)
    assert twin.grad.tolist() == [1.0, 1.0]
    x.zero_grad()
    twin.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_a_shallow_copy_of_a_leaf_has_a_gradient_of_its_own() -> None:
    x = Weight(2.0, label="x")
    x.note = "here"  # type: ignore[attr-defined]
    twin = copy.copy(x)
    (twin * 3.0).backward()
    assert (twin.grad, x.grad, twin.label, type(twin), twin.note) == (3.0, 0.0, "x", Weight, "here")  # type: ignore[attr-defined]


# ------------------------------------------------------------ models and rows


@both
def test_a_model_and_its_loss_stay_together(twin_of: Any) -> None:
    model = nn.MLP(2, [3, 1])
    loss = model([[1.0, 2.0]]).sum()
    twin, twin_loss = twin_of((model, loss))
    twin_loss.backward()
    loss.backward()
    assert all(type(parameter) is nn.Parameter for parameter in twin.parameters())
    for parameter, original in zip(twin.parameters(), model.parameters(), strict=True):
        assert parameter is not original
        np.testing.assert_array_equal(parameter.grad, original.grad)


@both
@pytest.mark.parametrize("name", sorted(ops.operation.TABLE))
def test_every_row_is_the_same_row_in_a_copy(twin_of: Any, name: str) -> None:
    row = ops.operation.TABLE[name]
    assert twin_of(row) is row


@both
@pytest.mark.parametrize("params", [(1, True), ((0, 2), False)])
def test_a_row_with_parameters_is_bound_to_the_same_ones(twin_of: Any, params: Any) -> None:
    row = ops.operation.TABLE["sum"].bind(*params)
    assert twin_of(row) is row


@both
def test_a_row_with_an_index_array_keeps_it(twin_of: Any) -> None:
    x = Value([1.0, 2.0, 3.0])
    twin = twin_of(x[np.array([0, 0, 2])])
    assert twin.op.params["index"].tolist() == [0, 0, 2]
    twin.backward([1.0, 1.0, 1.0])
    assert twin.inputs[0].grad.tolist() == [2.0, 0.0, 1.0]


def test_a_graph_is_read_by_another_process(tmp_path: Any) -> None:
    x = Value([1.0, 2.0], label="x")
    path = tmp_path / "loss.pickle"
    path.write_bytes(pickle.dumps([(x.exp() @ x).tanh(), x]))
    program = (
        f"import pickle; loss, x = pickle.load(open({str(path)!r}, 'rb')); "
        "loss.backward(); print(x.label, *x.grad.tolist())"
    )
    printed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True
    )
    (x.exp() @ x).tanh().backward()
    assert printed.stdout.split() == ["x", *map(str, x.grad.tolist())]
