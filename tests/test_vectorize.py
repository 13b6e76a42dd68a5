"""vectorize: a function of one sample becomes one of a batch, to train with."""

from __future__ import annotations

import copy
import doctest
import gc
import math
import pickle
import weakref
from functools import partial
from operator import itemgetter

import numpy as np
import pytest

from micrograd_numpy import MLP, SGD, Module, Value, check_gradients, numpy_rule, value, vectorize
from micrograd_numpy.compiler import replay
from micrograd_numpy.value import mean
from tests.compiler.eager import as_list, close, demo, eager, grads


def test_training_is_the_eager_engines_step_by_step() -> None:
    model, loss, X, y = demo()
    twin, eager_loss, _, _ = demo()
    optimizer, eager_optimizer = SGD(model.parameters(), lr=0.1), SGD(twin.parameters(), lr=0.1)
    vectorized = vectorize(loss)
    first = None
    for step in range(3):
        batch = vectorized(X, y)
        optimizer.zero_grad()
        batch.backward()
        objective = mean([row[0] for row in eager(eager_loss, X, y)])
        eager_optimizer.zero_grad()
        objective.backward()
        assert math.isclose(batch.data, objective.data, rel_tol=1e-12), step
        assert close([p.grad for p in model.parameters()], [p.grad for p in twin.parameters()]), step
        optimizer.step()
        eager_optimizer.step()
        first = first or batch.data
    for _ in range(100):
        batch = vectorized(X, y)
        optimizer.zero_grad()
        batch.backward()
        optimizer.step()
    assert batch.data < first / 2


def test_gradients_of_a_vectorized_function_are_finite_differences() -> None:
    """As for any function: forward at neighbours of the parameters."""
    X = np.array([0.5, -1.0, 2.0])

    def f(a: Value, b: Value) -> Value:
        return mean([(a * x).tanh() * b + (a * b) ** 2 for x in X])

    a, b = Value(0.7), Value(-1.2)
    assert check_gradients(f, 0.7, -1.2)
    vectorize(lambda x: (a * x).tanh() * b + (a * b) ** 2)(X).backward()
    ours = grads([a, b])
    f(a, b).backward()
    assert close(ours, grads([a, b]))


def test_the_docstrings_examples_are_true() -> None:
    for module in (vectorize, numpy_rule):
        for example in doctest.DocTestFinder(recurse=False).find(
            module, globs=vars(value) | {"vectorize": vectorize, "numpy_rule": numpy_rule, "math": math}
        ):
            results = doctest.DocTestRunner(verbose=False).run(example)
            assert results.attempted > 2 and results.failed == 0, example.name


def test_it_is_a_function_and_a_decorator_with_and_without_arguments() -> None:
    w = Value(3.0)

    def f(x: Value) -> Value:
        """Three times."""
        return w * x

    @vectorize
    def plain(x: Value) -> Value:
        """Three times."""
        return w * x

    @vectorize(reduction="sum")
    def added(x: Value) -> Value:
        return w * x

    @vectorize()
    def averaged(x: Value) -> Value:
        return w * x

    assert (vectorize(f)([1.0, 2.0]).data, plain([1.0, 2.0]).data, averaged([1.0, 2.0]).data) == (4.5, 4.5, 4.5)
    assert added([1.0, 2.0]).data == 9.0
    assert (plain.__name__, plain.__doc__, plain.fn.__name__) == ("plain", "Three times.", "plain")


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_the_reduction_is_of_all_samples(reduction: str) -> None:
    w = Value(3.0)
    batch = vectorize(lambda x: w * x, reduction=reduction)([1.0, 2.0, 6.0])
    if reduction == "none":
        assert batch.data.tolist() == [3.0, 6.0, 18.0]
        batch.backward([1.0, 0.0, 0.5])
        assert w.grad == 4.0
    else:
        assert (type(batch.data), batch.data) == (float, {"mean": 9.0, "sum": 27.0}[reduction])
        batch.backward()
        assert w.grad == {"mean": 3.0, "sum": 9.0}[reduction]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_result_without_arguments_counts_for_every_sample(reduction: str) -> None:
    w = Value(3.0)
    vectorized = vectorize(lambda x: w * w, reduction=reduction)
    batch = vectorized([1.0, 2.0])
    batch.backward(*[[1.0, 1.0]] * (reduction == "none"))
    assert np.array_equal(batch.data, {"mean": 9.0, "sum": 18.0, "none": [9.0, 9.0]}[reduction])
    assert w.grad == {"mean": 6.0, "sum": 12.0, "none": 12.0}[reduction]
    assert vectorized.forward([1.0, 2.0]).tolist() == [9.0, 9.0]


def test_several_results_are_columns() -> None:
    w = Value(3.0)
    vectorized = vectorize(lambda x: (w * x, x, w), reduction="none")
    batch = vectorized([1.0, 2.0])
    assert batch.data.tolist() == [[3.0, 1.0, 3.0], [6.0, 2.0, 3.0]]
    assert vectorized.forward([1.0, 2.0]).tolist() == batch.data.tolist()
    batch.backward([[1.0, 5.0, 0.0], [0.0, 5.0, 10.0]])
    assert w.grad == 1.0 + 10.0
    assert vectorize(lambda x: [w * x], reduction="none")([1.0, 2.0]).data.shape == (2, 1)


