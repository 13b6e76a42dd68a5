# %% [markdown]
# # Seeing the graph
#
# A Value remembers what it was made from. In this chapter you turn that memory into a picture that shows each number,
# its gradient, and where it was used. You learn to see where a gradient adds up, and where it becomes zero.
#
# - **You will build** `draw_graph(root)`, which draws the graph behind a Value, and the idea that puts each node in its
#   column. The rest of the layout stands at the end, for those who want to know it.
# - **You need** [Value](value.ipynb), and `topological_sort` from [Backpropagation](backprop.ipynb).
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
__all__ += ["count_crossings", "keep_apart", "layers_of", "operation_sign", "order_rows", "route_edges"]  # shown below

# %% [markdown]
# ## The picture first
#
# Here is what you are going to build.

# %% mystnb={"image": {"alt": "The graph of c = a*b + a after backward: leaves a = 2 with gradient 4 and b = 3 with gradient 2 on the left, their product 6 in the middle, the root c = 8 on the right."}} tags=["active-ipynb"]
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
# in blue and its gradient in orange, to four digits; in Jupyter, hover over a card to see all digits. An arrow means
# "was used for".
#
# Two arrows leave `a`. So `a` acts on `c` along two paths, and its gradient is the sum of two parts. This is the most
# useful thing to look for in such a picture.
#
# ## What a picture must not lose
#
# An engine could remember the inputs of a node in a set. How many inputs does `x * x` have, and how many does a set
# keep? Answer before you run the cell.

# %% tags=["active-ipynb"]
# x = Value(3.0, label="x")
# y = x * x
# y.label = "y"
# y.backward()
# print("inputs:", len(y._prev), "  in a set:", len(set(y._prev)))

# %% [markdown]
# A set holds `x` once. A picture drawn from it would have one arrow, with local derivative 3. If you multiplied along
# the one path, you would find 3, but the gradient is 6. The inputs of a Value are a tuple, so both arrows are there. We
# ask for the local derivatives, and you can see that 3 and 3 add up to 6:

# %% mystnb={"image": {"alt": "The graph of y = x*x at x = 3: two separate arrows run from x to the product, each marked 3, and the gradient of x is 6."}} tags=["active-ipynb"]
# draw_graph(y, local_derivatives=True)

# %% [markdown]
# A set also loses the order. From sets, you could not tell $a - b$ from $b - a$. In our pictures, the first input
# arrives above the second.

# %% mystnb={"image": {"alt": "The graph of a - b: the arrow from a arrives above the arrow from b; the local derivatives are 1 and \u22121."}} tags=["active-ipynb"]
# draw_graph(Value(2.0, label="a") - Value(3.0, label="b"), local_derivatives=True)

# %% [markdown]
# ## What it shows
#
# A neuron multiplies inputs by weights, adds a bias, and applies `tanh` to the sum. With the local derivatives on the
# arrows you can check each gradient by eye: multiply the number on the arrow by the gradient at its head.

# %% mystnb={"image": {"alt": "A neuron with two inputs: x1 times w1 and x2 times w2 are added, the bias b is added, and tanh gives 0.7071. The arrow into tanh is marked 0.5. The gradient of w1 is 1, that of w2 is 0."}} tags=["active-ipynb"]
# x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
# w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
# bias = Value(6.8813735870195432, label="b")
# out = (x1 * w1 + x2 * w2 + bias).tanh()
# out.label = "out"
# out.backward()
# draw_graph(out, local_derivatives=True)

# %% [markdown]
# `w2` has gradient 0, because its input `x2` is 0, and that is the local derivative of the product. For such an input,
# gradient descent does not change the weight.
#
# Here is a larger graph, the expression from micrograd's README {cite:p}`karpathy2020micrograd`. The published results
# are $g = 24.7041$, $\partial g/\partial a = 138.8338$ and $\partial g/\partial b = 645.5773$. Find them in the
# picture. Then look for gradients of 0. Which nodes have one, and why? (The graph is deep, so this time it runs down
# the page.)

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
#     c.label, d.label, e.label, f.label, g.label = "cdefg"
#     g.backward()
#     return g
#
#
# g = readme(-4.0, 2.0)
# draw_graph(g, direction="down")

# %% tags=["active-ipynb"]
# for node in topological_sort(g):
#     if node.grad == 0.0:
#         print(f"gradient 0: {node._op or 'leaf'} with data {node.data}")

# %% [markdown]
# The 2 and the 3 are factors, and each multiplies a 0. The sum of −2 goes into a `relu`. There `relu` gives 0, and
# still gives 0 if you nudge its input a little. So its slope is 0.
#
# In this way a gradient can vanish for all weights of a neuron at once. Here is one with `relu`. With the values below,
# the sum is −1.

