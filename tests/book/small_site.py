"""A built book of four pages, which tests may finish and spoil."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tools import ROOT
from tools.book import finish_site
from tools.book.built_site import Site

BASE = "https://someone.github.io/thing/"
REPOSITORY = "github.com/someone/thing"
COLAB = "https://colab.research.google.com/github/someone/thing/blob/main/notebooks/value.ipynb"
BINDER = "https://mybinder.org/v2/gh/someone/thing/main?urlpath=lab/tree/notebooks/value.ipynb"


def built(name: str, body: str = "") -> str:
    """A page as Sphinx and the theme leave it."""
    up = "../" * name.count("/")
    return f"""<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1.0" /><meta name="viewport" content="twice" />
    <script>document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";</script>
    <title>Value</title><meta name="description" content="A number." />
    <meta property="og:title" content="Value" /><meta property="og:description" content="A number." />
    <meta property="og:url" content="{BASE}{name}" /><meta property="og:image" content="{BASE}_static/card.png" />
    <link rel="canonical" href="{BASE}{name}" /><link rel="stylesheet" href="{up}_static/style.css" />
    <script defer src="{up}_static/scripts/fontawesome.js?digest=1"></script>
    <script src="{up}_static/book.js"></script>
    <script src="{up}_static/searchtools.js"></script>
    <script src="{up}searchindex.js"></script>
  </head>
  <body>
    <a class="reference internal" href="#top">1. Value</a><details><summary><span class="toctree-toggle"></span>
    </summary></details><div id="pst-primary-sidebar" class="x"><img src="{up}_static/logo.svg" alt="A graph"/></div>
    <i class="fa-solid fa-moon fa-lg"></i> <i class="fab fa-github"></i> <i class="fas fa-pencil-alt"></i>
    <button onclick="window.print()">Print</button><h1 id="top">Value</h1>
    <article>{body}<script>second()</script><script type="application/json">{{"data": 1}}</script></article>
  </body>
</html>
"""


CELLS = f"""<div class="cell docutils container">1 + 1</div><div class="cell_output">2</div>
<img alt="A line." src="../_images/one.png" style="width: 32px; height: 18px;" />
<img alt="Two lines." src="../_images/one.png" />
<img alt="Three lines." src="../_images/three.svg" width="7" height="5" />
<svg aria-hidden="true"></svg>
<span class="math"><span class="katex"><math></math><span aria-hidden="true"><svg></svg></span></span></span>
<a href="{COLAB}">Colab</a><a href="{BINDER}">Binder</a>
<a href="https://{REPOSITORY}/edit/main/notebooks/value.ipynb">edit</a>
<a href="https://{REPOSITORY}/issues/new?title=Value">issue</a>"""
PAGES = {
    "book/welcome.html": '<img class="touch" src="../_images/three.svg" alt="A graph."><div id="credits"></div>',
    "book/plain.html": "Words.",
    "notebooks/value.html": CELLS,
    "search.html": "",
}
FILES = {f"site/{name}": built(name, body) for name, body in PAGES.items()} | {
    "root/_config.yml": f"repository: {{url: https://{REPOSITORY}, branch: main}}\n"
    "sphinx: {config: {redirects: {index: book/welcome, old/value: notebooks/value}}}",
    "root/_toc.yml": "root: book/welcome\nentries: [{file: book/plain}, {file: notebooks/value}]",
    "root/notebooks/value.ipynb": "{}",
    "site/index.html": '<meta http-equiv="Refresh" content="0; url=book/welcome.html" />',
    "site/searchindex.js": "",
    "site/_static/style.css": "/* url(https://elsewhere.org) is harmless */ a{background:url(../_images/one.png)}",
    "site/_static/styles/pydata-sphinx-theme.css": (
        "@font-face{font-family:Font Awesome;src:url(../vendor/fontawesome/webfonts/fa.woff2)}"
        '.fa-moon:before{content:"\uf186"}.fa-dog:before{content:"\uf6d3"}html{--pst-icon-pencil:"\uf303"}'
        "/* Bootstrap  v5.3.3 */ /* Font Awesome Free 6.5.2 */\n/*# sourceMappingURL=theme.css.map*/"
    ),
    "site/_static/styles/theme.css.map": "{}",
    "site/_static/scripts/fontawesome.js": "x",
    "site/_static/book.js": "run()",
    "site/_static/searchtools.js": "",
    "site/_static/clipboard.min.js": "/* clipboard.js v2.0.8 */",
    "site/_static/logo.svg": '<svg viewBox="0 0 96 72"></svg>',
    "site/_static/locales/de/x.po": "x",
    "site/_images/three.svg": '<svg width="70px" height="50" viewBox="0 0 7 5"></svg>',
    **{f"web/live/{name}": "" for name in ("live.css", "figures-page.css", "figures-page.js", "katex/f/a.woff2")},
    "web/live/live.js": "run()",
    "web/live/katex/katex.min.css": 'a{src:url(f/a.woff2) format("woff2"),url(f/a.woff) format("woff")}',
    "web/live/THIRD-PARTY.txt": f"{'=' * 80}\nkatex 0.16.22, MIT, https://katex.org\n\nMIT, in full",
}


def lay_out(folder: Path) -> Path:
    """Write the site, the project that it was built from, and the pages' programs."""
    drawings = {f"root/book/_static/{name}.svg": (ROOT / f"book/_static/{name}.svg") for name in ("card", "favicon")}
    for name, text in (FILES | {name: path.read_text("utf-8") for name, path in drawings.items()}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    Image.new("RGB", (64, 36)).save(folder / "site" / "_images" / "one.png")
    return folder / "site"


def finish(site: Path) -> int:
    """Finish the site, and return the number of its pages."""
    return finish_site.finish_site(site, site.parent / "web", site.parent / "root")


def read(site: Path) -> Site:
    """Return what the checks look at."""
    return Site(site, site.parent / "root")
