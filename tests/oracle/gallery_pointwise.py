"""The pointwise ops: each with its PyTorch twin and the operands it is tried on, away from kinks and ties."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from sample import ALONE, PAIRS, TRIPLES, Sample, binary, unary

from autograd_mini import ops


def _heaviside(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Of nan NumPy's is nan and PyTorch's 0; and PyTorch's has no derivative."""
    return torch.where(x == 0, y, torch.where(x.isnan(), x.detach(), (x > 0).double()))


ARITHMETIC: list[Sample] = [
    unary("abs", torch.abs, -2, 2),
    unary("exp", torch.exp, -3, 3),
    unary("expm1", torch.expm1, -3, 3),
    unary("log", torch.log, 0.1, 5),
    unary("log1p", torch.log1p, -0.9, 5),
    unary("neg", torch.neg, -2, 2),
    unary("sigmoid", torch.sigmoid, -5, 5),
    unary("sign", torch.sign, -2, 2),
    unary("sqrt", torch.sqrt, 0.1, 5),
    binary("add", torch.add),
    binary("sub", torch.sub),
    binary("mul", torch.mul),
    binary("div", torch.div, (-2, 2), (0.2, 3)),
    binary("pow", torch.pow, (0.2, 3), (-2, 3)),
    Sample(
        "pow",
        "x ** 3",
        lambda x: ops.pow(x, 3),
        lambda x: x**3,
        ((-2, 2),),
        [k for k in ALONE if k[0].dtype != "float16"],
    ),
    Sample("pow", "x ** -2.0", lambda x: ops.pow(x, -2.0), lambda x: x**-2.0, ((0.5, 2),), ALONE),
    Sample("pow", "2 ** x", lambda x: ops.pow(2.0, x), lambda x: 2.0**x, ((-2, 2),), ALONE),
    Sample("positive", "2 * +x", lambda x: 2.0 * ops.positive(x), lambda x: 2.0 * +x, ((-2, 2),), ALONE),
    unary("reciprocal", torch.reciprocal, 0.2, 3),
    unary("square", torch.square, -2, 2),
    unary("cbrt", lambda x: x ** (1 / 3), 0.1, 5),
    Sample("cbrt", "cbrt(negative)", ops.cbrt, lambda x: -((-x) ** (1 / 3)), ((-5, -0.1),), ALONE),
    unary("exp2", torch.exp2, -3, 3),
    Sample("ldexp", "ldexp(3)", lambda x: ops.ldexp(x, 3), lambda x: x * 8, ((-2, 2),), ALONE),
    binary("ldexp", torch.ldexp),
    unary("log2", torch.log2, 0.1, 5),
    unary("log10", torch.log10, 0.1, 5),
    binary("copysign", torch.copysign),
    binary("logaddexp", torch.logaddexp),
    binary("logaddexp2", torch.logaddexp2),
    replace(binary("float_power", torch.float_power, (0.2, 3), (-2, 3)), dtype="float64"),
]

TRIGONOMETRIC: list[Sample] = [
    unary("cos", torch.cos, -4, 4),
    unary("sin", torch.sin, -4, 4),
    unary("tan", torch.tan, -1.2, 1.2),
    unary("tanh", torch.tanh, -3, 3),
    unary("arcsin", torch.arcsin, -0.9, 0.9),
    unary("arccos", torch.arccos, -0.9, 0.9),
    unary("arctan", torch.arctan, -3, 3),
    unary("sinh", torch.sinh, -3, 3),
    unary("cosh", torch.cosh, -3, 3),
    unary("arcsinh", torch.arcsinh, -3, 3),
    unary("arccosh", torch.arccosh, 1.2, 5),
    unary("arctanh", torch.arctanh, -0.9, 0.9),
    unary("deg2rad", torch.deg2rad, -180, 180),
    unary("rad2deg", torch.rad2deg, -3, 3),
    unary("sinc", torch.sinc, 0.2, 1.2),
    binary("arctan2", torch.arctan2),
    binary("hypot", torch.hypot),
]

