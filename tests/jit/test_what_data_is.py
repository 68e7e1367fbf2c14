"""A function that asks what its plain data is, such as ``isinstance(p.data, np.ndarray)``, is told so under jit too."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from functools import partial
from typing import Any

import numpy as np
import pytest

import optim
from autograd_mini import (
    JitError,
    Value,
    detect_anomaly,
    grad,
    hessian,
    hvp,
    jacobian,
    jit,
    jvp,
    ops,
    value_and_grad,
    vjp,
)


def is_matched(x: Any) -> bool:
    match x:
        case Value():
            return True
    return False


QUESTIONS = {
    "isinstance, array": lambda x: isinstance(x, np.ndarray),
    "isinstance, float": lambda x: isinstance(x, float),
    "isinstance, one of several": lambda x: isinstance(x, int | float | np.floating),
    "isinstance, Value": lambda x: isinstance(x, Value),
    "isinstance, Value or float": lambda x: isinstance(x, Value | float),
    "class": lambda x: x.__class__ is np.ndarray,
    "computed": lambda x: isinstance(np.exp(2.0 * x + 1.0), np.ndarray),
    # a float64 without axes is a float when it is traced
    "hasattr": lambda x: isinstance(x, float) or hasattr(x, "nbytes"),
    "hasattr, of nobody": lambda x: hasattr(x, "unsqueeze"),
    "hasattr, of a Value": lambda x: hasattr(x, "requires_grad") or hasattr(x, "backward") or hasattr(x, "detach"),
    "getattr, of a Value": lambda x: getattr(x, "requires_grad", None) is None,
    "match, a Value": is_matched,
    "nbytes": lambda x: getattr(x, "nbytes", 0) > 12,
    "match": lambda x: {float: 1, np.ndarray: 2}.get(x.__class__, 3) == 2,
    "itemsize": lambda x: getattr(x, "itemsize", 0) == 4,
}
DATA = [3.0, np.ones(2), np.ones(2, np.float32), np.array(3.0)]


@pytest.mark.parametrize("data", DATA, ids=lambda data: repr(data)[:20])
@pytest.mark.parametrize("name", QUESTIONS)
def test_what_a_parameters_data_and_gradient_are(name: str, data: Any) -> None:
    is_so: Any = QUESTIONS[name]
    p = Value(data)

    def answers() -> Any:
        p.zero_grad()
        before = is_so(p.data)
        (p * p).sum().backward()
        then = is_so(p.grad * 1.0), is_so(p * p.grad)
        p.zero_grad()
        return before, *then

    expected = answers()
    assert jit(answers)() == expected


ARGUMENTS = [*DATA, 3, np.arange(3)]
WHOLE = [case for case in QUESTIONS if case != "computed"]  # a whole number is a float where one computes with it
ASKED = [(name, data) for data in ARGUMENTS for name in (WHOLE if type(data) is int else QUESTIONS)]


@pytest.mark.parametrize(("name", "data"), ASKED, ids=lambda part: str(part)[:20])
def test_what_an_argument_is(name: str, data: Any) -> None:
    is_so: Any = QUESTIONS[name]
    w = Value(1.0)
    assert jit(lambda x: (w * x, is_so(x)))(data)[1] == is_so(data)


def test_a_number_of_numpys_as_an_argument_is_one() -> None:
    w = Value(1.0)
    assert jit(lambda x: (w * x, isinstance(x, np.float32), isinstance(x, float)))(np.float32(3.0))[1:] == (True, False)


@pytest.mark.parametrize("number", [np.int64(3), np.uint8(3), np.float32(3.0), np.float64(3.0)], ids=repr)
def test_a_number_of_numpys_has_its_dtype(number: Any) -> None:
    w = Value(1.0)
    assert jit(lambda x: (w * x, x.dtype))(number)[1] == number.dtype


@pytest.mark.parametrize("number", [np.int64(3), np.uint8(3), np.float32(3.0)], ids=repr)
@pytest.mark.parametrize(
    "moved", [lambda x: x[None], lambda x: x[...], lambda x: x.reshape(-1), lambda x: x.reshape(1, 1)]
)
def test_a_number_of_numpys_that_gets_axes_keeps_its_dtype(moved: Any, number: Any) -> None:
    w, is_whole = Value(np.arange(5.0)), number.dtype.kind != "f"
    jitted = jit(lambda x: (w * x, moved(x), w[moved(x) if is_whole else 0]))
    for x in (number, number - number.dtype.type(2)):
        expected, found = moved(x), jitted(x)
        assert found[1].data.dtype == expected.dtype
        np.testing.assert_array_equal(found[1].data, expected)
        np.testing.assert_array_equal(found[2].data, w.data[expected if is_whole else 0])


def test_an_argument_that_is_a_value_is_one() -> None:
    assert jit(lambda x: (x * 2.0, isinstance(x, Value), isinstance(x, np.ndarray)))(Value([1.0]))[1:] == (True, False)


OF_ONE = [name for name in ops.__all__ if name not in ("one_hot", "svd", "eigh", "qr", "slogdet")]


W = Value(np.ones(3))


@pytest.mark.parametrize("f", [lambda x: Value(W * x), lambda x: Value(W) * x], ids=["computed", "a parameter"])
def test_a_value_of_a_value_is_the_error_that_it_is_without_jit(f: Any) -> None:
    for g in (f, jit(f)):
        with pytest.raises(TypeError, match="this is a Value already"):
            g(np.ones(W.shape))


def test_an_op_of_plain_data_gives_plain_data() -> None:
    w = Value(1.0)

    def kinds(x: Any, op: Any) -> Any:
        found = op(x)
        parts = found if isinstance(found, tuple | list) else [found]
        return [(isinstance(part, Value), isinstance(part, np.ndarray), isinstance(part, float)) for part in parts]

    for x in (np.array([[0.5, 0.25], [0.25, 0.75]]), 0.5):
        asked = 0
        for op in map(partial(getattr, ops), OF_ONE):
            try:
                expected = kinds(x, op)
            except (TypeError, ValueError):
                continue
            assert jit(lambda x, op=op: (w * x, kinds(x, op)))(x)[1] == expected, op
            asked += 1
        assert asked > 50


def test_an_op_of_an_argument_and_a_value_gives_a_value() -> None:
    w = Value(1.0)
    assert jit(lambda x: (w * x, isinstance(w * x, Value), isinstance(x > w, Value), hasattr(w * x, "detach")))(2.0)[
        1:
    ] == (True, False, True)


def cube(z: Any) -> Any:
    return (z * z * z).sum() if np.ndim(z) else z * z * z


GIVEN_OUT: dict[str, Any] = {
    "grad": grad(cube),
    "value_and_grad": value_and_grad(cube),
    "vjp": lambda x: (lambda output, pullback: (output, *pullback(1.0)))(*vjp(cube, x)),
    "jvp": lambda x: jvp(cube, (x,), (x,)),
    "hvp": lambda x: hvp(cube, (x,), (x,)),
    "jacobian": jacobian(cube),
    "hessian": hessian(cube),
    "of data": lambda x: grad(lambda p: p * p)(W.data.sum()),
    "beside a Value": grad(lambda x: cube(x) * W.sum()),
    "of a Value too": lambda x: grad(lambda x, w: cube(x) * w.sum(), (0, 1))(x, W),
}


@pytest.mark.parametrize("x", [2.0, np.ones(2), np.ones(2, np.float32)], ids=["number", "array", "float32"])
@pytest.mark.parametrize("name", GIVEN_OUT)
def test_a_derivative_by_plain_data_is_plain_data(name: str, x: Any) -> None:
    def kinds(x: Any) -> Any:
        found = GIVEN_OUT[name](x)
        parts = found if isinstance(found, tuple) else (found,)
        return [(isinstance(g, Value), isinstance(g, np.ndarray), isinstance(g, float)) for g in parts]

    assert jit(lambda x: (W * 1.0, kinds(x)))(x)[1] == kinds(x)


def test_an_argument_is_what_it_is_where_a_jitted_function_runs_op_by_op_too() -> None:
    w = Value(3.0)

    @jit
    def f(w: Any, x: Any) -> Any:
        return w * w * x if isinstance(x, np.ndarray) and not isinstance(x, Value) else w

    with detect_anomaly():
        np.testing.assert_array_equal(f(w, np.ones(2)).data, [9.0, 9.0])
        assert jit(lambda x: x * 2.0)(1.5).data == 3.0
    assert hvp(lambda w: f(w, np.ones(2)).sum(), (3.0,), (1.0,)) == 4.0


def test_a_gradient_that_is_not_there_is_0_as_a_number_or_an_array() -> None:
    p, q = Value(2.0), Value(np.ones(2, np.float32))
    gradients = jit(lambda: (p.grad, q.grad))()
    assert gradients[0].__class__ is p.grad.__class__ is float
    np.testing.assert_array_equal(gradients[1], q.grad, strict=True)


def test_a_gradient_is_of_the_class_that_it_is_of() -> None:
    p, q = Value(np.array(3.0)), Value(3.0)

    @jit
    def classes() -> Any:
        (p * q).backward(create_graph=True)
        of_values = isinstance(p.grad, np.ndarray), isinstance(p.grad, Value)
        p.zero_grad()
        q.zero_grad()
        (p * q).backward()
        return of_values, isinstance(p.grad, np.ndarray), isinstance(q.grad, float), q.grad.__class__ is float

    assert classes() == ((False, True), True, True, True)


@pytest.mark.parametrize("ask", [lambda x: x.flags.writeable, lambda x: x.strides[0], lambda x: x.tobytes()[0]])
def test_where_data_lies_in_memory_is_not_told(ask: Any) -> None:
    p = Value(np.ones(2))
    with pytest.raises(JitError, match=r"reading \.\w+ of data that is traced(.|\n)*lambda x"):
        jit(lambda: p * ask(p.data))()


@pytest.mark.parametrize("data", [3.0, np.array(3.0), np.array(3.0, np.float32), np.float64(3.0), np.ones(1)])
@pytest.mark.parametrize("how", ["assigned", "in place", "a number", "by an optimizer"])
def test_a_parameter_of_one_number_becomes_what_it_becomes_without_jit(how: str, data: Any) -> None:
    def classes(is_jitted: bool) -> Any:
        p = Value(0.0)
        p.data = np.array(data) if isinstance(data, np.ndarray) else data
        optimizer = optim.SGD([p], 0.25)

        def step(x: Any) -> Any:
            p.zero_grad()
            (p * x).sum().backward()
            if how == "assigned":
                p.data = p.data - 0.25 * p.grad
            elif how == "in place":
                p.data -= 0.25 * p.grad
            elif how == "a number" and np.shape(data) == () and p.dtype != np.float32:
                p.data = 2.0
            else:
                optimizer.step()

        f = jit(step) if is_jitted else step
        found = []
        for x in (1.0, 2.0, 3.0):
            f(Value(x, requires_grad=False))
            found.append((p.data.__class__, p.grad.__class__, p.item()))
        return found

    assert classes(is_jitted=True) == classes(is_jitted=False)


TOLD_APART: dict[str, Any] = {
    "hasattr __len__": lambda k: W.sum(axis=0) if hasattr(k, "__len__") else (W * k).sum(),
    "hasattr __iter__": lambda k: W.sum(axis=0) if hasattr(k, "__iter__") else (W * k).sum(),
    "hasattr __index__": lambda k: W.sum(axis=0) if hasattr(k, "__index__") else (W * k).sum(),
    "hasattr shape": lambda k: W.mean() if hasattr(k, "shape") else (W * k).sum(),
    "hasattr item": lambda k: W.mean() if hasattr(k, "item") else (W * k).sum(),
    "Iterable": lambda k: sum(W.sum() * v for v in (k if isinstance(k, Iterable) else [k] * 3)),
    "Sized": lambda k: W.sum() if isinstance(k, Sized) else W.mean() * k,
    "== None": lambda k: W.mean() if k == None else W.sum() * k,  # noqa: E711  # as it is written
    "!= a text": lambda k: W.mean() * k if k != "sum" else W.sum(),
    "in texts": lambda k: W.sum() if k in ("sum", None) else W.sum() * k,
    "== a number": lambda k: W * (k == 2.0),
    "len in try": lambda k: W.sum() * length(k),
}


def length(k: Any) -> int:
    try:
        return len(k)
    except TypeError:
        return 7


@pytest.mark.parametrize("name", TOLD_APART)
def test_a_number_is_told_from_an_array_as_without_jit(name: str) -> None:
    f, jitted = TOLD_APART[name], jit(TOLD_APART[name])
    for k in (1.0, 2, True, np.float64(1.0), np.float32(2.0), np.int64(2)):
        np.testing.assert_array_equal(jitted(k).data, f(k).data)


TEXTS: dict[str, Any] = {
    "a key": lambda k: W * {"1": 2.0}[str(k)],
    "a text that is compared": lambda k: W if f"{k}" == "1" else W * 2.0,
    "how long it is": lambda k: W * len(repr(k)),
    "with a form": lambda k: W * len(f"{k:.3f}"),
    "as in C": lambda k: W * len("%s" % k),  # noqa: UP031  # as it is written
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_of_a_traced_number_is_refused_for_it_may_decide(name: str) -> None:
    with pytest.raises(JitError, match=r"a text with a number in it that is another at each call(.|\n)*lambda k"):
        jit(TEXTS[name])(1)
