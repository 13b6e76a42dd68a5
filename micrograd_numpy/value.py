# %% [markdown]
# # Value: a number that remembers
#
# Give a computer a formula and it hands you a number. In this chapter you build a number that hands you more: it
# remembers how it was made, so it can tell how far each input moved it. That one ability is what trains every neural
# network.
#
# - **You will build** `Value`, a class that works like a float and knows its derivatives.
# - **You need** Python classes and operators. From school: the slope of a line. Nothing more.
# - **Time** about 30 minutes.

# %%
"""Value: a number that remembers how it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, SupportsFloat

from micrograd_numpy import backprop, ops
from micrograd_numpy.guards.numbers import as_answer, as_float, as_halves, as_tuple, short
from micrograd_numpy.guards.refusals import Refusals

__all__ = ["Value", "apply", "dot", "mean", "total"]


# %% [markdown]
# The cell above is the top of the file `micrograd_numpy/value.py`, because this page *is* that file: cells like it are
# the library, and the others show you around in it.
#
# ## Nudge and watch
#
# Before any class, take a plain function and poke it.

# %% tags=["active-ipynb"]
# def f(x):
#     return x**2
#
#
# f(3.0)

# %% [markdown]
# How much does the output move when the input moves a little? You need no theory to find out. Nudge the input, and
# watch.
#
# Before you run the next cell: the input grows by 0.001. By how much does the output grow?

# %% tags=["active-ipynb"]
# nudge = 0.001
# print(f"moved by {f(3.0 + nudge) - f(3.0):.6f}")
# print(f"that is  {(f(3.0 + nudge) - f(3.0)) / nudge:.3f} times the nudge")

# %% [markdown]
# The output moves about six times as far as the input. Make the nudge smaller and the "about" melts away:

# %% tags=["active-ipynb"]
# for nudge in [1.0, 0.1, 0.01, 0.001, 0.0001]:
#     print(f"nudge {nudge:<6}  ratio {(f(3.0 + nudge) - f(3.0)) / nudge:.4f}")

# %% [markdown]
# The number that the ratio settles on, 6, is the **derivative** of $f$ at 3. It is a slope, and you can see it: zoom in
# on a smooth curve and it turns into a straight line.

# %% mystnb={"image": {"alt": "The parabola f(x) = x\u00b2 and the straight line of slope 6 that touches it at x = 3."}} tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# import numpy as np
#
# from micrograd_numpy.drawing.style import BACKWARD, FORWARD, book_style
#
# book_style()
# x = np.linspace(0, 5, 200)
# plt.plot(x, f(x), color=FORWARD, label="f(x) = x²")
# plt.plot(x, f(3.0) + 6 * (x - 3), color=BACKWARD, linestyle="--", label="slope 6 at x = 3")
# plt.plot(3, 9, "o", color=BACKWARD)
# plt.xlabel("x")
# plt.ylim(-10, 26)
# plt.legend()
# plt.show()

# %% [markdown]
# At 3, moving right by a little means moving up by six times that little. That is all a derivative says, and all this
# book needs of calculus.
#
# ## Two inputs, two slopes
#
# A formula with two inputs has two slopes: nudge one input and hold the other still.

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
# These are written $\partial g/\partial a = 4$ and $\partial g/\partial b = 2$. The curly $\partial$ says "this input
# moves, the others stay". Together they are the **gradient**: it tells you which way to push each input to make the
# output grow. Push the other way and it shrinks. Training a network is this, with the error as the output and the
# weights as inputs.
#
# So are we done? Nudging has two flaws. The first is that the nudge must not be too small either:

# %% tags=["active-ipynb"]
# for nudge in [1e-6, 1e-9, 1e-12, 1e-15, 1e-18]:
#     print(f"nudge {nudge:.0e}  ratio {(g(2.0 + nudge, 3.0) - g(2.0, 3.0)) / nudge:.6f}")

# %% [markdown]
# A float has about 16 digits. Subtract two numbers that agree in 15 of them and almost nothing is left; nudge by less
# than the last digit and nothing moves at all.
#
# The second flaw is worse. Each input needs a run of its own. A model with a million weights needs a million and one
# runs of the formula, for one small step of training. We want every slope at once, to the last digit, for about the
# price of one run. For that, a number must remember.
#
# ## A number that remembers
#
# Here is the smallest one. It holds a float, and when you add or multiply, the result keeps hold of what it was made
# from.

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
# print(c.data, "was made by", c.op, "from", [i.data for i in c.inputs])

# %% [markdown]
# You wrote `a * b + a`, and Python called your methods in turn. Ask `c` where it came from and you can walk all the way
# back.

# %% tags=["active-ipynb"]
# def history(value, depth=0):
#     print("   " * depth + f"{value.data} {value.op and 'made by ' + value.op}".rstrip())
#     for i in value.inputs:
#         history(i, depth + 1)
#
#
# history(c)

# %% [markdown]
# Read the 2.0 at the bottom again: it is `a`, and it is also the first number on the line of the product. One number,
# used twice. A list can't show that, a picture can. This is the same formula, drawn by the engine that you are about to
# build:

# %% mystnb={"image": {"alt": "The graph of c = a*b + a: a and b feed a product of 6, and the product and a again feed a sum of 8. Two arrows leave a."}} tags=["active-ipynb"]
# from micrograd_numpy import draw_graph
# from micrograd_numpy.value import Value as Finished
#
# a, b = Finished(2.0, label="a"), Finished(3.0, label="b")
# c = a * b + a
# c.label = "c"
# draw_graph(c)

# %% [markdown]
# Such a picture is a **computation graph**. Each box is a number, each arrow says "was used for". The boxes with no
# arrow into them are the **leaves**: the inputs. The box at the right is the **root**: the output.
#
# ## What one step knows
#
# No single operation knows the whole formula. Each knows its own small part, and that is enough.
#
# - A product $p = ab$: nudge $a$ by a little and $p$ moves $b$ times as far. Nudge $b$, and it moves $a$ times as far.
# - A sum $s = p + a$: nudge either and $s$ moves just as far, 1 times.
#
# These are **local derivatives**. Write them on the arrows:

# %% mystnb={"image": {"alt": "The same graph with a number on each arrow: 3 from a to the product, 2 from b to the product, 1 from the product to the sum and 1 from a to the sum."}} tags=["active-ipynb"]
# draw_graph(c, local_derivatives=True)

# %% [markdown]
# Now follow a nudge of `b` to the end. It is doubled on the way to the product, and then passed on as it is:
# $2 \times 1 = 2$. Along a path, factors **multiply**.
#
# A nudge of `a` travels along two paths at once. Through the product it becomes $3 \times 1 = 3$; straight into the sum
# it stays $1$. Both arrive at `c`, so it moves by their sum, 4. Over paths, contributions **add**.
#
# Multiply along paths, add over paths. This is the **chain rule**, and these are the 4 and 2 that nudging found.
#
# Following every path would be slow, because paths multiply as graphs grow. So go backwards, from the root, and let
# every box collect what reaches it. First the root: nudge `c` and `c` moves 1 times as far. Then each box hands its
# share to its inputs.

# %% tags=["active-ipynb"]
# class Tiny:
#     def __init__(self, data, inputs=(), local=()):
#         self.data, self.grad = data, 0.0
#         # local[i] is how inputs[i] moves this number
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
# Two calls, one per operation, and both slopes are there: 4 and 2, exactly. No nudge, no rounding, one run of the
# formula. `hand_back` is the whole of the mathematics in this book.
#
# You chose the order of the calls by looking at the picture. To find it for any graph is the subject of
# [Backpropagation](backprop.ipynb). Here we finish the number.
#
# ## The real class
#
# `Tiny` is right, but rough: it knows two operations, `a + 1` fails, and you have to call `hand_back` yourself. What
# follows is the library's version, in five short pieces.
#
# **The door.** A Value holds one real number. What comes in is turned into a plain Python float at once, so that
# nothing surprising travels through the graph; what can't be turned is refused with a reason. The function that does
# it, `as_float`, stands with its like in `micrograd_numpy/guards/numbers.py`:

# %% tags=["active-ipynb"]
# print(as_float(np.float32(0.5)))
# try:
#     as_float([2.0, 3.0])
# except TypeError as error:
#     print(error)

# %% [markdown]
# Wherever a Value may come in, a number will do: it becomes a Value first.


# %%
def as_value(x: Value | SupportsFloat) -> Value:
    """`x` itself if it is a Value, else a new leaf that holds it."""
    return x if isinstance(x, Value) else Value(x)


def as_values(xs: tuple[Any, ...]) -> tuple[Value, ...]:
    """Each of `xs` as a Value."""
    for x in xs:
        if type(x) is not Value:
            return tuple(map(as_value, xs))
    return xs  # as mostly: nothing to do


# %% [markdown]
# **One node.** An operation has computed its result and its local derivatives. Here they become a Value that knows its
# inputs. (It skips `__init__`: the data is known to be a float, and this is where a large graph spends its time. Later
# chapters put functions that watch in its place for a while, one at a time: `micrograd_numpy/guards/replaced.py`.)


# %%
def node(data: float, inputs: tuple[Value, ...], op: str, local: tuple[float, ...], rule: ops.Rule) -> Value:
    """A Value that an operation made: its result, its inputs and its local derivatives."""
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
# **From rule to method.** A *rule* is a function on plain floats, such as `ops.mul(2.0, 3.0)`. It returns the result
# and the local derivatives:

# %% tags=["active-ipynb"]
# ops.mul(2.0, 3.0)

# %% [markdown]
# There is one rule for each operation, and the next chapter, [Operations](ops.ipynb), derives them all. To turn a rule
# into a method takes the same few lines every time, so we write those lines once. `reflected` serves `2 - v`, where
# Python asks the right-hand side for help.


# %%
def name_after(method: Callable[..., Any], rule: ops.Rule) -> Callable[..., Any]:
    """`method` under the name of its rule, for `help` and for error messages."""
    method.__name__, method.__qualname__, method.__doc__ = rule.__name__, f"Value.{rule.__name__}", rule.__doc__
    return method


def unary(rule: ops.Rule, op: str) -> Callable[[Value], Value]:
    """The method that applies a rule of one input."""

    def method(self: Value) -> Value:
        data, local = rule(self.data)
        return node(data, (self,), op, local, rule)

    return name_after(method, rule)


def binary(rule: ops.Rule, op: str) -> Callable[[Value, Value | SupportsFloat], Value]:
    """The method that applies a rule of two inputs, `self` first."""

    def method(self: Value, other: Value | SupportsFloat) -> Value:
        if not isinstance(other, Value):
            other = Value(other)
        data, local = rule(self.data, other.data)
        return node(data, (self, other), op, local, rule)

    return name_after(method, rule)


def reflected(rule: ops.Rule, op: str) -> Callable[[Value, Value | SupportsFloat], Value]:
    """The method that applies a rule of two inputs, `other` first."""
    forward = binary(rule, op)
    return name_after(lambda self, other: forward(as_value(other), self), rule)


# %% [markdown]
# **The class.** With that, `Value` is a table: each operator, and its rule. The chain rule is `_backward`, which you
# know as `hand_back`. A node's inputs are in `_prev`, the name that readers of micrograd
# {cite:p}`karpathy2020micrograd` know. What no gradient could cross, such as `int(v)`, is refused by `Refusals`, in
# `micrograd_numpy/guards/refusals.py`.


# %%
class Value(Refusals):
    """A number that remembers how it was made, and can say how its inputs moved it.

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
        ∂root/∂self after `root.backward()`. Leaves accumulate over calls.
    label : str
        The name.

    Raises
    ------
    TypeError
        If `data` is not one real number.

    Notes
    -----
    `a < b` and its kin compare the numbers; `bool(a)` is `a.data != 0`; but `a == b`
    asks whether a and b are one and the same node, so Values can live in sets and
    dicts. Compare `a.data == b.data` for the numbers.

    Examples
    --------
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> c = a * b + a
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (8.0, 4.0, 2.0)
    """

    __slots__ = ("_local", "_op", "_prev", "_rule", "data", "grad", "label")
    __array_priority__ = 1e3  # NumPy leaves operators to us, as in np.float64(2) * v

    def __init__(self, data: SupportsFloat, label: str = "") -> None:
        self.data: float = as_float(data)
        self.grad: float = 0.0
        self.label: str = label
        self._prev: tuple[Value, ...] = ()  # the inputs; a leaf has none
        self._op: str = ""  # the operation that made it
        self._local: tuple[float, ...] = ()  # ∂self/∂input for each input
        self._rule: ops.Rule | None = None  # what computed both

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
        if isinstance(other, Value):
            data, local = ops.pow(self.data, other.data)
            return node(data, (self, other), "**", local, ops.pow)
        n = as_float(other)
        rule = ops.power(n)
        data, slope = rule(self.data)
        return node(data, (self,), f"**{n:g}", slope, rule)

    def __pos__(self) -> Value:
        return self

    def _backward(self) -> None:
        """Propagate this node's gradient to its inputs: the chain rule."""
        grad = self.grad
        for i, local in zip(self._prev, self._local):
            i.grad += local * grad

    def backward(self) -> None:
        """Fill `grad` of every Value that this one depends on."""
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
# **Rules of any size.** `apply` makes a Value from any rule, also from one that you write yourself. Rules from outside
# are checked: a slip in one would surface much later, in `backward`.


