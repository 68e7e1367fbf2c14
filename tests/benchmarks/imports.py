"""I1: how long ``import autograd_mini`` takes beside ``import numpy``, each in new processes."""

from __future__ import annotations

import os
import subprocess
import sys

CODE = "import time; t = time.perf_counter(); import {0}; print(time.perf_counter() - t)"


def seconds(rounds: int) -> dict[str, list[float]]:
    """By module, in turn."""
    one_import("autograd_mini")  # compiles it, as it is once installed
    found: dict[str, list[float]] = {"autograd_mini": [], "numpy": []}
    for _ in range(rounds):
        for module, numbers in found.items():
            numbers.append(one_import(module))
    return found


def one_import(module: str) -> float:
    """In a new process."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", CODE.format(module)]
    return float(subprocess.run(command, capture_output=True, check=True, env=environment).stdout)
