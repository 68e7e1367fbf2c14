"""The losses as modules, under PyTorch's names: ``MSELoss()(x, y)`` is ``mse_loss(x, y)``."""

from __future__ import annotations

from typing import Any, Literal

from nn.losses.binary import binary_cross_entropy, binary_cross_entropy_with_logits, hinge_loss
from nn.losses.categorical import cross_entropy, nll_loss
from nn.losses.divergence import kl_div
from nn.losses.reduction import Reduction, check_reduction
from nn.losses.regression import huber_loss, l1_loss, mse_loss, smooth_l1_loss
from nn.module import Module


class _Loss(Module):
    """A loss that remembers its reduction: "mean", "sum" or "none"."""

    def __init__(self, reduction: Reduction = "mean") -> None:
        check_reduction(reduction)
        self.reduction: Reduction = reduction

    def extra_repr(self) -> str:
        return "" if self.reduction == "mean" else f"reduction={self.reduction!r}"


class MSELoss(_Loss):
    """``mse_loss`` as a module. PyTorch: ``nn.MSELoss``.

    >>> MSELoss()(1.0, 3.0)
    4.0
    """

    def forward(self, prediction: Any, target: Any) -> Any:
        return mse_loss(prediction, target, self.reduction)


class L1Loss(_Loss):
    """``l1_loss`` as a module. PyTorch: ``nn.L1Loss``.

    >>> L1Loss()(1.0, 3.0)
    2.0
    """

    def forward(self, prediction: Any, target: Any) -> Any:
        return l1_loss(prediction, target, self.reduction)


class HuberLoss(_Loss):
    """``huber_loss`` as a module. PyTorch: ``nn.HuberLoss``.

    >>> HuberLoss(delta=2.0)(0.0, 1.0)
    0.5
    """

    def __init__(self, reduction: Reduction = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, prediction: Any, target: Any) -> Any:
        return huber_loss(prediction, target, self.reduction, self.delta)


class SmoothL1Loss(_Loss):
    """``smooth_l1_loss`` as a module. PyTorch: ``nn.SmoothL1Loss``.

    >>> SmoothL1Loss(beta=2.0)(0.0, 1.0)
    0.25
    """

    def __init__(self, reduction: Reduction = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = beta

    def forward(self, prediction: Any, target: Any) -> Any:
        return smooth_l1_loss(prediction, target, self.reduction, self.beta)


class CrossEntropyLoss(_Loss):
    """``cross_entropy``, of logits, as a module. PyTorch: ``nn.CrossEntropyLoss``.

    >>> CrossEntropyLoss()([[1000.0, 0.0]], [0]) == 0
    True
    """

    def __init__(
        self,
        weight: Any = None,
        *,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        self.weight = weight
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, logits: Any, target: Any) -> Any:
        return cross_entropy(
            logits,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_Loss):
    """``nll_loss``, of log-probabilities, as a module. PyTorch: ``nn.NLLLoss``.

    >>> NLLLoss()([[-0.5, -1.0]], [0])
    0.5
    """

    def __init__(self, weight: Any = None, *, ignore_index: int = -100, reduction: Reduction = "mean") -> None:
        super().__init__(reduction)
        self.weight = weight
        self.ignore_index = ignore_index

    def forward(self, log_probabilities: Any, target: Any) -> Any:
        return nll_loss(
            log_probabilities, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class KLDivLoss(_Loss):
    """``kl_div``, of log-probabilities, as a module. PyTorch: ``nn.KLDivLoss``.

    >>> KLDivLoss("batchmean")([[-1.0, 0.0]], [[0.0, 1.0]])
    0.0
    """

    def __init__(self, reduction: Reduction | Literal["batchmean"] = "mean", log_target: bool = False) -> None:
        super().__init__("mean" if reduction == "batchmean" else reduction)
        self._reduction = reduction
        self.log_target = log_target

    def forward(self, log_probabilities: Any, target: Any) -> Any:
        return kl_div(log_probabilities, target, self._reduction, self.log_target)

    def extra_repr(self) -> str:
        return "" if self._reduction == "mean" else f"reduction={self._reduction!r}"


class BCELoss(_Loss):
    """``binary_cross_entropy``, of probabilities, as a module. PyTorch: ``nn.BCELoss``.

    >>> BCELoss()(0.0, 1.0)
    100.0
    """

    def __init__(self, weight: Any = None, *, reduction: Reduction = "mean") -> None:
        super().__init__(reduction)
        self.weight = weight

    def forward(self, probability: Any, target: Any) -> Any:
        return binary_cross_entropy(probability, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """``binary_cross_entropy_with_logits`` as a module. PyTorch: ``nn.BCEWithLogitsLoss``.

    >>> BCEWithLogitsLoss()(-1000.0, 1.0)
    1000.0
    """

    def __init__(self, weight: Any = None, *, reduction: Reduction = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.weight = weight
        self.pos_weight = pos_weight

    def forward(self, logits: Any, target: Any) -> Any:
        return binary_cross_entropy_with_logits(
            logits, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class HingeLoss(_Loss):
    """``hinge_loss``, for targets -1 and 1, as a module.

    >>> HingeLoss()(0.5, 1.0)
    0.5
    """

    def forward(self, scores: Any, target: Any) -> Any:
        return hinge_loss(scores, target, self.reduction)
