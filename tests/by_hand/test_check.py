"""check_by_hand marks as a good teacher does: right, wrong, or right in what follows from an earlier slip."""

import numpy as np
import pytest

import nn
from autograd_mini import Value, explain
from autograd_mini.by_hand.check import check_by_hand


@pytest.fixture
def lesson():
    """Karpathy's expression: L = (a * b + c) * f."""
    a, b, c, f = (Value(x, label=name) for x, name in ((2.0, "a"), (-3.0, "b"), (10.0, "c"), (-2.0, "f")))
    e = a * b
    e.label = "e"
    d = e + c
    d.label = "d"
    return d * f


RIGHT = {"d": -2, "f": 4, "c": -2, "e": -2, "a": 6, "b": -4}


def statuses(report):
    return {row.name: row.status for row in report.rows if row.status != "not given"}


def test_a_right_derivation_is_all_ok(lesson):
    report = check_by_hand(lesson, RIGHT)
    assert report.ok
    assert report
    assert report.first_wrong is None
    assert set(statuses(report).values()) == {"ok"}


def test_what_follows_from_a_slip_is_carried_and_only_the_slip_is_wrong(lesson):
    report = check_by_hand(lesson, RIGHT | {"e": 2, "a": -6, "b": 4})
    assert not report.ok
    assert statuses(report) == {"d": "ok", "f": "ok", "c": "ok", "e": "WRONG", "a": "carried", "b": "carried"}
    assert report.first_wrong.name == "e"
    assert (report.first_wrong.yours, report.first_wrong.expected, report.first_wrong.true) == (2.0, -2.0, -2.0)
    assert report.first_wrong.difference == 4.0
    carried = next(row for row in report.rows if row.name == "a")
    assert (carried.expected, carried.true) == (-6.0, 6.0)


def test_a_right_gradient_is_ok_though_a_later_one_is_wrong(lesson):
    report = check_by_hand(lesson, RIGHT | {"e": 2})
    assert statuses(report) == {"d": "ok", "f": "ok", "c": "ok", "e": "WRONG", "a": "ok", "b": "ok"}


def test_a_second_slip_is_told_from_what_is_carried(lesson):
    report = check_by_hand(lesson, RIGHT | {"e": 2, "a": 6.5, "b": 4})
    assert [row.name for row in report.rows if row.status == "WRONG"] == ["e", "a"]
    assert statuses(report)["b"] == "carried"


def test_only_a_slip_is_carried():
    x = Value(2.0, label="x")
    y = x * 1.0
    y.label = "y"
    report = check_by_hand(y * 1.00049, {"y": "1.00", "x": "0.9995"})  # nearer to 1.00 than its last digit allows
    assert statuses(report) == {"y": "ok", "x": "WRONG"}


def test_of_a_carried_array_the_element_farthest_from_the_truth_is_shown():
    x = Value([1.0, 2.0, 3.0], label="x")
    y = x * [5.0, 6.0, 7.0]
    y.label = "y"
    report = check_by_hand((y * [1.0, 1.0, 1.0]).sum(), {y: [1.0, 2.0, 1.0], x: [5.002, 12.0, 7.0]})
    assert statuses(report) == {"y": "WRONG", "x": "carried"}
    assert report.rows[-1].worst == (1,)


def test_of_an_array_with_nan_and_inf_the_element_that_is_wrong_is_shown():
    x = Value([1.0, np.nan, np.inf, 2.0], label="x")
    report = check_by_hand((x * x).sum(), {x: [2.0, np.nan, np.inf, 5.0]})
    assert report.first_wrong.worst == (3,)
    assert "x[3]  WRONG       5         4     4" in str(report)


def test_an_error_is_carried_through_nodes_that_are_not_given(lesson):
    report = check_by_hand(lesson, {"d": 2, "a": -6})
    assert statuses(report) == {"d": "WRONG", "a": "carried"}
    assert [row.name for row in report.rows if row.status == "not given"] == ["f", "c", "e", "b"]


