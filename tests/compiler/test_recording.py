"""What vectorize notes of a function, and what it refuses: a question whose answer would be frozen for all samples."""

from __future__ import annotations

import copy
import math
import operator
import pickle
import re
import statistics
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from micrograd_numpy import (
    MLP,
    Module,
    Value,
    check_gradients,
    detect_anomaly,
    hinge_loss,
    mse_loss,
    ops,
    topological_sort,
    value,
    vectorize,
)
from micrograd_numpy.compiler.recording import Recorder, current, recorded
from micrograd_numpy.guards import targets
from micrograd_numpy.value import apply, dot, mean
from tests.compiler.eager import close, eager, grads

REPLACED = ("__init__", "__repr__", "__eq__", "__hash__", "data", "grad", "_local")


def replaced() -> dict[str, Any]:
    """The functions that `recorded` replaces."""
    look_up = {"Module.__getattribute__": vars(Module).get("__getattribute__")}
    return {"node": value.node, "check": targets.check, **look_up, **{name: vars(Value).get(name) for name in REPLACED}}


def plain_engine() -> dict[str, Any]:
    """All that can be replaced while a function runs."""
    found = {**vars(Value), **{f"Module.{name}": thing for name, thing in vars(Module).items()}, **vars(value)}
    return {name: thing for name, thing in found.items() if name != "__slotnames__"}  # what copyreg notes


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
    assert (made[0]._prev, made[0]._op, made[0]._rule) == ((a, b), "*", ops.mul)


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
        targets.check(a, never, complaint)
    assert recorder.checks == [(a, never, complaint)]
    with pytest.raises(ValueError, match=r"^no: 2\.0$"):
        targets.check(a, never, complaint)


def test_nothing_is_noted_outside() -> None:
    a = Value(2.0)
    with recorded() as recorder:
        pass
    a * Value(3.0)
    assert recorder == Recorder(set())
    assert recorder.refusal is None and current.get() is None


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_the_engine_is_left_as_it_was(error: type[BaseException] | None) -> None:
    before = replaced()
    try:
        with recorded():
            inside = replaced()
            if error:
                raise error
    except (ValueError, KeyboardInterrupt) as raised:
        assert type(raised) is error  # noqa: PT017  # that there may be none is the point
    assert replaced() == before
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


def test_another_thread_is_not_noted_and_may_ask() -> None:
    a, told = Value(2.0), []

    def work() -> None:
        v = Value(3.0)
        (v * v).backward()
        v.data += 1.0
        told.extend([v.grad, v.data, float(v), bool(v), v > a, current.get()])
        assert v == v and v in [1.0, v] and repr(v) == "Value(data=4.0, grad=6.0)"  # noqa: PLR0124  # as ever
        assert repr(MLP(1, [1]))
        with pytest.raises(ValueError, match="no"):
            targets.check(v, lambda _: False, lambda _: ValueError("no"))

    with recorded() as recorder:
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    assert told == [6.0, 4.0, 4.0, True, True, None]
    assert (recorder.made, recorder.constants, recorder.checks, recorder.reads) == ([], [], [], {})


def test_who_looks_on_sees_nothing_of_a_recording_and_then_goes_on() -> None:
    assert check_gradients(lambda a: a * vectorize(lambda x: x * 2.0).forward([1.0])[0], 3.0)
    with detect_anomaly():
        with recorded():
            Value(0.0).log()
        with pytest.raises(FloatingPointError):
            Value(0.0).log()


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


# ------------------------------------------------------------------ refused

W0 = Value(2.0)


def test_a_question_in_another_thread_is_refused() -> None:
    def sign(x: Value) -> Value:
        with ThreadPoolExecutor(1) as pool:
            return x * next(pool.map(lambda v: 1.0 if v > 0 else -1.0, [x]))

    with pytest.raises(TypeError, match="compares a Value by >"):
        vectorize(sign)([2.0, -3.0])


