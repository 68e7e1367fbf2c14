"""What a jitted function does besides computing: draws, running statistics and checks, once at each call, in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
from autograd_mini import Value
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit


def runs(f: Any, *calls: Any, seed: int = 3) -> list[Any]:
    """The results of these calls, the default generator having started at ``seed``."""
    nn.manual_seed(seed)
    return [f(x).data for x in calls]


def test_dropout_draws_what_it_draws_without_jit_after_every_seed() -> None:
    dropout = nn.Dropout(0.5)
    f = jit(lambda x: dropout(x))
    x = np.ones(20)
    for seed in (3, 4, 3):
        np.testing.assert_array_equal(runs(f, x, x, x, seed=seed), runs(dropout, x, x, x, seed=seed))


def test_a_generator_that_was_replaced_is_the_one_that_is_drawn_from() -> None:
    dropout = nn.Dropout(0.5, rng=np.random.default_rng(0))
    f = jit(lambda x: dropout(x))
    f(np.ones(20))
    dropout._rng = np.random.default_rng(5)
    expected = nn.Dropout(0.5, rng=np.random.default_rng(5))(np.ones(20)).data
    np.testing.assert_array_equal(f(np.ones(20)).data, expected)


def test_two_layers_draw_in_the_order_of_the_function_when_scalars_are_packed() -> None:
    first, second = nn.Dropout(0.5), nn.Dropout(0.5)
    parameters = [Value(float(i + 1)) for i in range(30)]

    def f(x: Any) -> Any:
        deep = am.stack([am.tanh(am.tanh(am.tanh(w * x))) for w in parameters])
        dropped = first(deep)  # drawn first, and deeper in the graph than what is drawn next
        return dropped.sum() + 2 * second(am.stack([parameters[0]] * 5)).sum()

    np.testing.assert_allclose(runs(jit(f), 0.1, 0.2, 0.3), runs(f, 0.1, 0.2, 0.3), rtol=1e-12)


def test_one_layer_that_is_used_twice_draws_twice() -> None:
    dropout = nn.Dropout(0.5)
    f = jit(lambda x: am.stack([dropout(x), dropout(x)]))
    result = f(np.ones(50)).data
    assert (result[0] != result[1]).any()


def test_statistics_move_once_a_call_though_nobody_uses_the_layer_s_output() -> None:
    norm, w = nn.BatchNorm1d(2), Value(1.0)

    def f(x: Any) -> Any:
        norm(x)
        return w * 2.0

    x = np.random.default_rng(0).normal(size=(8, 2))
    replayed = jit(f)
    for count in (1, 2, 3):
        replayed(x)
        assert norm.num_batches_tracked is not None
        assert norm.num_batches_tracked.data == count


@pytest.mark.parametrize("momentum", [0.1, None])
def test_statistics_that_are_read_after_the_layer_have_moved(momentum: float | None) -> None:
    def trained(wrap: Any) -> list[Any]:
        norm = nn.BatchNorm1d(2, momentum=momentum)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert norm.num_batches_tracked is not None

        @wrap
        def loss(x: Any) -> Any:
            scaled = norm(x) * norm.running_var
            return (scaled * scaled).sum() + 3 * norm.running_mean.sum() * norm.num_batches_tracked

        seen = []
        for x in np.random.default_rng(0).normal(2.0, size=(4, 5, 2)):
            total = loss(x)
            total.backward()
            seen += [total.data, norm.weight.grad.copy(), norm.running_mean.data, norm.num_batches_tracked.data]
        return seen

    for replayed, eager in zip(trained(jit), trained(lambda f: f), strict=True):
        np.testing.assert_allclose(replayed, eager, rtol=1e-12)
        assert np.asarray(replayed).dtype == np.asarray(eager).dtype


@pytest.mark.parametrize("start", [0, 0.0, np.int64(0)])
def test_a_count_that_was_set_anew_counts_on_from_there(start: Any) -> None:
    counts = []
    for wrap in (jit, lambda f: f):
        norm = nn.BatchNorm1d(2)
        f = wrap(lambda x, norm=norm: norm(x))
        for i in range(3):
            if i == 1:
                norm.num_batches_tracked.data = start
            f(np.eye(2))
        counts.append(norm.num_batches_tracked.data)
    assert counts[0] == counts[1] == 2
    assert [type(count) for count in counts] == [np.ndarray, np.ndarray]
    assert counts[0].dtype == counts[1].dtype


class Smoothed(nn.Module):
    """A user's layer with a buffer that follows its input."""

    def __init__(self) -> None:
        self.weight, self.mean = nn.Parameter([1.0, 2.0]), nn.Buffer([0.0, 0.0])

    def forward(self, x: Any) -> Any:
        self.mean.data = 0.5 * self.mean.data + 0.5 * x.mean(0)
        return ((x - self.mean) * self.weight).sum()