def test_a_slip_in_a_node_that_is_not_given_shows_where_it_comes_out(lesson):
    report = check_by_hand(lesson, {"d": -2, "a": -6})
    assert statuses(report) == {"d": "ok", "a": "WRONG"}


def test_rows_stand_in_the_order_of_the_backward_pass(lesson):
    report = check_by_hand(lesson, {lesson: 1.0})
    assert [row.name for row in report.rows] == ["lesson", "f", "d", "c", "e", "b", "a"]
    assert [row.status for row in report.rows] == ["ok"] + ["not given"] * 6


def test_nothing_needs_to_be_run_before_and_nothing_is_changed(lesson):
    a = next(value for value in lesson.inputs[0].inputs[0].inputs if value.label == "a")
    theirs = np.array(6.0)
    assert check_by_hand(lesson, {a: theirs}).ok
    assert not a.has_grad
    assert theirs == 6.0
    lesson.backward()
    check_by_hand(lesson, {a: 100.0})
    assert a.grad == 6.0


def test_a_node_is_given_by_itself_its_label_its_variable_or_its_name_in_a_drawing():
    weight = Value(3.0, label="w")
    product = weight * 2.0
    loss = (product + 1.0) ** 2
    assert check_by_hand(loss, {product: 14}).ok
    assert check_by_hand(loss, {"w": 28}).ok
    assert check_by_hand(loss, {"weight": 28}).ok
    assert check_by_hand(loss, {"product": 14}).ok
    assert check_by_hand(loss, {"v4": 14, "loss": 1}).ok


class Net(nn.Module):
    """Of the user's own, with a layer inside."""

    def __init__(self):
        self.W, self.l = nn.Parameter(np.ones((2, 3))), nn.Linear(3, 1)

    def forward(self, x):
        return self.l(x @ self.W)


def test_a_parameter_is_given_by_its_path_whatever_it_is_called():
    net = Net()
    net.W.label = "mine"
    loss = (net(np.ones((4, 2))) ** 2).mean()
    loss.backward()
    for name, parameter in (("W", net.W), ("mine", net.W), ("l.weight", net.l.weight)):
        assert check_by_hand(loss, {name: parameter.grad}).ok
    assert check_by_hand(loss, {"weight": net.l.weight.grad}).ok


def test_the_weights_of_a_neuron_in_a_list_are_given_by_their_places():
    w, x, P = [Value(1.0), Value(2.0)], [3.0, 4.0], {"b": Value(5.0)}
    n = sum((wi * xi for wi, xi in zip(w, x, strict=True)), P["b"])
    assert check_by_hand(n, {"w[0]": 3, "w[1]": 4, "P['b']": 1}).ok
    assert "dn/dw[1] = dn/dv2 * dv2/dw[1]" in str(explain(n))
    assert r"\partial w\text{[0]}" in explain(n).latex
    assert r"\partial P\text{['b']}" in explain(n).latex


def test_a_chain_of_rounded_gradients_is_no_slip():
    x = Value(0.7, label="x")
    chain = [x]
    for _ in range(30):
        chain.append(chain[-1].tanh() * 1.1)
    gradient, by_hand = 1.0, {}
    for before, after in zip(chain[-2::-1], chain[:0:-1], strict=True):
        gradient = float(f"{gradient * 1.1 * (1 - after.inputs[0].data ** 2):.3g}")
        by_hand[before] = f"{gradient:.3g}"
    assert check_by_hand(chain[-1], by_hand).ok


@pytest.mark.parametrize(
    ("gradient", "right"),
    [(0.915, True), (0.92, False), (0.914, False), ("0.92", True), ("0.9", True), ("0.91", False), ("1", False)],
)
def test_a_number_has_three_digits_and_a_string_those_that_it_shows(gradient, right):
    x = Value(2.0)
    assert check_by_hand(x * 0.91514, {x: gradient}).ok == right


