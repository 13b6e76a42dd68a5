# %% [markdown]
# # Finding the arrays
#
# Your engine computes one number at a time, and a model does the same to every sample. In this chapter you write a
# program that watches while the engine works on *one* sample, and finds the matrices that do that work for all samples
# at once. Nobody tells it what a layer is. (This chapter goes forward only; the gradients come in the next one.)
#
# - **You will build** five passes, from `record` to the layout in memory. They turn scalar code into arrays.
# - **You need** [Anomalies](anomaly.ipynb), [Neurons, layers, MLP](mlp.ipynb) and [Training on moons](moons.ipynb);
#   matrix products.
# - **Time** about 35 minutes.

# %%
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
# ## A hundred samples, one recipe
#
# Take the training step that you know: a hundred points, a model with two hidden layers of 16 neurons, the hinge loss,
# and a small penalty on the weights. Here is the loss of one sample, written with plain `+` and `*`. (A neuron's own
# `dot` would hide half of the story.)

# %% tags=["active-ipynb"]
# import numpy as np
#
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
# def operations(i):
#     root = loss([Value(v) for v in points[i]], Value(labels[i]))
#     return [node._op for node in topological_sort(root) if node._prev]
#
#
# print(f"{len(operations(0)):,} operations for one sample")
# print(
#     "the same ones for every sample:",
#     all(operations(i) == operations(0) for i in range(100)),
# )

# %% [markdown]
# The hundred graphs have the same operations in the same order. The function `loss` never asks for a number, so their
# wires are the same, too. They differ in their numbers alone. So build *one* graph, and push a hundred samples through
# it side by side: where the scalar graph has a number, put a row of a hundred. One NumPy call then does the work of a
# hundred nodes.
#
# That is the first half. For the second, look inside one graph. Sixteen neurons do the same thing to the same inputs.
# Their sums could be one array, too, of 16 rows. If you can find them.
#
# You will do it in five passes: **record** the recipe, **fuse** its sums, **group** what is alike, **factor** out the
# matrices, **lay out** the numbers in memory. No pass knows what a neuron is.
#
# ## Record
#
# The first pass runs the function once, on one sample, and watches. `recorded()` uses the trick that you know from
# [Anomalies](anomaly.ipynb): every Value passes through one function, `node`, so that is the place to stand. It notes
# each new Value with its rule.
#
# A recipe has four kinds of nodes. *Arguments* are different for each sample: they are **wide**. *Parameters* are the
# Values that the function found outside, like a model's weights. *Constants* it made itself, like the 1 in
# `1 - t * score`. Everything else is a step. A step is wide if one of its inputs is.


# %%
@dataclass(eq=False)
class RecipeNode:
    """One operation of a recipe, or one of its leaves.

    `wide`: it has a number for each sample; else it has one for all.
    `active`: a parameter takes part in it, so that it needs a gradient.
    """

    rule: ops.Rule | None = None  # of a leaf: None
    inputs: tuple[RecipeNode, ...] = ()
    wide: bool = False
    active: bool = False
    number: float = 0.0  # of a constant
    parameter: Value | None = None  # of a parameter: the Value itself
    kept: bool = False  # asked for, so it must not vanish in a sum
    terms: list[Term] = field(default_factory=list)  # of a sum of products
    index: int = 0  # its inputs have smaller ones
    depth: int = 0  # the longest way from a leaf

    @property
    def constant(self) -> bool:
        """Whether its number never changes."""
        return self.rule is None and not self.wide and self.parameter is None


Term = tuple[int, RecipeNode, "RecipeNode | None"]  # (±1, a, b) for ±a·b, (±1, a, None) for ±a
Check = tuple[RecipeNode, Callable[[Any], Any], Callable[[float], Exception]]


@dataclass
class Recipe:
    """What a function does to one sample: its leaves, and its operations in order."""

    names: list[str]  # of the arguments
    single: bool  # the function returned a Value, not a list
    recorded: int  # operations that it did, needed or not
    structure: Structure  # of its Modules
    arguments: list[list[RecipeNode]] = field(default_factory=list)
    parameters: list[RecipeNode] = field(default_factory=list)
    steps: list[RecipeNode] = field(default_factory=list)
    results: list[RecipeNode] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)  # what losses demand of labels


