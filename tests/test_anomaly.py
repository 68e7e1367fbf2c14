"""detect_anomaly: where the first nan or inf arose, and what changed between forward and backward."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import nn
import optim
from autograd_mini import (
    Value,
    custom_op,
    detect_anomaly,
    elementwise_grad,
    grad,
    jit,
    jvp,
    log,
    modes,
    named_scope,
    nanmean,
    no_grad,
    softmax,
    sqrt,
    vjp,
    where,
)


def complaint(f: Callable[[], Any], kind: type[Exception] = FloatingPointError) -> str:
    """What detect_anomaly says of ``f``."""
    with pytest.raises(kind, match=r"^detect_anomaly: ") as caught, detect_anomaly():
        f()
    assert modes.watch() is None
    return str(caught.value)


def changed(f: Callable[[], Any]) -> str:
    return complaint(f, RuntimeError)


# ---------------------------------------------------------------- forward


def test_it_names_the_op_the_operand_the_element_and_the_line() -> None:
    x = Value([1.0, 0.0], label="x")
    message = complaint(lambda: (x.log() * x).sum())
    assert message.startswith("detect_anomaly: log of x gives -inf at [1], where x = 0; keep its operand above 0")
    assert "\n  at test_anomaly.py:" in message
    assert message.endswith("(lambda: (x.log() * x).sum())")


def test_it_names_the_module() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    model[1].weight.data[...] = 1e308
    model[0].bias.data[...] = 1e308
    message = complaint(lambda: model(np.ones((1, 2))))
    assert "linear of v3 = linear and 1.weight and 1.bias gives inf at [0, 0]" in message
    assert message.endswith("in 1 (Linear 2 -> 1)")


def test_it_names_the_scope() -> None:
    def f() -> None:
        with named_scope("ratio"):
            Value(0.0) / Value(0.0)

    assert " in ratio gives nan" in complaint(f)


def test_scalars_arrays_and_results_without_a_gradient_are_looked_at() -> None:
    for x in (Value(-1.0), Value([-1.0]), Value(np.float32([-1.0])), Value(-1.0, requires_grad=False)):
        assert "log of x gives nan" in complaint(lambda x=x: log(x))
    with no_grad():
        assert "gives nan" in complaint(lambda: log(Value(-1.0)))


def test_overflow_beside_an_inf_that_was_given_is_found_by_element() -> None:
    x, mask = Value([1e308, 1.0]), np.array([0.0, -np.inf])
    assert "inf at [0]" in complaint(lambda: (x + mask) * 1e10)


# ---------------------------------------------------------------- backward


def test_the_branch_that_where_did_not_choose() -> None:
    x = Value([4.0, 0.0])

    def f() -> None:
        y = where(x.data > 1.0, x.sqrt(), 0.0)
        y.sum().backward()

    message = complaint(f)
    assert message.startswith("detect_anomaly: the backward of v1 = sqrt of shape (2,) (recorded at test_anomaly.py:")
    assert ": y = where(x.data > 1.0, x.sqrt(), 0.0)) sends nan to x at [1], where it is 0;" in message
    assert message.endswith(": y.sum().backward()")
    assert not x.has_grad


def test_a_sum_of_contributions_that_overflows() -> None:
    x = Value(1e-10, label="x")
    message = complaint(lambda: (x * 1e308 + x * 1e308).backward())
    assert "the contributions to the gradient of x add up to inf" in message


def test_the_gradient_that_is_given() -> None:
    x = Value([1.0, 2.0])
    assert "the gradient given to backward is nan at [1]" in complaint(lambda: (x * 2.0).backward([1.0, np.nan]))


def test_a_graph_from_before_says_so() -> None:
    x = Value(0.0)
    y = sqrt(x)
    assert "v1 = sqrt (recorded before detect_anomaly began)" in complaint(y.backward)
    z = log(x)
    assert "the loss is -inf; it began at z = log, which is -inf (log of 0)" in complaint(lambda: z.backward())


def test_gradients_of_gradients_name_the_op_that_they_came_from() -> None:
    x = Value(0.0, label="x")

    def f() -> None:
        y = x**1.5
        y.backward(create_graph=True)
        slope = x.grad
        x.zero_grad()
        slope.backward()

    assert "(recorded as part of the backward of pow at test_anomaly.py:" in (message := complaint(f))
    assert ": y = x**1.5) sends inf to x" in message


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: grad(f)(0.0),
        lambda f: elementwise_grad(f)(np.array([1.0, 0.0])),
        lambda f: vjp(f, 0.0)[1](1.0),
        lambda f: jvp(f, (0.0,), (1.0,)),
        lambda f: jit(grad(f))(0.0),
    ],
    ids=["grad", "elementwise_grad", "vjp", "jvp", "jit"],
)
def test_transforms_are_looked_at(transform: Callable[[Any], Any]) -> None:
    message = complaint(lambda: transform(lambda x: sqrt(x) * 2.0))
    assert " = sqrt" in message
    assert "inf" in message
    assert "transform(lambda x: sqrt(x) * 2.0)" in message


def test_an_op_of_the_users_own() -> None:
    @custom_op(lambda g, z, x: g / x)
    def wobble(x: Any) -> Any:
        return np.where(x > 5.0, np.nan, x * 1.0)

    assert "wobble of x gives nan, where x = 6" in complaint(lambda: wobble(Value(6.0, label="x")))
    assert "= wobble (recorded at" in complaint(lambda: wobble(Value(0.0)).backward())


def test_a_jitted_function_runs_eagerly_so_that_it_can_be_named() -> None:
    model = nn.MLP(2, [3, 1])

    @jit
    def loss(x: Any, y: Any) -> Any:
        return ((model(x) - y) ** 2).mean().log()

    x, y = np.ones((4, 2)), np.zeros((4, 1))
    expected = loss(x, y)
    expected.backward()
    gradients = [p.grad for p in model.parameters()]
    model.zero_grad()
    with detect_anomaly():
        watched = loss(x, y)
        watched.backward()
    assert watched.data == pytest.approx(expected.data, rel=1e-12)
    for p, g in zip(model.parameters(), gradients, strict=True):
        np.testing.assert_allclose(p.grad, g, rtol=1e-10)
    message = complaint(lambda: loss(x, model(x).data))
    assert "log of" in message
    assert "return ((model(x) - y) ** 2).mean().log()" in message
    assert type(loss(x, y)) is type(expected)


def test_it_is_not_opened_inside_of_a_jitted_function() -> None:
    @jit
    def f(x: Any) -> Any:
        with detect_anomaly():
            return x * 2.0

    with pytest.raises(RuntimeError, match="put it around the call"):
        f(1.0)


# ---------------------------------------------------------------- what is no anomaly


def test_infinite_masks_are_no_anomaly() -> None:
    scores, mask = Value(np.ones((3, 3))), np.triu(np.full((3, 3), -np.inf), 1)
    with detect_anomaly():
        for masked in (scores + mask, where(mask < 0.0, -np.inf, scores), scores + Value(mask, requires_grad=False)):
            softmax(masked, -1)[2, 0].backward()
        (scores + log(Value(np.tri(3), requires_grad=False))).logsumexp(-1).sum().backward()
    assert np.isfinite(scores.grad).all()


def test_missing_numbers_that_are_passed_over_are_no_anomaly() -> None:
    x = Value([1.0, np.nan, 3.0])
    with detect_anomaly():
        nanmean(x[1:] * 2.0).backward()
    assert x.grad.tolist() == [0.0, 0.0, 2.0]


def test_what_was_given_is_named_when_it_reaches_the_loss() -> None:
    model, data = nn.Linear(2, 1), np.array([[1.0, np.nan]])
    message = complaint(lambda: model(data).sum().backward())
    assert "the loss is nan; it began at data of shape (1, 2), which is nan at [0, 1]; the data have it" in message
    model.bias.data[0] = np.inf
    message = complaint(lambda: model(np.ones((1, 2))).sum().backward())
    assert "it began at bias of shape (1,), which is inf at [0]; the step before this one" in message


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x * 0.0) / (x * 0.0),
        lambda x: (x - x).sqrt() * 0.0,
        lambda x: (x * 0.0) ** 0.5 * 0.0,
        lambda x: ((x - 2.0) * (x - 2.0)).sqrt(),
        lambda x: x * x,
        lambda x: (x * 1e200).exp() * 0.0,
    ],
)
def test_where_pytorch_finds_a_nan_it_does(f: Callable[[Any], Any]) -> None:
    x = torch.tensor([2.0, 5.0], dtype=torch.float64, requires_grad=True)
    try:
        with warnings.catch_warnings(action="ignore"), torch.autograd.detect_anomaly():
            f(x).sum().backward()
        found = bool(x.grad.isnan().any())
    except RuntimeError:
        found = True
    y = Value([2.0, 5.0])
    if found:
        with np.errstate(all="ignore"):
            complaint(lambda: f(y).sum().backward())
    else:
        with detect_anomaly():
            f(y).sum().backward()
        assert y.grad.tolist() == x.grad.tolist()


# ---------------------------------------------------------------- changed between forward and backward


def test_a_leaf_that_is_written_into() -> None:
    w = Value([1.0, 2.0], label="w")

    def f() -> None:
        loss = (w * w).sum()
        w.data[1] = 7.0
        loss.backward()

    message = changed(f)
    assert "w of shape (2,) was changed between forward and backward: at [1] it was 2 and is 7, after" in message
    assert "= mul of shape (2,) (recorded at test_anomaly.py:" in message
    assert ": loss = (w * w).sum()) had used it" in message
    assert not w.has_grad


def test_a_result_that_is_written_into() -> None:
    w = Value([1.0, 2.0])

    def f() -> None:
        y = w.exp()
        y.data[0] = 0.0
        y.sum().backward()

    assert "y = exp of shape (2,) (recorded at test_anomaly.py:" in (message := changed(f))
    assert ": y = w.exp()) was changed" in message


def test_an_array_that_took_part() -> None:
    batch, w = np.array([1.0, 2.0]), Value([1.0, 2.0])

    def f() -> None:
        loss = (w * batch).sum()
        batch[:] = 0.0
        loss.backward()

    assert "batch of shape (2,) was changed between forward and backward: at [0] it was 1 and is 0" in changed(f)


@pytest.mark.parametrize("kind", ["scalar", "array", "jit"])
def test_a_second_backward_after_a_step_mixes_old_and_new(kind: str) -> None:
    w = Value(3.0, label="w") if kind == "scalar" else Value([3.0, 1.0], label="w")
    optimizer = optim.SGD([w], lr=0.1)

    def objective() -> Value:
        return (w * w).sum()

    loss_of = jit(objective) if kind == "jit" else objective

    def f() -> None:
        loss = loss_of()
        loss.backward()
        loss.backward()  # of the same numbers it is right
        optimizer.step()
        loss.backward()

    message = changed(f)
    assert message.startswith("detect_anomaly: w ")
    assert "each optimizer.step() needs a forward pass of its own" in message


def test_data_of_another_shape() -> None:
    w = Value([1.0, 2.0], label="w")

    def f() -> None:
        loss = (w * w).sum()
        w.data = np.ones(3)
        loss.backward()

    assert "its shape was (2,) and is (3,)" in changed(f)


def test_equal_numbers_in_their_place_are_no_change() -> None:
    w = Value([1.0, np.nan])
    with detect_anomaly():
        loss = where(np.array([True, False]), w * w, 0.0).sum()
        w.data = w.data.copy()
        with pytest.raises(FloatingPointError):  # the nan reaches the gradient, and that is all
            loss.backward()


# ---------------------------------------------------------------- the mode


def test_a_training_step_is_as_without() -> None:
    results = []
    for watched in (False, True):
        model = nn.MLP(2, [4, 1], rng=np.random.default_rng(0))
        optimizer = optim.Adam(model.parameters(), lr=0.1)

        def step(model: Any = model, optimizer: Any = optimizer) -> None:
            optimizer.zero_grad()
            ((model(np.eye(2)) - 1.0) ** 2).mean().backward()
            optimizer.step()

        for _ in range(3):
            (detect_anomaly()(step) if watched else step)()
        results.append([p.data.tobytes() for p in model.parameters()])
    assert results[0] == results[1]


def test_it_nests_and_one_object_can_be_entered_twice() -> None:
    watch = detect_anomaly()
    with watch:
        with watch, detect_anomaly():
            pass
        with pytest.raises(FloatingPointError):
            log(Value(-1.0))
    assert np.isnan(log(Value(-1.0)).data)
    assert modes.open_blocks == 0


def test_a_generator_is_refused() -> None:
    with pytest.raises(TypeError, match="write `with detect_anomaly"):

        @detect_anomaly()
        def numbers() -> Iterator[int]:
            yield 1


def test_nothing_is_kept_where_it_is_off() -> None:
    x = Value([1.0, 2.0])
    assert type(x * 2.0) is Value
    with detect_anomaly():
        assert type(x * 2.0) is not Value
        assert type(x.detach() * 2.0) is Value  # what has no gradient has no backward
    assert type(x * 2.0) is Value


def test_what_was_recorded_is_copied_and_pickled_without_its_line() -> None:
    x = Value([1.0, 2.0])
    with detect_anomaly():
        y = (x * x).sum()
        for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y)), copy.copy(y)):
            twin.backward()
            assert twin.data == y.data
