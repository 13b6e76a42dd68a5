# %% [markdown]
# # Exercises: Optimizers
#
# These exercises belong to [Optimizers](../optimizers.ipynb). Try each one before you open its solution.

# %%
import random
from functools import partial

from micrograd_numpy import Value
from micrograd_numpy.optimizers import SGD, Optimizer, clip_grad_norm, path

# %% [markdown]
# ## 1. An average from noise
#
# In training, each gradient usually comes from a few random examples, so it is noisy. Here is a very small problem of
# this kind: find the `x` that minimizes the mean of $\frac{1}{2}(x - a)^2$ over 500 numbers $a$, and use one number for
# each step. The answer is their average.
#
# With a constant learning rate of 0.1, `x` gets near the average and then jitters around it, off by up to 0.55. Change
# `optimizer.lr` between the steps so that one pass over the numbers ends *exactly* at the average, up to rounding.
# (What weights should the first and the last number have in `x`?)

# %%
rng = random.Random(0)
numbers = [rng.gauss(3.0, 1.0) for _ in range(500)]
average = sum(numbers) / len(numbers)

x = Value(0.0)
optimizer = SGD([x], lr=0.1)
for a in numbers:
    optimizer.zero_grad()
    ((x - a) ** 2 / 2).backward()
    optimizer.step()
print(f"average {average:.6f}, constant rate {x.data:.6f}, off by {abs(x.data - average):.1e}")

# %% [markdown]
# :::{dropdown} Show the explanation
# The gradient is $x - a$, so a step makes $x \leftarrow (1 - \text{lr})\,x + \text{lr} \cdot a$. With $\text{lr} = 1/t$
# in step $t$ this is $\frac{(t-1)\,x + a}{t}$, the average of the numbers seen so far. So each number ends up with the
# same weight. (It is exactly the average because the curvature is 1 here.) More generally, rates like $1/t$ are enough
# for $x$ to converge in spite of noisy gradients, under mild conditions: their sum is infinite, so that no goal is too
# far away, and the sum of their squares is finite, so that the noise dies out {cite:p}`robbins1951`.
# :::

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
x = Value(0.0)
optimizer = SGD([x], lr=1.0)
for t, a in enumerate(numbers, start=1):
    optimizer.lr = 1 / t
    optimizer.zero_grad()
    ((x - a) ** 2 / 2).backward()
    optimizer.step()
print(f"average {average:.6f}, rate 1/t      {x.data:.6f}")
assert abs(x.data - average) < 1e-12


# %% [markdown]
# ## 2. RMSProp
#
# Adam builds on RMSProp {cite:p}`kingma2015`. RMSProp divides by the size of the gradient, but it keeps no average of
# the gradient itself, and has no bias correction. With a factor $\alpha$ for the fading,
#
# $$v \leftarrow \alpha v + (1 - \alpha)\, g^2 \qquad p \leftarrow p - \text{lr} \cdot g / (\sqrt{v} + \epsilon).$$
#
# Write it as a subclass of `Optimizer`. How long is the first step with $\alpha = 0.99$? Test it in the chapter's bowl.


