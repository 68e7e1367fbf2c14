"""Linear regression: gradient descent against the closed form, on real data and on a textbook example.

    python -m demos.regression

The least squares line has a formula, (X'X)^-1 X'y. Gradient descent knows only the slope of the loss, and arrives at
the same weights. The data are 442 patients that scikit-learn bundles: ten measurements, and how far diabetes went in
the year after. A textbook's example with two equal columns shows what happens when the formula has no answer.

Look at
    the table     the weights of descent, of the formula and of scikit-learn: the same digits
    textbook.png  X = [[1,1],[2,2],[3,3]], y = [1,2,3]: all weights with the sum 1 are equally good. From 0 both get the
                  same gradient in every step, so that they stay equal: (0.5, 0.5). The (0.999, 0.999) of some tutorials
                  predicts nearly twice each y
    cost.png      data made up, with more and more features: the formula multiplies d x d sums over all samples, a step
                  of descent only d numbers for each sample; but a computer multiplies matrices far faster than vectors
Change
    theta         (0.8, -0.4): where on the line does the textbook's descent end now, and what has not changed?
    alpha         0.22 is too much for the textbook's example, whose curvature is 28 / 3; and 0.21?
    steps         300 leaves the weights of s1 and s2 wrong: the two are nearly the same measurement
    features      (16, 64, 256, 1024, 2048) takes a minute
    samples       less than twice the features: how many steps does descent need?
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

import optim

STYLE = Path(__file__).with_name("pictures.mplstyle")
BLUE, ORANGE = "#0072B2", "#D55E00"
TEXTBOOK = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]), np.array([1.0, 2.0, 3.0])


def main(
    out="out", *, seed=0, theta=(0.0, 0.0), alpha=0.01, steps=12000, features=(16, 32, 64, 128, 256, 512), samples=4096
):
    """Compares descent with the closed form on the textbook's example, real data and more and more features."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    path = descend(*TEXTBOOK, np.array(theta), lr=alpha, steps=1000)
    print("The textbook: X = [[1,1],[2,2],[3,3]], y = [1,2,3], at most 1000 steps")
    print(f"  theta = ({path[-1][0]:.6f}, {path[-1][1]:.6f}), loss {loss(*TEXTBOOK, path[-1]):.1e}")
    print(f"  at the (0.999, 0.999) of some tutorials the loss is {loss(*TEXTBOOK, np.full(2, 0.999)):.2f}")
    print(f"  X'X has the rank {np.linalg.matrix_rank(TEXTBOOK[0].T @ TEXTBOOK[0])}: it has no inverse\n")

    names, x, y = patients()
    descended = descend(x, y, np.zeros(x.shape[1]), lr=lr_for(x), steps=steps)
    formula = closed_form(x, y)
    judge = LinearRegression().fit(x[:, 1:], y)
    print(f"{len(y)} patients: the weight of each measurement in units of its spread, after {steps} steps")
    print("             descent  closed form  scikit-learn")
    for name, *weights in zip(names, descended[-1], formula, [judge.intercept_, *judge.coef_], strict=True):
        print(f"  {name:9} {weights[0]:9.4f}    {weights[1]:9.4f}     {weights[2]:9.4f}")
    distances = np.abs(descended - formula).max(axis=1)
    print(f"Largest difference from the closed form: {distances[-1]:.0e}\n")

    costs = [cost(samples, count, np.random.default_rng(seed)) for count in features]
    print(f"{samples} samples made up, and more and more features:")
    print("           closed form                 descent")
    print("  features  products   seconds  steps  products   seconds  difference")
    for each in costs:
        print(
            f"  {each['features']:8}  {each['formula products']:8.1e}  {each['formula seconds']:8.4f}"
            f"  {each['steps']:5}  {each['descent products']:8.1e}  {each['descent seconds']:8.4f}"
            f"     {each['difference']:.0e}"
        )

    files = [out / "textbook.png", out / "agreement.png", out / "cost.png"]
    draw_textbook(path, files[0])
    draw_agreement(distances, files[1])
    draw_cost(costs, files[2])
    return files


def loss(x, y, weights):
    """Half of the mean squared error, as textbooks on regression have it."""
    return ((x @ weights - y) ** 2).mean() / 2


def descend(x, y, weights, *, lr, steps, tol=0.0):
    """The weights at each step of gradient descent, until the slope is below ``tol`` or a step changes nothing."""
    found = optim.minimize(lambda weights: loss(x, y, weights), weights, lr=lr, tol=tol, max_steps=steps)
    return np.array(found.path)


def closed_form(x, y):
    """(X'X)^-1 X'y, as the solution of X'X weights = X'y."""
    return np.linalg.solve(x.T @ x, x.T @ y)


def lr_for(x):
    """1 / curvature, where the loss is most curved: the largest eigenvalue of X'X, for the mean."""
    return len(x) / np.linalg.eigvalsh(x.T @ x).max()


