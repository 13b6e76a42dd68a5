# %% [markdown]
# # Exercises: Finding the arrays
#
# Try each one before you unfold its solution. Every solution ends with a check that runs. The chapter is [Finding the
# arrays](../arrays.ipynb).

# %%
from collections import Counter

from micrograd_numpy import Value, ops
from micrograd_numpy.arrays import fuse, group, record
from micrograd_numpy.value import dot

# %% [markdown]
# ## 1. The passes, by hand
#
# Take paper and do to this function what the compiler does.
#
# 1. *Record*: how many operations does one sample take?
# 2. *Fuse*: which of them vanish in a sum of products, and how many are left?
# 3. *Group*: beside each that is left, write its depth: one more than the deepest of its inputs, where leaves have
#    depth 0. Nodes of one depth that do the same become one array. How many arrays are there, and on how many levels
#    (that is, different depths)?
# 4. *Factor*: is there a matrix product? What are its shapes, with the bias included?
#
# Then let the passes do it, and compare.

# %%
weights = [[Value(0.5), Value(-1.0)], [Value(1.5), Value(0.25)]]
biases = [Value(0.1), Value(-0.2)]


def f(x):
    hidden = [(w[0] * x[0] + w[1] * x[1] + b).tanh() for w, b in zip(weights, biases)]
    return hidden[0] * hidden[1] + (x[0] * x[1]).exp()


# %% [markdown] tags=["hide-cell"]
# 1. Each hidden number takes two products, two sums and a tanh: 10. Then two products, an exp and a sum: 14.
# 2. The four products and four sums before the tanhs become two sums of three terms. The product of the hidden numbers
#    vanishes in the last sum. What is left: 2 sums, 2 tanh, x₁·x₂, its exp, and the result: 7.
# 3. Depth 1: the two sums (one array), and x₁·x₂ (another: it multiplies other things). Depth 2: the two tanhs, and the
#    exp. Depth 3: the result. That is 5 arrays on 3 levels.
# 4. The two sums multiply weights with the same inputs: (2, 3)·(3, n), where the third column holds the biases, and the
#    third row of the inputs is all ones.

# %% tags=["hide-cell"]
recipe = record(f, [[0.5, 2.0]], ["x"])
print(len(recipe.steps), "operations")
assert len(recipe.steps) == 14

nodes = fuse(recipe)
print(len(nodes), "remain:", *(node.rule.__name__ if node.rule not in {ops.add, ops.mul} else "sum" for node in nodes))
assert len(nodes) == 7

groups, _ = group(nodes)
levels = {g.members[0].depth for g in groups}
print(len(groups), "arrays, on", len(levels), "levels")
assert (len(groups), len(levels)) == (5, 3)

matrices = [part for g in groups for part in g.parts if part.matrix]
print("matrix products:", [(len(part.a), part.width) for part in matrices])
assert [(len(part.a), part.width) for part in matrices] == [(2, 3)]

# %% [markdown]
# ## 2. A matrix, or none?
#
# Each of these functions computes a few sums of products. In which of them does the compiler find a matrix product, and
# of what shape? `W` has three rows of three weights.
#
# 1. `layer`: each row of `W` with all inputs.
# 2. `turned`: the same, but the second row begins at the last input.
# 3. `windows`: each sum sees two inputs, the first two or the last two, with weights of its own.
# 4. `shared`: the same as `windows`, but both sums use the same two weights, as a convolution does.

# %%
W = [[Value(float(3 * i + j)) for j in range(3)] for i in range(3)]


def layer(x):
    return [dot(w, x) for w in W]


def turned(x):
    return [dot(W[0], x), dot(W[1], x[::-1])]


def windows(x):
    return [W[i][0] * x[i] + W[i][1] * x[i + 1] for i in range(2)]


def shared(x):
    return [W[0][0] * x[i] + W[0][1] * x[i + 1] for i in range(2)]


# %% [markdown] tags=["hide-cell"]
# The terms of a sum may come in any order: the compiler sorts them by their inputs, so `turned` is a matrix of two
# rows. The sums of `windows` multiply different inputs, and so do those of `shared`. All members of a matrix product
# must multiply the same column, so there is none in either. They still are one array: products of two tables, added up.

# %% tags=["hide-cell"]
for f, expected in ((layer, [(3, 3)]), (turned, [(2, 3)]), (windows, []), (shared, [])):
    groups, _ = group(fuse(record(f, [[1.0, 2.0, 3.0]], ["x"])))
    found = [(len(part.a), part.width) for g in groups for part in g.parts if part.matrix]
    print(f"{f.__name__:8} {len(groups)} array, matrices: {found}")
    assert found == expected
    assert len(groups) == 1

# %% [markdown]
# ## 3. A pass of your own
#
# A classic pass that the chapter does not have is the elimination of *common subexpressions*: what has been computed
# once need not be computed again. The function below computes $x w$ twice, and a person would see that more follows
# from it.
#
# Write `duplicates(recipe)`: a dict from each step that computes the same as an earlier step to that earlier step. Two
# steps do so if they apply the same rule to the same inputs, where
#
# - an input that is itself a duplicate counts as the step it duplicates,
# - $a + b$ is $b + a$, and $a \cdot b$ is $b \cdot a$,
# - equal constants count as one: each 2 in the code is a node of its own. (Are 0.0 and −0.0 equal? Think of $1/x$.)
#
# A recipe has its operations in `steps`, in order. Each node has a `rule`, `inputs`, and for constants (`constant` is
# true) a `number`. Rules that do the same are equal, also those of each `** 2`. How many of the steps could be saved?

# %%
w = Value(0.5, label="w")


def twice(x):
    one = (x * w).tanh()
    other = (w * x).tanh()
    return 2 * one**2 + 2 * other**2 + x * x


recipe = record(twice, [1.5], ["x"])
print(len(recipe.steps), "steps")


# %% tags=["hide-cell"]
def duplicates(recipe):
    seen, same = {}, {}

    def name(node):
        return repr(node.number) if node.constant else same.get(node, node)

    for step in recipe.steps:
        inputs = tuple(name(i) for i in step.inputs)
        if step.rule in {ops.add, ops.mul}:  # which inputs and how often, in any order
            inputs = frozenset(Counter(inputs).items())
        first = seen.setdefault((step.rule, inputs), step)
        if first is not step:
            same[step] = first
    return same


def numbers(recipe, *sample):
    """Each node's number for one sample, step by step."""
    arguments = (node for row in recipe.arguments for node in row)
    number = dict(zip(arguments, sample))
    number |= {node: node.parameter.data for node in recipe.parameters}
    for step in recipe.steps:
        inputs = (i.number if i.constant else number[i] for i in step.inputs)
        number[step], _ = step.rule(*inputs)
    return number


same = duplicates(recipe)
print(f"{len(same)} of {len(recipe.steps)} steps could be saved")

number = numbers(recipe, 1.5)
assert number[recipe.results[0]] == twice(Value(1.5)).data
assert len(same) == 4
assert all(number[step] == number[first] for step, first in same.items())

# They are the product, its tanh, the square, and twice the square. But x/0.0 and x/-0.0 differ:
signs = record(lambda x: x / 0.0 + x / -0.0, [1.5], ["x"])
assert duplicates(signs) == {}

# The compiler would gain little: steps that do the same share an array anyway, so here the
# pass saves rows of arrays, and hardly a statement.
groups, _ = group(fuse(recipe))
assert [len(g.members) for g in groups if g.rule is ops.tanh] == [2]
