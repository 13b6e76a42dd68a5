# %% [markdown]
# # Exercises: Anomalies
#
# Try each exercise before you open its solution. Every solution ends with a check that runs. The chapter is
# [Anomalies](../anomaly.ipynb).

# %% [markdown]
# ## 1. After the accident
#
# You have only the last graph, and it was not made in a `detect_anomaly` block. Write `first_bad(root)`. It returns the
# first Value in topological order whose number is not finite, or `None`. Try it on the two graphs below. In one of
# them, it leads you to the operation that went wrong. Why not in the other?

# %%
import math

from micrograd_numpy import Value, topological_sort

w = Value(0.5, label="w")
fresh = (w * 2 - 1).log() * 0 + w

w = Value(0.5, label="w")
rate = 1.0
for _ in range(2):
    stale = (w * 2 - 1).log() * 0 + w
    stale.backward()
    w.data -= rate * w.grad


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def first_bad(root):
    return next((v for v in topological_sort(root) if not math.isfinite(v.data)), None)


print("fresh:", first_bad(fresh), "made by", repr(first_bad(fresh)._op))
print("stale:", first_bad(stale), "is a leaf")

assert first_bad(fresh)._op == "log"
assert first_bad(stale) is w
assert first_bad(Value(1.0) + 2) is None

# In the first graph, it is the logarithm that went wrong. In the second graph, the update of the first step has already
# written nan into w, which is a leaf. The function can only tell you that w is bad. The operation that went wrong was
# in an earlier graph, and that graph is gone.

# %% [markdown]
# ## 2. Clipping
#
# To repair $-\ln(1 - p)$, many people keep $p$ away from 1: they use $\min(p, 1 - \varepsilon)$, for example with
# $\varepsilon = 10^{-7}$. Write this as a rule, `clipped`, and use it in the cost below. The point belongs to class 0,
# but the model takes it for class 1, with a score of $z = 40$. Is the cost finite now? And does the model learn from
# this point, which it has completely wrong?

# %%
z = Value(40.0, label="z")
cost = -(1 - z.sigmoid()).log()
print(cost)

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
from micrograd_numpy import binary_cross_entropy_with_logits, detect_anomaly
from micrograd_numpy.value import apply


def clipped(p, eps=1e-7):
    return (1 - eps, (0.0,)) if p >= 1 - eps else (p, (1.0,))  # nan stays nan


with detect_anomaly():
    z = Value(40.0, label="z")
    cost = -(1 - apply(clipped, z.sigmoid())).log()
    cost.backward()
print(f"clipped:  cost {cost.data:.2f}, slope {z.grad}")
assert math.isfinite(cost.data)
assert z.grad == 0.0

z = Value(40.0, label="z")
right = binary_cross_entropy_with_logits(z, 0)
right.backward()
print(f"by logit: cost {right.data:.2f}, slope {z.grad}")
assert z.grad == 1.0

# The cost is finite (16.12 is -ln 1e-7), and the detector reports nothing. But a clipped number has a slope of 0, so
# the model learns nothing where it is most wrong. The loss that takes logits has the right cost, 40, and a slope of 1,
# the largest that this loss can have.

# %% [markdown]
# ## 3. A detector for explosions
#
# Long before a gradient is infinite, it is too large. Write a context manager `no_larger_than(limit)`. It stops
# `backward` when the gradient of an input is beyond `limit`. As in the chapter, put your function in the place of
# `Value._backward`, and put the original back at the end, even if an error ends the block. Try it with a limit of a
# million on $x^{256}$ at 1.1, which is made by squaring eight times. At which of the eight does it stop?

# %%
x = Value(1.1, label="x")
y = x
for _ in range(8):
    y = y * y
print(y)

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
from contextlib import contextmanager


@contextmanager
def no_larger_than(limit):
    plain = Value._backward

    def watched(self):
        plain(self)
        for i in self._prev:
            if not abs(i.grad) <= limit:  # so that nan is caught, too
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

assert x.grad == 0.0  # backward was stopped, and left nothing behind
assert 2 * 1.1**128 < 1e6 < 2 * 1.1**128 * 2 * 1.1**64
z = Value(1.1)
with no_larger_than(1e6):
    (z * z).backward()
assert z.grad == 2.2

# It stops at the seventh squaring, the second on the way back. The eighth gave x¹²⁸ a gradient of 2·x¹²⁸, which is
# below a million. The seventh multiplied that by 2·x⁶⁴ and gave it to x⁶⁴, the result of the sixth, which is 445.792.

# %% [markdown]
# ## 4. Unnoticed
#
# A broken sensor has sent $-\infty$, and `relu` turns it into a 0, which looks harmless. Which operation will
# `detect_anomaly` name? How many operations before that was the bad number first used? Decide, and then run `signal` in
# a block.


# %%
def signal(reading):
    level = reading.relu()
    level = level * 2
    return level.log()


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
try:
    with detect_anomaly():
        signal(Value(-math.inf, label="reading"))
except FloatingPointError as error:
    report = str(error)
    print(report)

assert report.startswith("'log' gave -inf")
assert "reading = -inf came in 2 operations before" in report

# The logarithm of 0 is the first result that is not finite. But the report also says where the bad number came in:
# two operations before, in the line with relu.
