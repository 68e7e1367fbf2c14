"""Instructions of the native interpreter as they are written down, before it is settled where in memory values lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.compiler.native import interpreter as op

SHORT = 256  # elements of a row; shorter ones are laid one behind the other before something is done with them


class Unsupported(Exception):
    """No instruction can do it: memory that runs along too many axes."""


class Place(NamedTuple):
    """Where a value lies: in the memory of line ``owner``, as ``view`` does in a stand-in for it."""

    owner: int
    view: Any
    is_number: bool = False  # a Python float; else an array
    base: Any = None  # the stand-in, where that is not ``view`` itself

    def seen(self, view: Any, is_number: bool = False) -> Place:
        """The same memory, looked at in another way."""
        return Place(self.owner, view, is_number, self.stand_in)

    @property
    def stand_in(self) -> Any:
        return self.view if self.base is None else self.base

    @property
    def offset(self) -> int:
        """In elements, from where the memory of the owner begins."""
        if self.base is None:
            return 0
        return int((_address(self.view) - _address(self.stand_in)) // self.view.itemsize)

    @property
    def strides(self) -> tuple[int, ...]:
        """In elements."""
        return tuple([s // self.view.itemsize for s in self.view.strides])

    def as_pick(self) -> Pick:
        """The elements by number, in order, of all that lies in the memory of the owner."""
        everywhere = np.arange(self.stand_in.size)[self.offset :]
        strides = [s * everywhere.itemsize for s in self.strides]
        elements = np.lib.stride_tricks.as_strided(everywhere, self.view.shape, strides).ravel()
        return Pick(Place(self.owner, self.stand_in), elements)


class Pick(NamedTuple):
    """Elements of what lies in a memory, by number."""

    place: Place
    elements: Any


class Line(NamedTuple):
    """An instruction whose places are not yet settled."""

    what: int
    places: tuple[Place, ...]  # z, x, y
    lengths: tuple[int, int, int]
    x_strides: tuple[int, int, int]
    y_strides: tuple[int, int, int]
    elements: tuple[Any, ...] = ()  # in place of strides of y: which elements of x, of y, and where they go in z


_NO_STRIDES = (0, 0, 0)
_ALONG = (0, 0, 1)


class Instructions:
    """The list, and memory that belongs to no value of the program: constants, and room for operands laid straight."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self.lines: list[Line] = []
        self.sizes: dict[int, int] = {-1: 1, -2: 1, -3: 1}  # room for the first and the second operand, and a product
        self.constants: dict[int, float] = {}
        self._casts: dict[Any, Place] = {}
        self._cast: set[int] = set()  # the numbers that this part of the program has cast

    def begin(self) -> None:
        """From here on nothing counts as cast already: as in another part of the program."""
        self._cast.clear()

    def line(
        self,
        what: int,
        z: Place,
        x: Place,
        y: Place,
        lengths: Any,
        x_strides: Any = _ALONG,
        y_strides: Any = _ALONG,
        elements: tuple[Any, ...] = (),
    ) -> None:
        self.lines.append(Line(what, (z, x, y), lengths, x_strides, y_strides, elements))

    def _new(self, size: int) -> Place:
        owner = -3 - len(self.sizes)
        self.sizes[owner] = size
        return Place(owner, np.empty((), self.dtype))

    def constant(self, number: float) -> Place:
        """A number that lies beside the arrays."""
        place = self._casts.get(repr(number))
        if place is None:
            place = self._casts[repr(number)] = self._new(1)
            self.constants[place.owner] = number
        return place

    def cast(self, number: Place, constant: float | None) -> Place:
        """A Python float beside arrays of float32: as NumPy does it, in float32."""
        if constant is not None:
            return self.constant(constant)
        place = self._casts.get(number.owner)
        if place is None:
            place = self._casts[number.owner] = self._new(1)
        if number.owner not in self._cast:
            self._cast.add(number.owner)
            self.line(op.CAST, place, number, number, (1, 1, 1))
        return place

    # ------------------------------------------------------------ element by element

    def pointwise(self, what: int, z: Place, operands: Sequence[Place]) -> None:
        """One or two operands that broadcast to ``z``, whose elements lie side by side."""
        if z.view.size == 1:
            on_numbers = op.ON_NUMBERS if z.is_number and self.dtype != np.float64 else 0
            self.line(what + on_numbers, z, operands[0], operands[-1], (1, 1, 1))
            return
        sizes = [x.view.size for x in operands]
        if what == op.MUL and 1 in sizes:
            number, other = operands if sizes[0] == 1 else operands[::-1]
            other = self.side_by_side(other.seen(np.broadcast_to(other.view, z.view.shape)), 1)
            self.line(op.SCALE, z, number, other, (1, 1, z.view.size))
            return
        spread = [
            self._straight(x.seen(np.broadcast_to(x.view, z.view.shape)), which) for which, x in enumerate(operands)
        ]
        loops = _loops(z.view.shape, [x.strides for x in spread], most=3)
        if loops is None or (loops[0][2] < SHORT and loops[0][2] < z.view.size):
            spread = [self.side_by_side(x, which) for which, x in enumerate(spread)]
            loops = (1, 1, z.view.size), [_ALONG] * len(spread)
        lengths, strides = loops
        self.line(what, z, spread[0], spread[-1], lengths, strides[0], strides[-1])

    def _straight(self, x: Place, which: int) -> Place:
        """``x``, or a copy whose elements lie side by side along the last axis."""
        loops = _loops(x.view.shape, [x.strides], most=3)
        if loops is not None and (loops[0][2] == 1 or loops[1][0][2] == 1):
            return x
        return self.side_by_side(x, which)

    def side_by_side(self, x: Place, which: int) -> Place:
        """``x``, or a copy of it without gaps, where there is room for operand ``which``."""
        if x.view.flags.c_contiguous:
            return x
        copied = self.room(which, x.view.shape)
        self.copy(copied, x)
        return copied

    def room(self, which: int, shape: tuple[int, ...]) -> Place:
        """Memory that the next instruction reads, and nobody later."""
        owner = -1 - which
        place = Place(owner, np.empty(shape, self.dtype))
        self.sizes[owner] = max(self.sizes[owner], place.view.size)
        return place

    def copy(self, z: Place, x: Place) -> None:
        """``x`` of the same shape into ``z``."""
        loops = _loops(z.view.shape, [x.strides, z.strides], most=3)
        if loops is None:
            raise Unsupported
        lengths, (x_strides, z_strides) = loops
        self.line(op.COPY, z, x, x, lengths, x_strides, z_strides)

    def fill_with_zeros(self, z: Place) -> None:
        self.line(op.COPY, z, self.constant(0.0), z, (1, 1, z.view.size), _NO_STRIDES, _ALONG)

    # ------------------------------------------------------------ the others

    def sum(self, z: Place, x: Place, axes: tuple[int, ...]) -> None:
        """Over axes that lie next to each other."""
        shape = x.view.shape
        if axes and tuple(range(min(axes), max(axes) + 1)) != tuple(sorted(axes)):
            raise Unsupported
        x = self.side_by_side(x, 0)
        sizes = [
            int(np.prod(part))
            for part in (shape[: min(axes)], shape[min(axes) : max(axes) + 1], shape[max(axes) + 1 :])
        ]
        self.line(op.SUM, z, x, x, sizes)

    def vdot(self, z: Place, x: Place, y: Place) -> None:
        """The sum of products of all elements."""
        self.line(op.VDOT, z, self.side_by_side(x, 0), self.side_by_side(y, 1), (1, 1, x.view.size))

    def matmul(self, z: Place, x: Place, y: Place) -> None:
        """Of two matrices."""
        (m, k), n = x.view.shape, y.view.shape[1]
        turned = not x.view.flags.c_contiguous and x.view.T.flags.c_contiguous
        x = x if turned else self.side_by_side(x, 0)
        y = self.side_by_side(y, 1)
        self.line(op.MATMUL, z, x, y, (m, k, n), (int(turned), 0, 0))

    def pack(self, z: Place, numbers: Sequence[Place]) -> None:
        """Numbers side by side."""
        self.line(op.GATHER, z, z, z, (1, 1, len(numbers)), elements=(list(numbers),))

    def pick(self, z: Place, factors: Sequence[Pick]) -> None:
        """Elements picked out of a vector, or products of such."""
        x, y = factors[0], factors[-1]
        lengths = (1, 1, z.view.size)
        if len(factors) == 1:
            self.line(op.GATHER, z, x.place, x.place, lengths, elements=(x.elements,))
        else:
            self.line(op.PRODUCT, z, x.place, y.place, lengths, elements=(x.elements, y.elements))

    def scatter(self, z: Place, x: Place, index: Any) -> None:
        """The transpose: elements added up at ``index``."""
        self.line(op.SCATTER, z, x, x, (1, z.view.size, x.view.size), (0, 0, x.strides[0]), elements=(index,))

    def scatter_picked(self, z: Place, factors: Sequence[Pick], index: Any) -> None:
        """``scatter`` of what ``pick`` picks, on the way."""
        x, y = factors[0], factors[-1]
        lengths = (1, z.view.size, len(index))
        if len(factors) == 1:
            room = self.room(0, x.elements.shape)
            self.pick(room, factors)
            self.scatter(z, room, index)
        else:
            self.line(op.SCATTER_PRODUCT, z, x.place, y.place, lengths, elements=(x.elements, y.elements, index))


def _loops(shape: tuple[int, ...], strides: list[tuple[int, ...]], most: int) -> Any:
    """Three lengths and for each operand three strides, with axes that lie one behind the other made one.

    None if it takes more than ``most`` loops.
    """
    lengths: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for axis, n in enumerate(shape):
        if n == 1:
            continue
        if lengths and all([done[-1] == s[axis] * n for done, s in zip(steps, strides, strict=True)]):
            lengths[-1] *= n
            for done, s in zip(steps, strides, strict=True):
                done[-1] = s[axis]
        else:
            lengths.append(n)
            for done, s in zip(steps, strides, strict=True):
                done.append(s[axis])
    if len(lengths) > most:
        return None
    missing = 3 - len(lengths)
    last = [1] if not lengths else []  # of a single element: as if side by side
    return (*[1] * missing, *lengths), [(*[0] * (missing - len(last)), *last, *done) for done in steps]


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])
