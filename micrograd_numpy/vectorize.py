# %% [markdown]
# # From scalars to arrays
#
# The scalar engine of this book is correct but slow: PyTorch takes the same training step in a small fraction of the
# time. In this chapter you find out where the time goes. Then you let your passes write a program in NumPy, and use it
# like your own function. At the end, on the task of this book, your model trains faster than the same model in eager
# PyTorch, in 64-bit floats on one thread.
#
# - **You will understand and use** `vectorize`: it compiles a function of one sample to NumPy for all samples.
# - **You need** [Finding the arrays](arrays.ipynb).
# - **Time** about 30 minutes.

# %% mystnb={"code_prompt_show": "Imports, 5 lines"} tags=["hide-input"]
"""From scalars to arrays: compile a function of one sample, and let NumPy replay it for all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any


# %% [markdown]
# ## Where does the time go?
#
# Before we make it faster, we measure three scalar engines on the training step of the last chapter. *micrograd*
# {cite:p}`karpathy2020micrograd` makes a small Python object for each `+` and each `*`. "Ours, node by node" is the
# scalar engine of this book with the very same graph. "Ours" is the same engine as you use it: a neuron adds up its
# products in one `dot`, so there are fewer nodes.
#
# Part of a step goes into arithmetic and bookkeeping. The rest is Python's garbage collector, which looks for objects
# that nobody needs any more. How large is its share, do you think? (Unless a cell measures something itself, the times
# in this chapter come from the project's benchmarks, `make bench`.)

# %% tags=["active-ipynb"]
# import json
# from pathlib import Path
#
# measured = json.loads(Path("../benchmarks/results.json").read_text())
# scalars = measured["scalars"]["peers"]
# for name, share in measured["collector"].items():
#     print(f"{name:20} {scalars[name]['us'] / 1000:4.0f} ms a step, {share:4.0%} of it in the collector")

# %% [markdown]
# micrograd spends most of its time looking for garbage. Each of its results holds a function for the backward pass, a
# *closure*, and the closure holds the result. This is a cycle. Python frees an object as soon as nothing refers to it
# any more, and in a cycle that never happens. So the graph of each step stays in memory until the collector has found
# it.
#
# A `Value` of this book holds a tuple of inputs and a tuple of numbers, and no closure. When you let go of the root,
# the whole graph is freed at once, without the collector:

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
# In the table, micrograd needs 681 ms more for a step than "ours, node by node", and 617 of them are time in the
# collector. The cycles are probably the main cause. The collector still takes some time in our engine: Python starts it
# whenever enough new objects have been made, and it looks through them, and finds nothing to free.
#
# Fewer nodes take less time. How much does one node cost? Here are chains of products and sums, in which each node is
# made from the one before:

# %% tags=["active-ipynb"]
# phases = {"forward": "make", "sort": "sort", "backward": "backward", "free": "free"}
# print("ns per node")
# print("length of chain", *(f"{word:>9}" for word in phases.values()), "     in all")
# for length, row in measured["nodes"].items():
#     times = [row[phase] for phase in phases]
#     print(f"{int(length):15,}", *(f"{t:9.0f}" for t in times), f"{sum(times):11.0f}")

# %% [markdown]
# In all, a node takes two to four microseconds. (In long chains it takes more than in the shortest, probably because a
# short one fits in the processor's cache.) A processor needs about a nanosecond for the multiplication itself, four
# cycles at 4 GHz. The rest is Python: it makes an object, looks up a method, counts references, appends to a list.
#
# We cannot make Python's objects that much cheaper. We can only make fewer of them. The arithmetic must be done, but it
# need not be done *one number at a time*: your passes turn the work for all samples into a few groups.
#
# ## Emit
#
# The last pass, *emit*, writes a statement or two for each group, and some more for the backward pass. Here are the
# two neurons of the last chapter. Which three statements do you expect?

# %% tags=["active-ipynb"]
# from micrograd_numpy.arrays import record
# from micrograd_numpy.compiler.programs import Programs
#
# weights = [[Value(0.5), Value(-1.0)], [Value(1.5), Value(0.25)]]
# biases = [Value(0.1), Value(-0.2)]
#
#
# def two(x):
#     hidden = [(w[0] * x[0] + w[1] * x[1] + b).relu() for w, b in zip(weights, biases)]
#     return hidden[0] + hidden[1]
#
#
# tiny = Programs(record(two, [[1.0, 2.0]], ["x"])).arrays  # fuse, group, factor, lay out, emit
# print(*tiny.forward, sep="\n")
# for name in ("w1", "x_1", "h1", "a1k", "h2", "dh1", "da1k", "dh2", "dw1"):
#     print(f"    {name:4} = {tiny.prelude[name]}")

# %% [markdown]
# They do the same as the three lines that we wrote by hand in the last chapter, but the `+` is now a sum over an axis.
# `out=` tells NumPy where to write the result, so that it need not make a new array. The names stand for views of the
# two arrays: `w1` is the matrix of the weights and biases, `x_1` is `x` with its row of ones, `h1` has the sums and
# then the results of `relu`, and `h2` is the result. `a1k` is `h1` once more, with the shape (1, 2, n): one result, two
# terms, n samples. So axis 1 is the axis of the terms.
#
# For the backward pass there are two more arrays, `dS` and `dZ`, with the gradients in the same places. Before it runs,
# `dh2` is filled with the gradient of each sample's result: for the mean, this is 1/n.

# %% tags=["active-ipynb"]
# print(*tiny.backward, sep="\n")

# %% [markdown]
# The final sum passes its gradient on to both of its terms, because `da1k` is `dh1` with the shape (1, 2, n). Then
# `relu` lets the gradient pass where its result is not 0: `m1` is a mask, an array of True and False. The last line is
# the important one. The gradient of a weight matrix is what came back, times what went in: `dh1` times the transpose of
# `x_1`. Each entry of this product is a sum over all samples, and each term of the sum follows from the rule of `mul`:
# the gradient of the product, times the other factor.
#
# The code of this pass is long, so it is in plain modules, in the folder `compiler`. Its new idea has a section of its
# own below.
#
# Now to the real training step. This time the loss calls the model itself, with its `dot`s, so the recipe is shorter.
# The last chapter recorded 1,319 operations, and found the same groups. How many lines will be left?

# %% tags=["active-ipynb"]
# import numpy as np
#
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
# program = Programs(recipe).arrays
# print(f"{len(recipe.steps):,} steps, {len(program.groups)} groups, {len(program.forward)} lines:")
# print(*program.forward, sep="\n")

# %% [markdown]
# The first two lines are the penalty: `a1` has all parameters in one row, and `c1` and `c2` are shared by all samples.
# Then the inputs are multiplied by a matrix and cut off below zero, twice, and multiplied once more to get the score,
# `h3`. It is multiplied by the label, subtracted from 1, and cut off, and the penalty is added. That is one line for
# each group, but two for $1 - t s$. It is much like what you would write by hand.

# %% mystnb={"code_prompt_show": "The backward program"} tags=["active-ipynb", "hide-cell"]
# print(*program.backward, sep="\n")

# %% [markdown]
# The first line and the last four of the backward program are the penalty's. `da1` is `dw1`, `dw2` and `dw3` in one
# row, the same memory once more, so the penalty's gradient is added to theirs. (`t1` is a temporary array; `dot` is
# `np.dot`, but for a single sample `np.matmul`.)
#
# ## Where the statements come from
#
# Nobody wrote an array form of `relu`, nor of its slope. The rule in [Operations](ops.ipynb) has all that is needed.
# The compiler runs this rule on a **symbol**: an object that stands for a number not yet known, and that records what
# is done to it. (Where a rule of `ops` needs a function of `math`, as tanh does, the symbol records the function's
# name.)
#
# A *function* of yours may not ask a Value for its number. A *rule* may: it is short, so the compiler runs it once for
# each way that its `if`s can go, and joins the results with `where`. What do you expect of `relu`, whose rule is
# `(0.0, (0.0,)) if a <= 0.0 else (a, (1.0,))`?

# %% tags=["active-ipynb"]
# from micrograd_numpy import ops
# from micrograd_numpy.compiler.symbols import follow
#
# for name, rule in {"tanh": ops.tanh, "relu": ops.relu, "cube": ops.power(3.0)}.items():
#     followed = follow(rule, 1)
#     print(f"{name} {followed.result!r:14} slope {followed.slopes[0]!r}")

# %% [markdown]
# The compiler knows this pattern: "0 where $a \le 0$, and else $a$" is the larger of $a$ and 0, so `relu` becomes
# `np.maximum`. And the result is 0 just where $a \le 0$, so the slope can depend on the *result*. The input is no
# longer needed, and the result could take its place in the last chapter's layout.
#
# A rule of your own is followed, too. It may use operators, comparisons, `if`, `abs`, `max`, the functions of `ops`,
# and functions of NumPy such as `np.exp`. (NumPy calls `s.exp()` on an object `s` that it does not know.) `math.exp`
# needs a float, so a rule that uses it is refused:

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
# There is another way out: write the same rule for arrays, and put `@numpy_rule(softplus_by_math)` above it. It takes
# an array for each input, and returns the result and a tuple of slopes, again arrays. The first exercise does so.
#
# ## `vectorize`
#
# `vectorize` wraps a function. The first call compiles it, the other calls replay the program, and some of them check
# that it is still right. The code that copies the samples into `Z` and the parameters into `S`, runs the program, and
# adds the gradients to the Values is in `compiler/replay.py`.


# %%
def vectorize(fn: Callable[..., Any] | None = None, *, reduction: str = "mean") -> Any:
    """Turn a function of one sample into a function of a batch that runs in NumPy.

    `fn` is recorded at the first call, on one sample, with Values that do not show their numbers. What it did
    is compiled to a short NumPy program, and each call replays it for a whole batch. The numbers are those of
    the scalar engine, up to rounding: sums may be added in another order.

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
        To be called with arrays, samples first. The mean or the sum is a Value, whose `backward()` adds to
        the `grad` of the parameters; it can be used in a formula, as in `batch + 0.01 * penalty`. With the
        reduction "none", the result is no Value: its `data` is an array, and its `backward` takes a gradient
        for each result. `forward(...)` is for prediction: the results of all samples, as an array. `source` is
        the program, and `explain()` tells what each pass did. If `fn` is left out, as in
        `@vectorize(reduction="sum")`, a decorator is returned.

    Raises
    ------
    TypeError
        If `fn` asks a Value for its number, as in `if v > 0`: the answer for one sample would be
        frozen for all. Or if it uses a rule of your own that cannot be followed; see `numpy_rule`.
    ValueError
        If the arrays do not have the same number of samples, or `fn` uses a Value that was computed outside of it.

    Notes
    -----
    Another batch size needs no new compilation. The numbers of parameters are read at every call. What
    `fn` asks of a Module, and the Module's parts and parameters, are compared at every call.
    Whatever else `fn` sees, a global or a closure, is frozen: `fn` is recorded again at calls 2, 4,
    8, 16, … only to compare, and if it does something else, it is compiled anew, with a RuntimeWarning that
    says what has changed. After `forget()`, the next call records it again. Side effects, such as a `print`,
    happen only when `fn` is recorded. A method may be decorated, too.

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
# Now we train. The loop is the one that you know, except that the loss takes all points at once. The optimizer still
# moves the Values of the model.

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
# `explain()` has a line for each pass. A *level* is one depth; levels of wide and of shared nodes are counted
# separately. An operand is *gathered* if its numbers must first be copied together, and *overwritten* if the result of
# an operation takes its place.
#
# Are the gradients right? The scalar engine decides: the same loss, one sample after the other, and all gradients.

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
# With the mean or the sum of the results, a call returns a Value like any other. So it can be part of a formula. How
# many inputs does this Value have?

