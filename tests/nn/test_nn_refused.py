"""What the layers refuse: one sentence each, which names the layer, when it is made or when it is called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import Value

MADE: list[Any] = [
    (lambda: nn.Conv2d(3, 4, 0), "Conv2d: kernel_size is a positive integer, not 0"),
    (lambda: nn.Conv2d(3, 4, (3, 3, 3)), r"Conv2d: kernel_size is a number or 2 of them, not \(3, 3, 3\)"),
    (lambda: nn.Conv1d(3, 4, 3, 2, "same"), "Conv1d: padding='same' needs stride 1, not 2; give the padding in"),
    (lambda: nn.Conv2d(3, 4, 3, (1, 2), "same"), r"Conv2d: padding='same' needs stride 1, not \(1, 2\)"),
    (lambda: nn.Conv2d(3, 4, 3, padding="full"), "Conv2d: padding is 'same', 'valid' or whole numbers, not 'full'"),
    (lambda: nn.Conv1d(0, 4, 3), "Conv1d: in_channels is a positive integer, not 0"),
    (lambda: nn.Conv2d(3, 4, 3, groups=2), "Conv2d: groups=2 must divide in_channels=3 and out_channels=4"),
    (lambda: nn.Embedding(4, 2, padding_idx=4), "Embedding: padding_idx 4 is none of the 4 rows"),
    (lambda: nn.Embedding(4, 2.0), "Embedding: embedding_dim is a positive integer, not 2.0"),
    (lambda: nn.BatchNorm1d(True), "BatchNorm1d: num_features is a positive integer, not True"),
    (lambda: nn.GroupNorm(3, 4), "GroupNorm: num_groups=3 must divide num_channels=4"),
    (lambda: nn.ConvTranspose2d(3, 4, 3, padding="same"), "ConvTranspose2d: padding is whole numbers, not 'same'"),
    (lambda: nn.LayerNorm(()), "LayerNorm: normalized_shape names the last axes, at least one"),
    (lambda: nn.RMSNorm((3, -1)), "RMSNorm: normalized_shape is a positive integer, not -1"),
    (lambda: nn.MultiheadAttention(6, 4), "MultiheadAttention: num_heads=4 must divide embed_dim=6"),
    (lambda: nn.MultiheadAttention(6, 0), "MultiheadAttention: num_heads is a positive integer, not 0"),
    (lambda: nn.TransformerBlock(6, 4), "MultiheadAttention: num_heads=4 must divide embed_dim=6"),
    (lambda: nn.GRU(3, 0), "GRU: hidden_size is a positive integer, not 0"),
    (lambda: nn.LSTM(3, 4, dropout=-0.5), "Dropout: p is a probability between 0 and 1, not -0.5"),
    (lambda: nn.RNN(3, 4, nonlinearity="sigmoid"), "RNN: nonlinearity is 'tanh' or 'relu', not 'sigmoid'"),
    (lambda: nn.PReLU(0), "PReLU: num_parameters is a positive integer, not 0"),
    (lambda: nn.Hardtanh(1.0, -1.0), "Hardtanh: min_val 1.0 must be less than max_val -1.0"),
    (lambda: nn.CELU(0.0), "CELU: alpha is a positive number, not 0.0"),
    (lambda: nn.Hardshrink(-0.5), "Hardshrink: lambd is a number that is not negative, not -0.5"),
    (lambda: nn.Softshrink(float("nan")), "Softshrink: lambd is a number that is not negative, not nan"),
    (lambda: nn.PositionalEmbedding(0, 4), "PositionalEmbedding: max_len is a positive integer, not 0"),
    (lambda: nn.SinusoidalEncoding(4, 0), "SinusoidalEncoding: embedding_dim is a positive integer, not 0"),
]


@pytest.mark.parametrize(("make", "message"), MADE, ids=[message[:40] for _, message in MADE])
def test_a_layer_that_cannot_be_is_not_made(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}") as error:
        make()
    assert "\n  at test_nn_refused.py:" in str(error.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: nn.MLP(2, [2, 1], activation="tanh"),
            "MLP: activation .* not 'tanh'; give one itself, such as",
        ),
        (lambda: nn.MLP(2, [2, 1], activation=nn.Tanh), r"MLP: activation .*, such as nn.Tanh\(\)"),
        (lambda: nn.MLP(2, [2, 1], activation=None), "MLP: activation is a function, not None"),
        (
            lambda: nn.TransformerBlock(4, 2, activation="gelu"),
            "TransformerBlock: activation .*, not 'gelu'",
        ),
    ],
)
def test_an_activation_that_is_no_function_is_refused_when_the_layer_is_made(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^{message}") as error:
        make()
    assert "test_nn_refused.py" in str(error.value)


def test_an_option_that_is_no_number_is_refused_when_the_layer_is_made() -> None:
    with pytest.raises(TypeError, match=r"^CELU: alpha is a number, not 'a'\n  at test_nn_refused\.py:"):
        nn.CELU("a")  # type: ignore[arg-type]  # the mistake


ATTENTION = nn.MultiheadAttention(6, 2)
X = np.ones((4, 3, 6))
CALLED: list[Any] = [
    (nn.Conv2d(3, 4, 3), (np.ones((2, 2, 5, 5)),), r"the input has 2 channels, the weight is for 3"),
    (nn.Conv2d(3, 4, 3), (np.ones((2, 3, 2, 5)),), r"window of \(3, 3\) is larger than the image"),
    (nn.Conv2d(3, 4, 3), (np.ones((3, 5)),), r"the input has shape \(N, C, H, W\) or \(C, H, W\)"),
    (nn.MaxPool2d(3), (np.ones((1, 2, 2)),), r"larger than the image"),
    (nn.MaxPool2d(0), (np.ones((1, 2, 2)),), r"kernel_size is a whole number of at least 1"),
    (nn.BatchNorm1d(3), (np.ones((5, 4)),), r"has shape \(5, 4\); expected is \(N, C\) or \(N, C, L\) with C = 3"),
    (nn.BatchNorm2d(3), (np.ones((5, 3)),), r"has shape \(5, 3\); expected is \(N, C, H, W\) with C = 3"),
    (nn.GroupNorm(2, 4), (np.ones((5, 3)),), r"has shape \(5, 3\); expected is \(N, C, ...\) with C = 4"),
    (nn.LayerNorm((2, 3)), (np.ones((3, 2)),), r"has shape \(3, 2\); its last axes must be \(2, 3\)"),
    (nn.RMSNorm(3), (np.ones(()),), r"has shape \(\); its last axes must be \(3,\)"),
    (nn.Embedding(4, 2), ([0, 4],), r"index 4 is out of range; there are 4 rows"),
    (nn.Embedding(4, 2), ([-1],), r"index -1 is out of range"),
    (nn.Embedding(4, 2), ([0.5],), r"indices are whole numbers, not float64"),
    (nn.Flatten(3), (np.ones((2, 3)),), r"shape \(2, 3\) does not have axes 3 to -1"),
    (nn.Flatten(2, 1), (np.ones((2, 3, 4)),), r"start_dim 2 comes after end_dim 1"),
    (nn.RNN(3, 4), (np.ones((5, 2, 4)),), r"has shape \(5, 2, 4\); expected is \(L, N, H\) or \(L, H\) with H = input"),
    (nn.GRU(3, 4), (np.ones((0, 2, 3)),), r"nothing of length 0"),
    (nn.GRU(3, 4), (np.ones((5, 2, 3)), np.ones((1, 2, 5))), r"h_0 has shape \(1, 2, 5\); expected is \(1, 2, 4\)"),
    (nn.LSTM(3, 4), (np.ones((5, 2, 3)), np.ones((1, 2, 4))), r"the state is a pair \(h_0, c_0\)"),
    (nn.LSTM(3, 4), (np.ones((5, 3)), (np.ones((1, 4)), np.ones((2, 4)))), r"c_0 has shape \(2, 4\)"),
    (ATTENTION, (X, X[:, :2], X[:, :2]), r"\(4, 3, 6\), \(4, 2, 6\) and \(4, 2, 6\); expected are \(L, N, E\)"),
    (ATTENTION, (X, X, X[:2]), r"key and value alike"),
    (ATTENTION, (X[..., :5], X, X), r"with E = 6"),
    (
        ATTENTION,
        (X, X, X, None, True, np.ones((3, 4))),
        r"attn_mask has shape \(3, 4\); expected is \(L, S\) = \(4, 4\)",
    ),
    (ATTENTION, (X, X, X, np.ones((4, 3))), r"key_padding_mask has shape \(4, 3\); expected is \(N, S\) = \(3, 4\)"),
    (ATTENTION, (X, X, X, None, True, np.ones((4, 4), int)), r"a mask is made of booleans or of floats"),
    (nn.SinusoidalEncoding(2, 6), (X,), r"expected is \(\.\.\., L, 6\) with L up to max_len = 2"),
    (nn.PReLU(3), (np.ones((2, 4)),), r"has shape \(2, 4\); its second axis must have length 3"),
    (nn.GLU(), (np.ones(3),), r"split"),
]


@pytest.mark.parametrize(("layer", "inputs", "message"), CALLED, ids=[row[2][:40] for row in CALLED])
@pytest.mark.parametrize("carrier", [np.asarray, Value])
def test_an_input_that_does_not_fit_is_named_with_its_shape_and_the_layer(
    layer: nn.Module, inputs: Any, message: str, carrier: Any
) -> None:
    first = inputs[0] if isinstance(layer, nn.Embedding) else carrier(inputs[0])
    with pytest.raises((ValueError, TypeError, IndexError), match=message) as error:
        nn.Sequential(layer)[0](first, *inputs[1:])
    lines = str(error.value).split("\n")
    assert any(line.startswith("  at test_nn_refused.py:") for line in lines)
    assert lines[-1].startswith(f"  in {type(layer).__name__}")


def test_what_is_filled_with_random_weights_is_a_weight_and_neither_an_array_nor_a_layer() -> None:
    for fill in (nn.init.xavier_uniform_, nn.init.kaiming_normal_):
        for given in (np.ones((2, 2)), nn.Linear(2, 2)):
            with pytest.raises(TypeError, match=r"fill a weight, such as layer\.weight, not ") as error:
                fill(given)
            assert "\n  at test_nn_refused.py:" in str(error.value)


def test_a_refused_batch_leaves_the_running_statistics_alone() -> None:
    layer = nn.BatchNorm1d(2)
    for x in (np.ones((1, 2)), np.ones((3, 4))):
        with pytest.raises(ValueError, match="BatchNorm1d"):
            layer(x)
    assert layer.num_batches_tracked.data == 0
    assert layer.running_mean.data.tolist() == [0.0, 0.0]


CUT: dict[str, Any] = {
    "delta": lambda p: nn.huber_loss(Value([1.0]), [3.0], delta=p),
    "beta": lambda p: nn.smooth_l1_loss(Value([1.0]), [3.0], beta=p),
    "min_val": lambda p: nn.Hardtanh(-p, 9.0),
    "max_val": lambda p: nn.Hardtanh(-9.0, p),
    "threshold": lambda p: nn.Threshold(p, 0.0),
    "value": lambda p: nn.Threshold(0.1, p),
    "lambd": lambda p: nn.Softshrink(p),
    "eps": lambda p: nn.LayerNorm(3, eps=p),
    "momentum": lambda p: nn.BatchNorm1d(3, momentum=p),
}


@pytest.mark.parametrize("name", CUT)
def test_a_value_by_which_nothing_is_differentiated_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=f"there is no derivative by {name}; give a plain number") as error:
        CUT[name](Value(0.7))
    assert "\n  at test_nn_refused.py:" in str(error.value)
    CUT[name](np.float64(0.7))
