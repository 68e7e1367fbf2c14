"""data_parallel: one loss on many machines, each with a part of the data, by dask.distributed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from time import monotonic, sleep
from typing import Any, NamedTuple

import numpy as np

import autograd_mini
from autograd_mini import Value, located
from optim.options import whole
from optim.replica import Draw, as_shard, gradients_of_shard, packed, samples_of, span, total

_TOGETHER = 8  # so many shards are summed up at once; those of a large cluster on the workers first
_LOOK = 1.0  # seconds between two looks at whether the cluster is still there


class data_parallel:
    """The mean of ``loss`` over ``shards`` of data that live on the workers of a dask cluster.

    Calling it computes the loss and its gradients on the workers, with the parameters as they are now, and gives a
    Value whose ``backward()`` fills ``grad`` of the parameters: those of the single-machine loss of all the data, up
    to rounding. A training loop stays as it is. PyTorch: ``DistributedDataParallel``.

    ``loss(*arrays)`` is the mean over the samples that it is given, jitted or not. ``shards`` are arrays, or tuples of
    arrays, with the samples along the first axis; or functions without arguments, ``dask.delayed`` objects or futures
    that make such arrays on a worker, where the data need not pass through this machine. ``client`` is the
    ``distributed.Client`` of the cluster.

    With ``batch_size`` each call takes the next minibatch: about so many samples of all the shards together, of each
    in proportion to its size. ``len()`` is the number of batches in an epoch, after which every sample was taken once.
    ``rng`` seeds the order within each shard, and the random generators that the loss reaches, such as
    ``nn.Dropout(rng=...)``. ``step`` counts the calls, and may be set to go on where a training had stopped.

    Which worker has which shard changes nothing, not a bit on machines of one kind. If a worker dies, others compute
    what it had. Data that were given as arrays are sent anew; futures of scattered data cannot be, use functions.

    Numbers of parameters, buffers and other Values travel at every call. All else that the loss reaches, such as
    whether the model is in ``train()`` or ``eval()``, travels once. The loss is pickled and run on the workers: whoever
    can reach the scheduler can run code on all machines, so keep the ports closed or use ``distributed.Security``.

    >>> from distributed import Client
    >>> from optim import SGD
    >>> x, y = np.arange(6.0).reshape(6, 1), 2 * np.arange(6.0)
    >>> w = Value([0.0])
    >>> with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as client:
    ...     shards = [(x[:4], y[:4]), (x[4:], y[4:])]
    ...     parallel_loss = data_parallel(lambda x, y: ((x @ w - y) ** 2).mean(), shards, client)
    ...     optimizer = SGD([w], lr=0.05)
    ...     for _ in range(20):
    ...         optimizer.zero_grad()
    ...         loss = parallel_loss()
    ...         loss.backward()
    ...         optimizer.step()
    >>> w.data.round(6)
    array([2.])

    Raises ``ValueError`` if the loss reaches no parameter, if a shard is empty or a future of data is lost;
    ``ConnectionError`` if for ``timeout`` seconds the cluster has not a single worker: then nothing has changed, the
    parameters are those of the last step. What the loss raises on a worker is raised here.
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        shards: Sequence[Any],
        client: Any,
        *,
        batch_size: int | None = None,
        rng: np.random.Generator | None = None,
        timeout: float = 30.0,
    ) -> None:
        if not callable(loss):
            raise TypeError(located(f"data_parallel: loss is a function of a shard, not a {type(loss).__name__}"))
        if not isinstance(shards, list | tuple) or not shards:
            raise TypeError(located("data_parallel: shards is a list with the data of each, and not an empty one"))
        if rng is not None and not isinstance(rng, np.random.Generator):
            raise TypeError(located(f"data_parallel: rng is a numpy.random.Generator, not {type(rng).__name__}"))
        if not hasattr(client, "scatter") or client.asynchronous:
            raise TypeError(located("data_parallel: client is a distributed.Client that is not asynchronous"))
        size = None if batch_size is None else whole("batch_size", batch_size)
        self._loss, self._values = packed(loss)
        if not any([value.requires_grad for value in self._values]):
            raise ValueError(
                located(
                    "data_parallel: the loss reaches no parameter, no Value that requires a gradient; if its model is "
                    "a global of another module, give it to the function (functools.partial(loss, model))"
                )
            )
        self.client = client
        self.timeout = timeout
        self.step = 0
        self._seed = int((np.random.default_rng() if rng is None else rng).integers(2**63))
        self._sources = list(shards)
        self._shards: list[Any] = [None] * len(self._sources)  # their futures
        self._replica: Any = None  # and that of the loss
        self._samples: list[int] = self._persistently(
            lambda: [client.submit(samples_of, shard, pure=False) for shard in self._shards]
        )
        # no more than the largest shard has samples, so that no step is without any
        self._batches = 0 if size is None else min(-(-sum(self._samples) // size), max(self._samples))

    def __len__(self) -> int:
        return max(1, self._batches)

    def __call__(self) -> Value:
        loss, gradients = total(*self._persistently(self._submit))
        self.step += 1
        reached = [(value, g) for value, g in zip(self._values, gradients, strict=True) if g is not None]
        if not reached:
            return Value(loss, requires_grad=False)
        answer = _Answer(loss, [g for _, g in reached])
        result: Value = _answered()(*[value for value, _ in reached], answer=answer)
        return result

    def _submit(self) -> list[Any]:
        """The futures of what a step sums up: a task for each shard, then one for every few of them."""
        submit = self.client.submit
        draws = [Draw(self._seed, i, self.step, self._batches) for i in range(len(self._shards))]
        sizes = self._samples
        if self._batches:
            spans = [span(samples, draw) for samples, draw in zip(self._samples, draws, strict=True)]
            sizes = [stop - start for start, stop in spans]
        # a task of its own: made anew if its worker dies, and passed on from worker to worker
        numbers = submit(_as_it_is, [(value.data, value.requires_grad) for value in self._values], pure=False)
        calls = [
            (self._replica, numbers, shard, draw, size / sum(sizes))
            for shard, draw, size in zip(self._shards, draws, sizes, strict=True)
            if size
        ]
        # one message for all of them: from submit each would have its own, and 64 shards take 1.6 times as long
        parts: list[Any] = self.client.map(gradients_of_shard, *zip(*calls, strict=True), pure=False)
        while len(parts) > _TOGETHER:
            parts = [submit(total, *parts[i : i + _TOGETHER], pure=False) for i in range(0, len(parts), _TOGETHER)]
        return parts

    # ------------------------------------------------------------ machines that come and go

    def _persistently(self, submit: Callable[[], list[Any]]) -> list[Any]:
        """The results of the futures, begun anew if what they need was lost with a worker."""
        while True:
            if self.client.status != "running":
                self._wait_for_a_worker()
            try:
                self._place()
                return self._results(submit())
            except CancelledError:  # the only copy of scattered data is gone, or the scheduler was started anew
                continue
            except Exception as error:
                # The connection closes a moment before the client knows of it
                if self.client.status == "running" and type(error).__name__ != "CommClosedError":
                    raise
                self._wait_for_a_worker()

    def _sent(self, data: list[Any]) -> list[Any]:
        """The futures of data on the workers."""
        try:
            futures: list[Any] = self.client.scatter(data, hash=False)
        except KeyError as error:  # the scheduler chose a worker that has gone meanwhile
            raise CancelledError from error
        return futures

    def _place(self) -> None:
        """Sends the loss and the shards to the workers: all of them at first, later those that were lost."""
        if _is_there(self._replica) and all([_is_there(shard) for shard in self._shards]):
            return
        self._wait_for_a_worker()
        if not _is_there(self._replica):
            self._replica = self.client.submit(_as_it_is, self._loss, pure=False)
        lost = [i for i, shard in enumerate(self._shards) if not _is_there(shard)]
        here = [i for i in lost if _is_data(self._sources[i])]
        sent = self._sent([self._sources[i] for i in here]) if here else []
        scattered = dict(zip(here, sent, strict=True))
        for i in lost:
            source = scattered.get(i, self._sources[i])
            if hasattr(source, "dask"):
                source = self.client.compute(source)
            if _is_future(source) and not _is_there(source):
                raise ValueError(
                    located(
                        f"data_parallel: shard {i} was lost with the worker that had it, and what was scattered cannot "
                        "be made anew; the parameters are as the last step left them; give the arrays, or a function "
                        "that makes them"
                    )
                )
            self._shards[i] = self.client.submit(as_shard, source, pure=False)

    def _results(self, futures: list[Any]) -> list[Any]:
        """What the futures come to. Waits for as long as there is somebody who computes."""
        pending: Future[list[Any]] = Future()

        async def fetch() -> None:
            try:
                pending.set_result(await self.client.gather(futures, asynchronous=True))
            except BaseException as error:  # whatever it is, it is raised in the thread that waits
                pending.set_exception(error)

        self.client.loop.add_callback(fetch)
        while True:
            try:
                return pending.result(_LOOK)
            except TimeoutError:
                if pending.done():  # the loss raised it
                    raise
                self._wait_for_a_worker()

    def _wait_for_a_worker(self) -> None:
        """Returns as soon as there is one: usually at once."""
        until = monotonic() + self.timeout
        while not self._workers():
            if self.client.status == "closed" or monotonic() > until:
                lost = f"no worker for {self.timeout:g} s" if self.client.status == "running" else "no cluster any more"
                raise ConnectionError(
                    located(
                        f"data_parallel: there is {lost}; nothing has changed, the parameters are those of the last "
                        "step; start workers and call again, or make data_parallel anew with another client"
                    )
                )
            sleep(_LOOK / 10)

    def _workers(self) -> int:
        """How many workers there are, 0 if the scheduler does not answer."""
        if self.client.status != "running":
            return 0
        try:
            return len(self.client.nthreads(callback_timeout=self.timeout))
        except OSError:  # which a TimeoutError is too
            return 0


def _is_future(source: Any) -> bool:
    return hasattr(source, "cancelled")


def _is_there(future: Any) -> bool:
    """True for a future that is done or will be."""
    return future is not None and future.status not in ("cancelled", "lost")


def _is_data(source: Any) -> bool:
    """True for arrays in this process, in contrast to what makes them on a worker."""
    return not (callable(source) or hasattr(source, "dask") or _is_future(source))


def _as_it_is(x: Any) -> Any:
    """What is sent to the cluster as the result of a task, so that it is sent again where it was lost."""
    return x


class _Answer(NamedTuple):
    """What came back from the workers."""

    loss: float
    gradients: list[Any]

    def __repr__(self) -> str:
        return "of the workers"


@functools.cache
def _answered() -> Callable[..., Any]:
    """The op of the result: a custom op, made when it is first needed, as they take a while to load."""

    def gradient(i: int, g: Any, z: Any, *values: Any, answer: _Answer) -> Any:
        if isinstance(z, Value):
            raise ValueError("the workers send first derivatives only")
        return g * answer.gradients[i]

    @autograd_mini.custom_op(gradient, kind="general")
    def data_parallel(*values: Any, answer: _Answer) -> Any:
        return answer.loss

    return data_parallel
