"""Every notebook is the fresh, complete and accessible twin of its text; and the checker that says so bites."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import nbformat
import pytest
import yaml
from jupytext.formats import long_form_multiple_formats
from jupytext.paired_paths import paired_paths

from tools.book import notebooks

ROOT = notebooks.ROOT
PAIRS = notebooks.pairs()
CHAPTERS = [pair for pair in PAIRS if pair.text.parts[0] == "micrograd_numpy"]
LIBRARY = notebooks.library_digest()

every_notebook = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)


def code_cells(pair: notebooks.Pair) -> list[tuple[int, nbformat.NotebookNode]]:
    """Return the code cells, numbered from 1 among all cells."""
    notebook = pair.read_notebook()
    assert notebook is not None, f"{pair.notebook} is missing: make sync"
    return [(i, cell) for i, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code"]


def expect_none(problems: Iterable[str]) -> None:
    """Fail with all the problems and the remedy."""
    found = list(problems)
    assert not found, "\n".join([*found, "-> make sync"])


# ------------------------------------------------------------------ the notebooks


@every_notebook
def test_twins_are_equal(pair):
    expect_none(notebooks.check_twins(pair))


@every_notebook
def test_every_cell_has_run_and_is_compared(pair):
    expect_none(notebooks.check_outputs(pair))


@every_notebook
def test_outputs_are_fresh(pair):
    expect_none(notebooks.check_fresh(pair, LIBRARY))


@every_notebook
def test_a_picture_says_in_words_what_it_shows(pair):
    for number, cell in code_cells(pair):
        pictures = [output for output in cell.outputs if {"image/png", "image/svg+xml"} & set(output.get("data", {}))]
        if pictures:
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) >= 15, f"{pair.notebook}: cell {number} shows a picture without alt text"
            assert " " in alt.strip(), f"{pair.notebook}: cell {number}: {alt!r} is no sentence"
            assert not re.search(r"\.(png|svg|jpe?g)$", alt), f"{pair.notebook}: cell {number}: {alt!r} is a file name"


@every_notebook
def test_no_cell_hides_its_value_with_a_semicolon(pair):
    """Jupyter drops such a value, nbval does not, and the comparison fails."""
    for number, cell in code_cells(pair):
        assert not cell.source.rstrip().endswith(";"), f"{pair.notebook}: cell {number} ends in a semicolon"


@every_notebook
def test_cells_that_need_torch_say_so(pair):
    """A page cannot run them: it has no PyTorch, and leaves them out by this tag."""
    for cell in pair.read_text().cells:
        if cell.cell_type == "code":
            needs = re.search(r"^\s*(import|from) torch\b", cell.source, re.MULTILINE) is not None
            assert ("needs-torch" in cell.metadata.get("tags", [])) == needs


@every_notebook
def test_widget_cells_are_folded_and_their_output_is_not_stored(pair):
    for number, cell in code_cells(pair):
        if re.search(r"\binteract(ive)?\w*\(", cell.source):
            expected = {"active-ipynb", "hide-cell", "nbval-ignore-output", "widget"}
            if pair not in CHAPTERS:
                expected.discard("active-ipynb")
            tags = set(cell.metadata.get("tags", []))
            assert tags >= expected, f"{pair.notebook}: cell {number} lacks the tags {expected - tags}"
            assert cell.outputs == []


@pytest.mark.parametrize("pair", CHAPTERS, ids=lambda pair: pair.name)
def test_a_chapter_imports_itself_nowhere_and_others_absolutely(pair):
    """In the notebook, a relative import has no package, and a second copy of one's own classes is a trap."""
    source = (ROOT / pair.text).read_text("utf-8")
    assert not re.search(r"^(# )?\s*from \.", source, re.MULTILINE)
    live = "\n".join(line for line in source.splitlines() if not line.startswith("#"))
    itself = pair.text.stem
    assert not re.search(rf"from micrograd_numpy import (.*\b)?{itself}\b|micrograd_numpy\.{itself}\b", live)


def test_the_table_of_contents_lists_every_notebook_and_no_other():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    listed = re.findall(r"'file': '(notebooks/[^']+)'", str(toc))
    assert len(listed) == len(set(listed))
    assert set(listed) == {pair.notebook.with_suffix("").as_posix() for pair in PAIRS}


def test_no_notebook_is_without_a_text():
    assert notebooks.orphans() == []


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
        twins = {pair.notebook.as_posix(), pair.text.as_posix()}
        for path in twins:
            formats = long_form_multiple_formats(notebooks.CONFIG.default_formats(path))
            assert {twin for twin, _ in paired_paths(path, {"extension": Path(path).suffix}, formats)} == twins


# ------------------------------------------------------------------ the checker

