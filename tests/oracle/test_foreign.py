"""The gallery on arrays of other libraries: an op keeps them, forward and backward, or says what they lack."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from device_array import DeviceArray
from gallery import CASES
from sample import Operand, Sample

from autograd_mini import Value
from autograd_mini.ops.operation import ForeignArrayError


def _calls_by_op() -> dict[str, list[tuple[Sample, tuple[Operand, ...]]]]:
    """The calls of each op, each on the first operands that are arrays of float64 with something in them."""
    calls: dict[tuple[str, str], Any] = {}
    for sample, kinds in CASES:
        if all(kind.dtype == "float64" and kind.layout == "C" and kind.shape and 0 not in kind.shape for kind in kinds):
            calls.setdefault((sample.op, sample.call), (sample, kinds))
    by_op: dict[str, list[Any]] = {}
    for (op, _), case in calls.items():
        by_op.setdefault(op, []).append(case)
    return by_op


CALLS = _calls_by_op()


def results(sample: Sample, operands: list[Any], upstream: Any) -> list[Any]:
    """The output and the gradients."""
    values = [Value(x) for x in operands]
    z = sample.ours(*values)
    z.backward(upstream(np.ones(z.shape)))
    return [z.data, *[value.grad for value in values]]


SENTENCE = r"[\w.]+ of .*: the arrays of \w+ cannot do this \(.*\); give NumPy's.*, or use another op\n  at .*"


def both(case: tuple[Sample, tuple[Operand, ...]], wrap: Any) -> tuple[list[Any], list[Any]]:
    """What the call gives on arrays of another library, nothing if it is refused in so many words; and on NumPy's."""
    sample, kinds = case
    rng = np.random.default_rng(7)
    operands = [kind.draw(domain, rng) for kind, domain in zip(kinds, sample.domains, strict=True)]
    there: list[Any] = []
    refusal = ""
    with np.errstate(all="ignore"):
        try:
            there = results(sample, [wrap(x) for x in operands], wrap)
        except ForeignArrayError as error:
            refusal = str(error)
        assert there or re.fullmatch(SENTENCE, refusal)
        return there, results(sample, operands, np.asarray)


# ------------------------------------------------------------ as CuPy's


@pytest.mark.parametrize("op", CALLS)
def test_an_op_keeps_another_librarys_arrays(op: str) -> None:
    for case in CALLS[op]:
        there, expected = both(case, DeviceArray)
        assert there or op in ("digamma", "polygamma"), case[0].call  # of SciPy, which converts
        for ours, wanted in zip(there, expected, strict=False):
            assert type(ours) is DeviceArray, case[0].call
            np.testing.assert_allclose(ours.get(), wanted, rtol=1e-9, atol=1e-12, err_msg=case[0].call)


# ------------------------------------------------------------ Dask

# Dask takes 0.05 s for a call. These are the ops that pick, put, pad, slide and decompose; and a few others.
LAZILY = [
    *("array_split", "average", "choose", "compress", "conv1d", "cross", "cummax", "cumsum", "delete", "det", "diff"),
    *("eigvalsh", "einsum", "embedding", "fill_diagonal", "getitem", "insert", "inv", "logcumsumexp", "lstsq"),
    *("matmul", "max_pool1d", "pad", "polygamma", "put_along_axis", "qr", "quantile", "repeat", "reshape"),
    *("scatter_add", "sliding_window_view", "slogdet", "solve", "sort", "svd", "take", "take_along_axis", "tile"),
    *("trace", "tril"),
]
BY_NUMPY = {"eigvalsh", "polygamma", "quantile", "sort"}  # which Dask computes at once, and warns of it
REFUSED = {"cummax", "det", "inv", "logcumsumexp", "lstsq", "qr", "reshape", "slogdet", "solve", "svd"}


def lazy(array: Any) -> Any:
    return pytest.importorskip("dask.array").from_array(array, chunks=2)


@pytest.mark.filterwarnings("ignore:The .* function is not implemented by Dask array:FutureWarning")
@pytest.mark.parametrize("op", LAZILY)
def test_dask_gives_a_right_and_lazy_result_or_one_sentence(op: str) -> None:
    dask = pytest.importorskip("dask")
    with dask.config.set(scheduler="synchronous"):
        there, expected = both(CALLS[op][0], lazy)
        assert bool(there) == (op not in REFUSED)
        for ours, wanted in zip(there, expected, strict=False):
            assert isinstance(ours, dask.array.Array) or op in BY_NUMPY
            np.testing.assert_allclose(dask.compute(ours)[0], wanted, rtol=1e-9, atol=1e-12)


INDICES: list[Any] = [
    *([0, 2, 2], (slice(None), [3, 0]), ([0, 1, 1], slice(1, 3)), np.array([True, False, True])),  # Dask's own
    *(([0, 2, 2], [1, 1, 1]), [[0, 1], [2, 2]], np.arange(12).reshape(3, 4) % 3 == 0, (None, [1, 1])),
    *((0, None, slice(1, 3)), (None, ..., None), (slice(2, 2),), (1, [0, 0]), (..., -1)),
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_every_index_of_a_lazy_array_is_numpys_and_its_gradient_adds_up_there(index: Any) -> None:
    pytest.importorskip("dask")
    numbers = np.arange(12.0).reshape(3, 4)
    x = Value(lazy(numbers))
    z = x[index]
    (z * z).sum().backward()
    expected = Value(numbers)
    (expected[index] * expected[index]).sum().backward()
    assert z.shape == numbers[index].shape
    np.testing.assert_array_equal(z.data.compute(scheduler="synchronous"), numbers[index])
    np.testing.assert_array_equal(x.grad.compute(scheduler="synchronous"), expected.grad)


def test_what_the_user_got_wrong_is_not_said_to_be_dasks_fault() -> None:
    x = Value(lazy(np.arange(12.0).reshape(3, 4)))
    with pytest.raises(IndexError, match=r"getitem of .*out of bounds"):
        x[7]
    with pytest.raises(ValueError, match=r"matmul of .*is a transpose, \.T, missing"):
        x @ x
