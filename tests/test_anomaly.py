"""detect_anomaly: the first nan or inf is caught where it appears, and nothing is left behind."""

from __future__ import annotations

import doctest
import gc
import linecache
import math
import os
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest

from micrograd_numpy import Value, anomaly, detect_anomaly, draw_graph, mse_loss, ops, topological_sort, value
from micrograd_numpy.value import apply, dot, mean, total

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
        (lambda x: total([1e308, x * 1e308]), "total", "inf"),
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
        f"  line {line_in(compute, 4)} of 'compute' ((c + a - 8).log())\n"
        "  operation 4 of the block\n"
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

    assert caught(compute).splitlines()[5:] == [
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


@pytest.mark.parametrize(("n", "beyond"), [(5, ""), (6, ", …")])
def test_up_to_five_leaves_are_named(n: int, beyond: str) -> None:
    last = anomaly.way_back(mean([Value(float(i)) for i in range(n)]), most=1).splitlines()[-1]
    assert last == f"  … and {n} more, with the leaves 0.0, 1.0, 2.0, 3.0, 4.0{beyond}"


def test_leaves_may_be_bad_until_they_are_used() -> None:
    with detect_anomaly():
        x = Value(NAN, label="x")
    assert caught(lambda: x * 2).splitlines()[2:] == [
        "  operation 1 of the block",
        "  x = nan came in with it",
        "  nan, made by '*'",
        "    x = nan",
        "    2.0",
    ]


# ------------------------------------------------------------------ backward


def test_a_gradient_that_becomes_infinite_raises() -> None:
    x = Value(0.0, label="x")
    y = x**0.5
    assert caught(y.backward) == (
        "the backward of '**0.5' made a gradient of inf:\n"
        "  made outside of a block, so its line is not known\n"
        "  operation 1 of 1 on the way back\n"
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


# ------------------------------------------------------------------ the reader's own line


def line_in(function, number: int) -> int:
    """The number in this file of a line of a function, from 0 at its def."""
    return function.__code__.co_firstlineno + number


def test_the_line_is_the_readers_whatever_of_the_library_lies_between() -> None:
    def compute() -> None:
        logits = [Value(1e200)]
        mse_loss(logits, [-1e200])

    assert caught(compute).splitlines()[:3] == [
        "'**2' gave inf:",
        f"  line {line_in(compute, 2)} of 'compute' (mse_loss(logits, [-1e200]))",
        "  operation 2 of the block",
    ]


def test_the_line_of_a_function_that_the_reader_calls_is_the_innermost() -> None:
    def inner(v: Value) -> Value:
        return v.log()

    def outer() -> None:
        inner(Value(0.0))

    assert f"\n  line {line_in(inner, 1)} of 'inner' (return v.log())\n" in caught(outer)


def test_backward_names_the_line_that_made_the_operation_and_how_far_it_has_come() -> None:
    def compute() -> None:
        x = Value(1.0, label="x")
        squares = (x - 1) ** 2 + x * 0
        distance = squares**0.5
        loss = distance * 3 + x
        loss.backward()

    assert caught(compute).splitlines()[:3] == [
        "the backward of '**0.5' made a gradient of inf:",
        f"  made in line {line_in(compute, 3)} of 'compute' (distance = squares**0.5)",
        "  operation 3 of 7 on the way back",
    ]


def test_a_line_is_known_in_a_later_block_too() -> None:
    with detect_anomaly():
        y = Value(0.0) ** 0.5
    assert " (y = Value(0.0) ** 0.5)\n  operation 1 of 1 on the way back\n" in caught(y.backward)


def test_backward_in_a_loop_of_ones_own_is_not_counted() -> None:
    with detect_anomaly():
        y = Value(0.0) ** 0.5
        y.grad = 1.0

    def loop() -> None:
        for v in [y]:
            v._backward()

    assert " (y = Value(0.0) ** 0.5)\n  it sent 1.0 " in caught(loop)


def test_a_bad_number_that_came_in_unnoticed_is_named_with_the_line_of_its_first_use() -> None:
    def compute() -> None:
        a, b = Value(-INF, label="a"), Value(NAN, label="b")
        h = a.relu() + b**0
        h = h - 1
        h.log()

    lines = caught(compute).splitlines()
    assert lines[2:4] == [
        "  operation 5 of the block",
        f"  a = -inf came in 4 operations before, in line {line_in(compute, 2)} of 'compute' (h = a.relu() + b**0)",
    ]


def test_operations_before_are_counted() -> None:
    assert "\n  -inf came in 1 operation before, in line " in caught(lambda: Value(-INF).relu().log())
    assert "\n  -inf came in 2 operations before, in line " in caught(lambda: 1 / (Value(-INF).relu() * 2))


def test_the_first_use_is_the_first_in_time_not_on_the_page() -> None:
    def compute() -> None:
        a = Value(-INF)
        uses = [None, None]
        for i in (1, 0):
            if i == 0:
                uses[0] = a.relu()
            else:
                uses[1] = a.relu() * 1
        (uses[0] + uses[1]).log()

    assert caught(compute).splitlines()[3] == (
        f"  -inf came in 4 operations before, in line {line_in(compute, 7)} of 'compute' (uses[1] = a.relu() * 1)"
    )


def test_of_two_bad_inputs_the_first_is_named() -> None:
    def compute() -> None:
        Value(INF, label="a") - Value(-INF, label="b")

    assert caught(compute).splitlines()[3] == "  a = inf came in with it"


def test_who_calls_the_engine_directly_is_the_reader() -> None:
    def compute() -> None:
        value.node(INF, (), "mine", (), ops.add)

    assert f"\n  line {line_in(compute, 1)} of 'compute' (value.node(INF, " in caught(compute)


def test_a_bad_number_made_outside_is_named_as_such() -> None:
    y = Value(0.0).log()
    assert "\n  -inf, made by 'log', outside of the block, came in with it\n" in caught(lambda: y + 1)
    with detect_anomaly():
        z = y.exp()
    lines = caught(lambda: 1 / (z + 0)).splitlines()
    assert lines[2:4] == ["  operation 2 of the block", "  inf, made by '/'"]  # z, the number used here, was fine


def test_numbers_of_the_blocks_own_are_no_news() -> None:
    message = caught(lambda: 1 / (Value(1.0) - 1))
    assert "came in" not in message


def test_a_nested_block_counts_on_and_the_next_block_anew() -> None:
    with detect_anomaly():
        Value(1.0) + 1
        with detect_anomaly():
            Value(1.0) + 1
        with pytest.raises(FloatingPointError, match=r"\n  operation 3 of the block\n"):
            Value(0.0).log()
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"\n  operation 1 of the block\n"):
        Value(0.0).log()
    assert Value(0.0).log().data == -INF


def test_names_of_operations_are_what_they_were() -> None:
    with detect_anomaly():
        y = (Value(2.0) * 3) ** 2
    assert [v._op for v in topological_sort(y)] == ["", "", "*", "**2"]
    assert draw_graph(y).svg == draw_graph((Value(2.0) * 3) ** 2).svg


def test_the_nodes_of_a_block_are_not_kept() -> None:
    gc.collect()
    with detect_anomaly():
        for _ in range(3):
            (Value(2.0) * 3 + 1).backward()
        assert not [v for v in gc.get_objects() if type(v) is Value and v._op == "*" and v.data == 6.0]


def cell(text: str, name: str) -> dict[str, object]:
    """Run a cell as a notebook does: under a name of its own, with its text where tracebacks look for it."""
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    names: dict[str, object] = {"Value": Value}
    exec(compile(text, name, "exec"), names)
    return names


@pytest.mark.parametrize("name", ["<ipython-input-7-0a1b>", "/ipykernel_1/123.py", "In [3]"])
def test_the_line_of_a_notebooks_cell_is_found_also_when_the_cell_is_run_again(name: str) -> None:
    for i, body in enumerate(["(x - 1).log()", "(x - 1).log() * 2"]):
        step = cell(f"def step(x):\n    return {body}\n", f"{name}{i}")["step"]
        assert f"\n  line 2 of 'step' (return {body})\n" in caught(lambda step=step: step(Value(1.0)))


def test_a_line_without_text_is_told_by_its_number() -> None:
    for name in ("<string>", "<nowhere>"):
        names: dict[str, object] = {"Value": Value}
        exec(compile("def step(x):\n    return x.log()\n", name, "exec"), names)
        assert caught(lambda names=names: names["step"](Value(0.0))).splitlines()[1] == "  line 2 of 'step'"


def test_code_that_is_run_as_a_string_is_not_taken_for_another() -> None:
    linecache.cache["<string>"] = 1, None, ["somebody else's\n"], "<string>"
    try:
        names: dict[str, object] = {"Value": Value}
        message = caught(lambda: exec("Value(0.0).log()", names))
    finally:
        del linecache.cache["<string>"]
    assert message.splitlines()[1] == "  line 1 of '<module>'"


@pytest.mark.parametrize(
    ("path", "installed"),
    [
        (value.__file__, True),
        (os.__file__, True),
        ("/x/lib/site-packages/torch/nn.py", True),
        ("/usr/lib/python3/dist-packages/numpy/core.py", True),
        (str(Path(value.__file__).parent) + "_mine/train.py", False),
        (__file__, False),
        ("<ipython-input-1-abc>", False),
    ],
)
def test_what_is_installed(path: str, installed: bool) -> None:
    assert anomaly.is_installed_at(path) is installed


def test_where_all_is_installed_it_is_the_outermost_line() -> None:
    frame = sys._getframe()
    while frame.f_back:
        frame = frame.f_back
    assert anomaly.readers_place(frame) == (frame.f_code, frame.f_lineno)
    here = sys._getframe()
    assert anomaly.told(anomaly.readers_place(here)).startswith(f"line {here.f_lineno} of 'test_where_all_is_installed")


# ------------------------------------------------------------------ on and off


def test_nothing_is_left_in_place() -> None:
    plain = value.node, Value._backward
    with detect_anomaly():
        assert value.node is not plain[0] and Value._backward is not plain[1]
    assert (value.node, Value._backward) == plain
    caught(lambda: Value(0.0).log())
    assert (value.node, Value._backward) == plain
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
    (error,) = errors
    assert error.startswith("'log' gave -inf:\n") and error.endswith("\n  -inf, made by 'log'\n    0.0")
    assert value.node is anomaly.plain_node


def test_the_example_of_the_docstring() -> None:
    results = doctest.testmod(anomaly)
    assert results.failed == 0 and results.attempted > 0


@pytest.mark.parametrize("in_a_block", [False, True])
def test_what_watches_hands_all_on_to_whoever_looks_on(in_a_block: bool, monkeypatch) -> None:
    told = []
    a = Value(2.0)
    with detect_anomaly() if in_a_block else nullcontext(), monkeypatch.context() as patched:
        patched.setattr(anomaly, "plain_node", lambda *arguments: told.append(arguments))
        anomaly.watched_node(6.0, (a,), "*", (3.0,), ops.mul)
    assert told == [(6.0, (a,), "*", (3.0,), ops.mul)]
