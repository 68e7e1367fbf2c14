"""Names: descent finds the table that counting gives, networks beat it, and batch norm bears a fast learning rate."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from demos import letters


@pytest.fixture(scope="module")
def data():
    names = letters.load(np.random.default_rng(0))
    return [letters.examples(part, 3) for part in (names[:4500], names[4500:])]


def loss_after(steps, model, data, **settings):
    return letters.train(model, *data, steps=steps, rng=np.random.default_rng(2), **settings)[-1][1]


def test_the_names_are_real_ones_each_once_and_in_another_order_for_another_seed():
    one, other = (letters.load(np.random.default_rng(seed)) for seed in (0, 1))
    assert {"mary", "james", "emma"} < set(one) == set(other)
    assert len(one) == len(set(one)) == 5163
    assert one != other
    assert set("".join(one)) == set(letters.ALPHABET) - {"."}


def test_each_letter_stands_with_those_before_it_and_a_dot_ends_the_name():
    x, y = letters.examples(["abe"], 3)
    read = [("".join(letters.ALPHABET[i] for i in row), letters.ALPHABET[k]) for row, k in zip(x, y, strict=True)]
    assert read == [("...", "a"), ("..a", "b"), (".ab", "e"), ("abe", ".")]


def test_the_table_of_pairs_is_counted():
    table = letters.bigram(*letters.examples(["ab", "ac", "a"], 1))
    np.testing.assert_allclose(table.sum(axis=1), 1.0)
    np.testing.assert_allclose(table[1, :4], np.array([2, 1, 2, 2]) / 30)  # after a: its end, b and c once each


def test_gradient_descent_finds_the_table_that_counting_gives(data):
    seen, unseen = data
    table = letters.bigram(*seen)
    model = nn.Sequential(letters.Last(), nn.Embedding(27, 27, rng=np.random.default_rng(1)))
    learned = loss_after(600, model, data, lr=0.1)
    assert learned == pytest.approx(letters.nll(lambda x: np.log(table[x[:, -1]]), *unseen), abs=0.02)
    e_to_the = np.exp(model[1].weight.data)
    np.testing.assert_allclose((e_to_the / e_to_the.sum(axis=1, keepdims=True))[1], table[1], atol=0.03)


def test_three_letters_tell_more_than_one(data):
    seen, unseen = data
    table = letters.bigram(*seen)
    model = letters.network(3, 50, 1, False, np.random.default_rng(1))
    counted = letters.nll(lambda x: np.log(table[x[:, -1]]), *unseen)
    assert loss_after(400, model, data, lr=0.03) < counted - 0.1 < np.log(27) - 1


def test_batch_norm_lets_a_deep_network_learn_at_a_rate_that_is_too_fast_without(data):
    with_it, without = (
        loss_after(250, letters.network(3, 50, 4, batch_norm, np.random.default_rng(1)), data, lr=0.1)
        for batch_norm in (True, False)
    )
    assert with_it < without - 0.2


def test_what_a_trained_network_guesses_does_not_depend_on_the_company(data):
    _, (x, _) = data
    model = letters.network(3, 20, 2, True, np.random.default_rng(1))
    loss_after(5, model, data, lr=0.03)
    scores = letters.scores_of(model)
    np.testing.assert_allclose(scores(x[:1]), scores(x[:50])[:1], rtol=1e-10)


def test_made_up_names_end_at_a_dot_or_at_the_longest():
    def a_then_the_end(x):
        return np.where(np.arange(27) == (x[:, -1] == 0)[:, None], 0.0, -np.inf)

    assert letters.make_up(a_then_the_end, 3, np.random.default_rng(0)) == "a"
    always_b = np.where(np.arange(27) == 2, 0.0, -np.inf)[None]
    assert letters.make_up(lambda x: always_b, 3, np.random.default_rng(0), longest=5) == "bbbbb"


def test_the_demo_prints_names_of_every_model_and_draws(tmp_path, capsys):
    files = letters.main(tmp_path / "new", hidden=8, depth=2, steps=3, samples=2)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "5,163 names, a tenth of them unseen; 32,446 letters to learn from"
    assert [line[:22].strip() for line in printed[1:]] == [
        "pairs, counted",
        "pairs, learned",
        "network",
        "with batch norm",
        "deeper",
        "deeper with batch norm",
    ]
    assert [file.name for file in files] == ["letters.png", "pairs.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
