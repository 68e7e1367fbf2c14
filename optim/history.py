"""History: what ``fit`` saw on its way, in numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class History:
    """What ``fit`` saw: the loss of each batch, and of each epoch the mean, the validation and the learning rate.

    ``best_epoch`` is the epoch, 0 at first, with the lowest validation (training loss if there was none).

    >>> History(losses=[2.0, 1.0, 1.5]).best_epoch
    1
    """

    batch_losses: list[float] = field(default_factory=list, repr=False)
    losses: list[float] = field(default_factory=list)
    validations: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list, repr=False)
    message: str = ""

    @property
    def watched(self) -> list[float]:
        """The numbers that should fall: the validations, or without them the losses."""
        return self.validations or self.losses

    @property
    def best_epoch(self) -> int:
        """The first epoch with the lowest of them."""
        return min(range(len(self.watched)), key=lambda i: (math.isnan(self.watched[i]), self.watched[i], i))
