"""What changes in a Module is noticed at the next call."""

from __future__ import annotations

from typing import Any

import pytest

from micrograd_numpy import MLP, Module, Value, vectorize
from micrograd_numpy.compiler.structure import Structure
from micrograd_numpy.value import dot
from tests.compiler.eager import close
from tests.tables import changes


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("change", changes.CHANGES, ids=str)
def test_a_change_is_noticed_when_the_contract_says_so(change: changes.Change) -> None:
    assert change.noticed() == change.when


def test_what_makes_no_difference_costs_no_compilation() -> None:
    names: dict[str, Any] = {}
    exec(changes.SETUP, names)
    net = names["net"]
    vectorized = vectorize(net)
    vectorized([1.0])
    before = vectorized._latest
    for change in changes.CHANGES:
        if change.when == changes.NEVER:
            for _ in range(20):
                exec(change.code, names)
                assert close(vectorized([1.0]).data, net(Value(1.0)).data)
    assert vectorized._latest is before


def test_a_log_is_looked_at_once_and_then_left_alone() -> None:
    model = MLP(1, [1], rng=0)
    model.log = []
    vectorized = vectorize(lambda x: model([x]) + dot(model.parameters(), model.parameters()))
    vectorized([1.0])
    structure = vectorized._latest.recipe.structure
    assert any(thing is model.log for thing in structure.live)
    model.log.append(1.0)
    assert structure.unchanged()
    assert not any(thing is model.log for thing in structure.live)


def test_a_change_that_is_taken_back_is_none() -> None:
    model = MLP(1, [1], rng=0)
    vectorized = vectorize(model)
    for _ in range(2):
        vectorized([[1.0]])
    before = vectorized._latest
    model.layers.append(model.layers.pop())
    vectorized([[1.0]])
    assert vectorized._latest is before


def test_things_may_hold_each_other() -> None:
    model = MLP(1, [1], rng=0)
    model.ring = [model]
    model.ring.append(model.ring)
    vectorized = vectorize(lambda x: model([x]) + dot(model.parameters(), model.parameters()))
    for _ in range(2):
        vectorized([1.0])
    before = vectorized._latest
    model.ring.append(Value(2.0))
    vectorized([1.0])
    assert vectorized._latest is not before


def test_a_parameter_that_a_model_makes_at_the_first_call_is_one_at_once() -> None:
    class Late(Module):
        w: Value | None = None

        def __call__(self, x: Value) -> Value:
            if self.w is None:
                self.w = Value(3.0)
            return self.w * x

    late = Late()
    vectorized = vectorize(late)
    for call in (1.0, 2.0, 3.0):
        vectorized([1.0]).backward()
        assert late.w is not None and late.w.grad == call


def seen(asked: str, **attributes: Any) -> tuple[Module, Structure]:
    """A Module with some attributes, and what a function sees of it that asks for those words."""
    model = Module()
    vars(model).update(attributes, steps=0)
    return model, Structure([(model, set(asked.split()))])


def test_what_was_asked_for_is_compared_by_its_number_and_as_often_as_there_is_a_change() -> None:
    model, structure = seen("rate scales", rate=0.5, scales=[1.0])
    for _ in range(2):
        model.rate = float("0.5")  # another object
        model.steps += 1
        assert structure.unchanged()
    model.scales[0] = 2.0
    assert not structure.unchanged()
    model.scales[0] = 1.0
    assert structure.unchanged()
    model.rate = 0.7
    assert not structure.unchanged()


def test_none_is_something_else_than_nothing() -> None:
    model, structure = seen("bias")
    model.bias = None
    assert not structure.unchanged()
    model, structure = seen("bias", bias=None)
    del model.bias
    assert not structure.unchanged()


def test_values_matter_whether_the_function_asked_for_them_or_not() -> None:
    model, structure = seen("", weight=Value(1.0))
    del model.weight
    assert not structure.unchanged()
    model, structure = seen("", table={"a": Value(1.0)})
    model.table["a"] = Value(1.0)
    assert not structure.unchanged()
    model, structure = seen("", layers=[Value(1.0)])
    model.steps += 1
    assert structure.unchanged()
    model.layers.append(Value(1.0))
    assert not structure.unchanged()


def test_a_set_has_no_order() -> None:
    numbers = range(50)
    model, structure = seen("", things={*numbers, Value(1.0)})
    model.things.difference_update(numbers)  # the Value is now the first
    assert structure.unchanged()
