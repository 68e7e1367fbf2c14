"""Windows, convolutions, pools and lookup: NumPy's forms, dtypes, errors, and what the gallery cannot see."""

import itertools
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autograd_mini import Value, ops

RNG = np.random.default_rng(0)
sliding = np.lib.stride_tricks.sliding_window_view

# ------------------------------------------------------------ NumPy's functions


@pytest.mark.parametrize(
    ("shape", "args", "options"),
    [
        ((5,), (3,), {}),
        ((4, 5), ((2, 3),), {}),
        ((4, 5), (2, 1), {}),
        ((4, 5), (2,), {"axis": -2}),
        ((4, 5), ((2, 2),), {"axis": (1, 0)}),
        ((5, 2), ((2, 3),), {"axis": (0, 0)}),
        ((3, 4), ((2,),), {"axis": (1,)}),
        ((3,), (0,), {}),
    ],
)
def test_sliding_window_view_is_numpys(shape, args, options):
    x = RNG.normal(size=shape)
    expected = sliding(x, *args, **options)
    np.testing.assert_array_equal(ops.sliding_window_view(x, *args, **options), expected)
    z = sliding(Value(x), *args, **options)
    assert isinstance(z, Value)
    np.testing.assert_array_equal(z.data, expected)


def test_overlap_add_is_the_transpose_of_sliding_window_view():
    x = RNG.normal(size=(6, 7))
    windows = ops.sliding_window_view(x, (2, 3), (1, 0), stride=(2, 1), dilation=(1, 2))
    y = RNG.normal(size=windows.shape)
    back = ops.overlap_add(y, x.shape, (1, 0), stride=(2, 1), dilation=(1, 2))
    assert np.sum(windows * y) == pytest.approx(np.sum(x * back))


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(("n", "m"), [(n, m) for n in range(1, 7) for m in range(1, 7)])
def test_convolve_and_correlate_are_numpys(n, m, mode):
    a, v = RNG.normal(size=n), RNG.normal(size=m)
    for ours, numpys in [(ops.convolve, np.convolve), (ops.correlate, np.correlate)]:
        expected = numpys(a, v, mode)
        for z in (ours(a, v, mode), numpys(Value(a), v, mode).data, numpys(a, Value(v), mode=mode).data):
            assert z.dtype == expected.dtype
            np.testing.assert_allclose(z, expected, rtol=1e-12, atol=1e-14)


def test_convolve_multiplies_polynomials_of_integers():
    np.testing.assert_array_equal(ops.convolve([1, 2], [1, 3]), [1.0, 5.0, 6.0])
    assert np.convolve(Value([1.0, 2.0]), [1, 3]).data.tolist() == [1.0, 5.0, 6.0]
    assert np.correlate(Value([1.0, 2.0, 3.0]), [0, 1]).data.tolist() == [2.0, 3.0]  # NumPy's default mode differs


# ------------------------------------------------------------ what they are


