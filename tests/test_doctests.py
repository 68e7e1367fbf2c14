"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_mini
from autograd_mini.ops.operation import Operation

ROOT = Path(__file__).resolve().parent.parent
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in ("autograd_mini", "nn", "optim")
    for path in sorted((ROOT / package).rglob("*.py"))
    if path.stem != "__main__"
]
ROWS = [name for name in autograd_mini.__all__ if isinstance(getattr(autograd_mini, name), Operation)]


def run(test: doctest.DocTest) -> None:
    """Runs one docstring; what does not come out as it says is the failure's message."""
    told: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert told == [], "".join(told)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example may write a file; it does so in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name: str) -> None:
    for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name), name):
        if test.examples:
            run(test)


@pytest.mark.parametrize("name", ROWS)
def test_the_examples_of_a_row_of_the_op_table(name: str) -> None:
    row: Any = getattr(autograd_mini, name)
    names = {"np": np, **{each: getattr(autograd_mini, each) for each in autograd_mini.__all__}}
    test = doctest.DocTestParser().get_doctest(row.__doc__, names, name, None, None)
    assert test.examples
    run(test)


def test_the_examples_of_the_readme() -> None:
    path = ROOT / "README.md"
    test = doctest.DocTestParser().get_doctest(path.read_text(), {}, path.name, str(path), 0)
    assert len(test.examples) > 10
    run(test)


def test_a_wrong_example_fails() -> None:
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    with pytest.raises(AssertionError, match="Expected"):
        run(wrong)
