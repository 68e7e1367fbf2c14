"""explain: what it writes is true, for every op of the table, and reads as a person would write it."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import nn
from autograd_mini import Value, cumsum, det, explain, inv, no_grad, ops, trace, where
from autograd_mini.backward import gradients
from autograd_mini.by_hand.element import element
from autograd_mini.by_hand.formula import definition as definition_of
from autograd_mini.by_hand.formula import term
from autograd_mini.by_hand.latex import Latex
from autograd_mini.by_hand.notation import Element, Text
from autograd_mini.by_hand.symbol import Symbol
from autograd_mini.ops.operation import TABLE, Pointwise

sys.path.append(str(Path(__file__).parents[1] / "oracle"))
from gallery import CASES, for_each_op  # it lies in another folder of tests

# ------------------------------------------------------------ what is written is true

FUNCTIONS = {**TABLE, **{name: getattr(ops, name) for name in ops.__all__}}  # a formula names rows as well


def read_by_python(text, names):
    """What a formula comes to when Python computes it, with dL/dx as a name of its own."""
    text = re.sub(r"d\w+/d(\w+)", r"d_\1", text)
    return eval(text, {"__builtins__": {}, "inf": np.inf, "nan": np.nan, **FUNCTIONS}, names)  # of our own making


EXACT = [
    (sample, kind)
    for sample, kind in CASES
    if all(operand.dtype == "float64" and operand.layout == "C" and operand.shape not in ((),) for operand in kind)
    and sample.op not in ("astype", "where")  # float32 has no sign in a formula, a condition given as data no name
]


@pytest.fixture
def all_uses(monkeypatch):
    """Every use is written, of a Value with very many too."""
    monkeypatch.setattr("autograd_mini.by_hand.explain.WRITTEN", 1000)


@pytest.mark.usefixtures("all_uses")
@pytest.mark.filterwarnings("ignore:.*(divide|invalid).*:RuntimeWarning")  # of what is empty
@for_each_op(EXACT)
def test_every_formula_says_what_the_gradient_is(case):
    sample, kind = case
    rng = np.random.default_rng(7)
    operands = [operand.draw(domain, rng) for operand, domain in zip(kind, sample.domains, strict=True)]
    values = [Value(x, label=f"x{i}") for i, x in enumerate(operands)]
    z = sample.ours(*values)
    if z.shape:
        z = (z * Value(np.random.default_rng(3).uniform(0.5, 1.5, size=z.shape), label="w")).sum()
    explanation = explain(z)
    expected = gradients(z, np.ones_like(z.data) if z.shape else 1.0)
    names = {"condition": None}
    for derivation in explanation.derivations:
        names[f"d_{derivation.name.by}"] = derivation.gradient
    for definition in explanation.definitions:
        names[definition.output.name] = definition.output.data
        for operand in definition.formula.operands if definition.formula is not None else ():
            if isinstance(operand, Symbol):
                names[operand.name] = operand.data
    by_name = {derivation.name.by: derivation for derivation in explanation.derivations}
    for i, value in enumerate(values):
        derivation = by_name[f"x{i}"]
        np.testing.assert_allclose(sum(use.amount.data for use in derivation.uses), expected[value], rtol=1e-12)
        np.testing.assert_allclose(derivation.gradient, expected[value], rtol=1e-12)
    if any(not np.size(x) for x in operands):
        return
    for derivation in explanation.derivations:
        for use in derivation.uses:
            text = Text().write(use.amount)
            if not re.search(r"scatter_add|array|int64|bool|\[\]", text):  # an index, or a constant without a name
                np.testing.assert_allclose(read_by_python(text, names), use.amount.data, rtol=1e-3, err_msg=text)
            if np.size(use.amount.data) and not _has_plain_array(use.amount):
                index = tuple(n - 1 for n in np.shape(use.amount.data))
                text = Text().write(element(use.amount, index))
                if "…" not in text and "(v" not in text:
                    exact = use.amount.data[index] if index else use.amount.data
                    np.testing.assert_allclose(read_by_python(text, names), exact, rtol=1e-3, err_msg=text)


def _has_plain_array(x):
    if not isinstance(x, Symbol):
        return np.ndim(x) > 0
    return any(map(_has_plain_array, x.operands))


def test_the_numbers_are_what_the_formula_says(karpathy):
    for derivation in explain(karpathy).derivations:
        for use in derivation.uses:
            assert eval(Text(numbers=True).write(use.amount)) == pytest.approx(use.amount.data, rel=1e-3)


# ------------------------------------------------------------ how it reads


def test_the_expression_of_the_lecture(karpathy):
    assert (
        str(explain(karpathy))
        == """\
