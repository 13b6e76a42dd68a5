# %% [markdown]
# # Seeing the graph
#
# A Value knows what it was made from. In this chapter you turn that memory into a picture: every number, every
# gradient, every arrow in its place.
#
# - **You will build** `draw_graph(root)`, which draws any expression that fits on a page. The layout and the pen lie
#   ready; you see how they work.
# - **You need** [Value](value.ipynb), and `topological_sort` from [Backpropagation](backprop.ipynb).
# - **Time** about 25 minutes.

# %%
"""Seeing the graph: a picture of the values behind a value, drawn without any other program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from micrograd_numpy.backprop import topological_sort
from micrograd_numpy.drawing.cards import MARGIN, Box, Drawable, edges_svg, operation_sign, place_layers
from micrograd_numpy.drawing.layout import count_crossings, keep_apart, lay_out, layers_of, order_rows, route_edges
from micrograd_numpy.drawing.style import CARD, INK
from micrograd_numpy.drawing.svg import FONT, clipped, shown, tag

__all__ = ["Drawing", "dot_text", "draw_graph", "in_words"]
__all__ += ["count_crossings", "keep_apart", "layers_of", "operation_sign", "order_rows", "route_edges"]  # shown below


# %% [markdown]
# ## The picture first
#
# Here is what you are going to build, at work.

# %% mystnb={"image": {"alt": "The graph of c = a*b + a after backward: leaves a = 2 with gradient 4 and b = 3 with gradient 2 at the left, their product 6 in the middle, the root c = 8 at the right."}} tags=["active-ipynb"]
# from micrograd_numpy import Value, draw_graph
#
# a, b = Value(2.0, label="a"), Value(3.0, label="b")
# c = a * b + a
# c.label = "c"
# c.backward()
# draw_graph(c)

# %% [markdown]
# Read it from left to right. A tinted card is a **leaf**: a number that you put in. A white card was computed, and the
# badge on its left edge names the operation. The card with the strong border is the **root**. Each card shows its data
# in blue and its gradient in orange, to four digits; in Jupyter, let the mouse rest on a card to see them all. An arrow
# says "was used for".
#
# Two arrows leave `a`, and this is the picture's most useful message: `a` moves `c` along two paths, so its gradient is
# a sum of two parts.
#
# ## What a picture must not lose
#
# A common way to remember inputs is a set. Before you run the next cell: how many inputs has `x * x`, and how many are
# left when they go through a set?

# %% tags=["active-ipynb"]
# x = Value(3.0, label="x")
# y = x * x
# y.label = "y"
# y.backward()
# print("inputs:", len(y._prev), "  in a set:", len(set(y._prev)))

# %% [markdown]
# A set holds `x` once. A picture drawn from it shows one arrow with local derivative 3, and a reader who multiplies
# along the path and adds over paths finds 3. The gradient is 6. The inputs of a Value are a tuple, so both arrows are
# there. Ask for the local derivatives and the sum is plain to see:

# %% mystnb={"image": {"alt": "The graph of y = x*x at x = 3: two separate arrows run from x to the product, each marked 3, and the gradient of x is 6."}} tags=["active-ipynb"]
# draw_graph(y, local_derivatives=True)

# %% [markdown]
# A set loses a second thing: the order. With one, $a - b$ and $b - a$ have the same picture. Here the first input
# arrives above the second.

# %% mystnb={"image": {"alt": "The graph of a - b: the arrow from a enters the badge above the arrow from b; the local derivatives are 1 and minus 1."}} tags=["active-ipynb"]
# draw_graph(Value(2.0, label="a") - Value(3.0, label="b"), local_derivatives=True)

# %% [markdown]
# ## Which column?
#
# A picture needs an $x$ and a $y$ for every node, and the graph has neither. Start with $x$: arrows
# should run to the right, so every node must stand left of everything that uses it.
#
# `topological_sort` lists inputs before outputs. You could give each node a column of its own, in that order. That
# works, but a picture of 33 nodes would be 33 columns wide. Nodes that don't depend on each other can share a column, a
# **layer**.
#
# Count steps to the root. But which steps, when there are two paths? Try the shortest path first.

# %% tags=["active-ipynb"]
# nodes = topological_sort(c)
# names = {a: "a", b: "b", nodes[2]: "a*b", c: "c"}
#
# shortest = {c: 0}
# for node in reversed(nodes):
#     for source in node._prev:
#         shortest[source] = min(shortest.get(source, len(nodes)), shortest[node] + 1)
# print({names[node]: steps for node, steps in shortest.items()})

# %% [markdown]
# `a` is one step from the root, and so is `a*b`. They share a layer, and the arrow from `a` to `a*b` has nowhere to go.
# Replace "shortest" by "longest" and this cannot happen: if `a` is used for `a*b`, its longest path is at least one
# step longer.

# %% tags=["active-ipynb"]
# longest = dict.fromkeys(nodes, 0)
# for node in reversed(nodes):
#     for source in node._prev:
#         longest[source] = max(longest[source], longest[node] + 1)
# print({names[node]: steps for node, steps in longest.items()})

# %% [markdown]
# One walk, from the root backwards, as in backpropagation; only that it takes a maximum where backpropagation adds.
# Every node ends up directly left of its first use, so leaves sit next to where they matter.
#
# The library's version, `layers_of`, works on numbers instead of nodes: node 0, 1, 2 in topological order, and for each
# the list of its inputs. It and the next steps are in `micrograd_numpy/drawing/layout.py`. `route_edges` handles arrows
# longer than one layer. Such an arrow would run through the cards in between, so it gets a **waypoint** in each layer
# that it passes: an item of height zero, for which the cards make room as for any other.
#
# For $c = ab + a$: the edge from `a` to the sum passes the layer of the product, at waypoint 4.

# %% tags=["active-ipynb"]
# number = {node: i for i, node in enumerate(nodes)}
# inputs = [[number[source] for source in node._prev] for node in nodes]
# layers = layers_of(inputs)
# print("inputs", inputs)
# print("layers", layers)
# print("routes", route_edges(inputs, layers))

# %% [markdown]
# ## Above or below?
#
# Within a layer, order is everything. Lines that cross are hard to follow, so count crossings. Two lines cross when one
# starts above the other and arrives below it. Sort the lines by where they start; then each pair that arrives in the
# wrong order is a crossing.
#
# To find the order with the fewest crossings is a hard problem, and nobody knows a fast way that is always right. A
# simple one is usually good: move each item to the mean place of its neighbors in the next layer, its **barycenter**,
# and sweep through the layers to and fro. Keep the best order seen. `order_rows` does that.
#
# Try it on a graph that needs it, the expression from micrograd's README. A link has three parts: the item on the left,
# the item on the right, and the **port** where it arrives there, from −0.5 at the top to 0.5 at the bottom. Ports keep
# the first input above the second.

# %% tags=["active-ipynb"]
# def readme(a, b):
#     a, b = Value(a, label="a"), Value(b, label="b")
#     c = a + b
#     d = a * b + b**3
#     c += c + 1
#     c += 1 + c + (-a)
#     d += d * 2 + (b + a).relu()
#     d += 3 * d + (b - a).relu()
#     e = c - d
#     f = e**2
#     g = f / 2.0
#     g += 10.0 / f
#     c.label, d.label, e.label, f.label, g.label = "cdefg"
#     g.backward()
#     return g
#
#
# g = readme(-4.0, 2.0)
# nodes = topological_sort(g)
# number = {node: i for i, node in enumerate(nodes)}
# inputs = [[number[source] for source in node._prev] for node in nodes]
# layers = layers_of(inputs)
# routes = route_edges(inputs, layers)
# print(f"{len(nodes)} nodes, {len(routes)} edges, {max(layers) + 1} layers, {len(layers) - len(nodes)} waypoints")

# %% tags=["active-ipynb"]
# from itertools import pairwise
#
# rows = [[item for item, layer in enumerate(layers) if layer == k] for k in range(max(layers) + 1)]
# links = [[] for _ in rows[1:]]
# for route in routes:
#     for left, right in pairwise(route):
#         port = inputs[right].index(route[0]) / 2 - 0.25 if right == route[-1] else 0.0
#         if (left, right, port) not in links[layers[left]]:
#             links[layers[left]].append((left, right, port))
#
# print("crossings in topological order:", count_crossings(rows, links))
# print("crossings after the sweeps:    ", count_crossings(order_rows(rows, links), links))

# %% [markdown]
# Is that good? You can't try all orders, but you can start the sweeps from many. Before you run this: how many of 100
# random starts will end with fewer crossings?

# %% tags=["active-ipynb"]
# import random
#
# rng = random.Random(0)
# found = []
# for _ in range(100):
#     start = [rng.sample(row, len(row)) for row in rows]
#     found.append(count_crossings(order_rows(start, links), links))
# print("best:", min(found), "  worst:", max(found))

# %% [markdown]
# ## How high?
#
# The order is fixed; now each item gets a height. It wishes to be level with its neighbors, because then its edges run
# straight. But cards of one layer must keep their distance. Who yields?
#
# Everyone, as little as possible: keep the sum of squared distances from the wishes as small as can be. Go through the
# layer from the top. If an item's wish is too close to the block above, it joins the block, and the block moves to the
# mean wish of its members. Links between waypoints pull harder, so long edges become straight first; `dot`, Graphviz's
# own program, does the same {cite:p}`gansner1993`. `keep_apart` does it for one layer.
#
# Three cards, each at least 60 below the one before. In the first case all want to be at 0; in the second the third
# card wants to be far away, and stays out of it. Before you run it: where do they go?

# %% tags=["active-ipynb"]
# print(keep_apart([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [60.0, 60.0]))
# print(keep_apart([0.0, 0.0, 200.0], [1.0, 1.0, 1.0], [60.0, 60.0]))

# %% [markdown]
# A wish depends on neighbors that move too. So sweep: every layer follows its neighbors in turn, to and fro, and after
# twenty sweeps hardly anything moves. `lay_out` puts the four steps in a row. Each takes what the last one decided and
# never goes back, which is what makes the method of {cite:t}`sugiyama1981` quick.
#
# ## From numbers to a picture
#
# The rest is writing. An SVG file is text: each shape is one tag with its numbers. `micrograd_numpy/drawing/svg.py`
# writes tags and text, `cards.py` beside it the cards and arrows. Labels can hold anything, so they are cut to one line
# of bounded width.

# %% tags=["active-ipynb"]
# print([shown(number) for number in [24.70408163, -1e-7, float("inf"), 6.0]])
# print([operation_sign(op) for op in ["*", "**3", "**-0.5", "tanh", "my_rule"]])
# print(clipped("a label that goes on and on and on"))

# %% [markdown]
# An arrow is a chain of curves, one for each gap between two layers, and of straight lines across the layers it passes.
# Every curve stays inside its gap, and a waypoint keeps the line clear of the cards, so no arrow can touch a card. When
# both inputs are the same node, the two curves bow apart.
#
# A picture that some readers cannot see needs words, and some readers have Graphviz and want its many layouts. Both are
# a walk over the nodes in topological order.


# %%
def in_words(nodes: Sequence[Drawable], inputs: Sequence[Sequence[int]], most: int = 40) -> str:
    """Say the graph in words, for readers who hear the picture."""
    names = [clipped(node.label or "") or f"value {i}" for i, node in enumerate(nodes, 1)]
    words = [f"A graph of {len(nodes)} values, inputs first, the root last."]
    if len(nodes) > most:
        words.append(f"The last {most} of them:")
    for name, node, sources in list(zip(names, nodes, inputs))[-most:]:
        made = f"{node._op} of {', '.join(names[i] for i in sources)}" if sources else "leaf"
        words.append(f"{name}, {made}: data {shown(node.data)}, grad {shown(node.grad)}.")
    return " ".join(words)


def dot_text(nodes: Sequence[Drawable], inputs: Sequence[Sequence[int]], notes: Iterable[str]) -> str:
    """Write the graph in Graphviz's language."""
    lines = ["digraph {", "  rankdir=LR", '  node [shape=box, style=rounded, fontname="sans-serif"]']
    for i, node in enumerate(nodes):
        words = [clipped(node.label or ""), node._op, f"data {shown(node.data)}", f"grad {shown(node.grad)}"]
        quoted = "\\n".join(word.replace("\\", "\\\\").replace('"', '\\"') for word in words if word)
        lines.append(f'  n{i} [label="{quoted}"]')
    edges = [(source, i) for i, sources in enumerate(inputs) for source in sources]
    for (source, i), note in zip(edges, notes):
        lines.append(f"  n{source} -> n{i}" + (f' [label="{note}"]' if note else ""))
    return "\n".join([*lines, "}", ""])


