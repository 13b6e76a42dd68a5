# %% [markdown]
# # Losses
#
# A loss is one number that says how wrong a model is. Its slopes tell each prediction which way to move, and how
# strongly. In this chapter you build four losses, and you make one of them right for scores of any size.
#
# - **You will build** `mse_loss`, `binary_cross_entropy`, `binary_cross_entropy_with_logits` and `hinge_loss`.
# - **You need** [Value](value.ipynb) and [Operations](ops.ipynb); from school, logarithms, and probabilities that
#   multiply when events are independent.
# - **Time** about 25 minutes.

# %% mystnb={"code_prompt_show": "Imports, 7 lines"} tags=["hide-input"]
"""Losses: how wrong a model's predictions are, as one number to differentiate."""

from __future__ import annotations

import math

from micrograd_numpy import ops
from micrograd_numpy.guards.targets import Numbers, expect_probabilities, expect_probable_targets, expect_signs, pair
from micrograd_numpy.value import Value, apply, mean

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "hinge_loss", "mse_loss"]


# %% [markdown]
# ## The loss as a curve
#
# A model predicts $p$ where the target is $t$. Draw the loss as a curve over $p$: it is low where the prediction is
# good, and high where it is bad. Training does not see the curve. All it gets is the slope at one point, the current
# prediction. (The folded cell has the code of the picture. In it, `loss_and_slope(loss, z, t)` returns the loss at $z$
# for the target $t$, and its slope in $z$. We need it again below.)

# %% mystnb={"code_prompt_show": "The helpers loss_and_slope and draw, and the picture", "image": {"alt": "The squared error for a target of 1: a parabola with its lowest point at 1, and its slope, a straight line that is negative left of 1, zero at 1 and positive right of it."}} tags=["active-ipynb", "hide-input"]
# import matplotlib.pyplot as plt
# import numpy as np
#
# from micrograd_numpy.drawing.style import BACKWARD, FORWARD, book_style
#
#
# def loss_and_slope(loss, at, target):
#     x = Value(at)
#     out = loss(x, target)
#     out.backward()
#     return out.data, x.grad
#
#
# def draw(axes, loss, span, title):
#     x = np.linspace(*span, 201)
#     curves = np.array([loss_and_slope(loss, v, 1.0) for v in x])
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
# Left of the target, the slope is negative: a larger prediction would be better. Right of the target, it is positive. A
# small step against the slope moves the prediction towards the target. The farther away the prediction is, the steeper
# the curve.
#
# ## Squared error, by hand
#
# Here are three predictions and three targets. Square each error, and take the mean:
#
# | prediction | target | error | squared |
# | --- | --- | --- | --- |
# | 2.5 | 3 | −0.5 | 0.25 |
# | 0 | −0.5 | 0.5 | 0.25 |
# | 2 | 2 | 0 | 0 |
#
# The mean is $0.5 / 3 = 0.1667$. Without the squares, the first two errors would cancel, and the mean would be 0. The
# slope with respect to one prediction is $\tfrac{2}{n}(p - t)$: the 2 comes from the square, and the $\tfrac1n$ from
# the mean of $n$ samples. Work out the three slopes, and compare:

# %% tags=["active-ipynb"]
# predictions = [Value(2.5), Value(0.0), Value(2.0)]
# targets = [3.0, -0.5, 2.0]
#
# loss = mean((p - t) ** 2 for p, t in zip(predictions, targets))
# loss.backward()
# print(f"loss {loss.data:.4f}, slopes {[round(p.grad, 4) for p in predictions]}")

# %% [markdown]
# That one line with `mean` is the whole loss. A library should also check what it gets. If you give three predictions
# and two targets to `zip`, it drops the third prediction without a word. Our function `pair` raises an error instead.
# (It is in `micrograd_numpy/guards/targets.py`, with the other checks. The type `Numbers` is from there too: one number
# or several.)


