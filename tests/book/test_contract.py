"""The page "The contract": made of the tests' own tables, and never out of date."""

from __future__ import annotations

import re
from pathlib import Path

from bs4 import BeautifulSoup

from micrograd_numpy import ops
from tests.tables.edges import BINARY, DIFFERENCES, EDGES, TELLING, UNARY
from tests.tables.errors import MISTAKES
from tools.book import contract

PAGE = Path(__file__).parents[2] / "book" / "contract.md"
TEXT = PAGE.read_text("utf-8")
TABLES = {
    table.caption.get_text(): [
        [cell.get_text(" ") for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")
    ]
    for table in BeautifulSoup(TEXT, "html.parser").find_all("table")
}


def test_the_page_is_what_the_library_says_now() -> None:
    assert contract.page() == TEXT, "run make sync"


def test_no_session_on_the_page_went_wrong() -> None:
    assert not re.findall(r"^(?:SyntaxError|NameError|AttributeError|ImportError).*", TEXT, re.MULTILINE)


def test_every_number_is_the_librarys() -> None:
    """A cell of the grid and a row of a table, computed again in another way."""
    product = next(rows for caption, rows in TABLES.items() if caption.startswith("a * b"))
    assert len(product) == len(product[0]) == len(TELLING) + 1
    at = {text: i for i, text in enumerate(product[0])}
    assert next(row for row in product if row[0] == "3")[at["0.5"]] == "1.5 0.5 3"
    result, (slope,) = ops.exp(3.0)
    assert ["3", f"{result:.6g}", f"{slope:.6g}"] in TABLES["a.exp()"]
    assert len(TABLES["a.exp()"]) == len(EDGES) + 1


def test_nothing_of_the_tables_is_left_out() -> None:
    shown = " ".join(TABLES)
    assert all(operation.name in shown for operation in [*UNARY, *BINARY] if "**" not in operation.name)
    assert {"a ** b", "a ** n"} <= {caption.partition(":")[0].partition(" for")[0] for caption in TABLES}
    cells = {row[0] for rows in TABLES.values() for row in rows}
    assert {mistake.code for mistakes in MISTAKES.values() for mistake in mistakes} <= cells
    assert all(any(cell.startswith(difference.code) for cell in cells) for difference in DIFFERENCES)


def test_every_table_can_be_read_aloud() -> None:
    soup = BeautifulSoup(TEXT, "html.parser")
    for table in soup.find_all("table"):
        assert table.caption.get_text().strip()
        assert all(th["scope"] in {"col", "row"} for th in table.find_all("th"))
        assert table.parent["tabindex"] == "0"  # so that the keyboard can scroll it
    assert len(TABLES) == len(soup.find_all("table"))


def test_the_counts_are_those_of_the_tables() -> None:
    said = f"{len(UNARY)} operations of one input at {len(EDGES)} inputs ({len(UNARY) * len(EDGES)} comparisons)"
    assert said in TEXT
    assert f"all {len(EDGES) ** 2} pairs of them ({len(BINARY) * len(EDGES) ** 2} comparisons" in TEXT


def test_only_a_stale_page_is_written(tmp_path, monkeypatch, capsys) -> None:
    page = tmp_path / "contract.md"
    monkeypatch.setattr(contract, "PAGE", page)
    monkeypatch.setattr(contract, "page", lambda: TEXT)
    monkeypatch.setattr("sys.argv", ["contract.py", "--check"])
    assert contract.main() == 1
    monkeypatch.setattr("sys.argv", ["contract.py"])
    assert contract.main() == 0
    assert page.read_text("utf-8") == TEXT
    monkeypatch.setattr("sys.argv", ["contract.py", "--check"])
    assert contract.main() == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("is fresh")
