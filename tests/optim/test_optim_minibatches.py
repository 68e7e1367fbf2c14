"""minibatches: every sample once an epoch, rows kept together, the same order from the same seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optim
from autograd_mini import Value


@given(
    n=st.integers(0, 20),
    batch_size=st.integers(1, 25),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    seed=st.integers(0, 9),
)
def test_an_epoch_has_every_sample_once_in_batches_of_the_size_asked(
    n: int, batch_size: int, shuffle: bool, drop_last: bool, seed: int
) -> None:
    x, y = np.arange(2 * n).reshape(n, 2), np.arange(n)
    rng = np.random.default_rng(seed)
    batches = optim.minibatches(x, y, batch_size=batch_size, shuffle=shuffle, rng=rng, drop_last=drop_last)
    for _ in range(2):
        epoch = list(batches)
        assert len(epoch) == len(batches) == (n // batch_size if drop_last else math.ceil(n / batch_size))
        sizes = [len(labels) for _, labels in epoch]
        assert sizes[:-1] == [batch_size] * len(sizes[:-1])
        assert not drop_last or set(sizes) <= {batch_size}
        seen = [i for _, labels in epoch for i in labels.tolist()]
        assert len(set(seen)) == len(seen) == (n - n % batch_size if drop_last else n)
        assert shuffle or seen == list(range(len(seen)))
        for rows, labels in epoch:
            np.testing.assert_array_equal(rows, x[labels])


def test_each_epoch_is_shuffled_anew_and_a_seed_gives_the_same_epochs() -> None:
    def epochs(seed: int) -> list[list[int]]:
        batches = optim.minibatches(np.arange(50), batch_size=7, rng=np.random.default_rng(seed))
        return [[i for batch in batches for i in batch.tolist()] for _ in range(3)]

    assert epochs(0) == epochs(0)
    first, second, third = epochs(0)
    assert first != second != third
    assert epochs(1) != epochs(0)


def test_one_array_comes_as_itself_and_several_as_a_tuple() -> None:
    x = np.arange(4.0)
    assert [batch.tolist() for batch in optim.minibatches(x, batch_size=3, shuffle=False)] == [[0, 1, 2], [3]]
    (pair,) = optim.minibatches(x, [4, 5, 6, 7], batch_size=9, shuffle=False)
    assert isinstance(pair, tuple)
    assert [part.tolist() for part in pair] == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_the_parts_of_a_value_stay_in_its_graph() -> None:
    x = Value([1.0, 2.0, 3.0])
    sum(batch.sum() for batch in optim.minibatches(x * x, batch_size=2)).backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


@pytest.mark.parametrize(
    "arrays", [[np.ones(3), np.ones(4)], [np.ones((3, 2)), np.ones((2, 3))], [1.0], [np.ones(3), 2.0], []]
)
def test_arrays_without_a_first_axis_in_common_are_refused(arrays: Any) -> None:
    with pytest.raises(ValueError, match="do not have a first axis of one length") as error:
        optim.minibatches(*arrays, batch_size=2)
    assert str([np.shape(x) for x in arrays]) in str(error.value)


def test_a_tuple_of_arrays_is_not_taken_for_one_array() -> None:
    with pytest.raises(TypeError, match=r"given one by one, minibatches\(x, y, \.\.\.\)"):
        optim.minibatches((np.ones((3, 2)), np.ones((3, 2))), batch_size=2)
    assert len(optim.minibatches((1.0, 2.0, 3.0), batch_size=2)) == 2


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, "2", None, True])
def test_a_batch_size_is_a_positive_integer(batch_size: Any) -> None:
    with pytest.raises(ValueError, match="batch_size is a positive integer, not"):
        optim.minibatches(np.ones(3), batch_size=batch_size)


def test_a_seed_in_place_of_a_generator_is_refused() -> None:
    with pytest.raises(TypeError, match=r"rng is a numpy\.random\.Generator, not int"):
        optim.minibatches(np.ones(3), batch_size=2, rng=0)  # type: ignore[arg-type]  # the mistake