# %%
def mse_loss(predictions: Numbers, targets: Numbers) -> Value:
    """Return the mean squared error, (1/n)·Σ (pᵢ − tᵢ)².

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
# ## Squared error after a sigmoid
#
# Now the target is a class, 0 or 1, and the model ends in a sigmoid. From a score $z$, called the **logit**, the
# sigmoid makes a probability of class 1, $p = \sigma(z) = 1/(1 + e^{-z})$. Suppose you still use the squared error. The
# target is 1. From row to row the model becomes more certain of class 0, and its mistake becomes worse. Does the loss
# become steeper or flatter? Decide before you run the cell.

# %% tags=["active-ipynb"]
# print("    z         p   loss    slope in z")
# for z in [0.0, -1.0, -3.0, -10.0, -20.0]:
#     loss, slope = loss_and_slope(lambda z, t: (z.sigmoid() - t) ** 2, z, 1.0)
#     print(f"{z:5.0f}  {Value(z).sigmoid().data:.6f}  {loss:.3f}  {slope:.9f}")

# %% [markdown]
# At first it becomes a little steeper, and then almost flat. The chain rule multiplies $2(p - 1)$ by the slope of the
# sigmoid, $p(1 - p)$, which is almost zero when $p$ is near 0. So the model hardly learns from its worst mistakes. We
# need a loss that becomes steep where the sigmoid becomes flat.
#
# ## From likelihood to cross-entropy
#
# Ask a different question: what probability did the model give to the class that was observed? If $t = 1$, that is $p$.
# If $t = 0$, it is $1 - p$. For independent samples, the probability of all the observed classes together is the
# product over the samples, the **likelihood**. A good model makes it large. But a product of thousands of probabilities
# can be too small for a float:

# %% tags=["active-ipynb"]
# print(0.5**1000)
# print(0.5**2000)
# print(f"{-2000 * math.log(0.5):.2f}")

# %% [markdown]
# The third line shows the way out. Take the logarithm, which turns the product into a sum, and change the sign, so that
# less is better. For one sample, $-\ln$ of the probability that the model gave to the observed class is the
# **surprise**. It is 0 if the model gave that class the probability 1, and it grows without bound as the probability
# goes to 0.
#
# The picture has four samples. The observed classes had the probabilities 0.9, 0.8, 0.7 and 0.5.

# %% mystnb={"code_prompt_show": "The picture's code, 13 lines", "image": {"alt": "Two panels with a bar for each of four samples. On the left, the product so far falls from 0.9 to 0.252. On the right, each surprise stands on the sum of those before, and the sum rises from 0.105 to 1.378."}} tags=["active-ipynb", "hide-input"]
# chances = np.array([0.9, 0.8, 0.7, 0.5])
# likelihood, surprises = np.cumprod(chances), -np.log(chances)
# total_surprise = np.cumsum(surprises)
#
# figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 2.8))
# left.bar(range(1, 5), likelihood, color=FORWARD)
# left.set_title("probabilities multiply")
# right.bar(range(1, 5), surprises, bottom=total_surprise - surprises, color=FORWARD)
# right.set_title("surprises add up")
# for panel, tops in [(left, likelihood), (right, total_surprise)]:
#     panel.set(xlabel="sample", xticks=range(1, 5), ylim=(0, 1.2 * max(tops)))
#     for sample, top in enumerate(tops, 1):
#         panel.annotate(f"{top:.3f}", (sample, top), ha="center", va="bottom")
# plt.show()

# %% [markdown]
# Divide the sum by $n$, so that data sets of different sizes can be compared. This mean surprise is the **binary
# cross-entropy**. For one sample it is
#
# $$L = -t \ln p - (1 - t) \ln(1 - p).$$
#
# If the target is 0 or 1, one of the two terms is zero, and the other is the surprise. The target may also be a
# probability. A target of 0.7 says that 7 of 10 such samples are of class 1, and the formula is the mean of their
# surprises.
#
# The slope with respect to $p$ is $-\tfrac{t}{p} + \tfrac{1 - t}{1 - p} = \tfrac{p - t}{p (1 - p)}$. The slope of the
# sigmoid is equal to the denominator, so the two cancel:
#
# $$\frac{\partial L}{\partial z} = \frac{p - t}{p(1 - p)} \cdot p(1 - p) = p - t.$$
#
# The slope is probability minus target. Its size is never above 1, and it comes close to 1 when the model is certain
# and wrong:

# %% tags=["active-ipynb"]
# def surprise(p, t):
#     return -t * p.log() - (1 - t) * (1 - p).log()
#
#
# print("    z   squared error   cross-entropy")
# for z in [0.0, -1.0, -3.0, -10.0, -20.0]:
#     _, squared = loss_and_slope(lambda z, t: (z.sigmoid() - t) ** 2, z, 1.0)
#     _, entropy = loss_and_slope(lambda z, t: surprise(z.sigmoid(), t), z, 1.0)
#     print(f"{z:5.0f}     {squared:.6f}       {entropy:.6f}")

# %% [markdown]
# Likelihood also gives a reason for squaring the errors. Let the target be a quantity that scatters around the
# prediction in a bell curve, with the same standard deviation for every sample. Measure everything in units of that
# standard deviation. Then the probability density is proportional to $e^{-(t - p)^2/2}$. Minus the logarithm of that is
# $\tfrac12 (p - t)^2$ plus a constant. So if the samples are independent, the model with the smallest mean squared
# error is the one with the largest likelihood.
#
# ## The logarithm of zero
#
# The formula for cross-entropy takes the logarithm of 0 at $p = 0$ and at $p = 1$. You would expect trouble with a
# model that is certain and wrong. But what about one that is certain and *right*?

# %% tags=["active-ipynb"]
# print("certain and wrong:", surprise(Value(0.0), 1.0).data)
# print("certain and right:", surprise(Value(1.0), 1.0).data)

# %% [markdown]
# For the wrong one, `inf` is the true limit. But the perfect prediction gives `nan`, because the term that should be 0
# is $0 \cdot \ln 0 = 0 \cdot (-\infty)$. A single sample of this kind makes the mean over all samples `nan`.
#
# We do what [PyTorch does](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html): a logarithm is never
# less than −100. In the slope, as in PyTorch's code, $p(1 - p)$ is never less than $10^{-12}$. This takes a rule of its
# own, on plain floats. A rule returns a slope for each input, so it returns one for the target too: the coefficient of
# $t$ in $L$, $\ln(1 - p) - \ln p$. For $\ln(1 - p)$ we take `log1p(-p)`: `log1p(x)` is $\ln(1 + x)$, computed without
# forming $1 + x$, where a tiny $x$ would lose its digits.


# %%
def cross_entropy(p: float, t: float) -> tuple[float, tuple[float, float]]:
    """Return −t·ln p − (1 − t)·ln(1 − p), with ∂/∂p = (p − t)/(p·(1 − p)) and ∂/∂t = ln(1 − p) − ln p.

    As in PyTorch, a logarithm stops at −100 and p·(1 − p) at 1e-12, so that a
    probability of exactly 0 or 1 costs at most 100 and has a finite slope. Where
    p·(1 − p) is cut, ∂/∂p is in general no longer the slope of the loss.
    """
    log_p = max(ops.logarithm(p), -100.0)
    log_q = ops.elementary(math.log1p, -p) if p < 1.0 else -100.0  # the largest float below 1 gives −36.7: no cut
    return (t - 1.0) * log_q - t * log_p, (
        (p - t) / max(p * (1.0 - p), 1e-12),
        log_q - log_p,
    )


# %% [markdown]
# A prediction outside the range 0 to 1 is not a probability. Perhaps it is a logit, and the sigmoid is missing. So
# `expect_probabilities` looks at each prediction, and its message names the function for logits.


# %%
def binary_cross_entropy(predictions: Numbers, targets: Numbers) -> Value:
    """Return the mean of −t·ln p − (1 − t)·ln(1 − p), for predictions that are probabilities.

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
    with two exceptions. Where a logarithm is cut, the slope in a target is that
    of the cut loss, ±100; PyTorch gives that of the loss without the cut, which
    is ±inf at p = 0 and p = 1. Where p·(1 − p) is cut, the slopes in a prediction
    differ by 4e-9 of their size, because PyTorch has its 1e-12 as a 32-bit float.

    Where p·(1 − p) is cut, the slope in a prediction is in general not that of the
    loss, and a gradient check does not agree.

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
#     loss, slope = loss_and_slope(binary_cross_entropy, p, 1.0)
#     print(f"p = {p:<5}  loss {loss:7.3f}  slope {slope:.3g}")
#
# try:
#     binary_cross_entropy([0.3, 1.7], [0, 1])
# except ValueError as error:
#     print(error)

