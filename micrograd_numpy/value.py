# %% [markdown]
# # Value: a number that remembers
#
# Give a computer a formula and it hands you a number. In this chapter you build a number that does more: it remembers
# how it was made, so it can tell you how far the result moves when you move one of the inputs. Neural networks are
# trained with such slopes.
#
# - **You will build** `Tiny`, a small class of such numbers, and then read the library's class, `Value`. The rules of
#   its operations and its method `backward` are built in the next two chapters.
# - **You need** Python functions, classes, and methods such as `__add__`. From school: the slope of a straight line.
# - **Time** about 35 minutes.

# %% mystnb={"code_prompt_show": "Imports, 8 lines"} tags=["hide-input"]
"""Value: a number that remembers how it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, SupportsFloat

from micrograd_numpy import backprop, ops
from micrograd_numpy.guards.numbers import as_answer, as_float, as_halves, as_tuple, short
from micrograd_numpy.guards.refusals import Refusals

__all__ = ["Value", "apply", "dot", "mean", "total"]


# %% [markdown]
# This page is a file of the library, `micrograd_numpy/value.py`. In the book, each cell that belongs to the library has
# this file name above it. The other cells try things out. Most of what you do not need for the idea is folded, like the
# cell above.
#
# ## Nudge and watch
#
# Take a plain function and try it out.

# %% tags=["active-ipynb"]
# def f(x):
#     return x**2
#
#
# f(3.0)

# %% [markdown]
# How much does the output move when the input moves a little? You need no theory to find out: nudge the input, and
# watch. Let the input grow by 0.001. By how much will the output grow? Guess, then look.

# %% tags=["active-ipynb"]
# nudge = 0.001
# print(f"moved by {f(3.0 + nudge) - f(3.0):.6f}")
# print(f"that is  {(f(3.0 + nudge) - f(3.0)) / nudge:.3f} times the nudge")

# %% [markdown]
# The output moves about six times as far as the input. Now make the nudge smaller, step by step:

# %% tags=["active-ipynb"]
# for nudge in [1.0, 0.1, 0.01, 0.001, 0.0001]:
#     print(f"nudge {nudge:<6}  ratio {(f(3.0 + nudge) - f(3.0)) / nudge:.4f}")

# %% [markdown]
# The ratio approaches 6. You can see why when you write the nudge as $h$. The new output is $(3 + h)^2 = 9 + 6h + h^2$,
# so the output has moved by $6h + h^2$. Divided by the nudge, that is
#
# $$\frac{6h + h^2}{h} = 6 + h.$$
#
# The part with $h^2$ has become $h$. It vanishes as the nudge becomes small, and 6 remains. This number is the
# **derivative** of $f$ at 3. It is a slope, and you can see it: zoom in on a smooth curve, and it looks more and more
# like a straight line.

# %% mystnb={"code_prompt_show": "The picture's code, 13 lines", "image": {"alt": "On the left, the parabola f(x) = x\u00b2 and the straight line of slope 6 that touches it at x = 3. On the right the same from x = 2.9 to 3.1: the curve and the line can hardly be told apart."}} tags=["active-ipynb", "hide-input"]
# import matplotlib.pyplot as plt
# import numpy as np
#
# from micrograd_numpy.drawing.style import ACCENT, BACKWARD, CARD, FORWARD, INK, book_style
#
# book_style()
# fig, panels = plt.subplots(1, 2)
# for ax, low, high in zip(panels, (0, 2.9), (5, 3.1)):
#     x = np.linspace(low, high, 200)
#     ax.plot(x, f(x), color=FORWARD, label="f(x) = x²")
#     ax.plot(x, f(3.0) + 6 * (x - 3), color=BACKWARD, linestyle="--", label="slope 6 at x = 3")
#     ax.plot(3, 9, "o", color=BACKWARD)
#     ax.set_xlabel("x")
# panels[0].legend()
# plt.show()

# %% [markdown]
# Close to 3, a small step to the right takes you about six times as far up. The smaller the step, the closer to six.
#
# ## Two inputs, two slopes
#
# A formula with two inputs has two slopes. To measure one, nudge one input and hold the other still.

# %% tags=["active-ipynb"]
# def g(a, b):
#     return a * b + a
#
#
# nudge = 1e-6
# print(f"g(2, 3)  = {g(2.0, 3.0)}")
# print(f"nudge a: {(g(2.0 + nudge, 3.0) - g(2.0, 3.0)) / nudge:.4f}")
# print(f"nudge b: {(g(2.0, 3.0 + nudge) - g(2.0, 3.0)) / nudge:.4f}")

# %% [markdown]
# These slopes are written $\partial g/\partial a = 4$ and $\partial g/\partial b = 2$. The curly $\partial$ says that
# this input moves and the others stay. Together the slopes are the **gradient** of $g$. The slope for one input is also
# called that input's gradient, though it is the output that moves. It tells you which way a small push must go to make
# the output grow: up if the gradient is positive, down if it is negative. A small push the other way makes the output
# shrink. To train a network, you take as the output a number that says how wrong its answers are, and as the inputs its
# weights, and you step against the gradient.
#
# Nudging has two flaws. First, both large and very small nudges are inexact. Here is $f$ at the same place as above,
# where its slope is 6:

# %% tags=["active-ipynb"]
# for nudge in [1e-6, 1e-9, 1e-12, 1e-15, 1e-18]:
#     ratio = (f(3.0 + nudge) - f(3.0)) / nudge
#     print(f"nudge {nudge:.0e}  ratio {ratio:.6f}  error {abs(ratio - 6):.0e}")

# %% [markdown]
# A float has about 16 digits. When you subtract two numbers that agree in most of them, only the last few digits are
# left, and those are rounded. When the nudge is smaller than half of the last digit of 3.0, nothing moves at all.
#
# So there are two errors. With a large nudge, the error is the $h$ in $6 + h$. With a small one, it comes from
# rounding. Drawn for many nudges, the error has the shape of a V:

# %% mystnb={"code_prompt_show": "The picture's code, 7 lines", "image": {"alt": "The error of the ratio against the nudge, both on logarithmic scales, in the shape of a V. From a nudge of 1 down to about 1e-7, the error is as large as the nudge and falls with it. For smaller nudges it rises again, in jumps, until it stays at 6."}} tags=["active-ipynb", "hide-input"]
# nudges = np.logspace(0, -17, 69)
# errors = [abs((f(3.0 + nudge) - f(3.0)) / nudge - 6) for nudge in nudges]
# plt.figure(figsize=(5.6, 3))
# plt.loglog(nudges, errors, ".-", color=BACKWARD, linewidth=1)
# plt.xlabel("nudge")
# plt.ylabel("error of the ratio")
# plt.show()

# %% [markdown]
# Even at the tip of the V, near a nudge of $10^{-8}$, only about half of the 16 digits are right.
#
# The second flaw is worse. Each input needs a run of its own, and one more run gives the output without a nudge. A
# model with a million weights needs a million and one runs of the formula, all for one small step of training. It would
# be better to run the formula once and get every slope, with no nudge to choose. That is possible if the numbers
# remember how they were made.
#
# ## A number that remembers
#
# Here is a small class of such numbers. It holds a float, and when you add or multiply, the result keeps its inputs.

# %% tags=["active-ipynb"]
# class Remembering:
#     def __init__(self, data, inputs=(), op=""):
#         self.data = data
#         self.inputs = inputs
#         self.op = op
#
#     def __add__(self, other):
#         return Remembering(self.data + other.data, (self, other), "+")
#
#     def __mul__(self, other):
#         return Remembering(self.data * other.data, (self, other), "*")
#
#
# a, b = Remembering(2.0), Remembering(3.0)
# c = a * b + a
# for made in [c, c.inputs[0]]:
#     print(made.data, "was made by", made.op, "from", [i.data for i in made.inputs])

# %% [markdown]
# You wrote `a * b + a`, and Python called your methods in turn. From `c` you can now walk back to the inputs. The 2.0
# of the first line and the 2.0 of the second are the same object, `a`, which was used twice. The printed list cannot
# show that; a picture can. Here is the same formula, drawn with the finished class:

# %% mystnb={"image": {"alt": "The graph of c = a*b + a: a and b feed a product of 6, and the product and a again feed a sum of 8. Two arrows leave a."}} tags=["active-ipynb"]
# from micrograd_numpy import draw_graph
# from micrograd_numpy.value import Value as Finished
#
# a, b = Finished(2.0, label="a"), Finished(3.0, label="b")
# c = a * b + a
# c.label = "c"
# draw_graph(c)

# %% [markdown]
# Such a picture is a **computation graph**. Each box is a number, also called a **node**, and each arrow says "was used
# for". The boxes with no arrow into them are the **leaves**: the inputs, and any constants. The others were made by an
# operation; they are **interior nodes**. The box on the right is the **root**: the output.
#
# ## What one step knows
#
# No single operation knows the whole formula. Each one knows how its own inputs move its own result, and that is
# enough. Nudge an input by $h$:
#
# - A sum $s = p + a$ becomes $p + (a + h)$. It moves by $h$, just as far as the input. So the factor is 1.
# - A product $p = ab$ is the area of a rectangle. If side $a$ grows by $h$, the rectangle gains a strip that is $b$
#   high and $h$ wide, so $p$ moves $b$ times as far as $a$. If side $b$ grows by $h$, the strip is $a$ wide, so $p$
#   moves $a$ times as far as $b$.

# %% mystnb={"code_prompt_show": "The picture's code, 17 lines", "image": {"alt": "A rectangle, a = 2 wide and b = 3 high. Nudging a adds a strip of area b times h on its right. Nudging b adds a strip of area a times h on top. In the corner between the two strips is a small square of area h times h."}} tags=["active-ipynb", "hide-input"]
# width, height, h = 2.0, 3.0, 0.4
# fig, ax = plt.subplots(figsize=(4.2, 3.6))
# ax.add_patch(plt.Rectangle((0, 0), width, height, color=FORWARD, alpha=0.25))
# ax.add_patch(plt.Rectangle((width, 0), h, height, color=BACKWARD, alpha=0.45))
# ax.add_patch(plt.Rectangle((0, height), width, h, color=ACCENT, alpha=0.45))
# ax.add_patch(plt.Rectangle((width, height), h, h, fill=False, edgecolor=INK, linestyle=":"))
# ax.text(width / 2, height / 2, "a · b", ha="center", va="center", fontsize=14)
# ax.text(width + h / 2, height / 2, "b · h", ha="center", va="center", rotation=90, fontsize=12)
# ax.text(width / 2, height + h / 2, "a · h", ha="center", va="center", fontsize=12)
# ax.text(width + h / 2, height + h / 2, "h²", ha="center", va="center")
# ax.text(width / 2, -0.3, f"a = {width:g}", ha="center")
# ax.text(width + h / 2, -0.3, "h", ha="center", color=BACKWARD)
# ax.text(-0.1, height / 2, f"b = {height:g}", va="center", ha="right")
# ax.text(-0.1, height + h / 2, "h", va="center", ha="right", color=ACCENT)
# ax.set(xlim=(-0.8, 2.6), ylim=(-0.5, 3.5), aspect="equal")
# ax.axis("off")
# plt.show()

# %% [markdown]
# The square in the corner is there only if both sides grow. That happens in $x \cdot x$, where one number is both
# sides. At $x = 3$, the two strips give $3h + 3h = 6h$. The corner is the $h^2$ that vanished above.
#
# These factors are the **local derivatives** of an operation. Here they are on the arrows:

# %% mystnb={"image": {"alt": "The same graph with a number on each arrow: 3 from a to the product, 2 from b to the product, 1 from the product to the sum and 1 from a to the sum."}} tags=["active-ipynb"]
# draw_graph(c, local_derivatives=True)

# %% [markdown]
# Now follow a nudge of `b` to the end. The product moves $2$ times as far, and the sum moves as far as the product:
# $2 \times 1 = 2$. Along a path, factors **multiply**.
#
# A nudge of `a` travels along two paths at once:

# %% mystnb={"code_prompt_show": "The picture's code, 15 lines", "image": {"alt": "The two paths of a nudge h of a. The orange path goes through the product, where h becomes 3h, and on to c. The green path goes straight to c with h. At c they add up to 4h."}} tags=["active-ipynb", "hide-input"]
# fig, ax = plt.subplots(figsize=(5.6, 2.2))
# places = {"a": (0, 1), "a·b": (2, 0), "c": (4, 1)}
# steps = [("a", "a·b", BACKWARD, "h · 3"), ("a·b", "c", BACKWARD, "3h · 1"), ("a", "c", ACCENT, "h · 1")]
# for start, end, color, words in steps:
#     arrow = {"arrowstyle": "-|>", "color": color, "linewidth": 2, "shrinkA": 16, "shrinkB": 16}
#     ax.annotate("", places[end], places[start], arrowprops=arrow)
#     middle = np.add(places[start], places[end]) / 2
#     ax.text(*middle, words, color=color, ha="center", va="center", backgroundcolor=CARD)
# for name, (across, up) in places.items():
#     ax.text(across, up, name, ha="center", va="center", fontsize=13)
# ax.text(-0.25, 1, "nudge h", ha="right", va="center")
# ax.text(4.25, 1, "3h + h = 4h", ha="left", va="center")
# ax.set(xlim=(-1.2, 5.6), ylim=(-0.2, 1.2))
# ax.axis("off")
# plt.show()

# %% [markdown]
# Through the product, the factor is $3 \times 1 = 3$. On the straight path it is $1$. Both nudges arrive at `c`, so it
# moves by their sum: 4 times as far as `a`. Over paths, products **add**.
#
# Multiply along paths, add over paths. This is the **chain rule**, and it gives the 4 and the 2 that you found by
# nudging. It holds in every graph whose operations all have a slope at the numbers at hand, because small nudges add up
# at every box, as the two strips of the rectangle do. So each path to the root contributes one product, and the root
# moves by the sum of the products, times $h$. What this leaves out at a box, like the corner $h^2$ in $x \cdot x$, is
# much smaller than a small $h$. Later boxes only scale it. Divided by $h$, it vanishes as $h$ becomes small.
#
# ## Why backward
#
# You could list every path, but there can be far too many. Repeat `x = x + x` twenty times, and over a million paths
# lead from the first `x` to the last. It is enough to walk through the graph once, in the right order, and let every
# box add up what reaches it. Two ways are common.
#
# - **Forward**, from one input to the output. Every box holds a factor: how far it moves, divided by the nudge of *this
#   input*. The walk ends with one slope, and the next input needs a walk of its own.
# - **Backward**, from the output to the inputs. Every box holds a factor: how far *the output* moves, divided by the
#   nudge of this box. The walk ends with the slopes of all the inputs.
#
# A network has many inputs, its weights, and one output, its error. So we walk backward: one walk instead of a million,
# and one more to find the order, as [Backpropagation](backprop.ipynb) shows.
#
# It starts at the root: if you nudge `c`, then `c` moves by that nudge, so the gradient of the root is 1. Then each
# box, beginning with the root, sends each of its inputs the box's own gradient times the number on the arrow. What
# arrives at a box is added.

# %% tags=["active-ipynb"]
# class Tiny:
#     def __init__(self, data, inputs=(), local=()):
#         self.data, self.grad = data, 0.0
#         # local[i] is the local derivative for inputs[i]
#         self.inputs, self.local = inputs, local
#
#     def __add__(self, other):
#         return Tiny(self.data + other.data, (self, other), (1.0, 1.0))
#
#     def __mul__(self, other):
#         return Tiny(self.data * other.data, (self, other), (other.data, self.data))
#
#     def hand_back(self):
#         for i, local in zip(self.inputs, self.local):
#             i.grad += local * self.grad
#
#
# a, b = Tiny(2.0), Tiny(3.0)
# p = a * b
# c = p + a
#
# c.grad = 1.0
# c.hand_back()
# print(f"after c: a.grad = {a.grad}, p.grad = {p.grad}, b.grad = {b.grad}")
# p.hand_back()
# print(f"after p: a.grad = {a.grad}, p.grad = {p.grad}, b.grad = {b.grad}")

# %% [markdown]
# One call per operation, and both slopes are there: 4 and 2. You ran the formula once, and had no nudge to choose.
#
# The order of the calls matters: `p` has to wait until its own gradient is complete. Here the order was read
# off the picture. [Backpropagation](backprop.ipynb) finds it for any graph.
#
# ## The real class
#
# `Tiny` works, but it knows only two operations, it cannot compute `a + 1`, and you have to call `hand_back` yourself.
# The library's `Value` is the same idea without these gaps. You will meet three of its names again: a node has its
# inputs in `_prev`, as in micrograd {cite:p}`karpathy2020micrograd`, and its local derivatives in `_local`; its method
# `_backward()` does what `hand_back` does here. On a first reading, you can now skip to "See it work", past the long
# class.
#
# A Value holds one real number. Where a Value is expected, you can also pass a plain number, which becomes a leaf
# first. The folded cell does this. Its last function, `node`, makes a Value of an operation's result.


# %% mystnb={"code_prompt_show": "Numbers and results become Values, 20 lines"} tags=["hide-input"]
def as_value(x: Value | SupportsFloat) -> Value:
    """Return `x` itself if it is a Value, else a new leaf that holds it."""
    return x if isinstance(x, Value) else Value(x)


def as_values(xs: tuple[Any, ...]) -> tuple[Value, ...]:
    """Return each of `xs` as a Value."""
    for x in xs:
        if type(x) is not Value:
            return tuple(map(as_value, xs))
    return xs


def node(data: float, inputs: tuple[Value, ...], op: str, local: tuple[float, ...], rule: ops.Rule) -> Value:
    """Return the Value that an operation made from its inputs: its result, with its local derivatives."""
    out = object.__new__(Value)
    out.data = data
    out.grad = 0.0
    out.label = ""
    out._prev = inputs
    out._op = op
    out._local = local
    out._rule = rule
    return out


# %% [markdown]
# A **rule** is a function on plain floats, such as `ops.mul`. It returns the result and the local derivatives:

# %% tags=["active-ipynb"]
# ops.mul(2.0, 3.0)

# %% [markdown]
# The next chapter, [Operations](ops.ipynb), derives the rules of all operations. Here, `binary` turns a rule of two
# inputs into a method:


# %%
def binary(rule: ops.Rule, op: str) -> Callable[[Value, Value | SupportsFloat], Value]:
    """Return the method that applies a rule of two inputs, `self` first."""

    def method(self: Value, other: Value | SupportsFloat) -> Value:
        if not isinstance(other, Value):
            other = Value(other)
        data, local = rule(self.data, other.data)
        return node(data, (self, other), op, local, rule)

    return name_after(method, rule)


# %% [markdown]
# The other methods are made in the same way, for one input (`unary`), and for a plain number on the left, as in `2 - v`
# (`reflected`).


# %% mystnb={"code_prompt_show": "Methods of one input and reflected methods, 14 lines"} tags=["hide-input"]
def unary(rule: ops.Rule, op: str) -> Callable[[Value], Value]:
    """Return the method that applies a rule of one input."""

    def method(self: Value) -> Value:
        data, local = rule(self.data)
        return node(data, (self,), op, local, rule)

    return name_after(method, rule)


def reflected(rule: ops.Rule, op: str) -> Callable[[Value, Value | SupportsFloat], Value]:
    """Return the method that applies a rule of two inputs, `other` first."""
    forward = binary(rule, op)
    return name_after(lambda self, other: forward(as_value(other), self), rule)


def name_after(method: Callable[..., Any], rule: ops.Rule) -> Callable[..., Any]:
    """Give `method` the name and the docstring of its rule, for `help` and for error messages."""
    method.__name__, method.__qualname__, method.__doc__ = rule.__name__, f"Value.{rule.__name__}", rule.__doc__
    return method


# %% [markdown]
# So the class itself is mostly a table of operators and their rules.


# %%
class Value(Refusals):
    """A number that remembers how it was made and can compute how its inputs move it.

    Parameters
    ----------
    data : float
        One real number: int, float, NumPy real scalar or 0-d array.
    label : str, optional
        A name, shown in pictures and in `repr`.

    Attributes
    ----------
    data : float
        The number.
    grad : float
        ∂root/∂self after `root.backward()`. Leaves add up over calls.
    label : str
        The name.

    Raises
    ------
    TypeError
        If `data` is not one real number.

    Notes
    -----
    `a < b`, `<=`, `>` and `>=` compare the numbers, and `bool(a)` is `a.data != 0`. But
    `a == b` asks whether a and b are the same node, so that Values can be kept in sets
    and dicts. To compare the numbers, write `a.data == b.data`.

    Examples
    --------
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> c = a * b + a
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (8.0, 4.0, 2.0)
    """

    __slots__ = ("_local", "_op", "_prev", "_rule", "data", "grad", "label")
    __array_priority__ = 1e3  # so that NumPy leaves np.float64(2) * v to us

    def __init__(self, data: SupportsFloat, label: str = "") -> None:
        self.data: float = as_float(data)
        self.grad: float = 0.0
        self.label: str = label
        self._prev: tuple[Value, ...] = ()  # the inputs; a leaf has none
        self._op: str = ""  # the operation that made it
        self._local: tuple[float, ...] = ()  # ∂self/∂input for each input
        self._rule: ops.Rule | None = None  # the rule that computed data and _local

    __add__ = __radd__ = binary(ops.add, "+")
    __sub__, __rsub__ = binary(ops.sub, "-"), reflected(ops.sub, "-")
    __mul__ = __rmul__ = binary(ops.mul, "*")
    __truediv__, __rtruediv__ = binary(ops.div, "/"), reflected(ops.div, "/")
    __rpow__ = reflected(ops.pow, "**")
    __neg__ = unary(ops.neg, "neg")
    abs = __abs__ = unary(ops.abs, "abs")
    exp = unary(ops.exp, "exp")
    log = unary(ops.log, "log")
    relu = unary(ops.relu, "relu")
    tanh = unary(ops.tanh, "tanh")
    sigmoid = unary(ops.sigmoid, "sigmoid")

    def __pow__(self, other: Value | SupportsFloat) -> Value:
        local: tuple[float, ...]
        if isinstance(other, Value):
            data, local = ops.pow(self.data, other.data)
            return node(data, (self, other), "**", local, ops.pow)
        n = as_float(other)
        rule = ops.power(n)
        data, local = rule(self.data)
        return node(data, (self,), f"**{n:g}", local, rule)

    def __pos__(self) -> Value:
        return self

    def _backward(self) -> None:
        """Add this node's share to the gradient of each of its inputs: the chain rule."""
        grad = self.grad
        for i, local in zip(self._prev, self._local):
            i.grad += local * grad

    def backward(self) -> None:
        """Compute the gradient of every Value that this one depends on, in its `grad`."""
        backprop.backward(self)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={short(self.data)}, grad={short(self.grad)}{label})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else str(self)

    def __float__(self) -> float:
        return self.data

    def __bool__(self) -> bool:
        return self.data != 0.0

    def __lt__(self, other: Value | SupportsFloat) -> bool:
        return self.data < as_value(other).data

    def __le__(self, other: Value | SupportsFloat) -> bool:
        return self.data <= as_value(other).data

    def __gt__(self, other: Value | SupportsFloat) -> bool:
        return self.data > as_value(other).data

    def __ge__(self, other: Value | SupportsFloat) -> bool:
        return self.data >= as_value(other).data


