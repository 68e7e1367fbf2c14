"""Two thousand random programs are the same in every way to run them; ``make fuzz`` runs a hundred thousand.

A program that fails is shrunk and printed as Python: copy it into a file, and run it in the folder of the repository.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_mini.ops import sin
from tests.fuzz.calls import CALLS, OF_OP
from tests.fuzz.judge import Difference
from tests.fuzz.programs import ODD, TIES, Leaf, Program, Step, program_of
from tests.fuzz.run import fuzzed, judged, report

PROGRAMS, BATCH = 2_000, 50


@pytest.mark.parametrize("first", range(0, PROGRAMS, BATCH))
def test_a_program_is_the_same_eager_jitted_with_a_graph_of_gradients_and_in_pytorch(first: int) -> None:
    tally = fuzzed(range(first, first + BATCH))
    assert not tally.failures, "\n\n".join(tally.failures.values())
    assert tally.undefined.total() < BATCH / 5


def test_a_seed_makes_the_same_program_again() -> None:
    for seed in range(20):
        assert str(program_of(seed)) == str(program_of(seed))


def test_every_op_runs_and_so_does_every_kind_of_number() -> None:
    names = list(OF_OP)
    programs = [program_of(seed, name) for seed, name in enumerate(names) if name != "average"]
    assert {*names} - {op for program in programs for op in program.ops} <= {"average"}
    leaves = [leaf.numbers for program in programs for leaf in program.leaves]
    assert {str(x.dtype) for x in leaves if isinstance(x, np.ndarray)} == {"float16", "float32", "float64"}
    assert {x.ndim for x in leaves if isinstance(x, np.ndarray)} >= {0, 1, 2, 3, 4}
    assert {type(x) for x in leaves} == {float, np.ndarray}
    assert any(np.size(x) == 0 for x in leaves)
    assert any(np.size(x) > 1000 for x in leaves)
    odd = np.concatenate([np.ravel(x).astype("float64") for x in leaves])
    assert np.isnan(odd).any()
    assert np.isinf(odd).any()
    assert np.any((odd != 0) & (np.abs(odd) < np.finfo("float64").tiny))
    assert {program.kind for program in programs} >= {ODD, TIES}


# ---------------------------------------------------------------- a fault is found, shrunk and printed


@pytest.fixture
def cosine_without_its_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    """sin whose slope is that of minus sin."""
    monkeypatch.setattr(sin, "rules", (lambda g, z, x: -g * np.cos(x),))


@pytest.mark.usefixtures("cosine_without_its_sign")
def test_a_planted_fault_is_found_and_what_is_left_of_the_program_is_the_op() -> None:
    leaf = Leaf(np.array([[0.3, 0.7], [1.2, 0.1]]))
    steps = [Step(CALLS[name].call, operands) for name, operands in [("exp", (0,)), ("sin", (1,)), ("tanh", (2,))]]
    program = Program([leaf], steps)
    found = judged(program, 1)
    assert isinstance(found, Difference)
    assert (found.ways, found.kind) == ("PyTorch and this engine", "gradient")
    text = report(program, 1, found)
    assert "x1 = ops.sin(x0)" in text
    assert "t1 = torch.sin(t0)" in text
    assert not {"exp", "tanh"} & {*text.replace("(", ".").split(".")}
    assert "leaves = [np.array([[1.0, 1.0], [1.0, 1.0]], 'float64')]" in text


def test_a_printed_program_runs_and_shows_the_answers_of_all(tmp_path: Path) -> None:
    program = next(p for p in map(program_of, range(100)) if len(p.steps) > 3 and p.kind == "tame")
    path = tmp_path / "program.py"
    path.write_text(str(program), encoding="utf-8")
    root = str(Path(__file__).parents[2])
    run: Any = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, env={"PYTHONPATH": root, "PATH": ""}, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("array(") > 1
    assert "tensor(" in run.stdout
