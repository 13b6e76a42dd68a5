"""Every code cell of the built book runs in its page, and puts out what is printed there."""

from __future__ import annotations

import json
import re
import string
import time
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import until
from tools.book.twins import pairs

NOTEBOOKS = {pair.notebook.with_suffix("").as_posix(): pair.root / pair.notebook for pair in pairs()}
PURE = "notebooks/anomaly"  # a chapter that needs no numpy
NUMBER = re.compile(r"(?<![\w.])[-+−]?(?:\d[\d,_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?(?![\w])")
STATES = {"done", "skipped"}
WAIT = 600_000  # milliseconds, for the longest chapter on a very busy machine

# How a page tells that it has nothing to do: its bar is there, and idle.
# Every cell that the book folds stands open, as for a reader who has opened them all.
UNFOLD = """addEventListener('DOMContentLoaded', () => {
    document.querySelectorAll('div.cell details.hide').forEach((folded) => { folded.open = true })
})"""
IDLE = "() => document.querySelector('.live-bar').dataset.state === 'idle'"

# What the cells of a page show: for each its state, and its outputs as kind and text, or kind and size.
SHOWN = """
() => [...document.querySelectorAll('div.cell')].map(cell => ({
    state: cell.dataset.live,
    outputs: [...cell.querySelectorAll('.live-output > *')].map(output => {
        if (output.matches('.live-touch')) return ['image', null]; // a figure with controls has a size of its own
        if (output.matches('img')) {
            const box = output.getBoundingClientRect();
            return ['image', [box.width, box.height]];
        }
        const kind = ['stream', 'stderr', 'traceback', 'live-interact', 'live-note'].find(name =>
            output.classList.contains(name));
        return [kind ?? 'text', output.textContent];
    }),
}))
"""


# ---------------------------------------------------------------- what is printed, and what the page shows


def printed(path: Path) -> list[dict[str, Any]]:
    """Return the outputs that are stored in a notebook, in the form of SHOWN."""
    cells = []
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        outputs: list[list[Any]] = []
        for output in cell["outputs"]:
            data = output.get("data", {})
            if output["output_type"] == "stream":
                outputs.append(["stderr" if output["name"] == "stderr" else "stream", "".join(output["text"])])
            elif "image/png" in data or "image/svg+xml" in data:
                outputs.append(["image", size(output)])
            else:
                outputs.append(["text", "".join(data["text/plain"])])
        cells.append({"tags": cell["metadata"].get("tags", []), "outputs": outputs})
    return cells


def size(output: dict[str, Any]) -> tuple[float, float]:
    """Return width and height of a stored picture, in pixels of the page."""
    if "image/png" in output["data"]:
        stored = output["metadata"]["image/png"]
        return stored["width"], stored["height"]
    svg = "".join(output["data"]["image/svg+xml"])
    width, height = (re.search(rf'<svg[^>]* {name}="([\d.]+)', svg)[1] for name in ("width", "height"))
    return float(width), float(height)


def value(number: str) -> float:
    """Return the number that a text stands for."""
    return float(number.replace("−", "-").replace(",", "").replace("_", ""))


def last_place(number: str) -> float:
    """Return what one more in the last digit that is shown is worth."""
    mantissa, _, exponent = number.lower().partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def differ(here: str, there: str) -> bool:
    """Whether two texts differ by more than the last digits of their numbers: the page has another libm."""
    here, there = ("\n".join(line.rstrip() for line in text.strip("\n").splitlines()) for text in (here, there))
    here, there = (re.sub(r"( at )0x[0-9a-fA-F]+(?=>)", r"\1ADDRESS", text) for text in (here, there))
    if NUMBER.sub("#", here) != NUMBER.sub("#", there):
        return True
    pairs = zip(NUMBER.findall(here), NUMBER.findall(there), strict=True)
    return any(
        abs(value(a) - value(b)) > max(1.01 * max(last_place(a), last_place(b)) * ("." in a), 1e-9 * abs(value(a)))
        for a, b in pairs
    )


