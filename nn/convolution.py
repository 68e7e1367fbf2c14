"""Conv1d, Conv2d and their transposes: small kernels slid over a sequence or an image."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from autograd_mini import conv1d, conv2d, conv_transpose1d, conv_transpose2d, located
from nn.checks import positive
from nn.module import Module, Parameter
from nn.randomness import generator_of_weights

Length = int | tuple[int, ...]


class _Conv(Module):
    """A convolution over ``_axes`` axes."""

    _axes: ClassVar[int]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Length,
        stride: Length = 1,
        padding: Length | str = 0,
        dilation: Length = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        name = type(self).__name__
        self.in_channels = positive(name, "in_channels", in_channels)
        self.out_channels = positive(name, "out_channels", out_channels)
        self.groups = positive(name, "groups", groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                located(
                    f"{name}: groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}"
                )
            )
        lengths = kernel_size if isinstance(kernel_size, tuple | list) else (kernel_size,) * self._axes
        if len(lengths) != self._axes:
            raise ValueError(located(f"{name}: kernel_size is a number or {self._axes} of them, not {kernel_size!r}"))
        self.kernel_size = tuple([positive(name, "kernel_size", n) for n in lengths])
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(located(f"{name}: padding is 'same', 'valid' or whole numbers, not {padding!r}"))
        strides = stride if isinstance(stride, tuple | list) else (stride,)
        if padding == "same" and any([n != 1 for n in strides]):
            raise ValueError(
                located(f"{name}: padding='same' needs stride 1, not {stride}; give the padding in numbers")
            )
        self.stride, self.padding, self.dilation = stride, padding, dilation
        shape = (*self._channels(), *self.kernel_size)
        bound = 1 / math.sqrt(math.prod(shape[1:]))  # PyTorch's kaiming_uniform_ with a = sqrt(5)
        rng = generator_of_weights(rng)
        self.weight = Parameter(rng.uniform(-bound, bound, shape).astype(dtype), label="weight")
        self.bias = (
            Parameter(rng.uniform(-bound, bound, self.out_channels).astype(dtype), label="bias") if bias else None
        )

    def _channels(self) -> tuple[int, int]:
        """The first two axes of the weight."""
        return self.out_channels, self.in_channels // self.groups

    def extra_repr(self) -> str:
        size = self.kernel_size[0] if len(set(self.kernel_size)) == 1 else self.kernel_size
        options = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}
        given = {k: getattr(self, k, default) for k, default in options.items()}
        said = [f"{k}={given[k]!r}" for k, default in options.items() if given[k] != default]
        said += [] if self.bias is not None else ["bias=False"]
        return ", ".join([f"{self.in_channels} -> {self.out_channels}, kernel_size={size}", *said])


class Conv1d(_Conv):
    """Kernels slid along a sequence: (N, in_channels, L) to (N, out_channels, L'). PyTorch: ``nn.Conv1d``.

    ``weight`` is (out_channels, in_channels / groups, kernel_size), ``bias`` (out_channels,) or None, both uniform in
    ±1/sqrt(in_channels / groups * kernel_size) at the start. The rest is as in ``autograd_mini.conv1d``.

    >>> Conv1d(3, 8, kernel_size=5, padding=2)(np.zeros((2, 3, 20))).shape
    (2, 8, 20)

    Raises ``ValueError`` for sizes that do not fit, when it is made or when it is called.
    """

    _axes = 1

    def forward(self, x: Any) -> Any:
        return conv1d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Conv2d(_Conv):
    """Kernels slid over an image: (N, in_channels, H, W) to (N, out_channels, H', W'). PyTorch: ``nn.Conv2d``.

    ``weight`` is (out_channels, in_channels / groups, kh, kw), ``bias`` (out_channels,) or None, both uniform in
    ±1/sqrt(in_channels / groups * kh * kw) at the start. The rest is as in ``autograd_mini.conv2d``.

    >>> Conv2d(1, 8, kernel_size=3, padding="same")(np.zeros((2, 1, 28, 28))).shape
    (2, 8, 28, 28)

    Raises ``ValueError`` for sizes that do not fit, when it is made or when it is called.
    """

    _axes = 2

    def forward(self, x: Any) -> Any:
        return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class _ConvTranspose(_Conv):
    """The transpose of a convolution, with PyTorch's order of options."""

    padding: Length

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Length,
        stride: Length = 1,
        padding: Length = 0,
        output_padding: Length = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Length = 1,
        *,
        dtype: Any = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        if isinstance(padding, str):
            raise ValueError(located(f"{type(self).__name__}: padding is whole numbers, not {padding!r}"))
        self.output_padding = output_padding
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, dtype=dtype, rng=rng
        )

    def _channels(self) -> tuple[int, int]:
        return self.in_channels, self.out_channels // self.groups


class ConvTranspose1d(_ConvTranspose):
    """The transpose of ``Conv1d``: (N, in_channels, L) to (N, out_channels, L'). PyTorch: ``nn.ConvTranspose1d``.

    ``weight`` is (in_channels, out_channels / groups, kernel_size), ``bias`` (out_channels,) or None, both uniform in
    ±1/sqrt(out_channels / groups * kernel_size) at the start. The rest is as in ``autograd_mini.conv_transpose1d``.

    >>> ConvTranspose1d(8, 3, kernel_size=2, stride=2)(np.zeros((2, 8, 10))).shape
    (2, 3, 20)

    Raises ``ValueError`` for sizes that do not fit, when it is made or when it is called.
    """

    _axes = 1

    def forward(self, x: Any) -> Any:
        return conv_transpose1d(
            x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
        )


class ConvTranspose2d(_ConvTranspose):
    """The transpose of ``Conv2d``: (N, in_channels, H, W) to (N, out_channels, H', W').

    PyTorch: ``nn.ConvTranspose2d``. ``weight`` is (in_channels, out_channels / groups, kh, kw), ``bias``
    (out_channels,) or None, both uniform in ±1/sqrt(out_channels / groups * kh * kw) at the start. The rest is as in
    ``autograd_mini.conv_transpose2d``.

    >>> ConvTranspose2d(8, 1, kernel_size=2, stride=2)(np.zeros((2, 8, 14, 14))).shape
    (2, 1, 28, 28)

    Raises ``ValueError`` for sizes that do not fit, when it is made or when it is called.
    """

    _axes = 2

    def forward(self, x: Any) -> Any:
        return conv_transpose2d(
            x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
        )
