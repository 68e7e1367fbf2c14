"""Where a Value is asked for plain numbers: by Python, by a comparison, by NumPy. What would cut a graph is refused."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any, Never

import numpy as np

from autograd_mini import modes, numpy_protocol
from autograd_mini.node import Node
from autograd_mini.ops.caller import is_of_numpy, located
from autograd_mini.ops.operation import as_array, data_of, shape_of


class Conversions(Node):
    """The part of ``Value`` that gives numbers away."""

    __slots__ = ()

    def item(self) -> float:
        """The data as a Python float, if it is a single number."""
        if modes.open_blocks and modes.tape():
            modes.tape().refuse("item(), float(), int() or array[i] = x", _OPS_INSTEAD)
        if getattr(self.data, "size", 1) != 1:
            raise ValueError(
                located(f"item: shape {shape_of(self.data)} is not a single number; use data, or index it first")
            )
        return self.data if self.data.__class__ is float else float(self.data.item())

    def __float__(self) -> float:
        if modes.transforms_at_work.get() and self.requires_grad:
            raise TypeError(
                located(
                    "float(), a function of math, or array[i] = x would cut what is being differentiated; use NumPy's "
                    "function, such as np.sin(x); make an array of Values with np.stack([x, y]), or change one by "
                    "np.where(condition, x, array); x.item() is a number that counts as a constant"
                )
            )
        if self.requires_grad and is_of_numpy(sys._getframe(1).f_code.co_filename):
            raise TypeError(
                located(
                    "NumPy asks for a plain number here, as for initial= or ddof=, which would cut the graph silently; "
                    "call the function of autograd_mini, or give value.item() for a constant"
                )
            )
        return self.item()

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        if modes.open_blocks and modes.tape():
            modes.tape().refuse(
                "bool(): an if, a while, an and or an or",
                "use where(condition, x, y), or decide on an argument that is a bool or a str, a program for each",
            )
        return bool(self.data)

    # ------------------------------------------------------------ comparisons: elementwise, on the data

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Any:
        return self._compared(np.equal, other) if modes.open_blocks else self.data == data_of(other)

    def __ne__(self, other: object) -> Any:
        return self._compared(np.not_equal, other) if modes.open_blocks else self.data != data_of(other)

    def __lt__(self, other: Any) -> Any:
        return self._compared(np.less, other) if modes.open_blocks else self.data < data_of(other)

    def __le__(self, other: Any) -> Any:
        return self._compared(np.less_equal, other) if modes.open_blocks else self.data <= data_of(other)

    def __gt__(self, other: Any) -> Any:
        return self._compared(np.greater, other) if modes.open_blocks else self.data > data_of(other)

    def __ge__(self, other: Any) -> Any:
        return self._compared(np.greater_equal, other) if modes.open_blocks else self.data >= data_of(other)

    def _compared(self, ufunc: np.ufunc, other: Any) -> Any:
        if modes.tape():
            return modes.tape().compared(ufunc, self, other)
        return _OPERATORS[ufunc](self.data, data_of(other))

    # ------------------------------------------------------------ NumPy

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        return numpy_protocol.call_ufunc(ufunc, method, operands, options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return numpy_protocol.call_function(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        data = self._outside_the_graph()
        return np.array(data, dtype=dtype) if copy else np.asarray(data, dtype=dtype)

    def __dlpack__(self, **options: Any) -> Any:
        return self._outside_the_graph().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._outside_the_graph().__dlpack_device__()

    def _outside_the_graph(self) -> Any:
        """The data as an array, for those who take arrays only."""
        if modes.open_blocks and modes.tape():
            modes.tape().refuse(
                "a plain array that is indexed, a list in place of one, or a function of NumPy that is no op here,",
                f"index Value(array, requires_grad=False), stack([...]) a list, or {_OPS_INSTEAD}",
            )
        if self.requires_grad:
            raise TypeError(
                located(
                    "a Value that requires a gradient does not turn into a plain array, since the graph would be cut "
                    "silently; make one of several with np.stack([x, y]), not np.array; call np.dot(a, x), not "
                    "a.dot(x); change an array by np.where(condition, x, a); for the numbers alone use x.detach(), "
                    "x.data or x.item()"
                )
            )
        return as_array(self.data)

    def __setitem__(self, index: Any, item: Any) -> Never:
        raise TypeError(
            located(
                "value[index] = item would change a Value that others were computed from; "
                "make a new one with where(condition, item, value), or put_along_axis for places along an axis"
            )
        )


_OPS_INSTEAD = "use ops on it, such as where(condition, x, y), or value.map_data(f)"

_OPERATORS: dict[np.ufunc, Callable[[Any, Any], Any]] = {  # which floats have too, and faster
    np.equal: operator.eq,
    np.not_equal: operator.ne,
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
}
