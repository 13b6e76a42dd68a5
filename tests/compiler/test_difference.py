"""What changes around a function is noticed when it is recorded again, and said."""

from __future__ import annotations

import math
import re
import warnings
from collections import deque
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from micrograd_numpy import Value, hinge_loss, numpy_rule, vectorize
from micrograd_numpy.compiler.difference import called
from micrograd_numpy.value import apply
from tests.compiler.eager import as_list, close, eager

W0, TWIN = Value(2.0), Value(2.0)


class Scale:
    """What scales, by an attribute."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, x: Value) -> Value:
        return self.scale * x


AROUND: dict[str, Any] = {"np": np, "deque": deque, "partial": partial, "ModuleType": ModuleType, "Value": Value}
AROUND["Scale"] = Scale
# What stands around a function that doubles, the function, and what makes it do something else.
CHANGES = {
    "a global": ("scale = 2.0", "lambda x: scale * x", "scale = 5.0"),
    "a global that another function uses": (
        "scale = 2.0\ndef scaled(x): return scale * x",
        "lambda x: scaled(x)",
        "scale = 5.0",
    ),
    "a function": ("def scaled(x): return 2.0 * x", "lambda x: scaled(x)", "def scaled(x): return 5.0 * x"),
    "the code of a function": ("def f(x): return 2.0 * x", "f", "f.__code__ = (lambda x: 5.0 * x).__code__"),
    "a deleted global": ("scale = 2.0", "lambda x: (scale if 'scale' in globals() else 5.0) * x", "del scale"),
    "a variable of the function around": (
        "def make(scale): return lambda x: scale * x\nf = make(2.0)",
        "f",
        "f.__closure__[0].cell_contents = 5.0",
    ),
    "an element of a list": ("scales = [2.0]", "lambda x: scales[0] * x", "scales[0] = 5.0"),
    "an element more": ("scales = [2.0]", "lambda x: sum(scale * x for scale in scales)", "scales.append(3.0)"),
    "deep inside": ("table = {'scales': [2.0]}", "lambda x: table['scales'][0] * x", "table['scales'][0] = 5.0"),
    "a set": ("scales = {2.0}", "lambda x: sum(scale * x for scale in scales)", "scales.add(3.0)"),
    "in a tuple": ("scales = ([2.0],)", "lambda x: scales[0][0] * x", "scales[0][0] = 5.0"),
    "an element of a deque": ("scales = deque([2.0])", "lambda x: scales[0] * x", "scales.appendleft(5.0)"),
    "the content of an array": ("scales = np.array([2.0, 1.0])", "lambda x: scales[0] * x", "scales[0] = 5.0"),
    "an array in a list": ("a = [np.array([2.0, 1.0])]", "lambda x: a[0][0] * x", "a[0] = np.array([5.0, 1.0])"),
    "a parameter that is another Value": ("w = [Value(2.0)]", "lambda x: w[0] * x", "w[0] = Value(5.0)"),
    "an attribute": ("s = Scale(2.0)", "lambda x: s.scale * x", "s.scale = 5.0"),
    "an attribute of a callable": ("s = Scale(2.0)", "s", "s.scale = 5.0"),
    "an attribute of a method's object": ("s = Scale(2.0)", "s.__call__", "s.scale = 5.0"),
    "an attribute of a partial's argument": (
        "s = Scale(2.0)",
        "partial(lambda s, x, t: s.scale * x * t.scale, s, t=Scale(1.0))",
        "s.scale = 5.0",
    ),
    "an attribute of a keyword argument": ("s = Scale(2.0)", "partial(lambda x, s: s.scale * x, s=s)", "s.scale = 5.0"),
    "a default": ("def f(x, scales=[2.0]): return scales[0] * x", "f", "f.__defaults__[0][0] = 5.0"),
    "a keyword default": ("def f(x, *, s=Scale(2.0)): return s.scale * x", "f", "f.__kwdefaults__['s'].scale = 5.0"),
    "an attribute of a class": ("class S: scale = 2.0", "lambda x: S.scale * x", "S.scale = 5.0"),
    "an attribute that an object has from its class": (
        "class S: scale = 2.0\ns = S()",
        "lambda x: s.scale * x",
        "S.scale = 5.0",
    ),
    "an attribute that hides the base class's": (
        "class Base: scale = 2.0\nclass S(Base): pass\ns = S()",
        "lambda x: s.scale * x",
        "S.scale = 5.0",
    ),
    "an attribute that was not there": (
        "class S: pass\ns = S()",
        "lambda x: getattr(s, 'scale', 2.0) * x",
        "s.scale = 5.0",
    ),
    "an attribute without a dict": (
        "class S: __slots__ = ('scale',)\ns = S(); s.scale = 2.0",
        "lambda x: s.scale * x",
        "s.scale = 5.0",
    ),
    "an attribute of a module of one's own": (
        "s = ModuleType('settings'); s.__file__ = 'settings.py'; s.scale = 2.0",
        "lambda x: s.scale * x",
        "s.scale = 5.0",
    ),
    "an attribute of a function": ("def f(x): return f.scale * x\nf.scale = 2.0", "f", "f.scale = 5.0"),
    "an attribute of a list": (
        "class Scales(list): pass\ns = Scales(); s.scale = 2.0",
        "lambda x: s.scale * x",
        "s.scale = 5.0",
    ),
    "a method": (
        "class S:\n def run(self, x): return 2.0 * x\ns = S()",
        "lambda x: s.run(x)",
        "S.run = lambda self, x: 5.0 * x",
    ),
    "a global that a static method uses": (
        "scale = 2.0\nclass S:\n @staticmethod\n def run(x): return scale * x\ns = S()",
        "lambda x: s.run(x)",
        "scale = 5.0",
    ),
    "a global that a class method uses": (
        "scale = 2.0\nclass S:\n @classmethod\n def run(cls, x): return scale * x",
        "S.run",
        "scale = 5.0",
    ),
    "a global that a property uses": (
        "factor = 2.0\nclass S:\n @property\n def scale(self): return factor\ns = S()",
        "lambda x: s.scale * x",
        "factor = 5.0",
    ),
    "an operator": (
        "class S:\n scale = 2.0\n def __matmul__(self, x): return self.scale * x\ns = S()",
        "lambda x: s @ x",
        "S.scale = 5.0",
    ),
}


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_around_the_function_is_noticed_at_the_next_check_and_said(name: str) -> None:
    setup, function, change = CHANGES[name]
    around = dict(AROUND)
    exec(setup, around)
    fn = eval(function, around)
    vectorized = vectorize(fn)
    assert [vectorized([1.0]).data for _ in range(2)] == [2.0, 2.0]
    exec(change, around)
    assert vectorized([1.0]).data == 2.0  # call 3: frozen
    with pytest.warns(
        RuntimeWarning, match="has changed: .* compiled anew for this call; 1 call before it may have missed the change"
    ):
        fourth = vectorized([1.0])
    assert close(fourth.data, eager(fn, [1.0])[0][0].data)
    assert fourth.data != 2.0
    assert all(vectorized([1.0]).data == fourth.data for _ in range(12))


def labelled(x: Value, y: Value, label: Value) -> Value:
    """y, after a loss that asks no more than whether the label is one."""
    hinge_loss([x], [label])
    return y


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (lambda x: x * 2.0, lambda x: x * 3.0, "a constant was 2.0 and is 3.0"),
        (lambda x: x + 1, lambda x: x * 1, "operation 1 was 'add' and is 'mul'"),
        (lambda x: (x * x).exp(), lambda x: [x * x, x.exp()][1], "operation 1 was 'mul' and is 'exp'"),
        (lambda x: x**2, lambda x: x**3, "operation 1 was '**2' and is '**3'"),
        (lambda x: x * W0, lambda x: W0 * x, "operation 1, 'mul', has other inputs"),
        (lambda x: x * x, lambda x: x * 2.0, "operation 1, 'mul', has other inputs"),
        (lambda x: x * W0, lambda x: x * TWIN, "it uses other Values as parameters"),
        (lambda x: x.exp(), lambda x: x.exp() + 1, "operation 2 was the return and is 'add'"),
        (lambda x: x * 2, lambda x: [x * 2, hinge_loss([x], [x])][0], "operation 3 was nothing and is 'is_sign'"),
        (
            lambda x: labelled(x, x * 1, x),
            lambda x: labelled(x, y := x * 1, y),
            "operation 3, 'is_sign', has other inputs",
        ),
        (lambda x: labelled(x, x, Value(1)), lambda x: labelled(x, x, Value(-1)), "a constant was 1.0 and is -1.0"),
        (lambda x: [x * 2, x.exp()], lambda x: [x * 2, x.exp()][::-1], "operation 3, the return, has other inputs"),
    ],
)
def test_a_warning_says_what_is_different(before, now, words: str) -> None:
    fns = iter([before, now])
    vectorized = vectorize(lambda x: next(fns)(x), reduction="none")  # noqa: PLW0108  # another one each time
    vectorized([1.0])
    with pytest.warns(RuntimeWarning, match=re.escape(f"has changed: {words}. It is compiled anew for this call. ")):
        vectorized([1.0])


def test_a_rule_without_a_name_is_called_a_rule() -> None:
    assert called(partial(max)) == "'rule'"


def test_forget_makes_it_record_at_once() -> None:
    scales = [2.0]
    vectorized = vectorize(lambda x: sum(scales[0] * v for v in as_list(x)))
    assert (vectorized([1.0]).data, vectorized([[1.0, 1.0]]).data) == (2.0, 4.0)
    scales[0] = 5.0
    vectorized.forget()
    assert (vectorized([1.0]).data, vectorized([[1.0, 1.0]]).data) == (5.0, 10.0)


def test_the_function_runs_at_calls_1_2_4_8_and_so_on() -> None:
    seen: list[int] = []
    vectorized = vectorize(lambda x: [seen.append(call), 2 * x][1])
    for call in range(1, 40):  # the function reads it
        vectorized(np.ones(call))
    assert seen == [1, 2, 4, 8, 16, 32]


def test_random_numbers_inside_draw_a_warning_at_each_check() -> None:
    rng = np.random.default_rng(0)
    vectorized, warned = vectorize(lambda x: rng.normal() * x), []
    for call in range(1, 20):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            vectorized([1.0])
        warned += [call] * len(caught)
    assert warned == [2, 4, 8, 16]


@pytest.mark.parametrize("samples", [1, 100])
def test_a_rule_that_sees_something_else_is_noticed(samples: int) -> None:
    factor = [2.0]

    def scaled(a: float) -> tuple[float, tuple[float]]:
        return a * factor[0], (factor[0],)

    vectorized = vectorize(lambda x: apply(scaled, x))
    vectorized(np.ones(samples))
    factor[0] = 7.0
    with pytest.warns(RuntimeWarning, match="operation 1, 'scaled', has another rule. It is compiled anew"):
        assert vectorized(np.ones(samples)).data == pytest.approx(7.0)


def test_rules_that_are_made_anew_and_do_the_same_are_the_same() -> None:
    vectorized = vectorize(lambda x: apply(lambda a: (3.0 * a, (3.0,)), x))
    for _ in range(9):
        assert vectorized([1.0]).data == 3.0


def test_a_rule_that_does_not_tell_is_itself() -> None:
    def made(a: float) -> tuple[float, tuple[float]]:
        return math.fsum([a]), (1.0,)

    numpy_rule(made)(lambda a: (a, (1.0,)))
    vectorized = vectorize(lambda x: apply(made, x))
    for _ in range(5):
        assert vectorized([1.0]).data == 1.0
