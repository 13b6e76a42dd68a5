# %% [markdown]
# # Exercises: Seeing the graph
#
# Try each exercise before you open its solution. Every solution ends with a check that runs.

# %%
import math

from micrograd_numpy import Value, draw_graph, topological_sort
from micrograd_numpy.graph import layers_of


# %% [markdown]
# ## 1. Two ways to add
#
# Add eight numbers one after the other, $((x_1 + x_2) + x_3) + \dots$, and then in pairs, $(x_1 + x_2) + (x_3 + x_4)$
# and so on. Take 0, 1, …, 7. Both graphs have the same number of nodes. How many layers does each have? Use `numbered`
# and `layers_of` as in the chapter. `layers_of(numbered(root))` is a list with the layer of each node, and layers are
# counted from 0. So the number of layers is the maximum plus 1.


# %%
def numbered(root):
    nodes = topological_sort(root)
    number = {node: i for i, node in enumerate(nodes)}
    return [[number[source] for source in node._prev] for node in nodes]


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def one_by_one(values):
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def in_pairs(values):
    while len(values) > 1:
        left_over = values[len(values) // 2 * 2 :]  # the last one, if their number is odd
        values = [left + right for left, right in zip(values[::2], values[1::2])] + left_over
    return values[0]


for add in (one_by_one, in_pairs):
    root = add([Value(float(i)) for i in range(8)])
    layers = layers_of(numbered(root))
    print(f"{add.__name__:<10}  sum {root.data:g}  {len(layers)} nodes  {max(layers) + 1} layers")

for n in range(1, 17):
    in_turn, paired = (add([Value(float(i)) for i in range(n)]) for add in (one_by_one, in_pairs))
    assert in_turn.data == paired.data == sum(range(n))
    assert max(layers_of(numbered(in_turn))) == n - 1
    assert max(layers_of(numbered(paired))) == math.ceil(math.log2(n))

# %% mystnb={"code_prompt_show": "Show the picture", "image": {"alt": "Eight leaves on the left are added in pairs: four sums, then two, then the root, in four layers."}} tags=["hide-cell"]
draw_graph(in_pairs([Value(float(i)) for i in range(8)]))


# %% [markdown]
# In pairs, the number of layers grows with the logarithm: for twice as many numbers, you get one more layer. The sums
# of one layer do not depend on each other, so they could be computed at the same time.
#
# ## 2. Print a graph, layer by layer
#
# Use nothing but `print`: one line per layer, the leftmost layer first. In each line, print the label of each node. If
# a node has no label, print its operation (a leaf has none) and its data. For $c = ab + a$ the last line is `c`.


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def lines_of(root):
    nodes = topological_sort(root)
    layers = layers_of(numbered(root))
    lines = [[] for _ in range(max(layers) + 1)]
    for node, layer in zip(nodes, layers):
        lines[layer].append(node.label or f"{node._op}={node.data:g}")
    return ["   ".join(line) for line in lines]


a, b = Value(2.0, label="a"), Value(3.0, label="b")
c = a * b + a
c.label = "c"
print("\n".join(lines_of(c)))
assert lines_of(c) == ["a   b", "*=6", "c"]


# %% [markdown]
# ## 3. What a set would lose
#
# An engine that keeps its inputs in sets loses edges. How many does it lose in $y = x \cdot x + (x + x)^2$? Suppose that
# it still computes the right data and local derivatives, and sends gradients back along the edges that are left. What
# gradient would this engine compute for $x$ at $x = 3$? (The right one is 30.)


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def f(x):
    return x * x + (x + x) ** 2


x = Value(3.0, label="x")
y = f(x)
y.backward()

nodes = topological_sort(y)
kept = sum(len(set(node._prev)) for node in nodes)
print("edges:", draw_graph(y).edges, "  with sets:", kept)

wrong = dict.fromkeys(nodes, 0.0)
wrong[y] = 1.0
for node in reversed(nodes):
    for source, local in dict(zip(node._prev, node._local)).items():  # a dict keeps one entry for each input
        wrong[source] += local * wrong[node]
print("dy/dx:", x.grad, "  with sets:", wrong[x])

nudge = 1e-6
by_nudging = (f(3 + nudge) - f(3 - nudge)) / (2 * nudge)
assert abs(by_nudging - x.grad) < 1e-6 < abs(by_nudging - wrong[x])

# %% [markdown]
# The product $x \cdot x$ loses one of its two edges, and so does the inner sum $x + x$. The power and the outer sum lose
# none, so 5 of 7 edges are left. In both places $x$ gets half of its share, so the gradient is half of what it should
# be.
#
# ## 4. Find the wrong rule
#
# A rule takes a number and returns the result and its local derivatives, as in [Operations](../ops.ipynb). `apply` from
# [Value](../value.ipynb) makes a Value with such a rule. Someone wrote a rule for the cube, and a gradient came out
# wrong. It should be 300. Draw the graph with local derivatives and find the arrow that is wrong. Then fix the rule.

# %%
from micrograd_numpy.value import apply


def cube(x):
    return x**3, (2 * x**2,)


x = Value(5.0, label="x")
y = apply(cube, x) * 4 + 1
y.backward()
print(x.grad)

# %% mystnb={"code_prompt_show": "Show the picture", "image": {"alt": "The graph of 4 times the cube of x, plus 1: the arrow from x into cube is marked 50, the others 4, 125 and 1, 1."}} tags=["hide-cell"]
draw_graph(y, local_derivatives=True)


# %% [markdown]
# Check each arrow against what you know. Both arrows into the sum say 1, and the arrows into the product say 4 and 125,
# each the other factor: these are right. The arrow into `cube` says 50, but $3x^2$ at 5 is 75.


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def fixed(x):
    return x**3, (3 * x**2,)


x = Value(5.0, label="x")
y = apply(fixed, x) * 4 + 1
y.backward()
print(x.grad)
assert abs((fixed(5 + nudge)[0] - fixed(5 - nudge)[0]) / (2 * nudge) * 4 - x.grad) < 1e-6
