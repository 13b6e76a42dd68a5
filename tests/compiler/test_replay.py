"""Running what is compiled: arrays in, gradients out, memory, checks, threads."""

from __future__ import annotations

import copy
import math
import re
import threading
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from micrograd_numpy import (
    Value,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    detect_anomaly,
    draw_graph,
    hinge_loss,
    vectorize,
)
from micrograd_numpy.compiler import replay
from micrograd_numpy.guards import targets
from micrograd_numpy.value import dot, mean
from tests.compiler.eager import close, demo, eager, grads, send_back

W0 = Value(2.0)


def test_gradients_of_none_count_as_zero_and_odd_ones_are_an_error() -> None:
    v, w = Value(2.0), Value(3.0)
    batch = vectorize(lambda x: v * x + w)([1.0, 2.0])
    v.grad = None
    batch.backward()
    assert (v.grad, w.grad) == (1.5, 1.0)
    v.grad = "text"
    with pytest.raises(TypeError):
        batch.backward()
    assert w.grad == 2.0


def test_results_can_be_printed() -> None:
    results = vectorize(lambda x: 2 * x, reduction="none")([1.0, 2.0])
    assert repr(results) == "Results(data=array([2., 4.]))"


def test_a_batch_can_be_turned_into_a_float_and_printed() -> None:
    batch = vectorize(lambda x: 2 * x)([1.0, 2.0])
    assert (float(batch), repr(batch)) == (3.0, "Batch(data=3.0, grad=0.0)")


@pytest.mark.parametrize(
    "convert",
    [
        list,
        tuple,
        np.array,
        partial(np.array, dtype=np.float32),
        partial(np.array, dtype=np.int8),
        partial(np.array, dtype=np.uint64),
        lambda x: np.array(x, dtype=float, order="F"),
        lambda x: np.repeat(x, 2, axis=0)[::2],
    ],
)
def test_arrays_of_any_real_kind_and_lists_are_taken(convert: Callable[[Any], Any]) -> None:
    X, t = [[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], [2.0, 0.0, 1.0]
    vectorized = vectorize(lambda x, t: dot(x, x) * t, reduction="none")
    assert vectorized(convert(X), convert(t)).data.tolist() == [10.0, 0.0, 74.0]


@pytest.mark.usefixtures("backend")
def test_bools_are_taken() -> None:
    assert vectorize(lambda x: 2 * x, reduction="none")([True, False]).data.tolist() == [2.0, 0.0]
    assert vectorize(lambda x: 2 * x, reduction="none")(np.array([True, False])).data.tolist() == [2.0, 0.0]


@pytest.mark.usefixtures("backend")
def test_arrays_are_neither_changed_nor_kept() -> None:
    w = Value(3.0)
    X, t = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 2.0])
    vectorized = vectorize(lambda x, t: (w * x[0] * x[1] - t) ** 2)
    batch = vectorized(X, t)
    assert X.tolist() == [[1.0, 2.0], [3.0, 4.0]] and t.tolist() == [1.0, 2.0]
    batch.backward()
    before = grads([w])
    again = vectorized(X, t)
    X[:], t[:] = 0.0, 0.0
    again.backward()
    assert grads([w]) == before


@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("x", [[math.inf, -math.inf], [1e308, 1e308], [math.nan, 1.0], [-1.0, 0.0]])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_no_number_makes_numpy_warn(x: list[float], reduction: str) -> None:
    w = Value(1e300)
    vectorized = vectorize(lambda v: v + 0.0 * (w * v).exp().log() ** 0.5, reduction=reduction)
    vectorized(x).backward()
    vectorized.forward(x)
    assert vectorize(lambda v: v + 0 * w, reduction=reduction)(x).data != 0.0


@pytest.mark.usefixtures("backend")
def test_results_and_gradients_that_were_handed_out_stay_as_they_are() -> None:
    w = Value(3.0)
    vectorized = vectorize(lambda x: w * x, reduction="none")
    first, forward = vectorized([1.0, 2.0]), vectorized.forward([1.0, 2.0])
    data = first.data
    vectorized([5.0, 6.0]).backward([1.0, 1.0])
    del first
    vectorized([5.0, 6.0]).backward([1.0, 1.0])
    vectorized.forward([7.0, 8.0])
    assert data.tolist() == forward.tolist() == [3.0, 6.0]


