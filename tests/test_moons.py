"""Training on moons: the data, the loop, the pictures, and micrograd's published run."""

from __future__ import annotations

import json
import random
import re
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from micrograd_numpy import (
    MLP,
    SGD,
    Adam,
    Module,
    Neuron,
    Value,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge_loss,
    mean,
    mse_loss,
    vectorize,
)
from micrograd_numpy.moons import (
    History,
    accuracy,
    as_samples,
    batches,
    moons_data,
    plot_decision_boundary,
    plot_loss_curve,
    plot_points,
    predict,
    progress_bar,
    train,
)

mpl.use("Agg")  # no window, no display needed

CORNERS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
DIAGONAL = [-1.0, -1.0, 1.0, 1.0]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def small(seed: int = 0) -> MLP:
    return MLP(2, [4, 1], rng=seed)


def parameters(model: MLP) -> list[float]:
    return list(model.state_dict().values())


# ---------------------------------------------------------------- data


def test_moons_are_plain_floats_with_balanced_labels():
    X, y = moons_data(n_samples=50, noise=0.1, seed=3)
    assert len(X) == len(y) == 50
    assert all(type(x) is float and len(row) == 2 for row in X for x in row)
    assert all(type(label) is float for label in y)
    assert sorted(y) == [-1.0] * 25 + [1.0] * 25


def test_without_noise_the_points_lie_on_two_half_circles():
    for (x1, x2), label in zip(*moons_data(n_samples=20, noise=0.0), strict=True):
        center = (0.0, 0.0) if label < 0 else (1.0, 0.5)
        assert np.hypot(x1 - center[0], x2 - center[1]) == pytest.approx(1.0)
        assert (x2 - center[1]) * label <= 1e-12  # the upper moon is −1


def test_equal_seeds_give_equal_points_and_global_state_is_left_alone():
    np.random.seed(5)  # noqa: NPY002  # the global state is the point here
    random.seed(5)
    before = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002  # likewise
    assert moons_data(seed=1) == moons_data(seed=1)
    assert moons_data(seed=1) != moons_data(seed=2)
    model = small()
    train(model, CORNERS, DIAGONAL, SGD(model.parameters(), lr=0.1), epochs=2, batch_size=2)
    assert before == (np.random.get_state()[1].tolist(), random.getstate())  # noqa: NPY002  # likewise


# ---------------------------------------------------------------- accuracy


def test_accuracy_counts_signs():
    scores = {(0.0, 0.0): -2.0, (0.0, 1.0): 3.0, (1.0, 0.0): 0.1, (1.0, 1.0): -0.1}
    assert accuracy(lambda row: Value(scores[tuple(row)]), CORNERS, DIAGONAL) == 0.5
    assert accuracy(lambda row: scores[tuple(row)], CORNERS[:1], DIAGONAL[:1]) == 1.0


def test_a_score_of_zero_or_nan_counts_as_minus_one():
    for score in (0.0, float("nan")):
        assert accuracy(lambda _, score=score: score, CORNERS[:2], DIAGONAL[:2]) == 1.0
        assert accuracy(lambda _, score=score: score, CORNERS[2:], DIAGONAL[2:]) == 0.0


def test_predict_gives_the_scores_as_floats_and_takes_arrays():
    model = small()
    scores = predict(model, np.array(CORNERS))
    assert scores == [model(row).data for row in CORNERS]
    assert all(type(score) is float for score in scores)


@pytest.mark.parametrize(
    ("X", "y", "message"), [(CORNERS, DIAGONAL[:3], "4 samples and 3 labels"), ([], [], "no samples")]
)
def test_samples_that_do_not_fit_are_refused(X, y, message):
    model = small()
    optimizer = SGD(model.parameters(), lr=0.1)
    for call in (
        lambda: as_samples(X, y),
        lambda: accuracy(model, X, y),
        lambda: train(model, X, y, optimizer),
        lambda: plot_points(X, y),
        lambda: plot_decision_boundary(model, X, y),
    ):
        with pytest.raises(ValueError, match=message):
            call()


# ---------------------------------------------------------------- batches


@pytest.mark.parametrize(
    ("n", "size", "lengths"), [(10, 3, [3, 3, 3, 1]), (10, 5, [5, 5]), (4, 9, [4]), (3, 1, [1] * 3)]
)
def test_batches_hold_each_sample_once(n, size, lengths):
    parts = list(batches(n, size, np.random.default_rng(0)))
    assert [len(part) for part in parts] == lengths
    assert sorted(i for part in parts for i in part) == list(range(n))


