# %% [markdown]
# # Finding the arrays
#
# Your engine computes one number at a time, and in training it does the same work for every sample. In this chapter you
# follow a program that watches the engine work on *one* sample, and finds the matrices that do this work for all
# samples at once. Nobody tells it what a layer is. (The chapter computes results only. The next one adds their
# gradients.)
#
# - **You will follow** five passes that turn scalar code into arrays.
# - **You need** [Anomalies](anomaly.ipynb), [Neurons, layers, MLP](mlp.ipynb) and [Training on moons](moons.ipynb);
#   matrix products.
# - **Time** about 35 minutes.

# %% mystnb={"code_prompt_show": "Imports, 12 lines"} tags=["hide-input"]
"""Finding the arrays: in the scalar graph of one sample, the matrices that work on all samples at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from micrograd_numpy import ops
from micrograd_numpy.compiler.numpy_rules import overwrites
from micrograd_numpy.compiler.recording import recorded
from micrograd_numpy.compiler.structure import Structure
from micrograd_numpy.guards.numbers import what_is
from micrograd_numpy.value import Value, as_value


# %% [markdown]
# ## Two neurons, five passes
#
# We begin with a tiny function and see what each pass makes of it. It takes one sample, a list of two numbers, gives it
# to two neurons, and adds up their results:

# %% tags=["active-ipynb"]
# from micrograd_numpy import Value
#
# weights = [[Value(0.5, label="w₁₁"), Value(-1.0, label="w₁₂")], [Value(1.5, label="w₂₁"), Value(0.25, label="w₂₂")]]
# biases = [Value(0.1, label="b₁"), Value(-0.2, label="b₂")]
#
#
# def two(x):
#     hidden = [(w[0] * x[0] + w[1] * x[1] + b).relu() for w, b in zip(weights, biases)]
#     return hidden[0] + hidden[1]

# %% [markdown]
# For many samples, you could call `two` once for each. Every call would do the same operations in the same order, only
# on other numbers. So we look at one call, and ask how NumPy can do the same for many samples at once. The answer takes
# five **passes**, each of which goes over the result of an earlier one. Here we use them; below, you see how they work.

# %% mystnb={"code_prompt_show": "draw: the code of the next three pictures, 36 lines"} tags=["active-ipynb", "hide-input"]
# import matplotlib.pyplot as plt
# from matplotlib.patches import FancyBboxPatch
#
# from micrograd_numpy import arrays
# from micrograd_numpy.drawing.style import ACCENT, BACKWARD, FORWARD, INK, MUTED, book_style
#
# book_style()
# SYMBOLS = {"mul": "·", "add": "+", "relu": "relu"}
#
#
# def inputs_of(node):
#     return [i for _, *factors in node.terms for i in factors if i is not None] or node.inputs
#
#
# def words(node, names):
#     if node in names:
#         return names[node]
#     if any(b is not None for _, _, b in node.terms):
#         return " + ".join("·".join(names[i] for i in factors if i is not None) for _, *factors in node.terms)
#     return SYMBOLS[node.rule.__name__]
#
#
# def draw(recipe, nodes, groups=()):
#     (first, second), p = recipe.arguments[0], recipe.parameters
#     leaves = [p[5], p[4], p[3], second, first, p[1], p[0], p[2]]  # from the bottom to the top
#     names = {q: q.parameter.label for q in p} | {first: "x₁", second: "x₂"}
#     place = {leaf: (0.0, float(y)) for y, leaf in enumerate(leaves)}
#     _, axes = plt.subplots(figsize=(6.4, 2.9))
#     for node in nodes:
#         spots = [place[i] for i in inputs_of(node)]
#         place[node] = 1 + max(x for x, _ in spots), sum(y for _, y in spots) / len(spots)
#         for x, y in spots:
#             axes.plot([x, place[node][0]], [y, place[node][1]], color=MUTED, linewidth=0.8, zorder=1)
#     for g in groups:
#         (x, low), (_, high) = min(place[n] for n in g.members), max(place[n] for n in g.members)
#         box = {"boxstyle": "round,pad=0,rounding_size=0.1", "edgecolor": ACCENT, "facecolor": "none", "linestyle": "--"}
#         width = 0.46 if g.parts[0].matrix else 0.2
#         axes.add_patch(FancyBboxPatch((x - width, low - 0.7), 2 * width, high - low + 1.4, **box))
#     for node, (x, y) in place.items():
#         box = {"boxstyle": "round", "facecolor": "white", "edgecolor": FORWARD if node.wide else MUTED}
#         axes.text(x, y, words(node, names), ha="center", va="center", fontsize=9, bbox=box)
#     axes.set(xlim=(-0.3, place[nodes[-1]][0] + 0.5), ylim=(-0.6, 7.6))
#     axes.axis("off")
#     plt.show()

# %% [markdown]
# **Record** runs the function once, on any sample, and writes down each operation and its inputs. In the picture, the
# inputs of an operation are on its left. What is framed in blue is *wide*: it has a number for each sample. What is
# framed in gray, here the weights and biases, has one number for all samples.

# %% mystnb={"image": {"alt": "The recipe of the two neurons, inputs on the left: four products of a weight and an input, two sums of two products, two sums with a bias, two relus, and the final sum. All 11 operations are wide, and so are x1 and x2."}} tags=["active-ipynb", "wide"]
# tiny = arrays.record(two, [[1.0, 2.0]], ["x"])
# draw(tiny, tiny.steps)

# %% [markdown]
# **Fuse** turns each chain of products and sums into one *sum of products*. Of the 11 operations, 5 are left:

# %% mystnb={"image": {"alt": "After fusing, 5 nodes are left: b1 + w11 x1 + w12 x2 and b2 + w21 x1 + w22 x2, a relu behind each of them, and the final sum."}} tags=["active-ipynb", "wide"]
# tiny_nodes = arrays.fuse(tiny)
# draw(tiny, tiny_nodes)

# %% [markdown]
# **Group** looks for nodes that do the same thing in the same column of the picture; the number of the column is their
# *depth*. None of them waits for another, so they can be one array. There are 3 groups:

# %% mystnb={"image": {"alt": "The same 5 nodes in 3 dashed frames: the two sums of products, the two relus, and the final sum."}} tags=["active-ipynb", "wide"]
# tiny_groups, tiny_ones = arrays.group(tiny_nodes)
# draw(tiny, tiny_nodes, tiny_groups)

# %% [markdown]
# **Factor** looks at the products of a group. Both sums multiply the same inputs, $x_1$ and $x_2$, by weights of their
# own. Together they are a matrix times a vector. A bias can take part if it is multiplied by 1. For many samples, the
# vector becomes an array with a column for each sample, and the matrix stays as it is:

# %% mystnb={"code_prompt_show": "The code of the picture, 20 lines", "image": {"alt": "A matrix with the rows w11, w12, b1 and w21, w22, b2 times an array with the rows x1, x2 and 1, and a column for each of 5 samples. The result has the rows s1 and s2."}} tags=["active-ipynb", "hide-input", "wide"]
# SAMPLES = 5
# product = next(part for g in tiny_groups for part in g.parts if part.matrix)
# (x1, x2), sums, relus = tiny.arguments[0], *(g.members for g in tiny_groups[:2])
# names = {q: q.parameter.label for q in tiny.parameters} | dict.fromkeys(tiny_ones.values(), "1")
# names |= {x1: "x₁", x2: "x₂", sums[0]: "s₁", sums[1]: "s₂", tiny_nodes[-1]: "result"}
# names |= {relus[0]: "relu of s₁", relus[1]: "relu of s₂"}
#
#
# def cells(axes, left, top, rows, color):
#     for y, row in enumerate(rows):
#         for x, content in enumerate(row):
#             axes.add_patch(plt.Rectangle((left + x, top - y - 1), 1, 1, color=color, alpha=0.2, ec="white", lw=2))
#             axes.text(left + x + 0.5, top - y - 0.5, content, ha="center", va="center", fontsize=9, color=INK)
#
#
# figure, axes = plt.subplots(figsize=(6.4, 1.6))
# cells(axes, 0, 2.5, [[names[node] for node in row] for row in product.a], MUTED)
# cells(axes, 4, 3, [[names[node]] * SAMPLES for (node,) in product.b], FORWARD)
# cells(axes, 10.5, 2.5, [[names[node]] * SAMPLES for node in sums], FORWARD)
# axes.text(3.5, 1.5, "·", ha="center", va="center", fontsize=14)
# axes.text(9.75, 1.5, "=", ha="center", va="center", fontsize=14)
# axes.set(xlim=(0, 16), ylim=(-0.1, 3.1), aspect="equal")
# axes.axis("off")
# plt.show()

# %% [markdown]
# **Lay out** gives each number a place in one of two arrays. What all samples share goes into `S`, in the order in
# which the matrix needs it. What is wide goes into `Z`, with a row for each node and a column for each sample. (The
# ones are the same for all samples, but the matrix multiplies them like an input, so they are a row of `Z`.) The
# results of `relu` take the place of the sums, which nothing else reads.

# %% mystnb={"code_prompt_show": "The code of the picture, 16 lines", "image": {"alt": "S has 6 places, for w11, w12, b1, w21, w22 and b2. Z has 6 rows, for x1, x2, ones, two rows in which relu replaces a sum, and the result; it has a column for each sample."}} tags=["active-ipynb", "hide-input", "wide"]
# tiny_layout = arrays.MemoryLayout(tiny, tiny_groups, tiny_ones)
# slots, rows = [""] * tiny_layout.slots, [""] * tiny_layout.rows
# for node, name in names.items():
#     places = rows if node.wide else slots
#     k = tiny_layout.place[node]
#     places[k] = f"{places[k]}, then {name}" if places[k] else name
#
# figure, axes = plt.subplots(figsize=(6.4, 2.4))
# cells(axes, 0, 6, [slots], MUTED)
# cells(axes, 8, 6, [[""] * SAMPLES] * tiny_layout.rows, FORWARD)
# axes.text(3, 6.2, "S", ha="center", va="bottom")
# axes.text(10.5, 6.2, "Z", ha="center", va="bottom")
# for k, name in enumerate(rows):
#     axes.text(13.3, 5.5 - k, name, va="center", fontsize=9)
# axes.set(xlim=(0, 19), ylim=(-0.1, 7), aspect="equal")
# axes.axis("off")
# plt.show()

# %% [markdown]
# What remains is one NumPy statement for each group, however many samples there are. Let us write the three by hand and
# compare:

# %% tags=["active-ipynb"]
# import numpy as np
#
# samples = np.random.default_rng(0).normal(size=(1000, 2))
# S = np.array([v.data for w, b in zip(weights, biases) for v in (*w, b)])
# Z = np.ones((6, 1000))
# Z[0:2] = samples.T
#
# Z[3:5] = S.reshape(2, 3) @ Z[0:3]
# Z[3:5] = np.maximum(Z[3:5], 0.0)
# Z[5] = Z[3] + Z[4]
#
# one_by_one = [two([Value(a), Value(b)]).data for a, b in samples]
# print("the same results, up to rounding:", np.allclose(Z[5], one_by_one, rtol=1e-13, atol=1e-15))

# %% [markdown]
# (They are equal only up to rounding, because the terms of a sum may be added in another order.) That is the whole idea
# of this chapter. The rest of it shows the passes, and tries them on the loss of a real training step.
#
# ## A training step
#
# The step is the one from [Training on moons](moons.ipynb): 100 points, a model with two hidden layers of 16 neurons,
# the hinge loss, and a small penalty on the parameters. Here is the loss of one sample. We write it with plain `+` and
# `*` and not with the neuron's own `dot`, so that the passes have everything to find. Do all samples have the same
# graph? The cell compares the operations and their inputs.

# %% tags=["active-ipynb"]
# from micrograd_numpy import MLP, topological_sort
# from micrograd_numpy.moons import moons_data
#
# points, labels = moons_data(100)
# X, y = np.array(points), np.array(labels)
# model = MLP(2, [16, 16, 1], rng=0)
#
#
# def score(x):
#     for layer in model.layers:
#         last = layer is model.layers[-1]
#         sums = [sum((w * v for w, v in zip(n.weights, x)), n.bias) for n in layer.neurons]
#         x = sums if last else [s.relu() for s in sums]
#     return x[0]
#
#
# def loss(x, t):
#     return (1 - t * score(x)).relu() + 1e-4 * sum(p * p for p in model.parameters())
#
#
# def operations(x, t):
#     order = topological_sort(loss([Value(v) for v in x], Value(t)))
#     place = {node: k for k, node in enumerate(order)}
#     return [(node._op, [place[i] for i in node._prev]) for node in order if node._prev]
#
#
# first = operations(X[0], y[0])
# print(f"{len(first):,} operations for one sample")
# print("the same for every sample:", all(operations(x, t) == first for x, t in zip(X, y)))

# %% [markdown]
# The graphs differ in their numbers only. So one recipe is enough for all samples: where a number depends on the
# sample, the program has a row of numbers, one for each sample, and else a single one. And inside the recipe, the
# neurons of a layer do the same thing to the same inputs, so they can be one array too, if a program can find them.
#
# ## Record
#
# `record` runs the function once. It uses the method of [Anomalies](anomaly.ipynb): for a while, it replaces `node`,
# the function that makes each result, by one that also notes the result and its rule.
#
# A recipe has steps, which are operations, and three kinds of leaves. *Arguments* are different for each sample, so
# they are wide. *Parameters* are Values from outside of the function, such as a model's weights. *Constants* are made
# by the function itself, such as the 1 in `1 - t * score(x)`. A step is wide if one of its inputs is.


# %%
@dataclass(eq=False)
class RecipeNode:
    """One operation of a recipe, or one of its leaves.

    `wide`: it has a number for each sample; else it has one for all.
    `active`: a parameter takes part in it, so that it needs a gradient.
    """

    rule: ops.Rule | None = None  # None for a leaf
    inputs: tuple[RecipeNode, ...] = ()
    wide: bool = False
    active: bool = False
    number: float = 0.0  # of a constant
    parameter: Value | None = None  # of a parameter, the Value itself
    kept: bool = False  # a result, or checked: it must not vanish in a sum
    terms: list[Term] = field(default_factory=list)  # of a sum of products
    index: int = 0  # its inputs have smaller ones
    depth: int = 0  # the length of the longest chain from a leaf

    @property
    def constant(self) -> bool:
        """Whether its number never changes."""
        return self.rule is None and not self.wide and self.parameter is None


# %% mystnb={"code_prompt_show": "Recipe: the lists of steps and leaves, 14 lines"} tags=["hide-input"]
Term = tuple[int, RecipeNode, "RecipeNode | None"]  # (±1, a, b) for ±a·b, (±1, a, None) for ±a
Check = tuple[RecipeNode, Callable[[Any], Any], Callable[[float], Exception]]


@dataclass
class Recipe:
    """What a function does to one sample: its leaves, and its operations in order."""

    names: list[str]  # of the arguments
    single: bool  # the function returned a Value, not a list
    recorded: int  # operations that it did, needed or not
    structure: Structure  # of the Modules that it looked into
    arguments: list[list[RecipeNode]] = field(default_factory=list)
    parameters: list[RecipeNode] = field(default_factory=list)
    steps: list[RecipeNode] = field(default_factory=list)
    results: list[RecipeNode] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)  # what losses demand of labels


# %% mystnb={"code_prompt_show": "The code of record, 92 lines"} tags=["hide-input"]
def record(fn: Callable[..., Any], sample: Sequence[Any], names: Sequence[str]) -> Recipe:
    """Run `fn` once, on Values that hold one sample, and note what it does to them.

    Parameters
    ----------
    fn : callable
        Takes a Value, or a list of Values, for each argument; returns a Value or a list.
    sample : sequence
        For each argument one number, or a list of numbers.
    names : sequence of str
        The names of the arguments.

    Raises
    ------
    TypeError
        If `fn` asks a Value for its number, or returns something that is no Value.
    ValueError
        If `fn` uses a Value that was computed outside of it, or returns an empty list.
    """
    inputs = [[Value(x) for x in row] if isinstance(row, list) else Value(row) for row in sample]
    with recorded(v for row in inputs for v in as_list(row)) as recorder:
        # copies, because the function may change its lists
        answer = fn(*(list(row) if isinstance(row, list) else row for row in inputs))
        single = not isinstance(answer, (list, tuple))
        results = [as_result(v) for v in ([answer] if single else answer)]
    if recorder.refusal:  # the function has caught the error
        raise TypeError(*recorder.refusal.args)
    if not results:
        raise ValueError("the function returned an empty list; return at least one Value")
    recipe = Recipe(list(names), single, len(recorder.made), Structure(recorder.reads.values()))
    # a leaf that is made inside and kept in a model is a parameter
    constants = set(recorder.constants) - recipe.structure.values
    nodes: dict[Value, RecipeNode] = {}
    for row in inputs:
        nodes |= {v: RecipeNode(wide=True) for v in as_list(row)}
        recipe.arguments.append([nodes[v] for v in as_list(row)])

    def node_of(v: Value) -> RecipeNode:
        """Return the node of `v`, which is new for a leaf that comes up for the first time."""
        if v not in nodes and v._prev:
            raise ValueError(
                f"the function uses {v!r}, which was computed outside of it and would "
                "never change; compute it inside, from its leaves"
            )
        if v not in nodes and v in constants:
            nodes[v] = RecipeNode(number=v.data)
        elif v not in nodes:
            nodes[v] = RecipeNode(parameter=v, active=True)
            recipe.parameters.append(nodes[v])
        return nodes[v]

    live, needed = set(results), {*results, *(v for v, _, _ in recorder.checks)}
    for v, _ in reversed(recorder.made):
        for group in (live, needed):
            if v in group:
                group.update(v._prev)
    for v, rule in recorder.made:
        if v in needed:
            nodes[v] = step(recipe, v, rule, tuple(map(node_of, v._prev)), v in live)
    for v in results:
        result = node_of(v)
        if result.rule is None or result in recipe.results:
            # an argument returned as it is, or a result returned twice, gets a step of its own
            result = RecipeNode(ops.add, (result,), result.wide, result.active)
            recipe.steps.append(result)
        recipe.results.append(result)
    recipe.checks = [(node_of(v), holds, why) for v, holds, why in recorder.checks]
    for node in (*recipe.results, *(node for node, _, _ in recipe.checks)):
        node.kept = True
    leaves = [node for row in recipe.arguments for node in row] + recipe.parameters
    for index, node in enumerate(leaves + recipe.steps):
        node.index = index
    return recipe


def step(recipe: Recipe, v: Value, rule: ops.Rule, inputs: tuple[RecipeNode, ...], live: bool) -> RecipeNode:
    """Add a step to the recipe and return it; if all its inputs are constants, return a constant."""
    if all(i.constant for i in inputs):
        return RecipeNode(number=v.data)
    wide = any(i.wide for i in inputs)
    # what leads to no result, such as a loss that is only checked, has no gradient
    active = live and any(i.active for i in inputs)
    if rule is ops.mean:  # a sum, divided by a count
        recipe.steps.append(RecipeNode(ops.add, inputs, wide, active))
        rule, inputs = ops.div, (recipe.steps[-1], RecipeNode(number=float(len(inputs))))
    recipe.steps.append(RecipeNode(rule, inputs, wide, active))
    return recipe.steps[-1]


def as_list(row: Any) -> list[Any]:
    """Return an argument as a list, also if it is one Value."""
    return row if isinstance(row, list) else [row]


def as_result(x: Any) -> Value:
    """Return `x` as a Value, or raise an error that says what a function must return."""
    try:
        return as_value(x)
    except TypeError:
        raise TypeError(
            f"a vectorized function must return a Value, or a list of Values, but it returned {what_is(x)}"
        ) from None


# %% tags=["active-ipynb"]
# recipe = record(loss, [points[0], labels[0]], ["x", "t"])
# print([len(argument) for argument in recipe.arguments], "inputs")
# print(len(recipe.parameters), "parameters")
# print(f"{len(recipe.steps):,} steps, {sum(step.wide for step in recipe.steps):,} of them wide")

# %% [markdown]
# The steps that are not wide belong to the penalty, the sum of all $p^2$. It does not depend on the sample, so it is
# computed once, and not 100 times. Any other Python number that the function fetches is fetched once, too: a random
# number is drawn once, and becomes a constant of the recipe.
#
# There is a danger in running a function only once. Suppose it has an `if` that looks at a number, like `leaky` below.
# The recipe would hold the branch that *this* sample took, and all other samples would be sent through it. So while a
# recipe is recorded, only the engine's own operations may read a number. Which of these four functions do you expect to
# be refused?

# %% tags=["active-ipynb"]
# def leaky(x, t):
#     s = score(x)
#     if s > 0:
#         return s * t
#     return 0.01 * s * t
#
#
# suspects = [
#     leaky,
#     lambda x, t: x[0].data * t,
#     lambda x, t: print(x[0], t),
#     lambda x, t: score(x) if t == 1 else -score(x),
# ]
# for fn in suspects:
#     try:
#         record(fn, [points[0], labels[0]], ["x", "t"])
#     except TypeError as error:
#         print(str(error).partition(", but")[0])

# %% [markdown]
# All four. The last one is special: `t == 1` needs no number, because two Values are equal only if they are the same
# object. It would be false for every sample. But whoever writes `t == 1` means to compare numbers, so a Value that
# depends on an argument refuses the comparison.
#
# ## Fuse
#
# The recipe has more than a thousand steps, and most of them are `+` and `*`. Each neuron has a chain of them for one
# formula,
#
# $$w_1 x_1 + w_2 x_2 + \dots + b.$$
#
# `fuse` collects such a chain in one node. The node has a list of terms, each with a sign: a product $\pm a \cdot b$,
# or a single number $\pm a$. The table `SUMS` says which operations are sums of products, and of which terms.
# Differences, negatives and `dot` count as sums of products too, and so does a product on its own: it has one term.
#
# Take the second `+` of a neuron in `two`. It has two inputs: the sum of the products, call it `s`, and the bias. Each
# is a term with one number, which the loop calls `a`. `s` is itself a sum, and only this step uses it, so its terms
# move in and `s` is *absorbed*: it is no longer a node. If another step used `s` too, it would stay. A sum that all
# samples share also stays beside terms that are wide (`a.wide == node.wide`). Otherwise its terms would be computed
# once for each sample: here, `1e-4` times the sum of squares.

# %%
SUMS: dict[ops.Rule, Callable[..., list[Term]]] = {
    ops.add: lambda *a: [(1, x, None) for x in a],
    ops.total: lambda *a: [(1, x, None) for x in a],
    ops.sub: lambda a, b: [(1, a, None), (-1, b, None)],
    ops.neg: lambda a: [(-1, a, None)],
    ops.mul: lambda a, b: [(1, a, b)],
    ops.dot: lambda *ab: [(1, a, b) for a, b in zip(ab[: len(ab) // 2], ab[len(ab) // 2 :])],
}


def fuse(recipe: Recipe) -> list[RecipeNode]:
    """Merge each chain of sums and products into one sum of products: ± a·b ± c·d ± e …."""
    uses = Counter(i for node in recipe.steps for i in node.inputs)
    absorbed = set()
    for node in recipe.steps:
        if node.rule not in SUMS:
            continue
        node.terms = []
        for sign, a, b in SUMS[node.rule](*node.inputs):
            # `a` is added, and only here: if it is a sum, its terms can move in
            alone = b is None and uses[a] == 1 and not a.kept
            if alone and a.terms and a.wide == node.wide:
                absorbed.add(a)
                small, large = sorted((node.terms, with_sign(sign, a.terms)), key=len)  # so that little is copied
                large += small
                node.terms = large
            elif b is not None and a.wide and not b.wide:  # the factor that all samples share comes first
                node.terms.append((sign, b, a))
            else:
                node.terms.append((sign, a, b))
    nodes: list[RecipeNode] = []
    for node in recipe.steps:
        if node not in absorbed:
            node.terms = without_zeros(node.terms)
            nodes += [*split_shared(node), node]
    for node in nodes:
        node.terms.sort(key=lambda t: (wide_factors(t), -t[0], (t[2] or t[1]).index, t[1].index))
        sources = [i for _, *ab in node.terms for i in ab if i is not None] or node.inputs
        node.depth = 1 + max(i.depth for i in sources)
    return nodes


# %% mystnb={"code_prompt_show": "What fuse does to signs, zeros and shared terms, 21 lines"} tags=["hide-input"]
def with_sign(sign: int, terms: list[Term]) -> list[Term]:
    """Return the terms as they are, or each with the opposite sign."""
    return terms if sign == 1 else [(-s, a, b) for s, a, b in terms]


def without_zeros(terms: list[Term]) -> list[Term]:
    """Drop the 0 with which Python's `sum` begins, but not beside a lone term: −0 + 0 is 0."""
    zeros = [t for t in terms if t[2] is None and t[1].constant and t[1].number == 0.0]
    rest = [t for t in terms if t not in zeros]
    return [*rest, *zeros][: max(len(rest), 2)]


