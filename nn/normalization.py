"""Normalisation: numbers brought to mean 0 and variance 1, over a batch or within each sample, then scaled."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from autograd_mini import Value, astype, located, mean, reshape, sqrt
from nn.checks import as_input, number, positive
from nn.module import Buffer, Module, Parameter


class _BatchNorm(Module):
    """Batch norm of inputs that have one of ``_ndims`` axes, the second being that of the features."""

    _ndims: ClassVar[tuple[int, ...]]
    _expected: ClassVar[str]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: Any = np.float64,
    ) -> None:
        n = self.num_features = positive(type(self).__name__, "num_features", num_features)
        self.eps = number(type(self).__name__, "eps", eps)
        self.momentum = None if momentum is None else number(type(self).__name__, "momentum", momentum)
        self.weight = Parameter(np.ones(n, dtype), label="weight") if affine else None
        self.bias = Parameter(np.zeros(n, dtype), label="bias") if affine else None
        self.running_mean = Buffer(np.zeros(n, dtype), label="running_mean") if track_running_stats else None
        self.running_var = Buffer(np.ones(n, dtype), label="running_var") if track_running_stats else None
        self.num_batches_tracked = Buffer(0, label="num_batches_tracked") if track_running_stats else None
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.data = np.array(0)  # a whole number, as PyTorch saves it

    def forward(self, x: Any) -> Any:
        x = as_input(x)
        shape, n, dtype = x.shape, self.num_features, x.dtype
        if len(shape) not in self._ndims or shape[1] != n:
            raise ValueError(
                located(
                    f"{type(self).__name__}: the input has shape {shape}; expected is {self._expected} with C = {n}"
                )
            )
        x = _wide(x)
        of_features = (1, n, *[1] * (len(shape) - 2))
        if self.training or self.running_mean is None or self.running_var is None:
            self._check_count(shape)
            axes = (0, *range(2, len(shape)))
            average = mean(x, axes, keepdims=True)
            centred = x - average
            variance = mean(centred * centred, axes, keepdims=True)
            if self.training:
                self._follow(average, variance, shape)
        else:
            centred = x - reshape(self.running_mean, of_features)
            variance = reshape(self.running_var, of_features)
        z = astype(centred / sqrt(variance + self.eps), dtype, copy=False)
        if self.weight is None or self.bias is None:
            return z
        return z * reshape(self.weight, of_features) + reshape(self.bias, of_features)

    def _check_count(self, shape: tuple[int, ...]) -> None:
        count = np.prod(shape) // self.num_features
        if count < 2:
            is_tracked = self.running_mean is not None
            when = "in training" if is_tracked else "without running statistics"
            remedy = "eval()" if is_tracked else "track_running_stats and eval()"
            raise ValueError(
                located(
                    f"{type(self).__name__}: {when} each feature needs more than one value, and an input of shape "
                    f"{shape} has {count}; take a larger batch, or {remedy}"
                )
            )

    def _follow(self, average: Any, variance: Any, shape: tuple[int, ...]) -> None:
        """The running statistics, a step of ``momentum`` towards those of a batch; without momentum, their mean."""
        if self.num_batches_tracked is None or self.running_mean is None or self.running_var is None:
            return
        self.num_batches_tracked.data = self.num_batches_tracked.map_data(_next_count)
        step = 1 / self.num_batches_tracked.map_data(float) if self.momentum is None else self.momentum
        count = np.prod(shape) // self.num_features
        unbiased = _as_data(variance) * (count / (count - 1))
        for running, new in ((self.running_mean, _as_data(average)), (self.running_var, unbiased)):
            running.data = ((1 - step) * _as_data(running) + step * new).astype(running.dtype)

    def extra_repr(self) -> str:
        options = {"eps": 1e-5, "momentum": 0.1}
        said = [f"{k}={getattr(self, k)}" for k, default in options.items() if getattr(self, k) != default]
        said += [] if self.weight is not None else ["affine=False"]
        said += [] if self.running_mean is not None else ["track_running_stats=False"]
        return ", ".join([str(self.num_features), *said])


class BatchNorm1d(_BatchNorm):
    """Each feature at mean 0 and variance 1 over the batch: (N, C) or (N, C, L). PyTorch: ``nn.BatchNorm1d``.

    In training with the mean and variance of the batch, which the buffers ``running_mean`` and ``running_var`` follow
    by ``momentum`` (None: they are the mean of all so far); after ``eval()`` with those. ``weight`` and ``bias`` scale
    and shift the result unless ``affine`` is False. Without ``track_running_stats`` it is always the batch that counts.

    >>> BatchNorm1d(2)([[1.0, 10.0], [3.0, 30.0]]).data.round(3)
    array([[-1., -1.],
           [ 1.,  1.]])

    Raises ``ValueError`` for an input of another shape, and where the batch counts for a batch of one.
    """

    _ndims = (2, 3)
    _expected = "(N, C) or (N, C, L)"


class BatchNorm2d(_BatchNorm):
    """Each channel at mean 0 and variance 1 over batch and image: (N, C, H, W). PyTorch: ``nn.BatchNorm2d``.

    The rest is as in ``BatchNorm1d``.

    >>> x = np.random.default_rng(0).normal(5.0, size=(4, 3, 8, 8))
    >>> abs(BatchNorm2d(3)(x).data.mean(axis=(0, 2, 3))).max() < 1e-12
    np.True_
    """

    _ndims = (4,)
    _expected = "(N, C, H, W)"


class _SampleNorm(Module):
    """A normalisation within each sample, over its last axes, which have the lengths ``normalized_shape``."""

    def __init__(self, normalized_shape: int | tuple[int, ...]) -> None:
        name = type(self).__name__
        lengths = normalized_shape if isinstance(normalized_shape, tuple | list) else (normalized_shape,)
        self.normalized_shape = tuple([positive(name, "normalized_shape", n) for n in lengths])
        if not self.normalized_shape:
            raise ValueError(located(f"{name}: normalized_shape names the last axes, at least one"))

    def _checked(self, x: Any) -> Any:
        x = as_input(x)
        expected = self.normalized_shape
        if x.shape[-len(expected) :] != expected:
            raise ValueError(
                located(
                    f"{type(self).__name__}: the input has shape {x.shape}; its last axes must be {expected}, "
                    "the normalized_shape"
                )
            )
        return x

    @property
    def _axes(self) -> tuple[int, ...]:
        return tuple(range(-len(self.normalized_shape), 0))

    def extra_repr(self) -> str:
        shape = self.normalized_shape
        return f"{shape[0] if len(shape) == 1 else shape}"


class LayerNorm(_SampleNorm):
    """Each sample at mean 0 and variance 1 over its last axes, then scaled and shifted. PyTorch: ``nn.LayerNorm``.

    ``normalized_shape`` is the length of the last axis, or of several; ``weight`` and ``bias`` have that shape, and
    are None without ``elementwise_affine`` (``bias`` also with ``bias=False``).

    >>> LayerNorm(2)([[1.0, 3.0], [10.0, 30.0]]).data.round(3)
    array([[-1.,  1.],
           [-1.,  1.]])

    Raises ``ValueError`` if the input does not end in ``normalized_shape``.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
    ) -> None:
        super().__init__(normalized_shape)
        shape = self.normalized_shape
        self.eps = number("LayerNorm", "eps", eps)
        self.weight = Parameter(np.ones(shape, dtype), label="weight") if elementwise_affine else None
        self.bias = Parameter(np.zeros(shape, dtype), label="bias") if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        z = _standardised(self._checked(x), self._axes, self.eps)
        z = z if self.weight is None else z * self.weight
        return z if self.bias is None else z + self.bias


