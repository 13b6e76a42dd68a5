"""The tour on the command line: a gradient, a graph, and a network trained on two moons."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("micrograd_numpy") is None:  # not installed: use the clone this file is in
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from micrograd_numpy import MLP, SGD, Value, draw_graph
from micrograd_numpy.moons import accuracy, moons_data, plot_decision_boundary, plot_loss_curve, train

NEEDED = {"numpy": "numpy", "sklearn": "scikit-learn", "matplotlib": "matplotlib"}


def tree(value: Value, depth: int = 0) -> str:
    """`value` and, indented below it, what it was made from; a value used twice is written twice."""
    made = f"{value._op} of" if value._prev else "given"
    line = f"{'    ' * depth}{value.label:<3} data {value.data:4.1f}   grad {value.grad:4.1f}   {made}"
    return "\n".join([line, *(tree(source, depth + 1) for source in value._prev)])


def show_gradients() -> Value:
    """Differentiate two expressions, print what came out, and return the first."""
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    product = a * b
    product.label = "ab"
    c = product + a
    c.label = "c"
    c.backward()
    print("1. Gradients")
    print(f"   c = a*b + a at a = 2, b = 3:   c = {c.data:g}, dc/da = {a.grad:g}, dc/db = {b.grad:g}")

    a, b = Value(-4.0), Value(2.0)
    d = a + b
    e = a * b + b**3
    d += d + 1
    d += 1 + d + (-a)
    e += e * 2 + (b + a).relu()
    e += 3 * e + (b - a).relu()
    f = (d - e) ** 2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    print(f"   micrograd's README:            g = {g.data:.4f}, dg/da = {a.grad:.4f}, dg/db = {b.grad:.4f}")
    return c


def show_graph(root: Value, out: Path) -> None:
    """Print the graph behind `root` and draw it."""
    print("\n2. The graph behind c: each value, and below it what it was made from")
    print("\n".join("   " + line for line in tree(root).splitlines()))
    draw_graph(root).save(out / "graph.svg")


def train_on_moons(out: Path, epochs: int, seed: int) -> None:
    """Train a small network, print how it went, and draw what it learned."""
    import matplotlib as mpl

    mpl.use("Agg")  # pictures go to files: no window, no display needed
    import matplotlib.pyplot as plt

    X, y = moons_data(n_samples=100, noise=0.1, seed=seed)
    X_new, y_new = moons_data(n_samples=500, noise=0.1, seed=seed + 1)
    model = MLP(2, [16, 16, 1], rng=seed)
    print(f"\n3. Training {model} on 100 points, 10 at a time")
    history = train(
        model,
        X,
        y,
        SGD(model.parameters(), lr=1.0),
        epochs=epochs,
        batch_size=10,
        rng=seed,
        l2=1e-4,
        schedule=lambda step: 1.0 - 0.9 * step / (10 * epochs),
        vectorized=True,
    )
    if history.interrupted:
        print(f"   interrupted after {len(history.losses)} of {epochs} epochs")
    every = max(1, len(history.losses) // 8)
    for epoch in range(0, len(history.losses), every):
        print(f"   epoch {epoch + 1:3d}   loss {history.losses[epoch]:.4f}   accuracy {history.accuracies[epoch]:4.0%}")
    print(f"   the 100 points it was trained on: {accuracy(model, X, y):6.1%} right")
    print(f"   500 points it has never seen:     {accuracy(model, X_new, y_new):6.1%} right")

    for name, ax in (
        ("decision_boundary.png", plot_decision_boundary(model, X, y)),
        ("loss_curve.png", plot_loss_curve(history)),
    ):
        ax.figure.savefig(out / name, dpi=150, bbox_inches="tight")
        plt.close(ax.figure)


def main() -> None:
    """Run the tour."""
    parser = argparse.ArgumentParser(description=__doc__)
    out = Path("demo_output")
    parser.add_argument("--out", type=Path, default=out, metavar="DIR", help=f"folder for the pictures (default {out})")
    parser.add_argument("--epochs", type=int, default=40, help="rounds through the training data (default 40)")
    parser.add_argument("--seed", type=int, default=0, help="of the points and of the first weights (default 0)")
    arguments = parser.parse_args()
    if arguments.epochs < 1:
        parser.error(f"--epochs must be 1 or more, but got {arguments.epochs}")
    if arguments.seed < 0:
        parser.error(f"--seed must be 0 or more, but got {arguments.seed}")
    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        parser.exit(1, f"this tour needs {' and '.join(missing)}: pip install {' '.join(missing)}\n")
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"cannot write to --out {arguments.out}: {error.strerror}")

    show_graph(show_gradients(), arguments.out)
    train_on_moons(arguments.out, arguments.epochs, arguments.seed)
    print(f"\n4. The pictures are in {arguments.out.resolve()}")
    for name in ("graph.svg", "decision_boundary.png", "loss_curve.png"):
        print(f"   {name}")


if __name__ == "__main__":
    main()
