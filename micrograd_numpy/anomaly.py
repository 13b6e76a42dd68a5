# %% [markdown]
# # Anomalies: the first nan
#
# Your loss was fine for an hour, and now it is `nan`. So is every weight. In this chapter you build a detector. It
# stops the program at the first operation that makes a result, or a gradient, that is not finite. It reports your own
# line and the numbers that went into the operation.
#
# - **You will build** `detect_anomaly`: first a small version, and then the library's.
# - **You need** [Value](value.ipynb), [Operations](ops.ipynb) and [Backpropagation](backprop.ipynb).
# - **Time** about 20 minutes.

# %% mystnb={"code_prompt_show": "Imports, 17 lines"} tags=["hide-input"]
"""Anomalies: stop at the first nan or inf, and report its cause."""

from __future__ import annotations

import linecache
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import count
from pathlib import Path
from types import CodeType, FrameType

from micrograd_numpy import ops, value
from micrograd_numpy.backprop import topological_sort
from micrograd_numpy.guards.replaced import lock
from micrograd_numpy.value import Value


# %% [markdown]
# ## An overconfident model
#
# There are four points on the number axis, two of each class, and a model with two parameters. A sigmoid turns $wx + b$
# into $p$, the probability of class 1. The loss of a point is $-\ln p$ if it belongs to class 1, and $-\ln(1 - p)$ if
# it belongs to class 0. With a target $t$ of 1 or 0, one formula covers both: $-\bigl(t \ln p + (1 - t) \ln(1 -
# p)\bigr)$. On paper the formula is right, and the code follows it.

# %% tags=["active-ipynb"]
# from micrograd_numpy.value import mean
#
# points = [(-2.0, 0), (-1.0, 0), (3.0, 1), (14.0, 1)]
#
#
# def cost(w, b, x, t):
#     p = (w * x + b).sigmoid()
#     return -(t * p.log() + (1 - t) * (1 - p).log())
#
#
# def train(steps, show=print):
#     w, b = Value(0.0, label="w"), Value(0.0, label="b")
#     for step in range(steps):
#         loss = mean(cost(w, b, x, t) for x, t in points)
#         show(f"step {step}: loss {loss.data:.4f}   w {w.data:.3f}   b {b.data:6.3f}")
#         w.grad = b.grad = 0.0
#         loss.backward()
#         w.data -= w.grad
#         b.data -= b.grad
#     return loss
#
#
# loss = train(steps=10)

# %% [markdown]
# The loss falls step by step, and then it is `nan`. From step 1 to step 8, the model has all four points right, and at
# every step each score $wx + b$ moves further away from 0. What went wrong at step 8?
#
# The last graph does not help. Almost every operation that gets a `nan` returns a `nan`. One step later, every result
# in the graph is `nan`:

# %% tags=["active-ipynb"]
# made = [node for node in topological_sort(loss) if node._prev]
# print(sum(math.isnan(node.data) for node in made), "of", len(made), "results are nan")

# %% [markdown]
# You need to be there when the *first* one appears. A program can do that.
#
# ## A small detector
#
# Every Value that an operation makes comes out of one function, `node`. So we put another function in its place, which
# looks at each result first. (The operations look up the name `node` in its module each time they run, so they find
# the new function.) Which of the operations in `cost` will it name?

# %% tags=["active-ipynb"]
# original = value.node
#
#
# def checked_node(data, inputs, op, *others):  # the others are the local derivatives and the rule
#     if not math.isfinite(data):
#         raise FloatingPointError(f"{op} of {[i.data for i in inputs]} gave {data}")
#     return original(data, inputs, op, *others)
#
#
# try:
#     value.node = checked_node
#     train(steps=10, show=lambda _: None)
# except FloatingPointError as error:
#     print(error)
# finally:
#     value.node = original

# %% [markdown]
# The program took the logarithm of 0. In a program of a few lines, that is enough to find the mistake. In a larger
# program, you will want to know more. In which line was it? Where did the 0 come from? And a gradient can become `nan`,
# too, but gradients do not come out of `node`.
#
# ## The real code
#
# The library's detector has three parts: the report, the two functions that look at results and gradients, and the
# `with` block that puts them in place. The code of the report is folded. It has four pieces.
#
# **The history.** This is the operation that made the bad number, its inputs, their inputs, and so on to the leaves.
# For a large graph, it stops after 20 lines, and then names some of the leaves that it has left out.


