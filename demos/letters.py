"""Names one letter at a time: from counting pairs of letters to a deep network with batch norm.

    python -m demos.letters

The data are the 5,163 first names of the US census of 1990, in the public domain, that PyPI's package `names` ships. A
model guesses the next letter from those before it; made to guess letter after letter, it makes up names. Five models,
after Andrej Karpathy's lectures: a table of pairs, a network that reads three letters, the same with batch norm, and a
deeper one without and with it. The loss is that of names which the model has not seen: 3.30 is blind guessing of 27
characters. All learn at one rate, which is too fast for the deeper network, unless it has batch norm.

Look at
    bigram        the table of pairs needs no gradient: counting gives it. Gradient descent finds the same table
    network       embedding, linear, batch norm, tanh: the layers that `demos.ninja` takes apart by hand
    letters.png   the loss of unseen names while each network learns: who gains from batch norm, who does not need it?
    pairs.png     the table of pairs: which letter follows which
    the names     read some aloud; from which model on do they sound like names?
Change
    lr            0.01 is slow enough for the deeper network to get along without batch norm
    context       8 letters instead of 3, or 1: the network then knows what the table knows
    depth         hidden layers of the deeper networks: does batch norm help with 8, at a third of the learning rate?
    hidden        20 neurons instead of 100
"""

from __future__ import annotations

from pathlib import Path

import names as census
import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

import nn
import optim
from autograd_mini import jit, no_grad, softmax

STYLE = Path(__file__).with_name("pictures.mplstyle")
BLUE, ORANGE = "#0072B2", "#D55E00"
ALPHABET = ".abcdefghijklmnopqrstuvwxyz"  # the dot begins and ends a name
LETTERS = len(ALPHABET)


