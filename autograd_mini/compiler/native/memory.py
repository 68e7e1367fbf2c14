"""A memory of the native interpreter, and the functions that put numbers in, compute, and take results out.

The lines that are no instructions are steps of NumPy's, on arrays that lie in the same memory.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any

import numpy as np

from autograd_mini.compiler.native.machine import Machine
from autograd_mini.compiler.program import Constant, Upstream, is_op
from autograd_mini.compiler.writing import ufunc_of


def functions_of(machine: Machine, run: Any) -> tuple[Callable[[Any], Any], list[Callable[[Any], Any]]]:
    """Forward, and a backward for each output, that compute in a memory of their own by the interpreter ``run``."""
    program = machine.program
    memory = Memory(machine, run)
    forward = memory.function(machine.parts[0], memory.reader(), memory.giver(program.outputs))
    upstreams = {made_by.index: i for i, made_by in enumerate(program.ops) if isinstance(made_by, Upstream)}
    backward = [
        memory.function(part, memory.setter(upstreams.get(k)), memory.giver(gradients))
        for k, (part, gradients) in enumerate(zip(machine.parts[1:], program.gradients, strict=True))
    ]
    return forward, backward


class Memory:
    """One memory of a machine: arrays and numbers, and beside them the ``values`` that only NumPy's steps know."""

    def __init__(self, machine: Machine, run: Any) -> None:
        self.machine, self.run = machine, run
        self.memory: Any = np.zeros(machine.size, machine.dtype)
        self.numbers: Any = self.memory if machine.dtype == np.float64 else np.zeros(machine.number_count + 1)
        self.values: dict[int, Any] = {}
        for i, made_by in enumerate(machine.program.ops):
            if isinstance(made_by, Constant):
                if i in machine.offsets and machine.program.likes[i] is None:
                    self.numbers[machine.offsets[i]] = made_by.data
                else:
                    self.values[i] = made_by.data
        for owner, number in machine.lowering.code.constants.items():
            self.memory[machine.offsets[owner]] = number

    def function(self, part: list[Any], read: Callable[[Any], None], give: Callable[[], Any]) -> Callable[[Any], Any]:
        """``read`` what is given, compute, ``give`` the results."""
        machine, memory, numbers = self.machine, self.memory, self.numbers
        run, code, index = self.run, machine.code, machine.index
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
        return self.machine.at(self.machine.lowering.places[i])

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
        start = self.machine.at(place) * self.memory.itemsize
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
