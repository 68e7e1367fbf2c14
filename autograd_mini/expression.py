"""Reads an expression such as ``(a*b + c).tanh()`` into a graph of Values, by a whitelist and never by ``eval``."""

from __future__ import annotations

import ast
import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini import ops
from autograd_mini.expression_functions import FUNCTIONS, METHODS, nearest, signature_of
from autograd_mini.expression_text import ExpressionError, ExpressionText
from autograd_mini.graph import walk
from autograd_mini.ops.operation import shape_of
from autograd_mini.value import Value

MAX_ELEMENTS = 1000  # of an array: an op of two operands then makes at most a million before it is refused

OPERATORS: dict[type[ast.operator], Callable[..., Any]] = {
    ast.Add: ops.add,
    ast.Sub: ops.sub,
    ast.Mult: ops.mul,
    ast.Div: ops.div,
    ast.Pow: ops.pow,
    ast.MatMult: ops.matmul,
}

_PLAIN = {"inf": math.inf, "nan": math.nan, "pi": math.pi}  # the names that a number may be written with
_CONSTANTS = {"pi": math.pi, "e": math.e}  # not known by themselves: e is the usual name of a step
_LIBRARIES = ("F", "math", "nn", "np", "numpy", "torch")


def build(expression: str, assignments: Sequence[str] = ()) -> tuple[Value, list[str]]:
    """The Value that ``expression`` comes to, and the names that it was not made of.

    ``assignments`` give the leaves their numbers: ``a=2``, ``x=[1, 2]``. The expression may be several, separated
    by ``;``, each but the last with a name, which becomes its label. The result is called by its name, else L.

    >>> loss, unused = build("e = a*b; (e + c).tanh()", ["a=2", "b=-3", "c=6.5", "f=1"])
    >>> loss.label, round(loss.data, 4), unused
    ('L', 0.4621, ['f'])

    Raises ``ExpressionError`` for whatever is no such expression or does not come to a single number.
    """
    names: dict[str, Value] = {}
    for each in assignments:
        name, number = assignment(each)
        if name in names:
            raise ExpressionText(each).error(f"{name} is given twice; leave one of them out")
        names[name] = Value(number, label=name)
    text = ExpressionText(expression)
    for statement in text.statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]) if name in names:
                raise text.error(f"{name} is there already; a name is given once, choose another", statement)
            case ast.Assign(targets=[ast.Name(id=name)], value=tree):
                result = _Evaluation(text, names).of(tree)
                if not isinstance(result, Value):
                    result = Value(result, label=name)
                elif not result.label:
                    result.label = name
                names[name] = result
            case ast.Expr(value=tree) if statement is text.statements[-1]:
                result = _Evaluation(text, names).of(tree)
            case ast.Expr():
                raise text.error("only the last part may go without a name; write name = expression", statement)
            case _:
                raise text.error("only expressions, and name = expression, are read here", statement)
    if not isinstance(result, Value):
        raise text.error("there is nothing to differentiate, only numbers; give one of them a name", statement)
    if result.size != 1:
        raise text.error(
            f"the result has shape {result.shape}, and backprop starts from a single number; "
            "reduce it, by .sum() or .mean()",
            statement,
        )
    if not result.label:
        result.label = next(label for label in ("L", "loss", "") if label not in names)
    used = {id(value) for value in walk(result).values}
    return result, [name for name, value in names.items() if id(value) not in used]


def assignment(text: str) -> tuple[str, Any]:
    """The name and the number, or array, of a text such as ``a=2`` or ``x=[1, 2]``.

    >>> assignment("b = -3")
    ('b', -3.0)

    Raises ``ExpressionError`` for any other text.
    """
    if "=" in text:
        parsed = ExpressionText(text)
        match parsed.statements:
            case [ast.Assign(targets=[ast.Name(id=name)], value=tree)]:
                return name, _Evaluation(parsed, _PLAIN).of(tree)
    raise ExpressionError(
        f"{text[:60]} is no name=number, such as a=2 or x=[1,2]; an expression comes first, in one pair of quotes"
    )


