"""detect_anomaly: the first nan or inf is caught where it appears, and nothing is left behind."""

from __future__ import annotations

import doctest
import math
import threading

import pytest

from micrograd_numpy import Value, anomaly, detect_anomaly, ops, value
from micrograd_numpy.value import apply, dot, mean

INF, NAN = math.inf, math.nan


def caught(compute) -> str:
    """What the error says."""
    with pytest.raises(FloatingPointError) as error, detect_anomaly():
        compute()
    return str(error.value)


# ------------------------------------------------------------------ forward


@pytest.mark.parametrize(
    ("compute", "op", "result"),
    [
        (lambda x: Value(1e308) + x * 1e308, "+", "inf"),
        (lambda x: Value(-1e308) - x * 1e308, "-", "-inf"),
        (lambda x: x * 1e200 * 1e200, "*", "inf"),
        (lambda x: x / 0, "/", "inf"),
        (lambda x: 0 / (x - 1), "/", "nan"),
        (lambda x: (x - 3) ** 0.5, "**0.5", "nan"),
        (lambda x: (x - 1) ** -1, "**-1", "inf"),
        (lambda x: (x - 3) ** Value(0.5), "**", "nan"),
        (lambda x: (x * 1000).exp(), "exp", "inf"),
        (lambda x: (x - 1).log(), "log", "-inf"),
        (lambda x: dot([x, 1e308], [1e308, 10]), "dot", "inf"),
        (lambda x: mean([1e308, x * 1e308]), "mean", "inf"),
        (lambda x: apply(lambda a: (a / 1e-323, (1.0,)), x, op="mine"), "mine", "inf"),
    ],
)
def test_the_first_operation_that_makes_a_bad_number_raises(compute, op: str, result: str) -> None:
    assert caught(lambda: compute(Value(1.0, label="x"))).startswith(f"{op!r} gave {result}:\n")


def test_the_report_names_inputs_labels_and_the_way_back() -> None:
    def compute() -> None:
        a, b = Value(2.0, label="a"), Value(3.0)
        c = a * b
        c.label = "c"
        (c + a - 8).log()

    assert caught(compute) == (
        "'log' gave -inf:\n"
        "  -inf, made by 'log'\n"
        "    0.0, made by '-'\n"
        "      8.0, made by '+'\n"
        "        c = 6.0, made by '*'\n"
        "          a = 2.0\n"
        "          3.0\n"
        "        a = 2.0\n"
        "      8.0"
    )


def test_a_shared_node_is_told_once() -> None:
    def compute() -> None:
        h = Value(5.0, label="x") * 2
        (h - h).log()

    assert caught(compute).splitlines()[3:] == [
        "      10.0, made by '*'",
        "        x = 5.0",
        "        2.0",
        "      10.0, made by '*' (as above)",
    ]


def test_a_large_graph_is_cut_and_ends_with_leaves_the_bad_and_the_named_first() -> None:
    y = Value(1.0, label="start")
    for i in range(1000):
        y = y + Value(0.0, label=f"x{i}" if i < 2 else "")
    lines = anomaly.way_back(y * Value(-INF, label="bad")).splitlines()
    assert len(lines) == 21
    assert lines[0] == "  -inf, made by '*'"
    # 2003 values: 20 are shown, the product, 19 sums; the leaf that is bad waits at the end of the walk
    assert lines[-1] == ("  … and 1983 more, with the leaves bad = -inf, start = 1.0, x0 = 0.0, x1 = 0.0, 0.0, …")


def test_a_report_that_just_fits_is_not_cut() -> None:
    a, b = Value(1.0), Value(2.0)
    assert anomaly.way_back(a + b, most=3) == "  3.0, made by '+'\n    1.0\n    2.0"
    assert anomaly.way_back(a + b, most=2) == "  3.0, made by '+'\n    1.0\n  … and 1 more, with the leaves 2.0"


def test_hidden_values_may_hold_no_leaf() -> None:
    x = Value(1.0)
    assert anomaly.way_back(x + (x + x), most=2).splitlines()[-1] == "  … and 1 more"


def test_exactly_five_leaves_are_all_named() -> None:
    total = mean([Value(float(i)) for i in range(5)])
    assert anomaly.way_back(total, most=1).splitlines()[-1] == (
        "  … and 5 more, with the leaves 0.0, 1.0, 2.0, 3.0, 4.0"
    )


def test_of_more_than_five_leaves_five_are_named() -> None:
    total = mean([Value(float(i)) for i in range(6)])
    assert anomaly.way_back(total, most=1).splitlines()[-1] == (
        "  … and 6 more, with the leaves 0.0, 1.0, 2.0, 3.0, 4.0, …"
    )


