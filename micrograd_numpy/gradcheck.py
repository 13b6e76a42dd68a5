# %% [markdown]
# # Trusting gradients
#
# A model with a wrong gradient can still train. In this chapter you build the test that tells a right gradient from a
# wrong one, and learn how many digits of its answer you may believe.
#
# - **You will build** `check_gradients`, which holds backpropagation against nudges of the inputs.
# - **You need** [Value](value.ipynb), and rules with their local derivatives from [Operations](ops.ipynb).
# - **Time** about 30 minutes.

# %%
"""Trusting gradients: backpropagation held against finite differences."""

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
# Fit one tanh neuron to four points by stepping against the slope. You do it four times. Each time the result of tanh
# is right, but only one of the four rules has the right derivative.

# %% tags=["active-ipynb"]
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

# %% tags=["active-ipynb"]
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
# Before you run the next cell: can a picture of the loss tell you which rule is the right one?

# %% mystnb={"image": {"alt": "Four loss curves that all fall from 0.09 towards zero, some faster than others; nothing marks the right one."}} tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# import numpy as np
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
#     losses = train(rule)
#     print(f"rule {name}: loss {losses[0]:.4f} at the start, {losses[-1]:.4f} after 40 steps")

# %% [markdown]
# Every one of them learns, and the fastest need not be the right one. A step that points roughly downhill goes
# downhill, and a factor that is too large or too small only looks like another learning rate. So a falling loss proves
# nothing about your gradients. Here two wrong rules even end lower than the right one. On another task the same bug may
# cost you, and nothing in the curve will tell you why.
#
# You need a witness that knows nothing of rules.
#
# ## Nudge and watch
#
# The slope of $f$ at $x$ says how many times as far the output moves as the input. So move the input by a small step
# $h$, and divide. This is the **forward difference**:
#
# $$f'(x) \approx \frac{f(x + h) - f(x)}{h}$$
#
# It asks $f$ for its value twice and nothing else, so it can't repeat a mistake in a rule. How good is it? Take a
# function whose slope you know, a bell.

# %% tags=["active-ipynb"]
# def bell(x):
#     return 1.0 / (1.0 + x * x)
#
#
# def forward(f, x, h):
#     return (f(x + h) - f(x)) / h
#
#
# at = 0.25
# exact = -2 * at / (1 + at * at) ** 2  # by the rules of school
# for h in [0.1, 0.01, 0.001]:
#     slope = forward(bell, at, h)
#     print(f"h = {h:<5}  slope {slope:.8f}  error {abs(slope - exact):.1e}")

# %% [markdown]
# Ten times shorter a step, ten times smaller an error. School has the reason, Taylor's series: near $x$, a smooth
# function is
#
# $$f(x + h) = f(x) + h f'(x) + \tfrac{h^2}{2} f''(x) + \tfrac{h^3}{6} f'''(x) + \dots$$
#
# Each prime is one more derivative. Subtract $f(x)$, divide by $h$, and the first thing too much is
# $\tfrac{h}{2} f''(x)$: an error that shrinks like $h$. It is called the **truncation error**.
#
# Now step to both sides. In $f(x + h) - f(x - h)$ all even terms cancel, $f''$ among them. This is the **central
# difference**:
#
# $$f'(x) \approx \frac{f(x + h) - f(x - h)}{2h}, \qquad \text{too much by } \tfrac{h^2}{6} f'''(x) + \dots$$
#
# Predict before you run: when $h$ becomes ten times shorter, the error becomes how many times smaller?

# %% tags=["active-ipynb"]
# def two_sided(f, x, h):
#     return (f(x + h) - f(x - h)) / (2 * h)
#
#
# for h in [0.1, 0.01, 0.001]:
#     errors = [abs(formula(bell, at, h) - exact) for formula in (forward, two_sided)]
#     print(f"h = {h:<5}  forward {errors[0]:.1e}  central {errors[1]:.1e}")

# %% [markdown]
# A hundred times. Both formulas ask $f$ twice, and the central one has twice as many digits right.
#
# ## How short a step?
#
# If shorter is better, why not take $h = 10^{-15}$? Watch the error over sixteen powers of ten.

