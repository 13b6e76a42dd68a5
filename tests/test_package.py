"""The package from outside: light to import, one dependency, the names that the README promises."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "micrograd_numpy").rglob("*.py"))
MODULES = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in FILES]
HEAVY = {"matplotlib", "contourpy", "numpy", "scipy", "sklearn", "torch"}
HEAVY |= {"ipywidgets", "IPython", "tqdm", "anywidget", "traitlets"}
ALLOWED = {
    "micrograd_numpy.compiler.replay": {"numpy"}
}  # it runs on arrays, so it imports NumPy at its top; the first use of vectorize imports it

# What the reference page promises of the package itself.
SECTIONS = (ROOT / "book" / "reference.md").read_text("utf-8").split(".. currentmodule:: ")
PUBLIC = {
    name
    for section in SECTIONS
    if section.startswith("micrograd_numpy\n")
    for name in re.findall(r"^\.\. auto(?:class|function):: (\w+)$", section, re.MULTILINE)
}
ENGINE = {"Value", "apply", "dot", "mean", "total", "topological_sort", "draw_graph", "detect_anomaly"}
TOOLS = {"check_gradients", "vectorize", "numpy_rule", "stepper"}
DOORS = {"engine": ENGINE, "nn": PUBLIC - ENGINE - TOOLS}


def python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new interpreter, away from the source tree."""
    return subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, cwd="/", timeout=60, check=False
    )


@pytest.mark.parametrize("module", MODULES)
def test_importing_is_silent_and_light(module):
    heavy = HEAVY - ALLOWED.get(module, set())
    code = f"import sys, {module}; found = {heavy!r} & set(sys.modules); assert not found, found"
    done = python(code, "-W", "error")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_public_names():
    import micrograd_numpy

    odd = PUBLIC ^ set(micrograd_numpy.__all__)
    assert not odd, f"in book/reference.md or in micrograd_numpy.__all__, but not in both: {sorted(odd)}"
    assert len(micrograd_numpy.__all__) == len(PUBLIC)
    assert all(getattr(micrograd_numpy, name).__doc__ for name in PUBLIC)


@pytest.mark.parametrize("door", DOORS)
def test_doors_lead_to_the_same_objects(door):
    import micrograd_numpy

    module = importlib.import_module(f"micrograd_numpy.{door}")
    assert set(module.__all__) & PUBLIC == DOORS[door]
    assert all(hasattr(module, name) for name in module.__all__)
    for name in DOORS[door]:
        assert getattr(module, name) is getattr(micrograd_numpy, name)
    for room in (micrograd_numpy.losses, micrograd_numpy.mlp, micrograd_numpy.value):  # their own lists stay
        assert all(hasattr(room, name) for name in room.__all__)


def test_version_is_that_of_the_project_file():
    stated = (ROOT / "pyproject.toml").read_text("utf-8").partition('\nversion = "')[2].partition('"')[0]
    assert (
        importlib.metadata.version("micrograd_numpy")
        == importlib.import_module("micrograd_numpy").__version__
        == stated
    )
    assert f"\nversion: {stated}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


@pytest.mark.parametrize("module", ["style", "hidden", "parameters", "recording", "replay", "emit", "staleness"])
def test_a_module_that_has_moved_says_where_it_is(module):
    with pytest.raises(ImportError, match="has moved: import ") as caught:
        importlib.import_module(f"micrograd_numpy.{module}")
    assert caught.value.name == f"micrograd_numpy.{module}"
    assert importlib.util.find_spec(str(caught.value).partition(": import ")[2])


def test_a_module_that_never_was_is_not_said_to_have_moved():
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'micrograd_numpy\.nothing'"):
        importlib.import_module("micrograd_numpy.nothing")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the sources without the network."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "micrograd_numpy", source / "micrograd_numpy", ignore=shutil.ignore_patterns("__pycache__"))
    build = [
        "wheel",
        "--quiet",
        "--no-build-isolation",
        "--no-deps",
        "--no-index",
        "--wheel-dir",
        str(out),
        str(source),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *build], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    (path,) = out.glob("*.whl")
    return path


def test_the_one_dependency_is_numpy(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_string(archive.read(name).decode())
    needed = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert needed == ["numpy>=1.26"]
    assert metadata["License-Expression"] == "MIT"


def test_the_wheel_holds_the_library_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        files = {name for name in archive.namelist() if ".dist-info/" not in name}
    besides = {f"micrograd_numpy/{name}" for name in ("py.typed", "figures/figures.js", "figures/figures.css")}
    assert files == {path.as_posix() for path in FILES} | besides


def test_the_wheel_works_by_itself(wheel):
    code = f"""
import sys
sys.path.insert(0, {str(wheel)!r})
from micrograd_numpy import Value, value
assert {wheel.name!r} in value.__file__, value.__file__
a, b = Value(2.0, label="a"), Value(3.0, label="b")
c = a * b + a
c.backward()
print(c.data, a.grad, b.grad)
"""
    done = python(code, "-I")
    assert (done.stdout, done.stderr) == ("8.0 4.0 2.0\n", "")
