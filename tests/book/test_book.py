"""The book's settings, pages and references, read as text; and the proof that tools/book/check_site.py bites."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pybtex.database
import pytest
import yaml
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx_external_toc.parsing import parse_toc_yaml
from sphinxcontrib import katex

import micrograd_numpy
from tools import ROOT
from tools.book import check_site
from tools.book.built_site import Site, policy_source
from tools.book.twins import pairs

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
TOC = list(parse_toc_yaml(ROOT / "_toc.yml"))
REPOSITORY = CONFIG["repository"]["url"]


def test_every_page_is_in_the_toc_once():
    patterns = "book/*.md", "notebooks/*.ipynb", "notebooks/exercises/*.ipynb"
    there = [str(path.relative_to(ROOT).with_suffix("")) for pattern in patterns for path in ROOT.glob(pattern)]
    assert sorted(TOC) == sorted(there)


def test_each_chapter_has_its_module_and_its_exercises():
    chapters = [Path(page).stem for page in TOC if Path(page).parent == Path("notebooks")]
    assert chapters
    for chapter in chapters:
        assert (ROOT / "micrograd_numpy" / f"{chapter}.py").is_file()
        assert f"notebooks/exercises/{chapter}" in TOC


def test_pages_show_the_committed_outputs():
    assert CONFIG["execute"]["execute_notebooks"] == "off"


def test_pages_know_the_address_from_the_settings():
    assert CONFIG["sphinx"]["config"]["myst_substitutions"]["repository"] == REPOSITORY
    assert len(urlsplit(REPOSITORY).path.strip("/").split("/")) == 2


def test_the_address_stands_in_one_file_only():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git repository")
    address = urlsplit(REPOSITORY).path.strip("/").encode()
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    assert [path.name for path in paths if path.is_file() and address in path.read_bytes()] == ["_config.yml"]


def extension():
    """The book's own Sphinx extension."""
    spec = importlib.util.spec_from_file_location("book_site", ROOT / "book" / "_ext" / "book_site.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_address_of_the_site_follows_from_the_repository():
    owner, name = urlsplit(REPOSITORY).path.strip("/").split("/")
    assert extension().address(REPOSITORY) == f"https://{owner.lower()}.github.io/{name}/"
    assert "baseurl" not in CONFIG["html"]  # else there were two settings


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("It is short.", "It is short."),
        (
            "The first sentence is long enough to stand alone. The second br...",
            "The first sentence is long enough to stand alone.",
        ),
        (
            "One. A sentence that does not end in the space that is gi...",
            "One. A sentence that does not end in the space that is…",
        ),
    ],
)
def test_descriptions_end_well(given, shown):
    assert extension().end_well(given) == shown


def test_a_docstring_is_folded_after_its_first_line_and_the_code_stays_whole():
    line = '<span class="sd">{}</span>\n'
    first, others = line.format('"""One.'), "\n" + line.format("    Two &lt; 3.") + line.format('    """')
    page = f'<div class="cell docutils"><pre>def f():\n{first}{others}    return 1\n</pre></div>'
    demonstration = '<div class="cell tag_active-ipynb docutils">'
    context = {"body": page + demonstration}
    extension().tell_library(None, "notebooks/tiny", "", context, None)
    library, _, rest = context["body"].partition(">")
    assert library == '<div data-library="micrograd_numpy/tiny.py" class="cell library docutils"'
    assert '<summary aria-label="3 more lines of this docstring"></summary>' in rest
    assert re.sub(r"</?(?:details|summary)[^>]*>", "", rest) == (page + demonstration).partition(">")[2]
    untouched = {"body": page}
    extension().tell_library(None, "notebooks/exercises/tiny", "", untouched, None)
    assert untouched == {"body": page}


def test_a_folded_cell_of_the_library_says_what_is_in_it_and_how_long_it_is():
    for pair in pairs():
        for cell in pair.read_text().cells:
            tags = cell.metadata.get("tags", [])
            if "/" in pair.name or "active-ipynb" in tags or not any(tag.startswith("hide") for tag in tags):
                continue
            label = cell.metadata.get("mystnb", {}).get("code_prompt_show", "")
            lines = sum(bool(line.strip()) for line in cell.source.splitlines())
            assert re.fullmatch(rf"[A-Z].*, {lines} lines", label), (pair.text, lines, label)


