# %% [markdown]
# # Seeing the graph
#
# A Value remembers what it was made from. In this chapter you turn that memory into a picture that shows each number,
# its gradient, and where it was used. You learn to see where a gradient adds up, and where it becomes zero.
#
# - **You will build** the walk that puts each node in its column, and see what steps `draw_graph(root)` takes to draw
#   the graph behind a Value. The rest of the layout comes at the end, for those who are interested.
# - **You need** [Value](value.ipynb), the slopes of `relu` and `tanh` from [Operations](ops.ipynb), and
#   `topological_sort` from [Backpropagation](backprop.ipynb).
# - **Time** about 25 minutes.

# %% mystnb={"code_prompt_show": "Imports, 13 lines"} tags=["hide-input"]
"""Seeing the graph: a picture of the values that a value was computed from."""

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
__all__ += ["count_crossings", "keep_apart", "layers_of", "operation_sign", "order_rows", "route_edges"]  # its parts


# %% [markdown]
# ## How to read the picture
#
# This is the graph of $c = ab + a$ after `backward()`.

# %% mystnb={"image": {"alt": "The graph of c = a*b + a after backward: leaves a = 2 with gradient 4 and b = 3 with gradient 2 on the left, their product 6 in the middle, the root c = 8 on the right."}} tags=["active-ipynb"]
# from micrograd_numpy import Value, draw_graph
#
# a, b = Value(2.0, label="a"), Value(3.0, label="b")
# c = a * b + a
# c.label = "c"
# c.backward()
# draw_graph(c)

# %% [markdown]
# A node is drawn as a card, and an edge as an arrow from an input to the node that uses it. A tinted card is a
# **leaf**: a number that you put in. A white card was computed, and the badge on its left side names the operation. The
# card with the strong border is the **root**. Each card shows its data in blue and its gradient in orange, with at most
# four significant digits; in Jupyter, hover over a card to see all digits.
#
# Two arrows leave `a`, so its gradient is the sum of two parts. This is the most useful thing to look for in such a
# picture. Before `backward()`, all cards show gradient 0, and this 0 tells you nothing.
#
# ## Why the inputs are a tuple
#
# An engine could remember the inputs of a node in a set. Take $y = x \cdot x - x$. How many inputs does the product
# have, and how many does a set keep? Answer before you run the cell.

# %% tags=["active-ipynb"]
# x = Value(3.0, label="x")
# product = x * x
# y = product - x
# y.label = "y"
# y.backward()
# print("inputs:", len(product._prev), "  in a set:", len(set(product._prev)))

# %% [markdown]
# A set holds `x` once, so it loses an edge. A set also loses the order: $x \cdot x - x$ and $x - x \cdot x$ would look
# the same. The inputs of a Value are a tuple, which keeps both. In our pictures, the first input arrives above the
# second. We ask for the local derivatives, and each is written on its arrow:

# %% mystnb={"image": {"alt": "The graph of y = x*x \u2212 x at x = 3: two separate arrows run from x to the product, each marked 3. The arrow from the product to y is marked 1, and the third arrow from x runs to y, below the other, and is marked \u22121. The gradient of x is 5."}} tags=["active-ipynb"]
# draw_graph(y, local_derivatives=True)

# %% [markdown]
# With the local derivatives you can check each gradient by eye. Multiply the number on an arrow by the gradient at its
# head; with several arrows, add the products. The gradients at the heads are 1 here, so `x` gets 3 + 3 − 1 = 5.
#
# ## Where a gradient becomes zero
#
# A neuron multiplies inputs by weights, adds a bias, and applies a function such as `tanh` to the sum. This one is from
# [Karpathy's lecture on micrograd](https://github.com/karpathy/nn-zero-to-hero/tree/master/lectures/micrograd).

# %% mystnb={"image": {"alt": "A neuron with two inputs: x1 times w1 and x2 times w2 are added, the bias b is added, and tanh gives 0.7071. The arrow into tanh is marked 0.5. The gradient of w1 is 1, that of w2 is 0."}} tags=["active-ipynb"]
# x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
# w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
# b = Value(6.8813735870195432, label="b")  # chosen so that the slope of tanh is 0.5
# out = (x1 * w1 + x2 * w2 + b).tanh()
# out.label = "out"
# out.backward()
# draw_graph(out, local_derivatives=True)