def differences(page: list[dict[str, Any]], book: list[dict[str, Any]]) -> list[str]:
    """Return what is not as printed, cell by cell."""
    found = [] if len(page) == len(book) else [f"the page has {len(page)} cells, the notebook {len(book)}"]
    for number, (shown, stored) in enumerate(zip(page, book), 1):
        if shown["state"] not in STATES:
            found.append(f"cell {number} is {shown['state'] or 'not run'}: {shown['outputs']}")
        elif shown["state"] == "skipped" or "widget" in stored["tags"]:
            continue
        elif [kind for kind, _ in shown["outputs"]] != [kind for kind, _ in stored["outputs"]]:
            found.append(f"cell {number} shows {shown['outputs']}\nbut the book prints {stored['outputs']}")
        else:
            for (kind, here), (_, there) in zip(shown["outputs"], stored["outputs"]):
                if kind == "image":
                    if here and any(abs(a - b) > 0.06 * b + 2 for a, b in zip(here, there)):
                        found.append(f"cell {number} shows a picture of {here}, but the book's has {there}")
                elif differ(here, there):
                    found.append(f"cell {number} shows\n{here}\nbut the book prints\n{there}")
    return found


def run_all(page: Any) -> None:
    """Press "Run all", and wait until the page is idle again."""
    page.locator(".live-run-all").click()
    until(page, IDLE, timeout=WAIT)


def slowly(name: str) -> Any:
    """Mark what `make test` leaves to `make browser`: long trainings, and the exercises."""
    long = name in {"notebooks/moons", "notebooks/optimizers", "notebooks/vectorize"}
    return pytest.param(name, marks=pytest.mark.slow) if long or "exercises" in name else name


@pytest.mark.parametrize("name", list(map(slowly, NOTEBOOKS)))
def test_the_page_gives_what_is_printed_in_it(opened: Any, site: str, name: str) -> None:
    page, _ = opened(viewport={"width": 1600, "height": 900}, reduced_motion="reduce")
    page.goto(f"{site}{name}.html")
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    run_all(page)
    book = printed(NOTEBOOKS[name])
    shown = page.evaluate(SHOWN)
    assert any(cell["outputs"] for cell in shown)
    assert "\n\n".join(differences(shown, book)) == ""


# ---------------------------------------------------------------- what a reader does