@pytest.mark.usefixtures("backend")
def test_gradients_accumulate() -> None:
    w, b = Value(3.0), Value(1.0)
    w.grad = 100.0
    vectorized = vectorize(lambda x: w * x + b)
    batch, other = vectorized([1.0, 2.0, 3.0]), vectorized([4.0])
    batch.backward()
    assert (w.grad, b.grad) == (102.0, 1.0)
    batch.backward()
    other.backward()
    batch.backward()
    assert (w.grad, b.grad) == (110.0, 4.0)


@pytest.mark.usefixtures("backend")
def test_each_batch_has_memory_of_its_own() -> None:
    w = Value(3.0)
    vectorized = vectorize(lambda x: (w * x).tanh().exp(), reduction="none")
    inputs = np.linspace(0.1, 1.0, 20).reshape(5, 4)
    batches = [vectorized(x) for x in inputs]
    for x in inputs:
        vectorized.forward(-x)
    for x, batch in zip(inputs, batches):
        batch.backward(np.ones(4))
        ours = grads([w])
        send_back(eager(vectorized.fn, x), np.ones(4))
        assert close(ours, grads([w]))


@pytest.mark.usefixtures("backend")
def test_parameters_that_change_between_call_and_backward_do_not_change_the_gradient() -> None:
    w, b = Value(3.0), Value(-1.0)
    vectorized = vectorize(lambda x: (w * x) ** 2 * b)
    batch = vectorized([1.0, 2.0])
    w.data, b.data = 100.0, 100.0
    batch.backward()
    assert (w.grad, b.grad) == (-15.0, 22.5)
    assert vectorized([1.0]).data == 1e6


@pytest.mark.usefixtures("backend")
def test_a_function_without_parameters_has_nothing_to_send_back() -> None:
    batch = vectorize(lambda x: x * x, reduction="none")([1.0, 2.0])
    batch.backward([1.0, 1.0])
    assert batch.data.tolist() == [1.0, 4.0]


class Pressing(Value):
    """A parameter at which the user presses Ctrl-C, once: when its gradient has just been written."""

    __slots__ = ("held",)
    pressed = False

    @property
    def grad(self) -> float:
        return self.held

    @grad.setter
    def grad(self, grad: float) -> None:
        self.held = grad
        if grad and not Pressing.pressed:
            Pressing.pressed = True
            raise KeyboardInterrupt


@pytest.mark.usefixtures("backend")
def test_a_backward_that_is_interrupted_while_it_writes_writes_the_rest() -> None:
    Pressing.pressed = False
    parameters = [Value(1.0), Value(2.0), Pressing(3.0), Value(4.0), Value(5.0)]
    parameters[-1].grad = None
    batch = vectorize(lambda x: sum(p * x for p in parameters))([2.0])
    with pytest.raises(KeyboardInterrupt):
        batch.backward()
    assert Pressing.pressed
    assert [p.grad for p in parameters] == [2.0] * 5


def test_batches_of_all_sizes_share_one_program() -> None:
    w = Value(3.0)
    vectorized = vectorize(lambda x: (w * x).tanh())
    sources = set()
    for n in (10, 1, 1000, 3, 10, 1, 20, 30, 40, 50, 60, 70, 1000, 10):
        x = np.linspace(0.0, 1.0, n)
        assert close(vectorized(x).data, np.tanh(3.0 * x).mean())
        sources.add(vectorized.source)
    assert len(sources) == 1


