"""A recommender: a table with gaps, filled in by multiplying two narrow ones (matrix factorisation).

    python -m demos.recommender

A recommender guesses how a user would rate an item that he has not rated, from what he and all others did rate. No
package at hand ships such ratings, so what stands for them is this: a user is one of scikit-learn's 1,797 handwritten
digits, an item is one of its 64 pixels, and the rating is the ink there, 0 to 16. What makes the method work is real
all the same: users come in kinds, and what one of a kind likes, the others like too. Only a part of the ratings is
seen, and the error is measured on those that are not.

Each user and each item get a few numbers, and the guess is their product, plus how generous the user and how popular
the item is:

    rating = mean + user_bias + item_bias + user_factors @ item_factors

Look at
    Factors       the model: all of it are five parameters, which gradient descent finds from the seen ratings alone
    recommender.png   the digits as the seen pixels leave them, as they were guessed, and as they are
    factors.png   the error over the number of factors: the seen ratings are fitted better and better; whether that
                  helps with the unseen ones is a matter of the penalty on the size of the factors
Change
    seen          0.2: is one pixel in five enough to know a digit?
    penalty       200.0: what is left of the factors, and why?
    factors       which numbers of factors are tried
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

import nn
import optim
from autograd_mini import no_grad

STYLE = Path(__file__).with_name("pictures.mplstyle")
BLUE, ORANGE = "#0072B2", "#D55E00"
STARS = 16.0  # the highest rating


class Factors(nn.Module):
    """The guesses for all users and items: a table (users, items)."""

    def __init__(self, users, items, factors, *, mean, rng):
        self.mean = mean
        self.user_bias = nn.Parameter(np.zeros((users, 1)))
        self.item_bias = nn.Parameter(np.zeros(items))
        self.user_factors = nn.Parameter(0.3 * rng.normal(size=(users, factors)))
        self.item_factors = nn.Parameter(0.3 * rng.normal(size=(factors, items)))

    def forward(self):
        return self.mean + self.user_bias + self.item_bias + self.user_factors @ self.item_factors


def main(out="out", *, seed=0, seen=0.5, factors=(2, 4, 8, 16, 32), penalty=40.0, steps=100, users=1797):
    """Fits a model for each number of factors, draws; returns the files written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    ratings = load(users)
    rng = np.random.default_rng(seed)
    is_seen = rng.random(ratings.shape) < seen
    users, items = ratings.shape
    print(f"{users:,} users (digits), {items} items (pixels), {is_seen.mean():.0%} of the ratings seen")
    baseline = rmse(np.broadcast_to(popularity(ratings, is_seen), ratings.shape), ratings, ~is_seen)
    print(f"Everybody gets the mean of the item: the unseen ratings are missed by {baseline:.2f} of {STARS:.0f} (rmse)")

    errors, guesses = {}, {}
    for strength in (penalty, 0.0):
        print(f"With a penalty of {strength:g}:")
        errors[strength] = []
        for count in factors:
            guess = guesses[strength, count] = fit(ratings, is_seen, count, penalty=strength, steps=steps, rng=rng)
            missed = rmse(guess, ratings, is_seen), rmse(guess, ratings, ~is_seen)
            errors[strength].append(missed)
            print(f"{count:4} factors: the seen ones are missed by {missed[0]:.2f}, the unseen by {missed[1]:.2f}")
    best = int(np.argmin([unseen for _, unseen in errors[penalty]]))
    better = 1 - errors[penalty][best][1] / baseline
    print(f"Best for the unseen: {factors[best]} factors with the penalty, {better:.0%} less than the mean of the item")

    files = [out / "recommender.png", out / "factors.png"]
    draw_digits(ratings, is_seen, guesses[penalty, factors[best]], files[0], better=better)
    draw_errors(factors, errors, baseline, files[1])
    return files


def load(users):
    """The table of all ratings, (users, items), of which a part will be hidden."""
    return load_digits().data[:users]


def popularity(ratings, is_seen):
    """The mean of the seen ratings of each item."""
    return (ratings * is_seen).sum(axis=0) / np.maximum(is_seen.sum(axis=0), 1)


def rmse(guess, ratings, chosen):
    """The root of the mean squared error of the chosen ratings."""
    return float(np.sqrt(np.mean((guess - ratings)[chosen] ** 2)))


def fit(ratings, is_seen, factors, *, penalty, steps, rng):
    """Guesses for all ratings, by gradient descent on the squared error of the seen ones."""
    model = Factors(*ratings.shape, factors, mean=ratings[is_seen].mean(), rng=rng)
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    known = np.where(is_seen, ratings, 0.0)
    for _ in range(steps):
        loss = objective(model, known, is_seen, penalty)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    with no_grad():
        return np.clip(model().data, 0.0, STARS)


def objective(model, known, is_seen, penalty):
    """The squared errors of the seen ratings, and the squares of biases and factors; what is not seen has no say."""
    errors = is_seen * (model() - known)
    return (errors**2).sum() + penalty * sum((p**2).sum() for p in model.parameters())


@rc_context(fname=STYLE)
def draw_digits(ratings, is_seen, guess, path, *, better, columns=12):
    """Some digits: what is seen of them, what was guessed from it, and what they are."""
    figure = Figure(figsize=(columns * 0.9, 3.6))
    title = f"From {is_seen.mean():.0%} of the pixels the others are guessed, {better:.0%} better than by their mean"
    figure.suptitle(title, ha="left", x=0.01)
    grid = figure.subplots(3, columns)
    rows = {"seen": np.where(is_seen, ratings, np.nan), "guessed": guess, "true": ratings}
    for line, (name, table) in zip(grid, rows.items(), strict=True):
        line[0].set_ylabel(name)
        for axes, user in zip(line, table, strict=False):
            axes.imshow(user.reshape(8, 8), cmap="gray_r", vmin=0, vmax=STARS)
            axes.set(xticks=[], yticks=[], facecolor="#BFDDF0")  # what is not seen
            axes.spines[:].set(visible=True, linewidth=0.5)
    figure.savefig(path)


@rc_context(fname=STYLE)
def draw_errors(factors, errors, baseline, path):
    """The errors of seen and unseen ratings over the number of factors."""
    (penalty, with_penalty), *others = errors.items()
    figure = Figure(figsize=(7.5, 5))
    axes = figure.subplots()
    best = factors[int(np.argmin(with_penalty, axis=0)[1])]
    axes.set_title(f"Unseen ratings are guessed best with {best} factors and a penalty")
    places = np.arange(len(factors))
    axes.axhline(baseline, color="black", linestyle=":", label="unseen, mean of the item")
    for (strength, missed), marker in zip([(penalty, with_penalty), *others], "os", strict=False):
        seen, unseen = np.array(missed).T
        axes.plot(places, unseen, f"{marker}-", color=ORANGE, label=f"unseen, penalty {strength:g}")
        axes.plot(places, seen, f"{marker}--", color=BLUE, label=f"seen, penalty {strength:g}")
    axes.set(xticks=places, xticklabels=factors, xlabel="factors for each user and item", ylabel="error (rmse, of 16)")
    axes.set_ylim(0, None)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(path)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
