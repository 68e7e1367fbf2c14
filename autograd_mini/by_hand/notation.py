"""How a formula is written: as text that Python would read, or as LaTeX; with names, or with numbers for the names."""

from __future__ import annotations

import re
from typing import Any, ClassVar, NamedTuple

import numpy as np

from autograd_mini import ops
from autograd_mini.by_hand.symbol import Symbol, is_literal
from autograd_mini.text import FEWEST_DIGITS, number, op_text

# How tightly an operator binds what stands beside it. Brackets stand only around what binds less.
CHOICE, COMPARISON, SUM, PRODUCT, MINUS, POWER, ATOM = range(7)
MOST_ARGUMENTS = 12  # of a function, such as stack, that are written; of more, the first half
INFIX = {"add": SUM, "sub": SUM, "mul": PRODUCT, "div": PRODUCT, "matmul": PRODUCT}
INDEX = r"\[-?\d+\]|\['[^']*'\]|\[\"[^\"]*\"\]"  # at the end of a name: of a list w[0], of a dict P['w']
OPPOSITE = {
    **{"less": "greater_equal", "greater_equal": "less", "greater": "less_equal", "less_equal": "greater"},
    **{"equal": "not_equal", "not_equal": "equal"},
}


class Derivative(NamedTuple):
    """The name of a gradient: dL/da."""

    of: str
    by: str


class Element(NamedTuple):
    """The name of one element of an array: x[0, 3]."""

    array: Any
    at: tuple[int, ...]


class Rest(NamedTuple):
    """The name of the terms of a sum that are not written out."""

    terms: int