# %% mystnb={"image": {"alt": "Error against step on two logarithmic axes: both curves fall as the step shrinks, reach a lowest point, then climb again in a ragged line. The central curve goes deeper and turns at a longer step."}} tags=["active-ipynb"]
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
# plot_errors({"forward": forward, "central": two_sided})
# plt.show()

# %% [markdown]
# Read it from right to left. At first the error falls with the truncation, one decade per decade for the forward
# difference, two for the central one. Then it turns and climbs.
#
# What climbs is **rounding**. A float keeps 16 digits, so $f(x + h)$ carries an error of about $10^{-16}$ times $f$
# {cite:p}`goldberg1991`. Two nearly equal numbers are subtracted: their common digits go, the error stays, and then it
# is divided by a small $h$. What is left is noise of about $10^{-16} f / h$.
#
# The best step is where the two meet. For the forward difference that is near $10^{-8}$, with 8 digits right; for the
# central one near $10^{-5}$, with 10 to 11.

# %% tags=["active-ipynb"]
# for h in [1e-2, 1e-5, 1e-8, 1e-11, 1e-14]:
#     errors = [abs(formula(bell, at, h) - exact) for formula in (forward, two_sided)]
#     print(f"h = {h:.0e}  forward {errors[0]:.0e}  central {errors[1]:.0e}")

# %% [markdown]
# Here is the same fight close up. The function draws the bell and the two lines that the nudges see.

# %% mystnb={"image": {"alt": "The bell curve with its tangent at 0.25 and two secant lines for a step of 0.3; the central one is nearly parallel to the tangent, the forward one is steeper."}} tags=["active-ipynb"]
# def secants(exponent):
#     h = 10.0**exponent
#     t = np.linspace(-0.75, 1.25, 200)
#     plt.plot(t, bell(t), color=FORWARD, label="f")
#     plt.plot(t, bell(at) + exact * (t - at), "--", color=BACKWARD, label="true slope")
#     for formula, name, color in [
#         (forward, "forward", MUTED),
#         (two_sided, "central", ACCENT),
#     ]:
#         slope = formula(bell, at, h)
#         label = f"{name}, error {abs(slope - exact):.0e}"
#         plt.plot(t, bell(at) + slope * (t - at), color=color, linewidth=1, label=label)
#     plt.plot([at - h, at, at + h], [bell(at - h), bell(at), bell(at + h)], "o", color=FORWARD)
#     plt.title(f"h = {h:.0e}")
#     plt.ylim(0, 1.4)
#     plt.legend()
#     plt.show()
#
#
# secants(-0.5)

# %% [markdown]
# Run everything down to the folded cell below, and you get a slider for the step. Move it left past $10^{-8}$, and
# watch the errors grow while the picture already looks perfect.

# %% tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(secants, exponent=(-16.0, 0.0, 0.5))

# %% [markdown]
# ## Six points
#
# The valley of the V is deeper for the formula with the higher order. So go on: step to $\pm h$, $\pm 2h$ and $\pm 3h$,
# and mix the three differences $d_k = f(x + kh) - f(x - kh)$. By Taylor, each is
#
# $$d_k = 2 \left( k\, h f' + k^3 \tfrac{h^3}{6} f''' + k^5 \tfrac{h^5}{120} f^{(5)} + \dots \right).$$
#
# We want weights $c_k$ for which the first terms add up to $h f'$ and the others cancel: $\sum c_k k = \tfrac12$,
# $\sum c_k k^3 = 0$, $\sum c_k k^5 = 0$. Three equations, three unknowns.

# %% tags=["active-ipynb"]
# k = np.array([1.0, 2.0, 3.0])
# weights = np.linalg.solve(np.array([k, k**3, k**5]), [0.5, 0.0, 0.0])
# print("weights, times 60:", [round(float(60 * c), 6) for c in weights])

# %% [markdown]
# The formula is $(45 d_1 - 9 d_2 + d_3) / 60h$, and the first term that does not cancel is $\tfrac{h^6}{140} f^{(7)}$
# {cite:p}`fornberg1988`. The library's version also returns by how much the four-point formula, $(8 d_1 - d_2)/12h$,
# disagrees. If two formulas of different order agree, the step is probably short enough.


