# %% [markdown]
# # Losses
#
# A loss is one number that says how wrong a model is. Its slope tells each prediction which way to move, and how hard.
# In this chapter you build four, and make the most used one survive any number.
#
# - **You will build** `mse_loss`, `binary_cross_entropy`, `binary_cross_entropy_with_logits` and `hinge_loss`.
# - **You need** [Value](value.ipynb) and [Operations](ops.ipynb); logarithms from school.
# - **Time** about 30 minutes.

# %%
"""Losses: how wrong a model's predictions are, as one number to differentiate."""

from __future__ import annotations

import math

from micrograd_numpy import ops
from micrograd_numpy.guards.targets import Numbers, expect_probabilities, expect_probable_targets, expect_signs, pair
from micrograd_numpy.value import Value, apply, mean

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "hinge_loss", "mse_loss"]


# %% [markdown]
# ## A loss is a height
#
# A model predicts $p$ where the target is $t$. Picture the loss as a landscape over $p$: low where the prediction is
# good, high where it is bad. The model can't see the landscape. All it learns is the slope where it stands.

# %% mystnb={"image": {"alt": "The squared error for a target of 1: a parabola with its lowest point at 1, and its slope, a straight line that is negative left of 1, zero at 1 and positive right of it."}} tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# import numpy as np
#
# from micrograd_numpy.drawing.style import BACKWARD, FORWARD, book_style
#
#
# def height_and_slope(loss, at, target):
#     x = Value(at)
#     out = loss(x, target)
#     out.backward()
#     return out.data, x.grad
#
#
# def draw(axes, loss, span, title):
#     x = np.linspace(*span, 201)
#     curves = np.array([height_and_slope(loss, v, 1.0) for v in x])
#     axes.axhline(0, color="#9ca3af", linewidth=1)
#     axes.plot(x, curves[:, 0], color=FORWARD, label="loss")
#     axes.plot(x, curves[:, 1], color=BACKWARD, label="its slope")
#     axes.set_title(title)
#
#
# book_style()
# draw(plt.gca(), lambda p, t: (p - t) ** 2, (-1, 3), "squared error, target 1")
# plt.xlabel("prediction")
# plt.legend()
# plt.show()

# %% [markdown]
# Left of the target the slope is negative: more would be better. Right of it, it is positive. And the farther away, the
# steeper. To follow the slope downhill is to be corrected in proportion to the error.
#
# ## Squared error, by hand
#
# Three predictions and three targets. Square each error, and take the mean:
#
# | prediction | target | error | squared |
# | --- | --- | --- | --- |
# | 2.5 | 3 | −0.5 | 0.25 |
# | 0 | −0.5 | 0.5 | 0.25 |
# | 2 | 2 | 0 | 0 |
#
# The mean is $0.5 / 3 = 0.1667$. The slope in one prediction is $\tfrac{2}{n}(p - t)$: the 2 from the square, the
# $\tfrac1n$ from the mean of $n$ samples. What should the three slopes be? Say it before you run.

# %% tags=["active-ipynb"]
# predictions = [Value(2.5), Value(0.0), Value(2.0)]
# targets = [3.0, -0.5, 2.0]
#
# loss = mean((p - t) ** 2 for p, t in zip(predictions, targets))
# loss.backward()
# print(f"loss {loss.data:.4f}, slopes {[round(p.grad, 4) for p in predictions]}")

# %% [markdown]
# That one line is the loss. What a library has to add is care: if you hand three predictions and two targets to `zip`,
# it drops the third without a word. The library's `pair` refuses what can't be paired. It stands in
# `micrograd_numpy/guards/targets.py`, with all that a loss checks before it computes.

# %% tags=["active-ipynb"]
# try:
#     pair("mse_loss", predictions, targets[:2])
# except ValueError as error:
#     print(error)


