"""What a traced function changes that outlives its call: gradients, parameters, the numbers of an optimizer.

While the function is traced nothing is changed; here is written down what each of them becomes. At each call the
program computes it, and ``effects.py`` puts it in place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from weakref import proxy

import numpy as np

from autograd_mini.backward import gradients
from autograd_mini.compiler.arguments import form_of
from autograd_mini.compiler.errors import refused
from autograd_mini.compiler.guards.guards import same
from autograd_mini.compiler.program import DETACH, Argument, Like
from autograd_mini.compiler.rows import AFTER, VIEWS, arrays_of, row_of
from autograd_mini.compiler.tracing.carried import Carried
from autograd_mini.compiler.tracing.traced import Traced, get_data
from autograd_mini.compiler.tracing.traced_data import TracedData, as_plain
from autograd_mini.node import Node
from autograd_mini.ops.caller import is_library, user_line
from autograd_mini.ops.operation import shape_of


class Changes:
    """The changes in the order in which the function makes them: it sees what it has changed itself."""

    def __init__(self, tape: Any) -> None:
        self._tape: Any = proxy(tape)  # which has the changes: no circle, so that it goes with its trace
        self.grads: dict[Any, Traced | None] = {}  # what has been found since the last zero_grad, by parameter
        self.added: dict[Any, None] = {}  # the parameters whose gradients from before the call count too
        self.without: dict[Any, None] = {}  # those that had none, and the function knows it
        self.data: dict[Any, Traced] = {}
        self._assigned_at: dict[Any, str] = {}  # the line of the user's code
        self.kinds: dict[Any, Any] = {}  # what makes of a number without axes what was assigned: np.asarray, np.float32
        self.overwritten: dict[Any, None] = {}  # the parameters whose own arrays take the new numbers: p.data -= x
        self.left: dict[Any, Traced] = {}  # what was in such an array when the parameter got another
        self._carried: dict[int, Carried] = {}  # by owner
        # By line, the parameter whose .data or .grad it is, which of them, and what stood for that then.
        self._windows: dict[int, tuple[Any, str, Any]] = {}
        # By the line that changes an array in place, what stood for it before, and where in the user's code it is.
        self._gone: dict[int, tuple[int, str]] = {}
        self._own: set[int] = set()  # lines of gradients, each an array of its own though several may be one line's
        self.is_reading = False  # what is carried, which is refused to everybody else

    def __bool__(self) -> bool:
        return bool(self.grads or self.data or self._carried)

    @property
    def take_steps(self) -> bool:
        """False for buffers that follow what is computed, such as running means: a gradient can be taken after."""
        changes_arrays = bool(self.overwritten or self.left)
        return bool(self.grads or self._carried) or changes_arrays or any([x.requires_grad for x in self.data])

    # ------------------------------------------------------------ gradients

    def backward(self, root: Any, upstream: Any, create_graph: bool) -> None:
        """``root.backward(upstream)`` in the function."""
        tape = self._tape
        root, upstream = tape.standing_for(root), tape.standing_for(upstream)
        for node, g in gradients(root, upstream, create_graph=True).items():
            if node.op is not None:
                continue
            x = tape.parameter(node)
            if x is None:
                raise refused(
                    "backward() reaches an argument that is a Value, or a Value that the function has made of numbers",
                    "pass an array, make it Value(x, requires_grad=False), or take its gradient by grad(f)",
                )
            if x.op is not None:
                raise refused(
                    "backward() reaches a Value that was computed before, and its gradient would have to go on there",
                    "compute it in the function, or call backward() on what the function returns",
                )
            if tape.standing_for(x) is not node:
                raise refused(
                    "backward() of what was computed with a parameter's numbers of before it was changed",
                    "compute the loss again after the step, or take all gradients before it",
                )
            if x not in self.grads:
                self.added[x] = None
            before = self.grads.get(x)
            if not create_graph:
                g = as_plain(tape.detached(g), np.ndarray if isinstance(get_data(x), np.ndarray) else None)
                self._own.add(g.number)
            total = g if before is None else before + g
            self.grads[x] = total if create_graph or tape.is_plain(total) else tape.as_data(total)

    def grad(self, x: Any) -> Traced | None:
        """The gradient of a parameter, as the function finds it; None if there is none."""
        if x in self.added or x not in self.grads:
            if x._grad is not None:
                raise refused(
                    "the function reads a gradient that was there before the call",
                    "call zero_grad() at its beginning or at its end",
                )
            self.added.pop(x, None)
            self.without[x] = None
            self.grads.setdefault(x, None)
        return self.grads[x]

    def set_grad(self, x: Any, gradient: Any) -> None:
        """``x.grad = gradient`` in the function; of None, ``x.zero_grad()``."""
        if self._is_there(x, ".grad", gradient):
            return
        self.grads[x] = None if gradient is None else self._alike(x, gradient, ".grad")
        self.added.pop(x, None)

    # ------------------------------------------------------------ numbers

    def window(self, x: Any, what: str, node: Traced) -> Traced:
        """``node``, which is x.data or x.grad: to NumPy the array itself."""
        self._windows[node.number] = x, what, self._standing(x, what)
        return node if what == ".grad" else as_plain(node)

    def changed_in_place(self, before: Traced, after: Traced) -> None:
        """``before -= ...`` in the function: where that is an array of a parameter, the parameter is changed."""
        x, what, standing = self._windows.get(before.number, (None, "", None))
        is_array = isinstance(before.concrete, np.ndarray) if x is None else self._is_array(x, what)
        if not (is_array and isinstance(before, TracedData)):
            return  # what has the name from now on is another number, or another Value
        self._gone[after.number] = before.number, user_line()
        if x is None:
            if self._is_a_part(before):
                raise refused(
                    "the function changes an array that it is given, or a part of it, in place, and a replay would not",
                    "write x = x + y instead of x += y",
                )
            return
        if getattr(get_data(x), "base", None) is not None:
            raise refused(
                "the data of a parameter that is changed in place is a part of another array, which would change too",
                "give the parameter an array of its own",
            )
        if standing is not self._standing(x, what):
            raise refused(
                f"an array that was {what} of a parameter before that was assigned or changed is changed in place",
                f"write p{what} -= x, or x = x - y for an array of its own",
            )
        new = self._alike(x, after, what)
        if what == ".grad":
            self.grads[x] = new
        else:
            if x not in self.data:
                self.overwritten[x] = None
            self.kinds[x] = np.asarray
            self.data[x] = self._tape.rebound(x, new)
        self.window(x, what, after)

    def filled(self, array: Traced, item: Any) -> bool:
        """``array[:] = item`` in the function; False where ``array`` is no array of a parameter."""
        x, what, _ = self._windows.get(array.number, (None, "", None))
        if x is None or (isinstance(item, Node) and not isinstance(item, TracedData)):
            return False
        if not self._is_there(x, what, item):  # as it is at the end of x.data[:] -= ...
            new = item if isinstance(item, TracedData) else self._tape.data_of_its_own(np.array(item))
            whole: Any = np.broadcast_to(new, array.shape)
            self.changed_in_place(array, whole.astype(array.dtype).copy())
        return True

    def _is_array(self, x: Any, what: str) -> bool:
        """False for a number, which does not change in place."""
        kind = self.kinds.get(x) if what == ".data" else None
        return isinstance(get_data(x), np.ndarray) if kind is None else kind is np.asarray

    def _standing(self, x: Any, what: str) -> Traced | None:
        """What stands for the numbers of ``x``, or for its gradient; None for its own."""
        return self.data.get(x) if what == ".data" else self.grads.get(x)

    def _is_a_part(self, x: Traced) -> bool:
        """Whether ``x`` lies in an array that was there before: an argument, or a parameter's."""
        return any([np.may_share_memory(x.concrete, array) for array in self._tape.sources.values()])

    def assign(self, x: Any, data: Any, by: FrameType) -> None:
        """``x.data = data`` in the function."""
        if self._is_there(x, ".data", data):
            return
        if isinstance(data, Node) and not isinstance(data, TracedData) and not is_library(by.f_code.co_filename):
            raise refused("the data of a Value becomes a Value", "assign plain numbers (p.data -= lr * p.grad)")
        if x in self.overwritten:
            del self.overwritten[x]
            self.left[x] = self.data[x]
        new = self._alike(x, data, ".data")
        self._assigned_at[x] = user_line()
        self.kinds.pop(x, None)
        if isinstance(new.concrete, np.ndarray):
            self.kinds[x] = np.asarray
        elif not is_library(by.f_code.co_filename) and isinstance(new.concrete, float | np.generic):
            self.kinds[x] = float if data.__class__ is float else new.dtype.type  # an optimizer makes an array again
        self.data[x] = self._tape.rebound(x, new)

    def carry(self, owner: Any, read: Any, step: Any) -> None:
        """``carry`` in the function. A second step of one owner begins where the first has ended."""
        carried = self._carried.get(id(owner))
        if carried is None:
            with self.reading():
                carried = self._carried[id(owner)] = Carried(self._tape, owner, read)
        carried.step(step)

    @property
    def carried(self) -> list[Carried]:
        """What goes from call to call, by owner."""
        return list(self._carried.values())

    @contextmanager
    def reading(self) -> Iterator[None]:
        """For a while what is carried may be read."""
        before, self.is_reading = self.is_reading, True
        try:
            yield
        finally:
            self.is_reading = before

    def _is_there(self, x: Any, what: str, assigned: Any) -> bool:
        """Whether what is assigned is there already, as at the end of ``x.data -= ...``."""
        known = (None, "", None)
        window = self._windows.get(assigned.number, known) if isinstance(assigned, Traced) else known
        return window[0] is x and window[1] == what and window[2] is self._standing(x, what)

    def _alike(self, x: Any, new: Any, what: str) -> Traced:
        """What is assigned, on the tape: of the shape and dtype of the parameter."""
        tape = self._tape
        traced = tape.standing_for(new) if isinstance(new, Node) else as_plain(tape.constant_node(new))
        forms = [(shape_of(data), np.asarray(data).dtype) for data in map(get_data, (traced, x))]
        if forms[0] != forms[1]:
            raise refused(
                f"assigning to {what} of a parameter of shape {forms[1][0]} and dtype {forms[1][1]} what has shape "
                f"{forms[0][0]} and dtype {forms[0][1]}",
                "keep shape and dtype, or change them outside of the jitted function",
            )
        node: Traced = traced
        return node

    # ------------------------------------------------------------ the end

    def lines(self) -> list[Traced]:
        """What the program computes for them: data, what is in arrays that are left, gradients, what is carried."""
        grads = [g for g in self.grads.values() if g is not None]
        of_carried = [x for carried in self.carried for x in carried.outputs]
        return [*self.data.values(), *self.left.values(), *grads, *of_carried]

    def check_found(self, values: list[Any]) -> None:
        """An error if a step uses a Value that is not among ``values``, which are guarded."""
        found = set(map(id, values))
        if self and not all([id(x) in found for x in self._tape.parameters]):
            raise refused(
                "a step uses a Value that it reaches in a way that jit does not follow, such as a bound dict.get",
                "name it, or an object or list that holds it, in the function",
            )

    def check_alone(self) -> None:
        """An error if the program reads an array that it overwrites under another name too."""
        if not are_alone([get_data(x) for x in (*self.overwritten, *self.left)], self._tape.sources.values()):
            raise refused(
                "the data of a parameter that is changed in place is the array of another Value or argument too, "
                "which would change with it",
                "give each an array of its own, such as q.data = p.data.copy()",
            )

    def check_gone(self, outputs: list[Traced]) -> None:
        """An error if numbers are used that an array had before it was changed in place."""
        if not self._gone:
            return
        ops, operands = self._tape.ops, self._tape.operands
        arrays = [self._array_of(i) for i in range(len(ops))]
        for change, (before, line) in self._gone.items():
            later = [xs for op, xs in zip(ops[change + 1 :], operands[change + 1 :], strict=True) if op is not AFTER]
            used = {x for xs in later for x in xs if x < change} | {x.number for x in outputs}
            if arrays[before] in {arrays[x] for x in used}:
                raise refused(
                    "an array is used under another name after it is changed in place",
                    "write x = x - y, or take a copy first, such as x * 1.0",
                    line,
                )

    def check_not_shared(self, closed_over: list[Any]) -> None:
        """An error if a parameter gets an array that somebody else has: a change in place would be one of both."""
        tape = self._tape
        gets = {x: self._array_of(node.number) for x, node in self.data.items() if isinstance(get_data(x), np.ndarray)}
        owners = {node.number: tape.parameter(node) for node in tape.captured}
        known, times = set(map(id, closed_over)), Counter(gets.values())
        times.update({self._array_of(g.number) for g in self.grads.values() if g is not None})
        for x, i in reversed(gets.items()):  # who was assigned last gets it
            is_given = isinstance(tape.ops[i], Argument) or id(tape.sources.get(i)) in known
            if x in self._assigned_at and (times[i] > 1 or owners.get(i, x) is not x or is_given):
                raise refused(
                    "a parameter gets the array of another, of a gradient, of an argument or of what the function "
                    "closes over, and would change in place with it from then on",
                    "give it one of its own, such as q.data = p.data.copy()",
                    self._assigned_at[x],
                )

    def _array_of(self, i: int) -> int:
        """The first line that has the array in which the numbers of line ``i`` may lie."""
        tape = self._tape
        while i not in self._own and (tape.ops[i] is DETACH or _may_be_a_view(tape.ops[i], tape.likes[i])):
            i = tape.operand_row[tape.operand_bounds[i]]
        return i

    def check_untouched(self) -> None:
        """An error if the function changed what an object carries while it was only traced."""
        for carried in self.carried:
            now: list[Any] = []
            with self.reading():
                form = form_of(carried.read(), now)
            if form != carried.form or not same(now, carried.leaves):
                raise refused(
                    "the function changes the options or the state of an optimizer, and a replay would not",
                    "change them outside of the jitted function; its step reads them at each call",
                )


def _may_be_a_view(op: Any, like: Like) -> bool:
    """True if what the op gives may lie in the array of its operand."""
    row = row_of(op)
    if row == "getitem":
        return like is not None and bool(like.shape) and not arrays_of(op.params["index"])
    return row in VIEWS or row == "broadcast_to"  # which NumPy does not copy either, where data is changed in place


def are_alone(overwritten: list[Any], read: Iterable[Any]) -> bool:
    """Whether each array in ``overwritten`` is read once only, and not as a part of another."""
    times = Counter([id(x) if x.base is None else id(x.base) for x in read if isinstance(x, np.ndarray)])
    return all([times[id(x) if x.base is None else id(x.base)] <= 1 for x in overwritten])
