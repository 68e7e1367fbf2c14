"""A tiny GPT: a Transformer reads Python's documentation one character at a time, and then writes some itself.

    python -m demos.gpt

The text is the documentation that `help()` shows, `pydoc_data.topics`; it ships with Python, under Python's license.
The model sees up to 64 characters and guesses the next one. In every block each character looks back at those before
it and takes what it needs (attention), then thinks it over (two linear layers). Nobody looks ahead, so that one pass
over a stretch of text is 64 lessons at once. It takes two minutes on two cores.

Look at
    GPT             symbols, places, blocks, norm, scores: GPT-2 is this with 12 blocks, 768 wide
    the samples     noise before the training; words, and brackets that close, after it
    gpt.png         the loss falls below that of pairs of characters, then the words come. Only words of four letters
                    or more count, since noise hits shorter ones
    attention.png   what each head looks at: one at the character before, one at where the word began. The upper
                    right, which is white, is the future
Change
    steps           500 take less than a minute: the first words
    temperature     1.0 writes as the model guesses; 0.5 is surer of itself, and duller
    context         8 characters: what is lost, the words or the sentences?
    depth           1 block instead of 3
    phrase          the characters of attention.png
"""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path
from pydoc_data.topics import topics
from textwrap import indent

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from tqdm import tqdm

import nn
import optim
from autograd_mini import jit, no_grad
from demos import letters

STYLE = Path(__file__).with_name("pictures.mplstyle")
BLUE, ORANGE = "#0072B2", "#D55E00"
WORD = re.compile(r"[a-z]{4,}(?![a-z]|$)")  # the last one of a sample may be cut off
PHRASE = "the value of the attribute"


