# %% [markdown]
# # Backpropagation: everyone in turn
#
# Every node can hand its gradient to its inputs. The art is in the order. In this chapter you run seven wrong ways on
# purpose, see what each one breaks, and end with two short functions that are right on every graph and as fast as any.
#
# - **You will build** `topological_sort` and `backward`.
# - **You need** [Value](value.ipynb). [Operations](ops.ipynb) helps, but you can read it later.
# - **Time** about 35 minutes.

# %%
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
# The local derivatives are on the arrows. Start at the root with $\partial L/\partial L = 1$ and let every node hand on
# its gradient times the number on the arrow. `_backward()` does this for one node:

# %% tags=["active-ipynb"]
# a, b, p, s, L = formula()
# L.grad = 1.0
# for node in [L, s, p]:
#     node._backward()
#     grads = "  ".join(f"{v.label}.grad = {v.grad:4}" for v in (s, p, a, b))
#     print(f"{node.label} has fired:  {grads}")

# %% [markdown]
# Follow `a.grad`. When $L$ fires, `a` gets 4, for the direct path. Only when $p$ fires does the rest arrive, $-6$, and
# the sum is $-2$. Until then the 4 was right, but not finished.
#
# So the answer is $-2$ and $4$, and a rule appears: **a node may fire only when its own gradient is finished**, that
# is, after every node that uses it. Three nodes are easy to put in order by eye. The rest of the chapter does it for
# any number of them.
#
# ## Five wrong ways
#
# Each of these has been written many times, by careful people. Run them, so that you recognize them.
#
# **One: `=` instead of `+=`.** Let each node *set* its inputs' gradients.

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
# The last path to arrive wipes out the others. On a graph where nothing is used twice, no test would notice.
#
# **Two: recursion that fires and goes on.** Fire this node, then do the same for each input.

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
# `c` has two arrows from `b`, so `b` fires twice, and the second time it hands on everything *again*. This is the
# question that readers of micrograd ask most: why not plain recursion, without a sort? Because of this 8.
#
# **Three: recursion along every path.** Then let each call carry only its own share.

# %% tags=["active-ipynb"]
# visits = 0
#
#
# def follow_every_path(node, share):
#     global visits
#     visits += 1
#     node.grad += share
#     for i, local in zip(node._prev, node._local):
#         follow_every_path(i, share * local)
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
# for times in [2, 4, 8, 16]:
#     visits = 0
#     leaf, root = doubled(times)
#     follow_every_path(root, 1.0)
#     print(f"{times:2} doublings: gradient {leaf.grad:7.0f}, {visits:6} visits to {times + 1} nodes")

# %% [markdown]
# Every gradient is right. But each layer of sharing doubles the number of paths, and so the visits. At 60 doublings it
# is $2^{61} - 1$ visits: at ten million a second, seven thousand years. Real graphs share at every layer: each neuron's
# output feeds all neurons of the next.
#
# **Four: one visit each, nearest first.** Go through the graph by distance from the root, and fire every node once.

# %% tags=["active-ipynb"]
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
# k = h * 3
# L = h + k
# L.grad = 1.0
# nearest_first(L)
# print(f"L = 8x, so x.grad should be 8, but it is {x.grad}")

# %% [markdown]
# `h` is one step from the root, so it fires early. But it is also two steps away, through `k`, and what `k` sends comes
# too late. Distance is the wrong thing to sort by.
#
# The right thing is who uses whom. Here is the order that you used by eye.
#
# ## Topological order
#
# Put all nodes in a row so that **every node comes after its inputs**. That is a *topological order*. Read it from the
# right, and every node comes after all who use it: exactly when its gradient is finished.
#
# There is an old trick to find one. Walk into the inputs first, and write a node down on the way *out*, when there is
# nothing left below it.

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
# Each name stands to the right of its inputs. (The 10 is there too: it is a leaf, like any number that you write into a
# formula.) This is right, and each node is visited once. It is also the version in most small engines. So what is wrong
# with it?
#
# **Five: recursion again.** Add up two thousand numbers.

# %% tags=["active-ipynb"]
# total = Value(0.0)
# for _ in range(2000):
#     total = total + 1
#
# try:
#     sort_by_recursion(total, [], set())
# except RecursionError:
#     print("RecursionError: Python's own stack is full")

# %% [markdown]
# Python's own stack ends at a depth of about a thousand calls, and a loss summed over two thousand examples is two
# thousand deep. The walk is fine; the stack it borrows is too small. So bring your own: a list.
#
# A stack needs to remember one more thing than "visit this node": "and when all of its inputs are written down, write
# down this one". We push the node back, with a bookmark, `None`, on top of it, before its inputs. When the bookmark
# comes up again, everything above it is done.

# %% [markdown]
# ## The real code
#
# First, what backpropagation has to know of a node. Nothing about numbers or rules; it works on anything with these
# three.


