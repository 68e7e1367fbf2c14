"""Karpathy's neuron: the gradients that he derives are on the screen and in the picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from demos import neuron

GRADIENTS = {"x1": "-1.5", "w1": "1", "x2": "0.5", "w2": "0", "b": "0.5", "n": "0.5", "o": "1"}


@pytest.mark.parametrize("graphviz", [True, False])
def test_the_picture_shows_every_data_and_grad(graphviz, tmp_path, monkeypatch):
    if not graphviz:
        monkeypatch.setenv("PATH", str(tmp_path))
    file, page = neuron.main(tmp_path)
    assert (file, page) == (tmp_path / "neuron.svg", tmp_path / "neuron.html")
    texts = ["".join(text.itertext()) for text in ElementTree.parse(file).iter("{http://www.w3.org/2000/svg}text")]
    for label, gradient in GRADIENTS.items():
        after = texts[texts.index(label) + 1 :][:2]
        assert after[0].startswith("data ")
        assert after[1] == f"grad {gradient}"


@pytest.mark.parametrize("settings", [{}, {"x2": 0.5, "b": 5.0}])
def test_the_derivation_by_hand_is_right_and_the_mistake_is_found(settings, tmp_path, capsys):
    neuron.main(tmp_path, **settings)
    right, wrong = capsys.readouterr().out.split("check_by_hand: ")[1:]
    assert right.startswith("7 gradients given, all right")
    blamed = [line.split()[0] for line in wrong.splitlines() if " WRONG " in line and not line.startswith("7 ")]
    assert blamed == ["n"]
    assert "1 - n**2 where 1 - tanh(n)**2 belongs" in wrong


def test_the_derivation_on_the_screen_ends_with_the_weight(tmp_path, capsys):
    neuron.main(tmp_path)
    assert "do/dn = do/do * do/dn\n      = 1 * (1 - o**2)\n" in capsys.readouterr().out
