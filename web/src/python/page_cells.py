"""Runs the cells of a page in Pyodide, and hands their outputs to the page in the order in which Jupyter shows them.

The worker calls `start` once and then `run` for each cell. An output is posted as a kind and its data: text for
"stdout", "stderr", "text", "svg", "html" and "error"; a data address for "image"; JSON for "controls". It goes to
the place of the cell that runs, or of the controls whose function runs.
"""

from __future__ import annotations
import __future__

import ast
import base64
import builtins
import hashlib
import importlib
import inspect
import io
import json
import linecache
import logging
import os
import pprint
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

from pyodide.code import CodeRunner

import __main__

HERE = "/book/notebooks"  # where a chapter's notebook lies in the project: it reads ../benchmarks from there
LONGEST = 200_000  # characters that one cell may print: a page has no more patience than its reader
FUTURES = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)  # one bit for each
CELL = re.compile(r"In \[\d+\]")
LIBRARIES = re.compile(r"^.*/site-packages/|^.*/python[\d.]+(\.zip)?/")
OURS = {"page_cells.py", "page_backend.py", "ipywidgets.py"}  # files that no traceback shows
ANSI = re.compile(r"\x1b\[[0-9;]*m")
MIMES = {"html": "text/html", "svg": "image/svg+xml", "png": "image/png", "jpeg": "image/jpeg"}  # the richest first
ELSEWHERE = {"torch": "PyTorch", "jax": "JAX", "tensorflow": "TensorFlow"}  # modules that Pyodide cannot have

post: Callable[[str, str, str], None]  # (place, kind, data)
provide: Callable[[str], str | None]  # makes a module importable now; "" if it could, None if the name is unknown
places = [""]
futures = 0
quiet: Any = None  # a value that is not shown at the end of a cell, since its controls are


# ---------------------------------------------------------------- what a cell prints


class Printer(io.TextIOBase):
    """A stdout or stderr that posts what is printed, line by line."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.parts: list[str] = []
        self.left = LONGEST

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, text: str) -> int:
        """Post whole lines at once: nobody knows when the next one comes."""
        other = sys.stderr if self is sys.stdout else sys.stdout
        if isinstance(other, Printer) and other is not self:
            other.flush()  # in the order in which it was printed
        if self.left > 0:
            self.parts.append(text[: self.left])
            self.left -= len(text)
            if self.left <= 0:
                self.parts.append(f"\n[cut here: this cell has printed {LONGEST:,} characters]\n")
        if "\n" in text or "\r" in text:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Post what waits."""
        if self.parts:
            post(places[-1], self.kind, ANSI.sub("", "".join(self.parts)))
            self.parts.clear()


