"""Change one thing in the library at a time, and expect a test to notice.

Every mutant of every module is tried: the operators are mutmut's, and a few of ours. mutmut itself changes undecorated
functions only; here the whole text of a module changes, so that the tables of a class, defaults and properties count.
A mutant that no test notices is either listed in tools/quality/mutants.toml with the reason why it is equivalent, or a
missing test. So is a listed mutant that is noticed, or that does not exist: each makes the run fail.

    python -m tools.quality.mutants                       all modules
    python -m tools.quality.mutants ops compiler/views    only these
    python -m tools.quality.mutants --again ops           only those that the last run let live
"""

from __future__ import annotations

import argparse
import ast
import difflib
import gc
import importlib
import itertools
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import cast

import hypothesis
import libcst as cst
import pytest
import tomllib
from mutmut.mutation.file_mutation import deep_replace
from mutmut.mutation.mutators import mutation_operators, operator_string

from tools import ROOT

LIST = Path("tools/quality/mutants.toml")
COLOPHON = Path("book/colophon.md")  # tells the figure
LIVING = Path("_build/mutants")  # what the last run let live, in the form of the list
# What no test of the library reads.
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "_build", "node_modules", "*.ipynb")

TESTED_ELSEWHERE = {  # modules whose tests are not at the mirrored place
    "__init__": "test_package.py",  # what the package offers
    "value": "test_engine.py",  # Values, rules and backpropagation show what they do only together
    "nn": "test_package.py",  # it only passes names on
}
TESTED_WITH = {"arrays": "compiler", "vectorize": "compiler"}  # chapters that are tested as a room's modules are
# What else tests the modules of a room, the quick ones first: a mutant that lives goes through them all.
TESTS = {
    "": ("test_engine.py", "test_errors.py", "test_properties.py", "test_edges.py"),
    "compiler": ("test_arrays.py", "test_vectorize.py", "test_errors.py"),  # the others compile nothing
    "drawing": ("test_graph.py",),
    "figures": ("test_errors.py", "test_graph.py"),
    "guards": ("test_errors.py", "test_engine.py", "test_losses.py", "test_mlp.py", "test_optimizers.py"),
}

OUTPUT = "output.txt"  # what a run prints
FORK = get_context("fork")
BROKEN = 100  # the exit code of a run that says nothing about its mutant
PLUGIN = "_hypothesis_pytestplugin"  # the only one that these tests need
MEMORY = 4 << 30  # bytes that a mutant may take
PATIENCE = 3  # times the processor's seconds that a file needs without a mutant: more is for ever


def modules() -> list[str]:
    """Every module by its path in the package, such as "compiler/views"."""
    package = ROOT / "micrograd_numpy"
    return sorted(path.relative_to(package).with_suffix("").as_posix() for path in package.rglob("*.py"))


def path_of(module: str) -> Path:
    """Return where a module is in the repository, and in a copy."""
    return Path("micrograd_numpy", f"{module}.py")


def tests_of(module: str) -> list[str]:
    """Return the files of tests that could notice: the module's own, the others of its room, and what else tests it."""
    room, _, name = module.rpartition("/")
    tests = ROOT / "tests"
    own = tests / room / TESTED_ELSEWHERE.get(module, f"test_{name}.py")
    room = TESTED_WITH.get(module, room)
    others = sorted((tests / room).glob("test_*.py")) if room else []
    files = dict.fromkeys([own, *others, *(tests / file for file in TESTS[room])])
    return [str(file.relative_to(ROOT)) for file in files if file.exists()]


# ------------------------------------------------------------------ the mutants


Key = tuple[str, str, str]


@dataclass(frozen=True)
class Mutant:
    """One change to a module, named by where it is and what it does, so that the name outlives other edits."""

    module: str
    where: str  # the function or class
    change: str  # the lines before and after
    code: str  # the whole module

    @property
    def key(self) -> Key:
        """What the list knows it by."""
        return self.module, self.where, self.change

    def __str__(self) -> str:
        return f"[[mutant]]\nmodule = {self.module!r}\nwhere = {self.where!r}\nchange = '''\n{self.change}'''\n"