class _Evaluation:
    """What the trees of a text come to, where names stand for Values."""

    def __init__(self, text: ExpressionText, names: Mapping[str, Any]) -> None:
        self.error = text.error
        self.names = names

    def of(self, tree: ast.expr) -> Any:
        """A Value, a float or an array. The whitelist comes before any computing, and nothing is recursive."""
        order: list[tuple[ast.expr, list[ast.expr]]] = []
        stack = [tree]
        while stack:
            node = stack.pop()
            operands = self._operands(node)
            order.append((node, operands))
            stack += reversed(operands)
        results: dict[ast.expr, Any] = {}
        for node, operands in reversed(order):
            try:
                with np.errstate(all="ignore"):
                    result = self._compute(node, [results[operand] for operand in operands])
            except ExpressionError:
                raise
            except (TypeError, ValueError, IndexError, ArithmeticError, ImportError) as cause:
                raise self.error(str(cause).split("\n  at ")[0], node) from cause
            size = getattr(result, "size", 1)
            if size > MAX_ELEMENTS:
                raise self.error(f"this has {size:,} elements; at most {MAX_ELEMENTS:,} are computed with", node)
            results[node] = result
        return results[tree]

    def _operands(self, node: ast.expr) -> list[ast.expr]:
        """What must be computed before ``node``. Here stands the whitelist: all else is an error."""
        match node:
            case ast.Name(id=name) if name in self.names:
                return []
            case ast.Name():
                raise self._unknown(node)
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return []
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=x):
                return [x]
            case ast.BinOp(left=x, op=operator, right=y) if type(operator) in OPERATORS:
                return [x, y]
            case ast.BinOp(op=ast.BitXor()):
                raise self.error("^ is no power; write **", node)
            case ast.List(elts=elements) if elements:
                return elements
            case ast.Tuple():
                raise self.error("a comma stands between the parts of a list, [1,2]; a decimal has a point", node)
            case ast.Attribute(value=x, attr="T") | ast.Subscript(value=x):
                return [x]
            case ast.Attribute(attr=name) if name in METHODS:
                raise self.error(f"{name} is a method; write .{name}()", node)
            case ast.Attribute(attr=name):
                raise self.error(f"there is no .{name} here; {nearest(name, ['T', *METHODS])}", node)
            case ast.Call():
                return self._call(node)[1]
        raise self.error("this is not read here; there are numbers, names, lists, + - * / ** @ and functions", node)

    def _call(self, node: ast.Call) -> tuple[str, list[ast.expr], list[ast.expr]]:
        """The function that is called, its operands, and the settings behind them."""
        match node.func:
            case ast.Name(id=name):
                arguments, known = node.args, list(FUNCTIONS)
            case ast.Attribute(value=ast.Name(id=library), attr=name) if {library} & {*_LIBRARIES} - {*self.names}:
                raise self.error(f"leave out {library}. and write {name}(...)", node)
            case ast.Attribute(value=x, attr=name):
                arguments, known = [x, *node.args], METHODS
            case _:
                raise self.error("this is called like a function and is none; a product needs a *", node)
        if name in ("max", "min") and known is not METHODS and len(arguments) > 1:
            raise self.error(
                f"the larger or smaller of two is {name}imum(...); the largest along an axis .{name}(0)", node
            )
        if name in known:
            return name, arguments[: FUNCTIONS[name]], arguments[FUNCTIONS[name] :]
        if name in FUNCTIONS:
            raise self.error(f"{name} is no method; write {name}(...)", node)
        if name in self.names and known is not METHODS:
            raise self.error(f"{name} is a number and no function; a product needs a *", node)
        raise self.error(
            f"there is no {'method' if known is METHODS else 'function'} {name} here; {nearest(name, known)}", node
        )

    def _compute(self, node: ast.expr, operands: list[Any]) -> Any:
        match node:
            case ast.Name(id=name):
                return self.names[name]
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.UnaryOp(op=ast.USub()):
                return ops.neg(*operands)
            case ast.UnaryOp():
                return operands[0]
            case ast.BinOp(op=operator):
                return OPERATORS[type(operator)](*operands)
            case ast.List():
                if len(shapes := {shape_of(each): None for each in operands}) > 1:
                    raise ValueError(f"the parts of this list differ in shape: {' and '.join(map(str, shapes))}")
                return ops.stack(operands)
            case ast.Subscript(slice=ast.Tuple(elts=parts)):
                return ops.getitem(operands[0], tuple(map(self._index, parts)))
            case ast.Subscript(slice=part):
                return ops.getitem(operands[0], self._index(part))
            case ast.Call():
                name, _, settings = self._call(node)
                if name in ("reshape", "transpose") and len(settings) > 1:  # their methods take them one by one
                    settings = [ast.copy_location(ast.Tuple(settings), settings[0])]
                signature = signature_of(name)
                try:
                    call = signature.bind(
                        *operands, *settings, **{each.arg or "**": each.value for each in node.keywords}
                    )
                except TypeError as cause:
                    raise self.error(f"{cause}; it is {name}{signature}", node) from None
                given = {key: self._setting(x) if isinstance(x, ast.expr) else x for key, x in call.arguments.items()}
                call.arguments.update(given)
                return getattr(ops, name)(*call.args, **call.kwargs)
        return ops.transpose(operands[0])  # .T, the one attribute

    def _setting(self, node: ast.expr) -> Any:
        """What is no operand, such as an axis: a plain number, None, a word, or a flat list of them."""
        try:
            setting = ast.literal_eval(node)
        except (ValueError, TypeError):
            setting = ...
        parts = setting if isinstance(setting, tuple | list) else (setting,)
        if not all(part is None or isinstance(part, int | float | str) for part in parts):
            raise self.error("only a plain number, or a flat list of them, can stand here, as in axis=0", node)
        return setting

    def _index(self, node: ast.expr) -> Any:
        if not isinstance(node, ast.Slice):
            return self._setting(node)
        return slice(*[part and self._setting(part) for part in (node.lower, node.upper, node.step)])

    def _unknown(self, node: ast.Name) -> ExpressionError:
        name = node.id
        if self.names is _PLAIN:
            return self.error(f"{name} is no number; write a number, a=2, or a list of numbers, x=[1,2]", node)
        if name in FUNCTIONS:
            return self.error(f"{name} is a function; write {name}(...)", node)
        if name in _CONSTANTS:
            remedy = f"add {name}={_CONSTANTS[name]}"
        else:
            near = difflib.get_close_matches(name, self.names, n=1)
            remedy = f"is it {near[0]}?" if near else f"add one, such as {name}=2"
        error = self.error(f"{name} has no value; {remedy}", node)
        error.without_value = name
        return error
