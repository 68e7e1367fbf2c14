"""getattr with a name that stands there reads that attribute alone; with a computed one it may be any."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from autograd_mini import JitError, Value, jit
from autograd_mini.compiler.guards.named import names_in

NAME = "".join(["sc", "ale"])
W = Value(2.0)
KNOWN: list[Callable[[Any], Any]] = [
    lambda o: getattr(o, "a"),  # noqa: B009  # that is the question
    lambda o: getattr(o, "a", 1.0),
    lambda o: getattr(o.b.c, "a", NAME),
    lambda o: hasattr(o, "a") and getattr(o, "b", o),
    lambda o: setattr(o, "a", o),
]
COMPUTED: list[Callable[[Any], Any]] = [
    lambda o: getattr(o, NAME),
    lambda o: getattr(o, NAME, "a"),
    lambda o: getattr(o, "a" + NAME),
    lambda o: getattr(o, "a" + NAME, 1.0),
    lambda o: getattr(o, f"a{NAME}", "a"),
    lambda o: getattr(o, "a".upper(), 1.0),
    lambda o: getattr(o, NAME if o else "a"),
    lambda o: getattr(o, "a" if o else NAME, "a"),
    lambda o: getattr(o if NAME else 2, NAME, "a"),
    lambda o: getattr(*o),
    lambda o: [getattr(o, name) for name in "ab"],
    lambda o: list(map(getattr, [o], ["a"])),
    lambda o: (getattr(o, NAME), o.f(o, "a")),
    lambda o: (getattr(o, "a"), getattr(o, NAME)),  # noqa: B009  # that is the question
]
OF_A_NAME = {"getattr", "hasattr", "setattr"}


@pytest.mark.parametrize("f", KNOWN)
def test_a_name_that_stands_there_is_known(f: Any) -> None:
    assert names_in(f.__code__).isdisjoint(OF_A_NAME)


@pytest.mark.parametrize("f", COMPUTED)
def test_a_computed_name_may_be_any(f: Any) -> None:
    assert not names_in(f.__code__).isdisjoint(OF_A_NAME)


class Trainer:
    scale = 1.0

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.batches = iter([1.0, 2.0, 3.0])

    def named(self, x: Any) -> Any:
        began = time.perf_counter()
        y = W * x * getattr(self, "scale", 1.0)
        return y if time.perf_counter() >= began or hasattr(self, "other") else None

    def computed(self, x: Any) -> Any:
        return W * x * getattr(self, NAME)

    def next(self, x: Any) -> Any:
        return W * x * next(self.batches) * getattr(self, NAME)


def test_a_trainer_may_keep_a_book_beside_attributes_that_it_asks_for_by_name() -> None:
    trainer = Trainer()
    f = jit(trainer.named)
    for k in range(4):
        trainer.scale = 1.0 if k < 2 else 5.0
        trainer.losses.append(f(3.0).data)
    assert (trainer.losses, f._cache._times_traced) == ([6.0, 6.0, 30.0, 30.0], 2)


def test_an_iterator_is_refused_only_by_its_name() -> None:
    trainer = Trainer()
    f = jit(trainer.computed)
    assert f(3.0).data == 6.0
    trainer.scale = 5.0
    assert f(3.0).data == 30.0
    with pytest.raises(JitError, match="closes over an iterator"):
        jit(trainer.next)(3.0)
