"""Every notebook is what `sync` makes of its text; `sync` and `pull` lose nobody's work."""

from __future__ import annotations

import nbformat
import pytest

from tests.book.small_book import edit_notebook, edit_text, problems
from tools.book import freshness, notebooks, twins

ERROR = nbformat.v4.new_output("error", ename="NameError", evalue="name 'dubble' is not defined", traceback=[])
WARNING = nbformat.v4.new_output("stream", name="stderr", text="DeprecationWarning: double")


@pytest.mark.parametrize("text", [pair.text.as_posix() for pair in twins.pairs()])
def test_every_notebook_is_the_fresh_twin_of_its_text(text):
    assert list(notebooks.check([text])) == [], "-> make sync"


@pytest.mark.parametrize(
    ("number", "changes", "said"),
    [
        (2, {"source": "# Thrice"}, "cell 2: its source differs"),
        (3, {"metadata": {}}, "cell 3: its metadata differs"),
        (4, {"execution_count": None, "outputs": []}, "has not been run"),
        (4, {"execution_count": 7}, "ran as [7], expected [3]"),
        (4, {"outputs": [ERROR]}, "stores an error: NameError"),
        (4, {"outputs": [WARNING]}, "stores a warning"),
        (4, {"metadata": {"tags": ["active-ipynb", "nbval-ignore-output"]}}, "nbval ignores 1 of 3"),
    ],
)
def test_check_bites_on_a_cell_of_a_notebook_edited_alone(small, number, changes, said):
    edit_notebook(small, lambda notebook: notebook.cells[number - 1].update(nbformat.from_dict(changes)))
    assert said in problems(small)


def test_check_bites_on_a_cell_in_one_twin_only(small):
    edit_notebook(small, lambda notebook: notebook.cells.pop())
    assert "3 cells, but" in problems(small)


def test_sync_makes_the_same_bytes_from_nothing(small, capsys):
    """The cells really run; the hand-made notebook of the fixture must be what comes out."""
    before = (small.root / small.notebook).read_bytes(), (small.root / freshness.LOCK).read_bytes()
    (small.root / small.notebook).unlink()
    assert notebooks.sync([], everything=False, jobs=1, root=small.root) == 0
    assert (small.root / small.notebook).read_bytes() == before[0]
    assert (small.root / freshness.LOCK).read_bytes() == before[1]
    assert notebooks.sync([], everything=False, jobs=1, root=small.root) == 0
    assert "0 of 1 notebooks to run" in capsys.readouterr().out


def test_sync_names_the_cell_that_fails(small, capsys):
    edit_text(small, "print(double(8)", "print(dubble(8)")
    before = (small.root / small.notebook).read_bytes()
    assert notebooks.sync(["twice"], everything=False, jobs=1, root=small.root) == 1
    said = capsys.readouterr().err
    assert 'notebooks/twice.ipynb, cell 4, under "Twice"' in said
    assert "NameError: name 'dubble' is not defined" in said
    assert (small.root / small.notebook).read_bytes() == before


def test_sync_refuses_what_it_cannot_import(small, capsys):
    edit_text(small, "# double(4)", "# import a_package_of_no_one\n# double(4)")
    assert notebooks.sync([], everything=False, jobs=1, root=small.root) == 1
    assert "needs a_package_of_no_one" in capsys.readouterr().err


def test_sync_keeps_the_edits_of_a_notebook_that_was_not_paired(small, capsys):
    edit_notebook(small, lambda notebook: notebook.cells[1].update(source="# Thrice"), locked=False)
    assert notebooks.sync([], everything=True, jobs=1, root=small.root) == 1
    assert "the notebook was edited, the text was not" in capsys.readouterr().err
    assert notebooks.pull([], root=small.root) == 0
    assert "# # Thrice" in (small.root / small.text).read_text("utf-8")
    assert "differs" not in problems(small)


def test_pull_without_names_leaves_edited_texts_alone(small):
    edit_text(small, "Two of a kind", "A pair")
    edit_notebook(small, lambda notebook: notebook.cells[1].update(source="# Thrice"), locked=False)
    before = (small.root / small.text).read_text("utf-8")
    assert notebooks.pull([], root=small.root) == 0
    assert (small.root / small.text).read_text("utf-8") == before
