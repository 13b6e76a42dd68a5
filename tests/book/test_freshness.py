"""A notebook is fresh if nothing has changed that it uses."""

from __future__ import annotations

import shutil

import pytest

from tests.book.small_book import edit_notebook, edit_text, problems
from tools import ROOT
from tools.book import freshness, notebooks, twins
from tools.book.dependencies import Library

LIBRARY = Library()
PAIRS = twins.pairs()
DIGESTS = {pair.name: LIBRARY.digest(pair) for pair in PAIRS}
NAMES = set(DIGESTS)
COMPILED = {"vectorize", "exercises/vectorize"}  # what these two show is the compiler's work
TRAINED = {"moons", "exercises/moons"}  # training compiles the loss


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_outputs_are_fresh(pair):
    assert list(freshness.check_fresh(pair, LIBRARY)) == [], "-> make sync"


# ------------------------------------------------------------------ the checker bites


def test_bites_on_an_output_that_was_cleared(small):
    edit_notebook(small, lambda notebook: notebook.cells[3].update(outputs=[]), locked=False)
    assert "stale" in problems(small)


def test_bites_on_a_changed_output(small):
    edit_notebook(small, lambda notebook: notebook.cells[3].outputs[0].update(text="17\n"), locked=False)
    assert "stale" in problems(small)


def test_bites_on_a_change_of_the_chapter(small):
    edit_text(small, "return 2 * x", "return 3 * x")
    assert "cell 1: its source differs" in problems(small)


def test_bites_on_a_change_of_what_the_notebook_imports(small):
    (small.root / "micrograd_numpy" / "thrice.py").write_text("def triple(x): return 3 * x\n", "utf-8")
    edit_text(small, "# double(4)", "# from micrograd_numpy.thrice import triple\n# double(4)")
    (small.root / "micrograd_numpy" / "__init__.py").touch()
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
    ("path", "old", "new", "stale", "fresh"),
    [
        ("ops.py", "return a - b, (1.0, -1.0)", "return a - b, (1.0, 1.0)", NAMES, set()),
        ("ops.py", "return a * b, (b, a)", "return a * b, (b, -a)", NAMES, set()),
        ("guards/numbers.py", None, "LIMIT = 1", NAMES, set()),
        ("__init__.py", None, "LIMIT = 1", NAMES, set()),
        ("guards/numbers.py", None, "# A comment.", set(), NAMES),
        ("guards/numbers.py", '"""', '"""Words. ', set(), NAMES),
        ("compiler/emit.py", None, "LIMIT = 1", COMPILED | TRAINED, NAMES - COMPILED - TRAINED),
        ("compiler/staleness.py", None, "LIMIT = 1", COMPILED | TRAINED, NAMES - COMPILED - TRAINED),
        (
            "figures/figures.js",
            None,
            "// A line.",
            {"graph", "mlp", "moons", "optimizers"},
            {"value", "ops", "vectorize"},
        ),
        ("new.py", None, "LIMIT = 1", set(), NAMES),
        ("../benchmarks/results.json", None, " ", {"vectorize"}, NAMES - {"vectorize"}),
    ],
    ids=lambda value: value if isinstance(value, str) and value[-3:] in {".py", ".js", "son"} else "",
)
def test_a_notebook_is_stale_if_something_that_it_uses_has_changed(copy, path, old, new, stale, fresh):
    file = copy / "micrograd_numpy" / path
    before = file.read_text("utf-8") if file.exists() else ""
    if old is None:
        after = f"{before}\n{new}\n"
    else:
        assert old in before
        after = before.replace(old, new, 1)
    file.write_text(after, "utf-8")
    library = Library(copy)
    changed = {pair.name for pair in twins.pairs(copy) if library.digest(pair) != DIGESTS[pair.name]}
    assert stale <= changed <= NAMES - fresh
