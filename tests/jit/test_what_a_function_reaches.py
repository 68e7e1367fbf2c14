"""A setting that a jitted function finds in a roundabout way is seen to change, and so is one that was not there."""

from __future__ import annotations

import cmath
import collections
import contextlib
import contextvars
import ctypes
import functools
import gc
import importlib
import logging
import math
import os
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import JitError, Value, jit

W = Value(2.0)
SCALE = 1.0
SETTINGS = types.ModuleType("settings_of_a_test")
SETTINGS.__file__ = "/home/user/settings_of_a_test.py"
sys.modules[SETTINGS.__name__] = SETTINGS
NAME = "".join(["sc", "ale"])  # which stands in no code
LOG = logging.getLogger("settings.of.a.test")
THREAD = threading.local()
VARIABLE: contextvars.ContextVar[float] = contextvars.ContextVar("VARIABLE", default=1.0)
COUNTS = (ctypes.c_double * 2)(1.0, 1.0)
BUFFER = bytearray(8)
VIEW = memoryview(BUFFER)
OBJECTS = np.array([[1.0], None], dtype=object)
SHAPED = np.ones(6)
SIGN = [0.0]
LOSS: Any = nn.mse_loss
KIND: Any = nn.Tanh
ROOTS: Any = math
RATES = {"scale": 1.0}
VALUES = RATES.values()


class Settings:
    scale = 1.0


class Other:
    scale = 4.0


class Child(Settings):
    pass


class Meta(type):
    scale = 1.0

    @property
    def doubled(cls) -> float:
        return 2.0 * cls.scale


class OfMeta(metaclass=Meta):
    pass


class Number(float):
    gain: float


class Table(dict[str, float]):
    default = 1.0

    def __missing__(self, key: str) -> float:
        return self.default


class Gained(Value):
    gain: float


class Wide(np.ndarray):
    gain: float


SET, CHILD, NUMBER, TABLE, GAINED = Settings(), Child(), Number(1.0), Table(), Gained(1.0)
ARRAY: Any = np.ones(1).view(Wide)
KEYED = {SET: 1.0}
TARGET = weakref.ref(SET)
BY_NAME: Any = weakref.WeakValueDictionary({"set": SET})
FACTORY: Any = collections.defaultdict(lambda: SCALE)


def set_scale(number: float) -> None:
    global SCALE
    SCALE = number


@contextlib.contextmanager
def scaled() -> Any:
    yield SCALE


def of_a_context(x: Any) -> Any:
    with scaled() as scale:
        return W * x * scale


@functools.singledispatch
def dispatched(kind: Any) -> float:
    return SCALE


@dispatched.register
def _(kind: str) -> float:
    return 2.0 * SCALE


def of_a_default(x: Any, scale: float = 1.0) -> Any:
    return W * x * scale


def with_a_scale(x: Any) -> Any:
    return W * x * 5.0


def helper(x: Any) -> Any:
    return W * x


def imports_a_module(x: Any) -> Any:
    import settings_of_a_test  # type: ignore[import-not-found]  # which is none of a file

    return W * x * settings_of_a_test.scale


def imports_a_number(x: Any) -> Any:
    from settings_of_a_test import scale

    return W * x * scale


def executes(x: Any) -> Any:
    found: dict[str, float] = {}
    exec(f"y = {NAME.upper()}", globals(), found)
    return W * x * found["y"]


def of_what_may_come(x: Any) -> Any:
    try:
        return W * x * LATER  # type: ignore[name-defined]  # that is the question
    except NameError:
        return W * x


def of_a_default_factory(x: Any) -> Any:
    y = W * x * FACTORY["a"]
    del FACTORY["a"]
    return y


