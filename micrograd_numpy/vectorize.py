# %% [markdown]
# # From scalars to arrays
#
# Your engine is right, and it is slow. Frameworks do the same step many times as fast. In this chapter
# you find out where the time goes, and then you write the program that finds the arrays in a scalar graph
# and lets NumPy do the work. At the end your model trains faster than PyTorch does on the same task.
#
# - **You will build** `vectorize`: it records what a function does to one sample, and compiles
#   that into a few lines of NumPy.
# - **You need** [Neurons, layers, MLP](mlp.ipynb) and [Training on moons](moons.ipynb); matrix products.
# - **Time** about 60 minutes.

# %%
"""From scalars to arrays: find the arrays in a scalar graph, and let NumPy replay it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from micrograd_numpy import ops
from micrograd_numpy.compiler.emit import ArrayProgram, FloatProgram, expect_form, same_rule
from micrograd_numpy.compiler.recording import recorded
from micrograd_numpy.compiler.staleness import Structure
from micrograd_numpy.guards.numbers import what_is
from micrograd_numpy.value import Value, as_value


# %% [markdown]
# ## Where does the time go?
#
# Take the training step that you know: a hundred points, a model with two hidden layers of 16 neurons, the hinge
# loss. The classic scalar engine is micrograd {cite:p}`karpathy2020micrograd`. It makes a small Python object for each `+` and
# each `*`, and goes back over them all.
#
# What share of that time goes into arithmetic and bookkeeping, and what share into something else altogether? Say a
# number before you run the cell. The measurements in this chapter come from the project's benchmarks, `make bench`; this is what they found.

# %% tags=["active-ipynb"]
# import json
# from pathlib import Path
#
# measured = json.loads(Path("../benchmarks/results.json").read_text())
# for name, share in measured["collector"].items():
#     print(f"{name:20} {share:4.0%} of a step is the garbage collector's")

# %% [markdown]
# Most of the classic engine's time is spent looking for garbage. In micrograd, every result holds a closure that knows how to go
# back, and the closure holds the result. That is a cycle, and Python's reference counts never free a cycle. So all graphs of
# all steps stay in memory until the collector has searched through them, over and over.
#
# That is why a `Value` of yours holds a tuple of inputs and a tuple of numbers, and no closure. When the root goes, all of its graph goes at once. This
# one decision is most of what you see in the middle row:

# %% tags=["active-ipynb"]
# scalars = measured["scalars"]["peers"]
# for name in ("micrograd", "ours, node by node", "ours"):
#     row = scalars[name]
#     print(f"{name:20} {row['us'] / 1e3:6.0f} ms a step, {1 / row['ratio']:4.1f} times as fast")

# %% [markdown]
# The middle row has micrograd's very graph, node by node. The last one is the engine as you use it: its neurons add up all products
# in one `dot`, so there are fewer nodes. That leads to the next question: what does one node cost?

# %% tags=["active-ipynb"]
# print("length of chain    make   sort   back   free   (ns per node)   bytes per node")
# for length, row in measured["nodes"].items():
#     parts = "".join(f"{row[part]:7.0f}" for part in ("forward", "sort", "backward", "free"))
#     print(f"{int(length):15,} {parts} {row['bytes']:27.0f}")

# %% [markdown]
# Added up, these are a few microseconds for each node, whatever the size of the graph. The multiplication itself takes a processor less than a nanosecond. All the rest is
# Python: make an object, look up a method, count references, append to a list.
#
# You can't make Python's objects a thousand times cheaper. You can only make fewer of them. But the sums have to be done. Or do they have to be done *one by one*?
#
# ## A hundred samples, one recipe
#
# Here is the loss of one sample, written with plain `+` and `*`. (A neuron's own `dot` would hide half of the story.)

# %% tags=["active-ipynb"]
# import numpy as np
#
# from micrograd_numpy import MLP, SGD, topological_sort
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
# The hundred graphs have the same operations in the same order. The code never looks at a number, so their wires are the same, too. They differ in their numbers alone. So build *one* graph, and push a hundred
# samples through it side by side: where the scalar graph has a number, put a row of a hundred. One NumPy call then does the
# work of a hundred nodes.
#
# That is the first half. For the second, look inside one graph. Sixteen neurons do the same thing to the same inputs. Their
# sums could be one array, too, of 16 rows. If you can find them.
#
# You will do it in six passes: **record** the recipe, **fuse** its sums, **group** what is alike, **factor** out the matrices,
# **lay out** the numbers in memory, **emit** the program. No pass knows what a neuron is.
#
# ## Record
#
# The first pass runs the function once, on one sample, and looks on. `recorded()` uses the trick that you know from [Anomalies](anomaly.ipynb): every Value
# passes through one function, `node`, so that is the place to stand. It notes each new Value with its rule.
#
# A recipe has four kinds of nodes. *Arguments* are different for each sample: they are **wide**. *Parameters* are the Values that the function
# found outside, like a model's weights. *Constants* it made itself, like the 1 in `1 - t * score`. Everything else is a step.


# %%
@dataclass(eq=False)
class Node:
    """One operation of a recipe, or one of its leaves.

    `wide`: it has a number for each sample; else it has one for all.
    `active`: a parameter takes part in it, so that it needs a gradient.
    """

    rule: ops.Rule | None = None  # of a leaf: None
    inputs: tuple[Node, ...] = ()
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


Term = tuple[int, Node, "Node | None"]  # (±1, a, b) for ±a·b, (±1, a, None) for ±a
Check = tuple[Node, Callable[[Any], Any], Callable[[float], Exception]]


@dataclass
class Recipe:
    """What a function does to one sample: its leaves, and its operations in order."""

    names: list[str]  # of the arguments
    arguments: list[list[Node]]
    parameters: list[Node] = field(default_factory=list)
    steps: list[Node] = field(default_factory=list)
    results: list[Node] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)  # what losses demand of labels
    single: bool = True  # the function returned a Value, not a list
    recorded: int = 0  # operations that it did, needed or not
    structure: Structure = field(default_factory=lambda: Structure([]))  # of its Modules


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
    recipe = Recipe(list(names), [], single=single, recorded=len(recorder.made))
    recipe.structure = Structure(recorder.reads.values())
    # a leaf that is made inside and kept in a model is a parameter
    constants = set(recorder.constants) - recipe.structure.values
    nodes: dict[Value, Node] = {}
    for row in inputs:
        nodes |= {v: Node(wide=True) for v in as_list(row)}
        recipe.arguments.append([nodes[v] for v in as_list(row)])

    def known(v: Value) -> Node:
        """The node of `v`; for a leaf that comes up for the first time, a new one."""
        if v not in nodes and v._prev:
            raise ValueError(
                f"the function uses {v!r}, which was computed outside of it and would "
                "never change; compute it inside, from its leaves"
            )
        if v not in nodes and v in constants:
            nodes[v] = Node(number=v.data)
        elif v not in nodes:
            nodes[v] = Node(parameter=v, active=True)
            recipe.parameters.append(nodes[v])
        return nodes[v]

    live, needed = set(results), {*results, *(v for v, _, _ in recorder.checks)}
    for v, _ in reversed(recorder.made):
        for group in (live, needed):
            if v in group:
                group.update(v._prev)
    for v, rule in recorder.made:
        if v in needed:
            nodes[v] = step(recipe, v, rule, tuple(map(known, v._prev)), v in live)
    for v in results:
        result = known(v)
        if result.rule is None or result in recipe.results:
            # an input handed back, or one result twice: a step of its own
            result = Node(ops.add, (result,), result.wide, result.active)
            recipe.steps.append(result)
        recipe.results.append(result)
    recipe.checks = [(known(v), holds, why) for v, holds, why in recorder.checks]
    for node in (*recipe.results, *(node for node, _, _ in recipe.checks)):
        node.kept = True
    leaves = [node for row in recipe.arguments for node in row] + recipe.parameters
    for index, node in enumerate(leaves + recipe.steps):
        node.index = index
    return recipe


def step(recipe: Recipe, v: Value, rule: ops.Rule, inputs: tuple[Node, ...], live: bool) -> Node:
    """The next step of a recipe, or a constant if it is made of constants."""
    if all(i.constant for i in inputs):
        return Node(number=v.data)
    wide = any(i.wide for i in inputs)
    # what leads to no result, such as a loss that is only checked, has no gradient
    active = live and any(i.active for i in inputs)
    if rule is ops.mean:  # a sum, and a quotient
        recipe.steps.append(Node(ops.add, inputs, wide, active))
        rule, inputs = ops.div, (recipe.steps[-1], Node(number=float(len(inputs))))
    recipe.steps.append(Node(rule, inputs, wide, active))
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
# The steps that are not wide belong to the penalty, the sum of all $p^2$. It does not look at the sample, so a recipe needs it only once,
# and not a hundred times.
#
# There is a danger in running a function once. What if it *looks* at a number? Predict what should happen here:

# %% tags=["active-ipynb"]
# def leaky(x, t):
#     s = score(x)
#     if s > 0:
#         return s * t
#     return 0.01 * s * t
#
#
# try:
#     record(leaky, [points[0], labels[0]], ["x", "t"])
# except TypeError as error:
#     print(error)

# %% [markdown]
# The recipe would hold the branch that the *first* sample took, and all others would be sent through it. That is the classic bug of everything that
# traces. So while a recipe is recorded, only the engine's own operations may read a number. Whatever else asks for one is refused, with the line
# that asked: `if`, `float`, `print`, `<`, `.data`. An argument and all that is made of it refuse `==` and a look-up in a dict, too, because a plain number would answer them by what it holds.
#
# ## Fuse
#
# More than a thousand steps. Most of them are `+` and `*`, one after the other, in long chains. Written out, what a neuron computes before its `relu` is one formula,
#
# $$w_1 x_1 + w_2 x_2 + \dots + b,$$
#
# a **sum of products**. The second pass collects each such chain in one node: a list of terms $\pm a \cdot b$ or $\pm a$. Differences, negatives and `dot` are sums of
# products, too. A product that somebody else needs stays a node of its own.

# %%
SUMS: dict[ops.Rule, Callable[..., list[Term]]] = {
    ops.add: lambda *a: [(1, x, None) for x in a],
    ops.total: lambda *a: [(1, x, None) for x in a],
    ops.sub: lambda a, b: [(1, a, None), (-1, b, None)],
    ops.neg: lambda a: [(-1, a, None)],
    ops.mul: lambda a, b: [(1, a, b)],
    ops.dot: lambda *ab: [(1, a, b) for a, b in zip(ab[: len(ab) // 2], ab[len(ab) // 2 :])],
}


def fuse(recipe: Recipe) -> list[Node]:
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
                small, large = sorted((node.terms, signed(sign, a.terms)), key=len)
                large += small
                node.terms = large
            elif b is not None and a.wide and not b.wide:
                node.terms.append((sign, b, a))
            else:
                node.terms.append((sign, a, b))
    nodes: list[Node] = []
    for node in recipe.steps:
        if node not in absorbed:
            node.terms = without_zeros(node.terms)
            nodes += [*apart(node), node]
    for node in nodes:
        node.terms.sort(key=lambda t: (kind(t), -t[0], (t[2] or t[1]).index, t[1].index))
        sources = [i for _, *ab in node.terms for i in ab if i is not None] or node.inputs
        node.depth = 1 + max(i.depth for i in sources)
    return nodes


def signed(sign: int, terms: list[Term]) -> list[Term]:
    """The terms as they are, or each with the other sign."""
    return terms if sign > 0 else [(-s, a, b) for s, a, b in terms]


def without_zeros(terms: list[Term]) -> list[Term]:
    """The terms, without the 0 where Python's `sum` begins; beside one term it counts: −0 + 0 is 0."""
    rest = [t for t in terms if t[2] or not t[1].constant or t[1].number != 0.0]
    return rest if len(rest) > 1 else sorted(terms, key=lambda t: t not in rest)[:2]


