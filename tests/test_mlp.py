"""Neurons, layers and MLPs: the same numbers as PyTorch, and the contract of `Module`."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

from micrograd_numpy import Value, topological_sort
from micrograd_numpy import mlp as chapter
from micrograd_numpy.mlp import ACTIVATIONS, MLP, Layer, Module, Neuron, initial_weights
from micrograd_numpy.value import apply

ARCHITECTURES = [(1, [1]), (2, [4, 4, 1]), (3, [5, 2]), (2, [1, 3]), (4, [1, 1, 1]), (2, [8, 8, 8, 3])]


def relative(a: float, b: float) -> float:
    return abs(a - b) / max(1.0, abs(b))


def outputs(model: MLP, x: object) -> list[Value]:
    """The model's outputs as a list, however many there are."""
    out = model(x)
    return out if isinstance(out, list) else [out]


def torch_twin(torch, model: MLP):
    """The same network in PyTorch, with the model's numbers copied over."""
    functions = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid, "linear": torch.nn.Identity}
    parts = []
    for layer in model.layers:
        nin, nout = len(layer.neurons[0].weights), len(layer.neurons)
        linear = torch.nn.Linear(nin, nout, dtype=torch.float64)
        with torch.no_grad():
            linear.weight[:] = torch.tensor([[w.data for w in n.weights] for n in layer.neurons], dtype=torch.float64)
            linear.bias[:] = torch.tensor([n.bias.data for n in layer.neurons], dtype=torch.float64)
        parts += [linear, functions[layer.neurons[0].activation]()]
    return torch.nn.Sequential(*parts)


def torch_gradients(twin) -> list[float]:
    """The twin's gradients in our order: per neuron its weights, then its bias."""
    gradients = []
    for part in twin:
        if hasattr(part, "weight"):
            for row, bias in zip(part.weight.grad.tolist(), part.bias.grad.tolist(), strict=True):
                gradients += [*row, bias]
    return gradients


# ---------------------------------------------------------------- against PyTorch


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize(("nin", "nouts"), ARCHITECTURES)
def test_forward_and_gradients_equal_pytorch(nin: int, nouts: list[int], activation: str) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(len(nouts) + nin)
    model = MLP(nin, nouts, activation, rng)
    for parameter in model.parameters():  # biases too, so that none is zero
        parameter.data += rng.normal(scale=0.3)
    twin = torch_twin(torch, model)
    for _ in range(3):  # gradients accumulate over three examples on both sides
        x = rng.normal(size=nin)
        ours = [Value(v) for v in x]
        theirs = torch.tensor(x, requires_grad=True)
        out, expected = outputs(model, ours), twin(theirs)
        assert [relative(a.data, b) < 1e-12 for a, b in zip(out, expected.tolist(), strict=True)] == [True] * nouts[-1]
        sum((v * v for v in out), Value(0.0)).backward()
        (expected**2).sum().backward()
        assert all(relative(a.grad, b) < 1e-12 for a, b in zip(ours, theirs.grad.tolist(), strict=True))
    gradients = [p.grad for p in model.parameters()]
    assert any(gradients)
    assert all(relative(a, b) < 1e-12 for a, b in zip(gradients, torch_gradients(twin), strict=True))


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_one_neuron_equals_pytorch(activation: str) -> None:
    torch = pytest.importorskip("torch")
    neuron = Neuron(3, activation, rng=5)
    neuron.bias.data = 0.25
    weights = torch.tensor([w.data for w in neuron.weights], dtype=torch.float64)
    z = weights @ torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64) + 0.25
    expected = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "linear": lambda t: t}[activation](z)
    assert neuron([0.5, -1.0, 2.0]).data == pytest.approx(expected.item(), rel=1e-15, abs=1e-15)


# ---------------------------------------------------------------- shapes


def test_the_model_of_the_readme() -> None:
    model = MLP(2, [4, 4, 1])
    assert len(model.parameters()) == 37
    assert isinstance(model([Value(1.0), Value(-2.0)]), Value)
    assert repr(model) == "MLP(2 → 4 → 4 → 1, relu, 37 parameters)"


