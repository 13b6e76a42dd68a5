# %% [markdown]
# # Exercises: Losses
#
# Try each exercise before you open its solution. Every solution ends with a check that runs. The chapter is
# [Losses](../losses.ipynb).

# %% [markdown]
# ## 1. Huber, gentle with outliers
#
# A single target that is off by 100 adds 10000 to a sum of squares, and it pulls the whole model towards that target.
# The Huber loss is squared while the error $e = p - t$ is small, and straight beyond $d$:
#
# $$H(e) = \tfrac12 e^2 \text{ if } |e| \le d, \qquad d\,(|e| - \tfrac{d}{2}) \text{ otherwise.}$$
#
# Write it as a rule of two inputs, `p` and `t`, with $d = 1$. Derive both slopes, check them at errors of 0.3 and 5,
# and draw the loss. At which errors does the slope become constant?

# %%
import matplotlib.pyplot as plt
import numpy as np

from micrograd_numpy import Value, check_gradients, mse_loss
from micrograd_numpy.drawing.style import BACKWARD, FORWARD, book_style
from micrograd_numpy.value import apply, mean


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def huber(p, t):
    e = p - t
    if abs(e) <= 1.0:
        return e * e / 2, (e, -e)
    sign = 1.0 if e > 0 else -1.0
    return abs(e) - 0.5, (sign, -sign)


for error in [0.3, 5.0]:
    report = check_gradients(lambda p, t: apply(huber, p, t), error, 0.0)
    print(report)
    assert report
assert check_gradients(lambda p, t: apply(huber, p, t), -5.0, 0.0)

# %% mystnb={"code_prompt_show": "Show the picture", "image": {"alt": "The Huber loss in blue: a parabola between -1 and 1, and straight lines outside. Its slope in orange rises from -1 to 1 between these two and is constant outside."}} tags=["hide-cell"]
book_style()
e = np.linspace(-3, 3, 121)
plt.plot(e, [huber(v, 0.0)[0] for v in e], color=FORWARD, label="Huber")
plt.plot(e, [huber(v, 0.0)[1][0] for v in e], color=BACKWARD, label="its slope")
plt.xlabel("error")
plt.legend()
plt.show()

# %% [markdown]
# :::{dropdown} Where the slope becomes constant
# At errors of −1 and 1.
# :::
#
# Now fit one number to the five targets 1, 1.1, 0.9, 1 and 100, with both losses. Start at 0, and take 2000 steps of
# gradient descent with the rate 0.1. Why does the Huber loss end where it does?

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
targets = [1.0, 1.1, 0.9, 1.0, 100.0]


def fit(loss, rate, steps=2000):
    p = Value(0.0)
    for _ in range(steps):
        p.grad = 0.0
        loss(p).backward()
        p.data -= rate * p.grad
    return p.data


by_squares = fit(lambda p: mse_loss([p] * 5, targets), 0.1)
by_huber = fit(lambda p: mean(apply(huber, p, t) for t in targets), 0.1)
print(f"squared error: {by_squares:.3f}   Huber: {by_huber:.3f}")
assert abs(by_squares - 20.8) < 1e-6
assert abs(by_huber - 1.25) < 1e-6

# %% [markdown]
# :::{dropdown} Where the two end, and why
# The squared error gives the mean of the targets, 20.8, which is near none of them. With the Huber loss, the outlier
# pulls with a slope of 1 and no more. At the end the slopes of all samples add up to 0, so the errors of the other four
# add up to 1: $4p - 4 = 1$, and $p = 1.25$.
# :::

# %% [markdown]
# ## 2. A hinge without a corner
#
# Replace $\max(0, 1 - ts)$ by $\operatorname{softplus}(1 - ts)$. Write the rule of softplus from memory, and check it.
# Compare the smooth hinge with the hinge at margins of −10, 0, 1 and 10.
#
# Then find out how the smooth hinge and cross-entropy are related: for $t = 1$, of which logit is it the cross-entropy?
# And for $t = -1$?

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
import math

from micrograd_numpy import binary_cross_entropy_with_logits, hinge_loss, ops


def softplus(a):
    return max(a, 0.0) + math.log1p(math.exp(-abs(a))), (ops.sigmoid(a)[0],)


for a in [-40.0, -1.0, 0.0, 3.0, 1000.0]:
    assert check_gradients(lambda v: apply(softplus, v), a)

for margin in [-10.0, 0.0, 1.0, 10.0]:
    smooth = apply(softplus, 1.0 - Value(margin)).data
    hinge = hinge_loss(margin, 1).data
    print(f"margin {margin:5.0f}: hinge {hinge:6.3f}   smooth hinge {smooth:.6f}")
    assert 0.0 < smooth - hinge <= math.log(2.0)

