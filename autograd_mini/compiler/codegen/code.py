"""The code of a program while it is written: what it calls each value, and the arrays that are made beforehand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.compiler.codegen.writing import how_it_writes, ufunc_of
from autograd_mini.compiler.program import Constant, Like, Part, Program, Upstream, is_op


class Code:
    """Names for what the code uses, and the arrays that it computes into."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.namespace: dict[str, Any] = {"array": np.array, "empty": np.empty, "nan": math.nan}
        self.plan: dict[int, str] = {}
        self._made: list[str] = []
        self._scratch: dict[int, int] = {}  # how many bytes of each a line needs at most
        self.how = [how_it_writes(program, i) for i in range(len(program))]
        self._beside: dict[tuple[int, int], str] = {}  # what a number is called in a line, as an operand of arrays
        self._converted: dict[int, list[str]] = {}  # the lines that make that of it

    def convert_numbers(self, part: list[int]) -> None:
        """Makes an array of each number that several lines of this part need beside one, instead of in each of them."""
        program = self.program
        users: dict[tuple[int, Any], list[int]] = {}
        here = set(part)
        for i in part:
            xs = program.operands[i]
            if len(xs) == 2 and ufunc_of(program.ops[i]) is not None:
                for x, other in zip(xs, reversed(xs), strict=True):
                    like, array = program.likes[x], program.likes[other]
                    is_made_here = is_op(program.ops[x]) and x in here
                    if (
                        is_made_here
                        and array
                        and array.shape
                        and array.dtype.kind == "f"
                        and like in (None, ((), array.dtype))
                    ):
                        users.setdefault((x, array.dtype), []).append(i)
        for (x, dtype), lines in users.items():
            if len(lines) > 1:
                name = f"v{x}_{dtype.char}"
                kind = self.given(f"dtype_{dtype.name}", dtype)
                self._converted.setdefault(x, []).append(f"{name} = array(v{x}, {kind})")
                self._beside |= {(i, x): name for i in lines}

    def name(self, i: int) -> str:
        """How the code calls value i."""
        op = self.program.ops[i]
        if isinstance(op, Constant):
            if op.data.__class__ is float and math.isfinite(op.data):
                return repr(op.data) if math.copysign(1, op.data) > 0 else f"({op.data!r})"
            return self.given(f"c{i}", op.data)
        return "upstream" if isinstance(op, Upstream) else f"v{i}"

    def beside(self, i: int, array: Like, line: int) -> str:
        """How a line calls value i as an operand of a ufunc beside an array: a plain number is converted once."""
        op = self.program.ops[i]
        if (line, i) in self._beside:
            return self._beside[line, i]
        like = self.program.likes[i]
        if (
            array is None
            or array.dtype.kind != "f"
            or not isinstance(op, Constant)
            or like not in (None, ((), array.dtype))
        ):
            return self.name(i)
        if isinstance(op.data, np.ndarray):  # the user's, who may write another number there
            return self.name(i)
        return self.given(f"c{i}_{array.dtype.char}", np.array(op.data, array.dtype))

    def conversions(self, i: int) -> list[str]:
        """What is made of number i as soon as it is there."""
        return self._converted.get(i, [])

    def given(self, name: str, thing: Any) -> str:
        """A name under which the code finds ``thing``."""
        self.namespace[name] = thing
        return name

    def made(self, name: str, expression: str) -> str:
        """A name for what ``make`` computes beforehand."""
        line = f"{name} = {expression}"
        if line not in self._made:
            self._made.append(line)
        return name

    def scratch(self, k: int, like: Any) -> str:
        """The k-th array that a line uses on the way: the next line writes over it."""
        shape, dtype = like
        size = math.prod(shape) * dtype.itemsize
        self._scratch[k] = max(self._scratch.get(k, 0), size)
        kind = self.given(f"dtype_{dtype.name}", dtype)
        name = f"scratch{k}_{'_'.join(map(str, shape))}_{dtype.char.replace('?', 'bool')}"
        return self.made(name, f"scratch{k}[:{size}].view({kind}).reshape({shape})")

    def part(self, row: str | None, part: Part) -> str:
        """A part of an array that stays."""
        name = f"{row}_{part.start}_{'_'.join(map(str, part.shape))}"
        stop = part.start + math.prod(part.shape)
        return self.made(name, f"{row}[{part.start}:{stop}].reshape({part.shape})")

    @property
    def allocations(self) -> list[str]:
        """Lines of ``make``: what is computed beforehand."""
        return [*[f"scratch{k} = empty({size}, 'B')" for k, size in self._scratch.items()], *self._made]

    def is_number_but_zero(self, i: int) -> bool:
        """True for a plain number that one can divide by."""
        op = self.program.ops[i]
        return isinstance(op, Constant) and op.data.__class__ is float and op.data != 0

    def is_own(self, i: int) -> bool:
        """True if the code of line i makes an array that nobody else has."""
        return i not in self.plan and self.how[i] is not None
