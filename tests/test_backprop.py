"""Order and accumulation: each node once, after all who use it, in any graph."""

from __future__ import annotations

import gc
import random
import subprocess
import sys

import pytest

from micrograd_numpy import Value, topological_sort
from micrograd_numpy.backprop import backward


class Counted(Value):
    """A Value that counts how often its inputs are looked at and how often it fires."""

    __slots__ = ("fired", "looked", "watched")

    def __init__(self, inputs: tuple[Counted, ...] = ()) -> None:
        self.looked = self.fired = 0
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


@pytest.mark.parametrize("seed", range(10))
def test_each_node_once_after_its_inputs_and_the_root_last(seed: int) -> None:
    _, root = random_graph(seed)
    order = topological_sort(root)
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is root
    assert all(place[i] < place[node] for node in order for i in node._prev)


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


def test_work_is_linear_in_the_graph() -> None:
    """Counted, not timed: each node is looked at a fixed number of times, however many paths lead to it."""
    most = []
    for levels in (5, 50, 500):
        nodes = [Counted()]
        for _ in range(levels):
            nodes.append(Counted((nodes[-1], nodes[-1])))
        for node in nodes:
            node.looked = 0
        backward(nodes[-1])
        assert [node.fired for node in nodes] == [1] * len(nodes)
        most.append(max(node.looked for node in nodes))
    assert most[0] == most[1] == most[2]


def test_a_node_used_a_thousand_times() -> None:
    x = Value(2.0)
    total = sum(x * x for _ in range(1000))
    total.backward()
    assert x.grad == 4000.0


def test_a_chain_far_beyond_the_recursion_limit() -> None:
    x = root = Value(1.0)
    for _ in range(100_000):
        root = root + x
    root.backward()
    assert x.grad == 100_001.0


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


def test_an_exception_in_the_middle_leaves_the_next_backward_right() -> None:
    x = Value(2.0)
    y = x * x
    y._local = (None, None)  # type: ignore[assignment]  # a broken rule
    z = y * 3
    with pytest.raises(TypeError):
        z.backward()
    y._local = (2.0, 2.0)
    x.grad = 0.0
    z.backward()
    assert x.grad == 12.0


def test_nothing_is_left_for_the_cyclic_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        before = sum(type(o) is Value for o in gc.get_objects())
        leaves, root = random_graph(0)
        root.backward()
        topological_sort(root)
        del leaves, root
        after = sum(type(o) is Value for o in gc.get_objects())
    finally:
        gc.enable()
    assert after == before


def test_the_same_bits_under_every_hash_seed() -> None:
    program = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from test_backprop import random_graph\n"
        "leaves, root = random_graph(7)\n"
        "root.backward()\n"
        "print(*(leaf.grad.hex() for leaf in leaves))\n"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "42")
    }
    assert len(runs) == 1
