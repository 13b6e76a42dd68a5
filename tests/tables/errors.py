"""Every error that a user of the library can cause, chapter by chapter: what was tried, and what is answered.

The test runs each line and compares kind and message; tools/book/contract.py prints the list on the page
"The contract". Errors that Python, NumPy or scikit-learn raise in words of their own are not listed.
"""

# ruff: noqa: E501
# (a message stands in one piece, as the reader sees it)

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# What the lines may use.
SETUP = """\
import copy
import math
import pickle
from math import inf, nan

import numpy as np

from micrograd_numpy import *
from micrograd_numpy import ops
from micrograd_numpy.engine import *
from micrograd_numpy.figures import boundary_figure, neuron_figure, paths_figure
from micrograd_numpy.moons import *
from micrograd_numpy.nn import *
from micrograd_numpy.optimizers import Optimizer, plot_paths

a = Value(2.0, label="a")
model = MLP(2, [1])
sgd = SGD(model.parameters())


def cube(x):
    return x**3, (3 * x**2,)


def in_spite(f):
    try:
        return f()
    except TypeError:
        return 1.0
"""


@dataclass(frozen=True)
class Error:
    """A line of code, and the error that it raises."""

    code: str
    kind: type[Exception]
    message: str
    missing: str = ""  # a module that is not installed

    def __str__(self) -> str:
        return self.code

    def provoke(self) -> Exception:
        """Run the line, and return what it raised."""
        names: dict[str, object] = {}
        exec(SETUP, names)
        try:
            with without(self.missing):
                exec(self.code, names)
        except Exception as error:  # noqa: BLE001  # whatever it is, the test compares it
            return error
        raise AssertionError(f"nothing happened: {self.code}")


@contextmanager
def without(module: str) -> Iterator[None]:
    """Let an import of `module` fail, if it is named."""
    found = sys.modules.get(module)
    if module:
        sys.modules[module] = None  # type: ignore[assignment]  # how Python marks what cannot be imported
    try:
        yield
    finally:
        if module:
            del sys.modules[module]
        if found:
            sys.modules[module] = found


