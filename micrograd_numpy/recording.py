"""Look on while a function works on Values, and later tell whether it would do the same again.

The two ends of `vectorize` that have little to do with arrays: `recorded` runs a function once
and notes every operation; `Surroundings` remembers what the function could see.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from micrograd_numpy import ops, value
from micrograd_numpy.anomaly import lock
from micrograd_numpy.mlp import Module
from micrograd_numpy.value import Value

# ---------------------------------------------------------------- what it does

# What a Value can be asked that a recipe cannot answer: it would be one sample's answer, for all samples.
QUESTIONS = {
    "__bool__": "asks whether a Value is true",
    "__float__": "turns a Value into a float",
    "__lt__": "compares a Value by <",
    "__le__": "compares a Value by <=",
    "__gt__": "compares a Value by >",
    "__ge__": "compares a Value by >=",
    "__reduce_ex__": "copies or pickles a Value",
    "backward": "calls backward()",
}


@dataclass
class Recorder:
    """What a function has done so far.

    Attributes
    ----------
    made : dict
        Each Value that an operation made, in order, with the operation's rule.
    constants : set
        Leaves that the function made itself, such as the 1 in `1 - x`.
    checks : list
        What `check` was asked: a Value, what must hold for its number, and the complaint.
    """

    made: dict[Value, ops.Rule] = field(default_factory=dict)
    constants: set[Value] = field(default_factory=set)
    checks: list[tuple[Value, Callable[[Any], Any], Callable[[float], Exception]]] = field(default_factory=list)


current: ContextVar[Recorder | None] = ContextVar("current", default=None)  # by thread


def refuse(what: str) -> None:
    """Raise a TypeError that names the line outside of the engine that did `what`."""
    frame = sys._getframe(2)
    while frame.f_back and (is_installed_at(frame.f_code.co_filename) or frame.f_globals is vars(value)):
        frame = frame.f_back
    path = frame.f_code.co_filename
    # everything that exec runs is called "<string>", so there it would be anybody's line
    code = "" if path == "<string>" else linecache.getline(path, frame.f_lineno).strip()
    line = f"line {frame.f_lineno} of {frame.f_code.co_name!r}" + (f" ({code})" if code else "")
    raise TypeError(
        f"{line} {what}, but a vectorized function runs once, on symbols, and what it did is replayed for all samples. "
        "Stay with operations on Values, for example relu() instead of an if; or decide outside, on numbers"
    )


def guarded(slot: Any, recorder: Recorder) -> property:
    """`Value.data`, or `grad`, which only the engine may use while something is recorded."""

    def ask(what: str) -> None:
        if current.get() is recorder and sys._getframe(2).f_globals is not vars(value):
            refuse(f"{what} the {slot.__name__} of a Value")

    def read(self: Value) -> float:
        ask("asks for")
        number: float = slot.__get__(self)
        return number

    def write(self: Value, number: float) -> None:
        ask("sets")
        slot.__set__(self, number)

    return property(read, write)


@contextmanager
def recorded() -> Iterator[Recorder]:
    """In this `with` block, note every operation on Values in this thread, and let none tell its number.

    Like `detect_anomaly`, it replaces the functions through which everything passes, so that
    outside of the block there is nothing to pay. Two threads do so one after the other.

    Yields
    ------
    Recorder

    Raises
    ------
    TypeError
        If something in the block, other than the engine itself, asks a Value for its number.
    """
    recorder = Recorder()

    def here() -> bool:
        return current.get() is recorder

    def node(data: float, inputs: tuple[Value, ...], op: str, local: tuple[float, ...], rule: ops.Rule) -> Value:
        out = plain_node(data, inputs, op, local, rule)
        if here():
            recorder.made[out] = rule
        return out

    def check(v: Value, holds: Callable[[Any], Any], complaint: Callable[[float], Exception]) -> None:
        if here():
            recorder.checks.append((v, holds, complaint))
        else:
            plain_check(v, holds, complaint)

    def init(self: Value, *args: Any, **kwargs: Any) -> None:
        plain["__init__"](self, *args, **kwargs)
        if here():
            recorder.constants.add(self)

    def asked(name: str) -> Callable[..., Any]:
        def method(self: Value, *args: Any) -> Any:
            if here():
                refuse(QUESTIONS[name])
            return plain[name](self, *args)

        return method

    with lock:
        plain: dict[str, Any] = {name: vars(Value)[name] for name in (*QUESTIONS, "__init__", "data", "grad")}
        plain_node, plain_check = value.node, value.check
        token = current.set(recorder)
        try:
            value.node, value.check = node, check
            for name in QUESTIONS:
                setattr(Value, name, asked(name))
            Value.__init__ = init  # type: ignore[method-assign]  # replacing it is the point
            for name in ("data", "grad"):
                setattr(Value, name, guarded(plain[name], recorder))
            yield recorder
        finally:
            value.node, value.check = plain_node, plain_check
            for name, method in plain.items():
                setattr(Value, name, method)
            current.reset(token)


# ---------------------------------------------------------------- what it sees

class Surroundings:
    """What a function can see besides its arguments: its closure, its globals, and what they hold.

    Lists, dicts, models, other functions, objects and the user's own imported modules are followed to
    their ends; of objects and modules, what is named in the code that can be reached. Arrays are compared by content.
    The data and grad of a Value do not count. Installed packages and the engine are taken to stay as they are.

    Parameters
    ----------
    fn : callable
    """

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.live: list[Any] = []  # containers that can change ...
        self.copies: list[Any] = []  # ... and what they held
        self.places: list[tuple[Callable[[], Any], Any]] = []  # how to ask for anything else, and the answer
        self.names: set[str] = set()  # that occur in the code
        self.objects: list[tuple[Any, set[str]]] = []  # things with attributes, and those that were looked at
        self.seen: dict[int, Any] = {}  # by identity; keeps them alive, so that no identity comes again
        self.follow([fn])
        while attributes := [held for thing in list(self.objects) for held in self.attributes(*thing)]:
            self.follow(attributes)  # which may bring names that make others reachable
        for thing, _ in self.objects:  # and what is not there may come
            if hasattr(own := getattr(thing, "__dict__", None), "keys"):
                self.place(partial(present, own, frozenset(self.names)))

    def unchanged(self) -> bool:
        """Whether everything is as it was."""
        try:
            if self.live != self.copies:
                return False
            for ask, answer in self.places:
                now = ask()
                if now is not answer and now != answer:
                    return False
        except ValueError:  # an array where there was another: they have no one answer to ==
            return False
        return True

    def follow(self, things: list[Any]) -> None:
        """Look at things, and at all that they hold."""
        while things:
            thing = things.pop()
            if id(thing) not in self.seen:
                self.seen[id(thing)] = thing
                things += self.look_at(thing)

    def look_at(self, thing: Any) -> list[Any]:
        """Remember what `thing` holds, and return it."""
        held: list[Any] = []
        if isinstance(thing, (Value, str, bytes, int, float, complex, type(None))) or is_installed(thing):
            return held
        if isinstance(thing, FunctionType):
            held += self.look_at_function(thing)
        elif isinstance(thing, (MethodType, partial, property, staticmethod, classmethod, tuple)):
            return parts_of(thing)
        elif isinstance(thing, (list, set, dict, deque)):
            self.remember(thing)
            held += thing.values() if isinstance(thing, dict) else thing
        elif hasattr(type(thing), "tobytes"):  # an array
            self.places.append((thing.tobytes, thing.tobytes()))
            held += thing.ravel().tolist() if str(getattr(thing, "dtype", "")) == "object" else []
        if isinstance(thing, Module):
            self.remember(vars(thing))
            held += vars(thing).values()
        else:
            self.objects.append((thing, set()))
        return held if isinstance(thing, (type, ModuleType)) else [*held, *type(thing).__mro__]

    def remember(self, thing: Any) -> None:
        """Keep a copy of something that can change."""
        self.live.append(thing)
        self.copies.append(thing.copy())

    def place(self, ask: Callable[[], Any]) -> Any:
        """Keep the answer to a question."""
        self.places.append((ask, ask()))
        return self.places[-1][1]

    def attributes(self, thing: Any, done: set[str]) -> list[Any]:
        """Remember the attributes that the code names, or Python itself, and return them."""
        own: Any = getattr(thing, "__dict__", {})
        named = {name for name in self.names if name in own}
        if isinstance(thing, type):
            named |= SPECIAL & own.keys()
        else:
            # in a slot, or still the class's: an attribute of its own may come to hide that
            named |= {name for kind in type(thing).__mro__ for name in self.names & vars(kind).keys()}
        held = []
        for name in named - done:
            done.add(name)
            slot = not hasattr(own, "get") or (name not in own and hasattr(getattr(type(thing), name, None), "__set__"))
            ask = partial(getattr, thing, name, None) if slot else partial(own.get, name)
            held.append(self.place(ask))
        return held

    def look_at_function(self, fn: FunctionType) -> list[Any]:
        """Remember what a function's free names stand for, and return it."""
        names, texts = names_in(fn.__code__)
        self.place(partial(present, fn.__globals__, frozenset(names)))
        self.names |= names | texts
        held = [*(fn.__defaults__ or ()), *(fn.__kwdefaults__ or {}).values()]
        for name in ("__code__", "__defaults__"):
            self.place(partial(getattr, fn, name))
        held += [self.place(partial(contents, cell)) for cell in fn.__closure__ or ()]
        return held + [self.place(partial(fn.__globals__.get, name)) for name in names if name in fn.__globals__]