def flush() -> None:
    """Post what is printed and still waits."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


def emit(kind: str, data: str) -> None:
    """Post an output that is no stream, after what was printed before it."""
    flush()
    post(places[-1], kind, data)


@contextmanager
def outputs_to(place: str) -> Iterator[None]:
    """Within it, outputs go to `place`."""
    flush()
    places.append(place)
    try:
        yield
    finally:
        flush()
        places.pop()


# ---------------------------------------------------------------- what a value looks like


def as_text(value: Any) -> str:
    """The text that stands for a value: its repr, and for a long collection one item to the line, as in Jupyter."""
    if type(value) in {list, tuple, dict, set, frozenset}:
        return pprint.pformat(value, sort_dicts=False)
    if inspect.isfunction(value):
        try:
            return f"<function {value.__module__}.{value.__qualname__}{inspect.signature(value)}>"
        except (TypeError, ValueError):  # it has none that can be told
            pass
    return repr(value)


def bundle_of(value: Any) -> dict[str, Any]:
    """What a value offers to be shown as, by MIME type: the ways of Jupyter."""
    if isinstance(value, type):
        return {}
    offers: dict[str, Any] = {}
    if callable(method := getattr(value, "_repr_mimebundle_", None)):
        answer = method(include=None, exclude=None)
        offers.update((answer[0] if isinstance(answer, tuple) else answer) or {})
    for name, mime in MIMES.items():
        if mime not in offers and callable(method := getattr(value, f"_repr_{name}_", None)):
            offer = method()
            offers[mime] = offer[0] if isinstance(offer, tuple) else offer
    return {mime: offer for mime, offer in offers.items() if offer is not None}


def show(value: Any) -> None:
    """Show a value in the richest way that the page knows; what ``display(value)`` does."""
    if controls := getattr(value, "_show_controls_", None):
        controls()
        return
    figures = sys.modules.get("matplotlib.figure")
    if figures and isinstance(value, figures.Figure):
        show_figure(value)
        sys.modules["matplotlib.pyplot"].close(value)  # so that the end of the cell does not show it again
        return
    try:
        offers = bundle_of(value)
    except Exception as error:  # noqa: BLE001  # as in Jupyter, it is told, and the text follows
        emit("error", told(error))
        offers = {}
    name = next((name for name, mime in MIMES.items() if mime in offers), None)
    if name is None:
        emit("text", ANSI.sub("", offers.get("text/plain") or as_text(value)))
    elif name in {"png", "jpeg"}:
        show_picture(MIMES[name], offers[MIMES[name]])
    else:
        emit(name, offers[MIMES[name]])


def show_picture(mime: str, data: bytes | str, **size: int) -> None:
    """Show a picture of dots: its bytes, or their base64, as Jupyter keeps them."""
    text = base64.b64encode(data).decode() if isinstance(data, bytes) else data
    emit("image", json.dumps({"address": f"data:{mime};base64,{text}", **size}))


def display(*values: Any, **_: Any) -> None:
    """Show values now, in the middle of a cell."""
    for value in values:
        show(value)


def clear_output(wait: bool = False) -> None:
    """Take away what the cell has shown so far."""
    emit("clear", "later" if wait else "")


# ---------------------------------------------------------------- pictures of matplotlib


def show_figure(figure: Any) -> None:
    """Show a matplotlib figure as Jupyter does: cut to what is drawn, with two dots to the pixel."""
    if not figure.axes and not figure.lines:
        return
    buffer = io.BytesIO()
    colors = {"facecolor": figure.get_facecolor(), "edgecolor": figure.get_edgecolor()}
    figure.savefig(buffer, format="png", bbox_inches="tight", dpi=2 * figure.dpi, **colors)
    png = buffer.getvalue()
    width, height = (int.from_bytes(png[i : i + 4], "big") // 2 for i in (16, 20))
    show_picture("image/png", png, width=width, height=height)


def show_figures() -> None:
    """Show all figures of pyplot that are open, in their order, and close them."""
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        try:
            for number in pyplot.get_fignums():
                show_figure(pyplot.figure(number))
        finally:
            pyplot.close("all")


# ---------------------------------------------------------------- what goes wrong


def told(error: BaseException) -> str:
    """The traceback of an error, from the reader's own cell on, without the paths of this machinery."""
    whole = traceback.TracebackException.from_exception(error)
    parts = [whole]
    for part in parts:  # those of an error's causes come behind it
        first = next((i for i, frame in enumerate(part.stack) if CELL.fullmatch(frame.filename)), len(part.stack))
        del part.stack[:first]
        for frame in part.stack:
            frame.filename = LIBRARIES.sub("", frame.filename)
        part.stack[:] = [frame for frame in part.stack if frame.filename not in OURS]
        parts += filter(None, [part.__cause__, part.__context__, *(part.exceptions or ())])
    text = "".join(whole.format())
    if isinstance(error, SyntaxError) and re.match(r"\s*[%!]", error.text or ""):
        text += "Commands with % and ! belong to Jupyter: in the page, only Python runs.\n"
    return ANSI.sub("", text)


