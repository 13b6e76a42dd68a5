# %% [markdown]
# # Exercises: Trusting gradients
#
# Try each exercise before you open its solution. Every solution ends with a check that runs. The chapter is [Trusting
# gradients](../gradcheck.ipynb).

# %% [markdown]
# ## 1. One of five is wrong
#
# Here are five rules for functions that are used in neural networks. All give the right result, and one has a wrong
# derivative. Read them first: which one do you suspect? Then let `check_gradients` find it. (Choose your points with
# care: the wrong rule is right at some points.)

# %%
import math

from micrograd_numpy import check_gradients
from micrograd_numpy.value import apply


def softsign(a):
    return a / (1 + abs(a)), (1 / (1 + abs(a)) ** 2,)


def swish(a):
    s = 1 / (1 + math.exp(-a))
    return a * s, (s + a * s * (1 - s),)


def leaky_relu(a):
    return max(a, 0.01 * a), (1.0 if a > 0 else 0.01,)


def hard_tanh(a):
    return max(-1.0, min(1.0, a)), (1.0 if a < 1 else 0.0,)


def gauss(a):
    g = math.exp(-a * a)
    return g, (-2 * a * g,)


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
points = [-2.5, -0.4, 0.6, 2.0]
for rule in [softsign, swish, leaky_relu, hard_tanh, gauss]:
    verdicts = [check_gradients(lambda v: apply(rule, v), x).rows[0].verdict for x in points]
    print(f"{rule.__name__:10} {verdicts}")


def right_hard_tanh(a):
    return max(-1.0, min(1.0, a)), (1.0 if -1 < a < 1 else 0.0,)


assert all(check_gradients(lambda v: apply(right_hard_tanh, v), x) for x in points)

# %% [markdown]
# :::{dropdown} Which one, and why
# `hard_tanh` is wrong. It is flat on the left as well, but its rule gives it slope 1 there. Three of the four points do
# not show it.
# :::
#
# ## 2. The four-point formula
#
# With $d_k = f(x + kh) - f(x - kh)$, find weights $c_1, c_2$ such that $(c_1 d_1 + c_2 d_2)/h$ is the slope with an
# error of order $h^4$. Taylor's series gives $d_k = 2(k h f' + k^3 \tfrac{h^3}{6} f''' + \dots)$, so you have two
# equations. Then measure the error for the bell $1/(1 + x^2)$ at 0.5, with $h$ of 0.1, 0.05 and 0.025: when $h$ is
# halved, it should become about 16 times smaller.
#
# :::{dropdown} The derivation
# The terms with $f'$ must add up to $h f'$, and those with $f'''$ must cancel:
#
# $$2(c_1 + 2 c_2) = 1, \qquad c_1 + 8 c_2 = 0.$$
#
# The second equation gives $c_1 = -8 c_2$. Put it into the first: $2(-6 c_2) = 1$, so $c_2 = -\tfrac1{12}$ and
# $c_1 = \tfrac{8}{12}$.
# :::

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
from itertools import pairwise


def four_points(f, x, h):
    d1, d2 = (f(x + k * h) - f(x - k * h) for k in (1, 2))
    return (8 * d1 - d2) / (12 * h)


def bell(x):
    return 1.0 / (1.0 + x * x)


exact = -0.64  # the slope of the bell at 0.5
errors = [abs(four_points(bell, 0.5, h) - exact) for h in (0.1, 0.05, 0.025)]
for before, after in pairwise(errors):
    print(f"half the step: error {before:.1e} -> {after:.1e}, {before / after:.1f} times smaller")

assert all(15 < before / after < 17 for before, after in pairwise(errors))


# %% [markdown]
# ## 3. The complex step
#
# The left side of the V comes from a subtraction. If Python can compute your function with complex numbers, you can do
# without one. Put $ih$ into Taylor's series, with $i^2 = -1$:
#
# $$f(x + ih) = f(x) + i h f'(x) - \tfrac{h^2}{2} f''(x) - \dots$$
#
# Where is $f'$? Write `complex_step(f, x)` in one line, and take $h = 10^{-100}$. How many digits are right? Compare
# with a central difference.


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def complex_step(f, x, h=1e-100):
    return f(complex(x, h)).imag / h


def central(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


print(f"complex step, h = 1e-100:  error below 1e-15: {abs(complex_step(bell, 0.5) - exact) < 1e-15}")
print(f"central, h = 1e-5:         error below 1e-15: {abs(central(bell, 0.5, 1e-5) - exact) < 1e-15}")
print(f"central, h = 1e-100:       slope {central(bell, 0.5, 1e-100)}")

assert abs(complex_step(bell, 0.5) - exact) < 1e-15

# %% [markdown]
# :::{dropdown} Why it works, and what it costs
# The imaginary part is $h f' - \tfrac{h^3}{6} f''' + \dots$. The formula subtracts no two nearly equal numbers. And
# after the division by $h$, the second term is smaller than the first by a factor of about $h^2$. With so short an $h$
# it is lost in rounding, and at least 15 digits are right.
#
# But $f$ must be built from functions that work with complex numbers. Comparisons with `<` or `>`, `max` and the
# functions of `math` raise an error there. (`cmath` has others for complex numbers.) `abs` is more dangerous. It gives
# a real number, and the slope is wrong without a warning: the softsign of Exercise 1 gets 0.5 at 1 instead of 0.25. And
# `Value` does not take complex numbers. Nudging needs nothing but values of $f$ at real numbers.
# :::
