"""Two linear classifiers on real tumours: logistic regression, and the support vector machine with its margin.

    python -m demos.classifiers

Both score a tumour by `x @ w + b` and call it benign above 0; they differ in the loss alone. The data are 569 tumours
of the breast with 30 measurements each, which scikit-learn bundles; a fifth is kept unseen. What comes out are the
weights of scikit-learn's own solvers, to four digits and more.

The hinge loss has a kink, at which the gradient jumps: near the minimum plain descent hops from one side to the other
and comes no closer. So the kink is rounded, hinge(m) = softplus(sharpness * (1 - m)) / sharpness, and sharpened step by
step. At sharpness 1 this is the logistic loss, moved by 1: the two classifiers are relatives. A sharp bend is steep on
one side and flat on the other, too much for one learning rate: there Newton's method divides the gradient by the
curvature, the Hessian.

Look at
    loss_of       what is minimised: how wrong the scores are, and how large the weights
    classifiers.png   the logistic loss never is 0, the hinge is, beyond the margin: a tumour there has no say at all
    margin.png    two measurements only: the same line comes out if all tumours but the ringed ones are left out
Change
    C             0.01 shrinks the weights: the margin becomes wide and takes more support vectors; 100.0 narrows it
    sharpest      1e2 stops while the kink is round: how many digits agree with scikit-learn then?
    seed          other tumours are unseen
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import nn
import optim
from autograd_mini import hessian, softplus, value_and_grad

STYLE = Path(__file__).with_name("pictures.mplstyle")
BLUE, ORANGE = "#0072B2", "#D55E00"
PAIR = ("worst radius", "worst concave points")  # the two measurements of margin.png
DIGITS = 1e-4  # how far from scikit-learn's a weight may be, of the largest


def main(out="out", *, seed=0, C=1.0, sharpest=1e6):
    """Fits both, compares them with scikit-learn, draws; returns the files written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    (x, y), (x_test, y_test), columns = load(seed)
    print(f"{len(x)} tumours to learn from, {len(x_test)} unseen, {x.shape[1]} measurements each")

    logistic = fit(logistic_loss, x, y, C=C)
    judge = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(x, y)
    off = [report("logistic regression", logistic, judge, x_test, y_test)]

    machine = fit_machine(x, y, C=C, sharpest=sharpest)
    judge = SVC(kernel="linear", C=C, tol=1e-8).fit(x, y)
    off += [report("support vector machine", machine, judge, x_test, y_test)]
    margins = y * score(machine, x)
    print(f"  {np.sum(margins < 1 + 1e-3)} of {len(x)} tumours are support vectors: at the margin or on its wrong side")

    pair = [list(columns).index(name) for name in PAIR]
    line = fit_machine(x[:, pair], y, C=C, sharpest=sharpest)
    support = y * score(line, x[:, pair]) < 1 + 1e-3
    without = fit_machine(x[support][:, pair], y[support], C=C, sharpest=sharpest)
    moved = difference(without, line)
    print(f"a machine on two of the measurements, {PAIR[0]} and {PAIR[1]}:")
    print(f"  fitted to its own {support.sum()} support vectors instead of all {len(x)}, it moves by {moved:.0e}")

    files = [out / "classifiers.png", out / "margin.png"]
    draw_losses({"logistic regression": logistic, "support vector machine": machine}, x, y, files[0])
    draw_margin(line, x[:, pair], y, support, files[1])
    if sharpest >= 1e6 and max(off) > DIGITS:
        raise SystemExit("The weights are not scikit-learn's, see above")
    return files


def load(seed):
    """Standardised measurements and labels, 1 for benign and -1 for malignant, to train and to test; their names."""
    data = load_breast_cancer()
    x, x_test, y, y_test = train_test_split(
        data.data, 2 * data.target - 1, test_size=0.2, stratify=data.target, random_state=seed
    )
    scaler = StandardScaler().fit(x)
    return (scaler.transform(x), y), (scaler.transform(x_test), y_test), data.feature_names


def logistic_loss(scores, y):
    """Cross-entropy: log(1 + exp(-margin))."""
    return nn.binary_cross_entropy_with_logits(scores, (y + 1) / 2)


def rounded_hinge_loss(scores, y, sharpness):
    """The hinge loss with a round kink, which is sharp where ``sharpness`` is infinite."""
    return (softplus(sharpness * (1 - y * scores)) / sharpness).mean()


def loss_of(weights, loss, x, y, C):
    """The mean loss, and the squares of the weights; the intercept may be as large as it likes."""
    return loss(score(weights, x), y) + (weights["w"] ** 2).sum() / (2 * C * len(x))


def score(weights, x):
    """Above 0 for benign."""
    return x @ weights["w"] + weights["b"]


def fit(loss, x, y, *, C):
    """The weights with the lowest ``loss_of``, by descent along gradients."""
    optimizer = partial(optim.LBFGS, line_search_fn="strong_wolfe", tolerance_grad=0.0, tolerance_change=0.0)
    start = {"w": np.zeros(x.shape[1]), "b": 0.0}
    return optim.minimize(lambda weights: loss_of(weights, loss, x, y, C), start, optimizer, tol=1e-8).x


