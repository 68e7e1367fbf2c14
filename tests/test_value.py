"""What a Value is: the data it keeps, how it compares, prints, indexes and refuses."""

from __future__ import annotations

import builtins
import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import autograd_mini
import nn
from autograd_mini import Value, stack

# ---------------------------------------------------------------- data


@pytest.mark.parametrize("number", [3, 3.0, True, np.float64(3), np.float32(3), np.int64(3), np.bool_(True)], ids=repr)
def test_a_number_becomes_a_python_float(number: Any) -> None:
    value = Value(number)
    assert type(value.data) is float
    assert value.data == float(number)


def test_numbers_stay_python_floats_through_arithmetic() -> None:
    x = Value(0.5)
    z = ((x + 1) * 2 - x / 3) ** 2
    for value in (z, -z, abs(z), z.exp(), z.log(), z.tanh(), z.relu(), 2**z, z.sum(), z.mean(), z.max(), z.sigmoid()):
        assert type(value.data) is float
    z.backward()
    assert type(x.grad) is float


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_float_array_keeps_its_dtype(dtype: str) -> None:
    value = Value(np.ones(3, dtype=dtype))
    assert value.dtype == dtype
    assert (value * 2.0).dtype == dtype
    (value * 2.0).sum().backward()
    assert value.grad.dtype == dtype


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8", "bool"])
def test_an_integer_or_boolean_array_becomes_float64(dtype: str) -> None:
    value = Value(np.ones((2, 2), dtype=dtype))
    assert value.dtype == np.float64
    assert value.data.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_a_list_becomes_a_float64_array() -> None:
    value = Value([[1, 2], [3, 4]])
    assert value.dtype == np.float64
    assert value.shape == (2, 2)


def test_a_0d_array_stays_an_array() -> None:
    assert type(Value(np.array(3.0)).data) is np.ndarray
    assert Value(np.array(3.0)).shape == ()


def test_data_is_copied_from_the_users_array() -> None:
    array = np.ones(3)
    value = Value(array)
    array[0] = 7.0
    assert value.data.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (1j, "complex"),
        (np.complex64(1), "complex"),
        (np.array([1j]), "complex"),
        ([1.0, 2j], "complex"),
        (None, "object"),
        (object(), "object"),
        ([None], "object"),
        ({1: 2}, "object"),
        ("3.0", "float64"),
        (["a"], "float64"),
        (b"x", "float64"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "float64"),
        ([[1.0], [1.0, 2.0]], "length"),
        (np.array([1, "x"], dtype=object), "object"),
    ],
)
def test_other_data_is_refused_with_a_sentence_that_helps(data: Any, word: str) -> None:
    with pytest.raises(TypeError, match=word):
        Value(data)
    with pytest.raises(TypeError, match=word):
        Value(1.0) + data


def test_a_value_of_a_value_is_refused() -> None:
    with pytest.raises(TypeError, match="detach"):
        Value(Value(1.0))


def test_a_list_of_values_is_refused_and_stack_is_named() -> None:
    with pytest.raises(TypeError, match="stack"):
        Value([Value(1.0), Value(2.0)])


# ---------------------------------------------------------------- attributes


def test_the_attributes_of_a_leaf() -> None:
    value = Value(np.zeros((2, 3)), label="W")
    assert (value.op, value.inputs, value.label, value.requires_grad) == (None, (), "W", True)
    assert (value.shape, value.ndim, value.size, value.dtype) == ((2, 3), 2, 6, np.float64)


def test_the_attributes_of_a_number() -> None:
    value = Value(2.0)
    assert (value.shape, value.ndim, value.size, value.dtype, value.label) == ((), 0, 1, np.float64, "")


def test_a_label_can_be_set_later() -> None:
    value = Value(1.0)
    value.label = "loss"
    assert value.label == "loss"
    assert (value + 1).label == ""


def test_requires_grad_and_label_are_keywords() -> None:
    with pytest.raises(TypeError):
        Value(1.0, False)  # type: ignore[misc]  # the point of the test


def test_inputs_are_the_operands_in_order_with_duplicates_kept() -> None:
    x, y = Value(2.0), Value(3.0)
    assert (x - y).inputs == (x, y)
    assert (y - x).inputs == (y, x)
    (first, second) = (x * x).inputs
    assert first is x
    assert second is x
    joined = stack([x, y, x])
    assert [node is operand for node, operand in zip(joined.inputs, (x, y, x), strict=True)] == [True] * 3


def test_the_op_of_a_result_has_its_name() -> None:
    x = Value([1.0, 2.0])
    assert [(x + 1).op.name, (x @ x).op.name, x.sum().op.name, x[0].op.name] == ["add", "matmul", "sum", "getitem"]