class Reader:
    """Someone who uses a page."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        page.add_init_script(UNFOLD)
        page.goto(address)

    def cell(self, number: int) -> Any:
        """Return a cell, counted from 1."""
        return self.page.locator("div.cell").nth(number - 1)

    def press(self, number: int, button: str) -> None:
        """Press a button of a cell: "run", "here", "edit", "revert" or "stop"."""
        self.cell(number).locator(f".live-{button}").first.click()

    def write(self, number: int, code: str) -> None:
        """Write code into a cell, in place of what is there."""
        self.press(number, "edit")
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)

    def run(self, number: int, code: str | None = None) -> str:
        """Run a cell, and return what it shows."""
        if code is not None:
            self.write(number, code)
        self.press(number, "run")
        self.wait()
        return self.shown(number)

    def shown(self, number: int) -> str:
        """Return the output of a cell, as text."""
        return self.cell(number).locator(".live-output").text_content() if self.has_run(number) else ""

    def has_run(self, number: int) -> bool:
        """Whether a cell shows an output of its own run."""
        return self.cell(number).locator(".live-output").count() > 0

    def run_for_ever(self, number: int) -> None:
        """Run a cell that does not end, until it shows that it has begun."""
        self.write(number, "print('begun')\nwhile True:\n    pass")
        self.press(number, "run")
        self.cell(number).locator(".live-output").wait_for()

    def wait(self) -> None:
        """Wait until the page has nothing more to do."""
        until(self.page, IDLE, timeout=WAIT)

    @property
    def said(self) -> str:
        """What the page has told last."""
        return self.page.locator(".live-said").text_content()


@pytest.fixture
def reader(page: Any, site: str) -> Reader:
    """Return a reader of a chapter that needs no numpy."""
    return Reader(page, f"{site}{PURE}.html")


def test_nothing_is_loaded_before_the_first_run(opened: Any, site: str) -> None:
    page, _ = opened()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(site)))
    page.add_init_script(UNFOLD)
    page.goto(f"{site}{PURE}.html", wait_until="networkidle")
    live = {url.partition("?")[0] for url in asked if "_static/live/" in url}
    assert live <= {
        f"_static/live/{name}" for name in ("live.js", "live.css", "figures-page.js", "figures-page.css")
    } | {url for url in live if "/chunk-" in url or "/katex/" in url}


def test_a_chapter_without_numpy_starts_with_at_most_seven_megabytes(
    opened: Any, site: str, record_property: Any
) -> None:
    page, _ = opened()
    page.add_init_script(UNFOLD)
    page.goto(f"{site}{PURE}.html", wait_until="networkidle")
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))
    for how in ("cold", "warm"):
        start = time.monotonic()
        page.locator("div.cell").nth(1).locator(".live-here").click()
        until(page, IDLE, timeout=WAIT)
        record_property(f"seconds to the first result, {how}", round(time.monotonic() - start, 1))
        assert page.locator("div.cell").nth(1).get_attribute("data-live") == "done"
        if how == "cold":
            record_property("bytes to the first result", sum(sizes))
            assert 4_000_000 < sum(sizes) < 7_000_000
        page.reload(wait_until="networkidle")


def test_variables_are_shared_and_cells_are_counted(reader: Reader) -> None:
    assert reader.run(1, "shared = 41") == ""
    assert reader.run(2, "shared += 1\nshared").strip() == "42"
    assert reader.run(2).strip() == "43"
    assert reader.cell(2).locator(".live-count").text_content() == "[3]"


# What a cell shows: code, the kinds of its outputs, and a part of their text.
OUTPUTS = [
    ("import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')\n4", "stream stderr stream text", "a\nb\nc\n4"),
    ("import warnings\nwarnings.warn('careful')", "stderr", ":2: UserWarning: careful\n  warnings.warn('careful')\n"),
    ("import asyncio\nawait asyncio.sleep(0)\n'awaited'", "text", "'awaited'"),
    ("'hidden';  # this is not shown", "", ""),
    (
        "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))\nprint('plain')",
        "html stream",
        "boldplain",
    ),
    ("from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')", "image", ""),
    ("for i in range(3):\n    print(f'\\r{i}', end='')", "stream", "2"),
    ("from __future__ import annotations\ndef f(x: Any): ...\nf", "text", "<function __main__.f(x: 'Any')>"),
    ("import this_is_no_module", "traceback", "ModuleNotFoundError: No module named 'this_is_no_module'"),
    ("%matplotlib inline", "traceback", "Commands with % and ! belong to Jupyter"),
    ("input()", "traceback", "cannot ask in the page"),
    ("import torch", "traceback", "PyTorch does not run in a web page"),
    ("open('../benchmarks/results.json').read(1)", "text", "'{'"),
]
KINDS = """
all => all.map(each => each.matches('img') ? 'image' : (
    ['stream', 'stderr', 'traceback', 'html'].find(name => each.matches(`.${name}, .text_${name}`)) ?? 'text'
)).join(' ')
"""


def test_outputs_come_as_in_jupyter(reader: Reader) -> None:
    for code, kinds, text in OUTPUTS:
        shown = reader.run(1, code)
        assert reader.cell(1).locator(".live-output > *").evaluate_all(KINDS) == kinds, code
        assert text.replace("\n", "") in shown.replace("\n", ""), code


def test_a_traceback_begins_in_the_cell_and_names_no_path_of_the_machinery(reader: Reader) -> None:
    code = "from micrograd_numpy import Value\n\n\ndef make(x):\n    return Value(x)\n\n\nmake('3')"
    shown = reader.run(1, code)
    places = re.findall(r'File "([^"]*)", line (\d+)', shown)
    assert places[:2] == [("In [1]", "8"), ("In [1]", "5")]
    assert {file for file, _ in places[2:]} == {"micrograd_numpy/value.py", "micrograd_numpy/guards/numbers.py"}
    assert "make('3')" in shown
    assert reader.cell(1).locator(".traceback strong").text_content().startswith("TypeError: a Value holds")
    assert reader.said == "Cell 1 ended with TypeError"


def test_a_name_from_above_that_has_not_run_comes_with_a_way_out(reader: Reader) -> None:
    reader.write(1, "from_above = 7")
    assert "NameError" in reader.run(2, "from_above")
    reader.cell(2).get_by_role("button", name="Run to here", exact=True).press("Enter")
    reader.wait()
    assert reader.shown(2).strip() == "7"
    assert reader.cell(2).locator(".live-here:focus").count(), "the keyboard stays where it was"
    reader.page.keyboard.press("Enter")
    reader.wait()
    assert reader.cell(2).locator(".live-here:focus").count()


def test_run_to_here_goes_on_where_it_was(reader: Reader) -> None:
    for number in (1, 2, 3):
        reader.write(number, f"steps = [*globals().get('steps', []), {number}]\nsteps")
    reader.press(2, "here")
    reader.wait()
    reader.press(3, "here")
    reader.wait()
    assert reader.shown(3).strip() == "[1, 2, 3]"
    reader.press(3, "here")  # again, so from the top
    reader.wait()
    assert reader.shown(3).strip() == "[1, 2, 3, 1, 2, 3]"


def test_a_failing_cell_ends_the_run_and_is_unfolded(opened: Any, site: str) -> None:
    page, _ = opened()
    reader = Reader(page, f"{site}notebooks/exercises/value.html")
    folded = page.locator("div.cell.tag_hide-cell").first
    number = page.locator("div.cell").evaluate_all("all => all.findIndex(cell => cell.matches('.tag_hide-cell'))") + 1
    reader.write(number, "1 / 0")
    folded.locator("summary").click()
    assert folded.locator("details").get_attribute("open") is None
    run_all(page)
    assert reader.said == f"Cell {number} ended with ZeroDivisionError"
    assert folded.locator("details").get_attribute("open") is not None
    assert reader.cell(number + 1).get_attribute("data-live") == ""


def test_cells_that_need_torch_say_so_and_are_skipped(reader: Reader) -> None:
    torch = reader.page.locator("div.cell.tag_needs-torch")
    assert torch.count() > 0
    assert torch.first.locator("button.live-button").count() == 0
    assert "PyTorch" in torch.first.locator(".live-count").text_content()
    run_all(reader.page)
    assert torch.first.get_attribute("data-live") == "skipped"
    assert torch.first.locator(".live-output").count() == 0


# ---------------------------------------------------------------- stop, crash, reset


def test_stop_ends_python_where_it_cannot_interrupt(reader: Reader) -> None:
    reader.run(1, "kept = 1")
    reader.run_for_ever(2)
    reader.press(2, "stop")
    reader.wait()
    assert "variables are gone" in reader.said
    assert "variables are gone" in reader.shown(2)
    assert "NameError" in reader.run(3, "kept")
    assert reader.run(3, "'again'").strip() == "'again'"


@pytest.mark.slow  # few servers send the headers that this needs
def test_stop_interrupts_where_it_can(opened: Any, site: str) -> None:
    page, _ = opened()

    def isolate(route: Any) -> None:
        answer = route.fetch()
        headers = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
        route.fulfill(response=answer, headers={**answer.headers, **headers})

    page.route("**/*", isolate)
    reader = Reader(page, f"{site}{PURE}.html")
    assert page.evaluate("crossOriginIsolated")
    reader.run(1, "kept = 1")
    reader.run_for_ever(2)
    reader.press(2, "stop")
    reader.cell(2).locator(".traceback").wait_for()
    reader.wait()
    assert "KeyboardInterrupt" in reader.shown(2)
    assert reader.run(3, "kept").strip() == "1"


def test_stop_while_python_loads_leaves_the_page_as_it_was(reader: Reader) -> None:
    reader.press(1, "run")
    reader.press(1, "stop")
    reader.wait()
    assert reader.cell(1).get_attribute("data-live") == ""
    assert not reader.has_run(1)
    assert reader.run(1, "'later'").strip() == "'later'"


def test_a_crash_of_python_is_told_and_python_comes_back(opened: Any, site: str) -> None:
    page, faults = opened()
    reader = Reader(page, f"{site}{PURE}.html")
    reader.run(1, "kept = 1")
    reader.write(2, "import ctypes\nctypes.string_at(0xFFFFFFF0)")  # reads where no memory is
    reader.press(2, "run")
    reader.cell(2).locator(".live-note").wait_for()
    assert "Python crashed here" in reader.shown(2)
    reader.wait()
    assert "started again" in reader.said
    assert "NameError" in reader.run(3, "kept")
    assert reader.run(3, "'again'").strip() == "'again'"
    known = ("console error", "error: memory access out of bounds")  # Pyodide tells the console of its end
    faults[:] = [fault for fault in faults if not fault.startswith(known)]


@pytest.mark.slow  # it starts Python twice
def test_a_server_that_fails_is_told_and_the_next_run_tries_again(opened: Any, site: str) -> None:
    page, faults = opened()
    reader = Reader(page, f"{site}{PURE}.html")
    page.route("**/*.whl", lambda route: route.fulfill(status=503))
    reader.press(1, "run")
    reader.wait()
    assert "Python did not start" in reader.said
    assert "503" in reader.said
    assert reader.cell(1).get_attribute("data-live") == ""
    page.unroute("**/*.whl")
    faults[:] = [fault for fault in faults if "503" not in fault]
    assert reader.run(1, "'now'").strip() == "'now'"


def test_reset_gives_the_page_back(reader: Reader) -> None:
    before = reader.page.locator("article").inner_html()
    reader.run(1, "print('mine')")
    reader.run(2)
    reader.page.locator(".live-bar .live-revert").click()
    reader.page.get_by_role("button", name="Reset", exact=True).click()
    reader.page.locator(".live-bar[data-state=off]").wait_for(state="attached")
    strip = r' (data-live|style|tabindex)="[^"]*"'
    assert re.sub(strip, "", reader.page.locator("article").inner_html()) == re.sub(strip, "", before)
    reader.page.reload()
    assert reader.cell(1).locator(".cm-content").count() == 0
    assert "NameError" in reader.run(3, "draw_graph")


# ---------------------------------------------------------------- what the bar says

# Write down what the bar says, each time that it says something else.
LISTEN = """
() => {
    const bar = document.querySelector('.live-bar');
    window.heard = [];
    new MutationObserver(() => {
        const said = [bar.querySelector('.live-said').textContent, bar.querySelector('.live-detail').textContent];
        if (String(window.heard.at(-1)) !== String(said)) window.heard.push(said);
    }).observe(bar, {subtree: true, childList: true, characterData: true});
}
"""


def test_the_bar_tells_one_size_before_it_comes_then_how_much_is_here_and_which_cell_runs(
    reader: Reader, site: str
) -> None:
    page = reader.page
    reader.write(1, "1")
    reader.write(2, "import numpy\n\ndef unused():\n    import matplotlib")
    reader.write(3, "3")
    page.evaluate(LISTEN)
    reader.press(3, "here")
    reader.wait()
    config = page.request.get(f"{site}_static/live/config.json").json()
    files = {file for name in ("numpy", "matplotlib") for file in config["packages"]["imports"][name]}
    size = sum(config["core"].values()) + sum(config["packages"]["files"][file] for file in files)
    total = f"{size / 1e6:.1f} MB"
    said = page.evaluate("window.heard")
    loading = [detail for text, detail in said if text.startswith("Loading ")]
    assert {text for text, _ in said if text.startswith("Loading ")} == {
        f"Loading Python, numpy and matplotlib, {total}"
    }
    parts = [float(detail.partition(" ")[0]) for detail in loading if detail]
    assert {detail.partition(" ")[2] for detail in loading if detail} == {f"of {total}"}
    assert parts[0] < 1
    assert parts == sorted(parts)
    assert len(set(parts)) > 10, "it stood still"
    running = [detail for text, detail in said if text == "Running 3 cells" and detail]
    assert list(dict.fromkeys(running)) == ["cell 1, 1 of 3", "cell 2, 2 of 3", "cell 3, 3 of 3"]
    assert said[-1] == ["Done", ""]


@pytest.mark.parametrize("code", ["import numpy", "def late():\n    import numpy\nlate()"])
def test_a_load_that_fails_ends_the_status_with_a_sentence(opened: Any, site: str, code: str) -> None:
    page, faults = opened()
    reader = Reader(page, f"{site}{PURE}.html")
    reader.run(1, "kept = 1")
    page.context.set_offline(True)
    assert "numpy could not be loaded" in reader.run(2, code)
    assert re.match(
        "Cell 2 (did not run: what it needs could not be loaded|ended with ModuleNotFoundError)$", reader.said
    )
    page.wait_for_timeout(500)
    assert page.evaluate(IDLE), "nothing is said after the end"
    page.context.set_offline(False)
    assert "Traceback" not in reader.run(2)
    assert reader.run(3, "kept").strip() == "1"
    faults.clear()  # the requests that failed


def test_a_package_that_is_not_what_the_list_names_is_not_used(reader: Reader) -> None:
    reader.page.route("**/packages/numpy-*", lambda route: route.fulfill(body=b"no wheel"))
    for code in ("import numpy", "def late():\n    import numpy\nlate()"):
        assert "is not the file that Pyodide's list names" in reader.run(1, code)


# ---------------------------------------------------------------- edits


def test_edits_survive_a_reload_until_they_are_reverted(reader: Reader) -> None:
    reader.write(2, "print('mine')")
    reader.page.reload()
    assert reader.cell(2).locator(".cm-content").text_content() == "print('mine')"
    assert reader.run(2).strip() == "mine"
    reader.press(2, "revert")
    assert reader.cell(2).locator(".cell_input div.highlight pre").is_visible()
    assert not reader.has_run(2)
    reader.page.reload()
    assert reader.page.locator(".cm-content").count() == 0


def test_an_output_of_the_code_before_an_edit_is_marked(reader: Reader) -> None:
    number = 1 + reader.page.locator("div.cell").evaluate_all(
        "all => all.findIndex(c => c.querySelector('.cell_output'))"
    )
    cell, page = reader.cell(number), reader.page
    old = cell.get_by_text("This output is of the code before your edit")
    assert old.count() == 0
    reader.write(number, "'mine'")
    assert old.is_visible()
    page.reload()
    cell.locator(".cm-content").wait_for()
    assert old.is_visible(), "what is printed there is of other code"
    assert old.bounding_box()["y"] < cell.locator(".cell_output").bounding_box()["y"]
    assert reader.run(number).strip() == "'mine'"
    assert old.count() == 0
    reader.write(number, "'yours'")
    assert old.is_visible()
    reader.press(number, "revert")
    assert old.count() == 0


def test_edits_in_two_tabs_are_kept_side_by_side(reader: Reader) -> None:
    other = Reader(reader.page.context.new_page(), reader.page.url)
    reader.write(1, "print('here')")
    other.write(2, "print('there')")
    reader.write(3, "print('here, too')")
    mine = reader.cell(2).locator(".cm-content")
    mine.wait_for()  # the other tab's edit arrives
    assert mine.text_content() == "print('there')"
    other.press(2, "revert")
    until(reader.page, "() => document.querySelectorAll('div.cell')[1].matches('.live-edited')", answer=False)
    reader.page.reload()
    reader.cell(3).locator(".cm-content").wait_for()
    texts = reader.page.locator(".cm-content").all_text_contents()
    assert texts == ["print('here')", "print('here, too')"]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_editor_takes_the_place_of_the_code_and_nothing_moves(opened: Any, site: str, width: int) -> None:
    page, _ = opened(viewport={"width": width, "height": 900})
    page.goto(f"{site}notebooks/moons.html")
    # An editor shows the whole code, so the code that it replaces is whole, too.
    page.locator("details.docstring").evaluate_all("all => all.forEach(docstring => (docstring.open = true))")
    height = "all => all.map(cell => cell.closest('details') ? 0 : cell.offsetHeight)"
    heights = page.locator("div.cell").evaluate_all(height)
    longest = heights.index(max(heights))
    cell = page.locator("div.cell").nth(longest)
    assert heights[longest] > 900, "longer than the window"
    cell.locator(".live-edit").scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    cell.locator(".live-edit").click()
    until(page, "() => document.activeElement.matches('.cm-content')")
    page.wait_for_timeout(300)
    assert page.evaluate("scrollY") == before
    assert abs(cell.evaluate("cell => cell.offsetHeight") - heights[longest]) < 2
    page.keyboard.type("# ")
    assert page.evaluate("scrollY") == before, "the cursor was in sight"


def test_what_was_pressed_stays_in_sight_when_the_editor_unfolds_a_docstring(opened: Any, site: str) -> None:
    page, _ = opened(viewport={"width": 1280, "height": 900})
    page.goto(f"{site}notebooks/losses.html")
    number = page.locator("div.cell").evaluate_all(
        "all => all.findIndex(cell => cell.querySelector('details.docstring')?.checkVisibility())"
    )
    cell = page.locator("div.cell").nth(number)
    cell.locator(".live-edit").scroll_into_view_if_needed()
    cell.locator(".live-edit").click()
    until(page, "() => document.activeElement.matches('.cm-content')")
    assert cell.locator(".cm-content").text_content().count('"""') == 2
    assert 0 <= cell.locator(".live-tools").bounding_box()["y"] < 900


