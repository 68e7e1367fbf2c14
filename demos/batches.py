"""Batch, mini-batch, stochastic: the same regression with the slope of all samples, of some, or of one at a time.

    python -m demos.batches

The slope of the loss is a mean over the samples. The mean over a few of them, drawn at random, points to the same side
on average, with noise that falls with the square root of their number; and it costs less. So one pass over the data,
an epoch, takes one careful step or hundreds of hasty ones.

Look at
    the table     in the second epoch the hasty ones are nearer to the goal, and in the last ones the careful one is
    paths.png     the ways of two weights: straight, trembling, and at the end all around the goal
    progress.png  the loss above the least one against epochs, which are computations, and against seconds: NumPy takes
                  a step with 442 samples hardly slower than with one
Change
    batch_sizes   (442, 100, 10): where is the best of both?
    lr            0.003: who is ahead in the second epoch now, and who in the last ones?
    falling       True divides lr by the number of the epoch: the noise dies away. Who does not arrive any more?
    seed          other orders of the samples
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes

import nn
import optim
from autograd_mini import Value

STYLE = Path(__file__).with_name("pictures.mplstyle")
COLORS, LINES = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"], ["-", "--", "-.", ":"]


def main(out="out", *, seed=0, batch_sizes=(442, 32, 1), lr=0.03, epochs=100, falling=False):
    """Trains with batches of each size, compares and draws; returns the pictures written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    x, y = patients()
    goal = np.linalg.lstsq(x, y)[0]
    least = nn.mse_loss(Value(x @ goal), y).item()
    print(f"{len(y)} patients, two measurements, the loss is {least:.3f} at least; lr {lr:g}, {epochs} epochs")
    print("                                        noise of      loss above the least, on average in")
    print("  batch of    steps/epoch    ms/epoch    the slope       epoch 2     the last 5")
    runs = {}
    for size in batch_sizes:
        run = runs[size] = train(x, y, size, lr=lr, epochs=epochs, falling=falling, rng=np.random.default_rng(seed))
        run["above"] = above(x, goal, run["path"])
        per_epoch = run["steps per epoch"]
        noise = noise_of_the_slope(x, y, goal, size, rng=np.random.default_rng(seed))
        print(
            f"  {size:8}    {per_epoch:11}    {1000 * run['seconds'][-1] / epochs:8.1f}    {noise:9.3f}"
            f"    {early(run):10.5f}     {late(run):10.5f}"
        )

    files = [out / "paths.png", out / "progress.png"]
    draw_paths(x, y, goal, runs, files[0])
    draw_progress(runs, files[1])
    return files


def patients():
    """Body mass index and blood pressure, and how far diabetes went in a year: all with mean 0 and spread 1."""
    data = load_diabetes(scaled=False)
    columns = np.column_stack([data.data[:, [2, 3]], data.target])
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    return columns[:, :2], columns[:, 2]


