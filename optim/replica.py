"""Replica: a loss as a worker of a cluster holds it, with parameters of its own. The client is ``data_parallel``.

Everything here is a pure function of what the client sends, so that it does not matter which worker does it, nor how
often: a shard, the numbers of the parameters, and the seed of the random numbers.
"""

from __future__ import annotations

import functools
import inspect
import io
import pickle
import sys
import threading
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autograd_mini
from autograd_mini import Value, located

Numbers = list[tuple[Any, bool]]  # the data of each Value, and whether it requires a gradient
Sum = tuple[float, list[Any]]  # a loss, and the gradient of each Value, None where there is none


class Draw(NamedTuple):
    """Which part of a shard a step takes, and how its random numbers begin: the same on whatever worker."""

    seed: int
    shard: int
    step: int
    batches: int  # in an epoch; 0 if every step takes the whole shard


# ------------------------------------------------------------ how a loss travels


def packed(loss: Callable[..., Any]) -> tuple[bytes, list[Value]]:
    """The loss with all that it reaches, as a pickle, and the Values that it reaches: parameters, buffers, constants.

    Functions and classes of the loss's own module go by value, so that workers need not have the user's script; those
    of installed packages go by name.
    """
    try:
        import cloudpickle  # type: ignore[import-untyped]  # it comes with distributed, and ships no types
    except ImportError:
        raise ImportError(located("data_parallel needs the extra: pip install 'autograd_mini[distributed]'")) from None
    values: dict[Value, None] = {}
    generators: dict[int, np.random.Generator] = {}
    jitted: Any = type(autograd_mini.jit(lambda: None))  # has no public name

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # without types it is Any
        def persistent_id(self, x: Any) -> None:
            """Is shown each object on its way; None says that it is pickled as any other."""
            if isinstance(x, Value) and x.op is None:
                values.setdefault(x)
            elif isinstance(x, np.random.Generator):
                generators.setdefault(id(x), x)

        def reducer_override(self, x: Any) -> Any:
            # by itself it goes by name, and the function behind it would not be looked into
            return (autograd_mini.jit, (x.__wrapped__,)) if type(x) is jitted else super().reducer_override(x)

    file = io.BytesIO()
    pickler = Pickler(file)
    module = _module_of(loss)
    if module is not None:
        cloudpickle.register_pickle_by_value(module)
    try:
        pickler.dump(loss)
    finally:
        if module is not None:
            cloudpickle.unregister_pickle_by_value(module)
    pickler.dump((list(values), list(generators.values())))  # the same objects, since the pickler knows them
    return file.getvalue(), list(values)


def _module_of(loss: Any) -> types.ModuleType | None:
    """The user's module that the loss stands in, if its functions would go by name otherwise."""
    while isinstance(loss, functools.partial):
        loss = loss.func
    function = inspect.unwrap(loss)  # behind jit
    if not isinstance(function, types.FunctionType | types.MethodType):
        return None
    name = function.__module__
    installed = name in ("__main__", None) or name.split(".")[0] in ("autograd_mini", "nn", "optim")
    return None if installed else sys.modules.get(name)


# ------------------------------------------------------------ what a worker does