def kind(term: Term) -> str:
    """What a term is made of: "x" is wide, "w" is not, "wx" is a product of both."""
    _, a, b = term
    return "wx"[a.wide] + ("" if b is None else "wx"[b.wide])


def apart(node: Node) -> list[Node]:
    """Of a wide sum, what is the same for all samples: a sum of its own, if it is long."""
    shared = [term for term in node.terms if kind(term) == "w"]
    if not node.wide or len(shared) < 2:
        return []
    active = node.active and any(a.active for _, a, _ in shared)
    total = Node(ops.add, active=active, terms=shared, index=node.index)
    node.terms = [term for term in node.terms if kind(term) != "w"] + [(1, total, None)]
    return [total]


# %% tags=["active-ipynb"]
# recipe = record(loss, [points[0], labels[0]], ["x", "t"])
# levels_before = {}
# for s in recipe.steps:
#     levels_before[s] = 1 + max(levels_before.get(i, 0) for i in s.inputs)
# nodes = fuse(recipe)
#
# print(f"before: {len(recipe.steps):5,} steps, the longest chain {max(levels_before.values())}")
# print(f"after:  {len(nodes):5,} steps, the longest chain {max(n.depth for n in nodes)}")
# print("the longest sum has", max(len(n.terms) for n in nodes), "terms")

