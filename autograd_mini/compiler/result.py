"""What a jitted call returns: a Value whose op is the whole program, and whose backward runs its second half."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograd_mini import modes
from autograd_mini.backward import write
from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.program import Program
from autograd_mini.node import Node
from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import shape_of
from autograd_mini.value import Value


class Call:
    """One run of a program. It has the memory of the run to itself until nobody needs its backward any more."""

    __slots__ = ("_memory", "_pool")

    def __init__(self, memory: Any, pool: list[Any]) -> None:
        self._memory = memory
        self._pool = pool

    def gradients(self, output: int, upstream: Any) -> Any:
        """The gradient of an output by everything that wants one; None where it does not depend on that."""
        return self._memory[1][output](upstream)

    def __del__(self) -> None:
        self._pool.append(self._memory)


class Replayed:
    """The op of a result: its operands are the parameters and arguments that want gradients."""

    __slots__ = ("_given", "_output", "_reached", "_ready", "call", "repeats")

    name = symbol = "jit"
    rules = ()  # one is made for each operand when it is asked for

    def __init__(self, call: Call, output: int, repeats: bool = False, reached: list[int] | None = None) -> None:
        self.call = call
        self._reached = reached  # which of the gradients that the program gives are those of the operands; None for all
        self.repeats = repeats  # a Value is an operand twice, and its gradients must be added
        self._output = output
        self._given: Any = None  # the upstream gradient that ``_ready`` is for
        self._ready: dict[int, Any] = {}

    @property
    def params(self) -> dict[str, Any]:
        """None: a row of the table would have its axis here."""
        return {}

    def gradients(self, upstream: Any) -> Any:
        """All of the gradients at once."""
        found = self.call.gradients(self._output, upstream)
        return found if self._reached is None else [found[k] for k in self._reached]

    def rule(self, i: int) -> Callable[..., Any]:
        """The derivative by operand ``i``. The program computes all of them when the first is asked for."""
        return partial(self._one, i)

    def __call__(self, *operands: Any) -> Any:
        """Refused, as to whoever wants to look at each op: the program has no graph of what it did."""
        raise refused(
            "what a jitted function returns has no graph inside, only its program",
            "call f.__wrapped__, which is not jitted, to see or to diagnose each step",
        )

    def __reduce__(self) -> Any:
        raise refused(
            "what a jitted function returns does not go into a pickle or a copy with its program",
            "take result.detach(), which is its number or array",
        )

    def _one(self, i: int, g: Any, z: Any, *operands: Any) -> Any:
        if isinstance(g, Node) or isinstance(z, Node):
            raise refused(
                "a gradient of a gradient does not go through a program",
                "take both derivatives inside of the jitted function, or use f.__wrapped__, which is not jitted",
            )
        if hasattr(g, "record"):
            self()
        if self._given is not g or i not in self._ready:
            self._given, self._ready = g, dict(enumerate(self.gradients(g)))
        return self._ready.pop(i)


class Result(Value):
    """A Value that a program computed."""

    __slots__ = ("_program",)

    _program: Program

    def program(self) -> Program:
        """The program that computed it, forward and backward: ``print(loss.program())``."""
        if not hasattr(self, "_program"):
            raise ValueError("program: this Value is a copy; the program stayed with the Value that the call returned")
        return self._program

    def backward(self, gradient: Any = None, *, create_graph: bool = False) -> None:
        """As ``Value.backward``; the program's second half runs now, and only now."""
        operands = self._x
        if not self.requires_grad and hasattr(self, "_program") and not self._program.wanted:
            raise ValueError(
                located(
                    "backward: what this jitted function returns has no gradient left: the function took it itself, or "
                    "nothing in it requires one, or it ran under no_grad; call backward() inside or outside, not both"
                )
            )
        if (
            create_graph
            or gradient is not None
            or modes.open_blocks
            or not isinstance(self.op, Replayed)
            or self.op.repeats
            or shape_of(self.data)
            or any([x.op is not None for x in operands])
        ):
            super().backward(gradient, create_graph=create_graph)
            return
        upstream: Any = 1.0 if self.data.__class__ is float else self.data.dtype.type(1)  # a tenth of np.ones_like
        computed = self.op.gradients(upstream)
        found: list[tuple[Node, Any]] = [
            (x, g) for x, g in zip(operands, computed, strict=True) if x._grad is None and x.requires_grad
        ]
        if len(found) < len(operands):  # not all of them are the first gradients since zero_grad
            added = self._added_up(computed)
            if added is None:
                super().backward()
                return
            found = added
        found.append((self, np.asarray(upstream) if self.data.__class__ is np.ndarray else upstream))
        write(found)

    def _added_up(self, computed: Any) -> list[tuple[Node, Any]] | None:
        """The operands with their gradients and what is added to these; None if shapes have to be fitted."""
        found: list[tuple[Node, Any]] = []
        for x, g in zip(self._x, computed, strict=True):
            if not x.requires_grad:
                continue
            before = x._grad
            if before is not None:
                if isinstance(before, Node) or shape_of(before) != shape_of(g):
                    return None
                g = before + g
                if x.data.__class__ is np.ndarray and g.__class__ is not np.ndarray:
                    g = np.asarray(g)
            found.append((x, g))
        return found
