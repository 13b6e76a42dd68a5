"""Order and accumulation: each node once, after all who use it, in any graph."""

from __future__ import annotations

import gc
import itertools
import math
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType

import pytest

from micrograd_numpy import MLP, Value, check_gradients, draw_graph, mse_loss, topological_sort
from micrograd_numpy.backprop import backward
from micrograd_numpy.value import apply, dot, mean
from tests.tables.losses import LOSSES, Loss
from tests.tables.optimizers import CATALOGUE

HERE = Path(__file__).resolve().parent
OPTIMIZERS = [partial(kind, **arguments) for kind, _, arguments in CATALOGUE.values()]


class Counted(Value):
    """A Value that counts how often its inputs are looked at, it is looked for in a set, and it fires."""

    __slots__ = ("fired", "looked", "sought", "watched")

    def __init__(self, inputs: tuple[Counted, ...] = ()) -> None:
        self.looked = self.sought = self.fired = 0
        super().__init__(1.0)
        self.watched = inputs
        self._local = (1.0,) * len(inputs)

    @property
    def _prev(self) -> tuple[Counted, ...]:
        self.looked += 1
        return self.watched

    @_prev.setter
    def _prev(self, inputs: tuple[Counted, ...]) -> None:
        pass

    def _backward(self) -> None:
        self.fired += 1
        super()._backward()

    def __hash__(self) -> int:
        self.sought += 1
        return super().__hash__()


def diamond(levels: int) -> tuple[Value, Value]:
    leaf = root = Value(1.0)
    for _ in range(levels):
        root = root + root
    return leaf, root


def random_graph(seed: int, size: int = 80) -> tuple[list[Value], Value]:
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-1, 1)) for _ in range(5)]
    nodes = list(leaves)
    for _ in range(size):
        a, b = rng.choices(nodes, k=2)
        nodes.append(rng.choice([lambda a, b: a + b, lambda a, b: a * b, lambda a, b: (a - b).tanh()])(a, b))
    return leaves, sum(nodes)


# ------------------------------------------------------------------ the order


def test_the_order_is_depth_first_and_left_to_right() -> None:
    a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
    root = (b * c) + (a * b)
    assert [node.label or node._op for node in topological_sort(root)] == ["b", "c", "*", "a", "*", "+"]


def test_a_leaf_is_its_own_order() -> None:
    leaf = Value(1.0)
    assert topological_sort(leaf) == [leaf]


@pytest.mark.parametrize("levels", [10, 200])
def test_diamonds_are_exact(levels: int) -> None:
    leaf, root = diamond(levels)
    root.backward()
    assert leaf.grad == 2.0**levels


@pytest.mark.parametrize(
    ("use", "slope"),
    [
        (lambda x: sum(x * 3.0 for _ in range(1000)), 3000.0),
        (lambda x: sum(x * x for _ in range(1000)), 4000.0),
        (lambda x: dot([x] * 1000, [2.0] * 1000), 2000.0),
        (lambda x: dot([x] * 1000, [x] * 1000), 4000.0),
        (lambda x: mean([x] * 1024), 1.0),
        (lambda x: math.prod([1.0 / x * x] * 1000), 0.0),
    ],
    ids=["one operand", "both operands", "half a dot", "a whole dot", "mean", "factor"],
)
def test_a_node_used_a_thousand_times(use: Callable[[Value], Value], slope: float) -> None:
    x = Value(2.0)
    total = use(x)
    total.backward()
    assert x.grad == slope


def test_an_interior_node_used_a_thousand_times() -> None:
    x = Value(2.0)
    inner = x * x
    total = sum(inner * inner for _ in range(1000))
    total.backward()
    assert (inner.grad, x.grad) == (8000.0, 32000.0)


# ------------------------------------------------------------------ work is linear: counted, not timed


def chain_of(n: int) -> list[Counted]:
    nodes = [Counted()]
    for _ in range(n):
        nodes.append(Counted((nodes[-1],)))
    return nodes


