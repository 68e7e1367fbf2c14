"""Ops of the user's own: a function and its derivative by each operand, as a row like those of the table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import reduce
from importlib import import_module
from inspect import Parameter, signature
from pickle import PicklingError
from typing import Any, Literal

import numpy as np

from autograd_mini import modes, ops
from autograd_mini.by_hand.symbol import Symbol
from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import TABLE, Carrier, Linear, Operation, Pointwise, Rule, shape_of
from autograd_mini.value import Value

Kind = Literal["pointwise", "linear", "general"]


def custom_op(*rules: Rule | None, kind: Kind = "pointwise") -> Callable[[Callable[..., Any]], CustomOp]:
    """Makes a function an op, with a derivative for each of its operands. PyTorch: ``torch.autograd.Function``.

    The function computes with plain floats and arrays, so it may use anything. ``rule(g, z, x, y)`` gives what the
    upstream gradient ``g`` contributes to its operand, where ``z`` is the output and ``x``, ``y`` are the operands.
    Written in ordinary arithmetic and other ops it also serves for higher orders, forward mode and ``explain``.
    Broadcasting is no concern of it. ``None`` stands for an operand that has no derivative.

    ``kind`` is ``"pointwise"`` for what acts on each element by itself, ``"linear"`` for what is linear in each
    operand, and ``"general"`` for all else. Parameters that are no operands stand behind a ``*``, and rules get them by
    name. A function of any number of operands, ``*xs``, has one rule, which is called with the operand's index first.

    >>> from autograd_mini import Value, gradcheck, sigmoid
    >>> @custom_op(lambda g, z, x, beta: g * (beta * z + sigmoid(beta * x) * (1 - beta * z)))
    ... def swish(x, *, beta=1.0):
    ...     return x / (1 + np.exp(-beta * x))
    >>> x = Value(2.0)
    >>> swish(x, beta=0.5).backward()
    >>> round(x.grad, 6)
    0.927671
    >>> gradcheck(swish, np.array([-1.0, 0.0, 3.0])).ok
    True

    Raises ``TypeError`` if rules and operands do not fit together, ``ValueError`` if the name is that of an op here.
    """
    if not all([rule is None or callable(rule) for rule in rules]):
        raise TypeError(located(f"custom_op: {_HOW}"))
    if kind not in _KINDS:
        raise ValueError(located(f"custom_op: kind is 'pointwise', 'linear' or 'general', not {kind!r}"))

    def with_rules(function: Callable[..., Any], *others: Any) -> CustomOp:
        if others or not hasattr(function, "__name__"):  # operands: what was given as a rule was the function
            raise TypeError(located(f"custom_op: {_HOW}"))
        return _KINDS[kind](function, rules, sys._getframe(1).f_globals.get("__name__", "__main__"))

    return with_rules


_HOW = "the rules come first and then the function; write @custom_op(lambda g, z, x: ...) above def name(x)"


def _of_a_tuple(rule: Any) -> Any:
    """A rule of the user's, which takes operands one by one, as the rows of the table take them."""
    return lambda i, g, z, operands, **params: rule(i, g, z, *operands, **params)


