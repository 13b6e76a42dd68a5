"""What a rule does, told by the rule itself: run on symbols, it writes down its arithmetic.

A rule is Python on floats. `follow` runs it on symbols, numbers that nobody knows yet, once for each way that its
`if`s can go. What comes out is a small graph of arithmetic, from which a NumPy program is written, and the page's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product
from typing import Any

from micrograd_numpy.ops import Rule

# Elementary functions, by the names of the methods that a number brings: those of NumPy, and of no module of ours.
ELEMENTARY = {"exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan"}
ELEMENTARY |= {"sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh"}
COMPARISONS = {"<", "<=", ">", ">=", "==", "!="}
INFIX = {"+", "-", "*", "/", "**", *COMPARISONS}
MOST_WAYS = 64
MOST_STEPS = 512


class Fork(BaseException):  # no Exception: no rule may catch it
    """A rule asks whether something is true that nobody has decided yet."""


class FollowError(TypeError):
    """A rule does what symbols cannot."""


Operand = Any  # a Symbol, or a float that the rule itself knows


class Symbol:
    """A number that nobody knows yet: an input of a rule, or what the rule makes of its inputs.

    Parameters
    ----------
    trace : Trace
        Of the rule that is being followed.
    op : str
        "input"; an operator; a name in `ELEMENTARY`; "neg", "abs", "max" or "where".
    inputs : tuple of Symbol or float
        What it is made of; of an input, its number.
    """

    __slots__ = ("inputs", "op", "trace")

    def __init__(self, trace: Trace, op: str, inputs: tuple[Operand, ...]) -> None:
        self.trace, self.op, self.inputs = trace, op, inputs

    def __repr__(self) -> str:
        if self.op == "input":
            return f"x{self.inputs[0]:g}"
        operands = list(map(repr, self.inputs))
        return f"({f' {self.op} '.join(operands)})" if self.op in INFIX else f"{self.op}({', '.join(operands)})"

    def __bool__(self) -> bool:
        trace = self.trace
        trace.expect_running()
        question = self if self.op in COMPARISONS else trace.make("!=", self, 0.0)
        if id(question) not in trace.decided:
            trace.asked = question
            raise Fork
        return trace.decided[id(question)]

    def __getattr__(self, name: str) -> Callable[[], Operand]:
        if name not in ELEMENTARY:
            raise AttributeError(name)
        return partial(method(name), self)

    def __hash__(self) -> int:
        if self.trace.running:
            raise TypeError(
                "a symbol cannot be looked up in a set or a dict, where a number would be found by what it is"
            )
        return id(self)


def method(op: str, *, reflected: bool = False) -> Callable[..., Operand]:
    """An operator of symbols."""

    def operate(self: Symbol, *other: Operand) -> Operand:
        self.trace.expect_running()
        return self.trace.make(op, *((*other, self) if reflected else (self, *other)))

    return operate


for name, op in {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**"}.items():
    setattr(Symbol, f"__{name}__", method(op))
    setattr(Symbol, f"__r{name}__", method(op, reflected=True))
for name, op in {
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "eq": "==",
    "ne": "!=",
    "neg": "neg",
    "abs": "abs",
}.items():
    setattr(Symbol, f"__{name}__", method(op))


class Trace:
    """All symbols of one rule; what is the same is one symbol.

    Parameters
    ----------
    inputs : int
        How many inputs the rule takes.
    """

    running: bool  # whether the rule is at work
    decided: dict[int, bool]  # the answers, by the question's identity, on the way that it goes now
    asked: Any  # the first question without an answer, which ends that way

    def __init__(self, inputs: int) -> None:
        self.symbols: dict[Any, Symbol] = {}
        self.ways = 0  # that it went
        self.inputs = tuple(self.intern("input", float(i)) for i in range(inputs))

    def expect_running(self) -> None:
        """Raise an error if a symbol is used after the rule is done: it has kept what it was given."""
        if not self.running:
            raise FollowError("it keeps a symbol that it was followed with; a rule must forget its inputs")

    def run(self, rule: Rule, decided: dict[int, bool]) -> Any:
        """What a rule returns if these are the answers to its questions; of the others it goes both ways."""
        self.ways += 1
        if self.ways > MOST_WAYS:
            raise FollowError(f"its ifs can go more than {MOST_WAYS} ways")
        self.decided, self.asked, self.running = decided, None, True
        try:
            with suppress(Fork):
                answer = rule(*self.inputs)
        finally:
            self.running = False
        if self.asked is None:
            return answer
        question = self.asked  # also if the rule has caught the Fork
        return self.where(question, *(self.run(rule, {**decided, id(question): yes}) for yes in (True, False)))

    def intern(self, op: str, *inputs: Operand) -> Symbol:
        """The symbol of an operation, made once."""
        key = (op, *map(identity, inputs))
        if key not in self.symbols:
            if len(self.symbols) > MOST_STEPS:
                raise FollowError(f"it takes more than {MOST_STEPS} steps")
            self.symbols[key] = Symbol(self, op, inputs)
        return self.symbols[key]

    def make(self, op: str, *operands: Operand) -> Operand:
        """The symbol of an operation, or what is the same for every float, infinities, nan and −0 included."""
        inputs = tuple(map(self.as_number, operands))
        left, right = inputs[0], inputs[-1]
        if op == "*" and not isinstance(left, Symbol):
            left, right = right, left
        factor = None if isinstance(right, Symbol) else right
        if op in {"*", "/", "**"} and factor == 1.0:
            return left
        if op == "*" and factor == -1.0:
            return self.intern("neg", left)
        if op == "**" and factor == 0.0:
            return 1.0
        if op == "**" and factor == 2.0:
            return self.intern("*", left, left)
        return self.intern(op, *inputs)

    def as_number(self, x: Any) -> Operand:
        """`x` if it is a symbol, else as a float; the answer to a question counts as 1 or 0."""
        if not isinstance(x, Symbol):
            return float(x)
        return self.intern("where", x, 1.0, 0.0) if x.op in COMPARISONS else x

    def where(self, question: Symbol, yes: Any, no: Any) -> Any:
        """`yes` where the answer is yes, else `no`; of tuples, for each of their numbers."""
        if isinstance(yes, tuple) and isinstance(no, tuple) and len(yes) == len(no):
            return tuple(self.where(question, *pair) for pair in zip(yes, no))
        yes, no = self.as_number(yes), self.as_number(no)
        if identity(yes) == identity(no):
            return yes
        if isinstance(yes, Symbol) and isinstance(no, Symbol) and yes.op == no.op != "input":
            pairs = list(zip(yes.inputs, no.inputs))
            differ = [i for i, (a, b) in enumerate(pairs) if identity(a) != identity(b)]
            if len(differ) == 1 and (yes.op != "where" or differ != [0]):  # it is about one operand only
                operands = [self.where(question, *pair) if i in differ else pair[0] for i, pair in enumerate(pairs)]
                return self.where(*operands) if yes.op == "where" else self.make(yes.op, *operands)
        if question.op == "<=":  # c where a <= c, else a: the larger one, which is c just where a <= c
            a, bound = question.inputs
            if no is a and identity(yes) == identity(bound):
                return self.intern("max", a, bound)
            if ("max", *map(identity, question.inputs)) in self.symbols:
                question = self.intern("==", self.intern("max", a, bound), bound)
        return self.intern("where", question, yes, no)


def identity(x: Operand) -> Any:
    """What is equal for one and the same symbol, and for numbers that are the same, −0 told from 0."""
    return id(x) if isinstance(x, Symbol) else repr(x)


def is_ours(rule: Rule) -> bool:
    """Whether a rule is the library's: it is pure, and gives floats."""
    return str(getattr(rule, "__module__", None)).startswith("micrograd_numpy.")


