# %% [markdown]
# # Trusting gradients
#
# A model with a wrong gradient can still train. In this chapter you build a test that tells a right gradient from a
# wrong one, and you learn how many digits of its answer you can believe.
#
# - **You will build** `check_gradients`, which compares backpropagation with nudging.
# - **You need** [Value](value.ipynb), and rules with their local derivatives from [Operations](ops.ipynb).
# - **Time** about 35 minutes.

# %% mystnb={"code_prompt_show": "Imports and a type, 15 lines"} tags=["hide-input"]
"""Trusting gradients: compare backpropagation with finite differences."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import get_ident
from typing import Any, NamedTuple, SupportsFloat

from micrograd_numpy import ops, value
from micrograd_numpy.backprop import topological_sort
from micrograd_numpy.guards.numbers import what_is
from micrograd_numpy.guards.replaced import lock, replaced
from micrograd_numpy.value import Value

Function = Callable[[float], Any]  # of one number; gives one, or an array of them


# %% [markdown]
# ## A wrong rule trains anyway
#
# You fit one tanh neuron to four points with gradient descent, four times. Each time the result of tanh is right, but
# only one of the four rules has the right derivative.

# %% tags=["active-ipynb"]
# import numpy as np
#
# from micrograd_numpy.value import apply, mean
#
#
# def with_derivative(derivative):
#     def tanh(a):
#         t = math.tanh(a)
#         return t, (derivative(t),)
#
#     return tanh
#
#
# suspects = {
#     "A": with_derivative(lambda t: 1.0 - t),
#     "B": with_derivative(lambda _: 0.5),
#     "C": with_derivative(lambda t: 1.0 - t * t),
#     "D": with_derivative(lambda t: 2.0 * (1.0 - t * t)),
# }

# %% mystnb={"code_prompt_show": "The function train: gradient descent with a rule, 11 lines"} tags=["active-ipynb", "hide-input"]
# def train(rule, steps=40, rate=0.1):
#     w, b = Value(0.3, label="w"), Value(0.0, label="b")
#     losses = []
#     for _ in range(steps):
#         loss = mean((apply(rule, w * x + b) - t) ** 2 for x, t in [(-2, -0.9), (-1, -0.7), (0.5, 0.1), (2, 0.8)])
#         losses.append(loss.data)
#         w.grad = b.grad = 0.0
#         loss.backward()
#         w.data -= rate * w.grad
#         b.data -= rate * b.grad
#     return losses

# %% [markdown]
# Can a picture of the loss tell you which rule is right? Decide before you look.

# %% mystnb={"code_prompt_show": "The picture's code, 9 lines", "image": {"alt": "Four loss curves that start at 0.09 and come close to zero within 40 steps, some sooner than others; nothing marks the right one."}} tags=["active-ipynb", "hide-input"]
# import matplotlib.pyplot as plt
#
# from micrograd_numpy.drawing.style import ACCENT, BACKWARD, FORWARD, MUTED, book_style
#
# book_style()
# for (name, rule), line in zip(suspects.items(), ["-", "--", "-.", ":"]):
#     plt.plot(train(rule), line, color=FORWARD, label=f"rule {name}")
# plt.xlabel("step")
# plt.ylabel("loss")
# plt.legend()
# plt.show()

# %% tags=["active-ipynb"]
# for name, rule in suspects.items():
#     losses = train(rule, 401)
#     print(f"rule {name}: loss {losses[0]:.3f}, after 40 steps {losses[40]:.1e}, after 400 {losses[400]:.1e}")

# %% [markdown]
# All four learn. After 40 steps A and D are ahead, and at least one of them is wrong. After 400 steps A and B are stuck
# at a larger loss, and C and D are level. The loss of A has even risen a little.
#
# A wrong derivative of the right sign often lowers the loss, at least at first, and one that is twice too large acts
# like a learning rate that is twice as large. So a falling loss does not prove that your gradients are right. And if
# the loss stops too high, nothing in the curve tells you why. You need a second way to compute the slope, one that does
# not use the derivatives of the rules.
#
# ## Nudge and watch
#
# The slope of $f$ at $x$ is the change in the output per unit change in the input, for small changes. So change the
# input by a small step $h$, and divide. This is the **forward difference**:
#
# $$f'(x) \approx \frac{f(x + h) - f(x)}{h}$$
#
# It needs two values of $f$ and no derivative, so it cannot repeat a mistake in one. How good is it? Take a function
# whose slope you know, a bell.

# %% tags=["active-ipynb"]
# def bell(x):
#     return 1.0 / (1.0 + x * x)
#
#
# def forward_difference(f, x, h):
#     return (f(x + h) - f(x)) / h
#
#
# at = 0.25
# exact = -2 * at / (1 + at * at) ** 2  # the derivative of 1/(1 + x²)
# for h in [0.1, 0.01, 0.001]:
#     slope = forward_difference(bell, at, h)
#     print(f"h = {h:<5}  slope {slope:.8f}  error {abs(slope - exact):.1e}")

# %% [markdown]
# Each time the step is ten times shorter, the error is about ten times smaller. Taylor's series gives the reason. Near
# $x$, a smooth function is
#
# $$f(x + h) = f(x) + h f'(x) + \tfrac{h^2}{2} f''(x) + \tfrac{h^3}{6} f'''(x) + \dots$$
#
# Each prime is one more derivative. Subtract $f(x)$ and divide by $h$: after $f'(x)$, the next term is
# $\tfrac{h}{2} f''(x)$. This is an error that shrinks like $h$. It is called the **truncation error**.
#
# Now step to both sides. In $f(x + h) - f(x - h)$ all even terms cancel, $f''$ among them. This is the **central
# difference**:
#
# $$\frac{f(x + h) - f(x - h)}{2h} = f'(x) + \tfrac{h^2}{6} f'''(x) + \dots$$
#
# If $h$ becomes ten times shorter, how many times smaller does the error of the central difference become?

# %% tags=["active-ipynb"]
# def central_difference(f, x, h):
#     return (f(x + h) - f(x - h)) / (2 * h)
#
#
# for h in [0.1, 0.01, 0.001]:
#     errors = [abs(formula(bell, at, h) - exact) for formula in (forward_difference, central_difference)]
#     print(f"h = {h:<5}  forward {errors[0]:.1e}  central {errors[1]:.1e}")

# %% [markdown]
# About a hundred times. Both formulas need two values of $f$, and the central one gives about twice as many right
# digits.
#
# In the picture, the forward difference looks from one point to the right, and the central difference looks to both
# sides:

# %% mystnb={"code_prompt_show": "The picture's code, 18 lines", "image": {"alt": "The bell curve with its tangent at 0.25, and two lines with the slopes of the differences for a step of 0.16: the central one is nearly parallel to the tangent, the forward one is steeper."}} tags=["active-ipynb", "hide-input"]
# def two_slopes(exponent):
#     h = 10.0**exponent
#     t = np.linspace(-0.75, 1.25, 200)
#     plt.plot(t, bell(t), color=FORWARD, label="f")
#     plt.plot(t, bell(at) + exact * (t - at), "--", color=BACKWARD, label="true slope")
#     for formula, name, color in [
#         (forward_difference, "forward", MUTED),
#         (central_difference, "central", ACCENT),
#     ]:
#         slope = formula(bell, at, h)
#         label = f"{name}, error {abs(slope - exact):.0e}"
#         plt.plot(t, bell(at) + slope * (t - at), color=color, linewidth=1, label=label)
#     plt.plot([at - h, at, at + h], [bell(at - h), bell(at), bell(at + h)], "o", color=FORWARD)
#     plt.title(f"h = {h:.1e}")
#     plt.ylim(0, 1.4)
#     plt.legend()
#     plt.show()
#
#
# two_slopes(-0.8)

# %% [markdown]
# ## How short a step?
#
# If shorter is better, why not take $h = 10^{-15}$? Here is the error over sixteen powers of ten.

# %% mystnb={"code_prompt_show": "The picture's code, 12 lines", "image": {"alt": "Error against step on two logarithmic axes: both curves fall as the step shrinks, reach a lowest point, then climb again in a ragged line. The central curve goes deeper and turns at a longer step."}} tags=["active-ipynb", "hide-input"]
# def plot_errors(formulas):
#     steps = np.logspace(-16, 0, 97)
#     for (name, formula), color in zip(formulas.items(), [MUTED, ACCENT, BACKWARD]):
#         errors = [abs(formula(bell, at, float(h)) - exact) for h in steps]
#         plt.loglog(steps, np.maximum(errors, 1e-17), color=color, label=name, linewidth=1.5)
#     plt.loglog(steps, 1e-16 / steps, "--", color="#9ca3af", linewidth=1, label="rounding, 1e-16/h")
#     plt.ylim(1e-17, 10)
#     plt.xlabel("step h")
#     plt.ylabel("error of the slope")
#     plt.legend()
#
#
# plot_errors({"forward": forward_difference, "central": central_difference})
# plt.show()

# %% [markdown]
# Read it from right to left. At first the truncation error falls. Whenever the step becomes ten times shorter, the
# error of the forward difference becomes ten times smaller, and that of the central one a hundred times. Then the error
# turns and climbs.
#
# What climbs is **rounding**. A float has about 16 digits, so $f(x + h)$ carries an error of about $10^{-16}$ times $f$
# {cite:p}`goldberg1991`. In the difference of two nearly equal numbers, the digits that they share cancel, but the
# errors stay. Then they are divided by a small $h$. The result is noise of about $10^{-16} f / h$.
#
# The best step is where the two errors are about equal. For the forward difference that is near $10^{-8}$, with about 8
# digits right. For the central one it is between $10^{-6}$ and $10^{-5}$, with 10 to 11 digits right.
#
# In a notebook, the folded cell makes a slider for the step in the picture of the two lines. Open it and run it after
# the cells above. Move it to the left past $10^{-8}$: the errors grow long before you can see them in the picture.

# %% mystnb={"code_prompt_show": "The slider"} tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(two_slopes, exponent=(-16.0, 0.0, 0.5))

# %% [markdown]
# ## Six points
#
# The noise is divided by $h$, so a long step has little noise. But then the truncation error must be small in some
# other way. So take more points: step to $\pm h$, $\pm 2h$ and $\pm 3h$, and combine the three differences
# $d_k = f(x + kh) - f(x - kh)$. By Taylor's series, each of them is
#
# $$d_k = 2 \left( k\, h f' + k^3 \tfrac{h^3}{6} f''' + k^5 \tfrac{h^5}{120} f^{(5)} + \dots \right).$$
#
# We look for weights $c_k$ such that the first terms add up to $h f'$ and the next two cancel: $\sum c_k k = \tfrac12$,
# $\sum c_k k^3 = 0$, $\sum c_k k^5 = 0$. These are three equations with three unknowns.

# %% tags=["active-ipynb"]
# k = np.array([1.0, 2.0, 3.0])
# weights = np.linalg.solve(np.array([k, k**3, k**5]), [0.5, 0.0, 0.0])
# print("weights, times 60:", [round(float(60 * c), 6) for c in weights])

# %% [markdown]
# The formula is $(45 d_1 - 9 d_2 + d_3) / 60h$, and the first term that does not cancel is $\tfrac{h^6}{140} f^{(7)}$
# {cite:p}`fornberg1988`. The library's function is called `central`, because it also steps to both sides. It returns
# the slope, and how far the four-point formula, $(8 d_1 - d_2)/12h$, is from it. If two formulas of different order
# agree, the truncation error is probably small.


# %%
def central(f: Function, x: float, h: float) -> tuple[Any, Any]:
    """Return f′(x) from six points, and how far a four-point formula is from it.

    The first is (45·d₁ − 9·d₂ + d₃)/60h with dₖ = f(x + kh) − f(x − kh), whose
    error is h⁶·f⁽⁷⁾/140; the second (8·d₁ − d₂)/12h, whose error is h⁴·f⁽⁵⁾/30
    (Fornberg, 1988).
    """
    d1, d2, d3 = (f(x + k * h) - f(x - k * h) for k in (1, 2, 3))
    slope = (45.0 * d1 - 9.0 * d2 + d3) / (60.0 * h)
    return slope, abs(slope - (8.0 * d1 - d2) / (12.0 * h))


# %% mystnb={"code_prompt_show": "The picture's code, 8 lines", "image": {"alt": "The same V-shaped error curves with a third one for six points, which drops far more steeply and has its lowest point, below 1e-13, near a step of a thousandth."}} tags=["active-ipynb", "hide-input"]
# plot_errors(
#     {
#         "forward": forward_difference,
#         "central": central_difference,
#         "six points": lambda f, x, h: central(f, x, h)[0],
#     }
# )
# plt.show()

# %% [markdown]
# With a step of a thousandth, the six-point formula gets about 13 digits of this slope right.
#
# ## Finding the step
#
# For a function of your own, you do not know the exact slope, so you cannot draw the V and look for its lowest point.
# But at any step you can *estimate* the two errors. For the truncation error, take the distance between the two
# formulas. It is usually larger than the error of the better one, and noise makes it larger still. The rounding error
# is the noise of $f$ divided by $h$. These two numbers are enough for a search:
#
# - Start with a step of about a thousandth.
# - If the two errors together are within the tolerance, here $10^{-7}$ of the slope, stop: the slope is good enough.
# - If the truncation error is the larger one, the step is too long: take a quarter of it. Otherwise it is too short:
#   make it four times as long.
# - If you come back to a step that you have tried, stop: none of the steps tried is good enough.
#
# For now, take the noise to be two units in the last place of $f$. Watch the search on three functions: a steep wave,
# the bell on top of a constant, and the bell on top of a very large constant.

# %% tags=["active-ipynb"]
# def search(f, x, rtol=1e-7):
#     h, tried = 2.0**-10, []
#     while h not in tried:
#         tried.append(h)
#         estimate, truncation = central(f, x, h)
#         rounding = 2 * math.ulp(f(x)) / h
#         print(f"  h = {h:.6f}   truncation {truncation:.0e}   rounding {rounding:.0e}")
#         if truncation + rounding <= rtol * abs(estimate):
#             print(f"  slope {estimate:.6f}")
#             return tried
#         h = h / 4 if truncation > rounding else h * 4
#     print("  none of these steps is good enough")
#     return tried
#
#
# trials = {
#     "sin(200 x)": lambda x: math.sin(200 * x),
#     "bell(x) + 400,000": lambda x: bell(x) + 4e5,
#     "bell(x) + 1,000,000,000": lambda x: bell(x) + 1e9,
# }
# tried = {}
# for name, f in trials.items():
#     print(name)
#     tried[name] = search(f, at)

# %% mystnb={"code_prompt_show": "The picture's code, 12 lines", "image": {"alt": "The two errors together, relative to the slope, against the step, on logarithmic axes. Each curve has the shape of a V, and dots mark the steps that were tried. For the wave they go down to the left, and for the bell on a constant down to the right, until one is below the dashed line of the tolerance. The curve with the very large constant lies wholly above that line."}} tags=["active-ipynb", "hide-input"]
# for (name, f), color in zip(trials.items(), [FORWARD, ACCENT, BACKWARD]):
#     size = abs(central(f, at, tried[name][-1])[0])
#
#     def both_errors(h, f=f, size=size):
#         return (central(f, at, h)[1] + 2 * math.ulp(f(at)) / h) / size
#
#     steps = np.geomspace(1e-8, 6 * max(tried[name]), 200)
#     plt.loglog(steps, [both_errors(float(h)) for h in steps], color=color, linewidth=1.5, label=name)
#     plt.loglog(tried[name], [both_errors(h) for h in tried[name]], "o", color=color)
# plt.axhline(1e-7, linestyle="--", color=MUTED, linewidth=1, label="tolerance")
# plt.xlabel("step h")
# plt.ylabel("both errors / slope")
# plt.legend()
# plt.show()

# %% [markdown]
# The wave needs a shorter step. The bell on a constant needs a longer one, because the constant brings noise. On the
# very large constant, the column "truncation" shrinks at first when the step becomes longer: at the first two steps,
# most of the distance between the formulas is noise, too. At the last step the formulas themselves are too far apart,
# and the noise is still too large. Then the check must say that it does not know.
#
# ## How large is the noise?
#
# Two units in the last place of $f$ is a guess, and sometimes a bad one:

# %% tags=["active-ipynb"]
# def large_middle(x):
#     return x + 1e8 - 1e8
#
#
# print(f"f(1) = {large_middle(1.0)}, and the guess at h = 1e-3 is {2 * math.ulp(1.0) / 1e-3:.0e}")
# print(f"but the error of the slope is {abs(central(large_middle, 1.0, 1e-3)[0] - 1.0):.0e}")

# %% [markdown]
# The result is 1, but on the way to it a number of about $10^8$ was rounded, and the result keeps this error. How could
# you know? Compute $f$ once more, and round differently: move the numbers that each result is made from by up to 2
# units in the last place, and the result by up to 16. See how far $f$ moves. This is an estimate of the noise
# {cite:p}`vignes1993`, and it uses no derivative. If it did, a wrong derivative could spoil the estimate, too.
#
# The function `run` calls $f$ and notes what each operation was given. The cell after it does so once at 1, as
# `usual`. Then it measures the noise a little to the right of 1. (At 1 itself, each operation gets the
# same inputs as in the usual run, so nothing would move.)

# %% mystnb={"code_prompt_show": "Run a function and round differently, 46 lines"} tags=["hide-input"]
Step = tuple[tuple[float, ...], float]  # what an operation was given, and its result


def shaken(x: float, most: int, rng: random.Random) -> float:
    """Return `x`, moved by up to `most` units in its last place."""
    return x + rng.randint(-most, most) * math.ulp(x) if math.isfinite(x) else x


def is_flat(rule: ops.Rule, given: tuple[float, ...], moved: tuple[float, ...]) -> bool:
    """Return whether the result stays the same when the inputs move on very far, or very far back."""

    def result(far: float) -> float:
        ends = (g if g == m else math.copysign(far, far * (m - g)) for g, m in zip(given, moved))
        try:
            return rule(*ends)[0]
        except (ArithmeticError, ValueError):  # outside the domain of the rule
            return math.nan

    return rule(*given)[0] in (result(1e300), result(-1e300))


def run(
    f: Callable[..., Value], inputs: list[Value], usual: list[Step] | None = None, rng: random.Random | None = None
) -> tuple[Value, list[Step]]:
    """Call `f`, which must return a Value, and note each operation; with `rng`, round differently.

    Then the inputs of each operation move by up to 2 units in the last place and its result by
    up to 16, except where the inputs are the usual ones, or the operation is flat.
    """
    steps: list[Step] = []
    thread = get_ident()

    def is_exact(rule: ops.Rule, given: tuple[float, ...], data: float) -> bool:
        if not usual or len(steps) >= len(usual):  # f did other operations
            return False
        before, result = usual[len(steps)]
        return given == before or (data == result and is_flat(rule, before, given))

    def noted(data: float, inputs: tuple[Value, ...], op: str, local: tuple[float, ...], rule: ops.Rule) -> Value:
        if get_ident() == thread:
            given = tuple(v.data for v in inputs)
            if rng and not is_exact(rule, given, data):
                data = shaken(rule(*(shaken(x, 2, rng) for x in given))[0], 16, rng)
            steps.append((given, data))
        return plain(data, inputs, op, local, rule)

    with lock:
        plain = value.node
        with replaced((value, "node", noted)):
            out: object = f(*inputs)
    if isinstance(out, Value):
        return out, steps
    hint = (
        "check one output at a time, for example lambda x: f(x)[0]"
        if isinstance(out, (list, tuple))
        else "compute it from the inputs without .data, float() or math functions"
    )
    raise TypeError(f"f must return a Value, but it returned {what_is(out)}; {hint}")


# %% tags=["active-ipynb"]
# x = Value(1.0)
# _, usual = run(large_middle, [x])
# x.data = 1.001
# rng = random.Random(0)
# print("as usual:           ", run(large_middle, [x])[0].data)
# for _ in range(3):
#     print("rounded differently:", run(large_middle, [x], usual, rng)[0].data)

# %% [markdown]
# The results differ by up to a few ten-millionths, so this is the noise that the check reckons with. The estimate is
# too large on purpose: rounding moves a result by half a unit in its last place at most, and `run` moves it by up to
# 16. Here the true error is about a hundred times smaller. So the check sometimes says that it does not know when it
# could have known, but it seldom mistakes noise for a slope.
#
# :::{dropdown} Which numbers carry no noise
# An operation that gets the same inputs as in the first run gives the same result, so nothing is moved there. And at
# `relu(-1)`, or at a product with 0, the result stays the same to the last bit when the input moves. But it also stays
# the same in $10^{16} + x$, where a nudge of 0.1 is rounded away. To tell the two cases apart, `is_flat` moves the
# input very far, to $\pm 10^{300}$. The sum changes then, and `relu`, on one side, does not. Neither does a `tanh` that
# is saturated. At 20 its result is rounded to 1, so its tiny slope cannot be seen.
# :::
#
# :::{dropdown} What the library's search adds
# The function `slope` in the next cell is the search from above, with the measured noise. It also does the following:
#
# - The first step is about $|x|/1000$, and all steps are powers of two.
# - It compares the two formulas at every number of the graph. In the result, noise may hide that the step is too long.
#   A number with less noise can show it.
# - If the slope at a shorter step differs by more than the two uncertainties together, the longer step is discarded.
# - At a step longer than $|x|/4$ (or $1/4$, if $|x|$ is small), $f$ could look quite different. So such a step can
#   confirm a gradient, but it cannot refute one.
# - A gradient of exactly 0 has no size of its own. So if the measured slope cannot be told from 0, the tolerance is
#   `rtol` times how steep $f$ is nearby.
# :::


# %% mystnb={"code_prompt_show": "The search for the step in full, 59 lines"} tags=["hide-input"]
def exponent_of(x: float) -> int:
    """Return e such that |x| ≤ 2ᵉ, and at least -1000, far from underflow."""
    return max(math.frexp(x)[1], -1000)


def slope(
    f: Function, x: float, noise: Function, claimed: float, rtol: float, atol: float
) -> tuple[float, float, float]:
    """Return f′(x) by finite differences, its uncertainty, and the tolerance for `claimed`.

    `f` gives all numbers of its graph, itself last, and `noise` how uncertain they are
    at some distance from x.
    The first step is about |x|/1000. A step was too long if the two formulas differ
    by more than rounding explains, or if a shorter one contradicts it: the next one is
    a quarter of it. Otherwise it was too short: the next one is four times as long, and the
    second step at least 2⁻¹¹. We stop when the uncertainty is below the tolerance or
    when the steps turn around, and keep the best. On a step longer than |x|/4 (or 1/4),
    f could look quite different: only a claim that proves right may rest on one.
    Steps are powers of two: x ± kh is exact.
    """
    import numpy as np

    trials: dict[int, tuple[Any, Any]] = {}  # slopes and uncertainties for each step 2ᵉ

    def contradicted(exponent: int) -> bool:
        slopes, uncertainties = trials[exponent]
        return any(
            np.any(abs(slopes - s) > uncertainties + u) for shorter, (s, u) in trials.items() if shorter < exponent
        )

    exponent = exponent_of(x or 1.0) - 11
    shortest = exponent_of(x) - 52 if x else -100
    near = max(exponent_of(x), 0) - 2
    while shortest <= exponent <= near + 40 and exponent not in trials:
        h = math.ldexp(1.0, exponent)
        slopes, truncations = central(f, x, h)
        roundings = 2.0 * noise(3.0 * h) / h
        uncertainties = truncations + roundings
        estimate, uncertainty = float(slopes[-1]), float(uncertainties[-1])
        size = abs(estimate)
        if claimed == 0.0 and size <= uncertainty and exponent <= exponent_of(x or 1.0) - 2:
            # zero has no size of its own: take how steep f is a little to the left and to the right
            rises = [abs(f(x + 3.0 * s) - f(x + s))[-1] for s in (-h, h)]
            size = float(max(rises)) / (2.0 * h)
        allowed = max(rtol * size, atol)
        trials[exponent] = slopes, uncertainties
        believed = not contradicted(exponent)
        if believed and uncertainty <= allowed:
            proved = abs(estimate - claimed) <= allowed and np.isfinite(uncertainties).all()
            if exponent <= near or proved:
                return estimate, uncertainty, allowed
            break
        if believed and truncations[-1] <= roundings[-1]:
            exponent = max(exponent + 2, -11) if len(trials) == 1 else exponent + 2
        else:  # also if f was not finite somewhere
            exponent -= 2
    uncertainty, estimate = min(
        (
            (float(u[-1]), float(s[-1]))
            for k, (s, u) in trials.items()
            if k <= near and math.isfinite(u[-1]) and not contradicted(k)
        ),
        default=(math.inf, math.nan),
    )
    return estimate, uncertainty, max(rtol * abs(estimate), atol)


# %% [markdown]
# At a corner there is no slope. `relu` at 0 has slope 0 on its left and 1 on its right. To tell a corner from a curve,
# compare the slope on the left with that on the right. On a curve the gap between them shrinks with the step. At a
# corner it stays. Noise can make a gap, too, so the gap must be larger than noise explains.


# %%
def has_kink(f: Function, x: float, noise: Function) -> bool:
    """Return whether the slopes left and right of x stay apart as the step shrinks."""
    h = math.ldexp(1.0, exponent_of(x or 1.0) - 13)
    gaps = [abs(f(x + s) - 2.0 * f(x) + f(x - s)) / s for s in (h, h / 16.0)]
    # The noise is overestimated by so much that it also covers the gap at h/16.
    return bool(gaps[1] > gaps[0] / 2.0 and gaps[1] > 4.0 * noise(h) / h)


# %% [markdown]
# ## The report
#
# For each input, the report shows the gradient by backpropagation, the slope by nudging, the distance between them
# relative to the larger one (the column "error"), and a verdict. Two words first. The **uncertainty** of a slope is the
# sum of its two estimated errors, truncation and rounding. The **tolerance** is `rtol` times the slope, or `atol` if
# that is larger. (For a gradient of exactly 0, see below.) The verdict is the first of these that applies:
#
# - *agrees*: gradient and slope differ by no more than the tolerance, and the uncertainty of the slope is within the
#   tolerance, too;
# - *kink*: the slopes on the left and on the right differ;
# - *differs*: gradient and slope differ by more than the tolerance plus ten times the uncertainty, or the gradient is
#   not finite;
# - *inconclusive*: the uncertainty is too large to tell.
#
# The report as a whole is true if all gradients agree, so `assert check_gradients(...)` is a test.


# %% mystnb={"code_prompt_show": "One row of the report, 27 lines"} tags=["hide-input"]
class Comparison(NamedTuple):
    """The gradient of one input, computed in two ways.

    Attributes
    ----------
    name : str
        The input's label, or x and its position.
    value : float
        The input's number.
    backprop : float
        ∂f/∂input by backpropagation.
    difference : float
        ∂f/∂input by finite differences; nan if f was finite at no step.
    uncertainty : float
        How far `difference` may be from the truth, by our estimate.
    error : float
        |backprop − difference|, relative to the larger of the two.
    verdict : str
        "agrees", "differs", "kink" (another slope on either side) or
        "inconclusive" (the difference is too uncertain to tell).
    """

    name: str
    value: float
    backprop: float
    difference: float
    uncertainty: float
    error: float
    verdict: str


# %% mystnb={"code_prompt_show": "The report, 27 lines"} tags=["hide-input"]
class Report:
    """What `check_gradients` found: true if every gradient agrees, and a table when printed.

    Attributes
    ----------
    rows : tuple of Comparison
        One for each input, in order.
    evaluations : int
        How many times f was called.
    rtol : float
        The relative tolerance of the check.
    """

    def __init__(self, rows: tuple[Comparison, ...], evaluations: int, rtol: float) -> None:
        self.rows = rows
        self.evaluations = evaluations
        self.rtol = rtol

    def __bool__(self) -> bool:
        return all(row.verdict == "agrees" for row in self.rows)

    def __repr__(self) -> str:
        agreeing = sum(row.verdict == "agrees" for row in self.rows)
        lines = [["input", "at", "backprop", "difference", "error", "verdict"]]
        for row in self.rows:
            numbers = [f"{x:.6g}" for x in (row.value, row.backprop, row.difference)]
            error = f"< {self.rtol:.0e}" if row.error <= self.rtol else f"{row.error:.1e}"
            lines.append([row.name, *numbers, error, row.verdict])
        widths = [max(map(len, cells)) for cells in zip(*lines)]
        table = ["  ".join([a.ljust(widths[0]), *map(str.rjust, b, widths[1:]), c]) for a, *b, c in lines]
        return "\n".join([f"{agreeing} of {len(self.rows)} gradients agree", *table])


# %% mystnb={"code_prompt_show": "Give Values their data and grad back, and one backward pass, 16 lines"} tags=["hide-input"]
@contextmanager
def keep(values: list[Value]) -> Iterator[None]:
    """Give each of `values` its data and grad back at the end, also after an error."""
    saved = [(v, v.data, v.grad) for v in values]
    try:
        yield
    finally:
        for v, data, grad in saved:
            v.data, v.grad = data, grad


def differentiate(out: Value, inputs: list[Value]) -> list[float]:
    """Return the gradient of `out` by backpropagation."""
    with keep(topological_sort(out) + inputs):  # f may use Values from outside
        for v in inputs:
            v.grad = 0.0
        out.backward()
        return [v.grad for v in inputs]


# %% mystnb={"code_prompt_show": "Checking of inputs and calls with a nudged input, 41 lines"} tags=["hide-input"]
def as_leaves(inputs: tuple[Value | SupportsFloat, ...]) -> tuple[list[str], list[Value]]:
    """Return the names of `inputs` and the Values to nudge; a plain number becomes a new Value."""
    values = [x if isinstance(x, Value) else Value(x) for x in inputs]
    names = [v.label or f"x{i}" for i, v in enumerate(values)]
    for name, v in zip(names, values):
        if v._prev:
            raise ValueError(f"{name} was made by {v._op!r}; pass the leaves it was made from, and compute it inside f")
        if not math.isfinite(v.data):
            raise ValueError(f"{name} is {v.data!r}; there is no slope to compare: check at a finite point")
    return names, values


class Nudging:
    """A function whose inputs are nudged, its usual result, and how many times it was called."""

    def __init__(self, f: Callable[..., Value], inputs: list[Value]) -> None:
        self.f = f
        self.inputs = inputs
        self.out, self.usual = run(f, inputs)
        self.evaluations = 1
        self.rng = random.Random(0)

    def expect_the_same_again(self) -> None:
        """Raise a ValueError unless f gives the same finite number once more."""
        out, again = self.out.data, run(self.f, self.inputs)[0].data
        self.evaluations += 1
        if not math.isfinite(out):
            raise ValueError(
                f"f is {out!r} here; there is no slope to compare: check at another point "
                "(detect_anomaly tells where it came from)"
            )
        if out != again:
            raise ValueError(f"f gave {out!r} and then {again!r} for the same inputs; make it give the same every time")

    def numbers(self, v: Value, x: float, rng: random.Random | None = None) -> Any:
        """Return all numbers of the graph when the input `v` is `x`, f itself last; with `rng`, rounded differently."""
        import numpy as np

        self.evaluations += 1
        v.data = x
        try:
            root, steps = run(self.f, self.inputs, self.usual, rng)
        except (ArithmeticError, ValueError):  # outside the domain of f
            return np.full(len(self.usual) + 1, math.nan)
        if len(steps) != len(self.usual):  # f did other operations
            return np.array([*[math.nan] * len(self.usual), root.data])
        return np.array([*(result for _, result in steps), root.data])


# %% mystnb={"code_prompt_show": "The verdict on one input, 23 lines"} tags=["hide-input"]
def compared(nudging: Nudging, name: str, v: Value, gradient: float, rtol: float, atol: float) -> Comparison:
    """Compare one input's gradient with the slope by finite differences."""
    import numpy as np

    x = v.data

    @cache
    def nudged(x: float) -> Any:
        return nudging.numbers(v, x)

    def noise(h: float) -> Any:
        places = (x - h, x + h) * 2  # one may come out as usual by chance
        return np.max([abs(nudging.numbers(v, t, nudging.rng) - nudged(t)) for t in places], axis=0)

    difference, uncertainty, allowed = slope(nudged, x, noise, gradient, rtol, atol)
    gap = abs(gradient - difference)
    error = ops.divide(gap, max(abs(gradient), abs(difference))) if gap else 0.0
    if gap <= allowed and uncertainty <= allowed:
        verdict = "agrees"
    elif has_kink(lambda t: nudged(t)[-1], x, lambda h: noise(h)[-1]):
        verdict = "kink"
    elif gap > allowed + 10.0 * uncertainty or (math.isfinite(uncertainty) and not math.isfinite(gradient)):
        verdict = "differs"
    else:
        verdict = "inconclusive"
    v.data = x
    return Comparison(name, x, gradient, difference, uncertainty, error, verdict)