# %% [markdown]
# Two more things are folded here. `apply` makes a Value with any rule, including one that you write yourself. The
# functions `dot`, `total` and `mean` take any number of inputs, and each makes one node where `+` and `*` would make
# many.


# %% mystnb={"code_prompt_show": "Apply a rule of your own, 21 lines"} tags=["hide-input"]
def apply(rule: ops.Rule, *inputs: Value | SupportsFloat, op: str = "") -> Value:
    """Return the Value that `rule` makes of `inputs`; the rule may be your own.

    Parameters
    ----------
    rule : callable
        Takes one float per input; returns the result and a tuple with one local
        derivative per input.
    *inputs : Value or number
    op : str, optional
        The operation's name in pictures; by default the name of the rule.

    Raises
    ------
    TypeError
        If the rule returns anything other than real numbers as (result, (d1, d2, ...)).
    ValueError
        If it returns more or fewer local derivatives than there are inputs.
    """
    values = tuple(map(as_value, inputs))
    name = op or getattr(rule, "__name__", "rule")
    data, local = as_answer(name, rule(*(v.data for v in values)), len(values))
    return node(data, values, name, local, rule)


# %% mystnb={"code_prompt_show": "Dot product, sum and mean, 34 lines"} tags=["hide-input"]
def dot(a: Iterable[Value | SupportsFloat], b: Iterable[Value | SupportsFloat]) -> Value:
    """Return the dot product Σ aᵢ·bᵢ as one node.

    Raises
    ------
    TypeError
        If `a` or `b` is not a list of Values or numbers.
    ValueError
        If `a` and `b` have different lengths.
    """
    inputs = as_values(as_halves("dot", a, b))
    data, local = ops.dot(*[v.data for v in inputs])
    return node(data, inputs, "dot", local, ops.dot)