def reached(ends: Iterable[Operand], known: Iterable[Symbol] = ()) -> list[Symbol]:
    """The symbols that `ends` are made of, in an order in which they can be computed; not behind what is known."""
    order: dict[Symbol, None] = {}
    there = set(known)  # where they are told apart by identity

    def visit(x: Operand) -> None:
        if isinstance(x, Symbol) and x not in order:
            for i in () if x in there else x.inputs:
                visit(i)
            order[x] = None

    for end in ends:
        visit(end)
    return list(order)


# ---------------------------------------------------------------- a rule, followed


@dataclass(frozen=True)
class Followed:
    """A rule as a graph of arithmetic: its inputs, its result, its local derivatives."""

    inputs: tuple[Symbol, ...]
    result: Operand
    slopes: tuple[Operand, ...]

    @property
    def in_place(self) -> bool:
        """Whether the result may lie where a lone input lies: one step reads that, and no slope does."""
        x = self.inputs[0]
        reads = [i for s in reached([self.result]) for i in s.inputs if i is x]
        needed = any(s is x for s in reached(self.slopes, known={self.result}))
        return len(self.inputs) == len(reads) == 1 and not needed

    def steps(self) -> dict[str, Any]:
        """The same as plain data, which the page can compute, too.

        Returns
        -------
        dict
            `steps`, each an operation with its operands' places, which count the inputs and then the steps; and the
            places of the `result` and of the `slopes`. A number that the rule itself knows comes in a list.
        """
        ends = (self.result, *self.slopes)
        made = [s for s in reached(ends, known=self.inputs) if s.op != "input"]
        places = {s: place for place, s in enumerate((*self.inputs, *made))}

        def place(x: Operand) -> int | list[float]:
            return places[x] if isinstance(x, Symbol) else [x]

        rows = [[s.op, *map(place, s.inputs)] for s in made]
        return {"steps": rows, "result": place(self.result), "slopes": list(map(place, self.slopes))}


