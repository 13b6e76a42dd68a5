"""What a Value takes: one real number; and what is said of anything else."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from micrograd_numpy import Value, value
from micrograd_numpy.guards.numbers import as_halves, as_tuple, in_order, short, what_is
from micrograd_numpy.value import dot, mean


@pytest.mark.parametrize(
    "data",
    [1, 1.5, True, np.float64(1.5), np.float32(1.5), np.float16(1.5), np.int8(3), np.bool_(True), np.array(2.0)],
)
def test_one_real_number_becomes_a_plain_float(data) -> None:
    v = Value(data)
    assert type(v.data) is float
    assert v.data == float(data)


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        ("3", "float"),
        (None, "return"),
        (1j, ".real"),
        (np.complex128(1), ".real"),
        (Fraction(1, 3), "float"),
        (np.add, "no number"),
        (np.array(1j), ".real"),
        (np.complex64(1), ".real"),
        ({"w": 1.0}, "for key, x in data.items()"),
        (np.zeros((1, 2)), "for row in data]"),
        (np.array("1"), "float"),
        (iter([1.0]), "one Value per element"),
        ([1.0], "one Value per element"),
        (np.array([1.0]), "one Value per element"),
        (Value(1.0), ".data"),
    ],
    ids=lambda x: type(x).__name__,
)
def test_anything_else_is_a_clear_type_error(data, advice: str) -> None:
    with pytest.raises(TypeError, match="one real number") as error:
        Value(data)
    assert type(data).__name__ in str(error.value)
    assert advice in str(error.value)


@pytest.mark.parametrize("needs_gradient", [False, True])
def test_a_tensor_without_dimensions_gets_an_advice_that_works(needs_gradient: bool, torch) -> None:
    tensor = torch.tensor(2.0, requires_grad=needs_gradient)
    for use in (Value, Value(1.0).__mul__, lambda t: t * Value(1.0), lambda t: t < Value(1.0)):
        with pytest.raises(TypeError, match=r"got Tensor: tensor\(2\..*; convert it first, for example with float"):
            use(tensor)
    assert Value(float(tensor.detach())).data == 2.0


def test_a_table_is_asked_for_its_numbers() -> None:
    class DataFrame:  # iterating over pandas' own gives the names of its columns
        shape = (2, 1)

        def to_numpy(self):
            return np.array([[1.0], [2.0]])

    data = DataFrame()
    with pytest.raises(TypeError, match=r"for row in data\.to_numpy\(\)\]") as error:
        Value(data)
    advice = str(error.value).rpartition(": ")[2]
    assert [[v.data for v in row] for row in eval(advice)] == [[1.0], [2.0]]


def test_a_value_from_before_a_reload_is_told_apart() -> None:
    spec = importlib.util.spec_from_file_location("reloaded", value.__file__)
    reloaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = reloaded
    spec.loader.exec_module(reloaded)
    del sys.modules[spec.name]
    for use in (lambda: Value(1.0) + reloaded.Value(2.0), lambda: dot([Value(1.0)], [reloaded.Value(2.0)])):
        with pytest.raises(TypeError, match="it is of another class Value, from before a reload"):
            use()


@pytest.mark.parametrize("error", [ValueError, AttributeError, KeyError, ZeroDivisionError, RecursionError])
def test_a_broken_repr_does_not_hide_the_error(error: type[Exception]) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise error("a bug of its own")

    with pytest.raises(TypeError, match=r"one real number, but got Broken; it is no number"):
        Value(Broken())


def test_a_repr_of_many_lines_stays_on_one() -> None:
    assert what_is(np.eye(2)) == "ndarray: array([[1., 0.], [0., 1.]])"
    assert what_is("a  b") == "str: 'a  b'"
    assert what_is("x" * 100) == "str: '" + "x" * 59


def test_an_int_too_large_for_a_float() -> None:
    with pytest.raises(OverflowError, match=r"ends near 1\.8e308, but got an int of 1329 bits"):
        Value(10**400)


def test_what_is_too_long_to_show_is_named_by_its_type() -> None:
    nested: list = []
    for _ in range(100_000):
        nested = [nested]
    for endless in ([10**5000], nested):
        with pytest.raises(TypeError, match="one real number, but got list; make one"):
            Value(endless)


@pytest.mark.parametrize("wrong", ["3", None, 1j, [1.0], np.array([1.0, 2.0])], ids=lambda x: type(x).__name__)
@pytest.mark.parametrize(
    "operate",
    [
        lambda v, w: v + w,
        lambda v, w: w + v,
        lambda v, w: v - w,
        lambda v, w: w - v,
        lambda v, w: v * w,
        lambda v, w: w * v,
        lambda v, w: v / w,
        lambda v, w: w / v,
        lambda v, w: v**w,
        lambda v, w: w**v,
        lambda v, w: v < w,
        lambda v, w: w >= v,
        lambda v, w: w < v,
        lambda v, w: v > w,
        lambda v, w: v <= w,
    ],
)
def test_operators_refuse_it_on_either_side(operate, wrong) -> None:
    with pytest.raises(TypeError, match="one real number"):
        operate(Value(1.0), wrong)


def test_what_makes_a_list_keeps_its_own_error() -> None:
    def broken() -> Iterator[Value]:
        yield Value(1.0)
        raise TypeError("a bug of its own")

    with pytest.raises(TypeError, match=r"^a bug of its own$"):
        mean(broken())


def test_a_float_is_shown_with_six_digits_and_anything_else_as_it_is() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert [short(x) for x in (1 / 3, 2, "a", Broken())] == ["0.333333", "2", "'a'", "Broken"]


def test_of_a_table_the_rows_are_taken() -> None:
    class Table:
        def to_numpy(self) -> list[list[float]]:
            return [[1.0, 2.0]]

        def __iter__(self) -> Iterator[str]:
            return iter(["column"])

    assert in_order("mean", "its numbers", Table()) == [[1.0, 2.0]]


def test_numbers_on_the_right_are_asked_for_as_on_the_left() -> None:
    assert as_tuple("dot", []) == ()
    assert as_halves("dot", [1.0], (2.0,)) == as_halves("dot", (1.0,), [2.0]) == (1.0, 2.0)
    for left, right in (([1.0], 2.0), (2.0, [1.0])):
        with pytest.raises(TypeError, match=r"^dot takes Values or numbers in a list, but got float: 2\.0"):
            as_halves("dot", left, right)