# %%
def check_gradients(
    f: Callable[..., Value], *inputs: Value | SupportsFloat, rtol: float = 1e-7, atol: float = 0.0
) -> Report:
    """Compare the gradients of `f` by backpropagation with finite differences.

    Each input in turn is nudged by ±h, ±2h and ±3h, and the six results of f
    give a slope with an error of h⁶·f⁽⁷⁾/140 plus rounding
    noise of about `1e-16·|f|/h`. The step is chosen for each input; both errors are
    estimated without any derivative. A gradient agrees only if these errors and its
    distance from the slope are all within the tolerance.

    Parameters
    ----------
    f : callable
        Takes as many Values as there are inputs; returns a Value. It must give
        the same result every time and compute it from the inputs anew.
    *inputs : Value or number
        Where to check. A number becomes a Value named x0, x1, … by its position.
        A Value must be a leaf; it is itself nudged, and gets its data and grad back.
    rtol : float, optional
        How far a gradient may be from the slope, relative to the slope.
    atol : float, optional
        How far it may always be from the slope.

    Returns
    -------
    Report
        True if all gradients agree; prints as a table.

    Raises
    ------
    TypeError
        If f is not a function that returns a Value, or an input is not a number.
    ValueError
        If there are no inputs, one is not a leaf, f or an input is not finite, or
        f gives two results at one point.

    Notes
    -----
    Where f has a kink (`relu` at 0) there is no slope to compare: the verdict is
    "kink". Where rounding could hide a wrong gradient, 0 included, it is
    "inconclusive". Both make the report false: check at another point.
    A kink whose two slopes have backprop's answer as their mean agrees: `|x|` at 0.

    A gradient of exactly 0 agrees if every path stops the nudge, and none merely rounds it away:
    an input that f does not use, or `relu` at −1. With one exception: a saturated function agrees,
    too, such as `tanh` at 20. Otherwise, if the slope cannot be told from 0, the
    tolerance is rtol times the slopes between x ± h and x ± 3h, with h up to about a quarter of x:
    `x·x` at 0.

    It cannot see a derivative that is wrong elsewhere, or by less than rtol; a wiggle
    between its steps; or rounding inside one rule, or in numbers outside of the graph.

    Examples
    --------
    >>> check_gradients(lambda a, b: a * b + a, 2.0, 3.0)
    2 of 2 gradients agree
    input  at  backprop  difference    error  verdict
    x0      2         4           4  < 1e-07  agrees
    x1      3         2           2  < 1e-07  agrees
    """
    import numpy as np

    if not callable(f):
        raise TypeError(
            f"check_gradients takes a function first, but got {what_is(f)}; write check_gradients(f, 2.0, 3.0)"
        )
    if not inputs:
        raise ValueError("check_gradients needs at least one input: check_gradients(f, 2.0, 3.0)")
    if not (0.0 < rtol < math.inf and 0.0 <= atol < math.inf):
        raise ValueError(f"rtol must be positive and atol not negative, but got rtol={rtol!r} and atol={atol!r}")

    names, values = as_leaves(inputs)
    nudging = Nudging(f, values)
    gradients = differentiate(nudging.out, values)
    nudging.expect_the_same_again()
    with keep(values), np.errstate(all="ignore"):
        rows = tuple(
            compared(nudging, name, v, gradient, rtol, atol) for name, v, gradient in zip(names, values, gradients)
        )
    return Report(rows, nudging.evaluations, rtol)


