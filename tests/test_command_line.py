"""The command line: what it prints, where its errors go, and its exit status."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from autograd_mini.__main__ import EXAMPLES, main

TANH = ["(a*b + c).tanh()", "a=2", "b=-3", "c=6.5"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Result:
    """What a command line did: exit status, stdout, stderr."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        try:
            self.status = main(arguments)
        except SystemExit as end:  # argparse's way
            self.status = end.code
        self.out, self.err = capsys.readouterr()


# ---------------------------------------------------------------- the commands


def test_explain_writes_the_derivation(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(capsys, "explain", *TANH)
    assert (result.status, result.err) == (0, "")
    assert "L = tanh(v4) = tanh(0.5) = 0.4621" in result.out
    assert "dL/da = dL/dv2 * dv2/da" in result.out


def test_explain_uses_the_names_of_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(capsys, "explain", "e = a*b; d = e + c; L = d*f", "a=2", "b=-3", "c=10", "f=-2")
    assert "dL/da = dL/de * de/da" in result.out
    assert re.search(r"\bv\d", result.out) is None


def test_explain_writes_latex_or_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    latex = Result(capsys, "explain", *TANH, "--latex")
    markdown = Result(capsys, "explain", *TANH, "--markdown")
    assert latex.out.startswith(r"\begin{aligned}")
    assert "$$" in markdown.out
    assert (latex.status, markdown.status) == (0, 0)
    assert Result(capsys, "explain", *TANH, "--markdown", "--latex").status == 2


def test_check_grades_gradients_and_its_status_is_the_mark(capsys: pytest.CaptureFixture[str]) -> None:
    right = Result(capsys, "check", *TANH, "--by-hand", "c=0.7864", "a=-2.359", "v2=0.7864")
    assert (right.status, right.err) == (0, "")
    assert "3 gradients given, all right" in right.out
    wrong = Result(capsys, "check", *TANH, "--by-hand", "c=0.7864", "a=2.359", "b=1.573")
    assert (wrong.status, wrong.err) == (1, "")
    assert "the first slip is in a" in wrong.out


def test_the_digits_of_a_gradient_say_how_exact_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert Result(capsys, "check", *TANH, "--by-hand", "a=-2.36").status == 0
    assert Result(capsys, "check", *TANH, "--by-hand", "a=-2.36000").status == 1


def test_check_takes_lists_and_fractions(capsys: pytest.CaptureFixture[str]) -> None:
    loss = ["((w*x - y)**2).mean()", "w=[1,2]", "x=[3,4]", "y=1"]
    assert Result(capsys, "check", *loss, "--by-hand", "w=[6, 28]", "y=-18/2").status == 0
    assert Result(capsys, "check", *loss, "--by-hand", "w=[6, 27]", "y=-18/2").status == 1


def test_by_hand_can_be_said_twice(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(capsys, "check", *TANH, "--by-hand", "a=1", "--by-hand", "c=0.7864")
    assert "2 gradients given, 1 ok, 1 WRONG" in result.out


def test_draw_writes_the_picture_with_gradients_and_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(capsys, "draw", *TANH, "-o", "graph.svg")
    assert (result.status, result.out, result.err) == (0, "wrote graph.svg\n", "")
    assert Path("graph.svg").read_text().rstrip().endswith("</svg>")
    Result(capsys, "draw", *TANH, "-o", "graph.dot")
    assert "-2.3593" in Path("graph.dot").read_text()


def test_microscope_writes_the_page_and_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(capsys, "microscope", *TANH, "-o", "page.html")
    assert (result.status, result.out, result.err) == (0, "wrote page.html; open it in a browser\n", "")
    assert Path("page.html").read_text().lower().startswith("<!doctype html>")


# ---------------------------------------------------------------- how it is called


def test_an_expression_may_begin_with_a_minus(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(capsys, "check", "-a*b", "a=2", "b=-3", "--by-hand", "a=3", "b=-2")
    assert (result.status, result.err) == (0, "")


def test_numbers_may_stand_behind_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert Result(capsys, "explain", TANH[0], "--latex", *TANH[1:]).status == 0
    assert Result(capsys, "draw", TANH[0], "a=2", "-o", "graph.dot", *TANH[2:]).status == 0


def test_a_number_that_is_not_used_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(capsys, "explain", "a*b", "a=2", "b=3", "d=5")
    assert (result.status, result.err) == (0, "explain: the result does not depend on d\n")
    assert "dL/da" in result.out


def test_an_error_shows_the_place(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(capsys, "explain", "a*tan_h(b)", "a=2", "b=3")
    assert (result.status, result.out) == (2, "")
    assert result.err == ("explain: there is no function tan_h here; the nearest is tanh or tan\n  a*tan_h(b)\n    ^\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain", "a*b", "a=2"], ["explain: b has no value", "b=2", "\n    ^\n"]),
        (["explain", "a", "*", "b", "a=2"], ["no name=number", "in one pair of quotes"]),
        (["explain", "a=2", "a*b"], ["no name=number", "an expression comes first"]),
        (["explain", "a*b", "a=2", "b=3", "a=4"], ["a is given twice"]),
        (["explain", "a*b", "a=2", "b=three"], ["three is no number"]),
        (["explain", "[a, b]", "a=2", "b=3"], ["shape (2,)", ".sum() or .mean()"]),
        (["explain", "a*b", "a=2", "b=3", "--latx"], ["explain has no option --latx", "explain --help"]),
        (["explain", "a*b", "a=2", "b=3", "-x"], ["no name=number"]),
        (["explain"], ["required: expression\n"]),
        (["exlain", "a"], ["invalid choice: 'exlain'", "explain"]),
        (["check", "a*b", "a=2", "b=3"], ["required: --by-hand"]),
        (["check", "a*b", "a=2", "b=3", "--by-hand"], ["--by-hand: expected at least one argument"]),
        (
            ["check", "a*b", "--by-hand", "a=3", "b=2", "a=2"],
            ["a has no value: what stands behind --by-hand is a grad"],
        ),
        (["check", "a*b", "b=3", "--by-hand", "b=3"], ["a has no value; add one, such as a=2"]),
        (["check", "a*b", "a=2", "b=3", "--by-hand", "a"], ["--by-hand a: write name=gradient, such as a=-0.003"]),
        (["check", "a*b", "a=2", "b=3", "--by-hand", "a="], ["--by-hand a=: write name=gradient"]),
        (["check", "a*b", "a=2", "b=3", "--by-hand", "q=1"], ["does not depend on q; it does on a, b, L\n"]),
        (["check", "a*b", "a=2", "b=3", "c=1", "--by-hand", "c=1"], ["does not depend on c; it does on a, b, L\n"]),
        (["check", "2*a", "a=2", "--by-hand", "2=1"], ["does not depend on 2; it does on a, L\n"]),
        (["check", "a*b", "a=2", "b=3", "--by-hand", "a=3", "a=4"], ["a has a gradient already"]),
        (["check", "a*b", "a=2", "b=3", "--by-hand", "a=three"], ["gradient of a is 'three', which is no number"]),
        (["check", "a*b", "a=2", "b=3", "--by-hand", "a=[1,"], ["'[' was never closed", "^"]),
        (["check", "a*b", "a=2", "b=3", "--by-hand", "a=[1,2]"], ["shape (2,)"]),
        (["draw", "a*b", "a=2", "b=3"], ["required: -o/--output"]),
        (["draw", "a*b", "a=2", "b=3", "-o", "graph.jpg"], [".svg, .png, .pdf or .dot, not 'graph.jpg'"]),
        (["draw", "a*b", "a=2", "b=3", "-o", "nowhere/graph.svg"], ["there is no folder 'nowhere'"]),
        (["draw", "a*b", "a=2", "b=3", "-o", "folder.svg"], ["folder.svg"]),
        (["microscope", "a*b", "a=2", "b=3", "-o", "page.svg"], [".html, not 'page.svg'"]),
    ],
    ids=lambda argument: " ".join(argument) if isinstance(argument, list) else None,
)
def test_bad_usage_is_explained_on_stderr_with_status_2(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("folder.svg").mkdir()
    result = Result(capsys, *arguments)
    assert (result.status, result.out) == (2, "")
    for word in words:
        assert word in result.err
    assert "\n  at " not in result.err
    assert "Traceback" not in result.err


# ---------------------------------------------------------------- help that teaches


def test_help_shows_an_example_of_each_command_and_the_functions(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(capsys, "--help")
    assert (result.status, result.err) == (0, "")
    for command in EXAMPLES:
        assert f'python -m autograd_mini {command} "' in result.out
    assert "copysign, cos, cosh" in " ".join(result.out.split())  # wherever the lines end
    assert "exit status is 0, or 1 if a check finds a slip, or 2" in result.out
    assert max(map(len, result.out.splitlines())) <= 112


@pytest.mark.parametrize("command", EXAMPLES)
def test_each_command_has_help_of_its_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(capsys, command, "--help")
    assert (result.status, result.err) == (0, "")
    assert EXAMPLES[command] in result.out


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(capsys)
    assert result.status == 2
    assert "examples, to paste" in result.out


@pytest.mark.parametrize("line", re.findall(r"python -m .+", "\n".join(EXAMPLES.values())))
def test_the_examples_do_what_the_help_says(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    has_a_slip = "b=-16" in line
    result = Result(capsys, *shlex.split(line)[3:])
    assert (result.status, result.err) == (int(has_a_slip), "")
    assert ("the first slip is in b" in result.out) is has_a_slip


def test_python_runs_it_as_a_module_on_any_console() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parent.parent)}
    line = [sys.executable, "-m", "autograd_mini", "check", "α*b", "α=2", "b=3", "--by-hand", "α=4"]
    result = subprocess.run(line, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (1, "")
    assert r"the first slip is in \u03b1" in result.stdout


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    line = [sys.executable, "-m", "autograd_mini", "explain", *TANH]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(line, stdout=writer, stderr=subprocess.PIPE, env=environment, timeout=60, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (0, b"")
