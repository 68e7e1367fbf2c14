"""The notebooks run from top to bottom in a real kernel, and what should be a picture, a table or a formula is one."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.font_manager  # noqa: F401  # builds its cache here: on a new machine, in a kernel, it would warn
import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = [ROOT / "demos" / "first_lesson.ipynb", ROOT / "demos" / "ninja.ipynb"]
SHOWN_AS = {
    "draw": "image/svg+xml",
    "explain": "text/latex",
    "check_by_hand": "text/html",
    "microscope": "text/html",
    "diagnose": "text/html",
}


def execute(notebook, folder):
    """Runs every cell in a kernel of its own; the outputs are in the notebook."""
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The code cells of each notebook after a run, by the notebook's name and the cell's id."""
    cells = {}
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
        environment.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))  # not the user's own settings
        for path in NOTEBOOKS:
            notebook = nbformat.read(path, 4)
            execute(notebook, tmp_path_factory.mktemp(path.stem))
            cells[path.stem] = {cell.id: cell for cell in code_cells(notebook)}
    return cells


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell):
    """What the cell shows of its last expression: each form of it, by MIME type."""
    (result,) = [output for output in cell.outputs if output.output_type == "execute_result"]
    return result.data


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


def last_call(cell):
    """The name of the function whose result a cell ends with."""
    last = ast.parse(cell.source).body[-1]
    return getattr(last.value.func, "id", "") if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) else ""


# ---------------------------------------------------------------- as committed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_valid_and_without_outputs(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert path.read_text() == nbformat.writes(notebook, indent=1) + "\n"
    for cell in code_cells(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_has_a_name_for_an_id_and_asks_before_it_answers(path):
    cells = nbformat.read(path, 4).cells
    assert all(cell.id.replace("-", "").isalnum() and not cell.id.isnumeric() for cell in cells)
    assert len({cell.id for cell in cells}) == len(cells)
    questions = [cell for cell in cells if cell.cell_type == "markdown" and "?" in cell.source]
    assert len(questions) > 15
    assert all(len(cell.source.splitlines()) <= 30 for cell in cells)


# ---------------------------------------------------------------- executed


@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])
def test_every_cell_runs_without_a_warning(name, executed):
    for cell in executed[name].values():
        assert cell.execution_count, cell.id
        assert [output for output in cell.outputs if output.get("name") == "stderr"] == [], cell.id


@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])
def test_drawings_derivations_reports_and_microscopes_show_themselves(name, executed):
    found = []
    for cell in executed[name].values():
        if form := SHOWN_AS.get(last_call(cell)):
            found.append(last_call(cell))
            assert form in shown(cell), cell.id
            assert "text/plain" in shown(cell), cell.id
    assert set(found) == (set(SHOWN_AS) if name == "first_lesson" else {"check_by_hand", "microscope"})


def test_a_drawing_in_a_notebook_is_well_formed_svg(executed):
    drawings = [shown(cell)["image/svg+xml"] for cell in executed["first_lesson"].values() if last_call(cell) == "draw"]
    assert {ElementTree.fromstring(drawing).tag for drawing in drawings} == {"{http://www.w3.org/2000/svg}svg"}


def test_a_value_shows_its_data_and_its_gradient(executed):
    cells = executed["first_lesson"]
    assert shown(cells["expression-build"])["text/plain"] == "Value(data=-8.0, grad=0.0, label='L')"
    assert shown(cells["no-scalar-remedy"])["text/plain"] == "Value(data=array([1., 2.]),\n      grad=array([2., 2.]))"


def test_the_microscope_sits_in_a_frame_of_its_own(executed):
    html = shown(executed["first_lesson"]["microscope-expression"])["text/html"]
    assert html.startswith("<iframe")
    assert 'sandbox="allow-scripts"' in html


def test_the_first_lesson_comes_to_what_its_text_says(executed):
    cells = executed["first_lesson"]
    assert float(shown(cells["value"])["text/plain"]) == 14
    assert abs(float(shown(cells["bottom"])["text/plain"])) < 1e-12
    assert shown(cells["slope-function"])["text/plain"] == "(14.0, -22.0)"
    assert float(shown(cells["slope-of-slope-at-3"])["text/plain"]) == 6
    assert float(shown(cells["nudge"])["text/plain"]) == pytest.approx(6)
    assert -8 < float(shown(cells["step-up"])["text/plain"]) < -7
    assert float(shown(cells["twice"])["text/plain"]) == 2
    assert [line.split()[-1] for line in printed(cells["forgotten-zero-grad"]).splitlines()] == ["4.0", "8.0", "12.0"]
    assert "True" in printed(cells["rebound"])
    assert "False" in printed(cells["updated"])
    for line in printed(cells["finer"]).splitlines():
        assert line.split()[1] == line.split()[5]
    learned, forgotten = (losses(printed(cells[cell])) for cell in ("training", "forgetting"))
    assert learned[0] == forgotten[0] > 4
    assert learned == sorted(learned, reverse=True)
    assert learned[-1] < 0.5
    assert forgotten[-1] > 1
    assert "gradients not zeroed" in shown(cells["diagnose-forgotten"])["text/plain"]
    assert losses(printed(cells["optimizer-training"]))[-1] < 0.01


def losses(text):
    return [float(line.split()[-1]) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("notebook", "cell", "marks"),
    [
        ("first_lesson", "by-hand-right", {"ok": 7}),
        ("first_lesson", "by-hand-carried", {"ok": 2, "WRONG": 1, "carried": 4}),
        ("first_lesson", "neuron-by-hand", {"ok": 6}),
        ("first_lesson", "neuron-slip", {"WRONG": 1}),
        ("first_lesson", "twice-by-hand", {"WRONG": 1}),
        ("first_lesson", "arrays-by-hand", {"ok": 4}),
        ("ninja", "report", {"ok": 26}),
        ("ninja", "mistake-path", {"WRONG": 1, "carried": 1}),
        ("ninja", "mistake-tanh", {"ok": 1, "WRONG": 1, "carried": 1}),
        ("ninja", "mistake-sum", {"ok": 1, "WRONG": 1, "carried": 1}),
        ("ninja", "fused-logits", {"ok": 1}),
        ("ninja", "fused-hprebn", {"ok": 1}),
        ("ninja", "training-marked", {"ok": 7}),
    ],
)
def test_a_report_marks_what_the_text_around_it_says(notebook, cell, marks, executed):
    text = shown(executed[notebook][cell])["text/plain"]
    words = text.replace(",", " ").split()
    for status, count in marks.items():
        assert words.count(status) >= count, text
    for status in {"WRONG", "carried"} - set(marks):
        assert status not in words, text


def test_every_step_of_the_ninja_is_right_but_for_the_three_mistakes(executed):
    for cell in executed["ninja"].values():
        if last_call(cell) == "check_by_hand":
            assert ("WRONG" in shown(cell)["text/plain"]) == cell.id.startswith("mistake-"), cell.id


def test_the_ninja_learns_and_makes_up_names(executed):
    cells = executed["ninja"]
    learned = losses(printed(cells["training-loop"]))
    assert learned[0] > 3 > 1.5 > learned[-1]
    made_up = printed(cells["sampled-names"]).split()
    assert len([name for name in made_up if name.isalpha()]) == 10


def test_a_cell_that_raises_fails(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(notebook, tmp_path)
