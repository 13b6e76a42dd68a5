# %% [markdown]
# # Exercises: From scalars to arrays
#
# Try each one before you open its solution. The chapter is [From scalars to arrays](../vectorize.ipynb).

# %%
import math
import random
import warnings

import numpy as np

from micrograd_numpy import MLP, SGD, Value, check_gradients, numpy_rule, vectorize
from micrograd_numpy.value import apply, dot, mean


# %% [markdown]
# ## 1. A rule of your own, for arrays
#
# *Softplus*, $\ln(1 + e^a)$, is a smooth version of relu: it has no kink, and its slope is $\sigma(a)$. The cell below
# has it as a rule on floats, written as $\max(a, 0) + \ln(1 + e^{-|a|})$, so that no power overflows.
#
# 1. Call `smooth` on some numbers, and read the error.
# 2. Write the same rule for arrays, with `@numpy_rule(softplus)`: it takes an array, and returns the result and a tuple
#    with one array of slopes. (Here you could also write `np.` for each `math.` in the rule, and it would be followed.
#    You need a rule for arrays only if the rule uses a function that NumPy lacks, or that a symbol cannot record.)
# 3. Check the rule with `check_gradients`. Compare the rule for arrays with the scalar engine: the result and the
#    gradients, at inputs as large as ±800.


# %%
def softplus(a):
    return max(a, 0.0) + math.log1p(math.exp(-abs(a))), (0.5 * (1.0 + math.tanh(a / 2)),)


w, b = Value(1.0, label="w"), Value(0.5, label="b")


@vectorize
def smooth(x):
    return apply(softplus, w * x + b)


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
x = np.concatenate([np.linspace(-3.0, 3.0, 98), [-800.0, 800.0]])
try:
    smooth(x)
except TypeError as error:
    print(error)


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
@numpy_rule(softplus)
def softplus_of_arrays(a):
    slope = 0.5 * (1.0 + np.tanh(a / 2))
    return np.maximum(a, 0.0) + np.log1p(np.exp(-np.abs(a))), (slope,)


report = check_gradients(lambda a: apply(softplus, a), 0.7)
print(report)
assert report

w.grad = b.grad = 0.0
batch = smooth(x)
batch.backward()
fast = batch.data, w.grad, b.grad

w.grad = b.grad = 0.0
eager = sum(apply(softplus, w * number + b) for number in x) / len(x)
eager.backward()
slow = eager.data, w.grad, b.grad

for name, one, other in zip(("mean", "w.grad", "b.grad"), fast, slow):
    print(f"{name:6} {one:.6f} {other:.6f}")
    assert math.isclose(one, other, rel_tol=1e-12)

# The rule for arrays is one call in the program, rule1. It also keeps the slopes for the backward pass.
(line,) = (line.strip() for line in smooth.source.splitlines() if "rule1(" in line)
print("in the program:", line)

# %% [markdown]
# ## 2. What is frozen?
#
# Besides arithmetic on Values, the function below does four things: it prints, it draws a random number, it reads a
# global, and it decides with an `if`. We call `vectorized.forward(x)` five times, and set `mode` to `"line"` after call
# 2. Before you open the solution, predict:
#
# - What does each call print, and which of its results are equal? Which calls give a warning?
# - Then `w.data` becomes 4, and we call once more. Does this need a new compilation?
#
# The function also has a bug: its author wanted *each sample* to get its own noise, and new noise at each call. Repair
# it.

# %%
w = Value(3.0, label="w")


def noisy(x):
    print("running, with mode =", mode)
    noise = draw.random()
    return (w * x) ** 2 + noise if mode == "square" else w * x + noise


x, mode, draw = [0.0, 0.0, 1.0], "square", random.Random(0)
vectorized = vectorize(noisy)

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
w.data, mode, draw = 3.0, "square", random.Random(0)
vectorized, results = vectorize(noisy), []
for call in range(1, 6):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        results.append(vectorized.forward(x))
    print(f"call {call}: {results[-1].round(3)}", "and a warning" if told else "")
    if call == 2:
        mode = "line"

first, second, third, fourth, fifth = results
assert first[0] == first[1]  # all samples share the one number that was drawn
assert first[0] != second[0] != fourth[0]
assert (second == third).all()
assert (fourth == fifth).all()

w.data = 4.0
print("another w:", vectorized.forward(x).round(3))
assert math.isclose(vectorized.forward(x)[2], fifth[2] + 1.0)


# %% [markdown]
# :::{dropdown} The solution, in words
# Calls 1, 2 and 4 print, because they record the function. Call 2 records it again, to see whether it still does the
# same. It does not, because another number was drawn, so there is a warning. Call 3 replays what call 2 recorded: the
# global has changed, but the recipe is frozen. Call 4 is the next that records. It takes the other branch and draws
# another number, so there is a warning again. Call 5 replays that. So calls 2 and 3 are equal, and 4 and 5.
#
# Within each call, the first two results are equal: both `x` are 0, and all samples share the one number that was
# drawn. This is the bug.
#
# The data of a parameter is read at every call, so `w.data` may change without a new compilation.
#
# What differs from sample to sample, or from call to call, has to come in as an argument, as in the next cell. (There,
# the function is always the square.)
# :::