def test_the_gradient_of_a_node_that_cancels_is_zero_up_to_the_last_bits():
    x = Value(0.1)
    loss = x * 3.0 - x * 0.3 * 10.0
    assert check_by_hand(loss, {x: 0}).ok
    assert check_by_hand(loss, {x: 1e-17}).ok
    assert not check_by_hand(loss, {x: 1e-3}).ok


def test_nan_and_inf_are_right_where_they_are_the_gradient():
    x, y = Value(0.0), Value(0.0)
    loss = x.sqrt() + y * float("nan")
    assert check_by_hand(loss, {x: "inf", y: "nan"}).ok
    assert statuses(check_by_hand(loss, {x: 0.5, y: 0.0})) == {"x": "WRONG", "y": "WRONG"}
    assert statuses(check_by_hand(x * 2.0, {x: "nan"})) == {"x": "WRONG"}
    assert statuses(check_by_hand(x * 2.0, {x: "inf"})) == {"x": "WRONG"}


def test_tensors_are_graded_element_by_element():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 3))
    W, b = Value(rng.normal(size=(3, 2)), label="W"), Value(np.zeros(2), label="b")
    h = (x @ W + b).tanh()
    loss = (h * h).mean()
    dh = 2 * h.data / 10
    dz = dh * (1 - h.data**2)
    by_hand = {h: dh, W: np.round(x.T @ dz, 4), b: dz.sum(0).astype(np.float32)}
    assert check_by_hand(loss, by_hand).ok
    wrong = by_hand[W].copy()
    wrong[1, 0] += 0.01
    report = check_by_hand(loss, by_hand | {W: wrong})
    assert statuses(report) == {"h": "ok", "W": "WRONG", "b": "ok"}
    assert report.first_wrong.worst == (1, 0)
    assert "W[1, 0]" in str(report)
    assert report.first_wrong.difference.shape == (3, 2)


def test_a_float32_net_is_checked_by_its_own_gradients():
    nn.manual_seed(0)
    rng = np.random.default_rng(0)
    model = nn.MLP(4, [8, 3])
    for p in model.parameters():
        p.data = p.data.astype(np.float32)
    x = rng.normal(size=(20, 4)).astype(np.float32)
    loss = nn.cross_entropy(model(x), rng.integers(0, 3, 20))
    loss.backward()
    assert check_by_hand(loss, {p: p.grad for p in model.parameters()}).ok
    assert check_by_hand(loss, {p: p.grad.astype(np.float64) for p in model.parameters()}).ok
    assert not check_by_hand(loss, {p: p.grad * np.float32(1.01) for p in model.parameters()}).ok


def test_a_long_chain_is_graded():
    x = Value(1.0)
    z = x
    for _ in range(20_000):
        z = z + 1.0
    assert check_by_hand(z, {x: 1}).ok


# ---------------------------------------------------------------- the report


def test_the_report_reads_as_a_table(lesson):
    report = check_by_hand(lesson, RIGHT | {"e": 2, "a": -6, "b": 4})
    assert str(report) == repr(report)
    assert str(report) == (
        "check_by_hand: 6 gradients given, 3 ok, 1 WRONG, 2 carried on from it; the first slip is in e\n"
        "  node  status   yours  expected  true\n"
        "  f     ok           4         4     4\n"
        "  d     ok          -2        -2    -2\n"
        "  c     ok          -2        -2    -2\n"
        "  e     WRONG        2        -2    -2\n"
        "      likely sign: what comes through d has the opposite sign\n"
        "  b     carried      4         4    -4\n"
        "  a     carried     -6        -6     6"
    )


def test_a_failing_assert_shows_the_report(lesson):
    with pytest.raises(AssertionError, match=r"e     WRONG       2        -2"):
        assert check_by_hand(lesson, {"e": 2})


