"""The book's settings, pages and references, read as text."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
import subprocess
import xml.etree.ElementTree as ET
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
from tools.book.twins import pairs

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
TOC = list(parse_toc_yaml(ROOT / "_toc.yml"))
REPOSITORY = CONFIG["repository"]["url"]


def test_every_page_is_in_the_toc_once():
    patterns = "book/*.md", "notebooks/*.ipynb", "notebooks/exercises/*.ipynb"
    there = [str(path.relative_to(ROOT).with_suffix("")) for pattern in patterns for path in ROOT.glob(pattern)]
    assert sorted(TOC) == sorted(there)


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