# %% tags=["active-ipynb"]
# check_gradients(lambda a, b: a * b + a, 2.0, 3.0)

# %% [markdown]
# ## Catching mistakes
#
# Back to the four rules, which the losses could not tell apart.

# %% tags=["active-ipynb"]
# for name, rule in suspects.items():
#     row = check_gradients(lambda x, rule=rule: apply(rule, x), 0.7).rows[0]
#     print(f"rule {name}: backprop {row.backprop:.6f}, difference {row.difference:.6f}: {row.verdict}")

# %% [markdown]
# C is right. D is twice the right derivative. A and B go to a point where *their* gradient is zero, and the loss is not
# smallest there.
#
# Next come some common mistakes, and some that are very small. Which of them will the check miss?

# %% mystnb={"code_prompt_show": "The helper off_by, 6 lines"} tags=["active-ipynb", "hide-input"]
# def off_by(rule, factor, which):
#     """The same rule with one of its local derivatives off by a factor."""
#
#     def wrong(*x):
#         result, local = rule(*x)
#         return result, tuple(d * factor if i == which else d for i, d in enumerate(local))
#
#     return wrong

# %% tags=["active-ipynb"]
# mistakes = [
#     ("a², derivative a", lambda a: (a * a, (a,)), [3.0]),
#     ("a·b, derivatives swapped", lambda a, b: (a * b, (a, b)), [2.0, 3.0]),
#     ("a − b, both signs plus", lambda a, b: (a - b, (1.0, 1.0)), [2.0, 3.0]),
#     ("mean, 1/n forgotten", lambda a, b: ((a + b) / 2, (1.0, 1.0)), [2.0, 3.0]),
#     ("a/b, ∂/∂b forgotten", off_by(ops.div, 0.0, 1), [2.0, 3.0]),
#     ("a·b, 999 times too large", off_by(ops.mul, 999.0, 0), [2.0, 3.0]),
#     ("a·b, a millionth too large", off_by(ops.mul, 1.000001, 1), [2.0, 3.0]),
#     ("the same, numbers of 1e-12", off_by(ops.mul, 1.000001, 1), [2e-12, 3e-12]),
#     ("a·b, right", ops.mul, [2.0, 3.0]),
# ]
# for name, rule, point in mistakes:
#     report = check_gradients(lambda *x, rule=rule: apply(rule, *x), *point)
#     print(f"{name:28} {[row.verdict for row in report.rows]}")

