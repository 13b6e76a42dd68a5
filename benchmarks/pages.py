"""Keep what the browser tests have measured of the book's pages: `make weigh` writes benchmarks/pages.json."""

from __future__ import annotations

import json
import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MEASURED = ROOT / "_build" / "pages"
RESULTS = ROOT / "benchmarks" / "pages.json"

UNITS = {
    "bytes": "over the wire, zipped, before a reader touches anything",
    "requests": "for that, the page itself included",
    "shift": "cumulative layout shift until the network is idle; up to 0.1 counts as good",
    "readable_ms": "from the address to the first content, from this machine, with nothing in the browser's cache",
}


def main() -> None:
    """Write the file: a page a line, the heaviest last."""
    pages = {name: page for file in MEASURED.glob("*.json") for name, page in json.loads(file.read_text()).items()}
    if not pages:
        raise SystemExit("There are no measurements: run `make browser` first.")
    for page in pages.values():
        page.update(shift=round(page["shift"], 4), readable_ms=round(page["readable_ms"]))
    lines = [
        f"    {json.dumps(name)}: {json.dumps(pages[name])}" for name in sorted(pages, key=lambda n: pages[n]["bytes"])
    ]
    head = json.dumps({"machine": f"{platform.machine()}, headless Chromium", "units": UNITS}, indent=2)
    RESULTS.write_text(head.removesuffix("\n}") + ',\n  "pages": {\n' + ",\n".join(lines) + "\n  }\n}\n")
    print(f"{len(pages)} pages: {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
