"""Every op of the gallery under jit: traced on some numbers and replayed on others, it gives what it gives without."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from gallery import CASES, for_each_op

from autograd_mini import Value
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit

REFUSED = {"lstsq": "lstsq looks at the numbers"}  # the rank, on which the shape of its residuals depends
TOLERANCE = {"float64": 1e-12, "float32": 1e-5, "float16": 1e-2}


def a_few_of_each_op() -> list[Any]:
    """The first case of each op, one from the middle and the last."""
    of_op: dict[str, list[Any]] = defaultdict(list)
    for case in CASES:
        of_op[case[0].op].append(case)
    return [case for cases in of_op.values() for case in [cases[i] for i in sorted({0, len(cases) // 2, -1})]]


def operands_of(case: Any, seed: int) -> list[Any]:
    sample, kind = case
    rng = np.random.default_rng(seed)
    return [operand.draw(domain, rng) for operand, domain in zip(kind, sample.domains, strict=True)]


def answer(f: Any, operands: list[Any]) -> list[Any]:
    values = [Value(x) for x in operands]
    z = f(*values)
    z.backward(np.cos(np.arange(z.size)).reshape(z.shape) if z.shape else 1.0)
    return [z.data, *[v.grad for v in values]]


@for_each_op(a_few_of_each_op())
def test_an_op_replays_what_it_does(case: Any) -> None:
    sample, _ = case
    replayed = jit(sample.ours)
    if sample.op in REFUSED:
        with pytest.raises(JitError, match=REFUSED[sample.op]):
            answer(replayed, operands_of(case, 7))
        return
    with np.errstate(all="ignore"):
        for seed in (7, 8):
            operands = operands_of(case, seed)
            expected, actual = answer(sample.ours, operands), answer(replayed, operands)
            dtypes = [str(getattr(x, "dtype", "float64")) for x in [*expected, *operands]]
            tolerance = max([TOLERANCE[dtype] for dtype in dtypes if dtype in TOLERANCE])
            for e, a in zip(expected, actual, strict=True):
                scale = np.max(np.abs(np.where(np.isfinite(e), e, 0.0)), initial=1.0)
                assert np.shape(e) == np.shape(a)
                assert (type(e), getattr(e, "dtype", None)) == (type(a), getattr(a, "dtype", None))
                np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance * float(scale))
