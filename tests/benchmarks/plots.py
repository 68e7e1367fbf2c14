"""Pictures of how time grows, from the results of ``make bench``: ``python -m tests.benchmarks.plots``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from sklearn.isotonic import isotonic_regression

from tests.benchmarks.catalogue import CURVES, EAGER, FAST, NUMPY, Curve
from tests.benchmarks.contest import ROOT
from tests.benchmarks.readme import RESULTS
from tests.benchmarks.table import short

FOLDER = ROOT / "tests" / "benchmarks" / "plots"
STYLE = ROOT / "demos" / "pictures.mplstyle"
# Okabe and Ito's colours, which stay apart for every kind of colour vision; ours are drawn thick, the peers thin.
COLORS = {
    EAGER: "#0072B2",
    NUMPY: "#D55E00",
    FAST: "#009E73",
    "micrograd": "#000000",
    "CasADi": "#CC79A7",
    "PyTorch eager": "#E69F00",
    "JAX jit": "#56B4E9",
    "MyGrad": "#777777",
}
OURS = {EAGER: "ours, eager", NUMPY: "ours, jit (NumPy)", FAST: "ours, jit (fast)"}


def draw(results: dict[str, Any], folder: Path = FOLDER) -> list[Path]:
    """A picture a curve; returns the files."""
    folder.mkdir(exist_ok=True)
    files = []
    for curve in CURVES:
        files.append(folder / f"{curve.name}.png")
        draw_curve(curve, results["curves"][curve.name], files[-1])
    return files


@rc_context(fname=STYLE)
def draw_curve(curve: Curve, found: dict[str, dict[str, float]], file: Path) -> None:
    """Seconds a step against size, both on log axes, where growth in proportion is a slope of 1."""
    figure = Figure(figsize=(8, 5))
    axes = figure.subplots()
    ends = {}
    for label, by_size in found.items():
        sizes = [curve.place(int(size)) for size in by_size]
        times = [seconds * 1e3 for seconds in by_size.values()]
        is_ours = label in OURS
        axes.loglog(
            sizes,
            times,
            "o-" if is_ours else "s--",
            color=COLORS[label],
            linewidth=2.5 if is_ours else 1.2,
            markersize=4,
        )
        ends[label] = times[-1]
    axes.set(xlabel=f"{curve.axis}; log scale", ylabel="ms a training step; log scale")
    axes.set_title(finding(curve, found))
    axes.grid()
    places = [curve.place(size) for size in curve.sizes]
    axes.set_xticks(places, [f"{place:,}" for place in places])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:,g}")
    low, high = axes.get_ylim()
    for label, height in spread(ends, apart=(high / low) ** 0.038).items():
        axes.annotate(
            OURS.get(label, label),
            (places[-1], ends[label]),
            xytext=(1.02, height),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            color=COLORS[label],
            weight="bold" if label in OURS else "normal",
            fontsize=9,
            # several curves can end in one place: a thin line leads from each label to the end of its own
            arrowprops={"arrowstyle": "-", "color": COLORS[label], "linewidth": 0.7, "relpos": (0, 0.5), "shrinkA": 2},
        )
    axes.margins(x=0.02)
    figure.savefig(file, metadata={"Software": None})


def spread(ends: dict[str, float], apart: float) -> dict[str, float]:
    """Heights of the labels, in order and at least the factor ``apart`` from each other, as the axis is logarithmic.

    Of all such heights those nearest to the ends, in least squares: an isotonic regression.
    """
    labels = sorted(ends, key=lambda label: ends[label])
    steps = np.log(apart) * np.arange(len(labels))
    heights = isotonic_regression(np.log([ends[label] for label in labels]) - steps) + steps
    return dict(zip(labels, np.exp(heights).tolist(), strict=True))


def finding(curve: Curve, found: dict[str, dict[str, float]]) -> str:
    """What the picture shows, as its title."""
    if curve.rival.label not in found:
        return f"A training step by the {curve.axis}"
    ratios = {
        curve.place(int(size)): found[curve.rival.label][size] / seconds for size, seconds in found[NUMPY].items()
    }
    (first, at_first), *_, (last, at_last) = ratios.items()
    return (
        f"From {first:,} to {last:,} {curve.unit}, {curve.rival.label} goes\n"
        f"from {short(at_first)} to {short(at_last)} times the time of our jit (NumPy)"
    )


if __name__ == "__main__":
    draw(json.loads(RESULTS.read_text(encoding="utf-8")))
