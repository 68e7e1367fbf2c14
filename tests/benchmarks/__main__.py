"""Runs every workload, all contestants of it in turn, and prints the ratios: ``make bench``.

Each round times every contestant once, one right after the other, and yields one ratio a peer; the table shows
the smallest, the median and the largest of them. Give workloads by name to run only these: ``S1 T3``.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Workload:
    """One row of the table. The first contestant is ours, the others are compared with it."""

    name: str
    title: str
    contestants: dict[str, tuple[str, ...]]  # label -> function of workloads.py, and its arguments
    target: str
    steps: int  # in a row, timed as one
    rounds: int = 9
    tolerance: float = 1e-9  # relative, of the loss and every gradient


def _t1(dtype: str, tolerance: float) -> Workload:
    return Workload(
        f"T1-{dtype}",
        f"the same net as tensors, batch 100, {dtype}, whole step",
        {
            "autograd_mini": ("t1_autograd_mini", dtype),
            "PyTorch": ("t1_torch", dtype),
            "MyGrad": ("t1_mygrad", dtype),
            "NumPy by hand": ("t1_numpy", dtype),
        },
        ">= 3x PyTorch",
        steps=300,
        tolerance=tolerance,
    )


def _t2(dtype: str, tolerance: float) -> Workload:
    return Workload(
        f"T2-{dtype}",
        f"T1 under jit, NumPy alone, {dtype}, whole step",
        {
            "autograd_mini": ("t1_autograd_mini", dtype, "jit"),
            "eager": ("t1_autograd_mini", dtype),
            "PyTorch": ("t1_torch", dtype),
            "NumPy by hand": ("t1_numpy", dtype),
        },
        ">= 5x PyTorch",
        steps=300,
        tolerance=tolerance,
    )


WORKLOADS = [
    Workload(
        "S1",
        "scalar moons, MLP 2-16-16-1, 100 samples, whole step",
        {"autograd_mini": ("s1_autograd_mini",), "micrograd": ("s1_micrograd",)},
        ">= 10x micrograd",
        steps=3,
        rounds=7,
    ),
    _t1("float32", 1e-4),
    _t1("float64", 1e-9),
    Workload(
        "S2",
        "S1 under jit, NumPy alone, whole step",
        {"autograd_mini": ("s2_autograd_mini",), "eager": ("s1_autograd_mini",), "micrograd": ("s1_micrograd",)},
        ">= 800x micrograd",
        steps=2,
        rounds=5,
    ),
    *[_t2("float32", 1e-4), _t2("float64", 1e-9)],
    Workload(
        "T3jit",
        "784-256-128-10, batch 128, float32, under jit, whole step",
        {"autograd_mini": ("t3_autograd_mini", "jit"), "eager": ("t3_autograd_mini",), "PyTorch": ("t3_torch",)},
        ">= 1x PyTorch",
        steps=30,
        tolerance=1e-3,
    ),
    Workload(
        "T3",
        "784-256-128-10, batch 128, float32, whole step",
        {"autograd_mini": ("t3_autograd_mini",), "PyTorch": ("t3_torch",)},
        ">= 0.8x PyTorch",
        steps=30,
        tolerance=1e-3,
    ),
    Workload(
        "G1",
        "a chain of 1,000,000 scalar adds, forward + backward",
        {"autograd_mini": ("g1_autograd_mini",), "PyTorch": ("g1_torch",), "ours, gc off": ("g1_without_collector",)},
        ">= 5x PyTorch",
        steps=1,
        rounds=3,
    ),
]


class Contestant:
    """A child process that answers requests, one at a time."""

    def __init__(self, call: tuple[str, ...]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.contestant", *call],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.missing = self._read().get("missing")

    def ask(self, request: str) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(map(str, self.process.args[2:]))} ended early")  # type: ignore[index]
        return json.loads(line)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def start(calls: dict[str, tuple[str, ...]]) -> dict[str, Contestant]:
    """The contestants that are installed here; a line on the screen for each that is not."""
    running = {}
    for label, call in calls.items():
        contestant = Contestant(call)
        if contestant.missing:
            print(f"   {label}: skipped, since {contestant.missing} is not installed (pip install -e '.[bench]')")
            contestant.close()
        else:
            running[label] = contestant
    return running


def check_agreement(workload: Workload, running: dict[str, Contestant]) -> None:
    """Ends the run unless all contestants compute the same loss and the same gradients."""
    (ours, (loss, gradients)), *others = ((label, c.ask("answer")) for label, c in running.items())
    scale = np.max(np.abs(gradients))
    for label, (other_loss, other_gradients) in others:
        error = max(abs(loss - other_loss) / abs(loss), np.max(np.abs(np.subtract(gradients, other_gradients))) / scale)
        if not error <= workload.tolerance:
            raise SystemExit(f"{workload.name}: {label} and {ours} differ by {error:.1e}: nothing to time")


def spread(numbers: list[float], unit: str = "") -> str:
    """Smallest, median and largest."""
    return f"{min(numbers):8.2f} {statistics.median(numbers):8.2f} {max(numbers):8.2f}{unit}"


def race(workload: Workload) -> None:
    """One workload: agreement first, then the rounds, then a line a contestant."""
    print(f"\n{workload.name}  {workload.title}   (target {workload.target})")
    running = start(workload.contestants)
    check_agreement(workload, running)
    for contestant in running.values():
        contestant.ask(f"time {max(1, workload.steps // 10)}")  # warm up
    seconds: dict[str, list[float]] = {label: [] for label in running}
    for _ in range(workload.rounds):
        for label, contestant in running.items():
            seconds[label].append(contestant.ask(f"time {workload.steps}"))
    for contestant in running.values():
        contestant.close()
    (ours, our_seconds), *others = seconds.items()
    print(f"   {'':16}{'min':>8} {'median':>8} {'max':>8}")
    print(f"   {ours:16}{spread([s * 1e3 for s in our_seconds], ' ms a step')}")
    for label, theirs in others:
        ratios = [their / our for their, our in zip(theirs, our_seconds, strict=True)]
        print(f"   {'x ' + label:16}{spread(ratios)}   ({statistics.median(theirs) * 1e3:.2f} ms a step)")


def memory() -> None:
    """M1: bytes a node of the scalar graph of S1."""
    from autograd_mini.node import topological_order
    from tests.benchmarks import workloads

    print("\nM1  memory of the scalar graph of S1, bytes a node   (target <= 120 after the forward pass)")
    nodes = len(topological_order(workloads.s1_autograd_mini().loss()))
    running = start({"autograd_mini": ("s1_autograd_mini",), "micrograd": ("s1_micrograd",)})
    for label, contestant in running.items():
        forward, both = contestant.ask("memory")
        print(f"   {label:16}{forward / nodes:8.0f} forward {both / nodes:8.0f} with gradients   ({nodes:,} nodes)")
        contestant.close()


def imports() -> None:
    """I1: how long ``import autograd_mini`` takes beside ``import numpy``, each in new processes."""
    print("\nI1  import autograd_mini against import numpy   (target <= 1.3x)")
    code = "import time; t = time.perf_counter(); import {0}; print(time.perf_counter() - t)"

    def seconds(module: str) -> float:
        command = [sys.executable, "-c", code.format(module)]
        return float(subprocess.run(command, capture_output=True, check=True, env=environment).stdout)

    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # compiled, as once installed
    seconds("autograd_mini")
    pairs = [(seconds("autograd_mini"), seconds("numpy")) for _ in range(11)]
    print(f"   {'':16}{'min':>8} {'median':>8} {'max':>8}")
    print(f"   {'autograd_mini':16}{spread([ours * 1e3 for ours, _ in pairs], ' ms')}")
    print(f"   {'/ numpy':16}{spread([ours / numpy for ours, numpy in pairs])}")


def main() -> None:
    wanted = sys.argv[1:]
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}, {platform.system()}")
    print("x PEER: how many times our time the peer takes. Each round runs all contestants in turn.")
    for workload in WORKLOADS:
        if not wanted or workload.name.split("-")[0] in wanted:
            race(workload)
    if not wanted or "M1" in wanted:
        memory()
    if not wanted or "I1" in wanted:
        imports()


if __name__ == "__main__":
    main()