# %% [markdown]
# ## Put the sigmoid into the loss
#
# No probability gives `nan` any more. But where $p(1 - p)$ is cut, the slope is no longer that of the loss: at $p =
# 10^{-20}$ it should be $-10^{20}$. What does this do when $p$ is the result of a sigmoid? The target is 1 in each row,
# so the slope in $z$ should be $\sigma(z) - 1$: −1 in the first row and 0 in the last. In the table, *plain* is the
# formula as it stands, and *cut* is our function.

# %% tags=["active-ipynb"]
# def plain(z, t):
#     return surprise(z.sigmoid(), t)
#
#
# def cut(z, t):
#     return binary_cross_entropy(z.sigmoid(), t)
#
#
# print("                 plain               cut")
# print("    z        loss    slope       loss    slope")
# for z in [-1000.0, -50.0, 0.0, 50.0, 1000.0]:
#     (loss, slope), (cut_loss, cut_slope) = loss_and_slope(plain, z, 1.0), loss_and_slope(cut, z, 1.0)
#     print(f"{z:6.0f}   {loss:7.3f}   {slope:6.3f}    {cut_loss:7.3f}   {cut_slope:6.3f}")

# %% [markdown]
# The plain formula gives `nan` in three rows. The cut removes every `nan`, but in the first two rows, the worst
# mistakes, the slope is 0 or almost 0. The model would learn almost nothing from them.
#
# At −50 the cut itself does the harm: $p(1 - p)$ is far below $10^{-12}$. At −1000 the damage was done earlier: the
# sigmoid has rounded $p$ to 0, and no formula that starts from $p$ can know what $z$ was. So do not compute the loss
# from $p$. Put $p = \sigma(z)$ into the formula on paper. Because $1 - \sigma(z) = \sigma(-z)$,
#
# $$-\ln \sigma(z) = \ln(1 + e^{-z}), \qquad -\ln(1 - \sigma(z)) = \ln(1 + e^{z}).$$
#
# Both are softplus, $\ln(1 + e^a)$, which you know from [Operations](ops.ipynb), once at $-z$ and once at $z$. So the
# loss is
#
# $$L = t \cdot \operatorname{softplus}(-z) + (1 - t) \cdot \operatorname{softplus}(z).$$
#
# We compute softplus as we did there, as $\max(a, 0) + \ln(1 + e^{-|a|})$, so that the exponent is never positive and
# nothing overflows. Far below zero, $e^a$ is tiny, and `log1p` keeps what a plain logarithm loses:

