"""Numbers, names and ops as short text, for pictures, formulas and reports."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd_mini.ops.operation import Operation

LONGEST = 40  # characters of a label or an index that a box shows; hovering shows the rest
WIDEST = 100  # columns of a line of text
NO_GRAD = "–"
FEWEST_DIGITS, MOST_DIGITS = 4, 17  # of a number; with 17 it is read back as the same float


def number(x: Any, digits: int = FEWEST_DIGITS) -> str:
    """A number with so many significant ``digits``: 0.002682, 1.234e+06, nan. Never -0, nor more than give it back."""
    if isinstance(x, bool | np.bool_):
        return str(x)
    x = float(x) + 0.0
    shorter = f"{x:.{digits - 1}g}"  # 0.1 has one digit, and not the 0.10000000000000001 of 17
    return shorter if digits == MOST_DIGITS and float(shorter) == x else f"{x:.{digits}g}"


def numbers(data: Sequence[Any]) -> str:
    """Numbers or arrays as short text: one number, a few elements, or the smallest … the largest of all."""
    if any([isinstance(x, np.ndarray) for x in data]):
        data = [x for x in data if np.size(x)] or data[:1]
    if not data or not np.size(data[0]):
        return NO_GRAD if not data else "[]"
    if len(data) == 1 and np.size(data[0]) <= 4:
        return _nested(np.asarray(data[0]).tolist())
    with np.errstate(invalid="ignore"):
        low, high = min_max(data)
    if math.isnan(low):
        return "has nan"
    return number(low) if low == high else f"{number(low)} … {number(high)}"


def min_max(data: Sequence[Any]) -> tuple[Any, Any]:
    """The smallest and the largest element of all; nan if there is one."""
    if not any([isinstance(x, np.ndarray) for x in data]):
        flat = np.array(data)
        return flat.min(), flat.max()
    return np.min([np.min(x) for x in data]), np.max([np.max(x) for x in data])


def _nested(elements: Any) -> str:
    """At most four numbers in their brackets."""
    return f"[{', '.join(map(_nested, elements))}]" if isinstance(elements, list) else number(elements)


def digits(data: Any) -> str:
    """Every digit of a number; of an array as many elements as a tooltip has room for."""
    if isinstance(data, float):
        return repr(data)
    return np.array2string(np.asarray(data), threshold=50, edgeitems=2, max_line_width=100, precision=8)


def count(n: int, thing: str, things: str = "") -> str:
    """``1 value``, ``12,345 values``."""
    return f"{n:,} {thing if n == 1 else things or thing + 's'}"


def described(thing: object) -> str:
    """What was given, for an error: a number itself, ``a str``."""
    return f"{thing!r}" if isinstance(thing, int | float) else f"a {type(thing).__name__}"


def op_text(op: Operation) -> str:
    """An op's symbol and what it was called with: ``sum axis=0``. What the shape of its result says is left out."""
    if op.name == "getitem":
        index = op.params["index"]
        return one_line(f"[{', '.join(map(_param, index if isinstance(index, tuple) else (index,)))}]")
    said = [
        f"{name}={_param(param)}"
        for name, param in op.params.items()
        if name not in ("shape", "keepdims", "starts", "index") and param is not None and param is not False
    ]
    return one_line(" ".join([op.symbol, *said]))


def _param(param: Any) -> str:
    if isinstance(param, slice):
        parts = ["" if part is None else str(part) for part in (param.start, param.stop, param.step)]
        return ":".join(parts if parts[2] else parts[:2])
    if isinstance(param, np.ndarray):
        return str(param.tolist()) if param.ndim < 2 and param.size <= 4 else f"{param.dtype} {param.shape}"
    if param is Ellipsis:
        return "..."
    return number(param) if isinstance(param, float) else str(param)


def unbroken(text: str) -> str:
    """``text`` on one line, without what no font can show."""
    return " ".join(printable(text).split())


def one_line(text: str) -> str:
    """``text`` on one line, without what no font can show, and not too long."""
    line = unbroken(text)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def printable(text: str) -> str:
    """``text`` without what no font can show."""
    return "".join([c if c.isprintable() or c == "\n" else " " if c.isspace() else "\ufffd" for c in str(text)])


def columns(text: str) -> int:
    """How many columns of a terminal ``text`` takes: two for a wide character, none for an accent on another.

    >>> columns("w"), columns("重み"), columns("e\N{COMBINING ACUTE ACCENT}")
    (1, 4, 1)
    """
    if text.isascii():
        return len(text)
    wide = sum([unicodedata.east_asian_width(c) in "WF" for c in text])
    return len(text) + wide - sum([unicodedata.category(c) in ("Mn", "Me", "Cf") for c in text])


def padded(text: str, width: int) -> str:
    """``text`` with blanks behind it, so that it takes ``width`` columns."""
    return text + " " * (width - columns(text))


def wrapped(pieces: Iterable[str], first: str = "", rest: str = "") -> list[str]:
    """Lines of at most 100 columns, broken between pieces only, with what stands before the first and the others.

    >>> wrapped(["word"] * 30, "  ", "    ")[1]
    '    word word word word word word word word word word word'
    """
    lines = [first]
    empty = True
    for piece in pieces:
        if empty:
            lines[-1] += piece
        elif columns(lines[-1]) + 1 + columns(piece) <= WIDEST:
            lines[-1] += f" {piece}"
        else:
            lines.append(rest + piece)
        empty = False
    return [] if empty else lines
