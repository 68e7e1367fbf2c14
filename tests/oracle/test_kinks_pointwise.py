"""Kinks, ties, nan and inf of the pointwise ops beside PyTorch's, and the few points where they differ on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from kinks import Kinks, assert_pytorchs

from autograd_mini import Value, ops, transforms

INF, NAN = np.inf, np.nan
SPECIAL = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN]
STEPS = [0.0, 0.5, -0.5, 1.0, -1.0, 1.5, 2.5, -2.5, INF, -INF, NAN]
PARTS = [1.0, -1.0, 3.0, -3.0, 0.0]

KINKS: Kinks = {
    "arcsin": (ops.arcsin, torch.arcsin, [[*SPECIAL, 2.0, -2.0]]),
    "arccos": (ops.arccos, torch.arccos, [[*SPECIAL, 2.0, -2.0]]),
    "arctan": (ops.arctan, torch.arctan, [SPECIAL]),
    "sinh": (ops.sinh, torch.sinh, [[*SPECIAL, 1000.0, -1000.0]]),
    "cosh": (ops.cosh, torch.cosh, [[*SPECIAL, 1000.0, -1000.0]]),
    "arcsinh": (ops.arcsinh, torch.arcsinh, [SPECIAL]),
    "arccosh": (ops.arccosh, torch.arccosh, [SPECIAL]),
    "arctanh": (ops.arctanh, torch.arctanh, [[*SPECIAL, 2.0, -2.0]]),
    "arctan2": (ops.arctan2, torch.arctan2, [SPECIAL, SPECIAL]),
    "hypot": (ops.hypot, torch.hypot, [SPECIAL, SPECIAL]),
    "exp2": (ops.exp2, torch.exp2, [[*SPECIAL, 2000.0, -2000.0]]),
    "log2": (ops.log2, torch.log2, [SPECIAL]),
    "log10": (ops.log10, torch.log10, [SPECIAL]),
    "cbrt": (ops.cbrt, lambda x: x.sign() * x.abs() ** (1 / 3), [[1.0, -1.0, 8.0, -8.0]]),
    "reciprocal": (ops.reciprocal, torch.reciprocal, [SPECIAL]),
    "square": (ops.square, torch.square, [SPECIAL]),
    "logaddexp": (ops.logaddexp, torch.logaddexp, [[*SPECIAL, 1000.0, -1000.0], [0.0, 1000.0, -1000.0]]),
    "logaddexp2": (ops.logaddexp2, torch.logaddexp2, [[0.0, 1.0, 2000.0, -2000.0], [0.0, 1.0, 2000.0, -2000.0]]),
    "float_power": (ops.float_power, torch.float_power, [[0.0, 1.0, 2.0, -8.0], [0.0, 1.0, 3.0, -1.0, 0.5]]),
    "copysign": (ops.copysign, torch.copysign, [[0.0, -0.0, 1.0, -1.0], SPECIAL]),
    "sinc": (ops.sinc, torch.sinc, [[0.0, -0.0, 0.02, -0.02, 0.5, 1.0, 1.4, -2.0, 7.25, NAN]]),
    "deg2rad": (ops.deg2rad, torch.deg2rad, [SPECIAL]),
    "rad2deg": (ops.rad2deg, torch.rad2deg, [SPECIAL]),
    "fmax": (ops.fmax, torch.fmax, [SPECIAL, SPECIAL]),
    "fmin": (ops.fmin, torch.fmin, [SPECIAL, SPECIAL]),
    "nan_to_num": (ops.nan_to_num, torch.nan_to_num, [SPECIAL]),
    "nan_to_num(1, 2, 3)": (
        lambda x: ops.nan_to_num(x, nan=1.0, posinf=2.0, neginf=3.0),
        lambda x: torch.nan_to_num(x, 1.0, 2.0, 3.0),
        [SPECIAL],
    ),
    "floor": (ops.floor, torch.floor, [STEPS]),
    "ceil": (ops.ceil, torch.ceil, [STEPS]),
    "trunc": (ops.trunc, torch.trunc, [STEPS]),
    "rint": (ops.rint, torch.round, [STEPS]),
    "round": (ops.round, torch.round, [STEPS]),
    "floor_divide": (ops.floor_divide, lambda x, y: torch.div(x, y, rounding_mode="floor"), [STEPS[:-3], PARTS[:-1]]),
    "remainder": (ops.remainder, torch.remainder, [STEPS[:-3], PARTS]),
    "fmod": (ops.fmod, torch.fmod, [STEPS[:-3], PARTS]),
    "erfinv": (ops.erfinv, torch.erfinv, [[*SPECIAL, 2.0, -2.0]]),
    "lgamma": (ops.lgamma, torch.lgamma, [[0.0, 1.0, 2.0, -0.5, INF]]),
}


@pytest.mark.parametrize("name", KINKS)
def test_a_kink_follows_pytorch_as_number_and_as_array(name: str) -> None:
    assert_pytorchs(*KINKS[name])


def grad(f: Callable[..., Any], *numbers: Any) -> list[Any]:
    values = [Value(x) for x in numbers]
    f(*values).backward()
    return [value.grad for value in values]


# ---------------------------------------------------------------- where PyTorch has no derivative, or another


@pytest.mark.parametrize("half", [0.5, 0.0, 3.0])
@pytest.mark.parametrize("x", [-1.0, -0.0, 0.0, 2.0])
def test_the_step_of_heaviside_sends_the_gradient_at_0_to_its_second_operand(x: float, half: float) -> None:
    assert ops.heaviside(x, half) == np.heaviside(x, half)
    assert grad(ops.heaviside, x, half) == [0.0, 1.0 if x == 0 else 0.0]


def test_the_cube_root_is_vertical_at_0() -> None:
    assert grad(ops.cbrt, 0.0) == [INF]
    assert grad(lambda x: ops.cbrt(x).sum(), np.zeros(2))[0].tolist() == [INF, INF]


def test_the_sign_of_an_infinity_is_copied_with_slope_1() -> None:
    assert grad(ops.copysign, INF, -1.0) == [-1.0, 0.0]  # PyTorch computes inf / inf, which is nan


def moment(n: int, x: float) -> float:
    """The ``n``-th derivative of sinc, as the integral over u from 0 to 1 of (pi u)**n cos(pi u x + n pi/2)."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    u = (nodes + 1) / 2
    return float(np.sum(weights / 2 * (np.pi * u) ** n * np.cos(np.pi * u * x + n * np.pi / 2)))


