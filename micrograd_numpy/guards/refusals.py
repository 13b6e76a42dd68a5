"""What a Value refuses, with a reason: calls that jump, and copies of what was computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def jump(call: str) -> Callable[..., Any]:
    """The method for `call` of a Value, which no gradient could cross: it says what to write."""

    def method(*_: object) -> Any:
        raise TypeError(
            f"{call.format('v')} jumps, and a jump has no slope: for the number alone write "
            f"{call.format('v.data')}, or give apply a rule of your own"
        )

    return method


class Refusals:
    """The methods of a Value that raise an error, so that the mistake is told where it is made."""

    __slots__ = ()
    _prev: tuple[Any, ...]
    _op: str

    __int__, __round__ = jump("int({})"), jump("round({})")
    __floor__, __ceil__ = jump("math.floor({})"), jump("math.ceil({})")
    __trunc__ = jump("math.trunc({})")
    __mod__, __rmod__ = jump("{} % n"), jump("n % {}")
    __floordiv__, __rfloordiv__ = jump("{} // n"), jump("n // {}")
    __divmod__, __rdivmod__ = jump("divmod({}, n)"), jump("divmod(n, {})")

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Let copy and pickle have leaves; refuse nodes, whose graphs can be deeper than they can go."""
        if self._prev:
            raise TypeError(
                f"only leaves can be copied or pickled, and {self!r} was made by {self._op!r}: "
                "copy the leaves and compute it again, or keep its number, .data"
            )
        return super().__reduce_ex__(max(protocol, 2))  # from 2 on, pickle knows slots