class GroupNorm(Module):
    """Each group of channels of each sample at mean 0 and variance 1, then scaled. PyTorch: ``nn.GroupNorm``.

    Wu and He, 2018. The input is (N, C, ...); each of ``num_groups`` groups is ``num_channels / num_groups`` channels
    that lie side by side. One group is a layer norm of the sample, as many groups as channels an instance norm.
    ``weight`` and ``bias`` have a number for each channel, and are None without ``affine`` (``bias`` also with
    ``bias=False``).

    >>> GroupNorm(1, 2)([[1.0, 3.0], [10.0, 30.0]]).data.round(3)
    array([[-1.,  1.],
           [-1.,  1.]])

    Raises ``ValueError`` unless ``num_groups`` divides ``num_channels``, and for an input of another shape.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        bias: bool = True,
        dtype: Any = np.float64,
    ) -> None:
        n = self.num_channels = positive("GroupNorm", "num_channels", num_channels)
        self.num_groups = positive("GroupNorm", "num_groups", num_groups)
        if n % self.num_groups:
            raise ValueError(located(f"GroupNorm: num_groups={num_groups} must divide num_channels={num_channels}"))
        self.eps = number("GroupNorm", "eps", eps)
        self.weight = Parameter(np.ones(n, dtype), label="weight") if affine else None
        self.bias = Parameter(np.zeros(n, dtype), label="bias") if affine and bias else None

    def forward(self, x: Any) -> Any:
        x = as_input(x)
        shape, n, groups = x.shape, self.num_channels, self.num_groups
        if len(shape) < 2 or shape[1] != n:
            raise ValueError(located(f"GroupNorm: the input has shape {shape}; expected is (N, C, ...) with C = {n}"))
        grouped = reshape(x, (shape[0], groups, n // groups * math.prod(shape[2:])))
        z = reshape(_standardised(grouped, (2,), self.eps), shape)
        of_channels = (n, *[1] * (len(shape) - 2))
        z = z if self.weight is None else z * reshape(self.weight, of_channels)
        return z if self.bias is None else z + reshape(self.bias, of_channels)

    def extra_repr(self) -> str:
        return f"{self.num_groups} groups of {self.num_channels // self.num_groups}"


class RMSNorm(_SampleNorm):
    """Each sample divided by the root of its mean square over the last axes, then scaled. PyTorch: ``nn.RMSNorm``.

    Zhang and Sennrich, 2019. ``eps`` is the machine epsilon of the input's dtype if it is None, as in PyTorch.

    >>> RMSNorm(2)([3.0, 3.0]).data
    array([1., 1.])

    Raises ``ValueError`` if the input does not end in ``normalized_shape``.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: Any = np.float64,
    ) -> None:
        super().__init__(normalized_shape)
        self.eps = eps
        self.weight = Parameter(np.ones(self.normalized_shape, dtype), label="weight") if elementwise_affine else None

    def forward(self, x: Any) -> Any:
        x = self._checked(x)
        dtype, x = x.dtype, _wide(x)
        eps = float(np.finfo(dtype).eps) if self.eps is None else self.eps
        z = astype(x / sqrt(mean(x * x, self._axes, keepdims=True) + eps), dtype, copy=False)
        return z if self.weight is None else z * self.weight


def _standardised(x: Any, axes: tuple[int, ...], eps: float) -> Any:
    """``x`` at mean 0 and variance 1 over its own axes."""
    dtype, x = x.dtype, _wide(x)
    centred = x - mean(x, axes, keepdims=True)
    return astype(centred / sqrt(mean(centred * centred, axes, keepdims=True) + eps), dtype, copy=False)


def _wide(x: Any) -> Any:
    """Numbers of float16 as float32, in which their squares do not overflow; as PyTorch computes."""
    return astype(x, np.float32) if x.dtype == np.float16 else x


def _as_data(statistics: Any) -> Any:
    """The numbers, an array of one axis."""
    return statistics.map_data(np.ravel) if isinstance(statistics, Value) else np.ravel(statistics)


def _next_count(count: Any) -> Any:
    return np.asarray(count + 1)
