"""The figures that can be touched, in the built pages: they wake, answer, and count as Python counts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from micrograd_numpy import SGD, Value, topological_sort
from micrograd_numpy.drawing.svg import shown
from micrograd_numpy.figures.boundary import frame_title
from micrograd_numpy.figures.paths import followed
from micrograd_numpy.figures.plane import Plane, path_text
from micrograd_numpy.optimizers import path
from tests import figures

PAGES = {"graph": 1, "mlp": 1, "optimizers": 2, "moons": 1}  # the chapters with figures, and how many each has
AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
BIAS = 6.8813735870195432
LAST_HEADING = "() => [...document.querySelectorAll('h2')].at(-1).getBoundingClientRect().top + scrollY"


def awake(page: Any, site: str, chapter: str) -> list[Any]:
    """Open a chapter and come near all its figures; return them, awake."""
    page.goto(f"{site}notebooks/{chapter}.html")
    for place in page.locator(".cell_output:has(> img.touch)").all():
        place.scroll_into_view_if_needed()
        place.locator(".touch-figure").wait_for()
    return page.locator(".touch-figure").all()


def carried(page: Any, index: int = 0) -> dict[str, Any]:
    """Return the data in the picture of a figure, as the site serves it."""
    address = page.locator("img.touch").nth(index).evaluate("image => image.src")
    return figures.carried(page.request.get(address).text())["data"]


@pytest.fixture
def graph(page: Any, site: str) -> Any:
    """Return the stepper of the chapter on graphs, awake."""
    (figure,) = awake(page, site, "graph")
    return figure


def steps(figure: Any) -> Any:
    """Return the slider that goes through the steps."""
    return figure.get_by_role("slider", name="Step", exact=True)


# ---------------------------------------------------------------- waking


@pytest.mark.parametrize("width", [360, *(pytest.param(w, marks=pytest.mark.slow) for w in (390, 1280))])
@pytest.mark.parametrize("chapter", PAGES)
def test_figures_wake_in_place_with_the_words_of_their_pictures(
    opened: Callable[..., Any], site: str, chapter: str, width: int
) -> None:
    page, _ = opened(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page.route("**/figures-page.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(f"{site}notebooks/{chapter}.html")
    asleep = page.evaluate(LAST_HEADING)
    page.unroute("**/figures-page.js")
    figures = awake(page, site, chapter)
    assert len(figures) == PAGES[chapter]
    assert abs(page.evaluate(LAST_HEADING) - asleep) <= 1, "the page moved when its figures woke"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    alts = page.locator("img.touch").evaluate_all("all => all.map(image => image.alt)")
    assert [figure.get_attribute("aria-label") for figure in figures] == alts


@pytest.mark.slow  # axe has looked at the pages, and here looks at four of them again, with their figures awake
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_in_figures(opened: Callable[..., Any], site: str, scheme: str) -> None:
    for chapter in PAGES:
        page, _ = opened(color_scheme=scheme, bypass_csp=True)  # axe is no script of the site
        awake(page, site, chapter)
        page.evaluate(AXE.read_text("utf-8"))
        faults = page.evaluate("async () => (await axe.run('.touch-figure')).violations.map(fault => fault.id)")
        assert faults == [], chapter


@pytest.mark.parametrize("chapter", PAGES)
def test_without_javascript_the_picture_is_there(opened: Callable[..., Any], site: str, chapter: str) -> None:
    page, _ = opened(java_script_enabled=False)
    page.goto(f"{site}notebooks/{chapter}.html")
    image = page.locator("img.touch").first
    image.scroll_into_view_if_needed()
    assert image.bounding_box()["height"] > 100
    assert page.locator(".touch-figure").count() == 0


def test_on_paper_stands_the_picture(page: Any, graph: Any) -> None:
    assert graph.is_visible()
    page.emulate_media(media="print")
    assert page.locator("img.touch").is_visible()
    assert not graph.is_visible()


@pytest.mark.parametrize("answer", ["no picture at all", "<svg xmlns='http://www.w3.org/2000/svg'/>", "broken"])
def test_where_something_is_amiss_the_picture_stays(page: Any, site: str, answer: str) -> None:
    def spoil(route: Any) -> None:
        if route.request.resource_type == "image":
            route.continue_()
        elif answer == "broken":
            body = route.fetch().text().replace('"inputs":[0,1]', '"inputs":[0,1')
            route.fulfill(body=body, content_type="image/svg+xml")
        else:
            route.fulfill(body=answer, content_type="image/svg+xml")

    page.route("**/_images/*.svg", spoil)
    page.goto(f"{site}notebooks/graph.html")
    image = page.locator("img.touch")
    with page.expect_request(lambda request: request.resource_type == "fetch" and request.url.endswith(".svg")):
        image.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    assert image.is_visible()
    assert page.locator(".touch-figure").count() == 0


def test_a_picture_in_an_output_wakes(page: Any, site: str) -> None:
    """A cell that ran in the page put its SVG there, and says so."""
    awake(page, site, "graph")
    page.evaluate("""async () => {
        const output = document.createElement("div");
        output.innerHTML = await (await fetch(document.querySelector("img.touch").src)).text();
        document.querySelector("main").append(output);
        output.dispatchEvent(new CustomEvent("live:output", { bubbles: true, detail: { element: output } }));
        output.id = "here";
    }""")
    assert page.locator("#here .touch-figure").count() == 1
    assert page.locator("#here > svg").count() == 0


# ---------------------------------------------------------------- the stepper


def neuron(x2: float = 0.0) -> Value:
    """The neuron of the chapter."""
    x1, w1, w2 = Value(2.0, label="x1"), Value(-3.0, label="w1"), Value(1.0, label="w2")
    out = (x1 * w1 + Value(x2, label="x2") * w2 + Value(BIAS, label="b")).tanh()
    out.label = "out"
    return out


def walk(root: Value) -> list[list[tuple[str, str]]]:
    """What the cards say at each step, forward and then backward, by the engine's own `_backward`."""
    nodes = topological_sort(root)
    known = [not node._prev for node in nodes]
    for node in nodes:
        node.grad = 0.0

    def cards() -> list[tuple[str, str]]:
        return [(shown(n.data), shown(n.grad)) if k else ("", "") for n, k in zip(nodes, known, strict=True)]

    steps = [cards()]
    for i, node in enumerate(nodes):
        if node._prev:
            known[i] = True
            steps.append(cards())
    root.grad = 1.0
    steps.append(cards())
    for node in reversed(nodes):
        if node._prev:
            node._backward()
            steps.append(cards())
    return steps


