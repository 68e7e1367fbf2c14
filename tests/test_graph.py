"""What the Values of a graph are called: no two the same, and as the user would call them."""

import numpy as np

import nn
from autograd_mini import Value
from autograd_mini.graph import names_of, walk
from autograd_mini.text import number


def names(root, variables=None):
    return names_of(walk(root), variables)


def test_a_label_comes_before_a_variable_and_that_before_a_position():
    a, b = Value(2.0, label="a"), Value(3.0)
    product = a * b
    named = dict(zip(walk(product).values, names(product, {id(a): "other", id(b): "b"}), strict=True))
    assert named == {a: "a", b: "b", product: "v2"}


def test_a_label_that_looks_like_a_position_is_the_only_one_with_that_name():
    a = Value(2.0, label="a")
    b = a * 3
    c = b * a
    c.label = "v2"
    found = names(c * 2)
    assert len(set(found) - {"2", "3"}) == len([name for name in found if name not in ("2", "3")])


def test_of_two_with_one_label_the_second_gets_a_number():
    x, y = Value(1.0, label="w"), Value(2.0, label="w")
    assert names(x * y) == ["w", "w#2", "v2"]


def test_no_two_have_one_name_whatever_their_labels():
    labels = ["a", "a#2", "a", "v5", "v5", "a"]
    root = Value(1.0, label="root")
    for label in labels:
        root = root + Value(1.0, label=label)
    found = names(root, {id(root): "a#3"})
    assert found[1] == "a"
    assert {"a", "a#2", "v5"} < set(found)
    assert len(set(found)) == len(found)


def test_a_name_is_one_line_and_can_be_seen():
    x, y = Value(1.0, label="two\nlines\t\x00"), Value(2.0, label=" \n")
    assert names(x * y) == ["two lines �", "v1", "v2"]


def test_parameters_of_layers_are_called_by_their_paths():
    model = nn.MLP(2, [3, 1])
    found = names(model(np.ones((1, 2))).sum())
    expected = ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]
    assert [name for name in found if name.startswith("layers")] == expected


def test_one_layer_alone_keeps_its_short_names():
    found = names(nn.Linear(2, 1)(np.ones((1, 2))).sum())
    assert {"weight", "bias"} <= set(found)


def test_an_array_is_called_by_the_callers_variable():
    x = np.ones(3)
    w = Value(2.0)
    assert "x" in names((w * x).sum(), {id(x): "x"})


def test_a_number_has_four_digits_and_no_minus_zero():
    assert [number(x) for x in (2.0, -0.0, 1 / 3, 1234567.0, float("nan"), True)] == [
        "2",
        "0",
        "0.3333",
        "1.235e+06",
        "nan",
        "True",
    ]
