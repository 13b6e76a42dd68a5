"""The project's own tools: `book` makes and checks the pages, `quality` tests the tests. Each runs as `python -m`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
