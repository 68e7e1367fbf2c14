"""Linear, Sequential, MLP, the scalar networks and the seeds: what they accept, what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import Value, tanh


def test_weights_are_float64_unless_said_otherwise_and_float32_stays_float32() -> None:
    x = np.ones((4, 2))
    assert nn.Linear(2, 3).weight.dtype == np.float64
    layer = nn.MLP(2, [3, 1], dtype=np.float32)
    z = layer(x.astype(np.float32))
    z.sum().backward()
    dtypes = [z.dtype, *(p.dtype for p in layer.parameters()), *(p.grad.dtype for p in layer.parameters())]
    assert dtypes == [np.float32] * 9


@pytest.mark.parametrize("x", [[1.0, 2.0], [[1, 2]], np.ones((4, 2)), np.ones((3, 4, 2)), Value([1.0, 2.0])], ids=repr)
def test_linear_takes_lists_arrays_and_values(x: Any) -> None:
    layer = nn.Linear(2, 3)
    data = x.data if isinstance(x, Value) else np.asarray(x)
    np.testing.assert_allclose(layer(x).data, data @ layer.weight.data.T + layer.bias.data, rtol=1e-14)


@pytest.mark.parametrize("x", [np.ones((4, 3)), np.ones(3), np.ones((4, 0)), 1.0, np.ones((2, 4)).T[:, :1]])
def test_linear_names_the_shape_it_got_and_the_length_it_needs(x: Any) -> None:
    with pytest.raises(ValueError, match=rf"input has shape \({', '.join(map(str, np.shape(x)))}.*must have length 2"):
        nn.Linear(2, 3)(x)


@pytest.mark.parametrize("sizes", [(0, 1), (1, 0), (-1, 2), (2.0, 1), (2, "1")])
def test_linear_refuses_sizes_that_are_no_positive_integers(sizes: Any) -> None:
    with pytest.raises(ValueError, match="features is a positive integer, not"):
        nn.Linear(*sizes)


def test_sequential_indexes_slices_and_iterates() -> None:
    layers = [nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)]
    model = nn.Sequential(*layers)
    assert len(model) == 3
    assert list(model) == layers
    assert model[-1] is layers[2]
    assert [*model[:2]] == layers[:2]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert nn.Sequential()(3.0) == 3.0


def test_sequential_subclasses_may_have_parameters_of_their_own() -> None:
    class Scaled(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(nn.Linear(2, 1))
            self.scale = nn.Parameter(1.0)

    assert list(Scaled().state_dict()) == ["0.weight", "0.bias", "scale"]


def test_sequential_refuses_what_is_no_module() -> None:
    with pytest.raises(TypeError, match=r"number 1 is tanh, not a module \(nn\.ReLU\(\), for instance, is one\)"):
        nn.Sequential(nn.Linear(2, 3), tanh)  # type: ignore[arg-type]  # the mistake


def test_an_mlp_has_micrograds_signature_and_activates_all_but_the_last_layer() -> None:
    model = nn.MLP(2, [16, 16, 1], activation=tanh)
    x = np.random.default_rng(0).normal(size=(5, 2))
    first, second, last = model.layers
    np.testing.assert_array_equal(model(x).data, last(tanh(second(tanh(first(x))))).data)
    assert sum(p.size for p in model.parameters()) == 337


@pytest.mark.parametrize("nouts", [[], 16, None])
def test_an_mlp_refuses_what_is_no_list_of_widths(nouts: Any) -> None:
    with pytest.raises(ValueError, match=r"nouts lists the width of every layer, such as \[16, 16, 1\]"):
        nn.MLP(2, nouts)
    with pytest.raises(ValueError, match=r"nouts lists the width of every layer, such as \[16, 16, 1\]"):
        nn.scalar.MLP(2, nouts)


# ---------------------------------------------------------------- one Value per weight


def test_a_scalar_mlp_is_the_tensor_mlp_of_the_same_weights() -> None:
    scalar, tensor = nn.scalar.MLP(2, [4, 3, 2]), nn.MLP(2, [4, 3, 2])
    for few, many in zip(tensor.layers, scalar.layers, strict=True):
        few.weight.data = np.array([[w.data for w in neuron.w] for neuron in many.neurons])
        few.bias.data = np.array([neuron.b.data for neuron in many.neurons])
    x = [0.5, -2.0]
    outputs, output = scalar(x), tensor(x)
    np.testing.assert_allclose([z.data for z in outputs], output.data, rtol=1e-13)
    (outputs[0] * 2 + outputs[1]).backward()
    (output * np.array([2.0, 1.0])).sum().backward()
    for few, many in zip(tensor.layers, scalar.layers, strict=True):
        np.testing.assert_allclose([[w.grad for w in n.w] for n in many.neurons], few.weight.grad, atol=1e-13)
        np.testing.assert_allclose([n.b.grad for n in many.neurons], few.bias.grad, atol=1e-13)


def test_a_neuron_has_micrograds_structure_node_by_node() -> None:
    neuron = nn.scalar.Neuron(2)
    x = [Value(1.0), Value(-2.0)]
    z = neuron(x)
    assert z.op.name == "relu"
    total = z.inputs[0]
    assert [node.op.name for node in (total, total.inputs[0], total.inputs[1])] == ["add", "add", "mul"]
    assert total.inputs[0].inputs[0] is neuron.b
    assert total.inputs[1].inputs == (neuron.w[1], x[1])
    assert nn.scalar.Neuron(2, nonlin=False)(x).op.name == "add"


def test_scalar_weights_start_between_minus_1_and_1_and_biases_at_0() -> None:
    model = nn.scalar.MLP(2, [16, 16, 1], rng=np.random.default_rng(0))
    weights = [w.data for layer in model.layers for neuron in layer.neurons for w in neuron.w]
    assert {type(w) for w in weights} == {float}
    assert -1 <= min(weights) < -0.9
    assert 0.9 < max(weights) <= 1
    assert {neuron.b.data for layer in model.layers for neuron in layer.neurons} == {0.0}
    assert [p.label for p in model.layers[0].neurons[0].parameters()] == ["w0", "w1", "b"]


def test_a_layer_of_one_neuron_gives_its_output_itself() -> None:
    assert isinstance(nn.scalar.Layer(2, 1)([1.0, 2.0]), Value)
    assert len(nn.scalar.Layer(2, 3)([1.0, 2.0])) == 3


@pytest.mark.parametrize(
    ("x", "got"),
    [
        *[([1.0], "1"), ([1.0, 2.0, 3.0], "3"), (1.0, r"1\.0")],
        *[([[0.0, 1.0]] * n, f"a list of {n} samples") for n in (2, 3)],
        *[(np.ones(shape), rf"an array of shape \({shape[0]}, 2\)") for shape in ((100, 2), (2, 2))],
    ],
)
def test_a_neuron_refuses_an_input_of_another_length(x: Any, got: str) -> None:
    with pytest.raises(
        ValueError,
        match=rf"a sequence of 2 numbers, and got {got};.*\n  at test_nn_layers.*\n  in layers\.0\.neurons\.0 \(Neuron",
    ):
        nn.scalar.MLP(2, [3, 1])(x)


def test_a_neuron_without_inputs_is_its_bias() -> None:
    assert nn.scalar.Neuron(0)([]).data == 0.0


# ---------------------------------------------------------------- seeds


@pytest.mark.parametrize(
    "make",
    [lambda **o: nn.Linear(3, 2, **o), lambda **o: nn.MLP(2, [3, 1], **o), lambda **o: nn.scalar.MLP(2, [3, 1], **o)],
)
def test_the_same_seed_gives_the_same_weights(make: Any) -> None:
    def weights(**options: Any) -> list[Any]:
        return [array.tolist() for array in make(**options).state_dict().values()]

    nn.manual_seed(1)
    first, second = weights(), weights()
    nn.manual_seed(1)
    assert weights() == first
    assert second != first
    assert weights(rng=np.random.default_rng(7)) == weights(rng=np.random.default_rng(7)) != first


def test_a_seed_in_place_of_a_generator_is_refused() -> None:
    with pytest.raises(TypeError, match=r"such as np\.random\.default_rng\(0\), not int"):
        nn.Linear(2, 1, rng=0)  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize(
    "fill", [nn.init.kaiming_uniform_, nn.init.kaiming_normal_, nn.init.xavier_uniform_, nn.init.xavier_normal_]
)
def test_an_initialiser_keeps_shape_and_dtype_and_returns_the_parameter(fill: Any) -> None:
    parameter = nn.Parameter(np.zeros((3, 4), np.float32))
    assert fill(parameter) is parameter
    assert (parameter.shape, parameter.dtype) == ((3, 4), np.float32)
    assert parameter.data.all()
    for shape in [(), (3,), (3, 0)]:
        with pytest.raises(ValueError, match=rf"^{fill.__name__}: a fan needs a weight of shape \(fan_out, fan_in"):
            fill(nn.Parameter(np.zeros(shape)))


def test_an_unknown_mode_or_nonlinearity_is_refused() -> None:
    with pytest.raises(ValueError, match="mode is 'fan_in' or 'fan_out', not 'fan_sum'"):
        nn.init.kaiming_normal_(nn.Parameter(np.zeros((3, 4))), mode="fan_sum")
    with pytest.raises(ValueError, match="'swish' is unknown; there are conv1d"):
        nn.init.calculate_gain("swish")
