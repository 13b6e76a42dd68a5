# %% [markdown]
# # Anomalies: the first nan
#
# Your loss was fine for an hour, and now it says `nan`. So does every weight. In this chapter you build a watchman: it
# stops the program at the very operation where the first bad number appears, and tells you what went into it.
#
# - **You will build** `detect_anomaly`, in two functions of a few lines.
# - **You need** [Value](value.ipynb), [Operations](ops.ipynb) and [Backpropagation](backprop.ipynb).
# - **Time** about 20 minutes.

# %%
"""Anomalies: stop at the first nan or inf, and tell how it came about."""

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
# ## A model that is too sure
#
# Four points on a line, two of each class, and a model with two knobs. It squeezes $wx + b$ into a probability $p$ of
# class 1. Its loss is $-\ln p$ for a point of class 1 and $-\ln(1 - p)$ for a point of class 0. One formula serves
# both: $-\bigl(t \ln p + (1 - t) \ln(1 - p)\bigr)$ with $t$ = 1 or 0.
#
# The mathematics is right, and so is the code. The classes are easy to tell apart.

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
# def train(steps):
#     w, b = Value(0.0, label="w"), Value(0.0, label="b")
#     for step in range(steps):
#         loss = mean(cost(w, b, x, t) for x, t in points)
#         print(f"step {step}: loss {loss.data:.4f}   w {w.data:.3f}   b {b.data:6.3f}")
#         w.grad = b.grad = 0.0
#         loss.backward()
#         w.data -= w.grad
#         b.data -= b.grad
#     return loss
#
#
# loss = train(steps=10)

# %% [markdown]
# A loss that falls step by step, and then nothing. The model had all four points right, and was surer of them at every
# step. What went wrong at step 8?
#
# Asking the last graph is no use. A `nan` spoils whatever it touches, and one step later it has touched everything:

# %% tags=["active-ipynb"]
# nodes = topological_sort(loss)
# made = [node for node in nodes if node._prev]
# print(sum(math.isnan(node.data) for node in made), "of", len(made), "results are nan")

# %% [markdown]
# Every operation looks guilty, because every one was handed a `nan`. You need to be there when the *first* one appears.
# That is a job for a machine.
#
# ## The real code
#
# First, what to report. The operation that made the bad number, what went into it, what went into that, and so on back
# to the leaves. A large graph would fill the screen, so the report is cut after some lines and ends with the names of
# leaves.


# %%
def described(v: Value) -> str:
    """`v` in a few words: its label, its number, and the operation that made it."""
    name = f"{v.label} = " if v.label else ""
    return f"{name}{v.data!r}" + (f", made by {v._op!r}" if v._prev else "")


def way_back(root: Value, most: int = 20) -> str:
    """How `root` was made: a tree of at most `most` lines, and the leaves beyond it."""
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
# What helps most is your own line. The bad number appears deep inside the engine, so walk outward, from caller to
# caller, until a line belongs neither to the engine nor to an installed package.


# %%
@cache
def is_installed_at(path: str) -> bool:
    """Whether a file belongs to Python, to an installed package or to the engine."""
    homes = tuple(f"{Path(file).parent}{os.sep}" for file in (os.__file__, value.__file__))
    return path.startswith(homes) or "site-packages" in path or "dist-packages" in path


def readers_place(frame: FrameType) -> tuple[CodeType, int]:
    """The first line, outward from `frame`, that is the reader's own: its code and its number."""
    while frame.f_back and is_installed_at(frame.f_code.co_filename):
        frame = frame.f_back
    return frame.f_code, frame.f_lineno


def told(place: tuple[CodeType, int]) -> str:
    """A line in words, with its text where that can be found."""
    code, number = place
    line = f"line {number} of {code.co_name!r}"
    if code.co_filename == "<string>":  # as all that exec runs: it would be anybody's
        return line
    text = linecache.getline(code.co_filename, number).strip()
    return f"{line} ({text})" if text else line


# %% [markdown]
# In `backward` that would be too late: it runs through the graph in a loop of its own, and no line of yours is to blame
# but the one that once made the operation. So each operation carries its line with it, on its name.


# %%
class Watched(str):
    """The name of an operation, and with it where it was done, and as which of its block."""

    __slots__ = ("block", "number", "place")
    block: Iterator[int]  # it counts the operations of a block, and stands for it
    number: int
    place: tuple[CodeType, int]


