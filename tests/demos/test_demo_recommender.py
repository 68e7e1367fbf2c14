"""The recommender: unseen ratings are guessed better than by their mean, and only what is seen has a say."""

from __future__ import annotations

import numpy as np
import pytest

from demos import recommender


def split(users=500, seen=0.5):
    ratings = recommender.load(users)
    return ratings, np.random.default_rng(0).random(ratings.shape) < seen


def test_unseen_ratings_are_guessed_better_than_by_the_mean_of_the_item():
    ratings, is_seen = split()
    rng = np.random.default_rng(1)
    guess = recommender.fit(ratings, is_seen, 16, penalty=40.0, steps=100, rng=rng)
    mean = np.broadcast_to(recommender.popularity(ratings, is_seen), ratings.shape)
    assert recommender.rmse(guess, ratings, ~is_seen) < 0.85 * recommender.rmse(mean, ratings, ~is_seen)


def test_without_a_penalty_the_seen_ratings_are_learned_by_heart_and_the_unseen_suffer():
    ratings, is_seen = split(300)
    with_penalty, without = (
        recommender.fit(ratings, is_seen, 16, penalty=penalty, steps=80, rng=np.random.default_rng(1))
        for penalty in (40.0, 0.0)
    )
    assert recommender.rmse(without, ratings, is_seen) < recommender.rmse(with_penalty, ratings, is_seen)
    assert recommender.rmse(without, ratings, ~is_seen) > recommender.rmse(with_penalty, ratings, ~is_seen) + 0.2


def test_what_is_not_seen_has_no_say():
    ratings, is_seen = split(50)
    other = np.where(is_seen, ratings, 99.0)
    one, two = (
        recommender.fit(table, is_seen, 4, penalty=1.0, steps=5, rng=np.random.default_rng(1))
        for table in (ratings, other)
    )
    np.testing.assert_array_equal(one, two)


def test_the_gradient_of_an_item_is_that_of_its_seen_ratings():
    ratings, is_seen = split(20)
    model = recommender.Factors(20, 64, 3, mean=5.0, rng=np.random.default_rng(1))
    recommender.objective(model, np.where(is_seen, ratings, 0.0), is_seen, 0.0).backward()
    errors = is_seen * (model().data - ratings)
    np.testing.assert_allclose(model.item_bias.grad, 2 * errors.sum(axis=0), rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(model.item_factors.grad, 2 * model.user_factors.data.T @ errors, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("seen", [0.5, 0.3])
def test_the_demo_says_how_much_is_missed_and_draws(seen, tmp_path, capsys):
    files = recommender.main(tmp_path, seen=seen, factors=(2, 4), steps=5, users=60)
    printed = capsys.readouterr().out
    assert "60 users (digits), 64 items (pixels)" in printed
    assert printed.count("the unseen by") == 4
    assert [file.name for file in files] == ["recommender.png", "factors.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
