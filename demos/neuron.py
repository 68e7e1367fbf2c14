"""One neuron: its whole computation graph, with every number and every gradient.

    python -m demos.neuron

The neuron is the one that Andrej Karpathy differentiates by hand in his lecture on micrograd; its bias is chosen so
that the gradients come out even.

Look at
    neuron.svg    open it in a browser and go from right to left: at a + the gradient passes through unchanged, at a *
                  it is multiplied by the other factor, at the tanh by 1 - o * o
Change
    b             0.0 saturates the tanh; what is left of the gradients, and why?
    x2            1.0 gives w2 a gradient; why has it none now?
"""

from __future__ import annotations

from pathlib import Path

from autograd_mini import Value, draw


def main(out="out", *, x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432):
    """Computes the neuron and its gradients, compares them with the derivation by hand, draws; returns the files."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    x1, x2 = Value(x1, label="x1"), Value(x2, label="x2")
    w1, w2 = Value(w1, label="w1"), Value(w2, label="w2")
    b = Value(b, label="b")

    x1w1, x2w2 = x1 * w1, x2 * w2
    weighted = x1w1 + x2w2
    n = weighted + b
    o = n.tanh()
    for value, label in {x1w1: "x1*w1", x2w2: "x2*w2", weighted: "x1*w1 + x2*w2", n: "n", o: "o"}.items():
        value.label = label
    o.backward()

    slope = 1 - o.data * o.data
    by_hand = [
        (x1, "(1 - o*o) * w1", slope * w1.data),
        (w1, "(1 - o*o) * x1", slope * x1.data),
        (x2, "(1 - o*o) * w2", slope * w2.data),
        (w2, "(1 - o*o) * x2", slope * x2.data),
        (b, "(1 - o*o)", slope),
        (n, "(1 - o*o)", slope),
        (o, "1", 1.0),
    ]
    print("o = tanh(x1*w1 + x2*w2 + b)")
    print(f"{'value':>6} {'data':>9} {'grad':>9}   {'by hand':<16}")
    for value, formula, number in by_hand:
        print(f"{value.label:>6} {value.data:9.4f} {value.grad:9.4f}   {formula:<14} = {number:7.4f}")
    return [draw(o).save(out / "neuron.svg")]


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
