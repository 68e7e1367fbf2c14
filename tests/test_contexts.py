"""Two trainings at once, in threads, in tasks or in processes, give the bits that each gives alone."""

from __future__ import annotations

import asyncio
import multiprocessing
import queue
import sys
import threading
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from contextvars import ContextVar
from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd_mini import Value, detect_anomaly, jit, modes, no_grad
from autograd_mini.compiler import native


def training(seed: int, jitted: bool, watched: bool = False) -> Generator[None, None, bytes]:
    """A training with all that is random and all the modes, which stops after each step; it returns its result."""
    nn.manual_seed(seed)
    x, y = np.random.default_rng(seed).normal(size=(2, 32, 3))
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 3))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    loss = nn.mse_loss

    def objective(x: Any, y: Any) -> Any:
        return loss(model(x), y)

    step = jit(objective) if jitted else objective
    losses = []
    batches = optim.minibatches(x, y, batch_size=8, rng=np.random.default_rng([seed, 1]))
    for xs, ys in [*batches, *batches, *batches]:
        with detect_anomaly() if watched else nullcontext():
            optimizer.zero_grad()
            step(xs, ys).backward()
            optimizer.step()
        yield
        with no_grad():
            prediction = model(x)
            assert not prediction.requires_grad
            losses.append(loss(prediction, y).item())
        assert model(x).requires_grad
        yield
    return b"".join([p.data.tobytes() for p in model.parameters()]) + np.array(losses).tobytes()


def result_of(seed: int, jitted: bool = False, watched: bool = False) -> bytes:
    """What the training returns, run without a stop."""
    steps = training(seed, jitted, watched)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: bytes = end.value
            return result


@pytest.fixture
def impatient() -> Iterator[None]:
    """Threads take turns after every few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


# jitted, watched
KINDS = {"eager": (False, False), "jit": (True, False), "watched": (False, True)}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("kinds", [("eager", "eager"), ("jit", "jit"), ("eager", "jit"), ("watched", "jit")])
def test_two_threads_that_train_at_once_give_what_each_gives_alone(kinds: tuple[str, str]) -> None:
    alone = [result_of(seed, *KINDS[kind]) for seed, kind in enumerate(kinds)]
    start = threading.Barrier(2)

    def run(seed: int, kind: str) -> bytes:
        start.wait(timeout=10)
        return result_of(seed, *KINDS[kind])

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, [0, 1], kinds)) == alone
    assert modes.open_blocks == 0


def test_two_processes_that_train_at_once_give_what_each_gives_alone() -> None:
    alone = [result_of(1), result_of(2)]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        other = pool.submit(result_of, 1)
        while not other.done():
            assert result_of(2) == alone[1]
        assert other.result() == alone[0]


def test_two_tasks_that_train_in_turn_give_what_each_gives_alone() -> None:
    async def task(seed: int, jitted: bool) -> bytes:
        steps = training(seed, jitted)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value
            await asyncio.sleep(0)

    async def both() -> list[bytes]:
        return await asyncio.gather(task(1, False), task(2, True))

    assert asyncio.run(both()) == [result_of(1), result_of(2, jitted=True)]


# ---------------------------------------------------------------- seeds


def test_a_seed_counts_for_the_thread_that_gave_it() -> None:
    nn.manual_seed(0)
    expected = [nn.Linear(2, 1).weight.data.tolist() for _ in range(2)]
    nn.manual_seed(0)
    drawn = [nn.Linear(2, 1).weight.data.tolist()]
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: [nn.manual_seed(5), nn.Linear(2, 1)]).result()
        pool.submit(lambda: nn.Linear(2, 1)).result()
    drawn.append(nn.Linear(2, 1).weight.data.tolist())
    assert drawn == expected


def test_threads_that_were_never_seeded_do_not_draw_the_same_numbers() -> None:
    drawn = []
    for _ in range(2):
        with ThreadPoolExecutor(1) as pool:
            drawn.append(pool.submit(lambda: nn.Linear(2, 1).weight.data.tolist()).result())
    assert drawn[0] != drawn[1]


# ---------------------------------------------------------------- the modes


def test_another_thread_is_not_watched() -> None:
    def divide() -> float:
        return (Value(1.0) / Value(0.0)).item()

    with detect_anomaly(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(divide).result() == np.inf
        with pytest.raises(FloatingPointError):
            divide()
    assert divide() == np.inf


def test_another_task_is_not_watched_and_one_that_is_started_inside_is() -> None:
    async def divide() -> float:
        return (Value(1.0) / Value(0.0)).item()

    async def watched(entered: asyncio.Event, done: asyncio.Event) -> None:
        with detect_anomaly():
            entered.set()
            await done.wait()
            with pytest.raises(FloatingPointError):
                await asyncio.create_task(divide())

    async def main() -> None:
        entered, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(watched(entered, done))
        await entered.wait()
        assert await divide() == np.inf
        done.set()
        await task

    asyncio.run(main())
    assert modes.open_blocks == 0


# ---------------------------------------------------------------- what threads share


@pytest.mark.usefixtures("impatient")
def test_one_jitted_function_serves_two_threads() -> None:
    w = Value(np.linspace(-1.0, 1.0, 5))

    def f(x: Any) -> Any:
        return (w * x).tanh()

    inputs = np.random.default_rng(0).normal(size=(2, 200, 5))
    alone = jit(f)
    expected = [[alone(x).data.tolist() for x in xs] for xs in inputs]
    together = jit(f)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda xs: [together(x).data.tolist() for x in xs], inputs)) == expected


def test_a_parameter_that_two_threads_trace_at_once_is_a_parameter_afterwards() -> None:
    w = nn.Parameter([1.0, 2.0])
    tracing = queue.SimpleQueue[int]()
    say, hear = tracing.put, tracing.get  # not the queue itself, which a jitted function must not change

    @jit
    def a(x: Any) -> Any:
        say(1)
        time.sleep(0.1)  # b begins
        return w * x

    @jit
    def b(x: Any) -> Any:
        time.sleep(0.2)  # a ends
        return w * x

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(a, 2.0)
        hear(timeout=10)
        second = pool.submit(b, 3.0)
        assert first.result().data.tolist() == [2.0, 4.0]
        assert second.result().data.tolist() == [3.0, 6.0]
    assert type(w) is nn.Parameter


def test_a_replay_computes_in_the_context_of_its_caller_where_a_users_code_can_see_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(native, "is_installed", lambda: False)
    scale = ContextVar("scale", default=1.0)
    w = Value([1.0, 2.0])

    @jit
    def f(x: Any) -> Any:
        return w * x.map_data(lambda data: data * scale.get())

    x = np.array([1.0, 1.0])
    assert f(x).data.tolist() == [1.0, 2.0]
    scale.set(3.0)
    assert f(x).data.tolist() == [3.0, 6.0]


def test_a_replay_warns_of_no_nan_and_leaves_what_numpy_does_of_one_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "is_installed", lambda: False)
    w = Value([0.0, -1.0])
    f = jit(lambda x: np.log(w) * x)
    with np.errstate(invalid="raise"):
        for _ in range(3):
            assert np.isnan(f(1.0).data[1])
            with pytest.raises(FloatingPointError):
                np.log(np.array(-1.0))
