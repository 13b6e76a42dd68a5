"""Anything at all comes in: right numbers, or errors of the promised kind, and nothing half done.

`make fuzz` runs these with fresh randomness for most of a minute.
"""

from __future__ import annotations

import array
import datetime as dt
import json
import math
import operator
import re
import xml.etree.ElementTree as ET
from collections import Counter, OrderedDict, UserDict, deque
from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from pathlib import PurePosixPath
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_numpy import MLP, Layer, Neuron, Value, check_gradients, draw_graph
from micrograd_numpy.value import dot, mean, total
from tests.tables.losses import LOSS_FUNCTIONS
from tests.tables.operations import ONE_INPUT
from tests.tables.optimizers import OPTIMIZERS

few = settings(max_examples=40)  # in the suite, and in each round of `make fuzz`

# ------------------------------------------------------------------ anything


class Weekday(IntEnum):
    MONDAY = 1


class Half(float):
    """A float by another name."""


class Floatable:
    """What float() would take, but no number."""

    def __float__(self) -> float:
        return 1.0


class Shouting:
    """What tries to take over every operator, and then declines."""

    def decline(self, _: object) -> Any:
        return NotImplemented

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = decline
    __pow__ = __rpow__ = __lt__ = __gt__ = __le__ = __ge__ = decline


def with_attributes(**attributes: object) -> SimpleNamespace:
    """Looks a little like an array."""
    return SimpleNamespace(**attributes)


KINDS = ["f2", "f4", "f8", "g", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]
ODD_KINDS = ["c8", "c16", "G", "S3", "U3", "O", "V4", "M8[s]", "m8[s]"]

integers = st.one_of(
    st.integers(),
    st.sampled_from([2**53 + 1, 2**1023, -(2**1024), 10**400]),
    st.builds(lambda: 10**5000),  # too long for repr, hypothesis' own included
)
plain = st.one_of(st.floats(), integers, st.booleans(), st.floats().map(Half), st.just(Weekday.MONDAY))
small_bytes = st.binary(min_size=16, max_size=16)


def scalar(kind: str, raw: bytes) -> Any:
    """A NumPy scalar of that kind from any bits."""
    if kind in {"g", "G"}:  # not all bits of these are numbers
        return np.dtype(kind).type(np.frombuffer(raw, "f8")[0])
    return np.frombuffer(raw[: np.dtype(kind).itemsize], kind)[0]


numpy_numbers = st.builds(scalar, st.sampled_from(KINDS), small_bytes)
lone_numbers = st.one_of(plain, numpy_numbers, numpy_numbers.map(np.array))
numpy_others = st.one_of(
    st.builds(scalar, st.sampled_from([kind for kind in ODD_KINDS if kind not in {"O", "V4"}]), small_bytes),
    st.builds(np.zeros, st.sampled_from([(), (0,), (1,), (2,), (1, 1), (2, 3)]), st.sampled_from(ODD_KINDS)),
    st.builds(np.ones, st.sampled_from([(0,), (1,), (3,), (1, 1)]), st.sampled_from(KINDS)),
    st.sampled_from([np.float64, np.array([Value(1.0)], dtype=object), np.array(Value(1.0), dtype=object)]),
    st.sampled_from([np.ma.masked, np.ma.array(1.0, mask=True), np.ma.array([1.0, 2.0], mask=[True, False])]),
)
attributes = st.fixed_dictionaries(
    {},
    optional={
        "shape": st.sampled_from([(), (1,), [], None, "", np.zeros(2), np.zeros(0), print]),
        "dtype": st.sampled_from([np.dtype("f8"), with_attributes(kind="f"), with_attributes(kind=["f"]), None, float]),
        "item": st.sampled_from([lambda: 1.0, lambda: "1", lambda: None, lambda: 1j, lambda x: x, 3.0]),
        "ndim": st.sampled_from([0, 1, 2, None, "2"]),
        "__len__": st.just(3),
        "data": st.just(1.0),
        "grad": st.just(1.0),
    },
)
atoms = st.one_of(
    st.none(),
    st.text(max_size=5),
    st.sampled_from(["1", "nan", "1e5", "__import__('os')"]),
    st.binary(max_size=5),
    st.binary(max_size=5).map(bytearray),
    st.binary(max_size=5).map(memoryview),
    st.complex_numbers(),
    st.decimals(),
    st.fractions(),
    st.dates(),
    st.timedeltas(),
    st.sampled_from([..., NotImplemented, print, len, int, Value, Shouting, Exception("x"), re.compile("a"), math]),
    st.builds(Floatable),
    st.builds(Shouting),
    st.builds(object),
    st.builds(lambda kept: with_attributes(**kept), attributes),
    st.sampled_from([range(3), slice(1), PurePosixPath("a"), array.array("d", [1.0]), Fraction(1, 3), Decimal("sNaN")]),
    st.just(dt.timezone.utc),
    numpy_others,
)
hashable = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.binary(max_size=3))
anything_but_a_number = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner | plain, max_size=3),
        st.lists(inner | plain, max_size=3).map(tuple),
        st.lists(inner | plain, max_size=3).map(deque),
        st.lists(inner, max_size=3).map(iter),
        st.sets(hashable, max_size=3),
        st.frozensets(hashable, max_size=3),
        st.dictionaries(hashable, inner | plain, max_size=3),
        st.dictionaries(hashable, inner, max_size=3).map(MappingProxyType),
        st.lists(hashable, max_size=3).map(Counter),
    ),
    max_leaves=4,
)
values = st.builds(Value, st.floats())
anything = st.one_of(lone_numbers, anything_but_a_number, values, st.lists(lone_numbers, max_size=4))