def wide_factors(term: Term) -> tuple[bool, ...]:
    """Tell which factors of a term are wide: (False, True) is a weight times an input."""
    _, *factors = term
    return tuple(factor.wide for factor in factors if factor is not None)


def split_shared(node: RecipeNode) -> list[RecipeNode]:
    """Split what all samples share off a wide sum, if it has several terms, as a sum of its own."""
    shared = [term for term in node.terms if wide_factors(term) == (False,)]
    if not node.wide or len(shared) < 2:
        return []
    active = node.active and any(a.active for _, a, _ in shared)
    total = RecipeNode(ops.add, active=active, terms=shared, index=node.index)
    node.terms = [term for term in node.terms if wide_factors(term) != (False,)] + [(1, total, None)]
    return [total]


# %% [markdown]
# The last lines give each node a *depth*: one more than the depth of its deepest input, where leaves have depth 0. The
# largest depth is the length of the longest chain in which each step waits for the one before. What does fusing do to
# it?

# %% tags=["active-ipynb"]
# before = {}
# for s in recipe.steps:
#     before[s] = 1 + max(before.get(i, 0) for i in s.inputs)
#
# nodes = fuse(recipe)
# print(f"before: {len(recipe.steps):5,} steps, the longest chain {max(before.values())}")
# print(f"after:  {len(nodes):5,} steps, the longest chain {max(n.depth for n in nodes)}")
# print("the longest sum has", max(len(n.terms) for n in nodes), "terms")