def negated_condition(node: cst.If | cst.While) -> Iterator[cst.CSTNode]:
    """`if a:` becomes `if not (a):`."""
    inner = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), inner))


def empty_loop(node: cst.For) -> Iterator[cst.CSTNode]:
    """`for a in b:` becomes `for a in ():`."""
    yield node.with_changes(iter=cst.Tuple([]))


def dropped_call(node: cst.Expr) -> Iterator[cst.CSTNode]:
    """A statement that only calls something becomes nothing."""
    if isinstance(node.value, cst.Call):
        yield node.with_changes(value=cst.Ellipsis())


def marked_text(node: cst.BaseString) -> Iterator[cst.CSTNode]:
    """Only the first that mutmut makes of a text: what notices XX around a word notices another case."""
    yield from itertools.islice(operator_string(node), 1)


def formatted_text(node: cst.FormattedStringText) -> Iterator[cst.CSTNode]:
    """The text of an f-string, which mutmut leaves alone."""
    yield node.with_changes(value=f"XX{node.value}XX")


OPERATORS: list[tuple[type, Callable[..., Iterable[cst.CSTNode]]]] = [
    *((kind, operator) for kind, operator in mutation_operators if operator is not operator_string),
    (cst.BaseString, marked_text),
    (cst.If, negated_condition),
    (cst.While, negated_condition),
    (cst.For, empty_loop),
    (cst.Expr, dropped_call),
    (cst.FormattedStringText, formatted_text),
]


