"""Linear ops, found by trying: the inner product of A x and y is that of x and A' y, whatever op A is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from gallery import CASES

from autograd_mini import Value, jvp, ops, vjp
from autograd_mini.ops.operation import Linear

SMOOTH = [
    case
    for case in CASES
    if case[0].op != "astype" and all(operand.dtype == "float64" and operand.layout == "C" for operand in case[1])
]


def drawn(case: Any, seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [operand.draw(domain, rng) for operand, domain in zip(case[1], case[0].domains, strict=True)]


def inner(x: Any, y: Any) -> Any:
    return np.sum(np.multiply(x, y))


def linear_parts(f: Callable[..., Any], case: Any) -> Iterator[tuple[int, Callable[[Any], Any]]]:
    """Each operand that ``f`` is linear in, the others being what they are, and ``f`` as a function of it."""
    operands, t, u = drawn(case, 7), drawn(case, 8), drawn(case, 9)
    for i in range(len(operands)):

        def part(x: Any, i: int = i) -> Any:
            return f(*operands[:i], x, *operands[i + 1 :])

        if all(
            np.allclose(part(a * t[i] + b * u[i]), a * part(t[i]) + b * part(u[i]), rtol=1e-9, atol=1e-12)
            for a, b in ((2.718, -3.142), (-1.0, 0.0))
        ):
            yield i, part


def assert_adjoint(f: Callable[..., Any], case: Any) -> int:
    """How many operands ``f`` was linear in."""
    found = 0
    for i, part in linear_parts(f, case):
        x, t = Value(drawn(case, 7)[i]), drawn(case, 8)[i]
        z = part(x)
        y = np.random.default_rng(3).normal(size=z.shape)
        if z.requires_grad:
            z.backward(y)
        assert inner(part(t), y) == pytest.approx(inner(t, x.grad), rel=1e-10, abs=1e-12), (case[0].call, i)
        found += 1
    return found


OPS = sorted({sample.op for sample, _ in SMOOTH})
LINEAR = {
    *("neg", "positive", "add", "sub", "deg2rad", "getitem", "scatter_add", "reshape", "transpose", "broadcast_to"),
    *("sum", "mean", "cumsum", "concatenate", "stack", "squeeze", "expand_dims", "tril", "triu", "roll", "repeat"),
    *("tile", "trace", "diagonal", "diag", "kron", "cross", "outer", "dot", "inner", "tensordot", "einsum", "matmul"),
    *("linear", "solve", "mul", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "avg_pool2d", "unfold"),
    *("fold", "overlap_add", "sliding_window_view", "embedding", "take", "diff", "trapezoid", "gradient", "convolve"),
}


@pytest.mark.parametrize("op", OPS)
def test_a_linear_op_and_its_derivative_are_each_others_transposes(op: str) -> None:
    with np.errstate(all="ignore"):
        found = sum(assert_adjoint(case[0].ours, case) for case in SMOOTH if case[0].op == op)
    assert found or op not in LINEAR


def test_the_ops_that_are_said_to_be_linear_exist() -> None:
    assert set(OPS) >= LINEAR


@pytest.mark.usefixtures("planting")
def test_a_wrong_transpose_is_rejected() -> None:
    wrong = Linear("planted", np.matmul, lambda g, z, x, y: g @ y, lambda g, z, x, y: ops.transpose(x) @ g)
    square = next(case for case in SMOOTH if case[0].op == "matmul" and case[1][0].shape == (1, 3))
    with pytest.raises((AssertionError, ValueError)):
        assert_adjoint(wrong, square)
    assert assert_adjoint(ops.matmul, square) == 2


EMPTY = [case for case in SMOOTH if any(0 in (operand.shape or ()) for operand in case[1])]


@pytest.mark.parametrize("op", sorted({sample.op for sample, _ in EMPTY}))
def test_forward_mode_of_what_is_empty_is_the_transpose_of_reverse_mode(op: str) -> None:
    for case in EMPTY:
        if case[0].op == op:
            operands, directions = drawn(case, 7), drawn(case, 8)
            with np.errstate(all="ignore"):
                output, tangent = jvp(case[0].ours, operands, directions)
                upstream = np.random.default_rng(3).normal(size=np.shape(output))
                pulled = vjp(case[0].ours, *operands)[1](upstream if np.shape(output) else float(upstream))
            assert [np.shape(x) for x in pulled] == [np.shape(x) for x in operands]
            assert np.shape(tangent) == np.shape(output)
            if np.isfinite(output).all():  # the mean of nothing is nan, and so is its tangent
                assert inner(tangent, upstream) == pytest.approx(sum(map(inner, pulled, directions)), abs=1e-12)
