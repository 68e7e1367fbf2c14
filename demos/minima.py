"""Local minima, plateaus and saddle points: where gradient descent gets stuck, and what gets it out.

    python -m demos.minima

Descent stops where the slope is zero, and that need not be the lowest point. Momentum keeps a part of the last step,
as a ball that rolls: it comes through a small hollow and across a plateau. On a saddle point the slope is zero as well,
but any breath of noise ends that. And what descent has found can be where another search begins: kick it, descend
again, keep what is better (basin hopping; Wales and Doye, 1997).

Look at
    hollow.png  the same start and learning rate, with and without momentum; right: the same on a plateau
    saddle.png  exactly on the ridge descent ends at the saddle, whose curvatures have two signs; beside it, it does not
    hops.png    a landscape with a minimum near each pair of whole numbers: random starts against hops from the best
Change
    momentum    0.8 does not make it out of the hollow; 0.95 makes it, and then rolls to and fro twice as long
    start       1.0 is no higher than the hump: can any momentum get over it from there?
    aside       1e-6, 1e-9: how many steps does the saddle cost? With 1e-12 the slope is small enough to stop there
    kick        0.1 never leaves the hollow it is in, 5.0 forgets where it was
    seed        other random starts and kicks
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

import optim
from autograd_mini import hessian

STYLE = Path(__file__).with_name("pictures.mplstyle")
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"


def two_hollows(x):
    """A small hollow near 1.3 and a deep one near -1.5, with a hump between them."""
    return x**4 / 4 - x**2 + 0.3 * x


def plateau(x):
    """Flat far from 0, with a valley there."""
    return -1 / (1 + x**2 / 2) ** 2


def saddle(p):
    """Down along y to two valleys at y = -1 and y = 1; along x it is a valley everywhere."""
    x, y = p
    return x**2 / 2 + y**4 / 4 - y**2 / 2


def rastrigin(p):
    """A bowl with a hollow near each pair of whole numbers, of which the one at (0, 0) is the lowest: 0."""
    return 20 + sum(each**2 - 10 * np.cos(2 * np.pi * each) for each in p)


def main(out="out", *, seed=0, start=2.2, momentum=0.9, lr=0.05, aside=1e-3, kick=1.0, hops=60):
    """Lets descent get stuck in three ways and gets it out; returns the pictures written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    print(f"Two hollows, from x = {start:g} with lr = {lr:g}:")
    hollow = {name: descend(two_hollows, start, lr=lr, momentum=m) for name, m in _both(momentum)}
    _report(hollow)
    print("A plateau, from x = 5 with lr = 0.2:")
    flat = {name: descend(plateau, 5.0, lr=0.2, momentum=m) for name, m in _both(momentum)}
    _report(flat)

    print("A saddle, from a start on the ridge and from one beside it:")
    ridge = {f"y = {y:g}": descend(saddle, np.array([1.5, y]), lr=0.1) for y in (0.0, aside)}
    _report(ridge)
    for name, found in ridge.items():
        curvatures = np.linalg.eigvalsh(hessian(saddle)(found.x))
        what = "a minimum" if curvatures.min() > 0 else "a saddle point"
        print(f"  from {name} it ends at {what}: the curvatures are {curvatures[0]:.3f} and {curvatures[1]:.3f}")

    hopping = search(hops, kick=kick, rng=np.random.default_rng(seed))
    restarts = search(hops, kick=None, rng=np.random.default_rng(seed))
    print(f"A landscape of hollows; the lowest found in 1 and in {hops} descents, where 0 is the lowest that there is:")
    print(f"  each from a random start         {restarts['lowest'][0]:8.4f}  {restarts['lowest'][-1]:8.4f}")
    print(f"  each from the best so far        {hopping['lowest'][0]:8.4f}  {hopping['lowest'][-1]:8.4f}")

    files = [out / "hollow.png", out / "saddle.png", out / "hops.png"]
    draw_hollow(hollow, flat, files[0])
    draw_saddle(ridge, files[1])
    draw_hops(hopping, restarts, files[2])
    return files


def descend(f, x, *, lr, momentum=0.0, tol=1e-6, max_steps=3000):
    """Gradient descent with a momentum: an ``optim.Minimum``."""
    return optim.minimize(
        f, x, lambda params: optim.SGD(params, lr=lr, momentum=momentum), tol=tol, max_steps=max_steps
    )


def search(descents, *, kick, rng, reach=5.0):
    """Descents one after the other: each from where the best one ended, after a kick; or from anywhere.

    Gives the ends of all, those that were the best when they were found, and the lowest value after each.
    """
    best, ends, steps, lowest = None, [], [], []
    for _ in range(descents):
        anywhere = best is None or kick is None
        start = rng.uniform(-reach, reach, 2) if anywhere else best.x + kick * rng.normal(size=2)
        found = descend(rastrigin, start, lr=0.002, tol=1e-4, max_steps=300)
        ends.append(found.x)
        if best is None or found.value < best.value - 1e-6:  # else it is the same hollow
            best = found
            steps.append(found.x)
        lowest.append(best.value)
    return {"ends": np.array(ends), "best": np.array(steps), "lowest": np.array(lowest)}


