"""A program ready for the native interpreter: its instructions as numbers, and the memory that they compute in."""

from __future__ import annotations

import math
from collections.abc import Callable
from struct import Struct
from typing import Any

import numpy as np

from autograd_mini.compiler.emit import ufunc_of
from autograd_mini.compiler.native import opcodes as op
from autograd_mini.compiler.native.instructions import Place, Unsupported
from autograd_mini.compiler.native.lower import Lowering
from autograd_mini.compiler.plan import planned
from autograd_mini.compiler.program import Constant, Program, Upstream, is_op
from autograd_mini.compiler.replay import Replay, parts_of

LARGEST = 2**17  # elements of an array; beyond, NumPy's vector functions and threads are faster


def prepared(program: Program, machine_code: Callable[[], Any]) -> Replay | None:
    """The program for the interpreter; None where NumPy is as fast or nothing fits. Only then numba is imported."""
    arrays = [like for like in program.likes if like is not None and like[1].char in "fd"]
    sizes = [math.prod(shape) for shape, _ in arrays]
    if max(sizes, default=0) > LARGEST:
        return None
    in_float32 = sum([size for size, (_, dtype) in zip(sizes, arrays, strict=True) if dtype.char == "f"])
    try:
        machine = Machine(program, np.dtype("f" if 2 * in_float32 > sum(sizes) else "d"))
    except Unsupported:
        return None
    if not machine.is_worth_it:
        return None
    machine.run = machine_code()
    return Replay(machine.make, [program.ops[i] for i in machine.inputs], str(machine), "numba")


class Machine:
    """What all memories of one program share."""

    run: Any  # the interpreter

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
        moved = sum([math.prod(like[0]) for like in likes if like is not None])
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
        top = self.number_count if self.dtype == np.float64 else 0
        self.read_arrays = [i for i in read if kinds[i] == "array"]
        self.read_objects = [i for i in read if kinds[i] == "object"]
        upstreams = [i for i in inputs if isinstance(program.ops[i], Upstream) and kinds[i] == "array"]
        sizes = {i: lowering.places[i].view.size for i in [*self.read_arrays, *upstreams]}
        for owner, size in [*sizes.items(), *lowering.code.sizes.items()]:
            self.offsets[owner] = top
            top += size
        plan, arrays = planned(program, parts, self._kept(parts), lowering.writes)
        buffers: dict[str, int] = {}
        for name, like in arrays.items():
            buffers[name] = top
            top += math.prod(like[0])
        self.offsets.update({i: buffers[name] for i, name in plan.items()})
        self.size = top

    def _kept(self, parts: list[list[int]]) -> list[int]:
        """What lives to the end: what is given away, what backward needs of forward, where numbers lie in arrays."""
        program, places = self.program, self.lowering.places
        in_forward = {*self.inputs, *parts[0]}
        later = {x for part in parts[1:] for i in part for x in program.operands[i] if x in in_forward}
        elements = {place.owner for place in places.values() if place.is_number and place.owner >= 0}
        return [*later, *program.roots, *elements]

    def _at(self, place: Place) -> int:
        return self.offsets[place.owner] + place.offset

    def _encode(self) -> None:
        lines = self.lowering.code.lines
        self.code = np.zeros((len(lines), op.WIDTH), np.int64)
        indices: list[Any] = [np.zeros(1, np.uint32)]
        top = 1
        for row, line in zip(self.code, lines, strict=True):
            row[:] = (
                line.what,
                *[self._at(place) for place in line.places],
                *line.lengths,
                *line.x_strides,
                *line.y_strides,
            )
            for column, elements in enumerate(line.elements, 10):
                if isinstance(elements, list):  # numbers, wherever they are
                    elements, row[2] = np.array([self._at(place) for place in elements]), 0
                indices.append(elements.astype(np.uint32))
                row[column], top = top, top + len(elements)
        self.code = self.code.view(np.uint64)
        self.index = np.concatenate(indices)

    # ------------------------------------------------------------ one memory

    def make(self) -> tuple[Callable[[Any], Any], list[Callable[[Any], Any]]]:
        """Memory, and forward and a backward for each output that compute in it."""
        memory = np.zeros(self.size, self.dtype)
        numbers = memory if self.dtype == np.float64 else np.zeros(self.number_count + 1)
        values: dict[int, Any] = {}
        program, code = self.program, self.lowering.code
        for i, made_by in enumerate(program.ops):
            if isinstance(made_by, Constant):
                if i in self.offsets and self.program.likes[i] is None:
                    numbers[self.offsets[i]] = made_by.data
                else:
                    values[i] = made_by.data
        for owner, number in code.constants.items():
            memory[self.offsets[owner]] = number
        bench = Bench(self, memory, numbers, values)
        forward = bench.function(self.parts[0], bench.reader(), bench.giver(program.outputs))
        upstreams = {made_by.index: i for i, made_by in enumerate(program.ops) if isinstance(made_by, Upstream)}
        backward = [
            bench.function(part, bench.setter(upstreams.get(k)), bench.giver(gradients))
            for k, (part, gradients) in enumerate(zip(self.parts[1:], program.gradients, strict=True))
        ]
        return forward, backward

    def __str__(self) -> str:
        lines = self.lowering.code.lines
        return "\n".join([f"{line.what} {line.lengths}" for line in lines])