# %%
class Node(Protocol):
    """What backpropagation needs to know of a value, and no more."""

    grad: float

    _prev: tuple[Any, ...]

    def _backward(self) -> None: ...


N = TypeVar("N", bound=Node)


# %%
def topological_sort(root: N) -> list[N]:
    """Every node that `root` depends on, inputs before outputs, `root` last.

    Depth-first, with a stack of our own instead of Python's, so no graph is too
    deep. Each node is listed once, after all of its inputs; the order depends on
    the graph alone. Time and memory are linear in nodes plus edges.

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
# Watch the stack at work. The top is at the right, `|` is the bookmark.

# %% tags=["active-ipynb"]
# def names(nodes):
#     return " ".join("|" if node is None else node.label or "10" for node in nodes)
#
#
# def watch(root):
#     order, seen, stack = [], set(), [root]
#     while stack:
#         print(f"{names(stack):16} {names(order)}".rstrip())
#         node = stack.pop()
#         if node is None:
#             order.append(stack.pop())
#         elif node not in seen:
#             seen.add(node)
#             stack += (node, None)
#             stack += node._prev[::-1]
#     print(f"{'':16} {names(order)}")
#
#
# print(f"{'stack':16} order")
# watch(L)

# %% [markdown]
# `a` comes up a second time as the other factor of `L`, is found in `seen`, and is dropped.
#
# Now the claims. No graph is too deep, and the work grows with the graph, not with its paths:

# %% tags=["active-ipynb"]
# print("a chain of 2,000 additions:", len(topological_sort(total)), "nodes, each listed once")
# for times in [16, 60, 200]:
#     leaf, root = doubled(times)
#     print(f"{times:3} doublings: {len(topological_sort(root)):3} nodes, 2^{times} paths")

# %% mystnb={"image": {"alt": "Visits against doublings on a logarithmic scale: following every path is a steep straight line, so it doubles at each step; the topological order stays almost flat."}} tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# from micrograd_numpy.drawing.style import BACKWARD, FORWARD, book_style
#
# book_style()
# depths = range(1, 13)
# paths, nodes = [], []
# for times in depths:
#     visits = 0
#     follow_every_path(doubled(times)[1], 1.0)
#     paths.append(visits)
#     nodes.append(len(topological_sort(doubled(times)[1])))
#
# plt.semilogy(depths, paths, "o-", color=BACKWARD, label="along every path")
# plt.semilogy(depths, nodes, "o-", color=FORWARD, label="in topological order")
# plt.xlabel("doublings")
# plt.ylabel("visits")
# plt.legend()
# plt.show()

# %% [markdown]
# The order is also the same on every run. `_prev` is a tuple, and `seen` is asked only whether a node is in it, never
# in which order. So the sums are added up in the same order, to the last bit.
#
# With the order in hand, is `backward` only a loop? Almost. Two more traps are left.
#
# ## The sixth: leftovers
#
# Sort, set the root's gradient to 1, fire everyone in reverse. Call it on two roots that share a node.

# %% tags=["active-ipynb"]
# def backward_with_leftovers(root):
#     root.grad = 1.0
#     for node in reversed(topological_sort(root)):
#         node._backward()
#
#
# x = Value(1.0)
# h = x * 2
# a, b = h * 5, h * 7
# backward_with_leftovers(a)
# print(f"after a: h.grad = {h.grad}, x.grad = {x.grad}")
# backward_with_leftovers(b)
# print(f"after b: h.grad = {h.grad}, x.grad = {x.grad}")

# %% [markdown]
# $a = 10x$ and $b = 14x$, so `x` should hold 24, and it holds 34. The second call found 5 in `h`, left there by the
# first, added its own 7, and handed all 12 on. The 5 was counted twice.
#
# You do want *leaves* to add up: the gradient of a sum of losses is the sum of their gradients. But an *interior* node
# is scrap paper. It must start from zero on each call.
#
# ## The seventh: half a gradient
#
# You press Ctrl-C in the middle of a long `backward`, look around, and go on. Or a bug stops it, and your program
# catches the error. Here a bug sits in `h`. Before you run the cell: what does `x` hold afterwards?

# %% tags=["active-ipynb"]
# def stumbling_block():
#     x = Value(1.0)
#     h, k = x * 5, x * 7
#     h._local = None  # something that stops the walk at h
#     return x, h + k
#
#
# x, root = stumbling_block()
# try:
#     backward_with_leftovers(root)
# except TypeError:
#     print(f"stopped halfway: x.grad = {x.grad}")

# %% [markdown]
# `k` had fired and `h` had not, so `x` holds 7 of its 12. Nothing tells this 7 from a whole gradient, and the next
# `backward` would add to it. So `backward` must do all or nothing: remember what the leaves held, and give it back if
# anything goes wrong.


# %%
def backward(root: Node) -> None:
    """Fill `grad` of every node that `root` depends on with ∂root/∂node.

    A leaf accumulates: what it held before stays and the new gradient is added,
    so several roots can be summed up. An interior node starts again from zero:
    it holds the gradient of the latest root. If the walk is stopped, by an error or
    by Ctrl-C, every leaf gets back what it held before the call.

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
            if node.grad is None:  # a habit from PyTorch
                node.grad = 0.0  # type: ignore[unreachable]
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
# backward(cube)
# print(f"x³ at 3, twice: {x.grad}")
#
# x, root = stumbling_block()
# x.grad = 100.0
# try:
#     backward(root)
# except TypeError:
#     print(f"stopped halfway: {x.grad}")