# %%
def mse_loss(predictions: Numbers, targets: Numbers) -> Value:
    """Mean squared error, (1/n)·Σ (pᵢ − tᵢ)².

    Parameters
    ----------
    predictions, targets : sequence of Value or number, or one of each
        As many of one as of the other. A target that is a Value gets a gradient too.

    Returns
    -------
    Value
        The mean over the samples.

    Raises
    ------
    TypeError
        If an element is not one number.
    ValueError
        If the lengths differ or there is nothing to average.

    Examples
    --------
    >>> mse_loss([3.0, 5.0], [2.0, 2.0]).data
    5.0
    """
    return mean((p - t) ** 2 for p, t in pair("mse_loss", predictions, targets))


# %% tags=["active-ipynb"]
# print(f"{mse_loss(predictions, targets).data:.4f}")
# for p, t in [([1.0, 2.0, 3.0], [1.0, 2.0]), ([], []), ([[0.1, 0.9], [0.8, 0.2]], [1, 0])]:
#     try:
#         mse_loss(p, t)
#     except (TypeError, ValueError) as error:
#         print(error)

# %% [markdown]
# ## A confident mistake makes no sound
#
# Now the target is a class, 0 or 1, and the model ends in a sigmoid: from a raw score $z$, the **logit**, it makes a
# probability $p = \sigma(z) = 1/(1 + e^{-z})$. Use the squared error all the same. The target is 1, and the model is
# more and more sure of 0. Before you run the next cell: does the slope grow or shrink?

# %% tags=["active-ipynb"]
# print("    z         p   loss    slope in z")
# for z in [0.0, -1.0, -3.0, -10.0, -20.0]:
#     height, slope = height_and_slope(lambda z, t: (z.sigmoid() - t) ** 2, z, 1.0)
#     print(f"{z:5.0f}  {Value(z).sigmoid().data:.6f}  {height:.3f}  {slope:.9f}")

# %% [markdown]
# It grows a little, and then shrinks to nothing. The chain rule multiplies $2(p - 1)$ by the slope of the sigmoid,
# $p(1 - p)$, and that is almost zero when $p$ is near 0. The worse the mistake, the less the model learns from it. You
# need a loss that gets steep where the sigmoid gets flat.
#
# ## From likelihood to cross-entropy
#
# Ask another question: how probable did the model find what really happened? It gave class 1 the probability $p$, and
# class 0 the rest. So what happened had probability $p$ if $t = 1$, and $1 - p$ if $t = 0$. A good model gives the
# whole data set a high probability: the product over all samples. But a product of many probabilities is too small for
# a float.

# %% tags=["active-ipynb"]
# print(0.5**1000)
# print(0.5**2000)
# print(f"{-2000 * np.log(0.5):.2f}")

# %% [markdown]
# So take the logarithm, which turns the product into a sum; turn the sign, so that less is better; and divide by $n$,
# so that data sets of different size compare. For one sample, with $\ln$ the natural logarithm, that is
#
# $$L = -t \ln p - (1 - t) \ln(1 - p).$$
#
# One of the two terms is always zero. The other is the **surprise** at what happened: $-\ln 1 = 0$ if you were sure of
# it, and without bound if you were sure of the opposite. Its mean is the **binary cross-entropy** {cite:p}`good1952`.
#
# Its slope in $p$ is $-\tfrac{t}{p} + \tfrac{1 - t}{1 - p} = \tfrac{p - t}{p (1 - p)}$. Below the line stands just what
# the sigmoid is about to multiply with. The two cancel:
#
# $$\frac{\partial L}{\partial z} = \frac{p - t}{p(1 - p)} \cdot p(1 - p) = p - t.$$
#
# Probability minus target. A model that is sure and wrong gets a slope of size 1, the largest there is.

