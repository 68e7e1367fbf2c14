"""An array as another library's would be, one for a device that NumPy cannot reach."""

from __future__ import annotations

from typing import Any

import numpy as np


class DeviceArray(np.lib.mixins.NDArrayOperatorsMixin):
    """Numbers that NumPy cannot reach, as CuPy's are: it follows the protocols, and refuses to become an ndarray."""

    def __init__(self, numbers: Any) -> None:
        self._numbers = np.asarray(numbers)

    shape = property(lambda self: self._numbers.shape)
    dtype = property(lambda self: self._numbers.dtype)
    ndim = property(lambda self: self._numbers.ndim)
    size = property(lambda self: self._numbers.size)
    T = property(lambda self: DeviceArray(self._numbers.T))

    def get(self) -> np.ndarray:
        """The numbers as NumPy's, which only the user asks for."""
        return self._numbers

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TypeError("implicit conversion of a DeviceArray to a NumPy array; use .get()")

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        if any(hasattr(x, "record") for x in operands):
            return NotImplemented
        result = getattr(ufunc, method)(*_numbers(operands), **{name: _numbers(x) for name, x in options.items()})
        return options["out"][0] if "out" in options else _wrapped(result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _wrapped(function(*_numbers(args), **{name: _numbers(x) for name, x in kwargs.items()}))

    def __getitem__(self, index: Any) -> DeviceArray:
        return DeviceArray(self._numbers[_numbers(index)])

    def __setitem__(self, index: Any, item: Any) -> None:
        self._numbers[_numbers(index)] = _numbers(item)

    def __len__(self) -> int:
        return len(self._numbers)

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def __int__(self) -> int:
        return int(self._numbers)

    def astype(self, dtype: Any, copy: bool = True) -> DeviceArray:
        return DeviceArray(self._numbers.astype(dtype, copy=copy))

    def reshape(self, shape: Any) -> DeviceArray:
        return DeviceArray(self._numbers.reshape(shape))

    def transpose(self, axes: Any) -> DeviceArray:
        return DeviceArray(self._numbers.transpose(axes))

    def copy(self) -> DeviceArray:
        return DeviceArray(self._numbers.copy())


def _numbers(x: Any) -> Any:
    if isinstance(x, list | tuple):
        return type(x)([_numbers(part) for part in x])
    return x._numbers if isinstance(x, DeviceArray) else x


def _wrapped(x: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(map(_wrapped, x))
    return DeviceArray(x) if isinstance(x, np.ndarray | np.generic) else x
