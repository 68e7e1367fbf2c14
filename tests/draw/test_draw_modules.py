"""Large graphs of networks: a box for each call of a module."""

import copy
import shutil
import subprocess
import threading
import time
from itertools import pairwise
from weakref import ref
from xml.etree import ElementTree

import numpy as np
import pytest

import nn
from autograd_mini import Value, named_scope, stack
from autograd_mini.draw import draw
from autograd_mini.draw.collapse import collapse
from autograd_mini.draw.modules import Calls
from autograd_mini.graph import walk


class Cell(nn.Module):
    """One step of a recurrent network."""

    def __init__(self):
        self.inward = nn.Linear(2, 3)
        self.onward = nn.Linear(3, 3, bias=False)

    def forward(self, x, h):
        return np.tanh(self.inward(x) + self.onward(h))


class Function(nn.Module):
    """A module with whatever forward a test needs."""

    def __init__(self, forward):
        self.forward = forward


@pytest.fixture
def network():
    nn.manual_seed(0)
    return nn.scalar.MLP(2, [16, 16, 1])


def inputs(n=1):
    return [[Value(float(i), label=f"x{i}"), Value(0.5 - i, label=f"y{i}")] for i in range(n)]


def boxes(value, **options):
    return draw(value, **options)._picture.boxes


def modules(value, **options):
    """The fields of each box of a module."""
    return [box.fields for box in boxes(value, **options) if box.kind == "module"]


def note(value, **options):
    return draw(value, **options)._picture.note


# ------------------------------------------------------------ which level is shown


def test_every_neuron_of_a_scalar_mlp_is_a_box(network):
    out = network(inputs()[0])
    out.backward()
    shown = modules(out)
    expected = [f"layers.{i}.neurons.{j}" for i, n in enumerate([16, 16, 1]) for j in range(n)]
    assert sorted(expected) == sorted(fields[0] for fields in shown)
    last = "layers.2.neurons.0", "Neuron 16 -> 1", "17 parameters, 49 values", f"data {out.data:.4g}", "grad 1"
    assert last == shown[-1]
    assert note(out) == "979 values shown as 35 boxes, by module"


def test_neurons_are_wired_to_each_other(network):
    drawn = draw(network(inputs()[0]))._picture
    names = [box.fields[0] for box in drawn.boxes]
    wires = sorted((names[source], names[target]) for source, target in drawn.edges)
    layers = [["x0", "y0"], *[[f"layers.{i}.neurons.{j}" for j in range(n)] for i, n in enumerate([16, 16, 1])]]
    assert wires == sorted((a, b) for before, after in pairwise(layers) for a in before for b in after)


def test_neurons_stand_in_their_order(network, without_dot):
    svg = ElementTree.fromstring(draw(network(inputs()[0])).svg)
    first = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text") if "neurons" in text.text]
    height = {text.text: float(text.get("y")) for text in svg.iter("{http://www.w3.org/2000/svg}text")}
    for layer in (0, 1):
        column = [name for name in first if name.startswith(f"layers.{layer}.")]
        assert [f"layers.{layer}.neurons.{j}" for j in range(16)] == sorted(column, key=height.__getitem__)


def test_graphviz_gets_room_for_layers_that_are_wired_to_each_other(network):
    assert "ranksep=1.6" in draw(network(inputs()[0])).source
    assert "ranksep" not in draw(sum(network(x) for x in inputs(5))).source
    many = [Value(float(i)) for i in range(12)]
    products = [x * y for x in many for y in many[:3]]
    assert "ranksep" not in draw(stack([*products, *products, *products, *products]).sum()).source


def test_where_neurons_are_too_many_layers_are_the_boxes(network):
    loss = sum(network(x) for x in inputs(5))
    assert sorted(fields[0] for fields in modules(loss)) == [f"layers.{i}" for i in range(3) for _ in range(5)]


def test_where_layers_are_too_many_the_network_is_the_box(network):
    loss = sum(network(x) for x in inputs(5))
    assert [fields[:2] for fields in modules(loss, max_boxes=25)] == [("MLP", "337 shared parameters, 977 values")] * 5