# %% [markdown]
# The local derivative of `x2 * w2` with respect to `w2` is `x2`, which is 0. So `w2` has gradient 0.
#
# Here is a larger graph, the expression from micrograd's README {cite:p}`karpathy2020micrograd`. The published results
# are $g = 24.7041$, $\partial g/\partial a = 138.8338$ and $\partial g/\partial b = 645.5773$. Find them in the
# picture, which rounds them to four digits. Then look for gradients of 0. Which nodes have one, and why? (The graph is
# deep, so this time it runs down the page.)

# %% mystnb={"image": {"alt": "The graph of the expression, drawn downward in 13 layers: a, with gradient 138.8, and b, with gradient 645.6, stand above c and d, which are joined in e; below e come f and the root, g = 24.7."}} tags=["active-ipynb"]
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
#     c.label, d.label, e.label, f.label, g.label = "cdefg"  # the last c, the last d and the last g
#     g.backward()
#     return g
#
#
# g = readme(-4.0, 2.0)
# draw_graph(g, direction="down")

# %% tags=["active-ipynb"]
# for node in topological_sort(g):
#     for source in node._prev:
#         if source.grad == 0.0:
#             print(f"gradient 0: {source._op or 'leaf'} with data {source.data:g}, used by {node._op}")

# %% [markdown]
# These are the 2 in `d * 2`, the sum `b + a`, and the 3 in `3 * d`. The first `d` is $ab + b^3 = -8 + 8 = 0$, so the 2
# is multiplied by 0. The sum `b + a` is −2 and goes into `relu`, which passes positive numbers on and turns negative
# ones into 0. If you nudge the −2 a little, `relu` still gives 0, so its slope is 0. The next `d` is 0 + 0 + 0, so the
# 3 is multiplied by 0 as well.
#
# If the sum of a neuron with `relu` is negative, all its weights and its bias get gradient 0. Here is one with a single
# weight. With the values below, the sum is −1.

# %% mystnb={"image": {"alt": "The graph of relu(w*x + b) with w = \u22122, x = 1 and b = 1: the sum is \u22121, relu gives 0, and every gradient on the input side of relu is 0."}} tags=["active-ipynb"]
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
# In a notebook, the folded cell makes three sliders. Open it and run it after the cells above. Find values at which
# none of the three leaves has gradient 0. What do these values have in common?

# %% mystnb={"code_prompt_show": "The sliders"} tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(gate, w=(-3.0, 3.0, 0.5), x=(-3.0, 3.0, 0.5), b=(-3.0, 3.0, 0.5))

# %% [markdown]
# :::{dropdown} The answer
# The sum $wx + b$ is positive, and neither $w$ nor $x$ is 0. If the sum is positive, the slope of `relu` is 1, and the
# gradients of $w$, $x$ and $b$ are $x$, $w$ and 1.
# :::
#
# ## Step by step
#
# A picture shows the result. `stepper` shows how the engine gets there. Let it play, or take one step at a time with
# the arrow keys. Forward, each card is computed by its rule. Backward, each card passes its gradient on, and you see
# the sums grow in `grad`.
#
# You can change the leaves: drag a card sideways, or move its slider. Before you set `x2` to 1, predict: will the
# gradient of `w2` become positive or negative? And will the gradient of `w1` grow, shrink, or stay as it is? (Where
# nothing can run, for example on paper, you see the last step.)

# %% mystnb={"image": {"alt": "The graph of the neuron, to step through: forward from the leaves x1, w1, x2, w2 and b through two products and two sums to out, then backward.", "classes": "touch touch-stepper"}} tags=["active-ipynb"]
# from micrograd_numpy import stepper
#
# stepper(out)

# %% [markdown]
# The engine gives the same numbers as the sliders:

# %% tags=["active-ipynb"]
# def gradients_of_weights(x2):
#     w = [Value(-3.0), Value(1.0)]
#     (2.0 * w[0] + x2 * w[1] + b.data).tanh().backward()
#     return [round(v.grad, 4) for v in w]
#
#
# for number in [0.0, 0.5, 1.0]:
#     print(f"x2 = {number}: the gradients of w1 and w2 are", gradients_of_weights(number))

# %% [markdown]
# At `x2` = 1 the gradient of `w2` is positive, but it is small. The sum before `tanh` has grown from 0.88 to 1.88, and
# there `tanh` has a slope of 0.09 instead of 0.5. This slope is a factor of every gradient on the input side of `tanh`,
# so the gradient of `w1` shrinks.
#
# `stepper` works on a copy, so it does not change your own gradients.
#
# ## Which column?
#
# A picture needs a horizontal and a vertical position for each node, and the graph has neither. Begin with the
# horizontal position. All edges should run to the right, so a node must stand to the left of each node that uses it.
#
# `topological_sort` lists inputs before outputs. You could give each node a column of its own, in that order. But then
# the expression from the README would take 33 columns. Nodes that do not depend on each other can share a column. In
# graph drawing, such a column is called a **layer**.
#
# So count the steps from each node to the root. The root stands on the right, and a node with a larger count stands
# farther to the left. But there may be several paths to the root. Try the shortest one first, on the first formula:

# %% tags=["active-ipynb"]
# a, b = Value(2.0, label="a"), Value(3.0, label="b")
# product = a * b
# c = product + a
# product.label, c.label = "a*b", "c"
# nodes = topological_sort(c)
#
# shortest = {c: 0}
# for node in reversed(nodes):
#     for source in node._prev:
#         shortest[source] = min(shortest.get(source, len(nodes)), shortest[node] + 1)
# print({node.label: steps for node, steps in shortest.items()})

# %% [markdown]
# `a` is one step from the root, and so is `a*b`. They would share a layer, and the edge from `a` to `a*b` could not run
# to the right. With one more step between `a*b` and the root, `a*b` would even stand to the left of `a`.
#
# Now take the longest path. A path from `a` through `a*b` is one step longer than the path from `a*b`. So the longest
# path from `a` is longer than that from `a*b`. In the same way each node has a larger count than the nodes that use it.

# %% tags=["active-ipynb"]
# longest = dict.fromkeys(nodes, 0)
# for node in reversed(nodes):
#     for source in node._prev:
#         longest[source] = max(longest[source], longest[node] + 1)
# print("steps: ", {node.label: longest[node] for node in nodes})
# print("layers:", {node.label: max(longest.values()) - longest[node] for node in nodes})

# %% [markdown]
# This is one walk from the root backward, as in backpropagation. Backpropagation adds at each node, and this walk takes
# a maximum. Both need the same order: when a node passes its number on, all nodes that use it have had their turn, so
# the number is final.
#
# The layer of a node is the largest count minus its own, so layer 0 is on the left. Each node but the root ends up one
# layer to the left of the leftmost node that uses it. In the library, `layers_of` does the walk and the subtraction.
#
# ## The rest of the drawing
#
# The rest is about drawing and not about gradients. If you like, run the cells and go on to *Files, Graphviz, and
# limits*. The code of the layout is in `micrograd_numpy/drawing/layout.py`. It works on numbers in place of nodes: node
# 0, 1, 2 in topological order, and for each node the list of its inputs.
#
# **Waypoints.** An edge that passes a layer might run through a card there. So it gets a **waypoint** in each layer
# that it passes, a place that the cards keep free. Waypoints are numbered after the nodes, and both are called *items*.
# `route_edges` lists for each edge the items on its way. In $c = ab + a$, the edge from `a` to the sum passes the layer
# of the product. Its waypoint is item 4:

# %% tags=["active-ipynb"]
# def numbered(root):
#     nodes = topological_sort(root)
#     number = {node: i for i, node in enumerate(nodes)}
#     return [[number[source] for source in node._prev] for node in nodes]
#
#
# inputs = numbered(c)
# layers = layers_of(inputs)
# print("inputs", inputs)
# print("layers", layers)
# print("routes", route_edges(inputs, layers))

