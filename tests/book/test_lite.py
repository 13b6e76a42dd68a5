"""JupyterLite beside the book: its list of packages, its notebooks, and the buttons that lead to it."""

import hashlib
from zipfile import ZipFile

import pytest

from tools.book import lite

PAGE = '<div class="dropdown dropdown-launch-buttons">\n<ul class="dropdown-menu">\n<li>Colab</li></ul></div>'


def test_a_wheel_is_listed_as_pyodide_lists_its_own(tmp_path):
    wheel = tmp_path / "Some_Thing-1.2-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for name in (
            "some_thing/__init__.py",
            "some_thing/data.json",
            "single.py",
            "Some_Thing-1.2.dist-info/METADATA",
        ):
            archive.writestr(name, "")
    name, line = lite.entry(wheel, "../there.whl")
    assert name == line["name"] == "some-thing"
    assert line["version"] == "1.2"
    assert line["file_name"] == "../there.whl"
    assert line["imports"] == ["single", "some_thing"]
    assert line["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_notebooks_keep_their_places_and_bring_what_they_read(tmp_path):
    lite.lay_out_contents(tmp_path / "contents")
    found = {path.relative_to(tmp_path / "contents").as_posix() for path in (tmp_path / "contents").rglob("*.*")}
    assert {"notebooks/value.ipynb", "notebooks/exercises/value.ipynb", "benchmarks/results.json"} <= found
    assert all(name.endswith((".ipynb", ".json")) for name in found)


def test_each_notebook_gets_one_button(tmp_path):
    deep = tmp_path / "notebooks" / "exercises" / "value.html"
    deep.parent.mkdir(parents=True)
    deep.write_text(PAGE)
    (tmp_path / "notebooks" / "bare.html").write_text("<p>no menu</p>")
    assert lite.link(tmp_path) == 1
    page = deep.read_text()
    assert 'href="../../lite/lab/index.html?path=notebooks/exercises/value.ipynb"' in page
    assert page.index("JupyterLite") < page.index("Colab")
    assert lite.link(tmp_path) == 0
    assert deep.read_text() == page


def test_a_site_without_packages_is_told_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match="make live-runtime book"):
        lite.build(tmp_path, tmp_path, tmp_path)
