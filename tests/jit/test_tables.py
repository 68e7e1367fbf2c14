"""Rows of ``np.eye`` that labels pick in a jitted function are picked anew at each call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import JitError, Value, jit

W = Value(np.arange(6.0).reshape(3, 2) / 4.0)
EYE = np.eye(2)


def changed_in_place(y: Any) -> Any:
    table = np.eye(2)
    table[0, 1] = 0.1
    table *= 0.5
    rows = table[y]
    table[:] = 0.0
    return W * rows + (W @ table)


ONE_HOT: dict[str, Callable[[Any], Any]] = {
    "eye": lambda y: W * np.eye(2)[y],
    "identity": lambda y: W * np.identity(2)[y],
    "float32": lambda y: Value(W.data.astype(np.float32)) * np.eye(2, dtype=np.float32)[y],
    "whole numbers": lambda y: W * np.eye(2, dtype=int)[y],
    "columns": lambda y: W * np.eye(2)[:, y].T,
    "elements": lambda y: W * np.eye(2)[y, y][:, None],
    "computed": lambda y: W * np.eye(2)[1 - y],
    "smoothed": lambda y: nn.cross_entropy(W, np.eye(2)[y] * 0.9 + 0.05),
    "of a computed table": lambda y: W * (1.0 - 2.0 * np.eye(2))[y],
    "changed in place": changed_in_place,
    "as ever": lambda y: W @ np.linalg.inv(np.eye(2) + 0.5) * np.eye(2)[0, 0] * y[:, None],
}


@pytest.mark.parametrize("name", ONE_HOT)
def test_rows_of_eye_are_picked_anew(name: str) -> None:
    f, jitted = ONE_HOT[name], jit(ONE_HOT[name])
    for y in (np.array([0, 1, 1]), np.array([1, 0, 1])):
        expected, found = f(y).data, jitted(y).data
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert np.asarray(found).dtype == np.asarray(expected).dtype


def test_eye_is_numpys_again_afterwards_and_an_array_of_numpys_where_it_is_returned() -> None:
    before = np.eye, np.identity
    jitted = jit(lambda x: (W * x, np.eye(2), 2.0 * np.eye(2)))
    for table in (*jitted(1.0)[1:], *jitted(2.0)[1:]):
        assert type(table) is np.ndarray
    assert (np.eye, np.identity) == before
    with pytest.raises(JitError, match="a plain array that is indexed"):
        jit(lambda y: W * EYE[y])(np.array([0, 1, 1]))
