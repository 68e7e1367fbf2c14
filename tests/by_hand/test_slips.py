"""Each slip of the catalogue on an example that a student would meet, with the words for it."""

import numpy as np
import pytest

from autograd_mini import Value, cos, exp, log, maximum, relu, sigmoid, sin, softmax, sqrt, tanh
from autograd_mini import max as largest
from autograd_mini.by_hand.check import check_by_hand


def diagnosis(loss, gradients):
    return check_by_hand(loss, gradients).first_wrong.diagnosis


@pytest.fixture
def x():
    return Value(0.6, label="x")


def of(function, x, wrong):
    """The diagnosis for a student who takes ``wrong`` for the derivative, where the upstream gradient is 11."""
    z = function(x)
    z.label = "z"
    return diagnosis(z * 11.0, {z: 11, x: 11 * wrong})


t, s, e = np.tanh(0.6), 1 / (1 + np.exp(-0.6)), np.exp(0.6)


@pytest.mark.parametrize(
    ("function", "wrong", "words"),
    [
        (tanh, 1 - 0.6**2, "input for output: 1 - x**2 where 1 - tanh(x)**2 belongs"),
        (tanh, 1 - t, "another function's derivative: 1 - tanh, where the square belongs: 1 - tanh**2"),
        (tanh, t, "another function's derivative: tanh(x) itself was taken for its derivative"),
        (tanh, t * (1 - t), "another function's derivative: tanh * (1 - tanh), which is the rule of sigmoid"),
        (tanh, -(1 - t**2), "sign: what comes through z has the opposite sign"),
        (tanh, (1 - t**2) / 11, "upstream left out: this is the derivative of z by x, not yet times dL/dz"),
        (tanh, 1, "local derivative left out: this is dL/dz, not yet times the derivative of z by x"),
        (tanh, 0.6 / 11, "value for gradient: this is x itself, not its gradient"),
        (tanh, 10 * (1 - t**2), "decimal point: it is 10 times what is expected"),
        (sigmoid, 0.6 * 0.4, "input for output: x * (1 - x) where sigmoid(x) * (1 - sigmoid(x)) belongs"),
        (sigmoid, 1 - s**2, "another function's derivative: 1 - sigmoid**2, which is the rule of tanh"),
        (sigmoid, 1 - s, "another function's derivative: 1 - sigmoid alone, where sigmoid * (1 - sigmoid) belongs"),
        (exp, 0.6, "input for output: x where exp(x) belongs"),
        (
            exp,
            0.6 * np.exp(-0.4),
            "power rule: x * exp(x - 1), which is the rule for powers; exp is its own derivative",
        ),
        (
            log,
            1 / np.log(0.6),
            "output for input: the derivative of log was taken of its output z where its input x belongs",
        ),
        (log, 0.6, "another function's derivative: times x, where 1/x belongs"),
        (sqrt, 1 / np.sqrt(0.6), "power rule: the factor 1/2 is missing: 1 / sqrt"),
        (sqrt, 1 / 1.2, "input for output: 1 / (2 * x) where 1 / (2 * sqrt(x)) belongs"),
        (sin, np.sin(0.6), "another function's derivative: sin(x) itself was taken for its derivative"),
        (cos, np.sin(0.6), "sign: what comes through z has the opposite sign"),
        (
            relu,
            0,
            "reversed gate: the gate of relu is open where it should be closed, and closed where it should be open",
        ),
        (lambda x: x**3, 3 * 0.6**3, "power rule: the exponent was not reduced: 3 * x**3"),
        (lambda x: x**3, 0.6**2, "power rule: the factor 3 is missing: x**(3 - 1)"),
        (lambda x: x**3, 0.6**3, "power rule: this is x**3 itself, not its derivative"),
        (lambda x: x**3, 2 * 0.6**2, "power rule: the factor is 3, not 3 - 1"),
        (lambda x: x * 7.0, 0.6, "own factor: the derivative of a product by x is the other factor, 7, not x itself"),
        (lambda x: x / 7.0, 7, "division: times 7, where 1/7 belongs"),
        (
            lambda x: 7.0 / x,
            -7 / 0.6,
            "denominator not squared: -7/x where -7/x**2 belongs",
        ),
        (lambda x: 7.0 / x, 7, "division: times 7: the rule of a product, where -7/x**2 belongs"),
        (lambda x: 7.0 / x, -1 / 0.36, "division: the numerator 7 is missing"),
        (lambda x: 7.0 - x, 1, "sign: what comes through z has the opposite sign"),
        (lambda x: x * x, 0.6, "missing path: x stands twice in z, and one of the two is missing (= for +=)"),
        (lambda x: x + x, 4, "path counted twice: it is twice what it should be (a gradient from before not zeroed?)"),
    ],
)
def test_a_slip_in_a_number(x, function, wrong, words):
    assert of(function, x, wrong) == f"likely {words}"


