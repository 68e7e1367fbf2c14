"""Two processes train on more data than one may hold: logistic regression on a dask cluster, with a progress bar.

    python -m demos.cluster

The data are made where they are needed, each shard by the worker that keeps it; they never pass through this process.
In every step each worker computes the loss and the gradients of its shards, this process adds them up and takes the
step. The loop is that of one machine. A real cluster is another address in Client(...), and nothing else.

Look at
    main         the loop in the middle: optimizer.zero_grad(), loss.backward(), optimizer.step()
    cluster.png  the loss, and the memory of both workers: each below its limit, and all of the data above it
    the end      the weights that were found, against those that the data were made with
Change
    kill         10: in that step a worker is killed. The lost shards are made anew, and the last line stays the same
    batch_size   100_000: minibatches of so many samples, of each shard a part, and many more steps an epoch
    workers      1: the data do not fit into its memory any more. What does the picture show, and the clock?
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from tqdm import tqdm

import nn
import optim
from autograd_mini import jit, no_grad

try:
    import dask
    from distributed import Client, LocalCluster
except ImportError:
    raise ModuleNotFoundError("this demo needs dask; run  pip install -e '.[demos,distributed]'") from None

STYLE = Path(__file__).with_name("pictures.mplstyle")
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]
MB = 1e6


def main(
    out="out", *, workers=2, limit=500, shards=32, samples=65_000, features=64, steps=15, batch_size=None, kill=None
):
    """Trains, draws the loss and the memory; returns the file written. ``limit`` is the MB that a worker may have."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    truth = np.random.default_rng(0).normal(size=features).astype(np.float32) / 4
    size = shards * samples * (features + 1) * 4 / MB
    print(f"{shards} shards of {samples:,} samples: {size:.0f} MB; each of {workers} workers may have {limit} MB")

    nn.manual_seed(0)
    model = nn.Linear(features, 1, dtype=np.float32)
    loss = jit(lambda x, y: nn.binary_cross_entropy_with_logits(model(x), y))
    optimizer = optim.SGD(model.parameters(), lr=4.0)
    losses, memory, start = [], [], perf_counter()
    with cluster_of(workers, limit) as cluster, Client(cluster) as client:
        print(f"{workers} processes started in {perf_counter() - start:.0f} s")
        made = [made_on_the_worker(i, samples, truth) for i in range(shards)]
        parallel_loss = optim.data_parallel(loss, made, client, batch_size=batch_size, rng=np.random.default_rng(0))
        bar = tqdm(range(steps), desc="training", unit="step")
        for step in bar:
            if step == kill:
                kill_one_of(client)
            optimizer.zero_grad()
            value = parallel_loss()
            value.backward()
            optimizer.step()
            losses.append(float(value))
            memory.append({name: about["metrics"]["memory"] / MB for name, about in workers_of(client).items()})
            bar.set_postfix(loss=f"{value:.4f}")

    x, y = made_on_the_worker(shards, samples, truth)()  # a shard that nobody has seen
    with no_grad():
        right = np.mean((model(x).data > 0) == y)
    best = np.mean((x @ truth > 0) == y[:, 0])
    print(f"{right:.2%} of unseen samples are classified right; with the weights that made the data {best:.2%}")
    print(f"The loss of the last step is {losses[-1]:.9f}, the largest error of a weight "
          f"{np.abs(model.weight.data[0] - truth).max():.4f}")  # fmt: skip
    draw(losses, memory, limit, size, out / "cluster.png")
    return [out / "cluster.png"]


def made_on_the_worker(i, samples, truth):
    """A function that makes shard ``i``: whoever calls it gets the same numbers, so that it can be made anew."""

    def shard():
        rng = np.random.default_rng([1, i])
        x = rng.standard_normal((samples, len(truth)), dtype=np.float32)
        probability = 1 / (1 + np.exp(-(x @ truth)))
        return x, (rng.random(samples, dtype=np.float32) < probability).astype(np.float32)[:, None]

    return shard


def cluster_of(workers, limit):
    """So many processes on this machine. They write to disk what does not fit, and only then."""
    dask.config.set(
        {
            "distributed.worker.memory.target": 0.8,  # of the limit; at 0.95 the worker is killed
            "distributed.worker.memory.spill": 0.87,
            "distributed.worker.memory.pause": 0.92,
        }
    )
    return LocalCluster(n_workers=workers, threads_per_worker=1, memory_limit=f"{limit}MB", dashboard_address=":0")


def workers_of(client):
    """What the scheduler knows about each worker."""
    return {about["name"]: about for about in client.scheduler_info()["workers"].values()}


def kill_one_of(client):
    """Kills a worker, without a word of warning."""
    pid = next(iter(client.run(os.getpid).values()))
    tqdm.write(f"Process {pid} is killed now")
    os.kill(pid, signal.SIGKILL)


@rc_context(fname=STYLE)
def draw(losses, memory, limit, size, path):
    """The loss by step, and below it the memory of each worker, its limit, and the size of the data."""
    figure = Figure(figsize=(7.5, 6))
    above, below = figure.subplots(2, 1, sharex=True)
    above.set_title(f"{size:.0f} MB of data, and no worker has more than {limit} MB")
    above.plot(losses, color="black")
    above.set_ylabel("loss")
    for name, color in zip(sorted({name for step in memory for name in step}), COLORS * len(memory), strict=False):
        below.plot([step.get(name, np.nan) for step in memory], color=color, label=f"worker {name}")
    below.axhline(limit, color="black", linestyle=":", label="limit of a worker")
    below.axhline(size, color="black", linestyle="--", label="all of the data")
    below.set(xlabel="step", ylabel="memory (MB)", ylim=(0, None))
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
