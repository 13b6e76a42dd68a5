"""The page's backend of matplotlib: Agg draws, and `plt.show()` hands the pictures to the page."""

from matplotlib.backend_bases import FigureManagerBase as FigureManager  # noqa: F401  # a backend's name
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas  # noqa: F401  # likewise
from page_cells import show_figures


def show(*_args: object, **_options: object) -> None:
    """Show what is open."""
    show_figures()
