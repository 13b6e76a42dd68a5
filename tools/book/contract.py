"""Make the page "The contract" of the tables that the tests use, and of the library's answers.

    python -m tools.book.contract           write book/contract.md
    python -m tools.book.contract --check   exit with 1 if that would change it

Every result on the page is computed here; PyTorch is not needed, since the tests compare.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

from micrograd_numpy import SGD, Adam, AdamW, Value, nn, ops
from micrograd_numpy.value import dot, mean, total
from tests.tables.changes import CHANGES, CHECK, NEVER, ONCE
from tests.tables.edges import (
    BINARY,
    DIFFERENCES,
    EDGES,
    EXPONENTS,
    GRADIENTS,
    INF,
    NAN,
    NUMBERS,
    PROBABILITIES,
    STARTS,
    TELLING,
    UNARY,
    Difference,
    Operation,
)
from tests.tables.errors import MISTAKES, SETUP, Mistake
from tools import ROOT

PAGE = ROOT / "book" / "contract.md"
INTRODUCTION = (
    "What the engine promises, at every edge of the floats: the numbers and gradients of PyTorch in double "
    "precision, no exception in the middle of training, and errors that say what to do. Each result on this page was "
    "computed by the library when the page was made, from the same tables that its tests use."
)


# ---------------------------------------------------------------- what holds, besides numbers


@dataclass(frozen=True)
class Matter:
    """A promise: its title, its words, and lines that show it."""

    title: str
    words: str
    lines: str


MATTERS = [
    Matter(
        "What a Value takes",
        "One real number: an int, a float, a NumPy real scalar or an array without dimensions. It is stored as a "
        "Python float. Anything else is a `TypeError` that says what came and what to do.",
        """\
Value(3).data, Value(True).data, Value(np.float32(0.5)).data, Value(np.array(2.5)).data
Value("3")
Value(1j)
Value([1.0, 2.0])
""",
    ),
    Matter(
        "Mixing with numbers",
        "A number or a NumPy scalar on either side of an operator gives a Value; so do `2 ** v` and `v ** w`. An "
        "array is refused on either side.",
        """\
1 - a
np.float64(2.0) * a
2**a
a ** Value(0.5)
np.ones(2) * a
""",
    ),
    Matter(
        "Numbers at the edges",
        "Results and gradients are PyTorch's in double precision: infinity where a number is too large, nan where "
        "there is none. Arithmetic never raises, never warns and never turns complex. Under `detect_anomaly()` the "
        "first nan or inf raises, and says where it came from.",
        """\
(a / 0).data, (Value(0.0) / 0).data, Value(1000.0).exp().data, Value(0.0).log().data
(Value(-8.0) ** (1 / 3)).data, Value(-1000.0).sigmoid().data, Value(nan).relu().data
with detect_anomaly(): Value(1000.0, label="x").exp()
""",
    ),
    Matter(
        "Repeated backward",
        "Leaves accumulate, as in PyTorch; set `grad` to zero in between if you do not want that. Interior nodes "
        "hold the gradient of the latest root. Two roots that share a node are right, and so is `backward()` called "
        "twice: no graph needs to be retained.",
        """\
x = Value(3.0)
h = x * x
h.backward()
h.backward()
x.grad, h.grad
y, z = Value(1.0), Value(2.0)
shared = y * z
(shared * 5).backward()
(shared * 7).backward()
y.grad, z.grad, shared.grad
""",
    ),
    Matter(
        "Order",
        "Deterministic: inputs are visited as they stand in the formula, no set is iterated, and sums run from left "
        "to right (which loses the 1.0 below). Two runs agree to the last bit, on any Python.",
        """\
b = Value(3.0, label="b")
[v.label or v._op for v in topological_sort(a * b + a)]
mean([1.0, 1e300, -1e300]).data
""",
    ),
    Matter(
        "Cost",
        "Time and memory grow with the nodes and edges of the graph. No graph is too deep for Python's recursion "
        "limit, and nothing is left for the cyclic garbage collector.",
        """\
