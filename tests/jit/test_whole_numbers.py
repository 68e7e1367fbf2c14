"""Ops and layers that are given whole numbers or booleans, such as pixels, labels and masks: as without jit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nn
from autograd_mini import JitError, Value, jit, ops
from autograd_mini.compiler.program import Plain

PIXELS = np.array([[200, 3, 100, 7], [0, 255, 1, 90]], np.uint8)
GIVEN = {"uint8": PIXELS, "bool": PIXELS > 50, "int64": PIXELS.astype(np.int64) - 100}


def outcome(f: Callable[..., Any], *args: Any) -> Any:
    """Numbers and dtypes, or the kind of error."""
    nn.manual_seed(0)
    try:
        z = f(*args)
    except (TypeError, ValueError, IndexError, np.linalg.LinAlgError, DeprecationWarning) as error:
        return type(error)
    parts = list(z) if isinstance(z, tuple | list) else [z]
    return [getattr(part, "data", part) if isinstance(part, Value) else part for part in parts]


def check_as_without_jit(f: Callable[..., Any], *args: Any) -> bool:
    """Whether there is an answer, which has to be the same."""
    with np.errstate(all="ignore"):
        without, found = outcome(f, *args), outcome(jit(f), *args)
    if isinstance(without, type):
        return False
    assert not isinstance(found, type), found
    for a, b in zip(without, found, strict=True):
        if not (isinstance(a, int | np.integer) and isinstance(b, float)):  # whole numbers without axes are floats
            assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(b, a, rtol={"e": 2e-3, "f": 1e-6}.get(np.asarray(a).dtype.char, 1e-12))
    return True


FORMS = [part for x in GIVEN.values() for part in (x, x[0], x[0, 1])]
# Refused: how many classes one_hot finds hangs on the numbers, and the full svd has no derivative.
REFUSED = ("one_hot", "svd")


def answers(name: str) -> bool:
    """Whether an op takes one operand, of whole numbers too."""
    with np.errstate(all="ignore"):
        return name not in REFUSED and any([not isinstance(outcome(getattr(ops, name), x), type) for x in FORMS])


@pytest.mark.parametrize("name", list(filter(answers, ops.__all__)))
def test_an_op_takes_whole_numbers_as_floats(name: str) -> None:
    op = getattr(ops, name)
    assert any([check_as_without_jit(lambda x: op(x), x) for x in FORMS])


def test_bytes_are_float64_to_an_op_and_not_float16() -> None:
    assert outcome(jit(ops.sigmoid), PIXELS)[0].dtype == np.float64


LAYERS: dict[str, Callable[[], Any]] = {
    name: getattr(nn, name)
    for name in ("ReLU", "Sigmoid", "Tanh", "SiLU", "GELU", "Softplus", "Mish", "ELU", "LeakyReLU", "Flatten", "GLU")
} | {
    "Linear": lambda: nn.Linear(4, 2),
    "Linear of float32": lambda: nn.Linear(4, 2, dtype=np.float32),
    "LayerNorm": lambda: nn.LayerNorm(4),
    "RMSNorm": lambda: nn.RMSNorm(4),
    "BatchNorm1d": lambda: nn.BatchNorm1d(4).eval(),
    "BatchNorm1d of float32": lambda: nn.BatchNorm1d(4, dtype=np.float32).eval(),
    "Dropout": lambda: nn.Dropout(0.5),
    "Dropout that is off": lambda: nn.Dropout(0.5).eval(),
    "MaxPool1d": lambda: nn.MaxPool1d(2),
    "AvgPool1d": lambda: nn.AvgPool1d(2),
    "Conv1d of float32": lambda: nn.Conv1d(2, 3, 2, dtype=np.float32),
    "Softmax": lambda: nn.Softmax(-1),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_takes_whole_numbers_as_floats(name: str) -> None:
    nn.manual_seed(1)
    layer = LAYERS[name]()
    for x in GIVEN.values():
        assert check_as_without_jit(lambda x: layer(x) * 2 - 1, x)


LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "mse_loss": nn.mse_loss,
    "l1_loss": nn.l1_loss,
    "smooth_l1_loss": nn.smooth_l1_loss,
    "huber_loss": nn.huber_loss,
    "binary_cross_entropy": lambda p, y: nn.binary_cross_entropy(ops.sigmoid(p), y),
    "binary_cross_entropy_with_logits": nn.binary_cross_entropy_with_logits,
    "hinge_loss": lambda p, y: nn.hinge_loss(p, np.where(y, 1, -1)),
    "computed labels": lambda p, y: nn.mse_loss(p, (y > 0) * 1),
    "by hand": lambda p, y: ((p - y) ** 2).mean(),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_labels_that_are_whole_numbers_leave_the_loss_in_the_dtype_of_the_model(name: str, dtype: Any) -> None:
    loss, p = LOSSES[name], Value(np.array([[0.5, -1.0, 2.0, 0.25]], dtype))
    for labels in (np.bool_, np.int8, np.uint8, np.int32, np.int64):
        assert check_as_without_jit(lambda y: loss(p, y), np.array([[1, 0, 0, 1]], labels))


BESIDE: dict[str, Callable[[Any, Any], Any]] = {
    "outer": np.outer,
    "tensordot": lambda p, y: np.tensordot(p, y, 1),
    "average": lambda p, y: np.average(p, weights=y + 1),
    "weighted loss": lambda p, y: nn.binary_cross_entropy_with_logits(p, y, weight=y + 1),
    "concatenate": lambda p, y: ops.concatenate([p, y]),
}


@pytest.mark.parametrize("name", BESIDE)
def test_whole_numbers_beside_a_value_leave_it_its_dtype_as_without_jit(name: str) -> None:
    f, p = BESIDE[name], Value(np.array([0.5, 1.5, 2.5], np.float32))
    for labels in (np.bool_, np.int8, np.uint8, np.int32, np.int64):
        assert check_as_without_jit(lambda y: f(p, y), np.array([1, 0, 1], labels))


JOINED: dict[str, Callable[[Any, Any], Any]] = {
    "concatenate": lambda x, m: np.concatenate([x, m]),
    "stack": lambda x, m: np.stack([x, m]),
    "where": lambda x, m: np.where(m > 0, x, m),
    "einsum": lambda x, m: np.einsum("i,i->", x, m),
    "dot": np.dot,
    "outer": np.outer,
    "clip": lambda x, m: np.clip(x, -m.max(), m.max()) if m.dtype.kind != "b" else x,
    "clip from below": lambda x, m: np.clip(x, 0, m),
    "mean": lambda x, m: x * np.mean(m),
    "norm": lambda x, m: x * np.linalg.norm(m),
    "method": lambda x, m: x * m.std(),
    "average": lambda x, m: np.average(x, weights=m),
    "average of the other": lambda x, m: np.average(m, weights=x),
    "by operators": lambda x, m: x * m + m,
    "a mask in front": lambda x, m: (m > 0) * x,
}


@pytest.mark.parametrize("name", JOINED)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numpys_functions_give_what_they_give_to_arrays_of_several_dtypes(name: str, dtype: Any) -> None:
    f, x = JOINED[name], np.array([0.5, 1.5, 2.5], dtype)
    for other in (np.bool_, np.int8, np.uint8, np.int32, np.int64, np.float32, np.float64):
        assert check_as_without_jit(f, x, np.array([1, 0, 1], other))


COMPUTED: dict[str, Callable[[Any], Any]] = {
    "one less": lambda n: n[0] - 1,
    "the next": lambda n: (n.argmax() + 1) % 4,
    "a rest": lambda n: n.sum() % 3,
    "a product": lambda n: n @ np.array([1, 1, 1]),
    "one of all": lambda n: next(k // 2 for k in n),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_a_whole_number_that_is_computed_of_an_array_picks_a_row(name: str) -> None:
    w, index = Value(np.arange(24.0).reshape(8, 3)), COMPUTED[name]
    jitted = jit(lambda n: w[index(n)])
    for n in ([2, 1, 3], [1, 2, 4], [0, 0, 1]):
        np.testing.assert_array_equal(jitted(np.array(n)).data, w.data[index(np.array(n))])


P = Value(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
W = Value(np.ones(2))
BYTES, CLASSES = np.array([200, 3], np.uint8), np.array([1, 2])
OF_DATA: dict[str, tuple[Callable[..., Any], tuple[Any, ...], tuple[Any, ...]]] = {
    "full_like": (lambda x: np.full_like(x, x.max()), (CLASSES,), (CLASSES * 5,)),
    "full_like of a Value": (lambda k: W * np.full_like(W, k), (1.0,), (5.0,)),
    "full_like of data": (lambda k: np.full_like(W.data, W.data.mean() * k), (1.0,), (5.0,)),
    "full_like by name": (lambda x: np.full_like(x, fill_value=x.max()), (CLASSES,), (CLASSES * 5,)),
    "flatten": (lambda x: x.flatten() + 100, (BYTES,), (BYTES[::-1],)),
    "flat labels": (lambda y: nn.cross_entropy(P, y.flatten()), (CLASSES[:, None],), (CLASSES[::-1, None],)),
    "where of whole numbers": (lambda x: ops.where(x > 1, x, x) + 100, (BYTES,), (BYTES[::-1],)),
    "pseudo-labels": (
        lambda y: nn.cross_entropy(P, ops.where(y == 2, P.argmax(axis=1), y)),
        (CLASSES,),
        (CLASSES[::-1],),
    ),
    "a method of a scalar": (lambda x, k: x + k.max(), (BYTES, np.uint8(100)), (BYTES, np.uint8(3))),
    "a mean beside a scalar": (lambda x, k: (x + k.min()).mean(), (BYTES, np.uint8(100)), (BYTES, np.uint8(3))),
    "repeat": (lambda x: np.abs(x.max()).repeat(2) + x, (BYTES,), (BYTES // 2,)),
    "outer": (lambda x: np.multiply.outer(x, x), (BYTES,), (BYTES[::-1],)),
    "accumulate": (np.add.accumulate, (BYTES,), (BYTES[::-1],)),
    "a condition of floats": (lambda x: np.where(x, 1, 2), (np.ones(2, np.float32),), (np.zeros(2, np.float32),)),
    "prepend": (lambda x: np.diff(x, prepend=0), (np.ones(2, np.float32),), (np.zeros(2, np.float32),)),
    "zeros_like": (lambda x, k: x * (np.zeros_like(k) + 1), (CLASSES, 3), (CLASSES, 4)),
}


@pytest.mark.parametrize("name", OF_DATA)
def test_what_is_made_of_data_is_made_anew_in_its_dtype(name: str) -> None:
    f, *calls = OF_DATA[name]
    jitted = jit(f)
    for args in calls:
        args = tuple([x.copy() if isinstance(x, np.ndarray) else x for x in args])
        without = f(*args)
        expected, found = without.data if isinstance(without, Value) else without, jitted(*args).data
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert np.asarray(found).dtype == np.asarray(expected).dtype


BEYOND: dict[str, Callable[[Any], Any]] = {
    "a square": lambda k: W * (k * k % 7),
    "a power": lambda k: W * (2**k % 7),
    "a sum": lambda k: W * ((2**53 - 1 + k) % 7),
    "a difference": lambda k: W * ((-(2**53) + 1 - k) % 7),
    "a constant": lambda k: W * (k * (2**60 + 3) % 7),
    "a comparison": lambda k: ops.where(k * k == k * k - 1, W, 2 * W),
}


@pytest.mark.parametrize("name", BEYOND)
def test_a_whole_number_of_pythons_that_a_float_would_round_is_refused_when_it_is_computed(name: str) -> None:
    f, jitted = BEYOND[name], jit(BEYOND[name])
    small = 0 if name in ("a sum", "a difference", "a constant") else 3
    np.testing.assert_array_equal(jitted(small).data, f(small).data)
    with pytest.raises(JitError, match=r"whole number beyond 2\*\*53(.|\n)*lambda k"):
        jitted(2**30 + 1)


def test_a_whole_number_that_is_computed_with_larger_ones_than_floats_hold_is_exact() -> None:
    f = jit(lambda k: W * ((2**60 + 3) % k))
    assert [f(k).data[0] for k in (7, 11, 1000)] == [(2**60 + 3) % k for k in (7, 11, 1000)]
    with pytest.raises(ZeroDivisionError):
        f(0)


@pytest.mark.parametrize("f", [lambda k: W * (6 % k), lambda k: W * (7 // k), lambda k: W * (k // k)])
def test_a_whole_number_that_is_divided_by_0_is_the_error_that_it_is_without_jit(f: Any) -> None:
    jitted = jit(f)
    for k in (4, -3, 1):
        np.testing.assert_array_equal(jitted(k).data, f(k).data)
    with pytest.raises(ZeroDivisionError):
        jitted(0)


BITS: dict[str, Callable[[Any], Any]] = {
    "and": lambda k: k & 6,
    "or": lambda k: 8 | k,
    "exclusive or": lambda k: (k ^ 5) ^ True,
    "shifts": lambda k: ((k << 3) >> 1) + (7 >> (k & 3)),
    "of truths": lambda k: ((k > 3) & (k < 6)) << (k > 3),
    "of a truth and a number": lambda k: np.ones(2, np.float32) * (6 ^ (k > 3)),
    "not": lambda k: np.ones(2, np.float32) * ~k,
    "in place": lambda k: in_place(k),
    "beside float32": lambda k: np.ones(2, np.float32) * (k & 3),
    "beside int8": lambda k: np.ones(2, np.int8) + (k & 3),
    "by NumPy": lambda k: np.ones(2, np.float32) * np.bitwise_and(k, 3),
    "what they are": lambda k: 10 * isinstance(k & 3, int) + isinstance(np.bitwise_or(k, 3), np.int64),
    "large ones": lambda k: (k & (2**60 + 7)) % 7,
}


def in_place(k: Any) -> Any:
    k &= 7
    k |= 16
    k <<= 2
    return k // 3


@pytest.mark.parametrize("name", BITS)
def test_bits_of_pythons_whole_numbers_are_pythons(name: str) -> None:
    f, jitted = BITS[name], jit(lambda k: (W * 1.0, BITS[name](k)))
    for k in (5, 3, 4, 0):
        expected, found = f(k), jitted(k)[1]
        np.testing.assert_array_equal(getattr(found, "data", found), expected)
        if np.ndim(expected):
            assert found.data.dtype == expected.dtype


def test_bits_of_pythons_whole_numbers_do_not_wrap_around_and_raise_pythons_errors() -> None:
    shifted = jit(lambda k: W * ((1 << k) % 7))
    assert shifted(5).data[0] == 2**5 % 7
    with pytest.raises(JitError, match=r"whole number beyond 2\*\*53"):
        shifted(70)
    with pytest.raises(ValueError, match="negative shift count"):
        shifted(-1)
    divided = jit(lambda k: W * (6 // (k & 1)))
    assert divided(3).data[0] == 6
    with pytest.raises(ZeroDivisionError):
        divided(2)


def test_a_whole_number_that_a_float_would_round_is_refused_as_an_argument() -> None:
    f = jit(lambda k: W * (k % 7 if not isinstance(k, list) else k[0] % 7))
    for k in (2**53 - 1, 1 - 2**53, np.int64(2**53 - 1), [2**53 - 1] * 9):
        whole = k[0] if isinstance(k, list) else k
        assert f(k).data[0] == whole % 7
    for k in (2**53 + 1, -(2**53) - 1, 10**400, np.int64(2**53 + 1), [3] * 8 + [2**53 + 1]):
        with pytest.raises(JitError, match=r"whole number beyond 2\*\*53(.|\n)*test_whole_numbers.py:\d+: f\(k\)"):
            f(k)
    assert f(np.array(2**60 + 1)).data[0] == (2**60 + 1) % 7


def test_a_complex_number_of_numpys_is_refused_as_without_jit() -> None:
    with pytest.raises(TypeError, match="real numbers"):
        jit(lambda k: W * k)(np.complex128(1j))


def test_small_whole_numbers_are_computed_in_floats_and_larger_ones_are_traced_anew() -> None:
    f = jit(lambda k: W * ((1 - k) * k % 7))
    assert not [op for op in f(3).program().ops if isinstance(op, Plain)]
    for k in (2**20, 2**20 + 1, 2**26, -(2**26)):
        assert f(k).data[0] == (1 - k) * k % 7
    with pytest.raises(JitError, match="whole number"):
        f(2**27)
    assert f(5).data[0] == -20 % 7
