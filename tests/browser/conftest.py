"""A real browser over the built book, served as a project's page on the web is: zipped, in a subfolder, alone."""

from __future__ import annotations

import gzip
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
FOLDER = "/micrograd/"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm"}
ZIPPED = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".wasm", ".xml", ".txt"}  # as static hosts do


def missing(what: str) -> None:
    """Skip the test for the lack of something, or fail it where nothing may be lacking."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} (nothing is skipped where CI is set)")
    pytest.skip(what)


@cache
def zipped(path: Path, changed: int) -> bytes:
    """Return the zipped content of a file; `changed` is its time, so that a new one is read again."""
    return gzip.compress(path.read_bytes(), 6, mtime=0)


class Handler(SimpleHTTPRequestHandler):
    """Serve the site below `/micrograd/`, and nothing else; a missing page gets 404.html, as on Pages."""

    protocol_version = "HTTP/1.1"
    folder = FOLDER

    def translate_path(self, path: str) -> str:
        """Return the file for an address."""
        inside = path.startswith(self.folder)
        return super().translate_path(path.removeprefix(self.folder)) if inside else str(SITE / "no such file")

    def do_GET(self) -> None:
        """Answer with the file, zipped where a host would zip it."""
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        status = 200 if path.is_file() else 404
        if status == 404:
            path = SITE / "404.html"
        small = path.suffix in ZIPPED and "gzip" in self.headers.get("Accept-Encoding", "")
        body = zipped(path, path.stat().st_mtime_ns) if small else path.read_bytes()
        headers = {"Content-Type": TYPES.get(path.suffix, self.guess_type(str(path))), "Cache-Control": "max-age=600"}
        headers |= {"Content-Encoding": "gzip"} if small else {}
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the tests look at the answers."""


class Server(ThreadingHTTPServer):
    """A server that does not mind a browser that goes away in the middle."""

    def handle_error(self, *_: Any) -> None:
        """Say nothing: a page that lacked something says so itself."""


@contextmanager
def served(folder: str) -> Iterator[str]:
    """Serve the built book below a folder, and give its address."""
    handler = type("InFolder", (Handler,), {"folder": folder})
    server = Server(("127.0.0.1", 0), lambda *args: handler(*args, directory=str(SITE)))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{folder}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Return the address of the built book."""
    if not (SITE / "_static" / "live" / "live.js").is_file():
        missing("the book is not built: make book")
    with served(FOLDER) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Return a Chromium that finds no other host than this one."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: make test")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    with playwright.sync_playwright() as driver:
        if not found and not Path(driver.chromium.executable_path).exists():
            missing("there is no Chromium: install your system's, or run .venv/bin/playwright install chromium")
        chromium = driver.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield chromium
        chromium.close()


def until(page: Any, question: str, answer: Any = True, timeout: float = 30_000) -> None:
    """Ask the page until it gives the answer; Playwright's own way needs `eval`, which the book's policy forbids."""
    end = time.monotonic() + timeout / 1000
    while (last := page.evaluate(question)) != answer:
        assert time.monotonic() < end, f"{question} is {last!r}, and not {answer!r}"
        page.wait_for_timeout(200)


@dataclass
class Faults:
    """What a page did that no page may do, in the order in which it did it."""

    site: str
    seen: list[str] = field(default_factory=list)

    def watch(self, page: Any) -> None:
        """Write down from now on what the page complains of and asks for."""
        page.on("console", lambda m: m.type in {"error", "warning"} and self.seen.append(f"console {m.type}: {m.text}"))
        page.on("pageerror", lambda error: self.seen.append(f"error: {error}"))
        page.on("crash", lambda _: self.seen.append("the page crashed"))
        page.on("request", lambda r: self._asked(r.url))
        page.on("response", lambda r: r.status >= 400 and self.seen.append(f"{r.status}: {r.url}"))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.site, "data:", "blob:")):
            self.seen.append(f"asked for {url}")


@pytest.fixture
def opened(browser: Any, site: str) -> Iterator[Any]:
    """Return a way to open pages with settings of one's own; see `Browser.new_context` of Playwright.

    Every page is watched. A test that provokes a fault takes it out of the list that it gets with the page.
    """
    contexts: list[Any] = []
    faults: list[Faults] = []

    def new(**settings: Any) -> tuple[Any, list[str]]:
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings}))
        faults.append(Faults(site))
        page = contexts[-1].new_page()
        faults[-1].watch(page)
        return page, faults[-1].seen

    yield new
    for context in contexts:
        context.close()
    assert [fault.seen for fault in faults if fault.seen] == []


@pytest.fixture
def page(opened: Any) -> Any:
    """Return a page 1280 pixels wide, that fails the test when it complains or asks another host."""
    return opened()[0]