def warning_text(message: Any, category: type, filename: str, lineno: int, line: str | None = None) -> str:
    """A warning as Jupyter shows it, with the cell's name for a path."""
    line = linecache.getline(filename, lineno) if line is None else line
    text = f"{LIBRARIES.sub('', filename)}:{lineno}: {category.__name__}: {message}\n"
    return text + (f"  {line.strip()}\n" if line and line.strip() else "")


def no_input(prompt: object = "") -> str:
    """Stand in for ``input``, which a page cannot wait for."""
    raise RuntimeError(f"input({prompt!r}) cannot ask in the page: write the answer into the cell instead")


# ---------------------------------------------------------------- packages, when they are imported


def imported(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the packages that code imports when it runs; those within functions come when they are called."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                yield node.module.partition(".")[0]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from imported(node.orelse)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for field in ("body", "orelse", "finalbody"):
                yield from imported(getattr(node, field, []))
            for handler in getattr(node, "handlers", []):
                yield from imported(handler.body)


def imports(source: str) -> str:
    """Return the packages that a cell imports at once, with commas between them."""
    try:
        return ",".join(dict.fromkeys(imported(ast.parse(source).body)))
    except (SyntaxError, ValueError):  # running it will say so
        return ""


def digest(content: Any) -> str:
    """The SHA-256 of a JavaScript array of bytes."""
    return hashlib.sha256(content.to_bytes()).hexdigest()


class Packages(MetaPathFinder):
    """Finds the packages that are not here yet: the worker fetches them while the import waits."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Fetch the package if Pyodide's list has it, and find the module in it."""
        if path is not None:
            return None
        if name in ELSEWHERE:
            way_out = "run this cell on your own computer, or in Colab"
            raise ModuleNotFoundError(f"{ELSEWHERE[name]} does not run in a web page: {way_out}", name=name)
        fault = provide(name)
        if fault is None:
            return None
        if fault:
            raise ModuleNotFoundError(fault, name=name)
        importlib.invalidate_caches()
        return PathFinder.find_spec(name, None, target)


# ---------------------------------------------------------------- running


async def execute(source: str, name: str) -> None:
    """Run a cell's code in `__main__`, and show the value of its last line, unless a semicolon ends it."""
    global futures  # noqa: PLW0603  # like IPython, a `from __future__ import` holds for the cells after it
    cell = CodeRunner(source, filename=name, flags=futures | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT).compile()
    futures |= cell.code.co_flags & FUTURES
    value = await cell.run_async(__main__.__dict__)
    if value is not None:
        __main__._ = value
        if value is not quiet:
            show(value)


async def run(place: str, count: int, source: str) -> str:
    """Run a cell; return the name of the error that ended it, or an empty text."""
    name = f"In [{count}]"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    __main__.__dict__.pop("__warningregistry__", None)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Printer):
            stream.left = LONGEST
    failed = ""
    with outputs_to(place):
        try:
            await execute(source, name)
            show_figures()
        except BaseException as error:  # noqa: BLE001  # KeyboardInterrupt and SystemExit end a cell, not Python
            failed = type(error).__name__
            try:
                show_figures()
            finally:
                emit("error", told(error))
    return failed


def start(post_output: Callable[[str, str, str], None], provide_package: Callable[[str], str | None]) -> None:
    """Make Python ready for cells."""
    global post, provide
    post, provide = post_output, provide_package
    sys.stdout, sys.stderr = Printer("stdout"), Printer("stderr")
    sys.meta_path.insert(sys.meta_path.index(PathFinder) + 1, Packages())
    warnings.formatwarning = warning_text
    builtins.input = no_input
    builtins.display = display
    os.environ.update(MPLBACKEND="module://page_backend", TQDM_DISABLE="1")
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it tells that it builds a cache
    os.makedirs(HERE, exist_ok=True)  # noqa: PTH103  # pathlib would cost a tenth of a second
    os.chdir(HERE)
