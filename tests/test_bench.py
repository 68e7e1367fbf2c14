"""The harness of ``make bench``: it refuses wrong contestants, says who is missing, and writes what it measured."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest

from autograd_mini.node import topological_order
from tests.benchmarks import __main__ as command
from tests.benchmarks import catalogue, child, contest, machine, plots, problems, race, readme, table
from tests.benchmarks.agreement import Disagreement, check_agreement
from tests.benchmarks.contest import Contestant
from tests.benchmarks.contestants import by_hand, c, ours
from tests.benchmarks.race import Pace, Race
from tests.benchmarks.run import Run, Unavailable

RIGHT = (2.0, [1.0, -3.0])


@pytest.mark.parametrize(
    "wrong",
    [
        (2.1, [1.0, -3.0]),
        (2.0, [1.0, -2.9]),
        (2.0, [1.0, -3.0, 0.0]),
        (2.0, [1.0, float("nan")]),
        (float("nan"), [1.0, -3.0]),
    ],
    ids=["loss", "gradient", "too many gradients", "gradient nan", "loss nan"],
)
def test_a_wrong_contestant_ends_the_run_and_is_named(wrong: Any) -> None:
    with pytest.raises(Disagreement, match=r"(?s)T1: the answers differ.*wrong .* <- differs") as error:
        check_agreement("T1", {"ours": RIGHT, "right": RIGHT, "wrong": wrong}, 1e-9)
    assert str(error.value).count("<- differs") == 1


def test_contestants_within_the_tolerance_agree() -> None:
    check_agreement("T1", {"ours": RIGHT, "other": (2.0 + 1e-10, [1.0 - 1e-10, -3.0])}, 1e-9)


class Fake:
    """A contestant in this process: it computes w**2 and takes ``rate`` steps, or forgets to read w anew."""

    def __init__(self, rate: float = 0.1, is_frozen: bool = False) -> None:
        self.w, self.rate, self.is_frozen = 1.0, rate, is_frozen
        self.asked: list[str] = []

    def ask(self, request: str, steps: int = 0) -> Any:
        self.asked.append(request)
        w = 1.0 if self.is_frozen else self.w
        if request == "answer":
            return w**2, [2 * w]
        for _ in range(steps):
            self.w -= self.rate * 2 * w
        return 0.004


def fake_race(running: dict[str, Fake], monkeypatch: pytest.MonkeyPatch) -> dict[str, list[float]]:
    class Context:
        def __init__(self, *_: Any) -> None: ...
        def __enter__(self) -> dict[str, Fake]:
            return running

        def __exit__(self, *_: Any) -> None: ...

    monkeypatch.setattr(race, "contest", Context)
    contestants = [Contestant(label, "", workload="T1" if label == "ours" else "") for label in running]
    return race.run(Race("T", "", "", contestants), Pace(rounds=4, slice=0.02))


def test_all_are_timed_in_turn_after_they_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    running = {"ours": Fake(), "peer": Fake()}
    assert fake_race(running, monkeypatch) == {"ours": [0.004] * 4, "peer": [0.004] * 4}
    assert running["peer"].asked == ["answer", "time", "answer", "time", "time", *["time"] * 4]


@pytest.mark.parametrize("wrong", [Fake(is_frozen=True), Fake(rate=0.2)], ids=["parameters frozen", "other steps"])
def test_who_agrees_at_the_start_only_is_rejected(wrong: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Disagreement, match=r"peer .* <- differs"):
        fake_race({"ours": Fake(), "peer": wrong}, monkeypatch)
    assert wrong.asked == ["answer", "time", "answer"]  # nothing was timed beyond the two steps


def replies(*requests: Any) -> list[Any]:
    """What a child process answers."""
    lines: list[str] = []
    child.serve(map(json.dumps, requests), lines.append)
    return [json.loads(line) for line in lines]


def test_a_peer_that_is_not_installed_is_skipped_with_a_line_that_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "micrograd", None)
    for module in ("micrograd.engine", "tests.benchmarks.contestants.micrograd"):
        monkeypatch.delitem(sys.modules, module, raising=False)

    class Here(contest.Process):
        def __init__(self, contestant: Contestant) -> None:
            self.contestant = contestant

        def ask(self, *request: Any) -> Any:
            return replies(request)[0]

        def close(self) -> None: ...

    monkeypatch.setattr(contest, "Process", Here)
    contestants = [catalogue.ours(catalogue.EAGER, "S1"), catalogue.MICROGRAD]
    with contest.contest(contestants, "scalar_moons", {"samples": 2}) as running:
        assert list(running) == [catalogue.EAGER]
    assert capsys.readouterr().out == (
        "   micrograd: skipped, since micrograd is not installed (pip install -e '.[bench]')\n"
    )


def test_a_child_in_its_own_process_answers_what_it_answers_here() -> None:
    process = contest.Process(catalogue.BY_HAND)
    assert process.build("tensor_moons", {"samples": 3}) is None
    there = process.ask("answer")
    process.close()
    check_agreement("T1", {"ours": ours.dense(problems.tensor_moons(samples=3)).answer(), "there": there}, 1e-5)


@pytest.mark.parametrize("hand", [by_hand, c], ids=["NumPy", "C"])
def test_the_step_by_hand_agrees_with_us(hand: Any) -> None:
    problem = problems.tensor_moons("float64", samples=4)
    try:
        mine, theirs = ours.dense(problem), hand.dense(problem)
    except Unavailable as reason:
        pytest.skip(str(reason))
    for _ in range(2):
        check_agreement("T1", {"ours": mine.answer(), "theirs": theirs.answer()}, 1e-12)
        mine.step()
        theirs.step()
    smallest = np.ones(1, np.int64).view(np.float64)
    assert (smallest * 1.0).view(np.int64) == 1  # a library of -ffast-math makes it 0 for the whole process


@pytest.mark.parametrize("samples", [1, 5])
def test_the_number_of_nodes_is_that_of_the_graph(samples: int) -> None:
    run = ours.scalars(problems.scalar_moons(samples))
    assert run.loss is not None
    assert len(topological_order(run.loss())) == problems.nodes(samples)


def test_a_step_that_allocates_more_for_a_larger_batch_is_seen() -> None:
    def peak(size: int) -> int:
        return child.peak(Run(lambda: np.ones(size).sum(), lambda: RIGHT))

    assert peak(100_000) - peak(1000) == 99_000 * 8


RACE = next(race for race in catalogue.RACES if race.name == "T3")
SECONDS = {
    "eager": [1e-3, 2e-3, 3e-3],
    "step (NumPy)": [1e-3] * 3,
    "PyTorch eager": [0.8e-3, 0.9e-3, 1e-3],
    "MyGrad": [4e-3] * 3,
}


def test_the_table_has_a_ratio_a_round_and_says_whether_the_aim_is_reached() -> None:
    lines = table.text(RACE, SECONDS).splitlines()
    assert lines[0].split() == ["ms", "a", "step", "x", "eager", "x", "step", "(NumPy)"]
    assert lines[3].split() == ["PyTorch", "eager", "0.9", "(0.8-1)", "0.45", "(0.333-0.8)", "0.9", "(0.8-1)"]
    assert lines[5:] == [
        "   T3 eager: 0.45x PyTorch eager, aim 0.8x, MISSED",
        "   T3 step (NumPy): 0.9x PyTorch eager, aim 1x, MISSED",
    ]
    faster = SECONDS | {"eager": [1e-4] * 3}
    assert table.text(RACE, faster).splitlines()[5].endswith("aim 0.8x, reached")


def test_every_aim_names_a_workload_and_contestants_of_a_race() -> None:
    known = {(r.name, c.label) for r in catalogue.RACES for c in r.contestants}
    for aim in catalogue.AIMS:
        races = [r.name for r in catalogue.RACES if aim in table.aims_of(r)]
        assert races
        assert {(name, aim.peer) for name in races} <= known


def test_a_race_without_those_of_ours_that_are_not_wanted_keeps_the_peers() -> None:
    scalar = catalogue.RACES[0]
    left = scalar.only({"S3", "T1"})
    assert left is not None
    assert [c.label for c in left.contestants] == [catalogue.FIRST, "micrograd", "CasADi"]
    assert scalar.only({"T1"}) is None


def test_a_workload_that_does_not_exist_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "S2", "T7"])
    with pytest.raises(SystemExit):
        command.main()
    assert "no workload T7; there are C1, G1," in capsys.readouterr().err


def made_up() -> dict[str, Any]:
    """Results as a run writes them."""
    labels = [catalogue.EAGER, catalogue.NUMPY, catalogue.FAST]
    return {
        "machine": machine.description() | {"processor": "A processor"},
        "races": {
            r.name: {c.label: [1e-3 * (i + 1)] * 3 for i, c in enumerate(r.contestants)} for r in catalogue.RACES
        },
        "M1": {catalogue.EAGER: [119.0, 121.0], "micrograd": [700.0, 720.0]},
        "M2": {label: {"100": 1000, "1000": 2000} for label in labels},
        "I1": {"autograd_mini": [0.2] * 3, "numpy": [0.1] * 3},
        "curves": {
            c.name: {
                x.label: {str(size): (i + 1) * 1e-5 * (1 + size) for size in c.sizes}
                for i, x in enumerate(c.contestants)
            }
            for c in catalogue.CURVES
        },
    }


def test_the_readme_gets_the_table_between_its_marks() -> None:
    before = f"# Title\n{readme.BEGIN}\nold\n{readme.END}\nThe rest\n"
    after = readme.inserted(before, readme.section(made_up()))
    assert after.startswith(f"# Title\n{readme.BEGIN}\n| |")
    assert after.endswith(f"{readme.END}\nThe rest\n")
    assert "| T3 | MLP 784-256-128-10, batch 128, float32 | eager | 1 | **PyTorch eager 6** (aim 0.8), " in after
    assert "**119 / 121** (aim 120) | micrograd 700 / 720 |" in after
    assert "**2** (aim 1.3, missed)" in after
    assert "A processor" in after
    assert readme.inserted(after, readme.section(made_up())) == after
    with pytest.raises(ValueError, match="once each"):
        readme.inserted("# Title\n", "table")


@pytest.mark.skipif(not readme.RESULTS.exists(), reason="make bench has not been run")
def test_the_readme_says_what_was_measured() -> None:
    text = readme.README.read_text(encoding="utf-8")
    results = json.loads(readme.RESULTS.read_text(encoding="utf-8"))
    assert readme.inserted(text, readme.section(results)) == text, "run python -m tests.benchmarks.readme"


def test_a_curve_becomes_a_picture_whose_title_says_what_it_shows(tmp_path: Any) -> None:
    results = made_up()
    curve = catalogue.CURVES[1]
    plots.draw_curve(curve, results["curves"][curve.name], tmp_path / "width.png")
    assert (tmp_path / "width.png").read_bytes().startswith(b"\x89PNG")
    title = plots.finding(curve, results["curves"][curve.name])
    assert title == "From 4 to 1,024 units wide, PyTorch eager goes\nfrom 2 to 2 times the time of our jit (NumPy)"


def test_labels_do_not_lie_on_each_other() -> None:
    heights = plots.spread({"c": 50.0, "a": 4.0, "b": 4.0}, apart=2.25)
    assert heights == pytest.approx({"a": 4.0 / 1.5, "b": 4.0 * 1.5, "c": 50.0})


def test_a_label_that_has_room_stands_at_the_end_of_its_curve_above_a_crowd() -> None:
    heights = plots.spread({"a": 1.0, "b": 1.0, "c": 1.0, "d": 4.0}, apart=2.0)
    assert heights == pytest.approx({"a": 0.5, "b": 1.0, "c": 2.0, "d": 4.0})