# %%
def apply(rule: ops.Rule, *inputs: Value | SupportsFloat, op: str = "") -> Value:
    """The Value that `rule` makes of `inputs`: how to use a rule of your own.

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
        If the rule returns anything else than real numbers as (result, (d1, d2, ...)).
    ValueError
        If it returns more or fewer local derivatives than there are inputs.
    """
    values = tuple(map(as_value, inputs))
    name = op or getattr(rule, "__name__", "rule")
    data, local = as_answer(name, rule(*(v.data for v in values)), len(values))
    return node(data, values, name, local, rule)


# %% [markdown]
# Three that take any number of inputs come with the library: `dot`, which a neuron needs, and `total` and `mean`, which
# a loss needs. Each is one node where `+` and `*` would make many.


# %%
def dot(a: Iterable[Value | SupportsFloat], b: Iterable[Value | SupportsFloat]) -> Value:
    """Σ aᵢ·bᵢ as one node.

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
    """The sum of some Values as one node; of none, it is 0, as for Python's `sum`.

    Raises
    ------
    TypeError
        If `values` is not a list of Values or numbers.
    """
    inputs = as_values(as_tuple("total", values))
    data, local = ops.total(*[v.data for v in inputs])
    return node(data, inputs, "total", local, ops.total)


def mean(values: Iterable[Value | SupportsFloat]) -> Value:
    """The average of some Values as one node.

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
# ## The promise, kept
#
# The formula that you nudged, and asked, and solved by hand:

