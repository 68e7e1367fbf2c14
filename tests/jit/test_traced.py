"""The numbers of what is traced are refused to whoever would make a constant of them, with the line."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit

W = Value([1.0, 2.0])
REFUSED: dict[str, Callable[..., Any]] = {
    "an if": lambda x: W * x if x[0] > 0 else W,
    "an if on a parameter": lambda x: W * x if W[0] > 0 else W,
    "float()": lambda x: W * float(x[0]),
    "item()": lambda x: W * x[0].item(),
    "item() of a parameter": lambda x: x * W[0].item(),
    ".data": lambda x: W * x.data,
    "np.asarray": lambda x: W * np.asarray(x),
    "a function that is no op": lambda x: W * np.fft.fft(x),
    "range": lambda x: sum(W * i for i in range(x[0])),
    "an f-string": lambda x: W * len(f"{x[0]:.3f}"),
    "a list of them in Value": lambda x: Value([x[0], x[1]]) * W,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_replayed_is_refused_with_the_line(name: str) -> None:
    f = REFUSED[name]
    with pytest.raises(TypeError, match="lambda x") as error:
        jit(f)(np.array([1.0, 2.0]))
    assert isinstance(error.value, JitError) or "np.fft" in str(error.value)


def test_a_value_that_left_the_function_is_refused() -> None:
    kept: SimpleQueue[Any] = SimpleQueue()  # into which the guards do not look

    def f(x: Any) -> Any:
        kept.put(x * 2.0)
        return W * x

    jit(f)(1.0)
    with pytest.raises(JitError, match="used after its end"):
        kept.get() * 2.0


def test_a_value_that_is_written_into_an_array_is_refused_in_our_words() -> None:
    def f(x: Any) -> Any:
        array = np.zeros(2)
        array[0] = x
        return array.sum() * x

    with pytest.raises(
        JitError, match=r"array\[i\] = x reads the number of a Value.*\n  at test_traced.py:.*array\[0\] = x"
    ):
        jit(f)(2.0)
