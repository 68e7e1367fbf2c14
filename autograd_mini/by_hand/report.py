"""What ``check_by_hand`` found, node by node, as a table that one can read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from autograd_mini.by_hand.digits import near
from autograd_mini.text import LONGEST, columns, count, number, padded, wrapped
from autograd_mini.value import Value

MOST_ROWS = 60  # in the text; of more, only those that are not ok


@dataclass(frozen=True)
class Row:
    """One node: the gradient that was given for it, and what is to be said of it."""

    node: Value
    name: str
    status: str  # "ok", "carried", "WRONG" or "not given"
    yours: Any  # None if not given
    expected: Any  # what follows from the user's own gradients of the later nodes
    true: Any
    kind: str = ""  # of the likely slip, in one word or two
    diagnosis: str = ""  # the likely slip in words

    @property
    def difference(self) -> Any:
        """What is given less what is expected; None if not given."""
        return None if self.yours is None else self.yours - self.expected

    @property
    def worst(self) -> tuple[int, ...]:
        """The index of the element that differs most: from what is expected, or from the truth if it is carried."""
        other = self.true if self.status == "carried" else self.expected
        with np.errstate(invalid="ignore"):
            away = np.abs(np.asarray(self.yours - other, float))
        away = np.where(near(self.yours, other, 0.0), 0.0, np.where(np.isnan(away), np.inf, away))
        return tuple(int(i) for i in np.unravel_index(np.argmax(away), away.shape))

    def cells(self) -> tuple[str, str, str, str, str]:
        """Name, status, and the three numbers; of an array, those of the worst element."""
        if not self.node.shape:
            three, name = (self.yours, self.expected, self.true), _short(self.name)
        elif not self.node.size or self.status == "ok":
            return _short(self.name), self.status, str(self.node.shape), "", ""
        else:
            name = f"{_short(self.name)}[{', '.join(map(str, self.worst))}]"
            three = tuple(np.asarray(x)[self.worst] for x in (self.yours, self.expected, self.true))
        return name, self.status, *_told_apart(self.status, *map(float, three))


@dataclass(frozen=True)
class Report:
    """The grading of a derivation. It is true, as a condition, if every gradient that was given is right."""

    rows: list[Row]  # of every node but constants, in the order of the backward pass

    @property
    def ok(self) -> bool:
        """True if there was something to check and all of it is right."""
        return any(row.status == "ok" for row in self.rows) and not any(
            row.status in ("WRONG", "carried") for row in self.rows
        )

    def __bool__(self) -> bool:
        return self.ok

    @property
    def first_wrong(self) -> Row | None:
        """The row of the first new slip, in the order of the backward pass; None if there is none."""
        return next((row for row in self.rows if row.status == "WRONG"), None)

    def summary(self) -> str:
        """The result in one line."""
        given = [row.status for row in self.rows if row.status != "not given"]
        if not given:
            return "check_by_hand: no gradient was given"
        right, carried = given.count("ok"), given.count("carried")
        if right == len(given):
            return f"check_by_hand: {count(right, 'gradient')} given, all right"
        wrong = self.first_wrong
        where = f"; the first slip is in {_short(wrong.name)}" if wrong else ""
        slips = given.count("WRONG")
        follow = f", {carried} carried on from {'it' if slips == 1 else 'them'}" if carried else ""
        return f"check_by_hand: {count(len(given), 'gradient')} given, {right} ok, {slips} WRONG{follow}{where}"

    def __str__(self) -> str:
        lines = wrapped(self.summary().split(), "", "  ")
        table = [HEADINGS, *(row.cells() for row in self._shown())]
        widths = [max(map(columns, column)) for column in zip(*table, strict=True)]
        for cells, note in zip(table, ("", *(row.diagnosis for row in self._shown())), strict=True):
            if len(table) > 1:
                texts = [padded(text, width) for text, width in zip(cells[:2], widths, strict=False)]
                numbers = [text.rjust(width) for text, width in zip(cells[2:], widths[2:], strict=True)]
                lines.append("  ".join(["", *texts, *numbers]).rstrip())
            lines += wrapped(map(_short, note.split()), " " * 6, " " * 6)
        return "\n".join(lines + wrapped(self._left_out().split(), "  ", "    "))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The table for notebooks."""
        head = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
        body = []
        for row in self._shown():
            name, status, *numbers = map(escape, row.cells())
            cells = f"<td style='text-align: left'>{name}</td><td style='{_STYLES[row.status]}'>{status}</td>"
            body.append(f"<tr>{cells}{''.join(f'<td>{text}</td>' for text in numbers)}</tr>")
            if row.diagnosis:
                note = escape(row.diagnosis)
                body.append(f"<tr><td></td><td colspan='4' style='text-align: left'><em>{note}</em></td></tr>")
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>" if body else ""
        return f"<p>{escape(self.summary())}</p>{table}<p>{escape(self._left_out())}</p>"

    def _shown(self) -> list[Row]:
        """The rows of the table: what was given; of very many, only what is not right."""
        given = [row for row in self.rows if row.status != "not given"]
        return given if len(given) <= MOST_ROWS else [row for row in given if row.status != "ok"][:MOST_ROWS]

    def _left_out(self) -> str:
        """What the table does not show: rows for which there is no room, and nodes that were not given."""
        statuses = Counter(row.status for row in self.rows)
        statuses.subtract(row.status for row in self._shown())
        more = [f"{n:,} {status}" for status, n in statuses.items() if n and status != "not given"]
        # A name that the user gave says more than v7
        names = [_short(row.name) for row in self.rows if row.status == "not given"]
        names.sort(key=lambda name: name[0] == "v" and name[1:].isdigit())
        rest = f" and {len(names) - 8:,} more" if len(names) > 8 else ""
        told = [f"... and {', '.join(more)}"] if more else []
        told += [f"not given: {', '.join(names[:8])}{rest}"] if names else []
        return "; ".join(told)


HEADINGS = ("node", "status", "yours", "expected", "true")
_STYLES = {"ok": "color: #2a7d2a", "carried": "color: #b36b00", "WRONG": "color: #c62828; font-weight: bold"}


def _short(name: str) -> str:
    """A name in at most 40 characters, with its end, which tells one parameter of a layer from another."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}…{name[1 - LONGEST // 2 :]}"


def _told_apart(status: str, yours: float, expected: float, true: float) -> tuple[str, str, str]:
    """The three numbers in four digits, or in as many as show what is wrong with yours."""
    other = {"WRONG": expected, "carried": true}.get(status, yours)
    digits = next((n for n in (4, 6, 8) if yours == other or number(yours, n) != number(other, n)), 10)
    return number(yours, digits), number(expected, digits), number(true, digits)
