"""Keep every notebook the executed twin of its text.

The text (`micrograd_numpy/X.py` for a chapter, `notebooks/exercises/X.py` for
exercises) is the source. `sync` makes the notebook from it, runs it and writes
it so that the same source gives the same bytes. `check` runs nothing: it proves
that each notebook still is what `sync` wrote, from this text and this library.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib.util
import json
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupytext.config import load_jupytext_configuration_file
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from tools import ROOT

CONFIG = load_jupytext_configuration_file(str(ROOT / "pyproject.toml"))
LOCK = Path("notebooks/outputs.lock")
CELL_TIMEOUT = 120  # seconds
IGNORING = {"nbval-ignore-output", "nbval-skip"}  # tags with which nbval compares nothing
IGNORED_SHARE = 0.1  # of a notebook's code cells, at most
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


# ------------------------------------------------------------------ from text to notebook


def plain(notebook: NotebookNode) -> NotebookNode:
    """Strip what a reader or an editor noted on the cells, in place: the authors' metadata stay."""
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in ("mystnb", "tags") if key in cell.metadata}
    return notebook


def reads(text: str) -> NotebookNode:
    """Return the cells of a text."""
    return plain(jupytext.reads(text, fmt="py:percent", config=CONFIG))


def writes(notebook: NotebookNode) -> str:
    """Return the text of these cells, in the one layout we use."""
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
    notebook = nbformat.v4.new_notebook(metadata=METADATA)
    makers = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    for cell, name in zip(text.cells, cell_ids(text), strict=True):
        make = makers.get(cell.cell_type, nbformat.v4.new_raw_cell)
        notebook.cells.append(make(cell.source, id=name, metadata=cell.metadata))
    return notebook