# %%
def central(f: Function, x: float, h: float) -> tuple[Any, Any]:
    """f′(x) from six points, and by how much a four-point formula differs.

    The first is (45·d₁ − 9·d₂ + d₃)/60h with dₖ = f(x + kh) − f(x − kh), whose
    error is h⁶·f⁽⁷⁾/140; the second (8·d₁ − d₂)/12h, whose error is h⁴·f⁽⁵⁾/30
    (Fornberg, 1988).
    """
    d1, d2, d3 = (f(x + k * h) - f(x - k * h) for k in (1, 2, 3))
    slope = (45.0 * d1 - 9.0 * d2 + d3) / (60.0 * h)
    return slope, abs(slope - (8.0 * d1 - d2) / (12.0 * h))


# %% mystnb={"image": {"alt": "The same V-shaped error curves with a third one for six points, which drops far more steeply and reaches about 1e-14 at a step of two thousandths."}} tags=["active-ipynb"]
# plot_errors(
#     {
#         "forward": forward,
#         "central": two_sided,
#         "six points": lambda f, x, h: central(f, x, h)[0],
#     }
# )
# plt.show()

# %% [markdown]
# With a step as long as a thousandth, the six-point formula has 13 digits, and the noise hardly matters. Where $f$ is
# as quiet as here, a rule that is off by a millionth can't hide from it.
#
# ## How large is the noise?
#
# A slope is worth as much as you know about its error. The truncation part you have just estimated. For the rounding
# part, $10^{-16} f$ is a guess, and sometimes a bad one:

# %% tags=["active-ipynb"]
# def large_middle(x):
#     return x + 1e8 - 1e8
#
#
# print(f"f(1)    = {large_middle(1.0)}")
# print(f"error at h = 1e-3: {abs(central(large_middle, 1.0, 1e-3)[0] - 1.0):.0e}")

# %% [markdown]
# The result is 1, but a number of $10^8$ was rounded on the way, and its error came along. How would you know? Compute
# $f$ once more and round otherwise: move each result, and each number it was made from, by a few units in the last
# place. How far $f$ moves then is an estimate of the noise, made to be too large rather than too small
# {cite:p}`vignes1993`. This asks no derivative, and it must not: a derivative may be wrong, and then so would be our
# doubt about it.
#
# Some numbers carry no noise. An operation with the same inputs as before gives the same result as before. And at
# `relu(-1)`, or at a product with 0, the result stays the same to the last bit when the input moves. But it also stays
# the same in $10^{16} + x$, where the nudge is rounded away. To tell the two apart, move the input very far, to
# $\pm 10^{300}$. The sum notices; `relu`, on one side, does not. Neither does a `tanh` that is saturated. At 20 it is
# rounded to 1, and its tiny slope is out of sight.

# %%
Step = tuple[tuple[float, ...], float]  # what an operation was given, and its result


def shaken(x: float, most: int, rng: random.Random) -> float:
    """`x`, moved by up to `most` units in its last place."""
    return x + rng.randint(-most, most) * math.ulp(x) if math.isfinite(x) else x


def is_flat(rule: ops.Rule, given: tuple[float, ...], moved: tuple[float, ...]) -> bool:
    """Whether the result stays as it is however far the inputs move on, or however far back."""

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
    """Call `f`, insist on a Value, and note every operation; with `rng`, round otherwise than usual.

    Then the inputs of each operation and its result move by a few units in the last place,
    except where the inputs are the usual ones, or the operation is flat.
    """
    steps: list[Step] = []
    thread = get_ident()

    def is_exact(rule: ops.Rule, given: tuple[float, ...], data: float) -> bool:
        if not usual or len(steps) >= len(usual):  # f took another way
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
# print("as usual: ", run(large_middle, [x])[0].data)
# for _ in range(3):
#     print("otherwise:", run(large_middle, [x], usual, rng)[0].data)

# %% [markdown]
# The digits that the lines don't share are noise.
#
# The next cell makes sure that a check leaves no trace in a Value, even when $f$ fails in the middle. `differentiate`
# does the one backward pass.


# %%
@contextmanager
def keep(values: list[Value]) -> Iterator[None]:
    """Give every one of `values` its data and grad back at the end, also after an error."""
    saved = [(v, v.data, v.grad) for v in values]
    try:
        yield
    finally:
        for v, data, grad in saved:
            v.data, v.grad = data, grad


