"""A contestant's process, of its own, so that no library's objects slow down another's garbage collector.

Each line on standard input is a request as JSON, and each answer is one line of JSON.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from tests.benchmarks import problems
from tests.benchmarks.run import Run, Unavailable


def serve(requests: Iterable[str], answer: Callable[[str], Any]) -> None:
    """Answers requests until there are no more."""
    run: Any = None
    for line in requests:
        name, *arguments = json.loads(line)
        reply: Any
        if name == "build":
            run = None  # frees the one before
            try:
                run, reply = build(*arguments), {"ready": True}
            except ImportError as error:
                library = (error.name or str(error)).split(".")[0]
                reply = {"missing": f"{library} is not installed (pip install -e '.[bench]')"}
            except Unavailable as error:
                reply = {"missing": str(error)}
        else:
            reply = MEASURES[name](run, *arguments)
        answer(json.dumps(reply))


def build(module: str, options: dict[str, Any], problem: str, settings: dict[str, Any]) -> Run:
    """The contestant with the problem before it. Raises ImportError for a library that is not installed."""
    posed = getattr(problems, problem)(**settings)
    contestant = import_module(f"tests.benchmarks.contestants.{module}")
    run: Run = getattr(contestant, posed.kind)(posed, **options)
    return run


def seconds_a_step(run: Run, steps: int) -> float:
    """Over ``steps`` of them in a row, as in a training loop."""
    start = time.perf_counter()
    for _ in range(steps):
        run.step()
    return (time.perf_counter() - start) / steps


def held(run: Run) -> list[int]:
    """Bytes that the graph of one forward pass holds, and with its gradients after the backward pass."""
    assert run.loss is not None
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


def peak(run: Run) -> int:
    """Bytes that one more step takes for a while, after the first have made what is kept."""
    for _ in range(3):
        run.step()
    tracemalloc.start()
    run.step()  # what is replaced at each step, such as gradients, is counted from here on
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    run.step()
    bytes_more = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return bytes_more


MEASURES: dict[str, Callable[..., Any]] = {
    "answer": lambda run: run.answer(),
    "time": seconds_a_step,
    "held": held,
    "peak": peak,
}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    serve(sys.stdin, lambda line: answers.write(line + "\n"))


if __name__ == "__main__":
    main()