# %% [markdown]
# What `draw_graph` returns is a small object. Jupyter looks for a method called `_repr_svg_` and shows what it returns.


# %%
@dataclass(frozen=True)
class Drawing:
    """A picture of a graph. Jupyter shows it by itself.

    Attributes
    ----------
    nodes, edges : int
        How many there are.
    svg : str
        The picture.
    dot : str
        The same graph in the language of Graphviz.
    """

    nodes: int
    edges: int
    svg: str = field(repr=False)
    dot: str = field(repr=False)

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> None:
        """Write the picture (`.svg`) or the text for Graphviz (`.dot`, `.gv`).

        Raises
        ------
        ValueError
            If `path` ends in anything else.
        """
        text = {".svg": self.svg, ".dot": self.dot, ".gv": self.dot}.get(Path(path).suffix.lower())
        if text is None:
            raise ValueError(f"save writes .svg, .dot or .gv, but got {str(path)!r}: choose one of these endings")
        Path(path).write_bytes(text.encode())


# %% [markdown]
# Last, the function itself: check, number the nodes, lay out, write. It counts before it draws, because a picture of
# thousands of cards explains nothing.


# %%
def draw_graph(
    root: Drawable, *, local_derivatives: bool = False, direction: str = "right", room: int = 0, max_nodes: int = 300
) -> Drawing:
    """Draw every value that `root` was computed from, inputs at the left, `root` at the right.

    Parameters
    ----------
    root : Value
        The value to explain. Gradients are shown as they are now: call `root.backward()` first to see them filled.
    local_derivatives : bool, optional
        Write on each edge the derivative of the operation with respect to that input.
    direction : {"right", "down"}, optional
        Where the edges run. A deep graph fits a page better when they run down.
    room : int, optional
        Make every card wide enough for numbers of so many characters. Then pictures of
        the same graph with other numbers have their cards in the same places.
    max_nodes : int, optional
        Refuse to draw more than this: nobody could read it.

    Returns
    -------
    Drawing
        Shows itself in Jupyter; has `svg`, `dot` and `save("g.svg")`.

    Raises
    ------
    TypeError
        If `root` is not a Value.
    ValueError
        If there are more than `max_nodes` nodes, or `direction` is another word.
    """
    if not all(hasattr(root, name) for name in ("data", "grad", "label", "_prev", "_op")):
        hint = "draw one of its elements" if hasattr(root, "__len__") else "give it the Value to explain"
        raise TypeError(f"draw_graph draws the graph behind one Value, but got {type(root).__name__}: {hint}")
    if direction not in ("right", "down"):
        raise ValueError(f"direction is 'right' or 'down', but got {direction!r}")
    nodes = topological_sort(root)
    if len(nodes) > max_nodes:
        raise ValueError(
            f"this graph has {len(nodes)} nodes, more than max_nodes={max_nodes}: draw one of the values inside it, "
            "or a smaller example, or raise max_nodes to draw it anyway"
        )
    number = {node: i for i, node in enumerate(nodes)}
    inputs = [[number[source] for source in node._prev] for node in nodes]
    ports = [(i + 0.5) / len(sources) - 0.5 for sources in inputs for i in range(len(sources))]
    slopes = [slope for node in nodes for slope in node._local] if local_derivatives else []
    notes = [shown(slope) for slope in slopes] or [""] * len(ports)
    boxes = [Box(node, direction == "down", room) for node in nodes]
    plan = lay_out(inputs, ports, [box.across for box in boxes])
    place_layers(plan, boxes, [note and note.zfill(room) for note in notes])
    marks = edges_svg(plan, boxes, ports, notes)
    for box, k, across in zip(boxes, plan.layers, plan.y):
        marks.append(box.svg(plan.ends[k] - box.along, across, box.node is root))

    turn = -1 if direction == "down" else 1
    across = max(at + box.across / 2 for at, box in zip(plan.y, boxes)) + 2 * MARGIN
    width, height = (f"{length:.0f}" for length in (plan.ends[-1] + MARGIN, across)[::turn])
    shift = " ".join(("0", f"{MARGIN:g}")[::turn])
    parts = [
        tag("title", escape(f"The graph of {clipped(root.label or 'a value')}")),
        tag("desc", escape(in_words(nodes, inputs))),
        tag("rect", width=width, height=height, rx=12, fill=CARD),
        tag("g", "\n".join(marks), transform=f"translate({shift})", fill=INK),
    ]
    size = {"viewBox": f"0 0 {width} {height}", "width": width, "height": height, "style": "max-width:100%;height:auto"}
    text = {"font_family": FONT, "font_size": "12"}
    svg = tag("svg", "\n".join(parts), xmlns="http://www.w3.org/2000/svg", role="img", **size, **text)
    return Drawing(len(nodes), len(ports), svg, dot_text(nodes, inputs, notes))


