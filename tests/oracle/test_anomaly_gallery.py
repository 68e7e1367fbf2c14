"""The gallery under detect_anomaly: what is finite raises nothing and keeps its bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from gallery import CASES, for_each_op

from autograd_mini import Value, detect_anomaly


@for_each_op(CASES[::7])
def test_what_is_finite_is_no_anomaly_and_the_bits_stay_the_same(case: Any) -> None:
    sample, kind = case
    if "no columns" in sample.call:  # a logarithm of nothing is in it
        return
    rng = np.random.default_rng(0)
    drawn = [operand.draw(domain, rng) for operand, domain in zip(kind, sample.domains, strict=True)]

    def answer() -> list[Any]:
        values = [Value(x) for x in drawn]
        z = sample.ours(*values)
        z.backward(np.cos(np.arange(z.size)).reshape(z.shape) if z.shape else 1.0)
        return [z.data, *[v.grad for v in values]]

    with np.errstate(all="ignore"):
        expected = answer()
        if all(np.isfinite(x).all() for x in expected):
            with detect_anomaly():
                actual = answer()
            for e, a in zip(expected, actual, strict=True):
                assert (type(e), np.asarray(e).dtype, np.shape(e)) == (type(a), np.asarray(a).dtype, np.shape(a))
                assert np.asarray(e).tobytes() == np.asarray(a).tobytes()