# %% tags=["active-ipynb"]
# a, b = Value(2.0, label="a"), Value(3.0, label="b")
# c = a * b + a
# c.backward()
# print(c)
# print(a)
# print(b)

# %% [markdown]
# Now one that nobody wants to solve by hand. It is the example from micrograd's README, and its three published results
# are 24.7041, 138.8338 and 645.5773.

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
# Since `backward` gives you the slope at one point, a loop gives you the slope everywhere. Any formula will do. Look
# where the orange curve crosses zero: there the blue one is flat.

# %% mystnb={"image": {"alt": "A wavy function in blue and its derivative in orange; the derivative is zero exactly where the function has its peaks and valleys."}} tags=["active-ipynb"]
# def wave(x):
#     return (x * 2).tanh() * (-x * x / 4).exp() + x / 5
#
#
# points = [Value(x) for x in np.linspace(-4, 4, 161)]
# heights = [wave(point) for point in points]
# for height in heights:
#     height.backward()
#
# x = [point.data for point in points]
# plt.axhline(0, color="#9ca3af", linewidth=1)
# plt.plot(x, [height.data for height in heights], color=FORWARD, label="the function")
# plt.plot(
#     x,
#     [point.grad for point in points],
#     color=BACKWARD,
#     label="its derivative, from backward()",
# )
# plt.xlabel("x")
# plt.legend()
# plt.show()

