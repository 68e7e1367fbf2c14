"""How gradients flow: accumulation, constants, errors that change nothing, and graphs of any depth."""

from __future__ import annotations

import gc
import random
import weakref
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, concatenate, exp, stack, where
from autograd_mini.node import topological_order
from autograd_mini.ops.operation import Operation, Pointwise

# ---------------------------------------------------------------- accumulation


def test_a_value_used_twice_accumulates_both_paths() -> None:
    x = Value(3.0)
    (x * x + x).backward()
    assert x.grad == 7.0


def test_a_value_used_ten_times_accumulates_ten_paths() -> None:
    x = Value([1.0, 2.0])
    sum([x * i for i in range(10)]).sum().backward()
    assert x.grad.tolist() == [45.0, 45.0]


def test_a_diamond_is_walked_once() -> None:
    x = Value(1.0)
    y = x
    for _ in range(200):  # 2 ** 200 paths
        y = 0.5 * y + 0.5 * y
    y.backward()
    assert x.grad == 1.0


def depth_first(node: Value, order: list[Value]) -> list[Value]:
    """The order by its definition: below a node the last operand first, each node once, leaves left out."""
    if node.op is not None and not any(node is other for other in order):
        for operand in reversed(node.inputs):
            depth_first(operand, order)
        order.append(node)
    return order


@pytest.mark.parametrize("seed", range(30))
def test_the_order_is_depth_first_the_last_operand_first(seed: int) -> None:
    rng = random.Random(seed)
    values: list[Any] = [Value(1.0), Value(2.0), 3.0]
    for _ in range(rng.randrange(30)):
        op = rng.choice([lambda x, y, z: Value(1.0) * x + y, lambda x, y, z: exp(x), lambda *xs: stack(xs).sum()])
        values.append(op(*rng.choices(values, k=3)))
    root = Value(1.0) * values[-1]
    assert [id(node) for node in topological_order(root)] == [id(node) for node in depth_first(root, [])]


def test_the_readme_example() -> None:
    a, b, c, f = Value(2.0), Value(-3.0), Value(10.0), Value(-2.0)
    loss = (a * b + c) * f
    loss.backward()
    assert [a.grad, b.grad, c.grad, f.grad, loss.grad] == [6.0, -4.0, -2.0, 4.0, 1.0]


def test_grad_reads_as_zero_before_any_backward() -> None:
    assert repr(Value(3.0).grad) == "0.0"
    grad = Value(np.ones((2, 3), dtype="float32")).grad
    assert (grad.tolist(), grad.dtype) == ([[0.0] * 3] * 2, np.float32)
    assert Value([1.0]).has_grad is False


def test_reading_a_gradient_that_is_not_there_does_not_make_one() -> None:
    x = Value([1.0, 2.0])
    x.grad[0] = 5.0
    assert x.grad.tolist() == [0.0, 0.0]


def test_leaves_accumulate_over_calls() -> None:
    x = Value(2.0)
    for expected in (4.0, 8.0, 12.0):
        (x * x).backward()
        assert x.grad == expected


def test_a_second_backward_adds_the_same_to_the_leaves_and_nothing_else() -> None:
    x, y = Value([1.0, 2.0]), Value(3.0)
    square = x * x
    product = square * y
    loss = product.sum()
    loss.backward()
    after_one = [node.grad for node in (square, product, loss)]
    assert x.grad.tolist() == [6.0, 12.0]
    loss.backward()
    assert x.grad.tolist() == [12.0, 24.0]
    assert y.grad == 10.0
    for node, expected in zip((square, product, loss), after_one, strict=True):
        np.testing.assert_array_equal(node.grad, expected)


def test_interior_nodes_hold_the_gradient_of_the_latest_call() -> None:
    x = Value(2.0)
    square = x * x
    (3 * square).backward()
    assert (square.grad, x.grad) == (3.0, 12.0)
    (5 * square).backward()
    assert (square.grad, x.grad) == (5.0, 32.0)


def test_every_node_keeps_its_gradient() -> None:
    x = Value(2.0)
    square = x * x
    loss = square + 1
    loss.backward()
    assert (loss.grad, square.grad, x.grad) == (1.0, 4.0 / 4.0, 4.0)
    assert loss.has_grad


