"""Neurons, layers and MLPs: the same numbers as PyTorch, and the contract of `Module`."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import random
from collections import ChainMap, UserDict, deque
from collections.abc import Callable
from functools import partial
from types import MappingProxyType, SimpleNamespace
from unittest import mock

import numpy as np
import pytest

from micrograd_numpy import SGD, Value, topological_sort, vectorize
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


# ---------------------------------------------------------------- errors

KNOWN = "activation must be one of relu, tanh, sigmoid, linear, but got str: "


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Neuron(0), ValueError, "nin must be at least 1, but got 0"),
        (lambda: Neuron(2.0), TypeError, "nin must be a whole number, but got float: 2.0"),
        (lambda: Neuron("2"), TypeError, "nin must be a whole number, but got str: '2'"),
        (lambda: Neuron(2, "rleu"), ValueError, KNOWN + "'rleu'"),
        (lambda: Neuron(2, ["relu"]), ValueError, "activation must be one of relu"),
        (lambda: Layer(2, -1), ValueError, "nout must be at least 1, but got -1"),
        (lambda: Layer(0, 1), ValueError, "nin must be at least 1"),
        (lambda: Layer(2, None), TypeError, "nout must be a whole number, but got NoneType"),
        (lambda: MLP(2, []), ValueError, "at least one layer"),
        (lambda: MLP(2, 4), TypeError, "nouts must list the sizes of the layers"),
        (lambda: MLP(2, {4, 1}), TypeError, "MLP needs nouts in an order, but a set came in; pass a list"),
        (lambda: MLP(2, {4: 0, 1: 0}), TypeError, "MLP needs nouts in an order, but a dict came in; pass a list"),
        (lambda: MLP(2, {4: 0}.keys()), TypeError, "MLP needs nouts in an order, but a dict_keys came in"),
        (lambda: MLP(2, b"\x04\x01"), TypeError, "MLP needs nouts as numbers, but bytes came in; pass a list"),
        (lambda: MLP(2, "41"), TypeError, r"nouts\[0\] must be a whole number, but got str: '4'"),
        (lambda: MLP(2, [4, 0]), ValueError, r"nouts\[1\] must be at least 1, but got 0"),
        (lambda: MLP(2, [4.5, 1]), TypeError, r"nouts\[0\] must be a whole number, but got float: 4.5"),
        (lambda: MLP(-1, [1]), ValueError, "nin must be at least 1, but got -1"),
        (lambda: MLP(2, [1], "step"), ValueError, KNOWN + "'step'"),
    ],
)
def test_bad_shapes(make, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_sizes_and_inputs_may_come_one_by_one() -> None:
    model = MLP(2, (n for n in (3, 1)), rng=0)
    assert repr(model) == "MLP(2 → 3 → 1, relu, 13 parameters)"
    assert model(x for x in (1.0, 2.0)).data == model({0: 1.0, 1: 2.0}.values()).data == model([1.0, 2.0]).data


def test_numpy_ints_are_sizes() -> None:
    assert repr(MLP(np.int64(2), np.array([3, 1]), rng=0)) == "MLP(2 → 3 → 1, relu, 13 parameters)"


@pytest.mark.parametrize("model", [Neuron(2), Layer(2, 3), MLP(2, [3, 1])], ids=repr)
@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([1.0], ValueError, "expected 2 inputs, but got 1"),
        ([1.0, 2.0, 3.0], ValueError, "expected 2 inputs, but got 3"),
        ([], ValueError, "expected 2 inputs, but got 0"),
        (1.0, ValueError, "expected 2 inputs, but got 1"),
        (Value(1.0), ValueError, "expected 2 inputs, but got 1"),
        (np.zeros((5, 2)), TypeError, r"one example of 2 numbers, but got an array of shape \(5, 2\)"),
        ([[1.0, 2.0], [3.0, 4.0]], TypeError, "one row at a time"),
        (["a", "b"], TypeError, "one real number, but got str"),
        (None, TypeError, "one real number, but got NoneType"),
        ({0: 5.0, 1: 7.0}, TypeError, "a model needs its inputs in an order, but a dict came in; pass a list"),
        ({0.5, 1.5}, TypeError, "a model needs its inputs in an order, but a set came in; pass a list"),
        (MappingProxyType({0: 5.0, 1: 7.0}), TypeError, "in an order, but a mappingproxy came in"),
        (b"\x05\x07", TypeError, "a model needs its inputs as numbers, but bytes came in; pass a list"),
        ("57", TypeError, "one real number, but got str: '5'"),
    ],
)
def test_bad_inputs(model, x, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        model(x)


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


class Store:
    """No Module, but it holds a Value."""

    def __init__(self, item: object) -> None:
        self.item = item


class Slotted:
    """The same, without a __dict__."""

    __slots__ = ("item",)

    def __init__(self) -> None:
        self.item = Value(1.0)


class Bag(list):  # type: ignore[type-arg]
    """A list with attributes."""


def bag() -> Bag:
    made = Bag([Value(1.0)])
    made.more = Value(2.0)  # type: ignore[attr-defined]
    return made


def holding(item: object) -> Module:
    """A module with one parameter, and this."""
    module = Module()
    module.bias = Value(0.0)
    module.item = item
    return module


HOLDERS: dict[str, Callable[[], object]] = {
    "array": lambda: np.array([Value(1.0), Value(2.0)]),
    "matrix": lambda: np.array([[Value(1.0)]]),
    "set": lambda: {Value(1.0)},
    "frozenset": lambda: frozenset({Value(1.0)}),
    "deque": lambda: deque([Value(1.0)]),
    "UserDict": lambda: UserDict(a=Value(1.0)),
    "ChainMap": lambda: ChainMap({"a": Value(1.0)}),
    "mappingproxy": lambda: MappingProxyType({"a": Value(1.0)}),
    "values": lambda: {"a": Value(1.0), "b": Value(2.0)}.values(),  # noqa: PLW0108  # new ones each time
    "keys": lambda: {Value(1.0): 0.0},
    "iterator": lambda: iter([Value(1.0)]),
    "partial": lambda: partial(max, Value(1.0)),
    "namespace": lambda: SimpleNamespace(w=Value(1.0)),
    "object": lambda: Store({"deep": [Value(1.0)]}),
    "slots": Slotted,
    "module in an object": lambda: Store(Neuron(1)),
    "array in an object in a set": lambda: {Store(np.array([Value(1.0)]))},
    "attribute of a list": bag,
    "computed in an object": lambda: Store(Value(1.0) * 2.0),
}


@pytest.mark.parametrize("make", HOLDERS.values(), ids=HOLDERS)
@pytest.mark.parametrize(
    "wrap", [lambda x: x, lambda x: [{"a": (x,)}], holding], ids=["alone", "in lists", "in a module"]
)
def test_a_value_where_parameters_does_not_look_is_an_error(make, wrap) -> None:
    module = holding(wrap(make()))
    for call in (module.parameters, module.named_parameters, module.state_dict, module.zero_grad):
        with pytest.raises(ValueError, match=r"Module\.item.* where parameters\(\) does not look, and holds Value"):
            call()


@pytest.mark.parametrize("make", HOLDERS.values(), ids=HOLDERS)
def test_it_is_none_if_the_values_are_parameters_anyway(make, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Value] = []
    init = Value.__init__
    monkeypatch.setattr(Value, "__init__", lambda self, *given: (made.append(self), init(self, *given))[0])
    module = holding(make())
    module.all = made
    assert set(module.parameters()) == {module.bias, *made}


@pytest.mark.parametrize(
    "make", [lambda: (Value(i) for i in range(2)), lambda: map(Value, [1.0]), lambda: zip([Value(1.0)])]
)
def test_what_can_be_gone_through_once_is_refused(make) -> None:
    with pytest.raises(ValueError, match=r"Module\.item is a (generator|map|zip), .* write list\(\.\.\.\) around it"):
        holding(make()).parameters()


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"a": (x,)}])
def test_a_computed_value_is_a_result_or_an_error(wrap) -> None:
    module = holding(None)
    three = Value(3.0)
    for item in (Value(5.0) * 0.1, (Value(1.0) + Value(2.0)).exp(), three * three + three):
        module.item = wrap(item)
        with pytest.raises(ValueError, match=r"was made by .* from no parameter of the model, .* make it a leaf"):
            module.parameters()
    for item in (module.bias * 2.0, (Value(1.0) + (3.0 - module.bias).exp()) * Value(2.0)):
        module.item = wrap(item)
        assert module.parameters() == [module.bias]


def test_a_model_may_keep_what_it_computed() -> None:
    model = MLP(2, [3, 1], rng=0)
    plain = len(model.parameters())
    model.last = model([1.0, 2.0])
    model.outputs = deque([model.last, model([2.0, 1.0]) * 2.0], maxlen=5)
    model.hidden = model.layers[0]([1.0, 2.0])
    assert len(model.parameters()) == plain


def test_tools_and_data_in_a_model_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stray = [Value(1.0)]
    teacher = MLP(2, [1])
    monkeypatch.setattr(logging.root, "stray", stray, raising=False)  # from a logger, a way leads to everything
    model = MLP(2, [1])
    model.logger = logging.getLogger("a.model")
    model.random = random.Random(0)
    model.rng = np.random.default_rng(0)
    model.data = np.ones((3, 2))
    model.names = {"a", "b"}
    model.optimizer = SGD(model.parameters())
    model.fast = vectorize(model)
    model.batch = model.fast([[1.0, 2.0]])
    model.itself = model.__call__
    model.kind = MLP
    model.numpy = np
    model.teacher = lambda x: teacher(x)  # noqa: PLW0108  # a function is what hides it
    model.parser = mock.Mock()
    assert len(model.parameters()) == 3


def test_a_parameter_of_the_class_is_an_error_unless_the_object_has_its_own() -> None:
    class Shared(Module):
        weight = Value(1.0)
        rate, _names = 0.1, ("a", "b")

    class Heir(Shared):
        pass

    class Without(Heir):
        weight = 2.0

    assert holding(Without()).parameters()

    for kind in (Shared, Heir):
        with pytest.raises(ValueError, match=rf"{kind.__name__}\.weight is an attribute of the class, .* __init__"):
            kind().parameters()
        with pytest.raises(ValueError, match=r"Module\.item\.weight is an attribute of the class"):
            holding(kind()).parameters()
        module = kind()
        module.weight = Value(2.0)
        assert module.parameters() == [module.weight]


def test_slots_hide_parameters_and_are_refused() -> None:
    with pytest.raises(TypeError, match="Hidden has __slots__; leave them out"):

        class Hidden(Module):
            __slots__ = ("weight",)


def test_looking_everywhere_makes_no_odd_object_work() -> None:
    class Odd:
        def __getattribute__(self, name: str) -> object:
            raise RuntimeError(name)

        def __eq__(self, other: object) -> bool:
            raise RuntimeError

        __hash__ = None  # type: ignore[assignment]

    assert len(holding([Odd(), Store(Odd())]).parameters()) == 1


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


FITS = {"weights.0": 1.0, "weights.1": 2.0, "bias": 3.0}


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({}, ValueError, "3 missing: 'weights.0', 'weights.1', 'bias'; load it"),
        ({"weights.0": 1.0, "weights.1": 2.0}, ValueError, "does not fit .*: 1 missing: 'bias'; load it"),
        ({**FITS, "bais": 1.0}, ValueError, "1 unexpected: 'bais'; load it"),
        ({**{f"x{i}": 0.0 for i in range(5)}, **FITS}, ValueError, "5 unexpected: 'x0', 'x1', 'x2' and 2 more"),
        ({"weights.0": 1.0, "weights.1": 2.0, "b": 0.0}, ValueError, "1 missing: 'bias'; 1 unexpected: 'b'"),
        ({**FITS, "bias": "3"}, TypeError, "bad number for 'bias': .*got str"),
        ({**FITS, "bias": None}, TypeError, "bad number for 'bias'"),
        ({**FITS, "bias": [3.0]}, TypeError, "bad number for 'bias'"),
        ({**FITS, "bias": 1j}, TypeError, "bad number for 'bias'"),
        ({**FITS, "bias": Value(3.0)}, TypeError, "bad number for 'bias'.*Value already"),
        ({**FITS, "bias": 10**400}, OverflowError, "bad number for 'bias'"),
        ([1.0, 2.0, 3.0], TypeError, "expected a mapping from names to numbers, but got list"),
        (None, TypeError, "expected a mapping from names to numbers, but got NoneType"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(state, error: type[Exception], message: str) -> None:
    neuron = Neuron(2, rng=0)
    before = neuron.state_dict()
    with pytest.raises(error, match=message):
        neuron.load_state_dict(state)
    assert neuron.state_dict() == before


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


@pytest.mark.parametrize(
    ("nin", "x", "message"),
    [
        (1, np.ones((3, 1)), "expected one example of 1 number, but got an array of shape (3, 1); "),
        (2, np.ones((3, 2)), "expected one example of 2 numbers, but got an array of shape (3, 2); "),
        (1, [[1.0]], "expected one example of 1 number, but got rows of them; "),
        (2, [[1.0, 2.0]], "expected one example of 2 numbers, but got rows of them; "),
        (2, [np.ones(2), np.ones(2)], "expected one example of 2 numbers, but got rows of them; "),
        (1, [1.0, 2.0], "expected 1 input, but got 2; "),
        (2, [1.0], "expected 2 inputs, but got 1; "),
    ],
)
def test_inputs_of_another_shape_are_counted_in_words(nin: int, x: object, message: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        Neuron(nin)(x)
    assert str(error.value).startswith(message)