# %%
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
        # lists of its own, because it may change them
        answer = fn(*(list(row) if isinstance(row, list) else row for row in inputs))
        single = not isinstance(answer, (list, tuple))
        results = [as_result(v) for v in ([answer] if single else answer)]
    if recorder.refusal:  # which the function has caught
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
        """The node of `v`; for a leaf that comes up for the first time, a new one."""
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
            # an input handed back, or one result twice: a step of its own
            result = RecipeNode(ops.add, (result,), result.wide, result.active)
            recipe.steps.append(result)
        recipe.results.append(result)
    recipe.checks += [(node_of(v), holds, why) for v, holds, why in recorder.checks]
    for node in (*recipe.results, *(node for node, _, _ in recipe.checks)):
        node.kept = True
    leaves = [node for row in recipe.arguments for node in row] + recipe.parameters
    for index, node in enumerate(leaves + recipe.steps):
        node.index = index
    return recipe


def step(recipe: Recipe, v: Value, rule: ops.Rule, inputs: tuple[RecipeNode, ...], live: bool) -> RecipeNode:
    """The next step of a recipe, or a constant if it is made of constants."""
    if all(i.constant for i in inputs):
        return RecipeNode(number=v.data)
    wide = any(i.wide for i in inputs)
    # what leads to no result, such as a loss that is only checked, has no gradient
    active = live and any(i.active for i in inputs)
    if rule is ops.mean:  # a sum, and a quotient
        recipe.steps.append(RecipeNode(ops.add, inputs, wide, active))
        rule, inputs = ops.div, (recipe.steps[-1], RecipeNode(number=float(len(inputs))))
    recipe.steps.append(RecipeNode(rule, inputs, wide, active))
    return recipe.steps[-1]


def as_list(row: Any) -> list[Any]:
    """An argument as a list, also if it is one Value."""
    return row if isinstance(row, list) else [row]


def as_result(x: Any) -> Value:
    """`x` as a Value, or an error that says what a function must return."""
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
# The steps that are not wide belong to the penalty, the sum of all $p^2$. It does not look at the sample, so a recipe
# needs it only once, and not a hundred times.
#
# There is a danger in running a function once: what if it *looks* at a number? What should `record` do with this one?

# %% tags=["active-ipynb"]
# def leaky(x, t):
#     s = score(x)
#     if s > 0:
#         return s * t
#     return 0.01 * s * t

# %% [markdown]
# The recipe would hold the branch that *this* sample took, and all others would be sent through it. That is a classic
# bug of tracing. So while a recipe is recorded, only the engine's own operations may read a number. Whatever else asks
# for one is refused, with the line that asked:

# %% tags=["active-ipynb"]
# curious = [
#     leaky,
#     lambda x, t: float(t) * score(x),
#     lambda x, t: print(x[0], t),
#     lambda x, t: x[0].data * t,
#     lambda x, t: score(x) if t == 1 else -score(x),
#     lambda x, t: {t: score(x)}[t],
# ]
# for fn in curious:
#     try:
#         record(fn, [points[0], labels[0]], ["x", "t"])
#     except TypeError as error:
#         print(str(error).partition(", but")[0])

