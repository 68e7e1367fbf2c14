"""A hundred steps of every optimizer with every combination of its options, against PyTorch in float64."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import optim
from autograd_mini import Value, jit

STEPS = 100


def combinations(**choices: list[Any]) -> Iterator[dict[str, Any]]:
    return (dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values()))


EVERY = ("SGD", "Adam", "AdamW", "NAdam", "RMSprop", "Adagrad", "Adadelta")
ADAM = list(
    combinations(
        lr=[0.05],
        betas=[(0.9, 0.999), (0.5, 0.9), (0.0, 0.0)],
        eps=[1e-8, 0.1],
        weight_decay=[0.0, 0.1],
        amsgrad=[False, True],
    )
)
CASES = [
    *[
        ("SGD", options)
        for options in combinations(
            lr=[0.02], momentum=[0, 0.9], dampening=[0, 0.3], weight_decay=[0, 0.1], nesterov=[False, True]
        )
        if not options["nesterov"] or (options["momentum"] and not options["dampening"])
    ],
    *[(name, options) for name in ("Adam", "AdamW") for options in ADAM],
    *[
        ("RMSprop", options)
        for options in combinations(
            lr=[0.02],
            alpha=[0.99, 0.5],
            eps=[1e-8, 0.1],
            weight_decay=[0, 0.1],
            momentum=[0, 0.9],
            centered=[False, True],
        )
    ],
    *[
        ("Adagrad", options)
        for options in combinations(
            lr=[0.1], lr_decay=[0, 0.1], weight_decay=[0, 0.1], initial_accumulator_value=[0, 0.5], eps=[1e-10, 0.1]
        )
    ],
    *[
        ("Adadelta", options)
        for options in combinations(lr=[1.0, 0.3], rho=[0.9, 0.5, 0.0], eps=[1e-6, 0.1], weight_decay=[0, 0.1])
    ],
    *[
        ("NAdam", options)
        for options in combinations(
            lr=[0.02],
            betas=[(0.9, 0.999), (0.5, 0.9), (0.0, 0.0)],
            eps=[1e-8, 0.1],
            weight_decay=[0, 0.1],
            momentum_decay=[4e-3, 0.1],
            decoupled_weight_decay=[False, True],
        )
    ],
    ("Adam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    # uphill, for a few steps before it overflows: weight decay stays a pull towards zero
    *[(name, {"lr": 1e-4, "weight_decay": 0.1, "maximize": True}) for name in EVERY],
    *[(name, {}) for name in EVERY],  # the defaults are PyTorch's too
]


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    """NAdam keeps its product of momenta in PyTorch's default dtype."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def loss_of(xs: list[Any], step: int) -> Any:
    """A loss that is no sum over its inputs, with another minimum at every step; at some it leaves out one of them."""
    matrix, vector, number = xs
    loss = ((matrix @ vector - 0.1 * step) ** 2).sum() * 0.1 + (number * vector.sum() - 1) ** 2
    return loss if step % 7 == 3 else loss + (number - 2) ** 4 * 0.01 + (matrix * matrix * matrix).sum() * 0.01


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda case: str(case))
def test_a_hundred_steps_are_pytorchs(name: str, options: dict[str, Any]) -> None:
    """Both are given the gradients at our weights: at theirs, rounding grows where an optimizer jumps to and fro."""
    start = np.random.default_rng(0)
    data = [start.normal(size=(3, 2)), start.normal(size=2), 0.5]
    ours = [Value(x) for x in data]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in data]
    optimizer = getattr(optim, name)(ours, **options)
    oracle = getattr(torch.optim, name)(theirs, **options)
    path: list[Any] = []
    expected: list[Any] = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss_of(ours, step).backward()
        for value, tensor in zip(ours, theirs, strict=True):
            tensor.grad = torch.tensor(value.grad) if value.has_grad else None
        optimizer.step()
        oracle.step()
        path.append(np.concatenate([np.ravel(value.data) for value in ours]))
        expected.append(np.concatenate([tensor.detach().numpy().ravel() for tensor in theirs]))
    np.testing.assert_allclose(path, expected, rtol=1e-10, atol=1e-12, err_msg="step, number")