def total(values: Iterable[Value | SupportsFloat]) -> Value:
    """Return the sum of the values as one node; without values it is 0, as for Python's `sum`.

    Raises
    ------
    TypeError
        If `values` is not a list of Values or numbers.
    """
    inputs = as_values(as_tuple("total", values))
    data, local = ops.total(*[v.data for v in inputs])
    return node(data, inputs, "total", local, ops.total)


def mean(values: Iterable[Value | SupportsFloat]) -> Value:
    """Return the mean of the values as one node.

    Raises
    ------
    TypeError
        If `values` is not a list of Values or numbers.
    ValueError
        If there is nothing to average.
    """
    inputs = as_values(as_tuple("mean", values, some=True))
    data, local = ops.mean(*[v.data for v in inputs])
    return node(data, inputs, "mean", local, ops.mean)


# %% [markdown]
# ## See it work
#
# Here is the formula from above, with one call of `backward`:

# %% tags=["active-ipynb"]
# a, b = Value(2.0, label="a"), Value(3.0, label="b")
# c = a * b + a
# c.backward()
# print(c)
# print(a)
# print(b)

# %% [markdown]
# The next formula is the example from micrograd's README, which gives the three results 24.7041, 138.8338 and 645.5773.
# It uses `relu`, which turns negative numbers into 0. The next chapter explains it, and `tanh` and `exp`, which the
# example after this one uses.