# %% [markdown]
# Why the last two? They need no number, because two Values are equal only if they are one and the same. But whoever
# writes `t == 1` expects the sample's answer, and would get one wrong answer for all. So an argument, and all that is
# made of it, refuses them.
#
# ## Fuse
#
# More than a thousand steps. Most of them are `+` and `*`, each waiting for the one before. Written out, what a neuron
# computes before its `relu` is one formula,
#
# $$w_1 x_1 + w_2 x_2 + \dots + b,$$
#
# a **sum of products**. The second pass collects each such chain in one node: a list of terms $\pm a \cdot b$ or
# $\pm a$. Differences, negatives and `dot` are sums of products, too. A product that somebody else needs stays a node
# of its own.
#
# Each node that is left gets its **depth**: one more than the deepest of its inputs, where leaves have depth 0. So the
# largest depth is the length of the longest chain, in which each step needs the one before.

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
    """The steps, with each tree of sums and products made one sum: ± a·b ± c·d ± e …."""
    uses = Counter(i for node in recipe.steps for i in node.inputs)
    absorbed = set()
    for node in recipe.steps:
        if node.rule not in SUMS:
            continue
        for sign, a, b in SUMS[node.rule](*node.inputs):
            alone = b is None and uses[a] == 1 and not a.kept
            if alone and a.terms and a.wide == node.wide:
                absorbed.add(a)
                small, large = sorted((node.terms, with_sign(sign, a.terms)), key=len)
                large += small
                node.terms = large
            elif b is not None and a.wide and not b.wide:
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


def with_sign(sign: int, terms: list[Term]) -> list[Term]:
    """The terms as they are, or each with the other sign."""
    return terms if sign == 1 else [(-s, a, b) for s, a, b in terms]


def without_zeros(terms: list[Term]) -> list[Term]:
    """The terms, without the 0 where Python's `sum` begins; beside one term it counts: −0 + 0 is 0."""
    zeros = [t for t in terms if t[2] is None and t[1].constant and t[1].number == 0.0]
    rest = [t for t in terms if t not in zeros]
    return [*rest, *zeros][: max(len(rest), 2)]


def wide_factors(term: Term) -> tuple[bool, ...]:
    """Of each factor of a term, whether it is wide: (False, True) is a weight times an input."""
    _, *factors = term
    return tuple(factor.wide for factor in factors if factor is not None)


def split_shared(node: RecipeNode) -> list[RecipeNode]:
    """Of a wide sum, what is the same for all samples: a sum of its own, if it is long."""
    shared = [term for term in node.terms if wide_factors(term) == (False,)]
    if not node.wide or len(shared) < 2:
        return []
    active = node.active and any(a.active for _, a, _ in shared)
    total = RecipeNode(ops.add, active=active, terms=shared, index=node.index)
    node.terms = [term for term in node.terms if wide_factors(term) != (False,)] + [(1, total, None)]
    return [total]


# %% tags=["active-ipynb"]
# recipe = record(loss, [points[0], labels[0]], ["x", "t"])
# nodes = fuse(recipe)
#
#
# def name(node):
#     letter = "s" if node.rule else "x" if node.wide else "p"
#     return f"{letter}{node.index}"
#
#
# print("before, the steps of the first neuron:")
# for s in recipe.steps[:4]:
#     print(f"  {name(s)} = {s.rule.__name__}({', '.join(map(name, s.inputs))})")
# print("after, one sum:")
# terms = ["·".join(name(factor) for factor in factors if factor) for _, *factors in nodes[0].terms]
# print(f"  {name(nodes[0])} = {' + '.join(terms)}")

# %% tags=["active-ipynb"]
# levels_before = {}
# for s in recipe.steps:
#     levels_before[s] = 1 + max(levels_before.get(i, 0) for i in s.inputs)
#
# print(f"before: {len(recipe.steps):5,} steps, the longest chain {max(levels_before.values())}")
# print(f"after:  {len(nodes):5,} steps, the longest chain {max(n.depth for n in nodes)}")
# print("the longest sum has", max(len(n.terms) for n in nodes), "terms")

# %% [markdown]
# The longest sum is the penalty, with a term for each parameter. And look at the length of the longest chain: that is
# how many things must happen one *after* the other.
#
# ## Group
#
# Nodes of one depth never depend on each other, so they can be computed side by side. If they also do the same thing,
# they can be one array.

