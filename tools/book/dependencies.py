"""What a notebook depends on: the modules of the library that its code can reach, found in the syntax trees.

`import micrograd_numpy` runs every module, so what counts is who names what: `from micrograd_numpy import Value`
reaches the module that defines `Value`, and the modules that that one imports, within functions, too. Where the
trees cannot tell, more counts than need be: a module named in a string, an import by a computed name, a package
held as an object, a module that changes others when it is imported.
"""

from __future__ import annotations

import ast
import hashlib
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import resolve_name
from pathlib import Path

from tools import ROOT
from tools.book.twins import Pair

PACKAGE = "micrograd_numpy"
MEASURED = Path("benchmarks/results.json")
IMPORTERS = {"__import__", "import_module", "importlib", "pkgutil", "runpy"}  # what imports by a computed name
EVERYTHING = ast.parse(f"import {PACKAGE}")  # stands for code that cannot be parsed


# ------------------------------------------------------------------ what one piece of code imports


@dataclass(frozen=True, order=True)
class Import:
    """One name that some code imports: `from module import name as bound`, or the module as a whole."""

    module: str
    name: str = ""
    bound: str = ""


def imports(code: ast.AST, package: str = "") -> Iterator[Import]:
    """Yield every import in `code`, that of functions, too."""
    for node in ast.walk(code):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield Import(alias.name, bound=alias.asname or top)
                if not alias.asname:
                    yield Import(top, bound=top)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            yield from (Import(module, alias.name, alias.asname or alias.name) for alias in node.names)


def names(code: ast.AST) -> set[str]:
    """Return every name that `code` uses, attributes and imported names included."""
    found: set[str] = set()
    for node in ast.walk(code):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found.update(node.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            found.update((node.module or "").split("."))
    return found


def docstrings(code: ast.AST) -> list[ast.stmt]:
    """Return the docstrings of a module and of all that it defines."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(code) if isinstance(node, documented)]
    return [node.body[0] for node in nodes if ast.get_docstring(node, clean=False) is not None]


def strings(code: ast.AST) -> Iterator[str]:
    """Yield every string constant but docstrings."""
    documenting = {id(node.value) for node in docstrings(code) if isinstance(node, ast.Expr)}
    for node in ast.walk(code):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documenting:
            yield node.value


def imports_unseen(code: ast.AST) -> bool:
    """Whether `code` may import what no import statement of it names."""
    return bool(IMPORTERS & names(code)) or any(re.search(rf"\b{PACKAGE}\b", text) for text in strings(code))


def at_import(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported: those of classes and branches, not of functions."""
    for statement in statements:
        yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            blocks = (getattr(statement, field, []) for field in ("body", "orelse", "finalbody"))
            handlers = (handler.body for handler in getattr(statement, "handlers", []))
            for block in (*blocks, *handlers):
                yield from at_import(block)


def root_name(expression: ast.expr) -> str:
    """Return the name that an expression such as `a.b[c](d)` starts from, or nothing."""
    while isinstance(expression, (ast.Attribute, ast.Subscript, ast.Call)):
        expression = expression.func if isinstance(expression, ast.Call) else expression.value
    return expression.id if isinstance(expression, ast.Name) else ""


def changes_others(module: Module) -> bool:
    """Whether importing this module may change others: it calls for effect, stores into, or registers with them."""
    imported = {item.bound for item in module.imports}
    ours = {item.bound for item in module.imports if inside(item.module)}
    for statement in at_import(module.tree.body):
        if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant):
            return True
        if {root_name(decorator) for decorator in getattr(statement, "decorator_list", [])} & ours:
            return True
        stored = getattr(statement, "targets", [getattr(statement, "target", None)])
        parts = [part for target in stored if target for part in getattr(target, "elts", [target])]
        if not isinstance(statement, ast.AugAssign):  # `name = …` makes a name of its own
            parts = [part for part in parts if not isinstance(part, ast.Name)]
        if any(root_name(part) in imported for part in parts):
            return True
    return False


# ------------------------------------------------------------------ the library


