"""Shapes, axes, indices and layouts that Hypothesis thinks up, 0-d, empty and of length 1 among them: as PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from compare import assert_same_as_torch
from gallery import SAMPLES
from gallery import _pick as picked
from hypothesis import given, settings
from hypothesis import strategies as st
from sample import ALONE, LAYOUTS, PAIRS, lay_out

from autograd_mini import ops

Shape = tuple[int, ...]
FEW = settings(max_examples=40, deadline=None)

lengths = st.sampled_from([0, 1, 1, 2, 3])
shapes = st.lists(lengths, max_size=3).map(tuple)
layouts = st.sampled_from(["C", *LAYOUTS[:-1]])


def array(draw: st.DrawFn, shape: Shape, low: float = -2.0, high: float = 2.0) -> Any:
    """Numbers in this shape, in any layout; of what has no axes a Python float now and then."""
    numbers = np.random.default_rng(draw(st.integers(0, 99))).uniform(low, high, shape)
    if not shape:
        return draw(st.sampled_from([float(numbers), np.array(numbers)]))
    return lay_out(numbers, draw(layouts))


def an_axis(draw: st.DrawFn, ndim: int) -> int:
    """One of the axes, from the first or from the last."""
    return draw(st.integers(-ndim, ndim - 1))


def broadcasting(draw: st.DrawFn, shape: Shape) -> Shape:
    """A shape that broadcasts to this one."""
    return tuple(draw(st.sampled_from([n, 1])) for n in shape[draw(st.integers(0, len(shape))) :])


ALL_UNARY = [sample for sample in SAMPLES if sample.kinds is ALONE]
ALL_BINARY = [sample for sample in SAMPLES if sample.kinds is PAIRS]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_pointwise_op_of_one_operand_has_its_shape(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(ALL_UNARY))
    x = array(data.draw, data.draw(shapes), *sample.domains[0])
    assert_same_as_torch(sample.ours, sample.twin, [x], second_order=sample.second_order)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_broadcasting_is_undone_in_either_operand(data: st.DataObject) -> None:
    sample, shape = data.draw(st.sampled_from(ALL_BINARY)), data.draw(shapes)
    both = [array(data.draw, broadcasting(data.draw, shape), *domain) for domain in sample.domains]
    with np.errstate(all="ignore"):
        assert_same_as_torch(sample.ours, sample.twin, both, second_order=sample.second_order)


REDUCTIONS: dict[str, Callable[..., torch.Tensor]] = {
    "sum": lambda x, dim, keep: torch.sum(x, dim, keepdim=keep),
    "mean": lambda x, dim, keep: torch.mean(x, dim, keepdim=keep),
    "var": lambda x, dim, keep: torch.var(x, dim, correction=0, keepdim=keep),
    "max": lambda x, dim, keep: torch.amax(x, dim, keepdim=keep),
    "min": lambda x, dim, keep: torch.amin(x, dim, keepdim=keep),
    "logsumexp": lambda x, dim, keep: torch.logsumexp(x, dim, keepdim=keep),
    "nansum": lambda x, dim, keep: torch.nansum(x, dim, keepdim=keep),
    "nanmean": lambda x, dim, keep: torch.nanmean(x, dim, keepdim=keep),
}


@FEW
@given(st.data())
def test_a_reduction_goes_over_any_axes(data: st.DataObject) -> None:
    op = data.draw(st.sampled_from(sorted(REDUCTIONS)))
    shape = data.draw(st.lists(st.integers(1 - (op == "sum"), 3), min_size=1, max_size=3).map(tuple))
    axes = data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1))
    turned = tuple(data.draw(st.sampled_from([a, a - len(shape)])) for a in axes)
    axis: Any = data.draw(st.sampled_from([turned, turned[0] if len(turned) == 1 else turned]))
    keep = data.draw(st.booleans())
    assert_same_as_torch(
        lambda x: getattr(ops, op)(x, axis=axis, keepdims=keep),
        lambda x: REDUCTIONS[op](x, turned, keep),
        [array(data.draw, shape)],
    )


ALONG: dict[str, tuple[Callable[..., Any], Callable[..., torch.Tensor]]] = {
    "cumsum": (ops.cumsum, torch.cumsum),
    "cumprod": (ops.cumprod, torch.cumprod),
    "softmax": (ops.softmax, F.softmax),
    "log_softmax": (ops.log_softmax, F.log_softmax),
    "logcumsumexp": (ops.logcumsumexp, torch.logcumsumexp),
    "sort": (ops.sort, lambda x, a: torch.sort(x, a).values),
    "flip": (ops.flip, lambda x, a: torch.flip(x, (a,))),
    "roll": (lambda x, a: ops.roll(x, 2, a), lambda x, a: torch.roll(x, 2, a)),
    "diff": (lambda x, a: ops.diff(x, axis=a), lambda x, a: torch.diff(x, dim=a)),
    "repeat": (lambda x, a: ops.repeat(x, 2, a), lambda x, a: torch.repeat_interleave(x, 2, a)),
    "moveaxis": (lambda x, a: ops.moveaxis(x, a, 0), lambda x, a: torch.movedim(x, a, 0)),
    "swapaxes": (lambda x, a: ops.swapaxes(x, a, -1), lambda x, a: torch.swapaxes(x, a, -1)),
    "expand_dims": (ops.expand_dims, torch.unsqueeze),
    "stack": (lambda x, a: ops.stack([x, 2 * x], a), lambda x, a: torch.stack([x, 2 * x], a)),
    "concatenate": (lambda x, a: ops.concatenate([x, x * x], a), lambda x, a: torch.cat([x, x * x], a)),
    "split": (lambda x, a: ops.split(x, [1], a)[0], lambda x, a: torch.tensor_split(x, [1], a)[0]),
    "take": (lambda x, a: ops.take(x, [0, 0], a), lambda x, a: torch.index_select(x, a, torch.tensor([0, 0]))),
    "squeeze": (lambda x, a: ops.squeeze(ops.sum(x, a, True), a), lambda x, a: x.sum(a, keepdim=True).squeeze(a)),
}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_an_op_goes_along_any_axis(data: st.DataObject) -> None:
    op = data.draw(st.sampled_from(sorted(ALONG)))
    least = 1 if op in ("take", "diff") else 0
    shape = data.draw(st.lists(st.integers(least, 3), min_size=1, max_size=3).map(tuple))
    axis = an_axis(data.draw, len(shape))
    ours, twin = ALONG[op]
    assert_same_as_torch(lambda x: ours(x, axis), lambda x: twin(x, axis), [array(data.draw, shape)])


@FEW
@given(st.data())
def test_a_reshape_a_transpose_and_a_broadcast_are_undone(data: st.DataObject) -> None:
    shape = data.draw(shapes)
    to = data.draw(st.permutations(shape))
    wide = (*data.draw(st.lists(st.integers(0, 2), max_size=1)), *to)
    order = data.draw(st.permutations(range(len(wide))))
    assert_same_as_torch(
        lambda x: ops.transpose(ops.broadcast_to(ops.reshape(x, to), wide), order),
        lambda x: torch.permute(torch.broadcast_to(x.reshape(to), wide), order),
        [array(data.draw, shape)],
    )


@st.composite
def indices(draw: st.DrawFn, shape: Shape) -> Any:
    """Any index of NumPy's: ints, slices, None, Ellipsis, a mask, and arrays of ints that broadcast and repeat."""
    mask = np.random.default_rng(draw(st.integers(0, 99))).random(shape) < 0.5
    if draw(st.integers(0, 5)) == 0:
        return mask
    together = draw(st.sampled_from([(2,), (2, 1), (1, 3), (0,)]))

    def part(n: int) -> Any:
        kind = draw(st.sampled_from(["slice", "slice", "int", "array"] if n else ["slice"]))
        if kind == "int":
            return draw(st.integers(-n, n - 1))
        if kind == "array":
            return np.random.default_rng(draw(st.integers(0, 99))).integers(-n, n, together)
        ends = st.none() | st.integers(-4, 4)
        return slice(draw(ends), draw(ends), draw(st.sampled_from([None, 1, 2, -1, -2])))

    first, last = sorted([draw(st.integers(0, len(shape))) for _ in range(2)])
    parts = [part(n) for n in shape[:first]]
    if draw(st.booleans()):  # then Ellipsis stands for the axes between
        parts += [..., *map(part, shape[last:])]
    for _ in range(draw(st.integers(0, 2))):
        parts.insert(draw(st.integers(0, len(parts))), None)
    return tuple(parts)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_index_picks_and_adds_back(data: st.DataObject) -> None:
    shape = data.draw(shapes)
    index = data.draw(indices(shape))
    x = array(data.draw, shape)
    assert_same_as_torch(lambda x: ops.getitem(x, index) ** 2, lambda x: picked(x, index) ** 2, [x])


