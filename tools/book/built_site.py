"""The built book as its tools read it: its pages, and what the project says about them."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no annotations
from bs4 import BeautifulSoup
from sphinx_external_toc.parsing import parse_toc_yaml

from tools import ROOT

LINKS = (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src"), ("iframe", "src"), ("source", "src"))


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
        in_book = [path for path in found if path.parts[0] not in {"_static", "_sources", "lite", "reports"}]
        self.pages = {path: Page(path, (self.folder / path).read_text("utf-8")) for path in in_book}

    @cached_property
    def config(self) -> dict[str, Any]:
        """The book's settings."""
        return dict(yaml.safe_load((self.root / "_config.yml").read_text("utf-8")))

    @cached_property
    def redirects(self) -> dict[str, str]:
        """The old addresses, and where each leads."""
        return dict(self.config.get("sphinx", {}).get("config", {}).get("redirects", {}))

    @cached_property
    def toc(self) -> list[str]:
        """The pages that the table of contents names."""
        return list(parse_toc_yaml(self.root / "_toc.yml"))

    @cached_property
    def sheets(self) -> dict[Path, str]:
        """The style sheets of the site."""
        found = sorted(path for path in self.folder.rglob("*.css") if path.relative_to(self.folder).parts[0] != "lite")
        return {path.relative_to(self.folder): path.read_text("utf-8") for path in found}

    @cached_property
    def base(self) -> str:
        """The address at which the site is published: the one that its first page claims for itself."""
        for path, page in self.pages.items():
            canonical = page.soup.select_one("link[rel=canonical]")
            if canonical and str(canonical["href"]).endswith(path.as_posix()):
                return str(canonical["href"]).removesuffix(path.as_posix())
        return ""

    @cached_property
    def files(self) -> set[str]:
        """What a reader of the repository finds: the tracked files, or all of them where there is no git."""
        command = ["git", "ls-files"]
        listing = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
        if listing.returncode == 0 and listing.stdout:
            return set(listing.stdout.splitlines())
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()}


def policy_source(script: str) -> str:
    """Return what a Content-Security-Policy says to let in an inline script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
