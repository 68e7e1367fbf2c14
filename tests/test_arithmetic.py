"""A method of a Value is the op of that name, with the same arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, ops
from autograd_mini.arithmetic import Arithmetic

X = np.array([[0.5, 1.5, 0.25], [0.75, 0.125, 1.0]])

METHODS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    **{
        name: (lambda x, name=name: getattr(x, name)(), getattr(ops, name))
        for name in (
            *("abs", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "tanh", "sigmoid", "softplus"),
            *("relu", "erf", "leaky_relu", "elu", "gelu", "silu", "sum", "mean", "var", "std", "max", "min"),
            *("logsumexp", "softmax", "log_softmax", "transpose", "squeeze"),
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
    "expand_dims": (lambda x: x.expand_dims(0), lambda x: ops.expand_dims(x, 0)),
    "broadcast_to": (lambda x: x.broadcast_to((4, 2, 3)), lambda x: ops.broadcast_to(x, (4, 2, 3))),
    "astype": (lambda x: x.astype("float32"), lambda x: ops.astype(x, "float32")),
    "T": (lambda x: x.T, ops.transpose),
    "-x": (lambda x: -x, ops.neg),
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


def test_every_method_is_compared_with_its_op() -> None:
    methods = {name for name, thing in vars(Arithmetic).items() if inspect.isfunction(thing) and name[0] != "_"}
    assert methods - {"record"} <= {name.split("(")[0] for name in METHODS}


def test_an_op_of_plain_numbers_and_arrays_is_plain() -> None:
    assert type(ops.tanh(0.5)) is float
    assert type(ops.tanh(X)) is np.ndarray
    assert type(ops.sum(X)) is float
    assert type(ops.maximum(1.0, 2.0)) is float
    assert ops.pow(-8.0, 1 / 3) != ops.pow(-8.0, 1 / 3)  # nan, not a complex number


def test_a_carrier_without_record_says_so() -> None:
    with pytest.raises(NotImplementedError):
        Arithmetic() + 1