def test_forward_works_whatever_the_reduction() -> None:
    w = Value(3.0)
    assert vectorize(lambda x: [w * x, x]).forward([1.0, 2.0]).tolist() == [[3.0, 1.0], [6.0, 2.0]]
    assert vectorize(lambda x: w * x, reduction="sum").forward([1.0, 2.0]).tolist() == [3.0, 6.0]


def test_callables_of_all_kinds_are_taken() -> None:
    class Model:
        scale = Value(3.0)

        def __call__(self, x: Value) -> Value:
            return self.scale * x

        def method(self, x: Value) -> Value:
            return self.scale * x

    def power(n: int, x: Value) -> Value:
        return x**n

    model = Model()
    model.forward = None  # a name that what is vectorized has, too
    assert vectorize(model)([1.0, 2.0]).data == 4.5
    assert vectorize(model).forward([1.0, 2.0]).tolist() == [3.0, 6.0]
    assert vectorize(Model().method)([1.0, 2.0]).data == 4.5
    assert vectorize(partial(power, 3))([1.0, 2.0]).data == 4.5
    assert vectorize(Value.exp)([0.0]).data == 1.0
    assert vectorize(MLP(2, [1], rng=0), reduction="none")(np.ones((3, 2))).data.shape == (3,)
    assert vectorize(itemgetter(1))([[1.0, 2.0], [3.0, 4.0]]).data == 3.0  # the names of its arguments are not known


def test_any_number_of_arguments_is_taken() -> None:
    vectorized = vectorize(lambda *xs: sum(sum(as_list(x)) for x in xs))
    assert vectorized([1.0], [2.0], [[3.0, 4.0]]).data == 10.0


def test_gradients_of_a_vectorized_function_can_be_checked() -> None:
    w, b = Value(3.0), Value(0.5)
    loss = vectorize(lambda x, t: (w * x + b - t).tanh() ** 2)
    for _ in range(5):
        assert check_gradients(lambda w, b: loss([1.0, 2.0], [0.0, 1.0]) * w + b, w, b)


def test_methods_are_told_apart_by_identity_and_keep_their_object() -> None:
    class Same(Module):
        __hash__ = None

        def __init__(self, w: float) -> None:
            self.w = Value(w)

        def __eq__(self, other: object) -> bool:
            return True

        @vectorize
        def loss(self, x: Value) -> Value:
            return self.w * x

    first, second = Same(1.0), Same(3.0)
    assert (first.loss([1.0]).data, second.loss([1.0]).data) == (1.0, 3.0)
    second.loss([1.0]).backward()
    assert (first.w.grad, second.w.grad) == (0.0, 1.0)
    assert Same(5.0).loss([2.0]).data == 10.0
    loss = second.loss
    del second
    assert loss([1.0]).data == 3.0


def test_a_copy_is_compiled_for_what_its_function_sees() -> None:
    w = Value(2.0)
    vectorized = vectorize(lambda x: w * x)
    for _ in range(2):
        vectorized([1.0])
    twin = copy.deepcopy(vectorized)
    w.data = 7.0
    twin([1.0]).backward()
    assert (twin([1.0]).data, w.grad) == (7.0, 1.0)


def test_a_method_that_is_decorated_has_programs_for_each_object() -> None:
    class Model(Module):
        def __init__(self, w: float) -> None:
            self.w = Value(w)

        @vectorize
        def loss(self, x: Value, t: Value) -> Value:
            return (self.w * x - t) ** 2

        @vectorize(reduction="none")
        def scores(self, x: Value) -> Value:
            """Scores."""
            return self.w * x

    first, second = Model(1.0), Model(3.0)
    assert isinstance(Model.loss, replay.Vectorized)
    for _ in range(3):
        assert (first.loss([2.0], [0.0]).data, second.loss([2.0], [0.0]).data) == (4.0, 36.0)
    second.loss([2.0], [0.0]).backward()
    assert (first.w.grad, second.w.grad) == (0.0, 24.0)
    assert first.scores.forward([1.0, 2.0]).tolist() == [1.0, 2.0]
    assert "def forward" in first.loss.source
    assert (first.loss.__name__, first.scores.__doc__) == ("loss", "Scores.")
    twin = copy.deepcopy(second)
    twin.w.data = 5.0
    assert (twin.loss([2.0], [0.0]).data, second.loss([2.0], [0.0]).data) == (100.0, 36.0)
    assert pickle.loads(pickle.dumps(first.state_dict())) == {"w": 1.0}
    gone, program = weakref.ref(twin), weakref.ref(twin.loss._latest)
    del twin
    gc.collect()
    assert gone() is None and program() is None


def test_a_method_of_an_object_that_holds_all_it_needs_to_train_compiles_once() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.model = MLP(2, [3, 1], rng=0)
            self.optimizer = SGD(self.model.parameters(), lr=0.1, momentum=0.9)
            self.loss = vectorize(self.loss_of_sample)
            self.history: list[float] = []

        def loss_of_sample(self, x: list[Value]) -> Value:
            return self.model(x) ** 2

        def train(self, X: np.ndarray) -> None:
            batch = self.loss(X)
            self.optimizer.zero_grad()
            batch.backward()
            self.optimizer.step()
            self.history.append(batch.data)

    trainer = Trainer()
    trainer.train(np.ones((3, 2)))
    compiled = trainer.loss._latest
    for n in (3, 50, 4):
        trainer.train(np.ones((n, 2)))
    assert trainer.loss._latest is compiled
    assert len(set(trainer.history)) == 4
