"""For nbval: kernels talk over files, not ports, since two that start at once could be given the same port."""

import os
from tempfile import TemporaryDirectory
from typing import Any

import nbval.kernel
from jupyter_client.manager import KernelManager


def over_files(**settings: Any) -> KernelManager:
    """A kernel manager like nbval's own, with its sockets in a folder of its own."""
    folder = TemporaryDirectory(prefix="kernel-")
    manager = KernelManager(
        transport="ipc", connection_file=f"{folder.name}/kernel.json", **settings
    )
    manager.folder = folder  # which goes when the manager goes
    return manager


if os.name == "posix":
    nbval.kernel.KernelManager = over_files