# %% tags=["active-ipynb"]
# def surprise(p, t):
#     return -t * p.log() - (1 - t) * (1 - p).log()
#
#
# print("    z   squared error   cross-entropy")
# for z in [0.0, -1.0, -3.0, -10.0, -20.0]:
#     _, squared = height_and_slope(lambda z, t: (z.sigmoid() - t) ** 2, z, 1.0)
#     _, entropy = height_and_slope(lambda z, t: surprise(z.sigmoid(), t), z, 1.0)
#     print(f"{z:5.0f}     {squared:.6f}       {entropy:.6f}")

# %% [markdown]
# ## The logarithm of zero
#
# The formula has two sore spots, $p = 0$ and $p = 1$. You would expect trouble with a model that is sure and wrong.
# What about one that is sure and *right*?

# %% tags=["active-ipynb"]
# print("sure and wrong:", surprise(Value(0.0), 1.0).data)
# print("sure and right:", surprise(Value(1.0), 1.0).data)

# %% [markdown]
# `inf` is at least true. But a perfect prediction gives `nan`, because the term that should vanish is
# $0 \cdot \ln 0 = 0 \cdot (-\infty)$. One such sample, and the mean over all of them is `nan`.
#
# The way out is PyTorch's: no logarithm goes below −100, and $p(1 - p)$ not below $10^{-12}$. It takes a rule of its
# own, on plain floats, with the derivatives that you know.


# %%
def cross_entropy(p: float, t: float) -> tuple[float, tuple[float, float]]:
    """−t·ln p − (1 − t)·ln(1 − p), with ∂/∂p = (p − t)/(p·(1 − p)) and ∂/∂t = ln(1 − p) − ln p.

    As in PyTorch, a logarithm stops at −100 and p·(1 − p) at 1e-12, so that a
    probability of exactly 0 or 1 costs at most 100 and has a finite slope.
    """
    log_p = max(ops.logarithm(p), -100.0)
    log_q = ops.elementary(math.log1p, -p) if p < 1.0 else -100.0  # at the last float below 1, it is −37
    return (t - 1.0) * log_q - t * log_p, (
        (p - t) / max(p * (1.0 - p), 1e-12),
        log_q - log_p,
    )


# %% [markdown]
# A probability outside of 0 to 1 is a mistake somewhere else, most often a raw score. The loss says so:
# `expect_probabilities` looks at each.


# %%
def binary_cross_entropy(predictions: Numbers, targets: Numbers) -> Value:
    """Mean of −t·ln p − (1 − t)·ln(1 − p), for predictions that are probabilities.

    If your model ends in a sigmoid, leave the sigmoid out and use
    `binary_cross_entropy_with_logits`: it is exact where this one has to cut.

    Parameters
    ----------
    predictions : sequence of Value or number, or one
        Probabilities of class 1, each in [0, 1].
    targets : sequence of Value or number, or one
        The classes, 0 or 1, or anything between (a probability). A target that
        is a Value gets a gradient too.

    Returns
    -------
    Value
        The mean over the samples, in nats.

    Raises
    ------
    TypeError
        If an element is not one number.
    ValueError
        If a prediction or a target is outside [0, 1] (nan is), the lengths
        differ or there is nothing to average.

    Notes
    -----
    Value and gradients are those of `torch.nn.functional.binary_cross_entropy`,
    with one exception: at p = 0 and p = 1 the slope in a target is ±100, the
    slope of what is computed, where PyTorch gives ±inf.

    Examples
    --------
    >>> round(binary_cross_entropy([0.9, 0.2], [1, 0]).data, 4)
    0.1643
    """
    name = "binary_cross_entropy"
    pairs = pair(name, predictions, targets)
    expect_probabilities(
        name, "predictions", (p for p, _ in pairs), "for raw scores use binary_cross_entropy_with_logits"
    )
    expect_probable_targets(name, pairs)
    return mean(apply(cross_entropy, p, t) for p, t in pairs)


# %% tags=["active-ipynb"]
# for p in [0.0, 1e-20, 0.5, 1.0]:
#     height, slope = height_and_slope(binary_cross_entropy, p, 1.0)
#     print(f"p = {p:<5}  loss {height:7.3f}  slope {slope:.3g}")
#
# try:
#     binary_cross_entropy([0.3, 1.7], [0, 1])
# except ValueError as error:
#     print(error)

