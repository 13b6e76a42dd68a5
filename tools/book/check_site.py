"""Check the built book: links, alt texts, outputs, buttons, pages, the project's address, and that pages ask nobody.

Run it after `make book`. It prints one line for each fault and exits with 1 if there is any.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from bs4 import Tag

from tools import ROOT
from tools.book.built_site import Site, policy_source

LOADING = ("img", "script", "iframe", "source", "video", "audio", "track", "embed", "input")  # by their src
INLINE = {None, "", "module", "text/javascript", "application/javascript"}  # types of scripts that a browser runs
PICTURE = re.compile(r"\.(png|jpe?g|gif|svg|webp)$|^_?images?/|/", re.IGNORECASE)
FILLER = {"", "alt", "figure", "image", "picture", "plot", "no description has been provided for this image"}


def broken_links(site: Site) -> Iterator[str]:
    """Find links within the site that lead to no file, or to no place on their page."""
    for page in site.pages.values():
        for link in sorted(set(page.links())):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link in {"", "#"}:
                continue
            if link == urlsplit(site.base).path and page.path == Path("404.html"):
                continue  # shown at any depth, it can only name the whole path
            target = (site.folder / page.path.parent / unquote(parts.path)).resolve() if parts.path else None
            if target and target.is_dir():
                target /= "index.html"
            if target and not target.is_file():
                yield f"{page.path}: {link} leads to no file"
                continue
            there = site.pages.get(target.relative_to(site.folder.resolve())) if target else page
            if parts.fragment and there and unquote(parts.fragment) not in there.anchors:
                yield f"{page.path}: {link} leads to no place on its page"


def is_human(text: str) -> bool:
    """Whether an alt text can have been written by a person for a reader."""
    text = " ".join(text.split())
    return text.lower().rstrip(".") not in FILLER and not (PICTURE.search(text) and " " not in text)


def missing_alts(site: Site) -> Iterator[str]:
    """Find pictures that say nothing to a reader who cannot see them."""
    for page in site.pages.values():
        for image in page.soup.find_all("img"):
            if not is_human(str(image.get("alt", ""))):
                yield f"{page.path}: <img src={image.get('src')}> has the alt text {image.get('alt')!r}"
        for svg in page.soup.find_all("svg"):
            if any(tag.get("aria-hidden") == "true" for tag in (svg, *svg.parents)):
                continue
            title = svg.find("title")
            said = svg.get("aria-label") or (title.get_text() if isinstance(title, Tag) else "")
            if not is_human(str(said)):
                yield f"{page.path}: an <svg> has neither aria-label nor <title>"


def tracebacks(site: Site) -> Iterator[str]:
    """Find cells that failed."""
    for page in site.pages.values():
        for output in page.soup.select(".cell_output"):
            if "Traceback (most recent call last)" in output.get_text() or output.select_one(".traceback"):
                yield f"{page.path}: an output shows a traceback: {output.get_text(' ', strip=True)[-80:]}"


def target_in_repository(link: str, repository: str, branch: str) -> str | None:
    """Return the file of the project that a launch, edit or source link opens; None if it opens none."""
    url, name = urlsplit(link), urlsplit(repository).path.strip("/")
    if url.netloc == "colab.research.google.com":
        prefixes = [f"/github/{name}/blob/{branch}/"]
    elif url.netloc == "mybinder.org":
        opened = parse_qs(url.query).get("urlpath", [""])[0]
        if url.path == f"/v2/gh/{name}/{branch}":
            return re.sub(r"^(lab/)?tree/", "", opened)
        prefixes = []
    elif link.startswith(repository + "/"):
        prefixes = [f"/{name}/{kind}/{branch}/" for kind in ("edit", "blob", "tree", "raw")]
        if url.path.removeprefix(f"/{name}").startswith("/issues"):
            return None
    else:
        return None
    for prefix in prefixes:
        if url.path.startswith(prefix):
            return unquote(url.path.removeprefix(prefix))
    return f"{link} (not an address in {repository}, branch {branch})"


def lost_buttons(site: Site) -> Iterator[str]:
    """Find buttons that open a file which the repository does not have, and chapters without buttons."""
    repository, branch = site.config["repository"]["url"], site.config["repository"]["branch"]
    for page in site.pages.values():
        targets = {link: target_in_repository(link, repository, branch) for link in set(page.links())}
        for link, target in sorted(targets.items()):
            if target is not None and target not in site.files:
                yield f"{page.path}: {link} opens {target}, which is not in the repository"
        if page.path.parts[0] == "notebooks":
            for host in ("colab.research.google.com", "mybinder.org"):
                if not any(urlsplit(link).netloc == host for link in targets):
                    yield f"{page.path}: there is no button for {host}"


def stray_addresses(site: Site) -> Iterator[str]:
    """Find addresses of this project other than the one in _config.yml, such as an old placeholder."""
    repository = site.config["repository"]["url"]
    owner, name = urlsplit(repository).path.strip("/").split("/")
    other_owner = rf"(?!{re.escape(owner)}/)([\w-]+)/{re.escape(name)}\b"
    wrong = re.compile(r"(?:github\.com|/v2/gh|google\.com/github)/" + other_owner)
    for page in site.pages.values():
        for other in sorted(set(wrong.findall(page.html))):
            yield f"{page.path}: speaks of {other}/{name}, but _config.yml says {owner}/{name}"
        if owner != "OWNER" and "OWNER/" in page.html:
            yield f"{page.path}: still shows the placeholder OWNER"


def loaded(tag: Tag) -> Iterator[str]:
    """Yield the addresses that a browser loads because of an element."""
    if tag.name in LOADING and tag.get("src"):
        yield str(tag["src"])
    if tag.get("srcset"):
        yield from (part.split()[0] for part in str(tag["srcset"]).split(",") if part.strip())
    if tag.name == "link" and set(tag.get_attribute_list("rel")) - {"canonical", "next", "prev", "index", "search"}:
        yield str(tag.get("href", ""))
    if tag.name == "object" and tag.get("data"):
        yield str(tag["data"])
    if tag.name in {"use", "image"}:
        yield from (str(tag[key]) for key in ("href", "xlink:href") if tag.get(key))
    yield from in_style(tag.get_text() if tag.name == "style" else str(tag.get("style", "")))


def in_style(css: str) -> Iterator[str]:
    """Yield the addresses that a style sheet loads."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    for found in re.finditer(r"""url\(\s*("[^"]*"|'[^']*'|[^)]*?)\s*\)|@import\s+("[^"]*"|'[^']*')""", css):
        yield (found[1] or found[2]).strip("\"'")


def is_foreign(address: str) -> bool:
    """Whether an address leads to another host."""
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in {"", "data", "blob"}


def foreign_requests(site: Site) -> Iterator[str]:
    """Find what a browser would fetch from another host while the book is read."""
    for page in site.pages.values():
        for address in sorted({address for tag in page.soup.find_all(True) for address in loaded(tag)}):
            if is_foreign(address):
                yield f"{page.path}: loads {address}"
    for path, css in site.sheets.items():
        for address in sorted(set(in_style(css))):
            if is_foreign(address):
                yield f"{path}: loads {address}"
            elif not address.startswith(("data:", "#")):
                target = site.folder / path.parent / unquote(urlsplit(address).path)
                if not target.is_file():
                    yield f"{path}: {address} leads to no file"


def lax_policies(site: Site) -> Iterator[str]:
    """Find pages whose Content-Security-Policy is missing, late, too lax, or stops the page's own scripts."""
    for page in site.pages.values():
        meta = page.soup.select_one('meta[http-equiv="Content-Security-Policy"]')
        if not meta:
            yield f"{page.path}: has no Content-Security-Policy"
            continue
        rules = {name: values for name, *values in (rule.split() for rule in str(meta["content"]).split(";"))}
        scripts = rules.get("script-src", [])
        if rules.get("default-src") != ["'self'"] or {"'unsafe-inline'", "'unsafe-eval'"} & {*scripts}:
            yield f"{page.path}: the policy lets in more than the site's own scripts"
        for values in rules.values():
            for value in values:
                if not value.startswith("'") and value not in {"data:", "blob:"}:
                    yield f"{page.path}: the policy lets in {value}"
        before = page.soup.find("script")
        if before and before in meta.find_all_previous("script"):
            yield f"{page.path}: a script stands before the policy and is not bound by it"
        inline = [tag for tag in page.soup.find_all("script") if not tag.get("src") and tag.get("type") in INLINE]
        sources = {policy_source(script.get_text()): script.get_text().strip()[:60] for script in inline}
        for source in sorted(sources.keys() - {*scripts}):
            yield f"{page.path}: the policy stops the script {sources[source]!r}"
        for source in scripts:
            if source.startswith("'sha256-") and source not in sources:
                yield f"{page.path}: the policy lets in a script that the page does not have: {source}"
        for tag in page.soup.find_all(True):
            handlers = [key for key in tag.attrs if key.startswith("on")]
            if handlers or str(tag.get("href", "")).startswith("javascript:"):
                yield f"{page.path}: the policy stops {', '.join(handlers) or 'a link'} of <{tag.name}>"


def silent_pages(site: Site) -> Iterator[str]:
    """Find pages that do not say what they are, and where, to search engines and to those who are sent a link."""
    wanted = {
        "a title": "title",
        "a description": "meta[name=description]",
        "og:title": "meta[property='og:title']",
        "og:description": "meta[property='og:description']",
        "og:url": "meta[property='og:url']",
        "og:image": "meta[property='og:image']",
        "a canonical address": "link[rel=canonical]",
    }
    for name in site.toc:
        page = site.pages.get(Path(name + ".html"))
        if page is None:
            yield f"{name}.html was not built"
            continue
        for what, selector in wanted.items():
            tag = page.soup.select_one(selector)
            said = str(tag.get("content") or tag.get("href") or tag.get_text()) if tag else ""
            if not said.strip():
                yield f"{page.path}: has no {what}"
            elif what in {"og:url", "a canonical address"} and said != f"{site.base}{page.path.as_posix()}":
                yield f"{page.path}: {what} is {said}"
            elif what == "og:image" and not (site.folder / said.removeprefix(site.base)).is_file():
                yield f"{page.path}: og:image {said} is no file of the site"


def missing_files(site: Site) -> Iterator[str]:
    """Find what a site must have besides its pages, and redirects that lead nowhere."""
    for name in ("404.html", "robots.txt", "sitemap.xml", "favicon.ico", "THIRD-PARTY.txt"):
        if not (site.folder / name).is_file():
            yield f"{name} was not made"
    listed = site.folder / "sitemap.xml"
    if listed.is_file():
        places = set(re.findall(r"<loc>([^<]*)</loc>", listed.read_text("utf-8")))
        for name in sorted(set(site.toc) - {place.removeprefix(site.base).removesuffix(".html") for place in places}):
            yield f"sitemap.xml: does not list {name}.html"
    lost = site.pages.get(Path("404.html"))
    if lost:
        for address in sorted({address for tag in lost.soup.find_all(True) for address in loaded(tag)}):
            if not address.startswith("data:"):
                yield f"404.html: loads {address}, which is elsewhere when the page is shown in a folder"
    for old, new in site.redirects.items():
        page = site.pages.get(Path(f"{old}.html"))
        if not page or Path(f"{new}.html") not in site.pages or not page.soup.select_one("a#new"):
            yield f"{old}.html: does not lead to {new}.html"


def unset_formulas(site: Site) -> Iterator[str]:
    """Find formulas that nobody set."""
    for page in site.pages.values():
        for formula in page.soup.select(".math"):
            if not formula.select_one(".katex math"):
                yield f"{page.path}: the formula {formula.get_text()[:60]!r} was not set"


def repeated_ids(site: Site) -> Iterator[str]:
    """Find names of places that a page has twice, so a link leads to the first only."""
    for page in site.pages.values():
        names = Counter(str(tag["id"]) for tag in page.soup.select("[id]"))
        for name, times in names.items():
            if times > 1:
                yield f"{page.path}: has {times} places named {name!r}"


def source_maps(site: Site) -> Iterator[str]:
    """Find source maps, and programs that name one: a developer's browser would ask for it."""
    for path in sorted(site.folder.rglob("*")):
        name = path.relative_to(site.folder)
        if name.parts[0] == "lite":
            continue
        if path.suffix == ".map":
            yield f"{name} is a source map"
        elif path.suffix in {".js", ".mjs", ".css"} and "# sourceMappingURL=" in path.read_text("utf-8"):
            yield f"{name} names a source map"


def unsteady_pictures(site: Site) -> Iterator[str]:
    """Find pictures that push the text down when they arrive."""
    for page in site.pages.values():
        for image in page.soup.find_all("img"):
            if not (image.get("width") and image.get("height")):
                yield f"{page.path}: <img src={image.get('src')}> does not tell its size"


def stray_lists(site: Site) -> Iterator[str]:
    """Find paragraphs that Markdown takes for a list, since they begin with a number and a full stop."""
    for page in site.pages.values():
        for numbered in page.soup.select("article ol"):
            items = numbered.find_all("li", recursive=False)
            if numbered.get("start", "1") != "1" or len(items) == 1:
                yield f"{page.path}: a paragraph has become a list: {numbered.get_text(' ', strip=True)[:60]!r}"


CHECKS = (
    broken_links,
    missing_alts,
    tracebacks,
    lost_buttons,
    stray_addresses,
    foreign_requests,
    lax_policies,
    silent_pages,
    missing_files,
    unset_formulas,
    repeated_ids,
    source_maps,
    unsteady_pictures,
    stray_lists,
)


def faults(site: Site) -> list[str]:
    """Return every fault of the site, one line each."""
    return [fault for check in CHECKS for fault in check(site)]


def main() -> int:
    """Check the site that the command line names."""
    parser = argparse.ArgumentParser(description="Check the built book.")
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "_build" / "html")
    site = Site(parser.parse_args().site)
    found = faults(site)
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    print(f"{len(site.pages)} pages: {len(found) or 'no'} fault{'s' if len(found) != 1 else ''}")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
