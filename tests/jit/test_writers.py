"""What computes into an array that it is given: line by line the same bits as the op's own forward function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am
from autograd_mini import Value
from autograd_mini.compiler.codegen.into import writer_of
from autograd_mini.compiler.codegen.writing import how_it_writes
from autograd_mini.compiler.jit import jit
from autograd_mini.compiler.passes.spell import spelled_out
from autograd_mini.compiler.program import SOURCES, Argument, Captured, Constant, Program, Upstream
from tests.jit.batches import OF_CLASSES, OPS, numbers, total

N = 300  # of four numbers are enough for where to mask bits
BY_DTYPE = ("where", "sigmoid", "softplus", "erf", "clip", "triu", "mean", "sum", "conv2d", "max_pool2d", "linear")
AWKWARD = [np.nan, -0.0, 0.0, np.inf, -np.inf, -1.0, 1e-320]


def garbage(like: Any) -> Any:
    """An array that nobody has written into."""
    shape, dtype = like
    return np.full(shape, 77 if dtype.kind in "iu" else True if dtype.kind == "b" else np.nan, dtype)


def lines_written(program: Program, inputs: list[Any]) -> int:
    """How many lines write; each is run in both ways."""
    values: list[Any] = []
    count = 0
    for op, xs, like in zip(program.ops, program.operands, program.likes, strict=True):
        operands, likes = [values[x] for x in xs], [program.likes[x] for x in xs]
        if isinstance(op, Argument):
            values.append(inputs[op.index])
        elif isinstance(op, Captured):
            values.append(op.value.data)
        elif isinstance(op, Constant | Upstream):
            values.append(getattr(op, "data", 1.0))
        else:
            values.append(op.forward(*operands))
        if isinstance(op, SOURCES) or like is None or not like[0]:
            continue
        writer = writer_of(op, like, likes)
        if writer is None:
            continue
        scratch = [garbage(needed) for needed in writer.scratch(op, like, likes)]
        actual, expected = writer.write(op, like, likes)(garbage(like), *scratch, *operands), values[-1]
        assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_array_equal(actual, expected, str(op))
        np.testing.assert_array_equal(np.signbit(actual * 1.0), np.signbit(expected * 1.0), str(op), strict=True)
        count += 1
    return count


@pytest.mark.parametrize(
    ("name", "dtype"), [*[(name, np.float64) for name in OPS], *[(name, np.float32) for name in BY_DTYPE]]
)
def test_a_line_writes_what_the_op_computes(name: str, dtype: Any) -> None:
    f, sample, of_w = OPS[name]
    rng = np.random.default_rng(3)
    w = Value(rng.uniform(0.5, 1.0, of_w).astype(dtype))
    x = (numbers(rng, N, sample) * rng.choice([-1, 1], (N, *sample))).astype(dtype)
    x.reshape(-1)[: len(AWKWARD)] = AWKWARD
    with np.errstate(all="ignore"):
        program = spelled_out(jit(lambda x: total(f(x, w)))(x).program())
        lines_written(program, [x])


@pytest.mark.parametrize("name", OF_CLASSES)
def test_a_computed_index_picks_and_adds_what_the_op_does(name: str) -> None:
    w = Value(np.random.default_rng(1).normal(size=(4, 3)))
    classes = np.random.default_rng(2).integers(0, 4, (N, 4)).astype(np.int32)
    program = jit(lambda x: total(OF_CLASSES[name](x, w)))(classes).program()
    assert lines_written(program, [classes]) or name == "one_hot"


def test_a_computed_index_counts_from_the_end_and_beyond_is_an_error() -> None:
    x = Value(np.arange(12.0).reshape(4, 3))
    f = jit(lambda i: (x[i] * x[i, 0][:, None]).sum())
    for at in ([0, 1, 3], [-1, 2, -4], [2, 2, 2]):
        index = np.array(at)
        result = f(index)
        x.zero_grad()
        result.backward()
        actual = result.data, x.grad
        x.zero_grad()
        expected = (x[index] * x[index, 0][:, None]).sum()
        expected.backward()
        np.testing.assert_array_equal(actual[0], expected.data)
        np.testing.assert_array_equal(actual[1], x.grad)
    for beyond in (4, -5):
        with pytest.raises(IndexError, match=str(beyond)):
            f(np.array([0, 1, beyond]))


def test_a_formula_becomes_its_steps_and_a_copy_a_line() -> None:
    w = Value(np.ones((2, 3)))
    program = jit(lambda x: (am.sigmoid(x * w).T.reshape(2, 3) @ np.ones((3, 2))).sum())(np.ones((2, 3))).program()
    before, after = ([op.name for op in p.ops] for p in (program, spelled_out(program)))
    assert "sigmoid" in before
    assert "sigmoid" not in after
    assert {"abs", "exp", "signbit", "where"} <= set(after)
    assert before.count("reshape") == after.count("reshape") + after.count("copied") == 2
    assert after.count("copied") == 1  # the gradient's way back is a view


def test_a_program_that_needs_neither_stays_as_it_is() -> None:
    w = Value(np.ones((2, 3)))
    program = jit(lambda x: am.tanh(x @ w).sum())(np.ones((4, 2))).program()
    assert spelled_out(program) is program


def test_a_function_of_the_data_that_takes_out_is_given_an_array_and_may_leave_it() -> None:
    def doubled(x: Any, out: Any = None) -> Any:
        return np.multiply(x, 2.0, out=out)

    def itself(x: Any, out: Any = None) -> Any:
        return x

    def printed(x: Any, out: str = "") -> Any:
        return x + len(out)

    x = Value(np.arange(3.0))
    f = jit(lambda: (x * x.map_data(doubled) + x.map_data(itself) + x.map_data(printed)).sum())
    for _ in range(2):
        assert f().item() == 16.0
    program = f().program()
    writes = {op.name: how_it_writes(program, i) for i, op in enumerate(program.ops)}
    assert [writes[name] for name in ("doubled", "itself", "printed")] == ["whole", "whole", None]


def test_two_results_that_wait_for_their_backward_do_not_share_what_is_on_the_way() -> None:
    w = Value(np.linspace(-1.0, 1.0, 2000))
    f = jit(lambda x: am.where(x > 0, am.sigmoid(w * x), w).sum())
    xs = [np.full(2000, 1.0), np.linspace(-1.0, 1.0, 2000)]
    results = [f(x) for x in xs]
    for x, result in zip(xs, results, strict=True):
        w.zero_grad()
        result.backward()
        actual = w.grad
        w.zero_grad()
        am.where(x > 0, am.sigmoid(w * x), w).sum().backward()
        np.testing.assert_array_equal(actual, w.grad)