TEXT = '''\
# %%
"""A chapter."""


def double(x: float) -> float:
    """Twice x."""
    return 2 * x

# %% [markdown]
# # Twice
# Two of a kind.

# %% tags=["active-ipynb"]
# double(4)

# %% tags=["active-ipynb"]
# print(double(8))
'''


@pytest.fixture
def small(tmp_path):
    """A book of one chapter, in sync: a function and two cells that show it."""
    (tmp_path / "micrograd_numpy").mkdir()
    (tmp_path / "notebooks" / "exercises").mkdir(parents=True)
    (tmp_path / "micrograd_numpy" / "twice.py").write_text(TEXT, "utf-8")
    (pair,) = notebooks.pairs(tmp_path)
    notebook = notebooks.blank_notebook(pair.read_text())
    first, shown, printed = (cell for cell in notebook.cells if cell.cell_type == "code")
    first.execution_count, shown.execution_count, printed.execution_count = 1, 2, 3
    shown.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "8"}, execution_count=2)]
    printed.outputs = [nbformat.v4.new_output("stream", name="stdout", text="16\n")]
    store(pair, notebook)
    lock(pair)
    assert list(notebooks.check(root=tmp_path)) == []
    return pair


def store(pair, notebook):
    """Write the notebook."""
    (pair.root / pair.notebook).write_bytes(notebooks.as_bytes(notebook))


def lock(pair):
    """Call the notebook fresh."""
    outputs = notebooks.outputs_digest(notebooks.library_digest(pair.root), (pair.root / pair.notebook).read_bytes())
    source = notebooks.source_digest(pair.read_text())
    notebooks.write_lock(pair.root, {pair.notebook.as_posix(): (outputs, source)})


def edit_text(pair, old, new):
    """Replace `old`, which must be there, in the text."""
    path = pair.root / pair.text
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def edit_notebook(pair, change, *, locked=True):
    """Change the notebook; `locked` leaves only the checks other than freshness to notice."""
    notebook = pair.read_notebook()
    change(notebook)
    store(pair, notebook)
    if locked:
        lock(pair)


def problems(pair):
    """Return all that the checker says, as one text."""
    return "\n".join(notebooks.check(root=pair.root))


def test_bites_on_a_text_edited_alone(small):
    edit_text(small, "Two of a kind", "Three of a kind")
    assert "cell 2: its source differs" in problems(small)


def test_bites_on_a_notebook_edited_alone(small):
    edit_notebook(small, lambda notebook: notebook.cells[1].update(source="# Thrice"))
    assert "cell 2: its source differs" in problems(small)


def test_bites_on_a_tag_in_one_twin_only(small):
    edit_notebook(small, lambda notebook: notebook.cells[2].metadata.update(tags=["active-ipynb", "nbval-skip"]))
    assert "cell 3: its metadata differs" in problems(small)


def test_bites_on_a_cell_in_one_twin_only(small):
    edit_notebook(small, lambda notebook: notebook.cells.pop())
    assert "3 cells, but" in problems(small)


def test_bites_on_a_text_that_jupytext_would_write_otherwise(small):
    edit_text(small, "# double(4)\n", "# double(4)\n\n\n\n")
    assert "not laid out" in problems(small)


def test_bites_on_an_output_that_was_cleared(small):
    edit_notebook(small, lambda notebook: notebook.cells[3].update(outputs=[]), locked=False)
    assert "stale" in problems(small)


def test_bites_on_a_changed_output(small):
    edit_notebook(small, lambda notebook: notebook.cells[3].outputs[0].update(text="17\n"), locked=False)
    assert "stale" in problems(small)


def test_bites_on_a_cell_that_was_not_run(small):
    edit_notebook(small, lambda notebook: notebook.cells[3].update(execution_count=None, outputs=[]))
    assert "has not been run" in problems(small)


def test_bites_on_cells_run_out_of_order(small):
    edit_notebook(small, lambda notebook: notebook.cells[3].update(execution_count=7))
    assert "ran as [7], expected [3]" in problems(small)


def test_bites_on_a_stored_error(small):
    error = nbformat.v4.new_output("error", ename="NameError", evalue="name 'dubble' is not defined", traceback=[])
    edit_notebook(small, lambda notebook: notebook.cells[3].update(outputs=[error]))
    assert "stores an error: NameError" in problems(small)


def test_bites_on_a_stored_warning(small):
    warning = nbformat.v4.new_output("stream", name="stderr", text="DeprecationWarning: double")
    edit_notebook(small, lambda notebook: notebook.cells[3].update(outputs=[warning]))
    assert "stores a warning" in problems(small)


def test_bites_on_too_many_cells_that_nbval_ignores(small):
    edit_notebook(small, lambda notebook: notebook.cells[3].metadata.tags.append("nbval-ignore-output"))
    assert "nbval ignores 1 of 3" in problems(small)