# %% tags=["active-ipynb"]
# print("log:  ", math.log(1 + math.exp(-40)))
# print("log1p:", f"{math.log1p(math.exp(-40)):.6e}")


# %%
def softplus(a: ops.Number) -> ops.Number:
    """Return ln(1 + eᵃ), computed so that nothing overflows and small results keep their digits."""
    return max(a, 0.0) + ops.elementary(math.log1p, ops.exponential(-abs(a)))


# %%
def share(t: float, cost: ops.Number) -> ops.Number:
    """Return t·cost, and 0 if t is 0, also when an infinite logit makes the cost infinite: 0·inf would be nan."""
    return t * (cost if t else 0.0)


# %%
def logit_cross_entropy(z: float, t: float) -> tuple[float, tuple[float, float]]:
    """Return t·ln(1 + e⁻ᶻ) + (1 − t)·ln(1 + eᶻ), with ∂/∂z = σ(z) − t and ∂/∂t = −z."""
    loss = share(t, softplus(-z)) + share(1.0 - t, softplus(z))
    return loss, (ops.sigmoid(z)[0] - t, -z)


# %% [markdown]
# The slope with respect to $z$ is $\sigma(z) - t$, as before. But now the rule returns it directly, with no division
# that needs a cut.
#
# :::{dropdown} The slope in the target, and another form of this loss
# The slope with respect to $t$ is
#
# $$\frac{\partial L}{\partial t} = \operatorname{softplus}(-z) - \operatorname{softplus}(z) = -z.$$
#
# So you can replace $\operatorname{softplus}(-z)$ by $\operatorname{softplus}(z) - z$ in the loss. The result is
# $\max(z, 0) - z t + \ln(1 + e^{-|z|})$, and you may meet the loss in this form.
# :::


