"""What is seen of the microscope's page: nothing that matters is covered, out of sight, or too small to be read."""

import numpy as np
import pytest

import nn
from autograd_mini import Value, relu
from autograd_mini.draw import microscope as module
from autograd_mini.draw.microscope import microscope
from autograd_mini.graph import walk
from autograd_mini.text import number
from tests.draw.at_the_page import box, find, give, press, step_card

pytest_plugins = ("tests.browser",)

PHONE = {"width": 400, "height": 800}


@pytest.fixture
def neuron():
    """The neuron of micrograd's lecture: four leaves stand one below the other."""
    x1, x2, w1, w2, b = (Value(x, label=name) for x, name in [(2, "x1"), (0, "x2"), (-3, "w1"), (1, "w2"), (6.88, "b")])
    out = (x1 * w1 + x2 * w2 + b).tanh()
    out.label = "o"
    return out


@pytest.fixture
def long_chain():
    value = Value(0.5, label="x")
    for i in range(60):
        value = value.sin() if i % 2 else value * 1.1
    return value


def badge(page, name):
    return box(page, name).locator(".badge").text_content()


def is_inside(inner, outer):
    """True if a place on the screen lies within another, to half a pixel."""
    return (
        inner["x"] >= outer["x"] - 0.5
        and inner["y"] >= outer["y"] - 0.5
        and inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 0.5
        and inner["y"] + inner["height"] <= outer["y"] + outer["height"] + 0.5
    )


def in_sight(page, selector, part="#panel"):
    return is_inside(page.locator(selector).bounding_box(), page.locator(part).bounding_box())


# ------------------------------------------------------------ badges and plates


def test_a_relu_is_dead_only_if_it_is_0_for_every_sample_of_a_batch(open_page):
    x = Value([[-1.0, 2.0, -3.0], [-2.0, -1.0, -1.0]], label="x")
    some, one, row, none = relu(x), relu(x[0, 0]), relu(x[0]), relu(x[:0])
    every = relu(x - 9.0)
    for value, label in zip((some, every, one, row, none), ("some", "every", "one", "row", "none"), strict=True):
        value.label = label
    page = open_page(microscope(some.sum() + every.sum() + one + row.sum() + none.sum()).html)
    press(page, "End")
    badges = {name: badge(page, name) for name in ("some", "every", "one", "row", "none")}
    assert badges == {"some": "2 of 3 dead", "every": "dead relu", "one": "off", "row": "2 of 3 off", "none": ""}
    alarming = page.locator(".badge.alarm").all_text_contents()
    assert alarming == ["dead relu"]


def test_the_relus_in_a_collapsed_box_are_counted(open_page):
    rng = np.random.default_rng(0)
    x = [Value(1.0), Value(2.0), Value(-2.0)]
    for _ in range(2):  # two layers without modules, so that what is alike is one box
        x = [relu(sum(Value(rng.uniform(-1, 1)) * v for v in x)) for _ in range(8)]
    loss = sum(Value(rng.uniform(-1, 1)) * v for v in x)
    relus = [value.data for value in walk(loss).values if value.op and value.op.name == "relu"]
    page = open_page(microscope(loss).html)
    press(page, "End")
    said = [text for text in page.locator(".badge").all_text_contents() if text]
    assert said == [f"{layer.count(0.0)} of 8 off" for layer in (relus[:8], relus[8:])]


def test_a_badge_lies_in_its_box_beside_the_name_and_is_spoken(open_page, neuron):
    page = open_page(microscope(neuron).html)
    press(page, "End")
    give(page, "x1", "7")
    give(page, "b", f"{1 - np.tanh(0.88) ** 2:.4g}")
    for name, text, word in (("x1", "✗", "WRONG"), ("b", "✓", "ok")):
        assert badge(page, name) == text
        place = box(page, name).locator(".badge").bounding_box()
        assert is_inside(place, box(page, name).locator(".outline").bounding_box())
        assert box(page, name).locator("text.name").bounding_box()["x"] < place["x"]
        assert box(page, name).get_attribute("aria-label").endswith(f", {word}")


def test_a_long_name_gives_way_to_the_badge(open_page):
    x = Value(2.0, label="the_learning_rate_of_the_first_layer")
    loss = x * x
    loss.label = "L"
    page = open_page(microscope(loss).html)
    give(page, x.label, "7")
    name, mark = (box(page, x.label).locator(f"text.{part}").bounding_box() for part in ("name", "badge"))
    assert name["x"] + name["width"] < mark["x"]


