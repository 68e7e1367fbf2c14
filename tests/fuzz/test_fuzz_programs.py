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

from autograd_mini.ops import arctan2, fmod, sin
from tests.fuzz.calls import CALLS, OF_OP, fit
from tests.fuzz.judge import Difference, pytorch
from tests.fuzz.programs import ODD, TIES, Leaf, Program, Step, ones_but, program_of
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


@pytest.mark.parametrize(
    ("is_wrong", "text", "written"),
    [
        (lambda x: x > 6, "at (4321,)", "ones_but({4321: 7.0}, (9000,), 'float64')"),
        (lambda x: np.count_nonzero(x != 1) > 100, "at (", "program_of(164, 'sin').leaves[0].numbers"),
    ],
)
def test_nine_thousand_numbers_are_printed_in_a_line(
    is_wrong: Any, text: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sin, "forward", lambda x: np.sin(x) + is_wrong(x))
    leaf = program_of(164, "sin").leaves[0]
    if "ones_but" in written:
        leaf = Leaf(np.where(np.arange(9000) == 4321, 7.0, leaf.numbers))
    program = Program([leaf], [Step(CALLS["sin"].call, (0,))])
    printed = report(program, 1, judged(program, 1))
    assert f"leaves = [{written}]" in printed
    assert f"most {text}" in printed
    assert len(printed) < 2000


def test_what_is_printed_of_nine_thousand_numbers_makes_them_again() -> None:
    expected = np.ones((90, 100), "float32")
    expected[3, 4], expected[5, 6] = np.nan, 5.0
    text = str(Leaf(expected))
    names = {"ones_but": ones_but, "nan": np.nan}
    np.testing.assert_array_equal(eval(text, names), expected, strict=True)
    leaf = program_of(164, "sin").leaves[0]
    np.testing.assert_array_equal(eval(leaf.origin, {"program_of": program_of}), leaf.numbers, strict=True)


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


# ---------------------------------------------------------------- what is no fault, and what still is one


CANCELLING = (
    Program(  # in float16 the contributions of x and of y to the one leaf come to 0 but for what rounding leaves
        [Leaf(np.array(-0.072265625, "float16"))], [Step(fit((3, 4), ()), (0,)), Step(CALLS["arctan2"].call, (0, 1))]
    )
)
OF_A_DENORMAL = Program([Leaf(np.ones(8)), Leaf(np.full(8, 5e-324))], [Step(CALLS["fmod"].call, (0, 1))], ODD)
NO_FAULTS = {
    "contributions that cancel": CANCELLING,
    "a remainder for which PyTorch's vectorised loop has nan, and C and IEEE have a number": OF_A_DENORMAL,
    "a nan of whose sign PyTorch takes the logarithm, and so loses it": Program(
        [Leaf(np.zeros((1, 1)))],
        [Step(CALLS["logcumsumexp(awkward (1, 1))"].call, (0,)), Step(CALLS["hypot"].call, (1, 1))],
    ),
    "a sum that overflows on its way, added up in another order": Program(
        [
            Leaf(np.array([[1.0, 1.0, 1.7e308]] * 5)),
            Leaf(np.array([[1.0, 1.0], [1.0, np.inf], [1.0, -2.0]]), "strided"),
        ],
        [Step(CALLS["vecmat((5, 3), (3, 2))"].call, (0, 1))],
        ODD,
    ),
    "a second derivative at a kink, for which PyTorch has 0 * inf": Program(
        [Leaf(np.array([0.0, 1.0, 1.0])), Leaf(np.ones(3))], [Step(CALLS["copysign"].call, (0, 1))]
    ),
    "a floor of what is too small for float16, and so 0 there": Program(
        [Leaf(np.array([-1e-4, 0.5], "float16")), Leaf(np.array([1e-4, 0.7], "float16"))],
        [Step(CALLS["mul"].call, (0, 1)), Step(CALLS["floor"].call, (2,))],
    ),
    "a float64 without axes beside a float16, of which LAPACK has no matrices": Program(
        [Leaf(np.full((4, 2), 0.5, "float16")), Leaf(np.array(0.75))],
        [Step(CALLS["fmod"].call, (0, 1)), Step(CALLS["qr((4, 2): Q)"].call, (2,))],
    ),
    "a float64 without axes, which is a float in a graph": Program(
        [Leaf(np.ones(3, "float16")), Leaf(np.array(1.0))], [Step(CALLS["x % -y"].call, (0, 1))]
    ),
}


@pytest.mark.parametrize("name", NO_FAULTS)
def test_there_is_no_fault_in(name: str) -> None:
    assert judged(NO_FAULTS[name], 2) is None


def test_a_gradient_that_pytorch_leaves_out_is_0_however_it_is_rounded() -> None:
    steps = [Step(CALLS["slogdet((3, 3): sign)"].call, (0,)), Step(CALLS["cos"].call, (1,))]
    numbers = pytorch(Program([Leaf(np.eye(3))], steps), second=False, rounding=1e-3, key=1.0)
    assert not np.any(numbers["gradient"][0])


def test_a_wrong_contribution_is_found_among_those_that_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    right, other = arctan2.rules
    monkeypatch.setattr(arctan2, "rules", (lambda g, z, x, y: 1.5 * right(g, z, x, y), other))
    assert isinstance(judged(CANCELLING, 1), Difference)


def test_a_nan_of_our_own_is_found_in_the_remainder_of_a_denormal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fmod, "forward", lambda x, y: np.fmod(x, y) * np.nan)
    assert isinstance(judged(OF_A_DENORMAL, 1), Difference)