# %%
def binary_cross_entropy_with_logits(logits: Numbers, targets: Numbers) -> Value:
    """Return the mean of −t·ln σ(z) − (1 − t)·ln(1 − σ(z)), for scores z of any size.

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
        average. (PyTorch accepts any target here, and for a target of −1 its
        loss has no lower bound: it goes to −∞ as the logit does.)

    Notes
    -----
    Value and gradients are those of
    `torch.nn.functional.binary_cross_entropy_with_logits`, with two exceptions:
    the tiny loss of a logit that is far below zero and right keeps its digits,
    and an infinite logit costs 0 if it is right and inf if it is wrong. (PyTorch
    gives nan for −inf, and for inf with a target of 1.)

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
#     loss, slope = loss_and_slope(binary_cross_entropy_with_logits, z, 1.0)
#     print(f"z = {z:6.0f}   loss {loss:8.3e}   slope {slope:6.3f}")

# %% [markdown]
# Now the slopes are as they should be, and so are the losses. (The last loss is about $10^{-434}$, and the float
# nearest to that is 0. The slope at 50 should be $-2 \cdot 10^{-22}$. It is 0 because $\sigma(50)$ is rounded to 1,
# which does no harm.) A rule written by hand needs a gradient check. We have written two, each with a slope for the
# prediction and a slope for the target:

# %% tags=["active-ipynb"]
# from micrograd_numpy import check_gradients
#
# print(check_gradients(binary_cross_entropy, 0.3, 0.8))
# print()
# print(check_gradients(binary_cross_entropy_with_logits, -3.0, 0.8))

# %% [markdown]
# The next picture has a target of 0.7. The loss is lowest where the probability is equal to the target,
# $\sigma(z) = 0.7$. There the slope is 0, but the loss is not: the class is still uncertain.

# %% mystnb={"code_prompt_show": "The picture's code, 13 lines", "image": {"alt": "The loss over the logit for a target of 0.70, in blue: a valley with its lowest point at a logit of about 0.85, where the loss is 0.61. At a logit of -2, an orange tangent with slope -0.58."}} tags=["active-ipynb", "hide-input"]
# def logit_picture(logit, target):
#     z = np.linspace(-6, 6, 121)
#     loss, slope = loss_and_slope(binary_cross_entropy_with_logits, logit, target)
#     plt.plot(z, [binary_cross_entropy_with_logits(v, target).data for v in z], color=FORWARD, label="loss")
#     reach = np.array([-1.5, 1.5])
#     plt.plot(logit + reach, loss + slope * reach, color=BACKWARD, label=f"slope {slope:.2f}")
#     plt.plot(logit, loss, "o", color=BACKWARD)
#     plt.title(f"target {target:.2f}, probability {Value(logit).sigmoid().data:.2f}, loss {loss:.2f}")
#     plt.xlabel("logit")
#     plt.ylim(-0.5, 6.5)
#     plt.legend()
#     plt.show()
#
#
# logit_picture(-2.0, 0.7)

# %% [markdown]
# If you run the notebook, the folded cell below gives you two sliders, for the logit and for the target.

# %% mystnb={"code_prompt_show": "The sliders, 2 lines"} tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(logit_picture, logit=(-6.0, 6.0, 0.25), target=(0.0, 1.0, 0.1))

# %% [markdown]
# ## Hinge: a loss that stops
#
# If the target is 0 or 1, the slope of cross-entropy on logits is never exactly 0 on paper: even a model that is almost
# certain and right is asked for a little more. The **hinge loss** has a point where it stops. The target is −1 or +1.
# (From 0 or 1, you get it as $2t - 1$.) The model gives a score $s$, and the sign of the score is its answer. The
# product $t s$ is the **margin**, which is positive if the answer is right. The loss is $\max(0,\, 1 - t s)$
# {cite:p}`cortes1995`. If the margin is at least 1, the loss and its slope are 0. Below that, the slope with respect to
# the margin is −1. (At the corner, where the margin is 1, we take 0, as `relu` does.)
#
# Why 1? With 0 instead, the loss would be 0 for a model that gives every sample the score 0 and decides nothing. So the
# loss must require a positive margin. Which one is a matter of units: if all scores are $c$ times as large,
# $\max(0,\, c - t \cdot c s) = c \max(0,\, 1 - t s)$. So a required margin of $c$ is the same task for a model that is
# free to scale its scores, and 1 is the simplest choice.


# %%
def hinge_loss(scores: Numbers, targets: Numbers) -> Value:
    """Return the mean of max(0, 1 − t·s), which is zero for scores on the right side with a margin of one.

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
# The first sample has a margin above 1, so it has no effect. The other two have the same slope, although one of them is
# right and the other is wrong. Here are all four losses, for a target of 1:

# %% mystnb={"code_prompt_show": "The picture's code, 8 lines", "image": {"alt": "Four panels with a loss in blue and its slope in orange. Squared error: a parabola and a line. Cross-entropy over the probability: steep near 0. Cross-entropy over the logit: its slope rises from near -1 to near 0. Hinge: a bend at 1, slope -1 before it and 0 after."}} tags=["active-ipynb", "hide-input"]
# _, panels = plt.subplots(2, 2, figsize=(6.4, 5.4))
# draw(panels[0, 0], mse_loss, (-1, 3), "mse, over the prediction")
# draw(panels[0, 1], binary_cross_entropy, (0.05, 0.99), "cross-entropy, over p")
# draw(panels[1, 0], binary_cross_entropy_with_logits, (-5, 5), "cross-entropy, over the logit")
# draw(panels[1, 1], hinge_loss, (-2, 3), "hinge, over the score")
# panels[0, 1].set_ylim(-8, 4)
# panels[0, 0].legend()
# plt.show()

# %% [markdown]
# Compare the orange lines. The slope of the squared error is proportional to the error. The slope of cross-entropy on
# logits lies between −1 and 0, and it fades gradually. The slope of the hinge is −1 or 0, and nothing in between.
#
# ## A loss that is off by a factor
#
# Suppose someone writes a rule for the mean that divides the result by $n$, but forgets to divide the derivative. Would
# you notice it in training?

# %% tags=["active-ipynb"]
# def wrong_mean(*a):
#     return sum(a) / len(a), (1.0,) * len(a)
#
#
# def fit(average, copies=1, rate=0.02, steps=100):
#     w = Value(0.0)
#     for _ in range(steps):
#         loss = average(*[(w * x - t) ** 2 for x, t in [(1, 2), (2, 4), (3, 6)] * copies])
#         w.grad = 0.0
#         loss.backward()
#         w.data -= rate * w.grad
#     return w.data
#
#
# for name, average in [("right", lambda *v: mean(v)), ("wrong", lambda *v: apply(wrong_mean, *v))]:
#     report = check_gradients(average, 1.0, 2.0, 6.0)
#     print(f"{name}: w = {fit(average):.4f}, 12 samples: w = {fit(average, 4):.4g}, gradients check: {bool(report)}")