def test_a_convolution_with_uneven_same_padding_has_more_after_than_before():
    x, weight = RNG.normal(size=(1, 2, 6, 5)), RNG.normal(size=(3, 2, 4, 2))
    expected = F.conv2d(F.pad(torch.tensor(x), (0, 1, 1, 2)), torch.tensor(weight))
    np.testing.assert_allclose(ops.conv2d(x, weight, padding="same"), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtypes_stay_as_they_are(dtype):
    x, weight, bias = (np.ones(s, dtype) for s in [(1, 2, 4, 4), (2, 2, 3, 3), (2,)])
    for z in [
        ops.conv2d(x, weight, bias, padding=1),
        ops.conv_transpose2d(x, weight, bias),
        ops.max_pool2d(x, 3, padding=1),
        ops.avg_pool2d(x, 3, padding=1, count_include_pad=False),
        ops.adaptive_avg_pool2d(x, 3),
        ops.unfold(x, 2),
        ops.embedding([0], x[0, 0]),
    ]:
        assert type(z) is np.ndarray
        assert z.dtype == dtype
    values = [Value(a) for a in (x, weight, bias)]
    ops.max_pool2d(ops.conv2d(*values, padding=1), 3, padding=1).sum().backward()
    assert [v.grad.dtype for v in values] == [dtype] * 3


@pytest.mark.parametrize("length", [1, 2, 3, 6])
@pytest.mark.parametrize("op", ["max_pool1d", "avg_pool1d"])
def test_windows_that_stand_out_of_the_image_are_pytorchs(op, length):
    x = RNG.normal(size=(1, 1, length))
    for kernel, stride, padding in itertools.product(range(1, 8), (1, 2, 3, 5), (0, 1, 2)):
        options = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": True}
        value, tensor = Value(x), torch.tensor(x, requires_grad=True)
        try:
            expected = getattr(F, op)(tensor, **options)
        except RuntimeError:  # more padding than half of the window, or a window that stands out by a stride
            with pytest.raises(ValueError, match=f"{op}: a (padding|window)"):
                getattr(ops, op)(value, **options)
            continue
        z = getattr(ops, op)(value, **options)
        np.testing.assert_allclose(z.data, expected.detach().numpy(), rtol=1e-14)
        z.sum().backward()
        expected.sum().backward()
        np.testing.assert_allclose(value.grad, tensor.grad.numpy(), rtol=1e-14)


def test_plain_lists_and_integers_are_computed_at_once():
    assert ops.conv1d([[1, 2, 4]], [[[-1, 1]]]).tolist() == [[1.0, 2.0]]
    assert ops.max_pool1d([[1, 3, 2, 0]], 2).tolist() == [[3.0, 2.0]]
    assert ops.embedding(1, [[1, 2], [3, 4]]).tolist() == [3.0, 4.0]


def test_conv_transpose_is_the_transpose_of_conv():
    x, weight = RNG.normal(size=(2, 4, 7, 6)), RNG.normal(size=(6, 2, 3, 2))
    options = {"stride": (2, 3), "padding": (1, 0), "dilation": (1, 2), "groups": 2}
    z = ops.conv2d(x, weight, **options)
    y = RNG.normal(size=z.shape)
    back = ops.conv_transpose2d(y, weight, output_padding=(0, 0), **options)
    wider = ops.conv_transpose2d(y, weight, output_padding=(0, 0), **options)
    assert back.shape == wider.shape == (2, 4, 7, 6)
    assert np.sum(z * y) == pytest.approx(np.sum(x * back))


def test_fold_of_unfold_counts_the_windows_that_an_element_is_in():
    ones = np.ones((1, 1, 4, 5))
    counted = ops.fold(ops.unfold(ones, 3), (4, 5), 3)
    np.testing.assert_array_equal(counted[0, 0, 1], [2, 4, 6, 4, 2])


def test_an_embedding_adds_up_the_gradients_of_a_row_used_twice():
    table = Value(np.zeros((3, 2)))
    ops.embedding([[2, 0], [2, 2]], table).sum().backward()
    np.testing.assert_array_equal(table.grad, [[1.0, 1.0], [0.0, 0.0], [3.0, 3.0]])


def test_one_hot_is_a_plain_array():
    z = ops.one_hot(np.array([[1], [0]]), 3)
    assert type(z) is np.ndarray
    np.testing.assert_array_equal(z, [[[0, 1, 0]], [[1, 0, 0]]])
    assert ops.one_hot([2, 0]).shape == (2, 3)
    assert ops.one_hot([], 4).shape == (0, 4)


def test_stop_gradient_is_a_constant_to_all_who_differentiate():
    x = Value(3.0)
    (x * ops.stop_gradient(x)).backward()
    assert x.grad == 3.0


# ------------------------------------------------------------ bad input

IMAGE, KERNELS = np.zeros((2, 3, 5, 5)), np.zeros((4, 3, 3, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: ops.conv2d(Value(np.zeros((2, 1, 5, 5))), KERNELS),
            ValueError,
            "conv2d of (2, 1, 5, 5) with a weight of (4, 3, 3, 3), groups=1: the input has 1 channels",
        ),
        (
            lambda: ops.conv2d(IMAGE, np.zeros((4, 1, 3, 3)), groups=3),
            ValueError,
            "the weight is for 3, and its 4 outputs must divide by groups; the input has shape (N, channels, *lengths)",
        ),
        (lambda: ops.conv2d(IMAGE, KERNELS, groups=0), ValueError, "groups=0"),
        (
            lambda: ops.conv2d(IMAGE, np.zeros((4, 3, 7, 3))),
            ValueError,
            "conv2d: a window of (7, 3) is larger than the image, with its padding (5, 5)",
        ),
        (
            lambda: ops.conv2d(IMAGE, KERNELS, dilation=3),
            ValueError,
            "a window of (3, 3), by dilation (3, 3) of (7, 7), is larger than the image",
        ),
        (lambda: ops.conv2d(IMAGE, KERNELS, np.zeros(3)), ValueError, "the bias has shape (4,), not (3,)"),
        (lambda: ops.conv2d(IMAGE, KERNELS[0]), ValueError, "the weight has 4 axes"),
        (lambda: ops.conv2d(IMAGE[0, 0], KERNELS), ValueError, "the input has shape (N, C, H, W) or (C, H, W)"),
        (lambda: ops.conv1d(IMAGE, KERNELS), ValueError, "the input has shape (N, C, L) or (C, L)"),
        (lambda: ops.conv2d(IMAGE, KERNELS, stride=0), ValueError, "stride is a whole number of at least 1"),
        (lambda: ops.conv2d(IMAGE, KERNELS, padding=-1), ValueError, "padding is a whole number of at least 0"),
        (lambda: ops.conv2d(IMAGE, KERNELS, padding=(1, 1, 1)), ValueError, "or 2 of them, not (1, 1, 1)"),
        (lambda: ops.conv2d(IMAGE, KERNELS, padding="full"), ValueError, "padding is 'same', 'valid' or whole numbers"),
        (lambda: ops.conv2d(IMAGE, KERNELS, 2, padding="same"), ValueError, "the bias has shape"),
        (lambda: ops.conv2d(IMAGE, KERNELS, None, 2, "same"), ValueError, "padding='same' needs stride 1, not (2, 2)"),
        (lambda: ops.conv_transpose2d(IMAGE, KERNELS), ValueError, "the input has 3 channels, the weight is for 4"),
        (
            lambda: ops.conv_transpose2d(IMAGE, np.zeros((3, 1, 2, 2)), output_padding=1),
            ValueError,
            "output_padding (1, 1) must be smaller than the stride (1, 1)",
        ),
        (
            lambda: ops.conv_transpose2d(IMAGE, np.zeros((3, 1, 2, 2)), padding=3),
            ValueError,
            "padding (3, 3) leaves nothing of the (6, 6) result",
        ),
        (lambda: ops.max_pool2d(IMAGE, 6), ValueError, "max_pool2d: a window of (6, 6) is larger than the image"),
        (
            lambda: ops.max_pool2d(IMAGE, 2, padding=2),
            ValueError,
            "a padding of (2, 2) is more than half of the window",
        ),
        (lambda: ops.avg_pool2d(IMAGE, 0), ValueError, "kernel_size is a whole number of at least 1"),
        (lambda: ops.adaptive_avg_pool2d(IMAGE, 0), ValueError, "output_size is a whole number of at least 1"),
        (lambda: ops.adaptive_avg_pool2d(IMAGE, (2, 2, 2)), ValueError, "or 2 of them, not"),
        (lambda: ops.max_pool2d(IMAGE, 2.5), ValueError, "kernel_size is a whole number of at least 1, or 2 of them"),
        (lambda: ops.fold(np.zeros((1, 8, 5)), (3, 3), 2), ValueError, "there must be 4 windows in the last axis"),
        (lambda: ops.fold(np.zeros((1, 7, 4)), (3, 3), 2), ValueError, "a multiple of 4"),
        (lambda: ops.unfold(IMAGE, 6), ValueError, "unfold: a window of (6, 6) is larger"),
        (
            lambda: ops.sliding_window_view(Value(np.ones(3)), 4),
            ValueError,
            "a window of (4,) is larger than axes (0,)",
        ),
        (lambda: ops.sliding_window_view(np.ones((3, 3)), 2), ValueError, "one length for each of the axes"),
        (lambda: ops.sliding_window_view(np.ones(3), -1), ValueError, "negative length"),
        (
            lambda: ops.overlap_add(np.ones((3, 2)), (3,), 0),
            ValueError,
            "overlap_add of (3, 2) into (3,) along axes (0,)",
        ),
        (lambda: ops.convolve(np.ones((2, 2)), [1.0]), ValueError, "convolve of (2, 2) and (1,): both are sequences"),
        (lambda: np.convolve(Value([1.0]), []), ValueError, "not empty"),
        (lambda: ops.correlate([1.0], [1.0], "some"), ValueError, "mode is 'full', 'same' or 'valid', not 'some'"),
        (lambda: ops.embedding([3], np.zeros((3, 2))), IndexError, "index 3 is out of range; there are 3 rows"),
        (lambda: ops.embedding([-1], np.zeros((3, 2))), IndexError, "index -1 is out of range"),
        (lambda: ops.embedding([0.5], np.zeros((3, 2))), TypeError, "indices are whole numbers, not float64"),
        (lambda: ops.embedding([0], np.zeros(3)), ValueError, "the weight has shape (num_embeddings, embedding_dim)"),
        (lambda: ops.embedding([0], np.zeros((3, 2)), 3), ValueError, "padding_idx 3 is no row"),
        (lambda: ops.one_hot([]), ValueError, "give num_classes"),
        (lambda: ops.one_hot([4], 4), IndexError, "one_hot: index 4"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(call, error, message):
    with pytest.raises(error, match=re.escape(message)) as caught:
        call()
    assert "test_ops_window.py" in str(caught.value)


def test_what_numpy_has_beyond_is_refused():
    with pytest.raises(TypeError, match="takes no writeable"):
        sliding(Value([1.0, 2.0]), 2, writeable=True)
