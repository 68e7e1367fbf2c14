"""What the numbers were measured on: without it they say little."""

from __future__ import annotations

import os
import platform
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.benchmarks.contest import THREADS

LIBRARIES = ("numpy", "numba", "micrograd", "torch", "jax", "mygrad", "autograd", "casadi", "scikit-learn")


def description() -> dict[str, Any]:
    """The processor, the system, Python and the libraries that are installed here."""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            continue
    return {
        "date": date.today().isoformat(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": THREADS,
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,  # 0 on a quiet machine
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
    }


def sentence(machine: dict[str, Any]) -> str:
    """The description in one line."""
    versions = ", ".join(f"{library} {number}" for library, number in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load']} before the run, "
        f"{machine['threads']} thread for everybody, {machine['system']}, Python {machine['python']}, {versions}"
    )


def _processor() -> str:
    """As Linux names it, else what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
