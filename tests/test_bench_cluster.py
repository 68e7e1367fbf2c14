"""What is worked out on paper for large clusters counts the tasks that data_parallel really has, and adds up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from distributed import Client

import optim
from autograd_mini import Value
from tests.benchmarks import cluster, machine


@pytest.mark.parametrize("shards", [1, 8, 9, 70])
def test_the_tasks_on_paper_are_those_that_are_submitted(shards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    w = Value(1.0)
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as client:
        parallel_loss = optim.data_parallel(lambda x: (w * x).mean(), [np.ones(1)] * shards, client)
        submitted: list[Any] = []
        submit, many = client.submit, client.map
        monkeypatch.setattr(client, "submit", lambda *args, **kwargs: submitted.append(args) or submit(*args, **kwargs))
        monkeypatch.setattr(client, "map", lambda f, *xs, **kwargs: submitted.extend(xs[0]) or many(f, *xs, **kwargs))
        parallel_loss()
    assert len(submitted) == cluster.tasks(shards)


def test_the_parameters_are_sent_more_often_one_after_the_other_to_more_workers() -> None:
    assert [cluster.sendings(workers) for workers in (2, 8, 16, 256)] == [
        2 + 1 + 2 * 2,
        2 + 3 + 2 * 8,
        2 + 4 + 8 + 2 * 2,
        2 + 8 + 8 + 8 + 2 * 4,
    ]


def test_a_cluster_pays_where_computing_and_overhead_together_take_less_than_one_core() -> None:
    found = cluster.Constants(fixed=0.010, task=0.001, byte=0.0)
    two = cluster.Scaling([1.5, 1.7], 0.5)
    part = cluster.section(found, dict.fromkeys(cluster.MODELS, 1e-5), two, machine.description())
    row = next(line for line in part.splitlines() if line.startswith("| MLP") and "| 16 |" in line)
    overhead = 0.010 + 0.001 * (1 + 16 + 2)
    _, _, _, step, pays, ideal, _ = [cell.strip() for cell in row.split("|")]
    assert step == f"{overhead * 1e3:.0f} ms"
    samples = int(pays.replace(",", ""))
    assert samples * 1e-5 + overhead <= 16 * samples * 1e-5 < 1.1 * (samples * 1e-5 + overhead)
    samples = int(ideal.replace(",", ""))
    assert samples * 1e-5 >= 0.9 * (samples * 1e-5 + overhead)
