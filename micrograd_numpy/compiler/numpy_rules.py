"""Rules in NumPy: statements that do to arrays what a rule does to floats. They follow from the rule, or are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd_numpy.compiler.symbols import COMPARISONS, NUMPY, FollowError, Operand, Symbol, follow, reached
from micrograd_numpy.guards.numbers import what_is
from micrograd_numpy.ops import Rule

Buffer = Callable[[str, int], str]  # the name of the i-th buffer for numbers, "float", or for answers, "bool"
OPPOSITE = {"==": "!=", "!=": "=="}  # the other comparisons are false of a nan, and so are their opposites


def literal(x: float) -> str:
    """A number in a program."""
    return {"inf": "np.inf", "-inf": "-np.inf", "nan": "np.nan"}.get(repr(x), repr(x))


def computed(end: Operand, names: dict[Symbol, str], buffer: Buffer, out: str = "") -> tuple[list[str], str]:
    """The statements that compute a symbol, and the name of the array that then holds it.

    Parameters
    ----------
    end : Symbol or float
    names : dict of Symbol to str
        The arrays that are there already.
    buffer : callable
        Where to compute the rest: a buffer is used again as soon as nobody needs what it holds.
    out : str, optional
        Where the end shall lie. It serves as a buffer before.
    """
    if not isinstance(end, Symbol) or end in names:
        name = names[end] if isinstance(end, Symbol) else literal(end)
        return ([f"np.copyto({out}, {name})"] if out else []), name
    steps = [s for s in reached([end], known=names) if s not in names]
    last = {i: k for k, s in enumerate(steps) for i in s.inputs if isinstance(i, Symbol)}
    choices = any(s.op == "where" for s in steps)  # which are made in two statements, and may overwrite nothing
    spare: dict[str, list[str]] = {"float": [out] if out and not choices else [], "bool": []}
    made = {"float": 0, "bool": 0}
    at, lines = dict(names), []

    def dtype(s: Symbol) -> str:
        return "bool" if s.op in COMPARISONS else "float"

    def place(s: Symbol) -> str:
        if s is end and out:
            return out
        if not spare[dtype(s)]:
            made[dtype(s)] += 1
            spare[dtype(s)].append(buffer(dtype(s), made[dtype(s)]))
        return spare[dtype(s)].pop()

    for k, s in enumerate(steps):
        if s.op == "where":
            at[s] = place(s)
        for i in dict.fromkeys(i for i in s.inputs if isinstance(i, Symbol)):
            if i not in names and last[i] == k:
                spare[dtype(i)].append(at[i])
        if s.op != "where":
            at[s] = place(s)
        lines += statements(s, [at[i] if isinstance(i, Symbol) else literal(i) for i in s.inputs], at[s])
    return lines, at[end]


def statements(s: Symbol, inputs: list[str], out: str) -> list[str]:
    """What computes one symbol from arrays of these names."""
    if s.op == "where":
        question, yes, no = inputs
        return [f"np.copyto({out}, {no})", f"np.copyto({out}, {yes}, where={question})"]
    function = NUMPY.get(s.op, s.op)
    # where an exponent is 0.5 throughout, np.power takes a root: nan at -inf, where IEEE 754's pow has inf
    if s.op == "**" and not isinstance(s.inputs[1], Symbol) and s.inputs[1] != 0.5:
        function = "power"
    return [f"np.{function}({', '.join(inputs)}, out={out})"]


class NumpyRule:
    """A rule that has been followed, and the NumPy statements for a group of its operations.

    Parameters
    ----------
    rule : callable
    inputs : list of str
        The names of the arrays that it takes.
    out : str
        The name of the array for its result.
    buffer : callable
        What makes room for what is between.
    """

    def __init__(self, rule: Rule, inputs: list[str], out: str, buffer: Buffer) -> None:
        self.followed, self.out, self.buffer = follow(rule, len(inputs)), out, buffer
        self.names = dict(zip(self.followed.inputs, inputs))

    def forward(self) -> list[str]:
        """The statements that compute the result."""
        return computed(self.followed.result, self.names, self.buffer, self.out)[0]

    def slope(self, i: int) -> tuple[list[str], str]:
        """The statements that compute the local derivative for the i-th input, and its name; 0 and 1 may be a mask."""
        followed, names = self.followed, dict(self.names)
        if isinstance(followed.result, Symbol):
            names[followed.result] = self.out
        slope = followed.slopes[i]
        if not (isinstance(slope, Symbol) and slope.op == "where" and slope.inputs[1:] in {(0.0, 1.0), (1.0, 0.0)}):
            return computed(slope, names, self.buffer)
        question, yes, _ = slope.inputs
        if yes == 1.0:
            return computed(question, names, self.buffer)
        if question.op in OPPOSITE:
            return computed(slope.trace.intern(OPPOSITE[question.op], *question.inputs), names, self.buffer)
        lines, mask = computed(question, names, self.buffer)
        return [*lines, f"np.logical_not({mask}, out={mask})"], mask


# ---------------------------------------------------------------- rules with a NumPy form of their own

ArrayRule = Callable[..., tuple[Any, tuple[Any, ...]]]
GIVEN: dict[Rule, ArrayRule] = {}


def numpy_rule(rule: Rule) -> Callable[[ArrayRule], ArrayRule]:
    """Give a rule of your own its NumPy form, so that `vectorize` can replay it: `@numpy_rule(rule)`.

    Most rules need none: `vectorize` follows what a rule does with operators, comparisons, `if`, `min` and `max`,
    the functions of `ops`, and NumPy's elementary functions, such as `np.sin`. It can't look into `math.sin`.

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
    >>> import math
    >>> import numpy as np
    >>> def sin(a):
    ...     return math.sin(a), (math.cos(a),)
    >>> @numpy_rule(sin)
    ... def sin_of_arrays(a):
    ...     return np.sin(a), (np.cos(a),)
    """

    def register(form: ArrayRule) -> ArrayRule:
        GIVEN[rule] = form
        return form

    return register


def expect_hashable(rule: Rule) -> None:
    """Raise an error unless a rule can be told from others in a dict.

    Raises
    ------
    TypeError
    """
    if rule.__hash__ is None:
        raise TypeError(
            f"vectorize finds equal rules by their hash, and {rule_name(rule)!r} has none; "
            "if it is a dataclass, write @dataclass(frozen=True)"
        )


def expect_array_rule(rule: Rule, inputs: int) -> None:
    """Raise an error unless a rule can be followed, or has a NumPy form.

    Raises
    ------
    TypeError
    """
    if rule in GIVEN:
        return
    try:
        follow(rule, inputs)
    except FollowError as error:
        name = rule_name(rule)
        raise TypeError(
            f"vectorize cannot follow the rule {name!r}: {error}. Stay with operators, if, ops and np.sin and its like "
            f"(not math.sin); or write the same for arrays, def {name}_of_arrays(...), and put @numpy_rule({name}) "
            "above it"
        ) from None


def overwrites(rule: Rule | None, inputs: int) -> bool:
    """Whether the result of a rule may lie where its input lies, because nothing needs that again."""
    return rule is not None and rule not in GIVEN and follow(rule, inputs).in_place


def rule_name(rule: Rule) -> str:
    """What to call a rule in a message."""
    return getattr(rule, "__name__", "rule").replace("<lambda>", "rule")


def given_rule(rule: Rule, inputs: int) -> ArrayRule:
    """The NumPy form that was given to a rule, with its answer checked."""

    def checked(*arrays: Any) -> tuple[Any, tuple[Any, ...]]:
        answer = GIVEN[rule](*arrays)
        if not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], tuple)) or (
            len(answer[1]) != inputs
        ):
            raise TypeError(
                f"the NumPy form of the rule {rule_name(rule)!r} must return its result and a tuple of {inputs} local "
                f"derivative{'s' * (inputs > 1)}, as (result, (d1, d2, ...)), but it returned {what_is(answer)}"
            )
        return answer

    return checked
