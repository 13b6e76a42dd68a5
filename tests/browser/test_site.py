"""Every page of the built book, as a browser sees it: complete, alone, light, and open to everybody."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

from tests.browser.conftest import FOLDER, served, until
from tools import ROOT

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
WEIGHED = ROOT / "benchmarks" / "pages.json"  # made by `make weigh`
MOST = 1_000_000  # bytes over the wire before a reader touches anything

EVERY = [*(f"{name}.html" for name in parse_toc_yaml(ROOT / "_toc.yml")), "index.html", "search.html", "genindex.html"]

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

# What sticks out of the window.
TOO_WIDE = """() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    return [...document.body.querySelectorAll("*")].filter((node) => node.getBoundingClientRect().right > wide + 1)
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


def test_a_page_is_dark_before_its_programs_come(opened: Any, site: str) -> None:
    page, seen = opened(color_scheme="dark")
    page.route("**/*.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(site + "notebooks/value.html")
    assert page.locator("html[data-theme=dark]").count() == 1
    seen.clear()  # what the page's own lines call is not there


@pytest.mark.parametrize("folder", ["/", FOLDER, "/micrograd_numpy/", "/a/b/"])
@pytest.mark.parametrize("lost", ["no-such-page.html", "notebooks/exercises/no-such-page.html", "x/y/"])
def test_a_wrong_address_is_told_the_way_home_wherever_the_site_is(opened: Any, folder: str, lost: str) -> None:
    page, seen = opened()
    with served(folder) as address:
        page.goto(address + lost)
        until(page, "() => document.getElementById('home').getAttribute('href')", folder)
        assert [fault for fault in seen if "404" not in fault and f"asked for {address}" not in fault] == []
        home = urljoin(page.url, page.locator("#home").get_attribute("href"))
        page.locator("input").fill("moons")
        page.locator("button").click()
        page.wait_for_url(f"{address}search.html?q=moons")
        page.goto(home)
        page.wait_for_url(f"{address}book/welcome.html")
        assert "Backpropagation" in page.title()
        page.goto("about:blank")
    seen.clear()  # this is about addresses that are missing


def test_the_search_finds(page: Any, site: str) -> None:
    page.goto(site + "search.html?q=topological")
    page.locator("#search-results li a").first.wait_for()
    assert page.locator("#search-results li a", has_text="Backpropagation").count()


def test_the_search_leads_to_the_section(page: Any, site: str) -> None:
    page.goto(site + "search.html?q=canyon")
    found = page.locator("#search-results li:has(p.context) a")
    found.first.wait_for()
    page.get_by_text("Search finished").wait_for()
    page.wait_for_load_state("networkidle")  # what it shows of each page has come
    for address in found.evaluate_all("links => links.map(link => link.href)"):
        page.goto("about:blank")
        page.goto(address)
        target = page.locator(":target")
        assert "canyon" in target.text_content().lower()
        assert -1 <= target.bounding_box()["y"] < 300, "the section is at the top of the window"
        assert "#" in address


def test_the_search_quotes_whole_words_and_each_formula_once(page: Any, site: str) -> None:
    page.goto(site + "search.html?q=softplus")
    page.locator("p.context").first.wait_for()
    page.wait_for_load_state("networkidle")
    quotes = page.locator("p.context").all_text_contents()
    assert any("\\operatorname{softplus}" in quote for quote in quotes)
    for quote in quotes:
        assert "softplus" in quote.lower()
        assert "\u2061" not in quote, "MathML's sign beside the TeX"
        assert len(quote) <= 250


def test_the_searchs_glass_is_beside_the_text(opened: Any, site: str) -> None:
    for width in (390, 1280):
        page, _ = opened(viewport={"width": width, "height": 800})
        page.goto(site + "search.html?q=adam")
        form = page.locator("form.bd-search:visible")
        glass = form.locator("i").bounding_box()
        start = form.locator("input").evaluate(
            "input => input.getBoundingClientRect().left + parseFloat(getComputedStyle(input).paddingLeft)"
        )
        assert glass["x"] + glass["width"] <= start


def test_paper_has_the_questions_their_answers_and_the_title(page: Any, site: str) -> None:
    page.goto(site + "notebooks/ops.html")
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    asked = page.locator("article .sd-summary-text").all_inner_texts()
    answers = page.locator("article .sd-summary-content").all_inner_texts()
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = false })")
    (title,) = page.locator("article section > h1").all_text_contents()
    assert len(asked) == len(answers) > 2
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = " ".join(page.locator("body").inner_text().split())
    for text in (*asked, *answers, title.removesuffix("#")):
        assert paper.count(" ".join(text.split())) == 1, text
    assert "Fold it again" not in paper
    heading = page.locator("h1:visible")
    weight, size = heading.evaluate("h1 => [getComputedStyle(h1).fontWeight, getComputedStyle(h1).fontSize]")
    assert int(weight) > 600
    assert float(size.removesuffix("px")) > 30


