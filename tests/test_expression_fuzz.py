"""Mutated and hostile expressions: each is one or is refused in words, in bounded time and memory, and nothing runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograd_mini.expression_text import LONGEST, ExpressionError, ExpressionText

ROOT = Path(__file__).parents[1]


def read(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What ``python -m tests.fuzz.expressions`` says: a process with little memory that sees what it does itself."""
    command = [sys.executable, "-m", "tests.fuzz.expressions", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is measured as Linux does")
def test_a_mutated_expression_is_read_or_refused_and_nothing_runs() -> None:
    done = read("2000")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "0 wrong" in done.stdout


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is measured as Linux does")
def test_code_that_runs_and_memory_that_grows_would_be_seen() -> None:
    program = """
from tests.fuzz import expressions
def build(text, numbers):
    if text == "a*9**9**9":
        bytearray(2 * expressions.MEMORY)
    if text == "print(a)":
        eval("1")
    if text == "a; b":
        raise KeyError(text)
expressions.build = build
expressions.main(0)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "3 wrong" in done.stdout, done.stdout + done.stderr
    assert "MemoryError" in done.stdout
    assert "exec (" in done.stdout
    assert "KeyError" in done.stdout


def test_a_refusal_is_short_whatever_is_quoted() -> None:
    with pytest.raises(ExpressionError) as caught:
        raise ExpressionText("a").error("no " + "9" * 3000)
    assert len(str(caught.value)) < LONGEST + 50


def test_what_the_parser_refuses_is_not_looked_up_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.chdir(tmp_path)
    watching = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open":
            opened.append(arguments[0])

    sys.addaudithook(hook)
    with pytest.raises(ExpressionError):
        ExpressionText("a b")
    watching = False
    assert [name for name in opened if name] == []
