# %% [markdown]
# # Exercises: Operations
#
# Try each one before you unfold its solution. Every solution ends with a check that runs.

# %% [markdown]
# ## 1. The sine
#
# Write the rule of `sin`, apply it with `apply`, and let `check_gradients` judge it at three points. Then compute the
# gradient of $\sin(x^2)$ at $x = 1.5$. It should be $2x \cos(x^2) = -1.8845$.

# %%
import math

from micrograd_numpy import Value, check_gradients
from micrograd_numpy.value import apply


# %% tags=["hide-cell"]
def sin(a):
    """sin a, with ∂/∂a = cos a."""
    return math.sin(a), (math.cos(a),)


for point in (-2.0, 0.0, 1.5):
    assert check_gradients(lambda x: apply(sin, x), point)

x = Value(1.5, label="x")
apply(sin, x * x).backward()
print(f"{x.grad:.4f}")


# %% [markdown]
# ## 2. The larger of two
#
# Write the rule of `maximum(a, b)`. Away from a tie it is easy: the larger one has slope 1 and the other 0. At a tie
# there is a corner, and you must decide. PyTorch gives each half. Give reasons for and against: half and half; the
# first; both.


# %% tags=["hide-cell"]
def maximum(a, b):
    """max(a, b), with slope 1 for the larger one, and half for each at a tie."""
    if a == b:
        return a, (0.5, 0.5)
    return (a, (1.0, 0.0)) if a > b else (b, (0.0, 1.0))


assert check_gradients(lambda a, b: apply(maximum, a, b), 2.0, 3.0)

x = Value(2.0)
apply(maximum, x, x).backward()
print("max(x, x) is x, so its slope must be 1:", x.grad)


# %% [markdown]
# `max(x, x)` is $x$, so the two shares must add up to 1. Half and half does that, and treats both alike. So does "the
# first", but then the answer depends on the order in which you write them. "Both" makes it 2, which is wrong.

# %% [markdown]
# ## 3. Tanh from its parts
#
# Build tanh from `exp`, `+`, `-` and `/`, as $(e^{2a} - 1)/(e^{2a} + 1)$. Compare value and gradient with `a.tanh()` at
# 0.5. Then try $a = 400$. What happens in each, and why?


# %% tags=["hide-cell"]
def tanh_from_parts(a):
    e = (2 * a).exp()
    return (e - 1) / (e + 1)


for number in (0.5, 400.0):
    a, b = Value(number), Value(number)
    parts, whole = tanh_from_parts(a), b.tanh()
    parts.backward()
    whole.backward()
    print(
        f"at {number}: from parts {parts.data:.6f}, slope {a.grad:.6f}; as a rule {whole.data:.6f}, slope {b.grad:.6f}"
    )


# %% [markdown]
# At 400 the exponential is too large for a float, so it is `inf`, and `inf/inf` is `nan`. The rule never computes
# $e^{800}$. An operation with a rule of its own is not only faster; it can be right where its parts are not.

# %% [markdown]
# ## 4. A rule that forgets
#
# A friend writes `abs` like this: the result is right, the derivative is always 1. For which inputs will
# `check_gradients` find out? Write the right rule, and say what you do at 0.


# %%
def absolute_of_a_friend(a):
    return abs(a), (1.0,)


print(check_gradients(lambda x: apply(absolute_of_a_friend, x), 2.0))

# %% tags=["hide-cell"]
print(check_gradients(lambda x: apply(absolute_of_a_friend, x), -2.0))


def absolute(a):
    """|a|, with slope −1 below zero, 1 above, and 0 in the corner."""
    return abs(a), (math.copysign(1.0, a) if a else 0.0,)


for point in (-2.0, 2.0):
    assert check_gradients(lambda x: apply(absolute, x), point)

# %% [markdown]
# For positive inputs the wrong rule is right, so a check there proves nothing. Check a rule on every side of each of
# its corners. At 0 itself, PyTorch picks 0, the middle of $-1$ and $1$.
