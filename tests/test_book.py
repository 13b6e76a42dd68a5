"""The book's settings, pages and references, read as text; and the proof that tools/check_site.py bites."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

import micrograd_numpy
from tools import check_site

ROOT = Path(__file__).resolve().parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
TOC = list(check_site.toc_files(yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))))
REPOSITORY = CONFIG["repository"]["url"]
PAGES = sorted((ROOT / "book").glob("*.md"))
NOTEBOOKS = sorted(path for path in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def prose(path: Path) -> str:
    """The Markdown of a page or a notebook."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def bibliography() -> dict[str, dict[str, str]]:
    """Each entry of references.bib: its kind and its fields."""
    text = (ROOT / "book" / "references.bib").read_text("utf-8")
    entries = {}
    for kind, key, body in re.findall(r"^@(\w+)\{([\w-]+),\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        fields = dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", body, re.MULTILINE))
        entries[key] = {"kind": kind, **fields}
    return entries


def glossary() -> list[str]:
    """The terms of the glossary, in its order."""
    body = (ROOT / "book" / "glossary.md").read_text("utf-8").split(":::{glossary}")[1]
    return re.findall(r"^(\S.*)\n  \S", body, re.MULTILINE)


# ------------------------------------------------------------------ table of contents, settings


@pytest.mark.parametrize("page", TOC)
def test_every_page_of_the_toc_exists(page):
    suffix = ".ipynb" if page.startswith("notebooks/") else ".md"
    assert (ROOT / (page + suffix)).is_file()


def test_every_page_is_in_the_toc_once():
    there = [path.relative_to(ROOT).with_suffix("").as_posix() for path in PAGES + NOTEBOOKS]
    assert sorted(TOC) == sorted(there)


def test_each_chapter_has_its_module_and_its_exercises():
    chapters = [Path(page).stem for page in TOC if Path(page).parent == Path("notebooks")]
    assert chapters
    for chapter in chapters:
        assert (ROOT / "micrograd_numpy" / f"{chapter}.py").is_file()
        assert f"notebooks/exercises/{chapter}" in TOC


def test_pages_show_the_committed_outputs():
    assert CONFIG["execute"]["execute_notebooks"] == "off"


@pytest.mark.parametrize("key", ["logo", "favicon"])
def test_pictures_of_the_settings_exist(key):
    path = CONFIG["logo"] if key == "logo" else CONFIG["html"]["favicon"]
    assert (ROOT / path).is_file()


def test_style_sheets_exist():
    folders = [ROOT / folder for folder in CONFIG["sphinx"]["config"]["html_static_path"]]
    for name in CONFIG["sphinx"]["config"]["html_css_files"]:
        assert any((folder / name).is_file() for folder in folders)


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


def test_the_reference_documents_the_public_api():
    text = (ROOT / "book" / "reference.md").read_text("utf-8")
    documented = set(re.findall(r"\.\. auto(?:class|function):: (\w+)$", text, re.MULTILINE))
    assert set(micrograd_numpy.__all__) <= documented


def test_the_table_of_operations_is_complete():
    text = (ROOT / "book" / "reference.md").read_text("utf-8")
    table = set(re.findall(r"\{py:func\}`~micrograd_numpy\.ops\.(\w+)`", text))
    section = text.split("currentmodule:: micrograd_numpy.ops")[1].split("```")[0]
    listed = set(re.findall(r"\.\. autofunction:: (\w+)", section))
    assert listed - table == {"dot", "mean"}  # they take lists, so they are no operators
    assert table < listed


def test_pictures_on_pages_have_alt_texts():
    for path in PAGES + NOTEBOOKS:
        for body in re.findall(r"^[`:]{3,}\{(?:image|figure)\} .*\n((?::.*\n)*)", prose(path), re.MULTILINE):
            alt = re.search(r"^:alt: (.+)$", body, re.MULTILINE)
            assert alt, f"{path.name}: a picture has no alt text"
            assert check_site.is_human(alt[1]), f"{path.name}: {alt[1]!r} says nothing"


@pytest.mark.parametrize("path", sorted((ROOT / "book" / "_static").glob("*.svg")), ids=lambda path: path.name)
def test_drawings_are_well_formed_and_load_nothing(path):
    tree = ET.parse(path)  # noqa: S314  (our own file)
    assert tree.getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert not [node for node in tree.iter() if any(key.endswith("href") for key in node.attrib)]


# ------------------------------------------------------------------ citations and terms


def test_every_citation_is_in_the_bibliography():
    for path in PAGES + NOTEBOOKS:
        for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", prose(path)):
            for key in keys.split(","):
                assert key.strip() in bibliography(), f"{path.name} cites {key}"


