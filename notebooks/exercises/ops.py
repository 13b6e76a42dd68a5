# %% [markdown]
# # Exercises: Operations
#
# Try each exercise before you open its solution. Every solution ends with a check that runs.

# %% [markdown]
# ## 1. The sine
#
# Write the rule of `sin` (the slope of the sine is the cosine), apply it with `apply`, and check it at three points
# with `check_gradients`. Then compute the gradient of $\sin(x^2)$ at $x = 1.5$. It should be $2x \cos(x^2) = -1.8845$.
#
# At infinity, `math.sin` raises an exception. What should your rule return there?

# %%
import math

from micrograd_numpy import Value, check_gradients
from micrograd_numpy.value import apply


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def sin(a):
    """Return sin a, with ∂/∂a = cos a; nan at ±inf, where the sine has no limit (as in PyTorch)."""
    return (math.sin(a), (math.cos(a),)) if math.isfinite(a) else (math.nan, (math.nan,))


for point in (-2.0, 0.0, 1.5):
    assert check_gradients(lambda x: apply(sin, x), point)

x = Value(1.5, label="x")
apply(sin, x * x).backward()
print(f"slope at 1.5: {x.grad:.4f}   at infinity: {sin(math.inf)}")
assert math.isclose(x.grad, 2 * 1.5 * math.cos(1.5**2))


# %% [markdown]
# ## 2. The larger of two
#
# Write the rule of `maximum(a, b)`. When $a$ and $b$ differ, the larger one has slope 1 and the other has slope 0. At a
# tie there is a corner, and you must decide.
# [PyTorch](https://docs.pytorch.org/docs/stable/generated/torch.maximum.html) gives each of them half. Give reasons for
# and against each of these: half and half; 1 for the first; 1 for both. And what does your rule return if one of the
# two is `nan`?


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def maximum(a, b):
    """Return max(a, b), with slope 1 for the larger one, and half for each at a tie; nan stays nan."""
    if a == b:
        return a, (0.5, 0.5)
    return (a, (1.0, 0.0)) if a > b or math.isnan(a) else (b, (0.0, 1.0))


assert check_gradients(lambda a, b: apply(maximum, a, b), 2.0, 3.0)
assert all(math.isnan(maximum(*pair)[0]) for pair in [(math.nan, 1.0), (1.0, math.nan)])

x = Value(2.0)
apply(maximum, x, x).backward()
print("max(x, x) is x, so its slope should be 1:", x.grad)
assert x.grad == 1.0


# %% [markdown]
# `max(x, x)` is $x$, so the two slopes should add up to 1. "Half and half" does that and treats both alike, but a nudge
# of one input alone never moves the result by half the nudge: up moves it by all of it, down not at all. But half is
# also what `check_gradients` finds, because it nudges to both sides. "1 for the first" adds up to 1, too, but then the
# gradient depends on the order in which you write the inputs. "1 for both" gives 2 for `max(x, x)`, which is wrong
# there, though each 1 is right for a nudge up of one input alone.
#
# If one of the two is `nan`, the rule returns `nan`, so that the error stays visible. `a > b` alone would not do: it is
# false when `a` is `nan`, and the rule would return `b`.

# %% [markdown]
# ## 3. Tanh from its parts
#
# Build tanh from `exp`, `+`, `-`, `*` and `/`, as $(e^{2a} - 1)/(e^{2a} + 1)$. (This is the chapter's $n/d$ with $n$
# and $d$ multiplied by $e^a$.) Compare its value and its gradient with those of `a.tanh()` at 0.5. Then try $a = 400$.
# What do the two give, and why?


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def tanh_from_parts(a):
    e = (2 * a).exp()
    return (e - 1) / (e + 1)


def compare(number):
    a, b = Value(number), Value(number)
    parts, whole = tanh_from_parts(a), b.tanh()
    parts.backward()
    whole.backward()
    print(f"at {number}: from its parts {parts.data:.6f}, slope {a.grad:.6f}", end="; ")
    print(f"by its rule {whole.data:.6f}, slope {b.grad:.6f}")
    return parts.data, a.grad, whole.data, b.grad


parts, parts_slope, whole, whole_slope = compare(0.5)
assert math.isclose(parts, whole)
assert math.isclose(parts_slope, whole_slope)

parts, parts_slope, whole, whole_slope = compare(400.0)
assert math.isnan(parts)
assert math.isnan(parts_slope)
assert (whole, whole_slope) == (1.0, 0.0)


# %% [markdown]
# At 400, $e^{2a}$ is too large for a float, so it is `inf`, and `inf/inf` is `nan`. The rule of tanh does not compute
# $e^{800}$. So with a rule of its own, tanh is one operation instead of five, and it can be right where the parts are
# not.

# %% [markdown]
# ## 4. A wrong rule of `abs`
#
# A rule of `abs` returns the right result, but the derivative 1 everywhere. At which inputs does it pass
# `check_gradients`, and at which does it not? Write the right rule, and decide what it returns at 0.


# %%
def abs_with_slope_1(a):
    return abs(a), (1.0,)


print(check_gradients(lambda x: apply(abs_with_slope_1, x), 2.0))


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def absolute(a):
    """Return |a|, with slope −1 below zero, 1 above, and 0 in the corner."""
    return abs(a), (math.copysign(1.0, a) if a else 0.0,)


print(check_gradients(lambda x: apply(abs_with_slope_1, x), -2.0))
assert not check_gradients(lambda x: apply(abs_with_slope_1, x), -2.0)
for point in (-2.0, 2.0):
    assert check_gradients(lambda x: apply(absolute, x), point)

# %% [markdown]
# The wrong rule passes at positive inputs, because its slope is right there. So a check at such inputs says nothing
# about the others. At negative inputs the verdict is "differs", and at 0 it is "kink": the rule does not pass. Check a
# rule on each side of each of its corners. In the corner itself a rule chooses: PyTorch returns 0, the middle of $-1$
# and $1$. `check_gradients` nudges to both sides and finds this middle, so it accepts 0, and calls any other slope
# there a kink.
