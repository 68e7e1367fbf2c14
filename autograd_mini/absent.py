"""What arrays and tensors have and a Value has not: whoever asks for it reads what to write instead.

Descriptors, since a ``__getattr__`` would make every attribute of a Value five times as slow to read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Never

from autograd_mini.ops.caller import located

_NEW = "a Value is never written to; make a new one with"
_MEMORY = "a Value speaks of numbers and not of memory; ask the array, value.data"

_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

REMEDIES = {
    # NumPy's arrays
    "flat": "write value.ravel()",
    "fill": f"{_NEW} np.full(value.shape, number)",
    "put": f"{_NEW} put_along_axis or where(condition, item, value)",
    "itemset": f"{_NEW} where(condition, item, value)",
    "resize": "write np.resize(value, shape), or np.pad(value, width)",
    "choose": "write np.choose(indices, [value, other]), since a Value is no array of indices",
    "ptp": "write np.ptp(value)",
    "imag": "a Value holds real numbers, whose imaginary part is 0",
    **dict.fromkeys(("base", "byteswap", "ctypes", "dump", "dumps", "flags", "getfield", "itemsize"), _MEMORY),
    **dict.fromkeys(("nbytes", "setfield", "setflags", "strides", "tobytes", "tofile", "data_ptr", "storage"), _MEMORY),
    # PyTorch's tensors
    "numpy": "value.data is the NumPy array, or the float",
    "view": "write value.reshape(...)",
    "permute": "write value.transpose(...)",
    "t": "write value.T",
    "mm": "write value @ other",
    "bmm": "write value @ other",
    "unsqueeze": "write value.expand_dims(axis)",
    "expand": "write value.broadcast_to(shape)",
    "clamp": "write value.clip(low, high)",
    "amax": "write value.max(axis)",
    "amin": "write value.min(axis)",
    "dim": "write value.ndim",
    "numel": "write value.size",
    "gather": "write np.take_along_axis(value, indices, axis)",
    "masked_fill": "write np.where(mask, number, value)",
    "masked_select": "write value[mask]",
    "split": "write np.split(value, sections, axis)",
    "unbind": "write unstack(value, axis)",
    "clone": "write value.copy(), or value.detach() for a constant",
    "new_zeros": "write np.zeros(shape)",
    "double": 'write value.astype("float64")',
    "float": 'write value.astype("float32"), or float(value) for a single number',
    "half": 'write value.astype("float16")',
    "type": 'write value.astype("float32")',
    "type_as": "write value.astype(other.dtype)",
    **dict.fromkeys(("int", "long"), "a Value holds floats; convert the array, value.data.astype(int)"),
    "nelement": "write value.size",
    "mv": "write value @ other",
    "movedim": "write value.moveaxis(source, destination)",
    "repeat_interleave": "write value.repeat(counts, axis)",
    "is_leaf": "write value.op is None",
    "grad_fn": "write value.op, the operation that made it",
    "retain_grad": "every Value keeps its gradient, value.grad",
    "requires_grad_": "write value.requires_grad = True",
    **dict.fromkeys(("add_", "sub_", "mul_", "div_", "zero_", "fill_", "copy_"), f"{_NEW} ops, or assign value.data"),
    **dict.fromkeys(("clamp_", "normal_", "relu_", "sigmoid_", "uniform_"), f"{_NEW} ops, or assign value.data"),
    **{f"a{name}": f"write value.arc{name}()" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: f"write value {sign} other" for name, sign in _SIGNS.items()},
    **dict.fromkeys(("isnan", "isinf", "isfinite", "allclose", "isclose"), "ask NumPy, as in np.isnan(value.data)"),
    **dict.fromkeys(("contiguous", "is_contiguous", "stride"), _MEMORY),
    **dict.fromkeys(("view_as", "reshape_as"), "write value.reshape(other.shape)"),
    "expand_as": "write value.broadcast_to(other.shape)",
    "clamp_min": "write value.clip(low)",
    "clamp_max": "write value.clip(None, high)",
    "where": "write where(condition, value, other)",
    "inverse": "write np.linalg.inv(value)",
    "rsqrt": "write 1 / value.sqrt()",
    "chunk": "write np.array_split(value, sections, axis)",
    "index_select": "write value[indices], or value[:, indices]",
    "topk": "write value.sort()[..., -k:]",
    "new_ones": "write np.ones(shape)",
    "register_hook": "every Value keeps its gradient, value.grad, to be looked at after backward()",
    # micrograd's Value
    "_prev": "write value.inputs, in the order of the operands",
    "_op": "write value.op, the operation that made it",
    "_backward": "an operation's derivatives are in its row, value.op.rules; custom_op makes a new one",
    **dict.fromkeys(("cpu", "cuda", "device", "to", "to_device"), "its data stays where it is, in NumPy's memory"),
}


class _Absent:
    """An attribute that is not there, with what to write instead of it."""

    def __init__(self, name: str, remedy: str) -> None:
        self.name = name
        self.remedy = remedy

    def __get__(self, instance: Any, owner: Any = None) -> Never:
        raise AttributeError(located(f"a Value has no .{self.name}; {self.remedy}"))


class Absent:
    """The names above as attributes that raise; ``hasattr`` and ``dir`` know nothing of them.

    >>> class Number(Absent):
    ...     pass
    >>> hasattr(Number(), "unsqueeze"), "unsqueeze" in dir(Number())
    (False, False)
    """

    __slots__ = ()

    def __dir__(self) -> Iterable[str]:
        return [name for name in super().__dir__() if name not in REMEDIES]


for _name, _remedy in REMEDIES.items():
    setattr(Absent, _name, _Absent(_name, _remedy))
