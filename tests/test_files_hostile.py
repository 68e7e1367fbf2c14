"""Files keep their word: whatever bytes a file has, it is loaded right or refused with one sentence and nothing loaded.

Nothing in a file is run, and no file makes a load allocate more than a small multiple of what the file has.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
from autograd_mini import read_npz
from optim import checkpoint


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """In memory where that can be had: thousands of small files are written."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as name:
        yield Path(name)


class Dangerous:
    def __reduce__(self) -> Any:
        return os.mkdir, ("pwned",)


# ---------------------------------------------------------------- damage


def saved(path: Path) -> tuple[bytes, nn.Module]:
    """A file of weights, and a network of its form with others."""
    model, other = nn.Linear(2, 1), nn.Linear(2, 1)
    nn.save(model, path)
    return path.read_bytes(), other


def loads(path: Path, content: bytes, model: nn.Module) -> bool:
    """True if the network has other numbers now, False if the file was refused and it has those that it had."""
    path.write_bytes(content)
    before = model.state_dict()
    try:
        model.load_state_dict(nn.load(path))
        return True
    except ValueError as error:
        message = str(error)
    assert "nothing was loaded" in message
    np.testing.assert_equal(model.state_dict(), before)
    return False


@pytest.mark.parametrize("ending", [".npz", ".safetensors"])
def test_a_file_cut_short_at_any_byte_is_refused(ending: str, folder: Path) -> None:
    path = folder / f"cut{ending}"
    whole, model = saved(path)
    assert not any([loads(path, whole[:length], model) for length in range(len(whole))])
    assert loads(path, whole, model)


def test_a_checkpoint_cut_short_at_any_byte_is_refused(folder: Path) -> None:
    path = folder / "cut checkpoint.npz"
    checkpoint.save(path, {"epoch": 3, "weights": [np.ones(2)]})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="or a broken one"):
            checkpoint.load(path)


def test_no_flipped_bit_of_an_npz_loads_other_numbers(folder: Path) -> None:
    path = folder / "flipped.npz"
    whole, model = saved(path)
    right = nn.load(path)
    loaded = 0
    for bit in range(8 * len(whole)):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        if loads(path, content, model):  # dates, and what else does not matter in a zip
            np.testing.assert_equal(model.state_dict(), right)
            model.load_state_dict({name: array + 1 for name, array in right.items()})
            loaded += 1
    assert 0 < loaded < 3 * len(whole)


def test_a_flipped_bit_of_a_safetensors_file_is_refused_in_the_header_and_one_number_in_the_data(folder: Path) -> None:
    path = folder / "flipped.safetensors"
    whole, model = saved(path)

    def numbers(state: Any) -> Any:
        return np.concatenate([state[name].ravel() for name in ("weight", "bias")])

    right = numbers(nn.load(path))
    start = len(whole) - 8 * len(right)
    for bit in range(8 * len(whole)):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        is_data = bit // 8 >= start
        assert loads(path, content, model) is is_data
        if is_data:  # the format has no checksum
            assert (numbers(model.state_dict()) != right).sum() == 1


LOADERS: list[Any] = [(".npz", nn.load), (".safetensors", nn.load), (".npz", checkpoint.load), (".npz", read_npz)]


@pytest.mark.parametrize(("ending", "load"), LOADERS, ids=["npz", "safetensors", "checkpoint", "read_npz"])
def test_any_bytes_are_refused_or_loaded(ending: str, load: Any, folder: Path) -> None:
    path = folder / f"any{ending}"
    if load is checkpoint.load:
        checkpoint.save(path, {"epoch": 3, "weights": [np.ones(2)]})
        good = path.read_bytes()
    else:
        good, _ = saved(path)

    def mutated(place: float, cut: int, insert: bytes) -> bytes:
        at = int(place * len(good))
        return good[:at] + insert + good[at + cut :]

    mutants = st.builds(mutated, st.floats(0, 1), st.integers(0, 40), st.binary(max_size=40))

    @settings(max_examples=100, deadline=None, database=None)
    @given(content=st.binary(max_size=200) | mutants)
    def check(content: bytes) -> None:
        path.write_bytes(content)
        message = ""
        try:
            load(path)
        except ValueError as error:
            message = str(error)
        assert len(message) < 1000

    check()


# ---------------------------------------------------------------- malice

GOOD = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"
BIG = 2_000_000  # numbers


def npy(header: str, data: bytes = b"", version: int = 1) -> bytes:
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header.encode("latin1") + data


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def twice(name: str, content: bytes) -> bytes:
    """An archive with two entries of one name."""
    return zipped((name, content), (name[:-1] + "\1", content)).replace(name.encode()[:-1] + b"\1", name.encode())