# %% tags=["active-ipynb"]
# a, b = Value(-4.0, label="a"), Value(2.0, label="b")
# c = a + b
# d = a * b + b**3
# c += c + 1
# c += 1 + c + (-a)
# d += d * 2 + (b + a).relu()
# d += 3 * d + (b - a).relu()
# e = c - d
# f = e**2
# g = f / 2.0
# g += 10.0 / f
# g.backward()
# print(f"g = {g.data:.4f}, dg/da = {a.grad:.4f}, dg/db = {b.grad:.4f}")

# %% [markdown]
# `backward` gives you the slope at one point, so a loop gives you the slope at many points. The next picture shows a
# function in blue and its slope in orange. What will the orange curve do where the blue one has a peak?

# %% tags=["active-ipynb"]
# def wave(x):
#     return (x * 2).tanh() * (-x * x / 4).exp() + x / 5
#
#
# points = [Value(x) for x in np.linspace(-4, 4, 161)]
# heights = [wave(point) for point in points]
# for height in heights:
#     height.backward()

# %% mystnb={"code_prompt_show": "The picture's code, 8 lines", "image": {"alt": "A wavy function in blue and its derivative in orange; the derivative crosses zero exactly where the function has its two peaks and its two valleys."}} tags=["active-ipynb", "hide-input"]
# x = [point.data for point in points]
# slopes = [point.grad for point in points]
# plt.axhline(0, color="#9ca3af", linewidth=1)
# plt.plot(x, [height.data for height in heights], color=FORWARD, label="the function")
# plt.plot(x, slopes, color=BACKWARD, label="its derivative, from backward()")
# plt.xlabel("x")
# plt.legend()
# plt.show()

