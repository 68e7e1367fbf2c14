"""A derivation as lines of text: equal signs below each other, terms in columns, at most 100 columns wide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_mini.by_hand.blackboard import (
    Board,
    Definition,
    Derivation,
    chosen,
    digits_of,
    dimensions,
    formulas_and_conditions,
    is_of_numbers,
    with_gap,
    without_repetition,
)
from autograd_mini.by_hand.element import element
from autograd_mini.by_hand.notation import Element, Rest, Text
from autograd_mini.by_hand.precision import digits_for
from autograd_mini.by_hand.symbol import Symbol
from autograd_mini.ops.operation import shape_of
from autograd_mini.text import FEWEST_DIGITS, WIDEST, columns, number, padded, wrapped

IN_A_ROW = 3  # uses that stand side by side; of more, each has a line
FURTHER = "    "  # before the rest of a line that was too long
LONGEST_PIECE = 80  # columns; a longer one is broken within its brackets
LONGEST_NAME = 40  # columns; behind a longer one its gradient begins on the next line


def as_text(board: Board) -> str:
    """The derivation as lines of text, a blank line between gradients."""
    blocks = ["\n".join(with_gap(board, [_text_of_definition(each) for each in board.definitions], "…"))]
    derivations = [_text_of(derivation) for derivation in board.derivations]
    if board.left_out:
        derivations.insert(
            len(derivations) // 2, f"… {board.left_out:,} more gradients; explain(loss, wrt=...) shows the one you name"
        )
    return "\n\n".join([block for block in (*blocks, *derivations) if block])


def _text_of_definition(definition: Definition) -> str:
    output, formula = definition
    if formula is None:
        name = Text().write(output)
        return f"{name} constant   {dimensions(output)}" if shape_of(output) else f"{name} = {number(output.data)}"
    digits = digits_for([formula], output.data) if is_of_numbers(formula) else FEWEST_DIGITS
    written = [Text().write(output), Text(digits=digits).write(formula)]
    if is_of_numbers(formula):
        written.append(Text(True, digits).write(formula))
        written.append(number(output.data))
        return "\n".join(wrapped(_steps(without_repetition(written)), "", FURTHER))
    shapes = ", ".join([dimensions(operand) for operand in formula.operands if shape_of(operand)])
    result = dimensions(output) if shape_of(output) else number(output.data)
    return "\n".join(wrapped([*_steps(written), *_pieces(f"  {shapes} -> {result}")], "", FURTHER))


def _text_of(derivation: Derivation) -> str:
    name = Text().write(Symbol(derivation.name, 0.0))
    if not derivation.uses:  # the loss
        return f"{name} = 1"
    if shape_of(derivation.gradient):
        return _text_of_array(name, derivation)
    amounts = [element(use.amount, ()) for use in derivation.uses]
    chain = [Text().write(use.chain) for use in derivation.uses]
    digits = digits_of(derivation, amounts, derivation.gradient)
    formulas, since = formulas_and_conditions(Text, derivation.uses, digits)
    if len(formulas) > 1:
        formulas = [f"{text} (since {why})" if why else text for text, why in zip(formulas, since, strict=True)]
    rows = [chain, formulas]
    if any([not is_of_numbers(use.amount) for use in derivation.uses]):
        rows.append([Text(digits=digits).write(amount) for amount in amounts])
    if len(derivation.uses) > IN_A_ROW:
        return _stacked(name, rows, amounts, derivation)
    rows.append([Text(True, digits).write(amount) for amount in amounts])
    return _sum_of(name, rows, derivation.gradient, f"   since {since[0]}" if len(since) == 1 and since[0] else "")


def _sum_of(name: str, rows: Sequence[list[str]], gradient: Any, since: str = "") -> str:
    """The lines of a sum of a few terms: each term in a column of its own, if that is not too wide."""
    kept = [rows[0], *[row for before, row in pairwise(rows) if row != before]]
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    lines = [" + ".join(map(padded, row, widths)) for row in kept]
    if since:
        lines[1] = lines[1].rstrip() + since
    lines[-1] += "" if lines[-1].strip() == number(gradient) else f"    = {number(gradient)}"
    head, first, rest = _leads(name)
    lines = [f"{rest if i else first}= {line.rstrip()}" for i, line in enumerate(lines)]
    if max(map(columns, lines)) > WIDEST:
        lines = list(_terms_below_each_other(first, rest, kept, gradient, since))
    return "\n".join([*head, *lines])


def _terms_below_each_other(
    first: str, rest: str, rows: Sequence[list[str]], gradient: Any, since: str
) -> Iterator[str]:
    """The lines of a sum whose rows are too wide: where one is, each of its terms has a line."""
    for i, row in enumerate(rows):
        lead = rest if i else first
        whole = f"{lead}= {' + '.join(row)}{since if i == 1 else ''}"
        if columns(whole) <= WIDEST:
            yield whole
            continue
        terms = [term for text in row for term in _parts(text, r" \+ ")]
        for j, term in enumerate(terms):
            pieces = [*_pieces(term), since] if since and i == 1 and j == len(terms) - 1 else _pieces(term)
            yield from wrapped(pieces, f"{rest}+ " if j else f"{lead}= ", rest + FURTHER)
    if rows[-1] != [number(gradient)]:
        yield f"{rest}= {number(gradient)}"


def _leads(name: str) -> tuple[list[str], str, str]:
    """The line of a long name of its own; and what stands before the first equal sign, and before the others."""
    width = columns(name)
    return ([], f"{name} ", " " * (width + 1)) if width <= LONGEST_NAME else ([name], FURTHER, FURTHER)


def _parts(text: str, separator: str) -> list[str]:
    """A formula in parts, split at a regular expression, but not within brackets."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(rf"[(\[]|[)\]]|{separator}", text):
        found = match[0]
        depth += (found in ("(", "[")) - (found in (")", "]"))
        if not depth and found not in (")", "]"):
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def _pieces(text: str) -> list[str]:
    """A formula in pieces, between which a line may be broken: before an operator, and in brackets if they are long."""
    before_operator = r" (?=[-+*/@=<>!&|]{1,2} )"
    pieces: list[str] = []
    for piece in _parts(text, before_operator):
        pieces += re.split(rf"{before_operator}|(?<=,) ", piece) if columns(piece) > LONGEST_PIECE else [piece]
    return pieces