# %% tags=["active-ipynb"]
# batch = objective(X, y)
# print(isinstance(batch, Value), len(batch._prev), "inputs")
#
# model.zero_grad()
# w = model.layers[0].neurons[0].weights[0]
# (batch + 5 * w).backward()
# print("the gradient of w has 5 more:", math.isclose(w.grad, fast[model.parameters().index(w)] + 5, rel_tol=1e-12))

# %% [markdown]
# Its inputs are the parameters. When `backward` asks for its local derivatives, the program computes them.
#
# ## When the function changes
#
# A recipe shows what a function did once. If the function would now do something else, the recipe is wrong. The
# function below uses a plain number, `scale`, and a model. Before call 3 we change `scale`, and before call 5 the
# model. Which of the two changes will be noticed at once?

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
# results = [call("call 1"), call("call 2")]
# scale = 10.0
# results += [call("call 3, another number"), call("call 4")]
# for neuron in model.layers[0].neurons:
#     neuron.activation = "tanh"
# results += [call("call 5, another model")]
# scale = 1.0
# scaled.forget()
# results += [call("call 6, after forget()")]
#
# for neuron in model.layers[0].neurons:
#     neuron.activation = "relu"

# %% mystnb={"code_prompt_show": "The warning"} tags=["active-ipynb", "hide-cell"]
# print(told[0].message)