CHOOSING: list[Sample] = [
    binary("maximum", torch.maximum),
    binary("minimum", torch.minimum),
    Sample(
        "where",
        "where(x > y, x, y)",
        lambda x, y: ops.where(x > y, x, y),
        lambda x, y: torch.where(x > y, x, y),
        ((-2, 2),) * 2,
        PAIRS,
    ),
    Sample(
        "where",
        "where(x > 0, x, 1)",
        lambda x: ops.where(x > 0, x, 1.0),
        lambda x: torch.where(x > 0, x, 1.0),
        ((-2, 2),),
        ALONE,
    ),
    Sample(
        "clip",
        "clip",
        ops.clip,
        lambda *xs: torch.clamp(*torch.broadcast_tensors(*xs)),
        ((-3, 3), (-2, 0), (0, 2)),
        TRIPLES,
    ),
    Sample("clip", "clip(-1, 1)", lambda x: ops.clip(x, -1.0, 1.0), lambda x: torch.clamp(x, -1, 1), ((-3, 3),), ALONE),
    Sample("clip", "clip(low)", lambda x: ops.clip(x, 0.5), lambda x: torch.clamp(x, min=0.5), ((-3, 3),), ALONE),
    Sample("clip", "clip(high)", lambda x: ops.clip(x, max=0.5), lambda x: torch.clamp(x, max=0.5), ((-3, 3),), ALONE),
    binary("fmax", torch.fmax),
    binary("fmin", torch.fmin),
    binary("heaviside", _heaviside),
    unary("nan_to_num", torch.nan_to_num, -2, 2),
    Sample(
        "select",
        "select([x > 1, y > 0], [x, y], 3)",
        lambda x, y: ops.select([x > 1, y > 0], [x, y], 3.0),
        lambda x, y: torch.where(x > 1, x, torch.where(y > 0, y, 3.0)),
        ((-2, 2),) * 2,
        PAIRS,
    ),
]

ROUNDING: list[Sample] = [
    unary("floor", torch.floor, -3, 3),
    unary("ceil", torch.ceil, -3, 3),
    unary("trunc", torch.trunc, -3, 3),
    unary("rint", torch.round, -3, 3),
    unary("round", torch.round, -3, 3),
    Sample("round", "round(1)", lambda x: ops.round(x, 1), lambda x: torch.round(x, decimals=1), ((-3, 3),), ALONE),
    Sample(
        "round", "round(-1)", lambda x: ops.round(x, -1), lambda x: torch.round(x, decimals=-1), ((-99, 99),), ALONE
    ),
    binary("floor_divide", lambda x, y: torch.div(x, y, rounding_mode="floor"), (-9, 9), (0.5, 3)),
    binary("remainder", torch.remainder, (-9, 9), (0.5, 3)),
    binary("fmod", torch.fmod, (-9, 9), (0.5, 3)),
    Sample(
        "modf",
        "2 * fraction + whole",
        lambda x: 2.0 * ops.modf(x)[0] + ops.modf(x)[1],
        lambda x: 2.0 * torch.frac(x) + torch.trunc(x),
        ((-3, 3),),
        ALONE,
    ),
    Sample("remainder", "x % -y", lambda x, y: x % -y, lambda x, y: x % -y, ((-9, 9), (0.5, 3)), PAIRS),
    Sample(
        "divmod",
        "x // y + x % y",
        lambda x, y: sum(ops.divmod(x, y)),
        lambda x, y: torch.div(x, y, rounding_mode="floor") + x % y,
        ((-9, 9), (0.5, 3)),
        PAIRS,
    ),
]


def further(f: Callable[..., Any], step: Callable[..., Any]) -> Callable[..., Any]:
    """``f`` by its recurrence, from where its series is exact: PyTorch's own trigamma is wrong in the tenth digit."""
    return lambda x: f(x + 12) - sum(step(x + k) for k in range(12))


SPECIAL: list[Sample] = [
    unary("erf", torch.erf, -2, 2),
    unary("erfinv", torch.erfinv, -0.9, 0.9),
    unary("lgamma", further(torch.lgamma, torch.log), 0.2, 5),
    unary("digamma", further(torch.digamma, torch.reciprocal), 0.5, 5),
    *[
        Sample(
            "polygamma",
            f"polygamma({n})",
            lambda x, n=n: ops.polygamma(n, x),
            further(partial(torch.polygamma, n), lambda y, n=n: (-1) ** n * math.factorial(n) * y ** (-n - 1)),
            ((0.8, 4),),
            ALONE,
        )
        for n in (0, 1, 2)
    ],
]

ACTIVATION: list[Sample] = [
    unary("relu", F.relu, -2, 2),
    unary("silu", F.silu, -5, 5),
    unary("softplus", F.softplus, -5, 5),
    unary("gelu", F.gelu, -3, 3),
    Sample(
        "gelu", "gelu(tanh)", lambda x: ops.gelu(x, "tanh"), lambda x: F.gelu(x, approximate="tanh"), ((-3, 3),), ALONE
    ),
    unary("leaky_relu", F.leaky_relu, -2, 2),
    unary("elu", F.elu, -3, 3),
    binary("leaky_relu", lambda x, slope: torch.where(x > 0, x, slope * x)),
    binary("elu", lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(x))),
]

SAMPLES: list[Sample] = [*ARITHMETIC, *TRIGONOMETRIC, *CHOOSING, *ROUNDING, *SPECIAL, *ACTIVATION]
