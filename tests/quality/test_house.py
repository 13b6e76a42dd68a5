"""The rules of the house: what lies where, who imports whom, how long things may get."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
import yaml

from tools import ROOT
from tools.book.dependencies import code_lines
from tools.quality.mutants import TESTED_ELSEWHERE

PACKAGE = ROOT / "micrograd_numpy"
DOORS = {"engine", "nn"}

# Where things stand when imports run downward: chapters as in _toc.yml, and only what differs is written here.
# A room is placed as a whole, unless one of its modules has a line of its own.
PLACES = {
    "value": "after backprop",  # the reader meets Values first, but they are made of rules and a walk
    "guards": "before ops",
    "guards.hidden": "after value",
    "guards.inputs": "after value",
    "guards.targets": "after value",
    "guards.parameters": "after value",
    "drawing": "before ops",
    "drawing.cards": "after backprop",  # they show what a walk finds
    "compiler": "after arrays",
    "compiler.symbols": "before arrays",
    "compiler.numpy_rules": "before arrays",
    "compiler.recording": "before arrays",
    "compiler.structure": "before arrays",
    "moons": "after vectorize",  # it trains with it, for readers who do not want to wait
    "figures": "at the end",
    "engine": "at the end",
    "nn": "at the end",
    "__init__": "at the end",
}

# Tests of no single module.
OF_THE_WHOLE = {
    "test_calculus.py",  # all operations against finite differences and PyTorch
    "test_edges.py",  # the table of edges
    "test_errors.py",  # the table of errors
    "test_fuzz.py",  # random programs
    "test_properties.py",  # laws that hold for any numbers
}


def module_name(path: Path, package: Path) -> str:
    """The dotted name of a module, without the package's: a folder's `__init__` is the folder."""
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def modules(package: Path = PACKAGE) -> dict[str, Path]:
    return {module_name(path, package): path for path in sorted(package.rglob("*.py"))}


def chapters(toc: Path = ROOT / "_toc.yml") -> list[str]:
    parts = yaml.safe_load(toc.read_text("utf-8"))["parts"]
    files = [Path(chapter["file"]) for part in parts for chapter in part["chapters"]]
    return [file.name for file in files if file.parent == Path("notebooks")]


def read(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def expect_none(faults: list[str]) -> None:
    assert not faults, "\n".join(["", *faults])


# ---------------------------------------------------------------- rooms


def strangers_at_the_top(package: Path, taught: list[str]) -> list[str]:
    return [
        f"{path.name} is neither a chapter in _toc.yml, __init__, nor a door: move it into a folder"
        for path in sorted(package.glob("*.py"))
        if path.stem not in {"__init__", *DOORS, *taught}
    ]


def test_at_the_top_of_the_package_are_chapters_and_doors() -> None:
    expect_none(strangers_at_the_top(PACKAGE, chapters()))


def has_code(path: Path) -> bool:
    """Whether there is more than a docstring, imports and the list of names."""
    plain = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign)
    return not all(isinstance(node, plain) for node in read(path).body)


def unmirrored(package: Path, tests: Path) -> list[str]:
    """Modules without a test file, and test files without a module."""
    wanted = {}
    for name, path in modules(package).items():
        if path.name == "__init__.py" and name != "__init__" and not has_code(path):
            continue
        *rooms, last = name.split(".")
        wanted[tests.joinpath(*rooms, TESTED_ELSEWHERE.get(name, f"test_{last}.py"))] = name
    rooms = {tests, *(tests / path.parent.relative_to(package) for path in package.rglob("*.py"))}
    there = {path for room in rooms for path in room.glob("test_*.py")}
    lacking = [f"{name} has no tests: write {file.relative_to(tests)}" for file, name in wanted.items()]
    lacking = [message for message, file in zip(lacking, wanted) if file not in there]
    homeless = sorted(there - set(wanted) - {tests / name for name in OF_THE_WHOLE})
    return lacking + [f"{file.relative_to(tests)} tests no module: name it for the one it tests" for file in homeless]


def test_tests_mirror_the_package() -> None:
    expect_none(unmirrored(PACKAGE, ROOT / "tests"))


def test_exceptions_are_needed() -> None:
    names, tests = modules(), ROOT / "tests"
    assert [name for name in OF_THE_WHOLE if not (tests / name).exists()] == []
    assert [name for name in {*PLACES, *TESTED_ELSEWHERE} if name not in names] == []
    assert [name for name in TESTED_ELSEWHERE if (tests / f"test_{name}.py").exists()] == []


def test_a_stranger_and_a_missing_test_are_told(tmp_path: Path) -> None:
    package, tests = tmp_path / "package", tmp_path / "tests"
    for file in ("package/lesson.py", "package/helpers.py", "package/room/part.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("")
    (tests / "room").mkdir(parents=True)
    for file in ("test_lesson.py", "test_helpers.py", "room/test_other.py"):
        (tests / file).write_text("")
    assert strangers_at_the_top(package, ["lesson"]) == [
        "helpers.py is neither a chapter in _toc.yml, __init__, nor a door: move it into a folder"
    ]
    assert unmirrored(package, tests) == [
        "room.part has no tests: write room/test_part.py",
        "room/test_other.py tests no module: name it for the one it tests",
    ]


# ---------------------------------------------------------------- who imports whom


def order(taught: list[str]) -> list[str]:
    """Chapters and rooms, so that imports run from later to earlier ones."""
    placed = list(taught)
    for name, where in PLACES.items():
        if name in placed:
            placed.remove(name)
        side, _, other = where.partition(" ")
        if where == "at the end":
            placed.append(name)
        else:
            placed.insert(placed.index(other) + (side == "after"), name)
    return placed


def imported(path: Path, names: set[str]) -> set[str]:
    """The modules of the package that a module imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(read(path)):
        if isinstance(node, ast.Import):
            full = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in full:
            package, _, rest = name.partition(".")
            if package == PACKAGE.name:
                found.add(next((m for m in (rest, rest.rpartition(".")[0]) if m in names), "__init__"))
    return found


