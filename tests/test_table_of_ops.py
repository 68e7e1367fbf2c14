"""autograd_mini/ops/README.md says what is there: it is what the generator writes, and what it says is true."""

from __future__ import annotations

import numpy as np
import pytest
from table_of_ops import PLACE, VERSION, functions, op_of, text

from autograd_mini import Value, numpy_protocol, ops
from autograd_mini.ops.numpy_names import FUNCTIONS

WRITTEN = PLACE.read_text(encoding="utf-8")


@pytest.mark.skipif(f"NumPy {VERSION};" not in WRITTEN, reason="the file lists another version of NumPy")
def test_the_table_is_what_would_be_written() -> None:
    assert text() == WRITTEN, "run python -m tests.table_of_ops"


def test_every_op_stands_in_the_table() -> None:
    assert [name for name in ops.__all__ if f"`{name}`" not in WRITTEN] == []


def test_every_function_that_an_op_stands_for_is_found() -> None:
    found = {function for namespace in (np, np.linalg) for _, function in functions(namespace)}
    elsewhere = {f for f in FUNCTIONS if not getattr(f, "__module__", "numpy").startswith(("numpy.lib", "numpy.fft"))}
    assert {f.__name__ for f in elsewhere - found} == set()
    assert {f.__name__ for f in set(numpy_protocol.UFUNCS) - found} == set()


ABSENT = [
    (name, function)
    for namespace in (np, np.linalg)
    for name, function in functions(namespace)
    if op_of(function) is None and function not in numpy_protocol.PLAIN_RESULTS and isinstance(function, np.ufunc)
]


@pytest.mark.parametrize(("name", "function"), ABSENT, ids=[name for name, _ in ABSENT])
def test_a_ufunc_that_is_not_there_says_so(name: str, function: np.ufunc) -> None:
    with pytest.raises(TypeError, match=f"np.{function.__name__} has no derivative here"):
        function(*[Value([1.0, 2.0])] * function.nin)


def test_the_table_tells_a_change() -> None:
    assert "| `np.cumsum` | `cumsum` | `.cumsum` | `torch.cumsum` | `axis` `dtype` |" in WRITTEN
    assert "| `np.linalg.norm` | `norm` | `.norm` | `torch.linalg.norm` | `axis` `keepdims` `ord` |" in WRITTEN
    assert "| `np.max` | `max` | `.max` | `torch.amax` | `axis` `initial` `keepdims` `where` |" in WRITTEN
    assert "| `np.multiply.accumulate` | `cumprod` |" in WRITTEN
