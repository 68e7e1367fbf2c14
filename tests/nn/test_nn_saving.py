"""save and load: both formats, PyTorch on the other side, and files that are damaged, foreign or dangerous."""

from __future__ import annotations

import itertools
import os
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

import nn
from autograd_mini import Value

ENDINGS = [".npz", ".safetensors"]


def network(lib: Any, **options: Any) -> Any:
    return lib.Sequential(
        lib.Conv2d(1, 4, 3, **options), lib.BatchNorm2d(4, **options), lib.Flatten(), lib.Linear(16, 2, **options)
    )


def same(first: Any, second: Any) -> None:
    assert list(first) == list(second)
    for name in first:
        np.testing.assert_array_equal(np.asarray(first[name]), np.asarray(second[name]), err_msg=name)
        assert np.asarray(first[name]).dtype == np.asarray(second[name]).dtype, name


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_what_is_saved_is_loaded_to_the_last_bit(ending: str, dtype: Any, tmp_path: Path) -> None:
    model, other = network(nn, dtype=dtype), network(nn, dtype=dtype)
    model(np.random.default_rng(0).normal(size=(3, 1, 4, 4)))  # the running statistics move
    nn.save(model, tmp_path / f"model{ending}")
    state = nn.load(tmp_path / f"model{ending}")
    other.load_state_dict(state)
    assert sorted(state) == sorted(model.state_dict())
    same(other.state_dict(), model.state_dict())
    assert state["1.num_batches_tracked"].dtype == np.int64
    assert os.listdir(tmp_path) == [f"model{ending}"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_state_dict_is_saved_whatever_its_names_layouts_and_shapes_are(ending: str, tmp_path: Path) -> None:
    state = {
        "file": np.arange(6.0).reshape(2, 3).T,  # np.savez has an argument of that name
        "a/b.c": np.ones((3, 4))[::2, ::3],
        "scalar": np.array(2.5),
        "empty": np.zeros((0, 3)),
        "whole": np.array([1, 2]),
    }
    nn.save({**state, "value": Value([1.0])}, tmp_path / f"state{ending}")
    loaded = nn.load(tmp_path / f"state{ending}")
    same({name: loaded[name] for name in state}, state)
    assert loaded["value"].tolist() == [1.0]


def test_without_an_ending_it_is_npz(tmp_path: Path) -> None:
    nn.save(nn.Linear(2, 1), f"{tmp_path}/model")
    assert os.listdir(tmp_path) == ["model.npz"]
    assert sorted(nn.load(tmp_path / "model")) == ["bias", "weight"]
    with np.load(tmp_path / "model.npz") as archive:
        assert sorted(archive.files) == ["bias", "weight"]


def test_the_same_numbers_are_the_same_bytes(tmp_path: Path) -> None:
    model = nn.Linear(2, 1)
    for name in ("first", "second"):
        nn.save(model, tmp_path / name)
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()


def test_weights_saved_by_pytorch_load_as_they_are(tmp_path: Path) -> None:
    theirs = network(torch.nn)
    theirs(torch.randn(3, 1, 4, 4))
    safetensors.torch.save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    ours = network(nn, dtype=np.float32)
    ours.load_state_dict(nn.load(tmp_path / "model.safetensors"))
    x = np.random.default_rng(0).normal(size=(3, 1, 4, 4)).astype(np.float32)
    expected = theirs.eval()(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(ours.eval()(x).data, expected, rtol=1e-4, atol=1e-6)


def test_our_weights_load_in_pytorch(tmp_path: Path) -> None:
    ours, theirs = network(nn), network(torch.nn).double()
    nn.save(ours, tmp_path / "model.safetensors")
    theirs.load_state_dict(safetensors.torch.load_file(tmp_path / "model.safetensors"))
    x = np.random.default_rng(0).normal(size=(3, 1, 4, 4))
    expected = theirs.eval()(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(ours.eval()(x).data, expected, rtol=1e-10, atol=1e-12)


WITH_WEIGHTS: dict[str, Any] = {
    "Linear": lambda lib: lib.Linear(3, 2),
    "Conv1d": lambda lib: lib.Conv1d(2, 4, 3),
    "Conv2d": lambda lib: lib.Conv2d(2, 4, 3, bias=False),
    "BatchNorm1d": lambda lib: lib.BatchNorm1d(3),
    "BatchNorm2d": lambda lib: lib.BatchNorm2d(3),
    "LayerNorm": lambda lib: lib.LayerNorm((2, 3)),
    "RMSNorm": lambda lib: lib.RMSNorm(3),
    "Embedding": lambda lib: lib.Embedding(5, 3),
    "PReLU": lambda lib: lib.PReLU(3),
    "RNN": lambda lib: lib.RNN(3, 2),
    "LSTM": lambda lib: lib.LSTM(3, 2, 2, bidirectional=True),
    "GRU": lambda lib: lib.GRU(3, 2, 2),
    "MultiheadAttention": lambda lib: lib.MultiheadAttention(4, 2),
    "TransformerBlock": lambda lib: (
        nn.TransformerBlock(4, 2, 6) if lib is nn else torch.nn.TransformerEncoderLayer(4, 2, 6, norm_first=True)
    ),
}


@pytest.mark.parametrize("layer", WITH_WEIGHTS)
def test_every_layer_with_weights_travels_to_pytorch_and_back(layer: str, tmp_path: Path) -> None:
    theirs, ours, back = [WITH_WEIGHTS[layer](lib) for lib in (torch.nn, nn, torch.nn)]
    safetensors.torch.save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    ours.load_state_dict(nn.load(tmp_path / "theirs.safetensors"))
    nn.save(ours, tmp_path / "ours.safetensors")
    back.load_state_dict(safetensors.torch.load_file(tmp_path / "ours.safetensors"))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(back.state_dict()[name], tensor), name


def test_a_shared_weight_that_pytorch_saved_under_one_name_loads(tmp_path: Path) -> None:
    def tied(lib: Any) -> Any:
        model = lib.Sequential(lib.Embedding(5, 3), lib.Linear(3, 5, bias=False))
        model[1].weight = model[0].weight
        return model

    theirs, ours = tied(torch.nn), tied(nn)
    safetensors.torch.save_model(theirs, str(tmp_path / "model.safetensors"))
    state = nn.load(tmp_path / "model.safetensors")
    assert len(state) == 1
    ours.load_state_dict(state)
    np.testing.assert_array_equal(ours[1].weight.data, theirs[1].weight.detach().numpy())


# ---------------------------------------------------------------- all of it, or nothing


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_crash_while_writing_leaves_the_old_file_and_no_other(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"model{ending}"
    nn.save({"a": np.ones(3)}, path)
    before = path.read_bytes()

    def crash(_: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="the disk is full"):
        nn.save({"a": np.zeros(3)}, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_the_new_file_comes_into_its_place_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[Any] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (steps.append("fsync"), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda a, b: (steps.append((Path(a).parent, Path(b))), replace(a, b)))
    nn.save({"a": np.ones(3)}, tmp_path / "model.npz")
    assert steps == ["fsync", (tmp_path, tmp_path / "model.npz"), "fsync"]  # the file, then the folder


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "latest.npz").symlink_to(tmp_path / "runs" / "model.npz")
    nn.save({"a": np.ones(3)}, tmp_path / "latest.npz")
    assert (tmp_path / "latest.npz").is_symlink()
    assert nn.load(tmp_path / "runs" / "model.npz")["a"].tolist() == [1.0] * 3


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((nn.Linear(2, 1), "no/such/folder/model.npz"), FileNotFoundError, r"no folder no/such/folder; make it first"),
        ((nn.Linear(2, 1), "model.pt"), ValueError, r"ends in \.npz or \.safetensors, not in '\.pt'"),
        (
            ("model.npz", nn.Linear(2, 1)),
            TypeError,
            r"the path is a string or a Path, not Linear; write nn\.save\(model, path",
        ),
        (([1.0], "model.npz"), TypeError, "give a network or its state_dict"),
        (({"a": np.array([None])}, "model.npz"), TypeError, "'a' is of dtype object"),
        (({1: np.ones(2)}, "model.npz"), TypeError, "maps names to arrays"),
        (({"a\0b": np.ones(2)}, "model.npz"), ValueError, "is no name of an entry.*nothing was saved"),
        (({"\ud800": np.ones(2)}, "model.npz"), ValueError, "is no name of an entry.*nothing was saved"),
        (({"a" * 70_000: np.ones(2)}, "model.npz"), ValueError, "is no name of an entry.*nothing was saved"),
        (({"\ud800": np.ones(2)}, "model.safetensors"), ValueError, "cannot hold this.*nothing was saved"),
        (({"a": np.ones(2, np.longdouble)}, "model.safetensors"), ValueError, "cannot hold this.*nothing was saved"),
        (({"__metadata__": np.ones(2)}, "model.safetensors"), ValueError, "cannot be called __metadata__"),
    ],
)
def test_save_says_what_it_cannot_save(
    arguments: Any, error: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message) as raised:
        nn.save(*arguments)
    assert "\n  at test_nn_saving.py:" in str(raised.value)
    assert os.listdir(tmp_path) == []


class Dangerous:
    def __reduce__(self) -> Any:
        return os.mkdir, ("pwned",)


def files_like(path: Path) -> dict[str, Any]:
    nn.save(nn.Linear(20, 10), path.with_name("good" + path.suffix))
    good = path.with_name("good" + path.suffix).read_bytes()
    with zipfile.ZipFile(path.with_name("zip"), "w") as archive:
        archive.writestr("weights.txt", "1 2 3")
    np.savez(path.with_name("pickled.npz"), a=np.array([Dangerous()], object))
    np.save(path.with_name("array.npy"), np.ones(3))
    damaged = bytearray(good)
    damaged[len(good) // 2] ^= 0xFF
    header = bytearray(good)
    header[5] ^= 0xFF
    return {
        "empty": b"",
        "one byte": b"x",
        "text": b"weights: 1 2 3\n" * 20,
        "cut in half": good[: len(good) // 2],
        "cut at the end": good[:-1],
        "a pickle": pickle.dumps(Dangerous()),
        "a pickle in an archive": path.with_name("pickled.npz").read_bytes(),
        "another archive": path.with_name("zip").read_bytes(),
        "one array": path.with_name("array.npy").read_bytes(),
        "a broken header": bytes(header),
        "a flipped bit": bytes(damaged),
    }


BAD = ["empty", "one byte", "text", "cut in half", "cut at the end", "a pickle", "a pickle in an archive"]
BAD += ["another archive", "one array"]
OF_ONE_FORMAT = [(".safetensors", "a broken header"), (".npz", "a flipped bit")]  # only a zip has a checksum


@pytest.mark.parametrize(("ending", "kind"), [*itertools.product(ENDINGS, BAD), *OF_ONE_FORMAT])
def test_a_file_that_is_no_state_dict_is_refused_with_one_sentence(
    ending: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"bad{ending}"
    path.write_bytes(files_like(path)[kind])
    with pytest.raises(
        ValueError, match=r"^load: .* is no \.\w+ file of arrays, or is damaged \(.*\); nothing"
    ) as error:
        nn.load(path)
    assert "\n  at test_nn_saving.py:" in str(error.value)
    assert not (tmp_path / "pwned").exists()


def test_a_pickle_in_an_archive_is_called_by_its_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "pickled.npz", a=np.array([Dangerous()], object))
    with pytest.raises(ValueError, match="a needs pickle, which can run any code"):
        nn.load(tmp_path / "pickled.npz")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for name in ("model.npz", "model", "model.safetensors"):
        with pytest.raises(FileNotFoundError, match=r"load: there is no file .*model\.(npz|safetensors)\n  at test_nn"):
            nn.load(tmp_path / name)


def test_a_dtype_that_numpy_does_not_have_is_refused(tmp_path: Path) -> None:
    safetensors.torch.save_file({"a": torch.ones(3, dtype=torch.bfloat16)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="nothing was loaded"):
        nn.load(tmp_path / "model.safetensors")


@pytest.mark.parametrize("call", [lambda p: nn.save({"a": np.ones(1)}, p), nn.load])
def test_without_the_extra_the_error_names_it(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r"pip install 'autograd_mini\[safetensors\]'; \.npz works without"):
        call(path)


def test_of_a_thousand_entries_that_do_not_fit_the_first_are_named() -> None:
    with pytest.raises(
        ValueError, match=r"a38: unexpected; there is no such parameter\n  and 961 more\n  at "
    ) as error:
        nn.Linear(2, 1, bias=False).load_state_dict({f"a{i}": np.ones(1) for i in range(1000)})
    assert str(error.value).count("\n") == 42