ERRORS: dict[str, list[Error]] = {
    "Value": [
        Error(
            'Value("3")',
            TypeError,
            "a Value holds one real number, but got str: '3'; convert it first, for example with float(...)",
        ),
        Error(
            "Value(None)",
            TypeError,
            "a Value holds one real number, but got NoneType: None; has a function forgotten to return its result?",
        ),
        Error(
            "Value(1j)",
            TypeError,
            "a Value holds one real number, but got complex: 1j; take one real number from it, for example with .real",
        ),
        Error(
            "Value([1.0, 2.0])",
            TypeError,
            "a Value holds one real number, but got list: [1.0, 2.0]; make one Value per element: [Value(x) for x in data]",
        ),
        Error(
            "Value(np.zeros(2))",
            TypeError,
            "a Value holds one real number, but got ndarray: array([0., 0.]); make one Value per element: [Value(x) for x in data]",
        ),
        Error(
            "Value(np.zeros((1, 2)))",
            TypeError,
            "a Value holds one real number, but got ndarray: array([[0., 0.]]); make one Value per number: [[Value(x) for x in row] for row in data]",
        ),
        Error(
            "Value({'w': 1.0})",
            TypeError,
            "a Value holds one real number, but got dict: {'w': 1.0}; make one Value per number: {key: Value(x) for key, x in data.items()}",
        ),
        Error(
            "Value(...)",
            TypeError,
            "a Value holds one real number, but got ellipsis: Ellipsis; it is no number, and float(...) makes none of it",
        ),
        Error(
            "a + type('Value', (), {'_prev': (), '__repr__': lambda self: 'Value(data=1.0)'})()",
            TypeError,
            "a Value holds one real number, but got Value: Value(data=1.0); it is a Value already: use it as it is, or take its number with .data; where a Value would do, it is of another class Value, from before a reload or from another module: make all Values with one class",
        ),
        Error(
            "Value(a)",
            TypeError,
            "a Value holds one real number, but got Value: Value(data=2.0, grad=0.0, label='a'); it is a Value already: use it as it is, or take its number with .data; where a Value would do, it is of another class Value, from before a reload or from another module: make all Values with one class",
        ),
        Error(
            "Value(10**400)",
            OverflowError,
            "a Value holds a float, which ends near 1.8e308, but got an int of 1329 bits; make it smaller first",
        ),
        Error(
            'a + "1"',
            TypeError,
            "a Value holds one real number, but got str: '1'; convert it first, for example with float(...)",
        ),
        Error(
            "a + None",
            TypeError,
            "a Value holds one real number, but got NoneType: None; has a function forgotten to return its result?",
        ),
        Error(
            "[1.0] + a",
            TypeError,
            "a Value holds one real number, but got list: [1.0]; make one Value per element: [Value(x) for x in data]",
        ),
        Error(
            "a * np.ones(2)",
            TypeError,
            "a Value holds one real number, but got ndarray: array([1., 1.]); make one Value per element: [Value(x) for x in data]",
        ),
        Error(
            "np.ones(2) * a",
            TypeError,
            "a Value holds one real number, but got ndarray: array([1., 1.]); make one Value per element: [Value(x) for x in data]",
        ),
        Error(
            "a / 1j",
            TypeError,
            "a Value holds one real number, but got complex: 1j; take one real number from it, for example with .real",
        ),
        Error(
            'a ** "2"',
            TypeError,
            "a Value holds one real number, but got str: '2'; convert it first, for example with float(...)",
        ),
        Error(
            '"2" ** a',
            TypeError,
            "a Value holds one real number, but got str: '2'; convert it first, for example with float(...)",
        ),
        Error(
            "a ** 10**400",
            OverflowError,
            "a Value holds a float, which ends near 1.8e308, but got an int of 1329 bits; make it smaller first",
        ),
        Error(
            'a < "1"',
            TypeError,
            "a Value holds one real number, but got str: '1'; convert it first, for example with float(...)",
        ),
        Error(
            "a >= None",
            TypeError,
            "a Value holds one real number, but got NoneType: None; has a function forgotten to return its result?",
        ),
        Error(
            "np.ones(2) < a",
            TypeError,
            "a Value holds one real number, but got ndarray: array([1., 1.]); make one Value per element: [Value(x) for x in data]",
        ),
        Error(
            "round(a, 2)",
            TypeError,
            "round(v) jumps, and a jump has no slope: for the number alone write round(v.data), or give apply a rule of your own",
        ),
        Error(
            "int(a)",
            TypeError,
            "int(v) jumps, and a jump has no slope: for the number alone write int(v.data), or give apply a rule of your own",
        ),
        Error(
            "math.floor(a)",
            TypeError,
            "math.floor(v) jumps, and a jump has no slope: for the number alone write math.floor(v.data), or give apply a rule of your own",
        ),
        Error(
            "math.ceil(a)",
            TypeError,
            "math.ceil(v) jumps, and a jump has no slope: for the number alone write math.ceil(v.data), or give apply a rule of your own",
        ),
        Error(
            "math.trunc(a)",
            TypeError,
            "math.trunc(v) jumps, and a jump has no slope: for the number alone write math.trunc(v.data), or give apply a rule of your own",
        ),
        Error(
            "a % 2",
            TypeError,
            "v % n jumps, and a jump has no slope: for the number alone write v.data % n, or give apply a rule of your own",
        ),
        Error(
            "2 % a",
            TypeError,
            "n % v jumps, and a jump has no slope: for the number alone write n % v.data, or give apply a rule of your own",
        ),
        Error(
            "a // 2",
            TypeError,
            "v // n jumps, and a jump has no slope: for the number alone write v.data // n, or give apply a rule of your own",
        ),
        Error(
            "2 // a",
            TypeError,
            "n // v jumps, and a jump has no slope: for the number alone write n // v.data, or give apply a rule of your own",
        ),
        Error(
            "divmod(a, 2)",
            TypeError,
            "divmod(v, n) jumps, and a jump has no slope: for the number alone write divmod(v.data, n), or give apply a rule of your own",
        ),
        Error(
            "divmod(2, a)",
            TypeError,
            "divmod(n, v) jumps, and a jump has no slope: for the number alone write divmod(n, v.data), or give apply a rule of your own",
        ),
        Error(
            "copy.deepcopy(a * 2)",
            TypeError,
            "only leaves can be copied or pickled, and Value(data=4.0, grad=0.0) was made by '*': copy the leaves and compute it again, or keep its number, .data",
        ),
        Error(
            "pickle.dumps(a * 2)",
            TypeError,
            "only leaves can be copied or pickled, and Value(data=4.0, grad=0.0) was made by '*': copy the leaves and compute it again, or keep its number, .data",
        ),
        Error(
            "apply(lambda x: x, a)",
            TypeError,
            "the rule '<lambda>' returned float: 2.0; it must return its result and one local derivative for each input, real numbers all, as (result, (d1, d2, ...))",
        ),
        Error(
            "apply(lambda x: (x, 1.0), a)",
            TypeError,
            "the rule '<lambda>' returned tuple: (2.0, 1.0); it must return its result and one local derivative for each input, real numbers all, as (result, (d1, d2, ...))",
        ),
        Error(
            'apply(lambda x: ("x", (1.0,)), a)',
            TypeError,
            "the rule '<lambda>' returned tuple: ('x', (1.0,)); it must return its result and one local derivative for each input, real numbers all, as (result, (d1, d2, ...))",
        ),
        Error(
            "apply(lambda x: (x, (1.0, 2.0)), a)",
            ValueError,
            "the rule '<lambda>' got 1 inputs but returned 2 local derivatives; it must return one for each input, as (result, (d1, d2, ...))",
        ),
        Error(
            'apply(ops.mul, a, "3")',
            TypeError,
            "a Value holds one real number, but got str: '3'; convert it first, for example with float(...)",
        ),
        Error(
            "dot([a], [1.0, 2.0])", ValueError, "dot needs as many numbers on the left as on the right, but got 1 and 2"
        ),
        Error(
            "dot(1.0, 2.0)",
            TypeError,
            "dot takes Values or numbers in a list, but got float: 1.0; write [x] for a single x",
        ),
        Error(
            "dot({1.0}, [2.0])",
            TypeError,
            "dot needs its numbers in an order, but a set came in; pass a list or an array",
        ),
        Error(
            "mean({0: 1.0, 1: 2.0})",
            TypeError,
            "mean needs its numbers in an order, but a dict came in; pass a list or an array",
        ),
        Error(
            'total(b"12")',
            TypeError,
            "total needs its numbers as numbers, but bytes came in; pass a list or an array",
        ),
        Error(
            "dot([[1.0]], [[2.0]])",
            TypeError,
            "a Value holds one real number, but got list: [1.0]; make one Value per element: [Value(x) for x in data]",
        ),
        Error(
            "total(a)",
            TypeError,
            "total takes Values or numbers in a list, but got Value: Value(data=2.0, grad=0.0, label='a'); write [x] for a single x",
        ),
        Error("mean([])", ValueError, "mean needs at least one value, but got none"),
        Error(
            "mean(a)",
            TypeError,
            "mean takes Values or numbers in a list, but got Value: Value(data=2.0, grad=0.0, label='a'); write [x] for a single x",
        ),
        Error(
            "mean(None)",
            TypeError,
            "mean takes Values or numbers in a list, but got NoneType: None; write [x] for a single x",
        ),
        Error(
            "mean([[1.0, 2.0]])",
            TypeError,
            "a Value holds one real number, but got list: [1.0, 2.0]; make one Value per element: [Value(x) for x in data]",
        ),
    ],
    "Backpropagation": [
        Error(
            "topological_sort(None)",
            TypeError,
            "a graph starts from one Value, but got NoneType; pass the Value to differentiate",
        ),
        Error(
            "topological_sort(3.0)",
            TypeError,
            "a graph starts from one Value, but got float; pass the Value to differentiate",
        ),
        Error(
            "backward([a])", TypeError, "a graph starts from one Value, but got list; pass the Value to differentiate"
        ),
        Error(
            "backward(3.0)", TypeError, "a graph starts from one Value, but got float; pass the Value to differentiate"
        ),
    ],
    "Seeing the graph": [
        Error(
            "draw_graph(3.0)",
            TypeError,
            "draw_graph draws the graph behind one Value, but got float: give it the Value to explain",
        ),
        Error(
            "draw_graph([a, a * 2])",
            TypeError,
            "draw_graph draws the graph behind one Value, but got list: draw one of its elements",
        ),
        Error('draw_graph(a, direction="left")', ValueError, "direction is 'right' or 'down', but got 'left'"),
        Error(
            "draw_graph(a * 2, max_nodes=1)",
            ValueError,
            "this graph has 3 nodes, more than max_nodes=1: draw one of the values inside it, or a smaller example, or raise max_nodes to draw it anyway",
        ),
        Error(
            'draw_graph(a).save("graph.png")',
            ValueError,
            "save writes .svg, .dot or .gv, but got 'graph.png': choose one of these endings",
        ),
        Error(
            "stepper(3)",
            TypeError,
            "stepper shows how one Value was computed, but got int: 3; give it the Value to explain",
        ),
        Error(
            "stepper([a])",
            TypeError,
            "stepper shows how one Value was computed, but got list: [Value(data=2.0, grad=0.0, label='a')]; give it the Value to explain",
        ),
        Error(
            "stepper(a, rules=3)",
            TypeError,
            "rules must be functions, as you gave them to apply, but got int: 3",
        ),
        Error(
            "stepper(a * 2, max_nodes=1)",
            ValueError,
            "this graph has 3 nodes, more than max_nodes=1: step through one of the values inside it, or a smaller example, or raise max_nodes to have it anyway",
        ),
        Error(
            'stepper(a).save("figure.png")',
            ValueError,
            "a figure is saved as .svg, but got 'figure.png': choose that ending",
        ),
    ],
    "Trusting gradients": [
        Error(
            "check_gradients(3.0, 1.0)",
            TypeError,
            "check_gradients takes a function first, but got float: 3.0; write check_gradients(f, 2.0, 3.0)",
        ),
        Error(
            "check_gradients(lambda x: x * 2)",
            ValueError,
            "check_gradients needs at least one input: check_gradients(f, 2.0, 3.0)",
        ),
        Error(
            'check_gradients(lambda x: x * 2, "3")',
            TypeError,
            "a Value holds one real number, but got str: '3'; convert it first, for example with float(...)",
        ),
        Error(
            "check_gradients(lambda x: x * 2, a * 2)",
            ValueError,
            "x0 was made by '*'; pass the leaves it was made from, and compute it inside f",
        ),
        Error(
            "check_gradients(lambda x: x * 2, inf)",
            ValueError,
            "x0 is inf; there is no slope to compare: check at a finite point",
        ),
        Error(
            "check_gradients(lambda x: x.log(), -1.0)",
            ValueError,
            "f is nan here; there is no slope to compare: check at another point (detect_anomaly tells where it came from)",
        ),
        Error(
            "check_gradients(lambda x: x.data, 1.0)",
            TypeError,
            "f must return a Value, but it returned float: 1.0; compute it from the inputs without .data, float() or math functions",
        ),
        Error(
            "check_gradients(lambda x: [x, x * 2], 1.0)",
            TypeError,
            "f must return a Value, but it returned list: [Value(data=1.0, grad=0.0), Value(data=2.0, grad=0.0)]; check one output at a time, for example lambda x: f(x)[0]",
        ),
        Error(
            "check_gradients(lambda x, n=iter([1, 2, 3]): x * next(n), 1.0)",
            ValueError,
            "f gave 1.0 and then 2.0 for the same inputs; make it give the same every time",
        ),
        Error(
            "check_gradients(lambda x: x * 2, 1.0, rtol=0.0)",
            ValueError,
            "rtol must be positive and atol not negative, but got rtol=0.0 and atol=0.0",
        ),
        Error(
            "check_gradients(lambda x: x * 2, 1.0, atol=nan)",
            ValueError,
            "rtol must be positive and atol not negative, but got rtol=1e-07 and atol=nan",
        ),
    ],
    "Anomalies": [
        Error(
            'with detect_anomaly(): Value(0.0, label="x").log() * 2',
            FloatingPointError,
            "'log' gave -inf:\n  line 1 of '<module>'\n  operation 1 of the block\n  -inf, made by 'log'\n    x = 0.0",
        ),
        Error(
            "with detect_anomaly(): Value(inf) - 1",
            FloatingPointError,
            "'-' gave inf:\n  line 1 of '<module>'\n  operation 1 of the block\n  inf came in with it\n  inf, made by '-'\n    inf\n    1.0",
        ),
        Error(
            'with detect_anomaly(): (Value(0.0, label="x") ** 0.5).backward()',
            FloatingPointError,
            "the backward of '**0.5' made a gradient of inf:\n  made in line 1 of '<module>'\n  operation 1 of 1 on the way back\n  it sent 1.0 (gradient) times inf (local derivative)\n  to x = 0.0, which held 0.0\n  0.0, made by '**0.5'\n    x = 0.0",
        ),
    ],
    "Neurons, layers, MLP": [
        Error("Neuron(0)", ValueError, "nin must be at least 1, but got 0"),
        Error("Neuron(2.0)", TypeError, "nin must be a whole number, but got float: 2.0"),
        Error('Layer(2, "4")', TypeError, "nout must be a whole number, but got str: '4'"),
        Error("MLP(2, 3)", TypeError, "nouts must list the sizes of the layers, as in [4, 1], but got int: 3"),
        Error("MLP(2, [])", ValueError, "nouts must list at least one layer, as in [4, 1], but it is empty"),
        Error("MLP(2, [4, 0])", ValueError, "nouts[1] must be at least 1, but got 0"),
        Error("MLP(2, [4, 1.0])", TypeError, "nouts[1] must be a whole number, but got float: 1.0"),
        Error(
            'MLP(2, [4, 1], "rleu")',
            ValueError,
            "activation must be one of relu, tanh, sigmoid, linear, but got str: 'rleu'",
        ),
        Error("MLP(2, {4, 1})", TypeError, "MLP needs nouts in an order, but a set came in; pass a list or an array"),
        Error(
            "model({0: 5.0, 1: 7.0})",
            TypeError,
            "a model needs its inputs in an order, but a dict came in; pass a list or an array",
        ),
        Error("model([1.0])", ValueError, "expected 2 inputs, but got 1; pass one number for each input of the model"),
        Error("model(1.0)", ValueError, "expected 2 inputs, but got 1; pass one number for each input of the model"),
        Error(
            'model([1.0, "2"])',
            TypeError,
            "a Value holds one real number, but got str: '2'; convert it first, for example with float(...)",
        ),
        Error(
            "model(np.ones((3, 2)))",
            TypeError,
            "expected one example of 2 numbers, but got an array of shape (3, 2); take one row at a time: [model(row) for row in X]",
        ),
        Error(
            "model([[1.0, 2.0], [3.0, 4.0]])",
            TypeError,
            "expected one example of 2 numbers, but got rows of them; take one row at a time: [model(row) for row in X]",
        ),
        Error(
            "model([[1.0, 2.0]])",
            TypeError,
            "expected one example of 2 numbers, but got rows of them; take one row at a time: [model(row) for row in X]",
        ),
        Error(
            "model.load_state_dict([1.0])",
            TypeError,
            "expected a mapping from names to numbers, but got list; pass what state_dict() returned, or what json.load read",
        ),
        Error(
            "model.load_state_dict({})",
            ValueError,
            "the state does not fit MLP(2 → 1, linear, 3 parameters): 3 missing: 'layers.0.neurons.0.weights.0', 'layers.0.neurons.0.weights.1', 'layers.0.neurons.0.bias'; load it into a model of the same sizes",
        ),
        Error(
            'model.load_state_dict({**model.state_dict(), "c": 1.0})',
            ValueError,
            "the state does not fit MLP(2 → 1, linear, 3 parameters): 1 unexpected: 'c'; load it into a model of the same sizes",
        ),
        Error(
            'model.load_state_dict(dict.fromkeys(model.state_dict(), "1"))',
            TypeError,
            "bad number for 'layers.0.neurons.0.weights.0': a Value holds one real number, but got str: '1'; convert it first, for example with float(...)",
        ),
        Error(
            "model.load_state_dict(dict.fromkeys(model.state_dict(), 10**400))",
            OverflowError,
            "bad number for 'layers.0.neurons.0.weights.0': a Value holds a float, which ends near 1.8e308, but got an int of 1329 bits; make it smaller first",
        ),
        Error(
            'model.extra = {1: Value(1.0), "1": Value(2.0)}; model.parameters()',
            ValueError,
            "two parameters have the name 'extra.1'; rename a key, so that none gets lost",
        ),
        Error(
            "model.extra = {a}; model.parameters()",
            ValueError,
            "MLP.extra is of type set, where parameters() does not look, and holds Value(data=2.0, grad=0.0, label='a'); if it is to be trained, keep it in a list, a dict or a Module; if not, keep its number, .data",
        ),
        Error(
            "model.extra = {a: 1.0}; model.parameters()",
            ValueError,
            "MLP.extra.keys() is in the keys of a dict, where parameters() does not look, and holds Value(data=2.0, grad=0.0, label='a'); if it is to be trained, keep it in the values; if not, keep its number, .data",
        ),
        Error(
            'type("Line", (Module,), {"w": a})().parameters()',
            ValueError,
            "Line.w is an attribute of the class, where parameters() does not look, and holds Value(data=2.0, grad=0.0, label='a'); if it is to be trained, assign it to self, in __init__; if not, keep its number, .data",
        ),
        Error(
            "model.extra = Value(5.0) * 0.1; model.parameters()",
            ValueError,
            "MLP.extra, Value(data=0.5, grad=0.0), was made by '*' from no parameter of the model, so nothing would train it; if it is to be trained, make it a leaf: Value(x.data); if not, keep its number, x.data",
        ),
        Error(
            "model.extra = (Neuron(2) for _ in range(3)); model.parameters()",
            ValueError,
            "MLP.extra is a generator, which can be gone through only once, so its parameters cannot be found; write list(...) around it",
        ),
        Error(
            'type("Line", (Module,), {"__slots__": ("w",)})',
            TypeError,
            "a Module finds its parameters in its __dict__, but Line has __slots__; leave them out",
        ),
        Error(
            "neuron_figure(1.0, inf, 0.0)",
            ValueError,
            "a line needs finite numbers, but got w1=1.0, w2=inf and bias=0.0",
        ),
    ],
    "Losses": [
        Error(
            "mse_loss([1.0, 2.0], [1.0])",
            ValueError,
            "mse_loss got 2 predictions and 1 targets; pass one target per prediction",
        ),
        Error("mse_loss([], [])", ValueError, "mse_loss got no predictions; the mean of nothing is undefined"),
        Error(
            "mse_loss([1.0, 2.0], 1.0)",
            ValueError,
            "mse_loss got one number as targets but a sequence as predictions; pass one target per prediction",
        ),
        Error(
            "mse_loss(1.0, [1.0, 2.0])",
            ValueError,
            "mse_loss got one number as predictions but a sequence as targets; pass one target per prediction",
        ),
        Error(
            "mse_loss([[1.0], [2.0]], [1.0, 2.0])",
            TypeError,
            "mse_loss compares number with number, but predictions[0] is list: [1.0]; flatten rows first, for example [x for row in predictions for x in row]",
        ),
        Error(
            'mse_loss(["1"], [1.0])',
            TypeError,
            "mse_loss compares number with number, but predictions[0] is str: '1'; make it a number first",
        ),
        Error(
            "mse_loss(None, 1.0)",
            TypeError,
            "a Value holds one real number, but got NoneType: None; has a function forgotten to return its result?",
        ),
        Error(
            "mse_loss({1.0, 2.0}, [1.0, 2.0])",
            TypeError,
            "mse_loss needs predictions in an order, but a set came in; pass a list or an array",
        ),
        Error(
            'mse_loss(b"12", [1.0, 2.0])',
            TypeError,
            "mse_loss needs predictions as numbers, but bytes came in; pass a list or an array",
        ),
        Error(
            "mse_loss([10**400], [1.0])",
            OverflowError,
            "a Value holds a float, which ends near 1.8e308, but got an int of 1329 bits; make it smaller first",
        ),
        Error(
            "binary_cross_entropy([1.5], [1])",
            ValueError,
            "binary_cross_entropy needs predictions between 0 and 1, but predictions[0] is 1.5; for raw scores use binary_cross_entropy_with_logits",
        ),
        Error(
            "binary_cross_entropy([nan], [1])",
            ValueError,
            "binary_cross_entropy needs predictions between 0 and 1, but predictions[0] is nan; for raw scores use binary_cross_entropy_with_logits",
        ),
        Error(
            "binary_cross_entropy([0.5], [-1])",
            ValueError,
            "binary_cross_entropy needs targets between 0 and 1, but targets[0] is -1.0; turn labels -1 and 1 into 0 and 1 with (t + 1) / 2",
        ),
        Error(
            "binary_cross_entropy_with_logits([3.0], [-1])",
            ValueError,
            "binary_cross_entropy_with_logits needs targets between 0 and 1, but targets[0] is -1.0; turn labels -1 and 1 into 0 and 1 with (t + 1) / 2",
        ),
        Error(
            "hinge_loss([3.0], [0])",
            ValueError,
            "hinge_loss needs targets -1 or 1, but targets[0] is 0.0; turn labels 0 and 1 into -1 and 1 with 2 * t - 1",
        ),
    ],
    "Optimizers": [
        Error(
            "SGD([])",
            ValueError,
            "an optimizer needs at least one parameter, but got none; pass model.parameters() or [w, b]",
        ),
        Error(
            "SGD(a)",
            TypeError,
            "an optimizer takes its parameters as a list or another iterable of Values, such as model.parameters() or [w, b], but got Value: Value(data=2.0, grad=0.0, label='a')",
        ),
        Error(
            "SGD(model)",
            TypeError,
            "an optimizer takes its parameters as a list or another iterable of Values, such as model.parameters() or [w, b], but got MLP: MLP(2 → 1, linear, 3 parameters)",
        ),
        Error(
            "SGD([1.0])",
            TypeError,
            "parameter 0 must be a Value, but got float: 1.0; pass model.parameters() or [w, b]",
        ),
        Error(
            'SGD([("a", a)])',
            TypeError,
            "parameter 0 must be a Value, but got tuple: ('a', Value(data=2.0, grad=0.0, label='a')); pass model.parameters() or [w, b]",
        ),
        Error(
            "SGD([a * 2])",
            ValueError,
            "only leaves can be optimized, but parameter 0, Value(data=4.0, grad=0.0), was made by '*': its number follows from its inputs, so optimize those",
        ),
        Error(
            "SGD([a, Value(1.0), a])",
            ValueError,
            "each parameter may come once, but 0 and 2 are the same Value, Value(data=2.0, grad=0.0, label='a'); leave one out",
        ),
        Error("SGD([a], lr=-0.1)", ValueError, "lr must be at least 0, but got -0.1"),
        Error("SGD([a], lr=nan)", ValueError, "lr must be at least 0, but got nan"),
        Error('SGD([a], lr="0.1")', TypeError, "lr must be a real number, but got str: '0.1'"),
        Error(
            "SGD([a], lr=10**400)",
            ValueError,
            "lr is too large: a Value holds a float, which ends near 1.8e308, but got an int of 1329 bits; make it smaller first",
        ),
        Error("SGD([a], momentum=-0.9)", ValueError, "momentum must be at least 0, but got -0.9"),
        Error("SGD([a], weight_decay=-1)", ValueError, "weight_decay must be at least 0, but got -1.0"),
        Error("SGD([a], nesterov=True)", ValueError, "nesterov needs a momentum greater than 0, but got momentum=0.0"),
        Error("Adam([a], betas=0.9)", ValueError, "betas must be two numbers, as (0.9, 0.999), but got float: 0.9"),
        Error("Adam([a], betas=(0.9, 1.0))", ValueError, "betas[1] must be at least 0 and less than 1, but got 1.0"),
        Error('Adam([a], betas=("0.9", 0.999))', TypeError, "betas[0] must be a real number, but got str: '0.9'"),
        Error("Adam([a], eps=-1e-8)", ValueError, "eps must be at least 0, but got -1e-08"),
        Error("AdamW([a], weight_decay=None)", TypeError, "weight_decay must be a real number, but got NoneType: None"),
        Error(
            "SGD({a, Value(1.0)})",
            TypeError,
            "an optimizer takes its parameters in an order that is the same in every run, and a set has none; pass them in a list",
        ),
        Error(
            'SGD({"params": [a]})',
            TypeError,
            "an optimizer takes its parameters as a list, but got dict: {'params': [Value(data=2.0, grad=0.0, label='a')]}; pass list(d.values()), or put a group with its 'params' into a list",
        ),
        Error(
            'SGD([a], nesterov="no", momentum=0.9)',
            TypeError,
            "nesterov must be True or False, but got str: 'no'",
        ),
        Error(
            'SGD([{"lr": 0.1}])',
            TypeError,
            "a group of parameters is a dict with its Values under 'params', as in {'params': [w, b], 'lr': 0.1}, but got dict: {'lr': 0.1}",
        ),
        Error(
            'SGD([{"params": [a], "lrate": 0.1}])',
            ValueError,
            "a group of SGD may set lr, momentum, weight_decay, nesterov, but got 'lrate'; correct the name or leave it out",
        ),
        Error(
            'SGD([{"params": a}])',
            TypeError,
            "a group takes its parameters as a list or another iterable of Values, such as model.parameters() or [w, b], but got Value: Value(data=2.0, grad=0.0, label='a')",
        ),
        Error(
            'SGD([{"params": [a], "lr": 0.1}, {"params": [Value(1.0)]}]).lr',
            ValueError,
            "lr differs from group to group, [0.1, 0.001]; read it from one, as in param_groups[0]['lr']",
        ),
        Error(
            'sgd.param_groups[0]["lr"] = nan; sgd.step()',
            ValueError,
            "lr must be at least 0, but got nan",
        ),
        Error(
            'del sgd.param_groups[0]["lr"]; sgd.step()',
            ValueError,
            "param_groups[0] has no 'lr'; set it again, or add groups with add_param_group(...)",
        ),
        Error(
            "a.data = a - 0.1 * a.grad; SGD([a]).step()",
            TypeError,
            "parameter 0 (a) must hold a float in .data, but holds a Value; change it by numbers, as in p.data -= lr * p.grad",
        ),
        Error(
            "a.grad = np.ones(2); SGD([a]).step()",
            TypeError,
            "parameter 0 (a) must hold a float in .grad, but holds ndarray: array([1., 1.]); change it by numbers, as in p.grad = 0.0",
        ),
        Error(
            "model.parameters()[1].data = None; model.state_dict()",
            TypeError,
            "parameter layers.0.neurons.0.weights.1 must hold a float in .data, but holds NoneType: None; change it by numbers, as in p.data -= lr * p.grad",
        ),
        Error(
            "sgd.step(a * a)",
            TypeError,
            "step() takes a function that computes the loss, but got Value: Value(data=4.0, grad=0.0); call loss.backward() yourself, and then step()",
        ),
        Error(
            "Optimizer([a], lr=0.1).step()",
            NotImplementedError,
            "Optimizer has no update(): use SGD, Adam or AdamW, or define update() in your class",
        ),
        Error(
            "Optimizer([a], lr=0.1).state_dict()",
            NotImplementedError,
            "what Optimizer keeps from step to step is not known here: define update() instead of step(), and name in the class what it keeps, as in keeps = ('velocity',)",
        ),
        Error(
            "sgd.load_state_dict([])",
            TypeError,
            "the state must be a mapping with 'optimizer', 'param_groups', 'state', but got list: []; pass what state_dict() returned, or what json.load read",
        ),
        Error(
            'sgd.load_state_dict({"optimizer": "SGD", "state": []})',
            ValueError,
            "the state does not fit: 'param_groups' is missing; load what this kind of optimizer saved",
        ),
        Error(
            "Adam([a]).load_state_dict(AdamW([a]).state_dict())",
            ValueError,
            "this is the state of another optimizer, 'AdamW'; load it into one of that kind, not into 'Adam'",
        ),
        Error(
            "SGD([a]).load_state_dict(sgd.state_dict())",
            ValueError,
            "param_groups[0] must hold the parameters [0], but holds list: [0, 1, 2]; make the optimizer of the same parameters and groups first",
        ),
        Error(
            'SGD([a, Value(1.0)]).load_state_dict(SGD([{"params": [a]}, {"params": [Value(1.0)]}]).state_dict())',
            ValueError,
            "param_groups must have one entry for each group, 1, but has 2; make the optimizer of the same parameters and groups first",
        ),
        Error(
            'SGD([a]).load_state_dict(SGD([a]).state_dict() | {"state": {}})',
            TypeError,
            "state must be a list with one entry for each parameter, but got dict: {}",
        ),
        Error(
            'SGD([a]).load_state_dict(SGD([a]).state_dict() | {"state": [{"momentum_buffer": None}]})',
            TypeError,
            "state[0]['momentum_buffer'] must be a number, but got NoneType: None",
        ),
        Error(
            'SGD([a]).load_state_dict(SGD([a]).state_dict() | {"state": [{"momentum_buffer": 10**400}]})',
            ValueError,
            "state[0]['momentum_buffer'] is too large: a Value holds a float, which ends near 1.8e308, but got an int of 1329 bits; make it smaller first",
        ),
        Error(
            'SGD([a]).load_state_dict(SGD([a]).state_dict() | {"param_groups": [{"params": [0], "lr": nan, "momentum": 0, "weight_decay": 0, "nesterov": False}]})',
            ValueError,
            "param_groups[0]: lr must be at least 0, but got nan",
        ),
        Error(
            "clip_grad_norm(a, 1.0)",
            TypeError,
            "clip_grad_norm takes its parameters as a list or another iterable of Values, such as model.parameters() or [w, b], but got Value: Value(data=2.0, grad=0.0, label='a')",
        ),
        Error(
            "clip_grad_norm([], 1.0)",
            ValueError,
            "clip_grad_norm needs at least one parameter, but got none; pass model.parameters() or [w, b]",
        ),
        Error(
            "clip_grad_norm([a], -1.0)",
            ValueError,
            "max_norm must be at least 0, but got -1.0",
        ),
        Error(
            "a.grad = inf; clip_grad_norm([Value(1.0), a], 1.0)",
            FloatingPointError,
            "the norm of the gradients is inf, so it cannot be clipped: that of parameter 1 is inf; detect_anomaly() tells where it comes from",
        ),
        Error(
            "plot_paths(lambda x, y: x * y, {}, (-1, 1), (-1, 1))",
            ValueError,
            'plot_paths needs at least one path: {"SGD": path(f, ...)}',
        ),
        Error(
            "paths_figure(cube, {}, (0, 0), (-1, 1), (-1, 1))",
            ValueError,
            "paths_figure needs at least one optimizer, by name: {'SGD': lambda lr, momentum: ...}",
        ),
        Error(
            'paths_figure(cube, {"SGD": SGD}, (0, 0), (-1, 1), (-1, 1), first=(0.1, 2.0))',
            ValueError,
            "the first momentum must be one of those to choose from, [0.0, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 0.95], but got 2.0",
        ),
        Error(
            'paths_figure(cube, {"SGD": SGD}, (0, 9), (-1, 1), (-1, 1))',
            ValueError,
            "the start (0, 9) lies outside the window, x from -1 to 1 and y from -1 to 1; make it wider",
        ),
    ],
    "Training on moons": [
        Error(
            "moons_data()",
            ImportError,
            "the moons come from scikit-learn: pip install scikit-learn",
            "sklearn.datasets",
        ),
        Error(
            "train(model, [[1.0, 2.0]], [1, -1], sgd)",
            ValueError,
            "every sample needs one label, but got 1 samples and 2 labels",
        ),
        Error("train(model, [], [], sgd)", ValueError, "got no samples; give at least one row of X and one label in y"),
        Error(
            "train(model, [[1.0, 2.0]], [0], sgd)",
            ValueError,
            "hinge_loss needs targets -1 or 1, but targets[0] is 0.0; turn labels 0 and 1 into -1 and 1 with 2 * t - 1",
        ),
        Error(
            "train(model, [[1.0, 2.0]], [3.5], sgd, loss=mse_loss, threshold=1.0)",
            ValueError,
            "two classes need the labels -1 and 1, or 0 and 1, but got 3.5; name the upper class 1, and the lower class -1 or 0",
        ),
        Error(
            "train(model, [[1.0, 2.0]], [[1]], sgd)",
            TypeError,
            "y[0] must be one real number, but is list: [1]; give one label for each sample, for example np.ravel(y)",
        ),
        Error(
            "train(model, {0: [1.0, 2.0]}, [1], sgd)",
            TypeError,
            "a data set needs X in an order, but a dict came in; pass a list or an array",
        ),
        Error(
            "train(a, [[1.0, 2.0]], [1], SGD([a]))",
            TypeError,
            "train needs a model with parameters(), such as MLP(2, [8, 1]), but got Value: Value(data=2.0, grad=0.0, label='a')",
        ),
        Error(
            'model.__class__ = type("Net", (MLP,), {"__call__": lambda self, x: 0.5}); train(model, [[1.0, 2.0]], [1], sgd)',
            TypeError,
            "the model must return a Value, but it returned float: 0.5, which has no gradient; leave out .data, float(...) and what comes from math",
        ),
        Error(
            "train(model, [[1.0, 2.0]], [1], sgd, loss=lambda scores, y: 0.5)",
            TypeError,
            "the loss must compute one Value from the scores, but it returned float: 0.5; take the mean over the samples, with operations on Values",
        ),
        Error(
            "train(model, [[1.0, 2.0]], [1], sgd, keep=5)",
            TypeError,
            "keep must list epochs, as in [0, 10], but got int: 5",
        ),
        Error(
            "train(model, [1.0, 2.0], [1, -1], sgd)",
            TypeError,
            "X must be rows of numbers, but X[0] is float: 1.0; put each sample in a list",
        ),
        Error("train(model, [[1.0, 2.0]], [1], sgd, epochs=-1)", ValueError, "epochs must be at least 0, but got -1"),
        Error(
            "train(model, [[1.0, 2.0]], [1], sgd, epochs=1.5)",
            TypeError,
            "epochs must be a whole number, but got float: 1.5",
        ),
        Error(
            "train(model, [[1.0, 2.0]], [1], sgd, batch_size=0)", ValueError, "batch_size must be at least 1, but got 0"
        ),
        Error(
            "train(model, [[1.0, 2.0]], [1], sgd, batch_size=1.5)",
            TypeError,
            "batch_size must be a whole number, but got float: 1.5",
        ),
        Error("train(model, [[1.0, 2.0]], [1], sgd, l2=-1.0)", ValueError, "l2 must be at least 0, but got -1.0"),
        Error('train(model, [[1.0, 2.0]], [1], sgd, l2="1")', TypeError, "l2 must be a real number, but got str: '1'"),
        Error(
            "train(model, [[1.0, 2.0]], [1], SGD([a]))",
            ValueError,
            "the optimizer holds none of the model's parameters; make it with model.parameters()",
        ),
        Error(
            "train(model, [[1.0, 2.0]], [1], sgd, schedule=lambda step: -1.0)",
            ValueError,
            "lr must be at least 0, but got -1.0",
        ),
        Error(
            "train(model, [[1.0, 2.0], [3.0, 4.0]], [1, -1], sgd, loss=lambda scores, y: 0 * scores[0] + len(y), vectorized=True)",
            ValueError,
            "the loss of all samples is 2.0, but the mean of their losses is 1.0; leave vectorized=True out for such a loss",
        ),
        Error(
            "predict(MLP(2, [2]), [[1.0, 2.0]])",
            ValueError,
            "the model must return one score per sample, but it returned a list of 2; give it one output, as MLP(2, [8, 1]) does",
        ),
        Error(
            "predict(lambda row: [row[0]], [[1.0, 2.0]])",
            ValueError,
            "the model must return one score per sample, but it returned a list of 1; return that one itself, as MLP(2, [8, 1]) does",
        ),
        Error(
            "predict(lambda row: None, [[1.0, 2.0]])",
            TypeError,
            "a Value holds one real number, but got NoneType: None; has a function forgotten to return its result?",
        ),
        Error(
            'predict(model, [["1", "2"]])',
            TypeError,
            "X[0][0] must be one real number, but is str: '1'; make it a number first",
        ),
        Error(
            "predict(model, [[a, 2.0]])",
            TypeError,
            "X[0][0] must be one real number, but is Value: Value(data=2.0, grad=0.0, label='a'); take its number with .data, for training leaves the data as they are",
        ),
        Error(
            "predict(model, np.zeros((3, 2, 2)))",
            TypeError,
            "X[0][0] must be one real number, but is list: [0.0, 0.0]; flatten each sample, for example with X.reshape(len(X), -1)",
        ),
        Error(
            "predict(model, [1.0, 2.0])",
            TypeError,
            "X must be rows of numbers, but X[0] is float: 1.0; put each sample in a list",
        ),
        Error(
            "accuracy(model, [[1.0, 2.0], [3.0, 4.0]], [1, 2])",
            ValueError,
            "two classes need the labels -1 and 1, or 0 and 1, but got 1, 2; name the upper class 1, and the lower class -1 or 0",
        ),
        Error(
            "accuracy(lambda row: 0.3, [[1.0, 2.0], [3.0, 4.0]], [1, 0])",
            ValueError,
            "all scores lie between 0 and 1, so they can be probabilities or raw scores; say threshold=0.5 for probabilities, or threshold=0.0 for raw scores",
        ),
        Error(
            "plot_points([[1.0]], [1])",
            ValueError,
            "a plot needs samples of two numbers, but X[0] has 1; pick two columns",
        ),
        Error(
            "plot_points([[1.0, 2.0]], [1])",
            ImportError,
            "drawing needs matplotlib: pip install matplotlib",
            "matplotlib.pyplot",
        ),
        Error(
            "plot_decision_boundary(model, [[1.0, 2.0]], [1], resolution=1)",
            ValueError,
            "resolution must be at least 2, but got 1",
        ),
        Error(
            "plot_decision_boundary(model, [[1.0, 2.0]], [1], resolution=2.5)",
            TypeError,
            "resolution must be a whole number, but got float: 2.5",
        ),
        Error("plot_loss_curve([1.0])", TypeError, "plot_loss_curve draws what train returned, but got list: [1.0]"),
        Error(
            "boundary_figure(model, [[1, 2, 3]], [1], History())",
            ValueError,
            "a boundary is drawn in the plane, but the samples have 3 numbers; pick two columns",
        ),
        Error(
            "boundary_figure(model, [[1, 2]], [1], History())",
            ValueError,
            "the history holds no snapshots to show: give train keep=range(epochs)",
        ),
        Error(
            "boundary_figure(model, [[1, 2]], [1], History(losses=[nan], snapshots={0: {}}))",
            ValueError,
            "the history holds a loss that is no finite number, so its curve cannot be drawn; train with a smaller learning rate",
        ),
    ],
    "Finding the arrays": [
        Error(
            "vectorize(lambda x: x if x > 0 else -x)([1.0, -1.0])",
            TypeError,
            "line 1 of '<lambda>' compares a Value by >, but a vectorized function runs once, on symbols, and what it did is replayed for all samples. Stay with operations on Values, for example relu() instead of an if; or decide outside, on numbers",
        ),
        Error(
            "vectorize(lambda x: min(x))([[1.0, 2.0]])",
            TypeError,
            "line 1 of '<lambda>' compares a Value by <, but a vectorized function runs once, on symbols, and what it did is replayed for all samples. Stay with operations on Values, for example relu() instead of an if; or decide outside, on numbers",
        ),
        Error(
            "vectorize(lambda x: x or a)([1.0, -1.0])",
            TypeError,
            "line 1 of '<lambda>' asks whether a Value is true, but a vectorized function runs once, on symbols, and what it did is replayed for all samples. Stay with operations on Values, for example relu() instead of an if; or decide outside, on numbers",
        ),
        Error(
            "vectorize(lambda x: x * float(a))([1.0, -1.0])",
            TypeError,
            "line 1 of '<lambda>' turns a Value into a float, but a vectorized function runs once, on symbols, and what it did is replayed for all samples. Stay with operations on Values, for example relu() instead of an if; or decide outside, on numbers",
        ),
        Error(
            "vectorize(lambda x: x * in_spite(lambda: float(x)))([1.0, -1.0])",
            TypeError,
            "line 1 of '<lambda>' turns a Value into a float, but a vectorized function runs once, on symbols, and what it did is replayed for all samples. Stay with operations on Values, for example relu() instead of an if; or decide outside, on numbers",
        ),
        Error(
            "vectorize(lambda x: x * a.data)([1.0, -1.0])",
            TypeError,
            "line 1 of '<lambda>' asks for the data of a Value, but a vectorized function runs once, on symbols, and what it did is replayed for all samples. Stay with operations on Values, for example relu() instead of an if; or decide outside, on numbers",
        ),
        Error(
            'vectorize(lambda x: setattr(a, "data", 3.0))([1.0, -1.0])',
            TypeError,
            "line 1 of '<lambda>' sets the data of a Value, but a vectorized function runs once, on symbols, and what it did is replayed for all samples. Stay with operations on Values, for example relu() instead of an if; or decide outside, on numbers",
        ),
        Error(
            "vectorize(lambda x: (a * x).backward())([1.0, -1.0])",
            TypeError,
            "line 1 of '<lambda>' calls backward(), but a vectorized function runs once, on symbols, and what it did is replayed for all samples. Stay with operations on Values, for example relu() instead of an if; or decide outside, on numbers",
        ),
        Error(
            "vectorize(lambda x: None)([1.0, -1.0])",
            TypeError,
            "a vectorized function must return a Value, or a list of Values, but it returned NoneType: None",
        ),
        Error(
            'vectorize(lambda x: [x, "x"])([1.0, -1.0])',
            TypeError,
            "a vectorized function must return a Value, or a list of Values, but it returned str: 'x'",
        ),
        Error(
            "vectorize(lambda x: [])([1.0, -1.0])",
            ValueError,
            "the function returned an empty list; return at least one Value",
        ),
        Error(
            "vectorize(lambda x, b=a * 2: b * x)([1.0, -1.0])",
            ValueError,
            "the function uses Value(data=4.0, grad=0.0), which was computed outside of it and would never change; compute it inside, from its leaves",
        ),
    ],
    "From scalars to arrays": [
        Error(
            "vectorize(3.0)",
            TypeError,
            "vectorize needs a function of one sample, but got float: 3.0",
        ),
        Error(
            'vectorize(lambda x: x, reduction="max")',
            ValueError,
            "reduction must be one of mean, sum, none, but got 'max'",
        ),
        Error(
            'type("A", (), {"__slots__": (), "f": vectorize(lambda self, x: x)})().f',
            TypeError,
            "a vectorized method needs objects that can be referred to weakly; add '__weakref__' to the __slots__ of A",
        ),
        Error(
            "vectorize(lambda x: x).source",
            ValueError,
            "nothing is compiled yet: the shapes of the arguments are not known; call the function once",
        ),
        Error(
            "vectorize(lambda x: x)()",
            TypeError,
            "a vectorized function needs at least one array, samples first",
        ),
        Error(
            "vectorize(lambda x: x)(1.0)",
            ValueError,
            "argument 1 must hold a batch, samples first, but got the single number 1.0; write [x] for one sample",
        ),
        Error(
            "vectorize(lambda x: x)([])",
            ValueError,
            "got a batch of no samples; give at least one",
        ),
        Error(
            'vectorize(lambda x: x)(["1", "2"])',
            TypeError,
            "argument 1 must hold real numbers, but got list: ['1', '2']; convert it first, for example with np.asarray(x, float)",
        ),
        Error(
            "vectorize(lambda x: x)([a])",
            TypeError,
            "argument 1 must hold real numbers, but got list: [Value(data=2.0, grad=0.0, label='a')]; convert it first, for example with np.asarray(x, float)",
        ),
        Error(
            "vectorize(lambda x: x)([[1.0, 2.0], [3.0]])",
            ValueError,
            "argument 1 must be an array, but its rows have different lengths; give all samples as many numbers",
        ),
        Error(
            "vectorize(lambda x: x)(np.zeros((2, 3, 4)))",
            ValueError,
            "argument 1 must have the shape (samples,) or (samples, numbers), but has (2, 3, 4); flatten each sample, for example with X.reshape(len(X), -1)",
        ),
        Error(
            "vectorize(lambda x, t: x * t)([1.0, 2.0], [1.0])",
            ValueError,
            "all arguments need as many samples, but argument 1 has 2 and argument 2 has 1",
        ),
        Error(
            "vectorize(lambda x: [x, a])([1.0, -1.0])",
            ValueError,
            'the mean is of one result, but the function returned a list of 2; use forward(...), or vectorize(fn, reduction="none")',
        ),
        Error(
            "vectorize(lambda x: x * a)([1.0, -1.0]).backward([1.0, 1.0])",
            TypeError,
            "backward takes a gradient only with reduction='none'; data is one number, whose gradient is 1",
        ),
        Error(
            'vectorize(lambda x: x * a, reduction="none")([1.0, -1.0]).backward()',
            TypeError,
            "with reduction='none', backward needs to know how much each result counts: an array of shape (2,), for example np.ones_like(result.data) for their sum",
        ),
        Error(
            'vectorize(lambda x: x * a, reduction="none")([1.0, -1.0]).backward([1.0])',
            ValueError,
            "the gradient must have the shape of data, (2,), but has (1,)",
        ),
        Error(
            "vectorize(lambda x: apply(cube, x))([1.0, -1.0])",
            TypeError,
            "the rule 'cube' works on floats, and vectorize needs to know how NumPy does it: write the same for arrays, def cube_of_arrays(...), and put @numpy_rule(cube) above it",
        ),
        Error(
            "numpy_rule(cube)(lambda x: x**3); vectorize(lambda x: apply(cube, x))(np.ones(100))",
            TypeError,
            "the NumPy form of the rule 'cube' must return its result and a tuple of 1 local derivative, as (result, (d1, d2, ...)), but it returned ndarray: array([[1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., ",
        ),
        Error(
            "vectorize(hinge_loss)([0.5, -0.5], [1, 0])",
            ValueError,
            "sample 1: hinge_loss needs targets -1 or 1, but targets[0] is 0.0; turn labels 0 and 1 into -1 and 1 with 2 * t - 1",
        ),
        Error(
            "vectorize(model)([[1.0, 2.0, 3.0]])",
            ValueError,
            "expected 2 inputs, but got 3; pass one number for each input of the model",
        ),
        Error(
            "import micrograd_numpy.emit",
            ImportError,
            "micrograd_numpy.emit has moved: import micrograd_numpy.compiler.array_program",
        ),
    ],
}
