"""Put functions that watch in the place of the engine's for a while: outside of the block there is nothing to pay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

lock = RLock()  # whoever replaces functions of the engine holds it


@contextmanager
def replaced(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    """In this `with` block, modules or classes have other attributes. Who replaces what others may, holds `lock`.

    Parameters
    ----------
    *changes : (object, str, object)
        The module or class, the name, and what stands there in the block.
    """
    before = [(place, name, vars(place).get(name)) for place, name, _ in changes]
    try:
        for place, name, changed in changes:
            setattr(place, name, changed)
        yield
    finally:
        for place, name, own in before:  # what was inherited is not the place's own
            delattr(place, name) if own is None else setattr(place, name, own)