@pytest.mark.parametrize(
    ("before", "formula", "after", "together"),
    [
        ("see ", "x", ". Then", "x."),
        ("see (", "x", ")", "(x)"),
        ("see ", "x", " then", None),
        ("see ", "x + " * 20 + "x", ".", None),
    ],
)
def test_a_short_formula_keeps_its_punctuation(before, formula, after, together):
    paragraph = nodes.paragraph("", "", nodes.Text(before), nodes.math("", formula), nodes.Text(after))
    tree = nodes.section("", paragraph)
    text = tree.astext()
    extension().keep_together(None, tree, "page")
    assert tree.astext() == text
    assert [one.astext() for one in tree.findall(nodes.inline)] == ([together] if together else [])


def test_formulas_are_set_for_eyes_and_ears():
    module = extension()
    shown = module.set_formula(r"\sigma(x)"), module.set_formula(r"\frac{∂c}{∂a} = 4", {"displayMode": True})
    assert all('<annotation encoding="application/x-tex">' in html for html in shown)
    assert ["katex-display" in html for html in shown] == [False, True]
    with pytest.raises(ExtensionError) as caught:
        module.set_formula(r"\frac")
    module.rest()
    assert "cannot set the formula" in str(caught.value)
    assert "Unexpected end of input" in str(caught.value)


def test_the_card_tells_the_truth():
    picture = (ROOT / "book" / "_static" / "card.svg").read_text("utf-8")
    said = dict(re.findall(r">([\w/]+) = (-?[\d.]+)<", picture)) | dict(re.findall(r"\b([ab]) = (\d+)", picture))
    a, b = micrograd_numpy.Value(float(said["a"])), micrograd_numpy.Value(float(said["b"]))
    c = eval(re.search(r">c = (.*[a-z].*)<", picture)[1], {"a": a, "b": b})
    c.backward()
    assert [float(said[name]) for name in ("c", "dc/da", "dc/db")] == [c.data, a.grad, b.grad]


def test_formulas_are_set_and_styled_by_the_same_katex():
    packages = json.loads((ROOT / "web" / "package.json").read_text("utf-8"))
    assert packages["dependencies"]["katex"] == katex.katex_version


def test_the_address_of_the_site_leads_to_the_first_page():
    assert CONFIG["sphinx"]["config"]["redirects"]["index"] == TOC[0]


# ------------------------------------------------------------------ pages


def blocks(page: str) -> list[tuple[str, str]]:
    """Each fenced block of a page: its language and its text."""
    text = (ROOT / "book" / page).read_text("utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_taste_on_the_welcome_page_is_true():
    (_, code), (_, expected) = blocks("welcome.md")[:2]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code, {})
    assert said.getvalue() == expected


def test_the_import_on_the_reference_page_works():
    language, code = blocks("reference.md")[0]
    assert language == "python"
    exec(code, {})


@pytest.mark.parametrize("path", sorted((ROOT / "book" / "_static").glob("*.svg")), ids=lambda path: path.name)
def test_drawings_are_well_formed_and_load_nothing(path):
    tree = ET.parse(path)  # noqa: S314  (our own file)
    assert tree.getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert not [node for node in tree.iter() if any(key.endswith("href") for key in node.attrib)]


# ------------------------------------------------------------------ citations and terms


BIBLIOGRAPHY = pybtex.database.parse_file(ROOT / "book" / "references.bib").entries.values()
VENUE = {"article": "journal", "inproceedings": "booktitle", "book": "publisher", "mastersthesis": "school"}


@pytest.mark.parametrize("entry", BIBLIOGRAPHY, ids=lambda entry: entry.key)
def test_entries_are_complete(entry):
    needed = {"title", "year", VENUE.get(entry.type, "howpublished")}
    if entry.type == "article" and "doi" not in entry.fields:
        needed |= {"volume", "pages"}
    assert entry.persons["author"]
    assert needed <= set(entry.fields)
    digits = re.search(r"\d{4}", entry.key)
    assert digits is None or digits[0] == entry.fields["year"]


def test_the_glossary_is_sorted_and_says_each_thing_once():
    body = (ROOT / "book" / "glossary.md").read_text("utf-8").split(":::{glossary}")[1]
    terms = [term.lower() for term in re.findall(r"^(\S.*)\n  \S", body, re.MULTILINE)]
    assert terms == sorted(set(terms))
    assert len(terms) >= 35


# ------------------------------------------------------------------ the checks of the built site bite

