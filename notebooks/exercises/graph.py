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
# and so on. Both graphs have the same number of nodes. How many layers does each have? Use `layers_of`, which takes the
# inputs of each node as numbers:


# %%
def inputs_of(root):
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
    layers = layers_of(inputs_of(root))
    print(f"{add.__name__:<10}  sum {root.data:g}  {len(layers)} nodes  {max(layers) + 1} layers")

for n in range(1, 17):
    in_turn, paired = (add([Value(float(i)) for i in range(n)]) for add in (one_by_one, in_pairs))
    assert in_turn.data == paired.data == sum(range(n))
    assert max(layers_of(inputs_of(in_turn))) == n - 1
    assert max(layers_of(inputs_of(paired))) == math.ceil(math.log2(n))

# %% mystnb={"code_prompt_show": "Show the picture", "image": {"alt": "Eight leaves on the left are added in pairs: four sums, then two, then the root, in four layers."}} tags=["hide-cell"]
draw_graph(in_pairs([Value(float(i)) for i in range(8)]))


# %% [markdown]
# In pairs, the depth grows with the logarithm of the count: if you double the count, you add one layer. The sums of one
# layer do not depend on each other, so they can be computed at the same time. Graphics processors add in this way.
#
# ## 2. A picture without a picture
#
# Draw a graph with `print`: one line per layer, the leaves' layer first. In each line, print the label of each node, or
# its operation and data if it has no label. For $c = ab + a$ the last line is `c`.


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def lines_of(root):
    nodes = topological_sort(root)
    layers = layers_of(inputs_of(root))
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
# An engine that keeps its inputs in sets loses edges. How many does it lose in $y = x \cdot x + (x + x)^2$? And what
# would $\partial y/\partial x$ at $x = 3$ be without the lost edges? (The right answer is 30.)


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
# The product loses one edge and so does the sum $x + x$. In both places $x$ gets half of its share, so the gradient is
# half of what it should be.
#
# ## 4. Find the wrong rule
#
# Someone wrote a rule of their own for the cube, and a gradient came out wrong. It should be 48. Draw the graph with
# local derivatives and find the arrow that is wrong. Then fix the rule.

# %%
from micrograd_numpy.value import apply


def cube(x):
    return x**3, (2 * x**2,)


x = Value(2.0, label="x")
y = apply(cube, x) * 4 + 1
y.backward()
print(x.grad)

# %% mystnb={"code_prompt_show": "Show the picture", "image": {"alt": "The graph of 4 times the cube of x, plus 1: the arrow from x into cube is marked 8, the others 4, 8 and 1, 1."}} tags=["hide-cell"]
draw_graph(y, local_derivatives=True)


# %% [markdown]
# Check each arrow against what you know. Both arrows into the sum say 1, which is right. The arrows into the product
# say 4 and 8, each the other factor, which is right, too. The arrow into `cube` says 8, but $3x^2$ at 2 is 12.


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def fixed(x):
    return x**3, (3 * x**2,)


x = Value(2.0, label="x")
y = apply(fixed, x) * 4 + 1
y.backward()
print(x.grad)
assert abs((fixed(2 + nudge)[0] - fixed(2 - nudge)[0]) / (2 * nudge) * 4 - x.grad) < 1e-6
