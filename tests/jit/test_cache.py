"""One trace for each form of a call, as many as are kept, and a word where there are too many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_mini import Value
from autograd_mini.compiler.jit import jit

W = Value([1.0, 2.0])


def test_another_shape_dtype_or_container_is_traced_anew() -> None:
    w = Value(2.0)

    @jit
    def f(x: Any) -> Any:
        return (w * (x["a"] if isinstance(x, dict) else x)).sum()

    for x in (np.ones(3), np.ones(3), np.ones(4), np.ones(3, "float32"), {"a": np.ones(3)}, np.ones(3)):
        assert f(x).item() == 2.0 * (x["a"] if isinstance(x, dict) else x).size
    assert len(f._cache.traces) == 4


def test_a_parameter_of_another_shape_is_traced_anew() -> None:
    w = Value([1.0, 2.0])
    f = jit(lambda x: (w * x).sum())
    assert f(2.0).data == 6.0
    w.data = np.ones(5)
    assert f(2.0).data == 10.0
    w.data = 4.0
    assert f(2.0).data == 8.0


def test_few_traces_are_kept_and_many_are_warned_of() -> None:
    w = Value(2.0)
    f = jit(lambda x: (w * x).sum())
    for n in range(1, 100):
        assert f(np.ones(n)).data == 2.0 * n
    with pytest.warns(UserWarning, match="traced 100 times") as word:
        f(np.ones(100))
    assert word[0].filename == __file__
    for n in range(101, 140):  # warnings are errors: it is said once
        assert f(np.ones(n)).data == 2.0 * n
    assert len(f._cache.traces) == 32


def test_the_word_about_many_traces_names_what_keeps_changing() -> None:
    settings = {"rate": 0.0}
    f = jit(lambda x: W * x * settings["rate"])
    for n in range(20):
        settings["rate"] = float(n)
        f(np.ones(2))
    settings["rate"] = -1.0
    with pytest.warns(
        UserWarning,
        match=r"traced 21 times(.|\n)*because settings has changed; pass what keeps changing(.|\n)*f\(np.ones\(2\)\)",
    ):
        f(np.ones(2))
    assert len(f._cache.traces) == 1
