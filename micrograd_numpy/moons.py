# %% [markdown]
# # Training on moons
#
# Every part is on the table: a number that knows its derivatives, a model, a loss, an optimizer. In this chapter you
# put them in a loop of five lines and watch a straight line bend until it fits between two moons. Then you repeat a
# published run and compare it digit by digit.
#
# - **You will build** `train`, the training loop, and the pictures that show what it learned.
# - **You need** [Neurons, layers, MLP](mlp.ipynb), [Losses](losses.ipynb) and [Optimizers](optimizers.ipynb).
# - **Time** about 35 minutes.

# %%
"""Training on moons: two classes of points, a training loop, and pictures of what was learned."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, SupportsFloat

from micrograd_numpy.drawing.style import CARD, FORWARD, INK, OCHER
from micrograd_numpy.guards.numbers import as_float, as_size, in_order, what_is
from micrograd_numpy.guards.parameters import at_least_zero
from micrograd_numpy.losses import binary_cross_entropy, binary_cross_entropy_with_logits, hinge_loss
from micrograd_numpy.optimizers import Optimizer
from micrograd_numpy.value import Value, dot

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes

Row = Iterable[SupportsFloat]
Loss = Callable[[list[Value], list[Any]], Value]
PLUS, MINUS = FORWARD, OCHER  # the colors of the two classes


# %% [markdown]
# ## Two moons
#
# The data are points in the plane, half of them on each of two half circles, shaken by some noise. Each point has a
# **label**: −1 on the upper moon, +1 on the lower. They come from scikit-learn {cite:p}`pedregosa2011`, and leave as
# plain Python floats, which our engine likes best.


# %%
def moons_data(
    n_samples: int = 100, noise: float = 0.1, seed: int | np.random.RandomState = 0
) -> tuple[list[list[float]], list[float]]:
    """Points on two interleaved half circles, from scikit-learn's `make_moons`.

    Parameters
    ----------
    n_samples : int
        How many points, half of them on each moon.
    noise : float
        Standard deviation of the normal noise added to both coordinates; the
        moons have radius 1.
    seed : int or numpy.random.RandomState
        Where the randomness comes from. Equal seeds give equal points.

    Returns
    -------
    X : list of [float, float]
        The points.
    y : list of float
        Their labels: −1 for the upper moon, +1 for the lower.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import make_moons
    except ImportError as error:
        raise ImportError("the moons come from scikit-learn: pip install scikit-learn") from error
    X, y = make_moons(n_samples=n_samples, noise=noise, random_state=seed)
    return X.tolist(), [2.0 * label - 1.0 for label in y.tolist()]


# %% [markdown]
# Let's take 100 points. The seed is 1337, and the old `RandomState` draws them, because these are the points of a run
# that many people know. We will come back to it.

# %% tags=["active-ipynb"]
# import numpy as np
#
# X, y = moons_data(n_samples=100, noise=0.1, seed=np.random.RandomState(1337))
# print(len(X), "points; the first is", [round(x, 4) for x in X[0]], "with label", y[0])

# %% [markdown]
# Two functions more before the first picture: one that makes sure that points and labels fit together, and one that
# draws them.


# %%
def as_numbers(name: str, items: Iterable[Any], flatten: str) -> list[float]:
    """`items` as plain floats, or a TypeError that says which is none."""
    listed: Any = in_order("a data set", name, items)
    numbers = []
    for i, x in enumerate(listed.tolist() if hasattr(listed, "tolist") else listed):
        try:
            numbers.append(as_float(x))
        except TypeError:
            several = hasattr(x, "__len__") and not isinstance(x, (str, bytes))
            hint = flatten if several else "make it a number first"
            if isinstance(x, Value):
                hint = "take its number with .data, for training leaves the data as they are"
            raise TypeError(f"{name}[{i}] must be one real number, but is {what_is(x)}; {hint}") from None
    return numbers


def as_rows(X: Iterable[Row]) -> list[list[float]]:
    """`X` as lists of plain floats, or a TypeError."""
    rows: list[list[float]] = []
    for i, row in enumerate(in_order("a data set", "X", X)):
        if not isinstance(row, Iterable) or getattr(row, "shape", None) == ():
            raise TypeError(f"X must be rows of numbers, but X[{i}] is {what_is(row)}; put each sample in a list")
        rows.append(as_numbers(f"X[{i}]", row, "flatten each sample, for example with X.reshape(len(X), -1)"))
    return rows


def as_samples(X: Iterable[Row], y: Iterable[SupportsFloat]) -> tuple[list[list[float]], list[float]]:
    """`X` and `y` as plain floats, checked.

    Raises
    ------
    TypeError
        If a sample is not a row of numbers, or a label not a number.
    ValueError
        If there are no samples, or not as many labels as samples.
    """
    samples = as_rows(X)
    labels = as_numbers("y", y, "give one label for each sample, for example np.ravel(y)")
    if len(samples) != len(labels):
        raise ValueError(f"every sample needs one label, but got {len(samples)} samples and {len(labels)} labels")
    if not samples:
        raise ValueError("got no samples; give at least one row of X and one label in y")
    return samples, labels


def expect_classes(labels: list[float]) -> None:
    """Raise a ValueError unless the labels are −1 and 1, or 0 and 1."""
    if not (set(labels) <= {-1.0, 1.0} or set(labels) <= {0.0, 1.0}):
        some = ", ".join(f"{label:g}" for label in list(dict.fromkeys(labels))[:4])
        raise ValueError(
            f"two classes need the labels -1 and 1, or 0 and 1, but got {some}; "
            "name the upper class 1, and the lower class -1 or 0"
        )


