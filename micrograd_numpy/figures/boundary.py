"""The regions that a model saw while it was trained: a boundary that bends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, SupportsFloat

from micrograd_numpy.drawing.style import BACKWARD, CARD, INK, MUTED
from micrograd_numpy.drawing.svg import shown, tag
from micrograd_numpy.figures.figure import Figure
from micrograd_numpy.figures.plane import (
    NEGATIVE,
    POSITIVE,
    UNIT,
    Plane,
    evenly,
    path_text,
    picture,
    region,
    scaled,
    steps_of,
    whole,
)
from micrograd_numpy.moons import History, agrees, as_samples, centered, expect_classes, grid_line, predict
from micrograd_numpy.vectorize import vectorize


def boundary_figure(
    model: Any,
    X: Iterable[Iterable[SupportsFloat]],
    y: Iterable[SupportsFloat],
    history: History,
    *,
    resolution: int = 56,
    vectorized: bool = False,
    threshold: float | None = None,
) -> Figure:
    """The regions that a model saw while it was trained, with a slider over the epochs, its loss and its accuracy.

    Parameters
    ----------
    model : Module
        The model that was trained, or one of the same sizes. It is left as it was.
    X, y : rows of two numbers, and their labels
        The samples, as for `train`.
    history : History
        What `train` returned, with snapshots of the epochs to show: `keep=range(101)` for all 100 and the end.
    resolution : int
        The model is asked at resolution × resolution points for each epoch.
    vectorized : bool
        Whether to ask it for all points at once, with `vectorize`: much faster.
    threshold : float, optional
        The score on the boundary, as for `accuracy`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no snapshots, or the samples are not of two numbers.
    """
    X, y = as_samples(X, y)
    expect_classes(y)
    if len(X[0]) != 2:
        raise ValueError(
            f"a boundary is drawn in the plane, but the samples have {len(X[0])} numbers; pick two columns"
        )
    epochs = epochs_to_show(history)
    (left, right), (bottom, top) = (grid_line([row[i] for row in X], 2) for i in (0, 1))
    plane = Plane((left, right), (bottom, top), height=round(372 * (top - bottom) / (right - left)))
    # One row and column more on each side, out of sight: there the regions are closed.
    columns = evenly(left - (right - left) / resolution, right + (right - left) / resolution, resolution + 3)
    rows = evenly(top + (top - bottom) / resolution, bottom - (top - bottom) / resolution, resolution + 3)
    points = [*X, *((a, b) for b in rows for a in columns)]
    snapshots = [history.snapshots[epoch] for epoch in epochs]
    curve, heights = loss_curve(history.losses, top=plane.top + plane.height + 42)
    frames: list[dict[str, Any]] = []
    for epoch, answers in zip(epochs, scores_at(model, snapshots, points, vectorized)):
        scores = centered(answers, y, threshold)
        share = sum(map(agrees, scores, y)) / len(y)
        grid = [scores[k : k + len(columns)] for k in range(len(X), len(scores), len(columns))]
        frames.append(
            {
                "epoch": epoch,
                "right": f"{share:.0%}",
                "region": region(plane, grid),
            }
        )
        if epoch < len(heights):  # training measures a loss at the start of each epoch, and none at the end
            frames[-1] |= {
                "loss": float(f"{history.losses[epoch]:.4g}"),
                "dot": whole([curve.at(epoch, heights[epoch])])[0],
            }
    last = frames[-1]
    low, high = (f"{loss:.2g}" for loss in (min(history.losses), max(history.losses)))
    parts = [
        plane.window(scaled(drawn_region(plane, last["region"]) + drawn_samples(plane, X, y))),
        curve.window(scaled(drawn_curve(curve, heights, last.get("dot"))), {min(heights): low, max(heights): high}),
        tag("text", "loss at each epoch", x=plane.left, y=curve.top - 7, fill=MUTED, font_size=11),
    ]
    seen = f"The regions that a model saw in epochs {epochs[0]} to {epochs[-1]} of its training"
    alt = f"{seen}, with its accuracy and its loss."
    image = picture(alt, frame_title(last), 420, curve.top + curve.height + 30, *parts)
    return Figure("boundary", alt, {"frames": frames}, image)


def epochs_to_show(history: History) -> list[int]:
    """The epochs with a snapshot, and the end of the last if there is one.

    Raises
    ------
    ValueError
        If there are none, or a loss is infinite or nan.
    """
    epochs = sorted(epoch for epoch in history.snapshots if epoch <= len(history.losses))
    if not (epochs and history.losses):
        raise ValueError("the history holds no snapshots to show: give train keep=range(epochs)")
    if not all(map(math.isfinite, history.losses)):
        raise ValueError(
            "the history holds a loss that is no finite number, so its curve cannot be drawn; "
            "train with a smaller learning rate"
        )
    return epochs


def loss_curve(losses: Sequence[float], top: float) -> tuple[Plane, list[float]]:
    """The window for the curve of the losses, and how high each lies in it: on a logarithmic scale if it can be."""
    scale = math.log10 if min(losses) > 0.0 else float  # as plot_loss_curve does
    heights = [scale(loss) for loss in losses]
    low, high = min(heights), max(heights)
    room = 0.1 * (high - low) or 1.0
    return Plane((0, max(1, len(losses) - 1)), (low - room, high + room), height=60, top=top), heights


def drawn_region(plane: Plane, outline: str) -> str:
    """The regions of both classes, in the tints of plot_decision_boundary, and the line between them."""
    ground = tag("rect", width=plane.width / UNIT, height=plane.height / UNIT, fill="#eee6d7")
    look = {"fill": "#dce5ee", "fill_rule": "evenodd", "stroke": INK, "stroke_width": 3}
    return ground + tag("path", data_part="region", d=outline, **look)


def drawn_samples(plane: Plane, X: Sequence[Sequence[float]], y: Sequence[float]) -> str:
    """The samples: circles for label 1, triangles for −1 or 0."""
    marks = ""
    for labels, color, shape in (
        ({1.0}, POSITIVE, "m-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0"),
        ({-1.0, 0.0}, NEGATIVE, "m-8 6h16l-8 -14z"),
    ):
        places = whole(plane.at(*row) for row, label in zip(X, y) if label in labels)
        marks += tag(
            "path", d="".join(f"M{a} {b}{shape}" for a, b in places), fill=color, stroke=CARD, stroke_width=1.2
        )
    return marks


def drawn_curve(curve: Plane, heights: Sequence[float], dot: tuple[int, int] | None) -> str:
    """The loss over the epochs, and the dot that marks the one that is shown, if it has a loss."""
    line = path_text(steps_of(whole(curve.at(k, height) for k, height in enumerate(heights))))
    drawn = tag("path", d=line, fill="none", stroke=MUTED, stroke_width=2.4, stroke_linejoin="round")
    look = {"cx": dot[0], "cy": dot[1]} if dot else {"visibility": "hidden"}
    return drawn + tag("circle", data_part="dot", **look, r=9, fill=BACKWARD)


def scores_at(
    model: Any, snapshots: Sequence[Mapping[str, float]], points: Sequence[Any], vectorized: bool
) -> list[list[float]]:
    """The model's scores for some points, as it was at each snapshot; it is left as it was."""
    asked = vectorize(model) if vectorized else model
    before = model.state_dict()
    answers = []
    try:
        for snapshot in snapshots:
            model.load_state_dict(snapshot)
            answers.append(predict(asked, points))
    finally:
        model.load_state_dict(before)
    return answers


def frame_title(frame: Mapping[str, Any]) -> str:
    """What stands above the picture of one epoch."""
    loss = f", loss {shown(frame['loss'])}" if "loss" in frame else ""
    return f"epoch {frame['epoch']}: {frame['right']} right{loss}"
