"""Measure, and write what came out to results.json: `make bench`.

Everything runs in this one process, on one thread: round after round, each peer does some steps, and
its CPU time is taken. A ratio is the median of the ratios of the rounds, so that what disturbs a round
disturbs both sides. Before anything is timed, all peers must agree on the loss and on every gradient.
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.peers import ARRAYS, SCALARS, Peer, Task, task
from micrograd_numpy import Value, topological_sort, vectorize

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
OURS = "ours, vectorized"
NEEDS = {
    "micrograd": "micrograd",
    "PyTorch": "torch",
    "PyTorch, lean": "torch",
    "JAX, compiled": "jax",
    "autograd": "autograd",
}


def available(peers: dict[str, Callable[[Task], Peer]]) -> dict[str, Callable[[Task], Peer]]:
    """The peers whose packages are installed; C where there is a compiler."""
    here = {}
    for name, make in peers.items():
        if name == "C" and not shutil.which("cc"):
            print("There is no C compiler, cc: the C loop is left out.")
        elif name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
            print(f"{NEEDS[name]} is not installed: {name} is left out. Get it with pip install -e .[bench]")
        else:
            here[name] = make
    return here


def rounds(functions: dict[str, Callable[[], Any]], count: int, seconds: float = 0.02) -> dict[str, list[float]]:
    """The CPU time of each function in each round, in seconds, with nothing left to collect from the one before."""
    repeats = {}
    for name, run in functions.items():
        run()  # compiles, allocates, warms up
        start = process_time()
        run()
        repeats[name] = max(1, round(seconds / max(process_time() - start, 1e-6)))
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(count):
        for name, run in functions.items():
            gc.collect()
            start = process_time()
            for _ in range(repeats[name]):
                run()
            times[name].append((process_time() - start) / repeats[name])
    return times


def summary(times: dict[str, list[float]], base: str) -> dict[str, dict[str, float]]:
    """For each name its median time in microseconds, and how many times as long as `base` it takes, with quartiles."""
    table = {}
    for name, mine in times.items():
        ratios = sorted(a / b for a, b in zip(mine, times[base]))
        low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        numbers = {"us": statistics.median(mine) * 1e6, "ratio": middle, "ratio_low": low, "ratio_high": high}
        table[name] = {key: float(f"{number:.4g}") for key, number in numbers.items()}
    return table


def agree(peers: dict[str, Peer], tolerance: float = 1e-12) -> float:
    """The largest difference between two peers' gradients after one step each; an error if it is not tiny."""
    losses = {name: peer.step() for name, peer in peers.items()}
    gradients = {name: np.array(peer.gradients()) for name, peer in peers.items()}
    reference = next(iter(gradients.values()))
    worst = max(float(abs(g - reference).max()) for g in gradients.values())
    if worst > tolerance or max(losses.values()) - min(losses.values()) > tolerance:
        raise SystemExit(f"The peers do not do the same work: losses {losses}, gradients differ by {worst}.")
    return worst


def step(n: int, width: int, peers: dict[str, Callable[[Task], Peer]], base: str, count: int) -> dict[str, Any]:
    """One training step at one size."""
    data = task(n, width)
    ready = {name: make(data) for name, make in peers.items()}
    worst = agree(ready)
    gc.collect()
    gc.freeze()  # what is imported is nobody's garbage
    table = summary(rounds({name: peer.step for name, peer in ready.items()}, count), base)
    print(f"  batch {n}, width {width}: gradients agree within {worst:.1e}")
    for name, row in table.items():
        print(f"    {name:22} {row['us']:12,.1f} us {row['ratio']:9.2f} times as long as {base}")
    return {"batch": n, "width": width, "worst_gradient_difference": worst, "peers": table}


def collector(data: Task, peers: dict[str, Callable[[Task], Peer]], count: int) -> dict[str, Any]:
    """What share of a step of the scalar engines is the garbage collector's."""
    shares = {}
    for name, make in peers.items():
        run, times = make(data).step, {True: [0.0] * count, False: [0.0] * count}
        for i in range(count):
            for enabled in (True, False):
                gc.collect()
                if not enabled:
                    gc.disable()
                start = process_time()
                run()
                times[enabled][i] = process_time() - start
                gc.enable()
        shares[name] = round(statistics.median(1 - off / on for on, off in zip(times[True], times[False])), 3)
        print(f"  {name:22} {shares[name]:.0%} of its time")
    return shares


def per_node(make: Callable[[], Any], count: int) -> dict[str, float]:
    """Nanoseconds for each node of a graph: to make it, to sort it, to go back, to free it; and its bytes."""
    times: dict[str, list[float]] = {"forward": [], "sort": [], "backward": [], "free": []}
    nodes = len(topological_sort(make()))
    for _ in range(count):
        gc.collect()
        marks = [process_time()]
        root = make()
        marks.append(process_time())
        order = topological_sort(root)
        marks.append(process_time())
        del order
        skip = process_time()
        root.backward()
        marks.append(process_time() - skip + marks[-1])
        skip = process_time()
        del root
        marks.append(process_time() - skip + marks[-1])
        for name, a, b in zip(times, marks, marks[1:]):
            times[name].append((b - a) * 1e9 / nodes)
    tracemalloc.start()
    root = make()
    root.backward()
    size = tracemalloc.get_traced_memory()[0]
    gc.disable()
    del root
    left = tracemalloc.get_traced_memory()[0]
    gc.enable()
    tracemalloc.stop()
    row = {name: round(statistics.median(t), 1) for name, t in times.items()}
    left_over = {"bytes": round(size / nodes, 1), "bytes_left_without_collector": round(left / nodes, 2)}
    return {**row, "nodes": nodes, **left_over}