@pytest.mark.parametrize("name", EVERY)
def test_a_parameter_that_no_gradient_reaches_waits_as_in_pytorch(name: str) -> None:
    """Neither weight decay nor momentum moves it, and its own count of steps stands still."""
    ours = [Value([1.0, 2.0]), Value(3.0)]
    theirs = [torch.tensor(x.data, dtype=torch.float64, requires_grad=True) for x in ours]
    options = {"lr": 0.1, "weight_decay": 0.1} | ({"momentum": 0.9} if name in ("SGD", "RMSprop") else {})
    optimizer, oracle = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for step in range(9):
        for (vector, number), one in ((ours, optimizer), (theirs, oracle)):
            one.zero_grad()
            loss = (vector * vector).sum()
            (loss * number if step in (2, 3, 7) else loss).backward()
            one.step()
        assert (ours[1].data == 3.0) == (step < 2)
        for value, tensor in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(
                value.data, tensor.detach().numpy(), rtol=1e-10, atol=1e-12, err_msg=f"step {step}"
            )


@pytest.mark.parametrize("name", ["Adam", "AdamW", "NAdam", "RMSprop", "Adagrad", "Adadelta"])
def test_zero_over_zero_is_nan_for_floats_and_arrays_as_in_pytorch(name: str) -> None:
    ours = [Value(1.0), Value([1.0, 1.0])]
    theirs = [torch.tensor(x.data, dtype=torch.float64, requires_grad=True) for x in ours]
    for xs, one in ((ours, getattr(optim, name)(ours, eps=0)), (theirs, getattr(torch.optim, name)(theirs, eps=0))):
        (xs[0] * 0 + (xs[1] * xs[1].data * 0).sum()).backward()
        one.step()
    assert np.isnan(ours[0].data)
    assert type(ours[0].data) is float
    np.testing.assert_array_equal(ours[1].data, theirs[1].detach().numpy())


@pytest.mark.parametrize("name", EVERY)
def test_parameter_groups_take_the_steps_that_pytorchs_take(name: str) -> None:
    """Options of their own, one that is changed on the way, and a group that joins late."""
    data = [np.array([1.0, 2.0]), 3.0, np.array([0.5, -0.5])]
    ours = [Value(x) for x in data]
    theirs = [torch.tensor(x, requires_grad=True) for x in data]
    made = []
    for (a, b, c), module in ((ours, optim), (theirs, torch.optim)):
        groups = [{"params": [a], "lr": 0.02}, {"params": [b], "weight_decay": 0.2}]
        optimizer = getattr(module, name)(groups, lr=0.01)
        for step in range(40):
            if step == 10:
                optimizer.param_groups[1]["lr"] = 0.05
            if step == 20:
                optimizer.add_param_group({"params": [c], "lr": 0.03})
            optimizer.zero_grad()
            ((a * b - 1) ** 2 + (c - a) ** 2).sum().backward()
            optimizer.step()
        made.append(optimizer)
    for value, tensor in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(value.data, tensor.detach().numpy(), rtol=1e-10, atol=1e-12)
    for mine, oracle in zip(made[0].param_groups, made[1].param_groups, strict=True):
        options = {key: setting for key, setting in mine.items() if key != "params"}
        assert options == {key: oracle[key] for key in options}


