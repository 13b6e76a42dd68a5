"""tools/book/check_site.py finds nothing wrong with a small site, and each of its checks bites."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.book.small_book import edit
from tests.book.small_site import BASE, BINDER, COLAB, read
from tools.book import check_site
from tools.book.built_site import Site, policy_source

PICTURE = 'src="../_images/one.png" width="64" height="36"'
VALUE = "notebooks/value.html"


def spoilt(site: Path, name: str, old: str, new: str) -> Site:
    """Change a file, or write one where nothing was."""
    edit(site / name, old, new)
    return read(site)


def test_a_finished_site_has_no_fault(finished):
    assert check_site.faults(read(finished)) == []


@pytest.mark.parametrize(
    ("check", "html"),
    [
        (check_site.broken_links, '<a href="nowhere.html">x</a>'),
        (check_site.broken_links, '<a href="../index.html#nowhere">x</a>'),
        (check_site.broken_links, '<a href="#nowhere">x</a>'),
        (check_site.broken_links, '<script src="missing.js"></script>'),
        (check_site.missing_alts, f"<img {PICTURE}>"),
        (check_site.missing_alts, f'<img {PICTURE} alt="">'),
        (check_site.missing_alts, f'<img {PICTURE} alt="../_images/5c1f.png">'),
        (check_site.missing_alts, f'<img {PICTURE} alt="Image">'),
        (check_site.missing_alts, "<svg><path d='M0 0'/></svg>"),
        (check_site.tracebacks, '<div class="cell_output">Traceback (most recent call last)</div>'),
        (check_site.tracebacks, '<div class="cell_output"><div class="output traceback">no</div></div>'),
        (check_site.lost_buttons, f'<a href="{COLAB.replace("value", "gone")}">x</a>'),
        (check_site.lost_buttons, f'<a href="{BINDER.replace("value", "gone")}">x</a>'),
        (check_site.lost_buttons, f'<a href="{BINDER.replace("/main", "/master")}">x</a>'),
        (check_site.lost_buttons, f'<a href="{COLAB.replace("someone", "else")}">x</a>'),
        (check_site.lost_buttons, '<a href="https://github.com/someone/thing/edit/main/gone.md">x</a>'),
        (check_site.stray_addresses, "pip install git+https://github.com/else/thing"),
        (check_site.stray_addresses, "https://github.com/OWNER/other"),
        (check_site.foreign_requests, '<script src="https://elsewhere.org/math.js"></script>'),
        (check_site.foreign_requests, '<link rel="stylesheet" href="//elsewhere.org/fonts.css">'),
        (check_site.foreign_requests, '<link rel="preconnect" href="https://elsewhere.org">'),
        (check_site.foreign_requests, '<img src="https://elsewhere.org/x" alt="A curve." width="1" height="1">'),
        (check_site.foreign_requests, '<source srcset="../picture.png 1x, https://elsewhere.org/x 2x">'),
        (check_site.foreign_requests, '<object data="https://elsewhere.org/x"></object>'),
        (check_site.foreign_requests, "<i style=\"background: url('https://elsewhere.org/x')\"></i>"),
        (check_site.foreign_requests, '<style>@import "https://elsewhere.org/x";</style>'),
        (check_site.lax_policies, "<script>third()</script>"),
        (check_site.lax_policies, '<script type="module">third()</script>'),
        (check_site.lax_policies, '<button onclick="print()">x</button>'),
        (check_site.lax_policies, '<a href="javascript:print()">x</a>'),
        (check_site.unset_formulas, '<span class="math">x^2</span>'),
        (check_site.repeated_ids, '<p id="top"></p>'),
        (check_site.unsteady_pictures, '<img src="../_images/one.png" alt="A curve.">'),
        (check_site.stray_lists, '<ol start="24"><li>And the slope is 27.</li><li>So it is.</li></ol>'),
        (check_site.stray_lists, "<ol><li>And the slope is 27.</li></ol>"),
    ],
)
def test_each_check_finds_its_fault(finished, check, html):
    broken = spoilt(finished, VALUE, "</article>", html + "</article>")
    (fault,) = check(broken)
    assert fault in check_site.faults(broken)


@pytest.mark.parametrize(
    ("check", "name", "old", "new"),
    [
        (check_site.lax_policies, "404.html", "Content-Security-Policy", "Other"),
        (check_site.lax_policies, "404.html", "<head>", "<head><script src='program.js'></script>"),
        (check_site.lax_policies, "404.html", "script-src 'self'", "script-src 'self' 'unsafe-inline'"),
        (check_site.lax_policies, "404.html", "script-src 'self'", "script-src 'self' 'unsafe-eval'"),
        (check_site.lax_policies, "404.html", "default-src 'self'", "default-src 'none'"),
        (check_site.lax_policies, "404.html", "script-src 'self'", f"script-src 'self' {policy_source('gone()')}"),
        (check_site.lax_policies, "404.html", "blob:", "blob: https://elsewhere.org"),
        (check_site.silent_pages, VALUE, "<title>Value</title>", "<title></title>"),
        (check_site.silent_pages, VALUE, 'name="description"', 'name="other"'),
        (check_site.silent_pages, VALUE, "og:title", "og:other"),
        (check_site.silent_pages, VALUE, "og:description", "og:other"),
        (check_site.silent_pages, VALUE, f'og:url" content="{BASE}', 'og:url" content="'),
        (check_site.silent_pages, VALUE, "card.png", "gone.png"),
        (check_site.silent_pages, VALUE, "canonical", "other"),
        (check_site.silent_pages, "../root/_toc.yml", "notebooks/value", "notebooks/ops"),
        (check_site.lost_buttons, VALUE, COLAB, ""),
        (check_site.lost_buttons, VALUE, BINDER, ""),
        (check_site.missing_files, "sitemap.xml", "value", "other"),
        (check_site.missing_files, "404.html", "</main>", '<img src="picture.png"></main>'),
        (check_site.missing_files, "index.html", 'id="new"', ""),
        (check_site.foreign_requests, "_static/style.css", "../_images/one.png", "//elsewhere.org/picture.png"),
        (check_site.foreign_requests, "_static/style.css", "one.png", "gone.png"),
        (check_site.source_maps, "_static/book.js", "run()", "run()\n//# sourceMappingURL=book.js.map"),
        (check_site.source_maps, "_static/book.js.map", "", "{}"),
        (check_site.broken_links, "index.html", 'href="book/welcome.html"', 'href="/thing/"'),
    ],
)
def test_each_check_finds_a_changed_file(finished, check, name, old, new):
    (_,) = check(spoilt(finished, name, old, new))


@pytest.mark.parametrize("name", ["404.html", "robots.txt", "sitemap.xml", "favicon.ico", "THIRD-PARTY.txt"])
def test_a_file_that_was_not_made_is_found(finished, name):
    (finished / name).unlink()
    assert list(check_site.missing_files(read(finished))) == [f"{name} was not made"]


@pytest.mark.parametrize("text", ["A blue line rises.", "dc/da is 4 and dc/db is 2", "Binder logo"])
def test_human_alt_texts_pass(text):
    assert check_site.is_human(text)


def test_the_command_fails_on_a_fault(finished, monkeypatch, capsys):
    broken = spoilt(finished, VALUE, "</article>", f"<img {PICTURE}></article>")
    monkeypatch.setattr(check_site, "Site", lambda folder: broken)
    monkeypatch.setattr("sys.argv", ["check_site.py", str(finished)])
    assert check_site.main() == 1
    assert "alt text None" in capsys.readouterr().err