def test_parameters_are_ordered_per_neuron_weights_then_bias() -> None:
    model = MLP(2, [3, 1])
    names = [name for name, _ in model.named_parameters()]
    expected = []
    for i, (nin, nout) in enumerate([(2, 3), (3, 1)]):
        for j in range(nout):
            expected += [f"layers.{i}.neurons.{j}.weights.{k}" for k in range(nin)]
            expected.append(f"layers.{i}.neurons.{j}.bias")
    assert names == expected
    by_hand = [p for layer in model.layers for n in layer.neurons for p in (*n.weights, n.bias)]
    assert all(a is b for a, b in zip(model.parameters(), by_hand, strict=True))


@pytest.mark.parametrize(("nin", "nouts"), ARCHITECTURES)
def test_number_of_parameters(nin: int, nouts: list[int]) -> None:
    sizes = [nin, *nouts]
    expected = sum((a + 1) * b for a, b in zip(sizes[:-1], nouts, strict=True))
    assert len(MLP(nin, nouts).parameters()) == expected


def test_hidden_layers_use_the_activation_and_the_last_is_linear() -> None:
    model = MLP(2, [3, 3, 1], "tanh", rng=0)
    assert [{n.activation for n in layer.neurons} for layer in model.layers] == [{"tanh"}, {"tanh"}, {"linear"}]
    model.layers[-1].neurons[0].bias.data = -100.0
    assert model([0.0, 0.0]).data < -90.0  # nothing bounds or clips the last layer


def test_one_value_for_one_unit_and_a_list_for_more() -> None:
    assert isinstance(MLP(2, [3, 1])([1, 2]), Value)
    assert isinstance(Layer(2, 1)([1, 2]), Value)
    out = MLP(2, [3, 2])([1, 2])
    assert isinstance(out, list)
    assert [type(v) for v in out] == [Value, Value]
    assert [type(v) for v in Layer(2, 3)([1, 2])] == [Value] * 3


@pytest.mark.parametrize(
    "x",
    [
        [Value(0.5), Value(-2.0)],
        (0.5, -2),
        [Value(0.5), -2.0],
        np.array([0.5, -2.0]),
        np.array([[0.5, -2.0]])[0],
        np.array([0.5, -2.0], dtype=np.float32),
        [np.float64(0.5), np.array(-2.0)],
    ],
    ids=["values", "tuple", "mixed", "array", "row", "float32", "numpy scalars"],
)
@pytest.mark.parametrize("make", [lambda: MLP(2, [3, 1], rng=1), lambda: Layer(2, 1, rng=1), lambda: Neuron(2, rng=1)])
def test_values_or_numbers(make, x) -> None:
    assert make()(x).data == make()([0.5, -2.0]).data


def test_a_generator_of_inputs_is_read_once() -> None:
    assert MLP(2, [3, 1], rng=1)(v for v in (0.5, -2.0)).data == MLP(2, [3, 1], rng=1)([0.5, -2.0]).data


@pytest.mark.parametrize("x", [0.5, Value(0.5), np.float64(0.5), np.array(0.5), [0.5]])
def test_a_lone_number_for_a_model_of_one_input(x) -> None:
    assert MLP(1, [3, 1], rng=1)(x).data == MLP(1, [3, 1], rng=1)([0.5]).data


def test_neurons_of_a_layer_share_their_input_nodes() -> None:
    out = MLP(2, [4, 1], "tanh", rng=0)([1.0, 2.0])
    leaves = [v for v in topological_sort(out) if not v._prev]
    assert len(leaves) == 17 + 2  # every parameter and two inputs, each once


def test_a_neuron_is_three_nodes() -> None:
    nodes = topological_sort(Neuron(10, "tanh", rng=0)([1.0] * 10))
    assert [v._op for v in nodes if v._prev] == ["dot", "+", "tanh"]


