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
    (file,) = neuron.main(tmp_path)
    assert file == tmp_path / "neuron.svg"
    texts = ["".join(text.itertext()) for text in ElementTree.parse(file).iter("{http://www.w3.org/2000/svg}text")]
    for label, gradient in GRADIENTS.items():
        after = texts[texts.index(label) + 1 :][:2]
        assert after[0].startswith("data ")
        assert after[1] == f"grad {gradient}"


def test_the_table_agrees_with_the_derivation_by_hand(tmp_path, capsys):
    neuron.main(tmp_path, x2=0.5, b=5.0)
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if " = " in line][1:]
    assert [row[0] for row in rows] == list(GRADIENTS)
    assert [row[2] for row in rows] == [row[-1] for row in rows]
    assert len({row[2] for row in rows}) > 3