# %% mystnb={"image": {"alt": "The fused steps by depth. Four columns, 16 sums, 16 relus, 16 sums and 16 relus, then single nodes to the right; below a line lie two nodes that are the same for all samples."}} tags=["active-ipynb", "wide"]
# import matplotlib.pyplot as plt
#
# from micrograd_numpy.drawing.style import ACCENT, BACKWARD, FORWARD, MUTED, book_style
#
# book_style()
# colors = {"sum of products": FORWARD, "relu": BACKWARD, "other": ACCENT}
# figure, axes = plt.subplots(figsize=(6.4, 3.4))
# drawn = Counter()
# for n in nodes:
#     what = "sum of products" if n.terms else n.rule.__name__
#     place = drawn[n.wide, n.depth]
#     drawn[n.wide, n.depth] += 1
#     axes.scatter(n.depth, place if n.wide else -3 - place, s=34, color=colors.get(what, ACCENT))
# for what in ("sum of products", "relu"):
#     axes.scatter([], [], s=34, color=colors[what], label=what)
# axes.axhline(-1.5, color=MUTED, linewidth=1)
# axes.text(7.6, -2.6, "one number for all samples", ha="right", color=MUTED, fontsize=9)
# axes.text(7.6, 14.6, "one number for each sample", ha="right", color=MUTED, fontsize=9)
# axes.set(xlabel="depth", yticks=[], ylim=(-4.5, 16.5))
# axes.grid(visible=False)
# axes.legend(loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.14))
# plt.show()

# %% [markdown]
# You can read the network off this picture, and no pass was told that there is one. (The `structure` of a recipe
# serves to notice, later, that a model has changed.) Two layers of 16 sums and 16 `relu`, then the output, the hinge,
# and the penalty added at the end. Below the line is the penalty itself.
#
# A group is what stands in one column, on one side of the line, and does the same thing. What its members read is kept
# in tables: a row for each member, a column for each term. To fill the tables of sums, `group` calls two functions of
# the next section, `factor` and `merge_bias`.

# %%
Table = list[list[RecipeNode]]  # a row for each member of a group, a column for each term


@dataclass
class Part:
    """The terms of one kind of all members: ± Σ aᵢⱼ·bᵢⱼ, or ± Σ aᵢⱼ. Of an operation, one input."""

    sign: int
    a: Table
    b: Table | None = None
    matrix: bool = False  # all members multiply with the same: b is one column

    @property
    def width(self) -> int:
        """How many terms there are for each member."""
        return len(self.a[0])

    @property
    def tables(self) -> list[Table]:
        """What the part reads."""
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
    """Nodes of one depth that do the same: one array."""

    members: list[RecipeNode]
    rule: ops.Rule | None  # of sums: None
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
        """The members as a table."""
        return [[node] for node in self.members]


Ones = dict[tuple[RecipeNode, ...], RecipeNode]  # for a column that is multiplied: its row of ones


def group(nodes: Iterable[RecipeNode]) -> tuple[list[Group], Ones]:
    """Nodes that can be computed together, in an order in which they can be computed."""
    alike: dict[Any, list[RecipeNode]] = defaultdict(list)
    for node in nodes:
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


def split_by_inputs(members: list[RecipeNode]) -> list[list[RecipeNode]]:
    """Sums that multiply the same inputs; or all, if each has inputs of its own."""
    by_inputs: dict[Any, list[RecipeNode]] = defaultdict(list)
    for node in members:
        by_inputs[tuple(b for _, _, b in node.terms if b is not None)].append(node)
    return [members] if len(by_inputs) == len(members) else list(by_inputs.values())


# %% [markdown]
# ## Factor
#
# Here is the second layer, four of its sixteen neurons, and of each the first three products. `p` is a parameter, by
# the order in which the function used them; `h` is a result of the first layer. (The gaps, such as `p52`, are the
# biases.) What do you notice about the columns?

# %% tags=["active-ipynb"]
# second = [n for n in nodes if n.depth == 3 and len(n.terms) > 2]
# inner = {i: k for k, i in enumerate(b for _, _, b in second[0].terms if b)}
# for n in second[:4]:
#     products = [f"p{a.index}·h{inner[b]}" for _, a, b in n.terms if b][:3]
#     print(" + ".join(products), "+ ...")
# table = [[a for _, a, b in n.terms if b] for n in second]
# different = {p for row in table for p in row}
# print(f"in all {len(table)} rows of {len(table[0])}, with {len(different)} different parameters")