def patched(content: bytes, place: int, number: int, which: int = 0) -> bytes:
    """An archive in which four bytes of an entry's record in the list at its end are another number."""
    at = -1
    for _ in range(which + 1):
        at = content.index(b"PK\1\2", at + 1)
    return content[: at + place] + struct.pack("<I", number) + content[at + place + 4 :]


def pickled(thing: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([thing], object), allow_pickle=True)
    return buffer.getvalue()


def of(descr: str, shape: str = "(2,)", data: bytes = bytes(16)) -> bytes:
    return zipped(("a.npy", npy(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}", data)))


SIZE, OFFSET = 24, 42  # of an entry when unpacked, and where it begins
NPZ: list[tuple[str, bytes, str]] = [
    ("a pickle", pickle.dumps(Dangerous()), "no zip archive"),
    ("a pickle in it", zipped(("a.npy", pickled(Dangerous()))), "a needs pickle, which can run any code"),
    ("a pickle called numbers", of("'<f8'", data=pickle.dumps(Dangerous())), "a has not the size"),
    ("code in the header", of("__import__('os').mkdir('pwned')"), "a is no array of numbers; its header is"),
    ("a sum in the header", of("'<f8'", "(1+1,)"), "a is no array of numbers"),
    ("a deep header", of("'<f8'", "(" * 5000 + "2" + ")" * 5000), "header of an array in it has 10"),
    ("a long header", zipped(("a.npy", npy(GOOD + " " * 100_000, bytes(16), 2))), "has 100057 bytes"),
    ("a header of 4 GiB", zipped(("a.npy", b"\x93NUMPY\2\0\xff\xff\xff\xff")), "has 4294967295 bytes"),
    ("another version", zipped(("a.npy", npy(GOOD, bytes(16), 9))), "an entry in it is no array"),
    ("a huge shape", of("'<f8'", "(1000000000000,)"), "a has not the size of an array of shape"),
    ("a shape of 300 digits", of("'<f8'", f"({'9' * 300},)"), "a has not the size"),
    ("nothing of a huge shape", of("'<f8'", f"(0, {2**62}, {2**62})", b""), "array is too big|too large"),
    ("70 axes", of("'<f8'", f"({'1, ' * 70})", bytes(8)), "maximum supported dimension|64"),
    ("a negative shape", of("'<f8'", "(-2,)"), "a is no array of numbers"),
    ("too little data", of("'<f8'", data=bytes(8)), "a has not the size"),
    ("too much data", of("'<f8'", data=bytes(17)), "a has not the size"),
    ("text", of("'<U2'"), "a has dtype '<U2', and is no array of real numbers"),
    ("complex numbers", of("'<c8'"), "a has dtype '<c8'"),
    ("dates", of("'<M8[s]'"), "a has dtype"),
    ("raw bytes", of("'|V2147483647'"), "a has dtype"),
    ("a number of 3 bytes", of("'<f3'", data=bytes(6)), "f3"),
    ("records", of("[('x', '<f8'), ('y', '|O')]"), "a is no array of numbers"),
    ("no arrays", zipped(("readme.txt", b"hello")), "readme.txt in it is no array"),
    ("two of one name", twice("a.npy", npy(GOOD, bytes(16))), "a stands in it twice"),
    ("one more name", zipped(("a.npy", npy(GOOD, bytes(16))), ("a", b"")), "a in it is no array"),
    ("compressed", zipped(("a.npy", npy(GOOD, bytes(16))), method=8), "a is compressed"),
    ("LZMA", zipped(("a.npy", npy(GOOD, bytes(16))), method=zipfile.ZIP_LZMA), "a is compressed"),
    ("a bomb", zipped(("a.npy", npy(GOOD.replace("2,", f"{BIG},"), bytes(8 * BIG))), method=8), "a is compressed"),
    ("a size of 4 GiB", patched(zipped(("a.npy", npy(GOOD, bytes(16)))), SIZE, 2**32 - 2), "larger than the file"),
    ("encrypted", patched(zipped(("a.npy", npy(GOOD, bytes(16)))), 8, 1), "encrypted"),
    (
        "entries that overlap",
        patched(zipped(*[(f"{i}.npy", npy(GOOD, bytes(16))) for i in range(2)]), OFFSET, 0, which=1),
        "differ|larger than the file",
    ),
]


@pytest.mark.parametrize(("content", "reason"), [case[1:] for case in NPZ], ids=[case[0] for case in NPZ])
def test_a_malicious_npz_is_refused_before_it_costs_memory_and_nothing_in_it_runs(
    content: bytes, reason: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(folder / "malicious.npz", content, reason, monkeypatch)


def refused(path: Path, content: bytes, reason: str, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
    path.write_bytes(content)
    monkeypatch.chdir(path.parent)
    entries = sorted(os.listdir())
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=reason) as error:
            nn.load(path, **options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 500_000 + 10 * len(content)
    assert str(error.value).startswith(f"load: {path} is no ")
    assert "nothing was loaded; take another copy" in str(error.value)
    assert sorted(os.listdir()) == entries


def test_a_path_in_an_npz_is_a_name_and_nothing_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names = ["../escaped", "/tmp/escaped", "a/../../escaped", "C:\\escaped"]
    (folder / "paths.npz").write_bytes(zipped(*[(f"{name}.npy", npy(GOOD, bytes(16))) for name in names]))
    assert list(nn.load(folder / "paths.npz")) == names
    assert not any([Path(name).exists() or Path(f"{name}.npy").exists() for name in names])
    with pytest.raises(ValueError, match=r"\.\./escaped: unexpected"):
        nn.Linear(2, 1).load_state_dict(nn.load(folder / "paths.npz"))


def test_a_name_that_would_command_the_terminal_is_escaped(folder: Path) -> None:
    name = "\x1b[2J\nall is well"
    (folder / "escape.npz").write_bytes(zipped((f"{name}.npy", npy(GOOD, bytes(16)))))
    (folder / "escape.safetensors").write_bytes(tensors({name: tensor([2], 0, 16)}, bytes(16)))
    for path in (folder / "escape.npz", folder / "escape.safetensors"):
        with pytest.raises(ValueError, match=r"\(\\x1b\[2J\\nall is well is unexpected\)"):
            nn.load(path, like=LIKE)
        with pytest.raises(ValueError, match=r"  '\\x1b\[2J\\nall is well': unexpected"):
            nn.Linear(2, 1).load_state_dict(nn.load(path))
    (folder / "escape.npz").write_bytes(zipped((name, b"")))
    with pytest.raises(ValueError, match=r"\(\\x1b\[2J\\nall is well in it is no array\)"):
        checkpoint.load(folder / "escape.npz")


def test_a_long_name_makes_no_long_message(folder: Path) -> None:
    (folder / "long.npz").write_bytes(zipped(("a" * 60_000, b"")))
    with pytest.raises(ValueError, match=r"^a{300}$"):
        read_npz(folder / "long.npz")


def test_what_numpy_writes_is_read_in_all_its_layouts(folder: Path) -> None:
    arrays = {
        "fortran": np.arange(6.0).reshape(2, 3).T,
        "big endian": np.arange(3, dtype=">i4"),
        "scalar": np.array(2.5, np.float32),
        "empty": np.zeros((0, 3)),
        "flags": np.array([True, False]),
        "half": np.ones((1, 2, 1), np.float16),
        "large": np.arange(300_000.0),
        "größe": np.ones(1),
    }
    np.savez(folder / "numpy.npz", **arrays)
    loaded = nn.load(folder / "numpy.npz")
    np.testing.assert_equal(loaded, arrays)
    assert {name: array.dtype for name, array in loaded.items()} == {name: a.dtype for name, a in arrays.items()}
    assert all([array.flags.writeable for array in loaded.values()])


# ---------------------------------------------------------------- what the network is like bounds what is read

LIKE = {"a": np.zeros(2)}


def test_a_compressed_file_is_read_if_it_is_known_what_it_may_hold(folder: Path) -> None:
    model, other = nn.Linear(50, 40), nn.Linear(50, 40)
    np.savez_compressed(folder / "compressed.npz", **model.state_dict())
    with pytest.raises(ValueError, match=r"is compressed, and may unpack to any size.*needs like=model"):
        nn.load(folder / "compressed.npz")
    for like in (other, other.state_dict()):
        np.testing.assert_equal(nn.load(folder / "compressed.npz", like=like), model.state_dict())


COMPRESSED = zipped(("a.npy", npy(GOOD, bytes(16))), method=zipfile.ZIP_DEFLATED)
LIES = zipped(("a.npy", npy(GOOD, bytes(BIG))), method=zipfile.ZIP_DEFLATED)
ALIKE: list[tuple[str, bytes, str]] = [
    ("another shape", of("'<f8'", "(3,)", bytes(24)), r"a has shape \(3,\), not \(2,\)"),
    ("another name", zipped(("b.npy", npy(GOOD, bytes(16)))), "b is unexpected"),
    ("a bomb", zipped(("a.npy", npy(GOOD.replace("2,", f"{BIG},"), bytes(8 * BIG))), method=8), "a has shape"),
    ("a bomb behind the array", LIES, "a has not the size"),
    ("a bomb that lies", patched(LIES, SIZE, len(npy(GOOD, bytes(16)))), "checksum is wrong"),
    ("LZMA", zipped(("a.npy", npy(GOOD, bytes(16))), method=zipfile.ZIP_LZMA), "a is compressed"),
    ("broken inside", COMPRESSED[:45] + bytes(8) + COMPRESSED[53:], "decompressing data|checksum is wrong|a has not"),
]


@pytest.mark.parametrize(("content", "reason"), [case[1:] for case in ALIKE], ids=[case[0] for case in ALIKE])
def test_what_is_not_like_the_network_is_refused_before_it_is_read(
    content: bytes, reason: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(folder / "unlike.npz", content, reason, monkeypatch, like=LIKE)


def test_like_is_a_network_or_its_state(folder: Path) -> None:
    nn.save(LIKE, folder / "a.npz")
    with pytest.raises(TypeError, match=r"like is a network or its state_dict\(\), not str"):
        nn.load(folder / "a.npz", like="model")  # type: ignore[arg-type]  # that it is wrong is the point


# ---------------------------------------------------------------- safetensors


def tensors(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(shape: list[int], start: int, end: int, dtype: str = "F64") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


A = b'"a": ' + json.dumps(tensor([1], 0, 8)).encode()
SAFETENSORS: list[tuple[str, bytes, str]] = [
    ("two of one name", tensors(b"{" + A + b"," + A + b"}", bytes(8)), "a stands in it twice"),
    ("overlap", tensors({"a": tensor([1], 0, 8), "b": tensor([1], 0, 8)}, bytes(8)), "invalid offset"),
    ("a hole", tensors({"a": tensor([1], 8, 16)}, bytes(16)), "invalid offset"),
    ("too much data", tensors({"a": tensor([1], 0, 8)}, bytes(16)), "not fully covered"),
    ("too little data", tensors({"a": tensor([2], 0, 16)}, bytes(8)), "not fully covered"),
    ("a huge shape", tensors({"a": tensor([2**40], 0, 2**43)}, bytes(8)), "not fully covered"),
    ("a shape beyond 64 bits", tensors({"a": tensor([2**63, 4], 0, 0)}), "overflow"),
    ("nothing of a huge shape", tensors({"a": tensor([0, 2**62], 0, 0)}), "too big"),
    ("a negative shape", tensors({"a": tensor([-1], 0, 8)}, bytes(8)), "invalid value"),
    ("70 axes", tensors({"a": tensor([1] * 70, 0, 8)}, bytes(8)), "maximum supported dimension"),
    ("a huge header", tensors({}, length=2**63), "its header is longer"),
    ("a header of 99 MB", tensors({}, length=99_000_000), "its header is longer"),
    ("a deep header", tensors(b'{"a":' + b"[" * 100_000), "recursion"),
    ("a list", tensors([1]), "its header is no dict"),
    ("no JSON", tensors(b"__import__('os').mkdir('pwned')"), "Expecting value"),
    ("bfloat16", tensors({"a": tensor([4], 0, 8, "BF16")}, bytes(8)), "dtype 'BF16'"),
    ("complex numbers", tensors({"a": tensor([1], 0, 8, "C64")}, bytes(8)), "a has dtype complex64"),
]


@pytest.mark.parametrize(
    ("content", "reason"), [case[1:] for case in SAFETENSORS], ids=[case[0] for case in SAFETENSORS]
)
def test_a_malicious_safetensors_file_is_refused(
    content: bytes, reason: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(folder / "malicious.safetensors", content, reason, monkeypatch)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (tensors({"a": tensor([3], 0, 24)}, bytes(24)), r"a has shape \[3\], not \[2\]"),
        (tensors({"b": tensor([2], 0, 16)}, bytes(16)), "b is unexpected"),
        (tensors({"a": tensor([2], 0, 16)}, bytes(BIG)), "it is longer than its arrays"),
        (tensors({"a": 1}, bytes(16)), "a has shape None"),
    ],
    ids=["another shape", "another name", "more data", "a number"],
)
def test_a_safetensors_file_that_is_not_like_the_network_is_refused_before_it_is_read(
    content: bytes, reason: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(folder / "unlike.safetensors", content, reason, monkeypatch, like=LIKE)


# ---------------------------------------------------------------- checkpoints


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"kind": "optim.fit checkpoint 1"}',
        b'{"kind": "optim.fit checkpoint 2", "tree": 1}',
        b'{"kind": "optim.fit checkpoint 1", "tree": {"array": 0}}',
        b'{"kind": "optim.fit checkpoint 1", "tree": ' + b"[" * 100_000,
        b'{"kind": "optim.fit checkpoint 1", "tree": ' + b"9" * 100_000 + b"}",
        b"__import__('os').mkdir('pwned')",
    ],
    ids=lambda text: str(len(text)),
)
def test_a_malicious_checkpoint_is_refused(text: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    np.savez("malicious checkpoint.npz", json=np.frombuffer(text, np.uint8))
    with pytest.raises(ValueError, match=r"is no checkpoint of optim\.fit, or a broken one.*nothing was loaded"):
        checkpoint.load("malicious checkpoint.npz")
    assert not Path("pwned").exists()
