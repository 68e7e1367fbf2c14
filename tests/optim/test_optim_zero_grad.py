"""zero_grad(set_to_none=False): gradients of zeros, with which an optimizer goes on, as PyTorch's does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import nn
import optim
from autograd_mini import JitError, Value, jit

OPTIMIZERS: dict[str, Any] = {
    "SGD": {"lr": 0.1},
    "SGD with momentum": {"lr": 0.1, "momentum": 0.9},
    "SGD with decay": {"lr": 0.1, "weight_decay": 0.1},
    "Adam": {"lr": 0.1},
    "AdamW": {"lr": 0.1},
    "RMSprop": {"lr": 0.1, "momentum": 0.5},
}


class Two(nn.Module):
    """Two parameters, the second of which no gradient reaches."""

    def __init__(self) -> None:
        self.used, self.unused = nn.Parameter([1.0, 2.0]), nn.Parameter(3.0)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("of_module", [True, False])
def test_steps_on_gradients_of_zeros_are_pytorchs(name: str, of_module: bool) -> None:
    model = Two()
    theirs = [torch.tensor(p.data, dtype=torch.float64, requires_grad=True) for p in model.parameters()]
    kind, options = name.split()[0], OPTIMIZERS[name]
    optimizer = getattr(optim, kind)(model.parameters(), **options)
    oracle = getattr(torch.optim, kind)(theirs, **options)
    for step in range(4):
        if step % 2 == 0:
            (model.used * model.used).sum().backward()
            (theirs[0] * theirs[0]).sum().backward()
        optimizer.step()
        oracle.step()
        (model if of_module else optimizer).zero_grad(set_to_none=False)
        oracle.zero_grad(set_to_none=False)
        assert [p.has_grad for p in model.parameters()] == [True, False]
        assert not model.used.grad.any()
        for parameter, twin in zip(model.parameters(), theirs, strict=True):
            np.testing.assert_allclose(parameter.data, twin.detach().numpy(), rtol=1e-12, atol=1e-15)


def test_a_gradient_of_zeros_has_the_form_of_its_parameter() -> None:
    for data in (1.0, np.ones(2, np.float32), np.ones((2, 1))):
        p = Value(data)
        p.sum().backward()
        optim.SGD([p], 0.1).zero_grad(set_to_none=False)
        assert type(p.grad) is type(p.data)
        assert getattr(p.grad, "dtype", None) == getattr(p.data, "dtype", None)
        assert np.shape(p.grad) == p.shape


@pytest.mark.parametrize("of_module", [True, False])
def test_in_a_jitted_function_it_is_refused_at_the_first_call(of_module: bool) -> None:
    model = Two()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step() -> None:
        (model if of_module else optimizer).zero_grad(set_to_none=False)
        (model.used * model.used).sum().backward()
        optimizer.step()

    with pytest.raises(JitError, match=r"zero_grad\(set_to_none=False\) leaves zeros .*; call zero_grad\(\)"):
        jit(step)()
    assert model.used.data.tolist() == [1.0, 2.0]


def test_a_value_alone_can_do_it_too_and_one_without_a_gradient_gets_none() -> None:
    reached, unreached = Value([1.0, 2.0]), Value(1.0)
    (reached * reached).sum().backward()
    for p in (reached, unreached):
        p.zero_grad(set_to_none=False)
    assert (reached.has_grad, reached.grad.tolist(), unreached.has_grad) == (True, [0.0, 0.0], False)
    reached.zero_grad()
    assert not reached.has_grad
