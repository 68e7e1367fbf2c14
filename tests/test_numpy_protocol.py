"""NumPy's functions on Values: an op or a TypeError, never an object array, never silently a constant."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, ops

X = np.array([[0.5, 1.5, 2.0], [3.0, 0.25, 1.0]])
Y = np.array([[1.0, 2.0, 0.5], [1.5, 0.25, 4.0]])

FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "np.exp": (np.exp, ops.exp),
    "np.expm1": (np.expm1, ops.expm1),
    "np.log": (np.log, ops.log),
    "np.log1p": (np.log1p, ops.log1p),
    "np.sqrt": (np.sqrt, ops.sqrt),
    "np.sin": (np.sin, ops.sin),
    "np.cos": (np.cos, ops.cos),
    "np.tan": (np.tan, ops.tan),
    "np.tanh": (np.tanh, ops.tanh),
    "np.abs": (np.abs, ops.abs),
    "np.absolute": (np.absolute, ops.abs),
    "np.negative": (np.negative, ops.neg),
    "np.sign": (np.sign, ops.sign),
    "np.add": (lambda x: np.add(x, Y), lambda x: x + Y),
    "np.subtract": (lambda x: np.subtract(Y, x), lambda x: Y - x),
    "np.multiply": (lambda x: np.multiply(x, Y), lambda x: x * Y),
    "np.divide": (lambda x: np.divide(Y, x), lambda x: Y / x),
    "np.true_divide": (lambda x: np.true_divide(x, Y), lambda x: x / Y),
    "np.power": (lambda x: np.power(x, Y), lambda x: x**Y),
    "np.power(2, x)": (lambda x: np.power(2, x), lambda x: 2**x),
    "np.maximum": (lambda x: np.maximum(x, Y), lambda x: ops.maximum(x, Y)),
    "np.minimum": (lambda x: np.minimum(Y, x), lambda x: ops.minimum(Y, x)),
    "np.matmul": (lambda x: np.matmul(x, Y.T), lambda x: x @ Y.T),
    "np.sum": (np.sum, ops.sum),
    "np.sum(axis=0)": (lambda x: np.sum(x, axis=0), lambda x: x.sum(0)),
    "np.sum(axis, keepdims)": (lambda x: np.sum(x, axis=1, keepdims=True), lambda x: x.sum(1, True)),
    "np.add.reduce": (lambda x: np.add.reduce(x), lambda x: x.sum(0)),
    "np.add.reduce(axis=None)": (lambda x: np.add.reduce(x, axis=None), lambda x: x.sum()),
    "np.maximum.reduce": (lambda x: np.maximum.reduce(x, axis=1), lambda x: x.max(1)),
    "np.multiply.reduce": (lambda x: np.multiply.reduce(x), lambda x: x.prod(0)),
    "np.minimum.reduce": (lambda x: np.minimum.reduce(x, axis=None, keepdims=True), lambda x: x.min(keepdims=True)),
    "np.fmax.reduce": (lambda x: np.fmax.reduce(x, 1), lambda x: ops.nanmax(x, 1)),
    "np.fmin.reduce": (lambda x: np.fmin.reduce(x, 1), lambda x: ops.nanmin(x, 1)),
    "np.logaddexp.reduce": (lambda x: np.logaddexp.reduce(x, axis=(0, 1)), lambda x: x.logsumexp()),
    "np.add.accumulate": (lambda x: np.add.accumulate(x), lambda x: x.cumsum(0)),
    "np.multiply.accumulate": (lambda x: np.multiply.accumulate(x, axis=1), lambda x: x.cumprod(1)),
    "np.maximum.accumulate": (lambda x: np.maximum.accumulate(x), lambda x: x.cummax(0)),
    "np.minimum.accumulate": (lambda x: np.minimum.accumulate(x, 1), lambda x: x.cummin(1)),
    "np.logaddexp.accumulate": (lambda x: np.logaddexp.accumulate(x), lambda x: x.logcumsumexp(0)),
    "np.multiply.outer": (lambda x: np.multiply.outer(x, Y), lambda x: x.reshape(2, 3, 1, 1) * Y),
    "np.subtract.outer": (lambda x: np.subtract.outer(Y[0], x), lambda x: Y[0].reshape(3, 1, 1) - x),
    "np.mean": (lambda x: np.mean(x, 1), lambda x: x.mean(1)),
    "np.var": (lambda x: np.var(x, axis=0, ddof=1), lambda x: x.var(0, 1)),
    "np.std": (lambda x: np.std(x, axis=1), lambda x: x.std(1)),
    "np.max": (lambda x: np.max(x, axis=0), lambda x: x.max(0)),
    "np.amax": (lambda x: np.amax(x), lambda x: x.max()),
    "np.min": (lambda x: np.min(x, axis=-1), lambda x: x.min(-1)),
    "np.amin": (lambda x: np.amin(x, keepdims=True), lambda x: x.min(keepdims=True)),
    "np.reshape": (lambda x: np.reshape(x, (3, 2)), lambda x: x.reshape(3, 2)),
    "np.reshape(-1)": (lambda x: np.reshape(x, -1), lambda x: x.reshape(-1)),
    "np.ravel": (np.ravel, lambda x: x.reshape(-1)),
    "np.transpose": (np.transpose, lambda x: x.T),
    "np.transpose(axes)": (lambda x: np.transpose(x, (1, 0)), lambda x: x.transpose(1, 0)),
    "np.expand_dims": (lambda x: np.expand_dims(x, 1), lambda x: x.expand_dims(1)),
    "np.squeeze": (lambda x: np.squeeze(x[:, :1]), lambda x: x[:, 0]),
    "np.broadcast_to": (lambda x: np.broadcast_to(x, (4, 2, 3)), lambda x: x.broadcast_to((4, 2, 3))),
    "np.concatenate": (lambda x: np.concatenate([x, Y]), lambda x: ops.concatenate([x, Y])),
    "np.concatenate(axis=1)": (lambda x: np.concatenate((Y, x), axis=1), lambda x: ops.concatenate([Y, x], 1)),
    "np.stack": (lambda x: np.stack([x, Y, x], axis=1), lambda x: ops.stack([x, Y, x], 1)),
    "np.where": (lambda x: np.where(X > 1, x, 0.0), lambda x: ops.where(X > 1, x, 0.0)),
    "np.where(value > 1)": (lambda x: np.where(x > 1, x, Y), lambda x: ops.where(X > 1, x, Y)),
    "np.clip": (lambda x: np.clip(x, 0.6, 1.6), lambda x: x.clip(0.6, 1.6)),
    "array.clip(value, value)": (lambda x: Y.clip(x, x + 1), lambda x: ops.clip(Y, x, x + 1)),
    "np.clip(None)": (lambda x: np.clip(x, None, 1.6), lambda x: x.clip(max=1.6)),
    **(
        {"np.clip(min, max)": (lambda x: np.clip(x, min=0.6, max=1.6), lambda x: x.clip(0.6, 1.6))}
        if np.lib.NumpyVersion(np.__version__) >= "2.1.0"  # which has these names
        else {}
    ),
    "array + value": (lambda x: Y + x, lambda x: x + Y),
    "array - value": (lambda x: Y - x, lambda x: -(x - Y)),
    "array * value": (lambda x: Y * x, lambda x: x * Y),
    "array / value": (lambda x: Y / x, lambda x: ops.div(Y, x)),
    "array ** value": (lambda x: Y**x, lambda x: ops.pow(Y, x)),
    "array @ value": (lambda x: Y.T @ x, lambda x: ops.matmul(Y.T, x)),
    "np.float64 * value": (lambda x: np.float64(2) * x, lambda x: x * 2),
    "value * np.float64": (lambda x: x * np.float64(2), lambda x: x * 2),
    "np.float32 + value": (lambda x: np.float32(2) + x, lambda x: x + 2),
    "np.int64 - value": (lambda x: np.int64(2) - x, lambda x: 2 - x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_numpy_function_is_the_op_with_its_gradient(name: str) -> None:
    theirs, ours = FUNCTIONS[name]
    x, y = Value(X), Value(X)
    z, expected = theirs(x), ours(y)
    assert type(z) is Value
    np.testing.assert_array_equal(z.data, expected.data)
    z.sum().backward()
    expected.sum().backward()
    np.testing.assert_array_equal(x.grad, y.grad)
    np.testing.assert_allclose(z.data, theirs(X), rtol=1e-15)


@pytest.mark.parametrize(
    "name", ["np.exp", "np.tanh", "np.sqrt", "np.negative", "np.abs", "np.sum", "np.amax", "np.power(2, x)"]
)
def test_a_numpy_function_of_a_number_is_a_number(name: str) -> None:
    z = FUNCTIONS[name][0](Value(0.5))
    assert type(z) is Value
    assert type(z.data) is float


def test_a_numpy_scalar_keeps_a_number_a_number() -> None:
    for z in (
        np.float64(2) * Value(3.0),
        Value(3.0) * np.float64(2),
        np.float32(2) * Value(3.0),
        np.int64(2) * Value(3.0),
    ):
        assert type(z) is Value
        assert type(z.data) is float
        assert z.data == 6.0


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: np.spacing(x), "np.spacing"),
        (lambda x: np.nextafter(x, x), "np.nextafter"),
        (lambda x: np.frexp(x), "np.frexp"),
        (lambda x: np.add.reduceat(x, [0, 1]), "np.add.reduceat"),
        (lambda x: np.subtract.reduce(x), "np.subtract.reduce"),
        (lambda x: np.bitwise_and.outer(x, x), "np.bitwise_and.outer"),
        (lambda x: np.unique(x), "np.unique"),
        (lambda x: np.linalg.eig(x), "np.linalg.eig"),
        (lambda x: np.fft.fft(x), "np.fft"),
        (lambda x: np.bitwise_and(x, x), "np.bitwise_and"),
    ],
)
def test_a_function_without_an_op_is_named(call: Any, name: str) -> None:
    with pytest.raises(TypeError, match=name.replace(".", r"\.")):
        call(Value(X))


@pytest.mark.parametrize(
    ("call", "nearest"),
    [
        (lambda x: np.ediff1d(x), r"np\.diff\b"),
        (lambda x: np.linalg.eig(x), r"np\.linalg\.eigh\b"),
        (lambda x: np.linalg.eigvals(x), r"np\.linalg\.eigvalsh\b"),
    ],
)
def test_the_nearest_function_that_exists_is_named(call: Any, nearest: str) -> None:
    with pytest.raises(TypeError, match=f"the nearest is {nearest}"):
        call(Value(X))


WRITTEN_OUT = [
    ("np.bincount(i, weights)", "np.sum(np.where(i == np.arange(n)[:, None], weights, 0), axis=1)"),
    ("np.cov(m)", "d @ d.T / (n - 1)"),
    ("np.geomspace(a, b, n)", "a * (b / a) ** np.linspace(0, 1, n)"),
    ("np.interp(x, t, y)", "y[k] + (y[k + 1] - y[k]) * (x - t[k]) / (t[k + 1] - t[k])"),
    ("np.logspace(a, b, n)", "10 ** (a + (b - a) * np.linspace(0, 1, n))"),
    ("np.polyfit(t, y, degree)", "np.linalg.lstsq(x[:, None] ** np.arange(degree, -1, -1), y)[0]"),
    ("np.polyval(p, x)", "np.sum(p * x ** np.arange(len(p))[::-1])"),
    ("np.vander(t, n)", "x[:, None] ** np.arange(n)[::-1]"),
]


@pytest.mark.parametrize(("function", "instead"), WRITTEN_OUT, ids=[function for function, _ in WRITTEN_OUT])
def test_what_is_to_be_written_instead_of_a_function_gives_its_numbers_and_a_gradient(
    function: str, instead: str
) -> None:
    t, y, m = np.array([0.0, 0.5, 2.0]), np.array([1.0, 3.0, -2.0]), np.array([[1.0, 2.0, 4.0], [3.0, 0.0, 1.0]])
    plain = {"i": np.array([0, 2, 0]), "weights": y, "n": 3, "k": 1, "degree": 2, "t": t}
    plain |= {"a": 0.5, "b": 2.0, "p": y, "x": 1.5, "y": y, "m": m}
    values = plain | {name: Value(plain[name]) for name in ("weights", "b", "p", "y", "m")}
    if function.startswith(("np.polyfit", "np.vander")):  # ``x`` of the formula is the points
        values |= {"x": Value(t), "t": Value(t)}
    values["d"] = values["m"] - np.mean(values["m"], axis=1, keepdims=True)
    names = {"np": np}
    with pytest.raises(TypeError) as error:
        eval(function, names, values)
    assert instead in str(error.value)
    result = eval(instead, names, values)
    np.testing.assert_allclose(result.data, eval(function, names, plain), rtol=1e-12, atol=1e-12)
    assert result.requires_grad


@pytest.mark.parametrize("function", [np.histogram, np.trim_zeros, np.unwrap, np.frexp])
def test_where_nothing_is_near_the_list_of_all_and_custom_op_are_named(function: Any) -> None:
    with pytest.raises(TypeError, match=r"nothing is near it, autograd_mini/ops/README\.md lists all; custom_op"):
        function(Value(X))
    assert (Path(ops.__file__).parent / "README.md").exists()


def test_writing_into_an_array_is_refused() -> None:
    x, array = Value(X), np.zeros((2, 3))
    with pytest.raises(TypeError, match="array = array \\+ value"):
        array += x
    with pytest.raises(TypeError, match="out="):
        np.exp(x, out=array)
    with pytest.raises(TypeError, match="array = array \\+ value"):
        np.add.at(array, [0], x)
    with pytest.raises(TypeError, match="out"):
        np.cumsum(x, out=array)
    with pytest.raises(TypeError, match="out="):
        np.add(array, array, out=x)
    with pytest.raises(TypeError):
        np.sum(x, out=array)
    with pytest.raises(TypeError):
        np.clip(x, 0, 1, out=array)
    assert not array.any()


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.exp(x, where=np.ones(3, bool)),
        lambda x: np.exp(x, dtype="float32"),
        lambda x: np.median(x, overwrite_input=True),
        lambda x: np.quantile(x, 0.5, weights=X),
        lambda x: np.add.accumulate(x, dtype="float32"),
        lambda x: np.sum(x, dtype="int64"),
        lambda x: np.nan_to_num(x, copy=False),
        lambda x: np.where(x),
    ],
)
def test_an_option_without_an_op_is_refused_rather_than_ignored(call: Any) -> None:
    with pytest.raises(TypeError):
        call(Value(X))


@pytest.mark.parametrize("data", [1.0, np.array(1.0), X], ids=["number", "0-d", "array"])
@pytest.mark.parametrize("convert", [np.array, np.asarray, lambda x: np.array([x])])
def test_a_value_never_becomes_an_array_by_itself(convert: Any, data: Any) -> None:
    with pytest.raises(TypeError):
        convert(Value(data))


def test_a_list_of_values_never_becomes_an_array() -> None:
    with pytest.raises(TypeError, match="stack"):
        np.array([Value(1.0), Value(2.0)])
    with pytest.raises(TypeError):
        np.array([1.0, Value(2.0)])


def test_a_value_is_never_put_into_an_array() -> None:
    array = np.zeros(3)
    with pytest.raises(TypeError, match="stack"):
        array[:] = Value([1.0, 2.0, 3.0])
    assert not array.any()


def test_a_constant_does_become_an_array() -> None:
    constant = Value(X, requires_grad=False)
    assert np.asarray(constant).tolist() == X.tolist()
    assert np.asarray(Value(X).detach(), dtype="float32").dtype == np.float32


def test_no_operation_makes_an_object_array() -> None:
    x = Value(X)
    for z in (Y + x, np.float64(1) + x, [[1.0, 2.0, 3.0]] + x, np.ones((2, 2)) @ x):  # noqa: RUF005  # addition
        assert z.dtype == np.float64


# ---------------------------------------------------------------- looked at, not differentiated


@pytest.mark.parametrize(
    "ask",
    [
        np.isnan,
        np.isinf,
        np.isfinite,
        np.signbit,
        lambda x: np.greater(x, 1),
        lambda x: x == X,
        lambda x: x > X,
        lambda x: np.isclose(x, 1.0),
        lambda x: np.logical_and(x > 1, x),
        lambda x: np.logical_or.reduce(x, axis=1),
        lambda x: np.greater.outer(x, X[0]),
        lambda x: np.isin(x, [1.5, 4.0]),
        np.isposinf,
    ],
)
def test_a_question_has_a_plain_boolean_answer(ask: Any) -> None:
    answer = ask(Value(X))
    assert type(answer) is np.ndarray
    assert answer.dtype == bool
    np.testing.assert_array_equal(answer, ask(X))


def test_questions_about_the_whole_are_plain() -> None:
    x = Value(X)
    assert np.shape(x) == (2, 3)
    assert np.ndim(x) == 2
    assert np.size(x) == 6
    assert np.argmax(x) == 3
    assert np.nanargmin(x) == 4
    assert np.argsort(x, axis=1).tolist() == [[0, 1, 2], [1, 2, 0]]
    assert np.searchsorted(x[0], 1.7) == 2
    assert np.searchsorted([1.0, 2.0], x[0]).tolist() == [0, 1, 1]
    assert [at.tolist() for at in np.nonzero(x - 0.5)] == [[0, 0, 1, 1, 1], [1, 2, 0, 1, 2]]
    assert np.linalg.matrix_rank(x) == 2
    assert np.allclose(x, X)
    assert np.array_equal(x, X)
    assert type(np.zeros_like(x)) is np.ndarray
    assert type(np.ones_like(x)) is np.ndarray


def test_numpys_testing_functions_work_on_values() -> None:
    np.testing.assert_allclose(Value(X).data, X)


# ---------------------------------------------------------------- SciPy's ufuncs ask a Value too


@pytest.mark.parametrize("name", ["erf", "erfinv", "expit", "gammaln", "digamma"])
def test_a_function_of_scipy_special_is_the_op_with_its_gradient(name: str) -> None:
    special = pytest.importorskip("scipy.special")
    ours = {"expit": ops.sigmoid, "gammaln": ops.lgamma}.get(name) or getattr(ops, name)
    data = np.array([0.2, 0.7])
    x, y = Value(data), Value(data)
    z = getattr(special, name)(x)
    assert z.data.tolist() == ours(data).tolist() == pytest.approx(getattr(special, name)(data).tolist())
    z.sum().backward()
    ours(y).sum().backward()
    assert x.grad.tolist() == y.grad.tolist()


def test_a_ufunc_of_others_is_named_as_what_it_is() -> None:
    special = pytest.importorskip("scipy.special")
    with pytest.raises(TypeError, match=r"^ndtr, which is no function of NumPy, .* custom_op .* ndtr\(value\.data\)"):
        special.ndtr(Value(X))


def test_what_is_written_into_a_file_is_the_data() -> None:
    file = io.BytesIO()
    np.save(file, Value(X))
    assert np.load(io.BytesIO(file.getvalue())).tolist() == X.tolist()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda x: np.full_like(X * x, x),
            r"np.full_like would write a Value into a plain array, .* np.ones\(shape\) \* value",
        ),
        (
            lambda x: np.full_like(X, x),
            r"np.copyto would write a Value into a plain array, .* np.ones\(shape\) \* value",
        ),
        (
            lambda x: np.put(np.zeros(3), [0], x),
            r"np.put would write a Value into a plain array.* where\(condition, item",
        ),
        (lambda x: np.put(x, [0], 1.0), "np.put would change a Value that others were computed from"),
        (lambda x: np.put_along_axis(X, X.argmax(0)[None], x, 0), "make a new one with autograd_mini.put_along_axis"),
        (lambda x: X.dot(x), r"call np\.dot\(a, x\), not a\.dot\(x\)"),
    ],
)
def test_a_value_on_its_way_into_an_array_says_what_to_do(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call(Value(2.0))


@pytest.mark.parametrize(
    "call",
    [
        lambda v: np.sum(X, initial=v),
        lambda v: X.prod(initial=v),
        lambda v: np.max(X, initial=v),
        lambda v: np.var(X, ddof=v),
        lambda v: np.nanstd(X, ddof=v),
    ],
)
def test_an_option_that_numpy_would_make_a_plain_number_of_is_refused(call: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:  # NumPy puts a sentence of its own before the reason
        call(Value(1.5))
    reason = caught.value if isinstance(caught.value, TypeError) else caught.value.__cause__
    assert "cut" in str(reason)
    assert "test_numpy_protocol.py" in str(reason)
    assert np.ndim(call(Value(1.5, requires_grad=False))) == 0
    assert float(Value(1.5)) == np.float64(Value(1.5)) == 1.5
