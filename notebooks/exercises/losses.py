# %% [markdown]
# # Exercises: Losses
#
# Try each one before you unfold its solution. Every solution ends with a check that runs. The chapter is
# [Losses](../losses.ipynb).

# %% [markdown]
# ## 1. Huber: gentle with outliers
#
# One target that is wrong by 100 adds 10000 to a sum of squares, and pulls the whole model towards it. The Huber loss
# is squared while the error $e = p - t$ is small, and straight beyond $d$:
#
# $$H(e) = \tfrac12 e^2 \text{ if } |e| \le d, \qquad d\,(|e| - \tfrac{d}{2}) \text{ otherwise.}$$
#
# Write it as a rule of two inputs, `p` and `t`, with $d = 1$. Derive both slopes, check them at errors of 0.3 and 5,
# and draw the loss. At which error does the slope stop growing?

# %% tags=["hide-cell"]
import matplotlib.pyplot as plt
import numpy as np

from micrograd_numpy import Value, check_gradients, mse_loss
from micrograd_numpy.drawing.style import BACKWARD, FORWARD, book_style
from micrograd_numpy.value import apply, mean


def huber(p, t):
    e = p - t
    if abs(e) <= 1.0:
        return e * e / 2, (e, -e)
    sign = 1.0 if e > 0 else -1.0
    return abs(e) - 0.5, (sign, -sign)


for p in [0.3, 5.0, -5.0]:
    assert check_gradients(lambda p, t: apply(huber, p, t), p, 0.0)
print(check_gradients(lambda p, t: apply(huber, p, t), 5.0, 0.5))

# %% mystnb={"image": {"alt": "The Huber loss in blue, a parabola between -1 and 1 and straight outside; its slope in orange rises from -1 to 1 and stays there."}} tags=["hide-cell"]
book_style()
e = np.linspace(-3, 3, 121)
plt.plot(e, [huber(v, 0.0)[0] for v in e], color=FORWARD, label="Huber")
plt.plot(e, [huber(v, 0.0)[1][0] for v in e], color=BACKWARD, label="its slope")
plt.xlabel("error")
plt.legend()
plt.show()

# %% [markdown]
# The slope stops growing at an error of 1. Fit one number to five targets of which one is wild, with both losses:

# %% tags=["hide-cell"]
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
# ## 2. A hinge without a corner
#
# Replace $\max(0, 1 - ts)$ by $\operatorname{softplus}(1 - ts)$, with $\operatorname{softplus}(a) = \ln(1 + e^a)$.
# Write softplus as a rule, so that it neither overflows at 1000 nor loses its digits at −40. Its slope is a function
# that you know. Check the rule, and compare the smooth hinge with the hinge at margins of −10, 0, 1 and 10.

# %% tags=["hide-cell"]
import math

from micrograd_numpy import hinge_loss, ops


def softplus(a):
    return max(a, 0.0) + math.log1p(math.exp(-abs(a))), (ops.sigmoid(a)[0],)


for a in [-40.0, -1.0, 0.0, 3.0, 1000.0]:
    assert check_gradients(lambda v: apply(softplus, v), a)

for margin in [-10.0, 0.0, 1.0, 10.0]:
    smooth = apply(softplus, 1.0 - Value(margin)).data
    print(f"margin {margin:5.0f}: hinge {hinge_loss(margin, 1).data:6.3f}   smooth hinge {smooth:.6f}")


# %% [markdown]
# Far on either side the two agree; at the corner the smooth one is $\ln 2 = 0.693$. Unlike the hinge, it never stops
# pushing.

# %% [markdown]
# ## 3. More than two classes
#
# A model gives one logit for each of $k$ classes. Softmax makes probabilities of them,
# $p_i = e^{z_i} / \sum_j e^{z_j}$, and the loss is the surprise at the true class $c$:
#
# $$L = -\ln p_c = \ln \sum_j e^{z_j} - z_c.$$
#
# Compose it from Value's operations. First the plain formula; run it at logits of 1000. Then subtract the largest logit
# from all of them, which changes nothing on paper (why?). The slope should be $p_i - 1$ for the true class and $p_i$
# for the others: probability minus target, once more.


# %% tags=["hide-cell"]
def plain_cross_entropy(logits, c):
    return sum(z.exp() for z in logits).log() - logits[c]


def cross_entropy(logits, c):
    # a plain number: it shifts every logit alike, so p stays the same
    largest = max(z.data for z in logits)
    shifted = [z - largest for z in logits]
    return sum(z.exp() for z in shifted).log() - shifted[c]


large = [1000.0, 1001.0, 999.0]
print("plain:  ", plain_cross_entropy([Value(z) for z in large], 1).data)
print("shifted:", f"{cross_entropy([Value(z) for z in large], 1).data:.6f}")

# %% tags=["hide-cell"]
z = [Value(v) for v in (1.0, 2.0, -0.5)]
loss = cross_entropy(z, 1)
loss.backward()

total = sum(math.exp(v.data) for v in z)
probabilities = [math.exp(v.data) / total for v in z]
print("slopes:              ", [round(v.grad, 6) for v in z])
print("probability - target:", [round(p - t, 6) for p, t in zip(probabilities, [0, 1, 0])])

assert check_gradients(lambda *z: cross_entropy(z, 1), 1.0, 2.0, -0.5)
assert all(abs(v.grad - (p - t)) < 1e-12 for v, p, t in zip(z, probabilities, [0, 1, 0]))

# %% [markdown]
# On paper, the factor $e^{-m}$ of the largest logit $m$ appears above and below the line of softmax, and cancels. With
# two classes and logits $0$ and $z$ this is the binary cross-entropy of the chapter.

# %% tags=["hide-cell"]
from micrograd_numpy import binary_cross_entropy_with_logits

for v in [-30.0, -1.0, 0.5, 800.0]:
    two_classes = cross_entropy([Value(0.0), Value(v)], 1).data
    print(f"z = {v:5}: {two_classes:.6f} {binary_cross_entropy_with_logits(v, 1).data:.6f}")
