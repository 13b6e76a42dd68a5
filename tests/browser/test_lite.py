"""Whole notebooks in JupyterLite, where `make lite` has put it beside the book."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import SITE

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.skipif(not (SITE / "lite").is_dir(), reason="JupyterLite is not in the site: make lite")

NOISE = (
    "ServiceWorker",
    "service-worker",
    "WebSocket",
    "404",
    "terminals plugin",
    "No exact match found",
)  # JupyterLab's own, no fault


def test_a_notebook_runs_whole_and_its_sliders_move(opened: Any, site: str) -> None:
    page, seen = opened(viewport={"width": 1280, "height": 1000})
    page.goto(site + "notebooks/value.html")
    address = page.locator("a", has_text="JupyterLite").first.get_attribute("href")
    page.goto(site + "notebooks/" + address)
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-item", has_text="Run All Cells").first.click()
    sliders = page.locator(".jupyter-widgets .noUi-handle")
    sliders.first.wait_for(state="attached", timeout=120_000)
    for place in range(0, 40_000, 600):  # the notebook keeps only what is in view
        page.evaluate("(y) => { document.querySelector('.jp-WindowedPanel-outer').scrollTop = y }", place)
        page.wait_for_timeout(100)
        if sliders.first.is_visible():
            break
    page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop += 300")
    shown = page.locator(".jp-Cell:has(.jupyter-widgets) .widget-interact .jp-OutputArea-output").first
    before = shown.inner_html()
    box = sliders.first.bounding_box()
    page.mouse.move(box["x"] + 6, box["y"] + 6)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 6, steps=5)
    page.mouse.up()
    expect(shown).not_to_have_js_property("innerHTML", before, timeout=30_000)
    assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
    seen[:] = [fault for fault in seen if not any(noise in fault for noise in NOISE)]
