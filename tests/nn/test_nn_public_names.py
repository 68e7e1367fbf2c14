"""Every public name of nn and optim has an example (test_doctests.py runs them)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

import nn
import optim


@pytest.mark.parametrize("package", [nn, nn.init, nn.scalar, optim], ids=lambda package: package.__name__)
def test_every_public_class_and_function_has_an_example(package: ModuleType) -> None:
    names = getattr(package, "__all__", [name for name in vars(package) if not name.startswith("_")])
    public: list[Any] = [getattr(package, name) for name in names]
    ours = [x for x in public if callable(x) and x.__module__.split(".")[0] in ("nn", "optim")]
    assert [x.__name__ for x in ours if ">>>" not in (x.__doc__ or "")] == []