def chain(length: int) -> Value:
    """A chain of additions and products."""
    x = Value(1.0)
    y = x
    for _ in range(length // 2):
        y = y * 0.999 + x
    return y


def objective(model: Any) -> Any:
    """The demonstration's function of one sample, not yet compiled."""

    @vectorize
    def loss(x: Any, t: Any) -> Any:
        return (1 - t * model(x)).relu() + 1e-4 * sum(p * p for p in model.parameters())

    return loss


def compile_times(count: int) -> list[dict[str, Any]]:
    """Milliseconds to trace and compile the demonstration's function, and run it once, at three sizes of the batch."""
    table = []
    for n in (100, 1000, 10_000):
        data, times = task(n, 16), []
        for _ in range(count):
            loss = objective(data.model())
            start = process_time()
            loss.forward(data.X, data.y)
            times.append((process_time() - start) * 1e3)
        table.append({"batch": n, "ms": round(statistics.median(times), 2)})
        print(f"  batch {n}: {table[-1]['ms']} ms")
    return table


def imports() -> dict[str, float]:
    """Milliseconds of CPU time to import a package in a new interpreter, less an interpreter that imports nothing."""
    code = "import time; t = time.process_time(); import {}; print(time.process_time() - t)"
    table = {}
    for name in ("micrograd.engine", "micrograd_numpy", "numpy", "autograd.numpy", "torch", "jax"):
        if importlib.util.find_spec(name.split(".")[0]):
            command = [sys.executable, "-c", code.format(name)]
            times = [float(subprocess.check_output(command, text=True)) for _ in range(5)]  # noqa: S603  # this Python
            table[name] = round(statistics.median(times) * 1e3, 1)
            print(f"  {name:22} {table[name]:8.1f} ms")
    return table


def builds(root: Path) -> dict[str, float]:
    """Seconds of wall time for the notebooks' tests and for the book."""
    commands = {
        "nbval": ["make", "-s", "nbval"],
        "book": ["make", "-s", "book"],
    }
    table = {}
    for name, command in commands.items():
        start = perf_counter()
        subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own Makefile
        table[name] = round(perf_counter() - start, 1)
        print(f"  {name}: {table[name]} s")
    return table


def machine() -> dict[str, str]:
    """Where this was measured."""
    told = Path("/proc/cpuinfo")  # on Linux
    lines = told.read_text("utf-8").splitlines() if told.exists() else []
    found = [line for line in lines if line.startswith("model name")]
    packages = ("numpy", "micrograd", "torch", "jax", "autograd")
    versions = {name: importlib.metadata.version(name) for name in packages if importlib.util.find_spec(name)}
    compiler = ""
    if shutil.which("cc"):
        compiler = subprocess.check_output(["cc", "--version"], text=True)  # noqa: S607  # whatever cc is here
    return {
        "processor": found[0].partition(": ")[2] if found else platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()), "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(), "cc": compiler.partition("\n")[0], **versions,
    }  # fmt: skip


def main() -> None:
    """Measure everything, or what is asked for, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="parts to measure anew; the others stay as they are", default=[])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--dry", action="store_true", help="write nothing")
    options = parser.parse_args()
    results: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    scalars, arrays = available(SCALARS), available(ARRAYS)
    demo = task(100, 16)
    few = max(3, options.rounds // 3)
    sizes = [(100, 32), (100, 64), (1000, 16), (1000, 32), (1000, 64), (10_000, 16), (10_000, 32), (10_000, 64)]
    parts: dict[str, Callable[[], Any]] = {
        "scalars": lambda: step(100, 16, {**scalars, OURS: ARRAYS[OURS]}, next(iter(scalars)), few),
        "collector": lambda: collector(demo, scalars, few),
        "arrays": lambda: step(100, 16, arrays, OURS, options.rounds),
        "scaling": lambda: [step(n, width, arrays, OURS, few) for n, width in sizes],
        "nodes": lambda: {str(n): per_node(lambda n=n: chain(n), 3) for n in (1000, 10_000, 100_000, 1_000_000)},
        "compile": lambda: compile_times(5),
        "imports": imports,
        "builds": lambda: builds(HERE.parent),
    }
    for name, measure in parts.items():
        if name in options.only or not options.only:
            print(f"{name} ...", flush=True)
            results[name] = measure()
    results["machine"] = machine()
    if not options.dry:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        print(f"Written to {RESULTS}.")


if __name__ == "__main__":
    main()