# %% mystnb={"code_prompt_show": "The history of a result, 23 lines"} tags=["hide-input"]
def described(v: Value) -> str:
    """Return `v` in a few words: its label, its number, and the operation that made it."""
    name = f"{v.label} = " if v.label else ""
    return f"{name}{v.data!r}" + (f", made by {v._op!r}" if v._prev else "")


def way_back(root: Value, most: int = 20) -> str:
    """Return how `root` was made: a tree of at most `most` lines, and some of the leaves beyond it."""
    lines: list[str] = []
    seen: set[Value] = set()
    stack = [(root, 1)]
    while stack and len(lines) < most:
        v, depth = stack.pop()
        again = bool(v._prev) and v in seen
        lines.append("  " * depth + described(v) + (" (as above)" if again else ""))
        if not again:
            seen.add(v)
            stack += [(i, depth + 1) for i in v._prev[::-1]]
    hidden = [v for v in topological_sort(root) if v not in seen]
    if hidden:
        # the bad ones first, then those with a name
        leaves = sorted((v for v in hidden if not v._prev), key=lambda v: (math.isfinite(v.data), not v.label))
        some = ", ".join(map(described, leaves[:5])) + (", …" if len(leaves) > 5 else "")
        lines.append(f"  … and {len(hidden)} more" + (f", with the leaves {some}" if some else ""))
    return "\n".join(lines)


# %% [markdown]
# **Your own line.** The bad number appears deep inside the engine. So the code walks outward, from caller to caller, up
# to a line that belongs neither to Python, nor to an installed package, nor to the engine.


# %% mystnb={"code_prompt_show": "Your own line, 18 lines"} tags=["hide-input"]
@cache
def is_installed_at(path: str) -> bool:
    """Return whether a file belongs to Python, to an installed package or to the engine."""
    homes = tuple(f"{Path(file).parent}{os.sep}" for file in (os.__file__, value.__file__))
    return path.startswith(homes) or "site-packages" in path or "dist-packages" in path


def readers_place(frame: FrameType) -> tuple[CodeType, int]:
    """Return the first line, outward from `frame`, that is the reader's own: its code and its number."""
    while frame.f_back and is_installed_at(frame.f_code.co_filename):
        frame = frame.f_back
    return frame.f_code, frame.f_lineno


def told(place: tuple[CodeType, int]) -> str:
    """Return a line in words, with its text where that can be found."""
    code, number = place
    line = f"line {number} of {code.co_name!r}"
    if code.co_filename == "<string>":  # code that exec runs: the text found under this name may be that of another
        return line
    text = linecache.getline(code.co_filename, number).strip()
    return f"{line} ({text})" if text else line


# %% [markdown]
# **The line, for `backward`.** `backward` fires the nodes in a loop of its own. The line that matters is an earlier
# one, which made the operation. So each operation made in a block carries its line and its number with it. They are
# attached to its name, a string that also has attributes.


# %% mystnb={"code_prompt_show": "A name that carries its line, 16 lines"} tags=["hide-input"]
class Watched(str):
    """The name of an operation, which also carries the line that did it, its block, and its number in that block."""

    __slots__ = ("block", "number", "place")
    block: Iterator[int]  # it counts the operations of a block, and stands for it
    number: int
    place: tuple[CodeType, int]


def watched_name(op: str, block: Iterator[int], frame: FrameType) -> Watched:
    """Return the name of the next operation of a block, done in `frame`."""
    name = Watched(op)
    name.block, name.number, name.place = block, next(block), readers_place(frame)
    return name


def line_of(v: Value) -> str:
    """Return the line that made `v`, if that was in a block."""
    if isinstance(v._op, Watched):
        return f"made in {told(v._op.place)}"
    return "made outside of a block, so its line is not known"


# %% [markdown]
# **When it began.** The report counts the operations of the block, or of the backward pass, up to the one that failed.
# A bad number can come from outside, and an operation can hide it for a while ([Exercise 4](exercises/anomaly.ipynb)).
# Then the report says in which line it was first used, and how many operations earlier.