def test_a_number_that_another_thread_sets_is_refused() -> None:
    def zero(x: Value) -> None:
        x.data = 0.0

    def zeroed(x: Value) -> Value:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(zero, x).result()
        return x * 2.0

    with pytest.raises(TypeError, match="sets the data of a Value"):
        vectorize(zeroed)([2.0, -3.0])


def test_a_parameter_is_found_in_a_dict_that_was_there_before() -> None:
    factor = {W0: 3.0}
    assert vectorize(lambda x: x * W0 * factor[W0])([1.0, 2.0]).data == 9.0  # the mean of 6 and 12


EQUAL, LOOK = "compares a Value by ==", "looks a Value up in a dict or a set"


def matched(x: Value) -> Value:
    match x:  # "case 1"
        case 1:
            return x
    return -x


def matched_by_class(x: Value) -> Value:
    match x:
        case Value(data=1.0):  # "case Value"
            return x
    return -x


REFUSED: dict[str, tuple[Callable[[Value], Any], str]] = {
    "v or w": (lambda x: x or -x, "asks whether a Value is true"),
    "not v": (lambda x: x * (not x), "asks whether a Value is true"),
    "if v > 0": (lambda x: x if x > 0 else -x, "compares a Value by >"),
    "min": (lambda x: min(x, W0), "compares a Value by <"),
    "v < w": (lambda x: x if x < W0 else -x, "compares a Value by <"),
    "w >= 1": (lambda x: x if W0 >= 1 else -x, "compares a Value by >="),
    "w <= 1": (lambda x: x if W0 <= 1 else -x, "compares a Value by <="),
    "max": (lambda x: max(x, W0), "compares a Value by >"),
    "float(v)": (lambda x: x * float(x), "turns a Value into a float"),
    "float(w)": (lambda x: x * float(W0), "turns a Value into a float"),
    "math.sin(v)": (lambda x: x * math.sin(x), "turns a Value into a float"),
    "np.array(v, float)": (lambda x: x * np.array([x], float)[0], "turns a Value into a float"),
    "v.data": (lambda x: x * x.data, "asks for the data of a Value"),
    "w.data": (lambda x: x * W0.data, "asks for the data of a Value"),
    "(v * w).data": (lambda x: x * (x * W0).data, "asks for the data of a Value"),
    "w.data = 1": (lambda x: setattr(W0, "data", 1.0) or x, "sets the data of a Value"),
    "w.grad": (lambda x: x * W0.grad, "asks for the grad of a Value"),
    "w.grad = 0": (lambda x: setattr(W0, "grad", 0.0) or x, "sets the grad of a Value"),
    "backward()": (lambda x: (x * W0).backward(), "calls backward()"),
    "v == 1": (lambda x: x if x == 1 else -x, EQUAL),
    "1 == v": (lambda x: x if 1 == x else -x, EQUAL),  # noqa: SIM300  # the other way round is the point
    "v != 1": (lambda x: x if x != 1 else -x, EQUAL),
    "v == w": (lambda x: x if x == W0 else -x, EQUAL),
    "(v * w) == 1": (lambda x: x if x * W0 == 1 else -x, EQUAL),
    "v in a list": (lambda x: x if x in [1, -1] else -x, EQUAL),
    "list.count(v)": (lambda x: [1, -1].count(x) * x, EQUAL),
    "list.index(v)": (lambda x: [1, -1].index(x) * x, EQUAL),
    "operator.eq": (lambda x: x if operator.eq(x, 1) else -x, EQUAL),
    "v in a set": (lambda x: x if x in {1, -1} else -x, LOOK),
    "dict.get(v)": (lambda x: {1: 2.0}.get(x, 3.0) * x, LOOK),
    "hash(v)": (lambda x: hash(x) * x, LOOK),
    "Counter": (lambda x: Counter([x, 1.0])[1.0] * x, LOOK),
    "statistics.mode": (lambda x: statistics.mode([x, 1.0]) * x, LOOK),
    "lru_cache": (lambda x: lru_cache(W0.__class__.relu)(x), LOOK),  # noqa: PLW0108  # the line is the point
    "repr(v)": (lambda x: len(repr(x)) * x, "turns a Value into text"),
    "str(v)": (lambda x: len(str(x)) * x, "turns a Value into text"),
    "f-string": (lambda x: len(f"{x}") * x, "turns a Value into text"),
    "f-string with a format": (lambda x: len(f"{x:.2f}") * x, "turns a Value into text"),
    "str(w)": (lambda x: len(str(W0)) * x, "turns a Value into text"),
    "str([v])": (lambda x: len(str([x])) * x, "turns a Value into text"),
    "'%s' % v": (lambda x: len("%s" % x) * x, "turns a Value into text"),  # noqa: UP031  # one of the ways
    "v._local": (lambda x: (x * W0)._local[1] * x, "asks for the _local of a Value"),
    "getattr": (lambda x: getattr(x, "data") * x, "asks for the data of a Value"),  # noqa: B009  # likewise
    "attrgetter": (lambda x: operator.attrgetter("data")(x) * x, "asks for the data of a Value"),
    "pickle": (lambda x: pickle.loads(pickle.dumps(x)), "copies or pickles a Value"),
    "sorted": (lambda x: sorted([W0, x])[1], "compares a Value by <"),
    "np.sort": (lambda x: np.sort(np.array([W0, x]))[0], "compares a Value by <"),
    "np.unique": (lambda x: np.unique(np.array([W0, x]))[0], "compares a Value by <"),
    "np.argmax": (lambda x: np.argmax(np.array([W0, x])) * x, "compares a Value by >"),
    "np.array_equal": (lambda x: np.array_equal([x], [1.0]) * x, EQUAL),
    "topological_sort": (lambda x: topological_sort(x * W0)[-1].data * x, "asks for the data of a Value"),
    "case 1": (matched, EQUAL),
    "case Value": (matched_by_class, "asks for the data of a Value"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_freeze_one_samples_answer_is_refused_and_the_line_named(name: str) -> None:
    fn, what = REFUSED[name]
    before = plain_engine()
    for _ in range(2):
        with pytest.raises(TypeError) as error:
            vectorize(fn)([0.5, -0.5])
        line = f'"{name}"'
        assert re.match(rf"line \d+ of '{re.escape(fn.__name__)}' \(.*\) [a-z]", str(error.value))
        assert line in str(error.value) or fn.__name__ != "<lambda>"
        assert f" {what}, but a vectorized function runs once" in str(error.value)
    assert plain_engine() == before
    assert (W0.data, W0.grad) == (2.0, 0.0)


@pytest.mark.parametrize("fn", [lambda x: copy.copy(x) * W0, lambda x: copy.deepcopy([W0])[0] * x])
def test_copies_which_would_be_frozen_are_refused(fn: Callable[[Value], Value]) -> None:
    with pytest.raises(TypeError, match="copies or pickles a Value, but a vectorized function runs once"):
        vectorize(fn)([0.5, -0.5])


def test_the_line_is_the_users_also_inside_of_helpers() -> None:
    def helper(x: Value) -> float:
        return float(x)

    with pytest.raises(TypeError, match=r"^line \d+ of 'helper' \(return float\(x\)\) turns a Value into a float, but"):
        vectorize(lambda x: x * helper(x))([1.0])


def test_what_asks_for_no_number_is_allowed() -> None:
    """Labels, `is`, parameters by name, and parameters as keys: they are Values in the eager engine, too."""
    model = MLP(1, [1], rng=0)
    tied = {W0: 3.0}

    def f(x: Value) -> Value:
        x.label = "x"
        assert x is not None and not x._prev and isinstance(x, Value)
        assert W0 in tied and W0 in [2.0, W0] and W0 != 2.0
        assert len(set(model.parameters())) == 2 and len(topological_sort(x * W0)) == 3
        return model([x]) * len(list(model.named_parameters())) * tied[W0]

    assert close(vectorize(f)([1.0]).data, 6.0 * model([1.0]).data)


def test_the_engines_own_messages_are_not_masked() -> None:
    for fn, message in {
        lambda x: Value([x]): r"a Value holds one real number, but got list: \[a recorded Value\]; ",
        lambda x: mse_loss([[x]], [1.0]): r"mse_loss compares number with number, but predictions\[0\] is list: ",
    }.items():
        with pytest.raises(TypeError, match=f"^{message}"):
            vectorize(fn)([1.0])


def test_an_exception_inside_leaves_the_engine_as_it_was() -> None:
    before = plain_engine()
    for error in (ZeroDivisionError, KeyboardInterrupt, SystemExit):

        def f(x: Value, error: type[BaseException] = error) -> Value:
            raise error

        with pytest.raises(error):
            vectorize(f)([1.0])
        assert plain_engine() == before
    with pytest.raises(ValueError, match="computed outside"):
        vectorize(lambda x, y=W0 * 2: x * y)([1.0])
    assert plain_engine() == before
    assert float(W0) == W0.data == 2.0


def test_after_a_refusal_the_function_can_be_called_again() -> None:
    strict = [True]
    vectorized = vectorize(lambda x: x.relu() if strict[0] is False else max(x, W0))
    with pytest.raises(TypeError, match="compares a Value by >"):
        vectorized([1.0])
    strict[0] = False
    assert vectorized([3.0]).data == 3.0


def test_another_thread_may_work_with_values_meanwhile() -> None:
    watching, inside, done = threading.Event(), threading.Event(), threading.Event()
    answers: list[Any] = []

    def f(x: Value) -> Value:
        inside.set()
        assert done.wait(10)
        return W0 * x - 1

    @detect_anomaly()
    def work() -> None:
        try:
            watching.set()
            assert inside.wait(10)
            v = Value(3.0)
            out = (v * v - 1).relu()
            out.backward()
            v.data += 1.0
            answers.extend([out.data, v.grad, v.data, float(v), bool(v), v > 3, v >= 5, v < 3, v <= 4])
            answers.append(hinge_loss(v, 1).data)
            with suppress(ValueError):
                hinge_loss(v, 0)
                answers.append("no check")
            with suppress(FloatingPointError):
                answers.append(Value(0.0).log())
        finally:
            done.set()

    worker = threading.Thread(target=work)
    before = plain_engine()
    worker.start()
    assert watching.wait(10)
    vectorized = vectorize(f)
    batch = vectorized([1.0, 2.0])
    worker.join()
    batch.backward()
    assert answers == [8.0, 6.0, 4.0, 4.0, True, True, False, False, True, 0.0]
    assert (batch.data, grads([W0])) == (2.0, [1.5])
    assert "record   2 operations on one sample, with 1 parameters" in vectorized.explain()
    assert plain_engine() == before


def test_two_threads_may_compile_at_the_same_time() -> None:
    before = plain_engine()
    answers: dict[int, Any] = {}
    start = threading.Barrier(4)

    def work(i: int) -> None:
        w = Value(float(i))

        def f(x: Value) -> Value:
            for _ in range(50):
                x = (1 - x * w).tanh()
            return x

        start.wait()
        for _ in range(5):
            batch = vectorize(f)([0.5, 1.0])
            batch.backward()
            with suppress(TypeError):
                vectorize(lambda x: max(x, w))([1.0])
                answers[-1] = "nobody refused"
        expected = [row[0].data for row in eager(f, [0.5, 1.0])]
        answers[i] = close(batch.data, np.mean(expected)) and math.isfinite(w.grad)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert answers == {0: True, 1: True, 2: True, 3: True}
    assert plain_engine() == before
