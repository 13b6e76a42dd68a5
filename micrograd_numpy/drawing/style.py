"""The look of the book's figures: one call at the top of a chapter.

Everywhere in the book, blue is what flows forward (data, functions) and orange
is what flows back (gradients, derivatives). The palette is told apart by
colour-blind readers too; figures are cards with a light ground, so they read
alike on a light and on a dark page.
"""

FORWARD = "#1f5fa8"
BACKWARD = "#c2410c"
ACCENT = "#0f766e"
OCHER = "#a16207"
MUTED = "#6b7280"
INK = "#1f2937"
CARD = "#fbfbf9"


def book_style() -> None:
    """Set matplotlib's defaults for the book, and sharp pictures in Jupyter.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "figure.figsize": (6.4, 3.6),
            "figure.facecolor": CARD,
            "figure.constrained_layout.use": True,
            "savefig.facecolor": CARD,
            "axes.facecolor": CARD,
            "axes.edgecolor": MUTED,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.titlesize": 11,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": cycler(color=[FORWARD, BACKWARD, ACCENT, OCHER, "#7c3aed", MUTED]),
            "grid.color": "#e5e7eb",
            "grid.linewidth": 0.8,
            "xtick.color": INK,
            "ytick.color": INK,
            "text.color": INK,
            "font.family": "DejaVu Sans",  # ships with matplotlib, so pictures are the same everywhere
            "font.size": 10,
            "legend.frameon": False,
            "lines.linewidth": 2.0,
        }
    )
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # no Jupyter: nothing to sharpen
        return
    set_matplotlib_formats("retina")  # type: ignore[no-untyped-call]  # it has no annotations
