"""A jitted function never computes with what stood around it when it was traced, if that has changed."""

from __future__ import annotations

import itertools
import types
from array import array
from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import Value
from autograd_mini.compiler.cache import Cache
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit

W = Value(2.0)
RATE = 3.0
NUMBERS = [1.0, 2.0]
HELD = {"rate": 3.0}
ARRAY = np.array([1.0, 2.0])
LABELS = np.array([0, 1])


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


def test_a_parameter_that_was_replaced_is_noticed() -> None:
    model = nn.Sequential(nn.Linear(2, 1), nn.Tanh())
    f = jit(lambda x: model(x).sum())
    x = np.ones((3, 2))
    f(x)
    model[0].weight = nn.Parameter(np.zeros((1, 2)))
    model[0].bias = nn.Parameter(np.zeros(1))
    result = f(x)
    assert result.item() == 0.0
    result.backward()
    assert model[0].weight.grad.tolist() == [[3.0, 3.0]]


def test_a_module_that_was_changed_or_put_into_eval_is_noticed() -> None:
    class Switch(nn.Module):
        def __init__(self) -> None:
            self.w = nn.Parameter(2.0)
            self.scale = 1.0

        def forward(self, x: Any) -> Any:
            return self.w * x * self.scale if self.training else self.w

    model = Switch()
    f = jit(lambda x: model(x))
    assert f(3.0).data == 6.0
    model.scale = 2.0
    assert f(3.0).data == 12.0
    model.eval()
    assert f(3.0).data == 2.0


def test_what_is_written_into_an_array_is_seen() -> None:
    f = jit(lambda x: (W * ARRAY * x).sum())
    g = jit(lambda x: (W * (ARRAY * 2.0) * x).sum())
    h = jit(lambda x: nn.cross_entropy(W * x, LABELS))
    logits = np.array([[1.0, 2.0], [5.0, 3.0]])
    assert (f(1.0).item(), g(1.0).item()) == (6.0, 12.0)
    before = h(logits).item()
    ARRAY[0] = 10.0
    LABELS[...] = [1, 0]
    assert (f(1.0).item(), g(1.0).item()) == (24.0, 48.0)
    assert h(logits).item() != before
    ARRAY[0] = 1.0
    LABELS[...] = [0, 1]


def test_what_is_computed_in_plain_numpy_is_computed_anew_when_its_array_changes() -> None:
    def f(x: Any) -> Any:
        rate = 0.1 if ARRAY.max() < 5 else 1.0
        return (W * ARRAY * x).sum() + (ARRAY * ARRAY).sum() * rate

    jitted = jit(f)
    assert jitted(1.0).item() == f(1.0).item()
    ARRAY[0] = 10.0
    assert jitted(1.0).item() == f(1.0).item()
    ARRAY[0] = 1.0
    assert jitted(1.0).item() == f(1.0).item()


def test_what_stands_in_a_read_only_mapping_or_in_a_buffer_is_seen_to_change() -> None:
    config, factors, counts = {"rate": 2.0}, array("d", [1.0, 2.0]), bytearray([1, 2])
    view = types.MappingProxyType(config)

    def f(x: Any) -> Any:
        return W * x * view["rate"] * factors[0] * counts[0]

    jitted = jit(f)
    assert jitted(3.0).data == f(3.0).data
    for container, key in ((config, "rate"), (factors, 0), (counts, 0)):
        container[key] = 7  # type: ignore[index]  # each by its own kind of key
        assert jitted(3.0).data == f(3.0).data


def test_what_another_thread_changes_between_trace_and_replay_is_computed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = Cache.keep

    def keep_and_change(*args: Any) -> None:
        keep(*args)
        monkeypatch.setitem(globals(), "RATE", 5.0)

    monkeypatch.setattr(Cache, "keep", keep_and_change)
    f = jit(of_a_global)
    assert f(1.0).data == 10.0
    assert f(1.0).data == 10.0


def test_a_method_is_jitted_with_its_object() -> None:
    class Model:
        def __init__(self, w: float) -> None:
            self.w = Value(w)

        @jit
        def loss(self, x: Any) -> Any:
            return (self.w * x) ** 2

    one, two = Model(1.0), Model(2.0)
    for _ in range(2):
        assert (one.loss(3.0).data, two.loss(3.0).data) == (9.0, 36.0)
    two.loss(3.0).backward()
    assert (two.w.grad, one.w.grad) == (36.0, 0.0)