e = a * b = 2 * -3 = -6
d = e + c = -6 + 10 = 4
L = d * f = 4 * -2 = -8

dL/dL = 1

dL/dd = dL/dL * dL/dd
      = 1 * f
      = 1 * -2           = -2

dL/df = dL/dL * dL/df
      = 1 * d
      = 1 * 4            = 4

dL/de = dL/dd * dd/de
      = dL/dd * 1
      = -2 * 1           = -2

dL/dc = dL/dd * dd/dc
      = dL/dd * 1
      = -2 * 1           = -2

dL/da = dL/de * de/da
      = dL/de * b
      = -2 * -3          = 6

dL/db = dL/de * de/db
      = dL/de * a
      = -2 * 2           = -4"""
    )


def test_two_uses_stand_in_columns():
    a, b = Value(2.0), Value(-3.0)
    e = a * b
    L = a * e
    last = str(explain(L)).split("\n\n")[-2]
    assert last == (
        "dL/da = dL/dL * dL/da + dL/de * de/da\n"
        "      = 1 * e         + dL/de * b\n"
        "      = 1 * -6        + 2 * -3           = -12"
    ), last


def test_many_uses_stand_below_each_other_and_end():
    x = Value(3.0)
    L = sum(x * i for i in range(1, 101))
    text = str(explain(L, wrt=x)).split("\n\n")[-1]
    lines = text.splitlines()
    assert lines[0] == "dL/dx = sum of 100 uses"
    assert lines[-2:] == ["    + … (96 more)", "      = 5050"]
    assert len(lines) == 7


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: x.tanh(), 0.5, "1 * (1 - y**2)"),
        (lambda x: x**3, 2.0, "1 * 3 * x**2"),
        (lambda x: x * x, 2.0, "1 * x + 1 * x"),
        (lambda x: 1 / x, 2.0, "1 * (-y / x)"),
        (lambda x: x.relu(), 2.0, "1 * 1   since y > 0"),
        (lambda x: x.relu(), -2.0, "1 * 0   since y <= 0"),
        (lambda x: x.exp(), 1.0, "1 * y"),
        (lambda x: x.log(), 2.0, "1 * (1 / x)"),
        (lambda x: -x, 2.0, "1 * -1"),
        (lambda x: 5 - x, 2.0, "1 * -1"),
        (lambda x: x.cos(), 2.0, "1 * -sin(x)"),
        (lambda x: x.sqrt(), 2.0, "1 * (1 / (2 * y))"),
        (lambda x: x.sigmoid(), 2.0, "1 * y * (1 - y)"),
        (lambda x: 2.0**x, 3.0, "1 * y * 0.6931"),
    ],
)
def test_a_derivative_reads_as_in_a_calculus_book(f, x, expected):
    x = Value(x)
    y = f(x)
    lines = str(explain(y, wrt=x)).split("\n\n")[-1].splitlines()
    written = lines[1].split("= ", 1)[1].split("    = ")[0]
    assert re.sub(r" +\+", " +", written).strip() == expected


def test_brackets_stand_only_where_they_are_needed():
    a, b, c = (Symbol(name, 2.0) for name in "abc")
    written = {
        "a + b + c": a + b + c,
        "a + b + c ": a + (b + c),
        "a - (b - c)": a - (b - c),
        "a - b + c": a - b + c,
        "(a + b) * c": (a + b) * c,
        "a * (b + c)": a * (b + c),
        "a * b * c": a * (b * c),
        "a / (b * c)": a / (b * c),
        "a * (b / c)": a * (b / c),
        "a / b / c": a / b / c,
        "(-a)**b": (-a) ** b,
        "-a**b": -(a**b),
        "a**(b + c)": a ** (b + c),
        "(a**b)**c": (a**b) ** c,
        "(a + b)**2": (a + b) ** 2,
        "tanh(a + b)": (a + b).tanh(),
        "-(a + b)": -(a + b),
        "a * -b": a * -b,
        "a - -b": a - -b,
    }
    for text, formula in written.items():
        assert Text().write(formula) == text.strip()
        names = {"a": 1.3, "b": -0.7, "c": 2.0}  # the text means what the formula is
        again = {name: Symbol(name, value) for name, value in names.items()}
        if "**" not in text:
            assert eval(text, {"tanh": np.tanh}, names) == pytest.approx(_again(formula, again))


def _again(formula, symbols):
    """The formula with other numbers."""
    if not isinstance(formula, Symbol):
        return formula
    if formula.op is None:
        return symbols[formula.name].data
    return formula.op(*[_again(operand, symbols) for operand in formula.operands])


def test_a_matrix_product_has_its_shapes_and_one_element():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 784))
    W = Value(rng.normal(size=(784, 16)))
    z = x @ W
    loss = z.tanh().sum()
    block = next(b for b in str(explain(loss)).split("\n\n") if b.startswith("dloss/dW"))
    first, second, third = block.splitlines()
    assert first == "dloss/dW = x.T @ dloss/dz   (784x100) @ (100x16)"
    assert re.fullmatch(
        r"dloss/dW\[(\d+), (\d+)\] = x\[0, \1\] \* dloss/dz\[0, \2\] "
        r"\+ x\[1, \1\] \* dloss/dz\[1, \2\] \+ … \(98 more\)",
        second,
    )
    assert re.search(r"= [-\d.e]+ \* [-\d.e]+ \+ [-\d.e]+ \* [-\d.e]+ \+ … \(98 more\) +    = [-\d.]+$", third)


def test_the_axes_of_a_broadcast_are_summed_over():
    b = Value(np.array([1.0, 2.0]))
    x = Value(np.ones((3, 2)))
    h = x * b
    loss = h.sum()
    assert "dloss/db = sum(dloss/dh * x, axis=0)   (3x2) -> (2)" in str(explain(loss))


def test_a_two_layer_network_with_cross_entropy_is_written_down():
    nn.manual_seed(0)
    model = nn.MLP(3, [5, 2])
    x = np.random.default_rng(0).normal(size=(4, 3))
    loss = nn.cross_entropy(model(x), [0, 1, 1, 0])
    text = str(explain(loss))
    assert "v3 = linear(x, layers.0.weight, layers.0.bias)   (4x3), (5x3), (5) -> (4x5)" in text
    assert "dloss/dlayers.1.bias = sum(dloss/dv7, axis=0)   (4x2) -> (2)" in text
    assert "dloss/dv3 = dloss/dv4 * (v4 > 0)   (4x5)" in text
    assert "(dloss/dv3).T @ x   (5x4) @ (4x3)" in text
    assert max(map(len, text.splitlines())) <= 100


LONG = Value(1.5, label="a_rate_that_is_named_with_forty_letters_")
MATRIX = Value([[2.0, 1.0], [1.0, 3.0]], label="A")
VECTOR = Value([1.0, 2.0, 3.0], label="x")
WIDE = {
    "an element of a sum of products": (
        lambda: det(MATRIX) + trace(inv(MATRIX)),
        """\
