"""tools/quality/mutants.py changes every kind of code, runs the tests against each change, and compares the list."""

from __future__ import annotations

import ast
import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.quality import mutants

LIBRARY = Path(mutants.ROOT, "micrograd_numpy")

TEXT = '''"""A module."""

from __future__ import annotations

if TYPE_CHECKING:
    from numpy import ndarray

Numbers = list[float]
LIMITS: dict[str, float] = {"low": 1.0}

# %% tags=["active-ipynb"]
# print(1 + 1)


class Box:
    size = unit(3)

    @property
    def wide(self) -> bool | None:
        """Whether it is."""
        return self.size > 2


def fill(box: Box, times: int = 4) -> str:
    for _ in range(times):
        box.add("sand")
    if box.full:
        return f"a box of {times}"
    return (
        ""
    )
'''


def changes(where: str, text: str = TEXT) -> list[tuple[str, str]]:
    """What changes there, as pairs of lines."""
    found = [mutant.change.splitlines() for mutant in mutants.mutants("text", text) if mutant.where == where]
    return [(before.removeprefix("- "), after.removeprefix("+ ")) for before, after in found]


# ---------- the mutants


@pytest.mark.parametrize(
    ("where", "before", "after"),
    [
        ("", 'LIMITS: dict[str, float] = {"low": 1.0}', 'LIMITS: dict[str, float] = {"low": 2.0}'),
        ("Box", "size = unit(3)", "size = unit(4)"),
        ("Box.wide", "return self.size > 2", "return self.size >= 2"),
        ("fill", "def fill(box: Box, times: int = 4) -> str:", "def fill(box: Box, times: int = 5) -> str:"),
        ("fill", "for _ in range(times):", "for _ in ():"),
        ("fill", 'box.add("sand")', "..."),
        ("fill", "if box.full:", "if not (box.full):"),
        ("fill", 'return f"a box of {times}"', 'return f"XXa box of XX{times}"'),
    ],
)
def test_every_kind_of_code_is_changed(where: str, before: str, after: str) -> None:
    assert (before, after) in changes(where)


def test_types_comments_and_docstrings_are_left_alone() -> None:
    untouched = ("if TYPE", "Numbers", "#", '"""', "from")
    assert not [mutant.change for mutant in mutants.mutants("text", TEXT) if mutant.change[2:].startswith(untouched)]


@pytest.mark.parametrize("module", mutants.modules())
def test_every_module_has_tests(module: str) -> None:
    assert mutants.tests_of(module)


def test_a_modules_own_tests_come_first_then_its_rooms() -> None:
    assert mutants.tests_of("value")[0] == "tests/test_engine.py"
    own, *others = mutants.tests_of("guards/targets")
    assert own == "tests/guards/test_targets.py" and "tests/guards/test_inputs.py" in others
    assert set(mutants.TESTS) == {module.rpartition("/")[0] for module in mutants.modules()}
    files = itertools.chain(*mutants.TESTS.values(), mutants.TESTED_ELSEWHERE.values())
    assert all((mutants.ROOT / "tests" / file).exists() for file in files)


def test_a_mutant_keeps_the_comments_of_its_chapter() -> None:
    """A test that reads them would notice every mutant else."""
    text = (LIBRARY / "ops.py").read_text("utf-8")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert all(
        [line for line in m.code.splitlines() if line.startswith("#")] == comments for m in mutants.mutants("ops", text)
    )


def test_every_mutant_is_another_program_with_a_name_of_its_own() -> None:
    text = (LIBRARY / "backprop.py").read_text("utf-8")
    every = list(mutants.mutants("backprop", text))
    programs = {ast.dump(ast.parse(mutant.code)) for mutant in every} | {ast.dump(ast.parse(text))}
    assert len(programs) == len(every) + 1
    assert len({mutant.key for mutant in every}) == len(every)


def test_what_is_written_down_is_read_back(tmp_path: Path) -> None:
    every = list(mutants.mutants("text", TEXT))
    path = tmp_path / "list.toml"
    path.write_text("\n".join(map(str, every)), "utf-8")
    assert list(mutants.listed(path)) == [mutant.key for mutant in every]


# ---------- the run

