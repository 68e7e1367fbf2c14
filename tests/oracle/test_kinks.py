"""Ties, kinks, constants, nan and inf: where a derivative is a convention, it is PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from compare import assert_same_as_torch
from kinks import Kinks, assert_pytorchs

from autograd_mini import Value, grad, ops

INF, NAN = np.inf, np.nan
SPECIAL = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN]

KINKS: Kinks = {
    "relu": (ops.relu, F.relu, [SPECIAL]),
    "abs": (ops.abs, torch.abs, [SPECIAL[:-1]]),  # PyTorch's sign(nan) is 0, NumPy's is nan: a nan stays visible here
    "sign": (ops.sign, torch.sign, [SPECIAL[:-1]]),
    "leaky_relu": (ops.leaky_relu, F.leaky_relu, [SPECIAL]),
    "leaky_relu by its slope": (
        ops.leaky_relu,
        lambda x, slope: torch.where(x > 0, x, slope * x),
        [[0.0, -0.0, 1.0, -1.0], [0.0, 0.1, 2.0]],
    ),
    "elu by its alpha": (
        ops.elu,
        lambda x, alpha: torch.where(x > 0, x, alpha * (x.exp() - 1)),
        [[0.0, -0.0], [0.5, 2.0]],
    ),
    "elu": (ops.elu, F.elu, [[*SPECIAL[:-1], -17.0, -40.0, -700.0, 1000.0]]),  # PyTorch's elu'(nan) is 1, this one nan
    "sqrt": (ops.sqrt, torch.sqrt, [SPECIAL]),
    "log": (ops.log, torch.log, [SPECIAL]),
    "log1p": (ops.log1p, torch.log1p, [SPECIAL]),
    "exp": (ops.exp, torch.exp, [[*SPECIAL, 1000.0, -1000.0]]),
    "expm1": (ops.expm1, torch.expm1, [[*SPECIAL, 1000.0, -1000.0]]),
    "tanh": (ops.tanh, torch.tanh, [[*SPECIAL, 1000.0, -1000.0]]),
    "sigmoid": (ops.sigmoid, torch.sigmoid, [[*SPECIAL, 1000.0, -1000.0]]),
    "erf": (ops.erf, torch.erf, [[*SPECIAL, 1000.0, -1000.0]]),
    "softplus": (ops.softplus, lambda x: F.softplus(x, threshold=1e9), [[*SPECIAL, 700.0, -1000.0]]),
    "sin": (ops.sin, torch.sin, [SPECIAL]),
    "cos": (ops.cos, torch.cos, [SPECIAL]),
    "tan": (ops.tan, torch.tan, [SPECIAL]),
    "maximum": (ops.maximum, torch.maximum, [SPECIAL, SPECIAL]),
    "minimum": (ops.minimum, torch.minimum, [SPECIAL, SPECIAL]),
    "mul": (ops.mul, torch.mul, [SPECIAL, SPECIAL]),
    "div": (ops.div, torch.div, [SPECIAL, SPECIAL]),
    "pow": (ops.pow, torch.pow, [[0.0, 1.0, -1.0, 2.0, -8.0], [0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, 1 / 3]]),
    "clip": (
        lambda x: ops.clip(x, -1.0, 1.0),
        lambda x: torch.clamp(x, -1.0, 1.0),
        [[-2.0, -1.0, 0.0, 1.0, 2.0, INF, -INF, NAN]],
    ),
    "clip by its bounds": (
        ops.clip,
        lambda x, low, high: torch.clamp(x, low, high),
        [[-2.0, -1.0, 0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]],
    ),
}


@pytest.mark.parametrize("name", KINKS)
def test_a_kink_follows_pytorch_as_number_and_as_array(name: str) -> None:
    assert_pytorchs(*KINKS[name])


TIES = [
    [1.0, 3.0, 3.0, 2.0],
    [0.0, -0.0, 0.0, 0.0],
    [INF, INF, 1.0, -INF],
    [-INF, -INF, -INF, -INF],
    [5.0, 5.0, 5.0, 5.0],
]


@pytest.mark.parametrize("row", TIES, ids=str)
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize(("op", "twin"), [("max", torch.amax), ("min", torch.amin)])
def test_ties_of_a_reduction_share_the_gradient_evenly(op: str, twin: Any, axis: Any, row: list[float]) -> None:
    dim = (0, 1) if axis is None else axis
    assert_same_as_torch(
        lambda x: getattr(ops, op)(x, axis), lambda x: twin(x, dim), [np.array([row, row])], second_order=False
    )


@pytest.mark.parametrize("op", ["std", "var"])
@pytest.mark.parametrize("constant", [0.0, 2.5, 1e-3])
@pytest.mark.parametrize("ddof", [0, 1])
def test_the_spread_of_a_constant_array_has_gradient_zero(op: str, constant: float, ddof: int) -> None:
    assert_same_as_torch(
        lambda x: getattr(ops, op)(x, ddof=ddof),
        lambda x: getattr(torch, op)(x, correction=ddof),
        [np.full(4, constant)],
        second_order=False,
    )
    x = Value(np.full((2, 3), constant))
    getattr(ops, op)(x, axis=1, ddof=ddof).sum().backward()
    np.testing.assert_array_equal(x.grad, np.zeros((2, 3)))


@pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")  # PyTorch's
@pytest.mark.parametrize("op", ["std", "var"])
@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("single", [3.0, np.array(3.0), np.array([3.0])], ids=repr)
def test_the_spread_of_a_single_number_is_pytorchs(op: str, ddof: int, single: Any) -> None:
    assert_same_as_torch(
        lambda x: getattr(ops, op)(x, ddof=ddof),
        lambda x: getattr(torch, op)(x, correction=ddof),
        [single],
        second_order=False,
    )


SPECIAL_ROWS = [
    [-INF, 1.0, 2.0],
    [-INF, -INF, -INF],
    [NAN, 1.0, 2.0],
    [1e4, -1e4, 0.0],
    [1e308, 1e308, 0.0],
]


@pytest.mark.parametrize("row", SPECIAL_ROWS, ids=str)
@pytest.mark.parametrize(
    ("op", "twin"), [("softmax", F.softmax), ("log_softmax", F.log_softmax), ("logsumexp", torch.logsumexp)]
)
def test_softmax_of_special_rows_follows_pytorch(op: str, twin: Any, row: list[float]) -> None:
    with np.errstate(all="ignore"):
        z = getattr(ops, op)(Value(row), axis=-1)
    np.testing.assert_allclose(z.data, twin(torch.tensor(row, dtype=torch.float64), dim=-1), rtol=1e-14)


@pytest.mark.parametrize("op", ["abs", "sign", "elu"])
@pytest.mark.parametrize("nan", [NAN, np.array([NAN])], ids=["number", "array"])
def test_nan_stays_visible(op: str, nan: Any) -> None:
    x = Value(nan)
    z = getattr(ops, op)(x)
    z.backward()
    assert np.isnan(z.data)
    assert np.isnan(x.grad) or op == "sign"


def test_an_infinite_logit_is_nan_in_softmax_and_inf_in_logsumexp() -> None:
    row = [INF, 1.0, 2.0]
    with np.errstate(invalid="ignore"):  # NumPy's word on inf - inf
        assert np.isnan(Value(row).softmax().data[0])
        assert np.isnan(Value(row).log_softmax().data[0])
    assert Value(row).logsumexp().item() == INF


@pytest.mark.parametrize("op", ["max", "min", "sum", "mean", "var", "std", "logsumexp"])
def test_a_reduction_passes_nan_on(op: str) -> None:
    row = [1.0, NAN, 3.0]
    assert np.isnan(getattr(ops, op)(Value(row)).data)


def test_a_closed_gate_sends_zero_even_of_an_infinite_gradient() -> None:
    x = Value([-1.0, 0.0, 1.0])
    x.relu().backward([INF, INF, INF])
    assert x.grad.tolist() == [0.0, 0.0, INF]


def test_a_closed_gate_sends_zero_even_of_nan() -> None:
    x = Value(-1.0)
    x.relu().backward(NAN)
    assert x.grad == 0.0


def test_the_branch_that_where_does_not_take_gets_zero() -> None:
    x = Value([0.0, 4.0])
    ops.where([False, True], x.sqrt(), 0.0).sum().backward()
    y = torch.tensor([0.0, 4.0], requires_grad=True)
    torch.where(torch.tensor([False, True]), torch.sqrt(y), 0.0).sum().backward()
    np.testing.assert_array_equal(x.grad, y.grad.numpy())  # 0 times the infinite slope of sqrt is nan, here as there


def test_relu_of_nan_is_nan() -> None:
    assert np.isnan(Value(NAN).relu().data)
    assert np.isnan(Value([NAN]).relu().data).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_slopes_of_elu_far_below_zero_and_at_it_are_pytorchs_to_the_second_order(dtype: Any) -> None:
    data = np.array([-40.0, -17.0, -5.0, 0.0, -0.0, 3.0, 1000.0], dtype)
    slope = grad(lambda x: ops.elu(x, 1.5).sum())
    x = torch.tensor(data, requires_grad=True)
    (expected,) = torch.autograd.grad(F.elu(x, 1.5).sum(), x, create_graph=True)
    (curvature,) = torch.autograd.grad(expected.sum(), x)
    np.testing.assert_allclose(slope(data), expected.detach().numpy(), rtol=1e-6)
    np.testing.assert_allclose(grad(lambda x: slope(x).sum())(data), curvature.numpy(), rtol=1e-6)


def test_the_slope_of_elu_by_its_alpha_is_0_to_the_second_order_where_exp_overflows() -> None:
    assert grad(lambda x: grad(lambda alpha: ops.elu(x, alpha))(1.5))(1000.0) == 0.0
