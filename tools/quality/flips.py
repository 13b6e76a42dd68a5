"""Flip the sign of one local derivative in a chapter, and expect the chapter to notice.

A chapter's notebook defines the rules itself. For every local derivative of every
rule, this makes a scratch copy of the notebook with that one sign flipped and the
stored outputs as they are, and has nbval compare it as `make test` does. A flip
that no cell notices is a rule that the prose states and never shows. A copy with
nothing flipped must pass.

    python -m tools.quality.flips --jobs 2 -- OPTIONS     what `make test` tells nbval
"""

from __future__ import annotations

import argparse
import ast
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools import ROOT
from tools.book.running import place_of
from tools.book.twins import Pair, pairs

RULE = "tuple[float, tuple[float"  # how the return type of a rule begins; no other function has it


# ------------------------------------------------------------------ finding the local derivatives


@dataclass(frozen=True)
class Flip:
    """One local derivative of a rule, and the code with its sign flipped."""

    rule: str
    number: int  # among the signs of that rule, from 1
    derivative: str
    code: str


def rules(tree: ast.AST) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield every rule with its name, a rule that a class or a function makes under the name of that."""
    for maker in ast.iter_child_nodes(tree):
        if isinstance(maker, ast.FunctionDef) and maker.returns and ast.unparse(maker.returns).startswith(RULE):
            yield maker.name, maker
        elif isinstance(maker, (ast.ClassDef, ast.FunctionDef)):
            yield from ((f"{maker.name}: {name}", rule) for name, rule in rules(maker))


def returned(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """Yield what stands in the place of the local derivatives, wherever the rule returns."""
    waiting = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, ast.IfExp):
            waiting += value.body, value.orelse
        elif isinstance(value, ast.Tuple) and len(value.elts) == 2:
            yield value.elts[1]
        else:
            raise SystemExit(f"{function.name}: cannot find the local derivatives that it returns")


def signs(local: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    """Yield each part of `local` that has a sign of its own, and how to write it flipped.

    A rule of any number of inputs adds tuples, `b + a`, or repeats one, `(d,) * n`:
    each tuple of the sum has a sign, and so has what is repeated.
    """
    if isinstance(local, ast.Tuple):
        for element in local.elts:
            if not (isinstance(element, ast.Constant) and element.value == 0.0):  # −0 is 0
                yield element, "-({})"
    elif isinstance(local, ast.BinOp) and isinstance(local.op, ast.Add):
        yield from signs(local.left)
        yield from signs(local.right)
    elif isinstance(local, ast.BinOp) and isinstance(local.op, ast.Mult):
        yield from signs(local.left if isinstance(local.left, ast.Tuple) else local.right)
    else:  # a tuple made elsewhere has one sign, for all of it
        yield local, "tuple(-d for d in ({}))"


def flips(code: str) -> list[Flip]:
    """Return the code of a cell or a module once for each local derivative in it, with that one flipped."""
    found = []
    for name, rule in rules(ast.parse(code)):
        parts = [part for local in returned(rule) for part in signs(local)]
        if not parts:
            raise SystemExit(f"{name}: a rule without local derivatives")
        parts.sort(key=lambda part: (part[0].lineno, part[0].col_offset))
        for number, (expression, flipped) in enumerate(parts, start=1):
            before = offset(code, expression.lineno, expression.col_offset)
            after = offset(code, expression.end_lineno or 0, expression.end_col_offset or 0)
            text = code[before:after]
            found.append(Flip(name, number, text, code[:before] + flipped.format(text) + code[after:]))
    return found


def offset(code: str, line: int, column: int) -> int:
    """Return where in `code` a node of its tree starts or ends: its columns count bytes, not characters."""
    lines = code.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())


# ------------------------------------------------------------------ asking the notebook


@dataclass(frozen=True)
class Run:
    """A notebook to be compared: with one cell changed, or as it is."""

    path: Path
    notebook: NotebookNode
    cell: int = 0
    flip: Flip | None = None


def runs(pair: Pair) -> list[Run]:
    """Return a run for each local derivative that the chapter's library cells define, and first of all the control."""
    notebook, path = pair.read_notebook(), pair.root / pair.notebook
    if notebook is None:
        raise SystemExit(f"{pair.notebook} is missing: make sync")
    every = [
        Run(path, notebook, i, flip)
        for i, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and "active-ipynb" not in cell.metadata.get("tags", [])
        for flip in flips(cell.source)
    ]
    return [Run(path, notebook), *every] if every else []


def noticed(run: Run, options: Sequence[str]) -> list[int]:
    """Return the cells, as numbered in the notebook, whose outputs nbval finds changed."""
    copy = nbformat.from_dict(run.notebook)
    if run.flip:
        copy.cells = [nbformat.from_dict(cell) for cell in copy.cells]
        copy.cells[run.cell].source = run.flip.code
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(run.path.parent / "conftest.py", folder)
        scratch = Path(folder, run.path.name)
        nbformat.write(copy, scratch)
        # Cut off at the folder: above it, anybody's conftest.py would be taken for ours.
        where = ["-c", "pyproject.toml", "--rootdir", folder, "--confcutdir", folder]
        pytest = [sys.executable, "-m", "pytest", str(scratch), *where, "-p", "no:cacheprovider"]
        command = [*pytest, "--color=no", "-q", "--tb=no", "-rfE", *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  # our pytest
    code = [i for i, cell in enumerate(run.notebook.cells) if cell.cell_type == "code"]
    cells = [code[int(n)] for n in re.findall(r"^FAILED \S+::Cell (\d+)", done.stdout, re.MULTILINE)]
    # Only a comparison that failed counts: not a run that broke, nor a definition that did.
    if done.returncode != bool(cells) or "\nERROR" in done.stdout or (run.flip and run.cell in cells):
        raise SystemExit(f"{run.path.name}, {run.flip}:\n{done.stdout}{done.stderr}")
    return cells


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--jobs", "-j", type=int, default=2, help="how many notebooks at a time (default: 2)")
    parser.add_argument("options", nargs="+", help="what pytest is told, after --")
    asked = parser.parse_args(arguments)
    todo = [run for pair in pairs() if pair.text.parts[0] == "micrograd_numpy" for run in runs(pair)]
    unnoticed = wrong = 0
    with ThreadPoolExecutor(asked.jobs) as pool:
        for run, cells in zip(todo, pool.map(lambda run: noticed(run, asked.options), todo), strict=True):
            said = place_of(run.notebook, cells[0]) if cells else "NOBODY" if run.flip else "nobody, as it should be"
            more = f" and {len(cells) - 1} more" if len(cells) > 1 else ""
            rule, what = (run.flip.rule, f"{run.flip.number}: {run.flip.derivative}") if run.flip else ("", "nothing")
            print(f"{run.path.stem:8} {rule:20} {what:45} {said}{more}", flush=True)
            unnoticed += bool(run.flip and not cells)
            wrong += bool(cells and not run.flip)
    flipped = sum(run.flip is not None for run in todo)
    print(f"{flipped} signs flipped, {flipped - unnoticed} noticed by the chapter's own notebook")
    return 1 if unnoticed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
