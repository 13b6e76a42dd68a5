"""The book's style: one palette for matplotlib and for the drawn graphs, with Jupyter and without."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import matplotlib as mpl
import pytest

from micrograd_numpy.drawing import style
from micrograd_numpy.drawing.style import book_style

mpl.use("Agg")  # no window, no display needed


@pytest.fixture(autouse=True)
def formats(monkeypatch):
    """The picture formats asked of Jupyter: of a stand-in, since the real one starts a shell in this process."""
    asked: list[str] = []
    jupyter = SimpleNamespace(set_matplotlib_formats=asked.append)
    monkeypatch.setitem(sys.modules, "matplotlib_inline", SimpleNamespace(backend_inline=jupyter))
    monkeypatch.setitem(sys.modules, "matplotlib_inline.backend_inline", jupyter)
    with mpl.rc_context():
        yield asked


def test_figures_look_as_they_did(stored):
    mpl.rcdefaults()
    before = mpl.rcParams.copy()
    book_style()
    changed = {key: value for key, value in mpl.rcParams.items() if value != before[key]}
    stored("style.txt", "".join(f"{key}: {value!r}\n" for key, value in changed.items()))


def test_curves_take_the_palette_in_its_order():
    book_style()
    colours = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    assert colours[:3] == [style.FORWARD, style.BACKWARD, style.ACCENT]
    assert len(set(colours)) == len(colours)


def test_figures_are_light_cards_on_screen_and_in_files():
    book_style()
    assert {mpl.rcParams[f"{part}.facecolor"] for part in ("figure", "savefig", "axes")} == {style.CARD}


def test_in_jupyter_pictures_are_sharp(formats):
    book_style()
    assert formats == ["retina"]


def test_without_jupyter_the_style_is_the_same(monkeypatch, formats):
    monkeypatch.setitem(sys.modules, "matplotlib_inline.backend_inline", None)
    book_style()
    assert mpl.rcParams["lines.linewidth"] == 2.0
    assert formats == []


def test_without_matplotlib_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="matplotlib"):
        book_style()