def watched_name(op: str, block: Iterator[int], frame: FrameType) -> Watched:
    """The name of the next operation of a block, done in `frame`."""
    name = Watched(op)
    name.block, name.number, name.place = block, next(block), readers_place(frame)
    return name


def line_of(v: Value) -> str:
    """The line that made `v`, if that was in a block."""
    if isinstance(v._op, Watched):
        return f"made in {told(v._op.place)}"
    return "made outside of a block, so its line is not known"


def came_in(out: Value, op: Watched) -> str:
    """When the first bad number came in, of those behind `out` that the block has not made."""
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
    """How far `backward`, whose frame this is, has come with `v`; nothing in a loop of your own."""
    made = [u for u in frame.f_locals.get("order", ()) if u._prev][::-1]
    if v not in made:
        return ""
    return f"  operation {made.index(v) + 1} of {len(made)} on the way back\n"


# %% [markdown]
# Now the watchman himself. Every Value that an operation makes comes out of one function, `node`. Every gradient that
# is handed on goes through one method, `_backward`. So there are two places to stand. Each of the two functions below
# does what the original does, and then looks at the result.

# %%
plain_node, plain_backward = value.node, Value._backward
# by thread: the block, if there is one
watching: ContextVar[Iterator[int] | None] = ContextVar("watching", default=None)


def watched_node(data: float, inputs: tuple[Value, ...], op: str, local: tuple[float, ...], rule: ops.Rule) -> Value:
    """`node`, which raises if the operation's result is not finite."""
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
    """`_backward`, which raises if it makes a gradient that is not finite."""
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
# What is left is to put them in place, and to put the originals back. A `with` block does that, whatever happens
# inside.

