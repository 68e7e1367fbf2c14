"""The SVG of our own layout: valid, nothing clipped, nothing on top of anything else."""

import math
import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

import nn
from autograd_mini import Value, softmax
from autograd_mini.draw import draw

WIDEST = 0.602 * 12  # of a character in the usual monospaced fonts, at the font size of the pictures


def tensors():
    x = Value(np.ones((8, 4)), requires_grad=False, label="x")
    w = Value(np.full((4, 3), 0.5), label="w")
    loss = softmax(x @ w + 1.0)[np.arange(8), 0].log().mean()
    loss.backward()
    return loss


def long_edges():
    x, h = Value(0.5, label="x"), Value(0.1, label="h")
    for _ in range(12):
        h = (h * x + x).tanh()
    return h


def hostile():
    return Value(1.0, label='</script><img onerror="alert(1)">&{}|\n\x00') * Value(2.0, label="重み 🎉")


def neurons(samples):
    model = nn.scalar.MLP(2, [16, 16, 1])
    return sum(model([Value(float(i)), Value(1.0)]) for i in range(samples))


GRAPHS = [
    "karpathy",
    "mlp",
    "mlp collapsed",
    "neurons",
    "neurons collapsed",
    "tensors",
    "long edges",
    "hostile",
    "leaf",
    "cut",
]


@pytest.fixture(params=GRAPHS)
def value(request, karpathy, scalar_mlp):
    def cut():
        x = Value(1.0)
        for _ in range(300):
            x = (x * 0.9).sin()
        return x

    graphs = {
        "karpathy": lambda: karpathy,
        "mlp": lambda: scalar_mlp([2, 4, 1]),
        "mlp collapsed": lambda: scalar_mlp([2, 8, 8, 1], samples=5),
        "neurons": lambda: neurons(1),
        "neurons collapsed": lambda: neurons(20),
        "tensors": tensors,
        "long edges": long_edges,
        "hostile": hostile,
        "leaf": lambda: Value(1.0, label="x"),
        "cut": cut,
    }
    return graphs[request.param]()


@pytest.fixture(params=["LR", "TB"])
def svg(request, value, without_dot):
    return ElementTree.fromstring(draw(value, rankdir=request.param).svg)


def tagged(element, tag):
    return element.iter(f"{{http://www.w3.org/2000/svg}}{tag}")


def outlines(svg):
    """Left, top, right and bottom of each box and ellipse, by name."""
    found = {}
    for group in tagged(svg, "g"):
        for rect in tagged(group, "rect"):
            x, y, width, height = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
            found[group.get("id")] = (x, y, x + width, y + height)
        for ellipse in tagged(group, "ellipse"):
            x, y, rx, ry = (float(ellipse.get(name)) for name in ("cx", "cy", "rx", "ry"))
            found[group.get("id")] = (x - rx, y - ry, x + rx, y + ry)
    return found


def test_no_two_boxes_touch(svg):
    for (a, b, c, d), (e, f, g, h) in combinations(outlines(svg).values(), 2):
        assert c < e or g < a or d < f or h < b


def test_everything_is_inside_the_picture(svg):
    width, height = float(svg.get("width")), float(svg.get("height"))
    for left, top, right, bottom in outlines(svg).values():
        assert left >= 0 < right <= width
        assert top >= 0 < bottom <= height
    for path in [*tagged(svg, "path"), *tagged(svg, "polygon")]:
        points = re.findall(r"(-?[\d.]+),(-?[\d.]+)", path.get("d") or path.get("points"))
        assert all(0 <= float(x) <= width and 0 <= float(y) <= height for x, y in points)


def test_every_text_fits_in_its_field(svg):
    for group in tagged(svg, "g"):
        left, top, right, bottom = outlines(svg)[group.get("id")]
        bars = [re.match(r"M([\d.]+),([\d.]+) ([hv])", path.get("d")).groups() for path in tagged(group, "path")]
        walls = sorted([left, right, *[float(x) for x, _, way in bars if way == "v"]])
        floors = sorted([top, bottom, *[float(y) for _, y, way in bars if way == "h"]])
        for text in tagged(group, "text"):
            x, y, half = float(text.get("x")), float(text.get("y")), WIDEST * len(text.text) / 2
            if group.find("{http://www.w3.org/2000/svg}ellipse") is not None:
                rx, ry = (right - left) / 2, (bottom - top) / 2
                assert (half / rx) ** 2 + (6 / ry) ** 2 <= 1
            else:
                assert any(a + 2 <= x - half and x + half <= b - 2 for a, b in pairwise(walls))
                assert any(a + 1 <= y - 10 and y + 3 <= b - 1 for a, b in pairwise(floors))


