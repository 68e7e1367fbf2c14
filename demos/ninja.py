"""Becoming a backprop ninja: every gradient of a small language model by hand, marked by the engine.

    python -m demos.ninja

The network of Andrej Karpathy's lecture of that name reads three characters of a name and guesses the next one: an
embedding, a linear layer, batch norm, tanh, another linear layer, cross-entropy. It is written in steps so small that
each has one derivative, and `by_hand` sends the gradient back through all of them in plain NumPy. `check_by_hand`
marks it twice: as it is, and with three mistakes that everybody makes once.

Look at
    by_hand       the comments: why is it a sum here, and a += there?
    the reports   of the second, three lines are WRONG; what is "carried" follows correctly from a slip before it
    fused         eight steps of cross-entropy become `probs` minus one-hot, seven of batch norm one line
    ninja.html    the microscope: the arrow keys step through all of it; click hprebn to see its two uses
Change
    slips         ("counts",) plants one mistake alone, () none; which gradients does each one spoil?
    batch         466 takes all examples at once: which gradients become smaller, and which do not?
    steps         2000 has the network know the names by heart
    seed          other weights and another batch
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from autograd_mini import Value, check_by_hand, microscope

NAMES = """
emma olivia ava isabella sophia charlotte mia amelia harper evelyn abigail emily elizabeth mila ella avery sofia camila
aria scarlett victoria madison luna grace chloe penelope layla riley zoey nora lily eleanor liam noah william james
oliver benjamin elijah lucas mason logan alexander ethan jacob michael daniel henry jackson sebastian aiden matthew
samuel david joseph carter owen wyatt john jack luke jayden dylan grayson levi isaac gabriel julian mateo anthony
"""
ALPHABET = ".abcdefghijklmnopqrstuvwxyz"  # the dot begins and ends a name
CONTEXT = 3  # characters from which the next one is guessed

# The mistakes that can be planted in `by_hand`, by the gradient that each one spoils first.
SLIPS = {
    "counts": "only one of its two uses is counted",
    "hpreact": "1 - x**2 where 1 - tanh(x)**2 belongs",
    "bnvar_inv": "broadcast over the batch, but not summed over it",
}


def main(out="out", *, seed=0, batch=32, slips=tuple(SLIPS), steps=300):
    """Has the derivation by hand marked, right and with ``slips``; puts it under the microscope; trains with it."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    contexts, nexts = examples(NAMES.split())
    parameters = new_parameters(rng)
    chosen = rng.choice(len(nexts), batch, replace=False)
    x, y = contexts[chosen], nexts[chosen]

    v = forward(parameters, x, y)
    print(f"The loss before training is {v.loss:.2f}; to guess each of 27 characters alike would be log 27 = 3.30\n")
    print("Every gradient by hand:")
    right = check_by_hand(v.loss, by_hand(v, x, y))
    print(right, "\n")
    print("The same with these mistakes:" if slips else "The same once more:")
    for slip in slips:
        print(f"  {slip}: {SLIPS[slip]}")
    wrong = check_by_hand(v.loss, by_hand(v, x, y, slips))
    print(wrong, "\n")
    short = check_by_hand(v.loss, fused(v, x, y))
    print("The same in a third of the lines:", "right" if short else short)
    blamed = {row.name for row in wrong.rows if row.status == "WRONG"}
    if not (right and short) or blamed != set(slips):
        raise SystemExit("The marks are not what they should be")

    page = microscope(v.loss, out / "ninja.html").path
    train(parameters, contexts, nexts, rng=rng, batch=batch, steps=steps)
    after = forward(parameters, contexts, nexts).loss
    print(f"Trained with these gradients, without backward(): the loss of all characters falls to {after:.2f}")
    return [page]


def examples(names):
    """Each character of the names with the three before it: contexts (N, 3) and next characters (N,), as indices."""
    contexts, nexts = [], []
    for name in names:
        text = "." * CONTEXT + name + "."
        indices = [ALPHABET.index(character) for character in text]
        for i in range(CONTEXT, len(text)):
            contexts.append(indices[i - CONTEXT : i])
            nexts.append(indices[i])
    return np.array(contexts), np.array(nexts)