# %% [markdown]
# The two roots add up to 24. The slope of $x^3$ at 3 is 27, so two calls leave 54. (With leftovers, it would be 72.)
# The third `x` held 100 from before, and holds it still.
#
# Why `root.grad += 1.0`, and not `= 1.0`? An interior root was set to zero just above, so it makes no difference there.
# But a root can be a leaf. Then it accumulates, like any leaf:

# %% tags=["active-ipynb"]
# x = Value(3.0)
# backward(x)
# backward(x)
# print(x.grad)

# %% [markdown]
# ## Step through it
#
# `after(k)` shows the formula from the top of the page when the first `k` nodes have fired. This is the halfway point:
# `L` and `s` have fired, `p` is next, and `a` holds only the 4.

# %% mystnb={"image": {"alt": "The graph of L = (a*b + 10)*a after L and s have fired: the gradient of s is 2, of p is 2 and of a is 4, and b still has 0."}} tags=["active-ipynb"]
# def after(k):
#     *_, root = formula()
#     root.grad = 1.0
#     for node in topological_sort(root)[::-1][:k]:
#         node._backward()
#     return draw_graph(root, local_derivatives=True)
#
#
# after(2)

# %% mystnb={"image": {"alt": "The same graph after p has fired too: the gradient of a is now \u22122 and the gradient of b is 4."}} tags=["active-ipynb"]
# after(3)

# %% [markdown]
# Run everything down to the folded cell below, and you get a slider that steps through all of it.

# %% tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(after, k=(0, 6))

# %% [markdown]
# ## What it costs
#
# One `backward` walks over each arrow once to sort, and once to fire. The formula itself took one operation per node.
# So the whole gradient costs a small multiple of computing the formula, **however many inputs there are**. Count it for
# a sum of $n$ squares:

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
#     print(f"{n:4} inputs: backward walks {arrows:4} arrows;", end=" ")
#     print(f"nudging needs {n + 1:4} runs of {2 * n:4} operations")

# %% [markdown]
# Ten times the inputs, ten times the work. For nudging, it is a hundred times. That is why networks with a billion
# weights can be trained at all.
#
# ## What you can now do
#
# - Say why plain recursion is wrong on shared nodes, or slow, and show it with four lines.
# - Write a topological sort that has no limit on depth.
# - Predict what leaves and interior nodes hold after several calls of `backward`.
#
# ## In PyTorch this is …
#
# … the same order, computed by counting how many users of each node have yet to fire. The results agree, leftovers
# included:

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
#     print("x³ at 3, twice:", x.grad.item())

# %% [markdown]
# `retain_graph=True` is there because PyTorch throws its graph away after one call, to save memory. Ours lives as long
# as you hold its root.
#
# ## Exercises
#
# Worked and folded, in [Exercises: Backpropagation](exercises/backprop.ipynb):
#
# 1. Sort by counting: fire a node when its last user has fired, as PyTorch does.
# 2. Make a graph on which nearest-first is right, and change one arrow so that it is wrong.
# 3. Go forwards: carry the derivative with respect to one input along with the values. When is that cheaper?
#
# ## Check yourself
#
# :::{dropdown} Is there only one topological order of a graph?
# No. In `a * b`, either of `a` and `b` may come first. Any of them gives the right gradients.
# :::
#
# :::{dropdown} Which of the wrong ways gives right gradients, and what is wrong with it?
# The third, along every path. Its time doubles with each layer of sharing.
# :::
#
# :::{dropdown} Why must interior nodes be reset, and leaves not?
# What an interior node holds is handed on; leftovers would be counted again. What a leaf holds stays there, so it can
# be a running sum.
# :::
#
# :::{dropdown} A leaf's gradient is 4 in the middle of `backward`. May an optimizer use it?
# Not yet. It is finished when every node that uses the leaf has fired.
# :::
#
# ## Sources
#
# Backpropagation for networks: {cite:p}`rumelhart1986`. The same idea, earlier and for every program:
# {cite:p}`linnainmaa1970`. Why a gradient costs a small multiple of the function: {cite:p}`griewank2008,baydin2018`.
