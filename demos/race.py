"""A race: gradient descent, momentum, Nesterov, RMSprop and Adam on four surfaces, from the same starts.

    python -m demos.race

Rosenbrock's banana is a bent valley with a nearly flat floor, Beale's function has plateaus between walls, the ravine
is a hundred times steeper across than along, the saddle goes down to both sides of a ridge on which all of them start.
Each optimizer gets, on each surface, the learning rate of a list with which it comes down fastest: a race
between well-driven cars.

Look at
    race.png      the paths: plain descent zigzags or creeps, momentum swings through the bends, RMSprop and Adam divide
                  by the size of the gradient and walk every slope at the same pace
    race.gif      the same, while it happens: who waits at the saddle, and for how long?
    the table     steps until the value is within `goal` of the lowest; nobody wins everywhere
Change
    steps         2000: does plain descent arrive on Rosenbrock?
    rates         a list of one: how do they fare with the same learning rate?
    offset        how far from the ridge the saddle starts; 0.0 is exactly on it, and then nobody ever leaves
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

import optim
from autograd_mini import Value, no_grad

STYLE = Path(__file__).with_name("pictures.mplstyle")
# Okabe and Ito's colours, and a line of its own for each, so that no colour is needed to tell them apart.
RACERS = {
    "gradient descent": (lambda p, lr: optim.SGD(p, lr), "#000000", ":"),
    "momentum": (lambda p, lr: optim.SGD(p, lr, momentum=0.9), "#0072B2", "-"),
    "Nesterov": (lambda p, lr: optim.SGD(p, lr, momentum=0.9, nesterov=True), "#56B4E9", "--"),
    "RMSprop": (lambda p, lr: optim.RMSprop(p, lr, alpha=0.9), "#009E73", "-."),
    "Adam": (lambda p, lr: optim.Adam(p, lr), "#D55E00", "-"),
}
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


@dataclass
class Surface:
    """A function of two numbers, where to start on it, where it is lowest, and the part that is drawn."""

    name: str
    f: Any
    start: tuple[float, float]
    lowest: float
    goal: float
    box: tuple[float, float, float, float]
    minimum: tuple[float, float] | None = None


def surfaces(offset=1e-3):
    """The four race tracks."""
    return [
        Surface("Rosenbrock", rosenbrock, (-1.2, 1.0), 0.0, 1e-3, (-1.8, 1.8, -0.8, 2.2), (1.0, 1.0)),
        Surface("Beale", beale, (1.0, 1.6), 0.0, 1e-3, (-0.7, 3.8, -2.2, 2.2), (3.0, 0.5)),
        Surface("Ravine", ravine, (-4.0, 0.6), 0.0, 1e-3, (-4.6, 1.6, -1.0, 1.0), (0.0, 0.0)),
        Surface("Saddle", saddle, (-1.5, offset), -1.0, 1e-3, (-1.8, 1.2, -1.6, 1.6)),
    ]


def rosenbrock(x, y):
    """A bent valley; 0 at (1, 1)."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def beale(x, y):
    """Plateaus between walls; 0 at (3, 0.5)."""
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def ravine(x, y):
    """A hundred times steeper across than along; 0 at (0, 0)."""
    return 0.5 * x**2 + 50 * y**2


def saddle(x, y):
    """Up along x, down along y until y = 1 or -1, where it is -1; (0, 0) is neither top nor bottom."""
    return x**2 - 2 * y**2 + y**4


