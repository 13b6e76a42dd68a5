"""What all tests share: repeatable property tests, and no window that waits for somebody."""

import os
from types import ModuleType

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "agg")

# The same examples on every run, and no deadline: a slow machine is not a wrong gradient.
settings.register_profile("book", derandomize=True, deadline=None, database=None)
settings.load_profile("book")


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    """PyTorch, or a skipped test where it is not installed: the library does without it."""
    return pytest.importorskip("torch")