class Bench:
    """One memory, and the functions that work on it."""

    def __init__(self, machine: Machine, memory: Any, numbers: Any, values: dict[int, Any]) -> None:
        self.machine, self.memory, self.numbers, self.values = machine, memory, numbers, values

    def function(self, part: list[Any], read: Callable[[Any], None], give: Callable[[], Any]) -> Callable[[Any], Any]:
        """``read`` what is given, compute, ``give`` the results."""
        machine, memory, numbers = self.machine, self.memory, self.numbers
        run, code, index = machine.run, machine.code, machine.index
        if len(part) == 1 and isinstance(part[0], tuple):
            ((start, stop),) = part

            def straight(given: Any) -> Any:
                read(given)
                run(code, start, stop, memory, numbers, index)
                return give()

            return straight
        steps = [self._step(item) if isinstance(item, int) else item for item in part]

        def in_turns(given: Any) -> Any:
            read(given)
            with np.errstate(all="ignore"):
                for step in steps:
                    if step.__class__ is tuple:
                        run(code, *step, memory, numbers, index)
                    else:
                        step()
            return give()

        return in_turns

    def reader(self) -> Callable[[Any], None]:
        """Puts arguments, parameters and constant arrays into memory."""
        machine, values, numbers = self.machine, self.values, self.numbers
        position = {i: k for k, i in enumerate(machine.inputs)}
        given = [k for i, k in position.items() if machine.lowering.kind(i) == "number"]
        in_order = given == list(range(len(given)))
        count = len(given)
        pack = Struct(f"{count}d").pack_into  # three times as fast as NumPy's way from a list
        bytes_of_numbers = memoryview(numbers).cast("B")
        arrays = [(self.view(i), position[i]) for i in machine.read_arrays if i in position]
        constants = [(self.view(i), values[i]) for i in machine.read_arrays if i not in position]
        objects = [(i, position[i]) for i in machine.read_objects if i in position]

        def read(inputs: Any) -> None:
            pack(bytes_of_numbers, 0, *(inputs[:count] if in_order else [inputs[k] for k in given]))
            for view, k in arrays:
                view[...] = inputs[k]
            for view, constant in constants:
                view[...] = constant
            for i, k in objects:
                values[i] = inputs[k]

        return read

    def setter(self, i: int | None) -> Callable[[Any], None]:
        """Puts an upstream gradient into memory."""
        if i is None or i not in self.machine.offsets:
            values = self.values

            def keep(upstream: Any) -> None:
                if i is not None:
                    values[i] = upstream

            return keep
        if self.machine.program.likes[i] is None:
            numbers, at = self.numbers, self.machine.offsets[i]

            def put(upstream: Any) -> None:
                numbers[at] = upstream

            return put
        view = self.view(i)

        def fill(upstream: Any) -> None:
            view[...] = upstream

        return fill

    def giver(self, wanted: tuple[int | None, ...]) -> Callable[[], Any]:
        """Takes results out of memory, as arrays of their own."""
        numbers = self.numbers
        likes = self.machine.program.likes
        if all([i is not None and likes[i] is None for i in wanted]):
            at = [self._number_at(i) for i in wanted]
            if len(at) == 1:
                (one,) = at
                return lambda: (numbers.item(one),)
            everywhere = np.array(at, np.intp)
            return lambda: numbers.take(everywhere).tolist()
        getters = [self._getter(i) for i in wanted]
        return lambda: tuple([get() for get in getters])

    def _number_at(self, i: Any) -> int:
        return self.machine._at(self.machine.lowering.places[i])

    def _getter(self, i: int | None) -> Callable[[], Any]:
        machine = self.machine
        if i is None:
            return lambda: None
        if machine.lowering.kind(i) == "object":
            values = self.values
            return lambda: np.array(values[i]) if values[i].__class__ is np.ndarray else values[i]
        like: Any = machine.program.likes[i]
        if like is None:
            numbers, at = self.numbers, self._number_at(i)
            return lambda: numbers.item(at)
        view = self.view(i)
        if not like[0] and is_op(machine.program.ops[i]):
            return lambda: view[()]
        return view.copy  # type: ignore[no-any-return]

    def view(self, i: int) -> Any:
        """Value i, an array, as NumPy sees it."""
        place = self.machine.lowering.places[i]
        start = self.machine._at(place) * self.memory.itemsize
        return np.ndarray(place.view.shape, self.memory.dtype, self.memory, start, place.view.strides)

    def _step(self, i: int) -> Callable[[], None]:
        """A line that NumPy computes."""
        program = self.machine.program
        forward, values = program.ops[i].forward, self.values
        operands = [self._operand(x) for x in program.operands[i]]
        if self.machine.lowering.kind(i) == "object":

            def keep() -> None:
                values[i] = forward(*[operand() for operand in operands])

            return keep
        ufunc = ufunc_of(program.ops[i])
        if ufunc is not None and ufunc.nin == len(operands) and program.likes[i] is not None:
            view = self.view(i)

            def compute() -> None:
                ufunc(*[operand() for operand in operands], out=view)

            return compute
        target = self.numbers[self.machine.offsets[i] :] if program.likes[i] is None else self.view(i)
        where: Any = 0 if program.likes[i] is None else ...

        def put() -> None:
            target[where] = forward(*[operand() for operand in operands])

        return put

    def _operand(self, x: int) -> Callable[[], Any]:
        if self.machine.lowering.kind(x) == "object":
            values = self.values
            return lambda: values[x]
        if self.machine.program.likes[x] is None:
            numbers, at = self.numbers, self._number_at(x)
            return lambda: numbers.item(at)
        view = self.view(x)
        return (lambda: view) if view.ndim else (lambda: view[()])
