"""The microscope's page after a leaf was given another number, in a real browser."""

import numpy as np

import nn
from autograd_mini import Value
from autograd_mini.draw.microscope import microscope
from autograd_mini.graph import walk
from autograd_mini.ops import conv2d, max_pool2d
from autograd_mini.text import number
from tests.draw.at_the_page import STATE, assert_same_as_python, box, fill_and_set, press

pytest_plugins = ("tests.browser",)


def test_editing_a_leaf_recomputes_every_value_and_gradient(open_page, karpathy):
    page = open_page(microscope(karpathy).html)
    press(page, "End")
    fill_and_set(page, "b", "4.5")
    walk(karpathy).values[1].data = 4.5
    assert_same_as_python(page, karpathy)
    assert box(page, "L").locator("text.data").text_content() == f"data {number((2 * 4.5 + 10) * -2)}"
    page.get_by_role("button", name="As it was").click()
    walk(karpathy).values[1].data = -3.0
    assert_same_as_python(page, karpathy)


def test_editing_an_element_of_an_array_recomputes_every_value_and_gradient(open_page, mlp):
    page = open_page(microscope(mlp).html)
    press(page, "End")
    for name, index in [("p0", (1, 1)), ("p3", (2,)), ("points", (4, 0))]:
        fill_and_set(page, name, "-0.75", ", ".join(map(str, index)))
        leaf = next(value for value in walk(mlp).values if value.label == name)
        leaf.data[index] = -0.75
        assert_same_as_python(page, mlp)


def test_editing_the_kernel_of_a_small_cnn_recomputes_every_value_and_gradient(open_page):
    rng = np.random.default_rng(1)
    images = Value(rng.normal(size=(2, 1, 6, 6)), label="images", requires_grad=False)
    kernel = Value(rng.normal(size=(2, 1, 3, 3)), label="kernel")
    weight = Value(rng.normal(size=(8, 3)), label="weight")
    pooled = max_pool2d(conv2d(images, kernel).relu(), 2)
    loss = nn.cross_entropy(pooled.reshape(2, 8) @ weight, np.array([0, 2]))
    page = open_page(microscope(loss).html)
    press(page, "End")
    for leaf, index in [(kernel, (1, 0, 2, 1)), (weight, (5, 2)), (images, (1, 0, 3, 4))]:
        fill_and_set(page, leaf.label, "-0.75", ", ".join(map(str, index)))
        leaf.data[index] = -0.75
        assert_same_as_python(page, loss)


def test_a_senseless_edit_is_refused_with_a_sentence(open_page, mlp):
    page = open_page(microscope(mlp).html)
    before = page.evaluate(STATE)
    fill_and_set(page, "p0", "much", "0, 0")
    assert page.locator(".edit .problem").inner_text() == "much is no number."
    fill_and_set(page, "p0", "1", "7, 0")
    assert page.locator(".edit .problem").inner_text() == "There is no element [7, 0] in shape (4×2)."
    assert page.evaluate(STATE) == before


def test_until_a_leaf_is_changed_the_numbers_are_pythons_to_the_last_digit(open_page):
    rng = np.random.default_rng(0)
    x, query, key = (Value(rng.normal(size=shape), label=f"x{i}") for i, shape in enumerate([(5, 8), (8, 4), (8, 4)]))
    loss = ((x @ query) @ (x @ key).T).softmax(axis=-1)[0, 0]  # less its largest, which is a constant: exactly 0
    page = open_page(microscope(loss).html)
    numbers = "scene.data.map(({ data }) => data)"
    before = [np.ravel(value.data).tolist() for value in walk(loss).values]
    assert page.evaluate(numbers) == before
    fill_and_set(page, "x1", "0.5", "0, 0")
    assert page.evaluate(numbers) != before
    page.get_by_role("button", name="As it was").click()
    assert page.evaluate(numbers) == before


def test_after_an_edit_it_is_said_which_decisions_of_python_were_kept(open_page):
    x = Value([[1.0, 5.0], [3.0, 4.0]], label="x")
    order = np.sort(x, axis=1)
    chosen = np.where(x.data[0, 0] > 0, order[0, 0], 2.0 * x[0, 0])
    masked = x * Value(x.data > 2, requires_grad=False, label="mask")
    order.label, chosen.label = "order", "chosen"
    page = open_page(microscope(chosen + masked.sum()).html)
    assert not page.locator("#changes").is_visible()
    fill_and_set(page, "x", "9")
    assert page.locator("#changes").inner_text() == (
        "Changed: x. Kept as Python had it: which elements are picked by order; the condition of chosen; the constants "
        "mask. If any of this came from the old numbers, what follows is not what Python would compute."
    )
    page.get_by_role("button", name="As it was").click()
    assert not page.locator("#changes").is_visible()


def test_inputs_are_counted_and_not_named_among_the_constants_that_were_kept(open_page):
    rng = np.random.default_rng(0)
    points = Value(rng.normal(size=(4, 3)), label="points", requires_grad=False)
    scale = Value(rng.normal(size=(4, 3)), label="scale", requires_grad=False)
    w, v = (Value(rng.normal(size=shape), label=name) for name, shape in [("w", (3, 2)), ("v", (2,))])
    hidden = (points * scale) @ w
    shift = Value(hidden.data.max(axis=1, keepdims=True), label="shift", requires_grad=False)
    page = open_page(microscope(((hidden - shift).exp() @ v + scale @ w @ v).sum()).html)
    reason = "came from the old numbers, what follows is not what Python would compute."
    fill_and_set(page, "v", "9", "0")
    assert page.locator("#changes").inner_text() == (
        f"Changed: v. Kept as Python had it: 3 constants that look like inputs. If any of this {reason}"
    )
    fill_and_set(page, "w", "9", "0, 0")
    assert page.locator("#changes").inner_text() == (
        "Changed: v, w. Kept as Python had it: the constants shift; 2 constants that look like inputs. "
        f"If any of this {reason}"
    )


def test_where_all_is_computed_anew_only_the_change_is_said(open_page, karpathy):
    page = open_page(microscope(karpathy * walk(karpathy).values[0].reshape((1,))[0]).html)
    fill_and_set(page, "b", "9")
    assert page.locator("#changes").inner_text() == "Changed: b."
