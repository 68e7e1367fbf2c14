"""Each pass of the compiler by itself: what it makes of a program, and that it computes the same."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
import optim
from autograd_mini import Value, modes
from autograd_mini.compiler.codegen.replay import compiled
from autograd_mini.compiler.codegen.writing import how_it_writes
from autograd_mini.compiler.jit import jit
from autograd_mini.compiler.passes import fuse, side_by_side, simplify
from autograd_mini.compiler.plan import LINE, aligned, planned
from autograd_mini.compiler.program import Program
from autograd_mini.compiler.tracing.tape import Tape


def traced(f: Callable[..., Any], *args: Any) -> Program:
    """The program of ``f`` as it was written down, and its gradient by every Value it closes over."""
    tape = Tape()
    with modes.tracing(tape):
        output = f(*[tape.argument(i, x) for i, x in enumerate(args)])
        return tape.program([tape.standing_for(output)], [x for x in tape.captured if x.requires_grad])


def names(program: Program) -> list[str]:
    return [op.name for op in program.ops]


def results(program: Program, *args: Any) -> list[Any]:
    replay = compiled(program)
    forward, backwards = replay.make()
    inputs = [args[op.index] if hasattr(op, "index") else op.value.data for op in replay.inputs]
    with np.errstate(all="ignore"):
        return [*forward(inputs), *[g for backward in backwards for g in backward(1.0)]]


W = Value(np.array([[1.0, -2.0], [3.0, 0.5]]))
MANY = [Value(np.full((2, 2), i)) for i in (1.0, 2.0, 3.0, 4.0)]
X = np.array([[0.3, 0.7], [-1.1, 0.2]])
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "a layer": lambda x: am.relu(x @ W).sum(),
    "a product twice": lambda x: ((x * W) * am.exp(x * W)).sum(),
    "constants": lambda x: (x * W * (am.exp(am.log(2.0)) * 1.0)).mean() / 1.0,
    "squares": lambda x: (x @ W).tanh().sum() + 0.1 * (W * W).sum(),
    "powers": lambda x: ((W * W + 1.0) ** 1.5 * x).sum(),
    "many": lambda x: sum(((w * 0.5 + w) * (w * w).sum() + x * (w * x).sum()).sum() for w in MANY),
    "dead": lambda x: (am.sin(x), (W * x).sum())[1],
    "views": lambda x: (W.T.reshape(4)[::-1].reshape(2, 2) * x).sum(),
}
PASSES: dict[str, tuple[Callable[[Program], Program], float]] = {
    "without_dead_code": (simplify.without_dead_code, 0.0),
    "with_constants_folded": (simplify.with_constants_folded, 0.0),
    "without_repetitions": (simplify.without_repetitions, 0.0),
    "with_numbers_unspread": (simplify.with_numbers_unspread, 0.0),
    "with_sums_of_products_as_dots": (fuse.with_sums_of_products_as_dots, 1e-12),
    "with_equal_terms_doubled": (fuse.with_equal_terms_doubled, 1e-12),
    "with_dots_side_by_side": (side_by_side.with_dots_side_by_side, 1e-12),
    "with_updates_side_by_side": (side_by_side.with_updates_side_by_side, 0.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("which", PASSES)
def test_a_pass_keeps_its_promise_about_the_numbers(which: str, name: str) -> None:
    a_pass, tolerance = PASSES[which]
    for program in (traced(FUNCTIONS[name], X), simplify.simplified(traced(FUNCTIONS[name], X))):
        for x in (X, X + 1.0):
            for expected, actual in zip(results(program, x), results(a_pass(program), x), strict=True):
                np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=0.0)


def test_dead_code_goes() -> None:
    program = traced(FUNCTIONS["dead"], X)
    assert "sin" in names(program)
    assert "sin" not in names(simplify.without_dead_code(program))


def test_what_is_computed_of_numbers_alone_is_computed_once_and_for_all() -> None:
    program = simplify.simplified(traced(lambda x: W.sum() * (Value(2.0, requires_grad=False) ** 3.0 + 1.0) * x, 2.0))
    assert "pow" not in names(program)
    assert "= 9" in str(program)


def test_a_number_times_1_is_itself_but_not_plus_0() -> None:
    assert names(simplify.simplified(traced(lambda x: x * 1.0 * W.sum(), 2.0))).count("mul") == 2  # and its gradient
    assert "add" in names(simplify.simplified(traced(lambda x: (x + 0.0) * W.sum(), 2.0)))  # of -0.0 that is 0.0


def test_the_same_thing_is_computed_once() -> None:
    program = simplify.without_dead_code(traced(FUNCTIONS["a product twice"], X))
    assert names(program).count("mul") > names(simplify.without_repetitions(program)).count("mul")


def test_two_arrays_that_are_equal_now_stay_two() -> None:
    one, other = np.ones((2, 2)), np.ones((2, 2))
    f = jit(lambda x: (W * one).sum() - (W * other * x).sum())
    assert f(1.0).item() == 0.0
    other[...] = 2.0
    assert f(1.0).item() == -2.5


def test_the_plan_shares_arrays_and_never_writes_over_what_is_still_read() -> None:
    program = traced(lambda x: am.tanh(am.exp(am.sin(x * W) + 1.0) - 2.0).sum(), X)
    lines = [i for i in range(len(program)) if program.needed_for(program.outputs)[i] and program.operands[i]]
    plan, arrays = planned(program, [lines], [], lambda i: how_it_writes(program, i))
    assert len(set(plan.values())) == len(arrays) == 1  # element by element, in place
    plan, arrays = planned(program, [lines], lines, lambda i: how_it_writes(program, i))
    assert len(set(plan.values())) == len(plan)  # backward reads all of them


def test_lines_that_the_backwards_of_several_outputs_share_keep_their_memory_to_themselves() -> None:
    def f(x: Any) -> list[Any]:
        angle = am.arctan2(x, am.broadcast_to(x, (3,)))
        return [am.sum(angle * np.array([1.0, 2.0, 3.0])), am.sum(angle**2)]

    gradients = []
    for function in (f, jit(f)):
        for output in (0, 1):
            x = Value([2.0])
            function(x)[output].backward()
            gradients.append(x.grad)
    np.testing.assert_allclose(gradients, np.zeros((4, 1)), atol=1e-14)  # the angle is pi / 4, whatever x is


@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (0, 4), (100, 16)])
@pytest.mark.parametrize("kind", "?fd")
def test_the_arrays_of_a_replay_begin_with_a_line_of_the_cache(kind: str, shape: tuple[int, ...]) -> None:
    array = aligned(shape, np.dtype(kind))
    assert array.size == 0 or array.ctypes.data % LINE == 0
    assert (array.shape, array.dtype) == (shape, np.dtype(kind))
    assert array.flags.c_contiguous
    assert array.flags.writeable


def test_a_program_can_be_read() -> None:
    text = str(jit(lambda x: (W * x).sum())(2.0).program())
    assert "return v" in text
    assert "backward:" in text
    assert "gradient of p" in text
    assert "float64 (2, 2)" in text


def peak_of_a_step(batch: int) -> int:
    """The memory that one training step asks for on top, at most."""
    model = nn.MLP(8, [16, 16, 1])
    optimizer = optim.SGD(model.parameters(), lr=1e-3)
    x, y = np.ones((batch, 8)), np.ones((batch, 1))
    loss = jit(lambda x, y: am.relu(1 - y * model(x)).mean())

    def step() -> None:
        optimizer.zero_grad()
        loss(x, y).backward()
        optimizer.step()

    step()
    step()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    step()
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return peak


def test_a_replay_allocates_nothing_that_grows_with_the_batch() -> None:
    assert peak_of_a_step(20_000) < peak_of_a_step(2_000) + 10_000


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_number_that_was_rounded_to_a_smaller_float_stays_rounded_beside_float64(dtype: Any) -> None:
    x = np.array([1 / 3, 2.0])
    for f in (
        lambda x: x[0].astype(dtype) + 0.0 * x,
        lambda x: x.sum().astype(dtype) * x,
        lambda x: np.broadcast_to(x[0].astype(dtype), (2,)) - x,
        lambda x: Value(x).sum().astype(dtype) * x,
    ):
        expected = f(x)
        np.testing.assert_array_equal(jit(f)(x).data, expected.data if isinstance(expected, Value) else expected)