@pytest.mark.parametrize("x", [0.0, 1e-300, 1e-9, 1e-4, -0.0199, 0.0201, 0.3, -1.7])
@pytest.mark.parametrize(("n", "tolerance"), [(0, 1e-14), (1, 1e-12), (2, 1e-10)])
def test_sinc_has_its_derivatives_at_0_and_near_it(n: int, tolerance: float, x: float) -> None:
    f = ops.sinc
    for _ in range(n):
        f = transforms.grad(f)
    assert f(x) == pytest.approx(moment(n, x), rel=tolerance, abs=1e-14)


# ---------------------------------------------------------------- powers


@pytest.mark.parametrize("exponent", [0, 1, 2.0, 3])
@pytest.mark.parametrize("in_an_array", [False, True])
def test_a_whole_power_has_its_derivatives_of_every_order_at_0(exponent: float, in_an_array: bool) -> None:
    y = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    beside, f = y**exponent, lambda x: x ** (np.array(float(exponent)) if in_an_array else exponent)
    for _ in range(5):
        f = transforms.grad(f)
        (beside,) = torch.autograd.grad(beside + 0 * y, y, create_graph=True)
        assert f(0.0) == beside.item()


def test_a_polynomial_with_its_powers_in_an_array_has_a_hessian_at_0() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.array([4.0, 3.0, 2.0, 1.0]) * x[:, None] ** np.arange(3, -1, -1))

    np.testing.assert_array_equal(transforms.hessian(f)(np.array([0.0, 1.0])), [[6.0, 0.0], [0.0, 30.0]])


# ---------------------------------------------------------------- remainders


@pytest.mark.parametrize("f", [ops.remainder, ops.fmod, ops.floor_divide], ids=["remainder", "fmod", "floor_divide"])
def test_a_division_by_0_is_what_numpy_says_and_never_an_exception(f: Any) -> None:
    with np.errstate(all="ignore"):
        for x in (1.0, -1.0, 0.0, INF, NAN):
            expected = f.ufunc(np.float64(x), 0.0)
            assert repr(f(x, 0.0)) == repr(float(expected))
            assert repr(f(Value(x), 0.0).data) == repr(float(expected))
            assert repr(f(np.array([x]), 0.0).tolist()) == repr([float(expected)])


def test_quotient_and_remainder_make_the_number_again() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=50) * 9, rng.normal(size=50)
    quotient, rest = divmod(Value(x), y)
    np.testing.assert_allclose((quotient * y + rest).data, x, rtol=1e-14)
    np.testing.assert_array_equal(quotient.data, x // y)
    np.testing.assert_array_equal(rest.data, x % y)


# ---------------------------------------------------------------- nan


@pytest.mark.parametrize("other", [1.0, INF, NAN])
def test_fmax_and_fmin_pass_a_nan_over_and_give_it_no_gradient(other: float) -> None:
    for f in (ops.fmax, ops.fmin):
        assert repr(f(NAN, other)) == repr(other)
        assert repr(f(other, NAN)) == repr(other)
        assert grad(f, other, NAN) == [1.0, 0.0]
        assert grad(f, NAN, other) == ([0.0, 1.0] if other == other else [1.0, 0.0])
