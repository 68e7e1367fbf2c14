"""Module: what it finds, how it saves and loads, what it shows, and what its errors say."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import Value, relu


class Everywhere(nn.Module):
    """Parameters and modules in every place where they are looked for."""

    def __init__(self) -> None:
        self.last = nn.Parameter(1.0)
        self.rows = [nn.Parameter([1.0, 2.0]), (nn.Linear(2, 3), {"a": nn.Linear(3, 1, bias=False)})]
        self.table = {"x": nn.Parameter(2.0), 7: [nn.Parameter(3.0)]}
        self.constant = Value(5.0)
        self.numbers = [1, 2.0, "three", None]
        self.first = nn.Parameter(4.0)


NAMES = ["last", "rows.0", "rows.1.0.weight", "rows.1.0.bias", "rows.1.1.a.weight", "table.x", "table.7.0", "first"]


def test_parameters_are_found_in_attributes_lists_tuples_and_dicts_in_order_of_assignment() -> None:
    model = Everywhere()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert list(map(id, model.parameters())) == [id(parameter) for _, parameter in model.named_parameters()]
    assert model.parameters()[2] is model.rows[1][0].weight


def test_modules_are_found_likewise() -> None:
    model = Everywhere()
    assert [name for name, _ in model.named_modules()] == ["", "rows.1.0", "rows.1.1.a"]
    assert next(model.modules()) is model
    assert [name for name, _ in nn.Sequential(model, nn.ReLU()).named_children()] == ["0", "1"]


def test_a_plain_value_is_not_a_parameter() -> None:
    assert all(parameter is not model.constant for model in [Everywhere()] for parameter in model.parameters())


def test_a_parameter_is_a_value_of_its_own_class_without_a_dict() -> None:
    parameter = nn.Parameter([1.0, 2.0], label="w")
    assert isinstance(parameter, Value)
    assert not hasattr(parameter, "__dict__")
    assert type(parameter * 2) is Value


class Tied(nn.Module):
    def __init__(self) -> None:
        self.encode = nn.Linear(2, 2, bias=False)
        self.decode = nn.Linear(2, 2, bias=False)
        self.decode.weight = self.encode.weight
        self.again = self.encode


def test_a_shared_parameter_is_listed_once_and_saved_under_each_name() -> None:
    model = Tied()
    assert [name for name, _ in model.named_parameters()] == ["encode.weight"]
    assert list(model.state_dict()) == ["encode.weight", "decode.weight"]  # PyTorch saves both
    model.load_state_dict(model.state_dict())
    assert model.decode.weight is model.encode.weight


class Child(nn.Module):
    def __init__(self, parent: nn.Module) -> None:
        self.parent = parent
        self.w = nn.Parameter(1.0)


class Parent(nn.Module):
    def __init__(self, n: int) -> None:
        self.children = [Child(self) for _ in range(n)]
        for child in self.children:
            child.siblings = self.children


def test_modules_that_refer_to_one_another_do_not_hang() -> None:
    model = Parent(12)  # as many paths as 12! if each were followed
    assert len(model.parameters()) == 12
    assert len(list(model.modules())) == 13
    assert len(model.state_dict()) == 12


def test_a_list_that_contains_itself_does_not_hang() -> None:
    model = nn.Module()
    model.items: list[Any] = [nn.Parameter(1.0)]
    model.items.append(model.items)
    assert len(model.parameters()) == 1


def test_a_cycle_can_be_printed() -> None:
    assert "Parent(...)" in repr(Parent(1))


def test_zero_grad_forgets_every_gradient() -> None:
    model = nn.MLP(2, [3, 1])
    model(np.ones((4, 2))).sum().backward()
    assert all(parameter.has_grad for parameter in model.parameters())
    model.zero_grad()
    assert not any(parameter.has_grad for parameter in model.parameters())


def test_train_and_eval_reach_every_module_and_return_the_model() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU()))
    assert model.training
    assert model.eval() is model
    assert [module.training for module in model.modules()] == [False] * 4
    assert model.train() is model
    assert [module.training for module in model.modules()] == [True] * 4


def test_a_module_without_forward_says_so() -> None:
    class Lazy(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r"Lazy has no forward: define forward\(self, x\)"):
        Lazy()(1.0)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_model_can_be_copied_and_pickled(duplicate: Any) -> None:
    model = nn.MLP(2, [3, 1])
    twin = duplicate(model)
    x = np.ones((4, 2))
    np.testing.assert_array_equal(twin(x).data, model(x).data)
    assert twin.layers[0].weight is not model.layers[0].weight


def test_a_dropped_model_is_freed_at_once() -> None:
    gc.disable()
    try:
        model = nn.MLP(2, [3, 1])
        loss = model(np.ones((4, 2))).sum()
        loss.backward()
        gone = weakref.ref(model)
        del model, loss
        assert gone() is None
    finally:
        gc.enable()


# ---------------------------------------------------------------- saving and loading


def everything(model: nn.Module) -> list[Any]:
    return [
        (name, p.data if type(p.data) is float else (p.data.tolist(), p.dtype), p.has_grad, np.asarray(p.grad).tolist())
        for name, p in model.named_parameters()
    ]


def test_a_state_dict_holds_copies_as_plain_arrays() -> None:
    model = Everywhere()
    state = model.state_dict()
    assert list(state) == NAMES
    assert {type(array) for array in state.values()} == {np.ndarray}
    before = everything(model)
    for array in state.values():
        array[...] = 99
    assert everything(model) == before


def test_what_is_saved_can_be_loaded_even_through_a_file(tmp_path: Any) -> None:
    model, other = Everywhere(), Everywhere()
    np.savez(tmp_path / "state.npz", **model.state_dict())
    with np.load(tmp_path / "state.npz") as state:
        assert other.load_state_dict(state) is None
    assert everything(other) == everything(model)
    assert type(other.first.data) is float


def test_loading_copies_and_keeps_the_dtype_of_the_parameter() -> None:
    model = nn.Linear(2, 1, dtype=np.float32)
    state = {"weight": np.array([[1, 2]]), "bias": np.array([0.5])}
    model.load_state_dict(state)
    state["weight"][...] = 99
    assert (model.weight.dtype, model.weight.data.tolist()) == (np.float32, [[1.0, 2.0]])
    assert model.bias.data.tolist() == [0.5]


def spoil(**changes: Any) -> dict[str, Any]:
    state: dict[str, Any] = {
        **nn.MLP(2, [3, 1]).state_dict(),
        **{name.replace("_", "."): x for name, x in changes.items()},
    }
    return {name: array for name, array in state.items() if array is not None}


BAD = [
    (spoil(layers_0_weight=None), r"layers\.0\.weight: missing; the parameter has shape \(3, 2\)"),
    (spoil(layers_9_weight=np.ones(1)), r"layers\.9\.weight: unexpected"),
    (spoil(layers_1_bias=np.ones((1, 1))), r"layers\.1\.bias: shape \(1, 1\); the parameter has shape \(1,\)"),
    (spoil(layers_1_bias=np.ones(1, complex)), r"layers\.1\.bias: dtype complex128"),
    (spoil(layers_1_bias=np.array(["x"])), r"layers\.1\.bias: dtype <U1"),
    (spoil(layers_1_bias=np.array([None])), r"layers\.1\.bias: dtype object"),
    (spoil(layers_1_bias=[[1.0], [1.0, 2.0]]), r"layers\.1\.bias: .*inhomogeneous"),
    (nn.MLP(2, [4, 1]).state_dict(), r"layers\.0\.weight: shape \(4, 2\); the parameter has shape \(3, 2\)"),
    (nn.Linear(2, 3).state_dict(), r"weight: unexpected"),
    ({}, r"layers\.1\.bias: missing"),
]


@pytest.mark.parametrize(("state", "message"), BAD, ids=[message[:30] for _, message in BAD])
def test_the_state_of_another_net_is_refused_and_changes_nothing(state: dict[str, Any], message: str) -> None:
    model = nn.MLP(2, [3, 1])
    model(np.ones((4, 2))).sum().backward()
    before = everything(model)
    with pytest.raises(ValueError, match=message) as error:
        model.load_state_dict(state)
    assert "nothing was loaded" in str(error.value)
    assert everything(model) == before


def test_all_problems_are_reported_at_once() -> None:
    state = spoil(layers_0_weight=None, layers_0_bias=np.ones(9), layers_1_bias=np.ones(1, complex), more=np.ones(1))
    with pytest.raises(ValueError, match="nothing was loaded") as error:
        nn.MLP(2, [3, 1]).load_state_dict(state)
    problems = [line.strip().split(":")[0] for line in str(error.value).splitlines()[1:]]
    assert problems == ["layers.0.weight", "layers.0.bias", "layers.1.bias", "more", "at test_nn_module.py"]


def test_not_strict_lets_missing_and_unexpected_entries_pass_but_no_misshapen_ones() -> None:
    model = nn.Linear(2, 1)
    weight = model.weight.data.copy()
    model.load_state_dict({"bias": [7.0], "more": 1.0}, strict=False)
    assert model.bias.data.tolist() == [7.0]
    np.testing.assert_array_equal(model.weight.data, weight)
    with pytest.raises(ValueError, match="bias: shape"):
        model.load_state_dict({"bias": 8.0}, strict=False)
    assert model.bias.data.tolist() == [7.0]


def test_a_model_is_not_a_state_dict() -> None:
    with pytest.raises(TypeError, match=r"this is Linear \(give model\.state_dict\(\)\)"):
        nn.Linear(2, 1).load_state_dict(nn.Linear(2, 1))  # type: ignore[arg-type]  # the mistake


def test_two_parameters_of_one_name_cannot_be_saved() -> None:
    model = nn.Module()
    model.table = {1: nn.Parameter(1.0), "1": nn.Parameter(2.0)}
    with pytest.raises(ValueError, match=r"two parameters are called table\.1"):
        model.state_dict()


# ---------------------------------------------------------------- what it shows


def test_the_repr_is_a_tree_with_counts() -> None:
    model = nn.Sequential(nn.MLP(2, [16, 1]), nn.LeakyReLU(0.1), nn.Linear(1, 1000, bias=False))
    assert repr(model).splitlines() == [
        "Sequential(                           1,065 parameters",
        "  (0): MLP(                              65",
        "    (layers.0): Linear(2 -> 16)          48",
        "    (layers.1): Linear(16 -> 1)          17",
        "  )",
        "  (1): LeakyReLU(negative_slope=0.1)",
        "  (2): Linear(1 -> 1000, bias=False)  1,000",
        ")",
    ]


def test_neighbours_that_look_the_same_share_a_line() -> None:
    assert repr(nn.scalar.MLP(2, [16, 1])).splitlines() == [
        "MLP(                                           65 parameters",
        "  (layers.0): Layer(                           48",
        "    (neurons.0-15): 16 x Neuron(2 -> 1, relu)  48",
        "  )",
        "  (layers.1): Layer(                           17",
        "    (neurons.0): Neuron(16 -> 1)               17",
        "  )",
        ")",
    ]


def test_a_shared_parameter_is_counted_once_in_the_total() -> None:
    assert repr(Tied()).splitlines()[0].endswith(" 4 parameters")


def test_a_leaf_is_one_line() -> None:
    assert repr(nn.ReLU()) == "ReLU()"
    assert repr(nn.Linear(3, 2)) == "Linear(3 -> 2)  8 parameters"


# ---------------------------------------------------------------- errors name the module


def message_of(module: nn.Module, x: Any) -> str:
    with pytest.raises(ValueError) as error:  # noqa: PT011  # the callers look at the message
        module(x)
    return str(error.value)


def test_an_error_ends_with_the_innermost_module_by_its_path_from_the_outermost() -> None:
    model = nn.MLP(2, [16, 1])
    model.layers[1] = nn.Linear(15, 1)
    message = message_of(nn.Sequential(nn.Identity(), model), np.ones((3, 2)))
    assert message.endswith("\n  in 1.layers.1 (Linear 15 -> 1)")
    assert message.count("\n  in ") == 1


def test_an_error_of_the_outermost_module_itself_has_no_path() -> None:
    assert message_of(nn.Linear(2, 1), np.ones((3, 5))).endswith("\n  in Linear 2 -> 1")


class Adds(nn.Module):
    def __init__(self) -> None:
        self.w = nn.Parameter(np.ones(3))

    def forward(self, x: Any) -> Value:
        return self.w + x


def test_an_error_of_an_op_keeps_its_kind_its_message_and_the_users_line() -> None:
    message = message_of(nn.Sequential(Adds()), np.ones(4))
    assert message.startswith("add of (3,) and (4,): ")
    assert "\n  at test_nn_module.py:" in message
    assert "return self.w + x" in message
    assert message.endswith("\n  in 0 (Adds)")


def test_an_error_that_passes_a_second_time_is_named_anew() -> None:
    inner = nn.Sequential(Adds())
    assert message_of(inner, np.ones(4)).endswith("in 0 (Adds)")
    assert message_of(nn.Sequential(nn.ReLU(), inner), np.ones(4)).endswith("in 1.0 (Adds)")


class Raises(nn.Module):
    def __init__(self, error: Exception) -> None:
        self.error = error

    def forward(self, x: Any) -> Value:
        raise self.error


@pytest.mark.parametrize("error", [KeyError("weight"), OSError(2, "No such file"), ValueError(), StopIteration(3)])
def test_an_error_that_carries_no_message_is_left_alone(error: Exception) -> None:
    args = error.args
    with pytest.raises(type(error)) as raised:
        nn.Sequential(Raises(error))(1.0)
    assert raised.value is error
    assert error.args == args


def test_a_module_that_is_not_registered_is_still_named() -> None:
    hidden = Adds()

    class Outer(nn.Module):
        def forward(self, x: Any) -> Value:
            return hidden(x)

    assert message_of(Outer(), np.ones(4)).endswith("in Adds")


def test_activations_may_be_functions_or_modules() -> None:
    x = np.random.default_rng(0).normal(size=(4, 2))
    model = nn.MLP(2, [3, 1], activation=relu)
    expected = model(x).data
    model.activation = nn.ReLU()
    np.testing.assert_array_equal(model(x).data, expected)
    assert len(model.parameters()) == 4


def test_a_parameter_is_not_overwritten_by_what_would_not_be_trained() -> None:
    layer = nn.Linear(2, 2)
    with pytest.raises(TypeError, match=r"Linear\.weight is a parameter, and a ndarray in its place"):
        layer.weight = np.zeros((2, 2))
    assert len(layer.parameters()) == 2
    layer.bias = None
    assert len(layer.parameters()) == 1