# Methods that Python calls without their names in the code.
SPECIAL = {
    "__call__", "__getitem__", "__iter__", "__next__", "__len__", "__contains__", "__bool__", "__float__", "__index__",
    "__getattr__", "__getattribute__", "__enter__", "__exit__", "__neg__", "__matmul__", "__eq__", "__lt__", "__gt__",
    *(f"__{side}{name}__" for side in ("", "r", "i") for name in ("add", "sub", "mul", "truediv", "pow")),
}  # fmt: skip


def is_installed_at(path: str) -> bool:
    """Whether a file belongs to Python, to an installed package or to the engine: these are taken to stay as they are."""
    libraries = (str(Path(os.__file__).parent), str(Path(__file__).parent))
    return path.startswith(libraries) or "site-packages" in path or "dist-packages" in path


def is_installed(thing: Any) -> bool:
    """Whether a function, class or module comes from such a file."""
    if isinstance(thing, FunctionType):
        return is_installed_at(thing.__code__.co_filename)
    if isinstance(thing, type):
        thing = sys.modules.get(thing.__module__)
    if isinstance(thing, ModuleType):
        path = getattr(thing, "__file__", None)
        return thing.__name__ != "__main__" and (path is None or is_installed_at(path))
    return False


def present(namespace: Any, names: frozenset[str]) -> Any:
    """Which of the names are in a namespace."""
    return namespace.keys() & names


def contents(cell: Any) -> Any:
    """What a variable of an outer function holds; None if it holds nothing yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def parts_of(thing: Any) -> list[Any]:
    """What something that cannot change is made of."""
    if isinstance(thing, MethodType):
        return [thing.__func__, thing.__self__]
    if isinstance(thing, partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, property):
        return [thing.fget]
    if isinstance(thing, (staticmethod, classmethod)):
        return [thing.__func__]
    return list(thing)


def names_in(code: CodeType) -> tuple[set[str], set[str]]:
    """The names that a function's code looks up, those of the functions inside it included; and its strings."""
    names, texts = set(code.co_names), {text for text in code.co_consts if isinstance(text, str)}
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            more = names_in(inner)
            names |= more[0]
            texts |= more[1]
    return names, texts
