"""The runner's side of the contestants: their processes, what is asked of them, and who cannot take part."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
THREADS = 1  # for everybody: of BLAS, OpenMP, numba and XLA
ENVIRONMENT = {
    "OMP_NUM_THREADS": str(THREADS),
    "OPENBLAS_NUM_THREADS": str(THREADS),
    "MKL_NUM_THREADS": str(THREADS),
    "NUMBA_NUM_THREADS": str(THREADS),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "NPROC": str(THREADS),  # XLA's pool of threads
    "JAX_PLATFORMS": "cpu",
}
HELD_BACK = {"OPENBLAS_CORETYPE"}  # would give NumPy, and nobody else, the instructions of an older processor


@dataclass(frozen=True)
class Contestant:
    """A library, and how it is used."""

    label: str
    module: str  # of tests.benchmarks.contestants
    options: dict[str, Any] = field(default_factory=dict)
    workload: str = ""  # the design's name for what we do here, such as T2; peers have none


class Process:
    """A contestant at work, which answers one request after the other."""

    def __init__(self, contestant: Contestant) -> None:
        self.contestant = contestant
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name not in HELD_BACK} | ENVIRONMENT,
        )

    def build(self, problem: str, settings: dict[str, Any]) -> str | None:
        """Poses the problem. A sentence if this contestant cannot take part."""
        missing: str | None = self.ask("build", self.contestant.module, self.contestant.options, problem, settings).get(
            "missing"
        )
        return missing

    def ask(self, *request: Any) -> Any:
        """The answer to a request: its name, then its arguments."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.contestant.label} ended early, at {request[0]}; its error is above")
        return json.loads(line)

    def close(self) -> None:
        """Ends the process, in the middle of a request too."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def contest(contestants: list[Contestant], problem: str, settings: dict[str, Any]) -> Iterator[dict[str, Process]]:
    """Everybody who can do the problem here, by label; a line on the screen for each who cannot."""
    running: dict[str, Process] = {}
    try:
        for contestant in contestants:
            process = running[contestant.label] = Process(contestant)
            missing = process.build(problem, settings)
            if missing:
                print(f"   {contestant.label}: skipped, since {missing}", flush=True)
                running.pop(contestant.label).close()
        yield running
    finally:
        for process in running.values():
            process.close()
