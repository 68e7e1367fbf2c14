"""Products, einsum and np.linalg: NumPy's ways to call them, what plain arrays give, and what is refused."""

from functools import partial

import numpy as np
import pytest

from autograd_mini import Value, ops

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(3, 3)) + 4 * np.eye(3), RNG.normal(size=(3, 3))
SYMMETRIC = A @ A.T
TALL, V, W = RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=3)
BATCH = RNG.normal(size=(5, 3, 3)) + 4 * np.eye(3)
CUBE = RNG.normal(size=(2, 3, 4))

# NumPy's function, called on arrays or on Values in their place.
CALLS = {
    "dot": lambda x, y: np.dot(x, y),
    "inner": lambda x, y: np.inner(x, y),
    "outer": lambda x, y: np.outer(x, y),
    "linalg.outer": lambda x, y: np.linalg.outer(x[0], y[0]),
    "vdot": lambda x, y: np.vdot(x, y),
    "kron": lambda x, y: np.kron(x, y),
    "matmul": lambda x, y: np.matmul(x, y),
    "linalg.matmul": lambda x, y: np.linalg.matmul(x, y),
    "vecdot": lambda x, y: np.vecdot(x, y),
    "vecdot(axis)": lambda x, y: np.vecdot(x, y, axis=0),
    **({"matvec": lambda x, y: np.matvec(x, y)} if hasattr(np, "matvec") else {}),  # since NumPy 2.2
    **({"vecmat": lambda x, y: np.vecmat(x, y)} if hasattr(np, "vecmat") else {}),
    "linalg.vecdot": lambda x, y: np.linalg.vecdot(x, y, axis=0),
    "tensordot": lambda x, y: np.tensordot(x, y, axes=1),
    "tensordot(axes)": lambda x, y: np.tensordot(x, y, axes=([1, 0], [0, 1])),
    "linalg.tensordot": lambda x, y: np.linalg.tensordot(x, y, axes=((1,), (0,))),
    "cross": lambda x, y: np.cross(x, y),
    "cross(axes)": lambda x, y: np.cross(x, y, axisa=0, axisb=-1, axisc=0),
    "cross(axis)": lambda x, y: np.cross(x, y, axis=0),
    "linalg.cross": lambda x, y: np.linalg.cross(x, y, axis=0),
    "einsum": lambda x, y: np.einsum("ij,jk->ik", x, y),
    "einsum(optimize)": lambda x, y: np.einsum("ij,jk,kl", x, y, x, optimize=True),
    "einsum(path)": lambda x, y: np.einsum("ij,jk,kl", x, y, x, optimize=["einsum_path", (0, 1), (0, 1)]),
    "einsum(spaces)": lambda x, y: np.einsum(" i j , j k -> k i ", x, y),
    "einsum(lists)": lambda x, y: np.einsum(x, [5, 2], y, [2, 0], [0, 5]),
    "einsum(lists, implicit)": lambda x, y: np.einsum(x, [51, 2], y, [2, 30]),
    "einsum(ellipsis in lists)": lambda x, y: np.einsum(x, [..., 2], y, [2, 0], [0, ...]),
    "multi_dot": lambda x, y: np.linalg.multi_dot([x, y, x]),
    "trace": lambda x, y: np.trace(x, offset=1),
    "linalg.trace": lambda x, y: np.linalg.trace(x, offset=-1),
    "matrix_transpose": lambda x, y: np.matrix_transpose(x) @ np.linalg.matrix_transpose(y),
    "inv": lambda x, y: np.linalg.inv(x),
    "det": lambda x, y: np.linalg.det(x),
    "slogdet": lambda x, y: np.linalg.slogdet(x).logabsdet,
    "sign of slogdet": lambda x, y: np.linalg.slogdet(x).sign,
    "solve": lambda x, y: np.linalg.solve(x, y),
    "solve a vector": lambda x, y: np.linalg.solve(x, y[0]),
    "cholesky": lambda x, y: np.linalg.cholesky(x @ x.T),
    "cholesky(upper)": lambda x, y: np.linalg.cholesky(x @ x.T, upper=True),
    "eigh values": lambda x, y: np.linalg.eigh(x @ x.T).eigenvalues,
    "eigh vectors": lambda x, y: np.linalg.eigh(x @ x.T).eigenvectors,
    "eigh(UPLO)": lambda x, y: np.linalg.eigh(x, UPLO="U")[1],
    "eigvalsh": lambda x, y: np.linalg.eigvalsh(x, "U"),
    "qr Q": lambda x, y: np.linalg.qr(x).Q,
    "qr R": lambda x, y: np.linalg.qr(x, mode="complete").R,
    "qr(r)": lambda x, y: np.linalg.qr(x, "r"),
    "qr(wide)": lambda x, y: np.linalg.qr(x[:2])[1],
    "svd U": lambda x, y: np.linalg.svd(x).U,
    "svd S": lambda x, y: np.linalg.svd(x, full_matrices=False)[1],
    "svd Vh": lambda x, y: np.linalg.svd(x[:, :2], False).Vh,
    "svd without vectors": lambda x, y: np.linalg.svd(x, compute_uv=False),
    "svdvals": lambda x, y: np.linalg.svdvals(x),
    "pinv": lambda x, y: np.linalg.pinv(x[:2]),
    "pinv(rcond)": lambda x, y: np.linalg.pinv(x, rcond=0.5),
    "pinv(rtol)": lambda x, y: np.linalg.pinv(x, rtol=0.5),
    "lstsq": lambda x, y: np.linalg.lstsq(x, y[0])[0],
    "lstsq residuals": lambda x, y: np.linalg.lstsq(x[:, :2], y)[1],
    "lstsq values": lambda x, y: np.linalg.lstsq(x, y, rcond=None)[3],
    "matrix_power": lambda x, y: np.linalg.matrix_power(x, 5),
    "matrix_power(-2)": lambda x, y: np.linalg.matrix_power(x, -2),
    "tensorinv": lambda x, y: np.linalg.tensorinv(x.reshape(3, 1, 3), ind=1),
    "tensorsolve": lambda x, y: np.linalg.tensorsolve(x.reshape(3, 1, 3), y[0], axes=(1,)),
    "cond": lambda x, y: np.linalg.cond(x),
    "cond(-2)": lambda x, y: np.linalg.cond(x, -2),
    "cond(1)": lambda x, y: np.linalg.cond(x, 1),
    "cond(-inf)": lambda x, y: np.linalg.cond(np.stack([x, y]), -np.inf),
    "cond(fro)": lambda x, y: np.linalg.cond(x, "fro"),
    "mT": lambda x, y: x.mT,
    "x.dot": lambda x, y: x.dot(y),
    "x.trace": lambda x, y: x.trace(offset=1),
}