def test_an_edit_of_code_that_has_changed_is_handed_back(reader: Reader) -> None:
    reader.write(2, "print('mine')")
    reader.page.evaluate("""
        const [key] = Object.keys(localStorage).filter(key => key.startsWith('micrograd_numpy:edits:'));
        const [text] = Object.values(JSON.parse(localStorage[key]));
        localStorage[key] = JSON.stringify({'of another edition': text});
    """)
    reader.page.reload()
    assert reader.page.locator(".cm-content").count() == 0
    lost = reader.page.locator(".live-lost")
    assert "print('mine')" in lost.text_content()
    lost.locator("summary").click()
    lost.get_by_role("button", name="Forget them").click()
    reader.page.reload()
    assert reader.page.locator(".live-lost").count() == 0


def test_the_keyboard_is_enough(reader: Reader) -> None:
    page = reader.page
    reader.cell(1).locator(".live-edit").focus()
    page.keyboard.press("Enter")
    reader.cell(1).locator(".cm-content").wait_for()
    until(page, "() => document.activeElement.matches('.cm-content')")
    page.keyboard.press("Control+a")
    page.keyboard.type("if True:\n1")  # the new line is indented
    page.keyboard.press("End")
    page.keyboard.press("Shift+Enter")
    page.locator(".live-bar[data-state=busy]").wait_for()
    reader.wait()
    assert reader.cell(1).locator(".cm-content").inner_text() == "if True:\n    1"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.cm-content')")  # Tab indents
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.live-run')")  # and now it leaves
    described = page.evaluate(
        "document.getElementById(document.querySelector('.cm-content').getAttribute('aria-describedby')).textContent"
    )
    assert "Escape, then Tab" in described