# %% [markdown]
# It crosses zero: before a peak the slope is positive, and after it the slope is negative. At a valley it is the other
# way round.
#
# Finally, here is a graph to play with. It is `c = a*b + a` for any `a` and `b`, with the gradients filled in.

# %% mystnb={"image": {"alt": "The graph of c = a*b + a at a = 2 and b = \u22121: c is 0, the gradient of a is 0 and the gradient of b is 2."}} tags=["active-ipynb"]
# def product_and_sum(a, b):
#     a, b = Value(a, label="a"), Value(b, label="b")
#     c = a * b + a
#     c.label = "c"
#     c.backward()
#     return draw_graph(c)
#
#
# product_and_sum(2.0, -1.0)

# %% [markdown]
# Here $b = -1$, and the gradient of `a` is 0: its two paths give $-1$ and $+1$, which cancel. A nudge of `a` does
# nothing. To try other numbers, start this page as a notebook, run all the cells above, then open the folded cell below
# and run it: you get two sliders. Which of the two changes the gradient of `a`, and why does the other not?

# %% mystnb={"code_prompt_show": "The sliders"} tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(product_and_sum, a=(-4.0, 4.0, 0.5), b=(-4.0, 4.0, 0.5))

# %% [markdown]
# :::{dropdown} Which slider does?
# The slider of `b`. The gradient of `a` is $b + 1$: the product passes on $b$, and the sum passes on 1. There is no $a$
# in it.
# :::
#
# ## How it behaves
#
# You can mix Values with numbers on either side, including NumPy's numbers. A number becomes a leaf. There is one
# exception: in `v**2` the fixed exponent does not become a leaf. (Sums and products with a number on the left have `v`
# as their first input. The result is the same.)

