"""Two trainings that begin alike, one of whose steps is jitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import nn
import optim
from autograd_mini.compiler.jit import jit

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=(12, 1))
F32 = np.dtype(np.float32)
OPTIMIZERS: dict[str, Callable[[Any], optim.Optimizer]] = {
    "SGD": lambda ps: optim.SGD(ps, 0.1),
    "momentum": lambda ps: optim.SGD(ps, 0.1, momentum=0.9, dampening=0.1, weight_decay=0.01),
    "nesterov": lambda ps: optim.SGD(ps, 0.1, momentum=0.9, nesterov=True),
    "up": lambda ps: optim.SGD(ps, 0.001, maximize=True),
    "Adam": lambda ps: optim.Adam(ps, 0.01, weight_decay=0.01),
    "amsgrad": lambda ps: optim.Adam(ps, 0.01, amsgrad=True),
    "AdamW": lambda ps: optim.AdamW(ps, 0.01),
    "NAdam": lambda ps: optim.NAdam(ps, 0.01),
    "RMSprop": lambda ps: optim.RMSprop(ps, 0.01, momentum=0.5, centered=True),
    "Adagrad": lambda ps: optim.Adagrad(ps, 0.1),
    "Lion": lambda ps: optim.Lion(ps, 0.01),
}


class Training:
    """A model, its optimizer, and a step that is jitted or not; another one like it stands at the same numbers."""

    def __init__(
        self, jitted: bool, make: Any = OPTIMIZERS["Adam"], dtype: Any = np.float64, model: Any = None
    ) -> None:
        nn.manual_seed(0)
        self.model = model() if model else nn.MLP(3, [5, 1], dtype=dtype)
        self.parameters = list(self.model.parameters())
        self.optimizer = make(self.parameters)
        self.wrap = jit if jitted else lambda f: f
        self.step = self.wrap(self._step)

    def _step(self, x: Any, y: Any) -> Any:
        self.optimizer.zero_grad()
        loss = nn.mse_loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss


def assert_alike(one: Training, other: Training, tolerance: float = 1e-12) -> None:
    """The same parameters, gradients and state of the optimizer, of the same kinds."""
    for p, q in zip(one.parameters, other.parameters, strict=True):
        assert p.has_grad == q.has_grad
        for a, b in ((p.data, q.data), (p.grad, q.grad)):
            assert type(a) is type(b)
            assert np.asarray(a).dtype == np.asarray(b).dtype
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    ours, theirs = one.optimizer.state_dict(), other.optimizer.state_dict()
    assert ours["param_groups"] == theirs["param_groups"]
    for a, b in zip(ours["state"], theirs["state"], strict=True):
        assert {name: type(x) for name, x in a.items()} == {name: type(x) for name, x in b.items()}
        for name, x in a.items():
            if isinstance(x, str):
                assert x == b[name]
            else:
                np.testing.assert_allclose(x, b[name], rtol=tolerance, atol=tolerance)


def both(make: Any = OPTIMIZERS["Adam"], dtype: Any = np.float64, model: Any = None) -> tuple[Training, Training]:
    return Training(False, make, dtype, model), Training(True, make, dtype, model)