# %% [markdown]
# It misses none. And as each function here is a single operation, the verdicts show which derivative is wrong. In a
# network, one wrong rule can spoil the gradient of every input that goes through it.
#
# ## A whole network
#
# If you hand in a Value, the check nudges that very Value. So you can check each weight of a model: give the parameters
# as the inputs, and a function that ignores its arguments and computes the loss. (The [MLP](mlp.ipynb) has a chapter of
# its own; here it is a formula with 13 inputs.)

# %% tags=["active-ipynb"]
# from micrograd_numpy import MLP
#
# model = MLP(2, [3, 1], rng=np.random.default_rng(1))
# points, targets = [(0.5, -1.0), (1.5, 0.3), (-0.2, 0.8)], [1.0, -1.0, 0.5]
#
#
# def loss():
#     return mean((model(x) - t) ** 2 for x, t in zip(points, targets))
#
#
# report = check_gradients(lambda *_: loss(), *model.parameters())
# print(report)

# %% [markdown]
# Four gradients are exactly 0, and agree. They belong to a neuron whose `relu` is off for all three points: a nudge of
# its two weights or its bias changes nothing, and the weight that follows it multiplies 0.
#
# ## What it costs
#
# If nudging is so reliable, why not train with it? Count how often $f$ is computed.

# %% tags=["active-ipynb"]
# for n in [1, 10, 100]:
#     report = check_gradients(lambda *x: mean(v * v for v in x), *range(1, n + 1))
#     print(f"{n:3} inputs: {report.evaluations:3} evaluations of f to check what one backward pass gave")