VENUE = {"article": "journal", "inproceedings": "booktitle", "book": "publisher", "mastersthesis": "school"}


@pytest.mark.parametrize("key", bibliography())
def test_entries_are_complete(key):
    entry = bibliography()[key]
    needed = {"author", "title", "year", VENUE.get(entry["kind"], "howpublished")}
    if entry["kind"] == "article" and "doi" not in entry:
        needed |= {"volume", "pages"}
    assert needed <= entry.keys()
    digits = re.search(r"\d{4}", key)
    assert digits is None or digits[0] == entry["year"]


def test_bibliography_has_every_entry_of_the_file():
    text = (ROOT / "book" / "references.bib").read_text("utf-8")
    assert len(bibliography()) == text.count("\n@") + text.startswith("@")


def test_every_term_is_in_the_glossary():
    known = {term.lower() for term in glossary()}
    for path in PAGES + NOTEBOOKS:
        for used in re.findall(r"\{term\}`([^`]+)`", prose(path)):
            target = re.search(r"<(.+)>$", used)
            term = " ".join((target[1] if target else used).split()).lower()
            assert term in known, f"{path.name} uses {term!r}"


def test_the_glossary_is_sorted_and_says_each_thing_once():
    terms = [term.lower() for term in glossary()]
    assert terms == sorted(set(terms))
    assert len(terms) >= 35


# ------------------------------------------------------------------ the checks of the built site bite

CONFIG_OF_SITE = "repository: {url: https://github.com/someone/thing, branch: main}"
LAUNCH = "https://colab.research.google.com/github/someone/thing/blob/main/notebooks/value.ipynb"
BINDER = "https://mybinder.org/v2/gh/someone/thing/main?urlpath=lab/tree/notebooks/value.ipynb"
GOOD = {
    "index.html": '<a href="notebooks/value.html#top">start</a>',
    "notebooks/value.html": (
        f'<h1 id="top">Value</h1><a href="#top">up</a><a href="{LAUNCH}">Colab</a><a href="{BINDER}">Binder</a>'
        '<a href="https://github.com/someone/thing/edit/main/notebooks/value.ipynb">edit</a>'
        '<a href="https://github.com/someone/thing/issues/new?title=Value">issue</a>'
        '<img src="../picture.png" alt="A parabola and its tangent."><svg aria-hidden="true"></svg>'
        '<div class="cell_output">8.0</div>'
    ),
}


@pytest.fixture
def site(tmp_path) -> Callable[..., check_site.Site]:
    """Build a small site with one page changed."""

    def build(add: str = "", **changes: str) -> check_site.Site:
        pages = GOOD | {"notebooks/value.html": GOOD["notebooks/value.html"] + add}
        for name, text in (
            {"root/_config.yml": CONFIG_OF_SITE, "root/_toc.yml": "root: notebooks/value"}
            | {"root/notebooks/value.ipynb": "{}", "site/picture.png": ""}
            | {f"site/{name}": html for name, html in pages.items()}
            | changes
        ).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return check_site.Site(tmp_path / "site", tmp_path / "root")

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
        (check_site.missing_alts, '<img src="../picture.png">'),
        (check_site.missing_alts, '<img src="../picture.png" alt="">'),
        (check_site.missing_alts, '<img src="../picture.png" alt="../_images/5c1f.png">'),
        (check_site.missing_alts, '<img src="../picture.png" alt="Image">'),
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
    ],
)
def test_each_check_finds_its_fault(site, check, html):
    broken = site(html)
    found = list(check(broken))
    assert len(found) == 1
    assert found[0] in check_site.faults(broken)


def test_a_page_that_was_not_built_is_found(site):
    broken = site(**{"root/_toc.yml": "root: notebooks/value\nchapters: [{file: notebooks/ops}]"})
    assert list(check_site.missing_pages(broken)) == ["notebooks/ops.html was not built"]


def test_a_chapter_without_buttons_is_found(site):
    broken = site(**{"site/notebooks/ops.html": "<h1>Operations</h1>"})
    assert len(list(check_site.lost_buttons(broken))) == 2


@pytest.mark.parametrize("text", ["A blue line rises.", "dc/da is 4 and dc/db is 2", "Binder logo"])
def test_human_alt_texts_pass(text):
    assert check_site.is_human(text)


def test_the_command_fails_on_a_fault(site, monkeypatch, capsys):
    broken = site('<img src="../picture.png">')
    monkeypatch.setattr(check_site, "Site", lambda folder: broken)
    monkeypatch.setattr("sys.argv", ["check_site.py", str(broken.folder)])
    assert check_site.main() == 1
    assert "alt text None" in capsys.readouterr().err