# %% [markdown]
# ## What it shows
#
# The expression from micrograd's README {cite:p}`karpathy2020micrograd` has 33 nodes. The published results are
# $g = 24.7041$, $\partial g/\partial a = 138.8338$ and $\partial g/\partial b = 645.5773$. Find them in the picture,
# rounded to four digits. Then look for gradients of 0. Who has one, and why? (The graph is deep, so this time it runs
# down the page: only the roles of $x$ and $y$ change.)

# %% mystnb={"image": {"alt": "The graph of micrograd's README expression in 13 layers, drawn downward: a (gradient 138.8) and b (gradient 645.6) on top, c and d built up in two bands, joined in e, then f, and the root g = 24.7 at the bottom."}} tags=["active-ipynb"]
# draw_graph(g, direction="down")

# %% [markdown]
# A factor 2 and the factor 3 have gradient 0: each multiplies a 0. And the sum that feeds the first `relu` is −2.
# `relu` gives 0 for everything below zero, so a nudge there changes nothing, and its gradient is 0.
#
# A neuron multiplies inputs by weights, adds a bias, and bends the sum with `tanh`. With local derivatives on the
# arrows you can check every gradient by eye: multiply the number on the arrow by the gradient at its head.

# %% mystnb={"image": {"alt": "A neuron with two inputs: x1 times w1 and x2 times w2 are added, the bias b is added, tanh gives 0.7071; the arrow into tanh is marked 0.5 and every gradient behind it is a multiple of 0.5."}} tags=["active-ipynb"]
# x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
# w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
# bias = Value(6.8813735870195432, label="b")
# out = (x1 * w1 + x2 * w2 + bias).tanh()
# out.label = "out"
# out.backward()
# draw_graph(out, local_derivatives=True)

