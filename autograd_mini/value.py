"""A number or array that remembers how it was made.

The arithmetic that it answers to is in ``arithmetic.py``, the chain rule in ``backward.py``, and what it answers to
those who want plain numbers in ``conversions.py``.
"""

from __future__ import annotations

import sys
from abc import ABCMeta
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np

from autograd_mini import backward, copying, modes
from autograd_mini.absent import Absent
from autograd_mini.arithmetic import Arithmetic
from autograd_mini.conversions import Conversions
from autograd_mini.node import Node
from autograd_mini.operands import applied_to_all, array_of, as_leaf_data, as_operand, computed, operand_of
from autograd_mini.ops.caller import is_library, located
from autograd_mini.ops.operation import DATA, Operation, as_data, data_of, dtype_of, is_foreign, shape_of
from autograd_mini.scope import Labelled, current_scope, named_scope

_new = object.__new__


class _Kind(ABCMeta):  # that of abstract classes, of which a user's Value may be one
    """The class of Value: what stands for a number or an array under jit is a Value to this library alone.

    Python asks it only about what is no Value itself, but of a subclass or of another class.
    """

    def __instancecheck__(cls, x: object) -> bool:
        is_one = type.__instancecheck__(cls, x)
        if is_one and modes.open_blocks and modes.tape():
            return is_library(sys._getframe(1).f_code.co_filename) or not modes.tape().is_plain(x)
        return is_one