# %% [markdown]
# Do not take the orange curve on trust. Nudge, and compare:

# %% tags=["active-ipynb"]
# nudge = 1e-6
# slopes = [(wave(Value(v + nudge)).data - wave(Value(v - nudge)).data) / (2 * nudge) for v in x]
# worst = max(abs(slope - point.grad) for slope, point in zip(slopes, points))
# print(f"161 points, largest difference below 1e-8: {worst < 1e-8}")

# %% [markdown]
# Turn the knobs yourself. The function below draws `c = a*b + a` for any `a` and `b`, with the gradients filled in.

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
# Here $b = -1$, and `a` has gradient 0: its two paths, $-1$ and $+1$, cancel. A nudge of `a` does nothing. Run
# everything down to the folded cell below, and you get a pair of sliders. Find out which of the two moves the gradient
# of `a`, and why the other does not.

# %% tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(product_and_sum, a=(-4.0, 4.0, 0.5), b=(-4.0, 4.0, 0.5))

# %% [markdown]
# ## How it behaves
#
# A Value mixes with numbers on either side, NumPy's included. A number becomes a leaf of its own.

# %% tags=["active-ipynb"]
# v = Value(3.0)
# for result in [v + 1, 1 - v, np.float64(2.0) * v, v / 2, 2**v, -v]:
#     print(f"{result.data:6.3f}  made by {result._op!r} from {[i.data for i in result._prev]}")

