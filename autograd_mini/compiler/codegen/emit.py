"""What line of Python computes a line of a program: plain arithmetic for floats, NumPy's functions for arrays.

A function of NumPy computes into an array that stays, where it can. What has no line here is computed by the op's own
forward function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.compiler.codegen.code import Code
from autograd_mini.compiler.codegen.into import INTEGERS, writer_of
from autograd_mini.compiler.codegen.writing import has_lines, is_elementwise, ufunc_of
from autograd_mini.compiler.program import DOT, SIDE_BY_SIDE, Part, Plain
from autograd_mini.compiler.rows import row_of
from autograd_mini.ops.operation import Operation

_INFIX = {"add": "+", "sub": "-", "mul": "*"}  # which floats do without ever raising
_OF_SCALARS = {"add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "div": "{} / {}", "neg": "-{}"}
_COMPARED: dict[Any, str] = {
    **{np.equal: "==", np.not_equal: "!=", np.less: "<", np.less_equal: "<="},
    **{np.greater: ">", np.greater_equal: ">="},
}


def lines_of_code(code: Code, i: int) -> list[str]:
    """The Python that computes value i."""
    return [*_lines(code, i), *code.conversions(i)]


def _lines(code: Code, i: int) -> list[str]:
    program = code.program
    op, like = program.ops[i], program.likes[i]
    row = row_of(op)
    xs = program.operands[i]
    names = [code.name(x) for x in xs]
    likes: list[Any] = [program.likes[x] for x in xs]
    if not any(likes) and (like is None or like.dtype.kind == "b"):
        return [f"v{i} = {_of_floats(code, i, op, names)}"]
    if row in _OF_SCALARS and not any(code.program.shape(x) for x in xs):
        made = _OF_SCALARS[row].format(*names)  # those of NumPy never raise
        return [f"v{i} = float({made})" if like is None else f"v{i} = {made}"]
    if like is None and row == "where":
        return [f"v{i} = {names[1]} if {names[0]} else {names[2]}"]
    if code.how[i] is not None:
        return _into_an_array(code, i, op, xs, names)
    if row == "transpose" and op.params["axes"] is None and len(likes[0].shape) == 2:
        return [f"v{i} = {names[0]}.T"]
    if row == "reshape" and like is not None and like.shape and likes[0] is not None and likes[0].shape:
        return [f"v{i} = {names[0]}.reshape({op.params['shape']})"]
    if isinstance(op, Part):
        return [f"v{i} = {code.part(code.plan[xs[0]], op)}"]
    if op is DOT:
        flat = [len(code.program.shape(x)) == 1 for x in xs] == [True, True]
        product = f"{names[0]}.dot({names[1]})" if flat else f"{code.given('vdot', op.forward)}({', '.join(names)})"
        return [f"v{i} = float({product})" if like is None else f"v{i} = {product}"]
    if row in ("sum", "mean") and likes[0].dtype.char in "fd" and _is_over_all(op):
        total = f"{code.given('reduce', np.add.reduce)}({names[0]}, None)"
        result = total if row == "sum" else f"{total} / {math.prod(likes[0].shape) or 'nan'}"
        return [f"v{i} = float({result})" if like is None else f"v{i} = {result}"]
    if row == "getitem" and like is None and isinstance(op.params["index"], int) and likes[0].dtype.kind == "f":
        return [f"v{i} = {names[0]}.item({op.params['index']})"]
    call = f"{code.given(f'f{i}', op.forward)}({', '.join(names)})"
    return [f"v{i} = float({call})" if like is None else f"v{i} = {call}"]


def _is_over_all(op: Any) -> bool:
    return op.params["axis"] is None and not op.params["keepdims"]


def _of_floats(code: Code, i: int, op: Any, names: list[str]) -> str:
    row = row_of(op)
    if row in _INFIX:
        return f"{names[0]} {_INFIX[row]} {names[1]}"
    if isinstance(op, Plain) and op.forward in _COMPARED:
        return f"{names[0]} {_COMPARED[op.forward]} {names[1]}"
    if row == "neg":
        return f"-{names[0]}"
    if row == "div" and code.is_number_but_zero(code.program.operands[i][1]):
        return f"{names[0]} / {names[1]}"
    if row == "relu":
        return f"0.0 if {names[0]} <= 0 else {names[0]}"
    if row == "where":
        return f"{names[1]} if {names[0]} else {names[2]}"
    function = _by_ieee_rules(op) if isinstance(op, Operation) else op.forward
    call = f"{code.given(f'f{i}', function)}({', '.join(names)})"
    return call if code.program.likes[i] is not None else f"float({call})"  # NumPy's floats would not stay so weak


def _product(code: Code, xs: tuple[int, ...], x: str, y: str, buffer: str | None) -> str:
    """x.dot(y), which prepares less than matmul; but of a matrix of one number it makes a factor, and 0 * inf is 0."""
    likes: list[Any] = [code.program.likes[x] for x in xs]
    if any(math.prod(shape) == 1 for shape, _ in likes):
        return f"{code.given('matmul', np.matmul)}({x}, {y}, {buffer})"
    return f"{x}.dot({y}, {buffer})"


def _into_an_array(code: Code, i: int, op: Any, xs: tuple[int, ...], names: list[str]) -> list[str]:
    """NumPy's functions that write into the array of line i, or make one that is given away."""
    row, buffer = row_of(op), code.plan.get(i)
    like: Any = code.program.likes[i]
    if is_elementwise(code.program, i):
        return [_ufunc_call(code, i, op, xs, names, buffer)]
    if not has_lines(code.program, i):
        return [_writer_call(code, i, op, xs, names, buffer)]
    if op is SIDE_BY_SIDE:
        return _put_side_by_side(code, i, xs, names, buffer)
    if row == "linear":
        product = f"v{i} = {_product(code, xs[:2], names[0], f'{names[1]}.T', buffer)}"
        return [product, f"{code.given('add', np.add)}(v{i}, {names[2]}, v{i})"]
    if row == "matmul":
        return [f"v{i} = {_product(code, xs, names[0], names[1], buffer)}"]
    if row == "broadcast_to":
        target = [f"v{i} = {buffer}" if buffer else f"v{i} = empty({like.shape}, {code.given(f't{i}', like.dtype)})"]
        fill = code.program.likes[xs[0]] is None
        return [*target, f"v{i}.fill({names[0]})" if fill else f"v{i}[...] = {names[0]}"]
    if row == "sum":
        axis, keepdims = op.params["axis"], op.params["keepdims"]
        shape, dtype = code.program.likes[xs[0]]  # type: ignore[misc]  # an array's, as how_it_writes found
        if axis == 0 and not keepdims and len(shape) == 2 and dtype.char in "fd":
            ones = code.given(f"ones_{shape[0]}_{dtype.char}", np.ones(shape[0], dtype))
            return [f"v{i} = {ones}.dot({names[0]}, {buffer})"]
        reduce = code.given("reduce", np.add.reduce)
        return [f"v{i} = {reduce}({names[0]}, {axis}, None, {buffer}, {keepdims})"]
    if row == "where":
        return _gate(code, i, xs, names, buffer)
    index = code.given(f"i{i}", op.params["index"].array)  # a gather
    return [f"v{i} = {names[0]}.take({index}, None, {buffer}, 'clip')"]