# %% [markdown]
# Each input takes six evaluations for the slope and four for the noise, and there are two at the beginning. (Four of
# the hundred inputs needed a second step, which took ten more each.) For a model with a million weights this would be
# ten million evaluations; forward differences alone would need one for each weight, and one more. Backpropagation needs
# one evaluation and one walk back. So you train with backpropagation, and use nudging once, on a *small* model that has
# the same rules.
#
# ## What it promises
#
# "Agrees" means: at this point, the gradient and the slope differ by no more than the tolerance, and by our estimate
# the slope is not more uncertain than that. Three cases are special. A gradient of exactly 0 has a tolerance of its
# own, as you will see below. At a corner there is no slope, and the check takes the mean of the slopes on both sides:
# so $|x|$ at 0 agrees, because backpropagation gives 0, too. And a function that is saturated, so that its result stays
# rounded to one number however far the input moves to one side, counts as flat: so `tanh` at 20 agrees, although its
# true slope is $1.7 \cdot 10^{-17}$.
#
# Where noise could hide more, the answer is "inconclusive". If you add a million to a small function, its digits are
# lost in the noise. Then the check cannot say whether the gradient is right, too large by half, or forgotten
# altogether.

# %% tags=["active-ipynb"]
# def drowned(factor):
#     def small_bell(a):
#         return 1e-9 / (1 + a * a), (factor * -2e-9 * a / (1 + a * a) ** 2,)
#
#     return lambda x: apply(small_bell, x) + 1e6
#
#
# for factor in [1.0, 1.5, 0.0]:
#     report = check_gradients(drowned(factor), 0.5)
#     print(f"factor {factor}: {report.rows[0].verdict}, report is {bool(report)}")