# %% [markdown]
# The longest sum is the penalty, with a term for each parameter. Before, the longest chain went through it: a product,
# 337 additions, the factor 1e-4, and the last sum. Now the longest one goes through the network: sum, `relu`, sum,
# `relu`, score, hinge sum, `relu`, last sum.
#
# ## Group
#
# A node is deeper than each of its inputs. So nodes of the same depth never depend on each other, and can be computed
# side by side.

# %% mystnb={"code_prompt_show": "The code of the picture, 17 lines", "image": {"alt": "The fused steps by depth. Four columns, 16 sums, 16 relus, 16 sums and 16 relus, then single nodes to the right; below a line lie two nodes that are the same for all samples."}} tags=["active-ipynb", "hide-input", "wide"]
# colors = {"sum of products": ACCENT, "relu": BACKWARD}
# figure, axes = plt.subplots(figsize=(6.4, 3.4))
# drawn = Counter()
# for n in nodes:
#     what = "sum of products" if n.terms else n.rule.__name__
#     height = drawn[n.wide, n.depth]
#     drawn[n.wide, n.depth] += 1
#     axes.scatter(n.depth, height if n.wide else -3 - height, s=34, color=colors[what])
# for what, color in colors.items():
#     axes.scatter([], [], s=34, color=color, label=what)
# axes.axhline(-1.5, color=MUTED, linewidth=1)
# axes.text(7.6, -2.6, "one number for all samples", ha="right", color=MUTED, fontsize=9)
# axes.text(7.6, 14.6, "one number for each sample", ha="right", color=MUTED, fontsize=9)
# axes.set(xlabel="depth", yticks=[], ylim=(-4.5, 16.5))
# axes.grid(visible=False)
# axes.legend(loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.14))
# plt.show()