class CustomOp(Operation):
    """A row that a user wrote: called with operands and, by name, its parameters. What it says is checked."""

    in_table = False

    def __init__(self, function: Any, rules: Sequence[Any], module: str) -> None:
        name = function.__name__
        operands, self._defaults = _operands_and_params(name, function)
        params = tuple(self._defaults)
        if name in TABLE or name in ops.__all__:
            raise ValueError(located(f"custom_op: there is an op {name} already; give the function another name"))
        several = operands == ("*",)
        _check_rules(name, rules, ("x", "y") if several else operands, params, several)
        self.function = function
        self.operand_names = operands
        self.__module__ = getattr(function, "__module__", module) if _is_def(function) else module
        self.__qualname__ = function.__qualname__ if _is_def(function) else name
        super().__init__(
            name,
            self._checked_forward,
            *([] if several else [self._checked(rule, i) for i, rule in enumerate(rules)]),
            rule_for_each=_of_a_tuple(self._checked(rules[0])) if several else None,
            ufunc=function if isinstance(function, np.ufunc) else None,
            params=params,
            doc=function.__doc__,
        )

    def __call__(self, *operands: Carrier, **params: Any) -> Carrier:
        if self.param_names and not self.params:
            return self.bind(*self._values_of(params))(*operands)
        if params:
            self._values_of(params)
        if self.operand_names != ("*",) and len(operands) != len(self.operand_names):
            expected = f"{len(self.operand_names)} ({', '.join(self.operand_names)})"
            raise TypeError(located(f"{self.name}: the number of operands is {expected}, not {len(operands)}"))
        return super().__call__(*operands)

    def bind(self, *params: Any) -> Operation:
        return self._filled_in(params)  # not kept: who knows whether 1 and True are the same to this function

    def _values_of(self, params: dict[str, Any]) -> list[Any]:
        """The parameters in order, with the defaults put in."""
        given = self._defaults | params
        missing = [name for name, value in given.items() if value is Parameter.empty]
        if missing or len(given) > len(self._defaults):
            wrong = f"needs {', '.join(missing)}" if missing else f"takes no {', '.join(given.keys() - self._defaults)}"
            raise TypeError(located(f"{self.name} {wrong}; its parameters: {', '.join(self._defaults) or 'none'}"))
        return list(given.values())

    # ------------------------------------------------------------ what must hold of it

    def _checked_forward(self, *operands: Any, **params: Any) -> Any:
        # a function that works in place would change what others were computed from, and rules would see the new data
        operands = tuple([x.copy() if x.__class__ is np.ndarray else x for x in operands])
        with np.errstate(all="ignore"):  # a nan is an answer
            z = self.function(*operands, **params)
        if not _is_real(z) or (_is_array(z) and z.dtype.kind != "f"):
            what = f"an array of {z.dtype}" if _is_array(z) else f"a {type(z).__name__}"
            recorded = hasattr(z, "record")
            remedy = "give that Value as an operand" if recorded else "return a real number or an array of floats"
            raise TypeError(f"the function {self.name} returned {what}; {remedy}")
        if isinstance(self, Pointwise) and shape_of(z) != np.broadcast_shapes(*map(shape_of, operands)):
            raise ValueError(
                f"the function {self.name} returned shape {shape_of(z)}, so it does not act on each element by itself; "
                "say custom_op(..., kind='general')"
            )
        return z

    def _checked(self, rule: Any, operand: int | None = None) -> Any:
        """The rule, with errors that name the op. Of a rule for each operand the index comes as an argument."""

        def checked(*args: Any, **params: Any) -> Carrier:
            i, (g, z, *operands) = (args[0], args[1:]) if operand is None else (operand, args)
            who = f"{self.name}, the derivative by operand {i}"
            if rule is None:
                raise ValueError(
                    located(f"{who}: there is none, as custom_op was given None for it; detach() the operand")
                )
            recorders = any([hasattr(x, "record") for x in (g, z, *operands)])
            try:
                if any([isinstance(x, Value) for x in (g, z, *operands)]) and not modes.tape():  # which refuses itself
                    _refuse_plain_functions(rule, args, params)
                contribution = rule(*args, **params)
            except ArithmeticError:  # the chain rule tries again as IEEE has it
                raise
            except Exception as cause:
                if not recorders:
                    raise ValueError(located(f"{who}: {type(cause).__name__}: {cause}")) from cause
                raise TypeError(
                    located(
                        f"{who}, cannot be written as a formula, which higher orders and explain need: {cause}; "
                        "write it in ordinary arithmetic and ops of autograd_mini (autograd_mini.cos, not math.cos, "
                        "np.cos)"
                    )
                ) from cause
            self._check_contribution(who, contribution, shape_of(operands[i]), shape_of(z))
            return contribution

        return checked

    def _check_contribution(self, who: str, contribution: Any, operand: tuple[int, ...], z: tuple[int, ...]) -> None:
        """What a rule gives is of the operand's shape, or of the output's where that was broadcast, or a number."""
        if not (_is_real(contribution) or hasattr(contribution, "record")):
            raise TypeError(located(f"{who}: it is a {type(contribution).__name__}, not a number or an array"))
        shape = shape_of(contribution)
        if shape not in ((), operand) and not (_broadcasts(shape, z) and _broadcasts(operand, shape)):
            raise ValueError(
                located(
                    f"{who}: it has shape {shape}, the operand {operand} and the output {z}; it must be the operand's"
                )
            )

    # ------------------------------------------------------------ pickling

    def __reduce__(self) -> tuple[Any, ...]:
        try:
            found = _imported(self.__module__, self.__qualname__, {})
        except (ImportError, AttributeError):
            found = None
        if getattr(found, "function", None) is not self.function:
            raise PicklingError(
                f"{self.name} is not found as {self.__module__}.{self.__qualname__}, where another process would look "
                "for it; define it at the top of a module, under its own name"
            )
        return _imported, (self.__module__, self.__qualname__, self.params)


