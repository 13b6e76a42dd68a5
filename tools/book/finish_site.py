"""Finish the built book: after Sphinx, make its pages ask nobody, stay where they are, and say who they are.

Run it after `jupyter-book build`; `make book` does. It puts in the programs that web/build.mjs made,
draws the icons and the card that links show, and writes what Sphinx does not: the Content-Security-Policy, the
sizes of pictures, redirects, 404.html, sitemap.xml. Running it again changes nothing, so a build that wrote only
the changed pages anew is finished just the same.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
import re
import shutil
import sys
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

import matplotlib as mpl
import pydata_sphinx_theme  # type: ignore[import-untyped]  # it has no annotations
import resvg_py
from fontTools import subset  # type: ignore[import-untyped]  # it has no annotations
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it has no annotations
from PIL import Image

from tools import ROOT
from tools.book.built_site import Site, policy_source

LIVE = PurePosixPath("_static/live")
SIDEBAR_SUMMARY = re.compile(
    r'(<a class="[^"]*reference internal"[^>]*>([^<]*)</a><details[^>]*><summary)(><span class="toctree-toggle")'
)
CREDITS = re.compile(r'(<div id="credits">)(?:<div.*?</div>)?(</div>)', re.DOTALL)
ICON_RULE = re.compile(r'(?:\.fa-[a-z0-9-]+:before,?)+\{content:"[^"]*"\}')  # the theme has one for each icon there is
BEGIN, END = "<!-- finish -->", "<!-- finished -->"

# Everything comes from the site itself. Styles may stand in the page: formulas, notebooks' pictures and the editor
# use them, and CSS cannot run code. `data:` are small pictures and the icons' font; `blob:` are pictures that the
# reader's own cells draw. A worker is not bound by the policy of its page, so Python runs where it must.
POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "worker-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}

# Python packages whose files are in the site, and what they bring along: name, file, version, licence, home.
PACKAGES: tuple[str, ...] = ("Sphinx", "sphinx-book-theme", "pydata-sphinx-theme", "sphinx-copybutton", "myst-nb")
PACKAGES += ("sphinx-togglebutton", "sphinx-design", "sphinxcontrib-katex")
BUNDLED = (
    ("Bootstrap", "_static/styles/pydata-sphinx-theme.css", r"Bootstrap +v([\d.]+)", "MIT", "https://getbootstrap.com"),
    (
        "Font Awesome Free",
        "_static/styles/pydata-sphinx-theme.css",
        r"Font Awesome Free ([\d.]+)",
        "CC-BY-4.0 (icons), OFL-1.1 (font), MIT (style sheet)",
        "https://fontawesome.com",
    ),
    ("clipboard.js", "_static/clipboard.min.js", r"clipboard\.js v([\d.]+)", "MIT", "https://clipboardjs.com"),
)


class SiteError(Exception):
    """The site cannot be finished; the message says what is missing and what to do."""


# ------------------------------------------------------------------ files


def write(path: Path, content: str | bytes) -> None:
    """Write a file if that changes it."""
    data = content.encode() if isinstance(content, str) else content
    if not path.is_file() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def lighten(site: Path) -> None:
    """Remove what no page uses: source maps, translations, the whole of Font Awesome (see `icons`)."""
    static = site / "_static"
    for pattern in ("styles/*.map", "scripts/*.map", "scripts/fontawesome*", "*webpack-macros.html"):
        for path in static.glob(pattern):
            path.unlink()
    for folder in ("locales", "vendor/fontawesome"):
        shutil.rmtree(static / folder, ignore_errors=True)
    for path in [*static.glob("styles/*.css"), *static.glob("scripts/*.js"), *static.glob("live/*/*.mjs")]:
        text = re.sub(r"\n?(//# sourceMappingURL=\S+|/\*# sourceMappingURL=[^*]+\*/)", "", path.read_text("utf-8"))
        text = re.sub(r"@font-face\{[^}]*fontawesome[^}]*\}", "", text)
        write(path, ICON_RULE.sub("", text))
    katex = site / LIVE / "katex" / "katex.min.css"
    # Browsers that cannot read woff2 cannot run the rest either.
    write(katex, re.sub(r",url\([^)]*\.(?:woff|ttf)\) format\(\"\w+\"\)", "", katex.read_text("utf-8")))


# ------------------------------------------------------------------ icons


def icons(names: Iterable[str], signs: Iterable[str], fonts: Path) -> str:
    """Return a style sheet with the icons that the pages use, cut out of Font Awesome's fonts.

    The theme brings them as a script of 1.5 MB, which turns elements into drawings after the page is there.

    Parameters
    ----------
    names : iterable of str
        Icons that pages name, such as "moon".
    signs : iterable of str
        Icons that style sheets name, as the characters that they have in the font.
    fonts : Path
        The folder with Font Awesome's fonts.
    """
    rules, left = [], set(names)
    for file, family, weight in (("fa-solid-900", "Free", 900), ("fa-brands-400", "Brands", 400)):
        font = TTFont(fonts / f"{file}.ttf", recalcTimestamp=False)
        codes = {name: code for code, name in sorted(font.getBestCmap().items(), reverse=True)}
        here = {name: codes[alias] for name in sorted(left) if (alias := ALIASES.get(name, name)) in codes}
        left -= here.keys()
        wanted = {*here.values(), *(ord(sign) for sign in signs)} & set(font.getBestCmap())
        if not wanted:
            continue
        cutter = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=False, hinting=False))
        cutter.populate(unicodes=wanted)
        cutter.subset(font)
        font.flavor, out = "woff", io.BytesIO()
        font.save(out)
        data = base64.b64encode(out.getvalue()).decode()
        rules.append(
            f'@font-face {{ font-family: "Font Awesome 6 {family}"; font-weight: {weight}; '
            f'src: url("data:font/woff;base64,{data}") format("woff"); }}'
        )
        rules += [f'.fa-{name}::before {{ content: "\\{code:x}"; }}' for name, code in here.items()]
    if left:
        raise SiteError(f"Font Awesome has no icon {', '.join(sorted(left))}: change the name in the page.")
    return "\n".join(
        ["/* Made by tools/book/finish_site.py of Font Awesome Free: icons CC BY 4.0, font OFL 1.1. */", *rules, ""]
    )


ALIASES = {"pencil-alt": "pencil"}  # names of Font Awesome 5 that the theme still uses
STYLES = {"solid", "brands", "regular", "lg", "fw", "sm", "xs"}  # classes that name no icon


def icons_used(pages: Iterable[str], sheets: Iterable[str]) -> tuple[set[str], set[str]]:
    """Return the icons that pages name, and the characters of those that style sheets put in."""
    rest = [ICON_RULE.sub("", sheet) for sheet in sheets]
    found = {name for page in pages for name in re.findall(r'[" ]fa-([a-z][a-z-]*)(?=[" ])', page)}
    signs = {sign for sheet in rest for sign in re.findall(r'"([\uf000-\uf8ff])"', sheet)}
    signs |= {chr(int(code, 16)) for sheet in rest for code in re.findall(r'"\\(f[0-9a-f]{3})"', sheet)}
    return (found | {"xmark"}) - STYLES, signs  # a script of the theme puts the cross in


# ------------------------------------------------------------------ pictures


def size(path: Path) -> tuple[int, int] | None:
    """Return the width and height of a picture, in the pixels that it asks for."""
    if path.suffix == ".svg":
        start = re.search(r"<svg\b[^>]*>", path.read_text("utf-8"))
        tag = start[0] if start else ""
        width, height = (re.search(rf'(?<![\w-]){key}="([\d.]+)(?:px)?"', tag) for key in ("width", "height"))
        box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', tag)
        if width and height:
            return round(float(width[1])), round(float(height[1]))
        return (round(float(box[1])), round(float(box[2]))) if box else None
    with Image.open(path) as picture:
        return picture.size


def steady(page: Path, site: Path, text: str) -> str:
    """Give every picture of a page its size, so nothing moves when it arrives; load those below late."""
    count = 0

    def change(found: re.Match[str]) -> str:
        nonlocal count
        tag = found[0]
        source = re.search(r'\bsrc="([^"]*)"', tag)
        count += found.start() > text.find("<article")
        style = re.search(r' style="width: (\d+)px; height: (\d+)px;"', tag)
        there = site / page.parent / unquote(urlsplit(source[1]).path) if source else None
        sides: tuple[int, int] | None = None
        if style:  # the notebook knows: its pictures have two pixels for one
            tag, sides = tag.replace(style[0], ""), (int(style[1]), int(style[2]))
        elif there and there.is_file() and " width=" not in tag:
            sides = size(there)
        extra = f' width="{sides[0]}" height="{sides[1]}"' if sides else ""
        if sides and sides[0] > 1.9 * sides[1] and " class=" not in tag:
            extra += ' class="broad"'  # panels side by side: a phone shows them larger, and scrolls
        if count > 1 and " loading=" not in tag:  # the first figure may be on the first screen
            extra += ' loading="lazy" decoding="async"'
        return re.sub(r"\s*/?>$", lambda end: extra + end[0], tag)

    return re.sub(r"<img\b[^>]*>", change, text)


def card(root: Path) -> bytes:
    """Draw the picture that messengers and social networks show for a link to the book, with matplotlib's fonts."""
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    files = [str(fonts / f"{name}.ttf") for name in ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono")]
    drawn = resvg_py.svg_to_bytes(
        svg_path=str(root / "book" / "_static" / "card.svg"), font_files=files, skip_system_fonts=True
    )
    return bytes(drawn)


def favicons(root: Path) -> tuple[bytes, bytes]:
    """Draw the icon of the book for browsers that want an .ico, and for the home screen of a phone."""
    svg = root / "book" / "_static" / "favicon.svg"
    small, large = (bytes(resvg_py.svg_to_bytes(svg_path=str(svg), width=side)) for side in (32, 140))
    ico, touch = io.BytesIO(), io.BytesIO()
    Image.open(io.BytesIO(small)).save(ico, "ICO", sizes=[(32, 32)])
    ground, drawing = Image.new("RGB", (180, 180), "#ffffff"), Image.open(io.BytesIO(large)).convert("RGBA")
    ground.paste(drawing, (20, 20), drawing)
    ground.save(touch, "PNG", optimize=True)
    return ico.getvalue(), touch.getvalue()


# ------------------------------------------------------------------ pages


def tidy(page: Path, text: str) -> str:
    """Take out what the theme puts on every page and this book does not use, and what the policy forbids."""
    text = re.sub(rf"\n?{BEGIN}.*?{END}", "", text, flags=re.DOTALL)
    text = re.sub(r'\s*<script[^>]*src="[^"]*fontawesome\.js[^"]*"[^>]*></script>', "", text)
    if page.name != "search.html":  # the search button leads to the page that needs them
        text = re.sub(r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>', "", text)
    viewports = re.findall(r'\s*<meta name="viewport"[^>]*>', text)
    for extra in viewports[1:]:
        text = text.replace(extra, "", 1) if extra != viewports[0] else text
    text = text.replace(' onclick="window.print()"', " data-print")  # book.js listens
    # A dark page is dark at once; the theme would tell "auto" from its programs only, after the first paint.
    dark = 'matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"'
    text = text.replace('localStorage.getItem("theme") || "auto"', f'localStorage.getItem("theme") || ({dark})')
    text = SIDEBAR_SUMMARY.sub(r'\1 aria-label="Pages under \2"\3', text)
    text = text.replace('<summary aria-label="Toggle hidden content">', "<summary>")  # it has words of its own
    text = re.sub(r'(<button class="btn search-button-field[^>]*) aria-label="Search"', r"\1", text)
    text = text.replace(' role="doc-biblioentry"', "").replace(
        '<div role="list" class="citation-list">', '<div class="citation-list">'
    )
    text = re.sub(r'(<div id="pst-primary-sidebar")(?! role)', r'\1 role="complementary" aria-label="The book"', text)
    return re.sub(r'(<(?:i|span) class="fa[sb]?[ -][^"]*")(?![^>]*aria-hidden)', r'\1 aria-hidden="true"', text)


def policy(text: str) -> str:
    """Return the Content-Security-Policy of a page: the site alone, and the inline scripts that it has now."""
    inline = re.findall(
        r"<script(?![^>]*\bsrc=)(?![^>]*\btype=\"(?!module|text/javascript))[^>]*>(.*?)</script>", text, re.DOTALL
    )
    rules = POLICY | {"script-src": " ".join([POLICY["script-src"], *sorted({*map(policy_source, inline)})])}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def head(page: Path, text: str) -> str:
    """Return what a page's head gains: the policy, icons, and the programs for cells and figures, if it has any."""
    up = "../" * (len(page.parts) - 1)
    live = f"{up}{LIVE}"
    cells, figures = re.search(r'<div class="cell[ "]', text), re.search(r'<img[^>]*class="[^"]*\btouch\b', text)
    lines = [
        f'<meta http-equiv="Content-Security-Policy" content="{policy(text)}">',
        f'<link rel="icon" href="{up}favicon.ico" sizes="32x32">',
        f'<link rel="apple-touch-icon" href="{up}_static/apple-touch-icon.png">',
        f'<link rel="stylesheet" href="{up}_static/icons.css">',
    ]
    if cells:
        lines.append(f'<link rel="stylesheet" href="{live}/live.css">')
        lines.append(f'<script type="module" src="{live}/live.js"></script>')
    if cells or figures:
        lines.append(f'<link rel="stylesheet" href="{live}/figures-page.css">')
        lines.append(f'<script type="module" src="{live}/figures-page.js"></script>')
    return "\n".join([BEGIN, *lines, END])


def finish(page: Path, site: Path, text: str) -> str:
    """Return a page as it is to be read."""
    text = steady(page, site, tidy(page, text))
    text, found = re.subn(r'(<meta charset="utf-8" ?/?>)', lambda it: f"{it[0]}\n{head(page, text)}", text, count=1)
    if not found:
        raise SiteError(f"{page} does not begin with its character set: there is no place for the policy.")
    return text


def plain_page(title: str, body: str, extra: str = "") -> str:
    """Return a page that needs nothing else from the site."""
    style = (
        "body{font:1.125rem/1.6 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1.5rem;"
        "color:#1d2733;background:#fff}a{color:#1f5fa8}h1{font-size:1.75rem;line-height:1.2}"
        ":is(input,button){font:inherit;padding:.3rem .6rem}"
        "@media(prefers-color-scheme:dark){html{color-scheme:dark}body{color:#dfe5ec;background:#14181e}a{color:#7fb2ea}}"
    )
    text = (
        f"<html lang=en><head>CHARSET{extra}<meta name=viewport content='width=device-width, initial-scale=1'>"
        f'<link rel="icon" href="data:,"><title>{html.escape(title)}</title><style>{style}</style></head>'
        f"<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )
    rule = f'<meta http-equiv="Content-Security-Policy" content="{policy(text)}">'
    return "<!DOCTYPE html>\n" + text.replace("CHARSET", f'<meta charset="utf-8">{rule}', 1) + "\n"


def redirect(old: str, new: str) -> str:
    """Return the page at an old address that leads to the new one, keeping what follows `#`."""
    up = "../" * old.count("/")
    target = html.escape(f"{up}{new}.html", quote=True)
    body = (
        f'<p>This page is now at <a id="new" href="{target}">{html.escape(new)}</a>.</p>'
        '<script>location.replace(document.getElementById("new").href + location.search + location.hash);</script>'
    )
    return plain_page(
        "This page has moved", body, f'<noscript><meta http-equiv="refresh" content="0; url={target}"></noscript>'
    )


def not_found(base: str) -> str:
    """Return the page for addresses that lead nowhere; a server shows it at any depth.

    Parameters
    ----------
    base : str
        The path at which the site is published, such as "/thing/": where the book begins if nothing else can tell.
    """
    body = f"""<p>The address may be mistyped, or the page may have gone.
<a id="home" href="{html.escape(base, quote=True)}">The book begins here.</a></p>
<form id="search" action="{html.escape(base, quote=True)}search.html">
<input type="search" name="q" aria-label="Words to look for"> <button>Search the book</button></form>
<script type="module">
  // Wherever the site is served, it begins where its programs are: look for them from this folder upwards.
  for (let path = location.pathname; path; ) {{
    path = path.slice(0, path.lastIndexOf("/"));
    const found = await fetch(`${{path}}/{LIVE}/config.json`, {{ method: "HEAD" }}).catch(() => null);
    if (!found?.ok) continue;
    document.getElementById("home").href = `${{path}}/`;
    document.getElementById("search").action = `${{path}}/search.html`;
    break;
  }}
</script>"""
    return plain_page("There is no such page", body, '<meta name="robots" content="noindex">')


# ------------------------------------------------------------------ lists


def third_parties(site: Path, programs: str) -> tuple[list[str], str]:
    """Tell what others wrote of the site's files: a line each with version, licence and home, and their licences.

    Parameters
    ----------
    site : Path
        The built site.
    programs : str
        What web/build.mjs says about the npm packages: for each, a rule, its line, and its licence.
    """
    lines, texts = re.findall(r"^={80}\n(.+)$", programs, re.MULTILINE), [programs]
    for package in PACKAGES:
        whole = distribution(package)
        known = whole.metadata
        fallback = [kind.rsplit(" :: ", 1)[1] for kind in known.get_all("Classifier") or [] if "License ::" in kind]
        licence = known["License-Expression"] or ", ".join(fallback) or known["License"]
        links = dict(link.split(", ", 1) for link in known.get_all("Project-URL") or [])
        links = {name.lower(): link for name, link in links.items()}
        home = known["Home-page"] or links.get("homepage") or links.get("repository") or links.get("source")
        lines.append(f"{package} {known['Version']}, {licence}, {home}")
        files = [file for file in whole.files or [] if re.match(r"(?i)licen[cs]e|copying", file.name)]
        texts += ["=" * 80 + f"\n{lines[-1]}\n\n{file.read_text('utf-8').strip()}\n" for file in files[:1]]
    for name, file, pattern, licence, home in BUNDLED:
        version = re.search(pattern, (site / file).read_text("utf-8"))
        if not version:
            raise SiteError(f"{file} no longer tells the version of {name}: look for it, and change BUNDLED.")
        lines.append(f"{name} {version[1]}, {licence}, {home}")
    return sorted(lines, key=str.casefold), "\n".join(texts)


def credits_table(lines: Iterable[str]) -> str:
    """Return the table that the colophon shows, from lines of "name version, licence, home"."""
    rows = []
    for line in lines:
        what, rest = line.split(", ", 1)
        licence, _, home = rest.rpartition(", ")
        name, version = what.rsplit(" ", 1)
        cells = (
            f'<a class="reference external" href="{html.escape(home)}">{html.escape(name)}</a>',
            version,
            html.escape(licence),
        )
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    header = "<thead><tr><th>Name</th><th>Version</th><th>License</th></tr></thead>"
    table = f'<table class="table">{header}<tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="pst-scrollable-table-container">{table}</div>'


def sitemap(addresses: Iterable[str]) -> str:
    """Return the list of pages for search engines."""
    entries = "".join(f"  <url><loc>{escape(address)}</loc></url>\n" for address in sorted(addresses))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n'
    )


def finish_site(site: Path, web: Path, root: Path = ROOT) -> int:
    """Finish every page of a site, and return their number."""
    if not (web / "live" / "live.js").is_file():
        raise SiteError(f"{web} does not hold the pages' programs: run `make book`, which builds them.")
    shutil.rmtree(site / LIVE, ignore_errors=True)  # what was there may be of an earlier version
    shutil.copytree(web / "live", site / LIVE)
    built = Site(site, root)
    pages = {path: page.html for path, page in built.pages.items() if 'rel="canonical"' in page.html}
    if not pages:
        raise SiteError(f"{site} holds no page with a canonical address: build the book first.")
    notices = web / "live" / "THIRD-PARTY.txt"
    lines, licences = third_parties(site, notices.read_text("utf-8") if notices.is_file() else "")
    write(site / "THIRD-PARTY.txt", "\n".join(["What others wrote of this site:", "", *lines, "", "", licences]))

    theme = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
    sheets = [path.read_text("utf-8") for path in sorted(site.glob("_static/styles/*.css"))]
    used = icons_used(pages.values(), sheets)
    write(site / "_static" / "icons.css", icons(*used, theme / "vendor" / "fontawesome" / "webfonts"))
    lighten(site)

    ico, touch = favicons(root)
    write(site / "favicon.ico", ico)
    write(site / "_static" / "apple-touch-icon.png", touch)
    write(site / "_static" / "card.png", card(root))

    for page, text in pages.items():
        filled = CREDITS.sub(lambda found: found[1] + credits_table(lines) + found[2], text)
        write(site / page, finish(page, site, filled))

    listed = [built.base + page.as_posix() for page in pages if page.name not in {"search.html", "genindex.html"}]
    write(site / "sitemap.xml", sitemap(listed))
    write(site / "robots.txt", f"User-agent: *\nAllow: /\nSitemap: {built.base}sitemap.xml\n")
    write(site / "404.html", not_found(urlsplit(built.base).path))
    for old, new in built.redirects.items():
        if Path(f"{old}.html") in pages:
            raise SiteError(f"_config.yml redirects {old}, but that is a page: take it out of `redirects`.")
        if Path(f"{new}.html") not in pages:
            raise SiteError(f"_config.yml redirects {old} to {new}, which is no page: name one that is.")
        write(site / f"{old}.html", redirect(old, new))
    return len(pages)


def main() -> int:
    """Finish the site that the command line names."""
    parser = argparse.ArgumentParser(description="Finish the built book.")
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--web", type=Path, default=ROOT / "_build" / "web", help="what web/build.mjs made")
    options = parser.parse_args()
    try:
        count = finish_site(options.site, options.web)
    except SiteError as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{count} pages finished")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