def main(out="out", *, seed=0, context=3, hidden=100, depth=4, lr=0.03, steps=2000, samples=8):
    """Trains all models, prints their losses and some names of each, draws; returns the files written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    names = load(rng)
    cut = len(names) * 9 // 10
    seen, unseen = (examples(part, context) for part in (names[:cut], names[cut:]))
    print(f"{len(names):,} names, a tenth of them unseen; {len(seen[1]):,} letters to learn from")

    table = bigram(*seen)
    losses = {"pairs, counted": nll(lambda x: np.log(table[x[:, -1]]), *unseen)}
    show("pairs, counted", losses["pairs, counted"], lambda x: np.log(table[x[:, -1]]), context, samples, rng)

    models = {
        "pairs, learned": nn.Sequential(Last(), nn.Embedding(LETTERS, LETTERS, rng=rng)),
        "network": network(context, hidden, 1, False, rng),
        "with batch norm": network(context, hidden, 1, True, rng),
        "deeper": network(context, hidden, depth, False, rng),
        "deeper with batch norm": network(context, hidden, depth, True, rng),
    }
    curves = {}
    for name, model in models.items():
        curves[name] = train(model, seen, unseen, lr=lr, steps=steps, rng=rng)
        losses[name] = curves[name][-1][1]
        show(name, losses[name], scores_of(model), context, samples, rng)

    files = [out / "letters.png", out / "pairs.png"]
    draw_curves(curves, losses["pairs, counted"], files[0])
    draw_pairs(table, files[1])
    return files


def load(rng):
    """The names, in lower case, each once, in random order."""
    lists = [Path(census.FILES[f"first:{kind}"]).read_text() for kind in ("female", "male")]
    names = sorted({line.split()[0].lower() for text in lists for line in text.splitlines()})
    rng.shuffle(names)
    return names


def examples(names, context):
    """Each letter with those before it: contexts (N, context) and next letters (N,), as indices."""
    contexts, nexts = [], []
    for name in names:
        text = "." * context + name + "."
        indices = [ALPHABET.index(letter) for letter in text]
        for i in range(context, len(text)):
            contexts.append(indices[i - context : i])
            nexts.append(indices[i])
    return np.array(contexts), np.array(nexts)


def bigram(x, y, size=LETTERS):
    """How often each letter follows each, as probabilities: a table (size, size). One is added to every count."""
    counts = np.ones((size, size))
    np.add.at(counts, (x[:, -1], y), 1)
    return counts / counts.sum(axis=1, keepdims=True)


class Last(nn.Module):
    """The last letter of the context."""

    def forward(self, x):
        return x[:, -1]


def network(context, hidden, depth, batch_norm, rng):
    """An embedding of 10 numbers a letter, then ``depth`` hidden layers."""
    layers = [nn.Embedding(LETTERS, 10, rng=rng), nn.Flatten()]
    width = 10 * context
    for _ in range(depth):
        layers += [nn.Linear(width, hidden, bias=not batch_norm, rng=rng)]
        layers += [nn.BatchNorm1d(hidden), nn.Tanh()] if batch_norm else [nn.Tanh()]
        width = hidden
    return nn.Sequential(*layers, nn.Linear(width, LETTERS, rng=rng))


def train(model, seen, unseen, *, lr, steps, rng, batch=128, looks=10):
    """Adam, whose learning rate falls to 0; returns pairs (step, loss of the unseen)."""
    optimizer = optim.Adam(model.parameters(), lr=lr)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)

    @jit
    def loss_of(x, y):
        return nn.cross_entropy(model(x), y)

    curve = [(0, nll(scores_of(model), *unseen))]
    x, y = seen
    model.train()
    for step in range(1, steps + 1):
        chosen = rng.integers(0, len(y), batch)
        loss = loss_of(x[chosen], y[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % max(1, steps // looks) == 0:
            curve.append((step, nll(scores_of(model), *unseen)))
            model.train()
    return curve


def scores_of(model):
    """The model as it is used, as a function from contexts to scores: batch norm takes what it has learned."""

    @no_grad()
    def scores(x):
        return model.eval()(x).data

    return scores


def nll(scores, x, y):
    """The mean negative log-likelihood of the next letters: cross-entropy."""
    return float(nn.cross_entropy(scores(x), y))


def make_up(scores, context, rng, longest=20):
    """A new name, letter by letter."""
    letters = [0] * context
    while len(letters) < context + longest:
        probability = softmax(scores(np.array([letters[-context:]])), axis=-1)[0]
        letters.append(int(rng.choice(LETTERS, p=probability / probability.sum())))
        if letters[-1] == 0:
            break
    return "".join(ALPHABET[i] for i in letters if i)


def show(name, loss, scores, context, samples, rng):
    """Prints the loss of a model and some of its names."""
    print(f"{name:24}{loss:.3f}   " + " ".join(make_up(scores, context, rng) for _ in range(samples)))


@rc_context(fname=STYLE)
def draw_curves(curves, counted, path):
    """The loss of the unseen names while each network learns."""
    looks = [("#000000", ":"), (BLUE, "--"), (BLUE, "-"), (ORANGE, "--"), (ORANGE, "-")]
    ends = {name: curve[-1][1] for name, curve in curves.items()}
    figure = Figure(figsize=(8, 5))
    axes = figure.subplots()
    axes.axhline(counted, color="black", linewidth=1, label=f"pairs, counted: {counted:.3f}")
    for (name, curve), (color, line) in zip(curves.items(), looks, strict=True):
        axes.plot(*np.array(curve[1:]).T, color=color, linestyle=line, label=f"{name}: {ends[name]:.3f}")
    axes.set(xlabel="step", ylabel="loss of unseen names (nats a letter)", ylim=(None, counted + 0.25))
    gain = f"from {ends['deeper']:.2f} to {ends['deeper with batch norm']:.2f}"
    axes.set_title(f"Batch norm takes the deeper network's loss {gain}")
    figure.legend(loc="outside right center", frameon=False)
    figure.savefig(path)


@rc_context(fname=STYLE)
def draw_pairs(table, path):
    """The table of pairs."""
    figure = Figure(figsize=(7.5, 6.8))
    axes = figure.subplots()
    image = axes.imshow(table, cmap="Blues", vmin=0)
    axes.set(xticks=range(LETTERS), yticks=range(LETTERS), xticklabels=ALPHABET, yticklabels=ALPHABET)
    axes.set(xlabel="next letter (. ends a name)", ylabel="letter (. begins a name)")
    row = ALPHABET.index("q")
    first, after_q = ALPHABET[table[0].argmax()], ALPHABET[table[row].argmax()]
    axes.set_title(f"After q comes {after_q}; {first} is the commonest beginning")
    figure.colorbar(image, label="probability", shrink=0.8)
    figure.savefig(path)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