# %% [markdown]
# The longest sum is the penalty, with a term for each parameter. And look at the length of the longest chain: that is how many things must
# happen one *after* the other. The rest can happen side by side.
#
# ## Group
#
# Now to side by side. Give each node its **depth**: one more than the deepest of its inputs. Nodes of one depth never depend on each other. If they also
# do the same thing, they can be one array.

# %% mystnb={"image": {"alt": "The fused steps by depth. Two columns of 16 sums and 16 relus follow each other twice, then single nodes to the right; below a line lie two nodes that are the same for all samples."}} tags=["active-ipynb"]
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
# You can read the network off this picture, and nothing told the program that there is one. Two layers of 16 sums and 16 `relu`, then the output, the hinge, and the
# penalty added at the end. Below the line is the penalty itself.
#
# A group is what stands in one column, on one side of the line, and does the same thing. What its members read is kept in tables: a row for each member, a column for each term.

# %%
Table = list[list[Node]]  # a row for each member of a group, a column for each term


@dataclass(eq=False)
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

    def sort(self, place: dict[Node, int]) -> None:
        """Put the terms of a lone member in the order of their places."""
        if not self.matrix:
            columns = list(zip(*(table[0] for table in self.tables)))
            columns.sort(key=lambda column: [place[node] for node in column])
            tables = [[list(row)] for row in zip(*columns)]
            self.a, self.b = tables[0], tables[1] if self.b else None


@dataclass(eq=False)
class Group:
    """Nodes of one depth that do the same: one array."""

    members: list[Node]
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


Ones = dict[tuple[Node, ...], Node]  # for a column that is multiplied: its row of ones


def group(nodes: Iterable[Node]) -> tuple[list[Group], Ones]:
    """Nodes that can be computed together, in an order in which they can be computed."""
    alike: dict[Any, list[Node]] = defaultdict(list)
    for node in nodes:
        what: Any = [(kind(term), term[0]) for term in node.terms]
        what = tuple(what or [same_rule(node.rule), *(i.wide for i in node.inputs)])
        alike[node.wide, node.active, node.depth, what].append(node)
    groups: list[Group] = []
    ones: Ones = {}
    for members in alike.values():
        if members[0].terms:
            groups += (Group(some, None, merge_bias(factor(some), ones)) for some in together(members))
        else:
            columns = zip(*(node.inputs for node in members))
            parts = [Part(1, [[i] for i in column]) for column in columns]
            groups.append(Group(members, members[0].rule, parts))

    def order(g: Group) -> tuple[bool, int, int]:
        return g.wide, g.members[0].depth, g.members[0].index

    return sorted(groups, key=order), ones