# %% [markdown]
# You can read the network off this picture, though no pass was told of it: two layers of 16 sums and 16 `relu`, then
# the score, the hinge, and the sum of hinge and penalty. Below the line is the penalty itself.
#
# A group holds nodes of one depth that do the same thing, all of them wide or none, and all of them `active` or none
# (the next chapter needs this). Its *parts* hold what its members read, in tables: a row for each member, a column for
# each term. For sums, `group` calls the function `factor` of the next section, which fills these tables. Sums that
# multiply different inputs are put into different groups, so that each can become a matrix. (If no two sums multiply
# the same inputs, no matrix would have more than one row, and they stay together.)

# %% mystnb={"code_prompt_show": "Part and Group: what a group holds, 49 lines"} tags=["hide-input"]
Table = list[list[RecipeNode]]  # a row for each member of a group, a column for each term


@dataclass
class Part:
    """The terms of one kind, for all members: ± Σ aᵢⱼ·bᵢⱼ or ± Σ aᵢⱼ; or one input of an operation."""

    sign: int
    a: Table
    b: Table | None = None
    matrix: bool = False  # all members multiply the same inputs: b is one column

    @property
    def width(self) -> int:
        """How many terms there are for each member."""
        return len(self.a[0])

    @property
    def tables(self) -> list[Table]:
        """The tables that the part reads."""
        return [self.a] if self.b is None else [self.a, self.b]

    def sort(self, place: dict[RecipeNode, int]) -> None:
        """Put the terms of a lone member in the order of their places."""
        if not self.matrix:
            columns = list(zip(*(table[0] for table in self.tables)))
            columns.sort(key=lambda column: [place[node] for node in column])
            tables = [[list(row)] for row in zip(*columns)]
            self.a, self.b = tables[0], tables[1] if self.b else None