# %% [markdown]
# The left factors are all different: a table of 16 by 16. The right factors are the same in every row. A table times a
# column, added up along each row: that is the **product of a matrix and a vector**, $W h$. Each entry of $h$ is a row
# of a hundred samples. Stacked, these rows are a matrix $H$, and the sums are $W H$.
#
# If every sample were a row instead, as in most data sets, the same product would read `X @ W.T`. You have found it,
# and you never looked for a layer: any sums will do that multiply the same inputs by numbers which all samples share.
#
# One more step is worth its few lines. A bias is a term without a right factor. Give it one: the number 1. Then the
# biases are one more column of $W$, the inputs get a row of ones, and the sum needs no second statement. Nor does the
# gradient of the bias.


# %%
def factor(members: list[RecipeNode]) -> list[Part]:
    """The parts of some sums; where all multiply with the same inputs, a matrix product."""
    columns = list(zip(*(node.terms for node in members)))
    parts = []
    for wides, sign in dict.fromkeys((wide_factors(column[0]), column[0][0]) for column in columns):
        alike = [column for column in columns if (wide_factors(column[0]), column[0][0]) == (wides, sign)]
        rows = list(zip(*alike))
        part = Part(sign, [[a for _, a, _ in row] for row in rows])
        if len(wides) == 2:
            part.b = [[b for _, _, b in row if b is not None] for row in rows]
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


def merge_bias(parts: list[Part], ones: Ones) -> list[Part]:
    """W·x + b is one product, if b becomes a column of W, and x gets a row of ones."""
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
# ## Lay out
#
# A matrix product wants its matrix in one piece of memory, row after row. If the numbers lay scattered, they would have
# to be gathered before each product. So put them where they will be wanted.
#
# Everything that is the same for all samples goes into one long array `S`. Parameters come first, in the order in which
# the matrices read them. Everything wide goes into `Z`: a row for each node, a column for each sample. The members of a
# group get rows next to each other, so that a group is a slice. A row of ones lies right below the rows that it is
# multiplied with.
#
# And a sum that only a `relu` looks at is never needed again: the slope of `relu` follows from its result. So the
# result may take the sum's place.


# %%
class MemoryLayout:
    """A place for every number: a slot of S if it is one for all samples, else a row of Z."""

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
    """Sums that only one operation reads, and only to get its result: it takes their place."""
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
# print(f"S has {layout.slots} slots, Z has {layout.rows} rows")
#
# layers = [part for g in groups for part in g.parts if part.matrix]
# for k, part in enumerate(layers, 1):
#     slots = [layout.place[node] for row in part.a for node in row]
#     row = [layout.place[node] for (node,) in part.b]
#     in_a_row = slots == list(range(slots[0], slots[0] + len(slots)))
#     print(f"matrix {k}: slots {slots[0]} to {slots[-1]} of S, in a row: {in_a_row}; ", end="")
#     print(f"times rows {row[0]} to {row[-1]} of Z")

# %% [markdown]
# Each matrix is a stretch of `S`, and each input a stretch of `Z`, the row of ones included. In NumPy, a stretch can be
# a *view*, with no copying; the next chapter makes them.
#
# ## Are these the same numbers?
#
# Nothing has been computed yet: there are groups, and a place for each number. So fill the places, and go through the
# groups in order. A sum is a few products of tables; the only other rule in here is `relu`. The numbers can agree only
# up to rounding: NumPy adds in an order of its own, and so do your sums, whose terms have been sorted.

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
# def read(table):  # (members, terms, samples), or 1 for what all samples share
#     places = [[layout.place[node] for node in row] for row in table]
#     return Z[places] if table[0][0].wide else S[places][..., None]
#
#
# def add_up(part):
#     if part.matrix:
#         return read(part.a)[..., 0] @ read(part.b)[:, 0]
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
# print("the scalar engine's losses, up to rounding:", np.allclose(losses, one_by_one, rtol=1e-13))

# %% [markdown]
# A hundred losses from one walk through the groups. How much less work is that for Python? Count its steps: the scalar
# engine makes a node for each wide step and each sample, and for the others one node each.