def diamonds_of(n: int) -> list[Counted]:
    nodes = [Counted()]
    for _ in range(n):
        nodes.append(Counted((nodes[-1], nodes[-1])))
    return nodes


def wide_diamonds_of(n: int) -> list[Counted]:
    """Two nodes at each level, each used by both of the next: 2ⁿ paths, without any double edge."""
    nodes = [Counted(), Counted()]
    for _ in range(n):
        level = tuple(nodes[-2:])
        nodes += [Counted(level), Counted(level)]
    return [*nodes, Counted(tuple(nodes[-2:]))]


def fan_of(n: int) -> list[Counted]:
    leaf = Counted()
    users = [Counted((leaf,)) for _ in range(n)]
    return [leaf, *users, Counted(tuple(users))]


def used_by_one(n: int) -> list[Counted]:
    leaf = Counted()
    return [leaf, Counted((leaf,) * n)]


def dense_layers_of(n: int, width: int = 7) -> list[Counted]:
    nodes = [Counted() for _ in range(width)]
    for _ in range(n):
        layer = tuple(nodes[-width:])
        nodes += [Counted(layer) for _ in range(width)]
    return [*nodes, Counted(tuple(nodes[-width:]))]


SHAPES = [chain_of, diamonds_of, wide_diamonds_of, fan_of, used_by_one, dense_layers_of]


@pytest.mark.parametrize("walk", [topological_sort, backward])
@pytest.mark.parametrize("shape", SHAPES)
def test_work_is_linear_in_nodes_and_edges(shape: Callable[[int], list[Counted]], walk: Callable) -> None:
    """However many paths there are, each part that is added to a graph costs the same."""
    costs = []
    for n in (60, 120, 180):
        nodes = shape(n)
        edges = sum(len(node.watched) for node in nodes)
        for node in nodes:
            node.looked = node.sought = 0
        walk(nodes[-1])
        looked, sought = (sum(getattr(node, name) for node in nodes) for name in ("looked", "sought"))
        assert max(node.looked for node in nodes) <= 4
        assert sought <= 2 * (len(nodes) + edges)
        assert {node.fired for node in nodes} == {int(walk is backward)}
        costs.append(looked + sought)
    assert costs[2] - costs[1] == costs[1] - costs[0]


@pytest.fixture
def without_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def young_values() -> int:
    """How many Values are alive of those made since the collector was switched off."""
    return sum(issubclass(type(thing), Value) for thing in gc.get_objects(generation=0))


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize(
    ("build", "nodes"),
    [
        (lambda x, n: [x := x + x for _ in range(n)], lambda n: n),
        (lambda x, n: [x := x.tanh() for _ in range(n)], lambda n: n),
        (lambda x, n: [x := x * 2.0 for _ in range(n)], lambda n: 2 * n),  # a number is a leaf
        (lambda x, n: [x := x**2 for _ in range(n)], lambda n: n),  # but for an exponent
        (lambda x, n: [x * x for _ in range(n)], lambda n: n),
        (lambda x, n: dot([x] * n, [x] * n), lambda n: 1),
        (lambda x, n: mean([x] * n), lambda n: 1),
        (lambda x, n: MLP(n, [1], rng=0)([x] * n), lambda n: n + 3),  # weights and bias; dot and sum
        (
            lambda x, n: [MLP(3, [3] * n, "tanh", rng=0)([x, x, x])],
            lambda n: n * (12 + 9) - 3,
        ),  # the last one is linear
    ],
)
def test_building_makes_one_node_for_each_operation(build: Callable, nodes: Callable[[int], int]) -> None:
    x = Value(0.5)
    for n in (10, 20, 40):
        kept = build(x, n)
        assert young_values() == 1 + nodes(n), kept
        del kept


def test_building_asks_each_rule_once() -> None:
    asked = 0

    def rule(a: float) -> tuple[float, tuple[float]]:
        nonlocal asked
        asked += 1
        return a, (1.0,)

    x = Value(1.0)
    for _ in range(50):
        x = apply(rule, x)
        x = x + x
    x.backward()
    assert asked == 50


