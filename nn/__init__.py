"""Layers, networks, losses and initialisers, under PyTorch's names, built of autograd_mini's Values.

>>> import nn
>>> model = nn.MLP(2, [16, 16, 1])
>>> loss = nn.mse_loss(model([[1.0, 2.0]]), [[0.5]])
>>> loss.backward()
>>> model.layers[0].weight.grad.shape
(16, 2)
"""

from nn import init, scalar
from nn.activation import (
    ELU,
    GELU,
    Identity,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from nn.attention import MultiheadAttention, TransformerBlock
from nn.container import Sequential
from nn.convolution import Conv1d, Conv2d
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
    L1Loss,
    MSELoss,
    NLLLoss,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge_loss,
    huber_loss,
    l1_loss,
    mse_loss,
    nll_loss,
)
from nn.mlp import MLP
from nn.module import Buffer, Module, Parameter
from nn.normalization import BatchNorm1d, BatchNorm2d, LayerNorm, RMSNorm
from nn.overview import summary
from nn.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from nn.randomness import manual_seed
from nn.recurrent import GRU, LSTM, RNN
from nn.saving import load, save

__all__ = [
    "ELU",
    "GELU",
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "AvgPool1d",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Buffer",
    "Conv1d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "HingeLoss",
    "HuberLoss",
    "Identity",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "Module",
    "MultiheadAttention",
    "NLLLoss",
    "Parameter",
    "PositionalEmbedding",
    "RMSNorm",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SinusoidalEncoding",
    "Softmax",
    "Softplus",
    "Tanh",
    "TransformerBlock",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "hinge_loss",
    "huber_loss",
    "init",
    "l1_loss",
    "load",
    "manual_seed",
    "mse_loss",
    "nll_loss",
    "save",
    "scalar",
    "summary",
]
