"""The DOT text of a drawing."""

import re
import shutil
import subprocess
from xml.etree import ElementTree

import numpy as np
import pytest

from autograd_mini import Value, explain, stack, where
from autograd_mini.draw import draw

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's program `dot` is not installed")

LEAF = 'style=filled fillcolor="#dbe9f6" color="#1f4e79" penwidth=1.6'
OP = 'shape=ellipse style=filled fillcolor="#fdf0d0"'


def labels(value, **options):
    """The label of each box."""
    return [
        re.sub(r"\\(.)", r"\1", label)
        for label in re.findall(r'label="((?:[^"\\]|\\.)*)"', draw(value, **options).source)
    ]


def names(drawing):
    """The first field of each box that has several."""
    return {box.fields[0] for box in drawing._picture.boxes if len(box.fields) > 1}


def edges(value):
    return re.findall(r"(\w+) -> (\w+)", draw(value).source)


def test_the_source_of_karpathys_expression_before_backward(karpathy):
    expected = f"""digraph {{
    graph [rankdir=LR bgcolor=white fontname="Courier" fontsize=12]
    node [shape=record fontname="Courier" fontsize=12 height=0.35]
    edge [fontname="Courier" arrowsize=0.7 color="#444444"]
    v0 [label="{{a|data 2|grad –}}" tooltip="a\\ndata 2.0\\ngrad –" {LEAF}]
    v1 [label="{{b|data -3|grad –}}" tooltip="b\\ndata -3.0\\ngrad –" {LEAF}]
    v2_op [label="*" tooltip="e = mul(a, b)" {OP}]
    v2 [label="{{e|data -6|grad –}}" tooltip="e\\ndata -6.0\\ngrad –"]
    v3 [label="{{c|data 10|grad –}}" tooltip="c\\ndata 10.0\\ngrad –" {LEAF}]
    v4_op [label="+" tooltip="d = add(e, c)" {OP}]
    v4 [label="{{d|data 4|grad –}}" tooltip="d\\ndata 4.0\\ngrad –"]
    v5 [label="{{f|data -2|grad –}}" tooltip="f\\ndata -2.0\\ngrad –" {LEAF}]
    v6_op [label="*" tooltip="L = mul(d, f)" {OP}]
    v6 [label="{{L|data -8|grad –}}" tooltip="L\\ndata -8.0\\ngrad –"]
    v2_op -> v2
    v0 -> v2_op
    v1 -> v2_op
    v4_op -> v4
    v2 -> v4_op
    v3 -> v4_op
    v6_op -> v6
    v4 -> v6_op
    v5 -> v6_op
}}
"""
    assert expected == draw(karpathy).source


def test_backward_fills_in_the_gradients(karpathy):
    karpathy.backward()
    expected = [
        "{a|data 2|grad 6}",
        "{b|data -3|grad -4}",
        "*",
        "{e|data -6|grad -2}",
        "{c|data 10|grad -2}",
        "+",
        "{d|data 4|grad -2}",
        "{f|data -2|grad 4}",
        "*",
        "{L|data -8|grad 1}",
    ]
    assert expected == labels(karpathy)


def test_a_drawing_is_of_the_moment(karpathy):
    drawing = draw(karpathy)
    before = drawing.source
    karpathy.backward()
    assert before == drawing.source


def test_a_gradient_of_zero_is_shown_as_zero():
    x = Value(2.0)
    (x * 0.0).backward()
    assert "{value|data 2|grad 0}" in labels(x)


def test_a_box_has_the_name_that_explain_has():
    x, w, array = Value(2.0, label="x"), Value(-3.0), Value(np.ones(2))

    def loss():  # where it is drawn no variable has it
        return (array * (x * w + 1.0)).tanh().sum()

    derived = set(re.findall(r"^dL/d(\w+)", str(explain(loss())), re.MULTILINE))
    assert len(derived) == 8
    assert {"x", "w", "array", "L"} < derived
    assert derived == names(draw(loss()))


def test_a_value_used_twice_has_two_edges():
    x = Value(3.0)
    assert edges(x * x) == [("v1_op", "v1"), ("v0", "v1_op"), ("v0", "v1_op")]


def test_edges_come_in_operand_order():
    x, y = Value(1.0), Value(2.0)
    assert edges(x - y) == [("v2_op", "v2"), ("v0", "v2_op"), ("v1", "v2_op")]


def ports(value, **options):
    """Where the edges into the op of ``value`` enter it."""
    return re.findall(r"-> \w+_op:?(\w*)$", draw(value, **options).source, re.MULTILINE)


