"""`make nbval` runs every cell twice, and notices a cell that is right only once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools import ROOT
from tools.book.twins import as_bytes

COUNTER = ["count = 0\ncount += 1\nprint(count)", "total = 1", "total += 1", "print(total)", "print(1)\n1\nprint(2)"]
OUTPUTS = ["1\n", "", "", "2\n", "1\n2\n"]


def failed(folder: Path, *options: str) -> list[str]:
    """The cells of a small notebook that nbval, with our settings, finds to differ from what is stored."""
    notebook = nbformat.v4.new_notebook()
    for source, text in zip(COUNTER, OUTPUTS, strict=True):
        stored = [nbformat.v4.new_output("stream", name="stdout", text=text)] if text else []
        notebook.cells.append(nbformat.v4.new_code_cell(source, outputs=stored, execution_count=1))
    (folder / "counter.ipynb").write_bytes(as_bytes(notebook))
    shutil.copy(ROOT / "notebooks" / "conftest.py", folder)
    where = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), "--confcutdir", str(folder)]
    command = [sys.executable, "-m", "pytest", str(folder / "counter.ipynb"), *where, "-p", "no:cacheprovider"]
    nbval = ["--nbval", "--nbval-current-env", "--color=no", "-q", "--tb=no", "-rf", *options]
    done = subprocess.run([*command, *nbval], cwd=folder, capture_output=True, text=True, check=False)
    cells = len(COUNTER) * (2 if "--twice" in options else 1)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert f"{cells - len(lines)} passed" in done.stdout, done.stdout + done.stderr
    return [line.split("::")[1].split(" - ")[0] for line in lines]


@pytest.mark.parametrize(
    ("options", "cells"),
    [([], []), (["--twice"], ["Cell 3", "Cell 3 again"])],
    ids=["once", "twice"],
)
def test_a_cell_that_changes_what_it_starts_from_is_noticed_by_the_cells_that_show_it(tmp_path, options, cells):
    """The third cell adds 1, silently, each time; the fourth shows it. The others may be run as often as one likes."""
    assert failed(tmp_path, *options) == cells


def test_make_runs_the_notebooks_so():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (line,) = (line for line in makefile.splitlines() if "pytest notebooks" in line)
    assert line.endswith("$(NBVAL) --twice")
