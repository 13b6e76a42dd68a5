"""tools/flips.py finds every local derivative of every rule, and flips that one and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from micrograd_numpy import losses, ops
from tests.tables.operations import ONE_INPUT, TWO_INPUTS
from tools.quality import flips

LIBRARY = sorted(Path(ops.__file__).parent.glob("*.py"))
SOURCES = {path.stem: path.read_text("utf-8") for path in LIBRARY}
FLIPS = [flip for source in SOURCES.values() for flip in flips.flips(source)]

RULES = '''
def one(a: float) -> tuple[float, tuple[float]]:
    """∂/∂a = 2·a"""
    return a * a, (2 * a,)
def two(a: float, b: float) -> tuple[float, tuple[float, float]]:
    da, db = 1.0, -1.0
    return a - b, (da, db)
def corner(a: float) -> tuple[float, tuple[float]]:
    return (0.0, (0.0,)) if a <= 0.0 else (a, (1.0,))
def early(a: float) -> tuple[float, tuple[float]]:
    if a < 0.0:
        return -a, (-1.0,)
    return a, (1.0,)
def made(n: float) -> Callable[[float], tuple[float, tuple[float]]]:
    def rule(a: float) -> tuple[float, tuple[float]]:
        return n * a, (n,)
    return rule
def both(*ab: float) -> tuple[float, tuple[float, ...]]:
    half = len(ab) // 2
    a, b = ab[:half], ab[half:]
    return sum(x * y for x, y in zip(a, b)), b + a
def every(*a: float) -> tuple[float, tuple[float, ...]]:
    n = len(a)
    return sum(a) / n, (1.0 / n,) * n
def every_other_way(*a: float) -> tuple[float, tuple[float, ...]]:
    local = (2.0,) * len(a)
    if len(a) == 2:
        return 2.0 * sum(a), len(a) * (2.0,)
    return 2.0 * sum(a), local if a else ()
def no_rule(a: float) -> tuple[float, float]:
    return a, (1.0,)
'''


def gradient(code: str, rule: str, *inputs: float) -> tuple[float, ...]:
    """Run the code of some rules, and ask one of them for its local derivatives."""
    scope: dict = {}
    exec(compile(code, "rules", "exec", flags=annotations.compiler_flag), scope)
    return scope[rule](*inputs)[1]


# ------------------------------------------------------------------ finding them


@pytest.mark.parametrize(
    ("rule", "inputs", "flipped"),
    [
        ("one", (3.0,), [(-6.0,)]),
        ("two", (1.0, 2.0), [(-1.0, -1.0), (1.0, 1.0)]),
        ("corner", (2.0,), [(-1.0,)]),
        ("early", (-2.0,), [(1.0,), (-1.0,)]),
        ("early", (2.0,), [(1.0,), (-1.0,)]),
        ("both", (1.0, 2.0, 3.0, 4.0), [(-3.0, -4.0, 1.0, 2.0), (3.0, 4.0, -1.0, -2.0)]),
        ("every", (1.0, 2.0), [(-0.5, -0.5)]),
        ("every_other_way", (1.0, 2.0), [(-2.0, -2.0), (2.0, 2.0)]),
        ("every_other_way", (1.0, 2.0, 3.0), [(2.0, 2.0, 2.0), (-2.0, -2.0, -2.0)]),
    ],
)
def test_each_derivative_is_flipped_alone(rule, inputs, flipped):
    assert [gradient(flip.code, rule, *inputs) for flip in flips.flips(RULES) if flip.rule == rule] == flipped


def test_a_rule_that_a_function_makes():
    (flip,) = [flip for flip in flips.flips(RULES) if flip.rule.startswith("made")]
    assert (flip.rule, flip.number, flip.derivative) == ("made: rule", 1, "n")
    assert "n * a, (-(n),)" in flip.code


def test_nothing_else_is_flipped():
    assert {flip.rule for flip in flips.flips(RULES)} == {
        *("one", "two", "corner", "early", "made: rule", "both", "every", "every_other_way")
    }


def test_a_rule_that_hides_its_derivatives_is_refused():
    with pytest.raises(SystemExit, match="hidden: cannot find"):
        flips.flips("def hidden(a: float) -> tuple[float, tuple[float]]:\n    return other(a)\n")
    with pytest.raises(SystemExit, match="flat: a rule without"):
        flips.flips("def flat(a: float) -> tuple[float, tuple[float]]:\n    return 1.0, (0.0,)\n")


# ------------------------------------------------------------------ all of them


def test_every_rule_that_the_library_applies_is_found():
    code = {name: re.sub(r"^#.*", "", source, flags=re.MULTILINE) for name, source in SOURCES.items()}
    used = set(re.findall(r"\bops\.([a-z]\w*)", code["value"])) | set(re.findall(r"\bapply\((\w+),", code["losses"]))
    assert len(used) >= 16
    assert {flip.rule.partition(":")[0] for flip in FLIPS} == used, "a rule that nobody applies"


@pytest.mark.parametrize(
    ("module", "rule", "inputs"),
    [
        *((ops, rule.__name__, (2.0, 3.0)) for rule in (*(o.rule for o in TWO_INPUTS), ops.dot, ops.total, ops.mean)),
        *((ops, operation.rule.__name__, (0.5,)) for operation in ONE_INPUT),
        *((losses, name, (0.4, 0.7)) for name in ("cross_entropy", "logit_cross_entropy")),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_the_flips_of_a_rule_reach_all_its_inputs(module, rule, inputs):
    right = getattr(module, rule)(*inputs)[1]
    changed = set()
    for flip in FLIPS:
        if flip.rule == rule:
            wrong = gradient(flip.code, rule, *inputs)
            changed |= {i for i, (ours, theirs) in enumerate(zip(right, wrong, strict=True)) if ours == -theirs}
    assert changed == set(range(len(inputs)))
