"""tools/book/live_runtime.py takes the right files out of the carrier, and no wrong one."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from tools.book import live_runtime
from tools.book.live_runtime import Package, RuntimeFault


def a_wheel(path: Path, licence: str) -> bytes:
    """Write a small wheel with a licence, and return its bytes."""
    with ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}/LICENSE.txt", licence)
        archive.writestr(f"{path.stem}/code.py", "answer = 42\n")
    return path.read_bytes()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A list of four packages, and a carrier with their files; `fetched` counts the downloads."""
    files = {name: a_wheel(tmp_path / f"{name}-1.whl", f"You may use {name}.") for name in ("a", "b", "c", "d")}
    needs = {"a": ["B", "c"], "b": ["c"], "c": [], "d": []}
    listed = {
        name: {
            "version": "1",
            "file_name": f"{name}-1.whl",
            "sha256": hashlib.sha256(files[name]).hexdigest(),
            "depends": needs[name],
        }
        for name in files
    }
    carrier = tmp_path / "carrier.zip"
    with ZipFile(carrier, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"deep/inside/{name}-1.whl", content)
    pins = tmp_path / "packages.json"
    pins.write_text(json.dumps({"carrier": "carrier==1", "sha256": "0" * 64, "packages": ["a"]}))
    lists = tmp_path / "pyodide-lock.json"
    lists.write_text(json.dumps({"packages": listed}))
    fetched = []

    def fetch(*names):
        fetched.append(names[:2])
        return carrier

    monkeypatch.setattr(live_runtime, "PINS", pins)
    monkeypatch.setattr(live_runtime, "LIST", lists)
    monkeypatch.setattr(live_runtime, "fetch_carrier", fetch)
    return {"folder": tmp_path / "out", "files": files, "listed": listed, "carrier": carrier, "fetched": fetched}


def test_it_takes_what_is_named_and_what_that_needs(project, capsys):
    folder = project["folder"]
    assert live_runtime.main([str(folder)]) == 0
    assert sorted(path.name for path in folder.glob("*.whl")) == ["a-1.whl", "b-1.whl", "c-1.whl"]
    assert (folder / "b-1.whl").read_bytes() == project["files"]["b"]
    assert re.match(r"3 packages, [\d.]+ MB; 3 had to be fetched", capsys.readouterr().out)
    assert project["fetched"] == [("carrier==1", "0" * 64)]


def test_the_licences_stand_beside(project):
    live_runtime.main([str(project["folder"])])
    text = (project["folder"] / live_runtime.LICENCES).read_text("utf-8")
    assert [f"You may use {name}." in text for name in "abcd"] == [True, True, True, False]


def test_it_does_nothing_when_all_is_there(project, capsys):
    live_runtime.main([str(project["folder"])])
    times = {path: path.stat().st_mtime_ns for path in project["folder"].iterdir()}
    assert live_runtime.main([str(project["folder"])]) == 0
    assert "none had to be fetched" in capsys.readouterr().out
    assert len(project["fetched"]) == 1
    assert {path: path.stat().st_mtime_ns for path in project["folder"].iterdir()} == times


def test_it_mends_what_is_broken_and_removes_what_is_old(project, capsys):
    folder = project["folder"]
    live_runtime.main([str(folder)])
    (folder / "a-1.whl").write_bytes(b"half")
    (folder / "a-0.whl").write_bytes(b"of last year")
    (folder / "b-1.whl.part").write_bytes(b"of a download that was stopped")
    assert live_runtime.main([str(folder)]) == 0
    assert "; 1 had to be fetched" in capsys.readouterr().out
    assert (folder / "a-1.whl").read_bytes() == project["files"]["a"]
    assert sorted(path.name for path in folder.iterdir()) == ["THIRD-PARTY.txt", "a-1.whl", "b-1.whl", "c-1.whl"]


def test_it_refuses_a_file_that_is_not_the_one_that_the_list_names(project, capsys):
    with ZipFile(project["carrier"], "w") as archive:
        for name in ("a", "b", "c"):
            archive.writestr(f"{name}-1.whl", project["files"][name] if name != "b" else b"something else")
    assert live_runtime.main([str(project["folder"])]) == 1
    assert "b-1.whl in carrier.zip is not the file that Pyodide's list names" in capsys.readouterr().err
    assert not list(project["folder"].glob("b-1*"))


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda carrier: a_wheel(carrier, "of another"), "does not carry a-1.whl"),
        (lambda carrier: carrier.write_bytes(b"no archive"), "carrier.zip is no wheel"),
    ],
)
def test_it_says_what_is_wrong_with_a_carrier(project, tmp_path, write, said):
    write(project["carrier"])
    with pytest.raises(RuntimeFault, match=said):
        live_runtime.unpack(project["carrier"], [Package("a", "1", "a-1.whl", "0" * 64)], tmp_path)


def test_it_says_which_package_nobody_has(project):
    with pytest.raises(RuntimeFault, match="no package 'z'"):
        live_runtime.wanted(project["listed"], ["a", "z"])


def test_it_says_that_npm_comes_first(project, monkeypatch, capsys):
    monkeypatch.setattr(live_runtime, "LIST", project["folder"] / "pyodide-lock.json")
    assert live_runtime.main([str(project["folder"])]) == 1
    assert "run `npm ci --prefix web` first" in capsys.readouterr().err


def test_pip_is_told_the_sum_and_its_failure_is_told(tmp_path, monkeypatch):
    seen = {}

    def run(command, **_):
        seen["text"] = Path(command[-1]).read_text("utf-8")
        seen["command"] = command
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(live_runtime.subprocess, "run", run)
    with pytest.raises(RuntimeFault, match="pip could not download carrier==1"):
        live_runtime.fetch_carrier("carrier==1", "f" * 64, tmp_path)
    assert seen["text"] == f"carrier==1 --hash=sha256:{'f' * 64}\n"
    assert "--require-hashes" in seen["command"]


def test_the_sizes_that_the_page_tells_are_of_the_files_that_are_fetched():
    if not live_runtime.LIST.is_file():
        pytest.skip("Pyodide's list is not there: npm ci --prefix web")
    pins = json.loads(live_runtime.PINS.read_text("utf-8"))
    listed = json.loads(live_runtime.LIST.read_text("utf-8"))["packages"]
    assert sorted(pins["sizes"]) == sorted(package.file for package in live_runtime.wanted(listed, pins["packages"]))