# %% [markdown]
# Call 3 uses the old number. The number is **frozen**: whatever a function sees besides its arguments, its parameters
# and what it asks of its models is part of the recipe. To notice such changes, `vectorize` records the function again
# at calls 2, 4, 8, 16 and so on, and compares the two recipes. If they differ, as at call 4, it compiles the new one,
# and a warning says what has changed; the count goes on. After `forget()`, the next call records, and the count begins
# anew. It is better to pass what changes as an argument.
#
# Call 5 notices the change of the model. While a function is recorded, `vectorize` notes which attributes of which
# models it reads. Every call compares these, and the model's layers and parameters, with what was found then. No call
# can have missed the change, so there is no warning. The `data` of a parameter may change freely: every call reads it.
#
# For prediction we need only the results. `forward` gives them as an array, here for 2,500 points:

# %% tags=["active-ipynb"]
# predict = vectorize(model)
# x1, x2 = np.meshgrid(np.linspace(-1.6, 2.6, 50), np.linspace(-1.1, 1.6, 50))
# scores = predict.forward(np.column_stack([x1.ravel(), x2.ravel()])).reshape(x1.shape)

# %% mystnb={"code_prompt_show": "The code of the picture, 11 lines", "image": {"alt": "The moons and the boundary of the trained model: a curve that winds between the two half circles."}} tags=["active-ipynb", "hide-input"]
# import matplotlib.pyplot as plt
#
# from micrograd_numpy.drawing.style import ACCENT, BACKWARD, FORWARD, INK, MUTED, OCHER, book_style
#
# book_style()
# plt.contourf(x1, x2, scores, levels=[-99, 0, 99], colors=[OCHER, FORWARD], alpha=0.14)
# plt.contour(x1, x2, scores, levels=[0], colors=[INK], linewidths=1.6)
# plt.scatter(*X[y > 0].T, s=26, color=FORWARD, label="+1")
# plt.scatter(*X[y < 0].T, s=26, color=OCHER, marker="^", label="−1")
# plt.gca().set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
# plt.grid(visible=False)
# plt.legend()
# plt.show()

