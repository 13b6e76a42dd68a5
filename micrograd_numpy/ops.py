# %% [markdown]
# # Operations: one rule each
#
# An operation needs to know two things: its result, and how far each of its inputs moves it. In this chapter you derive
# both for every operation of the engine, in a line or two each, and write them down as functions that you can read at a
# glance.
#
# - **You will build** the rules of `+ - * / **`, `exp`, `log`, `relu`, `tanh`, `sigmoid`, `abs`, `dot`, `total` and
#   `mean`; and then a new one, of your own.
# - **You need** the [Value](value.ipynb) chapter up to "What one step knows".
# - **Time** about 40 minutes; each section stands alone.

# %%
"""The rules: one function per operation, from plain floats to the result and its local derivatives."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Rule = Callable[..., tuple[float, tuple[float, ...]]]
Number = Any  # a float, or what computes like one and has an exp, a log, ... of its own


# %% [markdown]
# A **rule** takes plain floats. It returns the result, and a tuple with one **local derivative** for each input: how
# many times as far the result moves when that input is nudged and the others hold still. Nothing else. No class, no
# graph, no side effects.
#
# You will want to check each rule as it comes, so here are two helpers for this page. `check` asks the rule for its
# local derivatives, and nudging for a second opinion. `portrait` plots a curve in blue and its derivative in orange.

# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# import numpy as np
#
# from micrograd_numpy.drawing.style import BACKWARD, FORWARD, book_style
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
#     rows = zip(("result", "rule", "nudge"), ([result], local, slopes))
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
#     plt.legend()
#     plt.show()

# %% [markdown]
# ## Sum, difference, negative
#
# Nudge $a$ by $h$, and $a + b$ becomes $(a + h) + b$. It moved by $h$, once as far. The same holds for $b$. So a sum
# hands its gradient to both inputs unchanged.


# %%
def add(a: float, b: float) -> tuple[float, tuple[float, float]]:
    """A + b, with ∂/∂a = 1 and ∂/∂b = 1."""
    return a + b, (1.0, 1.0)


# %% [markdown]
# A difference is the same with one sign turned: $a - (b + h)$ is $h$ *less* than $a - b$.


# %%
def sub(a: float, b: float) -> tuple[float, tuple[float, float]]:
    """A − b, with ∂/∂a = 1 and ∂/∂b = −1."""
    return a - b, (1.0, -1.0)


# %%
def neg(a: float) -> tuple[float, tuple[float]]:
    """−a, with ∂/∂a = −1."""
    return -a, (-1.0,)


# %% tags=["active-ipynb"]
# check(add, 2.0, 3.0)
# check(sub, 2.0, 3.0)
# check(neg, 2.0)

# %% [markdown]
# You could do without `sub` and `neg`: $a - b = a + (-1) \cdot b$. It would be right, with two nodes more for every
# minus sign, and a mysterious $-1$ in every picture. A rule costs one line.
#
# ## Product
#
# $(a + h)\,b - ab = hb$. The product moves $b$ times as far as $a$ does. Each input's local derivative is *the other
# input*. As a picture, the product is an area:

# %% mystnb={"image": {"alt": "A rectangle of width a and height b. Widening it by h adds a strip of height b, whose area is h times b."}} tags=["active-ipynb"]
# a, b, h = 3.0, 2.0, 0.35
# fig, ax = plt.subplots(figsize=(5.2, 3.2))
# ax.add_patch(plt.Rectangle((0, 0), a, b, color=FORWARD, alpha=0.25))
# ax.add_patch(plt.Rectangle((a, 0), h, b, color=BACKWARD, alpha=0.45))
# ax.text(a / 2, b / 2, "a · b", ha="center", va="center", fontsize=14)
# ax.text(a + h / 2, b / 2, "h · b", ha="center", va="center", rotation=90, fontsize=12)
# ax.text(a / 2, -0.22, "a = 3", ha="center")
# ax.text(a + h / 2, -0.22, "h", ha="center", color=BACKWARD)
# ax.text(-0.12, b / 2, "b = 2", va="center", ha="right")
# ax.set(xlim=(-0.8, 3.8), ylim=(-0.45, 2.3), aspect="equal")
# ax.axis("off")
# plt.show()

# %% [markdown]
# Widen the rectangle by $h$ and it gains a strip as tall as $b$.


# %%
def mul(a: float, b: float) -> tuple[float, tuple[float, float]]:
    """a·b, with ∂/∂a = b and ∂/∂b = a."""
    return a * b, (b, a)


# %% tags=["active-ipynb"]
# check(mul, 3.0, 2.0)
# check(mul, 3.0, 0.0)

# %% [markdown]
# The second line is worth a pause. With $b = 0$ the product does not move at all when you nudge $a$. The gradient of
# $a$ is zero, and whatever lies before $a$ learns nothing on this path.
#
# ## Where Python stops and floats go on
#
# Division comes next, and with it a problem. Before you run the cell: which of these four lines gives you a number?

# %% tags=["active-ipynb"]
# for text in ["1.0 / 0.0", "math.exp(1000.0)", "math.log(0.0)", "(-8.0) ** (1 / 3)"]:
#     try:
#         print(f"{text:18} {eval(text):.3f}")
#     except (ArithmeticError, ValueError) as error:
#         print(f"{text:18} {type(error).__name__}: {error}")

# %% [markdown]
# Three exceptions, and a complex number where a real one was asked for. In the middle of training, each is a disaster:
# one unlucky example and the run is gone.
#
# It does not have to be so. The standard for floating-point numbers {cite:p}`ieee754` has an answer for every operation
# on every input: infinity (`inf`) where a result is too large, and "not a number" (`nan`) where there is none. NumPy
# and PyTorch follow it. So do these functions, and the rules are built on them. (`elementary` is for later: a rule also
# runs on numbers that are no floats, if they bring an `exp` and a `log` of their own. The last part of the book has use
# for that.)


# %%
def divide(a: float, b: float) -> float:
    """a/b as IEEE 754 defines it: ±inf or nan where Python raises."""
    try:
        return a / b
    except ZeroDivisionError:
        return a * math.copysign(math.inf, b)


def elementary(function: Callable[[float], float], a: Number) -> Number:
    """What a function of `math` makes of a float; another kind of number has a method of that name."""
    try:
        return function(a)
    except TypeError:
        return getattr(a, function.__name__)()


def exponential(a: Number) -> Number:
    """eᵃ as IEEE 754 defines it: inf where Python raises."""
    try:
        return elementary(math.exp, a)
    except OverflowError:
        return math.inf


def logarithm(a: Number) -> Number:
    """Ln a as IEEE 754 defines it: −inf at zero, nan below."""
    try:
        return elementary(math.log, a)
    except ValueError:
        return -math.inf if a == 0.0 else math.nan


def raised(a: Number, b: Number) -> Number:
    """aᵇ as IEEE 754 defines it: ±inf or nan where Python raises or turns complex."""
    try:
        return math.pow(a, b)
    except (OverflowError, ValueError):
        infinity = math.copysign(math.inf, a) if math.fabs(b) % 2.0 == 1.0 else math.inf  # an odd power keeps the sign
        return math.nan if a < 0.0 and b % 1.0 else infinity  # a root of a negative number is none
    except TypeError:
        return a**b


# %% tags=["active-ipynb"]
# for text in [
#     "divide(1.0, 0.0)",
#     "divide(1.0, -0.0)",
#     "divide(0.0, 0.0)",
#     "exponential(1000.0)",
#     "logarithm(0.0)",
# ]:
#     print(f"{text:20} {eval(text)}")
# print(f"{'raised(-8.0, 1 / 3)':20} {raised(-8.0, 1 / 3)}")

# %% [markdown]
# An infinity is honest: it says "too large", and often does no harm. You will see one help out below, in the sigmoid.
#
# ## Quotient
#
# Let $q = a/b$. Nudge $a$: $(a + h)/b - a/b = h/b$, so $\partial q/\partial a = 1/b$.
#
# Nudge $b$, and think of $q\,b = a$. The right side holds still, so $q$ must give way by some $k$:
# $(q + k)(b + h) = q\,b$. Multiply out and solve: $k = -q\,h/(b + h)$. For a small $h$ that is $-q/b$ times as far, or
# $-a/b^2$.


# %%
def div(a: float, b: float) -> tuple[float, tuple[float, float]]:
    """a/b, with ∂/∂a = 1/b and ∂/∂b = −a/b²."""
    quotient = divide(a, b)
    return quotient, (divide(1.0, b), -divide(quotient, b))


# %% mystnb={"image": {"alt": "The curve 1/b falls and flattens; its derivative \u22121/b\u00b2 is negative, steep near zero and close to zero at the right."}} tags=["active-ipynb"]
# check(div, 1.0, 2.0)
#
#
# def reciprocal(b):
#     result, (_, slope) = div(1.0, b)
#     return result, slope
#
#
# portrait(reciprocal, 0.3, 4.0, "1/b")

# %% [markdown]
# ## Power
#
# $a^n = a \cdot a \cdots a$. The number $a$ is used $n$ times, so a nudge travels $n$ paths. On each, the other $n - 1$
# factors multiply it. Add over paths: $n\,a^{n-1}$. That counts paths, so it is an argument for whole $n$ only; for the
# others, wait for the exponential.
#
# The exponent is usually a constant, as in `x**2`. There is nothing to learn about a constant, so this rule keeps $n$
# inside: `power(2.0)` *makes* the rule of the square. Make it twice, and the two rules are equal.


# %%
@dataclass(unsafe_hash=True, slots=True)
class power:  # noqa: N801  # called like a function, as functools.partial is
    """The rule of aⁿ for one constant n, with ∂/∂a = n·aⁿ⁻¹; the rules of equal n are equal."""

    n: float

    def __call__(self, a: float) -> tuple[float, tuple[float]]:
        """aⁿ, with ∂/∂a = n·aⁿ⁻¹."""
        return raised(a, self.n), (self.n * raised(a, self.n - 1.0) if self.n else 0.0,)


# %% mystnb={"image": {"alt": "The curve a\u00b3 and its derivative 3a\u00b2: the derivative is never negative and touches zero where the curve is flat, at zero."}} tags=["active-ipynb"]
# print("one rule:", power(2.0) == power(2.0))
# check(power(2.0), 3.0)
# check(power(0.5), 9.0)
# portrait(power(3.0), -1.5, 1.5, "a³")

# %% [markdown]
# Why the `if n`? $a^0$ is 1 for every $a$, so its slope is 0. The formula would give $0 \cdot 0^{-1}$ at zero, which is
# $0 \cdot \infty$, which is not a number.
#
# ## Exponential
#
# $e^{a + h} = e^a e^h$, so the whole question is how far $e^h$ is from 1. Look:

# %% tags=["active-ipynb"]
# for base in [2.0, math.e, 3.0]:
#     print(f"base {base:.4f}: (base^h - 1)/h = {(base**1e-7 - 1) / 1e-7:.4f}")

# %% [markdown]
# For the base $e$ it is $h$ itself. That is what makes $e$ special: $e^{a+h} \approx e^a (1 + h)$, and the curve's
# slope is its own height.


# %%
def exp(a: float) -> tuple[float, tuple[float]]:
    """eᵃ, with ∂/∂a = eᵃ."""
    result = exponential(a)
    return result, (result,)


# %% mystnb={"image": {"alt": "The exponential curve with tangents at \u22121, 0 and 1: at each point the slope of the tangent equals the height of the curve."}} tags=["active-ipynb"]
# check(exp, 1.0)
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
# plt.legend()
# plt.show()

# %% [markdown]
# ## Logarithm
#
# The logarithm undoes the exponential: $y = \ln a$ means $e^y = a$. Nudging $y$ by $k$ moves $a$ by $a\,k$. Read it
# backwards: moving $a$ by $h$ takes a nudge of $h/a$.


# %%
def log(a: float) -> tuple[float, tuple[float]]:
    """Ln a, with ∂/∂a = 1/a."""
    return logarithm(a), (divide(1.0, a),)


# %% mystnb={"image": {"alt": "The logarithm rises ever more slowly; its derivative 1/a is large near zero and falls toward zero."}} tags=["active-ipynb"]
# check(log, 2.0)
# portrait(log, 0.15, 4.0, "ln a")

# %% [markdown]
# ## Power, with both sides free
#
# Now `x**y`, where both may move. Write $a^b = e^{b \ln a}$. The exponent $b \ln a$ moves by $\ln a$ for each step of
# $b$, and by $b/a$ for each step of $a$; the exponential multiplies both by its own height, $a^b$:
#
# $$
# \frac{\partial}{\partial b}\, a^b = a^b \ln a, \qquad
# \frac{\partial}{\partial a}\, a^b = a^b\,\frac{b}{a} = b\,a^{b-1}.
# $$
#
# The second one is the power rule again, this time for every real exponent.


# %%
def pow(a: float, b: float) -> tuple[float, tuple[float, float]]:
    """aᵇ, with ∂/∂a = b·aᵇ⁻¹ and ∂/∂b = aᵇ·ln a."""
    result = raised(a, b)
    # a⁰ is 1 for every a, and 0ᵇ is 0 for every b > 0: both are flat
    da = b * raised(a, b - 1.0) if b else 0.0
    db = result * logarithm(a) if a or not b >= 0.0 else 0.0
    return result, (da, db)


# %% tags=["active-ipynb"]
# check(pow, 2.0, 3.0)
# check(pow, 2.0, -0.5)
# print(pow(0.0, 2.0), pow(-2.0, 2.0))

# %% [markdown]
# In the last line, the base is zero and then negative. $0^b$ is 0 for every $b > 0$, so it is flat. For $(-2)^b$, there
# is a result at $b = 2$, but none a little to the side of it: no slope in $b$, so `nan`. PyTorch answers the same.
#
# ## ReLU
#
# The rectified linear unit {cite:p}`nair2010` is the simplest function that is not a line: it lets positive numbers
# through and stops the others. Its slope is 1 or 0. At 0 there is a corner, and no slope. Frameworks pick 0 there, and
# so do we.


# %%
def relu(a: float) -> tuple[float, tuple[float]]:
    """max(0, a), with ∂/∂a = 1 where a > 0, else 0; nan stays nan."""
    return (0.0, (0.0,)) if a <= 0.0 else (a, (1.0,))


# %% mystnb={"image": {"alt": "relu is zero on the left and the diagonal on the right; its derivative jumps from 0 to 1 at zero."}} tags=["active-ipynb"]
# check(relu, 2.0)
# check(relu, -2.0)
# print("at the corner:", relu(0.0), " nan stays nan:", relu(math.nan))
# portrait(relu, -2.0, 2.0, "relu(a)")

# %% [markdown]
# The test is `a <= 0.0`, and not `a > 0.0` with the branches swapped, for one reason. Every comparison with `nan` is
# false, so this order lets `nan` through. The other would turn it into a clean 0, and hide the accident.
#
# ## Absolute value
#
# The distance from 0 is $a$ itself on the right, with slope 1, and $-a$ on the left, with slope $-1$. At the corner the
# answer is 0 again: the mean of the two.


# %%
def abs(a: float) -> tuple[float, tuple[float]]:
    """The size of a, with ∂/∂a = 1 where a > 0, −1 where a < 0, else 0; nan stays nan."""
    slope = 1.0 if a > 0.0 else -1.0 if a < 0.0 else 0.0
    return operator.abs(a), (slope,)


# %% tags=["active-ipynb"]
# check(abs, 2.0)
# check(abs, -2.0)
# check(abs, 0.0)

# %% [markdown]
# ## Tanh
#
# $\tanh a = n/d$ with $n = e^a - e^{-a}$ and $d = e^a + e^{-a}$. The slope of $n$ is $d$, and the slope of $d$ is $n$.
# Put them through the quotient's two derivatives:
#
# $$\frac{1}{d} \cdot d - \frac{n}{d^2} \cdot n = 1 - \tanh^2 a.$$
#
# The result gives you the derivative for free.


# %%
def tanh(a: Number) -> tuple[float, tuple[float]]:
    """Tanh a, with ∂/∂a = 1 − tanh² a."""
    t = elementary(math.tanh, a)
    return t, (1.0 - t * t,)


# %% mystnb={"image": {"alt": "tanh climbs from \u22121 to 1; its derivative is a bump of height 1 at zero that vanishes beyond about 3 on both sides."}} tags=["active-ipynb"]
# check(tanh, 0.5)
# portrait(tanh, -4.0, 4.0, "tanh(a)")
# print(f"slope at 0: {tanh(0.0)[1][0]:.4f}, at 4: {tanh(4.0)[1][0]:.4f}, at 20: {tanh(20.0)[1][0]:.4f}")

# %% [markdown]
# Far out, tanh is flat, and its derivative is zero: it is *saturated*. A neuron that gets there stops learning. It is
# the reason why the first weights of a network must not be too large, as you will see in [Neurons, layers,
# MLP](mlp.ipynb).
#
# ## Sigmoid
#
# $\sigma(a) = 1/(1 + e^{-a})$ squeezes any number into the range from 0 to 1, so it can stand for a probability. Let
# $u = 1 + e^{-a}$. A step of $a$ moves $u$ by $-e^{-a} = 1 - u$, and a step of $u$ moves $1/u$ by $-1/u^2$. Multiply
# along the path:
#
# $$
# \frac{\partial \sigma}{\partial a} = \frac{u - 1}{u^2} = \frac{1}{u}\Bigl(1 - \frac{1}{u}\Bigr)
# = \sigma(a)\,(1 - \sigma(a)).
# $$


# %%
def sigmoid(a: float) -> tuple[float, tuple[float]]:
    """σ(a) = 1/(1 + e⁻ᵃ), with ∂/∂a = σ(a)·(1 − σ(a))."""
    s = 1.0 / (1.0 + exponential(-a))
    return s, (s * (1.0 - s),)


# %% [markdown]
# Before you run the next cell: at $a = -1000$ the formula needs $e^{1000}$. What will come out?

# %% mystnb={"image": {"alt": "The sigmoid climbs from 0 to 1; its derivative is a low bump, 0.25 at zero."}} tags=["active-ipynb"]
# check(sigmoid, 0.5)
# print("at -1000:", sigmoid(-1000.0), "  at 1000:", sigmoid(1000.0))
# portrait(sigmoid, -6.0, 6.0, "σ(a)")

# %% [markdown]
# $e^{1000}$ became `inf`, $1 + \infty$ is `inf`, and $1/\infty$ is 0: the right answer. With `math.exp` this line would
# have stopped your training.
#
# ## Dot product
#
# A neuron computes $w_1 x_1 + w_2 x_2 + \dots + w_n x_n$. Built from `*` and `+`, that is $2n - 1$ nodes. But each
# $w_i$ meets only its own $x_i$, so the local derivatives are those of the products, and they need no nodes in between:


# %%
def dot(*ab: float) -> tuple[float, tuple[float, ...]]:
    """Σ aᵢ·bᵢ of a₁ … aₙ, b₁ … bₙ, with ∂/∂aᵢ = bᵢ and ∂/∂bᵢ = aᵢ."""
    half = len(ab) // 2
    result = 0.0
    for x, y in zip(ab[:half], ab[half:]):  # Python's own sum rounds otherwise from 3.12 on
        result += x * y
    return result, ab[half:] + ab[:half]


# %% tags=["active-ipynb"]
# check(dot, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)

# %% [markdown]
# Six inputs, six local derivatives, one node. This is the idea behind the *fused kernels* of large frameworks. The rule
# takes the $a$s first and then the $b$s; the function `dot(a, b)` in [Value](value.ipynb) takes two lists.
#
# ## Total and mean
#
# `sum` would make a node for every `+`. In one node, each of the $n$ numbers moves the sum just as far, and the mean
# $1/n$ as far.


# %%
def total(*a: float) -> tuple[float, tuple[float, ...]]:
    """a₁ + … + aₙ, with ∂/∂aᵢ = 1."""
    result = 0.0
    for x in a:
        result += x
    return result, (1.0,) * len(a)


# %%
def mean(*a: float) -> tuple[float, tuple[float, ...]]:
    """(a₁ + … + aₙ)/n, with ∂/∂aᵢ = 1/n."""
    return total(*a)[0] / len(a), (1.0 / len(a),) * len(a)


# %% tags=["active-ipynb"]
# check(total, 1.0, 2.0, 6.0)
# check(mean, 1.0, 2.0, 6.0)

# %% [markdown]
# ## All of them
#
# This is everything the engine knows of calculus:
#
# | operation | result | local derivatives |
# | --- | --- | --- |
# | `a + b` | $a + b$ | $1,\ 1$ |
# | `a - b` | $a - b$ | $1,\ -1$ |
# | `-a` | $-a$ | $-1$ |
# | `a * b` | $ab$ | $b,\ a$ |
# | `a / b` | $a/b$ | $1/b,\ -a/b^2$ |
# | `a ** n` | $a^n$ | $n\,a^{n-1}$ |
# | `a ** b` | $a^b$ | $b\,a^{b-1},\ a^b \ln a$ |
# | `a.exp()` | $e^a$ | $e^a$ |
# | `a.log()` | $\ln a$ | $1/a$ |
# | `a.relu()` | $\max(0, a)$ | $1$ if $a > 0$, else $0$ |
# | `abs(a)` | $\lvert a \rvert$ | $1$ if $a > 0$, $-1$ if $a < 0$, else $0$ |
# | `a.tanh()` | $\tanh a$ | $1 - \tanh^2 a$ |
# | `a.sigmoid()` | $\sigma(a)$ | $\sigma(a)(1 - \sigma(a))$ |
# | `dot(a, b)` | $\sum a_i b_i$ | $b_i,\ a_i$ |
# | `total(a)` | $\sum a_i$ | $1$ |
# | `mean(a)` | $\frac{1}{n}\sum a_i$ | $1/n$ |
#
# ## Add one of your own
#
# Is an operation missing? You need a rule, and one call. Take *softplus*, $\ln(1 + e^a)$: a relu with a round corner.
# Its derivative is the sigmoid: $\frac{1}{1 + e^a} \cdot e^a = \sigma(a)$.

# %% tags=["active-ipynb"]
# from micrograd_numpy.value import Value, apply
#
#
# def softplus(a):
#     """ln(1 + eᵃ), with ∂/∂a = σ(a)."""
#     return max(a, 0.0) + math.log1p(math.exp(-math.fabs(a))), (sigmoid(a)[0],)
#
#
# x = Value(0.5, label="x")
# y = apply(softplus, x * 3)
# y.backward()
# print(f"softplus(3x) = {y.data:.4f}, slope {x.grad:.4f}")

# %% [markdown]
# (The result is written so that `exp` never overflows; for $a > 0$, factor $e^a$ out of the logarithm to see that it is
# the same number.)
#
# And should you make a mistake in a rule, [check_gradients](gradcheck.ipynb) will tell. There are two operations here;
# one of them is wrong.

# %% tags=["active-ipynb"]
# from micrograd_numpy import check_gradients
#
#
# def softplus_by_ear(a):
#     return softplus(a)[0], (math.tanh(a),)
#
#
# print(check_gradients(lambda x: apply(softplus, x), 0.5))
# print(check_gradients(lambda x: apply(softplus_by_ear, x), 0.5))

# %% [markdown]
# ## What you can now do
#
# - Derive the local derivative of an operation by nudging its formula on paper.
# - Say what each operation answers at the edges of the floats, and why an infinity beats an exception.
# - Extend the engine: a rule, `apply`, and a check.
#
# ## In PyTorch this is …
#
# … `torch.autograd.Function`. The forward part returns the result and saves what the derivative needs; the backward
# part multiplies by the gradient that arrives, which our engine does for you.

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
#             return torch.log1p(torch.exp(a))
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

# %% [markdown]
# ## Exercises
#
# Worked and folded, in [Exercises: Operations](exercises/ops.ipynb):
#
# 1. Write the rule of `sin`, and draw six of its derivatives' values.
# 2. Write `max(a, b)`, and decide what happens at a tie.
# 3. Take tanh apart: build it from `exp`, `+`, `-` and `/`, compare gradients, and find the input at which only one
#    survives.
#
# ## Check yourself
#
# :::{dropdown} Which operations hand the gradient on unchanged, and which can kill it?
# A sum hands it on. A product kills it where the other factor is 0; relu where its input is not positive; tanh and
# sigmoid where they are saturated.
# :::
#
# :::{dropdown} Why does `x**2` have one input in the graph, but `x**y` two?
# The 2 is a constant. Nobody will ask for its gradient, so the rule keeps it inside.
# :::
#
# :::{dropdown} What is the local derivative of `a / b` for `b`, at a = 6, b = 2?
# $-a/b^2 = -1.5$. Nudge `b` up and the quotient falls.
# :::
#
# :::{dropdown} A rule has the wrong local derivative. Will its results look wrong?
# No. The result is right; only gradients are off. That is why you check rules by nudging.
# :::
#
# ## Sources
#
# Floating-point arithmetic at the edges: {cite:p}`ieee754,goldberg1991`. The rectified linear unit: {cite:p}`nair2010`.
# Rules of this kind, for every function you will meet: {cite:p}`griewank2008`.