@pytest.mark.parametrize("max_boxes", [*range(6, 70, 4), 150, 400])
def test_the_deepest_level_that_fits_is_taken(network, max_boxes):
    loss = sum(network(x) for x in inputs(5))
    graph = walk(loss)
    sizes = [len(Calls(graph).contracted(level).values) for level in (1, 2, 3)]
    assert sizes == sorted(sizes)
    fitting = [size for size in sizes if size <= max_boxes]
    groups = collapse(graph, max_boxes)
    assert len(groups) == fitting[-1] if fitting else len(groups) <= max_boxes


def test_a_call_that_makes_no_calls_stays_a_box_at_deeper_levels():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Tanh()), nn.Tanh())
    shown = modules(model(np.ones((1, 2))).sum(), max_boxes=7)
    assert [fields[0] for fields in shown] == ["0", "1.0", "1.1", "2"]


def test_a_graph_that_fits_shows_no_modules(network):
    assert modules(nn.Linear(2, 3)(np.ones((4, 2)))) == []


# ------------------------------------------------------------ what is inside the box


def test_what_a_network_computes_between_its_layers_has_a_box_of_its_own():
    model = nn.MLP(2, [3, 1])
    out = model(np.ones((4, 2)))
    kinds = [box.kind for box in boxes(out, max_boxes=5)]
    assert sorted(kinds) == sorted(["constant", "module", "op", "value", "module"])  # relu in between
    assert [fields[0] for fields in modules(out, max_boxes=4)] == ["layers.0", "layers.1"]


def test_a_batch_keeps_its_box_and_numbers_in_the_code_do_not():
    layer = Function(lambda x: 2.0 * x + 1.0)
    out = layer(Value(np.ones(3), label="x") * np.full(3, 5.0))
    assert [box.fields[0] for box in boxes(out, max_boxes=5)] == ["x", "v1", "*", "v2", "Function"]


def test_a_parameter_that_is_used_outside_has_a_box():
    layer = nn.Linear(2, 2)
    loss = layer(np.ones((1, 2))).sum() + (layer.weight * layer.weight).sum()
    shown = boxes(loss, max_boxes=7)
    assert [box.fields[0] for box in shown if box.kind == "leaf"] == ["weight"]
    assert [fields[:2] for fields in modules(loss, max_boxes=7)] == [("Linear 2 -> 2", "2 parameters, 2 values")]


def test_a_parameter_that_two_modules_share_has_a_box():
    first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    second.weight = first.weight
    out = second(first(np.ones((1, 2))))
    leaves = [box.fields[0] for box in boxes(out.sum().tanh() * 2.0, max_boxes=7) if box.kind == "leaf"]
    assert leaves == ["weight"]


def test_an_input_that_learns_too_is_no_parameter(network):
    assert {box.fields[0] for box in boxes(network(inputs()[0]), max_boxes=3)} == {"x0", "y0", "MLP"}


def test_a_call_shows_all_that_it_gives():
    split = Function(lambda x: (x + 1.0, x.sum() * 3.0, x * 0.0))
    a, b, c = split(Value([1.0, 2.0], label="x"))
    loss = (a * b + c).sum()
    loss.backward()
    (fields,) = modules(loss, max_boxes=9)
    assert fields == ("Function", "7 values", "data 0 … 9", "grad 1 … 9")
    kinds = [box.kind for box in boxes(loss, max_boxes=9)]
    assert kinds.count("module") == 1


def test_two_uses_of_what_a_call_gives_are_two_arrows():
    double = Function(lambda x: (x + x).tanh())
    y = double(Value(1.0).tanh())
    drawn = draw(y * y, max_boxes=4)._picture
    box = [box.kind for box in drawn.boxes].index("module")
    assert [source for source, _ in drawn.edges].count(box) == 2
    assert [target for _, target in drawn.edges].count(box) == 1


def test_an_empty_output_has_no_numbers():
    split = Function(lambda x: (x[:0] * 2.0, x * 2.0))
    a, b = split(Value([1.0, 2.0]))
    assert modules(a.sum() + b.sum(), max_boxes=6)[0][-2:] == ("data [2, 4]", "grad –")


