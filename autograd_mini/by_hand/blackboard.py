"""What stands in a derivation, and how it is written in LaTeX and Markdown; as lines of text it is in ``lines``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.by_hand.element import element
from autograd_mini.by_hand.latex import Latex
from autograd_mini.by_hand.notation import Derivative, Element, Rest, Text
from autograd_mini.by_hand.precision import digits_for
from autograd_mini.by_hand.symbol import Symbol
from autograd_mini.ops.operation import shape_of
from autograd_mini.text import FEWEST_DIGITS

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


def is_of_numbers(x: Any) -> bool:
    """True for a formula in which everything is a single number."""
    if not isinstance(x, Symbol):
        return not shape_of(x)
    return not x.shape and all([is_of_numbers(operand) for operand in x.operands])


def chosen(gradient: Any) -> tuple[int, ...]:
    """The index of the largest element: the one to write out."""
    size = np.abs(np.nan_to_num(gradient))
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(size)), np.shape(gradient)))


def digits_of(derivation: Derivation, terms: Sequence[Any], total: Any) -> int:
    """The digits of numbers that add up to ``total``; where some uses are not written, that cannot be seen."""
    return digits_for(terms, total) if len(terms) == derivation.all_uses else FEWEST_DIGITS


def formulas_and_conditions(writes: type[Text], uses: Sequence[Use], digits: int) -> tuple[list[str], list[str]]:
    """What each use adds, and the conditions that decided which branch of it is written, or ""."""
    writers = [writes(digits=digits) for _ in uses]
    formulas = [writer.write(use.amount) for writer, use in zip(writers, uses, strict=True)]
    return formulas, [", ".join(dict.fromkeys(writer.since)) for writer in writers]


def with_gap(board: Board, lines: list[str], mark: str) -> list[str]:
    """The lines of the forward pass, with a mark where some are left out."""
    return lines if board.gap is None else [*lines[: board.gap], mark, *lines[board.gap :]]


def dimensions(x: Any) -> str:
    """A shape as a person says it: ``(100x16)``.

    >>> dimensions(np.ones((100, 16)))
    '(100x16)'
    """
    return f"({'x'.join(map(str, shape_of(x)))})"


def without_repetition(written: Sequence[str]) -> list[str]:
    return [text for i, text in enumerate(written) if not i or text != written[i - 1]]


# ------------------------------------------------------------ LaTeX


def as_latex(board: Board) -> str:
    """The derivation as one ``aligned`` environment."""
    lines = with_gap(board, [_latex_of_definition(each) for each in board.definitions], r"&\dots")
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
    digits = digits_for([formula], output.data) if is_of_numbers(formula) else FEWEST_DIGITS
    written = [Latex(digits=digits).write(formula)]
    if is_of_numbers(formula):
        written += [Latex(True, digits).write(formula), Latex().number(output.data)[0]]
    return f"{Latex().write(output)} &= {' = '.join(without_repetition(written))}"


def _latex_of(derivation: Derivation) -> str:
    name = Latex().write(Symbol(derivation.name, 0.0))
    gradient = derivation.gradient
    if not derivation.uses:
        return f"{name} &= 1"
    shown, rest = derivation.uses, derivation.all_uses - len(derivation.uses)

    def added(terms: list[str]) -> str:
        return " + ".join([*terms, Latex().write(Symbol(Rest(rest), 0.0))] if rest else terms)

    def row(formulas: Sequence[Any], digits: int = FEWEST_DIGITS, numbers: bool = False) -> str:
        return added([Latex(numbers, digits).write(x) for x in formulas])

    if not shape_of(gradient):
        amounts = [element(use.amount, ()) for use in shown]
        digits = digits_of(derivation, amounts, gradient)
        formulas, since = formulas_and_conditions(Latex, shown, digits)
        rows = [row([use.chain for use in shown]), added(formulas), row(amounts, digits)]
        rows = without_repetition([*rows, row(amounts, digits, numbers=True), Latex().number(gradient)[0]])
        if len(shown) == 1 and since[0]:
            rows[1] += rf" \quad \text{{since }} {since[0]}"
        elif any(since):
            pairs = zip(formulas, since, strict=True)
            rows[1] = added([rf"{text} \text{{ (since }}{why}\text{{)}}" if why else text for text, why in pairs])
        return " \\\\\n".join([f"{name if not i else ''} &= {text}".strip() for i, text in enumerate(rows)])
    lines = [f"{name} &= {row([use.amount for use in shown])}"]
    if np.size(gradient):
        index = chosen(gradient)
        elements = [element(use.amount, index) for use in shown]
        digits = digits_of(derivation, elements, gradient[index])
        rows = [row(elements, digits), row(elements, digits, numbers=True), Latex().number(gradient[index])[0]]
        rows = without_repetition(rows)
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
        lines = with_gap(board, [_latex_of_definition(each) for each in board.definitions], r"&\dots")
        parts = ["**Forward**", _display(" \\\\\n".join(lines)), *parts]
    return "\n\n".join(parts) + "\n"


def _display(lines: str) -> str:
    return f"$$\n\\begin{{aligned}}\n{lines}\n\\end{{aligned}}\n$$"
