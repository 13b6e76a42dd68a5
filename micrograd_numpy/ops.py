# %% [markdown]
# # Operations: one rule each
#
# An operation has to know two things: its result, and how much the result changes when each input changes. In this
# chapter you derive the second for every operation of the engine, in a few lines each, and write both down as short
# functions.
#
# - **You will build** the rules of `+ - * / **`, `exp`, `log`, `relu`, `tanh`, `sigmoid`, `abs`, `dot`, `total` and
#   `mean`; and then a rule of your own.
# - **You need** the [Value](value.ipynb) chapter through "Why backward". One section near the end uses the finished
#   class.
# - **Time** about 30 minutes.

# %% mystnb={"code_prompt_show": "Imports and types, 9 lines"} tags=["hide-input"]
"""The rules: one function per operation, from plain floats to the result and its local derivatives."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Rule = Callable[..., tuple[float, tuple[float, ...]]]
Number = Any  # a float, or an object that computes like one and has methods such as exp and log


# %% [markdown]
# A **rule** takes plain floats. (Where you see `Number`, a symbol may stand for the float: [Vectorize](vectorize.ipynb)
# runs the rules with symbols, and for these, `elementary` calls a method of the symbol instead of `math.tanh`.) It
# returns the result, and a tuple with one **local derivative** for each input: how much the result changes per unit of
# change in that input, for a small nudge, while the other inputs stay the same. For short, we also call it the slope. A
# rule does nothing else: it makes no node and changes no graph.
#
# The folded cell has two helpers for this page. `check` prints a rule's result and its local derivatives, and then the
# slopes that you get by nudging. `portrait` plots a curve in blue and its local derivative in orange.

# %% mystnb={"code_prompt_show": "The helpers check and portrait, 23 lines"} tags=["active-ipynb", "hide-input"]
# import matplotlib.pyplot as plt
# import numpy as np
#
# from micrograd_numpy.drawing.style import ACCENT, BACKWARD, FORWARD, book_style
#
# book_style()
#
#
# def check(rule, *inputs, nudge=1e-6):
#     result, local = rule(*inputs)
#     slopes = []
#     for i in range(len(inputs)):
#         up = [x + nudge * (i == j) for j, x in enumerate(inputs)]
#         down = [x - nudge * (i == j) for j, x in enumerate(inputs)]
#         slopes.append((rule(*up)[0] - rule(*down)[0]) / (2 * nudge))
#     rows = zip(("result", "rule", "by nudging"), ([result], local, slopes))
#     print("   ".join(f"{name}: {', '.join(f'{x:.4f}' for x in row)}" for name, row in rows))
#
#
# def portrait(curve, low, high, name):
#     x = np.linspace(low, high, 401)
#     values, slopes = zip(*(curve(float(v)) for v in x))
#     plt.figure(figsize=(5.2, 3))
#     plt.axhline(0, color="#9ca3af", linewidth=1)
#     plt.plot(x, values, color=FORWARD, label=name)
#     plt.plot(x, slopes, color=BACKWARD, label="local derivative")
#     plt.xlabel("a")
#     plt.legend()
#     plt.show()

# %% [markdown]
# ## Sum, difference, negative
#
# Nudge $a$ by $h$, and $a + b$ becomes $(a + h) + b$. It changes by exactly $h$, so $\partial (a + b)/\partial a = 1$.
# The same holds for $b$. A sum passes its gradient on to both inputs unchanged. For a difference, one sign changes:
# $a - (b + h)$ is $h$ *less* than $a - b$. And $-a$ is the difference $0 - a$.


# %%
def add(a: float, b: float) -> tuple[float, tuple[float, float]]:
    """Return a + b, with ∂/∂a = 1 and ∂/∂b = 1."""
    return a + b, (1.0, 1.0)


def sub(a: float, b: float) -> tuple[float, tuple[float, float]]:
    """Return a − b, with ∂/∂a = 1 and ∂/∂b = −1."""
    return a - b, (1.0, -1.0)


def neg(a: float) -> tuple[float, tuple[float]]:
    """Return −a, with ∂/∂a = −1."""
    return -a, (-1.0,)


# %% tags=["active-ipynb"]
# check(add, 2.0, 3.0)
# check(sub, 2.0, 3.0)
# check(neg, 2.0)

# %% [markdown]
# You could do without `sub`, because $a - b = a + (-b)$. But then each difference would cost one more node, and one
# more box in every picture. A rule of its own is only a few lines.
#
# ## Product
#
# $(a + h)\,b - ab = hb$. So the product changes by $b$ times the nudge, and $\partial (ab)/\partial a = b$. In the same
# way, $\partial (ab)/\partial b = a$. The local derivative for each input is *the other input*. In [Value](value.ipynb)
# you saw it as the strip that a rectangle gains when one of its sides grows.


# %%
def mul(a: float, b: float) -> tuple[float, tuple[float, float]]:
    """Return a·b, with ∂/∂a = b and ∂/∂b = a."""
    return a * b, (b, a)


# %% tags=["active-ipynb"]
# check(mul, 3.0, 2.0)
# check(mul, 3.0, 0.0)

# %% [markdown]
# Look at the second line. When $b = 0$, a nudge of $a$ does not change the product at all. So the product passes a
# gradient of 0 on to $a$, and along this path it stays 0.
#
# ## Where Python raises and IEEE arithmetic carries on
#
# Not every result is a real number. What does each of these four lines give? Decide before you run them.

# %% tags=["active-ipynb"]
# for text in ["1.0 / 0.0", "math.exp(1000.0)", "math.log(0.0)", "(-8.0) ** (1 / 3)"]:
#     try:
#         print(f"{text:18} {eval(text):.3f}")
#     except (ArithmeticError, ValueError) as error:
#         print(f"{text:18} {type(error).__name__}: {error}")

# %% [markdown]
# No line gives a real number. Three raise an exception, and the fourth gives a complex number. An exception ends the
# program unless you catch it, so one unlucky example can end hours of training. (A nan that goes on is no better if
# nobody looks: [Anomalies](anomaly.ipynb) finds where it began.)
#
# By default, arithmetic that follows the IEEE standard {cite:p}`ieee754` carries on in these cases. The result is an
# infinity (`inf` or `-inf`) or "not a number" (`nan`), and the computation goes on. PyTorch does the same, and so does
# NumPy, with [a warning](https://numpy.org/doc/stable/reference/generated/numpy.seterr.html). So do the functions on
# which our rules are built. This is the one for division:


# %%
def divide(a: float, b: float) -> float:
    """Return a/b as IEEE 754 defines it: ±inf or nan where Python raises."""
    try:
        return a / b
    except ZeroDivisionError:
        return a * math.copysign(math.inf, b)


# %% [markdown]
# The functions for $e^a$, $\ln a$ and $a^b$ are similar: `exponential`, `logarithm` and `raised`. They are folded.


# %% mystnb={"code_prompt_show": "The same for e\u1d43, ln a and a\u1d47, 27 lines"} tags=["hide-input"]
def elementary(function: Callable[[float], float], a: Number) -> Number:
    """Return function(a) if `a` is a float; for another kind of number, call its own method of that name."""
    try:
        return function(a)
    except TypeError:
        return getattr(a, function.__name__)()


def exponential(a: Number) -> Number:
    """Return eᵃ as IEEE 754 defines it: inf where Python raises."""
    try:
        return elementary(math.exp, a)
    except OverflowError:
        return math.inf


def logarithm(a: Number) -> Number:
    """Return ln a as IEEE 754 defines it: −inf at zero, nan below."""
    try:
        return elementary(math.log, a)
    except ValueError:
        return -math.inf if a == 0.0 else math.nan


def raised(a: Number, b: Number) -> Number:
    """Return aᵇ as IEEE 754 defines it: ±inf or nan where Python raises or turns complex."""
    try:
        return math.pow(a, b)
    except (OverflowError, ValueError):
        infinity = math.copysign(math.inf, a) if math.fabs(b) % 2.0 == 1.0 else math.inf  # an odd power keeps the sign
        return math.nan if a < 0.0 and b % 1.0 else infinity  # a negative number has no such root
    except TypeError:
        return a**b


# %% tags=["active-ipynb"]
# for text in ["divide(1.0, 0.0)", "divide(0.0, 0.0)", "exponential(1000.0)", "logarithm(0.0)", "raised(-8.0, 1 / 3)"]:
#     print(f"{text:20} {eval(text)}")

# %% [markdown]
# An `inf` need not do harm: in the sigmoid below, it leads to a result that is right, or wrong by less than
# $10^{-308}$.
#
# ## Quotient
#
# Let $q = a/b$. Nudge $a$ by $h$, and $q$ changes by $(a + h)/b - a/b = h/b$. So $\partial q/\partial a = 1/b$.
#
# To see what a nudge of $b$ does, draw $a = q\,b$ as a rectangle that is $b$ wide and $q$ high. Its area must stay $a$.
# When it becomes wider, it has to become lower.

# %% mystnb={"code_prompt_show": "The picture's code, 16 lines", "image": {"alt": "A rectangle, b = 2 wide and q = 1.5 high. It becomes wider by h and lower by \u2212k. The strip lost on top and the strip gained on the right have the same area."}} tags=["active-ipynb", "hide-input"]
# b, q, h = 2.0, 1.5, 0.5
# k = -q * h / (b + h)
# fig, ax = plt.subplots(figsize=(4.6, 2.8))
# ax.add_patch(plt.Rectangle((0, 0), b, q + k, color=FORWARD, alpha=0.25))
# ax.add_patch(plt.Rectangle((0, q + k), b, -k, color=BACKWARD, alpha=0.45))
# ax.add_patch(plt.Rectangle((b, 0), h, q + k, color=ACCENT, alpha=0.45))
# ax.text(b / 2, (q + k) / 2, "stays", ha="center", va="center", fontsize=12)
# ax.text(b / 2, q + k / 2, "lost", ha="center", va="center", fontsize=12)
# ax.text(b + h / 2, (q + k) / 2, "gained", ha="center", va="center", rotation=90, fontsize=12)
# ax.text(b / 2, -0.2, f"b = {b:g}", ha="center")
# ax.text(b + h / 2, -0.2, "h", ha="center", color=ACCENT)
# ax.text(-0.1, (q + k) / 2, "q + k", va="center", ha="right")
# ax.text(-0.1, q + k / 2, "−k", va="center", ha="right", color=BACKWARD)
# ax.set(xlim=(-0.6, 2.7), ylim=(-0.35, 1.6), aspect="equal")
# ax.axis("off")
# plt.show()

# %% [markdown]
# Let $k$ be the change in $q$; here it is negative. The strip lost on top is $b$ wide and $-k$ high. The strip gained
# on the right is $h$ wide and $q + k$ high. They have the same area, so $-k\,b = (q + k)\,h$, which gives
# $k = -q\,h/(b + h)$. Divide by the nudge: the ratio is $-q/(b + h)$. For a small $h$ that is
#
# $$\frac{\partial q}{\partial b} = -\frac{q}{b} = -\frac{a}{b^2}.$$


# %%
def div(a: float, b: float) -> tuple[float, tuple[float, float]]:
    """Return a/b, with ∂/∂a = 1/b and ∂/∂b = −a/b²."""
    quotient = divide(a, b)
    return quotient, (divide(1.0, b), -divide(quotient, b))


# %% tags=["active-ipynb"]
# check(div, 1.0, 2.0)

# %% [markdown]
# ## Power
#
# If $n$ is a whole number, $a^n = a \cdot a \cdots a$. The number $a$ is used $n$ times, so a nudge travels along $n$
# paths. On each path, it is multiplied by the other $n - 1$ factors. Add over the paths, and you get $n\,a^{n-1}$. The
# argument counts paths, so it needs a whole $n$ above 0. For other exponents, see "Power, with both sides free" below.
#
# The exponent is usually a constant, as in `x**2`. The gradient of a constant is never needed, so this rule stores $n$:
# `power(2.0)` *makes* the rule of the square.


# %%
@dataclass(unsafe_hash=True, slots=True)  # equal and hashable, because a cache of the compiler looks rules up
class power:  # noqa: N801  # called like a function, as functools.partial is
    """The rule of aⁿ for one constant n, with ∂/∂a = n·aⁿ⁻¹; two rules with equal n are equal."""

    n: float

    def __call__(self, a: float) -> tuple[float, tuple[float]]:
        """Return aⁿ, with ∂/∂a = n·aⁿ⁻¹."""
        return raised(a, self.n), (self.n * raised(a, self.n - 1.0) if self.n else 0.0,)


# %% mystnb={"image": {"alt": "The curve a\u00b3 and its derivative 3a\u00b2: the derivative is never negative, and it touches zero at a = 0, where the curve is flat."}} tags=["active-ipynb"]
# check(power(2.0), 3.0)
# check(power(0.5), 9.0)
# portrait(power(3.0), -1.5, 1.5, "a³")

# %% [markdown]
# Why does the rule ask `if self.n`? $a^0$ is 1 for every $a$, so its slope is 0. At $a = 0$, the formula would give
# $0 \cdot 0^{-1}$, which is $0 \cdot \infty$, and that is not a number.
#
# ## Exponential
#
# For any base above 0, $\text{base}^{a + h} = \text{base}^a \cdot \text{base}^h$, so a nudge of $a$ multiplies the
# result by $\text{base}^h$. How far is that from 1 when $h$ is small? Here are three bases:

# %% tags=["active-ipynb"]
# for base in [2.0, math.e, 3.0]:
#     print(f"base {base:.4f}: (base^h - 1)/h = {(base**1e-7 - 1) / 1e-7:.4f}")

# %% [markdown]
# This defines $e$: it is the base for which the ratio tends to 1 as $h$ becomes small, so $e^h \approx 1 + h$. Hence
# $e^{a+h} \approx e^a (1 + h)$: the slope of the curve is its own height.


# %%
def exp(a: float) -> tuple[float, tuple[float]]:
    """Return eᵃ, with ∂/∂a = eᵃ."""
    result = exponential(a)
    return result, (result,)


# %% tags=["active-ipynb"]
# check(exp, 1.0)

# %% mystnb={"code_prompt_show": "The picture's code, 20 lines", "image": {"alt": "The exponential curve with lines that touch it at \u22121, 0 and 1: the slope of each line equals the height of the curve there."}} tags=["active-ipynb", "hide-input"]
# x = np.linspace(-2, 2, 201)
# plt.figure(figsize=(5.2, 3))
# plt.plot(x, np.exp(x), color=FORWARD, label="eᵃ")
# for a in [-1.0, 0.0, 1.0]:
#     result, (slope,) = exp(a)
#     ends = np.array([a - 0.6, a + 0.6])
#     plt.plot(ends, result + slope * (ends - a), color=BACKWARD)
#     plt.plot(a, result, "o", color=BACKWARD)
#     plt.annotate(
#         f"height {result:.2f}, slope {slope:.2f}",
#         (a, result),
#         xytext=(-8, 8),
#         textcoords="offset points",
#         ha="right",
#         fontsize=9,
#     )
# plt.xlim(-3, 2)
# plt.xlabel("a")
# plt.legend()
# plt.show()

# %% [markdown]
# ## Logarithm
#
# The logarithm undoes the exponential: $y = \ln a$ means $a = e^y$. A nudge $k$ of $y$ changes $a$ by about
# $e^y k = a\,k$. So if $a$ changes by $h$, then $y$ changes by about $k = h/a$. In symbols,
# $\partial a/\partial y = a$, and so $\partial y/\partial a = 1/a$.


# %%
def log(a: float) -> tuple[float, tuple[float]]:
    """Return ln a, with ∂/∂a = 1/a."""
    return logarithm(a), (divide(1.0, a),)


# %% mystnb={"image": {"alt": "The logarithm rises ever more slowly; its derivative 1/a is large near zero and falls towards zero."}} tags=["active-ipynb"]
# check(log, 2.0)
# portrait(log, 0.15, 4.0, "ln a")

# %% [markdown]
# ## Power, with both sides free
#
# Now comes `x**y`, where both sides may change. For $a > 0$, write $a^b = e^{b \ln a}$. The slope of the exponent
# $b \ln a$ is $\ln a$ with respect to $b$, and $b/a$ with respect to $a$. The slope of the exponential is its own
# height, $a^b$. Multiply:
#
# $$
# \frac{\partial}{\partial b}\, a^b = a^b \ln a, \qquad
# \frac{\partial}{\partial a}\, a^b = a^b\,\frac{b}{a} = b\,a^{b-1}.
# $$
#
# The second formula is the power rule again, now for every real exponent where $a > 0$. The code uses it for negative
# $a$ and whole exponents, too. For those above 0 you counted paths; for those below 0, it follows from $a^{-n} = 1/a^n$
# and the rule of the quotient. In this module, `pow` and `abs` are our rules, and shadow Python's built-in functions of
# the same names.


# %%
def pow(a: float, b: float) -> tuple[float, tuple[float, float]]:
    """Return aᵇ, with ∂/∂a = b·aᵇ⁻¹ and ∂/∂b = aᵇ·ln a."""
    result = raised(a, b)
    # a⁰ is 1 for every a, and 0ᵇ is 0 for every b > 0, so these slopes are 0; at 0⁰ we choose 0.
    # `not b >= 0.0` is also true for nan, so that a nan reaches the slope.
    da = b * raised(a, b - 1.0) if b else 0.0
    db = result * logarithm(a) if a or not b >= 0.0 else 0.0
    return result, (da, db)


# %% tags=["active-ipynb"]
# check(pow, 2.0, 3.0)
# check(pow, 2.0, -0.5)
# print(pow(0.0, 2.0), pow(-2.0, 2.0))

# %% [markdown]
# The last line shows what happens when the base is not positive. $0^b$ is 0 for every $b > 0$, so its slope with
# respect to $b$ is 0. $(-2)^b$ is 4 at $b = 2$, but for $b$ a little larger or smaller it is not a number. So the slope
# with respect to $b$ is undefined, and the rule returns `nan`. PyTorch gives the same numbers.
#
# ## ReLU
#
# The rectified linear unit {cite:p}`nair2010`, or *relu*, passes positive numbers on and turns negative numbers into 0.
# Its slope is 1 on the right and 0 on the left. At 0 it has a corner, and no slope. PyTorch takes 0 there, and so do
# we.


# %%
def relu(a: float) -> tuple[float, tuple[float]]:
    """Return max(0, a), with ∂/∂a = 0 where a ≤ 0, else 1; nan stays nan."""
    return (0.0, (0.0,)) if a <= 0.0 else (a, (1.0,))


# %% mystnb={"image": {"alt": "relu is zero on the left and the diagonal on the right; its derivative jumps from 0 to 1 at zero."}} tags=["active-ipynb"]
# check(relu, 2.0)
# check(relu, -2.0)
# print("at the corner:", relu(0.0), " nan stays nan:", relu(math.nan))
# portrait(relu, -2.0, 2.0, "relu(a)")

# %% [markdown]
# Why is the test `a <= 0.0`, and not `a > 0.0` with the two results swapped? With `nan`, both tests are false. With our
# test, `nan` is then passed on. With the other it would become 0, and that would hide the error.
#
# ## Absolute value
#
# $|a|$ is $a$ itself on the right of 0, with slope 1, and $-a$ on the left, with slope $-1$. At the corner the rule
# returns 0. That is a choice, as it was for relu; we choose what PyTorch chooses. `check` cannot judge it. It nudges to
# both sides, so at a corner it finds the mean of two slopes: 0 here, and 0.5 for relu.


# %%
def abs(a: float) -> tuple[float, tuple[float]]:
    """Return the size of a, with ∂/∂a = 1 where a > 0, −1 where a < 0, else 0; nan stays nan."""
    slope = 1.0 if a > 0.0 else -1.0 if a < 0.0 else 0.0
    return operator.abs(a), (slope,)


# %% tags=["active-ipynb"]
# check(abs, 2.0)
# check(abs, -2.0)
# print("at the corner:", abs(0.0))

# %% [markdown]
# ## Tanh
#
# $\tanh a = n/d$ with $n = e^a - e^{-a}$ and $d = e^a + e^{-a}$. A nudge $h$ of $a$ changes $-a$ by $-h$, so the slope
# of $e^{-a}$ is $-e^{-a}$. Hence the slope of $n$ is $d$, and the slope of $d$ is $n$. Multiply them by the two local
# derivatives of the quotient, and add:
#
# $$\frac{1}{d} \cdot d - \frac{n}{d^2} \cdot n = 1 - \tanh^2 a.$$
#
# So once you have the result, the derivative takes one product and one difference.


# %%
def tanh(a: Number) -> tuple[float, tuple[float]]:
    """Return tanh a, with ∂/∂a = 1 − tanh² a."""
    t = elementary(math.tanh, a)  # for a float, this is math.tanh(a)
    return t, (1.0 - t * t,)


# %% mystnb={"image": {"alt": "tanh climbs from \u22121 to 1; its derivative is a bump of height 1 at zero that comes close to zero beyond about 3 on both sides."}} tags=["active-ipynb"]
# check(tanh, 0.5)
# print("slopes:", ", ".join(f"{tanh(a)[1][0]:g} at {a:g}" for a in [0.0, 4.0, 20.0]))
# portrait(tanh, -4.0, 4.0, "tanh(a)")

# %% [markdown]
# Far from zero, tanh is nearly flat and its slope is almost 0: it is *saturated*. At 20, the result is rounded to 1 and
# the slope to 0. Almost no gradient passes through a saturated tanh. The *weights* before it, the numbers that a
# network learns, then hardly change. This is one reason not to start a network with large weights {cite:p}`glorot2010`.
# [Neurons, layers, MLP](mlp.ipynb) shows how to choose them.
#
# ## Sigmoid
#
# The sigmoid $\sigma(a) = 1/(1 + e^{-a})$ turns any number into a number from 0 to 1, which can stand for a
# probability. Let $u = 1 + e^{-a}$, so that $\sigma = 1/u$. Then $du/da = -e^{-a} = 1 - u$, and the slope of $1/u$ is
# $-1/u^2$. Multiply along the path:
#
# $$
# \frac{\partial \sigma}{\partial a} = \frac{u - 1}{u^2} = \frac{1}{u}\Bigl(1 - \frac{1}{u}\Bigr)
# = \sigma(a)\,(1 - \sigma(a)).
# $$


# %%
def sigmoid(a: float) -> tuple[float, tuple[float]]:
    """Return σ(a) = 1/(1 + e⁻ᵃ), with ∂/∂a = σ(a)·(1 − σ(a))."""
    s = 1.0 / (1.0 + exponential(-a))
    return s, (s * (1.0 - s),)


# %% [markdown]
# At $a = -1000$, the formula needs $e^{1000}$, which is too large for a float. What will it give?

# %% mystnb={"image": {"alt": "The sigmoid climbs from 0 to 1; its derivative is a low bump, 0.25 at zero."}} tags=["active-ipynb"]
# check(sigmoid, 0.5)
# print("at -1000:", sigmoid(-1000.0), "  at 1000:", sigmoid(1000.0))
# portrait(sigmoid, -6.0, 6.0, "σ(a)")

# %% [markdown]
# $e^{1000}$ became `inf`, $1 + \infty$ is `inf`, and $1/\infty$ is 0. The exact result is positive, but smaller than
# any positive float, and 0 is the float nearest to it. With `math.exp`, the formula would have raised an
# `OverflowError`.
#
# ## Dot product
#
# The main work of a neuron, the part from which networks are built, is $w_1 x_1 + w_2 x_2 + \dots + w_n x_n$. Built
# from `*` and `+`, that takes $2n - 1$ operations, with a node for each. But each $w_i$ meets only its own $x_i$, so
# the local derivatives are those of the products. One node is enough:


# %%
def dot(*ab: float) -> tuple[float, tuple[float, ...]]:
    """Return Σ aᵢ·bᵢ of a₁ … aₙ, b₁ … bₙ, with ∂/∂aᵢ = bᵢ and ∂/∂bᵢ = aᵢ."""
    half = len(ab) // 2
    result = 0.0
    for x, y in zip(ab[:half], ab[half:]):  # not sum(), which rounds in another way from Python 3.12 on
        result += x * y
    return result, ab[half:] + ab[:half]


# %% tags=["active-ipynb"]
# check(dot, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)

# %% [markdown]
# There are six inputs, six local derivatives, and one node. The rule takes all of the $a$s first and then all of the
# $b$s. The function `dot(a, b)` in [Value](value.ipynb) takes two lists.
#
# ## Total and mean
#
# Python's `sum` would make a node for every `+`. As a rule of its own, a sum is one node. A nudge of one number changes
# the sum by the same amount, and the mean by $1/n$ of it.


# %%
def total(*a: float) -> tuple[float, tuple[float, ...]]:
    """Return a₁ + … + aₙ, with ∂/∂aᵢ = 1."""
    result = 0.0
    for x in a:
        result += x
    return result, (1.0,) * len(a)


def mean(*a: float) -> tuple[float, tuple[float, ...]]:
    """Return (a₁ + … + aₙ)/n, with ∂/∂aᵢ = 1/n."""
    return total(*a)[0] / len(a), (1.0 / len(a),) * len(a)


# %% tags=["active-ipynb"]
# check(total, 1.0, 2.0, 6.0)
# check(mean, 1.0, 2.0, 6.0)

# %% [markdown]
# ## All of them
#
# These are all the rules of the chapter:
#
# | operation | result | local derivatives |
# | --- | --- | --- |
# | `a + b` | $a + b$ | $1,\ 1$ |
# | `a - b` | $a - b$ | $1,\ -1$ |
# | `-a` | $-a$ | $-1$ |
# | `a * b` | $ab$ | $b,\ a$ |
# | `a / b` | $a/b$ | $1/b,\ -a/b^2$ |
# | `a ** n` | $a^n$ | $n\,a^{n-1}$, and $0$ if $n = 0$ |
# | `a ** b` | $a^b$ | $b\,a^{b-1},\ a^b \ln a$ for $a > 0$ |
# | `a.exp()` | $e^a$ | $e^a$ |
# | `a.log()` | $\ln a$ | $1/a$ for $a > 0$ |
# | `a.relu()` | $\max(0, a)$ | $0$ if $a \le 0$, else $1$ |
# | `abs(a)` | $\lvert a \rvert$ | $1$ if $a > 0$, $-1$ if $a < 0$, else $0$ |
# | `a.tanh()` | $\tanh a$ | $1 - \tanh^2 a$ |
# | `a.sigmoid()` | $\sigma(a)$ | $\sigma(a)(1 - \sigma(a))$ |
# | `dot(a, b)` | $\sum a_i b_i$ | $b_i,\ a_i$ |
# | `total(a)` | $\sum a_i$ | $1$ |
# | `mean(a)` | $\frac{1}{n}\sum a_i$ | $1/n$ |
#
# Where there is no result, the slope means nothing: `log(-1.0)` returns `nan`, with a slope of $-1$.
#
# ## Add one of your own
#
# If you need an operation that is not in the table, write its rule and hand it to `apply`. As an example, take
# *softplus*, $\ln(1 + e^a)$. It is a relu with a rounded corner. The slope of the logarithm is $1/(1 + e^a)$, and the
# slope of $1 + e^a$ is $e^a$. Their product is $e^a/(1 + e^a) = \sigma(a)$.

# %% mystnb={"image": {"alt": "Softplus is close to zero on the left and close to the diagonal on the right, and it bends smoothly in between; its derivative climbs from 0 to 1."}} tags=["active-ipynb"]
# from micrograd_numpy.value import Value, apply
#
#
# def softplus(a):
#     """Return ln(1 + eᵃ), with ∂/∂a = σ(a)."""
#     return max(a, 0.0) + math.log1p(math.exp(-math.fabs(a))), (sigmoid(a)[0],)
#
#
# x = Value(0.5, label="x")
# y = apply(softplus, x * 3)
# y.backward()
# print(f"softplus(3x) = {y.data:.4f}, slope {x.grad:.4f}")
# portrait(softplus, -4.0, 4.0, "softplus(a)")

# %% [markdown]
# The code computes the same number in another form, in which `exp` cannot overflow. For $a \le 0$ it is the formula as
# it stands. For $a > 0$ it is $a + \ln(1 + e^{-a})$, which is the same number.
#
# Is the derivative right? [`check_gradients`](gradcheck.ipynb) compares it with nudging. We compare two rules,
# `softplus` and one with the wrong derivative. In the answer, `difference` is the slope by nudging, and the error is
# relative to the larger of the two slopes.

# %% tags=["active-ipynb"]
# from micrograd_numpy import check_gradients
#
#
# def wrong_softplus(a):
#     return softplus(a)[0], (math.tanh(a),)
#
#
# print(check_gradients(lambda x: apply(softplus, x), 0.5))
# print(check_gradients(lambda x: apply(wrong_softplus, x), 0.5))

# %% [markdown]
# ## What you can now do
#
# - Derive the local derivative of an operation by nudging its formula on paper.
# - Say where Python raises an exception, what IEEE arithmetic gives there instead, and why the engine prefers it.
# - Add an operation to the engine: write its rule, apply it, and check it.
#
# ## In PyTorch this is …
#
# … [`torch.autograd.Function`](https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function).
# [`forward`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.Function.forward.html) returns the result
# and saves what the derivative needs.
# [`backward`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.Function.backward.html) multiplies the
# derivative by the gradient that arrives. In our engine, a rule only returns the derivative, and `_backward`
# multiplies. The last lines of the cell compare slopes in the edge cases of this chapter:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#
#     class Softplus(torch.autograd.Function):
#         @staticmethod
#         def forward(ctx, a):
#             ctx.save_for_backward(a)
#             return a.clamp(min=0) + torch.log1p(torch.exp(-a.abs()))
#
#         @staticmethod
#         def backward(ctx, gradient):
#             (a,) = ctx.saved_tensors
#             return gradient * torch.sigmoid(a)
#
#     x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
#     y = Softplus.apply(x * 3)
#     y.backward()
#     print(f"softplus(3x) = {y.item():.4f}, slope {x.grad.item():.4f}")
#
#     for function, rule, at in [
#         (torch.pow, pow, [0.0, 2.0]),
#         (torch.pow, pow, [-2.0, 2.0]),
#         (torch.relu, relu, [0.0]),
#         (torch.abs, abs, [0.0]),
#         (torch.log, log, [0.0]),
#     ]:
#         inputs = torch.tensor(at, dtype=torch.float64, requires_grad=True)
#         function(*inputs).backward()
#         print(f"{function.__name__:<4} at {at}: slopes {inputs.grad.tolist()} in PyTorch, {[*rule(*at)[1]]} here")

# %% [markdown]
# ## Exercises
#
# With folded solutions, in [Exercises: Operations](exercises/ops.ipynb):
#
# 1. The sine: write its rule, and decide what it returns at infinity.
# 2. The larger of two: write the rule of the maximum, and decide what happens at a tie.
# 3. Tanh from its parts: build it from `exp`, `+`, `-`, `*` and `/`, and find out why it fails where the rule does not.
# 4. A wrong rule of `abs`: find the inputs at which it passes the check.
#
# ## Check yourself
#
# :::{dropdown} Name operations that pass the gradient on unchanged, and some that can stop it.
# A sum passes it on to every input, and a difference to the first. A product stops it where the other factor is 0, relu
# where its input is not positive, `abs` at 0, and $a^n$ with $n > 1$ at 0. Tanh and sigmoid almost stop it where they
# are saturated.
# :::
#
# :::{dropdown} Why does `x**2` have one input in the graph, but `x**y` two?
# The 2 is a constant. Its gradient is never needed, so the rule stores it. In `x**y` the exponent is a node like `x`,
# and has a gradient.
# :::
#
# :::{dropdown} What is the local derivative of `a / b` with respect to `b`, at a = 6, b = 2?
# It is $-a/b^2 = -1.5$. If you nudge `b` up, the quotient falls.
# :::
#
# :::{dropdown} A rule has the wrong local derivative. Will its results look wrong?
# No. The rule's result is not affected; only gradients are wrong, and with them what you train. That is why you check
# rules by nudging.
# :::
#
# ## Sources
#
# Floating-point arithmetic and its special values: {cite:p}`ieee754,goldberg1991`. The rectified linear unit:
# {cite:p}`nair2010`. Rules of this kind for more functions: {cite:p}`griewank2008`.
