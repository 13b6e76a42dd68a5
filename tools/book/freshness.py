"""The lock: what each notebook was at the last sync, and by which code of the library it was shown."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from tools import ROOT
from tools.book.dependencies import Library
from tools.book.twins import Pair, pairs, source_cells

LOCK = Path("notebooks/outputs.lock")


def outputs_digest(library: str, notebook: bytes) -> str:
    """Digest what a notebook shows together with the digest of what of the library it uses."""
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


def digests(pair: Pair, library: Library) -> tuple[str, str]:
    """Return the line of the lock that would be true now."""
    notebook = (pair.root / pair.notebook).read_bytes()
    return outputs_digest(library.digest(pair), notebook), source_digest(pair.read_text())


def is_fresh(pair: Pair, library: Library) -> bool:
    """Whether the notebook is byte for byte what sync wrote, with this library, from this text."""
    there = (pair.root / pair.notebook).exists()
    return there and read_lock(pair.root).get(pair.notebook.as_posix()) == digests(pair, library)


def check_fresh(pair: Pair, library: Library) -> Iterator[str]:
    """Yield a notebook that is not what sync wrote, or not by what it uses of the library as it is now."""
    if (pair.root / pair.notebook).exists() and not is_fresh(pair, library):  # check_twins tells of one that is missing
        yield f"{pair.notebook}: stale: the file, its text, or what it uses of the library, has changed since sync"
