"""A rule run on symbols tells what it does, or that it cannot be followed."""

from __future__ import annotations

import math
import random
import re
from dataclasses import FrozenInstanceError
from functools import partial, reduce

import numpy as np
import pytest

from micrograd_numpy import losses, ops
from micrograd_numpy.compiler.symbols import FollowError, Symbol, follow, is_ours, reached
from tests.tables.edges import TELLING


def told(rule: ops.Rule, inputs: int = 1) -> tuple[str, ...]:
    followed = follow(rule, inputs)
    return tuple(map(repr, (followed.result, *followed.slopes)))


def test_a_rule_tells_its_arithmetic() -> None:
    assert told(ops.mul, 2) == ("(x0 * x1)", "x1", "x0")
    assert told(ops.div, 2) == ("(x0 / x1)", "(1.0 / x1)", "neg(((x0 / x1) / x1))")
    assert told(ops.tanh) == ("tanh(x0)", "(1.0 - (tanh(x0) * tanh(x0)))")


def test_what_is_the_same_for_every_float_is_made_simple() -> None:
    assert told(ops.power(2.0)) == ("(x0 * x0)", "(2.0 * x0)")
    assert told(ops.power(1.0)) == ("x0", "1.0")
    assert told(ops.power(0.0)) == ("1.0", "0.0")
    assert told(ops.power(-1.0)) == ("(x0 ** -1.0)", "neg((x0 ** -2.0))")
    assert told(lambda a: (a * 1 + 0.0, (-1 * (a / 1),))) == ("(x0 + 0.0)", "neg(x0)")  # −0 + 0 is 0: that stays


def test_an_if_is_gone_through_both_ways() -> None:
    assert told(ops.abs) == ("abs(x0)", "where((x0 > 0.0), 1.0, where((x0 < 0.0), -1.0, 0.0))")
    assert told(lambda a: (a, (1.0,)) if a else (2, (0,)))[0] == "where((x0 != 0.0), x0, 2.0)"
    assert told(lambda a: (min(a, 3.0), (1.0,)))[0] == "where((x0 > 3.0), 3.0, x0)"


def test_a_relu_is_the_larger_of_two_and_its_slope_follows_from_that() -> None:
    assert told(ops.relu) == ("max(x0, 0.0)", "where((max(x0, 0.0) == 0.0), 0.0, 1.0)")


def test_a_question_is_about_the_one_operand_that_it_changes() -> None:
    def leaky(a):
        return 2.0 + a * (a if a > 1.0 else 3.0), (1.0,)

    assert told(leaky)[0] == "(2.0 + (x0 * where((x0 > 1.0), x0, 3.0)))"
    assert told(lambda a: (losses.softplus(a), (1.0,)))[0] == "(where((x0 < 0.0), 0.0, x0) + log1p(exp(neg(abs(x0)))))"


def test_one_question_twice_is_one() -> None:
    def twice(a):
        x = a if a > 0.0 else -1.0
        return (x if a > 0.0 else 5.0), (1.0,)

    assert told(twice)[0] == "where((x0 > 0.0), x0, 5.0)"


def test_two_ifs_of_the_same_ends_become_one_if_they_ask_the_same() -> None:
    def same_question(a, b):
        return (3.0 if b > 1.0 else a * 2.0) if a > 0.0 else (4.0 if b > 1.0 else a * 2.0), (1.0, 1.0)

    def same_answers(a, b):
        return (3.0 if (b > 1.0 if a > 0.0 else b > 2.0) else 4.0), (1.0, 1.0)

    assert told(same_question, 2)[0] == "where((x1 > 1.0), where((x0 > 0.0), 3.0, 4.0), (x0 * 2.0))"
    either = "where((x1 > 1.0), 3.0, 4.0), where((x1 > 2.0), 3.0, 4.0)"
    assert told(same_answers, 2)[0] == f"where((x0 > 0.0), {either})"


def test_numpys_functions_are_followed() -> None:
    def wave(a):
        return np.sin(a) * np.float64(2.0), (2.0 * np.cos(a),)

    assert told(wave) == ("(sin(x0) * 2.0)", "(2.0 * cos(x0))")
    names = "exp expm1 exp2 log log1p log2 log10 sqrt cbrt sin cos tan sinh cosh tanh"
    for name in f"{names} arcsin arccos arctan arcsinh arccosh arctanh".split():
        assert told(lambda a, name=name: (getattr(np, name)(a), (0.0,)))[0] == f"{name}(x0)"


@pytest.mark.parametrize("question", ["x0 < 2.0", "x0 <= 2.0", "x0 > 2.0", "x0 >= 2.0", "x0 == 2.0", "x0 != 2.0"])
def test_each_comparison_is_a_question(question: str) -> None:
    assert told(eval(f"lambda x0: (1 if {question} else 3, (0,))"))[0] == f"where(({question}), 1.0, 3.0)"