# %% [markdown]
# A list or an array is not one number, and the class says so rather than guess.

# %% tags=["active-ipynb"]
# for wrong in ["3", None, 1j, [1.0, 2.0]]:
#     try:
#         Value(wrong)
#     except TypeError as error:
#         print(error)

# %% [markdown]
# Gradients of leaves **add up** over calls of `backward`, as in PyTorch. That is what lets you sum the gradients of
# many examples. Two roots that share a node show it: $x$ moves `a` by 10 and `b` by 14.

# %% tags=["active-ipynb"]
# x = Value(1.0, label="x")
# h = x * 2
# a, b = h * 5, h * 7
# a.backward()
# b.backward()
# print(x.grad)

# %% [markdown]
# The right answer is 24. An engine that also lets the *inner* node `h` accumulate gives 34: the second call would hand
# back what the first had left in `h`. That is a bug to meet in slow motion, in [Backpropagation](backprop.ipynb).
#
# Last, some habits. `<` compares the numbers. `bool` is false for zero, as for floats. But `==` asks whether two names
# mean *the same node*, so that Values can live in sets and dicts; to compare numbers, compare `.data`. A format such as
# `.4f` is for the number alone.

# %% tags=["active-ipynb"]
# print(Value(1.0) < Value(2.0), bool(Value(0.0)), float(Value(2.5)))
# print(Value(1.0) == Value(1.0), Value(1.0).data == Value(1.0).data)
# print(f"{Value(2 / 3):.4f}", f"{Value(2 / 3)}")

# %% [markdown]
# What leaves the class as a float has forgotten how it was made. `np.exp` asks a Value for its own `exp`. But
# `math.exp` asks for a float, and what comes out is no Value: nothing would learn through it.

# %% tags=["active-ipynb"]
# import math
#
# print(np.exp(v))
# print(math.exp(v))

# %% [markdown]
# What jumps has no slope at the jump, so rounding is refused, and so are `int`, `//` and `%`. The error says what to
# write.

# %% tags=["active-ipynb"]
# try:
#     round(v)
# except TypeError as error:
#     print(error)

# %% [markdown]
# ## What you can now do
#
# - Read a derivative as "how many times as far", and measure it with a nudge.
# - Read a computation graph: multiply along paths, add over paths.
# - Compute the gradient of any formula built from `+ - * / **`, `abs`, `exp`, `log`, `relu`, `tanh` and `sigmoid` with
#   one call of `backward()`.
#
# ## In PyTorch this is …
#
# … a tensor with `requires_grad=True`. The same lines, the same numbers:

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
# `data`, `grad` and `backward()` have the same names and the same meaning. `_prev` and `_backward` are hidden in
# PyTorch's `grad_fn`. What a tensor adds is arrays: one node for a million numbers.
#
# ## Exercises
#
# Worked and folded, in [Exercises: Value](exercises/value.ipynb):
#
# 1. Give `Tiny` subtraction, and check it by nudging.
# 2. Predict a gradient by adding over paths, before the engine tells you.
# 3. Find the lowest point of a curve by stepping against the slope.
#
# ## Check yourself
#
# :::{dropdown} `y = x * x` at 3. How many arrows leave `x`, and what is its gradient?
# Two arrows, each with local derivative 3. They add: 6.
# :::
#
# :::{dropdown} A nudge of an input moves the output by −0.5 times as far. Which way makes the output smaller?
# Up. The slope is negative, so growing the input shrinks the output.
# :::
#
# :::{dropdown} Why does nudging need a million runs for a million weights, and `backward` one?
# A nudge answers for one input. `backward` starts from the output, and hands every node its share on one walk through
# the graph.
# :::
#
# :::{dropdown} You call `backward()` on the same root twice. What do the leaves hold?
# Twice the gradient: leaves accumulate. Set `grad` to zero between calls when you do not want that.
# :::
#
# ## Sources
#
# The graph with derivatives that flow backwards is reverse-mode automatic differentiation
# {cite:p}`linnainmaa1970,griewank2008`. The shape of the class follows micrograd {cite:p}`karpathy2020micrograd`, whose
# README example is used above.