def cards(figure: Any) -> list[tuple[str, str]]:
    """Return what the cards of a stepper say: data and gradient of each node."""
    found = figure.evaluate(
        """figure => [...figure.querySelectorAll("[data-part=node]")].map(node =>
            [...node.querySelectorAll("text[text-anchor=end]")].slice(0, 2).map(text => text.textContent))"""
    )
    return [(data, grad) for data, grad in found]


def test_the_stepper_steps_to_pythons_numbers(page: Any, graph: Any) -> None:
    expected = walk(neuron())
    picture = graph.locator(".touch-picture")
    picture.focus()
    page.keyboard.press("Home")
    for numbers in expected:
        assert cards(graph) == numbers
        page.keyboard.press("ArrowRight")
    assert graph.get_by_role("button", name="Step forward").is_disabled()
    for numbers in reversed(expected):
        assert cards(graph) == numbers
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("End")
    assert cards(graph) == expected[-1]


def test_buttons_and_slider_step_alike(graph: Any) -> None:
    expected = walk(neuron())
    slider = steps(graph)
    slider.fill("3")
    assert cards(graph) == expected[3]
    assert slider.get_attribute("aria-valuetext") == f"4 of {len(expected)}"
    graph.get_by_role("button", name="Step forward").click()
    assert cards(graph) == expected[4]
    graph.get_by_role("button", name="Step back").click()
    graph.get_by_role("button", name="Step back").click()
    assert cards(graph) == expected[2]
    slider.press("End")
    assert cards(graph) == expected[-1]


def test_each_step_says_what_happens(graph: Any) -> None:
    slider = steps(graph)
    story, rule = graph.locator(".touch-story"), graph.locator(".touch-rule")
    slider.fill("1")
    assert "x1*w1 = 2 × (−3) = −6" in story.inner_text()
    assert story.get_attribute("aria-live") == "polite"
    assert "return a * b, (b, a)" in rule.inner_text()
    assert rule.locator(".is-data").inner_text() == "a * b"
    assert "x1*w1 moves −3 times as far as x1" in story.inner_text()
    slider.fill(slider.get_attribute("max"))
    assert "w1.grad = 0 + 2 × 0.5 = 1" in story.inner_text()
    assert rule.locator(".is-grad").inner_text() == "(b, a)"
    assert graph.locator(".is-backward[data-part=edge]").count() == 2