def test_memory_is_made_once(monkeypatch) -> None:
    made: list[int] = []
    plain = replay.ArrayReplay.__init__

    def init(self, program, bind, n) -> None:
        made.append(n)
        plain(self, program, bind, n)

    monkeypatch.setattr(replay.ArrayReplay, "__init__", init)
    w = Value(3.0)
    vectorized = vectorize(lambda x: (w * x).tanh())
    X = np.ones(1000)
    for _ in range(3):
        batch = vectorized(X)
        batch.backward()
    assert len(made) == 2  # the next batch is made while the last one still has a name
    for _ in range(10):
        batch = vectorized(X)
        batch.backward()
        vectorized.forward(X)
        vectorized(X[:100])
    assert made == [1000, 1000, 100]
    kept = [vectorized(X) for _ in range(5)]
    assert len(made) == 7  # one was free
    del kept, batch
    kept = [vectorized(X) for _ in range(3)]
    assert len(made) == 8  # two were free
    del kept
    for n in range(101, 107):
        vectorized(X[:n])
    vectorized(X)
    assert made[8:] == [*range(101, 107)]  # eight sizes are kept
    vectorized(X[:107])
    vectorized(X)
    assert made[14:] == [107, 1000]  # of nine the first is forgotten


def test_a_call_allocates_nothing_that_grows_with_the_batch() -> None:
    model, loss, X, y = demo()
    vectorized = vectorize(loss)
    peaks = []
    for times in (20, 200):
        many, labels = np.tile(X, (times, 1)), np.tile(y, times)
        for run in range(6):
            if run == 5:  # warm, and no call at which it is recorded again
                tracemalloc.start()
            batch = vectorized(many, labels)
            batch.backward()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 8 * len(y)  # of 18,000 samples more
    assert len(model.parameters()) == 337


@pytest.mark.usefixtures("backend")
def test_samples_of_another_shape_compile_a_program_of_their_own() -> None:
    vectorized, programs = vectorize(lambda x: dot(x, x)), set()
    for _ in range(2):
        for x, result in (([1.0, 2.0], 5.0), ([1.0, 2.0, 3.0], 14.0)):
            assert vectorized([x]).data == result
            programs.add(vectorized._latest)
    assert len(programs) == 2


def test_of_many_shapes_the_last_are_kept() -> None:
    factor = [1.0]
    vectorized = vectorize(lambda x: factor[0] * dot(x, x))
    for k in range(1, 50):
        vectorized([[1.0] * k])
    factor[0] = 2.0
    with pytest.warns(RuntimeWarning, match="has changed"):
        assert vectorized([[1.0] * 49]).data == 98.0
    assert len(vectorized._state.compiled) == 16  # nothing had to make room for what is compiled anew
    assert vectorized([[1.0]]).data == 2.0


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_what_a_call_returns_can_be_used_like_any_value(reduction: str) -> None:
    w, b = Value(2.0, label="w"), Value(0.5)
    X, Y = [1.0, -2.0, 3.0], [0.5, 0.25]
    f = vectorize(lambda x: (w * x + b).tanh(), reduction=reduction)
    g = vectorize(lambda x: w * x * x, reduction=reduction)

    def used(first: Value, second: Value) -> Value:
        return (first + 0.01 * (w * w)) * second - first.exp() / 3

    def plain(fn: Any, x: list[float]) -> Value:
        rows = [row[0] for row in eager(fn.fn, x)]
        return mean(rows) if reduction == "mean" else sum(rows)

    ours = used(f(X), g(Y))
    ours.backward()
    found = grads([w, b])
    theirs = used(plain(f, X), plain(g, Y))
    theirs.backward()
    assert close([ours.data, *found], [theirs.data, *grads([w, b])])


