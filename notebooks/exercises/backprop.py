# %% [markdown]
# # Exercises: Backpropagation
#
# Try each one before you open its solution.

# %%
import random

from micrograd_numpy import Value, topological_sort


# %% [markdown]
# ## 1. Sort by counting
#
# PyTorch does not sort. It walks through the graph once and counts, for each node, the users that have yet to fire.
# Then it lets a node fire when its count reaches zero. Count only users on which the root depends, and count each
# arrow: in `x * x`, `x` has two. Write a function `backward_by_counting(root)` that does the same. Compare its
# gradients with those of `root.backward()` on random graphs.


# %%
def random_graph(seed, size=60):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-1, 1)) for _ in range(5)]
    nodes = list(leaves)
    for _ in range(size):
        a, b = rng.choices(nodes[-12:], k=2)
        operation = rng.choice([Value.__add__, Value.__mul__, lambda a, _: a.tanh()])
        nodes.append(operation(a, b))
    root = nodes[-1]
    for node in nodes[:-1:2]:  # the root depends on many nodes, but not on all
        root = root + node
    return leaves, root


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def backward_by_counting(root):
    users = {root: 0}
    stack = [root]
    while stack:
        for i in stack.pop()._prev:
            if i not in users:
                users[i] = 0
                stack.append(i)
            users[i] += 1

    for node in users:
        if node._prev:
            node.grad = 0.0
    root.grad += 1.0
    ready = [root]
    while ready:
        node = ready.pop()
        node._backward()
        for i in node._prev:
            users[i] -= 1
            if users[i] == 0:
                ready.append(i)


for seed in range(20):
    leaves, root = random_graph(seed)
    root.backward()
    expected = [leaf.grad for leaf in leaves]
    leaves, root = random_graph(seed)
    backward_by_counting(root)
    assert all(abs(leaf.grad - e) <= 1e-9 * abs(e) for leaf, e in zip(leaves, expected))
print("20 random graphs: no gradient differs by more than 1e-9 of its size")


# %% [markdown]
# This order may differ from the reversed list of `topological_sort`, but in both, every node fires after its users. So
# the same terms may be added in another order, and the last bits may differ. This is why the comparison allows a
# relative difference of $10^{-9}$.

# %% [markdown]
# ## 2. Lucky, and then not
#
# Build a small graph in which two operations use the same node, and on which "one visit each, nearest first" from the
# chapter gives the right gradient. Then add or remove a single operation, so that it gives a wrong one. What made the
# difference?


# %%
def nearest_first(root):
    root.grad = 1.0
    queue, seen = [root], {root}
    for node in queue:
        node._backward()
        for i in node._prev:
            if i not in seen:
                seen.add(i)
                queue.append(i)


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
x = Value(1.0)
h = x * 2
nearest_first((h * 5) * (h * 3))  # both uses of h are equally far from the root
print(f"(5h) * (3h): x.grad = {x.grad}, and the slope of 10x · 6x = 60x² at 1 is 120")

x = Value(1.0)
h = x * 2
k = h * 3
nearest_first(h * k)  # without the 5, h fires before k, and too early
print(f"h * (3h):    x.grad = {x.grad}, but the slope of 2x · 6x = 12x² at 1 is 24")

# %% [markdown]
# What counts is how far the users of a node are from the root, each by its shortest path. If all of them are nearer
# than the node, it fires after them. If one is farther, the node fires before it, too early. If one is just as far, the
# order of the inputs decides: in `h * k`, where $k = 3h$, both are one step away, and `h` fires first. In `k * h`, `k`
# would fire first, and the gradient would be right.

# %% [markdown]
# ## 3. Forward mode
#
# Carry the derivative along with the value. `Dual(data, slope)` holds a number and its slope with respect to one chosen
# input. The slope of the chosen input is 1, and that of every other input is 0. Write `+`, `*` and `tanh` for `Dual`.
# Find the gradient of $\tanh(ab + c)\,a$ at $(a, b, c) = (0.5, -1, 0.25)$, and compare it with `backward`. How many
# runs does it take to find the whole gradient of a function of $n$ inputs? And all slopes of a function with one input
# and $n$ outputs?

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
import math


class Dual:
    def __init__(self, data, slope=0.0):
        self.data, self.slope = data, slope

    def __add__(self, other):
        return Dual(self.data + other.data, self.slope + other.slope)

    def __mul__(self, other):
        return Dual(self.data * other.data, self.slope * other.data + self.data * other.slope)

    def tanh(self):
        t = math.tanh(self.data)
        return Dual(t, (1 - t * t) * self.slope)


def function(a, b, c):
    return (a * b + c).tanh() * a


inputs = (0.5, -1.0, 0.25)
forward = []
for chosen in range(3):
    duals = [Dual(x, 1.0 if i == chosen else 0.0) for i, x in enumerate(inputs)]
    forward.append(function(*duals).slope)

values = [Value(x) for x in inputs]
function(*values).backward()
print("forward, 3 runs:", [f"{slope:.6f}" for slope in forward])
print("reverse, 1 run: ", [f"{value.grad:.6f}" for value in values])


# %% [markdown]
# Forward mode takes one run for each input, and a run gives the slopes of all outputs with respect to that input.
# Reverse mode takes one run for each output, and a run gives the slopes with respect to all inputs. So forward mode is
# cheaper when there are fewer inputs than outputs. The error of a network is one output of many weights, so training
# uses reverse mode.

# %% [markdown]
# ## 4. Is it topological?
#
# The chapter checks its orders with `assert`. Write a function `is_topological(order, root)` that answers True or
# False: the root is last, and each node of the list is there once, after all of its inputs. (The list may also hold
# nodes on which the root does not depend.) It must also answer for wrong lists: an empty list, a reversed one, one in
# which a node is missing, and one with a node twice. Try it on random graphs, and on a chain of 200,000 operations.


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def is_topological(order, root):
    place = {node: i for i, node in enumerate(order)}
    each_once = len(place) == len(order)
    inputs_first = all(i in place and place[i] < place[node] for node in order for i in node._prev)
    return each_once and inputs_first and order[-1:] == [root]


for seed in range(20):
    _, root = random_graph(seed)
    order = topological_sort(root)
    assert is_topological(order, root)
    for wrong in ([], order[::-1], order[1:], [*order, root]):
        assert not is_topological(wrong, root)

root = Value(1.0)
for _ in range(100_000):
    root = root * 0.5 + 1
assert is_topological(topological_sort(root), root)
print("all in order, and so is a chain of", sum(bool(node._prev) for node in topological_sort(root)), "operations")
