"""A text and its notebook are twins: which pairs there are, and how one is written from the other."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from jupytext.config import load_jupytext_configuration_file
from nbformat import NotebookNode

from tools import ROOT

SETTINGS = ROOT / "pyproject.toml"
CONFIG = load_jupytext_configuration_file(str(SETTINGS))
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


# ------------------------------------------------------------------ what pairs with what


@dataclass(frozen=True, order=True)
class Pair:
    """A text and its notebook, as paths relative to `root`."""

    root: Path
    text: Path
    notebook: Path

    @property
    def name(self) -> str:
        """`value` for a chapter, `exercises/value` for its exercises."""
        return self.notebook.relative_to("notebooks").with_suffix("").as_posix()

    def read_text(self) -> NotebookNode:
        """Return the cells of the text."""
        return reads((self.root / self.text).read_text("utf-8"))

    def write_text(self, notebook: NotebookNode) -> None:
        """Write the text of these cells: jupytext puts them down, the formatter lays them out like all other code."""
        path = self.root / self.text
        path.write_text(writes(notebook), "utf-8")
        formatter = [sys.executable, "-m", "ruff", "format", "--quiet", "--config", str(SETTINGS), str(path)]
        subprocess.run(formatter, check=True)  # noqa: S603  # our formatter

    def read_notebook(self) -> NotebookNode | None:
        """Return the notebook, or None if there is none yet."""
        path = self.root / self.notebook
        return nbformat.read(path, as_version=4) if path.exists() else None


def pairs(root: Path = ROOT) -> list[Pair]:
    """Return every pair, chapters first. A module without cells (`# %%`) is plain code and has no twin."""
    found = []
    for text, notebook in (("micrograd_numpy", "notebooks"), ("notebooks/exercises", "notebooks/exercises")):
        texts = (path for path in sorted((root / text).glob("*.py")) if "\n# %%" in "\n" + path.read_text("utf-8"))
        found += [Pair(root, Path(text, path.name), Path(notebook, path.stem + ".ipynb")) for path in texts]
    return found


def orphans(root: Path = ROOT) -> list[Path]:
    """Return notebooks that no text makes."""
    made = {pair.notebook for pair in pairs(root)}
    there = {path.relative_to(root) for path in (root / "notebooks").rglob("*.ipynb")}
    return sorted(path for path in there - made if ".ipynb_checkpoints" not in path.parts)


def selected(names: Sequence[str], root: Path = ROOT) -> list[Pair]:
    """Return the pairs a person means by `names`: a stem, `exercises/stem`, or the path of either twin."""
    every = pairs(root)
    if not names:
        return every
    known = {name for pair in every for name in aliases(pair)}
    if unknown := [name for name in names if name not in known]:
        choice = ", ".join(pair.name for pair in every)
        raise SystemExit(f"no such notebook: {', '.join(unknown)}. There are: {choice}")
    return [pair for pair in every if aliases(pair) & set(names)]


def aliases(pair: Pair) -> set[str]:
    """Return what a person may call this pair."""
    return {pair.name, pair.text.stem, pair.text.as_posix(), pair.notebook.as_posix()}


# ------------------------------------------------------------------ how twins are written


def plain(notebook: NotebookNode) -> NotebookNode:
    """Strip what a reader or an editor noted on the cells, in place: the authors' metadata stay."""
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in ("mystnb", "tags") if key in cell.metadata}
    return notebook


def reads(text: str) -> NotebookNode:
    """Return the cells of a text."""
    return plain(jupytext.reads(text, fmt="py:percent", config=CONFIG))


def writes(notebook: NotebookNode) -> str:
    """Return the text of these cells as jupytext puts it down; the blank lines around cells are the formatter's."""
    return str(jupytext.writes(notebook, fmt="py:percent", config=CONFIG))


def source_cells(notebook: NotebookNode) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what twins have in common: each cell's kind, source and metadata."""
    return [(cell.cell_type, cell.source, dict(cell.metadata)) for cell in notebook.cells]


def cell_ids(notebook: NotebookNode) -> Iterator[str]:
    """Name each cell by its content, so that a notebook made afresh has the same names."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[digest] += 1
        yield digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def blank_notebook(text: NotebookNode) -> NotebookNode:
    """Return the notebook of these cells, not yet run, with no metadata but what we choose."""
    notebook: NotebookNode = nbformat.v4.new_notebook(metadata=METADATA, cells=deepcopy(text.cells))
    for cell, name in zip(notebook.cells, cell_ids(text), strict=True):
        cell.id = name
    return notebook


def as_bytes(notebook: NotebookNode) -> bytes:
    """Return the file: sorted keys, one space of indent, a newline at the end."""
    text: str = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    return (text.rstrip("\n") + "\n").encode()


# ------------------------------------------------------------------ how a text is laid out


def is_laid_out(pair: Pair) -> bool:
    """Whether the text is as jupytext writes it; the blank lines between two cells are the formatter's affair."""
    here, there = (pair.root / pair.text).read_text("utf-8"), writes(pair.read_text())
    return list(filter(None, here.splitlines())) == list(filter(None, there.splitlines()))


def tidy(pair: Pair) -> None:
    """Rewrite a text whose layout is not jupytext's; its cells stay as they are."""
    text = pair.read_text()
    if not is_laid_out(pair):
        if source_cells(reads(writes(text))) != source_cells(text):
            raise SystemExit(f"{pair.text}: jupytext does not read back what it would write: is a cell marker amiss?")
        pair.write_text(text)
        print(f"layout    {pair.text}: rewritten as the tools write it (the cells are the same)")


# ------------------------------------------------------------------ what is amiss


def check_twins(pair: Pair) -> Iterator[str]:
    """Yield where the text is not laid out as jupytext does it, or the notebook does not hold just its cells."""
    text = pair.read_text()
    if not is_laid_out(pair):
        yield f"{pair.text}: not laid out as jupytext writes it"
    notebook = pair.read_notebook()
    if notebook is None:
        yield f"{pair.notebook}: missing, though {pair.text} has cells"
        return
    here, there = source_cells(text), source_cells(notebook)
    differing = [i for i, (ours, theirs) in enumerate(zip(here, there, strict=False)) if ours != theirs]
    if differing:  # the first will do: after a cell too many, all differ
        parts = zip(("kind", "source", "metadata"), here[differing[0]], there[differing[0]], strict=True)
        what = " and ".join(part for part, ours, theirs in parts if ours != theirs)
        yield f"{pair.notebook}: cell {differing[0] + 1}: its {what} differs from {pair.text}"
    if len(here) != len(there):
        yield f"{pair.notebook}: {len(there)} cells, but {pair.text} has {len(here)}"
