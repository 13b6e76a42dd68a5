"""What vectorize notes of a function: what it does to Values, and what it can see."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import numpy as np
import pytest

from micrograd_numpy import MLP, Value, ops, value
from micrograd_numpy.recording import QUESTIONS, Surroundings, current, names_in, recorded
from micrograd_numpy.value import apply, dot, mean

# ------------------------------------------------------------------ what it does


def plain_engine() -> dict[str, Any]:
    """The functions that `recorded` replaces."""
    names = [*QUESTIONS, "__init__", "data", "grad"]
    return {"node": value.node, "check": value.check, **{name: vars(Value)[name] for name in names}}


def test_operations_are_noted_in_order_with_their_rules() -> None:
    a, b = Value(2.0), Value(3.0)
    with recorded() as recorder:
        c = a * b
        d = (c - a).tanh()
        e = dot([a, b], [c, d]) / mean([a, b])
        f = apply(ops.exp, e) + -a
    rules = [ops.mul, ops.sub, ops.tanh, ops.dot, ops.mean, ops.div, ops.exp, ops.neg, ops.add]
    assert list(recorder.made.values()) == rules
    made = list(recorder.made)
    assert (made[0], made[2], made[5], made[-1]) == (c, d, e, f)
    assert made[0]._prev == (a, b)


def test_a_power_is_noted_with_its_exponent() -> None:
    a = Value(2.0)
    with recorded() as recorder:
        (a**3, a**a, 2**a)
    cube, of_two, again = recorder.made.values()
    assert (cube(2.0), of_two, again) == ((8.0, (12.0,)), ops.pow, ops.pow)


def test_leaves_that_are_made_inside_are_constants() -> None:
    a = Value(2.0)
    with recorded() as recorder:
        b = 1 - a
        c = Value(5.0, label="c")
        apply(ops.mul, a, 7)
    assert a not in recorder.constants and b not in recorder.constants
    assert c in recorder.constants and c.label == "c"
    assert len(recorder.constants) == 3


def test_checks_are_noted_and_not_asked() -> None:
    a = Value(2.0)
    never, complaint = (lambda x: x > 2.0), (lambda x: ValueError(f"no: {x}"))
    with recorded() as recorder:
        value.check(a, never, complaint)
    assert recorder.checks == [(a, never, complaint)]
    with pytest.raises(ValueError, match=r"^no: 2\.0$"):
        value.check(a, never, complaint)


def test_nothing_is_noted_outside() -> None:
    a = Value(2.0)
    with recorded() as recorder:
        pass
    a * Value(3.0)
    assert (recorder.made, recorder.constants, recorder.checks) == ({}, set(), [])
    assert current.get() is None


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_the_engine_is_left_as_it_was(error: type[BaseException] | None) -> None:
    before = plain_engine()
    try:
        with recorded():
            inside = plain_engine()
            if error:
                raise error
    except (ValueError, KeyboardInterrupt) as raised:
        assert type(raised) is error  # noqa: PT017  # that there may be none is the point
    assert plain_engine() == before
    assert all(inside[name] is not before[name] for name in before)
    assert current.get() is None


def test_the_engine_itself_may_read_numbers() -> None:
    a = Value(2.0)
    with recorded():
        b = (a * 3).relu() ** 2
        text = repr(b)
    assert (b.data, text) == (36.0, "Value(data=36.0, grad=0.0)")


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("bool(a)", "asks whether a Value is true"),
        ("float(a)", "turns a Value into a float"),
        ("a < 1", "compares a Value by <"),
        ("1 < a", "compares a Value by >"),
        ("a <= 1", "compares a Value by <="),
        ("a >= 1", "compares a Value by >="),
        ("a.data", "asks for the data of a Value"),
        ("a.grad", "asks for the grad of a Value"),
        ("setattr(a, 'data', 3.0)", "sets the data of a Value"),
        ("setattr(a, 'grad', 3.0)", "sets the grad of a Value"),
        ("a.__reduce_ex__(2)", "copies or pickles a Value"),
        ("a.backward()", "calls backward()"),
    ],
)
def test_questions_are_refused_and_the_line_is_named(code: str, what: str) -> None:
    a = Value(2.0)
    program = compile(f"\n\n{code}", "<somewhere>", "exec")
    with recorded(), pytest.raises(TypeError) as error:
        exec(program, {"a": a})
    assert str(error.value).startswith(f"line 3 of '<module>' {what}, but a vectorized function runs once")
    exec(program, {"a": a})


def test_the_code_is_shown_where_it_can_be_found() -> None:
    with (
        recorded(),
        pytest.raises(TypeError, match=r"^line \d+ of 'test_the_code_is_shown_.*' \(.*float\(Value\(2\.0\)\)"),
    ):
        float(Value(2.0))


def test_another_thread_is_not_noted_and_may_ask() -> None:
    a, told = Value(2.0), []

    def work() -> None:
        v = Value(3.0)
        (v * v).backward()
        v.data += 1.0
        told.extend([v.grad, v.data, float(v), bool(v), v > a, current.get()])
        with pytest.raises(ValueError, match="no"):
            value.check(v, lambda _: False, lambda _: ValueError("no"))

    with recorded() as recorder:
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    assert told == [6.0, 4.0, 4.0, True, True, None]
    assert (recorder.made, recorder.constants, recorder.checks) == ({}, set(), [])


def test_recordings_can_be_nested() -> None:
    a, before = Value(2.0), plain_engine()
    with recorded() as outer:
        a.exp()
        with recorded() as inner:
            a.tanh()
            with pytest.raises(TypeError, match="turns a Value into a float"):
                float(a)
        a.relu()
        with pytest.raises(TypeError, match="turns a Value into a float"):
            float(a)
    assert list(inner.made.values()) == [ops.tanh]
    assert [rule for rule in outer.made.values() if rule is not ops.tanh] == [ops.exp, ops.relu]
    assert plain_engine() == before


# ------------------------------------------------------------------ what it sees


def test_nothing_changes_by_itself() -> None:
    model, scales, array = MLP(2, [3, 1], rng=0), {"a": [1.0, (2.0, {3.0})]}, np.array([1.0, 2.0])

    def f(x: Value, y: float = 1.0, *, z: Any = None) -> Any:
        return partial(model, scales, array, x, y, z, len, np.exp)

    around = Surroundings(f)
    assert around.unchanged()
    for p in model.parameters():
        p.data, p.grad, p.label = 5.0, 5.0, "p"
    assert around.unchanged()
    assert Surroundings(f).unchanged()


def test_an_array_is_compared_by_its_content() -> None:
    array = np.array([1.0, 2.0])
    around = Surroundings(lambda: array)
    array[1] = 3.0
    assert not around.unchanged()
    array[1] = 2.0
    assert around.unchanged()


def test_a_change_that_is_taken_back_is_none() -> None:
    scales = [1.0]
    around = Surroundings(lambda: scales)
    scales.append(2.0)
    assert not around.unchanged()
    scales.pop()
    assert around.unchanged()


def test_an_array_where_there_was_another_is_a_change() -> None:
    for other in (np.array([1.0, 3.0]), np.zeros(3), None):
        scales = [np.array([1.0, 2.0])]
        around = Surroundings(lambda scales=scales: scales)
        scales[0] = other
        assert not around.unchanged()


def test_things_may_hold_each_other() -> None:
    first: list[Any] = [1.0]
    second = {"first": first}
    first.append(second)
    around = Surroundings(lambda: first)
    second["more"] = 1.0
    assert not around.unchanged()


def test_a_variable_that_comes_later_is_a_change() -> None:
    def maker() -> Any:
        def f() -> Any:
            return later

        around = Surroundings(f)
        assert around.unchanged()
        later = 2.0
        return f, around

    f, around = maker()
    assert f() == 2.0
    assert not around.unchanged()


def test_models_are_followed_whatever_the_code_names() -> None:
    model = MLP(2, [3, 1], rng=0)
    around = Surroundings(model)
    model.layers[1].neurons[0].activation = "tanh"
    assert not around.unchanged()
    around = Surroundings(model)
    model.layers[0].neurons.pop()
    assert not around.unchanged()
    around = Surroundings(model)
    model.layers[0].neurons[0].bias = Value(0.0)
    assert not around.unchanged()


def test_functions_of_any_kind_are_seen_through() -> None:
    scales = [1.0]

    class Model:
        def method(self) -> Any:
            return scales

        @classmethod
        def of_class(cls) -> Any:
            return scales

        def __call__(self) -> Any:
            return scales

    def inner() -> Any:
        return lambda: scales

    for fn in (
        Model().method,
        Model.of_class,
        Model(),
        inner,
        partial(inner),
        partial(len, scales),
        partial(len, obj=scales),
    ):
        around = Surroundings(fn)
        assert around.unchanged()
        scales.append(1.0)
        assert not around.unchanged(), fn


def test_the_names_of_a_functions_code_include_those_of_functions_inside() -> None:
    def f() -> Any:
        def g() -> Any:
            return [np.exp for _ in range(3)]

        return len, g, "text"

    names, texts = names_in(f.__code__)
    assert {"len", "np", "exp", "range"} <= names
    assert "text" in texts