def test_a_batch_behaves_like_a_value() -> None:
    w = Value(2.0, label="w")
    batch = vectorize(lambda x: w * x)([1.0, 3.0])
    assert isinstance(batch, Value) and (batch._prev, batch._op, batch._local) == ((w,), "batch", (2.0,))
    assert (float(batch), batch > 3.0, bool(batch)) == (4.0, True, True)
    assert draw_graph(batch + 1, local_derivatives=True).nodes == 4
    with pytest.raises(TypeError, match="only leaves can be copied"):
        copy.copy(batch)
    batch.backward()
    batch.backward()
    assert (w.grad, batch.grad) == (4.0, 1.0)
    (batch * 3).backward()
    assert (w.grad, batch.grad) == (10.0, 3.0)
    with pytest.raises(ValueError, match="computed outside"):
        vectorize(lambda x: x * batch)([1.0])


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("loss", "scores", "targets", "complaint"),
    [
        (hinge_loss, [0.5, -0.5, 2.0], [1, -1, 0], "sample 2: hinge_loss needs targets -1 or 1, but targets[0] is 0.0"),
        (
            binary_cross_entropy,
            [0.5, 1.5, 2.5],
            [1, 0, 1],
            "sample 1: binary_cross_entropy needs predictions between 0 and 1, but predictions[0] is 1.5",
        ),
        (
            binary_cross_entropy,
            [0.5, math.nan],
            [1, 0],
            "sample 1: binary_cross_entropy needs predictions between 0 and 1, but predictions[0] is nan",
        ),
        (
            binary_cross_entropy_with_logits,
            [5.0, 6.0],
            [1, -1],
            "sample 1: binary_cross_entropy_with_logits needs targets between 0 and 1, but targets[0] is -1.0",
        ),
    ],
)
def test_what_a_loss_asks_of_one_sample_is_asked_of_all(loss, scores, targets, complaint: str) -> None:
    w = Value(1.0)
    vectorized = vectorize(lambda s, t: loss(w * s, t))
    for _ in range(2):  # the call that compiles, and one that does not
        with pytest.raises(ValueError) as error:  # noqa: PT011  # the message is compared below
            vectorized(scores, targets)
        assert str(error.value).startswith(complaint)
    assert math.isfinite(vectorized(scores[:1], targets[:1]).data)
    with pytest.raises(ValueError, match="sample"):
        vectorized.forward(scores, targets)


def test_the_position_in_the_list_is_told_with_the_sample() -> None:
    vectorized = vectorize(lambda x: hinge_loss([0.5, 0.5], [1.0, x]))
    with pytest.raises(ValueError, match=r"^sample 1: hinge_loss .* targets\[1\] is 0\.0"):
        vectorized([1.0, 0.0])


def test_checks_are_asked_of_what_is_computed_and_of_what_is_not_needed() -> None:
    def f(x: Value) -> Value:
        targets.check(2 * x, lambda v: v < 10.0, lambda v: OverflowError(f"{v} is too large"))
        return x

    vectorized = vectorize(f, reduction="none")
    assert vectorized([1.0, 2.0]).data.tolist() == [1.0, 2.0]
    with pytest.raises(OverflowError, match=r"^sample 2: 12\.0 is too large$"):
        vectorized([1.0, 2.0, 6.0, 5.5])


