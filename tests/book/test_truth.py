"""What a page says is what it computes, and the gate that compares them bites."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.book.small_book import edit
from tools import ROOT
from tools.book.truth import CLAIMS, Table, Text, cells_of, sources, texts_of

PAGES = sorted(sources())


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_is_true(page):
    command = [sys.executable, "-m", "tools.book.truth", page]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_page_has_a_table_and_every_table_a_page():
    tables = (ROOT / CLAIMS).rglob("*.toml")
    assert sorted(path.relative_to(ROOT / CLAIMS).with_suffix("").as_posix() for path in tables) == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_a_fact_has_its_source(page):
    assert all(len(source) > 10 for source in Table.of(page).facts.values())


# ---------- the gate

TEXT = """# %% [markdown]
# # Tiny
#
# Twelve is the sum. It grows by 25 % a step, to 12 at 3. Half of it is 6.
# See [this page](https://example.org/99), `1234`, $x^{55}$:
#
# 1. Of a list with 20 items, 20 is chosen by the code below.

# %% mystnb={"image": {"alt": "Every value: a has the gradient 3, and all others none."}} tags=["active-ipynb"]
# from micrograd_numpy import Value, draw_graph
#
# a, items = Value(4.0, label="a"), range(20)
# total = a * 3
# total.backward()
# draw_graph(total)

# %% [markdown]
# So the sum is −12.5 off.
"""

CLAIMED = """
says = [
  "to {total.data:g} at {a.grad:g}",
  "{ {0.5: 'Half'}[share] } of it is {total.data / 2:g}",
  "a has the gradient {shown['a'].grad:g}",
]
setup = "share = 1 / 2"

[holds]
"Every value" = "len(shown) >= 2"
"all others none" = "[shown[name].grad for name in shown if name != 'a'] != []"

[facts]
"25 % a step" = "A source that the test made up."
"−12.5 off" = "Another one."
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    (tmp_path / "micrograd_numpy").mkdir()
    (tmp_path / "micrograd_numpy" / "tiny.py").write_text(TEXT, "utf-8")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / CLAIMS).mkdir(parents=True)
    (tmp_path / CLAIMS / "tiny.toml").write_text(CLAIMED, "utf-8")
    return tmp_path


def found(root: Path) -> str:
    code = (
        "import pathlib, sys; from tools.book import truth; print(*truth.problems('tiny', pathlib.Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout.strip()


def test_a_page_whose_claims_hold_passes(tiny):
    assert found(tiny) == ""


PAGE, TABLE = "micrograd_numpy/tiny.py", f"{CLAIMS}/tiny.toml"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (PAGE, "to 12 at 3", "to 12 at 4", "true would be: to 12 at 3"),
        (PAGE, "to 12 at 3", "to 13 at 3", "true would be: to 12 at 3"),
        (PAGE, "Half of it is 6", "Half of it is 7", "true would be: Half of it is 6"),
        (PAGE, "the gradient 3", "the gradient 2", "true would be: a has the gradient 3"),
        (PAGE, "total = a * 3", "total = a * 5", "true would be: to 20 at 5"),
        (PAGE, "to 12 at 3", "to 12 at 3, to 12 at 3", "stands there 2 times"),
        (PAGE, "Every value", "Each value", "the page does not say (any more): Every value"),
        (PAGE, "25 % a step", "26 % a step", "the page does not say (any more): 25 % a step"),
        (PAGE, "So the sum", "So thrice the sum", "[thrice]"),
        (PAGE, "So the sum", "So 11 sums", "[11]"),
        (PAGE, "all others none", "all others none, always", "[always]"),
        (TABLE, "len(shown) >= 2", "len(shown) >= 4", "is not true: len(shown) >= 4"),
        (TABLE, "to {total.data:g} at", "to 12 at", "12 must be computed in"),
        (TABLE, "{total.data:g}", "{nothing:g}", "cannot be evaluated: NameError: name 'nothing' is not defined"),
        (TABLE, '"25 % a step" = "A source that the test made up."\n', "", "[25 %]"),
    ],
)
def test_a_page_that_says_another_thing_and_a_claim_that_is_false_or_empty_are_noticed(tiny, file, old, new, said):
    edit(tiny / file, old, new)
    assert said in found(tiny)


def test_what_is_written_into_a_picture_is_read():
    words = {text.raw for text in texts_of(cells_of(sources()["value"])) if text.in_picture}
    assert "a · b" in words


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("It has 10 inputs, 11 weights and 1,319 steps.", ["11", "1,319"]),
        ("From 0.5 to 1e-14, or 68 %.", ["0.5", "1e-14", "68 %"]),
        ("## 12 rules\n\n13. About $10^{14}$ and `15` in {cite:p}`x2016` [a](b17).", []),
        ("Twice as fast, by a thousandth.", ["Twice", "thousandth"]),
    ],
)
def test_numbers_of_prose_that_need_a_claim(words, numbers):
    assert [number[0] for number in Text(words, 0).numbers()] == numbers