import gc
x = y = Value(1.0)
for _ in range(100_000): y = y + 1e-5
y.backward()
x.grad
gc.disable(); _ = gc.collect(); del y; gc.collect()
gc.enable()
""",
    ),
    Matter(
        "Comparisons, float, bool and hash",
        "`<`, `<=`, `>` and `>=` compare the numbers and give a bool. `==` asks whether both are one node, where "
        "PyTorch compares the numbers; so Values live in sets and dicts. `float(v)` is the number, and `bool(v)` "
        "whether it is not zero.",
        """\
Value(1.0) < Value(2.0), Value(1.0) >= 2
Value(1.0) == Value(1.0), a == a, len({a, a, Value(2.0)})
float(a), bool(Value(0.0)), bool(Value(nan))
""",
    ),
    Matter(
        "Copying, pickling and saving",
        "Leaves can be copied and pickled. A node that an operation made is refused: copy its leaves and compute it "
        "again. Models are saved as names and numbers, ready for JSON, which loads without running code and comes "
        "back to the last bit; a state that does not fit changes nothing. So is what an optimizer keeps: with both "
        "states loaded, a training goes on to the last bit as if never stopped.",
        """\
copy.deepcopy(a), pickle.loads(pickle.dumps(a))
copy.copy(a * 2)
import json
saved = json.dumps(MLP(2, [3, 1], rng=0).state_dict())
other = MLP(2, [3, 1], rng=1)
other.load_state_dict(json.loads(saved))
json.dumps(other.state_dict()) == saved
other.load_state_dict({"w": 1.0})
json.dumps(SGD([a], momentum=0.9).state_dict())
""",
    ),
    Matter(
        "What a parameter holds",
        "Anybody may write to `.data` and `.grad`, and no write is checked, because that would slow down every step. "
        "The readers look: `state_dict()` and `clip_grad_norm` at every number; an optimizer at all of them in its "
        "first step and in every hundredth after it, at the first of each group in every other, and at what cannot be "
        "computed with. A NumPy scalar or an int becomes the float it stands for; anything else is a `TypeError` that "
        "names the parameter. A gradient of None counts as none, as in PyTorch: a step skips its parameter, "
        "`clip_grad_norm` leaves it out, `backward` starts it from zero, and so does `zero_grad`.",
        """\