# %% [markdown]
# ## When arrays do not pay
#
# Each call to NumPy has some overhead: before it computes anything, it looks at types and shapes, and chooses a loop.
# In our training step, the 1,600 numbers of a hidden layer share this overhead.
#
# For an array of one number, plain Python is faster. Here is a function in which nothing can be grouped, because each
# step needs the one before:

# %% tags=["active-ipynb"]
# decay, drive = Value(0.9), Value(0.1)
#
#
# def narrow(x):
#     for _ in range(50):
#         x = (decay * x + drive).tanh()
#     return x
#
#
# long = Programs(record(narrow, [0.5], ["x"]))
# print(f"{len(long.recipe.steps)} steps, {len(long.arrays.groups)} groups, {long.arrays.statements} statements")
# print(f"{len(long.arrays.forward)} of them forward, {len(long.arrays.backward)} back")

# %% [markdown]
# There are 150 statements forward and 349 backward, and for one sample each of them computes a single number. So there
# is a second program, made of plain Python floats, without arrays and without Values. Here is its forward part, for a
# shorter function:

# %% tags=["active-ipynb"]
# short = Programs(record(lambda x: (decay * x + drive).tanh() ** 2, [0.5], ["x"]))
# print(short.floats.source.partition("\n\n")[0])

# %% [markdown]
# A rule of thumb decides which of the two runs. Divide the operations of the whole batch by the number of array
# statements. If this is less than `FEW`, the floats run, and otherwise the arrays. Operations are counted after *fuse*:
# a sum has one for each of its terms, and what all samples share counts once. (Just where the two are equally fast
# differs from function to function.)

# %% tags=["active-ipynb"]
# from micrograd_numpy.compiler.replay import FEW
#
# print("FEW is", FEW)
# for n in [1, 10, 100]:
#     print(f"batch {n:3}: {long.share(n, long.arrays.statements):4.1f} operations for each statement")