def test_a_module_that_the_outermost_does_not_hold_has_no_path():
    stranger = nn.Linear(2, 1)
    outer = Function(lambda x: nn.Tanh()(stranger(x)))
    assert ("Linear 2 -> 1", "3 parameters, 3 values") in [
        fields[:2] for fields in modules(outer(np.ones((1, 2))), max_boxes=3)
    ]


def test_a_module_that_is_gone_is_a_box_with_its_type():
    out = nn.Linear(2, 1)(np.ones((1, 2))).tanh().exp().tanh()
    assert [fields[:2] for fields in modules(out, max_boxes=5)] == [("Linear", "3 parameters, 3 values")]


def test_the_loss_of_a_network_that_is_gone_has_the_boxes_that_it_had():
    def loss_and_model():
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
        return model(model(np.ones((1, 2)))).sum(), model

    loss, model = loss_and_model()
    alike = loss_and_model()[0]
    there, gone = (draw(value, max_boxes=9)._picture for value in (loss, alike))
    assert model[0].in_features == 2
    assert (there.edges, there.note) == (gone.edges, gone.note)
    said = [(box.fields[1].split()[0], *box.fields[2:]) for box in there.boxes if box.kind == "module"]
    assert said == [box.fields for box in gone.boxes if box.kind == "module"]
    assert [fields[:2] for fields in said[:2]] == [
        ("Linear", "9 shared parameters, 3 values"),
        ("Tanh", "(1, 3) float64"),
    ]


# ------------------------------------------------------------ names instead of modules


def test_hand_written_code_can_name_its_parts():
    w, v = nn.Parameter(np.ones((2, 3))), nn.Parameter(np.ones((3, 1)))
    with named_scope("encoder"):
        h = np.tanh(np.ones((5, 2)) @ w)
        with named_scope("norm"):
            h = h - h.mean()
    with named_scope("decoder"):
        y = h @ v
    out = y.sum()
    assert [fields[:2] for fields in modules(out, max_boxes=5)] == [
        ("encoder", "6 parameters, 5 values"),
        ("decoder", "3 parameters, 2 values"),
    ]
    assert [fields[0] for fields in modules(out, max_boxes=7)] == ["encoder.norm", "decoder"]


def test_what_nobody_calls_a_parameter_keeps_its_box():
    w, x = Value(np.ones((2, 3)), label="w"), Value(np.ones((5, 2)), label="x")
    with named_scope("layer"):
        y = np.tanh(x @ w + 1.0).sum()
    assert {box.fields[0] for box in boxes(y, max_boxes=3)} == {"x", "w", "layer"}


def test_the_path_of_a_module_in_a_named_part_begins_with_the_name():
    encoder, decoder = nn.MLP(2, [2, 2]), nn.MLP(2, [2, 2])
    with named_scope("encoder"):
        h = encoder(np.ones((1, 2)))
    with named_scope("decoder"):
        y = decoder(h)
    shown = [fields[0] for fields in modules(y, max_boxes=7)]
    assert shown == ["encoder.layers.0", "encoder.layers.1", "decoder.layers.0", "decoder.layers.1"]


def test_a_parameter_that_parts_of_one_name_use_is_within_each():
    w = nn.Parameter(0.5)
    h = Value(1.0, label="h")
    for _ in range(3):
        with named_scope("".join(["st", "ep"])):  # equal names, not the same object
            h = (h * w).tanh()
    assert [box.fields[0] for box in boxes(h, max_boxes=4)] == ["h", "step", "step", "step"]


# ------------------------------------------------------------ too many calls


def test_calls_of_the_same_form_share_a_box(network):
    loss = sum(network(x) for x in inputs(100))
    loss.backward()
    shown = modules(loss)
    assert [fields[:4] for fields in shown] == [
        ("layers.0.neurons.*", "Neuron 2 -> 1, relu", "× 1,600", "3 shared parameters, 8 values each"),
        ("layers.1.neurons.*", "Neuron 16 -> 1, relu", "× 1,600", "17 shared parameters, 50 values each"),
        ("layers.2.neurons.0", "Neuron 16 -> 1", "× 100", "17 shared parameters, 49 values each"),
    ]
    assert shown[-1][-1] == "grad 1"
    assert note(loss).endswith("boxes, by module, alike ones together")