def test_a_plain_operand_stands_in_the_graph_as_one_constant() -> None:
    z = Value(2.0) * 3
    constant = z.inputs[1]
    assert (constant.data, constant.requires_grad, constant.op) == (3.0, False, None)
    assert z.inputs[1] is constant
    array = np.ones(2)
    assert (array + Value(1.0)).inputs[0].data.tolist() == [1.0, 1.0]


def test_t_reverses_the_axes() -> None:
    assert Value(np.zeros((2, 3, 4))).T.shape == (4, 3, 2)
    x = Value([[1.0, 2.0]])
    (x.T * [[1.0], [10.0]]).sum().backward()
    assert x.grad.tolist() == [[1.0, 10.0]]


@pytest.mark.parametrize("data", [3.0, np.array(3.0), np.array([[3.0]]), np.array([3.0], dtype="float32")], ids=repr)
def test_item_is_a_python_float(data: Any) -> None:
    assert type(Value(data).item()) is float
    assert Value(data).item() == 3.0
    assert float(Value(data)) == 3.0
    assert int(Value(data)) == 3


def test_item_of_several_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2,\)"):
        Value([1.0, 2.0]).item()


def test_detach_is_a_leaf_outside_the_graph() -> None:
    x = Value(2.0)
    y = (x * x).detach()
    assert (y.data, y.op, y.inputs, y.requires_grad) == (4.0, None, (), False)
    (x * y).backward()
    assert x.grad == 4.0


def test_a_slot_keeps_typos_out() -> None:
    with pytest.raises(AttributeError):
        Value(1.0).gard = 1.0  # type: ignore[attr-defined]  # the point of the test


# ---------------------------------------------------------------- operators


def test_operators_work_with_plain_numbers_on_both_sides() -> None:
    x = Value(3.0)
    assert [(x + 2).data, (2 + x).data, (x - 2).data, (2 - x).data] == [5.0, 5.0, 1.0, -1.0]
    assert [(x * 2).data, (2 * x).data, (x / 2).data, (2 / x).data] == [6.0, 6.0, 1.5, 2 / 3]
    assert [(x**2).data, (2**x).data, (x**x).data, (-x).data, (+x).data, abs(-x).data] == [
        9.0,
        8.0,
        27.0,
        -3.0,
        3.0,
        3.0,
    ]


def test_two_to_the_value_has_a_gradient() -> None:
    x = Value(3.0)
    (2**x).backward()
    assert x.grad == pytest.approx(8 * np.log(2), rel=1e-15)


def test_value_to_the_value_has_both_gradients() -> None:
    x, y = Value(3.0), Value(2.0)
    (x**y).backward()
    assert (x.grad, y.grad) == (6.0, pytest.approx(9 * np.log(3), rel=1e-15))


def test_sum_of_a_list_of_values() -> None:
    values = [Value(1.0), Value(2.0), Value(3.0)]
    total = sum(values)
    total.backward()
    assert total.data == 6.0
    assert [value.grad for value in values] == [1.0, 1.0, 1.0]


def test_matmul_works_with_arrays_on_both_sides() -> None:
    x = Value([1.0, 2.0])
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert (matrix @ x).data.tolist() == [5.0, 11.0]
    assert (x @ matrix).data.tolist() == [7.0, 10.0]


def test_a_list_is_an_operand() -> None:
    x, row = Value([1.0, 2.0]), [1, 2]
    assert (x + row).data.tolist() == [2.0, 4.0]
    assert (row + x).data.tolist() == [2.0, 4.0]


def test_augmented_assignment_rebinds() -> None:
    x = Value(1.0)
    original = x
    x += 2
    assert original.data == 1.0
    assert x is not original
    assert x.inputs[0] is original
    x *= 3
    x -= 1
    x /= 2
    x **= 2
    assert x.data == 16.0
    x.backward()
    assert original.grad == 12.0


def test_augmented_assignment_of_an_array_leaves_the_array() -> None:
    x = Value([1.0, 2.0])
    original = x
    x += [1.0, 1.0]
    assert original.data.tolist() == [1.0, 2.0]
    assert x.data.tolist() == [2.0, 3.0]


def test_assigning_to_an_index_names_where() -> None:
    x = Value([1.0, 2.0])
    with pytest.raises(TypeError, match="where"):
        x[0] = 3.0
    assert x.data.tolist() == [1.0, 2.0]


# ---------------------------------------------------------------- comparisons


def test_a_comparison_of_numbers_is_a_plain_bool() -> None:
    x, y = Value(2.0), Value(3.0)
    results = [x < y, x <= y, x > y, x >= y, x == y, x != y, x < 3, y > x, x == 2, x != 2.0]
    assert all(type(result) is bool for result in results)
    assert results == [True, True, False, False, False, True, True, True, True, False]