dL/dA = dL/dv5 * cofactor(A)    (2x2)
      + -v1.T @ dL/dv1 @ v1.T   (2x2) @ (2x2) @ (2x2)
dL/dA[0, 0] = dL/dv5 * cofactor(A)[0, 0]
            + (-v1[0, 0] * dL/dv1[0, 0] + -v1[1, 0] * dL/dv1[1, 0]) * v1[0, 0]
            + (-v1[0, 0] * dL/dv1[0, 1] + -v1[1, 0] * dL/dv1[1, 1]) * v1[0, 1]
            = 1 * 3 + (-0.6 * 1 + -(-0.2) * 0) * 0.6 + (-0.6 * 0 + -(-0.2) * 1) * -0.2
            = 2.6""",
    ),
    "the formula of an array": (
        lambda: cumsum(VECTOR)[2] * VECTOR.prod(),
        """\
dL/dx = cumsum((dL/dv2)[::-1], axis=0)[::-1]   (3)
      + reshape(dL/dv1, (1,)) * exclusive_cumprod(x, axis=0)
          * exclusive_cumprod(x[::-1], axis=0)[::-1]   (3)
dL/dx[0] = cumsum((dL/dv2)[::-1], axis=0)[2]
         + dL/dv1 * exclusive_cumprod(x, axis=0)[0] * exclusive_cumprod(x[::-1], axis=0)[2]
         = 6 + 6 * 1 * 6
         = 42""",
    ),
    "a number with a long name": (
        lambda: LONG * Value(2.0, label="b") + LONG,
        """\