for s in [-3.0, 0.2, 1.0, 40.0]:
    for t in [-1.0, 1.0]:
        smooth = softplus(1.0 - t * s)[0]
        entropy = binary_cross_entropy_with_logits(s - t, (t + 1.0) / 2.0).data
        assert abs(smooth - entropy) <= 1e-12 * smooth


# %% [markdown]
# :::{dropdown} The differences, and the logit
# At margins of −10 and 10, the two almost agree. They differ most at the corner, where the hinge is 0 and the smooth
# hinge is $\ln 2 = 0.693$. On paper, the slope of the smooth hinge is never 0, so every sample keeps some influence.
#
# The cross-entropy of a logit $z$ is $\operatorname{softplus}(-z)$ for class 1 and $\operatorname{softplus}(z)$ for
# class 0. So the smooth hinge is the cross-entropy of $z = s - t$: each score is first moved by 1 towards the wrong
# side.
# :::

# %% [markdown]
# ## 3. More than two classes
#
# A model gives one logit for each of $k$ classes. Softmax turns the logits into probabilities,
# $p_i = e^{z_i} / \sum_j e^{z_j}$, and the loss is the surprise at the true class $c$:
#
# $$L = -\ln p_c = \ln \sum_j e^{z_j} - z_c.$$
#
# Write it with Value's operations. Start with the formula as it stands, and run it at the logits 1000, 1001 and 999,
# where the second class is the true one. Then subtract the largest logit from all of them. On paper, that changes
# nothing (why?).
#
# Derive the slope with respect to each logit: it should be $p_i - 1$ for the true class and $p_i$ for the others. This
# is again probability minus target, where the target is 1 for the true class and 0 for the others. Check it in code.


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def plain_cross_entropy(logits, c):
    return sum(z.exp() for z in logits).log() - logits[c]


def cross_entropy(logits, c):
    # The largest logit is subtracted as a plain number, so it needs no gradient: the loss does not depend on it.
    largest = max(z.data for z in logits)
    shifted = [z - largest for z in logits]
    return sum(z.exp() for z in shifted).log() - shifted[c]


large = [1000.0, 1001.0, 999.0]
print("plain:  ", plain_cross_entropy([Value(z) for z in large], 1).data)
print("shifted:", f"{cross_entropy([Value(z) for z in large], 1).data:.6f}")
assert abs(cross_entropy([Value(z) for z in large], 1).data - math.log(1 + math.exp(-1) + math.exp(-2))) < 1e-12

# %% mystnb={"code_prompt_show": "Show the slopes"} tags=["hide-cell"]
z = [Value(v) for v in (0.0, 1.0, -1.0)]  # the same differences as before
loss = cross_entropy(z, 1)
loss.backward()

total = sum(math.exp(v.data) for v in z)
probabilities = [math.exp(v.data) / total for v in z]
print("slopes:              ", [round(v.grad, 6) for v in z])
print("probability - target:", [round(p - t, 6) for p, t in zip(probabilities, [0, 1, 0])])

assert check_gradients(lambda *z: cross_entropy(z, 1), 0.0, 1.0, -1.0)
assert all(abs(v.grad - (p - t)) < 1e-12 for v, p, t in zip(z, probabilities, [0, 1, 0]))

# %% [markdown]
# :::{dropdown} Why the shift changes nothing, and the slope
# If you subtract $m$ from each logit, every exponential has the factor $e^{-m}$. In softmax it is in the numerator and
# in the denominator, so it cancels. In the loss, $\ln \sum_j e^{z_j}$ and $z_c$ both become smaller by $m$, and the
# difference stays.
#
# The slope of $\ln \sum_j e^{z_j}$ with respect to $z_i$ is $e^{z_i} / \sum_j e^{z_j} = p_i$. The slope of $-z_c$ is −1
# if $i$ is the true class, and 0 otherwise.
# :::
#
# With two classes, the logits $0$ and $z$ and the second class as the true one, the loss is the binary cross-entropy of
# the chapter, for the logit $z$ and the target 1. Show it:

# %% mystnb={"code_prompt_show": "Show the comparison"} tags=["hide-cell"]
for v in [-30.0, -1.0, 0.5, 800.0]:
    several = cross_entropy([Value(0.0), Value(v)], 1).data
    binary = binary_cross_entropy_with_logits(v, 1).data
    print(f"z = {v:5}: {several:.6f} {binary:.6f}")
    assert abs(several - binary) < 1e-12
