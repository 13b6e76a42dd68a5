"""What a notebook depends on is found in the code, and nothing that it uses is missed."""

from __future__ import annotations

import nbformat
import pytest

from tests.book.small_book import edit
from tools.book import running, twins
from tools.book.dependencies import PACKAGE, Library

SMALL = {
    "__init__.py": "from micrograd_numpy.value import *\nfrom micrograd_numpy.figures import draw\n__version__ = '1'\n",
    "value.py": (
        '"""Numbers."""\n__all__ = ["Value"]\n'
        "from micrograd_numpy.guards.numbers import check  # first\nTEMPLATE = '''\n# a line\n\n'''\nclass Value: ...\n"
    ),
    "fast.py": "def fast():\n    from micrograd_numpy.compiler.emit import emit\n    return emit()\n",
    "guards/__init__.py": "",
    "guards/numbers.py": "def check(): return 2\n",
    "compiler/__init__.py": "",
    "compiler/emit.py": "from micrograd_numpy import value\ndef emit(): return value.Value()\n",
    "figures/__init__.py": (
        "from micrograd_numpy.figures.chart import chart\nfrom micrograd_numpy.figures.drawn import draw\n"
    ),
    "figures/chart.py": "from micrograd_numpy.fast import fast\ndef chart(): return fast()\n",
    "figures/drawn.py": "def draw(): return 'figures.css'\n",
    "figures/figures.css": "a {}\n",
    "door.py": "from micrograd_numpy.value import *\nfrom micrograd_numpy.figures.drawn import draw\n",
}
VALUE = {"", "value", "guards", "guards.numbers"}
EMIT = VALUE | {"compiler", "compiler.emit"}
DRAWN = {"", "figures", "figures.drawn"}
ALL = EMIT | DRAWN | {"fast", "figures.chart", "door"}


@pytest.fixture
def root(tmp_path):
    """A small library without notebooks."""
    (tmp_path / "notebooks" / "exercises").mkdir(parents=True)
    for name, code in SMALL.items():
        path = tmp_path / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, "utf-8")
    return tmp_path


def exercise(root, code):
    """Return a notebook of this code."""
    (root / "notebooks" / "exercises" / "one.py").write_text(f"# %%\n{code}\n", "utf-8")
    (pair,) = twins.pairs(root)
    return pair


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("import math", set()),
        ("from micrograd_numpy import Value", VALUE),
        ("def later():\n    from micrograd_numpy import Value", VALUE),
        ("from micrograd_numpy import value", VALUE),
        ("from micrograd_numpy.fast import fast", EMIT | {"fast"}),
        ("from micrograd_numpy.compiler import emit", EMIT),
        ("from micrograd_numpy import draw", DRAWN),
        ("from micrograd_numpy.door import *", VALUE | DRAWN | {"door"}),
        ("from micrograd_numpy import figures", ALL),
        ("from micrograd_numpy import __version__", ALL),
        ("from micrograd_numpy import *", ALL),
        ("from . import value", ALL),
        ("import micrograd_numpy.value", ALL),
        ("from importlib import import_module as get\nget(name)", ALL),
        ("__import__(name)", ALL),
        ("%run other.py", ALL),
    ],
)
def test_a_notebook_depends_on_what_its_imports_lead_to(root, code, modules):
    used = Library(root).used_by(exercise(root, code))
    assert {name.removeprefix(PACKAGE).lstrip(".") for name in used} == modules


@pytest.mark.parametrize(
    ("path", "old", "new", "changed"),
    [
        ("value.py", "class Value", "class Value(int)", {"Value"}),
        ("value.py", "# a line", "# another line", {"Value"}),
        ("value.py", "# a line\n\n", "# a line\n", {"Value"}),
        ("value.py", "Numbers.", "A number.", set()),
        ("value.py", "  # first\n", "\n# second\n\n", set()),
        ("guards/numbers.py", "2", "3", {"Value"}),
        ("__init__.py", "'1'", "'2'", {"Value", "draw"}),
        ("__init__.py", "import draw", "import draw as paint", {"Value", "draw"}),
        ("__init__.py", "import draw", "import chart, draw", set()),
        ("compiler/emit.py", "value.Value", "value.check", set()),
        ("figures/drawn.py", "figures", "figure", {"draw"}),
        ("figures/figures.css", "a", "b", {"draw"}),
    ],
)
def test_the_digest_changes_with_the_code_that_is_used(root, path, old, new, changed):
    def digests():
        library = Library(root)
        return {
            name: library.digest(exercise(root, f"from micrograd_numpy import {name}")) for name in ("Value", "draw")
        }

    before = digests()
    edit(root / PACKAGE / path, old, new)
    assert {name for name, digest in digests().items() if digest != before[name]} == changed


# ------------------------------------------------------------------ nothing is missed

WATCH = """
import sys as watching
import micrograd_numpy as watched  # what only importing runs is not counted
called = set()
watching.setprofile(lambda frame, event, _: event == "call" and called.add(frame.f_globals.get("__name__") or ""))
"""
TELL = 'watching.setprofile(None)\nprint(*(name for name in called if name.startswith("micrograd_numpy")))'


@pytest.mark.parametrize("name", ["graph", "exercises/losses"])
def test_what_a_notebook_really_calls_is_among_what_it_depends_on(name):
    (pair,) = (pair for pair in twins.pairs() if pair.name == name)
    notebook = twins.blank_notebook(pair.read_text())
    notebook.cells.insert(0, nbformat.v4.new_code_cell(WATCH))
    notebook.cells.append(nbformat.v4.new_code_cell(TELL))
    running.run(notebook, (pair.root / pair.notebook).parent, pair.root)
    called = set(notebook.cells[-1].outputs[0].text.split())
    assert {"micrograd_numpy.value", "micrograd_numpy.ops"} <= called
    assert called <= Library().used_by(pair)
