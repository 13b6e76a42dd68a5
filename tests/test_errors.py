"""Errors: each says what came in, what was expected and what to do; and no `raise` of the library is forgotten."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import micrograd_numpy
from tests.tables.errors import MISSING, MISTAKES, Mistake
from tools.book import contract

LIBRARY = Path(micrograd_numpy.__file__).parent
EVERY = [mistake for mistakes in MISTAKES.values() for mistake in mistakes]
PAGE = contract.PAGE.read_text("utf-8").partition("\n## Errors, and what they tell you\n")[2]
ANSWERS = dict(re.findall(r'^<tr><th scope="row">(.*?)</th><td>(.*)</td></tr>$', PAGE, re.MULTILINE))


@cache
def raises(path: Path) -> dict[int, int]:
    """The first and last line of every `raise` of an error in a module; a bare one only hands it on, a Fork is none."""
    tree = ast.parse(path.read_text("utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc]
    return {node.lineno: node.end_lineno or node.lineno for node in found if "Fork" not in ast.unparse(node)}


def origin(error: BaseException) -> tuple[Path, int]:
    """Where an error was raised: the file and the line."""
    step = error.__traceback__
    assert step is not None
    while step.tb_next is not None:
        step = step.tb_next
    return Path(step.tb_frame.f_code.co_filename), step.tb_lineno


def raised_by(error: BaseException) -> set[tuple[Path, int]]:
    """The `raise` statements of the library, by file and first line, that made this error and those behind it."""
    path, at = origin(error)
    here = (
        {(path, first) for first, last in raises(path).items() if first <= at <= last}
        if path.is_relative_to(LIBRARY)
        else set()
    )
    return here | (raised_by(error.__context__) if error.__context__ else set())


@pytest.mark.parametrize("mistake", EVERY, ids=str)
def test_the_answer_is_the_one_on_the_page(mistake: Mistake) -> None:
    now = contract.answered_with(mistake, mistake.provoke())
    assert now == ANSWERS.get(contract.code(mistake.code)), "if the change is meant, run make sync and see its diff"


def test_the_page_has_no_answer_to_anything_else() -> None:
    assert set(ANSWERS) == {contract.code(mistake.code) for mistake in EVERY}


@pytest.mark.parametrize("mistake", EVERY, ids=str)
def test_the_words_are_the_librarys_own(mistake: Mistake) -> None:
    path, at = origin(mistake.provoke())
    assert path.is_relative_to(LIBRARY), f"{path.name}, line {at}"
    assert any(first <= at <= last for first, last in raises(path).items()), f"{path.name}, line {at} is no raise"


def test_every_raise_of_the_library_is_on_the_list() -> None:
    there = {(path, line) for path in LIBRARY.rglob("*.py") for line in raises(path)}
    reached = set().union(*(raised_by(mistake.provoke()) for mistake in EVERY))
    assert len(there) > 50
    assert there - reached == set()


def test_no_line_is_listed_twice() -> None:
    lines = [mistake.code for mistake in EVERY]
    assert len(lines) == len(set(lines))
    assert set(MISSING) <= set(lines)


def test_the_list_follows_the_chapters() -> None:
    text = "".join((LIBRARY / f"{name}.py").read_text("utf-8") for name in chapters())
    titles = re.findall(r"^# # (.*)$", text, re.MULTILINE)
    starts = [next(i for i, title in enumerate(titles) if title.startswith(chapter)) for chapter in MISTAKES]
    assert starts == sorted(starts)


def chapters() -> list[str]:
    """The modules that are chapters, in the order of the book."""
    toc = (LIBRARY.parent / "_toc.yml").read_text("utf-8")
    return re.findall(r"file: notebooks/(\w+)$", toc, re.MULTILINE)
