"""Handwritten digits: a network learns to read them, and its gradients are checked.

    python -m demos.digits

The data are 1,797 real digits that scikit-learn bundles, 8 x 8 pixels each; a fifth of them is kept unseen, for
the test. The network, 64 pixels -> 128 neurons -> 10 scores, takes two seconds.

Look at
    train         the five lines that every training loop has: forward, loss, zero_grad, backward, step
    check         each of the 9,610 derivatives against (loss(w + h) - loss(w - h)) / 2h
    digits.png    the digits that it got wrong: would you have known?
Change
    hidden        () is a network without hidden layer, (32, 32) one with two
    lr            2.0 is too much, 0.002 too little; learning_curve.png shows both
    noise         0.0 trains on the digits as they are; the network then reads fewer of the unseen ones
    seed          another split, other weights, other misread digits
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import nn
import optim
from autograd_mini import gradcheck, no_grad, softmax

STYLE = Path(__file__).with_name("pictures.mplstyle")
BLUE, ORANGE = "#0072B2", "#D55E00"
GOAL = 0.97  # of the unseen digits


def main(out="out", *, seed=0, hidden=(128,), epochs=40, lr=0.2, noise=0.2, checked_digits=16, goal=GOAL):
    """Trains, tests, checks the gradients and draws; returns the files written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    train_set, test_set = load(seed)
    rng = np.random.default_rng(seed)
    model = nn.MLP(64, [*hidden, 10], rng=rng)
    print(f"{len(train_set[0]):,} digits to learn from, {len(test_set[0])} unseen ones to test on. The network:")
    print(model)

    history = train(model, train_set, test_set, epochs=epochs, lr=lr, noise=noise, rng=rng)
    train_accuracy, test_accuracy = history["train accuracy"][-1], history["test accuracy"][-1]
    print(f"Read correctly: {train_accuracy:.1%} of the digits it learned from, {test_accuracy:.1%} of the unseen ones")

    report = check(model, *hardest(model, *test_set, checked_digits))
    print(f"Backprop against finite differences, on the {checked_digits} unseen digits with the largest loss:")
    print(report)

    files = [out / "learning_curve.png", out / "digits.png"]
    draw_learning_curve(history, files[0])
    draw_digits(model, *test_set, files[1])
    if not report.ok:
        raise SystemExit("The gradients of the network are wrong, see above")
    if test_accuracy < goal:
        raise SystemExit(f"The goal was {goal:.0%} of the unseen digits; see {files[0]}")
    return files


def load(seed):
    """Pixels from 0 to 1 and labels, as two sets: one to train on, and a fifth of each digit to test on."""
    data = load_digits()
    x_train, x_test, y_train, y_test = train_test_split(
        data.data / 16, data.target, test_size=0.2, stratify=data.target, random_state=seed
    )
    return (x_train, y_train), (x_test, y_test)


