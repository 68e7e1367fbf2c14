"""Runs the workloads, all contestants of each in turn, and prints the ratios: ``make bench``.

Give workloads by name to run only these: ``python -m tests.benchmarks S2 T2``. ``--quick`` takes three short rounds.
A run of everything writes ``results.json``, the pictures in ``plots`` and the table in the README.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from tests.benchmarks import growth, imports, machine, memory, plots, readme, table
from tests.benchmarks.catalogue import CURVES, EAGER, RACES
from tests.benchmarks.race import Pace, run

USUAL, QUICK = Pace(), Pace(rounds=3, slice=0.02)
FOR_CURVES = Pace(rounds=5, slice=0.03)
WORKLOADS = sorted({c.workload for race in RACES for c in race.ours} | {"M1", "M2", "I1"})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("workload", nargs="*", help=f"only these, of {', '.join(WORKLOADS)}")
    parser.add_argument("--quick", action="store_true", help="three short rounds, no curves")
    options = parser.parse_args()
    unknown = set(options.workload) - set(WORKLOADS)
    if unknown:
        parser.error(f"no workload {', '.join(sorted(unknown))}; there are {', '.join(WORKLOADS)}")
    results = measured(set(options.workload or WORKLOADS), QUICK if options.quick else USUAL)
    if options.quick or options.workload:
        return
    print("\nHow time grows, for the pictures")
    results["curves"] = {curve.name: growth.grow(curve, FOR_CURVES) for curve in CURVES}
    readme.RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    plots.draw(results)
    readme.write(results)
    print(f"Wrote {readme.RESULTS}, the pictures in {plots.FOLDER} and the table in {readme.README}")


def measured(wanted: set[str], pace: Pace) -> dict[str, Any]:
    """Runs and prints what is wanted."""
    results: dict[str, Any] = {"machine": machine.description(), "races": {}}
    print(machine.sentence(results["machine"]))
    print("How many times as long as we each peer takes: median (least-most) of the rounds, a whole training step.")
    for race in filter(None, [race.only(wanted) for race in RACES]):
        print(f"\n{', '.join(sorted({c.workload for c in race.ours}))}: {race.title}", flush=True)
        seconds = results["races"][race.name] = run(race, pace)
        print(table.text(race, seconds), flush=True)
    if "M1" in wanted:
        print("\nM1: bytes a node of S1's graph, forward and with gradients (aim 120 forward)", flush=True)
        results["M1"] = memory.of_a_node()
        for label, (forward, both) in results["M1"].items():
            print(f"   {'ours' if label == EAGER else label:20}{forward:8.0f}{both:8.0f}")
    if "M2" in wanted:
        print(f"\nM2: bytes that a step of T1 and T2 allocates for a while, batch {memory.BATCHES}", flush=True)
        results["M2"] = memory.of_a_step()
        for label, by_batch in results["M2"].items():
            print(f"   {label:20}" + "".join(f"{bytes_:12,}" for bytes_ in by_batch.values()))
    if "I1" in wanted:
        print("\nI1: import autograd_mini against import numpy (aim 1.3x)", flush=True)
        results["I1"] = imports.seconds(pace.rounds + 2)
        ratio = table.Ratio.of(results["I1"]["autograd_mini"], results["I1"]["numpy"])
        print(f"   {'numpy':20}{table.milliseconds(results['I1']['numpy'])} ms")
        print(f"   {'autograd_mini':20}{table.milliseconds(results['I1']['autograd_mini'])} ms, {ratio}x")
    return results


if __name__ == "__main__":
    main()