class Text:
    """Writes Symbols as text. With ``numbers``, names are replaced by what they stand for, in so many ``digits``.

    ``since`` collects the conditions that decided which branch was written: ``z > 0``.

    >>> x = Symbol("x", 2.0)
    >>> Text().write((x + 1) * x), Text(numbers=True).write((x + 1) * x)
    ('(x + 1) * x', '(2 + 1) * 2')
    """

    signs: ClassVar = {
        **{"add": " + ", "sub": " - ", "mul": " * ", "div": " / ", "matmul": " @ "},
        **{"less": " < ", "less_equal": " <= ", "greater": " > ", "greater_equal": " >= "},
        **{"equal": " == ", "not_equal": " != ", "logical_and": " and ", "logical_or": " or "},
        **{"logical_and of arrays": " & ", "logical_or of arrays": " | ", "not": "not ", "not of arrays": "~"},
    }

    def __init__(self, numbers: bool = False, digits: int = FEWEST_DIGITS) -> None:
        self.numbers = numbers
        self.digits = digits
        self.since: list[str] = []

    def write(self, x: Any) -> str:
        """The whole formula."""
        return self._bound(x)[0]

    def inside(self, x: Any, least: int) -> str:
        """The formula as a part of another, in brackets if it binds less than ``least``."""
        text, binding = self._bound(x)
        return self.bracketed(text) if binding < least else text

    # ------------------------------------------------------------ the parts, which LaTeX writes differently

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def name(self, name: Any) -> tuple[str, int]:
        """A name, and how tightly it binds: a label may be a formula itself."""
        if isinstance(name, Derivative):
            return f"d{self.word(name.of)}/d{self.word(name.by)}", PRODUCT + 1
        if isinstance(name, Element):
            if isinstance(name.array, Symbol):  # a formula without a name
                array = self.inside(name.array, ATOM)
            else:
                array = self.name(name.array)[0] if isinstance(name.array, Derivative) else self.word(name.array)
            return f"{array}[{', '.join(map(str, name.at))}]" if name.at else array, ATOM
        if isinstance(name, Rest):
            return f"… ({name.terms:,} more)", ATOM
        if isinstance(name, float):
            return self.number(name)
        return name, ATOM if re.fullmatch(rf"[\w.#']+({INDEX})?", name) else CHOICE

    def number(self, x: Any) -> tuple[str, int]:
        text = number(x, self.digits)
        return text, MINUS if text.startswith("-") else ATOM

    def product(self, name: str, x: Any, y: Any) -> tuple[str, int]:
        binding = INFIX[name]
        # To the right of - and / equal operators need brackets. To the right of * a quotient has them to be clear.
        tighter = name in ("sub", "div") or (binding == PRODUCT and getattr(y, "op_name", "") in ("div", "matmul"))
        tighter = tighter or (name == "matmul" and getattr(y, "op_name", "") != "matmul")
        return f"{self.inside(x, binding)}{self.signs[name]}{self.right(y, binding + tighter)}", binding

    def right(self, x: Any, least: int) -> str:
        """What stands to the right of an operator."""
        return self.inside(x, least)

    def quotient(self, x: Any, y: Any) -> tuple[str, int]:
        return self.product("div", x, y)

    def power(self, x: Any, y: Any) -> tuple[str, int]:
        return f"{self.inside(x, POWER + 1)}**{self.inside(y, MINUS)}", POWER

    def call(self, x: Symbol) -> tuple[str, int]:
        """A function, or what an array is asked for: ``tanh(x)``, ``x.T``, ``x[0]``, ``sum(x, axis=0)``."""
        first = x.operands[0]
        if x.op_name == "transpose" and x.params["axes"] is None:
            return f"{self.inside(first, ATOM)}.T", ATOM
        if x.op_name == "getitem":
            return f"{self.inside(first, ATOM)}{op_text(x.op)}", ATOM  # type: ignore[arg-type]  # a row, not a ufunc
        operands = self.arguments(x)
        before, after = parameters(x)
        name = getattr(x.op, "symbol", "") if "." in x.op_name else x.op_name  # of slogdet.inverse it is inv
        function, _, part = name.partition(".")  # a part of what it returns: eigh(x).eigenvectors
        return f"{self.applied(function, [*before, *operands, *after])}{part and '.'}{part}", ATOM

    def arguments(self, x: Symbol) -> list[str]:
        """The operands of a function; of very many the first few."""
        some = x.operands if len(x.operands) <= MOST_ARGUMENTS else x.operands[: MOST_ARGUMENTS // 2]
        rest = len(x.operands) - len(some)
        return [*[self.write(operand) for operand in some], *([self.name(Rest(rest))[0]] if rest else [])]

    def applied(self, function: str, arguments: list[str]) -> str:
        return f"{function}({', '.join(arguments)})"

    def condition(self, x: Any, holds: bool = True) -> str:
        """A comparison; or, where it does not hold, the opposite. Of arrays they are joined as NumPy has it."""
        negation = self.signs["not of arrays" if x.shape else "not"]
        if not x.operands:
            return self.write(x) if holds else f"{negation}{self.inside(x, MINUS)}"
        left, right = x.operands
        if x.op_name in OPPOSITE:
            sign = self.signs[x.op_name if holds else OPPOSITE[x.op_name]]
            return f"{self.inside(left, SUM)}{sign}{self.inside(right, SUM)}"
        parts = [self.condition(left), self.condition(right)]
        if not x.shape:
            joined = self.signs[x.op_name].join(parts)
            return joined if holds else f"{negation}{self.bracketed(joined)}"
        joined = self.signs[f"{x.op_name} of arrays"].join(map(self.bracketed, parts))
        return joined if holds else f"{negation}{self.bracketed(joined)}"

    # ------------------------------------------------------------ what is the same in both

    def _bound(self, x: Any) -> tuple[str, int]:
        """The text of ``x``, and how tightly it binds."""
        if not isinstance(x, Symbol):
            return self.number(x) if np.ndim(x) == 0 else self.name("x".join(map(str, np.shape(x))) + " array")
        if x.op is None:
            return self.number(x.data) if self.numbers and not isinstance(x.name, Rest) else self.name(x.name)
        name, operands = x.op_name, x.operands
        if name == "mul" and operands[0] is operands[1]:
            return self.power(operands[0], 2.0)
        if name == "div":
            return self.quotient(*operands)
        if name in INFIX:
            return self.product(name, *operands)
        if name == "pow":
            return self.power(*operands)
        if name == "neg":
            text, binding = self._bound(operands[0])
            text = self.bracketed(text) if binding < PRODUCT or text.startswith("-") else text
            return f"-{text}", min(binding, MINUS)
        if name in self.signs:
            return self.condition(x), COMPARISON
        if name == "where":
            return self._choice(*operands)
        return self.call(x)

    def _choice(self, condition: Any, x: Any, y: Any) -> tuple[str, int]:
        """The branch that is taken, where one number decides; else both."""
        if isinstance(condition, Symbol) and isinstance(condition.data, bool):
            self.since.append(self.condition(condition, condition.data))
            return self._bound(x if condition.data else y)
        if not isinstance(condition, Symbol):  # the condition of a where that the user wrote
            return self.applied("where", ["condition", self.write(x), self.write(y)]), ATOM
        if is_literal(x, 0.0) or is_literal(y, 0.0):
            kept, holds = (y, False) if is_literal(x, 0.0) else (x, True)
            if holds and not condition.operands:
                gate, binding = self.inside(condition, PRODUCT + 1), ATOM
            else:
                gate, binding = self.condition(condition, holds), COMPARISON
            if is_literal(kept, 1.0):
                return gate, binding
            gate = self.bracketed(gate) if binding < PRODUCT else gate
            return f"{self.inside(kept, PRODUCT)}{self.signs['mul']}{gate}", PRODUCT
        return self.applied("where", [self.condition(condition), self.write(x), self.write(y)]), ATOM

    def word(self, name: Any) -> str:
        """A name as one thing, in brackets if it is a formula."""
        text, binding = self.name(name)
        return text if binding == ATOM else self.bracketed(text)


def parameters(x: Symbol) -> tuple[list[str], list[str]]:
    """What an op was called with before and after its operands, without what is the default."""
    before, after = [], []
    for name, param in x.params.items():
        if not getattr(x.op, "in_table", True):  # the user's, who alone knows what is the default
            after.append(f"{name}={param!r}")
        elif name == "subscripts":
            before.append(repr(param))
        elif name == "shape":
            after.append(str(param))
        elif name == "index":
            after.append(op_text(ops.indexing._GETITEM.bind(param)))
        elif name in ("stride", "dilation") and set(param) == {1}:
            continue
        elif name == "full_matrices" or (name in _BY_NAME and param is not None and param is not False):
            only = param[0] if isinstance(param, tuple) and len(param) == 1 else param
            after.append(f"{name}={only}")
    return before, after


_BY_NAME = frozenset({"window_shape", "shift", "k", "axis", "axes", "stride", "dilation", "keepdims", "dtype"})
