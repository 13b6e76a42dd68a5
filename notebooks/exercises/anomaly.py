# %% [markdown]
# # Exercises: Anomalies
#
# Try each one before you unfold its solution. Every solution ends with a check that runs. The chapter is
# [Anomalies](../anomaly.ipynb).

# %% [markdown]
# ## 1. After the accident
#
# You have only the last graph, and no watchman was there. Write `first_bad(root)`: the first Value in topological order
# whose number is not finite, or `None`. Try it on the two graphs below. In one of them it leads you to the operation
# that went wrong. Why not in the other?

# %%
from micrograd_numpy import Value, topological_sort

w = Value(0.5, label="w")
fresh = (w * 2 - 1).log() * 0 + w

w = Value(0.5, label="w")
rate = 1.0
for _ in range(2):
    stale = (w * 2 - 1).log() * 0 + w
    stale.backward()
    w.data -= rate * w.grad

# %% tags=["hide-cell"]
import math


def first_bad(root):
    return next((v for v in topological_sort(root) if not math.isfinite(v.data)), None)


print("fresh:", first_bad(fresh), "made by", repr(first_bad(fresh)._op))
print("stale:", first_bad(stale), "made by", repr(first_bad(stale)._op))

# In the first graph, log is the culprit. In the second, the first step has already written nan into w. All that
# the order can tell you is that w is bad. The operation that spoiled it was in a graph that is gone.
assert first_bad(fresh)._op == "log"
assert first_bad(stale) is w

# %% [markdown]
# ## 2. Clipping
#
# A common repair of $-\ln(1 - p)$ is to keep $p$ away from 1: use $\min(p, 1 - \varepsilon)$ with
# $\varepsilon = 10^{-7}$. Write it as a rule, `clipped`, and repair this cost of a point of class 0 that the model
# takes for class 1, with a score of $z = 40$. Is the cost finite now? And does the model learn from this point, which
# it has completely wrong?

# %%
z = Value(40.0, label="z")
cost = -(1 - z.sigmoid()).log()
print(cost)

# %% tags=["hide-cell"]
from micrograd_numpy import binary_cross_entropy_with_logits, detect_anomaly
from micrograd_numpy.value import apply


def clipped(p, eps=1e-7):
    return (p, (1.0,)) if p < 1 - eps else (1 - eps, (0.0,))


with detect_anomaly():
    z = Value(40.0, label="z")
    cost = -(1 - apply(clipped, z.sigmoid())).log()
    cost.backward()
print(f"clipped:  cost {cost.data:.2f}, slope {z.grad}")

z = Value(40.0, label="z")
right = binary_cross_entropy_with_logits(z, 0)
right.backward()
print(f"by logit: cost {right.data:.2f}, slope {z.grad}")

# The number is finite and the watchman is content. But a clip is flat, so nothing is learned where the model is
# most wrong. The loss on logits has the right cost, 40, and the largest slope there is, 1.
assert math.isfinite(cost.data)
assert z.grad == 1.0

# %% [markdown]
# ## 3. A watchman for explosions
#
# Long before a gradient is infinite, it is too large. Write a context manager `no_larger_than(limit)` that stops
# `backward` when the gradient of an input has grown beyond `limit`. As in the chapter, let it take the place of
# `Value._backward`, and put the original back at the end, whatever happens. Try it with a limit of a million on
# $x^{256}$ at 1.1, made by squaring eight times. At which of the eight does it stop?

# %%
x = Value(1.1, label="x")
y = x
for _ in range(8):
    y = y * y
print(y)

# %% tags=["hide-cell"]
from contextlib import contextmanager


@contextmanager
def no_larger_than(limit):
    plain = Value._backward

    def watched(self):
        plain(self)
        for i in self._prev:
            if abs(i.grad) > limit:
                raise FloatingPointError(f"{i} got a gradient of {i.grad:.1e}")

    Value._backward = watched
    try:
        yield
    finally:
        Value._backward = plain


try:
    with no_larger_than(1e6):
        y.backward()
except FloatingPointError as error:
    print(error)

# At the second from the end: the root sent 2·x¹²⁸ to x¹²⁸, which sent that times 2·x⁶⁴ to x⁶⁴.
assert x.grad == 0.0  # backward was stopped, and left nothing behind
z = Value(1.1)
with no_larger_than(1e6):
    (z * z).backward()
assert z.grad == 2.2


# %% [markdown]
# ## 4. Swallowed
#
# A broken sensor has sent $-\infty$, and `relu` makes a harmless 0 of it. Which operation will the watchman name, and
# how many operations after the first use of the bad number? Say it, then run `signal` in a block.


# %%
def signal(reading):
    level = reading.relu()
    level = level * 2
    return level.log()


# %% tags=["hide-cell"]
try:
    with detect_anomaly():
        signal(Value(-math.inf, label="reading"))
except FloatingPointError as error:
    report = str(error)
    print(report)

# The logarithm of 0 is the first result that is not finite. But the report also says where the trouble began: two
# operations earlier, in the line with relu.
assert report.startswith("'log' gave -inf")
assert "reading = -inf came in 2 operations before" in report
