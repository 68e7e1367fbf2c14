"""The cluster's demo finds the weights that made its data, which are more than a worker may hold."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
import pytest
from distributed import LocalCluster

from demos import cluster


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that need not be started: what they compute is the same."""

    def cluster_of(workers: int, limit: float) -> Any:
        return LocalCluster(n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=":0")

    monkeypatch.setattr(cluster, "cluster_of", cluster_of)


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("batch_size", [None, 4000])
def test_it_finds_the_weights_that_made_the_data_and_draws(batch_size, tmp_path, capfd):
    files = cluster.main(tmp_path / "new", shards=3, samples=4000, features=4, steps=12, batch_size=batch_size)
    printed = capfd.readouterr()
    assert float(re.search(r"error of a weight (\S+)", printed.out)[1]) < 0.1
    assert "training: 100%" in printed.err
    assert [file.name for file in files] == ["cluster.png"]
    assert files[0].read_bytes().startswith(b"\x89PNG")


def test_the_data_are_more_than_a_worker_may_have():
    default = {name: p.default for name, p in inspect.signature(cluster.main).parameters.items()}
    x, y = cluster.made_on_the_worker(0, 10, np.zeros(default["features"], np.float32))()
    of_a_sample = (x.nbytes + y.nbytes) / 10
    assert default["shards"] * default["samples"] * of_a_sample / cluster.MB > default["limit"]


def test_a_shard_is_the_same_whoever_makes_it_and_shards_differ():
    truth = np.ones(3, np.float32)
    first, again, other = (cluster.made_on_the_worker(i, 20, truth)() for i in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).all()