def said(error: BaseException) -> str:
    """What an error says; an empty message would help nobody."""
    assert str(error), repr(error)
    return str(error)


# ------------------------------------------------------------------ Value, and its operators


@few
@given(lone_numbers)
def test_a_number_becomes_the_float_that_equals_it(number: Any) -> None:
    if isinstance(number, int) and abs(number) >= 2**1024 - 2**970:  # from here on, it rounds to 2¹⁰²⁴
        with pytest.raises(OverflowError, match=r"\bint\b"):
            Value(number)
        return
    value = Value(number)
    assert type(value.data) is float
    expected = float(number)
    assert value.data.hex() == expected.hex() or (math.isnan(value.data) and math.isnan(expected))


@few
@given(anything_but_a_number)
def test_anything_else_is_a_type_error_that_names_its_type(thing: object) -> None:
    with pytest.raises(TypeError, match="one real number") as caught:
        Value(thing)  # type: ignore[arg-type]  # the point
    assert type(thing).__name__ in said(caught.value)


def nested(depth: int) -> list[Any]:
    inside: list[Any] = []
    for _ in range(depth):
        inside = [inside]
    return inside


FOUND: dict[str, Callable[[], Any]] = {
    "a masked number": lambda: np.ma.masked,
    "a masked 0-d array": lambda: np.ma.array(1.0, mask=True),
    "no item": lambda: with_attributes(shape=(), dtype=np.dtype("f8")),
    "an item that is text": lambda: with_attributes(shape=(), dtype=np.dtype("f8"), item=lambda: "1"),
    "a kind that is a list": lambda: with_attributes(shape=(), dtype=with_attributes(kind=["f"])),
    "a shape that is an array": lambda: with_attributes(shape=np.zeros(2)),
    "a shape that is an empty array": lambda: with_attributes(shape=np.zeros(0)),
    "an int that is too long for repr": lambda: [10**5000],
    "a list that is too deep for repr": lambda: nested(10_000),
}


@pytest.mark.parametrize("what", FOUND)
def test_what_the_fuzz_has_found_stays_found(what: str) -> None:
    """Each was once a wrong number, or an error about something else."""
    thing = FOUND[what]()
    for use in (Value, Value(1.0).__add__, Value(1.0).__rpow__):
        with pytest.raises(TypeError, match=f"one real number, but got {type(thing).__name__}"):
            use(thing)
    with pytest.raises(TypeError, match="bad number for 'bias'"):
        Neuron(1).load_state_dict({"weights.0": 1.0, "bias": thing})


OPERATORS: list[Callable[[Any, Any], object]] = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow,
    operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow,
    operator.lt, operator.le, operator.gt, operator.ge,
    operator.floordiv, operator.mod, operator.matmul, operator.and_, operator.lshift, divmod,
]  # fmt: skip


@few
@given(st.sampled_from(OPERATORS), values, anything)
def test_an_operator_gives_a_value_or_refuses(operate: Callable, value: Value, other: Any) -> None:
    for left, right in ((value, other), (other, value)):
        try:
            out = operate(left, right)
        except (TypeError, OverflowError) as error:
            said(error)
        else:
            compares = operate in (operator.lt, operator.le, operator.gt, operator.ge)
            assert type(out) is (bool if compares else Value), out
            if not compares:
                assert type(out.data) is float
                assert all(type(local) is float for node in (out, *out._prev) for local in node._local)


@few
@given(values, anything)
def test_equality_is_identity_with_anything(value: Value, other: Any) -> None:
    assert value == value  # noqa: PLR0124  # the point
    assert (value == other) is (value is other)
    assert (value != other) is (value is not other)


