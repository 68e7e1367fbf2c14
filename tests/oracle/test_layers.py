"""Layers, activations and initialisers against PyTorch, in float64."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import nn

X = np.random.default_rng(0).normal(size=(5, 3)) * 3
EXACT = {"rtol": 1e-10, "atol": 1e-12}

ACTIVATIONS = [
    (nn.Identity(), torch.nn.Identity()),
    (nn.ReLU(), torch.nn.ReLU()),
    (nn.LeakyReLU(), torch.nn.LeakyReLU()),
    (nn.LeakyReLU(0.3), torch.nn.LeakyReLU(0.3)),
    (nn.ELU(), torch.nn.ELU()),
    (nn.ELU(0.5), torch.nn.ELU(0.5)),
    (nn.Sigmoid(), torch.nn.Sigmoid()),
    (nn.Tanh(), torch.nn.Tanh()),
    (nn.Softplus(), torch.nn.Softplus()),
    (nn.Softplus(2.0, 1.5), torch.nn.Softplus(2.0, 1.5)),
    (nn.Softplus(threshold=0.1), torch.nn.Softplus(threshold=0.1)),
    (nn.Softplus(2.0), torch.nn.Softplus(2.0, threshold=100)),
    (nn.PReLU(), torch.nn.PReLU(dtype=torch.float64)),
    (nn.PReLU(3, 0.1), torch.nn.PReLU(3, 0.1, dtype=torch.float64)),
    (nn.CELU(), torch.nn.CELU()),
    (nn.CELU(0.5), torch.nn.CELU(0.5)),
    (nn.SELU(), torch.nn.SELU()),
    (nn.Mish(), torch.nn.Mish()),
    (nn.LogSigmoid(), torch.nn.LogSigmoid()),
    (nn.Softsign(), torch.nn.Softsign()),
    (nn.Hardtanh(), torch.nn.Hardtanh()),
    (nn.Hardtanh(-0.5, 2.0), torch.nn.Hardtanh(-0.5, 2.0)),
    (nn.ReLU6(), torch.nn.ReLU6()),
    (nn.Hardsigmoid(), torch.nn.Hardsigmoid()),
    (nn.Hardswish(), torch.nn.Hardswish()),
    (nn.Hardshrink(), torch.nn.Hardshrink()),
    (nn.Hardshrink(2.0), torch.nn.Hardshrink(2.0)),
    (nn.Softshrink(), torch.nn.Softshrink()),
    (nn.Softshrink(2.0), torch.nn.Softshrink(2.0)),
    (nn.Tanhshrink(), torch.nn.Tanhshrink()),
    (nn.Threshold(0.5, -2.0), torch.nn.Threshold(0.5, -2.0)),
    (nn.Softmin(), torch.nn.Softmin(dim=-1)),
    (nn.Softmin(dim=0), torch.nn.Softmin(dim=0)),
    (nn.GLU(dim=1), torch.nn.GLU(dim=1)),
    (nn.GELU(), torch.nn.GELU()),
    (nn.GELU("tanh"), torch.nn.GELU(approximate="tanh")),
    (nn.SiLU(), torch.nn.SiLU()),
    (nn.Softmax(dim=0), torch.nn.Softmax(dim=0)),
    (nn.Softmax(), torch.nn.Softmax(dim=-1)),
    (nn.LogSoftmax(dim=0), torch.nn.LogSoftmax(dim=0)),
    (nn.LogSoftmax(), torch.nn.LogSoftmax(dim=-1)),
]


def compare(ours: nn.Module, theirs: torch.nn.Module, data: np.ndarray) -> None:
    """Output, gradient of the input, and gradients of the parameters, weighted by an uneven upstream gradient."""
    x, tx = nn.Parameter(data), torch.tensor(data, requires_grad=True)
    z, tz = ours(x), theirs(tx)
    np.testing.assert_allclose(z.data, tz.detach().numpy(), **EXACT)
    upstream = np.random.default_rng(1).normal(size=z.shape)
    (z * upstream).sum().backward()
    tz.backward(torch.tensor(upstream))
    exact = EXACT | {"rtol": 1e-7} if isinstance(ours, nn.Hardsigmoid) else EXACT  # PyTorch's 1/6 is a float32
    np.testing.assert_allclose(x.grad, tx.grad.numpy(), **exact)
    theirs_by_name = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        np.testing.assert_allclose(parameter.grad, theirs_by_name[name].grad.numpy(), **EXACT, err_msg=name)


OF_PIECES = [
    *(nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.Softsign, nn.Hardtanh, nn.ReLU6, nn.Hardsigmoid),
    *(nn.Hardswish, nn.Hardshrink, nn.Softshrink, nn.Threshold),
]


@pytest.mark.parametrize(
    ("ours", "theirs"), [pair for pair in ACTIVATIONS if type(pair[0]) in OF_PIECES], ids=lambda module: repr(module)
)
def test_where_its_pieces_meet_an_activation_is_pytorchs(ours: nn.Module, theirs: torch.nn.Module) -> None:
    compare(ours, theirs, np.array([-6.0, -3.0, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 6.0]))


@pytest.mark.parametrize(("ours", "theirs"), ACTIVATIONS, ids=lambda module: repr(module))
def test_an_activation_is_pytorchs(ours: nn.Module, theirs: torch.nn.Module) -> None:
    if isinstance(ours, nn.GLU):
        compare(ours, theirs, X[:, :2])
        return
    compare(ours, theirs, X)
    if isinstance(ours, nn.PReLU) and ours.num_parameters > 1:
        ours.zero_grad()
        theirs.zero_grad()
        compare(ours, theirs, np.random.default_rng(2).normal(size=(2, 3, 4)))
    else:
        edges = np.array([[-6.0, -1.0, -0.5], [0.0, 1.0, 2.0], [6.0, 25.0, -40.0]])
        ours.zero_grad()
        theirs.zero_grad()
        # PyTorch's Softplus is x above its threshold, and its Mish uses that: 2e-9 off
        compare(ours, theirs, edges[:2] if isinstance(ours, nn.Softplus | nn.Mish) else edges)


@pytest.mark.parametrize(("ours", "theirs"), ACTIVATIONS, ids=lambda module: repr(module))
def test_an_activation_of_a_number_is_a_number(ours: nn.Module, theirs: torch.nn.Module) -> None:
    if not isinstance(ours, nn.GLU) and getattr(ours, "num_parameters", 1) == 1:
        ours.zero_grad()
        theirs.zero_grad()
        compare(ours, theirs, np.array(-0.3))


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3), (0, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_is_pytorchs_for_any_number_of_leading_axes(shape: tuple[int, ...], bias: bool) -> None:
    theirs = torch.nn.Linear(3, 4, bias=bias, dtype=torch.float64)
    ours = nn.Linear(3, 4, bias=bias)
    ours.load_state_dict(theirs.state_dict())
    compare(ours, theirs, np.random.default_rng(2).normal(size=shape))


def test_weights_carry_over_from_pytorch_and_back() -> None:
    def layers(lib: Any) -> list[Any]:
        return [lib.Linear(3, 8), lib.Tanh(), lib.Sequential(lib.Linear(8, 8), lib.GELU()), lib.Linear(8, 2)]

    theirs = torch.nn.Sequential(*layers(torch.nn)).double()
    ours = nn.Sequential(*layers(nn))
    ours.load_state_dict(theirs.state_dict())
    compare(ours, theirs, X)
    again = torch.nn.Sequential(*layers(torch.nn)).double()
    again.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert torch.equal(again(torch.tensor(X)), theirs(torch.tensor(X)))


def test_an_mlp_is_pytorchs_linear_and_relu_in_turn() -> None:
    ours = nn.MLP(3, [8, 8, 2])
    state = {f"{2 * i}.{name}": a for i in range(3) for name, a in ours.layers[i].state_dict().items()}
    theirs = torch.nn.Sequential(
        torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)
    ).double()
    theirs.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    np.testing.assert_allclose(ours(X).data, theirs(torch.tensor(X)).detach().numpy(), **EXACT)


@pytest.mark.parametrize("name", ["linear", "conv1d", "conv2d", "sigmoid", "tanh", "relu", "selu", "leaky_relu"])
def test_the_gain_is_pytorchs(name: str) -> None:
    assert nn.init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert nn.init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


KAIMING = list(itertools.product([0, math.sqrt(5)], ["fan_in", "fan_out"], ["leaky_relu", "relu", "tanh"]))
SHAPES = [(40, 30), (30, 40), (12, 6, 5, 4)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("a", "mode", "nonlinearity"), KAIMING)
def test_kaiming_fills_the_range_and_has_the_spread_of_pytorchs(
    shape: tuple[int, ...], a: float, mode: str, nonlinearity: str
) -> None:
    options = {"a": a, "mode": mode, "nonlinearity": nonlinearity}
    same_distribution(shape, nn.init.kaiming_uniform_, torch.nn.init.kaiming_uniform_, options, uniform=True)
    same_distribution(shape, nn.init.kaiming_normal_, torch.nn.init.kaiming_normal_, options, uniform=False)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_xavier_fills_the_range_and_has_the_spread_of_pytorchs(shape: tuple[int, ...], gain: float) -> None:
    same_distribution(shape, nn.init.xavier_uniform_, torch.nn.init.xavier_uniform_, {"gain": gain}, uniform=True)
    same_distribution(shape, nn.init.xavier_normal_, torch.nn.init.xavier_normal_, {"gain": gain}, uniform=False)


def same_distribution(
    shape: tuple[int, ...],
    ours: Callable[..., nn.Parameter],
    theirs: Callable[..., torch.Tensor],
    options: dict[str, Any],
    uniform: bool,
) -> None:
    rng = np.random.default_rng(0)
    w = ours(nn.Parameter(np.zeros(shape)), rng=rng, **options).data
    torch.manual_seed(0)
    t = theirs(torch.empty(shape, dtype=torch.float64), **options).numpy()
    if uniform:  # of 1,200 numbers or more the largest is within 2 % of the bound, and never beyond it
        assert np.abs(w).max() == pytest.approx(np.abs(t).max(), rel=0.02)
    assert w.std() == pytest.approx(t.std(), rel=0.1)
    assert abs(w.mean()) < 0.1 * w.std()


def test_the_spread_follows_the_formula_to_the_last_digit() -> None:
    """The same generator, scaled by hand: He's sqrt(2 / fan_in) and Glorot's sqrt(2 / (fan_in + fan_out))."""
    he = nn.init.kaiming_normal_(nn.Parameter(np.zeros((6, 4))), nonlinearity="relu", rng=np.random.default_rng(3))
    glorot = nn.init.xavier_uniform_(nn.Parameter(np.zeros((6, 4))), rng=np.random.default_rng(3))
    np.testing.assert_allclose(he.data, np.random.default_rng(3).normal(size=(6, 4)) * math.sqrt(2 / 4), rtol=1e-14)
    bound = math.sqrt(6 / (4 + 6))
    np.testing.assert_allclose(glorot.data, np.random.default_rng(3).uniform(-bound, bound, (6, 4)), rtol=1e-14)


def test_linear_starts_in_pytorchs_range() -> None:
    ours = nn.Linear(25, 400, rng=np.random.default_rng(0))
    for parameter in (ours.weight, ours.bias):
        assert 0.19 < np.abs(parameter.data).max() <= 0.2  # 1 / sqrt(25)
        assert parameter.data.std() == pytest.approx(0.2 / math.sqrt(3), rel=0.1)