def together(members: list[Node]) -> list[list[Node]]:
    """Sums that multiply the same inputs; or all, if each has inputs of its own."""
    by_inputs: dict[Any, list[Node]] = defaultdict(list)
    for node in members:
        by_inputs[tuple(b for _, _, b in node.terms if b is not None)].append(node)
    return [members] if len(by_inputs) == len(members) else list(by_inputs.values())


# %% [markdown]
# ## Factor
#
# Here is the second layer, four of its sixteen neurons, and of each the first three products. `p` is a parameter, `h` a result of the first layer.
# What do you notice about the columns?

# %% tags=["active-ipynb"]
# second = [n for n in nodes if n.depth == 3 and len(n.terms) > 2]
# inner = {i: k for k, i in enumerate(b for _, _, b in second[0].terms if b)}
# for n in second[:4]:
#     products = [f"p{a.index}·h{inner[b]}" for _, a, b in n.terms if b][:3]
#     print(" + ".join(products), "+ ...")

# %% [markdown]
# The left factors are all different: a table of 16 by 16. The right factors are the same in every row. A table times a column, added up along each row:
# that is the **product of a matrix and a vector**, $W h$. Each entry of $h$ is a row of a hundred samples. Stacked, these rows are a matrix $H$, and the sums are $W H$.
#
# If every sample were a row instead, as in most data sets, the same product would read `X @ W.T`. You have found it, and you never looked for a layer: any sums
# whose members multiply the same inputs will do.
#
# One more step is worth its few lines. A bias is a term without a right factor. Give it one: the number 1. Then the biases are one more column of $W$, the inputs get a row of ones,
# and the sum needs no second statement. Nor does the gradient of the bias.


# %%
def factor(members: list[Node]) -> list[Part]:
    """The parts of some sums; where all multiply with the same inputs, a matrix product."""
    columns = list(zip(*(node.terms for node in members)))
    parts = []
    for what in dict.fromkeys((kind(column[0]), column[0][0]) for column in columns):
        mine = [c for c in columns if (kind(c[0]), c[0][0]) == what]
        rows = list(zip(*mine))
        part = Part(what[1], [[a for _, a, _ in row] for row in rows])
        if len(what[0]) == 2:
            part.b = [[b for _, _, b in row if b is not None] for row in rows]
            scaled = part.width == 1 and all(row[0].constant for row in part.a)
            lone = part.width == len(members) == 1
            several = len(members) > 1 and not members[0].wide
            vector = what[0] == "wx" or (what[0] == "ww" and several)
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
                (matrix.matrix and matrix.b and matrix.b[0][0].wide and matrix.sign > 0)
                and (bias.b is None and bias.width == 1 and bias.sign > 0)
                and all(b.parameter is not None for (b,) in bias.a)
            ):
                column = tuple(b for (b,) in matrix.b)
                matrix.a = [row + b for row, b in zip(matrix.a, bias.a)]
                matrix.b = [*matrix.b, [ones.setdefault(column, Node(wide=True))]]
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
# A matrix product wants its matrix in one piece of memory, row after row. If the numbers lay about anyhow, they would have to be gathered before each
# product. So put them where they will be wanted.
#
# Everything that is the same for all samples goes into one long array `S`. Parameters come first, in the order in which the matrices read them. Everything wide goes into `Z`: a row for each node, a column for each
# sample. The members of a group get rows next to each other, so that a group is a slice. A row of ones lies right below the rows that it is multiplied with.
#
# And a sum that only a `relu` looks at is never needed again: the slope of `relu` follows from its result. So the result may take the sum's place.

# %%
FROM_RESULT = {ops.exp, ops.relu, ops.tanh, ops.sigmoid}  # their slopes need no input


class Layout:
    """A place for every number: a slot of S if it is one for all samples, else a row of Z."""

    def __init__(self, recipe: Recipe, groups: list[Group], ones: Ones) -> None:
        self.place: dict[Node, int] = {}
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

    def put(self, block: Iterable[Node]) -> None:
        """Give each node of a block the next row of Z."""
        for node in block:
            self.place[node] = self.rows
            self.rows += 1


def overwritten(groups: list[Group], used: Counter[Node]) -> dict[tuple[Node, ...], list[Node]]:
    """Sums that only one operation reads, and only to get its result: it takes their place."""
    sums = {tuple(g.members): g for g in groups if g.wide and g.rule is None}
    over = {}
    for g in groups:
        source = sums.get(tuple(row[0] for row in g.parts[0].a))
        if source is None or g.rule not in FROM_RESULT:
            continue
        if all(used[node] == 1 and not node.kept for node in source.members):
            g.in_place = True
            over[tuple(source.members)] = g.members
    return over


# %% tags=["active-ipynb"]
# layout = Layout(recipe, groups, ones)
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
# Each matrix is a stretch of `S`, and each input a stretch of `Z`, the row of ones included. In NumPy, a stretch is a *view*: it costs nothing.
#
# ## Emit
#
# What is left is to write it down. That takes patience rather than ideas, so it lives in a module of its own, `emit.py`. For each group there are one or two
# statements, and going back there are the same in reverse, with the local derivatives that you know. The first gradient that reaches a place is stored, the next ones are added.
#
# Here is the forward half. Before you scroll: how many lines will be left of more than a thousand operations?