@lru_cache
def follow(rule: Rule, inputs: int) -> Followed:
    """What a rule does to so many inputs.

    Raises
    ------
    FollowError
        If it asks a number for its float, as `math.sin` does, or does something else that symbols cannot.
    """
    trace = Trace(inputs)
    try:
        result, slopes = trace.run(rule, {})
        followed = Followed(trace.inputs, trace.as_number(result), tuple(map(trace.as_number, slopes)))
    except FollowError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever only a float can do
        raise FollowError(f"on symbols it raises {type(error).__name__}: {error}") from None
    compare(rule, followed)
    return followed


# ---------------------------------------------------------------- the proof

# What each operation is in NumPy; an elementary function has its own name there.
NUMPY = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "float_power", "neg": "negative"}
NUMPY |= {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal", "!=": "not_equal"}
NUMPY |= {"abs": "absolute", "max": "maximum", "where": "where"}
TELLING = (-math.inf, -1e300, -2.5, -1.0, -0.0, 0.0, 5e-324, 0.5, 3.0, 1e300, math.inf, math.nan)


def compare(rule: Rule, followed: Followed) -> None:
    """Compute the graph where floats are at their edges, and see whether the rule says the same.

    A rule that catches errors, or asks what type a number has, could have gone another way on symbols.

    Raises
    ------
    FollowError
        If it does not.
    """
    import numpy as np

    ends = (followed.result, *followed.slopes)
    steps = reached(ends)
    bounds = {i for s in steps if s.op in COMPARISONS for i in s.inputs if isinstance(i, float) and math.isfinite(i)}
    telling = [*TELLING, *(x for bound in sorted(bounds)[:8] for x in around(bound))]  # a set would take −0 for 0
    count = len(followed.inputs)
    grid = list(product(telling, repeat=min(count, 2)))
    points = [tuple(pair[(0, 1, 1, 0)[i % 4]] for i in range(count)) for pair in grid]
    numbers: dict[Any, Any] = dict(zip(followed.inputs, np.array(points).T))
    with np.errstate(all="ignore"):
        for s in steps:
            if s not in numbers:
                numbers[s] = getattr(np, NUMPY.get(s.op, s.op))(*(numbers.get(i, i) for i in s.inputs))
        columns = [np.broadcast_to(numbers.get(end, end), len(points)).tolist() for end in ends]
        for point, *found in zip(points, *columns):
            try:
                result, slopes = rule(*point)
                says = list(map(float, (result, *slopes)))
            except FollowError:
                raise
            except Exception:  # noqa: BLE001, S112  # where Python stops, or turns complex, NumPy goes on
                continue
            for ours, its in zip(found, says):
                same = math.isclose(ours, its, abs_tol=1e-12) or (math.isnan(ours) and math.isnan(its))
                if not same:
                    at = ", ".join(map(repr, point))
                    raise FollowError(
                        f"on symbols it goes another way: at {at} it is {its!r} and would become {ours!r}"
                    )


def around(x: float) -> tuple[float, ...]:
    """A number and its neighbours, and some that are farther away."""
    return (math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf), x - 1.0, x + 1.0, 2.0 * x, 0.5 * x)
