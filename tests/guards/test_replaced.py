"""What stands in another's place is gone after the block, whatever happened in it."""

from __future__ import annotations

from contextlib import suppress

import pytest

from micrograd_numpy.guards.replaced import replaced


class Base:
    word = "own"


class Derived(Base):
    pass


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_was_there_is_put_back_and_what_was_inherited_is_inherited_again(error: type[BaseException]) -> None:
    with suppress(error), replaced((Base, "word", "a"), (Derived, "word", "b")):
        assert (Base.word, Derived.word) == ("a", "b")
        raise error
    assert (Base.word, Derived.word) == ("own", "own")
    assert "word" not in vars(Derived)
