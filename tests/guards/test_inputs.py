"""What a model is made of and given: sizes, activations, examples; and what is said of anything else."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from micrograd_numpy import MLP, Layer, Neuron, Value

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