a.data, a.grad = np.float32(0.5), 1
SGD([a], lr=0.25).step()
a.data, a.grad
a.grad = None
SGD([a], lr=0.25, weight_decay=0.1).step()
a.data
(a * 3).backward()
a.grad
a.data = a - 0.1 * a.grad
SGD([a]).step()
""",
    ),
]


def ran(lines: str) -> Iterator[str]:
    """Yield the lines as a session of Python, with what each one answered."""
    names: dict[str, object] = {}
    exec(SETUP, names)  # noqa: S102  # our own lines
    for line in lines.splitlines():
        yield f">>> {line}"
        if line.startswith(("for ", "with ")):
            yield "..."
        try:
            compiled = compile(line + "\n", "<contract>", "single", dont_inherit=True)
            answers: list[object] = []
            hook, sys.displayhook = sys.displayhook, answers.append
            try:
                exec(compiled, names)  # noqa: S102  # our own lines
            finally:
                sys.displayhook = hook
            yield from (repr(answer) for answer in answers if answer is not None)
        except Exception as error:  # noqa: BLE001  # an error is an answer too
            yield f"{type(error).__name__}: {error}"


def what_holds() -> Iterator[str]:
    """Yield the promises, each with lines that show it."""
    yield "## What holds"
    yield "The lines on this page use these names:"
    yield f"```python\n{SETUP}```"
    for matter in MATTERS:
        yield f"### {matter.title}"
        yield matter.words
        yield "```pycon\n" + "\n".join(ran(matter.lines)) + "\n```"


# ---------------------------------------------------------------- tables


def shown(x: float, digits: int = 6) -> str:
    """`x` to so many digits, as short as it goes: 5e-324, and not 4.94066e-324."""
    exact, rounded = repr(x).removesuffix(".0"), f"{x:.{digits}g}"
    return min(exact, rounded, key=len).replace("e+", "e")


def cell(*numbers: float, digits: int = 6) -> str:
    """A result, with the local derivatives beneath it."""
    result, *slopes = (shown(x, digits) for x in numbers)
    return f"{result}<br><small>{'<br>'.join(slopes)}</small>" if slopes else result


def table(caption: str, head: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], kind: str = "numbers") -> str:
    """An HTML table that scrolls sideways where it is too wide. Captions and cells are HTML already."""
    name = escape(caption_text(caption), quote=True)
    lines = [
        f'<div class="edges {kind}" role="group" aria-label="{name}" tabindex="0">',
        '<table class="table">',
        f"<caption><span>{caption}</span></caption>",
        "<thead><tr>" + "".join(f'<th scope="col">{x}</th>' for x in head) + "</tr></thead>",
        "<tbody>",
    ]
    for first, cells in rows:
        lines.append(f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{x}</td>" for x in cells) + "</tr>")
    return "\n".join([*lines, "</tbody>", "</table>", "</div>"])


def caption_text(caption: str) -> str:
    """A caption without its tags."""
    return caption.replace("<code>", "").replace("</code>", "")


def code(text: str) -> str:
    """`text` as code in HTML."""
    return f"<code>{escape(text, quote=False)}</code>"


ASCENDING = [NAN, *sorted((x for x in EDGES if x == x), key=lambda x: (x, str(x) == "0.0"))]  # noqa: PLR0124  # not nan


def one_input(operation: Operation) -> str:
    """Tabulate an operation of one input: its result and its local derivative at every edge."""
    rows = []
    for a in ASCENDING:
        result, (slope,) = operation.rule(a)
        rows.append((shown(a), (shown(result), shown(slope))))
    return table(code(operation.name), ("a", "result", "∂/∂a"), rows)


def two_inputs(operation: Operation) -> str:
    """Tabulate an operation of two inputs: a row for each a, a column for each b."""
    rows = []
    for a in TELLING:
        answers = (operation.rule(a, b) for b in TELLING)
        rows.append((shown(a), [cell(result, *slopes) for result, slopes in answers]))
    caption = f"{code(operation.name)}: a down, b across; beneath each result ∂/∂a, ∂/∂b"
    return table(caption, ["a \\ b", *map(shown, TELLING)], rows, "numbers grid")


def powers() -> str:
    """Tabulate `a ** n`: a row for each a, a column for each constant exponent."""
    rows = []
    for a in TELLING:
        answers = (ops.power(n)(a) for n in EXPONENTS.values())
        rows.append((shown(a), [cell(result, *slope) for result, slope in answers]))
    caption = f"{code('a ** n')} for a constant n: a down, n across; beneath each result ∂/∂a"
    return table(caption, ["a \\ n", *EXPONENTS], rows, "numbers grid")


def answered(f: Callable[..., Value], *inputs: float) -> list[str]:
    """Show the result of f, and its derivatives."""
    values = [Value(x) for x in inputs]
    out = f(*values)
    out.backward()
    return [shown(out.data), *(shown(v.grad) for v in values)]


POWERS_TO_KNOW = [
    (0.0, 0.0), (0.0, 2.0), (0.0, 1.0), (0.0, 0.5), (0.0, -1.0), (-0.0, -1.0), (-0.0, 0.5), (-2.0, 2.0), (-2.0, 3.0),
    (-8.0, 1 / 3), (-2.0, 0.0), (1.0, INF), (1.0, NAN), (NAN, 0.0), (0.5, INF), (-INF, 0.5), (1e200, 2.0),
    (1e-200, 2.0),
]  # fmt: skip


def careful_powers() -> str:
    """Tabulate powers at which engines go wrong, with a constant exponent and with two Values."""
    names = {n: name for name, n in EXPONENTS.items()}
    rows = []
    for a, b in POWERS_TO_KNOW:
        result, slope = ops.power(b)(a)
        both, slopes = ops.pow(a, b)
        base = f"({shown(a)})" if shown(a)[0] == "-" else shown(a)
        rows.append((code(f"{base} ** {names[b]}"), [shown(x) for x in (result, *slope, both, *slopes)]))
    head = ("power", "n a number", "∂/∂a", "b a Value", "∂/∂a", "∂/∂b")
    return table("Powers to know: the same results, with one derivative or two", head, rows, "numbers named")


def lists() -> str:
    """Tabulate dot, total and mean."""
    cases: list[tuple[str, Callable[..., Value], tuple[float, ...]]] = [
        ("dot([0, 1], [inf, 1])", lambda *v: dot(v[:2], v[2:]), (0.0, 1.0, INF, 1.0)),
        ("dot([1e300, 1], [1e300, -inf])", lambda *v: dot(v[:2], v[2:]), (1e300, 1.0, 1e300, -INF)),
        ("dot([1e300, 1], [1e300, 1])", lambda *v: dot(v[:2], v[2:]), (1e300, 1.0, 1e300, 1.0)),
        ("total([1e308, 1e308])", lambda *v: total(v), (1e308, 1e308)),
        ("total([1, 1e300, -1e300])", lambda *v: total(v), (1.0, 1e300, -1e300)),
        ("mean([1e308, 1e308])", lambda *v: mean(v), (1e308, 1e308)),
        ("mean([1, 1e300, -1e300])", lambda *v: mean(v), (1.0, 1e300, -1e300)),
        ("mean([inf, -inf])", lambda *v: mean(v), (INF, -INF)),
        ("mean([1, nan])", lambda *v: mean(v), (1.0, NAN)),
    ]
    rows = []
    for name, f, inputs in cases:
        result, *slopes = answered(f, *inputs)
        rows.append((code(name), (result, ", ".join(slopes))))
    return table(
        f"{code('dot')}, {code('total')} and {code('mean')}",
        ("operation", "result", "derivatives, in order"),
        rows,
        "numbers named",
    )


def operations() -> Iterator[str]:
    """Yield the tables of operations."""
    functions = [operation for operation in UNARY if "**" not in operation.name]
    compared = len(UNARY) * len(EDGES)
    pairs = len(BINARY) * len(EDGES) ** 2
    yield "## Operations"
    yield (
        f"The tests hold {len(UNARY)} operations of one input at {len(EDGES)} inputs ({compared} comparisons) and "
        f"{len(BINARY)} of two inputs at all {len(EDGES) ** 2} pairs of them ({pairs} comparisons, and as many "
        f"again with a "
        "plain number on the left and on the right) against PyTorch, by the rule and by the operator: the result and "
        "every derivative. Then any float that a random search can think of. Numbers here are shown to six digits."
    )
    yield "### One input"
    yield "Every input of the tests."
    yield '<div class="edges-row">\n' + "\n".join(map(one_input, functions)) + "\n</div>"
    yield "### Two inputs"
    yield (
        "The twelve inputs that show most. Derivatives are *local*: what the operation hands back for a gradient of 1."
    )
    yield from (two_inputs(operation) for operation in BINARY if operation.rule is not ops.pow)
    yield "### Powers"
    yield (
        "A constant exponent, as in `x**2`, has no derivative. With Values on both sides there are two: at a "
        "negative base the one in the exponent is nan, because a little to the side of a whole exponent there is no "
        "result; at a zero base it is 0, except where the power itself is infinite. `a**0` is 1 for every a, also "
        "for nan, and flat in a."
    )
    yield careful_powers()
    yield powers()
    yield from (two_inputs(operation) for operation in BINARY if operation.rule is ops.pow)
    yield "### Many inputs"
    yield "One node each. Sums run from left to right and may overflow on the way, as PyTorch's do."
    yield lists()


# ---------------------------------------------------------------- losses and optimizers


def near_one(x: float) -> str:
    """`x`, told by its distance where it is just below 1."""
    return f"1 - {shown(1.0 - x, 2)}" if 0.9 < x < 1.0 else shown(x)


def losses() -> Iterator[str]:
    """Yield the tables of losses."""
    signs = [-1.0, 1.0]
    shares = [0.0, 0.5, 1.0]
    mse_inputs = [x for x in TELLING if x != -2.5]
    yield "## Losses"
    yield (
        f"One prediction and one target. The tests compare {(len(NUMBERS) + 3) ** 2} pairs for `mse_loss`, and "
        f"{len(NUMBERS) + 3} logits and {len(PROBABILITIES)} probabilities with several targets each. A mean over "
        f"several "
        "samples divides all of it by their number."
    )
    tables: list[tuple[str, str, list[float], list[float]]] = [
        ("mse_loss", "p", mse_inputs, [0.0, 1.0, INF]),
        ("binary_cross_entropy", "p", PROBABILITIES, shares),
        ("binary_cross_entropy_with_logits", "z", [-INF, *sorted(set(NUMBERS)), INF, NAN], shares),
        ("hinge_loss", "s", [*TELLING[:8], 1.0, *TELLING[8:]], signs),
    ]
    for name, x, inputs, targets in tables:
        loss: Callable[..., Value] = getattr(nn, name)
        head = [x]
        for t in targets:
            head += [f"loss, t = {shown(t)}", f"∂/∂{x}", "∂/∂t"]
        rows = [(near_one(a), [s for t in targets for s in answered(loss, a, t)]) for a in inputs]
        yield table(code(f"{name}({x}, t)"), head, rows, "numbers grid")


def stepped(optimizer: Callable[[list[Value]], Any], start: float, gradients: Iterable[float]) -> str:
    """Show where an optimizer takes a parameter."""
    p = Value(start)
    rule = optimizer([p])
    for g in gradients:
        p.grad = g
        rule.step()
    return shown(p.data)


def brief(gradients: Sequence[float]) -> str:
    """Show a sequence of gradients, without its repetitions."""
    for n in range(1, len(gradients)):
        times, rest = divmod(len(gradients), n)
        if not rest and [*gradients[:n]] * times == [*gradients]:
            return f"{', '.join(map(shown, gradients[:n]))} ({times} times)"
    runs = [(shown(x), len(list(same))) for x, same in groupby(gradients)]
    return ", ".join(x if n == 1 else f"{x} ({n} times)" for x, n in runs)


def optimizers() -> Iterator[str]:
    """Yield the tables of optimizers."""
    rules: dict[str, Callable[[list[Value]], Any]] = {
        "SGD(lr=0.1)": lambda p: SGD(p, lr=0.1),
        "SGD(lr=0.1, momentum=0.9)": lambda p: SGD(p, lr=0.1, momentum=0.9),
        "Adam(lr=0.1)": lambda p: Adam(p, lr=0.1),
        "AdamW(lr=0.1)": lambda p: AdamW(p, lr=0.1),
    }
    yield "## Optimizers"
    yield (
        f"Where the steps take a parameter. The tests compare every setting of every optimizer with "
        f"`torch.optim`, from "
        f"{len(STARTS)} starts, infinite and nan ones among them, through {len(GRADIENTS)} sequences of gradients."
    )
    rows = [
        (f"{name}: {brief(gradients)}", [stepped(rule, 2.5, gradients) for rule in rules.values()])
        for name, gradients in GRADIENTS.items()
    ]
    yield table(
        "A parameter of 2.5, after all steps of a sequence", ["gradients", *map(code, rules)], rows, "numbers named"
    )
    rows = [(shown(start), [stepped(rule, start, [1.0]) for rule in rules.values()]) for start in STARTS]
    yield table("A parameter after one step with gradient 1", ["start", *map(code, rules)], rows)


# ---------------------------------------------------------------- differences and errors


def answer(x: tuple[float, ...] | str) -> str:
    """An answer of either library: the result, with the derivatives beneath it; or an error."""
    return code(x) if isinstance(x, str) else cell(*x, digits=10)


def difference(d: Difference) -> tuple[str, tuple[str, ...]]:
    """Make a row of an entry."""
    at = ", ".join(f"{name} = {shown(x)}" for name, x in d.at.items())
    return f"{code(d.code)}<br>at {at}", (answer(d.ours), answer(d.pytorch), code(d.where))


def differences() -> Iterator[str]:
    """Yield the tables of differences, one for each reason."""
    yield "## Where we differ from PyTorch, and why"
    yield (
        f"{len(DIFFERENCES)} entries, and the tests prove both sides of each. Apart from them, and from rounding in "
        "the last digits and the sign of zero, answers are equal. `hinge_loss` has no counterpart: it is compared "
        "with `relu(1 - t * s).mean()`. Derivatives stand beneath results."
    )
    for reason in dict.fromkeys(d.reason for d in DIFFERENCES):
        entries = (d for d in DIFFERENCES if d.reason == reason)
        caption = re.sub(r"(\w+ \*\* -?\d+(?:\.\d+)?)", r"<code>\1</code>", escape(reason, quote=False))
        yield table(caption, ("what", "here", "PyTorch", "wherever"), map(difference, entries), "words reasons")


def changes() -> Iterator[str]:
    """Yield the tables of what is noticed when."""
    yield "## What a vectorized function notices"
    yield (
        "While it is recorded, only the engine's own operations may read the number of a Value: whatever else asks "
        "for one is refused. The numbers of parameters are read at every call. What the function asks a Module for, "
        "its numbers, texts, lists and dicts, and the Module's parts and parameters, are compared (by `==`) at every "
        "call. All else that it sees is frozen, objects of other classes inside a Module included, and "
        "checked at calls 2, 4, 8, 16, …: the function is recorded again, and if it does something else, it is "
        "compiled anew with a `RuntimeWarning` that says what. `forget()` makes it so at the next call. Each line "
        "below was done between the second call and the third, when this page was made."
    )
    titles = {ONCE: "Noticed at the next call", CHECK: "Noticed at the next check", NEVER: "Free to change"}
    for when, title in titles.items():
        rows = ((escape(c.what), (code(c.code), escape(c.noticed()))) for c in CHANGES if c.when == when)
        yield table(title, ("what changes", "for example", "noticed"), rows, "words")


def answered_with(mistake: Mistake, error: Exception) -> str:
    """Show the class and the message of an error, as a reader sees them."""
    note = f"<br>(without {code(mistake.missing.partition('.')[0])})" if mistake.missing else ""
    lines = escape(str(error), quote=False).replace("\n", "<br>")
    return f"{code(type(error).__name__)} {lines}{note}"


def errors() -> Iterator[str]:
    """Yield the tables of errors."""
    count = sum(map(len, MISTAKES.values()))
    yield "## Errors, and what they tell you"
    yield (
        f"{count} mistakes and their messages, chapter by chapter. The tests make each of them, and prove that no "
        "error of the library is missing. The names are those at the top of the page."
    )
    for chapter, mistakes in MISTAKES.items():
        rows = [(code(mistake.code), (answered_with(mistake, mistake.provoke()),)) for mistake in mistakes]
        yield table(chapter, ("tried", "answer"), rows, "words errors")


# ---------------------------------------------------------------- the page


def page() -> str:
    """Return the whole page."""
    parts = [
        "<!-- Made by tools/book/contract.py: edit that file, or the tables in tests/tables. -->",
        "# The contract",
        INTRODUCTION,
        *what_holds(),
        *operations(),
        *losses(),
        *optimizers(),
        *differences(),
        *changes(),
        *errors(),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Write the page, or check it."""
    new = page()
    fresh = PAGE.is_file() and PAGE.read_text("utf-8") == new
    if sys.argv[1:] == ["--check"]:
        print("book/contract.md is " + ("fresh" if fresh else "stale: run make sync"))
        return 0 if fresh else 1
    if not fresh:
        PAGE.write_text(new, encoding="utf-8")
        print("book/contract.md written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
