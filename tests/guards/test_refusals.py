"""Copies of a Value: leaves can be copied, and nodes say why not. The calls that jump are in the table of errors."""

from __future__ import annotations

import copy
import pickle

import pytest

from micrograd_numpy import Value


class Unit(Value):
    """A subclass with an attribute."""

    def __init__(self, data: float, unit: str) -> None:
        super().__init__(data)
        self.unit = unit


class Slotted(Value):
    """The same without a dict."""

    __slots__ = ("unit",)

    def __init__(self, data: float, unit: str) -> None:
        super().__init__(data)
        self.unit = unit


class Stateful(Unit):
    """One that has its own idea of its state."""

    def __getstate__(self):
        return {"data": self.data, "grad": self.grad, "unit": self.unit}

    def __setstate__(self, state):
        Unit.__init__(self, state["data"], state["unit"])
        self.grad = state["grad"]


COPIES = [copy.copy, copy.deepcopy] + [
    lambda v, protocol=protocol: pickle.loads(pickle.dumps(v, protocol))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
]


@pytest.mark.parametrize("again", COPIES)
def test_leaves_can_be_copied(again) -> None:
    leaf = Value(2.0, label="w")
    leaf.grad = 3.0
    other = again(leaf)
    assert other is not leaf
    assert (other.data, other.grad, other.label, other._prev) == (2.0, 3.0, "w", ())
    assert (other + 1).data == 3.0


@pytest.mark.parametrize("again", COPIES)
@pytest.mark.parametrize("kind", ["Unit", "Slotted", "Stateful"])
def test_a_subclass_keeps_its_class_and_its_attributes(again, kind: str) -> None:
    leaf = {"Unit": Unit, "Slotted": Slotted, "Stateful": Stateful}[kind](2.0, "metre")
    leaf.grad = 3.0
    other = again(leaf)
    assert type(other) is type(leaf) and other is not leaf
    assert (other.data, other.grad, other.label, other.unit) == (2.0, 3.0, "", "metre")
    assert (other * 3)._prev[0] is other


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickle.dumps])
def test_nodes_refuse_to_be_copied_and_say_why(again) -> None:
    with pytest.raises(TypeError, match=r"only leaves can be copied or pickled.*made by '\*'"):
        again(Value(2.0) * 3)