def fit_machine(x, y, *, C, sharpest=1e6):
    """A support vector machine: each rounded hinge starts where the rounder one before it ended."""
    weights, sharpness = np.zeros(x.shape[1] + 1), 1.0
    while sharpness <= sharpest:
        loss = partial(rounded_hinge_loss, sharpness=sharpness)
        weights = newton(lambda v, loss=loss: loss_of({"w": v[:-1], "b": v[-1]}, loss, x, y, C), weights)
        sharpness *= 2
    return {"w": weights[:-1], "b": weights[-1]}


def newton(f, x, *, steps=30, tol=1e-9):
    """A minimum of ``f`` near x: down the gradient divided by the Hessian, half as far where that overshoots."""
    for _ in range(steps):
        value, slope = value_and_grad(f)(x)
        if np.linalg.norm(slope) < tol:
            break
        step = np.linalg.solve(hessian(f)(x) + 1e-12 * np.eye(len(x)), slope)
        length = 1.0
        while f(x - length * step) > value - 1e-4 * length * (step @ slope) and length > 1e-6:
            length /= 2
        x = x - length * step
    return x


def report(name, weights, judge, x_test, y_test):
    """Prints how well it does, and how far from scikit-learn it is; returns that."""
    theirs = {"w": judge.coef_[0], "b": judge.intercept_[0]}
    right = np.mean(np.sign(score(weights, x_test)) == y_test)
    off = difference(weights, theirs)
    print(f"{name}: {right:.1%} of the unseen tumours are told right (scikit-learn: {judge.score(x_test, y_test):.1%})")
    print(f"  the weights differ from scikit-learn's by {off:.0e} at most, of the largest")
    return off


def difference(weights, others):
    """The largest difference of weights and intercept, as a part of the largest weight."""
    ours, theirs = (np.append(p["w"], p["b"]) for p in (weights, others))
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


@rc_context(fname=STYLE)
def draw_losses(models, x, y, path):
    """The two losses over the margin, and where the tumours lie."""
    margin = np.linspace(-3, 6, 400)
    curves = {
        "logistic regression": np.log1p(np.exp(-margin)),
        "support vector machine": np.maximum(0, 1 - margin),
    }
    figure = Figure(figsize=(8, 6))
    above, below = figure.subplots(2, sharex=True, height_ratios=[3, 2])
    beyond = np.mean(y * score(models["support vector machine"], x) > 1 + 1e-3)
    above.set_title(f"Beyond a margin of 1 the hinge is 0: {beyond:.0%} of the tumours have no say")
    bins = np.linspace(-3, 6, 46)
    for (name, weights), color, line in zip(models.items(), (BLUE, ORANGE), ("-", "--"), strict=True):
        label = "logistic: log(1 + exp(-margin))" if color == BLUE else "hinge: max(0, 1 - margin)"
        above.plot(margin, curves[name], color=color, linestyle=line, label=label)
        margins = np.clip(y * score(weights, x), -3, 6)
        below.hist(margins, bins, histtype="step", color=color, linestyle=line, linewidth=1.8, label=name)
    above.set(ylabel="loss of one tumour")
    below.set(xlabel="margin: label times score (beyond 6 counted at 6)", ylabel="tumours", xlim=(-3, 6.05))
    for axes in (above, below):
        axes.axvline(1, color="black", linestyle=":", linewidth=1)
    above.legend(loc="upper right", frameon=False)
    below.legend(loc="upper left", frameon=False)
    figure.savefig(path)


@rc_context(fname=STYLE)
def draw_margin(line, x, y, support, path):
    """The tumours by two measurements, the line between them, the margin, and the support vectors ringed."""
    figure = Figure(figsize=(7.5, 6.4))
    axes = figure.subplots()
    for label, color, marker, name in ((-1, ORANGE, "s", "malignant"), (1, BLUE, "o", "benign")):
        axes.scatter(*x[y == label].T, c=color, marker=marker, s=22, edgecolors="white", linewidths=0.5, label=name)
    axes.scatter(*x[support].T, facecolors="none", edgecolors="black", s=70, linewidths=0.9, label="support vector")
    (left, bottom), (right, top) = x.min(axis=0) - 0.2, x.max(axis=0) + 0.2
    across, up = np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200))
    scores = score(line, np.stack([across, up], axis=-1))
    axes.contour(across, up, scores, [-1, 0, 1], colors="black", linewidths=[1, 2, 1], linestyles=["--", "-", "--"])
    foot = bottom + 0.1
    for level in (-1, 0, 1):  # where the line of this score leaves the picture
        at = (level - line["b"] - line["w"][1] * foot) / line["w"][0]
        axes.annotate(f"{level:+d}" if level else "0", (at, foot), (6, 0), textcoords="offset points", fontsize=9)
    axes.set_title(f"{support.sum()} of {len(x)} tumours hold the line in its place (lines: score 1, 0, -1)")
    axes.set(xlabel=f"{PAIR[0]} (standardised)", ylabel=f"{PAIR[1]} (standardised)")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(path)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
