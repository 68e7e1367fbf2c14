"""Pools: a sequence or an image made smaller, each window to its largest element or to its mean."""

from __future__ import annotations

from typing import Any

from autograd_mini import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from nn.module import Module

Length = int | tuple[int, ...]


class _Pool(Module):
    def __init__(self, kernel_size: Length, stride: Length | None = None, padding: Length = 0) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding

    def extra_repr(self) -> str:
        stride = "" if self.stride == self.kernel_size else f", stride={self.stride}"
        return f"kernel_size={self.kernel_size}{stride}{f', padding={self.padding}' if self.padding else ''}"


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Length,
        stride: Length | None = None,
        padding: Length = 0,
        dilation: Length = 1,
        *,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding)
        self.dilation = dilation
        self.ceil_mode = ceil_mode


class _AvgPool(_Pool):
    def __init__(
        self,
        kernel_size: Length,
        stride: Length | None = None,
        padding: Length = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad


class MaxPool1d(_MaxPool):
    """The largest element of each window of a sequence, (N, C, L) or (C, L). PyTorch: ``nn.MaxPool1d``.

    >>> MaxPool1d(2)([[1.0, 3.0, 2.0, 0.0]])
    array([[3., 2.]])
    """

    def forward(self, x: Any) -> Any:
        return max_pool1d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class MaxPool2d(_MaxPool):
    """The largest element of each window of an image, (N, C, H, W) or (C, H, W). PyTorch: ``nn.MaxPool2d``.

    ``stride`` is ``kernel_size`` by default. With ``ceil_mode`` there is a last window where only a part of it fits.

    >>> import numpy as np
    >>> MaxPool2d(2)(np.arange(16.0).reshape(1, 4, 4))
    array([[[ 5.,  7.],
            [13., 15.]]])
    """

    def forward(self, x: Any) -> Any:
        return max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class AvgPool1d(_AvgPool):
    """The mean of each window of a sequence, (N, C, L) or (C, L). PyTorch: ``nn.AvgPool1d``.

    >>> AvgPool1d(2)([[1.0, 3.0, 2.0, 0.0]])
    array([[2., 1.]])
    """

    def forward(self, x: Any) -> Any:
        return avg_pool1d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class AvgPool2d(_AvgPool):
    """The mean of each window of an image, (N, C, H, W) or (C, H, W). PyTorch: ``nn.AvgPool2d``.

    ``stride`` is ``kernel_size`` by default. Padding counts as zeros, or not at all without ``count_include_pad``.

    >>> import numpy as np
    >>> AvgPool2d(2)(np.arange(16.0).reshape(1, 4, 4))
    array([[[ 2.5,  4.5],
            [10.5, 12.5]]])
    """

    def forward(self, x: Any) -> Any:
        return avg_pool2d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
