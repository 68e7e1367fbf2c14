"""A program as the native interpreter reads it: its instructions as numbers, and where in memory each value lies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.compiler.codegen.replay import parts_of
from autograd_mini.compiler.native import interpreter as op
from autograd_mini.compiler.native.instructions import Place
from autograd_mini.compiler.native.lower import Lowering
from autograd_mini.compiler.plan import LINE, planned
from autograd_mini.compiler.program import Constant, Program, Upstream, is_op

_ELEMENTS = LINE // 4  # in a line of the cache: of float32, and twice as many as of float64


class Machine:
    """What all memories of one program share."""

    def __init__(self, program: Program, dtype: Any) -> None:
        self.program, self.dtype = program, dtype
        self.inputs, parts = parts_of(program)
        self.lowering = lowering = Lowering(program, dtype)
        for i, made_by in enumerate(program.ops):
            if not is_op(made_by):
                lowering.source(i)
        self.parts = [self._segments(part) for part in parts]
        self.is_worth_it = self._saved(parts) > 0
        if self.is_worth_it:
            self._settle(parts)
            self._encode()

    def _segments(self, part: list[int]) -> list[Any]:
        """Runs of instructions, as (start, stop), and between them the lines that are steps of NumPy's."""
        code, items = self.lowering.code, list[Any]()
        code.begin()
        start = len(code.lines)
        for i in part:
            if not self.lowering.lower(i):
                if len(code.lines) > start:
                    items.append((start, len(code.lines)))
                items.append(i)
                start = len(code.lines)
        if len(code.lines) > start:
            items.append((start, len(code.lines)))
        return items

    def _saved(self, parts: list[list[int]]) -> float:
        """About how many us it saves: by each line that needs no call of NumPy, less what each call costs on top."""
        steps = [item for part in self.parts for item in part if isinstance(item, int)]
        likes = [self.program.likes[i] for i in steps]
        moved = sum([math.prod(like.shape) for like in likes if like is not None])
        return 0.6 * (sum(map(len, parts)) - len(steps)) - 1.2 * len(steps) - 0.0005 * moved

    # ------------------------------------------------------------ memory

    def _settle(self, parts: list[list[int]]) -> None:
        """Where each value begins: first numbers, then arrays that are read at each call, then what is computed."""
        program, lowering = self.program, self.lowering
        kinds = [lowering.kind(i) for i in range(len(program))]
        used = program.needed_for(program.roots)
        inputs = [i for i in range(len(program)) if used[i] and not is_op(program.ops[i])]
        read = [*self.inputs, *[i for i in inputs if isinstance(program.ops[i], Constant) and kinds[i] != "number"]]
        given = [i for i in self.inputs if kinds[i] == "number"]
        others = [i for i in range(len(program)) if used[i] and kinds[i] == "number" and i not in set(given)]
        numbers = [*given, *others]
        if self.dtype != np.float64:
            numbers += [i for i, place in lowering.places.items() if place.is_number and kinds[i] == "condition"]
        self.offsets = {i: place for place, i in enumerate(numbers)}
        self.number_count = len(numbers)
        top = _whole_lines(self.number_count) if self.dtype == np.float64 else 0
        self.read_arrays = [i for i in read if kinds[i] == "array"]
        self.read_objects = [i for i in read if kinds[i] == "object"]
        upstreams = [i for i in inputs if isinstance(program.ops[i], Upstream) and kinds[i] == "array"]
        sizes = {i: lowering.places[i].view.size for i in [*self.read_arrays, *upstreams]}
        for owner, size in [*sizes.items(), *lowering.code.sizes.items()]:
            self.offsets[owner] = top
            top += _whole_lines(size)
        plan, arrays = planned(program, parts, self._kept(parts), lowering.writes)
        buffers: dict[str, int] = {}
        for name, like in arrays.items():
            buffers[name] = top
            top += _whole_lines(math.prod(like.shape))
        self.offsets.update({i: buffers[name] for i, name in plan.items()})
        self.size = top

    def _kept(self, parts: list[list[int]]) -> list[int]:
        """What lives to the end: what is given away, what backward needs of forward, where numbers lie in arrays."""
        program, places = self.program, self.lowering.places
        in_forward = {*self.inputs, *parts[0]}
        later = {x for part in parts[1:] for i in part for x in program.operands[i] if x in in_forward}
        elements = {place.owner for place in places.values() if place.is_number and place.owner >= 0}
        return [*later, *program.roots, *elements]

    def at(self, place: Place) -> int:
        """Where in memory the value begins."""
        return self.offsets[place.owner] + place.offset

    def _encode(self) -> None:
        lines = self.lowering.code.lines
        self.code = np.zeros((len(lines), op.WIDTH), np.int64)
        indices: list[Any] = [np.zeros(1, np.uint32)]
        top = 1
        for row, line in zip(self.code, lines, strict=True):
            row[:] = (
                line.what,
                *[self.at(place) for place in line.places],
                *line.lengths,
                *line.x_strides,
                *line.y_strides,
            )
            for column, elements in enumerate(line.elements, 10):
                if isinstance(elements, list):  # numbers, wherever they are
                    elements, row[2] = np.array([self.at(place) for place in elements]), 0
                indices.append(elements.astype(np.uint32))
                row[column], top = top, top + len(elements)
        self.code = self.code.view(np.uint64)
        self.index = np.concatenate(indices)

    def __str__(self) -> str:
        """The instructions, one a line: which, and the lengths of their loops."""
        return "\n".join(
            [f"{op.NAMES[line.what % op.ON_NUMBERS]} {tuple(line.lengths)}" for line in self.lowering.code.lines]
        )


def _whole_lines(size: int) -> int:
    """As many elements as fill lines of the cache, so that the next array begins with one: see ``aligned``."""
    return -(-size // _ELEMENTS) * _ELEMENTS
