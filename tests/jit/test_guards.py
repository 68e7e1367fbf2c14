"""A jitted function never computes with what stood around it when it was traced, if that has changed."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value
from autograd_mini.compiler.cache import Cache
from autograd_mini.compiler.jit import jit

W = Value(2.0)
RATE = 3.0
NUMBERS = [1.0, 2.0]
HELD = {"rate": 3.0}


def of_a_global(x: Any) -> Any:
    return W * x * RATE


def helper(x: Any) -> Any:
    return x * RATE


def of_a_helper(x: Any) -> Any:
    return W * helper(x)


class Config:
    rate = 3.0


def test_another_number_in_a_global_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for f in (jit(of_a_global), jit(of_a_helper)):
        assert f(1.0).data == 6.0
        monkeypatch.setitem(globals(), "RATE", 5.0)
        assert f(1.0).data == 10.0
        monkeypatch.setitem(globals(), "RATE", 3.0)


def test_another_number_in_a_closure_a_list_a_dict_or_a_class_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    rate = 3.0
    f = jit(lambda x: W * x * rate)
    assert f(1.0).data == 6.0
    rate = 5.0
    assert f(1.0).data == 10.0
    g = jit(lambda x: W * x * sum(NUMBERS) * HELD["rate"] * Config.rate)
    assert g(1.0).data == 2.0 * 3.0 * 3.0 * 3.0
    monkeypatch.setitem(HELD, "rate", 1.0)
    assert g(1.0).data == 2.0 * 3.0 * 3.0
    monkeypatch.setattr(Config, "rate", 1.0)
    assert g(1.0).data == 6.0
    NUMBERS.append(4.0)
    assert g(1.0).data == 2.0 * 7.0
    NUMBERS.pop()


def test_numbers_that_are_equal_are_not_traced_again() -> None:
    rates = [3.0]
    f = jit(lambda x: W * x * rates[0])
    f(1.0)
    (first,) = f._cache.traces.values()
    rates[0] = float("3.0")
    f(1.0)
    assert list(f._cache.traces.values()) == [first]


def test_what_another_thread_changes_between_trace_and_replay_is_computed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = Cache.keep

    def keep_and_change(*args: Any) -> None:
        keep(*args)
        monkeypatch.setitem(globals(), "RATE", 5.0)

    monkeypatch.setattr(Cache, "keep", keep_and_change)
    f = jit(of_a_global)
    assert f(1.0).data == 10.0
    assert f(1.0).data == 10.0


def test_what_was_empty_and_is_not_any_more_is_seen() -> None:
    more: list[float] = []
    options: dict[str, float] = {}
    f = jit(lambda x: sum(more, W * x) * options.get("scale", 1.0))
    assert f(1.0).data == 2.0
    more.append(5.0)
    assert f(1.0).data == 7.0
    options["scale"] = 10.0
    assert f(1.0).data == 70.0


def test_a_name_that_was_deleted_is_noticed() -> None:
    settings = {"rate": 3.0, "other": 1.0}

    class Holder:
        def __init__(self) -> None:
            self.rate = 3.0

    holder = Holder()
    f = jit(lambda x: W * x * getattr(holder, "rate", 1.0) * settings.get("rate", 1.0))
    assert f(1.0).data == 18.0
    del settings["rate"]
    assert f(1.0).data == 6.0
    del holder.rate
    assert f(1.0).data == 2.0


def test_a_jitted_function_that_another_calls_may_trace_on_its_own() -> None:
    parameters = [Value(float(i)) for i in range(200)]
    inner = jit(lambda x: sum([w * x for w in parameters]))
    outer = jit(lambda x: inner(x) * W)
    inner(1.0)
    assert outer(1.0).data == 2.0 * sum(range(200))
    before = list(outer._cache.traces.values())
    inner(np.ones(3))
    outer(2.0)
    assert list(outer._cache.traces.values()) == before


def module_of(name: str, **contents: Any) -> Any:
    module = types.ModuleType(name)
    vars(module).update(__file__=f"/home/user/{name}.py", **contents)
    return module


package = module_of("package", config=module_of("config", rate=3.0, steps=0))


def test_a_number_in_a_module_of_a_package_is_seen() -> None:
    f = jit(lambda x: W * x * package.config.rate)
    assert f(1.0).data == 6.0
    (before,) = f._cache.traces.values()
    package.config.steps += 1  # which the function does not name
    f(1.0)
    assert list(f._cache.traces.values()) == [before]
    package.config.rate = 5.0
    assert f(1.0).data == 10.0
    package.config = module_of("config", rate=1.0)
    assert f(1.0).data == 2.0


def test_a_key_that_was_renamed_is_seen() -> None:
    rates = {"slow": 3.0}
    f = jit(lambda x: W * x * rates.get("slow", 1.0))
    assert f(1.0).data == 6.0
    rates["fast"] = rates.pop("slow")
    assert f(1.0).data == 2.0
