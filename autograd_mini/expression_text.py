"""The text of an expression, parsed by Python's own parser, and errors that point into it. Nothing is run."""

from __future__ import annotations

import ast
import keyword
import re
import textwrap
import warnings

MAX_LENGTH = 4000  # characters: keeps Python's parser, and the graph, small

LONGEST = 500  # characters of a message


class ExpressionError(ValueError):
    """An expression that is refused: what is wrong, the line, and a caret under the place that is meant."""

    without_value = ""  # the name that nobody gave a number, where that is what is wrong


class ExpressionText:
    """A text, its statements as Python's syntax trees, and errors about them.

    >>> text = ExpressionText("a*b + c")
    >>> print(text.error("this is a sum", text.statements[0].value))
    this is a sum
      a*b + c
          ^

    Raises ``ExpressionError`` if it is not Python, is empty or has more than ``MAX_LENGTH`` characters.
    """

    def __init__(self, text: str) -> None:
        # What no text has, such as half of a character from a shell of another encoding, the parser cannot take.
        text = textwrap.dedent(text.encode(errors="replace").decode().replace("\0", "?")).strip()
        self.lines = re.split(r"\r\n?|\n", text)  # as the parser counts them
        if len(text) > MAX_LENGTH:
            raise self.error(f"the expression has {len(text):,} characters; at most {MAX_LENGTH:,} are read")
        try:
            with warnings.catch_warnings(action="ignore"):  # the parser's, about what will not be run
                # Of a text it refuses the parser looks for the line in the file of that name: "" is none.
                self.statements = ast.parse("\n".join(self.lines), filename="").body
        except SyntaxError as cause:
            row = cause.lineno or 1
            raise self._error_at(row, *_in_plain_words(cause, self.lines[row - 1])) from None
        except (RecursionError, MemoryError):
            raise self.error("this is nested too deep; give parts of it names: e = a*b; d = e + c") from None
        if not self.statements:
            raise self.error("the expression is empty; write one, such as 'a*b + c'")

    def error(self, message: str, node: ast.AST | None = None) -> ExpressionError:
        """``message``, with the line of ``node`` (by default the first) and a caret under it."""
        row, offset = _place(node, self.lines) if node else (1, 0)
        column = len(self.lines[row - 1].encode()[:offset].decode(errors="ignore"))  # the parser counts bytes
        return self._error_at(row, column, message)

    def _error_at(self, row: int, column: int, message: str) -> ExpressionError:
        start = max(0, column - 60)  # of a long line only what is near
        line = self.lines[row - 1][start : start + 100]
        message = message if len(message) <= LONGEST else message[:LONGEST] + " ..."  # of a name that is as long
        line = "".join(c if c.isprintable() else " " for c in line)  # a tab would move the caret
        return ExpressionError(f"{message}\n  {line}\n  {' ' * (column - start)}^" if line else message)


def _place(node: ast.AST, lines: list[str]) -> tuple[int, int]:
    """Row and byte of what a reader takes for ``node``: an operator's sign, a method's name."""
    node = node.func if isinstance(node, ast.Call) else node
    match node:
        case ast.BinOp(left=x):
            row = x.end_lineno or 1
            sign = re.compile(rb"[^\s)]").search(lines[row - 1].encode(), x.end_col_offset or 0)
            return (row, sign.start()) if sign else (node.lineno, node.col_offset)
        case ast.Attribute(attr=name):
            return node.end_lineno or 1, (node.end_col_offset or 0) - len(name.encode())
    return getattr(node, "lineno", 1), getattr(node, "col_offset", 0)


def _in_plain_words(error: SyntaxError, line: str) -> tuple[int, str]:
    """Where the parser stopped, and why, for somebody who wants to write a formula."""
    for word in re.finditer(r"\w+", line):
        if keyword.iskeyword(word[0]) and word[0] not in ("None", "True", "False"):
            return word.start(), f"{word[0]} is a word of Python's own and no name; choose another, such as {word[0]}_"
    column = (error.offset or 1) - 1
    rest = line[column:].strip()
    if error.msg.startswith("invalid decimal literal"):
        return column, "a number runs into a name; a product needs a *"
    if error.msg.startswith("invalid character"):
        return column, f"{error.msg}; the operators are + - * / ** @"
    if error.msg.startswith(("cannot assign", "expression cannot contain assignment")):
        return column, "left of = stands a single name"
    if not error.msg.startswith("invalid syntax"):
        return column, error.msg
    if not rest:
        return column, "this ends too early; a number or a name is missing"
    if rest[0].isalnum() or rest[0] in "_([":
        return column, f"an operator is missing before {rest[0]}, such as *"
    return column, f"{rest[0]} does not fit here"