def main(
    out="out", *, seed=0, context=64, width=64, heads=4, depth=3, batch=16, steps=2400, temperature=0.8, phrase=PHRASE
):
    """Trains, prints what the model writes before and after, draws; returns the files written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    text = load(rng)
    alphabet = sorted(set(text))
    known = set(words(text))
    seen, unseen = np.split(encode(text, alphabet), [len(text) * 9 // 10])
    print(f"{len(text):,} characters, {len(alphabet)} different ones; a tenth is kept unseen")
    model = GPT(len(alphabet), context, width, heads, depth, rng)
    print(model)

    def sample(scores):
        """Sixteen texts, each of which begins on a new line."""
        begin = np.full((16, 1), alphabet.index("\n"))
        drawn = write(scores, begin, 150, context=context, temperature=temperature, rng=rng)
        return ["".join([alphabet[i] for i in line[1:]]) for line in drawn]

    print("Before the training it writes:", indent(sample(model.scores)[0], "    "), sep="\n")
    exam = windows(unseen, np.linspace(0, len(unseen) - context - 1, 200).astype(int), context)

    def look():
        """The loss of unseen text, and the share of written words that occur in the text."""
        with no_grad():
            return loss_of(model, *exam).item(), recognised(sample(model.scores), known)

    losses, looks = train(model, seen, context=context, batch=batch, steps=steps, look=look, rng=rng)
    texts = sample(model.scores)
    print("After it:", indent("\n\n".join(texts[:3]), "    "), sep="\n")
    made_up = sorted({word for one in texts for word in words(one)} - known)
    print("It made up these words:", ", ".join(made_up[:10]))

    pairs = letters.bigram(seen[:-1, None], seen[1:], len(alphabet))
    baselines = {"blind guessing": math.log(len(alphabet)), "pairs": -np.log(pairs)[unseen[:-1], unseen[1:]].mean()}
    by_pairs = recognised(sample(lambda x: np.log(pairs)[x[:, -1]]), known)
    loss, share = looks[-1][1:]
    print("Loss of unseen text: " + ", ".join(f"{name} {x:.2f}" for name, x in {**baselines, "GPT": loss}.items()))
    print(
        f"Of the words of four letters or more {share:.0%} occur in the text; with pairs of characters {by_pairs:.0%}"
    )

    files = [out / "gpt.png", out / "attention.png"]
    phrase = phrase[:context]
    draw_curves(losses, looks, baselines, files[0])
    draw_attention(model.attention(encode(phrase, alphabet)), phrase, files[1])
    return files


def load(rng):
    """The paragraphs in random order, each once (a fifth is there twice), without the tables."""
    found = {paragraph for topic in topics.values() for paragraph in re.split("\n\n+", topic.strip("\n"))}
    paragraphs = sorted([paragraph for paragraph in found if "+--" not in paragraph])
    rng.shuffle(paragraphs)
    return "\n\n".join(paragraphs)


def encode(text, alphabet):
    """Each character as its number."""
    numbers = {character: number for number, character in enumerate(alphabet)}
    return np.array([numbers[character] for character in text])


def words(text):
    """The words of four letters or more."""
    return WORD.findall(text.lower())


def recognised(texts, known):
    """The share of the words of some texts that are known ones."""
    found = [word in known for text in texts for word in words(text)]
    return float(np.mean(found)) if found else 0.0


class GPT(nn.Module):
    """Scores (N, L, size) of what follows each of the characters (N, L), from it and those before it."""

    def __init__(self, size, context, width, heads, depth, rng):
        given = {"dtype": np.float32, "rng": rng}
        self.symbols = nn.Embedding(size, width, **given)
        self.places = nn.PositionalEmbedding(context, width, **given)
        self.blocks = [
            nn.TransformerBlock(width, heads, 4 * width, dropout=0.0, batch_first=True, **given) for _ in range(depth)
        ]
        self.norm = nn.LayerNorm(width, dtype=np.float32)
        self.head = nn.Linear(width, size, **given)
        # As GPT-2 begins: small vectors, to which the blocks add little each, so that all together are not too much.
        self.symbols.weight.data *= 0.02
        for block in self.blocks:
            block.self_attn.out_proj.weight.data *= (2 * depth) ** -0.5
            block.linear2.weight.data *= (2 * depth) ** -0.5

    def forward(self, x):
        x = self.places(self.symbols(x))
        for block in self.blocks:
            x = block(x, is_causal=True)
        return self.head(self.norm(x))

    @no_grad()
    def scores(self, x):
        """The scores of the next character alone: (N, size)."""
        return self(x).data[:, -1]

    @no_grad()
    def attention(self, x):
        """How much of each character each head takes, for each character of a text (L,): (depth, heads, L, L)."""
        x, weights = self.places(self.symbols(x)), []
        for block in self.blocks:
            normed = block.norm1(x)
            _, taken = block.self_attn(normed, normed, normed, average_attn_weights=False, is_causal=True)
            weights.append(taken.data)
            x = block(x, is_causal=True)
        return np.array(weights)


def windows(indices, begins, context):
    """Stretches of the text, (N, context), and what follows each of their characters, in the same shape."""
    stretches = indices[begins[:, None] + np.arange(context + 1)]
    return stretches[:, :-1], stretches[:, 1:]


def loss_of(model, x, y):
    """The cross-entropy of all characters of all stretches."""
    scores = model(x)
    return nn.cross_entropy(scores.reshape(-1, scores.shape[-1]), y.reshape(-1))


def train(model, indices, *, context, batch, steps, look, rng, lr=3e-3, looks=8):
    """AdamW; the learning rate rises, then falls to 0 along a cosine. Returns the losses, and (step, *look()) at times.

    The step is traced once and replayed: `jit`.
    """
    optimizer = optim.AdamW(model.parameters(), lr=lr)
    warm_up = max(1, steps // 20)
    schedule = optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            optim.lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=warm_up),
            optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max(1, steps - warm_up)),
        ],
        milestones=[warm_up],
    )
    step_loss = jit(lambda x, y: loss_of(model, x, y))
    losses, seen = [], [(0, *look())]
    with tqdm(total=steps, desc="training", unit="step", file=sys.stdout) as bar:
        for step in range(1, steps + 1):
            loss = step_loss(*windows(indices, rng.integers(0, len(indices) - context, batch), context))
            optimizer.zero_grad()
            loss.backward()
            optim.clip_grad_norm(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            bar.set_postfix_str(f"loss {losses[-1]:.2f}", refresh=False)
            bar.update()
            if step % max(1, steps // looks) == 0:
                seen.append((step, *look()))
    return losses, seen


def write(scores, begin, length, *, context, temperature, rng):
    """Goes on with texts (N, L), character by character: (N, L + length)."""
    texts = begin
    for _ in range(length):
        logits = scores(texts[:, -context:]) / temperature
        # The highest score after Gumbel's noise: drawn as softmax(logits) says, for all texts at once.
        following = np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)
        texts = np.column_stack([texts, following])
    return texts


@rc_context(fname=STYLE)
def draw_curves(losses, looks, baselines, path):
    """The loss, and the share of words that occur in the text, during the training."""
    at, unseen, share = np.array(looks).T
    window = max(1, len(losses) // 50)
    smooth = np.convolve(losses, np.full(window, 1 / window), "valid")
    figure = Figure(figsize=(7.5, 6.5))
    above, below = figure.subplots(2, sharex=True)
    above.set_title(f"After {len(losses):,} steps {share[-1]:.0%} of the words that it writes occur in the text")
    above.plot(
        np.arange(window, len(losses) + 1), smooth, color=BLUE, label=f"text it learns from, mean of {window} steps"
    )
    above.plot(at, unseen, "o--", color=ORANGE, label=f"unseen text: {unseen[-1]:.2f}")
    for (name, loss), line in zip(baselines.items(), (":", "-."), strict=True):
        above.axhline(loss, color="black", linewidth=1, linestyle=line, label=f"{name}: {loss:.2f}")
    above.set(ylabel="loss (nats a character)", ylim=(0, None))
    above.legend(loc="upper right", bbox_to_anchor=(1, 0.92), frameon=False)
    below.plot(at, 100 * share, "o-", color=ORANGE)
    below.set(xlabel="step", ylabel="words that occur in the text (%)", ylim=(0, 100))
    below.grid(axis="y")
    figure.savefig(path)


@rc_context(fname=STYLE)
def draw_attention(weights, phrase, path):
    """A map for each head of each block: a row for each character, and in it what it takes from those before."""
    depth, heads, length, _ = weights.shape
    figure = Figure(figsize=(2.9 * heads, 3.1 * depth + 0.5))
    before = np.diagonal(weights, -1, axis1=2, axis2=3).mean(axis=-1)
    block, head = np.unravel_index(before.argmax(), before.shape)
    figure.suptitle(
        f"Nobody looks ahead. Head {head + 1} of block {block + 1} takes {before.max():.0%} from the character before",
        ha="left",
        x=0.01,
    )
    for (i, j), axes in np.ndenumerate(figure.subplots(depth, heads, squeeze=False)):
        axes.imshow(weights[i, j], cmap="Blues", vmin=0, vmax=1)
        axes.set_title(f"block {i + 1}, head {j + 1}", fontsize=9)
        marks = {"ticks": range(length), "labels": phrase.replace(" ", "␣"), "fontsize": 6}
        axes.set_xticks(**marks)
        axes.set_yticks(**marks)
        axes.set(xlabel="takes from", ylabel="this character")
    figure.savefig(path)


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