# %% [markdown]
# A gradient of exactly 0 has no size that `rtol` could be a part of. It agrees if $f$ is flat without any noise or
# saturated, or if the measured slope cannot be told from 0 and its uncertainty is small beside the slopes of $f$ a step
# away, as at the bottom of a parabola. A gradient that is tiny but not 0 is often inconclusive: `tanh` at 12 is so
# close to 1 that noise hides its slope, but it is not yet flat as at 20. Then say with `atol` what is small enough for
# you:

# %% tags=["active-ipynb"]
# for name, f, x, atol in [
#     ("relu, off", lambda x: x.relu() + 1e6, -1.0, 0.0),
#     ("bottom of a parabola", lambda x: (x - 3) ** 2, 3.0, 0.0),
#     ("|x| at 0", abs, 0.0, 0.0),
#     ("tanh at 20", lambda x: x.tanh(), 20.0, 0.0),
#     ("tanh at 12", lambda x: x.tanh(), 12.0, 0.0),
#     ("the same, atol=1e-9", lambda x: x.tanh(), 12.0, 1e-9),
# ]:
#     print(f"{name:20} {check_gradients(f, x, atol=atol).rows[0].verdict}")

# %% [markdown]
# ## What it can't promise
#
# At corners and jumps there is no slope to compare with. `relu` takes 0 at its corner, as in PyTorch, and a central
# difference gives the mean of the two slopes.

