"""data_parallel gives the gradients of one machine on any cluster; a worker or a cluster that dies loses nothing."""

from __future__ import annotations

import functools
import os
import pickle
import signal
import sys
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
from distributed import Client, LocalCluster

import nn
import optim
from autograd_mini import JitError, Value, jit, no_grad
from optim import data_parallel
from optim.replica import Draw, Replica, packed

X = np.random.default_rng(1).normal(size=(50, 3))
Y = np.tanh(X @ np.array([1.0, -2.0, 0.5]))[:, None]
UNEVEN = [(X[:7], Y[:7]), (X[7:40], Y[7:40]), (X[40:], Y[40:])]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A cluster of two workers in this process: what it computes is what processes do, and it is there at once."""
    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0") as client:
        yield client


def mlp() -> nn.MLP:
    nn.manual_seed(0)
    return nn.MLP(3, [8, 1])


def gradients(loss: Value, params: Any) -> list[Any]:
    for p in params:
        p.zero_grad()
    loss.backward()
    return [np.array(p.grad) for p in params]


def assert_same(actual: Any, expected: Any, tolerance: float = 1e-12) -> None:
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


# ------------------------------------------------------------ the gradients


@pytest.mark.parametrize("how", [lambda f: f, jit], ids=["eager", "jit"])
def test_the_gradients_are_those_of_all_the_data_on_one_machine(how: Any, client: Client) -> None:
    model = mlp()
    params = model.parameters()

    def loss(x: Any, y: Any) -> Any:
        return ((model(x) - y) ** 2).mean() + 0.1 * (params[0] ** 2).sum()

    parallel_loss = data_parallel(how(loss), UNEVEN, client)
    for _ in range(2):
        expected, actual = loss(X, Y), parallel_loss()
        assert float(actual) == pytest.approx(float(expected), rel=1e-12)
        assert_same(gradients(actual, params), gradients(expected, params))
        params[1].data = params[1].data + 0.5  # they are sent at each call


def test_the_training_loop_stays_as_it_is(client: Client) -> None:
    def train(model: Any, compute: Any) -> list[Any]:
        optimizer = optim.Adam(model.parameters(), lr=0.05)
        for _ in range(5):
            optimizer.zero_grad()
            loss = compute()
            loss.backward()
            optimizer.step()
        return [p.data for p in model.parameters()]

    here, there = mlp(), mlp()
    expected = train(here, lambda: nn.mse_loss(here(X), Y))
    assert_same(train(there, data_parallel(lambda x, y: nn.mse_loss(there(x), y), UNEVEN, client)), expected)


def test_the_result_is_a_value_to_compute_with_and_gradients_accumulate(client: Client) -> None:
    w = Value([1.0, 2.0, 3.0])
    parallel_loss = data_parallel(lambda x, y: ((x @ w - y[:, 0]) ** 2).mean(), UNEVEN, client)
    (2 * parallel_loss() + (w * w).sum()).backward()
    parallel_loss().backward()
    v = Value([1.0, 2.0, 3.0])
    (3 * ((X @ v - Y[:, 0]) ** 2).mean() + (v * v).sum()).backward()
    assert_same([w.grad], [v.grad])
    with no_grad():
        assert not parallel_loss().requires_grad


def test_a_parameter_that_is_not_reached_or_frozen_gets_no_gradient(client: Client) -> None:
    used, unused, frozen = Value(2.0), Value(3.0), Value(4.0)
    held = [used, unused, frozen]
    parallel_loss = data_parallel(lambda x: (x * held[0] * held[2]).mean() if held[1] else None, [X[:5], X[5:]], client)
    parallel_loss().backward()
    assert [p.has_grad for p in held] == [True, False, True]
    for p in held:
        p.zero_grad()
    frozen.requires_grad = False
    parallel_loss().backward()
    assert [p.has_grad for p in held] == [True, False, False]
    assert used.grad == pytest.approx(4 * X.mean())


def test_many_shards_are_summed_up_on_the_workers_first(client: Client) -> None:
    w = Value(np.zeros(3))
    parallel_loss = data_parallel(lambda x: ((x - w) ** 2).sum(axis=1).mean(), np.array_split(X, 20), client)
    assert_same(gradients(parallel_loss(), [w]), [-2 * X.mean(axis=0)])


def test_shards_are_arrays_functions_delayed_objects_or_futures(client: Client) -> None:
    w = Value(np.zeros(3))
    shards = [X[:10], lambda: X[10:20], dask.delayed(lambda: (X[20:30],))(), client.scatter(X[30:])]
    parallel_loss = data_parallel(lambda x: (x @ w).mean(), shards, client)
    assert_same(gradients(parallel_loss(), [w]), [X.mean(axis=0)])


def test_numbers_of_float32_stay_float32(client: Client) -> None:
    w = Value(np.zeros(3, np.float32))
    data_parallel(lambda x: (x @ w).mean(), [X[:10].astype(np.float32), X[10:].astype(np.float32)], client)().backward()
    assert w.grad.dtype == np.float32


GLOBAL = Value([0.0, 0.0, 0.0])


@jit
def global_loss(x: Any) -> Any:
    return (x @ GLOBAL).mean()


def test_a_jitted_function_of_a_module_takes_the_globals_of_its_module_along(client: Client) -> None:
    assert_same(gradients(data_parallel(global_loss, [X[:10], X[10:]], client)(), [GLOBAL]), [X.mean(axis=0)])


def test_a_function_may_be_given_its_model(client: Client) -> None:
    w = Value(np.zeros(3))
    loss = functools.partial(lambda w, x: (x @ w).mean(), w)
    assert_same(gradients(data_parallel(loss, [X[:10], X[10:]], client)(), [w]), [X.mean(axis=0)])


def test_a_jitted_loss_is_traced_once_though_its_numbers_come_by_the_network(
    capsys: pytest.CaptureFixture[str],
) -> None:
    w = Value(np.zeros(3))

    @jit
    def loss(x: Any) -> Any:
        print("traced")
        return (x @ w).mean()

    replica = Replica(packed(loss)[0])
    for step in range(3):
        numbers, x = pickle.loads(pickle.dumps(([(np.full(3, float(step)), True)], X)))
        value, _ = replica.gradients((x,), numbers, Draw(0, 0, step, 0))
        assert value == pytest.approx(step * X.sum(axis=1).mean())
    assert capsys.readouterr().out == "traced\n"


# ------------------------------------------------------------ minibatches and random numbers


def drawn(shards: list[Any], client: Client, calls: int, size: int, seed: int = 0, start: int = 0) -> list[Any]:
    """Which samples each call takes: with the rows of an identity the gradient says it."""
    w = Value(np.zeros(50))
    parallel_loss = data_parallel(
        lambda x: (x @ w).mean(), shards, client, batch_size=size, rng=np.random.default_rng(seed)
    )
    parallel_loss.step = start
    taken = []
    for _ in range(calls):
        (g,) = gradients(parallel_loss(), [w])
        assert g.sum() == pytest.approx(1)  # the mean over those that were drawn
        taken.append(tuple(np.flatnonzero(g).tolist()))
    return taken


def test_an_epoch_takes_each_sample_once_and_the_next_one_in_another_order(client: Client) -> None:
    rows = np.eye(50)
    shards = [rows[:7], rows[7:40], rows[40:]]
    taken = drawn(shards, client, 10, 10)
    for epoch in (taken[:5], taken[5:]):
        assert sorted(i for batch in epoch for i in batch) == list(range(50))
        assert {len(batch) for batch in epoch} <= {9, 10, 11}
    assert taken[:5] != taken[5:]


def test_a_seed_gives_the_same_minibatches_on_any_cluster_and_where_a_training_goes_on(client: Client) -> None:
    shards = [np.eye(50)[:20], np.eye(50)[20:]]
    taken = drawn(shards, client, 7, 10)
    assert drawn(shards, client, 2, 10, start=5) == taken[5:]
    assert drawn(shards, client, 7, 10, seed=1) != taken
    with Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0") as other:
        assert drawn(shards, other, 7, 10) == taken


def test_no_step_is_without_samples(client: Client) -> None:
    parallel_loss = data_parallel(lambda x: (x * GLOBAL.sum()).mean(), [X[:1], X[1:2], X[2:4]], client, batch_size=1)
    assert len(parallel_loss) == 2
    for _ in range(4):
        parallel_loss()


def test_dropout_draws_another_mask_for_each_shard_and_step_whoever_computes_it(client: Client) -> None:
    w = Value(np.zeros(100))
    dropout = nn.Dropout(0.5, rng=np.random.default_rng(0))

    def masks(workers: Client) -> list[Any]:
        shards = [np.ones((1, 100)), np.ones((1, 100))]
        parallel_loss = data_parallel(jit(lambda x: dropout(x @ np.diag(np.ones(100)) * w).mean()), shards, workers,
                                      rng=np.random.default_rng(3))  # fmt: skip
        return [np.rint(100 * gradients(parallel_loss(), [w])[0]).tolist() for _ in range(3)]

    first = masks(client)
    assert first[0] != first[1] != first[2]
    assert set(first[0]) == {0.0, 1.0, 2.0}  # of two shards: none, one or both of them kept the number
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as other:
        assert masks(other) == first


# ------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("loss", "shards", "message"),
    [
        (lambda x: x @ GLOBAL, [X], r"a single number, not of shape \(50,\)"),
        (lambda x: float(GLOBAL.data[0]), [X], "not a float"),
        (lambda x: (x**2).mean(), [X], "reaches no parameter"),
        (lambda x: (x @ GLOBAL).mean(), [(X, Y[:3])], r"first axis of one length.*\(50, 3\), \(3, 1\)"),
        (lambda x: (x @ GLOBAL).mean(), [X, X[:0]], "first axis of one length"),
    ],
)
def test_what_cannot_be_computed_is_said(loss: Any, shards: Any, message: str, client: Client) -> None:
    with pytest.raises(ValueError, match=message):
        data_parallel(loss, shards, client)()


def test_wrong_arguments_are_refused(client: Client) -> None:
    for wrong, message in [
        ((3, [X], client), "loss is a function"),
        ((global_loss, X, client), "shards is a list"),
        ((global_loss, [], client), "shards is a list"),
        ((global_loss, [X], "localhost"), "distributed.Client"),
    ]:
        with pytest.raises(TypeError, match=message):
            data_parallel(*wrong)
    with pytest.raises(ValueError, match="batch_size is a positive whole number"):
        data_parallel(global_loss, [X], client, batch_size=0)
    with pytest.raises(TypeError, match="rng is a"):
        data_parallel(global_loss, [X], client, rng=3)  # type: ignore[arg-type]


def test_an_error_of_the_loss_comes_through_with_its_line_and_the_next_call_takes_the_same_samples(
    client: Client,
) -> None:
    w, switch = Value(np.zeros(3)), Value(1.0, requires_grad=False)
    parallel_loss = data_parallel(lambda x: (x[: int(switch)] @ w).sum(axis=int(switch) - 1), [X], client)
    switch.data = 5.0
    with pytest.raises(ValueError, match=r"(?s)sum.*test_data_parallel.py"):
        parallel_loss()
    assert parallel_loss.step == 0
    switch.data = 1.0
    assert_same(gradients(parallel_loss(), [w]), [X[0]])


def test_a_parameter_that_did_not_travel_is_refused_rather_than_left_without_gradient(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = types.ModuleType("elsewhere")
    monkeypatch.setitem(sys.modules, "elsewhere", elsewhere)
    exec("from autograd_mini import Value\nw = Value(2.0, label='w')\ndef f(x): return x.mean() * w", vars(elsewhere))
    f: Any = vars(elsewhere)["f"]
    with pytest.raises(ValueError, match=r"uses a parameter \(w\) that did not travel"):
        data_parallel(lambda x: f(x) * GLOBAL.sum(), [X], client)()


def test_a_buffer_that_moves_is_refused_since_each_worker_would_have_its_own(client: Client) -> None:
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1))
    loss = jit(lambda x, y: nn.mse_loss(model(x), y))
    with pytest.raises(ValueError, match="changes running_mean besides computing"):
        data_parallel(loss, UNEVEN, client)()
    model.eval()
    parallel_loss = data_parallel(loss, UNEVEN, client)
    params = model.parameters()
    assert_same(gradients(parallel_loss(), params), gradients(nn.mse_loss(model(X), Y), params))


def test_second_derivatives_and_jit_around_the_cluster_are_refused(client: Client) -> None:
    parallel_loss = data_parallel(global_loss, [X], client)
    with pytest.raises(TypeError, match="first derivatives only"):
        parallel_loss().backward(create_graph=True)
    with pytest.raises(JitError):
        jit(lambda: parallel_loss())()


def test_without_the_extra_the_error_names_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(ImportError, match=r"autograd_mini\[distributed\]"):
        data_parallel(global_loss, [X], client)


# ------------------------------------------------------------ workers and clusters that die


@pytest.fixture(scope="module")
def processes() -> Iterator[Client]:
    """A cluster of two processes, which can be killed. The last test closes it."""
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0")
    with cluster, Client(cluster) as client:
        yield client


def trained(client: Client, shards: list[Any], flag: Path, kill_in: int) -> tuple[list[float], Any]:
    """The losses and the weights of two epochs; in one step whoever computes first kills its own process."""
    w = Value(np.zeros((3, 1)))

    @jit
    def squared_error(x: Any, y: Any) -> Any:
        return ((x @ w - y) ** 2).mean()

    def loss(x: Any, y: Any) -> Any:
        if flag.exists():
            flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return squared_error(x, y)

    parallel_loss = data_parallel(loss, shards, client, batch_size=10, rng=np.random.default_rng(0))
    optimizer = optim.SGD([w], lr=0.1)
    losses = []
    for i in range(2 * len(parallel_loss)):
        if i == kill_in:
            flag.touch()
        optimizer.zero_grad()
        value = parallel_loss()
        value.backward()
        optimizer.step()
        losses.append(float(value))
    return losses, w.data


def test_a_worker_killed_in_the_middle_of_an_epoch_changes_not_a_bit(
    client: Client, processes: Client, tmp_path: Path
) -> None:
    flag = tmp_path / "kill"
    shards = [UNEVEN[0], lambda: UNEVEN[1], UNEVEN[2]]
    before = set(processes.run(os.getpid).values())
    losses, weights = trained(processes, shards, flag, kill_in=3)
    assert not flag.exists()
    assert len(before & set(processes.run(os.getpid).values())) == 1
    expected_losses, expected_weights = trained(client, shards, flag, kill_in=-1)
    assert losses == expected_losses
    np.testing.assert_array_equal(weights, expected_weights)


def test_without_workers_the_wait_ends_with_an_error() -> None:
    with (
        Client(processes=False, n_workers=0, dashboard_address=":0") as nobody,
        pytest.raises(ConnectionError, match=r"no worker for 0.2 s; nothing has changed"),
    ):
        data_parallel(global_loss, [X], nobody, timeout=0.2)


def test_data_that_only_a_dead_worker_had_are_asked_for(client: Client) -> None:
    future = client.scatter(X)
    parallel_loss = data_parallel(global_loss, [future], client)
    parallel_loss()
    client.cancel(future, force=True)
    with pytest.raises(ValueError, match="shard 0 was lost with the worker that had it"):
        parallel_loss()


def test_a_worker_that_goes_while_data_are_sent_to_it_is_not_an_error(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    scatter, asked = client.scatter, []

    def scatter_or_not(*args: Any, **options: Any) -> Any:
        asked.append(1)
        if len(asked) == 1:
            raise KeyError("tcp://127.0.0.1:1")  # what distributed 2026 says of it
        return scatter(*args, **options)

    monkeypatch.setattr(client, "scatter", scatter_or_not)
    assert data_parallel(global_loss, [X], client)().data == pytest.approx(global_loss(X).data)
    assert len(asked) == 2


def test_a_cluster_that_dies_in_the_middle_is_an_error_with_the_parameters_as_they_were(processes: Client) -> None:
    w = Value([1.0, 2.0, 3.0])
    parallel_loss = data_parallel(
        lambda x: (time.sleep(float(w.data[0])), (x @ w).mean())[1], [X], processes, timeout=5
    )
    w.data = np.array([20.0, 2.0, 3.0])
    threading.Timer(0.5, processes.cluster.close).start()
    start = time.monotonic()
    with pytest.raises(ConnectionError, match="no cluster any more; nothing has changed"):
        parallel_loss()
    assert time.monotonic() - start < 15
    assert w.data.tolist() == [20.0, 2.0, 3.0]
    assert parallel_loss.step == 0
    with pytest.raises(ConnectionError, match="no cluster any more"):
        parallel_loss()
