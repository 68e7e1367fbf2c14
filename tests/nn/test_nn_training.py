"""Layers that act differently while they train, buffers, and all of the layers in jitted functions."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import Value
from autograd_mini.compiler.jit import jit

RNG = np.random.default_rng(0)

# ---------------------------------------------------------------- dropout


@pytest.mark.parametrize("p", [0.0, 0.3, 0.9])
def test_dropout_zeroes_a_part_and_keeps_the_mean(p: float) -> None:
    layer, x = nn.Dropout(p, rng=np.random.default_rng(0)), Value(np.ones((200, 300)))
    z = layer(x)
    assert np.unique(z.data).tolist() == ([1.0] if p == 0 else [0.0, 1 / (1 - p)])
    assert (z.data == 0).mean() == pytest.approx(p, abs=0.01)
    assert z.data.mean() == pytest.approx(1, abs=0.03)
    z.sum().backward()
    np.testing.assert_array_equal(x.grad, z.data)  # the mask of the forward pass is that of the backward pass


def test_dropout_of_everything_is_zero_and_finite() -> None:
    x = Value(np.ones(5))
    z = nn.Dropout(1.0)(x)
    z.sum().backward()
    assert z.data.tolist() == x.grad.tolist() == [0.0] * 5


def test_every_call_draws_another_mask_and_a_seed_repeats_them() -> None:
    layer, x = nn.Dropout(0.5), np.ones(50)

    def masks() -> list[Any]:
        nn.manual_seed(1)
        return [layer(x).data.tolist() for _ in range(2)]

    first, second = masks()
    assert first != second
    assert masks() == [first, second]


def test_after_eval_dropout_is_the_input_itself() -> None:
    layer, x = nn.Dropout(0.5).eval(), Value(np.ones(5))
    assert layer(x) is x


@pytest.mark.parametrize("x", [2.0, Value(2.0), np.float32(2.0), np.ones(4, np.float32), [1, 2]], ids=repr)
def test_dropout_keeps_the_form_of_its_input(x: Any) -> None:
    z = nn.Dropout(0.5)(x)
    data = x.data if isinstance(x, Value) else np.asarray(x)
    expected = np.float32 if getattr(data, "dtype", None) == np.float32 else np.float64
    assert (z.shape, z.dtype) == (np.shape(data), expected)


@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan, "0.5", None])
def test_dropout_takes_a_probability(p: Any) -> None:
    with pytest.raises(ValueError, match="Dropout: p is a probability between 0 and 1, not"):
        nn.Dropout(p)


# ---------------------------------------------------------------- buffers


def test_a_buffer_is_saved_and_not_trained() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            self.w = nn.Parameter(2.0)
            self.register_buffer("scale", [1.0, 2.0])
            self.nested = [nn.BatchNorm1d(3)]
            self.register_buffer("nothing", None)

    model = Model()
    assert [name for name, _ in model.named_parameters()] == ["w", "nested.0.weight", "nested.0.bias"]
    statistics = ["nested.0.running_mean", "nested.0.running_var", "nested.0.num_batches_tracked"]
    assert [name for name, _ in model.named_buffers()] == ["scale", *statistics]
    assert list(model.state_dict()) == ["w", "scale", "nested.0.weight", "nested.0.bias", *statistics]
    assert model.buffers()[0] is model.scale
    assert not (model.w * model.scale).sum().inputs[0].inputs[1].requires_grad
    assert model.nothing is None


def test_a_buffer_is_not_overwritten_by_what_would_not_be_saved() -> None:
    layer = nn.BatchNorm1d(2)
    with pytest.raises(TypeError, match=r"running_mean is a buffer, and a ndarray in its place would not be saved"):
        layer.running_mean = np.zeros(2)
    layer.running_mean.data = np.ones(2)
    assert layer.state_dict()["running_mean"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_has_buffers_of_its_own(duplicate: Any) -> None:
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5, rng=np.random.default_rng(0)))
    twin = duplicate(model)
    twin(RNG.normal(size=(4, 2)))
    assert (model[0].num_batches_tracked.data, twin[0].num_batches_tracked.data) == (0, 1)
    assert isinstance(twin[0].running_mean, nn.Buffer)
    assert not twin[0].running_mean.requires_grad


def test_one_value_for_a_feature_has_no_variance_and_is_refused_in_training() -> None:
    with pytest.raises(
        ValueError, match=r"BatchNorm1d: in training .* shape \(1, 2\) has 1; .*\n.*\n  in BatchNorm1d 2"
    ):
        nn.BatchNorm1d(2)(np.ones((1, 2)))
    assert nn.BatchNorm1d(2).eval()(np.ones((1, 2))).shape == (1, 2)
    with pytest.raises(ValueError, match=r"has 1; take a larger batch, or track_running_stats and eval\(\)"):
        nn.BatchNorm1d(2, track_running_stats=False).eval()(np.ones((1, 2)))


# ---------------------------------------------------------------- jit


class Attention(nn.Module):
    def __init__(self) -> None:
        self.attention = nn.MultiheadAttention(6, 2)

    def forward(self, x: Any, mask: Any, padding: Any) -> Any:
        return self.attention(x, x, x, attn_mask=mask, key_padding_mask=padding)[0]


class Recurrent(nn.Module):
    def __init__(self, kind: str) -> None:
        self.layer = getattr(nn, kind)(6, 4, 2, bidirectional=True)

    def forward(self, x: Any) -> Any:
        return self.layer(x)[0]


class TinyGPT(nn.Module):
    def __init__(self) -> None:
        self.tokens = nn.Embedding(7, 6)
        self.places = nn.PositionalEmbedding(8, 6)
        self.block = nn.TransformerBlock(6, 2, 8, 0.0, batch_first=True)
        self.head = nn.Linear(6, 7)

    def forward(self, tokens: Any) -> Any:
        return self.head(self.block(self.places(self.tokens(tokens)), is_causal=True))


IMAGES, SEQUENCES, TOKENS = RNG.normal(size=(3, 2, 6, 6)), RNG.normal(size=(5, 2, 6)), RNG.integers(0, 7, (2, 4))
JITTED: dict[str, Any] = {
    "Conv1d": (lambda: nn.Conv1d(2, 3, 3), IMAGES[:, :, 0]),
    "Conv2d": (lambda: nn.Conv2d(2, 3, 3, padding=1), IMAGES),
    "MaxPool2d": (lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.MaxPool2d(3, 2, 1)), IMAGES),
    "AvgPool2d": (lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.AvgPool2d(2), nn.Flatten()), IMAGES),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(2), IMAGES),
    "BatchNorm1d": (lambda: nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Tanh()), IMAGES[0, 0]),
    "a mean of all batches": (lambda: nn.BatchNorm2d(2, momentum=None), IMAGES),
    "LayerNorm": (lambda: nn.LayerNorm(6), IMAGES),
    "RMSNorm": (lambda: nn.RMSNorm(6), IMAGES),
    "RNN": (lambda: Recurrent("RNN"), SEQUENCES),
    "LSTM": (lambda: Recurrent("LSTM"), SEQUENCES),
    "GRU": (lambda: Recurrent("GRU"), SEQUENCES),
    "Embedding": (lambda: nn.Embedding(7, 3, padding_idx=0), TOKENS),
    "attention": (Attention, SEQUENCES, np.triu(np.ones((5, 5), bool), 1), RNG.normal(size=(2, 5))),
    "a sinusoidal encoding": (lambda: nn.Sequential(nn.Linear(6, 6), nn.SinusoidalEncoding(6, 6)), SEQUENCES),
    "PReLU": (lambda: nn.PReLU(2), IMAGES),
    "a tiny GPT": (TinyGPT, TOKENS),
}


@pytest.mark.parametrize("name", JITTED)
def test_a_jitted_layer_does_what_the_layer_does_while_it_trains_and_afterwards(name: str) -> None:
    make, *inputs = JITTED[name]
    plain, jitted = make(), make()
    jitted.load_state_dict(plain.state_dict())
    f = jit(lambda *xs: (jitted(*xs) ** 2).sum())
    for training in (True, True, False, True, False):  # the same trace, another one, and back
        plain.train(training)
        jitted.train(training)
        expected, actual = (plain(*inputs) ** 2).sum(), f(*inputs)
        for loss, model in ((expected, plain), (actual, jitted)):
            model.zero_grad()
            loss.backward()
        np.testing.assert_allclose(actual.data, expected.data, rtol=1e-11)
        for p, q in zip(plain.parameters(), jitted.parameters(), strict=True):
            np.testing.assert_allclose(q.grad, p.grad, rtol=1e-9, atol=1e-11)
            q.data = p.data = p.data - 0.01 * p.grad
        for p, q in zip(plain.buffers(), jitted.buffers(), strict=True):
            np.testing.assert_allclose(q.data, p.data, rtol=1e-11)


@pytest.mark.parametrize("own", [True, False])
def test_a_jitted_dropout_draws_the_masks_that_it_would_draw_anyway(own: bool) -> None:
    def losses(wrap: Any) -> list[float]:
        nn.manual_seed(3)
        layer, w = nn.Dropout(0.5, rng=np.random.default_rng(3) if own else None), nn.Parameter(np.ones(20))
        f = wrap(lambda x: layer(w * x).sum())
        x = np.sqrt(np.arange(20.0))
        found = [f(x) for _ in range(4)]
        layer.eval()
        return [round(loss.item(), 9) for loss in (*found, f(x))]  # jit adds up in another order

    found = losses(jit)
    assert found == losses(lambda f: f)
    assert len(set(found)) == 5
    assert found[-1] == pytest.approx(np.sqrt(np.arange(20.0)).sum())


def test_dropout_of_what_a_jitted_function_closes_over_draws_anew_too() -> None:
    x, w, layer = np.ones(50), nn.Parameter(np.ones(50)), nn.Dropout(0.5)
    f = jit(lambda factor: (layer(x) * w).sum() * factor)
    assert len({f(1.0).item() for _ in range(8)}) > 1


def test_a_jitted_backward_has_the_mask_of_its_own_forward() -> None:
    w, layer = nn.Parameter(np.ones(50)), nn.Dropout(0.5)
    f = jit(lambda x: layer(w * x))
    first, second = f(np.ones(50)), f(np.ones(50))
    for z in (second, first):
        w.zero_grad()
        z.backward(np.ones(50))
        np.testing.assert_array_equal(w.grad, z.data)


@pytest.mark.parametrize("target", [[0, 2, 1, 2], [2, 2, 2, 2], [0, 1, 0, 1]])
@pytest.mark.parametrize("options", [{}, {"ignore_index": 2}, {"weight": np.array([1.0, 0.5, 2.0])}], ids=str)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_jitted_cross_entropy_looks_at_the_classes_of_each_call(target: Any, options: Any, smoothing: float) -> None:
    logits = nn.Parameter(RNG.normal(size=(4, 3)))
    f = jit(lambda y: nn.cross_entropy(logits, y, label_smoothing=smoothing, **options))
    f(np.array([0, 1, 1, 0]))
    actual = f(np.array(target))
    expected = nn.cross_entropy(logits, np.array(target), label_smoothing=smoothing, **options)
    np.testing.assert_allclose(actual.data, expected.data, rtol=1e-12)
    with pytest.raises(ValueError, match="class index 3 at position 1 is out of range"):
        f(np.array([0, 3, 0, 0]))


def test_a_jitted_embedding_checks_the_indices_of_each_call() -> None:
    layer = nn.Embedding(4, 2)
    f = jit(lambda i: layer(i).sum())
    f(np.array([0, 3]))
    with pytest.raises(IndexError, match="index 4 is out of range"):
        f(np.array([0, 4]))
