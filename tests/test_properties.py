"""Properties that hold for every function of the catalogue, and for every program that hypothesis can think of."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from micrograd_numpy import MLP, Module, Neuron, Value, check_gradients, topological_sort
from tests.tables.catalogue import (
    FUNCTIONS,
    Function,
    Program,
    contributions,
    errors,
    programs,
    rounding,
)

every_function = pytest.mark.parametrize("function", FUNCTIONS, ids=str)
few = settings(max_examples=10)  # of each function
some = settings(max_examples=60)
factors = st.one_of(st.sampled_from([0.0, 1.0, -1.0, 2.0]), st.floats(-100.0, 100.0).filter(lambda c: abs(c) > 1e-9))


def point_of(data: st.DataObject, function: Function) -> tuple[float, ...]:
    """A point of the function's domain at which it is finite."""
    point = data.draw(function.domain.drawn)
    out = function.f(*map(Value, point))
    assume(math.isfinite(out.data))
    return point


def gradients(f: Callable[..., Value], point: tuple[float, ...]) -> list[float]:
    leaves = [Value(x) for x in point]
    f(*leaves).backward()
    return [leaf.grad for leaf in leaves]


def bits(values: list[Value]) -> list[str]:
    """Every number and gradient, to the last bit."""
    return [x.hex() for v in values for x in (v.data, v.grad)]


def assert_same_bits(leaves: list[Value], roots: list[Value], others: list[Value], other_roots: list[Value]) -> None:
    """Differentiate two copies of a program, and compare every number and gradient."""
    for root, other in zip(roots, other_roots, strict=True):
        root.backward()
        other.backward()
        assert bits(topological_sort(root)) == bits(topological_sort(other))
    assert bits(leaves) == bits(others)


def is_close(a: float, b: float, bound: float) -> bool:
    """Within the bound, where the smallest numbers have fewer digits. No bound, nan, is where a function ends."""
    return a == b or abs(a - b) <= bound + 1e-300 or math.isnan(bound)


def assert_equal_to_torch(torch, leaves: list[Value], roots: list[Value], tensors: list, theirs: list) -> None:
    """Numbers and accumulated gradients, as exact as two engines that round differently can be."""
    may_differ = dict.fromkeys(leaves, 0.0)
    most = 0.0
    for ours, root in zip(roots, theirs, strict=True):
        ours.backward()
        root.backward(retain_graph=True)
        bounds, sizes = errors(ours), rounding(ours)
        assert is_close(ours.data, root.item(), 2.0 * bounds[ours][0])
        for leaf in leaves:
            may_differ[leaf] += 2.0 * bounds[leaf][1] if leaf in bounds else 0.0
            most += sizes.get(leaf, 0.0)
    for leaf, tensor in zip(leaves, tensors, strict=True):
        grad = 0.0 if tensor.grad is None else tensor.grad.item()  # PyTorch's word for a leaf that is not used
        assert is_close(leaf.grad, grad, may_differ[leaf] + most), (leaf.grad, grad, may_differ[leaf])


# ---------------------------------------------------------------- the functions of the catalogue


@every_function
@few
@given(data=st.data())
def test_value_and_gradients_are_those_of_pytorch(function: Function, data: st.DataObject, torch) -> None:
    for point in (*function.points, point_of(data, function)):
        leaves = [Value(x) for x in point]
        tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
        assert_equal_to_torch(torch, leaves, [function.f(*leaves)], tensors, [function.f(*tensors)])


@every_function
@few
@given(data=st.data())
def test_gradients_are_those_of_finite_differences(function: Function, data: st.DataObject) -> None:
    """A corner has no slope, and some gradients drown in rounding; but none may be called wrong."""
    report = check_gradients(function.f, *point_of(data, function))
    assert {row.verdict for row in report.rows} <= {"agrees", "kink", "inconclusive"}, report


@every_function
def test_the_fixed_points_agree_outright(function: Function) -> None:
    for point in function.points:
        assert check_gradients(function.f, *point), point


@every_function
def test_the_bounds_of_these_tests_are_narrow(function: Function) -> None:
    """Where a test says "as exact as can be", it says at least ten digits."""
    for point in function.points:
        leaves = [Value(x) for x in point]
        root = function.f(*leaves)
        root.backward()
        bounds, sizes = errors(root), contributions(root)
        assert bounds[root][0] <= 1e-10 * max(1.0, abs(root.data))
        assert all(bounds[leaf][1] <= 1e-10 * max(1.0, sizes[leaf]) for leaf in leaves)