def test_two_threads_may_call_the_same_function() -> None:
    vectorized = vectorize(lambda x: (W0 * x).tanh())
    right: list[bool] = []

    def work(i: int) -> None:
        x = np.linspace(0.0, i, 100)
        right.extend(close(vectorized(x).data, np.tanh(W0.data * x).mean()) for _ in range(100))

    workers = [threading.Thread(target=work, args=(i,)) for i in range(1, 4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert right == [True] * 300


def test_a_vectorized_function_in_another_is_refused_but_its_function_may_be_used() -> None:
    inner = vectorize(lambda x: W0 * x)
    outer = vectorize(lambda x: inner(x).data * x)
    with pytest.raises(TypeError, match="must hold real numbers, but got Value"):
        outer([1.0])
    with pytest.raises(TypeError, match="asks for the data of a Value"):
        vectorize(lambda x: inner([1.0, 2.0]).data * x)([1.0])
    assert vectorize(lambda x: inner.fn(x) * x)([3.0]).data == 18.0
    assert float(W0) == 2.0


@pytest.mark.usefixtures("backend")
def test_the_first_nan_in_a_vectorized_function_is_named() -> None:
    w = Value(1.0, label="w")
    w.grad = 5.0
    vectorized = vectorize(lambda x: (w * x).log())
    assert vectorized([1.0, -1.0]).data != 0.0  # nan, and nobody says so
    with detect_anomaly():
        vectorized([1.0, 2.0]).backward()
        with pytest.raises(FloatingPointError, match=r"^'log' gave nan:(.|\n)*w = 1\.0"):
            vectorized([1.0, -1.0])
        with pytest.raises(FloatingPointError, match=r"^'log' gave -inf:"):
            vectorized.forward([1.0, 0.0])
    assert w.grad == 6.0
    assert vectorized([1.0, -1.0]).data != 0.0


@pytest.mark.usefixtures("backend")
def test_the_first_bad_gradient_in_a_vectorized_function_is_named_and_none_is_kept() -> None:
    w = Value(1.0, label="w")
    w.grad = 5.0
    vectorized = vectorize(lambda x: [(w * x) ** 0.5, w * x], reduction="none")
    with detect_anomaly():
        batch = vectorized([4.0, 0.0])
        with pytest.raises(FloatingPointError, match=r"^the backward of '\*\*0.5' made a gradient of inf"):
            batch.backward(np.ones((2, 2)))
        assert w.grad == 5.0
        vectorized([4.0, 1.0]).backward([[0.0, 1.0], [0.0, 1.0]])
    assert w.grad == 10.0
    assert vectorize(lambda x: (w * x) ** 0.5)([4.0, 0.0]).backward() is None
    assert math.isnan(w.grad)  # 0 · inf, as in the eager engine


@pytest.mark.usefixtures("backend")
def test_lists_of_numbers_and_one_result_work_in_detect_anomaly() -> None:
    with detect_anomaly():
        batch = vectorize(lambda x: dot(x, x) * W0)([[1.0, 2.0], [3.0, 4.0]])
        batch.backward()
        vectorize(lambda x: [x, 1.0], reduction="none")([2.0]).backward([[1.0, 1.0]])
    assert (batch.data, grads([W0])) == (30.0, [15.0])


def test_what_is_small_runs_on_floats_and_what_is_large_on_arrays() -> None:
    w = Value(2.0)
    vectorized = vectorize(lambda x: (w * x).tanh())
    assert isinstance(vectorized(np.ones(1))._call.replay, replay.FloatReplay)
    assert isinstance(vectorized(np.ones(1000))._call.replay, replay.ArrayReplay)
    _, loss, X, y = demo()
    assert isinstance(vectorize(loss)(X[:10], y[:10])._call.replay, replay.ArrayReplay)


def test_arrays_begin_to_pay_at_five_numbers_for_each_statement() -> None:
    w = Value(2.0)
    one_statement, several = vectorize(Value.exp), vectorize(lambda x: (w * x).tanh())
    assert isinstance(one_statement(np.ones(4))._call.replay, replay.FloatReplay)
    assert isinstance(one_statement(np.ones(5))._call.replay, replay.ArrayReplay)
    assert isinstance(several(np.ones(5))._call.replay, replay.FloatReplay)  # two levels, but more statements


def test_a_program_calls_its_arguments_as_the_function_does() -> None:
    vectorized = vectorize(lambda apples, *pears: apples * pears[0] * pears[1])
    vectorized([1.0], [2.0], [3.0])
    assert re.findall(r"(\w+) = Z\[[012]:", vectorized.source) == ["apples", "pears", "x2"]


FACTOR = {"x": 1.0}


def scaled(x: Value) -> Value:
    return FACTOR["x"] * x


@pytest.mark.parametrize(("fn", "name"), [(scaled, "scaled"), (partial(scaled), "partial")])
@pytest.mark.parametrize("way", ["__call__", "forward"])
def test_the_warning_of_a_change_tells_all_and_points_to_the_callers_line(fn, name: str, way: str, monkeypatch) -> None:
    vectorized = vectorize(fn)
    for _ in range(7):
        getattr(vectorized, way)([1.0])
    monkeypatch.setitem(FACTOR, "x", 2.0)
    with pytest.warns(RuntimeWarning) as warned:
        getattr(vectorized, way)([1.0])
    assert [warning.filename for warning in warned] == [__file__]
    assert str(warned[0].message) == (
        f"{name!r} has changed: a constant was 1.0 and is 2.0. It is compiled anew for this call; 3 calls before it "
        "may have missed the change. What a vectorized function sees is frozen, except for its arguments, the numbers "
        "of its parameters and what it asks of its Modules. Pass what changes as an argument, or call "
        f"{name}.forget() after a change"
    )
