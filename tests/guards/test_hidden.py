"""A Value that a model holds where no optimizer would find it is an error, and nothing else is."""

from __future__ import annotations

import logging
import random
import sys
from collections import ChainMap, UserDict, deque
from collections.abc import Callable
from functools import partial
from itertools import cycle
from types import MappingProxyType, SimpleNamespace
from unittest import mock

import numpy as np
import pytest

from micrograd_numpy import MLP, SGD, Module, Neuron, Value, vectorize
from micrograd_numpy.guards.hidden import depends_on, of_a_library


class Store:
    """No Module, but it holds a Value."""

    def __init__(self, item: object) -> None:
        self.item = item


class Slotted:
    """The same, without a __dict__."""

    __slots__ = ("item",)

    def __init__(self) -> None:
        self.item = Value(1.0)


class Bag(list):
    """A list with attributes."""


def bag() -> Bag:
    made = Bag([Value(1.0)])
    made.more = Value(2.0)
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
    "cycle": lambda: cycle([Value(1.0)]),
    "partial": lambda: partial(max, Value(1.0)),
    "namespace": lambda: SimpleNamespace(w=Value(1.0)),
    "object": lambda: Store({"deep": [Value(1.0)]}),
    "slots": Slotted,
    "module in an object": lambda: Store(Neuron(1)),
    "array in an object in a set": lambda: {Store(np.array([Value(1.0)]))},
    "beside an array": lambda: deque([np.array([1.0], object), Store(Value(1.0))]),
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


def test_a_second_base_of_a_module_is_asked_and_searched() -> None:
    kinds = []

    class Mixin:
        weight = Value(1.0)

        def __init_subclass__(cls) -> None:
            kinds.append(cls)

    class Net(Module, Mixin):
        pass

    assert kinds == [Net]
    with pytest.raises(ValueError, match=r"Net\.weight is an attribute of the class"):
        Net().parameters()


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (SimpleNamespace(__file__="/lib/python3/dist-packages/stranger/__init__.py"), True),
        (SimpleNamespace(__file__="/env/site-packages/stranger.py"), True),
        (SimpleNamespace(__file__="/home/me/stranger.py"), False),
        (SimpleNamespace(__file__=None), False),
        (None, False),
    ],
)
def test_a_class_is_of_a_library_by_the_file_of_its_package(module, expected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stranger", module)
    assert of_a_library(type("Tool", (), {"__module__": "stranger.part"})) is expected


def test_the_classes_of_this_library_are_of_a_library() -> None:
    assert of_a_library(SGD)


def test_a_graph_is_walked_once_however_many_paths_there_are() -> None:
    out = Value(1.0)
    for _ in range(60):
        out = out + out
    assert not depends_on(out, set())


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

        __hash__ = None

    assert len(holding([Odd(), Store(Odd())]).parameters()) == 1