def test_what_is_added_covers_no_other_box(open_page, neuron):
    page = open_page(microscope(neuron).html)
    covered = page.evaluate("""() => {
      const hits = [];
      for (let position = 0; position <= lastPosition; position++) {
        goTo(position);
        if (drawn.label.getAttribute("visibility") === "hidden") continue;
        const plate = drawn.label.getBoundingClientRect();
        for (const { group } of drawn.items) {
          if (group.classList.contains("target")) continue;
          const other = group.getBoundingClientRect();
          const apart = plate.right < other.left || other.right < plate.left ||
            plate.bottom < other.top || other.bottom < plate.top;
          if (!apart) hits.push(position);
        }
      }
      return hits;
    }""")
    assert covered == []


# ------------------------------------------------------------ the panel


@pytest.mark.parametrize("size", [(1280, 800), (400, 800)])
def test_what_is_said_of_an_answer_is_in_sight(size, open_page, neuron):
    page = open_page(microscope(neuron).html)
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    press(page, "End")
    find(page, "x1")
    page.fill("#hand", "abc")
    page.keyboard.press("Enter")
    assert in_sight(page, ".hand .problem")
    page.fill("#hand", "5")
    before = page.locator("#hand").bounding_box()
    page.keyboard.press("Enter")
    assert in_sight(page, ".hand .mark")
    assert page.locator("#hand").bounding_box()["x"] == before["x"]
    assert page.locator("#live").inner_text() == "Your do/dx1: WRONG."
    assert page.evaluate("document.activeElement.className") == "hand"
    press(page, "ArrowLeft")
    assert page.locator("#counter").inner_text() == "14 / 15"


def test_a_number_in_the_marks_stands_on_one_line(open_page):
    x = Value(1.065e-6, label="the_weight")
    loss = x * -2.345e-9
    loss.label = "the_loss_of_it_all"
    page = open_page(microscope(loss).html)
    page.set_viewport_size({"width": 1280, "height": 500})
    give(page, "the_weight", "-1.234e-11")
    heights = {cell.bounding_box()["height"] for cell in page.locator("#marks-card td.mono").all()}
    assert max(heights) < 32


def test_a_long_name_in_a_formula_is_not_broken_where_there_is_room(open_page):
    weight = Value(2.0, label="weight_of_layer_1_in")
    loss = (weight * 3.0).tanh()
    loss.label = "loss"
    page = open_page(microscope(loss).html)
    press(page, "End")
    name = page.locator("#step-card .lhs").first
    assert name.inner_text() == "dloss/dweight_of_layer_1_in"
    assert name.bounding_box()["height"] < 40


def test_on_a_phone_the_card_of_a_box_comes_into_sight(open_page, neuron):
    page = open_page(microscope(neuron).html)
    page.set_viewport_size(PHONE)
    press(page, "End")
    find(page, "x1")
    assert in_sight(page, "#value-card h2")


def test_the_legend_and_the_note_hide_nothing(open_page):
    nn.manual_seed(0)
    model = nn.MLP(2, [4] * 60)
    page = open_page(microscope((model(np.ones((3, 2))) ** 2).mean()).html)
    stage = page.locator("#stage").bounding_box()
    for part in ("#note", "#legend"):
        assert page.locator(part).bounding_box()["y"] >= stage["y"] + stage["height"]


# ------------------------------------------------------------ the size of the picture


@pytest.mark.parametrize("size", [(1280, 800), (400, 800)])
def test_a_long_graph_opens_at_its_first_step_and_can_be_read(size, open_page, long_chain):
    page = open_page(microscope(long_chain).html)
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    page.wait_for_timeout(60)
    assert page.evaluate("state.zoom.scale") >= 0.85
    assert in_sight(page, 'g.box[aria-label^="x,"] .outline', "#stage")
    press(page, "0")
    width = page.evaluate("""() => {
      const outline = document.querySelector(".box .outline");
      return parseFloat(getComputedStyle(outline).strokeWidth) * state.zoom.scale;
    }""")
    assert width > 0.7


def test_a_flat_graph_leaves_its_room_to_the_cards(open_page, long_chain, mlp):
    flat, tall = (open_page(microscope(loss).html) for loss in (long_chain, mlp))
    heights = [page.locator("#stage").bounding_box()["height"] for page in (flat, tall)]
    assert heights[0] < 330
    place = flat.locator("#world").bounding_box()
    stage = flat.locator("#stage").bounding_box()
    assert stage["y"] <= place["y"]
    assert place["y"] + place["height"] <= stage["y"] + stage["height"]
    assert heights[1] > 380


def test_a_long_and_high_graph_has_the_height_of_the_window(open_page):
    nn.manual_seed(0)
    model = nn.MLP(2, [4, 1])
    page = open_page(microscope(((model(np.ones((5, 2))) - 1.0) ** 2).mean()).html)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.wait_for_timeout(60)
    for name in ("layers.0.weight", "layers.0.bias", "layers.1.bias"):
        assert in_sight(page, f'g.box[aria-label^="{name},"] .outline', "#stage")
    assert page.evaluate("state.zoom.scale") >= 0.85