def upward(package: Path, taught: list[str]) -> list[str]:
    """Imports that run upward, a circle of them, and modules that have no place."""
    placed, paths = order(taught), modules(package)
    homes = {name: name if name in placed else name.split(".")[0] for name in paths}
    homeless = [name for name, home in homes.items() if home not in placed]
    if homeless:
        return [f"{name} has no place: put its chapter into _toc.yml, or its room into PLACES" for name in homeless]
    users = {name: imported(path, set(paths)) for name, path in paths.items()}
    wrong = [
        f"{name} imports {used}, which stands above it: move what both need below {name}"
        for name, uses in users.items()
        for used in sorted(uses)
        if placed.index(homes[used]) > placed.index(homes[name])
    ]
    try:
        TopologicalSorter(users).prepare()
    except CycleError as circle:
        wrong.append(f"{' → '.join(reversed(circle.args[1]))}: a circle; move what they share below them")
    return wrong


def test_imports_run_downward() -> None:
    expect_none(upward(PACKAGE, chapters()))


def test_a_lazy_import_upward_a_circle_and_a_module_without_a_place_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PLACES", {"room": "before two"})
    (tmp_path / "room").mkdir()
    (tmp_path / "one.py").write_text("def f():\n    from micrograd_numpy.two import g\n")
    (tmp_path / "two.py").write_text("from micrograd_numpy.room.a import f\n")
    (tmp_path / "room/a.py").write_text("if TYPE_CHECKING:\n    import micrograd_numpy.room.b\n")
    (tmp_path / "room/b.py").write_text("from micrograd_numpy.room.a import f\n")
    assert upward(tmp_path, ["one", "two"]) == [
        "one imports two, which stands above it: move what both need below one",
        "room.a → room.b → room.a: a circle; move what they share below them",
    ]
    (tmp_path / "three.py").write_text("")
    assert upward(tmp_path, ["one", "two"]) == [
        "three has no place: put its chapter into _toc.yml, or its room into PLACES"
    ]


# ---------------------------------------------------------------- sizes


def too_long(source: str) -> list[str]:
    """Functions of more than 60 code lines, and classes of more than 200."""
    lines, found = code_lines(source).keys(), []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            most = 200 if isinstance(node, ast.ClassDef) else 60
            size = len(lines & set(range(node.lineno, (node.end_lineno or node.lineno) + 1)))
            if size > most:
                found.append(f"{node.name} has {size} code lines, more than {most}: split it")
    return found


