"""``microscope`` in Python: what it takes and refuses, and the page as a file. ``test_microscope_page.py`` opens it."""

import html
import json
import random
import re

import numpy as np
import pytest

import nn
from autograd_mini import Value
from autograd_mini.draw import microscope as module
from autograd_mini.draw.microscope import microscope
from autograd_mini.graph import walk


@pytest.fixture
def data_of():
    """A function: the JSON in a page."""
    return lambda page: json.loads(re.search(r'id="data">(.*?)</script>', page.html, re.DOTALL)[1])


@pytest.mark.parametrize("thing", [3.0, None, [Value(1.0)], "x"])
def test_what_is_not_a_value_is_refused_with_the_users_line(thing):
    with pytest.raises(
        TypeError, match=f"(?s)^microscope: give .*not a {type(thing).__name__}.*\n  at test_microscope"
    ):
        microscope(thing)


def test_a_loss_of_several_numbers_is_refused():
    with pytest.raises(
        ValueError, match=r"(?s)^microscope: .*shape \(3,\).*only a single number.*sum\(\).*\n  at test_"
    ):
        microscope(Value([1.0, 2.0, 3.0]))


def test_a_loss_without_gradients_is_refused():
    with pytest.raises(ValueError, match=r"(?s)^microscope: .*requires a gradient.*\n  at test_"):
        microscope(Value(1.0, requires_grad=False) * 2.0)