def test_batches_are_shuffled_anew_and_the_full_batch_is_in_order():
    rng = np.random.default_rng(0)
    assert list(batches(50, 10, rng)) != list(batches(50, 10, rng))
    assert list(batches(5, None, rng)) == [[0, 1, 2, 3, 4]]


# ---------------------------------------------------------------- the loop


def test_training_is_the_five_lines_by_hand():
    by_hand, by_train = small(), small()
    losses = []
    for _ in range(3):
        loss = mse_loss([by_hand(row) for row in CORNERS], DIAGONAL) + 0.01 * sum(p * p for p in by_hand.parameters())
        for p in by_hand.parameters():
            p.grad = 0.0
        loss.backward()
        for p in by_hand.parameters():
            p.data -= 0.1 * p.grad
        losses.append(loss.data)
    optimizer = SGD(by_train.parameters(), lr=0.1)
    history = train(by_train, CORNERS, DIAGONAL, optimizer, loss=mse_loss, epochs=3, l2=0.01)
    assert history.losses == pytest.approx(losses, rel=1e-13)
    assert parameters(by_train) == pytest.approx(parameters(by_hand), rel=1e-12)


@pytest.mark.parametrize(("batch_size", "steps"), [(None, 5), (10, 10), (8, 15), (1, 100), (1000, 5)])
def test_history_has_one_entry_per_epoch_and_counts_steps(batch_size, steps):
    X, y = moons_data(n_samples=20)
    model = small()
    seen = []
    history = train(
        model,
        X,
        y,
        SGD(model.parameters(), lr=0.01),
        epochs=5,
        batch_size=batch_size,
        schedule=lambda step: seen.append(step) or 0.01,
    )
    assert len(history.losses) == len(history.accuracies) == 5
    assert history.steps == steps
    assert seen == list(range(steps))
    assert all(0.0 <= share <= 1.0 for share in history.accuracies)
    assert history.interrupted is False


def test_minibatch_loss_is_the_mean_over_samples():
    """With lr = 0 nothing moves, so batches of 3, 3 and 2 must report the loss of all 8."""
    X, y = moons_data(n_samples=8, seed=4)
    model = small()
    reports = [
        train(model, X, y, SGD(model.parameters(), lr=0.0), epochs=2, batch_size=size, l2=0.01) for size in (None, 3)
    ]
    assert reports[0].losses == pytest.approx(reports[1].losses, rel=1e-12)
    assert reports[0].accuracies == reports[1].accuracies == [accuracy(model, X, y)] * 2


def test_a_seed_fixes_the_run_to_the_last_bit():
    X, y = moons_data(n_samples=30)
    runs = []
    for rng in (7, np.random.default_rng(7), 8):
        model = small()
        history = train(model, X, y, Adam(model.parameters(), lr=0.05), epochs=4, batch_size=7, rng=rng)
        runs.append((history.losses, history.accuracies, parameters(model)))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_snapshots_are_the_parameters_after_so_many_epochs():
    X, y = moons_data(n_samples=10)
    model, short = small(), small()
    start = parameters(model)
    history = train(model, X, y, SGD(model.parameters(), lr=0.1), epochs=4, keep=[0, 2, 4])
    train(short, X, y, SGD(short.parameters(), lr=0.1), epochs=2)
    assert list(history.snapshots) == [0, 2, 4]
    assert [list(state.values()) for state in history.snapshots.values()] == [
        start,
        parameters(short),
        parameters(model),
    ]
    model.load_state_dict(history.snapshots[2])
    assert train(model, X, y, SGD(model.parameters(), lr=0.0), epochs=1).losses == [history.losses[2]]


def test_schedule_sets_the_learning_rate_before_each_step():
    model = small()
    optimizer = SGD(model.parameters(), lr=123.0)
    train(model, CORNERS, DIAGONAL, optimizer, epochs=3, schedule=lambda step: 0.1 / (step + 1))
    assert optimizer.lr == 0.1 / 3
    frozen, start = small(), parameters(small())
    train(frozen, CORNERS, DIAGONAL, SGD(frozen.parameters(), lr=123.0), epochs=3, schedule=lambda _: 0.0)
    assert parameters(frozen) == start


def test_no_epochs_change_nothing():
    model = small()
    start = parameters(model)
    history = train(model, CORNERS, DIAGONAL, SGD(model.parameters(), lr=1.0), epochs=0, keep=[0])
    assert (history.losses, history.steps, parameters(model)) == ([], 0, start)
    assert list(history.snapshots[0].values()) == start


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, but got 0"),
        ({"batch_size": -3}, "batch_size must be at least 1"),
        ({"epochs": -1}, "epochs must be at least 0, but got -1"),
        ({"l2": -0.1}, "l2 must be at least 0"),
        ({"l2": float("nan")}, "l2 must be at least 0"),
    ],
)
def test_bad_settings_are_refused_before_anything_moves(setting, message):
    model = small()
    start = parameters(model)
    with pytest.raises(ValueError, match=message):
        train(model, CORNERS, DIAGONAL, SGD(model.parameters(), lr=1.0), **setting)
    assert parameters(model) == start