def test_every_key_writes_in_the_editor(reader: Reader) -> None:
    page = reader.page
    reader.write(1, "")
    text = string.digits + string.ascii_letters + " " + string.punctuation
    page.keyboard.type(text)
    editor = reader.cell(1).locator(".cm-content")
    assert editor.text_content() == text
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")  # Sphinx listens for it, too
    assert page.evaluate("document.activeElement.matches('.cm-content')")
    page.keyboard.press("Control+k")  # the search that the page offers on every other place, here as well
    page.locator("#pst-search-dialog[open]").wait_for()
    page.keyboard.type("a/b")
    assert page.locator("#pst-search-dialog input").input_value() == "a/b"
    page.keyboard.press("Escape")
    assert editor.text_content() == text


def test_shift_and_enter_run_the_cell_that_was_clicked(reader: Reader) -> None:
    reader.cell(1).locator(".cell_input pre").click(position={"x": 5, "y": 5})
    reader.page.keyboard.press("Shift+Enter")
    reader.wait()
    assert reader.cell(1).get_attribute("data-live") == "done"
    reader.cell(1).locator(".live-run").focus()
    reader.page.keyboard.press("Enter")
    reader.wait()
    assert reader.cell(1).locator(".live-count").text_content() == "[2]"


def test_the_copy_button_copies_the_code(reader: Reader) -> None:
    button = reader.cell(1).locator("button.copybtn")
    target = button.get_attribute("data-clipboard-target")
    stored = json.loads(NOTEBOOKS[PURE].read_text("utf-8"))["cells"]
    code = "".join(next(cell["source"] for cell in stored if cell["cell_type"] == "code"))
    assert reader.page.locator(target).text_content().strip() == code.strip()


