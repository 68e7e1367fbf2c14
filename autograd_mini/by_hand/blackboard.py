"""How a derivation is laid out: equal signs below each other, terms in columns, as text, LaTeX or Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.by_hand.element import element
from autograd_mini.by_hand.latex import Latex
from autograd_mini.by_hand.notation import Derivative, Element, Rest, Text
from autograd_mini.by_hand.precision import digits_for
from autograd_mini.by_hand.symbol import Symbol
from autograd_mini.ops.operation import shape_of
from autograd_mini.text import FEWEST_DIGITS, number

WIDEST = 100  # characters of a line of text
IN_A_ROW = 3  # uses that stand side by side; of more, each has a line
WRITTEN = 4  # uses that are written out, where there are many; one more is, if it is the last


class Definition(NamedTuple):
    """A step of the forward pass: ``e = a * b``; without a formula, a constant."""

    output: Symbol
    formula: Symbol | None


class Use(NamedTuple):
    """One use of a Value, and what it adds to the Value's gradient."""

    chain: Symbol  # dL/de * de/da
    amount: Symbol  # dL/de * b


class Derivation(NamedTuple):
    """How the gradient of one Value comes about."""

    name: Derivative
    gradient: Any
    uses: list[Use]  # the first few, where there are many
    all_uses: int  # how many there are


class Board(NamedTuple):
    """All that is written down. ``left_out`` says how many gradients are not, since there are so many; ``gap``, before
    which definition some are missing then."""

    definitions: list[Definition]
    derivations: list[Derivation]
    left_out: int = 0
    gap: int | None = None


# ------------------------------------------------------------ what is written, in either form


def _of_numbers(x: Any) -> bool:
    """True for a formula in which everything is a single number."""
    if not isinstance(x, Symbol):
        return not shape_of(x)
    return not x.shape and all([_of_numbers(operand) for operand in x.operands])


def _chosen(gradient: Any) -> tuple[int, ...]:
    """The index of the largest element: the one to write out."""
    size = np.abs(np.nan_to_num(gradient))
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(size)), np.shape(gradient)))


def _digits_of(derivation: Derivation, terms: Sequence[Any], total: Any) -> int:
    """The digits of numbers that add up to ``total``; where some uses are not written, that cannot be seen."""
    return digits_for(terms, total) if len(terms) == derivation.all_uses else FEWEST_DIGITS


def _with_gap(board: Board, lines: list[str], mark: str) -> list[str]:
    """The lines of the forward pass, with a mark where some are left out."""
    return lines if board.gap is None else [*lines[: board.gap], mark, *lines[board.gap :]]


# ------------------------------------------------------------ text


def as_text(board: Board) -> str:
    """The derivation as lines of text, a blank line between gradients."""
    blocks = ["\n".join(_with_gap(board, [_text_of_definition(each) for each in board.definitions], "…"))]
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
    digits = digits_for([formula], output.data) if _of_numbers(formula) else FEWEST_DIGITS
    written = [Text().write(output), Text(digits=digits).write(formula)]
    if _of_numbers(formula):
        written.append(Text(True, digits).write(formula))
        written.append(number(output.data))
        return " = ".join(_without_repetition(written))
    shapes = ", ".join([dimensions(operand) for operand in formula.operands if shape_of(operand)])
    result = dimensions(output) if shape_of(output) else number(output.data)
    return f"{' = '.join(written)}   {shapes} -> {result}"


def _text_of(derivation: Derivation) -> str:
    name = Text().write(Symbol(derivation.name, 0.0))
    if not derivation.uses:  # the loss
        return f"{name} = 1"
    if shape_of(derivation.gradient):
        return _text_of_array(name, derivation)
    amounts = [element(use.amount, ()) for use in derivation.uses]
    chain = [Text().write(use.chain) for use in derivation.uses]
    digits = _digits_of(derivation, amounts, derivation.gradient)
    writer = Text(digits=digits)
    formula = [writer.write(use.amount) for use in derivation.uses]
    rows = [chain, formula]
    if any([not _of_numbers(use.amount) for use in derivation.uses]):
        rows.append([Text(digits=digits).write(amount) for amount in amounts])
    rows.append([Text(True, digits).write(amount) for amount in amounts])
    since = f"   since {', '.join(dict.fromkeys(writer.since))}" if writer.since else ""
    if len(derivation.uses) > IN_A_ROW or max([sum(map(len, row)) for row in rows]) > WIDEST:
        return _stacked(name, rows[:-1], amounts, derivation)
    return _in_columns(name, rows, derivation.gradient, since)


