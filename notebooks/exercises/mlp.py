# %% [markdown]
# # Exercises: Neurons, layers, MLP
#
# These exercises belong to [Neurons, layers, MLP](../mlp.ipynb), and the first needs the rules of
# [Operations](../ops.ipynb). Try each one before you open its solution. Every solution ends with a check that runs.

# %%
import json
import tempfile
from itertools import pairwise
from pathlib import Path

from micrograd_numpy import Value, topological_sort
from micrograd_numpy.mlp import ACTIVATIONS, MLP, Module, Neuron
from micrograd_numpy.value import apply


# %% [markdown]
# ## 1. A relu that leaks
#
# For a negative score, `relu` has slope 0. As long as the score of a neuron is negative for every example, its weights
# get no gradient and do not move. We call the neuron *dead*. A *leaky* relu has a small slope there: it returns $a$ for
# $a > 0$, and $0.1\,a$ otherwise.
#
# Write it as a rule `leaky_relu`: a function of a float that returns the result and a tuple with its derivative. Add it
# to `ACTIVATIONS`, which wants a function of a Value, so use `apply`. Its squared gain is $g^2 = 2 / (1 + 0.1^2)$: in
# the argument of the chapter, half of the mean square stays as it is, and the other half is multiplied by $0.1^2$. Then
# show two things: the gradient agrees with nudging, and a neuron that is dead with `relu` learns with `leaky_relu`.
#
# Use the neuron with weight −1 and bias −1, the loss $(\text{out} - 1)^2$ for the example 2, and 100 steps with the
# rate 0.05.


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def leaky_relu(a):
    """Return a if it is positive, else 0.1·a, with its slope."""
    return (a, (1.0,)) if a > 0.0 else (0.1 * a, (0.1,))


ACTIVATIONS["leaky_relu"] = (lambda v: apply(leaky_relu, v), 2.0 / (1.0 + 0.1**2))

nudge = 1e-6
for a in (-2.0, -0.5, 0.5, 2.0):
    slope = (leaky_relu(a + nudge)[0] - leaky_relu(a - nudge)[0]) / (2 * nudge)
    v = Value(a)
    apply(leaky_relu, v).backward()
    print(f"at {a:4}: nudging gives {slope:.6f}, backward gives {v.grad:.6f}")
    assert abs(slope - v.grad) < 1e-8


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def learn(activation, steps=100, rate=0.05):
    neuron = Neuron(1, activation)
    neuron.load_state_dict({"weights.0": -1.0, "bias": -1.0})
    for _ in range(steps):
        neuron.zero_grad()
        ((neuron(2.0) - 1.0) ** 2).backward()
        for parameter in neuron.parameters():
            parameter.data -= rate * parameter.grad
    return neuron(2.0).data


ends = {activation: learn(activation) for activation in ("relu", "leaky_relu")}
for activation, end in ends.items():
    print(f"{activation:10} output after 100 steps: {end:.4f}")
assert ends["relu"] == 0.0
assert abs(ends["leaky_relu"] - 1.0) < 1e-4


# %% [markdown]
# ## 2. Count before you build
#
# Write two functions of the sizes of a model, such as `(2, 16, 16, 1)`:
#
# - `count_parameters(sizes)` returns the number of parameters.
# - `count_nodes(sizes)` returns the number of nodes in the graph of one call, counting parameters and inputs, for a
#   model with `tanh`.
#
# Check both with a few models. For `(2, 16, 16, 1)` they should return 337 and 437.

# %% [markdown]
# :::{dropdown} Show the idea
# A layer has $(n + 1)\,m$ parameters. Each neuron makes a `dot` node and a `+` node, and each hidden neuron makes a
# `tanh` node too. The last layer is linear, so its neurons make no third node.
# :::


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def count_parameters(sizes):
    return sum((nin + 1) * nout for nin, nout in pairwise(sizes))


def count_nodes(sizes):
    operations = 3 * sum(sizes[1:-1]) + 2 * sizes[-1]
    return sizes[0] + count_parameters(sizes) + operations


