"""The README's table of speed, written from the results of ``make bench``: ``python -m tests.benchmarks.readme``."""

from __future__ import annotations

import json
from typing import Any

from tests.benchmarks import machine
from tests.benchmarks.catalogue import EAGER, RACES
from tests.benchmarks.contest import ROOT, Contestant
from tests.benchmarks.race import Race, Seconds
from tests.benchmarks.table import Ratio, short, verdicts

README = ROOT / "README.md"
RESULTS = ROOT / "tests" / "benchmarks" / "results.json"
BEGIN = "<!-- written by python -m tests.benchmarks.readme -->"
END = "<!-- end of what was written -->"


def write(results: dict[str, Any]) -> None:
    """Puts the table between the two marks."""
    README.write_text(inserted(README.read_text(encoding="utf-8"), section(results)), encoding="utf-8")


def inserted(readme: str, part: str, begin: str = BEGIN) -> str:
    """The README with this part between its marks. Raises ValueError if they are gone."""
    if readme.count(begin) != 1 or readme.count(END) != 1:
        raise ValueError(f"README.md must have {begin} and {END} once each")
    before, rest = readme.split(begin)
    return f"{before}{begin}\n{part}\n{END}{rest.split(END)[1]}"


def section(results: dict[str, Any]) -> str:
    """The table, the machine and the pictures, as Markdown."""
    lines = ["| | workload | ours | ms a step | how many times as long it takes with |", "|---|---|---|---|---|"]
    for race in RACES:
        seconds = results["races"][race.name]
        ours = [c for c in race.ours if c.label in seconds]
        lines += [_row(race, c, seconds, is_first=c is ours[0]) for c in ours]
    lines += ["", "| | memory and import | ours | peers |", "|---|---|---|---|", *_other_rows(results)]
    lines += [
        "",
        f"Medians of the rounds of one run on {results['machine']['date']}; the least and the most are in "
        f"`tests/benchmarks/results.json`. {machine.sentence(results['machine'])}.",
    ]
    names = {"nodes": "the number of nodes", "width": "the width of the net", "batch": "the batch size"}
    lines += [
        "",
        *[f"![Time of a step against {what}](tests/benchmarks/plots/{name}.png)" for name, what in names.items()],
    ]
    return "\n".join(lines)


def _row(race: Race, ours: Contestant, seconds: Seconds, is_first: bool) -> str:
    """What one of ours does in a race, beside each peer; the aims stand with the peer they name."""
    aims = {aim.peer: (aim, ratio) for aim, ratio in verdicts(race, seconds) if aim.ours == ours.label}
    cells = []
    for peer, theirs in seconds.items():
        if any(peer == c.label for c in race.ours):
            continue
        cell = f"{peer} {short(Ratio.of(theirs, seconds[ours.label]).median)}"
        if peer in aims:
            aim, ratio = aims[peer]
            cell = f"**{cell}** (aim {short(aim.ratio)}{'' if ratio.median >= aim.ratio else ', missed'})"
        cells.append(cell)
    time = short(Ratio.of([s * 1e3 for s in seconds[ours.label]], [1.0] * len(seconds[ours.label])).median)
    return f"| {ours.workload} | {race.title if is_first else ''} | {ours.label} | {time} | {', '.join(cells)} |"


def _other_rows(results: dict[str, Any]) -> list[str]:
    """Memory and imports, which are no races."""
    nodes = {label: f"{forward:.0f} / {both:.0f}" for label, (forward, both) in results["M1"].items()}
    peers = ", ".join(f"{label} {numbers}" for label, numbers in nodes.items() if label != EAGER)
    missed = "" if results["M1"][EAGER][0] <= 120 else ", missed"
    rows = [
        f"| M1 | bytes a node of S1's graph, after the forward pass / with gradients | "
        f"**{nodes[EAGER]}** (aim 120{missed}) | {peers} |"
    ]
    for label, by_batch in results["M2"].items():
        sizes = ", ".join(f"{number / 1000:,.0f} kB at {int(batch):,}" for batch, number in by_batch.items())
        rows.append(f"| M2 | what a step of T1 and T2 allocates for a while, by batch size, {label} | {sizes} | |")
    ratio = Ratio.of(results["I1"]["autograd_mini"], results["I1"]["numpy"]).median
    missed = "" if ratio <= 1.3 else ", missed"
    rows.append(f"| I1 | `import autograd_mini` by `import numpy` | **{short(ratio)}** (aim 1.3{missed}) | |")
    return rows


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text(encoding="utf-8")))