# %% mystnb={"code_prompt_show": "When it began, 24 lines"} tags=["hide-input"]
def came_in(out: Value, op: Watched) -> str:
    """Return when the first bad number came in, of those behind `out` that the block has not made."""
    users = [
        (v._op.number, v._op.place, i)
        for v in topological_sort(out)
        if isinstance(v._op, Watched) and v._op.block is op.block
        for i in v._prev
        if not math.isfinite(i.data)
    ]
    if not users:
        return ""
    number, place, bad = min(users, key=lambda user: user[0])
    ago = op.number - number
    outside = ", outside of the block," if bad._prev else ""
    when = "with it"
    if ago:
        when = f"{ago} operation{'s' * (ago > 1)} before, in {told(place)}"
    return f"  {described(bad)}{outside} came in {when}\n"


def way_so_far(v: Value, frame: FrameType) -> str:
    """Return how far `backward`, whose frame this is, has come with `v`; nothing in a loop of your own."""
    made = [u for u in frame.f_locals.get("order", ()) if u._prev][::-1]
    if v not in made:
        return ""
    return f"  operation {made.index(v) + 1} of {len(made)} on the way back\n"


# %% [markdown]
# Now the detector itself. Results come out of `node`, and gradients are passed on by one method, `_backward`. So we
# wrap these two functions. Each wrapper does what the original does, and then looks at what came out.

# %%
plain_node, plain_backward = value.node, Value._backward
# the block that a thread is in, or None
watching: ContextVar[Iterator[int] | None] = ContextVar("watching", default=None)


def watched_node(data: float, inputs: tuple[Value, ...], op: str, local: tuple[float, ...], rule: ops.Rule) -> Value:
    """Return what `node` returns, and raise if the operation's result is not finite."""
    block = watching.get()
    if block is None:
        return plain_node(data, inputs, op, local, rule)
    name = watched_name(op, block, sys._getframe(1))
    out = plain_node(data, inputs, name, local, rule)
    if not math.isfinite(data):
        raise FloatingPointError(
            f"{op!r} gave {data!r}:\n  {told(name.place)}\n"
            f"  operation {name.number} of the block\n{came_in(out, name)}{way_back(out)}"
        )
    return out


def watched_backward(self: Value) -> None:
    """Do what `_backward` does, and raise if that makes a gradient that is not finite."""
    before = [i.grad for i in self._prev]
    plain_backward(self)
    for i, local, held in zip(self._prev, self._local, before):
        if not math.isfinite(i.grad) and watching.get():
            raise FloatingPointError(
                f"the backward of {self._op!r} made a gradient of {i.grad!r}:\n"
                f"  {line_of(self)}\n{way_so_far(self, sys._getframe(1))}"
                f"  it sent {self.grad!r} (gradient) times {local!r} (local derivative)\n"
                f"  to {described(i)}, which held {held!r}\n{way_back(self)}"
            )


# %% [markdown]
# The `with` block puts the two wrappers in place. When the last open block ends, it puts the originals back, even if an
# error ends it.
#
# Most of its code is there for blocks inside blocks, and for threads. `watching` holds a counter of the operations, if
# this thread is in a block. An inner block goes on with the counter of the outer one. `open_blocks` lists the open
# blocks of all threads.

# %%
open_blocks: list[object] = []  # in all threads


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """In this `with` block, raise at the first operation that makes a nan or an inf.

    In the forward pass, that is an operation whose result is not finite; in
    `backward`, one that makes the gradient of an input infinite or nan. Blocks can be
    nested. A block watches its own thread. While no thread is in a block, it costs nothing:
    the functions that watch are swapped in when the first block begins, and out when the last ends.

    Raises
    ------
    FloatingPointError
        Names the operation, your line that made it, how many operations came before, its
        inputs with their labels, and their history, from the leaves on. A `backward` that it
        stops leaves the gradients of leaves as they were.

    Notes
    -----
    `torch.autograd.detect_anomaly` looks for nan in the backward pass only. In `backward`,
    the report names the line of an operation if it was made inside a block.

    Examples
    --------
    >>> x = Value(0.0, label="x")
    >>> with detect_anomaly():
    ...     y = x.log() * 2
    Traceback (most recent call last):
        ...
    FloatingPointError: 'log' gave -inf:
      line 2 of '<module>' (y = x.log() * 2)
      operation 1 of the block
      -inf, made by 'log'
        x = 0.0
    """
    token = watching.set(watching.get() or count(1))
    try:
        with lock:
            open_blocks.append(token)
            value.node, Value._backward = watched_node, watched_backward  # type: ignore[method-assign]  # for a while
        yield
    finally:
        with lock:
            open_blocks.remove(token)
            if not open_blocks:
                value.node, Value._backward = plain_node, plain_backward  # type: ignore[method-assign]  # for a while
        watching.reset(token)