# %% [markdown]
# ## Let the sigmoid in
#
# Nothing is `nan` any more. But look at what became of the slope when the sigmoid comes first. The target is 1 in each
# row, and the slope should be $\sigma(z) - 1$: −1 at the top, 0 at the bottom.

# %% tags=["active-ipynb"]
# def naive(z, t):
#     return surprise(z.sigmoid(), t)
#
#
# def cut(z, t):
#     return binary_cross_entropy(z.sigmoid(), t)
#
#
# print("                 naive               cut")
# print("    z        loss    slope       loss    slope")
# for z in [-1000.0, -50.0, 0.0, 50.0, 1000.0]:
#     (loss, slope), (cut_loss, cut_slope) = (
#         height_and_slope(naive, z, 1.0),
#         height_and_slope(cut, z, 1.0),
#     )
#     print(f"{z:6.0f}   {loss:7.3f}   {slope:6.3f}    {cut_loss:7.3f}   {cut_slope:6.3f}")

# %% [markdown]
# The naive formula gives `inf` and `nan`. The one with the cut gives a loss of 100 and a slope of 0, or nearly so: deaf
# again, to exactly the samples that matter most. The harm is done in the sigmoid. Once $p$ has been rounded to 0 or 1,
# no formula can know what $z$ was. So do not compute $p$. Put $p = \sigma(z)$ into the formula on paper:
#
# $$-\ln \sigma(z) = \ln(1 + e^{-z}), \qquad -\ln(1 - \sigma(z)) = \ln(1 + e^{z}).$$
#
# Both are one function, $\operatorname{softplus}(a) = \ln(1 + e^a)$, and the loss is
#
# $$L = t \cdot \operatorname{softplus}(-z) + (1 - t) \cdot \operatorname{softplus}(z).$$
#
# There are two ways left to spoil it. Python shows you both:

# %% tags=["active-ipynb"]
# try:
#     math.log(1 + math.exp(1000))
# except OverflowError as error:
#     print("too large:", error)
#
# print("too small:", math.log(1 + math.exp(-40)))
# print("log1p:    ", f"{math.log1p(math.exp(-40)):.6e}")

# %% [markdown]
# Too large: $e^a$ overflows from $a = 710$ on. For positive $a$, take $e^a$ out of the bracket:
# $\ln\bigl(e^a (e^{-a} + 1)\bigr) = a + \ln(1 + e^{-a})$. Both signs in one formula are
# $\max(a, 0) + \ln(1 + e^{-|a|})$, and now the exponent is never positive.
#
# Too small: $1 + 4 \cdot 10^{-18}$ is 1 in a float, and the loss of a good prediction is lost. `log1p(x)` computes
# $\ln(1 + x)$ without making that sum.


# %%
def softplus(a: ops.Number) -> ops.Number:
    """ln(1 + eᵃ), computed so that nothing overflows and small results keep their digits."""
    return max(a, 0.0) + ops.elementary(math.log1p, ops.exponential(-abs(a)))


def share(t: float, cost: ops.Number) -> ops.Number:
    """t·cost, and nothing for a share of 0, however large the cost: 0·inf would be nan."""
    return t * (cost if t else 0.0)


def logit_cross_entropy(z: float, t: float) -> tuple[float, tuple[float, float]]:
    """t·ln(1 + e⁻ᶻ) + (1 − t)·ln(1 + eᶻ), with ∂/∂z = σ(z) − t and ∂/∂t = −z."""
    loss = share(t, softplus(-z)) + share(1.0 - t, softplus(z))
    return loss, (ops.sigmoid(z)[0] - t, -z)


