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
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from tools import ROOT
from tools.book import live_runtime

KERNEL = ("micropip", "ssl", "sqlite3", "ipython", "jedi")  # what JupyterLite's kernel imports, of Pyodide's packages
PYPI = ("comm", "ipywidgets", "anywidget", "psygnal", "typing_extensions", "tqdm")  # in the versions of REQUIREMENTS
DEPENDS = {  # what must be there for their import to succeed; their own lists name more than a browser needs
    "ipywidgets": ["comm", "traitlets", "ipython"],
    "anywidget": ["ipywidgets", "psygnal", "typing-extensions"],
}
REQUIREMENTS = Path(__file__).with_name("lite-requirements.txt")
LIVE = "../../../_static/live"  # what the site has already, seen from lite/static/pyodide/
SETTINGS = {  # no package comes from PyPI while the reader waits: nothing is asked of any other host
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {
        "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": {"disablePyPIFallback": True}}
    },
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


def lay_out_contents(folder: Path) -> None:
    """Lay out the notebooks as they lie in the project, with the one file that a chapter reads."""
    others = shutil.ignore_patterns("*.py", "*.lock", "__pycache__", ".*")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=others)
    (folder / "benchmarks").mkdir()
    shutil.copy(ROOT / "benchmarks" / "results.json", folder / "benchmarks")


def run(environment: Path, folder: Path, program: str, *arguments: str | Path) -> None:
    """Run a program of the environment in a folder, and stop when it fails."""
    command = [environment / "bin" / program, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  # our own environment's
    if done.returncode:
        raise SystemExit(f"{program} failed:\n{done.stdout}{done.stderr}")


def packages(live: Path, listed: dict[str, Any], own: Path, environment: Path) -> dict[str, dict[str, Any]]:
    """Put into `own` what the site has not got yet, and list all of it; addresses are seen from the folder above."""
    pins = json.loads(live_runtime.PINS.read_text("utf-8"))
    wanted = live_runtime.wanted(listed, [*pins["packages"], *KERNEL])
    shared = {path.name for path in (live / "packages").iterdir()}
    missing = [package for package in wanted if package.file not in shared]
    live_runtime.provide(own, missing, pins["carrier"], pins["sha256"])
    found = {}
    for package in wanted:
        folder = f"{LIVE}/packages" if package.file in shared else own.name
        found[package.name] = {**listed[package.name], "file_name": f"{folder}/{package.file}"}
    pure: list[str | Path] = ["--no-deps", "--only-binary", ":all:", "--platform", "any", "-c", REQUIREMENTS, "-q"]
    run(environment, own, "pip", "download", "--disable-pip-version-check", *pure, *PYPI)
    theirs = {package.file for package in missing}
    found.update(entry(wheel, f"{own.name}/{wheel.name}") for wheel in own.glob("*.whl") if wheel.name not in theirs)
    (ours,) = live.glob("micrograd_numpy-*.whl")
    found.update([entry(ours, f"{LIVE}/{ours.name}")])
    return found


def build(site: Path, environment: Path, scratch: Path) -> None:
    """Make `SITE/lite/`."""
    live, out = site / "_static" / "live", site / "lite"
    if not (live / "packages").is_dir():
        raise SystemExit("The site has no packages for the pages' Python: run `make live-runtime book` first.")
    shutil.rmtree(out, ignore_errors=True)
    lay_out_contents(scratch / "contents")
    (scratch / "jupyter-lite.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    python = scratch / "static" / "pyodide"  # where `jupyter lite build` looks for it
    shutil.copytree(live / "pyodide", python, dirs_exist_ok=True)
    shutil.copy(live_runtime.LIST.with_name("pyodide.js"), python)  # the kernel's worker is of the old kind
    lock = json.loads(live_runtime.LIST.read_text("utf-8"))
    lock["packages"] = packages(live, lock["packages"], python / "packages", environment)
    (python / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    options = ["--no-sourcemaps", "--no-unused-shared-packages", "--apps", "lab", "--contents", "contents"]
    run(environment, scratch, "jupyter-lite", "build", *options, "--output-dir", out)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"JupyterLite: {size / 1e6:.0f} MB in {out}")
    if size > MOST:
        raise SystemExit(f"That is more than the {MOST / 1e6:.0f} MB that it may have.")


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
    asked = parser.parse_args()
    if asked.environment:
        with tempfile.TemporaryDirectory() as scratch:  # a new one: what was made before is not made again
            build(asked.site.resolve(), asked.environment.resolve(), Path(scratch))
    print(f"{link(asked.site)} pages have got a button for it")


if __name__ == "__main__":
    main()