MILLION = """
import copy, gc, pickle
from micrograd_numpy import Value, draw_graph
from micrograd_numpy.value import mean

gc.disable()  # memory must do without the collector
x = root = Value(0.5)
for _ in range(200_000):
    root = mean([-(root * x + x).tanh(), x])
root.backward()
assert x.grad != 0.0 and abs(x.grad) < 10.0, x.grad
for again in (copy.copy, copy.deepcopy, pickle.dumps):
    for thing in (root, [root], {"loss": root}):
        if again is copy.copy and thing is not root:
            continue  # which copies the list, and not what it holds
        try:
            again(thing)
        except TypeError as error:
            assert "only leaves can be copied or pickled" in str(error)
        else:
            raise AssertionError(f"{again} did not refuse")
try:
    draw_graph(root)
except ValueError as error:
    assert "this graph has 1000001 nodes, more than max_nodes=300" in str(error)
else:
    raise AssertionError("draw_graph did not refuse")
assert "data=" in repr(root)
del root, thing
assert sum(isinstance(o, Value) for o in gc.get_objects()) == 1  # all but x
print("freed")
"""


def run_python(program: str, hash_seed: str = "0") -> str:
    """What a program prints in a Python of its own, in which a crash would be seen."""
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)]),
    }
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"exit {result.returncode}\n{result.stderr}"
    return result.stdout


def test_a_chain_of_a_million_is_built_differentiated_refused_and_freed() -> None:
    assert run_python(MILLION) == "freed\n"


# ------------------------------------------------------------------ several roots


def test_two_roots_that_share_an_interior_node() -> None:
    x = Value(1.0)
    h = x * 2
    a, b = h * 5, h * 7
    backward(a)
    backward(b)
    assert (x.grad, h.grad) == (24.0, 7.0)


def test_the_same_root_twice() -> None:
    x = Value(3.0)
    cube = x * x * x
    backward(cube)
    backward(cube)
    assert (x.grad, cube.grad) == (54.0, 1.0)


def test_a_root_inside_another_graph() -> None:
    x = Value(3.0)
    inner = x * x
    outer = inner * 2
    backward(outer)
    backward(inner)
    assert (x.grad, inner.grad) == (18.0, 1.0)


# ------------------------------------------------------------------ stopped in the middle


class Interrupting(Value):
    """A node at which the user presses Ctrl-C, once."""

    __slots__ = ("how",)

    def _backward(self) -> None:
        how, self.how = self.how, lambda: None
        super()._backward()
        how()


def interrupt() -> None:
    raise KeyboardInterrupt


def control_c() -> None:
    """A real signal, which Python answers a few instructions later."""
    signal.raise_signal(signal.SIGINT)


def stop_at(inner: Value, how: Callable[[], None]) -> Value:
    """`inner` as it is, but that its `_backward` stops."""
    node = Interrupting(inner.data)
    node._prev, node._op, node._local, node.how = (inner,), "stop", (1.0,), how
    return node


def stopping(how: Callable[[], None]) -> tuple[list[Value], Value]:
    """A graph that stops when some leaves have all, some a part and some nothing of their gradients."""
    a, b, c = leaves = [Value(2.0, label="a"), Value(-3.0, label="b"), Value(0.5, label="c")]
    first = a * b
    return leaves, (stop_at(first * c, how) + a) * (c + b) + a.tanh()


def broken_rule() -> None:
    raise ArithmeticError("a bug in somebody's rule")