# %% mystnb={"image": {"alt": "The graph of relu(w*x + b) with w = \u22122, x = 1 and b = 1: the sum is \u22121, relu gives 0, and every gradient before relu is 0."}} tags=["active-ipynb"]
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
# In a notebook, the folded cell makes three sliders. Open it and run it after the cells above. Find values at which the
# gradients are not 0. What do these values have in common?

# %% mystnb={"code_prompt_show": "The sliders"} tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(gate, w=(-3.0, 3.0, 0.5), x=(-3.0, 3.0, 0.5), b=(-3.0, 3.0, 0.5))

# %% [markdown]
# ## Step by step
#
# A picture shows the result of a walk, and `stepper` shows the walk. Let it play, or take one step at a time with the
# arrow keys. Forward, each card is computed by its rule. Backward, each card passes its gradient on, and you see the
# sums grow in `grad`.
#
# You can change the leaves: drag a card sideways, or move its slider. Before you do, predict: what will the gradient of
# `w2` be when `x2` is 1? And will the gradient of `w1` stay as it is? (Where nothing can run, for example on paper, you
# see the last step.)

# %% mystnb={"image": {"alt": "The graph of the neuron, to step through: forward from the leaves x1, w1, x2, w2 and b through two products and two sums to out, then backward.", "classes": "touch touch-stepper"}} tags=["active-ipynb"]
# from micrograd_numpy import stepper
#
# stepper(out)

# %% [markdown]
# The engine gives the same numbers as the sliders:

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
# At `x2` = 1 the gradient of `w2` is no longer zero, but it is small. The sum before `tanh` has grown from 0.88 to
# 1.88, and there `tanh` has a slope of 0.09 instead of 0.5. This slope is a factor of every gradient behind it, so the
# gradient of `w1` becomes smaller, too.
#
# `stepper` works on a copy, so it does not change your own gradients.
#
# ## Which column?
#
# A picture needs an $x$ and a $y$ for each node, and the graph has neither. Begin with $x$. All arrows should run to
# the right, so a node must stand to the left of each node that uses it.
#
# `topological_sort` lists inputs before outputs. You could give each node a column of its own, in that order. But then
# the expression from the README would take 33 columns. Nodes that do not depend on each other can share a column. In
# graph drawing, such a column is called a **layer**.
#
# So count the steps from each node to the root, and let nodes with the same count share a layer. But there may be
# several paths to the root. Try the shortest one first.

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
# `a` is one step from the root, and so is `a*b`. They would share a layer, and the arrow from `a` to `a*b` could not
# run to the right.
#
# Now take the longest path. `a` is used for `a*b`, so one path from `a` is the step to `a*b` followed by the longest
# path from there. The longest path from `a` is at least as long as this one. So `a` has a larger count than `a*b`, and
# in the same way each node has a larger count than the nodes that use it.

# %% tags=["active-ipynb"]
# longest = dict.fromkeys(nodes, 0)
# for node in reversed(nodes):
#     for source in node._prev:
#         longest[source] = max(longest[source], longest[node] + 1)
# print({names[node]: steps for node, steps in longest.items()})

# %% [markdown]
# This is one walk from the root backward, as in backpropagation. Backpropagation adds at each node, and this walk takes
# a maximum. Each node ends up one layer to the left of the first node that uses it, so a leaf stands close to its first
# use.
#
# ## The rest of the drawing
#
# The rest is about drawing and not about gradients. If you like, run the cells and go on to *Files, Graphviz, and
# limits*. The code of the layout is in `micrograd_numpy/drawing/layout.py`. It works on numbers in place of nodes: node
# 0, 1, 2 in topological order, and for each node the list of its inputs. `layers_of` is the walk from above.
#
# **Waypoints.** An arrow that is longer than one layer could run through the cards in between. So it gets a
# **waypoint** in each layer that it passes: an item without height, and the cards make room for it. In $c = ab + a$,
# the arrow from `a` to the sum passes the layer of the product. Its waypoint is item 4:

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
# **Order.** Lines that cross are hard to follow, so we want few crossings. Two lines between the same two layers cross
# when one starts above the other and arrives below it. No fast method is known that always finds the order with the
# fewest crossings. A simple method is often good: move each item to the mean place of its neighbors in the next layer,
# its **barycenter**, and sweep over the layers back and forth. `order_rows` does this and returns the best order that
# it has seen.
#
# Here it is on the expression from the README. Is its result good? You cannot try all orders, but you can start the
# sweeps from random ones. How many of 100 random starts will end with fewer crossings?

