"""Figures that you can touch: pictures that carry their data, and wake where JavaScript runs.

A `Figure` is a complete picture, an SVG, with the numbers behind it as JSON in its `<metadata>`. Where nothing
runs, on GitHub or on paper, the picture is all there is. A page of the book, or JupyterLab with anywidget,
hands both to `figures.js`, which moves the picture's parts.
"""

from __future__ import annotations

import functools
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from micrograd_numpy.drawing.svg import tag

HERE = Path(__file__).parent
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def jsonable(x: Any) -> Any:
    """`x` as JSON can hold it: the floats that JSON lacks become their names."""
    if isinstance(x, float):
        return x if math.isfinite(x) else repr(x)
    if isinstance(x, Mapping):
        return {str(key): jsonable(item) for key, item in x.items()}
    return [jsonable(item) for item in x] if isinstance(x, (list, tuple)) else x


@functools.cache
def widget_class() -> type[Any] | None:
    """The class of the live figure in Jupyter, or None where anywidget is not installed."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        return None

    class TouchFigure(anywidget.AnyWidget):
        _esm = HERE / "figures.js"
        _css = HERE / "figures.css"
        kind = traitlets.Unicode().tag(sync=True)
        data = traitlets.Dict().tag(sync=True)
        svg = traitlets.Unicode().tag(sync=True)
        alt = traitlets.Unicode().tag(sync=True)

    return TouchFigure


def in_kernel() -> bool:
    """Whether a Jupyter kernel runs this, so that a widget has a page to live in."""
    ipython = sys.modules.get("IPython")
    return getattr(ipython and ipython.get_ipython(), "kernel", None) is not None


@dataclass(frozen=True)
class Figure:
    """A picture that can be touched. Jupyter and the book show it by themselves.

    Attributes
    ----------
    kind : str
        Which figure of `figures.js` it is: stepper, paths, boundary or neuron.
    alt : str
        What it shows, in words.
    data : dict
        What the live figure needs to know, as JSON can hold it.
    picture : str
        The picture alone, an SVG.
    """

    kind: str
    alt: str
    data: dict[str, Any] = field(repr=False)
    picture: str = field(repr=False)

    @property
    def svg(self) -> str:
        """The picture with its data inside."""
        carried = {"kind": self.kind, "alt": self.alt, "data": self.data}
        text = json.dumps(jsonable(carried), ensure_ascii=False, separators=(",", ":"))
        metadata = tag("metadata", escape(text, quote=False), data_part="touch")
        return f"{self.picture.removesuffix('</svg>')}{metadata}</svg>"

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, **_include_exclude: Any) -> dict[str, Any]:
        """The picture; and in a kernel, where anywidget is installed, the live figure."""
        bundle: dict[str, Any] = {"image/svg+xml": self.svg, "text/plain": repr(self)}
        live = widget_class() if in_kernel() else None
        if live:
            view = live(kind=self.kind, alt=self.alt, data=jsonable(self.data), svg=self.picture)
            bundle[WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": view.model_id}
        return bundle

    def save(self, path: str | Path) -> None:
        """Write the picture with its data: any program that shows SVG shows it.

        Raises
        ------
        ValueError
            If `path` does not end in `.svg`.
        """
        if Path(path).suffix.lower() != ".svg":
            raise ValueError(f"a figure is saved as .svg, but got {str(path)!r}: choose that ending")
        Path(path).write_bytes(self.svg.encode())
