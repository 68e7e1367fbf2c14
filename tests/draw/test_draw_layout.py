"""The layered layout, on its own."""

import random
from itertools import pairwise

import pytest

from autograd_mini import Value
from autograd_mini.draw import layers
from autograd_mini.draw.layers import Layered, passes
from autograd_mini.draw.layout import layout
from autograd_mini.draw.picture import each_alone, picture
from autograd_mini.graph import names_of, walk


def plan(boxes, edges):
    return layout([(60.0, 28.0)] * boxes, edges)


def crossings(plan, edges):
    """Pairs of edges without a common end whose lines change sides, layer by layer."""
    total = 0
    gaps = [
        (edge, a[0], b[0], a[1], b[1])
        for edge, route in enumerate(plan.routes)
        for i, (a, b) in enumerate(pairwise(route))
        if i % 2
    ]
    for i, (e, x0, x1, y0, y1) in enumerate(gaps):
        for f, u0, u1, v0, v1 in gaps[:i]:
            if (x0, x1) == (u0, u1) and not set(edges[e]) & set(edges[f]):
                total += (y0 - v0) * (y1 - v1) < 0
    return total


def test_a_chain_is_a_straight_line():
    found = plan(5, [(0, 1), (1, 2), (2, 3), (3, 4)])
    assert len({y for _, y in found.centers}) == 1
    assert [x for x, _ in found.centers] == sorted(x for x, _ in found.centers)


def test_every_edge_goes_right():
    edges = [(0, 2), (1, 2), (0, 3), (2, 3), (3, 4), (0, 4)]
    found = plan(5, edges)
    for route in found.routes:
        assert all(a[0] <= b[0] for a, b in pairwise(route))


def test_a_long_edge_with_room_is_level():
    found = plan(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)])
    heights = [y for _, y in found.routes[4][2:-2]]
    assert max(heights) - min(heights) < 0.01


def test_a_tree_has_no_crossings():
    edges = [(child, child // 2) for child in range(2, 64)]
    turned = [(63 - a, 63 - b) for a, b in edges]  # sources first
    assert crossings(plan(63, turned), turned) == 0


def test_crossings_that_can_be_avoided_are():
    edges = [(0, 5), (1, 4), (2, 3), (3, 6), (4, 6), (5, 6)]
    assert crossings(plan(7, edges), edges) == 0


def test_operands_stand_in_their_order():
    found = plan(4, [(0, 3), (1, 3), (2, 3)])
    heights = [y for _, y in found.centers[:3]]
    assert heights == sorted(heights)


def test_operands_of_an_op_that_tells_them_apart_enter_in_their_order_wherever_they_stand():
    # Two differences of the same two: whichever stands on top, the arrows into one of them cross.
    edges = [(0, 2), (1, 2), (1, 3), (0, 3)]
    routes = layout([(60.0, 28.0)] * 4, edges, {2, 3}).routes
    ends = [route[-1][1] for route in routes]
    assert ends[0] < ends[1]
    assert ends[2] < ends[3]


def test_what_is_subtracted_stands_below_where_nothing_is_in_the_way():
    # (x / y) - z**2, with the power computed first
    edges = [(0, 1), (2, 4), (3, 4), (4, 5), (5, 6), (1, 6)]
    found = layout([(60.0, 28.0)] * 7, edges, {4, 6})
    assert found.centers[5][1] < found.centers[1][1]
    assert crossings(found, edges) == 0


@pytest.mark.parametrize(("widths", "most"), [([2, 2, 1], 1), ([2, 4, 1], 4), ([3, 4, 1], 10)])
def test_a_scalar_mlp_has_few_crossings(scalar_mlp, widths, most):
    graph = walk(scalar_mlp(widths))
    shown = picture(graph, each_alone(graph), names_of(graph))
    found = plan(len(shown.boxes), shown.edges)
    assert crossings(found, shown.edges) <= most


def test_boxes_that_are_not_connected_do_not_overlap():
    found = plan(3, [])
    assert len({y for _, y in found.centers}) == 3


def test_a_thousand_layers_need_no_recursion():
    x = Value(1.0)
    for _ in range(1000):
        x = x.tanh()
    graph = walk(x)
    shown = picture(graph, each_alone(graph), names_of(graph))
    assert len(plan(len(shown.boxes), shown.edges).centers) == 2001


def test_the_larger_a_tangle_the_sooner_it_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(layers, "MOST_VISITS", 5_000)
    sweeps = []
    count = Layered.crossings
    monkeypatch.setattr(Layered, "crossings", lambda graph: sweeps.append(graph) or count(graph))
    for boxes, least, most in ((20, 40, 50), (40, 10, 40), (150, 3, 3)):
        rng = random.Random(0)
        edges = [(source, box) for box in range(1, boxes) for source in (rng.randrange(box), box - 1)]
        sweeps.clear()
        found = plan(boxes, edges)
        assert least <= len(sweeps) <= most
        assert found == plan(boxes, edges)


def test_passes_are_the_places_of_an_edge_between_its_ends():
    assert passes(4, [(0, 1), (1, 2), (2, 3)]) == 0
    assert passes(4, [(0, 1), (1, 2), (2, 3), (0, 3), (0, 2)]) == 2
