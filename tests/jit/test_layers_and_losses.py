"""Every layer, activation and loss of nn under jit: on other numbers, and other random ones, the same as without."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd_mini as am
import nn
import optim
from autograd_mini import JitError, Value
from autograd_mini.compiler.jit import jit

Draw = Callable[[np.random.Generator], Any]


def normal(*shape: int) -> Draw:
    return lambda rng: rng.normal(size=shape)


def indices(*shape: int) -> Draw:
    return lambda rng: rng.integers(0, 4, size=shape)


def mask(*shape: int) -> Draw:
    """Nowhere all True: some key is left to attend to."""
    return lambda rng: np.arange(shape[-1]) >= rng.integers(1, shape[-1] + 1, size=(*shape[:-1], 1))


ACTIVATIONS = [
    name
    for name in nn.__all__
    if getattr(getattr(nn, name), "__module__", "") in ("nn.activation", "nn.softmax", "nn.threshold")
]
LAYERS: dict[str, tuple[Callable[[], Any], list[Draw]]] = {
    **{name: (getattr(nn, name), [normal(3, 4)]) for name in ACTIVATIONS},  # Threshold is made below
    "Threshold": (lambda: nn.Threshold(0.2, -1.0), [normal(3, 4)]),
    "GELU tanh": (partial(nn.GELU, approximate="tanh"), [normal(3, 4)]),
    "Softplus threshold": (partial(nn.Softplus, 2.0, threshold=0.5), [normal(3, 4)]),
    "Linear": (partial(nn.Linear, 4, 3), [normal(5, 4)]),
    "Linear float32": (partial(nn.Linear, 4, 3, dtype=np.float32), [lambda rng: rng.normal(size=(5, 4)).astype("f")]),
    "MLP": (partial(nn.MLP, 4, [5, 2]), [normal(5, 4)]),
    "Flatten": (nn.Flatten, [normal(2, 3, 4)]),
    "Sequential": (lambda: nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.4), nn.Tanh()), [normal(5, 4)]),
    "AvgPool1d": (partial(nn.AvgPool1d, 2), [normal(2, 3, 6)]),
    "AvgPool2d": (partial(nn.AvgPool2d, 2, padding=1), [normal(2, 3, 6, 4)]),
    "MaxPool1d": (partial(nn.MaxPool1d, 2), [normal(2, 3, 6)]),
    "MaxPool2d": (partial(nn.MaxPool2d, 3, stride=1), [normal(2, 3, 6, 4)]),
    "Conv1d": (partial(nn.Conv1d, 3, 4, 3, padding=1), [normal(2, 3, 6)]),
    "Conv2d": (partial(nn.Conv2d, 4, 2, 3, stride=2, groups=2), [normal(2, 4, 6, 5)]),
    "ConvTranspose1d": (partial(nn.ConvTranspose1d, 3, 2, 3, stride=2), [normal(2, 3, 4)]),
    "ConvTranspose2d": (partial(nn.ConvTranspose2d, 4, 2, 3, groups=2), [normal(2, 4, 3, 5)]),
    "BatchNorm1d": (partial(nn.BatchNorm1d, 4), [normal(5, 4)]),
    "BatchNorm1d mean of all": (partial(nn.BatchNorm1d, 4, momentum=None), [normal(5, 4)]),
    "BatchNorm1d eval": (lambda: nn.BatchNorm1d(4).eval(), [normal(5, 4)]),
    "BatchNorm2d": (partial(nn.BatchNorm2d, 3), [normal(2, 3, 4, 2)]),
    "GroupNorm": (partial(nn.GroupNorm, 2, 4), [normal(2, 4, 3)]),
    "LayerNorm": (partial(nn.LayerNorm, 4), [normal(5, 4)]),
    "RMSNorm": (partial(nn.RMSNorm, 4), [normal(5, 4)]),
    "Dropout": (partial(nn.Dropout, 0.3), [normal(50)]),
    "Dropout of its own rng": (lambda: nn.Dropout(0.3, rng=np.random.default_rng(4)), [normal(50)]),
    "Dropout float32": (nn.Dropout, [lambda rng: rng.normal(size=50).astype("f")]),
    "Embedding": (partial(nn.Embedding, 4, 3), [indices(2, 5)]),
    "Embedding padding": (partial(nn.Embedding, 4, 3, padding_idx=1), [indices(2, 5)]),
    "PositionalEmbedding": (partial(nn.PositionalEmbedding, 6, 4), [normal(2, 5, 4)]),
    "SinusoidalEncoding": (partial(nn.SinusoidalEncoding, 6, 4), [normal(2, 5, 4)]),
    "RNN": (partial(nn.RNN, 3, 4), [normal(5, 2, 3), normal(1, 2, 4)]),
    "LSTM": (partial(nn.LSTM, 3, 4, num_layers=2), [normal(5, 2, 3)]),
    "GRU": (partial(nn.GRU, 3, 4, batch_first=True), [normal(2, 5, 3)]),
    "MultiheadAttention": (
        partial(nn.MultiheadAttention, 4, 2, batch_first=True),
        [normal(2, 5, 4), normal(2, 3, 4), normal(2, 3, 4), mask(2, 3)],
    ),
    "MultiheadAttention dropout": (partial(nn.MultiheadAttention, 4, 2, dropout=0.3), [normal(5, 2, 4)] * 3),
    "TransformerBlock": (partial(nn.TransformerBlock, 4, 2, 8, batch_first=True), [normal(2, 5, 4), mask(5, 5)]),
    "scalar.MLP": (partial(nn.scalar.MLP, 2, [4, 1]), [lambda rng: rng.normal(size=2).tolist()]),
}
LOSSES: dict[str, tuple[Callable[..., Any], list[Draw]]] = {
    "mse_loss": (nn.mse_loss, [normal(5, 4), normal(5, 4)]),
    "l1_loss": (nn.l1_loss, [normal(5, 4), normal(5, 4)]),
    "huber_loss": (partial(nn.huber_loss, delta=0.5), [normal(5, 4), normal(5, 4)]),
    "smooth_l1_loss": (nn.smooth_l1_loss, [normal(5, 4), normal(5, 4)]),
    "cross_entropy": (nn.cross_entropy, [normal(5, 4), indices(5)]),
    "cross_entropy of all": (
        partial(nn.cross_entropy, weight=np.arange(4.0) + 1, ignore_index=2, label_smoothing=0.1),
        [normal(5, 4), indices(5)],
    ),
    "cross_entropy summed": (
        partial(nn.cross_entropy, ignore_index=2, reduction="sum"),
        [normal(5, 4, 3), indices(5, 3)],
    ),
    "cross_entropy of probabilities": (
        partial(nn.cross_entropy, weight=np.arange(4.0) + 1),
        [normal(5, 4), lambda rng: rng.dirichlet(np.ones(4), 5)],
    ),
    "cross_entropy of a weight that is a Value": (
        partial(nn.cross_entropy, weight=Value(np.arange(4.0) + 1), ignore_index=2),
        [normal(5, 4), indices(5)],
    ),
    "nll_loss": (nn.nll_loss, [normal(5, 4), indices(5)]),
    "binary_cross_entropy": (
        nn.binary_cross_entropy,
        [lambda rng: np.append(rng.uniform(size=5), [0.0, 1.0]), lambda rng: rng.integers(0, 2, 7)],
    ),
    "binary_cross_entropy weighted": (
        partial(nn.binary_cross_entropy, weight=np.arange(5.0)),
        [lambda rng: rng.uniform(size=(2, 5)), lambda rng: rng.uniform(size=(2, 5))],
    ),
    "binary_cross_entropy float32": (
        nn.binary_cross_entropy,
        [lambda rng: rng.uniform(size=5).astype("f"), lambda rng: rng.uniform(size=5).astype("f")],
    ),
    "binary_cross_entropy_with_logits": (
        partial(nn.binary_cross_entropy_with_logits, pos_weight=2.0),
        [normal(5, 4), lambda rng: rng.integers(0, 2, (5, 4))],
    ),
    "hinge_loss": (nn.hinge_loss, [normal(6), lambda rng: 2 * rng.integers(0, 2, 6) - 1]),
    "kl_div": (
        partial(nn.kl_div, reduction="batchmean"),
        [normal(5, 4), lambda rng: rng.dirichlet(np.ones(4), 5) * (rng.random((5, 4)) < 0.8)],
    ),
    "kl_div of logarithms": (partial(nn.kl_div, log_target=True), [normal(5, 4), normal(5, 4)]),
    "BCELoss": (nn.BCELoss(), [lambda rng: rng.uniform(size=5), lambda rng: rng.integers(0, 2, 5)]),
    "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss(), [normal(5), lambda rng: rng.integers(0, 2, 5)]),
    "CrossEntropyLoss": (nn.CrossEntropyLoss(label_smoothing=0.2), [normal(5, 4), indices(5)]),
    "HingeLoss": (nn.HingeLoss(), [normal(6), lambda rng: 2.0 * rng.integers(0, 2, 6) - 1]),
    "HuberLoss": (nn.HuberLoss(), [normal(5), normal(5)]),
    "KLDivLoss": (nn.KLDivLoss(), [normal(5, 4), lambda rng: rng.dirichlet(np.ones(4), 5)]),
    "L1Loss": (nn.L1Loss(), [normal(5), normal(5)]),
    "MSELoss": (nn.MSELoss(reduction="none"), [normal(5), normal(5)]),
    "NLLLoss": (nn.NLLLoss(), [normal(5, 4), indices(5)]),
    "SmoothL1Loss": (nn.SmoothL1Loss(beta=0.0), [normal(5), normal(5)]),
}
NO_LAYER = {"Module", "Parameter", "Buffer"}


def total(output: Any) -> Any:
    """One number out of all that a layer returns."""
    parts = output if isinstance(output, tuple | list) else [output]
    return sum([total(part) if isinstance(part, tuple) else am.tanh(part).sum() for part in parts if part is not None])


def step(f: Any, state: list[Value], arguments: list[Any]) -> list[Any]:
    """Loss, gradients of the arguments, and gradients and numbers of the parameters and buffers."""
    values = [Value(x) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in arguments]
    for p in state:
        p.zero_grad()
    loss = f(*values)
    loss.backward()
    return [loss.data, *[x.grad for x in values if isinstance(x, Value)], *[y for p in state for y in (p.grad, p.data)]]


def steps_agree(ours: Any, replayed: Any, states: list[list[Value]], draws: list[Draw], count: int = 3) -> None:
    """The same steps with and without jit, each run with the same seed."""
    runs = []
    for f, state in zip((ours, replayed), states, strict=True):
        nn.manual_seed(7)
        rng = np.random.default_rng(8)
        runs.append([step(f, state, [draw(rng) for draw in draws]) for _ in range(count)])
    assert np.any(runs[0][0][0] != runs[0][1][0])  # the numbers do differ from call to call
    for expected, actual in zip(*runs, strict=True):
        for e, a in zip(expected, actual, strict=True):
            assert (np.shape(e), getattr(e, "dtype", float)) == (np.shape(a), getattr(a, "dtype", float))
            tolerance = 1e-5 if getattr(e, "dtype", None) == np.float32 else 1e-12
            scale = max(1.0, float(np.max(np.abs(e), initial=0.0)))
            np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_replays_what_it_does(name: str) -> None:
    make, draws = LAYERS[name]
    nn.manual_seed(1)
    layer = make()
    twin = copy.deepcopy(layer)
    states = [[*model.parameters(), *model.buffers()] for model in (layer, twin)]
    replayed = jit(lambda *inputs: total(twin(*inputs)))
    steps_agree(lambda *inputs: total(layer(*inputs)), replayed, states, draws)
    assert len(replayed._cache.traces) == 1


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_replays_what_it_does(name: str) -> None:
    loss, draws = LOSSES[name]

    def f(*inputs: Any) -> Any:
        return total(loss(*inputs))

    steps_agree(f, jit(f), [[], []], draws)


def test_every_layer_and_loss_of_nn_is_among_them() -> None:
    public = {name: getattr(nn, name) for name in nn.__all__}
    layers = {name for name, thing in public.items() if inspect.isclass(thing)} - NO_LAYER
    functions = {name for name in public if name.endswith("_loss") or "entropy" in name or name == "kl_div"}
    assert layers | functions <= set(LAYERS) | set(LOSSES)


@pytest.mark.parametrize(
    ("loss", "good", "bad"),
    [
        (nn.hinge_loss, np.array([1.0, -1.0]), np.array([1.0, 0.0])),
        (nn.binary_cross_entropy, np.array([0.5, 0.5]), np.array([0.5, 0.5])),
        (lambda z, y: nn.cross_entropy(am.stack([z, z]), y), np.array([0, 1]), np.array([0, 2])),
    ],
)
def test_what_a_loss_refuses_it_refuses_in_a_replay_too(loss: Any, good: Any, bad: Any) -> None:
    f = jit(lambda z, y: loss(z, y))
    z = np.array([0.5, 0.25])
    f(z, good)
    if loss is nn.binary_cross_entropy:
        z = np.array([0.5, 1.25])
    with pytest.raises(ValueError, match=r"targets are -1|not a probability|out of range") as error:
        f(z, bad)
    assert "lambda z, y" in str(error.value)  # the line of the function, and not that of the call
    f(np.array([0.5, 0.25]), good)


def test_a_step_that_evaluates_and_trains_again_is_no_change_though_it_never_did_before() -> None:
    def losses(j: Any) -> list[float]:
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        sgd = optim.SGD(model.parameters(), lr=0.1)

        @j
        def step(x: Any, y: Any) -> Any:
            model.train()
            sgd.zero_grad()
            loss = nn.mse_loss(model(x), y)
            loss.backward()
            sgd.step()
            model.eval()
            after = nn.mse_loss(model(x), y)
            model.train()
            return loss, after

        found = [float(z.data) for _ in range(3) for z in step(np.ones((4, 3)), np.ones((4, 1)))]
        assert model.training
        return found

    np.testing.assert_allclose(losses(jit), losses(lambda f: f), rtol=1e-12)


MADE_INSIDE = {
    "Linear": lambda x: nn.Linear(3, 2)(x).sum(),
    "MLP": lambda x: nn.MLP(3, [2, 1])(x).sum(),
    "Conv1d": lambda x: nn.Conv1d(1, 2, 2)(x.reshape(1, 3)).sum(),
    "Embedding": lambda x: (nn.Embedding(3, 2)(np.array([1])) * x[0]).sum(),
    "GRU": lambda x: nn.GRU(3, 2)(x.reshape(1, 3))[0].sum(),
    "a scalar MLP": lambda x: nn.scalar.MLP(3, [1])(x),
}


@pytest.mark.parametrize("name", MADE_INSIDE)
def test_a_layer_that_would_begin_each_replay_with_the_same_weights_is_refused(name: str) -> None:
    with pytest.raises(JitError, match="a layer that is made in the function draws its weights; make it before"):
        jit(MADE_INSIDE[name])(np.ones(3))


def test_a_layer_that_is_made_inside_with_a_seed_of_its_own_is_the_same_each_time() -> None:
    def f(x: Any) -> Any:
        return nn.Linear(3, 2, rng=np.random.default_rng(0))(x).sum()

    jitted = jit(f)
    for x in (np.ones(3), np.arange(3.0)):
        assert jitted(x).data == pytest.approx(f(x).data, rel=1e-12)