def differentiate(out: Value, inputs: list[Value]) -> list[float]:
    """The gradient of `out` by backpropagation."""
    with keep(topological_sort(out) + inputs):  # f may use Values from outside
        for v in inputs:
            v.grad = 0.0
        out.backward()
        return [v.grad for v in inputs]


# %% [markdown]
# Now the search for a step. It starts near $|x|/1000$, looks at both errors, and goes where the larger one shrinks.
# Mostly it stays where it started.
#
# Loud noise needs a long step, but far from $x$ the slope may be another one, and the last number may be too noisy to
# show that. So the search looks at every number in the graph: one with less noise usually shows it.


# %%
def exponent_of(x: float) -> int:
    """Give e such that |x| ≤ 2ᵉ, kept away from underflow."""
    return max(math.frexp(x)[1], -1000)


def slope(
    f: Function, x: float, noise: Function, claimed: float, rtol: float, atol: float
) -> tuple[float, float, float]:
    """f′(x) by finite differences, its uncertainty, and the tolerance for `claimed`.

    `f` gives all numbers of its graph, itself last, and `noise` how uncertain they are
    at some distance from x.
    The first step is about |x|/1000. A step was too long if the two formulas differ
    by more than rounding explains, or if a shorter one contradicts it: the next is
    four times shorter. Else it was too short: the next is four times longer, and the
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
# There is one shape on which every formula fails: a corner. `relu` at 0 has slope 0 on its left and 1 on its right. You
# can tell a corner from a curve by how far the two one-sided slopes are apart. On a curve the gap shrinks with the
# step, at a corner it stays.


# %%
def has_kink(f: Function, x: float, noise: Function) -> bool:
    """Whether the slopes left and right of x stay apart as the step shrinks."""
    h = math.ldexp(1.0, exponent_of(x or 1.0) - 13)
    gaps = [abs(f(x + s) - 2.0 * f(x) + f(x - s)) / s for s in (h, h / 16.0)]
    return bool(gaps[1] > gaps[0] / 2.0 and gaps[1] > 4.0 * noise(h) / h)


# %% [markdown]
# ## The report
#
# For each input: both numbers, how far apart they are, and a verdict. The report as a whole is true if all agree, so
# that `assert check_gradients(...)` is a test.


# %%
class Comparison(NamedTuple):
    """One input's gradient, computed twice.

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


# %%
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


# %% [markdown]
# And the function that you came for:


# %%
def as_leaves(inputs: tuple[Value | SupportsFloat, ...]) -> tuple[list[str], list[Value]]:
    """The names of `inputs` and the Values to nudge; a plain number becomes a new Value."""
    values = [x if isinstance(x, Value) else Value(x) for x in inputs]
    names = [v.label or f"x{i}" for i, v in enumerate(values)]
    for name, v in zip(names, values):
        if v._prev:
            raise ValueError(f"{name} was made by {v._op!r}; pass the leaves it was made from, and compute it inside f")
        if not math.isfinite(v.data):
            raise ValueError(f"{name} is {v.data!r}; there is no slope to compare: check at a finite point")
    return names, values


class Nudging:
    """A function whose inputs are nudged: what it gives as a rule, and how many times it was called."""

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
        """All numbers of the graph when the input `v` is `x`, f itself last; with `rng`, rounded otherwise."""
        import numpy as np

        self.evaluations += 1
        v.data = x
        try:
            root, steps = run(self.f, self.inputs, self.usual, rng)
        except (ArithmeticError, ValueError):  # outside the domain of f
            return np.full(len(self.usual) + 1, math.nan)
        if len(steps) != len(self.usual):  # f took another way
            return np.array([*[math.nan] * len(self.usual), root.data])
        return np.array([*(result for _, result in steps), root.data])


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