# %% tags=["active-ipynb"]
# v = Value(3.0)
# for result in [v + 1, 1 - v, np.float64(2.0) * v, 2**v, v**2]:
#     print(f"{result.data:6.3f}  made by {result._op!r} from {[i.data for i in result._prev]}")

# %% [markdown]
# Some mistakes raise an error that tells you why. A list is not one number. Rounding jumps from one whole number to the
# next, and a jump has no slope. (A corner such as that of `relu` is no jump. There the engine chooses a slope, as
# [Operations](ops.ipynb) explains.)

# %% tags=["active-ipynb"]
# for attempt in [lambda: Value([1.0, 2.0]), lambda: Value("3"), lambda: round(v)]:
#     try:
#         attempt()
#     except TypeError as error:
#         print(error)

# %% [markdown]
# Your code may have loops and branches. The graph records what *this run* of your code did: Python decides how often a
# loop runs, and only the operations become boxes. Here `y` starts as `x` and grows until it reaches 100. What will the
# gradient of `x` be?

# %% tags=["active-ipynb"]
# for start in [3.0, 5.0]:
#     x = Value(start)
#     y = x
#     while y < 100:
#         y = y + y
#     y.backward()
#     print(f"from {x.data:g} to {y.data:g}: the gradient is {x.grad:g}, and y / x is {y.data / x.data:g}")

