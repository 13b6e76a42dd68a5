"""What tools/book/finish_site.py does to built pages, on small ones made up here."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from PIL import Image

from tests.book.small_site import BASE, built, finish
from tools.book import finish_site


def soup(path: Path) -> BeautifulSoup:
    """A page, parsed."""
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def scripts(path: Path) -> list[str]:
    """The programs of our own that a page loads."""
    return re.findall(r'src="([^"]*_static/live/[^"]*)"', path.read_text("utf-8"))


# ------------------------------------------------------------------ pages


def test_finishing_twice_changes_nothing(finished):
    before = contents(finished)
    (finished / "_static" / "live" / "stale.js").write_text("of an earlier version")
    finish(finished)
    assert contents(finished) == before


def test_a_page_that_sphinx_wrote_anew_is_finished_the_same(finished):
    before = contents(finished)
    (finished / "book" / "plain.html").write_text(built("book/plain.html", "Words."), "utf-8")
    finish(finished)
    assert contents(finished) == before


def test_programs_are_on_the_pages_that_need_them(finished):
    assert scripts(finished / "notebooks" / "value.html") == [
        "../_static/live/live.js",
        "../_static/live/figures-page.js",
    ]
    assert scripts(finished / "book" / "welcome.html") == ["../_static/live/figures-page.js"]
    assert scripts(finished / "book" / "plain.html") == scripts(finished / "search.html") == []


def test_what_the_theme_puts_in_vain_is_gone(finished):
    text = (finished / "book" / "plain.html").read_text("utf-8")
    assert "fontawesome.js" not in text
    assert "searchindex.js" not in text
    assert "searchtools.js" not in text
    assert "book.js" in text
    assert text.count('name="viewport"') == 1
    assert "searchindex.js" in (finished / "search.html").read_text("utf-8")


def test_everything_that_can_be_pressed_has_a_name(finished):
    page = soup(finished / "book" / "plain.html")
    assert page.select_one("summary")["aria-label"] == "Pages under 1. Value"
    assert all(icon["aria-hidden"] == "true" for icon in page.select("i"))
    assert page.select_one("button").attrs == {"data-print": ""}


# ------------------------------------------------------------------ pictures


def test_pictures_tell_their_size_and_those_below_wait(finished):
    logo, first, second, third = soup(finished / "notebooks" / "value.html").find_all("img")
    sizes = [(tag["width"], tag["height"]) for tag in (logo, first, second, third)]
    assert sizes == [("96", "72"), ("32", "18"), ("64", "36"), ("7", "5")]
    assert [tag.get("loading") for tag in (logo, first, second, third)] == [None, None, "lazy", "lazy"]
    assert "style" not in first.attrs


@pytest.mark.parametrize(
    ("svg", "expected"),
    [
        ('<svg width="70px" height="50">', (70, 50)),
        ('<svg width="100%" viewBox="0 0 12.4 5">', (12, 5)),
        ("<svg>", None),
        ("", None),
    ],
)
def test_sizes_of_drawings(tmp_path, svg, expected):
    (tmp_path / "x.svg").write_text(svg)
    assert finish_site.size(tmp_path / "x.svg") == expected


def test_the_drawn_icons_and_the_card_have_their_sizes(finished):
    for name, expected in {
        "favicon.ico": (32, 32),
        "_static/apple-touch-icon.png": (180, 180),
        "_static/card.png": (1200, 630),
    }.items():
        with Image.open(finished / name) as picture:
            assert picture.size == expected
            assert len(picture.convert("RGB").getcolors(2**20)) > 10  # it shows something


def test_only_the_icons_that_are_used_are_shipped(finished):
    css = (finished / "_static" / "icons.css").read_text("utf-8")
    assert {*re.findall(r"\.fa-([a-z-]+)::before", css)} == {"moon", "xmark", "pencil-alt", "github"}
    solid, brands = (TTFont(io.BytesIO(base64.b64decode(data))) for data in re.findall(r"base64,([^\"]*)", css))
    codes = {int(code, 16) for code in re.findall(r'content: "\\([0-9a-f]+)"', css)}
    assert codes <= {*solid.getBestCmap(), *brands.getBestCmap()}
    assert ord("\uf303") in solid.getBestCmap()  # a style sheet asks for it
    assert ord("\uf6d3") not in solid.getBestCmap()  # nobody asks for the dog
    theme = (finished / "_static" / "styles" / "pydata-sphinx-theme.css").read_text("utf-8")
    assert "fa-dog" not in theme
    assert "@font-face" not in theme
    assert "sourceMappingURL" not in theme


def test_an_unknown_icon_is_told(site):
    (site / "search.html").write_text(built("search.html", '<i class="fa-solid fa-nonsense"></i>'), "utf-8")
    with pytest.raises(finish_site.SiteError, match="no icon nonsense"):
        finish(site)


# ------------------------------------------------------------------ files


def test_what_no_page_uses_is_removed(finished):
    there = set(contents(finished))
    assert not {name for name in there if name.endswith(".map") or "locales" in name or "fontawesome" in name}
    assert (finished / "_static/live/katex/katex.min.css").read_text() == 'a{src:url(f/a.woff2) format("woff2")}'


@pytest.mark.parametrize(("old", "target"), [("index", "book/welcome.html"), ("old/value", "../notebooks/value.html")])
def test_old_addresses_lead_to_the_new_ones(finished, old, target):
    page = soup(finished / f"{old}.html")
    assert page.select_one("a#new")["href"] == target
    assert page.select_one("noscript meta")["content"] == f"0; url={target}"
    assert "location.hash" in page.select_one("script").get_text()


@pytest.mark.parametrize(
    ("redirects", "message"),
    [
        ("{book/plain: book/welcome}", "redirects book/plain, but that is a page"),
        ("{old: gone}", "old to gone, which is no page"),
    ],
)
def test_a_wrong_redirect_is_told(site, redirects, message):
    (site.parent / "root" / "_config.yml").write_text(f"sphinx: {{config: {{redirects: {redirects}}}}}")
    with pytest.raises(finish_site.SiteError, match=message):
        finish(site)


def test_the_page_for_lost_readers_needs_nothing_and_knows_the_way(finished):
    page = soup(finished / "404.html")
    assert not page.select("script[src], link[rel=stylesheet], img")
    assert page.select_one("a#home")["href"] == "/thing/"
    assert page.select_one("form")["action"] == "/thing/search.html"


def test_the_sitemap_lists_what_is_read(finished):
    listed = re.findall("<loc>(.*)</loc>", (finished / "sitemap.xml").read_text())
    assert listed == [f"{BASE}{name}.html" for name in ("book/plain", "book/welcome", "notebooks/value")]
    assert f"Sitemap: {BASE}sitemap.xml" in (finished / "robots.txt").read_text()


def test_others_are_named_with_version_and_licence(finished):
    text = (finished / "THIRD-PARTY.txt").read_text("utf-8")
    for line in ("katex 0.16.22, MIT, https://katex.org", "Bootstrap 5.3.3, MIT, https://getbootstrap.com"):
        assert line in text.split("=" * 80)[0]
    assert "MIT, in full" in text
    assert "Redistribution and use in source and binary forms" in text
    rows = [
        [cell.get_text() for cell in row.select("td")]
        for row in soup(finished / "book" / "welcome.html").select("#credits tr")
    ]
    assert ["katex", "0.16.22", "MIT"] in rows
    assert ["clipboard.js", "2.0.8", "MIT"] in rows
    assert len(rows) == 1 + 1 + len(finish_site.PACKAGES) + len(finish_site.BUNDLED)


def test_a_theme_that_no_longer_tells_its_version_is_told(site):
    (site / "_static" / "clipboard.min.js").write_text("")
    with pytest.raises(finish_site.SiteError, match="version of clipboard"):
        finish(site)


def test_the_command_tells_what_is_missing(site, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["finish_site.py", str(site), "--web", str(site / "nowhere")])
    assert finish_site.main() == 1
    assert "make book" in capsys.readouterr().err
    for page in site.rglob("*.html"):
        page.unlink()
    monkeypatch.setattr("sys.argv", ["finish_site.py", str(site), "--web", str(site.parent / "web")])
    assert finish_site.main() == 1
    assert "build the book first" in capsys.readouterr().err
