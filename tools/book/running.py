"""Run a notebook so that the same source gives the same bytes, and look at what a run has left."""

from __future__ import annotations

import importlib.util
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

from tools.book.twins import METADATA, Pair

CELL_TIMEOUT = 120  # seconds
IGNORING = {"nbval-ignore-output", "nbval-skip"}  # tags with which nbval compares nothing
IGNORED_SHARE = 0.1  # of a notebook's code cells, at most


def missing_packages(notebook: NotebookNode) -> list[str]:
    """Return the packages that the cells import and that are not installed: the outputs would not be the same."""
    names = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            names |= set(re.findall(r"^\s*(?:import|from)\s+([A-Za-z_]\w*)", cell.source, re.MULTILINE))
    return sorted(name for name in names if importlib.util.find_spec(name) is None)


class OwnKernel(AsyncKernelManager):
    """The kernel of the Python that runs this, whatever kernels a person has registered as `python3`."""

    def _kernel_spec_manager_default(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


def connection(folder: str) -> Config:
    """Let a kernel talk over files in `folder`, not ports: two that start at once could be given the same port."""
    files = {"transport": "ipc", "connection_file": f"{folder}/kernel.json"}
    return Config(KernelManager=files if os.name == "posix" else {})


def run(notebook: NotebookNode, folder: Path, root: Path) -> None:
    """Execute in place, away from the settings of whoever runs it."""
    # Hash randomisation stays on: an output that shows the order of a set must not look stable.
    private = ("MPLBACKEND", "MPLSTYLE", "PYTHONHASHSEED", "PYTHONWARNINGS", "PYTHONSTARTUP", "COLUMNS")
    environment = {name: value for name, value in os.environ.items() if name not in private}
    with tempfile.TemporaryDirectory() as profile:
        environment |= {"TQDM_DISABLE": "1", "PYTHONPATH": str(root), "IPYTHONDIR": profile}
        client = NotebookClient(
            notebook,
            kernel_manager_class=OwnKernel,
            config=connection(profile),
            resources={"metadata": {"path": str(folder)}},
            timeout=CELL_TIMEOUT,
            record_timing=False,
            store_widget_state=True,  # nbclient needs it for `interact`; normalise drops it with all other metadata
        )
        client.execute(env=environment)


def normalise(notebook: NotebookNode) -> None:
    """Drop what differs from run to run."""
    for cell in notebook.cells:
        if "widget" in cell.metadata.get("tags", []):
            cell.outputs = []
        outputs: list[NotebookNode] = []
        for output in cell.get("outputs", []):
            last = outputs[-1] if outputs else None
            if last and output.output_type == last.output_type == "stream" and output.name == last.name:
                last.text += output.text  # nbclient would join what a picture parts, too
                continue
            # A figure to touch is stored as its picture: the name of its widget differs from run to run.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
            outputs.append(output)
        if "outputs" in cell:
            cell.outputs = outputs
    notebook.metadata = nbformat.from_dict(METADATA)


def place_of(notebook: NotebookNode, index: int) -> str:
    """Name a cell by its number and the heading above it."""
    text = "\n".join(cell.source for cell in notebook.cells[:index] if cell.cell_type == "markdown")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return f'cell {index + 1}, under "{headings[-1]}"' if headings else f"cell {index + 1}"


def failure(pair: Pair, notebook: NotebookNode, error: Exception) -> str:
    """Say which cell failed, under which heading, and how."""
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    ran = [i for i in code if notebook.cells[i].execution_count]
    broken = [i for i in code if any(output.output_type == "error" for output in notebook.cells[i].outputs)]
    index = (broken or ran or [0])[-1]
    said = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).rpartition("-" * 18 + "\n")[2].strip()
    return f"{pair.notebook}, {place_of(notebook, index)}:\n{said}\n-> mend it in {pair.text}, then: make sync"


def check_outputs(pair: Pair) -> Iterator[str]:
    """Yield what did not run, in order and without error or warning, and too many cells that nbval skips."""
    notebook = pair.read_notebook()
    if notebook is None:
        return  # check_twins says so
    code = [(i, cell) for i, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code"]
    expected = 0
    for number, cell in code:
        where = f"{pair.notebook}: cell {number}"
        if not cell.source.strip():
            yield f"{where}: an empty code cell"
            continue
        expected += 1
        if cell.execution_count != expected:
            said = "has not been run" if cell.execution_count is None else f"ran as [{cell.execution_count}]"
            yield f"{where}: {said}, expected [{expected}]"
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"{where}: stores an error: {output.ename}: {output.evalue}"
            if output.output_type == "stream" and output.name == "stderr":
                yield f"{where}: stores a warning: {output.text.strip():.80}"
            if output.get("execution_count", cell.execution_count) != cell.execution_count:
                yield f"{where}: an output with another cell's number"
    ignored = sum(bool(IGNORING & set(cell.metadata.get("tags", [])) or "# NBVAL_" in cell.source) for _, cell in code)
    if ignored > IGNORED_SHARE * len(code):
        yield f"{pair.notebook}: nbval ignores {ignored} of {len(code)} code cells; at most a tenth may be"