@dataclass(eq=False)
class Group:
    """Nodes of one depth that do the same thing: one array."""

    members: list[RecipeNode]
    rule: ops.Rule | None  # None for sums
    parts: list[Part]
    in_place: bool = False  # it overwrites its input

    @property
    def wide(self) -> bool:
        """Whether there is a number for each sample."""
        return self.members[0].wide

    @property
    def active(self) -> bool:
        """Whether gradients flow through it."""
        return any(node.active for node in self.members)

    @property
    def column(self) -> Table:
        """The members, as a table of one column."""
        return [[node] for node in self.members]


Ones = dict[tuple[RecipeNode, ...], RecipeNode]  # for each column of inputs, its row of ones


def split_by_inputs(members: list[RecipeNode]) -> list[list[RecipeNode]]:
    """Split sums by the inputs that they multiply; if no two have the same inputs, keep all together."""
    by_inputs: dict[Any, list[RecipeNode]] = defaultdict(list)
    for node in members:
        by_inputs[tuple(b for _, _, b in node.terms if b is not None)].append(node)
    return [members] if len(by_inputs) == len(members) else list(by_inputs.values())


# %%
def group(nodes: Iterable[RecipeNode]) -> tuple[list[Group], Ones]:
    """Put nodes that can be computed together into groups, sorted so that inputs come first."""
    alike: dict[Any, list[RecipeNode]] = defaultdict(list)
    for node in nodes:
        # what a node does: of a sum, the kinds of its terms; else its rule, and which inputs are wide
        what: Any = [(wide_factors(term), term[0]) for term in node.terms]
        what = tuple(what or [node.rule, *(i.wide for i in node.inputs)])
        alike[node.wide, node.active, node.depth, what].append(node)
    groups: list[Group] = []
    ones: Ones = {}
    for members in alike.values():
        if members[0].terms:
            groups += (Group(some, None, merge_bias(factor(some), ones)) for some in split_by_inputs(members))
        else:
            columns = zip(*(node.inputs for node in members))
            parts = [Part(1, [[i] for i in column]) for column in columns]
            groups.append(Group(members, members[0].rule, parts))

    def order(g: Group) -> tuple[bool, int, int]:
        return g.wide, g.members[0].depth, g.members[0].index

    return sorted(groups, key=order), ones


