"""Parameters that this step does not train: replaced by a result of their own update, or out of the loss's reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograd_mini.diagnosis import source
from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step, some
from autograd_mini.value import Value

REBOUND = "parameter rebound"
UNREACHED = "parameter not reached"
UNTRAINED = "not trained"

_IN_PLACE = "change the numbers in place, w.data -= lr * w.grad, or let an optimizer's step() do it"


def rebound(step: Step) -> Iterator[Finding]:
    """Parameters in whose place the result of a computation stands, as after ``w = w - lr * w.grad``."""
    results = [(name, x) for name, x in step.parameters if x.op is not None]
    if results:
        name, x = results[0]
        variable = step.variables.get(id(x), "")
        name = variable or name
        others = f"; so are {some([other for other, _ in results[1:]])}" if len(results) > 1 else ""
        what = f"{name} is no leaf but the result of {x.op}{others}: the next backward() goes on into the old graph"
        yield Finding(REBOUND, name, x, what, _IN_PLACE, source.rebinding_of(variable) if variable else "")
    known = {x for _, x in step.parameters}
    for leaf in step.graph.values:
        if leaf.op is None and leaf.requires_grad:
            yield from _replaced(step, leaf, leaf in known)


def _replaced(step: Step, leaf: Value, is_known: bool) -> Iterator[Finding]:
    """A leaf that the loss uses only through an update of it, if something says that it has been a parameter.

    ``w - target`` looks the same in the graph. What tells them apart: the variable with the leaf's label has become
    the result, or the source has a line that computes the variable from itself; or it is an nn.Parameter that the
    model no longer has, updated outside of all modules.
    """
    is_plain = type(leaf) is Value
    result, updates = leaf, 0
    while len(users := step.consumers[step.position[result]]) == 1 and _is_update(users[0], result, is_plain):
        result, updates = users[0], updates + 1
    if not updates or result is step.loss:
        return
    variable = step.variables.get(id(result), "")
    line = source.rebinding_of(variable) if variable else ""
    has_become_it = is_plain and is_known and variable and (variable == leaf.label or line)
    if has_become_it or not (is_plain or is_known):
        name = step.name(leaf)
        now = f"the variable {variable}" if variable else "what the loss uses"
        what = f"{now} is no longer {name} but {updates} update{'s' if updates > 1 else ''} of it, inside the graph"
        yield Finding(REBOUND, name, leaf, what, _IN_PLACE, line)


def _is_update(result: Value, operand: Value, is_plain: bool) -> bool:
    """True for ``operand - constant`` and the like, which depend on nothing else that learns."""
    updates = ("add", "sub", "mul", "div", "clip") if is_plain else ("add", "sub")
    if result.op is None or result.op.name not in updates or result.inputs[0] is not operand or result.scope:
        return False
    return result.shape == operand.shape and not any(x.requires_grad for x in result.inputs[1:])


def updated_beside(step: Step) -> Iterator[Finding]:
    """``for p in model.parameters(): p -= lr * p.grad``, which gives the variable a result and leaves the parameter."""
    known = {x: name for name, x in step.parameters}
    for variable, line, members in source.loops_that_rebind():
        kept = [x for x in members if isinstance(x, Value) and x in known and x.op is None]
        if kept:
            what = f"this line gives the variable {variable} a result, and leaves {some([known[x] for x in kept])} as "
            what += f"{'they were' if len(kept) > 1 else 'it was'}: x -= y is x = x - y, a new Value under that name"
            yield Finding(REBOUND, known[kept[0]], kept[0], what, _IN_PLACE, line)
            return
    for variable, result in source.values().items():
        if result.op is None or result in step.position or result.inputs[0] not in known:
            continue
        x = result.inputs[0]
        line = source.rebinding_of(variable)
        if line and result.op.name in ("add", "sub") and result.inputs[1].op is None and not result.scope:
            what = f"the variable {variable} is an update of {known[x]}, and {known[x]} itself is as it was: x -= y is "
            yield Finding(REBOUND, known[x], x, what + "x = x - y, a new Value under that name", _IN_PLACE, line)


def untrained(step: Step, holder: Any) -> Iterator[Finding]:
    """What learns, lies in the graph and is in nobody's hands: a plain Value in a module, a layer left out."""
    if not step.is_model and not hasattr(holder, "param_groups"):
        return
    known = {x for _, x in step.parameters}
    unknown = {x for x in step.graph.values if x.op is None and x.requires_grad and x not in known}
    for path, module in step.modules if unknown else ():
        for name, x in _attributes(module):
            if type(x) is Value and x in unknown:
                yield Finding(
                    UNTRAINED,
                    f"{path}.{name}" if path else name,
                    x,
                    f"{name} is a plain Value, and so no parameter of the {type(module).__name__} that holds it: it is "
                    "neither trained nor saved",
                    "make it an nn.Parameter, or an nn.Buffer if it is not to learn",
                    source.forward_of(module),
                )
        # Of a module that it has nothing of another optimizer may have all, as in adversarial training.
        if not path and not known.isdisjoint(module.parameters()):
            left_out = [(name, x) for name, x in module.named_parameters() if x in unknown]
            if left_out:
                names = some([name for name, _ in left_out])
                what = (
                    f"the loss depends on {names} of the {type(module).__name__} too, and this optimizer has not got "
                )
                yield Finding(
                    UNTRAINED,
                    *left_out[0],
                    what + ("them" if len(left_out) > 1 else "it"),
                    "give the optimizer all of model.parameters(), or set requires_grad = False on what is not to "
                    "learn; where another optimizer has the rest, give diagnose the model",
                )


def _attributes(module: Any) -> Iterator[tuple[str, Any]]:
    """What a module holds itself, also in a list, a tuple or a dict."""
    for name, thing in vars(module).items():
        if isinstance(thing, dict):
            yield from ((f"{name}.{key}", x) for key, x in thing.items())
        elif isinstance(thing, list | tuple):
            yield from ((f"{name}.{i}", x) for i, x in enumerate(thing))
        else:
            yield name, thing


def unreached(step: Step) -> Iterator[Finding]:
    """Parameters that want a gradient and get none, since no path leads from the loss to them."""
    # after step() and zero_grad() the gradients are gone
    reached = {*step.gradients, *(step.position if step.changed else ())}
    missing = [(name, x) for name, x in step.parameters if x.requires_grad and x not in reached]
    if not missing:
        return
    name, x = missing[0]
    if len(missing) == len(step.parameters):
        none = f"none of the {len(missing):,} parameters" if len(missing) > 1 else f"no parameter: not on {name}"
        what = f"the loss depends on {none}"
        advice = (
            "is this the model that the loss was computed with? A .data, .detach(), no_grad(), float() or a function "
            "of math on the way cuts the graph too"
        )
    else:
        what = f"the loss does not depend on {some([name for name, _ in missing])}, so nothing there is learned"
        advice = (
            "use it in forward (a .data, .detach(), float() or a function of math, such as math.exp, on the way cuts "
            "it off; np.exp does not), or set requires_grad = False to freeze it"
        )
    yield Finding(UNREACHED, name, x, what, advice)
