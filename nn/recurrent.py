"""Recurrent networks: RNN, LSTM and GRU read a sequence one place after the other and carry a state along."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from autograd_mini import concatenate, linear, located, relu, reshape, sigmoid, split, stack, swapaxes, tanh
from nn.checks import as_input, positive
from nn.dropout import Dropout
from nn.module import Module, Parameter
from nn.randomness import generator_of_weights


class _Recurrent(Module):
    """Layers of a cell: ``_step`` makes the next state of what the input and the state before contribute.

    A subclass has ``_gates`` blocks of rows in its weights, and ``_states`` arrays as its state, the first of which is
    the output.
    """

    _gates: ClassVar[int]
    _states: ClassVar[tuple[str, ...]] = ("h_0",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        name = type(self).__name__
        self.input_size = positive(name, "input_size", input_size)
        self.hidden_size = positive(name, "hidden_size", hidden_size)
        self.num_layers = positive(name, "num_layers", num_layers)
        self.bias, self.batch_first, self.bidirectional = bias, batch_first, bidirectional
        self.dropout = Dropout(dropout, rng=rng) if dropout else None
        self._ends = [f"l{k}{end}" for k in range(self.num_layers) for end in ["", "_reverse"][: 1 + bidirectional]]
        bound = 1 / math.sqrt(self.hidden_size)
        rng = generator_of_weights(rng)
        rows = self._gates * self.hidden_size
        for i, end in enumerate(self._ends):
            width = self.input_size if i <= bidirectional else self.hidden_size * (1 + bidirectional)
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, width), "weight_hh": (rows, self.hidden_size)}
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
            for kind, shape in shapes.items():
                weight = rng.uniform(-bound, bound, shape).astype(dtype)
                setattr(self, f"{kind}_{end}", Parameter(weight, label=f"{kind}_{end}"))

    def forward(self, x: Any, hx: Any = None) -> tuple[Any, Any]:
        x = as_input(x)
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size or 0 in x.shape[:-1]:
            axes = "(N, L, H)" if self.batch_first else "(L, N, H)"
            raise ValueError(
                located(
                    f"{type(self).__name__}: the input has shape {x.shape}; expected is {axes} or (L, H) with "
                    f"H = input_size = {self.input_size}, and nothing of length 0"
                )
            )
        is_batch = x.ndim == 3
        x = reshape(x, (x.shape[0], 1, x.shape[1])) if not is_batch else swapaxes(x, 0, 1) if self.batch_first else x
        states = self._initial(hx, x.shape[1], x.dtype, is_batch)
        sequence = [x[t] for t in range(x.shape[0])]
        directions = 1 + self.bidirectional
        ends: list[tuple[Any, ...]] = []
        for layer in range(self.num_layers):
            sequence = [self.dropout(part) for part in sequence] if layer and self.dropout else sequence
            ways = []
            for direction in range(directions):
                i = layer * directions + direction
                outputs, end = self._along(sequence[::-1] if direction else sequence, self._ends[i], states[i])
                ways.append(outputs[::-1] if direction else outputs)
                ends.append(end)
            sequence = ways[0] if directions == 1 else [concatenate(both, -1) for both in zip(*ways, strict=True)]
        output = stack(sequence, axis=1 if self.batch_first and is_batch else 0)
        final = [stack(list(each)) for each in zip(*ends, strict=True)]
        if not is_batch:
            output, final = reshape(output, (output.shape[0], -1)), [reshape(h, (h.shape[0], -1)) for h in final]
        return output, final[0] if len(final) == 1 else tuple(final)

    def _along(self, sequence: list[Any], end: str, state: tuple[Any, ...]) -> tuple[list[Any], tuple[Any, ...]]:
        """One layer in one direction: its output at each place, and its last state."""
        own = vars(self)
        outputs = []
        for x in sequence:
            given = linear(x, own[f"weight_ih_{end}"], own.get(f"bias_ih_{end}"))
            carried = linear(state[0], own[f"weight_hh_{end}"], own.get(f"bias_hh_{end}"))
            state = self._step(given, carried, state)
            outputs.append(state[0])
        return outputs, state

    def _step(self, given: Any, carried: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        raise NotImplementedError

    def _initial(self, hx: Any, n: int, dtype: Any, is_batch: bool) -> list[tuple[Any, ...]]:
        """The state at the start of each layer and direction: zeros unless it is given."""
        count = len(self._ends)
        if hx is None:
            zeros = np.zeros((n, self.hidden_size), dtype)
            return [(zeros,) * len(self._states)] * count
        given = [hx] if len(self._states) == 1 else hx
        if not isinstance(given, list | tuple) or len(given) != len(self._states):
            raise TypeError(located(f"{type(self).__name__}: the state is a pair ({', '.join(self._states)})"))
        expected = (count, n, self.hidden_size) if is_batch else (count, self.hidden_size)
        arrays = [as_input(h) for h in given]
        for name, h in zip(self._states, arrays, strict=True):
            if h.shape != expected:
                raise ValueError(
                    located(
                        f"{type(self).__name__}: {name} has shape {h.shape}; expected is {expected} (layers and "
                        "directions, then the batch if there is one, then hidden_size)"
                    )
                )
        arrays = [h if is_batch else reshape(h, (count, 1, self.hidden_size)) for h in arrays]
        return [tuple([h[i] for h in arrays]) for i in range(count)]

    def extra_repr(self) -> str:
        options = {"num_layers": 1, "bias": True, "batch_first": False, "bidirectional": False}
        said = [f"{k}={getattr(self, k)}" for k, default in options.items() if getattr(self, k) != default]
        return ", ".join([f"{self.input_size} -> {self.hidden_size}", *said])


class RNN(_Recurrent):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh) along a sequence, Elman's network. PyTorch: ``nn.RNN``.

    The input is (L, N, input_size), with ``batch_first`` (N, L, input_size), without a batch (L, input_size). It
    returns the last layer's state at every place, (L, N, hidden_size), and the last state of every layer,
    (num_layers, N, hidden_size); a call with that as second argument goes on from there. ``bidirectional`` doubles
    the width and the layers. ``dropout`` is between the layers. ``nonlinearity`` is "tanh" or "relu".

    >>> output, h = RNN(3, 8, num_layers=2)(np.zeros((5, 4, 3)))
    >>> output.shape, h.shape
    ((5, 4, 8), (2, 4, 8))

    Raises ``ValueError`` for an input or a state of another shape.
    """

    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *args: Any,
        **options: Any,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(located(f"RNN: nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}"))
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, num_layers, *args, **options)

    def _step(self, given: Any, carried: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        return ((tanh if self.nonlinearity == "tanh" else relu)(given + carried),)


class LSTM(_Recurrent):
    """A network whose memory cell has gates for what goes in, what stays and what is shown. PyTorch: ``nn.LSTM``.

    Hochreiter and Schmidhuber, 1997. c = f * c + i * g and h = o * tanh(c), where i, f, g and o (in this order in the
    weights) are sigmoids, g a tanh, of W_ih x + b_ih + W_hh h + b_hh. The state is a pair (h, c); the rest is as in
    ``RNN``.

    >>> output, (h, c) = LSTM(3, 8, batch_first=True)(np.zeros((4, 5, 3)))
    >>> output.shape, h.shape, c.shape
    ((4, 5, 8), (1, 4, 8), (1, 4, 8))

    Raises ``ValueError`` for an input or a state of another shape, ``TypeError`` for a state that is no pair.
    """

    _gates = 4
    _states = ("h_0", "c_0")

    def _step(self, given: Any, carried: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        i, f, g, o = split(given + carried, 4, axis=-1)
        c = sigmoid(f) * state[1] + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(c), c


class GRU(_Recurrent):
    """A network that mixes its state with a new one, as much as a gate says. PyTorch: ``nn.GRU``.

    Cho et al., 2014. h = (1 - z) * n + z * h with n = tanh(W_in x + b_in + r * (W_hn h + b_hn)); the gates r and z are
    sigmoids. The weights have r, z and n in this order. The rest is as in ``RNN``.

    >>> output, h = GRU(3, 8)(np.zeros((5, 3)))
    >>> output.shape, h.shape
    ((5, 8), (1, 8))

    Raises ``ValueError`` for an input or a state of another shape.
    """

    _gates = 3

    def _step(self, given: Any, carried: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        (r_x, z_x, n_x), (r_h, z_h, n_h) = split(given, 3, axis=-1), split(carried, 3, axis=-1)
        r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
        n = tanh(n_x + r * n_h)
        return (n + z * (state[0] - n),)
