"""Large graphs: fewer boxes, and what they say."""

import time

import numpy as np
import pytest

from autograd_mini import Value
from autograd_mini.draw import draw
from autograd_mini.draw.collapse import collapse
from autograd_mini.graph import walk


def texts(value, **options):
    """The fields of each box, in order."""
    return [box.fields for box in draw(value, **options)._picture.boxes]


def note(value, **options):
    return draw(value, **options)._picture.note


def test_a_graph_that_fits_is_not_collapsed():
    x = Value(1.0)

    def chain(ops):
        return x if ops == 0 else chain(ops - 1).tanh()

    fits = sum([chain(29) for _ in range(4)], chain(29))
    assert len(walk(fits).values) == 150
    assert note(fits) == ""
    assert note(fits.tanh()) == "151 values shown as 4 boxes, alike ones together"


def test_more_than_40_ops_in_a_row_are_collapsed_unless_there_may_be_more_boxes():
    x = Value(1.0)
    for _ in range(40):
        x = x.tanh()
    assert note(x) == ""
    x = x.tanh()
    assert note(x) == "42 values shown as 2 boxes, alike ones together"
    assert note(x, max_boxes=4 * 41) == ""


def test_the_note_is_in_the_picture(without_dot):
    x = Value(1.0)
    for _ in range(200):
        x = x.tanh()
    assert "201 values shown as 2 boxes" in draw(x).source
    assert "201 values shown as 2 boxes" in draw(x).svg


def test_a_run_of_one_op_is_one_box():
    x = Value(0.0, label="x")
    y = x
    for _ in range(10):
        y = y.tanh()
    y.backward()
    assert texts(y, max_boxes=5) == [("x", "data 0", "grad 1"), ("tanh × 10",), ("value", "data 0", "grad 1")]


def test_the_products_and_sums_of_a_neuron_are_a_box_each():
    weights = [Value(float(i), label=f"w{i}") for i in range(20)]
    inputs = [Value(2.0, label=f"x{i}", requires_grad=False) for i in range(20)]
    out = sum((w * x for w, x in zip(weights, inputs, strict=True)), Value(5.0, label="b")).tanh()
    out.backward(1.0)
    expected = [
        ("b", "data 5", "grad 0"),
        ("w*", "× 20", "data 0 … 19", "grad 0"),
        ("x*", "× 20", "data 2"),
        ("*",),
        ("× 20", "data 0 … 38", "grad 0"),
        ("+ × 20",),
        ("v80", "data 385", "grad 0"),
        ("tanh",),
        ("value", "data 1", "grad 1"),
    ]
    assert sorted(expected) == sorted(texts(out, max_boxes=40))


def test_weights_of_different_layers_have_boxes_of_their_own(scalar_mlp):
    leaves = [box for box in draw(scalar_mlp([2, 8, 8, 1], samples=5))._picture.boxes if box.kind == "leaf"]
    counts = sorted(next((int(field[2:]) for field in box.fields if field[0] == "×"), 1) for box in leaves)
    assert counts == sorted([2 * 5, 2 * 8, 8, 8 * 8, 8, 8 * 1, 1])  # inputs, and weights and biases of three layers


def test_the_width_of_a_network_does_not_change_its_picture(scalar_mlp):
    narrow, wide = (draw(scalar_mlp([2, n, n, 1], samples=6))._picture for n in (8, 16))
    assert [box.kind for box in narrow.boxes] == [box.kind for box in wide.boxes]
    assert narrow.edges == wide.edges


def test_every_value_is_counted_once(scalar_mlp):
    def steps():
        x, w, h = Value(1.0), Value(2.0), Value(3.0)
        for _ in range(200):
            h = (h * w + x).sin()
        return h

    for value in (scalar_mlp([2, 8, 8, 1], samples=3), steps()):
        graph = walk(value)
        groups = collapse(graph, 50)
        assert sum(group.size for group in groups) == len(graph.values)
        assert len(groups) <= 50


def test_groups_come_after_their_operands():
    x, w, h = Value(1.0), Value(2.0), Value(3.0)
    for _ in range(200):
        h = (h * w + x).sin()
    for most in (10, 50, 100, 400):
        groups = collapse(walk(h), most)
        assert all(j < i for i, group in enumerate(groups) for j in group.operands)


def test_what_does_not_repeat_is_cut_off_far_from_the_root():
    x = Value(1.0, label="x")
    for i in range(500):
        x = (x * 0.9).sin()
        x.label = f"s{i}"
    shown = texts(x, max_boxes=20)
    assert shown[-1][0] == "s499"
    assert len([fields for fields in shown if fields[-1].startswith("grad")]) <= 10
    stubs = [fields[0] for fields in shown if fields[0].startswith("…")]
    assert stubs == ["… 1,491 more values"]  # 1,501 values, of which 10 are shown
    assert note(x, max_boxes=20) == "1,501 values shown as 11 boxes, cut off far from the root"


def test_a_leaf_that_is_used_again_behind_a_stub_has_an_edge_to_it():
    w = Value(0.5, label="w")
    h = Value(1.0)
    for _ in range(300):
        h = (h * w).tanh()
    picture = draw(h, max_boxes=20)._picture
    names = [box.fields[0] for box in picture.boxes]
    stub = next(i for i, name in enumerate(names) if name.startswith("…"))
    assert (names.index("w"), stub) in picture.edges