METHODS = [operation.f for operation in ONE_INPUT]
numbers = st.floats() | st.integers(-(2**70), 2**70)


@few
@given(st.lists(st.floats(), min_size=1, max_size=3), st.lists(st.tuples(st.integers(0, 99), numbers), max_size=8))
def test_no_arithmetic_on_any_floats_raises(leaves: list[float], steps: list[tuple[int, float]]) -> None:
    """Forward and backward, with inf and nan and the smallest numbers: plain floats come out."""
    nodes: list[Value] = [Value(x) for x in leaves]
    for which, c in steps:
        a, b = nodes[-1], nodes[which % len(nodes)]
        made = [method(a) for method in METHODS]
        made += [operate(a, b) for operate in OPERATORS[:5]]
        made += [operate(a, c) for operate in OPERATORS[:5]] + [operate(c, a) for operate in OPERATORS[:5]]
        made += [dot([a, b], [b, c]), mean([a, b, c]), total([a, b, c])]
        nodes.append(made[which % len(made)])
    nodes[-1].backward()
    assert all(type(x) is float for node in nodes for x in (node.data, node.grad, *node._local))
    assert all(repr(node) and draw_graph(node).svg for node in nodes[-1:])


@few
@given(st.lists(anything, max_size=3) | anything, st.lists(anything, max_size=3) | anything)
def test_dot_mean_and_total_of_anything(left: Any, right: Any) -> None:
    for make in (lambda: dot(left, right), lambda: mean(left), lambda: total(left)):
        try:
            assert type(make().data) is float
        except (TypeError, ValueError, OverflowError) as error:
            said(error)


# ------------------------------------------------------------------ states of models

json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["weights.0", "weights.1", "bias"])
mutations = st.lists(
    st.one_of(
        st.tuples(st.just("put"), names, json_trees | anything),
        st.tuples(st.just("drop"), names, st.none()),
        st.tuples(st.just("add"), st.text(max_size=9) | hashable, json_trees),
        st.tuples(st.just("rename"), names, st.text(max_size=9)),
    ),
    max_size=2,
)


def bits(state: dict[str, float]) -> dict[str, str]:
    return {name: x.hex() for name, x in state.items()}


def loads_all_or_nothing(state: Any) -> None:
    neuron = Neuron(2, rng=0)
    before = bits(neuron.state_dict())
    try:
        neuron.load_state_dict(state)
    except (TypeError, ValueError, OverflowError) as error:
        said(error)
        assert bits(neuron.state_dict()) == before
    else:
        assert set(state) == set(before)
        assert bits(neuron.state_dict()) == {name: float(state[name]).hex() for name in before}


@few
@given(json_trees)
def test_any_json_is_loaded_whole_or_not_at_all(tree: Any) -> None:
    loads_all_or_nothing(json.loads(json.dumps(tree)))


@few
@given(st.lists(st.floats(), min_size=3, max_size=3), mutations, st.sampled_from([dict, OrderedDict, UserDict]))
def test_a_state_with_something_changed_is_loaded_whole_or_not_at_all(data, changes, kind: type) -> None:
    state: dict[Any, Any] = dict(zip(("weights.0", "weights.1", "bias"), data, strict=True))
    for what, name, new in changes:
        if what in {"put", "add"}:
            state[name] = new
        elif name in state:
            old = state.pop(name)
            if what == "rename":
                state[new] = old
    loads_all_or_nothing(kind(state))


@few
@given(anything)
def test_what_is_no_state_changes_nothing(thing: Any) -> None:
    loads_all_or_nothing(thing)


# ------------------------------------------------------------------ labels

any_text = st.text(st.characters(codec=None), max_size=30)
nasty = st.text("<>&\"'\\\n\r\t\x00\x1b\ud800\udfff\u2028\u202e]]>%{}$é漢🙂", max_size=12)
DOT_TEXT = r'"(?:[^"\\]|\\.)*"'


@few
@given(st.lists(any_text | nasty, min_size=3, max_size=3), st.sampled_from(["right", "down"]))
def test_any_label_gives_well_formed_files_and_a_repr(labels: list[str], direction: str) -> None:
    a, b = Value(1.0, labels[0]), Value(2.0, labels[1])
    root = a * b + a
    root.label = labels[2]
    drawing = draw_graph(root, local_derivatives=True, direction=direction)
    svg = ET.fromstring(drawing.svg.encode("utf-8"))  # noqa: S314  # we wrote it ourselves
    assert len([part for part in svg.iter() if part.get("data-part") == "node"]) == 4
    drawing.dot.encode("utf-8")
    lines = drawing.dot.splitlines()
    nodes = [line for line in lines if re.fullmatch(rf"  n\d+ \[label={DOT_TEXT}\]", line)]
    edges = [line for line in lines if re.fullmatch(rf"  n\d+ -> n\d+ \[label={DOT_TEXT}\]", line)]
    assert (len(nodes), len(edges), len(lines)) == (4, 4, 12)
    for v, label in zip((a, b, root), labels, strict=True):
        assert repr(v).isprintable()
        assert not label or f"label={label!r}" in repr(v)