def test_an_interrupt_ends_training_and_keeps_what_was_learned():
    model, reference = small(), small()

    def schedule(step: int) -> float:
        if step == 3:
            raise KeyboardInterrupt
        return 0.1

    history = train(model, CORNERS, DIAGONAL, SGD(model.parameters(), lr=0.1), epochs=10, keep=[3], schedule=schedule)
    train(reference, CORNERS, DIAGONAL, SGD(reference.parameters(), lr=0.1), epochs=3)
    assert history.interrupted
    assert len(history.losses) == len(history.accuracies) == history.steps == 3
    assert parameters(model) == parameters(reference) == list(history.snapshots[3].values())


@pytest.mark.parametrize("late", [0, 1])
def test_an_interrupt_within_an_epoch_leaves_the_snapshots_whole(late):
    def run(epochs: int, stop: int | None):
        def schedule(step: int) -> float:
            if step == stop:
                raise KeyboardInterrupt
            return 0.1

        model = small()
        optimizer = SGD(model.parameters(), lr=0.1)
        options = {"batch_size": 2, "keep": range(11), "schedule": schedule}
        return model, train(model, CORNERS, DIAGONAL, optimizer, epochs=epochs, **options)

    model, history = run(10, 6 + late)  # the fourth epoch, before its first update or after it
    reference, whole = run(3, None)
    assert history.interrupted
    assert history.steps == 6 + late
    assert history.losses == whole.losses
    assert history.snapshots == whole.snapshots
    assert (parameters(model) == parameters(reference)) == (late == 0)


def test_training_learns_the_moons():
    X, y = moons_data(n_samples=60, noise=0.1, seed=0)
    model = MLP(2, [8, 8, 1], rng=1)
    history = train(model, X, y, Adam(model.parameters(), lr=0.05), epochs=30, batch_size=10)
    assert history.losses[-1] < 0.05 < history.losses[0]
    assert accuracy(model, X, y) == 1.0


# ---------------------------------------------------------------- progress


