"""Two moons: micrograd's demo, every weight a Value of its own.

    python -m demos.moons

A network of 337 scalar Values learns to part two half moons of points with a hinge loss. Each step builds a graph
of about 69,000 nodes and walks it back, which takes some ten seconds in all. The same network out of arrays
computes the same numbers, gradients included, in a fraction of the time; it draws the picture.

Look at
    objective     the loss as micrograd's notebook writes it: only + and *, relu, and Python's own sum
    as_tensors    what a layer is: the weights of its neurons, as the rows of a matrix
    moons.png     the dotted lines: there the hinge loss begins, so that the network pushes points beyond them; all
                  lines have corners, as relu has: its network is made of straight pieces
Change
    widths        (2, 1) draws a line with a bend at best
    noise         0.3 mixes the moons; what does the boundary do to get round single points?
    steps         5 shows how it begins
    seed          other moons and other weights, of which some need up to 75 steps
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from sklearn.datasets import make_moons
from tqdm import tqdm

import nn
import optim
from autograd_mini import no_grad

STYLE = Path(__file__).with_name("pictures.mplstyle")
BLUE, ORANGE = "#0072B2", "#D55E00"


def main(out="out", *, seed=0, samples=100, noise=0.1, widths=(16, 16, 1), steps=50):
    """Trains the scalar network, compares it with one of arrays, draws; returns the files written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    x, y = make_moons(n_samples=samples, noise=noise, random_state=seed)
    y = 2 * y - 1  # the hinge loss wants -1 and 1
    model = nn.scalar.MLP(2, widths, rng=np.random.default_rng(seed))
    print(f"{samples} points, and a network of {len(model.parameters())} scalar Values:")
    print(model)

    train(model, x, y, steps=steps)
    tensors = as_tensors(model)
    right = count_right(tensors, x, y)
    print(f"On the right side: {right} of {samples} points")
    difference, scalar_seconds, tensor_seconds = compare(model, tensors, x, y)
    print("The same network made of arrays: its loss and gradients differ by", f"{difference:.0e} at most,")
    print(f"and a step takes {1000 * tensor_seconds:.1f} ms instead of {1000 * scalar_seconds:.0f} ms")
    if difference > 1e-12:
        raise SystemExit("The two networks disagree")

    file = out / "moons.png"
    draw_boundary(tensors, x, y, file, title=f"{right} of {samples} points on the right side after {steps} steps")
    return [file]


def train(model, x, y, *, steps):
    """Plain gradient descent on all points at once; the learning rate falls from 1.0, by 0.9 in 100 steps."""
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    for step in (bar := tqdm(range(steps), desc="training", unit="step", file=sys.stdout)):
        optimizer.lr = max(0.1, 1.0 - 0.9 * step / 100)
        loss = objective(model, x.tolist(), y.tolist())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        bar.set_postfix_str(f"loss {loss.item():.4f}", refresh=False)


def objective(model, x, y):
    """How far the scores are from being beyond 1 on the right side, and a little for the size of the weights."""
    scores = [model(point) for point in x]
    hinge = sum((1 - label * score).relu() for label, score in zip(y, scores, strict=True)) / len(scores)
    return hinge + 1e-4 * sum(weight * weight for weight in model.parameters())


def as_tensors(model):
    """An ``nn.MLP`` with the weights of a ``nn.scalar.MLP``: a row of the matrix for each neuron."""
    state = {}
    for i, layer in enumerate(model.layers):
        state[f"layers.{i}.weight"] = [[weight.data for weight in neuron.w] for neuron in layer.neurons]
        state[f"layers.{i}.bias"] = [neuron.b.data for neuron in layer.neurons]
    widths = [len(layer.neurons) for layer in model.layers]
    tensors = nn.MLP(len(model.layers[0].neurons[0].w), widths)
    tensors.load_state_dict(state)
    return tensors


@no_grad()
def count_right(tensors, x, y):
    """How many points have a score on the side of their label."""
    return int(np.sum((tensors(x).data[:, 0] > 0) == (y > 0)))


def compare(scalars, tensors, x, y):
    """The largest difference of loss and gradients, and the seconds that a step of each takes."""

    def scalar_loss():
        return objective(scalars, x.tolist(), y.tolist())

    def tensor_loss():
        return nn.hinge_loss(tensors(x)[:, 0], y) + 1e-4 * sum((w * w).sum() for w in tensors.parameters())

    loss, scalar_seconds = _step(scalars, scalar_loss)
    _step(tensors, tensor_loss)  # the first is slower
    same_loss, tensor_seconds = _step(tensors, tensor_loss)

    differences = [abs(loss - same_loss)]
    for layer, matrix in zip(scalars.layers, tensors.layers, strict=True):
        weight_grad = [[weight.grad for weight in neuron.w] for neuron in layer.neurons]
        bias_grad = [neuron.b.grad for neuron in layer.neurons]
        differences += [np.abs(matrix.weight.grad - weight_grad).max(), np.abs(matrix.bias.grad - bias_grad).max()]
    return max(differences), scalar_seconds, tensor_seconds


def _step(model, loss_function):
    """A step without the update: the loss, with the gradients in place, and the seconds."""
    start = perf_counter()
    model.zero_grad()
    loss = loss_function()
    loss.backward()
    return loss.item(), perf_counter() - start


@rc_context(fname=STYLE)
def draw_boundary(tensors, x, y, path, *, title, points=300):
    """The score everywhere, by colour, with the lines where it is -1, 0 and 1."""
    (left, bottom), (right, top) = x.min(axis=0) - 0.5, x.max(axis=0) + 0.5
    across, up = np.meshgrid(np.linspace(left, right, points), np.linspace(bottom, top, points))
    with no_grad():
        score = tensors(np.stack([across, up], axis=-1)).data[..., 0]

    figure = Figure(figsize=(7, 5.4))
    axes = figure.subplots()
    pale = LinearSegmentedColormap.from_list("pale", ["#6DB1DB", "white", "#F2A36B"])
    axes.contourf(across, up, score, np.linspace(-3, 3, 25), cmap=pale, extend="both")
    lines = axes.contour(
        across, up, score, [-1, 0, 1], colors="black", linewidths=[1, 2, 1], linestyles=[":", "-", ":"]
    )
    axes.clabel(lines, fmt={-1: "score -1", 0: "score 0", 1: "score 1"}, fontsize=9)
    for label, color, marker in ((-1, BLUE, "o"), (1, ORANGE, "s")):
        axes.scatter(*x[y == label].T, c=color, marker=marker, edgecolors="white", s=45, label=f"label {label}")
    axes.set(title=title, xlabel="first coordinate", ylabel="second coordinate", aspect="equal")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