# %% [markdown]
# With three samples, both find $w = 2$. The wrong one takes steps that are three times as long as they should be. If
# each sample is there four times, the steps are 12 times as long, and $w$ flies off. A
# [gradient check](gradcheck.ipynb) finds the mistake at once.
#
# ## What you can now do
#
# - Read a loss by its slope: which samples does it push, and how strongly?
# - Derive cross-entropy from a likelihood, and its slope $\sigma(z) - t$ from the chain rule.
# - Choose a loss: squared error for quantities; for classes, cross-entropy on logits, or hinge if samples that are
#   clearly right should have no effect.
# - Rewrite a formula so that no exponential overflows and a tiny loss keeps its digits.
#
# ## In PyTorch this is …
#
# … [`mse_loss`](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html),
# [`binary_cross_entropy`](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html)
# and
# [`binary_cross_entropy_with_logits`](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html)
# in `torch.nn.functional`. Our hinge loss is one line there, with
# [`torch.relu`](https://docs.pytorch.org/docs/stable/generated/torch.relu.html). For three ordinary samples, the
# results and the gradients are the same. (The docstrings above say where they differ.)

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
#     from torch.nn import functional
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     x, labels, signs = [0.8, 0.3, 0.6], [1.0, 0.0, 0.0], [1.0, -1.0, -1.0]
#
#     def compare(name, ours, theirs, t):
#         values = [Value(v) for v in x]
#         tensor = torch.tensor(x, dtype=torch.float64, requires_grad=True)
#         our_loss, their_loss = ours(values, t), theirs(tensor, torch.tensor(t, dtype=torch.float64))
#         our_loss.backward()
#         their_loss.backward()
#         print(f"{name:12} ours  {our_loss.data:.6f}  {[round(v.grad, 6) for v in values]}")
#         print(f"{'':12} torch {their_loss.item():.6f}  {[round(g, 6) for g in tensor.grad.tolist()]}")
#
#     with_logits = functional.binary_cross_entropy_with_logits
#     compare("mse", mse_loss, functional.mse_loss, labels)
#     compare("entropy", binary_cross_entropy, functional.binary_cross_entropy, labels)
#     compare("with logits", binary_cross_entropy_with_logits, with_logits, labels)
#     compare("hinge", hinge_loss, lambda s, t: torch.relu(1 - t * s).mean(), signs)

# %% [markdown]
# PyTorch [gives the same advice](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html): the
# loss that takes logits "is more numerically stable than using a plain `Sigmoid` followed by a `BCELoss`".
#
# ## Exercises
#
# With folded solutions, in [Exercises: Losses](exercises/losses.ipynb):
#
# 1. Huber, gentle with outliers: write a loss that is squared near the target and straight far from it.
# 2. A hinge without a corner: put softplus in place of relu.
# 3. More than two classes: compute the cross-entropy of several logits.
#
# ## Check yourself
#
# :::{dropdown} Why does a model with a sigmoid and a squared error learn slowly from its worst mistakes?
# The slope with respect to the logit has the factor $p(1 - p)$, which is almost zero when $p$ is near 0 or 1.
# :::
#
# :::{dropdown} A classifier gives 0.5 to every sample. What is its cross-entropy?
# It is $-\ln 0.5 = 0.693$, whatever the labels are. If an untrained model starts far above that, it gives the true
# classes of some samples probabilities well below 0.5: it is too sure, and wrong.
# :::
#
# :::{dropdown} Why can't a formula that starts from probabilities be exact for large logits?
# At $z = 40$ the sigmoid has rounded $p$ to 1, and at half of that the float $1 - p$ has already lost half its digits.
# Far below zero, $p$ keeps its digits much longer, but at $z = -1000$ it is 0. Then the formula can't know what $z$
# was.
# :::
#
# :::{dropdown} Which samples have no effect on the gradient of the hinge loss?
# Those that are right by a margin of at least 1: $t s \ge 1$.
# :::
#
# :::{dropdown} A loss divides the result by $n$, but not the gradient. What happens to the training?
# Each step is $n$ times as long as it should be. With few samples you may not notice. With many, the steps can be so
# long that the training diverges.
# :::
#
# ## Sources
#
# The logarithm as a fair price for a forecast: {cite:p}`good1952`. The hinge loss, in support vector machines:
# {cite:p}`cortes1995`. The names, and the two numbers of the cut, follow PyTorch {cite:p}`paszke2019`.