# %% [markdown]
# **Order.** Arrows that cross are hard to follow, so we want few crossings. To find the order with the fewest is
# NP-hard, even for two layers {cite:p}`gansner1993`. A simple method often works well: move each item to the mean
# position of its neighbors in the adjacent layer (their **barycenter**), and sweep over the layers back and forth.
# `order_rows` does this and returns the best order that it has seen.
#
# Here it is on the expression from the README. In the code, a *row* is a layer from top to bottom, a *link* is a piece
# of an edge between two layers, and a *port* is the place on a card where an edge arrives.

# %% tags=["active-ipynb"]
# inputs = numbered(g)
# ports = [(i + 0.5) / len(sources) - 0.5 for sources in inputs for i in range(len(sources))]  # the first input on top
# plan = lay_out(inputs, ports, heights=[60.0] * len(inputs))  # all cards of the same size
# start = [sorted(row) for row in plan.rows]  # in topological order
# print("crossings before the sweeps:", count_crossings(start, plan.links))
# print("crossings after the sweeps: ", count_crossings(plan.rows, plan.links))

# %% [markdown]
# **Level.** Ideally an item is level with its neighbors, because then its arrows are straight. But the cards of a layer
# must keep a distance. So `place_rows` takes the layers in turn and moves each item as close to the weighted mean of
# its neighbors' levels as the required distances allow. It stops after twenty sweeps.
#
# `lay_out` decides layers, waypoints, order and levels, one after the other, and no step revises an earlier one.
# `cards.py` and `svg.py` beside the layout then write the picture as SVG, which is text.
#
# The picture also holds the graph in words, for readers who cannot see it. And the graph can be written in Graphviz's
# language, for other layouts. Both are walks over the nodes in topological order.


# %% mystnb={"code_prompt_show": "The graph in words and for Graphviz, 21 lines"} tags=["hide-input"]
def in_words(nodes: Sequence[Drawable], inputs: Sequence[Sequence[int]], most: int = 40) -> str:
    """Describe the graph in words, for readers who cannot see the picture."""
    names = [clipped(node.label or "") or f"value {i}" for i, node in enumerate(nodes, 1)]
    words = [f"A graph of {len(nodes)} values, inputs first, the root last."]
    if len(nodes) > most:
        words.append(f"The last {most} of them:")
    for name, node, sources in list(zip(names, nodes, inputs))[-most:]:
        made = f"{node._op} of {', '.join(names[i] for i in sources)}" if sources else "leaf"
        words.append(f"{name}, {made}: data {shown(node.data)}, grad {shown(node.grad)}.")
    return " ".join(words)


def dot_text(nodes: Sequence[Drawable], inputs: Sequence[Sequence[int]], notes: Iterable[str]) -> str:
    """Describe the graph in the language of Graphviz."""
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
# `draw_graph` returns a small object. Jupyter looks for a method called `_repr_svg_` and shows what it returns.


# %% mystnb={"code_prompt_show": "The class Drawing, 29 lines"} tags=["hide-input"]
@dataclass(frozen=True)
class Drawing:
    """A picture of a graph, which Jupyter shows.

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
# The function itself checks its input, numbers the nodes, calls `lay_out` and writes the shapes. It counts the nodes
# before it draws, because a picture with too many cards cannot be read.


# %% mystnb={"code_prompt_show": "The function draw_graph, 64 lines"} tags=["hide-input"]
def draw_graph(
    root: Drawable, *, local_derivatives: bool = False, direction: str = "right", room: int = 0, max_nodes: int = 300
) -> Drawing:
    """Draw every value that `root` was computed from, inputs on the left, `root` on the right.

    Parameters
    ----------
    root : Value
        The value to explain. Gradients are shown as they are now: call `root.backward()` first to see them filled.
    local_derivatives : bool, optional
        Write on each edge the derivative of the operation with respect to that input.
    direction : {"right", "down"}, optional
        Where the edges run. A deep graph fits a page better when they run down.
    room : int, optional
        Make each card wide enough for numbers of this many characters. Then pictures of
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
        If there are more than `max_nodes` nodes, or `direction` is neither "right" nor "down".
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
# ## Files, Graphviz, and limits
#
# `draw_graph(g).save("g.svg")` writes the picture; with the ending `.dot` it writes the text for Graphviz. That text is
# short enough to read:

