"""What the Values of a graph are called: no two the same, and as the user would call them."""

from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np

import nn
from autograd_mini import Value
from autograd_mini.graph import names_of, walk
from autograd_mini.ops.caller import user_variables
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


class Affine(nn.Module):
    """A module of the user's own, whose parameters have no labels unless somebody sets them."""

    def __init__(self):
        self.W, self.b, self.inner = nn.Parameter(np.ones((2, 3))), nn.Parameter(np.zeros(3)), nn.Linear(3, 1)

    def forward(self, x):
        return self.inner(x @ self.W + self.b)


def test_parameters_of_the_users_own_modules_are_called_by_their_paths():
    model = Affine()
    loss = model(np.ones((4, 2))).sum()
    named = dict(zip(walk(loss).values, names(loss, {id(model.W): "weights"}), strict=True))
    assert {named[parameter]: parameter for parameter in model.parameters()} == dict(model.named_parameters())


def test_a_label_of_the_users_own_comes_before_the_path_of_a_parameter():
    model = Affine()
    model.W.label = model.inner.weight.label = "mine"
    model.b.label = "shift"
    found = names(model(np.ones((4, 2))).sum())
    assert {"W", "inner.weight", "shift", "inner.bias"} <= set(found)  # a label that two have tells nothing


def test_a_parameter_that_two_modules_hold_is_called_as_the_first_in_the_graph_calls_it():
    one, other = Affine(), Affine()
    other.inner.weight = one.inner.weight
    first = names(one(np.ones((4, 2))).sum() * other(np.ones((4, 2))).sum())
    assert first.count("inner.weight") == 1
    assert len(set(first)) == len(first)


def test_an_array_is_called_by_the_callers_variable():
    x = np.ones(3)
    w = Value(2.0)
    assert "x" in names((w * x).sum(), {id(x): "x"})


def test_what_stands_in_a_list_a_dict_or_an_object_is_called_by_its_place():
    w, P, pair = [Value(1.0), Value(2.0)], {"w": Value(3.0), 7: Value(4.0)}, (Value(5.0), np.ones(2))
    n = SimpleNamespace(w=[Value(6.0)], b=Value(7.0), _hidden=Value(8.0))
    called = user_variables()
    expected = {"w[0]": w[0], "w[1]": w[1], "P['w']": P["w"], "P[7]": P[7], "pair[0]": pair[0], "pair[1]": pair[1]}
    assert {name: called[id(x)] for name, x in expected.items()} == {name: name for name in expected}
    assert (called[id(n.w[0])], called[id(n.b)], called.get(id(n._hidden))) == ("n.w[0]", "n.b", None)


def test_a_variable_comes_before_a_place_in_a_list_and_the_first_list_before_the_second():
    everything = [Value(1.0), Value(2.0)]
    chosen, again = everything[1], everything
    called = user_variables()
    assert (called[id(again[0])], called[id(chosen)]) == ("everything[0]", "chosen")


def test_an_object_that_answers_to_every_attribute_is_no_value_and_a_long_list_is_not_read_to_its_end():
    anything, long = Mock(), [Value(1.0)] * 2000 + [Value(2.0)]
    called = user_variables()
    assert id(anything) not in called
    assert called[id(long[0])] == "long[0]"
    assert id(long[-1]) not in called


def test_a_number_has_four_digits_and_no_minus_zero():
    assert [number(x) for x in (2.0, -0.0, 1 / 3, 1234567.0, float("nan"), True)] == [
        "2",
        "0",
        "0.3333",
        "1.235e+06",
        "nan",
        "True",
    ]