# %% mystnb={"code_prompt_show": "Show the repaired function"} tags=["hide-cell"]
@vectorize
def repaired(x, noise):
    return (w * x) ** 2 + noise


rng = np.random.default_rng(0)
first, second = (repaired.forward(x, rng.random(3)) for _ in range(2))
print(first.round(3), second.round(3))
assert first[0] != first[1]
assert (first != second).all()

# %% [markdown]
# ## 3. Three classes
#
# A network with one score $z_k$ for each class becomes a classifier with *softmax*: the probability of class $k$ is
# $e^{z_k} / \sum_j e^{z_j}$. The loss is minus the logarithm of the probability of the right class. If the target $t_k$
# is 1 for the right class and 0 for the others, this is
#
# $$
# L = \ln \sum_j e^{z_j} - \sum_j t_j z_j.
# $$
#
# 1. Write the loss of one sample, with two numbers in `x` and three in `t`, for the linear model below. Vectorize it.
# 2. Show that its gradients are those of the scalar engine, to a relative error of 1e-12.
# 3. Train for 100 steps, with `SGD` at a learning rate of 0.5. At least 95 % of the points must be classified right.
#    (The predicted class is the one with the largest score: use `forward` and `argmax`.)
# 4. A score of 1000 makes $e^{z}$ overflow. The usual cure is to subtract the largest score from all scores, which
#    does not change $L$. But `max` compares, and while a function is recorded, no Value may be compared. (A rule may
#    compare, because all its branches are followed.) Use `relu` instead.

# %%
rng = np.random.default_rng(0)
centers = np.array([[0.0, 1.5], [1.3, -0.75], [-1.3, -0.75]])
labels = np.repeat([0, 1, 2], 40)
X = centers[labels] + 0.6 * rng.normal(size=(120, 2))
T = np.eye(3)[labels]
model = MLP(2, [3], rng=0)
print(model, X.shape, T.shape)


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def larger(a, b):
    return a + (b - a).relu()


def cross_entropy(z, t):
    top = larger(larger(z[0], z[1]), z[2])
    z = [score - top for score in z]
    return sum(score.exp() for score in z).log() - dot(t, z)


def loss(x, t):
    return cross_entropy(model(x), t)


fast_loss = vectorize(loss)

model.zero_grad()
batch = fast_loss(X, T)
batch.backward()
fast = [p.grad for p in model.parameters()]

model.zero_grad()
samples = ([list(map(Value, row)) for row in pair] for pair in zip(X, T))
eager = mean(loss(x, t) for x, t in samples)
eager.backward()
slow = [p.grad for p in model.parameters()]

equal = [math.isclose(a, b, rel_tol=1e-12) for a, b in zip(fast, slow)]
print(f"loss {batch.data:.6f} and {eager.data:.6f}; {sum(equal)} of {len(equal)} gradients agree")
assert math.isclose(batch.data, eager.data, rel_tol=1e-12)
assert all(equal)

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
model.load_state_dict(MLP(2, [3], rng=0).state_dict())  # the start, also when you run this again
optimizer = SGD(model.parameters(), lr=0.5)
for _ in range(100):
    batch = fast_loss(X, T)
    optimizer.zero_grad()
    batch.backward()
    optimizer.step()

scores = vectorize(model)
right = (scores.forward(X).argmax(axis=1) == labels).mean()
print(f"loss {batch.data:.3f} before the last step, {right:.0%} right")
assert right >= 0.95

# %% [markdown]
# :::{dropdown} The fourth task, in words
# The larger of $a$ and $b$ is $a + \mathrm{relu}(b - a)$. What is subtracted from all scores does not change $L$. So,
# up to rounding, it does not change the gradients either, and it does not matter that relu has a kink.
# :::

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
far = [[1000.0, 0.0, -1000.0], [0.0, 1000.0, 1000.0]]
target = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
costs = vectorize(cross_entropy, reduction="none")(far, target).data
print([round(cost, 6) for cost in costs.tolist()])
assert np.allclose(costs, [1000.0, math.log(2)])

# The gradients are the probabilities minus the target, as they are without the subtraction; also where two scores tie.
for scores_of_one in ([0.3, -1.0, 2.0], [1.5, 1.5, 0.0]):
    z = [Value(score) for score in scores_of_one]
    cross_entropy(z, [Value(0.0), Value(1.0), Value(0.0)]).backward()
    powers = np.exp(scores_of_one)
    assert np.allclose([score.grad for score in z], powers / powers.sum() - [0.0, 1.0, 0.0], rtol=1e-12)