def _steps(formulas: Sequence[str]) -> list[str]:
    """Formulas with equal signs between them in pieces, as few as will do."""
    steps = [f"= {formula}" if i else formula for i, formula in enumerate(formulas)]
    return [piece for step in steps for piece in (_pieces(step) if columns(step) > LONGEST_PIECE else [step])]


def _stacked(name: str, rows: Sequence[list[str]], amounts: Sequence[Any], derivation: Derivation) -> str:
    """The lines of a sum of many terms: a line each, the first few of them."""
    uses = derivation.uses
    results = [float(use.amount.data) for use in uses]
    digits = digits_of(derivation, results, derivation.gradient)
    substituted = [
        Text(True, max(digits, digits_for([amount], result))).write(amount)
        for amount, result in zip(amounts, results, strict=True)
    ]
    rows = [*rows, substituted, [number(result, digits) for result in results]]
    rows = [row for i, row in enumerate(rows) if not i or row != rows[i - 1]]
    widths = [max(map(columns, row)) for row in rows]
    signs = [FURTHER + ("+ " if i else "  ") for i in range(len(uses))]
    use_by_use = list(zip(*rows, strict=True))
    lines = [
        sign + " = ".join(map(padded, parts, widths)).rstrip() for sign, parts in zip(signs, use_by_use, strict=True)
    ]
    if max(map(columns, lines)) > WIDEST:
        lines = [
            line
            for sign, parts in zip(signs, use_by_use, strict=True)
            for line in wrapped(_steps(parts), sign, 2 * FURTHER + "  ")
        ]
    if len(uses) < derivation.all_uses:
        lines.append(f"{FURTHER}+ {Text().write(Symbol(Rest(derivation.all_uses - len(uses)), 0.0))}")
    head, first, rest = _leads(name)
    return "\n".join(
        [*head, f"{first}= sum of {derivation.all_uses:,} uses", *lines, f"{rest}= {number(derivation.gradient)}"]
    )


def _text_of_array(name: str, derivation: Derivation) -> str:
    """The formula of a whole array with its shapes, and one element of it written out."""
    writer = Text()
    shown, more = derivation.uses, derivation.all_uses - len(derivation.uses)
    formulas = [writer.write(use.amount) for use in shown]
    width = max(map(columns, formulas))
    head, first, rest = _leads(name)
    signs = [f"{rest}+ " if i else f"{first}= " for i in range(len(shown))]
    shapes = [f"  {_shapes(use.amount)}" for use in shown]
    lines = [f"{sign}{padded(text, width)} {shape}" for sign, text, shape in zip(signs, formulas, shapes, strict=True)]
    if max(map(columns, lines)) > WIDEST:
        lines = [
            line
            for sign, text, shape in zip(signs, formulas, shapes, strict=True)
            for line in wrapped([*_pieces(text), shape], sign, rest + FURTHER)
        ]
    if more:
        lines.append(f"{rest}+ {Text().write(Symbol(Rest(more), 0.0))}")
    if np.size(derivation.gradient):
        index = chosen(derivation.gradient)
        one = Text().write(Symbol(Element(derivation.name, index), 0.0))
        elements = [element(use.amount, index) for use in shown]
        digits = digits_of(derivation, elements, derivation.gradient[index])
        rows = [[Text(digits=digits).write(x) for x in elements], [Text(True, digits).write(x) for x in elements]]
        if more:
            rows = [[*row, "…"] for row in rows]
        lines.append(_sum_of(one, rows, derivation.gradient[index]))
    return "\n".join([*head, *lines])


def _shapes(x: Symbol) -> str:
    """The shapes that go into a formula: ``(784x100) @ (100x16)``; of one that is summed, the axes."""
    if x.op_name == "matmul":
        return " @ ".join([_shapes(factor) if _is_product(factor) else dimensions(factor) for factor in x.operands])
    if x.op_name == "sum":
        return f"{dimensions(x.operands[0])} -> {dimensions(x)}"
    return dimensions(x)


def _is_product(x: Any) -> bool:
    return isinstance(x, Symbol) and x.op_name == "matmul"
