"""What a loss compares: what may come in, and what is said of anything else."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd_numpy import Value, binary_cross_entropy, binary_cross_entropy_with_logits, hinge_loss
from tests.tables.edges import INF, NAN
from tests.tables.losses import LOSS_FUNCTIONS, LOSSES

every_loss = pytest.mark.parametrize("loss", LOSS_FUNCTIONS, ids=lambda loss: loss.__name__)


@every_loss
def test_every_kind_of_sequence_and_single_numbers_are_welcome(loss):
    first, second = [0.25, 0.75], [1, 1]
    expected = loss(first, second).data
    for a, b in [
        (tuple(first), tuple(second)),
        (np.array(first), np.array(second)),
        (np.array(first, dtype=np.float32), np.array([True, True])),
        ([Value(x) for x in first], np.array(second)),
        ((x for x in first), iter(second)),
        (np.array([[0.25, 9], [0.75, 9]])[:, 0], second),
    ]:
        out = loss(a, b)
        assert isinstance(out, Value)
        assert out.data == expected
    single = loss([0.25], [1]).data
    assert loss(0.25, 1).data == loss(Value(0.25), np.float64(1)).data == loss(np.array(0.25), True).data == single


@every_loss
def test_different_lengths_are_refused_with_both_lengths(loss):
    with pytest.raises(ValueError, match=rf"{loss.__name__} got 3 \w+ and 2 targets; pass one target per prediction"):
        loss([0.1, 0.2, 0.3], [1, 1])


@every_loss
def test_nothing_is_refused(loss):
    with pytest.raises(ValueError, match=r"got no \w+; the mean of nothing is undefined"):
        loss([], [])
    with pytest.raises(ValueError, match=r"got no \w+; the mean of nothing is undefined"):
        loss(np.array([]), [])


@every_loss
def test_one_number_against_many_is_refused(loss):
    with pytest.raises(ValueError, match=r"one number as targets but a sequence as (predictions|logits|scores)"):
        loss([0.1, 0.2], 1)
    with pytest.raises(ValueError, match=r"one number as (predictions|logits|scores) but a sequence as targets"):
        loss(Value(0.1), [1, 1])


@every_loss
@pytest.mark.parametrize("rows", [[[0.1, 0.2]], [0.5, [0.1]], np.array([[0.5], [0.6]])], ids=["list", "mixed", "array"])
def test_rows_are_refused_and_told_how_to_be_flattened(loss, rows):
    with pytest.raises(TypeError, match=rf"{loss.__name__} compares number with number, .*flatten rows first"):
        loss(rows, [1] * len(rows))
    with pytest.raises(TypeError, match=r"targets\[\d\] is (list|ndarray): .*flatten rows first"):
        loss([0.5] * len(rows), rows)


@every_loss
@pytest.mark.parametrize(
    "wrong",
    ["ab", ["x", "y"], [None, None], [1j, 1j], {0.1, 0.2}, frozenset({0.1}), {0.1: 1, 0.2: 2}, b"ab", bytearray(b"ab")],
    ids=repr,
)
def test_what_is_no_sequence_of_numbers_is_a_type_error(loss, wrong):
    with pytest.raises(TypeError, match=loss.__name__):
        loss(wrong, [1, 1])


@pytest.mark.parametrize("wrong", [-1e-9, 1.0000001, -3.0, INF, NAN])
def test_a_prediction_that_is_no_probability_is_refused(wrong):
    with pytest.raises(ValueError, match=r"predictions between 0 and 1, but predictions\[1\] .*_with_logits"):
        binary_cross_entropy([0.5, wrong], [1, 1])


@pytest.mark.parametrize("wrong", [-1.0, 2.0, NAN, -INF])
@pytest.mark.parametrize("loss", [binary_cross_entropy, binary_cross_entropy_with_logits])
def test_a_target_that_is_no_probability_is_refused(loss, wrong):
    with pytest.raises(ValueError, match=r"targets between 0 and 1, but targets\[0\] is .*\(t \+ 1\) / 2"):
        loss([0.5, 0.5], [wrong, 1])


@pytest.mark.parametrize("wrong", [0, 0.5, 2, NAN])
def test_hinge_refuses_labels_other_than_plus_and_minus_one(wrong):
    with pytest.raises(ValueError, match=r"targets -1 or 1, but targets\[1\] is .*2 \* t - 1"):
        hinge_loss([0.5, 0.5], [1, wrong])


class Table:
    """What pandas' DataFrame looks like from outside: iterating gives the names of the columns."""

    def __init__(self, rows):
        self.rows = np.array(rows)
        self.ndim, self.shape = self.rows.ndim, self.rows.shape

    def __iter__(self):
        return iter(range(self.rows.shape[-1]))

    def to_numpy(self):
        return self.rows


@every_loss
def test_a_table_is_its_rows_and_not_the_names_of_its_columns(loss):
    with pytest.raises(TypeError, match=r"targets\[0\] is ndarray: .*flatten rows first"):
        loss([0.25, 0.75], Table([[1, 1]]))
    assert loss(Table([0.25, 0.75]), Table([1, 1])).data == loss([0.25, 0.75], [1, 1]).data


@pytest.mark.parametrize(("loss", "first"), [(loss.function, loss.first) for loss in LOSSES])
def test_errors_name_the_loss_and_what_it_was_given(loss, first):
    with pytest.raises(ValueError, match=f"^{loss.__name__} got 2 {first} and 1 targets;"):
        loss([0.5, 0.5], [1])
    with pytest.raises(TypeError, match=rf"^{loss.__name__} compares number with number, but {first}\[0\] is list"):
        loss([[0.5]], [1])
    with pytest.raises(TypeError, match=rf"^{loss.__name__} compares number with number, but targets\[0\] is list"):
        loss([0.5], [[1]])