def patients():
    """The names of the columns, the columns with mean 0 and spread 1 behind one of ones, and the targets."""
    data = load_diabetes(scaled=False)
    x = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    return ["intercept", *data.feature_names], np.column_stack([np.ones(len(x)), x]), data.target


def cost(samples, features, rng, *, tol=1e-6):
    """What the formula and a descent to ``tol`` cost on normal data: products of two numbers, and seconds."""
    x = rng.normal(size=(samples, features))
    y = x @ rng.normal(size=features) + rng.normal(size=samples)
    # the largest curvature of such data (Marchenko and Pastur, 1967)
    lr = 1 / (1 + np.sqrt(features / samples)) ** 2
    formula, formula_seconds = _timed(lambda: closed_form(x, y))
    path, descent_seconds = _timed(lambda: descend(x, y, np.zeros(features), lr=lr, steps=5000, tol=tol))
    return {
        "features": features,
        "formula products": samples * features**2 + features**3 / 3,
        "formula seconds": formula_seconds,
        "steps": len(path) - 1,
        "descent products": 2 * samples * features * len(path),  # X weights, and X' times the errors
        "descent seconds": descent_seconds,
        "difference": np.abs(path[-1] - formula).max(),
    }


def _timed(compute, *, repeats=3):
    """What it computes, and the seconds of the quickest of a few runs."""
    seconds = []
    for _ in range(repeats):
        start = perf_counter()
        result = compute()
        seconds.append(perf_counter() - start)
    return result, min(seconds)


@rc_context(fname=STYLE)
def draw_textbook(path, file):
    """The loss by the two weights, its valley, and the way into it."""
    figure = Figure(figsize=(7, 6))
    axes = figure.subplots()
    across, up = np.meshgrid(*[np.linspace(-0.4, 1.4, 200)] * 2)
    height = np.mean([(a * across + b * up - t) ** 2 for (a, b), t in zip(*TEXTBOOK, strict=True)], axis=0) / 2
    levels = np.array([0.05, 0.25, 0.5, 1, 2, 4])
    lines = axes.contour(across, up, height, levels, colors="0.75", linewidths=1)
    sums = np.append(1 - np.sqrt(levels * 3 / 7), 1 + np.sqrt(levels * 3 / 7))  # the loss is 7 / 3 * (sum - 1)^2
    axes.clabel(lines, fontsize=8, fmt="%g", manual=np.column_stack([sums - 0.3, sums + 0.3]) / 2)
    axes.plot([-0.4, 1.4], [1.4, -0.4], color="black", linewidth=1.5, label="loss 0: the weights have the sum 1")
    axes.plot(*path.T, "o-", color=BLUE, markersize=4, linewidth=1.2, label=f"descent, {len(path) - 1} steps")
    axes.plot(*path[-1], "*", color=BLUE, markersize=18, markeredgecolor="black", label="where it ends")
    axes.plot(0.999, 0.999, "X", color=ORANGE, markersize=11, label="(0.999, 0.999): loss 2.3")
    axes.set(xlabel="first weight", ylabel="second weight", xlim=(-0.4, 1.4), ylim=(-0.4, 1.4), aspect="equal")
    axes.set_title(f"Equal columns: descent ends at ({path[-1][0]:.3g}, {path[-1][1]:.3g})")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(file)


@rc_context(fname=STYLE)
def draw_agreement(distances, file):
    """How far descent is from the closed form, step by step."""
    figure = Figure(figsize=(7, 4.5))
    axes = figure.subplots()
    axes.plot(distances, color=BLUE)
    axes.set(yscale="log", xlabel="step", ylabel="largest difference of a weight (log scale)", xlim=(0, None))
    axes.set_title(f"After {len(distances) - 1} steps descent and closed form differ by {distances[-1]:.0e}")
    axes.grid(axis="y")
    figure.savefig(file)


@rc_context(fname=STYLE)
def draw_cost(costs, file):
    """Products and seconds against the number of features, both on logarithmic scales."""
    figure = Figure(figsize=(11, 5))
    features = [each["features"] for each in costs]
    last = costs[-1]
    panels = figure.subplots(1, 2)
    for axes, unit in zip(panels, ("products", "seconds"), strict=True):
        for name, color, marker, label in (
            ("formula", BLUE, "o", "closed form"),
            ("descent", ORANGE, "s", "gradient descent"),
        ):
            label = label if unit == "products" else None
            axes.loglog(features, [each[f"{name} {unit}"] for each in costs], marker + "-", color=color, label=label)
        ratio = last[f"formula {unit}"] / last[f"descent {unit}"]
        axes.set_title(f"{last['features']} features: the formula takes {ratio:.2g} x the {unit}", fontsize=11)
        axes.set(xlabel="features (log scale)", ylabel=f"{unit} (log scale)")
        axes.set_xticks(features, features)
        axes.minorticks_off()
        axes.grid()
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(file)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