def new_parameters(rng, *, embedding=10, hidden=64):
    """The lecture's starting weights: small, but none of them zero, since a zero would hide a mistake."""
    fan_in, characters = CONTEXT * embedding, len(ALPHABET)
    return {
        "C": Value(rng.normal(size=(characters, embedding))),
        "W1": Value(rng.normal(size=(fan_in, hidden)) * 5 / 3 / fan_in**0.5),
        "b1": Value(rng.normal(size=hidden) * 0.1),
        "bngain": Value(rng.normal(size=(1, hidden)) * 0.1 + 1),
        "bnbias": Value(rng.normal(size=(1, hidden)) * 0.1),
        "W2": Value(rng.normal(size=(hidden, characters)) * 0.1),
        "b2": Value(rng.normal(size=characters) * 0.1),
    }


def forward(parameters, x, y):
    """The loss and all that it is computed from, named as in the lecture, each name also a label."""
    v = SimpleNamespace(**parameters)
    n = len(y)
    # An embedding and a linear layer
    v.emb = v.C[x]
    v.embcat = v.emb.reshape(n, -1)
    v.hprebn = v.embcat @ v.W1 + v.b1
    # Batch norm
    v.bnmeani = 1 / n * v.hprebn.sum(axis=0, keepdims=True)
    v.bndiff = v.hprebn - v.bnmeani
    v.bndiff2 = v.bndiff**2
    v.bnvar = 1 / (n - 1) * v.bndiff2.sum(axis=0, keepdims=True)
    v.bnvar_inv = (v.bnvar + 1e-5) ** -0.5
    v.bnraw = v.bndiff * v.bnvar_inv
    v.hpreact = v.bngain * v.bnraw + v.bnbias
    # tanh and a linear layer
    v.h = v.hpreact.tanh()
    v.logits = v.h @ v.W2 + v.b2
    # Cross-entropy
    v.logit_maxes = v.logits.max(axis=1, keepdims=True)
    v.norm_logits = v.logits - v.logit_maxes
    v.counts = v.norm_logits.exp()
    v.counts_sum = v.counts.sum(axis=1, keepdims=True)
    v.counts_sum_inv = v.counts_sum**-1
    v.probs = v.counts * v.counts_sum_inv
    v.logprobs = v.probs.log()
    v.loss = -v.logprobs[np.arange(n), y].mean()
    for name, value in vars(v).items():
        value.label = name
    return v


