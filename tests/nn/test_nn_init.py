"""Plain initialisers beside PyTorch's: the same numbers where nothing is drawn, the same distribution where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

import nn
from nn import init

SHAPES: list[tuple[int, ...]] = [(), (4,), (3, 4), (4, 3), (2, 3, 5), (0, 3)]
FILLED: dict[str, tuple[Any, ...]] = {"zeros_": (), "ones_": (), "constant_": (0.3,)}
DRAWN: dict[str, list[dict[str, float]]] = {
    "uniform_": [{}, {"a": -2.0, "b": 5.0}, {"a": 1.0, "b": 1.0}],
    "normal_": [{}, {"mean": 3.0, "std": 0.02}],
    "trunc_normal_": [
        *({}, {"std": 0.02}, {"mean": 1.0, "std": 2.0, "a": 0.0, "b": 1.5}, {"a": 1.0, "b": 50.0}),
        {"mean": 5.0, "a": -2.0, "b": 2.0},
    ],
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", FILLED)
def test_a_constant_fills_any_shape_as_pytorchs(name: str, shape: tuple[int, ...]) -> None:
    parameter = nn.Parameter(np.full(shape, 7.0, np.float32))
    assert getattr(init, name)(parameter, *FILLED[name]) is parameter
    theirs = getattr(torch.nn.init, name)(torch.empty(shape), *FILLED[name])
    np.testing.assert_array_equal(parameter.data, theirs.numpy())
    assert parameter.dtype == np.float32


@pytest.mark.parametrize(
    ("name", "options"), [(name, options) for name, rows in DRAWN.items() for options in rows], ids=str
)
def test_what_is_drawn_has_pytorchs_distribution(name: str, options: dict[str, float]) -> None:
    ours = getattr(init, name)(nn.Parameter(np.zeros((40, 50))), **options, rng=np.random.default_rng(0)).data.ravel()
    if options.get("mean") == 5.0:  # PyTorch warns that its own may be wrong so far out
        theirs = stats.truncnorm(-7.0, -3.0, loc=5.0).rvs(2000, random_state=0)
    else:
        torch.manual_seed(0)
        theirs = getattr(torch.nn.init, name)(torch.empty(2000, dtype=torch.float64), **options).numpy()
    assert stats.ks_2samp(ours, theirs).pvalue > 1e-3
    assert ours.min() >= options.get("a", -np.inf)
    assert ours.max() <= options.get("b", np.inf)
    for shape in SHAPES:
        assert getattr(init, name)(nn.Parameter(np.zeros(shape, np.float32)), **options).shape == shape


def test_a_number_stays_a_number() -> None:
    for fill in (init.zeros_, init.uniform_, init.normal_, init.trunc_normal_):
        assert type(fill(nn.Parameter(2.0)).data) is float


def test_the_unit_matrix_is_pytorchs() -> None:
    for shape in [(3, 3), (2, 5), (5, 2), (0, 2)]:
        theirs = torch.nn.init.eye_(torch.empty(shape)).numpy()
        np.testing.assert_array_equal(init.eye_(nn.Parameter(np.zeros(shape))).data, theirs)


@pytest.mark.parametrize("shape", [(3, 3), (3, 5), (5, 3), (3, 2, 4), (9, 2, 4), (1, 1)], ids=str)
def test_orthogonal_rows_or_columns_have_the_length_of_the_gain(shape: tuple[int, ...]) -> None:
    def products(w: Any) -> Any:
        flat = w.reshape(shape[0], -1)
        return flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat

    w = init.orthogonal_(nn.Parameter(np.zeros(shape)), 1.5, rng=np.random.default_rng(0)).data
    theirs = torch.nn.init.orthogonal_(torch.empty(shape, dtype=torch.float64), 1.5).numpy()
    np.testing.assert_allclose(products(w), products(theirs), atol=1e-12)


def test_orthogonal_matrices_are_all_alike_likely() -> None:
    """Their first number has mean 0; without the signs of R it would always be negative."""
    rng = np.random.default_rng(0)
    first = [init.orthogonal_(nn.Parameter(np.zeros((2, 2))), rng=rng).data[0, 0] for _ in range(300)]
    assert abs(np.mean(first)) < 0.15


REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: init.uniform_(nn.Parameter(np.zeros(2)), 2.0, 1.0), ValueError, "uniform_: a is at most b, and 2.0"),
    (lambda: init.normal_(nn.Parameter(np.zeros(2)), std=-1.0), ValueError, "normal_: std is a number that is not neg"),
    (lambda: init.trunc_normal_(nn.Parameter(np.zeros(2)), a=3.0), ValueError, "trunc_normal_: a < b and std > 0 are"),
    (
        lambda: init.trunc_normal_(nn.Parameter(np.zeros(2)), std=0.0),
        ValueError,
        "trunc_normal_: a < b and std > 0 are",
    ),
    (lambda: init.eye_(nn.Parameter(np.zeros(2))), ValueError, r"eye_: a matrix is filled, .* shape \(2,\)"),
    (lambda: init.orthogonal_(nn.Parameter(np.zeros(2))), ValueError, "orthogonal_: it takes two or more axes"),
    (lambda: init.zeros_(np.zeros(2)), TypeError, r"zeros_: fill a weight, such as layer\.weight, not ndarray"),  # type: ignore[type-var]  # the mistake
]


@pytest.mark.parametrize(("fill", "kind", "message"), REFUSED, ids=[row[2][:20] for row in REFUSED])
def test_what_cannot_be_filled_so_is_refused_and_names_the_line(fill: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message) as error:
        fill()
    assert "\n  at test_nn_init.py:" in str(error.value)