# ---------------------------------------------------------------- controls

RESULT = "() => document.querySelector('.live-result').textContent.trim()"


def test_interact_answers_its_sliders(reader: Reader) -> None:
    reader.run(
        1,
        "from ipywidgets import interact\n"
        "def show(n, x=0.5, word='a'):\n"
        "    print(n, x, word)\n"
        "interact(show, n=(0, 6), x=(0.0, 1.0, 0.25), word=['a', 'b'])",
    )
    place = reader.cell(1).locator(".live-result")
    assert place.text_content().strip() == "3 0.5 a"
    n = reader.page.get_by_role("slider", name="n", exact=True)
    n.press("ArrowRight")
    until(reader.page, RESULT, "4 0.5 a")
    reader.page.get_by_label("word", exact=True).select_option("b")
    until(reader.page, RESULT, "4 0.5 b")
    n.evaluate("""slider => {
        for (const value of [0, 1, 2, 5, 6]) {
            slider.value = value;
            slider.dispatchEvent(new Event('input', {bubbles: true}));
        }
    }""")
    until(reader.page, RESULT, "6 0.5 b")
    assert "<function" not in reader.shown(1)


def test_every_chapter_with_controls_has_them_in_the_page(opened: Any, site: str) -> None:
    page, _ = opened()
    reader = Reader(page, f"{site}notebooks/value.html")
    cell = page.locator("div.cell.tag_widget")
    cell.locator("details").evaluate("details => details.open = true")
    cell.locator(".live-here").click()
    reader.wait()
    before = cell.locator(".live-result img").get_attribute("src")
    cell.get_by_role("slider").first.press("ArrowRight")
    until(page, f"() => document.querySelector('.live-result img').src === {json.dumps(before)}", answer=False)


