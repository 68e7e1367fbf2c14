"""The page computes what Python computes: each op's twin in JavaScript, and each derivative as a tree of them."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_mini import Value
from autograd_mini.backward import contributions, one_like
from autograd_mini.compiler.rows import AFTER, COPIED, GATHER, PACK, SCATTER
from autograd_mini.draw.microscope import microscope
from autograd_mini.draw.microscope_record import record_of, twins
from autograd_mini.graph import names_of, walk
from autograd_mini.ops.operation import TABLE, Pointwise

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))
from compare import TOLERANCE, coarsest
from gallery import SAMPLES

pytest_plugins = ("tests.browser",)

# As text, since Playwright would look at each number on its way; JSON has no word for nan and inf, float() has.
REPLAY = """(texts) => texts.map((text) => {
  const decoded = decodedRecord(JSON.parse(text));
  const leaves = decoded.values.flatMap(({ kind, data }, i) => (kind === "value" ? [] : [[i, data]]));
  const data = forwardPass(decoded, new Map(leaves)); // as if all were changed, so that all is computed
  const { gradients, steps } = backwardPass(decoded, data);
  const locals = decoded.steps.map((step) => localOf(decoded, data, step)?.data ?? null);
  const amounts = steps.map((step) => step.amount);
  const result = { data, gradients: data.map((_, i) => gradients.get(i) ?? null), amounts, locals };
  return JSON.stringify(result, (_, part) => Number.isFinite(part) || typeof part !== "number" ? part : String(part));
})"""
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e-300, -1e300, float("inf"), float("-inf"), float("nan")]


@pytest.fixture(scope="module")
def page(browser):
    """A page whose functions are there to be called."""
    page = browser.new_page()
    page.set_content(microscope(Value(1.0) * 2.0).html)
    return page


@pytest.fixture(scope="module")
def replay(page):
    """A function: what the page makes of records, each as it stands in a page."""
    return lambda records: [json.loads(text) for text in page.evaluate(REPLAY, [json.dumps(each) for each in records])]


def recorded(graph):
    """What a page knows of a graph."""
    loss = graph.values[-1]
    return record_of(graph, names_of(graph), contributions(loss, one_like(loss.data))[0])


def assert_same(theirs, ours, dtype, what):
    assert tuple(theirs["shape"]) == np.shape(ours), what
    actual = np.array(theirs["data"], float).reshape(theirs["shape"])
    np.testing.assert_allclose(actual, np.asarray(ours, float), err_msg=what, **TOLERANCE[dtype])


def assert_replayed(graph, result):
    """Every value, gradient, contribution and local derivative is Python's."""
    loss = graph.values[-1]
    steps, grads = contributions(loss, 1.0 if isinstance(loss.data, float) else np.ones_like(loss.data))
    dtype = coarsest(*[value.data for value in graph.values if value.dtype.kind == "f"])
    for i, value in enumerate(graph.values):
        assert_same(result["data"][i], value.data, dtype, f"value {i}: {value.op}")
        if value in grads:
            assert_same(result["gradients"][i], grads[value], dtype, f"the gradient of value {i}: {value.op}")
    for step, amount, local in zip(steps, result["amounts"], result["locals"], strict=True):
        assert_same(amount, step.amount, dtype, f"what {step.consumer.op} adds to its operand {step.operand_index}")
        if step.consumer.op.name in twins():
            assert (local is None) == (step.local is None)


# Of these the page shows the numbers that Python computed, and no leaf can be changed.
WITHOUT_A_TWIN = {
    # SciPy's series
    *("digamma", "erfinv", "lgamma", "polygamma"),
    # the signs of the vectors are LAPACK's, and the derivatives of what is found with the vectors ask for them
    *("eigh.eigenvectors", "eigvalsh", "svd.U", "svd.Vh", "svdvals", "pinv"),
    # rows of jitted functions, which stand in no graph of Values
    *("getitem_at", "scatter_add_at", AFTER.name, COPIED.name, PACK.name, GATHER.name, SCATTER.name),
}


def test_the_page_has_a_twin_of_every_row_but_these(page):
    assert set(TABLE) - set(page.evaluate("Object.keys(FORWARD)")) == WITHOUT_A_TWIN


def test_python_knows_which_twins_there_are(page):
    assert twins() == set(page.evaluate("Object.keys(FORWARD)"))


@pytest.mark.parametrize("op", sorted({sample.op for sample in SAMPLES}))
def test_forward_and_backward_of_every_op_are_pythons(op, replay, rng):
    graphs = []
    for sample in SAMPLES:
        if sample.op != op:
            continue
        # The layout in memory does not reach the page
        kinds = {tuple((operand.shape, operand.dtype) for operand in kind): kind for kind in sample.kinds}
        for kind in list(kinds.values())[: None if op in TABLE else 3]:  # of a composition a few will do
            operands = [operand.draw(domain, rng) for operand, domain in zip(kind, sample.domains, strict=False)]
            z = sample.ours(*[Value(x) for x in operands])
            weights = np.asarray(rng.uniform(0.5, 1.5, z.shape), z.dtype)
            graphs.append(walk((z * (weights if z.shape else float(weights))).sum()))
    for graph, result in zip(graphs, replay(list(map(recorded, graphs))), strict=True):
        assert_replayed(graph, result)


@pytest.mark.parametrize(
    "op", sorted(name for name, row in TABLE.items() if isinstance(row, Pointwise) and name in twins())
)
def test_where_numbers_end_the_page_follows_ieee_as_python_does(op, page, rng):
    row = TABLE[op]
    arity = len(row.rules)
    operands = [rng.choice(SPECIAL, 200).tolist() for _ in range(arity)]
    if op == "where":
        operands[0] = [bool(x > 0) for x in operands[0]]
    actual = page.evaluate(
        "([op, operands]) => operands[0].map((_, i) => FORWARD[op](...operands.map((xs) => scalar(xs[i]))).data[0])",
        [op, operands],
    )
    expected = [row.at_the_limit(*each) for each in zip(*operands, strict=True)]
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-300)


def test_a_derivative_stands_in_the_op_table_and_nowhere_in_the_page(replay, planting):
    wrong = Pointwise("exp", np.exp, lambda g, z, x: g * 7.0, scalar=np.exp)
    x = Value(2.0)
    graph = walk(wrong(x))
    (result,) = replay([recorded(graph)])
    assert result["gradients"][0]["data"] == [7.0]
