"""A traced Value: it stands on a tape for what a program computes, and its numbers are refused to whoever asks."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Never

import numpy as np

from autograd_mini import backward, conversions, forward, modes, numpy_protocol, operands, transforms, value
from autograd_mini.compiler.errors import JitError, refused
from autograd_mini.compiler.program import Argument
from autograd_mini.compiler.rows import AFTER, row_of
from autograd_mini.errors import op_error
from autograd_mini.node import Node
from autograd_mini.ops.caller import is_library
from autograd_mini.ops.operation import Operation, as_floating, small_floats
from autograd_mini.value import Value

_slot: Any = vars(Node)["data"]  # below the property of a Value that is guarded
set_data = _slot.__set__
# Who may look at the data of a traced Value: those who compute with it and write down that they did.
READERS = frozenset({module.__file__ for module in (value, conversions, operands, backward, forward, transforms)})
NO_GRAD_YET = "take gradients by grad or value_and_grad, or read them from the parameters after backward()"


def _in_place(op: Callable[[Any, Any], Any]) -> Any:
    """``x -= y`` and its kin: another Value, but of what is an array of a parameter a change of that."""

    def method(self: Traced, other: Any) -> Any:
        result = op(self, other)
        if isinstance(result, Traced):
            result = result.cast_in_place(self)
            current_tape().changes.changed_in_place(self, result)
        return result

    return method


class Traced(Value):
    """A Value on a tape. Whoever reads its data outside of an op would make a constant of it, and is refused."""

    __slots__ = ("concrete", "number")

    concrete: Any  # its data while it is traced
    number: int  # its line on the tape

    @property
    def data(self) -> Any:
        reader = sys._getframe(1)
        if reader.f_code.co_filename not in READERS:
            raise refused_to(reader, "what is traced")
        return self.concrete

    @data.setter
    def data(self, data: Any) -> None:
        raise refused("assigning .data of what is traced", "make a new Value with ops, such as where(...)")

    @property
    def grad(self) -> Any:
        raise refused("reading .grad of what is traced", NO_GRAD_YET)

    @grad.setter
    def grad(self, gradient: Any) -> None:
        raise refused("assigning .grad of what is traced", NO_GRAD_YET)

    def record(self, op: Operation, x: Any, y: Any = None) -> Any:
        tape = current_tape()
        if x.__class__ is not tuple:
            number = tape.write_number(op, x, y)
            return super().record(op, x, y) if number is None else number
        picks = row_of(op) in ("getitem_at", "scatter_add_at")
        if not picks and op is not AFTER:
            beside, is_where = small_floats(x), row_of(op) == "where"
            stays = [is_where and (i == 0 or _are_arrays(x[1:])) for i in range(len(x))]
            x = tuple([v if stay else as_floats(v, beside) for v, stay in zip(x, stays, strict=True)])
        data = [get_data(v) if isinstance(v, Node) else v for v in x]
        if picks and any([np.asarray(part).dtype.kind == "b" for part in data[:-1]]):
            raise refused(
                "how many elements a traced mask picks depends on its numbers, and a program has one shape for each "
                "of its lines",
                "use where(mask, x, 0), which keeps the shape",
            )
        try:
            with np.errstate(all="ignore"):
                z = op.forward(*data)  # not op(...): conditions and indices stay booleans and integers
        except (TypeError, IndexError, ValueError) as cause:
            raise op_error(op, data, cause) from cause
        needs_grad = any([isinstance(v, Node) and v.requires_grad for v in x])
        written: Value = tape.write(op, x, None, z, needs_grad and modes.is_recording())
        return written

    def cast_in_place(self, into: Traced) -> Traced:
        """This as ``into -= ...`` leaves it: a Value is another, an array stays of its dtype and takes no Value."""
        if isinstance(into.concrete, np.ndarray) and current_tape().is_plain(into):
            raise refused("an array is changed in place by a Value", "write array = array + value")
        return self

    @property
    def label(self) -> str:
        return super().label

    @label.setter
    def label(self, label: str) -> None:
        check_text(str(label))
        if isinstance(current_tape().ops[self.number], Argument):
            raise refused("setting the label of an argument, which a replay would not", "set it before the call")
        Value.label.fset(self, label)  # type: ignore[attr-defined]  # mypy takes the property for a str

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.asarray(self.concrete).dtype  # of a bool, bool: where asks for it

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.concrete)

    def _bits(self, whole: np.ufunc, truth: np.ufunc | None, *operands: Any) -> Any:
        """Arithmetic of bits, as NumPy's: an argument that is a whole number is a float here."""
        dtypes = {x.dtype if isinstance(x, Traced) else np.asarray(x).dtype for x in operands}
        if truth is not None and dtypes == {np.dtype(bool)}:
            return current_tape().compared(truth, *operands)
        if any([dtype.kind == "f" for dtype in dtypes]):
            raise refused(f"{whole.__name__} of a traced number", "do it before the call, or with an array of integers")
        return current_tape().called(whole, operands, {})

    def __and__(self, other: Any) -> Any:
        return self._bits(np.bitwise_and, np.logical_and, self, other)

    def __or__(self, other: Any) -> Any:
        return self._bits(np.bitwise_or, np.logical_or, self, other)

    def __xor__(self, other: Any) -> Any:
        return self._bits(np.bitwise_xor, np.logical_xor, self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lshift__(self, other: Any) -> Any:
        return self._bits(np.left_shift, None, self, other)

    def __rlshift__(self, other: Any) -> Any:
        return self._bits(np.left_shift, None, other, self)

    def __rshift__(self, other: Any) -> Any:
        return self._bits(np.right_shift, None, self, other)

    def __rrshift__(self, other: Any) -> Any:
        return self._bits(np.right_shift, None, other, self)

    def __invert__(self) -> Any:
        return self.map_data(np.invert)

    def __bool__(self) -> bool:
        truth: bool | None = current_tape().truth(self)
        return super().__bool__() if truth is None else truth

    __iadd__, __isub__, __imul__ = map(_in_place, (operator.add, operator.sub, operator.mul))
    __itruediv__, __ifloordiv__, __imod__ = map(_in_place, (operator.truediv, operator.floordiv, operator.mod))
    __ipow__, __imatmul__ = _in_place(operator.pow), _in_place(operator.matmul)
    __iand__, __ior__, __ixor__ = map(_in_place, (operator.and_, operator.or_, operator.xor))
    __ilshift__, __irshift__ = _in_place(operator.lshift), _in_place(operator.rshift)

    def __setitem__(self, index: Any, item: Any) -> Never:
        raise refused(
            "value[index] = item of what is traced",
            "make a new one with where(condition, item, value), and assign that",
        )

    def __index__(self) -> int:
        if self.shape:
            raise TypeError("an array is no index of one element")  # NumPy goes on to ask for the array, as it should
        raise number_refused()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        if ufunc in BITS and method == "__call__" and not options:
            return self._bits(ufunc, BITS[ufunc], *operands)
        if ufunc in numpy_protocol.PLAIN_RESULTS and method == "__call__" and not options:
            if len(operands) == 1:
                return self.map_data(ufunc)
            return current_tape().compared(ufunc, *operands, is_operator=False)
        return super().__array_ufunc__(ufunc, method, *operands, **options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in SHAPE_ONLY:
            return self.of_shapes(function, args, kwargs, lambda x, data: data)
        if function in numpy_protocol.PLAIN_RESULTS:
            return current_tape().called(function, args, kwargs)
        return super().__array_function__(function, types, args, kwargs)

    def of_shapes(self, function: Any, args: Any, kwargs: Any, given_as: Callable[[Any, Any], Any]) -> Any:
        """What a function that looks at shapes and dtypes gives; the number in ``np.full_like`` is computed anew."""
        if function is np.full_like and any([isinstance(x, Node) for x in (*args[1:2], kwargs.get("fill_value"))]):
            return current_tape().called(function, args, kwargs)
        plain = [given_as(x, x.concrete) if isinstance(x, Traced) else x for x in args]
        return function(*plain, **kwargs)

    def __repr__(self) -> str:
        return f"{_TRACED}{self.shape}, dtype={self.dtype})"


_TRACED = "Traced(shape="
BITS = {np.bitwise_and: np.logical_and, np.bitwise_or: np.logical_or, np.bitwise_xor: np.logical_xor}


def has_traced(text: str) -> bool:
    """Whether something traced is written into a text."""
    return _TRACED in text


def check_text(text: str) -> None:
    """An error if a label or a text that is returned has a traced number written into it."""
    if has_traced(text):
        raise text_refused()


def text_refused() -> JitError:
    """The error for writing a traced number."""
    return refused(
        "a text with a number in it that is another at each call",
        "pass the number as a str, or write or print it after the call, which result.label = ... may do too",
    )


def get_data(x: Any) -> Any:
    """The data of a Value, traced or guarded, for those who write down what they do with it."""
    return x.concrete if x.__class__ is Traced else _slot.__get__(x)


def number_refused(why: str = "a traced number as an index, a count, an axis or a range", at: str = "") -> JitError:
    """The error for a traced number where a plain one is taken, ``at`` a line of the user's."""
    remedy = "close over it instead of passing it; an array of traced numbers is stack([x, y]), or np.ones(shape) * x"
    return refused(why, remedy, at or None)


def as_floats(operand: Any, beside: list[np.dtype[Any]]) -> Any:
    """An operand of an op of several: booleans and whole numbers become floats, as in ``Operation.__call__``.

    A scalar of NumPy's is a number, as beside a Value everywhere.
    """
    if operand.__class__ is float or (isinstance(operand, Node) and operand.__class__ is not Traced):
        return operand
    return float(operand) if isinstance(operand, np.number) else as_floating(operand, *beside)


def _are_arrays(operands: Any) -> bool:
    """True for two arrays, of which ``where`` picks whole numbers as they are."""
    return all([isinstance(v.concrete if v.__class__ is Traced else v, np.ndarray) for v in operands])


SHAPE_ONLY = frozenset(
    {
        *(np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.result_type),
        *(np.can_cast, np.isrealobj, np.iscomplexobj, np.tril_indices_from, np.triu_indices_from),
        np.diag_indices_from,
    }
)


def current_tape() -> Any:
    tape = modes.tape()
    if tape is None:
        raise JitError(
            "jit: a Value of a traced function is used after its end; return it from the function instead of "
            "keeping it elsewhere"
        )
    return tape


def refused_to(reader: FrameType, what: str) -> JitError:
    """The error for a function that reads the data of ``what``."""
    if is_library(reader.f_code.co_filename):
        while reader.f_back is not None and is_library(reader.f_back.f_code.co_filename):
            reader = reader.f_back
        function = reader.f_code.co_name
        return refused(
            f"{function} looks at the numbers of {what} to decide on what it computes or on its result's shape",
            "call it outside of the jitted function",
        )
    return refused(f"reading .data of {what}", "use the Value itself in ops, or value.map_data(f)")