# The head of a function, whose body ends with the next brace as far indented as the head.
JAVASCRIPT_HEAD = re.compile(
    r"( *)(?!(?:if|for|while|switch|catch|with)\b)"
    r"(?:.*\bfunction\b.*|.*=>|(?:async |static |get |set |\*)*[#\w]+\(.*\)) \{$"
)


def too_long_in_javascript(source: str) -> list[str]:
    """Functions of more than 60 code lines, told by the indentation of their first and last lines."""
    lines, found = source.splitlines(), []
    for start, line in enumerate(lines):
        head = JAVASCRIPT_HEAD.fullmatch(line)
        if not head:
            continue
        end = next((i for i in range(start + 1, len(lines)) if lines[i].startswith(head[1] + "}")), len(lines) - 1)
        body = [text.strip() for text in lines[start : end + 1]]
        size = sum(bool(text) and not text.startswith(("//", "/*", "* ", "*/")) for text in body)
        if size > 60:
            found.append(f"line {start + 1} ({line.strip()}): {size} code lines, more than 60: split it")
    return found


def sources(ending: str) -> list[Path]:
    folders = [PACKAGE, *(ROOT / name for name in ("tools", "tests", "benchmarks", "examples", "web/src"))]
    return [path for folder in folders for path in sorted(folder.rglob(f"*.{ending}"))]


