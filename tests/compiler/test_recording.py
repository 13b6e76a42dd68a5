"""What vectorize notes of a function: what it does to Values, and which Modules it looks into."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from micrograd_numpy import MLP, Value, ops, value
from micrograd_numpy.compiler.recording import current, recorded
from micrograd_numpy.mlp import Module
from micrograd_numpy.value import apply, dot, mean

REPLACED = ("__init__", "__repr__", "__eq__", "__hash__", "data", "grad", "_local")


def plain_engine() -> dict[str, Any]:
    """The functions that `recorded` replaces."""
    look_up = {"Module.__getattribute__": vars(Module).get("__getattribute__")}
    return {"node": value.node, "check": value.check, **look_up, **{name: vars(Value).get(name) for name in REPLACED}}


def test_operations_are_noted_in_order_with_their_rules() -> None:
    a, b = Value(2.0), Value(3.0)
    with recorded() as recorder:
        c = a * b
        d = (c - a).tanh()
        e = dot([a, b], [c, d]) / mean([a, b])
        f = apply(ops.exp, e) + -a
    rules = [ops.mul, ops.sub, ops.tanh, ops.dot, ops.mean, ops.div, ops.exp, ops.neg, ops.add]
    made, found = zip(*recorder.made)
    assert list(found) == rules
    assert (made[0], made[2], made[5], made[-1]) == (c, d, e, f)
    assert made[0]._prev == (a, b)


def test_a_power_is_noted_with_its_exponent() -> None:
    a = Value(2.0)
    with recorded() as recorder:
        (a**3, a**a, 2**a)
    cube, of_two, again = (rule for _, rule in recorder.made)
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
    assert (recorder.made, recorder.constants, recorder.checks) == ([], [], [])
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


def test_what_depends_on_an_argument_is_equal_to_nothing() -> None:
    x, w = Value(1.0), Value(2.0)
    with recorded([x]) as recorder:
        y = w * x
        assert w == w and w in [2.0, w] and w * w != w  # noqa: PLR0124  # as outside
        for v in (x, y, y + 1):
            for ask in (lambda v=v: v == 1.0, lambda v=v: w == v, lambda v=v: hash(v), lambda v=v: v in (1.0, w)):
                with pytest.raises(TypeError, match="a vectorized function runs once"):
                    ask()
    assert x == x and hash(x) == hash(x) and recorder.wide >= {id(x), id(y)}  # noqa: PLR0124  # likewise


def test_the_modules_that_it_looks_into_are_noted_with_what_it_asks_them_for() -> None:
    model, other = MLP(1, [1], rng=0), MLP(1, [1], rng=1)
    with recorded() as recorder:
        model([1.0])
    asked = dict(recorder.reads.values())
    neuron = model.layers[0].neurons[0]
    assert set(asked) == {model, model.layers[0], neuron} and other not in asked
    assert {"weights", "bias", "activation"} <= asked[neuron]


def test_a_method_that_somebody_adds_tells_nothing(monkeypatch) -> None:
    monkeypatch.setattr(Value, "telling", lambda self: self.data, raising=False)
    with recorded(), pytest.raises(TypeError, match="asks for the data of a Value"):
        Value(2.0).telling()


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
        ("a._local", "asks for the _local of a Value"),
        ("[v.data for v in [a]]", "asks for the data of a Value"),
        ("repr(a)", "turns a Value into text"),
        ("str([a])", "turns a Value into text"),
        ("f'{a}'", "turns a Value into text"),
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
        assert v == v and v in [1.0, v] and repr(MLP(1, [1]))  # noqa: PLR0124  # as ever
        with pytest.raises(ValueError, match="no"):
            value.check(v, lambda _: False, lambda _: ValueError("no"))

    with recorded() as recorder:
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    assert told == [6.0, 4.0, 4.0, True, True, None]
    assert (recorder.made, recorder.constants, recorder.checks, recorder.reads) == ([], [], [], {})


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
    assert [rule for _, rule in inner.made] == [ops.tanh]
    assert [rule for _, rule in outer.made if rule is not ops.tanh] == [ops.exp, ops.relu]
    assert plain_engine() == before
