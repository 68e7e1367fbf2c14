"""``p.data -= x`` under jit: whoever else holds the array sees it change, or is said to stand in the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import Value
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit


def test_whoever_holds_the_array_of_a_parameter_sees_it_change_in_place() -> None:
    def descend(w: Value, x: Any) -> None:
        w.zero_grad()
        (w * w * x).sum().backward()
        w.data -= 0.1 * w.grad

    eager, jitted = Value([1.0, -2.0]), Value([1.0, -2.0])
    held_eager, held_jitted = eager.data, jitted.data
    step = jit(lambda x: descend(jitted, x))
    for k in range(4):
        x = np.array([1.0, 2.0 + k])
        descend(eager, x)
        step(x)
        assert jitted.data is held_jitted
        np.testing.assert_array_equal(held_jitted, held_eager)
        if k == 2:  # as load_state_dict does
            eager.data, jitted.data = held_eager.copy(), held_jitted.copy()
            held_eager, held_jitted = eager.data, jitted.data


def test_a_parameter_that_is_replaced_and_then_changed_in_place_leaves_its_old_array_alone() -> None:
    w = Value([1.0, -2.0])
    old = w.data

    @jit
    def step(x: Any) -> None:
        w.data = w.data * 2.0
        w.data -= x

    for _ in range(3):
        before = w.data.copy()
        step(np.array([1.0, 1.0]))
        np.testing.assert_array_equal(w.data, before * 2 - 1)
    assert old.tolist() == [1.0, -2.0]


def clips_by_name(w: Value, x: Any) -> None:
    g = w.grad
    g *= x
    g += 1.0
    w.data -= g


def steps_by_name(w: Value, x: Any) -> None:
    d = w.data
    d -= 0.1 * w.grad
    d *= x
    w.data -= d * 0.5


def steps_by_name_and_replaces(w: Value, x: Any) -> None:
    d = w.data
    d -= 0.1 * w.grad
    w.data = w.data * x
    d = w.data
    d -= 1.0


def steps_by_name_and_assigns(w: Value, x: Any) -> None:
    d = w.data
    d -= x * w.grad
    w.data = d
    w.data = w.data


def forgets(w: Value, x: Any) -> None:
    g = w.grad
    g *= x
    w.data -= g
    w.zero_grad()


@pytest.mark.parametrize(
    "change", [clips_by_name, steps_by_name, steps_by_name_and_replaces, steps_by_name_and_assigns, forgets]
)
@pytest.mark.parametrize("data", [[1.0, -2.0], np.array(3.0), 2.0], ids=["array", "without axes", "number"])
def test_an_array_of_a_parameter_may_change_in_place_under_another_name(change: Any, data: Any) -> None:
    def trained(wrap: Any) -> Any:
        w = Value(data)
        arrays = [w.data]

        def step(x: Any) -> None:
            w.zero_grad()
            (w * w).sum().backward()
            change(w, x)

        step = wrap(step)
        for k in range(3):
            step(0.5 + k)
            arrays += [w.data, w.grad]
        return arrays, [a is arrays[0] for a in arrays[::2]]

    (expected, eager_same), (found, same) = trained(lambda f: f), trained(jit)
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12)
        assert isinstance(a, np.ndarray) == isinstance(b, np.ndarray)
    if isinstance(data, list):
        assert same == eager_same


def steps_on_all_elements(w: Value, v: Value, x: Any) -> None:
    w.data[:] -= x * w.grad
    v.data[...] *= 0.5


def fills(w: Value, v: Value, x: Any) -> None:
    w.grad[:] = w.grad * x
    w.data[:] = w.data - w.grad
    v.data[:] = w.data
    w.data[...] = [0.5, 1.0]
    w.data[:] += 3


def fills_by_name(w: Value, v: Value, x: Any) -> None:
    d = v.data[:]
    d -= w.grad
    d[:] = x


@pytest.mark.parametrize("change", [steps_on_all_elements, fills, fills_by_name])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_all_elements_of_a_parameter_may_be_assigned(change: Any, dtype: Any) -> None:
    def trained(wrap: Any) -> Any:
        w, v = Value(np.array([1.0, -2.0], dtype)), Value(np.array([3.0, 4.0], dtype))
        held = w.data, v.data

        def step(x: Any) -> None:
            w.zero_grad()
            (w * w * v).sum().backward()
            change(w, v, x)

        step = wrap(step)
        found = []
        for k in range(3):
            step(0.5 + k)
            found += [w.data.copy(), v.data.copy(), w.grad.copy(), held[0].copy(), held[1].copy()]
        assert [w.data is held[0], v.data is held[1]] == [True, True]
        return found

    for expected, found in zip(trained(lambda f: f), trained(jit), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        assert found.dtype == expected.dtype


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_parameter_that_is_changed_in_place_and_then_replaced_leaves_its_old_array_as_without_jit(
    rounds: int,
) -> None:
    def step(w: Value, x: Any) -> None:
        for _ in range(rounds):
            w.data -= x
            w.data = np.clip(w.data, -3.0, 3.0)
        w.data += 1.0

    eager, jitted = Value([1.0, -2.0]), Value([1.0, -2.0])
    arrays = [(eager.data, jitted.data)]
    replayed = jit(lambda x: step(jitted, x))
    for k in range(4):
        x = np.array([1.0, 2.0 + k])
        step(eager, x)
        replayed(x)
        arrays.append((eager.data, jitted.data))
        for expected, found in arrays:
            np.testing.assert_array_equal(found, expected)
    assert len({id(found) for _, found in arrays}) == 5


@pytest.mark.parametrize("shared_from_the_start", [True, False])
def test_two_parameters_of_one_array_are_refused_where_it_changes_in_place(shared_from_the_start: bool) -> None:
    w, v = Value([1.0, 2.0]), Value([3.0, 4.0])

    @jit
    def step(x: Any) -> Value:
        w.data -= x
        return v * x

    if not shared_from_the_start:
        step(np.array([1.0, 1.0]))
    v.data = w.data
    before = w.data.tolist()
    with pytest.raises(JitError, match="is the array of another Value or argument too"):
        step(np.array([1.0, 1.0]))
    assert w.data.tolist() == before
    v.data = w.data.copy()
    step(np.array([1.0, 1.0]))
    with pytest.raises(JitError, match="is the array of another Value or argument too"):
        step(w.data)


@pytest.mark.parametrize(
    "taken",
    [
        lambda w: w.data,
        lambda w: w.detach(),
        lambda w: w.detach()[1:],
        lambda w: np.broadcast_to(w.data, (3, 2)),
        lambda w: np.lib.stride_tricks.sliding_window_view(w.data, 1),
        lambda w: w.data.astype(float, copy=False),
    ],
)
@pytest.mark.parametrize("used", [lambda old: old, lambda old: am.sum(old * 2.0)])
def test_what_was_taken_before_a_change_in_place_is_refused_after_it(taken: Any, used: Any) -> None:
    w = Value([1.0, -2.0])

    @jit
    def step(x: Any) -> Any:
        old = taken(w)
        w.data -= x
        return used(old)

    with pytest.raises(
        JitError, match=r"(?s)after it is changed in place.*\n  at test_steps_in_place.py:\d+: w.data -= x$"
    ):
        step(0.5)
    assert w.data.tolist() == [1.0, -2.0]


@pytest.mark.parametrize("rate", [np.float64(0.1), np.int64(2), 0.1])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_rate_of_another_dtype_leaves_an_array_its_own(rate: Any, dtype: Any) -> None:
    def trained(wrap: Any) -> Any:
        w = Value(np.ones(3, dtype))

        def step(x: Any, rate: Any) -> Any:
            loss = ((w * x) ** 2).sum()
            loss.backward()
            w.grad *= rate
            w.data -= rate * w.grad
            w.zero_grad()
            return loss

        step = wrap(step)
        for _ in range(3):
            step(np.full(3, 0.5, dtype), rate)
        return w.data

    found, expected = trained(jit), trained(lambda step: step)
    assert found.dtype == expected.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=2 * np.finfo(dtype).eps)


def test_an_array_of_whole_numbers_that_fractions_are_added_to_is_refused_as_numpy_refuses_it() -> None:
    def f(x: Any) -> Any:
        y = x * 2
        y += 0.5
        return Value(1.0) * y

    with pytest.raises(TypeError, match="same_kind"):
        f(np.arange(3))
    with pytest.raises(JitError, match="an array of int64 is changed in place to float64"):
        jit(f)(np.arange(3))


@pytest.mark.parametrize("value", [lambda w, x: w * x, lambda w, x: w, lambda w, x: (w * x).detach()])
@pytest.mark.parametrize("array", [lambda w, x: w.data, lambda w, x: x * 2.0])
def test_an_array_that_a_value_is_subtracted_from_in_place_is_refused(array: Any, value: Any) -> None:
    w = Value(np.ones(3))

    def f(x: Any) -> Any:
        y = array(w, x)
        y -= value(w, x)
        return w * y

    with pytest.raises(TypeError, match="write array = array"):
        f(np.ones(3))
    with pytest.raises(JitError, match=r"(?s)changed in place by a Value; .*: y -= value\(w, x\)$"):
        jit(f)(np.ones(3))
    assert w.data.tolist() == [1.0, 1.0, 1.0]


def test_sorting_in_place_is_refused() -> None:
    def f(x: Any) -> Any:
        y = x * 2.0
        y.sort()
        return Value(1.0) * y

    with pytest.raises(JitError, match=r"write x = np\.sort\(x\)"):
        jit(f)(np.array([3.0, 1.0]))


def test_a_gradient_under_another_name_than_it_is_changed_by_is_refused() -> None:
    w = Value(np.ones(3))

    def step(x: Any) -> Any:
        w.zero_grad()
        loss = (w * w * x).sum()
        loss.backward()
        g = w.grad
        w.grad *= 0.1
        w.data -= 0.1 * g
        return loss

    with pytest.raises(JitError, match="used under another name after it is changed in place"):
        jit(step)(np.ones(3))


def test_gradients_that_are_equal_are_arrays_of_their_own() -> None:
    def trained(wrap: Any) -> Any:
        a, b = Value(np.ones(3)), Value(np.full(3, 2.0))

        def step(x: Any) -> Any:
            a.zero_grad()
            b.zero_grad()
            loss = ((a + b) * x).sum()
            loss.backward()
            for i, p in enumerate((a, b)):
                p.grad *= 0.1 + i
                p.data -= p.grad
            return loss

        step = wrap(step)
        for _ in range(3):
            step(np.arange(3.0))
        return [a.data, b.data]

    np.testing.assert_allclose(trained(jit), trained(lambda step: step), rtol=1e-12)


def test_an_array_that_is_changed_in_place_and_then_replaced_is_refused_if_another_value_has_it_too() -> None:
    v, u = Value(np.ones(3)), Value(np.zeros(3))
    u.data = v.data

    @jit
    def f(x: Any) -> Any:
        v.data += x
        v.data = v.data * 2.0
        return (u * v).sum()

    with pytest.raises(JitError, match="is the array of another Value or argument too"):
        f(1.0)
    assert u.data.tolist() == [1.0, 1.0, 1.0]
    u.data = np.ones(3)
    assert f(1.0).data == 12.0