def test_bites_on_a_missing_notebook(small):
    (small.root / small.notebook).unlink()
    assert "missing" in problems(small)


def test_bites_on_a_notebook_that_no_text_makes(small):
    (small.root / small.text).unlink()
    assert "no text makes this notebook" in problems(small)


def test_bites_on_a_change_of_the_library(small):
    edit_text(small, "return 2 * x", "return 3 * x")
    assert "stale: the library" in problems(small)


@pytest.mark.parametrize(
    ("old", "new"),
    [("Twice x.", "Two times x."), ("# Two of a kind", "# A pair"), ("double(8)", "double(9)")],
    ids=["docstring", "prose", "demonstration"],
)
def test_words_and_demonstrations_are_no_change_of_the_library(small, old, new):
    before = notebooks.library_digest(small.root)
    edit_text(small, old, new)
    assert notebooks.library_digest(small.root) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return a - b, (1.0, -1.0)", "return a - b, (1.0, 1.0)"),
        ("return a * b, (b, a)", "return a * b, (b, -a)"),
    ],
    ids=["sub", "mul"],
)
def test_a_flipped_sign_makes_every_notebook_stale(tmp_path, old, new):
    library = tmp_path / "micrograd_numpy"
    shutil.copytree(ROOT / "micrograd_numpy", library, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    (tmp_path / "benchmarks").mkdir()
    shutil.copy(ROOT / "benchmarks" / "results.json", tmp_path / "benchmarks")
    assert notebooks.library_digest(tmp_path) == LIBRARY
    rules = (library / "ops.py").read_text("utf-8")
    assert rules.count(old) == 1
    (library / "ops.py").write_text(rules.replace(old, new), "utf-8")
    said = "\n".join(notebooks.check(root=tmp_path))
    assert [pair.name for pair in PAIRS if f"{pair.notebook}: stale" not in said] == []


def test_sync_makes_the_same_bytes_from_nothing(small, capsys):
    """The cells really run; the hand-made notebook of the fixture must be what comes out."""
    before = (small.root / small.notebook).read_bytes(), (small.root / notebooks.LOCK).read_bytes()
    (small.root / small.notebook).unlink()
    assert notebooks.sync([], everything=False, jobs=1, root=small.root) == 0
    assert (small.root / small.notebook).read_bytes() == before[0]
    assert (small.root / notebooks.LOCK).read_bytes() == before[1]
    assert notebooks.sync([], everything=False, jobs=1, root=small.root) == 0
    assert "0 of 1 notebooks to run" in capsys.readouterr().out


def test_sync_names_the_cell_that_fails(small, capsys):
    edit_text(small, "print(double(8))", "print(dubble(8))")
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


def test_widget_outputs_are_dropped_and_streams_are_one():
    lines = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in ("one\n", "two\n")]
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("show()", execution_count=5, outputs=lines),
            nbformat.v4.new_code_cell("knob()", execution_count=6, outputs=lines, metadata={"tags": ["widget"]}),
        ]
    )
    notebooks.normalise(notebook)
    assert [output.text for output in notebook.cells[0].outputs] == ["one\ntwo\n"]
    assert notebook.cells[1].outputs == []
    assert [cell.execution_count for cell in notebook.cells] == [1, 2]


def test_a_figure_to_touch_is_stored_as_its_picture():
    bundle = {"image/svg+xml": "<svg/>", "application/vnd.jupyter.widget-view+json": {"model_id": "by chance"}}
    shown = nbformat.v4.new_output("display_data", data=bundle)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("stepper(x)", outputs=[shown])])
    notebooks.normalise(notebook)
    assert notebook.cells[0].outputs[0].data == {"image/svg+xml": "<svg/>"}


def test_equal_cells_have_different_names():
    cells = [nbformat.v4.new_markdown_cell("Again.") for _ in range(3)]
    names = list(notebooks.cell_ids(nbformat.v4.new_notebook(cells=cells)))
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", name) for name in names)


# ------------------------------------------------------------------ the commands


def test_the_address_of_the_project_is_in_one_place():
    """`_config.yml` names it; every other file must leave it to that one."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    address = re.sub(r"^https?://", "", config["repository"]["url"])
    kept = {".md", ".py", ".toml", ".yml", ".cff", ".txt", ".ipynb", ".cfg", ""}
    paths = []
    for folder, below, files in os.walk(ROOT):
        below[:] = [name for name in below if name not in {".venv", ".git", "_build"} and not name.endswith("_cache")]
        paths += [Path(folder, name) for name in files if Path(name).suffix in kept]
    naming = [path for path in paths if path.is_file() and address in path.read_text("utf-8", errors="ignore")]
    assert naming == [ROOT / "_config.yml"]
