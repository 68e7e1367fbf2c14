"""Random programs, with reuse, jitted and not: scalars, arrays and what goes between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_mini as am
import optim
from autograd_mini import Value
from autograd_mini.compiler.jit import jit
from autograd_mini.ops.operation import TABLE, Operation, Pointwise, shape_of

# Each maps moderate numbers to moderate numbers. Of one operand, and of two.
ONE: dict[str, Any] = {
    "tanh": am.tanh,
    "sin": am.sin,
    "exp(-x*x)": lambda x: am.exp(-x * x),
    "log1p(x*x)": lambda x: am.log1p(x * x),
    "relu": am.relu,
    "sigmoid": am.sigmoid,
    "abs": am.abs,
    "1 - x": lambda x: 1 - x,
    "x / 3": lambda x: x / 3,
    "sqrt(1+x**2)": lambda x: (1 + x**2) ** 0.5,
    "detach": lambda x: x.detach() if isinstance(x, Value) else x,
    "where positive": lambda x: am.where(x > 0, x, 0.5 * x),
    "where not": lambda x: am.where(x > 0.2, 0.0, x),
    "sum": lambda x: am.tanh(am.sum(x)),
    "mean": lambda x: am.mean(x, -1) if shape_of(x) else x,
    "transpose": am.transpose,
    "ravel": lambda x: am.ravel(x)[::-1],
    "first": lambda x: am.ravel(x)[0],
    "picked": lambda x: am.ravel(x)[[0, 0, -1]],
    "ten uses": lambda x: 0.05 * sum([x] * 10),
    "a loop": lambda x: sum([am.tanh(x * float(i)) * x for i in range(20)]) / 20,
    "elements": lambda x: sum([am.sin(e * e) for e in am.ravel(x)]),
}
TWO: dict[str, Any] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "x / (1 + y*y)": lambda x, y: x / (1 + y * y),
    "maximum": am.maximum,
    "where": lambda x, y: am.where(x < y, x, y * y),
    "outer": lambda x, y: am.sum(am.outer(x, y), 0),
    "stack": lambda x, y: am.stack([am.sum(x), am.sum(y)]),
}


def between(low: float, x: Any) -> Any:
    """Numbers from ``low`` to ``low`` + 0.4, where every op has a value and a slope, and none a jump."""
    return low + 0.4 * am.sigmoid(x)


def of_rows(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: f(x) if shape_of(x) else x


def every_row(operands: int) -> list[Operation]:
    """The pointwise rows of the table."""
    rows = [op for op in TABLE.values() if isinstance(op, Pointwise) and not op.param_names]
    return [op for op in rows if len(op.rules) == operands and op.name not in ("arccosh", "polygamma")]


ONE |= {op.name: lambda x, op=op: am.tanh(op(between(0.55, x))) for op in every_row(1)}
ONE |= {"arccosh": lambda x: am.arccosh(between(1.05, x))}
TWO |= {op.name: lambda x, y, op=op: am.tanh(op(between(0.55, x), between(1.05, y))) for op in every_row(2)}
OF_ROWS: dict[str, Any] = {
    "softmax": am.softmax,
    "std": am.std,
    "max": am.max,
    "min, kept": lambda x: am.min(x, 0, keepdims=True),
    "prod": lambda x: am.prod(between(0.55, x), -1),
    "var": lambda x: am.var(x, -1),
    "logsumexp": lambda x: am.logsumexp(x, -1),
    "log_softmax": lambda x: am.log_softmax(x, 0),
    "norm": lambda x: am.norm(1.0 + x),
    "cumsum": lambda x: am.cumsum(x, -1),
    "cumprod": lambda x: am.cumprod(between(0.55, x), 0),
    "cummax": lambda x: am.cummax(x, 0),
    "sort": am.sort,
    "median": am.median,
    "quantile": lambda x: am.quantile(x, [0.2, 0.7], -1),
    "nanmean": lambda x: am.nanmean(am.where(x > 0, x, float("nan")), -1, where=x < 10.0),
    "clip": lambda x: am.clip(x, -0.5, 0.5),
    "flipped": lambda x: x[::-1],
    "all but one": lambda x: x[..., 1:],
    "with an axis": lambda x: x[None, ..., -1],
    "in order": lambda x: am.take_along_axis(x, x.argsort(0) if isinstance(x, Value) else np.argsort(x, 0), 0),
    "its own Gram matrix": lambda x: am.matmul(x, am.transpose(x)),
    "stacked": lambda x: am.concatenate([x, 2 * x], -1),
    "einsum": lambda x: am.einsum("...i,...i->...", x, x),
    "padded": lambda x: am.pad(x, 1),
}
ONE |= {name: of_rows(f) for name, f in OF_ROWS.items()}
TWO |= {
    "matmul": lambda x, y: am.matmul(am.reshape(x, (-1, 1)), am.reshape(y, (1, -1))),
    "dot": lambda x, y: am.sum(am.ravel(x)[:1] * am.ravel(y)),
    "picked where": lambda x, y: am.where(am.sum(x) > am.sum(y), x, y),
}
SHAPES: list[tuple[int, ...] | None] = [None, None, (), (3,), (2, 3), (2, 1)]


@dataclass(frozen=True)
class Recipe:
    """Operands, of which the first ``parameters`` are closed over; then steps on earlier results, by number."""

    shapes: list[tuple[int, ...] | None]
    parameters: int
    steps: list[tuple[str, tuple[int, ...]]]
    seed: int
    dtype: str

    def draw(self, seed: int) -> list[Any]:
        rng = np.random.default_rng(seed)
        return [
            float(rng.normal()) if shape is None else rng.normal(size=shape).astype(self.dtype) for shape in self.shapes
        ]

    def run(self, operands: list[Any]) -> Any:
        results = list(operands)
        for name, chosen in self.steps:
            xs = [results[i] for i in chosen]
            try:
                results.append((ONE if len(xs) == 1 else TWO)[name](*xs))
            except (ValueError, IndexError):  # shapes that do not broadcast, nothing left to pick
                results.append(xs[0])
        return sum([am.sum(am.tanh(result)) for result in results])


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=5))
    steps: list[tuple[str, tuple[int, ...]]] = []
    for n in range(len(shapes), len(shapes) + draw(st.integers(1, 12))):
        earlier = st.integers(0, n - 1)
        one = st.tuples(st.sampled_from(sorted(ONE)), st.tuples(earlier))
        two = st.tuples(st.sampled_from(sorted(TWO)), st.tuples(earlier, earlier))
        steps.append(draw(st.one_of(one, two)))
    dtype = draw(st.sampled_from(["float64", "float64", "float32"]))
    # A NumPy scalar of float32, made of plain arrays, counts as a Python float beside a Value; a traced one does not.
    most = len(shapes)
    fewest = 1 if dtype == "float64" else most
    return Recipe(shapes, draw(st.integers(fewest, most)), steps, draw(st.integers(0, 10**6)), dtype)


@settings(max_examples=60, deadline=None)
@given(recipes())
def test_a_random_program_replays_what_the_function_does(recipe: Recipe) -> None:
    n = recipe.parameters
    parameters = [Value(x) for x in recipe.draw(recipe.seed)[:n]]

    def f(arguments: list[Any]) -> Any:
        return recipe.run([*parameters, *arguments])

    replayed = jit(f)
    for seed in range(3):
        drawn = recipe.draw(recipe.seed + seed)
        for p, x in zip(parameters, drawn[:n], strict=True):
            p.data = x
        answers = []
        for function in (f, replayed):
            for p in parameters:
                p.zero_grad()
            loss = function(drawn[n:])
            loss.backward()
            answers.append([loss.data, *[p.grad for p in parameters]])
        scale = max([1.0, *[float(np.max(np.abs(x))) for x in answers[0]]])
        tolerance = 1e-12 if recipe.dtype == "float64" else 1e-5
        for expected, actual in zip(*answers, strict=True):
            assert np.shape(expected) == np.shape(actual)
            assert getattr(expected, "dtype", float) == getattr(actual, "dtype", float)
            np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)


@settings(max_examples=40, deadline=None)
@given(recipes())
def test_a_random_program_steps_as_it_does_without_jit(recipe: Recipe) -> None:
    n = recipe.parameters
    start, *arguments = [recipe.draw(recipe.seed + k) for k in range(4)]
    sides = []
    for wrap in (lambda step: step, jit):
        parameters = [Value(x) for x in start[:n]]
        sgd = optim.SGD(parameters, 0.01, momentum=0.9, weight_decay=0.1)

        def step(arguments: list[Any], parameters: Any = parameters, sgd: Any = sgd) -> Any:
            sgd.zero_grad()
            loss = recipe.run([*parameters, *arguments])
            loss.backward()
            sgd.step()
            return loss

        sides.append((wrap(step), parameters))  # type: ignore[no-untyped-call]  # a lambda
    for drawn in arguments:
        losses = [step(drawn[n:]).data for step, _ in sides]
        answers = [
            [loss, *[p.grad for p in of_side], *[p.data for p in of_side]]
            for loss, (_, of_side) in zip(losses, sides, strict=True)
        ]
        scale = max([1.0, *[float(np.max(np.abs(x))) for x in answers[0]]])
        tolerance = 1e-11 if recipe.dtype == "float64" else 1e-4  # of three steps, each on the last one's numbers
        for expected, actual in zip(*answers, strict=True):
            assert np.shape(expected) == np.shape(actual)
            assert getattr(expected, "dtype", float) == getattr(actual, "dtype", float)
            np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)
