"""PyTorch's names: what a Module has of them does what PyTorch's does, what it has not says what to write instead."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
import pytest
import torch

import nn
import optim
from autograd_mini import Value
from nn.absent import OF_A_MODULE, OF_NN


def pair() -> tuple[Any, Any]:
    """The same network here and in PyTorch."""
    ours = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))
    theirs = torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(3, 1))
    ).double()
    theirs.load_state_dict({k: torch.as_tensor(v) for k, v in ours.state_dict().items()})  # as the docstring says
    return ours, theirs


def test_children_and_the_order_of_apply_are_pytorchs() -> None:
    ours, theirs = pair()
    assert [type(x).__name__ for x in ours.children()] == [type(x).__name__ for x in theirs.children()]
    seen: tuple[list[str], list[str]] = [], []
    assert ours.apply(lambda module: seen[0].append(type(module).__name__)) is ours
    theirs.apply(lambda module: seen[1].append(type(module).__name__))
    assert seen[0] == seen[1]


def test_a_frozen_network_gets_no_gradients_and_thaws() -> None:
    ours, _ = pair()
    assert ours[0].requires_grad_(False) is ours[0]
    ours(np.ones((1, 2))).sum().backward()
    assert [p.has_grad for p in ours.parameters()] == [False, False, True, True]
    ours.requires_grad_()
    assert all(p.requires_grad for p in ours.parameters())


@pytest.mark.parametrize("set_to_none", [True, False])
def test_a_gradient_that_is_forgotten_reads_as_zero(set_to_none: bool) -> None:
    model = nn.Linear(2, 1)
    for holder in (model, optim.SGD(model.parameters(), lr=0.1)):
        model(np.ones((1, 2))).sum().backward()
        holder.zero_grad(set_to_none=set_to_none)
        assert not model.weight.grad.any()


def test_a_module_that_is_appended_is_called_last() -> None:
    model = nn.Sequential(nn.Linear(2, 3)).append(nn.Linear(3, 1))
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert model(np.ones((1, 2))).shape == (1, 1)
    with pytest.raises(TypeError, match=r"number 2 is <.*, not a module"):
        model.append(np.tanh)  # type: ignore[arg-type]  # the mistake


def test_what_is_absent_says_what_to_write_instead() -> None:
    model = nn.Linear(2, 1)
    for name, remedy in OF_A_MODULE.items():
        with pytest.raises(AttributeError, match=re.escape(f"a Module has no .{name}; {remedy}")) as caught:
            getattr(model, name)
        assert "test_nn_pytorchs_names.py" in str(caught.value)
        assert name not in dir(model)
    for name, remedy in OF_NN.items():
        with pytest.raises(AttributeError, match=re.escape(f"module 'nn' has no attribute '{name}'; {remedy}")):
            getattr(nn, name)
    with pytest.raises(AttributeError, match=r"write nn\.save\(model, path\)"):
        model.save("model.npz")
    with pytest.raises(AttributeError, match="is it Linear"):
        _ = nn.Liner
    assert not hasattr(nn, "__path_of_nothing__")


def test_only_what_pytorch_has_is_on_the_lists() -> None:
    assert set(OF_A_MODULE) <= {*dir(torch.nn.Module), "save", "load", "fit", "predict"}  # the four are Keras's
    assert set(OF_NN) <= {*dir(torch.nn), "Neuron", "Layer"}  # the two are micrograd's


class Own(nn.Module):
    """A user's module with names of its own that are on the list."""

    def __init__(self) -> None:
        self.double = nn.Parameter(2.0)

    def to(self, x: Any) -> Any:
        return self.double * x

    forward = to


def test_a_module_of_the_users_may_use_these_names() -> None:
    model = Own()
    assert model.to(3.0).data == 6.0
    assert [name for name, _ in model.named_parameters()] == ["double"]
    assert {"double", "to"} <= set(dir(model))
    assert isinstance(model(Value(1.0)), Value)


def test_a_dropout_of_nothing_is_no_part_of_a_recurrent_network() -> None:
    assert repr(nn.LSTM(3, 4)) == "LSTM(3 -> 4)  144 parameters"
    assert "Dropout(p=0.5)" in repr(nn.GRU(3, 4, 2, dropout=0.5))


def test_an_optimizer_and_a_schedule_say_what_they_do() -> None:
    model = nn.MLP(2, [3, 1])
    body, head = model.layers
    optimizer = optim.SGD([{"params": body.parameters(), "lr": 0.5}, {"params": head.parameters()}], lr=0.1)
    assert repr(optimizer).startswith("SGD(\n  2 parameters, 9 numbers: lr=0.5, momentum=0.0,")
    assert "\n  2 parameters, 4 numbers: lr=0.1," in repr(optimizer)
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    optimizer.step()
    schedule.step()
    assert repr(schedule) == "ExponentialLR(epoch 1, lr=0.25, 0.05, gamma=0.5)"
    assert "lr=0.25, " in repr(optimizer)
    cycle = optim.lr_scheduler.OneCycleLR(optim.Adam(model.parameters()), 1.0, 10)
    assert repr(cycle).startswith("OneCycleLR(epoch 0, lr=0.04, total_steps=10, anneal_strategy='cos',")


def test_the_state_of_pytorchs_optimizers_is_refused_with_the_reason() -> None:
    theirs = torch.optim.Adam(torch.nn.Linear(2, 1).parameters()).state_dict()
    optimizer = optim.Adam(nn.Linear(2, 1).parameters())
    with pytest.raises(ValueError, match=r"of an optimizer of PyTorch, .* cannot be converted"):
        optimizer.load_state_dict(theirs)


def test_inplace_stands_in_pytorchs_place_and_changes_nothing() -> None:
    seen = []
    for name in sorted(set(nn.__all__) & set(dir(torch.nn))):
        theirs, ours = getattr(torch.nn, name), getattr(nn, name)
        if not isinstance(theirs, type) or "inplace" not in inspect.signature(theirs).parameters:
            continue
        seen.append(name)
        place = list(inspect.signature(theirs).parameters).index("inplace")
        assert list(inspect.signature(ours).parameters).index("inplace") == place, name
        args = [0.5, -1.0] if name == "Threshold" else []
        x, before = np.array([-4.0, -0.3, 0.4, 9.0]), np.array([-4.0, -0.3, 0.4, 9.0])
        assert (ours(*args, inplace=True).eval()(x) == ours(*args).eval()(x)).all()
        assert (x == before).all()
        with pytest.raises(TypeError, match=rf"{name}: inplace is True or False, not array.*nn\.{name}\(\.\.\.\)\(x\)"):
            ours(*args, inplace=x)
    assert {"ReLU", "Dropout", "Threshold", "SELU"} < set(seen)


@pytest.mark.parametrize(
    ("name", "remedy"), [("StepLR", "write optim.lr_scheduler.StepLR"), ("DataLoader", "write optim.minibatches(")]
)
def test_what_is_looked_for_in_optim_is_found(name: str, remedy: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(f"module 'optim' has no attribute {name!r}; {remedy}")):
        getattr(optim, name)
    assert not hasattr(optim, "__path_of_nothing__")


def test_a_step_is_not_given_the_loss() -> None:
    model = nn.Linear(2, 1)
    loss = model(np.ones((1, 2))).sum()
    with pytest.raises(TypeError, match=r"SGD: step takes nothing, .* not a Value; call loss\.backward\(\)"):
        optim.SGD(model.parameters(), lr=0.1).step(loss)  # type: ignore[arg-type]  # the mistake
