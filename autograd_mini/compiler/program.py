"""A program: the ops of a traced function and of its gradient as one flat list, that one can read and passes rewrite.

Line i says how value i is made: an op and the numbers of its operands, which all stand further up. What is not
computed (an argument, a parameter, a constant) has a line too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple

import numpy as np


class Form(NamedTuple):
    """What an array or a NumPy scalar is like. JAX: ``ShapeDtypeStruct``."""

    shape: tuple[int, ...]
    dtype: Any


Like = Form | None  # None for a Python float


@dataclass(frozen=True, slots=True)
class Argument:
    """What the caller gives: number or array ``index`` among all of the arguments, or what an object ``carries``."""

    index: int
    name: str = "argument"


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """A Value that the function found outside of its arguments: a parameter, read anew at each call."""

    value: Any

    name = "parameter"


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A plain number or array. An array is the very one that the function used, so what is written into it is seen."""

    data: Any

    name = "constant"


@dataclass(frozen=True, slots=True)
class Upstream:
    """The gradient of output ``index``, which whoever calls backward gives."""

    index: int

    name = "upstream"


SOURCES = (Argument, Captured, Constant, Upstream)


class Plain:
    """What is computed without a gradient: a comparison, a check, a mask. An op that stands in no table.

    With ``instead``, which stands in for ``forward`` while a function is traced, it does something besides.
    """

    __slots__ = ("forward", "instead", "name", "params")

    def __init__(self, name: str, forward: Callable[..., Any], instead: Callable[..., Any] | None = None) -> None:
        self.name = name
        self.forward = forward
        self.instead = instead
        self.params: dict[str, Any] = {}


DETACH = Plain("detach", lambda x: x)  # the same number, as a constant to gradients

DOT = Plain("vdot", np.vdot)  # of a sum of products

# Arrays of one dtype, the elements of all of them in a row; and one of them out of such a row.
SIDE_BY_SIDE = Plain("side_by_side", lambda *xs: np.concatenate([x.reshape(-1) for x in xs]))


class Part(Plain):
    """The elements of a row from ``start`` on that fill ``shape``."""

    __slots__ = ("shape", "start")

    def __init__(self, start: int, shape: tuple[int, ...]) -> None:
        super().__init__("part", lambda row: row[start : start + math.prod(shape)].reshape(shape))
        self.start, self.shape = start, shape
        self.params = {"start": start, "shape": shape}


@dataclass(frozen=True)
class Program:
    """``ops[i]`` on the values numbered ``operands[i]`` makes value i, which is like ``likes[i]``."""

    ops: list[Any]
    operands: list[tuple[int, ...]]
    likes: list[Like]
    outputs: tuple[int, ...]
    gradients: tuple[tuple[int | None, ...], ...] = ()  # of each output, for each value in ``wanted``
    wanted: tuple[int, ...] = ()  # the arguments and parameters that get gradients
    backend: str = ""  # what runs it, once that is settled

    def __len__(self) -> int:
        return len(self.ops)

    def shape(self, i: int) -> tuple[int, ...]:
        """The shape of value i; () for a Python float too."""
        like = self.likes[i]
        return () if like is None else like.shape

    @property
    def roots(self) -> list[int]:
        """The values that somebody waits for."""
        return [*self.outputs, *[g for of_output in self.gradients for g in of_output if g is not None]]

    @property
    def uses(self) -> list[int]:
        """How many times each value is an operand or waited for."""
        uses = [0] * len(self.ops)
        for x in chain(*self.operands, self.roots):
            uses[x] += 1
        return uses

    def needed_for(self, roots: Iterable[int]) -> bytearray:
        """1 for each value that one of ``roots`` is made of, itself included; else 0."""
        needed = bytearray(len(self.ops))
        for root in roots:
            needed[root] = 1
        for i in range(len(self.ops) - 1, -1, -1):
            if needed[i]:
                for x in self.operands[i]:
                    needed[x] = 1
        return needed

    def renumbered(self, keep: Iterable[int], becomes: list[int] | None = None) -> Program:
        """The lines ``keep``, in that order; whoever used value i uses ``becomes[i]`` from now on."""
        keep = list(keep)
        new = [-1] * len(self.ops)
        for place, i in enumerate(keep):
            new[i] = place
        if becomes is not None:
            new = [new[i] for i in becomes]
        operands = [tuple([new[x] for x in self.operands[i]]) for i in keep]
        return self.with_lines([self.ops[i] for i in keep], operands, [self.likes[i] for i in keep], new)

    def with_lines(
        self, ops: list[Any], operands: list[tuple[int, ...]], likes: list[Like], new: list[int] | dict[int, int]
    ) -> Program:
        """Other lines, of which ``new[i]`` is value i."""
        return replace(
            self,
            ops=ops,
            operands=operands,
            likes=likes,
            outputs=tuple([new[i] for i in self.outputs]),
            gradients=tuple([tuple([None if g is None else new[g] for g in gs]) for gs in self.gradients]),
            wanted=tuple([new[i] for i in self.wanted]),
        )

    # ------------------------------------------------------------ to be read

    def __str__(self) -> str:
        forward = self.needed_for(self.outputs)
        names = [_name_of(i, op) for i, op in enumerate(self.ops)]
        order = [i for i in range(len(self)) if forward[i]] + [i for i in range(len(self)) if not forward[i]]
        lines = [self._line(i, names) for i in order]
        lines.insert(sum(forward), "")
        if self.gradients:
            lines.insert(sum(forward) + 1, "backward:")
            lines += [
                f"gradient of {names[w]} = {'0' if g is None else names[g]}"
                for gs in self.gradients
                for w, g in zip(self.wanted, gs, strict=True)
            ]
        lines.insert(sum(forward), f"return {', '.join(names[i] for i in self.outputs)}")
        return "\n".join([f"run by {self.backend}:", *lines] if self.backend else lines)

    def _line(self, i: int, names: list[str]) -> str:
        op, like = self.ops[i], self.likes[i]
        if isinstance(op, Constant) and isinstance(op.data, float | np.floating):
            made = f"{op.data:g}"
        elif isinstance(op, SOURCES):
            made = f"{op.name} {getattr(op, 'index', '')}".rstrip()
        else:
            given = [names[x] for x in self.operands[i]] + [f"{k}={_short(v)}" for k, v in op.params.items()]
            made = f"{op.name}({', '.join(given)})"
        kind = "" if like is None else f"{like.dtype} {like.shape}"
        return f"{names[i]:8} = {made:50} {kind}".rstrip()

    def __repr__(self) -> str:
        return f"<program of {len(self)} lines; print it>"


def _name_of(i: int, op: Any) -> str:
    if isinstance(op, Captured):
        return f"{op.value.label or 'p'}.{i}"
    return f"{'x' if isinstance(op, Argument) else 'c' if isinstance(op, Constant) else 'v'}{i}"


def _short(param: Any) -> str:
    """A static parameter in a word or two."""
    return f"array{param.shape}" if isinstance(param, np.ndarray) and param.size > 4 else repr(param)


def is_op(op: Any) -> bool:
    """True for what is computed; false for an argument, a parameter, a constant."""
    return not isinstance(op, SOURCES)
