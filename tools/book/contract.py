"""Make the page "The contract" of tools/book/contract.md, the tables that the tests use, and the library's answers.

    python -m tools.book.contract           write book/contract.md
    python -m tools.book.contract --check   exit with 1 if that would change it

Every result on the page is computed here; PyTorch is not needed, since the tests compare.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from html import escape
from itertools import groupby
from string import Template
from typing import Any

from micrograd_numpy import Value, ops
from micrograd_numpy.value import dot, mean, total
from tests.tables import optimizers as settings
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
)
from tests.tables.errors import MISTAKES, SETUP, Mistake
from tests.tables.losses import LOSSES, Loss
from tests.tables.operations import Operation
from tools import ROOT

PAGE = ROOT / "book" / "contract.md"
WORDS = ROOT / "tools" / "book" / "contract.md"  # the page with ${names} for tables and counts


# ---------------------------------------------------------------- sessions


def answers_to(line: str, names: dict[str, object]) -> list[str]:
    """Show what Python answers to a line."""
    answers: list[object] = []
    hook, sys.displayhook = sys.displayhook, answers.append
    try:
        exec(compile(line + "\n", "<contract>", "single", dont_inherit=True), names)  # noqa: S102  # our own lines
    except Exception as error:  # noqa: BLE001  # an error is an answer too
        return [f"{type(error).__name__}: {error}"]
    finally:
        sys.displayhook = hook
    return [repr(answer) for answer in answers if answer is not None]


def session(lines: str) -> str:
    """Run a session, and show it with what each line answered."""
    names: dict[str, object] = {}
    exec(SETUP, names)  # noqa: S102  # our own lines
    said = []
    for line in lines.splitlines():
        code = line.removeprefix(">>> ")
        more = ["..."] if code.startswith(("for ", "with ")) else []  # Python asks for another line of a block
        said += [line, *more, *answers_to(code, names)]
    return "\n".join(said)


# ---------------------------------------------------------------- tables


def shown(x: float, digits: int = 6) -> str:
    """`x` to so many digits, as short as it goes: 5e-324, and not 4.94066e-324."""
    exact, rounded = repr(x).removesuffix(".0"), f"{x:.{digits}g}"
    return min(exact, rounded, key=len).replace("e+", "e")


def cell(*numbers: float, digits: int = 6) -> str:
    """A result, with the local derivatives beneath it."""
    result, *slopes = (shown(x, digits) for x in numbers)
    return f"{result}<br><small>{'<br>'.join(slopes)}</small>" if slopes else result


def table(caption: str, head: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], style: str = "numbers") -> str:
    """An HTML table that scrolls sideways where it is too wide. Captions and cells are HTML already."""
    name = escape(re.sub("</?code>", "", caption), quote=True)
    lines = [
        f'<div class="edges {style}" role="group" aria-label="{name}" tabindex="0">',
        '<table class="table">',
        f"<caption><span>{caption}</span></caption>",
        "<thead><tr>" + "".join(f'<th scope="col">{x}</th>' for x in head) + "</tr></thead>",
        "<tbody>",
    ]
    for first, cells in rows:
        lines.append(f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{x}</td>" for x in cells) + "</tr>")
    return "\n".join([*lines, "</tbody>", "</table>", "</div>"])


def code(text: str) -> str:
    """`text` as code in HTML."""
    return f"<code>{escape(text, quote=False)}</code>"


ASCENDING = [NAN, *sorted((x for x in EDGES if x == x), key=lambda x: (x, str(x) == "0.0"))]  # noqa: PLR0124  # not nan


def one_input(operation: Operation) -> str:
    """Tabulate an operation of one input: its result and its local derivative at every edge."""
    answers = ((a, *operation.rule(a)) for a in ASCENDING)
    rows = [(shown(a), (shown(result), *map(shown, slope))) for a, result, slope in answers]
    return table(code(operation.name), ("a", "result", "∂/∂a"), rows)


def grid(caption: str, across: str, columns: dict[str, Callable[[float], tuple[float, tuple[float, ...]]]]) -> str:
    """Tabulate rules of a: a row for each a, a column for each rule."""
    rows = []
    for a in TELLING:
        answers = (rule(a) for rule in columns.values())
        rows.append((shown(a), [cell(result, *slopes) for result, slopes in answers]))
    return table(caption, [f"a \\ {across}", *columns], rows, "numbers grid")


def two_inputs(operation: Operation) -> str:
    """Tabulate an operation of two inputs: a column for each b."""
    caption = f"{code(operation.name)}: a down, b across; beneath each result ∂/∂a, ∂/∂b"

    def at(b: float) -> Callable[[float], tuple[float, tuple[float, ...]]]:
        return lambda a: operation.rule(a, b)

    return grid(caption, "b", {shown(b): at(b) for b in TELLING})


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
        (result, slope), (both, slopes) = ops.power(b)(a), ops.pow(a, b)
        base = f"({shown(a)})" if shown(a)[0] == "-" else shown(a)
        rows.append((code(f"{base} ** {names[b]}"), [shown(x) for x in (result, *slope, both, *slopes)]))
    head = ("power", "n a number", "∂/∂a", "b a Value", "∂/∂a", "∂/∂b")
    return table("Powers to know: the same results, with one derivative or two", head, rows, "numbers named")


def powers() -> Iterator[str]:
    """Yield the tables of powers."""
    yield careful_powers()
    caption = f"{code('a ** n')} for a constant n: a down, n across; beneath each result ∂/∂a"
    yield grid(caption, "n", {name: ops.power(n) for name, n in EXPONENTS.items()})
    yield from (two_inputs(operation) for operation in BINARY if operation.rule is ops.pow)


def answered(f: Callable[..., Value], *inputs: Sequence[float]) -> list[str]:
    """Show the result of f for some lists, and its derivatives."""
    values = [[Value(x) for x in numbers] for numbers in inputs]
    out = f(*values)
    out.backward()
    return [shown(out.data), *(shown(v.grad) for column in values for v in column)]


MANY_INPUTS: list[tuple[Callable[..., Value], Sequence[Sequence[float]]]] = [
    (dot, ([0.0, 1.0], [INF, 1.0])),
    (dot, ([1e300, 1.0], [1e300, -INF])),
    (dot, ([1e300, 1.0], [1e300, 1.0])),
    (total, ([1e308, 1e308],)),
    (total, ([1.0, 1e300, -1e300],)),
    (mean, ([1e308, 1e308],)),
    (mean, ([1.0, 1e300, -1e300],)),
    (mean, ([INF, -INF],)),
    (mean, ([1.0, NAN],)),
]


def many_inputs() -> str:
    """Tabulate dot, total and mean."""
    rows = []
    for f, inputs in MANY_INPUTS:
        written = ", ".join(f"[{', '.join(map(shown, numbers))}]" for numbers in inputs)
        result, *slopes = answered(f, *inputs)
        rows.append((code(f"{f.__name__}({written})"), (result, ", ".join(slopes))))
    caption = f"{code('dot')}, {code('total')} and {code('mean')}"
    return table(caption, ("operation", "result", "derivatives, in order"), rows, "numbers named")


# ---------------------------------------------------------------- losses and optimizers


def near_one(x: float) -> str:
    """`x`, told by its distance where it is just below 1."""
    return f"1 - {shown(1.0 - x, 2)}" if 0.9 < x < 1.0 else shown(x)


def one_loss(loss: Loss) -> str:
    """Tabulate a loss of one prediction and one target."""
    head = [loss.symbol]
    for t in loss.targets:
        head += [f"loss, t = {shown(t)}", f"∂/∂{loss.symbol}", "∂/∂t"]
    rows = [(near_one(a), [x for t in loss.targets for x in answered(loss.function, [a], [t])]) for a in loss.edges]
    return table(code(f"{loss}({loss.symbol}, t)"), head, rows, "numbers grid")


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
    chosen = [settings.CATALOGUE[name] for name in settings.TELLING]
    rules = [partial(kind, **arguments) for kind, _, arguments in chosen]
    names = [f"{kind.__name__}({', '.join(f'{k}={x}' for k, x in arguments.items())})" for kind, _, arguments in chosen]
    rows = [
        (f"{name}: {brief(gradients)}", [stepped(rule, 2.5, gradients) for rule in rules])
        for name, gradients in GRADIENTS.items()
    ]
    caption = "A parameter of 2.5, after all steps of a sequence"
    yield table(caption, ["gradients", *map(code, names)], rows, "numbers named")
    rows = [(shown(start), [stepped(rule, start, [1.0]) for rule in rules]) for start in STARTS]
    yield table("A parameter after one step with gradient 1", ["start", *map(code, names)], rows)


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
    for reason in dict.fromkeys(d.reason for d in DIFFERENCES):
        entries = (d for d in DIFFERENCES if d.reason == reason)
        caption = re.sub(r"(\w+ \*\* -?\d+(?:\.\d+)?)", r"<code>\1</code>", escape(reason, quote=False))
        yield table(caption, ("what", "here", "PyTorch", "wherever"), map(difference, entries), "words reasons")


def changes() -> Iterator[str]:
    """Yield the tables of what a vectorized function notices, and when."""
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
    """Yield the tables of errors, one for each chapter."""
    for chapter, mistakes in MISTAKES.items():
        rows = [(code(mistake.code), (answered_with(mistake, mistake.provoke()),)) for mistake in mistakes]
        yield table(chapter, ("tried", "answer"), rows, "words errors")


# ---------------------------------------------------------------- the page


def counts() -> dict[str, int]:
    """Count what the tests compare."""
    return {
        "unary": len(UNARY),
        "edges": len(EDGES),
        "unary_comparisons": len(UNARY) * len(EDGES),
        "binary": len(BINARY),
        "pairs": len(EDGES) ** 2,
        "binary_comparisons": len(BINARY) * len(EDGES) ** 2,
        "logits": len(NUMBERS) + 3,  # and inf, -inf and nan
        "loss_pairs": (len(NUMBERS) + 3) ** 2,
        "probabilities": len(PROBABILITIES),
        "starts": len(STARTS),
        "sequences": len(GRADIENTS),
        "entries": len(DIFFERENCES),
        "mistakes": sum(map(len, MISTAKES.values())),
    }


def page() -> str:
    """Return the whole page."""
    tables: dict[str, Iterable[str]] = {
        "two_inputs": (two_inputs(operation) for operation in BINARY if operation.rule is not ops.pow),
        "powers": powers(),
        "lists": [many_inputs()],
        "losses": map(one_loss, LOSSES),
        "optimizers": optimizers(),
        "differences": differences(),
        "changes": changes(),
        "errors": errors(),
    }
    columns = "\n".join(one_input(operation) for operation in UNARY if "**" not in operation.name)
    text = Template(WORDS.read_text("utf-8")).substitute(
        counts(),
        setup=SETUP,
        one_input=f'<div class="edges-row">\n{columns}\n</div>',
        **{name: "\n\n".join(parts) for name, parts in tables.items()},
    )
    return re.sub(r"(?<=```pycon\n).*?(?=\n```)", lambda lines: session(lines[0]), text, flags=re.DOTALL)


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