def test_a_comparison_of_arrays_is_elementwise() -> None:
    x = Value([1.0, 2.0, 3.0])
    for result in (x > 2, x > Value(2.0), x > np.array([2, 2, 2]), np.array([2.0, 2.0, 2.0]) < x):
        assert type(result) is np.ndarray
        assert result.dtype == bool
        assert result.tolist() == [False, False, True]
    assert (x == Value([1.0, 0.0, 3.0])).tolist() == [True, False, True]


def test_a_hash_is_that_of_the_identity() -> None:
    x, y = Value(2.0), Value(2.0)
    assert x == y
    assert len({x, y}) == 2
    assert {x: "x", y: "y"}[y] == "y"


def test_nan_is_not_equal_to_itself_and_can_be_a_key() -> None:
    x = Value(np.nan)
    assert not x == x  # noqa: SIM201  # the point of the test
    assert {x: 1}[x] == 1


def test_truth_is_that_of_the_data() -> None:
    assert Value(1.0)
    assert not Value(0.0)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(Value([1.0, 2.0]))


# ---------------------------------------------------------------- containers


def test_len_and_iteration_go_over_the_first_axis() -> None:
    x = Value([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2
    first, second = x
    (first * second).sum().backward()
    assert x.grad.tolist() == [[3.0, 4.0], [1.0, 2.0]]


def test_a_single_number_has_no_length_and_no_elements() -> None:
    with pytest.raises(TypeError, match="single number"):
        len(Value(1.0))
    with pytest.raises(TypeError, match="single number"):
        list(Value(1.0))


def test_iteration_ends() -> None:
    assert [value.data for value in Value([1.0, 2.0, 3.0])] == [1.0, 2.0, 3.0]


def test_an_index_that_is_a_value_is_refused() -> None:
    with pytest.raises(TypeError, match="index"):
        Value([1.0, 2.0])[Value(1.0)]


def test_changing_an_index_array_later_changes_nothing() -> None:
    x, index = Value([1.0, 2.0, 3.0]), np.array([0, 0])
    z = x[index].sum()
    index[:] = 2
    z.backward()
    assert x.grad.tolist() == [2.0, 0.0, 0.0]


# ---------------------------------------------------------------- printing


def test_repr_shows_data_grad_and_label() -> None:
    x = Value(2.0, label="x")
    assert repr(x) == "Value(data=2.0, grad=0.0, label='x')"
    (x * x).backward()
    assert repr(x) == "Value(data=2.0, grad=4.0, label='x')"
    assert repr(Value(1.0, requires_grad=False)) == "Value(data=1.0, requires_grad=False)"


def test_repr_of_an_array_is_aligned() -> None:
    lines = [
        "Value(data=array([[1., 2.],",
        "                  [3., 4.]]),",
        "      grad=array([[0., 0.],",
        "                  [0., 0.]]))",
    ]
    assert repr(Value([[1.0, 2.0], [3.0, 4.0]])).splitlines() == lines


def test_a_format_is_that_of_the_number() -> None:
    assert f"{Value(3.14159):.2f}" == "3.14"
    assert f"{Value([2.0]):.1f}" == "2.0"


# ---------------------------------------------------------------- copies


@pytest.mark.parametrize(
    "twin_of", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
@pytest.mark.parametrize("data", [2.0, np.array([1.0, 2.0], dtype="float32")], ids=["number", "array"])
def test_a_leaf_can_be_copied_and_pickled(twin_of: Any, data: Any) -> None:
    x = Value(data, label="w")
    (x * x).sum().backward()
    twin = twin_of(x)
    assert (twin.label, twin.requires_grad, twin.dtype) == ("w", True, x.dtype)
    np.testing.assert_array_equal(twin.data, x.data)
    np.testing.assert_array_equal(twin.grad, x.grad)
    twin.zero_grad()
    np.testing.assert_array_equal(x.grad, 2 * x.data)


@pytest.mark.parametrize(
    "twin_of", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
def test_a_graph_can_be_copied_and_pickled(twin_of: Any) -> None:
    x = Value([1.0, 2.0, 3.0], label="x")
    picked = stack([x[[0, 0, 1]].exp(), x * x, 2.0 * x]).mean(axis=0)
    loss = (picked.reshape(3, 1) @ np.ones((1, 2))).relu().sum()
    twin = twin_of(loss)
    assert twin.op is loss.op or repr(twin.op) == repr(loss.op)
    loss.backward()
    twin.backward()
    (leaf,) = {node for node in _nodes(twin) if node.label == "x"}
    assert leaf is not x
    np.testing.assert_array_equal(leaf.grad, x.grad)


def _nodes(root: Value) -> set[Value]:
    seen: set[Value] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.inputs)
    return seen


# ---------------------------------------------------------------- the public names


def test_the_public_names_are_sorted_unique_and_there() -> None:
    assert sorted(set(autograd_mini.__all__)) == sorted(autograd_mini.__all__)
    assert all(hasattr(autograd_mini, name) for name in autograd_mini.__all__)


def test_an_integer_put_in_as_data_computes_as_the_float() -> None:
    x = Value(2.0)
    x.data = 3
    assert type((x * x).data) is float
    assert (x * x).data == 9.0


def test_a_number_stays_a_float_through_every_shape_without_axes() -> None:
    x, v = Value(2.0), Value([1.0, 2.0])
    results = [x.T, x.squeeze(), x.logsumexp(), x.broadcast_to(()), x.reshape(()), v.logsumexp(), v.sum(), v[0]]
    assert [type(y.data) for y in results] == [float] * len(results)


def test_an_axis_is_an_integer_whatever_was_asked_before() -> None:
    x = Value(np.ones((2, 3)))
    assert x.sum(np.int64(1)).shape == x.sum(1).shape == (2,)
    with pytest.raises(TypeError):
        x.sum(1.0)
    assert x.reshape(np.int64(6)).shape == (6,)


def test_memory_that_is_not_there_is_no_value_error() -> None:
    with pytest.raises(MemoryError):
        Value(1.0).broadcast_to((10**7, 10**7))


def test_where_warnings_are_errors_an_overflow_is_still_inf() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (Value(np.array([1e308])) * 10.0).data.tolist() == [np.inf]


def test_what_is_no_number_or_array_and_is_put_in_as_data_is_refused_by_the_next_op() -> None:
    x = Value([1.0, 2.0])
    for nonsense in ("a", None, 1j, Value(1.0), [3.0, 4.0], (3.0, 4.0)):
        x.data = nonsense
        for use in (lambda: x.exp(), lambda: x * np.ones(2), lambda: np.ones(2) * x):
            with pytest.raises(
                TypeError, match=r"^(exp|mul): (the data of a Value is a|a Value holds real numbers)"
            ) as error:
                use()
            assert "test_value.py" in str(error.value)


def test_a_value_of_a_value_is_told_to_take_its_numbers() -> None:
    x = Value([1.0, 2.0])
    for leaf in (Value, nn.Parameter):
        with pytest.raises(TypeError, match=r"a Value already; for a leaf of the same numbers give value\.data"):
            leaf(x)
        assert leaf(x.data).requires_grad


def test_whole_numbers_put_in_as_data_compute_and_only_a_gradient_asks_for_floats() -> None:
    x = Value([1.0, 2.0])
    x.data = np.array([3, 4])
    assert (x + x).data.tolist() == [6, 8]
    with pytest.raises(TypeError, match=r"backward: the data of a Value is an array of int64.*astype\(float\)"):
        (x * x).sum().backward()
    x.data = 3
    (x * x).backward()
    assert x.grad == 6.0


def test_a_method_has_the_help_of_its_function() -> None:
    assert "its derivative at 0 is 0" in (Value.relu.__doc__ or "")


def test_in_asks_whether_an_element_is_equal_as_numpy_does() -> None:
    for data in (2.0, [1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]]):
        for number in (2.0, 5.0, np.nan):
            assert (number in Value(data)) is (number in np.atleast_1d(data))
    assert Value(2.0) in Value([1.0, 2.0])


def test_too_many_operands_are_counted() -> None:
    x = Value([1.0, 2.0])
    with pytest.raises(TypeError, match="exp takes 1 operand, and 2 are given"):
        autograd_mini.exp(x, 2.0)
    with pytest.raises(TypeError, match="pow takes 2 operands, and 3 are given"):
        autograd_mini.pow(x, 2.0, 3.0)


@pytest.mark.parametrize("name", ["exp", "tanh", "log", "maximum", "matmul", "add"])
@pytest.mark.parametrize("kind", [Value, np.array])
def test_an_operand_too_many_is_not_written_into(name: str, kind: Any) -> None:
    op = getattr(autograd_mini, name)
    operands = [kind([1.0, 2.0]) for _ in range(len(op.rules))]
    more = kind([5.0, 6.0])
    with pytest.raises(TypeError, match=f"{name} takes {len(op.rules)} operands?, and {len(op.rules) + 1} are given"):
        op(*operands, more)
    assert np.array_equal(more.data if isinstance(more, Value) else more, [5.0, 6.0])


def test_a_star_import_shadows_no_more_than_numpys() -> None:
    def shadowed(package: str) -> set[str]:
        names: dict[str, object] = {}
        exec(f"from {package} import *", names)
        return {name for name in names if name in dir(builtins) and name[0] != "_"}

    assert {"sum", "max"} <= shadowed("autograd_mini") <= shadowed("numpy")