# %%
def new_axes() -> Axes:
    """Axes in a new figure.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("drawing needs matplotlib: pip install matplotlib") from error
    return plt.subplots()[1]


def plot_points(X: Iterable[Row], y: Iterable[SupportsFloat], ax: Axes | None = None) -> Axes:
    """Draw the samples: circles for label 1, triangles for −1 or 0.

    Parameters
    ----------
    X : rows of two numbers
        The samples.
    y : numbers
        Their labels: −1 and 1, or 0 and 1.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes
    """
    X, y = as_samples(X, y)
    expect_classes(y)
    for i, row in enumerate(X):
        if len(row) != 2:
            raise ValueError(f"a plot needs samples of two numbers, but X[{i}] has {len(row)}; pick two columns")
    ax = ax or new_axes()
    names = ("1", "0") if 0.0 in y else ("+1", "-1")
    for name, color, marker in zip(names, (PLUS, MINUS), "o^"):
        points = [row for row, label in zip(X, y) if label == float(name)]
        x1, x2 = [p[0] for p in points], [p[1] for p in points]
        ax.scatter(x1, x2, s=26, color=color, marker=marker, edgecolors=CARD, linewidths=0.6, label=name, zorder=3)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    return ax


# %% [markdown]
# Before you run the next cell: you may draw one straight line and call everything on one side of it −1, everything on
# the other +1. How many of the 100 points can you get right?

# %% mystnb={"image": {"alt": "Two interleaved half moons: 50 ocher triangles, labeled \u22121, form an arch at the upper left; 50 blue circles, labeled +1, form a bowl at the lower right. The end of each moon reaches into the other."}} tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# from micrograd_numpy.drawing.style import BACKWARD, FORWARD, book_style
#
# book_style()
# plot_points(X, y).legend(title="label")
# plt.show()

# %% [markdown]
# No need to guess, for a line has only two freedoms: its direction and its place. Try 720 directions, and along each of
# them every place that makes a difference.

# %% tags=["active-ipynb"]
# import math
#
#
# def best_line(X, y, directions=720):
#     best = 0
#     for k in range(directions):
#         angle = 2 * math.pi * k / directions
#         walk = sorted((math.cos(angle) * a + math.sin(angle) * b, label) for (a, b), label in zip(X, y))
#         right = y.count(1.0)  # the line lies before all points: everything is called +1
#         for _, label in walk:  # it moves past one point, which is now called −1
#             right += 1 if label < 0 else -1
#             best = max(best, right)
#     return best
#
#
# print("the best line gets", best_line(X, y), "of", len(y), "right")

# %% [markdown]
# Ninety. The ends of the moons reach into each other, and no line follows them there.
#
# ## Five lines
#
# You can search all lines because there are two knobs. Our network will have 337, so we need a way that scales: start
# anywhere, and let the gradient say where to go. Try it on the line first. A line is an MLP with two inputs and one
# neuron, and its answer is a **score**: the sign is the class, the size is how sure it is. The loss is the hinge loss,
# zero for a score on the right side with a margin of at least one.

# %% tags=["active-ipynb"]
# from micrograd_numpy import MLP, SGD, hinge_loss
#
# line = MLP(2, [1], rng=0)
# optimizer = SGD(line.parameters(), lr=1.0)
# for step in range(200):
#     scores = [line(row) for row in X]  # 1. forward: what does the model say?
#     loss = hinge_loss(scores, y)  # 2. loss: how wrong is that?
#     optimizer.zero_grad()  # 3. forget the gradients of the step before
#     loss.backward()  # 4. backward: which way is downhill?
#     optimizer.step()  # 5. a step that way
#     if step in {0, 1, 10, 50, 199}:
#         print(f"step {step:3d}   loss {loss.data:.4f}")

# %% [markdown]
# That is all of training. Everything below is this loop, with more comfort. To see what the line has learned we need
# two functions: `accuracy` counts the right signs, and `plot_decision_boundary` asks the model about every point of a
# grid.


# %%
def predict(model: Callable[..., Any], X: Iterable[Row]) -> list[float]:
    """The model's score for each sample, as plain floats.

    Parameters
    ----------
    model : callable
        Takes a list of numbers and returns one score: it is called once for each
        sample, in order, and each graph is freed before the next is built. Or what
        `vectorize` made of such a function: it is asked for all samples at once.
    X : rows of numbers
        The samples.

    Returns
    -------
    list of float

    Raises
    ------
    TypeError
        If a sample is not a row of numbers, or a score is not a number.
    ValueError
        If the model returns more than one number per sample.
    """
    from micrograd_numpy.compiler.replay import Vectorized

    rows = as_rows(X)
    if isinstance(model, Vectorized):
        return [only(score) for score in model.forward(rows)] if rows else []
    return [only(model(row)) for row in rows]


def only(score: Any) -> float:
    """The score as a number, if it is one.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is several.
    """
    if getattr(score, "shape", None) or isinstance(score, (list, tuple)):
        hint = "return that one itself" if len(score) == 1 else "give it one output"
        raise ValueError(
            f"the model must return one score per sample, but it returned a list of {len(score)}; "
            f"{hint}, as MLP(2, [8, 1]) does"
        )
    return float(score) if hasattr(score, "__float__") else as_float(score)


def accuracy(
    model: Callable[..., Any], X: Iterable[Row], y: Iterable[SupportsFloat], threshold: float | None = None
) -> float:
    """The fraction of samples whose score lies on the side of the threshold that their label names.

    Parameters
    ----------
    model : callable
        As for `predict`.
    X : rows of numbers
        The samples.
    y : numbers
        Their labels: −1 and 1, or 0 and 1.
    threshold : float, optional
        The score above which a sample counts as class 1. By default 0, which is right
        for raw scores; for probabilities, give 0.5.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    TypeError
        As for `predict`.
    ValueError
        If `X` and `y` do not fit together, the labels are not those of two classes, or
        the scores may be probabilities and there is no threshold.
    """
    X, y = as_samples(X, y)
    expect_classes(y)
    return sum(map(agrees, centered(predict(model, X), y, threshold), y)) / len(y)


def agrees(score: float, label: float) -> bool:
    """Whether a score puts its sample in the class of its label; 0 and nan count as the lower one."""
    return (score > 0.0) == (label > 0.5)


def centered(scores: list[float], y: list[float], threshold: float | None) -> list[float]:
    """The scores, moved so that the border between the classes is at 0, where it is by default.

    Raises
    ------
    ValueError
        If there is no threshold, and the scores may as well be probabilities, for which
        it is 0.5, and that would make a difference.
    """
    if threshold is not None:
        return [score - as_float(threshold) for score in scores]
    unit = set(y) <= {0.0, 1.0} and all(0.0 <= score <= 1.0 for score in scores)
    if unit and any(0.0 < score <= 0.5 for score in scores):
        raise ValueError(
            "all scores lie between 0 and 1, so they can be probabilities or raw scores; "
            "say threshold=0.5 for probabilities, or threshold=0.0 for raw scores"
        )
    return scores


# %%
def plot_decision_boundary(
    model: Callable[..., Any],
    X: Iterable[Row],
    y: Iterable[SupportsFloat],
    ax: Axes | None = None,
    resolution: int = 50,
    threshold: float | None = None,
) -> Axes:
    """Draw the samples, the two regions that the model sees, and the line between them.

    Parameters
    ----------
    model : callable
        As for `predict`, with two inputs.
    X : rows of two numbers
        The samples.
    y : numbers
        Their labels: −1 and 1, or 0 and 1.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.
    resolution : int
        The model is asked at resolution × resolution points; between them the
        boundary is interpolated.
    threshold : float, optional
        The score on the line, as for `accuracy`.

    Returns
    -------
    matplotlib Axes
    """
    resolution = as_size(resolution, "resolution", least=2)
    X, y = as_samples(X, y)
    ax = plot_points(X, y, ax)
    x1, x2 = (grid_line([row[i] for row in X], resolution) for i in (0, 1))
    flat = centered(predict(model, [(a, b) for b in x2 for a in x1]), y, threshold)
    scores = [flat[start : start + resolution] for start in range(0, len(flat), resolution)]
    ax.grid(visible=False)
    ax.contourf(x1, x2, scores, levels=[-math.inf, 0.0, math.inf], colors=[MINUS, PLUS], alpha=0.14)
    if min(flat) < 0.0 < max(flat):
        ax.contour(x1, x2, scores, levels=[0.0], colors=[INK], linewidths=1.6)
    return ax


def grid_line(values: Sequence[float], n: int) -> list[float]:
    """`n` evenly spaced numbers that cover `values` and a little more on both sides."""
    low, high = min(values) - 0.4, max(values) + 0.4
    return [low + (high - low) * i / (n - 1) for i in range(n)]


# %% mystnb={"image": {"alt": "A straight line from the lower left to the upper right separates most of the moons; the inner end of each moon lies on the wrong side."}} tags=["active-ipynb"]
# ax = plot_decision_boundary(line, X, y)
# ax.set_title(f"a line, trained: {accuracy(line, X, y):.0%} right")
# plt.show()

# %% [markdown]
# 88, and the best line has 90. Gradient descent did not fail: it made the hinge loss small, and the hinge loss does not
# count errors. It also charges for points that are right but close to the line. Counting would give no gradient to
# follow, because a count does not change when a line moves a little.
#
# ### The line you forget
#
# Of the five lines, number 3 looks like housekeeping. Before you run the next cell: it trains the same model twice,
# once without `zero_grad`. What will the second curve do?

# %% mystnb={"image": {"alt": "Two loss curves over 200 steps: with zero_grad the loss falls smoothly to 0.3; without it, it does the same for a few steps and then swings up and down between 0.33 and 0.6."}} tags=["active-ipynb"]
# def losses_of_a_line(zero):
#     line = MLP(2, [1], rng=0)
#     optimizer = SGD(line.parameters(), lr=1.0)
#     losses = []
#     for _ in range(200):
#         loss = hinge_loss([line(row) for row in X], y)
#         if zero:
#             optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#         losses.append(loss.data)
#     return losses
#
#
# plt.plot(losses_of_a_line(zero=True), color=FORWARD, label="with zero_grad")
# plt.plot(losses_of_a_line(zero=False), color=BACKWARD, label="without")
# plt.xlabel("step")
# plt.ylabel("loss")
# plt.ylim(0.25, 0.72)
# plt.legend(ncols=2)
# plt.show()

# %% [markdown]
# No error, no warning, and the first steps look fine. `backward` adds to what a parameter's `grad` holds, so without
# line 3 each step follows the sum of all gradients since the start, also those from places that the model left long
# ago. It overshoots, comes back and overshoots again.
#
# ## The real code
#
# What does the loop lack? Some comforts, and a record. First, **batches**. So far each step looked at all points. A
# step can also follow the average gradient of a few, a minibatch; then one **epoch**, a round through all points, has
# many steps. Each point must come once per epoch, in a new order every time.


# %%
def batches(n: int, batch_size: int | None, rng: np.random.Generator) -> Iterator[list[int]]:
    """The indices 0 … n − 1, each exactly once, in shuffled batches.

    Parameters
    ----------
    n : int
        How many samples there are.
    batch_size : int or None
        How many go into a batch; the last batch may be smaller. None gives one
        batch of all of them, in order.
    rng : numpy.random.Generator
        Shuffles the indices.

    Yields
    ------
    list of int
    """
    if batch_size is None:
        yield list(range(n))
        return
    order = rng.permutation(n).tolist()
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


# %% tags=["active-ipynb"]
# rng = np.random.default_rng(0)
# for epoch in range(2):
#     print("epoch", epoch, list(batches(10, 4, rng)))

# %% [markdown]
# Second, a **progress bar**, for someone who is watching, and for nobody else: a bar has no place in a log file.


# %%
def progress_bar(epochs: int, wanted: bool) -> Iterable[int]:
    """The numbers 0 … epochs − 1, under a tqdm bar where there is someone to watch it.

    There is no bar if tqdm is not installed, if stderr is not a terminal (logs) or
    if the environment says `TQDM_DISABLE=1`, which tqdm's own notebook bar ignores.
    """
    numbers = range(epochs)
    if not wanted or os.environ.get("TQDM_DISABLE", "") not in {"", "0"}:
        return numbers
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return numbers
    bar: Iterable[int] = tqdm(numbers, desc="training", unit="epoch", disable=None)
    return bar


# %% [markdown]
# Third, a **record** of what happened. Beside the curves it can keep copies of the parameters, so that you can go back
# and look at the model as it was.


# %%
class Model(Protocol):
    """What the training loop needs to know of a model."""

    def __call__(self, x: list[Any]) -> Any:
        """Its score for one sample."""

    def parameters(self) -> list[Value]:
        """The Values to train."""

    def state_dict(self) -> dict[str, float]:
        """Their numbers, by name."""


@dataclass
class History:
    """What happened during training, epoch by epoch.

    Attributes
    ----------
    losses : list of float
        The mean loss over each epoch, penalty included. Each sample is counted with
        the parameters that the model had when it saw it, before that step's update.
    accuracies : list of float
        The fraction of samples classified rightly, counted the same way; empty if the
        loss is not one of classes, so that there is nothing to count.
    snapshots : dict
        Parameters (`state_dict`) after as many epochs as the key says; 0 is the start.
    steps : int
        How many times the parameters were updated.
    interrupted : bool
        Whether training was stopped from the keyboard.
    """

    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    snapshots: dict[int, dict[str, float]] = field(default_factory=dict)
    steps: int = 0
    interrupted: bool = False


# %% [markdown]
# Fourth, two ways to run a batch forward and back. `one_by_one` is what you have seen. `at_once` gives the same
# numbers, but for rounding, and is far faster. How it does that is told in [Finding the arrays](arrays.ipynb) and [From
# scalars to arrays](vectorize.ipynb); here it saves you some waiting, if you ask for it.
#
# And the loop. Look for the five lines in the middle, two of them behind `run`. The rest is checks, an optional penalty
# and an optional schedule for the learning rate, and the record. If you press stop, it ends after the last full step
# and you keep what you have.

# %%
Run = Callable[[list[list[float]], list[float]], tuple[float, list[float]]]

# The losses of classes, each with the score above which a sample counts as class 1.
THRESHOLDS: list[tuple[Loss, float]] = [
    (hinge_loss, 0.0),
    (binary_cross_entropy_with_logits, 0.0),
    (binary_cross_entropy, 0.5),
]


def border_of(loss: Loss, y: list[float], threshold: float | None) -> float | None:
    """Above which score a sample counts as class 1; None where there are no classes to tell apart."""
    border = next((score for known, score in THRESHOLDS if known is loss), None)
    if border is not None:  # so that the loss refuses a label before anything moves
        loss([Value(0.5)] * len(y), y)
    if threshold is None:
        return border
    expect_classes(y)
    return as_float(threshold)


def trainable(model: Model, optimizer: Optimizer) -> list[Value]:
    """The parameters of the model, if the optimizer has some of them."""
    if not hasattr(model, "parameters"):
        raise TypeError(f"train needs a model with parameters(), such as MLP(2, [8, 1]), but got {what_is(model)}")
    parameters = model.parameters()
    if not set(parameters) & set(optimizer.parameters):
        raise ValueError("the optimizer holds none of the model's parameters; make it with model.parameters()")
    return parameters


def as_epochs(keep: Iterable[int]) -> set[int]:
    """The numbers of epochs as a set, which can be asked again and again."""
    if not isinstance(keep, Iterable):
        raise TypeError(f"keep must list epochs, as in [0, 10], but got {what_is(keep)}")
    return {as_size(epoch, "an epoch to keep", least=0) for epoch in keep}


def penalized(loss: Loss, parameters: list[Value], l2: float) -> Loss:
    """The loss with the penalty l2·Σp²."""
    if not l2:
        return loss
    return lambda scores, labels: loss(scores, labels) + l2 * dot(parameters, parameters)


def as_score(score: Any) -> Value:
    """The score as the Value that it has to be, for gradients to flow."""
    if not isinstance(score, Value):
        only(score)
        raise TypeError(
            f"the model must return a Value, but it returned {what_is(score)}, which has no gradient; "
            "leave out .data, float(...) and what comes from math"
        )
    return score


def loss_of(loss: Loss, scores: list[Value], y: list[float]) -> Value:
    """The loss, if it is a Value that was computed."""
    objective = loss(scores, y)
    if not isinstance(objective, Value) or not objective._prev:
        raise TypeError(
            f"the loss must compute one Value from the scores, but it returned {what_is(objective)}; "
            "take the mean over the samples, with operations on Values"
        )
    return objective


def one_by_one(model: Model, loss: Loss) -> Run:
    """Forward and backward over a batch, one sample after the other."""

    def run(X: list[list[float]], y: list[float]) -> tuple[float, list[float]]:
        scores = [as_score(model(x[:])) for x in X]  # a copy: the model may change it
        objective = loss_of(loss, scores, y)
        objective.backward()
        return objective.data, [score.data for score in scores]

    return run


def at_once(model: Model, loss: Loss, X: list[list[float]], y: list[float]) -> Run:
    """Forward and backward over a batch, all samples at once."""
    import numpy as np

    from micrograd_numpy.vectorize import vectorize

    def one(x: list[Value], t: Value) -> list[Value]:
        score = as_score(model(x))
        return [loss([score], [t]), score]

    loss_and_score = vectorize(one, reduction="none")

    def run(X: list[list[float]], y: list[float]) -> tuple[float, list[float]]:
        batch = loss_and_score(X, y)
        seeds = np.zeros_like(batch.data)
        seeds[:, 0] = 1.0 / len(y)  # the mean of the losses; the scores are for us
        batch.backward(seeds)
        return float(batch.data[:, 0].mean()), batch.data[:, 1].tolist()

    first = loss_of(loss, [as_score(model(x[:])) for x in X], y).data
    each = float(loss_and_score.forward(X, y)[:, 0].mean())
    if not math.isclose(first, each, abs_tol=1e-12) and math.isfinite(first):
        raise ValueError(
            f"the loss of all samples is {first!r}, but the mean of their losses is {each!r}; "
            "leave vectorized=True out for such a loss"
        )
    return run


def train(
    model: Model,
    X: Iterable[Row],
    y: Iterable[SupportsFloat],
    optimizer: Optimizer,
    *,
    loss: Loss = hinge_loss,
    epochs: int = 100,
    batch_size: int | None = None,
    rng: np.random.Generator | int = 0,
    schedule: Callable[[int], float] | None = None,
    l2: float = 0.0,
    keep: Iterable[int] = (),
    progress: bool = True,
    vectorized: bool = False,
    threshold: float | None = None,
) -> History:
    """Train a model that gives one score per sample, in place.

    Parameters
    ----------
    model : MLP, or any Module with one output
    X : rows of numbers
        The samples.
    y : numbers
        Their labels, as the loss wants them: −1 and 1 for `hinge_loss`, 0 and 1 (or a
        probability) for the cross-entropies, any numbers for `mse_loss`.
    optimizer : SGD, Adam, AdamW or alike
        Made with `model.parameters()`.
    loss : callable
        Takes scores and labels, returns one Value. It decides what the scores mean:
        accuracies are counted for the losses of two classes, and not for `mse_loss` or
        a loss of your own, unless you give a threshold.
    epochs : int
        How many times to go through all samples.
    batch_size : int, optional
        How many samples to average the gradient over before each update; by default
        all of them.
    rng : numpy.random.Generator or int
        Shuffles the samples anew in each epoch when there is a `batch_size`. Equal
        seeds give equal runs.
    schedule : callable, optional
        The learning rate as a function of the step: 0, 1, 2, ….
    l2 : float
        α of the penalty α·Σp² over all parameters, added to every batch's loss.
    keep : iterable of int
        Numbers of epochs after which to keep a copy of the parameters.
    progress : bool
        Whether to show a bar (needs tqdm). Logs never get one.
    vectorized : bool
        Whether to do all samples of a batch at once, with `vectorize`: much faster, and
        the same numbers but for rounding. The loss of a batch must be the mean of
        the losses of its samples, as it is for all losses of the library.
    threshold : float, optional
        Count accuracies with this score as the border between the classes. By default
        0 for `hinge_loss` and `binary_cross_entropy_with_logits`, 0.5 for
        `binary_cross_entropy`.

    Returns
    -------
    History
        If you interrupt training from the keyboard, the epochs finished so far; the
        model keeps what it has learned.

    Raises
    ------
    TypeError
        If the model has no parameters, or it or the loss returns no Value.
    ValueError
        If `X` and `y` do not fit together, the loss refuses a label, `epochs`,
        `batch_size` or `l2` is out of range, or the loss of a batch is not a mean and
        should be vectorized.
    """
    import numpy as np

    X, y = as_samples(X, y)
    border = border_of(loss, y, threshold)
    epochs = as_size(epochs, "epochs", least=0)
    if batch_size is not None:  # None: all samples at once
        batch_size = as_size(batch_size, "batch_size")
    l2 = at_least_zero("l2", l2)
    kept = as_epochs(keep)
    rng = np.random.default_rng(rng)
    parameters = trainable(model, optimizer)
    penalty = penalized(loss, parameters, l2)
    run = at_once(model, penalty, X, y) if vectorized else one_by_one(model, penalty)
    history = History()
    bar = progress_bar(epochs, progress)
    try:
        for epoch in bar:
            if epoch in kept:
                history.snapshots[epoch] = model.state_dict()
            mean_loss, correct = 0.0, 0
            for batch in batches(len(X), batch_size, rng):
                labels = [y[i] for i in batch]
                optimizer.zero_grad()
                objective, scores = run([X[i] for i in batch], labels)
                if schedule is not None:
                    optimizer.lr = schedule(history.steps)
                optimizer.step()
                history.steps += 1
                mean_loss += objective * (len(batch) / len(X))
                if border is not None:
                    correct += sum(agrees(score - border, label) for score, label in zip(scores, labels))
            history.losses.append(mean_loss)
            report = {"loss": f"{mean_loss:.4f}"}
            if border is not None:
                history.accuracies.append(correct / len(X))
                report["accuracy"] = f"{correct / len(X):.0%}"
            if hasattr(bar, "set_postfix"):
                bar.set_postfix(report)
    except KeyboardInterrupt:
        history.interrupted = True
    if len(history.losses) in kept:
        history.snapshots[len(history.losses)] = model.state_dict()
    return history


# %% [markdown]
# Is it the same loop? Then the same line must come out, to the last bit:

# %% tags=["active-ipynb"]
# again = MLP(2, [1], rng=0)
# history = train(again, X, y, SGD(again.parameters(), lr=1.0), epochs=200)
# print("same parameters:", again.state_dict() == line.state_dict())
# print("same last loss: ", history.losses[-1] == loss.data)
#
# at_once_too = MLP(2, [1], rng=0)
# sgd = SGD(at_once_too.parameters(), lr=1.0)
# fast = train(at_once_too, X, y, sgd, epochs=200, vectorized=True)
# print("at once, but for rounding:", np.allclose(fast.losses, history.losses, rtol=1e-9))

# %% [markdown]
# ## A run that many people know
#
# micrograd {cite:p}`karpathy2020micrograd`, the engine that this book learned from, comes with a notebook that trains
# on these very points, and the numbers in it are published. Few things check an engine as hard: 100 steps in a row,
# each built on the one before, so that one wrong gradient anywhere leads somewhere else.
#
# Two hidden layers of 16 neurons with relu, and one output. micrograd draws its first weights from Python's generator
# with seed 1337, evenly from (−1, 1), neuron by neuron, and all biases start at 0. We do the same, with a generator of
# our own:

# %% tags=["active-ipynb"]
# import random
#
#
# def published_start():
#     model = MLP(2, [16, 16, 1])
#     weights = random.Random(1337)
#     for name, p in model.named_parameters():
#         p.data = 0.0 if name.endswith("bias") else weights.uniform(-1, 1)
#     return model
#
#
# model = published_start()
# model

# %% [markdown]
# The loss has two parts: the hinge loss, and a penalty $\alpha \sum p^2$ over all parameters $p$ with
# $\alpha = 10^{-4}$, which keeps them from growing without need. The learning rate falls from 1.0 to 0.1, all points
# are in every step, and there are 100 steps. How large is one step?

# %% tags=["active-ipynb"]
# from micrograd_numpy import topological_sort
# from micrograd_numpy.value import dot
#
# loss = hinge_loss([model(row) for row in X], y) + 1e-4 * dot(model.parameters(), model.parameters())
# print("nodes in the graph of one step:", len(topological_sort(loss)))

# %% [markdown]
# Eleven thousand numbers that remember, built and walked back a hundred times: about a million in all, a matter of
# seconds. Before you run the cell: will the loss fall at every step?

# %% tags=["active-ipynb"]
# model = published_start()
# history = train(
#     model,
#     X,
#     y,
#     SGD(model.parameters(), lr=1.0),
#     epochs=100,
#     schedule=lambda step: 1.0 - 0.9 * step / 100,
#     l2=1e-4,
#     keep=range(101),
# )
# for step in [0, 1, 2, 10, 20, 40, 99]:
#     print(f"step {step:2d}   loss {history.losses[step]:.4f}   accuracy {history.accuracies[step]:.0%}")

# %% [markdown]
# It does not: the very first step almost doubles it. The gradient knows the slope where you stand and nothing about the
# floor a full stride away, and at learning rate 1.0 the strides are long. And does it end where micrograd ends?

# %% tags=["active-ipynb"]
# published = 0.010978370135492717
# print(f"published  {published:.12f}")
# print(f"ours       {history.losses[-1]:.12f}")
# print("difference below 1e-15:", abs(history.losses[-1] - published) < 1e-15)
# print("first step with 100 % right:", history.accuracies.index(1.0))

# %% [markdown]
# The same loss, and the first 100 % at step 40, as in micrograd's notebook. The two engines share no code, and ours
# adds up a neuron's products in one node instead of a chain.
#
# What is left of the loss at the end: points too close to the boundary, or the penalty? Ask for both:

# %% tags=["active-ipynb"]
# penalty = 1e-4 * sum(p.data**2 for p in model.parameters())
# print(f"hinge loss {hinge_loss(predict(model, X), y).data:.4f}")
# print(f"penalty    {penalty:.4f}")

# %% [markdown]
# Nothing is left but the penalty. All 100 points have their margin, so the digits you compared are the size of the
# weights, after the data had no more to say.
#
# ## Watch the boundary bend
#
# `history` kept the parameters of every epoch, so you can play the training back. The function below loads one of those
# states into a second model and draws what it saw.

# %% tags=["active-ipynb"]
# film = MLP(2, [16, 16, 1])
#
#
# def boundary_at(epoch, ax=None):
#     film.load_state_dict(history.snapshots[epoch])
#     ax = plot_decision_boundary(film, X, y, ax=ax, resolution=40)
#     ax.set_title(f"epoch {epoch}: {accuracy(film, X, y):.0%} right")

# %% mystnb={"image": {"alt": "Six pictures of the regions: at epoch 0 the whole plane is called \u22121; after 1 epoch a nearly straight boundary cuts it, after 5 it has one bend, after 20 a wave with a hump and a dip, and after 40 and 100 the wave has grown and runs between the moons with every point on its side."}} tags=["active-ipynb"]
# _, axes = plt.subplots(3, 2, figsize=(6.4, 6.6), sharex=True, sharey=True)
# for epoch, ax in zip([0, 1, 5, 20, 40, 100], axes.flat):
#     boundary_at(epoch, ax)
#     ax.label_outer()
# plt.show()

# %% [markdown]
# The coarse cut comes first, within a few steps. Then, slowly, the kinks: a relu network is flat pieces joined along
# folds, and the folds have to travel to where the moons turn.
#
# Here is the whole film. Let it play, or pull the slider. Watch the triangles at the right end of the upper moon: how
# often does the boundary sweep over one of them before it stays on its side?

# %% mystnb={"image": {"alt": "The regions of the trained model: the boundary winds between the moons with every point on its side. Below it the loss, falling over the epochs. In the page, a slider goes through every epoch.", "classes": "touch touch-boundary"}} tags=["active-ipynb"]
# from micrograd_numpy.figures import boundary_figure
#
# boundary_figure(film, X, y, history, vectorized=True)

# %% [markdown]
# You need not trust your eyes with that question. Ask the stored models:

# %% tags=["active-ipynb"]
# from itertools import pairwise
#
# sides = []
# for epoch in range(101):
#     film.load_state_dict(history.snapshots[epoch])
#     sides.append([score > 0 for score in predict(film, X)])
# changes = [sum(now != then for then, now in pairwise(point)) for point in zip(*sides)]
# most = max(changes)
# where = [round(v, 2) for v in X[changes.index(most)]]
# label = y[changes.index(most)]
# print(f"most often over the point {where} with label {label:+.0f}: {most} times")

# %% [markdown]
# The curve of the loss tells the same story in one line. Its scale is logarithmic, so equal distances are equal
# factors.


# %%
def plot_loss_curve(history: History, ax: Axes | None = None) -> Axes:
    """Draw the loss over the epochs, on a logarithmic scale where it is positive.

    Parameters
    ----------
    history : History
        What `train` returned.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError
        If `history` is no History.
    """
    if not hasattr(history, "losses"):
        raise TypeError(f"plot_loss_curve draws what train returned, but got {what_is(history)}")
    ax = ax or new_axes()
    ax.plot(history.losses, color=FORWARD)
    if all(loss > 0.0 for loss in history.losses):
        ax.set_yscale("log")
    ax.set(xlabel="epoch", ylabel="loss")
    return ax


# %% mystnb={"image": {"alt": "Two curves over 100 epochs: the loss jumps up at the first step, falls in zigzags from 1 to 0.01 and is smooth only in the last 20 epochs; the accuracy climbs in jumps from 50 to 100 percent."}} tags=["active-ipynb"]
# _, (above, below) = plt.subplots(2, 1, figsize=(6.4, 4.8), sharex=True)
# plot_loss_curve(history, ax=above).set_xlabel("")
# below.plot(history.accuracies, color=FORWARD)
# below.set(xlabel="epoch", ylabel="accuracy")
# plt.show()

# %% [markdown]
# The zigzag is the long stride again, stepping from one wall of a valley to the other. It calms down as the learning
# rate falls. That is what the schedule is for.
#
# ## Many small steps or few good ones
#
# The full batch gives the true gradient of the loss, and asks 100 points for one step. A minibatch of 10 gives a noisy
# one, and takes ten steps for the same price. What is better?
#
# To compare honestly, fix what a run may spend: 2000 **gradient evaluations**, that is, 2000 times one point through
# the model and back. And give each batch size two learning rates, because what is best for one is not for another.

# %% tags=["active-ipynb"]
# runs = {}
# print("batch   steps   lr    loss    accuracy")
# for batch_size in [100, 10, 1]:
#     for lr in [1.0, 0.1]:
#         model = MLP(2, [16, 16, 1], rng=0)
#         run = train(
#             model,
#             X,
#             y,
#             SGD(model.parameters(), lr=lr),
#             epochs=20,
#             batch_size=batch_size,
#             progress=False,
#         )
#         scores = runs[batch_size, lr] = predict(model, X)
#         loss = hinge_loss(scores, y).data
#         print(f"{batch_size:5d}   {run.steps:5d}   {lr}   {loss:.3f}   {accuracy(model, X, y):.0%}")

# %% [markdown]
# Read it in pairs. With the full batch, 20 steps are too few, long or short. With batches of 10, the same budget buys
# 200 steps, and with the long stride they end at 0. With single points there are 2000 steps, but one point is a noisy
# guide, and it forbids the long stride: at 0.1 the run goes well, at 1.0 it is ruined. Look at the scores of the model
# that it left behind:

# %% tags=["active-ipynb"]
# scores = runs[1, 1.0]
# print("points with a score of exactly 0:", scores.count(0.0), "of", len(scores))

# %% [markdown]
# For these points no relu of the last hidden layer is awake, so no gradient gets through to wake one. A few steps too
# long did that, and no later step can mend it.
#
# So neither is better as such: batch size and learning rate belong together. Small batches buy more steps per
# evaluation, large ones a truer direction. And this counts evaluations, which is what our engine's time goes into. On
# hardware that takes 100 points at once for the price of one, the count that matters is steps, and larger batches look
# better. Random minibatches are an old idea {cite:p}`robbins1951`.
#
# ## Points it has never seen
#
# 100 % on points that the model was trained on could mean that it has learned two moons, or a list of 100 points. There
# is one way to know: draw new points, and do not train on them.

# %% tags=["active-ipynb"]
# model = film  # the published run, as it was at the end
# model.load_state_dict(history.snapshots[100])
# X_new, y_new = moons_data(n_samples=1000, noise=0.1, seed=1)
# print(f"100 points it was trained on: {accuracy(model, X, y):.1%}")
# print(f"1000 it has never seen:       {accuracy(model, X_new, y_new):.1%}")

# %% [markdown]
# It has learned the moons: it **generalizes**. But these moons are clean. Triple the noise, and they run into each
# other. Then even one who knows exactly how the points were made can't get all of them right. Here is that one: it
# knows the moons and the noise, and asks which moon is more likely to have sent a point here. No model can expect to do
# better.

# %% tags=["active-ipynb"]
# def insider(point, noise=0.3):
#     a, b = point
#     upper = lower = 0.0
#     for i in range(200):
#         c, s = math.cos(math.pi * i / 199), math.sin(math.pi * i / 199)
#         upper += math.exp(-((a - c) ** 2 + (b - s) ** 2) / (2 * noise**2))
#         lower += math.exp(-((a - (1 - c)) ** 2 + (b - (0.5 - s)) ** 2) / (2 * noise**2))
#     return lower - upper
#
#
# X_new, y_new = moons_data(n_samples=1000, noise=0.3, seed=99)
# print(f"the insider, on 1000 new points: {accuracy(insider, X_new, y_new):.1%}")

# %% [markdown]
# Now train on 10, on 50 and on 200 of these noisy points, each time 400 steps with batches of 10. Before you run the
# cell: which of the three models is best on the points it was trained on?

# %% tags=["active-ipynb"]
# models = {}
# print("points   trained on   never seen")
# for n in [10, 50, 200]:
#     X_few, y_few = moons_data(n_samples=n, noise=0.3, seed=0)
#     model = MLP(2, [16, 16, 1], rng=0)
#     train(
#         model,
#         X_few,
#         y_few,
#         SGD(model.parameters(), lr=0.3),
#         epochs=4000 // n,
#         batch_size=10,
#         progress=False,
#     )
#     models[n] = model, X_few, y_few
#     print(f"{n:6d}   {accuracy(model, X_few, y_few):10.1%}   {accuracy(model, X_new, y_new):10.1%}")

# %% [markdown]
# The two columns go opposite ways. The model with 10 points is perfect on them and the worst on new ones: 337
# parameters have room for all ten points, noise included. That is **overfitting**, and you can't see it in the training
# loss. More points leave less room for noise, and at 200 the model is close to the insider, while its training accuracy
# looks the least impressive of the three.

# %% mystnb={"image": {"alt": "The boundaries learned from 10 and from 200 noisy points. The one from 10 points puts all ten right, with a wedge cut out for a single point; the one from 200 is a wave between the moons, with some points of each class on the wrong side."}} tags=["active-ipynb"]
# _, axes = plt.subplots(2, 1, figsize=(5.4, 7.2))
# for n, ax in zip([10, 200], axes):
#     model, X_few, y_few = models[n]
#     plot_decision_boundary(model, X_few, y_few, ax=ax, resolution=40)
#     on_these, on_new = accuracy(model, X_few, y_few), accuracy(model, X_new, y_new)
#     ax.set_title(f"{n} points: {on_these:.0%} of these, {on_new:.0%} of new ones")
# plt.show()

# %% [markdown]
# This is one draw of each size, so the last digits are luck. The rule is not: judge a model by points it has not seen.
#
# ## What you can now do
#
# - Write a training loop in five lines, and say what goes wrong without each.
# - Read a loss curve: a stride that is too long, a loss that is all penalty.
# - Choose batch size and learning rate together, and compare runs by what they cost.
# - Tell a model that learned the moons from one that learned the points.
#
# ## In PyTorch this is …
#
# … the same five lines. The same net from the same weights, trained by torch for the same 100 steps. It takes all
# points at once, as the rows of a matrix. Its floats have 32 bits unless you ask for the 64 of Python's, as we do here:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     from functools import partial
#
#     Linear, ReLU = partial(torch.nn.Linear, dtype=torch.float64), torch.nn.ReLU
#     tensor = partial(torch.tensor, dtype=torch.float64)
#     net = torch.nn.Sequential(Linear(2, 16), ReLU(), Linear(16, 16), ReLU(), Linear(16, 1))
#     with torch.no_grad():
#         for theirs, ours in zip(net[::2], published_start().layers):
#             theirs.weight.copy_(tensor([[w.data for w in n.weights] for n in ours.neurons]))
#             theirs.bias.copy_(tensor([n.bias.data for n in ours.neurons]))
#     points, labels = tensor(X), tensor(y)
#     optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
#     losses = []
#     for step in range(100):
#         scores = net(points)[:, 0]
#         penalty = 1e-4 * sum((p * p).sum() for p in net.parameters())
#         loss = torch.relu(1 - labels * scores).mean() + penalty
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.param_groups[0]["lr"] = 1.0 - 0.9 * step / 100
#         optimizer.step()
#         losses.append(loss.item())
#     print(f"torch {losses[-1]:.12f}")
#     print(f"ours  {history.losses[-1]:.12f}")
#     print(
#         "all 100 losses within 1e-9:",
#         max(abs(a - b) for a, b in zip(losses, history.losses)) < 1e-9,
#     )

# %% [markdown]
# ## Exercises
#
# Worked and folded, in [Exercises: Training on moons](exercises/moons.ipynb):
#
# 1. Fence in a disk: make a data set of your own, without scikit-learn, and train on it.
# 2. How small can the network be? Set its parameters against its accuracy.
# 3. Stop in time: keep the parameters that do best on points held back.
# 4. Find the folds: draw the line of every hidden neuron, before and after training.
#
# ## Check yourself
#
# :::{dropdown} Which of the five lines can you swap without changing anything?
# `zero_grad` can stand anywhere between one `step` and the next `backward`: before the forward pass, or before the
# loss. The others need what the line before them made.
# :::
#
# :::{dropdown} 1000 points, batches of 32, 5 epochs. How many steps is that?
# An epoch has 31 full batches and one of 8 points: 32 steps. Five epochs have 160.
# :::
#
# :::{dropdown} The loss rises at the first step. Is the gradient wrong?
# It may be right. Downhill is only promised for a short enough step. Make the learning rate ten times smaller: if the
# loss still rises, check the gradients.
# :::
#
# :::{dropdown} A model is right about 100 % of its training points. Is that good?
# You can't say. So were two in this chapter: one was right about every new point too, the other about three in four.
# :::
#
# ## Sources
#
# The run is the demonstration of micrograd {cite:p}`karpathy2020micrograd`, the data set is scikit-learn's
# {cite:p}`pedregosa2011`, and the hinge loss comes from support-vector machines {cite:p}`cortes1995`. Steps along the
# gradient of random samples go back to {cite:t}`robbins1951`.
