"""Parameters, their settings and their saved states: what is refused, and that nothing moves then."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd_numpy import MLP, SGD, Adam, AdamW, Neuron, Value
from micrograd_numpy.optimizers import Optimizer
from tests.tables.optimizers import CATALOGUE

every_rule = pytest.mark.parametrize("name", CATALOGUE)


W = Value(1.0, label="w")


BAD: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "no parameters": (lambda: SGD([]), ValueError, "at least one parameter, but got none"),
    "an empty generator": (lambda: Adam(v for v in ()), ValueError, "at least one parameter"),
    "one Value, not a list": (lambda: SGD(W), TypeError, r"\[w, b\], but got Value"),
    "a method, not called": (lambda: SGD([W].copy), TypeError, r"model\.parameters\(\).*but got builtin"),
    "a float": (lambda: Adam([W, 2.0]), TypeError, "parameter 1 must be a Value, but got float: 2.0"),
    "names": (lambda: SGD([("w", W)]), TypeError, "parameter 0 must be a Value, but got tuple"),
    "an interior node": (lambda: AdamW([W * 2.0]), ValueError, r"only leaves can be optimized.*made by '\*'"),
    "the same twice": (lambda: SGD([W, Value(2.0), W]), ValueError, "0 and 2 are the same Value"),
    "lr negative": (lambda: SGD([W], lr=-0.1), ValueError, "lr must be at least 0, but got -0.1"),
    "lr nan": (lambda: Adam([W], lr=math.nan), ValueError, "lr must be at least 0, but got nan"),
    "lr as text": (lambda: SGD([W], lr="0.1"), TypeError, "lr must be a real number, but got str: '0.1'"),
    "lr as a Value": (lambda: SGD([W], lr=Value(0.1)), TypeError, "lr must be a real number, but got Value"),
    "lr none": (lambda: AdamW([W], lr=None), TypeError, "lr must be a real number, but got NoneType"),
    "momentum": (lambda: SGD([W], momentum=-1.0), ValueError, "momentum must be at least 0, but got -1.0"),
    "momentum nan": (lambda: SGD([W], momentum=math.nan), ValueError, "momentum must be at least 0, but got nan"),
    "decay in SGD": (lambda: SGD([W], weight_decay=-1), ValueError, "weight_decay must be at least 0, but got -1.0"),
    "decay in Adam": (lambda: Adam([W], weight_decay=-1), ValueError, "weight_decay must be at least 0"),
    "decay in AdamW": (lambda: AdamW([W], weight_decay=math.nan), ValueError, "weight_decay must be at least 0"),
    "nesterov alone": (lambda: SGD([W], nesterov=True), ValueError, "nesterov needs a momentum greater than 0"),
    "beta 1": (lambda: Adam([W], betas=(1.0, 0.9)), ValueError, r"betas\[0\] must be at least 0 and less than 1"),
    "beta 2": (lambda: AdamW([W], betas=(0.9, -0.1)), ValueError, r"betas\[1\] must be at least 0 and less than 1"),
    "beta nan": (lambda: Adam([W], betas=(0.9, math.nan)), ValueError, r"betas\[1\].*but got nan"),
    "one beta": (lambda: Adam([W], betas=0.9), ValueError, "betas must be two numbers"),
    "three betas": (lambda: Adam([W], betas=(0.9, 0.9, 0.9)), ValueError, "betas must be two numbers"),
    "eps": (lambda: Adam([W], eps=-1e-8), ValueError, "eps must be at least 0, but got -1e-08"),
}


@pytest.mark.parametrize("what", BAD)
def test_refused_with_a_reason(what: str) -> None:
    make, error, message = BAD[what]
    with pytest.raises(error, match=message):
        make()


def test_a_tensor_is_refused_with_a_reason(torch) -> None:
    with pytest.raises(TypeError, match="parameter 0 must be a Value, but got Tensor"):
        Adam([torch.zeros(1)])


@pytest.mark.parametrize(("lr", "error"), [(-1.0, ValueError), (math.nan, ValueError), ("1", TypeError)])
def test_a_bad_lr_between_steps_is_refused_and_changes_nothing(lr: Any, error: type[Exception]) -> None:
    optimizer = SGD([Value(1.0)], lr=0.1)
    with pytest.raises(error, match="lr must be"):
        optimizer.lr = lr
    assert optimizer.lr == 0.1


def odd_numbers() -> list[Any]:
    return [np.float32(0.5), np.float64(0.5), 3, np.int64(3), np.array(0.5), True]


@every_rule
@pytest.mark.parametrize("attribute", ["data", "grad"])
@pytest.mark.parametrize("which", range(6))
def test_numbers_of_other_types_become_the_floats_they_stand_for(name: str, attribute: str, which: int) -> None:
    odd = odd_numbers()[which]
    kind, _, arguments = CATALOGUE[name]
    strange, plain = ([Value(1.5), Value(2.5)] for _ in range(2))
    for p in strange:
        p.grad = 0.25
        setattr(p, attribute, odd)
    for p in plain:
        p.grad = 0.25
        setattr(p, attribute, float(odd))
    optimizers = [kind(parameters, **arguments) for parameters in (strange, plain)]
    for round_ in range(3):
        for optimizer in optimizers:
            optimizer.step()
        assert [(type(p.data), p.data) for p in strange] == [(float, p.data) for p in plain]
        for p in strange:  # once more, when nothing is new
            setattr(p, attribute, odd)
        for p in plain:
            setattr(p, attribute, float(odd))
        assert round_ < 3
    assert json.loads(json.dumps(optimizers[0].state_dict())) == json.loads(json.dumps(optimizers[1].state_dict()))


ODD = [
    ("data", lambda p: p - 0.1 * p.grad, "a Value"),
    ("data", lambda p: (p - 0.1) * 2, "a Value"),
    ("data", lambda p: None, "NoneType: None"),
    ("data", lambda p: "1.0", "str: '1.0'"),
    ("data", lambda p: [p.data], "list: "),
    ("grad", lambda p: p * 2, "a Value"),
    ("grad", lambda p: "1.0", "str: '1.0'"),
    ("grad", lambda p: 1j, "complex: 1j"),
]


every_odd = pytest.mark.parametrize(("attribute", "make", "held"), ODD, ids=range(len(ODD)))


@every_rule
@every_odd
def test_what_is_no_number_is_told_at_the_step_and_nothing_moves(
    name: str, attribute: str, make: Callable[[Value], Any], held: str
) -> None:
    kind, _, arguments = CATALOGUE[name]
    values = [Value(1.0, label="w"), Value(2.0), Value(3.0)]
    optimizer = kind(values, **arguments)
    for p in values:
        p.grad = 1.0
    optimizer.step()
    before = [p.data for p in values]
    for p in values:  # as a line of code does it: to all
        setattr(p, attribute, make(p))
    now = [getattr(p, attribute) for p in values]
    message = rf"parameter 0 \(w\) must hold a float in \.{attribute}, but holds {held}.*as in p\.{attribute} -?="
    with pytest.raises(TypeError, match=message):
        optimizer.step()
    assert [getattr(p, attribute) for p in values] == now
    assert attribute == "data" or [p.data for p in values] == before


def test_one_odd_parameter_among_many_is_told_in_the_first_step_and_within_a_hundred() -> None:
    values = [Value(1.0) for _ in range(5)]
    optimizer = SGD(values, lr=0.1)
    message = r"parameter 3 must hold a float in \.data, but holds a Value"
    values[3].data = Value(2.0)
    with pytest.raises(TypeError, match=message):
        optimizer.step()
    for before in (1, 7, 99, 100):
        values[3].data = 2.0
        for _ in range(before):
            optimizer.step()
        values[3].data = Value(2.0)
        told = []
        for _ in range(100):
            try:
                optimizer.step()
                told.append("")
            except TypeError as error:
                told.append(str(error))
        assert told[-1].startswith("parameter 3 must hold a float in .data, but holds a Value")
        assert set(told) <= {"", told[-1]}
        assert before > 1 or told.index(told[-1]) == 99  # and not before: looking takes time
        assert "" not in told[told.index(told[-1]) :]  # and from then on in every step, until it is mended


def test_what_the_arithmetic_cannot_do_is_told_with_the_parameters_name() -> None:
    values = [Value(1.0), Value(1.0), Value(1.0)]
    for momentum in (0.0, 0.9):
        optimizer = SGD(values, lr=0.1, momentum=momentum)
        optimizer.step()
        values[1].grad = "2"
        with pytest.raises(TypeError, match=r"parameter 1 must hold a float in \.grad, but holds str: '2'"):
            optimizer.step()
        values[1].grad = 0.0


def test_a_models_state_is_plain_floats_or_an_error_that_names_the_parameter() -> None:
    odd = odd_numbers()
    model = MLP(2, [2], rng=0)
    for p, x in zip(model.parameters(), odd):
        p.data = x
    state = model.state_dict()
    assert {type(x) for x in state.values()} == {float}
    assert list(state.values()) == [float(x) for x in odd]
    assert json.loads(json.dumps(state)) == state
    model.parameters()[2].data = model.parameters()[2] - 0.1
    with pytest.raises(
        TypeError, match=r"parameter layers\.0\.neurons\.0\.bias must hold a float in \.data, but holds a Va"
    ):
        model.state_dict()
    for p in model.parameters():
        p.grad = None
    model.zero_grad()
    assert all(p.grad == 0.0 for p in model.parameters())


def spoiled(state: dict[str, Any], *path: Any, to: Any = ...) -> dict[str, Any]:
    """A state with one part changed, or taken out."""
    state = copy.deepcopy(state)
    part: Any = state
    for step in path[:-1]:
        part = part[step]
    if to is ...:
        del part[path[-1]]
    else:
        part[path[-1]] = to
    return state


SPOILED: dict[str, tuple[tuple[Any, ...], Any]] = {
    "no name": (("optimizer",), ...),
    "another name": (("optimizer",), "AdamW"),
    "no groups": (("param_groups",), ...),
    "no state": (("state",), ...),
    "something else": (("more",), 1.0),
    "groups no list": (("param_groups",), {"0": {}}),
    "one group less": (("param_groups", 1), ...),
    "a group no mapping": (("param_groups", 1), 3.0),
    "a setting less": (("param_groups", 1, "eps"), ...),
    "a setting more": (("param_groups", 1, "momentum"), 0.9),
    "lr nan": (("param_groups", 1, "lr"), math.nan),
    "lr none": (("param_groups", 1, "lr"), None),
    "lr negative": (("param_groups", 1, "lr"), -1.0),
    "betas": (("param_groups", 1, "betas"), [0.9]),
    "beta nan": (("param_groups", 1, "betas"), [0.9, math.nan]),
    "other parameters": (("param_groups", 1, "params"), [1, 2]),
    "parameters none": (("param_groups", 1, "params"), None),
    "state no list": (("state",), {"0": {}}),
    "state of one less": (("state", 2), ...),
    "state no mapping": (("state", 2), [1.0, 2.0, 3.0]),
    "a number less": (("state", 2, "exp_avg"), ...),
    "a number more": (("state", 2, "momentum_buffer"), 1.0),
    "a number as text": (("state", 2, "exp_avg"), "1.0"),
    "a number none": (("state", 2, "step"), None),
    "a number too large": (("state", 2, "exp_avg_sq"), 10**400),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_state_that_does_not_fit_changes_nothing(what: str) -> None:
    def make() -> Optimizer:
        a, b, c = Value(1.0), Value(2.0), Value(3.0)
        optimizer = Adam([{"params": [a, b], "lr": 0.1}, {"params": [c]}], lr=0.2)
        for p in (a, b, c):
            p.grad = p.data
        optimizer.step()
        return optimizer

    ours, theirs = make(), make()
    theirs.param_groups[0]["lr"] = 0.5
    theirs.step()
    path_, to = SPOILED[what]
    before = ours.state_dict()
    with pytest.raises((TypeError, ValueError)):
        ours.load_state_dict(spoiled(theirs.state_dict(), *path_, to=to))
    assert ours.state_dict() == before
    ours.load_state_dict(theirs.state_dict())
    assert ours.state_dict() == theirs.state_dict() != before


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
def test_a_models_state_that_does_not_fit_changes_nothing(state, error: type[Exception], message: str) -> None:
    neuron = Neuron(2, rng=0)
    before = neuron.state_dict()
    with pytest.raises(error, match=message):
        neuron.load_state_dict(state)
    assert neuron.state_dict() == before


def test_an_optimizer_that_keeps_nothing_has_a_state_without_numbers():
    class Plain(Optimizer):
        def update(self, group):
            for p in group["params"]:
                p.data -= group["lr"] * p.grad

    assert Plain([Value(1.0)], 0.1).state_dict()["state"] == [{}]