def test_the_use_that_was_forgotten_is_named(x):
    z = x * 5.0
    z.label = "z"
    loss = (x * 2.0) * 3.0 + z
    assert diagnosis(loss, {x: 6}) == "likely missing path: x is used 2 times, and the use in z is missing (= for +=)"
    third = x * 7.0
    third.label = "third"
    assert "the use in third is missing" in diagnosis(loss + third, {x: 11})
    assert "only the use in third counts (= for +=)" in diagnosis(loss + third, {x: 7})


def test_a_closed_gate(x):
    z = relu(x - 1.0)
    z.label = "z"
    assert "dL/dz came through where the gate of relu is closed" in diagnosis(z * 3.0, {z.inputs[0]: 3})


def test_no_diagnosis_where_nothing_fits(x):
    assert diagnosis(tanh(x) * 3.0, {x: 1.2345}) == ""


def test_a_near_miss_is_called_one(x):
    assert diagnosis(x * 1.234, {x: 1.25}).startswith("likely rounding: it is close to what is expected")


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (15 / 16, "15/16 times what is expected (n for n - 1, where n is 16?)"),
        (16 / 15, "16/15 times what is expected (n - 1 for n, where n is 16?)"),
        (0.9, "0.9 times what is expected"),
        (1.1, "1.1 times what is expected"),
        (1.00002, "1.00002 times what is expected"),
    ],
)
def test_a_factor_that_all_elements_have_is_no_rounding(factor, words):
    x = Value(np.linspace(1.0, 2.0, 16), label="x")
    assert diagnosis((x**2).sum(), {"x": 2 * x.data * factor}) == f"likely factor: every element is {words}"


def test_elements_that_are_each_off_otherwise_are_rounded():
    x = Value(np.linspace(1.0, 2.0, 16), label="x")
    rounded = np.round(2 * x.data, 1) + 0.0001234
    assert diagnosis((x**2).sum(), {"x": rounded}).startswith("likely rounding")


def test_the_variance_of_a_batch_norm_over_n_for_n_minus_1_is_named():
    h = Value(np.random.default_rng(0).normal(size=(32, 4)), label="h")
    away = h - h.mean(0, keepdims=True)
    squares = away**2
    variance = squares.sum(0, keepdims=True) * (1 / 31)
    loss = ((away * (variance + 1e-5) ** -0.5) ** 3).sum()
    loss.backward()
    assert "31/32 times what is expected (n for n - 1, where n is 32?)" in diagnosis(
        loss, {squares: squares.grad * 31 / 32}
    )


def test_a_slip_made_with_the_true_later_gradient_is_known_too(x):
    z = tanh(x)
    report = check_by_hand(z * 3.0, {z: 30, x: 3 * (1 - 0.6**2)})
    assert [row.kind for row in report.rows if row.status == "WRONG"] == ["decimal point", "input for output"]


# ---------------------------------------------------------------- tensors


@pytest.fixture
def layer():
    rng = np.random.default_rng(0)
    x, W, b = (Value(rng.normal(size=shape), label=name) for shape, name in (((4, 4), "x"), ((4, 4), "W"), ((4,), "b")))
    h = x @ W
    h.label = "h"
    z = h + b
    z.label = "z"
    g = rng.normal(size=(4, 4))
    return x, W, b, h, z, (z * g).sum(), g


BROADCAST = "b was broadcast, so its gradient is the sum over axis 0 of"
TRANSPOSED = "stands as it is where its transpose belongs, or the other way round"


