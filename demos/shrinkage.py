"""Ridge and LASSO: two ways to keep weights small, of which one makes them exactly zero.

    python -m demos.shrinkage

Ridge adds the squares of the weights to the squared error, LASSO their absolute values. The data are scikit-learn's 442
diabetes patients with ten measurements, standardised. The square's slope fades towards 0, so ridge's weights shrink and
never vanish. The absolute value pulls with the same force down to 0, and there has a kink: gradient descent hops over
it for ever. The proximal step knows better: down the gradient of the error, then `soft_threshold`, which moves every
weight by the same amount towards 0 and stops there.

Look at
    lasso         the whole algorithm: a gradient step, a soft threshold, and Nesterov's look ahead
    shrinkage.png how the weights go when the penalty grows: curves that fade, and lines that end at zero
    hopping.png   one weight near zero: plain descent on the absolute value, and the proximal step
Change
    alpha         10.0 leaves LASSO three or four weights; 50.0 none
    strengths     how many penalties, from weak to strong, are drawn
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, Ridge
from sklearn.preprocessing import StandardScaler

import optim
from autograd_mini import grad

STYLE = Path(__file__).with_name("pictures.mplstyle")
DIGITS = 1e-4  # how far from scikit-learn's a weight may be, of the largest
# Okabe and Ito's colours, in two kinds of line.
COLOURS = ["#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7", "#0072B2", "#D55E00", "#009E73"]
BLUE, ORANGE = "#0072B2", "#D55E00"


def main(out="out", *, alpha=2.0, strengths=25):
    """Fits both for one penalty and for many, compares with scikit-learn, draws; returns the files written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    x, y, names = load()
    print(f"{len(x)} patients, {x.shape[1]} measurements; alpha = {alpha:g}")
    ours = {"ridge": ridge(x, y, alpha), "LASSO": lasso(x, y, alpha)}
    theirs = {"ridge": ridge_of_scikit_learn(x, y, alpha), "LASSO": lasso_of_scikit_learn(x, y, alpha)}
    descended = subgradient_descent(x, y, alpha)
    columns = [*ours, *[f"sklearn {name}" for name in theirs], "descent"]
    print(f"{'':8}" + "".join(f"{column:>15}" for column in columns))
    rows = zip(names, *ours.values(), *theirs.values(), descended[-1], strict=True)
    for name, *weights in rows:
        print(f"{name:8}" + "".join(f"{weight:z15.4f}" for weight in weights))
    off = [np.abs(ours[name] - theirs[name]).max() / np.abs(theirs[name]).max() for name in ours]
    print(f"They differ from scikit-learn's by {max(off):.0e} at most, of the largest")
    print(f"Exactly zero: ridge {zeros(ours['ridge'])}, LASSO {zeros(ours['LASSO'])}, descent {zeros(descended[-1])}")

    alphas = np.geomspace(0.05, 60, strengths)
    paths = {
        "ridge": np.array([ridge(x, y, a) for a in alphas]),
        "LASSO": np.array([lasso(x, y, a, tol=1e-5) for a in alphas]),
    }
    files = [out / "shrinkage.png", out / "hopping.png"]
    draw_paths(alphas, paths, names, files[0])
    draw_hopping(x, y, alpha, descended, names, files[1])
    if max(off) > DIGITS:
        raise SystemExit("The weights are not scikit-learn's, see above")
    return files


def load():
    """Standardised measurements, what is to be predicted with its mean taken off, and the measurements' names."""
    data = load_diabetes(scaled=False)
    return StandardScaler().fit_transform(data.data), data.target - data.target.mean(), data.feature_names


def squared_error(w, x, y):
    """Half the mean squared error."""
    return ((x @ w - y) ** 2).mean() / 2


def ridge(x, y, alpha):
    """The minimum of ``squared_error`` and ``alpha / 2`` times the squares of the weights, by gradient descent."""
    descent = partial(optim.SGD, lr=1 / (1 / step_size(x) + alpha), momentum=0.9)
    found = optim.minimize(
        lambda w: squared_error(w, x, y) + alpha / 2 * (w**2).sum(), np.zeros(x.shape[1]), descent, tol=1e-5
    )
    return found.x


