"""Layers, networks, losses and initialisers, under PyTorch's names, built of autograd_mini's Values.

>>> import nn
>>> model = nn.MLP(2, [16, 16, 1])
>>> loss = nn.mse_loss(model([[1.0, 2.0]]), [[0.5]])
>>> loss.backward()
>>> model.layers[0].weight.grad.shape
(16, 2)
"""

from typing import Any

from nn import init, scalar
from nn.absent import of_nn
from nn.activation import (
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    Identity,
    LeakyReLU,
    LogSigmoid,
    Mish,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
)
from nn.attention import MultiheadAttention, TransformerBlock
from nn.container import Sequential
from nn.convolution import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d
from nn.dropout import Dropout
from nn.embedding import Embedding, PositionalEmbedding, SinusoidalEncoding
from nn.flatten import Flatten
from nn.linear import Linear
from nn.losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HingeLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)
from nn.mlp import MLP
from nn.module import Buffer, Module, Parameter
from nn.normalization import BatchNorm1d, BatchNorm2d, GroupNorm, LayerNorm, RMSNorm
from nn.overview import summary
from nn.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from nn.randomness import manual_seed
from nn.recurrent import GRU, LSTM, RNN
from nn.saving import load, save
from nn.softmax import LogSoftmax, Softmax, Softmin
from nn.threshold import Hardshrink, Hardsigmoid, Hardswish, Hardtanh, ReLU6, Softshrink, Threshold

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "SELU",
    "AvgPool1d",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Buffer",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "GroupNorm",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HingeLoss",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "Mish",
    "Module",
    "MultiheadAttention",
    "NLLLoss",
    "PReLU",
    "Parameter",
    "PositionalEmbedding",
    "RMSNorm",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SinusoidalEncoding",
    "SmoothL1Loss",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "TransformerBlock",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "hinge_loss",
    "huber_loss",
    "init",
    "kl_div",
    "l1_loss",
    "load",
    "manual_seed",
    "mse_loss",
    "nll_loss",
    "save",
    "scalar",
    "smooth_l1_loss",
    "summary",
]


# Functions of PyTorch's: a file of that name would stand before the answer below.
for _name in ("dropout", "embedding", "flatten", "linear", "softmax", "threshold"):
    del globals()[_name]


def __getattr__(name: str) -> Any:
    raise of_nn(name, __all__)


def __dir__() -> list[str]:
    return sorted({*__all__, *[name for name in globals() if name.startswith("__")]})
