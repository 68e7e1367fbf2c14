"""The form of the arguments: what tells one call from another, and the numbers in the order of the containers."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from autograd_mini.compiler.arguments import form_of, numbers_of

LONG: dict[str, Any] = {
    "floats": [0.5] * 9,
    "a float more": [0.5] * 10,
    "a tuple": (0.5,) * 9,
    "whole numbers": [3] * 9,
    "floats and a whole number": [*[0.5] * 8, 3],
    "a flag among whole numbers": [*[3] * 8, True],
    "rows": [[0.5, 1.5]] * 9,
    "rows that are tuples": [(0.5, 1.5)] * 9,
    "longer rows": [[0.5, 1.5, 2.5]] * 9,
    "ragged rows": [[0.5, 1.5]] * 8 + [[0.5]],
    "rows of whole numbers": [[1, 2]] * 9,
    "rows and a number": [*[[0.5, 1.5]] * 8, 0.5],
    "empty rows": [[]] * 9,
    "strings": ["mean"] * 9,
    "three levels": [[[0.5]]] * 9,
}


def test_long_lists_that_differ_in_anything_but_their_numbers_have_different_forms() -> None:
    for one, other in combinations(LONG, 2):
        assert form_of(LONG[one], []) != form_of(LONG[other], []), (one, other)


def test_a_long_list_of_other_numbers_has_the_same_form_and_gives_them_in_order() -> None:
    rows = [[float(i), i + 0.5] for i in range(20)]
    leaves: list[Any] = []
    assert form_of(rows, leaves) == form_of([[1.0, 2.0]] * 20, [])
    assert leaves == numbers_of(rows)
    leaves.clear()
    form_of((list(range(30)), [0.25] * 8), leaves)
    assert leaves == [*map(float, range(30)), *[0.25] * 8]
    assert {type(x) for x in leaves} == {float}