@dataclass(frozen=True)
class Module:
    """A module of the library: its path below `root`, and its tree."""

    root: Path
    path: Path

    @property
    def is_package(self) -> bool:
        """Whether this is an `__init__`."""
        return self.path.stem == "__init__"

    @property
    def package(self) -> str:
        """The package that the module lies in; a package lies in itself."""
        return ".".join(self.path.parent.parts)

    @property
    def name(self) -> str:
        """The name by which it is imported."""
        return self.package if self.is_package else f"{self.package}.{self.path.stem}"

    @cached_property
    def source(self) -> str:
        """The file."""
        return (self.root / self.path).read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        try:
            return ast.parse(self.source)
        except SyntaxError as error:
            raise SystemExit(f"{self.path}, line {error.lineno}: {error.msg}") from None

    @cached_property
    def imports(self) -> list[Import]:
        """All that the module imports."""
        return list(imports(self.tree, self.package))

    @cached_property
    def imports_unseen(self) -> bool:
        """Whether it may import what no import statement of it names."""
        return imports_unseen(self.tree)

    @cached_property
    def forwarding(self) -> list[ast.stmt]:
        """The imports by which a package hands on names of the library; who uses the names depends on them."""
        statements = self.tree.body if self.is_package else []
        bare = [node for node in statements if isinstance(node, (ast.Import, ast.ImportFrom))]
        return [node for node in bare if all(inside(item.module) for item in imports(node, self.package))]

    @cached_property
    def own_code(self) -> ast.Module:
        """What runs whoever imports anything below a package; of a plain module, all of it."""
        return ast.Module([node for node in self.tree.body if node not in self.forwarding], [])

    @cached_property
    def own_imports(self) -> list[Import]:
        """What its own code needs of the library."""
        handed_on = [item for node in self.forwarding for item in imports(node, self.package)]
        used = {"*", *names(self.own_code)}
        return [*imports(self.own_code, self.package), *(item for item in handed_on if item.bound in used)]

    @cached_property
    def code(self) -> str:
        """The lines of code, without comments and docstrings, and without what a package only hands on.

        Lines rather than the syntax tree, whose dump differs between versions of Python.
        """
        lines = self.source.split("\n")  # as Python counts them
        for token in tokenize.generate_tokens(io.StringIO(self.source).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column].rstrip()
        dropped = rows([*docstrings(self.tree), *self.forwarding])
        texts = rows(node for node in ast.walk(self.tree) if isinstance(node, (ast.Constant, ast.JoinedStr)))
        kept = (line for row, line in enumerate(lines, start=1) if row not in dropped and (line or row in texts))
        return "\n".join(kept)

    @cached_property
    def files(self) -> list[Path]:
        """What lies beside the module and is no code: it may read that."""
        beside = sorted(path for path in (self.root / self.path).parent.iterdir() if path.is_file())
        return [path for path in beside if path.suffix not in {".py", ".pyc"} and not path.name.startswith(".")]


def rows(nodes: Iterable[ast.stmt | ast.expr]) -> set[int]:
    """Return the lines on which these parts of a tree stand, from 1."""
    return {row for node in nodes for row in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def inside(module: str, package: str = PACKAGE) -> bool:
    """Whether a module lies below a package, or is it."""
    return f"{module}.".startswith(f"{package}.")


class Library:
    """The library below `root`, and what of it each notebook depends on."""

    def __init__(self, root: Path = ROOT) -> None:
        paths = sorted((root / PACKAGE).rglob("*.py"))
        self.root = root
        self.modules = {module.name: module for module in (Module(root, path.relative_to(root)) for path in paths)}

    def next_to(self, item: Import) -> Iterator[Import]:
        """Yield what an import brings with it: its packages, and what the module imports that defines the name."""
        parent = item.module.rpartition(".")[0]
        if parent:
            yield Import(parent, "__path__")  # a name that every package has: only its own code is run for it
        if not (module := self.modules.get(item.module)):
            return
        if module.imports_unseen:
            yield Import(PACKAGE)
        if not module.is_package:
            yield from module.imports
        elif item.name in {"", "*"}:  # whoever holds a package reaches all that lies below
            yield from (Import(name) for name in self.modules if inside(name, item.module))
        else:
            yield from module.own_imports
            yield from (handed_on for handed_on in module.imports if handed_on.bound == item.name)
            if f"{item.module}.{item.name}" in self.modules:
                yield Import(f"{item.module}.{item.name}")

    def reached(self, first: Iterable[Import]) -> set[Import]:
        """Return the imports of the library that `first` leads to."""
        waiting, reached = list(first), set[Import]()
        while waiting:
            item = waiting.pop()
            if inside(item.module) and item not in reached:
                reached.add(item)
                waiting += self.next_to(item)
        return reached

    @cached_property
    def felt_by_all(self) -> list[Import]:
        """The modules that may change others when the package is imported, and these with it."""
        return [Import(name, "__path__") for name, module in self.modules.items() if changes_others(module)]

    def reached_by(self, cells: Sequence[ast.AST]) -> set[Import]:
        """Return the imports of the library that the code of these cells leads to."""
        first = {item for cell in cells for item in imports(cell) if inside(item.module)}
        if any(imports_unseen(cell) for cell in cells):
            first.add(Import(PACKAGE))
        return self.reached([*first, *self.felt_by_all] if first else [])

    def used_by(self, pair: Pair) -> set[str]:
        """Return the names of the modules that a notebook depends on."""
        return {item.module for item in self.reached_by(cells_of(pair))} & set(self.modules)

    def digest(self, pair: Pair) -> str:
        """Digest all that a notebook depends on: prose, comments and docstrings may change and it stays fresh."""
        cells = cells_of(pair)
        reached = self.reached_by(cells)
        digest = hashlib.sha256(repr(sorted(reached)).encode())
        used = [self.modules[name] for name in sorted({item.module for item in reached} & set(self.modules))]
        for module in used:
            digest.update(f"\n{module.path.as_posix()}\n{module.code}".encode())
        files = {path for module in used for path in module.files}
        if any(MEASURED.name in text for cell in cells for text in strings(cell)):
            files.add(self.root / MEASURED)
        for path in sorted(files):
            digest.update(f"\n{path.relative_to(self.root).as_posix()}\n".encode() + path.read_bytes())
        return digest.hexdigest()


def cells_of(pair: Pair) -> list[ast.AST]:
    """Return the trees of a notebook's code cells."""
    return [parsed(cell.source) for cell in pair.read_text().cells if cell.cell_type == "code"]


def parsed(source: str) -> ast.AST:
    """Return the tree of a cell; one that only IPython understands (`%run`) may do anything."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return EVERYTHING