def test_the_penalty_on_the_weights_does_not_take_the_neurons_apart(network):
    loss = sum(network(x) for x in inputs(3)) + sum(p * p for p in network.parameters())
    assert [fields[2] for fields in modules(loss)] == ["× 48", "× 48", "× 3"]
    leaves = [box.fields[-3] for box in boxes(loss) if box.kind == "leaf"]
    assert sorted(leaves) == sorted(["× 6", "× 48", "× 272", "× 17"])


def test_every_use_of_a_recurrent_cell_is_a_box_while_they_fit():
    cell, h = Cell(), np.zeros((1, 3))
    for _ in range(60):
        h = cell(np.ones((1, 2)), h)
    shown = modules(h.sum(), max_boxes=4 * 61)
    assert len(shown) == 60
    assert shown[0][:2] == ("Cell", "18 shared parameters, 8 values")


def test_more_uses_of_a_recurrent_cell_than_40_in_a_row_are_one_box():
    cell, h = Cell(), np.zeros((1, 3))
    for _ in range(60):
        h = cell(np.ones((1, 2)), h)
    (fields,) = modules(h.sum())
    assert fields[:2] == ("Cell", "× 60")


@pytest.mark.parametrize("steps", [12, 13])
def test_the_inputs_of_very_many_steps_are_one_box(steps):
    model = nn.LSTM(2, 3)
    loss = model(np.random.default_rng(0).normal(size=(steps, 1, 2)))[0].sum()
    shown = [box.fields for box in boxes(loss, max_boxes=40) if box.kind == "constant"]
    inputs = [fields for fields in shown if "(1, 2) float64" in fields]
    assert len(inputs) == (1 if steps > 12 else steps)
    assert (inputs[0][0] == "× 13") == (steps == 13)


def test_a_recurrent_cell_of_many_steps_is_one_box():
    cell, h, states = Cell(), np.zeros((1, 3)), []
    for step in range(500):
        h = cell(np.full((1, 2), float(step)), h)
        states.append(h.data)
    (fields,) = modules(h.sum())
    assert fields[:2] == ("Cell", "× 500")
    assert fields[4] == f"data {np.min(states):.4g} … {np.max(states):.4g}"  # of every step, not of the last


def test_thirty_thousand_calls_are_drawn():
    w, h = nn.Parameter(0.9), Value(1.0)
    step = Function(lambda h: (h * w).tanh())
    for _ in range(30_000):
        h = step(h)
    start = time.process_time()
    assert note(h) == "60,002 values shown as 2 boxes, by module, alike ones together"
    assert time.process_time() - start < 30  # about one second; what is not linear takes minutes


def test_modules_of_different_form_do_not_share_a_box():
    branches = [nn.Linear(2, n) for n in (2, 3) for _ in range(40)]
    held = nn.Sequential(*branches)
    x = np.ones((1, 2))
    loss = sum(branch(x).sum() for branch in branches)
    assert sorted(fields[:2] for fields in modules(loss, max_boxes=20)) == [
        ("Linear 2 -> 2", "× 40"),
        ("Linear 2 -> 3", "× 40"),
    ]
    assert len(held) == 80


def test_what_does_not_fit_and_does_not_repeat_is_cut_off():
    layers = [Function(lambda x, i=i: (x * 0.9).sin() if i % 2 else x.tanh()) for i in range(300)]
    x = Value(1.0, label="x")
    for i, layer in enumerate(layers):
        x = layer(x).exp() if i % 3 else layer(x)
    assert note(x, max_boxes=20).endswith("boxes, by module, cut off far from the root")
    assert len(modules(x, max_boxes=20)) >= 5


def test_every_value_is_counted_once_where_modules_share_nothing():
    model = nn.Sequential(*[nn.Linear(2, 2) for _ in range(300)])
    for i, out in enumerate([model(np.ones((1, 2))), sum(layer(np.ones((1, 2))).sum() * 1.5 for layer in model)]):
        graph = walk(out)
        for most in (5, 30, 150, 400):
            groups = collapse(graph, most)
            assert len(groups) <= most
            assert sum(group.size for group in groups) == len(graph.values), (i, most)
            assert all(source < i for i, group in enumerate(groups) for source in group.operands)


# ------------------------------------------------------------ odd cases