# %% mystnb={"code_prompt_show": "Show the solution: the class"} tags=["hide-cell"]
class RMSProp(Optimizer):
    """Divide every gradient by a running average of its size."""

    keeps = ("v",)

    def __init__(self, parameters, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(parameters, lr, alpha=alpha, eps=eps)

    def update(self, group):
        lr, alpha, eps = group["lr"], group["alpha"], group["eps"]
        for p in group["params"]:
            kept = self.state[p]
            kept["v"] = v = alpha * kept["v"] + (1 - alpha) * p.grad**2
            p.data -= lr * p.grad / (v**0.5 + eps)


# %% [markdown]
# :::{dropdown} Show the explanation
# In the first step, $v = (1 - \alpha)\, g^2 = 0.01\, g^2$. So the step is $1/\sqrt{0.01} = 10$ times `lr` long,
# whatever the gradient is, unless it is 0. Bias correction would divide $v$ by 0.01 and make the step `lr` long.
# :::


# %% mystnb={"code_prompt_show": "Show the solution: a test"} tags=["hide-cell"]
def bowl(x, y):
    return (x**2 + 25 * y**2) / 2


points = path(bowl, partial(RMSProp, lr=0.01), (-4.0, 1.0), steps=100)
print(f"first step: {points[1][0] - points[0][0]:.4f} in x, {points[1][1] - points[0][1]:.4f} in y")
print(f"height in the bowl: {bowl(*points[0])} at the start, {bowl(*points[-1]):.4f} after 100 steps")

# %% mystnb={"code_prompt_show": "Show the solution: compared with PyTorch"} tags=["hide-cell", "needs-torch"]
try:
    import torch
except ImportError:
    print("PyTorch is not installed here, so there is nothing to compare.")
else:
    x, y = (torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in (-4.0, 1.0))
    rmsprop = torch.optim.RMSprop([x, y], lr=0.01, alpha=0.99, eps=1e-8)
    for _ in range(100):
        rmsprop.zero_grad()
        bowl(x, y).backward()
        rmsprop.step()
    print(
        "as PyTorch:",
        max(abs(x.item() - points[-1][0]), abs(y.item() - points[-1][1])) < 1e-12,
    )


# %% [markdown]
# ## 3. Clip each, or all?
#
# Another way to shorten a gradient is to clip each of its numbers to the range from `-limit` to `limit`. Write it as
# `clip_each(parameters, limit)`. What does it do to the direction? Compare it with `clip_grad_norm`: two parameters
# have the gradients 30 and 40, and both functions get the limit 5.


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def clip_each(parameters, limit):
    """Clip every gradient to the range from -limit to limit."""
    for p in parameters:
        p.grad = max(-limit, min(limit, p.grad))


for name, clip in (("as one vector", clip_grad_norm), ("each", clip_each)):
    a, b = Value(0.0), Value(0.0)
    a.grad, b.grad = 30.0, 40.0
    clip([a, b], 5.0)
    print(f"{name:13}  ({a.grad:.4f}, {b.grad:.4f}), the second over the first {b.grad / a.grad:.4f}")


# %% [markdown]
# :::{dropdown} Show the explanation
# As a vector, the gradient is 50 long. A tenth of it, (3, 4), is 5 long and points the same way. (The result is
# slightly shorter, as in PyTorch, because the factor is 5/(50 + 0.000001).) If each number is clipped on its own, both
# become 5. Then the step leads downhill at 45 degrees to both axes, and that is no longer the steepest way.
# :::

# %% [markdown]
# ## 4. The largest stable rate of a tilted bowl
#
# In the chapter, the limit $2/c$ was for a bowl whose steep direction is an axis. This bowl is tilted:
# $f(x, y) = \frac{1}{2}(3x^2 + 2xy + 3y^2)$.
#
# First find the largest stable rate by experiment. Start with an interval of rates, and halve it twenty times: try the
# rate in the middle, and keep the half in which the limit lies. A rate is too large if 500 steps from (1, 0) end
# farther from the center than they began. Then explain the number. (In which direction does $f$ curve most? Try $y = x$
# and $y = -x$.)


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def tilted(x, y):
    return (3 * x**2 + 2 * x * y + 3 * y**2) / 2


def limit(optimizer, low=0.0, high=10.0):
    """Return the learning rate from which on 500 steps on `tilted` diverge."""
    for _ in range(20):
        middle = (low + high) / 2
        x, y = path(tilted, partial(optimizer, lr=middle), (1.0, 0.0), steps=500)[-1]
        low, high = (middle, high) if x * x + y * y < 1.0 else (low, middle)
    return low


print(f"plain descent: {limit(SGD):.3f}")

# %% [markdown]
# :::{dropdown} Show the explanation
# Along $y = x$, a distance $s$ from the center is $x = y = s/\sqrt{2}$, and $f = \frac{1}{2} \cdot 4 s^2$: curvature 4.
# Along $y = -x$ it is $f = \frac{1}{2} \cdot 2 s^2$: curvature 2. With the distances $s$ and $r$ along these two lines,
# $f = \frac{1}{2}(4 s^2 + 2 r^2)$: a bowl like that of the chapter, but rotated. So the limit is $2/4 = 0.5$. (In
# linear algebra, 4 and 2 are the eigenvalues of the matrix of second derivatives.)
#
# Momentum raises the limit to $2(1 + \mu)/c$, which is 0.95 for $\mu = 0.9$. Nesterov's variant lowers it to
# $2(1 + \mu)/(c(1 + 2\mu))$, which is 0.339.
# :::

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
import numpy as np

curvatures = np.linalg.eigvalsh([[3.0, 1.0], [1.0, 3.0]])
print(
    "curvatures:",
    [round(float(c), 6) for c in curvatures],
    f"so the limit is {2 / curvatures[-1]:.3f}",
)
print(f"momentum 0.9:  {limit(partial(SGD, momentum=0.9)):.3f}, and the formula says {2 * 1.9 / curvatures[-1]:.3f}")
print(
    f"nesterov 0.9:  {limit(partial(SGD, momentum=0.9, nesterov=True)):.3f}, "
    f"and the formula says {2 * 1.9 / (curvatures[-1] * 2.8):.3f}"
)
