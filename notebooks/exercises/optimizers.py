# %% [markdown]
# # Exercises: Optimizers
#
# Four things to try after [Optimizers](../optimizers.ipynb). Each solution is folded below its task, and
# was run to make this page.

# %%
import random
from functools import partial

from micrograd_numpy import Value
from micrograd_numpy.optimizers import SGD, Optimizer, path

# %% [markdown]
# ## 1. An average from noise
#
# In training, each gradient comes from a few random examples, so it is noisy. Here is the smallest
# such problem: find the `x` that minimizes the mean of $\frac{1}{2}(x - a)^2$ over 500 numbers $a$,
# looking at one number at a time. The answer is their average.
#
# A constant learning rate of 0.1 gets near and then jitters. Change `optimizer.lr` between steps so that
# one pass over the numbers ends at the average *exactly*. (What weights should the first and the last
# number have in `x`?)

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
print(
    f"average {average:.6f}, constant rate {x.data:.6f}, off by {abs(x.data - average):.1e}"
)

# %% [markdown] tags=["hide-cell"]
# The gradient is $x - a$, so a step makes $x \leftarrow (1 - \text{lr})\,x + \text{lr} \cdot a$. With
# $\text{lr} = 1/t$ in step $t$ this is $\frac{(t-1)\,x + a}{t}$: the running average. Rates like $1/t$, whose
# sum is infinite but whose squares have a finite sum, are what noise asks for {cite:p}`robbins1951`.

# %% tags=["hide-cell"]
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
# RMSProp is half of Adam: it divides by the size of the gradient, and keeps no average of the gradient
# itself. With a fading rate $\alpha$,
#
# $$v \leftarrow \alpha v + (1 - \alpha)\, g^2 \qquad p \leftarrow p - \text{lr} \cdot g / (\sqrt{v} + \epsilon).$$
#
# Write it as a subclass of `Optimizer`. There is no bias correction: with $\alpha = 0.99$, how long is
# the first step?

# %% tags=["hide-cell"]
class RMSProp(Optimizer):
    """Divide every gradient by a fading average of its size."""

    def __init__(self, parameters, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(parameters, lr)
        self.alpha, self.eps = alpha, eps
        self.v = [0.0] * len(self.parameters)

    def step(self):
        for i, p in enumerate(self.parameters):
            self.v[i] = self.alpha * self.v[i] + (1 - self.alpha) * p.grad**2
            p.data -= self.lr * p.grad / (self.v[i] ** 0.5 + self.eps)


# %% [markdown] tags=["hide-cell"]
# In the first step $v = (1 - \alpha)\, g^2 = 0.01\, g^2$, so the step is $1/\sqrt{0.01} = 10$ times `lr` long,
# whatever the gradient. Without bias correction, that is the price.

# %% tags=["hide-cell"]
def bowl(x, y):
    return (x**2 + 25 * y**2) / 2


points = path(bowl, partial(RMSProp, lr=0.01), (-4.0, 1.0), steps=100)
print(
    f"first step: {points[1][0] - points[0][0]:.4f} in x, {points[1][1] - points[0][1]:.4f} in y"
)
print(f"height after 100 steps: {bowl(*points[-1]):.4f}")

# %% tags=["hide-cell", "needs-torch"]
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
# ## 3. A cliff
#
# This function is tame near its lowest point, at 1, and steep where you start:

# %%
def cliff(x):
    return (x - 1) ** 4 + (x - 1) ** 2


for step, (x,) in enumerate(path(cliff, partial(SGD, lr=0.02), (6.0,), steps=3)):
    print(f"step {step}: x = {x:.3g}")


# %% [markdown]
# The first gradient is 510, and one step along it throws `x` so far that the next gradient is larger
# still. Write `clip(parameters, largest)`: if the gradient as a vector is longer than `largest`, scale it down
# to that length, and keep its direction. Call it between `backward()` and `step()`. With `largest=10`, the
# same learning rate gets to 1.

# %% tags=["hide-cell"]
def clip(parameters, largest):
    """Scale the gradients so that, as one vector, they are at most `largest` long; return the length before."""
    length = sum(p.grad**2 for p in parameters) ** 0.5
    if length > largest:
        for p in parameters:
            p.grad *= largest / length
    return length


x = Value(6.0)
optimizer = SGD([x], lr=0.02)
for step in range(301):
    optimizer.zero_grad()
    cliff(x).backward()
    length = clip(optimizer.parameters, largest=10.0)
    if step in (0, 1, 2, 20, 50, 300):
        print(
            f"step {step:3d}: x = {x.data:.4f}, gradient {length:8.4f}, clipped to {abs(x.grad):.4f}"
        )
    optimizer.step()

# %% [markdown] tags=["hide-cell"]
# Clipping one vector, not each number, is what keeps the direction. Check it on two gradients, 30 and 40,
# whose length is 50:

# %% tags=["hide-cell"]
a, b = Value(0.0), Value(0.0)
a.grad, b.grad = 30.0, 40.0
print(f"length {clip([a, b], largest=5.0):.1f}, clipped to ({a.grad:.1f}, {b.grad:.1f})")
print(f"length {clip([a, b], largest=9.0):.1f}, left at    ({a.grad:.1f}, {b.grad:.1f})")


# %% [markdown]
# ## 4. The largest stable rate of a tilted bowl
#
# The limit $2/c$ was for a bowl whose steep direction is an axis. Take one that is tilted:
# $f(x, y) = \frac{1}{2}(3x^2 + 2xy + 3y^2)$.
#
# First find the limit by experiment: halve an interval of learning rates, twenty times, by whether 500
# steps from (1, 0) end further out than they began. Then explain the number. (In which direction does
# $f$ curve most? Try $y = x$ and $y = -x$.)

# %% tags=["hide-cell"]
def tilted(x, y):
    return (3 * x**2 + 2 * x * y + 3 * y**2) / 2


def limit(optimizer, low=0.0, high=10.0):
    """The learning rate at which 500 steps on `tilted` begin to diverge."""
    for _ in range(20):
        middle = (low + high) / 2
        x, y = path(tilted, partial(optimizer, lr=middle), (1.0, 0.0), steps=500)[-1]
        low, high = (middle, high) if x * x + y * y < 1.0 else (low, middle)
    return low


print(f"plain descent: {limit(SGD):.3f}")

# %% [markdown] tags=["hide-cell"]
# Along $y = x$, a distance $s$ from the center is $x = y = s/\sqrt{2}$, and
# $f = \frac{1}{2} \cdot 4 s^2$: curvature 4. Along $y = -x$ it is $f = \frac{1}{2} \cdot 2 s^2$: curvature 2. These
# are the largest and the smallest, the eigenvalues of the matrix of second derivatives, and the limit is
# $2/4 = 0.5$.
#
# Momentum raises it. For curvature $c$ the limit is $2(1 + \mu)/c$, which for $\mu = 0.9$ is 0.95.

# %% tags=["hide-cell"]
import numpy as np

curvatures = np.linalg.eigvalsh([[3.0, 1.0], [1.0, 3.0]])
print(
    "curvatures:",
    [round(float(c), 6) for c in curvatures],
    f"so the limit is {2 / curvatures[-1]:.3f}",
)
print(
    f"momentum 0.9:  {limit(partial(SGD, momentum=0.9)):.3f}, and the formula says {2 * 1.9 / curvatures[-1]:.3f}"
)