@pytest.mark.parametrize("betas", [(0.9, 0.99), (0.5, 0.9), (0.0, 0.0)])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_lion_is_algorithm_2_of_the_paper(betas: tuple[float, float], weight_decay: float) -> None:
    start = np.random.default_rng(0)
    data = [start.normal(size=(3, 2)), start.normal(size=2), np.array(0.5)]
    ours = [Value(data[0]), Value(data[1]), Value(0.5)]
    optimizer = optim.Lion(ours, lr=0.01, betas=betas, weight_decay=weight_decay)
    moments = [np.zeros_like(x) for x in data]
    for step in range(STEPS):
        optimizer.zero_grad()
        loss_of(ours, step).backward()
        for i, value in enumerate(ours):
            g = value.grad
            c = betas[0] * moments[i] + (1 - betas[0]) * g
            data[i] = data[i] - 0.01 * (np.sign(c) + weight_decay * data[i])
            moments[i] = betas[1] * moments[i] + (1 - betas[1]) * g
        optimizer.step()
        for value, expected in zip(ours, data, strict=True):
            np.testing.assert_allclose(value.data, expected, rtol=1e-10, atol=1e-12, err_msg=f"step {step}")


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.5, np.inf])
@pytest.mark.parametrize("max_norm", [0.0, 0.5, 1e6, np.inf])
def test_clipping_the_norm_is_pytorchs(norm_type: float, max_norm: float) -> None:
    ours, theirs = with_gradients([[3.0, -4.0], [[1.0]], 2.0])
    norm = optim.clip_grad_norm(ours, max_norm, norm_type)
    oracle = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    assert norm == pytest.approx(oracle.item(), rel=1e-12)
    same_gradients(ours, theirs)


def test_gradients_of_float16_have_a_norm_though_their_squares_do_not_fit() -> None:
    w, tensor = Value(np.ones(4, np.float16)), torch.ones(4, dtype=torch.float16, requires_grad=True)
    shorten = jit(lambda: [(w * 300.0).sum().backward(), optim.clip_grad_norm([w], 1.0)][1])
    for clip in (lambda: [(w * 300.0).sum().backward(), optim.clip_grad_norm([w], 1.0)][1], lambda: shorten().item()):
        w.zero_grad()
        tensor.grad = torch.full_like(tensor, 300.0)
        assert clip() == torch.nn.utils.clip_grad_norm_([tensor], 1.0).item() == 600.0
        assert w.grad.tolist() == tensor.grad.tolist() == [0.5] * 4
        assert w.grad.dtype == np.float16


@pytest.mark.parametrize("spoilt", [np.inf, np.nan])
def test_a_norm_that_is_not_finite_spoils_the_gradients_as_in_pytorch(spoilt: float) -> None:
    for limit in (1.0, np.inf):
        ours, theirs = with_gradients([[3.0, spoilt], [[1.0]]])
        np.testing.assert_equal(optim.clip_grad_norm(ours, limit), torch.nn.utils.clip_grad_norm_(theirs, limit).item())
        same_gradients(ours, theirs)


def test_clipping_the_elements_is_pytorchs() -> None:
    ours, theirs = with_gradients([[3.0, -4.0, 0.1], [[1.0]], 2.0, [np.nan, -np.inf]])
    for limit in (np.inf, 0.5):
        optim.clip_grad_value(ours, limit)
        torch.nn.utils.clip_grad_value_(theirs, limit)
        same_gradients(ours, theirs)


def with_gradients(gradients: list[Any]) -> tuple[list[Value], list[torch.Tensor]]:
    """Parameters with these gradients, and one that has none."""
    ours, theirs = [Value(g) for g in gradients], [torch.tensor(g) for g in gradients]
    for value, tensor in zip(ours, theirs, strict=True):
        value.grad, tensor.grad = value.data, tensor.clone()
    return [*ours, Value(1.0)], [*theirs, torch.tensor(1.0)]


def same_gradients(ours: list[Value], theirs: list[torch.Tensor]) -> None:
    for value, tensor in zip(ours[:-1], theirs[:-1], strict=True):
        assert tensor.grad is not None
        np.testing.assert_allclose(value.grad, tensor.grad.numpy(), rtol=1e-12)
    assert not ours[-1].has_grad


