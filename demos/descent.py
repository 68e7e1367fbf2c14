"""Gradient descent: step by step against the slope; what the learning rate does, and where one starts.

    python -m demos.descent

Each step goes against the slope, by the learning rate times the slope: x = x - lr * grad(f)(x). That is all of it.
Until the slope is so small that a step would not change much, which is the stopping criterion.

Look at
    descend             the two lines that matter
    learning_rates.png  the same start and the same curve: too small creeps, too large jumps over the valley, and beyond
                        2 / curvature, here 0.5, each jump lands higher than the last
    starts.png          a landscape with four valleys, all equally deep: the start decides which one is found
Change
    rates               0.25 = 1 / curvature arrives at once; why does 0.5 neither come closer nor go away?
    x                   -2.0: which pictures change?
    landscape_lr        0.02 finds two valleys only: the others are too narrow, their curvature is above 2 / 0.02
    starts              100 paints the valleys
    seed                other starts
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

import optim
from autograd_mini import grad, hessian

STYLE = Path(__file__).with_name("pictures.mplstyle")
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]
MARKERS = ["o", "s", "^", "D"]
FAR = 1e6  # beyond it a descent has diverged
RATES = {"too small": 0.01, "right": 0.2, "too large": 0.45, "divergent": 0.55}


def parabola(x):
    """2 x**2: its slope is 4 x, and its curvature 4 everywhere."""
    return 2 * x**2


def himmelblau(p):
    """Four valleys, all with 0 at the bottom (Himmelblau, 1972)."""
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def main(out="out", *, seed=0, rates=RATES, x=2.0, steps=12, tol=1e-6, starts=24, landscape_lr=0.004):
    """Descends a parabola at several learning rates and a landscape from random starts; returns the pictures."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    print("Gradient descent on 2 x**2, the first steps with lr = 0.2:")
    print("  step          x      slope    x - lr * slope")
    path = descend(parabola, x, lr=0.2, steps=3)
    for step, (here, there) in enumerate(pairwise(path)):
        print(f"  {step:4} {here:10.5f} {grad(parabola)(here):10.5f}    = {there:.5f}")
    print(f"optim.minimize does the same, and says how it went, from {x:g}:")
    for name, lr in rates.items():
        print(f"  lr = {lr:<5g} {name:10} {optim.minimize(parabola, x, lr=lr, tol=tol, max_steps=2000).message}")

    rng = np.random.default_rng(seed)
    paths = [
        descend(himmelblau, start, lr=landscape_lr, steps=2000, tol=tol) for start in rng.uniform(-5, 5, (starts, 2))
    ]
    valleys, found = sort_by_valley(paths, tol)
    print(f"From {starts} random starts in a landscape with four valleys:")
    for valley, count in zip(valleys, np.bincount(found[found >= 0]), strict=True):
        print(f"  {count:3} end at ({valley[0]:.4f}, {valley[1]:.4f}), {kind(himmelblau, valley)}")
    if lost := np.sum(found < 0):
        print(f"  {lost:3} arrive nowhere")

    files = [out / "learning_rates.png", out / "starts.png"]
    draw_rates(
        parabola, {name: descend(parabola, x, lr=lr, steps=steps) for name, lr in rates.items()}, rates, files[0]
    )
    draw_starts(himmelblau, paths, valleys, found, files[1])
    return files


def descend(f, x, *, lr, steps, tol=0.0):
    """The path of gradient descent: until the slope is below ``tol``, or for ``steps`` steps."""
    slope_of = grad(f)
    path = [x]
    for _ in range(steps):
        slope = slope_of(x)
        if np.max(np.abs(slope)) < tol or not np.max(np.abs(x)) < FAR:
            break
        x = x - lr * slope
        path.append(x)
    return np.array(path)