@pytest.mark.parametrize("width", [1, 2])
def test_a_deep_model_needs_no_recursion(width: int) -> None:
    model = MLP(1, [width] * 600 + [1], "linear", rng=0)
    for name, parameter in model.named_parameters():
        parameter.data = 0.0 if name.endswith("bias") else 1.0 / width
    model.layers[0].neurons[0].weights[0].data = 1.0
    if width == 2:
        model.layers[0].neurons[1].weights[0].data = 1.0
    model.layers[-1].neurons[0].weights[0].data = 1.0 / width
    out = model([3.0])
    out.backward()
    assert out.data == 3.0
    assert model.layers[0].neurons[0].weights[0].grad == 3.0 / width
    assert len(model.state_dict()) == len(model.parameters())


# ---------------------------------------------------------------- first weights


def test_the_same_seed_gives_the_same_model() -> None:
    a, b = MLP(2, [4, 1], rng=7).state_dict(), MLP(2, [4, 1], rng=np.random.default_rng(7)).state_dict()
    assert a == b
    assert a != MLP(2, [4, 1], rng=8).state_dict()
    assert MLP(2, [4, 1]).state_dict() != MLP(2, [4, 1]).state_dict()


def test_a_generator_goes_on_where_it_stopped() -> None:
    rng = np.random.default_rng(0)
    assert Neuron(3, rng=rng).state_dict() != Neuron(3, rng=rng).state_dict()


@pytest.mark.parametrize("layer", [Layer(3, 50, rng=0), MLP(3, [50, 1], rng=0).layers[0]], ids=["layer", "mlp"])
def test_a_seeded_layer_has_no_two_neurons_alike(layer: Layer) -> None:
    assert len({neuron.weights[0].data for neuron in layer.neurons}) == 50