# %% [markdown]
# So the floats run for 1 sample and for 10, and the arrays for 100. In our training step, even one sample has 712
# operations so counted. That is 24 for each of the 30 statements, so there the arrays always run.
#
# ## How fast is it?
#
# All engines in the picture take the same training step: the same model, data and gradients, in 64-bit floats, on one
# thread. PyTorch is eager, that is, without `torch.compile`. The "lean" versions keep all parameters in one array, and
# update them without an optimizer object. JAX compiles the whole step; autograd records calls to NumPy. C is a loop
# that a compiler has optimized. Where do you expect our vectorized engine?

# %% mystnb={"code_prompt_show": "The code of the picture, 15 lines", "image": {"alt": "Bars of the speed of each engine on one training step, relative to PyTorch. The vectorized engine is faster than PyTorch and near NumPy by hand; the C loop is the fastest."}} tags=["active-ipynb", "hide-input"]
# peers = measured["arrays"]["peers"]
# speed = {name: peers["PyTorch"]["ratio"] / row["ratio"] for name, row in peers.items()}
# order = sorted(speed, key=speed.get)
# figure, axes = plt.subplots(figsize=(6.4, 3.2))
# colors = [BACKWARD if "ours" in name else FORWARD for name in order]
# bars = axes.barh(order, [speed[name] for name in order], color=colors)
# axes.bar_label(bars, fmt=" %.1f×", fontsize=9)
# axes.set(xlabel="speed, PyTorch = 1", xscale="log", xlim=(0.5, 2 * max(speed.values())), xticks=[1, 2, 5, 10, 20])
# axes.xaxis.set_major_formatter(lambda v, _: f"{v:g}×")
# axes.minorticks_off()
# axes.grid(axis="y", visible=False)
# plt.show()
# machine = measured["machine"]
# print(f"measured on {machine['processor']}, Python {machine['python']}, NumPy {machine['numpy']}")
# one, other = scalars["ours"]["us"], scalars["ours, vectorized"]["us"]
# print(
#     f"beside the scalar engines: {one:,.0f} µs for ours, {other:.0f} µs for ours, vectorized:",
#     f"a factor of {one / other:.0f}",
# )

# %% [markdown]
# The vectorized engine is faster than PyTorch here, and near what you would write in NumPy by hand. How can that be?
# Not by better arithmetic. The C loop shows how little time the arithmetic needs, so most of PyTorch's time for a step
# of this size is probably overhead. At every step, eager PyTorch finds out again what to do for each operation. Your
# program settled most of that when it was compiled; NumPy's own checks remain, at each call.
#
# "NumPy by hand, lean" is faster still. In the vectorized engine the parameters are still Values, which is convenient
# and has its price: at every step, 337 numbers are read from Python objects, and 337 gradients and 337 new numbers are
# written back.
#
# What happens when the arrays grow?

# %% mystnb={"code_prompt_show": "The code of the picture, 23 lines", "image": {"alt": "Three panels for hidden widths of 16, 32 and 64: speed relative to PyTorch against the batch size from 100 to 10,000. At the smallest batch the curves lie far apart; at the largest they are close together."}} tags=["active-ipynb", "hide-input", "wide"]
# styles = {
#     "ours, vectorized": (BACKWARD, "o-"),
#     "NumPy by hand, lean": (ACCENT, "s--"),
#     "JAX, compiled": (MUTED, "v:"),
#     "C": (FORWARD, "^-"),
# }
# at = {(row["width"], row["batch"]): row["peers"] for row in [measured["arrays"], *measured["scaling"]]}
# batches, widths = (100, 1000, 10_000), (16, 32, 64)
# figure, panels = plt.subplots(1, 3, figsize=(7.4, 3.2), sharey=True)
# for panel, width in zip(panels, widths):
#     for name, (color, style) in styles.items():
#         known = [n for n in batches if name in at[width, n]]
#         speeds = [at[width, n]["PyTorch"]["ratio"] / at[width, n][name]["ratio"] for n in known]
#         panel.loglog(known, speeds, style, color=color, label=name)
#     panel.axhline(1, color=MUTED, linewidth=1)
#     panel.set(title=f"width {width}", xlabel="batch", yticks=[1, 2, 5, 10, 20])
#     panel.yaxis.set_major_formatter(lambda v, _: f"{v:g}×")
#     panel.minorticks_off()
# panels[0].set_ylabel("speed, PyTorch = 1")
# figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8)
# plt.show()
# times = [f"batch {n:,}: {at[16, n]['ours, vectorized']['us']:,.0f} µs" for n in batches]
# print("a step of ours, width 16:", ", ".join(times))