def _in_columns(name: str, rows: Sequence[list[str]], gradient: Any, since: str) -> str:
    """The lines of a sum of a few terms, each term in a column of its own."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    kept = [rows[0], *[row for before, row in pairwise(rows) if row != before]]
    lines = [" + ".join([text.ljust(width) for text, width in zip(row, widths, strict=True)]) for row in kept]
    last = "" if lines[-1].strip() == number(gradient) else f"    = {number(gradient)}"
    if since:
        lines[1] = lines[1].rstrip() + since
    lines[-1] += last
    indent = " " * len(name)
    return "\n".join([f"{indent if i else name} = {line.rstrip()}" for i, line in enumerate(lines)])


def _stacked(name: str, rows: Sequence[list[str]], amounts: Sequence[Any], derivation: Derivation) -> str:
    """The lines of a sum of many terms: a line each, the first few of them."""
    uses = derivation.uses
    results = [float(use.amount.data) for use in uses]
    digits = _digits_of(derivation, results, derivation.gradient)
    substituted = [
        Text(True, max(digits, digits_for([amount], result))).write(amount)
        for amount, result in zip(amounts, results, strict=True)
    ]
    columns = [*rows, substituted, [number(result, digits) for result in results]]
    columns = [column for i, column in enumerate(columns) if not i or column != columns[i - 1]]
    padded = [[text.ljust(max(map(len, column))) for text in column] for column in columns]
    lines = [f"{'+' if i else ' '} {' = '.join(parts)}".rstrip() for i, parts in enumerate(zip(*padded, strict=True))]
    if len(uses) < derivation.all_uses:
        lines.append(f"+ {Text().write(Symbol(Rest(derivation.all_uses - len(uses)), 0.0))}")
    head = f"{name} = sum of {derivation.all_uses:,} uses"
    return "\n".join([head, *[f"    {line}" for line in lines], f"{' ' * len(name)} = {number(derivation.gradient)}"])


def _text_of_array(name: str, derivation: Derivation) -> str:
    """The formula of a whole array with its shapes, and one element of it written out."""
    writer = Text()
    shown, rest = derivation.uses, derivation.all_uses - len(derivation.uses)
    formulas = [writer.write(use.amount) for use in shown]
    width = max(map(len, formulas))
    lines = []
    for i, (use, formula) in enumerate(zip(shown, formulas, strict=True)):
        lead = f"{name} = " if not i else f"{' ' * len(name)} + "
        lines.append(f"{lead}{formula.ljust(width)}   {_shapes(use.amount)}")
    if rest:
        lines.append(f"{' ' * len(name)} + {Text().write(Symbol(Rest(rest), 0.0))}")
    if np.size(derivation.gradient):
        index = _chosen(derivation.gradient)
        one = Text().write(Symbol(Element(derivation.name, index), 0.0))
        elements = [element(use.amount, index) for use in shown]
        digits = _digits_of(derivation, elements, derivation.gradient[index])
        rows = [[Text(digits=digits).write(x) for x in elements], [Text(True, digits).write(x) for x in elements]]
        if rest:
            rows = [[*row, "…"] for row in rows]
        lines.append(_in_columns(one, rows, derivation.gradient[index], ""))
    return "\n".join(lines)


def _shapes(x: Symbol) -> str:
    """The shapes that go into a formula: ``(784x100) @ (100x16)``; of one that is summed, the axes."""
    if x.op_name == "matmul":
        return f"{dimensions(x.operands[0])} @ {dimensions(x.operands[1])}"
    if x.op_name == "sum":
        return f"{dimensions(x.operands[0])} -> {dimensions(x)}"
    return dimensions(x)


def dimensions(x: Any) -> str:
    """A shape as a person says it: ``(100x16)``.

    >>> dimensions(np.ones((100, 16)))
    '(100x16)'
    """
    return f"({'x'.join(map(str, shape_of(x)))})"


def _without_repetition(written: Sequence[str]) -> list[str]:
    return [text for i, text in enumerate(written) if not i or text != written[i - 1]]


# ------------------------------------------------------------ LaTeX


def as_latex(board: Board) -> str:
    """The derivation as one ``aligned`` environment."""
    lines = _with_gap(board, [_latex_of_definition(each) for each in board.definitions], r"&\dots")
    blocks = [_latex_of(derivation) for derivation in board.derivations]
    if board.left_out:
        blocks.insert(len(blocks) // 2, rf"&\text{{… {board.left_out:,} more gradients}}")
    body = " \\\\\n".join(lines) + (" \\\\[1ex]\n" if lines else "") + " \\\\[1ex]\n".join(blocks)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _latex_of_definition(definition: Definition) -> str:
    output, formula = definition
    if formula is None:
        what = (
            rf"&\text{{ constant {dimensions(output)}}}" if shape_of(output) else f"&= {Latex().number(output.data)[0]}"
        )
        return f"{Latex().write(output)} {what}"
    digits = digits_for([formula], output.data) if _of_numbers(formula) else FEWEST_DIGITS
    written = [Latex(digits=digits).write(formula)]
    if _of_numbers(formula):
        written += [Latex(True, digits).write(formula), Latex().number(output.data)[0]]
    return f"{Latex().write(output)} &= {' = '.join(_without_repetition(written))}"


def _latex_of(derivation: Derivation) -> str:
    name = Latex().write(Symbol(derivation.name, 0.0))
    gradient = derivation.gradient
    if not derivation.uses:
        return f"{name} &= 1"
    shown, rest = derivation.uses, derivation.all_uses - len(derivation.uses)

    since: list[str] = []  # the conditions that decided which branch is written

    def row(formulas: Sequence[Any], digits: int = FEWEST_DIGITS, numbers: bool = False) -> str:
        writer = Latex(numbers, digits)
        terms = [writer.write(x) for x in formulas]
        since.extend([] if numbers else writer.since)
        if rest:
            terms.append(Latex().write(Symbol(Rest(rest), 0.0)))
        return " + ".join(terms)

    if not shape_of(gradient):
        amounts = [element(use.amount, ()) for use in shown]
        digits = _digits_of(derivation, amounts, gradient)
        rows = [row([use.chain for use in shown]), row([use.amount for use in shown], digits), row(amounts, digits)]
        rows = _without_repetition([*rows, row(amounts, digits, numbers=True), Latex().number(gradient)[0]])
        if since:
            rows[1] += rf" \quad \text{{since }} {', '.join(dict.fromkeys(since))}"
        return " \\\\\n".join([f"{name if not i else ''} &= {text}".strip() for i, text in enumerate(rows)])
    lines = [f"{name} &= {row([use.amount for use in shown])}"]
    if np.size(gradient):
        index = _chosen(gradient)
        elements = [element(use.amount, index) for use in shown]
        digits = _digits_of(derivation, elements, gradient[index])
        rows = [row(elements, digits), row(elements, digits, numbers=True), Latex().number(gradient[index])[0]]
        rows = _without_repetition(rows)
        one = Latex().write(Symbol(Element(derivation.name, index), 0.0))
        lines += [f"{one if not i else ''} &= {text}".strip() for i, text in enumerate(rows)]
    return " \\\\\n".join(lines)


# ------------------------------------------------------------ Markdown


def as_markdown(board: Board) -> str:
    """The derivation as Markdown: a line for each gradient's name, and the formulas between double dollars."""
    parts = ["**Backward**", *[_display(_latex_of(derivation)) for derivation in board.derivations]]
    if board.left_out:
        parts.insert(1 + len(board.derivations) // 2, f"… {board.left_out:,} more gradients")
    if board.definitions:
        lines = _with_gap(board, [_latex_of_definition(each) for each in board.definitions], r"&\dots")
        parts = ["**Forward**", _display(" \\\\\n".join(lines)), *parts]
    return "\n\n".join(parts) + "\n"


def _display(lines: str) -> str:
    return f"$$\n\\begin{{aligned}}\n{lines}\n\\end{{aligned}}\n$$"
