"""What ``check_by_hand`` found, node by node, as a table that one can read."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

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
        """The index of the element that differs most from the expected one."""
        away = np.abs(np.asarray(self.difference, float))
        return tuple(int(i) for i in np.unravel_index(np.argmax(np.where(np.isnan(away), np.inf, away)), away.shape))

    def cells(self) -> tuple[str, str, str, str, str]:
        """Name, status, and the three numbers; of an array, those of the worst element."""
        if not self.node.shape:
            three, name = (self.yours, self.expected, self.true), self.name
        elif not self.node.size or self.status == "ok":
            return self.name, self.status, str(self.node.shape), "", ""
        else:
            name = f"{self.name}[{', '.join(map(str, self.worst))}]"
            three = tuple(np.asarray(x)[self.worst] for x in (self.yours, self.expected, self.true))
        return name, self.status, *_told_apart(three)


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
            return f"check_by_hand: {_counted(right, 'gradient')} given, all right"
        wrong = self.first_wrong
        where = f"; the first slip is in {wrong.name}" if wrong else ""
        slips = given.count("WRONG")
        follow = f", {carried} carried on from {'it' if slips == 1 else 'them'}" if carried else ""
        return f"check_by_hand: {_counted(len(given), 'gradient')} given, {right} ok, {slips} WRONG{follow}{where}"

    def __str__(self) -> str:
        given = [row for row in self.rows if row.status != "not given"]
        shown = given if len(given) <= MOST_ROWS else [row for row in given if row.status != "ok"][:MOST_ROWS]
        lines = [self.summary()]
        if shown:
            table = [("node", "status", "yours", "expected", "true"), *(row.cells() for row in shown)]
            widths = [max(map(len, column)) for column in zip(*table, strict=True)]
            notes = ["", *(row.diagnosis for row in shown)]
            for cells, note in zip(table, notes, strict=True):
                name, status, *numbers = cells
                parts = [name.ljust(widths[0]), status.ljust(widths[1])]
                parts += [text.rjust(width) for text, width in zip(numbers, widths[2:], strict=True)]
                lines.append(("  " + "  ".join(parts)).rstrip())
                lines += textwrap.wrap(note, 94, initial_indent=" " * 6, subsequent_indent=" " * 6)
        if len(shown) < len(given):
            lines.append(f"  ... and {len(given) - len(shown):,} more")
        left_out = [row.name for row in self.rows if row.status == "not given"]
        if left_out:
            more = f" and {len(left_out) - 8:,} more" if len(left_out) > 8 else ""
            lines += textwrap.wrap(
                f"not given: {', '.join(left_out[:8])}{more}", 96, initial_indent="  ", subsequent_indent="    "
            )
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The table for notebooks."""
        return f"<pre>{escape(str(self))}</pre>"


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _told_apart(three: tuple[Any, ...]) -> tuple[str, str, str]:
    """The three numbers with as many digits as it takes to see which of them differ: four, or more."""
    yours, expected, true = map(float, three)
    for digits in (4, 6, 8, 10):
        texts = tuple(f"{x + 0.0:.{digits}g}" for x in (yours, expected, true))
        if texts[0] != texts[1] or yours == expected:
            break
    return texts[0], texts[1], texts[2]
