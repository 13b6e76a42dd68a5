"""The library and its tests without PyTorch, on every Python and with the oldest and the newest numpy: `make test-all`.

nox --list                    what there is
nox --python 3.12 -k oldest   one of them
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT, max_version="3.14")
(PROMISED,) = PROJECT["project"]["dependencies"]  # numpy>=...
FIRST_WHEELS = {"3.13": "2.1.0", "3.14": "2.3.2"}  # where what is promised is older than any numpy for that Python
TOOLS = {"pytest", "pytest-xdist", "hypothesis", "setuptools"}  # of requirements.txt, what the library's tests need

nox.needs_version = ">=2025.2"
nox.options.reuse_venv = "yes"

# pyenv hides every Python but the chosen ones: choose all that it has.
if pyenv := shutil.which("pyenv"):
    installed = subprocess.check_output([pyenv, "versions", "--bare"], text=True)  # noqa: S603  # no input from outside
    os.environ["PYENV_VERSION"] = ":".join(installed.split())


@nox.session(python=PYTHONS)
@nox.parametrize("numpy", ["oldest", "newest"])
def library(session: nox.Session, numpy: str) -> None:
    """Run the library's tests: all but those of tools/, which are the book's and need its packages."""
    tools = [line for line in Path("requirements.txt").read_text("utf-8").splitlines() if named(line) in TOOLS]
    oldest = FIRST_WHEELS.get(str(session.python), PROMISED.partition(">=")[2])
    wanted = f"numpy=={oldest}" if numpy == "oldest" else PROMISED
    session.install("--upgrade", "--only-binary=:all:", "-e", ".[moons,widgets]", wanted, *tools)
    session.run(
        "python", "-c", "import sys, numpy; print('Python', sys.version.split()[0], 'numpy', numpy.__version__)"
    )
    ignored = [f"--ignore=tests/{folder}" for folder in ("book", "browser", "quality")]
    session.run("pytest", "tests", "-n2", "-q", *ignored, *session.posargs)


def named(requirement: str) -> str:
    """Return the package that a line of requirements.txt is about."""
    return re.split(r"[^\w-]", requirement, maxsplit=1)[0]
