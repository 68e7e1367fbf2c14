"""fit: the loop that one would write, early stopping, and a stop anywhere after which it goes on to the same bits."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd_mini import Value, write_npz
from optim import checkpoint, lr_scheduler


class Killed(Exception):
    """The process is gone."""


class Setup:
    """A training whose loss draws noise, with a model that keeps a running mean beside its parameters."""

    def __init__(self, name: str, dtype: Any = np.float64) -> None:
        self.rng = np.random.default_rng(1)
        data = np.random.default_rng(0)
        self.x = data.normal(size=(50, 2)).astype(dtype)
        self.y = (self.x[:, :1] - 2 * self.x[:, 1:]).astype(dtype)
        self.net = nn.MLP(2, [4, 1], rng=np.random.default_rng(2), dtype=np.dtype(dtype))
        self.scale = Value(1.0)
        self.mean = np.zeros(2)
        self.training = True
        self.noise = np.random.Generator(np.random.MT19937(3))
        self.calls = 0
        self.kill_at = 10**9
        params = [*self.net.parameters(), self.scale]
        self.options: dict[str, Any] = {}
        if name == "SGD, one cycle by batch":
            self.optimizer: Any = optim.SGD(params, lr=0.01, momentum=0.9)
            self.options = {
                "scheduler": lr_scheduler.OneCycleLR(self.optimizer, 0.02, total_steps=100),
                "scheduler_step": "batch",
            }
        elif name == "Adam, plateau":
            self.optimizer = optim.Adam([{"params": params[:2], "lr": 0.02}, {"params": params[2:]}], amsgrad=True)
            self.options = {
                "scheduler": lr_scheduler.ReduceLROnPlateau(self.optimizer, patience=0, threshold=0.3),
                "validation": (self.x[:13], self.y[:13]),
                "patience": 3,
            }
        else:
            self.optimizer = optim.LBFGS(params, lr=0.1, max_iter=2)
            self.options = {"max_grad_norm": 1.0, "validation": lambda: self.scale.data}

    def loss(self, x: Any, y: Any) -> Any:
        self.calls += 1
        if self.calls == self.kill_at:
            raise Killed
        if self.training:
            x = x + 0.1 * self.noise.normal(size=x.shape).astype(x.dtype)
            self.mean = 0.9 * self.mean + 0.1 * x.mean(axis=0)
        return ((self.net(x - self.mean.astype(x.dtype)) * self.scale - y) ** 2).mean()

    # the model, as fit knows it
    def state_dict(self) -> Any:
        return {**self.net.state_dict(), "mean": self.mean.copy()}

    def load_state_dict(self, state: Any) -> None:
        state = dict(state)
        self.mean = state.pop("mean")
        self.net.load_state_dict(state)

    def train(self, mode: bool = True) -> Any:
        self.training = mode

    def fit(self, epochs: int = 5, **more: Any) -> optim.History:
        options = {"epochs": epochs, "batch_size": 8, "model": self, "progress": False, "rng": [self.rng, self.noise]}
        return optim.fit(self.loss, (self.x, self.y), self.optimizer, **(options | self.options | more))

    def everything(self) -> Any:
        return [
            [np.array(p.data) for p in self.optimizer.params],
            self.mean,
            self.optimizer.state_dict(),
            self.rng.bit_generator.state,
            self.noise.bit_generator.state,
        ]


NAMES = ["SGD, one cycle by batch", "Adam, plateau", "LBFGS"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kill_at", [1, 9, 11, 20, 30])  # in the first epoch, between two, in the middle of others
def test_a_training_that_was_killed_goes_on_to_the_same_bits(
    name: str, dtype: Any, kill_at: int, tmp_path: Path
) -> None:
    path = tmp_path / "run.npz"
    whole = Setup(name, dtype)
    expected = whole.fit()
    killed = Setup(name, dtype)
    killed.kill_at = kill_at
    with pytest.raises(Killed):
        killed.fit(checkpoint=path, checkpoint_every=2)
    again = Setup(name, dtype)
    history = again.fit(checkpoint=path, checkpoint_every=2, resume=True)
    assert history == expected
    assert history.batch_losses == expected.batch_losses
    np.testing.assert_equal(again.everything(), whole.everything())
    assert again.calls < whole.calls or kill_at < 4
    assert os.listdir(tmp_path) == ["run.npz"]


@pytest.mark.parametrize("name", NAMES)
def test_more_epochs_later_are_more_epochs_at_once(name: str, tmp_path: Path) -> None:
    whole, first, second = [Setup(name) for _ in range(3)]
    for setup in (whole, first, second):
        setup.options.pop("patience", None)  # the best of 2 epochs would be put back in between
    expected = whole.fit(4)
    first.fit(2, checkpoint=tmp_path / "run.npz")
    assert second.fit(4, checkpoint=tmp_path / "run.npz", resume=True) == expected
    np.testing.assert_equal(second.everything(), whole.everything())
    third = Setup(name)
    third.options.pop("patience", None)
    assert third.fit(4, checkpoint=tmp_path / "run.npz", resume=True) == expected  # it was finished
    assert third.calls == 0
    np.testing.assert_equal(third.everything(), whole.everything())


@pytest.mark.parametrize("own", [True, False])
def test_dropout_goes_on_with_the_masks_that_it_would_have_drawn(own: bool, tmp_path: Path) -> None:
    def train(path: Path, kill_at: int) -> list[Any]:
        nn.manual_seed(4)
        masks = np.random.default_rng(5) if own else None
        model = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5, rng=masks), nn.Linear(8, 1))
        calls: list[int] = []

        def loss(x: Any, y: Any) -> Any:
            calls.append(1)
            if len(calls) == kill_at:
                raise Killed
            return nn.mse_loss(model(x), y)

        x = np.random.default_rng(0).normal(size=(20, 2))
        options: dict[str, Any] = {"epochs": 3, "batch_size": 5, "model": model, "rng": np.random.default_rng(6)}
        sgd = optim.SGD(model.parameters(), lr=0.1)
        optim.fit(loss, (x, x[:, :1]), sgd, checkpoint=path, checkpoint_every=1, resume=True, progress=False, **options)
        return [parameter.data for parameter in model.parameters()]

    with pytest.raises(Killed):
        train(tmp_path / "killed.npz", 7)
    whole = train(tmp_path / "whole.npz", 0)
    np.testing.assert_equal(train(tmp_path / "killed.npz", 0), whole)


# ---------------------------------------------------------------- the loop


def line() -> tuple[Value, Any, Any]:
    x = np.linspace(-1, 1, 20)
    return Value(0.0), x, 3 * x


def test_it_is_the_loop_that_one_would_write() -> None:
    w, x, y = line()
    history = optim.fit(
        lambda x, y: ((w * x - y) ** 2).mean(),
        (x, y),
        optim.SGD([w], lr=0.3),
        epochs=3,
        batch_size=8,
        rng=np.random.default_rng(5),
        progress=False,
    )
    v = Value(0.0)
    optimizer = optim.SGD([v], lr=0.3)
    losses = []
    batches = optim.minibatches(x, y, batch_size=8, rng=np.random.default_rng(5))
    means = []
    for _ in range(3):
        total = 0.0
        for a, b in batches:
            optimizer.zero_grad()
            loss = ((v * a - b) ** 2).mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            total += loss.item() * len(a)
        means.append(total / 20)
    assert w.data == v.data
    assert history.batch_losses == losses
    assert history.losses == pytest.approx(means, rel=1e-14)
    assert history.learning_rates == [0.3] * 3
    assert history.message == "finished 3 epochs"


def test_minibatches_say_themselves_how_the_data_is_cut() -> None:
    w, x, _ = line()
    seen: list[Any] = []

    def loss(batch: Any) -> Any:
        seen.append(batch.tolist())
        return (w * batch).sum()

    batches = optim.minibatches(x, batch_size=9, shuffle=False, drop_last=True)
    history = optim.fit(loss, batches, optim.SGD([w], lr=0.0), epochs=2, progress=False)
    assert seen == [x[:9].tolist(), x[9:18].tolist()] * 2
    assert history.losses == [0.0, 0.0]


def test_early_stopping_ends_with_the_parameters_of_the_best_epoch() -> None:
    w = Value(0.0)
    numbers = iter([3.0, 2.0, 2.5, 1.0, 1.0, 4.0, 0.0])
    after: list[float] = []

    def validation() -> float:
        after.append(w.data)
        return next(numbers)

    history = optim.fit(
        lambda x: (w * 1.0 + x * 0).mean(),
        np.ones(4),
        optim.SGD([w], lr=1.0),
        epochs=100,
        validation=validation,
        patience=2,
        progress=False,
    )
    assert history.validations == [3.0, 2.0, 2.5, 1.0, 1.0, 4.0]
    assert history.best_epoch == 3
    assert w.data == after[3] != after[-1]
    assert history.message == "stopped early after 6 epochs: the lowest is 1, of epoch 3"


def test_the_validation_is_the_mean_over_all_samples_and_leaves_no_trace() -> None:
    w, x, y = line()
    model = nn.Linear(1, 1)
    modes: list[bool] = []

    def loss(x: Any, y: Any) -> Any:
        modes.append(model.training)
        return ((w * x - y) ** 2).mean()

    held_out = (x[:7], y[:7])
    history = optim.fit(
        loss, (x, y), optim.SGD([w], lr=0.1), epochs=1, batch_size=5, validation=held_out, model=model, progress=False
    )
    assert history.validations == [pytest.approx(np.mean((w.data * x[:7] - y[:7]) ** 2), rel=1e-12)]
    assert modes == [True] * 4 + [False] * 2
    assert model.training


@pytest.mark.parametrize("layer", [lambda: nn.Dropout(0.5), lambda: nn.BatchNorm1d(4)])
def test_a_validation_in_training_mode_is_warned_of_once(layer: Any) -> None:
    _, x, y = line()
    x, y = x[:, None], y[:, None]

    def train(**options: Any) -> optim.History:
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(1, 4), layer(), nn.Linear(4, 1))
        sgd = optim.SGD(model.parameters(), lr=0.01)
        if options.pop("known", False):
            options["model"] = model
        if options.pop("eval", False):
            model.eval()
        return optim.fit(
            lambda x, y: nn.mse_loss(model(x), y), (x, y), sgd, epochs=3, batch_size=5, progress=False, **options
        )

    name = type(layer()).__name__
    with pytest.warns(UserWarning, match=f"the validation ran with {name} in training mode.*model=") as warned:
        train(validation=(x, y))
    assert len(warned) == 1
    assert warned[0].filename == __file__
    for options in ({}, {"known": True}, {"eval": True}):  # a warning would be an error here
        train(validation=(x, y) if options else None, **options)
    train(validation=lambda: 1.0)  # it may do what it likes


def test_the_callback_sees_every_epoch_and_may_stop_the_training() -> None:
    w, x, y = line()
    seen: list[int] = []

    def callback(history: optim.History) -> bool:
        seen.append(len(history.losses))
        return len(seen) == 2

    history = optim.fit(
        lambda x, y: ((w * x - y) ** 2).mean(), (x, y), optim.SGD([w], lr=0.1), callback=callback, progress=False
    )
    assert seen == [1, 2]
    assert history.message == "stopped by the callback after 2 epochs"


def test_a_loss_that_is_not_finite_stops_before_its_step(tmp_path: Path) -> None:
    w, x, y = line()
    path = tmp_path / "run.npz"
    data: list[float] = []

    def loss(x: Any, y: Any) -> Any:
        data.append(w.data)
        return ((w * x - y) ** 2).mean() * (1.0 if len(data) < 3 else float("inf"))

    where = "the loss is inf in epoch 1, batch 0; no step was taken with it; is the learning rate too high"
    with pytest.raises(FloatingPointError, match=where):
        optim.fit(loss, (x, y), optim.SGD([w], lr=0.1), batch_size=10, checkpoint=path, progress=False)
    assert w.data == data[-1]
    assert checkpoint.load(path)["now"]["parameters"] == [w.data]


def test_before_the_first_step_it_is_not_the_learning_rate() -> None:
    w, x, y = line()
    with pytest.raises(
        FloatingPointError, match=r"the loss is nan in epoch 0, batch 0; .* do the data have nan or inf"
    ):
        optim.fit(lambda x, y: ((w * x - y) ** 2).mean(), (x, y * np.nan), optim.SGD([w], lr=0.1), progress=False)


# ---------------------------------------------------------------- progress


def test_the_bar_counts_batches_and_shows_the_latest_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    w, x, y = line()
    optim.fit(lambda x, y: ((w * x - y) ** 2).mean(), (x, y), optim.SGD([w], lr=0.1), epochs=2, batch_size=5)
    out, err = capsys.readouterr()
    assert out == ""
    assert "8/8" in err
    assert "epoch 2, loss" in err


def test_without_tqdm_there_is_a_line_for_every_epoch(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    w, x, y = line()
    history = optim.fit(lambda x, y: ((w * x - y) ** 2).mean(), (x, y), optim.SGD([w], lr=0.1), epochs=2)
    first, second = capsys.readouterr().err.splitlines()
    assert (first, second) == tuple(f"epoch {i + 1}, loss {loss:.4g}" for i, loss in enumerate(history.losses))


# ---------------------------------------------------------------- what is refused


def refused(setup: Setup, path: Path, message: str, **options: Any) -> None:
    """The checkpoint is refused, and nothing at all has changed."""
    before = setup.everything()
    with pytest.raises(ValueError, match=message):
        setup.fit(checkpoint=path, resume=True, **options)
    np.testing.assert_equal(setup.everything(), before)
    assert setup.calls == 0


def test_the_checkpoint_of_another_training_is_refused_and_nothing_loaded(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    Setup("Adam, plateau").fit(2, checkpoint=path)
    other = r"run\.npz is the checkpoint of another training"
    refused(Setup("Adam, plateau"), path, rf"{other}: \(samples, batch size, drop last\) were", batch_size=9)
    refused(Setup("Adam, plateau"), path, f"{other}: one of them has a model", model=None)
    refused(Setup("Adam, plateau"), path, f"{other}: one of them has a validation", validation=None)
    refused(Setup("Adam, plateau"), path, f"{other}: it has scheduler", scheduler=None)
    refused(Setup("Adam, plateau"), path, f"{other}: it has rng", rng=np.random.default_rng(0))
    wrong = Setup("Adam, plateau")
    wrong.noise = np.random.default_rng(0)
    refused(wrong, path, f"{other}: its rng is of another kind")
    fewer = Setup("Adam, plateau")
    fewer.optimizer = optim.Adam(fewer.net.parameters())
    schedule = lr_scheduler.ReduceLROnPlateau(fewer.optimizer)
    refused(fewer, path, f"{other}: its parameters have shapes", scheduler=schedule)
    another = Setup("Adam, plateau")
    another.optimizer = optim.SGD(another.optimizer.params)
    schedule = lr_scheduler.ReduceLROnPlateau(another.optimizer)
    refused(another, path, "this is the state of Adam, and this optimizer is SGD", scheduler=schedule)


def test_a_broken_or_foreign_file_is_refused_and_nothing_loaded(tmp_path: Path) -> None:
    good, path = tmp_path / "good.npz", tmp_path / "run.npz"
    Setup("LBFGS").fit(1, checkpoint=good)
    content = good.read_bytes()
    files = {
        "empty": b"",
        "text": b"hello",
        "pickle": pickle.dumps({"a": 1}),
        "half": content[: len(content) // 2],
        "flipped": content[:300] + bytes([content[300] ^ 255]) + content[301:],
    }
    for content in files.values():
        path.write_bytes(content)
        refused(Setup("LBFGS"), path, r"run\.npz is no checkpoint of optim\.fit, or a broken one")
    np.savez(path, a=np.ones(2))
    refused(Setup("LBFGS"), path, "is no checkpoint")
    np.savez(path, json=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    refused(Setup("LBFGS"), path, "is no checkpoint")


def changed(state: Any, place: list[Any], junk: Any) -> Any:
    """A copy of the state with something else in one place."""
    state = pickle.loads(pickle.dumps(state))
    part = state
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = junk
    return state


TWISTER = ["rng", 1, "state", "pos"]
PLACES: list[tuple[list[Any], Any]] = [
    (TWISTER, 10**8),  # NumPy would read from beyond its buffer, and the process die
    (TWISTER, -1),
    (["rng", 1, "state", "key"], np.zeros(3, np.uint32)),
    (["rng", 0, "state", "state"], "x"),
    (["rng"], 0),
    (["now"], None),
    (["now", "parameters", 0], np.zeros((4, 3))),
    (["now", "parameters", 0], "x"),
    (["now", "model", "mean"], "x"),
    (["best"], None),
    (["best", "parameters", 0], np.zeros((4, 3))),
    (["best", "model"], {}),
    (["optimizer", "state", 0, "step"], -1),
    (["optimizer", "param_groups", 0, "lr"], float("nan")),
    (["scheduler", "best"], "x"),
    (["batch"], 10**30),
    (["batch"], -1),
    (["batch"], 2.0),
    (["order"], np.zeros(50, int)),
    (["order"], np.arange(50.0)),
    (["order"], np.arange(49)),
    (["order"], None),
    (["batch_losses"], np.zeros(3)),
    (["losses"], 1.0),
    (["losses"], [1.0]),
    (["losses", 0], "x"),
    (["learning_rates"], []),
    (["validations"], [1.0] * 9),
]


def test_a_checkpoint_in_which_one_thing_is_impossible_is_refused_and_nothing_loaded(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    setup = Setup("Adam, plateau")
    setup.kill_at = 22  # in the third epoch
    with pytest.raises(Killed):
        setup.fit(checkpoint=path, checkpoint_every=2)
    state = checkpoint.load(path)
    assert (state["batch"], len(state["losses"])) == (2, 2)
    for place, junk in PLACES:
        checkpoint.save(path, changed(state, place, junk))
        refused(Setup("Adam, plateau"), path, "is the checkpoint of another training.*nothing was loaded")


def test_a_memory_of_lbfgs_in_which_one_thing_is_impossible_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    Setup("LBFGS").fit(1, checkpoint=path)
    state = checkpoint.load(path)
    for key, junk in [
        ("ro", []),
        ("ro", None),
        ("n_iter", "x"),
        ("n_iter", 0),
        ("t", None),
        ("d", []),
        ("old_dirs", 1),
    ]:
        checkpoint.save(path, changed(state, ["optimizer", "state", 0, key], junk))
        refused(Setup("LBFGS"), path, "is the checkpoint of another training; nothing was loaded")


def test_an_array_stands_in_one_place_of_a_checkpoint(tmp_path: Path) -> None:
    arrays = {
        "json": np.frombuffer(b'{"kind": "optim.fit checkpoint 1", "tree": [{"array": 0}, {"array": 0}]}', np.uint8)
    }
    write_npz(tmp_path / "run.npz", {**arrays, "array0": np.ones(2)})
    with pytest.raises(ValueError, match=r"is no checkpoint of optim\.fit, or a broken one \(KeyError: 'array0'\)"):
        checkpoint.load(tmp_path / "run.npz")


def test_what_is_called_array_comes_back_from_a_checkpoint(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "run.npz", {"model": {"array": np.ones(2)}})
    assert checkpoint.load(tmp_path / "run.npz")["model"]["array"].tolist() == [1.0, 1.0]


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.npz"
    checkpoint.save(path, {"a": 1})

    def failing(*args: Any) -> None:
        raise OSError("the disk is full")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, failing)
            with pytest.raises(OSError, match="the disk is full"):
                checkpoint.save(path, {"a": 2})
        assert checkpoint.load(path) == {"a": 1}
        assert os.listdir(tmp_path) == ["run.npz"]
    with pytest.raises(TypeError, match="Value is no number, string, list, dict or array"):
        checkpoint.save(path, {"a": Value(1.0)})
    assert checkpoint.load(path) == {"a": 1}


def test_numbers_come_back_from_a_checkpoint_bit_by_bit(tmp_path: Path) -> None:
    tree = {"a": [0.1, float("inf"), -0.0, 2**200, True, None, "é"], "b": {"c": np.array(np.float32(0.1))}, "d": []}
    checkpoint.save(tmp_path / "x.npz", tree)
    back = checkpoint.load(tmp_path / "x.npz")
    np.testing.assert_equal(back, tree)
    assert back["b"]["c"].dtype == np.float32
    checkpoint.save(tmp_path / "x.npz", [np.float64("nan")])
    assert np.isnan(checkpoint.load(tmp_path / "x.npz")[0])


def test_bad_input_is_answered_with_a_sentence(tmp_path: Path) -> None:
    w, x, _ = line()
    sgd = optim.SGD([w], lr=0.1)

    def loss(x: Any) -> Any:
        return (w * x).mean()

    cases: list[Any] = [
        ((1.0, x, sgd), {}, TypeError, "loss is a function of a batch, not a float"),
        ((loss, x, optim.SGD), {}, TypeError, "the third argument is an optimizer, not type"),
        ((loss, (x, x[:3]), sgd), {}, ValueError, "do not have a first axis of one length"),
        ((loss, [], sgd), {}, ValueError, "do not have a first axis of one length"),
        ((loss, np.ones((0, 2)), sgd), {}, ValueError, "there is not a single batch in the data"),
        ((loss, x, sgd), {"epochs": -1}, ValueError, "epochs is a whole number that is not negative, not -1"),
        ((loss, x, sgd), {"batch_size": 0}, ValueError, "batch_size is a positive integer, not 0"),
        ((loss, x, sgd), {"patience": 0}, ValueError, "patience is a positive whole number, not 0"),
        ((loss, x, sgd), {"max_grad_norm": -1.0}, ValueError, "max_grad_norm is a finite number"),
        ((loss, x, sgd), {"rng": 0}, TypeError, r"rng is a numpy\.random\.Generator, or a list of them, not int"),
        ((loss, x, sgd), {"rng": [np.random.default_rng(0), 1]}, TypeError, "or a list of them, not int"),
        ((loss, x, sgd), {"model": 1}, TypeError, "model has state_dict and load_state_dict; a int has not"),
        ((loss, x, sgd), {"resume": True}, ValueError, "resume and checkpoint_every need a checkpoint"),
        ((loss, x, sgd), {"checkpoint_every": 1}, ValueError, "resume and checkpoint_every need a checkpoint"),
        ((loss, x, sgd), {"checkpoint": tmp_path / "no" / "x.npz"}, FileNotFoundError, "there is no folder .*no; make"),
        ((loss, x, sgd), {"scheduler_step": "day"}, ValueError, 'scheduler_step is "epoch" or "batch", not \'day\''),
        (
            (loss, x, sgd),
            {"scheduler": lr_scheduler.StepLR(optim.SGD([w]), 1)},
            ValueError,
            "scheduler is not a schedule of this optimizer",
        ),
        (
            (loss, x, sgd),
            {"scheduler": lr_scheduler.ReduceLROnPlateau(sgd), "scheduler_step": "batch"},
            ValueError,
            "ReduceLROnPlateau is told the validation, so it steps by epoch",
        ),
        ((lambda x: w * x, x, sgd), {}, ValueError, r"a Value that is a single number, not of shape \(20,\)"),
        ((lambda x: 1.0, x, sgd), {}, ValueError, "a Value that is a single number, not a float"),
        ((lambda x: None, x, sgd), {}, ValueError, "a Value that is a single number, not a NoneType"),
    ]
    for args, options, kind, message in cases:
        with pytest.raises(kind, match=message):
            optim.fit(*args, **({"progress": False} | options))
        assert w.data == 0.0