def sort_by_valley(paths, tol):
    """The different points where the paths end, and for each path which of them it is; -1 if it ends nowhere."""
    valleys, found = [], []
    for path in paths:
        end = path[-1]
        if np.max(np.abs(grad(himmelblau)(end))) >= tol:
            found.append(-1)
            continue
        known = [i for i, valley in enumerate(valleys) if np.linalg.norm(valley - end) < 1e-3]
        if not known:
            valleys.append(end)
        found.append(known[0] if known else len(valleys) - 1)
    return valleys, np.array(found)


def kind(f, at):
    """What a point without slope is, by the curvatures there: the eigenvalues of the Hessian."""
    curvatures = np.linalg.eigvalsh(hessian(f)(at))
    what = "a minimum" if min(curvatures) > 0 else "a maximum" if max(curvatures) < 0 else "a saddle point"
    return f"{what}: curvatures {curvatures[0]:.3g} and {curvatures[1]:.3g}"


@rc_context(fname=STYLE)
def draw_rates(f, paths, rates, path):
    """For each learning rate the steps on the curve, and below all of them by the height that is left."""
    figure = Figure(figsize=(11, 7.5))
    above, below = figure.subfigures(2, height_ratios=[1, 1])
    reach = 1.1 * max(abs(each[0]) for each in paths.values())
    line = np.linspace(-2.2 * reach, 2.2 * reach, 300)
    panels = np.atleast_1d(above.subplots(1, len(paths), sharex=True, sharey=True))
    for axes, (name, xs), color, marker in zip(panels, paths.items(), COLORS, MARKERS, strict=False):
        axes.plot(line, f(line), color="0.6", linewidth=1.2)
        axes.plot(xs, f(xs), marker + "-", color=color, linewidth=1, markersize=5)
        axes.plot(xs[0], f(xs[0]), "o", color="black", markersize=8, fillstyle="none")
        axes.set_title(f"{name}: lr = {rates[name]:g}", color=color)
        axes.set(xlabel="x", xlim=(line[0], line[-1]), ylim=(-0.03 * f(line[0]), f(line[0])))
    panels[0].set_ylabel("f(x)")

    axes = below.subplots()
    for (name, xs), color, marker in zip(paths.items(), COLORS, MARKERS, strict=False):
        axes.plot(f(xs) + 1e-300, marker + "-", color=color, label=f"{name}: lr = {rates[name]:g}")
    axes.set(xlabel="step", ylabel="f(x), log scale", yscale="log")
    axes.set_ylim(1e-9, None)
    axes.set_title("One curve, one start: the learning rate alone decides between creeping, arriving and diverging")
    axes.grid(axis="y")
    below.legend(loc="outside right center", frameon=False)
    figure.savefig(path)


@rc_context(fname=STYLE)
def draw_starts(f, paths, valleys, found, path):
    """The landscape from above, with the way from each start to its valley."""
    figure = Figure(figsize=(7.5, 7))
    axes = figure.subplots()
    across, up = np.meshgrid(*[np.linspace(-5.5, 5.5, 300)] * 2)
    axes.contour(across, up, f((across, up)), np.geomspace(1, 900, 12), colors="0.8", linewidths=0.9)
    for way, valley in zip(paths, found, strict=True):
        if valley < 0:
            continue
        color, marker = COLORS[valley % 4], MARKERS[valley % 4]
        axes.plot(*way.T, color=color, linewidth=1.2)
        axes.plot(*way[0], marker, color=color, markersize=6)
    for number, valley in enumerate(valleys):
        color, marker = COLORS[number % 4], MARKERS[number % 4]
        axes.plot(*valley, "*", color=color, markersize=20, markeredgecolor="black")
        axes.plot([], [], marker, color=color, label=f"end at ({valley[0]:.2f}, {valley[1]:.2f})")
    axes.set(xlabel="x", ylabel="y", xlim=(-5.5, 5.5), ylim=(-5.5, 5.5), aspect="equal")
    axes.set_title(f"{len(paths)} starts, {len(valleys)} valleys: the start decides which one is found")
    if valleys:
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