# %% [markdown]
# From 3, the run doubles six times, so its graph says $y = 64x$; from 5 it doubles five times. Each gradient is
# $y / x$, the slope of what was run. At 3.125 the number of doublings changes, so `y` jumps. There `backward` raises no
# error: it sees one run, and not the jump.
#
# The gradients of leaves **add up** over calls of `backward`, as in PyTorch. So you can sum the gradients of many
# examples. Interior nodes start again from 0 in each call. In the next cell, `x` moves `first` by 10 and `second` by
# 14, and its gradient is the sum of the two:

# %% tags=["active-ipynb"]
# x = Value(1.0, label="x")
# double = x * 2
# first, second = double * 5, double * 7
# first.backward()
# second.backward()
# print(x.grad)

# %% [markdown]
# You can take a number out of the graph on purpose. `Value(y.data)` is a new leaf that does not know how `y` was made
# (in PyTorch, [`detach`](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html)):

# %% tags=["active-ipynb"]
# x = Value(3.0)
# u = Value((x * x).data)
# (u * x).backward()
# print(x.grad)

# %% [markdown]
# The gradient is `u`, which is 9, and not $3x^2 = 27$, the slope of $x^3$: `backward` treats `u` as a constant.
#
# :::{dropdown} When a Value becomes a float
# A Value becomes a plain float when you write `float(v)` or `v.data`, and a float has no gradient. Write `v.exp()` or
# `np.exp(v)`, which return a Value. `math.exp(v)` returns a float, and `backward` cannot reach `v` through it.
# :::
#
# :::{dropdown} Comparing and printing Values
# `<`, `<=`, `>` and `>=` compare the numbers, and `bool(v)` is false for zero, as for floats. But `v == w` asks whether
# `v` and `w` are *the same node*, so that Values can be kept in sets and dicts. To compare the numbers, write
# `v.data == w.data`. A format such as `f"{v:.4f}"` prints the number alone.
# :::
#
# ## What you can now do
#
# - Say what a derivative is, and measure it with a nudge.
# - Read a computation graph: multiply along paths, add over paths.
# - Say why the walk goes backward.
# - Compute the gradient of a formula of `+ - * / **`, `abs`, `exp`, `log`, `relu`, `tanh` and `sigmoid` with one call
#   of `backward()`.
#
# ## In PyTorch this is …
#
# … a [tensor](https://docs.pytorch.org/docs/stable/generated/torch.tensor.html) with `requires_grad=True`. The same
# formula gives the same numbers:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     a = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
#     b = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
#     c = a * b + a
#     c.backward()
#     print(c.item(), a.grad.item(), b.grad.item())

