# %% [markdown]
# # Backpropagation: every node in its turn
#
# Every node can pass its gradient on to its inputs. The hard part is the order. In this chapter you meet seven faults
# that make backpropagation wrong, slow or fragile, and see what each one breaks. At the end you have two short
# functions that, together with `_backward`, avoid all seven, and the whole engine on one screen.
#
# - **You will build** `topological_sort` and `backward`.
# - **You need** [Value](value.ipynb). [Operations](ops.ipynb) helps, but you can read it later.
# - **Time** about 35 minutes.

# %% mystnb={"code_prompt_show": "Imports, 3 lines"} tags=["hide-input"]
"""Backpropagation: order the graph, then apply the chain rule once at each node."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar


# %% [markdown]
# ## By hand, once
#
# Here is a small formula in which one input is used twice: $L = (ab + 10)\,a$. Before you read on, take a pencil and
# find $\partial L/\partial a$ and $\partial L/\partial b$ at $a = 2$, $b = -3$.

# %% mystnb={"image": {"alt": "The graph of L = (a*b + 10)*a with local derivatives on the arrows: a reaches L directly, with factor 4, and through p and s, with factors \u22123, 1 and 2."}} tags=["active-ipynb"]
# from micrograd_numpy import Value, draw_graph
#
#
# def formula():
#     a, b = Value(2.0, label="a"), Value(-3.0, label="b")
#     p = a * b
#     p.label = "p"
#     s = p + 10
#     s.label = "s"
#     L = s * a
#     L.label = "L"
#     return a, b, p, s, L
#
#
# a, b, p, s, L = formula()
# draw_graph(L, local_derivatives=True)

# %% [markdown]
# The arrows carry the local derivatives. Start at the root, where $\partial L/\partial L = 1$, and let each node pass
# on its gradient times the number on the arrow. We say that the node *fires*. `_backward()` does this for one node:

# %% tags=["active-ipynb"]
# a, b, p, s, L = formula()
# L.grad = 1.0
# for node in [L, s, p]:
#     node._backward()
#     grads = "  ".join(f"{v.label}.grad = {v.grad:4}" for v in (s, p, a, b))
#     print(f"{node.label} has fired:  {grads}")

# %% [markdown]
# Follow `a.grad`. When $L$ fires, `a` gets 4 along the direct path. The rest, $-6$, arrives only when $p$ fires, and
# the sum is $-2$. The 4 was not wrong, but it was unfinished.
#
# So the answer is $\partial L/\partial a = -2$ and $\partial L/\partial b = 4$, and it shows what the order must be:
# **a node may fire only when its own gradient is finished**, that is, after every node that uses it has fired. You can
# order three nodes by eye. The rest of the chapter orders any number of them.
#
# ## Four first attempts
#
# These versions are easy to write by mistake. Run them, so that you recognize them.
#
# **Fault 1: `=` instead of `+=`.** Let each node *set* the gradients of its inputs.

# %% tags=["active-ipynb"]
# def hand_back_by_setting(node):
#     for i, local in zip(node._prev, node._local):
#         i.grad = local * node.grad
#
#
# a, b, p, s, L = formula()
# L.grad = 1.0
# for node in [L, s, p]:
#     hand_back_by_setting(node)
# print(f"a.grad = {a.grad}, but it should be -2")

# %% [markdown]
# The last path to arrive overwrites the others. If every node in your tests is used once, you will not notice.
#
# **Fault 2: recursion that fires as it goes.** Fire this node, then do the same for each of its inputs. What gradient
# should `a` get below, and what will it get?

# %% tags=["active-ipynb"]
# def fire_and_recur(node):
#     node._backward()
#     for i in node._prev:
#         fire_and_recur(i)
#
#
# a = Value(1.0)
# b = a + a
# c = b + b
# c.grad = 1.0
# fire_and_recur(c)
# print(f"c = 4a, so a.grad should be 4, but it is {a.grad}")

# %% [markdown]
# `c` has two arrows from `b`, so `b` fires twice, and the second time it passes on everything *again*. So each node
# must fire only once.
#
# **Fault 3: recursion along every path.** Now let each call carry only the product along its own path. We try it on a
# ladder: each rung adds the rung before to itself, so its result doubles.

# %% mystnb={"image": {"alt": "A ladder of three additions: two arrows lead from each node to the next, so 8 paths lead from the first to the last."}} tags=["active-ipynb"]
# visits = 0
#
#
# def follow_every_path(node, product):
#     global visits
#     visits += 1
#     node.grad += product
#     for i, local in zip(node._prev, node._local):
#         follow_every_path(i, product * local)
#
#
# def doubled(times):
#     leaf = Value(1.0)
#     root = leaf
#     for _ in range(times):
#         root = root + root
#     return leaf, root
#
#
# draw_graph(doubled(3)[1])

# %% tags=["active-ipynb"]
# for times in [2, 4, 8, 16]:
#     visits = 0
#     leaf, root = doubled(times)
#     follow_every_path(root, 1.0)
#     print(f"{times:2} doublings: gradient {leaf.grad:7.0f}, {visits:6} visits to {times + 1} nodes")

# %% [markdown]
# Every gradient is right. But each rung doubles the number of paths, and with it the visits. 60 rungs take $2^{61} - 1$
# visits. At ten million visits a second, that is seven thousand years. In the networks of this book, every neuron of a
# layer uses every output of the layer before, so there the paths multiply, too.
#
# **Fault 4: one visit each, nearest first.** Go through the graph by distance from the root, and fire every node once.

# %% mystnb={"image": {"alt": "The graph of L = h + k after nearest-first: the gradient of h is 4, but that of x, which h feeds with factor 2, is only 2."}} tags=["active-ipynb"]
# def nearest_first(root):
#     queue, seen = [root], {root}
#     for node in queue:  # grows while we walk
#         node._backward()
#         for i in node._prev:
#             if i not in seen:
#                 seen.add(i)
#                 queue.append(i)
#
#
# x = Value(1.0)
# h = x * 2
# k = h * 3 + 5
# L = h + k
# x.label, h.label, k.label, L.label = "x", "h", "k", "L"
# L.grad = 1.0
# nearest_first(L)
# print(f"L = 8x + 5, so x.grad should be 8, but it is {x.grad}")
# draw_graph(L, local_derivatives=True)

# %% [markdown]
# `h` is one step away from the root, so it fires early, when its gradient is 1. But there is also a path of three steps
# to `h`, through `k`. What arrives along it raises the gradient of `h` to 4, but too late for `x`. So firing once is
# not enough, and the shortest distance is the wrong thing to sort by. What counts is which node uses which.
#
# ## Topological order
#
# List all nodes so that **every node comes after its inputs**. This is a *topological order*. Read the list backward,
# and every node comes after all nodes that use it: its gradient is finished when its turn comes.
#
# This one walk gives the sum over all paths. For the root, the sum is 1. Every path from another node to the root
# starts with an arrow to a *user*, a node that has it as an input. So the node's sum is, added over these arrows, the
# *local derivative times the user's sum*. That is what the users send when they fire, and they fire before the node.
#
# Every graph of Values has a topological order. A node is made from nodes that exist already, so no node can depend on
# itself, and the order in which the nodes were made is a topological order. You could number the nodes as you make
# them, but you would still need a walk to find those on which the root depends, and that walk can put them in order,
# too.
#
# A depth-first walk does this. Visit the inputs of a node first, and add the node to the list on the way *out*, when
# its inputs are done. By then all of them are in the list, so the node comes after them. (Could an input have been
# visited but not be in the list yet? Then its own visit would still be going on, so it would depend on this node, and
# this node on it. That is impossible.)

# %% tags=["active-ipynb"]
# def sort_by_recursion(node, order, seen):
#     if node not in seen:
#         seen.add(node)
#         for i in node._prev:
#             sort_by_recursion(i, order, seen)
#         order.append(node)
#     return order
#
#
# a, b, p, s, L = formula()
# order = sort_by_recursion(L, [], set())
# print("   ".join(node.label or str(node.data) for node in order))

# %% [markdown]
# Each name stands to the right of its inputs. (The 10 is there too. A number that you write into a formula becomes a
# leaf.) In a picture, every arrow points to the right:

# %% mystnb={"code_prompt_show": "The code of the picture", "image": {"alt": "The six nodes a, b, p, 10, s and L in a row. Arcs lead from inputs to results, and all of them lead to the right."}} tags=["active-ipynb", "hide-input"]
# import matplotlib.pyplot as plt
#
# from micrograd_numpy.drawing.style import BACKWARD, FORWARD, book_style
#
# book_style()
# place = {node: x for x, node in enumerate(order)}
# arrows = [(place[i], place[node]) for node in order for i in node._prev]
# fig, axes = plt.subplots(figsize=(6.4, 2.2))
# for start, end in arrows:
#     arc = {"arrowstyle": "-|>", "color": FORWARD, "shrinkA": 14, "shrinkB": 14, "connectionstyle": "arc3,rad=-0.5"}
#     axes.annotate("", (end, 0), (start, 0), arrowprops=arc)
# for node, x in place.items():
#     box = {"boxstyle": "circle", "facecolor": "white", "edgecolor": FORWARD}
#     axes.text(x, 0, node.label or f"{node.data:g}", ha="center", va="center", bbox=box)
# axes.set(xlim=(-0.5, 5.5), ylim=(-0.4, 1.6))
# axes.axis("off")
# plt.show()

# %% [markdown]
# This version is right, and it visits each node once. But it has a fault, too.
#
# **Fault 5: the same walk, on a deep graph.** Add up two thousand numbers, one after the other.

# %% tags=["active-ipynb"]
# long_sum = Value(0.0)
# for _ in range(2000):
#     long_sum = long_sum + 1
#
# try:
#     sort_by_recursion(long_sum, [], set())
# except RecursionError:
#     print("RecursionError: too many calls inside one another")

# %% [markdown]
# By default, Python stops at a depth of a thousand calls, and a sum of two thousand numbers with `+` makes a graph two
# thousand nodes deep. You could raise [the limit](https://docs.python.org/3/library/sys.html#sys.setrecursionlimit),
# but Python may crash if it is too high. So we use a stack of our own: a list.
#
# A list of nodes to visit is not enough: we must also know when all inputs of a node are done, because only then may
# the node be listed. So we push the node back, with a bookmark, `None`, on top of it, and its inputs above the
# bookmark. When the bookmark comes to the top, everything that was above it is done. So this walk does what the
# recursion did.
#
# ## The real code
#
# Backpropagation needs three things of a node: a gradient, its inputs, and `_backward`. The folded cell tells the type
# checker so.


# %% mystnb={"code_prompt_show": "What a node must have, as types, 6 lines"} tags=["hide-input"]
class Node(Protocol):
    """What backpropagation needs to know of a value, and no more."""

    grad: float

    _prev: tuple[Any, ...]

    def _backward(self) -> None: ...


N = TypeVar("N", bound=Node)


# %%
def topological_sort(root: N) -> list[N]:
    """Return every node that `root` depends on, inputs before outputs, `root` last.

    The walk is depth-first, with a stack of our own instead of Python's, so no graph
    is too deep. Each node is listed once, after all of its inputs; the order depends on
    the graph alone. Time and memory are linear in nodes plus arrows.

    Parameters
    ----------
    root : Value
        The node to start from.

    Returns
    -------
    list of Value

    Raises
    ------
    TypeError
        If `root` is not a Value.
    """
    if not hasattr(root, "_prev"):
        raise TypeError(
            f"a graph starts from one Value, but got {type(root).__name__}; pass the Value to differentiate"
        )
    order: list[N] = []
    seen: set[N] = set()
    stack: list[N | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:  # a bookmark: all inputs of the node below it are listed
            order.append(stack.pop())  # type: ignore[arg-type]  # never None
        elif node not in seen:
            seen.add(node)
            stack += (node, None)
            stack += node._prev[::-1]
    return order


# %% [markdown]
# The order depends on the graph alone: `_prev` is a tuple, and the code only asks whether a node is in `seen`, never in
# which order. So two runs add up the same numbers in the same order, and their results are equal.
#
# Watch it at work. The top of the stack is on the right, and `|` is the bookmark.

# %% mystnb={"code_prompt_show": "watch: topological_sort again, with a line printed at each step"} tags=["active-ipynb", "hide-input"]
# def names(nodes):
#     return " ".join("|" if node is None else node.label or f"{node.data:g}" for node in nodes)
#
#
# def watch(root):
#     order, seen, stack = [], set(), [root]
#     while stack:
#         before, node = names(stack), stack.pop()
#         if node is None:
#             order.append(stack.pop())
#             did = f"add {names(order[-1:])} to the list"
#         elif node in seen:
#             did = f"{names([node])} was here before: drop it"
#         else:
#             seen.add(node)
#             stack += (node, None)
#             stack += node._prev[::-1]
#             did = f"visit {names([node])}"
#         print(f"{before:22} {did:27} {names(order)}".rstrip())
#
#
# print(f"{'stack':22} {'what happens':27} list")
# watch(L)

# %% [markdown]
# `a` comes up a second time as the other factor of `L`. It is in `seen`, so it is dropped.
#
# To test the code, we build a thousand tangled graphs at random, and check that the root is listed last, and each node
# once, after all of its inputs.

# %% mystnb={"code_prompt_show": "tangle(seed): a random graph, 11 lines"} tags=["active-ipynb", "hide-input"]
# import random
#
#
# def tangle(seed, number=Value):
#     rng = random.Random(seed)
#     nodes = [number(rng.uniform(-1, 1)) for _ in range(4)]
#     for _ in range(rng.randrange(1, 30)):
#         a, b = rng.choices(nodes[-8:], k=2)
#         nodes.append(rng.choice([a + b, a * b, a.tanh()]))
#     return nodes[:4], nodes[-1]

# %% tags=["active-ipynb"]
# for seed in range(1000):
#     root = tangle(seed)[1]
#     listed = topological_sort(root)
#     index = {node: i for i, node in enumerate(listed)}
#     assert listed[-1] is root
#     assert len(index) == len(listed)
#     assert all(index[i] < index[node] for node in listed for i in node._prev)
#
# print("1000 graphs in order, and 2000 sums", f"({len(topological_sort(long_sum))} nodes) are not too deep")

# %% [markdown]
# The work grows with the nodes and arrows, not with the paths. In topological order, each node fires once:

# %% mystnb={"code_prompt_show": "The code of the picture", "image": {"alt": "Visits and nodes against rungs on a logarithmic scale: the visits along all paths grow on a straight line, from 3 at one rung to 8191 at 12; the nodes grow only from 2 to 13."}} tags=["active-ipynb", "hide-input"]
# depths = range(1, 13)
# paths, nodes = [], []
# for times in depths:
#     visits = 0
#     follow_every_path(doubled(times)[1], 1.0)
#     paths.append(visits)
#     nodes.append(len(topological_sort(doubled(times)[1])))
#
# plt.semilogy(depths, paths, "o-", color=BACKWARD, label="visits along every path")
# plt.semilogy(depths, nodes, "o-", color=FORWARD, label="nodes in topological order")
# plt.xlabel("rungs")
# plt.legend()
# plt.show()

# %% [markdown]
# With the order known, is `backward` only a loop? Almost. Two faults are left.
#
# ## Fault 6: leftovers
#
# Sort, set the gradient of the root to 1, and fire all nodes in reverse order. Now call this on two roots that share a
# node. Predict what `x` holds after both calls.

# %% mystnb={"image": {"alt": "The graph of b = 7h after both calls: b sends h a gradient of 7, but h holds 12, and passes 2 times 12 on to x, which holds 34."}} tags=["active-ipynb"]
# def backward_with_leftovers(root):
#     root.grad = 1.0
#     for node in reversed(topological_sort(root)):
#         node._backward()
#
#
# x = Value(1.0)
# h = x * 2
# a, b = h * 5, h * 7
# x.label, h.label, a.label, b.label = "x", "h", "a", "b"
# backward_with_leftovers(a)
# print(f"after a: h.grad = {h.grad}, x.grad = {x.grad}")
# backward_with_leftovers(b)
# print(f"after b: h.grad = {h.grad}, x.grad = {x.grad}")
# draw_graph(b, local_derivatives=True)

# %% [markdown]
# $a = 10x$ and $b = 14x$, so `x` should hold 24, and it holds 34. The second call found a 5 in `h`, left there by the
# first. It added its own 7 and passed all 12 on, so the 5 was counted twice.
#
# *Leaves* should add up: the gradient of a sum of outputs is the sum of their gradients. But the gradient of an
# *interior* node is temporary. It must start from zero in each call.
#
# ## Fault 7: half a gradient
#
# You press Ctrl-C in the middle of a long `backward`, look around, and go on. Or an error stops it, and your program
# catches the error. In the next cell, something is wrong with `h`, and `k` fires before it. What will `x` hold
# afterwards?

# %% tags=["active-ipynb"]
# def broken_graph():
#     x = Value(1.0)
#     h, k = x * 5, x * 7
#     h._local = None  # makes h raise an error when it fires
#     return x, h + k
#
#
# x, root = broken_graph()
# try:
#     backward_with_leftovers(root)
# except TypeError:
#     print(f"stopped: x.grad = {x.grad}")

# %% [markdown]
# `k` had fired and `h` had not, so `x` holds 7 of its 12. Nothing distinguishes this 7 from a whole gradient, and the
# next call would add to it. So `backward` remembers what the leaves held, and restores that if a node raises an error
# or you interrupt the walk. (The interior nodes keep what they got. The next call sets them to zero, so do not read
# them after an error.)


# %%
def backward(root: Node) -> None:
    """Compute ∂root/∂node for every node that `root` depends on, and put it in its `grad`.

    A leaf accumulates: what it held before stays (None counts as 0) and the new
    gradient is added, so that the gradients of several roots add up. An interior node
    starts again from zero: it holds the gradient of the latest root that depends on
    it. If an error or a single Ctrl-C stops the walk, every leaf gets back what it
    held before the call.

    Parameters
    ----------
    root : Value
        The output to differentiate.
    """
    order = topological_sort(root)
    leaves = []
    for node in order:
        if node._prev:
            node.grad = 0.0
        else:
            leaves.append((node, node.grad))
            if node.grad is None:  # PyTorch users reset a gradient with `grad = None`
                node.grad = 0.0  # type: ignore[unreachable]  # by its type, not by PyTorch's users
    try:
        root.grad += 1.0  # ∂root/∂root
        for node in reversed(order):
            node._backward()
    except BaseException:  # KeyboardInterrupt is no Exception
        for leaf, grad in leaves:
            leaf.grad = grad
        raise


# %% tags=["active-ipynb"]
# x = Value(1.0)
# h = x * 2
# a, b = h * 5, h * 7
# backward(a)
# backward(b)
# print(f"two roots: {x.grad}")
#
# x = Value(3.0)
# cube = x * x * x
# backward(cube)
# print(f"x³ at 3: {x.grad}")
# backward(cube)
# print(f"called again: {x.grad}")
#
# x, root = broken_graph()
# x.grad = 100.0
# try:
#     backward(root)
# except TypeError:
#     print(f"stopped: {x.grad}")

# %% [markdown]
# The two roots add up to 24. The slope of $x^3$ at 3 is 27, so two calls leave 54. The last `x` held 100 before the
# call that failed, and it still does.
#
# Why `root.grad += 1.0`, and not `= 1.0`? An interior root was set to zero a few lines above, so there both do the
# same. But a root can be a leaf, and then it accumulates like any leaf:

# %% tags=["active-ipynb"]
# x = Value(3.0)
# backward(x)
# backward(x)
# print(x.grad)

# %% [markdown]
# ## Step through it
#
# `after(k)` shows the formula from the top of the page when the first `k` of its three operations have fired. Here `L`
# and `s` have fired and `p` is next:

# %% mystnb={"image": {"alt": "The graph of L = (a*b + 10)*a after L and s have fired: the gradient of s is 2, of p is 2 and of a is 4; b still has 0."}} tags=["active-ipynb"]
# def after(k):
#     *_, root = formula()
#     root.grad = 1.0
#     operations = [node for node in reversed(topological_sort(root)) if node._prev]
#     for node in operations[:k]:
#         node._backward()
#     return draw_graph(root, local_derivatives=True)
#
#
# after(2)

# %% [markdown]
# In a notebook, run the folded cell after the cells above: its slider steps through all of it.

# %% tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(after, k=(0, 3))

# %% [markdown]
# ## What it costs
#
# `backward` goes along each arrow twice, once to sort and once to fire, and once through the list, to set the interior
# nodes to zero. The formula itself took one operation for each interior node, and no operation here has more than two
# inputs. (An operation of many inputs, such as `total`, costs in proportion to its arrows.) So the whole gradient costs
# a small multiple of the formula, **however many inputs there are**. Count it for a sum of $n$ squares:

# %% tags=["active-ipynb"]
# for n in [10, 100, 1000]:
#     leaves = [Value(i) for i in range(n)]
#     root = Value(0.0)
#     for leaf in leaves:
#         root = root + leaf * leaf
#     nodes = topological_sort(root)
#     arrows = sum(len(node._prev) for node in nodes)
#     backward(root)
#     assert all(leaf.grad == 2 * leaf.data for leaf in leaves)
#     print(f"{n:4} inputs: the graph has {arrows:4} arrows and {len(nodes):4} nodes;", end=" ")
#     print(f"nudging needs {n + 1:4} runs of {2 * n:4} operations")

# %% [markdown]
# With ten times the inputs, `backward` has ten times the work, and nudging has about a hundred times the work. A
# network has many inputs, its weights, and one output, its error. This is why networks are trained with
# backpropagation.
#
# The price is memory. All 3001 nodes stay there as long as you hold the root, or anything made from it. Without
# gradients, the inputs and a running sum would do.
#
# ## The whole engine on one screen
#
# Here are the ideas of the first three chapters, without the checks, the conveniences and the cure for fault 7: a
# number that remembers, three rules, the order, and the walk back. Read it until you could write it from memory.

# %% tags=["active-ipynb"]
# import math
#
#
# class Number:
#     def __init__(self, data, inputs=(), local=()):
#         self.data, self.grad = data, 0.0
#         self.inputs, self.local = inputs, local
#
#     def __add__(self, other):
#         return Number(self.data + other.data, (self, other), (1.0, 1.0))
#
#     def __mul__(self, other):
#         return Number(self.data * other.data, (self, other), (other.data, self.data))
#
#     def tanh(self):
#         t = math.tanh(self.data)
#         return Number(t, (self,), (1 - t * t,))
#
#     def backward(self):
#         order, seen, stack = [], set(), [self]
#         while stack:
#             node = stack.pop()
#             if node is None:
#                 order.append(stack.pop())
#             elif node not in seen:
#                 seen.add(node)
#                 stack += (node, None, *reversed(node.inputs))
#         for node in order:
#             if node.inputs:
#                 node.grad = 0.0
#         self.grad += 1.0
#         for node in reversed(order):
#             for i, local in zip(node.inputs, node.local):
#                 i.grad += local * node.grad

# %% [markdown]
# `Number` and `Value` walk in the same way and could share a mistake. So the test also nudges all leaves at once, each
# by a millionth of itself, and compares how far the root moves with what the gradients predict. Errors that are tiny,
# or cancel in this sum, would pass.

# %% tags=["active-ipynb"]
# for seed in range(1000):
#     (ours, root), (theirs, other) = tangle(seed, Number), tangle(seed, Value)
#     root.backward()
#     other.backward()
#     assert [leaf.grad for leaf in ours] == [leaf.grad for leaf in theirs]
#
#     up = tangle(seed, lambda x: Number(x * (1 + 1e-6)))[1].data
#     down = tangle(seed, lambda x: Number(x * (1 - 1e-6)))[1].data
#     assert math.isclose((up - down) / 2e-6, sum(leaf.grad * leaf.data for leaf in ours), abs_tol=1e-5)
#
# print("1000 graphs: the gradients of Number and of Value are equal, and nudging agrees")

# %% [markdown]
# ## What you can now do
#
# - Explain why plain recursion is wrong on shared nodes, or slow, or too deep, and give an example of a few lines.
# - Write a topological sort that has no limit on depth.
# - Predict what leaves and interior nodes hold after several calls of `backward`.
# - Write a small autograd engine from memory.
#
# ## In PyTorch this is …
#
# … [`Tensor.backward`](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html). PyTorch does not
# sort: [its engine](https://github.com/pytorch/pytorch/blob/main/torch/csrc/autograd/engine.cpp) counts how many users
# of each node have yet to fire. Its gradients accumulate in the same way:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
#     h = x * 2
#     a, b = h * 5, h * 7
#     a.backward(retain_graph=True)
#     b.backward()
#     print("two roots:", x.grad.item())
#
#     x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
#     cube = x * x * x
#     cube.backward(retain_graph=True)
#     cube.backward()
#     print("x³ at 3, called twice:", x.grad.item())

# %% [markdown]
# `retain_graph=True` keeps the graph for the second call. PyTorch otherwise frees it after one, to save memory.
#
# ## Exercises
#
# With folded solutions, in [Exercises: Backpropagation](exercises/backprop.ipynb):
#
# 1. Sort by counting: fire a node when its last user has fired, as PyTorch does.
# 2. Lucky, and then not: find a graph on which nearest-first is right, and spoil it with one operation more or less.
# 3. Forward mode: carry the derivative with respect to one input along with the values. When is that cheaper?
# 4. Is it topological? Write a function that tells, and try it on a very long chain.
#
# ## Check yourself
#
# :::{dropdown} Is there only one topological order of a graph?
# Not in general. In `a * b`, either of `a` and `b` may come first. Each order gives the same gradients, up to rounding.
# :::
#
# :::{dropdown} Which of the faults 1 to 5 give right gradients, and what is wrong with those versions?
# Faults 3 and 5. Along every path, the time doubles with each rung. And both are recursions, so both end with a
# `RecursionError` on a deep graph.
# :::
#
# :::{dropdown} Why must interior nodes be reset, and leaves not?
# An interior node passes on what it holds, so leftovers would be counted again. A leaf passes nothing on, so it can
# keep a running sum.
# :::
#
# :::{dropdown} A leaf's gradient is 4 in the middle of `backward`. May you already use it?
# Only if every node that uses the leaf has fired. In the middle, you cannot tell that from the number.
# :::
#
# ## Sources
#
# Backpropagation for networks: {cite:p}`rumelhart1986`. The same idea, earlier and for every program:
# {cite:p}`linnainmaa1970`. Why a gradient costs a small multiple of the function: {cite:p}`griewank2008,baydin2018`.