def test_a_rule_is_plain_data_for_the_page() -> None:
    steps = [["*", 0, [0.5]], ["+", 1, 2], ["exp", 0]]
    followed = follow(lambda a, b: (b + a * 0.5, (np.exp(a), 1.0)), 2)
    assert followed.steps() == {"steps": steps, "result": 3, "slopes": [4, [1.0]]}


@pytest.mark.parametrize(
    ("rule", "result_alone"),
    [
        (ops.exp, True),
        (ops.relu, True),
        (ops.tanh, True),
        (ops.sigmoid, True),
        (ops.log, False),
        (ops.abs, False),
        (ops.power(3.0), False),
        (lambda a: (a * a, (1.0,)), False),  # read twice
        (lambda a: (1.0 / a, (2.0,)), True),
    ],
)
def test_a_result_may_take_the_inputs_place_if_no_slope_and_no_later_step_reads_that(rule, result_alone) -> None:
    assert follow(rule, 1).in_place == result_alone


def test_with_two_inputs_nothing_is_overwritten() -> None:
    assert not follow(ops.add, 2).in_place


def swallowing(a):
    try:
        return math.sin(a), (math.cos(a),)
    except TypeError:
        return a, (1.0,)


def type_asking(a):
    return (a, (1.0,)) if isinstance(a, float) else (2 * a, (2.0,))


def long(steps):
    return lambda a: (reduce(lambda v, _: v * 1.5, range(steps), a), (1.0,))


def forking(questions):
    return lambda a: (next((float(i) for i in range(questions) if a > i), a), (0.0,))


NO_NUMBER = "on symbols it raises TypeError: float() argument must be a string or a real number, not 'tuple'"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda a: (math.sin(a), (math.cos(a),)), "on symbols it raises TypeError: must be real number, not Symbol"),
        (lambda a: (a.nonsense(), (1.0,)), "on symbols it raises AttributeError: nonsense"),
        (lambda a: a, "on symbols it raises TypeError: cannot unpack non-iterable Symbol object"),
        (swallowing, "on symbols it goes another way: at -1e+300 it is 0.8178819121159085 and would become -1e+300"),
        (type_asking, "on symbols it goes another way: at -inf it is 1.0 and would become 2.0"),
        (long(513), "it takes more than 512 steps"),
        (forking(32), "its ifs can go more than 64 ways"),
        (lambda a: (a, (1.0,)) if a > 0 else (a, (1.0, 0.0)), NO_NUMBER),
        (lambda a: (a, (1.0,)) if a > 0 else a, NO_NUMBER),
        (lambda a: a if a > 0 else (a, (1.0,)), NO_NUMBER),
    ],
)
def test_what_cannot_be_followed_says_why(rule, message) -> None:
    with pytest.raises(FollowError) as caught:
        follow(rule, 1)
    assert str(caught.value) == message


def test_a_rule_may_be_as_long_as_that() -> None:
    assert len(reached([follow(long(512), 1).result])) == 1 + 512
    assert follow(forking(31), 1).slopes == (0.0,)


NEAR_7 = [math.nextafter(7.0, 0.0), 7.0, math.nextafter(7.0, 8.0), 6.0, 8.0, 14.0, 3.5]


@pytest.mark.parametrize("number", [*TELLING, *NEAR_7])
@pytest.mark.parametrize("odd", [9.0, math.nan])
def test_another_way_is_found_out_at_the_edges_of_the_floats_and_around_a_rules_own_numbers(number, odd) -> None:
    def rule(a):
        if isinstance(a, float):
            if repr(a) != repr(number):
                raise ValueError  # there nothing is compared
            return odd, (0.0,)
        return (1.0 if a > 7.0 else 0.0), (0.0,)

    with pytest.raises(FollowError) as caught:
        follow(rule, 1)
    would = f"{number > 7.0:d}.0"
    assert str(caught.value) == f"on symbols it goes another way: at {number!r} it is {odd!r} and would become {would}"


def test_of_four_inputs_the_halves_meet_as_all_pairs() -> None:
    def less(a, b, c, d, e):
        return (1.0 if isinstance(a, float) and a < c and d < b else 2.0), (0.0,) * 5

    with pytest.raises(
        FollowError, match=re.escape("way: at -inf, -1e+300, -1e+300, -inf, -inf it is 1.0 and would become")
    ):
        follow(less, 5)


def test_of_many_numbers_in_a_rule_the_first_eight_are_tried() -> None:
    def rule(a, odd):
        if isinstance(a, float) and a == odd:
            return 0.5, (0.0,)
        return next((i for i in range(1, 10) if a > 100 * i), a), (0.0,)

    with pytest.raises(FollowError):
        follow(partial(rule, odd=801.0), 1)
    follow(partial(rule, odd=901.0), 1)