# %% [markdown]
# ## The first kind: a bad result
#
# Here is the same training in such a block:

# %% tags=["active-ipynb"]
# try:
#     with detect_anomaly():
#         train(steps=10, show=lambda _: None)
# except FloatingPointError as error:
#     print(error)

# %% [markdown]
# The line is in `cost`. (Its number counts the lines of the cell, not those of the function.) The culprit is the second
# logarithm, that of $1 - p$. Each step has 41 operations, so operation 365 is the 37th of step 8. Read the rest from
# the bottom up. At step 8, $wx + b$ is about 37 for the point at 14. The sigmoid of 37 is $1/(1 + e^{-37})$. In a
# float, $1 + e^{-37}$ is rounded to 1, so the sigmoid is exactly 1. Then $1 - p$ is 0, and its logarithm is $-\infty$.
#
# This point belongs to class 1, so this logarithm should not count. But it is multiplied by $1 - t = 0$:

# %% mystnb={"image": {"alt": "The graph of (1 \u2212 t) times the logarithm of 1 \u2212 p, for p = 1 and t = 1: 1 \u2212 p is 0, its logarithm is minus infinity, and 0 times that is nan."}} tags=["active-ipynb"]
# from micrograd_numpy import draw_graph
#
# p, t = Value(1.0, label="p"), 1
# draw_graph((1 - t) * (1 - p).log())

# %% [markdown]
# $0 \cdot \infty$ is `nan`. So a right answer destroys the loss: $p$ was rounded to 1, and the formula computes a
# logarithm only to multiply it by 0.
#
# With updates of half the gradient, the `nan` comes only at step 138. The cure is to compute the sigmoid and the
# logarithm together, so that no $1 - p$ is rounded to 0. The chapter [Losses](losses.ipynb) shows how. Here is its
# loss, in such a block for 1,000 steps instead of 10:

# %% tags=["active-ipynb"]
# from micrograd_numpy import binary_cross_entropy_with_logits
#
# w, b = Value(0.0, label="w"), Value(0.0, label="b")
# with detect_anomaly():
#     for _ in range(1000):
#         loss = binary_cross_entropy_with_logits([w * x + b for x, _ in points], [t for _, t in points])
#         w.grad = b.grad = 0.0
#         loss.backward()
#         w.data -= w.grad
#         b.data -= b.grad
# print(f"loss {loss.data:.4f}   w {w.data:.3f}   b {b.data:6.3f}")

# %% [markdown]
# ## The second kind: only the gradient is bad
#
# This kind is harder to spot. Here is the distance between two points, which happen to be the same point:

# %% mystnb={"image": {"alt": "The graph of the distance between (1, 2) and (1, 2): all numbers are finite, the differences and squares are 0, and the root is 0. The local derivative on the arrow into the root is inf."}} tags=["active-ipynb"]
# x, y = Value(1.0, label="x"), Value(2.0, label="y")
# distance = ((x - 1) ** 2 + (y - 2) ** 2) ** 0.5
# distance.label = "distance"
# draw_graph(distance, local_derivatives=True)

# %% [markdown]
# All numbers are finite, and the result, 0, is right. But look at the last arrow: at 0, the slope of the square root is
# infinite. And the slope of the two squares is 0. What will `x.grad` be after `backward`?
#
# The cell calls `backward` first outside a block and then inside one. Before the second call we set the gradients to 5:
# does the detector keep them?

# %% tags=["active-ipynb"]
# distance.backward()
# print("x.grad =", x.grad)
#
# x.grad, y.grad = 5.0, 5.0
# try:
#     with detect_anomaly():
#         distance = ((x - 1) ** 2 + (y - 2) ** 2) ** 0.5
#         distance.backward()
# except FloatingPointError as error:
#     print(error)
# print("x.grad =", x.grad)