dL/da_rate_that_is_named_with_forty_letters_
    = dL/dL * dL/da_rate_that_is_named_with_forty_letters_
    + dL/dv2 * dv2/da_rate_that_is_named_with_forty_letters_
    = 1 * 1 + dL/dv2 * b
    = 1 * 1 + 1 * 2
    = 3""",
    ),
    "many uses of a long name": (
        lambda: sum(LONG * LONG * i for i in range(1, 4)),
        """\
dL/da_rate_that_is_named_with_forty_letters_
    = sum of 6 uses
      dL/dv7 * dv7/da_rate_that_is_named_with_forty_letters_
          = dL/dv7 * a_rate_that_is_named_with_forty_letters_ = 1 * 1.5 = 1.5
    + dL/dv7 * dv7/da_rate_that_is_named_with_forty_letters_
""",
    ),
}


@pytest.mark.parametrize("of_what", WIDE)
def test_a_derivation_that_would_be_too_wide_has_a_line_for_each_term(of_what):
    of_nothing, expected = WIDE[of_what]
    text = str(explain(of_nothing()))
    assert expected in text, text
    assert max(map(len, text.splitlines())) <= 100


def test_a_definition_that_would_be_too_wide_goes_on_below():
    assert str(explain(LONG * LONG * LONG)).startswith(
        "v1 = a_rate_that_is_named_with_forty_letters_ * a_rate_that_is_named_with_forty_letters_ = 1.5 * 1.5\n"
        "    = 2.25\n"
        "L = v1 * a_rate_that_is_named_with_forty_letters_ = 2.25 * 1.5 = 3.375\n"
    )
    text = str(explain(LONG.exp() * (LONG + LONG * LONG)))
    assert max(map(len, text.splitlines())) <= 100


def test_equal_signs_stand_below_each_other_where_names_have_wide_characters():
    weight, rocket = Value(2.0, label="重み"), Value(0.5, label="🙂🚀")
    last = str(explain(weight * rocket, wrt=weight)).split("\n\n")[-1]
    assert last == ("dL/d重み = dL/dL * dL/d重み\n         = 1 * (🙂🚀)\n         = 1 * 0.5             = 0.5"), last


def test_an_index_of_two_axes_is_said_by_its_shape():
    x = Value([[2.0, 1.0], [3.0, 4.0]])
    s = np.sort(x)
    text = str(explain((s * s).sum()))
    assert text.startswith("s = x[int64 (2, 1), int64 (2, 2)]   (2x2) -> (2x2)\n")
    assert "dL/dx = scatter_add(dL/ds, (2, 2), [int64 (2, 1), int64 (2, 2)])   (2x2)\n" in text
    assert str(explain(x[0, [1, 0]].sum())).startswith("v1 = x[0, [1, 0]]   (2x2) -> (2)\n")


def test_a_label_that_is_a_formula_stands_in_brackets():
    x, w, b = Value(2.0), Value(3.0), Value(1.0)
    product = x * w
    product.label = "x * w"
    n = product + b
    assert "dn/d(x * w) = dn/dn * dn/d(x * w)" in str(explain(n))
    assert "n = (x * w) + b" in str(explain(n)) or "n = x * w + b" in str(explain(n))


# ------------------------------------------------------------ numbers that cancel


@pytest.mark.parametrize(
    ("of_x", "x", "line"),
    [
        (lambda x: x.tanh(), 12.0, "1 * (1 - 0.9999999999245**2)    = 1.51e-10"),
        (lambda x: x - 12345, 12345.678, "x - 12345 = 12345.678 - 12345 = 0.678"),
        (lambda x: x + 0.2 - 0.3, 0.1, "0.30000000000000004 - 0.3 = 5.551e-17"),
        (lambda x: x * 1e4 - x * 9999.5 + x, 1.0, "1 * 1         + 1 * 10000       + -1 * 9999.5        = 1.5"),
        (lambda x: x + 6.8813735, -6.0, "-6 + 6.881 = 0.8814"),  # three digits are right: no reason for more
    ],
)
def test_a_line_has_the_digits_with_which_it_is_true(of_x, x, line):
    explanation = explain(of_x(Value(x, label="x")))
    assert line in str(explanation)


def test_in_latex_numbers_that_cancel_have_the_same_digits():
    assert "12345.678 - 12345 = 0.678" in explain(Value(12345.678, label="x") - 12345).latex


@pytest.mark.parametrize("x", [0.37, 12.0, 700.25, 12345.678, 1e-9])
def test_what_is_written_beside_a_number_gives_it_to_the_third_digit(x):
    checked = 0
    x, y = Value(x, label="x"), Value(x * (1 + 1e-6), label="y")
    for loss in ((x - y) * (x + y), x * x - y * y, (y - x).exp() - 1, (y / x - 1).tanh()):
        for line in str(explain(loss)).splitlines():
            *_, formula, result = ["", "", *line.split(" = ")]
            if formula.strip() and not re.search("[a-z]", re.sub(r"exp|tanh|\de[-+]\d", "", formula)):
                written = eval(formula.strip(), {"exp": np.exp, "tanh": np.tanh})  # a line of our own making
                assert written == pytest.approx(float(result), rel=1.1e-2)  # one more or less there, of 1.00 too
                checked += 1
    assert checked >= 8


# ------------------------------------------------------------ which gradients


def test_what_is_given_and_has_no_name_of_its_own_has_a_line():
    loss = nn.cross_entropy(Value(np.ones((4, 3)), label="logits"), [0, 1, 2, 0])
    assert str(explain(loss)).splitlines()[0] == "v1 constant   (4x1)"
    assert r"v_{1} &\text{ constant (4x1)}" in explain(loss).latex


def test_where_definitions_are_left_out_a_mark_stands():
    y = Value(1.0, label="x")
    for _ in range(100):
        y = (y * 0.9).sin()
    lines = str(explain(y)).splitlines()
    assert lines.index("…") > 20
    assert r"&\dots" in explain(y).latex
    assert "… 141 more gradients" in explain(y).markdown.split("**Backward**")[1].split("$$")[60 + 2 - 2]


def test_the_product_of_a_vector_and_a_matrix_is_an_outer_product():
    v, W, X = Value(np.ones(2), label="v"), Value(np.ones((2, 3)), label="W"), Value(np.ones((3, 2)), label="X")
    by_v = str(explain((v @ W).sum(), wrt=v))
    assert "dL/dv = W @ dL/dv2   (2x3) @ (3)" in by_v
    assert "dL/dW = reshape(v, (2, 1)) * reshape(dL/dv2, (1, 3))" in str(explain((v @ W).sum()))
    assert "dL/dX = reshape(dL/dv2, (3, 1)) * v" in str(explain((X @ v).sum()))
    assert "dL/dv = X.T @ dL/dv2   (2x3) @ (3)" in str(explain((X @ v).sum()))


def test_of_several_terms_each_says_its_own_condition():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    explanation = explain(x.relu() * y + x * y, wrt=x)
    assert "= dL/dv3 * 1 (since v3 > 0) + dL/dv2 * y\n" in str(explanation)
    assert r"\cdot 1 \text{ (since }v_{3} > 0\text{)} + " in explanation.latex
    assert well_formed(explanation.latex)
    power = explain(x**x, wrt=x)
    assert "= 1 * x * x**(x - 1) (since x != 0) + 1 * L * log(x) (since not (x == 0 and x >= 0))\n" in str(power)
    assert r"\text{ (since }x \neq 0\text{)} + 1" in power.latex


def test_a_chain_of_matrices_has_the_shape_of_each():
    M = Value([[2.0, 1.0], [1.0, 3.0]], label="M")
    assert "dL/dM = -v1.T @ dL/dv1 @ v1.T   (2x2) @ (2x2) @ (2x2)\n" in str(explain(inv(M).sum()))


def test_an_axis_is_a_number_in_latex_too():
    b = Value([[1.0, 2.0]], label="b")
    latex = explain((np.ones((3, 2)) * b).sum(), wrt=b).latex
    assert r"\sum_{\text{axis } 0}" in latex
    assert "(0,)" not in latex


def test_latex_says_why_a_gate_is_open():
    assert r"1 \cdot 1 \quad \text{since } L > 0" in explain(Value(2.0, label="x").relu()).latex


def test_only_the_way_to_what_is_asked_for_is_derived(karpathy):
    by = [derivation.name.by for derivation in explain(karpathy, wrt="a").derivations]
    assert by == ["L", "d", "e", "a"]
    several = [derivation.name.by for derivation in explain(karpathy, wrt=["c", "f"]).derivations]
    assert several == ["L", "d", "f", "c"]


def test_names_come_from_the_caller():
    first, second = Value(2.0), Value(3.0)
    product = first * second
    assert "dproduct/dfirst = dproduct/dproduct * dproduct/dfirst" in str(explain(product))


def test_a_loss_without_a_name_is_L():
    assert str(explain(Value(2.0, label="x") * 3.0)).startswith("L = x * 3 = 2 * 3 = 6")


def test_nothing_is_changed(karpathy):
    explain(karpathy)
    assert not karpathy.has_grad
    karpathy.backward()
    before = [value.grad for value in karpathy.inputs]
    explain(karpathy)
    assert [value.grad for value in karpathy.inputs] == before


def test_a_graph_of_a_million_nodes_is_explained_in_part():
    x = Value(1.0, label="x")
    y = x
    for _ in range(300_000):
        y = y + 1.0
    explanation = explain(y)
    assert len(explanation.derivations) <= 60
    assert "… 299,941 more gradients; explain(loss, wrt=...) shows the one you name" in str(explanation)
    assert explanation.derivations[-1].name.by == "x"
    assert explanation.derivations[-1].gradient == 1.0


def test_what_needs_no_gradient_is_not_derived():
    x, y = Value(2.0, label="x"), Value(3.0, label="y", requires_grad=False)
    assert [derivation.name.by for derivation in explain(x * y).derivations] == ["L", "x"]


# ------------------------------------------------------------ LaTeX and Markdown


def test_latex_is_one_aligned_environment(karpathy):
    latex = explain(karpathy, wrt="a").latex
    assert latex.startswith("\\begin{aligned}\n")
    assert latex.endswith("\n\\end{aligned}")
    assert latex.count("\\begin") == 1
    assert (
        r"\frac{\partial L}{\partial a} &= \frac{\partial L}{\partial e} \cdot \frac{\partial e}{\partial a}" in latex
    )
    assert r"&= -2 \cdot \left(-3\right) \\" in latex
    assert explain(karpathy)._repr_latex_() == f"$$\n{explain(karpathy).latex}\n$$"


@for_each_op(EXACT[::7])
def test_latex_is_balanced_and_without_what_latex_cannot_read(case):
    sample, kind = case
    rng = np.random.default_rng(7)
    operands = [operand.draw(domain, rng) for operand, domain in zip(kind, sample.domains, strict=True)]
    z = sample.ours(*[Value(x, label=f"x_{i}%") for i, x in enumerate(operands)])
    latex = explain(z.sum() if z.shape else z).latex
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left(") == latex.count(r"\right)")
    bare = latex.replace(r"\_", "").replace(r"\%", "")
    assert "%" not in bare
    assert "**" not in latex
    assert well_formed(latex)


MACROS = {
    *("begin", "end", "frac", "partial", "left", "right", "cdot", "times", "quad", "text", "mathrm", "operatorname"),
    *("sum", "prod", "sqrt", "dots", "infty", "top", "leq", "geq", "neq", "land", "lor", "neg", "lfloor", "rfloor"),
    *("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min", "det"),
    *("lceil", "rceil", "ln", "Gamma", "psi", "sigma", "backslash", "sim", "hat"),
}


def well_formed(latex: str) -> bool:
    """Whether each brace has its partner, nothing two subscripts, and each macro is one that MathJax and KaTeX know."""
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", latex):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    in_text = "".join(re.findall(r"\\text\{((?:\\.|[^{}])*)\}", latex))  # where no macro is known to both
    known = set(re.findall(r"\\([A-Za-z]+)", latex)) <= MACROS
    plain_text = not re.search(r"[\\^~]", in_text)  # an escape, which one of the two shows with its backslash
    flat = re.sub(r"\\[{}_^]", "", latex)
    once = "\\ " not in latex  # a macro, behind which MathJax reads 5,120 characters
    while depth == 0 and once and "{" in flat:  # innermost groups go, so that their signs meet
        flat = re.sub(r"\{[^{}]*\}", "", flat)
        once = not re.search(r"__|\^\^", flat)
    return depth == 0 and known and plain_text and once


@pytest.mark.parametrize(
    "latex",
    [
        *("x}", "{x", r"\erf x", "}{", r"\frac{a}{b", r"\text{x\wedge 2}", r"\text{x^2}", r"\text{a\_b}"),
        *("v_{4}_{1}", r"{x_{1}^{2}^{\top}}", r"a,\ b"),
    ],
)
def test_what_is_not_well_formed_is_noticed(latex):
    assert not well_formed(latex)


ROWS = {name: op for name in ops.__all__ if isinstance(op := getattr(ops, name), Pointwise)}


@pytest.mark.parametrize("name", ROWS)
def test_an_op_and_its_derivatives_are_typeset(name):
    mathtext = pytest.importorskip("matplotlib.mathtext")
    xs = [Symbol("x", 0.5), Symbol("y", 1.5)][: len(ROWS[name].rules)]
    z = Symbol("z", ROWS[name](*[x.data for x in xs]))
    written = [
        definition_of(ROWS[name], z, xs),
        *[term(ROWS[name], i, z, z, xs).local for i in range(len(xs))],
    ]
    for text in map(Latex().write, written):
        assert well_formed(text)
        width = mathtext.MathTextParser("path").parse(f"${text}$").width
        assert width > 0


def test_functions_are_written_as_in_a_book():
    x, A = Symbol("x", 0.5), Symbol("A", np.eye(2))
    book = {
        ops.arcsin: r"\arcsin\left(x\right)",
        ops.cosh: r"\cosh\left(x\right)",
        ops.log2: r"\log_{2}\left(x\right)",
        ops.log10: r"\log_{10}\left(x\right)",
        ops.erf: r"\operatorname{erf}\left(x\right)",
        ops.arctanh: r"\operatorname{arctanh}\left(x\right)",
        ops.sigmoid: r"\sigma\left(x\right)",
        ops.lgamma: r"\ln\Gamma\left(x\right)",
        ops.cbrt: r"\sqrt[3]{x}",
        ops.exp2: "2^{x}",
        ops.floor: r"\left\lfloor x\right\rfloor",
        ops.ceil: r"\left\lceil x\right\rceil",
    }
    for op, latex in book.items():
        assert Latex().write(op(x)) == latex
    assert Latex().write(ops.exp2(x) ** 2) == r"\left(2^{x}\right)^{2}"
    assert Latex().write(ops.inv(A)) == "A^{-1}"
    assert Latex().write(ops.prod(Symbol("v", np.ones(3)))) == r"\prod_{\text{axis } 0} v"


def test_latex_writes_numbers_and_names():
    assert (
        Latex(numbers=True).write(Symbol("x", 1.5e-7) * Symbol("y", -2.0))
        == r"1.5 \times 10^{-7} \cdot \left(-2\right)"
    )
    assert Latex().write(Symbol("w12", 1.0)) == "w_{12}"
    assert Latex().write(Symbol("hidden_1", 1.0)) == r"\mathrm{hidden\_1}"
    assert Latex().write(Symbol(Element("x", (0, 3)), 1.0)) == "x_{0, 3}"
    assert Latex().write(Symbol("a", 1.0) / Symbol("b", 2.0)) == r"\frac{a}{b}"


@pytest.mark.parametrize(
    ("label", "latex"),
    [
        ("x^2", r"{\text{x}\hat{~}\text{2}}"),
        ("a\\b", r"{\text{a}\backslash \text{b}}"),
        ("~x", r"{{\sim}\text{x}}"),
        ("^", r"\hat{~}"),
        ("50% of {x}_1", r"{\text{50}\%\text{ of }\{\text{x}\}\_\text{1}}"),
        ("a&b $#", r"{\text{a}\&\text{b }\$\#}"),
        ("x^{2}", r"{\text{x}\hat{~}\{\text{2}\}}"),
    ],
)
def test_any_label_is_latex_that_mathjax_and_katex_read(label, latex):
    explanation = explain(Value(1.0, label=label) * 2)
    assert f"= {latex} \\cdot 2" in explanation.latex
    assert well_formed(explanation.latex)
    assert well_formed(explanation.markdown.replace("**", "").replace("$$", ""))


def test_a_loss_of_one_number_in_an_array_begins_with_a_plain_1():
    s = Value([[2.0]], label="s")
    assert str(explain(s * s)).splitlines()[2:] == [
        "dL/dL = 1",
        "",
        "dL/ds = 1 * s   (1x1)",
        "      + 1 * s   (1x1)",
        "dL/ds[0, 0] = 1 * s[0, 0] + 1 * s[0, 0]",
        "            = 1 * 2       + 1 * 2          = 4",
    ]


def test_a_condition_with_a_name_has_no_brackets_and_its_opposite_is_said_in_latex_too():
    a = Value([1.0, 2.0], label="a")
    explanation = explain(where(a > 1.5, a, a * 0.1).sum(), wrt="a")
    assert "dL/da = dL/dv4 * v3    (2)" in str(explanation)
    assert "= 1 * 1" in str(explanation)
    assert r"\cdot \left(\neg v_{3}\right)" in explanation.latex
    assert r"\operatorname{where}\left(v_{3}, a, v_{2}\right)" in explanation.latex
    assert "~" not in explanation.latex


def test_markdown_has_the_forward_and_the_backward_pass(karpathy):
    markdown = explain(karpathy).markdown
    assert markdown.startswith("**Forward**\n\n$$\n")
    assert "\n\n**Backward**\n\n$$\n" in markdown
    assert markdown.count("$$") == 2 * (1 + 7)


# ------------------------------------------------------------ bad input


def test_what_is_not_a_loss_is_refused():
    with pytest.raises(TypeError, match="explain: give the Value to differentiate, the loss, not a float"):
        explain(3.0)
    with pytest.raises(ValueError, match=r"explain: the loss has shape \(2,\); only a single number has one gradient"):
        explain(Value([1.0, 2.0]) * 2)
    with no_grad():
        constant = Value(1.0) * 2
    with pytest.raises(ValueError, match="depends on nothing that requires a gradient"):
        explain(constant)


def test_a_name_that_nothing_has_is_refused_with_the_nearest(karpathy):
    with pytest.raises(ValueError, match=r"no Value is called 'g' here; there are"):
        explain(karpathy, wrt="g")
    bias = Value(1.0, label="bias")
    with pytest.raises(ValueError, match="did you mean 'bias'"):
        explain(bias * 2, wrt="bais")


def test_a_label_that_two_have_is_refused():
    x, y = Value(1.0, label="w"), Value(2.0, label="w")
    with pytest.raises(ValueError, match=r"2 Values have the label 'w'; .* a name such as 'w#2'\n"):
        explain(x * y, wrt="w")
    assert explain(x * y, wrt=y).derivations[-1].name.by == "w#2"
    assert explain(x * y, wrt="w#2").derivations[-1].name.by == "w#2"


def test_a_variable_names_a_value_that_has_another_label():
    weight = Value(3.0, label="w")
    assert explain(weight * 2.0, wrt="weight").derivations[-1].name.by == "w"


def test_a_value_without_a_gradient_is_refused():
    k = Value(3.0, requires_grad=False, label="k")
    with pytest.raises(ValueError, match="explain: k requires no gradient in this graph; leave it out\n  at test_exp"):
        explain(Value(2.0) * k, wrt="k")


def test_a_value_of_another_graph_is_refused(karpathy):
    with pytest.raises(ValueError, match="'z' is not in the graph of L"):
        explain(karpathy, wrt=Value(1.0, label="z"))