@pytest.mark.parametrize("call", CALLS)
def test_numpys_function_on_values_gives_numpys_numbers_and_a_gradient(call):
    x, y = Value(A), Value(B)
    z = CALLS[call](x, y)
    expected = CALLS[call](A, B)
    assert isinstance(z, Value)
    assert z.requires_grad
    assert z.shape == np.shape(expected)
    np.testing.assert_allclose(z.data, expected, rtol=1e-10, atol=1e-12)
    z.sum().backward()
    assert x.grad.shape == (3, 3)


# Our function on plain operands beside NumPy's: the same values, shapes and dtypes.
PLAIN = {
    "dot": (A, B), "inner": (CUBE, CUBE), "outer": (V, W), "vdot": (A, B), "kron": (TALL, V), "cross": (A, V),
    "matvec": (BATCH, V), "vecmat": (V, BATCH), "vecdot": (BATCH, V), "tensordot": (CUBE, CUBE, ([0, 1], [0, 1])),
    "trace": (CUBE, 1, 2, 0), "matrix_transpose": (CUBE,), "einsum": ("...ij,j", BATCH, V),
    "multi_dot": ([TALL, A, V],), "inv": (BATCH,),
    "det": (BATCH,), "slogdet": (BATCH,), "solve": (BATCH, B), "cholesky": (SYMMETRIC,),
    "eigh": (SYMMETRIC,), "eigvalsh": (SYMMETRIC,), "qr": (TALL, "complete"), "svd": (TALL,), "svdvals": (TALL,),
    "pinv": (TALL,), "lstsq": (TALL, TALL[:, 0]), "matrix_power": (BATCH, 3), "tensorinv": (A.reshape(3, 1, 3), 1),
    "tensorsolve": (A.reshape(3, 1, 3), V), "cond": (BATCH,),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", PLAIN)
def test_plain_arrays_give_what_numpy_gives(name, dtype):
    def cast(x):
        return x.astype(dtype) if isinstance(x, np.ndarray) else list(map(cast, x)) if name == "multi_dot" else x

    operands = tuple(map(cast, PLAIN[name]))
    einsums = {
        "matvec": partial(np.einsum, "...ij,...j"),
        "vecmat": partial(np.einsum, "...i,...ij"),
    }  # in NumPy since 2.2
    theirs = getattr(np, name, None) or getattr(np.linalg, name, None) or einsums[name]
    results, expected = getattr(ops, name)(*operands), theirs(*operands)
    results, expected = (x if isinstance(x, tuple) else (x,) for x in (results, expected))
    assert len(results) == len(expected)
    tolerance = {"rtol": 1e-12, "atol": 1e-12} if dtype == "float64" else {"rtol": 1e-3, "atol": 1e-4}
    for actual, wanted in zip(results, expected, strict=True):
        assert not isinstance(actual, Value)
        assert np.shape(actual) == np.shape(wanted)
        if np.shape(wanted):
            assert actual.dtype == wanted.dtype
        np.testing.assert_allclose(actual, wanted, **tolerance)


def test_results_of_several_arrays_have_numpys_names():
    x = Value(SYMMETRIC)
    for name in ("eigh", "qr", "svd", "slogdet"):
        ours, theirs = getattr(np.linalg, name)(x), getattr(np.linalg, name)(SYMMETRIC)
        assert ours._fields == theirs._fields
        assert type(ours).__name__ == type(theirs).__name__


def test_lists_and_integers_are_operands():
    assert ops.dot([1, 2], [3, 4]) == 11.0
    assert ops.einsum("i,i", [1, 2], Value([3.0, 4.0])).item() == 11.0
    assert ops.det([[1, 2], [3, 4]]) == pytest.approx(-2)
    np.testing.assert_allclose(ops.solve(np.array([[2, 0], [0, 4]]), Value([2.0, 4.0])).data, [1, 1])


@pytest.mark.parametrize("rows", [1, 3])
def test_zero_times_infinity_is_nan_in_a_product_with_a_matrix_of_one_number_too(rows):
    x, zero = Value(np.full((rows, 1), np.inf)), Value([[0.0]])
    with np.errstate(all="ignore"):
        for z in (x @ zero, ops.linear(x, zero, Value([0.0]))):
            assert np.isnan(z.data).all()
            z.backward(np.full((rows, 1), np.inf))
            assert np.isnan(x.grad).all()
            x.zero_grad()


def test_an_einsum_of_several_matrices_is_one_node():
    x, y = Value(A), Value(B)
    z = ops.einsum("ij,jk,kl->il", x, y, x)
    assert z.inputs == (x, y, x)
    assert z.op.params["subscripts"] == "ij,jk,kl->il"


def test_multi_dot_takes_the_cheapest_order():
    x, y, v = Value(np.ones((30, 40))), Value(np.ones((40, 50))), Value(np.ones(50))
    z = np.linalg.multi_dot([x, y, v])
    assert z.inputs[0] is x
    assert z.inputs[1].shape == (40,)


def test_only_the_parts_that_are_used_need_a_gradient():
    """Where an eigenvalue repeats, the eigenvectors have none, and the eigenvalues have."""
    x = Value(np.eye(2))
    values, _ = np.linalg.eigh(x)
    values.sum().backward()
    np.testing.assert_allclose(x.grad, np.eye(2))


def test_a_matrix_function_by_eigh_has_the_derivative_of_the_series():
    x = Value(0.1 * SYMMETRIC)
    values, vectors = np.linalg.eigh(x)
    ((vectors * np.exp(values)) @ vectors.T).trace().backward()
    expected = np.linalg.eigh(0.1 * SYMMETRIC)
    exponential = (expected[1] * np.exp(expected[0])) @ expected[1].T
    np.testing.assert_allclose(x.grad, exponential, rtol=1e-10)  # d trace(f(x)) = f'(x), which is exp(x) again


REFUSED = {
    "einsum: too few operands": (lambda x: np.einsum("ij,jk", x), ValueError, "2 terms.* for 1 operands"),
    "einsum: an axis without a letter": (lambda x: np.einsum("i->i", x), ValueError, "1 axes of an operand that has 2"),
    "einsum: lengths": (lambda x: np.einsum("ij,jk", x, TALL), ValueError, "'j' has length 3 in one place and 4"),
    "einsum: ellipsis lengths": (lambda x: np.einsum("...,...", x, TALL), ValueError, "'...' has length"),
    "einsum: unknown output": (lambda x: np.einsum("ij->k", x), ValueError, "'k' stands in the output"),
    "einsum: output twice": (lambda x: np.einsum("ij->ii", x), ValueError, "'i' stands in the output"),
    "einsum: ellipsis lost": (lambda x: np.einsum("...j->j", x), ValueError, "cannot be summed over"),
    "einsum: signs": (lambda x: np.einsum("i1->i", x), ValueError, "is not made of letters"),
    "einsum: no diagonal": (lambda x: np.einsum("ii", x[:2]), ValueError, "has no diagonal 'ii'"),
    "einsum: nothing": (lambda x: ops.einsum(), ValueError, "nothing to sum"),
    "einsum: no subscripts": (lambda x: ops.einsum(x, x), TypeError, "give subscripts and operands"),
    "tensordot": (lambda x: np.tensordot(x, TALL, 1), ValueError, "must have the same lengths"),
    "tensordot: axes": (lambda x: np.tensordot(x, x, ([2], [0])), ValueError, "axis 2 is out of bounds"),
    "cross": (lambda x: np.cross(x[:, :2], x[:, :2]), ValueError, "vectors have length 3"),
    "vecdot": (lambda x: np.vecdot(x, x[:, :2]), ValueError, "of the same length"),
    "matvec": (lambda x: ops.matvec(x[0], x), ValueError, r"matvec: shape \(3,\) is no matrix"),
    "vecmat": (lambda x: ops.vecmat(x, x[0]), ValueError, r"vecmat: shape \(3,\) is no matrix"),
    "trace": (lambda x: np.trace(x[0]), ValueError, "trace|diagonal"),
    "multi_dot: one": (lambda x: np.linalg.multi_dot([x]), ValueError, "two matrices or more"),
    "multi_dot: a vector": (lambda x: np.linalg.multi_dot([x, x[0], x]), ValueError, "first and last may be vectors"),
    "matrix_transpose": (lambda x: np.matrix_transpose(x[0]), ValueError, "is no matrix"),
    "det": (lambda x: np.linalg.det(x[:2]), ValueError, r"det: shape \(2, 3\) is no square matrix"),
    "svd": (lambda x: np.linalg.svd(x[:2]), ValueError, "use full_matrices=False"),
    "svd: hermitian": (lambda x: np.linalg.svd(x, hermitian=True), TypeError, "takes no hermitian"),
    "qr: complete": (lambda x: np.linalg.qr(x[:, :2], "complete"), ValueError, "use mode='reduced'"),
    "qr: raw": (lambda x: np.linalg.qr(x, "raw"), ValueError, "'reduced', 'complete' or 'r', not 'raw'"),
    "solve": (lambda x: np.linalg.solve(x, x[:2]), ValueError, "must have 3 rows"),
    "cond": (lambda x: np.linalg.cond(x, "f"), ValueError, "norm: no order 'f'"),
    "inv: singular": (lambda x: np.linalg.inv(x * 0.0), np.linalg.LinAlgError, r"inv of \(3, 3\): Singular matrix"),
    "cholesky: not positive": (lambda x: np.linalg.cholesky(-x @ x.T), np.linalg.LinAlgError, "positive definite"),
    # LAPACK would look for these without end
    "svd: inf": (lambda x: np.linalg.svd(x * np.inf), np.linalg.LinAlgError, r"svd.U of \(3, 3\).*inf or nan"),
    "pinv: inf": (lambda x: np.linalg.pinv(x * np.inf), np.linalg.LinAlgError, r"pinv of \(3, 3\).*inf or nan"),
    "lstsq: inf": (lambda x: np.linalg.lstsq(x * np.inf, A), np.linalg.LinAlgError, r"lstsq of \(3, 3\).*inf or nan"),
    "eigvals": (lambda x: np.linalg.eigvals(x), TypeError, "eigvalsh"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_said_with_the_line(what):
    call, kind, words = REFUSED[what]
    with pytest.raises(kind, match=words) as caught:
        call(Value(A))
    assert "test_ops_linalg.py" in str(caught.value)