# %% [markdown]
# `w2` has gradient 0, because its input `x2` is 0: a weight on a silent input cannot learn.
#
# ## Step by step
#
# A picture shows where everything ended. `stepper` shows how it got there. Let it play, or take one step at a time with
# the arrow keys. Forward, each card is computed by its rule. Backward, each hands its gradient on, and you see the sum
# that piles up in `grad`.
#
# The leaves are yours: drag a card sideways, or move its slider. Before you do: what will the gradient of `w2` be when
# you pull `x2` up to 1? And will the gradient of `w1` stay as it is? (Where nothing can run, on paper for one, you see
# the last step.)

# %% mystnb={"image": {"alt": "The graph of the neuron, to step through: forward from the leaves x1, w1, x2, w2 and b through two products and two sums to out, then backward.", "classes": "touch touch-stepper"}} tags=["active-ipynb"]
# from micrograd_numpy import stepper
#
# stepper(out)

# %% [markdown]
# The engine agrees with your sliders:

# %% tags=["active-ipynb"]
# def gradients_of_weights(x2):
#     w = [Value(-3.0), Value(1.0)]
#     (2.0 * w[0] + x2 * w[1] + bias.data).tanh().backward()
#     return [round(v.grad, 4) for v in w]
#
#
# for number in [0.0, 0.5, 1.0]:
#     print(f"x2 = {number}: the gradients of w1 and w2 are", gradients_of_weights(number))