# %% tags=["active-ipynb"]
# program = ArrayProgram(recipe, nodes, groups, layout)
# for line in program.forward:
#     print(line)

# %% [markdown]
# Read it aloud. Multiply the inputs by a matrix, cut off below zero, again, and once more to get the score `h3`; multiply by the label, subtract from 1, cut off, and add the penalty. It is what you would have
# written by hand. `x_1` is `x` with its row of ones. The names stand for these views:

# %% tags=["active-ipynb"]
# for name in ("w1", "x_1", "h1", "w2", "h1_1", "h2"):
#     print(f"{name:5} = {program.prelude[name]}")

# %% [markdown]
# And the way back:

# %% tags=["active-ipynb"]
# for line in program.backward:
#     print(line)

# %% [markdown]
# Look for the heart of it. The gradient of a weight matrix is `np.dot(dh2, h1_1.T, out=dw2)`: what came back, times what went in. Nobody derived that with matrices. Each of its
# entries is a sum over the hundred samples, term by term the rule of `mul`, found and put together again.
#
# Two lines say `dot` without `np.`. There `dh3` has one row, and for a single sample it is a single number. `np.dot` would then scale the other
# array, and leave 0 where $0 \cdot$ nan should be nan. So `dot` is `np.matmul` for one sample, and `np.dot` for more.
#
# ## All of it
#
# Put the passes in a row. There are two programs at the end; the second one comes in a minute.


