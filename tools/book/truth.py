"""Compare what a page says with what it computes.

A page's claims are in tests/claims/<page>.toml:

- `says`: f-strings, evaluated where they stand on the page, in the page's own namespace. The page must hold the very
  words of the result: "the gradient of a is {a.grad:g}". So a number is computed, and not written a second time.
- `holds`: words of the page, and their condition: "all curves fall" = "all(map(falls, curves))".
- `facts`: words of the page that it does not compute, and their source.
- `setup`: Python that runs before the page, such as a function that several claims use.

Besides the page's names, a claim can see `shown`, the values of the graph that was drawn last, by label; `axes`, what
was drawn last with matplotlib, and `lines`, its curves by label; and `printed`, the last text output.

Part of a claim must be every number of the prose that is fractional or above 10, every fraction in words, and every
number or "all", "every", "never" in the description or the title of a picture.

    python -m tools.book.truth backprop

A number that the code beside it writes itself is a choice, and needs none. Words above a cell may speak of what it
computes.
"""

from __future__ import annotations
import __future__

import argparse
import ast
import contextlib
import io
import linecache
import os
import re
import sys
import types
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import tomllib

from tools import ROOT
from tools.book.twins import pairs, reads

CLAIMS = Path("tests/claims")
PLAIN_PAGES = ("welcome", "glossary", "notation", "colophon")
TITLES = {"title", "set_title", "suptitle", "annotate", "text"}  # functions that write words into a picture

FRACTIONS = (
    r"half|halves|halfway|quarters?|thirds|twice|thrice|double[sd]?|tenths?|hundredths?|thousandths?|millionths?"
)
SCALES = r"hundreds?|thousands?|millions?|billions?|percent|times (?:as|more|less|faster|slower)"
DIGITS = r"(?<![\w.,^=])(?<!\w-)(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e-?\d+)?(?:\s?%)?(?![\w^])"
IN_PROSE = re.compile(rf"{DIGITS}|\b(?:{FRACTIONS}|{SCALES})\b", re.IGNORECASE)
IN_PICTURE = re.compile(rf"{DIGITS}|\b(?:{FRACTIONS}|{SCALES}|all|every|never|always|none|only)\b", re.IGNORECASE)
SMALL = 10  # a whole number up to here is often no result: "2 inputs"
NOT_READ = re.compile(  # code, formulas, where links lead, headings, the places in a list
    r"^```.*?^```|\$\$.*?\$\$|\$[^$]*\$|(?:\{[a-z:]+\})?`[^`]*`|(?<=\])\([^)]*\)|^#+ .*?$|^\s*\d+\. |^- \*\*Time.*?$",
    re.DOTALL | re.MULTILINE,
)


def plain(words: str) -> str:
    """Return words on one line, with the minus that Python writes."""
    return " ".join(words.split()).replace("−", "-")


def blank(found: re.Match[str]) -> str:
    """Return as many characters that are no words."""
    return re.sub(r"\S", "·", found[0])


@dataclass(frozen=True)
class Text:
    """Words of a page: a cell of prose, the description of a picture, or a title in it."""

    raw: str
    cell: int
    in_picture: bool = False

    @property
    def words(self) -> str:
        """What a claim is compared with."""
        return plain(self.raw)

    def numbers(self) -> Iterator[re.Match[str]]:
        """Yield what needs a claim: its place is that in `words`."""
        if self.in_picture:
            yield from IN_PICTURE.finditer(self.words)
        else:
            found = IN_PROSE.finditer(plain(NOT_READ.sub(blank, self.raw)))
            yield from (one for one in found if not one[0].isdecimal() or int(one[0]) > SMALL)


@dataclass(frozen=True)
class Claim:
    """Words that a page says, and what makes them true."""

    told: str  # an f-string; with a condition, the words themselves
    condition: str = ""

    @property
    def code(self) -> str:
        """What is evaluated."""
        return self.condition or f"f{self.told!r}"

    @property
    def fixed(self) -> list[str | None]:
        """What is told whatever is computed, and None where a number is computed."""
        if self.condition:
            return [plain(self.told)]
        told = ast.parse(self.code, mode="eval").body
        parts = told.values if isinstance(told, ast.JoinedStr) else [told]
        return [plain(f"|{part.value!s}|")[1:-1] if isinstance(part, ast.Constant) else None for part in parts]

    @property
    def pattern(self) -> re.Pattern[str]:
        """What to look for on the page before the numbers are known."""
        return re.compile("".join(".{1,60}?" if part is None else re.escape(part) for part in self.fixed))

    def place(self, texts: Sequence[Text]) -> int | None:
        """Return the cell where the page says this."""
        return next((text.cell for text in texts if self.pattern.search(text.words)), None)

    def typed(self) -> Iterator[str]:
        """Yield the numbers that the claim takes for granted, though they would need one."""
        for number in Text(" · ".join(part for part in self.fixed if part), 0).numbers():
            value = number[0].replace(",", "").rstrip(" %")
            repeated = re.search(rf"(?<![\w.]){re.escape(value)}(?![\w.])", self.condition.replace("_", ""))
            if value[0].isdigit() and not repeated:
                yield number[0]

    def told_by(self, names: dict[str, Any]) -> str:
        """Return the words that are true; none, if the condition is not met."""
        result = eval(compile(self.code, "<claim>", "eval"), names)  # noqa: S307  # our own tables
        return plain(result if not self.condition else self.told if result else "")