# %% [markdown]
# On the left of each panel, the curves lie far apart, because there the overhead counts: calls to NumPy, reading
# Values, the way into and out of a library. The C loop has almost none of it, and at width 16 it is far ahead. On the
# right, each call lasts so long that its overhead hardly counts. There all engines do much the same work: the matrix
# products, which most of them leave to a library like BLAS {cite:p}`dongarra1990`, and moving each number from memory
# and back.
#
# The line below the picture shows the overhead of our own engine. From batch 1,000 to 10,000, a step takes 0.19 µs
# longer for each sample. At this rate, 100 samples would need 19 µs, and a step takes 132 µs. (Beside the scalar
# engines, the same step was measured in another run. So the two times differ a little.)
#
# At batch 100, the vectorized engine has a smaller lead at width 64 than at width 16. The model there has 4,417
# parameters. They are read from Values and written back for a step of only 100 samples. With more samples, this
# overhead counts less, and the curve at width 64 rises. An engine whose parameters *are* arrays does not have it at
# all. This is the deepest difference between this engine and a framework: in a framework, the nodes of the graph are
# arrays, not numbers.
#
# ## What compilers do beyond this
#
# Compilers of this kind begin with your first pass, *record*. Those for tensors have their matrices already. What do
# they add?
#
# - **They fuse loops, not only sums.** Your program walks over an array once to multiply, once to subtract, and once
# for the maximum. XLA, the compiler of JAX, and TorchInductor, that of `torch.compile`, can write one loop for such a
# chain, so each number is read once.
# - **They generate machine code,** so there is no Python between the operations, and no overhead of calls to NumPy.
# - **They choose tiles,** pieces of a matrix that fit in the cache, and the order of the loops
#   {cite:p}`ragankelley2013`.
# - **They guard more.** `vectorize` compares models at every call, and the rest only now and then. `torch.compile`
#   records a function, too, and keeps a list of all that must be the same next time, globals included
#   {cite:p}`ansel2024`.
#
# The idea is much the same: record once what the function does, and do that again, faster. JAX records with stand-ins,
# too. They have a shape and no number, so JAX refuses an `if` as `vectorize` does {cite:p}`frostig2018`.
#
# ## What you can now do
#
# - Say where the time of a scalar engine goes, and why the graphs of this engine need no garbage collector.
# - Compile a function of one sample, and train with it.
# - Say what is frozen in a compiled function, and when a change is noticed.
# - Say when arrays pay, when they don't, and why.
#
# ## In PyTorch this is …
#
# … [`torch.func.vmap`](https://docs.pytorch.org/docs/stable/generated/torch.func.vmap.html): it, too, turns a function
# of one sample into a function of a batch. The gradients agree:

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
# With folded solutions, in [Exercises: From scalars to arrays](exercises/vectorize.ipynb):
#
# 1. A rule of your own, for arrays: give an operation its NumPy form.
# 2. What is frozen? Predict what a recorded function does when its surroundings change.
# 3. Three classes: softmax regression, vectorized.
#
# ## Check yourself
#
# :::{dropdown} Why does micrograd leave its graphs to the garbage collector, and this engine not?
# There, a result holds a closure, and the closure holds the result: a cycle. Here, a node holds its inputs and numbers,
# and none of them refers back to the node, so there is no cycle.
# :::
#
# :::{dropdown} A global number that your function uses changes after call 4. When is it noticed?
# At call 8, the next at which the function is recorded again. Calls 5 to 7 use the old number.
# :::
#
# :::{dropdown} Instead of 100 samples, a batch now has 1,000. Does a step take ten times as long?
# No, only about twice as long: 132 and 275 µs. At 100, a large part of the time is the overhead of 30 calls, and of
# parameters that are Values. From 1,000 to 10,000, the arithmetic counts, and the time grows by a larger factor.
# :::
#
# :::{dropdown} Why is there a second program, made of plain floats?
# A call to NumPy has overhead, however few numbers it computes. For a few numbers, Python's own arithmetic is faster.
# :::
#
# ## Sources
#
# Recording a function and compiling it is described in {cite:p}`frostig2018,ansel2024`; arrays in NumPy in
# {cite:p}`harris2020`; why matrix products are left to libraries in {cite:p}`dongarra1990`. The scalar engine that we
# compare with is micrograd {cite:p}`karpathy2020micrograd`. That a program of NumPy calls can be differentiated by
# watching it was shown in {cite:t}`maclaurin2016`.