CONFIG_OF_SITE = """
repository: {url: https://github.com/someone/thing, branch: main}
sphinx: {config: {redirects: {index: notebooks/value}}}
"""
LAUNCH = "https://colab.research.google.com/github/someone/thing/blob/main/notebooks/value.ipynb"
BINDER = "https://mybinder.org/v2/gh/someone/thing/main?urlpath=lab/tree/notebooks/value.ipynb"
BASE = "https://someone.github.io/thing/"
PICTURE = 'src="../picture.png" width="64" height="36"'
RULES = "default-src 'self'; script-src 'self'{}; img-src 'self' data:"


def policy(*scripts: str) -> str:
    """A policy that allows the site, and these inline scripts."""
    rules = RULES.format("".join(f" {policy_source(script)}" for script in scripts))
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">'


HEAD = f"""{policy("first()")}<script>first()</script><title>Value</title><meta name="description" content="A number.">
<meta property="og:title" content="Value"><meta property="og:description" content="A number.">
<meta property="og:url" content="{BASE}notebooks/value.html"><meta property="og:image" content="{BASE}picture.png">
<link rel="canonical" href="{BASE}notebooks/value.html"><link rel="stylesheet" href="../style.css">"""
GOOD = {
    "index.html": f'{policy()}<a id="new" href="notebooks/value.html#top">start</a>',
    "404.html": f'{policy()}<a href="/thing/">home</a>',
    "notebooks/value.html": (
        f'{HEAD}<h1 id="top">Value</h1><a href="#top">up</a><a href="{LAUNCH}">Colab</a><a href="{BINDER}">Binder</a>'
        '<a href="https://github.com/someone/thing/edit/main/notebooks/value.ipynb">edit</a>'
        '<a href="https://github.com/someone/thing/issues/new?title=Value">issue</a>'
        '<img src="../picture.png" alt="A parabola and its tangent." width="64" height="36">'
        '<svg aria-hidden="true"></svg>'
        '<span class="math"><span class="katex"><math></math><span aria-hidden="true"><svg></svg></span></span></span>'
        '<div class="cell_output">8.0</div>'
    ),
}
FILES = {
    "style.css": "/* url(https://elsewhere.org) in a comment is harmless */ a { background: url(picture.png) }",
    "program.js": "run()",
    "robots.txt": "",
    "favicon.ico": "",
    "THIRD-PARTY.txt": "",
    "sitemap.xml": f"<loc>{BASE}notebooks/value.html</loc>",
}


@pytest.fixture
def site(tmp_path) -> Callable[..., Site]:
    """Build a small site with one page changed."""

    def build(add: str = "", **changes: str) -> Site:
        pages = GOOD | {"notebooks/value.html": GOOD["notebooks/value.html"] + add}
        for name, text in (
            {"root/_config.yml": CONFIG_OF_SITE, "root/_toc.yml": "root: notebooks/value"}
            | {"root/notebooks/value.ipynb": "{}", "site/picture.png": ""}
            | {f"site/{name}": text for name, text in FILES.items()}
            | {f"site/{name}": html for name, html in pages.items()}
            | changes
        ).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return Site(tmp_path / "site", tmp_path / "root")

    return build


def test_a_good_site_has_no_fault(site):
    assert check_site.faults(site()) == []


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
        (check_site.lost_buttons, f'<a href="{LAUNCH.replace("value", "gone")}">x</a>'),
        (check_site.lost_buttons, f'<a href="{BINDER.replace("value", "gone")}">x</a>'),
        (check_site.lost_buttons, f'<a href="{BINDER.replace("/main", "/master")}">x</a>'),
        (check_site.lost_buttons, f'<a href="{LAUNCH.replace("someone", "else")}">x</a>'),
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
        (check_site.lax_policies, "<script>second()</script>"),
        (check_site.lax_policies, '<script type="module">second()</script>'),
        (check_site.lax_policies, '<button onclick="print()">x</button>'),
        (check_site.lax_policies, '<a href="javascript:print()">x</a>'),
        (check_site.unset_formulas, '<span class="math">x^2</span>'),
        (check_site.repeated_ids, '<p id="top"></p>'),
        (check_site.unsteady_pictures, '<img src="../picture.png" alt="A curve.">'),
        (
            check_site.stray_lists,
            '<article><ol start="24"><li>And the slope is 27.</li><li>So it is.</li></ol></article>',
        ),
        (check_site.stray_lists, "<article><ol><li>And the slope is 27.</li></ol></article>"),
    ],
)
def test_each_check_finds_its_fault(site, check, html):
    broken = site(html)
    found = list(check(broken))
    assert len(found) == 1
    assert found[0] in check_site.faults(broken)


