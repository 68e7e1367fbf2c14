"""The LaTeX of a derivation is typeset: by matplotlib's mathtext, which refuses what MathJax and KaTeX refuse."""

import re

import numpy as np
import pytest

import nn
from autograd_mini import Value, explain, inv, softmax, where
from autograd_mini.by_hand.latex import Latex
from autograd_mini.by_hand.notation import Derivative, Element
from autograd_mini.by_hand.symbol import Symbol

mathtext = pytest.importorskip("matplotlib.mathtext")
PARSER = mathtext.MathTextParser("path")


def assert_is_typeset(latex):
    """Raises what mathtext says of the first part that it cannot read. It knows no environment and no ampersand."""
    assert latex.startswith("\\begin{aligned}\n")
    assert latex.endswith("\n\\end{aligned}")
    body = latex.removeprefix("\\begin{aligned}").removesuffix("\\end{aligned}").replace(r"\&", r"\$")
    for line in re.split(r"\\\\(?:\[1ex\])?\n", body):
        for part in line.split("&"):
            if part.strip():
                PARSER.parse(f"${part.strip()}$")


@pytest.mark.parametrize("latex", ["v_{4}_{1} &= 2", "x &= y^{2}^{\\top}", "x &= {2", "x &= \\unknown 2", "x & = $y$"])
def test_what_mathjax_and_katex_refuse_is_refused_here(latex):
    with pytest.raises(ValueError):  # noqa: PT011  # in words of matplotlib's own
        assert_is_typeset(f"\\begin{{aligned}}\n{latex}\n\\end{{aligned}}")


w, x, x_1, w_12 = (Value([a, 2.0], label=name) for a, name in ((1.0, "w"), (3.0, "x"), (5.0, "x_1"), (-4.0, "w_12")))
W, S = Value(np.ones((2, 3)), label="W"), Value([[2.0, 1.0], [1.0, 3.0]], label="S")
a, b = Value(-2.0, label="a"), Value(1.5e-7, label="b")
LOSSES = {
    "mean of squares": ((w * x - 1) ** 2).mean(),
    "labels with subscripts": (x_1 * w_12).sum(),
    "powers and quotients of subscripts": ((x_1 / w_12) ** 2).sqrt().sum(),
    "negative base": a**3,
    "power of a power": (a**2) ** 3,
    "number with an exponent": (a * b) ** 2,
    "inverse": (inv(S) ** 2).sum(),
    "index and transpose": (W[0, 1:] @ W[:, [0, 0]].T).sum(),
    "softmax": softmax(w).sum(),
    "sort": (np.sort(w) * x).sum(),
    "where": where(w > 1, w, x).sum(),
    "cross-entropy": nn.cross_entropy(Value(np.ones((4, 3)), label="logits"), [0, 1, 2, 0]),
    "MLP": (nn.MLP(2, [3, 1])(np.ones((4, 2))) ** 2).mean(),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_derivation_is_typeset(name):
    assert_is_typeset(explain(LOSSES[name]).latex)


LABELS = [
    "x^2",
    "a_b",
    "a_1_2",
    "50%",
    "$y$",
    "#1",
    "{x}",
    "x{",
    "x'",
    "v''",
    "α",
    "π_1",
    "Ωx",
    "x y",
    "~",
    "\\",
    "\\\\",
]
LABELS += ["é", "a&b", "a * b", "w[0]", "P['w']", "layers.0.weight", "<b>", 'a"b', "`", "|x|", "w#2", "x\\", "^^"]


@pytest.mark.parametrize("label", LABELS)
def test_any_label_is_typeset_wherever_it_stands(label):
    name, slope = Symbol(label, 2.0), Symbol(Element(Derivative(label, label), (0, 1)), 3.0)
    for formula in (slope / name**2, (Symbol(Element(label, (0,)), 2.0) ** 3).tanh()):
        assert_is_typeset(f"\\begin{{aligned}}\n{Latex().write(formula)}\n\\end{{aligned}}")


def test_an_element_of_a_name_with_a_subscript_is_not_another_name():
    latex = explain((x_1 * w).sum(), wrt="w").latex
    assert r"\left(x_{1}\right)_{0}" in latex
    assert "x_{10}" not in latex


def test_no_macro_stands_for_others_since_mathjax_reads_5120_characters_behind_one():
    # Those of MathJax 3 that explain could write: a space, and braces in text
    assert r"\ " not in "".join([explain(loss).latex for loss in LOSSES.values()])
