"""Watch while a function works on Values, and let none of them tell its number."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NoReturn

from micrograd_numpy import ops, value
from micrograd_numpy.anomaly import is_installed_at, told, watching
from micrograd_numpy.compiler.symbols import follow
from micrograd_numpy.guards import targets
from micrograd_numpy.guards.replaced import lock, replaced
from micrograd_numpy.mlp import Module
from micrograd_numpy.value import Value

# The code that computes with numbers and hands them on in Values. None but this may look at them while a
# function is recorded, so a method that somebody adds to Value tells nothing before it is listed here.
OPERATIONS: set[CodeType] = {
    function.__code__
    for function in (
        *(Value.__add__, Value.__neg__, Value.__pow__, Value.__init__),  # binary, unary
        *(value.node, value.apply, value.dot, value.total, value.mean),
    )
}

# What a reader did, where the name of the method that asked tells it better than "asks for the data".
DEEDS = {
    "__bool__": "asks whether a Value is true",
    "__float__": "turns a Value into a float",
    "__eq__": "compares a Value by ==",
    "__hash__": "looks a Value up in a dict or a set",
    "__lt__": "compares a Value by <",
    "__le__": "compares a Value by <=",
    "__gt__": "compares a Value by >",
    "__ge__": "compares a Value by >=",
    "__repr__": "turns a Value into text",
    "__format__": "turns a Value into text",
    "__reduce_ex__": "copies or pickles a Value",
    "backward": "calls backward()",
}


@dataclass
class Recorder:
    """What a function has done so far.

    Attributes
    ----------
    wide : set of int
        The identities of the Values that depend on an argument.
    made : list
        Each Value that an operation made, in order, with the operation's rule.
    constants : list
        Leaves that the function made itself, such as the 1 in `1 - x`.
    checks : list
        What `check` was asked: a Value, what must hold for its number, and the complaint.
    reads : dict
        The Modules that it looked into, by identity, and which attributes it asked for.
    refusal : TypeError or None
        The last question that was refused; the function may have caught the error.
    """

    wide: set[int]
    made: list[tuple[Value, ops.Rule]] = field(default_factory=list)
    constants: list[Value] = field(default_factory=list)
    checks: list[tuple[Value, Callable[[Any], Any], Callable[[float], Exception]]] = field(default_factory=list)
    reads: dict[int, tuple[Module, set[str]]] = field(default_factory=dict)
    refusal: TypeError | None = None

    @property
    def here(self) -> bool:
        """Whether it is this thread that records."""
        return current.get() is self


PACKAGE = Path(__file__).parents[1]
NODE = value.node
current: ContextVar[Recorder | None] = ContextVar("current", default=None)  # by thread


def reader(depth: int) -> FrameType:
    """The frame of the function that is `depth` calls above the one that asks; a comprehension is its function's."""
    frame = sys._getframe(depth + 1)
    while frame.f_back and frame.f_code.co_name in {"<listcomp>", "<genexpr>"}:
        frame = frame.f_back
    return frame


def is_engine(frame: FrameType) -> bool:
    """Whether a frame runs the engine's code."""
    return PACKAGE in Path(frame.f_code.co_filename).parents or frame.f_globals is vars(value)


def refuse(recorder: Recorder, frame: FrameType, deed: str) -> NoReturn:
    """Raise a TypeError that names the reader's line, which is outside of the engine and did `deed`."""
    while frame.f_back and (is_installed_at(frame.f_code.co_filename) or is_engine(frame)):
        deed = DEEDS.get(frame.f_code.co_name, deed)
        frame = frame.f_back
    recorder.refusal = TypeError(
        f"{told((frame.f_code, frame.f_lineno))} {deed}, but a vectorized function runs once, on one sample, and "
        "what it did is replayed for all samples. Stay with operations on Values, for example relu() instead of an if; "
        "or decide outside, on numbers"
    )
    raise recorder.refusal