def _put_side_by_side(code: Code, i: int, xs: tuple[int, ...], names: list[str], buffer: str | None) -> list[str]:
    """Each to its part of the row, unless it was computed there."""
    lines = []
    start = 0
    for x, name in zip(xs, names, strict=True):
        shape = code.program.shape(x)
        part = code.part(buffer, Part(start, shape))
        if code.plan.get(x) != part:
            lines.append(f"{part}[...] = {name}")
        start += math.prod(shape)
    return [*lines, f"v{i} = {buffer}"]


def _ufunc_call(code: Code, i: int, op: Any, xs: tuple[int, ...], names: list[str], buffer: str | None) -> str:
    """One function of NumPy; by its place the array to write into is found faster than by its name."""
    ufunc = ufunc_of(op)
    if ufunc is None:  # relu
        like: Any = code.program.likes[i]
        ufunc, names = np.maximum, [names[0], code.given(f"zero_{like.dtype.char}", np.zeros((), like.dtype))]
    elif len(xs) == 2:
        names = [code.beside(x, code.program.likes[other], i) for x, other in zip(xs, reversed(xs), strict=True)]
    if buffer:
        names.append(f"out={buffer}" if ufunc in (np.maximum, np.minimum) else buffer)  # where NumPy asks for the name
    return f"v{i} = {code.given(ufunc.__name__, ufunc)}({', '.join(names)})"