def test_no_line_of_the_report_is_longer_than_a_hundred_columns():
    rng = np.random.default_rng(0)
    long = [Value(rng.normal(size=(12, 12)), label=f"a_rather_long_name_of_a_weight_{i}") for i in range(12)]
    loss = sum(((w @ w.T).tanh().sum() for w in long), Value(0.0))
    report = check_by_hand(loss, {w: rng.normal(size=(12, 12)) for w in long[:3]} | {long[3]: np.zeros((12, 12))})
    assert max(map(len, str(report).splitlines())) <= 100


def test_of_many_gradients_only_those_that_are_not_right_are_listed():
    values = [Value(float(i), label=f"x{i}") for i in range(100)]
    loss = sum(v * 2.0 for v in values)
    text = str(check_by_hand(loss, {v: 3 if v.data == 50 else 2 for v in values}))
    assert "x50" in text
    assert "x51" not in text
    assert "... and 99 ok; not given: " in text


def test_what_is_not_given_keeps_its_secret(lesson):
    report = check_by_hand(lesson, {"f": 4})
    assert str(report).endswith("not given: d, c, e, b, a")
    assert "6" not in str(report).split("not given")[1]


def test_numbers_are_shown_with_the_digits_that_tell_them_apart():
    x = Value(1.0, label="x")
    text = str(check_by_hand(x * 0.1234567, {"x": 0.1234987}))
    assert "0.123499" in text
    assert "0.123457" in text


def test_more_digits_stand_only_where_they_show_what_is_wrong():
    tiny, big = Value(1.0, label="tiny"), Value(1.0, label="big")
    report = check_by_hand(tiny * -1.234567e29 + big * 123456789.0, {tiny: -1.235e29, big: 1.0})
    assert [row.cells()[2:] for row in report.rows if row.status == "ok"] == [("-1.235e+29",) * 3]
    x = Value(1.0, label="x")
    loss = (x * 1.0002) * 0.5
    report = check_by_hand(loss, {loss.inputs[0]: 0.50002, x: 0.50012})
    assert [row.cells()[1:] for row in report.rows[-2:]] == [
        ("WRONG", "0.50002", "0.5", "0.5"),
        ("carried", "0.50012", "0.50012", "0.5001"),
    ]


def test_a_table_with_wide_characters_has_its_columns_below_each_other():
    weight, rocket, plain = Value(2.0, label="重み"), Value(0.5, label="🙂🚀"), Value(1.0, label="x")
    text = str(check_by_hand(weight * rocket * plain, {weight: 0.5, rocket: 2, plain: 7}))
    assert text.splitlines()[1:-1] == [
        "  node  status  yours  expected  true",
        "  x     WRONG       7         1     1",
        "  🙂🚀  ok          2         2     2",
        "  重み  ok        0.5       0.5   0.5",
    ]


def test_a_long_name_is_cut_in_the_middle():
    long, path = Value(2.0, label="x" * 100), Value(np.ones(3), label="encoder.layers.0.self_attention.in_proj_weight")
    report = check_by_hand((long * path).sum(), {long: 1, path: np.array([2.0, 2.0, 5.0])})
    lines = str(report).splitlines()
    assert lines[1] == "  encoder.layers.0.sel…tion.in_proj_weight"  # where the first slip is
    assert any(line.startswith("  encoder.layers.0.sel…tion.in_proj_weight[2]  WRONG") for line in lines)
    assert any(line.startswith(f"  {'x' * 20}…{'x' * 19} ") for line in lines)
    assert max(map(len, lines)) <= 100
    assert {row.name for row in report.rows} >= {"x" * 100, path.label}  # whole


def test_nothing_checked_is_not_ok(lesson):
    report = check_by_hand(lesson, {})
    assert not report.ok
    assert "no gradient was given" in str(report)


def test_a_notebook_gets_a_table_with_names_as_text(lesson):
    lesson.inputs[0].label = "<script>"
    html = check_by_hand(lesson, {"<script>": 2})._repr_html_()
    assert "<table" in html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "WRONG" in html


# ---------------------------------------------------------------- what it refuses


def refused(error, match, loss, gradients):
    with pytest.raises(error, match=match) as caught:
        check_by_hand(loss, gradients)
    assert "test_check.py" in str(caught.value)  # the user's own line


