"""Tiny networks, computation graphs that one can look at, and backprop that one can verify by hand.

>>> from autograd_mini import Value
>>> a, b, c = Value(2.0), Value(-3.0), Value(10.0)
>>> loss = (a * b + c).tanh()
>>> loss.backward()
>>> round(a.grad, 6)
-0.004023

``from autograd_mini import *`` puts ``sum``, ``max``, ``abs``, ``round`` and others in the place of Python's own, as
``from numpy import *`` does; ``import autograd_mini as ag`` leaves those alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autograd_mini import ops
from autograd_mini.carrying import carry, is_traced, refuse_in_jit
from autograd_mini.draw import draw
from autograd_mini.modes import no_grad
from autograd_mini.ops import *  # noqa: F403  # the op table has the list of its names
from autograd_mini.ops.caller import located, no_such_name
from autograd_mini.scope import named_scope
from autograd_mini.value import Value

if TYPE_CHECKING:
    from autograd_mini.anomaly import detect_anomaly
    from autograd_mini.by_hand.check import check_by_hand
    from autograd_mini.by_hand.explain import explain
    from autograd_mini.compiler.errors import JitError
    from autograd_mini.compiler.jit import jit
    from autograd_mini.custom import custom_op
    from autograd_mini.diagnosis.diagnose import diagnose
    from autograd_mini.draw.microscope import microscope
    from autograd_mini.finite_differences.gradcheck import gradcheck
    from autograd_mini.npz import read_npz, write_npz
    from autograd_mini.transforms import elementwise_grad, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
    from autograd_mini.tree import map_leaves
    from autograd_mini.whole_file import write_whole

__all__ = [
    "JitError",
    "Value",
    "carry",
    "check_by_hand",
    "custom_op",
    "detect_anomaly",
    "diagnose",
    "draw",
    "elementwise_grad",
    "explain",
    "grad",
    "gradcheck",
    "hessian",
    "hvp",
    "is_traced",
    "jacobian",
    "jit",
    "jvp",
    "located",
    "map_leaves",
    "microscope",
    "named_scope",
    "no_grad",
    "no_such_name",
    "read_npz",
    "refuse_in_jit",
    "value_and_grad",
    "vjp",
    "write_npz",
    "write_whole",
]
__all__ += ops.__all__

# Loaded when first asked for: whoever only computes does not wait for them.
_LOADED_LATER = {
    "check_by_hand": "autograd_mini.by_hand.check",
    "custom_op": "autograd_mini.custom",
    "detect_anomaly": "autograd_mini.anomaly",
    "diagnose": "autograd_mini.diagnosis.diagnose",
    "explain": "autograd_mini.by_hand.explain",
    "gradcheck": "autograd_mini.finite_differences.gradcheck",
    "jit": "autograd_mini.compiler.jit",
    "JitError": "autograd_mini.compiler.errors",
    "map_leaves": "autograd_mini.tree",
    "microscope": "autograd_mini.draw.microscope",
    "read_npz": "autograd_mini.npz",
    "write_npz": "autograd_mini.npz",
    "write_whole": "autograd_mini.whole_file",
    **dict.fromkeys(
        ["elementwise_grad", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"],
        "autograd_mini.transforms",
    ),
}


_OF_NN = ("Linear", "MLP", "Module", "Parameter", "cross_entropy", "load", "manual_seed", "mse_loss", "save")
_REMEDIES = {
    **dict.fromkeys(("tensor", "Tensor", "Variable", "array", "asarray", "as_tensor", "from_numpy"), "write Value(x)"),
    **dict.fromkeys(("randn", "rand"), "write Value(rng.normal(size=shape)), with rng = np.random.default_rng(seed)"),
    **{name: f"write Value(np.{name}(...))" for name in ("zeros", "ones", "full", "eye", "arange", "linspace")},
    **{name: f"write Value(np.{name}(x.data))" for name in ("zeros_like", "ones_like")},
    **{name: f"write np.{name}(x, axis)" for name in ("argmax", "argmin", "argsort")},
    "cat": "write concatenate([x, y], axis)",
    "clamp": "write clip(x, low, high)",
    "mm": "write x @ y",
    "bmm": "write x @ y",
    "unsqueeze": "write expand_dims(x, axis)",
    "permute": "write transpose(x, axes)",
    **dict.fromkeys(("inference_mode", "set_grad_enabled"), "write with no_grad(): ..."),
    "autograd": "write grad(f)(x) for autograd.grad, custom_op for autograd.Function",
    **dict.fromkeys(("jacfwd", "jacrev"), "write jacobian(f)(x)"),
    "draw_dot": "write draw(value)",
    **dict.fromkeys(("Neuron", "Layer"), "write from nn.scalar import Neuron, Layer"),
    **{name: f"write nn.{name}, after import nn" for name in _OF_NN},
    **{name: f"write optim.{name}, after import optim" for name in ("Adam", "SGD")},
    "nn": "write import nn: it is a package beside this one",
    "optim": "write import optim: it is a package beside this one",
}


def __getattr__(name: str) -> Any:
    if name not in _LOADED_LATER:
        missing = f"module 'autograd_mini' has no attribute {name!r}"
        raise no_such_name(f"{missing}; {_REMEDIES[name]}") if name in _REMEDIES else AttributeError(missing)
    thing = globals()[name] = getattr(import_module(_LOADED_LATER[name]), name)
    return thing


def __dir__() -> list[str]:
    return sorted({*__all__, *[name for name in globals() if name.startswith("__")]})
