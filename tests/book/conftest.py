"""What the tests of the book's tools share."""

from __future__ import annotations

import shutil

import nbformat
import pytest

from tests.book import small_site
from tests.book.small_book import TEXT, lock, store
from tools.book import notebooks, twins


@pytest.fixture
def small(tmp_path):
    """A book of one chapter, in sync: a function and two cells that show it."""
    (tmp_path / "micrograd_numpy").mkdir()
    (tmp_path / "micrograd_numpy" / "__init__.py").touch()
    (tmp_path / "notebooks" / "exercises").mkdir(parents=True)
    (tmp_path / "micrograd_numpy" / "twice.py").write_text(TEXT, "utf-8")
    (pair,) = twins.pairs(tmp_path)
    notebook = twins.blank_notebook(pair.read_text())
    first, shown, printed = (cell for cell in notebook.cells if cell.cell_type == "code")
    first.execution_count, shown.execution_count, printed.execution_count = 1, 2, 3
    shown.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "8"}, execution_count=2)]
    printed.outputs = [nbformat.v4.new_output("stream", name="stdout", text="16\nDone.\n")]
    store(pair, notebook)
    lock(pair)
    assert list(notebooks.check(root=tmp_path)) == []
    return pair


@pytest.fixture
def site(tmp_path):
    """A small built site."""
    return small_site.lay_out(tmp_path)


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory):
    """The same, finished."""
    site = small_site.lay_out(tmp_path_factory.mktemp("finished"))
    assert small_site.finish(site) == len(small_site.PAGES)
    return site


@pytest.fixture
def finished(finished_once, tmp_path):
    """A copy of it, to be changed."""
    shutil.copytree(finished_once.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "site"
