"""`sync` makes notebooks, `pull` texts; neither loses anybody's work."""

from __future__ import annotations

from tests.book.small_book import edit_notebook, edit_text, problems
from tools.book import freshness, notebooks


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
