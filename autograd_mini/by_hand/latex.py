"""The same formulas as LaTeX."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from autograd_mini.by_hand.notation import (
    ATOM,
    INDEX,
    MINUS,
    POWER,
    PRODUCT,
    Derivative,
    Element,
    Rest,
    Text,
    parameters,
)
from autograd_mini.by_hand.symbol import Symbol

COMMA = ", "  # A macro for the space would not do: in MathJax the text behind a macro may have 5,120 characters only
# In a formula. In \text{} MathJax and KaTeX have no form in common for these: one of them would show the backslash.
ESCAPED = {**{c: rf"\{c}" for c in "#$%&_{}"}, "\\": r"\backslash ", "~": r"{\sim}", "^": r"\hat{~}"}
LETTER = r"([A-Za-z\u0391-\u03a9\u03b1-\u03c9])"  # of a name that is set as a variable is: Latin or Greek
# How an op of one operand is written: its macro before brackets, or a form of its own around the operand.
FUNCTIONS = {
    **{name: rf"\{name}" for name in ("exp", "log", "sin", "cos", "tan", "arcsin", "arccos", "arctan")},
    **{name: rf"\{name}" for name in ("sinh", "cosh", "tanh", "max", "min", "det")},
    **{"log2": r"\log_{2}", "log10": r"\log_{10}", "sigmoid": r"\sigma", "lgamma": r"\ln\Gamma", "digamma": r"\psi"},
}
FORMS = {
    "sqrt": (r"\sqrt{", "}"),
    "cbrt": (r"\sqrt[3]{", "}"),
    "exp2": ("2^{", "}"),
    "abs": (r"\left|", r"\right|"),
    "floor": (r"\left\lfloor ", r"\right\rfloor"),
    "ceil": (r"\left\lceil ", r"\right\rceil"),
}


class Latex(Text):
    r"""Writes Symbols as LaTeX, for what stands between dollars.

    >>> print(Latex().write(Symbol("x1", 2.0) * Symbol("y", 3.0) ** 2))
    x_{1} \cdot y^{2}
    """

    signs: ClassVar = {
        **{"add": " + ", "sub": " - ", "mul": r" \cdot ", "matmul": r" \, "},
        **{"less": " < ", "less_equal": r" \leq ", "greater": " > ", "greater_equal": r" \geq "},
        **{"equal": " = ", "not_equal": r" \neq ", "logical_and": r" \land ", "logical_or": r" \lor "},
        **{"logical_and of arrays": r" \land ", "logical_or of arrays": r" \lor "},
        **{"not": r"\neg ", "not of arrays": r"\neg "},
    }

    def bracketed(self, text: str) -> str:
        return rf"\left({text}\right)"

    def name(self, name: Any) -> tuple[str, int]:
        if isinstance(name, Derivative):
            return rf"\frac{{\partial {self.name(name.of)[0]}}}{{\partial {self.name(name.by)[0]}}}", PRODUCT + 1
        if isinstance(name, Element):
            array = self.inside(name.array, ATOM) if isinstance(name.array, Symbol) else self.word(name.array)
            if not name.at:
                return array, ATOM
            # A second subscript is an error, and v_{4}_{1} is v_4[1], which no reader may take for v_41
            array = self.bracketed(array) if re.fullmatch(rf"{LETTER}_.*", array) else array
            return f"{array}_{{{', '.join(map(str, name.at))}}}", ATOM
        if isinstance(name, Rest):
            return rf"\dots \text{{ ({name.terms:,} more)}}", ATOM
        if isinstance(name, float):
            return self.number(name)
        parts = re.fullmatch(rf"{LETTER}_?([0-9]*)", name)
        if parts:
            return parts[1] + (f"_{{{parts[2]}}}" if parts[2] else ""), ATOM
        indexed = re.fullmatch(rf"([\w.#]+)({INDEX})", name)
        if indexed:
            return self.name(indexed[1])[0] + as_text(indexed[2]), ATOM
        is_word = name.isidentifier() and name.isascii()
        return rf"\mathrm{{{escaped(name)}}}" if is_word else as_text(name), ATOM

    def number(self, x: Any) -> tuple[str, int]:
        text, binding = super().number(x)
        digits, _, exponent = text.partition("e")
        if exponent:
            return rf"{digits} \times 10^{{{int(exponent)}}}", MINUS if binding == MINUS else PRODUCT
        return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{nan}"}.get(text, text), binding

    def right(self, x: Any, least: int) -> str:
        text = self.inside(x, least)
        return self.bracketed(text) if text.startswith("-") else text

    def quotient(self, x: Any, y: Any) -> tuple[str, int]:
        return rf"\frac{{{self.write(x)}}}{{{self.write(y)}}}", PRODUCT + 1

    def power(self, x: Any, y: Any) -> tuple[str, int]:
        return f"{self.inside(x, ATOM)}^{{{self.write(y)}}}", POWER

    def call(self, x: Symbol) -> tuple[str, int]:
        name, first = x.op_name, x.operands[0]
        if name == "transpose" and x.params["axes"] is None:
            return rf"{self.inside(first, ATOM)}^{{\top}}", POWER
        if name in FORMS:
            return self.write(first).join(FORMS[name]), POWER if name == "exp2" else ATOM
        if name == "inv":
            return f"{self.inside(first, ATOM)}^{{-1}}", POWER
        if name in ("sum", "prod"):
            axis = x.params["axis"]
            axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
            below = "" if axis is None else rf"_{{\text{{axis }} {axis}}}"
            return rf"\{name}{below} {self.inside(first, PRODUCT)}", PRODUCT
        if name in FUNCTIONS and len(x.operands) == 1 and not x.params:
            return rf"{FUNCTIONS[name]}{self.bracketed(self.write(first))}", ATOM
        before, after = parameters(x)
        if name == "getitem":
            return rf"{self.inside(first, ATOM)}{as_text(after[0])}", ATOM
        operands = self.arguments(x)
        return self.applied(name, [*map(as_text, before), *operands, *map(as_text, after)]), ATOM

    def applied(self, function: str, arguments: list[str]) -> str:
        return rf"\operatorname{{{escaped(function)}}}{self.bracketed(COMMA.join(arguments))}"


def as_text(text: str) -> str:
    r"""Plain text where a formula is expected.

    >>> print(as_text("w[0]"))
    \text{w[0]}
    >>> print(as_text("x^2"))
    {\text{x}\hat{~}\text{2}}
    """
    parts = [ESCAPED.get(part) or rf"\text{{{part}}}" for part in re.split(r"([#$%&_{}\\~^])", text) if part]
    return parts[0] if len(parts) == 1 else f"{{{''.join(parts)}}}"


def escaped(text: str) -> str:
    r"""A name within ``\mathrm{}`` or ``\operatorname{}``, which are formulas; for text see ``as_text``."""
    return "".join([ESCAPED.get(c, c) for c in text])