@pytest.mark.parametrize("path", sources("py"), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_function_and_no_class_is_long(path: Path) -> None:
    expect_none(too_long(path.read_text("utf-8")))


@pytest.mark.parametrize("path", [*sources("js"), ROOT / "web/build.mjs"], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_function_in_javascript_is_long(path: Path) -> None:
    expect_none(too_long_in_javascript(path.read_text("utf-8")))


def test_long_functions_and_classes_are_told() -> None:
    body = '    """Say.\n\n    More.\n    """\n\n    # why\n' + "    x = (\n        1)\n" * 30
    assert too_long("def f():\n" + body.replace("x = (\n        1)\n", "x = (1,\n        2)\n", 29)) == [
        "f has 61 code lines, more than 60: split it"
    ]
    assert too_long("def f():\n" + body[: -len("    x = (\n        1)\n")]) == []
    assert too_long("class C:\n" + "    x = 1\n" * 200) == ["C has 201 code lines, more than 200: split it"]


@pytest.mark.parametrize(
    "head", ["function f(a) {", "export async function f() {", "const f = (a) => {", "  render({ model }) {"]
)
def test_long_functions_in_javascript_are_told(head: str) -> None:
    indent = head[: len(head) - len(head.lstrip())]
    body = f"{indent}  // why\n\n" + f"{indent}  if (a) {{\n{indent}  }}\n" * 29
    assert too_long_in_javascript(f"{head}\n{body}{indent}}}\n") == []
    (message,) = too_long_in_javascript(f"{head}\n{body}{indent}  a;\n{indent}}}\n")
    assert message == f"line 1 ({head.strip()}): 61 code lines, more than 60: split it"


def test_the_core_of_the_engine_is_small() -> None:
    core = "value", "ops", "backprop"
    sizes = {name: len(code_lines((PACKAGE / f"{name}.py").read_text("utf-8"))) for name in core}
    assert sum(sizes.values()) <= 250, f"{sizes}: move what is no engine into a room"


# ---------------------------------------------------------------- names


def twice(package: Path) -> list[str]:
    """Public names that two modules define; a rule in ops may share the name of its operation."""
    homes = defaultdict(list)
    for name, path in modules(package).items():
        defined = set()
        for node in read(path).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                defined.add(node.name)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                defined |= {target.id for target in targets if isinstance(target, ast.Name)}
        for public in defined:
            if public[0] != "_" and name != "ops":
                homes[public].append(name)
    return [
        f"{name} stands in {' and '.join(where)}: rename one, or keep one"
        for name, where in sorted(homes.items())
        if len(where) > 1
    ]


def test_no_two_public_things_share_a_name() -> None:
    expect_none(twice(PACKAGE))


def test_twins_are_told(tmp_path: Path) -> None:
    (tmp_path / "ops.py").write_text("def exp(x): ...\n")
    (tmp_path / "one.py").write_text("def exp(x): ...\ndef _own(): ...\nNode = int\n")
    (tmp_path / "two.py").write_text("class Node: ...\ndef _own(): ...\n")
    assert twice(tmp_path) == ["Node stands in one and two: rename one, or keep one"]


# ---------------------------------------------------------------- texts


def wide(source: str) -> list[str]:
    """Lines of prose over 120 characters, apart from tables and what has no place to break."""
    found, prose = [], False
    for number, line in enumerate(source.splitlines(), 1):
        if line.startswith("# %%"):
            prose = line.startswith("# %% [markdown]")
        elif prose and len(line) > 120 and not line.startswith("# |") and " " in line[2:]:
            found.append(f"line {number} has {len(line)} characters, more than 120: break it")
    return found


@pytest.mark.parametrize("chapter", chapters())
def test_prose_is_at_most_120_wide(chapter: str) -> None:
    expect_none(wide((PACKAGE / f"{chapter}.py").read_text("utf-8")))


def test_wide_prose_is_told() -> None:
    line = "# " + "word " * 30 + "\n"
    assert wide(f"# %% tags\n{line}") == wide("# %% [markdown]\n# |" + line) == []
    assert wide(f"# %% [markdown]\n{line}") == ["line 2 has 152 characters, more than 120: break it"]


def map_faults(readme: str, root: Path, ignored: set[str]) -> list[str]:
    """What README's map names that is not there, and what is there that it does not name."""
    drawn = re.findall(r"## The map\n\n```\n(.*?)```", readme, re.DOTALL)[0]
    named = {
        name.strip("/") for row in re.findall(r"^(\S+(?: \S+)*?) {2,}", drawn, re.MULTILINE) for name in row.split()
    }
    of_every_project = {"LICENSE", "CITATION.cff"}
    there = {p.name for p in root.iterdir() if p.name[0] != "." and p.name not in ignored and p.suffix != ".egg-info"}
    rooms = {f"{PACKAGE.name}/{p.parent.name}" for p in (root / PACKAGE.name).glob("*/__init__.py")}
    return [
        f"{name} is not there: take it from README's map" for name in sorted(named) if not (root / name).exists()
    ] + [f"{name} is not on README's map: add a line" for name in sorted((there | rooms) - named - of_every_project)]


def test_the_map_in_the_readme_is_the_tree() -> None:
    ignored = {line.strip("/\n") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()}
    expect_none(map_faults((ROOT / "README.md").read_text("utf-8"), ROOT, ignored))


def test_a_wrong_map_is_told(tmp_path: Path) -> None:
    (tmp_path / "micrograd_numpy/room").mkdir(parents=True)
    (tmp_path / "micrograd_numpy/room/__init__.py").write_text("")
    (tmp_path / "Makefile").write_text("")
    assert map_faults("## The map\n\n```\nmicrograd_numpy/  the library\nweb/  pages\n```", tmp_path, set()) == [
        "web is not there: take it from README's map",
        "Makefile is not on README's map: add a line",
        "micrograd_numpy/room is not on README's map: add a line",
    ]


def lost_files(text: str, root: Path) -> list[str]:
    """Files that a text names and that are not there; `<chapter>` may be any."""
    names = [name.replace("<chapter>", "losses") for name in re.findall(r"`([\w.<>/-]+)`", text)]
    files = [name for name in names if "/" in name or re.search(r"\.(py|md|yml|toml|txt|js|json|lock)$", name)]
    return [f"{file} is not there: name the file that is" for file in files if not (root / file).exists()]


def test_contributing_is_short_and_names_files_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    words = len(text.split())
    assert words <= 600, f"CONTRIBUTING.md has {words} words, more than 600: move what is long to where it is used"
    expect_none(lost_files(text, ROOT))


def test_a_lost_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "losses.py").write_text("")
    text = "`<chapter>.py`, `tests/gone.py`, `make sync`, `Value`"
    assert lost_files(text, tmp_path) == ["tests/gone.py is not there: name the file that is"]
