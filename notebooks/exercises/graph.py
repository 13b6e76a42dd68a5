# %% [markdown]
# # Exercises: Seeing the graph
#
# Try each one before you unfold its solution. Every solution runs and proves its answer.

# %%
from micrograd_numpy import Value, draw_graph, topological_sort
from micrograd_numpy.graph import layers_of


# %% [markdown]
# ## 1. Two ways to add
#
# Add eight numbers one after the other, $((x_1 + x_2) + x_3) + \dots$, and then in pairs, $(x_1 + x_2) + (x_3 + x_4)$
# and so on. Both graphs have the same number of nodes. How many layers does each have? Use `layers_of`, which wants the
# inputs of each node as numbers:


# %%
def inputs_of(root):
    nodes = topological_sort(root)
    number = {node: i for i, node in enumerate(nodes)}
    return [[number[source] for source in node._prev] for node in nodes]


# %% tags=["hide-cell"]
def one_by_one(values):
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def in_pairs(values):
    while len(values) > 1:
        values = [left + right for left, right in zip(values[::2], values[1::2])]
    return values[0]


for add in (one_by_one, in_pairs):
    root = add([Value(float(i)) for i in range(8)])
    layers = layers_of(inputs_of(root))
    print(f"{add.__name__:<10}  sum {root.data:g}  {len(layers)} nodes  {max(layers) + 1} layers")

# %% mystnb={"image": {"alt": "Eight leaves at the left are added in pairs: four sums, then two, then the root, in four layers."}} tags=["hide-cell"]
draw_graph(in_pairs([Value(float(i)) for i in range(8)]))


# %% [markdown]
# The second depth grows with the logarithm of the count: doubling the numbers adds one layer. The work of one layer can
# be done side by side, which is how graphics processors add.
#
# ## 2. A picture without a picture
#
# Draw a graph with `print`: one line per layer, the leaves' layer first, and in it the label of each node, or its
# operation and data where it has no label. For $c = ab + a$ the last line is `c`.


# %% tags=["hide-cell"]
def print_graph(root):
    nodes = topological_sort(root)
    layers = layers_of(inputs_of(root))
    for k in range(max(layers) + 1):
        print("   ".join(node.label or f"{node._op}={node.data:g}" for node, layer in zip(nodes, layers) if layer == k))


a, b = Value(2.0, label="a"), Value(3.0, label="b")
c = a * b + a
c.label = "c"
print_graph(c)

# %% [markdown]
# ## 3. What a set would lose
#
# An engine that keeps its inputs in sets loses edges. How many does it lose in $y = x \cdot x + (x + x)^2$? And what
# would $\partial y/\partial x$ at $x = 3$ be if every lost edge stayed lost? (The right answer is 30.)

# %% tags=["hide-cell"]
x = Value(3.0, label="x")
y = x * x + (x + x) ** 2
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


def f(x):
    return x * x + (x + x) ** 2


nudge = 1e-6
assert abs((f(3 + nudge) - f(3 - nudge)) / (2 * nudge) - x.grad) < 1e-6

# %% [markdown]
# ## 4. Find the wrong rule
#
# Someone wrote a rule of their own for the cube, and a gradient came out wrong. The right one is 48. Draw the graph
# with local derivatives and find the arrow that is wrong; then mend the rule.

# %%
from micrograd_numpy.value import apply


def cube(x):
    return x**3, (2 * x**2,)


x = Value(2.0, label="x")
y = apply(cube, x) * 4 + 1
y.backward()
print(x.grad)

# %% mystnb={"image": {"alt": "The graph of 4 times the cube of x, plus 1: the arrow from x into cube is marked 8, the others 4, 8 and 1."}} tags=["hide-cell"]
draw_graph(y, local_derivatives=True)


# %% [markdown]
# Check each arrow against what you know. Into the sum both say 1: right. Into the product one says 4, the other number:
# right. Into `cube` it says 8, but $3x^2$ at 2 is 12.


# %% tags=["hide-cell"]
def mended(x):
    return x**3, (3 * x**2,)


x = Value(2.0, label="x")
y = apply(mended, x) * 4 + 1
y.backward()
print(x.grad)
assert abs((mended(2 + nudge)[0] - mended(2 - nudge)[0]) / (2 * nudge) * 4 - x.grad) < 1e-6