# %% tags=["active-ipynb"]
# print(check_gradients(lambda x: x.relu(), 0.0))
# print("a jump:", check_gradients(lambda x: x * 2 if x < 1 else x * 2 + 1, 1.0).rows[0].verdict)

# %% [markdown]
# So "kink" does not say that a rule is wrong. It says that you cannot check here. A very steep bend can look like a
# corner, too. Check at another point.
#
# One point is not enough. A `relu` that always passes the gradient on is right at 3. Check on both sides of each
# corner.

# %% tags=["active-ipynb"]
# def always_on(a):
#     return max(0.0, a), (1.0,)
#
#
# for x in [3.0, -2.0]:
#     print(f"at {x}: {check_gradients(lambda v: apply(always_on, v), x).rows[0].verdict}")

# %% [markdown]
# At 1, the check misses these three wrong rules. The first is off by less than `rtol`. The second has a wiggle so
# narrow that all six points lie outside it. The third loses its slope to rounding inside the rule, among plain numbers
# that are in no graph.

# %% tags=["active-ipynb"]
# def a_little_off(a):
#     return 2 * a, (2 * (1 + 1e-8),)
#
#
# def wiggle(a):  # has slope 1.001 at 1
#     return a + 1e-12 * math.tanh(1e9 * (a - 1)), (1.0,)
#
#
# def drowns_inside(a):  # has slope 4e-10 at 1
#     return 1e-9 * math.tanh(a) + 1e9, (0.0,)
#
#
# for rule in [a_little_off, wiggle, drowns_inside]:
#     print(f"{rule.__name__}: {check_gradients(lambda x: apply(rule, x), 1.0).rows[0].verdict}")