# %% [markdown]
# Why is the slope $\sigma(z) - t$? The slope of softplus is the sigmoid: $\tfrac{e^a}{1 + e^a} = \sigma(a)$. So
# $\partial L / \partial z = -t\,\sigma(-z) + (1 - t)\,\sigma(z)$, and with $\sigma(-z) = 1 - \sigma(z)$ all that
# remains is
#
# $$\frac{\partial L}{\partial z} = \sigma(z) - t.$$
#
# (Since $\operatorname{softplus}(-z) = \operatorname{softplus}(z) - z$, you may also meet the loss as
# $\max(z, 0) - z t + \ln(1 + e^{-|z|})$. It is the same.)


# %%
def binary_cross_entropy_with_logits(logits: Numbers, targets: Numbers) -> Value:
    """Mean of −t·ln σ(z) − (1 − t)·ln(1 − σ(z)), for scores z of any size.

    Parameters
    ----------
    logits : sequence of Value or number, or one
        Raw scores: the sigmoid is part of the loss.
    targets : sequence of Value or number, or one
        The classes, 0 or 1, or anything between (a probability). A target that
        is a Value gets a gradient too.

    Returns
    -------
    Value
        The mean over the samples, in nats.

    Raises
    ------
    TypeError
        If an element is not one number.
    ValueError
        If a target is outside [0, 1], the lengths differ or there is nothing to
        average. (PyTorch accepts any target here, and the loss of a target of
        −1 falls without end.)

    Notes
    -----
    Value and gradients are those of
    `torch.nn.functional.binary_cross_entropy_with_logits`, with two exceptions:
    the tiny loss of a logit that is far below zero and right keeps all its
    digits, and an infinite logit costs 0 if it is right and inf if it is wrong,
    where PyTorch gives nan.

    Examples
    --------
    >>> binary_cross_entropy_with_logits([-1000.0, 1000.0], [1, 1]).data
    500.0
    """
    name = "binary_cross_entropy_with_logits"
    pairs = pair(name, logits, targets, first="logits")
    expect_probable_targets(name, pairs)
    return mean(apply(logit_cross_entropy, z, t) for z, t in pairs)


# %% tags=["active-ipynb"]
# for z in [-1000.0, -50.0, 0.0, 50.0, 1000.0]:
#     height, slope = height_and_slope(binary_cross_entropy_with_logits, z, 1.0)
#     print(f"z = {z:6.0f}   loss {height:8.3e}   slope {slope:6.3f}")

# %% [markdown]
# The slopes are as promised, and the losses true at every size. Rules written by hand are rules to be checked, and
# there are two now, each with a slope for the prediction and one for the target:

# %% tags=["active-ipynb"]
# from micrograd_numpy import check_gradients
#
# print(check_gradients(binary_cross_entropy, 0.3, 0.8))
# print()
# print(check_gradients(binary_cross_entropy_with_logits, -3.0, 0.8))

# %% [markdown]
# Turn the knobs. The function below draws the loss over the logit for one target, and the slope at one logit. With a
# target of 0.7 the lowest point is where $\sigma(z) = 0.7$, and it is not at zero height.

# %% mystnb={"image": {"alt": "The loss over the logit for a target of 1 in blue, falling from left to right; at a logit of minus 2 an orange tangent of slope -0.88."}} tags=["active-ipynb"]
# def logit_picture(logit, target):
#     z = np.linspace(-6, 6, 121)
#     height, slope = height_and_slope(binary_cross_entropy_with_logits, logit, target)
#     plt.plot(
#         z,
#         [binary_cross_entropy_with_logits(v, target).data for v in z],
#         color=FORWARD,
#         label="loss",
#     )
#     reach = np.array([-1.5, 1.5])
#     plt.plot(logit + reach, height + slope * reach, color=BACKWARD, label=f"slope {slope:.2f}")
#     plt.plot(logit, height, "o", color=BACKWARD)
#     plt.title(f"target {target:.2f}, probability {Value(logit).sigmoid().data:.2f}, loss {height:.2f}")
#     plt.xlabel("logit")
#     plt.ylim(-0.5, 6.5)
#     plt.legend()
#     plt.show()
#
#
# logit_picture(-2.0, 1.0)

