"""Things to show, as in IPython: `display(HTML("<b>bold</b>"))`."""

from __future__ import annotations

from typing import Any

from page_cells import clear_output, display

__all__ = ["HTML", "SVG", "Image", "clear_output", "display"]


class Data:
    """What is shown, as text or bytes."""

    def __init__(self, data: Any) -> None:
        self.data = data


class HTML(Data):
    """A piece of HTML."""

    def _repr_html_(self) -> str:
        return self.data


class SVG(Data):
    """A picture written in SVG."""

    def _repr_svg_(self) -> str:
        return self.data


class Image(Data):
    """A PNG picture, as bytes."""

    def _repr_png_(self) -> bytes:
        return self.data
