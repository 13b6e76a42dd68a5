"""The README: its code runs, its picture is the engine's, its paths and commands exist."""

from __future__ import annotations

import re

import pytest

from micrograd_numpy import Value, draw_graph, mse_loss
from tools import ROOT

README = (ROOT / "README.md").read_text("utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_first_example_prints_what_its_comment_says(capsys) -> None:
    exec(PYTHON[0], {})
    (said,) = re.findall(r"# (.*)$", PYTHON[0], re.MULTILINE)
    assert capsys.readouterr().out.strip() == said == "8.0 4.0 2.0"


def test_the_training_example_learns() -> None:
    scope: dict = {}
    exec(PYTHON[1], scope)
    assert scope["loss"].data < 0.05


def test_the_vectorized_example_goes_on_with_the_same_gradients(capsys) -> None:
    scope: dict = {}
    exec(PYTHON[1], scope)
    slow, parameters = scope["loss"].data, scope["model"].parameters()
    exec(PYTHON[2], scope)
    assert scope["batch_loss"].data < slow
    assert "np.dot(" in capsys.readouterr().out
    scope["model"].zero_grad()
    scope["loss"](scope["X"], scope["y"]).backward()
    fast = [p.grad for p in parameters]
    scope["model"].zero_grad()
    mse_loss([scope["model"](list(map(Value, x))) for x in scope["X"]], scope["y"]).backward()
    assert [p.grad for p in parameters] == pytest.approx(fast, rel=1e-9, abs=1e-12)


def test_the_picture_is_what_the_engine_draws() -> None:
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    c = a * b + a
    c.label = "c"
    c.backward()
    assert (ROOT / "book/_static/first-graph.svg").read_text("utf-8").strip() == draw_graph(c).svg.strip()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_every_command_of_make_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    commands = set(re.findall(r"\bmake ([\w-]+)", README)) - {"alone"}
    assert {"book", "test", "lab", "sync"} <= commands
    assert commands <= set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))


def test_the_first_page_lists_every_chapter() -> None:
    chapters = {p.stem for p in (ROOT / "micrograd_numpy").glob("*.py") if "# %%" in p.read_text("utf-8")}
    listed = re.findall(r"\{doc\}`[^`]+ </notebooks/(\w+)>`", (ROOT / "book/welcome.md").read_text("utf-8"))
    assert set(listed) == chapters, "give each chapter a row in book/welcome.md, with the question that it answers"
