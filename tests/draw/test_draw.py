"""``draw`` and what its drawings can do."""

import os
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from autograd_mini import JitError, Value, check_by_hand, explain, jit, microscope
from autograd_mini.draw import draw

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's program `dot` is not installed")


@pytest.mark.parametrize(
    ("thing", "said"), [(3.0, "not 3.0"), (None, "not a NoneType"), ([Value(1.0)], "not a list"), ("x", "not a str")]
)
def test_what_is_not_a_value_is_refused(thing, said):
    with pytest.raises(TypeError, match=f"draw: give the Value whose graph you want to see.*{said}"):
        draw(thing)


@pytest.mark.parametrize("rankdir", ["RL", "lr", "", None])
def test_an_unknown_direction_is_refused(rankdir):
    with pytest.raises(ValueError, match=r"'LR' .* or 'TB'"):
        draw(Value(1.0), rankdir=rankdir)


@pytest.mark.parametrize("max_boxes", [0, 1, -5, 2.5, "150", None])
def test_a_senseless_limit_is_refused(max_boxes):
    with pytest.raises(ValueError, match="max_boxes is a whole number of at least 2"):
        draw(Value(1.0), max_boxes=max_boxes)


@pytest.mark.parametrize("name", ["x.jpg", "x", "svg", "x.svg.bak"])
def test_an_unknown_ending_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.pdf or \.dot"):
        draw(Value(1.0)).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*nowhere'"):
        draw(Value(1.0)).save(tmp_path / "nowhere" / "x.svg")


@pytest.mark.parametrize("name", ["x.svg", "x.dot", "x.SVG"])
def test_svg_and_dot_are_saved_without_graphviz(karpathy, name, tmp_path, without_dot):
    drawing = draw(karpathy)
    path = drawing.save(str(tmp_path / name))
    assert path == tmp_path / name
    assert path.read_text("utf-8") == (drawing.source if name == "x.dot" else drawing.svg)


@pytest.mark.parametrize("name", ["x.png", "x.pdf"])
def test_png_and_pdf_say_how_to_get_graphviz(name, tmp_path, without_dot):
    path = tmp_path / name
    path.write_text("an older picture")
    with pytest.raises(RuntimeError, match=r"(?s)`dot`.*apt install.*brew install.*conda install.*\.svg"):
        draw(Value(1.0)).save(path)
    assert path.read_text() == "an older picture"


@needs_dot
@pytest.mark.parametrize(("name", "begin"), [("x.png", b"\x89PNG"), ("x.pdf", b"%PDF"), ("x.svg", b"<?xml")])
def test_graphviz_makes_the_picture_where_it_is(karpathy, name, begin, tmp_path):
    assert draw(karpathy).save(tmp_path / name).read_bytes().startswith(begin)


def test_a_notebook_shows_the_svg(karpathy, without_dot):
    bundle = draw(karpathy)._repr_mimebundle_(include=None, exclude=None)
    assert ElementTree.fromstring(bundle["image/svg+xml"]).tag.endswith("svg")
    assert bundle["text/plain"] == "<Drawing of 7 boxes and 3 ops; show it in a notebook, or .save('graph.svg')>"


def test_the_repr_counts_the_boxes_that_the_picture_counts():
    x = Value(0.5)
    for _ in range(300):
        x = x.tanh().sin()
    drawing = draw(x, max_boxes=40)
    (boxes,) = re.findall(r"shown as (\d+) boxes", drawing.source)
    assert repr(drawing).startswith(f"<Drawing of {boxes} boxes and ")


def test_what_a_jitted_function_returned_has_no_picture():
    w = Value(2.0, label="w")
    step = jit(lambda x: (w * x).tanh())
    step(Value(3.0))
    loss = step(Value(3.0)) * 2
    for look in (draw, explain, microscope, lambda loss: check_by_hand(loss, {"w": 1})):
        with pytest.raises(JitError, match="has no graph inside, only its program"):
            look(loss)


def test_drawing_changes_no_gradient_and_no_data(karpathy):
    karpathy.backward()
    before = [(value.data, value.grad) for value in (karpathy, *karpathy.inputs)]
    draw(karpathy)
    assert before == [(value.data, value.grad) for value in (karpathy, *karpathy.inputs)]


def test_the_same_graph_gives_the_same_bytes_in_any_process(tmp_path):
    script = """if True:
        import os, random
        from autograd_mini import Value
        from autograd_mini.draw import draw
        rng = random.Random(0)
        ws = [Value(rng.random(), label=f"w{i}") for i in range(12)]
        x = Value(0.5, label="x")
        for _ in range(3):
            x = sum((w * x for w in ws), x).tanh()
        x.backward()
        os.environ["PATH"] = ""
        for most in (150, 30, 10):
            drawing = draw(x, max_boxes=most)
            print(drawing.source, drawing.svg)
    """
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 10_000


def test_drawings_are_in_the_order_of_the_graph_not_of_memory():
    def build():
        x, y = Value(1.0, label="x"), Value(2.0, label="y")
        return (x * y + x).tanh() - y

    assert draw(build()).source == draw(build()).source