# %% [markdown]
# The check sees only the function that you hand it. Here you check `error`, and it agrees. But you train `trained`, in
# which `.data` cuts the penalty off from the graph.

# %% tags=["active-ipynb"]
# def error(w):
#     return (w * 2 - 1) ** 2
#
#
# def trained(w):
#     return error(w) + 0.1 * w.data**2
#
#
# for f in [error, trained]:
#     print(f"{f.__name__}: {check_gradients(f, 3.0).rows[0].verdict}")

# %% [markdown]
# Last, a function may give a different result each time, for example because of dropout or a shuffled batch. The check
# calls it twice at the start, and refuses it if the two results differ.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(0)
# try:
#     check_gradients(lambda x: x * rng.integers(10), 1.0)
# except ValueError as problem:
#     print(problem)

# %% [markdown]
# ## What you can now do
#
# - Test a gradient at a point, to seven digits, without using a derivative.
# - Choose a step for a finite difference, and say what its error consists of.
# - Test a rule of your own in one line: `assert check_gradients(lambda x: apply(my_rule, x), 0.7)`.
# - Explain why you train with backpropagation and test it by nudging.
#
# ## In PyTorch this is …
#
# …
# [`torch.autograd.gradcheck`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html).
# It uses central differences with a fixed step of $10^{-6}$. By default it lets a gradient be off by a thousandth of
# its size, plus $10^{-5}$.
# Give both checks a multiplication whose derivative is off by 0.0005 of its size.

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#
#     class AlmostDouble(torch.autograd.Function):
#         @staticmethod
#         def forward(_, x):
#             return 2.0 * x
#
#         @staticmethod
#         def backward(_, grad):
#             return 2.001 * grad
#
#     x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
#     print("PyTorch, as it comes:", torch.autograd.gradcheck(AlmostDouble.apply, x))
#     print(
#         "PyTorch, rtol=1e-6:  ",
#         torch.autograd.gradcheck(AlmostDouble.apply, x, rtol=1e-6, raise_exception=False),
#     )
#     report = check_gradients(lambda v: apply(lambda a: (2.0 * a, (2.001,)), v), 3.0)
#     print("ours:                ", bool(report))

# %% [markdown]
# Both checks need the precision of Python's floats, float64. PyTorch's default is float32, which has about 7 digits,
# and there a central difference of the bell gets about 4 to 5 of them right near the best step.
#
# ## Exercises
#
# With folded solutions, in [Exercises: Trusting gradients](exercises/gradcheck.ipynb):
#
# 1. One of five is wrong: find the rule with the wrong derivative.
# 2. The four-point formula: derive its weights, and measure its order.
# 3. The complex step: a difference without a subtraction, and so without the V.
#
# ## Check yourself
#
# :::{dropdown} Your loss falls steadily. What do you know about your gradients?
# Only that the steps taken so far have lowered it. The gradients may be off by a factor, or wrong for some inputs.
# :::
#
# :::{dropdown} You make the step of a central difference ten times shorter, and the error grows. Why?
# You are on the left side of the V. There the rounding error, about $10^{-16} f/h$, is larger than the truncation
# error, and it grows when the step shrinks.
# :::
#
# :::{dropdown} Why is a central difference better than a forward one?
# If you step to both sides, all even terms of Taylor's series cancel, so the error shrinks with $h^2$ instead of $h$.
# :::
#
# :::{dropdown} A gradient is 0 by backprop and by differences, at one point. Is the rule right?
# That is not proved. At that point $f$ may just be flat, and any factor times 0 is 0. Check where the slope is not
# zero.
# :::
#
# ## Sources
#
# The six-point formula and its error are from {cite:t}`fornberg1988`. {cite:t}`goldberg1991` explains what rounding
# does to a difference. Estimating the noise by random rounding is the method of {cite:t}`vignes1993`.
