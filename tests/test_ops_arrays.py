"""What the gallery does not see of the ops that move elements: NumPy's forms, errors, dtypes, indices."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, jit, ops

X = np.arange(12.0).reshape(3, 4) - 5.5
Y = np.arange(4.0) / 8
MASK = X > 0

# Each is run on X as a Value and on X itself, which is then NumPy's own business.
CALLS: dict[str, Callable[[Any], Any]] = {
    "swapaxes": lambda x: np.swapaxes(x, axis1=0, axis2=1),
    "moveaxis": lambda x: np.moveaxis(a=x, source=0, destination=-1),
    "rollaxis": lambda x: np.rollaxis(x, axis=1),
    "permute_dims": lambda x: np.permute_dims(x, axes=(1, 0)),
    "atleast_1d": lambda x: np.atleast_1d(x, x[0, 0]),
    "atleast_2d": lambda x: np.atleast_2d(x[0]),
    "atleast_3d": lambda x: np.atleast_3d(x, 2.0),
    "flip": lambda x: np.flip(m=x, axis=(0, -1)),
    "flipud": np.flipud,
    "fliplr": np.fliplr,
    "rot90": lambda x: np.rot90(x, k=-1, axes=(1, 0)),
    "roll": lambda x: np.roll(x, shift=(1, 2), axis=(0, 1)),
    "roll of several by one": lambda x: np.roll(x, 1, axis=(0, 1)),
    "roll of one by several": lambda x: np.roll(x, (1, 1), axis=1),
    "roll of all by several": lambda x: np.roll(x, (1, 2)),
    "repeat": lambda x: np.repeat(x, repeats=[1, 0, 2], axis=0),
    "tile": lambda x: np.tile(A=x, reps=(2, 1, 2)),
    "resize": lambda x: np.resize(x, new_shape=(2, 7)),
    "resize of nothing": lambda x: np.resize(x[:0], (2, 2)),
    "copy": np.copy,
    "broadcast_arrays": lambda x: np.broadcast_arrays(x, Y, 1.0),
    "meshgrid": lambda x: np.meshgrid(x[0], Y, indexing="ij"),
    "meshgrid(sparse)": lambda x: np.meshgrid(x[0], Y, x[:, 0], sparse=True),
    "concatenate(axis=None)": lambda x: np.concatenate((x, Y), axis=None),
    "concatenate of lists": lambda x: np.concatenate([x[0], [1.0, 2.0]]),
    "concat": lambda x: np.concat([x, x], axis=1),
    "stack of lists": lambda x: np.stack([x[0], [1.0, 2.0, 3.0, 4.0]], axis=-1),
    "hstack": lambda x: np.hstack((x, x[:, :1])),
    "vstack": lambda x: np.vstack([x, Y]),
    "dstack": lambda x: np.dstack([x, X]),
    "column_stack": lambda x: np.column_stack((x[:, 0], x, [1, 2, 3])),
    "append": lambda x: np.append(x, values=[[1, 2, 3, 4]], axis=0),
    "append to all": lambda x: np.append(Y, x),
    "block": lambda x: np.block([[x, np.zeros((3, 1))], [Y, 1.0]]),
    "block of unequal axes": lambda x: np.block([x, x[None]]),
    "split": lambda x: np.split(x, indices_or_sections=2, axis=1),
    "split at": lambda x: np.split(x, [1, 5, 2]),
    "array_split": lambda x: np.array_split(x, 3, axis=-1),
    "hsplit": lambda x: np.hsplit(x, 4),
    "hsplit of a vector": lambda x: np.hsplit(x[0], 2),
    "vsplit": lambda x: np.vsplit(x, [2]),
    "dsplit": lambda x: np.dsplit(x[None], 2),
    "diagonal": lambda x: np.diagonal(x, offset=1, axis1=1, axis2=0),
    "linalg.diagonal": lambda x: np.linalg.diagonal(np.stack([x, x]), offset=-1),
    "diag": lambda x: np.diag(v=x, k=-1),
    "diag of a vector": lambda x: np.diag(x[0], k=-1),
    "diagflat": lambda x: np.diagflat(x, k=1),
    "triu": lambda x: np.triu(x, k=1),
    "tril of a vector": lambda x: np.tril(x[0], k=-1),
    "take": lambda x: np.take(x, indices=[0, 0, 1], axis=1, mode="raise"),
    "take a scalar": lambda x: np.take(x, 5),
    "take far away": lambda x: np.take(x, [99, -99], mode="clip"),
    "compress": lambda x: np.compress([True, False, True], a=x, axis=0),
    "extract": lambda x: np.extract(condition=MASK, arr=x),
    "choose": lambda x: np.choose([0, 1, 1, 0], [x, Y]),
    "choose(clip)": lambda x: np.choose([9, 1, -3, 0], [x[0], Y], mode="clip"),
    "take_along_axis": lambda x: np.take_along_axis(x, np.argsort(-X, 1), axis=1),
    "take_along_axis of all": lambda x: np.take_along_axis(x, np.array([11, 0]), axis=None),
    "delete": lambda x: np.delete(x, obj=slice(None, None, 2), axis=1),
    "delete from all": lambda x: np.delete(x, [0, -1]),
    "insert": lambda x: np.insert(x, obj=[1, 1, 4], values=[[1], [2], [3]], axis=1),
    "insert a column": lambda x: np.insert(x, 1, [1, 2, 3], axis=1),
    "insert into a constant": lambda x: np.insert(X, [0, 2], x[0], axis=0),
    "insert a slice": lambda x: np.insert(x, slice(0, 1), 7, axis=0),
    "pad": lambda x: np.pad(x, pad_width=((1, 0), (2, 3)), mode="constant", constant_values=((1, 2), (3, 4))),
    "pad by a pair": lambda x: np.pad(array=x, pad_width=(1, 2)),
    "pad by a pair in a pair": lambda x: np.pad(x, ((1, 2),), "constant", constant_values=5),
    "pad to the edge": lambda x: np.pad(x, 2, "edge"),
    "pad reflected": lambda x: np.pad(x, 7, "reflect"),
    "pad reflected oddly": lambda x: np.pad(x, (1, 9), "reflect", reflect_type="odd"),
    "pad symmetric": lambda x: np.pad(x, 9, mode="symmetric"),
    "pad symmetric oddly": lambda x: np.pad(x, (6, 1), mode="symmetric", reflect_type="odd"),
    "pad wrapped": lambda x: np.pad(x, ((0, 8), (5, 5)), mode="wrap"),
    "pad ramp": lambda x: np.pad(x, 3, mode="linear_ramp", end_values=((1, 2), (3, -4))),
    "pad mean": lambda x: np.pad(x, 2, mode="mean", stat_length=((2, 1), (3, 2))),
    "pad maximum": lambda x: np.pad(x, 2, mode="maximum"),
    "pad minimum": lambda x: np.pad(x, (0, 2), mode="minimum", stat_length=2),
}
if hasattr(np, "unstack"):  # since NumPy 2.1
    CALLS["astype"] = lambda x: np.astype(x, "float16")
    CALLS["unstack"] = lambda x: np.unstack(x, axis=1)


def parts(result: Any) -> list[Any]:
    return list(result) if isinstance(result, list | tuple) else [result]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CALLS)
def test_a_numpy_function_on_a_value_gives_what_it_gives_on_the_array(name: str, dtype: str) -> None:
    x = X.astype(dtype)
    actual, expected = CALLS[name](Value(x)), CALLS[name](x)
    assert isinstance(actual, list | tuple) == isinstance(expected, list | tuple)
    assert len(parts(actual)) == len(parts(expected))
    assert any(isinstance(part, Value) for part in parts(actual))
    for ours, theirs in zip(parts(actual), parts(expected), strict=True):
        data = ours.data if isinstance(ours, Value) else ours
        assert np.shape(data) == np.shape(theirs)
        assert ours.dtype == theirs.dtype if np.ndim(theirs) else True
        np.testing.assert_allclose(data, theirs, rtol=1e-6 if dtype == "float32" else 1e-14, atol=1e-6)


ELEMENTARY = [
    *["swapaxes", "moveaxis", "rollaxis", "flip", "rot90", "roll", "repeat", "tile", "resize", "pad", "diagonal"],
    *["split", "array_split", "take", "delete", "insert"],
]
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    **{"swapaxes": (0, 1), "moveaxis": (0, 1), "rollaxis": (1,), "flip": (0,), "rot90": (3,), "roll": (1, 1)},
    **{"repeat": (2, 0), "tile": (2,), "resize": ((2, 3),), "pad": (1,), "diagonal": (1,)},
    **{"split": ([1],), "array_split": (2,), "take": ([1, 0], 0), "delete": (1, 0), "insert": (1, 2.0, 1)},
}


@pytest.mark.parametrize("op", ELEMENTARY)
@pytest.mark.parametrize("of", [X, X.astype("float32"), X.T, X[:0]], ids=["float64", "float32", "transposed", "empty"])
def test_an_op_of_a_plain_array_is_numpys(op: str, of: Any) -> None:
    if not of.size and op in ("take", "delete"):
        of = X
    actual, expected = getattr(ops, op)(of, *ARGUMENTS[op]), getattr(np, op)(of, *ARGUMENTS[op])
    for ours, theirs in zip(parts(actual), parts(expected), strict=True):
        assert type(ours) is np.ndarray
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs, strict=True)


@pytest.mark.parametrize("op", ELEMENTARY)
def test_an_op_takes_lists(op: str) -> None:
    actual, expected = getattr(ops, op)(X.tolist(), *ARGUMENTS[op]), getattr(np, op)(X, *ARGUMENTS[op])
    for ours, theirs in zip(parts(actual), parts(expected), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_list_of_numbers_that_are_values_is_stacked() -> None:
    a, b = Value(2.0), Value(3.0)
    for join in (np.stack, np.hstack, np.vstack, np.dstack, np.column_stack, np.block, np.concatenate):
        numbers = [a[None], b[None]] if join is np.concatenate else [a, b]
        z = join(numbers)
        assert type(z) is Value
        assert np.ravel(z).data.tolist() == [2.0, 3.0]
        a.zero_grad()
        (z * z).sum().backward()
        assert a.grad == 4.0


def test_the_pieces_of_a_split_are_values_that_share_the_gradient() -> None:
    x = Value(X)
    first, _, last = np.split(x, 3)
    (first * 2.0 + last).sum().backward()
    assert x.grad.tolist() == [[2.0] * 4, [0.0] * 4, [1.0] * 4]


# ---------------------------------------------------------------- what is put over gets no gradient


def test_an_element_that_is_put_over_gets_no_gradient() -> None:
    x, values = Value([[1.0, np.nan], [3.0, 4.0]]), Value([[5.0], [6.0]])
    z = ops.put_along_axis(x, np.array([[1], [0]]), values, 1)
    assert z.data.tolist() == [[1.0, 5.0], [6.0, 4.0]]
    z.backward([[1.0, 2.0], [3.0, 4.0]])
    assert x.grad.tolist() == [[1.0, 0.0], [0.0, 4.0]]
    assert values.grad.tolist() == [[2.0], [3.0]]
    assert np.isnan(x.data[0, 1])  # and nothing was written into it


def test_of_two_values_for_one_place_the_last_counts() -> None:
    values = Value([5.0, 6.0, 7.0])
    z = ops.put_along_axis(Value([1.0, 2.0]), np.array([1, 1, 1]), values, 0)
    assert z.data.tolist() == [1.0, 7.0]
    z.sum().backward()
    assert values.grad.tolist() == [0.0, 0.0, 1.0]


def test_what_is_put_in_takes_the_dtype_of_the_array() -> None:
    x, v = Value(np.ones((2, 2), "float32")), Value(np.array([3.0, 4.0]))
    for z in (
        ops.put_along_axis(x, np.zeros((2, 1), int), v.reshape(2, 1), 1),
        ops.fill_diagonal(x, v),
        ops.insert(x, 1, v, 1),
        ops.pad(x, 1, constant_values=v[0]),
    ):
        assert z.dtype == np.float32
        v.zero_grad()
        z.sum().backward()
        assert v.grad.dtype == np.float64
        assert v.grad.any()


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.fill_diagonal(x, 0.0),
        lambda x: np.put_along_axis(x, np.array([[0]]), 1.0, 1),
        lambda x: np.put(x, 0, 0),
        lambda x: np.place(x, MASK, 0),
        lambda x: np.putmask(x, MASK, 0),
        lambda x: np.copyto(x, 0),
    ],
)
def test_a_function_that_writes_in_place_says_what_makes_a_new_value(call: Any) -> None:
    x = Value(X)
    with pytest.raises(TypeError, match=r"make a new one with (autograd_mini\.|where\()"):
        call(x)
    np.testing.assert_array_equal(x.data, X)


# ---------------------------------------------------------------- nan and inf stay where they are


@pytest.mark.parametrize(
    "op", [ops.triu, ops.flip, lambda x: ops.roll(x, 1), lambda x: ops.pad(x, 1), lambda x: ops.tile(x, 2)]
)
def test_what_is_not_finite_is_moved_and_not_spread(op: Any) -> None:
    x = np.array([[1.0, np.nan], [np.inf, 2.0]])
    kept = op(Value(x)).data
    assert np.isnan(kept).sum() <= 2
    assert np.isfinite(op(Value(x)).data).sum() >= 2
    upstream = np.ones(kept.shape)
    v = Value(x)
    op(v).backward(upstream)
    assert np.isfinite(v.grad).all()


def test_nothing_is_repeated_as_often_as_no_counts_say() -> None:
    x = Value(np.zeros((2, 0)))
    assert np.repeat(x, [], 1).shape == np.repeat(x.data, [], 1).shape == (2, 0)


def test_ties_in_a_maximum_margin_share_the_gradient_evenly() -> None:
    x = Value([3.0, 1.0, 3.0])
    np.pad(x, (2, 0), mode="maximum").sum().backward()
    assert x.grad.tolist() == [2.0, 1.0, 2.0]


@pytest.mark.parametrize("x", [Value(X), X, Value(2.0)], ids=["Value", "array", "number"])
def test_what_has_the_dtype_already_is_copied_only_by_default(x: Any) -> None:
    assert ops.astype(x, float, copy=False) is x
    assert not isinstance(x, Value) or (ops.astype(x, float) is not x and x.astype(float, copy=False) is x)


def test_what_has_another_dtype_or_none_gets_it_without_a_copy_too() -> None:
    for x in ([1, 2], [1.0, 2.0], np.array([1, 2]), np.array([1.0, 2.0], np.float32)):
        assert ops.astype(x, float, copy=False).dtype == np.float64
    assert ops.astype(Value(X), np.float32, copy=False).dtype == np.float32


# ---------------------------------------------------------------- operands that are no arrays


@pytest.mark.parametrize("wrap", [lambda f: f, jit], ids=["eager", "jit"])
@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (ops.sub, [-2.0, -2.0]),
        (operator.sub, [-2.0, -2.0]),
        (operator.matmul, 11.0),
        (operator.pow, [1.0, 16.0]),
        (np.multiply, [3.0, 8.0]),
        (ops.matmul, 11.0),
        (ops.maximum, [3.0, 4.0]),
    ],
)
def test_a_tuple_is_an_array_as_a_list_is(op: Any, expected: Any, wrap: Any) -> None:
    for first in ((1.0, 2.0), [1.0, 2.0]):
        assert wrap(lambda x, first=first: op(first, x))(Value([3.0, 4.0])).data == pytest.approx(expected)


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: np.flip(x, 2), ValueError, "flip of (3, 4), axis=2"),
        (lambda x: np.roll(x, 1, 5), ValueError, "roll of (3, 4), axis=5"),
        (lambda x: np.roll(x, (1, 2, 3), (0, 1)), ValueError, "3 shifts for 2 axes"),
        (lambda x: np.rot90(x, 1, (0, 0)), ValueError, "rot90 of (3, 4), axis=(0, 0)"),
        (lambda x: np.rot90(x, 1, (0, 1, 0)), ValueError, "rot90"),
        (lambda x: np.swapaxes(x, 0, 3), ValueError, "swapaxes of (3, 4), 0, 3"),
        (lambda x: np.moveaxis(x, (0, 1), 0), ValueError, "moveaxis of (3, 4)"),
        (lambda x: np.repeat(x, [1, 2], 0), ValueError, "repeat of (3, 4) along axis 0, [1, 2] times"),
        (lambda x: np.repeat(x, -1, 0), ValueError, "repeat of (3, 4)"),
        (lambda x: np.broadcast_to(x[:1], (4,)), ValueError, "broadcast_to of (1, 4) to (4,)"),
        (lambda x: np.broadcast_to(x[:1, :1], ()), ValueError, "broadcast_to of (1, 1) to ()"),
        (lambda x: np.split(x, 2), ValueError, "split of (3, 4) into 2 along axis 0"),
        (lambda x: np.dsplit(x, 2), ValueError, "it needs 3 axes or more"),
        (lambda x: np.vsplit(x[0], 2), ValueError, "it needs 2 axes or more"),
        (lambda x: np.diag(x[None]), ValueError, "diagonal takes more axes"),
        (lambda x: np.diagonal(x[0]), ValueError, "diagonal of (4,)"),
        (lambda x: np.diagonal(x, 0, 1, 1), ValueError, "diagonal of (3, 4), axis=(1, 1)"),
        (lambda x: np.triu(x[0, 0]), ValueError, "triu of a number"),
        (lambda x: ops.fill_diagonal(x[None], 0.0), ValueError, "fill_diagonal of (1, 3, 4)"),
        (lambda x: np.take(x, [4], 1), IndexError, "index 4 is out of bounds"),
        (lambda x: np.take(x, [0], 2), ValueError, "take of (3, 4), axis=2"),
        (lambda x: np.take(x, [0], mode="around"), ValueError, "'raise', 'wrap' or 'clip'"),
        (lambda x: np.take(x, [0.5], 1), TypeError, "integers"),
        (lambda x: np.take_along_axis(x, np.array([0]), 1), ValueError, "the indices have 1 axes"),
        (lambda x: np.take_along_axis(x, np.array([[0.0]]), 1), IndexError, "integers"),
        (lambda x: ops.put_along_axis(x, np.array([[0]]), [1.0, 2.0], 1), ValueError, "do not broadcast"),
        (lambda x: ops.put_along_axis(x, np.array([[9]] * 3), 1.0, 1), IndexError, "put_along_axis of (3, 4)"),
        (lambda x: np.compress(MASK, x), ValueError, "the condition has 2 axes"),
        (lambda x: np.choose([2], [x, x]), ValueError, "choose of (3, 4)"),
        (lambda x: np.delete(x, 4, 1), IndexError, "delete of (3, 4)"),
        (lambda x: np.insert(x, 5, 1.0, 1), IndexError, "insert of (3, 4)"),
        (lambda x: np.insert(x, [0, 1], [1.0, 2.0, 3.0], 1), ValueError, "do not broadcast to (3, 2)"),
        (lambda x: np.block([[x], x]), ValueError, "not all nested equally deep"),
        (lambda x: np.block([[x], []]), ValueError, "empty"),
        (lambda x: np.hstack([x, x[0]]), ValueError, "differ in their number of axes"),
        (lambda x: np.concatenate(x, x), TypeError, "concatenate: the axis is a whole number, not a Value; what is"),
        (lambda x: np.stack(x[0, 0], x[0, 1]), TypeError, "what is joined is one list: [x, y]"),
        (lambda x: np.vstack([x, x.T]), ValueError, "concatenate of (3, 4) and (4, 3)"),
        (lambda x: np.broadcast_arrays(x, x.T), ValueError, "do not broadcast"),
        (lambda x: np.meshgrid(x[0], indexing="yx"), ValueError, "'xy' or 'ij'"),
        (lambda x: np.pad(x, -1), ValueError, "not negative"),
        (lambda x: np.pad(x, ((1, 1), (1, 1), (1, 1))), ValueError, "a pair for each of 2 axes"),
        (lambda x: np.pad(x, 1, "median"), ValueError, "mode 'median' has no derivative here"),
        (lambda x: np.pad(x[:0], 1, "reflect"), ValueError, "pad of (0, 4)"),
        (lambda x: np.pad(x, 1, constant_values=x), ValueError, "give a single number"),
        (lambda x: np.pad(x, 1, colour=3), TypeError, "takes no colour"),
        (lambda x: np.copy(x, order="F"), TypeError, "takes no order"),
    ],
)
def test_an_error_says_what_and_where(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call(Value(X))
    assert words in str(caught.value)
    assert "test_ops_arrays.py" in str(caught.value)


# ---------------------------------------------------------------- indexing, in all of NumPy's forms

CUBE = np.arange(24.0).reshape(2, 3, 4)
INDICES: dict[str, Any] = {
    "a list": [1, 0, 1],
    "a nested list": [[1, 0], [0, 0]],
    "an empty list": [],
    "a list of booleans": [True, False],
    "a tuple of lists": ([0, 1], [2, 2], [3, 3]),
    "a tuple of arrays": (np.array([0, 1]), np.array([2, 2])),
    "arrays that broadcast": (np.array([[0], [1]]), np.array([2, 2, 0])),
    "arrays apart": (np.array([0, 1]), slice(None), np.array([3, 3])),
    "an array and an integer": (0, slice(None), np.array([1, 1])),
    "an array, None": (np.array([1, 1]), None, 0),
    "a mask": CUBE % 3 == 1,
    "a mask of two axes": CUBE[:, :, 0] > 4,
    "a mask, None": (CUBE[:, :, 0] > 4, None),
    "a mask, Ellipsis": (np.array([True, False]), ...),
    "Ellipsis, a mask": (..., np.array([True, False, True, True])),
    "None, Ellipsis, a mask": (None, ..., np.array([True, False, True, True])),
    "two masks": (np.array([True, True]), np.array([False, True, True])),
    "a mask and an array": (np.array([True, True]), np.array([1, 1])),
    "a mask and an array that repeat": (np.array([True, True]), np.array([[1, 1], [1, 1]])),
    "a mask of nothing": np.zeros((2, 3, 4), bool),
    "True": True,
    "False": False,
    "np.True_": np.True_,
    "newaxis": (np.newaxis, 1, np.newaxis),
    "negative steps": (slice(None, None, -1), slice(2, None, -2)),
    "slices of np.intp": slice(np.intp(0), np.intp(2), np.intp(1)),
    "slices beyond the end": (slice(-9, 9), slice(5, 9)),
    "a 0-d array": np.array(1),
    "0-d arrays": (np.array(1), np.array(2), np.array(-1)),
    "np.intp": np.intp(-1),
    "np.uint8": (np.uint8(1), np.int16(2)),
    "unsigned": np.array([1, 1], np.uint8),
    "np.ix_": np.ix_([1, 0], [2, 2], [0]),
    "np.ix_ with a mask": np.ix_([True, False], [0, 1], [3]),
    "np.s_": np.s_[..., 1:3],
    "np.ogrid": tuple(np.ogrid[0:2, 0:3]),
    "np.nonzero": np.nonzero(CUBE > 20),
    "an empty tuple": (),
    "a range": range(2),
}


def test_the_indices_of_a_triangle_are_plain_and_pick() -> None:
    x = Value(X)
    rows, columns = np.triu_indices_from(x, 1)
    assert type(rows) is np.ndarray
    np.testing.assert_array_equal(x[rows, columns].data, X[rows, columns])


@pytest.mark.parametrize("name", INDICES)
def test_a_value_is_indexed_as_an_array_is(name: str) -> None:
    index = INDICES[name]
    x = Value(CUBE)
    z = x[index]
    expected = np.asarray(CUBE[index])
    np.testing.assert_array_equal(z.data, expected)
    assert z.shape == expected.shape
    weights = np.arange(1.0, expected.size + 1).reshape(expected.shape)
    z.backward(weights if z.shape else float(weights))
    gradient = np.zeros(CUBE.shape)
    np.add.at(gradient, index, weights)
    np.testing.assert_array_equal(x.grad, gradient)


def test_an_index_that_changes_later_changes_nothing() -> None:
    x, index, rows = Value(X), np.array([0, 0]), [1, 2]
    z, y = x[index], np.take(x, rows, 0)
    index[:], rows[:] = 2, [0, 0]
    (z.sum() + y.sum() * 10.0).backward()
    assert x.grad[:, 0].tolist() == [2.0, 10.0, 10.0]


OF_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "cumsum": lambda x: np.cumsum(x, axis=0),
    "cumprod": lambda x: np.cumprod(x, axis=-1),
    "nancumsum": lambda x: np.nancumsum(x, axis=0),
    "repeat": lambda x: np.repeat(x, 3, axis=0),
    "take": lambda x: np.take(x, 0, axis=0),
    "take twice": lambda x: np.take(x, [0, -1], axis=-1),
    "compress": lambda x: np.compress([True], x, axis=0),
    "pad(edge)": lambda x: np.pad(x, 1, "edge"),
    "pad(wrap)": lambda x: np.pad(x, 2, "wrap"),
    "pad(reflect, odd)": lambda x: np.pad(x, 1, "reflect", reflect_type="odd"),
    **(
        {
            "cumulative_sum": np.cumulative_sum,
            "cumulative_sum(include_initial)": lambda x: np.cumulative_sum(x, axis=0, include_initial=True),
            "cumulative_prod": lambda x: np.cumulative_prod(x, axis=0),
        }
        if hasattr(np, "cumulative_sum")  # since NumPy 2.1
        else {}
    ),
}


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_a_number_is_taken_for_a_vector_where_numpy_takes_it_for_one(name: str) -> None:
    x, expected = Value(2.5), OF_NUMBERS[name](np.array(2.5))
    z = OF_NUMBERS[name](x)
    assert z.shape == np.shape(expected)
    np.testing.assert_array_equal(z.data, expected)
    (z * z).sum().backward()
    assert x.grad == 2 * 2.5 * np.sum(np.asarray(expected) == 2.5)
    assert jit(OF_NUMBERS[name])(x).shape == z.shape


ORDERS: dict[str, Callable[[Any], Any]] = {
    "transpose(range)": lambda x: np.transpose(x, range(2, -1, -1)),
    "transpose(array)": lambda x: np.transpose(x, np.array([1, 0, 2])),
    ".transpose(range)": lambda x: x.transpose(range(2, -1, -1)),
    ".transpose(array)": lambda x: x.transpose(np.array([2, 0, 1])),
    "reshape(range)": lambda x: np.reshape(x, range(2, 5)[::-1]),
    ".reshape(array)": lambda x: x.reshape(np.array([3, -1])),
    "broadcast_to(array)": lambda x: np.broadcast_to(x, np.array([2, 2, 3, 4])),
    "tile(range)": lambda x: np.tile(x, range(1, 3)),
}


@pytest.mark.parametrize("name", ORDERS)
def test_a_shape_or_an_order_of_axes_may_be_a_range_or_an_array(name: str) -> None:
    data = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(ORDERS[name](Value(data)).data, ORDERS[name](data))


@pytest.mark.parametrize("shape", [2.0, (2.0, 3), np.array([2.0, 3.0]), None, "ab"])
def test_a_shape_that_is_no_whole_numbers_is_refused_on_the_line_that_gives_it(shape: Any) -> None:
    with pytest.raises(TypeError, match="is whole numbers, and not") as caught:
        Value(np.ones(6)).reshape(shape)
    assert "test_ops_arrays.py" in str(caught.value)