def test_a_loss_that_moves_a_buffer_has_gradients() -> None:
    first, second = Smoothed(), Smoothed()
    replayed = jit(second)
    for x in np.random.default_rng(0).normal(size=(3, 4, 2)):
        for layer, f in ((first, first), (second, replayed)):
            layer.weight.zero_grad()
            f(x).backward()
        np.testing.assert_allclose(second.weight.grad, first.weight.grad, rtol=1e-12)
        np.testing.assert_allclose(second.mean.data, first.mean.data, rtol=1e-12)


def test_statistics_that_were_loaded_move_on_from_there() -> None:
    norm = nn.BatchNorm1d(2)
    f = jit(lambda x: norm(x))
    x = np.random.default_rng(0).normal(size=(8, 2))
    f(x)
    norm.load_state_dict({**norm.state_dict(), "running_mean": np.full(2, 5.0)})
    f(x)
    np.testing.assert_allclose(norm.running_mean.data, 4.5 + 0.1 * x.mean(0), rtol=1e-12)  # type: ignore[union-attr]  # it has one


def test_a_check_is_made_at_each_call_though_it_gives_nothing() -> None:
    def positive(data: Any) -> None:
        if data <= 0:
            raise ValueError(f"{data} is not positive")

    def f(x: Any) -> Any:
        x.map_data(positive)
        return x * 2.0

    replayed = jit(f)
    assert replayed(1.0).data == 2.0
    with pytest.raises(ValueError, match=r"-1.0 is not positive"):
        replayed(-1.0)
    assert replayed(3.0).data == 6.0


@pytest.mark.parametrize("returned", [None, 3.0, Value(2.0), Value([1.0, 2.0])])
def test_a_check_is_made_though_the_function_returns_nothing_that_is_computed(returned: Any) -> None:
    def positive(data: Any) -> None:
        if data <= 0:
            raise ValueError(f"{data} is not positive")

    def f(x: Any) -> Any:
        x.map_data(positive)
        return returned

    replayed = jit(f)
    assert replayed(1.0) is returned
    with pytest.raises(ValueError, match=r"-1.0 is not positive"):
        replayed(-1.0)


def test_a_function_with_a_stand_in_is_called_once_a_call_and_never_while_tracing() -> None:
    seen = []

    def note(data: Any) -> Any:
        seen.append(data)
        return data * 0.0

    f = jit(lambda x: x + x.map_data(note, instead=lambda data: data * 0.0))
    for x in (1.0, 2.0, 3.0):
        assert f(x).data == x
    assert seen == [1.0, 2.0, 3.0]


# ---------------------------------------------------------------- shapes that depend on numbers


@pytest.mark.parametrize(
    "f",
    [
        lambda x: W[x > 0].sum(),
        lambda x: (W * x)[x > 0].sum(),
        lambda x: (W * x)[(x > 0) & (x < 2)].sum(),
        lambda x: am.lstsq(am.reshape(W * x, (3, 1)), W)[0].sum(),
    ],
)
def test_a_result_whose_shape_depends_on_numbers_is_refused_with_the_reason(f: Any) -> None:
    with pytest.raises(JitError, match=r"(traced mask picks depends on its numbers|lstsq looks at)(.|\n)*lambda x"):
        jit(f)(np.array([1.0, -1.0, 2.0]))


W = Value([1.0, 2.0, 3.0])


def test_map_data_that_answers_in_another_shape_is_refused() -> None:
    f = jit(lambda x: am.take_along_axis(W, x.map_data(np.flatnonzero), 0).sum())
    assert f(np.array([1.0, 0.0, 2.0])).data == 4.0
    assert f(np.array([1.0, 2.0, 0.0])).data == 3.0
    with pytest.raises(
        JitError, match=r"what flatnonzero gives had shape \(2,\) .* when it was traced, and has \(1,\)"
    ):
        f(np.array([1.0, 0.0, 0.0]))
