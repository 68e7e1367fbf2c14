"""What PyTorch's ``nn`` and others' models have and these have not: whoever asks for it reads what to write instead.

Of a Module they are descriptors, as in ``autograd_mini/absent.py``: a ``__getattr__`` would slow every attribute.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Never

import autograd_mini
from autograd_mini import located, no_such_name

_LIST = "a plain list or dict as an attribute does, self.layers = [nn.Linear(2, 3), ...]: a Module finds what is in it"
_DTYPE = "a layer is made in its dtype, such as nn.Linear(2, 3, dtype=np.float32); load_state_dict fills it"
_MEMORY = "its parameters stay where they are, in NumPy's memory"
_HOOK = "there are no hooks; a subclass does more in its forward, and draw and explain show every Value and gradient"
_CELL = "give {} a sequence of one place"
_PAD = "write np.pad(x, width, mode) in forward"
_EACH = "write nn.Dropout, which takes each number by itself"

OF_A_MODULE = {
    "to": f"{_MEMORY}; {_DTYPE}",
    **dict.fromkeys(("cpu", "cuda", "ipu", "xpu", "mtia", "share_memory", "to_empty"), _MEMORY),
    **dict.fromkeys(("bfloat16", "double", "float", "half", "type"), _DTYPE),
    "compile": "write autograd_mini.jit(step), of the whole step",
    "add_module": "write setattr(self, name, module)",
    "register_module": "write setattr(self, name, module)",
    "register_parameter": "write self.name = nn.Parameter(data)",
    "get_parameter": "write dict(module.named_parameters())[path]",
    "get_buffer": "write dict(module.named_buffers())[path]",
    "get_submodule": "write dict(module.named_modules())[path]",
    "save": "write nn.save(model, path)",
    "load": "write model.load_state_dict(nn.load(path))",
    "fit": "write optim.fit(loss, data, optimizer)",
    "predict": "call the model, model(x); of classes model(x).argmax(1)",
    **dict.fromkeys(("register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"), _HOOK),
}
OF_NN = {
    **dict.fromkeys(("ModuleList", "ModuleDict", "ParameterList", "ParameterDict"), _LIST),
    "functional": "relu, softmax, conv2d and the like are functions of autograd_mini, the losses functions of nn",
    "utils": "write optim.clip_grad_norm(parameters, max_norm) or optim.clip_grad_value",
    "parallel": "write optim.data_parallel",
    "DataParallel": "write optim.data_parallel",
    "TransformerEncoderLayer": "write nn.TransformerBlock",
    "TransformerDecoderLayer": "write nn.TransformerBlock, called with is_causal=True",
    "TransformerEncoder": "write a list of nn.TransformerBlock",
    "RNNCell": _CELL.format("nn.RNN"),
    "LSTMCell": _CELL.format("nn.LSTM"),
    "GRUCell": _CELL.format("nn.GRU"),
    "AdaptiveAvgPool1d": "write x.mean(2), for one place",
    "AdaptiveAvgPool2d": "write x.mean((2, 3)), for one place",
    "Unflatten": "write x.reshape(shape) in forward",
    "LazyLinear": "write nn.Linear(in_features, out_features)",
    **dict.fromkeys(("ConstantPad2d", "ReflectionPad2d", "ReplicationPad2d", "ZeroPad2d"), _PAD),
    **dict.fromkeys(("Dropout1d", "Dropout2d"), _EACH),
    **{name: f"micrograd's is nn.scalar.{name}; of tensors it is nn.Linear" for name in ("Neuron", "Layer")},
}


def of_nn(name: str, known: Iterable[str]) -> Exception:
    """The error for a name that ``nn`` has not."""
    missing = f"module 'nn' has no attribute {name!r}"
    if name in OF_NN:
        return no_such_name(f"{missing}; {OF_NN[name]}")
    if name in dir(autograd_mini):
        return no_such_name(f"{missing}; it is in autograd_mini: autograd_mini.{name}")
    near = difflib.get_close_matches(name, known, n=1)
    return AttributeError(located(f"{missing}; is it {near[0]}?") if near else missing)


class _Absent:
    """An attribute that is not there, with what to write instead of it."""

    def __init__(self, name: str, remedy: str) -> None:
        self.name = name
        self.remedy = remedy

    def __get__(self, instance: Any, owner: Any = None) -> Never:
        raise AttributeError(located(f"a Module has no .{self.name}; {self.remedy}"))


class Absent:
    """The names above as attributes that raise, until a subclass or an assignment gives them a meaning.

    ``hasattr`` and ``dir`` know nothing of them.

    >>> class Layer(Absent):
    ...     pass
    >>> hasattr(Layer(), "cuda"), "cuda" in dir(Layer())
    (False, False)
    """

    def __dir__(self) -> Iterable[str]:
        return [name for name in super().__dir__() if name not in OF_A_MODULE or hasattr(self, name)]


for _name, _remedy in OF_A_MODULE.items():
    setattr(Absent, _name, _Absent(_name, _remedy))