class OwnKernel(AsyncKernelManager):
    """The kernel of the Python that runs this, whatever kernels a person has registered as `python3`."""

    def _kernel_spec_manager_default(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


def connection(folder: str) -> Config:
    """Let a kernel talk over files in `folder`, not ports: two that start at once could be given the same port."""
    files = {"transport": "ipc", "connection_file": f"{folder}/kernel.json"}
    return Config(KernelManager=files if os.name == "posix" else {})


def run(notebook: NotebookNode, folder: Path, root: Path) -> None:
    """Execute in place, away from the settings of whoever runs it."""
    # Hash randomisation stays on: an output that shows the order of a set must not look stable.
    private = ("MPLBACKEND", "MPLSTYLE", "PYTHONHASHSEED", "PYTHONWARNINGS", "PYTHONSTARTUP", "COLUMNS")
    environment = {name: value for name, value in os.environ.items() if name not in private}
    with tempfile.TemporaryDirectory() as profile:
        environment |= {"TQDM_DISABLE": "1", "PYTHONPATH": str(root), "IPYTHONDIR": profile}
        client = NotebookClient(
            notebook,
            kernel_manager_class=OwnKernel,
            config=connection(profile),
            resources={"metadata": {"path": str(folder)}},
            timeout=CELL_TIMEOUT,
            record_timing=False,
            store_widget_state=True,  # nbclient needs it for `interact`; normalise drops it with all other metadata
        )
        client.execute(env=environment)


def normalise(notebook: NotebookNode) -> None:
    """Drop what differs from run to run, and number the cells that ran 1..n."""
    count = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        ran = cell.execution_count is not None
        count += ran
        cell.execution_count = count if ran else None
        outputs: list[NotebookNode] = []
        for output in cell.outputs if "widget" not in cell.metadata.get("tags", []) else []:
            last = outputs[-1] if outputs else None
            if last and output.output_type == last.output_type == "stream" and output.name == last.name:
                last.text += output.text
                continue
            if "execution_count" in output:
                output.execution_count = count
            # A figure to touch is stored as its picture: the name of its widget differs from run to run.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
            outputs.append(output)
        cell.outputs = outputs
    notebook.metadata = nbformat.from_dict(METADATA)


def as_bytes(notebook: NotebookNode) -> bytes:
    """Return the file: sorted keys, one space of indent, a newline at the end."""
    return (nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n").encode()


def failure(pair: Pair, notebook: NotebookNode, error: Exception) -> str:
    """Say which cell failed, under which heading, and how."""
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    ran = [i for i in code if notebook.cells[i].execution_count]
    broken = [i for i in code if any(output.output_type == "error" for output in notebook.cells[i].outputs)]
    index = (broken or ran or [0])[-1]
    headings = [line for cell in notebook.cells[:index] for line in cell.source.splitlines() if line.startswith("#")]
    place = f'cell {index + 1}, under "{headings[-1].lstrip("# ")}"' if headings else f"cell {index + 1}"
    said = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).rpartition("-" * 18 + "\n")[2].strip()
    return f"{pair.notebook}, {place}:\n{said}\n-> mend it in {pair.text}, then: make sync"


def missing_packages(notebook: NotebookNode) -> list[str]:
    """Return the packages that the cells import and that are not installed: the outputs would not be the same."""
    names = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            names |= set(re.findall(r"^\s*(?:import|from)\s+([A-Za-z_]\w*)", cell.source, re.MULTILINE))
    return sorted(name for name in names if importlib.util.find_spec(name) is None)


# ------------------------------------------------------------------ freshness


def library_digest(root: Path = ROOT) -> str:
    """Digest the library's code: prose, comments and docstrings may change and outputs stay fresh.

    The measurements that a chapter shows count as code. Works on lines rather than on the syntax
    tree, whose dump differs between versions of Python.
    """
    digest = hashlib.sha256()
    for path in sorted((root / "micrograd_numpy").rglob("*.py")):
        lines = path.read_text("utf-8").splitlines()
        try:
            tree = ast.parse("\n".join(lines))
        except SyntaxError as error:
            raise SystemExit(f"{path.relative_to(root)}, line {error.lineno}: {error.msg}") from None
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
                docstring = node.body[0]
                for number in range(docstring.lineno - 1, docstring.end_lineno or docstring.lineno):
                    lines[number] = ""
        code = [line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        digest.update("\n".join([path.relative_to(root).as_posix(), *code, ""]).encode())
    measured = root / "benchmarks" / "results.json"
    if measured.exists():  # not in the small projects of the tests
        digest.update(measured.read_bytes())
    return digest.hexdigest()


def outputs_digest(library: str, notebook: bytes) -> str:
    """Digest what a notebook shows together with the library that it was shown by."""
    return hashlib.sha256(library.encode() + notebook).hexdigest()


def source_digest(notebook: NotebookNode) -> str:
    """Digest what twins have in common."""
    return hashlib.sha256(json.dumps(source_cells(notebook), sort_keys=True).encode()).hexdigest()


def read_lock(root: Path = ROOT) -> dict[str, tuple[str, str]]:
    """Return, for each notebook, the digests of its outputs and of its source at the last sync."""
    path = root / LOCK
    rows = [line.split() for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    return {name: (outputs, source) for outputs, source, name in rows}


def write_lock(root: Path, changes: dict[str, tuple[str, str]]) -> None:
    """Write the lock with these lines new, and without lines of notebooks that are gone."""
    lines = read_lock(root) | changes
    keep = {pair.notebook.as_posix() for pair in pairs(root)}
    rows = [f"{outputs} {source} {name}\n" for name, (outputs, source) in sorted(lines.items()) if name in keep]
    scratch = (root / LOCK).with_suffix(f".{os.getpid()}")
    scratch.write_text("".join(rows), "utf-8")
    scratch.replace(root / LOCK)


def is_fresh(pair: Pair, library: str) -> bool:
    """Whether the notebook is byte for byte what sync wrote, with this library, from this text."""
    path = pair.root / pair.notebook
    outputs, source = read_lock(pair.root).get(pair.notebook.as_posix(), ("", ""))
    return (
        path.exists()
        and outputs == outputs_digest(library, path.read_bytes())
        and source == source_digest(pair.read_text())
    )


# ------------------------------------------------------------------ sync


@dataclass(frozen=True)
class Made:
    """What became of one notebook."""

    pair: Pair
    problem: str = ""
    changed: bool = False
    lock: tuple[str, str] = ("", "")


def edited(pair: Pair) -> tuple[bool, bool]:
    """Whether the text, and whether the notebook, was edited since the last sync in a way that the other was not."""
    notebook = pair.read_notebook()
    synced = read_lock(pair.root).get(pair.notebook.as_posix(), ("", ""))[1]
    if notebook is None or not synced:
        return True, False
    here, there = source_digest(pair.read_text()), source_digest(plain(notebook))
    return (False, False) if here == there else (here != synced, there != synced)


def conflict(pair: Pair) -> str:
    """Return why making this notebook would lose someone's work, or nothing."""
    text, notebook = edited(pair)
    if not notebook:
        return ""
    how = "both twins were edited, differently" if text else "the notebook was edited, the text was not"
    return (
        f"{pair.notebook}: {how}.\n"
        f"-> keep the notebook's edits:  python -m tools.book.notebooks pull {pair.name}\n"
        f"-> keep the text's:            rm {pair.notebook}, then: make sync"
    )


def make(pair: Pair, library: str) -> Made:
    """Make one notebook from its text: run it and write it."""
    text = pair.read_text()
    notebook = blank_notebook(text)
    if missing := missing_packages(notebook):
        install = "pip install -r requirements.txt -c constraints.txt"
        return Made(pair, f"{pair.notebook} needs {', '.join(missing)}, not installed here.\n-> {install}")
    path = pair.root / pair.notebook
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        run(notebook, path.parent, pair.root)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return Made(pair, failure(pair, notebook, error))
    normalise(notebook)
    written = as_bytes(notebook)
    changed = not path.exists() or path.read_bytes() != written
    if changed:
        path.write_bytes(written)
    return Made(pair, changed=changed, lock=(outputs_digest(library, written), source_digest(text)))


def tidy(pair: Pair) -> None:
    """Rewrite a text whose layout is not jupytext's; its cells stay as they are."""
    path = pair.root / pair.text
    text = path.read_text("utf-8")
    written = writes(reads(text))
    if squeezed(written) != squeezed(text):
        if source_cells(reads(written)) != source_cells(reads(text)):
            raise SystemExit(f"{pair.text}: jupytext does not read back what it would write: is a cell marker amiss?")
        path.write_text(written, "utf-8")
        print(f"layout    {pair.text}: rewritten as jupytext writes it (the cells are the same)")


def sync(names: Sequence[str], *, everything: bool, jobs: int, root: Path = ROOT) -> int:
    """Make the notebooks that are stale, or all of them. Returns the exit status."""
    chosen = selected(names, root)
    for pair in chosen:
        tidy(pair)
    library = library_digest(root)
    stale = [pair for pair in chosen if everything or not is_fresh(pair, library)]
    conflicts = {pair: conflict(pair) for pair in stale}
    problems = [problem for problem in conflicts.values() if problem]
    todo = [pair for pair, problem in conflicts.items() if not problem]
    print(f"{len(todo)} of {len(chosen)} notebooks to run", flush=True)
    # A fresh process for each, so that no client's sockets meet those of the one before it.
    with get_context("spawn").Pool(jobs, maxtasksperchild=1) as pool:
        for made in pool.imap(partial(make, library=library), todo):
            if made.problem:
                problems.append(made.problem)
            else:
                write_lock(root, {made.pair.notebook.as_posix(): made.lock})
                print(f"{'written  ' if made.changed else 'the same '} {made.pair.notebook}", flush=True)
    return report(problems)


def pull(names: Sequence[str], root: Path = ROOT) -> int:
    """Write the texts from notebooks edited where twins are not paired; unless named, only texts with no edits."""
    for pair in selected(names, root):
        notebook = pair.read_notebook()
        if notebook is not None and (names or edited(pair) == (False, True)):
            (pair.root / pair.text).write_text(writes(plain(notebook)), "utf-8")
            print(f"written   {pair.text}; now: make sync")
    return 0


# ------------------------------------------------------------------ check


def squeezed(text: str) -> list[str]:
    """Return the lines that are not blank: how many lie between two cells is the formatter's affair."""
    return [line for line in text.splitlines() if line]


def check_twins(pair: Pair) -> Iterator[str]:
    """Yield where the text is not laid out as jupytext does it, or the notebook does not hold just its cells."""
    text = pair.read_text()
    if squeezed(writes(text)) != squeezed((pair.root / pair.text).read_text("utf-8")):
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


def check_outputs(pair: Pair) -> Iterator[str]:
    """Yield what did not run, in order and without error or warning, and too many cells that nbval skips."""
    notebook = pair.read_notebook()
    if notebook is None:
        return  # check_twins says so
    code = [(i, cell) for i, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code"]
    expected = 0
    for number, cell in code:
        where = f"{pair.notebook}: cell {number}"
        if not cell.source.strip():
            yield f"{where}: an empty code cell"
            continue
        expected += 1
        if cell.execution_count != expected:
            said = "has not been run" if cell.execution_count is None else f"ran as [{cell.execution_count}]"
            yield f"{where}: {said}, expected [{expected}]"
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"{where}: stores an error: {output.ename}: {output.evalue}"
            if output.output_type == "stream" and output.name == "stderr":
                yield f"{where}: stores a warning: {output.text.strip():.80}"
            if output.get("execution_count", cell.execution_count) != cell.execution_count:
                yield f"{where}: an output with another cell's number"
    ignored = sum(bool(IGNORING & set(cell.metadata.get("tags", [])) or "# NBVAL_" in cell.source) for _, cell in code)
    if ignored > IGNORED_SHARE * len(code):
        yield f"{pair.notebook}: nbval ignores {ignored} of {len(code)} code cells; at most a tenth may be"


def check_fresh(pair: Pair, library: str | None = None) -> Iterator[str]:
    """Yield a notebook that is not what sync wrote, or not by the library as it is now."""
    path = pair.root / pair.notebook
    if not path.exists():
        return  # check_twins says so
    outputs, _ = read_lock(pair.root).get(pair.notebook.as_posix(), ("", ""))
    if outputs != outputs_digest(library or library_digest(pair.root), path.read_bytes()):
        yield f"{pair.notebook}: stale: the library or the file has changed since sync wrote it"


def check(names: Sequence[str] = (), root: Path = ROOT) -> Iterator[str]:
    """Yield every problem there is, without running anything."""
    library = library_digest(root)
    for pair in selected(names, root):
        yield from check_twins(pair)
        yield from check_outputs(pair)
        yield from check_fresh(pair, library)
    for path in orphans(root):
        yield f"{path}: no text makes this notebook"
    for name in sorted(set(read_lock(root)) - {pair.notebook.as_posix() for pair in pairs(root)}):
        yield f"{LOCK}: a line for {name}, which no text makes"


def report(problems: Iterable[str], remedy: str = "") -> int:
    """Print the problems. Returns the exit status."""
    found = list(problems)
    for problem in found:
        print(problem, file=sys.stderr)
    if found and remedy:
        print(f"{len(found)} problems. -> {remedy}", file=sys.stderr)
    return 1 if found else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    named = argparse.ArgumentParser(add_help=False)
    named.add_argument("names", nargs="*", metavar="NAME", help="value, exercises/value, or a path (default: all)")
    syncing = commands.add_parser("sync", parents=[named], help="make and run the notebooks that are stale")
    syncing.add_argument("--all", action="store_true", help="run the fresh ones too")
    syncing.add_argument("--jobs", "-j", type=int, default=2, help="how many at a time (default: 2)")
    commands.add_parser("check", parents=[named], help="prove, without running, that nothing is stale")
    commands.add_parser("pull", parents=[named], help="write the text from an edited notebook")
    asked = parser.parse_args(arguments)
    if asked.command == "sync":
        return sync(asked.names, everything=asked.all, jobs=asked.jobs)
    if asked.command == "pull":
        return pull(asked.names)
    status = report(check(asked.names), "make sync")
    if not status:
        print(f"{len(selected(asked.names))} notebooks are the fresh twins of their texts")
    return status


if __name__ == "__main__":
    sys.exit(main())
