"""Ctrl-C in the middle of a training step, at any line of the library: what it leaves behind can be trained on."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd_mini import Value, detect_anomaly, grad, jit, modes, named_scope, no_grad
from autograd_mini.ops.caller import is_library
from autograd_mini.scope import current_scope

# A __del__ after half an __init__ says so, and that is all.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

# Where this test could strike and Ctrl-C does not, or nothing can be done: Python swallows what is raised in a __del__;
# it does not come between a lock and its block, as in _open; a block's beginning and end in Python are unprotected.
UNPROTECTED = {"__del__", "__enter__", "__exit__", "_open"}


@pytest.fixture(autouse=True)
def error_state() -> Iterator[None]:
    """NumPy's as it was before: the end of its errstate is Python before NumPy 2.1, where Ctrl-C may come too."""
    with np.errstate(**np.geterr()):
        yield


def interrupted(f: Callable[[], Any], k: int) -> bool:
    """Calls ``f`` with Ctrl-C before the ``k``-th line of the library that it runs; False if it has no so many."""
    lines = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        names = {frame.f_code.co_name, frame.f_back.f_code.co_name if frame.f_back else ""}
        if not is_library(frame.f_code.co_filename) or names & UNPROTECTED:
            return None
        if event == "line":
            lines += 1
            if lines >= k and not _is_with(frame):  # which a block comes back to before its end
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        f()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def _is_with(frame: FrameType) -> bool:
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno).lstrip().startswith("with ")


def at_every_line(begin: Callable[[], tuple[Callable[[], Any], Any]], every: int = 1) -> Iterator[Any]:
    """What ``begin`` gives beside a function, after that function was interrupted at its first line, its second, ..."""
    k = 1
    while True:
        f, made = begin()
        if not interrupted(f, k):
            assert k > 10  # lines: it was the library that was interrupted
            return
        yield made
        k += every


OPTIMIZERS: dict[str, Callable[[Any], optim.Optimizer]] = {
    "SGD": lambda params: optim.SGD(params, lr=0.1, momentum=0.9),
    "Adam": lambda params: optim.Adam(params, lr=0.1),
    "LBFGS": lambda params: optim.LBFGS(params, lr=0.5, max_iter=2),
}


class Training:
    """Two parameters, one scalar and one array, after one step."""

    def __init__(self, optimizer: str = "Adam", jitted: bool = False) -> None:
        self.w, self.b = w, b = Value([1.0, -2.0]), Value(0.5)
        self.optimizer = OPTIMIZERS[optimizer]([w, b])

        def objective() -> Value:
            return ((w * 3.0 + b).tanh() ** 2).sum()

        self.objective = jit(objective) if jitted else objective
        self.step()
        self.start = self.w.data, self.b.data, list(self.optimizer.state)

    def start_again(self) -> None:
        self.w.data, self.b.data, self.optimizer.state = self.start[0], self.start[1], list(self.start[2])

    def closure(self) -> Any:
        self.optimizer.zero_grad()
        loss = self.objective()
        loss.backward()
        return loss

    def step(self) -> None:
        self.optimizer.step(self.closure)

    @property
    def numbers(self) -> Any:
        """Everything that the next step depends on."""
        state = [{key: np.array(x).tolist() for key, x in one.items()} for one in self.optimizer.state]
        return self.w.data.tolist(), self.b.data, state


@pytest.mark.parametrize("jitted", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_that_is_interrupted_is_taken_whole_or_not_at_all(optimizer: str, jitted: bool) -> None:
    expected = Training(optimizer, jitted)
    numbers = [expected.numbers]
    for _ in range(2):
        expected.step()
        numbers.append(expected.numbers)

    training = Training(optimizer, jitted)

    def begin() -> tuple[Callable[[], Any], Training]:
        training.start_again()
        return training.step, training

    found = set()
    for training in at_every_line(begin, every=7 if optimizer == "LBFGS" else 1):
        done = numbers.index(training.numbers)  # 0 or 1 steps: nothing in between is among them
        found.add(done)
        training.step()
        assert training.numbers == numbers[done + 1]
    assert 0 in found


def test_backward_writes_all_gradients_or_none() -> None:
    def begin() -> tuple[Callable[[], Any], Any]:
        x, y = Value([1.0, 2.0]), Value(3.0)
        loss = (x * y).sum() * y
        loss.backward()
        return loss.backward, (loss, x, y)

    found = set()
    for loss, x, y in at_every_line(begin):
        times = {1: (([9.0, 9.0], 18.0)), 2: ([18.0, 18.0], 36.0)}
        found.add(next(n for n, gradients in times.items() if gradients == (x.grad.tolist(), y.grad)))
        x.zero_grad(), y.zero_grad()
        loss.backward()
        assert (x.grad.tolist(), y.grad) == times[1]
    assert found == {1, 2}


def test_the_modes_and_the_scope_are_as_before() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    x = np.ones((1, 2))

    @jit
    def loss(x: Any) -> Any:
        return model(x).sum()

    def work() -> None:
        with no_grad():
            loss(x)
        with detect_anomaly():
            loss(x).backward()
        grad(lambda x: model(x).sum())(x)
        loss(x).backward()

    work()
    for _ in at_every_line(lambda: (work, None), every=11):
        assert current_scope() == ""
        assert modes.is_recording()
        assert modes.tape() is modes.watch() is None
        assert modes.transforms_at_work.get() == 0
        assert modes.open_blocks >= 0  # what is too many costs a moment, what is too few would lose a block


def test_a_module_ends_its_scope_though_the_end_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    end, calls = named_scope.__exit__, []

    def interrupted_once(scope: named_scope, *error: Any) -> None:
        calls.append(scope)
        if len(calls) == 1:
            raise KeyboardInterrupt
        end(scope, *error)

    monkeypatch.setattr(named_scope, "__exit__", interrupted_once)
    with pytest.raises(KeyboardInterrupt):
        nn.Tanh()(1.0)
    assert current_scope() == ""


def test_a_function_whose_tracing_was_interrupted_is_traced_anew() -> None:
    w = nn.Parameter([1.0, 2.0])

    def begin() -> tuple[Callable[[], Any], Any]:
        f = jit(lambda: (w * w).sum())
        return f, f

    for f in at_every_line(begin, every=1999):
        assert type(w) is nn.Parameter
        assert f().data == 5.0