def guarded(recorder: Recorder, name: str) -> property:
    """A place for numbers that only operations may use."""
    slot = vars(Value)[name]

    def ask(v: Value, deed: str) -> None:
        known = recorder.here or id(v) in recorder.wide  # which no other thread may look at, either
        if known and (frame := reader(2)).f_code not in OPERATIONS:
            refuse(recorder, frame, f"{deed} the {name} of a Value")

    def read(self: Value) -> Any:
        ask(self, "asks for")
        return slot.__get__(self)

    def write(self: Value, number: Any) -> None:
        ask(self, "sets")
        slot.__set__(self, number)

    return property(read, write)


def by_identity(recorder: Recorder) -> tuple[Callable[..., Any], Callable[..., int]]:
    """`==` and `hash`, which refuse what depends on an argument: a plain number would go by what it holds."""

    def ask(name: str, v: Value) -> None:
        if id(v) in recorder.wide and not is_engine(frame := reader(2)):
            refuse(recorder, frame, DEEDS[name])

    def equal(self: Value, _: Any) -> Any:
        ask("__eq__", self)
        return NotImplemented  # so Python asks the other, and then whether the two are one

    def hashed(self: Value) -> int:
        ask("__hash__", self)
        return object.__hash__(self)

    return equal, hashed


@contextmanager
def recorded(arguments: Iterable[Value] = ()) -> Iterator[Recorder]:
    """In this `with` block, note every operation on Values in this thread, and let none tell its number.

    Like `detect_anomaly`, it replaces the functions through which everything passes, so that
    outside of the block there is nothing to pay. Two threads do so one after the other.

    Parameters
    ----------
    arguments : iterable of Value
        The Values that stand for one sample. They, and what is made of them, are not even equal to
        anything: without `vectorize` they could be plain numbers, which are compared by what they hold.

    Yields
    ------
    Recorder

    Raises
    ------
    TypeError
        If something in the block, other than the engine's operations, asks a Value for its number.
    """
    recorder = Recorder(wide=set(map(id, arguments)))
    follow.cache_clear()  # what a rule sees may have changed since the last recording

    def node(data: float, inputs: tuple[Value, ...], op: str, local: tuple[float, ...], rule: ops.Rule) -> Value:
        # whoever else looks on, such as check_gradients, would ask for numbers
        out = (NODE if recorder.here else plain_node)(data, inputs, op, local, rule)
        if recorder.here:
            recorder.made.append((out, rule))
            if not recorder.wide.isdisjoint(map(id, inputs)):
                recorder.wide.add(id(out))
        return out

    def check(v: Value, holds: Callable[[Any], Any], complaint: Callable[[float], Exception]) -> None:
        if recorder.here:
            recorder.checks.append((v, holds, complaint))
        else:
            plain_check(v, holds, complaint)

    def init(self: Value, *args: Any, **kwargs: Any) -> None:
        plain_init(self, *args, **kwargs)
        if recorder.here:
            recorder.constants.append(self)

    def text(self: Value) -> str:
        frame = reader(1)
        if frame.f_code is Value.__format__.__code__ and frame.f_back:
            frame = frame.f_back
        if recorder.here and not is_engine(frame):
            refuse(recorder, frame, DEEDS["__repr__"])
        return "a recorded Value" if recorder.here else plain_text(self)  # for the engine's own messages

    def look_up(self: Module, name: str) -> Any:
        if recorder.here:
            recorder.reads.setdefault(id(self), (self, set()))[1].add(name)
        return plain_look_up(self, name)

    with lock:
        plain_node, plain_check = value.node, targets.check
        plain_init, plain_text, plain_look_up = Value.__init__, Value.__repr__, Module.__getattribute__
        changes: list[tuple[Any, str, Any]] = [
            (Value, name, guarded(recorder, name)) for name in ("data", "grad", "_local")
        ]
        equal, hashed = by_identity(recorder)
        changes += [(Value, "__init__", init), (Value, "__repr__", text), (Value, "__eq__", equal)]
        changes += [(Value, "__hash__", hashed), (Module, "__getattribute__", look_up)]
        changes += [(value, "node", node), (targets, "check", check)]
        token, unwatched = current.set(recorder), watching.set(None)
        try:
            with replaced(*changes):
                yield recorder
        finally:
            current.reset(token)
            watching.reset(unwatched)