def main(out="out", *, steps=300, rates=RATES, offset=1e-3, frames=36):
    """Races on every surface, prints who arrives when, draws a still and an animation; returns the files written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    tracks = surfaces(offset)
    races = [race(surface, steps=steps, rates=rates) for surface in tracks]

    print(f"Steps until the value is within {tracks[0].goal:g} of the lowest (and the learning rate that was best):")
    print(f"{'':18}" + "".join(f"{surface.name:>18}" for surface in tracks))
    for name in RACERS:
        cells = [f"{arrival_text(s, r[name][1], steps)} ({r[name][0]:g})" for s, r in zip(tracks, races, strict=True)]
        print(f"{name:18}" + "".join(f"{cell:>18}" for cell in cells))

    files = [out / "race.png", out / "race.gif"]
    draw_still(tracks, races, files[0], steps=steps)
    draw_animation(tracks, races, files[1], steps=steps, frames=frames)
    return files


def race(surface, *, steps, rates=RATES):
    """For each racer its best learning rate, and its path: an array (steps + 1, 2) that begins at the start."""
    result = {}
    for name, (make, _, _) in RACERS.items():
        runs = [(rate, descend(surface, make, rate, steps)) for rate in rates]
        result[name] = min(runs, key=lambda run: (arrival(surface, run[1]), heights(surface, run[1])[-1]))
    return result


def descend(surface, make, rate, steps):
    """The points that one optimizer passes; where it runs off to infinity it stays at its last finite point."""
    point = [Value(coordinate) for coordinate in surface.start]
    optimizer = make(point, rate)
    path = [surface.start]
    for _ in range(steps):
        height = surface.f(*point)
        optimizer.zero_grad()
        height.backward()
        optimizer.step()
        place = tuple([coordinate.data for coordinate in point])
        if not max(map(abs, place)) < 1e6:
            return np.array(path + [path[-1]] * (steps + 1 - len(path)))
        path.append(place)
    return np.array(path)


@no_grad()
def heights(surface, path):
    """The value of the surface along a path."""
    return surface.f(path[:, 0], path[:, 1])


def arrival(surface, path):
    """The number of the first step from which on the value stays within the goal; len(path) if there is none."""
    away = np.flatnonzero(~(heights(surface, path) - surface.lowest < surface.goal))
    return away[-1] + 1 if len(away) else 0


def arrival_text(surface, path, steps):
    """The arrival as text."""
    step = arrival(surface, path)
    return f"{step}" if step <= steps else "not yet"


@rc_context(fname=STYLE)
def draw_still(tracks, races, path, *, steps):
    """The whole paths on the maps."""
    figure, maps = new_figure(tracks)
    figure.suptitle(_title(tracks, races, steps), ha="left", x=0.01)
    for axes, surface, runs in zip(maps, tracks, races, strict=True):
        order = sorted(RACERS, key=lambda name: arrival(surface, runs[name][1]))
        first = [name for name in order if arrival(surface, runs[name][1]) <= steps]
        step = f" ({arrival(surface, runs[first[0]][1])} steps)" if first else ""
        axes.set_title(f"{surface.name}: {first[0] if first else 'nobody'} arrives first{step}", fontsize=10)
        for name, (_, color, line) in RACERS.items():
            axes.plot(*runs[name][1].T, color=color, linestyle=line, linewidth=1.6, label=name)
            axes.plot(*runs[name][1][-1], "o", color=color, markersize=6, markeredgecolor="white")
    figure.legend(*maps[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path)


@rc_context(fname=STYLE)
def draw_animation(tracks, races, path, *, steps, frames):
    """The same as a GIF; time goes slower at first, where most happens."""
    figure, maps = new_figure(tracks)
    figure.suptitle(_title(tracks, races, steps), ha="left", x=0.01)
    tails, heads = [], []
    for axes, surface, runs in zip(maps, tracks, races, strict=True):
        axes.set_title(surface.name, fontsize=10)
        for name, (_, color, line) in RACERS.items():
            (tail,) = axes.plot([], [], color=color, linestyle=line, linewidth=1.4, label=name)
            (head,) = axes.plot([], [], "o", color=color, markersize=7, markeredgecolor="white")
            tails.append((tail, runs[name][1]))
            heads.append((head, runs[name][1]))
    clock = maps[0].text(0.02, 0.03, "", transform=maps[0].transAxes, bbox={"facecolor": "white", "edgecolor": "none"})
    figure.legend(*maps[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    times = np.unique(np.round(steps * np.linspace(0, 1, frames) ** 2).astype(int))
    figure.set_dpi(70)
    canvas, colors, images = FigureCanvasAgg(figure), palette(), []
    for step in times:
        clock.set_text(f"step {step}")
        for tail, points in tails:
            tail.set_data(*points[: step + 1].T)
        for head, points in heads:
            head.set_data(*points[step : step + 1].T)
        canvas.draw()
        frame = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        images.append(frame.quantize(palette=colors, dither=Image.Dither.NONE))
    pauses = [120] * (len(images) - 1) + [1200]  # milliseconds
    images[0].save(path, save_all=True, append_images=images[1:], duration=pauses, loop=0)


def palette():
    """The 256 colors of the GIF: white, and each racer's from its own to nearly white, for the rims of its line.

    A palette that Pillow chooses for each frame gives the thin lines of two racers the same one.
    """
    hues = [np.array(to_rgb(color)) for _, color, _ in RACERS.values()]
    shades = [1 - share * (1 - hue) for hue in hues for share in np.linspace(1, 0.05, 255 // len(hues))]
    image = Image.new("P", (1, 1))
    image.putpalette((np.array([*shades, [1, 1, 1]]) * 255).round().astype(np.uint8).tobytes())
    return image


def _title(tracks, races, steps):
    def reached(name):
        return sum([arrival(surface, runs[name][1]) <= steps for surface, runs in zip(tracks, races, strict=True)])

    return (
        f"In {steps} steps momentum reaches {reached('momentum')} of {len(tracks)} goals, "
        f"plain gradient descent {reached('gradient descent')}"
    )


def new_figure(tracks, points=150):
    """A map of each surface, with its start and its lowest points."""
    figure = Figure(figsize=(11, 7.6))
    maps = list(figure.subplots(2, 2).flat)
    for axes, surface in zip(maps, tracks, strict=True):
        left, right, bottom, top = surface.box
        x, y = np.meshgrid(np.linspace(left, right, points), np.linspace(bottom, top, points))
        height = np.log10(surface.f(x, y) - surface.lowest + 1e-2)
        axes.imshow(height, extent=surface.box, origin="lower", aspect="auto", cmap="Greys", alpha=0.5)
        axes.contour(x, y, height, 12, colors="#777777", linewidths=0.5)
        axes.plot(*surface.start, "s", color="black", markersize=6)
        axes.annotate("start", surface.start, (-7, 2), textcoords="offset points", ha="right", fontsize=9)
        for goal in [surface.minimum] if surface.minimum else [(0, 1), (0, -1)]:
            axes.plot(*goal, "*", color="white", markersize=15, markeredgecolor="black", zorder=3)
        axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="x", ylabel="y")
    return figure, maps


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
