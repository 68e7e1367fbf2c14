"""Derivatives of functions, of any order: ``grad``, ``vjp``, ``jvp`` and what they make together. JAX's signatures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any

import numpy as np

from autograd_mini import modes, ops
from autograd_mini.backward import gradients, one_like
from autograd_mini.forward import tangents as push
from autograd_mini.node import Node
from autograd_mini.ops.caller import located
from autograd_mini.ops.operation import data_of, dtype_of, is_foreign, shape_of
from autograd_mini.tree import leaves_of, map_leaves, named_leaves_of, with_containers_of_its_own
from autograd_mini.value import Value

Argnums = int | tuple[int, ...]


# ------------------------------------------------------------ reverse


def grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the gradient of ``f`` by its argument ``argnums``, or by several. JAX: ``jax.grad``.

    ``f`` takes numbers, arrays, and lists, tuples, dicts and dataclasses of them, and gives a single number; inside
    of it the arguments in ``argnums`` are Values. The gradient has the form of the argument, and is plain numbers and
    arrays again. With ``has_aux`` the function gives a pair, of which the second part is passed on.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    >>> grad(lambda p: p["w"] * 3.0 + p["b"])({"w": 2.0, "b": 1.0})
    {'w': 3.0, 'b': 1.0}

    Raises ``ValueError`` if the result is not a single number, ``TypeError`` if an argument holds something else than
    numbers.
    """
    return _gradient("grad", f, argnums, has_aux)


