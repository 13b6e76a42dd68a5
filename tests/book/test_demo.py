"""The tour on the command line: what it prints, the pictures it writes, and what it says when it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo.py"


def run(*arguments: object, cwd: Path, hide: str = "", demo: Path = DEMO) -> subprocess.CompletedProcess[str]:
    """Run the demo in a process of its own, where `find_spec` does not see the modules named in `hide`."""
    command = [sys.executable, str(demo)]
    if hide:
        code = (
            "import importlib.util, runpy, sys\n"
            "real = importlib.util.find_spec\n"
            f"importlib.util.find_spec = lambda name, *a: None if name in {hide.split()} else real(name, *a)\n"
            f"runpy.run_path({str(demo)!r}, run_name='__main__')\n"
            "import micrograd_numpy; print('used:', micrograd_numpy.__file__)\n"
        )
        command = [sys.executable, "-c", code]
    return subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    """One full run with the default settings, from a folder that is not the clone."""
    folder = tmp_path_factory.mktemp("tour")
    return run("--out", folder / "new" / "pictures", cwd=folder), folder / "new" / "pictures"


def test_the_tour_ends_well_and_says_where_the_pictures_are(tour):
    result, out = tour
    assert (result.returncode, result.stderr) == (0, "")
    assert f"The pictures are in {out.resolve()}" in result.stdout
    names = ["decision_boundary.png", "graph.svg", "loss_curve.png"]
    assert all(name in result.stdout for name in names)
    assert sorted(path.name for path in out.iterdir()) == names


def test_the_gradients_are_printed_and_the_graph_as_a_tree(tour):
    result, _ = tour
    assert "c = 8, dc/da = 4, dc/db = 2" in result.stdout
    assert "g = 24.7041, dg/da = 138.8338, dg/db = 645.5773" in result.stdout
    lines = result.stdout.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("2. "))
    words = [line.split() for line in lines[start + 1 : start + 6]]
    assert words == [
        ["c", "data", "8.0", "grad", "1.0", "+", "of"],
        ["ab", "data", "6.0", "grad", "1.0", "*", "of"],
        ["a", "data", "2.0", "grad", "4.0", "given"],
        ["b", "data", "3.0", "grad", "2.0", "given"],
        ["a", "data", "2.0", "grad", "4.0", "given"],
    ]


def test_the_model_learns_the_moons(tour):
    result, _ = tour
    trained, unseen = (
        float(line.rpartition(":")[2].split("%")[0]) for line in result.stdout.splitlines() if line.endswith("right")
    )
    assert trained == 100.0
    assert unseen >= 98.0


@pytest.mark.parametrize("name", ["decision_boundary.png", "loss_curve.png"])
def test_the_plots_are_png_pictures_of_a_readable_size(tour, name):
    with Image.open(tour[1] / name) as picture:
        picture.load()
        assert (picture.format, picture.width >= 600, picture.height >= 400) == ("PNG", True, True)


def test_the_graph_is_an_svg_picture_with_its_labels(tour):
    root = ET.parse(tour[1] / "graph.svg").getroot()  # noqa: S314  # the demo has just written it
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = {text.strip() for element in root.iter() for text in element.itertext()}
    assert {"a", "b", "c", "ab"} <= texts


def test_help_names_every_option(tmp_path):
    result = run("--help", cwd=tmp_path)
    assert result.returncode == 0
    assert all(option in result.stdout for option in ("--out DIR", "--epochs", "--seed", "demo_output"))
    assert list(tmp_path.iterdir()) == []


def test_the_default_folder_is_made_where_you_are(tmp_path):
    result = run("--epochs", 1, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert len(list((tmp_path / "demo_output").iterdir())) == 3


def test_equal_seeds_tell_the_same_story(tmp_path):
    stories = [run("--epochs", 2, "--seed", seed, "--out", tmp_path, cwd=tmp_path).stdout for seed in (3, 3, 4)]
    assert stories[0] == stories[1]
    assert stories[0] != stories[2]


@pytest.mark.parametrize(
    ("hide", "message"),
    [
        ("sklearn", "needs scikit-learn: pip install scikit-learn"),
        ("matplotlib", "needs matplotlib: pip install matplotlib"),
        ("sklearn matplotlib", "needs scikit-learn and matplotlib: pip install scikit-learn matplotlib"),
    ],
)
def test_a_missing_package_is_named_before_anything_is_written(tmp_path, hide, message):
    result = run(cwd=tmp_path, hide=hide)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_clone_that_is_not_installed_uses_its_own_library(tmp_path):
    clone = tmp_path / "clone"
    shutil.copytree(DEMO.parents[1] / "micrograd_numpy", clone / "micrograd_numpy")
    (clone / "examples").mkdir()
    shutil.copy(DEMO, clone / "examples")
    result = run("--epochs", 1, cwd=tmp_path, hide="micrograd_numpy", demo=clone / "examples" / "demo.py")
    assert result.returncode == 0, result.stderr
    assert "dc/da = 4" in result.stdout
    assert f"used: {clone / 'micrograd_numpy' / '__init__.py'}" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--epochs", "0"), "--epochs must be 1 or more, but got 0"),
        (("--seed", "-1"), "--seed must be 0 or more, but got -1"),
        (("--out", DEMO), "cannot write to --out"),
    ],
)
def test_bad_arguments_are_explained(tmp_path, arguments, message):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