@pytest.mark.parametrize(
    ("node", "wrong", "words"),
    [
        ("b", lambda g, x, W: g[0], f"sum over a broadcast axis: {BROADCAST} all rows; this is row 0 alone"),
        ("b", lambda g, x, W: g.mean(0), f"sum over a broadcast axis: {BROADCAST} all rows; this is their mean"),
        ("b", lambda g, x, W: g.sum(1), "wrong axis: summed over axis 1, where axis 0 belongs"),
        ("x", lambda g, x, W: g @ W, f"transpose: W {TRANSPOSED}"),
        ("W", lambda g, x, W: x @ g, f"transpose: x {TRANSPOSED}"),
        ("x", lambda g, x, W: W.T @ g, "transpose: the factors stand in the wrong order"),
        ("W", lambda g, x, W: (x.T @ g).T, "transpose: these are the right numbers with rows and columns exchanged"),
        ("W", lambda g, x, W: -(x.T @ g), "sign: what comes through h has the opposite sign"),
        ("W", lambda g, x, W: x.T @ np.ones((4, 4)), "upstream left out: this is the derivative of h by W, "
            "not yet times dL/dh"),
        ("W", lambda g, x, W: x.T @ g * 1.7, "factor: every element is 1.7 times what is expected"),
    ],
)  # fmt: skip
def test_a_slip_in_a_tensor(layer, node, wrong, words):
    x, W, _, h, z, loss, g = layer
    assert diagnosis(loss, {h: g, z: g, node: wrong(g, x.data, W.data)}) == f"likely {words}"


def test_a_slip_in_some_of_the_elements(layer):
    x, _, _, _, _, loss, g = layer
    dW = x.data.T @ g
    dW[1, 2] *= -1
    dW[3, 0] *= -1
    assert diagnosis(loss, {"W": dW}) == "likely sign: what comes through h has the opposite sign (2 of 16 elements)"


def test_the_share_of_a_mean():
    h = Value(np.arange(12.0).reshape(3, 4) / 7, label="h")
    loss = (h.mean(1) * np.array([1.0, 2.0, 3.0])).sum()
    g = np.array([[1.0], [2.0], [3.0]]) * np.ones((3, 4))
    assert diagnosis(loss, {h: g}).endswith("the factor 1/4 is missing")
    assert diagnosis(loss, {h: g / 12}).endswith("divided by 12; the mean is over 4 elements")
    assert diagnosis(loss, {h: g * 4}).endswith("times 4, where 1/4 belongs")
    assert diagnosis(h.sum(), {h: np.full((3, 4), 1 / 12)}).endswith("divided by 12, but loss is a sum, not a mean")


def test_a_reduction_spread_along_the_wrong_axis():
    h = Value(np.arange(9.0).reshape(3, 3) / 7, label="h")
    rows = h.sum(1)
    rows.label = "rows"
    g = np.array([1.0, 2.0, 3.0])
    words = diagnosis((rows * g).sum(), {h: np.ones((3, 1)) * g})
    assert words == "likely wrong axis: rows is reduced over axis 1, and its gradient was spread along axis 0"
    peak = largest(h, 0)
    peak.label = "peak"
    assert "every element got dL/dpeak" in diagnosis((peak * g).sum(), {h: np.ones((3, 1)) * g})


def test_a_softmax_over_the_wrong_axis():
    logits = Value(np.arange(9.0).reshape(3, 3) % 4, label="logits")
    e = exp(logits)
    total = e.sum(1, keepdims=True)
    p = e / total
    g = np.random.default_rng(0).normal(size=(3, 3))
    raw = -g * p.data / total.data
    assert check_by_hand((p * g).sum(), {total: raw.sum(1, keepdims=True)}).ok
    words = diagnosis((p * g).sum(), {total: raw.sum(0).reshape(3, 1)})
    assert words == "likely wrong axis: summed over axis 0, where axis 1 belongs"
    assert check_by_hand((softmax(logits) * g).sum(), {logits: p.data * (g - (g * p.data).sum(1, keepdims=True))}).ok


def test_an_embedding_whose_rows_are_written_over():
    C = Value(np.zeros((4, 2)), label="C")
    index = np.array([0, 1, 1, 3])
    emb = C[index]
    g = np.arange(8.0).reshape(4, 2) + 1
    dC = np.zeros((4, 2))
    dC[index] = g
    assert "an element of C that is picked several times gets the sum, not the last (= for +=)" in diagnosis(
        (emb * g).sum(), {C: dC}
    )