# %% tags=["active-ipynb"]
# a.grad = b.grad = 0.0
# c.backward()
# print(draw_graph(c).dot)

# %% [markdown]
# `draw_graph` refuses graphs with more than `max_nodes` nodes (300 by default). For a large model, draw a part: one
# neuron, one sample, one loss. It also refuses a list:

# %% tags=["active-ipynb"]
# chain = Value(1.0)
# for _ in range(100_000):
#     chain = chain + 1.0
#
# for too_much in [chain, [a, b]]:
#     try:
#         draw_graph(too_much)
#     except (ValueError, TypeError) as error:
#         print(error)

# %% [markdown]
# ## What you can now do
#
# - Draw an expression before and after `backward()`, and read its gradients along the arrows.
# - See where a gradient adds up and where it becomes zero.
# - Walk through a small graph one step at a time, forward and backward, with `stepper`.
# - Put the nodes of any graph without cycles into layers so that all edges run to the right.
#
# ## In PyTorch this is …
#
# … `grad_fn`. If a tensor was computed from one that requires gradients, its `grad_fn` is the backward function of the
# operation that made it. That function's
# [`next_functions`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.next_functions.html) lead
# to the backward functions of the inputs, and to `None` for a constant. PyTorch draws no picture of them, but you can
# walk from one to the next. `AccumulateGrad` stands for a leaf. Lines with the same number are the same node.

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     a = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
#     b = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
#     stack, numbers = [((a * b + a).grad_fn, 0)], {}
#     while stack:
#         function, depth = stack.pop()
#         number = numbers.setdefault(function, len(numbers))
#         print("    " * depth + f"{function.name().split('::')[-1]} {number}")
#         stack += [(source, depth + 1) for source, _ in reversed(function.next_functions) if source is not None]

# %% [markdown]
# The nodes and edges are the same as ours: the sum of a product and a leaf, and the product of two leaves. The leaf of
# `a` is listed twice, because two arrows leave it.
#
# ## Exercises
#
# With folded solutions, in [Exercises: Seeing the graph](exercises/graph.ipynb):
#
# 1. Two ways to add: sum eight numbers in two ways, and compare the number of layers.
# 2. Print a graph, layer by layer: use nothing but `print`.
# 3. What a set would lose: count the edges that are lost, and find the wrong gradient that results.
# 4. Find the wrong rule: look at the local derivatives in a picture.
#
# ## Check yourself
#
# :::{dropdown} Why the longest path to the root, and not the shortest?
# If `a` is used to make `b`, the longest path from `a` has at least one step more than the longest path from `b`. So
# each edge runs to the right. With the shortest path, `a` can share a layer with `b`, or even stand to the right of it.
# :::
#
# :::{dropdown} Why do both walks, for gradients and for layers, visit a node after all nodes that use it?
# Each of these nodes can still change its number. When all have had their turn, the number is final.
# :::
#
# :::{dropdown} After one `backward()` you draw the graph of that root. Two arrows leave a card. What is its gradient?
# If all gradients were 0 before, it is a sum of two parts, one for each arrow: the local derivative on the arrow times
# the gradient at its head.
# :::
#
# :::{dropdown} A leaf shows gradient 0 after `backward()`. Name two reasons.
# On each path to the root, some local derivative is 0: at a `relu` whose input is not positive, for example, at a
# weight whose input is 0, or at a `tanh` that is saturated, so that its slope is rounded to 0. Or the parts of several
# paths cancel, as in $x - x$. Or no path leads from the leaf to this root.
# :::
#
# ## Sources
#
# Waypoints and barycenter sweeps are from {cite:t}`sugiyama1981`. Layers by longest paths are a known method:
# the Eclipse Layout Kernel has it as one of its
# [strategies](https://eclipse.dev/elk/reference/options/org-eclipse-elk-layered-layering-strategy.html).
# The text for Graphviz is written in its [DOT language](https://graphviz.org/doc/info/lang.html).
