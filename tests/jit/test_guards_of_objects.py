"""A replay sees what has changed in a module, an optimizer or an object that the function uses, and nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import Value
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit

W = Value(2.0)
RATE = 3.0
NUMBERS = [1.0, 2.0]
HELD = {"rate": 3.0}


def test_a_parameter_that_was_replaced_is_noticed() -> None:
    model = nn.Sequential(nn.Linear(2, 1), nn.Tanh())
    f = jit(lambda x: model(x).sum())
    x = np.ones((3, 2))
    f(x)
    model[0].weight = nn.Parameter(np.zeros((1, 2)))
    model[0].bias = nn.Parameter(np.zeros(1))
    result = f(x)
    assert result.item() == 0.0
    result.backward()
    assert model[0].weight.grad.tolist() == [[3.0, 3.0]]


def test_a_module_that_was_changed_or_put_into_eval_is_noticed() -> None:
    class Switch(nn.Module):
        def __init__(self) -> None:
            self.w = nn.Parameter(2.0)
            self.scale = 1.0

        def forward(self, x: Any) -> Any:
            return self.w * x * self.scale if self.training else self.w

    model = Switch()
    f = jit(lambda x: model(x))
    assert f(3.0).data == 6.0
    model.scale = 2.0
    assert f(3.0).data == 12.0
    model.eval()
    assert f(3.0).data == 2.0


def test_a_method_is_jitted_with_its_object() -> None:
    class Model:
        def __init__(self, w: float) -> None:
            self.w = Value(w)

        @jit
        def loss(self, x: Any) -> Any:
            return (self.w * x) ** 2

    one, two = Model(1.0), Model(2.0)
    for _ in range(2):
        assert (one.loss(3.0).data, two.loss(3.0).data) == (9.0, 36.0)
    two.loss(3.0).backward()
    assert (two.w.grad, one.w.grad) == (36.0, 0.0)


def test_a_network_trains_on_while_its_parameters_are_loaded() -> None:
    model = nn.Linear(2, 1)
    f = jit(lambda x: model(x).sum())
    f(np.ones((3, 2)))
    model.load_state_dict({"weight": np.ones((1, 2)), "bias": np.zeros(1)})
    assert f(np.ones((3, 2))).item() == 6.0


def test_freezing_a_parameter_is_noticed() -> None:
    w, v = Value(2.0), Value(3.0)
    f = jit(lambda x: w * v * x)
    f(1.0).backward()
    w.requires_grad = False
    w.zero_grad()
    v.zero_grad()
    f(1.0).backward()
    assert (w.grad, v.grad) == (0.0, 2.0)


def test_what_a_method_of_a_user_s_class_sees_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    class Scaled(nn.Module):
        gain = 1.0

        def __init__(self) -> None:
            self.w = nn.Parameter(2.0)

        @property
        def shift(self) -> float:
            return NUMBERS[0]

        @staticmethod
        def held() -> float:
            return HELD["rate"]

        def forward(self, x: Any) -> Any:
            return self.w * x * RATE * self.gain * self.shift * self.held()

        def fit(self) -> None:
            LOG.append(1)

    model = Scaled()
    f = jit(lambda x: model(x))
    assert f(1.0).data == 18.0
    monkeypatch.setitem(globals(), "RATE", 1.0)
    assert f(1.0).data == 6.0
    monkeypatch.setattr(Scaled, "gain", 2.0)
    assert f(1.0).data == 12.0
    monkeypatch.setitem(HELD, "rate", 1.0)
    assert f(1.0).data == 4.0
    monkeypatch.setitem(globals(), "NUMBERS", [3.0])
    assert f(1.0).data == 12.0
    model.gain = 5.0
    assert f(1.0).data == 30.0
    monkeypatch.setattr(Scaled, "forward", lambda self, x: self.w * x)
    assert f(1.0).data == 2.0
    (before,) = f._cache.traces.values()
    model.fit()  # a method that the function does not name, and what it writes, are nothing to it
    f(1.0)
    assert list(f._cache.traces.values()) == [before]


LOG: list[int] = []


def test_hyperparameters_of_an_optimizer_or_a_layer_may_change() -> None:
    dropout = nn.Dropout(0.5)
    f = jit(lambda x: W * dropout(x))
    f(np.ones(50))
    dropout.p = 0.0
    assert f(np.ones(50)).data.tolist() == [2.0] * 50
    norm = nn.BatchNorm1d(2)
    g = jit(lambda x: norm(x))
    x = np.random.default_rng(0).normal(size=(8, 2))
    g(x)
    norm.momentum = 1.0
    g(x)
    np.testing.assert_allclose(norm.running_mean.data, x.mean(0), rtol=1e-12)  # type: ignore[union-attr]  # it has one
    norm.eval()
    np.testing.assert_allclose(g(x).data, norm(x).data, rtol=1e-12)


NUMBERED = itertools.count()


class Numbered:
    """Its ``__init__`` uses an iterator, which is nothing to a function that makes none of them."""

    def __init__(self) -> None:
        self.number = next(NUMBERED)
        self.w = Value(2.0)

    def __call__(self, x: Any) -> Any:
        return self.w * x * RATE


def test_how_an_object_was_made_is_of_no_concern_but_how_it_is_called_is(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Numbered()
    f = jit(lambda x: model(x))
    assert f(1.0).data == 6.0
    monkeypatch.setitem(globals(), "RATE", 1.0)
    assert f(1.0).data == 2.0
    with pytest.raises(JitError, match="closes over an iterator, NUMBERED"):
        jit(lambda x: Numbered()(x))(1.0)
