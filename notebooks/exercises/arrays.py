# %% [markdown]
# # Exercises: Finding the arrays
#
# Try each one before you open its solution. The chapter is [Finding the arrays](../arrays.ipynb).

# %%
from collections import Counter

from micrograd_numpy import Value, ops
from micrograd_numpy.arrays import fuse, group, record
from micrograd_numpy.value import dot

# %% [markdown]
# ## 1. The passes, by hand
#
# Do with pencil and paper what the passes do to the function below.
#
# 1. *Record*: how many operations does one sample take?
# 2. *Fuse*: which of them become part of a sum of products, and how many nodes are left?
# 3. *Group*: write its depth beside each node that is left. How many groups are there, and how many different depths?
# 4. *Factor*: is there a matrix product? What is the shape of the matrix, with the biases included?
#
# Then let the passes do it, and compare.

# %%
weights = [[Value(0.5), Value(-1.0)], [Value(1.5), Value(0.25)]]
biases = [Value(0.1), Value(-0.2)]


def f(x):
    hidden = [(w[0] * x[0] + w[1] * x[1] + b).tanh() for w, b in zip(weights, biases)]
    return hidden[0] * hidden[1] + (x[0] * x[1]).exp()


# %% [markdown]
# :::{dropdown} The solution, in words
# 1. Each hidden number takes two products, two sums and a tanh; for both, that is 10. With two products, an exp and a
#    sum, that makes 14.
# 2. The four products and four sums before the tanhs become two sums of three terms. The product of the hidden numbers
#    becomes a term of the last sum. $x_1 x_2$ is a sum of products too, of one term. 7 nodes are left: two sums, two
#    tanhs, $x_1 x_2$, its exp, and the result.
# 3. Depth 1: the two sums are one group, and $x_1 x_2$ is another, because no weight is in it. Depth 2: the two tanhs,
#    and the exp. Depth 3: the result. There are 5 groups and 3 depths.
# 4. The two sums multiply the same inputs by weights. The matrix is 2 by 3: its third column holds the biases, and the
#    third row of the inputs holds ones.
# :::

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
recipe = record(f, [[0.5, 2.0]], ["x"])
print(len(recipe.steps), "operations")
assert len(recipe.steps) == 14

nodes = fuse(recipe)
print(len(nodes), "remain:", *(node.rule.__name__ if node.rule not in {ops.add, ops.mul} else "sum" for node in nodes))
assert len(nodes) == 7

groups, _ = group(nodes)
depths = {g.members[0].depth for g in groups}
print(len(groups), "groups,", len(depths), "depths")
assert (len(groups), len(depths)) == (5, 3)

matrices = [part for g in groups for part in g.parts if part.matrix]
print("matrix products:", [(len(part.a), part.width) for part in matrices])
assert [(len(part.a), part.width) for part in matrices] == [(2, 3)]

# %% [markdown]
# ## 2. A matrix, or none?
#
# Each of these functions computes a few sums of products. In which of them do the passes find a matrix product, and of
# what shape? `W` has three rows of three weights.
#
# 1. `layer`: each row of `W` with all inputs.
# 2. `turned`: the first two rows of `W`; the second meets the inputs in reverse order.
# 3. `windows`: the first sum uses the first two inputs, the second sum the last two, with weights of its own.
# 4. `shared`: the same as `windows`, but both sums use the same two weights. (A convolution is made of such sums: it
#    slides the same weights over its inputs.)

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


# %% [markdown]
# :::{dropdown} The solution, in words
# All members of a matrix product must multiply the same inputs. The order of a sum's terms does not matter, because
# `fuse` sorts them, so `turned` is a matrix of two rows. In `windows` and in `shared`, no two sums multiply the same
# inputs, so these passes keep the sums together and find no matrix. Both are still one group: the products of two
# tables, added up. (With zeros in it, a matrix would fit, but it would do more work.)
# :::

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
for f, expected in ((layer, [(3, 3)]), (turned, [(2, 3)]), (windows, []), (shared, [])):
    groups, _ = group(fuse(record(f, [[1.0, 2.0, 3.0]], ["x"])))
    found = [(len(part.a), part.width) for g in groups for part in g.parts if part.matrix]
    print(f"{f.__name__:8} {len(groups)} group, matrices: {found}")
    assert found == expected
    assert len(groups) == 1

# %% [markdown]
# ## 3. A pass of your own
#
# Many compilers have a pass that this chapter does not have, the elimination of *common subexpressions*: what was
# computed once need not be computed again. The function below computes $x w$ twice, and more repeats follow from that.
#
# Write `duplicates(recipe)`. It returns a dict that maps each step that repeats an earlier one to that earlier step.
# Two steps are the same if they apply the same rule to the same inputs, where
#
# - an input that is itself a duplicate counts as the step it repeats,
# - $a + b$ is $b + a$, and $a \cdot b$ is $b \cdot a$,
# - equal constants count as one, although each 2 in the code is a node of its own. (For a dict, 0.0 and −0.0 are
#   one key. Should they count as one here? Think of $1/x$ in this engine.)
#
# The list `recipe.steps` has the operations in order. Each node has a `rule` and `inputs`; for a constant, `constant`
# is true and `number` is its number. Rules that do the same are equal, such as those of two `** 2`: the exponent
# belongs to the rule. How many of the steps could be saved?

# %%
w = Value(0.5, label="w")


def twice(x):
    one = (x * w).tanh()
    other = (w * x).tanh()
    return 2 * one**2 + 2 * other**2 + x * x


recipe = record(twice, [1.5], ["x"])  # one sample, with a number or a list for each argument; then the arguments' names
print(len(recipe.steps), "steps")


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
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
    """Compute each node's number for one sample, step by step."""
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

# These are the product, its tanh, the square, and two times the square.
# 0.0 and -0.0 must not count as one, because x/0.0 and x/-0.0 differ:
signs = record(lambda x: x / 0.0 + x / -0.0, [1.5], ["x"])
assert duplicates(signs) == {}
# so do a - b and b - a, but not a + b and b + a:
swapped = record(lambda x, y: (x - y) * (y - x) + (x + y) * (y + x), [1.5, 2.0], ["x", "y"])
assert len(duplicates(swapped)) == 1

# The passes would gain little. Steps that do the same thing share an array anyway, so the
# pass would make this array shorter:
groups, _ = group(fuse(recipe))
assert [len(g.members) for g in groups if g.rule is ops.tanh] == [2]