@pytest.mark.parametrize(
    ("check", "name", "old", "new"),
    [
        (check_site.lax_policies, "404.html", policy(), ""),
        (check_site.lax_policies, "404.html", policy(), f"<script src='program.js'></script>{policy()}"),
        (check_site.lax_policies, "404.html", "script-src 'self'", "script-src 'self' 'unsafe-inline'"),
        (check_site.lax_policies, "404.html", "script-src 'self'", "script-src 'self' 'unsafe-eval'"),
        (check_site.lax_policies, "404.html", "default-src 'self'", "default-src 'none'"),
        (check_site.lax_policies, "404.html", "script-src 'self'", f"script-src 'self' {policy_source('gone()')}"),
        (check_site.lax_policies, "404.html", "data:", "data: https://elsewhere.org"),
        (check_site.silent_pages, "notebooks/value.html", "<title>Value</title>", "<title></title>"),
        (check_site.silent_pages, "notebooks/value.html", 'name="description"', 'name="other"'),
        (check_site.silent_pages, "notebooks/value.html", "og:title", "og:other"),
        (check_site.silent_pages, "notebooks/value.html", "og:description", "og:other"),
        (check_site.silent_pages, "notebooks/value.html", f'og:url" content="{BASE}', 'og:url" content="'),
        (check_site.silent_pages, "notebooks/value.html", f"{BASE}picture.png", f"{BASE}gone.png"),
        (check_site.missing_files, "sitemap.xml", "value", "other"),
        (check_site.missing_files, "404.html", "</a>", '</a><img src="picture.png">'),
        (check_site.missing_files, "index.html", 'id="new"', ""),
        (check_site.foreign_requests, "style.css", "picture.png", "//elsewhere.org/picture.png"),
        (check_site.foreign_requests, "style.css", "picture.png", "gone.png"),
        (check_site.source_maps, "program.js", "run()", "run()\n//# sourceMappingURL=program.js.map"),
        (check_site.broken_links, "index.html", "notebooks/value.html#top", "/thing/"),
    ],
)
def test_each_check_finds_a_changed_file(site, check, name, old, new):
    text = (GOOD | FILES)[name]
    assert old in text
    broken = site(**{f"site/{name}": text.replace(old, new)})
    assert len(list(check(broken))) == 1


@pytest.mark.parametrize("name", ["404.html", "robots.txt", "sitemap.xml", "favicon.ico", "THIRD-PARTY.txt"])
def test_a_file_that_was_not_made_is_found(site, name):
    broken = site()
    (broken.folder / name).unlink()
    assert list(check_site.missing_files(broken)) == [f"{name} was not made"]


def test_a_source_map_is_found(site):
    assert list(check_site.source_maps(site(**{"site/program.js.map": "{}"}))) == ["program.js.map is a source map"]


def test_a_page_without_a_canonical_address_is_found(site):
    pages = {"site/notebooks/value.html": GOOD["notebooks/value.html"].replace("canonical", "other")}
    assert any("canonical" in fault for fault in check_site.silent_pages(site(**pages)))


def test_a_page_that_was_not_built_is_found(site):
    broken = site(**{"root/_toc.yml": "root: notebooks/value\nentries: [{file: notebooks/ops}]"})
    assert list(check_site.silent_pages(broken)) == ["notebooks/ops.html was not built"]


def test_a_chapter_without_buttons_is_found(site):
    broken = site(**{"site/notebooks/ops.html": "<h1>Operations</h1>"})
    assert len(list(check_site.lost_buttons(broken))) == 2


@pytest.mark.parametrize("text", ["A blue line rises.", "dc/da is 4 and dc/db is 2", "Binder logo"])
def test_human_alt_texts_pass(text):
    assert check_site.is_human(text)


def test_the_command_fails_on_a_fault(site, monkeypatch, capsys):
    broken = site(f"<img {PICTURE}>")
    monkeypatch.setattr(check_site, "Site", lambda folder: broken)
    monkeypatch.setattr("sys.argv", ["check_site.py", str(broken.folder)])
    assert check_site.main() == 1
    assert "alt text None" in capsys.readouterr().err
