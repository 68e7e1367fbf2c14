"""Attributes of a user's objects: those that some code names are seen to change, the others are free to."""

from __future__ import annotations

import abc
import cProfile
import dataclasses
import functools
import operator
import pickle
import sys
import threading
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import pytest

import nn
import optim
from autograd_mini import Value, custom_op
from autograd_mini.compiler import jit as jitting
from autograd_mini.compiler.errors import JitError
from autograd_mini.compiler.jit import jit
from autograd_mini.compiler.trace import Trace
from autograd_mini.tree import leaves_of
from tests.jit.training import X, Y, assert_alike, both

T = TypeVar("T")


class Trainer:
    """A user's own class, which keeps a book that its step does not read."""

    rate = 1.0

    def __init__(self) -> None:
        self.w, self.best, self.epoch = Value(1.0), 0.0, 0
        self.history: list[float] = []
        self.scale = 2.0

    @jit
    def step(self, x: Any) -> Any:
        self.w.zero_grad()
        loss = (self.w * x * self.scale - 1.0) ** 2
        loss.backward()
        self.w.data = self.w.data - 0.01 * self.rate * self.w.grad
        return loss

    @jit
    def by_any_name(self, x: Any) -> Any:
        return self.w * x * getattr(self, "sca" + "le")

    @jit
    def sets(self, x: Any) -> Any:
        self.extra = x
        return self.w * x


def test_what_a_step_does_not_name_may_change_and_what_it_names_is_seen() -> None:
    trainer = Trainer()
    for epoch in range(5):
        trainer.history.append(trainer.step(1.5).item())
        trainer.epoch, trainer.best, trainer.other = epoch, min(trainer.history), epoch  # type: ignore[attr-defined]
    assert Trainer.__dict__["step"]._cache._times_traced == 1
    trainer.scale = 4.0
    before = trainer.w.data
    assert trainer.step(1.5).data == pytest.approx((before * 6.0 - 1.0) ** 2, rel=1e-12)
    trainer.rate = 0.0  # now of the object, and no more of the class
    before = trainer.w.data
    trainer.step(1.5)
    assert trainer.w.data == before
    first = trainer.by_any_name(1.0).data
    trainer.scale = 8.0
    assert trainer.by_any_name(1.0).data == 2 * first
    with pytest.raises(JitError, match=r"the function sets \w*\.?extra"):
        trainer.sets(1.0)


def test_settings_that_come_back_find_their_program() -> None:
    eager, jitted = both(model=lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)))
    loss = [training.wrap(training.model) for training in (eager, jitted)]
    for _ in range(6):
        for mode in ("train", "eval"):
            for training in (eager, jitted):
                getattr(training.model, mode)()
            np.testing.assert_allclose(loss[1](X).data, loss[0](X).data, rtol=1e-12)
    assert loss[1]._cache._times_traced == 2


class Config:
    """Read by names that stand in no code."""

    __match_args__ = ("rate",)

    def __init__(self) -> None:
        self.rate, self.inner, self.other = 1.0, None, 7.0

    def __str__(self) -> str:
        return f"at {self.rate}"


W = Value([1.0, 2.0])
CONFIG, NAME = Config(), "ra" + "te"
BOUND = {"config": CONFIG}.get
READ, FORM = getattr, "{0.rate}"


def matched(x: Any) -> Any:
    match CONFIG:
        case Config(rate=r):
            return W * x * r
    return W


def matched_by_place(x: Any) -> Any:
    match CONFIG:
        case Config(r):
            return W * x * r
    return W


TEXTS = {f"at {rate}": rate for rate in (1.0, 2.0, 5.0)}
READERS: dict[str, Any] = {
    "str": lambda x: W * x * TEXTS[str(CONFIG)],
    "a text with it": lambda x: W * x * TEXTS[f"{CONFIG}"],
    "getattr": lambda x: W * x * getattr(CONFIG, NAME),
    "getattr by another name": lambda x: W * x * READ(CONFIG, NAME),
    "vars": lambda x: W * x * vars(CONFIG)[NAME],
    "format": lambda x: W * x * float(FORM.format(CONFIG)),
    "attrgetter": lambda x: W * x * operator.attrgetter(NAME)(CONFIG),
    "eval": lambda x: W * x * eval("c." + NAME, {"c": CONFIG}),
    "match": matched,
    "match by place": matched_by_place,
    "a bound get": lambda x: W * x * BOUND("config").rate,
}


