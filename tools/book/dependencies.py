"""What a notebook depends on: the modules of the library that its imports lead to.

Code depends on every module that an import statement in it names, wherever the statement stands, and on all that this
module depends on. `from micrograd_numpy import Value` leads to the module from which the package takes `Value`; what
else the package's `__init__` does counts for everyone. What the statements do not tell leads to the whole library.
"""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tools import ROOT
from tools.book.twins import Pair

PACKAGE = "micrograd_numpy"
MEASURED = Path("benchmarks/results.json")


def imports(code: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the module and the name of every import in `code`; `import a.b` may take all names of `a`."""
    for node in ast.walk(code):
        if isinstance(node, ast.ImportFrom):
            yield from (("." * node.level + (node.module or ""), alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], "*") for alias in node.names)
        elif isinstance(node, ast.Name) and node.id == "__import__":
            yield "importlib", "*"


def parsed(cell: str) -> ast.Module:
    """Return the tree of a cell; one that only IPython understands (`%run`) may import anything."""
    try:
        return ast.parse(cell)
    except SyntaxError:
        return ast.parse("import importlib")


def starred(module: ast.Module) -> list[str]:
    """Return the names that `from module import *` takes."""
    for node in module.body:
        match node:
            case ast.Assign([ast.Name("__all__")], names):
                return list(ast.literal_eval(names))
    return []


def code_lines(source: str) -> dict[int, str]:
    """Return the lines that hold code by their numbers: no docstrings, no comments, no blanks."""
    lines = dict(enumerate(source.removesuffix("\n").split("\n"), start=1))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row, column = token.start
        if token.type == tokenize.COMMENT:
            lines[row] = lines[row][:column].rstrip()
        elif token.type == tokenize.NL and not lines[row].strip():  # an empty line, but none of a string
            del lines[row]
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(ast.Constant(str())):
                without(lines, node)
    return lines


def without(lines: dict[int, str], node: ast.stmt) -> None:
    """Take the lines of a statement away."""
    for row in range(node.lineno, (node.end_lineno or node.lineno) + 1):
        lines.pop(row, None)


def code(source: str, *, passing_on: bool) -> str:
    """Return the lines that hold code and, of a module that is `passing_on` names, no line that does this.

    Lines rather than the syntax tree, whose dump differs between versions of Python.
    """
    lines = code_lines(source)
    for node in ast.parse(source).body if passing_on else []:
        # `import a as b` stays: nobody follows the new name
        if isinstance(node, ast.ImportFrom) and not any(alias.asname for alias in node.names):
            without(lines, node)
    return "".join(f"{line}\n" for line in lines.values())


class Library:
    """The library below `root`, and what of it each notebook depends on."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.paths: dict[str, Path] = {}
        for path in (root / PACKAGE).rglob("*.py"):
            self.paths[".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")] = path
        sources = {name: path.read_text("utf-8") for name, path in self.paths.items()}
        self.trees = {name: ast.parse(source, name) for name, source in sources.items()}
        self.starred = {name: starred(tree) for name, tree in self.trees.items()}
        self.packages = {name for name, path in self.paths.items() if path.stem == "__init__"}
        self.code = {name: code(sources[name], passing_on=name in self.packages) for name in sources}

    def led_to(self, module: str, name: str) -> set[str]:
        """Return the modules of the library to which an import leads, each with its packages."""
        parts = module.split(".")
        if parts[0] in {"", "importlib"} or (module in self.packages and name == "*"):
            return set(self.trees)
        if module not in self.packages:
            return {".".join(parts[:count]) for count in range(1, len(parts) + 1)} & self.trees.keys()
        origins = {f"{module}.{name}"} & self.trees.keys() - self.packages
        for origin, taken in imports(self.trees[module]):
            names = self.starred.get(origin, []) if taken == "*" else [taken]
            if origin != module and name in names:
                origins.add(origin)
        return set().union(*(self.led_to(origin, name) for origin in origins)) or set(self.trees)

    def used_by(self, pair: Pair) -> set[str]:
        """Return the modules that a notebook depends on."""
        waiting = [parsed(cell.source) for cell in pair.read_text().cells if cell.cell_type == "code"]
        used: set[str] = set()
        while waiting:
            found = {each for module, name in imports(waiting.pop()) for each in self.led_to(module, name)}
            waiting += (self.trees[each] for each in found - used - self.packages)
            used |= found
        return used

    def digest(self, pair: Pair) -> str:
        """Digest all that a notebook depends on: prose, comments and docstrings may change and it stays fresh."""
        used = sorted(self.used_by(pair))
        digest = hashlib.sha256("\n".join(f"{name}\n{self.code[name]}" for name in used).encode())
        beside = {path for name in used for path in self.paths[name].parent.iterdir() if path.is_file()}
        files = {path for path in beside if path.suffix != ".py" and not path.name.startswith(".")}
        if MEASURED.name in (pair.root / pair.text).read_text("utf-8"):
            files.add(self.root / MEASURED)
        for path in sorted(files):
            digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()