@pytest.fixture
def ctrl_c_is_keyboard_interrupt():
    """Whatever the test runner has made of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_is_keyboard_interrupt")
@pytest.mark.parametrize("how", [interrupt, control_c, broken_rule, sys.exit])
def test_a_stopped_backward_leaves_the_leaves_as_they_were_and_the_next_one_is_right(how: Callable[[], None]) -> None:
    """Without zero_grad."""
    undisturbed, root = stopping(lambda: None)
    leaves, stopped = stopping(how)
    for values in (undisturbed, leaves):
        for value, held in zip(values, (100.0, -0.1, 0.3)):
            value.grad = held
    with pytest.raises((KeyboardInterrupt, ArithmeticError, SystemExit)):
        stopped.backward()
    assert [v.grad for v in leaves] == [100.0, -0.1, 0.3]
    root.backward()
    stopped.backward()
    assert [v.grad.hex() for v in leaves] == [v.grad.hex() for v in undisturbed]


def test_stopped_at_any_line_backward_did_all_or_nothing() -> None:
    """Ctrl-C can come between any two lines."""
    complete: list[float] = []

    def stop_after(lines: int) -> Callable | None:
        left = itertools.count(lines, -1)

        def trace(frame: FrameType, event: str, _: object) -> Callable | None:
            if event == "line" and next(left) == 0:
                raise KeyboardInterrupt
            return trace

        return trace

    def grads(lines: int | None) -> tuple[list[float], list[float], bool]:
        leaves, root = random_graph(3, size=8)
        for leaf in leaves:
            leaf.grad = 0.1
        stopped = False
        before = sys.gettrace()
        if lines is not None:
            sys.settrace(stop_after(lines))
        try:
            backward(root)
        except KeyboardInterrupt:
            stopped = True
        finally:
            sys.settrace(before)
        held = [leaf.grad for leaf in leaves]
        backward(root)
        return held, [leaf.grad for leaf in leaves], stopped

    complete, twice, _ = grads(None)
    for lines in itertools.count():
        held, after, stopped = grads(lines)
        if not stopped:
            break
        assert held in ([0.1] * 5, complete), lines
        assert after == (complete if held != complete else twice), lines
    assert lines > 100


# ------------------------------------------------------------------ memory


def forward_only() -> None:
    random_graph(0)


def forward_and_backward() -> None:
    _, root = random_graph(0)
    root.backward()
    topological_sort(root)
    repr(root)


def training(optimizer: Callable, loss: Loss) -> None:
    model = MLP(2, [4, 1], "tanh", rng=0)
    optimize = optimizer(model.parameters())
    for _ in range(3):
        optimize.zero_grad()
        outputs = [model(x) for x in ([0.5, -1.0], [1.5, 0.25])]
        loss.function([z.sigmoid() for z in outputs] if loss.range[0] > 0.0 else outputs, [1.0, 1.0]).backward()
        optimize.step()
    model.load_state_dict(model.state_dict())


def checking() -> None:
    repr(check_gradients(lambda a, b: (a * b).tanh() + a.relu(), Value(0.5), 0.0))


def drawing() -> None:
    _, root = random_graph(0)
    draw_graph(root, local_derivatives=True)


def refused_drawing() -> None:
    _, root = random_graph(0, size=400)
    with suppress(ValueError):
        draw_graph(root)


def exception_in_a_rule() -> None:
    def broken(a: float) -> tuple[float, tuple[float]]:
        raise ArithmeticError(a)

    _, root = random_graph(0)
    with suppress(ArithmeticError):
        apply(broken, root) * 2.0


def wrong_answer_of_a_rule() -> None:
    _, root = random_graph(0)
    with suppress(ValueError):
        apply(lambda a: (a, ()), root)


def exception_in_backward() -> None:
    _, root = stopping(broken_rule)
    with suppress(ArithmeticError):
        root.backward()


def interrupted_backward() -> None:
    _, root = stopping(interrupt)
    with suppress(KeyboardInterrupt):
        root.backward()
    root.backward()


def refused_operands() -> None:
    for wrong in ("3", None, [1.0]):
        with suppress(TypeError):
            Value(1.0) * 2.0 + wrong


def failed_check() -> None:
    with suppress(TypeError):
        check_gradients(lambda a: (a * 2.0).data, 1.0)
    with suppress(ArithmeticError):
        check_gradients(lambda a: apply(lambda x: (x / 0, (1.0,)), a * a), 1.0)


DEEDS = [
    forward_only, forward_and_backward, checking, failed_check, drawing, refused_drawing, exception_in_a_rule,
    wrong_answer_of_a_rule, exception_in_backward, interrupted_backward, refused_operands,
]  # fmt: skip
DEEDS += [pytest.param(partial(training, o, LOSSES[0]), id=name) for name, o in zip(CATALOGUE, OPTIMIZERS)]
DEEDS += [pytest.param(partial(training, OPTIMIZERS[0], loss), id=loss.name) for loss in LOSSES]


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_left_for_the_cyclic_collector(deed: Callable[[], None]) -> None:
    deed()
    assert young_values() == 0


@pytest.mark.usefixtures("without_collector")
def test_what_only_the_collector_could_free_would_be_counted() -> None:
    loop = Value(1.0)
    loop._prev = (loop,)
    del loop
    assert young_values() == 1


# ------------------------------------------------------------------ the same bits everywhere

PROGRAM = """
import sys
from tests.test_backprop import OPTIMIZERS, random_graph, trained
from micrograd_numpy import draw_graph

