"""The extra ``fast``: numba's interpreter gives what NumPy's calls give, for every program of the other tests here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import Value
from autograd_mini.compiler import native
from autograd_mini.compiler.jit import jit
from tests.jit import test_effects, test_guards, test_jit, test_layers_and_losses, test_pack, test_random_programs

# Asked to be equal to the last bit, which numba's exp is not to NumPy's: compared below, within 1e-12.
TO_THE_LAST_BIT = {"test_a_network_trains_as_without_jit"}
for module in (test_effects, test_guards, test_jit, test_layers_and_losses, test_pack, test_random_programs):
    tests = {name: f for name, f in vars(module).items() if name.startswith("test_") and callable(f)}
    assert not tests.keys() & globals().keys()
    globals().update({name: f for name, f in tests.items() if name not in TO_THE_LAST_BIT})

RNG = np.random.default_rng(8)


def gradients(loss: Any, parameters: list[Value]) -> list[Any]:
    """The loss and the gradients by the parameters."""
    for p in parameters:
        p.zero_grad()
    loss.backward()
    return [loss.data, *[p.grad for p in parameters]]


def assert_both_alike(f: Any, parameters: list[Value], calls: list[tuple[Any, ...]], tolerance: float) -> Any:
    """NumPy and numba give the same at each call; the program that numba runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "is_installed", lambda: False)
        slow = jit(f)
        expected = [gradients(slow(*args), parameters) for args in calls]
    fast = jit(f)
    for args, answers in zip(calls, expected, strict=True):
        loss = fast(*args)
        scale = max([float(np.max(np.abs(e), initial=0)) for e in answers])
        for e, a in zip(answers, gradients(loss, parameters), strict=True):
            assert np.asarray(e).dtype == np.asarray(a).dtype
            assert np.shape(e) == np.shape(a)
            np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance * scale)
    return loss.program()


@pytest.mark.parametrize("name", test_jit.LOSSES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_network_trains_as_on_numpy(name: str, dtype: str) -> None:
    loss, target = test_jit.LOSSES[name]
    model = nn.Sequential(nn.Linear(4, 5, dtype=np.dtype(dtype)), nn.Tanh(), nn.Linear(5, 3, dtype=np.dtype(dtype)))

    def draw() -> Any:
        y = target(6)
        return RNG.normal(size=(6, 4)).astype(dtype), y.astype(dtype) if y.dtype.kind == "f" else y

    tolerance = 1e-12 if dtype == "float64" else 1e-5
    assert_both_alike(lambda x, y: loss(model(x), y), list(model.parameters()), [draw() for _ in range(3)], tolerance)
