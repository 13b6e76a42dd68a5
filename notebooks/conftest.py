"""For nbval: with --twice, each cell runs twice in a row; and kernels talk over files, not ports."""

import os
from collections.abc import Iterator
from copy import deepcopy
from tempfile import TemporaryDirectory
from typing import Any

import nbval.kernel
import pytest
from jupyter_client.manager import KernelManager
from nbval.plugin import IPyNbCell, IPyNbFile


def pytest_addoption(parser: pytest.Parser) -> None:
    """Readers run cells twice: again, a cell must show what is stored, and so must all cells after it."""
    parser.addoption(
        "--twice",
        action="store_true",
        help="run each cell of a notebook again, right after itself",
    )


once = IPyNbFile.collect


def collect(self: IPyNbFile) -> Iterator[IPyNbCell]:
    """The cells of a notebook, each of them twice if that was asked for."""
    for item in once(self):
        yield item
        if self.config.getoption("twice"):
            # a copy: nbval joins pieces of the stored output in place
            same = {
                "cell_num": item.cell_num,
                "cell": deepcopy(item.cell),
                "options": item.options,
            }
            yield IPyNbCell.from_parent(self, name=f"{item.name} again", **same)


IPyNbFile.collect = collect


def over_files(**settings: Any) -> KernelManager:
    """A kernel manager like nbval's own, with its sockets in a folder of its own.

    Two kernels that start at once could be given the same port.
    """
    folder = TemporaryDirectory(prefix="kernel-")
    manager = KernelManager(transport="ipc", connection_file=f"{folder.name}/kernel.json", **settings)
    manager.folder = folder  # which goes when the manager goes
    return manager


if os.name == "posix":
    nbval.kernel.KernelManager = over_files