def test_it_plays_and_pauses(page: Any, graph: Any) -> None:
    graph.locator(".touch-picture").focus()
    page.keyboard.press("Space")
    assert graph.get_attribute("data-step") == "0"
    assert graph.locator(".touch-story").get_attribute("aria-live") == "off"
    page.locator(".touch-figure[data-step='1']").wait_for()
    graph.get_by_role("button", name="Pause").click()
    step = graph.get_attribute("data-step")
    page.wait_for_timeout(1700)
    assert graph.get_attribute("data-step") == step
    assert graph.get_by_role("button", name="Play").count() == 1


def test_a_typed_leaf_gives_pythons_numbers(graph: Any) -> None:
    graph.get_by_role("textbox", name="x2").fill("1")
    assert cards(graph) == walk(neuron(1.0))[-1]
    graph.get_by_role("textbox", name="x2").fill("-0.75")
    steps(graph).press("Home")
    for numbers in walk(neuron(-0.75)):
        assert cards(graph) == numbers
        steps(graph).press("ArrowRight")
    graph.get_by_role("button", name="Reset the leaves").click()
    steps(graph).press("End")
    assert cards(graph) == walk(neuron())[-1]


# What is typed, the number that the leaf has then, what the box says in the end, and a part of the sentence below.
TYPED = [
    ("1.5", 1.5, "1.5", "Type a number"),
    ("1,5", 1.5, "1.5", "Type a number"),
    ("−2e-3", -0.002, "-0.002", "Type a number"),
    ("1e40", 1e40, "1e+40", "Type a number"),
    ("1e400", 0.0, "0", "“1e400” is more than a float can hold, which ends at 1.798e308. x2 stays 0."),
    ("1,000", 0.0, "0", "“1,000” may be read in two ways: write 1000 or 1.000. x2 stays 0."),
    ("nan", 0.0, "0", "“nan” is no number: write one such as 1.5, −2 or 3e−4. x2 stays 0."),
    ("abc", 0.0, "0", "“abc” is no number"),
    ("", 0.0, "0", "“” is no number"),
    ("2-", 0.0, "0", "“2-” is no number"),
]


@pytest.mark.parametrize(("text", "number", "box", "sentence"), TYPED)
def test_a_leaf_is_what_its_box_says(page: Any, graph: Any, text: str, number: float, box: str, sentence: str) -> None:
    field = graph.get_by_role("textbox", name="x2")
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)
    assert text == "1,000" or cards(graph) == walk(neuron(number))[-1]  # 1,00 was a number
    marked = field.get_attribute("aria-invalid") == "true"
    assert marked == (sentence.startswith("“") and text not in ("", "1,000")), "an unfinished number is no fault yet"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert field.input_value() == box
    assert cards(graph) == walk(neuron(number))[-1]
    hint = graph.locator(".touch-hint")
    assert sentence in hint.text_content()
    assert hint.get_attribute("id") == field.get_attribute("aria-describedby")
    slider = graph.get_by_role("slider", name="x2, slider")
    assert slider.get_attribute("aria-valuetext") == shown(number)
    assert float(slider.input_value()) == pytest.approx(number, abs=0.1, rel=0.1)
    field.fill("-0.75")
    assert hint.text_content().startswith("Type a number")
    assert cards(graph) == walk(neuron(-0.75))[-1]