# ------------------------------------------------------------ nothing, nan, and a leaf alone


def test_an_empty_array_is_stepped_through_without_a_number(open_page):
    empty = Value(np.zeros((0, 3)), label="empty")
    page = open_page(microscope((empty * 2.0).sum() + Value(1.0)).html)
    press(page, "p")
    for _ in range(page.evaluate("lastPosition")):
        press(page, "ArrowRight")
        page.evaluate("reveal()")
        assert "NaN" not in step_card(page)
        assert "undefined" not in step_card(page)
    find(page, "empty")
    assert page.locator("#value-card form").count() == 0


def test_nan_has_its_colour_in_numbers_maps_and_the_legend(open_page):
    with np.errstate(invalid="ignore"):
        x = Value([[1.0, -2.0], [4.0, 9.0]], label="x").sqrt()
    x.label = "root"
    page = open_page(microscope((x * x).sum()).html)
    press(page, "End")
    find(page, "root")
    cell = page.locator("#value-card td.nan").first
    assert cell.inner_text() == "nan"
    assert cell.evaluate("(cell) => getComputedStyle(cell).backgroundColor") != "rgba(0, 0, 0, 0)"
    assert "nan" in page.locator("#legend").inner_text()


def test_of_a_lone_leaf_the_page_promises_no_more_than_there_is(open_page):
    page = open_page(microscope(Value(2.0, label="alone")).html)
    assert "what is computed" not in step_card(page)
    assert "compute the first value" not in step_card(page)


def test_a_wrong_guess_is_replaced_by_the_next(open_page, neuron):
    page = open_page(microscope(neuron).html)
    press(page, "p")
    press(page, "ArrowRight")
    page.keyboard.type("699")
    page.keyboard.press("Enter")
    page.keyboard.type("-6")
    assert page.locator("#guess").input_value() == "-6"


def test_no_number_at_all_is_asked_for_again(open_page, neuron):
    page = open_page(microscope(neuron).html)
    find(page, "x1")
    page.fill("#edit", " ")
    page.locator("#edit").press("Enter")
    assert page.locator(".edit .problem").inner_text() == "Write a number, such as -0.0027."


def test_escape_forgets_what_was_not_found(open_page, neuron):
    page = open_page(microscope(neuron).html)
    press(page, "/")
    page.keyboard.type("zzz")
    page.keyboard.press("Enter")
    assert page.locator("#search.nothing").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("#search.nothing").count() == 0
    assert page.locator("#search").input_value() == ""


def test_where_nothing_can_be_collapsed_the_key_says_so(open_page, neuron, scalar_mlp, monkeypatch):
    page = open_page(microscope(neuron).html)
    press(page, "c")
    assert page.locator("#note").inner_text() == "Every value has its box: there is nothing to collapse."
    monkeypatch.setattr(module, "MAX_ALONE", 200)
    page = open_page(microscope(scalar_mlp([3, 8, 8, 1])).html)
    press(page, "c")
    assert page.locator("#note").inner_text().endswith(" boxes: too many for a box each.")


def test_numbers_are_rounded_as_python_rounds_them(open_page, neuron):
    rng = np.random.default_rng(0)
    halves = [1.0625, -1.0625, 1.1875, 10.125, 12.375, 1000.5, 1001.5, 9999.5, 99995.0, 0.000762939453125]
    eighths = (rng.integers(-(10**6), 10**6, 500) / 8).tolist()
    others = (rng.normal(size=200) * 10.0 ** rng.integers(-9, 9, 200)).tolist()
    numbers = [*halves, *eighths, *others]
    page = open_page(microscope(neuron).html)
    assert page.evaluate("(numbers) => numbers.map(shortNumber)", numbers) == [number(x) for x in numbers]


def test_help_opens_at_its_beginning_on_a_phone(open_page, neuron):
    page = open_page(microscope(neuron).html)
    page.set_viewport_size(PHONE)
    press(page, "?")
    assert page.locator("#help-title").bounding_box()["y"] >= page.locator("#help").bounding_box()["y"]
    press(page, "Escape")
    assert not page.locator("#help").is_visible()


def test_a_long_name_of_a_gradient_is_broken_on_a_phone(open_page):
    long = Value(2.0, label="a_long_label_without_any_space_to_break_it_at")
    page = open_page(microscope(long * long).html)
    page.set_viewport_size(PHONE)
    find(page, long.label)
    for name in page.locator(".row .name").all():
        place = name.bounding_box()
        assert place["x"] + place["width"] <= PHONE["width"]
