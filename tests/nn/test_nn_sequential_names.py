"""Sequential with names, and with modules put in the place of others: paths, order and refusals beside PyTorch's."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch

import nn
from autograd_mini import jit

X = np.array([[1.0, -2.0]])


def named(lib: Any) -> Any:
    parts = [("first", lib.Linear(2, 3)), ("act", lib.Tanh()), ("head", lib.Linear(3, 1))]
    return lib.Sequential(OrderedDict(parts))


def test_names_are_paths_and_attributes_as_in_pytorch() -> None:
    ours, theirs = named(nn), named(torch.nn).double()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [path for path, _ in ours.named_modules()] == [path for path, _ in theirs.named_modules()]
    ours.load_state_dict(theirs.state_dict())
    np.testing.assert_allclose(ours(X).data, theirs(torch.tensor(X)).detach().numpy(), rtol=1e-12)
    assert ours.first is ours[0]
    assert ours.head is ours[-1]
    assert list(ours[1:].state_dict()) == list(theirs[1:].state_dict())
    assert [path for path, _ in ours.append(nn.Tanh()).named_children()] == ["first", "act", "head", "3"]
    assert list(nn.Sequential({"a": nn.Linear(1, 1)}).state_dict()) == ["a.weight", "a.bias"]
    assert "  (act): Tanh()\n" in repr(ours)


def test_a_module_takes_the_place_of_another() -> None:
    ours, theirs = (
        nn.Sequential(nn.Linear(2, 3), nn.Tanh()),
        torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh()),
    )
    for model, lib in ((ours, nn), (theirs, torch.nn)):
        model[1] = lib.Linear(3, 1)
        model[-2] = lib.Linear(2, 3, bias=False)
    assert list(ours.state_dict()) == list(theirs.state_dict()) == ["0.weight", "1.weight", "1.bias"]
    assert ours(X).shape == (1, 1)
    with pytest.raises(IndexError):
        ours[2] = nn.Tanh()
    with pytest.raises(TypeError, match=r"Sequential: number 1 is <.*, not a module"):
        ours[1] = np.tanh  # type: ignore[assignment]  # the mistake
    by_name = named(nn)
    by_name.act = nn.ReLU()
    assert isinstance(by_name[1], nn.ReLU)


def test_a_jitted_call_notices_the_module_that_has_been_put_in() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    fast = jit(lambda x: model(x))
    fast(X)
    model[1] = nn.ReLU()
    np.testing.assert_array_equal(fast(X).data, model(X).data)
    model.append(nn.Linear(3, 1))
    np.testing.assert_allclose(fast(X).data, model(X).data, rtol=1e-12)


@pytest.mark.parametrize("name", ["", "a.b", "append", "training"])
def test_a_name_that_is_no_path_or_taken_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"Sequential: a module cannot be called {name!r}"):
        nn.Sequential({name: nn.Tanh()})
    with pytest.raises(KeyError):
        torch.nn.Sequential(OrderedDict([(name, torch.nn.Tanh())]))


def test_several_modules_are_not_put_in_at_once() -> None:
    model = nn.Sequential(nn.ReLU(), nn.Tanh())
    with pytest.raises(TypeError, match=r"one module is put in at a time; write model\[i\] = module"):
        model[0:1] = nn.Tanh()  # type: ignore[index]  # the mistake
