"""A notebook is fresh if nothing has changed that it uses."""

from __future__ import annotations

import shutil

import nbformat
import pytest

from tests.book.small_book import edit, edit_notebook, edit_text, problems
from tools import ROOT
from tools.book import notebooks, twins
from tools.book.dependencies import Library

LIBRARY = Library()
DIGESTS = {pair.name: LIBRARY.digest(pair) for pair in twins.pairs()}
NAMES = set(DIGESTS)
COMPILED = {"arrays", "vectorize", "exercises/vectorize", "moons", "exercises/moons"}
FIGURES = {"graph", "mlp", "moons", "optimizers"}


# ------------------------------------------------------------------ the checker bites


@pytest.mark.parametrize("outputs", [[], [nbformat.v4.new_output("stream", name="stdout", text="17\n")]])
def test_bites_on_a_changed_output(small, outputs):
    edit_notebook(small, lambda notebook: notebook.cells[3].update(outputs=outputs), locked=False)
    assert "stale" in problems(small)


def test_bites_on_a_change_of_what_the_notebook_imports(small):
    (small.root / "micrograd_numpy" / "thrice.py").write_text("def triple(x): return 3 * x\n", "utf-8")
    edit_text(small, "# double(4)", "# from micrograd_numpy.thrice import triple\n# double(4)")
    assert notebooks.sync([], everything=False, jobs=1, root=small.root) == 0
    assert problems(small) == ""
    (small.root / "micrograd_numpy" / "thrice.py").write_text("def triple(x): return x + x + x\n", "utf-8")
    assert "stale" in problems(small)


# ------------------------------------------------------------------ what makes which notebook stale


@pytest.fixture
def copy(tmp_path):
    """A copy of the library and of the notebooks, to be changed."""
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("micrograd_numpy", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    (tmp_path / "benchmarks").mkdir()
    shutil.copy(ROOT / "benchmarks" / "results.json", tmp_path / "benchmarks")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "old", "new", "stale"),
    [
        ("ops.py", "return a - b, (1.0, -1.0)", "return a - b, (1.0, 1.0)", NAMES),
        ("guards/numbers.py", "", "LIMIT = 1\n", NAMES),
        ("compiler/replay.py", "", "LIMIT = 1\n", COMPILED),
        ("figures/figures.js", "", "// A line.\n", FIGURES),
        ("new.py", "", "LIMIT = 1\n", set()),
        ("../benchmarks/results.json", "", " ", {"vectorize"}),
    ],
)
def test_a_notebook_is_stale_if_something_that_it_uses_has_changed(copy, path, old, new, stale):
    edit(copy / "micrograd_numpy" / path, old, new)
    library = Library(copy)
    assert {pair.name for pair in twins.pairs(copy) if library.digest(pair) != DIGESTS[pair.name]} == stale