def by_hand(v, x, y, slips=()):
    """The gradient of the loss by every Value of ``v``, from the last to the first, by the chain rule alone."""
    v = arrays(v)
    d = SimpleNamespace(loss=1.0)
    n = len(y)

    # The loss is the mean of n entries, so that each gets -1/n; those not picked have no say in it.
    d.logprobs = np.zeros_like(v.logprobs)
    d.logprobs[np.arange(n), y] = -1 / n * d.loss
    # log'(x) = 1/x: the less probable the right answer was, the harder it is pushed.
    d.probs = d.logprobs / v.probs
    # One counts_sum_inv for a whole row: it was broadcast, so what comes back along the row adds up.
    d.counts_sum_inv = (v.counts * d.probs).sum(axis=1, keepdims=True)
    # The derivative of s**-1 is -s**-2.
    d.counts_sum = -(v.counts_sum**-2) * d.counts_sum_inv
    # counts is used twice. In probs it is multiplied by counts_sum_inv ...
    d.counts = v.counts_sum_inv * d.probs
    if "counts" not in slips:
        # ... and in counts_sum it is added up, which hands the same gradient to every summand.
        d.counts = d.counts + d.counts_sum
    # exp is its own derivative, and counts is what exp came to.
    d.norm_logits = v.counts * d.counts
    # Subtracted, hence the sign; broadcast along the row, hence the sum. It comes to 0 but for rounding, as it must:
    # the maximum is subtracted for safety and cancels from the probabilities.
    d.logit_maxes = -d.norm_logits.sum(axis=1, keepdims=True)
    # logits is used twice: directly, and where it is the largest of its row.
    d.logits = d.norm_logits + (v.logits == v.logit_maxes) * d.logit_maxes

    # For z = x @ W the shapes leave no choice: (n, hidden) = (n, characters) @ (characters, hidden).
    d.h = d.logits @ v.W2.T
    d.W2 = v.h.T @ d.logits
    # One b2 was added to every row, so the rows add up.
    d.b2 = d.logits.sum(axis=0)
    # tanh' = 1 - tanh**2, and h is what tanh came to.
    d.hpreact = (1 - (v.hpreact if "hpreact" in slips else v.h) ** 2) * d.h

    # The other factor; gain and bias were broadcast over the batch, so the batch adds up.
    d.bngain = (v.bnraw * d.hpreact).sum(axis=0, keepdims=True)
    d.bnbias = d.hpreact.sum(axis=0, keepdims=True)
    d.bnraw = v.bngain * d.hpreact
    # Again the other factor, and again a sum over the batch.
    shares = v.bndiff * d.bnraw
    d.bnvar_inv = shares[:1] if "bnvar_inv" in slips else shares.sum(axis=0, keepdims=True)
    # The power rule: -0.5 comes down, -0.5 - 1 = -1.5 stays up.
    d.bnvar = -0.5 * (v.bnvar + 1e-5) ** -1.5 * d.bnvar_inv
    # A sum hands its gradient to every summand: (1, hidden) is spread over (n, hidden).
    d.bndiff2 = 1 / (n - 1) * np.ones_like(v.bndiff2) * d.bnvar
    # bndiff is used twice: in bnraw, where the other factor is bnvar_inv, and in its square.
    d.bndiff = v.bnvar_inv * d.bnraw + 2 * v.bndiff * d.bndiff2
    # Subtracted from every row of the batch: a sign and a sum.
    d.bnmeani = -d.bndiff.sum(axis=0, keepdims=True)
    # hprebn is used twice: directly, and 1/n of it in the mean.
    d.hprebn = d.bndiff + 1 / n * d.bnmeani

    # The linear layer, as above. b1 gets 0 but for rounding: batch norm takes off the mean, and b1 with it.
    d.embcat = d.hprebn @ v.W1.T
    d.W1 = v.embcat.T @ d.hprebn
    d.b1 = d.hprebn.sum(axis=0)
    # A reshape moves no number, so neither does its way back.
    d.emb = d.embcat.reshape(v.emb.shape)
    # A row of C was read wherever its character stood, often several times: all of these add up.
    d.C = np.zeros_like(v.C)
    np.add.at(d.C, x, d.emb)
    return vars(d)


def fused(v, x, y):
    """The gradients that training needs, with cross-entropy and batch norm worked out on paper first."""
    v = arrays(v)
    d = SimpleNamespace()
    n = len(y)
    # Through the whole of the cross-entropy: what was predicted minus what was right, over n.
    d.logits = v.probs / n
    d.logits[np.arange(n), y] -= 1 / n
    d.W2, d.b2 = v.h.T @ d.logits, d.logits.sum(axis=0)
    d.hpreact = (1 - v.h**2) * (d.logits @ v.W2.T)
    d.bngain = (v.bnraw * d.hpreact).sum(axis=0, keepdims=True)
    d.bnbias = d.hpreact.sum(axis=0, keepdims=True)
    # Through the whole of the batch norm: off goes what would shift the batch, and what would stretch it.
    d.hprebn = v.bngain * v.bnvar_inv * (d.hpreact - d.bnbias / n - v.bnraw * d.bngain / (n - 1))
    d.W1, d.b1 = v.embcat.T @ d.hprebn, d.hprebn.sum(axis=0)
    d.C = np.zeros_like(v.C)
    np.add.at(d.C, x, (d.hprebn @ v.W1.T).reshape(v.emb.shape))
    return vars(d)


def arrays(v):
    """The plain numbers of each Value, under the same names."""
    return SimpleNamespace(**{name: value.data for name, value in vars(v).items()})


def train(parameters, contexts, nexts, *, rng, batch, steps, lr=0.1):
    """Plain gradient descent, a random batch a step, by the gradients of ``fused``."""
    for _ in range(steps):
        chosen = rng.choice(len(nexts), batch, replace=False)
        x, y = contexts[chosen], nexts[chosen]
        v = forward(parameters, x, y)
        gradients = fused(v, x, y)
        for name, parameter in parameters.items():
            parameter.data -= lr * gradients[name]


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
