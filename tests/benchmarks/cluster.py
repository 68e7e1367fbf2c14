"""What ``optim.data_parallel`` costs, and from which size of shards on it pays: ``python -m tests.benchmarks.cluster``.

The constants are measured on a cluster of two processes on this machine, the table for more workers is worked out from
them. Both are printed, and written into ``demos/README.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2, log10
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
from distributed import Client, LocalCluster

import nn
import optim
from autograd_mini import Value, jit
from tests.benchmarks import machine, readme
from tests.benchmarks.contest import ROOT

PAGE = ROOT / "demos" / "README.md"
BEGIN = "<!-- written by python -m tests.benchmarks.cluster -->"
ROUNDS = 30
TOGETHER = 8  # what optim.data_parallel sums up at once
MODELS = {  # the layers, and how many samples to measure with
    "logistic regression, 64 features": ([64, 1], 50_000),
    "MLP 784-256-128-10": ([784, 256, 128, 10], 1_000),
}


# ------------------------------------------------------------ on paper


@dataclass
class Constants:
    """Of a step, in seconds."""

    fixed: float  # whatever the number of shards
    task: float  # each task of the scheduler
    byte: float  # each byte of parameters, each time that it is sent

    def overhead(self, workers: int, size: int) -> float:
        """What a step costs beside computing: a shard for each worker, parameters of ``size`` bytes."""
        return self.fixed + self.task * tasks(workers) + self.byte * size * sendings(workers)


def tasks(shards: int) -> int:
    """Of a step: one for the parameters, one for each shard, and the sums of eight until eight are left."""
    count = 1 + shards
    while shards > TOGETHER:
        shards = ceil(shards / TOGETHER)
        count += shards
    return count


def sendings(workers: int) -> int:
    """How many sendings of all the parameters, or all the gradients, come one after the other in a step."""
    count = 2 + ceil(log2(workers))  # by the scheduler to a worker; then those who have them pass them on
    while workers > TOGETHER:
        count += TOGETHER  # to the worker that sums up eight
        workers = ceil(workers / TOGETHER)
    return count + 2 * workers  # by the scheduler to the client


# ------------------------------------------------------------ measured


def loss_of(layers: list[int]) -> tuple[Any, list[Value]]:
    """A jitted loss of float32 parameters, and these."""
    nn.manual_seed(0)
    model = nn.MLP(layers[0], layers[1:])
    for p in model.parameters():
        p.data = p.data.astype(np.float32)
    criterion = nn.binary_cross_entropy_with_logits if layers[-1] == 1 else nn.cross_entropy
    return jit(lambda x, y: criterion(model(x), y)), list(model.parameters())


def samples_for(layers: list[int], samples: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((samples, layers[0]), dtype=np.float32)
    return x, (x[:, :1] > 0).astype(np.float32) if layers[-1] == 1 else rng.integers(layers[-1], size=samples)


def timed(compute: Any) -> float:
    start = perf_counter()
    compute()
    return perf_counter() - start


def seconds_of_a_sample(layers: list[int], samples: int) -> float:
    """The loss and its gradients without a cluster, in the process that runs this."""
    loss, _ = loss_of(layers)
    batch = samples_for(layers, samples)
    return min([timed(lambda: loss(*batch).backward()) for _ in range(5 * ROUNDS)]) / samples


def in_turn(steps: dict[Any, Any], rounds: int = ROUNDS) -> dict[Any, list[float]]:
    """The seconds of each step in each round; a first round, in which they are traced, does not count."""
    taken = [{case: timed(step) for case, step in steps.items()} for _ in range(1 + rounds)]
    return {case: [each[case] for each in taken[1:]] for case in steps}


def constants(client: Client) -> Constants:
    """From steps of nothing but overhead: few shards, many, and few with large parameters. The least of the rounds."""
    few, many, large = (2, 1), (64, 1), (2, 1_000_000)
    steps = {}
    for shards, numbers in (few, many, large):
        w = Value(np.zeros(numbers))
        loss = jit(lambda x, w=w: (x * w[:1]).sum() + w.mean())
        steps[shards, numbers] = optim.data_parallel(loss, [np.ones(1)] * shards, client)
    least = {case: min(seconds) for case, seconds in in_turn(steps).items()}
    task = (least[many] - least[few]) / (tasks(64) - tasks(2))
    byte = (least[large] - least[few]) / (8 * 1_000_000 * sendings(2))
    return Constants(least[few] - task * tasks(2), task, byte)


@dataclass
class Scaling:
    """Two workers beside one, at the same work."""

    times_as_fast: list[float]  # in each round
    share: float  # of the processor time of the one, that of the busier of the two


def scaling(layers: list[int], shards: int, samples: int) -> Scaling:
    """One worker and two in turn."""
    loss, _ = loss_of(layers)
    x, y = samples_for(layers, shards * samples)
    parts = list(zip(np.array_split(x, shards), np.array_split(y, shards), strict=True))
    with cluster_of(1) as one, cluster_of(2) as two, Client(one) as of_one, Client(two) as of_two:
        steps = {client: optim.data_parallel(loss, parts, client) for client in (of_one, of_two)}
        in_turn(steps, rounds=1)  # both are traced
        before = {client: client.run(process_time) for client in steps}
        seconds = in_turn(steps, rounds=ROUNDS // 2)
        busiest = [
            max(now - before[client][worker] for worker, now in client.run(process_time).items()) for client in steps
        ]
    return Scaling([a / b for a, b in zip(*seconds.values(), strict=True)], busiest[1] / busiest[0])


def cluster_of(workers: int) -> LocalCluster:
    """Processes of one thread each."""
    return LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0")


# ------------------------------------------------------------ printed


def main() -> None:
    machine_ = machine.description()
    with cluster_of(2) as cluster, Client(cluster) as client:
        found = constants(client)
        computing = {name: client.submit(seconds_of_a_sample, *case).result() for name, case in MODELS.items()}
    part = section(found, computing, scaling([784, 256, 128, 10], 8, 4_000), machine_)
    print(part)
    PAGE.write_text(readme.inserted(PAGE.read_text(encoding="utf-8"), part, BEGIN), encoding="utf-8")
    print(f"\nWrote it into {PAGE}")


def section(found: Constants, computing: dict[str, float], two: Scaling, about: dict[str, Any]) -> str:
    """The table and the constants that it is worked out from, as Markdown."""
    lines = [
        "| model, float32 | workers | a step beside computing | samples a shard from which it pays | 90 % of ideal |",
        "|---|---|---|---|---|",
    ]
    for name, (layers, _) in MODELS.items():
        size = sum([p.data.nbytes for p in loss_of(layers)[1]])
        for workers in (2, 16, 256):
            overhead, sample = found.overhead(workers, size), computing[name]
            pays, ideal = overhead / (workers - 1) / sample, 9 * overhead / sample
            lines.append(f"| {name} | {workers} | {overhead * 1e3:,.0f} ms | {rounded(pays):,} | {rounded(ideal):,} |")
    each = ", ".join([f"{seconds * 1e6:.2g} us ({name})" for name, seconds in computing.items()])
    return "\n".join(
        [
            *lines,
            "",
            f"Measured on {about['date']}, the least of {ROUNDS} rounds: {found.fixed * 1e3:.1f} ms a step, "
            f"{found.task * 1e3:.2f} ms a task, {found.byte * 1e9:.1f} ms for each sending of 1 MB of parameters, and "
            f"{each} to compute a sample on one core. From 1 to 2 workers the MLP, 8 shards of 4,000 samples, is "
            f"{median(two.times_as_fast):.2f} times as fast (least {min(two.times_as_fast):.2f}, most "
            f"{max(two.times_as_fast):.2f}, in turn), and the busier of the two has {two.share:.2f} of the processor "
            "time of the one. The workers, the scheduler and the client shared the cores of one machine with others: "
            f"{machine.sentence(about)}.",
        ]
    )


def rounded(number: float) -> int:
    """To two digits, upwards: no more is known."""
    digits = max(0, ceil(log10(number)) - 2)
    return ceil(number / 10**digits) * 10**digits


if __name__ == "__main__":
    main()