def _both(momentum):
    return ("plain descent", 0.0), (f"momentum {momentum:g}", momentum)


def _report(found):
    for name, each in found.items():
        numbers = ", ".join(f"{number:z.4f}" for number in np.atleast_1d(each.x))  # z: no -0.0000
        place = f"(x, y) = ({numbers})" if np.ndim(each.x) else f"x = {numbers}"
        print(f"  {name:15} ends at {place}, f = {each.value:z.4f}; {each.message}")


@rc_context(fname=STYLE)
def draw_hollow(hollow, flat, file):
    """Both ways on the curve with two hollows, and the value step by step on the plateau."""
    figure = Figure(figsize=(11, 4.8))
    left, right = figure.subplots(1, 2)
    reach = 1.1 * max(2.0, *(np.abs(each.path).max() for each in hollow.values()))
    line = np.linspace(-reach, reach, 400)
    left.plot(line, two_hollows(line), color="0.6", linewidth=1.2)
    for (name, each), color, marker in zip(hollow.items(), (ORANGE, BLUE), ("s", "o"), strict=True):
        xs = np.array(each.path)
        left.plot(xs, two_hollows(xs), marker, color=color, markersize=4, alpha=0.6, label=name)
        left.plot(xs[-1], two_hollows(xs[-1]), "*", color=color, markersize=18, markeredgecolor="black")
    plain, rolling = (each.value for each in hollow.values())
    verb = "rolls on to" if rolling < plain - 1e-6 else "ends at"
    left.set_title(f"Plain descent ends at {plain:.2f}, momentum {verb} {rolling:.2f}", fontsize=11)
    left.set(xlabel="x", ylabel="f(x)")

    for (_, each), color, style in zip(flat.items(), (ORANGE, BLUE), ("--", "-"), strict=True):
        right.plot(np.arange(len(each.values)) + 1, each.values, style, color=color)
    counts = [int(np.argmax(np.array(each.values) < -0.5)) for each in flat.values()]
    right.set_title(f"A plateau: {counts[0]} steps, with momentum {counts[1]}", fontsize=11)
    right.set(xlabel="step (log scale)", ylabel="f(x)", xscale="log")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(file)


@rc_context(fname=STYLE)
def draw_saddle(ridge, file):
    """The landscape around the saddle with both ways, and the value step by step."""
    figure = Figure(figsize=(11, 4.8))
    left, right = figure.subplots(1, 2)
    across, up = np.meshgrid(np.linspace(-1, 1.8, 150), np.linspace(-1.6, 1.6, 150))
    left.contour(across, up, saddle((across, up)), np.linspace(-0.25, 1.5, 15), colors="0.8", linewidths=1)
    for (name, each), color, marker in zip(ridge.items(), (ORANGE, BLUE), ("s", "o"), strict=True):
        left.plot(*np.transpose(each.path), marker + "-", color=color, markersize=4, linewidth=1, label=f"from {name}")
        left.plot(*each.x, "*", color=color, markersize=18, markeredgecolor="black", zorder=3)
        right.plot(each.values, color=color, linestyle="--" if marker == "s" else "-")
    left.set(xlabel="x", ylabel="y", aspect="equal")
    left.set_title("On the ridge it ends at the saddle", fontsize=11)
    right.set(xlabel="step", ylabel="f(x, y)")
    right.set_title("From beside it, the saddle only looks like the end", fontsize=11)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(file)


@rc_context(fname=STYLE)
def draw_hops(hopping, restarts, file):
    """The hops from above, and the lowest value after each descent."""
    figure = Figure(figsize=(11, 5.2))
    left, right = figure.subplots(1, 2)
    across, up = np.meshgrid(*[np.linspace(-5.5, 5.5, 300)] * 2)
    left.contourf(across, up, rastrigin((across, up)), 12, cmap="Greys", alpha=0.5)
    left.plot(*restarts["ends"].T, "s", color=ORANGE, markersize=4, label="each descent from a random start")
    left.plot(
        *hopping["best"].T, "o-", color=BLUE, markersize=6, linewidth=1.5, label="each from the best so far, kicked"
    )
    left.plot(0, 0, "*", color=GREEN, markersize=16, markeredgecolor="black", label="the lowest point")
    left.set(xlabel="x", ylabel="y", xlim=(-5.5, 5.5), ylim=(-5.5, 5.5), aspect="equal")
    left.set_title(f"{len(hopping['best']) - 1} of {len(hopping['ends']) - 1} hops went lower", fontsize=11)
    for run, color, style in ((restarts, ORANGE, "--"), (hopping, BLUE, "-")):
        right.step(np.arange(len(run["lowest"])) + 1, run["lowest"], style, color=color, where="post")
    right.set(xlabel="descents", ylabel="lowest value so far")
    ends = hopping["lowest"][-1], restarts["lowest"][-1]
    right.set_title(f"Hops end at {ends[0]:.2f}, random starts at {ends[1]:.2f}", fontsize=11)
    right.grid(axis="y")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(file)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