# ---------------------------------------------------------------- on a phone

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("width", [320, 360, 390])
def test_on_a_phone_all_that_leads_on_can_be_read(opened: Any, site: str, width: int) -> None:
    page, _ = opened(**PHONE | {"viewport": {"width": width, "height": 844}})
    for name in ("ops", "graph", "backprop"):
        page.goto(f"{site}notebooks/{name}.html")
        clipped = page.locator(".prev-next-area a, .prev-next-area p").evaluate_all(
            "all => all.filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.textContent)"
        )
        assert clipped == []
        run = page.locator(".live-run-all")
        assert run.locator("span").is_visible() == (width > 349)
        assert min(run.bounding_box()["width"], run.bounding_box()["height"]) >= 44
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_nothing_covers_the_text(opened: Any, site: str) -> None:
    page, _ = opened(**PHONE)
    page.goto(f"{site}notebooks/ops.html")
    page.evaluate("scrollTo(0, 3000)")
    page.wait_for_timeout(200)
    page.evaluate("scrollTo(0, 2500)")
    page.wait_for_timeout(500)
    assert not page.locator("#pst-back-to-top").is_visible()


def test_on_a_phone_panels_side_by_side_scroll(opened: Any, site: str) -> None:
    page, _ = opened(**PHONE)
    page.goto(f"{site}notebooks/mlp.html")
    panels = page.locator("div.cell_output img.broad").first
    panels.scroll_into_view_if_needed()
    box = panels.bounding_box()
    assert box["width"] >= 570
    assert page.locator(".cell_output.more-right:has(> img.broad)").count()
    shape = panels.evaluate("image => image.getAttribute('width') / image.getAttribute('height')")
    assert box["width"] / box["height"] == pytest.approx(shape, rel=0.02)
    assert panels.evaluate("image => getComputedStyle(image.closest('.cell_output')).overflowX") == "auto"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_a_phone_no_picture_is_larger_than_it_is(opened: Any, site: str) -> None:
    page, _ = opened(**PHONE)
    page.goto(f"{site}notebooks/graph.html")
    pictures = page.locator("div.cell_output img.broad")
    wider = "all => all.filter(each => each.width > each.getAttribute('width')).map(each => each.alt)"
    assert pictures.count() > 2
    assert pictures.evaluate_all(wider) == []


def test_what_goes_on_at_a_side_is_marked_there(opened: Any, site: str) -> None:
    page, _ = opened(**PHONE)
    page.goto(f"{site}notebooks/ops.html")
    code = page.locator("div.cell_input pre.more-right:visible").first
    assert not code.evaluate("pre => pre.matches('.more-left')")
    code.evaluate("pre => pre.scrollTo(1, 0)")
    code.evaluate("pre => pre.scrollTo(pre.scrollWidth, 0)")
    ends = page.locator("pre.more-left:not(.more-right):visible")
    ends.wait_for()
    assert ends.evaluate("pre => getComputedStyle(pre).maskImage") != "none"


def test_on_a_phone_the_contents_close_when_one_is_chosen(opened: Any, site: str) -> None:
    page, _ = opened(**PHONE)
    page.goto(f"{site}notebooks/ops.html")
    for leave in (".drawer-close", "a[href='#quotient']"):
        page.locator(".secondary-toggle").click()
        page.locator(f"dialog[open] {leave}").click()
        until(page, "() => document.querySelectorAll('dialog[open]').length", 0)
    until(page, "() => Math.abs(document.querySelector('#quotient:target').getBoundingClientRect().y - 80) < 81", True)
    page.locator(".primary-toggle").click()
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    assert page.locator(".tooltip:visible").count() == 0


@pytest.mark.parametrize(("chapter", "grips"), [("graph", 0), ("mlp", 2)])
def test_on_a_phone_a_figures_controls_are_as_wide_as_a_finger(
    opened: Any, site: str, chapter: str, grips: int
) -> None:
    page, _ = opened(**PHONE)
    page.goto(f"{site}notebooks/{chapter}.html")
    page.locator("img.touch").first.scroll_into_view_if_needed()
    figure = page.locator(".touch-figure").first
    figure.wait_for()
    controls = "button, input[type=range], input[type=text], .touch-choice label, circle.touch-grip"
    sides = figure.locator(controls).evaluate_all("all => all.map(each => each.getBoundingClientRect().height)")
    assert min(sides) >= 44
    assert figure.locator("circle.touch-grip").count() == grips


def test_the_weights_on_file_are_those_of_the_pages(opened: Any, site: str) -> None:
    on_file = json.loads(WEIGHED.read_text("utf-8"))["pages"]
    assert sorted(on_file) == sorted(EVERY), "make weigh"
    for name in ("book/welcome.html", "notebooks/moons.html"):
        page, _ = opened()  # with nothing in its cache
        settle(page, site + name)
        assert page.evaluate(MEASURE)["bytes"] == pytest.approx(on_file[name]["bytes"], rel=0.1), "make weigh"