# ------------------------------------------------------------------ constructors and losses

sizes = st.one_of(st.integers(-1, 3), st.sampled_from([np.int64(2), np.uint8(1), True, 2.0, Weekday.MONDAY]))
odd = st.one_of(anything, sizes, st.just(-(10**400)))
activations = st.one_of(st.sampled_from(["relu", "tanh", "sigmoid", "linear", "Relu"]), anything)
seeds = st.one_of(st.integers(-1, 9), st.none(), anything)


def is_small(thing: Any) -> bool:
    """Whether it asks for no giant, by itself or by what is in it: 10⁴⁰⁰ neurons are refused by the memory."""
    try:
        return operator.index(thing) < 10
    except TypeError:
        pass
    if hasattr(thing, "__next__"):  # to look inside would use it up
        return False
    try:
        inside = list(thing)
    except (TypeError, NotImplementedError):
        return True
    return len(inside) < 5 and all(isinstance(x, str) or is_small(x) for x in inside)


sane = odd.filter(is_small)


@few
@given(sane, sane | st.lists(sane, max_size=3), activations, seeds)
def test_odd_models_are_refused_as_promised(nin: Any, nouts: Any, activation: Any, rng: Any) -> None:
    for make in (
        lambda: Neuron(nin, activation, rng),
        lambda: Layer(nin, nouts, activation, rng),
        lambda: MLP(nin, nouts, activation, rng),
    ):
        try:
            model = make()
        except (TypeError, ValueError) as error:
            said(error)
        else:
            assert repr(model)
            assert all(math.isfinite(p.data) for p in model.parameters())


@few
@given(anything | st.lists(anything, max_size=3))
def test_odd_inputs_of_a_model_are_refused_as_promised(x: Any) -> None:
    model = MLP(2, [2, 1], "tanh", rng=0)
    try:
        out = model(x)
    except (TypeError, ValueError, OverflowError) as error:
        said(error)
    else:
        assert type(out) is Value


hyper = st.one_of(st.floats(), anything, st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)))
settings_of_optimizers = st.dictionaries(
    st.sampled_from(sorted({name for kind in OPTIMIZERS for name in kind([Value(0.0)]).defaults})), hyper, max_size=3
)


@few
@given(
    st.sampled_from(OPTIMIZERS),
    st.lists(values, min_size=1, max_size=2) | st.lists(anything, max_size=2) | anything,
    settings_of_optimizers,
)
def test_odd_optimizers_are_refused_as_promised(kind: type, parameters: Any, chosen: dict[str, Any]) -> None:
    try:
        optimizer = kind(parameters, **chosen)
    except (TypeError, ValueError) as error:
        said(error)
        return
    assert repr(optimizer)
    for p in optimizer.parameters:
        p.grad = 1.0
    optimizer.step()
    assert all(type(p.data) is float for p in optimizer.parameters)


columns = st.one_of(st.lists(anything, max_size=3), st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=2), anything)


@few
@given(st.sampled_from(LOSS_FUNCTIONS), columns, columns)
def test_odd_sequences_in_losses_are_refused_as_promised(loss: Callable, predictions: Any, targets: Any) -> None:
    try:
        out = loss(predictions, targets)
    except (TypeError, ValueError, OverflowError) as error:
        said(error)
    else:
        assert type(out.data) is float
        out.backward()


@few
@given(st.lists(anything, max_size=2), anything, st.sampled_from([{}, {"rtol": 0.0}, {"atol": math.nan}]))
def test_odd_arguments_of_check_gradients_are_refused_as_promised(inputs: Any, out: Any, chosen: dict) -> None:
    for f in (lambda *x: x[0] * 2.0, lambda *x: out):
        try:
            assert repr(check_gradients(f, *inputs, **chosen))
        except (TypeError, ValueError, OverflowError) as error:
            said(error)


@few
@given(anything, st.one_of(st.sampled_from(["right", "down", "up"]), anything))
def test_odd_things_to_draw_are_refused_as_promised(thing: Any, direction: Any) -> None:
    try:
        draw_graph(thing, direction=direction)
    except (TypeError, ValueError) as error:
        said(error)
    else:
        assert type(thing) is Value