def rosenbrock(xs: list[Any]) -> Any:
    """Of all the numbers of a matrix, a vector and a number: each with the next."""
    matrix, vector, number = xs
    numbers = [matrix[0, 0], matrix[0, 1], matrix[1, 0], matrix[1, 1], vector[0], vector[1], number]
    return sum([(1 - a) ** 2 + 100 * (b - a * a) ** 2 for a, b in itertools.pairwise(numbers)])


def quadratic(xs: list[Any]) -> Any:
    matrix, vector, number = xs
    return ((matrix @ vector - number) ** 2).sum() + 0.1 * (matrix * matrix).sum() + (vector * vector).sum()


def lbfgs_cases() -> Iterator[dict[str, Any]]:
    yield {}
    yield {"line_search_fn": "strong_wolfe"}
    yield from combinations(
        lr=[1.0, 0.1],
        max_iter=[1, 4, 20],
        max_eval=[None, 3],
        history_size=[100, 3],
        line_search_fn=[None, "strong_wolfe"],
    )
    yield {"tolerance_grad": 0.1, "tolerance_change": 1e-3, "line_search_fn": "strong_wolfe"}
    yield {"tolerance_grad": 0.0, "tolerance_change": 0.0, "lr": 0.1}


@pytest.mark.parametrize("loss", [rosenbrock, quadratic])
@pytest.mark.parametrize("options", list(lbfgs_cases()), ids=str)
def test_lbfgs_evaluates_where_pytorchs_does(loss: Any, options: dict[str, Any]) -> None:
    """Point by point of every iteration, until both are done or rounding decides which way the search goes."""
    start = np.random.default_rng(3)
    data = [start.normal(size=(2, 2)), start.normal(size=2), 0.5]
    ours = [Value(x) for x in data]
    theirs = [torch.tensor(x, requires_grad=True) for x in data]
    optimizer, oracle = optim.LBFGS(ours, **options), torch.optim.LBFGS(theirs, **options)
    seen: dict[int, list[Any]] = {0: [], 1: []}

    def closure(i: int, xs: Any, one: Any) -> Any:
        one.zero_grad()
        value = loss(xs)
        value.backward()
        points = [x.data if i == 0 else x.detach().numpy().copy() for x in xs]
        seen[i].append([*np.ravel(points[0]), *points[1], float(points[2]), value.item()])
        return value

    for _ in range(5):
        first = len(seen[0])
        assert float(optimizer.step(lambda: closure(0, ours, optimizer))) == seen[0][first][-1]
        oracle.step(lambda: closure(1, theirs, oracle))
    count = min(len(seen[0]), len(seen[1]), 25)
    assert count >= 5
    np.testing.assert_allclose(seen[0][:count], seen[1][:count], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(seen[0][:8], seen[1][:8], rtol=1e-10, atol=1e-12)
    state = oracle.state[theirs[0]]
    if len(seen[0]) == len(seen[1]):
        assert optimizer.state[0].get("n_iter") == state["n_iter"]
        assert optimizer.state[0].get("func_evals") == state["func_evals"]


@pytest.mark.parametrize("options", list(lbfgs_cases()), ids=str)
def test_lbfgs_takes_pytorchs_100_steps_into_a_bowl(options: dict[str, Any]) -> None:
    start = np.random.default_rng(3)
    data = [start.normal(size=(2, 2)), start.normal(size=2), 0.5]
    ours, theirs = [Value(x) for x in data], [torch.tensor(x, requires_grad=True) for x in data]

    def step(one: Any, xs: Any) -> None:
        def closure() -> Any:
            one.zero_grad()
            value = quadratic(xs)
            value.backward()
            return value

        one.step(closure)

    optimizer, oracle = optim.LBFGS(ours, **options), torch.optim.LBFGS(theirs, **options)
    for _ in range(100):
        step(optimizer, ours)
        step(oracle, theirs)
        for x, twin in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(x.data, twin.detach().numpy(), rtol=1e-10, atol=1e-10)