def check_gradients(
    f: Callable[..., Value], *inputs: Value | SupportsFloat, rtol: float = 1e-7, atol: float = 0.0
) -> Report:
    """Compare the gradients of `f` by backpropagation with finite differences.

    Each input in turn is nudged by ±h, ±2h and ±3h while f is computed afresh,
    and the six results give a slope with an error of h⁶·f⁽⁷⁾/140 plus rounding
    noise of about `1e-16·|f|/h`. The step is chosen for each input; both errors are
    estimated, without use of any derivative, and a gradient agrees only if they are
    below the tolerance as well as its distance from the slope.

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

    A gradient of exactly 0 agrees if no operation lets a nudge through or rounds one away:
    an input that f does not use, `relu` at −1, and also `tanh` at 20, which is saturated. Else it
    is held against rtol times the slopes between x ± h and x ± 3h, with h up to about a quarter
    of x: `x·x` at 0.

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
# Back to the four suspects. Nothing about the picture of their losses told them apart.

# %% tags=["active-ipynb"]
# for name, rule in suspects.items():
#     row = check_gradients(lambda x, rule=rule: apply(rule, x), 0.7).rows[0]
#     print(f"rule {name}: backprop {row.backprop:.6f}, difference {row.difference:.6f}: {row.verdict}")

# %% [markdown]
# C was right. D was off by 2, which the optimizer took for a larger learning rate.
#
# Here are mistakes that people make, and some that nobody would see in a plot. Which of them do you expect to slip
# through?

# %% tags=["active-ipynb"]
# def off_by(rule, factor, which):
#     """The same rule with one of its local derivatives off by a factor."""
#
#     def wrong(*x):
#         result, local = rule(*x)
#         return result, tuple(d * factor if i == which else d for i, d in enumerate(local))
#
#     return wrong
#
#
# mistakes = [
#     ("a², derivative a", lambda a: (a * a, (a,)), [3.0]),
#     ("a·b, derivatives swapped", lambda a, b: (a * b, (a, b)), [2.0, 3.0]),
#     ("a − b, both signs plus", lambda a, b: (a - b, (1.0, 1.0)), [2.0, 3.0]),
#     ("mean, 1/n forgotten", lambda a, b: ((a + b) / 2, (1.0, 1.0)), [2.0, 3.0]),
#     ("a/b, ∂/∂b forgotten", off_by(ops.div, 0.0, 1), [2.0, 3.0]),
#     ("a·b, off by 999", off_by(ops.mul, 999.0, 0), [2.0, 3.0]),
#     ("a·b, off by a millionth", off_by(ops.mul, 1.000001, 1), [2.0, 3.0]),
#     ("the same, numbers of 1e-12", off_by(ops.mul, 1.000001, 1), [2e-12, 3e-12]),
#     ("a·b, right", ops.mul, [2.0, 3.0]),
# ]
# for name, rule, point in mistakes:
#     report = check_gradients(lambda *x, rule=rule: apply(rule, *x), *point)
#     print(f"{name:27} {[row.verdict for row in report.rows]}")

# %% [markdown]
# None does. And the verdicts name the input whose derivative is wrong.
#
# ## A whole network
#
# A Value that you hand in is nudged itself. So you can check every weight of a model: give its parameters as the
# inputs, and a function that ignores its arguments and computes the loss. (The [MLP](mlp.ipynb) is the next chapter;
# here it is a formula with 13 inputs.)

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
# Four gradients are exactly 0, and agree: a `relu` that is off for all three points passes nothing on, and a nudge of
# its weights moves nothing.
#
# ## What it costs
#
# If nudging is so trustworthy, why not train with it? Count how often $f$ is computed.

# %% tags=["active-ipynb"]
# for n in [1, 10, 100]:
#     report = check_gradients(lambda *x: mean(v * v for v in x), *range(1, n + 1))
#     print(f"{n:3} inputs: {report.evaluations:3} evaluations of f to check what one backward pass gave")

# %% [markdown]
# Six evaluations for the slope of each input, four to learn how noisy it is, and two to begin with. (Four of the
# hundred inputs needed a second step.) A model with a million weights needs ten million runs; backpropagation needs one
# there and back. That is why it exists, and why you check a *small* model, once, and then train the large one with the
# same rules.
#
# ## What it promises
#
# "Agrees" means: at this point, backprop and the nudges differ by no more than a relative `rtol`, and by our estimate
# the error of the nudges is no larger. Where noise could hide more, the honest answer is "inconclusive". Add a million
# to a small function and its digits drown. Then it makes no difference whether the gradient is right, off by half, or
# forgotten altogether.

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
# A slope of exactly 0 has no size that `rtol` could be a part of. It agrees if $f$ is flat without any noise, or if it
# is small beside the slopes of $f$ a step away, as at the bottom of a parabola.

# %% tags=["active-ipynb"]
# for name, f, x in [
#     ("off", lambda x: x.relu() + 1e6, -1.0),
#     ("bottom", lambda x: (x - 3) ** 2, 3.0),
# ]:
#     print(f"{name}: {check_gradients(f, x).rows[0].verdict}")

# %% [markdown]
# A gradient that is tiny but not 0 is often inconclusive. Say how small is small enough for you:

# %% tags=["active-ipynb"]
# for atol in [0.0, 1e-9]:
#     report = check_gradients(lambda x: x.tanh(), 12.0, atol=atol)
#     print(f"atol {atol:.0e}: {report.rows[0].verdict}")

# %% [markdown]
# ## What it can't promise
#
# At corners and jumps there is no slope, whatever backprop says. `relu` picks 0 at its corner, as in PyTorch; the
# nudges see the average.

# %% tags=["active-ipynb"]
# print(check_gradients(lambda x: x.relu(), 0.0))
# print()
# print("a jump:", check_gradients(lambda x: x * 2 if x < 1 else x * 2 + 1, 1.0).rows[0].verdict)

# %% [markdown]
# Here both verdicts are false alarms about the rule and right about the point. A very steep bend can look like a
# corner, too. Move away from it.
#
# A place can hide a mistake. A `relu` that always passes the gradient on is right at 3. Check at several points, on
# both sides of every corner.

# %% tags=["active-ipynb"]
# def always_on(a):
#     return max(0.0, a), (1.0,)
#
#
# for x in [3.0, -2.0]:
#     print(f"at {x}: {check_gradients(lambda v: apply(always_on, v), x).rows[0].verdict}")

# %% [markdown]
# Three wrong rules do slip through at 1. The first is off by less than `rtol`. The second has a wiggle so narrow that
# all six points lie beyond it. The third drowns its slope inside the rule, among plain numbers that are in no graph.

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
# The check sees the function that you hand it, and no other. Here is one that agrees, and the one that is trained, in
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
# Last, an $f$ that gives another result every time, because of dropout or a shuffled batch, is refused as soon as two
# results differ.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(0)
# try:
#     check_gradients(lambda x: x * rng.integers(10), 1.0)
# except ValueError as problem:
#     print(problem)

# %% [markdown]
# ## What you can now do
#
# - Test a gradient at a point, to seven digits, with a witness that knows no rule.
# - Choose a step for a finite difference, and say what its error is made of.
# - Test a rule of your own in one line: `assert check_gradients(lambda x: apply(my_rule, x), 0.7)`.
# - Explain why backpropagation and nudging need each other: one is fast, the other is a witness.
#
# ## In PyTorch this is …
#
# … `torch.autograd.gradcheck`. It uses central differences with a fixed step of $10^{-6}$, and by default it lets a
# gradient be off by a thousandth. Give both checks a multiplication that is off by 0.0005.

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
# Both need float64. In float32, PyTorch's default, seven digits are all there are, and the V turns after only a few of
# them.
#
# ## Exercises
#
# Worked and folded, in [Exercises: Trusting gradients](exercises/gradcheck.ipynb):
#
# 1. One of five rules is wrong. Find it.
# 2. Derive the weights of the four-point formula, and measure its order.
# 3. The complex step: a difference without a subtraction, and so without the V.
#
# ## Check yourself
#
# :::{dropdown} Your loss falls steadily. What do you know about your gradients?
# That they point roughly downhill. They may be off by a factor, or wrong for some inputs.
# :::
#
# :::{dropdown} You make the step of a central difference ten times shorter, and the error grows. Why?
# You are left of the valley: the rounding error, about 1e-16·f/h, is larger than the truncation error, and it grew ten
# times.
# :::
#
# :::{dropdown} Why does a central difference beat a forward one?
# Stepping to both sides cancels every even term of Taylor's series, so the error shrinks with h² instead of h.
# :::
#
# :::{dropdown} A gradient is 0 by backprop and by differences, at one point. Is the rule right?
# Not proven. At that point f may just be flat, and any factor times 0 is 0. Check where the slope is not zero.
# :::
#
# ## Sources
#
# The six-point formula and its error are Fornberg's {cite:p}`fornberg1988`; what rounding does to a difference is
# explained by Goldberg {cite:p}`goldberg1991`; to measure rounding by rounding at random is the method of Vignes
# {cite:p}`vignes1993`.
