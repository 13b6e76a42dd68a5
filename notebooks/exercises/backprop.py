# %% [markdown]
# # Exercises: Backpropagation
#
# Try each one before you unfold its solution. Every solution ends with a check that runs.

# %%
import random

from micrograd_numpy import Value, topological_sort


# %% [markdown]
# ## 1. Sort by counting
#
# PyTorch does not sort before it walks. It counts, for each node, the users that have yet to fire, and lets a node fire
# when its count reaches zero. Write `backward_by_counting(root)` like that, and compare its gradients with
# `root.backward()` on the random graph below.


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
    for node in nodes[:-1]:  # make sure that everything is used
        root = root + node
    return leaves, root


# %% tags=["hide-cell"]
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
    assert all(abs(leaf.grad - e) <= 1e-9 * abs(e) + 1e-12 for leaf, e in zip(leaves, expected))
print("20 random graphs: the same gradients")


# %% [markdown]
# The order may differ from the one by depth-first search; both are topological. So the sums are added up in another
# order, and the last bits may differ. That is why the comparison allows $10^{-9}$.

# %% [markdown]
# ## 2. Lucky, and then not
#
# Write a graph of four or five nodes on which "one visit each, nearest first" from the chapter gives the right
# gradient. Then add a single operation, so that it gives a wrong one. What made the difference?


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


# %% tags=["hide-cell"]
x = Value(1.0)
h = x * 2
k = h * 3
nearest_first(h * k)  # h first in the queue, and it fires too early
print(f"h * k:       {x.grad}, but it is 12x², which has the slope 24")

x = Value(1.0)
h = x * 2
nearest_first((h * 3) * (h * 5))  # both uses of h are equally far from the root
print(f"(3h) * (5h): {x.grad}, and it is 60x², which has the slope 120")

# %% [markdown]
# When all paths from the root to a node are equally long, nearest-first meets it after all of its users. One operation
# more on one of the paths, and it comes too early.

# %% [markdown]
# ## 3. Forward mode
#
# Carry the derivative along with the value. A `Dual` holds a number and its slope with respect to one chosen input,
# whose slope starts at 1. Write `+`, `*` and `tanh` for it. How many runs does the whole gradient of a function of $n$
# inputs take? And of a function of one input with $n$ outputs?

# %% tags=["hide-cell"]
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
# Forward mode takes a run per input, and gives the slopes of all outputs. Reverse mode takes a run per output, and
# gives the slopes for all inputs. A loss is one output of many weights, so training goes in reverse.

# %% [markdown]
# ## 4. Deep and wide
#
# Is the order that `topological_sort` returns really topological? Write a function that checks it: each node once, and
# after all of its inputs. Try it on random graphs and on a chain of 100,000 nodes.


# %% tags=["hide-cell"]
def is_topological(order, root):
    place = {node: i for i, node in enumerate(order)}
    each_once = len(place) == len(order)
    inputs_first = all(place[i] < place[node] for node in order for i in node._prev)
    return each_once and inputs_first and order[-1] is root


assert all(is_topological(topological_sort(root), root) for _, root in map(random_graph, range(20)))

root = Value(1.0)
for _ in range(100_000):
    root = root * 0.5 + 1
assert is_topological(topological_sort(root), root)
print("all in order, also", len(topological_sort(root)), "nodes deep in a chain")
