"""Random graphs, and students who derive their gradients with one slip: formulas of their own, not the catalogue's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini import Value, abs, cos, exp, log, maximum, mean, relu, sigmoid, sin, sqrt, tanh, where
from autograd_mini import max as largest
from autograd_mini.backward import Contribution, contributions
from autograd_mini.graph import walk

Rng = np.random.Generator
DIGITS = (3, 4, 5, 6)
ANYWHERE = {"sign", "path counted twice", "value for gradient", "decimal point"}  # slips that can be made at any node


# ---------------------------------------------------------------- graphs


def scalar_graph(rng: Rng) -> Value:
    """A loss of three to five numbers and up to a dozen ops, most of them used more than once."""
    while True:
        nodes = [Value(float(rng.uniform(0.3, 2.5) * rng.choice([-1, 1]))) for _ in range(rng.integers(3, 6))]
        for _ in range(rng.integers(6, 13)):
            x, y = (nodes[i] for i in rng.integers(max(0, len(nodes) - 6), len(nodes), 2))
            n = float(rng.choice([2, 3, 4]))
            ways = [x + y, x - y, x * y, x * y, x / y, x**n, tanh(x), sigmoid(x), relu(x), exp(x), sin(x), cos(x), -x]
            ways += [maximum(x, y), abs(x)] + ([log(x), sqrt(x)] if x.data > 0 else [])
            z = ways[rng.integers(len(ways))]
            if 1e-2 < np.abs(z.data) < 20:
                nodes.append(z)
        loss = nodes[-1]
        for node in nodes[-4:-1]:
            loss = loss + node * float(rng.uniform(0.3, 1.5))
        gradients = [float(g) for g in contributions(loss, 1.0)[1].values()]
        if all(g == 0 or 1e-4 < np.abs(g) < 1e4 for g in gradients):
            return loss


def tensor_graph(rng: Rng) -> Value:
    """A small net: a table or a batch, a hidden layer, a normalisation, one of several losses; often square."""
    n, m, k = (int(i) for i in rng.choice([3, 4, 4, 4, 5], 3))

    def leaf(*shape: int) -> Value:
        return Value(rng.normal(size=shape) + 0.1)

    x = leaf(7, m)[rng.integers(0, 4, n)] if rng.random() < 0.5 else leaf(n, m)
    h = x @ leaf(m, k) * 0.7 + leaf(k)
    h = [tanh, sigmoid, relu, sin, lambda v: exp(v * 0.3), lambda v: v**2 * 0.3][rng.integers(6)](h)
    shape = [(k,), (n, 1), (n, k), ()][rng.integers(4)]
    h = [h * leaf(*shape), h + leaf(*shape), h / (leaf(*shape) ** 2 + 0.7), h - leaf(*shape)][rng.integers(4)]
    if rng.random() < 0.4:
        axis = int(rng.integers(2))
        h = h - mean(h, axis, keepdims=True)
    elif rng.random() < 0.4:
        h = exp(h * 0.5)
        h = h / h.sum(int(rng.integers(2)), keepdims=True)
    h = h @ leaf(k, k) * 0.7
    way = rng.integers(6)
    if way == 0:
        return (h * h).mean()
    if way == 1:
        return (largest(h, int(rng.integers(2))) ** 2).mean()
    if way == 2:
        return (h.sum(int(rng.integers(2))) * leaf(n if h.shape[0] == h.shape[1] == n else 1)).tanh().sum()
    if way == 3:
        return (h.mean(int(rng.integers(2))) ** 2 * 3.0).sum()
    if way == 4:
        return (maximum(h, leaf(n, k)) * leaf(n, k)).mean()
    return (where(h.data > 0, h, h * 0.1) * leaf(k)).sum()


# ---------------------------------------------------------------- slips


def planted(steps: list[Contribution]) -> Iterator[tuple[str, Any]]:
    """Every slip that can be made in the gradient of the operand of ``steps``, with its kind in the catalogue."""
    amounts = [np.asarray(step.amount, float) for step in steps]
    right = np.asarray(sum(amounts))
    if len(steps) > 1:
        for amount in amounts:
            yield "missing path", right - amount
            yield "missing path", amount
            yield "path counted twice", right + amount
    yield "sign", -right
    yield "path counted twice", 2 * right
    yield "value for gradient", np.asarray(steps[0].operand.data, float)
    if right.ndim == 2 and right.shape[0] == right.shape[1]:
        yield "transpose", right.T
    if np.abs(right).max() < 1e3:
        yield "decimal point", right * 10
    for step, amount in zip(steps, amounts, strict=True):
        for kind, wrong in slips_of_a_use(step):
            if np.shape(wrong) == right.shape:
                yield kind, right - amount + wrong


def slips_of_a_use(step: Contribution) -> Iterator[tuple[str, Any]]:
    """Wrong amounts by formulas that a student might write."""
    node, i = step.consumer, step.operand_index
    op, g, z = node.op.name, np.asarray(step.upstream, float), np.asarray(node.data, float)
    operands = [np.asarray(operand.data, float) for operand in node.inputs]
    x = operands[i]
    y = operands[1 - i] if len(operands) == 2 else np.ones(())
    sum_to = lambda a: summed(a, x.shape)  # noqa: E731
    amount = np.asarray(step.amount, float)
    yield "sign", -amount
    if np.shape(g) == x.shape or op in ("add", "sub", "mul", "div"):
        yield "local derivative left out", sum_to(g)
    if step.local is not None:
        yield "upstream left out", sum_to(np.broadcast_to(step.local, z.shape))
        yield "value for gradient", sum_to(np.asarray(step.local) * z)
    if op == "mul":
        yield "own factor", sum_to(g * x)
    if op == "tanh":
        yield "input for output", g * (1 - x**2)
        yield "another function's derivative", g * z
        yield "another function's derivative", g * (1 - z)
        yield "another function's derivative", g * z * (1 - z)
    if op == "sigmoid":
        yield "input for output", g * x * (1 - x)
        yield "another function's derivative", g * z
        yield "another function's derivative", g * (1 - z**2)
        yield "another function's derivative", g * (1 - z)
    if op == "exp":
        yield "input for output", g * x
        yield "power rule", g * x * np.exp(x - 1)
    if op == "log":
        yield "output for input", g / z
        yield "another function's derivative", g * x
        yield "another function's derivative", g * z
    if op == "sqrt":
        yield "input for output", g / (2 * x)
        yield "power rule", g / z
    if op in ("sin", "cos"):
        yield "another function's derivative", g * z
        yield "output for input", g * (np.cos(z) if op == "sin" else -np.sin(z))
    if op == "pow" and i == 0:
        yield "power rule", g * y * x**y
        yield "power rule", g * x ** (y - 1)
        yield "power rule", g * x**y
        yield "power rule", g * (y - 1) * x ** (y - 1)
    if op == "relu":
        yield "reversed gate", g * (x <= 0)
    if op in ("maximum", "minimum"):
        yield "reversed gate", sum_to(np.where((x > y) == (op == "maximum"), 0, g))
    if op == "where" and i > 0:
        yield "reversed gate", sum_to(np.where(operands[0] > 0, 0, g) if i == 1 else np.where(operands[0] > 0, g, 0))
    if op == "div" and i == 0:
        yield "division", sum_to(g * y)
        yield "division", sum_to(g / x)
    if op == "div" and i == 1:
        yield "denominator not squared", sum_to(-g * y / x)
        yield "division", sum_to(g * y)
        yield "division", sum_to(-g / x**2)
        yield "division", sum_to(g / x)
    if op in ("add", "sub", "mul", "div") and x.shape != z.shape:
        raw = g * np.broadcast_to(step.local, z.shape)
        axes = tuple(j for j in range(-z.ndim, 0) if j < -x.ndim or x.shape[j] != z.shape[j])
        yield "sum over a broadcast axis", np.mean(raw, axes).reshape(x.shape)
        yield "sum over a broadcast axis", np.full(x.shape, raw.sum())
        for row in (0, -1):
            yield (
                "sum over a broadcast axis",
                raw[tuple(row if j in axes else slice(None) for j in range(-z.ndim, 0))].reshape(x.shape),
            )
        if z.ndim == 2 and len(axes) == 1 and z.shape[0] == z.shape[1]:
            yield "wrong axis", raw.sum(-3 - axes[0]).reshape(x.shape)
    if op == "matmul" and all(operand.ndim == 2 for operand in operands):
        n, m = x.shape
        if i == 0 and y.shape[0] == y.shape[1]:
            yield "transpose", g @ y
        if i == 1 and y.shape[0] == y.shape[1]:
            yield "transpose", y @ g
        if n == m and g.shape == (n, n):
            yield "transpose", y.T @ g if i == 0 else g @ y.T
    if op in ("mean", "sum"):
        n = x.size // z.size
        if op == "mean":
            yield "1/N of a mean", amount * n
            yield "1/N of a mean", amount * n / (x.shape[0] if x.shape[0] != n else x.size)
        else:
            yield "1/N of a mean", amount / n
    if op in ("mean", "sum", "max") and z.size > 1 and x.shape[0] == x.shape[1]:
        yield "wrong axis", amount.T
    if op == "max":
        axis = node.op.params["axis"]
        yield "local derivative left out", np.broadcast_to(np.expand_dims(g, axis), x.shape)
    if op == "getitem":
        last = np.zeros(x.shape)
        last[node.op.params["index"]] = g
        yield "repeated index", last


def summed(a: Any, shape: tuple[int, ...]) -> Any:
    """``a`` summed to ``shape``, or as it is where it is not of a larger one."""
    a = np.asarray(a)
    if a.ndim < len(shape) or any(n not in (1, m) for n, m in zip(shape, a.shape[a.ndim - len(shape) :], strict=True)):
        return a
    extra = a.ndim - len(shape)
    axes = tuple(j for j in range(a.ndim) if j < extra or a.shape[j] != shape[j - extra])
    return a.sum(axes).reshape(shape)


# ---------------------------------------------------------------- writing it down


def write(gradient: Any, digits: int, rng: Rng) -> Any:
    """A gradient rounded to some significant digits: a string, a float, or an array rounded in one of two ways."""
    if not np.shape(gradient):
        text = f"{float(gradient):.{digits}g}"
        return text if rng.random() < 0.5 else float(text)
    largest_size = np.abs(gradient).max()
    if rng.random() < 0.5 and largest_size > 0:
        return np.round(gradient, digits - 1 - int(np.floor(np.log10(largest_size))))
    return np.vectorize(lambda v: float(f"{v:.{digits}g}"))(gradient)


def derived_with_rounding(loss: Value, rng: Rng) -> dict[Value, Any]:
    """All gradients of a student who rounds each one and goes on with the rounded one."""
    nodes = [node for node in reversed(walk(loss).values) if node in contributions(loss, 1.0)[1]]
    digits, handed_in, rounded = int(rng.choice(DIGITS)), {}, {}
    for node in nodes:
        handed_in[node] = write(contributions(loss, 1.0, rounded)[1][node], digits, rng)
        rounded[node] = np.asarray(handed_in[node], float) if node.shape else float(handed_in[node])
    return handed_in


def with_a_slip(loss: Value, rng: Rng) -> tuple[Value, str, dict[Value, Any]] | None:
    """The node with the slip, its kind, and what a student who made it would hand in; None if it changes nothing."""
    steps, right = contributions(loss, 1.0)
    nodes = [node for node in walk(loss).values if node in right and node is not loss]
    node = nodes[rng.integers(len(nodes))]
    with np.errstate(all="ignore"):
        choices = list(planted([step for step in steps if step.operand is node]))
    kinds = sorted({kind for kind, _ in choices})
    special = [kind for kind in kinds if kind not in ANYWHERE]
    kinds = special if special and rng.random() < 0.7 else kinds
    kind = kinds[rng.integers(len(kinds))]
    wrongs = [wrong for each, wrong in choices if each == kind]
    wrong = np.asarray(wrongs[rng.integers(len(wrongs))])
    size = np.abs(np.asarray(right[node])).max()
    if size < 1e-9 or not np.isfinite(wrong).all() or not np.abs(wrong - right[node]).max() > 0.03 * size:
        return None
    theirs = contributions(loss, 1.0, {node: wrong if node.shape else float(wrong)})[1]
    handed_in = [each for each in nodes if each is node or rng.random() < 0.8]
    return node, kind, {each: wrong if each is node else theirs[each] for each in handed_in}
