"""The gallery: every op in every operand kind, forward, gradient and gradient of the gradient, against PyTorch."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
import torch
from compare import TOLERANCE, assert_like, assert_same_as_torch, centred_difference, coarsest
from gallery import CASES, SAMPLES, for_each_op
from sample import ALONE, PAIRS, Operand, Sample

from autograd_mini import Value, ops
from autograd_mini.ops.operation import Linear, Pointwise


def operands_of(sample: Sample, kind: tuple[Operand, ...]) -> list[Any]:
    rng = np.random.default_rng(7)
    return [operand.draw(domain, rng) for operand, domain in zip(kind, sample.domains, strict=True)]


def test_every_op_has_a_sample() -> None:
    assert sorted({sample.op for sample in SAMPLES}) == sorted(ops.__all__)


@pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")  # PyTorch's, of the variance of nothing
@for_each_op(CASES)
def test_an_op_agrees_with_pytorch(case: Any) -> None:
    sample, kind = case
    with np.errstate(all="ignore"):
        assert_same_as_torch(
            sample.ours,
            sample.twin,
            operands_of(sample, kind),
            second_order=sample.second_order,
            dtype_of_result=sample.dtype,
        )


SMOOTH = [
    (sample, kind)
    for sample, kind in CASES
    if all(operand.dtype == "float64" and operand.layout == "C" for operand in kind) and sample.op != "astype"
]


@for_each_op(SMOOTH)
def test_a_gradient_agrees_with_centred_differences(case: Any) -> None:
    sample, kind = case
    operands = operands_of(sample, kind)
    values = [Value(x) for x in operands]
    z = sample.ours(*values)
    weights = np.random.default_rng(3).uniform(0.5, 1.5, size=z.shape)
    z.backward(weights)
    for i, value in enumerate(values):
        expected = centred_difference(sample.ours, operands, i, weights)
        np.testing.assert_allclose(value.grad, expected, rtol=1e-6, atol=1e-7, err_msg=f"operand {i}")


@for_each_op([case for case in CASES if len(case[1]) > 1])
def test_a_plain_operand_is_a_constant_on_either_side(case: Any) -> None:
    sample, kind = case
    operands = operands_of(sample, kind)
    both = [Value(x) for x in operands]
    z = sample.ours(*both)
    z.backward(np.ones(z.shape))
    for i, operand in enumerate(operands):
        alone = Value(operand)
        z = sample.ours(*operands[:i], alone, *operands[i + 1 :])
        z.backward(np.ones(z.shape))
        assert_like(alone.grad, operand, "the gradient")
        np.testing.assert_allclose(alone.grad, both[i].grad, **TOLERANCE[coarsest(*operands)])


def test_no_op_leaves_anything_to_the_garbage_collector() -> None:
    samples = {sample.op: sample for sample in SAMPLES}
    operands = {op: operands_of(sample, sample.kinds[0]) for op, sample in samples.items()}

    def is_something_left(op: str) -> bool:
        gc.collect()
        z = samples[op].ours(*map(Value, operands[op]))
        z.backward(np.ones(z.shape))
        del z
        return gc.collect() > 0

    gc.disable()
    gc.freeze()  # what is there already need not be looked at again and again
    try:  # twice: something is made at the first use, or another thread may have left it
        left = [op for op in samples if is_something_left(op) and is_something_left(op)]
    finally:
        gc.unfreeze()
        gc.enable()
    assert left == []


# ---------------------------------------------------------------- the gallery can fail


PLANTED = {
    "tanh' written 1 - x**2": lambda: ("tanh", Pointwise("planted", np.tanh, lambda g, z, x: g * (1 - x * x))),
    "a sign lost in sub": lambda: (
        "sub",
        Pointwise("planted", np.subtract, lambda g, z, x, y: g, lambda g, z, x, y: g),
    ),
    "mul without upstream": lambda: (
        "mul",
        Pointwise("planted", np.multiply, lambda g, z, x, y: y, lambda g, z, x, y: x),
    ),
    "mul with the own factor": lambda: (
        "mul",
        Pointwise("planted", np.multiply, lambda g, z, x, y: g * x, lambda g, z, x, y: g * y),
    ),
    "relu gate reversed": lambda: (
        "relu",
        Pointwise("planted", lambda x: np.maximum(x, 0), lambda g, z, x: ops.where(z > 0, 0.0, g)),
    ),
    "sin with a rule that is right to first order only": lambda: (
        "sin",
        Pointwise("planted", np.sin, lambda g, z, x: g * np.cos(getattr(x, "data", x))),
    ),
    "exp that is wrong for floats only": lambda: (
        "exp",
        Pointwise("planted", np.exp, lambda g, z, x: g * z, scalar=lambda x: 1.0 + x),
    ),
    "matmul without the transpose": lambda: (
        "matmul",
        Linear("planted", np.matmul, lambda g, z, x, y: g @ y, lambda g, z, x, y: ops.transpose(x) @ g),
    ),
}


@pytest.mark.usefixtures("planting")
@pytest.mark.parametrize("slip", PLANTED)
def test_a_planted_wrong_rule_is_rejected(slip: str) -> None:
    op, row = PLANTED[slip]()
    rejected = 0
    for sample, kind in CASES:
        if sample.op == op:
            try:
                assert_same_as_torch(row, sample.twin, operands_of(sample, kind))
            except (AssertionError, ValueError, IndexError):
                rejected += 1
    assert rejected


@pytest.mark.usefixtures("planting")
def test_a_rule_that_is_right_is_accepted() -> None:
    right = Pointwise("planted", np.tanh, lambda g, z, x: g * (1 - z * z))
    for kind in ALONE:
        assert_same_as_torch(right, torch.tanh, [operand.draw((-3, 3), np.random.default_rng(1)) for operand in kind])


def test_the_gallery_has_every_operand_kind() -> None:
    kinds = [operand for kind in (*ALONE, *PAIRS) for operand in kind]
    assert {operand.dtype for operand in kinds} == {"float16", "float32", "float64"}
    assert {operand.layout for operand in kinds} == {"C", "Fortran", "transposed", "strided", "reversed", "repeated"}
    assert any(operand.shape is None for operand in kinds)
    assert any(operand.shape == () for operand in kinds)
    assert any(0 in (operand.shape or ()) for operand in kinds)
