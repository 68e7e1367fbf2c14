"""A memory of the native interpreter, and the functions that put numbers in, compute, and take results out.

The lines that are no instructions are steps of NumPy's, on arrays that lie in the same memory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from struct import Struct
from typing import Any

import numpy as np

from autograd_mini.compiler.codegen.writing import is_of_library, ufunc_of
from autograd_mini.compiler.native.machine import Machine
from autograd_mini.compiler.plan import aligned
from autograd_mini.compiler.program import Constant, Upstream, is_op
from autograd_mini.compiler.source import code_of
from autograd_mini.compiler.users import among_users


def functions_of(machine: Machine, run: Any) -> tuple[Callable[[Any], Any], list[Callable[[Any], Any]]]:
    """Forward, and a backward for each output, that compute in a memory of their own by the interpreter ``run``."""
    program = machine.program
    memory = Memory(machine, run)
    forward = memory.function(machine.parts[0], memory.read(), program.outputs)
    upstreams = {made_by.index: i for i, made_by in enumerate(program.ops) if isinstance(made_by, Upstream)}
    backward = [
        memory.function(part, memory.put(upstreams.get(k)), gradients)
        for k, (part, gradients) in enumerate(zip(machine.parts[1:], program.gradients, strict=True))
    ]
    of_library = all([not is_op(made_by) or is_of_library(made_by) for made_by in program.ops])
    return forward if of_library else among_users(forward), backward


class Memory:
    """One memory of a machine: arrays and numbers, and beside them the ``values`` that only NumPy's steps know."""

    def __init__(self, machine: Machine, run: Any) -> None:
        self.machine = machine
        self.memory: Any = aligned((machine.size,), machine.dtype)
        self.memory.fill(0)
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
        self._names: dict[str, Any] = {  # what the functions below are made of
            **{"run": run, "code": machine.code, "index": machine.index, "memory": self.memory},
            **{"numbers": self.numbers, "number": self.numbers.item, "values": self.values},
            **{"array": np.array, "ndarray": np.ndarray, "errstate": np.errstate},
        }

    def function(self, part: list[Any], read: list[str], wanted: tuple[int | None, ...]) -> Callable[[Any], Any]:
        """Reads what is ``given``, computes, and gives the results.

        It is Python that is compiled, since a loop over what is read and given takes as long again.
        """
        steps = []
        for item in part:
            if isinstance(item, tuple):
                start, stop = item
                steps.append(f"run(code, {start}, {stop}, memory, numbers, index)")
            else:
                self._names[f"step{item}"] = self._step(item)
                steps.append(f"step{item}()")
        if not all([isinstance(item, tuple) for item in part]):
            steps = ["with errstate(all='ignore'):", *["    " + step for step in steps]]
        lines = ["def compute(given):", *[f"    {line}" for line in [*read, *steps, self._results(wanted)]]]
        exec(_code_of("\n".join(lines)), self._names)
        function: Callable[[Any], Any] = self._names["compute"]
        return function

    def read(self) -> list[str]:
        """Lines that put arguments, parameters and constant arrays into memory."""
        machine = self.machine
        position = {i: k for k, i in enumerate(machine.inputs)}
        given = [k for i, k in position.items() if machine.lowering.kind(i) == "number"]
        self._names["pack"] = Struct(f"{len(given)}d").pack_into  # three times as fast as NumPy's way from a list
        self._names["bytes_of_numbers"] = memoryview(self.numbers).cast("B")
        in_order = given == list(range(len(given)))
        numbers = f"*given[:{len(given)}]" if in_order else ", ".join([f"given[{k}]" for k in given])
        lines = [f"pack(bytes_of_numbers, 0, {numbers})"] if given else []
        for i in machine.read_arrays:
            if i in position:
                lines.append(f"{self._view(i)}[...] = given[{position[i]}]")
            elif isinstance(self.values[i], np.ndarray):  # whose numbers may be other ones at each call
                lines.append(f"{self._view(i)}[...] = values[{i}]")
            else:
                self.view(i)[...] = self.values[i]
        lines += [f"values[{i}] = given[{position[i]}]" for i in machine.read_objects if i in position]
        return lines

    def put(self, i: int | None) -> list[str]:
        """Lines that put an upstream gradient into memory."""
        if i is None:
            return []
        if i not in self.machine.offsets:
            return [f"values[{i}] = given"]
        if self.machine.program.likes[i] is None:
            return [f"numbers[{self.machine.offsets[i]}] = given"]
        return [f"{self._view(i)}[...] = given"]

    def _results(self, wanted: tuple[int | None, ...]) -> str:
        """The line that takes results out of memory, as arrays of their own."""
        likes = self.machine.program.likes
        if len(wanted) > 1 and all([i is not None and likes[i] is None for i in wanted]):
            name = f"places{len(self._names)}"
            self._names[name] = np.array([self._number_at(i) for i in wanted], np.intp)
            return f"return numbers.take({name}).tolist()"
        return f"return ({''.join([f'{self._result(i)}, ' for i in wanted])})"

    def _result(self, i: int | None) -> str:
        machine = self.machine
        if i is None:
            return "None"
        if machine.lowering.kind(i) == "object":
            return f"(array(values[{i}]) if values[{i}].__class__ is ndarray else values[{i}])"
        like: Any = machine.program.likes[i]
        if like is None:
            return f"number({self._number_at(i)})"
        if not like.shape and is_op(machine.program.ops[i]):
            return f"{self._view(i)}[()]"
        self._names[f"copy{i}"] = self.view(i).copy
        return f"copy{i}()"

    def _view(self, i: int) -> str:
        """What the code calls the view of value i."""
        self._names[f"view{i}"] = self.view(i)
        return f"view{i}"

    def _number_at(self, i: Any) -> int:
        return self.machine.at(self.machine.lowering.places[i])

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


# Once for all memories of a program.
_code_of = lru_cache(maxsize=64)(partial(code_of, name="memory"))
