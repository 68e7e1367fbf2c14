"""The GPT: the future is not seen, the loss falls far below blind guessing, and what it writes is graded fairly."""

from __future__ import annotations

import numpy as np
import pytest

from demos import gpt, letters


@pytest.fixture(scope="module")
def text():
    """Some of the text, its alphabet, and the same as numbers."""
    some = gpt.load(np.random.default_rng(0))[:40_000]
    alphabet = sorted(set(some))
    return some, alphabet, gpt.encode(some, alphabet)


def small(size, depth=2):
    return gpt.GPT(size, 16, 16, 2, depth, np.random.default_rng(1))


def train(model, indices, steps, **settings):
    return gpt.train(
        model, indices, context=16, batch=8, steps=steps, look=lambda: (), rng=np.random.default_rng(2), **settings
    )


def test_the_future_cannot_be_seen():
    model, rng = small(20), np.random.default_rng(3)
    x = rng.integers(0, 20, (4, 16))
    other = x.copy()
    other[:, 9:] = (x[:, 9:] + 7) % 20
    before, after = model(x).data, model(other).data
    np.testing.assert_array_equal(before[:, :9], after[:, :9])
    assert (before[:, 9:] != after[:, 9:]).any(axis=2).all()


def test_a_beginning_alone_has_the_scores_it_has_in_the_whole():
    model, x = small(20), np.random.default_rng(3).integers(0, 20, (2, 16))
    whole = model(x).data
    for length in (1, 7, 16):
        np.testing.assert_allclose(model.scores(x[:, :length]), whole[:, length - 1], rtol=0, atol=1e-5)


def test_the_same_character_means_something_else_at_another_place():
    scores = small(20)(np.full((1, 16), 3)).data[0]
    assert len(np.unique(scores.round(3), axis=0)) == 16


def test_the_maps_of_attention_are_shares_of_what_came_before():
    model, x = small(20, depth=3), np.random.default_rng(3).integers(0, 20, 12)
    weights = model.attention(x)
    assert weights.shape == (3, 2, 12, 12)
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(np.triu(weights, 1), 0.0)


def test_the_loss_falls_far_below_blind_guessing(text, capsys):
    _, alphabet, indices = text
    losses, _ = train(small(len(alphabet), depth=1), indices, 150, lr=2e-2)
    assert losses[0] > np.log(len(alphabet)) - 0.5
    assert np.mean(losses[-20:]) < np.log(len(alphabet)) - 1.5


def test_the_replayed_steps_are_those_of_the_eager_model(text, monkeypatch, capsys):
    _, alphabet, indices = text
    replayed, _ = train(small(len(alphabet)), indices, 5)
    monkeypatch.setattr(gpt, "jit", lambda f: f)
    eager, _ = train(small(len(alphabet)), indices, 5)
    np.testing.assert_allclose(replayed, eager, rtol=1e-5)


def test_the_learning_rate_rises_and_then_falls_to_zero(text, monkeypatch, capsys):
    _, alphabet, indices = text
    rates = []

    class Watched(gpt.optim.AdamW):
        def step(self):
            rates.append(self.lr)
            super().step()

    monkeypatch.setattr(gpt.optim, "AdamW", Watched)
    train(small(len(alphabet), depth=1), indices, 40, lr=1e-3)
    assert rates[0] < rates[1] < rates[2] == max(rates) == pytest.approx(1e-3)
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert rates[-1] < 1e-5


def test_what_follows_is_each_stretch_moved_by_one(text):
    _, _, indices = text
    x, y = gpt.windows(indices, np.array([0, 100]), 16)
    np.testing.assert_array_equal(x, [indices[:16], indices[100:116]])
    np.testing.assert_array_equal(y, [indices[1:17], indices[101:117]])


def test_characters_are_drawn_as_the_scores_and_the_temperature_say():
    scores = np.array([0.0, 1.0, 2.0])
    drawn = gpt.write(
        lambda x: np.tile(scores, (len(x), 1)),
        np.zeros((20_000, 1), int),
        1,
        context=4,
        temperature=0.5,
        rng=np.random.default_rng(0),
    )
    expected = np.exp(scores / 0.5) / np.exp(scores / 0.5).sum()
    np.testing.assert_allclose(np.bincount(drawn[:, 1]) / 20_000, expected, atol=0.01)


def test_the_model_is_shown_no_more_than_its_context():
    shown = []

    def scores(x):
        shown.append(x.shape)
        return np.zeros((len(x), 3))

    drawn = gpt.write(scores, np.zeros((2, 1), int), 5, context=3, temperature=1.0, rng=np.random.default_rng(0))
    assert drawn.shape == (2, 6)
    assert shown == [(2, 1), (2, 2), (2, 3), (2, 3), (2, 3)]


def test_words_have_four_letters_and_an_end():
    assert gpt.words("The Value_of its__class__, a method retur") == ["value", "class", "method"]
    assert gpt.recognised(["a value xyzzy ", "method, class."], {"value", "method"}) == 0.5
    assert gpt.recognised(["."], {"value"}) == 0.0


def test_the_share_of_known_words_tells_the_text_from_noise(text):
    some, alphabet, indices = text
    known = set(gpt.words(some))
    assert gpt.recognised([some], known) == 1.0
    pairs = np.log(letters.bigram(indices[:-1, None], indices[1:], len(alphabet)))
    drawn = gpt.write(
        lambda x: pairs[x[:, -1]], np.zeros((16, 1), int), 300, context=1, temperature=1.0, rng=np.random.default_rng(0)
    )
    assert gpt.recognised(["".join(alphabet[i] for i in line) for line in drawn], known) < 0.1


def test_the_text_has_each_paragraph_once_and_no_tables():
    text = gpt.load(np.random.default_rng(0))
    paragraphs = text.split("\n\n")
    assert len(paragraphs) == len(set(paragraphs))
    assert "+--" not in text
    assert len(gpt.words(text)) > 20_000


def test_the_demo_prints_what_is_written_before_and_after_and_draws(tmp_path, capsys):
    files = gpt.main(tmp_path / "new", context=8, width=8, heads=1, depth=1, batch=2, steps=2)
    printed = capsys.readouterr().out
    assert printed.index("Before the training it writes:") < printed.index("training: ") < printed.index("After it:")
    assert "Of the words of four letters or more" in printed
    assert [file.name for file in files] == ["gpt.png", "attention.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