@pytest.mark.parametrize("name", ["x.svg", "x", "html", "x.html.bak"])
def test_another_ending_is_refused_and_nothing_is_written(name, karpathy, tmp_path):
    with pytest.raises(ValueError, match=r"(?s)^save: .*\.html, not .*\n  at test_"):
        microscope(karpathy, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(karpathy, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"(?s)^save: there is no folder '.*nowhere'.*Path.mkdir.*\n  at test_"):
        microscope(karpathy, tmp_path / "nowhere" / "x.html")


def test_a_graph_too_large_for_a_page_says_what_to_do():
    x = Value(1.0)
    for _ in range(module.MAX_VALUES):
        x = x + 1.0
    with pytest.raises(ValueError, match=r"microscope: the graph has 200,001 values .* fewer samples, or use draw\(\)"):
        microscope(x)
    with pytest.raises(ValueError, match=r"2 values with 4,000,001 numbers in all"):
        microscope(Value(np.zeros(module.MAX_ELEMENTS)).sum())


def test_the_page_is_saved_as_it_is_and_its_path_kept(karpathy, tmp_path):
    page = microscope(karpathy)
    assert page.path is None
    assert page.save(str(tmp_path / "a.HTML")) == page.path == tmp_path / "a.HTML"
    assert page.path.read_text("utf-8") == page.html
    assert microscope(karpathy, tmp_path / "b.html").path == tmp_path / "b.html"


def test_the_same_graph_gives_the_same_bytes(karpathy):
    assert microscope(karpathy).html == microscope(karpathy).html


def test_a_notebook_shows_the_page_in_a_frame_that_may_run_its_script_only(karpathy):
    page = microscope(karpathy)
    bundle = page._repr_mimebundle_(include=None, exclude=None)
    frame = re.fullmatch(
        r'<iframe sandbox="allow-scripts" .*? srcdoc="([^"]*)"></iframe>', bundle["text/html"], re.DOTALL
    )
    assert html.unescape(frame[1]) == page.html
    assert (
        bundle["text/plain"]
        == repr(page)
        == ("<Microscope of 7 values and 6 contributions; show it in a notebook, or .save('microscope.html')>")
    )


def test_the_graph_is_as_it_was_and_no_backward_is_needed(karpathy):
    microscope(karpathy)
    assert not any(value.has_grad for value in walk(karpathy).values)
    karpathy.backward()
    before = [(value.data, value.grad, value.label) for value in walk(karpathy).values]
    microscope(karpathy)
    assert [(value.data, value.grad, value.label) for value in walk(karpathy).values] == before


def test_the_picture_without_scripts_has_the_gradients_though_backward_was_not_called():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    picture = re.search("<noscript>(.*?)</noscript>", microscope(a * b).html, re.DOTALL)[1]
    assert re.findall(r">(grad [^<]*)</text>", picture) == ["grad -3", "grad 2", "grad 1"]


def test_the_page_states_its_encoding_and_forbids_itself_the_network(karpathy):
    page = microscope(karpathy).html
    assert page.index('<meta charset="utf-8">') < 300
    policy = re.search(r'Content-Security-Policy"\s+content="([^"]*)"', page)[1]
    assert policy == "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
    assert set(re.findall(r"https?://[\w./]+", page)) == {"http://www.w3.org/2000/svg"}  # a name, not an address


def test_no_label_ends_the_data(data_of):
    hostile = '</script><script>alert(1)</script><!-- {{data}} <img src=x onerror="alert(2)"> & \u2028 "\\'
    x = Value(2.0, label=hostile)
    page = microscope(x * x)
    assert data_of(page)["record"]["values"][0]["name"] == hostile.replace("\u2028 ", "")
    scripts = len(module._SCRIPTS) + 1
    assert page.html.count("</script>") == scripts
    assert page.html.count("<img") == 0


def test_variables_name_what_has_no_label(data_of):
    weight = Value(2.0)
    product = weight * weight
    loss = product + 1.0
    assert [value["name"] for value in data_of(microscope(loss))["record"]["values"]] == [
        "weight",
        "product",
        "1",
        "loss",
    ]


def test_values_say_which_module_they_were_computed_in(data_of):
    nn.manual_seed(0)
    model = nn.MLP(2, [3, 1])
    loss = model(np.ones((4, 2))).sum()
    values = data_of(microscope(loss))["record"]["values"]
    assert {value["scope"] for value in values if value["kind"] == "value"} == {"MLP › Linear", "MLP", ""}
    del model
    values = data_of(microscope(loss))["record"]["values"]  # the module is gone
    assert {value["scope"] for value in values if value["kind"] == "value"} == {"MLP › Linear", "MLP", ""}


def test_steps_of_one_kind_share_their_rule(scalar_mlp, data_of):
    record = data_of(microscope(scalar_mlp([3, 8, 8, 1], 2)))["record"]
    assert len(record["steps"]) > 700
    assert len(record["rules"]) < 12


def test_a_large_graph_has_both_views_and_a_huge_one_the_collapsed(scalar_mlp, monkeypatch, data_of):
    monkeypatch.setattr(module, "MAX_ALONE", 400)
    small, large, huge = (
        data_of(microscope(scalar_mlp(widths)))["views"] for widths in ([2, 2, 1], [2, 8, 8, 1], [3, 12, 12, 1])
    )
    assert [view["note"] for view in small] == [""]
    assert len(large) == 2
    assert "values in" in large[0]["note"]
    assert large[1]["note"] == ""
    assert len(huge) == 1


def test_a_graph_wired_across_many_layers_has_the_collapsed_view_only(monkeypatch, data_of):
    monkeypatch.setattr(module, "MAX_BOXES", 20)
    monkeypatch.setattr(module, "MAX_PASSES", 500)
    rng, values = random.Random(0), [Value(1.0)]
    for _ in range(60):
        values.append(rng.choice(values) * values[-1])
    assert len(data_of(microscope(values[30]))["views"]) == 2
    assert len(data_of(microscope(values[60]))["views"]) == 1


def test_every_value_of_a_collapsed_graph_has_a_box(scalar_mlp, data_of):
    page = microscope(scalar_mlp([3, 8, 8, 1], 4))
    collapsed = data_of(page)["views"][0]
    assert len(collapsed["item_of"]) == len(data_of(page)["record"]["values"])
    for item in map(collapsed["items"].__getitem__, collapsed["item_of"]):
        assert item["type"] in ("box", "more")


def test_the_first_operand_of_a_quotient_enters_above_the_second(data_of):
    a, b = Value(2.0), Value(-3.0)
    view = data_of(microscope(b / a - a / b))["views"][0]
    ordered = [i for i, item in enumerate(view["items"]) if item.get("text") in ("/", "-")]
    assert len(ordered) == 3
    for op in ordered:
        first, second = [edge for edge in view["edges"] if edge["to"] == op]
        assert (first["slot"], second["slot"]) == (0, 1)
        assert first["points"][-1][1] < second["points"][-1][1]


def test_boxes_stand_apart_and_within_the_picture(scalar_mlp, data_of):
    for view in data_of(microscope(scalar_mlp([2, 8, 8, 1])))["views"]:
        corners = [
            (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            for (x, y), (w, h) in ((item["center"], item["size"]) for item in view["items"])
        ]
        assert min(min(box) for box in corners) >= -1
        assert max(box[2] for box in corners) <= view["width"] + 1
        for i, (left, top, right, bottom) in enumerate(corners):
            for other in corners[i + 1 :]:
                assert right < other[0] or other[2] < left or bottom < other[1] or other[3] < top
