"""Tables of kinks: an op, its twin, and for each operand the numbers that are special to it."""

from __future__ import annotations

from itertools import product

import numpy as np
from compare import Function, assert_same_as_torch

Kinks = dict[str, tuple[Function, Function, list[list[float]]]]


def assert_pytorchs(ours: Function, twin: Function, numbers: list[list[float]]) -> None:
    """At all tuples of these numbers the op and its gradients are the twin's, of floats and of arrays."""
    for point in product(*numbers):
        try:
            with np.errstate(all="ignore"):
                assert_same_as_torch(ours, twin, list(point), second_order=False)
                assert_same_as_torch(ours, twin, [np.array([x, x]) for x in point], second_order=False)
        except Exception as error:
            error.add_note(f"at {point}")
            raise
