"""What a notebook depends on is found in the code, and nothing that it uses is missed."""

from __future__ import annotations

import nbformat
import pytest

from tools.book import running, twins
from tools.book.dependencies import PACKAGE, Library

SMALL = {
    "__init__.py": (
        "from micrograd_numpy.figures import draw\n"
        "from micrograd_numpy.value import Value\n"
        "from micrograd_numpy.value import total as sum_of\n"
        "from micrograd_numpy.vectorize import vectorize\n"
        "__version__ = '1'\n"
    ),
    "value.py": (
        '"""Numbers."""\n'
        "from micrograd_numpy.guards.numbers import check  # before anything else\n"
        "class Value:\n"
        '    """A number."""\n'
        "def total(): return check()\n"
        "def mean(): return total() / 2\n"
        "TEMPLATE = '''\n"
        "# a line\n"
        "\n"
        "'''\n"
    ),
    "vectorize.py": "def vectorize():\n    from micrograd_numpy.compiler.emit import emit\n    return emit()\n",
    "guards/__init__.py": "",
    "guards/numbers.py": "def check(): return 2\n",
    "compiler/__init__.py": "",
    "compiler/emit.py": "from micrograd_numpy import value\ndef emit(): return value.total()\n",
    "figures/__init__.py": (
        "from micrograd_numpy.figures.chart import chart\nfrom micrograd_numpy.figures.drawn import draw\n"
    ),
    "figures/chart.py": "from micrograd_numpy.vectorize import vectorize\ndef chart(): return vectorize()\n",
    "figures/drawn.py": "def draw(): return 'figures.css'\n",
    "figures/figures.css": "a {}\n",
    "door.py": "from micrograd_numpy.value import Value\nfrom micrograd_numpy.figures.drawn import draw\n",
    "alone.py": "def alone(): return 1\n",
}
PACKAGED = {"", "value", "guards", "guards.numbers"}  # `import micrograd_numpy.value` runs what is in these
COMPILED = PACKAGED | {"vectorize", "compiler", "compiler.emit"}
DRAWN = {"", "figures", "figures.drawn"}
ALL = COMPILED | DRAWN | {"figures.chart", "door", "alone"}


@pytest.fixture
def root(tmp_path):
    """A small library of one chapter and more, without notebooks."""
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


def used(root, code):
    """Return the modules that a notebook of this code depends on, without the name of the package."""
    return {name.removeprefix(PACKAGE).lstrip(".") for name in Library(root).used_by(exercise(root, code))}


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("import math", set()),
        ("from micrograd_numpy import Value", PACKAGED),
        ("from micrograd_numpy import sum_of", PACKAGED),
        ("from micrograd_numpy import __version__", {""}),
        ("def later():\n    from micrograd_numpy import Value", PACKAGED),
        ("from micrograd_numpy import value", PACKAGED),
        ("import micrograd_numpy.value as v", PACKAGED),
        ("from micrograd_numpy import vectorize", COMPILED),
        ("from micrograd_numpy.compiler import emit", COMPILED - {"vectorize"}),
        ("from micrograd_numpy import draw", DRAWN),
        ("from micrograd_numpy.figures.drawn import draw", DRAWN),
        ("from micrograd_numpy.door import *", PACKAGED | DRAWN | {"door"}),
        ("from micrograd_numpy import figures", ALL - {"door", "alone"}),
        ("import micrograd_numpy as m\ngetattr(m, name)()", ALL),
        ("import micrograd_numpy.value", ALL),
        ("from micrograd_numpy import *", ALL),
        ("import importlib\nimportlib.import_module(name)", ALL),
        ("from importlib import import_module as get\nget(name)", ALL),
        ("__import__(name)", ALL),
        ("exec('from micrograd_numpy import Value')", ALL),
        ("%run other.py", ALL),
    ],
)
def test_a_notebook_depends_on_what_its_code_can_reach(root, code, modules):
    assert used(root, code) == modules


@pytest.mark.parametrize(
    ("module", "code", "modules"),
    [
        ("value.py", "from . import alone\n", {"alone"}),
        ("value.py", "if True:\n    import micrograd_numpy.alone as a\n", {"alone"}),
        ("value.py", "def any(name): return __import__(name)\n", ALL),
        ("__init__.py", "def __getattr__(name):\n    from micrograd_numpy import alone\n", {"alone"}),
        ("__init__.py", "VALUES = [vectorize()]\n", COMPILED),
    ],
    ids=["relative", "in a branch", "by a computed name", "package's function", "package's own code"],
)
def test_what_a_module_imports_counts_wherever_it_stands(root, module, code, modules):
    with (root / PACKAGE / module).open("a", encoding="utf-8") as file:
        file.write(code)
    assert used(root, "from micrograd_numpy import Value") == PACKAGED | modules


@pytest.mark.parametrize(
    ("code", "felt"),
    [
        ("value.total = vectorize\n", True),
        ("value.Value.mean, other = vectorize, 1\n", True),
        ("value.__dict__['total'] = vectorize\n", True),
        ("if True:\n    setattr(value, 'total', vectorize)\n", True),
        ("@value.Value\ndef registered(): ...\n", True),
        ("import warnings\nwarnings.simplefilter('error')\n", True),
        ("total = value.total\nTABLE = {}\nTABLE['total'] = total\n", False),
        ("def patch(): value.total = vectorize\n", False),
    ],
)
def test_a_module_that_changes_others_when_it_is_imported_counts_for_all(root, code, felt):
    path = root / PACKAGE / "vectorize.py"
    path.write_text(f"from micrograd_numpy import value\n{SMALL['vectorize.py']}{code}", "utf-8")
    assert used(root, "from micrograd_numpy import Value") == (COMPILED if felt else PACKAGED)


def test_a_package_that_changes_others_counts_for_all(root):
    with (root / PACKAGE / "figures" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write("from ..value import Value\nValue.draw = draw\n")
    assert used(root, "from micrograd_numpy import Value") == PACKAGED | DRAWN


@pytest.mark.parametrize(
    ("path", "old", "new", "changes"),
    [
        ("value.py", "/ 2", "/ 3", True),
        ("value.py", "a line", "another line", True),
        ("value.py", "# a line\n\n", "# a line\n", True),
        ("value.py", "A number", "One number", False),
        ("value.py", "  # before anything else", "", False),
        ("value.py", "def mean", "# half\n\n\ndef mean", False),
        ("guards/numbers.py", "2", "3", True),
        ("__init__.py", "'1'", "'2'", True),
        ("__init__.py", "total as", "mean as", True),
        ("__init__.py", "import vectorize", "import vectorize as fast", False),
        ("compiler/emit.py", "total", "mean", False),
        ("alone.py", "1", "2", False),
        ("figures/figures.css", "a", "b", False),
    ],
)
def test_the_digest_changes_with_the_code_that_is_used(root, path, old, new, changes):
    pair = exercise(root, "from micrograd_numpy import Value, sum_of")
    before = Library(root).digest(pair)
    code = SMALL[path]
    assert code.count(old) == 1
    (root / PACKAGE / path).write_text(code.replace(old, new), "utf-8")
    assert (Library(root).digest(pair) != before) == changes


def test_the_digest_changes_with_the_files_beside_a_module(root):
    pair = exercise(root, "from micrograd_numpy import draw")
    before = Library(root).digest(pair)
    (root / PACKAGE / "figures" / "figures.css").write_text("b {}", "utf-8")
    assert Library(root).digest(pair) != before


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