def lasso(x, y, alpha, *, tol=1e-7, max_steps=20_000):
    """The minimum of ``squared_error`` and ``alpha`` times the absolute weights, by proximal gradient descent.

    The name of it with the look ahead is FISTA (Beck and Teboulle, 2009).
    """
    slope = grad(lambda w: squared_error(w, x, y))
    lr = step_size(x)
    w = ahead = np.zeros(x.shape[1])
    t = 1.0
    for _ in range(max_steps):
        before, w = w, soft_threshold(ahead - lr * slope(ahead), lr * alpha)
        if np.abs(w - ahead).max() < tol * lr:
            break
        t_before, t = t, (1 + (1 + 4 * t**2) ** 0.5) / 2
        if (ahead - w) @ (w - before) > 0:
            t_before = t = 1.0  # it runs uphill: lose the momentum
        ahead = w + (t_before - 1) / t * (w - before)
    return w


def soft_threshold(w, amount):
    """Each weight moved by ``amount`` towards 0, where it stops."""
    return w - np.clip(w, -amount, amount)


def subgradient_descent(x, y, alpha, steps=500):
    """Plain descent on the same loss as LASSO's, with sign(w) for the slope of |w|: the weights after each step."""
    slope = grad(lambda w: squared_error(w, x, y) + alpha * abs(w).sum())
    w, path = np.zeros(x.shape[1]), []
    for _ in range(steps):
        w = w - step_size(x) * slope(w)
        path.append(w)
    return np.array(path)


def step_size(x):
    """1 over the largest curvature of the squared error: the longest step that cannot overshoot."""
    return len(x) / np.linalg.norm(x, 2) ** 2


def ridge_of_scikit_learn(x, y, alpha):
    """The same from scikit-learn, whose sum is our mean times the number of samples."""
    return Ridge(alpha=alpha * len(x), fit_intercept=False).fit(x, y).coef_


def lasso_of_scikit_learn(x, y, alpha):
    """The same from scikit-learn."""
    return Lasso(alpha=alpha, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(x, y).coef_


def zeros(weights):
    """How many are exactly 0."""
    return int(np.sum(weights == 0))


@rc_context(fname=STYLE)
def draw_paths(alphas, paths, names, path):
    """The weights over the strength of the penalty."""
    figure = Figure(figsize=(11, 5))
    for axes, (name, weights) in zip(figure.subplots(1, 2, sharey=True), paths.items(), strict=True):
        middle = len(alphas) * 2 // 3
        for k, label in enumerate(names):
            axes.plot(alphas, weights[:, k], color=COLOURS[k], linestyle="-" if k < 7 else "--", label=label)
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set_title(
            f"{name}: at alpha {alphas[middle]:.2g}, {zeros(weights[middle])} of {len(names)} weights are exactly 0"
        )
        axes.axvline(alphas[middle], color="black", linestyle=":", linewidth=1)
        axes.set(xscale="log", xlabel="alpha, the strength of the penalty (log scale)")
    figure.axes[0].set_ylabel("weight")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", frameon=False)
    figure.savefig(path)


@rc_context(fname=STYLE)
def draw_hopping(x, y, alpha, descended, names, path, *, last=60):
    """The weight that should be zero and that plain descent brings nearest to it, step by step."""
    exact = lasso(x, y, alpha)
    gone = np.flatnonzero(exact == 0)
    figure = Figure(figsize=(7.5, 4.4))
    axes = figure.subplots()
    if len(gone):
        k = gone[np.argmin(np.abs(descended[-1, gone]))]
        axes.plot(descended[-last:, k], ".-", color=ORANGE, linewidth=1, label="plain descent on |w|")
        axes.plot(np.full(last, exact[k]), color=BLUE, linestyle="--", label="proximal step: exactly 0")
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
        axes.set_title(f"Plain descent hops about zero and never lands ({names[k]})")
    else:
        axes.set_title("With this penalty no weight is zero")
    axes.set(xlabel=f"the last {last} of {len(descended)} steps", ylabel="weight")
    figure.savefig(path)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