# %%
open_blocks: list[object] = []  # in all threads


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """In this `with` block, the first operation that makes a nan or an inf raises.

    In the forward pass, that is an operation whose result is not finite; in
    `backward`, one that makes the gradient of an input so. Blocks can be nested. A
    block watches its own thread. Outside of all blocks there is nothing to pay: the
    functions that watch are swapped in when a block begins, and out when it ends.

    Raises
    ------
    FloatingPointError
        Names the operation, your line that made it, how many operations came before, its
        inputs with their labels, and the way back to the leaves. A `backward` that it
        stops leaves the gradients of leaves as they were.

    Notes
    -----
    `torch.autograd.detect_anomaly` looks for nan in the backward pass only. In `backward`,
    the line is known of what was made inside a block.

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
            value.node, Value._backward = watched_node, watched_backward  # type: ignore[method-assign]  # replacing it is the point
        yield
    finally:
        with lock:
            open_blocks.remove(token)
            if not open_blocks:
                value.node, Value._backward = plain_node, plain_backward  # type: ignore[method-assign]  # likewise
        watching.reset(token)


# %% [markdown]
# ## Caught
#
# The same training, watched. Before you run the cell: which of the operations in `cost` will be named?

# %% tags=["active-ipynb"]
# try:
#     with detect_anomaly():
#         train(steps=10)
# except FloatingPointError as error:
#     print(error)

# %% [markdown]
# The line is in `cost`, and of its two logarithms it is that of $1 - p$. Read the rest from the bottom. At step 8,
# $wx + b$ is about 37 for the point at 14. The sigmoid of that is so close to 1 that the nearest float *is* 1. So
# $1 - p$ is exactly 0, and its logarithm is minus infinity.
#
# That logarithm does not even count: it belongs to class 0, and this point is of class 1. But it is multiplied by
# $1 - t = 0$, and $0 \cdot \infty$ is `nan`. The model was punished for being right.
#
# The cure is not to clip, and not a smaller step. It is to take the logarithm and the sigmoid together, so that no
# $1 - p$ is ever rounded away. The chapter on [losses](losses.ipynb) does that; here is the result, watched for a
# hundred times as long.

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
# ## A forward pass that looks healthy
#
# The second kind is meaner. Here is the distance between two points. They happen to be the same.

# %% mystnb={"image": {"alt": "The graph of the distance between (1, 2) and (1, 2): all numbers are finite, differences and squares are 0, the root is 0. The local derivative on the arrow into the root is inf."}} tags=["active-ipynb"]
# from micrograd_numpy import draw_graph
#
# x, y = Value(1.0, label="x"), Value(2.0, label="y")
# distance = ((x - 1) ** 2 + (y - 2) ** 2) ** 0.5
# distance.label = "distance"
# draw_graph(distance, local_derivatives=True)

# %% [markdown]
# Not one bad number, and a right result: 0. But look at the last arrow. The square root is infinitely steep at 0. And
# the squares before it are flat there, with a slope of 0. What will `backward` make of that?

# %% tags=["active-ipynb"]
# distance.backward()
# print("x.grad =", x.grad)
#
# x.grad = y.grad = 0.0
# try:
#     with detect_anomaly():
#         distance = ((x - 1) ** 2 + (y - 2) ** 2) ** 0.5
#         distance.backward()
# except FloatingPointError as error:
#     print(error)

# %% [markdown]
# The `nan` appeared at the square, but the watchman stops one operation earlier, at the root, where infinity came in.
# That is where the formula has to change: leave out the root and compare squared distances, or add a little before it.
# The line that it names is the one that made the root. It knows that line because the root was made inside the block,
# too.
#
# And `x` has kept its gradient: what stops `backward` halfway leaves no half gradients behind.

# %% tags=["active-ipynb"]
# print("x.grad =", x.grad)
# with detect_anomaly():
#     (((x - 1) ** 2 + (y - 2) ** 2 + 1e-12) ** 0.5).backward()
# print("x.grad =", x.grad)

# %% [markdown]
# ## What it costs
#
# Inside a block, a look at each result and each gradient, and a walk to your line. Outside, nothing, and you can see
# why: outside, the engine *is* the one without a watchman.

# %% tags=["active-ipynb"]
# def unwatched():
#     return value.node is plain_node and Value._backward is plain_backward
#
#
# print("outside:", unwatched())
# with detect_anomaly():
#     print("inside: ", unwatched())
# print("outside:", unwatched())

# %% [markdown]
# So leave the block in while you hunt, and take it out when you have found it. An infinity can be innocent: the [rule
# of the sigmoid](ops.ipynb) relies on one, inside. The watchman sees only what an operation hands out.
#
# ## What you can now do
#
# - Find the operation where the first `nan` or `inf` of a training run appears, and the line that made it, in one run.
# - Name the two classic traps: $0 \cdot \infty$ in a forward pass, and an infinite slope that meets a flat one in a
#   backward pass.
# - Say why a `nan` in the loss tells you so little about where it came from.
#
# ## In PyTorch this is …
#
# … `torch.autograd.detect_anomaly()`. It looks at gradients only, and only for `nan`. The forward pass may do as it
# likes.

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     import warnings
#
#     with warnings.catch_warnings():
#         warnings.simplefilter("ignore")  # it warns that it slows things down
#         with torch.autograd.detect_anomaly():
#             x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
#             print("forward:", (x - 1).log().item())
#             try:
#                 (((x - 1) ** 2) ** 0.5).backward()
#             except RuntimeError as error:
#                 print("backward:", error)

# %% [markdown]
# The infinity in the forward pass went through. In the backward pass PyTorch names the square, where the `nan`
# appeared, not the root that sent it the infinity. It also shows the line of the forward pass, in a warning that is
# silenced here.
#
# ## Exercises
#
# Worked and folded, in [Exercises: Anomalies](exercises/anomaly.ipynb):
#
# 1. Look for the first bad number *after* the accident, and see when that misleads.
# 2. Clip a probability before the logarithm. What does it repair, and what does it break?
# 3. A watchman for gradients that are finite, but far too large.
# 4. A bad number that goes unnoticed for a while.
#
# ## Check yourself
#
# :::{dropdown} The loss is `nan` at step 100. Which step do you look at?
# The earliest at which any number is not finite. It may be step 99: a step with a gradient of `nan` writes it into the
# weights.
# :::
#
# :::{dropdown} All results of a forward pass are finite. Can a gradient be `nan`?
# Yes: a local derivative can be infinite where the result is not, as for the square root at 0.
# :::
#
# :::{dropdown} Why does 0 times infinity give `nan`, and not 0?
# The 0 may be a number too small to see, and the infinity one too large to write. Their product could have been
# anything.
# :::
#
# :::{dropdown} How can a function that watches cost nothing while it is off?
# It is not there. Only when the block begins does it take the place of the one that does not watch.
# :::
#
# ## Sources
#
# What infinities and `nan` are for: {cite:p}`ieee754,goldberg1991`. PyTorch's own mode: {cite:p}`paszke2019`.