# %% [markdown]
# At 1, `w2` has woken up, but it gets only a small share of 1: the sum behind `tanh` has grown by `w2`, and up there
# `tanh` is flatter. That flatter slope is a factor of every gradient behind it, so `w1` loses, too.
#
# `stepper` works on a copy. Your own gradients stay as they are:

# %% tags=["active-ipynb"]
# before = [node.grad for node in topological_sort(out)]
# stepper(out)
# print("untouched:", before == [node.grad for node in topological_sort(out)])

# %% [markdown]
# A gradient can also vanish for all weights at once. Here is a gate: `relu` lets a positive sum through and stops a
# negative one. With the values below the sum is −1.

# %% mystnb={"image": {"alt": "The graph of relu(w*x + b) with w = -2, x = 1 and b = 1: the sum is -1, relu gives 0, and every gradient before relu is 0."}} tags=["active-ipynb"]
# def gate(w, x, b):
#     w, x, b = Value(w, label="w"), Value(x, label="x"), Value(b, label="b")
#     y = (w * x + b).relu()
#     y.label = "y"
#     y.backward()
#     return draw_graph(y)
#
#
# gate(-2.0, 1.0, 1.0)

# %% [markdown]
# Run everything down to the folded cell below, and you get three sliders. Move them until the gradients wake up, then
# find out what has to be true for that.