for sizes in [(2, 1), (2, 4, 4, 1), (2, 16, 16, 1), (5, 3, 1)]:
    model = MLP(sizes[0], sizes[1:], "tanh", rng=0)
    nodes = topological_sort(model([1.0] * sizes[0]))
    assert count_parameters(sizes) == len(model.parameters())
    assert count_nodes(sizes) == len(nodes)
    print(f"{sizes}: {count_parameters(sizes)} parameters, {count_nodes(sizes)} nodes")


# %% [markdown]
# ## 3. Save a model to a file
#
# Write `save(model, path)` and `load(model, path)` with the `json` module. The state of a model does not include its
# activation function, so save that too, and let `load` raise a `ValueError` if it is another one.
#
# Save a model with the sizes 3 → 4 → 2. Load the file into another model with the same sizes and another seed: both
# must return the same two outputs. Then load it into a model with the sizes 3 → 4 → 1, and into one with `tanh`. Show
# that both raise an error and change nothing.


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def save(model, path):
    saved = {"activation": activation_of(model), "numbers": model.state_dict()}
    Path(path).write_text(json.dumps(saved, indent=1))


def load(model, path):
    saved = json.loads(Path(path).read_text())
    if saved["activation"] != activation_of(model):
        raise ValueError(f"the file is of a {saved['activation']} model, and this one has {activation_of(model)}")
    model.load_state_dict(saved["numbers"])


def activation_of(model):
    return model.layers[0].neurons[0].activation


x = [0.5, -1.0, 2.0]
model, twin = MLP(3, [4, 2], rng=1), MLP(3, [4, 2], rng=2)
others = [MLP(3, [4, 1], rng=3), MLP(3, [4, 2], "tanh", rng=4)]
before = [other.state_dict() for other in others]
refused = 0
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model.json"
    save(model, path)
    load(twin, path)
    for other in others:
        try:
            load(other, path)
        except ValueError as error:
            refused += 1
            print(error)

assert refused == 2
assert [other.state_dict() for other in others] == before
assert [v.data for v in twin(x)] == [v.data for v in model(x)]
print("the saved model:", [f"{v.data:.4f}" for v in model(x)])
print("the loaded one: ", [f"{v.data:.4f}" for v in twin(x)])


# %% [markdown]
# ## 4. The same weights in two places
#
# The function $f(x) = g(x) + g(-x)$ is symmetric whatever $g$ is: it has the same value at $x$ and at $-x$. Write a
# `Module` that computes $f$, and use one `MLP(1, [3, 1], "tanh")` twice for $g$. Give its biases values other than 0
# first. (In a new model all biases are 0, and then $f$ is 0 everywhere, because $\tanh(-z) = -\tanh(z)$.)
#
# How many parameters does it have? Show at $x = 2$ that the gradient of each is the sum of what the two uses
# contribute, and check it by nudging. (To get the contribution of one use, call `backward` on $g(x)$ alone, or on
# $g(-x)$ alone.)


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
class Even(Module):
    def __init__(self, rng=None):
        self.g = MLP(1, [3, 1], "tanh", rng)
        self.mirrored = self.g  # a second name of the same model

    def __call__(self, x):
        return self.g(x) + self.mirrored(-x)


model = Even(rng=0)
for i, parameter in enumerate(model.parameters()):
    parameter.data += 0.1 * i  # so that no bias is zero
print(len(model.parameters()), "parameters")
for z in (0.3, 2.0, 7.0):
    print(f"f({z}) = {model(z).data:.6f}   f({-z}) = {model(-z).data:.6f}")
    assert model(z).data == model(-z).data


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def gradients(function):
    model.zero_grad()
    function().backward()
    return [parameter.grad for parameter in model.parameters()]


def nudged(parameter, nudge=1e-6):
    start = parameter.data
    parameter.data = start + nudge
    up = model(2.0).data
    parameter.data = start - nudge
    down = model(2.0).data
    parameter.data = start
    return (up - down) / (2 * nudge)


both = gradients(lambda: model(2.0))
right, left = gradients(lambda: model.g(2.0)), gradients(lambda: model.g(-2.0))
for name, total, one, two in zip(model.state_dict(), both, right, left):
    print(f"{name:30} {one:8.4f} + {two:8.4f} = {total:8.4f}")

assert all(abs(total - one - two) < 1e-12 for total, one, two in zip(both, right, left))
assert all(abs(total - nudged(parameter)) < 1e-8 for total, parameter in zip(both, model.parameters()))
print("All agree with nudging.")
