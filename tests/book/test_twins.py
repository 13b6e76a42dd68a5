"""Every text has a twin, and each is where and as the tools expect it."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from jupytext.formats import long_form_multiple_formats
from jupytext.paired_paths import paired_paths

from tests.book.small_book import edit_text, problems
from tools import ROOT
from tools.book import twins

PAIRS = twins.pairs()
CHAPTERS = [pair for pair in PAIRS if pair.text.parts[0] == "micrograd_numpy"]


@pytest.mark.parametrize("pair", CHAPTERS, ids=lambda pair: pair.name)
def test_a_chapter_imports_itself_nowhere_and_others_absolutely(pair):
    """In the notebook, a relative import has no package, and a second copy of one's own classes is a trap."""
    source = (ROOT / pair.text).read_text("utf-8")
    assert not re.search(r"^(# )?\s*from \.", source, re.MULTILINE)
    live = "\n".join(line for line in source.splitlines() if not line.startswith("#"))
    itself = pair.text.stem
    assert not re.search(rf"from micrograd_numpy import (.*\b)?{itself}\b|micrograd_numpy\.{itself}\b", live)


def test_every_chapter_has_exercises_of_its_name():
    exercises = {pair.text.stem for pair in PAIRS} - {pair.text.stem for pair in CHAPTERS}
    assert exercises == set(), "exercises without a chapter"
    assert {pair.name for pair in PAIRS} >= {f"exercises/{pair.name}" for pair in CHAPTERS}


def test_stems_can_be_imported():
    """The order is the table of contents' alone: `01_value.py` would pair, and be no module."""
    assert [pair.text.stem for pair in PAIRS if not pair.text.stem.isidentifier()] == []


def test_jupyter_pairs_as_the_tools_do():
    """Saving in JupyterLab writes the twin that `sync` reads."""
    for pair in PAIRS:
        both = {pair.notebook.as_posix(), pair.text.as_posix()}
        for path in both:
            formats = long_form_multiple_formats(twins.CONFIG.default_formats(path))
            assert {twin for twin, _ in paired_paths(path, {"extension": Path(path).suffix}, formats)} == both


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_text_written_again_is_the_same(pair, tmp_path):
    """Formatter and jupytext agree: what `pull` writes, `make format` leaves as it is."""
    again = twins.Pair(tmp_path, Path("again.py"), pair.notebook)
    again.write_text(pair.read_text())
    same = (again.root / again.text).read_bytes() == (ROOT / pair.text).read_bytes()
    assert same, "not as Pair.write_text lays it out"  # pytest would compare two long texts for minutes


def test_equal_cells_have_different_names():
    cells = [nbformat.v4.new_markdown_cell("Again.") for _ in range(3)]
    names = list(twins.cell_ids(nbformat.v4.new_notebook(cells=cells)))
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", name) for name in names)


# ------------------------------------------------------------------ the checker bites


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Two of a kind", "Three of a kind", "cell 2: its source differs"),
        ("return 2 * x", "return 3 * x", "cell 1: its source differs"),
        ("# double(4)\n", "# double(4)\n\n\n\n", "not laid out"),
    ],
)
def test_bites_on_a_text_edited_alone(small, old, new, said):
    edit_text(small, old, new)
    assert said in problems(small)


def test_bites_on_a_missing_notebook(small):
    (small.root / small.notebook).unlink()
    assert "missing" in problems(small)


def test_bites_on_a_notebook_that_no_text_makes(small):
    (small.root / small.text).unlink()
    assert "no text makes this notebook" in problems(small)
