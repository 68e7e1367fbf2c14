"""Activation functions of straight pieces, which cut off, shrink or replace what lies beyond a threshold."""

from __future__ import annotations

from typing import Any

from autograd_mini import abs, located, sign, where
from nn.checks import as_operand, check_inplace, number
from nn.module import Module


class Hardtanh(Module):
    """``x``, but never beyond ``min_val`` and ``max_val``; on these its derivative is 0. PyTorch: ``nn.Hardtanh``.

    >>> Hardtanh()(3.0)
    1.0
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        check_inplace(type(self).__name__, inplace)
        if not min_val < max_val:
            raise ValueError(located(f"Hardtanh: min_val {min_val!r} must be less than max_val {max_val!r}"))
        self.min_val = number("Hardtanh", "min_val", min_val)
        self.max_val = number("Hardtanh", "max_val", max_val)

    def forward(self, x: Any) -> Any:
        x = as_operand(x)
        return where(x <= self.min_val, self.min_val, where(x >= self.max_val, self.max_val, x))

    def extra_repr(self) -> str:
        return f"{self.min_val} to {self.max_val}"


class ReLU6(Hardtanh):
    """min(max(x, 0), 6), with derivative 0 on the edges. PyTorch: ``nn.ReLU6``.

    >>> ReLU6()(7.0)
    6.0
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)


class Hardsigmoid(Module):
    """(x + 3) / 6, but never below 0 or above 1; on these its derivative is 0. PyTorch: ``nn.Hardsigmoid``.

    >>> Hardsigmoid()(0.0)
    0.5
    """

    def __init__(self, inplace: bool = False) -> None:
        check_inplace("Hardsigmoid", inplace)

    def forward(self, x: Any) -> Any:
        x = as_operand(x)
        return where(x <= -3.0, 0.0, where(x >= 3.0, 1.0, x / 6 + 0.5))


class Hardswish(Module):
    """x times its hard sigmoid, as in MobileNetV3 (Howard et al., 2019). PyTorch: ``nn.Hardswish``.

    >>> Hardswish()(3.0)
    3.0
    """

    def __init__(self, inplace: bool = False) -> None:
        check_inplace("Hardswish", inplace)

    def forward(self, x: Any) -> Any:
        x = as_operand(x)
        return where(x <= -3.0, 0.0, where(x >= 3.0, x, x * (x / 6 + 0.5)))


class Hardshrink(Module):
    """``x``, but 0 from -lambd to lambd. PyTorch: ``nn.Hardshrink``.

    >>> Hardshrink()(0.5), Hardshrink()(2.0)
    (0.0, 2.0)

    Raises ``ValueError`` if lambd is negative.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = _not_negative("Hardshrink", lambd)

    def forward(self, x: Any) -> Any:
        x = as_operand(x)
        return where(abs(x) <= self.lambd, 0.0, x)

    def extra_repr(self) -> str:
        return f"lambd={self.lambd}"


class Softshrink(Module):
    """``x`` moved towards 0 by lambd, and 0 if that is nearer. PyTorch: ``nn.Softshrink``.

    It is the step that LASSO takes for its penalty: the soft threshold.

    >>> Softshrink()(0.5), Softshrink()(-2.0)
    (0.0, -1.5)

    Raises ``ValueError`` if lambd is negative.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = _not_negative("Softshrink", lambd)

    def forward(self, x: Any) -> Any:
        x = as_operand(x)
        return where(abs(x) <= self.lambd, 0.0, x - self.lambd * sign(x))

    def extra_repr(self) -> str:
        return f"lambd={self.lambd}"


class Threshold(Module):
    """``x`` where it is above ``threshold``, else ``value``. PyTorch: ``nn.Threshold``.

    >>> Threshold(1.0, -5.0)(0.5)
    -5.0
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        check_inplace("Threshold", inplace)
        self.threshold = number("Threshold", "threshold", threshold)
        self.value = number("Threshold", "value", value)

    def forward(self, x: Any) -> Any:
        x = as_operand(x)
        return where(x <= self.threshold, self.value, x)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}"


def _not_negative(layer: str, lambd: float) -> float:
    if not lambd >= 0:
        raise ValueError(located(f"{layer}: lambd is a number that is not negative, not {lambd!r}"))
    return number(layer, "lambd", lambd)