# %% [markdown]
# ## Factor
#
# The terms of a group's members form a table. Its columns can be of different kinds: weights times inputs, biases,
# constants. `factor` makes one part of each kind and sign. If all members multiply the same list of inputs, without
# repeats, by numbers that all samples share, the part is a **matrix product** $W H$: each row of $W$ holds the weights
# of one member, each row of $H$ holds one input for all samples. In three cases a matrix would gain nothing, and
# `factor` makes none: members that are each just a constant times one input; a single product; and a single sum that is
# not wide, such as the penalty.
#
# (If every sample were a row instead, as in most data sets, the same product would be written `X @ W.T`.)


# %%
def factor(members: list[RecipeNode]) -> list[Part]:
    """Sort the terms of some sums into parts; where all multiply the same inputs, a matrix product."""
    columns = list(zip(*(node.terms for node in members)))
    parts = []
    # one part for each kind of column: which factors are wide, and the sign
    for wides, sign in dict.fromkeys((wide_factors(column[0]), column[0][0]) for column in columns):
        alike = [column for column in columns if (wide_factors(column[0]), column[0][0]) == (wides, sign)]
        rows = list(zip(*alike))
        part = Part(sign, [[a for _, a, _ in row] for row in rows])
        if len(wides) == 2:
            part.b = [[b for _, _, b in row if b is not None] for row in rows]
            # no matrix: each member only scaled by a constant, or one number times one number
            scaled = part.width == 1 and all(row[0].constant for row in part.a)
            lone = part.width == len(members) == 1
            several = len(members) > 1 and not members[0].wide
            vector = wides == (False, True) or (wides == (False, False) and several)
            same = all(row == part.b[0] for row in part.b)
            distinct = len(set(part.b[0])) == part.width
            part.matrix = vector and same and distinct and not (scaled or lone)
        if part.matrix and part.b:
            part.b = [[b] for b in part.b[0]]
        parts.append(part)
    return parts