def test_no_bar_in_logs(capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    model = small()
    train(model, CORNERS, DIAGONAL, SGD(model.parameters(), lr=0.1), epochs=3)
    assert capsys.readouterr() == ("", "")


class Terminal:
    """What tqdm asks of a terminal, remembering what was written."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...


@pytest.mark.parametrize(
    ("environment", "settings", "shown"),
    [(None, {}, True), ("0", {}, True), ("1", {}, False), (None, {"progress": False}, False)],
)
def test_a_bar_in_the_terminal_unless_told_otherwise(monkeypatch, environment, settings, shown):
    pytest.importorskip("tqdm")
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    if environment is not None:
        monkeypatch.setenv("TQDM_DISABLE", environment)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    model = small()
    history = train(model, CORNERS, DIAGONAL, SGD(model.parameters(), lr=0.1), epochs=3, **settings)
    report = rf"loss={history.losses[-1]:.4f}, accuracy={history.accuracies[-1]:.0%}\]"
    bar = re.search(rf"training: 100%.* 3/3 .*(\depoch/s|\ds/epoch), {report}", terminal.text)
    assert bool(bar) == bool(terminal.text) == shown


def test_tqdm_is_optional(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    assert progress_bar(4, True) == range(4)
    model = small()
    assert len(train(model, CORNERS, DIAGONAL, SGD(model.parameters(), lr=0.1), epochs=4).losses) == 4


# ---------------------------------------------------------------- pictures


@pytest.mark.parametrize(("y", "upper", "lower"), [(DIAGONAL, "+1", "-1"), ([0, 0, 1, 1], "1", "0")])
def test_points_are_drawn_under_the_names_of_their_classes(y, upper, lower):
    drawn = {c.get_label(): np.asarray(c.get_offsets()).tolist() for c in plot_points(CORNERS, y).collections}
    assert drawn == {upper: CORNERS[2:], lower: CORNERS[:2]}


def drawn(ax) -> dict[str, object]:
    """What is on some axes, as plain data."""
    looks = ("alpha", "facecolor", "edgecolor", "linewidth", "zorder", "offsets")
    shown = {name: ax.properties()[name] for name in ("xlabel", "ylabel", "aspect", "yscale")}
    shown["lines"] = [(line.get_color(), line.get_xydata()) for line in ax.lines]
    shown["collections"] = [
        {name: c.properties()[name] for name in looks}
        | {"paths": [path.vertices for path in c.get_paths()], "sizes": getattr(c, "get_sizes", list)()}
        for c in ax.collections
    ]
    return shown


@pytest.mark.parametrize("grid", [False, True])
def test_pictures_look_as_they_did_and_a_boundary_has_no_grid(grid, stored) -> None:
    with plt.rc_context({"axes.grid": grid}):
        boundary = plot_decision_boundary(lambda row: row[0] * (row[1] - 0.25), CORNERS, DIAGONAL, resolution=4)
        pictures = {"boundary": drawn(boundary), "losses": drawn(plot_loss_curve(History(losses=[3.0, 2.0])))}
    assert not any(line.get_visible() for line in boundary.get_xgridlines())
    stored("moons.json", json.dumps(pictures, indent=1, default=lambda array: (array.round(6) + 0.0).tolist()))


def boundary(ax) -> np.ndarray:
    """The points of the line between the regions."""
    return np.concatenate([path.vertices for path in ax.collections[-1].get_paths()])


def test_boundary_lies_where_the_score_changes_sign():
    ax = plot_decision_boundary(lambda row: 3.0 * (row[0] - 0.25), CORNERS, DIAGONAL)
    assert boundary(ax)[:, 0] == pytest.approx(0.25)
    ax.figure.canvas.draw()


@pytest.mark.parametrize("score", [1.0, -1.0, 0.0, float("nan"), float("inf")])
def test_a_model_that_sees_one_class_is_drawn_without_complaint(score):
    plot_decision_boundary(lambda _: score, CORNERS, DIAGONAL, resolution=2).figure.canvas.draw()


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_no_line_is_drawn_where_scores_only_touch_zero(sign):
    ax = plot_decision_boundary(lambda row: sign * max(0.0, row[0]), CORNERS, DIAGONAL)
    assert len(ax.collections) == 3  # the points of two classes, and the regions


def test_pictures_go_where_they_are_told():
    figure, (left, right) = plt.subplots(1, 2)
    model = small()
    assert plot_decision_boundary(model, CORNERS, DIAGONAL, ax=left, resolution=5) is left
    assert plot_loss_curve(History(losses=[3.0, 2.0, 1.0]), ax=right) is right
    assert plt.get_fignums() == [figure.number]
    assert right.lines[0].get_ydata().tolist() == [3.0, 2.0, 1.0]
    assert right.get_yscale() == "log"
    figure.canvas.draw()


def test_a_loss_of_zero_is_drawn_on_a_linear_scale():
    ax = plot_loss_curve(History(losses=[1.0, 0.0]))
    assert ax.get_yscale() == "linear"
    ax.figure.canvas.draw()


# ---------------------------------------------------------------- micrograd's published run


def published_start() -> tuple[list[list[float]], list[float], MLP]:
    """Points and first weights of micrograd's demo: both its generators seeded with 1337."""
    X, y = moons_data(n_samples=100, noise=0.1, seed=np.random.RandomState(1337))
    model, weights = MLP(2, [16, 16, 1]), random.Random(1337)
    for p, name in ((p, name) for name, p in model.named_parameters()):
        p.data = 0.0 if name.endswith("bias") else weights.uniform(-1.0, 1.0)
    return X, y, model


def test_micrograds_published_run():
    """100 steps from the same start reach the loss that micrograd's demo notebook shows."""
    X, y, model = published_start()
    assert len(model.parameters()) == 337
    history = train(
        model, X, y, SGD(model.parameters(), lr=1.0), epochs=100, schedule=lambda k: 1.0 - 0.9 * k / 100, l2=1e-4
    )
    assert history.losses[0] == pytest.approx(0.8958441028683222, abs=1e-14)
    assert history.accuracies[0] == 0.5
    assert history.accuracies.index(1.0) == 40
    assert history.losses[-1] == pytest.approx(0.010978370135492717, abs=1e-12)
    assert history.accuracies[-1] == accuracy(model, X, y) == 1.0


@pytest.mark.parametrize("loss", [hinge_loss, mse_loss])
def test_all_samples_at_once_is_the_same_training_but_for_rounding(loss) -> None:
    X, y = moons_data(30)
    runs = []
    for vectorized in (False, True):
        model = MLP(2, [4, 1], "tanh", rng=0)
        settings = {"loss": loss, "epochs": 3, "batch_size": 8, "l2": 1e-3, "progress": False}
        history = train(model, X, y, SGD(model.parameters(), lr=0.1), vectorized=vectorized, **settings)
        runs.append((history, model.state_dict()))
    (slow, state), (fast, other) = runs
    assert fast.losses == pytest.approx(slow.losses, rel=1e-12)
    assert fast.accuracies == slow.accuracies
    assert fast.steps == slow.steps == 12
    assert other == pytest.approx(state, rel=1e-12)


def test_rounding_is_no_reason_to_refuse_a_loss() -> None:
    """Eight scores and their negatives add up to 0 in one order, and to some 1e-17 in another."""
    model = Neuron(1, "linear")
    model.load_state_dict({"weights.0": 1.0, "bias": 0.0})
    X, y = [[0.1]] * 8 + [[-0.1]] * 8, [1.0] * 16
    history = train(model, X, y, SGD([model.bias]), loss=lambda scores, _: mean(scores), epochs=1, vectorized=True)
    assert history.losses == pytest.approx([0.0], abs=1e-12)


class Steps(Module):
    """A model with a branch on its input."""

    def __init__(self) -> None:
        self.weight = Value(2.0)

    def __call__(self, x):
        return self.weight if float(x[0]) > 0.0 else -self.weight


class Equal(Steps):
    """A model that asks for one special number."""

    def __call__(self, x):
        return self.weight if x[0] == 0.25 else -self.weight


class Noisy(Steps):
    """A model with a random number in it."""

    def __init__(self) -> None:
        super().__init__()
        self.random = random.Random(0)

    def __call__(self, x):
        return self.weight * x[0] + self.random.random()


class Counting(Steps):
    """A model that counts its calls, and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = []

    def __call__(self, x):
        self.asked.append(x)
        return self.weight * len(self.asked)


MODELS = {
    "MLP": lambda: MLP(1, [3, 1], rng=0),
    "branch": Steps,
    "equality": Equal,
    "random": Noisy,
    "counting": Counting,
    "floats": lambda: lambda row: row[0] - 0.5,
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("n", [1, 500, 501, 1200])
def test_any_number_of_rows_gets_the_same_answers(make, n) -> None:
    X = [[x / 100.0] for x in range(-300, n - 300)]
    model = make()
    expected = [float(model(row)) for row in X]
    assert predict(make(), X) == expected
    y = [1.0 if score > 0.0 else -1.0 for score in expected]
    assert accuracy(make(), X, y) == 1.0
    assert accuracy(make(), X, [-label for label in y]) == 0.0


def test_a_model_is_called_once_for_each_row_in_order() -> None:
    X = [[float(i)] for i in range(600)]
    model = Counting()
    predict(model, X)
    assert model.asked == X


def test_a_boundary_is_drawn_by_one_call_for_each_point() -> None:
    model = Counting()
    plot_decision_boundary(model, CORNERS, DIAGONAL, resolution=30)
    assert len(model.asked) == 900
    assert model.asked == sorted(model.asked, key=lambda point: (point[1], point[0]))


def test_what_is_not_said_is_what_the_docstrings_say() -> None:
    assert moons_data() == moons_data(n_samples=100, noise=0.1, seed=0)
    model = Counting()
    plot_decision_boundary(model, CORNERS, DIAGONAL)
    assert len(model.asked) == 50 * 50
    said = {"loss": hinge_loss, "epochs": 100, "rng": 0, "l2": 0.0}
    histories = [
        train(model, CORNERS, DIAGONAL, SGD(model.parameters(), lr=0.1), batch_size=1, **settings)
        for model, settings in ((small(), {}), (small(), said))
    ]
    assert histories[0] == histories[1]
    branching = Steps()  # no array has one answer to its question
    assert train(branching, CORNERS, DIAGONAL, SGD(branching.parameters()), epochs=1).steps == 1


@pytest.mark.parametrize("n", [1, 3, 501])
def test_who_wants_all_at_once_passes_the_vectorized_function(n) -> None:
    model = MLP(2, [5, 1], "tanh", rng=0)
    X = np.random.default_rng(0).normal(size=(n, 2))
    fast = vectorize(model)
    assert predict(fast, X) == pytest.approx(predict(model, X), rel=1e-12)
    assert all(type(score) is float for score in predict(fast, X))
    y = [1 if score > 0.0 else 0 for score in predict(model, X)]
    assert accuracy(fast, X, y, threshold=0.0) == accuracy(model, X, y, threshold=0.0) == 1.0
    assert accuracy(vectorize(lambda x: x[0]), [[1.0], [-1.0]], [1, 1]) == 0.5
    assert predict(fast, []) == predict(model, []) == []


def test_a_boundary_of_a_vectorized_function_is_that_of_the_function() -> None:
    model = MLP(2, [5, 1], "tanh", rng=0)
    ours, theirs = (boundary(plot_decision_boundary(f, CORNERS, DIAGONAL)) for f in (model, vectorize(model)))
    assert ours == pytest.approx(theirs)


@pytest.mark.parametrize("model", [MLP(1, [2], rng=0), vectorize(MLP(1, [2], rng=0))], ids=["plain", "vectorized"])
def test_many_points_need_one_score_each_too(model) -> None:
    with pytest.raises(ValueError, match=r"one score per sample, but it returned a list of 2"):
        predict(model, [[0.0]] * 501)


# ---------------------------------------------------------------- what the labels mean


LINE = [[-2.0], [-1.0], [1.0], [2.0]]
LOSSES = [  # a loss, labels of two classes, the activation that its scores need
    (hinge_loss, [-1, -1, 1, 1], "linear"),
    (binary_cross_entropy_with_logits, [0, 0, 1, 1], "linear"),
    (binary_cross_entropy, [0, 0, 1, 1], "sigmoid"),
]
every_loss = pytest.mark.parametrize(("loss", "y", "activation"), LOSSES, ids=lambda x: getattr(x, "__name__", ""))


@every_loss
@pytest.mark.parametrize("vectorized", [False, True])
def test_each_loss_of_classes_is_trained_and_counted(loss, y, activation, vectorized) -> None:
    model = Neuron(1, activation, rng=0)
    model.load_state_dict({"weights.0": -2.0, "bias": 0.5})  # wrong about all
    settings = {"loss": loss, "epochs": 30, "progress": False, "vectorized": vectorized}
    history = train(model, LINE, y, SGD(model.parameters(), lr=1.0), **settings)
    assert (history.accuracies[0], history.accuracies[-1]) == (0.0, 1.0)
    threshold = 0.5 if activation == "sigmoid" else 0.0
    assert accuracy(model, LINE, y, threshold) == 1.0
    assert accuracy(model, LINE, [max(0, label) for label in y], threshold) == 1.0
    assert accuracy(model, LINE, [2 * max(0, label) - 1 for label in y], threshold) == 1.0


@every_loss
@pytest.mark.parametrize("batch_size", [None, 1])
def test_the_loss_refuses_a_wrong_label_before_anything_moves(loss, y, activation, batch_size) -> None:
    for wrong in (-2.0, 0.5 if loss is hinge_loss else -1.0, float("nan"), 2.0):
        model = Neuron(1, activation, rng=0)
        before = model.state_dict()
        with pytest.raises(ValueError, match=rf"{loss.__name__} needs targets .*targets\[3\] is {wrong}"):
            train(model, LINE, [*y[:3], wrong], SGD(model.parameters(), lr=1.0), loss=loss, batch_size=batch_size)
        assert model.state_dict() == before


@pytest.mark.parametrize("vectorized", [False, True])
def test_regression_finds_the_line_and_counts_nothing(vectorized) -> None:
    model = Neuron(1, "linear", rng=0)
    y = [3.0 * x - 7.0 for (x,) in LINE]
    settings = {"loss": mse_loss, "epochs": 200, "progress": False, "vectorized": vectorized}
    history = train(model, LINE, y, SGD(model.parameters(), lr=0.1), **settings)
    assert model.state_dict() == pytest.approx({"weights.0": 3.0, "bias": -7.0})
    assert history.accuracies == []
    assert len(history.losses) == 200
    plot_loss_curve(history).figure.canvas.draw()


def test_soft_labels_count_for_the_class_that_they_favor() -> None:
    model = Neuron(1, "linear", rng=0)
    model.load_state_dict({"weights.0": 1.0, "bias": 0.0})
    settings = {"loss": binary_cross_entropy_with_logits, "epochs": 1, "progress": False}
    history = train(model, LINE, [0.1, 0.5, 0.9, 0.1], SGD(model.parameters(), lr=0.0), **settings)
    assert history.accuracies == [0.75]


def test_a_loss_of_your_own_counts_if_you_say_where_the_classes_part() -> None:
    def own(scores, labels):
        return mse_loss(scores, labels)

    for threshold, expected in [(None, []), (0.0, [0.75]), (1.0, [1.0]), (2.0, [0.75]), (9.0, [0.25])]:
        model = Neuron(1, "linear", rng=0)
        model.load_state_dict({"weights.0": 1.0, "bias": 2.5})  # scores 0.5, 1.5, 3.5 and 4.5
        settings = {"loss": own, "epochs": 1, "progress": False, "threshold": threshold}
        history = train(model, LINE, [0, 1, 1, 1], SGD(model.parameters(), lr=0.0), **settings)
        assert history.accuracies == expected


def test_labels_of_more_than_two_classes_are_refused() -> None:
    for y in ([0, 1, 2, 1], [-1, 0, 1, 1], [0.0, 0.5, 1.0, 1.0], [1, 2, 1, 2], [1, 1, 1, float("nan")]):
        for call in (
            lambda y=y: accuracy(small(), CORNERS, y),
            lambda y=y: plot_points(CORNERS, y),
            lambda y=y: plot_decision_boundary(small(), CORNERS, y),
            lambda y=y: train(small(), CORNERS, y, SGD(small().parameters()), loss=mse_loss, threshold=0.0),
        ):
            with pytest.raises(ValueError, match="two classes need the labels -1 and 1, or 0 and 1, but got"):
                call()


def test_scores_that_may_be_probabilities_need_a_threshold() -> None:
    X, y = [[0.1], [0.4], [0.6], [0.9]], [0, 0, 1, 1]
    with pytest.raises(ValueError, match=r"say threshold=0\.5 for probabilities"):
        accuracy(lambda row: row[0], X, y)
    with pytest.raises(ValueError, match=r"say threshold=0\.5 for probabilities"):
        accuracy(lambda row: max(0.5, row[0]), X, y)
    with pytest.raises(ValueError, match=r"say threshold=0\.5 for probabilities"):
        plot_decision_boundary(lambda row: min(1.0, max(0.0, row[0])), CORNERS, [0, 0, 1, 1])
    assert accuracy(lambda row: row[0], X, y, threshold=0.5) == 1.0
    assert accuracy(lambda row: row[0], X, y, threshold=0.0) == 0.5
    # no question where both readings give one answer, or the scores or labels can be but one
    assert accuracy(lambda row: round(row[0]), X, y) == 1.0
    assert accuracy(lambda row: row[0] + 0.5, X, y) == 0.5
    assert accuracy(lambda row: 2.0 * row[0], X, y) == 0.5
    assert accuracy(lambda row: row[0], X, [-1, -1, 1, 1]) == 0.5


def test_a_boundary_of_probabilities_lies_at_the_threshold() -> None:
    ax = plot_decision_boundary(lambda row: Value(4.0 * row[0] - 1.0).sigmoid(), CORNERS, [0, 0, 1, 1], threshold=0.5)
    assert boundary(ax)[:, 0] == pytest.approx(0.25, abs=1e-3)


# ---------------------------------------------------------------- what X and y may be


class Table:
    """What pandas' DataFrame and Series look like from outside: iterating a table gives the names of its columns."""

    def __init__(self, values, names=()):
        self.values, self.names = np.array(values), names
        self.shape = self.values.shape

    def __iter__(self):
        return iter(self.names)

    def __len__(self):
        return len(self.values)

    def to_numpy(self):
        return self.values


KINDS = {
    "lists": lambda X, y: (X, y),
    "tuples": lambda X, y: (tuple(map(tuple, X)), tuple(y)),
    "arrays": lambda X, y: (np.array(X), np.array(y)),
    "float32": lambda X, y: (np.array(X, np.float32), np.array(y, np.float32)),
    "ints": lambda X, y: (np.array(X, np.int8), np.array(y, np.int64)),
    "objects": lambda X, y: (np.array(X, object), np.array(y, object)),
    "scalars": lambda X, y: ([[np.float32(a) for a in row] for row in X], [np.int64(label) for label in y]),
    "tables": lambda X, y: (Table(X, ["1", "22"]), Table(y)),
    "one by one": lambda X, y: ((iter(row) for row in X), iter(y)),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_of_table_is_taken_by_its_rows(kind) -> None:
    expected, model = small(), small()
    train(expected, CORNERS, DIAGONAL, SGD(expected.parameters(), lr=0.1), epochs=2)
    train(model, *kind(CORNERS, DIAGONAL), SGD(model.parameters(), lr=0.1), epochs=2)
    assert model.state_dict() == expected.state_dict()
    assert predict(model, kind(CORNERS, DIAGONAL)[0]) == predict(model, CORNERS)
    assert accuracy(model, *kind(CORNERS, DIAGONAL)) == accuracy(model, CORNERS, DIAGONAL)
    drawn = plot_points(*kind(CORNERS, DIAGONAL)).collections
    assert [c.get_offsets().tolist() for c in drawn] == [CORNERS[2:], CORNERS[:2]]


def test_tables_of_pandas_are_taken_by_their_rows() -> None:
    pandas = pytest.importorskip("pandas")
    model = small()
    X, y = pandas.DataFrame(CORNERS, columns=["1", "22"]), pandas.Series(DIAGONAL)
    assert predict(model, X) == predict(model, CORNERS)
    assert accuracy(model, X, y) == accuracy(model, CORNERS, DIAGONAL)


def test_labels_true_and_false_are_1_and_0() -> None:
    right = np.array(DIAGONAL) > 0.0
    assert accuracy(lambda row: row[0] - 0.5, CORNERS, right) == 1.0
    assert accuracy(lambda row: 0.5 - row[0], CORNERS, right) == 0.0


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (CORNERS, [[-1], [-1], [1], [1]], r"y\[0\] .* give one label for each sample, for example np.ravel\(y\)"),
        (CORNERS, np.array(DIAGONAL).reshape(-1, 1), r"y\[0\] .*np.ravel\(y\)"),
        (CORNERS, np.array(DIAGONAL).reshape(1, -1), r"y\[0\] .*np.ravel\(y\)"),
        (CORNERS, Table(np.array(DIAGONAL).reshape(-1, 1), ["label"]), r"y\[0\] .*np.ravel\(y\)"),
        (CORNERS, ["a", "a", "b", "b"], r"y\[0\] must be one real number, but is str: 'a'"),
        (CORNERS, "1111", r"y\[0\] must be one real number, but is str: '1'"),
        (CORNERS, b"1111", r"needs y as numbers, but bytes came in"),
        (CORNERS, [Value(label) for label in DIAGONAL], r"y\[0\] .* is Value.* take its number with .data"),
        (CORNERS, dict.fromkeys(range(4), 1.0), "^a data set needs y in an order, but a dict came in"),
        ({0: [0.0, 1.0]}, [1], "needs X in an order, but a dict came in"),
        ({(0.0, 1.0)}, [1], "needs X in an order, but a set came in"),
        ([{"x1": 0.0, "x2": 1.0}], [1], r"needs X\[0\] in an order, but a dict came in"),
        ([{0.0, 1.0}], [1], r"needs X\[0\] in an order, but a set came in"),
        (["01"], [1], r"X\[0\]\[0\] must be one real number, but is str: '0'"),
        ([[Value(0.0), 1.0]], [1], r"X\[0\]\[0\] .* take its number with .data"),
        (np.zeros((1, 2, 2)), [1], r"X\[0\]\[0\] .* flatten each sample"),
        (np.zeros(2), [1, 1], r"X must be rows of numbers, but X\[0\] is float64: .*; put each sample in a list"),
        ([np.array(1.0)], [1], r"X must be rows of numbers, but X\[0\] is ndarray: .*; put each sample in a list"),
        (np.zeros((1, 2), complex), [1], r"X\[0\]\[0\] must be one real number, but is complex"),
    ],
)
def test_what_is_no_data_set_is_refused_in_one_sentence(X, y, message) -> None:
    model = small()
    for call in (
        lambda: train(model, X, y, SGD(model.parameters())),
        lambda: train(model, X, y, SGD(model.parameters()), loss=mse_loss),
        lambda: accuracy(model, X, y),
        lambda: plot_points(X, y),
        lambda: plot_decision_boundary(model, X, y),
    ):
        with pytest.raises(TypeError, match=message):
            call()