def _writer_call(code: Code, i: int, op: Any, xs: tuple[int, ...], names: list[str], buffer: str | None) -> str:
    """What ``into`` has for the op, with the array to write into and those that it needs on the way."""
    like: Any = code.program.likes[i]
    likes: list[Any] = [code.program.likes[x] for x in xs]
    writer = writer_of(op, like, likes)
    assert writer is not None  # as how_it_writes found
    target = buffer or f"empty({like.shape}, {code.given(f'dtype_{like.dtype.name}', like.dtype)})"
    scratch = [code.scratch(k, needed) for k, needed in enumerate(writer.scratch(op, like, likes))]
    return f"v{i} = {code.given(f'f{i}', writer.write(op, like, likes))}({', '.join([target, *scratch, *names])})"


def _gate(code: Code, i: int, xs: tuple[int, ...], names: list[str], buffer: str | None) -> list[str]:
    """0 where a condition holds (or does not), by masking bits: a branch for each element would take far longer."""
    shape, dtype = code.program.likes[i]  # type: ignore[misc]  # an array's, as how_it_writes found
    integer = code.given(f"int_{dtype.char}", np.dtype(INTEGERS[dtype.char]))
    mask = code.scratch(0, (shape, np.dtype(INTEGERS[dtype.char])))
    closed = code.program.likes[xs[1]] is None
    bits = code.given("bitwise_and", np.bitwise_and)
    lines = [f"{mask}[...] = {names[0]}"]  # 1 and 0, which become none and all of the bits, or all and none
    if closed:
        one = code.given(f"one_{dtype.char}", np.ones((), INTEGERS[dtype.char]))
        lines.append(f"{code.given('subtract', np.subtract)}({mask}, {one}, {mask})")
    else:
        lines.append(f"{code.given('negative', np.negative)}({mask}, {mask})")
    x, of_x = (names[2], code.plan.get(xs[2])) if closed else (names[1], code.plan.get(xs[1]))
    bits_of_x = code.made(f"{of_x}_{dtype.char}", f"{of_x}.view({integer})") if of_x else f"{x}.view({integer})"
    if buffer:
        view = code.made(f"{buffer}_{dtype.char}", f"{buffer}.view({integer})")
        return [*lines, f"{bits}({mask}, {bits_of_x}, {view})", f"v{i} = {buffer}"]
    kind = code.given(f"float_{dtype.char}", dtype)
    return [*lines, f"v{i} = {bits}({mask}, {bits_of_x}).view({kind})"]


def _by_ieee_rules(op: Operation) -> Callable[..., float]:
    """The op on Python floats, where ``math`` may raise and IEEE arithmetic does not."""
    scalar, at_the_limit = op.scalar, op.at_the_limit

    def compute(*xs: float) -> float:
        try:
            return scalar(*xs)  # type: ignore[no-any-return]  # of an op on floats
        except (ArithmeticError, ValueError):
            return at_the_limit(*xs)

    return compute
