"""The digits, the moons and the neuron, one after the other: this is `make demo`.

python -m demos.main
"""

from __future__ import annotations

from time import perf_counter

from demos import digits, moons, neuron

DEMOS = [digits, moons, neuron]


def main(out="out", demos=DEMOS):
    """Runs each demo; returns the files written."""
    start = perf_counter()
    files = []
    for number, demo in enumerate(demos, 1):
        print(f"--- {number} of {len(demos)}: {demo.__doc__.splitlines()[0]}", flush=True)
        files += demo.main(out)
        print()
    print(f"Done in {perf_counter() - start:.0f} s. Look at")
    for file in files:
        print(f"  {file}")
    return files


if __name__ == "__main__":
    main()