@pytest.mark.parametrize("name", READERS)
def test_an_attribute_is_seen_to_change_by_whatever_name_it_is_read(name: str) -> None:
    CONFIG.rate = 1.0
    f = jit(READERS[name])
    x = np.array([1.0, 2.0])
    for CONFIG.rate in (1.0, 5.0, 2.0):
        np.testing.assert_array_equal(f(x).data, W.data * x * CONFIG.rate)


def test_an_attribute_of_an_optimizer_may_come_later() -> None:
    class Boosted(optim.SGD):
        def update(self, w: Any, g: Any, state: Any, group: Any) -> Any:
            return w - group["lr"] * getattr(self, "boost", 1.0) * g, state

    eager, jitted = both(lambda ps: Boosted(ps, 0.1))
    for k in range(4):
        for training in (eager, jitted):
            if k == 2:
                training.optimizer.boost = 3.0  # type: ignore[attr-defined]  # it comes later
            training.step(X, Y)
        assert_alike(eager, jitted)


def test_a_value_of_a_class_with_attributes_of_its_own_steps_too() -> None:
    class Weight(Value):
        """With a dict, unlike Value."""

    w = Weight(3.0)
    w.rate = 0.25  # type: ignore[attr-defined]  # it has any

    @jit
    def step(x: Any) -> Any:
        w.zero_grad()
        loss = w * w * x
        loss.backward()
        w.data -= w.rate * w.grad  # type: ignore[attr-defined]  # the same
        return loss

    assert [step(1.0).data, step(1.0).data] == [9.0, 2.25]
    assert (type(w), w.data, w.grad) == (Weight, 0.75, 3.0)


class Net(nn.Module):
    """A user's own network, which keeps a book too."""

    def __init__(self) -> None:
        self.layer, self.scale, self.calls = nn.Linear(3, 1), 2.0, 0
        self.losses: list[float] = []

    def forward(self, x: Any) -> Any:
        return self.layer(x).sum() * self.scale


class OfABase(abc.ABC, Generic[T]):
    def __init__(self) -> None:
        self.w, self.calls = Value(2.0), 0
        self.losses: list[float] = []

    @abc.abstractmethod
    def loss(self, x: Any) -> Any: ...


class OfNoBase(OfABase[float]):
    def loss(self, x: Any) -> Any:
        return (self.w * x).sum()


def test_a_network_and_a_trainer_of_a_base_class_may_keep_a_book() -> None:
    net, trainer = Net(), OfNoBase()
    for keeper, f in ((net, jit(net)), (trainer, jit(trainer.loss))):
        for calls in range(4):
            keeper.losses = [*keeper.losses, f(np.ones((2, 3))).item()]
            keeper.calls = calls
            keeper.new = calls  # type: ignore[union-attr]
        assert f._cache._times_traced == 1


def test_what_a_network_names_is_seen_and_all_of_it_where_its_parameters_are_asked_for() -> None:
    net = Net()
    scaled = jit(lambda x: net(x))
    before = scaled(np.ones((2, 3))).data
    net.scale = 6.0
    assert scaled(np.ones((2, 3))).data == pytest.approx(3 * before)
    penalty = jit(lambda: sum((p * p).sum() for p in net.parameters()))
    before = penalty().data
    net.more = nn.Parameter([2.0])  # type: ignore[attr-defined]
    assert penalty().data == pytest.approx(before + 4.0)


class Book:
    """A trainer whose ``step`` keeps a book, and has the name of what its jitted step calls."""

    def __init__(self) -> None:
        self.model, self.steps = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), 0
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)

    def step(self) -> Any:
        self.steps += 1
        return self.learn(X, Y)

    @jit
    def learn(self, x: Any, y: Any) -> Any:
        loss = nn.mse_loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss


@dataclass
class Record:
    """The same as a dataclass, which cannot be hashed."""

    model: nn.Module
    optimizer: Any = None
    steps: int = 0
    losses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.optimizer = self.optimizer or optim.SGD(self.model.parameters(), lr=0.1)

    def step(self) -> Any:
        self.steps += 1
        self.losses.append(self.learn(X, Y).item())
        return Value(self.losses[-1])

    learn = jit(Book.learn.__wrapped__)


class OnTheModel(Book):
    """The same with its book on the model, all of whose parameters the step goes through."""

    def step(self) -> Any:
        self.model.best = self.steps = self.steps + 1
        return self.decay(X, Y)

    @jit
    def decay(self, x: Any, y: Any) -> Any:
        loss = nn.mse_loss(self.model(x), y) + 0.001 * sum([(p * p).sum() for p in self.model.parameters()])
        loss.backward()
        self.optimizer.step()
        self.model.zero_grad()
        return loss