def _gradient(who: str, f: Callable[..., Any], argnums: Argnums, has_aux: bool = False) -> Callable[..., Any]:
    both = _value_and_gradient(who, f, argnums, has_aux)

    @wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, result = both(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    return gradient


def _check_function(who: str, f: Any) -> None:
    if not callable(f):
        remedy = "; of Values, loss.backward() fills in x.grad" if isinstance(f, Value) else ""
        raise TypeError(located(f"{who}: the first argument is the function, not a {type(f).__name__}{remedy}"))


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives ``(f(...), gradient)``; otherwise as ``grad``. JAX: ``jax.value_and_grad``.

    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """
    return _value_and_gradient("value_and_grad", f, argnums, has_aux)


def _value_and_gradient(who: str, f: Callable[..., Any], argnums: Argnums, has_aux: bool) -> Callable[..., Any]:
    _check_function(who, f)

    @wraps(f)
    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        with _Work(who, args) as work:
            variables, output = work.evaluate(f, argnums, args, kwargs)
            value, aux = work.split(output) if has_aux else (output, None)
            _check_single(who, value)
            gradient = work.gradients_of(value, variables)
            value = work.given_out(value)
            return (value, work.given_out(aux)) if has_aux else value, gradient

    return both


def elementwise_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The derivative of a function that acts on each element by itself, element by element. HIPS: the same name.

    >>> elementwise_grad(np.sin)(np.array([0.0, np.pi]))
    array([ 1., -1.])
    """
    _check_function("elementwise_grad", f)
    return _gradient("elementwise_grad", lambda *args, **kwargs: ops.sum(f(*args, **kwargs)), argnums)


def vjp(f: Callable[..., Any], *args: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """``(f(*args), pullback)``: ``pullback(g)`` gives the vector-Jacobian product by each argument. JAX: ``jax.vjp``.

    It is a tuple with one entry for each argument. ``g`` has the form of the output. With ``has_aux`` a third part of
    the result is what ``f`` gave beside it.

    >>> output, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> output, pullback(1.0)
    (6.0, (3.0, 2.0))
    """
    with _Work("vjp", args) as work:
        variables, result = work.evaluate(f, tuple(range(len(args))), args, {})
        output, aux = work.split(result) if has_aux else (result, None)

    def pullback(g: Any) -> tuple[Any, ...]:
        with _Work("vjp", (args, g)) as pulling:
            parts = leaves_of(output)
            upstream = _same_form("vjp", "the output", output, g)
            both = [(part, one) for part, one in zip(parts, upstream, strict=True) if part is not None]
            total = sum([ops.sum(part * one) for part, one in both], Value(0.0))
            gradient: tuple[Any, ...] = pulling.gradients_of(total, variables)
            return gradient

    given_out = work.given_out(output)
    return (given_out, pullback, work.given_out(aux)) if has_aux else (given_out, pullback)


# ------------------------------------------------------------ forward


def jvp(f: Callable[..., Any], args: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """``(f(*args), tangent)``: the derivative in the direction ``tangents``, by forward mode. JAX: ``jax.jvp``.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)

    Raises ``TypeError`` if ``args`` is no tuple, ``ValueError`` if a tangent has another shape than its argument.
    """
    _check_tuples("jvp", args=args, tangents=tangents)
    return _pushforward("jvp", f, args, tangents)


def _check_tuples(who: str, **given: Any) -> None:
    for name, several in given.items():
        if not isinstance(several, tuple | list):
            raise TypeError(located(f"{who}: {name} is a tuple, one entry for each argument of f, such as (x,)"))


def _pushforward(who: str, f: Callable[..., Any], args: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    with _Work(who, (args, tangents)) as work:
        directions = _same_form(who, "the arguments", tuple(args), tuple(tangents))
        variables, output = work.evaluate(f, tuple(range(len(args))), args, {})
        given = dict(zip(leaves_of(variables), directions, strict=True))
        return work.given_out(output), map_leaves(lambda part: work.pushed(part, given), output)


def hvp(f: Callable[..., Any], args: Sequence[Any], vectors: Sequence[Any]) -> Any:
    """The Hessian of ``f`` at ``args`` times ``vectors``, without the Hessian: forward mode over the gradient.

    A tuple with one entry for each argument; of a single argument the entry itself. PyTorch: ``torch.func``'s
    ``jvp(grad(f), ...)``.

    >>> hvp(lambda x: (x**3).sum(), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    array([6., 0.])

    Raises as ``jvp`` and ``grad`` do.
    """
    _check_tuples("hvp", args=args, vectors=vectors)
    gradient = _gradient("hvp", f, tuple(range(len(args))) if len(args) != 1 else 0)
    return _pushforward("hvp", gradient, args, vectors)[1]


# ------------------------------------------------------------ all of a Jacobian


def jacobian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function that gives all derivatives of all outputs: shape ``(*output, *input)``. JAX: ``jax.jacobian``.

    Reverse mode where there are fewer outputs than inputs, else forward mode. Containers give containers: for each
    part of the output, in its form, the Jacobian by each part of the argument.

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    return _jacobian("jacobian", f, argnums)


def _jacobian(who: str, f: Callable[..., Any], argnums: Argnums) -> Callable[..., Any]:
    _check_function(who, f)

    @wraps(f)
    def matrix(*args: Any, **kwargs: Any) -> Any:
        with _Work(who, args) as work:
            variables, output = work.evaluate(f, argnums, args, kwargs)
            return map_leaves(lambda part: work.jacobian_of(part, variables), output)

    return matrix


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function that gives the second derivatives: shape ``(*input, *input)``. JAX: ``jax.hessian``.

    >>> hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return _jacobian("hessian", _gradient("hessian", f, argnums), argnums)


# ------------------------------------------------------------ how they work


_BY_ONE_BACKWARD = ("grad", "value_and_grad", "elementwise_grad", "vjp")


class _Work:
    """One transform at work on its arguments: knows whether what it gives out must be differentiable again."""

    def __init__(self, who: str, given: Any) -> None:
        self.who = who
        values = [leaf for leaf in leaves_of(given) if isinstance(leaf, Value)]
        inside = modes.transforms_at_work.get() > 0 or any([leaf.requires_grad for leaf in values])
        # Of constants the derivative is one: in a jitted function, where all are Values, and of Values given as such.
        tape = modes.tape()
        self.plain = not inside and (tape is not None or bool(values))
        self._of_data = tape is not None and all([tape.is_plain(leaf) for leaf in values])
        self.nested = inside or self.plain

    def __enter__(self) -> _Work:
        self._recording = modes.recording()
        self._recording.__enter__()
        self._token = modes.transforms_at_work.set(modes.transforms_at_work.get() + 1)
        self._programs = modes.beyond_programs.set(self.nested or self.who not in _BY_ONE_BACKWARD)
        return self

    def __exit__(self, *error: Any) -> None:
        modes.transforms_at_work.reset(self._token)
        modes.beyond_programs.reset(self._programs)
        self._recording.__exit__(*error)

    def evaluate(
        self, f: Callable[..., Any], argnums: Argnums, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> tuple[Any, Any]:
        """The arguments chosen, as Values of their own, and what ``f`` makes of them."""
        _check_function(self.who, f)
        chosen = argnums if isinstance(argnums, tuple) else (argnums,)
        if not all([isinstance(n, int) for n in chosen]):
            raise TypeError(
                located(f"{self.who}: argnums is the place of an argument, or a tuple of them: {argnums!r}")
            )
        moved: list[Any] = list(args)
        variables: dict[int, Any] = {}  # by place, which argnums may name twice
        for n in chosen:
            if not -len(args) <= n < len(args):
                how = "; what is differentiated is given by position, not by name" if kwargs else ""
                raise ValueError(located(f"{self.who}: argnums names argument {n}, and there are {len(args)}{how}"))
            place = n % len(args)
            if place not in variables:
                variables[place] = self._variables(args[place], f"argument {n}")
                moved[place] = with_containers_of_its_own(variables[place])
        try:
            output = f(*moved, **kwargs)
        except ValueError as error:
            if error.__cause__ and "array[i] = x" in str(error.__cause__):
                # Over the words of Value.__float__ NumPy writes "setting an array element with a sequence".
                raise error.__cause__.with_traceback(error.__traceback__) from None
            raise
        found = tuple(variables[n % len(args)] for n in chosen)
        return found if isinstance(argnums, tuple) else found[0], output

    def _variables(self, tree: Any, name: str) -> Any:
        for path, leaf in named_leaves_of(tree):
            if isinstance(leaf, str | bytes | bool) or (leaf is not None and not _is_number(leaf)):
                raise TypeError(
                    located(f"{self.who}: {name}{path} is {leaf!r}; only numbers and arrays are differentiated")
                )
        return map_leaves(_as_variable, tree)

    def split(self, output: Any) -> tuple[Any, Any]:
        """What ``f`` gave with ``has_aux``, in two."""
        if not isinstance(output, tuple) or len(output) != 2:
            raise TypeError(located(f"{self.who}: with has_aux, f returns a pair: (result, what is passed on)"))
        return output

    def gradients_of(self, output: Any, variables: Any, upstream: Any = None) -> Any:
        """The gradient of ``output`` by each of the variables, in their form."""
        found: dict[Any, Any] = {}
        if isinstance(output, Value) and output.requires_grad:
            if upstream is None:
                upstream = one_like(output.data)
            if self.nested and not isinstance(upstream, Value):
                upstream = Value(upstream, requires_grad=False)
            found = gradients(output, upstream, create_graph=self.nested)
        return map_leaves(lambda variable: self._or_zero(found.get(variable), variable), variables)

    def pushed(self, output: Any, given: dict[Any, Any]) -> Any:
        """The tangent of ``output``."""
        if not isinstance(output, Node):
            return self._or_zero(None, output)
        return self._or_zero(push(output, given, create_graph=self.nested).get(output), output)

    def jacobian_of(self, output: Any, variables: Any) -> Any:
        """The Jacobian of one array by each of the variables, in their form; None has none."""
        if output is None:
            return None
        shape = shape_of(output)
        inputs = [variable for variable in leaves_of(variables) if variable is not None]
        if int(np.prod(shape)) <= sum([variable.size for variable in inputs]):
            rows = [leaves_of(self.gradients_of(output, inputs, one)) for one in _basis(shape)]
            parts = [_stacked([row[i] for row in rows], 0, (*shape, *x.shape), x.dtype) for i, x in enumerate(inputs)]
        else:
            parts = [
                _stacked([self.pushed(output, {x: one}) for one in _basis(x.shape)], -1, (*shape, *x.shape), x.dtype)
                for x in inputs
            ]
        by_variable = dict(zip(inputs, parts, strict=True))
        return map_leaves(lambda variable: by_variable.get(variable), variables)

    def given_out(self, output: Any) -> Any:
        """What the user gets: Values inside of another transform, plain numbers and arrays outside."""
        if self.plain:
            return map_leaves(self._as_constant, output)
        return output if self.nested else map_leaves(data_of, output)

    def _or_zero(self, found: Any, like: Any) -> Any:
        """What was found, in the dtype of ``like``; zero where nothing was; of None none."""
        if like is None:
            return None
        dtype = dtype_of(like) if dtype_of(like).kind == "f" else np.dtype(np.float64)
        if found is None:
            return np.zeros(shape_of(like), dtype) if shape_of(like) or dtype != np.float64 else 0.0
        found = ops.astype(found, dtype, copy=False)
        return self._as_constant(found) if self.plain else found

    def _as_constant(self, leaf: Any) -> Any:
        """A constant Value; in a jitted function what stands for plain data, if that was given."""
        if not isinstance(leaf, Value):
            return leaf
        return modes.tape().as_data(leaf) if self._of_data else leaf.detach()


def _is_number(leaf: Any) -> bool:
    return isinstance(leaf, Node | int | float | np.ndarray | np.number) or is_foreign(leaf)


def _as_variable(leaf: Any) -> Any:
    """An argument as a Value of its own: of a Value one that depends on it and on nothing else."""
    if leaf is None:
        return None
    if isinstance(leaf, Value) and leaf.requires_grad:
        return ops.broadcast_to(leaf, leaf.shape)
    variable = leaf if isinstance(leaf, Value) else Value(leaf)
    if modes.tape() is not None or isinstance(leaf, Value):
        variable = variable.detach()
        variable.requires_grad = True
    return variable


def _check_single(who: str, value: Any) -> None:
    if value is None:
        raise ValueError(located(f"{who}: f returns None; is its return missing?"))
    if shape_of(value) != () or not _is_number(value):
        described = f"has shape {shape_of(value)}" if _is_number(value) else f"is a {type(value).__name__}"
        remedy = "only a single number has a gradient; use jacobian, or .sum()"
        raise ValueError(located(f"{who}: the result of f {described}, and {remedy}"))


def _same_form(who: str, what: str, tree: Any, given: Any) -> list[Any]:
    """The leaves of ``given`` in the order of ``tree``, whose form it has up to the order in dicts."""
    expected, leaves = dict(named_leaves_of(tree)), dict(named_leaves_of(given))
    if expected.keys() != leaves.keys():
        raise ValueError(located(f"{who}: what is given must have the form of {what}; {given!r} has another"))
    for path, x in expected.items():
        if shape_of(x) != np.shape(leaves[path]):
            raise ValueError(
                located(f"{who}: {what}{path} has shape {shape_of(x)}, what is given for it {np.shape(leaves[path])}")
            )
    return [_as_direction(leaves[path]) for path in expected]


def _as_direction(direction: Any) -> Any:
    return direction if isinstance(direction, Value | None) else ops.operation.as_floating(direction)


def _basis(shape: tuple[int, ...]) -> Iterator[Any]:
    """Every array of this shape that is 1 in one place and 0 elsewhere."""
    for index in np.ndindex(shape):
        one = np.zeros(shape)
        one[index] = 1.0
        yield one if shape else 1.0


def _stacked(parts: list[Any], axis: int, shape: tuple[int, ...], dtype: Any) -> Any:
    """The rows or columns of a Jacobian, put together, in the dtype of what is differentiated by."""
    if not shape:
        return parts[0]
    if not parts:
        return np.zeros(shape, dtype)
    return ops.astype(ops.reshape(ops.stack(parts, axis), shape), dtype, copy=False)
