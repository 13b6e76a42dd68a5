"""What a function that is recorded sees of its Modules, and whether that still is so."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from micrograd_numpy.mlp import Module
from micrograd_numpy.value import Value

Container = (list, tuple, dict, set, frozenset, deque)


def holds(thing: Any) -> bool:
    """Whether `thing` is a Value or a Module, or holds one at any depth."""
    seen: set[int] = set()
    stack = [thing]
    while stack:
        thing = stack.pop()
        if isinstance(thing, (Value, Module)):
            return True
        if isinstance(thing, Container) and id(thing) not in seen:
            seen.add(id(thing))
            stack += thing.values() if isinstance(thing, dict) else thing
    return False


def same(a: Any, b: Any) -> bool:
    """Whether `a` is `b`, or a plain number or text equal to it."""
    return a is b or (type(a) is type(b) and isinstance(a, (int, float, str, bytes)) and a == b)


class Structure:
    """The Modules that a function looked into: their parts, their parameters, and what it asked them for.

    Numbers, and lists of numbers, that the function did not ask for by name (a counter of steps, a log of losses)
    may change as they like.

    Parameters
    ----------
    reads : iterable of (Module, set of str)
        The Modules, and the names of the attributes that the function asked them for.
    """

    def __init__(self, reads: Iterable[tuple[Module, set[str]]]) -> None:
        self.live: list[Any] = []  # what can change ...
        self.copies: list[Any] = []  # ... and what it held
        self.asked: list[Any] = []  # of each, the keys that the function asked for; None stands for all
        self.values: set[Value] = set()  # that they hold
        seen: set[int] = set()
        for module, names in reads:
            self.remember(vars(module), names, seen)

    def remember(self, container: Any, asked: Any, seen: set[int]) -> None:
        """Keep a copy of what a container holds, and of the containers in it that matter."""
        if id(container) in seen:
            return
        seen.add(id(container))
        if not isinstance(container, tuple):
            self.live.append(container)
            self.copies.append(container.copy())
            self.asked.append(asked)
        for key, thing in items(container):
            wanted = asked is None or key in asked
            if isinstance(thing, Value):
                self.values.add(thing)
            if isinstance(thing, Container) and (wanted or not thing or holds(thing)):
                self.remember(thing, None if wanted else (), seen)

    def unchanged(self) -> bool:
        """Whether all that matters is as it was."""
        try:
            if self.live == self.copies:
                return True
        except Exception:  # noqa: BLE001, S110  # arrays and their like have an == of their own; look closer
            pass
        return all(map(self.alike, range(len(self.live))))

    def alike(self, i: int) -> bool:
        """Whether what matters in one container is as it was; what else has changed is noted."""
        live, asked = self.live[i], self.asked[i]
        before, now = dict(items(self.copies[i])), dict(items(live))
        for key in before.keys() | now.keys():
            old, new = before.get(key, self), now.get(key, self)
            if not same(old, new) and (asked is None or key in asked or holds(old) or holds(new)):
                return False
        if asked is None or asked or holds(live):
            self.copies[i] = live.copy()
        else:  # a log, which will grow and grow
            self.live[i] = self.copies[i] = {}
        return True


def items(container: Any) -> list[tuple[Any, Any]]:
    """What a container holds, by key or by place; what has no order, by itself."""
    if isinstance(container, dict):
        return list(container.items())
    return list(zip(container, container) if isinstance(container, (set, frozenset)) else enumerate(container))
