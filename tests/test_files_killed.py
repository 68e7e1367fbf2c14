"""Files keep their word: a process that is killed while it saves leaves the old file or the new one, whole.

And a training that is killed again and again, and goes on from its checkpoint, ends in the same bits.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd_mini import write_whole
from optim import checkpoint

HERE = Path(__file__).resolve().parent

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes that are killed are forks of this one")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where that can be had: a save is 60 times as fast there, and a kill as sudden."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else tmp_path) as name:
        yield Path(name)


def killed(work: Callable[[Callable[[], None]], Any], seconds: float) -> int:
    """Runs ``work(begun)`` in a process, and kills it so many seconds after it called ``begun()``; how it ended."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: NumPy has threads, and no fork uses them
        process = os.fork()
    if process == 0:
        try:
            work(lambda: os.write(writing, b"!") and None)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    if os.read(reading, 1):  # nothing, if it has ended by itself
        time.sleep(seconds)
    os.close(reading)
    os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


SAVERS: list[tuple[str, Any, Any]] = [
    ("weights.npz", lambda path, state: nn.save(state, path), nn.load),
    ("weights.safetensors", lambda path, state: nn.save(state, path), nn.load),
    ("checkpoint.npz", checkpoint.save, checkpoint.load),
]


def state_of(version: int) -> dict[str, Any]:
    return {"weight": np.full(5000 + version % 7 * 1000, float(version)), "bias": np.full(3, version)}


def version_in(state: Any) -> int:
    version = int(state["bias"][0])
    np.testing.assert_equal(dict(state), state_of(version))
    return version


def kill_saves(folder: Path, kills: int) -> None:
    """After each kill, every file holds one version, whole, and none that is older than before."""
    moments = np.random.default_rng(0)
    for name, save, _ in SAVERS:
        save(folder / name, state_of(0))
    versions = [0, 0, 0]
    for kill in range(20 * kills):  # more, on a machine so busy that none came in the middle of a save
        if kill >= kills and len(os.listdir(folder)) > len(SAVERS):
            return

        def work(begun: Callable[[], None], version: int = 100_000 * (kill + 1), turn: int = kill) -> None:
            begun()
            while True:
                version += 1
                name, save, _ = SAVERS[(version + turn) % 3]
                save(folder / name, state_of(version))

        assert killed(work, moments.uniform(0, 0.004)) == -signal.SIGKILL
        now = [version_in(load(folder / name)) for name, _, load in SAVERS]
        assert all([new >= old for new, old in zip(now, versions, strict=True)])
        versions = now


