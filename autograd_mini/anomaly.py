"""``detect_anomaly``: stops where the first nan or inf arises, and at data that changed between forward and backward.

What it says is put together in ``anomaly_report.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from autograd_mini import anomaly_report as report
from autograd_mini import modes
from autograd_mini.backward import inputs_of, send
from autograd_mini.diagnosis.nonfinite import is_finite
from autograd_mini.node import Node, topological_order
from autograd_mini.ops.caller import located, user_frame
from autograd_mini.ops.operation import Carrier, Operation, Pointwise, as_data, data_of
from autograd_mini.scope import current_scope
from autograd_mini.value import Value

_new = object.__new__


class detect_anomaly(modes.Mode):
    """Raises an error where the first nan or inf arises. PyTorch: ``torch.autograd.detect_anomaly``.

    A context manager and a decorator, for both the forward pass and ``backward()``. It counts for the thread or task
    that entered it; inside of it a jitted function runs eagerly, and everything is several times slower. The error
    names the op, its operands, the module and the line of your code:

    - forward, the op whose result is nan or inf though its operands are not;
    - backward, and in forward mode, the op whose derivative is nan or inf, and the line that recorded it;
    - numbers that were changed after an op had used them and before ``backward()``: a write into ``value.data`` or
      into an array that took part, or a second ``backward()`` of the same graph after ``optimizer.step()``.

    What you put in yourself is no anomaly by itself: a mask of ``-inf`` that is added or that ``where`` chooses, a nan
    that stands for what is missing. Nor is an inf computed from constants, such as ``log(mask)``. They are named once
    the number that ``backward()`` begins at is nan or inf because of them, or a gradient is. PyTorch looks for nan in
    backward only.

    >>> from autograd_mini import Value
    >>> x = Value([1.0, 0.0], label="x")
    >>> with detect_anomaly():
    ...     loss = (x.log() * x).sum()
    Traceback (most recent call last):
    FloatingPointError: detect_anomaly: log of x gives -inf at [1], where x = 0; keep its operand above 0: ...
    >>> with detect_anomaly():
    ...     loss = (x * x).sum()
    ...     x.data[0] = 5.0
    ...     loss.backward()
    Traceback (most recent call last):
    RuntimeError: detect_anomaly: x of shape (2,) was changed between forward and backward: at [0] it was 1 and is 5...

    Raises ``FloatingPointError`` for nan and inf, ``RuntimeError`` for changed numbers, in both cases before any
    gradient is written.
    """

    def __enter__(self) -> None:
        if modes.tape():
            raise RuntimeError(
                located("detect_anomaly: a jitted function cannot open it; put it around the call of that function")
            )
        modes.set_watch(_Watch(modes.watch()), blocks=1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        modes.set_watch(modes.watch().outer, blocks=-1)


class Watched(Value):
    """A Value that knows how it was made."""

    __slots__ = ("made",)

    made: report.Made


class _Watch(NamedTuple):
    """Who looks at every op while the mode is on. It never changes, since tasks and threads may share it."""

    outer: Any  # the watch around this one, or None
    deriving: Any = None  # the node whose derivative is being computed: only the whole of it is looked at

    def record(self, op: Operation, x: Any, y: Any, z: Any, needs_grad: bool) -> Value:
        """What ``Value.record`` makes of a result, if there is nothing wrong with it."""
        z = z if z.__class__ is float else as_data(z)
        node: Any = _new(Watched)
        node.data, node.op, node._x, node._y = z, op, x, y
        node._grad = None
        node._label = current_scope()
        node.requires_grad = needs_grad
        if self.deriving is None and not is_finite(z):
            _look_at(node)
        if not needs_grad:
            return node.detach()  # type: ignore[no-any-return]  # made without __init__, so it is Any
        copies = tuple([None if x.__class__ is Watched else _copy(data_of(x)) for x in inputs_of(node)])
        if isinstance(self.deriving, Watched):
            path, line, _, _, _ = self.deriving.made
        else:
            frame = user_frame()
            path, line = frame.f_code.co_filename, frame.f_lineno
        deriving = "" if self.deriving is None else self.deriving.op.name
        node.made = report.Made(path, line, deriving, _copy(z), copies)
        watched: Watched = node
        return watched

    def gradients(self, root: Any, upstream: Carrier, create_graph: bool) -> dict[Node, Carrier]:
        """What ``backward.gradients`` gives, if there is nothing wrong with it."""
        order = topological_order(root)
        _look_for_changes(root, order)
        if root.size == 1 and not is_finite(root.data):
            raise report.loss_is_not_finite(root)
        if not is_finite(data_of(upstream)):
            raise report.given_is_not_finite("the gradient given to backward", data_of(upstream))
        grads: dict[Node, Carrier] = {root: upstream}

        def note(node: Node, i: int, operands: list[Any], contribution: Carrier, before: Carrier | None) -> None:
            x = inputs_of(node)[i]
            if not is_finite(data_of(contribution)):
                raise report.derivative_is_not_finite(root, node, x, data_of(contribution))
            if not is_finite(data_of(grads[x])):
                raise report.sum_is_not_finite(root, node, x, data_of(grads[x]))

        with np.errstate(all="ignore"):
            for node in reversed(order):
                if node in grads:
                    with self._deriving(node):
                        send(grads, node, grads[node], create_graph, note)
        return grads

    def tangent(self, root: Any, node: Node, push: Callable[[], Carrier]) -> Carrier:
        """``push()``, the tangent of ``node``, if there is nothing wrong with it."""
        with self._deriving(node):
            tangent = push()
        if self.deriving is None and not is_finite(data_of(tangent)):
            raise report.tangent_is_not_finite(root, node, data_of(tangent))
        return tangent

    @contextmanager
    def _deriving(self, node: Node) -> Iterator[None]:
        try:
            modes.set_watch(_Watch(self.outer, node))
            yield
        finally:
            modes.set_watch(self)


def _look_at(node: Value) -> None:
    """Raises if a new node, whose numbers are not all finite, has got that from its op and not from its operands."""
    operands = [data_of(x) for x in inputs_of(node)]
    arisen = np.isnan(node.data) & np.logical_not(_among(np.isnan, operands, node))
    if node.requires_grad:
        arisen = arisen | (np.isinf(node.data) & np.logical_not(_among(_not_finite, operands, node)))
    if np.any(arisen):
        raise report.result_is_not_finite(node, arisen)


def _among(test: Callable[[Any], Any], operands: list[Any], node: Any) -> Any:
    """Where an operand of ``node`` passes the test: by element if the op is pointwise, else anywhere at all."""
    passed = [test(x) for x in operands]
    if isinstance(node.op, Pointwise):
        return np.any(np.broadcast_arrays(*passed), axis=0)
    return any([bool(np.any(mask)) for mask in passed])


def _not_finite(x: Any) -> Any:
    return ~np.isfinite(x)


def _look_for_changes(root: Any, order: list[Node]) -> None:
    """Raises if a number below ``root`` is no longer what it was when it was used."""
    for node in order:
        made = getattr(node, "made", None)
        if made is None:  # recorded before the mode was on, or a copy
            continue
        if not _same(made.data, node.data):
            raise report.was_changed(root, node, node, made.data)
        for x, then in zip(inputs_of(node), made.operands, strict=True):
            if then is not None and not _same(then, data_of(x)):
                raise report.was_changed(root, node, x, then)


def _same(then: Any, now: Any) -> bool:
    if then is now:
        return True
    if then.__class__ is not now.__class__:
        return False
    return then == now if then.__class__ is float else np.array_equal(then, now, equal_nan=True)


def _copy(data: Any) -> Any:
    return data.copy() if data.__class__ is np.ndarray else data
