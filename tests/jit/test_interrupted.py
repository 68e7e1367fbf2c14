"""Ctrl-C while numba is imported for the first time leaves nothing half done: the next call imports it again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from autograd_mini.compiler.native.interpreter import machine_code


def test_of_an_import_of_numba_that_is_interrupted_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "numba"]:
        monkeypatch.delitem(sys.modules, name)
    package = tmp_path / "numba"
    package.mkdir()
    (package / "__init__.py").write_text("import needed_by_numba, numba.core\nraise KeyboardInterrupt")
    (package / "core.py").touch()
    (tmp_path / "needed_by_numba.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    with pytest.raises(KeyboardInterrupt):
        machine_code.__wrapped__()
    assert set(sys.modules) == before
