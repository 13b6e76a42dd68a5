"""A chapter says how long it takes, and takes no longer than half an hour and a bit."""

from __future__ import annotations

import nbformat
import pytest

from tools.book.reading_time import chapters, minutes, parts, told

LONGEST = 35  # minutes
CHAPTERS = dict(chapters())


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_takes_as_long_as_it_says(chapter):
    assert told(CHAPTERS[chapter]) == minutes(CHAPTERS[chapter]) <= LONGEST


def test_what_is_folded_takes_no_time():
    code = 'def f():\n    """One.\n\n    Two.\n    """\n    return 1\n'
    text = "# Two words\n\n:::{dropdown} A question\nThe answer.\n:::\n\n## Exercises\n\n1. One"
    cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell(code)]
    assert parts(cells) == (2, 3, 0)
    cells[1].metadata["tags"] = ["hide-input"]
    cells[1].outputs = [nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg/>", "text/plain": ""})]
    assert parts(cells) == (2, 0, 1)
    assert minutes(cells) == 5
    assert told(cells) is None