@pytest.fixture
def recurrent():
    """A function: the loss of a recurrent network of so many steps, written out, and its first and its last state."""

    def build(steps):
        rng = np.random.default_rng(0)
        w, u = Value(rng.normal(size=(3, 3)), label="w"), Value(rng.normal(size=(2, 3)), label="u")
        states = [Value(np.zeros(3), label="h0")]
        for step in range(steps):
            x = Value(rng.normal(size=2), requires_grad=False, label=f"x{step + 1}")
            states.append(np.tanh(x @ u + states[-1] @ w))
            states[-1].label = f"h{step + 1}"
        return (states[-1] ** 2).sum(), states

    return build


@pytest.mark.parametrize("steps", [20, 2_000])
def test_of_a_recurrent_network_the_first_and_the_last_steps_are_shown(recurrent, steps):
    loss, _ = recurrent(steps)
    picture = draw(loss)._picture
    names = [box.fields[0] for box in picture.boxes]
    states = [name for name in names if name.startswith("h")]
    assert states == ["h0", "h1", "h2", "h3", *[f"h{steps - i}" for i in (2, 1, 0)]]
    (stub,) = [i for i, name in enumerate(names) if name.startswith("…")]
    assert {"w", "u"} <= {names[source] for source, target in picture.edges if target == stub}
    shown = sum(box.kind != "op" for box in picture.boxes)
    assert picture.note == f"{len(walk(loss).values):,} values shown as {shown} boxes, the middle left out"


def test_every_step_is_shown_where_there_may_be_more_boxes(recurrent):
    loss, _ = recurrent(20)
    assert note(loss, max_boxes=300) == ""
    assert len(texts(loss, max_boxes=300)) > 150


@pytest.mark.parametrize("all_states", [False, True])
def test_what_is_left_out_in_the_middle_makes_no_circle_and_is_counted_once(recurrent, all_states):
    loss, states = recurrent(30)
    graph = walk(np.stack(states).sum() if all_states else loss)
    groups = collapse(graph, 150, 40)
    assert all(j < i for i, group in enumerate(groups) for j in group.operands)
    assert sum(group.size for group in groups) == len(graph.values)
    assert len({i for group in groups for i in group.values}) == sum(len(group.values) for group in groups)


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_keep_to_both_limits_and_count_every_value_once(seed):
    random = np.random.default_rng(seed)
    leaves = [Value(1.0) for _ in range(random.integers(1, 8))]
    values, span = list(leaves), random.choice([1, 2, 4, 30])
    for _ in range(random.choice([60, 150, 400])):
        a, b = (pool[random.integers(len(pool))] for pool in (values[-span:], values[-span:] + leaves))
        values.append([a + b, a * b, a - b, a.tanh(), a.sin()][random.integers(5)])
    graph = walk(values[-1])
    for most, longest in ((150, 40), (150, 8), (20, 10), (2, 40)):
        groups = collapse(graph, most, longest)
        assert len(groups) <= most
        assert sum(group.size for group in groups) == len(graph.values)
        assert {j for group in groups for j in group.operands} == set(range(len(groups) - 1))
        depth = []
        for group in groups:
            depth.append(max([depth[j] + 1 for j in group.operands], default=0))
        assert depth[-1] <= longest


def test_an_op_that_uses_a_hidden_value_many_times_has_one_edge_from_the_stub(recurrent):
    _, states = recurrent(30)
    picture = draw(np.stack(states))._picture
    stubs = {i for i, box in enumerate(picture.boxes) if box.kind == "more"}
    stack = next(i for i, box in enumerate(picture.boxes) if box.fields[0].startswith("stack"))
    assert len([source for source, target in picture.edges if target == stack and source in stubs]) == 1


def test_both_edges_of_a_square_are_drawn_where_the_middle_is_left_out(recurrent):
    loss, _ = recurrent(20)
    picture = draw(loss * loss)._picture
    assert picture.note.endswith("the middle left out")
    product = max(i for i, box in enumerate(picture.boxes) if box.kind == "op")
    assert len([target for _, target in picture.edges if target == product]) == 2


def test_a_sum_over_very_many_different_things_stays_within_the_limit():
    total = Value(0.0)
    for i in range(120):
        x = Value(1.0)
        for bit in range(7):
            x = x.sin() if i >> bit & 1 else x.exp()
        total = total + x
    assert len(collapse(walk(total), 150)) <= 150


def test_tensors_of_different_shapes_do_not_share_a_box():
    parts = [Value(np.ones(n)).sum() for n in (2, 3) for _ in range(20)]
    shown = texts(sum(parts), max_boxes=20)
    assert ("× 20", "(2,) float64", "data 1", "grad –") in shown
    assert ("× 20", "(3,) float64", "data 1", "grad –") in shown


@pytest.mark.parametrize("two_ops", [False, True])
def test_a_million_values_are_drawn(two_ops, without_dot):
    x = Value(1.0, label="x")
    y = x
    for _ in range(500_000):
        y = (y * x).tanh() if two_ops else y.tanh().tanh()
    start = time.process_time()
    drawing = draw(y)
    svg = drawing.svg
    assert time.process_time() - start < 60  # a few seconds; a walk that is not linear takes hours
    assert f"1,000,001 values shown as {23 if two_ops else 2} boxes" in svg