def test_operands_of_a_minus_enter_from_top_to_bottom_and_those_of_a_plus_as_they_come():
    x, y = Value(1.0), Value(2.0)
    assert ports(x - y) == ["nw", "sw"]
    assert ports(x - y, rankdir="TB") == ["nw", "ne"]
    assert ports(where(np.array(True), x, y)) == ["nw", "w", "sw"]
    assert ports(x + y) == ports(x - x) == ports(stack([x, y, x, y])[:2])[:2] == ["", ""]


def test_a_leaf_is_one_box():
    assert labels(Value(1.0, label="x")) == ["{x|data 1|grad –}"]


def test_constants_have_no_gradient():
    x = Value(2.0, label="x")
    y = Value(4.0, label="y", requires_grad=False)
    assert labels(x * y + 0.5)[:-1] == [
        "{x|data 2|grad –}",
        "{y|data 4}",
        "*",
        "{v2|data 8|grad –}",
        "{0.5}",
        "+",
    ]


def test_numbers_have_four_significant_digits():
    given = [0.0026824, 1234567.0, -0.0, float("nan"), float("-inf"), 1e-300]
    expected = ["0.002682", "1.235e+06", "0", "nan", "-inf", "1e-300"]
    assert [f"{{x|data {text}|grad –}}" for text in expected] == [labels(Value(x, label="x"))[0] for x in given]


def test_tensors_show_shape_dtype_and_range():
    x = Value(np.arange(6.0).reshape(2, 3), label="x")
    (x * x).sum().backward()
    assert labels(x) == ["x|(2, 3) float64|data 0 … 5|grad 0 … 10"]


@pytest.mark.parametrize(
    ("array", "text"),
    [
        ([1.0, 2.5], "data [1, 2.5]"),
        ([[1.0], [2.0]], "data [[1], [2]]"),
        (np.array(3.0, np.float32), "() float32"),
        (np.zeros((0, 2)), "data []"),
        (np.full(9, 7.0), "data 7"),
        ([1.0, 2.0, 3.0, 4.0, np.nan], "data has nan"),
        ([1.0, 2.0, 3.0, 4.0, np.inf], "data 1 … inf"),
    ],
)
def test_small_arrays_show_their_numbers_and_large_ones_their_range(array, text):
    assert text in labels(Value(array))[0].split("|")


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x.sum(axis=0), "sum axis=0"),
        (lambda x: x.sum(axis=1, keepdims=True), "sum axis=1"),
        (lambda x: x.sum(), "sum"),
        (lambda x: x @ x, "@"),
        (lambda x: x**2, "**"),
        (lambda x: x.reshape(9), "reshape"),
        (lambda x: x[0, 1:], "[0, 1:]"),
        (lambda x: x[..., ::-1], "[..., ::-1]"),
        (lambda x: x[np.array([0, 2])], "[[0, 2]]"),
        (lambda x: x[np.arange(5) % 3], "[int64 (5,)]"),
        (lambda x: x.transpose((1, 0)), "transpose axes=(1, 0)"),
    ],
)
def test_ops_show_their_symbol_and_parameters(function, text):
    assert text in labels(function(Value(np.ones((3, 3)))))


def test_gradients_that_are_values_are_drawn_as_numbers():
    x = Value(3.0)
    (x * x).backward(create_graph=True)
    assert labels(x) == ["{value|data 3|grad 6}"]


def test_top_to_bottom_keeps_the_fields_of_a_number_side_by_side():
    assert labels(Value(1.0, label="x"), rankdir="TB") == ["x|data 1|grad –"]


HOSTILE = [
    '</script><img onerror="alert(1)">',
    "a{b}|c<d>\\e\\N",
    "&lt;&amp;x",
    "two\nlines\tand a tab",
    "\x00\x1b[31m\ud800",
    "x" * 500,
    "重み 🎉",
]


@needs_dot
@pytest.mark.parametrize("label", HOSTILE)
def test_graphviz_shows_a_hostile_label_as_it_is(label):
    source = draw(Value(1.0, label=label)).source
    run = subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True)
    assert run.stderr == b""
    text = [element.text for element in ElementTree.fromstring(run.stdout).iter("{http://www.w3.org/2000/svg}text")]
    shown = "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in label)
    shown = " ".join(shown.split())
    assert [shown if len(shown) <= 40 else shown[:39] + "…", "data 1", "grad –"] == [
        t.replace("\xa0", " ") for t in text
    ]