def test_a_network_trains_on_while_its_parameters_are_loaded() -> None:
    model = nn.Linear(2, 1)
    f = jit(lambda x: model(x).sum())
    f(np.ones((3, 2)))
    model.load_state_dict({"weight": np.ones((1, 2)), "bias": np.zeros(1)})
    assert f(np.ones((3, 2))).item() == 6.0


def test_freezing_a_parameter_is_noticed() -> None:
    w, v = Value(2.0), Value(3.0)
    f = jit(lambda x: w * v * x)
    f(1.0).backward()
    w.requires_grad = False
    w.zero_grad()
    v.zero_grad()
    f(1.0).backward()
    assert (w.grad, v.grad) == (0.0, 2.0)


def test_what_a_method_of_a_user_s_class_sees_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    class Scaled(nn.Module):
        gain = 1.0

        def __init__(self) -> None:
            self.w = nn.Parameter(2.0)

        @property
        def shift(self) -> float:
            return NUMBERS[0]

        @staticmethod
        def held() -> float:
            return HELD["rate"]

        def forward(self, x: Any) -> Any:
            return self.w * x * RATE * self.gain * self.shift * self.held()

        def fit(self) -> None:
            LOG.append(1)

    model = Scaled()
    f = jit(lambda x: model(x))
    assert f(1.0).data == 18.0
    monkeypatch.setitem(globals(), "RATE", 1.0)
    assert f(1.0).data == 6.0
    monkeypatch.setattr(Scaled, "gain", 2.0)
    assert f(1.0).data == 12.0
    monkeypatch.setitem(HELD, "rate", 1.0)
    assert f(1.0).data == 4.0
    monkeypatch.setitem(globals(), "NUMBERS", [3.0])
    assert f(1.0).data == 12.0
    model.gain = 5.0
    assert f(1.0).data == 30.0
    monkeypatch.setattr(Scaled, "forward", lambda self, x: self.w * x)
    assert f(1.0).data == 2.0
    (before,) = f._cache.traces.values()
    model.fit()  # a method that the function does not name, and what it writes, are nothing to it
    f(1.0)
    assert list(f._cache.traces.values()) == [before]


LOG: list[int] = []


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


def test_hyperparameters_of_an_optimizer_or_a_layer_may_change() -> None:
    dropout = nn.Dropout(0.5)
    f = jit(lambda x: W * dropout(x))
    f(np.ones(50))
    dropout.p = 0.0
    assert f(np.ones(50)).data.tolist() == [2.0] * 50
    norm = nn.BatchNorm1d(2)
    g = jit(lambda x: norm(x))
    x = np.random.default_rng(0).normal(size=(8, 2))
    g(x)
    norm.momentum = 1.0
    g(x)
    np.testing.assert_allclose(norm.running_mean.data, x.mean(0), rtol=1e-12)  # type: ignore[union-attr]  # it has one
    norm.eval()
    np.testing.assert_allclose(g(x).data, norm(x).data, rtol=1e-12)


def test_a_number_stays_a_float_beside_an_array_without_axes() -> None:
    rate = np.array(3.0)
    f = jit(lambda x: W * x * rate)
    assert type(f(1.0).data) is float
    rate[...] = 5.0
    assert f(1.0).data == 10.0


NUMBERED = itertools.count()


class Numbered:
    """Its ``__init__`` uses an iterator, which is nothing to a function that makes none of them."""

    def __init__(self) -> None:
        self.number = next(NUMBERED)
        self.w = Value(2.0)

    def __call__(self, x: Any) -> Any:
        return self.w * x * RATE


def test_how_an_object_was_made_is_of_no_concern_but_how_it_is_called_is(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Numbered()
    f = jit(lambda x: model(x))
    assert f(1.0).data == 6.0
    monkeypatch.setitem(globals(), "RATE", 1.0)
    assert f(1.0).data == 2.0
    with pytest.raises(JitError, match="closes over an iterator, NUMBERED"):
        jit(lambda x: Numbered()(x))(1.0)


def test_large_arrays_that_are_compared_at_each_call_are_warned_of() -> None:
    class Training:
        def __init__(self) -> None:
            self.images = np.zeros((2**21 + 1,))
            self.w = Value(2.0)

        def loss(self, x: Any) -> Any:
            return self.w * x * len(self.images) * 0.0 + self.w * x

    training = Training()
    with pytest.warns(UserWarning, match=r"can reach 16 MB of arrays, and they are compared at each call"):
        assert jit(training.loss)(3.0).data == 6.0


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
