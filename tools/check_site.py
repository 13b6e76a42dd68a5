"""Check the built book: links, alt texts, outputs, buttons, pages, and the project's address.

Run it after `make book`. It prints one line for each fault and exits with 1 if there is any.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import yaml  # type: ignore[import-untyped]  # it has no annotations
from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).resolve().parents[1]
LINKS = (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src"), ("iframe", "src"), ("source", "src"))
PICTURE = re.compile(r"\.(png|jpe?g|gif|svg|webp)$|^_?images?/|/", re.IGNORECASE)
FILLER = {"", "alt", "figure", "image", "picture", "plot", "no description has been provided for this image"}


@dataclass
class Page:
    """One built HTML file."""

    path: Path  # relative to the site
    html: str

    @cached_property
    def soup(self) -> BeautifulSoup:
        """The page, parsed."""
        return BeautifulSoup(self.html, "html.parser")

    @cached_property
    def anchors(self) -> set[str]:
        """Return everything on the page that `#name` can lead to."""
        return {str(tag[key]) for key in ("id", "name") for tag in self.soup.select(f"[{key}]")}

    def links(self) -> Iterator[str]:
        """Yield every address that the page leads to or loads."""
        for tag, key in LINKS:
            for found in self.soup.select(f"{tag}[{key}]"):
                yield str(found[key])


@dataclass
class Site:
    """The built book, and the project it was built from."""

    folder: Path
    root: Path = ROOT
    pages: dict[Path, Page] = field(init=False)

    def __post_init__(self) -> None:
        """Read every page."""
        found = sorted(path.relative_to(self.folder) for path in self.folder.rglob("*.html"))
        in_book = [path for path in found if path.parts[0] not in {"_static", "_sources", "reports"}]
        self.pages = {path: Page(path, (self.folder / path).read_text("utf-8")) for path in in_book}

    @cached_property
    def config(self) -> dict[str, dict[str, str]]:
        """The book's settings."""
        return dict(yaml.safe_load((self.root / "_config.yml").read_text("utf-8")))

    @cached_property
    def toc(self) -> list[str]:
        """The pages that the table of contents names."""
        return list(toc_files(yaml.safe_load((self.root / "_toc.yml").read_text("utf-8"))))

    @cached_property
    def files(self) -> set[str]:
        """What a reader of the repository finds: the tracked files, or all of them where there is no git."""
        command = ["git", "ls-files"]
        listing = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
        if listing.returncode == 0 and listing.stdout:
            return set(listing.stdout.splitlines())
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()}


def toc_files(node: object) -> Iterator[str]:
    """Yield the pages of a table of contents, in order."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"root", "file"}:
                yield str(value)
            else:
                yield from toc_files(value)
    elif isinstance(node, list):
        for value in node:
            yield from toc_files(value)


def broken_links(site: Site) -> Iterator[str]:
    """Find links within the site that lead to no file, or to no place on their page."""
    for page in site.pages.values():
        for link in sorted(set(page.links())):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link in {"", "#"}:
                continue
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
            if svg.get("aria-hidden") == "true":
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


def missing_pages(site: Site) -> Iterator[str]:
    """Find pages that the table of contents names and the build did not make."""
    for name in ["index", *site.toc]:
        if Path(name + ".html") not in site.pages:
            yield f"{name}.html was not built"


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


CHECKS = (missing_pages, broken_links, missing_alts, tracebacks, lost_buttons, stray_addresses)


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
