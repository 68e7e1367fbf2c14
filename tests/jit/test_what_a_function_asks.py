"""What a traced function asks of the world: what answers otherwise each time is refused, and so are files."""

from __future__ import annotations

import builtins
import io
import itertools
import json
import os
import random
import time
import uuid
from pathlib import Path
from queue import SimpleQueue
from time import clock_gettime_ns as clock
from time import perf_counter as tick
from typing import Any

import numpy as np
import pytest

from autograd_mini import JitError, Value, jit

W = Value(2.0)
FILE = os.devnull
NUMBERS: SimpleQueue[float] = SimpleQueue()
SYSTEM = random.SystemRandom()
COUNT = itertools.count()
TAKE = COUNT.__next__
ANOTHER = "another at each call"
OPENS = "opens a file, and a replay would not read or write it again"


def reads(x: Any) -> Any:
    with open(FILE) as file:
        return W * x * len(file.read())


def hides_that_it_reads(x: Any) -> Any:
    try:
        return reads(x)
    except TypeError:
        return W * x


def takes(x: Any) -> Any:
    return W * x * NUMBERS.get()


def saves(x: Any) -> Any:
    np.save(FILE, 1.0)
    return W * x


REFUSED = {
    "a function of time by another name": (lambda x: W * x * tick(), ANOTHER),
    "a clock that nobody has heard of": (lambda x: W * x * clock(time.CLOCK_MONOTONIC), ANOTHER),
    "uuid1": (lambda x: W * x * uuid.uuid1().int, ANOTHER),
    "what the system draws": (lambda x: W * x * SYSTEM.random(), ANOTHER),
    "a queue": (takes, ANOTHER),
    "the method of an iterator": (lambda x: W * x * TAKE(), "closes over an iterator"),
    "a file": (reads, OPENS),
    "a file, and an except": (hides_that_it_reads, OPENS),
    "a path": (lambda x: W * x * len(Path(FILE).read_text()), OPENS),
    "json": (lambda x: W * x * json.loads(Path(FILE).read_text()), OPENS),
    "io.open": (lambda x: W * x * io.open(FILE), OPENS),  # noqa: SIM115, UP020  # that is the question
    "np.load": (lambda x: W * x * np.load(FILE), OPENS),
    "np.save": (saves, OPENS),
    "the keyboard": (lambda x: W * x * float(input()), "asks at the keyboard"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_answers_otherwise_each_time_is_refused_by_whatever_name(name: str) -> None:
    f, message = REFUSED[name]
    for number in range(3):
        NUMBERS.put(float(number))
    before = builtins.open, io.open, builtins.input
    with pytest.raises(JitError, match=f"{message}.*\n  at test_what_a_function_asks"):
        jit(f)(3.0)
    assert (builtins.open, io.open, builtins.input) == before


def test_a_file_may_be_read_outside_and_by_another_function_meanwhile() -> None:
    with open(__file__) as file:
        text = file.read()
    f = jit(lambda x: W * x * len(text))
    assert f(3.0).data == 6.0 * len(text)


def test_a_module_that_is_imported_meanwhile_may_read_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reads_a_file.py").write_text("with open(__file__) as file:\n    length = len(file.read())\n")
    monkeypatch.syspath_prepend(tmp_path)

    def f(x: Any) -> Any:
        import reads_a_file  # type: ignore[import-not-found]  # which is written above

        return W * x * reads_a_file.length

    assert jit(f)(3.0).data == f(3.0).data
    with pytest.raises(JitError, match=OPENS):
        jit(reads)(3.0)


def test_what_has_the_same_answer_twice_is_no_clock() -> None:
    f = jit(lambda x: W * x * len(os.path.join("a", "b")) * uuid.UUID(int=5).int)
    assert f(3.0).data == f(3.0).data == 90.0