def test_leaves_may_be_bad_until_they_are_used() -> None:
    with detect_anomaly():
        x = Value(NAN, label="x")
    assert "'*' gave nan:\n  nan, made by '*'\n    x = nan\n    2.0" in caught(lambda: x * 2)


# ------------------------------------------------------------------ backward


def test_a_gradient_that_becomes_infinite_raises() -> None:
    x = Value(0.0, label="x")
    y = x**0.5
    assert caught(y.backward) == (
        "the backward of '**0.5' made a gradient of inf:\n"
        "  it sent 1.0 (gradient) times inf (local derivative)\n"
        "  to x = 0.0, which held 0.0\n"
        "  0.0, made by '**0.5'\n"
        "    x = 0.0"
    )


def test_a_gradient_that_becomes_nan_raises_and_names_its_input() -> None:
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    y = apply(lambda a, b: (a * b, (1.0, NAN)), a, b, op="mine")
    message = caught(y.backward)
    assert message.startswith("the backward of 'mine' made a gradient of nan:\n")
    assert "to b = 3.0, which held 0.0" in message


def test_accumulation_may_be_what_overflows() -> None:
    x = Value(1.0, label="x")
    x.grad = 1e308
    assert "to x = 1.0, which held 1e+308" in caught((x * 1e308).backward)


def test_a_stopped_backward_leaves_the_gradients_of_leaves_as_they_were() -> None:
    x, y = Value(0.0), Value(5.0)
    x.grad, y.grad = 7.0, 8.0
    root = x**0.5 + y * 3
    caught(root.backward)
    assert (x.grad, y.grad) == (7.0, 8.0)


def test_a_healthy_graph_computes_as_ever() -> None:
    def grads() -> list[str]:
        a, b = Value(0.7), Value(-1.3)
        ((a * b).tanh() / (a - b) + dot([a, b], [b, a]).exp()).backward()
        return [a.grad.hex(), b.grad.hex()]

    with detect_anomaly():
        watched = grads()
    assert watched == grads()


# ------------------------------------------------------------------ on and off


def test_nothing_is_left_in_place() -> None:
    plain = value.node, Value._backward
    with detect_anomaly():
        assert value.node is not plain[0] and Value._backward is not plain[1]
    assert (value.node, Value._backward) == plain
    caught(lambda: Value(0.0).log())
    assert (value.node, Value._backward) == plain
    assert Value(0.0).log().data == -INF


def test_blocks_can_be_nested() -> None:
    with detect_anomaly():
        with detect_anomaly():
            pass
        with pytest.raises(FloatingPointError):
            Value(0.0).log()
    assert Value(0.0).log().data == -INF


def test_it_works_as_a_decorator() -> None:
    @detect_anomaly()
    def compute() -> Value:
        return Value(0.0).log()

    for _ in range(2):
        with pytest.raises(FloatingPointError):
            compute()


def test_a_block_watches_its_own_thread() -> None:
    """Another thread goes on unwatched while a block is open here, in forward and in backward."""
    results: list[object] = []

    def elsewhere() -> None:
        x = Value(0.0)
        y = x**0.5
        y.backward()
        results.extend([Value(0.0).log().data, x.grad])

    with detect_anomaly():
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        with pytest.raises(FloatingPointError):
            Value(0.0).log()
    assert results == [-INF, INF]


def test_a_thread_is_not_watched_after_its_own_block() -> None:
    """Also while a block is still open in another thread."""
    inside, done = threading.Event(), threading.Event()

    def other() -> None:
        with detect_anomaly():
            inside.set()
            done.wait(10)

    with detect_anomaly():
        pass
    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(10)
    unwatched = Value(0.0).log()
    done.set()
    thread.join()
    assert unwatched.data == -INF


def test_the_block_that_ends_first_does_not_switch_off_the_other() -> None:
    inside, done = threading.Event(), threading.Event()
    errors: list[str] = []

    def other() -> None:
        with detect_anomaly():
            inside.set()
            done.wait(10)
            try:
                Value(0.0).log()
            except FloatingPointError as error:
                errors.append(str(error))

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(10)
    with detect_anomaly():
        pass
    done.set()
    thread.join()
    assert errors == ["'log' gave -inf:\n  -inf, made by 'log'\n    0.0"]
    assert value.node is anomaly.plain_node


def test_the_example_of_the_docstring() -> None:
    results = doctest.testmod(anomaly)
    assert results.failed == 0 and results.attempted > 0


def test_the_watchman_hands_the_rule_on_to_whoever_looks_on(monkeypatch) -> None:
    told = []
    monkeypatch.setattr(anomaly, "plain_node", lambda *arguments: told.append(arguments[-1]))
    anomaly.watched_node(6.0, (), "*", (), ops.mul)
    assert told == [ops.mul]