class Replica:
    """The loss on a worker, and the Values and random generators that it reaches there."""

    def __init__(self, pickled: bytes) -> None:
        unpickler = pickle.Unpickler(io.BytesIO(pickled))
        self.loss: Callable[..., Any] = unpickler.load()
        self.values: list[Value]
        self.generators: list[np.random.Generator]
        self.values, self.generators = unpickler.load()
        self.is_checked = False

    def gradients(self, batch: tuple[Any, ...], numbers: Numbers, draw: Draw) -> Sum:
        """The loss of a batch, and the gradient of each Value."""
        before = [self._own(data) for data, _ in numbers]
        for value, data, (_, requires_grad) in zip(self.values, before, numbers, strict=True):
            value.data, value.requires_grad = data, requires_grad
            value.zero_grad()
        self._reseed(draw)
        loss = self.loss(*batch)
        if not self.is_checked:
            self._check(loss)
            self.is_checked = True
        for value, data in zip(self.values, before, strict=True):
            if value.data is not data:
                name = value.label or f"a Value of shape {value.shape}"
                raise ValueError(
                    located(
                        f"data_parallel: the loss changes {name} besides computing, and each worker would have one of "
                        "its own; use the model after eval(), or batch norm with track_running_stats=False"
                    )
                )
        if loss.requires_grad:
            loss.backward()
        return float(loss), [value.grad if value.has_grad else None for value in self.values]

    @staticmethod
    def _own(data: Any) -> Any:
        """Numbers that came by the network, where the engine can write: a copy, aligned.

        A dtype that was unpickled is another object than NumPy's own, for which jit would trace anew at each step.
        """
        return data.astype(data.dtype.type) if isinstance(data, np.ndarray) else data

    def _reseed(self, draw: Draw) -> None:
        for i, generator in enumerate(self.generators):
            bits = generator.bit_generator
            seed = np.random.SeedSequence(draw.seed, spawn_key=(draw.shard, draw.step, i))
            bits.state = type(bits)(seed).state

    def _check(self, loss: Any) -> None:
        """Raises unless the loss is a single number, and every parameter below it is one that the client knows."""
        if not isinstance(loss, Value) or loss.shape not in ((), (1,), (1, 1)):
            kind = f"of shape {loss.shape}" if isinstance(loss, Value) else f"a {type(loss).__name__}"
            raise ValueError(
                located(f"data_parallel: the loss of a shard is a Value that is a single number, not {kind}")
            )
        known, seen, stack = set(self.values), {loss}, [loss]
        while stack:
            node = stack.pop()
            if node.op is None and node.requires_grad and node not in known:
                name = node.label or f"of shape {node.shape}"
                raise ValueError(
                    located(
                        f"data_parallel: the loss uses a parameter ({name}) that did not travel with it: it is a "
                        "global of another module; give the function its model (functools.partial(loss, model))"
                    )
                )
            new = [x for x in node.inputs if x.requires_grad and x not in seen]
            seen.update(new)
            stack += new


class _OfThread(threading.local):
    """The replicas of one thread: a worker may compute several shards at once, and a replica is in one at a time."""

    def __init__(self) -> None:
        self.replica = functools.lru_cache(maxsize=4)(Replica)


_of_thread = _OfThread()


def gradients_of_shard(pickled: bytes, numbers: Numbers, shard: tuple[Any, ...], draw: Draw, weight: float) -> Sum:
    """What a shard contributes to the loss and to the gradients. A task of the cluster."""
    if draw.batches:
        start, stop = span(len(shard[0]), draw)
        samples = order(len(shard[0]), draw.seed, draw.shard, draw.step // draw.batches)[start:stop]
        shard = tuple([x[samples] for x in shard])
    loss, gradients = _of_thread.replica(pickled).gradients(shard, numbers, draw)
    return weight * loss, [None if g is None else weight * g for g in gradients]


def total(*parts: Sum) -> Sum:
    """The sum of what several shards contribute, in their order. A task of the cluster."""
    loss, gradients = parts[0]
    for other_loss, others in parts[1:]:
        loss += other_loss
        gradients = [b if a is None else a if b is None else a + b for a, b in zip(gradients, others, strict=True)]
    return loss, gradients


def as_shard(source: Any) -> tuple[Any, ...]:
    """A shard, as a tuple of arrays with a first axis of one length, the samples. A task of the cluster."""
    made = source() if callable(source) else source
    # aligned: what came by the network is not, and NumPy would copy it in every step
    arrays = tuple([np.require(x, requirements="A") for x in (made if isinstance(made, tuple | list) else (made,))])
    shapes = [x.shape for x in arrays]
    if not shapes or () in shapes or len({shape[0] for shape in shapes}) > 1 or not shapes[0][0]:
        raise ValueError(
            located(f"data_parallel: a shard's arrays have a first axis of one length, the samples, not {shapes}")
        )
    return arrays


def samples_of(shard: tuple[Any, ...]) -> int:
    """How many samples a shard has. A task of the cluster."""
    return len(shard[0])


# ------------------------------------------------------------ minibatches


def span(samples: int, draw: Draw) -> tuple[int, int]:
    """Where in the order of an epoch the samples of this step begin and end: near-equal parts, each sample in one."""
    i = draw.step % draw.batches
    return i * samples // draw.batches, (i + 1) * samples // draw.batches


@functools.lru_cache(maxsize=16)  # a step takes a part of the order, and the next one the next part
def order(samples: int, seed: int, shard: int, epoch: int) -> np.ndarray[Any, Any]:
    """The order in which an epoch takes a shard's samples."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(shard, epoch))).permutation(samples)
