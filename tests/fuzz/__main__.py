"""The long run, ``make fuzz``: random programs, each run in every way there is; what fails is printed as Python.

``python -m tests.fuzz --programs 100000 --seed 0`` runs the seeds 0 to 99,999; an interrupted run says with which seed
to go on. It ends with how often each op ran, and with status 1 if a program failed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Iterator

import torch
from tqdm import tqdm

from tests.fuzz.calls import OF_OP
from tests.fuzz.run import Tally, fuzzed

BATCH = 100


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzzes the engine.")
    options.add_argument("--programs", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=0, help="of the first program")
    options.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    given = options.parse_args()
    tally, done = Tally(), given.seed
    try:
        with tqdm(total=given.programs, unit="program", smoothing=0.05) as bar:
            for part in _parts(given.seed, given.programs, given.workers):
                tally.add(part)
                done += part.programs
                bar.update(part.programs)
                for text in part.failures.values():
                    bar.write(text)
                bar.set_postfix(failed=len(tally.failures), next_seed=str(done))
    except KeyboardInterrupt:
        print(f"stopped; go on with --seed {done} --programs {given.seed + given.programs - done}")
    _say(tally)
    return 1 if tally.failures else 0


def _parts(seed: int, programs: int, workers: int) -> Iterator[Tally]:
    """The tallies of the batches, in order, so that all seeds before the last batch are done."""
    batches = [range(i, min(i + BATCH, seed + programs)) for i in range(seed, seed + programs, BATCH)]
    with multiprocessing.get_context("spawn").Pool(workers, torch.set_num_threads, (1,)) as pool:
        yield from pool.imap(fuzzed, batches)


def _say(tally: Tally) -> None:
    runs = [f"{op} {tally.ops[op]:,}" for op in sorted(OF_OP)]
    print("how often each op ran:")
    for i in range(0, len(runs), 6):
        print("  " + "".join(f"{text:<26}" for text in runs[i : i + 6]))
    print(f"{tally.programs:,} programs, {tally.undefined.total():,} without an answer, {len(tally.failures)} failed")
    for reason, count in tally.undefined.most_common(10):
        print(f"  without an answer: {count:,} times {reason}")
    if tally.failures:
        print(f"seeds that failed: {', '.join(map(str, tally.failures))}")


if __name__ == "__main__":
    sys.exit(main())