# %% tags=["active-ipynb"]
# wide = sum(s.wide for s in recipe.steps)
# scalar_nodes = wide * len(X) + len(recipe.steps) - wide
# print(f"scalar engine: {scalar_nodes:,} nodes")
# print(f"arrays:        {len(groups)} groups, {layout.slots + layout.rows * len(X):,} numbers in two arrays")
# products = [len(p.a) * p.width * len(X) for p in layers]
# print(f"in matrices:   {sum(products):,} multiplications in {len(products)} products")

# %% [markdown]
# And here is what has been found, drawn to scale: three matrices, each times an array with a column for each sample.

# %% mystnb={"image": {"alt": "Three matrix products, drawn to scale, one below the other. On the left the matrices of weights, 16 by 3, 16 by 17 and 1 by 17; on the right the arrays that they are multiplied with, 100 samples wide."}} tags=["active-ipynb", "wide"]
# from matplotlib.patches import Rectangle
#
# figure, axes = plt.subplots(figsize=(6.4, 3.4))
# for k, part in enumerate(layers):
#     top, rows = -22 * k, len(part.a)
#     for x, width, height, color in ((17 - part.width, part.width, rows, FORWARD), (27, len(X), part.width, ACCENT)):
#         axes.add_patch(Rectangle((x, top - height), width, height, color=color, alpha=0.75))
#     axes.text(22, top - max(rows, part.width) / 2, "·", ha="center", va="center", fontsize=14)
#     axes.text(17, top + 0.8, f"{rows} × {part.width}", ha="right", color=FORWARD, fontsize=9)
#     axes.text(127, top + 0.8, f"{part.width} × {len(X)}", ha="right", color=ACCENT, fontsize=9)
# axes.set(xlim=(0, 128), ylim=(-64, 5), aspect="equal")
# axes.axis("off")
# plt.show()

# %% [markdown]
# The samples are the long side. Make it ten times as long, and not one group more is needed: only longer rows. What
# that saves in time, and how the walk above becomes a program that also computes gradients, is the next chapter: [From
# scalars to arrays](vectorize.ipynb).
#
# ## What you can now do
#
# - Record a function, and say what a recording can't know.
# - Say which operations may happen side by side, and why.
# - Find a matrix product in a heap of multiplications.
# - Lay out numbers so that each matrix is one stretch of memory.
#
# ## In PyTorch this is …
#
# … your own work: you say `torch.nn.Linear`, and the matrix is there from the start. What your passes have found is the
# same thing. The first matrix holds the weights of such a layer, with the biases as its last column:

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
#     print("the first layer agrees:", np.allclose(read(hidden.column)[:, 0], theirs.T, rtol=1e-13))

# %% [markdown]
# PyTorch records functions, too, in `torch.compile` {cite:p}`ansel2024`: what it writes down are operations on tensors,
# which somebody has found already.
#
# ## Exercises
#
# Worked and folded, in [Exercises: Finding the arrays](exercises/arrays.ipynb):
#
# 1. Predict what each pass makes of a small function.
# 2. Tell which sums of products are a matrix, and which only look like one.
# 3. Write a pass of your own: find what is computed twice.
#
# ## Check yourself
#
# :::{dropdown} A function has `if x[0] > 0:` in it. Why can't it be recorded?
# The recipe could hold one of the two branches only, and samples that should take the other would be sent the wrong
# way.
# :::
#
# :::{dropdown} Two neurons share their inputs, a third has others. Which of them form a matrix?
# The first two. All members of a matrix product multiply the same column.
# :::
#
# :::{dropdown} Why is the hinge's `1 - t * score` not part of a matrix product?
# `t` and `score` are both different for each sample, so there is no table of weights: it is a product of two rows.
# :::
#
# :::{dropdown} Two nodes have the same depth and do the same. Can one of them depend on the other?
# No. A node is deeper than each of its inputs, so a node that depends on another is deeper than that one.
# :::
#
# ## Sources
#
# Recording a function with stand-ins for its arguments is described in {cite:p}`frostig2018,ansel2024`; arrays, views
# and strides in NumPy in {cite:p}`harris2020`.