# %%
class Programs:
    """All passes over a recipe: two programs that do the same, each written when it is asked for."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.nodes = recipe, fuse(recipe)
        for rule in {node.rule for node in self.nodes if node.rule and not node.terms}:
            expect_form(rule)  # also if it will run on floats: the size of a batch decides that
        # what is the same for all samples is computed once; a sum counts with all its terms
        self.work = {
            wide: sum(len(node.terms) or 1 for node in self.nodes if node.wide is wide) for wide in (True, False)
        }
        self.levels = max(node.depth for node in self.nodes)

    @cached_property
    def arrays(self) -> ArrayProgram:
        """In NumPy, for all samples at once."""
        groups, ones = group(self.nodes)
        layout = Layout(self.recipe, groups, ones)
        return ArrayProgram(self.recipe, self.nodes, groups, layout)

    @cached_property
    def floats(self) -> FloatProgram:
        """In plain Python, for one sample after the other."""
        return FloatProgram(self.recipe, self.nodes)

    def share(self, n: int, statements: int) -> float:
        """How many numbers each of so many statements computes for n samples, on average."""
        return (self.work[False] + n * self.work[True]) / statements


# %% [markdown]
# `vectorize` wraps a function so that the compiling happens at the first call, and the replaying at every other. What it needs for that (copy the samples into `Z` and the parameters into `S`, run, hand the gradients out
# to the Values) is in `replay.py`.


# %%
def vectorize(fn: Callable[..., Any] | None = None, *, reduction: str = "mean") -> Any:
    """Turn a function of one sample into a function of a batch, at the speed of NumPy.

    `fn` runs once, on symbols. What it did is compiled to a short NumPy program, and each call
    replays it for a whole batch. The numbers are those of the scalar engine, but for the order of sums.

    Parameters
    ----------
    fn : callable
        Takes a Value for each argument of shape (samples,), and a list of k Values for each of
        shape (samples, k). Returns a Value, or a list of them. It may use any Values that are
        leaves; these are its parameters.
    reduction : {"mean", "sum", "none"}
        What a call returns: the mean or the sum of the results of all samples, or each.

    Returns
    -------
    Vectorized
        To be called with arrays, samples first. The result is a Value, whose `backward()` adds to the
        `grad` of the parameters; it can be used in a formula, as in `batch + 0.01 * penalty`. With the
        reduction "none", its `data` is an array, and `backward` takes a gradient for each result.
        `forward(...)` is for prediction: the results of all samples, as an array. `source` is the program, and
        `explain()` tells how it came about. Without `fn`, a decorator.

    Raises
    ------
    TypeError
        If `fn` asks a Value for its number, as in `if v > 0`: the answer for one sample would be
        frozen for all. If it uses a rule of your own without a NumPy form; see `numpy_rule`.
    ValueError
        If the arrays do not fit together, or `fn` uses a Value that was computed outside of it.

    Notes
    -----
    Batches of any size share one program. The numbers of parameters are read at every call. What
    `fn` asks of a Module, and the Module's parts and parameters, are compared at every call.
    Whatever else `fn` sees, a global or a closure, is frozen: `fn` is recorded again at calls 2, 4,
    8, 16, …, and if it does something else, it is compiled anew, with a RuntimeWarning that says
    what has changed. `forget()` makes it so at the next call. Plain Python effects happen only
    when `fn` is recorded. A method may be decorated, too.

    Examples
    --------
    >>> w, b = Value(2.0), Value(1.0)
    >>> @vectorize
    ... def loss(x, t):
    ...     return (w * x + b - t) ** 2
    >>> batch = loss([0.0, 1.0], [2.0, 2.0])
    >>> batch.backward()
    >>> batch.data, w.grad, b.grad
    (1.0, 1.0, 0.0)
    """
    from micrograd_numpy.compiler.replay import Vectorized

    if fn is None:
        return partial(vectorize, reduction=reduction)
    return Vectorized(fn, reduction, record, Programs)


# %% [markdown]
# Now train. The loop is the one that you know; only the loss takes all points at once. The optimizer still moves the very Values of the model.

# %% tags=["active-ipynb"]
# @vectorize
# def objective(x, t):
#     return (1 - t * model(x)).relu() + 1e-4 * sum(p * p for p in model.parameters())
#
#
# model = MLP(2, [16, 16, 1], rng=0)
# optimizer = SGD(model.parameters(), lr=0.1)
# for epoch in range(301):
#     batch_loss = objective(X, y)
#     optimizer.zero_grad()
#     batch_loss.backward()
#     optimizer.step()
#     if epoch % 100 == 0:
#         print(f"epoch {epoch:3}: loss {batch_loss.data:.4f}")
# print()
# print(objective.explain())

# %% [markdown]
# This time the function calls the model itself, with its `dot`s. The recipe is shorter, and the program is the same.
#
# Is a layer really `X @ W.T` with a bias? Vectorize one alone, and write the other by hand:

# %% tags=["active-ipynb"]
# layer = model.layers[0]
# W = np.array([[w.data for w in neuron.weights] for neuron in layer.neurons])
# b = np.array([neuron.bias.data for neuron in layer.neurons])
# by_hand = np.maximum(X @ W.T + b, 0.0)
# print("the same:", np.allclose(vectorize(layer).forward(X), by_hand, rtol=1e-13))

# %% [markdown]
# And the gradients? The scalar engine is the judge. Same loss, all samples one by one, and all gradients:

# %% tags=["active-ipynb"]
# from micrograd_numpy.value import mean
#
# model.zero_grad()
# objective(X, y).backward()
# fast = [p.grad for p in model.parameters()]
#
# model.zero_grad()
# mean(loss([Value(v) for v in x], Value(t)) for x, t in zip(points, labels)).backward()
# slow = [p.grad for p in model.parameters()]
#
# worst = max(abs(a - b) for a, b in zip(fast, slow))
# print(f"{len(fast)} gradients, largest difference below 1e-12: {worst < 1e-12}")

# %% [markdown]
# With a mean or a sum, a call returns a Value. Its inputs are the parameters. The program computes its local derivatives when `backward` asks for
# them, with the numbers that the parameters had at the call. So it can stand in a formula, beside other Values. How many inputs will this one have?

# %% tags=["active-ipynb"]
# batch = objective(X, y)
# print(isinstance(batch, Value), len(batch._prev), "inputs")
#
# model.zero_grad()
# weights = [w for name, w in model.named_parameters() if "weights" in name]
# (batch + 0.01 * sum(w * w for w in weights)).backward()
# both = [p.grad for p in weights]
#
# model.zero_grad()
# batch.backward()
# by_hand = [w.grad + 0.01 * 2 * w.data for w in weights]
# print("the gradients of both terms:", np.allclose(both, by_hand, rtol=1e-12))

# %% [markdown]
# ## When the function changes
#
# A recipe is a photograph of a function. When the function would do something else, the photograph is wrong. The function
# below uses a model and a plain number. Each gets changed after some calls. Which of the two changes do you expect to see in the next call?

# %% tags=["active-ipynb"]
# import warnings
#
# scale, told = 1.0, []
#
#
# @vectorize
# def scaled(x):
#     return scale * model(x)
#
#
# def call(when):
#     with warnings.catch_warnings(record=True) as caught:
#         warnings.simplefilter("always")
#         result = scaled.forward(X[:1])[0]
#     told.extend(caught)
#     print(f"{when:24} {result:8.4f}", "and a warning" if caught else "")
#     return result
#
#
# call("at first")
# for neuron in model.layers[0].neurons:
#     neuron.activation = "tanh"
# with_tanh = call("the model has changed")
# scale = 10.0
# frozen = call("the number has changed")
# noticed = call("one call later")
#
# for neuron in model.layers[0].neurons:
#     neuron.activation = "relu"
# print("the number was frozen for a call:", frozen == with_tanh)

# %% tags=["active-ipynb", "hide-cell"]
# print(told[0].message)

# %% [markdown]
# The model's change was seen at once. While a function is recorded, `vectorize` notes which models it looks into and what it asks them for.
# At every call it compares that, and the model's layers and parameters, with what it found then: one comparison of lists.
#
# The number is **frozen**, as in JAX: whatever a function sees besides its arguments, its parameters and what it asks of its models is
# part of the photograph. A second photograph shows whether it still is right. So `vectorize` records the function again at
# calls 2, 4, 8, 16 and so on, and compares the two recipes. If they differ, it compiles anew and says what is different, as in
# the folded cell. `scaled.forget()` makes it look at the next call. But what changes from call to call is better passed as an argument.
#
# The `data` of a parameter is no part of all this: it is read at every call.
#
# For prediction you need no way back, and one number for each point. `forward` gives you that, here for 2,500 points:

# %% mystnb={"image": {"alt": "The moons and the boundary of the trained model: a curve that winds between the two half circles."}} tags=["active-ipynb"]
# predict = vectorize(model)
# x1, x2 = np.meshgrid(np.linspace(-1.6, 2.6, 50), np.linspace(-1.1, 1.6, 50))
# grid = np.column_stack([x1.ravel(), x2.ravel()])
# scores = predict.forward(grid).reshape(x1.shape)
#
# plt.contourf(x1, x2, scores, levels=[-99, 0, 99], colors=["#a16207", FORWARD], alpha=0.14)
# plt.contour(x1, x2, scores, levels=[0], colors=["#1f2937"], linewidths=1.6)
# plt.scatter(*X[y > 0].T, s=26, color=FORWARD, label="+1")
# plt.scatter(*X[y < 0].T, s=26, color="#a16207", marker="^", label="−1")
# plt.gca().set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
# plt.grid(visible=False)
# plt.legend()
# plt.show()

# %% [markdown]
# ## When arrays do not pay
#
# A NumPy call has its price before it has computed anything: it looks at types and shapes, and picks a loop. Sixteen hundred numbers share that price. For an array of
# one number it is far more than Python itself would need. Here is a function with nothing to group: each step needs the one before.

# %% tags=["active-ipynb"]
# decay, drive = Value(0.9), Value(0.1)
#
#
# @vectorize
# def narrow(x):
#     for _ in range(50):
#         x = (decay * x + drive).tanh()
#     return x
#
#
# result = narrow([0.5])
# print(f"{result.data:.6f}")
# print(narrow.explain())

# %% [markdown]
# There are hundreds of statements, each for one number. So there is a second program, made of plain Python floats: no graph, no objects, only the arithmetic, one line after the other.

# %% tags=["active-ipynb"]
# small = record(lambda x: (decay * x + drive).tanh() ** 2, [0.5], ["x"])
# print(Programs(small).floats.source)

# %% tags=["active-ipynb"]
# from micrograd_numpy.compiler.replay import FEW
#
# programs = Programs(record(narrow.fn, [0.5], ["x"]))
# print(f"the rule: arrays for {FEW} numbers a statement, or more")
# for n in [1, 10, 100]:
#     share = programs.share(n, programs.arrays.statements)
#     print(f"batch {n:3}: {share:4.1f} numbers a statement")

# %% [markdown]
# Which of the two runs is decided by a rule. Count the numbers that the statements compute, on average. If that is fewer than `FEW`, floats are faster. Ask for a larger batch, and the arrays
# take over.
#
# ## How fast is it?
#
# All engines do the same step: same model, same data, same gradients, doubles, on one thread of one processor. PyTorch is written as its users write it; the "lean" rows keep all parameters in one array and do without an optimizer. C is
# a loop that a compiler has optimized. How far from the top do you expect yours?

# %% tags=["active-ipynb"]
# machine = measured["machine"]
# print(f"{machine['processor']}, Python {machine['python']}, NumPy {machine['numpy']}")
# peers = measured["arrays"]["peers"]
# torch_time = peers["PyTorch"]["ratio"]
# for name, row in sorted(peers.items(), key=lambda item: -item[1]["ratio"]):
#     print(f"{name:20} {row['us']:6.0f} µs a step, {torch_time / row['ratio']:5.1f} × PyTorch")

# %% mystnb={"image": {"alt": "Bars of the speed of each engine on one training step, PyTorch as 1. The vectorized engine is several times as fast as PyTorch, near NumPy by hand; the C loop is far ahead of all."}} tags=["active-ipynb"]
# order = sorted(peers, key=lambda name: -peers[name]["ratio"])
# speeds = [torch_time / peers[name]["ratio"] for name in order]
# figure, axes = plt.subplots(figsize=(6.4, 3.2))
# bars = axes.barh(order, speeds, color=[BACKWARD if "ours" in name else FORWARD for name in order])
# axes.bar_label(bars, fmt=" %.1f×", fontsize=9)
# axes.set(xlabel="speed, PyTorch = 1", xscale="log", xlim=(0.5, 60))
# axes.grid(axis="y", visible=False)
# plt.show()

# %% [markdown]
# Faster than PyTorch, and near what you would write in NumPy by hand. How can that be, for a toy? Not because the arithmetic is better. A step of this size is *all overhead*: PyTorch spends its time on finding out
# what to do, for each of some dozen operations, at every step. Your program found out once.
#
# What is left to the hand-written NumPy is the price of a convenience: your parameters are still Values. At every step, 337 numbers are read from Python objects, and 337 gradients and new numbers are written back. What is left to C is
# NumPy's own overhead, thirty calls at each step.
#
# So the advantage should melt when the arrays grow. Watch it:

# %% mystnb={"image": {"alt": "Three panels for hidden widths of 16, 32 and 64: speed relative to PyTorch against the batch size from 100 to 10,000. All curves fall towards 1 as the batch or the width grows; the C loop starts far above the others and meets them at the right."}} tags=["active-ipynb"]
# table = [measured["arrays"], *measured["scaling"]]
# figure, panels = plt.subplots(1, 3, figsize=(7.4, 3.2), sharey=True)
# styles = {
#     "ours, vectorized": (BACKWARD, "o-"),
#     "NumPy by hand, lean": (ACCENT, "s--"),
#     "JAX, compiled": (MUTED, "v:"),
#     "C": (FORWARD, "^-"),
# }
# for panel, width in zip(panels, (16, 32, 64)):
#     rows = [row for row in table if row["width"] == width]
#     for name, (color, style) in styles.items():
#         known = [row for row in rows if name in row["peers"]]
#         speed = [row["peers"]["PyTorch"]["ratio"] / row["peers"][name]["ratio"] for row in known]
#         panel.loglog([row["batch"] for row in known], speed, style, color=color, label=name)
#     panel.axhline(1, color=MUTED, linewidth=1)
#     panel.set(title=f"width {width}", xlabel="batch", yticks=[1, 2, 5, 10, 20])
#     panel.yaxis.set_major_formatter(lambda v, _: f"{v:g}×")
#     panel.minorticks_off()
# panels[0].set_ylabel("speed, PyTorch = 1")
# figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8)
# plt.show()

# %% [markdown]
# At the left, what surrounds the arithmetic counts: NumPy's calls, the reading of Values, the way into and out of a library. The C loop has almost none of it. At the right, a call lasts so long that its price is gone, and everybody waits for the same two things: the matrix product, which all of them
# leave to a library like BLAS {cite:p}`dongarra1990`, and memory. A `relu` on a large array reads and writes every number once, and computes almost nothing.
#
# And the red curve? It starts low where the model is wide. There, thousands of parameters are read from Values and written back for a step of a hundred samples. Only when
# the arithmetic outgrows them is the price forgotten. An engine whose parameters *are* arrays does not pay it at all. That is the deepest difference between this engine and a framework: there, the array is the
# thing that remembers.
#
# At the right, memory is the limit, and that is where the next idea starts.
#
# ## What compilers do beyond this
#
# Your passes are the first ones of every real compiler for tensors. What do the others add?
#
# - **They fuse loops, not only sums.** `np.maximum` after `np.dot` walks over the array a second time. XLA and
#   TorchInductor write one loop for a whole chain of elementwise operations, so a number is read once.
# - **They generate machine code,** so there is no Python between the operations, and no call of NumPy to pay for.
# - **They choose tiles,** pieces of a matrix that fit in the cache, and the order of the loops {cite:p}`ragankelley2013`.
# - **They guard.** `torch.compile` records a function, too, and keeps a list of what it may not assume to be the same next time {cite:p}`ansel2024`. JAX
#   records with symbols that have a shape and no number, and refuses an `if` just as you do {cite:p}`frostig2018`.
#
# The idea is the same everywhere: run it once, write down what happened, and do that again, faster.
#
# ## What you can now do
#
# - Say where the time of a scalar engine goes, and what to leave out so that memory frees itself.
# - Record a function, and say what a recording can't know.
# - Find a matrix product in a heap of multiplications.
# - Say when arrays pay, when they don't, and what limits each.
#
# ## In PyTorch this is …
#
# … two things. Without `vectorize`, you write the arrays yourself: `torch.nn.Linear` is `X @ W.T + b`. With it, `torch.func.vmap` takes a function of one sample to a function of a batch. The gradients agree:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     layers = [np.array([[*(w.data for w in n.weights), n.bias.data] for n in layer.neurons]) for layer in model.layers]
#     weights = [torch.tensor(layer, requires_grad=True) for layer in layers]
#
#     def one(x, t):
#         for i, w in enumerate(weights):
#             x = w[:, :-1] @ x + w[:, -1]
#             x = x.relu() if i < 2 else x
#         return (1 - t * x[0]).relu()
#
#     per_sample = torch.func.vmap(one)(torch.tensor(X), torch.tensor(y))
#     total = per_sample.mean() + 1e-4 * sum((w * w).sum() for w in weights)
#     total.backward()
#     theirs = np.concatenate([w.grad.ravel().numpy() for w in weights])
#     print("all gradients agree:", np.allclose(fast, theirs, rtol=1e-10, atol=1e-13))

# %% [markdown]
# ## Exercises
#
# Worked and folded, in [Exercises: From scalars to arrays](exercises/vectorize.ipynb):
#
# 1. Predict the groups of a small function, and find them in its program.
# 2. Give an operation of your own its NumPy form.
# 3. Say what is frozen in a recording, and what is not.
# 4. Write a pass of your own: find what is computed twice.
# 5. Three classes at once: softmax regression, vectorized.
#
# ## Check yourself
#
# :::{dropdown} Why does micrograd leave its graphs to the garbage collector, and this engine not?
# There, a result holds a closure, and the closure holds the result: a cycle. Here a node holds its inputs and numbers, and nothing points back.
# :::
#
# :::{dropdown} A function has `if x[0] > 0:` in it. Why can't it be recorded?
# The recipe could hold one of the two branches only, and samples that should take the other would be sent the wrong way.
# :::
#
# :::{dropdown} Two neurons share their inputs, a third has others. Which of them form a matrix?
# The first two. All members of a matrix product multiply the same column.
# :::
#
# :::{dropdown} You double the batch from 100 to 200. Does the step take twice as long?
# No: most of it is the price of some thirty calls, and of the parameters that are Values. For large batches the arithmetic decides, and the time grows with the batch.
# :::
#
# :::{dropdown} Why is the hinge's `1 - t * score` not part of a matrix product?
# `t` and `score` are both different for each sample, so there is no table of weights: it is a product of two rows.
# :::
#
# ## Sources
#
# Recording a function and compiling it is described in {cite:p}`frostig2018,ansel2024`; arrays in NumPy in {cite:p}`harris2020`; why matrix products are left to libraries in {cite:p}`dongarra1990`. The classic
# engine is micrograd {cite:p}`karpathy2020micrograd`. That a program of NumPy calls can be differentiated by looking on was shown in {cite:t}`maclaurin2016`.
