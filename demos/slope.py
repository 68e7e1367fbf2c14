"""The slope: what a derivative is, and why the gradient points straight uphill.

    python -m demos.slope

The slope of f(x) = 2 x**2 at x = 1 is 4. First as one would measure it, by a line through two points of the curve that
come closer and closer; then as the engine computes it. A function of two variables has a slope in every direction: the
two partial derivatives are those along the axes, and they know all the others.

Look at
    the table     the slope between two points is off by 2h, until h is so small that rounding spoils it
    slope.png     the lines through two points turn into the tangent
    gradient.png  left: the two partial derivatives, end to end, are the gradient, at right angles to the contour line;
                  right: the slope that is measured in each of 360 directions is a cosine, with its top there
Change
    f             np.sin or lambda x: abs(x) and x=0.0: which number do the lines agree on, and what does grad say?
    x             0.0: what is the slope at the bottom?
    hills         another landscape, such as lambda p: np.sin(p[0]) * np.cos(p[1])
    at            (0.0, 0.0) is the bottom of the valley: which way is up?
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from autograd_mini import grad

STYLE = Path(__file__).with_name("pictures.mplstyle")
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
DISTANCES = (1.0, 0.1, 0.01, 1e-4, 1e-6, 1e-8, 1e-12)


def parabola(x):
    """2 x**2: its derivative is 4 x."""
    return 2 * x**2


def valley(p):
    """A valley that runs askew: x**2 + x y + 2 y**2, with the partial derivatives 2 x + y and x + 4 y."""
    x, y = p
    return x**2 + x * y + 2 * y**2


def main(out="out", *, f=parabola, x=1.0, hills=valley, at=(1.0, 0.6)):
    """Measures slopes and computes them, along a line and in a landscape; returns the pictures written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    slope = grad(f)(x)
    print(f"The slope of a curve at x = {x:g}, from two points that are h apart:")
    print("       h   (f(x + h) - f(x)) / h")
    for h in DISTANCES:
        print(f"{h:8.0e}   {secant(f, x, h):.10f}")
    print(f"    grad   {slope:.10f}\n")

    at = np.array(at)
    gradient = grad(hills)(at)
    angles, slopes = all_around(hills, at)
    steepest = np.argmax(slopes)
    print(f"A landscape at ({at[0]:g}, {at[1]:g}): the partial derivatives are {gradient[0]:.4g} and {gradient[1]:.4g}")
    print(f"The gradient points to {direction(gradient):.1f} degrees and is {np.linalg.norm(gradient):.4f} long")
    print(f"Measured in {len(angles)} directions, it is steepest at {angles[steepest]:.0f}: {slopes[steepest]:.4f}")

    files = [out / "slope.png", out / "gradient.png"]
    draw_slope(f, x, slope, files[0])
    draw_gradient(hills, at, gradient, angles, slopes, files[1])
    return files


def secant(f, x, h):
    """The slope of the line through the curve at x and at x + h."""
    return (f(x + h) - f(x)) / h


def all_around(f, at, *, directions=360, h=1e-5):
    """The slope in each direction, measured by a small step there and one back; and the directions, in degrees."""
    angles = np.arange(directions) * 360 / directions
    steps = h * np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))], axis=1)
    return angles, np.array([(f(at + step) - f(at - step)) / (2 * h) for step in steps])


def direction(vector):
    """Where a vector points, in degrees from 0 to 360, counterclockwise from the first axis."""
    return np.degrees(np.arctan2(vector[1], vector[0])) % 360


@rc_context(fname=STYLE)
def draw_slope(f, x, slope, path, *, distances=(1.0, 0.5, 0.25)):
    """The curve, lines through two of its points, and the tangent."""
    figure = Figure(figsize=(7, 5.6))
    axes = figure.subplots()
    reach = np.linspace(x - 1.2, x + 1.3, 300)
    axes.plot(reach, [f(each) for each in reach], color="black", label="f")
    ends = np.array([x - 1.0, x + 1.25])
    for h, shade in zip(distances, (0.35, 0.6, 0.85), strict=True):
        line = secant(f, x, h)
        label = f"through x and x + {h:g}: slope {line:.3g}"
        axes.plot(ends, f(x) + line * (ends - x), color=BLUE, alpha=shade, linewidth=1.2, linestyle="--", label=label)
        axes.plot(x + h, f(x + h), "o", color=BLUE, alpha=shade)
    axes.plot(ends, f(x) + slope * (ends - x), color=ORANGE, label=f"tangent: slope {slope:.3g}")
    axes.plot(x, f(x), "o", color=ORANGE, markersize=9)
    axes.set(title=f"Closer and closer, the lines turn into the tangent: slope {slope:.3g}", xlabel="x", ylabel="f(x)")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path)


@rc_context(fname=STYLE)
def draw_gradient(f, at, gradient, angles, slopes, path, *, points=200, reach=1.6):
    """The contour lines with the partial derivatives and the gradient, and the slope by direction."""
    figure = Figure(figsize=(11, 5))
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.15])
    across, up = np.meshgrid(*(np.linspace(each - reach, each + reach, points) for each in at))
    height = f((across, up))
    lines = left.contour(across, up, height, 12, colors="0.75", linewidths=1)
    for text in left.clabel(lines, fontsize=8):
        if np.abs(np.subtract(text.get_position(), at)).max() > 0.95 * reach:
            text.remove()  # the edge of the picture would cut it
    left.contour(across, up, height, [f(at)], colors="black", linewidths=1.5)
    length = np.linalg.norm(gradient)
    if length:
        arrow = reach * 0.75 * gradient / length  # its direction; the numbers are in the labels
        along, upward = at + arrow * (1, 0), at + arrow
        parts = [(at, along, BLUE, "df/dx", gradient[0]), (along, upward, GREEN, "df/dy", gradient[1])]
        for start, end, color, name, number in parts:
            _arrow(left, start, end, color, f"{name} = {number:.3g}")
        _arrow(left, at, upward, ORANGE, f"gradient, length {length:.3g}")
    left.plot(*at, "o", color="black", markersize=7)
    left.set_title("Uphill is straight across the contours")
    left.set(xlabel="x", ylabel="y", aspect="equal")

    right.axhline(0, color="black", linewidth=0.8)
    right.plot(angles, slopes, color="black", label="slope measured in each direction")
    if length:
        for angle, slope, color, marker in (
            (direction(gradient), length, ORANGE, "o"),
            (0, gradient[0], BLUE, "s"),
            (90, gradient[1], GREEN, "s"),
        ):
            right.plot(angle, slope, marker, color=color, markersize=9)
    right.set_title("No direction is steeper than the gradient's")
    right.set(xlabel="direction of the step (degrees from the x axis)", ylabel="slope", xlim=(-5, 360))
    right.set_xticks(np.arange(0, 361, 45))
    right.grid(axis="y")
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path)


def _arrow(axes, start, end, color, label):
    axes.plot(*np.transpose([start, end]), color=color, linewidth=3, label=label)
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "lw": 3, "mutation_scale": 20})


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
