"""What a person does at the microscope's page, and what is seen there: for the tests that open it in a browser."""

import numpy as np

from autograd_mini.backward import contributions
from autograd_mini.graph import walk

STATE = """() => ({
  data: scene.data,
  gradients: scene.data.map((_, i) => scene.run.gradients.get(i) ?? null),
})"""


def step_card(page):
    return page.locator("#step-card").inner_text()


def shown(page):
    """All that is drawn, and how; and what the card says."""
    drawn = page.evaluate(
        """() => [...document.querySelectorAll("#world path, #world rect, #world text")].map((each) => {
          const { stroke, strokeWidth, visibility, opacity } = getComputedStyle(each);
          return visibility === "hidden" ? null : [each.textContent, stroke, strokeWidth, opacity];
        })"""
    )
    return drawn, step_card(page)


def find(page, name):
    """Selects a value by its name."""
    press(page, "/")
    page.fill("#search", name)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")


def box(page, name):
    return page.locator(f'g.box[aria-label^="{name},"]')


def press(page, keys, times=1):
    for _ in range(times):
        page.keyboard.press(keys)


def ledger(page):
    """The rows of the ledger, as tuples of texts."""
    return [
        tuple(row.locator("td").all_inner_texts())
        for row in page.locator(".ledger tr").all()
        if row.locator("td").count()
    ]


def give(page, name, gradient):
    box(page, name).click()
    page.fill("#hand", gradient)
    page.keyboard.press("Enter")


def marks(page):
    """What is said of each gradient given."""
    rows = page.locator("#marks-card tr").all()
    return {row.locator("td").nth(0).inner_text(): row.locator("td").nth(1).inner_text() for row in rows[1:]}


def fill_and_set(page, name, text, index=None):
    find(page, name)
    if index is not None:
        page.fill(".edit .index", index)
    page.fill("#edit", text)
    page.keyboard.press("Enter")


def assert_same_as_python(page, loss):
    """All data and all gradients in the page are those of the graph computed anew from its leaves."""
    graph = walk(loss)
    for value in graph.values:
        if value.op is not None:
            value.data = value.op(*[operand.data for operand in value.inputs])
    grads = contributions(loss, 1.0)[1]
    state = page.evaluate(STATE)
    for i, value in enumerate(graph.values):
        np.testing.assert_allclose(state["data"][i]["data"], np.ravel(value.data), rtol=1e-12, atol=1e-15)
        if value in grads:
            np.testing.assert_allclose(state["gradients"][i]["data"], np.ravel(grads[value]), rtol=1e-12, atol=1e-15)