def test_the_gate_of_a_maximum():
    x, y = Value([1.0, 2.0], label="x"), Value([3.0, 1.0], label="y")
    assert diagnosis((maximum(x, y) * 3.0).sum(), {x: [3.0, 0.0]}).startswith(
        "likely reversed gate: the gate of maximum"
    )


# ---------------------------------------------------------------- in nodes that were not given


def test_a_slip_in_a_node_that_is_not_given_is_found_there():
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(6.9, label="c")
    n = a * b + c
    n.label = "n"
    o = tanh(n)
    o.label = "o"
    wrong = 1 - n.data**2
    report = check_by_hand(o, {a: wrong * b.data, b: wrong * a.data})
    assert [row.diagnosis for row in report.rows if row.status == "WRONG"] == [
        "likely input for output: in n, which is not given: 1 - n**2 where 1 - tanh(n)**2 belongs",
        "follows from the same slip as the gradient of b",
    ]


def test_one_slip_that_explains_all_that_is_wrong_is_said_once_and_is_not_where_something_right_comes_from():
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
    product = a * b
    product.label = "product"
    d = product + c
    d.label = "d"
    follows = "follows from the same slip as the gradient of "
    report = check_by_hand(d**2, {c: 4, b: 8, a: -12})  # 2 * 4, with the 2 forgotten
    assert [row.diagnosis for row in report.rows if row.status == "WRONG"] == [
        "likely power rule: in d, which is not given: the factor 2 is missing: d**(2 - 1)",
        *[f"{follows}c"] * 2,
    ]
    report = check_by_hand(d**2, {c: 8, b: -16, a: 24})
    assert [row.diagnosis for row in report.rows if row.status == "WRONG"] == [
        "likely sign: in product, which is not given: what comes through d has the opposite sign",
        f"{follows}b",
    ]


def test_two_slips_are_said_each():
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
    report = check_by_hand((a * b + c) ** 2, {c: -8, b: 160, a: 0})
    diagnoses = [row.diagnosis for row in report.rows if row.status == "WRONG"]
    assert diagnoses[1:] == [
        "likely decimal point: it is 10 times what is expected",
        "likely no gradient: it is 0, as before any backward()",
    ]
    assert diagnoses[0].startswith("likely sign")


def test_a_missing_path_in_a_node_that_is_not_given_is_found_there():
    x = Value(0.7, label="x")
    w = exp(x * 3.0) * 5.0
    w.label = "w"
    square = w * w
    square.label = "square"
    words = "w stands twice in square, and one of the two is missing (= for +=)"
    assert diagnosis(square * 1.3, {x: 1.3 * w.data * 3 * w.data}) == (
        f"likely missing path: in w, which is not given: {words}"
    )


def test_where_slips_in_two_nodes_explain_the_same_number_none_is_named():
    x = Value(0.7, label="x")
    w = exp(x * 3.0) * 5.0
    half = w.data * 3 * w.data  # one of the two uses of w, or the value of w for its gradient, which is twice w
    assert diagnosis(w * w, {x: half}) == ""


def test_with_shapes_and_numbers_that_fit_nothing_the_catalogue_keeps_silent():
    rng = np.random.default_rng(0)
    x = Value(rng.normal(size=(3, 1, 2)), label="x")
    for of_x in (
        np.sign,
        np.abs,
        lambda v: v.reshape(6),
        lambda v: v.T,
        lambda v: np.concatenate([v, v], 2),
        lambda v: v[:, 0],
    ):
        for wrong in (rng.normal(size=x.shape), np.zeros(x.shape), np.full(x.shape, np.nan), np.full(x.shape, np.inf)):
            report = check_by_hand((of_x(x) ** 2 * 1.1).sum(), {x: wrong})
            assert report.rows[-1].kind in ("", "factor", "missing path", "sign") or not np.any(wrong)


def test_numbers_of_nothing_are_graded():
    x = Value(np.zeros((0, 3)), label="x")
    assert check_by_hand((x * 2.0).sum(), {x: np.zeros((0, 3))}).ok