def test_epochs_to_keep_may_come_one_by_one() -> None:
    model = small()
    history = train(model, CORNERS, DIAGONAL, SGD(model.parameters()), epochs=5, keep=(e for e in (0, 3, 5)))
    assert list(history.snapshots) == [0, 3, 5]
    with pytest.raises(TypeError, match=r"an epoch to keep must be a whole number, but got float: 1\.5"):
        train(model, CORNERS, DIAGONAL, SGD(model.parameters()), keep=[1.5])


@pytest.mark.parametrize("vectorized", [False, True])
def test_a_model_that_drops_its_gradients_is_refused(vectorized) -> None:
    class Dropping(Steps):
        def __call__(self, x):
            super().__call__(x)
            return 2.0

    model = Dropping()
    with pytest.raises(TypeError, match=r"must return a Value, but it returned float: 2.0, which has no gradient"):
        train(model, LINE, [1, 1, 1, 1], SGD(model.parameters()), vectorized=vectorized)


def test_a_model_that_changes_its_input_meets_the_data_anew_in_each_epoch() -> None:
    class Halving(Steps):
        def __call__(self, x):
            x[0] /= 2.0
            return self.weight * x[0]

    model = Halving()
    history = train(model, [[4.0]], [1.0], SGD(model.parameters(), lr=0.0), loss=mse_loss, epochs=3)
    assert history.losses == [9.0] * 3


@pytest.mark.parametrize("vectorized", [False, True])
def test_a_loss_that_drops_its_gradients_is_refused(vectorized) -> None:
    model = small()
    with pytest.raises(TypeError, match=r"the loss must compute one Value from the scores, but it returned Value: "):
        train(
            model,
            CORNERS,
            DIAGONAL,
            SGD(model.parameters()),
            loss=lambda scores, labels: Value(hinge_loss(scores, labels).data),
            vectorized=vectorized,
        )