def train(model, train_set, test_set, *, epochs, lr, noise, rng):
    """Stochastic gradient descent with momentum; the learning rate falls to 0 along a straight line.

    Every batch gets fresh noise on its pixels, so that the network cannot learn single digits by heart.
    """
    optimizer = optim.SGD(model.parameters(), lr, momentum=0.9, weight_decay=5e-4)
    batches = optim.minibatches(*train_set, batch_size=32, rng=rng)
    steps = epochs * len(batches)
    history = {"loss": [], "train accuracy": [], "test accuracy": []}
    with tqdm(total=steps, desc="training", unit="step", file=sys.stdout) as bar:
        for _ in range(epochs):
            for x, y in batches:
                optimizer.lr = lr * (1 - len(history["loss"]) / steps)
                loss = nn.cross_entropy(model(x + noise * rng.normal(size=x.shape)), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                history["loss"].append(loss.item())
                bar.update()
            history["train accuracy"].append(accuracy(model, *train_set))
            history["test accuracy"].append(accuracy(model, *test_set))
            bar.set_postfix_str(f"loss {np.mean(history['loss'][-len(batches) :]):.4f}", refresh=False)
    return history


@no_grad()
def accuracy(model, x, y):
    """The share of digits whose highest score is the right one."""
    return np.mean(model(x).data.argmax(axis=1) == y)


@no_grad()
def hardest(model, x, y, count):
    """The ``count`` digits with the largest loss: where the network is sure and right, all gradients are near 0."""
    order = np.argsort(-nn.cross_entropy(model(x), y, reduction="none").data)[:count]
    return x[order], y[order]


def check(model, x, y):
    """Every derivative of the loss by every parameter, by backprop and by finite differences."""
    for name, parameter in model.named_parameters():
        parameter.label = name  # the report then says where
    # the function takes its parameters, but finds them in the model
    return gradcheck(lambda *_: nn.cross_entropy(model(x), y), *model.parameters())


@rc_context(fname=STYLE)
def draw_learning_curve(history, path):
    """The loss at each step, and the accuracy after each epoch."""
    loss, epochs = np.array(history["loss"]), np.arange(1, len(history["test accuracy"]) + 1)
    window = len(loss) // len(epochs)
    at = np.arange(1, len(loss) + 1) / window
    smooth = np.convolve(loss, np.full(window, 1 / window), "valid")

    figure = Figure(figsize=(7, 6))
    above, below = figure.subplots(2, sharex=True)
    above.set_title(f"{history['test accuracy'][-1]:.1%} of the unseen digits are read correctly")
    above.plot(at, loss, color=BLUE, alpha=0.3, linewidth=0.7, label="each step")
    above.plot(at[window - 1 :], smooth, color=BLUE, label="mean over an epoch")
    above.set(yscale="log", ylabel="cross-entropy (log scale)")
    above.legend(loc="upper right", frameon=False)

    below.plot(epochs, 100 * np.array(history["train accuracy"]), color=BLUE, linestyle="--", label="training digits")
    below.plot(epochs, 100 * np.array(history["test accuracy"]), color=ORANGE, label="unseen digits")
    below.set(xlabel="epoch", ylabel="read correctly (%)", xlim=(0, len(epochs)), ylim=(None, 100.5))
    below.legend(loc="lower right", frameon=False)
    for axes in (above, below):
        axes.grid(axis="y")
    figure.savefig(path)


@rc_context(fname=STYLE)
def draw_digits(model, x, y, path, *, columns=10, right_rows=3, most_wrong=20):
    """Some digits that the network reads correctly, a column for each, and those that it does not."""
    with no_grad():
        probability = softmax(model(x), axis=-1).data
    read = probability.argmax(axis=1)
    right = [np.flatnonzero((read == y) & (y == digit))[:right_rows] for digit in range(10)]
    wrong = np.flatnonzero(read != y)
    wrong = wrong[np.argsort(-probability[wrong, read[wrong]])]
    wrong_rows = max(1, -(-min(len(wrong), most_wrong) // columns))

    figure = Figure(figsize=(1.05 * columns, 1.2 * right_rows + 1.6 * wrong_rows + 1))
    above, below = figure.subfigures(2, height_ratios=[1.2 * right_rows + 0.5, 1.6 * wrong_rows + 0.5])
    figure.get_layout_engine().set(h_pad=0.08)
    above.suptitle(f"Read correctly: {len(y) - len(wrong)} of {len(y)} unseen digits, such as", color=BLUE)
    grid = above.subplots(right_rows, columns)
    for digit, samples in enumerate(right):
        for axes, sample in zip(grid[:, digit], samples, strict=False):
            _show(axes, x[sample], f"{read[sample]}", BLUE)
    some = "the surest first" if len(wrong) <= most_wrong else f"here the {most_wrong} it was surest of"
    below.suptitle(f"Misread: {len(wrong)}, {some}", color=ORANGE)
    cells = below.subplots(wrong_rows, columns, squeeze=False).flat
    for axes, sample in zip(cells, wrong, strict=False):
        _show(axes, x[sample], f"read {read[sample]} ({probability[sample, read[sample]]:.0%})\nis {y[sample]}", ORANGE)
    for axes in figure.axes:
        if not axes.images:
            axes.set_axis_off()
    figure.savefig(path)


def _show(axes, pixels, title, color):
    axes.imshow(pixels.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
    axes.set_title(title, fontsize=8.5, loc="center", pad=4, color=color)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=color, linewidth=1.5)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