# ---------------------------------------------------------------- random programs: the right numbers


@some
@example(program=Program((1.0,), (("a - b", 0, (0, 0)), ("a ** c", 1.5, (1,)))))  # 0 to the 1.5, where powers end
@given(program=programs())
def test_a_program_gives_the_numbers_of_pytorch(program: Program, torch) -> None:
    leaves, roots = program.values()
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in program.leaves]
    assert_equal_to_torch(torch, leaves, roots, tensors, program.run(tensors))


@some
@given(program=programs())
def test_a_program_gives_the_slopes_of_finite_differences(program: Program) -> None:
    report = check_gradients(lambda *leaves: program.run(list(leaves))[0], *program.leaves)
    assert {row.verdict for row in report.rows} <= {"agrees", "kink", "inconclusive"}, report


# ---------------------------------------------------------------- random programs: linear from above


@some
@given(program=programs(), power=st.integers(-20, 20))
def test_a_root_scaled_by_a_power_of_two_scales_every_bit(program: Program, power: int) -> None:
    """Such a factor rounds nowhere, so here equal means equal."""
    leaves, (root, *_) = program.values()
    root.backward()
    others, (other, *_) = program.values()
    (other * 2.0**power).backward()
    smallest = min((abs(x) for x in contributions(root).values() if x), default=1.0)
    assume(smallest > 1e-250)  # no underflow
    assert [v.grad * 2.0**power for v in leaves] == [v.grad for v in others]


@some
@given(program=programs(), a=factors, b=factors)
def test_a_weighted_sum_of_two_roots_has_the_weighted_sum_of_their_gradients(
    program: Program, a: float, b: float
) -> None:
    grads = []
    for which in (0, -1):
        leaves, roots = program.values()
        roots[which].backward()
        grads.append([leaf.grad for leaf in leaves])
    leaves, roots = program.values()
    root = roots[0] * a + b * roots[-1]
    root.backward()
    bounds = rounding(root)
    for leaf, df, dg in zip(leaves, *grads, strict=True):
        assert is_close(leaf.grad, a * df + b * dg, 2.0 * bounds.get(leaf, 0.0))


@some
@given(program=programs())
def test_every_root_adds_to_the_leaves(program: Program) -> None:
    """Two calls double a leaf, two roots add up in it; a node between holds what the latest root gave it."""
    leaves, roots = program.values()
    expected, allowed = dict.fromkeys(leaves, 0.0), dict.fromkeys(leaves, 0.0)
    for which in range(len(roots)):
        alone, fresh = program.values()
        fresh[which].backward()
        bounds = rounding(fresh[which])
        for leaf, other in zip(leaves, alone, strict=True):
            expected[leaf] += 2.0 * other.grad
            allowed[leaf] += 4.0 * bounds.get(other, 0.0)
        for _ in range(2):
            roots[which].backward()
        for node, other in zip(topological_sort(roots[which]), topological_sort(fresh[which]), strict=True):
            assert not node._prev or node.grad.hex() == other.grad.hex()
    for leaf in leaves:
        # each call's additions round relative to what the leaf holds by then
        assert is_close(leaf.grad, expected[leaf], len(roots) * allowed[leaf])


# ---------------------------------------------------------------- random programs: only the graph counts


@some
@given(program=programs(), names=st.lists(st.text("ab μ", max_size=5), min_size=1))
def test_labels_change_no_bit(program: Program, names: list[str]) -> None:
    leaves, roots = program.values()
    others, other_roots = program.values()
    for other in other_roots:
        for i, node in enumerate(topological_sort(other)):
            node.label = names[i % len(names)]
    assert_same_bits(leaves, roots, others, other_roots)


@some
@given(program=programs(), priority=st.lists(st.floats(0.0, 1.0), min_size=1))
def test_the_order_in_which_nodes_were_made_changes_no_bit(program: Program, priority: list[float]) -> None:
    order = program.another_order(priority)
    leaves, roots = program.values()
    others, other_roots = program.values(order)
    assert_same_bits(leaves, roots, others, other_roots)


