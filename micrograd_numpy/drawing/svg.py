"""Writing SVG: one tag after the other, and text of which only the reader's program knows the width."""

from __future__ import annotations

import unicodedata
from html import escape

FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif"
BOLD = 13.5  # bold letters of size 12 are as wide as others of this size


def tag(name: str, inside: str = "", /, **attributes: object) -> str:
    """Write one SVG element. `inside` is SVG already; an underscore in an attribute's name becomes a hyphen."""
    written = (f"{value:.1f}" if isinstance(value, float) else escape(str(value)) for value in attributes.values())
    pairs = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in zip(attributes, written))
    return f"<{name}{pairs}>{inside}</{name}>"


def shown(x: float) -> str:
    """Write `x` to four significant digits, with a true minus sign."""
    return f"{x:.4g}".replace("-", "−")


def text_width(text: str, size: float = 12.0) -> float:
    """Estimate the width of `text`, generously: the font is the reader's, so nothing can measure it here."""
    return size * sum(1.1 if unicodedata.east_asian_width(c) in ("W", "F") else 0.65 for c in text)


def clipped(text: object, width: float = 130.0) -> str:
    """Cut `text` to one line, no wider than `width`, without characters that cannot be shown."""
    line = short = "".join(c if c.isprintable() else " " for c in str(text)[:200]).strip()
    while text_width(short, BOLD) > width:
        line = line[:-1]
        short = line.rstrip() + "…"
    return short
