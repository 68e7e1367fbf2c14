"""One contestant in a process of its own, so that no library's objects slow down another's garbage collector.

Started by the runner with the name of a function of ``workloads`` and its arguments. Each line on standard
input is a request; each answer is one line of JSON.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import tracemalloc
from typing import Any

from tests.benchmarks import workloads


def _time(run: workloads.Run, steps: int) -> float:
    """Seconds a step, over ``steps`` of them in a row, as in a training loop."""
    start = time.perf_counter()
    for _ in range(steps):
        run.step()
    return (time.perf_counter() - start) / steps


def _memory(run: workloads.Run) -> list[int]:
    """Bytes that the graph of one forward pass holds, and with its gradients after the backward pass."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    loss = run.loss()
    gc.collect()
    forward = tracemalloc.get_traced_memory()[0] - before
    loss.backward()
    gc.collect()
    both = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return [forward, both]


def main() -> None:
    name, *arguments = sys.argv[1:]
    try:
        run = getattr(workloads, name)(*arguments)
    except ImportError as error:
        print(json.dumps({"missing": error.name}), flush=True)
        return
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request, *rest = line.split()
        result: Any
        if request == "answer":
            result = run.answer()
        elif request == "memory":
            result = _memory(run)
        else:
            result = _time(run, int(rest[0]))
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
