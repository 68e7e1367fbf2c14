"""Einstein summation: one row for any number of operands, whose derivative is another Einstein summation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from autograd_mini.ops.caller import located
from autograd_mini.ops.indexing import getitem
from autograd_mini.ops.numpy_names import FUNCTIONS
from autograd_mini.ops.operation import Carrier, Operation, as_carriers, as_data, shape_of
from autograd_mini.ops.reduction import sum
from autograd_mini.ops.shape import squeeze, transpose


def _by_operand(i: int, g: Carrier, z: Carrier, xs: Sequence[Carrier], subscripts: str, optimize: bool) -> Carrier:
    """The operand changes places with the result: of "ij,jk->ik" the derivatives are "ik,jk->ij" and "ik,ij->jk"."""
    terms, output = _terms_and_output(subscripts)
    others = [output, *terms[:i], *terms[i + 1 :]]
    return _EINSUM.bind(f"{','.join(others)}->{terms[i]}", optimize)(g, *xs[:i], *xs[i + 1 :])


# Linear in each operand, yet no Linear row: where those have a rule for each operand, they are linear in all together.
_EINSUM = Operation(
    "einsum",
    lambda *xs, subscripts, optimize: np.einsum(subscripts, *xs, optimize=optimize),
    rule_for_each=_by_operand,
    params=("subscripts", "optimize"),
)


def einsum(*operands: Any, optimize: Any = False) -> Carrier:
    """The sum of products that letters say: ``einsum("ij,jk->ik", x, y)`` is ``x @ y``. PyTorch: ``torch.einsum``.

    A letter names an axis. Those that stand in the result are kept, the others summed over; without ``->`` the result
    has the letters that stand once, in alphabetical order. A letter twice in one operand is its diagonal, ``...``
    stands for axes that broadcast. NumPy's other form, ``einsum(x, [0, 1], y, [1, 2], [0, 2])``, does the same.
    ``optimize`` looks for a cheap order of three operands or more, and uses matrix products; so do the derivatives.

    >>> einsum("ij,kj->ik", np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]]))
    array([[11., 17.]])
    >>> einsum("ii", np.array([[1.0, 2.0], [3.0, 4.0]]))
    5.0

    Raises ``ValueError`` if the subscripts do not fit the operands' shapes, or each other.
    """
    subscripts, xs = _in_letters(operands)
    xs = as_carriers(*xs)
    terms, output = _spelled_out(subscripts, tuple(map(shape_of, xs)))
    if not any(hasattr(x, "record") for x in xs):
        return as_data(np.einsum(f"{','.join(terms)}->{output}", *xs, optimize=optimize))
    steps, subscripts = _first_steps(terms, output, tuple(map(shape_of, xs)))
    for i, (broadcast, places, alone) in enumerate(steps):
        xs[i] = squeeze(xs[i], broadcast) if broadcast else xs[i]
        xs[i] = getitem(xs[i], places) if places else xs[i]
        xs[i] = sum(xs[i], alone) if alone else xs[i]
    if len(xs) > 1:
        return _EINSUM.bind(subscripts, bool(optimize))(*xs)
    (term,), _ = _terms_and_output(subscripts)
    return xs[0] if term == output else transpose(xs[0], [term.index(letter) for letter in output])


@lru_cache(maxsize=256)
def _first_steps(
    terms: tuple[str, ...], output: str, shapes: tuple[tuple[int, ...], ...]
) -> tuple[list[tuple[tuple[int, ...], tuple[Any, ...], tuple[int, ...]]], str]:
    """What is done to each operand first, so that the row's derivative is another such row; and the row's subscripts.

    For each operand: the axes of length 1 that another operand repeats, which a product can do without; the index of
    its diagonal, if a letter stands twice; and the axes that stand nowhere else, which are summed over.
    """
    long = {
        letter
        for term, shape in zip(terms, shapes, strict=True)
        for letter, n in zip(term, shape, strict=True)
        if n != 1
    }
    lengths: list[dict[str, int]] = []
    broadcast, places = [], []
    for term, shape in zip(terms, shapes, strict=True):
        dropped = tuple(axis for axis, n in enumerate(shape) if n == 1 and term[axis] in long)
        kept = [axis for axis in range(len(shape)) if axis not in dropped]
        lengths.append({term[axis]: shape[axis] for axis in kept})
        index = dict(zip(lengths[-1], np.ix_(*map(np.arange, lengths[-1].values())), strict=True))
        broadcast.append(dropped)
        places.append(tuple(index[term[axis]] for axis in kept) if len(kept) > len(index) else ())
    count = Counter([letter for letters in lengths for letter in letters] + list(output))
    alone = [tuple(axis for axis, letter in enumerate(letters) if count[letter] == 1) for letters in lengths]
    rest = ["".join(letter for letter in letters if count[letter] > 1) for letters in lengths]
    return list(zip(broadcast, places, alone, strict=True)), f"{','.join(rest)}->{output}"


# ---------------------------------------------------------------- subscripts


def _terms_and_output(subscripts: str) -> tuple[list[str], str]:
    left, _, output = subscripts.partition("->")
    return left.split(","), output


def _in_letters(operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """Subscripts and operands, also of the form that has a list of numbers after each operand."""
    if not operands:
        raise ValueError(located('einsum: there is nothing to sum; give subscripts and operands: einsum("ij->j", x)'))
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), list(operands[1:])
    lists = [*operands[1::2], *operands[-1:]][: (len(operands) + 1) // 2]
    letters = ascii_uppercase + ascii_lowercase  # in the order of their codes, as an output that is not given has them
    try:
        terms = ["".join("..." if axis is Ellipsis else letters[axis] for axis in places) for places in lists]
    except (TypeError, IndexError):
        raise TypeError(
            located(
                "einsum: give subscripts and operands, or a list of numbers from 0 to 51 after each operand: "
                "einsum(x, [0, 1], y, [1, 2], [0, 2])"
            )
        ) from None
    inputs = ",".join(terms[: len(operands) // 2])
    return f"{inputs}->{terms[-1]}" if len(operands) % 2 else inputs, list(operands[: len(operands) // 2 * 2 : 2])


@lru_cache(maxsize=256)
def _spelled_out(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, ...], str]:
    """A letter for each axis of each operand and of the output, the broadcast ones of ``...`` included."""

    def wrong(problem: str) -> ValueError:
        return ValueError(located(f"einsum {subscripts!r} of {' and '.join(map(str, shapes)) or 'nothing'}: {problem}"))

    written, given_output = _terms_and_output(subscripts)
    if len(written) != len(shapes):
        raise wrong(f"the subscripts have {len(written)} terms, separated by commas, for {len(shapes)} operands")
    for part in (*written, given_output):
        if not set(part.replace("...", "", 1)) <= set(ascii_letters):
            raise wrong(f"{part!r} is not made of letters and at most one '...'")
    unused = [letter for letter in ascii_letters if letter not in subscripts]
    rest = [len(shape) - len(term.replace("...", "")) for term, shape in zip(written, shapes, strict=True)]
    for term, shape, n in zip(written, shapes, rest, strict=True):
        if n < 0 or (n > 0 and "..." not in term):
            raise wrong(f"{term!r} names {len(shape) - n} axes of an operand that has {len(shape)}")
    most = max([n for n, term in zip(rest, written, strict=True) if "..." in term], default=0)
    broadcast = "".join(unused[:most])
    terms = tuple(term.replace("...", broadcast[most - n :]) for term, n in zip(written, rest, strict=True))
    lengths: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        axes = set(zip(term, shape, strict=True))
        if len(axes) > len(set(term)):
            raise wrong(f"an operand of shape {shape} has no diagonal {term!r}: its axes differ in length")
        for letter, n in axes:
            if n != 1 and lengths.setdefault(letter, n) != n:
                name = "..." if letter in broadcast else letter
                raise wrong(f"{name!r} has length {lengths[letter]} in one place and {n} in another")
    letters = Counter("".join(written).replace(".", ""))
    if "->" not in subscripts:
        return terms, broadcast + "".join(sorted(letter for letter, n in letters.items() if n == 1))
    for letter, n in Counter(given_output.replace("...", "")).items():
        if n > 1 or letter not in letters:
            raise wrong(f"{letter!r} stands in the output, where each letter stands once and comes from an operand")
    if broadcast and "..." not in given_output:
        raise wrong(
            "the axes that '...' stands for cannot be summed over; put it into the output, or give them letters"
        )
    return terms, given_output.replace("...", broadcast)


FUNCTIONS.update({np.einsum: einsum})