# %% [markdown]
# `merge_bias` adds the last column. A bias $b$ is $b \cdot 1$, so it becomes one more column of $W$, and the inputs get
# a row of ones.


# %% mystnb={"code_prompt_show": "The code of merge_bias, 14 lines"} tags=["hide-input"]
def merge_bias(parts: list[Part], ones: Ones) -> list[Part]:
    """Make the bias of W·x + b a column of W, and give x a row of ones."""
    for matrix in parts:
        for bias in parts:
            if (
                (matrix.matrix and matrix.b and matrix.b[0][0].wide and matrix.sign == 1)
                and (bias.b is None and bias.width == 1 and bias.sign == 1)
                and all(b.parameter is not None for (b,) in bias.a)
            ):
                column = tuple(b for (b,) in matrix.b)
                matrix.a = [row + b for row, b in zip(matrix.a, bias.a)]
                matrix.b = [*matrix.b, [ones.setdefault(column, RecipeNode(wide=True))]]
                return [part for part in parts if part is not bias]
    return parts


# %% tags=["active-ipynb"]
# groups, ones = group(nodes)
# print(f"{len(groups)} groups:")
# for g in groups:
#     what = "sum" if g.rule is None else g.rule.__name__
#     shapes = [f"({len(p.a)}, {p.width}) matrix" for p in g.parts if p.matrix]
#     where = "each sample" if g.wide else "all samples"
#     print(f"  {len(g.members):2} × {what:4} for {where}  {', '.join(shapes)}")

# %% [markdown]
# The passes have found the three layers, and they never looked for a layer. They look for sums that multiply the same
# inputs by numbers which all samples share.
#
# ## Lay out
#
# NumPy can multiply a matrix without copying it if its rows follow each other in memory. Scattered numbers must first
# be gathered, that is, copied together. So `MemoryLayout` places together what will be read together:
#
# - In `S`, parameters come first, in the order in which the matrices read them.
# - The members of a group get neighboring rows of `Z`, so that the group is a slice. Each matrix with biases has a row
#   of ones. It lies directly after the matrix's inputs, if these are one argument or one group, and else at the end.
# - If only a `relu` reads a sum, the result of the `relu` takes the sum's place. The slope of `relu` follows from this
#   result, so the sum will not be needed on the way back either.


# %% mystnb={"code_prompt_show": "MemoryLayout: a place for each number, 47 lines"} tags=["hide-input"]
class MemoryLayout:
    """A place for every number: in S if all samples share it, else a row of Z."""

    def __init__(self, recipe: Recipe, groups: list[Group], ones: Ones) -> None:
        self.place: dict[RecipeNode, int] = {}
        self.rows = self.slots = 0
        wide_first = sorted(groups, key=lambda g: not g.wide)
        tables = [t for g in wide_first for part in g.parts for t in part.tables]
        wanted = [node for table in tables for row in table for node in row]
        over = overwritten(groups, Counter(wanted))
        blocks = [g.members for g in groups if g.wide and not g.in_place]
        for block in (*recipe.arguments, *blocks):
            self.put(block)
            final = over.get(tuple(block), block)
            self.place |= {new: self.place[old] for new, old in zip(final, block)}
            if tuple(final) in ones:
                self.put([ones[tuple(final)]])
        self.put(one for one in ones.values() if one not in self.place)
        self.ones = [self.place[one] for one in ones.values()]
        asked = (*recipe.results, *(node for node, _, _ in recipe.checks))
        shared = [node for node in dict.fromkeys((*wanted, *asked, *recipe.parameters)) if not node.wide]
        self.parameters = [node for node in shared if node.parameter is not None]
        self.constants = [node for node in shared if node.constant]
        made = (node for g in groups if not g.wide for node in g.members)
        for node in (*self.parameters, *made, *self.constants):
            self.place[node] = self.slots
            self.slots += 1
        for g in groups:
            if len(g.members) == 1:  # terms may come in any order: take them as they lie
                for part in g.parts:
                    part.sort(self.place)

    def put(self, block: Iterable[RecipeNode]) -> None:
        """Give each node of a block the next row of Z."""
        for node in block:
            self.place[node] = self.rows
            self.rows += 1


def overwritten(groups: list[Group], used: Counter[RecipeNode]) -> dict[tuple[RecipeNode, ...], list[RecipeNode]]:
    """Find the sums whose place can be taken by the result of the one operation that reads them."""
    sums = {tuple(g.members): g for g in groups if g.wide and g.rule is None}
    over = {}
    for g in groups:
        source = sums.get(tuple(row[0] for row in g.parts[0].a))
        if source is None or not overwrites(g.rule, len(g.parts)):
            continue
        if all(used[node] == 1 and not node.kept for node in source.members):
            g.in_place = True
            over[tuple(source.members)] = g.members
    return over


# %% tags=["active-ipynb"]
# layout = MemoryLayout(recipe, groups, ones)
# print(f"S has {layout.slots} places, Z has {layout.rows} rows")
#
# layers = [part for g in groups for part in g.parts if part.matrix]
# for k, part in enumerate(layers, 1):
#     slots = [layout.place[node] for row in part.a for node in row]
#     rows = [layout.place[node] for (node,) in part.b]
#     assert slots == list(range(slots[0], slots[-1] + 1))
#     assert rows == list(range(rows[0], rows[-1] + 1))
#     print(f"matrix {k}: places {slots[0]} to {slots[-1]} of S, times rows {rows[0]} to {rows[-1]} of Z")

# %% [markdown]
# `S` has the 337 parameters, the 2 sums of the penalty, and the constants 1 and 1e-4. `Z` has 3 rows for the arguments,
# 3 of ones, 32 for the hidden layers, and 3 for the score, the hinge and the loss. Each matrix is one stretch of `S`,
# and what it multiplies is one stretch of `Z`, the row of ones included. In NumPy, a stretch can be a *view*, and
# nothing is copied.
#
# ## Are these the same numbers?
#
# So far there are only groups, and a place for each number. Now we fill the places, and go through the groups in order.
# Each group is a sum of products or a `relu`. Only the matrix products read views; everything else is gathered.

