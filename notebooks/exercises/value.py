# %% [markdown]
# # Exercises: Value
#
# Try each exercise before you open its solution. Every solution is a cell that runs, so you can compare its output with
# your answer.

# %% [markdown]
# ## 1. Give `Tiny` subtraction
#
# Here is the class from the [chapter](../value.ipynb). Give it a method for `-`, so that `d = a * b - a` works. What
# are the two local derivatives of a difference? Then let $a = 2$ and $b = 5$, call `hand_back` in the right order, and
# compare the gradients with the slopes that you get by nudging each input.

# %%
class Tiny:
    def __init__(self, data, inputs=(), local=()):
        self.data, self.grad = data, 0.0
        # local[i] is the local derivative for inputs[i]
        self.inputs, self.local = inputs, local

    def __add__(self, other):
        return Tiny(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Tiny(self.data * other.data, (self, other), (other.data, self.data))

    def hand_back(self):
        for i, local in zip(self.inputs, self.local):
            i.grad += local * self.grad


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def subtract(self, other):  # nudge other up, and the difference goes down
    return Tiny(self.data - other.data, (self, other), (1.0, -1.0))


Tiny.__sub__ = subtract

a, b = Tiny(2.0), Tiny(5.0)
p = a * b
d = p - a
d.grad = 1.0
d.hand_back()  # first, because p's gradient comes from d
p.hand_back()


def plain(a, b):
    return a * b - a


nudge = 1e-6
print(f"a: {a.grad} by hand_back, {(plain(2 + nudge, 5) - plain(2, 5)) / nudge:.4f} by nudging")
print(f"b: {b.grad} by hand_back, {(plain(2, 5 + nudge) - plain(2, 5)) / nudge:.4f} by nudging")

# %% [markdown]
# ## 2. Add over paths
#
# Let $y = (x + 1) \cdot x \cdot x$, computed from left to right, at $x = 2$. Draw the graph on paper and write the
# local derivatives on its arrows. How many paths lead from $x$ to $y$? Multiply along each path, and add the products.
# Then let `backward` compute the gradient, and compare.

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
from micrograd_numpy import Value, draw_graph

x = Value(2.0, label="x")
s = x + 1
p = s * x
y = p * x
y.label = "y"

# Three paths: through s, through the first factor x, and through the second factor x.
by_paths = [1 * x.data * x.data, s.data * x.data, p.data]
y.backward()
print("paths:", by_paths, " sum:", sum(by_paths), " backward:", x.grad)

# %% mystnb={"code_prompt_show": "Show the graph", "image": {"alt": "The graph of y = (x + 1)*x*x at x = 2 with its local derivatives; three arrows leave x."}} tags=["hide-cell"]
draw_graph(y, local_derivatives=True)


# %% [markdown]
# ## 3. Walk downhill
#
# $f(x) = x^4 - 3x^3 + 2$ has one lowest point. Start at $x = 4$. In each step, compute the slope with `backward` and
# move a little against it: `x = x - 0.01 * slope`. Where are you after 200 steps?


# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
def f(x):
    return x**4 - 3 * x**3 + 2


position = 4.0
for step in range(1, 201):
    x = Value(position)
    f(x).backward()
    position -= 0.01 * x.grad
    if step in (1, 2, 5, 20, 200):
        print(f"after step {step:3}: x = {position:.6f}, f(x) = {f(position):.6f}")

assert abs(position - 9 / 4) < 1e-6

# %% [markdown]
# If you know some calculus, you can check the answer. The slope is $4x^3 - 9x^2 = x^2 (4x - 9)$. It is zero at $x = 0$
# and at $x = 9/4$. At 0, the slope is negative on both sides, so the curve goes on falling there. The lowest point is
# at $9/4$.
#
# A model with one weight is trained in the same way. Later chapters do it with more weights.

# %% [markdown]
# ## 4. Two names, one node
#
# What is `x.grad` after each of these lines, and why? Decide before you run them.
#
# - `x = Value(3.0)`, `y = x`, `z = x + y`, then `z.backward()`
# - `x = Value(3.0)`, `y = Value(3.0)`, `z = x + y`, then `z.backward()`

# %% mystnb={"code_prompt_show": "Show the solution"} tags=["hide-cell"]
x = Value(3.0)
y = x  # a second name for the same node: z gets two arrows from it
z = x + y
z.backward()
print("one node, two names: ", x.grad)

x, y = Value(3.0), Value(3.0)  # two nodes that happen to hold the same number: z gets one arrow from each
z = x + y
z.backward()
print("two nodes:           ", x.grad)