@pytest.mark.parametrize(("activation", "gain2"), [("relu", 2.0), ("tanh", 1.0), ("sigmoid", 1.0), ("linear", 1.0)])
@pytest.mark.parametrize("nin", [1, 2, 30])
def test_initial_weights_have_the_documented_distribution(activation: str, gain2: float, nin: int) -> None:
    rng = np.random.default_rng(0)
    weights = np.array([w.data for _ in range(6000 // nin) for w in initial_weights(nin, activation, rng)])
    bound = (3.0 * gain2 / nin) ** 0.5
    assert np.abs(weights).max() <= bound
    assert np.abs(weights).max() > 0.99 * bound
    assert weights.var() == pytest.approx(gain2 / nin, rel=0.05)
    assert weights.mean() == pytest.approx(0.0, abs=0.05 * bound)


def test_biases_start_at_zero() -> None:
    assert {p.data for name, p in MLP(2, [5, 5, 1]).named_parameters() if name.endswith("bias")} == {0.0}


def test_each_part_shows_its_sizes() -> None:
    assert repr(Neuron(2)) == "Neuron(2 → 1, relu)"
    assert repr(Layer(3, 2, "tanh")) == "Layer(3 → 2, tanh)"
    assert repr(Layer(3, 1)) == "Layer(3 → 1, relu)"


def test_what_is_no_parameter_or_comes_again_does_not_hide_what_follows() -> None:
    odd = Module()
    odd.first = Value(1.0)
    odd.name = "odd"
    odd.again = odd.first
    odd.result = odd.first * 2
    odd.last = Value(2.0)
    assert [name for name, _ in odd.named_parameters()] == ["first", "last"]


# ---------------------------------------------------------------- Module


class Odd(Module):
    """Parameters in every place where they may be."""

    def __init__(self) -> None:
        self.first = Value(1.0)
        self.table = {"b": Value(2.0), "a": [Value(3.0), (Value(4.0),)]}
        self.inner = Neuron(1, rng=0)
        self.again = self.first  # shared
        self.twice = [self.inner, self.inner]
        self.made = self.first * 2.0  # interior
        self.number, self.text, self.nothing = 5, "x", None
        self.itself = self  # a cycle


def test_parameters_are_found_wherever_they_are() -> None:
    odd = Odd()
    named = dict(odd.named_parameters())
    assert list(named) == ["first", "table.b", "table.a.0", "table.a.1.0", "inner.weights.0", "inner.bias"]
    assert [p.data for p in named.values()][:4] == [1.0, 2.0, 3.0, 4.0]
    assert list(named.values()) == odd.parameters()
    assert repr(odd) == "Odd(6 parameters)"


def test_a_module_nested_deeper_than_the_recursion_limit() -> None:
    root = module = Module()
    for _ in range(3000):
        module.child = Module()
        module = module.child
    module.w = Value(1.0)
    assert [p.data for p in root.parameters()] == [1.0]
    assert next(root.named_parameters())[0] == "child." * 3000 + "w"


def test_an_empty_module_has_no_parameters() -> None:
    assert Module().parameters() == []
    assert Module().state_dict() == {}
    Module().load_state_dict({})


def test_two_parameters_of_one_name_are_refused() -> None:
    module = Module()
    module.table = {1: Value(1.0), "1": Value(2.0)}
    with pytest.raises(ValueError, match=r"two parameters have the name 'table.1'"):
        module.state_dict()


def test_shared_weights_gather_the_gradients_of_both_places() -> None:
    class Siamese(Module):
        def __init__(self) -> None:
            self.left = Neuron(2, "tanh", rng=0)
            self.right = self.left

        def __call__(self, a: list[float], b: list[float]) -> Value:
            return self.left(a) - self.right(b)

    pair = Siamese()
    assert len(pair.parameters()) == 3
    a, b = [0.5, -1.0], [2.0, 0.25]
    pair(a, b).backward()
    both = [p.grad for p in pair.parameters()]
    alone = []
    for x in (a, b):
        pair.zero_grad()
        pair.left(x).backward()
        alone.append([p.grad for p in pair.parameters()])
    assert both == pytest.approx([u - v for u, v in zip(*alone, strict=True)], abs=1e-15)


def test_zero_grad() -> None:
    model = MLP(2, [3, 1], "tanh", rng=0)
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert {p.grad for p in model.parameters()} == {0.0}


def test_state_dict_goes_through_json_unchanged() -> None:
    model = MLP(2, [5, 3], "tanh", rng=0)
    text = json.dumps(model.state_dict())
    copy_of_it = MLP(2, [5, 3], "tanh", rng=1)
    before = copy_of_it.parameters()
    copy_of_it.load_state_dict(json.loads(text))
    assert copy_of_it.state_dict() == model.state_dict()  # to the last bit
    assert [v.data for v in copy_of_it([0.1, 0.2])] == [v.data for v in model([0.1, 0.2])]
    assert all(a is b for a, b in zip(before, copy_of_it.parameters(), strict=True))  # optimizers keep working


def test_load_state_dict_takes_numpy_scalars_and_ints() -> None:
    neuron = Neuron(2)
    neuron.load_state_dict({"weights.0": 1, "weights.1": np.float32(0.5), "bias": np.array(2.0)})
    assert neuron.state_dict() == {"weights.0": 1.0, "weights.1": 0.5, "bias": 2.0}
    assert {type(x) for x in neuron.state_dict().values()} == {float}


def test_models_can_be_copied_and_pickled() -> None:
    model = MLP(2, [3, 1], rng=0)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin.state_dict() == model.state_dict()
        twin.parameters()[0].data += 1.0
        assert twin.state_dict() != model.state_dict()


def test_an_activation_of_your_own_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def softsign(a: float) -> tuple[float, tuple[float]]:
        return a / (1.0 + abs(a)), (1.0 / (1.0 + abs(a)) ** 2,)

    monkeypatch.setitem(chapter.ACTIVATIONS, "softsign", (lambda v: apply(softsign, v), 1.0))
    neuron = Neuron(1, "softsign")
    neuron.load_state_dict({"weights.0": 2.0, "bias": 1.0})
    out = neuron([1.0])
    out.backward()
    assert (out.data, neuron.bias.grad) == (0.75, 0.0625)
