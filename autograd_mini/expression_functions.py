"""Which ops are functions of an expression, by the op table itself; and how each is called."""

from __future__ import annotations

import difflib
import inspect
import itertools
from collections.abc import Sequence

from autograd_mini import ops
from autograd_mini.arithmetic import Arithmetic
from autograd_mini.ops.operation import Operation, Pointwise

# What acts on each element by itself is a function, and so are the ops of these files. No others, since a short text
# could then ask for a large array, or for a long loop.
FAMILIES = frozenset(
    {
        *("activation", "choosing", "cumulative", "determinant", "inverse", "linalg", "nan", "norm", "pointwise"),
        *("product", "reduction", "rounding", "shape", "softmax", "sorting", "special", "statistics"),
    }
)
# To any shape; of three operands; what only the rules of others need.
NOT_HERE = frozenset({"broadcast_to", "linear", "linear_recurrence", "cofactor"})


def _operands_of(name: str) -> int:
    """How many operands an op of the table has: 1 or 2, or 0 for one that is no function here."""
    op = getattr(ops, name)
    if isinstance(op, Pointwise) or op is ops.matmul:
        return len(op.rules)
    if op.__module__.rpartition(".")[2] not in FAMILIES or name in NOT_HERE:
        return 0
    signature = inspect.signature(op)
    parameters = [each for each in signature.parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
    operands = list(itertools.takewhile(lambda each: each.annotation == "Carrier", parameters))
    if len(operands) > 2:  # clip's bounds are settings
        operands = [each for each in operands if each.default is each.empty]
    return len(operands) if signature.return_annotation == "Carrier" and len(operands) <= 2 else 0


# The functions, by how many operands they take. What follows the operands is a setting, such as an axis.
FUNCTIONS = {name: number for name in ops.__all__ if (number := _operands_of(name))}
METHODS = [name for name in FUNCTIONS if hasattr(Arithmetic, name)]


def signature_of(name: str) -> inspect.Signature:
    """How a function is called: without the annotations, which speak of carriers."""
    function = getattr(ops, name)
    if isinstance(function, Operation):
        parameters = [inspect.Parameter(x, inspect.Parameter.POSITIONAL_OR_KEYWORD) for x in "xy"[: FUNCTIONS[name]]]
    else:
        parameters = list(inspect.signature(function).parameters.values())
    return inspect.Signature([each.replace(annotation=inspect.Parameter.empty) for each in parameters])


# What a function is called in mathematics, or in other languages.
_OTHER_NAMES = {"ln": "log", "lg": "log10", "tg": "tan", "arctg": "arctan", "sgn": "sign", "logistic": "sigmoid"}
_OTHER_NAMES |= {f"a{f}": f"arc{f}" for f in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}


def nearest(name: str, known: Sequence[str]) -> str:
    """What may have been meant by a name that is none."""
    near = [_OTHER_NAMES[name]] if name in _OTHER_NAMES else difflib.get_close_matches(name, known, n=2)
    return f"the nearest is {' or '.join(near)}" if near else "there are exp, log, tanh, relu, sum, mean and many more"