# %% mystnb={"code_prompt_show": "The sweeps from 100 random starts, 15 lines"} tags=["active-ipynb", "hide-input"]
# import random
#
# inputs = numbered(g)
# ports = [(i + 0.5) / len(sources) - 0.5 for sources in inputs for i in range(len(sources))]  # the first input on top
# plan = lay_out(inputs, ports, heights=[60.0] * len(inputs))
# start = [sorted(row) for row in plan.rows]  # in topological order
# ours = count_crossings(plan.rows, plan.links)
# print("crossings before and after the sweeps:", count_crossings(start, plan.links), ours)
#
# rng = random.Random(0)
# found = []
# for _ in range(100):
#     shuffled = [rng.sample(row, len(row)) for row in start]
#     found.append(count_crossings(order_rows(shuffled, plan.links), plan.links))
# print("random starts with fewer:", sum(crossings < ours for crossings in found), " worst:", max(found))

# %% [markdown]
# **Height.** The order is fixed. Now each item gets a height. Ideally it is level with its neighbors, because then its
# arrows are straight. But the cards of a layer must keep a distance, so some of them have to shift. `keep_apart` makes
# the sum of the squared shifts as small as possible. If an item would come too close to the one above, the two become a
# block, and the block moves to the mean of their ideal heights. (Links between waypoints count more, so that long
# arrows become straight. Graphviz's program `dot` weights them more, too {cite:p}`gansner1993`.)
#
# In the next cell, three cards must be at least 60 apart. First all three would ideally be at 0, then the third one at
# 200. Where will they be?

# %% tags=["active-ipynb"]
# print(keep_apart([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [60.0, 60.0]))
# print(keep_apart([0.0, 0.0, 200.0], [1.0, 1.0, 1.0], [60.0, 60.0]))

# %% [markdown]
# In the second case the third card has room, so it does not shift. The ideal height depends on neighbors that move too,
# so the layers are adjusted in turn, and after twenty sweeps the library stops. `lay_out` decides layers, waypoints,
# order and heights, in this order, and no step revises an earlier one. This is the method of {cite:t}`sugiyama1981`.
#
# **Shapes.** An SVG file is text: each shape is a tag with its numbers. `svg.py` beside the layout writes tags and
# text, and `cards.py` draws cards and arrows. Numbers get four digits, operations a sign or a name, and a label is cut
# to a bounded width.

# %% tags=["active-ipynb"]
# print([shown(number) for number in [24.70408163, -1e-7, float("inf"), 6.0]])
# print([operation_sign(op) for op in ["*", "**3", "**-0.5", "tanh", "my_rule"]])
# print(clipped("a label that goes on and on and on"))

# %% [markdown]
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


# %%
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
# print(draw_graph(c).dot)

# %% [markdown]
# `draw_graph` refuses graphs with more than `max_nodes` nodes. For a large model, draw a part: one neuron, one sample,
# one loss. It also refuses a list:

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
# - Put the nodes of any graph without cycles into layers so that all arrows run to the right.
# - Show an object of your own in Jupyter with `_repr_svg_`.
#
# ## In PyTorch this is …
#
# … `grad_fn`. A tensor that was computed has the function that made it in its `grad_fn`, and that function's
# [`next_functions`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.next_functions.html) lead
# to the ones before. PyTorch draws no picture of them, but you can walk from one to the next. `AccumulateGrad` stands
# for a leaf.

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
# The graph is the same as ours: the sum of a product and a leaf, and the product of two leaves. The leaf of `a` is
# listed twice because this walk prints a tree. `x * x` has two entries for one and the same leaf, as it should:

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
# With folded solutions, in [Exercises: Seeing the graph](exercises/graph.ipynb):
#
# 1. Two ways to add: sum eight numbers in two ways, and compare the depth of the two graphs.
# 2. A picture without a picture: draw a graph with nothing but `print`.
# 3. What a set would lose: count the edges that are lost, and find the wrong gradient that results.
# 4. Find the wrong rule: look at the local derivatives in a picture.
#
# ## Check yourself
#
# :::{dropdown} Why the longest path to the root, and not the shortest?
# If `a` is used to make `b`, the longest path from `a` has at least one step more than the longest path from `b`. So
# each arrow runs to the right. With the shortest path, `a` and `b` can share a layer.
# :::
#
# :::{dropdown} In the picture, two arrows leave a card. What do you know about its gradient?
# It is a sum of two parts, one for each arrow: the local derivative on the arrow times the gradient at its head.
# :::
#
# :::{dropdown} What is a waypoint for?
# It reserves room for a long arrow in a layer that the arrow passes, so that it does not run through cards.
# :::
#
# :::{dropdown} A leaf shows gradient 0 after `backward()`. Name two reasons.
# On each path to the root, some local derivative is 0: behind a `relu` whose input is negative, for example, or at a
# weight whose input is 0. Or there are several paths, and their parts cancel.
# :::
#
# ## Sources
#
# Layers, waypoints and barycenter sweeps are from {cite:t}`sugiyama1981`. The greater weight of long arrows, and the
# language of the `.dot` files, are from {cite:t}`gansner1993`.