def train(x, y, batch_size, *, lr, epochs, falling, rng):
    """The weights after each step and the seconds until then; the number of steps in an epoch."""
    weights = Value(np.zeros(x.shape[1]))
    optimizer = optim.SGD([weights], lr=lr)
    batches = optim.minibatches(x, y, batch_size=batch_size, rng=rng)
    path, seconds, start = [weights.data], [0.0], perf_counter()
    for epoch in range(epochs):
        optimizer.lr = lr / (epoch + 1) if falling else lr
        for some_x, some_y in batches:
            loss = nn.mse_loss(some_x @ weights, some_y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            path.append(weights.data)
            seconds.append(perf_counter() - start)
    return {"path": np.array(path), "seconds": np.array(seconds), "steps per epoch": len(batches)}


def above(x, goal, path):
    """The loss of all samples above the least one, for each row of weights: a bowl around the goal, and no more."""
    return np.sum((path - goal) @ (x.T @ x / len(x)) * (path - goal), axis=1)


def early(run):
    """The mean in the second epoch of what a run is above the least loss."""
    return run["above"][run["steps per epoch"] + 1 : 2 * run["steps per epoch"] + 1].mean()


def late(run):
    """The same in the last five epochs."""
    return run["above"][-5 * run["steps per epoch"] :].mean()


def slopes_of_batches(x, y, at, batch_size, *, rng, draws=400):
    """The slope of the loss at ``at``, of batches drawn at random: one in each row."""
    slopes = []
    while len(slopes) < draws:
        for some_x, some_y in optim.minibatches(x, y, batch_size=batch_size, rng=rng, drop_last=True):
            weights = Value(at)
            nn.mse_loss(some_x @ weights, some_y).backward()
            slopes.append(weights.grad)
    return np.array(slopes)


def noise_of_the_slope(x, y, at, batch_size, *, rng):
    """How far the slope of a batch is from that of all samples: the root of the mean square."""
    (whole,) = slopes_of_batches(x, y, at, len(y), rng=rng, draws=1)
    return np.sqrt(np.mean(np.sum((slopes_of_batches(x, y, at, batch_size, rng=rng) - whole) ** 2, axis=1)))


@rc_context(fname=STYLE)
def draw_paths(x, y, goal, runs, file, *, epochs=10):
    """The loss by the two weights, and the way that each batch size takes."""
    figure = Figure(figsize=(3.8 * len(runs) + 0.5, 4.6))
    across, up = np.meshgrid(np.linspace(-0.15, 0.95, 100), np.linspace(-0.3, 0.8, 100))
    weights = np.stack([across.ravel(), up.ravel()])
    height = ((x @ weights - y[:, None]) ** 2).mean(axis=0).reshape(across.shape)
    panels = figure.subplots(1, len(runs), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (size, run), color in zip(panels, runs.items(), COLORS, strict=False):
        axes.contour(across, up, height, height.min() + np.linspace(0.03, 0.9, 9) ** 2, colors="0.8", linewidths=1)
        path = run["path"][: epochs * run["steps per epoch"] + 1]
        axes.plot(*path.T, ".-", color=color, linewidth=0.5, markersize=2 if len(path) > 1000 else 5)
        axes.plot(*goal, "*", color="black", markersize=13)
        axes.set_title(f"{size} at a time: {len(path) - 1:,} steps", fontsize=11)
        axes.set(xlabel="weight of body mass index", aspect="equal", xlim=(-0.15, 0.95), ylim=(-0.3, 0.8))
    panels[0].set_ylabel("weight of blood pressure")
    figure.suptitle(
        "The fewer samples in a step, the more steps in the same epochs, and the more they tremble (star: the goal)"
    )
    figure.savefig(file)


@rc_context(fname=STYLE)
def draw_progress(runs, file):
    """The loss above the least one, by epochs and by the milliseconds that they take."""
    figure = Figure(figsize=(11, 5))
    left, right = figure.subplots(1, 2, sharey=True)
    for (size, run), color, line in zip(runs.items(), COLORS, LINES, strict=False):
        each_epoch = run["above"][1:].reshape(-1, run["steps per epoch"]).mean(axis=1)
        each_epoch = np.maximum(each_epoch, 1e-12)  # who arrives exactly has to stay on the scale
        left.plot(np.arange(len(each_epoch)) + 1, each_epoch, line, color=color, label=f"{size} at a time")
        right.plot(
            1000 * run["seconds"][run["steps per epoch"] :: run["steps per epoch"]], each_epoch, line, color=color
        )
    first, last = (min(runs, key=lambda size: phase(runs[size])) for phase in (early, late))
    left.set_title(f"Ahead in epoch 2: {first} at a time; in the end: {last}", fontsize=11)
    left.set(xlabel="epoch", ylabel="loss above the least one, mean of an epoch (log scale)", yscale="log")
    right.set_title("A step with fewer samples saves less time than it should", fontsize=11)
    right.set(xlabel="milliseconds (log scale)", xscale="log")
    for axes in (left, right):
        axes.grid()
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(file)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
