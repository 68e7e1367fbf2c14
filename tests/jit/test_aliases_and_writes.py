"""A Value that a jitted function gets twice, an array that it writes into, and whole numbers that it is given."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from autograd_mini import JitError, Value, jit


@pytest.mark.parametrize("data", [3.0, np.array([3.0, 4.0])])
def test_a_value_that_is_an_argument_twice_gets_both_of_its_gradients(data: Any) -> None:
    x, f = Value(data), jit(lambda a, b: (a * b * b).sum())
    for _ in range(2):
        f(x, x).backward()
    np.testing.assert_allclose(x.grad, 2 * 3 * x.data**2)


def test_a_parameter_that_is_also_an_argument_gets_both_of_its_gradients() -> None:
    w, x = Value(2.0), Value(5.0)
    f = jit(lambda a: a["p"] * w)
    f({"p": x}).backward()
    w.zero_grad()
    f({"p": w}).backward()
    assert w.grad == 4.0


@pytest.mark.parametrize(
    "write", [lambda a: a.__setitem__(0, a[0] + 1), lambda a: a.fill(a[0] + 1), lambda a: a.sort()]
)
def test_a_write_into_an_array_that_the_function_closes_over_is_refused(write: Any) -> None:
    w, array = Value(np.ones(2)), np.array([1.0, 0.0])

    def f() -> Any:
        write(array)
        return (w * array).sum()

    with pytest.raises(JitError, match=r"writes into an array of shape \(2,\)"):
        jit(f)()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (~x).sum(),
        lambda x: (x & 1).sum(),
        lambda x: (x | 4).sum(),
        lambda x: np.percentile(x, 30),
        lambda x: np.linalg.norm(x),
        lambda x: np.mean(x),
        lambda x: np.maximum(x, 2).sum(),
        lambda x: ((x > 1) & (x < 9)).sum(),
    ],
)
@pytest.mark.parametrize("dtype", [np.int64, np.int16])
def test_whole_numbers_are_computed_with_as_without_jit(f: Any, dtype: Any) -> None:
    w = Value(1.0)
    jitted = jit(lambda x: f(x) * w)
    for x in (np.array([0, 1, 200], dtype), np.array([300, 7, 5], dtype)):
        assert float(jitted(x).data) == float(f(x))


PARTS: dict[str, Any] = {
    "itself": lambda x: x,
    "a row": lambda x: x[0],
    "columns": lambda x: x[:, 1:],
    "transposed": lambda x: x.T,
    "in another shape": lambda x: x.reshape(-1),
    "by a function of NumPy": np.ravel,
    "what a loop gives": lambda x: next(iter(x)),
}
IN_PLACE = [operator.iadd, operator.imul, operator.ifloordiv, operator.imod, operator.ipow]


@pytest.mark.parametrize("change", IN_PLACE)
@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_an_argument_that_is_changed_in_place_is_refused(part: str, change: Any) -> None:
    w, x = Value(np.ones(3)), np.full((2, 3), 5.0)

    def f(x: Any) -> Any:
        change(PARTS[part](x), 2.0)
        return (w * x).sum()

    with pytest.raises(JitError, match="changes an array that it is given, or a part of it, in place"):
        jit(f)(x)
    assert (x == 5.0).all()


def test_a_part_of_a_parameter_that_is_changed_in_place_is_refused() -> None:
    w = Value(np.full((2, 3), 5.0))

    def f(x: Any) -> Any:
        row = w.data[0]
        row -= x
        return (w * x).sum()

    with pytest.raises(JitError, match="or a part of it, in place"):
        jit(f)(np.ones(3))
    assert (w.data == 5.0).all()


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
@pytest.mark.parametrize(
    "copy",
    [
        *(lambda x: x * 2, lambda x: x.copy(), lambda x: x[[0, 1]], lambda x: x > 1, lambda x: x.clip(0, 3)),
        *(lambda x: x.flatten().reshape(2, 3), lambda x: np.where(x > 1, x, 0)),
    ],
)
def test_a_copy_of_an_argument_may_be_changed_in_place(copy: Any, dtype: Any) -> None:
    w, x = Value(np.ones(3)), np.full((2, 3), 5, dtype)

    def f(x: Any) -> Any:
        y = copy(x)
        if y.dtype == bool:
            y &= x < 7
        else:
            y -= 2
        return (w * x * y).sum()

    assert jit(f)(x).data == f(x).data


def centred(array: Any) -> None:
    array -= array.mean()


OTHER_NAMES: dict[str, Any] = {
    "a function's": lambda y: centred(y),
    "a name more": lambda y: operator.isub(y, 2.0),
    "a row": lambda y: operator.isub(y[0], 2.0),
    "a view": lambda y: operator.isub(y.T, 2.0),
}


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_a_computed_array_that_is_used_under_another_name_than_it_is_changed_by_is_refused(name: str) -> None:
    w = Value(np.ones(3))

    def f(x: Any) -> Any:
        y = x * 2.0
        OTHER_NAMES[name](y)
        return (w * y).sum()

    with pytest.raises(JitError, match=r"(?s)under another name after it is changed in place.*: (array -= |.*isub)"):
        jit(f)(np.ones((2, 3)))


def test_what_was_picked_from_a_computed_array_before_is_its_own() -> None:
    w = Value(np.ones(3))

    def f(x: Any) -> Any:
        y = x * 2.0
        before = y[[0, 1]]
        y -= y.mean(axis=0)
        y *= 3.0
        return (w * before * y).sum()

    x = np.arange(6.0).reshape(2, 3)
    assert jit(f)(x).data == f(x).data


def test_a_number_that_was_picked_from_an_array_stays_what_it_was() -> None:
    w = Value(np.ones(3))

    def f(x: Any) -> Any:
        x = x * 1.0
        last = x[-1]
        x /= last
        return (w * x).sum() * last

    x = np.array([1.0, 2.0, 4.0])
    assert jit(f)(x).data == f(x).data


def test_truths_of_an_argument_and_of_an_array_are_combined_from_either_side() -> None:
    w, mask, bits = Value(np.ones(3)), np.array([True, True, False]), np.array([1, 6, 4])
    x = np.array([1.0, 5.0, 2.0])
    for f in (
        lambda x: (w * (mask & (x < 3))).sum(),
        lambda x: (w * ((x < 3) ^ mask)).sum(),
        lambda x: (w * np.bitwise_or(mask, x < 3)).sum(),
        lambda x: (w * (bits | (x < 3))).sum(),
    ):
        assert jit(f)(x).data == f(x).data


def test_what_a_refused_trace_has_left_behind_is_said_to_be_that() -> None:
    w, momentum = Value(np.ones(3)), [np.zeros(3)]

    @jit
    def step(x: Any) -> Any:
        w.zero_grad()
        loss = (w * w * x).sum()
        loss.backward()
        momentum[0] = 0.9 * momentum[0] + w.grad
        return loss

    with pytest.raises(JitError, match="the function changes momentum"):
        step(np.ones(3))
    with pytest.raises(JitError, match="in an earlier trace, which was refused and left it behind; put numbers there"):
        step(np.ones(3))


P = Value(np.array([1.0, -2.0]))
WRITES: dict[str, Any] = {
    "a method, of data": lambda x: P.data.clip(-0.3, 0.3, out=P.data),
    "a function, of data": lambda x: np.clip(P.data, 0, 5, out=P.data),
    "a ufunc, of data": lambda x: np.subtract(P.data, 1.0, out=P.data),
    "a function": lambda x: np.clip(x, 0, 5, out=x),
    "a ufunc": lambda x: np.add(x, 1, out=x),
    "a sum": lambda x: x.sum(out=np.zeros((), int)),
    "cumsum": lambda x: np.cumsum(x, out=x),
    "copyto": lambda x: np.copyto(x, 3),
    "put": lambda x: np.put(x, [0], [1]),
    "place": lambda x: np.place(x, x > 2, [0]),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_a_function_of_numpys_that_writes_into_an_array_is_refused(name: str, dtype: Any) -> None:
    x = np.array([1, 2, 250], dtype)
    with pytest.raises(
        JitError, match=r"np\.\w+ writes into an array, and a replay would write into another(.|\n)*lambda"
    ):
        jit(WRITES[name])(x)
    assert x.tolist() == [1, 2, 250]
    assert P.data.tolist() == [1.0, -2.0]
