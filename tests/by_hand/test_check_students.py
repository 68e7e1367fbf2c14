"""Thousands of students: who slipped once is blamed for just that, and who is right is never blamed."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from planting import DIGITS, derived_with_rounding, scalar_graph, tensor_graph, with_a_slip, write

from autograd_mini.backward import contributions
from autograd_mini.by_hand.check import check_by_hand
from autograd_mini.by_hand.slip import Use
from autograd_mini.by_hand.slips import slips

STUDENTS = 1000  # of scalars, and as many of tensors
SEED = 1


@pytest.fixture(scope="module")
def slipped():
    """The marked work of students with one slip each: graph, loss, node, kind of slip, and the report."""
    marked = []
    for graph in (scalar_graph, tensor_graph):
        rng = np.random.default_rng(SEED)
        while sum(each[0] is graph for each in marked) < STUDENTS:
            loss = graph(rng)
            slip = with_a_slip(loss, rng)
            if slip:
                node, kind, handed_in = slip
                digits = int(rng.choice(DIGITS))
                written = {each: write(gradient, digits, rng) for each, gradient in handed_in.items()}
                marked.append((graph, loss, node, kind, check_by_hand(loss, written)))
    return marked


@pytest.mark.parametrize("graph", [scalar_graph, tensor_graph])
def test_exactly_the_planted_node_is_blamed(slipped, graph):
    blamed = [
        [row.node for row in report.rows if row.status == "WRONG"] == [node]
        for each, _, node, _, report in slipped
        if each is graph
    ]
    assert np.mean(blamed) >= 0.999, f"{np.mean(blamed):.2%} of {len(blamed)}"


@pytest.mark.parametrize("graph", [scalar_graph, tensor_graph])
def test_the_slip_is_called_by_its_name(slipped, graph):
    found = [
        (kind, report.first_wrong.kind) for each, _, _, kind, report in slipped if each is graph if report.first_wrong
    ]
    rate = np.mean([kind == named for kind, named in found])
    mistaken = Counter(pair for pair in found if pair[0] != pair[1]).most_common(8)
    assert rate >= 0.93, f"{rate:.2%} of {len(found)}; {mistaken}"


def test_every_kind_in_the_catalogue_was_planted(slipped):
    catalogue = {"decimal point"}  # which is read off the size of the error
    for _, loss, node, _, _ in slipped:
        uses = [Use(step, defaultdict(str)) for step in contributions(loss, 1.0)[0] if step.operand is node]
        with np.errstate(all="ignore"):
            catalogue |= {slip.kind for slip in slips(uses, np.sum([use.amount for use in uses], axis=0))}
    assert {kind for _, _, _, kind, _ in slipped} == catalogue


@pytest.mark.parametrize("graph", [scalar_graph, tensor_graph])
def test_correct_gradients_rounded_to_three_to_six_digits_are_never_blamed(graph):
    rng = np.random.default_rng(SEED)
    blamed = []
    for student in range(STUDENTS // 2):
        loss = graph(rng)
        if student % 4:
            right = contributions(loss, 1.0)[1]
            work = {node: write(g, int(rng.choice(DIGITS)), rng) for node, g in right.items() if rng.random() < 0.8}
        else:
            work = derived_with_rounding(loss, rng)
        report = check_by_hand(loss, work)
        if work and not report.ok:
            blamed.append(report)
    assert len(blamed) / (STUDENTS // 2) <= 0.001, f"{len(blamed)} of {STUDENTS // 2} blamed, such as {blamed[0]}"


def test_a_slip_in_a_node_that_is_not_given_is_placed_there_or_nowhere():
    rng = np.random.default_rng(SEED)
    placed = []
    while len(placed) < 100:
        loss = scalar_graph(rng)
        slip = with_a_slip(loss, rng)
        if slip:
            node, _, handed_in = slip
            del handed_in[node]
            report = check_by_hand(loss, {each: write(g, 4, rng) for each, g in handed_in.items()})
            name = next(row.name for row in report.rows if row.node is node)
            words = [row.diagnosis for row in report.rows if "not given" in row.diagnosis]
            placed += [
                name in each.split(", which")[0].split(": in ")[1].removeprefix("one of ").split(", ") for each in words
            ]
    assert np.mean(placed) >= 0.99, f"{np.mean(placed):.1%}"
