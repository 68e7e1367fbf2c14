"""A program that a pass writes anew, line after line and operands first, with lines that were not there before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd_mini.compiler.program import Like, Program


class Rewrite:
    """The lines of the new program, and what each line of the old one becomes there."""

    def __init__(self, program: Program) -> None:
        self._old = program
        self.becomes: dict[int, int] = {}
        self._ops: list[Any] = []
        self._operands: list[tuple[int, ...]] = []
        self._likes: list[Like] = []

    def line(self, op: Any, operands: Iterable[int], like: Like) -> int:
        """The number of a line that was not there; its operands are lines of the new program."""
        self._ops.append(op)
        self._operands.append(tuple(operands))
        self._likes.append(like)
        return len(self._ops) - 1

    def keep(self, i: int) -> None:
        """Line i of the old program, as it was."""
        self.becomes[i] = self.line(self._old.ops[i], self.operands(i), self._old.likes[i])

    def operands(self, i: int) -> list[int]:
        """What the operands of line i have become."""
        return [self.becomes[x] for x in self._old.operands[i]]

    def program(self) -> Program:
        """All of it."""
        return self._old.with_lines(self._ops, self._operands, self._likes, self.becomes)