class _CustomPointwise(CustomOp, Pointwise):
    """Of ``kind="pointwise"``."""


class _CustomLinear(CustomOp, Linear):
    """Of ``kind="linear"``."""


_KINDS: dict[str, type[CustomOp]] = {"pointwise": _CustomPointwise, "linear": _CustomLinear, "general": CustomOp}


def _imported(module: str, qualname: str, params: dict[str, Any]) -> Any:
    row = reduce(getattr, qualname.split("."), import_module(module))
    return row.bind(*params.values()) if params else row


def _is_def(function: Any) -> bool:
    return hasattr(function, "__code__")


def _operands_and_params(name: str, function: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The operands' names, ("*",) for any number of them, and the parameters with their defaults."""
    if name == "<lambda>":
        raise TypeError(located("custom_op: a lambda has no name to be called by; write it as def name(x): ..."))
    if isinstance(function, np.ufunc):
        return tuple("xyzuvw"[: function.nin]), {}
    found = signature(function).parameters.values()
    operands = [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    with_default = [p.name for p in found if p.name in operands and p.default is not p.empty]
    if with_default:
        raise TypeError(
            located(
                f"custom_op: {with_default[0]} of {name} has a default, so it is no operand; "
                f"parameters stand behind a *: def {name}({operands[0]}, *, {with_default[0]}=...)"
            )
        )
    if any([p.kind is p.VAR_POSITIONAL for p in found]):
        if operands:
            raise TypeError(located(f"custom_op: {name} has operands beside its *; take all of them by the *"))
        operands = ["*"]
    return tuple(operands), {p.name: p.default for p in found if p.kind is p.KEYWORD_ONLY}


def _check_rules(
    name: str, rules: Sequence[Any], operands: tuple[str, ...], params: tuple[str, ...], several: bool
) -> None:
    """As many rules as operands, each of which takes what it will be given."""
    expected = 1 if several else len(operands)
    if len(rules) != expected or not operands:
        count = f"{len(operands)} operand{'s' * (len(operands) != 1)}"
        of = "any number of operands, and one rule for all" if several else f"{count}, a rule for each"
        given = f"{len(rules)} rule{' is' if len(rules) == 1 else 's are'} given"
        raise TypeError(located(f"custom_op: {name} has {of}; {given}"))
    first = ("i",) if several else ()
    for i, rule in enumerate(rules):
        if rule is None and not several:
            continue
        taken = ", ".join([*first, "g", "z", *(("*xs",) if several else operands), *params])
        try:
            signature(rule).bind(*first, "g", "z", *operands, **dict.fromkeys(params))
        except (TypeError, ValueError):
            raise TypeError(
                located(f"custom_op: rule {i} of {name} cannot be called as rule({taken}); write lambda {taken}: ...")
            ) from None


def _refuse_plain_functions(rule: Any, args: Sequence[Any], params: dict[str, Any]) -> None:
    """Raises if the rule takes ``float(x)``, as ``math.cos`` does: of a Value it would be silently a constant."""
    symbols = [Symbol(f"x{i}", x.data) if isinstance(x, Value) else x for i, x in enumerate(args)]
    try:
        rule(*symbols, **params)
    except TypeError as cause:
        if "real number, not" in str(cause):
            raise
    except Exception:  # what else is wrong the rule says itself
        pass


def _is_array(x: Any) -> bool:
    return hasattr(x, "dtype") and not isinstance(x, np.generic) and not hasattr(x, "record")


def _is_real(x: Any) -> bool:
    number = isinstance(x, int | float | np.floating | np.integer) and not isinstance(x, bool)
    return number or _is_array(x)


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False
