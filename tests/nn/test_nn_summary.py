"""summary: a table of what each layer makes of an input, and a model that is afterwards what it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nn


class Model(nn.Module):
    def __init__(self) -> None:
        self.embed = nn.Embedding(7, 6)
        self.blocks = [nn.LSTM(6, 6), nn.Dropout(0.5)]
        self.head = nn.Linear(6, 7, bias=False)

    def forward(self, x: Any) -> Any:
        z, _ = self.blocks[0](self.embed(x))
        return self.head(self.head(self.blocks[1](z))[..., :6])


def test_each_layer_has_a_row_with_its_shape_and_its_parameters() -> None:
    table = nn.summary(Model(), np.zeros((4, 2), int))
    assert str(table).splitlines() == [
        "layer                               output shape                     parameters",
        "-------------------------------------------------------------------------------",
        "Model                               (4, 2, 7)                               420",
        "  embed: Embedding(7 -> 6)          (4, 2, 6)                                42",
        "  blocks.0: LSTM(6 -> 6)            (4, 2, 6), (1, 2, 6), (1, 2, 6)         336",
        "  blocks.1: Dropout(p=0.5)          (4, 2, 6)                                 -",
        "  head: Linear(6 -> 7, bias=False)  (4, 2, 7)                                42",
        "420 parameters",
    ]
    shapes = {row.path: row.shape for row in table.rows}
    assert shapes["blocks.0"] == [(4, 2, 6), [(1, 2, 6), (1, 2, 6)]]
    assert shapes["head"] == (4, 2, 7)
    assert {row.path: row.parameters for row in table.rows}["head"] == 42
    assert (table.parameters, table.trained) == (420, 420)


def test_parameters_that_are_frozen_are_counted_apart() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    for parameter in model[0].parameters():
        parameter.requires_grad = False
    assert str(nn.summary(model, np.ones((1, 2)))).endswith("13 parameters, 4 of them trained")


def test_the_model_is_afterwards_what_it_was() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5).eval(), nn.Linear(2, 1))
    before = {name: array.copy() for name, array in model.state_dict().items()}
    attributes = [set(vars(module)) - {"training"} for module in model.modules()]
    nn.summary(model, np.random.default_rng(0).normal(size=(5, 2)))
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert [set(vars(module)) - {"training"} for module in model.modules()] == attributes
    assert not any(p.has_grad for p in model.parameters())


def test_an_error_names_the_layer_and_leaves_the_model_alone() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1))
    with pytest.raises(ValueError, match=r"in 1 \(Linear 4 -> 1\)"):
        nn.summary(model, np.ones((5, 2)))
    assert all("forward" not in vars(module) for module in model.modules())
    assert all(module.training for module in model.modules())


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(TypeError, match=r"summary: this is function, not a module; call summary\(model, input\)"):
        nn.summary(network_as_a_function, np.ones(2))  # type: ignore[arg-type]  # the mistake


def network_as_a_function(x: Any) -> Any:
    return x
