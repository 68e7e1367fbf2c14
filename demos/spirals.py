"""Two spirals, wound round each other: what a straight line cannot part, a hidden layer bends.

    python -m demos.spirals

No line parts the spirals, so a network without a hidden layer is right about as often as a coin. With hidden layers it
bends the plane before it draws its line. The pictures show the boundary, and what the last hidden layer made of the
plane: there a straight line is enough.

Look at
    train         the loop, and a learning rate that falls to 0 along a cosine
    spirals.png   the boundary of a line, of one hidden layer and of two
    unwound.png   the points as the last hidden layer sees them, along the weights of the line behind it
Change
    turns         3.0 winds them tighter: do 32 neurons still do?
    hidden        ((8,),): how many neurons are enough for one turn?
    noise         0.1 lets the arms touch
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

import nn
import optim
from autograd_mini import no_grad, tanh

STYLE = Path(__file__).with_name("pictures.mplstyle")
BLUE, ORANGE = "#0072B2", "#D55E00"
HIDDEN = ((), (32,), (32, 32))


def main(out="out", *, seed=0, samples=200, turns=1.5, noise=0.03, hidden=HIDDEN, steps=1000):
    """Trains a network for each tuple of hidden widths, draws; returns the files written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    x, y = spirals(samples, turns, noise, rng)
    unseen = spirals(samples, turns, noise, rng)
    models = []
    for widths in hidden:
        model = nn.MLP(2, [*widths, 1], activation=tanh, rng=rng)
        train(model, x, y, steps=steps)
        models.append((widths, model, accuracy(model, *unseen)))
        print(f"{layers(widths):24} {models[-1][2]:.1%} of the unseen points are on the right side")
    files = [out / "spirals.png", out / "unwound.png"]
    draw_boundaries(models, x, y, files[0])
    draw_unwound(models[-1][1], x, y, files[1])
    return files


def spirals(samples, turns, noise, rng):
    """Points (samples, 2) on two arms, and labels 0 and 1."""
    y = np.arange(samples) % 2
    along = np.sqrt(rng.uniform(0.02, 1, samples))  # as many points in a turn as it is long
    angle = 2 * np.pi * turns * along + np.pi * y
    return np.stack([along * np.cos(angle), along * np.sin(angle)], axis=1) + noise * rng.normal(size=(samples, 2)), y


def train(model, x, y, *, steps, lr=0.02):
    """Adam on all points at once; the learning rate falls to 0."""
    optimizer = optim.Adam(model.parameters(), lr=lr)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    for _ in range(steps):
        loss = nn.binary_cross_entropy_with_logits(model(x)[:, 0], y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def layers(widths):
    """The hidden layers of a network in words."""
    return " + ".join(map(str, widths)) + " hidden neurons" if widths else "no hidden neuron"


@no_grad()
def accuracy(model, x, y):
    """The share of points on the right side."""
    return float(np.mean((model(x).data[:, 0] > 0) == y))


@rc_context(fname=STYLE)
def draw_boundaries(models, x, y, path, points=200):
    """Where each network draws its line."""
    side = np.linspace(-1.2, 1.2, points)
    plane = np.stack(np.meshgrid(side, side), axis=-1)
    figure = Figure(figsize=(4 * len(models), 4.8))
    figure.suptitle(
        "A line cannot part the spirals, hidden neurons can (unseen points on the right side)", ha="left", x=0.01
    )
    for axes, (widths, model, right) in zip(figure.subplots(1, len(models), squeeze=False)[0], models, strict=True):
        with no_grad():
            score = model(plane).data[..., 0]
        axes.contourf(side, side, score > 0, [-0.5, 0.5, 1.5], cmap=ListedColormap(["#B8D8EC", "#F8D0B0"]))
        axes.contour(side, side, score, [0], colors="black")
        _scatter(axes, x, y)
        axes.set_title(f"{layers(widths)}: {right:.0%}", fontsize=11)
        axes.set(xlabel="first coordinate", ylabel="second coordinate", aspect="equal")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path)


@rc_context(fname=STYLE)
def draw_unwound(model, x, y, path):
    """The points as the last hidden layer sees them: along the weights of the last, and across."""
    *hidden, last = model.layers
    z = x
    with no_grad():
        for layer in hidden:
            z = model.activation(layer(z))
    z = z if isinstance(z, np.ndarray) else z.data
    direction = last.weight.data[0]
    direction = direction / np.linalg.norm(direction)
    rest = (z - z.mean(axis=0)) - np.outer((z - z.mean(axis=0)) @ direction, direction)
    across = np.linalg.svd(rest, full_matrices=False)[2][0]  # in which they differ most beside it
    figure = Figure(figsize=(6.5, 4.8))
    axes = figure.subplots()
    _scatter(axes, np.stack([z @ direction, z @ across], axis=1), y)
    axes.axvline(-last.bias.data[0] / np.linalg.norm(last.weight.data), color="black")
    axes.set_title("The last hidden layer unwinds the spirals: a line parts them")
    axes.set(xlabel="along the weights of the last layer", ylabel="across, where they differ most")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path)


def _scatter(axes, x, y):
    for label, color, marker in ((0, BLUE, "o"), (1, ORANGE, "s")):
        points = x[y == label].T
        axes.scatter(*points, c=color, marker=marker, edgecolors="white", linewidths=0.5, s=26, label=f"label {label}")


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
