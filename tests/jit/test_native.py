"""The extra ``fast``: numba's interpreter gives what NumPy's calls give, for every program of the other tests here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from types import ModuleType
from typing import Any

import numba
import numpy as np
import pytest

import autograd_mini as am
import nn
from autograd_mini import Value
from autograd_mini.compiler import native
from autograd_mini.compiler.jit import jit
from autograd_mini.compiler.native.interpreter import machine_code, run
from autograd_mini.compiler.native.machine import Machine
from autograd_mini.compiler.native.opcodes import POINTWISE
from autograd_mini.ops.operation import TABLE
from tests.jit import test_jit

AGAIN = (
    "attributes cache dtypes effects guards guards_of_arrays guards_of_objects jit layers_and_losses pack "
    "random_programs refused result returned side_by_side steps steps_in_place steps_refused steps_written_out traced "
    "users_functions what_data_is"
)
NOT_AGAIN = {
    "test_a_network_trains_as_without_jit",  # to the last bit, which numba's exp is not NumPy's; within 1e-12 below
    "test_few_traces_are_kept_and_many_are_warned_of",  # of the traces alone, and slow
}
for name in AGAIN.split():
    module = import_module(f"tests.jit.test_{name}")
    tests = {name: f for name, f in vars(module).items() if name.startswith("test_") and callable(f)}
    assert not tests.keys() & globals().keys()
    globals().update({name: f for name, f in tests.items() if name not in NOT_AGAIN})

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


# ---------------------------------------------------------------- one instruction at a time

SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -2.0, 0.3, 1e-30, -1e30, 700.0]


@pytest.mark.parametrize("name", [*POINTWISE, "relu"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_op_follows_numpy_on_special_numbers_too(name: str, dtype: str) -> None:
    row = TABLE[name]
    xs = [x.ravel().astype(dtype) for x in np.meshgrid(SPECIAL, SPECIAL)][: len(row.rules)]
    parameters = [Value(x) for x in np.array(xs)[:, :60]]
    result = jit(lambda: row(*parameters))()
    assert result.program().backend == "numba"
    with np.errstate(all="ignore"):
        expected = row.forward(*[p.data for p in parameters])
    np.testing.assert_allclose(result.data, expected, rtol=1e-14 if dtype == "float64" else 1e-6)
    assert result.data.dtype == expected.dtype


LAYOUTS: dict[str, Callable[[Value], Any]] = {
    "a row and a column": lambda x: (x[:1] + x[:, :1]) * x,
    "transposed": lambda x: x.T + x[:5].T.reshape(6, 5)[:, ::-1].sum() + x[::-1].T,
    "a square and its transpose": lambda x: x[:5, :5] * 2.0 + (x[:5, :5] * 3.0).T * x[:5, :5],
    "its own first row": lambda x: am.concatenate([x] * 50, 1) * 2.0 - (am.concatenate([x] * 50, 1) * 2.0)[0],
    "backwards, by twos": lambda x: x[5::-2, ::-1] * x[1::2],
    "over many axes": lambda x: x.reshape(1, 7, 6, 1, 1) * x.T.reshape(1, 1, 6, 7, 1) + np.ones((2, 1, 1, 1, 3)),
    "sums": lambda x: x.sum(0).sum() * x.sum(1) + x.mean() + x.T.sum(0),
    "sums over axes apart": lambda x: x.reshape(7, 3, 2).sum((0, 2)) * x.T.reshape(2, 3, 7).sum((2, 0)),
    "products": lambda x: (x @ x.T) @ (x[:, ::-1] @ x[::-1].T),
    "joined": lambda x: am.concatenate([x, 2.0 * x.T.reshape(7, 6), x[:, :1]], 1),
    "elements": lambda x: am.stack([x[i, i] * x[0, i] for i in range(6)]),
    "a condition": lambda x: am.where((x > 0) & ~(x > x.T.reshape(7, 6)) | (x < -1), x * x, x + 2.0),
    "steps of NumPy's between": lambda x: am.cumsum(x * 2.0 + 1.0, 0) * am.sort(x + 0.5, 1) + am.prod(x[0] - 3.0),
    "numbers": lambda x: am.exp(x[0, 0]) * x.sum() ** 2 / (1.0 + abs(x[1, 1])) * x,
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_value_may_lie_in_any_way_in_memory(name: str, dtype: str) -> None:
    x = Value(np.random.default_rng(1).normal(size=(7, 6)).astype(dtype))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Machine, "_saved", lambda self, parts: 1.0)  # also where NumPy would be chosen
        program = assert_both_alike(
            lambda k: (LAYOUTS[name](x) * k).sum(), [x], [(1.0,), (-0.7,)], 1e-12 if dtype == "float64" else 2e-5
        )
    assert program.backend == "numba"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_no_instruction_reaches_beyond_its_memory(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "machine_code", lambda: run)  # as Python, where NumPy raises IndexError
    w, x = Value(0.3), Value(np.array([0.5, -1.0, 0.3], dtype))
    for f in (
        lambda: am.arctan2(w, x).sum() + am.arctan2(w, w),
        lambda: am.where((x > w) & (w > 0.1) & ~(w > 0.2), x * w, am.where(w > 0.5, w, 0.0) * x).sum(),
        lambda: am.softmax(am.outer(x, x) * w, 1)[:, 0].sum(),
    ):
        with np.errstate(all="ignore"):
            assert_both_alike(f, [w, x], [()], 1e-12 if dtype == "float64" else 1e-5)


# ---------------------------------------------------------------- who runs what


def test_threads_do_not_share_memory() -> None:
    w = Value(np.linspace(-1, 1, 400).reshape(20, 20))
    f = jit(lambda x: am.tanh(w @ x).sum())
    xs = [np.full((20, 20), k / 10) for k in range(40)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda x: [f(x) for _ in range(5)][-1].data, xs))
    np.testing.assert_allclose(found, [np.tanh(w.data @ x).sum() for x in xs], rtol=1e-12, atol=1e-12)


def test_large_arrays_stay_with_numpy_and_the_program_says_who_runs_it() -> None:
    small, large = Value(np.ones(10)), Value(np.ones(2**18))
    f = jit(lambda x: (x * x).sum())
    assert str(f(small).program()).startswith("run by numba:\n")
    assert str(f(large).program()).startswith("run by NumPy:\n")


def test_without_the_extra_numpy_alone_runs_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    w = Value(3.0)
    assert str(jit(lambda x: w * x)(2.0).program()).startswith("run by NumPy:\n")


def test_a_numba_that_cannot_be_imported_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", ModuleType("numba"))  # as one that refuses this NumPy: it has nothing
    assert machine_code.__wrapped__() is None


def test_numba_is_not_imported_before_a_function_is_traced() -> None:
    code = "import sys, autograd_mini as am; am.jit(lambda x: x); sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_where_nothing_can_be_written_the_interpreter_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = numba.njit

    def nowhere(*args: Any, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function 'run': no locator available for file 'interpreter.py'")
        return njit(*args, **options)

    monkeypatch.setattr(numba, "njit", nowhere)
    assert callable(machine_code.__wrapped__())