def test_what_differs_by_rounding_is_the_same() -> None:
    def almost_nothing(a):  # at 1.5, where it is 0, the tanh of NumPy may be another float than that of math
        return (ops.tanh(a)[0] - math.tanh(1.5) if a > 1.5 or a <= 1.5 else a), (1.0,)

    assert "tanh(x0)" in told(almost_nothing)[0]


def test_where_python_stops_nothing_is_compared() -> None:
    assert told(lambda a: (1.0 / a, (1.0,)))[0] == "(1.0 / x0)"


def random_rule(draw: random.Random) -> str:
    """The text of a random rule of two inputs: lines of arithmetic, comparisons and ifs."""
    names, lines = ["a", "b", "0.5", "-2.0", "0.0"], []
    for i in range(draw.randint(1, 6)):
        x, y, z, w = (draw.choice(names) for _ in range(4))
        forms = [f"{x} + {y}", f"{x} - {y}", f"{x} * {y}", f"-{x}", f"max({x}, {y})", f"min({x}, {y})"]
        forms += [f"({z} if {x} {draw.choice(['<', '<=', '>', '>=', '==', '!='])} {y} else {w})", f"sigmoid({x})[0]"]
        forms += [f"exponential({x})", f"logarithm({x})", f"raised({x}, {y})", f"divide({x}, {y})", f"({x} or {y})"]
        lines.append(f"    v{i} = {draw.choice(forms)}")
        names.append(f"v{i}")
    ends = [draw.choice(names[-3:]) for _ in range(3)]
    return "\n".join(["def rule(a, b):", *lines, f"    return float_({ends[0]}), ({ends[1]}, {ends[2]})"])


@pytest.mark.parametrize("seed", range(300))
def test_a_random_rule_is_followed_to_what_it_says(seed: int) -> None:
    text = random_rule(random.Random(seed))
    names = {**vars(ops), "max": max, "min": min, "float_": lambda x: x if isinstance(x, Symbol) else float(x)}
    exec(text, names)
    try:
        followed = follow(names["rule"], 2)  # which compares at a hundred points
    except FollowError as error:
        assert str(error).startswith("its ifs can go more"), text  # noqa: PT017  # the one reason that may be
        return
    steps = reached([followed.result, *followed.slopes])
    places = {s: i for i, s in enumerate(steps)}
    assert all(places[i] < places[s] for s in steps for i in s.inputs if isinstance(i, Symbol))


# ------------------------------------------------------------------ what must not pass


def test_the_answer_to_a_question_counts_as_a_number() -> None:
    assert (
        told(lambda a: ((a > 0) - (a < 0), (0.0,)))[0] == "(where((x0 > 0.0), 1.0, 0.0) - where((x0 < 0.0), 1.0, 0.0))"
    )
    assert told(lambda a: (a > 0, (0.0,)))[0] == "where((x0 > 0.0), 1.0, 0.0)"


def test_where_a_root_turns_complex_or_another_error_comes_nothing_is_compared() -> None:
    assert told(lambda a: (a**0.5, (0.5 * a**-0.5,)))[0] == "(x0 ** 0.5)"
    assert told(lambda a: (max(a**0.5, 1), (0.0,)))[0] == "where(((x0 ** 0.5) < 1.0), 1.0, (x0 ** 0.5))"


def swallows_all(a):
    try:
        return (5.0 if a > 5 else 180.0), (0.0,)
    except:  # noqa: E722  # it is what this is about
        return 7.0, (0.0,)


def test_a_question_that_a_rule_swallows_is_asked_all_the_same() -> None:
    assert told(swallows_all)[0] == "where((x0 > 5.0), 5.0, 180.0)"


@pytest.mark.parametrize("use", [np.exp, bool, abs])
def test_a_symbol_that_a_rule_keeps_is_of_no_use(use) -> None:
    kept = []

    def hoarding(a):
        kept.append(a)
        return use(kept[0]) * 1.0, (0.0,)

    with pytest.raises(FollowError, match="it keeps a symbol that it was followed with"):
        follow(hoarding, 1)


def test_a_rule_is_known_by_its_module() -> None:
    assert is_ours(ops.tanh) and is_ours(ops.power(2.0)) and is_ours(losses.cross_entropy)
    assert not is_ours(swallowing) and not is_ours(print) and not is_ours(np.sin) and not is_ours(str.upper)


def test_what_a_rule_was_followed_to_cannot_be_changed() -> None:
    """All who ask for the same rule share it."""
    with pytest.raises(FrozenInstanceError):
        follow(ops.mul, 2).result = 0.0
