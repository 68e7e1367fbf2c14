"""Feature scaling: the same data as measured, centred, standardised and whitened, and the steps that each takes.

    python -m demos.scaling

The loss of linear regression is a bowl. Measured in years, kg/m2 and mmHg the bowl is a long narrow trench: its
steepest direction limits the learning rate to 2 / curvature, and in its flattest nothing moves. The ratio of the two
curvatures is the condition number. To standardise a feature, subtract its mean and divide by its spread; nothing that
a linear model can say is lost, and the bowl becomes round enough.

Look at
    the table    the steps as counted, and as they follow from the curvatures; where both are known they are the same
    bowls.png    two of the ten features: the same number of steps in the trench and in the bowl
    scaling.png  how far the loss is above the least one, step by step
Change
    columns      ("s1", "s2") of bowls.png are nearly the same measurement: standardising alone does not help here
    tol          0.001 takes standardised data 30 times as many steps: which two columns are to blame?
    max_steps    60000 has the centred data arrive as well, after a while
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes

from autograd_mini import hessian, value_and_grad

STYLE = Path(__file__).with_name("pictures.mplstyle")
COLORS = {"as measured": "#D55E00", "centred": "#CC79A7", "standardised": "#0072B2", "whitened": "#009E73"}
LINES = dict(zip(COLORS, ("-", "--", "-", "-."), strict=True))


def main(out="out", *, columns=("bmi", "bp"), tol=0.01, max_steps=3000):
    """Descends the same regression on four versions of the data; returns the pictures written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    data = load_diabetes(scaled=False)
    x, y = data.data, data.target
    least = loss_of(with_ones(x), y)(least_squares(with_ones(x), y))
    print(f"{len(y)} patients, {x.shape[1]} features. Steps until the loss is at most {tol:.1%} above the least one:")
    print("                condition     counted     from the curvatures")
    histories, needed = {}, {}
    for name, version in versions(x).items():
        a = with_ones(version)
        curvatures, needed[name] = steps_foreseen(a, y, tol)
        losses = histories[name] = descend(a, y, max_steps=max_steps, until=(1 + tol) * least)
        arrived = losses[-1] <= (1 + tol) * least
        counted = f"{len(losses) - 1:,}" if arrived else f"> {max_steps:,}"
        print(f"  {name:12} {curvatures.max() / curvatures.min():12,.0f}  {counted:>10}  {needed[name]:>22,}")

    files = [out / "bowls.png", out / "scaling.png"]
    draw_bowls(x[:, [data.feature_names.index(column) for column in columns]], y, columns, files[0])
    draw_histories(histories, needed, least, tol, files[1])
    return files


def versions(x):
    """The features in four forms, each a linear function of the one before: no form knows more than another."""
    centred = x - x.mean(axis=0)
    standardised = centred / centred.std(axis=0)
    # whitened: turned to the axes along which the features are uncorrelated, and each of those standardised as well
    variances, axes = np.linalg.eigh(standardised.T @ standardised / len(x))
    whitened = standardised @ axes / np.sqrt(variances)
    return {"as measured": x, "centred": centred, "standardised": standardised, "whitened": whitened}


def with_ones(x):
    """The features behind a column of ones, whose weight is the intercept."""
    return np.column_stack([np.ones(len(x)), x])


def loss_of(a, y):
    """The mean squared error, as a function of the weights."""
    return lambda weights: ((a @ weights - y) ** 2).mean()


def least_squares(a, y):
    """The best weights, by QR and SVD instead of descent, to know where descent has to go."""
    return np.linalg.lstsq(a, y)[0]


def descend(a, y, *, max_steps, until=0.0, lr=None, start=None, path=None):
    """The loss at each step of gradient descent from 0, with lr = 1 / largest curvature unless given."""
    both = value_and_grad(loss_of(a, y))
    weights = np.zeros(a.shape[1]) if start is None else start
    lr = 1 / curvatures_of(a, y)[0].max() if lr is None else lr
    losses = []
    for _ in range(max_steps + 1):
        loss, slope = both(weights)
        losses.append(loss)
        if path is not None:
            path.append(weights)
        if loss <= until:
            break
        weights = weights - lr * slope
    return np.array(losses)