@dataclass
class Table:
    """The claims of a page."""

    says: list[str] = field(default_factory=list)
    holds: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    setup: str = ""

    @classmethod
    def of(cls, page: str, root: Path = ROOT) -> Table:
        """Read the table of a page; there may be none."""
        path = root / CLAIMS / f"{page}.toml"
        return cls(**tomllib.loads(path.read_text("utf-8"))) if path.exists() else cls()

    def claims(self) -> list[Claim]:
        """Return what can be evaluated."""
        return [*(Claim(told) for told in self.says), *(Claim(*pair) for pair in self.holds.items())]


def sources(root: Path = ROOT) -> dict[str, Path]:
    """Return the text of every page: the chapters, the exercises and the pages without code."""
    found = {pair.name: root / pair.text for pair in pairs(root)}
    return found | {page: root / "book" / f"{page}.md" for page in PLAIN_PAGES} | {"README": root / "README.md"}


def cells_of(path: Path) -> list[nbformat.NotebookNode]:
    """Return the cells of a page."""
    if path.suffix == ".md":
        return [nbformat.v4.new_markdown_cell(path.read_text("utf-8"))]
    return list(reads(path.read_text("utf-8")).cells)


def texts_of(cells: Sequence[nbformat.NotebookNode]) -> Iterator[Text]:
    """Yield every text of a page, in order."""
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            yield Text(cell.source, number)
            continue
        if alt := cell.metadata.get("mystnb", {}).get("image", {}).get("alt"):
            yield Text(alt, number, in_picture=True)
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in TITLES:
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield Text(argument.value, number, in_picture=True)


# ------------------------------------------------------------------ running a page


def values_in(svg: str) -> dict[str, types.SimpleNamespace]:
    """Return the values that a drawn graph describes, by label."""
    described = re.search(r"<desc>[^.]*\. (.*?)</desc>", svg, re.DOTALL)
    row = r"(?:^|\. )([^,]+), [^:]+: data ([^ ,]+), grad ([^ ]+?)(?=\. |\.$)"
    found = re.finditer(row, described[1] if described else "")
    return {one[1]: types.SimpleNamespace(data=float(plain(one[2])), grad=float(plain(one[3]))) for one in found}


class Page:
    """A page that runs cell by cell, as in its notebook."""

    def __init__(self, setup: str) -> None:
        os.environ["MPLBACKEND"] = "agg"
        warnings.filterwarnings("ignore", message=".*non-interactive.*")  # what plt.show() says: we look ourselves
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module  # where the page's classes say that they live
        self.names = module.__dict__
        self.seen: dict[str, Any] = {"np": np, "shown": {}, "axes": [], "lines": {}, "printed": ""}
        self.names["display"] = self.look
        exec(setup, self.seen)  # noqa: S102  # our own tables

    def look(self, result: object) -> None:
        """See what a cell shows."""
        if svg := getattr(result, "_repr_svg_", None):
            self.seen["shown"] = values_in(svg() or "")

    def keep_figures(self) -> None:
        """Note what a cell has drawn with matplotlib, as its notebook would show it."""
        if not (plt := sys.modules.get("matplotlib.pyplot")) or not plt.get_fignums():
            return
        figures = [plt.figure(number) for number in plt.get_fignums()]
        self.seen["axes"] = [axes for figure in figures for axes in figure.axes]
        self.seen["lines"] = {line.get_label(): line for axes in self.seen["axes"] for line in axes.lines}
        plt.close("all")

    def run(self, source: str, name: str) -> None:
        """Run a cell; the value of its last line is shown."""
        linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
        tree = ast.parse(source, name)
        end = tree.body[-1] if tree.body else None
        last = ast.Expression(end.value) if isinstance(end, ast.Expr) else None
        flags = __future__.annotations.compiler_flag
        with contextlib.redirect_stdout(io.StringIO()) as output:
            body = ast.Module(tree.body[:-1] if last else tree.body, [])
            exec(compile(body, name, "exec", flags, dont_inherit=True), self.names)  # noqa: S102  # the page
            if last is not None:
                self.look(eval(compile(last, name, "eval", flags, dont_inherit=True), self.names))  # noqa: S307  # the page
            self.keep_figures()
        if text := output.getvalue():
            self.seen["printed"] = text

    @property
    def everything(self) -> dict[str, Any]:
        """What a claim can see."""
        return self.seen | self.names


