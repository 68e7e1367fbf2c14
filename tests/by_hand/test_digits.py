"""A gradient is right to half a unit of the last digit that was written."""

import numpy as np
import pytest

from autograd_mini.by_hand.digits import FINEST, agree, read


@pytest.mark.parametrize(
    ("written", "number", "half"),
    [
        ("-0.0027", -0.0027, 0.00005),
        ("2.50", 2.5, 0.005),
        ("1e-3", 0.001, 0.0005),
        ("1.2e+03", 1200, 50),
        (" +.5 ", 0.5, 0.05),
        ("\N{MINUS SIGN}2.5", -2.5, 0.05),
        ("6", 6, 0.005),  # an integer is taken to have three digits
        ("120", 120, 0.5),
        ("12345", 12345, 0.5),
        ("0.000", 0, 0.0005),
        ("0", 0, 0),
        ("1/3", 1 / 3, FINEST / 3),
        ("-4/9", -4 / 9, FINEST * 4 / 9),
        ("1.23456789", 1.23456789, FINEST * 1.23456789),
    ],
)
def test_a_string_is_as_exact_as_its_digits_say(written, number, half):
    assert read(written, (), "x")[:2] == pytest.approx((number, half), rel=1e-12)


@pytest.mark.parametrize(
    ("written", "half"),
    [
        (0.5, 0.0005),
        (-0.0027, 0.000005),
        (6, 0.005),
        (1000.0, 5),
        (0.1235, 0.00005),
        (1 / 3, FINEST / 3),
        (0.0, 0),
        (0, 0),
    ],
)
def test_a_number_has_its_digits_and_at_least_three(written, half):
    assert read(written, (), "x").half == pytest.approx(half, rel=1e-9)


@pytest.mark.parametrize("written", ["nan", "inf", "-inf", float("nan"), float("inf")])
def test_nan_and_inf_are_numbers_without_digits(written):
    number, half, _ = read(written, (), "x")
    assert half == 0
    assert agree(number, float(written), half)
    assert not agree(number, 1.0, half)


@pytest.mark.parametrize("text", ["", "six", "0x1", "1/0", "1/2/3", "--2", "2.5.1", "a*b"])
def test_other_strings_are_refused(text):
    with pytest.raises(ValueError, match=r"the gradient of x is .*, which is no number; write digits"):
        read(text, (), "x")


@pytest.mark.parametrize("decimals", [2, 3, 4, 6])
def test_an_array_rounded_to_decimals_is_right_to_half_of_the_last(decimals):
    x = np.random.default_rng(0).normal(size=(4, 5))
    half = read(np.round(x, decimals), (4, 5), "x").half
    assert np.all(half >= 0.5 * 10.0**-decimals * (1 - 1e-9))
    assert half.min() == pytest.approx(max(0.5 * 10.0**-decimals, FINEST * 0.01), rel=1)


@pytest.mark.parametrize("digits", [3, 4, 5, 6])
def test_an_array_rounded_to_significant_digits_is_right_to_half_of_each_last(digits):
    x = np.random.default_rng(0).normal(size=20) * 10.0 ** np.arange(-10, 10)
    rounded = np.array([float(f"{each:.{digits}g}") for each in x])
    half = read(rounded, (20,), "x").half
    assert agree(rounded, x, half)
    assert np.all(half[:10] <= 10.0 ** (1 - digits) * np.abs(x[:10]))


def test_computed_numbers_are_compared_to_six_digits():
    x = np.random.default_rng(0).normal(size=20)
    assert read(x, (20,), "x").half == pytest.approx(FINEST * np.abs(x))


def test_small_gradients_rounded_to_four_decimals_are_known_by_being_many():
    x = np.array([0.00123, -0.00042, 0.00031, 0.00077, 0.00011])
    assert agree(np.round(x, 4), x, read(np.round(x, 4), (5,), "x").half)
    alone = np.array([0.001, 0.0])  # may as well be exact
    assert read(alone, (2,), "x").half.max() == pytest.approx(5e-6)


def test_integers_in_an_array_are_exact_to_three_digits():
    assert read([6, -4, 10, 7, 8], (5,), "x").half == pytest.approx(np.full(5, 0.05))
    assert read(np.zeros(5), (5,), "x").half.max() == 0


def test_an_array_of_strings_is_read_element_by_element():
    number, half, _ = read([["0.5", "1/4"], ["2", "-1e-3"]], (2, 2), "x")
    np.testing.assert_array_equal(number, [[0.5, 0.25], [2, -0.001]])
    assert half == pytest.approx(np.array([[0.05, FINEST / 4], [0.005, 0.0005]]))


def test_float32_numbers_are_known_to_be_coarser():
    assert read(np.float32(0.1), (), "x").precision > read(0.1, (), "x").precision
    assert read(np.round(np.float32([0.1234, 0.4567]), 3), (2,), "x").half.max() == pytest.approx(0.0005)


def test_what_is_read_is_not_changed():
    x = np.array([1.0, 2.0])
    read(x, (2,), "x")
    np.testing.assert_array_equal(x, [1.0, 2.0])