# %% tags=["active-ipynb"]
# S, Z = np.zeros(layout.slots), np.ones((layout.rows, len(X)))
# for p in layout.parameters:
#     S[layout.place[p]] = p.parameter.data
# for c in layout.constants:
#     S[layout.place[c]] = c.number
# for argument, numbers in zip(recipe.arguments, (X.T, y[None])):
#     Z[[layout.place[node] for node in argument]] = numbers
#
#
# def read(table):  # gathers its numbers: an array of members, terms and samples (or 1, if all samples share them)
#     places = [[layout.place[node] for node in row] for row in table]
#     return Z[places] if table[0][0].wide else S[places][..., None]
#
#
# def add_up(part):
#     if part.matrix:
#         corner, top = layout.place[part.a[0][0]], layout.place[part.b[0][0]]
#         matrix = S[corner : corner + len(part.a) * part.width].reshape(len(part.a), part.width)
#         return matrix @ Z[top : top + part.width]
#     terms = read(part.a) if part.b is None else read(part.a) * read(part.b)
#     return terms.sum(axis=1)
#
#
# for g in groups:
#     if g.rule is ops.relu:
#         result = np.maximum(read(g.parts[0].a)[:, 0], 0.0)
#     else:
#         result = sum(part.sign * add_up(part) for part in g.parts)
#     places = [layout.place[node] for node in g.members]
#     if g.wide:
#         Z[places] = result
#     else:
#         S[places] = result[:, 0]
#
# losses = Z[layout.place[recipe.results[0]]]
# one_by_one = [loss([Value(v) for v in x], Value(t)).data for x, t in zip(points, labels)]
# print("the scalar engine's losses, up to rounding:", np.allclose(losses, one_by_one, rtol=1e-12, atol=1e-15))

# %% [markdown]
# One walk through the groups gives all 100 losses. How much less does Python have to do for it? The scalar engine makes
# a node for each wide step and each sample. It needs the other steps only once if the penalty is computed separately
# and added at the end. (A group takes several calls of NumPy, so this compares only roughly.)

# %% tags=["active-ipynb"]
# wide = sum(s.wide for s in recipe.steps)
# scalar_nodes = wide * len(X) + len(recipe.steps) - wide
# print(f"scalar engine: {scalar_nodes:,} nodes")
# print(f"arrays:        {len(groups)} groups, {layout.slots + layout.rows * len(X):,} numbers in two arrays")

# %% [markdown]
# With more samples, the groups stay the same, and only the rows of `Z` become longer. The next
# chapter, [From scalars to arrays](vectorize.ipynb), turns the walk into a program that also computes gradients, and
# measures what it saves.
#
# ## What you can now do
#
# - Say what a recording holds, and why the function may not look at numbers.
# - Say which operations may happen side by side, and why.
# - Find a matrix product among many multiplications.
# - Say where each number should lie, so that each matrix is one stretch of memory.
#
# ## In PyTorch this is …
#
# … something that you do yourself: you write
# [`torch.nn.Linear`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html), and the matrix is there from
# the start. The first matrix that your passes found holds the weights of such a layer, with the biases as its last
# column:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     found = read(layers[0].a)[..., 0]
#     linear = torch.nn.Linear(2, 16, dtype=torch.float64)
#     linear.load_state_dict({"weight": torch.tensor(found[:, :-1]), "bias": torch.tensor(found[:, -1])})
#     theirs = linear(torch.tensor(X)).relu().detach().numpy()
#     hidden = next(g for g in groups if g.rule is ops.relu)
#     print("the first layer agrees:", np.allclose(read(hidden.column)[:, 0], theirs.T, rtol=1e-12, atol=1e-15))

# %% [markdown]
# PyTorch can record functions, too, with
# [`torch.compile`](https://docs.pytorch.org/docs/stable/generated/torch.compile.html) {cite:p}`ansel2024`. It records
# operations on tensors: there, a person has found the arrays already. And
# [`torch.vmap`](https://docs.pytorch.org/docs/stable/generated/torch.vmap.html) makes a function of one sample work on
# all samples at once, but it does not look for layers among single numbers.
#
# ## Exercises
#
# With folded solutions, in [Exercises: Finding the arrays](exercises/arrays.ipynb):
#
# 1. The passes, by hand: predict what each pass makes of a small function.
# 2. A matrix, or none? Tell which sums of products form a matrix, and which only look like one.
# 3. A pass of your own: find steps that repeat an earlier one.
#
# ## Check yourself
#
# :::{dropdown} A function has `if x[0] > 0:` in it. Why can't it be recorded?
# The recipe could hold only one of the two branches, and samples that should take the other would be sent the wrong
# way.
# :::
#
# :::{dropdown} Two neurons share their inputs, a third has others. Which of them are rows of one matrix?
# The first two. All members of a matrix product multiply the same inputs. The third gets a matrix of its own, of one
# row.
# :::
#
# :::{dropdown} Why is the hinge's `1 - t * score(x)` not part of a matrix product?
# `t` and the score are both different for each sample, so there is no matrix of weights: `t * score(x)` is a product of
# two rows, number by number.
# :::
#
# :::{dropdown} Two nodes have the same depth and do the same thing. Can one of them depend on the other?
# No. A node is deeper than each of its inputs, so a node that depends on another is deeper than that one.
# :::
#
# ## Sources
#
# Recording a function with stand-ins for its arguments is described in {cite:p}`frostig2018,ansel2024`; arrays, views
# and strides in NumPy in {cite:p}`harris2020`.