# %% [markdown]
# Run everything down to the folded cell below, and you get a pair of sliders, for the logit and the target.

# %% tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(logit_picture, logit=(-6.0, 6.0, 0.25), target=(0.0, 1.0, 0.1))

# %% [markdown]
# ## Hinge: enough is enough
#
# Cross-entropy never rests: however sure and right, a little more would be better. The **hinge loss** has a point where
# it stops. The target is −1 or +1, the model gives a score $s$ whose sign is its answer, and $t s$ is the **margin**:
# positive if the answer is right. The loss is $\max(0,\, 1 - t s)$. Right by a margin of 1 is good enough; anything
# less pushes with a slope of 1 {cite:p}`cortes1995`.


# %%
def hinge_loss(scores: Numbers, targets: Numbers) -> Value:
    """Mean of max(0, 1 − t·s): zero for a score on the right side with a margin of one.

    Parameters
    ----------
    scores : sequence of Value or number, or one
        Raw scores; the sign is the predicted class.
    targets : sequence of Value or number, or one
        The classes, −1 or +1. A target that is a Value gets a gradient too.

    Returns
    -------
    Value
        The mean over the samples.

    Raises
    ------
    TypeError
        If an element is not one number.
    ValueError
        If a target is neither −1 nor +1 (with a target of 0 every score would
        cost 1 and teach nothing), the lengths differ or there is nothing to average.

    Examples
    --------
    >>> hinge_loss([2.0, 0.5, -1.0], [1, 1, 1]).data
    0.8333333333333334
    """
    pairs = pair("hinge_loss", scores, targets, first="scores")
    expect_signs("hinge_loss", pairs)
    return mean((1.0 - t * s).relu() for s, t in pairs)


# %% tags=["active-ipynb"]
# scores = [Value(2.5), Value(0.4), Value(-1.0)]
# loss = hinge_loss(scores, [1, 1, 1])
# loss.backward()
# print(f"loss {loss.data:.4f}, slopes {[round(s.grad, 4) for s in scores]}")

# %% [markdown]
# The first sample is beyond its margin: it has no say any more. The other two push with the same force, the nearly
# right one and the wrong one alike. Here are all four, for a sample of the positive class:

# %% mystnb={"image": {"alt": "Four panels with a loss in blue and its slope in orange. Squared error: a parabola and a line. Cross-entropy over the probability: steep near 0. Cross-entropy over the logit: slope from -1 to 0. Hinge: a bend at 1, slope -1 before it and 0 after."}} tags=["active-ipynb"]
# _, panels = plt.subplots(2, 2, figsize=(6.4, 5.4))
# draw(panels[0, 0], mse_loss, (-1, 3), "mse, over the prediction")
# draw(panels[0, 1], binary_cross_entropy, (0.05, 0.99), "cross-entropy, over p")
# draw(panels[1, 0], binary_cross_entropy_with_logits, (-5, 5), "cross-entropy, over the logit")
# draw(panels[1, 1], hinge_loss, (-2, 3), "hinge, over the score")
# panels[0, 1].set_ylim(-8, 4)
# panels[0, 0].legend()
# plt.show()

# %% [markdown]
# Read the orange lines. Squared error pushes in proportion, cross-entropy on logits with at most 1 and ever more
# gently, hinge with all or nothing.
#
# ## A loss that is off by a factor
#
# Say you forget the $\tfrac1n$ in the derivative of the mean, and keep it in the result. Would training tell you?