def test_a_name_that_no_node_has(lesson):
    refused(ValueError, "no Value is called 'aa' here; did you mean 'a'", lesson, {"aa": 1})


def test_a_name_of_another_function(lesson):
    def inner():
        check_by_hand(lesson, {"elsewhere": 4})

    elsewhere = lesson.inputs[0]
    with pytest.raises(
        ValueError, match="a variable of the function that calls check_by_hand; for one of another func"
    ):
        inner()
    assert check_by_hand(lesson, {"elsewhere": -2}).ok
    assert check_by_hand(lesson, {elsewhere: -2}).ok


def test_two_nodes_with_one_label():
    x, y = Value(1.0, label="w"), Value(2.0, label="w")
    refused(ValueError, "2 Values have the label 'w'; give the Value itself .* a name such as 'w#2'", x * y, {"w": 1})
    assert check_by_hand(x * y, {"w#2": 1}).ok
    assert check_by_hand(x * y, {x: 2, y: 1}).ok


def test_a_node_given_twice(lesson):
    d = lesson.inputs[0]
    refused(ValueError, "d is given twice", lesson, {"d": -2, d: -2})


def test_a_node_that_is_not_in_the_graph(lesson):
    refused(
        ValueError,
        "'stranger' is not in the graph of loss; was the name given to another",
        lesson,
        {Value(1.0, label="stranger"): 1},
    )


def test_a_constant():
    x, k = Value(2.0), Value(3.0, requires_grad=False, label="k")
    refused(ValueError, "k requires no gradient", x * k, {k: 1})
    refused(ValueError, "the loss depends on nothing that requires a gradient", k * k, {})


def test_a_key_that_is_no_name(lesson):
    refused(TypeError, "by its Value or by its name, not by 3", lesson, {3: 1})


def test_a_loss_that_is_not_one_number():
    x = Value([1.0, 2.0])
    refused(ValueError, r"the loss has shape \(2,\).*reduce it first", x * x, {x: [2.0, 4.0]})
    refused(TypeError, "give the Value to differentiate, the loss, not a float", 3.0, {x: [2.0, 4.0]})


def test_a_gradient_that_is_no_number(lesson):
    refused(
        TypeError,
        r"the gradient of a is a Value; give its numbers, as value\.grad or value\.data",
        lesson,
        {"a": lesson},
    )
    refused(TypeError, "the gradient of a is None; leave out", lesson, {"a": None})
    refused(TypeError, r"the gradient of a is of type complex", lesson, {"a": 1j})
    refused(ValueError, "the gradient of a is 'six', which is no number; write digits", lesson, {"a": "six"})
    refused(ValueError, r"the gradient of a is '0,5', which is no number; write 0\.5", lesson, {"a": "0,5"})


def test_gradients_of_another_shape():
    W, b, s = Value(np.ones((3, 2)), label="W"), Value(np.ones(2), label="b"), Value(2.0, label="s")
    loss = ((np.ones((5, 3)) @ W + b) * s).sum()
    refused(
        ValueError,
        r"W has shape \(2, 3\), W itself \(3, 2\); it looks transposed: give its \.T",
        loss,
        {W: np.ones((2, 3))},
    )
    refused(ValueError, r"if b was broadcast, sum the gradient over axis 0", loss, {b: np.ones((5, 2))})
    refused(ValueError, r"give it in the shape of b: \.reshape\(\(2,\)\)", loss, {b: np.ones((1, 2))})
    refused(ValueError, r"if s was broadcast, sum the gradient over the axes \(0, 1\)", loss, {s: np.ones((5, 2))})
    refused(ValueError, r"one number for each element \(np\.full\(\(3, 2\), \.\.\.\)", loss, {W: 0.5})
    refused(ValueError, r"the two must be equal", loss, {W: np.ones((4, 2))})
    refused(ValueError, r"lists that differ in length", loss, {W: [[1, 2], [3]]})
