"""What ``detect_anomaly`` says: the errors, with the op, the operands, the module and the line of the user's code."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd_mini.backward import inputs_of
from autograd_mini.diagnosis.names import Names, module_of
from autograd_mini.diagnosis.nonfinite import ADVICE, TOO_LARGE, at, first, origin
from autograd_mini.graph import is_plain_number
from autograd_mini.ops.caller import line_of_code, located
from autograd_mini.ops.operation import Pointwise
from autograd_mini.text import number


class Made(NamedTuple):
    """How a node was recorded: the line of the user's code, and copies of the numbers that took part."""

    path: str
    line: int
    deriving: str  # the op whose derivative it is part of; "" in a forward pass
    data: Any
    operands: tuple[Any, ...]  # None for one that has a copy of its own


# ---------------------------------------------------------------- forward


def result_is_not_finite(node: Any, arisen: Any) -> FloatingPointError:
    """``node``, which is not recorded yet, is nan or inf where ``arisen`` is True, and its operands are not."""
    names = Names(node)
    index = tuple(int(i) for i in np.argwhere(arisen)[0]) if np.ndim(arisen) else None
    what = number(node.data if index is None else node.data[index])
    operands = " and ".join([_called(names, x) for x in node.inputs])
    there = ""
    if isinstance(node.op, Pointwise):
        numbers = [np.broadcast_to(x.data, node.shape)[index or ()] for x in node.inputs]
        pairs = zip(node.inputs, numbers, strict=True)
        there = " and ".join([f"{_called(names, x)} = {number(n)}" for x, n in pairs if not is_plain_number(x)])
    where = f", where {there}" if there else ""
    scope = module_of(node)  # a module adds its own name to the error on the way out
    place = f" in {scope}" if isinstance(scope, str) else ""
    advice = ADVICE.get(node.op.name, TOO_LARGE)
    return _nonfinite(f"{node.op.name} of {operands}{place} gives {what}{at(index)}{where}; {advice}")


# ---------------------------------------------------------------- backward


def loss_is_not_finite(root: Any) -> FloatingPointError:
    """What is to be differentiated is nan or inf, of what was there before, or of what the user put in."""
    _, message, advice = origin(Names(root), root)
    return _nonfinite(f"{message}; {advice}")


def given_is_not_finite(what: str, data: Any) -> FloatingPointError:
    """The user's own upstream gradient is nan or inf."""
    index, found = first(data)
    return _nonfinite(f"{what} is {found}{at(index)}")


def derivative_is_not_finite(root: Any, node: Any, x: Any, contribution: Any) -> FloatingPointError:
    """What the rule of ``node`` sends to its operand ``x`` is nan or inf."""
    names = Names(root)
    index, what = first(contribution)
    there = ""
    if np.shape(contribution) == x.shape and not is_plain_number(x):
        there = f", where it is {number(np.asarray(x.data)[index or ()])}"
    message = f"the backward of {_recorded(names, node)} sends {what} to {_called(names, x)}{at(index)}{there}"
    return _nonfinite(f"{message}; {ADVICE.get(node.op.name, TOO_LARGE)}")


def sum_is_not_finite(root: Any, node: Any, x: Any, total: Any) -> FloatingPointError:
    """The contributions to the gradient of ``x`` are finite and their sum is not; ``node`` sent the latest."""
    names = Names(root)
    index, what = first(total)
    message = f"the contributions to the gradient of {_called(names, x)} add up to {what}{at(index)}"
    return _nonfinite(f"{message}, with the one of {_recorded(names, node)}; {TOO_LARGE}")


def tangent_is_not_finite(root: Any, node: Any, tangent: Any) -> FloatingPointError:
    """In forward mode the tangent of ``node`` is nan or inf."""
    index, what = first(tangent)
    advice = ADVICE.get(node.op.name, TOO_LARGE)
    return _nonfinite(f"the tangent of {_recorded(Names(root), node)} is {what}{at(index)}; {advice}")


def was_changed(root: Any, node: Any, x: Any, then: Any) -> RuntimeError:
    """The numbers of ``x`` were ``then`` when ``node``, which is ``x`` or has it as an operand, was recorded."""
    value = node
    if x is not node:
        position = next(i for i, operand in enumerate(inputs_of(node)) if operand is x)
        value = node.inputs[position]  # of a plain array a Value
    names = Names(root)
    used = "" if value is node else f", after {_recorded(names, node)} had used it"
    what = _recorded(names, node) if value is node else names.described(value)
    return RuntimeError(
        located(
            f"detect_anomaly: {what} was changed between forward and backward: {_difference(then, value.data)}{used}; "
            "its gradient would mix old numbers with new ones: compute the loss anew before backward() (each "
            "optimizer.step() needs a forward pass of its own), or change a copy"
        )
    )


def _difference(then: Any, now: Any) -> str:
    if np.shape(then) != np.shape(now):
        return f"its shape was {np.shape(then)} and is {np.shape(now)}"
    differs = np.argwhere(~((np.asarray(then) == np.asarray(now)) | (np.isnan(then) & np.isnan(now))))
    if not len(differs):
        return f"it was of type {type(then).__name__} and is of type {type(now).__name__}"
    index = tuple(int(i) for i in differs[0])
    old, new = np.asarray(then)[index], np.asarray(now)[index]
    return f"{at(index or None).strip()} it was {_exact(old)} and is {_exact(new)}".strip()


def _exact(x: Any) -> str:
    return f"{float(x):.6g}"


# ---------------------------------------------------------------- names and places


def _nonfinite(message: str) -> FloatingPointError:
    return FloatingPointError(located(f"detect_anomaly: {message}"))


def _called(names: Names, x: Any) -> str:
    """The name of a Value, and how it was made if the user has no name for it."""
    name = names.name(x)
    return f"{name} = {x.op.name}" if x.op and name == f"v{names.position[x]}" else name


def _recorded(names: Names, node: Any) -> str:
    """A node as the user may find it: what it is, and the line that recorded it."""
    made: Made | None = getattr(node, "made", None)
    if made is None:
        line = "recorded before detect_anomaly began"
    else:
        part = f"as part of the backward of {made.deriving} " if made.deriving else ""
        line = f"recorded {part}at {line_of_code(made.path, made.line)}"
    return f"{names.described(node)} ({line})"