CASES: dict[str, tuple[Callable[[Any], Any], Callable[[float], Any]]] = {
    "globals of a computed name": (lambda x: W * x * globals()[NAME.upper()], set_scale),
    "eval of a computed name": (lambda x: W * x * eval(NAME.upper()), set_scale),
    "exec of a computed name": (executes, set_scale),
    "an import inside": (imports_a_module, lambda k: setattr(SETTINGS, "scale", k)),
    "an import of a number inside": (imports_a_number, lambda k: setattr(SETTINGS, "scale", k)),
    "__import__": (lambda x: W * x * __import__("settings_of_a_test").scale, lambda k: setattr(SETTINGS, "scale", k)),
    "importlib": (
        lambda x: W * x * importlib.import_module("settings_of_a_test").scale,
        lambda k: setattr(SETTINGS, "scale", k),
    ),
    "sys.modules": (
        lambda x: W * x * sys.modules["settings_of_a_test"].scale,
        lambda k: setattr(SETTINGS, "scale", k),
    ),
    "getattr of a module": (lambda x: W * x * getattr(SETTINGS, NAME), lambda k: setattr(SETTINGS, "scale", k)),
    "os.environ": (lambda x: W * x * float(os.environ["SCALE"]), lambda k: os.environ.update(SCALE=str(k))),
    "os.getenv": (lambda x: W * x * float(os.getenv("SCALE", "1")), lambda k: os.environ.update(SCALE=str(k))),
    "sys": (lambda x: W * x * sys.scale, lambda k: setattr(sys, "scale", k)),  # type: ignore[attr-defined]  # set here
    "a weak reference": (lambda x: W * x * TARGET().scale, lambda k: setattr(SET, "scale", k)),  # type: ignore[union-attr]  # SET lives
    "a dict of weak references": (lambda x: W * x * BY_NAME["set"].scale, lambda k: setattr(SET, "scale", k)),
    "the key of a dict": (lambda x: W * x * sum([s.scale for s in KEYED]), lambda k: setattr(SET, "scale", k)),
    "a context variable": (lambda x: W * x * VARIABLE.get(), lambda k: VARIABLE.set(k)),
    "the level of a logger": (
        lambda x: W * x * (2.0 if LOG.isEnabledFor(20) else 1.0),
        lambda k: LOG.setLevel(10 if k == 3.0 else 30),
    ),
    "a context manager": (of_a_context, set_scale),
    "a dispatched function": (lambda x: W * x * dispatched("a") * dispatched(1), set_scale),
    "another implementation": (
        lambda x: W * x * dispatched(1.0),
        lambda k: dispatched.register(float, lambda kind: k),
    ),
    "a default": (of_a_default, lambda k: setattr(of_a_default, "__defaults__", (k,))),
    "the code of a function": (
        lambda x: helper(x),
        lambda k: setattr(helper, "__code__", with_a_scale.__code__ if k == 3.0 else (lambda x: W * x).__code__),
    ),
    "the class of an object": (
        lambda x: W * x * SET.scale,
        lambda k: setattr(SET, "__class__", Other if k == 3.0 else Settings),
    ),
    "the base of a class": (
        lambda x: W * x * CHILD.scale,
        lambda k: setattr(Child, "__bases__", (Other if k == 3.0 else Settings,)),
    ),
    "a class of a class": (lambda x: W * x * OfMeta.doubled, lambda k: setattr(Meta, "scale", k)),
    "a float with attributes": (lambda x: W * x * NUMBER * NUMBER.gain, lambda k: setattr(NUMBER, "gain", k)),
    "a dict with a default": (lambda x: W * x * TABLE["a"], lambda k: setattr(TABLE, "default", k)),
    "a factory of defaults": (of_a_default_factory, set_scale),
    "an array with attributes": (lambda x: W * x * ARRAY.gain, lambda k: setattr(ARRAY, "gain", k)),
    "a Value with attributes": (lambda x: W * x * GAINED.gain, lambda k: setattr(GAINED, "gain", k)),
    "a list in an array of objects": (lambda x: W * x * OBJECTS[0][0], lambda k: OBJECTS[0].__setitem__(0, k)),
    "the shape of an array": (
        lambda x: W * x * SHAPED.shape[0],
        lambda k: SHAPED.resize((2, 3) if k == 3.0 else (3, 2), refcheck=False),
    ),
    "a loss of nn": (
        lambda x: LOSS(W * x * np.ones(2), np.zeros(2)),
        lambda k: globals().update(LOSS=nn.l1_loss if k == 3.0 else nn.mse_loss),
    ),
    "a layer of nn": (
        lambda x: KIND()(W * x),
        lambda k: globals().update(KIND=nn.ReLU if k == 3.0 else nn.Tanh),
    ),
    "a module by another name": (
        lambda x: W * x * abs(ROOTS.sqrt(4.0)) * len(ROOTS.__name__),
        lambda k: globals().update(ROOTS=cmath if k == 3.0 else math),
    ),
    "a view of a dict": (lambda x: W * x * sum(VALUES), lambda k: RATES.update(scale=k)),
    "a view of memory": (lambda x: W * x * (VIEW[0] + 1.0), lambda k: BUFFER.__setitem__(0, int(k))),
    "numbers of C": (lambda x: W * x * COUNTS[0], lambda k: COUNTS.__setitem__(0, k)),
    "the sign of a zero": (
        lambda x: W * x * np.copysign(1.0, SIGN[0]),
        lambda k: SIGN.__setitem__(0, 0.0 if k == 3.0 else -0.0),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_setting_is_seen_to_change_however_it_is_found(name: str) -> None:
    f, change = CASES[name]
    vars(SET).clear()
    change(1.0)
    replayed = jit(f)
    for _ in range(2):
        assert replayed(3.0).data == f(3.0).data
    for number in (3.0, 5.0, 5.0, 3.0):
        change(number)
        expected = f(3.0).data
        assert replayed(3.0).data == expected
    change(1.0)


def test_a_name_that_was_nowhere_is_seen_when_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    cases: list[tuple[Any, Callable[[], None]]] = [
        (of_what_may_come, lambda: monkeypatch.setitem(globals(), "LATER", 5.0)),
        (lambda x: W * x * abs(-1.0), lambda: monkeypatch.setitem(globals(), "abs", lambda x: 5.0)),
        (
            lambda x: W * x * getattr(SETTINGS, "extra", 1.0),
            lambda: monkeypatch.setattr(SETTINGS, "extra", 5.0, raising=False),
        ),
        (
            lambda x: W * x * getattr(helper, "scale", 1.0),
            lambda: monkeypatch.setattr(helper, "scale", 5.0, raising=False),
        ),
    ]
    for f, come in cases:
        replayed = jit(f)
        assert replayed(3.0).data == 6.0
        come()
        assert (replayed(3.0).data, f(3.0).data) == (30.0, 30.0)


def test_a_weak_reference_may_die() -> None:
    settings = Settings()
    settings.scale = 5.0
    reference = weakref.ref(settings)

    def f(x: Any) -> Any:
        found = reference()
        return W * x * (1.0 if found is None else found.scale)

    replayed = jit(f)
    assert replayed(3.0).data == replayed(3.0).data == 30.0
    del settings
    gc.collect()
    assert replayed(3.0).data == 6.0


def test_another_thread_has_locals_of_its_own() -> None:
    THREAD.scale = 1.0
    f = jit(lambda x: W * x * THREAD.scale)
    assert f(3.0).data == 6.0
    found = []

    def run() -> None:
        THREAD.scale = 4.0
        found.append(f(3.0).data)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert (found, f(3.0).data) == ([24.0], 6.0)


def test_a_value_that_only_decides_is_watched_too() -> None:
    frozen, shaped = Value(1.0), Value(np.ones(2))
    f = jit(lambda x: W * x * (2.0 if frozen.requires_grad else 1.0) * shaped.shape[0])
    assert f(3.0).data == 24.0
    frozen.requires_grad = False
    assert f(3.0).data == 12.0
    shaped.data = np.ones(5)
    assert f(3.0).data == 30.0


def test_a_weak_proxy_is_refused() -> None:
    proxy = weakref.proxy(SET)
    with pytest.raises(JitError, match="closes over a weak proxy, proxy"):
        jit(lambda x: W * x * proxy.scale)(3.0)


def test_what_code_names_but_does_not_use_makes_nothing_impossible() -> None:
    loss = Value(0.0)

    def f(x: Any) -> Any:
        if x is None:
            return eval("nothing"), globals(), __import__("nowhere"), sys.modules
        LOG.info("a line")
        return W * x

    replayed = jit(f)
    for _ in range(4):
        loss = replayed(3.0)
        assert loss.data == 6.0
    assert replayed._cache._times_traced == 1