def test_calls_that_are_entangled_by_threads_are_not_contracted():
    def forward(x):
        a = x * 2.0
        elsewhere = []
        thread = threading.Thread(target=lambda: elsewhere.append(a * 3.0))
        thread.start()
        thread.join()
        return elsewhere[0] * 4.0

    entangled = Function(forward)
    out = entangled(Value(1.0))
    for _ in range(20):
        out = out.tanh()
    assert modules(out, max_boxes=10) == []
    assert len(boxes(out, max_boxes=10)) > 2


def test_calls_nested_a_thousand_deep_need_no_recursion():
    x = Value(1.0)
    scopes = [named_scope(f"s{i}") for i in range(1000)]
    for scope in scopes:
        scope.__enter__()
        x = x.tanh()
    for scope in reversed(scopes):
        scope.__exit__(None, None, None)
    assert len(boxes(x.exp(), max_boxes=50)) <= 100


def test_a_copied_graph_shows_the_types_of_its_modules(network):
    y = network(inputs()[0])
    assert [fields[:2] for fields in modules(copy.deepcopy(y), max_boxes=3)] == [("MLP", "337 parameters, 977 values")]


def test_an_object_that_is_no_module_can_be_a_part():
    class Step:
        pass

    step = Step()
    w = nn.Parameter(3.0)
    with named_scope(step):
        y = (w * 2.0).tanh()
    assert modules(y.exp(), max_boxes=2)[0][:2] == ("Step", "1 parameter, 4 values")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's program `dot` is not installed")
def test_graphviz_shows_a_hostile_name_as_it_is():
    x = Value(1.0)
    with named_scope('</script><img src=x>&{}|"\\N'):
        y = x.tanh().tanh()
    run = subprocess.run(["dot", "-Tsvg"], input=draw(y, max_boxes=2).source.encode(), capture_output=True, check=True)
    assert run.stderr == b""
    text = [element.text for element in ElementTree.fromstring(run.stdout).iter("{http://www.w3.org/2000/svg}text")]
    assert '</script><img src=x>&{}|"\\N' in [t.replace("\xa0", " ") for t in text]


def test_masks_of_dropout_belong_to_the_module_and_the_batch_does_not():
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 8), nn.Dropout(0.5), nn.Linear(8, 2))
    shown = boxes(model(np.ones((3, 4))).sum(), max_boxes=8)
    assert [box.fields[1] for box in shown if box.kind == "constant"] == ["(3, 4) float64"]
    assert "130 parameters, 13 values" in [field for box in shown for field in box.fields]


def test_the_constants_of_attention_belong_to_the_block_and_a_residual_input_does_not():
    nn.manual_seed(0)
    block = nn.TransformerBlock(8, 2)
    shown = boxes(block(np.full((1, 3, 8), 0.25)).sum(), max_boxes=12)
    constants = [box.fields[1:] for box in shown if box.kind == "constant"]
    assert ("(1, 3, 8) float64", "data 0.25") in constants
    assert len(constants) == 2  # the input, and what the first LayerNorm makes of it


def test_a_constant_with_a_label_keeps_its_box():
    layer = Function(lambda x: x.tanh() * scale)
    scale = Value(np.ones(3), label="scale", requires_grad=False)
    shown = boxes(layer(Value(np.ones(3), label="x")).sum(), max_boxes=6)
    assert [box.fields[0] for box in shown if box.kind == "constant"] == ["scale"]


def test_a_drawing_keeps_no_module_alive():
    def drawing_and_model():  # before Python 3.13, a frame whose variables were asked for keeps them while it runs
        model = nn.MLP(2, [16, 16, 1])
        return draw(model(np.ones((1, 2))), max_boxes=3), ref(model)

    drawing, there = drawing_and_model()
    assert there() is None
    assert "MLP" in drawing.source


def test_parameters_that_several_calls_use_are_said_to_be_shared():
    layer, last = nn.Linear(4, 4), nn.Linear(4, 1)
    loss = last(layer(layer(layer(np.ones((2, 4))))).tanh()).sum()
    said = [fields[1] for fields in modules(loss, max_boxes=8)]
    assert said == ["20 shared parameters, 3 values"] * 3 + ["5 parameters, 3 values"]
