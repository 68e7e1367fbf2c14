"""softmax of what is a probability already: cross-entropy of a softmax's output, a sigmoid of a sigmoid; or no log.

softmax is a composition, exp / sum(exp), so it is known by its form, also where the user wrote it by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd_mini.diagnosis.report import Finding
from autograd_mini.diagnosis.step import Step
from autograd_mini.value import Value

KIND = "softmax twice"
NO_LOG = "no log-probability"

_MOVED = ("reshape", "transpose", "astype", "broadcast_to")


def applied_twice(step: Step) -> Iterator[Finding]:
    """Each pair of functions once, at the first Value: a graph of scalars has the same for every sample."""
    forms = Forms()
    found: dict[tuple[str, str], list[tuple[Value, Value]]] = {}
    for value in step.graph.values:
        if value.op is None:
            continue
        outer, scores = forms.taken_from(value)
        if scores is None:
            continue
        source = _unmoved(scores, and_picked=True)
        inner = forms.probabilities(source)
        if inner:
            found.setdefault((outer, inner), []).append((value, source))
    for (outer, inner), places in found.items():
        value, source = places[0]
        often = f", and {len(places) - 1:,} more like it" if len(places) > 1 else ""
        yield Finding(
            KIND,
            step.name(value),
            value,
            f"{step.described(value)} is the {outer} of {step.described(source)}, which is a {inner} already{often}: "
            "its gradients are far too small",
            _ADVICE[outer].format(inner=inner),
            step.line(source) or step.line(value),
        )


_ADVICE = {
    "softmax": "leave the first {inner} out: softmax takes scores of any size (logits)",
    "log_softmax": "leave the {inner} out: cross_entropy and log_softmax take logits and apply softmax themselves",
    "sigmoid": "leave the first {inner} out",
    "binary cross-entropy with logits": "leave the {inner} out, or take binary_cross_entropy, of probabilities",
}


def without_log(step: Step) -> Iterator[Finding]:
    """``nll_loss`` of what is no log-probability: of a softmax's output, or of the scores themselves.

    The form is minus the mean of one number for each sample, picked by its class. Scores are known by it that some
    are above 0, and no logarithm of a probability is.
    """
    forms = Forms()
    for value in step.graph.values:
        picked = value.inputs[0] if value.op and value.op.name == "neg" else None
        if picked is None or not picked.op or not _is_picked_by_class(picked) or not _is_averaged(step, value):
            continue
        x = picked.inputs[0]
        kind = forms.probabilities(x)
        if kind or (_is_of_a_layer(x) and np.any(x.data > 0)):
            what = f"a {kind}: probabilities, and not their logarithms" if kind else "scores, of which some are above 0"
            yield Finding(
                NO_LOG,
                step.name(picked),
                picked,
                f"the loss is minus the mean of {step.described(picked)}, picked from {step.described(x)}, which is "
                f"{what}; nll_loss takes logarithms of probabilities, and of others its gradient is a wrong one",
                "give the scores (logits) of the last layer to cross_entropy, or log_softmax(logits) to nll_loss",
                step.line(x) or step.line(value),
            )
            return


def _is_picked_by_class(value: Value) -> bool:
    """True for ``x[arange(n), classes]``."""
    index = value.op.params.get("index") if value.op and value.op.name == "getitem" else None
    if not isinstance(index, tuple) or len(index) != 2 or value.inputs[0].ndim != 2:
        return False
    rows, classes = map(np.asarray, index)
    return rows.dtype.kind == classes.dtype.kind in "iu" and np.array_equal(rows, np.arange(len(value.inputs[0].data)))


def _is_averaged(step: Step, value: Value) -> bool:
    """True if the loss is the mean or the sum of it."""
    op = step.loss.op
    return op is not None and op.name in ("mean", "sum") and step.loss.inputs[0] is value


def _is_of_a_layer(value: Value) -> bool:
    """True for ``linear(x, weight, bias)`` and ``x @ weight + bias``."""
    if value.op and value.op.name == "add":
        value = value.inputs[0]
    return value.op is not None and value.op.name in ("linear", "matmul")


class Forms:
    """What the Values of one graph are by their form. The terms of a long sum are collected once."""

    def __init__(self) -> None:
        self._terms: dict[Value, set[Value]] = {}

    def taken_from(self, value: Value) -> tuple[str, Value | None]:
        """The name of the function of scores that ``value`` is the result of, and the scores; else None."""
        name = value.op.name if value.op else ""
        if name == "sigmoid":
            return name, value.inputs[0]
        if name == "softplus":  # of -logits: a part of binary cross-entropy
            (x,) = value.inputs
            if x.op and x.op.name == "mul" and _is_number(x.inputs[0], -1.0):
                return "binary cross-entropy with logits", x.inputs[1]
            return ("binary cross-entropy with logits", x.inputs[0]) if x.op and x.op.name == "neg" else (name, None)
        if name == "sub":
            return "log_softmax", self._scores_of_log_softmax(value)
        return "softmax", self._scores_of_softmax(value)

    def probabilities(self, value: Value) -> str:
        """ "softmax" or "sigmoid" if ``value`` is the output of one, else ""."""
        if value.op and value.op.name == "sigmoid":
            return "sigmoid"
        return "" if self._scores_of_softmax(value) is None else "softmax"

    def _scores_of_softmax(self, value: Value) -> Value | None:
        """``x`` of exp(x) / sum(exp(x)), or of exp(x) * sum(exp(x)) ** -1."""
        name = value.op.name if value.op else ""
        pairs: list[tuple[Value, Value]] = []
        if name == "div":
            pairs = [(value.inputs[0], value.inputs[1])]
        elif name == "mul":
            x, y = value.inputs
            pairs = [
                (e, power.inputs[0])
                for e, power in ((x, y), (y, x))
                if power.op and power.op.name == "pow" and _is_number(power.inputs[1], -1.0)
            ]
        for e, total in pairs:
            if e.op and e.op.name == "exp" and e.inputs[0] in self._exponents(total):
                return _unshifted(e.inputs[0])
        return None

    def _scores_of_log_softmax(self, value: Value) -> Value | None:
        """``x`` of x - log(sum(exp(x))), whatever constant was subtracted in the exponent."""
        x, logarithm = value.inputs
        logarithm = _unmoved(logarithm)
        if logarithm.op and logarithm.op.name == "add" and not logarithm.inputs[1].requires_grad:
            logarithm = logarithm.inputs[0]  # logsumexp adds the maximum back
        if logarithm.op is None or logarithm.op.name != "log":
            return None
        scores = _unshifted(x)
        return scores if scores in {_unshifted(y) for y in self._exponents(logarithm.inputs[0])} else None

    def _exponents(self, total: Value) -> set[Value]:
        """All ``x`` whose exp(x) is a term of ``total``, a sum over an axis or one of scalars."""
        total = _unmoved(total)
        if total in self._terms:
            return self._terms[total]
        exponents: set[Value] = set()
        seen, stack = {total}, [total]
        while stack:
            term = stack.pop()
            name = term.op.name if term.op else ""
            if name == "exp":
                exponents.add(term.inputs[0])
            elif name in ("add", "sum"):
                below = [x for x in term.inputs if x not in seen]
                seen.update(below)
                stack.extend(below)
        self._terms[total] = exponents
        return exponents


def _unmoved(value: Value, and_picked: bool = False) -> Value:
    """The Value before its elements were moved, or some of them picked, if that is all that was done to them."""
    while value.op and (value.op.name in _MOVED or (and_picked and value.op.name == "getitem")):
        value = value.inputs[0]
    return value


def _unshifted(value: Value) -> Value:
    """The Value before something was subtracted that does not change a softmax: a constant, or its own maximum."""
    while value.op and value.op.name == "sub" and _is_shift(value.inputs[1]):
        value = value.inputs[0]
    return value


def _is_shift(value: Value) -> bool:
    value = _unmoved(value)
    return not value.requires_grad or (value.op is not None and value.op.name == "max")


def _is_number(value: Value, number: float) -> bool:
    return value.op is None and not value.requires_grad and value.data.__class__ is float and value.data == number
