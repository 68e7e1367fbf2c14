"""The gallery on arrays of another library: an op keeps them, forward and backward, or refuses; it never converts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from device_array import DeviceArray
from gallery import CASES
from sample import Operand, Sample

from autograd_mini import Value


def _calls_by_op() -> dict[str, list[tuple[Sample, tuple[Operand, ...]]]]:
    """The calls of each op, each on the first operands that are arrays of float64 with something in them."""
    calls: dict[tuple[str, str], Any] = {}
    for sample, kinds in CASES:
        if all(kind.dtype == "float64" and kind.layout == "C" and kind.shape and 0 not in kind.shape for kind in kinds):
            calls.setdefault((sample.op, sample.call), (sample, kinds))
    by_op: dict[str, list[Any]] = {}
    for (op, _), case in calls.items():
        by_op.setdefault(op, []).append(case)
    return by_op


CALLS = _calls_by_op()


def results(sample: Sample, operands: list[Any], upstream: Any) -> list[Any]:
    """The output and the gradients."""
    values = [Value(x) for x in operands]
    z = sample.ours(*values)
    z.backward(upstream(np.ones(z.shape)))
    return [z.data, *[value.grad for value in values]]


def keeps_them(sample: Sample, kinds: tuple[Operand, ...]) -> bool:
    rng = np.random.default_rng(7)
    operands = [kind.draw(domain, rng) for kind, domain in zip(kinds, sample.domains, strict=True)]
    refusal, there = "", []
    try:
        there = results(sample, [DeviceArray(x) for x in operands], DeviceArray)
    except TypeError as error:
        refusal = str(error)
    assert there or "implicit conversion" in refusal or sample.op in _ASK_FOR_NUMBERS, refusal
    for ours, expected in zip(there, results(sample, operands, np.asarray), strict=False):
        assert type(ours) is DeviceArray, sample.call
        np.testing.assert_allclose(ours.get(), expected, rtol=1e-9, atol=1e-12, err_msg=sample.call)
    return bool(there)


_ASK_FOR_NUMBERS = {"average", "lstsq"}  # whether weights sum to 0, what the rank is


@pytest.mark.parametrize("op", CALLS)
def test_an_op_keeps_another_librarys_arrays_or_refuses_them(op: str) -> None:
    with np.errstate(all="ignore"):
        for case in CALLS[op]:
            keeps_them(*case)


def test_most_ops_keep_them() -> None:
    with np.errstate(all="ignore"):
        kept = [op for op, cases in CALLS.items() if keeps_them(*cases[0])]
    assert len(kept) > 190
