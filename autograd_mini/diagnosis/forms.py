"""What a Value is by its form: the output of a softmax, of a log_softmax or of a sigmoid, and of which scores.

softmax is a composition, exp / sum(exp), so it is known also where the user wrote it by hand.
"""

from __future__ import annotations

from autograd_mini.value import Value

_MOVED = ("reshape", "transpose", "astype", "broadcast_to")


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
        logarithm = unmoved(logarithm)
        if logarithm.op and logarithm.op.name == "add" and not logarithm.inputs[1].requires_grad:
            logarithm = logarithm.inputs[0]  # logsumexp adds the maximum back
        if logarithm.op is None or logarithm.op.name != "log":
            return None
        scores = _unshifted(x)
        return scores if scores in {_unshifted(y) for y in self._exponents(logarithm.inputs[0])} else None

    def _exponents(self, total: Value) -> set[Value]:
        """All ``x`` whose exp(x) is a term of ``total``, a sum over an axis or one of scalars."""
        total = unmoved(total)
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


def unmoved(value: Value, and_picked: bool = False) -> Value:
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
    value = unmoved(value)
    return not value.requires_grad or (value.op is not None and value.op.name == "max")


def _is_number(value: Value, number: float) -> bool:
    return value.op is None and not value.requires_grad and value.data.__class__ is float and value.data == number
