"""A function of NumPy that is to write into an array is refused under jit, however it is told so: by its place too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini import JitError, Value, jit

W = Value(2.0)
# Each with the array that it writes into, by position; and methods, and what writes without an ``out``.
WRITE: dict[str, Callable[[Any, Any], Any]] = {
    "clip": lambda x, y: np.clip(x, 0, 5, y),
    "add": lambda x, y: np.add(x, x, y),
    "exp": lambda x, y: np.exp(x, y),
    "sum": lambda x, y: np.sum(x, 0, None, y[0]),
    "cumsum": lambda x, y: np.cumsum(x, 0, None, y),
    "round": lambda x, y: np.round(x, 0, y),
    "take": lambda x, y: np.take(x, [0, 1, 0], None, y),
    "outer": lambda x, y: np.outer(x, x, y),
    "concatenate": lambda x, y: np.concatenate([x], 0, y),
    "compress": lambda x, y: np.compress([True] * 3, x, 0, y),
    "argmax": lambda x, y: np.argmax(x, 0, y),
    "less": lambda x, y: np.less(x, 2, y),
    "add.reduce": lambda x, y: np.add.reduce(x, 0, None, y),
    "add.at": lambda x, y: np.add.at(x, [0], 1),
    "the method clip": lambda x, y: x.clip(0, 5, y),
    "the method sum": lambda x, y: x.sum(0, None, y),
    "the method cumsum": lambda x, y: x.cumsum(0, None, y),
    "the method partition": lambda x, y: x.partition(1),
    "median": lambda x, y: np.median(x, None, None, True),
}
ARRAYS = {"floats": np.array([1.0, 7.0, -2.0]), "whole": np.array([1, 7, -2])}


@pytest.mark.parametrize("into", ["an argument", "what is computed", "an array of its own"])
@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("name", WRITE)
def test_what_writes_into_an_array_is_refused_and_has_not_written(name: str, array: str, into: str) -> None:
    def f(x: Any) -> Any:
        x = x if into == "an argument" else x * 1
        WRITE[name](x, x if into != "an array of its own" else np.zeros_like(x))
        return W * x.sum()

    given = ARRAYS[array].copy()
    with pytest.raises((JitError, TypeError), match=r"writes? into an|in place|takes no (out|overwrite)") as raised:
        jit(f)(given)
    assert "at test_written_into.py:" in str(raised.value)
    assert isinstance(raised.value, JitError) or name == "median"  # which eagerly says the same of a Value
    assert (given == ARRAYS[array]).all()


def test_an_array_that_is_only_read_may_be_written_into_later() -> None:
    """What a function of whole numbers is given is read-only while it is traced, and then no longer."""
    x = np.array([3, 1, 2])
    f = jit(lambda x: np.reshape(x, (3, 1)))
    assert (f(x).data == f(x).data).all()
    x += 1
    assert f(x).data.ravel().tolist() == [4, 2, 3]
