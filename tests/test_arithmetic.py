"""A method of a Value is the op of that name, with the same arguments."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, ops
from autograd_mini.arithmetic import Arithmetic

X = np.array([[0.5, 1.5, 0.25], [0.75, 0.125, 1.0]])
Y = np.array([0.3, 0.7, 2.0])

METHODS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    **{
        name: (lambda x, name=name: getattr(x, name)(), getattr(ops, name))
        for name in (
            *("abs", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "tanh", "sigmoid", "softplus"),
            *("relu", "erf", "leaky_relu", "elu", "gelu", "silu", "sum", "mean", "var", "std", "max", "min"),
            *("logsumexp", "softmax", "log_softmax", "transpose", "squeeze"),
            *("exp2", "log2", "log10", "square", "reciprocal", "arcsin", "arccos", "arctan", "sinh", "cosh"),
            *("arcsinh", "arctanh", "deg2rad", "rad2deg", "sinc", "erfinv", "lgamma", "digamma"),
            *("floor", "ceil", "trunc", "round", "nan_to_num", "neg", "sign"),
        )
    },
    "leaky_relu(0.2)": (lambda x: (-x).leaky_relu(0.2), lambda x: ops.leaky_relu(-x, 0.2)),
    "elu(2)": (lambda x: (-x).elu(2.0), lambda x: ops.elu(-x, 2.0)),
    "gelu(tanh)": (lambda x: x.gelu("tanh"), lambda x: ops.gelu(x, "tanh")),
    "clip": (lambda x: x.clip(0.3, 0.8), lambda x: ops.clip(x, 0.3, 0.8)),
    **{
        f"{name}(axis, keepdims)": (
            lambda x, name=name: getattr(x, name)(axis=1, keepdims=True),
            lambda x, name=name: getattr(ops, name)(x, axis=1, keepdims=True),
        )
        for name in ["sum", "mean", "var", "std", "max", "min", "logsumexp"]
    },
    "var(ddof)": (lambda x: x.var(ddof=1), lambda x: ops.var(x, ddof=1)),
    "std(ddof)": (lambda x: x.std(0, 1), lambda x: ops.std(x, 0, 1)),
    "softmax(0)": (lambda x: x.softmax(0), lambda x: ops.softmax(x, 0)),
    "log_softmax(0)": (lambda x: x.log_softmax(0), lambda x: ops.log_softmax(x, 0)),
    "reshape(3, 2)": (lambda x: x.reshape(3, 2), lambda x: ops.reshape(x, (3, 2))),
    "reshape((3, 2))": (lambda x: x.reshape((3, 2)), lambda x: ops.reshape(x, (3, 2))),
    "reshape([3, 2])": (lambda x: x.reshape([3, 2]), lambda x: ops.reshape(x, (3, 2))),
    "reshape(-1)": (lambda x: x.reshape(-1), lambda x: ops.reshape(x, -1)),
    "transpose(1, 0)": (lambda x: x.transpose(1, 0), lambda x: ops.transpose(x, (1, 0))),
    "transpose((1, 0))": (lambda x: x.transpose((1, 0)), lambda x: ops.transpose(x, (1, 0))),
    "transpose(None)": (lambda x: x.transpose(None), ops.transpose),
    "squeeze(axis)": (lambda x: x[:, :1].squeeze(1), lambda x: ops.squeeze(ops.getitem(x, np.s_[:, :1]), 1)),
    "ravel": (lambda x: x.ravel(), ops.ravel),
    "flatten": (lambda x: x.flatten(), ops.ravel),
    "copy": (lambda x: x.copy(), ops.copy),
    "swapaxes": (lambda x: x.swapaxes(0, 1), lambda x: ops.swapaxes(x, 0, 1)),
    "moveaxis": (lambda x: x.moveaxis(0, -1), lambda x: ops.moveaxis(x, 0, -1)),
    "flip": (lambda x: x.flip(1), lambda x: ops.flip(x, 1)),
    "flipud": (lambda x: x.flipud(), ops.flipud),
    "fliplr": (lambda x: x.fliplr(), ops.fliplr),
    "rot90": (lambda x: x.rot90(3, (1, 0)), lambda x: ops.rot90(x, 3, (1, 0))),
    "roll": (lambda x: x.roll(1, 1), lambda x: ops.roll(x, 1, 1)),
    "repeat": (lambda x: x.repeat([1, 2], 0), lambda x: ops.repeat(x, [1, 2], 0)),
    "tile": (lambda x: x.tile((2, 3)), lambda x: ops.tile(x, (2, 3))),
    "hsplit": (lambda x: x.hsplit([1])[1], lambda x: ops.hsplit(x, [1])[1]),
    "vsplit": (lambda x: x.vsplit(2)[1], lambda x: ops.vsplit(x, 2)[1]),
    "dsplit": (lambda x: x.reshape(1, 2, 3).dsplit(3)[1], lambda x: ops.dsplit(ops.reshape(x, (1, 2, 3)), 3)[1]),
    "diagonal": (lambda x: x.diagonal(1, 1, 0), lambda x: ops.diagonal(x, 1, 1, 0)),
    "diag": (lambda x: x.diag(1), lambda x: ops.diag(x, 1)),
    "diagflat": (lambda x: x.diagflat(1), lambda x: ops.diagflat(x, 1)),
    "tril": (lambda x: x.tril(1), lambda x: ops.tril(x, 1)),
    "triu": (lambda x: x.triu(1), lambda x: ops.triu(x, 1)),
    "take": (lambda x: x.take([3, 3], 1, "wrap"), lambda x: ops.take(x, [3, 3], 1, "wrap")),
    "compress": (lambda x: x.compress([False, True], 1), lambda x: ops.compress([False, True], x, 1)),
    "expand_dims": (lambda x: x.expand_dims(0), lambda x: ops.expand_dims(x, 0)),
    "broadcast_to": (lambda x: x.broadcast_to((4, 2, 3)), lambda x: ops.broadcast_to(x, (4, 2, 3))),
    "astype": (lambda x: x.astype("float32"), lambda x: ops.astype(x, "float32")),
    "T": (lambda x: x.T, ops.transpose),
    "partition": (lambda x: x.partition(1), lambda x: ops.partition(x, 1)),
    "matmul": (lambda x: x.matmul(X.T), lambda x: ops.matmul(x, X.T)),
    "ldexp": (lambda x: x.ldexp(3), lambda x: ops.ldexp(x, 3)),
    "conj": (lambda x: x.conj(), ops.positive),
    "conjugate": (lambda x: x.conjugate(), ops.positive),
    "real": (lambda x: x.real, ops.positive),
    **{
        name: (lambda x, name=name: getattr(x, name)(2.5), lambda x, name=name: getattr(ops, name)(x, 2.5))
        for name in ("add", "sub", "mul", "div", "pow")
    },
    "arccosh": (lambda x: (1 + x).arccosh(), lambda x: ops.arccosh(1 + x)),
    **{
        f"{name}(y)": (
            lambda x, name=name: getattr(2 * x, name)(Y),
            lambda x, name=name: getattr(ops, name)(2 * x, Y),
        )
        for name in (
            *("maximum", "minimum", "fmax", "fmin", "heaviside", "copysign", "hypot", "arctan2", "logaddexp"),
            *("logaddexp2", "floor_divide", "remainder", "fmod", "float_power"),
        )
    },
    "round(1)": (lambda x: x.round(1), lambda x: ops.round(x, 1)),
    "nan_to_num(...)": (
        lambda x: x.log().nan_to_num(nan=1.0, posinf=2.0, neginf=3.0),
        lambda x: ops.nan_to_num(ops.log(x), nan=1.0, posinf=2.0, neginf=3.0),
    ),
    **{
        name: (lambda x, name=name: getattr(x, name)(), getattr(ops, name))
        for name in (
            *("prod", "median", "nansum", "nanmean", "nanmedian", "norm", "cumsum", "cumprod", "cummax", "cummin"),
            *("logcumsumexp", "diff", "sort"),
        )
    },
    "var(mean)": (lambda x: x.var(1, mean=1.5, correction=1), lambda x: ops.var(x, 1, mean=1.5, correction=1)),
    "std(mean)": (lambda x: x.std(1, mean=1.5, correction=1), lambda x: ops.std(x, 1, mean=1.5, correction=1)),
    "prod(0, True)": (lambda x: x.prod(0, True), lambda x: ops.prod(x, 0, True)),
    "median(0, True)": (lambda x: x.median(0, True), lambda x: ops.median(x, 0, True)),
    "quantile(...)": (
        lambda x: x.quantile([0.2, 0.7], 1, "lower", True),
        lambda x: ops.quantile(x, [0.2, 0.7], 1, "lower", True),
    ),
    "nanquantile(...)": (
        lambda x: x.nanquantile(0.2, 1, "higher", True),
        lambda x: ops.nanquantile(x, 0.2, 1, "higher", True),
    ),
    "norm(...)": (lambda x: x.norm(3, 0, True), lambda x: ops.norm(x, 3, 0, True)),
    "diff(...)": (lambda x: x.diff(2, 0, np.ones((1, 3)), 2.0), lambda x: ops.diff(x, 2, 0, 1.0, 2.0)),
    **{
        f"{name}(0)": (lambda x, name=name: getattr(x, name)(0), lambda x, name=name: getattr(ops, name)(x, 0))
        for name in ("nansum", "nanmean", "nanmedian", "cumsum", "cumprod", "cummax", "cummin", "logcumsumexp", "sort")
    },
    "mT": (lambda x: x.mT, ops.matrix_transpose),
    **{
        f"{name}(y)": (lambda x, name=name: getattr(x, name)(Y), lambda x, name=name: getattr(ops, name)(x, Y))
        for name in ("dot", "inner", "outer", "kron", "cross")
    },
    "cross(y, 0)": (lambda x: x.T.cross(Y[:, None], axis=0), lambda x: ops.cross(x.T, Y[:, None], axis=0)),
    "vdot(y)": (lambda x: x[0].vdot(Y), lambda x: ops.vdot(x[0], Y)),
    "trace(1)": (lambda x: x.trace(1, 1, 0), lambda x: ops.trace(x, 1, 1, 0)),
    "matrix_power(3)": (lambda x: (x @ X.T).matrix_power(3), lambda x: ops.matrix_power(x @ X.T, 3)),
    "det": (lambda x: (x @ X.T).det(), lambda x: ops.det(x @ X.T)),
    "slogdet": (lambda x: (x @ X.T).slogdet()[1], lambda x: ops.slogdet(x @ X.T)[1]),
    "cholesky": (lambda x: (x @ x.T).cholesky(), lambda x: ops.cholesky(x @ x.T)),
    "cholesky(upper)": (lambda x: (x @ x.T).cholesky(upper=True), lambda x: ops.cholesky(x @ x.T, upper=True)),
    "-x": (lambda x: -x, ops.neg),
    "x // y": (lambda x: x // Y, lambda x: ops.floor_divide(x, Y)),
    "y // x": (lambda x: 2.0 // x, lambda x: ops.floor_divide(2.0, x)),
    "x % y": (lambda x: x % Y, lambda x: ops.remainder(x, Y)),
    "y % x": (lambda x: 2.0 % x, lambda x: ops.remainder(2.0, x)),
    "divmod(x, y)": (lambda x: ops.stack(divmod(x, Y)), lambda x: ops.stack(ops.divmod(x, Y))),
    "divmod(y, x)": (lambda x: ops.stack(divmod(2.0, x)), lambda x: ops.stack(ops.divmod(2.0, x))),
    "builtin round(x)": (lambda x: round(x), ops.round),
    "builtin round(x, 1)": (lambda x: round(x, 1), lambda x: ops.round(x, 1)),
    "abs(x)": (lambda x: abs(x), ops.abs),
    "x[...]": (lambda x: x[1:, [0, 0]], lambda x: ops.getitem(x, (slice(1, None), [0, 0]))),
}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_the_op(name: str) -> None:
    method, op = METHODS[name]
    x, y = Value(X), Value(X)
    z, expected = method(x), op(y)
    np.testing.assert_array_equal(z.data, expected.data)
    weights = np.random.default_rng(0).uniform(0.5, 1.5, expected.shape)
    z.backward(weights)
    expected.backward(weights)
    np.testing.assert_array_equal(x.grad, y.grad)


QUESTIONS = ("argmax", "argmin", "argsort", "any", "all", "count_nonzero")


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_has_numpys_plain_answer(name: str) -> None:
    x = np.array([[0.0, 2.0, 1.0], [0.0, -1.0, np.nan]])
    for arguments in ((), (0,)):
        answer = getattr(Value(x), name)(*arguments)
        assert type(answer) is type(getattr(np, name)(x, *arguments))
        np.testing.assert_array_equal(answer, getattr(np, name)(x, *arguments))


def test_questions_about_places_have_numpys_answers() -> None:
    x = np.array([3.0, 1.0, 0.0, 2.0])
    assert Value(x).argpartition(1)[:2].tolist() == np.argpartition(x, 1)[:2].tolist()
    assert Value(np.sort(x)).searchsorted([1.5, 9.0], side="right").tolist() == [2, 4]
    assert [at.tolist() for at in Value(x).nonzero()] == [[0, 1, 3]]
    assert Value([[1, 2], [3, 4]]).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert type(Value(3).tolist()) is float


def test_a_power_with_a_modulus_is_refused() -> None:
    with pytest.raises(TypeError, match=r"pow\(x, y, modulus\) is for whole numbers; write \(x \*\* y\) % modulus"):
        pow(Value(2.0), 2, 3)  # type: ignore[call-overload]  # which is refused


def test_every_method_is_compared_with_its_op() -> None:
    methods = {name for name, thing in vars(Arithmetic).items() if inspect.isfunction(thing) and name[0] != "_"}
    questions = {*QUESTIONS, "argpartition", "nonzero", "searchsorted", "tolist"}
    assert methods - {"record", *questions} <= {name.split("(")[0] for name in METHODS}


def test_every_method_has_its_own_name_signature_and_place() -> None:
    methods = {name: thing for name, thing in vars(Arithmetic).items() if inspect.isfunction(thing)}
    del methods["conjugate"]  # another name of conj
    for name, method in methods.items():
        assert (method.__name__, method.__qualname__) == (name, f"Arithmetic.{name}")
        assert (method.__code__.co_name, method.__code__.co_qualname) == (name, f"Arithmetic.{name}")
        assert pickle.loads(pickle.dumps(method)) is method
    signatures = {name: str(inspect.signature(methods[name])) for name in ("exp", "maximum", "__rsub__")}
    with_other = "(self, other: 'Any') -> 'Self'"
    assert signatures == {"exp": "(self) -> 'Self'", "maximum": with_other, "__rsub__": with_other}


def test_an_op_of_plain_numbers_and_arrays_is_plain() -> None:
    assert type(ops.tanh(0.5)) is float
    assert type(ops.tanh(X)) is np.ndarray
    assert type(ops.sum(X)) is float
    assert type(ops.maximum(1.0, 2.0)) is float
    assert ops.pow(-8.0, 1 / 3) != ops.pow(-8.0, 1 / 3)  # nan, not a complex number


def test_a_carrier_without_record_says_so() -> None:
    with pytest.raises(NotImplementedError):
        Arithmetic() + 1


POSITIONAL: dict[str, Callable[[Any], Any]] = {
    "min(axis, out, keepdims)": lambda x: x.min(1, None, False),
    "max(axis, out, keepdims)": lambda x: x.max(0, None, True),
    "mean(axis, dtype)": lambda x: x.mean(0, np.float32),
    "sum(axis, dtype)": lambda x: x.sum(0, "f4"),
    "sum of two axes": lambda x: x.sum(0, 1),
    "prod(axis, dtype, out, keepdims)": lambda x: x.prod(0, None, None, True),
    "var(axis, dtype)": lambda x: x.var(0, None),
    "var(axis, dtype, out, ddof, keepdims)": lambda x: x.var(0, None, None, 1, True),
    "median(axis, out)": lambda x: ops.median(x, 0, None),
    "logsumexp(axis, b)": lambda x: x.logsumexp(0, None),
    "norm(keepdims)": lambda x: x.norm(1, (0, 1), "yes"),
    "argmax(axis, dtype)": lambda x: x.argmax(0, "f4"),
    "any(axis, out)": lambda x: x.any(0, None),
    "count_nonzero(axis, axis)": lambda x: x.count_nonzero(0, 1),
    "ops.sum(axis, dtype)": lambda x: ops.sum(x, 0, None),
    "np.sum(keepdims)": lambda x: np.sum(x, axis=0, keepdims="yes"),  # type: ignore[call-overload]  # refused
}


@pytest.mark.parametrize("name", POSITIONAL)
def test_an_argument_where_numpys_methods_have_another_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=r"keepdims is True or False, not|positional arguments? but|not a NoneType"):
        POSITIONAL[name](Value(X))


def test_keepdims_is_pytorchs_second_argument() -> None:
    for name in ("sum", "mean", "max", "min", "prod", "median", "logsumexp"):
        assert getattr(Value(X), name)(1, np.True_).shape == getattr(Value(X), name)(1, True).shape == (2, 1)


def test_a_clip_names_its_bounds_as_numpy_and_pytorch_do() -> None:
    x = Value(X)
    np.testing.assert_array_equal(x.clip(min=0.3, max=0.8).data, X.clip(min=0.3, max=0.8))
    np.testing.assert_array_equal(ops.clip(x, max=0.8).data, X.clip(max=0.8))