@pytest.mark.parametrize("width", [360, 390, 800, 1280])
def test_everything_in_a_stepper_can_be_read(opened: Callable[..., Any], site: str, width: int) -> None:
    page, _ = opened(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    (figure,) = awake(page, site, "graph")
    slider = steps(figure)
    for step in range(len(walk(neuron()))):
        slider.fill(str(step))
        covered = figure.evaluate(
            "figure => [...figure.querySelectorAll('.touch-dock *')].filter(box => box.matches(':not(pre, pre *)') &&"
            " (box.scrollHeight > box.clientHeight + 1 && getComputedStyle(box).overflowY !== 'visible'"
            " || box.getBoundingClientRect().right > figure.getBoundingClientRect().right + 1))"
            ".map(box => box.className || box.tagName)"
        )
        assert covered == []
    sizes = figure.evaluate("""figure => {
        const svg = figure.querySelector(".touch-picture > svg");
        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
        return [...svg.querySelectorAll("text")].map(text => parseFloat(getComputedStyle(text).fontSize) * scale);
    }""")
    assert min(sizes) >= 10.99
    outside = figure.evaluate("""figure => [...figure.querySelectorAll("[data-part=node]")].flatMap((node) => {
        const card = node.querySelector("[data-part=card]").getBBox();
        return [...node.querySelectorAll("text[text-anchor=end]")].slice(0, 2).filter((text) => {
            const [own, key] = [text.getBBox(), text.previousElementSibling.getBBox()];
            return own.x < key.x + key.width || own.x + own.width > card.x + card.width;
        }).map((text) => text.textContent);
    })""")
    assert outside == []


@pytest.mark.parametrize("touch", [False, True])
def test_a_dragged_leaf_gives_pythons_numbers(opened: Callable[..., Any], site: str, touch: bool) -> None:
    page, _ = opened(has_touch=touch)
    (figure,) = awake(page, site, "graph")
    names = [row["name"] for row in carried(page)["nodes"]]
    card = figure.locator("[data-part=node]").nth(names.index("x2"))
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    if touch:
        fingers = page.context.new_cdp_session(page)
        fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
        for moved in (10, 20, 40):
            point = {"x": at["x"] + moved, "y": at["y"]}
            fingers.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    else:
        page.mouse.move(at["x"], at["y"])
        page.mouse.down()
        page.mouse.move(at["x"] + 40, at["y"], steps=4)
        page.mouse.up()
    value = figure.get_by_role("textbox", name="x2").evaluate("input => Number(input.value)")
    assert value == 1.0
    assert cards(figure) == walk(neuron(value))[-1]


def test_sliders_of_leaves_work_from_the_keyboard(page: Any, graph: Any) -> None:
    slider = graph.get_by_role("slider", name="x2, slider")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert cards(graph) == walk(neuron(0.5))[-1]
    assert graph.get_attribute("data-step") == str(len(walk(neuron())) - 1), "the steps must not follow that key"


def test_the_focus_is_seen(page: Any, graph: Any) -> None:
    graph.get_by_role("button", name="Step back").focus()
    for _ in range(5):
        page.keyboard.press("Tab")
        width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        assert page.evaluate("document.activeElement.closest('.touch-figure') !== null")
        assert width >= 2


def test_with_reduced_motion_nothing_runs_along_the_edges(opened: Callable[..., Any], site: str) -> None:
    for motion, dots in (("reduce", 0), ("no-preference", 2)):
        page, _ = opened(reduced_motion=motion)
        (figure,) = awake(page, site, "graph")
        assert figure.locator(".touch-pulse").count() == 0, "nothing plays by itself"
        page.evaluate("""() => {
            window.most = 0;
            const watch = () => {
                window.most = Math.max(window.most, document.querySelectorAll(".touch-pulse").length);
                requestAnimationFrame(watch);
            };
            watch();
        }""")
        figure.get_by_role("button", name="Step back").click()
        page.wait_for_timeout(300)
        assert page.evaluate("window.most") == dots


def test_in_forced_colors_the_controls_stand_out(opened: Callable[..., Any], site: str) -> None:
    page, _ = opened(forced_colors="active")
    (figure,) = awake(page, site, "graph")
    button = figure.get_by_role("button", name="Step back")
    ink, ground = button.evaluate("b => [getComputedStyle(b).color, getComputedStyle(b).backgroundColor]")
    assert ink != ground
    assert button.evaluate("b => getComputedStyle(b).borderTopStyle") == "solid"


def test_on_a_phone_the_node_at_work_is_in_sight(opened: Callable[..., Any], site: str) -> None:
    page, _ = opened(viewport={"width": 360, "height": 800}, reduced_motion="reduce")
    (figure,) = awake(page, site, "graph")
    slider = steps(figure)
    for step in (0, 3, 6, 5, 1):
        slider.fill(str(step))
        node = figure.locator("[data-part=node]:is(.is-forward, .is-backward)")
        if node.count():
            box, seen = node.bounding_box(), figure.locator(".touch-picture").bounding_box()
            assert box["x"] >= seen["x"] - 1
            assert box["x"] + box["width"] <= seen["x"] + seen["width"] + 1


# ---------------------------------------------------------------- paths, the boundary, the neuron


def bowl(x: Any, y: Any) -> Any:
    """The function of the chapter."""
    return (x**2 + 25 * y**2) / 2


def part(figure: Any, name: str, attribute: str) -> str:
    """Return an attribute of a part of a picture."""
    return str(figure.locator(f"[data-part={name}]").get_attribute(attribute))


@pytest.mark.parametrize("name", ["SGD", "Nesterov"])
def test_the_sliders_choose_the_engines_path(page: Any, site: str, name: str) -> None:
    figure = awake(page, site, "optimizers")[0]
    data = carried(page)
    for lr, momentum in ((0.005, 0.0), (0.079, 0.0), (0.02, 0.9), (0.15, 0.9)):
        figure.get_by_role("radio", name=name).check(force=True)
        figure.get_by_role("slider", name="learning rate").fill(str(data["rates"].index(lr)))
        figure.get_by_role("slider", name="momentum").fill(str(data["momenta"].index(momentum)))
        nesterov = name == "Nesterov" and momentum > 0
        points = path(bowl, partial(SGD, lr=lr, momentum=momentum, nesterov=nesterov), (-4.0, 1.0), 40)
        assert part(figure, "path", "d") == path_text(followed(Plane((-5, 5), (-2.2, 2.2)), points))
        height = shown(float(f"{bowl(*points[-1]):.2g}"))
        title = figure.locator("[data-part=title]").text_content()
        assert title == f"{name}, lr {shown(lr)}, momentum {shown(momentum)}: height {height}"
        figure.get_by_role("slider", name="momentum").dispatch_event("change")
        assert height in figure.locator(".touch-said").inner_text()


def test_the_film_of_the_boundary(page: Any, site: str) -> None:
    (figure,) = awake(page, site, "moons")
    frames = carried(page)["frames"]
    slider = figure.get_by_role("slider", name="Epoch", exact=True)
    for i in (0, 7, 40, len(frames) - 1):
        slider.fill(str(i))
        frame = frames[i]
        assert part(figure, "region", "d") == frame["region"]
        seen = [float(part(figure, "dot", "cx")), float(part(figure, "dot", "cy"))]
        assert (seen if figure.locator("[data-part=dot]").is_visible() else None) == frame.get("dot")
        title = frame_title(frame)
        assert figure.locator("[data-part=title]").text_content() == title == slider.get_attribute("aria-valuetext")
        assert frame["right"] in figure.locator(".touch-said").inner_text()
    slider.fill(str(len(frames) - 6))
    figure.get_by_role("button", name="Play").click()
    figure.get_by_role("button", name="Play").wait_for(timeout=10_000)
    assert part(figure, "region", "d") == frames[-1]["region"]


def on_the_line(figure: Any, w1: float, w2: float, bias: float) -> None:
    """Check that the line of the picture is the neuron's."""
    x1, y1, x2, y2 = map(float, re.findall(r"-?[\d.]+", part(figure, "line", "d")))
    for px, py in ((x1, y1), (x2, y2)):
        a, b = px / 330 * 6 - 3, 3 - py / 330 * 6
        assert abs(w1 * a + w2 * b + bias) < 0.02


def test_the_neurons_knobs_turn_and_shift_the_line(page: Any, site: str) -> None:
    (figure,) = awake(page, site, "mlp")
    on_the_line(figure, 1.0, 2.0, -2.0)
    figure.get_by_role("slider", name="w₁").fill("-1.5")
    on_the_line(figure, -1.5, 2.0, -2.0)
    figure.get_by_role("slider", name="b", exact=True).fill("0.5")
    on_the_line(figure, -1.5, 2.0, 0.5)
    figure.get_by_role("radio", name="tanh").check(force=True)
    figure.get_by_role("slider", name="x₁").fill("-2")
    figure.get_by_role("slider", name="x₂").fill("0.5")
    out = Value(-1.5 * -2.0 + 2.0 * 0.5 + 0.5).tanh().data
    assert f"tanh(z) = {shown(out)}" in figure.locator(".touch-said").inner_text()
    assert figure.locator("[data-part=title]").text_content() == "tanh(−1.5·x₁ + 2·x₂ + 0.5)"


def test_the_neurons_plane_can_be_dragged(page: Any, site: str) -> None:
    (figure,) = awake(page, site, "mlp")
    window = figure.locator("[data-part=window]")
    window.scroll_into_view_if_needed()
    box = window.locator("rect").bounding_box()

    def pixel(a: float, b: float) -> tuple[float, float]:
        return box["x"] + (a + 3) / 6 * box["width"], box["y"] + (3 - b) / 6 * box["height"]

    def drag(start: tuple[float, float], end: tuple[float, float]) -> None:
        page.mouse.move(*pixel(*start))
        page.mouse.down()
        page.mouse.move(*pixel(*end), steps=6)
        page.mouse.up()

    def knob(name: str) -> float:
        return float(figure.get_by_role("slider", name=name, exact=True).input_value())

    drag((1.0, 1.0), (-1.0, -2.0))  # the point
    assert (knob("x₁"), knob("x₂")) == (-1.0, -2.0)
    drag((2.0, 0.0), (2.0, -1.0))  # the line: it goes through where it was dropped
    assert (knob("w₁"), knob("w₂")) == (1.0, 2.0)
    assert knob("b") == 0.0
    drag((1.0, 2.0), (2.0, 1.0))  # the tip of the arrow, whose foot is now at the origin
    assert (knob("w₁"), knob("w₂")) == (2.0, 1.0)
    on_the_line(figure, 2.0, 1.0, 0.0)
    assert math.isclose(knob("b"), 0.0)