@some
@given(program=programs(), priority=st.lists(st.floats(0.0, 1.0), min_size=1))
def test_nodes_may_fire_in_any_topological_order(program: Program, priority: list[float]) -> None:
    """Another order adds up the same contributions in another order: the same but for rounding."""
    _, (root, *_) = program.values()
    order = topological_sort(root)
    root.backward()
    expected = [node.grad for node in order]
    users = {node: sum(i is node for user in order for i in user._prev) for node in order}
    for node in order:
        node.grad = 0.0
    root.grad = 1.0
    ready = [root]
    while ready:
        node = max(ready, key=lambda v: priority[order.index(v) % len(priority)])
        ready.remove(node)
        node._backward()
        for i in node._prev:
            users[i] -= 1
            ready += [i] * (not users[i])
    bounds = rounding(root)
    assert all(is_close(node.grad, grad, 2.0 * bounds[node]) for node, grad in zip(order, expected, strict=True))


@some
@given(program=programs())
def test_the_order_lists_each_node_once_after_its_inputs(program: Program) -> None:
    for root in program.values()[1]:
        order = topological_sort(root)
        place = {node: i for i, node in enumerate(order)}
        assert len(place) == len(order)
        assert order[-1] is root
        assert all(place[i] < place[node] for node in order for i in node._prev)


# ---------------------------------------------------------------- models as text

anything = st.floats()  # inf, nan, −0, subnormal


def same_bits(a: float, b: float) -> bool:
    """JSON has one nan."""
    return a.hex() == b.hex() or (math.isnan(a) and math.isnan(b))


@given(st.lists(anything, min_size=9, max_size=9))
@example([-0.0, 5e-324, -5e-324, math.inf, -math.inf, math.nan, 1e308, 0.1, 2.0**-1022])
def test_a_model_goes_through_json_to_the_last_bit(numbers: list[float]) -> None:
    model, twin = MLP(2, [2, 1], rng=0), MLP(2, [2, 1], rng=1)
    for parameter, x in zip(model.parameters(), numbers, strict=True):
        parameter.data = x
    twin.load_state_dict(json.loads(json.dumps(model.state_dict())))
    assert all(same_bits(p.data, x) for p, x in zip(twin.parameters(), numbers, strict=True))


keys = st.text("ab1 μ", min_size=1, max_size=4)
nests = st.recursive(
    st.builds(Value, anything),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=10,
)


@given(nests, st.randoms(use_true_random=False))
def test_any_nesting_of_parameters_is_saved_whole_and_loaded_in_any_order(nest, random) -> None:
    module = Module()
    module.held = nest
    state = module.state_dict()
    assert len(state) == len(module.parameters())
    items = list(json.loads(json.dumps(state)).items())
    random.shuffle(items)
    for parameter in module.parameters():
        parameter.data = 0.125
    module.load_state_dict(dict(items))
    assert all(same_bits(x, state[name]) for name, x in module.state_dict().items())


class Bomb:
    """What a pickle of the wrong kind holds: a call that unpickling would make."""

    def __reduce__(self):
        raise AssertionError("loading a state must not unpickle")

    def __call__(self, *args):
        raise AssertionError("loading a state must not call what is in it")

    def __float__(self):
        raise AssertionError("a number is a number, and not what can be turned into one")


@pytest.mark.parametrize("name", ["weights.0", "weights.1", "bias"])
@pytest.mark.parametrize(
    "wrong",
    [
        Bomb(),
        Bomb,
        print,
        "__import__('os').getcwd()",
        "1.0",
        b"cos\nsystem\n(S'true'\ntR.",
        {"py/object": "os.system"},
        {"__reduce__": [1.0]},
        [1.0],
        (1.0,),
        [[[]]],
        None,
        1j,
    ],
    ids=lambda wrong: type(wrong).__name__,
)
def test_a_state_is_read_and_never_run(name: str, wrong) -> None:
    neuron = Neuron(2, rng=0)
    before = neuron.state_dict()
    with pytest.raises(TypeError, match=f"bad number for '{name}'"):
        neuron.load_state_dict({"weights.0": 1.0, "weights.1": 2.0, "bias": 3.0, name: wrong})
    assert neuron.state_dict() == before
