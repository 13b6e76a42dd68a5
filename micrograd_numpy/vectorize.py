# %% [markdown]
# # From scalars to arrays
#
# Your engine is right, and it is slow. Frameworks do the same step many times as fast. In this chapter you find out
# where the time goes. Then you let your passes write a program in NumPy, and use it as if it were your function. At the
# end your model trains faster than in PyTorch, as its users write it, on the same task.
#
# - **You will understand and use** `vectorize`: it compiles a function of one sample to NumPy for all samples.
# - **You need** [Finding the arrays](arrays.ipynb).
# - **Time** about 35 minutes.

# %%
"""From scalars to arrays: compile a function of one sample, and let NumPy replay it for all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any


# %% [markdown]
# ## Where does the time go?
#
# You have a walk through ten groups. First: what is there to gain?
#
# The same training step as before, in three scalar engines. The classic one is micrograd
# {cite:p}`karpathy2020micrograd`. It makes a small Python object for each `+` and each `*`, and goes back over them
# all. "Ours, node by node" is your engine with the very same graph. "Ours" is your engine as you use it: a neuron adds
# up its products in one `dot`, so there are fewer nodes.
#
# What share of a step goes into arithmetic and bookkeeping, and what share into something else altogether? Say a number
# before you run the cell. Unless a cell measures for itself, the times in this chapter come from the project's
# benchmarks, `make bench`.

# %% tags=["active-ipynb"]
# import json
# from pathlib import Path
#
# measured = json.loads(Path("../benchmarks/results.json").read_text())
# for name, share in measured["collector"].items():
#     print(f"{name:20} {share:4.0%} of a step is the garbage collector's")

# %% [markdown]
# Most of the classic engine's time is spent looking for garbage. In micrograd, every result holds a closure that knows
# how to go back, and the closure holds the result. That is a cycle, and Python's reference counts never free a cycle.
# So all graphs of all steps stay in memory until the collector has searched through them, over and over.
#
# That is why a `Value` of yours holds a tuple of inputs and a tuple of numbers, and no closure. When the root goes, all
# of its graph goes at once, without the collector:

# %% tags=["active-ipynb"]
# import gc
#
# from micrograd_numpy import MLP, SGD, Value
#
#
# def values_in_memory():
#     return sum(type(thing) is Value for thing in gc.get_objects())
#
#
# gc.disable()
# before = values_in_memory()
# y = x = Value(1.0)
# for _ in range(1000):
#     y = y * 0.999 + x
# y.backward()
# print(f"{values_in_memory() - before:,} Values for one graph", end=", ")
# del x, y
# print(values_in_memory() - before, "left")
# gc.enable()

# %% [markdown]
# Why does the collector still take some of your engine's time? Python calls it whenever enough new objects have been
# made. It looks through them, and finds nothing to free.
#
# No closure: this one decision is most of what you see in the middle row.

# %% tags=["active-ipynb"]
# scalars = measured["scalars"]["peers"]
# for name in ("micrograd", "ours, node by node", "ours"):
#     row = scalars[name]
#     print(f"{name:20} {row['us'] / 1e3:6.0f} ms a step, {1 / row['ratio']:4.1f} times as fast")

# %% [markdown]
# (Each time is a median over many rounds. The factors, here and below, come from medians of the ratios within a round,
# so they are not exactly the quotients of these times.)
#
# Fewer nodes take less time. So what does one node cost? Here are chains of additions and products, each made from the
# one before:

# %% tags=["active-ipynb"]
# print("length of chain    make   sort   back   free   (ns per node)   bytes per node")
# for length, row in measured["nodes"].items():
#     parts = "".join(f"{row[part]:7.0f}" for part in ("forward", "sort", "backward", "free"))
#     print(f"{int(length):15,} {parts} {row['bytes']:27.0f}")

# %% [markdown]
# Added up, these are two to four microseconds for each node, in small graphs and in large ones. The multiplication
# itself takes a processor about a nanosecond. Nearly all the rest is Python: make an object, look up a method, count
# references, append to a list.
#
# You can't make Python's objects a thousand times cheaper. You can only make fewer of them. But the sums have to be
# done. Or do they have to be done *one by one*? Your passes have the answer: a hundred samples are one walk through a
# few groups.
#
# ## Emit
#
# The last pass writes that walk down. That takes patience rather than ideas, so it lives in plain modules, in the
# folder `compiler`. For each group there is a statement or two. Going back there are more of them, in reverse order,
# with the local derivatives that you know. The first gradient that reaches a place is stored, the next ones are added.
#
# This time the loss calls the model itself, with its `dot`s. That makes the recipe shorter, and changes nothing in what
# is found. Here is the forward half. Before you scroll: how many lines will be left?

# %% tags=["active-ipynb"]
# import numpy as np
#
# from micrograd_numpy.arrays import record
# from micrograd_numpy.compiler.programs import Programs
# from micrograd_numpy.moons import moons_data
#
# points, labels = moons_data(100)
# X, y = np.array(points), np.array(labels)
# model = MLP(2, [16, 16, 1], rng=0)
#
#
# def loss(x, t):
#     return (1 - t * model(x)).relu() + 1e-4 * sum(p * p for p in model.parameters())
#
#
# recipe = record(loss, [points[0], labels[0]], ["x", "t"])
# program = Programs(recipe).arrays  # fuse, group, factor, lay out, emit
# print(f"{len(recipe.steps):,} steps, {len(program.groups)} groups:")
# for line in program.forward:
#     print(line)

# %% [markdown]
# Read it aloud. The first two lines are the penalty. Then multiply the inputs by a matrix, cut off below zero, again,
# and once more to get the score `h3`; multiply by the label, subtract from 1, cut off, and add the penalty. It is much
# like what you would write by hand.
#
# The names stand for views of the two arrays of the last chapter. `S` holds what all samples share, `Z` has a row for
# each wide node and a column for each sample. `x_1` is `x` with its row of ones:

# %% tags=["active-ipynb"]
# for name in ("w1", "x_1", "h1", "w2", "h1_1", "h2"):
#     print(f"{name:5} = {program.prelude[name]}")

# %% [markdown]
# And the way back:

# %% tags=["active-ipynb"]
# for line in program.backward:
#     print(line)

# %% [markdown]
# Look for the heart of it. The gradient of a weight matrix is `np.dot(dh2, h1_1.T, out=dw2)`: what came back, times
# what went in. The last pass knows this form, as it knows that of the product itself. But it is nothing new: each of
# its entries is a sum over the hundred samples, term by term the rule of `mul`.
#
# Two lines say `dot` without `np.`. There `dh3` has one row, and for a single sample it is a single number. `np.dot`
# would then scale the other array, and leave 0 where $0 \cdot \mathrm{nan}$ should be nan. So `dot` is `np.matmul` for
# one sample, and `np.dot` for more.
#
# ## Where the statements come from
#
# Nobody wrote an array form of `relu`, nor of its slope. The rule in [Operations](ops.ipynb) says it all. So run that
# rule on a **symbol**: a number that nobody knows yet, and that notes what is done to it. Where the rule asks an `if`,
# go both ways. What do you expect of `relu`, whose rule is `(0.0, (0.0,)) if a <= 0.0 else (a, (1.0,))`?

# %% tags=["active-ipynb"]
# from micrograd_numpy import ops
# from micrograd_numpy.compiler.symbols import follow
#
# for name, rule in {"tanh": ops.tanh, "relu": ops.relu, "cube": ops.power(3.0)}.items():
#     followed = follow(rule, 1)
#     print(f"{name} {followed.result!r:14} slope {followed.slopes[0]!r}")

# %% [markdown]
# A result that is `c` where $a \le c$, and else $a$, is the larger of the two: `np.maximum`. The slope asks the same
# question of the result. So it needs no input, and that is why the result could take the sum's place in memory.
#
# A rule of your own is followed, too, if it stays with operators, comparisons, `if`, the functions of `ops`, and
# NumPy's functions, because `np.exp(s)` calls `s.exp()` on an object that it does not know. `math.exp` takes only
# floats, and is refused.

# %% tags=["active-ipynb"]
# import math
#
#
# def softplus(a):
#     return np.log1p(np.exp(a)), (1 / (1 + np.exp(-a)),)
#
#
# def softplus_by_math(a):
#     return math.log1p(math.exp(a)), (1 / (1 + math.exp(-a)),)
#
#
# followed = follow(softplus, 1)
# print(followed.result, "slope", followed.slopes[0])
# try:
#     follow(softplus_by_math, 1)
# except TypeError as error:
#     print(error)

# %% [markdown]
# ## All of it
#
# `vectorize` wraps a function. The first call compiles it, the others replay what was compiled, and some of them check
# that it still is right. What that takes (copy the samples into `Z` and the parameters into `S`, run, hand the
# gradients out to the Values) is in `compiler/replay.py`.


# %%
def vectorize(fn: Callable[..., Any] | None = None, *, reduction: str = "mean") -> Any:
    """Turn a function of one sample into a function of a batch, at the speed of NumPy.

    `fn` runs once, on one sample, with Values that do not show their numbers. What it did is compiled to
    a short NumPy program, and each call replays it for a whole batch. The numbers are those of the scalar
    engine, but for the order of sums.

    Parameters
    ----------
    fn : callable
        Takes a Value for each argument of shape (samples,), and a list of k Values for each of
        shape (samples, k). Returns a Value, or a list of them. It may use any Values that are
        leaves; these are its parameters.
    reduction : {"mean", "sum", "none"}
        What a call returns: the mean or the sum of the results of all samples, or each.

    Returns
    -------
    Vectorized
        To be called with arrays, samples first. The result is a Value, whose `backward()` adds to the
        `grad` of the parameters; it can be used in a formula, as in `batch + 0.01 * penalty`. With the
        reduction "none", its `data` is an array, and `backward` takes a gradient for each result.
        `forward(...)` is for prediction: the results of all samples, as an array. `source` is the program, and
        `explain()` tells how it came about. Without `fn`, a decorator.

    Raises
    ------
    TypeError
        If `fn` asks a Value for its number, as in `if v > 0`: the answer for one sample would be
        frozen for all. If it uses a rule of your own that cannot be followed; see `numpy_rule`.
    ValueError
        If the arrays do not fit together, or `fn` uses a Value that was computed outside of it.

    Notes
    -----
    Batches of any size share one program. The numbers of parameters are read at every call. What
    `fn` asks of a Module, and the Module's parts and parameters, are compared at every call.
    Whatever else `fn` sees, a global or a closure, is frozen: `fn` is recorded again at calls 2, 4,
    8, 16, …, and if it does something else, it is compiled anew, with a RuntimeWarning that says
    what has changed. `forget()` makes it so at the next call. Plain Python effects happen only
    when `fn` is recorded. A method may be decorated, too.

    Examples
    --------
    >>> w, b = Value(2.0), Value(1.0)
    >>> @vectorize
    ... def loss(x, t):
    ...     return (w * x + b - t) ** 2
    >>> batch = loss([0.0, 1.0], [2.0, 2.0])
    >>> batch.backward()
    >>> batch.data, w.grad, b.grad
    (1.0, 1.0, 0.0)
    """
    from micrograd_numpy.compiler.replay import Vectorized

    if fn is None:
        return partial(vectorize, reduction=reduction)
    return Vectorized(fn, reduction)


# %% [markdown]
# Now train. The loop is the one that you know; only the loss takes all points at once. The optimizer still moves the
# very Values of the model.

# %% tags=["active-ipynb"]
# model = MLP(2, [16, 16, 1], rng=0)
# objective = vectorize(loss)
# optimizer = SGD(model.parameters(), lr=0.1)
# for epoch in range(301):
#     batch_loss = objective(X, y)
#     optimizer.zero_grad()
#     batch_loss.backward()
#     optimizer.step()
#     if epoch % 100 == 0:
#         print(f"epoch {epoch:3}: loss {batch_loss.data:.4f}")
# print()
# print(objective.explain())

# %% [markdown]
# `explain()` has a line for each pass. An operand is *gathered* if its numbers must first be copied together, and
# *overwritten* if the result of an operation takes its place, as that of `relu` does.
#
# Is a layer really `X @ W.T` with a bias? Vectorize one alone, and write the other by hand:

# %% tags=["active-ipynb"]
# layer = model.layers[0]
# W = np.array([[w.data for w in neuron.weights] for neuron in layer.neurons])
# b = np.array([neuron.bias.data for neuron in layer.neurons])
# by_hand = np.maximum(X @ W.T + b, 0.0)
# print("the same:", np.allclose(vectorize(layer).forward(X), by_hand, rtol=1e-13))

# %% [markdown]
# And the gradients? The scalar engine is the judge. Same loss, all samples one by one, and all gradients:

# %% tags=["active-ipynb"]
# from micrograd_numpy.value import mean
#
# model.zero_grad()
# objective(X, y).backward()
# fast = [p.grad for p in model.parameters()]
#
# model.zero_grad()
# mean(loss([Value(v) for v in x], Value(t)) for x, t in zip(points, labels)).backward()
# slow = [p.grad for p in model.parameters()]
#
# worst = max(abs(a - b) for a, b in zip(fast, slow))
# print(f"{len(fast)} gradients, largest difference below 1e-12: {worst < 1e-12}")

# %% [markdown]
# With a mean or a sum, a call returns a Value. It can stand in a formula, beside other Values. How many inputs do you
# expect it to have?

# %% tags=["active-ipynb"]
# batch = objective(X, y)
# print(isinstance(batch, Value), len(batch._prev), "inputs")
#
# model.zero_grad()
# weights = [w for name, w in model.named_parameters() if "weights" in name]
# (batch + 0.01 * sum(w * w for w in weights)).backward()
# both = [p.grad for p in weights]
#
# model.zero_grad()
# batch.backward()
# by_hand = [w.grad + 0.01 * 2 * w.data for w in weights]
# print("the gradients of both terms:", np.allclose(both, by_hand, rtol=1e-12))

# %% [markdown]
# Its inputs are the parameters. When `backward` asks for its local derivatives, the program computes them.
#
# ## When the function changes
#
# A recipe is a photograph of a function. When the function would do something else, the photograph is wrong. The
# function below uses a model and a plain number. Each gets changed after some calls. Which of the two changes do you
# expect to see in the next call?

# %% tags=["active-ipynb"]
# import warnings
#
# scale, told = 1.0, []
#
#
# @vectorize
# def scaled(x):
#     return scale * model(x)
#
#
# def call(when):
#     with warnings.catch_warnings(record=True) as caught:
#         warnings.simplefilter("always")
#         result = scaled.forward(X[:1])[0]
#     told.extend(caught)
#     print(f"{when:24} {result:8.4f}", "and a warning" if caught else "")
#     return result
#
#
# call("call 1")
# before = call("call 2")
# scale = 10.0
# frozen = call("call 3, another number")
# call("call 4")
# for neuron in model.layers[0].neurons:
#     neuron.activation = "tanh"
# call("call 5, another model")
# scale = 1.0
# scaled.forget()
# call("call 6, after forget()")
#
# for neuron in model.layers[0].neurons:
#     neuron.activation = "relu"
# print("call 3 used the old number:", frozen == before)

# %% tags=["active-ipynb", "hide-cell"]
# print(told[0].message)

# %% [markdown]
# The number is **frozen**, as in JAX: whatever a function sees besides its arguments, its parameters and what it asks
# of its models is part of the photograph. A second photograph shows whether it still is right. So `vectorize` records
# the function again at calls 2, 4, 8, 16 and so on, and compares the two recipes. If they differ, as at call 4, it
# compiles anew and says what is different: see the folded cell. After `forget()`, the next call records. But what
# changes from call to call is better passed as an argument.
#
# The model's change was seen at once, at call 5. While a function is recorded, `vectorize` notes which models it looks
# into and what it asks them for. At every call it compares that, and the model's layers and parameters, with what it
# found then.
#
# The `data` of a parameter is no part of all this: it is read at every call.
#
# For prediction you need no way back, and one number for each point. `forward` gives you that, here for 2,500 points:

# %% mystnb={"image": {"alt": "The moons and the boundary of the trained model: a curve that winds between the two half circles."}} tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# from micrograd_numpy.drawing.style import ACCENT, BACKWARD, FORWARD, MUTED, book_style
#
# book_style()
# predict = vectorize(model)
# x1, x2 = np.meshgrid(np.linspace(-1.6, 2.6, 50), np.linspace(-1.1, 1.6, 50))
# grid = np.column_stack([x1.ravel(), x2.ravel()])
# scores = predict.forward(grid).reshape(x1.shape)
#
# plt.contourf(x1, x2, scores, levels=[-99, 0, 99], colors=["#a16207", FORWARD], alpha=0.14)
# plt.contour(x1, x2, scores, levels=[0], colors=["#1f2937"], linewidths=1.6)
# plt.scatter(*X[y > 0].T, s=26, color=FORWARD, label="+1")
# plt.scatter(*X[y < 0].T, s=26, color="#a16207", marker="^", label="−1")
# plt.gca().set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
# plt.grid(visible=False)
# plt.legend()
# plt.show()

# %% [markdown]
# ## When arrays do not pay
#
# A NumPy call has its price before it has computed anything: it looks at types and shapes, and picks a loop. Sixteen
# hundred numbers share that price. For an array of one number it is far more than Python itself would need. Here is a
# function with nothing to group: each step needs the one before.

# %% tags=["active-ipynb"]
# decay, drive = Value(0.9), Value(0.1)
#
#
# @vectorize
# def narrow(x):
#     for _ in range(50):
#         x = (decay * x + drive).tanh()
#     return x
#
#
# result = narrow([0.5])
# print(f"{result.data:.6f}")
# print(narrow.explain())

# %% [markdown]
# There are hundreds of statements, each for one number. So there is a second program, made of plain Python floats: no
# graph and no Value, only the arithmetic, one line after the other.

# %% tags=["active-ipynb"]
# small = record(lambda x: (decay * x + drive).tanh() ** 2, [0.5], ["x"])
# print(Programs(small).floats.source)

# %% [markdown]
# Which of the two runs is decided by a rule. Divide the operations of the batch, 150 for each sample of `narrow`, by
# the array statements, forward and back. Below `FEW`, the floats run; from there on, the arrays. This is a rule of
# thumb: just where the two are equally fast differs from function to function.

# %% tags=["active-ipynb"]
# from micrograd_numpy.compiler.replay import FEW
#
# programs = Programs(record(narrow.fn, [0.5], ["x"]))
# print("FEW is", FEW)
# for n in [1, 10, 100]:
#     share = programs.share(n, programs.arrays.statements)
#     print(f"batch {n:3}: {share:4.1f} operations for each statement")

# %% [markdown]
# ## How fast is it?
#
# All engines do the same step: same model, same data, same gradients, doubles, on one thread of one processor. PyTorch
# is written as its users write it, without `torch.compile`; the "lean" rows keep all parameters in one array and do
# without an optimizer. C is a loop that a compiler has optimized. How far from the top do you expect yours?

# %% tags=["active-ipynb"]
# machine = measured["machine"]
# print(f"{machine['processor']}, Python {machine['python']}, NumPy {machine['numpy']}")
# peers = measured["arrays"]["peers"]
# torch_time = peers["PyTorch"]["ratio"]
# for name, row in sorted(peers.items(), key=lambda item: -item[1]["ratio"]):
#     print(f"{name:20} {row['us']:6.0f} µs a step, {torch_time / row['ratio']:5.1f} × PyTorch")

# %% mystnb={"image": {"alt": "Bars of the speed of each engine on one training step, PyTorch as 1. The vectorized engine is several times as fast as PyTorch, near NumPy by hand; the C loop is far ahead of all."}} tags=["active-ipynb"]
# order = sorted(peers, key=lambda name: -peers[name]["ratio"])
# speeds = [torch_time / peers[name]["ratio"] for name in order]
# figure, axes = plt.subplots(figsize=(6.4, 3.2))
# bars = axes.barh(order, speeds, color=[BACKWARD if "ours" in name else FORWARD for name in order])
# axes.bar_label(bars, fmt=" %.1f×", fontsize=9)
# axes.set(xlabel="speed, PyTorch = 1", xscale="log", xlim=(0.5, 60))
# axes.grid(axis="y", visible=False)
# plt.show()

# %% [markdown]
# Faster than PyTorch, and near what you would write in NumPy by hand. How can that be, for a toy? Not because the
# arithmetic is better: the C loop shows how little time that takes. A step of this size is *almost all overhead*.
# PyTorch finds out what to do for each of a few dozen operations, at every step. Your program settled most of that when
# it was compiled; NumPy's own checks remain, at each call.
#
# Unlike the lean NumPy, yours keeps a convenience: the parameters are still Values. At every step, 337 numbers are read
# from Python objects, and 337 gradients and new numbers are written back. What still separates lean NumPy from C is
# NumPy's own overhead, a few dozen calls at each step.
#
# And when the arrays grow? Watch the advantage:

# %% mystnb={"image": {"alt": "Three panels for hidden widths of 16, 32 and 64: speed relative to PyTorch against the batch size from 100 to 10,000. At the left the curves lie far apart, with the C loop on top; at the right they are close together, between 1 and 2.5. The curve of ours falls at width 16, and rises from just below 1 at width 64."}} tags=["active-ipynb"]
# table = [measured["arrays"], *measured["scaling"]]
# figure, panels = plt.subplots(1, 3, figsize=(7.4, 3.2), sharey=True)
# styles = {
#     "ours, vectorized": (BACKWARD, "o-"),
#     "NumPy by hand, lean": (ACCENT, "s--"),
#     "JAX, compiled": (MUTED, "v:"),
#     "C": (FORWARD, "^-"),
# }
# for panel, width in zip(panels, (16, 32, 64)):
#     rows = [row for row in table if row["width"] == width]
#     for name, (color, style) in styles.items():
#         known = [row for row in rows if name in row["peers"]]
#         speed = [row["peers"]["PyTorch"]["ratio"] / row["peers"][name]["ratio"] for row in known]
#         panel.loglog([row["batch"] for row in known], speed, style, color=color, label=name)
#     panel.axhline(1, color=MUTED, linewidth=1)
#     panel.set(title=f"width {width}", xlabel="batch", yticks=[1, 2, 5, 10, 20])
#     panel.yaxis.set_major_formatter(lambda v, _: f"{v:g}×")
#     panel.minorticks_off()
# panels[0].set_ylabel("speed, PyTorch = 1")
# figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8)
# plt.show()
#
# batches = (100, 1000, 10_000)
# peers_at = {(row["width"], row["batch"]): row["peers"] for row in table}
# ours = {at: here["PyTorch"]["ratio"] / here["ours, vectorized"]["ratio"] for at, here in peers_at.items()}
# assert ours[16, 100] > ours[16, 1000] > ours[16, 10_000]
# assert ours[64, 100] < 1 < ours[64, 1000] < ours[64, 10_000]
# ends = [peers_at[width, 10_000] for width in (16, 32, 64)]
# assert all(1 < here["PyTorch"]["ratio"] / here[name]["ratio"] < 2.5 for here in ends for name in styles)
# times = [peers_at[16, batch]["ours, vectorized"]["us"] for batch in batches]
# print("a step of ours, width 16:", ", ".join(f"batch {n:,}: {us:,.0f} µs" for n, us in zip(batches, times)))

# %% [markdown]
# At the left, what surrounds the arithmetic counts: NumPy's calls, the reading of Values, the way into and out of a
# library. The C loop has almost none of it. At the right, a call lasts so long that its price hardly counts, and all of
# them do much the same work: the matrix products, which most of them leave to a library like BLAS
# {cite:p}`dongarra1990`, and the way of each number from memory and back. A `relu` on a large array reads and writes
# every number once, and computes almost nothing.
#
# And the curve of "ours, vectorized"? At width 64 it starts below PyTorch, and rises. There, thousands of parameters
# are read from Values and written back for a step of a hundred samples. Only when the arithmetic outgrows them is the
# price forgotten. An engine whose parameters *are* arrays does not pay it at all. That is the deepest difference
# between this engine and a framework: there, the array, not the number, keeps the graph.
#
# ## What compilers do beyond this
#
# Compilers of this kind begin with your first pass, *record*; those for tensors have their matrices already. What do
# they add?
#
# - **They fuse loops, not only sums.** Multiply, subtract, maximum: your program walks over the array three times. XLA
#   and TorchInductor write one loop for such a chain of elementwise operations, so a number is read once.
# - **They generate machine code,** so there is no Python between the operations, and no call of NumPy to pay for.
# - **They choose tiles,** pieces of a matrix that fit in the cache, and the order of the loops
#   {cite:p}`ragankelley2013`.
# - **They guard.** `torch.compile` records a function, too, and keeps a list of what it may not assume to be the same
#   next time {cite:p}`ansel2024`. JAX records with stand-ins that have a shape and no number, and refuses an `if` just
#   as you do {cite:p}`frostig2018`.
#
# The idea is the same everywhere: run it once, write down what happened, and do that again, faster.
#
# ## What you can now do
#
# - Say where the time of a scalar engine goes, and what to leave out so that memory frees itself.
# - Compile a function of one sample, and train with it.
# - Say what is frozen in a compiled function, and when a change is noticed.
# - Say when arrays pay, when they don't, and why.
#
# ## In PyTorch this is …
#
# … `torch.func.vmap`: it, too, takes a function of one sample to a function of a batch. The gradients agree:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     layers = [np.array([[*(w.data for w in n.weights), n.bias.data] for n in layer.neurons]) for layer in model.layers]
#     weights = [torch.tensor(layer, requires_grad=True) for layer in layers]
#
#     def one(x, t):
#         for i, w in enumerate(weights):
#             x = w[:, :-1] @ x + w[:, -1]
#             x = x.relu() if i < 2 else x
#         return (1 - t * x[0]).relu()
#
#     per_sample = torch.func.vmap(one)(torch.tensor(X), torch.tensor(y))
#     total = per_sample.mean() + 1e-4 * sum((w * w).sum() for w in weights)
#     total.backward()
#     theirs = np.concatenate([w.grad.ravel().numpy() for w in weights])
#     print("all gradients agree:", np.allclose(fast, theirs, rtol=1e-10, atol=1e-13))

# %% [markdown]
# ## Exercises
#
# Worked and folded, in [Exercises: From scalars to arrays](exercises/vectorize.ipynb):
#
# 1. Give an operation of your own its NumPy form.
# 2. Say what is frozen in a recording, and what is not.
# 3. Three classes at once: softmax regression, vectorized.
#
# ## Check yourself
#
# :::{dropdown} Why does micrograd leave its graphs to the garbage collector, and this engine not?
# There, a result holds a closure, and the closure holds the result: a cycle. Here a node holds its inputs and numbers,
# and nothing points back.
# :::
#
# :::{dropdown} A global number that your function uses changes after call 4. When is it noticed?
# At call 8, the next at which the function is recorded again. Calls 5 to 7 use the old number.
# :::
#
# :::{dropdown} You make the batch ten times as large, from 100 to 1,000. Does a step take ten times as long?
# No: in the benchmark, about twice as long. At 100, most of it is the price of some thirty calls, and of the parameters
# that are Values. From 1,000 to 10,000 the arithmetic decides: about seven times as long.
# :::
#
# :::{dropdown} Why is there a second program, made of plain floats?
# A call of NumPy has a price, however few numbers it computes. Where there are only a few, Python's own arithmetic is
# faster.
# :::
#
# ## Sources
#
# Recording a function and compiling it is described in {cite:p}`frostig2018,ansel2024`; arrays in NumPy in
# {cite:p}`harris2020`; why matrix products are left to libraries in {cite:p}`dongarra1990`. The classic engine is
# micrograd {cite:p}`karpathy2020micrograd`. That a program of NumPy calls can be differentiated by watching it was
# shown in {cite:t}`maclaurin2016`.