class Collector(cst.CSTVisitor):
    """Every change that the operators know, with the function or class that it is in."""

    def __init__(self) -> None:
        self.scope: list[str] = []
        self.changes: list[tuple[str, cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Collect the changes of this node. Types are the type checker's: mutants of them run as before."""
        if isinstance(node, cst.Annotation) or (not self.scope and is_type(node)):
            return False
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self.scope.append(node.name.value)
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                self.changes += [(".".join(self.scope), node, changed) for changed in operator(node)]
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        """Leave the function or class."""
        if isinstance(original_node, (cst.FunctionDef, cst.ClassDef)):
            self.scope.pop()


def is_type(node: cst.CSTNode) -> bool:
    """Whether this only names types: `Numbers = ...` and `N = ...`, not `ACTIVATIONS = ...`; `if TYPE_CHECKING:`."""
    if isinstance(node, cst.If):
        return isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING"
    name = node.targets[0].target if isinstance(node, cst.Assign) else None
    return isinstance(name, cst.Name) and re.fullmatch(r"[A-Z]([a-z]\w*)?", name.value) is not None


def mutants(module: str, text: str) -> Iterator[Mutant]:
    """Yield every mutant of this text once, but for those that Python compiles to the same."""
    tree = cst.parse_module(text)
    parts = [tree.code_for_node(statement) for statement in tree.body]
    head, _, tail = text.partition("".join(parts) or "\n")  # the comments before and after
    seen = {meaning(text)}
    names: Counter[tuple[str, str]] = Counter()
    for i, statement in enumerate(tree.body):
        collector = Collector()
        statement.visit(collector)
        for where, node, changed in collector.changes:
            part = tree.code_for_node(cast("cst.CSTNode", deep_replace(statement, node, changed)))
            code = "".join([head, *parts[:i], part, *parts[i + 1 :], tail])
            if (means := meaning(code)) in seen:
                continue
            seen.add(means)
            lines = difflib.unified_diff(parts[i].splitlines(), part.splitlines(), n=0, lineterm="")
            change = "".join(
                f"{line[0]} {line[1:].strip()}\n" for line in lines if not re.match(r"@@|---|\+\+\+", line)
            )
            names[where, change] += 1
            again = names[where, change]
            yield Mutant(module, where if again == 1 else f"{where} ({again})", change, code)


def meaning(code: str) -> str:
    """What Python runs: the syntax tree, where an annotation's parentheses or a comment do not show."""
    return ast.dump(ast.parse(code))


# ------------------------------------------------------------------ one run of the tests


def prepare() -> None:
    """Import what all runs need, once: a run is a fork of this process. The library itself is imported by the run."""
    os.environ |= {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    for name in ("numpy", "matplotlib.pyplot", "hypothesis.strategies", PLUGIN):
        importlib.import_module(name)
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)  # threads do not survive a fork
    gc.collect()
    gc.freeze()  # else the collector of every run would copy all that was imported
    hypothesis.settings.register_profile(
        "mutants",  # one failing example is enough, however large
        derandomize=True,
        deadline=None,
        database=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )


def run_tests(folder: Path, tests: dict[str, float], *, keep: bool) -> None:
    """Run the files of tests in `folder`, each for its seconds, maybe keep what Python compiled; exit as pytest."""
    os.setsid()  # so that what the tests start ends with them
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    with (folder / OUTPUT).open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(folder)
    os.environ["PYTHONPATH"] = str(folder)  # for the processes that tests start
    sys.path[:] = [str(folder), *(entry for entry in sys.path if entry != str(ROOT))]
    sys.dont_write_bytecode, os.environ["PYTHONDONTWRITEBYTECODE"] = not keep, "1"
    options = f"-x -q --no-header --tb={'short' if keep else 'no'} -p {PLUGIN}".split()
    options += ["--failed-first"]  # what noticed the last mutant in this folder is likely to notice its neighbour
    options += ["--hypothesis-profile=mutants", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = BROKEN
    try:
        for file, seconds in tests.items():  # the next file is not even read if this one notices
            limit = int(processor_seconds(resource.RUSAGE_SELF) + seconds) + 1
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
            if code := int(pytest.main([*options, file])):
                break
        library = sys.modules.get("micrograd_numpy")
        if library and not Path(library.__file__ or "").is_relative_to(folder):
            code = BROKEN  # the tests ran against another library
    finally:
        sys.stdout.flush()
        os._exit(code)


def outcome(folder: Path, tests: dict[str, float], *, keep: bool = False) -> int:
    """Run the files of tests in a process of their own, and return pytest's exit code, or what ended the process."""
    process = FORK.Process(target=run_tests, args=(folder, tests), kwargs={"keep": keep})
    process.start()
    try:
        process.join(10 * sum(tests.values()))
    finally:
        if process.is_alive():
            os.killpg(process.pid or 0, signal.SIGKILL)  # and what it started
            process.join()
    return process.exitcode or 0


def processor_seconds(who: int) -> float:
    """How long the processor has worked for this process, or for its children that have ended."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def patience(folder: Path, file: str) -> float:
    """Run a file of tests without a mutant: it must pass. Returns for how many seconds it may run with one."""
    began = processor_seconds(resource.RUSAGE_CHILDREN)
    if code := outcome(folder, {file: 600.0}, keep=True):
        print((folder / OUTPUT).read_text("utf-8"), file=sys.stderr)
        raise SystemExit(f"{file} must pass before it can fail (pytest's exit code: {code})")
    return PATIENCE * (processor_seconds(resource.RUSAGE_CHILDREN) - began + 1)


@contextmanager
def copies(workers: int, files: Iterable[str]) -> Iterator[tuple[list[Path], dict[str, float]]]:
    """Yield as many copies of the library as there are workers, and for how many seconds each file may run."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch).resolve() / str(number) for number in range(workers)]
        shutil.copytree(ROOT, folders[0], ignore=LEFT_OUT)
        seconds = {file: patience(folders[0], file) for file in files}  # leaves the library and the tests compiled
        for folder in folders[1:]:
            shutil.copytree(folders[0], folder)
        yield folders, seconds


def outlive(share: Sequence[Mutant], folder: Path, tests: dict[str, float]) -> list[Mutant]:
    """Return the mutants of one module that no test notices, and leave the module as it was."""
    alive = []
    for mutant in share:
        path = path_of(mutant.module)
        (folder / path).write_text(mutant.code, "utf-8")
        code = outcome(folder, tests)
        if code == 0:
            alive.append(mutant)
        if code > pytest.ExitCode.INTERNAL_ERROR:
            raise SystemExit(f"pytest could not even start ({code}) with this mutant:\n{mutant}")
        shutil.copy2(ROOT / path, folder / path)  # as old as what is compiled of it
    return alive


def living(every: Sequence[Mutant], folders: Sequence[Path], tests: dict[str, float]) -> list[Mutant]:
    """Return the mutants of one module that no test notices; there is a process for each folder."""
    shares = [every[number :: len(folders)] for number in range(len(folders))]
    with ProcessPoolExecutor(len(folders), FORK) as pool:
        alive = list(itertools.chain(*pool.map(outlive, shares, folders, itertools.repeat(tests))))
    return sorted(alive, key=every.index)


# ------------------------------------------------------------------ the list


def listed(path: Path) -> dict[Key, str]:
    """Return the mutants in a list, each with the reason why it is equivalent."""
    tables = tomllib.loads(path.read_text("utf-8")).get("mutant", []) if path.exists() else []
    return {(table["module"], table["where"], table["change"]): table.get("reason", "").strip() for table in tables}


def problems(alive: Sequence[Mutant], reasons: dict[Key, str], tried: set[Key]) -> Iterator[str]:
    """Yield where the list and the run differ."""
    keys = {mutant.key for mutant in alive}
    for mutant in alive:
        if mutant.key not in reasons:
            yield f"no test notices this mutant:\n{mutant}"
    for key, reason in reasons.items():
        shown = Mutant(*key, code="")
        if key not in tried:
            yield f"{LIST} lists what is no mutant:\n{shown}"
        elif key not in keys:
            yield f"{LIST} lists a mutant that a test notices:\n{shown}"
        elif not reason:
            yield f"{LIST} gives no reason for this mutant:\n{shown}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as ops or compiler/views (default: all)")
    parser.add_argument("--again", action="store_true", help="only the mutants that the last run let live")
    parser.add_argument("--jobs", "-j", type=int, default=2, help="how many at a time (default: 2)")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.modules) - set(modules()):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(modules())}")
    prepare()
    tests = {module: tests_of(module) for module in asked.modules or modules()}
    reasons, everything = listed(ROOT / LIST), Counter[str]()
    found = [f"{LIST} lists a mutant of no module:\n{Mutant(*key, '')}" for key in reasons if key[0] not in modules()]
    with copies(asked.jobs, dict.fromkeys(itertools.chain(*tests.values()))) as (folders, seconds):
        for module, files in tests.items():
            began, notes = time.monotonic(), ROOT / LIVING / f"{module}.toml"
            every = list(mutants(module, (ROOT / path_of(module)).read_text("utf-8")))
            if asked.again:
                every = [mutant for mutant in every if mutant.key in listed(notes)]
            alive = living(every, folders, {file: seconds[file] for file in files})
            notes.parent.mkdir(parents=True, exist_ok=True)
            notes.write_text("\n".join(map(str, alive)), "utf-8")
            tried = {mutant.key for mutant in every}
            mine = {key: reasons[key] for key in reasons if key in tried or (key[0] == module and not asked.again)}
            found += problems(alive, mine, tried)
            equivalent = sum(mutant.key in mine for mutant in alive)
            counts = Counter(mutants=len(every), killed=len(every) - len(alive), equivalent=equivalent)
            everything += counts
            print(f"{module:<24}{summary(counts)}  ({time.monotonic() - began:.0f} s)", flush=True)
    if not (asked.modules or asked.again) and summary(everything) not in (ROOT / COLOPHON).read_text("utf-8"):
        found.append(f"{COLOPHON} must tell the figure: {summary(everything)}")
    for problem in found:
        print(f"\n{problem}", file=sys.stderr)
    print(f"{'all':<24}{summary(everything)}; {len(found)} problems")
    return 1 if found else 0


def summary(counts: Counter[str]) -> str:
    """Return the figure."""
    alive = counts["mutants"] - counts["killed"] - counts["equivalent"]
    told = f"{counts['mutants']} mutants: {counts['killed']} killed, {counts['equivalent']} equivalent"
    return f"{told}, {alive} alive" if alive else told


if __name__ == "__main__":
    sys.exit(main())
