"""Every page of the built book, as a browser sees it: complete, alone, light, and open to everybody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import pytest
import yaml  # type: ignore[import-untyped]  # it has no annotations

from tools.check_site import is_human, toc_files

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
WEIGHED = ROOT / "benchmarks" / "pages.json"  # made by `make weigh`
MOST = 1_000_000  # bytes over the wire before a reader touches anything

PAGES = [f"{name}.html" for name in toc_files(yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8")))]
EVERY = [*PAGES, "index.html", "search.html", "genindex.html"]

# What a browser has measured by itself, and how far the content has jumped since the page began.
MEASURE = """async () => {
    const paints = performance.getEntriesByType("paint");
    const jumps = await new Promise((done) => {
        const seen = [];
        const observer = new PerformanceObserver((list) => seen.push(...list.getEntries()));
        observer.observe({type: "layout-shift", buffered: true});
        setTimeout(() => done(seen), 100);
    });
    const loads = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return {
        bytes: loads.reduce((sum, load) => sum + load.transferSize, 0),
        requests: loads.length,
        shift: jumps.reduce((sum, jump) => sum + (jump.hadRecentInput ? 0 : jump.value), 0),
        readable_ms: paints.find((paint) => paint.name === "first-contentful-paint")?.startTime ?? null,
    };
}"""

AXE_RUN = """async (options) => {
    const serious = (await axe.run({resultTypes: ["violations"], ...options})).violations
        .filter((fault) => ["serious", "critical"].includes(fault.impact));
    return serious.flatMap((fault) => fault.nodes.map(
        (node) => `${fault.id}: ${node.target.join(" ")}: `
            + (node.any.concat(node.all, node.none)[0]?.message ?? fault.help)));
}"""

# Code is coloured word by word: one word of each kind on each ground tells whether it can be read.
ONE_WORD_OF_EACH_KIND = """() => {
    const seen = new Set();
    for (const word of document.querySelectorAll(".highlight pre span[class]")) {
        const ground = word.closest(".cell_output") ? "output" : word.closest(".cell") ? "cell" : "text";
        const kind = `${word.className} on ${ground}`;
        if (seen.has(kind)) word.remove();
        seen.add(kind);
    }
}"""

# What sticks out of the window, unless it scrolls by itself or is cut off.
TOO_WIDE = """() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    const held = (node) => {
        for (let above = node.parentElement; above; above = above.parentElement)
            if (getComputedStyle(above).overflowX !== "visible" && above !== document.body
                && above !== document.documentElement) return true;
        return false;
    };
    return [...document.body.querySelectorAll("*")]
        .filter((node) => node.getBoundingClientRect().right > wide + 1 && !held(node))
        .map((node) => `${node.tagName} ${node.className} ends at ${node.getBoundingClientRect().right}`);
}"""


def settle(page: Any, address: str) -> None:
    """Open an address and wait until nothing more comes."""
    page.goto(address)
    page.wait_for_load_state("networkidle")


SLOW = [pytest.param(name, marks=pytest.mark.slow) if "exercises" in name else name for name in EVERY]


@pytest.mark.parametrize("name", SLOW)
def test_the_page_is_whole_alone_light_and_open_to_everybody(opened: Any, site: str, name: str) -> None:
    page, _ = opened(color_scheme="light", reduced_motion="reduce")
    settle(page, site + name)
    measured = page.evaluate(MEASURE)
    (ROOT / "_build" / "pages").mkdir(parents=True, exist_ok=True)
    (ROOT / "_build" / "pages" / (name.replace("/", "-") + ".json")).write_text(json.dumps({name: measured}))
    assert measured["bytes"] <= MOST
    assert measured["shift"] <= 0.1  # what counts as good: web.dev, Cumulative Layout Shift

    # A picture further down loads when it is near: go there, for the answers of all of them.
    page.evaluate("document.querySelectorAll('img[loading=lazy]').forEach((image) => { image.loading = 'eager' })")
    page.evaluate("Promise.allSettled([...document.images].map((image) => image.decode()))")
    assert page.evaluate("[...document.images].filter((image) => !image.naturalWidth).map((image) => image.src)") == []
    for source, alt in page.evaluate("[...document.images].map((image) => [image.src, image.alt])"):
        assert is_human(alt), f"{source}: {alt!r}"

    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate(ONE_WORD_OF_EACH_KIND)
    page.evaluate(AXE.read_text("utf-8"))
    assert page.evaluate(AXE_RUN, {}) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.locator("html[data-theme=dark]").wait_for(state="attached")
    assert page.evaluate(AXE_RUN, {"runOnly": ["color-contrast"]}) == []


def links(page: Any) -> Iterator[str]:
    """Yield where the links of a page lead within the site, as the browser understands them."""
    for address in page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.href)"):
        if address.startswith("http://127.0.0.1"):
            yield address


@pytest.mark.slow  # tools/check_site.py has looked at those that no script makes
def test_every_link_leads_somewhere(opened: Any, site: str) -> None:
    page, _ = opened()
    asked: dict[str, set[str]] = {}
    places: dict[str, set[str]] = {}
    for name in EVERY:
        page.goto(site + name, wait_until="load")
        places[site + name] = set(page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)"))
        for address in links(page):
            asked.setdefault(address, set()).add(name)
    lost = []
    for address, names in asked.items():
        target, place = urldefrag(address)
        if target not in places:
            answer = page.request.get(target)
            places[target] = set(re.findall(r'\bid="([^"]+)"', answer.text())) if answer.ok else set()
            if not answer.ok:
                lost.append(f"{address} on {sorted(names)}: {answer.status}")
        if place and unquote(place) not in places[target]:
            lost.append(f"{address} on {sorted(names)}: no such place")
    assert lost == []


@pytest.mark.parametrize("lost", ["no-such-page.html", "notebooks/exercises/no-such-page.html"])
def test_a_wrong_address_is_told_the_way_home(opened: Any, site: str, lost: str) -> None:
    page, seen = opened()
    page.goto(site + lost)
    assert [fault for fault in seen if "404" not in fault] == []
    seen.clear()  # the address itself is missing: that is what this is about
    home = urljoin(page.url, page.locator("a[href]").first.get_attribute("href"))
    page.goto(home)
    assert page.url.startswith(site)
    assert "Backpropagation" in page.title()


def test_the_search_finds(page: Any, site: str) -> None:
    page.goto(site + "search.html?q=topological")
    page.locator("#search-results li a").first.wait_for()
    assert page.locator("#search-results li a", has_text="Backpropagation").count()


def test_the_weights_on_file_are_those_of_the_pages(opened: Any, site: str) -> None:
    on_file = json.loads(WEIGHED.read_text("utf-8"))["pages"]
    assert sorted(on_file) == sorted(EVERY)
    for name in ("book/welcome.html", "notebooks/moons.html"):
        page, _ = opened()  # with nothing in its cache
        settle(page, site + name)
        assert page.evaluate(MEASURE)["bytes"] == pytest.approx(on_file[name]["bytes"], rel=0.1), "make weigh"