def test_every_edge_leaves_its_source_and_points_at_its_target(value, without_dot):
    drawing = draw(value)
    svg = ElementTree.fromstring(drawing.svg)
    boxes = outlines(svg)
    edges = re.findall(r"(\w+) -> (\w+)", drawing.source)
    lines = svg.findall("{http://www.w3.org/2000/svg}path")
    heads = list(tagged(svg, "polygon"))
    assert len(edges) == len(lines) == len(heads)
    for (source, target), line, head in zip(edges, lines, heads, strict=True):
        x, y = map(float, re.match(r"M([\d.]+),([\d.]+)", line.get("d")).groups())
        left, top, right, bottom = boxes[source]
        assert (right, (top + bottom) / 2) == pytest.approx((x, y), abs=0.11)
        x, y = map(float, head.get("points").split()[0].split(","))
        left, top, right, bottom = boxes[target]
        if target.endswith("_op"):
            rx, ry, cx, cy = (right - left) / 2, (bottom - top) / 2, (left + right) / 2, (top + bottom) / 2
            assert math.hypot((x - cx) / rx, (y - cy) / ry) == pytest.approx(1, abs=0.02)
            assert x < cx
        else:
            assert x == pytest.approx(left, abs=0.11)
            assert top < y < bottom


@pytest.mark.parametrize(("rankdir", "axis"), [("LR", 1), ("TB", 0)])
def test_arrows_into_an_op_that_tells_its_operands_apart_come_in_their_order(value, rankdir, axis, without_dot):
    drawing = draw(value, rankdir=rankdir)
    ends = {}
    heads = tagged(ElementTree.fromstring(drawing.svg), "polygon")
    for (_, target), head in zip(drawing._picture.edges, heads, strict=True):
        if drawing._picture.boxes[target].ordered:
            ends.setdefault(target, []).append(float(head.get("points").split()[0].split(",")[axis]))
    for places in ends.values():
        assert all(a < b for a, b in pairwise(places))


def test_no_edge_runs_through_a_box(value, without_dot):
    drawing = draw(value)
    svg = ElementTree.fromstring(drawing.svg)
    boxes = outlines(svg)
    edges = re.findall(r"(\w+) -> (\w+)", drawing.source)
    for (source, target), line in zip(edges, svg.findall("{http://www.w3.org/2000/svg}path"), strict=True):
        others = [box for name, box in boxes.items() if name not in (source, target)]
        for x, y in along(line.get("d")):
            assert not any(left < x < right and top < y < bottom for left, top, right, bottom in others)


def along(path):
    """Points every few pixels of a path of M, L and C."""
    here = None
    for letter, numbers in re.findall(r"([MLC])([^MLC]+)", path):
        points = [tuple(map(float, pair.split(","))) for pair in numbers.split()]
        if letter == "M":
            here = points[0]
        corners = [here, *points] if letter == "C" else [here, here, points[0], points[0]]
        for step in range(33):
            t = step / 32
            weights = [(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3]
            yield tuple(sum(w * p[axis] for w, p in zip(weights, corners, strict=True)) for axis in (0, 1))
        here = points[-1]


def test_a_box_says_label_data_and_grad(karpathy, without_dot):
    karpathy.backward()
    svg = ElementTree.fromstring(draw(karpathy).svg)
    said = {group.get("id"): [text.text for text in tagged(group, "text")] for group in tagged(svg, "g")}
    assert said["v0"] == ["a", "data 2", "grad 6"]
    assert said["v2_op"] == ["*"]
    titles = {group.get("id"): next(tagged(group, "title")).text for group in tagged(svg, "g")}
    assert titles["v0"] == "a\ndata 2.0\ngrad 6.0"
    assert titles["v2_op"] == "e = mul(a, b)"


def test_a_hostile_label_is_text_and_nothing_else(without_dot):
    text = draw(hostile()).svg
    assert "<img" not in text
    assert "</script" not in text
    labels = [t.text for t in tagged(ElementTree.fromstring(text), "text")]
    assert '</script><img onerror="alert(1)">&{}|' in labels[0]


def test_the_two_uses_of_one_value_are_two_arrows(without_dot):
    x = Value(3.0)
    svg = ElementTree.fromstring(draw(x * x).svg)
    ends = [head.get("points") for head in tagged(svg, "polygon")]
    assert len(set(ends)) == 3