@FEW
@given(st.data())
def test_matrix_products_broadcast_their_batches(data: st.DataObject) -> None:
    batch = data.draw(st.lists(lengths, max_size=2).map(tuple))
    m, k, n = data.draw(st.tuples(lengths, lengths, lengths))
    x = array(data.draw, (*broadcasting(data.draw, batch), m, k))
    y = array(data.draw, (*broadcasting(data.draw, batch), k, n))
    assert_same_as_torch(ops.matmul, torch.matmul, [x, y])


@FEW
@given(st.data())
def test_an_einsum_of_any_letters_is_pytorchs(data: st.DataObject) -> None:
    sizes = dict(zip("ijkl", data.draw(st.tuples(*[st.integers(1, 3)] * 4)), strict=True))
    letters = st.lists(st.sampled_from("ijkl"), max_size=3, unique=True)  # a letter twice: see gallery_linalg.py
    terms = data.draw(st.lists(letters, min_size=1, max_size=3))
    output = data.draw(st.lists(st.sampled_from(sorted({a for term in terms for a in term}) or [""]), unique=True))
    subscripts = f"{','.join(map(''.join, terms))}->{''.join(output)}"
    operands = [array(data.draw, tuple(sizes[a] for a in term)) for term in terms]
    optimize = data.draw(st.booleans())
    assert_same_as_torch(
        lambda *xs: ops.einsum(subscripts, *xs, optimize=optimize), lambda *xs: torch.einsum(subscripts, *xs), operands
    )


@FEW
@given(st.data())
def test_a_convolution_of_any_geometry_is_pytorchs(data: st.DataObject) -> None:
    groups, stride, dilation, padding = (data.draw(st.integers(least, 2)) for least in (1, 1, 1, 0))
    kernel = data.draw(st.integers(1, 3))
    length = data.draw(st.integers(max(1, dilation * (kernel - 1) + 1 - 2 * padding), 7))
    x = array(data.draw, (data.draw(st.integers(1, 2)), 2 * groups, length))
    weight = array(data.draw, (groups * data.draw(st.integers(1, 2)), 2, kernel))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    assert_same_as_torch(
        lambda x, w: ops.conv1d(x, w, **options), lambda x, w: F.conv1d(x, w, None, **options), [x, weight]
    )
