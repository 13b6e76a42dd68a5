"""Things to show, as in IPython: `display(HTML("<b>bold</b>"))`."""

from __future__ import annotations

from page_cells import clear_output, display

__all__ = ["HTML", "SVG", "Image", "clear_output", "display"]


class HTML:
    """A piece of HTML."""

    def __init__(self, data: str) -> None:
        self.data = data

    def _repr_html_(self) -> str:
        return self.data


class SVG:
    """A picture written in SVG."""

    def __init__(self, data: str) -> None:
        self.data = data

    def _repr_svg_(self) -> str:
        return self.data


class Image:
    """A PNG picture, as bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def _repr_png_(self) -> bytes:
        return self.data
