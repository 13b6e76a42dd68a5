"""Value: the numbers of PyTorch, and the contract of a number that remembers."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from micrograd_numpy import Value, engine, ops, topological_sort
from micrograd_numpy import value as chapter
from micrograd_numpy.value import apply, dot, mean, total
from tests.tables.catalogue import micrograd_readme
from tests.tables.operations import ONE_INPUT


class TestTheGraph:
    @pytest.mark.parametrize("other", [2, 2.5, np.float64(2.5), np.float32(0.5), np.int64(2), np.array(2.5)], ids=repr)
    def test_numbers_on_either_side(self, other, torch) -> None:
        def f(x):
            return (x + other) * (other - x) / (x * other) + (other + x) * (other * x) / (other / x) - (x - other) ** 2

        x, t = Value(0.7), torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
        y, other_tensor = f(x), float(other)
        y.backward()
        other = other_tensor
        z = f(t)
        z.backward()
        assert y.data == pytest.approx(z.item(), rel=1e-12)
        assert x.grad == pytest.approx(t.grad.item(), rel=1e-12)

    def test_product_and_sum(self) -> None:
        a, b = Value(2.0, label="a"), Value(3.0, label="b")
        c = a * b + a
        c.backward()
        assert (c.data, a.grad, b.grad) == (8.0, 4.0, 2.0)

    def test_micrograd_readme(self) -> None:
        a, b = Value(-4.0), Value(2.0)
        g = micrograd_readme(a, b)
        g.backward()
        assert f"{g.data:.4f} {a.grad:.4f} {b.grad:.4f}" == "24.7041 138.8338 645.5773"

    def test_neuron_of_the_lecture(self) -> None:
        x1, x2, w1, w2 = Value(2.0), Value(0.0), Value(-3.0), Value(1.0)
        o = (x1 * w1 + x2 * w2 + 6.8813735870195432).tanh()
        o.backward()
        assert [round(v, 4) for v in (o.data, x1.grad, w1.grad, x2.grad, w2.grad)] == [0.7071, -1.5, 1.0, 0.5, 0.0]

    def test_what_a_node_remembers(self) -> None:
        a, b = Value(2.0), Value(3.0)
        c = a * b
        assert c._prev == (a, b)
        assert c._op == "*"
        assert (a._prev, a._op, a._rule) == ((), "", None)
        assert c.label == ""

    def test_both_uses_of_one_input(self) -> None:
        x = Value(3.0)
        assert (x * x)._prev == (x, x)

    def test_backward_of_one_node_hands_its_gradient_on(self) -> None:
        a, b = Value(2.0), Value(3.0)
        c = a * b
        c.grad = 10.0
        c._backward()
        c._backward()
        assert (a.grad, b.grad, c.grad) == (60.0, 40.0, 10.0)

    def test_backward_of_a_leaf_does_nothing(self) -> None:
        x = Value(2.0)
        x.grad = 5.0
        x._backward()
        assert (x.data, x.grad) == (2.0, 5.0)

    @pytest.mark.parametrize(
        ("make", "op", "inputs"),
        [
            (lambda v: v + 2, "+", [5.0, 2.0]),
            (lambda v: 2 + v, "+", [5.0, 2.0]),
            (lambda v: v - 2, "-", [5.0, 2.0]),
            (lambda v: 2 - v, "-", [2.0, 5.0]),
            (lambda v: v * 2, "*", [5.0, 2.0]),
            (lambda v: v / 2, "/", [5.0, 2.0]),
            (lambda v: 2 / v, "/", [2.0, 5.0]),
            (lambda v: v**2, "**2", [5.0]),
            (lambda v: v**-0.5, "**-0.5", [5.0]),
            (lambda v: 2**v, "**", [2.0, 5.0]),
            (lambda v: v ** Value(2.0), "**", [5.0, 2.0]),
            *((operation.f, operation.rule.__name__, [5.0]) for operation in ONE_INPUT),
            (lambda v: v.abs(), "abs", [5.0]),
            (lambda v: dot([v, 2.0], [3.0, 4.0]), "dot", [5.0, 2.0, 3.0, 4.0]),
            (lambda v: total([v, 1.0]), "total", [5.0, 1.0]),
            (lambda v: mean([v, 1.0]), "mean", [5.0, 1.0]),
            (np.exp, "exp", [5.0]),
            (np.log, "log", [5.0]),
            (np.tanh, "tanh", [5.0]),
            (np.abs, "abs", [5.0]),
            (lambda v: np.add(v, 2), "+", [5.0, 2.0]),
            (lambda v: np.multiply(np.float64(2), v), "*", [5.0, 2.0]),
        ],
    )
    def test_names_and_inputs_of_every_operation(self, make, op: str, inputs: list[float]) -> None:
        node = make(Value(5.0))
        assert node._op == op
        assert [i.data for i in node._prev] == inputs

    def test_sums_of_lists(self) -> None:
        values = [Value(x) for x in (1.0, 2.0, 3.0)]
        total = sum(values)
        assert isinstance(total, Value)
        total.backward()
        assert (total.data, [v.grad for v in values]) == (6.0, [1.0, 1.0, 1.0])

    def test_augmented_assignment_makes_a_new_node(self) -> None:
        x = y = Value(2.0)
        y += 1
        y *= 3
        assert (x.data, y.data) == (2.0, 9.0)

    def test_object_arrays_of_values(self) -> None:
        values = [Value(1.0), Value(2.0)]
        total = np.array(values, dtype=object).sum()
        total.backward()
        assert (total.data, values[0].grad) == (3.0, 1.0)


class TestHowItBehaves:
    def test_label(self) -> None:
        assert Value(1.0).label == ""
        assert Value(1.0, "x").label == Value(1.0, label="x").label == "x"

    def test_repr(self) -> None:
        a = Value(2.0, label="a")
        assert repr(a) == "Value(data=2.0, grad=0.0, label='a')"
        assert repr(Value(1 / 3)) == "Value(data=0.333333, grad=0.0)"
        assert repr(Value(math.inf)) == "Value(data=inf, grad=0.0)"
        assert repr(Value(math.nan)) == "Value(data=nan, grad=0.0)"
        assert repr(Value(-1.23456789e-20)) == "Value(data=-1.23457e-20, grad=0.0)"

    @pytest.mark.parametrize(
        ("thing", "shown"),
        [
            (None, "None"),
            (3, "3"),
            ("2", "'2'"),
            (np.array([1.0, 2.0]), "array([1., 2.])"),
            (Value(2.0), "Value(data=2.0, grad=0.0)"),
            (np.float32(0.5), repr(np.float32(0.5))),
        ],
        ids=lambda x: type(x).__name__,
    )
    def test_repr_shows_what_a_user_has_put_there(self, thing, shown: str) -> None:
        v = Value(1.0, label="w")
        v.data = v.grad = thing
        assert repr(v) == str(v) == f"{v}" == f"Value(data={shown}, grad={shown}, label='w')"

    def test_repr_of_a_value_that_holds_itself(self) -> None:
        v = Value(1.0)
        v.data = v
        assert repr(v).startswith("Value(data=Value(data=")

    @pytest.mark.parametrize("spec", [".4f", ">12", "e", "+.2f", "012.3f", ",.1f", "%", ".3g", "<9.1f"])
    @pytest.mark.parametrize("x", [2 / 3, -1234.5, math.inf, math.nan, 0.0])
    def test_a_format_is_that_of_the_number(self, spec: str, x: float) -> None:
        assert format(Value(x), spec) == format(x, spec)

    def test_no_format_is_str(self) -> None:
        v = Value(2.0, label="w")
        assert format(v, "") == f"{v}" == str(v) == "Value(data=2.0, grad=0.0, label='w')"

    def test_plus_is_the_value_itself(self) -> None:
        v = Value(2.0)
        assert +v is v
        assert np.positive(v) is v

    def test_order_compares_the_numbers(self) -> None:
        small, large = Value(1.0), Value(2.0)
        assert small < large and small <= large and large > small and large >= small
        assert not (large < small) and not (large <= small) and not (small > large) and not (small >= large)
        assert (
            small <= Value(1.0)
            and small >= 1.0
            and small < 1.5
            and not small < Value(1.0)
            and not small > np.float64(1.0)
        )
        assert max(small, large) is large
        assert sorted([large, small]) == [small, large]

    def test_equality_and_hash_are_identity(self) -> None:
        a, b = Value(1.0), Value(1.0)
        assert a != b
        assert a == a  # noqa: PLR0124 — the point is that a node equals itself
        assert len({a, b, a}) == 2

    def test_methods_are_known_by_the_name_and_words_of_their_rule(self) -> None:
        assert (Value.exp.__name__, Value.exp.__qualname__) == ("exp", "Value.exp")
        assert Value.exp.__doc__ == ops.exp.__doc__
        with pytest.raises(TypeError, match=r"^Value\.exp\(\) takes 1 positional argument"):
            Value(1.0).exp(2)

    def test_float_and_bool(self) -> None:
        assert float(Value(2.5)) == 2.5
        assert math.sqrt(Value(4.0)) == 2.0
        assert bool(Value(-1.0)) and bool(Value(math.nan)) and not bool(Value(0.0)) and not bool(Value(-0.0))

    def test_no_stray_attributes(self) -> None:
        with pytest.raises(AttributeError):
            Value(1.0).gradient = 3.0  # a typo for .grad must not pass unnoticed

    def test_public_docstring_example(self) -> None:
        import doctest

        from micrograd_numpy import value

        assert doctest.testmod(value) == (0, doctest.testmod(value).attempted)
        assert doctest.testmod(value).attempted > 0


def pow_rule(n: float, a: float) -> tuple[float, tuple[float]]:
    return a**n, (n * a ** (n - 1.0),)


class TestRulesOfYourOwn:
    def test_apply(self) -> None:
        def cube(a):
            return a**3, (3 * a * a,)

        x = Value(2.0)
        y = apply(cube, x)
        y.backward()
        assert (y.data, x.grad, y._op) == (8.0, 12.0, "cube")
        assert apply(cube, 2, op="³")._op == "³"

    def test_a_rule_without_a_name(self) -> None:
        assert apply(partial(pow_rule, 2.0), 3.0)._op == "rule"
        assert apply(partial(pow_rule, 2.0), 3.0, op="²")._op == "²"

    def test_dot_of_nothing_is_zero(self) -> None:
        assert dot([], []).data == 0.0

    def test_total_of_nothing_is_zero(self) -> None:
        assert total([]).data == sum([]) == 0.0

    def test_total_adds_from_left_to_right(self) -> None:
        assert total([1.0, 1e300, -1e300]).data == 0.0
        assert total([0.1] * 10).data == 0.1 + 0.1 + 0.1 + 0.1 + 0.1 + 0.1 + 0.1 + 0.1 + 0.1 + 0.1

    def test_dot_takes_any_iterables(self) -> None:
        w = [Value(1.0), Value(2.0)]
        total = dot(iter(w), np.array([3.0, 4.0]))
        total.backward()
        assert (total.data, [v.grad for v in w], len(topological_sort(total))) == (11.0, [3.0, 4.0], 5)


def test_engine_is_a_door_to_the_same_things() -> None:
    assert engine.Value is Value
    assert engine.topological_sort is topological_sort
    assert {*engine.__all__} == {"backward", "detect_anomaly", "draw_graph", "topological_sort", *chapter.__all__}


@pytest.mark.parametrize(
    ("operation", "rule"),
    [
        (lambda a, b: a + b, ops.add),
        (lambda a, b: -a, ops.neg),
        (lambda a, b: 1 / a, ops.div),
        (lambda a, b: a**b, ops.pow),
        (lambda a, b: dot([a], [b]), ops.dot),
        (lambda a, b: total([a, b]), ops.total),
        (lambda a, b: mean([a, b]), ops.mean),
        (lambda a, b: apply(ops.mul, a, b), ops.mul),
    ],
)
def test_whoever_looks_on_is_told_the_rule(operation, rule, monkeypatch) -> None:
    told = []
    monkeypatch.setattr(chapter, "node", lambda *arguments: told.append(arguments[-1]))
    operation(Value(2.0), Value(3.0))
    assert told == [rule]


def test_whoever_looks_on_is_told_the_rule_of_a_constant_power(monkeypatch) -> None:
    told = []
    monkeypatch.setattr(chapter, "node", lambda *arguments: told.append(arguments[-1]))
    _ = Value(2.0) ** 3
    assert told[0](2.0) == (8.0, (12.0,))


def test_values_are_taken_as_they_come_and_numbers_are_made_values() -> None:
    values = (Value(1.0), Value(2.0))
    assert chapter.as_values(values) is values
    assert [v.data for v in chapter.as_values((1.0, values[0]))] == [1.0, 1.0]
