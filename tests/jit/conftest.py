"""The tests of jit run on NumPy alone, as without the extra ``fast``; ``test_native.py`` repeats them on numba."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograd_mini.compiler import native


@pytest.fixture(autouse=True, scope="module")
def backend(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if not request.module.__name__.endswith("test_native"):
            patch.setattr(native, "is_installed", lambda: False)
        yield