# ---------------------------------------------------------------- packages from elsewhere


def elsewhere(page: Any, site: str) -> str:
    """Make the page believe that the site has no packages of its own; return where they come from then."""
    base = "https://cdn.example/full/"

    def changed(route: Any) -> None:
        config = route.fetch().json()
        config["packages"] |= {"base": base, "foreign": True}
        route.fulfill(json=config)

    page.route("**/live/config.json", changed)
    page.route(
        f"{base}*",
        lambda route: route.fulfill(
            response=page.request.get(f"{site}_static/live/packages/{route.request.url.removeprefix(base)}"),
            headers={"Access-Control-Allow-Origin": "*"},
        ),
    )
    return base


def test_packages_from_elsewhere_come_after_a_question_only(opened: Any, site: str) -> None:
    page, faults = opened()
    base = elsewhere(page, site)
    reader = Reader(page, f"{site}{PURE}.html")
    reader.write(1, "import numpy\nint(numpy.ones(3).sum())")
    reader.press(1, "run")
    question = page.get_by_role("dialog")
    question.wait_for()
    assert "cdn.example" in question.text_content()
    assert re.search(r"numpy.* \d+\.\d MB", question.text_content())
    question.get_by_role("button", name="Do not run").click()
    reader.wait()
    assert not reader.has_run(1)
    assert faults == []
    reader.press(1, "run")
    question.get_by_role("button", name="Load").click()
    reader.wait()
    assert reader.shown(1).strip() == "3"
    assert {fault.partition(base)[2].partition("-")[0] for fault in faults} == {"numpy"}
    faults.clear()