class Value(Arithmetic, Absent, Conversions, metaclass=_Kind):
    """A number or an array in a graph: built with ordinary arithmetic, differentiated by ``backward()``.

    ``data`` is a Python float or a NumPy array (float16, float32 or float64; integers and booleans become
    float64), copied from what is given. ``requires_grad=False`` makes it a constant; ``label`` is its
    name in pictures and derivations. PyTorch: ``torch.tensor``.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> loss = (a * b + 10.0) ** 2
    >>> loss.backward()
    >>> loss.data, a.grad, b.grad
    (16.0, -24.0, 16.0)

    Raises ``TypeError`` for complex numbers, objects, strings and Values.
    """

    __slots__ = ()

    def __init__(self, data: Any, *, requires_grad: bool = True, label: str = "") -> None:
        self._grad = None
        self._label = current_scope()
        if label:
            self.label = label
        if modes.open_blocks and modes.tape() and modes.tape().adopt(self, data, requires_grad):
            return
        self.data = data if data.__class__ is float else as_leaf_data(data)
        self.op = self._x = self._y = None
        self.requires_grad = requires_grad

    def record(self, op: Operation, x: Any, y: Any = None) -> Value:
        """The Value of ``op`` applied to ``x`` and ``y``, or to all of ``x`` where that is a tuple.

        It joins the graph if an operand requires a gradient. Otherwise it is a constant.
        """
        if isinstance(x, Node):
            a, needs_grad = x.data, x.requires_grad
        elif x.__class__ is float:
            a, needs_grad = x, False
        elif x.__class__ is tuple:
            x, z, needs_grad = applied_to_all(op, x)
        else:
            a = x = operand_of(op, x)
            needs_grad = False
        if y is not None:
            if isinstance(y, Node):
                b = y.data
                needs_grad = needs_grad or y.requires_grad
            else:
                b = y = y if y.__class__ is float else operand_of(op, y)
            try:
                if a.__class__ is float and b.__class__ is float:
                    compute = op.scalar  # called as a name, not as op.scalar(a, b): for an attribute that is no method
                    z = compute(a, b)  # Python 3.11 takes half as long again
                else:
                    compute = op.forward
                    if a.__class__ not in DATA or b.__class__ not in DATA:
                        a, b = array_of(op, a), array_of(op, b)
                    z = compute(a, b)
            except Exception:
                z = computed(op, a, b)
        elif x.__class__ is not tuple:
            try:
                if a.__class__ is float:
                    compute = op.scalar
                    z = compute(a)
                else:
                    compute = op.forward
                    z = compute(a if a.__class__ in DATA else array_of(op, a))
            except Exception:
                z = computed(op, a)
        if modes.open_blocks:
            needs_grad = needs_grad and modes.is_recording()
            if modes.tape():
                written: Value = modes.tape().write(op, x, y, z, needs_grad)
                return written
            if modes.watch():
                watched: Value = modes.watch().record(op, x, y, z, needs_grad)
                return watched
        node = _new(Value)
        node.data = z if z.__class__ is float or z.__class__ in DATA else as_data(z)
        node._grad = None
        node._label = current_scope()
        if needs_grad:
            node.op = op
            node._x = x
            node._y = y
            node.requires_grad = True
        else:
            node.op = node._x = node._y = None
            node.requires_grad = False
        return node

    # ------------------------------------------------------------ gradients

    @property
    def grad(self) -> Any:
        """The gradient from ``backward()``, in the shape of ``data``; zero before there was any."""
        if self._grad is None:
            return 0.0 if self.data.__class__ is float else np.zeros_like(self.data)
        return self._grad

    @grad.setter
    def grad(self, gradient: Any) -> None:
        self._grad = None if gradient is None else self._like_data(gradient, "grad")

    @property
    def has_grad(self) -> bool:
        """True once a ``backward()`` has reached this Value, until ``zero_grad()``."""
        return self._grad is not None

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradient, so that ``grad`` reads as zero, and an optimizer passes over it.

        With ``set_to_none=False`` one that is there becomes zeros, and an optimizer goes on with momentum and decay.
        """
        if set_to_none:
            self._grad = None
        elif self.has_grad:
            self.grad = np.zeros(self.shape, self.dtype)

    def backward(self, gradient: Any = None, *, create_graph: bool = False) -> None:
        """Fills in ``grad`` of every Value that this one was computed from.

        Leaves accumulate over calls; interior Values hold the gradient of the latest call. ``gradient`` is
        the upstream gradient, of this Value's shape, and is needed if that is not a single number. With
        ``create_graph`` the gradients are Values, which can be differentiated again. The graph stays, and may be gone
        through again: PyTorch's ``retain_graph`` is not needed. PyTorch: ``Tensor.backward``.

        >>> x = Value([1.0, 2.0, 3.0])
        >>> (x * x).sum().backward()
        >>> x.grad
        array([2., 4., 6.])

        Raises ``ValueError`` if ``gradient`` is missing or misshapen, or if there is nothing to differentiate.
        """
        tape = modes.tape() if modes.open_blocks else None
        gives_values = create_graph or tape is not None
        if not self.requires_grad:
            raise ValueError(
                located(
                    "backward: this Value does not depend on anything that requires a gradient; "
                    "was it computed under no_grad, or from detached data?"
                )
            )
        if gradient is None:
            if self.size != 1:
                raise ValueError(
                    located(
                        f"backward: the root has shape {self.shape}, and only a single number has one gradient; "
                        "reduce it first (.sum() or .mean()), or give backward(gradient) of that shape"
                    )
                )
            upstream: Any
            if isinstance(self.data, np.floating) and not gives_values:
                upstream = self.data.dtype.type(1)  # with an array without axes all below would cost more
            else:
                upstream = backward.one_like(self.data)
        else:
            upstream = self._like_data(gradient, "backward", gives_values)
        if gives_values and not isinstance(upstream, Node):
            upstream = Value(upstream, requires_grad=False)
        if tape is not None:
            tape.changes.backward(self, upstream, create_graph)
        else:
            backward.backward(self, upstream, create_graph=create_graph)

    def _like_data(self, gradient: Any, who: str, create_graph: bool = True) -> Any:
        """A gradient given by the user, in the shape and dtype of this Value."""
        given: Any = gradient
        if not (isinstance(gradient, Node) and create_graph):
            given = as_operand(data_of(gradient))
            if self.data.__class__ is not float:
                given = given.astype(self.dtype) if is_foreign(given) else np.array(given, dtype=self.dtype)
            elif shape_of(given) == ():
                given = float(given)
        if shape_of(given) != self.shape:
            raise ValueError(
                located(
                    f"{who}: the gradient has shape {shape_of(given)}, the data {self.shape}; make them equal, or "
                    "call zero_grad() if there is to be none"
                )
            )
        return given

    def detach(self) -> Value:
        """The same data outside the graph: a leaf that requires no gradient. PyTorch: ``Tensor.detach``."""
        if modes.open_blocks and modes.tape():
            traced: Value = modes.tape().detached(self)
            return traced
        twin = Value(0.0, requires_grad=False)
        twin.data = self.data
        return twin

    def map_data(self, f: Callable[[Any], Any], *, instead: Callable[[Any], Any] | None = None) -> Any:
        """``f(data)``, for what has no gradient: a mask, a check of the numbers, a class that was found.

        It is what ``f(value.data)`` is, and may stand in a jitted function too: there it is computed anew at each
        call, and is a Value. ``f`` raises what it has to say against the numbers.

        If ``f`` does something besides, such as drawing random numbers, give ``instead``, a function whose result is
        of the same shape and dtype: it stands in for ``f`` while a jitted function is traced, so that ``f`` is called
        once at each call. If ``f`` has a parameter ``out=None``, as NumPy's functions have, a replay may give it the
        array to compute into.

        >>> Value([1.0, 3.0]).map_data(np.argmax)
        np.int64(1)
        """
        if modes.open_blocks and modes.tape():
            return modes.tape().mapped(f, self, instead)
        return f(self.data)

    # ------------------------------------------------------------ copies

    def __copy__(self) -> Self:
        self._refuse_to_be_cut()
        twin: Self = copying.shallow_copy(self)
        return twin

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        self._refuse_to_be_cut()
        return copying.reduced(self)

    def _refuse_to_be_cut(self) -> None:
        if modes.transforms_at_work.get() and self.requires_grad:
            raise TypeError(
                located(
                    "copy, deepcopy or pickle: the copy would be cut off from what is being differentiated; use "
                    "np.copy(x), or x.detach() first for a constant"
                )
            )

    # ------------------------------------------------------------ what it is

    @property
    def label(self) -> str:
        """Its name in pictures and derivations; "" if it has none. It can be set at any time."""
        return str(self._label) if isinstance(self._label, str) else ""

    @label.setter
    def label(self, label: str) -> None:
        scope = self.scope
        self._label = str(label) if scope is None else Labelled(label, scope)

    @property
    def scope(self) -> named_scope | None:
        """The call of a module, or the ``named_scope``, that it was computed in; None outside of all."""
        if isinstance(self._label, str):
            return self._label.scope if isinstance(self._label, Labelled) else None
        scope: named_scope = self._label
        return scope

    @property
    def inputs(self) -> tuple[Value, ...]:
        """The operands in order, an operand that is used twice standing twice; () for a leaf.

        A plain number or array becomes a constant Value when it is first asked for, and stays that one.
        """
        if self.op is None:
            return ()
        if isinstance(self._x, tuple):
            constants = self._x = tuple(map(_as_constant, self._x))
            return constants
        self._x = _as_constant(self._x)
        if self._y is None:
            return (self._x,)
        self._y = _as_constant(self._y)
        return self._x, self._y

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes; () for a number."""
        return shape_of(self.data)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(shape_of(self.data))

    @property
    def size(self) -> int:
        """The number of elements."""
        return getattr(self.data, "size", 1)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the data; float64 for a number."""
        return dtype_of(self.data)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(located("len() of a Value that is a single number"))
        return self.shape[0]

    def __contains__(self, item: Any) -> bool:
        return bool(np.any(self == item))

    def __iter__(self) -> Iterator[Value]:
        if not self.shape:
            raise TypeError(located("a Value that is a single number cannot be iterated over"))
        return (self[i] for i in range(self.shape[0]))

    def __repr__(self) -> str:
        parts = [f"data={_show(self.data, 11)}"]
        if self.requires_grad:
            parts.append(f"grad={_show(self._grad.data if isinstance(self._grad, Node) else self.grad, 11)}")
        else:
            parts.append("requires_grad=False")
        if self.label:
            parts.append(f"label={self.label!r}")
        return f"{type(self).__name__}({(', ' if not self.shape else ',' + chr(10) + ' ' * 6).join(parts)})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)


def _as_constant(operand: Any) -> Value:
    """An operand as a Value: itself, or a plain number or array in one that requires no gradient."""
    if isinstance(operand, Value):
        return operand
    constant = Value(0.0, requires_grad=False)
    constant.data = operand
    return constant


def _show(data: Any, indent: int) -> str:
    return repr(data).replace("\n", "\n" + " " * indent)
