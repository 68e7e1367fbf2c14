"""Labels and data of any kind are text for the browser: in the microscope's page and in the SVG, in real Chromium."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np

from autograd_mini import Value
from autograd_mini.draw import draw
from autograd_mini.draw.microscope import microscope
from autograd_mini.text import printable

pytest_plugins = ("tests.browser",)

PIECES = [
    *(
        "</script>",
        "<script>document.title=1</script>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "</title>",
        "</svg>",
        "</g>",
    ),
    *('"', "'", "`", "&", "&lt;", "&#60;", "&amp;", "\\", "\\u003c", "\\n", "{{data}}", "}}", "${1}", "%s", "⟨g:0⟩"),
    *("<img src=http://x.test/ onerror=document.title=1>", "<a href='javascript:document.title=1'>", "<b>", "=1+1"),
    *("\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "\udfff", "\0", "\x1b[31m", "\x7f", "\r\n"),
    *(
        "\t",
        " ",
        "重み",
        "🎉",
        "e\u0301",
        "שלום",
        "__proto__",
        "constructor",
        "toString",
        "x" * 5000,
        "url(http://x.test/)",
    ),
    *("@import 'http://x.test/'", "\uffff", "\ufffe", "｜", "|{}<>", "data:text/html,<script>", "0", "nan", "null"),
]
NUMBERS = [np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7e308, 1e-300, 2.0]


def labels(count: int) -> list[str]:
    """Each piece alone, then some of them joined at random."""
    rng = random.Random(0)
    joined = ["".join(rng.choices(PIECES, k=rng.randint(2, 5))) for _ in range(count - len(PIECES))]
    return [*PIECES, *joined]


def graph() -> Value:
    """A sum of products whose leaves have the labels, and numbers and arrays of every kind."""
    terms = []
    for i, label in enumerate(labels(120)):
        number = NUMBERS[i % len(NUMBERS)]
        data: Any = number if i % 3 else np.array([number, 1.0, -2.5])
        leaf = Value(data, label=label)
        terms.append((leaf * 1.5).sum())
    with np.errstate(all="ignore"):
        loss = sum(terms)
    loss.label = "</script><!--"
    return loss


ELEMENTS = """() => [...new Set([...document.querySelectorAll("*")].map((element) => element.tagName.toLowerCase()))]"""
SCRIPTS = "document.scripts.length"


def test_a_page_shows_any_label_as_text_and_asks_for_nothing(open_page: Any) -> None:
    loss = graph()
    plain = open_page(microscope(Value(1.0, label="x") * 2.0).html)
    page = open_page(microscope(loss).html)
    assert page.evaluate(SCRIPTS) == plain.evaluate(SCRIPTS)
    assert page.title().startswith("Microscope: </script>")
    names = page.evaluate("record.values.map((value) => value.name)")
    for label in labels(120):
        assert any(name.startswith(shown(label)[:60]) for name in names), ascii(label)
    page.evaluate("goTo(lastPosition)")
    for i in range(0, len(names), 7):
        page.evaluate("(i) => act.select(i)", i)
    foreign = {*page.evaluate(ELEMENTS)} - {*plain.evaluate(ELEMENTS)}
    assert not foreign & {"img", "a", "b", "iframe", "object", "link", "foreignobject", "image", "use"}
    assert page.title().startswith("Microscope: ")


def test_a_picture_shows_any_label_as_text_and_asks_for_nothing(open_page: Any, without_dot: None) -> None:
    svg = draw(graph())._repr_mimebundle_()["image/svg+xml"]
    page = open_page(f"<!DOCTYPE html><meta charset='utf-8'><title>t</title><body>{svg}")
    tags = {*page.evaluate("[...document.querySelectorAll('svg *')].map((element) => element.tagName)")}
    assert tags <= {"g", "title", "rect", "ellipse", "path", "polygon", "text"}
    wrong = page.evaluate(
        "(text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('parsererror')?.textContent",
        svg,
    )
    assert wrong is None
    assert page.title() == "t"


def test_the_data_of_a_page_is_json_that_a_strict_reader_takes() -> None:
    text = microscope(graph()).html
    data = text.split('type="application/json"', 1)[1].split(">", 1)[1].split("</script>", 1)[0]
    assert "<" not in data
    assert json.loads(data)["record"]


def shown(label: str) -> str:
    """How a label is written: without what no font can show."""
    return " ".join(printable(label).split())