class Recurring(nn.Module):
    """A network of the user's own with a book, and a layer of nn that has parameters by computed names."""

    def __init__(self) -> None:
        self.cells, self.head, self.log = nn.RNN(3, 4), nn.Linear(4, 1), list[int]()

    def forward(self, x: Any) -> Any:
        return self.head(self.cells(np.expand_dims(x, 0))[1][0])


class OfARecurrent(Book):
    """Adam's state comes with the first step, and has it traced again; the log grows."""

    def __init__(self) -> None:
        self.model, self.steps = Recurring(), 0
        self.optimizer = optim.Adam(self.model.parameters(), lr=0.01)

    def step(self) -> Any:
        self.model.log.append(1)
        return self.learn(X, Y)


TRAINERS = {
    "recurrent": OfARecurrent,
    "class": Book,
    "dataclass": lambda: Record(nn.MLP(3, [4, 1])),
    "on the model": OnTheModel,
}


@pytest.mark.parametrize("name", TRAINERS)
def test_a_trainer_that_keeps_a_book_is_traced_twice_at_most(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = TRAINERS[name]()
    traced: list[Any] = []
    monkeypatch.setattr(jitting, "Trace", lambda *args, **options: traced.append(1) or Trace(*args, **options))
    losses = [trainer.step().data for _ in range(6)]
    assert losses == sorted(losses, reverse=True)
    assert len(traced) == 2
    trainer.optimizer.lr = 0.0
    trainer.step()
    before = trainer.step().data
    bias = trainer.model.parameters()[-1]
    bias.data = bias.data + 1.0
    assert trainer.step().data != before
    assert len(traced) == 2


def test_a_part_that_a_network_gets_later_is_seen_by_a_step_that_goes_through_all() -> None:
    trainer = OnTheModel()
    for _ in range(3):
        trainer.step()
    trainer.model.more = nn.Parameter(np.full(2, 100.0))
    assert trainer.step().data == pytest.approx(0.001 * 2 * 100.0**2, rel=0.1)


def test_a_setting_of_a_trainer_that_keeps_a_book_is_seen_to_change() -> None:
    @dataclass
    class Scaled:
        layer: nn.Module
        scale: float = 1.0
        calls: int = 0

        def loss(self, x: Any) -> Any:
            self.calls += 1
            return self.replayed(x)

        @jit
        def replayed(self, x: Any) -> Any:
            return (self.layer(x) * self.scale).sum()

    one, other = Scaled(nn.Linear(3, 1)), Scaled(nn.Linear(3, 1))
    for scale in (1.0, 1.0, 2.0, 2.0, 0.5, 1.0):
        for scaled in (one, other):
            scaled.scale = scale
            assert scaled.loss(X).data == pytest.approx((scaled.layer(X) * scale).sum().data, rel=1e-12)


def test_a_dataclass_of_numbers_is_an_argument() -> None:
    @dataclass
    class Line:
        slope: Any
        shift: float

        @jit
        def at(self, x: float) -> Any:
            return self.slope * x + self.shift

    w = Value(2.0)
    for shift in (1.0, 3.0, 5.0):
        assert Line(w, shift).at(3.0).data == 6.0 + shift
    assert Line.__dict__["at"]._cache._times_traced == 1


class Settings:
    """Numbers that change between calls."""

    def __init__(self) -> None:
        self.rate, self.other, self.debug = 2.0, 1.0, False


def put_rate(settings: Settings, found: list[float]) -> None:
    found.append(settings.rate)


def rate_in_a_thread(settings: Settings) -> float:
    found: list[float] = []
    thread = threading.Thread(target=put_rate, args=(settings, found))
    thread.start()
    thread.join()
    return found[0]


@functools.lru_cache
def remembered_rate(settings: Settings) -> float:
    return settings.rate


def test_what_is_read_in_a_thread_or_remembered_is_seen_to_change_in_a_trace_that_replaces_one() -> None:
    w, settings = Value(1.0), Settings()
    in_a_thread = jit(lambda x: w * x * rate_in_a_thread(settings) * settings.other)
    from_memory = jit(lambda x: w * x * remembered_rate(settings) * settings.other)
    for other in (1.0, 3.0):
        settings.other = other
        assert in_a_thread(1.0).data == from_memory(1.0).data == 2.0 * other
    settings.rate = 5.0
    remembered_rate.cache_clear()
    assert in_a_thread(1.0).data == from_memory(1.0).data == 15.0


def test_what_a_second_trace_does_is_refused_as_in_the_first() -> None:
    w, settings, seen = Value(1.0), Settings(), set[int]()

    def f(x: Any) -> Any:
        if settings.debug:
            seen.add(1)
        return w * x

    replayed = jit(f)
    replayed(1.0)
    settings.debug = True
    with pytest.raises(JitError, match="the function changes seen"):
        replayed(1.0)


@dataclass
class Numbers:
    rate: float
    epoch: int = 0


OF_A_RECORD: dict[str, Any] = {
    "replace": lambda x, config: W * x * dataclasses.replace(config).rate,
    "repr": lambda x, config: W * x * len(repr(config)),
    "leaves": lambda x, config: W * x * sum(leaves_of(config)),
    "equal": lambda x, config: W * x * (2.0 if config == Numbers(2.0, 1) else 3.0),
    "returned": lambda x, config: (W * x, config),
}


@pytest.mark.parametrize("name", OF_A_RECORD)
def test_all_of_a_dataclass_of_numbers_counts_after_a_second_trace_too(name: str) -> None:
    config, settings = Numbers(2.0), Settings()

    def f(x: Any) -> Any:
        return OF_A_RECORD[name](x * settings.other, config)  # which has it traced again

    replayed = jit(f)
    for config.rate, config.epoch, settings.other in ((2.0, 0, 1.0), (2.0, 0, 2.0), (2.0, 1, 2.0), (55.0, 1, 2.0)):
        found, expected = replayed(3.0), f(3.0)
        if name == "returned":
            assert found[1] == expected[1]
        else:
            np.testing.assert_array_equal(found.data, expected.data)


def test_what_the_rule_of_a_custom_op_reads_is_seen_to_change() -> None:
    settings, w = Settings(), Value(np.ones(2))

    @custom_op(lambda g, z, x: g * settings.rate)
    def spike_of_settings(x: Any) -> Any:
        return (x > 0) * 1.0

    loss = jit(lambda x: (spike_of_settings(w * x) * x * settings.other).sum())
    for settings.rate, settings.other in ((2.0, 1.0), (5.0, 1.0), (5.0, 3.0), (7.0, 3.0)):
        w.zero_grad()
        loss(np.array([1.0, 2.0])).backward()
        np.testing.assert_array_equal(w.grad, np.array([1.0, 4.0]) * settings.rate * settings.other)


def test_a_second_trace_is_taken_under_cprofile_too() -> None:
    w, settings, profiler = Value(3.0), Settings(), cProfile.Profile()
    f = jit(lambda x: w * x * settings.rate)
    profiler.enable()
    try:
        watching = sys.getprofile()  # None from Python 3.12 on, where it stands elsewhere
        first = f(2.0).data
        settings.rate = 5.0
        second = f(2.0).data
        assert sys.getprofile() is watching
    finally:
        profiler.disable()
    assert (first, second) == (12.0, 30.0)


def test_to_replace_letters_reads_no_attributes() -> None:
    book = Book()
    step = jit(lambda x: book.model(x).sum() * len("a b".replace(" ", "_")))
    for book.steps in range(4):
        step(X)
    assert step._cache._times_traced == 1


def test_a_jitted_method_of_a_dataclass_is_pickled_with_it() -> None:
    trainer = Record(nn.MLP(3, [4, 1]))
    before = trainer.learn(X, Y).data
    copied = pickle.loads(pickle.dumps(Record(trainer.model).learn))
    assert isinstance(copied, jitting.Jitted)
    assert copied(X, Y).data < before


def test_dataclasses_that_are_made_anew_are_arguments_and_trainers_are_not_mixed_up() -> None:
    @dataclass
    class Point:
        x: float
        y: float

    @dataclass
    class Pair:
        a: Point
        b: Point

        @jit
        def product(self, w: Any) -> Any:
            return w * (self.a.x * self.b.x + self.a.y * self.b.y)

    w = Value(2.0)
    products = [Pair(Point(float(i), 1.0), Point(3.0, 2.0)).product(w).data for i in range(5)]
    assert products == [2.0 * (3 * i + 2) for i in range(5)]
    assert Pair.__dict__["product"]._cache._times_traced == 1
    trainers = [Record(nn.Linear(3, 1)) for _ in range(40)]  # more than are kept
    for trainer in trainers + trainers:
        expected = nn.mse_loss(trainer.model(X), Y).data
        assert trainer.learn(X, Y).data == pytest.approx(expected, rel=1e-12)
