"""The rules in NumPy: the engine's own, and those that a reader gives to `numpy_rule`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from micrograd_numpy import ops
from micrograd_numpy.losses import cross_entropy, logit_cross_entropy
from micrograd_numpy.value import what_is

# ---------------------------------------------------------------- the engine's rules

# Each rule in NumPy: the statements that compute the result o from the inputs a and b, and for each
# input those that compute its local derivative, into s or as a mask into m; "o" is the result itself.
FORMS: dict[Any, tuple[str, tuple[str, ...]]] = {
    ops.exp: ("np.exp(a, out=o)", ("o",)),
    ops.log: ("np.log(a, out=o)", ("np.divide(1.0, a, out=s)",)),
    ops.relu: ("np.maximum(a, 0.0, out=o)", ("np.not_equal(o, 0.0, out=m)",)),
    ops.abs: (  # with no slope at nan, as PyTorch has it
        "np.absolute(a, out=o)",
        ("np.sign(a, out=s); np.copyto(s, 0.0, where=np.isnan(s))",),
    ),
    ops.tanh: ("np.tanh(a, out=o)", ("np.multiply(o, o, out=s); np.subtract(1.0, s, out=s)",)),
    ops.sigmoid: (
        "np.negative(a, out=o); np.exp(o, out=o); np.add(1.0, o, out=o); np.divide(1.0, o, out=o)",
        ("np.subtract(1.0, o, out=s); np.multiply(o, s, out=s)",),
    ),
    ops.div: (
        "np.divide(a, b, out=o)",
        ("np.divide(1.0, b, out=s)", "np.divide(o, b, out=s); np.negative(s, out=s)"),
    ),
    ops.pow: (  # float_power, because power takes a root where b is 0.5 throughout: see form_of
        "np.float_power(a, b, out=o)",
        (
            (
                "np.subtract(b, 1.0, out=s); np.float_power(a, s, out=s); np.multiply(b, s, out=s); "
                "np.copyto(s, 0.0, where=b == 0.0)"
            ),
            "np.log(a, out=s); np.multiply(o, s, out=s); np.copyto(s, 0.0, where=(a == 0.0) & (b >= 0.0))",
        ),
    ),
}

FROM_RESULT = {ops.exp, ops.relu, ops.tanh, ops.sigmoid}  # their slopes need no input


def same_rule(rule: ops.Rule | None) -> Any:
    """What is equal for rules that do the same: `power(n)` makes a new one each time."""
    return rule if exponent(rule) is None else exponent(rule)


def exponent(rule: ops.Rule | None) -> float | None:
    """The n of a rule that `power(n)` made."""
    if getattr(rule, "__qualname__", "") != "power.<locals>.rule":
        return None
    cells: Any = getattr(rule, "__closure__", None)
    n: float = cells[0].cell_contents  # it has one variable
    return n


def form_of(rule: ops.Rule | None) -> tuple[str, tuple[str, ...]] | None:
    """The NumPy statements of a rule; None if it is not one of the engine's."""
    n = exponent(rule)
    if n is None:
        return FORMS.get(rule)
    if n == 2.0:
        return "np.multiply(a, a, out=o)", ("np.multiply(2.0, a, out=s)",)
    # where the exponent is 0.5 throughout, np.power takes a root: nan at -inf, where IEEE 754's pow has inf
    power = "np.float_power" if n in {0.5, 1.5} else "np.power"
    slope = f"{power}(a, {text(n - 1.0)}, out=s); np.multiply({text(n)}, s, out=s)" if n else "0.0"
    return f"{power}(a, {text(n)}, out=o)", (slope,)


def text(x: float) -> str:
    """`x` in a NumPy program."""
    return {"inf": "np.inf", "-inf": "-np.inf", "nan": "np.nan"}.get(repr(x), repr(x))


def fill(template: str, **names: str) -> list[str]:
    """The statements of a template, with names for its letters."""
    return re.sub(r"\b[abosm]\b", lambda letter: names.get(letter[0], letter[0]), template).split("; ")


# ---------------------------------------------------------------- rules of your own

Form = Callable[..., tuple[Any, tuple[Any, ...]]]
OWN: dict[ops.Rule, Form] = {}


def numpy_rule(rule: ops.Rule) -> Callable[[Form], Form]:
    """Give a rule of your own its NumPy form, so that `vectorize` can replay it: `@numpy_rule(rule)`.

    Parameters
    ----------
    rule : callable
        The rule on floats, as `apply` takes it.

    Returns
    -------
    callable
        A decorator for the form: a function that takes one array per input and returns the
        result and a tuple with one local derivative per input, arrays all. The inputs have
        shapes that broadcast: (m, n) for n samples, (m, 1) for what is the same for all.

    Examples
    --------
    >>> import numpy as np
    >>> def sin(a):
    ...     return math.sin(a), (math.cos(a),)
    >>> @numpy_rule(sin)
    ... def sin_of_arrays(a):
    ...     return np.sin(a), (np.cos(a),)
    """

    def register(form: Form) -> Form:
        OWN[rule] = form
        return form

    return register


def expect_form(rule: ops.Rule) -> str:
    """The name of a rule that has a NumPy form.

    Raises
    ------
    TypeError
        If it has none.
    """
    name = getattr(rule, "__name__", "rule").replace("<lambda>", "rule")
    if rule not in OWN and form_of(rule) is None:
        raise TypeError(
            f"the rule {name!r} works on floats, and vectorize needs to know how NumPy does it: write the same "
            f"for arrays, def {name}_of_arrays(...), and put @numpy_rule({name}) above it"
        )
    return name


def numpy_form(rule: ops.Rule, inputs: int) -> Form:
    """The NumPy form of a rule of the user's own, with its answer checked."""
    name = expect_form(rule)

    def form(*arrays: Any) -> tuple[Any, tuple[Any, ...]]:
        answer = OWN[rule](*arrays)
        if (
            not isinstance(answer, tuple)
            or len(answer) != 2
            or not isinstance(answer[1], tuple)
            or len(answer[1]) != inputs
        ):
            raise TypeError(
                f"the NumPy form of the rule {name!r} must return its result and a tuple of {inputs} local "
                f"derivative{'s' * (inputs > 1)}, as (result, (d1, d2, ...)), but it returned {what_is(answer)}"
            )
        return answer

    return form


@numpy_rule(cross_entropy)
def cross_entropy_of_arrays(p: Any, t: Any) -> tuple[Any, tuple[Any, Any]]:
    """`losses.cross_entropy` for arrays."""
    import numpy as np

    log_p = np.maximum(np.log(p), -100.0)
    log_q = np.where(p < 1.0, np.log1p(-p), -100.0)
    return (t - 1.0) * log_q - t * log_p, ((p - t) / np.maximum(p * (1.0 - p), 1e-12), log_q - log_p)


@numpy_rule(logit_cross_entropy)
def logit_cross_entropy_of_arrays(z: Any, t: Any) -> tuple[Any, tuple[Any, Any]]:
    """`losses.logit_cross_entropy` for arrays."""
    import numpy as np

    tail = np.log1p(np.exp(-np.abs(z)))
    loss = np.where(t, t * (np.maximum(-z, 0.0) + tail), 0.0)  # a share of 0 costs nothing: see losses.share
    loss += np.where(1.0 - t, (1.0 - t) * (np.maximum(z, 0.0) + tail), 0.0)
    return loss, (1.0 / (1.0 + np.exp(-z)) - t, -z)
