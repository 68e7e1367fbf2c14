"""One neuron: every gradient derived, marked by hand, drawn, and under the microscope.

    python -m demos.neuron

The neuron is the one that Andrej Karpathy differentiates by hand in his lecture on micrograd; its bias is chosen so
that the gradients come out even.

Look at
    neuron.svg    open it in a browser and go from right to left: at a + the gradient passes through unchanged, at a *
                  it is multiplied by the other factor, at the tanh by 1 - o**2
    neuron.html   the microscope: the arrow keys step through the numbers, then through every grad += upstream * local;
                  click w1 for its ledger, type another x1 and see all of it change
    the report    of the second: only n is WRONG; what was worked out from it correctly is "carried"
Change
    b             0.0 saturates the tanh; what is left of the gradients, and why?
    x2            1.0 gives w2 a gradient; why has it none now?
    x1            0.5 and -0.5: which gradients change their sign?
"""

from __future__ import annotations

from pathlib import Path

from autograd_mini import Value, check_by_hand, draw, explain, microscope


def main(out="out", *, x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432):
    """Derives the gradients of the neuron, marks them, draws; returns the files written."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    x1, x2 = Value(x1, label="x1"), Value(x2, label="x2")
    w1, w2 = Value(w1, label="w1"), Value(w2, label="w2")
    b = Value(b, label="b")

    x1w1, x2w2 = x1 * w1, x2 * w2
    weighted = x1w1 + x2w2
    n = weighted + b
    o = n.tanh()
    for value, label in {x1w1: "x1w1", x2w2: "x2w2", weighted: "s", n: "n", o: "o"}.items():
        value.label = label
    o.backward()

    print(explain(o, wrt=w1))

    def by_hand(slope):
        """Every gradient, where ``slope`` is that of the tanh."""
        at_leaves = {
            "b": slope,
            "x1": slope * w1.data,
            "w1": slope * x1.data,
            "x2": slope * w2.data,
            "w2": slope * x2.data,
        }
        return {"o": 1.0, "n": slope, **at_leaves}

    print("\nEvery gradient by hand:")
    print(check_by_hand(o, by_hand(1 - o.data**2)))
    print("\nAnd with one mistake, 1 - n**2 for 1 - tanh(n)**2, from which the rest follows:")
    print(check_by_hand(o, by_hand(1 - n.data**2)))
    return [draw(o).save(out / "neuron.svg"), microscope(o, out / "neuron.html").path]


if __name__ == "__main__":
    for file in main():
        print(f"Wrote {file}")