# %% tags=["active-ipynb"]
# def wrong_mean(*a):
#     return sum(a) / len(a), (1.0,) * len(a)
#
#
# def fit(average, rate=0.02, steps=100):
#     w = Value(0.0)
#     for _ in range(steps):
#         loss = average(*[(w * x - t) ** 2 for x, t in [(1, 2), (2, 4), (3, 6)]])
#         w.grad = 0.0
#         loss.backward()
#         w.data -= rate * w.grad
#     return w.data
#
#
# for name, average in [
#     ("right", lambda *v: mean(v)),
#     ("wrong", lambda *v: apply(wrong_mean, *v)),
# ]:
#     report = check_gradients(average, 1.0, 2.0, 6.0)
#     print(f"{name}: w = {fit(average):.4f}, gradients check: {bool(report)}")

# %% [markdown]
# Both find $w = 2$. The wrong one just walks in steps three times as long, until one day a batch of a thousand makes
# them a thousand times as long. [Trusting gradients](gradcheck.ipynb) is how you find out on the first.
#
# ## What you can now do
#
# - Read a loss by its slope: which samples does it push, and how hard?
# - Derive cross-entropy from a likelihood, and its slope $\sigma(z) - t$ in one line.
# - Choose: squared error for quantities, cross-entropy on logits for classes, hinge for margins.
# - Rewrite a formula so that no exponential overflows and no small number is lost.
#
# ## In PyTorch this is …
#
# … `torch.nn.functional`, with the same names and the same numbers. The hinge loss is one line there.

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
#     from torch.nn import functional
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     x, labels = [0.8, 0.3, 0.6], [1.0, 0.0, 0.0]
#     signs = [1.0, -1.0, -1.0]
#
#     def compare(name, ours, theirs, x, t):
#         values = [Value(v) for v in x]
#         tensor = torch.tensor(x, dtype=torch.float64, requires_grad=True)
#         our_loss, their_loss = (
#             ours(values, t),
#             theirs(tensor, torch.tensor(t, dtype=torch.float64)),
#         )
#         our_loss.backward()
#         their_loss.backward()
#         print(f"{name:12} ours  {our_loss.data:.6f}  {[round(v.grad, 6) for v in values]}")
#         print(f"{'':12} torch {their_loss.item():.6f}  {[round(g, 6) for g in tensor.grad.tolist()]}")
#
#     compare("mse", mse_loss, functional.mse_loss, x, labels)
#     compare("entropy", binary_cross_entropy, functional.binary_cross_entropy, x, labels)
#     compare(
#         "with logits",
#         binary_cross_entropy_with_logits,
#         functional.binary_cross_entropy_with_logits,
#         x,
#         labels,
#     )
#     compare("hinge", hinge_loss, lambda s, t: torch.relu(1 - t * s).mean(), x, signs)

# %% [markdown]
# PyTorch's advice is this chapter's: for classes, leave the sigmoid out of the model, and use the loss that takes
# logits.
#
# ## Exercises
#
# Worked and folded, in [Exercises: Losses](exercises/losses.ipynb):
#
# 1. The Huber loss, squared near the target and straight far from it, as a rule of your own.
# 2. A smooth hinge: put softplus where hinge has its corner.
# 3. Cross-entropy for more than two classes, from logits.
#
# ## Check yourself
#
# :::{dropdown} Why is squared error on a sigmoid slow to learn from a confident mistake?
# Its slope in the logit has the factor p(1 − p), which is almost zero when p is near 0 or 1.
# :::
#
# :::{dropdown} A classifier gives 0.5 to every sample. What is its cross-entropy?
# −ln 0.5 = 0.693, whatever the labels. A first loss far above it means a model that is sure of wrong things.
# :::
#
# :::{dropdown} Why can't a formula on probabilities be made exact for large logits?
# The sigmoid has already rounded to 0 or 1. What z was is gone.
# :::
#
# :::{dropdown} Which samples does the hinge loss ignore?
# Those that are right by a margin of at least 1: t·s ≥ 1.
# :::
#
# ## Sources
#
# Logarithmic loss as a fair price for a forecast is Good's {cite:p}`good1952`; the hinge is that of support vector
# machines {cite:p}`cortes1995`; names and numbers follow PyTorch {cite:p}`paszke2019`.