def test_a_leaf_is_its_own_root() -> None:
    x = Value(2.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0


def test_zero_grad_forgets() -> None:
    x = Value([1.0, 2.0])
    x.sum().backward()
    x.zero_grad()
    assert x.grad.tolist() == [0.0, 0.0]
    assert not x.has_grad
    x.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_a_node_below_another_loss_is_untouched() -> None:
    x, y = Value(1.0), Value(1.0)
    (y * 2).backward()
    (x * 3).backward()
    assert (x.grad, y.grad) == (3.0, 2.0)


@pytest.mark.parametrize("data", [np.array(2.0), np.array(2.0, dtype="float32")], ids=repr)
def test_a_0d_array_has_a_0d_gradient_however_often_it_is_added_to(data: Any) -> None:
    x = Value(data)
    for _ in range(2):
        (x * x + x).backward()
        assert type(x.grad) is np.ndarray
        assert (x.grad.shape, x.grad.dtype) == ((), data.dtype)
    assert x.grad == 10.0


# ---------------------------------------------------------------- the upstream gradient


def test_a_loss_that_is_a_small_number_sends_numbers_not_arrays_without_axes() -> None:
    x = Value(np.array([1.0, 2.0], "float32"))
    part = x.sum()
    loss = part * part + part
    loss.backward()
    assert [type(value.grad) for value in (loss, part)] == [np.float32, np.float32]
    assert (loss.grad, part.grad, x.grad.dtype, x.grad.tolist()) == (1.0, 7.0, np.float32, [7.0, 7.0])


def test_a_gradient_may_be_given() -> None:
    x = Value([1.0, 2.0])
    (x * x).backward([10.0, 100.0])
    assert x.grad.tolist() == [20.0, 400.0]
    y = Value(3.0)
    (y * y).backward(10)
    assert y.grad == 60.0


@pytest.mark.parametrize("data", [2.0, np.array(2.0), np.array([2.0]), np.array([[2.0]])], ids=repr)
def test_a_root_of_one_number_needs_no_gradient(data: Any) -> None:
    x = Value(data)
    (x * x).backward()
    np.testing.assert_array_equal(x.grad, np.full(np.shape(data), 4.0))


@pytest.mark.parametrize("data", [np.ones(2), np.ones((1, 3)), np.ones(0)], ids=["2", "1x3", "0"])
def test_a_root_of_several_numbers_is_refused_and_the_remedy_named(data: Any) -> None:
    x = Value(data)
    with pytest.raises(ValueError, match=r"sum\(\)"):
        (x * x).backward()
    assert not x.has_grad


@pytest.mark.parametrize("gradient", [1.0, [1.0], [[1.0, 1.0]], [1.0, 1.0, 1.0]], ids=repr)
def test_a_gradient_of_another_shape_is_refused(gradient: Any) -> None:
    x = Value([1.0, 2.0])
    z = x * x
    with pytest.raises(ValueError, match=r"\(2,\)"):
        z.backward(gradient)
    assert not x.has_grad
    assert not z.has_grad


@pytest.mark.parametrize("gradient", ["1.0", 1j, [None, None]], ids=repr)
def test_a_gradient_that_is_no_number_is_refused(gradient: Any) -> None:
    x = Value([1.0, 2.0])
    with pytest.raises(TypeError):
        (x * x).backward(gradient)
    assert not x.has_grad


def test_setting_a_gradient_checks_its_shape() -> None:
    x = Value([1.0, 2.0])
    x.grad = [3, 4]
    assert (x.grad.tolist(), x.grad.dtype) == ([3.0, 4.0], np.float64)
    with pytest.raises(ValueError, match=r"\(3,\)"):
        x.grad = [1.0, 2.0, 3.0]
    x.sum().backward()
    assert x.grad.tolist() == [4.0, 5.0]
    x.grad = None
    assert not x.has_grad


def test_nothing_to_differentiate_is_an_error() -> None:
    with pytest.raises(ValueError, match="requires a gradient"):
        Value(1.0, requires_grad=False).backward()
    with pytest.raises(ValueError, match="requires a gradient"):
        (Value(1.0, requires_grad=False) * 2).backward()


# ---------------------------------------------------------------- constants


def test_a_constant_gets_no_gradient() -> None:
    x, c = Value(2.0), Value(3.0, requires_grad=False)
    z = x * c * 5
    z.backward()
    assert x.grad == 15.0
    assert not c.has_grad
    assert not z.inputs[1].has_grad


def test_a_result_of_constants_is_a_constant_without_a_graph() -> None:
    c = Value(3.0, requires_grad=False)
    z = c * c + 1
    assert (z.data, z.requires_grad, z.op, z.inputs) == (10.0, False, None, ())


def never(*_: Any) -> Any:
    raise AssertionError("the rule of a constant operand ran")


@pytest.mark.usefixtures("planting")
@pytest.mark.parametrize(
    "constant", [3.0, np.ones(2), Value(3.0, requires_grad=False)], ids=["number", "array", "Value"]
)
@pytest.mark.parametrize("data", [2.0, np.array([1.0, 2.0])], ids=["float", "array"])
def test_the_rule_of_a_constant_operand_never_runs(data: Any, constant: Any) -> None:
    left = Pointwise("left", np.multiply, lambda g, z, x, y: g * y, never)
    right = Pointwise("right", np.multiply, never, lambda g, z, x, y: g * x)
    several = Operation("several", lambda x, y, z: x * y * z, never, lambda g, out, x, y, z: g * x * z, never)
    for compute in (
        lambda x: left(x, constant),
        lambda x: right(constant, x),
        lambda x: several(constant, x, constant),
    ):
        value = Value(data)
        compute(value).sum().backward()
        assert value.has_grad


@pytest.mark.usefixtures("planting")
def test_a_branch_of_constants_costs_no_rule() -> None:
    opaque = Pointwise("opaque", np.negative, never)
    c = Value(1.0, requires_grad=False)
    x = Value(2.0)
    (x * opaque(opaque(c))).backward()
    assert x.grad == 1.0


@pytest.mark.parametrize("data", [2.0, [1.0, 2.0]], ids=["number", "array"])
def test_freezing_a_leaf_after_the_forward_pass_stops_its_gradient(data: Any) -> None:
    x, y = Value(data), Value(data)
    z = (x * y).sum()
    y.requires_grad = False
    z.backward()
    assert x.has_grad
    assert not y.has_grad


# ---------------------------------------------------------------- nothing half-done


@pytest.mark.usefixtures("planting")
@pytest.mark.parametrize("data", [2.0, np.array([1.0, 2.0])], ids=["number", "array"])
def test_a_rule_that_raises_leaves_every_gradient_as_it_was(data: Any) -> None:
    def burst(*_: Any) -> Any:
        raise RuntimeError("burst")

    broken = Pointwise("broken", np.negative, burst)
    x, y = Value(data), Value(data)
    square = x * x
    loss = (square + broken(y) + y).sum()
    square.sum().backward()
    before = [x.grad, y.grad, square.grad, loss.has_grad]
    with pytest.raises(RuntimeError, match="burst"):
        loss.backward()
    for kept, now in zip(before, [x.grad, y.grad, square.grad, loss.has_grad], strict=True):
        np.testing.assert_array_equal(now, kept)


# ---------------------------------------------------------------- no gradient is shared

SHARING = {
    "x + y": lambda x, y: x + y,
    "x - y": lambda x, y: x - y,
    "x + y + y": lambda x, y: x + y + y,
    "reshape": lambda x, y: x.reshape(-1) + y.reshape(-1),
    "T": lambda x, y: x.T + y.T,
    "concatenate": lambda x, y: concatenate([x, y]),
    "stack": lambda x, y: stack([x, y, x]),
    "where": lambda x, y: where(True, x, y) + y,
    "broadcast": lambda x, y: (x + y).broadcast_to((3, 2, 2)),
    "getitem": lambda x, y: x[:] + y[...],
    "relu": lambda x, y: x.relu() + y.relu(),
    "maximum": lambda x, y: np.maximum(x, y),
    "sum": lambda x, y: x.sum(keepdims=True) + y.sum(keepdims=True),
    "itself": lambda x, y: +x,
}


@pytest.mark.parametrize("name", SHARING)
def test_a_leaf_gradient_shares_its_memory_with_nothing(name: str) -> None:
    x, y = Value(np.ones((2, 2))), Value(np.full((2, 2), 2.0))
    z = SHARING[name](x, y)
    given = np.ones(z.shape)
    z.backward(given)
    others = [given, z.grad if z is not x else given, x.data, y.data, z.data]
    assert not any(np.shares_memory(x.grad, other) for other in [*others, y.grad])
    assert not any(np.shares_memory(y.grad, other) for other in [*others, x.grad])


def test_a_gradient_can_be_clipped_in_place() -> None:
    x, y = Value([1.0, 2.0]), Value([3.0, 4.0])
    (x + y).sum().backward()
    x.grad *= 0.1
    assert (x.grad.tolist(), y.grad.tolist()) == ([0.1, 0.1], [1.0, 1.0])
    (x + y).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([1.1, 1.1], [2.0, 2.0])


def test_accumulating_leaves_the_earlier_gradient_alone() -> None:
    x = Value([1.0, 2.0])
    x.sum().backward()
    earlier = x.grad
    x.sum().backward()
    assert earlier.tolist() == [1.0, 1.0]


def test_a_gradient_that_was_set_is_a_copy() -> None:
    x, mine = Value([1.0, 2.0]), np.ones(2)
    x.grad = mine
    mine[0] = 9.0
    assert x.grad.tolist() == [1.0, 1.0]


# ---------------------------------------------------------------- higher order


def test_create_graph_makes_the_gradient_a_value() -> None:
    x = Value(2.0)
    (x**3).backward(create_graph=True)
    slope = x.grad
    assert isinstance(slope, Value)
    assert slope.data == 12.0
    x.zero_grad()
    slope.backward()
    assert x.grad == 12.0


def test_the_third_derivative() -> None:
    x = Value([1.0, 2.0])
    (x**4).sum().backward(create_graph=True)
    for expected in ([12.0, 48.0], [24.0, 48.0]):
        slope = x.grad
        x.zero_grad()
        slope.sum().backward(create_graph=True)
        np.testing.assert_allclose(x.grad.data, expected, rtol=1e-14)


def test_a_gradient_penalty() -> None:
    x, w = Value(3.0), Value(2.0)
    (w * x * x).backward(create_graph=True)
    penalty = x.grad * x.grad  # (2 w x) ** 2
    for value in (x, w):
        value.zero_grad()
    penalty.backward()
    assert w.grad == 8 * 2.0 * 9.0
    assert x.grad == 8 * 4.0 * 3.0


def test_without_create_graph_a_gradient_is_plain() -> None:
    x = Value(2.0)
    (x * x).backward(create_graph=True)
    (x * x).backward()
    assert repr(x.grad) == "8.0"


# ---------------------------------------------------------------- any size, any depth


def test_a_chain_of_a_million_numbers_runs_and_is_freed_without_recursion() -> None:
    x = Value(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    y.backward()
    assert (y.data, x.grad) == (1_000_001.0, 1.0)
    del y


def test_a_deep_chain_of_arrays_is_freed_without_recursion() -> None:
    x = Value(np.ones(2))
    y = x
    for _ in range(100_000):
        y = -y
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    del y


def test_a_deep_chain_of_joined_arrays_is_freed_without_recursion() -> None:
    x = Value(1.0)
    y = x
    for _ in range(20_000):
        y = where(True, y, 0.0)
    y.backward()
    assert x.grad == 1.0
    del y


@pytest.mark.parametrize("after_backward", [False, True], ids=["forward only", "after backward"])
def test_a_dropped_loss_leaves_nothing_behind_without_the_collector(after_backward: bool) -> None:
    class Tracked(np.ndarray):
        """An array that can be watched."""

    x = Value(np.ones(3))
    gc.collect()
    gc.disable()
    try:
        others = {id(thing) for thing in gc.get_objects() if type(thing) is Value}
        hidden = (x * 2.0).tanh()
        hidden.data = hidden.data.view(Tracked)
        watched = weakref.ref(hidden.data)
        loss = (stack([hidden, hidden * x]).sum() + exp(x).mean()) ** 2
        before = sum(type(thing) is Value for thing in gc.get_objects())
        if after_backward:
            loss.backward()
        assert sum(type(thing) is Value for thing in gc.get_objects()) == before
        del loss, hidden
        assert watched() is None
        assert [thing for thing in gc.get_objects() if type(thing) is Value and id(thing) not in others] == []
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_constants_are_asked_for_makes_no_cycle() -> None:
    gc.collect()
    gc.disable()
    try:
        z = Value(2.0) * 3 + 4
        assert len(z.inputs) == 2
        z.backward()
        del z
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_leaf_whose_data_changed_shape_stops_backward_before_anything_is_written() -> None:
    x, y = Value(np.ones(3)), Value(1.0)
    x.sum().backward()
    x.data = np.ones(4)
    with pytest.raises(ValueError, match=r"shape \(3,\) from before and gets one of \(4,\).*zero_grad"):
        (x.sum() * y).backward()
    assert not y.has_grad
    assert x.grad.tolist() == [1.0, 1.0, 1.0]


def test_an_interior_value_whose_requires_grad_is_taken_away_stops_the_gradient() -> None:
    x = Value(3.0)
    y = x * x
    z = y * x
    y.requires_grad = False
    z.backward()
    assert x.grad == 9.0