def next_code(cells: Sequence[nbformat.NotebookNode], place: int) -> int:
    """Return the number of the first cell of code from a place on."""
    return next((number for number in range(place, len(cells)) if cells[number].cell_type == "code"), place)


def chosen(cells: Sequence[nbformat.NotebookNode], text: Text) -> set[float]:
    """Return the numbers that the code beside a text writes itself: they are choices, not results."""
    code = [number for number, cell in enumerate(cells) if cell.cell_type == "code"]
    before, after = [n for n in code if n < text.cell], [n for n in code if n >= text.cell]
    beside = " ".join(cells[n].source for n in before[-1:] + after[:1])
    return {float(number.replace("_", "")) for number in re.findall(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?:e-?\d+)?", beside)}


def uncovered(cells: Sequence[nbformat.NotebookNode], text: Text, told: Sequence[str]) -> Iterator[str]:
    """Yield the numbers of a text that stand in no claim, with some words around them."""
    spans = [found.span() for words in told for found in re.finditer(re.escape(plain(words)), text.words)]
    for number in text.numbers():
        digits = number[0].replace(",", "")
        if any(start <= number.start() < end for start, end in spans):
            continue
        if not text.in_picture and re.fullmatch(r"[\d.e-]+", digits) and float(digits) in chosen(cells, text):
            continue
        yield f"needs a claim: …{text.words[max(0, number.start() - 50) : number.end() + 30]}…  [{number[0]}]"


def unfit(table: Table, texts: Sequence[Text], found: Collection[Claim]) -> Iterator[str]:
    """Yield what a table claims though the page does not say it, and the numbers that claims only repeat."""
    for fact in table.facts:
        if not any(plain(fact) in text.words for text in texts):
            yield f"the page does not say (any more): {fact}"
    for claim in table.claims():
        yield from (f"{number} must be computed in: {claim.told}" for number in claim.typed())
        if claim not in found:
            yield f"the page does not say (any more): {claim.told}"


def problems(page: str, root: Path = ROOT) -> Iterator[str]:
    """Yield the claims of a page that are false, stale or empty, and what it says without a claim."""
    table, cells = Table.of(page, root), cells_of(sources(root)[page])
    texts = list(texts_of(cells))
    waiting = {claim: place for claim in table.claims() if (place := claim.place(texts)) is not None}
    yield from unfit(table, texts, waiting)
    told, running = list(table.facts), Page(table.setup)
    os.chdir(root / "notebooks")
    for number, cell in enumerate(cells):
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "code" and "widget" not in tags and ("needs-torch" not in tags or find_spec("torch")):
            running.run(cell.source, f"<{page}, cell {number}>")
        for claim, place in [pair for pair in waiting.items() if pair[1] <= number]:
            words, fault, early = judged(claim, running.everything)
            there = sum(text.words.count(words) for text in texts if text.cell == place) if words else 0
            # Words above a picture may speak of what is in it, and an introduction of what comes much later.
            if not there and number < (len(cells) - 1 if early else next_code(cells, place)):
                continue
            del waiting[claim]
            if there == 1:
                told.append(words)
            elif there:
                yield f"stands there {there} times, so that a change of one would not be noticed: {words}"
            else:
                yield f"{claim.told}\n    {fault}"
    for text in texts:
        yield from uncovered(cells, text, told)


def judged(claim: Claim, names: dict[str, Any]) -> tuple[str, str, bool]:
    """Return the words that are true, if any, what to say otherwise, and whether it may be too early to tell."""
    try:
        words = claim.told_by(names)
    except Exception as error:  # noqa: BLE001  # whatever a claim comes across on its page
        return "", f"cannot be evaluated: {type(error).__name__}: {error}", isinstance(error, NameError)
    return words, f"true would be: {words}" if words else f"is not true: {claim.condition}", False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("page", choices=sources(), help="such as backprop or exercises/backprop")
    page = parser.parse_args(arguments).page
    found = list(problems(page))
    print("\n".join([*found, f"{page}: {len(found)} problems"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