# %% [markdown]
# [`grad`](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.grad.html) and
# [`backward()`](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html) have the same names here,
# and the gradients of leaves mean the same. (PyTorch keeps no gradients of interior nodes unless you ask for them.) The
# record of how a tensor was made, our `_prev` and `_backward`, is in its `grad_fn`. A tensor can also hold a whole
# array, so that one node stands for a million numbers.
#
# ## Exercises
#
# With folded solutions, in [Exercises: Value](exercises/value.ipynb):
#
# 1. Give `Tiny` subtraction
# 2. Add over paths
# 3. Walk downhill
# 4. Two names, one node
#
# ## Check yourself
#
# :::{dropdown} `y = x * x` at 3. How many arrows leave `x`, and what is its gradient?
# Two arrows, each with local derivative 3. They add up to 6.
# :::
#
# :::{dropdown} An input has the gradient −2. Which way should you move it to make the output smaller?
# Up, by a small step. The slope is negative, so the output falls as the input grows.
# :::
#
# :::{dropdown} Why does nudging need a million and one runs for a million weights, and `backward` a walk or two?
# A nudge tells you the slope of one input, so you need a run for each, and one more without a nudge to compare with.
# `backward` walks through the graph once to find the order. Then one walk from the output gives every node its
# gradient.
# :::
#
# :::{dropdown} You call `backward()` on the same root twice. What do the leaves hold?
# Twice the gradient. The interior nodes start again from 0, so the second call finds the same gradients, and leaves add
# them up. Set `grad` to zero between the calls if you do not want that.
# :::
#
# ## Sources
#
# Sending derivatives backward through a computation is called reverse-mode automatic differentiation
# {cite:p}`linnainmaa1970,griewank2008`. The shape of the class follows micrograd {cite:p}`karpathy2020micrograd`, whose
# README example is used above.