PROGRAM = """
import sys
from pathlib import Path
from tools.quality import mutants

mutants.ROOT = Path(sys.argv[1])
mutants.TESTS = {"": ()}
mutants.PATIENCE = 1
sys.exit(mutants.main(sys.argv[2:]))
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A library with a loop that a mutant makes endless, a mutant that lives, and one that is equivalent."""
    (tmp_path / "micrograd_numpy").mkdir()
    (tmp_path / "micrograd_numpy" / "__init__.py").touch()
    code = "def f(n):\n    while n > 0:\n        n -= 2\n    return n\n"
    (tmp_path / "micrograd_numpy" / "tiny.py").write_text(code, "utf-8")
    (tmp_path / "tests").mkdir()
    test = "from micrograd_numpy.tiny import f\n\n\ndef test_f():\n    assert f(3) == -1\n"
    (tmp_path / "tests" / "test_tiny.py").write_text(test, "utf-8")
    (tmp_path / "book").mkdir()
    (tmp_path / mutants.LIST).parent.mkdir(parents=True)
    (tmp_path / mutants.COLOPHON).write_text("nothing yet", "utf-8")
    return tmp_path


def run(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, str(root), "--jobs", "1", *options]
    return subprocess.run(command, cwd=mutants.ROOT, capture_output=True, text=True, check=False)


def test_a_mutant_that_no_test_notices_fails_the_run_until_it_is_listed_with_a_reason(tiny: Path, torch) -> None:
    (tiny / mutants.LIST).write_text(str(mutants.Mutant("gone", "f", "- a\n+ b\n", "")), "utf-8")
    first = run(tiny)
    assert first.returncode == 1
    assert first.stderr.count("no test notices this mutant") == 1
    assert "+ while n >= 0:" in first.stderr
    assert "lists a mutant of no module" in first.stderr
    assert "book/colophon.md must tell the figure: " in first.stderr
    living = (tiny / mutants.LIVING / "tiny.toml").read_text("utf-8")
    (tiny / mutants.LIST).write_text(living + "reason = 'no test asks for an even number'\n", "utf-8")
    figure = first.stderr.partition("tell the figure: ")[2].partition("\n")[0]
    (tiny / mutants.COLOPHON).write_text(figure.replace("0 equivalent", "1 equivalent"), "utf-8")
    whole = run(tiny)
    assert (whole.returncode, whole.stderr) == (0, "")
    second = run(tiny, "--again")
    assert (second.returncode, second.stderr) == (0, "")
    assert "1 equivalent" in second.stdout.splitlines()[-1]


# ---------- the list

MUTANT = mutants.Mutant("ops", "add", "- a\n+ b\n", "")


@pytest.mark.parametrize(
    ("alive", "reasons", "tried", "said"),
    [
        ([MUTANT], {}, {MUTANT.key}, "no test notices"),
        ([MUTANT], {MUTANT.key: ""}, {MUTANT.key}, "gives no reason"),
        ([], {MUTANT.key: "same"}, {MUTANT.key}, "lists a mutant that a test notices"),
        ([], {MUTANT.key: "same"}, set(), "lists what is no mutant"),
    ],
)
def test_the_list_must_say_just_what_lives_and_why(alive, reasons, tried, said) -> None:
    (problem,) = mutants.problems(alive, reasons, tried)
    assert said in problem and str(MUTANT) in problem


def test_a_listed_mutant_that_lives_is_no_problem() -> None:
    assert not list(mutants.problems([MUTANT], {MUTANT.key: "same"}, {MUTANT.key}))


def test_the_colophon_tells_as_many_equivalent_mutants_as_are_listed() -> None:
    """And numbers that add up; `make mutants` compares them with what it counts."""
    colophon = (mutants.ROOT / mutants.COLOPHON).read_text("utf-8")
    figure = re.search(r"(\d+) mutants: (\d+) killed, (\d+) equivalent(?:, (\d+) alive)?", colophon).groups("0")
    every, killed, equivalent, alive = map(int, figure)
    reasons = mutants.listed(mutants.ROOT / mutants.LIST)
    assert equivalent == len(reasons) == every - killed - alive
    assert all(reasons.values())
