"""How long a chapter takes to read, measured: what stands open on its page counts, what is folded does not.

python -m tools.book.reading_time
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode

from tools.book.twins import pairs

# A guess of ours: technical prose takes longer than a novel (238 words a minute, doi.org/10.1016/j.jml.2019.104047).
WORDS, LINES, PICTURES = 180, 12, 2  # a minute
CLOSED = re.compile(
    r":::\{dropdown\}.*?:::|\{[a-z:]+\}`[^`]*`|(?<=\])\([^)]*\)|^## (?:Exercises|Sources).*?(?=^## |\Z)",
    re.DOTALL | re.MULTILINE,
)


def parts(cells: Sequence[NotebookNode]) -> tuple[int, int, int]:
    """Return how many words, lines of code and pictures stand open."""
    words = lines = pictures = 0
    for cell in cells:
        if cell.cell_type == "markdown":
            words += len(re.findall(r"\w+", CLOSED.sub("", cell.source)))
            continue
        pictures += any(
            kind.startswith("image/") for output in cell.get("outputs", []) for kind in output.get("data", ())
        )
        if not any(tag.startswith("hide") for tag in cell.metadata.get("tags", [])):
            lines += sum(bool(line.strip()) for line in cell.source.splitlines()) - folded(cell.source)
    return words, lines, pictures


def folded(code: str) -> int:
    """Return how many lines of docstrings are folded on the page: all but the first of each."""
    kinds = ast.FunctionDef | ast.ClassDef | ast.Module
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, kinds) and ast.get_docstring(node)]
    texts = [code.splitlines()[node.body[0].lineno : node.body[0].end_lineno] for node in nodes]
    return sum(bool(line.strip()) for text in texts for line in text)


def minutes(cells: Sequence[NotebookNode]) -> int:
    """Return how long a page takes, in minutes, rounded up to a multiple of 5."""
    words, lines, pictures = parts(cells)
    return -5 * int(-(words / WORDS + lines / LINES + pictures / PICTURES) // 5)


def told(cells: Sequence[NotebookNode]) -> int | None:
    """Return how many minutes a page says that it takes."""
    found = re.search(r"^- \*\*Time\*\* about (\d+) minutes", cells[0].source, re.MULTILINE)
    return int(found[1]) if found else None


def chapters() -> Iterator[tuple[str, Sequence[NotebookNode]]]:
    """Yield the name and the cells of each chapter."""
    for pair in pairs():
        notebook = pair.read_notebook()
        if "/" not in pair.name and notebook is not None:
            yield pair.name, notebook.cells


if __name__ == "__main__":
    for name, cells in chapters():
        counted = "{:6} words{:5} lines{:3} pictures".format(*parts(cells))
        print(f"{name:12}{counted}{minutes(cells):4} minutes; says {told(cells)}")
