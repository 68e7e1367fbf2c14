"""python -m demos lists every demo of the folder in one line each, says what to look at, and runs one by name."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from demos import __main__ as command
from demos import slope

SCRIPTS = [path.stem for path in command.FOLDER.glob("*.py") if "\nLook at\n" in command.docstring(path.stem)]


def test_every_demo_is_in_the_index_once():
    assert set(SCRIPTS) == set(command.names()) - {"main"}
    assert len(command.names()) == len(set(command.names()))


def test_the_list_has_a_line_for_each_with_the_first_sentence_of_its_docstring(capsys):
    assert command.main([]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    places = []
    for name in command.names():
        line = " ".join(f"{name} {command.docstring(name).splitlines()[0]}".split())
        assert line in printed
        places.append(printed.index(line))
    assert places == sorted(places)
    assert command.names()[:6] == ["slope", "descent", "batches", "regression", "scaling", "minima"]


@pytest.mark.parametrize("name", [name for name in command.names() if name != "main"])
def test_help_says_what_to_look_at_and_what_to_change_and_that_can_be_changed(name, capsys):
    with pytest.raises(SystemExit) as left:
        command.main([name, "--help"])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert command.docstring(name) in printed
    _, change = command.docstring(name).split("\nChange\n")
    settings = [line.split()[0] for line in change.splitlines() if line.startswith("    ") and line[4] != " "]
    parameters = inspect.signature(import_module(f"demos.{name}").main).parameters
    assert settings
    assert set(settings) <= set(parameters)
    assert parameters["out"].default == "out"


def test_a_demo_is_run_by_name(tmp_path, capsys):
    assert command.main(["slope", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith(f"Wrote {tmp_path / 'slope.png'}\nWrote {tmp_path / 'gradient.png'}\n")
    assert (tmp_path / "gradient.png").exists()


def test_without_out_the_files_go_where_the_demo_says(monkeypatch):
    given = []
    monkeypatch.setattr(slope, "main", lambda out: given.append(out) or [])
    command.main(["slope"])
    assert given == ["out"]


def test_a_name_that_is_none_is_refused_with_the_names_that_are(capsys):
    with pytest.raises(SystemExit) as left:
        command.main(["slop"])
    assert left.value.code == 2
    assert "slope" in capsys.readouterr().err


def test_it_is_a_command():
    run = subprocess.run(
        [sys.executable, "-m", "demos"], capture_output=True, text=True, cwd=Path(slope.__file__).parent.parent
    )
    assert run.returncode == 0
    assert "demos.pictures" not in run.stdout
    assert run.stdout.startswith("usage: python -m demos")