# %% tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(gate, w=(-3.0, 3.0, 0.5), x=(-3.0, 3.0, 0.5), b=(-3.0, 3.0, 0.5))

# %% [markdown]
# ## Files, Graphviz, and limits
#
# `draw_graph(g).save("g.svg")` writes the picture; with `.dot` it writes the text for Graphviz. That text is also short
# enough to read:

# %% tags=["active-ipynb"]
# print(draw_graph(c).dot)

# %% [markdown]
# A picture is for reading. A network that trains has thousands of nodes, and `draw_graph` declines, whatever the size:
# it counts first, without recursion.

# %% tags=["active-ipynb"]
# chain = Value(1.0)
# for _ in range(100_000):
#     chain = chain + 1.0
#
# try:
#     draw_graph(chain)
# except ValueError as error:
#     print(error)

# %% [markdown]
# For a large model, draw a part: one neuron, one sample, one loss. To a list it says:

# %% tags=["active-ipynb"]
# try:
#     draw_graph([a, b])
# except TypeError as error:
#     print(error)

# %% [markdown]
# ## What you can now do
#
# - Draw any expression, before and after `backward()`, and read its gradients along the arrows.
# - See at a glance where a gradient adds up and where it dies.
# - Walk through a small graph one step at a time, forward and backward, with `stepper`.
# - Lay out any graph without cycles: layers, then order, then heights.
# - Show an object of your own in Jupyter with `_repr_svg_`.
#
# ## In PyTorch this is …
#
# … `grad_fn`. A tensor remembers the function that made it, and that function's `next_functions` lead to the ones
# before. There is no picture, but you can walk it. `AccumulateGrad` is PyTorch's leaf.

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     a = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
#     b = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
#     stack = [((a * b + a).grad_fn, 0)]
#     while stack:
#         function, depth = stack.pop()
#         print("    " * depth + function.name().split("::")[-1])
#         stack += [(source, depth + 1) for source, _ in reversed(function.next_functions)]

# %% [markdown]
# The same graph: a sum of a product and a leaf, a product of two leaves. The leaf of `a` is listed twice because this
# walk prints a tree. And `x * x` has two entries, as it should, for one and the same leaf:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
#     first, second = (source for source, _ in (x * x).grad_fn.next_functions)
#     print("two entries, the same leaf:", first is second)

# %% [markdown]
# ## Exercises
#
# Worked and folded, in [Exercises: Seeing the graph](exercises/graph.ipynb):
#
# 1. Sum eight numbers in two ways, and compare the depth of the two graphs.
# 2. Draw a graph with nothing but `print`.
# 3. Count the edges that a set of inputs would lose.
# 4. Find the one wrong node by looking at local derivatives.
#
# ## Check yourself
#
# :::{dropdown} Why the longest path to the root, and not the shortest?
# If `a` is used to make `b`, the longest path from `a` goes on through `b`, so it has at least one step more. Every
# arrow then runs to the right. With the shortest path, `a` and `b` can share a layer.
# :::
#
# :::{dropdown} In the picture, a card has two arrows out. What do you know about its gradient?
# It is a sum of two parts, one for each arrow: the local derivative on the arrow times the gradient at its head.
# :::
#
# :::{dropdown} What is a waypoint for?
# It reserves room for a long edge in a layer that the edge passes, so that the edge does not run through cards.
# :::
#
# :::{dropdown} A leaf shows gradient 0 after `backward()`. Name two reasons.
# Some local derivative on its path is 0, as behind a `relu` that is off or at a weight whose input is 0. Or it has
# several paths, and their parts cancel.
# :::
#
# ## Sources
#
# Layers, waypoints and barycenter sweeps are from {cite:t}`sugiyama1981`. Straight long edges by stronger pull, and the
# language of the `.dot` files, are from {cite:t}`gansner1993`.
