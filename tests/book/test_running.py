"""Every notebook shows all that it should, and is readable without seeing."""

from __future__ import annotations

import re

import nbformat
import pytest

from tools.book import running, twins

PAIRS = twins.pairs()

every_notebook = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)


def code_cells(pair: twins.Pair) -> list[tuple[int, nbformat.NotebookNode]]:
    """Return the code cells, numbered from 1 among all cells."""
    notebook = pair.read_notebook()
    assert notebook is not None, f"{pair.notebook} is missing: make sync"
    return [(i, cell) for i, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code"]


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
            if pair.text.parts[0] == "notebooks":
                expected.discard("active-ipynb")
            tags = set(cell.metadata.get("tags", []))
            assert tags >= expected, f"{pair.notebook}: cell {number} lacks the tags {expected - tags}"
            assert cell.outputs == []


# ------------------------------------------------------------------ a run is normalised


def test_a_widget_is_not_stored_and_a_figure_to_touch_as_its_picture():
    bundle = {"image/svg+xml": "<svg/>", "application/vnd.jupyter.widget-view+json": {"model_id": "by chance"}}
    shown = nbformat.v4.new_output("display_data", data=bundle)
    notebook = nbformat.v4.new_notebook()
    for tags in ([], ["widget"]):
        notebook.cells.append(nbformat.v4.new_code_cell("stepper(x)", outputs=[shown], metadata={"tags": tags}))
    running.normalise(notebook)
    assert [output.data for cell in notebook.cells for output in cell.outputs] == [{"image/svg+xml": "<svg/>"}]


def test_pieces_of_a_stream_are_joined_but_not_across_a_picture():
    def stream(text):
        return nbformat.v4.new_output("stream", name="stdout", text=text)

    picture = nbformat.v4.new_output("display_data", data={"image/svg+xml": "<svg/>"})
    cell = nbformat.v4.new_code_cell("plot()", outputs=[stream("a"), stream("b"), picture, stream("c")])
    running.normalise(nbformat.v4.new_notebook(cells=[cell]))
    assert [output.get("text", "picture") for output in cell.outputs] == ["ab", "picture", "c"]