def curvatures_of(a, y):
    """The eigenvalues of the Hessian, and the axes they belong to. The bowl is a bowl: they are the same everywhere."""
    return np.linalg.eigh(hessian(loss_of(a, y))(np.zeros(a.shape[1])))


def steps_foreseen(a, y, tol):
    """The curvatures, and the steps that descent needs by them: along each axis, each step leaves 1 - lr * curvature.

    The loss above the least one is a sum over the axes, of curvature / 2 * distance**2.
    """
    curvatures, axes = curvatures_of(a, y)
    best = least_squares(a, y)
    distances = axes.T @ best
    allowed = tol * loss_of(a, y)(best)

    def enough(steps):
        left = (1 - curvatures / curvatures.max()) ** steps
        return np.sum(curvatures / 2 * (distances * left) ** 2) <= allowed

    most = 1
    while not enough(most):
        most *= 2
    fewest = most // 2
    while most - fewest > 1:  # enough at most, not at fewest
        middle = (most + fewest) // 2
        if enough(middle):
            most = middle
        else:
            fewest = middle
    return curvatures, most


@rc_context(fname=STYLE)
def draw_bowls(x, y, columns, file, *, steps=12):
    """The loss by the weights of two features, and the first steps with the best learning rate for each."""
    figure = Figure(figsize=(11, 5.2))
    forms = versions(x)
    for axes, name in zip(figure.subplots(1, 2), ("centred", "standardised"), strict=True):
        a, target = forms[name], y - y.mean()  # centred as well, so that no intercept is needed
        curvatures, _ = curvatures_of(a, target)
        best, path = least_squares(a, target), []
        descend(a, target, max_steps=steps, lr=2 / (curvatures[0] + curvatures[-1]), path=path)
        path = np.array(path)
        # as wide as high, so that the picture shows the shape of the bowl
        corners = np.stack([np.min([*path, best], axis=0), np.max([*path, best], axis=0)])
        middle, reach = corners.mean(axis=0), 0.65 * np.ptp(corners, axis=0).max()
        across, up = np.meshgrid(*(np.linspace(each - reach, each + reach, 150) for each in middle))
        weights = np.stack([across.ravel(), up.ravel()])
        height = (((a @ weights - target[:, None]) ** 2).mean(axis=0)).reshape(across.shape)
        least = loss_of(a, target)(best)
        levels = least + (height.max() - least) * np.linspace(0.05, 1, 12) ** 2
        axes.contour(across, up, height, levels, colors="0.8", linewidths=1)
        axes.plot(*path.T, "o-", color=COLORS[name], markersize=4, linewidth=1.2, label=f"{steps} steps, {name}")
        axes.plot(*best, "*", color="black", markersize=15, label=None if name == "centred" else "least squares")
        axes.set(xlabel=f"weight of {columns[0]}", ylabel=f"weight of {columns[1]}", aspect="equal")
        axes.set_title(f"{name}: condition number {curvatures.max() / curvatures.min():.3g}".capitalize())
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(file)


@rc_context(fname=STYLE)
def draw_histories(histories, needed, least, tol, file):
    """The loss above the least one, for each form of the data."""
    figure = Figure(figsize=(7.5, 5))
    axes = figure.subplots()
    for name, losses in histories.items():
        above = np.maximum(losses / least - 1, 1e-5)
        axes.loglog(np.arange(len(losses)) + 1, above, color=COLORS[name], linestyle=LINES[name], label=name)
        axes.plot(len(losses), above[-1], "o", color=COLORS[name])
    axes.set(
        xlabel="step (the first is the start; log scale)",
        ylabel="loss above the least one, relative (log, cut at 1e-5)",
    )
    axes.set_title(
        f"To within {tol:.1%}: {needed['as measured']:,} steps as measured, {needed['standardised']:,} standardised",
        fontsize=11,
    )
    axes.grid()
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(file)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