def test_a_save_killed_at_any_of_200_moments_leaves_the_old_file_or_the_new_one_whole(folder: Path) -> None:
    paths = [str(HERE.parent), str(HERE)]
    code = f"import sys; sys.path[:0] = {paths}; from pathlib import Path; from {Path(__file__).stem} import kill_saves"
    code += (
        f"; kill_saves(Path({str(folder)!r}), 200)"  # in a process without PyTorch: a fork takes a quarter of the time
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    names = {name for name, _, _ in SAVERS}
    partial = set(os.listdir(folder)) - names
    assert partial  # some were killed in the middle of a save
    assert all([name.startswith(".") and name.endswith(".partial") for name in partial])
    for name, save, load in SAVERS:  # what they left is in nobody's way
        save(folder / name, state_of(7))
        assert version_in(load(folder / name)) == 7
    assert set(os.listdir(folder)) - names == partial  # they might be another process's, which is at work on them
    for name in partial:
        os.utime(folder / name, (time.time() - 4000,) * 2)
    for name, save, _ in SAVERS:
        save(folder / name, state_of(8))
    assert set(os.listdir(folder)) == names


@pytest.mark.parametrize(
    ("step", "expected"),
    [("in the middle of writing", "old"), ("fsync", "old"), ("before replace", "old"), ("after replace", "new")],
)
def test_a_kill_at_each_step_of_a_save(step: str, expected: str, folder: Path) -> None:
    path = folder / "file"
    path.write_text("old")

    def kill(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def work(begun: Callable[[], None]) -> None:
        replace = os.replace
        if step == "fsync":
            os.fsync = kill
        elif step == "before replace":
            os.replace = kill
        elif step == "after replace":
            os.replace = lambda a, b: (replace(a, b), kill())  # type: ignore[assignment]
        write_whole(path, lambda file: (file.write(b"new"), file.flush(), step.startswith("in") and kill()))
        begun()

    assert killed(work, 0) == -signal.SIGKILL
    assert path.read_text() == expected


def test_only_what_a_killed_save_of_the_same_file_left_an_hour_ago_is_deleted(folder: Path) -> None:
    ours = [".a.npz.0123abcd.partial", ".a.npz.0123abce.partial"]
    others = [".b.npz.0123abcd.partial", ".a.npz.partial", "a.npz.0123abcd.partial", ".a.npz.0123abcd.npz"]
    for name in [*ours, *others]:
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (time.time() - 4000,) * 2)
    os.utime(folder / ours[1])
    nn.save({"a": np.ones(2)}, folder / "a.npz")
    assert sorted(os.listdir(folder)) == sorted(["a.npz", ours[1], *others])


def test_two_that_save_the_same_file_at_once_leave_the_one_or_the_other(folder: Path) -> None:
    def save(first: int) -> None:
        for version in range(first, first + 40):
            nn.save(state_of(version), folder / "a.npz")

    nn.save(state_of(0), folder / "a.npz")
    threads = [threading.Thread(target=save, args=(first,)) for first in (1, 1001)]
    for thread in threads:
        thread.start()
    seen = set()
    while any([thread.is_alive() for thread in threads]):
        seen.add(version_in(nn.load(folder / "a.npz")))
    assert seen
    assert version_in(nn.load(folder / "a.npz")) in (40, 1040)
    assert os.listdir(folder) == ["a.npz"]


# ---------------------------------------------------------------- a training


def train(path: Path, before_each_batch: Callable[[], None] = lambda: None) -> list[Any]:
    """To its end, from where the checkpoint is; everything that it has then."""
    rng, masks = np.random.default_rng(1), np.random.Generator(np.random.MT19937(2))
    model = nn.Sequential(
        nn.Linear(3, 4, rng=rng), nn.BatchNorm1d(4), nn.Dropout(0.3, rng=masks), nn.Linear(4, 1, rng=rng)
    )
    adam = optim.Adam(model.parameters(), lr=0.01)
    x = np.random.default_rng(3).normal(size=(80, 3))

    def loss(x: Any, y: Any) -> Any:
        before_each_batch()
        return nn.mse_loss(model(x), y)

    history = optim.fit(
        loss,
        (x, x[:, :1] ** 2),
        adam,
        epochs=20,
        batch_size=4,
        validation=(x[:8], x[:8, :1] ** 2),
        scheduler=optim.lr_scheduler.CosineAnnealingLR(adam, 20),
        model=model,
        checkpoint=path,
        checkpoint_every=2,
        resume=True,
        rng=rng,
        progress=False,
    )
    generators = [rng.bit_generator.state, masks.bit_generator.state]
    return [model.state_dict(), adam.state_dict(), history, history.batch_losses, *generators]


def test_a_training_killed_20_times_ends_in_the_bits_of_one_that_never_was(folder: Path) -> None:
    moments = np.random.default_rng(0)
    for _ in range(20):

        def work(begun: Callable[[], None]) -> None:
            def slowly() -> None:  # so that it is not over before the kill
                begun()
                time.sleep(0.002)

            train(folder / "killed.npz", slowly)

        assert killed(work, moments.uniform(0, 0.02)) == -signal.SIGKILL
    done = len(checkpoint.load(folder / "killed.npz")["batch_losses"])
    assert 0 < done < 400
    calls: list[int] = []
    ends = [train(folder / "killed.npz", lambda: calls.append(1)), train(folder / "whole.npz")]
    assert len(calls) < 440  # with those of the validation: it did not begin anew
    np.testing.assert_equal(*ends)
