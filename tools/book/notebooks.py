"""Keep every notebook the executed twin of its text.

The text (`micrograd_numpy/X.py` for a chapter, `notebooks/exercises/X.py` for
exercises) is the source. `sync` makes the notebook from it, runs it and writes
it so that the same source gives the same bytes. `check` runs nothing: it proves
that each notebook still is what `sync` wrote, from this text and from what it
uses of the library. `pull` writes the text from a notebook that was edited.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from tools import ROOT
from tools.book.dependencies import Library
from tools.book.freshness import LOCK, check_fresh, is_fresh, outputs_digest, read_lock, source_digest, write_lock
from tools.book.running import check_outputs, failure, missing_packages, normalise, run
from tools.book.twins import Pair, as_bytes, blank_notebook, check_twins, orphans, pairs, plain, selected, tidy


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


def make(pair: Pair, digests: Mapping[Pair, str]) -> Made:
    """Make one notebook from its text: run it and write it. `digests` are of what each uses of the library."""
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
    return Made(pair, changed=changed, lock=(outputs_digest(digests[pair], written), source_digest(text)))


def sync(names: Sequence[str], *, everything: bool, jobs: int, root: Path = ROOT) -> int:
    """Make the notebooks that are stale, or all of them. Returns the exit status."""
    chosen = selected(names, root)
    for pair in chosen:
        tidy(pair)
    library = Library(root)
    stale = [pair for pair in chosen if everything or not is_fresh(pair, library)]
    conflicts = {pair: conflict(pair) for pair in stale}
    problems = [problem for problem in conflicts.values() if problem]
    todo = [pair for pair, problem in conflicts.items() if not problem]
    print(f"{len(todo)} of {len(chosen)} notebooks to run", flush=True)
    digests = {pair: library.digest(pair) for pair in todo}  # before they run: the library may change meanwhile
    # A fresh process for each, so that no client's sockets meet those of the one before it.
    with get_context("spawn").Pool(jobs, maxtasksperchild=1) as pool:
        for made in pool.imap(partial(make, digests=digests), todo):
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
            pair.write_text(plain(notebook))
            print(f"written   {pair.text}; now: make sync")
    return 0


def check(names: Sequence[str] = (), root: Path = ROOT) -> Iterator[str]:
    """Yield every problem there is, without running anything."""
    library = Library(root)
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