leaves, root = random_graph(7)
root.backward()
print(*(leaf.grad.hex() for leaf in leaves))
for optimizer in OPTIMIZERS:
    model, loss = trained(optimizer)
    print(*(x.hex() for p in model.parameters() for x in (p.data, p.grad)))
    drawing = draw_graph(loss, local_derivatives=True)
    print(drawing.svg, drawing.dot)
"""


def trained(optimizer: Callable) -> tuple[MLP, Value]:
    """A model after three steps, and the last loss."""
    model = MLP(2, [4, 3, 1], "tanh", rng=0)
    optimize = optimizer(model.parameters())
    for _ in range(3):
        optimize.zero_grad()
        loss = mse_loss([model(x) for x in ([0.5, -1.0], [1.5, 0.25], [-0.3, 0.8])], [1.0, -1.0, 0.5])
        loss.backward()
        optimize.step()
    return model, loss


def test_the_same_bits_under_every_hash_seed() -> None:
    runs = {run_python(PROGRAM, seed) for seed in ("0", "1", "42")}
    assert len(runs) == 1
    assert runs.pop().count("<svg") == len(OPTIMIZERS)


# ------------------------------------------------------------------ threads


def work(seed: int) -> list[str]:
    """Build and differentiate a graph of one's own, train a model, and give every bit."""
    leaves, root = random_graph(seed, size=150)
    root.backward()
    model = MLP(2, [3, 1], "tanh", rng=seed)
    optimize = OPTIMIZERS[seed % len(OPTIMIZERS)](model.parameters())
    for _ in range(3):
        optimize.zero_grad()
        mse_loss([model([0.5, -1.0]), model([1.5, 0.25])], [1.0, -1.0]).backward()
        optimize.step()
    values = [*topological_sort(root), *leaves, *model.parameters()]
    return [x.hex() for v in values for x in (v.data, v.grad)]


def stumble(stop: threading.Event) -> None:
    """Raise in the middle of backward() again and again."""
    while not stop.is_set():
        exception_in_backward()
        interrupted_backward()


@pytest.mark.parametrize("others_raise", [False, True])
def test_threads_do_not_disturb_each_other(others_raise: bool) -> None:
    seeds = range(6)
    expected = [work(seed) for seed in seeds]
    found: dict[int, list[list[str]]] = {}
    stop = threading.Event()

    def worker(seed: int) -> None:
        found[seed] = [work(seed) for _ in range(3)]

    workers = [threading.Thread(target=worker, args=(seed,)) for seed in seeds]
    stumbling = [threading.Thread(target=stumble, args=(stop,))] if others_raise else []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in stumbling + workers:
            thread.start()
        for thread in workers:
            thread.join()
    finally:
        stop.set()
        for thread in stumbling:
            thread.join()
        sys.setswitchinterval(interval)
    assert found == {seed: [expected[seed]] * 3 for seed in seeds}


def test_a_gradient_of_none_counts_as_zero() -> None:
    x, y = Value(3.0), Value(2.0)
    x.grad = None  # type: ignore[assignment]  # a habit from PyTorch
    (x * y).backward()
    assert (x.grad, y.grad) == (2.0, 3.0)
    x.grad = None  # type: ignore[assignment]  # likewise
    x.backward()
    assert x.grad == 1.0
