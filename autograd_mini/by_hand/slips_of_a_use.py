"""Mistakes in what one use of a node adds to its gradient.

A slip is a generator that gives what the use would add. It runs the op's own rule with altered arguments where it can,
so that no derivative is written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from autograd_mini.by_hand.slip import Slip, Use
from autograd_mini.ops.operation import TABLE, Linear, normalize_axes


def sign(use: Use) -> Iterator[Slip]:
    """The contribution with the opposite sign."""
    yield Slip("sign", f"what comes through {use.consumer} has the opposite sign", -use.amount)


def upstream_left_out(use: Use) -> Iterator[Slip]:
    """The local derivative alone."""
    words = f"this is the derivative of {use.consumer} by {use.node}, not yet times dL/d{use.consumer}"
    yield Slip("upstream left out", words, use.fit(use.raw(g=np.ones_like(use.g))))


def local_left_out(use: Use) -> Iterator[Slip]:
    """The upstream gradient alone."""
    words = f"this is dL/d{use.consumer}, not yet times the derivative of {use.consumer} by {use.node}"
    if use.op.name in ("relu", "where", "maximum", "minimum", "clip"):
        words = f"dL/d{use.consumer} came through where the gate of {use.op.name} is closed"
    yield Slip("local derivative left out", words, use.fit(use.g))


def own_factor(use: Use) -> Iterator[Slip]:
    """The derivative by x of x * y taken to be x."""
    if use.op.name == "mul":
        words = f"the derivative of a product by {use.node} is the other factor, {use.others[0]}, not {use.node} itself"
        yield Slip("own factor", words, use.fit(use.raw(operands=use.operands[::-1])))


def input_for_output(use: Use) -> Iterator[Slip]:
    """1 - x**2 for 1 - tanh(x)**2: a derivative in terms of the output, taken of the input."""
    op, x, numerator = use.op.name, use.node, use.others[0] if use.others else ""
    belongs = {
        "tanh": f"1 - {x}**2 where 1 - tanh({x})**2 belongs",
        "sigmoid": f"{x} * (1 - {x}) where sigmoid({x}) * (1 - sigmoid({x})) belongs",
        "exp": f"{x} where exp({x}) belongs",
        "sqrt": f"1 / (2 * {x}) where 1 / (2 * sqrt({x})) belongs",
        "div": f"-{numerator}/{x} where -{numerator}/{x}**2 belongs",
    }.get(op, f"the derivative of {op} was taken of its input {x} where its output {use.consumer} belongs")
    if op == "div" and use.i == 1:
        yield Slip("denominator not squared", belongs, use.fit(use.raw(z=-use.operands[0]) * -1))
    elif op in ("tanh", "sigmoid", "exp", "sqrt", "tan", "expm1"):
        yield Slip("input for output", belongs, use.fit(use.raw(z=use.x)))


def output_for_input(use: Use) -> Iterator[Slip]:
    """1 / z for 1 / x: a derivative in terms of the input, taken of the output."""
    if use.op.name in ("log", "log1p", "sin", "cos", "softplus", "abs"):
        words = (
            f"the derivative of {use.op.name} was taken of its output {use.consumer} where its input {use.node} belongs"
        )
        yield Slip("output for input", words, use.fit(use.raw(operands=use.but(use.z))))


def power_rule(use: Use) -> Iterator[Slip]:
    """n * x**(n - 1) half done."""
    if use.op.name == "pow" and use.i == 0:
        x, n = use.node, use.others[0]
        amount, base, exponent = use.raw(), use.x, use.operands[1]
        yield Slip("power rule", f"the exponent was not reduced: {n} * {x}**{n}", use.fit(amount * base))
        yield Slip("power rule", f"the factor {n} is missing: {x}**({n} - 1)", use.fit(amount / exponent))
        both = use.fit(amount * base / exponent)
        yield Slip("power rule", f"this is {x}**{n} itself, not its derivative", both)
        lowered = use.fit(amount * (exponent - 1) / exponent)
        yield Slip("power rule", f"the factor is {n}, not {n} - 1", lowered)
    if use.op.name in ("pow", "exp2") and use.i == len(use.operands) - 1:
        x, base = use.node, use.others[0] if use.others else "2"
        words = f"{x} * {base}**({x} - 1), which is the rule for {x}**n; where the exponent varies it is {base}**{x} * "
        a = use.operands[0] if use.others else np.asarray(2.0)
        yield Slip("power rule", f"{words}ln({base})", use.fit(use.g * use.x * use.z / a))
        yield Slip("power rule", f"the factor ln({base}) is missing", use.fit(use.g * use.z))
    if use.op.name == "exp":
        words = f"{use.node} * exp({use.node} - 1), which is the rule for powers; exp is its own derivative"
        yield Slip("power rule", words, use.fit(use.amount * use.x / np.e))
    if use.op.name == "sqrt":
        yield Slip("power rule", "the factor 1/2 is missing: 1 / sqrt", use.fit(use.amount * 2))


def reversed_gate(use: Use) -> Iterator[Slip]:
    """A relu that lets through what it should stop."""
    if use.op.name in ("relu", "maximum", "minimum", "where", "clip"):
        words = f"the gate of {use.op.name} is open where it should be closed, and closed where it should be open"
        yield Slip("reversed gate", words, use.fit(use.g - use.raw()))


def derivative_of_another(use: Use) -> Iterator[Slip]:
    """The function itself for its derivative, or the derivative of its relative."""
    op, x, kind = use.op.name, use.node, "another function's derivative"
    if op in ("tanh", "sigmoid", "relu", "log", "sqrt", "sin", "cos", "tan", "softplus", "elu"):
        yield Slip(kind, f"{op}({x}) itself was taken for its derivative", use.fit(use.g * use.z))
    if op == "tanh":
        yield Slip(kind, "1 - tanh, where the square belongs: 1 - tanh**2", use.fit(use.g * (1 - use.z)))
        yield Slip(
            kind, "tanh * (1 - tanh), which is the rule of sigmoid", TABLE["sigmoid"].rule(0)(use.g, use.z, use.x)
        )
    if op == "sigmoid":
        yield Slip(kind, "1 - sigmoid**2, which is the rule of tanh", TABLE["tanh"].rule(0)(use.g, use.z, use.x))
        yield Slip(kind, "1 - sigmoid alone, where sigmoid * (1 - sigmoid) belongs", use.g * (1 - use.z))
    if op == "log":
        yield Slip(kind, f"times {x}, where 1/{x} belongs", use.fit(use.g * use.x))


def division(use: Use) -> Iterator[Slip]:
    """x / y derived as if it were x * y, or half done."""
    if use.op.name != "div":
        return
    x, y = use.operands
    other = use.others[0]
    if use.i == 0:
        yield Slip("division", f"times {other}, where 1/{other} belongs", use.fit(use.g * y))
        yield Slip(
            "division", f"{use.node} taken for {other}: 1/{use.node}, where 1/{other} belongs", use.fit(use.g / x)
        )
    else:
        yield Slip(
            "division",
            f"times {other}: the rule of a product, where -{other}/{use.node}**2 belongs",
            use.fit(use.g * x),
        )
        yield Slip("division", f"the numerator {other} is missing", use.fit(use.raw() / x))
        words = f"1/{other}, the derivative by the numerator with the wrong one below"
        yield Slip("division", words, use.fit(use.g / x))
        yield Slip("division", f"1/{use.node}, which is the derivative by {other}", use.fit(use.g / y))


def sum_over_broadcast(use: Use) -> Iterator[Slip]:
    """The sum over the axes along which an operand was repeated, not done or done otherwise."""
    raw = np.asarray(use.raw())
    extra = raw.ndim - use.x.ndim
    axes = tuple(j for j in range(raw.ndim) if j < extra or raw.shape[j] != use.x.shape[j - extra])
    if not axes:
        return
    along = f"axis {axes[0]}" if len(axes) == 1 else f"the axes {axes}"
    kind, missing = (
        "sum over a broadcast axis",
        f"{use.node} was broadcast, so its gradient is the sum over {along} of ",
    )
    for row in (0, -1):
        picked = raw[tuple(slice(None) if j not in axes else row for j in range(raw.ndim))]
        yield Slip(kind, f"{missing}all rows; this is row {row} alone", picked.reshape(use.x.shape))
    yield Slip(kind, f"{missing}all rows; this is their mean", raw.mean(axes).reshape(use.x.shape))
    yield Slip(kind, f"{missing}each; here everything is summed up", np.full(use.x.shape, raw.sum()))
    for other in range(raw.ndim):
        if (other,) != axes and raw.sum(other).size == use.x.size:
            yield Slip(
                "wrong axis", f"summed over axis {other}, where {along} belongs", raw.sum(other).reshape(use.x.shape)
            )


def product_of_matrices(use: Use) -> Iterator[Slip]:
    """A factor that was not transposed, or was; or the factors in the wrong order."""
    if not (isinstance(use.op, Linear) and use.op.name in ("matmul", "linear")):
        return
    matrices = [use.g, *use.operands]
    flippable = [j for j, matrix in enumerate(matrices) if matrix.ndim == 2]
    names = [f"dL/d{use.consumer}", *use.others[: use.i], use.node, *use.others[use.i :]]
    for result_too, *flips in product((False, True), *[(False, True)] * len(flippable)):
        flipped = [j for j, flip in zip(flippable, flips, strict=True) if flip]
        g, *operands = (matrix.T if j in flipped else matrix for j, matrix in enumerate(matrices))
        try:
            amount = np.asarray(use.raw(g=g, operands=operands))
        except ValueError:  # these shapes do not multiply
            continue
        amount = amount.T if result_too else amount
        if amount.shape == use.x.shape:
            which = " and ".join(names[j] for j in flipped if j != use.i + 1)
            words = f"{which} stands as it is where its transpose belongs, or the other way round"
            if result_too and flipped:
                words = "the factors stand in the wrong order"
            elif result_too:
                words = "these are the right numbers with rows and columns exchanged"
            yield Slip("transpose", words, amount)


def share_of_a_mean(use: Use) -> Iterator[Slip]:
    """1/N forgotten in a mean, put into a sum, or of the wrong N."""
    if use.op.name not in ("mean", "sum") or not use.z.size:
        return
    n = use.x.size // use.z.size
    counts = [m for m in dict.fromkeys((use.x.size, *use.x.shape)) if m not in (1, n)]
    if use.op.name == "mean":
        yield Slip("1/N of a mean", f"the factor 1/{n} is missing", use.amount * n)
        yield Slip("1/N of a mean", f"times {n}, where 1/{n} belongs", use.amount * n * n)
        for m in counts:
            yield Slip("1/N of a mean", f"divided by {m}; the mean is over {n} elements", use.amount * n / m)
    else:
        yield Slip("1/N of a mean", f"divided by {n}, but {use.consumer} is a sum, not a mean", use.amount / n)


def axis_of_a_reduction(use: Use) -> Iterator[Slip]:
    """The gradient of a sum, a mean or a maximum spread along the wrong axis, or over everything."""
    if use.op.name not in ("sum", "mean", "max", "min"):
        return
    if use.x.ndim == 2 and use.x.shape[0] == use.x.shape[1] and use.z.size > 1:
        axis = normalize_axes(use.op.params["axis"], 2)[0]
        words = f"{use.consumer} is reduced over axis {axis}, and its gradient was spread along axis {1 - axis}"
        yield Slip("wrong axis", words, use.raw(g=use.g).T)
    if use.op.name in ("max", "min"):
        spread = TABLE["sum"].bind(*use.op.params.values()).rule(0)(use.g, use.z, use.x)
        words = f"every element got dL/d{use.consumer}, where only the {use.op.name} gets it"
        yield Slip("local derivative left out", words, spread)


def repeated_index(use: Use) -> Iterator[Slip]:
    """An element that was picked several times keeps the last gradient alone."""
    if use.op.name == "getitem":
        last = np.zeros(use.x.shape)
        last[use.op.params["index"]] = use.g
        words = f"an element of {use.node} that is picked several times gets the sum, not the last (= for +=)"
        yield Slip("repeated index", words, last)


def value_of_the_consumer(use: Use) -> Iterator[Slip]:
    """The forward value of the consumer used as its gradient."""
    words = f"the value of {use.consumer} stands where dL/d{use.consumer} belongs"
    yield Slip("value for gradient", words, use.fit(use.raw(g=use.z)))


OF_A_USE = [
    sign,
    upstream_left_out,
    local_left_out,
    own_factor,
    input_for_output,
    power_rule,
    reversed_gate,
    output_for_input,
    derivative_of_another,
    division,
    sum_over_broadcast,
    product_of_matrices,
    share_of_a_mean,
    axis_of_a_reduction,
    repeated_index,
    value_of_the_consumer,
]
