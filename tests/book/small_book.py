"""A book of one chapter, which tests may edit."""

from __future__ import annotations

from tools.book import freshness, notebooks, twins
from tools.book.dependencies import Library

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
# print(double(8), flush=True)
# print("Done.")
'''


def store(pair, notebook):
    """Write the notebook."""
    (pair.root / pair.notebook).write_bytes(twins.as_bytes(notebook))


def lock(pair):
    """Call the notebook fresh."""
    freshness.write_lock(pair.root, {pair.notebook.as_posix(): freshness.digests(pair, Library(pair.root))})


def edit(path, old, new):
    """Replace `old`, which must be there, once in a file; a new file has nothing."""
    text = path.read_text("utf-8") if path.exists() else ""
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def edit_text(pair, old, new):
    """Replace `old` in the text."""
    edit(pair.root / pair.text, old, new)


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