# %% [markdown]
# The `nan` appears at a square, but the detector stops two operations earlier, at the root, where the gradient becomes
# infinite. This is where the formula has to change. Leave out the root and compare squared distances, or add a small
# number under the root. The report can name the line of the root, because the root was made inside a block. Otherwise
# it says that the line is not known.
#
# The last line shows that `x` has kept the gradient of 5 that it had before: if an error stops `backward`, no leaf is
# left with half a gradient. And with a small number under the root, the gradient is finite:

# %% tags=["active-ipynb"]
# x.grad = y.grad = 0.0
# with detect_anomaly():
#     (((x - 1) ** 2 + (y - 2) ** 2 + 1e-12) ** 0.5).backward()
# print("x.grad =", x.grad)

# %% [markdown]
# For points that nearly coincide, the small number changes the slope: a millionth apart, `x.grad` is 0.71 instead of 1.
#
# ## What it costs
#
# In a block, each operation also searches for your line, and each result and each gradient is looked at. So training
# takes longer, here about twice as long. While no thread is in a block, the detector costs nothing, because the
# originals are back in place. So use a block while you search, and then take it out.
#
# The detector looks only at the results of operations and at gradients. So it does not see three things:
#
# - What happens inside a rule. That is often good: the [rule of the sigmoid](ops.ipynb) uses an infinity on its way to
#   the right result.
# - A bad number that comes from outside and that an operation hides. It is noticed only if a later result is bad; then
#   the report says where the bad number was first used.
# - The update `w.data -= w.grad`, which is no operation. If `w` overflows there, the next operation with a bad result
#   is named, usually the first that uses `w`.
#
# ## What you can now do
#
# - Find the first operation of a training run that returns `nan` or `inf`, and the line that made it, in one run.
# - Name two common traps: $0 \cdot \infty$ in a forward pass, and an infinite slope times a slope of 0 in a backward
#   pass.
# - Say why a `nan` in the loss tells you so little about where it came from.
#
# ## In PyTorch this is …
#
# …
# [`torch.autograd.detect_anomaly()`](https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.detect_anomaly).
# It looks only at gradients, and only for `nan`. The forward pass is not checked. In a warning, it tells you the line
# of the forward pass that made the operation, and we print the text of that line.

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     import warnings
#
#     with warnings.catch_warnings(record=True) as warned:
#         warnings.simplefilter("always")
#         with torch.autograd.detect_anomaly():
#             x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
#             print("forward: ", (x - 1).log().item())
#             try:
#                 square = (x - 1).pow(2)
#                 root = square.sqrt()
#                 root.backward()
#             except RuntimeError as error:
#                 print("backward:", error)
#     lines = str(warned[-1].message).splitlines()
#     last = max(i for i, line in enumerate(lines) if line.startswith("  File "))
#     print("line:    ", lines[last + 1].strip())

# %% [markdown]
# The infinity in the forward pass was not noticed. In the backward pass, PyTorch names the power, the operation that
# made the `nan`, and not the root that sent it an infinity.
#
# ## Exercises
#
# With folded solutions, in [Exercises: Anomalies](exercises/anomaly.ipynb):
#
# 1. After the accident: look for the first bad number in a graph that is already made, and see when that misleads.
# 2. Clipping: keep a probability away from 1, and find out what that repairs and what it breaks.
# 3. A detector for explosions: stop at gradients that are finite but far too large.
# 4. Unnoticed: find a bad number that an operation has hidden.
#
# ## Check yourself
#
# :::{dropdown} The loss is `nan` at some step. Which step do you look at?
# The first step at which any number is not finite. That may be an earlier step: if a gradient is `nan` there, the
# update writes `nan` into the weights.
# :::
#
# :::{dropdown} All results of a forward pass are finite. Can a gradient be `nan`?
# Yes. A local derivative can be infinite where the result is not, such as that of the square root at 0. The gradient is
# then infinite. If the operation behind it has the slope 0, such as a square at 0, the product is $\infty \cdot 0$,
# which is `nan`.
# :::
#
# :::{dropdown} Why is 0 times infinity `nan`, and not 0?
# The 0 may be a number too small for a float, and the infinity a number too large for one. Their product could be any
# number.
# :::
#
# :::{dropdown} How can the detector cost nothing while it is off?
# Its two functions are not called. A block puts them in the place of the originals, and when the last open block ends,
# the originals come back.
# :::
#
# ## Sources
#
# What infinities and `nan` are for: {cite:p}`ieee754,goldberg1991`. PyTorch's detector: {cite:p}`paszke2019`.
